//! Units: what one household occupies.

use std::{collections::BTreeSet, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    ids::{PropertyId, UnitId},
    nights::{Night, Nights, next},
    refusal::{Refusal, RefusalCode},
};

/// The most people that one unit sleeps.
pub const MOST_SLEEPS: u16 = 60;

/// What a home is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scheme {
    /// A furnished home for somebody in danger, at most seven nights.
    SafeSpace,
    /// A home for the months after.
    MoveOn,
}

impl Scheme {
    /// Both, in order.
    pub const ALL: [Self; 2] = [Self::SafeSpace, Self::MoveOn];

    /// The scheme's name in code and files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SafeSpace => "safe_space",
            Self::MoveOn => "move_on",
        }
    }
}

/// What a unit is for; none of a unit that is not known.
pub type SchemeOf<'s> = &'s dyn Fn(UnitId) -> Option<Scheme>;

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Scheme {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|scheme| scheme.as_str() == text)
            .ok_or_else(|| format!("{text:?} is not a scheme: use safe_space or move_on"))
    }
}

/// A run of nights in service, perhaps with no end yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InService {
    /// The first night in stock.
    pub opened_on: Night,
    /// The first night out of stock.
    pub closed_on: Option<Night>,
}

impl InService {
    /// Whether the unit is in stock on the night.
    pub fn contains(&self, night: Night) -> bool {
        self.opened_on <= night && self.closed_on.is_none_or(|closed| night < closed)
    }

    /// Whether every one of the nights is in it.
    pub fn covers(&self, nights: Nights) -> bool {
        self.opened_on <= nights.arrival() && self.closed_on.is_none_or(|closed| nights.departure() <= closed)
    }
}

/// A unit: a self-contained property, or a room in a shared one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unit {
    /// Its id.
    pub id: UnitId,
    /// The code that people see, such as `SS-07`.
    pub code: String,
    /// The property that it is in.
    pub property: PropertyId,
    /// How many people it sleeps.
    pub sleeps: u16,
    /// The codes of its features.
    pub features: BTreeSet<String>,
    /// When it was and is in stock: runs in order that do not touch.
    pub in_service: Vec<InService>,
}

impl Unit {
    /// Whether it is in stock on the night.
    pub fn is_in_stock(&self, night: Night) -> bool {
        self.in_service.iter().any(|run| run.contains(night))
    }

    /// Refused when it is out of service on one of the nights.
    pub fn must_serve(&self, nights: Nights) -> Result<(), Refusal> {
        if self.in_service.iter().any(|run| run.covers(nights)) {
            return Ok(());
        }
        let code = &self.code;
        let why = match nights.iter().find(|night| !self.is_in_stock(*night)) {
            Some(night) => format!(
                "{code} is out of service on the night of {night}: choose other nights or another unit."
            ),
            None => format!("{code} is out of service on some of these nights."),
        };
        Err(Refusal::new(RefusalCode::OutOfService, why).on("unit"))
    }

    /// Refused when it sleeps fewer people.
    pub fn must_sleep(&self, people: u16) -> Result<(), Refusal> {
        if people <= self.sleeps {
            return Ok(());
        }
        Err(Refusal::new(
            RefusalCode::TooSmall,
            format!(
                "{} sleeps {}, and the household has {people} people: choose a larger unit.",
                self.code, self.sleeps
            ),
        )
        .on("unit"))
    }

    /// The unit, in stock until `on` (the first night out of stock). When that is the night on which it was reopened,
    /// it is as if it never had been.
    pub fn close(mut self, on: Night) -> Result<Self, Refusal> {
        let code = self.code.clone();
        let wrong = |why: String| Refusal::new(RefusalCode::WrongState, why).on("on");
        let reopened = self.in_service.len() > 1;
        match self.in_service.last_mut() {
            Some(InService { closed_on: Some(closed), .. }) if *closed <= on => Err(wrong(format!(
                "{code} closes on {closed} already: to close it later, reopen it from that night first."
            ))),
            Some(run) if reopened && on == run.opened_on => {
                self.in_service.pop();
                Ok(self)
            }
            Some(run) if on <= run.opened_on => Err(wrong(format!(
                "{code} opened on {}: the closing date must be a later one.",
                run.opened_on
            ))),
            Some(run) => {
                run.closed_on = Some(on);
                Ok(self)
            }
            None => Err(wrong(format!("{code} was never open."))),
        }
    }

    /// The unit, in stock again from `on`. When that is the night on which it closed, it is as if it never had.
    pub fn reopen(mut self, on: Night) -> Result<Self, Refusal> {
        let wrong = |why: String| Err(Refusal::new(RefusalCode::WrongState, why).on("on"));
        match self.in_service.last_mut() {
            Some(InService { closed_on: None, .. }) => wrong(format!("{} is open already.", self.code)),
            Some(InService { closed_on: Some(closed), .. }) if on < *closed => {
                wrong(format!("{} closes on {closed}: reopen it from that night or later.", self.code))
            }
            Some(run) if run.closed_on == Some(on) => {
                run.closed_on = None;
                Ok(self)
            }
            _ => {
                self.in_service.push(InService { opened_on: on, closed_on: None });
                Ok(self)
            }
        }
    }

    /// The unit, first in stock from `on`, where that was recorded wrong.
    pub fn open_from(mut self, on: Night) -> Result<Self, Refusal> {
        let code = self.code.clone();
        match self.in_service.first_mut() {
            Some(InService { closed_on: Some(closed), .. }) if *closed <= on => Err(Refusal::new(
                RefusalCode::WrongState,
                format!("{code} closed on {closed}: it must have opened before."),
            )
            .on("openedOn")),
            Some(run) => {
                run.opened_on = on;
                Ok(self)
            }
            None => Ok(self),
        }
    }

    /// The last night in stock when the unit has one.
    pub fn closes_on(&self) -> Option<Night> {
        self.in_service.last().and_then(|run| run.closed_on)
    }

    /// Refuses a unit that could not be.
    pub fn check(&self) -> Result<(), Refusal> {
        if self.sleeps == 0 || self.sleeps > MOST_SLEEPS {
            return Err(Refusal::bad("sleeps", format!("A unit sleeps 1 to {MOST_SLEEPS} people.")));
        }
        for run in &self.in_service {
            if let Some(closed) = run.closed_on {
                Nights::new(run.opened_on, closed).map_err(|_| {
                    Refusal::bad(
                        "closedOn",
                        format!(
                            "The unit closes on {closed}, which must be after it opens, {}.",
                            run.opened_on
                        ),
                    )
                })?;
            } else {
                Nights::new(run.opened_on, next(run.opened_on)).map_err(|_| {
                    Refusal::bad(
                        "openedOn",
                        format!("{} is not a date on which a unit could open.", run.opened_on),
                    )
                })?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn d(text: &str) -> Night {
        text.parse().unwrap()
    }

    fn unit() -> Unit {
        Unit {
            id: UnitId(Uuid::nil()),
            code: "SS-01".into(),
            property: PropertyId(Uuid::nil()),
            sleeps: 3,
            features: BTreeSet::new(),
            in_service: vec![InService { opened_on: d("2020-03-01"), closed_on: None }],
        }
    }

    #[test]
    fn a_unit_closes_and_opens_again_and_keeps_its_history() {
        let closed = unit().close(d("2020-06-01")).unwrap();
        assert!(closed.is_in_stock(d("2020-05-31")) && !closed.is_in_stock(d("2020-06-01")));
        assert!(closed.clone().close(d("2020-07-01")).is_err());
        let again = closed.clone().reopen(d("2020-08-01")).unwrap();
        assert_eq!(again.in_service.len(), 2);
        assert!(!again.is_in_stock(d("2020-07-31")) && again.is_in_stock(d("2020-08-01")));
        assert_eq!(closed.clone().reopen(d("2020-06-01")).unwrap(), unit());
        assert_eq!(again.close(d("2020-08-01")).unwrap(), closed);
    }

    #[test]
    fn a_wrong_opening_is_put_right() {
        let earlier = unit().open_from(d("2020-02-01")).unwrap();
        assert!(earlier.is_in_stock(d("2020-02-01")) && !earlier.is_in_stock(d("2020-01-31")));
        let closed = unit().close(d("2020-06-01")).unwrap();
        assert!(closed.clone().open_from(d("2020-06-01")).is_err());
        assert!(!closed.open_from(d("2020-05-01")).unwrap().is_in_stock(d("2020-04-30")));
    }

    #[test]
    fn a_stay_lies_within_the_dates_in_service() {
        let closed = unit().close(d("2020-06-01")).unwrap();
        assert!(closed.must_serve(Nights::new(d("2020-05-25"), d("2020-06-01")).unwrap()).is_ok());
        let refusal = closed.must_serve(Nights::new(d("2020-05-26"), d("2020-06-02")).unwrap()).unwrap_err();
        assert_eq!(refusal.code, RefusalCode::OutOfService);
        assert!(refusal.message.contains("2020-06-01"));
    }
}
