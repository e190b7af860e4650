//! Who is asking.

use async_graphql::{Context, Enum, Object, SimpleObject};

use chrono::{DateTime, Utc};
use safespace_domain::access::SECOND_FACTOR_IS_FRESH_FOR;

use crate::{actor, tokens::Scope};

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
    /// What their token may be used for; null for people, who may do all that their role may.
    scopes: Option<Vec<Scope>>,
    /// Until when their second factor is fresh; null for programs, and for people who have not given one lately.
    second_factor_fresh_until: Option<DateTime<Utc>>,
}

/// Who is asking.
#[derive(Default)]
pub struct AccessQuery;

#[Object]
impl AccessQuery {
    /// Whoever is asking.
    async fn viewer(&self, ctx: &Context<'_>) -> Viewer {
        let actor = actor(ctx);
        Viewer {
            role: actor.role.into(),
            council: actor.council.clone(),
            scopes: actor.scopes.as_ref().map(|scopes| scopes.iter().copied().map(Into::into).collect()),
            second_factor_fresh_until: actor.second_factor_at.map(|at| at + SECOND_FACTOR_IS_FRESH_FOR),
        }
    }
}
