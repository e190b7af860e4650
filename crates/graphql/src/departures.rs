//! Departures: where households went, and support that goes on.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use safespace_domain::{StayId, departures, departures::Support as Known};
use safespace_engine::{Command, DepartureAsk, Outcome};

use crate::{
    answers::{answer, run, unexpected},
    ids,
};

/// Support after a departure.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    /// Nobody said.
    NotSaid,
    /// Not wanted any more, as somebody said.
    NotWanted,
    /// It goes on.
    GoesOn,
    /// It went on, and has ended.
    Ended,
}

/// What is known of how a stay ended.
#[derive(SimpleObject)]
pub struct Departure {
    /// Where the household went: a code of the list of destinations.
    destination: String,
    /// Whether it had been planned.
    planned: bool,
    /// Whether support goes on.
    support: Support,
    /// When support ended.
    support_ended_at: Option<DateTime<Utc>>,
}

impl From<departures::Departure> for Departure {
    fn from(departure: departures::Departure) -> Self {
        let (support, support_ended_at) = match departure.support {
            Known::NotSaid => (Support::NotSaid, None),
            Known::NotWanted => (Support::NotWanted, None),
            Known::GoesOn => (Support::GoesOn, None),
            Known::Ended { at } => (Support::Ended, Some(at)),
        };
        Self { destination: departure.destination, planned: departure.planned, support, support_ended_at }
    }
}

/// What is said of a departure.
#[derive(InputObject)]
pub struct DepartureInput {
    /// Where the household went: a code of the list of destinations.
    destination: String,
    /// Whether it had been planned.
    planned: bool,
    /// Whether support goes on: `false` says that it is not wanted any more. Left out or null where nobody said, which the
    /// return counts as not written down.
    support_goes_on: Option<bool>,
}

impl From<DepartureInput> for DepartureAsk {
    fn from(input: DepartureInput) -> Self {
        let DepartureInput { destination, planned, support_goes_on } = input;
        Self { destination, planned, support_goes_on }
    }
}

/// A departure to write down.
#[derive(InputObject)]
pub struct RecordDepartureInput {
    /// Which stay.
    stay: ID,
    /// What is known.
    departure: DepartureInput,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// Support that has ended.
#[derive(InputObject)]
pub struct EndSupportInput {
    /// After which stay.
    stay: ID,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// A departure was written down.
#[derive(SimpleObject)]
pub struct DepartureRecorded {
    /// As it is now.
    departure: Departure,
}

answer!(
    /// The answer to `recordDeparture` and `endSupport`.
    DepartureAnswer = DepartureRecorded
);

/// Writing departures down. For officers and managers.
#[derive(Default)]
pub struct DeparturesMutation;

#[Object]
impl DeparturesMutation {
    /// Writes down where a household went that has left.
    async fn record_departure(
        &self,
        ctx: &Context<'_>,
        input: RecordDepartureInput,
    ) -> Result<DepartureAnswer> {
        let stay = StayId(ids::of_kind("Stay", &input.stay)?);
        let command = Command::RecordDeparture { stay, departure: input.departure.into() };
        recorded(ctx, input.idempotency_key, command).await
    }

    /// Support after a departure has ended.
    async fn end_support(&self, ctx: &Context<'_>, input: EndSupportInput) -> Result<DepartureAnswer> {
        let stay = StayId(ids::of_kind("Stay", &input.stay)?);
        recorded(ctx, input.idempotency_key, Command::EndSupport { stay }).await
    }
}

async fn recorded(ctx: &Context<'_>, key: Option<String>, command: Command) -> Result<DepartureAnswer> {
    Ok(match run(ctx, key, command).await? {
        Ok(Outcome::Departure(departure)) => {
            DepartureAnswer::Done(DepartureRecorded { departure: departure.into() })
        }
        Ok(_) => return Err(unexpected()),
        Err(refused) => DepartureAnswer::Refused(refused),
    })
}
