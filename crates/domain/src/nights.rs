//! Nights: civil dates, and half-open runs of them.

use std::fmt;

use chrono::{Datelike, Days, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::refusal::Refusal;

/// The civil date on which a night begins.
pub type Night = NaiveDate;

/// The first and the last date that the service deals with. A date outside is a slip of the hand.
pub const FIRST_YEAR: i32 = 1990;
/// See [`FIRST_YEAR`].
pub const LAST_YEAR: i32 = 2100;

/// The first night that there can be.
pub const FIRST_NIGHT: Night = first_of(FIRST_YEAR);
/// The first night after the last that there can be.
pub const END_OF_NIGHTS: Night = first_of(LAST_YEAR + 1);

const fn first_of(year: i32) -> Night {
    match NaiveDate::from_ymd_opt(year, 1, 1) {
        Some(date) => date,
        None => NaiveDate::MIN,
    }
}

/// The night after.
pub fn next(night: Night) -> Night {
    night.succ_opt().unwrap_or(NaiveDate::MAX)
}

/// The night `n` nights later.
pub fn later(night: Night, n: u32) -> Night {
    night.checked_add_days(Days::new(u64::from(n))).unwrap_or(NaiveDate::MAX)
}

/// The night `n` nights earlier.
pub fn earlier(night: Night, n: u32) -> Night {
    night.checked_sub_days(Days::new(u64::from(n))).unwrap_or(NaiveDate::MIN)
}

/// A half-open run of nights `[arrival, departure)`: a stay from the 3rd to the 10th has seven nights, the 3rd
/// to the 9th. It may be empty (somebody who left before the first night), never backwards.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Nights {
    arrival: Night,
    departure: Night,
}

impl Nights {
    /// The nights from `arrival` up to, not including, `departure`; at least one. Refused when the dates are the
    /// wrong way round or absurd.
    pub fn new(arrival: Night, departure: Night) -> Result<Self, Refusal> {
        let wrong = format!("The departure, {departure}, must be after the arrival, {arrival}.");
        Self::checked([("arrival", arrival), ("departure", departure)], wrong)
    }

    /// The nights from `from` up to, not including, `to`; at least one. As [`Nights::new`], in the words of a range.
    pub fn from_to(from: Night, to: Night) -> Result<Self, Refusal> {
        let wrong = format!("The nights must end after they begin: {to} is not after {from}.");
        Self::checked([("from", from), ("to", to)], wrong)
    }

    /// Refuses dates that are absurd or, saying what is `wrong`, the wrong way round.
    fn checked(dates: [(&str, Night); 2], wrong: String) -> Result<Self, Refusal> {
        for (field, date) in dates {
            if !(FIRST_YEAR..=LAST_YEAR).contains(&date.year()) {
                return Err(Refusal::bad(
                    field,
                    format!("{date} is outside the years {FIRST_YEAR} to {LAST_YEAR}: check the date."),
                ));
            }
        }
        let [(_, arrival), (end, departure)] = dates;
        if departure <= arrival {
            return Err(Refusal::bad(end, wrong));
        }
        Ok(Self { arrival, departure })
    }

    /// The nights from `first` up to, not including, `end`; none when `end` is not later.
    pub fn between(first: Night, end: Night) -> Self {
        Self { arrival: first, departure: end.max(first) }
    }

    /// The first night, which is the day of arrival.
    pub const fn arrival(self) -> Night {
        self.arrival
    }

    /// The day of departure: the first night that is not in the run.
    pub const fn departure(self) -> Night {
        self.departure
    }

    /// How many nights.
    pub fn len(self) -> u32 {
        u32::try_from((self.departure - self.arrival).num_days()).unwrap_or(0)
    }

    /// Whether there is no night in it.
    pub fn is_empty(self) -> bool {
        self.arrival == self.departure
    }

    /// Whether the night is in the run.
    pub fn contains(self, night: Night) -> bool {
        self.arrival <= night && night < self.departure
    }

    /// Whether some night is in both runs. Two stays with a changeover on the same day share none.
    pub fn overlaps(self, other: Self) -> bool {
        self.arrival < other.departure
            && other.arrival < self.departure
            && !self.is_empty()
            && !other.is_empty()
    }

    /// The nights that are in both.
    #[must_use]
    pub fn intersection(self, other: Self) -> Self {
        let arrival = self.arrival.max(other.arrival);
        Self::between(arrival, self.departure.min(other.departure))
    }

    /// Every night, in order.
    pub fn iter(self) -> impl DoubleEndedIterator<Item = Night> + ExactSizeIterator {
        (0..self.len()).map(move |n| later(self.arrival, n))
    }
}

impl fmt::Display for Nights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", self.arrival, self.departure)
    }
}

impl fmt::Debug for Nights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}, {})", self.arrival, self.departure)
    }
}

/// The runs of consecutive nights among `nights`, which are in order.
pub fn runs(nights: impl IntoIterator<Item = Night>) -> Vec<Nights> {
    let mut runs: Vec<Nights> = Vec::new();
    for night in nights {
        match runs.last_mut() {
            Some(run) if run.departure == night => run.departure = next(night),
            _ => runs.push(Nights::between(night, next(night))),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn d(text: &str) -> Night {
        text.parse().unwrap()
    }

    #[test]
    fn a_stay_from_the_3rd_to_the_10th_has_seven_nights_the_3rd_to_the_9th() {
        let nights = Nights::new(d("2020-11-03"), d("2020-11-10")).unwrap();
        assert_eq!(nights.len(), 7);
        assert_eq!(nights.iter().next_back(), Some(d("2020-11-09")));
    }

    #[test]
    fn nights_are_dates_so_clock_changes_and_leap_days_do_not_matter() {
        assert_eq!(Nights::new(d("2020-03-28"), d("2020-03-30")).unwrap().len(), 2);
        assert_eq!(Nights::new(d("2020-10-24"), d("2020-10-26")).unwrap().len(), 2);
        assert_eq!(Nights::new(d("2020-02-28"), d("2020-03-01")).unwrap().len(), 2);
    }

    #[test]
    fn backwards_empty_and_absurd_dates_are_refused_and_named() {
        let refusal = Nights::new(d("2020-11-10"), d("2020-11-03")).unwrap_err();
        assert_eq!(refusal.field.as_deref(), Some("departure"));
        assert!(Nights::new(d("2020-11-03"), d("2020-11-03")).is_err());
        assert_eq!(
            Nights::new(d("0202-11-03"), d("2020-11-05")).unwrap_err().field.as_deref(),
            Some("arrival")
        );
    }

    #[test]
    fn runs_join_consecutive_nights() {
        let runs = runs([d("2020-01-01"), d("2020-01-02"), d("2020-01-05")]);
        assert_eq!(runs.iter().map(|run| run.len()).collect::<Vec<_>>(), [2, 1]);
    }
}
