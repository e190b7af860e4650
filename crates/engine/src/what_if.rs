//! How many homes do we need: what if? The service's own past, as the actor sees it, simulated with other homes or other
//! households.

use std::collections::BTreeSet;

use chrono::NaiveTime;
use safespace_domain::{
    HouseholdId, Night, Nights, Refusal,
    access::{Actor, Permission},
    availability::Spaces,
    clock::at_service_time,
    nights::{earlier, later},
    refusal::RefusalCode,
    simulation::{Home, NIGHTS_OF_A_YEAR, Rate, Run, World},
    units::Scheme,
    what_if::{Answer, History, MOST_LOOKS, MOST_UNITS, Records, WhatIf},
};

use crate::{Engine, EngineError, figures::counts_as};

/// The longest history, in days: ten years.
const LONGEST_HISTORY: u32 = 3_653;

/// So many fewer and more units than asked, and than are enough, are looked at.
const A_FEW: usize = 5;
/// Into so many steps the numbers of units are cut.
const NUMBERS: usize = 9;

/// Units that are added, all alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddUnits {
    /// How many.
    pub count: u32,
    /// How many people each sleeps.
    pub sleeps: u16,
    /// What they are for.
    pub scheme: Scheme,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WhatIfAsk {
    /// The days from whose records is drawn; the last 365 before today where none is given.
    pub days: Option<Nights>,
    /// Only the homes of this scheme, and those who come for them; all where none is given.
    pub scheme: Option<Scheme>,
    /// By how much more households come, per cent.
    pub arrivals_percent: i32,
    /// By how many nights every stay is longer.
    pub longer_by_nights: i32,
    /// The codes of units, and of properties with all their units, that are closed.
    pub close: Vec<String>,
    /// Units that are added.
    pub add: Vec<AddUnits>,
    /// How many years are simulated.
    pub years: u32,
    /// Decides every draw.
    pub seed: u64,
}

impl Default for WhatIfAsk {
    fn default() -> Self {
        let Run { years, seed, .. } = Run::default();
        Self {
            days: None,
            scheme: None,
            arrivals_percent: 0,
            longer_by_nights: 0,
            close: Vec::new(),
            add: Vec::new(),
            years,
            seed,
        }
    }
}

/// One side of the comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WhatIfSide {
    /// How many units there are.
    pub units: usize,
    /// What was found.
    pub answer: Answer,
}

/// How things are, and how they would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WhatIfView {
    /// The days from whose records was drawn.
    pub days: Nights,
    /// How many came for a home on them.
    pub arrivals: u32,
    /// How many stays are known whole.
    pub known: usize,
    /// With what was asked.
    pub then: WhatIfSide,
    /// As things are.
    pub now: WhatIfSide,
}

impl Engine {
    /// What would be, beside what is. Cases that are closed to the actor are not drawn from.
    pub async fn what_if(&self, actor: &Actor, ask: WhatIfAsk) -> Result<WhatIfView, EngineError> {
        let (view, ()) = self.worked_out(actor, ask, |_, _, _| ()).await?;
        Ok(view)
    }

    /// As [`Engine::what_if`], with what share of the households would be turned away with fewer and with more units than
    /// asked: of no more than a dozen numbers, in order.
    pub async fn what_if_by_units(
        &self,
        actor: &Actor,
        ask: WhatIfAsk,
    ) -> Result<(WhatIfView, Vec<(usize, Rate)>), EngineError> {
        let by_units = |then: &World, run: &Run, answer: &Answer| {
            let asked = then.homes().len();
            let mut numbers = around(asked, answer.units_enough);
            // That of as many as asked is known already.
            numbers.retain(|units| *units != asked);
            let mut found = then.by_units(run, &numbers);
            found.extend((asked > 0).then(|| (asked, answer.outcome.clone())));
            found.sort_by_key(|(units, _)| *units);
            found.into_iter().filter_map(|(units, outcome)| Some((units, outcome.turned_away()?))).collect()
        };
        self.worked_out(actor, ask, by_units).await
    }

    /// The two sides, and what else is worked out of how it would be.
    async fn worked_out<T: Send + 'static>(
        &self,
        actor: &Actor,
        ask: WhatIfAsk,
        also: impl FnOnce(&World, &Run, &Answer) -> T + Send + 'static,
    ) -> Result<(WhatIfView, T), EngineError> {
        self.must(actor, Permission::SeeReports)?;
        let today = self.today();
        let days = ask.days.unwrap_or_else(|| Nights::between(earlier(today, NIGHTS_OF_A_YEAR), today));
        if days.is_empty() || days.len() > LONGEST_HISTORY {
            return Err(Refusal::bad("to", format!("The history has 1 to {LONGEST_HISTORY} days.")).into());
        }
        if days.departure() > later(today, 1) {
            return Err(Refusal::bad("to", "The history ends today at the latest.").into());
        }
        let spaces = self.spaces();
        let homes = homes(&spaces, today, ask.scheme);
        let if_so = WhatIf {
            arrivals_percent: ask.arrivals_percent,
            longer_by_nights: ask.longer_by_nights,
            added: added(&spaces, &ask.add)?,
            closed: closed(&spaces, &homes, &ask.close)?,
        };
        let (history, known) = self.history(actor, &spaces, days, ask.scheme).await?;
        let run = Run { years: ask.years, seed: ask.seed, ..Run::default() };
        let (now, then) = (WhatIf::default().of(&homes, &history)?, if_so.of(&homes, &history)?);
        if now.looks(&run).max(then.looks(&run)) > MOST_LOOKS {
            let why = "With so many units and households, so many years would take too long: simulate fewer.";
            return Err(Refusal::bad("years", why).into());
        }
        let sides = self.workshop.work_out(move || {
            let side = |world: &World| -> Result<WhatIfSide, Refusal> {
                Ok(WhatIfSide { units: world.homes().len(), answer: world.answer(&run)? })
            };
            let is_other = now != then;
            let now = side(&now)?;
            let would_be = if is_other { side(&then)? } else { now.clone() };
            let more = also(&then, &run, &would_be.answer);
            Ok::<_, Refusal>((now, would_be, more))
        });
        let (now, then, more) = sides.await??;
        Ok((WhatIfView { days, arrivals: history.arrivals, known, then, now }, more))
    }

    async fn history(
        &self,
        actor: &Actor,
        spaces: &Spaces,
        days: Nights,
        only: Option<Scheme>,
    ) -> Result<(History, usize), EngineError> {
        let reader = self.store.reader();
        let closed: Vec<HouseholdId> = self.closed_to(actor).await?.households().iter().copied().collect();
        let [from, to] = [days.arrival(), days.departure()].map(|day| at_service_time(day, NaiveTime::MIN));
        let referrals = reader.referrals_received(from, to, &closed).await?;
        let referred = reader.referred_households().await?;
        let mut stays = self.stays_around(actor, days).await?;
        stays.retain(|stay| !closed.contains(&stay.household));
        let records = Records {
            days,
            referrals: &referrals,
            stays: &stays,
            referred: &referred,
            counts_as: &|code| counts_as(spaces, code),
            scheme: &|unit| spaces.unit_by_id(unit).map(|unit| spaces.policy_of(unit).scheme),
        };
        Ok(records.history(only))
    }
}

/// How many units it is told for how many are turned away: from a few fewer than are asked to a few more than are enough.
/// None where none is asked for: there is nothing to add the like of.
fn around(asked: usize, enough: Option<usize>) -> Vec<usize> {
    if asked == 0 {
        return Vec::new();
    }
    let (low, most) = (asked.saturating_sub(A_FEW).max(1), enough.unwrap_or(asked).max(asked));
    let high = (most + A_FEW).min(MOST_UNITS);
    let step = high.saturating_sub(low).div_ceil(NUMBERS).max(1);
    let numbers = (low..=high).step_by(step).chain(enough).chain([asked]);
    let numbers: BTreeSet<usize> = numbers.collect();
    numbers.into_iter().collect()
}

/// The units in stock on a night, all year.
fn homes(spaces: &Spaces, tonight: Night, only: Option<Scheme>) -> Vec<Home> {
    let in_stock = spaces.units().iter().filter(|unit| unit.is_in_stock(tonight));
    let homes = in_stock.map(|unit| {
        let policy = spaces.policy_of(unit);
        Home::all_year(unit.code.clone(), unit.sleeps, policy.scheme, policy.turnaround_nights)
    });
    homes.filter(|home| only.is_none_or(|only| only == home.scheme)).collect()
}

fn added(spaces: &Spaces, add: &[AddUnits]) -> Result<Vec<Home>, Refusal> {
    let units: u64 = add.iter().map(|add| u64::from(add.count)).sum();
    if units > MOST_UNITS as u64 {
        return Err(Refusal::bad("add", format!("At most {MOST_UNITS} units are simulated.")));
    }
    let of = |add: &AddUnits| {
        let turnaround = spaces.policy(add.scheme).turnaround_nights;
        // No unit's code has a space in it.
        let home = Home::all_year("added unit", add.sleeps, add.scheme, turnaround);
        std::iter::repeat_n(home, add.count as usize)
    };
    Ok(add.iter().flat_map(of).collect())
}

/// The codes of the units that are closed: of a property, all that it has.
fn closed(spaces: &Spaces, homes: &[Home], close: &[String]) -> Result<BTreeSet<String>, Refusal> {
    let mut closed = BTreeSet::new();
    for code in close.iter().map(|code| code.trim()) {
        let units: Vec<&str> = match (spaces.unit_by_code(code), spaces.property_by_code(code)) {
            (Some(unit), _) => vec![unit.code.as_str()],
            (None, Some(property)) => {
                let of_property = spaces.units().iter().filter(|unit| unit.property == property.id);
                of_property.map(|unit| unit.code.as_str()).collect()
            }
            (None, None) => {
                let why = "There is no unit or property with one of these codes to close.";
                return Err(Refusal::bad("close", why));
            }
        };
        let before = closed.len();
        closed.extend(
            homes.iter().filter(|home| units.contains(&home.code.as_str())).map(|home| home.code.clone()),
        );
        if closed.len() == before && units.iter().all(|unit| homes.iter().all(|home| home.code != *unit)) {
            let why =
                "One of these is not in stock today, or not of this scheme: nothing of it is there to close.";
            return Err(Refusal::new(RefusalCode::BadValue, why).on("close"));
        }
    }
    Ok(closed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dozen_numbers_of_units_at_most_are_looked_at_what_is_asked_and_what_is_enough_among_them() {
        for (asked, enough) in
            [(1, None), (6, Some(7)), (19, Some(21)), (19, Some(36)), (900, Some(1_000)), (1_000, None)]
        {
            let numbers = around(asked, enough);
            assert!(numbers.len() <= 12 && numbers.is_sorted(), "{numbers:?}");
            assert!(numbers.contains(&asked) && enough.is_none_or(|enough| numbers.contains(&enough)));
            assert!(numbers.iter().all(|units| (1..=MOST_UNITS).contains(units)), "{numbers:?}");
        }
        assert!(around(0, None).is_empty(), "there is nothing to add the like of");
    }
}
