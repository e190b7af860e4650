//! Departures: on the day, before it, after it, and longer stays.

use safespace_domain::{
    Night,
    nights::{earlier, later, next},
    stays::{Stay, StayStatus},
    units::Scheme,
};

use super::{DemoError, service::Service};
use crate::{Command, ExtendStay};

/// The strategy's longest stay in a safe space; the engine holds it, too.
const LONGEST: u32 = 7;
/// Longer move-on stays than this are not asked for.
const LONGEST_MOVE_ON: u32 = 26 * 7;
/// From so many days before the end on, nobody overstays by chance, and who does leaves.
const SETTLED: (u32, u32) = (10, 5);
/// Why managers have allowed more than seven nights. No names, no places.
const EXCEPTIONS: [&str; 5] = [
    "The move-on home is not ready before the end of the week; nowhere else is safe.",
    "A child is in hospital: moving the household now would do harm.",
    "The court hearing is in two days, and the risk is high until then.",
    "The receiving refuge has confirmed a place from the day after tomorrow.",
    "Injured, and not able to travel yet, as the doctor says.",
];

/// What becomes of a stay on the day it should end, or later.
enum Ending {
    Leaves,
    Extends(Night, Option<String>),
    StaysOn,
}

impl Service {
    /// The morning: who leaves, who asks to stay, who leaves early.
    pub(super) async fn see_off(&mut self, today: Night) -> Result<(), DemoError> {
        self.choose_who_stays_on(today).await?;
        for stay in self.stays_that(StayStatus::InResidence, |stay| stay.nights.departure() <= today) {
            match self.ending(&stay, today) {
                Ending::Leaves => self.check_out(&stay, None).await?,
                Ending::StaysOn => {}
                Ending::Extends(departure, exception) => {
                    let ask = ExtendStay { stay: stay.id, departure, exception };
                    if self.attempt(Command::ExtendStay(ask)).await?.is_none() {
                        self.check_out(&stay, None).await?;
                    }
                }
            }
        }
        for stay in self.stays_that(StayStatus::InResidence, |stay| stay.nights.departure() > today) {
            if stay.nights.arrival() < today {
                self.maybe_earlier(&stay, today).await?;
            }
        }
        Ok(())
    }

    fn ending(&mut self, stay: &Stay, today: Night) -> Ending {
        if self.staying_on == Some(stay.id) {
            return Ending::StaysOn;
        }
        let chance = self.rng.u32(0..1_000);
        let days_left = self.days_left(today);
        if stay.is_overstay(today) {
            return match chance {
                _ if days_left <= SETTLED.1 => Ending::Leaves,
                0..650 => Ending::Leaves,
                650..800 => Ending::Extends(later(today, self.rng.u32(1..=2)), self.reason()),
                _ => Ending::StaysOn,
            };
        }
        if self.scheme_of(stay.unit) == Scheme::MoveOn {
            return self.move_on_ending(stay, chance);
        }
        // Back-to-back stays count as one: who was moved here has had nights before.
        let moved = stay.moved_from.is_some();
        let left = if moved { 0 } else { LONGEST.saturating_sub(stay.nights.len()) };
        match chance {
            0..140 if left > 0 => Ending::Extends(later(today, self.rng.u32(1..=left)), None),
            140..160 if left == 0 => Ending::Extends(later(today, self.rng.u32(1..=4)), self.reason()),
            160..175 if days_left > SETTLED.0 && !self.is_booked_tonight(stay, today) => Ending::StaysOn,
            _ => Ending::Leaves,
        }
    }

    fn move_on_ending(&mut self, stay: &Stay, chance: u32) -> Ending {
        let longer = self.rng.u32(1..=4) * 7;
        let before = stay.nights.len();
        if chance < 250 && before + longer <= LONGEST_MOVE_ON {
            Ending::Extends(later(stay.nights.departure(), longer), None)
        } else {
            Ending::Leaves
        }
    }

    fn reason(&mut self) -> Option<String> {
        self.rng.choice(EXCEPTIONS).map(str::to_owned)
    }

    /// Whether somebody else is expected tonight in the room of this stay.
    pub(super) fn is_booked_tonight(&self, stay: &Stay, today: Night) -> bool {
        let expected = |other: &Stay| other.unit == stay.unit && other.nights.contains(today);
        self.stays.values().any(|other| other.id != stay.id && expected(other))
    }

    pub(super) async fn check_out(&mut self, stay: &Stay, on: Option<Night>) -> Result<(), DemoError> {
        self.run(Command::CheckOut { stay: stay.id, on, departure: None }).await?;
        Ok(())
    }

    /// What happens to somebody who has nights left: mostly nothing.
    async fn maybe_earlier(&mut self, stay: &Stay, today: Night) -> Result<(), DemoError> {
        let id = stay.id;
        let safe_space = self.scheme_of(stay.unit) == Scheme::SafeSpace;
        match self.rng.u32(0..1_000) {
            0..3 => self.check_out(stay, None).await?,
            3..16 if safe_space => self.check_out(stay, None).await?,
            // Gone since last evening, as this morning shows.
            16..19 if safe_space && stay.nights.arrival() < earlier(today, 1) => {
                self.check_out(stay, Some(earlier(today, 1))).await?;
            }
            19..25 if safe_space && stay.nights.departure() > next(today) => {
                self.run(Command::ShortenStay { stay: id, departure: next(today) }).await?;
            }
            // The wrong household on the list, put right at once.
            25..29 => {
                self.check_out(stay, None).await?;
                self.run(Command::ReinstateStay { stay: id }).await?;
            }
            _ => {}
        }
        Ok(())
    }
}
