//! The plan for tonight, and how room can be made: proposals, which an officer carries out or does not.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use safespace_domain::{
    HouseholdId, Night, Nights, ReferralId, StayId,
    access::{Actor, Permission},
    availability::{Ask, Spaces},
    needs::Risk,
    nights::{later, next},
    plan::{self, Plan, Resident, Tonight, Waiting},
    referrals::ReferralStatus,
    repacking::{self, Booking, Repacking},
    sharing::Party,
    splits::{self, Split},
    stays::{Stay, StayStatus, arrival_night},
    units::Scheme,
};
use safespace_store::{HoldFilter, Page, ReferralFilter, StayFilter, StoredReferral};

use crate::{Engine, EngineError, allocation::Case};

/// So many referrals are looked through for those that wait.
const MOST_WAITING: u64 = 1_000;
/// So many bookings or residents are looked at.
const MOST_STAYS: u64 = 2_000;
/// A household that could go on to a move-on home is taken to stay there for so many nights.
const ONWARD_NIGHTS: u32 = 28;

/// The plan for tonight.
#[derive(Clone, Debug)]
pub struct PlanForTonight {
    /// What there is.
    pub spaces: Arc<Spaces>,
    /// Tonight.
    pub tonight: Night,
    /// Who could go where, and what would help the others.
    pub plan: Plan,
}

impl Engine {
    /// All who wait against all that is free or comes free in the next days, solved together: highest risk first. It
    /// changes nothing.
    pub async fn plan_for_tonight(&self, actor: &Actor, days: u32) -> Result<PlanForTonight, EngineError> {
        self.must(actor, Permission::AnswerReferrals)?;
        self.lapse_due().await?;
        let waiting = self.waiting(actor).await?;
        self.plan_of_those(actor, &waiting, days).await
    }

    /// The plan for those who wait.
    pub(crate) async fn plan_of_those(
        &self,
        actor: &Actor,
        those: &[StoredReferral],
        days: u32,
    ) -> Result<PlanForTonight, EngineError> {
        let spaces = self.spaces();
        let tonight = arrival_night(self.clock.now(), &spaces.policy(Scheme::SafeSpace));
        if those.is_empty() {
            return Ok(PlanForTonight { spaces, tonight, plan: Plan::default() });
        }
        let mut waiting = Vec::with_capacity(those.len());
        for stored in those {
            let referral = &stored.referral;
            let Case { ask, party } = self.case(stored, None, Scheme::SafeSpace).await?;
            waiting.push(Waiting {
                id: referral.id,
                party,
                risk_rank: Risk::rank(referral.facts.assessment.risk),
                since: referral.received_at,
                ask,
            });
        }
        let furthest = waiting.iter().map(|waiting| waiting.ask.nights.departure()).max();
        let until = later(furthest.unwrap_or_else(|| next(tonight)), days.max(ONWARD_NIGHTS));
        let sharers = self.sharers(&spaces, Nights::between(tonight, until)).await?;
        let residents = self.residents(actor, &spaces, tonight).await?;
        let plan = self
            .look_as(actor, |calendar, spaces| {
                let world = Tonight { calendar, spaces, sharers: &sharers, residents: &residents, days };
                plan::plan(&world, &waiting)
            })
            .await?;
        Ok(PlanForTonight { spaces, tonight, plan })
    }

    /// Those who wait for a place, as far as the actor may know of them. Who has a unit held for them does not.
    pub(crate) async fn waiting(&self, actor: &Actor) -> Result<Vec<StoredReferral>, EngineError> {
        let filter = ReferralFilter {
            statuses: vec![ReferralStatus::Accepted],
            but: self.closed_to(actor).await?.households().iter().copied().collect(),
            ..ReferralFilter::default()
        };
        let held = HoldFilter { active_at: Some(self.clock.now()), ..HoldFilter::default() };
        let held = self.store.reader().holds(&held, Page { after: None, limit: MOST_WAITING }).await?;
        let held: BTreeSet<HouseholdId> = held.into_iter().map(|hold| hold.household).collect();
        let mut found =
            self.store.reader().referrals(&filter, Page { after: None, limit: MOST_WAITING }).await?;
        found.retain(|stored| stored.referral.household().is_none_or(|household| !held.contains(&household)));
        Ok(found)
    }

    /// The households in safe spaces that might go on to another home.
    async fn residents(
        &self,
        actor: &Actor,
        spaces: &Spaces,
        tonight: Night,
    ) -> Result<Vec<Resident>, EngineError> {
        let mut residents = Vec::new();
        for stay in self.open_stays(actor, StayStatus::InResidence, None).await? {
            let safe_space = spaces
                .unit_by_id(stay.unit)
                .is_some_and(|unit| spaces.policy_of(unit).scheme == Scheme::SafeSpace);
            if !safe_space || stay.nights.departure() <= tonight {
                continue;
            }
            let onward = Nights::between(tonight, later(tonight, ONWARD_NIGHTS));
            let (party, onward) =
                self.needs_of(stay.household, Ask::plain(onward, stay.people, Scheme::MoveOn)).await?;
            residents.push(Resident { stay: stay.id, unit: stay.unit, nights: stay.nights, party, onward });
        }
        Ok(residents)
    }

    /// Which bookings that have not begun could move so that the household of a referral has a unit on these nights.
    /// None where a unit is free as it is, or nothing can be done.
    pub async fn repacking(
        &self,
        actor: &Actor,
        referral: ReferralId,
        nights: Option<Nights>,
    ) -> Result<Option<(Nights, Repacking)>, EngineError> {
        let Case { ask, party } = self.case_of(actor, referral, nights, Scheme::SafeSpace).await?;
        let spaces = self.spaces();
        let mut bookings = Vec::new();
        let mut widest = ask.nights;
        for stay in self.open_stays(actor, StayStatus::Booked, Some(ask.nights)).await? {
            if stay.nights.arrival() <= self.today() {
                continue;
            }
            widest = Nights::between(
                widest.arrival().min(stay.nights.arrival()),
                widest.departure().max(stay.nights.departure()),
            );
            let scheme = spaces.unit_by_id(stay.unit).map(|unit| spaces.policy_of(unit).scheme);
            let plain = Ask::plain(stay.nights, stay.people, scheme.unwrap_or(Scheme::SafeSpace));
            let (party, ask) = self.needs_of(stay.household, plain).await?;
            bookings.push(Booking { stay: stay.id, unit: stay.unit, party, ask });
        }
        let sharers = self.sharers(&spaces, widest).await?;
        let found = self
            .look_as(actor, |calendar, spaces| {
                repacking::repack(calendar, spaces, &sharers, &bookings, &party, &ask)
            })
            .await?;
        Ok(found.map(|repacking| (ask.nights, repacking)))
    }

    /// The last resort: the nights in two or three parts, each in another unit. None where one unit has them all, or even
    /// three do not.
    pub async fn split(
        &self,
        actor: &Actor,
        referral: ReferralId,
        nights: Option<Nights>,
    ) -> Result<Option<Split>, EngineError> {
        let Case { ask, party } = self.case_of(actor, referral, nights, Scheme::SafeSpace).await?;
        let sharers = self.sharers(&self.spaces(), ask.nights).await?;
        Ok(self
            .look_as(actor, |calendar, spaces| splits::split(calendar, spaces, &sharers, &party, &ask))
            .await?)
    }

    /// The stays with this status that the actor may know of, with a night among these.
    async fn open_stays(
        &self,
        actor: &Actor,
        status: StayStatus,
        nights: Option<Nights>,
    ) -> Result<Vec<Stay>, EngineError> {
        let filter = StayFilter { statuses: vec![status], nights, ..StayFilter::default() };
        let page: Page<StayId> = Page { after: None, limit: MOST_STAYS };
        self.stays(actor, &filter, page).await
    }

    /// Who a household is to others under one roof, and its ask with what it needs by its referral.
    async fn needs_of(&self, household: HouseholdId, ask: Ask) -> Result<(Party, Ask), EngineError> {
        let spaces = self.spaces();
        let party = self.party(Some(household), None).await?;
        let ask = self.asking(&spaces, ask, Some(household)).await?;
        Ok((party, Ask { barred: BTreeMap::new(), ..ask }))
    }
}
