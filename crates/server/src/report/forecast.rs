//! `safespace report forecast`: how many homes are expected to be free.

use std::process::ExitCode;

use clap::{Args, ValueEnum};
use safespace_domain::{
    forecast::{DEFINITIONS, Forecast},
    units::Scheme,
};

use crate::{
    config::Place,
    failure::Failure,
    table::{Cell, Output, Table},
};

/// What is asked.
#[derive(Args)]
pub struct Arguments {
    /// How many nights, tonight the first: 1 to 28.
    #[arg(long, default_value_t = 28, env = "SAFESPACE_NIGHTS")]
    nights: u32,
    /// What of it.
    #[arg(long, value_enum, default_value_t = Show::Both, env = "SAFESPACE_FORECAST_SHOW")]
    show: Show,
    #[command(flatten)]
    output: Output,
}

/// What is printed of it.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Show {
    /// Night by night, and below it how often the range held; as CSV and JSON night by night alone.
    Both,
    /// Night by night.
    Nights,
    /// How often the range held.
    Held,
}

/// Carries it out.
pub async fn forecast(place: &Place, arguments: &Arguments) -> Result<ExitCode, Failure> {
    arguments.output.check()?;
    let forecast = place
        .with_engine(async |engine| Ok(engine.forecast(&engine.local(), arguments.nights).await?))
        .await?;
    match (arguments.show, arguments.output.is_for_people()) {
        (Show::Both, true) => {
            let nights = Table { definitions: Vec::new(), ..nights(&forecast) };
            arguments.output.print_after(&nights.to_text(), &held(&forecast))?;
        }
        (Show::Both | Show::Nights, _) => arguments.output.print(&nights(&forecast))?,
        (Show::Held, _) => arguments.output.print(&held(&forecast))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn named(scheme: Option<Scheme>) -> Cell {
    Cell::Text(scheme.map_or("all", Scheme::as_str).to_owned())
}

fn nights(forecast: &Forecast) -> Table {
    let rows = forecast.schemes.iter().flat_map(|group| {
        group.nights.iter().map(|night| {
            vec![
                Cell::Text(night.night.to_string()),
                named(group.scheme),
                Cell::Number(night.in_stock.into()),
                Cell::Number(night.out_of_service.into()),
                Cell::Decimal(Some(night.taken())),
                Cell::Decimal(Some(night.free)),
                Cell::Number(night.low.into()),
                Cell::Number(night.high.into()),
            ]
        })
    });
    let columns = ["night", "scheme", "in_stock", "out_of_service", "taken", "free", "low", "high"];
    Table {
        title: "Forecast",
        columns: columns.to_vec(),
        rows: rows.collect(),
        definitions: DEFINITIONS.to_vec(),
    }
}

fn held(forecast: &Forecast) -> Table {
    let rows = forecast.schemes.iter().flat_map(|group| {
        group.held.iter().map(|held| {
            vec![
                Cell::Text(format!("{} to {}", held.from_night, held.to_night)),
                named(group.scheme),
                Cell::Number(held.forecasts),
                Cell::Number(held.held),
                Cell::Decimal(held.share()),
                Cell::Number(held.widened_by.into()),
            ]
        })
    });
    let columns = ["nights_ahead", "scheme", "forecasts", "held", "held_share", "widened_by"];
    Table {
        title: "Forecast",
        columns: columns.to_vec(),
        rows: rows.collect(),
        definitions: DEFINITIONS.to_vec(),
    }
}
