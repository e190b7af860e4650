//! Holds: a unit kept for a household while transport is arranged, until it lapses.
//!
//! A hold lapses at its instant, whether or not anything ran then: whoever asks or changes something first has swept
//! away what lapsed holds still keep ([`Engine::lapse_due`]).

use std::pin::Pin;

use chrono::{DateTime, Utc};
use safespace_domain::{
    HoldId, HouseholdId, Refusal, RefusalCode, StayId,
    access::{Actor, Permission},
    availability,
    exceptions::Exception,
    holds::{Hold, HoldState, HoldStatus},
    ledger::LedgerChange,
    stays,
    units::{Scheme, Unit},
};
use safespace_store::{HoldFilter, Page};

use crate::{
    Command, Engine, EngineError, Fault, Outcome,
    commands::HoldUnit,
    erasure::must_not_be_erased,
    stays::Choice,
    units::unit,
    work::{Done, Failure, Work},
};

impl Engine {
    /// The hold with this id.
    pub async fn hold(&self, actor: &Actor, id: HoldId) -> Result<Option<Hold>, EngineError> {
        self.must(actor, Permission::SeeStays)?;
        let found = self.store.reader().hold(id).await?;
        Ok(found.filter(|hold| !self.is_closed_to(actor, hold.household)))
    }

    /// A page of holds, oldest first: of one household, or all; those that keep their unit now, or all that there were.
    pub async fn holds(
        &self,
        actor: &Actor,
        household: Option<HouseholdId>,
        active_only: bool,
        page: Page<HoldId>,
    ) -> Result<Vec<Hold>, EngineError> {
        self.must(actor, Permission::SeeStays)?;
        let filter = HoldFilter {
            household,
            active_at: active_only.then(|| self.clock.now()),
            but: self.closed_to(actor).await?.households().iter().copied().collect(),
        };
        Ok(self.store.reader().holds(&filter, page).await?)
    }

    /// The time, by the clock that holds lapse by.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub(crate) async fn hold_unit(&self, work: &mut Work, ask: HoldUnit) -> Done<Outcome> {
        let chosen_by_person = ask.booking.unit.is_some();
        let chosen = self.choose(work, &ask.booking, Choice::ByPerson).await?;
        let hold = Hold {
            id: HoldId(self.ids.next()),
            household: chosen.household,
            unit: chosen.unit.id,
            people: chosen.people,
            nights: chosen.nights,
            made_at: work.now,
            lapses_at: work.now + work.spaces.standards.hold(),
            extended: false,
            state: HoldState::Active,
        };
        let (_, booked) = hold.clone().confirm(StayId(hold.id.0), work.now)?;
        let others = work.tx.reader().stays_of_household(chosen.household).await?;
        let asked = Exception::granted_if(chosen.exception.is_some());
        self.must_not_stay_too_long(work, &booked, &others, &chosen.unit, asked).await?;
        work.tx.add_hold(&hold).await?;
        let turnaround = work.spaces.policy_of(&chosen.unit).turnaround_nights;
        let change = LedgerChange { claim: hold.entries(turnaround), ..LedgerChange::default() };
        match self.claim_or_clash(work, &chosen.unit, &booked, &change).await {
            // The calendar was a moment behind: the next best will do.
            Err(Failure::Clash(clash)) if !chosen_by_person && clash.household.is_none() => {
                self.doubt_if_free(&clash);
                Err(Failure::Again)
            }
            other => other,
        }?;
        self.must_still_serve(work, &chosen.unit, hold.nights).await?;
        Ok(keep_hold(work, hold))
    }

    pub(crate) async fn extend_hold(&self, work: &mut Work, id: HoldId) -> Done<Outcome> {
        let (hold, _) = self.lock_hold(work, id).await?;
        let longer = hold.extend(work.spaces.standards.hold(), work.now)?;
        work.tx.save_hold(&longer).await?;
        Ok(keep_hold(work, longer))
    }

    pub(crate) async fn release_hold(&self, work: &mut Work, id: HoldId) -> Done<Outcome> {
        let (hold, unit) = self.lock_hold(work, id).await?;
        let released = hold.release(work.now)?;
        self.give_up(work, &unit, &released).await?;
        Ok(keep_hold(work, released))
    }

    pub(crate) async fn confirm_hold(
        &self,
        work: &mut Work,
        id: HoldId,
        exception: Option<&str>,
    ) -> Done<Outcome> {
        let exception = self.may_grant(work, exception)?;
        let (hold, unit) = self.lock_hold(work, id).await?;
        if hold.status(work.now) == HoldStatus::Lapsed {
            return Err(self.too_late(work, hold).await?.into());
        }
        let (confirmed, stay) = hold.confirm(StayId(self.ids.next()), work.now)?;
        stays::still_ahead(&stay, work.now, &work.spaces.policy_of(&unit))?;
        self.must_be_together(work, stay.household, &unit, stay.nights).await?;
        let others = work.tx.reader().stays_of_household(stay.household).await?;
        let asked = Exception::granted_if(exception.is_some());
        let granted = self.must_not_stay_too_long(work, &stay, &others, &unit, asked).await?;
        work.tx.add_stay(&stay).await?;
        if let (Some(allowed), Some(reason)) = (granted, &exception) {
            self.grant(work, &stay, allowed, reason).await?;
        }
        work.tx.save_hold(&confirmed).await?;
        let change = LedgerChange {
            release: work.tx.reader().entries_by(unit.id, confirmed.id.0).await?,
            claim: stay.entries(work.today, work.spaces.policy_of(&unit).turnaround_nights),
            turn: Vec::new(),
        };
        self.claim_or_clash(work, &unit, &stay, &change).await?;
        self.must_still_serve(work, &unit, stay.nights).await?;
        self.plan_for(work, &stay).await?;
        work.audit(Some(stay.id.0), &[unit.id], &(&confirmed, &stay));
        self.follow_referrals(work, stay.household).await?;
        Ok(Outcome::Stay(stay))
    }

    /// What a hold that is confirmed too late is told: when it lapsed, and what is free instead.
    async fn too_late(&self, work: &Work, hold: Hold) -> Done<Refusal> {
        let (nights, people, unit) = (hold.nights, hold.people, hold.unit);
        let kept = work.spaces.unit_by_id(unit);
        let scheme = kept.map_or(Scheme::SafeSpace, |unit| work.spaces.policy_of(unit).scheme);
        let household = hold.household;
        let Err(refusal) = hold.confirm(StayId(self.ids.next()), work.now) else {
            return Err(Fault::Broken("a hold that has lapsed was confirmed").into());
        };
        let ask = availability::Ask::plain(nights, people, scheme);
        let ask = self.asking(&work.spaces, ask, Some(household)).await?;
        let free = self
            .look_as(&work.actor, |calendar, spaces| {
                let offers = availability::offers(calendar, spaces, &ask);
                let own = offers.iter().find(|(no, _)| spaces.unit(*no).is_some_and(|free| free.id == unit));
                let first = own.or_else(|| offers.first());
                first.and_then(|(no, _)| spaces.unit(*no)).map(|unit| unit.code.clone())
            })
            .await?;
        let told = match &free {
            Some(code) => format!("{} {code} is free for these nights.", refusal.message),
            None => format!("{} Nothing that fits is free for these nights.", refusal.message),
        };
        Ok(Refusal { message: told, ..refusal }.instead(free))
    }

    /// Takes from holds what they still have although they have lapsed.
    pub(crate) async fn sweep_holds(&self, work: &mut Work) -> Done<Outcome> {
        let mut swept = Vec::new();
        for hold in work.tx.lock_lapsed(work.now).await? {
            let unit = unit(work, hold.unit)?;
            let lapsed = hold.lapse();
            work.about(lapsed.household);
            self.give_up(work, &unit, &lapsed).await?;
            work.audit(Some(lapsed.id.0), &[unit.id], &lapsed);
            swept.push(lapsed.id);
        }
        Ok(Outcome::Swept(swept))
    }

    /// Sweeps lapsed holds away where there are any. Free while there are none: called before whatever looks at nights.
    pub fn lapse_due(&self) -> Pin<Box<dyn Future<Output = Result<(), Fault>> + Send + '_>> {
        if !self.live.lapse_is_due(self.clock.now()) {
            return Box::pin(std::future::ready(Ok(())));
        }
        Box::pin(self.lapse())
    }

    async fn lapse(&self) -> Result<(), Fault> {
        let service = std::sync::Arc::new(self.local());
        match self.run_to_the_end(&service, None, &Command::SweepHolds).await {
            Ok(_) => self.note_next_lapse().await,
            Err(EngineError::Refused(_)) => Err(Fault::Broken("lapsed holds were not swept away")),
            Err(EngineError::Fault(fault)) => Err(fault),
        }
    }

    /// Reads when the next hold lapses.
    pub(crate) async fn note_next_lapse(&self) -> Result<(), Fault> {
        // Forgotten before it is read: a hold that is made meanwhile tells of itself once it is there.
        self.live.forget_next_lapse();
        if let Some(at) = self.store.reader().next_lapse().await? {
            self.live.note_lapse(at);
        }
        Ok(())
    }

    /// The hold and its unit; nobody else changes the hold, or the household's stays, until the transaction ends.
    async fn lock_hold(&self, work: &mut Work, id: HoldId) -> Done<(Hold, Unit)> {
        let hold = work.tx.lock_hold(id).await?.ok_or_else(|| Refusal::not_found("hold", "hold"))?;
        self.must_be_open_to(&work.actor, hold.household, "hold")?;
        work.about(hold.household);
        work.tx.lock_household_by_id(hold.household).await?;
        must_not_be_erased(&work.tx, hold.household).await?;
        let unit = unit(work, hold.unit)?;
        Ok((hold, unit))
    }

    async fn give_up(&self, work: &mut Work, unit: &Unit, over: &Hold) -> Done<()> {
        let release = work.tx.reader().entries_by(unit.id, over.id.0).await?;
        work.tx.save_hold(over).await?;
        work.change_ledger(&LedgerChange { release: release.clone(), ..LedgerChange::default() }).await?;
        self.give_back(work, unit, &release, None).await
    }

    /// Gives nights that were released to holds from which an overstay once took them: to those of the unit, and of a
    /// household that was in residence.
    pub(crate) async fn give_back_to_holds(
        &self,
        work: &mut Work,
        unit: &Unit,
        there: Option<HouseholdId>,
    ) -> Done<()> {
        let active = HoldFilter { active_at: Some(work.now), ..HoldFilter::default() };
        for known in work.tx.reader().holds(&active, Page { after: None, limit: 1_000 }).await? {
            let Some(held_unit) = work.spaces.unit_by_id(known.unit).cloned() else { continue };
            if known.unit != unit.id && Some(known.household) != there {
                continue;
            }
            // Locked and read again: it may have been confirmed or released a moment ago.
            let Some(hold) = work.tx.lock_hold(known.id).await? else { continue };
            let has = work.tx.reader().entries_by(hold.unit, hold.id.0).await?;
            let turnaround = work.spaces.policy_of(&held_unit).turnaround_nights;
            let mut lost = LedgerChange::from_to(&has, &hold.entries(turnaround)).claim;
            lost.retain(|entry| entry.night >= work.today);
            work.claim_free(&lost).await?;
        }
        Ok(())
    }

    /// Refused while a unit is held for the household: it is that one, or none.
    pub(crate) async fn must_have_no_hold(&self, work: &Work, household: HouseholdId) -> Done<()> {
        let Some(hold) = work.tx.reader().active_hold_of(household).await? else { return Ok(()) };
        if hold.status(work.now) != HoldStatus::Active {
            // A moment too late for the sweep before this command: the next try finds it gone.
            return Err(Failure::Again);
        }
        let code = work.spaces.unit_by_id(hold.unit).map_or("A unit", |unit| unit.code.as_str());
        Err(Refusal::new(
            RefusalCode::StandsInTheWay,
            format!("{code} is held for this household already: confirm that hold, or release it first."),
        )
        .on("household")
        .into())
    }
}

fn keep_hold(work: &mut Work, hold: Hold) -> Outcome {
    work.audit(Some(hold.id.0), &[hold.unit], &hold);
    Outcome::Hold(hold)
}
