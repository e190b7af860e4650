//! Restrictions: cases closed to staff with a conflict of interest. Every way to a case passes here.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use safespace_domain::{
    HouseholdId, Refusal, RefusalCode, UnitId,
    access::{Actor, Permission},
    availability::Spaces,
    calendar::Calendar,
    codes,
    ledger::Entry,
    restrictions::{Closed, Restriction},
    stays::Stay,
    voids::Void,
};
use safespace_store::StoredRestriction;
use uuid::Uuid;

use crate::{
    Engine, EngineError, Fault, Outcome,
    commands::{LiftRestriction, RestrictCase},
    erasure::must_not_be_erased,
    keys::Purpose,
    work::{Done, Work},
};

/// The reason that a void has which a closed stay looks like: the one that voids have most often.
const REASON: &str = "repair";

/// A restriction with its reason, opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestrictionView {
    /// The restriction.
    pub restriction: Restriction,
    /// Whether it is closed to a token; to an account otherwise.
    pub denied_is_token: bool,
    /// Why; none once the household was erased.
    pub reason: Option<String>,
}

impl Engine {
    /// Everything that is closed to the actor. Free for whom nothing is.
    pub(crate) async fn closed_to(&self, actor: &Actor) -> Result<Closed, Fault> {
        let Some(households) = self.live.closed_households(actor.who.id()) else {
            return Ok(Closed::default());
        };
        let mut stays = BTreeMap::new();
        for (stay, unit) in self.store.reader().stays_of_households(&households).await? {
            stays.insert(stay, (unit, self.looks_like(stay, unit)?));
        }
        Ok(Closed::new((*households).clone(), stays, REASON))
    }

    /// The ids of all records of cases that are closed to the actor: households, stays and referrals. What is told of a
    /// record by its id is not told of these.
    pub(crate) async fn subjects_closed_to(&self, actor: &Actor) -> Result<BTreeSet<Uuid>, Fault> {
        let closed = self.closed_to(actor).await?;
        let mut subjects: BTreeSet<Uuid> = closed.stays().collect();
        for household in closed.households() {
            let referrals = self.store.reader().referrals_of(*household).await?;
            subjects.insert(household.0);
            subjects.extend(referrals.into_iter().map(|referral| referral.0));
        }
        Ok(subjects)
    }

    /// The id of the void that a closed stay looks like: the same every time, and of the same age. In another home it is
    /// another one: no void moves.
    fn looks_like(&self, stay: Uuid, unit: UnitId) -> Result<Uuid, Fault> {
        let both = [stay.into_bytes(), unit.0.into_bytes()].concat();
        let code = self.vault.code(Purpose::Disguise, &both)?;
        let mut random = [0; 10];
        random.iter_mut().zip(code).for_each(|(byte, code)| *byte = code);
        let millis = stay.as_bytes().iter().take(6).fold(0, |millis, byte| millis << 8 | u64::from(*byte));
        Ok(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }

    /// Whether a household's case is closed to the actor.
    /// Whether any case is closed to the actor.
    pub(crate) fn has_closed_cases(&self, actor: &Actor) -> bool {
        self.live.closed_households(actor.who.id()).is_some()
    }

    pub(crate) fn is_closed_to(&self, actor: &Actor, household: HouseholdId) -> bool {
        let closed = self.live.closed_households(actor.who.id());
        closed.is_some_and(|households| households.contains(&household))
    }

    /// Refused, as if there were no such record, where the household's case is closed to the actor.
    pub(crate) fn must_be_open_to(
        &self,
        actor: &Actor,
        household: HouseholdId,
        what: &str,
    ) -> Result<(), Refusal> {
        if self.is_closed_to(actor, household) { Err(Refusal::not_found(what, what)) } else { Ok(()) }
    }

    /// Looks at the calendar as the actor sees it. Short and without waiting.
    pub(crate) async fn look_as<T>(
        &self,
        actor: &Actor,
        look: impl FnOnce(&Calendar, &Arc<Spaces>) -> T,
    ) -> Result<T, Fault> {
        let closed = self.closed_to(actor).await?;
        if closed.is_empty() {
            return Ok(self.live.look(look));
        }
        let hidden = self.entries_closed(&closed).await?;
        let (mut calendar, spaces) =
            self.live.look(|calendar, spaces| (calendar.clone(), Arc::clone(spaces)));
        for entry in hidden {
            let Entry { unit, night, take } = closed.disguise(entry);
            if let Some(no) = spaces.no(unit) {
                calendar.set(no, night, Some(take.night_use));
            }
        }
        Ok(look(&calendar, &spaces))
    }

    /// The voids that closed stays look like.
    pub(crate) async fn voids_instead(&self, closed: &Closed) -> Result<Vec<Void>, Fault> {
        if closed.is_empty() {
            return Ok(Vec::new());
        }
        let households: Vec<HouseholdId> = closed.households().iter().copied().collect();
        let stays = self.store.reader().whole_stays_of(&households).await?;
        let holds = self.store.reader().holds_of(&households).await?;
        // Who left on the day of arrival kept no night; a void has one at least.
        let nights = |stay: &Stay| if stay.nights.is_empty() { stay.planned } else { stay.nights };
        let records = stays.iter().map(|stay| (stay.id.0, nights(stay)));
        let records = records.chain(holds.iter().map(|hold| (hold.id.0, hold.nights)));
        Ok(closed.voids(self.entries_closed(closed).await?, records))
    }

    async fn entries_closed(&self, closed: &Closed) -> Result<Vec<Entry>, Fault> {
        if closed.is_empty() {
            return Ok(Vec::new());
        }
        let units: BTreeSet<_> = closed.units().collect();
        let (units, stays): (Vec<_>, Vec<_>) = (units.into_iter().collect(), closed.stays().collect());
        Ok(self.store.reader().entries_by_all(&units, &stays).await?)
    }

    /// The restrictions on a household's case, oldest first. For managers to whom it is open.
    pub async fn restrictions(
        &self,
        actor: &Actor,
        household: HouseholdId,
    ) -> Result<Vec<RestrictionView>, EngineError> {
        self.must(actor, Permission::RestrictCases)?;
        self.must_be_open_to(actor, household, "household")?;
        let mut views = Vec::new();
        for stored in self.store.reader().restrictions_on(household).await? {
            let context = reason_context(&stored.restriction);
            let reason = self.open_unless_erased(household.0, &context, &stored.reason).await?;
            let denied_is_token = self.store.reader().is_token(stored.restriction.denied).await?;
            views.push(RestrictionView { restriction: stored.restriction, denied_is_token, reason });
        }
        Ok(views)
    }

    pub(crate) async fn restrict_case(&self, work: &mut Work, ask: RestrictCase) -> Done<Outcome> {
        let reason = codes::note(&ask.reason, "reason")?;
        let household = self.open_household(work, &ask.household).await?;
        self.must_be_somebody(work, ask.denied).await?;
        let restriction =
            Restriction { household, denied: ask.denied, made_by: work.actor.who.id(), made_at: work.now };
        let context = reason_context(&restriction);
        let sealed = self.seal(&work.tx, household.0, &context, &reason).await?;
        let stored = StoredRestriction { restriction: restriction.clone(), reason: sealed };
        if !work.tx.add_restriction(&stored).await? {
            return Err(Refusal::new(
                RefusalCode::WrongState,
                "This case is closed to that person already: there is nothing to do.",
            )
            .on("denied")
            .into());
        }
        work.why = self.sealed_why(&work.tx, household.0, &reason).await?;
        work.change_spaces();
        work.audit(Some(ask.denied), &[], &serde_json::json!({}));
        Ok(Outcome::Restriction(restriction))
    }

    pub(crate) async fn lift_restriction(&self, work: &mut Work, ask: LiftRestriction) -> Done<Outcome> {
        let household = self.open_household(work, &ask.household).await?;
        let there = work.tx.reader().restrictions_on(household).await?;
        let lifted = there.into_iter().find(|stored| stored.restriction.denied == ask.denied);
        let Some(StoredRestriction { restriction, .. }) = lifted else {
            return Err(Refusal::new(
                RefusalCode::WrongState,
                "This case is not closed to that person: there is nothing to lift.",
            )
            .on("denied")
            .into());
        };
        work.tx.remove_restriction(household, ask.denied).await?;
        work.change_spaces();
        work.audit(Some(ask.denied), &[], &serde_json::json!({}));
        Ok(Outcome::Restriction(restriction))
    }

    /// The household with this reference, locked, if it is open to the actor.
    pub(crate) async fn open_household(&self, work: &mut Work, reference: &str) -> Done<HouseholdId> {
        let not_found = || Refusal::not_found("household", "household");
        let reference = codes::reference(reference, "household")?;
        let household = self.lock_called(work, &reference).await?.ok_or_else(not_found)?;
        must_not_be_erased(&work.tx, household).await?;
        work.about(household);
        Ok(household)
    }

    /// Refused where no account and no token has this id.
    async fn must_be_somebody(&self, work: &Work, id: Uuid) -> Done<()> {
        let read = work.tx.reader();
        if read.is_account(id).await? || read.is_token(id).await? {
            return Ok(());
        }
        Err(Refusal::new(
            RefusalCode::NotFound,
            "There is no such account or token: use an id that this service has given.",
        )
        .on("denied")
        .into())
    }
}

/// The place to which a restriction's reason is bound.
fn reason_context(restriction: &Restriction) -> String {
    format!("restriction.reason.{}.{}", restriction.household, restriction.denied)
}
