//! `safespace token`: bearer tokens, for programs.

use std::process::ExitCode;

use clap::Subcommand;
use safespace_domain::access::Role;

use crate::{config::Place, failure::Failure, print::say};

/// What can be done with tokens.
#[derive(Subcommand)]
pub enum Command {
    /// Make a bearer token and print it, once: only its hash is kept.
    Create {
        /// Whose it is: officer, manager or partner.
        #[arg(long, env = "SAFESPACE_ROLE")]
        role: Role,
        /// The council that a partner works for.
        #[arg(long, env = "SAFESPACE_COUNCIL")]
        council: Option<String>,
        /// After how many days it is no longer good; never without.
        #[arg(long, env = "SAFESPACE_DAYS")]
        days: Option<u32>,
    },
}

/// Carries it out.
pub async fn run(place: &Place, command: Command) -> Result<ExitCode, Failure> {
    let Command::Create { role, council, days } = command;
    let engine = place.open().await?;
    let token = engine.create_token(&engine.local(), role, council.as_deref(), days).await;
    let closed = engine.close().await;
    say(&format!("{}\n", token?))?;
    closed?;
    Ok(ExitCode::SUCCESS)
}
