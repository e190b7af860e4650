//! Departures: on the day, before it, after it, and longer stays.

use std::cmp::Reverse;

use safespace_domain::{
    Night,
    nights::{earlier, later, next},
    stays::{Stay, StayStatus},
    units::Scheme,
};

use super::{DemoError, households::weighted, service::Service};
use crate::{Command, DepartureAsk, ExtendStay};

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

/// Where households go from a safe space, and how often. What the strategy hopes for is what mostly happens.
const FROM_SAFE_SPACES: [(&str, u32); 10] = [
    ("refuge", 22),
    ("temporary_accommodation", 24),
    ("family_or_friends", 18),
    ("own_tenancy", 9),
    ("returned_with_safety_plan", 12),
    ("returned_to_perpetrator", 5),
    ("hospital_or_custody", 2),
    ("no_fixed_abode", 1),
    ("other", 3),
    ("unknown", 4),
];
/// Where they go from a move-on home: mostly to what the strategy calls a "forever home".
const FROM_MOVE_ON: [(&str, u32); 4] =
    [("own_tenancy", 82), ("family_or_friends", 8), ("temporary_accommodation", 6), ("other", 4)];
/// Where they went who were gone one morning.
const GONE: [(&str, u32); 4] =
    [("unknown", 45), ("returned_to_perpetrator", 30), ("family_or_friends", 15), ("no_fixed_abode", 10)];
/// Of a thousand: departures on the day that had been planned, and before it; and where support goes on.
const PLANNED: (u32, u32) = (900, 450);
const SUPPORTED: u32 = 250;
/// Support goes on for so many days.
const SUPPORT: std::ops::RangeInclusive<u32> = 14..=90;

/// How a household leaves.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Leaving {
    OnTheDay,
    Early,
    /// It was gone in the morning.
    Gone,
}

/// What becomes of a stay on the day it should end, or later.
enum Ending {
    Leaves,
    Extends(Night, Option<String>),
    StaysOn,
}

impl Service {
    /// The morning: who leaves, who asks to stay, who leaves early.
    pub(super) async fn see_off(&mut self, today: Night) -> Result<(), DemoError> {
        self.end_support(today).await?;
        self.choose_who_stays_on(today).await?;
        for stay in self.stays_that(StayStatus::InResidence, |stay| stay.nights.departure() <= today) {
            match self.ending(&stay, today) {
                Ending::Leaves => self.check_out(&stay, today, Leaving::OnTheDay).await?,
                Ending::StaysOn => {}
                Ending::Extends(departure, exception) => {
                    let ask = ExtendStay { stay: stay.id, departure, exception };
                    if self.attempt(Command::ExtendStay(ask)).await?.is_none() {
                        self.check_out(&stay, today, Leaving::OnTheDay).await?;
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

    async fn check_out(&mut self, stay: &Stay, today: Night, leaving: Leaving) -> Result<(), DemoError> {
        let safe_space = self.scheme_of(stay.unit) == Scheme::SafeSpace;
        let places: &[_] = match leaving {
            Leaving::Gone => &GONE,
            _ if safe_space => &FROM_SAFE_SPACES,
            _ => &FROM_MOVE_ON,
        };
        let (on_the_day, early) = PLANNED;
        let planned = match leaving {
            Leaving::OnTheDay => self.happens(on_the_day),
            Leaving::Early => self.happens(early),
            Leaving::Gone => false,
        };
        let support_goes_on = leaving != Leaving::Gone && self.happens(SUPPORTED);
        let destination = weighted(&mut self.rng, places.iter().copied()).unwrap_or("unknown").to_owned();
        // Of who just went nobody can say.
        let said = (leaving != Leaving::Gone).then_some(support_goes_on);
        let departure = Some(DepartureAsk { destination, planned, support_goes_on: said });
        let on = (leaving == Leaving::Gone).then(|| earlier(today, 1));
        self.run(Command::CheckOut { stay: stay.id, on, departure }).await?;
        if support_goes_on {
            let until = later(today, self.rng.u32(SUPPORT));
            self.supported.push((Reverse(until), Reverse(stay.id)));
        }
        Ok(())
    }

    /// Support ends that has gone on long enough.
    async fn end_support(&mut self, today: Night) -> Result<(), DemoError> {
        while let Some((Reverse(until), Reverse(stay))) = self.supported.peek().copied() {
            if until > today {
                break;
            }
            self.supported.pop();
            self.run(Command::EndSupport { stay }).await?;
        }
        Ok(())
    }

    /// What happens to somebody who has nights left: mostly nothing.
    async fn maybe_earlier(&mut self, stay: &Stay, today: Night) -> Result<(), DemoError> {
        let id = stay.id;
        let safe_space = self.scheme_of(stay.unit) == Scheme::SafeSpace;
        match self.rng.u32(0..1_000) {
            0..3 => self.check_out(stay, today, Leaving::Early).await?,
            3..16 if safe_space => self.check_out(stay, today, Leaving::Early).await?,
            // Gone since last evening, as this morning shows.
            16..19 if safe_space && stay.nights.arrival() < earlier(today, 1) => {
                self.check_out(stay, today, Leaving::Gone).await?;
            }
            19..25 if safe_space && stay.nights.departure() > next(today) => {
                self.run(Command::ShortenStay { stay: id, departure: next(today) }).await?;
            }
            // The wrong household on the list, put right at once.
            25..29 => {
                self.run(Command::CheckOut { stay: id, on: None, departure: None }).await?;
                self.run(Command::ReinstateStay { stay: id }).await?;
            }
            _ => {}
        }
        Ok(())
    }
}
