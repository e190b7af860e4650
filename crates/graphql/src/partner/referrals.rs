//! Referrals, as the council that sends them sees them.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use safespace_domain::{
    ReferralId,
    clock::service_day,
    details::Details,
    items::Avoids,
    needs::{self, Needs},
    referrals::{self, Source},
};
use safespace_engine::{
    Command, EngineError, FollowedReferral, Outcome as Brought, Page as StorePage, ReferralAsk,
    SubmitReferral,
};
use uuid::Uuid;

use super::answers::{Refused, answer, refused, run};
use crate::{
    actor,
    answers::{failed, query_error, unexpected},
    engine, ids,
    items::{Allergen, Diet},
    paging::{Page, Window},
    scalars::Date,
};

/// What has become of a referral.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "referrals::Outcome")]
pub enum Outcome {
    /// Nobody has answered it yet.
    Received,
    /// Somebody is finding out what the household needs.
    Assessing,
    /// The household is to be placed, and has no place yet.
    Accepted,
    /// The household has a place: it is there, or is awaited.
    Placed,
    /// It was declined: the team tells the worker why.
    Declined,
    /// Your council took it back.
    Withdrawn,
    /// It has ended: the household has left, or needs no place any more.
    Closed,
}

/// A referral of your council.
pub struct Referral(Box<FollowedReferral>);

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
        i32::from(self.0.referral.facts.people.adults)
    }

    /// Children.
    async fn children(&self) -> i32 {
        i32::from(self.0.referral.facts.people.children)
    }

    /// The night from which on a place is needed, as you sent it.
    async fn arrival(&self) -> Date {
        Date(self.0.referral.facts.arrival)
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
        FollowedReferral { outcome: referral.status().into(), referral }.into()
    }
}

impl From<FollowedReferral> for Referral {
    fn from(followed: FollowedReferral) -> Self {
        Self(Box::new(followed))
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
        Ok(window.page(rows.into_iter().map(|row| (row.referral.id.to_string(), row.into()))))
    }

    /// Your council's referral with this id. Null when there is none, or none of yours.
    async fn referral(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Referral>> {
        let id = ReferralId(ids::of_kind("Referral", &id)?);
        Ok(engine(ctx).followed_referral(actor(ctx), id).await.map_err(query_error)?.map(Into::into))
    }
}

/// How great the danger is, as the DASH assessment gives it.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "needs::Risk")]
pub enum Risk {
    /// Standard.
    Standard,
    /// Medium.
    Medium,
    /// High.
    High,
}

/// From what a household flees.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "referrals::NeedKind")]
pub enum NeedKind {
    /// Domestic abuse.
    DomesticAbuse,
    /// Modern slavery.
    ModernSlavery,
}

/// Adults by sex, as they say it themselves.
#[derive(InputObject)]
#[graphql(name = "AdultsBySexInput")]
pub struct AdultsBySex {
    /// Women.
    #[graphql(default)]
    female: u16,
    /// Men.
    #[graphql(default)]
    male: u16,
    /// Another answer, or none.
    #[graphql(default)]
    other_or_not_said: u16,
}

impl From<AdultsBySex> for needs::AdultsBySex {
    fn from(sexes: AdultsBySex) -> Self {
        let AdultsBySex { female, male, other_or_not_said } = sexes;
        Self { female, male, other_or_not_said }
    }
}

/// A household that needs a place. As little as will do: a name is not needed.
#[derive(InputObject)]
pub struct SubmitReferralInput {
    /// Adults.
    adults: i32,
    /// Children.
    #[graphql(default)]
    children: i32,
    /// The night from which on a place is needed: tonight, or one of the next 28.
    arrival: Date,
    /// For how many nights, 1 to 28.
    #[graphql(default = 7)]
    nights: i32,
    /// From what the household flees.
    #[graphql(default_with = "NeedKind::DomesticAbuse")]
    kind: NeedKind,
    /// How great the danger is, as the DASH assessment gives it.
    risk: Option<Risk>,
    /// How many questions of the DASH checklist were ticked.
    dash_ticks: Option<i32>,
    /// Why judgement overrides what they suggest. Confidential.
    risk_because: Option<String>,
    /// Whether the case goes to a multi-agency risk assessment conference.
    marac: Option<bool>,
    /// What the place must have, by code, such as `step_free`.
    #[graphql(default)]
    needs: Vec<String>,
    /// The district that the household flees from.
    flees_from: Option<String>,
    /// Districts where it is not safe; the one that it flees from when left out.
    not_safe_in: Option<Vec<String>>,
    /// Your organisation.
    organisation: Option<String>,
    /// Your number to call back. Never the household's.
    call_back: Option<String>,
    /// What makes one of them ill, so that the food that they are given does not. Confidential.
    #[graphql(default)]
    allergens: Vec<Allergen>,
    /// They eat only what is all of these. Confidential.
    #[graphql(default)]
    diets: Vec<Diet>,
    /// The adults by sex, as they say it: as many as there are adults. Confidential.
    adults_by_sex: Option<AdultsBySex>,
    /// What the annual returns count, in codes such as `disability`: an unknown one is refused with those that there are.
    /// Only what they say of themselves. Confidential.
    #[graphql(default)]
    characteristics: Vec<String>,
    /// A safe way to reach the household, where there is one. Confidential.
    contact: Option<String>,
    /// What else the household needs: only the team reads it, and each reading is recorded. Confidential.
    details: Option<String>,
    /// The same key and input have one effect and one answer: send one, so that trying again refers nobody twice.
    idempotency_key: Option<String>,
}

/// A referral made of a question, in one step: its people, nights, needs and unwanted districts are those of the
/// question.
#[derive(InputObject)]
pub struct ReferFromQuestionInput {
    /// Which question: `question` of the answer to `askForRoom`.
    question: ID,
    /// How great the danger is, as the DASH assessment gives it.
    risk: Option<Risk>,
    /// Your number to call back. Never the household's.
    call_back: Option<String>,
    /// What makes one of them ill. Confidential.
    #[graphql(default)]
    allergens: Vec<Allergen>,
    /// They eat only what is all of these. Confidential.
    #[graphql(default)]
    diets: Vec<Diet>,
    /// The adults by sex, as they say it: as many as there are adults. Confidential.
    adults_by_sex: Option<AdultsBySex>,
    /// What the annual returns count, in codes such as `disability`: an unknown one is refused with those that there are.
    /// Only what they say of themselves. Confidential.
    #[graphql(default)]
    characteristics: Vec<String>,
    /// What else the household needs. Confidential.
    details: Option<String>,
    /// The same key and input have one effect and one answer.
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
    /// The answer to `submitReferral` and `referFromQuestion`.
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
        let details = Details { contact: input.contact, note: input.details, ..Details::default() };
        let ask = ReferralAsk {
            source: Source::LocalAuthority,
            kind: input.kind.into(),
            risk: input.risk.map(Into::into),
            dash_ticks: input.dash_ticks.map(i64::from),
            marac: input.marac,
            adults: i64::from(input.adults),
            children: i64::from(input.children),
            shares_as: None,
            arrival: input.arrival.0,
            nights: i64::from(input.nights),
            features: input.needs.into_iter().collect(),
            from_district: input.flees_from,
            danger_areas: input.not_safe_in.map(|names| names.into_iter().collect()),
            needs: Needs {
                avoids: avoids(input.allergens, input.diets),
                adults_by_sex: input.adults_by_sex.map(Into::into),
                characteristics: input.characteristics.into_iter().collect(),
                organisation: input.organisation,
                call_back: input.call_back,
                risk_reason: input.risk_because,
                ..Needs::default()
            },
            details: Some(details),
        };
        let command = Command::SubmitReferral(SubmitReferral { ask, question: None });
        Ok(match changed(ctx, input.idempotency_key, command).await? {
            Ok(referral) => SubmitReferralAnswer::Done(ReferralSubmitted { referral }),
            Err(refused) => SubmitReferralAnswer::Refused(refused),
        })
    }

    /// Refers the household of a question that your council has asked. Once.
    async fn refer_from_question(
        &self,
        ctx: &Context<'_>,
        input: ReferFromQuestionInput,
    ) -> Result<SubmitReferralAnswer> {
        let id = ids::of_kind("Question", &input.question)?;
        let found = engine(ctx).own_asked(actor(ctx), id).await;
        let asked = match found {
            Ok(asked) => asked,
            Err(EngineError::Refused(refusal)) => {
                return Ok(SubmitReferralAnswer::Refused(refused(refusal)?));
            }
            Err(EngineError::Fault(fault)) => return Err(failed(&fault)),
        };
        let details = Details { note: input.details, ..Details::default() };
        let ask = ReferralAsk {
            risk: input.risk.map(Into::into),
            nights: i64::from(asked.nights.len()),
            features: asked.wishes.features,
            danger_areas: Some(asked.wishes.unwanted),
            needs: Needs {
                avoids: avoids(input.allergens, input.diets),
                adults_by_sex: input.adults_by_sex.map(Into::into),
                characteristics: input.characteristics.into_iter().collect(),
                call_back: input.call_back,
                ..Needs::default()
            },
            details: Some(details),
            ..ReferralAsk::plain(Source::LocalAuthority, asked.people, asked.nights.arrival())
        };
        let command = Command::SubmitReferral(SubmitReferral { ask, question: Some(id) });
        Ok(match changed(ctx, input.idempotency_key, command).await? {
            Ok(referral) => SubmitReferralAnswer::Done(ReferralSubmitted { referral }),
            Err(refused) => SubmitReferralAnswer::Refused(refused),
        })
    }

    /// Takes a referral back that nobody has decided yet.
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

fn avoids(allergens: Vec<Allergen>, diets: Vec<Diet>) -> Avoids {
    Avoids {
        allergens: allergens.into_iter().map(Into::into).collect(),
        diets: diets.into_iter().map(Into::into).collect(),
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
