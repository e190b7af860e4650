//! `safespace report`: what managers and the groups that meet look at.

mod forecast;
mod what_if;

use std::process::ExitCode;

use clap::Subcommand;

use crate::{config::Place, failure::Failure};

/// Which report.
#[derive(Subcommand)]
pub enum Command {
    /// Say how many homes are expected to be free on the next nights, and how often that was right.
    Forecast(forecast::Arguments),
    /// Say what would be with more households, longer stays, other homes.
    WhatIf(what_if::Arguments),
}

/// Carries it out.
pub async fn run(place: &Place, command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Forecast(arguments) => forecast::run(place, &arguments).await,
        Command::WhatIf(arguments) => what_if::run(place, arguments).await,
    }
}
