//! How many homes do we need: what if?

use async_graphql::{Context, InputObject, Object, Result, SimpleObject};
use rust_decimal::Decimal;
use safespace_domain::{
    Nights, Refusal,
    simulation::{self, NIGHTS_OF_A_YEAR},
    what_if::DEFINITIONS,
};
use safespace_engine::{AddUnits, WhatIfAsk, WhatIfSide, WhatIfView};

use crate::{
    actor,
    answers::query_error,
    codes::Scheme,
    engine,
    occupancy::Definition,
    scalars::{Date, count, natural},
};

/// The most entries of a list in the input.
const MOST_ENTRIES: usize = 100;

/// Units that are added, all alike.
#[derive(InputObject)]
pub struct AddUnitsInput {
    /// How many.
    count: i32,
    /// How many people each sleeps.
    sleeps: i32,
    /// What they are for.
    #[graphql(default_with = "Scheme::SafeSpace")]
    scheme: Scheme,
}

/// What would be other than now. Whatever is left out stays as it is.
#[derive(InputObject)]
pub struct WhatIfInput {
    /// By how much more households come, per cent: 90 for 90% more, -50 for half as many.
    #[graphql(default)]
    arrivals_percent: i32,
    /// By how many nights every stay is longer; below zero, shorter.
    #[graphql(default)]
    longer_by_nights: i32,
    /// The codes of units that are closed, and of properties with all their units.
    #[graphql(default)]
    close: Vec<String>,
    /// Units that are added.
    #[graphql(default)]
    add: Vec<AddUnitsInput>,
    /// Only the homes of this scheme, and those who come for them. All by default.
    scheme: Option<Scheme>,
    /// The first day of the history that is drawn from. By default 365 days before it ends.
    from: Option<Date>,
    /// The first day after the history. Today by default.
    to: Option<Date>,
    /// How many years are simulated: 1 to 10,000.
    #[graphql(default = 1_000)]
    years: i32,
    /// Decides every draw: the same seed gives the same answer. From 0 on.
    #[graphql(default = 1)]
    seed: i32,
}

/// A simulated rate, and how far chance may have moved it.
#[derive(SimpleObject)]
pub struct SimulatedRate {
    /// Per cent, two decimals, half-up.
    rate: Decimal,
    /// The lower end of its 95% interval, where there is enough to tell one.
    low: Option<Decimal>,
    /// The upper end.
    high: Option<Decimal>,
}

impl From<simulation::Rate> for SimulatedRate {
    fn from(rate: simulation::Rate) -> Self {
        let interval = rate.interval;
        Self {
            rate: rate.rate,
            low: interval.map(|interval| interval.low),
            high: interval.map(|interval| interval.high),
        }
    }
}

/// What a simulation found.
pub struct Simulated(WhatIfSide);

#[Object]
impl Simulated {
    /// How many units there are.
    async fn units(&self) -> i32 {
        count(self.0.units)
    }

    /// Households turned away, of those who came, per cent. Null when nobody came.
    async fn turned_away(&self) -> Option<SimulatedRate> {
        self.0.answer.outcome.turned_away().map(Into::into)
    }

    /// Occupied, of available, unit-nights, per cent. Null when nothing was available.
    async fn occupancy_rate(&self) -> Option<SimulatedRate> {
        self.0.answer.outcome.occupancy_rate().map(Into::into)
    }

    /// Nights on which every unit is occupied, of all, per cent. Null when nothing was available.
    async fn full_share(&self) -> Option<SimulatedRate> {
        self.0.answer.outcome.full_share().map(Into::into)
    }

    /// With how many units at most one in ten would be turned away, where more are.
    async fn units_enough(&self) -> Option<i32> {
        self.0.answer.units_enough.map(count)
    }

    /// All of it in one sentence.
    async fn sentence(&self) -> &str {
        &self.0.answer.sentence
    }
}

/// How things would be, beside how they are.
pub struct WhatIfAnswer(WhatIfView);

#[Object]
impl WhatIfAnswer {
    /// The first day of the history that was drawn from.
    async fn from(&self) -> Date {
        Date(self.0.days.arrival())
    }

    /// The first day after it.
    async fn to(&self) -> Date {
        Date(self.0.days.departure())
    }

    /// How many households came for a home in that time.
    async fn arrivals(&self) -> i32 {
        count(self.0.arrivals)
    }

    /// How many stays of that time are known whole.
    async fn known(&self) -> i32 {
        count(self.0.known)
    }

    /// How it would be.
    async fn then(&self) -> Simulated {
        Simulated(self.0.then.clone())
    }

    /// How it is, simulated likewise.
    async fn now(&self) -> Simulated {
        Simulated(self.0.now.clone())
    }

    /// What each figure means, to be shown beside it.
    async fn definitions(&self) -> Vec<Definition> {
        DEFINITIONS.iter().map(|(word, meaning)| Definition { word, meaning }).collect()
    }
}

/// What if?
#[derive(Default)]
pub struct WhatIfQuery;

#[Object]
impl WhatIfQuery {
    /// How many households would be turned away, and how full the homes would be, with other homes or other households, by
    /// a simulation drawn from the service's own history. Cases that are closed to you are not drawn from. Dear: at most two
    /// of them are answered in one request, one after the other.
    #[graphql(complexity = "20_000 + child_complexity")]
    async fn what_if(&self, ctx: &Context<'_>, input: WhatIfInput) -> Result<WhatIfAnswer> {
        let found = engine(ctx).what_if(actor(ctx), ask(ctx, input)?).await.map_err(query_error)?;
        Ok(WhatIfAnswer(found))
    }
}

fn ask(ctx: &Context<'_>, input: WhatIfInput) -> Result<WhatIfAsk> {
    let refused = |field: &str, why: String| query_error(Refusal::bad(field, why).into());
    for (field, entries) in [("close", input.close.len()), ("add", input.add.len())] {
        if entries > MOST_ENTRIES {
            return Err(refused(field, format!("At most {MOST_ENTRIES} entries can be given.")));
        }
    }
    let today = engine(ctx).today();
    let days = match (input.from, input.to) {
        (None, None) => None,
        (from, to) => {
            let to = to.map_or(today, |date| date.0);
            let a_year_before = || safespace_domain::nights::earlier(to, NIGHTS_OF_A_YEAR);
            let from = from.map_or_else(a_year_before, |date| date.0);
            Some(Nights::from_to(from, to).map_err(|refusal| query_error(refusal.into()))?)
        }
    };
    let add = input.add.into_iter().map(|add| AddUnits {
        count: natural(add.count),
        // What does not fit is more than any unit sleeps.
        sleeps: u16::try_from(add.sleeps).unwrap_or(u16::MAX),
        scheme: add.scheme.into(),
    });
    let seed = u64::try_from(input.seed);
    Ok(WhatIfAsk {
        days,
        scheme: input.scheme.map(Into::into),
        arrivals_percent: input.arrivals_percent,
        longer_by_nights: input.longer_by_nights,
        close: input.close,
        add: add.collect(),
        years: natural(input.years),
        seed: seed.map_err(|_| refused("seed", "The seed must be 0 or more.".to_owned()))?,
    })
}
