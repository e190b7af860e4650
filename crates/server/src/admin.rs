//! `safespace admin`: the first administrator, and the way back in when the last one is locked out.

use std::process::ExitCode;

use clap::Subcommand;
use safespace_domain::{access::Role, accounts::Account};
use safespace_engine::{Engine, Invited, NewAccount, Page};

use crate::{config::Place, failure::Failure, print::say};

/// So many rows are read at once.
const ROWS: u64 = 200;

/// What can be done with accounts from the command line.
#[derive(Subcommand)]
pub enum Command {
    /// Make an administrator, and print a link by which they set their account up: good once, for a day.
    Create {
        /// The name to sign in with.
        #[arg(long, env = "SAFESPACE_NAME")]
        name: String,
        /// Where people reach the service.
        #[arg(long, env = "SAFESPACE_PUBLIC_URL", default_value = "http://127.0.0.1:8080")]
        public_url: String,
    },
    /// Take the password and the second factor of any account back, end its sessions, and print a new link.
    Reset {
        /// The name to sign in with.
        #[arg(long, env = "SAFESPACE_NAME")]
        name: String,
        /// Where people reach the service.
        #[arg(long, env = "SAFESPACE_PUBLIC_URL", default_value = "http://127.0.0.1:8080")]
        public_url: String,
    },
    /// Shut any account: its sessions end at once.
    Disable {
        /// The name to sign in with.
        #[arg(long, env = "SAFESPACE_NAME")]
        name: String,
    },
    /// List the accounts.
    List,
}

/// Carries it out.
pub async fn run(place: &Place, command: Command) -> Result<ExitCode, Failure> {
    say(&place.with_engine(async |engine| carry_out(engine, command).await).await?)?;
    Ok(ExitCode::SUCCESS)
}

async fn carry_out(engine: &Engine, command: Command) -> Result<String, Failure> {
    let local = engine.local();
    match command {
        Command::Create { name, public_url } => {
            let new = NewAccount { name, role: Role::Administrator, council: None };
            Ok(link(&engine.create_account(&local, new).await?, &public_url))
        }
        Command::Reset { name, public_url } => {
            let account = account(engine, &name).await?;
            Ok(link(&engine.reset_account(&local, account.id).await?, &public_url))
        }
        Command::Disable { name } => {
            let account = account(engine, &name).await?;
            engine.disable_account(&local, account.id).await?;
            Ok(format!("{} is disabled.\n", account.name))
        }
        Command::List => {
            let mut lines = String::new();
            let mut after = None;
            loop {
                let page = engine.accounts(&local, Page { after, limit: ROWS }).await?;
                lines.extend(page.iter().map(line));
                after = page.last().map(|account| account.id);
                if (page.len() as u64) < ROWS {
                    return Ok(lines);
                }
            }
        }
    }
}

async fn account(engine: &Engine, name: &str) -> Result<Account, Failure> {
    let found = engine.account_by_name(&engine.local(), name).await?;
    found.ok_or_else(|| {
        Failure::wrong_call("there is no account of this name: `safespace admin list` prints them")
    })
}

fn link(invited: &Invited, public_url: &str) -> String {
    format!(
        "{}/set-up/{}\nOpen this link to set the account {} ({}) up. It is good once, until {}: do not send it by e-mail.\n",
        public_url.trim_end_matches('/'),
        invited.link,
        invited.account.name,
        invited.account.role,
        invited.until.format("%F %H:%M UTC")
    )
}

fn line(account: &Account) -> String {
    let whose = account.council.as_ref().map(|council| format!(" of {council}")).unwrap_or_default();
    let state = match account.disabled_at {
        Some(at) => format!("disabled {}", at.format("%F")),
        None if account.has_first_factor() && account.is_usable() => "in use".to_owned(),
        None => "not set up yet".to_owned(),
    };
    format!("{}  {}{whose}  {state}\n", account.name, account.role)
}
