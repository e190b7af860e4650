//! Refusals of the partner schema: their own type, with nothing in it of what stands in the way or is free instead.

use async_graphql::{Context, Enum, Result, SimpleObject};
use safespace_domain::{Refusal, refusal};
use safespace_engine::{Command, EngineError, Fault, Outcome};

use crate::{actor, answers::failed, engine};

/// What kind of refusal it is.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalCode {
    /// A value is impossible or beyond a limit; `field` says which.
    BadValue,
    /// No such referral, or none of yours.
    NotFound,
    /// Your credential may not do this.
    NotAllowed,
    /// The referral is in a state in which this can't be done.
    WrongState,
    /// Too early or too late for this.
    WrongTime,
    /// The idempotency key was used with another input.
    KeyReused,
    /// Somebody else changed it meanwhile: look again, then decide.
    Changed,
    /// Too often within a time: wait, then try again.
    TooMany,
}

/// No, because. Nothing was changed.
#[derive(SimpleObject)]
pub struct Refused {
    /// The stable code.
    code: RefusalCode,
    /// A sentence that a person can act on.
    message: String,
    /// The input field that it is about, where there is one.
    field: Option<String>,
}

/// A refusal in this schema's words. One of a kind that no partner should get is a fault: its sentence may say more
/// than partners are told.
pub(super) fn refused(refusal: Refusal) -> Result<Refused> {
    let code = match refusal.code {
        refusal::RefusalCode::BadValue => RefusalCode::BadValue,
        refusal::RefusalCode::NotFound => RefusalCode::NotFound,
        refusal::RefusalCode::NotAllowed => RefusalCode::NotAllowed,
        refusal::RefusalCode::WrongState => RefusalCode::WrongState,
        refusal::RefusalCode::WrongTime => RefusalCode::WrongTime,
        refusal::RefusalCode::KeyReused => RefusalCode::KeyReused,
        refusal::RefusalCode::Changed => RefusalCode::Changed,
        refusal::RefusalCode::TooMany => RefusalCode::TooMany,
        _ => return Err(failed(&Fault::Broken("a refusal that no partner should get"))),
    };
    let field = refusal.field.map(|field| in_its_words(&field).to_owned());
    Ok(Refused { code, message: refusal.message, field })
}

/// An input field as this schema calls it.
fn in_its_words(field: &str) -> &str {
    match field {
        "note" => "details",
        "riskReason" => "riskBecause",
        "features" => "needs",
        "dangerAreas" => "notSafeIn",
        "fromDistrict" => "fleesFrom",
        "unwantedDistricts" => "notIn",
        other => other,
    }
}

/// Carries out a command; a refusal is an answer, a fault an error.
pub(super) async fn run(
    ctx: &Context<'_>,
    key: Option<String>,
    command: Command,
) -> Result<std::result::Result<Outcome, Refused>> {
    match engine(ctx).run(actor(ctx), key.as_deref(), command).await {
        Ok(outcome) => Ok(Ok(outcome)),
        Err(EngineError::Refused(refusal)) => Ok(Err(refused(refusal)?)),
        Err(EngineError::Fault(fault)) => Err(failed(&fault)),
    }
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
            Refused(crate::partner::answers::Refused),
        }
    };
}
pub(super) use answer;
