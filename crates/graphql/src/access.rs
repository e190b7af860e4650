//! Who is asking.

use async_graphql::{Context, Enum, Object, SimpleObject};

use crate::actor;

/// What somebody is to the service.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "safespace_domain::access::Role")]
pub enum Role {
    /// Takes referrals, allocates rooms, runs stays.
    Officer,
    /// Reviews occupancy, grants exceptions, keeps properties and policies.
    Manager,
    /// Works for a partner council.
    Partner,
    /// Keeps accounts and keys.
    Administrator,
}

/// Whoever is asking.
#[derive(SimpleObject)]
pub struct Viewer {
    /// Their role.
    role: Role,
    /// The council that they work for; partners only.
    council: Option<String>,
}

/// Who is asking.
#[derive(Default)]
pub struct AccessQuery;

#[Object]
impl AccessQuery {
    /// Whoever is asking.
    async fn viewer(&self, ctx: &Context<'_>) -> Viewer {
        let actor = actor(ctx);
        Viewer { role: actor.role.into(), council: actor.council.clone() }
    }
}
