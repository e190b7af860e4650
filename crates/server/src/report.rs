//! `safespace report`: what managers and the groups that meet look at.

mod statutory_return;

use std::process::ExitCode;

use clap::Subcommand;

use crate::{config::Place, failure::Failure};

/// Which report.
#[derive(Subcommand)]
pub enum Command {
    /// Make the annual return on support in domestic abuse safe accommodation.
    Return(statutory_return::Arguments),
}

/// Carries it out.
pub async fn run(place: &Place, command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Return(arguments) => statutory_return::run(place, &arguments).await,
    }
}
