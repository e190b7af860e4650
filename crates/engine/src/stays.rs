//! Stays: from the booking to the departure.

use std::collections::BTreeMap;

use safespace_domain::{
    HouseholdId, Night, Nights, Refusal, RefusalCode, StayId,
    access::{Actor, Permission},
    availability::{self, Ask},
    codes,
    exceptions::{Exception, check_out_instead},
    households::People,
    ledger::{LedgerChange, NightUse},
    referrals::ReferralStatus,
    refusal::Obstacle,
    stays::{self, Stay, StayState, StayStatus},
    units::Unit,
};
use safespace_store::{Page, StayFilter};

use crate::{
    BookSplit, BookStay, Engine, EngineError, ExtendStay, MoveStay, Outcome, Repack,
    commands::DepartureAsk,
    erasure::must_not_be_erased,
    exceptions::journey,
    sharing::is_shared,
    units::unit,
    work::{Done, Failure, Work},
};

/// A stay is split into so many parts at most.
const MOST_PARTS: usize = 3;
/// So many bookings move at most to make room for another.
const MOST_MOVES: usize = 3;

impl Engine {
    /// The stay with this id.
    pub async fn stay(&self, actor: &Actor, id: StayId) -> Result<Option<Stay>, EngineError> {
        self.must(actor, Permission::SeeStays)?;
        let stay = self.store.reader().stay(id).await?;
        Ok(stay.filter(|stay| !self.is_closed_to(actor, stay.household)))
    }

    /// A page of the stays that pass the filter, oldest booking first.
    pub async fn stays(
        &self,
        actor: &Actor,
        filter: &StayFilter,
        page: Page<StayId>,
    ) -> Result<Vec<Stay>, EngineError> {
        self.must(actor, Permission::SeeStays)?;
        let not_of = self.closed_to(actor).await?.households().iter().copied().collect();
        let filter = StayFilter { tonight: Some(self.today()), not_of, ..filter.clone() };
        Ok(self.store.reader().stays(&filter, page).await?)
    }

    pub(crate) async fn book_stay(&self, work: &mut Work, ask: BookStay) -> Done<Outcome> {
        self.book(work, &ask, Choice::ByPerson).await.map(Outcome::Stay)
    }

    /// Books a household into units one after the other.
    pub(crate) async fn book_split(&self, work: &mut Work, ask: BookSplit) -> Done<Outcome> {
        let in_order = ask.parts.windows(2).all(|pair| match pair {
            [before, after] => before.departure == after.arrival && before.unit != after.unit,
            _ => true,
        });
        if !(2..=MOST_PARTS).contains(&ask.parts.len()) || !in_order {
            return Err(Refusal::bad(
                "parts",
                format!("Give 2 to {MOST_PARTS} parts in different units, each beginning on the day the last one ends."),
            )
            .into());
        }
        let mut booked = Vec::new();
        for part in ask.parts {
            let booking = BookStay {
                unit: Some(part.unit),
                arrival: part.arrival,
                departure: part.departure,
                ..ask.booking.clone()
            };
            booked.push(self.book(work, &booking, Choice::ByPlan).await?);
        }
        Ok(Outcome::Stays(booked))
    }

    /// Moves bookings that have not begun, and books what they made room for. All of it, or nothing.
    pub(crate) async fn repack(&self, work: &mut Work, ask: Repack) -> Done<Outcome> {
        if ask.moves.is_empty() || ask.moves.len() > MOST_MOVES {
            return Err(Refusal::bad("moves", format!("Name 1 to {MOST_MOVES} bookings that move.")).into());
        }
        if ask.booking.unit.is_none() {
            return Err(Refusal::bad("unit", "Name the unit for which room is made.").into());
        }
        // Two may change places, so all give their nights up before any takes new ones.
        let mut left = Vec::new();
        for (stay, _) in &ask.moves {
            let stay = self.lock(work, *stay).await?;
            let release = work.tx.reader().entries_by(stay.unit, stay.id.0).await?;
            work.change_ledger(&LedgerChange { release: release.clone(), ..LedgerChange::default() }).await?;
            left.push((unit(work, stay.unit)?, release));
        }
        let mut moved = Vec::new();
        for (stay, unit) in ask.moves {
            let ask = MoveStay { stay, unit, departure: None, exception: None };
            let (before, to) = self.relocate(work, ask, Only::BeforeItBegins).await?;
            debug_assert!(before.is_none(), "a booking changes its unit and goes on");
            moved.push(to);
        }
        let mut all = vec![self.book(work, &ask.booking, Choice::ByPlan).await?];
        all.append(&mut moved);
        for (unit, released) in &left {
            self.give_back(work, unit, released, None).await?;
        }
        Ok(Outcome::Stays(all))
    }

    async fn book(&self, work: &mut Work, ask: &BookStay, choice: Choice) -> Done<Stay> {
        let chosen = self.choose(work, ask, choice).await?;
        let Chosen { unit, nights, people, household, is_known, exception } = chosen;
        let asked = Exception::granted_if(exception.is_some());
        let policy = work.spaces.policy_of(&unit);
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
        let others =
            if is_known { work.tx.reader().stays_of_household(household).await? } else { Vec::new() };
        let granted = self.must_not_stay_too_long(work, &stay, &others, &unit, asked).await?;
        work.tx.add_stay(&stay).await?;
        if let (Some(allowed), Some(reason)) = (granted, &exception) {
            self.grant(work, &stay, allowed, reason).await?;
        }
        let entries = stay.entries(work.today, policy.turnaround_nights);
        let change = LedgerChange { claim: entries, ..LedgerChange::default() };
        match self.claim_or_clash(work, &unit, &stay, &change).await {
            // The calendar was a moment behind: the next best will do.
            Err(Failure::Clash(clash)) if ask.unit.is_none() && clash.household.is_none() => {
                self.doubt_if_free(&clash);
                Err(Failure::Again)
            }
            other => other,
        }?;
        self.must_still_serve(work, &unit, nights).await?;
        self.plan_for(work, &stay).await?;
        work.audit(Some(stay.id.0), &[unit.id], &stay);
        if is_known {
            self.follow_referrals(work, household).await?;
        }
        Ok(stay)
    }

    /// The unit for a household, with everything that must be so before it gets one: by a booking, or by a hold.
    pub(crate) async fn choose(&self, work: &mut Work, ask: &BookStay, choice: Choice) -> Done<Chosen> {
        let nights = Nights::new(ask.arrival, ask.departure)?;
        let people = People::new(ask.adults, ask.children)?;
        let reference = codes::reference(&ask.household, "household")?;
        let exception = self.may_grant(work, ask.exception.as_deref())?;
        let wanted = wanted(work, ask, nights, people)?;
        let given = ask.unit.map(|id| unit(work, id)).transpose()?;
        if let Some(unit) = &given {
            unit.must_sleep(people.total())?;
            unit.must_serve(nights)?;
        }
        let known = self.lock_called(work, &reference).await?;
        let household = match known {
            Some(id) => id,
            None => self.add_called(work, &reference).await?,
        };
        work.about(household);
        let mut wanted = match known {
            Some(id) => {
                self.must_have_no_hold(work, id).await?;
                self.asking(&work.spaces, wanted, Some(id)).await?
            }
            None => wanted,
        };
        if let Some(shares_as) = ask.shares_as {
            work.tx.save_shares_as(household, shares_as).await?;
        }
        let unit = match given {
            Some(unit) => unit,
            None => self.best_fit(&wanted, people)?,
        };
        let policy = work.spaces.policy_of(&unit);
        stays::bookable(nights, work.now, &policy)?;
        // A unit that was chosen says for itself what it is for.
        wanted.scheme = policy.scheme;
        // Who is there by now is asked of the database, below.
        wanted.barred.clear();
        availability::must_suit(&work.spaces, &wanted, &unit)?;
        if known.is_some() || is_shared(&work.spaces, &unit) {
            self.must_be_together(work, household, &unit, nights).await?;
        }
        if known.is_some() && ask.unit.is_some() && choice == Choice::ByPerson {
            self.must_say_why(work, household, &wanted, &unit, ask.chosen_because.as_deref()).await?;
        }
        Ok(Chosen { unit, nights, people, household, is_known: known.is_some(), exception })
    }

    /// Where a household waits by a referral, and another unit fits it better than the one that was chosen, the choice
    /// has a reason.
    async fn must_say_why(
        &self,
        work: &mut Work,
        household: HouseholdId,
        wanted: &Ask,
        unit: &Unit,
        because: Option<&str>,
    ) -> Done<()> {
        if let Some(because) = because.filter(|text| !text.trim().is_empty()) {
            let because = codes::note(because, "chosenBecause")?;
            work.why = self.sealed_why(&work.tx, household.0, &because).await?;
            return Ok(());
        }
        let waits = [ReferralStatus::Accepted];
        if work.tx.reader().referrals_for(household, &waits).await?.is_empty() {
            return Ok(());
        }
        let sharers = self.sharers(&work.spaces, wanted.nights).await?;
        let party = self.party(Some(household), None).await?;
        let ask = party.asks(&work.spaces, &sharers, wanted, wanted.nights);
        let offered = self
            .look_as(&work.actor, |calendar, spaces| {
                let offers = availability::offers(calendar, spaces, &ask);
                offers.iter().filter_map(|(no, _)| spaces.unit(*no)).cloned().collect::<Vec<Unit>>()
            })
            .await?;
        match offered.first() {
            Some(best) if best.id != unit.id && offered.iter().any(|other| other.id == unit.id) => {
                Err(Refusal::bad(
                    "chosenBecause",
                    format!("{} fits this household best: to choose {}, say why.", best.code, unit.code),
                )
                .instead(Some(best.code.clone()))
                .into())
            }
            _ => Ok(()),
        }
    }

    fn best_fit(&self, wanted: &Ask, people: People) -> Result<Unit, Refusal> {
        let best = self.live.look(|calendar, spaces| {
            let offers = availability::offers(calendar, spaces, wanted);
            offers.first().and_then(|(no, _)| spaces.unit(*no)).cloned()
        });
        let largest = self.spaces().units().iter().map(|unit| unit.sleeps).max().unwrap_or(0);
        if best.is_none() && people.total() > largest {
            return Err(Refusal::new(
                RefusalCode::NoneFree,
                format!(
                    "No home sleeps {}; the largest sleeps {largest}: book families that can be apart one by one.",
                    people.total()
                ),
            ));
        }
        best.ok_or_else(|| {
            Refusal::new(
                RefusalCode::NoneFree,
                format!(
                    "No unit is free and fit for these people, {}: ask availability why, or try other nights.",
                    wanted.nights
                ),
            )
        })
    }

    pub(crate) async fn check_in(&self, work: &mut Work, id: StayId) -> Done<Outcome> {
        let before = self.lock(work, id).await?;
        let unit = unit(work, before.unit)?;
        let after = before.clone().arrive(work.now, &work.spaces.policy_of(&unit))?;
        work.tx.lock_household_by_id(before.household).await?;
        must_not_be_erased(&work.tx, before.household).await?;
        self.must_have_left(work, &before).await?;
        self.must_be_left(work, &unit).await?;
        let outcome = self.keep(work, &before, after).await?;
        self.ask_needs(work, before.household).await?;
        Ok(outcome)
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
        if self.is_closed_to(&work.actor, there.household) {
            return Err(Refusal::new(
                RefusalCode::OutOfService,
                format!("{} is out of service: move this booking.", unit.code),
            )
            .on("unit")
            .into());
        }
        let households = work.tx.reader().households(&[there.household]).await?;
        let closed = self.closed_references(&work.actor).await?;
        let whose = households.into_iter().next().map(|household| closed.seen(household.reference));
        let whose = whose.as_deref().unwrap_or("another household");
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

    pub(crate) async fn check_out(
        &self,
        work: &mut Work,
        id: StayId,
        on: Option<Night>,
        departure: Option<DepartureAsk>,
    ) -> Done<Outcome> {
        let before = self.lock(work, id).await?;
        let after = before.clone().depart(on.unwrap_or(work.today), work.now)?;
        self.leave(work, &before, &after).await?;
        work.audit(Some(after.id.0), &[after.unit], &after);
        if let Some(departure) = departure {
            self.keep_departure(work, after.id, departure).await?;
        }
        self.end_pack(work, &after).await?;
        self.follow_referrals(work, after.household).await?;
        Ok(Outcome::Stay(after))
    }

    pub(crate) async fn extend_stay(&self, work: &mut Work, ask: ExtendStay) -> Done<Outcome> {
        let exception = self.may_grant(work, ask.exception.as_deref())?;
        let asked = Exception::granted_if(exception.is_some());
        let before = self.lock(work, ask.stay).await?;
        work.tx.lock_household_by_id(before.household).await?;
        must_not_be_erased(&work.tx, before.household).await?;
        let unit = unit(work, before.unit)?;
        let after = before.clone().extend(ask.departure, work.today)?;
        unit.must_serve(after.nights)?;
        let longer = Nights::between(before.kept(work.today).departure(), after.nights.departure());
        self.must_be_together(work, after.household, &unit, longer).await?;
        let others = work.tx.reader().stays_of_household(after.household).await?;
        let granted = match self.must_not_stay_too_long(work, &after, &others, &unit, asked).await {
            Err(Failure::Error(EngineError::Refused(refusal)))
                if refusal.code == RefusalCode::LongestStay
                    && before.is_overstay(work.today)
                    && ask.departure == work.today =>
            {
                return Err(check_out_instead(work.today).into());
            }
            other => other?,
        };
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
        self.end_pack(work, &after).await?;
        self.keep(work, &before, after).await
    }

    pub(crate) async fn mark_no_show(&self, work: &mut Work, id: StayId) -> Done<Outcome> {
        let before = self.lock(work, id).await?;
        let after = before.clone().no_show(work.now)?;
        self.end_pack(work, &after).await?;
        self.keep(work, &before, after).await
    }

    pub(crate) async fn reinstate_stay(&self, work: &mut Work, id: StayId) -> Done<Outcome> {
        let before = self.lock(work, id).await?;
        work.tx.lock_household_by_id(before.household).await?;
        must_not_be_erased(&work.tx, before.household).await?;
        let unit = unit(work, before.unit)?;
        let after = before.clone().reinstate()?;
        unit.must_serve(after.nights)?;
        let others = work.tx.reader().stays_of_household(before.household).await?;
        let longer = before.status() != StayStatus::InResidence || after.nights.len() > before.nights.len();
        if longer && !journey(&before, &others).any(|stay| stay.over_limit) {
            self.must_not_stay_too_long(work, &after, &others, &unit, Exception::None).await?;
        }
        stays::still_ahead(&after, work.now, &work.spaces.policy_of(&unit))?;
        self.must_be_together(work, after.household, &unit, after.nights).await?;
        work.tx.remove_departure(after.id).await?;
        if after.status() == StayStatus::InResidence {
            self.must_have_left(work, &before).await?;
            self.must_be_left(work, &unit).await?;
        }
        let outcome = self.keep(work, &before, after).await?;
        if let Outcome::Stay(after) = &outcome {
            self.plan_again(work, after).await?;
        }
        self.must_still_serve(work, &unit, before.planned).await?;
        Ok(outcome)
    }

    pub(crate) async fn move_stay(&self, work: &mut Work, ask: MoveStay) -> Done<Outcome> {
        let (from, to) = self.relocate(work, ask, Only::Any).await?;
        Ok(Outcome::Moved { from, to })
    }

    /// Moves a household. Returns the stay that closed, where one did, and the one that goes on.
    async fn relocate(&self, work: &mut Work, ask: MoveStay, only: Only) -> Done<(Option<Stay>, Stay)> {
        let exception = self.may_grant(work, ask.exception.as_deref())?;
        let asked = Exception::granted_if(exception.is_some());
        let before = self.lock(work, ask.stay).await?;
        work.tx.lock_household_by_id(before.household).await?;
        must_not_be_erased(&work.tx, before.household).await?;
        let begins = before.nights.arrival();
        if only == Only::BeforeItBegins && (before.status() != StayStatus::Booked || begins <= work.today) {
            return Err(Refusal::new(
                RefusalCode::WrongState,
                "Only bookings that begin later than today make room for others: look again.",
            )
            .on("moves")
            .into());
        }
        let (old_unit, new_unit) = (unit(work, before.unit)?, unit(work, ask.unit)?);
        let policy = work.spaces.policy_of(&new_unit);
        let new_id = StayId(self.ids.next());
        let moved = before.clone().move_to(new_unit.id, new_id, ask.departure, work.now, &policy)?;
        let to = moved.to;
        new_unit.must_sleep(to.people.total())?;
        new_unit.must_serve(to.nights)?;
        let wanted = Ask::plain(to.nights, to.people, policy.scheme);
        let wanted = self.asking(&work.spaces, wanted, Some(to.household)).await?;
        availability::must_suit(&work.spaces, &Ask { barred: BTreeMap::new(), ..wanted }, &new_unit)?;
        self.must_be_together(work, to.household, &new_unit, to.nights).await?;
        if to.status() == StayStatus::InResidence {
            self.must_be_left(work, &new_unit).await?;
        }
        // The old stay gives its nights up first: the household can't be in two units on one night.
        let mut left = LedgerChange::default();
        match &moved.from {
            Some(closed) => self.leave(work, &before, closed).await?,
            None => {
                left.release = work.tx.reader().entries_by(before.unit, before.id.0).await?;
                work.change_ledger(&left).await?;
            }
        }
        let same_scheme = work.spaces.policy_of(&old_unit).scheme == work.spaces.policy_of(&new_unit).scheme;
        let longer = to.nights.departure() > before.nights.departure();
        let mut granted = None;
        if longer || !same_scheme {
            let others = work.tx.reader().stays_of_household(to.household).await?;
            let others: Vec<Stay> =
                others.into_iter().filter(|other| other.id != before.id).chain(moved.from.clone()).collect();
            granted = self.must_not_stay_too_long(work, &to, &others, &new_unit, asked).await?;
        }
        if moved.from.is_some() {
            work.tx.add_stay(&to).await?;
        } else {
            work.tx.save_stay(&to).await?;
        }
        self.note_departure_change(work, &before, &to).await?;
        if let (Some(allowed), Some(reason)) = (granted, &exception) {
            self.grant(work, &to, allowed, reason).await?;
        }
        self.take_back_turnaround(work, &new_unit, &to).await?;
        let entries = to.entries(work.today, work.spaces.policy_of(&new_unit).turnaround_nights);
        let change = LedgerChange { claim: entries, ..LedgerChange::default() };
        self.claim_or_clash(work, &new_unit, &to, &change).await?;
        self.give_back(work, &old_unit, &left.release, Some(&before)).await?;
        self.must_still_serve(work, &new_unit, to.nights).await?;
        self.move_pack(work, moved.from.as_ref().unwrap_or(&before), &to).await?;
        work.audit(Some(before.id.0), &[old_unit.id, new_unit.id], &(&moved.from, &to));
        self.follow_referrals(work, to.household).await?;
        Ok((moved.from, to))
    }

    async fn lock(&self, work: &mut Work, id: StayId) -> Done<Stay> {
        let stay = work.tx.lock_stay(id).await?.ok_or_else(|| Refusal::not_found("stay", "stay"))?;
        self.must_be_open_to(&work.actor, stay.household, "stay")?;
        work.about(stay.household);
        Ok(stay)
    }
}

/// Whose choice a unit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// Somebody's: if another unit fits better, they say why.
    ByPerson,
    /// That of a plan which they have seen.
    ByPlan,
}

/// Which stays may be moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Only {
    /// Any that can be.
    Any,
    /// Bookings that begin later than today.
    BeforeItBegins,
}

/// A unit that a household can have.
pub(crate) struct Chosen {
    pub(crate) unit: Unit,
    pub(crate) nights: Nights,
    pub(crate) people: People,
    pub(crate) household: HouseholdId,
    /// Whether it was here before: nothing is on record of one that was not.
    pub(crate) is_known: bool,
    /// A manager's reason for allowing a longer stay.
    pub(crate) exception: Option<String>,
}

/// What a booking looks for; refused where it names what there is not.
fn wanted(work: &Work, ask: &BookStay, nights: Nights, people: People) -> Result<Ask, Refusal> {
    work.spaces.must_know_features(&ask.features, "features")?;
    for (districts, field) in
        [(&ask.wanted_districts, "wantedDistricts"), (&ask.unwanted_districts, "unwantedDistricts")]
    {
        districts.iter().try_for_each(|name| work.spaces.must_know_district(name, field))?;
    }
    Ok(Ask {
        features: ask.features.clone(),
        wanted: ask.wanted_districts.clone(),
        unwanted: ask.unwanted_districts.clone(),
        ..Ask::plain(nights, people, ask.scheme)
    })
}
