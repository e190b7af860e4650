//! Referrals, as the council that sends them sees them.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use safespace_domain::{ReferralId, clock::service_day, referrals};
use safespace_engine::{Command, FollowedReferral, Outcome as Brought, Page as StorePage, SubmitReferral};
use uuid::Uuid;

use super::answers::{Refused, answer, run};
use crate::{
    actor,
    answers::{query_error, unexpected},
    engine, ids,
    paging::{Page, Window},
    scalars::Date,
};

/// What has become of a referral.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "referrals::Outcome")]
pub enum Outcome {
    /// Nobody has answered it yet.
    Received,
    /// The household is to be placed, and has no place yet.
    Accepted,
    /// The household has a place: it is there, or is awaited.
    Placed,
    /// It was declined: the team tells the worker why.
    Declined,
    /// Your council took it back.
    Withdrawn,
    /// The household was placed, and has left.
    Closed,
}

/// A referral of your council.
pub struct Referral(FollowedReferral);

#[Object]
impl Referral {
    /// Its id.
    async fn id(&self) -> ID {
        ids::global("Referral", self.0.referral.id)
    }

    /// What to call it on the telephone.
    async fn reference(&self) -> &str {
        &self.0.referral.reference
    }

    /// Adults.
    async fn adults(&self) -> i32 {
        i32::from(self.0.referral.people.adults)
    }

    /// Children.
    async fn children(&self) -> i32 {
        i32::from(self.0.referral.people.children)
    }

    /// The night from which on a place is needed, as you sent it.
    async fn arrival(&self) -> Date {
        Date(self.0.referral.arrival)
    }

    /// The day on which it came.
    async fn received_on(&self) -> Date {
        Date(service_day(self.0.referral.received_at))
    }

    /// What has become of it.
    async fn outcome(&self) -> Outcome {
        self.0.outcome.into()
    }

    /// The day on which it was accepted, declined or withdrawn.
    async fn answered_on(&self) -> Option<Date> {
        self.0.referral.state.at().map(|at| Date(service_day(at)))
    }
}

impl From<referrals::Referral> for Referral {
    /// As it is right after being sent or withdrawn: then no stay has to do with its outcome.
    fn from(referral: referrals::Referral) -> Self {
        let outcome = referrals::outcome(&referral, []);
        Self(FollowedReferral { referral, outcome })
    }
}

/// Following one's own referrals.
#[derive(Default)]
pub struct ReferralsQuery;

#[Object]
impl ReferralsQuery {
    /// Your council's referrals, oldest first.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn referrals(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<Referral>> {
        let window = Window::new(first, after)?;
        let asked = StorePage { after: window.key::<Uuid>()?.map(ReferralId), limit: window.limit() };
        let rows = engine(ctx).followed_referrals(actor(ctx), asked).await.map_err(query_error)?;
        Ok(window.page(rows.into_iter().map(|row| (row.referral.id.to_string(), Referral(row)))))
    }

    /// Your council's referral with this id. Null when there is none, or none of yours.
    async fn referral(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Referral>> {
        let id = ReferralId(ids::of_kind("Referral", &id)?);
        Ok(engine(ctx).followed_referral(actor(ctx), id).await.map_err(query_error)?.map(Referral))
    }
}

/// A household that needs a place.
#[derive(InputObject)]
pub struct SubmitReferralInput {
    /// Adults.
    adults: i32,
    /// Children.
    #[graphql(default)]
    children: i32,
    /// The night from which on: tonight, or one of the next weeks.
    arrival: Date,
    /// The number on which to call the worker back, and what the household needs, at most 2,000 characters. No names:
    /// they are not needed yet. Encrypted, shown to the team on request only, and never again to you.
    details: Option<String>,
    /// The same key and input have one effect and one answer: send one, so that trying again refers nobody twice.
    idempotency_key: Option<String>,
}

/// A referral to take back.
#[derive(InputObject)]
pub struct WithdrawReferralInput {
    /// Which.
    referral: ID,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// The team has it.
#[derive(SimpleObject)]
pub struct ReferralSubmitted {
    /// As it is now.
    referral: Referral,
}

/// It was taken back.
#[derive(SimpleObject)]
pub struct ReferralWithdrawn {
    /// As it is now.
    referral: Referral,
}

answer!(
    /// The answer to `submitReferral`.
    SubmitReferralAnswer = ReferralSubmitted
);
answer!(
    /// The answer to `withdrawReferral`.
    WithdrawReferralAnswer = ReferralWithdrawn
);

/// Sending referrals, and taking them back.
#[derive(Default)]
pub struct ReferralsMutation;

#[Object]
impl ReferralsMutation {
    /// Refers a household. In an emergency, telephone the team as well.
    async fn submit_referral(
        &self,
        ctx: &Context<'_>,
        input: SubmitReferralInput,
    ) -> Result<SubmitReferralAnswer> {
        let command = Command::SubmitReferral(SubmitReferral {
            adults: i64::from(input.adults),
            children: i64::from(input.children),
            arrival: input.arrival.0,
            details: input.details,
        });
        Ok(match changed(ctx, input.idempotency_key, command).await? {
            Ok(referral) => SubmitReferralAnswer::Done(ReferralSubmitted { referral }),
            Err(refused) => SubmitReferralAnswer::Refused(refused),
        })
    }

    /// Takes a referral back that nobody has answered yet.
    async fn withdraw_referral(
        &self,
        ctx: &Context<'_>,
        input: WithdrawReferralInput,
    ) -> Result<WithdrawReferralAnswer> {
        let referral = ReferralId(ids::of_kind("Referral", &input.referral)?);
        Ok(match changed(ctx, input.idempotency_key, Command::WithdrawReferral { referral }).await? {
            Ok(referral) => WithdrawReferralAnswer::Done(ReferralWithdrawn { referral }),
            Err(refused) => WithdrawReferralAnswer::Refused(refused),
        })
    }
}

async fn changed(
    ctx: &Context<'_>,
    key: Option<String>,
    command: Command,
) -> Result<std::result::Result<Referral, Refused>> {
    match run(ctx, key, command).await? {
        Ok(Brought::Referral(referral)) => Ok(Ok(referral.into())),
        Ok(_) => Err(unexpected()),
        Err(refused) => Ok(Err(refused)),
    }
}
