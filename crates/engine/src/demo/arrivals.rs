//! Arrivals: bookings for tonight and for later, who comes, who comes late, and who does not.

use std::{collections::BTreeSet, mem};

use safespace_domain::{
    Night, StayId, UnitId,
    attention::Attention,
    nights::{later, next},
    policies::Policy,
    stays::{Stay, StayStatus, arrival_night},
    units::Scheme,
};

use super::{
    DemoError,
    households::Need,
    service::{Case, Service, nights_from},
};
use crate::{BookStay, Command, MoveStay, Outcome};

/// For each household that comes, so many are drawn: the free rooms may not fit the first.
const TRIED: u32 = 6;
/// Of a thousand days, how many have a booking for a later day.
const PLANNED: u32 = 220;
/// Of a thousand bookings for later, how many are called off, each day; and of those, how many by mistake.
const CALLED_OFF: (u32, u32) = (40, 150);
/// Of a thousand households expected tonight, how many call off, do not come, or come after midnight.
const TONIGHT: (u32, u32, u32) = (12, 25, 80);
/// Of a thousand who did not come, how many come the next day, and how many when they are already marked as no-shows.
const NEXT_DAY: (u32, u32) = (250, 200);

impl Service {
    /// Takes in so many households for tonight, as far as there is room that fits.
    pub(super) async fn place(&mut self, today: Night, wanted: u32) -> Result<(), DemoError> {
        let mut placed = 0;
        for _ in 0..wanted * TRIED {
            if placed == wanted {
                break;
            }
            let (reference, need) = self.draw(today);
            placed += u32::from(self.place_one(today, reference, need).await?);
        }
        Ok(())
    }

    /// A household: its reference when it has been here before, and what it needs.
    fn draw(&mut self, today: Night) -> (Option<String>, Need) {
        let need = Need::draw(&mut self.rng);
        match self.references.again(today, &mut self.rng) {
            Some((reference, past)) if !self.is_here(&reference) => {
                (Some(reference), Need { nights: need.nights, ..past })
            }
            _ => (None, need),
        }
    }

    /// Whether the household has a stay, which somebody ended by mistake.
    fn is_here(&self, reference: &str) -> bool {
        let called = |stay: &Stay| self.names.get(&stay.household).is_some_and(|name| name == reference);
        self.stays.values().any(called)
    }

    /// The best fit for as long as is asked for, or else for a shorter time: some room tonight is better than none.
    async fn place_one(
        &mut self,
        today: Night,
        reference: Option<String>,
        need: Need,
    ) -> Result<bool, DemoError> {
        if !self.may_be_referred(today) {
            return Ok(false);
        }
        for nights in [need.nights, need.nights.min(3), 1] {
            let ask = need.asks(nights_from(today, nights), Scheme::SafeSpace);
            if let Some((unit, because)) = self.best(ask, need.shares_as).await? {
                let reference = reference.unwrap_or_else(|| self.references.next(today));
                let chosen = because.map(|because| (unit.id, because));
                let need = Need { nights, ..need };
                return Ok(self.book(today, reference, today, need, chosen).await?.is_some());
            }
        }
        Ok(false)
    }

    /// A household is referred, accepted and booked: into a unit that was chosen for a reason, or into the best. Where
    /// none is left after all, another service helps.
    async fn book(
        &mut self,
        today: Night,
        reference: String,
        arrival: Night,
        need: Need,
        chosen: Option<(UnitId, &str)>,
    ) -> Result<Option<Stay>, DemoError> {
        let (referral, household) = self.refer(today, arrival, &reference, &need).await?;
        self.names.insert(household, reference.clone());
        self.cases.insert(household, Case { need: need.clone(), referral });
        let booked = self
            .attempt(Command::BookStay(BookStay {
                household: reference,
                arrival,
                departure: later(arrival, need.nights),
                adults: i64::from(need.people.adults),
                children: i64::from(need.people.children),
                unit: chosen.map(|(unit, _)| unit),
                scheme: Scheme::SafeSpace,
                features: need.features,
                wanted_districts: BTreeSet::new(),
                unwanted_districts: BTreeSet::new(),
                shares_as: None,
                chosen_because: chosen.map(|(_, because)| because.to_owned()),
                exception: None,
            }))
            .await?;
        match booked {
            Some(Outcome::Stay(stay)) => Ok(Some(stay)),
            _ => {
                self.run(Command::CloseReferral { referral, outcome: "placed_elsewhere".to_owned() }).await?;
                Ok(None)
            }
        }
    }

    /// A booking is called off, and the household is helped in another way.
    async fn call_off(&mut self, booking: &Stay, outcome: &str) -> Result<(), DemoError> {
        self.run(Command::CancelStay { stay: booking.id }).await?;
        self.close(booking, outcome).await
    }

    /// The referral of a booking that came to nothing ends.
    async fn close(&mut self, booking: &Stay, outcome: &str) -> Result<(), DemoError> {
        if let Some(case) = self.cases.get(&booking.household) {
            let (referral, outcome) = (case.referral, outcome.to_owned());
            self.run(Command::CloseReferral { referral, outcome }).await?;
        }
        Ok(())
    }

    /// Books a new household for a day to come, in this unit or in the best that fits. Nothing happens where none
    /// does.
    pub(super) async fn book_ahead(
        &mut self,
        today: Night,
        arrival: Night,
        unit: Option<UnitId>,
    ) -> Result<Option<Stay>, DemoError> {
        let drawn = Need::draw(&mut self.rng);
        let need = match unit.and_then(|unit| self.engine.spaces().unit_by_id(unit).map(|unit| unit.sleeps)) {
            Some(sleeps) => drawn.squeezed_into(sleeps),
            None => drawn,
        };
        let ask = need.asks(nights_from(arrival, need.nights), Scheme::SafeSpace);
        let fits = self.offers(ask, need.shares_as).await?;
        if !unit.map_or(!fits.is_empty(), |unit| fits.iter().any(|free| free.id == unit)) {
            return Ok(None);
        }
        let reference = self.references.next(today);
        let chosen = unit.map(|unit| (unit, "They asked for this one, which is to be free by then."));
        self.book(today, reference, arrival, need, chosen).await
    }

    /// Calls bookings for later days off, and makes new ones.
    pub(super) async fn plan_ahead(&mut self, today: Night) -> Result<(), DemoError> {
        let (called_off, by_mistake) = CALLED_OFF;
        self.give_their_room(today).await?;
        let blocked = self.room_that_is_blocked();
        for booking in self.stays_that(StayStatus::Booked, |stay| stay.nights.arrival() > today) {
            // What waits for somebody to leave is there to be seen on the last day.
            if Some(booking.unit) != blocked && self.happens(called_off) {
                if self.happens(by_mistake) {
                    self.run(Command::CancelStay { stay: booking.id }).await?;
                    self.run(Command::ReinstateStay { stay: booking.id }).await?;
                } else {
                    self.call_off(&booking, "found_own_place").await?;
                }
            }
        }
        if self.happens(PLANNED) && self.may_be_referred(today) {
            let arrival = later(today, self.rng.u32(1..=8));
            self.book_ahead(today, arrival, None).await?;
        }
        if today == self.last { self.plan_the_days_to_come(today).await } else { Ok(()) }
    }

    /// The evening: most of those who are expected come.
    pub(super) async fn welcome(&mut self, today: Night) -> Result<(), DemoError> {
        let policy = Policy::default_for(Scheme::SafeSpace);
        if arrival_night(self.now(), &policy) < today {
            // The demonstration ends in the small hours: the night before is not over, and nobody comes for the next one.
            return Ok(());
        }
        let mut expected = self.stays_that(StayStatus::Booked, |stay| stay.nights.arrival() == today);
        self.leave_some_due(today, &mut expected);
        let (cancels, no_show, after_midnight) = TONIGHT;
        for booking in expected {
            let stay = booking.id;
            if self.happens(cancels) {
                self.call_off(&booking, "no_longer_needed").await?;
            } else if self.happens(no_show) {
                // Nobody comes; the morning will tell.
            } else if self.happens(after_midnight) && today < self.last {
                self.late.insert(stay);
            } else {
                self.check_in(stay).await?;
            }
        }
        Ok(())
    }

    /// The household has come. Where another one has not left yet, the booking is called off: they are placed
    /// elsewhere that evening.
    async fn check_in(&mut self, stay: StayId) -> Result<(), DemoError> {
        if self.attempt(Command::CheckIn { stay }).await?.is_none()
            && let Some(booking) = self.stays.get(&stay).cloned()
        {
            self.call_off(&booking, "placed_elsewhere").await?;
        }
        Ok(())
    }

    /// Who was expected last night and comes soon after midnight.
    pub(super) async fn after_midnight(&mut self) -> Result<(), DemoError> {
        for stay in mem::take(&mut self.late) {
            self.check_in(stay).await?;
        }
        Ok(())
    }

    /// Who was expected last night and did not come: some come today, some even after they were given up.
    pub(super) async fn see_who_did_not_come(&mut self, today: Night) -> Result<(), DemoError> {
        let (next_day, after_all) = NEXT_DAY;
        for booking in self.stays_that(StayStatus::Booked, |stay| stay.nights.arrival() < today) {
            let stay = booking.id;
            let has_nights_left = booking.nights.departure() > next(today);
            if has_nights_left && self.happens(next_day) {
                self.check_in(stay).await?;
                continue;
            }
            self.run(Command::MarkNoShow { stay }).await?;
            if has_nights_left
                && self.happens(after_all)
                && self.attempt(Command::ReinstateStay { stay }).await?.is_some()
            {
                self.check_in(stay).await?;
            } else {
                self.close(&booking, "lost_contact").await?;
            }
        }
        Ok(())
    }

    /// Bookings for tonight that lost their room to an overstay go to another one, or are called off where there is
    /// none. What is blocked on the last day is left for whoever looks at the demonstration.
    pub(super) async fn see_to_blocked(&mut self, today: Night) -> Result<(), DemoError> {
        let overstays = self.stays_that(StayStatus::InResidence, |stay| stay.is_overstay(today));
        if overstays.is_empty() || today == self.last {
            return Ok(());
        }
        for item in self.attention().await? {
            let Attention::Blocked { stay, could_move_to, .. } = item.what else { continue };
            if stay.nights.arrival() > today {
                continue;
            }
            let offers = self.offers_to(&stay, stay.nights).await?;
            let other = offers.iter().map(|unit| unit.id).find(|unit| could_move_to.contains(unit));
            let moved = match other {
                Some(unit) => {
                    let ask = MoveStay { stay: stay.id, unit, departure: None, exception: None };
                    self.attempt(Command::MoveStay(ask)).await?
                }
                None => None,
            };
            if moved.is_none() {
                self.call_off(&stay, "placed_elsewhere").await?;
            }
        }
        Ok(())
    }
}
