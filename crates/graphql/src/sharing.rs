//! Who may share a property, and who must be kept apart.

use async_graphql::{Context, Enum, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use safespace_domain::{HouseholdId, sharing};
use safespace_engine::{ApartView, Command, KeepApart, Outcome};

use crate::{
    actor,
    answers::{answer, query_error, run, unexpected},
    engine,
    households::{Household, household},
};

/// Who may share a property.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "sharing::Sharing")]
pub enum Sharing {
    /// Nothing is shared: each unit is a home of its own.
    SelfContained,
    /// Rooms for women and their children.
    WomenOnly,
    /// Rooms for men and their children.
    MenOnly,
    /// Rooms for women or for men: whoever is there first.
    OneSex,
}

/// Whom a household's adults are, where it shares a property.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "sharing::SharesAs")]
pub enum SharesAs {
    /// Women, with or without children.
    Women,
    /// Men, with or without children.
    Men,
    /// Both, or somebody who is neither: in a home of its own only.
    Mixed,
}

/// A household that another must be kept apart from.
pub struct KeptApart(ApartView);

#[Object]
impl KeptApart {
    /// The other household.
    async fn household(&self, ctx: &Context<'_>) -> Result<Household> {
        household(ctx, self.0.other).await?.ok_or_else(unexpected)
    }

    /// Since when.
    async fn since(&self) -> DateTime<Utc> {
        self.0.made_at
    }

    /// Why. Confidential.
    async fn reason(&self) -> Option<&str> {
        self.0.reason.as_deref()
    }
}

impl From<ApartView> for KeptApart {
    fn from(view: ApartView) -> Self {
        Self(view)
    }
}

pub(crate) async fn of(ctx: &Context<'_>, household: HouseholdId) -> Result<Vec<ApartView>> {
    engine(ctx).kept_apart(actor(ctx), household).await.map_err(query_error)
}

/// Two households to keep apart.
#[derive(InputObject)]
pub struct KeepApartInput {
    /// The one: its reference.
    household: String,
    /// The other.
    other: String,
    /// Why. Confidential.
    reason: String,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// Two households that need not be kept apart any more.
#[derive(InputObject)]
pub struct EndKeepApartInput {
    /// The one: its reference.
    household: String,
    /// The other.
    other: String,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// Two households are kept apart, or no longer.
#[derive(SimpleObject)]
pub struct ApartKept {
    /// The one.
    household: Household,
    /// The other.
    other: Household,
}

answer!(
    /// The answer to `keepApart` and `endKeepApart`.
    ApartAnswer = ApartKept
);

/// Keeping households apart. For officers and managers.
#[derive(Default)]
pub struct SharingMutation;

#[Object]
impl SharingMutation {
    /// Two households must not be in one property at the same time, whatever they share there.
    async fn keep_apart(&self, ctx: &Context<'_>, input: KeepApartInput) -> Result<ApartAnswer> {
        let KeepApartInput { household, other, reason, idempotency_key } = input;
        kept(ctx, idempotency_key, Command::KeepApart(KeepApart { household, other, reason })).await
    }

    /// Two households need not be kept apart any more.
    async fn end_keep_apart(&self, ctx: &Context<'_>, input: EndKeepApartInput) -> Result<ApartAnswer> {
        let EndKeepApartInput { household, other, idempotency_key } = input;
        kept(ctx, idempotency_key, Command::EndKeepApart { household, other }).await
    }
}

async fn kept(ctx: &Context<'_>, key: Option<String>, command: Command) -> Result<ApartAnswer> {
    Ok(match run(ctx, key, command).await? {
        Ok(Outcome::Apart { household: one, other }) => {
            let one = household(ctx, one).await?.ok_or_else(unexpected)?;
            let other = household(ctx, other).await?.ok_or_else(unexpected)?;
            ApartAnswer::Done(ApartKept { household: one, other })
        }
        Ok(_) => return Err(unexpected()),
        Err(refused) => ApartAnswer::Refused(refused),
    })
}
