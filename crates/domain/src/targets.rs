//! Targets: what a figure is to come to in a financial year, who answers for it, and how it stands each quarter.
//!
//! The strategy has indicators agreed each year, SMART targets, and performance measured four times a year.

use chrono::Datelike;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{
    codes,
    figures::{Line, MeasuredIn, measure},
    nights::{Night, Nights, next},
    periods::PeriodKind,
    refusal::Refusal,
    statutory_return::FinancialYear,
};

/// The longest title or owner, in characters.
const LONGEST_LINE: usize = 120;
/// The greatest value of a target.
const GREATEST: u32 = 100_000_000;

/// Which way is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// The figure is to be at least the target.
    AtLeast,
    /// The figure is to be at most the target.
    AtMost,
}

impl Direction {
    /// Both.
    pub const ALL: [Self; 2] = [Self::AtLeast, Self::AtMost];

    /// The direction's name in code and files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AtLeast => "at_least",
            Self::AtMost => "at_most",
        }
    }

    /// The direction with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|direction| direction.as_str() == name)
    }
}

/// A target of a financial year.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The first day of its year: a 1 April.
    pub year: Night,
    /// Its code, one of each in a year.
    pub code: String,
    /// What people read.
    pub title: String,
    /// The code of the figure.
    pub measure: String,
    /// Of which group of it: by what, and which. The whole where none is named.
    pub group: Option<(String, String)>,
    /// Who answers for it: a role, never somebody's name.
    pub owner: String,
    /// What the figure is to come to, in what it is measured in.
    pub value: Decimal,
    /// How far it may be off before it is missed.
    pub tolerance: Decimal,
    /// Which way is better.
    pub direction: Direction,
}

impl Target {
    /// The target, checked and tidied.
    pub fn checked(self) -> Result<Self, Refusal> {
        if (self.year.month(), self.year.day()) != (4, 1) {
            return Err(Refusal::bad("year", "A financial year begins on 1 April."));
        }
        let Some((_, figure)) = measure(&self.measure) else {
            return Err(Refusal::bad(
                "measure",
                "There is no figure with this code: `figures` has their codes.",
            ));
        };
        let line = |text: &str, field: &str| {
            let text = text.trim();
            let good = !text.is_empty()
                && text.chars().count() <= LONGEST_LINE
                && !text.chars().any(char::is_control);
            if good {
                return Ok(text.to_owned());
            }
            Err(Refusal::bad(field, format!("Write one line of at most {LONGEST_LINE} characters.")))
        };
        let number = |number: Decimal, field: &str| {
            let good = number >= Decimal::ZERO
                && number <= Decimal::from(GREATEST)
                && number.normalize().scale() <= 2;
            if good {
                return Ok(number);
            }
            Err(Refusal::bad(field, format!("A number from 0 to {GREATEST}, with at most two decimals.")))
        };
        if figure.measured_in == MeasuredIn::PerCent && self.value > Decimal::ONE_HUNDRED {
            return Err(Refusal::bad("value", "A share is at most 100 per cent."));
        }
        Ok(Self {
            code: codes::code(&self.code, "code")?,
            title: line(&self.title, "title")?,
            owner: line(&self.owner, "owner")?,
            value: number(self.value, "value")?,
            tolerance: number(self.tolerance, "tolerance")?,
            ..self
        })
    }

    /// The days of its year.
    pub fn days(&self) -> Nights {
        days_of(self.year)
    }

    /// How a figure stands to it.
    pub fn standing(&self, value: Decimal) -> Standing {
        let (good, fair) = match self.direction {
            Direction::AtLeast => (value >= self.value, value >= self.value - self.tolerance),
            Direction::AtMost => (value <= self.value, value <= self.value + self.tolerance),
        };
        match (good, fair) {
            (true, _) => Standing::OnTrack,
            (false, true) => Standing::AtRisk,
            (false, false) => Standing::Missed,
        }
    }

    fn trend(&self, before: Decimal, now: Decimal) -> Trend {
        let better = match self.direction {
            Direction::AtLeast => now.cmp(&before),
            Direction::AtMost => before.cmp(&now),
        };
        match better {
            std::cmp::Ordering::Greater => Trend::Better,
            std::cmp::Ordering::Equal => Trend::Same,
            std::cmp::Ordering::Less => Trend::Worse,
        }
    }
}

/// The days of the financial year that begins on this 1 April.
pub fn days_of(year: Night) -> Nights {
    FinancialYear::of(year).nights()
}

/// The first day of a financial year as it is written, `2020/21`; none where it is none.
pub fn year_called(label: &str) -> Option<Night> {
    label.parse().ok().map(|year: FinancialYear| year.nights().arrival())
}

/// How a figure stands to its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It is reached.
    OnTrack,
    /// It is not, but by no more than the tolerance.
    AtRisk,
    /// It is missed by more.
    Missed,
}

impl Standing {
    /// The standing in words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::OnTrack => "on track",
            Self::AtRisk => "at risk",
            Self::Missed => "missed",
        }
    }
}

/// How a figure went since the quarter before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trend {
    /// Towards the target, or further beyond it.
    Better,
    /// Neither way.
    Same,
    /// Away from it.
    Worse,
}

impl Trend {
    /// The trend in words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::Same => "the same",
            Self::Worse => "worse",
        }
    }
}

/// How a target stands in a quarter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarter {
    /// The quarter, `2020-Q4`.
    pub label: String,
    /// Its days, as far as they have been.
    pub days: Nights,
    /// Whether all of it has been.
    pub over: bool,
    /// The figure. None where there is nothing to tell it of, and of a quarter to come.
    pub value: Option<Decimal>,
    /// How it stands. None where there is no figure.
    pub standing: Option<Standing>,
    /// How it went since the quarter before, that of the year before too. None where one of them has no figure.
    pub trend: Option<Trend>,
}

/// How a target stands in the quarters of its year. `lines` are figures by quarter, of the year as far as it has been.
pub fn quarters(target: &Target, lines: &[Line], today: Night) -> Vec<Quarter> {
    let own: Vec<&Line> = lines.iter().filter(|line| is_of(target, line)).collect();
    let year = target.days();
    let mut quarters: Vec<Quarter> = Vec::new();
    let mut first = year.arrival();
    while first < year.departure() {
        let whole = PeriodKind::Quarter.nights(first, year);
        let label = PeriodKind::Quarter.label(first);
        let line = own.iter().find(|line| line.period == label);
        let value = line.and_then(|line| line.figure.value);
        // A quarter that is not over is told beside as much of the one before: the trend is between the same parts.
        let before = line.and_then(|line| line.before);
        let until = next(today).clamp(whole.arrival(), whole.departure());
        quarters.push(Quarter {
            label,
            days: Nights::between(whole.arrival(), until),
            over: until == whole.departure(),
            value,
            standing: value.map(|value| target.standing(value)),
            trend: before.zip(value).map(|(before, value)| target.trend(before, value)),
        });
        first = whole.departure();
    }
    quarters
}

fn is_of(target: &Target, line: &Line) -> bool {
    let group = line.figure.group.as_ref().map(|group| (group.by.as_str(), group.name.as_str()));
    let asked = target.group.as_ref().map(|(by, name)| (by.as_str(), name.as_str()));
    line.figure.measure.code == target.measure && group == asked
}
