//! Grants: money that somebody gave for a purpose and a time, what is left of it, and until when it lasts.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{
    codes,
    ids::GrantId,
    money::{MOST_MONEY, Pence},
    nights::{Night, Nights, earlier, later},
    refusal::Refusal,
};

/// Over so many days the pace of spending is measured, today included.
pub const PACE_DAYS: u32 = 90;

/// What each figure means, to be printed beside it.
pub const DEFINITIONS: [(&str, &str); 4] = [
    ("spent", "What was bought with the grant's money so far, by the day on which it was received."),
    ("left", "The amount less what is spent. Below zero where more was spent than was given."),
    (
        "pace",
        "What was spent in the last 90 days, today included, or since the grant began where that is later, for each of \
         those days; half up to the penny.",
    ),
    (
        "runs out",
        "The day on which what is left is used up at this pace. Empty where nothing was spent in that time, before the \
         grant has begun and after it has ended.",
    ),
];

/// A grant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Its id.
    pub id: GrantId,
    /// The code that people see.
    pub code: String,
    /// Who gives it, or what it is called.
    pub name: String,
    /// How much it is.
    pub amount: Pence,
    /// The days on which it may be spent, half-open.
    pub period: Nights,
    /// What for.
    pub purpose: String,
}

impl Grant {
    /// The same, tidied. Refused with what can't be.
    pub fn checked(self) -> Result<Self, Refusal> {
        if !(Pence(1)..=MOST_MONEY).contains(&self.amount) {
            return Err(Refusal::bad(
                "amount",
                format!("A grant is more than £0 and at most {MOST_MONEY}, not {}: check it.", self.amount),
            ));
        }
        Ok(Self {
            code: codes::code(&self.code, "code")?,
            name: codes::name(&self.name, "name")?,
            purpose: codes::note(&self.purpose, "purpose")?,
            ..self
        })
    }

    /// Refused where the day is outside its period: what is bought then is not paid by it.
    pub fn must_run(&self, on: Night, field: &str) -> Result<(), Refusal> {
        if self.period.contains(on) {
            return Ok(());
        }
        Err(Refusal::bad(
            field,
            format!(
                "{} pays for what is bought from {} up to {}, not on {on}: choose another, or none.",
                self.code,
                self.period.arrival(),
                earlier(self.period.departure(), 1)
            ),
        ))
    }
}

/// Money of a grant that was spent on a day. Less than nothing where it was put right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spending {
    /// When.
    pub on: Night,
    /// How much.
    pub value: Pence,
}

/// How a grant stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// What was spent so far.
    pub spent: Pence,
    /// What is left. Below zero where it is overspent.
    pub left: Pence,
    /// Over how many days the pace is measured. None before it has begun and after it has ended.
    pub over_days: Option<u32>,
    /// What was spent in those days.
    pub spent_then: Pence,
    /// That, for each day.
    pub pace: Option<Decimal>,
    /// When it runs out at this pace.
    pub runs_out: Option<Night>,
    /// What will be left of it when its period ends, at this pace; nothing where it runs out before.
    pub left_at_end: Option<Pence>,
}

/// How a grant stands today. `spendings` are all that were made of it, in any order; those after today do not count.
pub fn standing(grant: &Grant, spendings: &[Spending], today: Night) -> Standing {
    let since = |first: Night| -> Pence {
        let counted = spendings.iter().filter(|spending| first <= spending.on && spending.on <= today);
        counted.map(|spending| spending.value).sum()
    };
    let spent = since(Night::MIN);
    let left = grant.amount - spent;
    let mut standing = Standing {
        spent,
        left,
        over_days: None,
        spent_then: Pence::ZERO,
        pace: None,
        runs_out: None,
        left_at_end: None,
    };
    if !grant.period.contains(today) {
        return standing;
    }
    let first = earlier(today, PACE_DAYS - 1).max(grant.period.arrival());
    let days = Nights::between(first, later(today, 1)).len();
    let spent_then = since(first);
    standing.over_days = Some(days);
    standing.spent_then = spent_then;
    standing.pace = spent_then.per(u64::from(days));
    let to_come = Nights::between(later(today, 1), grant.period.departure()).len();
    let (has, took) = (i128::from(left.0), i128::from(spent_then.0));
    if has <= 0 {
        standing.runs_out = Some(today);
        standing.left_at_end = Some(Pence::ZERO);
    } else if took > 0 {
        // Whole days of this pace that what is left lasts; the day after them it does not last to its end.
        let lasts = has * i128::from(days) / took;
        standing.runs_out =
            u32::try_from(lasts).ok().map(|lasts| later(today, lasts.saturating_add(1))).filter(|day| {
                // A day beyond the calendar is none.
                *day < crate::nights::END_OF_NIGHTS
            });
        let used = took * i128::from(to_come) / i128::from(days.max(1));
        standing.left_at_end = i64::try_from((has - used).max(0)).ok().map(Pence);
    } else {
        standing.left_at_end = Some(left);
    }
    standing
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn d(text: &str) -> Night {
        text.parse().unwrap()
    }

    fn grant(amount: i64) -> Grant {
        Grant {
            id: GrantId(Uuid::nil()),
            code: "EXT-2020".into(),
            name: "External funding".into(),
            amount: Pence(amount),
            period: Nights::new(d("2020-04-01"), d("2021-04-01")).unwrap(),
            purpose: "Safe spaces".into(),
        }
    }

    fn spent(on: &str, pence: i64) -> Spending {
        Spending { on: d(on), value: Pence(pence) }
    }

    #[test]
    fn a_grant_of_nothing_is_refused_and_pays_only_in_its_time() {
        assert!(grant(39_552_000).checked().is_ok());
        assert_eq!(grant(0).checked().unwrap_err().field.as_deref(), Some("amount"));
        assert!(grant(MOST_MONEY.0 + 1).checked().is_err());
        assert!(grant(1).must_run(d("2021-03-31"), "grant").is_ok());
        assert!(grant(1).must_run(d("2021-04-01"), "grant").unwrap_err().message.contains("2021-03-31"));
    }

    #[test]
    fn it_runs_out_at_the_pace_of_the_last_ninety_days() {
        // £90 in ninety days, of which nothing before counts for the pace: £1 a day, and £10 are left.
        let spendings = [spent("2020-04-02", 90_000), spent("2020-10-01", 4_000), spent("2020-11-03", 5_000)];
        let told = standing(&grant(100_000), &spendings, d("2020-11-03"));
        assert_eq!((told.spent, told.left, told.over_days), (Pence(99_000), Pence(1_000), Some(90)));
        assert_eq!(told.pace.unwrap().to_string(), "1.00");
        assert_eq!(told.runs_out, Some(d("2020-11-14")), "ten days from tomorrow on, then none is left");
        assert_eq!(told.left_at_end, Some(Pence::ZERO));
    }

    #[test]
    fn a_young_grant_is_measured_since_it_began() {
        let told = standing(&grant(100_000), &[spent("2020-04-10", 1_000)], d("2020-04-10"));
        assert_eq!(told.over_days, Some(10));
        assert_eq!(told.pace.unwrap().to_string(), "1.00");
        assert_eq!(told.left_at_end, Some(Pence(99_000 - 35_500)), "355 days are to come");
    }

    #[test]
    fn what_is_not_spent_does_not_run_out_and_what_is_overspent_has() {
        let today = d("2020-11-03");
        let idle = standing(&grant(100), &[], today);
        assert_eq!((idle.runs_out, idle.left_at_end), (None, Some(Pence(100))));
        let over = standing(&grant(100), &[spent("2020-05-01", 130)], today);
        assert_eq!((over.left, over.runs_out), (Pence(-30), Some(today)));
        let ended = standing(&grant(100), &[spent("2020-05-01", 30)], d("2021-04-01"));
        assert_eq!((ended.left, ended.pace, ended.runs_out), (Pence(70), None, None));
        let later = standing(&grant(100), &[spent("2020-12-01", 30)], today);
        assert_eq!(later.spent, Pence::ZERO, "what is to come is not spent");
        let slow = standing(&grant(10_000_000_000), &[spent("2020-11-01", 1)], today);
        assert_eq!(slow.runs_out, None, "beyond the calendar");
    }
}
