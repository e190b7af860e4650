//! Stays.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use safespace_domain::{StayId, UnitId, attention::nights_over, stays, units};
use safespace_engine::{BookStay, Command, ExtendStay, MoveStay, Outcome, Page as StorePage, StayFilter};
use uuid::Uuid;

use crate::{
    actor,
    answers::{answer, query_error, run, unexpected},
    codes::Scheme,
    departures::{Departure, DepartureInput},
    engine,
    exceptions::StayException,
    households::{Household, household},
    ids,
    packs::{self, Pack},
    paging::{Page, Window},
    scalars::{Date, count, nights_filter},
    sharing::SharesAs,
    units::Unit,
};

/// What has become of a stay.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "safespace_domain::stays::StayStatus")]
pub enum StayStatus {
    /// Reserved; nobody has come yet.
    Booked,
    /// The household is there.
    InResidence,
    /// The household has left.
    Departed,
    /// Called off before it began.
    Cancelled,
    /// Nobody came.
    NoShow,
}

/// A stay: a household's use of one unit.
pub struct Stay(pub(crate) stays::Stay);

#[Object]
impl Stay {
    /// Its id.
    pub(crate) async fn id(&self) -> ID {
        ids::global("Stay", self.0.id)
    }

    /// Whose it is.
    async fn household(&self, ctx: &Context<'_>) -> Result<Household> {
        household(ctx, self.0.household).await?.ok_or_else(unexpected)
    }

    /// Where.
    async fn unit(&self, ctx: &Context<'_>) -> Result<Unit> {
        Unit::part(ctx, self.0.unit).ok_or_else(unexpected)
    }

    /// What has become of it.
    async fn status(&self) -> StayStatus {
        self.0.status().into()
    }

    /// The day of arrival, which is the first night.
    async fn arrival(&self) -> Date {
        Date(self.0.nights.arrival())
    }

    /// The day of departure, which is the first night that is not in it.
    async fn departure(&self) -> Date {
        Date(self.0.nights.departure())
    }

    /// How many nights.
    async fn nights(&self) -> i32 {
        count(self.0.nights.len())
    }

    /// The arrival as booked.
    async fn planned_arrival(&self) -> Date {
        Date(self.0.planned.arrival())
    }

    /// The departure as booked, extended or shortened.
    async fn planned_departure(&self) -> Date {
        Date(self.0.planned.departure())
    }

    /// Adults.
    async fn adults(&self) -> i32 {
        i32::from(self.0.people.adults)
    }

    /// Children.
    async fn children(&self) -> i32 {
        i32::from(self.0.people.children)
    }

    /// When the household came, where that is known.
    async fn arrived_at(&self) -> Option<DateTime<Utc>> {
        match self.0.state {
            stays::StayState::InResidence { arrived_at } | stays::StayState::Departed { arrived_at, .. } => {
                arrived_at
            }
            _ => None,
        }
    }

    /// When the household left, or the booking was called off, where that is known.
    async fn ended_at(&self) -> Option<DateTime<Utc>> {
        match self.0.state {
            stays::StayState::Departed { departed_at, .. } => departed_at,
            stays::StayState::Cancelled { at } | stays::StayState::NoShow { at } => at,
            _ => None,
        }
    }

    /// Whether the household is still there although its departure has passed.
    async fn overstay(&self, ctx: &Context<'_>) -> bool {
        self.0.is_overstay(engine(ctx).today())
    }

    /// How many nights it has run over, tonight included.
    async fn nights_over(&self, ctx: &Context<'_>) -> i32 {
        count(nights_over(&self.0, engine(ctx).today()).unwrap_or(0))
    }

    /// The day on which it is to be reviewed next, where the policy has reviews.
    async fn next_review(&self, ctx: &Context<'_>) -> Option<Date> {
        let engine = engine(ctx);
        let spaces = engine.spaces();
        let policy = spaces.policy_of(spaces.unit_by_id(self.0.unit)?);
        self.0.next_review(&policy, engine.today()).map(Date)
    }

    /// The stay in another unit that it continues.
    async fn moved_from(&self, ctx: &Context<'_>) -> Result<Option<Stay>> {
        match self.0.moved_from {
            Some(id) => by_id(ctx, id.0).await,
            None => Ok(None),
        }
    }

    /// The stay in another unit that it went on to.
    async fn moved_to(&self, ctx: &Context<'_>) -> Result<Option<Stay>> {
        match self.0.state {
            stays::StayState::Departed { moved_to: Some(id), .. } => by_id(ctx, id.0).await,
            _ => Ok(None),
        }
    }

    /// When it was booked.
    async fn booked_at(&self) -> DateTime<Utc> {
        self.0.booked_at
    }

    /// Whether it came from a file of what really happened and is longer than the policy allows.
    async fn over_limit(&self) -> bool {
        self.0.over_limit
    }

    /// Where the household went when it left, where somebody wrote that down.
    async fn left_for(&self, ctx: &Context<'_>) -> Result<Option<Departure>> {
        let found = engine(ctx).departure(actor(ctx), &self.0).await.map_err(query_error)?;
        Ok(found.map(Into::into))
    }

    /// Its pack; null where it has none that was needed.
    async fn pack(&self, ctx: &Context<'_>) -> Result<Option<Pack>> {
        packs::of(ctx, self.0.id).await
    }

    /// The exceptions that managers granted for it, oldest first.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn exceptions(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<StayException>> {
        let rows = engine(ctx).exceptions(actor(ctx), &self.0).await.map_err(query_error)?;
        Window::new(first, after)?.page_of(rows, StayException::from)
    }
}

/// A page of the stays that pass the filter.
pub(crate) async fn page(
    ctx: &Context<'_>,
    filter: &StayFilter,
    first: Option<i32>,
    after: Option<String>,
) -> Result<Page<Stay>> {
    let window = Window::new(first, after)?;
    let asked = StorePage { after: window.key::<Uuid>()?.map(StayId), limit: window.limit() };
    let rows = engine(ctx).stays(actor(ctx), filter, asked).await.map_err(query_error)?;
    Ok(window.page(rows.into_iter().map(|stay| (stay.id.to_string(), Stay(stay)))))
}

pub(crate) async fn by_id(ctx: &Context<'_>, id: Uuid) -> Result<Option<Stay>> {
    Ok(engine(ctx).stay(actor(ctx), StayId(id)).await.map_err(query_error)?.map(Stay))
}

/// Which stays a list has.
#[derive(InputObject, Default)]
pub struct StayFilterInput {
    /// Only those with one of these statuses.
    #[graphql(default)]
    statuses: Vec<StayStatus>,
    /// Only those in this unit.
    unit: Option<ID>,
    /// Only those of the household with this reference.
    household: Option<String>,
    /// Only those with a night on this date or later.
    from: Option<Date>,
    /// Only those with a night before this date.
    to: Option<Date>,
}

/// Looking stays up.
#[derive(Default)]
pub struct StaysQuery;

#[Object]
impl StaysQuery {
    /// The stays that pass the filter, oldest booking first.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn stays(
        &self,
        ctx: &Context<'_>,
        filter: Option<StayFilterInput>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<Stay>> {
        let input = filter.unwrap_or_default();
        let unit = input.unit.map(|id| ids::of_kind("Unit", &id)).transpose()?.map(UnitId);
        let household = match input.household {
            None => None,
            Some(reference) => {
                match engine(ctx).household(actor(ctx), &reference).await.map_err(query_error)? {
                    Some(household) => Some(household.id),
                    None => return Ok(Window::new(first, after)?.page([])),
                }
            }
        };
        let nights = nights_filter(input.from, input.to)?;
        let statuses = input.statuses.into_iter().map(Into::into).collect();
        page(ctx, &StayFilter { statuses, unit, household, nights, ..StayFilter::default() }, first, after)
            .await
    }
}

/// A booking. With no unit, the best fit is taken.
#[derive(InputObject)]
pub struct BookStayInput {
    /// The household's pseudonymous reference. Never a name.
    household: String,
    /// The day of arrival.
    arrival: Date,
    /// The day of departure.
    departure: Date,
    /// Adults.
    adults: i32,
    /// Children.
    #[graphql(default)]
    children: i32,
    /// The unit, where one was chosen.
    unit: Option<ID>,
    /// The scheme to look in where none was.
    #[graphql(default_with = "Scheme::SafeSpace")]
    scheme: Scheme,
    /// The codes of features that it must have.
    #[graphql(default)]
    features: Vec<String>,
    /// Only in these districts; empty for any.
    #[graphql(default)]
    wanted_districts: Vec<String>,
    /// In none of these districts.
    #[graphql(default)]
    unwanted_districts: Vec<String>,
    /// Whom the household's adults are, where that is new: a shared home asks for it.
    shares_as: Option<SharesAs>,
    /// Why this unit: needed where the household waits by a referral, and another unit fits it better. Confidential.
    chosen_because: Option<String>,
    /// A manager's reason for allowing a longer stay than the policy does. Kept only where the stay is longer.
    /// Confidential.
    exception: Option<String>,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

impl BookStayInput {
    /// The idempotency key, and what is asked for.
    pub(crate) fn split(self) -> Result<(Option<String>, BookStay)> {
        let ask = BookStay {
            household: self.household,
            arrival: self.arrival.0,
            departure: self.departure.0,
            adults: i64::from(self.adults),
            children: i64::from(self.children),
            unit: self.unit.map(|id| ids::of_kind("Unit", &id)).transpose()?.map(UnitId),
            scheme: units::Scheme::from(self.scheme),
            features: self.features.into_iter().collect(),
            wanted_districts: self.wanted_districts.into_iter().collect(),
            unwanted_districts: self.unwanted_districts.into_iter().collect(),
            shares_as: self.shares_as.map(Into::into),
            chosen_because: self.chosen_because,
            exception: self.exception,
        };
        Ok((self.idempotency_key, ask))
    }
}

/// A stay to act on.
#[derive(InputObject)]
pub struct StayInput {
    /// Which.
    stay: ID,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// A household has left.
#[derive(InputObject)]
pub struct CheckOutInput {
    /// Which stay.
    stay: ID,
    /// On which day; today when left out. The nights from that day are free.
    on: Option<Date>,
    /// Where the household went, where that is known; `recordDeparture` writes it down later.
    departure: Option<DepartureInput>,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// A later departure.
#[derive(InputObject)]
pub struct ExtendStayInput {
    /// Which stay.
    stay: ID,
    /// The new day of departure.
    departure: Date,
    /// A manager's reason for allowing a longer stay than the policy does. Kept only where the stay is longer.
    /// Confidential.
    exception: Option<String>,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// An earlier departure.
#[derive(InputObject)]
pub struct ShortenStayInput {
    /// Which stay.
    stay: ID,
    /// The new day of departure.
    departure: Date,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// A move to another unit.
#[derive(InputObject)]
pub struct MoveStayInput {
    /// Which stay.
    stay: ID,
    /// To which unit.
    unit: ID,
    /// Until when; as before when left out.
    departure: Option<Date>,
    /// A manager's reason for allowing a longer stay than the policy does. Kept only where the stay is longer.
    /// Confidential.
    exception: Option<String>,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// A unit was booked.
#[derive(SimpleObject)]
pub struct StayBooked {
    /// The stay.
    pub(crate) stay: Stay,
}

/// A stay was changed.
#[derive(SimpleObject)]
pub struct StayChanged {
    /// As it is now.
    stay: Stay,
}

/// A household went to another unit.
#[derive(SimpleObject)]
pub struct StayMoved {
    /// The stay that closed; null when the household had no night there, and the stay simply has another unit.
    from: Option<Stay>,
    /// The stay that goes on.
    to: Stay,
}

answer!(
    /// The answer to `bookStay`.
    BookStayAnswer = StayBooked
);
answer!(
    /// The answer to a change of a stay.
    StayAnswer = StayChanged
);
answer!(
    /// The answer to `moveStay`.
    MoveStayAnswer = StayMoved
);

/// Placing households. For officers and managers.
#[derive(Default)]
pub struct StaysMutation;

#[Object]
impl StaysMutation {
    /// Books a unit for a household.
    async fn book_stay(&self, ctx: &Context<'_>, input: BookStayInput) -> Result<BookStayAnswer> {
        let (key, ask) = input.split()?;
        Ok(match run(ctx, key, Command::BookStay(ask)).await? {
            Ok(Outcome::Stay(stay)) => BookStayAnswer::Done(StayBooked { stay: Stay(stay) }),
            Ok(_) => return Err(unexpected()),
            Err(refused) => BookStayAnswer::Refused(refused),
        })
    }

    /// The household has arrived, now.
    async fn check_in(&self, ctx: &Context<'_>, input: StayInput) -> Result<StayAnswer> {
        let stay = stay_id(&input.stay)?;
        answer(ctx, input.idempotency_key, Command::CheckIn { stay }).await
    }

    /// The household has left.
    async fn check_out(&self, ctx: &Context<'_>, input: CheckOutInput) -> Result<StayAnswer> {
        let stay = stay_id(&input.stay)?;
        let (on, departure) = (input.on.map(|date| date.0), input.departure.map(Into::into));
        answer(ctx, input.idempotency_key, Command::CheckOut { stay, on, departure }).await
    }

    /// Makes a stay end later.
    async fn extend_stay(&self, ctx: &Context<'_>, input: ExtendStayInput) -> Result<StayAnswer> {
        let stay = stay_id(&input.stay)?;
        let ask = ExtendStay { stay, departure: input.departure.0, exception: input.exception };
        answer(ctx, input.idempotency_key, Command::ExtendStay(ask)).await
    }

    /// Makes a stay end earlier.
    async fn shorten_stay(&self, ctx: &Context<'_>, input: ShortenStayInput) -> Result<StayAnswer> {
        let stay = stay_id(&input.stay)?;
        answer(ctx, input.idempotency_key, Command::ShortenStay { stay, departure: input.departure.0 }).await
    }

    /// Calls a booking off.
    async fn cancel_stay(&self, ctx: &Context<'_>, input: StayInput) -> Result<StayAnswer> {
        let stay = stay_id(&input.stay)?;
        answer(ctx, input.idempotency_key, Command::CancelStay { stay }).await
    }

    /// Nobody came.
    async fn mark_no_show(&self, ctx: &Context<'_>, input: StayInput) -> Result<StayAnswer> {
        let stay = stay_id(&input.stay)?;
        answer(ctx, input.idempotency_key, Command::MarkNoShow { stay }).await
    }

    /// The household goes to another unit, in one step.
    async fn move_stay(&self, ctx: &Context<'_>, input: MoveStayInput) -> Result<MoveStayAnswer> {
        let ask = MoveStay {
            stay: stay_id(&input.stay)?,
            unit: UnitId(ids::of_kind("Unit", &input.unit)?),
            departure: input.departure.map(|date| date.0),
            exception: input.exception,
        };
        Ok(match run(ctx, input.idempotency_key, Command::MoveStay(ask)).await? {
            Ok(Outcome::Moved { from, to }) => {
                MoveStayAnswer::Done(StayMoved { from: from.map(Stay), to: Stay(to) })
            }
            Ok(_) => return Err(unexpected()),
            Err(refused) => MoveStayAnswer::Refused(refused),
        })
    }

    /// Takes back an arrival, a departure, a cancellation or a no-show: a recorded command of its own, refused when the
    /// nights are gone.
    async fn reinstate_stay(&self, ctx: &Context<'_>, input: StayInput) -> Result<StayAnswer> {
        let stay = stay_id(&input.stay)?;
        answer(ctx, input.idempotency_key, Command::ReinstateStay { stay }).await
    }
}

fn stay_id(id: &ID) -> Result<StayId> {
    Ok(StayId(ids::of_kind("Stay", id)?))
}

async fn answer(ctx: &Context<'_>, key: Option<String>, command: Command) -> Result<StayAnswer> {
    Ok(match run(ctx, key, command).await? {
        Ok(Outcome::Stay(stay)) => StayAnswer::Done(StayChanged { stay: Stay(stay) }),
        Ok(_) => return Err(unexpected()),
        Err(refused) => StayAnswer::Refused(refused),
    })
}
