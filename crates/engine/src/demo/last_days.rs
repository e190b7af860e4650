//! The last days: whatever chance did, the last evening shows one overstay and the booking that it blocks, one void,
//! one to three arrivals due, and bookings for the days to come.

use safespace_domain::{
    Night, UnitId,
    availability::Ask,
    households::People,
    nights::later,
    sharing::SharesAs,
    stays::{Stay, StayStatus},
    units::Scheme,
};

use super::{
    DemoError,
    service::{Service, nights_from},
};
use crate::Command;

/// From so many days before the end on, somebody is looked for who will not leave.
const STAYS_ON: u32 = 3;
/// For how many nights from the last one the last void goes on.
const VOID_GOES_ON: u32 = 3;
/// How many bookings there are at least for the days to come.
const TO_COME: usize = 3;

impl Service {
    /// Chooses a household that should leave today, and will still be there at the end. Its room is already given to
    /// another one for the last night.
    pub(super) async fn choose_who_stays_on(&mut self, today: Night) -> Result<(), DemoError> {
        let days_left = self.days_left(today);
        if self.staying_on.is_some() || !(1..=STAYS_ON).contains(&days_left) {
            return Ok(());
        }
        let Some(stay) = self.who_could_stay_on(today, days_left == 1).await? else { return Ok(()) };
        self.staying_on = Some(stay.id);
        self.give_their_room(today).await
    }

    /// Sees to it that the room of who stays on is given to another household for the last night. Somebody may have it
    /// already for some nights, and be moved when they come.
    pub(super) async fn give_their_room(&mut self, today: Night) -> Result<(), DemoError> {
        let Some(unit) = self.room_that_is_blocked() else { return Ok(()) };
        let given = |stay: &Stay| stay.unit == unit && stay.nights.contains(self.last);
        if today < self.last && self.stays_that(StayStatus::Booked, given).is_empty() {
            self.book_ahead(today, self.last, Some(unit)).await?;
        }
        Ok(())
    }

    /// The room of who stays on.
    pub(super) fn room_that_is_blocked(&self) -> Option<UnitId> {
        self.staying_on.and_then(|id| self.stays.get(&id)).map(|stay| stay.unit)
    }

    /// Somebody who should leave a safe space today, into which nobody comes tonight. On the day before the last, a
    /// stay is shortened to end today where there is none.
    async fn who_could_stay_on(&mut self, today: Night, must: bool) -> Result<Option<Stay>, DemoError> {
        let there = self.stays_that(StayStatus::InResidence, |stay| {
            self.scheme_of(stay.unit) == Scheme::SafeSpace && stay.nights.arrival() < today
        });
        let leaves = |stay: &&Stay| stay.nights.departure() == today && !self.is_booked_tonight(stay, today);
        if let Some(stay) = there.iter().find(leaves) {
            return Ok(Some(stay.clone()));
        }
        let Some(stay) = there.into_iter().find(|stay| stay.nights.departure() > today).filter(|_| must)
        else {
            return Ok(None);
        };
        let shorten = Command::ShortenStay { stay: stay.id, departure: today };
        self.run_stay(shorten).await.map(Some)
    }

    /// Takes a free room out of service over the last night, unless one is.
    pub(super) async fn leave_a_void(&mut self, today: Night) -> Result<(), DemoError> {
        let there_is = self.voids.values().any(|void| void.nights.contains(self.last));
        if self.days_left(today) > 1 || there_is {
            return Ok(());
        }
        let nights = nights_from(today, self.days_left(today) + VOID_GOES_ON);
        let one = People { adults: 1, children: 0 };
        let free = self.offers(Ask::plain(nights, one, Scheme::SafeSpace), SharesAs::Women).await?;
        if let Some(unit) = self.rng.choice(free) {
            let to = nights.departure();
            self.void(unit.id, today, to, "repair", "Boiler out of order; part on order.").await?;
        }
        Ok(())
    }

    /// Makes sure that the days to come have bookings.
    pub(super) async fn plan_the_days_to_come(&mut self, today: Night) -> Result<(), DemoError> {
        for day in 1..=6 {
            let ahead = self.stays_that(StayStatus::Booked, |stay| stay.nights.arrival() > today);
            if ahead.len() < TO_COME {
                self.book_ahead(today, later(today, day), None).await?;
            }
        }
        Ok(())
    }

    /// On the last evening, one to three households are still expected: who can't come in because of the overstay,
    /// and perhaps others.
    pub(super) fn leave_some_due(&mut self, today: Night, expected: &mut Vec<Stay>) {
        if today < self.last {
            return;
        }
        let overstay = self.room_that_is_blocked();
        expected.sort_by_key(|stay| (Some(stay.unit) != overstay, stay.id));
        let due = self.rng.usize(1..=3).min(expected.len());
        expected.drain(..due);
    }
}
