//! Allocation: which homes a household that was referred could have, best first, why not the others, and what can be done
//! where none is free.

use std::{collections::BTreeMap, sync::Arc};

use safespace_domain::{
    HouseholdId, Night, Nights, ReferralId, Refusal, StayId,
    access::{Actor, Permission},
    availability::{self, Ask, Exclusion, Fit, Preference, Spaces, TooLong},
    calendar::{Calendar, UnitNo},
    exceptions::unbroken_nights,
    needs::Needs,
    nights::later,
    policies::Policy,
    referrals::{Facts, Referral, ReferralStatus},
    sharing::Party,
    stays::{self, Stay, StayStatus, arrival_night},
    units::Scheme,
};
use safespace_store::StoredReferral;

use crate::{Engine, EngineError, Fault};

/// A unit that a household could have.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranked {
    /// The unit's number.
    pub no: UnitNo,
    /// How well it fits.
    pub fit: Fit,
    /// What was weighed, most important first.
    pub preferences: Vec<Preference>,
    /// The same in a sentence.
    pub why: String,
}

/// What there is for a household: every unit is in one of the two lists.
#[derive(Clone, Debug)]
pub struct Allocation {
    /// What the numbers mean.
    pub spaces: Arc<Spaces>,
    /// The nights.
    pub nights: Nights,
    /// The units that the household could have, best first.
    pub ranked: Vec<Ranked>,
    /// Every other unit, with every reason why not.
    pub excluded: Vec<(UnitNo, Vec<Exclusion>)>,
}

/// A referral that was accepted, with all that decides where its household can be.
pub(crate) struct Case {
    pub(crate) ask: Ask,
    pub(crate) party: Party,
}

impl Engine {
    /// Which units the household of a referral could have on these nights (those of the referral when not said), best
    /// first, and why not the others.
    pub async fn allocation(
        &self,
        actor: &Actor,
        referral: ReferralId,
        nights: Option<Nights>,
        scheme: Scheme,
    ) -> Result<Allocation, EngineError> {
        let case = self.case_of(actor, referral, nights, scheme).await?;
        let spaces = self.spaces();
        let sharers = self.sharers(&spaces, case.ask.nights).await?;
        let ask = case.party.asks(&spaces, &sharers, &case.ask, case.ask.nights);
        Ok(self.look_as(actor, |calendar, spaces| ranked(calendar, spaces, &ask)).await?)
    }

    /// Which units of a scheme the household of a stay could go to for what is left of it, or until another day of
    /// departure, best first, and why not the others. None where the stay is not there for the actor.
    pub async fn homes_to_move_to(
        &self,
        actor: &Actor,
        stay: StayId,
        departure: Option<Night>,
        scheme: Scheme,
    ) -> Result<Option<Allocation>, EngineError> {
        self.must(actor, Permission::PlaceHouseholds)?;
        self.lapse_due().await?;
        let Some(stay) = self.stay(actor, stay).await? else { return Ok(None) };
        let spaces = self.spaces();
        let tonight = arrival_night(self.clock.now(), &spaces.policy(scheme));
        let first = match stay.status() {
            StayStatus::InResidence => self.today(),
            _ => tonight,
        };
        let first = stay.nights.arrival().max(first);
        let departure = departure.unwrap_or(stay.nights.departure()).max(later(first, 1));
        let ask = Ask::plain(Nights::between(first, departure), stay.people, scheme);
        let ask = self.asking(&spaces, ask, Some(stay.household)).await?;
        Ok(Some(self.look_as(actor, |calendar, spaces| ranked(calendar, spaces, &ask)).await?))
    }

    /// What a referral asks for and for whom. For whoever answers referrals; the referral must be open to them.
    pub(crate) async fn case_of(
        &self,
        actor: &Actor,
        referral: ReferralId,
        nights: Option<Nights>,
        scheme: Scheme,
    ) -> Result<Case, EngineError> {
        self.must(actor, Permission::AnswerReferrals)?;
        self.lapse_due().await?;
        let found = self.store.reader().referral(referral).await?;
        let open = found.filter(|stored| self.is_open(actor, &stored.referral));
        let stored = open.ok_or_else(|| Refusal::not_found("referral", "referral"))?;
        let case = self.case(&stored, nights, scheme).await?;
        stays::bookable(case.ask.nights, self.clock.now(), &self.spaces().policy(scheme))?;
        Ok(case)
    }

    /// What a stored referral asks for and for whom.
    pub(crate) async fn case(
        &self,
        stored: &StoredReferral,
        nights: Option<Nights>,
        scheme: Scheme,
    ) -> Result<Case, EngineError> {
        let referral = &stored.referral;
        let nights = nights.unwrap_or_else(|| self.nights_ahead(referral));
        let ask = Ask::plain(nights, referral.facts.people, scheme);
        let ask = with_needs(ask, &referral.facts, self.opened_needs(stored).await?);
        let household = referral.household();
        let stays = match household {
            Some(household) => self.store.reader().stays_of_household(household).await?,
            None => Vec::new(),
        };
        let ask = self.within_the_longest(ask, &stays);
        Ok(Case { ask, party: self.party(household, referral.facts.shares_as).await? })
    }

    /// The nights for which a place is needed; from tonight on, where the first of them have passed.
    pub fn nights_ahead(&self, referral: &Referral) -> Nights {
        let tonight = arrival_night(self.clock.now(), &self.spaces().policy(Scheme::SafeSpace));
        let arrival = referral.facts.arrival.max(tonight);
        Nights::between(arrival, later(arrival, referral.facts.nights))
    }

    /// The ask with what is known of the household's needs by a referral that is open.
    pub(crate) async fn asking(
        &self,
        spaces: &Spaces,
        ask: Ask,
        household: Option<HouseholdId>,
    ) -> Result<Ask, EngineError> {
        let Some(household) = household else { return Ok(ask) };
        let waits = [ReferralStatus::Accepted, ReferralStatus::Placed];
        let latest = self.store.reader().referrals_for(household, &waits).await?.pop();
        let (ask, shares_as) = match &latest {
            Some(stored) => {
                let needs = self.opened_needs(stored).await?;
                (with_needs(ask, &stored.referral.facts, needs), stored.referral.facts.shares_as)
            }
            None => (ask, None),
        };
        let sharers = self.sharers(spaces, ask.nights).await?;
        if sharers.is_empty() && latest.is_none() {
            return Ok(ask);
        }
        let party = self.party(Some(household), shares_as).await?;
        let nights = ask.nights;
        Ok(party.asks(spaces, &sharers, &ask, nights))
    }

    /// Says where the nights, with the household's back-to-back stays in the scheme, are over its longest stay.
    fn within_the_longest(&self, ask: Ask, stays: &[Stay]) -> Ask {
        let spaces = self.spaces();
        let in_scheme = |stay: &&Stay| {
            spaces.unit_by_id(stay.unit).is_some_and(|unit| spaces.policy_of(unit).scheme == ask.scheme)
        };
        let others: Vec<Nights> =
            stays.iter().filter(in_scheme).map(|stay| stay.kept(self.today())).collect();
        let nights = unbroken_nights(ask.nights, &others);
        let Policy { longest_stay_nights: longest, .. } = spaces.policy(ask.scheme);
        Ask { too_long: (nights > longest).then_some(TooLong { nights, longest }), ..ask }
    }

    /// What stands against each home for a referral that is declined, in codes and counts: JSON. So unmet need is a
    /// figure, and not a memory.
    pub(crate) async fn looked_for(&self, stored: &StoredReferral) -> Result<String, EngineError> {
        let Case { ask, party } = self.case(stored, None, Scheme::SafeSpace).await?;
        let sharers = self.sharers(&self.spaces(), ask.nights).await?;
        let ask = party.asks(&self.spaces(), &sharers, &ask, ask.nights);
        let (fit, excluded) = self.live.look(|calendar, spaces| {
            let excluded = availability::exclusions(calendar, spaces, &ask);
            (availability::how_many(calendar, spaces, &ask), excluded)
        });
        let mut against: BTreeMap<&str, usize> = BTreeMap::new();
        for reason in excluded.iter().flat_map(|(_, reasons)| reasons) {
            *against.entry(reason.code()).or_default() += 1;
        }
        let told = serde_json::json!({ "fit": fit, "against": against });
        serde_json::to_string(&told).map_err(|_| Fault::Broken("what was looked for can't be written").into())
    }
}

/// Every unit, in one of the two lists.
fn ranked(calendar: &Calendar, spaces: &Arc<Spaces>, ask: &Ask) -> Allocation {
    let offers = availability::offers(calendar, spaces, ask);
    let told = |(no, fit): (UnitNo, Fit)| Ranked {
        no,
        fit,
        preferences: availability::preferences(calendar, spaces, ask, no),
        why: availability::why(calendar, spaces, ask, no),
    };
    Allocation {
        spaces: Arc::clone(spaces),
        nights: ask.nights,
        ranked: offers.into_iter().map(told).collect(),
        excluded: availability::exclusions(calendar, spaces, ask),
    }
}

/// The ask with what a referral says of needs.
fn with_needs(ask: Ask, facts: &Facts, needs: Needs) -> Ask {
    let mut features = ask.features;
    features.extend(facts.features.iter().cloned());
    Ask { features, danger: needs.danger_areas, near: needs.near, ..ask }
}
