//! Money: pounds as exact decimals where people and programs see them, whole pence where they are kept.

use std::{
    fmt,
    iter::Sum,
    ops::{Add, Neg, Sub},
};

use rust_decimal::{Decimal, RoundingStrategy, prelude::ToPrimitive};
use serde::{Deserialize, Serialize};

use crate::refusal::Refusal;

/// The most money that anybody can give in one number: £100,000,000. More is a slip of the hand.
pub const MOST_MONEY: Pence = Pence(10_000_000_000);

/// An amount in whole pence. Sums stay at the end of what fits, which no sum of what can be given comes near.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pence(pub i64);

impl Pence {
    /// No money.
    pub const ZERO: Self = Self(0);

    /// Pounds in pence. Refused where it is a fraction of a penny, less than nothing or above [`MOST_MONEY`].
    pub fn from_pounds(pounds: Decimal, field: &str) -> Result<Self, Refusal> {
        let hundredfold = pounds.checked_mul(Decimal::ONE_HUNDRED);
        if hundredfold.is_some_and(|pence| !pence.fract().is_zero()) {
            return Err(Refusal::bad(
                field,
                format!("{pounds} is a fraction of a penny: give pounds and pence, such as 1.25."),
            ));
        }
        let pence = hundredfold.and_then(|pence| pence.to_i64()).map(Self);
        pence.filter(|pence| (Self::ZERO..=MOST_MONEY).contains(pence)).ok_or_else(|| {
            Refusal::bad(field, format!("An amount is £0 to {MOST_MONEY}, not {pounds}: check it."))
        })
    }

    /// The same in pounds, with two decimals.
    pub fn pounds(self) -> Decimal {
        Decimal::new(self.0, 2)
    }

    /// Whether it is nothing.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// So many times as much.
    #[must_use]
    pub const fn times(self, n: u32) -> Self {
        Self(self.0.saturating_mul(n as i64))
    }

    /// What `part` of `whole` things of this value together carries, rounded down; all of it where they are all. None of
    /// it where there are no things.
    ///
    /// Who takes a share at a time, and each time from what the last one left, takes no penny more or less in all.
    #[must_use]
    pub fn share(self, part: u32, whole: u32) -> Self {
        if part >= whole {
            return if whole == 0 { Self::ZERO } else { self };
        }
        let share = (i128::from(self.0) * i128::from(part)).div_euclid(i128::from(whole));
        // A part of the whole is no more than the whole, which fits.
        Self(i64::try_from(share).unwrap_or(self.0))
    }

    /// Pounds for each of `n`, half-up to the penny. None where there is nothing to divide by.
    pub fn per(self, n: u64) -> Option<Decimal> {
        let each = self.pounds().checked_div(Decimal::from(n))?;
        let mut rounded = each.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
        rounded.rescale(2);
        Some(rounded)
    }
}

impl Add for Pence {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Pence {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Neg for Pence {
    type Output = Self;

    fn neg(self) -> Self {
        Self(self.0.saturating_neg())
    }
}

impl Sum for Pence {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Display for Pence {
    /// As people write it: `£395,520.00`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (pounds, pence) = (self.0.unsigned_abs() / 100, self.0.unsigned_abs() % 100);
        let digits = pounds.to_string();
        let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        write!(f, "{}£{grouped}.{pence:02}", if self.0 < 0 { "-" } else { "" })
    }
}

impl fmt::Debug for Pence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pence({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pounds(text: &str) -> Result<Pence, Refusal> {
        Pence::from_pounds(text.parse().unwrap(), "cost")
    }

    #[test]
    fn pounds_are_whole_pence_and_nothing_else() {
        assert_eq!(pounds("395520").unwrap(), Pence(39_552_000));
        assert_eq!(pounds("1.250").unwrap().pounds().to_string(), "1.25");
        assert!(pounds("0.001").unwrap_err().message.contains("fraction of a penny"));
        for bad in ["-0.01", "100000000.01", "79228162514264337593543950335"] {
            assert_eq!(pounds(bad).unwrap_err().field.as_deref(), Some("cost"), "{bad}");
        }
    }

    #[test]
    fn amounts_are_told_as_people_write_them() {
        let told: Vec<_> =
            [39_552_000, 5, -123_456, 0, 100_000_000].map(|pence| Pence(pence).to_string()).into();
        assert_eq!(told, ["£395,520.00", "£0.05", "-£1,234.56", "£0.00", "£1,000,000.00"]);
    }

    #[test]
    fn shares_taken_one_after_another_are_all_of_it() {
        let mut left = Pence(100);
        let taken: Vec<_> = (1..=3_u32)
            .rev()
            .map(|n| {
                let share = left.share(1, n);
                left = left - share;
                share.0
            })
            .collect();
        assert_eq!((taken, left), (vec![33, 33, 34], Pence::ZERO));
        assert_eq!(Pence(100).share(0, 0), Pence::ZERO);
        assert_eq!(Pence(i64::MAX).share(u32::MAX - 1, u32::MAX).0, 9_223_372_034_707_292_158);
    }

    #[test]
    fn a_rate_is_half_up_and_none_of_nothing() {
        assert_eq!(Pence(1).per(2).unwrap().to_string(), "0.01");
        assert_eq!(Pence(1_000).per(3).unwrap().to_string(), "3.33");
        assert_eq!(Pence(1_000).per(0), None);
    }
}
