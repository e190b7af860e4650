//! Referrals: taken by the team or sent by a council, answered by the team, followed by the council.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use safespace_domain::{
    HouseholdId, Night, ReferralId, Refusal, RefusalCode,
    access::{Actor, Permission},
    availability::Spaces,
    codes,
    details::Details,
    households::{Household, People},
    needs::{self, Assessment, Needs, Risk},
    reasons::ReasonKind,
    referrals::{
        self, Facts, NeedKind, Outcome as ReferralOutcome, Referral, ReferralState, ReferralStatus, Source,
        TakenBackBy,
    },
    sharing::SharesAs,
    units::Scheme,
};
use safespace_store::{Page, SealedNeeds, SealedWords, StoredReferral, Tx};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    Engine, EngineError, Fault, Outcome,
    erasure::must_not_be_erased,
    keys::Purpose,
    questions::council_of,
    reveals::Confidential,
    work::{Done, Work},
};

/// What Crockford's base 32 writes with: no letter that is taken for a digit, or makes a word.
const BASE_32: [char; 32] = [
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'J', 'K', 'M',
    'N', 'P', 'Q', 'R', 'S', 'T', 'V', 'W', 'X', 'Y', 'Z',
];
/// The longest that a place may be asked for in a referral.
const MOST_NIGHTS: i64 = 28;
/// The most households that a contact may be of.
const MOST_FOUND: u64 = 20;

/// The statuses of referrals that were accepted for a household, whatever became of it then.
const ACCEPTED: [ReferralStatus; 3] =
    [ReferralStatus::Accepted, ReferralStatus::Placed, ReferralStatus::Closed];

/// What somebody says of a household that needs a place.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReferralAsk {
    /// Who refers.
    pub source: Source,
    /// From what the household flees.
    pub kind: NeedKind,
    /// How great the danger is, where somebody has assessed it.
    pub risk: Option<Risk>,
    /// How many questions of the DASH checklist were ticked, where it was gone through.
    pub dash_ticks: Option<i64>,
    /// Whether the case goes to a multi-agency risk assessment conference, where that is known.
    pub marac: Option<bool>,
    /// Adults.
    pub adults: i64,
    /// Children.
    pub children: i64,
    /// Whom the adults are, where the household shares a property.
    pub shares_as: Option<SharesAs>,
    /// The night from which on a place is needed.
    pub arrival: Night,
    /// For how many nights.
    pub nights: i64,
    /// Codes of the features that a home must have.
    pub features: BTreeSet<String>,
    /// The district that it flees from.
    pub from_district: Option<String>,
    /// Districts and localities where it is not safe. When nothing is said, the district that it flees from.
    pub danger_areas: Option<BTreeSet<String>>,
    /// What else it needs; its danger areas are those above.
    pub needs: Needs,
    /// Names, a safe contact, a note: confidential. What is not said of them stays; what is empty is taken away.
    pub details: Option<Details>,
}

impl ReferralAsk {
    /// A household of so many, from a night on, and nothing else.
    pub fn plain(source: Source, people: People, arrival: Night) -> Self {
        Self {
            source,
            kind: NeedKind::default(),
            risk: None,
            dash_ticks: None,
            marac: None,
            adults: i64::from(people.adults),
            children: i64::from(people.children),
            shares_as: None,
            arrival,
            nights: 7,
            features: BTreeSet::new(),
            from_district: None,
            danger_areas: None,
            needs: Needs::default(),
            details: None,
        }
    }
}

/// See [`crate::Command::SubmitReferral`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SubmitReferral {
    /// What the council says.
    pub ask: ReferralAsk,
    /// The question that it follows, where the council asked for room first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<Uuid>,
}

/// See [`crate::Command::TakeReferral`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TakeReferral {
    /// What was said.
    pub ask: ReferralAsk,
    /// When the call came; now when not said.
    pub received_at: Option<DateTime<Utc>>,
}

/// See [`crate::Command::EditReferral`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EditReferral {
    /// Which.
    pub referral: ReferralId,
    /// The version that was seen.
    pub version: u32,
    /// What it says now.
    pub ask: ReferralAsk,
}

/// A referral, as the team sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReferralView {
    /// The referral.
    pub referral: Referral,
    /// Whether there are details, which are shown by [`Engine::reveal_referral_details`] only.
    pub has_details: bool,
    /// What stood against each home when it was declined, in codes and counts: JSON.
    pub looked_for: Option<String>,
}

impl From<StoredReferral> for ReferralView {
    fn from(stored: StoredReferral) -> Self {
        Self {
            has_details: stored.words.details.is_some(),
            referral: stored.referral,
            looked_for: stored.looked_for,
        }
    }
}

/// Which referrals a list of the team has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReferralFilter {
    /// Only those of this council.
    pub council: Option<String>,
    /// Only those with one of these statuses; empty for all.
    pub statuses: Vec<ReferralStatus>,
}

/// A referral, as the council that sent it sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowedReferral {
    /// The referral. Whom it was accepted for is not for the council.
    pub referral: Referral,
    /// What has become of it.
    pub outcome: ReferralOutcome,
}

impl Engine {
    /// The referral with this id, for the team. None where it is about a case that is closed to the actor.
    pub async fn referral(&self, actor: &Actor, id: ReferralId) -> Result<Option<ReferralView>, EngineError> {
        self.must(actor, Permission::AnswerReferrals)?;
        let found = self.store.reader().referral(id).await?;
        Ok(found.filter(|stored| self.is_open(actor, &stored.referral)).map(ReferralView::from))
    }

    /// The referral that people call so, for the team. None where it is about a case that is closed to the actor.
    pub async fn referral_called(
        &self,
        actor: &Actor,
        reference: &str,
    ) -> Result<Option<ReferralView>, EngineError> {
        self.must(actor, Permission::AnswerReferrals)?;
        if codes::reference(reference, "reference").is_err() {
            // No referral has it; and not every sign that a caller can send can be sent to a database.
            return Ok(None);
        }
        let found = self.store.reader().referral_called(reference).await?;
        Ok(found.filter(|stored| self.is_open(actor, &stored.referral)).map(ReferralView::from))
    }

    /// A page of the referrals that pass the filter, oldest first, for the team.
    pub async fn referrals(
        &self,
        actor: &Actor,
        filter: &ReferralFilter,
        page: Page<ReferralId>,
    ) -> Result<Vec<ReferralView>, EngineError> {
        let filter = self.referrals_filter(actor, filter).await?;
        let found = self.store.reader().referrals(&filter, page).await?;
        Ok(found.into_iter().map(ReferralView::from).collect())
    }

    /// The same, newest first.
    pub async fn latest_referrals(
        &self,
        actor: &Actor,
        filter: &ReferralFilter,
        page: Page<ReferralId>,
    ) -> Result<Vec<ReferralView>, EngineError> {
        let filter = self.referrals_filter(actor, filter).await?;
        let found = self.store.reader().latest_referrals(&filter, page).await?;
        Ok(found.into_iter().map(ReferralView::from).collect())
    }

    async fn referrals_filter(
        &self,
        actor: &Actor,
        filter: &ReferralFilter,
    ) -> Result<safespace_store::ReferralFilter, EngineError> {
        self.must(actor, Permission::AnswerReferrals)?;
        Ok(safespace_store::ReferralFilter {
            council: filter.council.clone(),
            statuses: filter.statuses.clone(),
            but: self.closed_to(actor).await?.households().iter().copied().collect(),
        })
    }

    /// The referrals that a household came by, oldest first, for the team.
    pub async fn referrals_of(
        &self,
        actor: &Actor,
        household: HouseholdId,
    ) -> Result<Vec<ReferralView>, EngineError> {
        self.must(actor, Permission::AnswerReferrals)?;
        self.must_be_open_to(actor, household, "household")?;
        let found = self.store.reader().referrals_for(household, &ReferralStatus::ALL).await?;
        Ok(found.into_iter().map(ReferralView::from).collect())
    }

    /// Reveals what the worker wrote with a referral, as personal details are revealed: to a person with a reason and a
    /// fresh second factor, within the quota, and managers are told.
    pub async fn reveal_referral_details(
        self: &Arc<Self>,
        actor: &Arc<Actor>,
        id: ReferralId,
        reason: &str,
    ) -> Result<Details, EngineError> {
        self.must(actor, Permission::Reveal)?;
        let found = self.store.reader().referral(id).await?;
        let details = self.details_if_open(actor, found)?;
        self.record_reveal(actor, Confidential::Referral(id), reason).await?;
        Ok(self.opened_details(id, Some(&details)).await?.ok_or_else(no_details)?)
    }

    /// What a referral says of names, contact and the rest, opened. For acts that are recorded.
    pub(crate) async fn opened_details(
        &self,
        id: ReferralId,
        sealed: Option<&[u8]>,
    ) -> Result<Option<Details>, EngineError> {
        let Some(sealed) = sealed else { return Ok(None) };
        let Some(text) = self.open_unless_erased(id.0, &details_context(id), sealed).await? else {
            return Ok(None);
        };
        // Those of before were a note alone.
        let read = serde_json::from_str(&text);
        Ok(Some(read.unwrap_or_else(|_| Details { note: Some(text), ..Details::default() })))
    }

    /// What the household of a referral needs, for the team. Empty once it was erased.
    pub async fn needs(&self, actor: &Actor, id: ReferralId) -> Result<Needs, EngineError> {
        self.must(actor, Permission::AnswerReferrals)?;
        let found = self.store.reader().referral(id).await?;
        match found.filter(|stored| self.is_open(actor, &stored.referral)) {
            Some(stored) => self.opened_needs(&stored).await,
            None => Ok(Needs::default()),
        }
    }

    /// What these households need, for the team, each as the latest referral that was accepted for it says: its children by
    /// age, what it avoids, who they are. Those that came by none, were erased, or whose cases are closed to the actor are left out.
    pub async fn household_needs(
        &self,
        actor: &Actor,
        households: &[HouseholdId],
    ) -> Result<BTreeMap<HouseholdId, Needs>, EngineError> {
        self.must(actor, Permission::AnswerReferrals)?;
        let open = self.open_among(actor, households);
        let known = self.store.reader().last_needs(&open).await?;
        let of = |household: HouseholdId| Ok((household, self.needs_among(&known, household)?));
        known.referrals.keys().copied().map(of).collect()
    }

    pub(crate) async fn opened_needs(&self, stored: &StoredReferral) -> Result<Needs, EngineError> {
        let id = stored.referral.id;
        let Some(sealed) = &stored.words.needs else { return Ok(Needs::default()) };
        read_needs(self.open_unless_erased(id.0, &needs_context(id), sealed).await?)
    }

    /// What a household needs, as its latest referral says. Nothing where it has none.
    pub(crate) fn needs_among(
        &self,
        known: &SealedNeeds,
        household: HouseholdId,
    ) -> Result<Needs, EngineError> {
        let Some(stored) = known.referrals.get(&household) else { return Ok(Needs::default()) };
        let id = stored.referral.id;
        let Some(sealed) = &stored.words.needs else { return Ok(Needs::default()) };
        read_needs(self.open_with(&known.keys, id.0, &needs_context(id), sealed)?)
    }

    /// The households that are reached by the same contact as the one of this referral: it may be one of them. Found
    /// without anybody seeing a name or the contact.
    pub async fn may_be(&self, actor: &Actor, id: ReferralId) -> Result<Vec<Household>, EngineError> {
        self.must(actor, Permission::AnswerReferrals)?;
        let found = self.store.reader().referral(id).await?;
        let Some(stored) = found.filter(|stored| self.is_open(actor, &stored.referral)) else {
            return Ok(Vec::new());
        };
        let Some(blind) = &stored.words.contact_blind else { return Ok(Vec::new()) };
        let mut ids = self.store.reader().households_by_blind(blind, MOST_FOUND).await?;
        ids.extend(self.store.reader().households_by_referral_blind(blind, MOST_FOUND).await?);
        ids.sort();
        ids.dedup();
        self.households(actor, &ids).await
    }

    /// Locks a referral whose details are to be revealed, so that they are not erased meanwhile: sealing a reason makes
    /// a key where there is none, and one that was destroyed must not come to life again. Returns whose case it is of.
    pub(crate) async fn lock_to_reveal(
        &self,
        tx: &Tx,
        actor: &Actor,
        id: ReferralId,
    ) -> Result<Option<HouseholdId>, EngineError> {
        let case = |found: &Option<StoredReferral>| found.as_ref().and_then(|it| it.referral.household());
        // The household first, as an erasure locks them.
        let expected = case(&tx.reader().referral(id).await?);
        if let Some(household) = expected {
            tx.lock_household_by_id(household).await?;
            must_not_be_erased(tx, household).await?;
        }
        let found = tx.lock_referral(id).await?;
        if case(&found) != expected {
            let message = "A colleague has just answered this referral: look again, then decide.";
            return Err(Refusal::new(RefusalCode::Changed, message).on("referral").into());
        }
        self.details_if_open(actor, found)?;
        Ok(expected)
    }

    fn details_if_open(&self, actor: &Actor, found: Option<StoredReferral>) -> Result<Vec<u8>, Refusal> {
        let open = found.filter(|stored| self.is_open(actor, &stored.referral));
        let stored = open.ok_or_else(|| Refusal::not_found("referral", "referral"))?;
        stored.words.details.ok_or_else(no_details)
    }

    /// A page of the council's own referrals, oldest first.
    pub async fn followed_referrals(
        &self,
        actor: &Actor,
        page: Page<ReferralId>,
    ) -> Result<Vec<FollowedReferral>, EngineError> {
        self.must(actor, Permission::FollowReferrals)?;
        let filter = safespace_store::ReferralFilter {
            council: Some(council_of(actor)?.to_owned()),
            ..Default::default()
        };
        let found = self.store.reader().referrals(&filter, page).await?;
        Ok(found.into_iter().map(|stored| followed(stored.referral)).collect())
    }

    /// The council's own referral with this id. None where it is another's: the two read the same.
    pub async fn followed_referral(
        &self,
        actor: &Actor,
        id: ReferralId,
    ) -> Result<Option<FollowedReferral>, EngineError> {
        self.must(actor, Permission::FollowReferrals)?;
        let council = council_of(actor)?;
        let found = self.store.reader().referral(id).await?;
        let own = found
            .map(|stored| stored.referral)
            .filter(|referral| referral.council.as_deref() == Some(council));
        Ok(own.map(followed))
    }

    pub(crate) async fn submit_referral(&self, work: &mut Work, ask: SubmitReferral) -> Done<Outcome> {
        let actor = Arc::clone(&work.actor);
        let council = council_of(&actor)?.to_owned();
        // A council is told no name of a locality: it may name districts.
        let named = ask.ask.danger_areas.iter().flatten().chain(&ask.ask.needs.near);
        for name in named {
            work.spaces.must_know_district(name, "dangerAreas")?;
        }
        let question = match ask.question {
            Some(id) => Some(self.own_question(work, &council, id).await?),
            None => None,
        };
        let added = self.add_referral(work, ask.ask, Some(council), work.now).await?;
        if let Some(question) = question {
            work.tx.answer_question(question, added.id).await?;
        }
        Ok(Outcome::Referral(added))
    }

    pub(crate) async fn take_referral(&self, work: &mut Work, ask: TakeReferral) -> Done<Outcome> {
        let received_at = ask.received_at.unwrap_or(work.now);
        referrals::received(received_at, work.now)?;
        Ok(Outcome::Referral(self.add_referral(work, ask.ask, None, received_at).await?))
    }

    async fn add_referral(
        &self,
        work: &mut Work,
        ask: ReferralAsk,
        council: Option<String>,
        received_at: DateTime<Utc>,
    ) -> Done<Referral> {
        referrals::expected(ask.arrival, work.now, &work.spaces.policy(Scheme::SafeSpace))?;
        let (facts, needs, details) = checked(&work.spaces, ask)?;
        let id = ReferralId(self.ids.next());
        let words = self.sealed_words(&work.tx, id, &needs, &details.unwrap_or_default()).await?;
        let referral = Referral {
            id,
            reference: self.referral_reference(id.0)?,
            council,
            facts,
            received_at,
            responded_at: None,
            version: 1,
            state: ReferralState::Received,
        };
        let by = work.actor.who.id();
        let stored = StoredReferral { referral, by, words, looked_for: None, imported_as: None };
        work.tx.add_referral(&stored).await?;
        work.audit(Some(id.0), &[], &stored.referral);
        Ok(stored.referral)
    }

    pub(crate) async fn sealed_words(
        &self,
        tx: &Tx,
        id: ReferralId,
        needs: &Needs,
        details: &Details,
    ) -> Result<SealedWords, EngineError> {
        let json = |value: Result<String, serde_json::Error>| {
            value.map_err(|_| Fault::Broken("what a referral says can't be written as JSON"))
        };
        let mut words = SealedWords::default();
        if *needs != Needs::default() {
            let text = json(serde_json::to_string(needs))?;
            words.needs = Some(self.seal(tx, id.0, &needs_context(id), &text).await?);
        }
        if !details.is_empty() {
            let text = json(serde_json::to_string(details))?;
            words.details = Some(self.seal(tx, id.0, &details_context(id), &text).await?);
        }
        if let Some(contact) = &details.contact {
            words.contact_blind = Some(self.blind(contact)?);
        }
        Ok(words)
    }

    pub(crate) async fn edit_referral(&self, work: &mut Work, ask: EditReferral) -> Done<Outcome> {
        let stored = self.lock_stored(work, ask.referral).await?;
        let before = self.opened_details(ask.referral, stored.words.details.as_deref()).await?;
        let details = ask.ask.details.unwrap_or_default().or(before.unwrap_or_default());
        let said = ReferralAsk { details: Some(details), ..ask.ask };
        let (facts, needs, details) = checked(&work.spaces, said)?;
        let referral = stored.referral.edit(facts, ask.version)?;
        let (id, case) = (referral.id, referral.household());
        if let Some(household) = case {
            must_not_be_erased(&work.tx, household).await?;
            if let Some(shares_as) = referral.facts.shares_as {
                work.tx.save_shares_as(household, shares_as).await?;
            }
            work.about(household);
        }
        let words = self.sealed_words(&work.tx, id, &needs, &details.unwrap_or_default()).await?;
        work.tx.save_referral_words(id, &words).await?;
        self.keep_referral(work, referral).await
    }

    pub(crate) async fn assess_referral(&self, work: &mut Work, id: ReferralId) -> Done<Outcome> {
        let by = work.actor.who.id();
        let referral = self.lock_referral(work, id).await?.assess(by, work.now)?;
        self.keep_referral(work, referral).await
    }

    pub(crate) async fn withdraw_referral(&self, work: &mut Work, id: ReferralId) -> Done<Outcome> {
        let actor = Arc::clone(&work.actor);
        let council = council_of(&actor)?;
        let found = work.tx.lock_referral(id).await?.map(|stored| stored.referral);
        let own = found.filter(|referral| referral.council.as_deref() == Some(council));
        let referral = own.ok_or_else(|| Refusal::not_found("referral", "referral"))?;
        self.keep_referral(work, referral.withdraw(TakenBackBy::Council, work.now)?).await
    }

    pub(crate) async fn record_withdrawal(&self, work: &mut Work, id: ReferralId) -> Done<Outcome> {
        let referral = self.lock_referral(work, id).await?;
        self.must_hold_nothing(work, &referral).await?;
        self.keep_referral(work, referral.withdraw(TakenBackBy::Team, work.now)?).await
    }

    pub(crate) async fn close_referral(
        &self,
        work: &mut Work,
        id: ReferralId,
        outcome: &str,
    ) -> Done<Outcome> {
        let outcome = work.spaces.reason(ReasonKind::Closing, outcome, "outcome")?.code.clone();
        let referral = self.lock_referral(work, id).await?;
        self.must_hold_nothing(work, &referral).await?;
        self.keep_referral(work, referral.close(outcome, work.now)?).await
    }

    pub(crate) async fn accept_referral(
        &self,
        work: &mut Work,
        id: ReferralId,
        household: &str,
    ) -> Done<Outcome> {
        let reference = codes::reference(household, "household")?;
        let stored = self.lock_stored(work, id).await?;
        stored.referral.must_be_undecided("accepted")?;
        let household = match self.lock_called(work, &reference).await? {
            Some(known) => known,
            None => self.add_called(work, &reference).await?,
        };
        must_not_be_erased(&work.tx, household).await?;
        let referral = stored.referral.accept(household, work.now)?;
        work.about(household);
        if let Some(shares_as) = referral.facts.shares_as {
            work.tx.save_shares_as(household, shares_as).await?;
        }
        if work.tx.reader().details(household).await?.is_empty()
            && let Some(details) = self.opened_details(id, stored.words.details.as_deref()).await?
        {
            // What was said once is not asked for again.
            let kept = Details { note: None, ..details };
            self.keep_details(work, household, &kept).await?;
        }
        self.keep_referral(work, referral.clone()).await?;
        let referral = self
            .follow_referrals(work, household)
            .await?
            .into_iter()
            .find(|now| now.id == id)
            .unwrap_or(referral);
        Ok(Outcome::Referral(referral))
    }

    pub(crate) async fn decline_referral(
        &self,
        work: &mut Work,
        id: ReferralId,
        reason: &str,
    ) -> Done<Outcome> {
        let reason = work.spaces.reason(ReasonKind::Decline, reason, "reason")?.code.clone();
        let stored = self.lock_stored(work, id).await?;
        self.must_hold_nothing(work, &stored.referral).await?;
        let referral = stored.referral.clone().decline(reason, work.now)?;
        let looked_for = self.looked_for(&stored).await?;
        work.tx.save_looked_for(id, looked_for).await?;
        self.keep_referral(work, referral).await
    }

    /// Refused while a unit is held for the household: it would go on being kept for nobody.
    async fn must_hold_nothing(&self, work: &Work, referral: &Referral) -> Done<()> {
        let Some(household) = referral.household() else { return Ok(()) };
        work.tx.lock_household_by_id(household).await?;
        match work.tx.reader().active_hold_of(household).await? {
            Some(hold) if referral.status() == ReferralStatus::Accepted && hold.lapses_at > work.now => {
                Err(Refusal::new(
                    RefusalCode::StandsInTheWay,
                    "A unit is held for this household: release the hold first.",
                )
                .on("referral")
                .into())
            }
            _ => Ok(()),
        }
    }

    /// The referrals of a household follow what has become of its stays. Returns those that were accepted for it and
    /// have not been closed without a stay.
    pub(crate) async fn follow_referrals(
        &self,
        work: &mut Work,
        household: HouseholdId,
    ) -> Done<Vec<Referral>> {
        let found = work.tx.reader().referrals_for(household, &ACCEPTED).await?;
        if found.is_empty() {
            return Ok(Vec::new());
        }
        let stays = work.tx.reader().whole_stays_of(&[household]).await?;
        let departures = work.tx.reader().departures_of(household).await?;
        let outcome_of = |stay| {
            departures.iter().find(|departure| departure.stay == stay).map(|found| found.destination.clone())
        };
        let mut now = Vec::new();
        for known in found {
            let Some(stored) = work.tx.lock_referral(known.referral.id).await? else { continue };
            let before = stored.referral;
            let after = before.clone().after_stays(&stays, outcome_of, work.now);
            if after != before {
                work.tx.save_referral(&after).await?;
                work.audit(Some(after.id.0), &[], &after);
            }
            now.push(after);
        }
        Ok(now)
    }

    async fn lock_stored(&self, work: &Work, id: ReferralId) -> Done<StoredReferral> {
        let found = work.tx.lock_referral(id).await?;
        let open = found.filter(|stored| self.is_open(&work.actor, &stored.referral));
        Ok(open.ok_or_else(|| Refusal::not_found("referral", "referral"))?)
    }

    async fn lock_referral(&self, work: &Work, id: ReferralId) -> Done<Referral> {
        Ok(self.lock_stored(work, id).await?.referral)
    }

    async fn keep_referral(&self, work: &mut Work, referral: Referral) -> Done<Outcome> {
        if let Some(household) = referral.household() {
            work.about(household);
        }
        work.tx.save_referral(&referral).await?;
        work.audit(Some(referral.id.0), &[], &referral);
        Ok(Outcome::Referral(referral))
    }

    pub(crate) fn is_open(&self, actor: &Actor, referral: &Referral) -> bool {
        referral.household().is_none_or(|household| !self.is_closed_to(actor, household))
    }

    /// What people call a referral: eight letters and digits that follow from its id and the key, so that they count
    /// nothing, and nobody guesses another's.
    pub(crate) fn referral_reference(&self, id: Uuid) -> Result<String, Fault> {
        let code = self.vault.code(Purpose::Reference, id.as_bytes())?;
        let bits = code.iter().take(5).fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        let digit = |at: u32| BASE_32.get((bits >> (5 * at) & 31) as usize).copied().unwrap_or('0');
        Ok(std::iter::once("P-".to_owned()).chain((0..8).rev().map(|at| digit(at).to_string())).collect())
    }
}

/// As the council that sent it sees it.
fn followed(referral: Referral) -> FollowedReferral {
    FollowedReferral { outcome: ReferralOutcome::from(referral.status()), referral }
}

/// What a referral says, in codes, in needs and in details; refused where it makes no sense.
pub(crate) fn checked(spaces: &Spaces, ask: ReferralAsk) -> Result<(Facts, Needs, Option<Details>), Refusal> {
    let people = People::new(ask.adults, ask.children)?;
    needs::one_household(people)?;
    let nights = u32::try_from(ask.nights).ok().filter(|_| (1..=MOST_NIGHTS).contains(&ask.nights));
    let nights = nights.ok_or_else(|| {
        Refusal::bad("nights", format!("Ask for 1 to {MOST_NIGHTS} nights, not {}.", ask.nights))
    })?;
    spaces.must_know_features(&ask.features, "features")?;
    if let Some(district) = &ask.from_district {
        spaces.must_know_district(district, "fromDistrict")?;
    }
    let danger_areas =
        ask.danger_areas.unwrap_or_else(|| ask.from_district.iter().cloned().collect::<BTreeSet<String>>());
    spaces.must_know_places(&danger_areas, "dangerAreas")?;
    spaces.must_know_places(&ask.needs.near, "near")?;
    spaces.must_know_characteristics(&ask.needs.characteristics, "characteristics")?;
    must_be_safe_somewhere(spaces, &danger_areas)?;
    let needs = Needs { danger_areas, ..ask.needs }.checked(people)?;
    let dash_ticks = match ask.dash_ticks {
        None => None,
        Some(ticks) => Some(u8::try_from(ticks).map_err(|_| {
            Refusal::bad("dashTicks", format!("There can't be {ticks} ticks: give 0 to 27."))
        })?),
    };
    let assessment = Assessment { risk: ask.risk, dash_ticks, marac: ask.marac };
    assessment.check(needs.risk_reason.as_deref())?;
    let facts = Facts {
        source: ask.source,
        kind: ask.kind,
        assessment,
        people,
        shares_as: ask.shares_as,
        arrival: ask.arrival,
        nights,
        features: ask.features,
        from_district: ask.from_district,
    };
    Ok((facts, needs, ask.details.map(Details::checked).transpose()?))
}

/// Refused where the danger areas cover every district that there are homes in.
fn must_be_safe_somewhere(spaces: &Spaces, danger_areas: &BTreeSet<String>) -> Result<(), Refusal> {
    let mut districts = spaces.properties().map(|property| &property.district).peekable();
    if districts.peek().is_none() || districts.any(|district| !danger_areas.contains(district)) {
        return Ok(());
    }
    Err(Refusal::bad(
        "dangerAreas",
        "These danger areas cover every district that we have homes in, so that none could be safe. Name localities \
         instead of whole districts; or record the referral without them and decline it as unsafe_location, so that it \
         is counted, and help the household to a refuge elsewhere.",
    ))
}

fn no_details() -> Refusal {
    Refusal::bad("referral", "This referral has no details, or they were erased.")
}

/// The place to which a referral's details are bound.
pub(crate) fn details_context(id: ReferralId) -> String {
    format!("referral.details.{id}")
}

/// What a household needs, as it was sealed; nothing once it was erased.
fn read_needs(text: Option<String>) -> Result<Needs, EngineError> {
    let Some(text) = text else { return Ok(Needs::default()) };
    Ok(serde_json::from_str(&text).map_err(|_| Fault::Broken("what a household needs can't be read"))?)
}

/// The place to which is bound what the household of a referral needs.
fn needs_context(id: ReferralId) -> String {
    format!("referral.needs.{id}")
}
