//! Restrictions: cases closed to staff with a conflict of interest.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use safespace_domain::HouseholdId;
use safespace_engine::{Command, LiftRestriction, Outcome, RestrictCase, RestrictionView};
use uuid::Uuid;

use crate::{
    actor,
    answers::{answer as declare, bad_input, query_error, run, unexpected},
    engine, ids,
};

/// A case that is closed to somebody, who can't find it, count it or infer it.
pub struct Restriction(RestrictionView);

#[Object]
impl Restriction {
    /// To whom: the id of an account or of a token.
    async fn denied(&self) -> ID {
        let kind = if self.0.denied_is_token { "Token" } else { "Account" };
        ids::global(kind, self.0.restriction.denied)
    }

    /// When it was closed to them.
    async fn made_at(&self) -> DateTime<Utc> {
        self.0.restriction.made_at
    }

    /// Why. Confidential. Null once the household was erased.
    async fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }
}

impl From<RestrictionView> for Restriction {
    fn from(found: RestrictionView) -> Self {
        Self(found)
    }
}

/// A case, and somebody to whom it is to be closed.
#[derive(InputObject)]
pub struct RestrictCaseInput {
    /// The household's reference.
    household: String,
    /// The id of their account, or of a token.
    denied: ID,
    /// Why. Confidential.
    reason: String,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// A case, and somebody to whom it is closed.
#[derive(InputObject)]
pub struct LiftRestrictionInput {
    /// The household's reference.
    household: String,
    /// The id of their account, or of the token.
    denied: ID,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// A case was closed to somebody, or opened to them again.
#[derive(SimpleObject)]
pub struct RestrictionChanged {
    /// The household's reference.
    household: String,
    /// To whom: the id of an account or of a token.
    denied: ID,
}

declare!(
    /// The answer to a change of a restriction.
    RestrictionAnswer = RestrictionChanged
);

/// Closing cases to staff with a conflict of interest. For managers who have just given a second factor.
#[derive(Default)]
pub struct RestrictionsMutation;

#[Object]
impl RestrictionsMutation {
    /// Closes a case to somebody who knows the family: from now on they can't find it, count it or infer it.
    async fn restrict_case(&self, ctx: &Context<'_>, input: RestrictCaseInput) -> Result<RestrictionAnswer> {
        let ask = RestrictCase {
            household: input.household.clone(),
            denied: denied(&input.denied)?,
            reason: input.reason,
        };
        let command = Command::RestrictCase(ask);
        answer(ctx, input.idempotency_key, command, input.household, input.denied).await
    }

    /// Opens a case to somebody again.
    async fn lift_restriction(
        &self,
        ctx: &Context<'_>,
        input: LiftRestrictionInput,
    ) -> Result<RestrictionAnswer> {
        let ask = LiftRestriction { household: input.household.clone(), denied: denied(&input.denied)? };
        let command = Command::LiftRestriction(ask);
        answer(ctx, input.idempotency_key, command, input.household, input.denied).await
    }
}

/// The id of an account or of a token.
fn denied(id: &ID) -> Result<Uuid> {
    let (kind, key) = ids::split(id)?;
    match kind.as_str() {
        "Account" | "Token" => ids::uuid(&key),
        other => Err(bad_input(format!(
            "This is the id of a {other}; the id of an account or of a token is needed here."
        ))),
    }
}

async fn answer(
    ctx: &Context<'_>,
    key: Option<String>,
    command: Command,
    household: String,
    denied: ID,
) -> Result<RestrictionAnswer> {
    Ok(match run(ctx, key, command).await? {
        Ok(Outcome::Restriction(_)) => RestrictionAnswer::Done(RestrictionChanged { household, denied }),
        Ok(_) => return Err(unexpected()),
        Err(refused) => RestrictionAnswer::Refused(refused),
    })
}

/// The restrictions on a household's case, as a list's rows.
pub(crate) async fn of(ctx: &Context<'_>, household: HouseholdId) -> Result<Vec<RestrictionView>> {
    engine(ctx).restrictions(actor(ctx), household).await.map_err(query_error)
}
