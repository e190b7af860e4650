//! Answers: a union of what was done and `Refused` for every mutation; and errors, for faults.

use std::sync::Arc;

use async_graphql::{ComplexObject, Context, Enum, Error, ErrorExtensions, Result, SimpleObject};
use safespace_domain::{Refusal, refusal};
use safespace_engine::{Command, EngineError, Fault, Outcome, StoreError};

use crate::{actor, engine, scalars::Date, units::Unit};

/// The most obstacles that one refusal lists.
const MOST_OBSTACLES: usize = 50;

/// What kind of refusal it is.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "safespace_domain::RefusalCode")]
pub enum RefusalCode {
    /// A value is impossible or beyond a limit; `field` says which.
    BadValue,
    /// No such record, or none that you may see.
    NotFound,
    /// Your role may not do this.
    NotAllowed,
    /// The code is in use already.
    CodeInUse,
    /// The unit is not free on some of the nights.
    Taken,
    /// The household is in another unit on some of the nights.
    HouseholdElsewhere,
    /// Over the longest stay that the scheme's policy allows.
    LongestStay,
    /// The unit is out of service on some of the nights.
    OutOfService,
    /// The unit sleeps fewer people than the household has.
    TooSmall,
    /// The unit lacks what was asked for, or is where it should not be.
    Unsuitable,
    /// The record is in a state in which this can't be done.
    WrongState,
    /// Too early or too late for this.
    WrongTime,
    /// Something stands in the way of closing.
    StandsInTheWay,
    /// The idempotency key was used with another input.
    KeyReused,
    /// Somebody else changed the record meanwhile: look again, then decide.
    Changed,
    /// Nothing fits.
    NoneFree,
    /// The second factor must be given again first.
    SecondFactorNeeded,
    /// Too often within a time: wait, then try again.
    TooMany,
    /// The sign-in, code or link is not good, or no longer.
    NotGood,
    /// There is not enough of the item.
    OutOfStock,
    /// The lot has expired.
    Expired,
}

/// Something that stands in the way.
#[derive(SimpleObject)]
pub struct Obstacle {
    /// The code of the unit.
    unit: String,
    /// `stay`, `hold`, `void` or `turnaround`.
    kind: String,
    /// A household's reference or a void's reason; empty for turnaround.
    whose: String,
    /// The first night on which it stands in the way.
    from: Date,
    /// The first night on which it no longer does.
    to: Date,
}

/// No, because. Nothing was changed.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct Refused {
    /// The stable code.
    code: RefusalCode,
    /// A sentence that a person can act on.
    message: String,
    /// The input field that it is about, where there is one.
    field: Option<String>,
    /// What stands in the way, as far as 50 of it.
    in_the_way: Vec<Obstacle>,
    #[graphql(skip)]
    next_free: Option<String>,
}

#[ComplexObject]
impl Refused {
    /// A unit that could be had instead, where one was looked for and found.
    async fn next_free(&self, ctx: &Context<'_>) -> Option<Unit> {
        let spaces = engine(ctx).spaces();
        let no = spaces.no(spaces.unit_by_code(self.next_free.as_deref()?)?.id)?;
        Some(Unit::new(&spaces, no))
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        let obstacle = |obstacle: refusal::Obstacle| Obstacle {
            unit: obstacle.unit,
            kind: obstacle.kind,
            whose: obstacle.whose,
            from: Date(obstacle.nights.arrival()),
            to: Date(obstacle.nights.departure()),
        };
        Self {
            code: refusal.code.into(),
            message: refusal.message,
            field: refusal.field,
            in_the_way: refusal.in_the_way.into_iter().take(MOST_OBSTACLES).map(obstacle).collect(),
            next_free: refusal.next_free,
        }
    }
}

/// Carries out a command; a refusal is an answer, a fault an error.
pub(crate) async fn run(
    ctx: &Context<'_>,
    key: Option<String>,
    command: Command,
) -> Result<std::result::Result<Outcome, Refused>> {
    told(engine(ctx).run(actor(ctx), key.as_deref(), command).await)
}

/// A refusal is an answer, a fault an error.
pub(crate) fn told<T>(done: std::result::Result<T, EngineError>) -> Result<std::result::Result<T, Refused>> {
    match done {
        Ok(done) => Ok(Ok(done)),
        Err(EngineError::Refused(refusal)) => Ok(Err(refusal.into())),
        Err(EngineError::Fault(fault)) => Err(failed(&fault)),
    }
}

/// A mutation's answer that the engine does not give for this command.
pub(crate) fn unexpected() -> Error {
    failed(&Fault::Broken("another outcome than the command's"))
}

/// A fault: said in the log, not to the caller.
pub(crate) fn failed(fault: &Fault) -> Error {
    let source = std::error::Error::source(fault).map(ToString::to_string).unwrap_or_default();
    tracing::error!(%fault, source, "a request failed");
    if let Fault::Store(
        StoreError::Locked | StoreError::Full | StoreError::ReadOnly | StoreError::Unreachable(_),
    ) = fault
    {
        return coded(
            "The service can't write or read its records now, and nothing of this request was kept: try again, and tell \
             whoever runs the service.",
            "UNAVAILABLE",
        );
    }
    coded(
        "Something failed here. Nothing of this request was kept; try again, and tell whoever runs the service.",
        "INTERNAL",
    )
}

/// A query that was refused: queries have no unions, so it is an error with the refusal's code.
pub(crate) fn query_error(error: EngineError) -> Error {
    match error {
        EngineError::Refused(refusal) => {
            let code = refusal.code.as_str();
            let field = refusal.field.clone();
            Error::new(refusal.message).extend_with(|_, extensions| {
                extensions.set("code", code);
                if let Some(field) = field {
                    extensions.set("field", field);
                }
            })
        }
        EngineError::Fault(fault) => failed(&fault),
    }
}

/// A loader's error, which must be shared by all who waited for it.
pub(crate) fn shared(error: EngineError) -> Arc<EngineError> {
    Arc::new(error)
}

/// Input that makes no sense.
pub(crate) fn bad_input(message: impl Into<String>) -> Error {
    coded(message, "BAD_USER_INPUT")
}

fn coded(message: impl Into<String>, code: &'static str) -> Error {
    Error::new(message).extend_with(|_, extensions| extensions.set("code", code))
}

/// Declares a mutation's answer: what was done, or `Refused`.
macro_rules! answer {
    ($(#[$doc:meta])* $name:ident = $done:ident) => {
        $(#[$doc])*
        #[derive(async_graphql::Union)]
        pub enum $name {
            /// It was done.
            Done($done),
            /// It was not.
            Refused(crate::answers::Refused),
        }
    };
}
pub(crate) use answer;
