//! What is told without asking again.

use async_graphql::{Context, Object, Result, Subscription as GraphQlSubscription};
use futures_util::{Stream, stream};
use safespace_engine::BoardChange as Change;

use crate::{actor, answers::query_error, engine, paging::Page, scalars::Date, units::Unit};

/// Nights of units have changed: look again.
pub struct BoardChange(Change);

#[Object]
impl BoardChange {
    /// The first night that may have changed.
    async fn from(&self) -> Date {
        Date(self.0.nights.arrival())
    }

    /// The first night after those.
    async fn to(&self) -> Date {
        Date(self.0.nights.departure())
    }

    /// The units, by code; none when it is not known which, and all should be looked at again.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn units(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<Unit>> {
        let spaces = engine(ctx).spaces();
        let units: Vec<_> = self.0.units.iter().filter_map(|id| spaces.no(*id)).collect();
        crate::units::page(&spaces, units, first, after)
    }
}

/// What is told without asking again.
pub struct Subscription;

#[GraphQlSubscription]
impl Subscription {
    /// Every change of the board, from now on.
    async fn board_changed(&self, ctx: &Context<'_>) -> Result<impl Stream<Item = BoardChange> + use<>> {
        let changes = engine(ctx).board_changes(actor(ctx)).map_err(query_error)?;
        Ok(stream::unfold(changes, |mut changes| async move {
            let change = changes.next().await?;
            Some((BoardChange(change), changes))
        }))
    }
}
