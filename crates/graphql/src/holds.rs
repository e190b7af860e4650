//! Holds: a unit kept for a household for a short time.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use safespace_domain::{HoldId, holds, holds::HoldState};
use safespace_engine::{Command, HoldUnit, Outcome, Page as StorePage};
use uuid::Uuid;

use crate::{
    actor,
    answers::{answer, query_error, run, unexpected},
    engine,
    households::{Household, household},
    ids,
    paging::{Page, Window},
    scalars::{Date, count},
    stays::{BookStayAnswer, BookStayInput, Stay, StayBooked},
    units::Unit,
};

/// What has become of a hold.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "holds::HoldStatus")]
pub enum HoldStatus {
    /// It keeps its unit.
    Active,
    /// It became a booking.
    Confirmed,
    /// It was given up.
    Released,
    /// Its time passed.
    Lapsed,
}

/// A unit kept for a household while transport is arranged.
pub struct Hold(pub(crate) holds::Hold);

#[Object]
impl Hold {
    /// Its id.
    pub(crate) async fn id(&self) -> ID {
        ids::global("Hold", self.0.id)
    }

    /// For whom.
    async fn household(&self, ctx: &Context<'_>) -> Result<Household> {
        household(ctx, self.0.household).await?.ok_or_else(unexpected)
    }

    /// Which unit.
    async fn unit(&self, ctx: &Context<'_>) -> Result<Unit> {
        Unit::part(ctx, self.0.unit).ok_or_else(unexpected)
    }

    /// The day of arrival.
    async fn arrival(&self) -> Date {
        Date(self.0.nights.arrival())
    }

    /// The day of departure.
    async fn departure(&self) -> Date {
        Date(self.0.nights.departure())
    }

    /// Adults.
    async fn adults(&self) -> i32 {
        i32::from(self.0.people.adults)
    }

    /// Children.
    async fn children(&self) -> i32 {
        i32::from(self.0.people.children)
    }

    /// What has become of it, now.
    async fn status(&self, ctx: &Context<'_>) -> HoldStatus {
        self.0.status(engine(ctx).now()).into()
    }

    /// When it was made.
    async fn made_at(&self) -> DateTime<Utc> {
        self.0.made_at
    }

    /// The instant from which on it keeps nothing.
    async fn lapses_at(&self) -> DateTime<Utc> {
        self.0.lapses_at
    }

    /// So many seconds are left; 0 once it keeps nothing.
    async fn seconds_left(&self, ctx: &Context<'_>) -> i32 {
        count(self.0.left(engine(ctx).now()).num_seconds())
    }

    /// Whether it was extended, which can be done once.
    async fn extended(&self) -> bool {
        self.0.extended
    }

    /// The booking that it became.
    async fn stay(&self, ctx: &Context<'_>) -> Result<Option<Stay>> {
        match self.0.state {
            HoldState::Confirmed { stay, .. } => crate::stays::by_id(ctx, stay.0).await,
            _ => Ok(None),
        }
    }
}

pub(crate) async fn by_id(ctx: &Context<'_>, id: Uuid) -> Result<Option<Hold>> {
    Ok(engine(ctx).hold(actor(ctx), HoldId(id)).await.map_err(query_error)?.map(Hold))
}

/// Looking holds up.
#[derive(Default)]
pub struct HoldsQuery;

#[Object]
impl HoldsQuery {
    /// The holds that keep a unit now; with `all`, those that are over, too. Oldest first.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn holds(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those of the household with this reference.")] household: Option<String>,
        #[graphql(default)] all: bool,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<Hold>> {
        let window = Window::new(first, after)?;
        let of = match household {
            None => None,
            Some(reference) => {
                match engine(ctx).household(actor(ctx), &reference).await.map_err(query_error)? {
                    Some(household) => Some(household.id),
                    None => return Ok(window.page([])),
                }
            }
        };
        let asked = StorePage { after: window.key::<Uuid>()?.map(HoldId), limit: window.limit() };
        let rows = engine(ctx).holds(actor(ctx), of, !all, asked).await.map_err(query_error)?;
        Ok(window.page(rows.into_iter().map(|hold| (hold.id.to_string(), Hold(hold)))))
    }
}

/// A hold to act on.
#[derive(InputObject)]
pub struct HoldInput {
    /// Which.
    hold: ID,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// A hold to make a booking of.
#[derive(InputObject)]
pub struct ConfirmHoldInput {
    /// Which.
    hold: ID,
    /// A manager's reason for allowing a longer stay than the policy does. Confidential.
    exception: Option<String>,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// A unit is held, or a hold was changed.
#[derive(SimpleObject)]
pub struct HoldKept {
    /// As it is now.
    hold: Hold,
}

answer!(
    /// The answer to a change of a hold.
    HoldAnswer = HoldKept
);

/// Holding units. For officers and managers.
#[derive(Default)]
pub struct HoldsMutation;

#[Object]
impl HoldsMutation {
    /// Keeps a unit for a household for a short time: as long as the standards say. A household has one hold at a time.
    async fn hold_unit(&self, ctx: &Context<'_>, input: BookStayInput) -> Result<HoldAnswer> {
        let (key, booking) = input.split()?;
        kept(ctx, key, Command::HoldUnit(HoldUnit { booking })).await
    }

    /// Makes a hold lapse later by as long again. Once.
    async fn extend_hold(&self, ctx: &Context<'_>, input: HoldInput) -> Result<HoldAnswer> {
        let hold = hold_id(&input.hold)?;
        kept(ctx, input.idempotency_key, Command::ExtendHold { hold }).await
    }

    /// Gives a hold up.
    async fn release_hold(&self, ctx: &Context<'_>, input: HoldInput) -> Result<HoldAnswer> {
        let hold = hold_id(&input.hold)?;
        kept(ctx, input.idempotency_key, Command::ReleaseHold { hold }).await
    }

    /// Makes a hold a booking. Refused once it has lapsed; then the refusal says what is free instead.
    async fn confirm_hold(&self, ctx: &Context<'_>, input: ConfirmHoldInput) -> Result<BookStayAnswer> {
        let command = Command::ConfirmHold { hold: hold_id(&input.hold)?, exception: input.exception };
        Ok(match run(ctx, input.idempotency_key, command).await? {
            Ok(Outcome::Stay(stay)) => BookStayAnswer::Done(StayBooked { stay: Stay(stay) }),
            Ok(_) => return Err(unexpected()),
            Err(refused) => BookStayAnswer::Refused(refused),
        })
    }
}

fn hold_id(id: &ID) -> Result<HoldId> {
    Ok(HoldId(ids::of_kind("Hold", id)?))
}

async fn kept(ctx: &Context<'_>, key: Option<String>, command: Command) -> Result<HoldAnswer> {
    Ok(match run(ctx, key, command).await? {
        Ok(Outcome::Hold(hold)) => HoldAnswer::Done(HoldKept { hold: Hold(hold) }),
        Ok(_) => return Err(unexpected()),
        Err(refused) => HoldAnswer::Refused(refused),
    })
}
