//! Moves: from a safe space to a move-on home, and between safe spaces when a room can't be used.

use safespace_domain::{
    Night,
    availability::{Ask, must_suit},
    households::People,
    nights::{later, next},
    sharing::SharesAs,
    stays::{Stay, StayStatus},
    units::{Scheme, Unit},
};

use super::{
    DemoError,
    service::{Service, nights_from},
};
use crate::{Command, MoveStay};

/// Of a thousand: an empty move-on home finds its household today.
const FOUND: u32 = 350;
/// Of a thousand days: a room can't be used, and its household moves.
const UNUSABLE: u32 = 6;
/// How long a move-on stay is meant to be, in weeks.
const WEEKS: std::ops::RangeInclusive<u32> = 4..=20;

impl Service {
    /// Households that go on today.
    pub(super) async fn move_on(&mut self, today: Night) -> Result<(), DemoError> {
        let one = People { adults: 1, children: 0 };
        for home in
            self.offers(Ask::plain(nights_from(today, 1), one, Scheme::MoveOn), SharesAs::Women).await?
        {
            if self.happens(FOUND) {
                self.move_into(&home, today).await?;
            }
        }
        if self.happens(UNUSABLE) { self.move_out_of_a_room(today).await } else { Ok(()) }
    }

    /// Who has been in a safe space longest, and fits best, goes on to the home.
    async fn move_into(&mut self, home: &Unit, today: Night) -> Result<(), DemoError> {
        let spaces = self.engine.spaces();
        let night = nights_from(today, 1);
        let fits = |stay: &Stay| must_suit(&spaces, &self.asks(stay, night, Scheme::MoveOn), home).is_ok();
        let settled = self.in_safe_spaces(today).into_iter().filter(fits);
        let Some(stay) = settled.max_by_key(|stay| (stay.nights.len(), stay.people.total(), stay.id)) else {
            return Ok(());
        };
        let departure = later(today, self.rng.u32(WEEKS) * 7);
        let ask = MoveStay { stay: stay.id, unit: home.id, departure: Some(departure), exception: None };
        self.attempt(Command::MoveStay(ask)).await?;
        Ok(())
    }

    /// A household goes to another room for the rest of its stay, and the old one is repaired.
    async fn move_out_of_a_room(&mut self, today: Night) -> Result<(), DemoError> {
        let there = self.in_safe_spaces(today);
        let Some(stay) = self.rng.choice(there) else { return Ok(()) };
        let rest = safespace_domain::Nights::between(today, stay.nights.departure());
        let Some(other) = self.offers_to(&stay, rest).await?.first().cloned() else {
            return Ok(());
        };
        let ask = MoveStay { stay: stay.id, unit: other.id, departure: None, exception: None };
        self.run(Command::MoveStay(ask)).await?;
        self.repair(stay.unit, today).await
    }

    /// Households that came before today, and have a night or more left.
    fn in_safe_spaces(&self, today: Night) -> Vec<Stay> {
        self.stays_that(StayStatus::InResidence, |stay| {
            stay.nights.arrival() < today
                && stay.nights.departure() >= next(today)
                && self.scheme_of(stay.unit) == Scheme::SafeSpace
        })
    }
}
