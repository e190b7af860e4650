//! `safespace token`: bearer tokens, for programs.

use std::process::ExitCode;

use clap::Subcommand;
use safespace_domain::{
    TokenId,
    access::{Role, Scope},
};
use safespace_engine::{Engine, NewToken, Page, Token};

use crate::{config::Place, failure::Failure, print::say};

/// So many rows are read at once.
const ROWS: u64 = 200;

/// What can be done with tokens.
#[derive(Subcommand)]
pub enum Command {
    /// Make a bearer token and print it, once: only its hash is kept.
    Create {
        /// Whose it is: officer, manager or partner.
        #[arg(long, env = "SAFESPACE_ROLE")]
        role: Role,
        /// What it is for, in a few words.
        #[arg(long, env = "SAFESPACE_NAME")]
        name: Option<String>,
        /// The council that a partner works for.
        #[arg(long, env = "SAFESPACE_COUNCIL")]
        council: Option<String>,
        /// What it may be used for: read, change, room, refer or follow; may be given more than once. Without it, all that
        /// makes sense for the role.
        #[arg(long = "scope")]
        scopes: Vec<Scope>,
        /// After how many days it is no longer good: 1 to 366; 90 when not said.
        #[arg(long, env = "SAFESPACE_DAYS")]
        days: Option<u32>,
    },
    /// List the tokens: what each is for, what it may do, until when, when it was used last. Never the tokens themselves.
    List,
    /// Take a token back.
    Revoke {
        /// Its id, as `token list` prints it.
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
        Command::Create { role, name, council, scopes, days } => {
            let plain = NewToken::of(role, council.as_deref(), days);
            let scopes = (!scopes.is_empty()).then(|| scopes.into_iter().collect());
            let new = NewToken { name: name.unwrap_or_else(|| plain.name.clone()), scopes, ..plain };
            let (_, text) = engine.create_token(&local, new).await?;
            Ok(format!("{text}\n"))
        }
        Command::List => {
            let mut lines = String::new();
            let mut after = None;
            loop {
                let page = engine.tokens(&local, Page { after, limit: ROWS }).await?;
                lines.extend(page.iter().map(line));
                after = page.last().map(|token| token.id);
                if (page.len() as u64) < ROWS {
                    return Ok(lines);
                }
            }
        }
        Command::Revoke { id } => {
            let id = id.parse().map_err(|_| {
                Failure::wrong_call("this is no id of a token: `safespace token list` prints them")
            })?;
            engine.revoke_token(&local, TokenId(id)).await?;
            Ok("The token is revoked.\n".to_owned())
        }
    }
}

fn line(token: &Token) -> String {
    let scopes: Vec<&str> = token.scopes.iter().map(|scope| scope.as_str()).collect();
    let whose = token.council.as_ref().map(|council| format!(" of {council}")).unwrap_or_default();
    let until =
        token.expires_at.map_or_else(|| "for ever".to_owned(), |at| format!("until {}", at.format("%F")));
    let until = token.revoked_at.map_or(until, |at| format!("revoked {}", at.format("%F")));
    let used = token
        .last_used_at
        .map_or_else(|| "never used".to_owned(), |at| format!("used {}", at.format("%F %H:%MZ")));
    let (id, name, role) = (token.id, &token.name, token.role);
    format!("{id}  {role}{whose}  {}  {until}  {used}  {name}\n", scopes.join(","))
}
