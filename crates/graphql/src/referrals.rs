//! Referrals, as the team sees them.

use std::{collections::HashMap, sync::Arc};

use async_graphql::{
    Context, Enum, ID, InputObject, Object, Result, SimpleObject,
    dataloader::{DataLoader, Loader},
};
use chrono::{DateTime, Utc};
use safespace_domain::{
    HouseholdId, ReferralId,
    details::Details,
    items::Avoids,
    needs::{self, Needs},
    referrals::{self, ReferralState},
    units::Scheme,
};
use safespace_engine::{
    Command, EditReferral, EngineError, Outcome, Page as StorePage, ReferralAsk, ReferralFilter,
    ReferralView, TakeReferral,
};
use uuid::Uuid;

use crate::{
    actor,
    answers::{answer, query_error, run, shared, told, unexpected},
    engine,
    households::{Household, HouseholdLoader, household, told_to_one},
    ids,
    items::{Allergen, Diet},
    paging::{Page, Window},
    scalars::{Date, count},
    sharing::SharesAs,
    stays::{self, Stay},
};

/// What has become of a referral.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "referrals::ReferralStatus")]
pub enum ReferralStatus {
    /// Nobody has answered it yet.
    Received,
    /// Somebody is finding out what the household needs.
    Assessing,
    /// The household is to be placed, and waits.
    Accepted,
    /// The household has a place: it is there, or is awaited.
    Placed,
    /// It has ended.
    Closed,
    /// The household is not to be placed.
    Declined,
    /// It was taken back.
    Withdrawn,
}

/// Who refers.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "referrals::Source")]
pub enum Source {
    /// The police.
    Police,
    /// A general practitioner.
    Gp,
    /// A local authority.
    LocalAuthority,
    /// Another agency.
    OtherAgency,
    /// The household itself.
    #[graphql(name = "SELF")]
    Household,
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

/// Children by age.
#[derive(SimpleObject, InputObject)]
#[graphql(input_name = "ChildAgesInput")]
pub struct ChildAges {
    /// Under two.
    #[graphql(default)]
    under_2: u16,
    /// Two to four.
    #[graphql(default)]
    from_2_to_4: u16,
    /// Five to ten.
    #[graphql(default)]
    from_5_to_10: u16,
    /// Eleven to fifteen.
    #[graphql(default)]
    from_11_to_15: u16,
    /// Sixteen and seventeen.
    #[graphql(default)]
    from_16_to_17: u16,
}

impl From<needs::ChildAges> for ChildAges {
    fn from(ages: needs::ChildAges) -> Self {
        let needs::ChildAges { under_2, from_2_to_4, from_5_to_10, from_11_to_15, from_16_to_17 } = ages;
        Self { under_2, from_2_to_4, from_5_to_10, from_11_to_15, from_16_to_17 }
    }
}

impl From<ChildAges> for needs::ChildAges {
    fn from(ages: ChildAges) -> Self {
        let ChildAges { under_2, from_2_to_4, from_5_to_10, from_11_to_15, from_16_to_17 } = ages;
        Self { under_2, from_2_to_4, from_5_to_10, from_11_to_15, from_16_to_17 }
    }
}

/// Adults by sex, as they say it themselves.
#[derive(SimpleObject, InputObject)]
#[graphql(input_name = "AdultsBySexInput")]
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

impl From<needs::AdultsBySex> for AdultsBySex {
    fn from(sexes: needs::AdultsBySex) -> Self {
        let needs::AdultsBySex { female, male, other_or_not_said } = sexes;
        Self { female, male, other_or_not_said }
    }
}

impl From<AdultsBySex> for needs::AdultsBySex {
    fn from(sexes: AdultsBySex) -> Self {
        let AdultsBySex { female, male, other_or_not_said } = sexes;
        Self { female, male, other_or_not_said }
    }
}

/// What a household needs, and where it is not safe. Confidential.
pub struct HouseholdNeeds(Needs);

#[Object]
impl HouseholdNeeds {
    /// Districts and localities where it is not safe.
    async fn danger_areas(&self) -> Vec<&str> {
        self.0.danger_areas.iter().map(String::as_str).collect()
    }

    /// Districts and localities where its school or work is.
    async fn near(&self) -> Vec<&str> {
        self.0.near.iter().map(String::as_str).collect()
    }

    /// The children by age, where somebody has asked.
    async fn child_ages(&self) -> Option<ChildAges> {
        self.0.child_ages.map(Into::into)
    }

    /// Pets that come with it.
    async fn pets(&self) -> Option<&str> {
        self.0.pets.as_deref()
    }

    /// Care and mobility needs, in words.
    async fn care(&self) -> Option<&str> {
        self.0.care.as_deref()
    }

    /// Languages that it is best spoken to in.
    async fn languages(&self) -> &[String] {
        &self.0.languages
    }

    /// What it eats, in words.
    async fn diet(&self) -> Option<&str> {
        self.0.diet.as_deref()
    }

    /// Allergies, in words.
    async fn allergies(&self) -> Option<&str> {
        self.0.allergies.as_deref()
    }

    /// What makes one of them ill.
    async fn allergens(&self) -> Vec<Allergen> {
        self.0.avoids.allergens.iter().copied().map(Into::into).collect()
    }

    /// They eat only what is all of these.
    async fn diets(&self) -> Vec<Diet> {
        self.0.avoids.diets.iter().copied().map(Into::into).collect()
    }

    /// The adults by sex, where somebody has asked.
    async fn adults_by_sex(&self) -> Option<AdultsBySex> {
        self.0.adults_by_sex.map(Into::into)
    }

    /// What annual returns count of such households: codes of the list of characteristics. Special category data.
    async fn characteristics(&self) -> Vec<&str> {
        self.0.characteristics.iter().map(String::as_str).collect()
    }

    /// The organisation that refers it.
    async fn organisation(&self) -> Option<&str> {
        self.0.organisation.as_deref()
    }

    /// The worker's number to call back.
    async fn call_back(&self) -> Option<&str> {
        self.0.call_back.as_deref()
    }

    /// Why judgement overrides what the DASH ticks suggest.
    async fn risk_reason(&self) -> Option<&str> {
        self.0.risk_reason.as_deref()
    }
}

/// Whose needs.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct NeedsOf(HouseholdId);

impl Loader<NeedsOf> for HouseholdLoader {
    type Value = Needs;
    type Error = Arc<EngineError>;

    async fn load(&self, keys: &[NeedsOf]) -> Result<HashMap<NeedsOf, Self::Value>, Self::Error> {
        let households: Vec<HouseholdId> = keys.iter().map(|key| key.0).collect();
        let found = self.engine.household_needs(&self.actor, &households).await.map_err(shared)?;
        Ok(found.into_iter().map(|(household, needs)| (NeedsOf(household), needs)).collect())
    }
}

/// What a household needs, loaded together with others.
pub(crate) async fn needs_of(ctx: &Context<'_>, household: HouseholdId) -> Result<Option<HouseholdNeeds>> {
    let loader = ctx.data_unchecked::<DataLoader<HouseholdLoader>>();
    let found = loader.load_one(NeedsOf(household)).await.map_err(|error| told_to_one(&error))?;
    Ok(found.map(HouseholdNeeds))
}

/// How many units were not for the household of a referral that was declined.
#[derive(SimpleObject)]
pub struct LookedFor {
    /// The code of what stood against them.
    code: String,
    /// How many units.
    units: i32,
}

/// A request for help about one household.
pub struct Referral(ReferralView);

impl From<ReferralView> for Referral {
    fn from(view: ReferralView) -> Self {
        Self(view)
    }
}

#[Object]
impl Referral {
    /// Its id.
    pub(crate) async fn id(&self) -> ID {
        ids::global("Referral", self.0.referral.id)
    }

    /// What to call it on the telephone.
    async fn reference(&self) -> &str {
        &self.0.referral.reference
    }

    /// Who refers.
    async fn source(&self) -> Source {
        self.0.referral.facts.source.into()
    }

    /// The partner council that sent it, where one did.
    async fn council(&self) -> Option<&str> {
        self.0.referral.council.as_deref()
    }

    /// From what the household flees.
    async fn kind(&self) -> NeedKind {
        self.0.referral.facts.kind.into()
    }

    /// How great the danger is; null while nobody has assessed it.
    async fn risk(&self) -> Option<Risk> {
        self.0.referral.facts.assessment.risk.map(Into::into)
    }

    /// How many questions of the DASH checklist were ticked.
    async fn dash_ticks(&self) -> Option<i32> {
        self.0.referral.facts.assessment.dash_ticks.map(i32::from)
    }

    /// Whether the case goes to a multi-agency risk assessment conference.
    async fn marac(&self) -> Option<bool> {
        self.0.referral.facts.assessment.marac
    }

    /// Adults.
    async fn adults(&self) -> i32 {
        i32::from(self.0.referral.facts.people.adults)
    }

    /// Children.
    async fn children(&self) -> i32 {
        i32::from(self.0.referral.facts.people.children)
    }

    /// Whom the adults are, where the household shares a property.
    async fn shares_as(&self) -> Option<SharesAs> {
        self.0.referral.facts.shares_as.map(Into::into)
    }

    /// The night from which on a place is needed.
    async fn arrival(&self) -> Date {
        Date(self.0.referral.facts.arrival)
    }

    /// For how many nights.
    async fn nights(&self) -> i32 {
        count(self.0.referral.facts.nights)
    }

    /// The codes of features that a home must have.
    async fn features(&self) -> Vec<&str> {
        self.0.referral.facts.features.iter().map(String::as_str).collect()
    }

    /// The district that the household flees from; null where that is none of the service's.
    async fn from_district(&self) -> Option<&str> {
        self.0.referral.facts.from_district.as_deref()
    }

    /// What the household needs. Confidential.
    async fn needs(&self, ctx: &Context<'_>) -> Result<HouseholdNeeds> {
        let id = self.0.referral.id;
        engine(ctx).needs(actor(ctx), id).await.map(HouseholdNeeds).map_err(query_error)
    }

    /// The households that can be reached by the same contact: it may be one of them. Found without anybody seeing a name
    /// or the contact.
    async fn may_be(&self, ctx: &Context<'_>) -> Result<Vec<Household>> {
        let found = engine(ctx).may_be(actor(ctx), self.0.referral.id).await.map_err(query_error)?;
        Ok(found.into_iter().map(Household).collect())
    }

    /// When it came.
    async fn received_at(&self) -> DateTime<Utc> {
        self.0.referral.received_at
    }

    /// When it was first answered.
    async fn responded_at(&self) -> Option<DateTime<Utc>> {
        self.0.referral.responded_at
    }

    /// By when it is to be answered, by the standard.
    async fn response_due(&self, ctx: &Context<'_>) -> DateTime<Utc> {
        engine(ctx).spaces().standards.response_due(self.0.referral.received_at)
    }

    /// By when the household is to be placed, by the standard.
    async fn placement_due(&self, ctx: &Context<'_>) -> DateTime<Utc> {
        let spaces = engine(ctx).spaces();
        let until = spaces.policy(Scheme::SafeSpace).late_arrival_until_hour;
        let referral = &self.0.referral;
        spaces.standards.placement_due(referral.received_at, referral.facts.arrival, until)
    }

    /// How often it has been changed: give it with a change, so that nobody's is lost.
    async fn version(&self) -> i32 {
        count(self.0.referral.version)
    }

    /// What has become of it.
    async fn status(&self) -> ReferralStatus {
        self.0.referral.status().into()
    }

    /// When it was accepted, declined or withdrawn.
    async fn answered_at(&self) -> Option<DateTime<Utc>> {
        self.0.referral.state.at()
    }

    /// When the household got its first place.
    async fn placed_at(&self) -> Option<DateTime<Utc>> {
        self.0.referral.state.placed_at()
    }

    /// The stay that the household has, or had last.
    async fn stay(&self, ctx: &Context<'_>) -> Result<Option<Stay>> {
        match self.0.referral.state {
            ReferralState::Placed { stay, .. } | ReferralState::Closed { placed: Some((_, stay)), .. } => {
                stays::by_id(ctx, stay.0).await
            }
            _ => Ok(None),
        }
    }

    /// When it ended.
    async fn closed_at(&self) -> Option<DateTime<Utc>> {
        match self.0.referral.state {
            ReferralState::Closed { closed_at, .. } => Some(closed_at),
            _ => None,
        }
    }

    /// How it ended: a code of the list of destinations, or of that of reasons for closing.
    async fn outcome(&self) -> Option<&str> {
        match &self.0.referral.state {
            ReferralState::Closed { outcome, .. } => Some(outcome),
            _ => None,
        }
    }

    /// The code of the reason for which it was declined.
    async fn decline_reason(&self) -> Option<&str> {
        match &self.0.referral.state {
            ReferralState::Declined { reason, .. } => Some(reason),
            _ => None,
        }
    }

    /// What stood against how many units when it was declined; a unit counts under each of its reasons.
    async fn looked_for(&self) -> Vec<LookedFor> {
        let told = self.0.looked_for.as_deref().unwrap_or("{}");
        let told: serde_json::Value = serde_json::from_str(told).unwrap_or_default();
        let against = told.get("against").and_then(serde_json::Value::as_object).cloned().unwrap_or_default();
        let row = |(code, units): (String, serde_json::Value)| LookedFor {
            code,
            units: count(units.as_i64().unwrap_or(0)),
        };
        against.into_iter().map(row).collect()
    }

    /// The household that it was accepted for.
    async fn household(&self, ctx: &Context<'_>) -> Result<Option<Household>> {
        match self.0.referral.household() {
            Some(id) => household(ctx, id).await,
            None => Ok(None),
        }
    }

    /// Whether there are details: names, a safe contact, a note, which `revealReferralDetails` reveals.
    async fn has_details(&self) -> bool {
        self.0.has_details
    }
}

pub(crate) async fn by_id(ctx: &Context<'_>, id: Uuid) -> Result<Option<Referral>> {
    Ok(engine(ctx).referral(actor(ctx), ReferralId(id)).await.map_err(query_error)?.map(Referral))
}

/// The referrals of a household.
pub(crate) async fn of(ctx: &Context<'_>, id: HouseholdId, window: Window) -> Result<Page<Referral>> {
    let rows = engine(ctx).referrals_of(actor(ctx), id).await.map_err(query_error)?;
    window.page_of(rows, Referral)
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

/// What is said of a household that needs a place. As little as will do: a name is not needed.
#[derive(InputObject)]
pub struct ReferralInput {
    /// Who refers.
    source: Source,
    /// From what the household flees.
    #[graphql(default_with = "NeedKind::DomesticAbuse")]
    kind: NeedKind,
    /// How great the danger is, as the DASH assessment gives it.
    risk: Option<Risk>,
    /// How many questions of the DASH checklist were ticked: 14 or more suggest a high risk.
    dash_ticks: Option<i32>,
    /// Why judgement overrides that. Confidential.
    risk_reason: Option<String>,
    /// Whether the case goes to a multi-agency risk assessment conference.
    marac: Option<bool>,
    /// Adults.
    adults: i32,
    /// Children.
    #[graphql(default)]
    children: i32,
    /// The children by age.
    child_ages: Option<ChildAges>,
    /// Whom the adults are, where the household shares a property.
    shares_as: Option<SharesAs>,
    /// The night from which on a place is needed.
    arrival: Date,
    /// For how many nights, 1 to 28.
    #[graphql(default = 7)]
    nights: i32,
    /// The codes of features that a home must have.
    #[graphql(default)]
    features: Vec<String>,
    /// The district that the household flees from.
    from_district: Option<String>,
    /// Districts and localities where it is not safe; the district that it flees from when left out.
    danger_areas: Option<Vec<String>>,
    /// Districts and localities where its school or work is.
    #[graphql(default)]
    near: Vec<String>,
    /// Pets that come with it.
    pets: Option<String>,
    /// Care and mobility needs, in words.
    care: Option<String>,
    /// Languages that it is best spoken to in.
    #[graphql(default)]
    languages: Vec<String>,
    /// What it eats, in words.
    diet: Option<String>,
    /// Allergies, in words.
    allergies: Option<String>,
    /// What makes one of them ill. What it is given is chosen by these, not by the words.
    #[graphql(default)]
    allergens: Vec<Allergen>,
    /// They eat only what is all of these.
    #[graphql(default)]
    diets: Vec<Diet>,
    /// The adults by sex, as they say it: as many as there are adults. Ask whoever may be asked; leave it out otherwise.
    adults_by_sex: Option<AdultsBySex>,
    /// What annual returns count: codes of the list of characteristics. Only what they say of themselves, and may leave
    /// unsaid. Shown with the other needs, and counted; a home is not chosen by it.
    #[graphql(default)]
    characteristics: Vec<String>,
    /// The organisation that refers it.
    organisation: Option<String>,
    /// The worker's number to call back. Never the household's.
    call_back: Option<String>,
    /// Names, where they are needed. Confidential. Left out of a change, they stay as they are; empty, they are taken away. The
    /// same goes for `contact` and `note`.
    name: Option<String>,
    /// A safe way to reach the household, by which one that comes again is known. Confidential.
    contact: Option<String>,
    /// Safe times, and anything else. Confidential.
    note: Option<String>,
}

impl From<ReferralInput> for ReferralAsk {
    fn from(input: ReferralInput) -> Self {
        let said = input.name.is_some() || input.contact.is_some() || input.note.is_some();
        let details = Details { name: input.name, contact: input.contact, note: input.note };
        Self {
            source: input.source.into(),
            kind: input.kind.into(),
            risk: input.risk.map(Into::into),
            dash_ticks: input.dash_ticks.map(i64::from),
            marac: input.marac,
            adults: i64::from(input.adults),
            children: i64::from(input.children),
            shares_as: input.shares_as.map(Into::into),
            arrival: input.arrival.0,
            nights: i64::from(input.nights),
            features: input.features.into_iter().collect(),
            from_district: input.from_district,
            danger_areas: input.danger_areas.map(|names| names.into_iter().collect()),
            needs: Needs {
                near: input.near.into_iter().collect(),
                child_ages: input.child_ages.map(Into::into),
                pets: input.pets,
                care: input.care,
                languages: input.languages,
                diet: input.diet,
                allergies: input.allergies,
                avoids: Avoids {
                    allergens: input.allergens.into_iter().map(Into::into).collect(),
                    diets: input.diets.into_iter().map(Into::into).collect(),
                },
                adults_by_sex: input.adults_by_sex.map(Into::into),
                characteristics: input.characteristics.into_iter().collect(),
                organisation: input.organisation,
                call_back: input.call_back,
                risk_reason: input.risk_reason,
                ..Needs::default()
            },
            details: said.then_some(details),
        }
    }
}

/// A referral to write down.
#[derive(InputObject)]
pub struct TakeReferralInput {
    /// What was said.
    referral: ReferralInput,
    /// When the call came; now when left out.
    received_at: Option<DateTime<Utc>>,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// A change of what a referral says.
#[derive(InputObject)]
pub struct EditReferralInput {
    /// Which.
    referral: ID,
    /// The version that you saw: when a colleague has changed it since, you are told, and nothing is lost.
    version: i32,
    /// What it says now, all of it.
    now: ReferralInput,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// A referral to act on.
#[derive(InputObject)]
pub struct ReferralIdInput {
    /// Which.
    referral: ID,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// A referral to close.
#[derive(InputObject)]
pub struct CloseReferralInput {
    /// Which.
    referral: ID,
    /// How it ended: a code of the list of reasons for closing.
    outcome: String,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
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
    /// A code of the list of reasons for declining, such as `no_capacity`. A council that sent it is told that it was
    /// declined, and not why: tell the worker.
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

/// What was said in confidence. The act is recorded, and managers are told.
#[derive(SimpleObject)]
pub struct ReferralDetails {
    /// Names. Confidential.
    name: Option<String>,
    /// A safe way to reach the household. Confidential.
    contact: Option<String>,
    /// Anything else. Confidential.
    details: Option<String>,
}

answer!(
    /// The answer to a change of a referral.
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
    /// Writes a referral down: somebody has called.
    async fn take_referral(&self, ctx: &Context<'_>, input: TakeReferralInput) -> Result<ReferralAnswer> {
        let TakeReferralInput { referral, received_at, idempotency_key } = input;
        let ask = TakeReferral { ask: referral.into(), received_at };
        answered(ctx, idempotency_key, Command::TakeReferral(ask)).await
    }

    /// Changes what a referral says.
    async fn edit_referral(&self, ctx: &Context<'_>, input: EditReferralInput) -> Result<ReferralAnswer> {
        let ask = EditReferral {
            referral: referral_id(&input.referral)?,
            version: u32::try_from(input.version).unwrap_or(0),
            ask: input.now.into(),
        };
        answered(ctx, input.idempotency_key, Command::EditReferral(ask)).await
    }

    /// Says that you find out what the household needs, so that colleagues know.
    async fn assess_referral(&self, ctx: &Context<'_>, input: ReferralIdInput) -> Result<ReferralAnswer> {
        let referral = referral_id(&input.referral)?;
        answered(ctx, input.idempotency_key, Command::AssessReferral { referral }).await
    }

    /// Writes down that a referral was taken back by whoever called.
    async fn record_withdrawal(&self, ctx: &Context<'_>, input: ReferralIdInput) -> Result<ReferralAnswer> {
        let referral = referral_id(&input.referral)?;
        answered(ctx, input.idempotency_key, Command::RecordWithdrawal { referral }).await
    }

    /// Closes a referral whose household waits and needs no place any more. One whose household had a stay closes by
    /// itself when it leaves.
    async fn close_referral(&self, ctx: &Context<'_>, input: CloseReferralInput) -> Result<ReferralAnswer> {
        let referral = referral_id(&input.referral)?;
        answered(ctx, input.idempotency_key, Command::CloseReferral { referral, outcome: input.outcome })
            .await
    }

    /// Accepts a referral for a household, which is to be placed.
    async fn accept_referral(&self, ctx: &Context<'_>, input: AcceptReferralInput) -> Result<ReferralAnswer> {
        let referral = referral_id(&input.referral)?;
        let command = Command::AcceptReferral { referral, household: input.household };
        answered(ctx, input.idempotency_key, command).await
    }

    /// Declines a referral, with a reason.
    async fn decline_referral(
        &self,
        ctx: &Context<'_>,
        input: DeclineReferralInput,
    ) -> Result<ReferralAnswer> {
        let referral = referral_id(&input.referral)?;
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
        let referral = referral_id(&input.referral)?;
        let done = engine(ctx).reveal_referral_details(actor(ctx), referral, &input.reason).await;
        Ok(match told(done)? {
            Ok(Details { name, contact, note: details }) => {
                RevealReferralDetailsAnswer::Done(ReferralDetails { name, contact, details })
            }
            Err(refused) => RevealReferralDetailsAnswer::Refused(refused),
        })
    }
}

fn referral_id(id: &ID) -> Result<ReferralId> {
    Ok(ReferralId(ids::of_kind("Referral", id)?))
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
