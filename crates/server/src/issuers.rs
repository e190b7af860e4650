//! `safespace issuer`: identity providers that people may sign in with (`OpenID` Connect).

use std::{path::PathBuf, process::ExitCode};

use clap::Subcommand;
use safespace_domain::{IssuerId, issuers::Issuer};
use safespace_engine::{Engine, NewIssuer};

use crate::{config::Place, failure::Failure, print::say};

/// What can be done with issuers.
#[derive(Subcommand)]
pub enum Command {
    /// Add an issuer, and print its id. It is asked who it is before it is added.
    Add {
        /// Its name, as the page to sign in shows it to everybody.
        #[arg(long, env = "SAFESPACE_NAME")]
        name: String,
        /// Its issuer identifier: the address under which it publishes `/.well-known/openid-configuration`.
        #[arg(long, env = "SAFESPACE_ISSUER_URL")]
        url: String,
        /// The name under which this service is known to it.
        #[arg(long, env = "SAFESPACE_CLIENT_ID")]
        client_id: String,
        /// The file with the secret that it gave this service. Without it, the issuer takes PKCE alone.
        #[arg(long, env = "SAFESPACE_CLIENT_SECRET_FILE")]
        client_secret_file: Option<PathBuf>,
        /// The council whose partners it speaks for. Without it, it speaks for the team: officers, managers and
        /// administrators.
        #[arg(long, env = "SAFESPACE_COUNCIL")]
        council: Option<String>,
    },
    /// List the issuers. Never their secrets.
    List,
    /// Retire an issuer: nobody signs in with it from now on, and whoever did is signed out.
    Retire {
        /// Its id, as `issuer list` prints it.
        id: String,
    },
}

/// Carries it out.
pub async fn run(place: &Place, command: Command) -> Result<ExitCode, Failure> {
    say(&place.with_engine(async |engine| carry_out(engine, command).await).await?)?;
    Ok(ExitCode::SUCCESS)
}

async fn carry_out(engine: &Engine, command: Command) -> Result<String, Failure> {
    let local = engine.local();
    match command {
        Command::Add { name, url, client_id, client_secret_file, council } => {
            let client_secret = match client_secret_file {
                Some(file) => Some(std::fs::read_to_string(&file).map_err(|error| {
                    Failure::wrong_call(format!("the file with the client secret can't be read: {error}"))
                })?),
                None => None,
            };
            let new = NewIssuer { name, url, client_id, client_secret, council };
            Ok(format!("{}\n", engine.add_issuer(&local, new).await?.id))
        }
        Command::List => Ok(engine.issuers(&local).await?.iter().map(line).collect()),
        Command::Retire { id } => {
            let id = id.parse().map_err(|_| {
                Failure::wrong_call("this is no id of an issuer: `safespace issuer list` prints them")
            })?;
            engine.retire_issuer(&local, IssuerId(id)).await?;
            Ok("The issuer is retired.\n".to_owned())
        }
    }
}

fn line(issuer: &Issuer) -> String {
    let state =
        issuer.retired_at.map_or_else(|| "in use".to_owned(), |at| format!("retired {}", at.format("%F")));
    let whose = issuer.council.as_deref().unwrap_or("the team");
    let (id, url, name) = (issuer.id, &issuer.url, &issuer.name);
    format!("{id}  {state}  {whose}  {url}  {name}\n")
}
