//! Partners' referrals, as the team sees them.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject, dataloader::DataLoader};
use chrono::{DateTime, Utc};
use safespace_domain::{
    ReferralId,
    referrals::{self, ReferralState},
};
use safespace_engine::{Command, EngineError, Outcome, Page as StorePage, ReferralFilter, ReferralView};
use uuid::Uuid;

use crate::{
    actor,
    answers::{answer, failed, query_error, run, told, unexpected},
    engine,
    households::{Household, HouseholdLoader},
    ids,
    paging::{Page, Window},
    scalars::Date,
};

/// What has become of a referral.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "referrals::ReferralStatus")]
pub enum ReferralStatus {
    /// Nobody has answered it yet.
    Received,
    /// The household is to be placed.
    Accepted,
    /// It is not.
    Declined,
    /// The council took it back.
    Withdrawn,
}

/// A partner council's request for help about one household.
pub struct Referral(ReferralView);

#[Object]
impl Referral {
    /// Its id.
    pub(crate) async fn id(&self) -> ID {
        ids::global("Referral", self.0.referral.id)
    }

    /// What the council calls it on the telephone.
    async fn reference(&self) -> &str {
        &self.0.referral.reference
    }

    /// The council that sent it.
    async fn council(&self) -> &str {
        &self.0.referral.council
    }

    /// Adults.
    async fn adults(&self) -> i32 {
        i32::from(self.0.referral.people.adults)
    }

    /// Children.
    async fn children(&self) -> i32 {
        i32::from(self.0.referral.people.children)
    }

    /// The night from which on a place is needed.
    async fn arrival(&self) -> Date {
        Date(self.0.referral.arrival)
    }

    /// When it came.
    async fn received_at(&self) -> DateTime<Utc> {
        self.0.referral.received_at
    }

    /// What has become of it.
    async fn status(&self) -> ReferralStatus {
        self.0.referral.status().into()
    }

    /// When it was accepted, declined or withdrawn.
    async fn answered_at(&self) -> Option<DateTime<Utc>> {
        self.0.referral.state.at()
    }

    /// The code of the reason for which it was declined.
    async fn decline_reason(&self) -> Option<&str> {
        match &self.0.referral.state {
            ReferralState::Declined { reason, .. } => Some(reason),
            _ => None,
        }
    }

    /// The household that it was accepted for.
    async fn household(&self, ctx: &Context<'_>) -> Result<Option<Household>> {
        let Some(id) = self.0.referral.household() else { return Ok(None) };
        let loader = ctx.data_unchecked::<DataLoader<HouseholdLoader>>();
        let found = loader.load_one(id).await.map_err(|error| match error.as_ref() {
            EngineError::Refused(refusal) => query_error(refusal.clone().into()),
            EngineError::Fault(fault) => failed(fault),
        })?;
        Ok(found.map(Household))
    }

    /// Whether the worker wrote details, which `revealReferralDetails` reveals.
    async fn has_details(&self) -> bool {
        self.0.has_details
    }
}

pub(crate) async fn by_id(ctx: &Context<'_>, id: Uuid) -> Result<Option<Referral>> {
    Ok(engine(ctx).referral(actor(ctx), ReferralId(id)).await.map_err(query_error)?.map(Referral))
}

/// Which referrals a list has.
#[derive(InputObject, Default)]
pub struct ReferralFilterInput {
    /// Only those of this council.
    council: Option<String>,
    /// Only those with one of these statuses; all when empty.
    #[graphql(default)]
    statuses: Vec<ReferralStatus>,
}

/// Looking referrals up.
#[derive(Default)]
pub struct ReferralsQuery;

#[Object]
impl ReferralsQuery {
    /// The referrals that pass the filter, oldest first.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn referrals(
        &self,
        ctx: &Context<'_>,
        filter: Option<ReferralFilterInput>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<Referral>> {
        let input = filter.unwrap_or_default();
        let statuses = input.statuses.into_iter().map(Into::into).collect();
        let filter = ReferralFilter { council: input.council, statuses };
        let window = Window::new(first, after)?;
        let asked = StorePage { after: window.key::<Uuid>()?.map(ReferralId), limit: window.limit() };
        let rows = engine(ctx).referrals(actor(ctx), &filter, asked).await.map_err(query_error)?;
        Ok(window.page(rows.into_iter().map(|view| (view.referral.id.to_string(), Referral(view)))))
    }

    /// The referral with this id. Null when there is none, or none that you may see.
    async fn referral(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Referral>> {
        by_id(ctx, ids::of_kind("Referral", &id)?).await
    }
}

/// A referral to accept.
#[derive(InputObject)]
pub struct AcceptReferralInput {
    /// Which.
    referral: ID,
    /// The household's pseudonymous reference; a new one where the household is not known yet. Never a name.
    household: String,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// A referral to decline.
#[derive(InputObject)]
pub struct DeclineReferralInput {
    /// Which.
    referral: ID,
    /// The code of the reason: `no_capacity`, `could_not_meet_need`, `not_suitable`, `out_of_area` or `other`. The
    /// council is told that it was declined, and not why: tell the worker.
    reason: String,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// A referral whose details are to be revealed.
#[derive(InputObject)]
pub struct RevealReferralDetailsInput {
    /// Which.
    referral: ID,
    /// Why. Confidential; managers are told, and it is recorded.
    reason: String,
}

/// A referral was answered.
#[derive(SimpleObject)]
pub struct ReferralAnswered {
    /// As it is now.
    referral: Referral,
}

/// What the worker wrote. The act is recorded, and managers are told.
#[derive(SimpleObject)]
pub struct ReferralDetails {
    /// Confidential.
    details: String,
}

answer!(
    /// The answer to `acceptReferral` and `declineReferral`.
    ReferralAnswer = ReferralAnswered
);
answer!(
    /// The answer to `revealReferralDetails`.
    RevealReferralDetailsAnswer = ReferralDetails
);

/// Answering referrals.
#[derive(Default)]
pub struct ReferralsMutation;

#[Object]
impl ReferralsMutation {
    /// Accepts a referral for a household, which is to be placed.
    async fn accept_referral(&self, ctx: &Context<'_>, input: AcceptReferralInput) -> Result<ReferralAnswer> {
        let referral = ReferralId(ids::of_kind("Referral", &input.referral)?);
        let command = Command::AcceptReferral { referral, household: input.household };
        answered(ctx, input.idempotency_key, command).await
    }

    /// Declines a referral, with a reason.
    async fn decline_referral(
        &self,
        ctx: &Context<'_>,
        input: DeclineReferralInput,
    ) -> Result<ReferralAnswer> {
        let referral = ReferralId(ids::of_kind("Referral", &input.referral)?);
        let command = Command::DeclineReferral { referral, reason: input.reason };
        answered(ctx, input.idempotency_key, command).await
    }

    /// Reveals what the worker wrote with a referral, to a person who has just given a second factor. It counts with the
    /// other things that are revealed: five an hour, twenty a day. Managers are told.
    async fn reveal_referral_details(
        &self,
        ctx: &Context<'_>,
        input: RevealReferralDetailsInput,
    ) -> Result<RevealReferralDetailsAnswer> {
        let referral = ReferralId(ids::of_kind("Referral", &input.referral)?);
        let done = engine(ctx).reveal_referral_details(actor(ctx), referral, &input.reason).await;
        Ok(match told(done)? {
            Ok(details) => RevealReferralDetailsAnswer::Done(ReferralDetails { details }),
            Err(refused) => RevealReferralDetailsAnswer::Refused(refused),
        })
    }
}

async fn answered(ctx: &Context<'_>, key: Option<String>, command: Command) -> Result<ReferralAnswer> {
    Ok(match run(ctx, key, command).await? {
        Ok(Outcome::Referral(referral)) => {
            let id = referral.id.0;
            let referral = by_id(ctx, id).await?.ok_or_else(unexpected)?;
            ReferralAnswer::Done(ReferralAnswered { referral })
        }
        Ok(_) => return Err(unexpected()),
        Err(refused) => ReferralAnswer::Refused(refused),
    })
}
