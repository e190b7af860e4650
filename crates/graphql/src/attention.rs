//! What needs attention.

use async_graphql::{Context, Enum, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use safespace_domain::attention::{self, Attention};
use safespace_engine::AttentionItem as Found;

use crate::{
    actor,
    answers::query_error,
    engine,
    holds::Hold,
    immediate_needs::ImmediateNeed,
    paging::{Page, Window},
    referrals::{self, Referral},
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
    /// Nobody has answered a referral in time.
    Unanswered,
    /// A hold is about to lapse.
    HoldLapses,
    /// A stay ends soon, and nobody knows where the household goes.
    NoNextStep,
    /// A household waits, and the plan for tonight has a unit for it on the nights that it asks for.
    UnitFree,
    /// A household waits, not yet longer than the standard allows, and the plan for tonight has no unit for it on its
    /// nights.
    LeftOut,
    /// A household waits longer than the standard allows, and the plan for tonight has no unit for it on its nights.
    WaitsTooLong,
    /// Nobody has been in contact with a household for longer than the standards allow: since it came, or since the last
    /// time.
    NoContact,
    /// Immediate needs of a household that nobody has settled in time.
    NeedsOverdue,
    /// Nobody answers for a household's support.
    NoKeyWorker,
    /// A household's pack is not made up, not handed over, not right for it any more, or not put back.
    Pack,
}

/// The one thing to do.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "attention::Action")]
pub enum AttentionAction {
    /// Check the household out, or extend its stay.
    CheckOut,
    /// Move the booking.
    Move,
    /// Check the household in, or mark it as a no-show.
    CheckIn,
    /// Answer the referral.
    Answer,
    /// Confirm the hold.
    Confirm,
    /// Write the next step down.
    PlanNextStep,
    /// Place the household.
    Place,
    /// Look at the plan for tonight.
    Plan,
    /// Offer a session of support, or record the one that was.
    OfferSupport,
    /// Settle the immediate needs.
    SettleNeeds,
    /// Name a key worker.
    AssignKeyWorker,
    /// Prepare the pack, hand it over, top it up, or put it back.
    SeeToPack,
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
            Attention::Unanswered { .. } => AttentionKind::Unanswered,
            Attention::HoldLapses { .. } => AttentionKind::HoldLapses,
            Attention::NoNextStep { .. } => AttentionKind::NoNextStep,
            Attention::UnitFree { .. } => AttentionKind::UnitFree,
            Attention::LeftOut { .. } => AttentionKind::LeftOut,
            Attention::WaitsTooLong { .. } => AttentionKind::WaitsTooLong,
            Attention::NoContact { .. } => AttentionKind::NoContact,
            Attention::NeedsOverdue { .. } => AttentionKind::NeedsOverdue,
            Attention::NoKeyWorker { .. } => AttentionKind::NoKeyWorker,
            Attention::Pack { .. } => AttentionKind::Pack,
        }
    }

    /// In a sentence.
    async fn message(&self, ctx: &Context<'_>) -> String {
        self.0.message(&engine(ctx).spaces(), engine(ctx).today())
    }

    /// The one thing to do.
    async fn action(&self) -> AttentionAction {
        self.0.what.action().into()
    }

    /// When it is, or was, due.
    async fn due_at(&self) -> DateTime<Utc> {
        self.0.due_at
    }

    /// The stay that it is about, where it is about one.
    async fn stay(&self) -> Option<Stay> {
        self.0.what.stay().cloned().map(Stay)
    }

    /// The referral that it is about, where it is about one.
    async fn referral(&self, ctx: &Context<'_>) -> Result<Option<Referral>> {
        match self.0.what.referral() {
            Some(referral) => referrals::by_id(ctx, referral.id.0).await,
            None => Ok(None),
        }
    }

    /// The hold that it is about, where it is about one.
    async fn hold(&self) -> Option<Hold> {
        self.0.what.hold().cloned().map(Hold)
    }

    /// The unit that the plan for tonight has for whoever waits; never the same one for two.
    async fn unit(&self, ctx: &Context<'_>) -> Option<Unit> {
        match self.0.what {
            Attention::UnitFree { unit, .. } => Unit::part(ctx, unit),
            _ => None,
        }
    }

    /// How many nights it has run over, those that have passed; for overstays.
    async fn nights_over(&self) -> Option<i32> {
        match self.0.what {
            Attention::Overstay { nights_over, .. } => Some(count(nights_over)),
            _ => None,
        }
    }

    /// The immediate needs that are due and not settled, what was due first at the top.
    async fn needs(&self) -> Vec<ImmediateNeed> {
        match &self.0.what {
            Attention::NeedsOverdue { needs, .. } => needs.iter().cloned().map(ImmediateNeed).collect(),
            _ => Vec::new(),
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

    /// The units that it could move to, best fit first, at most five; for what is blocked. Those that are named for others are
    /// left out while there is another.
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
    /// Everything that somebody must see to, what is due first at the top.
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
