//! `safespace report`: what managers review and groups that meet are told.

mod figures;
mod forecast;
mod pack;
mod statutory_return;
mod targets;
mod what_if;

use std::process::ExitCode;

use clap::{Args, Subcommand};
use safespace_domain::{Night, Nights};

use crate::{config::Place, failure::Failure, table::date};

/// Which report.
#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    report: Report,
}

#[derive(Subcommand)]
enum Report {
    /// Figures of referrals, stays, people, provisions and homes, each beside that of the period before and of the same a
    /// year before.
    Figures(figures::Arguments),
    /// Targets of a financial year, and how they stand each quarter.
    Targets(targets::Arguments),
    /// The pack of a group that meets, as its readers are told it.
    Pack(pack::Arguments),
    /// The annual return on support in domestic abuse safe accommodation.
    Return(statutory_return::Arguments),
    /// How many homes are expected to be free on the next nights, and how often that was right.
    Forecast(forecast::Arguments),
    /// What would be with more households, longer stays, other homes.
    WhatIf(what_if::Arguments),
}

/// Of which days and nights a report is.
#[derive(Args)]
struct Range {
    /// The first day, as YYYY-MM-DD.
    #[arg(long, value_parser = date, env = "SAFESPACE_FROM")]
    from: Night,
    /// The first day after the range, as YYYY-MM-DD.
    #[arg(long, value_parser = date, env = "SAFESPACE_TO")]
    to: Night,
}

impl Range {
    fn nights(&self) -> Result<Nights, Failure> {
        Nights::new(self.from, self.to).map_err(|_| {
            Failure::wrong_call(format!(
                "--to, {}, must be after --from, {}, and both in our times",
                self.to, self.from
            ))
        })
    }
}

/// Carries it out.
pub async fn report(place: &Place, arguments: &Arguments) -> Result<ExitCode, Failure> {
    match &arguments.report {
        Report::Figures(arguments) => figures::figures(place, arguments).await,
        Report::Targets(arguments) => targets::targets(place, arguments).await,
        Report::Pack(arguments) => pack::pack(place, arguments).await,
        Report::Return(arguments) => statutory_return::statutory_return(place, arguments).await,
        Report::Forecast(arguments) => forecast::forecast(place, arguments).await,
        Report::WhatIf(arguments) => what_if::what_if(place, arguments).await,
    }
}
