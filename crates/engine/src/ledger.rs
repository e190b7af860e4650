//! How a stay's nights are kept in the night ledger: who gives way to whom, and who gets nights back.

use safespace_domain::{
    Nights, StayId,
    availability::Ask,
    ledger::{Entry, LedgerChange, NightUse},
    nights::later,
    stays::{self, Stay, StayStatus},
    units::Unit,
};
use safespace_store::StoreError;

use crate::{
    Engine, Outcome,
    clashes::Clash,
    units::unit,
    work::{Done, Failure, Work},
};

/// What came of taking nights for a household that sleeps there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Displaced {
    /// Whether anything is now as it was not.
    changed: bool,
    /// Somebody else sleeps there on one of the nights, by the record.
    in_part: bool,
}

impl Engine {
    /// Keeps a stay in its unit as it is now, and its nights in the ledger; refused when another record has one.
    pub(crate) async fn keep(&self, work: &mut Work, before: &Stay, after: Stay) -> Done<Outcome> {
        let unit = unit(work, after.unit)?;
        let held = work.tx.reader().entries_by(after.unit, after.id.0).await?;
        let turnaround = work.spaces.policy_of(&unit).turnaround_nights;
        let mut change = LedgerChange::from_to(&held, &after.entries(work.today, turnaround));
        // Where the stay ends no later than it did, turnaround takes no night from others: the policy may be newer.
        let no_later =
            before.status().takes_nights() && after.nights.departure() <= before.nights.departure();
        let mut ready = if no_later { take_turnaround(&mut change.claim) } else { Vec::new() };
        if (before.status(), after.status()) == (StayStatus::Booked, StayStatus::Booked) {
            // Nights of the booking that an overstay has taken are not asked for again.
            change.claim.retain(|entry| !before.nights.contains(entry.night));
        }
        if before.status() == StayStatus::InResidence {
            ready.extend(free_for_others(&mut change));
        }
        work.tx.save_stay(&after).await?;
        self.note_departure_change(work, before, &after).await?;
        self.claim_or_clash(work, &unit, &after, &change).await?;
        self.give_back(work, &unit, &change.release, Some(before)).await?;
        work.claim_free(&ready).await?;
        work.audit(Some(after.id.0), &[unit.id], &after);
        if before.status() != after.status() {
            self.follow_referrals(work, after.household).await?;
        }
        Ok(Outcome::Stay(after))
    }

    /// Keeps a stay that has ended. That it has is a fact: its nights are recorded even where an overstay ran into
    /// a booking, and turnaround is kept only where nobody else has the night.
    pub(crate) async fn leave(&self, work: &mut Work, before: &Stay, after: &Stay) -> Done<()> {
        let unit = unit(work, after.unit)?;
        let held = work.tx.reader().entries_by(after.unit, after.id.0).await?;
        let turnaround = work.spaces.policy_of(&unit).turnaround_nights;
        let mut change = LedgerChange::from_to(&held, &after.entries(work.today, turnaround));
        let mut ready = take_turnaround(&mut change.claim);
        ready.extend(free_for_others(&mut change));
        let released = change.release.clone();
        work.tx.save_stay(after).await?;
        if self.displace(work, after, change).await?.in_part {
            return Err(Failure::Clash(clash(work, &unit, after)));
        }
        self.give_back(work, &unit, &released, Some(before)).await?;
        work.claim_free(&ready).await?;
        Ok(())
    }

    /// Carries out a change to nights that the household has slept or sleeps there: they are taken from whatever gives
    /// way, the household's own bookings elsewhere first, for it can't be in two homes.
    async fn displace(&self, work: &mut Work, stay: &Stay, mut change: LedgerChange) -> Done<Displaced> {
        let mut claims = std::mem::take(&mut change.claim);
        let nights = change.turn.iter().chain(&claims).map(|entry| entry.night);
        if let (Some(first), Some(last)) = (nights.clone().min(), nights.max()) {
            let nights = Nights::between(first, later(last, 1));
            let elsewhere = work.tx.reader().entries_of_household(stay.household, nights).await?;
            let elsewhere = elsewhere.into_iter().filter(|entry| entry.take.by != stay.id.0);
            let (release, asleep): (Vec<Entry>, Vec<Entry>) =
                elsewhere.partition(|entry| entry.take.night_use.gives_way_to_an_overstay());
            let losers: Vec<_> = release.iter().map(|entry| entry.take.by).collect();
            work.tx.mark_lost_nights(&losers).await?;
            work.change_ledger(&LedgerChange { release, ..LedgerChange::default() }).await?;
            // By the record it slept elsewhere: then not here, and the other nights do not suffer from that.
            let here = |entry: &Entry| asleep.iter().all(|other| other.night != entry.night);
            change.turn.retain(here);
            claims.retain(here);
        }
        work.change_ledger(&change).await?;
        let held = work.displace(&claims).await?.len();
        let changed = held > 0 || !change.turn.is_empty() || !change.release.is_empty();
        Ok(Displaced { changed, in_part: held < claims.len() })
    }

    /// Gives nights of a unit that were released to those from whom an overstay once took them: to bookings, holds and
    /// voids of the unit and, where a household was in residence, to its own bookings and hold elsewhere.
    pub(crate) async fn give_back(
        &self,
        work: &mut Work,
        unit: &Unit,
        released: &[Entry],
        by: Option<&Stay>,
    ) -> Done<()> {
        let Some(from) = released.iter().map(|entry| entry.night).min() else { return Ok(()) };
        let there = by.filter(|stay| stay.status() == StayStatus::InResidence).map(|stay| stay.household);
        for known in work.tx.reader().bookings_that_lost_nights(work.today).await? {
            let concerned = known.unit == unit.id || Some(known.household) == there;
            if !concerned || self.lost(work, &known).await?.is_empty() {
                continue;
            }
            // Locked and read again: it may have been called off or moved a moment ago.
            let Some(booking) = work.tx.lock_stay(known.id).await? else { continue };
            if booking.status() == StayStatus::Booked && booking.unit == known.unit {
                let lost = self.lost(work, &booking).await?;
                work.claim_free(&lost).await?;
            }
        }
        self.give_back_to_holds(work, unit, there).await?;
        self.give_back_to_voids(work, unit, from).await
    }

    /// The nights ahead that a booking should have in the ledger and has not.
    async fn lost(&self, work: &Work, booking: &Stay) -> Done<Vec<Entry>> {
        let Some(unit) = work.spaces.unit_by_id(booking.unit) else { return Ok(Vec::new()) };
        let turnaround = work.spaces.policy_of(unit).turnaround_nights;
        let held = work.tx.reader().entries_by(booking.unit, booking.id.0).await?;
        Ok(booking.missing(&held, work.today, turnaround, work.today))
    }

    pub(crate) async fn claim_or_clash(
        &self,
        work: &mut Work,
        unit: &Unit,
        stay: &Stay,
        change: &LedgerChange,
    ) -> Done<()> {
        match work.change_ledger(change).await {
            Ok(()) => Ok(()),
            Err(StoreError::NightTaken) => Err(Failure::Clash(clash(work, unit, stay))),
            Err(StoreError::HouseholdElsewhere) => {
                Err(Failure::Clash(Clash { household: Some(stay.household), ..clash(work, unit, stay) }))
            }
            Err(other) => Err(other.into()),
        }
    }

    /// A household that moves back finds its own turnaround there: the unit need not be made ready for it.
    pub(crate) async fn take_back_turnaround(&self, work: &mut Work, unit: &Unit, stay: &Stay) -> Done<()> {
        let reader = work.tx.reader();
        let own: Vec<StayId> =
            reader.stays_of_household(stay.household).await?.iter().map(|own| own.id).collect();
        let mut release = reader.entries(&[unit.id], stay.nights).await?;
        release.retain(|entry| {
            entry.take.night_use == NightUse::Turnaround && own.contains(&StayId(entry.take.by))
        });
        work.change_ledger(&LedgerChange { release, ..LedgerChange::default() }).await?;
        Ok(())
    }

    /// Every overstay takes its unit for tonight, too; from a booking if need be, which then needs attention.
    pub(crate) async fn roll_over(&self, work: &mut Work) -> Done<Outcome> {
        let mut turned = Vec::new();
        for overdue in work.tx.reader().overstays(work.today).await? {
            let Some(stay) = work.tx.lock_stay(overdue.id).await? else { continue };
            if !stay.is_overstay(work.today) {
                continue;
            }
            let held = work.tx.reader().entries_by(stay.unit, stay.id.0).await?;
            let change = LedgerChange::from_to(&held, &stay.entries(work.today, 0));
            if change.is_empty() {
                continue;
            }
            // A night that somebody else sleeps there is not this household's: the rest is.
            if !self.displace(work, &stay, change).await?.changed {
                continue;
            }
            work.about(stay.household);
            work.audit(Some(stay.id.0), &[stay.unit], &serde_json::json!({ "tonight": work.today }));
            turned.push(stay.id);
        }
        Ok(Outcome::Turned(turned))
    }

    /// The day has turned, or the program has just started.
    pub async fn turn_day(&self) -> Result<Vec<StayId>, crate::Fault> {
        let today = self.today();
        self.live.reach(&self.store, today).await?;
        let service = std::sync::Arc::new(self.local());
        match self.run_to_the_end(&service, None, &crate::Command::TurnDay).await {
            Ok(Outcome::Turned(stays)) => Ok(stays),
            Ok(_) | Err(crate::EngineError::Refused(_)) => Err(crate::Fault::Broken("the day did not turn")),
            Err(crate::EngineError::Fault(fault)) => Err(fault),
        }
    }
}

/// Nights slept in so far that become turnaround are first for those from whom an overstay took them: they are
/// released, and returned to be claimed when nobody else has them.
fn free_for_others(change: &mut LedgerChange) -> Vec<Entry> {
    let freed = take_turnaround(&mut change.turn);
    change.release.extend(&freed);
    freed
}

/// Takes the entries of turnaround out of others.
fn take_turnaround(entries: &mut Vec<Entry>) -> Vec<Entry> {
    let (turnaround, others) =
        std::mem::take(entries).into_iter().partition(|entry| entry.take.night_use == NightUse::Turnaround);
    *entries = others;
    turnaround
}

pub(crate) fn clash(work: &Work, unit: &Unit, stay: &Stay) -> Clash {
    let kept = stay.kept(work.today);
    let turnaround = work.spaces.policy_of(unit).turnaround_nights;
    let open = matches!(stay.status(), StayStatus::Booked | StayStatus::InResidence);
    let tonight = stays::arrival_night(work.now, &work.spaces.policy_of(unit));
    let ahead = Nights::between(kept.arrival().max(tonight), kept.departure());
    Clash {
        unit: unit.clone(),
        nights: Nights::between(kept.arrival(), later(kept.departure(), turnaround)),
        by: stay.id.0,
        household: None,
        whose: Some(stay.household),
        instead: (open && !ahead.is_empty())
            .then(|| Box::new(Ask::plain(ahead, stay.people, work.spaces.policy_of(unit).scheme))),
    }
}
