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
    print::say,
    table::{Cell, Format, Table},
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
    /// How it is printed.
    #[arg(long, value_enum, default_value_t = Format::Table, env = "SAFESPACE_FORMAT")]
    format: Format,
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
pub async fn run(place: &Place, arguments: &Arguments) -> Result<ExitCode, Failure> {
    let forecast = place
        .with_engine(async |engine| Ok(engine.forecast(&engine.local(), arguments.nights).await?))
        .await?;
    let text = match (arguments.show, arguments.format) {
        (Show::Both, Format::Table) => {
            let nights = Table { definitions: &[], ..nights(&forecast) };
            nights.print(Format::Table)? + &held(&forecast).print(Format::Table)?
        }
        (Show::Both | Show::Nights, format) => nights(&forecast).print(format)?,
        (Show::Held, format) => held(&forecast).print(format)?,
    };
    say(&text)?;
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
    Table { columns: columns.to_vec(), rows: rows.collect(), definitions: &DEFINITIONS }
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
    Table { columns: columns.to_vec(), rows: rows.collect(), definitions: &DEFINITIONS }
}
