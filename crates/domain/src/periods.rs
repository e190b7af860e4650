//! Periods: how a range of nights is cut, and what each piece is called.

use std::{fmt, str::FromStr};

use chrono::{Datelike, Months, Weekday};

use crate::nights::{FIRST_NIGHT, Night, Nights, earlier, later, next};

/// A Monday from which four weeks are counted, before and after: the first of the month in which the strategy's figures
/// begin. Any Monday four weeks from it cuts the same.
pub const FOUR_WEEKS_FROM: Night = match Night::from_ymd_opt(2020, 3, 2) {
    Some(monday) => monday,
    None => Night::MIN,
};
/// Nights of four weeks.
const FOUR_WEEKS: i64 = 28;
/// Nights of 52 weeks.
const NIGHTS_IN_52_WEEKS: u32 = 364;
/// The month in which a financial year begins.
const APRIL: u32 = 4;

/// How a range is cut into periods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PeriodKind {
    /// `2016-08-01`
    Night,
    /// `2016-W31`, the ISO week
    Week,
    /// `2016-07-25/P4W`, four weeks from a Monday, as an ISO 8601 interval; see [`FOUR_WEEKS_FROM`]
    FourWeeks,
    /// `2016-08`
    Month,
    /// `2016-Q3`
    Quarter,
    /// `2016`
    Year,
    /// `2016/17`, from 1 April to 31 March, as UK public bodies account
    FinancialYear,
    /// `whole`, all of the range
    Whole,
}

impl PeriodKind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Night,
        Self::Week,
        Self::FourWeeks,
        Self::Month,
        Self::Quarter,
        Self::Year,
        Self::FinancialYear,
        Self::Whole,
    ];

    /// The kind's name on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Night => "night",
            Self::Week => "week",
            Self::FourWeeks => "four-weeks",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
            Self::FinancialYear => "financial-year",
            Self::Whole => "whole",
        }
    }

    /// The label of the period that the night is in.
    pub fn label(self, night: Night) -> String {
        match self {
            Self::Night => night.to_string(),
            Self::Week => format!("{:04}-W{:02}", night.iso_week().year(), night.iso_week().week()),
            Self::FourWeeks => format!("{}/P4W", earlier(night, weeks_in(night))),
            Self::Month => format!("{:04}-{:02}", night.year(), night.month()),
            Self::Quarter => format!("{:04}-Q{}", night.year(), night.month0() / 3 + 1),
            Self::Year => format!("{:04}", night.year()),
            Self::FinancialYear => {
                let begins = night.year() - i32::from(night.month() < APRIL);
                format!("{begins:04}/{:02}", (begins + 1).rem_euclid(100))
            }
            Self::Whole => "whole".to_owned(),
        }
    }

    /// Whether the night is the first of its period.
    pub fn begins_on(self, night: Night) -> bool {
        match self {
            Self::Night => true,
            Self::Week => night.weekday() == Weekday::Mon,
            Self::FourWeeks => weeks_in(night) == 0,
            Self::Month => night.day0() == 0,
            Self::Quarter => night.day0() == 0 && night.month0().is_multiple_of(3),
            Self::Year => night.ordinal0() == 0,
            Self::FinancialYear => night.day0() == 0 && night.month() == APRIL,
            Self::Whole => false,
        }
    }
}

impl PeriodKind {
    /// All nights of the period that the night is in; of the range, where that is the period.
    pub fn nights(self, night: Night, range: Nights) -> Nights {
        if self == Self::Whole {
            return range;
        }
        let mut first = night;
        while !self.begins_on(first) && first > FIRST_NIGHT {
            first = earlier(first, 1);
        }
        let mut end = next(night);
        while !self.begins_on(end) {
            end = next(end);
        }
        Nights::between(first, end)
    }

    /// What kind of period a range is, the shortest first; a whole range where it is none.
    pub fn of(range: Nights) -> Self {
        let is = |kind: &Self| *kind != Self::Whole && kind.nights(range.arrival(), range) == range;
        Self::ALL.into_iter().find(is).unwrap_or(Self::Whole)
    }

    /// The period before this one: of the same kind, or for a whole range as many nights.
    pub fn before(self, period: Nights) -> Nights {
        let first = period.arrival();
        match self {
            Self::Whole => Nights::between(earlier(first, period.len()), first),
            kind => kind.nights(earlier(first, 1), period),
        }
    }

    /// The same period a year before: 52 weeks where it is made of weeks, so that the same days of the week are compared;
    /// else twelve months.
    pub fn a_year_before(self, period: Nights) -> Nights {
        let shift = |night: Night| match self {
            Self::Week | Self::FourWeeks => earlier(night, NIGHTS_IN_52_WEEKS),
            _ => night.checked_sub_months(Months::new(12)).unwrap_or(FIRST_NIGHT),
        };
        let first = shift(period.arrival());
        // The end of a single night is the next one also where 29 February has none a year before.
        let end = if self == Self::Night { next(first) } else { shift(period.departure()) };
        Nights::between(first, end)
    }
}

/// The part of another period that stands in it as `part` stands in `whole`: so that a period that is cut is compared with
/// as much of the other. Shorter where the other is shorter.
pub fn same_part(part: Nights, whole: Nights, other: Nights) -> Nights {
    let offset = Nights::between(whole.arrival(), part.arrival()).len();
    let first = later(other.arrival(), offset).min(other.departure());
    let end = if part.departure() == whole.departure() {
        other.departure()
    } else {
        later(first, part.len()).min(other.departure())
    };
    Nights::between(first, end)
}

/// How many nights of its four weeks have passed before the night.
fn weeks_in(night: Night) -> u32 {
    let since = night.signed_duration_since(FOUR_WEEKS_FROM).num_days();
    u32::try_from(since.rem_euclid(FOUR_WEEKS)).unwrap_or(0)
}

impl fmt::Display for PeriodKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for PeriodKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or_else(|| {
            let known: Vec<_> = Self::ALL.iter().map(|kind| kind.as_str()).collect();
            format!("{text:?} is not a period: use {}", known.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_labelled_as_people_write_them() {
        let night: Night = "2016-08-01".parse().unwrap();
        let labels: Vec<_> = PeriodKind::ALL.iter().map(|kind| kind.label(night)).collect();
        assert_eq!(
            labels,
            ["2016-08-01", "2016-W31", "2016-07-25/P4W", "2016-08", "2016-Q3", "2016", "2016/17", "whole"]
        );
        let label = |kind: PeriodKind, night: &str| kind.label(night.parse().unwrap());
        assert_eq!(label(PeriodKind::FinancialYear, "2020-03-31"), "2019/20");
        assert_eq!(label(PeriodKind::FinancialYear, "1999-04-01"), "1999/00");
        assert_eq!(label(PeriodKind::FourWeeks, "2020-03-29"), "2020-03-02/P4W");
        assert_eq!(label(PeriodKind::FourWeeks, "2020-03-01"), "2020-02-03/P4W");
        assert_eq!(PeriodKind::Week.label("2021-01-01".parse().unwrap()), "2020-W53");
    }

    fn nights(from: &str, to: &str) -> Nights {
        Nights::between(from.parse().unwrap(), to.parse().unwrap())
    }

    #[test]
    fn a_period_is_compared_with_the_one_before_and_with_the_same_a_year_before() {
        let range = nights("2020-02-10", "2020-03-10");
        for (kind, own, before, a_year_before) in [
            (
                PeriodKind::Night,
                ("2020-02-29", "2020-03-01"),
                ("2020-02-28", "2020-02-29"),
                ("2019-02-28", "2019-03-01"),
            ),
            (
                PeriodKind::Week,
                ("2020-02-24", "2020-03-02"),
                ("2020-02-17", "2020-02-24"),
                ("2019-02-25", "2019-03-04"),
            ),
            (
                PeriodKind::FourWeeks,
                ("2020-02-03", "2020-03-02"),
                ("2020-01-06", "2020-02-03"),
                ("2019-02-04", "2019-03-04"),
            ),
            (
                PeriodKind::Month,
                ("2020-02-01", "2020-03-01"),
                ("2020-01-01", "2020-02-01"),
                ("2019-02-01", "2019-03-01"),
            ),
            (
                PeriodKind::Quarter,
                ("2020-01-01", "2020-04-01"),
                ("2019-10-01", "2020-01-01"),
                ("2019-01-01", "2019-04-01"),
            ),
            (
                PeriodKind::Year,
                ("2020-01-01", "2021-01-01"),
                ("2019-01-01", "2020-01-01"),
                ("2019-01-01", "2020-01-01"),
            ),
            (
                PeriodKind::FinancialYear,
                ("2019-04-01", "2020-04-01"),
                ("2018-04-01", "2019-04-01"),
                ("2018-04-01", "2019-04-01"),
            ),
            (
                PeriodKind::Whole,
                ("2020-02-10", "2020-03-10"),
                ("2020-01-12", "2020-02-10"),
                ("2019-02-10", "2019-03-10"),
            ),
        ] {
            let period = kind.nights("2020-02-29".parse().unwrap(), range);
            assert_eq!(period, nights(own.0, own.1), "{kind}");
            assert_eq!(kind.before(period), nights(before.0, before.1), "{kind}");
            assert_eq!(kind.a_year_before(period), nights(a_year_before.0, a_year_before.1), "{kind}");
        }
    }

    #[test]
    fn of_a_period_that_is_cut_the_same_part_is_compared() {
        let (march, february) = (nights("2020-03-01", "2020-04-01"), nights("2020-02-01", "2020-03-01"));
        let part = |from: &str, to: &str| same_part(nights(from, to), march, february);
        assert_eq!(part("2020-03-01", "2020-04-01"), february);
        assert_eq!(part("2020-03-01", "2020-03-11"), nights("2020-02-01", "2020-02-11"));
        assert_eq!(part("2020-03-20", "2020-04-01"), nights("2020-02-20", "2020-03-01"));
        assert_eq!(part("2020-03-30", "2020-03-31"), nights("2020-03-01", "2020-03-01"), "it has no 30th");
    }

    #[test]
    fn a_period_begins_where_its_label_changes() {
        let from: Night = "2019-12-25".parse().unwrap();
        for (night, after) in from.iter_days().zip(from.iter_days().skip(1)).take(800) {
            for kind in PeriodKind::ALL {
                assert_eq!(kind.begins_on(after), kind.label(after) != kind.label(night), "{kind} {after}");
            }
        }
    }
}
