//! `safespace report what-if`: what would be with more households, longer stays, other homes.

use std::process::ExitCode;

use clap::Args;
use safespace_domain::{
    Night, Nights,
    nights::earlier,
    simulation::{NIGHTS_OF_A_YEAR, Rate},
    units::Scheme,
    what_if::DEFINITIONS,
};
use safespace_engine::{AddUnits, WhatIfAsk, WhatIfSide, WhatIfView};

use crate::{
    config::Place,
    failure::Failure,
    table::{Cell, Output, Table, date},
};

/// What is asked.
#[derive(Args)]
pub struct Arguments {
    /// By how much more households come, per cent: 90 for 90% more, -50 for half as many.
    #[arg(long, default_value_t = 0, allow_negative_numbers = true, env = "SAFESPACE_ARRIVALS_PERCENT")]
    arrivals_percent: i32,
    /// By how many nights every stay is longer; below zero, shorter.
    #[arg(long, default_value_t = 0, allow_negative_numbers = true, env = "SAFESPACE_LONGER")]
    longer: i32,
    /// The code of a unit that is closed, or of a property with all its units. May be given more than once, or
    /// several parted by commas.
    #[arg(long, value_delimiter = ',', env = "SAFESPACE_CLOSE")]
    close: Vec<String>,
    /// Units that are added, as `COUNTxSLEEPS` (2x4: two units for four people), for move-on homes `2x4:move_on`. May be given
    /// more than once.
    #[arg(long, value_parser = add, value_delimiter = ',', env = "SAFESPACE_ADD")]
    add: Vec<AddUnits>,
    /// Only the homes of this scheme (`safe_space` or `move_on`), and those who come for them.
    #[arg(long, env = "SAFESPACE_SCHEME")]
    scheme: Option<Scheme>,
    /// The first day of the history that is drawn from, as YYYY-MM-DD; by default 365 days before it ends.
    #[arg(long, value_parser = date, env = "SAFESPACE_FROM")]
    from: Option<Night>,
    /// The first day after it; by default today.
    #[arg(long, value_parser = date, env = "SAFESPACE_TO")]
    to: Option<Night>,
    /// How many years are simulated: 1 to 10,000.
    #[arg(long, default_value_t = 1_000, env = "SAFESPACE_YEARS")]
    years: u32,
    /// Decides every draw: the same seed gives the same answer.
    #[arg(long, default_value_t = 1, env = "SAFESPACE_SEED")]
    seed: u64,
    #[command(flatten)]
    output: Output,
}

/// Reads units to add.
fn add(text: &str) -> Result<AddUnits, String> {
    let wrong = || "write COUNTxSLEEPS, for instance 2x4 or 2x4:move_on".to_owned();
    let (units, scheme) = match text.split_once(':') {
        Some((units, scheme)) => (units, scheme.parse()?),
        None => (text, Scheme::SafeSpace),
    };
    let (count, sleeps) = units.split_once('x').ok_or_else(wrong)?;
    let (count, sleeps) = (count.parse().map_err(|_| wrong())?, sleeps.parse().map_err(|_| wrong())?);
    Ok(AddUnits { count, sleeps, scheme })
}

/// Carries it out.
pub async fn what_if(place: &Place, arguments: &Arguments) -> Result<ExitCode, Failure> {
    arguments.output.check()?;
    let view = place.with_engine(async |engine| {
        let ask = ask(arguments, engine.today())?;
        Ok(engine.what_if(&engine.local(), ask).await?)
    });
    let view = view.await?;
    arguments.output.print_after(&sentences(&view), &table(&view))?;
    Ok(ExitCode::SUCCESS)
}

fn ask(arguments: &Arguments, today: Night) -> Result<WhatIfAsk, Failure> {
    let days = match (arguments.from, arguments.to) {
        (None, None) => None,
        (from, to) => {
            let to = to.unwrap_or(today);
            let from = from.unwrap_or_else(|| earlier(to, NIGHTS_OF_A_YEAR));
            let days = Nights::new(from, to);
            Some(days.map_err(|_| Failure::wrong_call(format!("--to, {to}, must be after --from, {from}")))?)
        }
    };
    Ok(WhatIfAsk {
        days,
        scheme: arguments.scheme,
        arrivals_percent: arguments.arrivals_percent,
        longer_by_nights: arguments.longer,
        close: arguments.close.clone(),
        add: arguments.add.clone(),
        years: arguments.years,
        seed: arguments.seed,
    })
}

/// What is found, for people.
fn sentences(view: &WhatIfView) -> String {
    let WhatIfView { days, arrivals, known, then, now } = view;
    format!(
        "{}\nNow: {}\nDrawn from {arrivals} households that came and {known} stays known whole, {days}.\n\n",
        then.answer.sentence, now.answer.sentence
    )
}

fn table(view: &WhatIfView) -> Table {
    let rate = |rate: Option<Rate>| {
        let interval = rate.and_then(|rate| rate.interval);
        [
            Cell::Decimal(rate.map(|rate| rate.rate)),
            Cell::Decimal(interval.map(|interval| interval.low)),
            Cell::Decimal(interval.map(|interval| interval.high)),
        ]
    };
    let row = |name: &str, side: &WhatIfSide| {
        let outcome = &side.answer.outcome;
        let mut cells = vec![Cell::Text(name.to_owned()), Cell::Number(side.units as u64)];
        for found in [outcome.turned_away(), outcome.occupancy_rate(), outcome.full_share()] {
            cells.extend(rate(found));
        }
        let enough = side.answer.units_enough.map(|units| units.to_string());
        cells.push(Cell::Text(enough.unwrap_or_default()));
        cells
    };
    let columns = [
        "homes",
        "units",
        "turned_away",
        "turned_away_low",
        "turned_away_high",
        "occupancy_rate",
        "occupancy_rate_low",
        "occupancy_rate_high",
        "full_share",
        "full_share_low",
        "full_share_high",
        "units_enough",
    ];
    Table {
        title: "What if",
        columns: columns.to_vec(),
        rows: vec![row("now", &view.now), row("then", &view.then)],
        definitions: DEFINITIONS.to_vec(),
    }
}
