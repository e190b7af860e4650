//! Stays: from the booking to the departure.

use safespace_domain::{
    HouseholdId, Night, Nights, Refusal, RefusalCode, StayId,
    availability::{self, Ask},
    codes,
    households::{Household, People},
    ledger::{Entry, LedgerChange, NightUse},
    nights::later,
    refusal::Obstacle,
    stays::{self, Exception, Stay, StayState, StayStatus},
    units::Unit,
};
use safespace_store::{OnClash, StayException, StoreError};

use crate::{
    BookStay, Engine, ExtendStay, MoveStay, Outcome,
    commands::{Clash, Done, Failure, Work},
    units::unit,
};

impl Engine {
    pub(crate) async fn book_stay(&self, work: &mut Work, ask: BookStay) -> Done<Outcome> {
        let nights = Nights::new(ask.arrival, ask.departure)?;
        let people = People::new(ask.adults, ask.children)?;
        let reference = codes::code(&ask.household, "household")?;
        let exception = work.may_grant(ask.exception.as_deref())?;
        let unit = match ask.unit {
            Some(id) => unit(work, id)?,
            None => self.best_fit(work, &ask, nights, people)?,
        };
        let policy = work.spaces.policy_of(&unit);
        stays::bookable(nights, work.now, &policy)?;
        unit.must_sleep(people.total())?;
        unit.must_serve(nights)?;
        let known = work.tx.lock_household(&reference).await?.map(|household| household.id);
        let household = match known {
            Some(id) => id,
            None => self.add_household(work, reference).await?,
        };
        let stay = Stay {
            id: StayId(self.ids.next()),
            household,
            unit: unit.id,
            people,
            planned: nights,
            nights,
            state: StayState::Booked,
            moved_from: None,
            booked_at: work.now,
            over_limit: false,
        };
        let others = match known {
            Some(id) => work.tx.reader().stays_of_household(id).await?,
            None => Vec::new(),
        };
        let granted = must_not_stay_too_long(work, &stay, &others, &unit, exception.as_deref())?;
        work.tx.add_stay(&stay).await?;
        if let (Some(allowed), Some(reason)) = (granted, &exception) {
            self.grant(work, &stay, allowed, reason).await?;
        }
        let entries = stay.entries(work.today, policy.turnaround_nights);
        let change = LedgerChange { claim: entries, ..LedgerChange::default() };
        match self.claim_or_clash(work, &unit, &stay, &change).await {
            // The calendar was a moment behind: the next best will do.
            Err(Failure::Clash(clash)) if ask.unit.is_none() && clash.household.is_none() => {
                Err(Failure::Again)
            }
            other => other,
        }?;
        self.must_still_serve(work, &unit, nights).await?;
        work.audit(Some(stay.id.0), &[unit.id], &stay);
        Ok(Outcome::Stay(stay))
    }

    fn best_fit(&self, work: &Work, ask: &BookStay, nights: Nights, people: People) -> Result<Unit, Refusal> {
        work.spaces.must_know_features(&ask.features, "features")?;
        for (districts, field) in
            [(&ask.wanted_districts, "wantedDistricts"), (&ask.unwanted_districts, "unwantedDistricts")]
        {
            districts.iter().try_for_each(|name| work.spaces.must_know_district(name, field))?;
        }
        let wanted = Ask {
            features: ask.features.clone(),
            wanted: ask.wanted_districts.clone(),
            unwanted: ask.unwanted_districts.clone(),
            ..Ask::plain(nights, people, ask.scheme)
        };
        let best = self.live.look(|calendar, spaces| {
            let offers = availability::offers(calendar, spaces, &wanted);
            offers.first().and_then(|(no, _)| spaces.unit(*no)).cloned()
        });
        best.ok_or_else(|| {
            Refusal::new(
                RefusalCode::NoneFree,
                format!("No unit is free and fit for these people, {nights}: ask availability why, or try other nights."),
            )
        })
    }

    async fn add_household(&self, work: &Work, reference: String) -> Done<HouseholdId> {
        let household = Household { id: HouseholdId(self.ids.next()), reference };
        let id = household.id;
        work.tx.add_households(&[household]).await?;
        Ok(id)
    }

    pub(crate) async fn check_in(&self, work: &mut Work, id: StayId) -> Done<Outcome> {
        let before = self.lock(work, id).await?;
        let unit = unit(work, before.unit)?;
        let after = before.clone().arrive(work.now, &work.spaces.policy_of(&unit))?;
        work.tx.lock_household_by_id(before.household).await?;
        self.must_have_left(work, &before).await?;
        self.must_be_left(work, &unit).await?;
        self.keep(work, &before, after).await
    }

    /// Refused while the household has not been checked out of another home.
    async fn must_have_left(&self, work: &Work, stay: &Stay) -> Done<()> {
        let Some(there) = work.tx.reader().residence_of(stay.household).await? else { return Ok(()) };
        let code = work.spaces.unit_by_id(there.unit).map_or("another home", |unit| unit.code.as_str());
        Err(Refusal::new(
            RefusalCode::HouseholdElsewhere,
            format!("The household is still in {code}: check it out there first, or move it from there."),
        )
        .on("stay")
        .into())
    }

    /// Refused while another household has not been checked out: on the day of its departure the night is free
    /// already, and the home may not be.
    async fn must_be_left(&self, work: &Work, unit: &Unit) -> Done<()> {
        work.tx.lock_unit(unit.id).await?;
        let Some(there) = work.tx.reader().resident_of(unit.id).await? else { return Ok(()) };
        let households = work.tx.reader().households(&[there.household]).await?;
        let whose = households.first().map_or("another household", |household| household.reference.as_str());
        let obstacle = Obstacle {
            unit: unit.code.clone(),
            kind: NightUse::Resident.word().to_owned(),
            whose: whose.to_owned(),
            nights: there.nights,
        };
        Err(Refusal::new(
            RefusalCode::Taken,
            format!(
                "{whose} is still in {}: check that household out first, or move this booking.",
                unit.code
            ),
        )
        .on("unit")
        .because_of(vec![obstacle])
        .into())
    }

    pub(crate) async fn check_out(&self, work: &mut Work, id: StayId, on: Option<Night>) -> Done<Outcome> {
        let before = self.lock(work, id).await?;
        let after = before.clone().depart(on.unwrap_or(work.today), work.now)?;
        self.leave(work, &before, &after).await?;
        work.audit(Some(after.id.0), &[after.unit], &after);
        Ok(Outcome::Stay(after))
    }

    pub(crate) async fn extend_stay(&self, work: &mut Work, ask: ExtendStay) -> Done<Outcome> {
        let exception = work.may_grant(ask.exception.as_deref())?;
        let before = self.lock(work, ask.stay).await?;
        work.tx.lock_household_by_id(before.household).await?;
        let unit = unit(work, before.unit)?;
        let after = before.clone().extend(ask.departure)?;
        unit.must_serve(after.nights)?;
        let others = work.tx.reader().stays_of_household(after.household).await?;
        let granted = must_not_stay_too_long(work, &after, &others, &unit, exception.as_deref())?;
        if let (Some(allowed), Some(reason)) = (granted, &exception) {
            self.grant(work, &after, allowed, reason).await?;
        }
        let outcome = self.keep(work, &before, after).await?;
        if let Outcome::Stay(after) = &outcome {
            self.must_still_serve(work, &unit, after.nights).await?;
        }
        Ok(outcome)
    }

    pub(crate) async fn shorten_stay(&self, work: &mut Work, id: StayId, departure: Night) -> Done<Outcome> {
        let before = self.lock(work, id).await?;
        let after = before.clone().shorten(departure, work.today)?;
        self.keep(work, &before, after).await
    }

    pub(crate) async fn cancel_stay(&self, work: &mut Work, id: StayId) -> Done<Outcome> {
        let before = self.lock(work, id).await?;
        let after = before.clone().cancel(work.now)?;
        self.keep(work, &before, after).await
    }

    pub(crate) async fn mark_no_show(&self, work: &mut Work, id: StayId) -> Done<Outcome> {
        let before = self.lock(work, id).await?;
        let after = before.clone().no_show(work.now)?;
        self.keep(work, &before, after).await
    }

    pub(crate) async fn reinstate_stay(&self, work: &mut Work, id: StayId) -> Done<Outcome> {
        let before = self.lock(work, id).await?;
        work.tx.lock_household_by_id(before.household).await?;
        let unit = unit(work, before.unit)?;
        let after = before.clone().reinstate()?;
        unit.must_serve(after.nights)?;
        if before.status() != StayStatus::InResidence && !before.over_limit {
            let reader = work.tx.reader();
            let allowed =
                reader.exceptions_of(before.id).await?.iter().map(|exception| exception.nights).max();
            let others = reader.stays_of_household(before.household).await?;
            let enough = allowed.is_some_and(|allowed| unbroken(work, &after, &others, &unit) <= allowed);
            must_not_stay_too_long(work, &after, &others, &unit, enough.then_some("granted before"))?;
        }
        if after.status() == StayStatus::InResidence {
            self.must_have_left(work, &before).await?;
            self.must_be_left(work, &unit).await?;
        }
        let outcome = self.keep(work, &before, after).await?;
        self.must_still_serve(work, &unit, before.planned).await?;
        Ok(outcome)
    }

    pub(crate) async fn move_stay(&self, work: &mut Work, ask: MoveStay) -> Done<Outcome> {
        let exception = work.may_grant(ask.exception.as_deref())?;
        let before = self.lock(work, ask.stay).await?;
        work.tx.lock_household_by_id(before.household).await?;
        let (old_unit, new_unit) = (unit(work, before.unit)?, unit(work, ask.unit)?);
        let policy = work.spaces.policy_of(&new_unit);
        let new_id = StayId(self.ids.next());
        let moved = before.clone().move_to(new_unit.id, new_id, ask.departure, work.now, &policy)?;
        let to = moved.to;
        new_unit.must_sleep(to.people.total())?;
        new_unit.must_serve(to.nights)?;
        if to.status() == StayStatus::InResidence {
            self.must_be_left(work, &new_unit).await?;
        }
        // The old stay gives its nights up first: the household can't be in two units on one night.
        match &moved.from {
            Some(closed) => self.leave(work, &before, closed).await?,
            None => {
                let release = work.tx.reader().entries_by(before.unit, before.id.0).await?;
                work.change_ledger(&LedgerChange { release, ..LedgerChange::default() }).await?;
            }
        }
        let same_scheme = work.spaces.policy_of(&old_unit).scheme == work.spaces.policy_of(&new_unit).scheme;
        let longer = to.nights.departure() > before.nights.departure();
        let mut granted = None;
        if longer || !same_scheme {
            let others = work.tx.reader().stays_of_household(to.household).await?;
            let others: Vec<Stay> =
                others.into_iter().filter(|other| other.id != before.id).chain(moved.from.clone()).collect();
            granted = must_not_stay_too_long(work, &to, &others, &new_unit, exception.as_deref())?;
        }
        if moved.from.is_some() {
            work.tx.add_stay(&to).await?;
        } else {
            work.tx.save_stay(&to).await?;
        }
        if let (Some(allowed), Some(reason)) = (granted, &exception) {
            self.grant(work, &to, allowed, reason).await?;
        }
        self.take_back_turnaround(work, &new_unit, &to).await?;
        let entries = to.entries(work.today, work.spaces.policy_of(&new_unit).turnaround_nights);
        let change = LedgerChange { claim: entries, ..LedgerChange::default() };
        self.claim_or_clash(work, &new_unit, &to, &change).await?;
        self.must_still_serve(work, &new_unit, to.nights).await?;
        work.audit(Some(before.id.0), &[old_unit.id, new_unit.id], &(&moved.from, &to));
        Ok(Outcome::Moved { from: moved.from, to })
    }

    /// A household that moves back finds its own turnaround there: the unit need not be made ready for it.
    async fn take_back_turnaround(&self, work: &mut Work, unit: &Unit, stay: &Stay) -> Done<()> {
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
            self.displace(work, &stay, change).await?;
            work.audit(Some(stay.id.0), &[stay.unit], &serde_json::json!({ "tonight": work.today }));
            turned.push(stay.id);
        }
        Ok(Outcome::Turned(turned))
    }

    async fn lock(&self, work: &Work, id: StayId) -> Done<Stay> {
        Ok(work.tx.lock_stay(id).await?.ok_or_else(|| Refusal::not_found("stay", "stay"))?)
    }

    /// Keeps a stay in its unit as it is now, and its nights in the ledger; refused when another record has one.
    async fn keep(&self, work: &mut Work, before: &Stay, after: Stay) -> Done<Outcome> {
        let unit = unit(work, after.unit)?;
        let held = work.tx.reader().entries_by(after.unit, after.id.0).await?;
        let turnaround = work.spaces.policy_of(&unit).turnaround_nights;
        let mut change = LedgerChange::from_to(&held, &after.entries(work.today, turnaround));
        // Where the stay ends no later than it did, turnaround takes no night from others: the policy may be newer.
        let no_later =
            before.status().takes_nights() && after.nights.departure() <= before.nights.departure();
        let mut ready = if no_later { take_turnaround(&mut change.claim) } else { Vec::new() };
        let overstay = before.is_overstay(work.today);
        if overstay {
            ready.extend(free_for_others(&mut change));
        }
        let gives = overstay && !change.release.is_empty();
        work.tx.save_stay(&after).await?;
        self.claim_or_clash(work, &unit, &after, &change).await?;
        if gives {
            self.give_back(work, before, &unit).await?;
        }
        work.claim(&ready, OnClash::Leave).await?;
        work.audit(Some(after.id.0), &[unit.id], &after);
        Ok(Outcome::Stay(after))
    }

    /// Keeps a stay that has ended. That it has is a fact: its nights are recorded even where an overstay ran into
    /// a booking, and turnaround is kept only where nobody else has the night.
    async fn leave(&self, work: &mut Work, before: &Stay, after: &Stay) -> Done<()> {
        let unit = unit(work, after.unit)?;
        let held = work.tx.reader().entries_by(after.unit, after.id.0).await?;
        let turnaround = work.spaces.policy_of(&unit).turnaround_nights;
        let mut change = LedgerChange::from_to(&held, &after.entries(work.today, turnaround));
        let mut ready = take_turnaround(&mut change.claim);
        ready.extend(free_for_others(&mut change));
        work.tx.save_stay(after).await?;
        if self.displace(work, after, change).await? == Displaced::InPart {
            return Err(Failure::Clash(clash(work, &unit, after)));
        }
        if before.is_overstay(work.today) {
            self.give_back(work, before, &unit).await?;
        }
        work.claim(&ready, OnClash::Leave).await?;
        Ok(())
    }

    /// Carries out a change to nights that the household has slept or sleeps there: they are taken from whatever gives
    /// way, the household's own bookings elsewhere first, for it can't be in two homes.
    async fn displace(&self, work: &mut Work, stay: &Stay, mut change: LedgerChange) -> Done<Displaced> {
        let claims = std::mem::take(&mut change.claim);
        let nights = change.turn.iter().chain(&claims).map(|entry| entry.night);
        if let (Some(first), Some(last)) = (nights.clone().min(), nights.max()) {
            let nights = Nights::between(first, later(last, 1));
            let mut release = work.tx.reader().entries_of_household(stay.household, nights).await?;
            release.retain(|entry| entry.take.by != stay.id.0 && entry.take.night_use.gives_way_to_an_overstay());
            work.change_ledger(&LedgerChange { release, ..LedgerChange::default() }).await?;
        }
        work.change_ledger(&change).await?;
        let held = work.claim(&claims, OnClash::Displace).await?.len();
        Ok(if held == claims.len() { Displaced::Wholly } else { Displaced::InPart })
    }

    /// Gives back the nights that an overstay had taken: to bookings and voids of its unit, and to the household's own
    /// bookings elsewhere.
    async fn give_back(&self, work: &mut Work, overstay: &Stay, unit: &Unit) -> Done<()> {
        let mut bookings = work.tx.reader().bookings_in(unit.id, work.today).await?;
        let own = work.tx.reader().stays_of_household(overstay.household).await?;
        bookings
            .extend(own.into_iter().filter(|own| own.status() == StayStatus::Booked && own.unit != unit.id));
        for booking in bookings {
            let Some(unit) = work.spaces.unit_by_id(booking.unit) else { continue };
            let turnaround = work.spaces.policy_of(unit).turnaround_nights;
            let held = work.tx.reader().entries_by(booking.unit, booking.id.0).await?;
            let mut lost = LedgerChange::from_to(&held, &booking.entries(work.today, turnaround)).claim;
            lost.retain(|entry| entry.night >= work.today);
            work.claim(&lost, OnClash::Leave).await?;
        }
        self.give_back_to_voids(work, unit).await
    }

    async fn claim_or_clash(
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

    async fn grant(&self, work: &Work, stay: &Stay, nights: u32, reason: &str) -> Done<()> {
        let id = self.ids.next();
        let sealed = self.seal(&work.tx, stay.household.0, &exception_context(id), reason).await?;
        let exception = StayException {
            id,
            stay: stay.id,
            nights,
            granted_by: work.actor.token.0,
            granted_at: work.now,
            reason: sealed,
        };
        work.tx.add_exception(exception).await?;
        Ok(())
    }

    /// Asks the database itself whether the unit is in service: another process may have closed it a moment ago.
    /// The nights are in the ledger by now, so a closing that comes later finds them.
    async fn must_still_serve(&self, work: &Work, unit: &Unit, nights: Nights) -> Done<()> {
        if work.tx.reader().serves(unit.id, nights).await? {
            return Ok(());
        }
        Err(Refusal::new(
            RefusalCode::OutOfService,
            format!("{} was taken out of service a moment ago: choose another unit.", unit.code),
        )
        .on("unit")
        .into())
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

/// Refuses a stay that is too long for the scheme, with the household's back-to-back stays in it. Returns how many
/// unbroken nights an exception allowed, where one was needed.
fn must_not_stay_too_long(
    work: &Work,
    stay: &Stay,
    others: &[Stay],
    in_unit: &Unit,
    exception: Option<&str>,
) -> Result<Option<u32>, Refusal> {
    let policy = work.spaces.policy_of(in_unit);
    let others = in_the_scheme(work, stay, others, in_unit);
    let granted = if exception.is_some() { Exception::Granted } else { Exception::None };
    stays::within_longest_stay(stay.nights, &others, &policy, granted)?;
    let nights = stays::unbroken_nights(stay.nights, &others);
    Ok((nights > policy.longest_stay_nights).then_some(nights))
}

/// How many nights the stay has, with the household's back-to-back stays in the scheme.
fn unbroken(work: &Work, stay: &Stay, others: &[Stay], in_unit: &Unit) -> u32 {
    stays::unbroken_nights(stay.nights, &in_the_scheme(work, stay, others, in_unit))
}

/// The nights of the household's other stays in the scheme of the unit.
fn in_the_scheme(work: &Work, stay: &Stay, others: &[Stay], in_unit: &Unit) -> Vec<Nights> {
    let scheme = work.spaces.policy_of(in_unit).scheme;
    let same_scheme = |other: &&Stay| {
        work.spaces.unit_by_id(other.unit).is_some_and(|unit| work.spaces.policy_of(unit).scheme == scheme)
    };
    others
        .iter()
        .filter(|other| other.id != stay.id && other.status().takes_nights())
        .filter(same_scheme)
        .map(|other| other.kept(work.today))
        .collect()
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

/// How much of what a household has slept there it now has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Displaced {
    Wholly,
    /// Somebody else sleeps there on one of the nights, by the record.
    InPart,
}

/// The place to which an exception's reason is bound.
pub(crate) fn exception_context(id: uuid::Uuid) -> String {
    format!("stay_exception.reason.{id}")
}

fn clash(work: &Work, unit: &Unit, stay: &Stay) -> Clash {
    let kept = stay.kept(work.today);
    let turnaround = work.spaces.policy_of(unit).turnaround_nights;
    let open = matches!(stay.status(), StayStatus::Booked | StayStatus::InResidence);
    let ahead = Nights::between(kept.arrival().max(work.today), kept.departure());
    Clash {
        unit: unit.clone(),
        nights: Nights::between(kept.arrival(), later(kept.departure(), turnaround)),
        by: stay.id.0,
        household: None,
        instead: (open && !ahead.is_empty()).then(|| Engine::ask_for(work, unit, ahead, stay.people)),
    }
}
