//! What is told without asking again.

use async_graphql::{Context, Object, Result, Subscription as GraphQlSubscription};
use futures_util::{Stream, stream};
use safespace_engine::BoardChange as Change;
use tokio::sync::broadcast::error::RecvError;

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
        let engine = engine(ctx).clone();
        let changes = engine.board_changes(actor(ctx)).map_err(query_error)?;
        Ok(stream::unfold((changes, engine), |(mut changes, engine)| async move {
            match changes.recv().await {
                Ok(change) => Some((BoardChange(change), (changes, engine))),
                // Too slow to be told each: everything may have changed.
                Err(RecvError::Lagged(_)) => {
                    let change = engine.everything_changed();
                    Some((BoardChange(change), (changes, engine)))
                }
                Err(RecvError::Closed) => None,
            }
        }))
    }
}
