//! `safespace demo`, and the sign-ins that a served demonstration prints.

use std::{net::SocketAddr, process::ExitCode, sync::Arc};

use clap::Args;
use safespace_domain::access::Role;
use safespace_engine::Engine;

use crate::{config::Place, failure::Failure};

/// How to fill it.
#[derive(Args)]
pub struct Arguments {
    /// The same seed gives the same records.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Makes three throw-away sign-ins, and says where to look with them.
pub async fn tell_sign_ins(engine: &Arc<Engine>, address: SocketAddr) -> Result<(), Failure> {
    let local = engine.local();
    let officer = engine.create_token(&local, Role::Officer, None, Some(1)).await?;
    let manager = engine.create_token(&local, Role::Manager, None, Some(1)).await?;
    let partner = engine.create_token(&local, Role::Partner, Some("North Herts"), Some(1)).await?;
    println!(
        "This is a demonstration: homes, codes and households are made up.\n\
         Sign-ins for a day, as `Authorization: Bearer …`:\n\
         \x20 officer  {officer}\n  manager  {manager}\n  partner  {partner}\n\
         Try, in another terminal:\n\
         \x20 curl -s http://{address}/graphql -H 'Authorization: Bearer {officer}' -H 'Content-Type: application/json' \\\n\
         \x20   -d '{{\"query\":\"{{ attention {{ nodes {{ kind message }} }} }}\"}}'"
    );
    Ok(())
}
