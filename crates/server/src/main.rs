//! The program `safespace`: configuration, wiring and commands.

mod admin;
mod audit;
mod config;
mod connections;
mod costs;
mod demo;
mod edge;
mod export;
mod failure;
mod import;
mod issuers;
mod keys;
mod occupancy;
mod print;
mod report;
mod retention;
mod serve;
mod subject_access;
mod table;
mod tls;
mod tokens;

use std::{io::IsTerminal, process::ExitCode};

use clap::{Parser, Subcommand};

use crate::{
    config::{EVERYWHERE, Place},
    failure::Failure,
    print::say,
};

/// What the exit codes mean.
const EXIT_CODES: &str =
    "Exit codes: 0 done, 1 failed, 2 wrong call or file (nothing was changed), 3 done in part.";

/// Places people who flee domestic abuse into a safe home tonight: booking and occupancy of safe spaces.
#[derive(Parser)]
#[command(name = "safespace", version, propagate_version = true, after_help = EXIT_CODES)]
struct Cli {
    #[command(flatten)]
    place: Place,
    /// What to log on standard error, for instance `debug` or `info,safespace_engine=debug`.
    #[arg(
        long,
        global = true,
        help_heading = EVERYWHERE,
        env = "SAFESPACE_LOG",
        default_value = "info,sqlx=warn,sea_orm=warn,sea_orm_migration=warn,poem=warn"
    )]
    log: String,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start the service.
    Serve(serve::Arguments),
    /// Fill an empty database with a demonstration: a service that grows, fills, and goes on to today.
    Demo(demo::Arguments),
    /// Bring the database up to date, or make it.
    Migrate,
    /// Print the API in the schema definition language.
    Schema {
        /// The API of partner councils, which is one of its own.
        #[arg(long)]
        partner: bool,
    },
    /// Check that the audit is whole.
    #[command(subcommand)]
    Audit(audit::Command),
    /// Make the first administrator; list, reset and disable accounts.
    #[command(subcommand)]
    Admin(admin::Command),
    /// Keep the root keys that all that is confidential is sealed under.
    #[command(subcommand)]
    Keys(keys::Command),
    /// Keep the issuers that people may sign in with (`OpenID` Connect).
    #[command(subcommand)]
    Issuer(issuers::Command),
    /// Keep bearer tokens, for programs.
    #[command(subcommand)]
    Token(tokens::Command),
    /// Take away what has been kept for long enough; erase a household.
    #[command(subcommand)]
    Retention(retention::Command),
    /// Export everything that is held on a household, for the people that it is about.
    SubjectAccess(subject_access::Arguments),
    /// Bring in spaces, stays, voids and referrals, or items and counts of stock, from files.
    Import(import::Arguments),
    /// Write the catalogue, or a sheet to count stock with, as CSV or XLSX.
    Export(export::Arguments),
    /// Say how full the homes are.
    Occupancy(occupancy::Arguments),
    /// Say what food, toiletries and other provisions cost.
    Costs(costs::Arguments),
    /// Reports: what is expected, and what would be.
    #[command(subcommand)]
    Report(report::Command),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let filter = tracing_subscriber::EnvFilter::try_new(&cli.log);
    let Ok(filter) = filter else {
        return Failure::wrong_call("--log is not a filter such as `info` or `warn,safespace_engine=debug`")
            .tell();
    };
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .init();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return Failure::failed(format!("can't start: {error}")).tell(),
    };
    match runtime.block_on(run(cli)) {
        Ok(code) => code,
        Err(failure) => failure.tell(),
    }
}

async fn run(cli: Cli) -> Result<ExitCode, Failure> {
    match cli.command {
        Command::Serve(arguments) => serve::serve(&cli.place, &arguments).await,
        Command::Demo(arguments) => demo::demo(&cli.place, &arguments).await,
        Command::Migrate => {
            cli.place.with_engine(async |_| Ok(())).await?;
            say("The database is up to date.\n")?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Schema { partner } => {
            let sdl = if partner { safespace_graphql::partner_sdl() } else { safespace_graphql::sdl() };
            say(&sdl)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Audit(command) => audit::run(&cli.place, command).await,
        Command::Admin(command) => admin::run(&cli.place, command).await,
        Command::Keys(command) => keys::run(&cli.place, command).await,
        Command::Issuer(command) => issuers::run(&cli.place, command).await,
        Command::Token(command) => tokens::run(&cli.place, command).await,
        Command::Retention(command) => retention::run(&cli.place, command).await,
        Command::SubjectAccess(arguments) => subject_access::run(&cli.place, &arguments).await,
        Command::Import(arguments) => import::import(&cli.place, &arguments).await,
        Command::Export(arguments) => export::export(&cli.place, &arguments).await,
        Command::Occupancy(arguments) => occupancy::occupancy(&cli.place, &arguments).await,
        Command::Costs(arguments) => costs::costs(&cli.place, &arguments).await,
        Command::Report(command) => report::run(&cli.place, command).await,
    }
}
