//! What needs attention.

use async_graphql::{Context, Enum, Object, Result, SimpleObject};
use safespace_domain::attention::Attention;
use safespace_engine::AttentionItem as Found;

use crate::{
    actor,
    answers::query_error,
    engine,
    paging::{Page, Window},
    scalars::{Date, count},
    stays::Stay,
    units::Unit,
};

/// Why somebody must see to it.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttentionKind {
    /// A household is still there although its departure has passed.
    Overstay,
    /// A booking lost nights to an overstay, and should move.
    Blocked,
    /// A booked household was not checked in on its first night.
    NotArrived,
}

/// A run of nights.
#[derive(SimpleObject)]
pub struct NightRun {
    /// The first night.
    from: Date,
    /// The first night after it.
    to: Date,
}

/// Something that somebody must see to.
pub struct AttentionItem(Found);

#[Object]
impl AttentionItem {
    /// Why.
    async fn kind(&self) -> AttentionKind {
        match self.0.what {
            Attention::Overstay { .. } => AttentionKind::Overstay,
            Attention::Blocked { .. } => AttentionKind::Blocked,
            Attention::NotArrived { .. } => AttentionKind::NotArrived,
        }
    }

    /// In a sentence.
    async fn message(&self, ctx: &Context<'_>) -> String {
        self.0.message(&engine(ctx).spaces(), engine(ctx).today())
    }

    /// The stay that it is about.
    async fn stay(&self) -> Stay {
        Stay(self.0.what.stay().clone())
    }

    /// How many nights it has run over, tonight included; for overstays.
    async fn nights_over(&self) -> Option<i32> {
        match self.0.what {
            Attention::Overstay { nights_over, .. } => Some(count(nights_over)),
            _ => None,
        }
    }

    /// The nights that the booking lost; for what is blocked.
    async fn lost(&self) -> Vec<NightRun> {
        match &self.0.what {
            Attention::Blocked { lost, .. } => lost
                .iter()
                .map(|run| NightRun { from: Date(run.arrival()), to: Date(run.departure()) })
                .collect(),
            _ => Vec::new(),
        }
    }

    /// The units that it could move to, best fit first, at most five; for what is blocked.
    async fn could_move_to(&self, ctx: &Context<'_>) -> Vec<Unit> {
        match &self.0.what {
            Attention::Blocked { could_move_to, .. } => {
                could_move_to.iter().filter_map(|id| Unit::part(ctx, *id)).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// What needs attention.
#[derive(Default)]
pub struct AttentionQuery;

#[Object]
impl AttentionQuery {
    /// Everything that somebody must see to: overstays first, then what they block, then who did not come.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn attention(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<AttentionItem>> {
        let items = engine(ctx).attention(actor(ctx)).await.map_err(query_error)?;
        Window::new(first, after)?.page_of(items, AttentionItem)
    }
}
