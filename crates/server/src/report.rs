//! `safespace report`: figures for those who plan, pay and watch.

mod statutory_return;

use std::process::ExitCode;

use clap::Subcommand;

use crate::{config::Place, failure::Failure};

/// Which report.
#[derive(Subcommand)]
pub enum Command {
    /// The annual return on support in domestic abuse safe accommodation.
    Return(statutory_return::Arguments),
}

/// Carries it out.
pub async fn report(place: &Place, command: &Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Return(arguments) => statutory_return::report(place, arguments).await,
    }
}
