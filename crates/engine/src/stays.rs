//! Stays: from the booking to the departure.

use safespace_domain::{
    Night, Nights, Refusal, RefusalCode, StayId,
    access::{Actor, Permission},
    availability::{self, Ask},
    codes,
    exceptions::Exception,
    households::People,
    ledger::{LedgerChange, NightUse},
    refusal::Obstacle,
    stays::{self, Stay, StayState, StayStatus},
    units::Unit,
};
use safespace_store::{Page, StayFilter};

use crate::{
    BookStay, Engine, EngineError, ExtendStay, MoveStay, Outcome,
    erasure::must_not_be_erased,
    exceptions::journey,
    units::unit,
    work::{Done, Failure, Work},
};

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
        let nights = Nights::new(ask.arrival, ask.departure)?;
        let people = People::new(ask.adults, ask.children)?;
        let reference = codes::reference(&ask.household, "household")?;
        let exception = self.may_grant(work, ask.exception.as_deref())?;
        let asked = Exception::granted_if(exception.is_some());
        let mut wanted = wanted(work, &ask, nights, people)?;
        let unit = match ask.unit {
            Some(id) => unit(work, id)?,
            None => self.best_fit(&wanted)?,
        };
        let policy = work.spaces.policy_of(&unit);
        stays::bookable(nights, work.now, &policy)?;
        unit.must_sleep(people.total())?;
        unit.must_serve(nights)?;
        // A unit that was chosen says for itself what it is for.
        wanted.scheme = policy.scheme;
        availability::must_suit(&work.spaces, &wanted, &unit)?;
        let known = self.lock_called(work, &reference).await?;
        let household = match known {
            Some(id) => id,
            None => self.add_called(work, &reference).await?,
        };
        work.about(household);
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
        work.audit(Some(stay.id.0), &[unit.id], &stay);
        Ok(Outcome::Stay(stay))
    }

    fn best_fit(&self, wanted: &Ask) -> Result<Unit, Refusal> {
        let best = self.live.look(|calendar, spaces| {
            let offers = availability::offers(calendar, spaces, wanted);
            offers.first().and_then(|(no, _)| spaces.unit(*no)).cloned()
        });
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

    pub(crate) async fn check_out(&self, work: &mut Work, id: StayId, on: Option<Night>) -> Done<Outcome> {
        let before = self.lock(work, id).await?;
        let after = before.clone().depart(on.unwrap_or(work.today), work.now)?;
        self.leave(work, &before, &after).await?;
        work.audit(Some(after.id.0), &[after.unit], &after);
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
        let others = work.tx.reader().stays_of_household(after.household).await?;
        let granted = self.must_not_stay_too_long(work, &after, &others, &unit, asked).await?;
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
        if after.status() == StayStatus::InResidence {
            self.must_have_left(work, &before).await?;
            self.must_be_left(work, &unit).await?;
        }
        let outcome = self.keep(work, &before, after).await?;
        self.must_still_serve(work, &unit, before.planned).await?;
        Ok(outcome)
    }

    pub(crate) async fn move_stay(&self, work: &mut Work, ask: MoveStay) -> Done<Outcome> {
        let exception = self.may_grant(work, ask.exception.as_deref())?;
        let asked = Exception::granted_if(exception.is_some());
        let before = self.lock(work, ask.stay).await?;
        work.tx.lock_household_by_id(before.household).await?;
        must_not_be_erased(&work.tx, before.household).await?;
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
        if let (Some(allowed), Some(reason)) = (granted, &exception) {
            self.grant(work, &to, allowed, reason).await?;
        }
        self.take_back_turnaround(work, &new_unit, &to).await?;
        let entries = to.entries(work.today, work.spaces.policy_of(&new_unit).turnaround_nights);
        let change = LedgerChange { claim: entries, ..LedgerChange::default() };
        self.claim_or_clash(work, &new_unit, &to, &change).await?;
        self.give_back(work, &old_unit, &left.release, Some(&before)).await?;
        self.must_still_serve(work, &new_unit, to.nights).await?;
        work.audit(Some(before.id.0), &[old_unit.id, new_unit.id], &(&moved.from, &to));
        Ok(Outcome::Moved { from: moved.from, to })
    }

    async fn lock(&self, work: &mut Work, id: StayId) -> Done<Stay> {
        let stay = work.tx.lock_stay(id).await?.ok_or_else(|| Refusal::not_found("stay", "stay"))?;
        self.must_be_open_to(&work.actor, stay.household, "stay")?;
        work.about(stay.household);
        Ok(stay)
    }
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
