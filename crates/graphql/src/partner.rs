//! The API of partner councils: a schema of its own. A type that is not in it can't tell anything.
//!
//! It knows whether there is room, within the disclosure policy, and the council's own referrals. It has no
//! subscription, and nothing of the other schema but dates and pages.

mod answers;
mod referrals;
mod room;

use std::sync::Arc;

use async_graphql::{Context, EmptySubscription, Enum, MergedObject, Object, SimpleObject};
use safespace_edge::Introspection;
use safespace_engine::Engine;

use crate::{actor, limited, opened};

/// Everything that a partner council can look up. Looking up changes nothing, and is not counted.
#[derive(MergedObject, Default)]
pub struct Query(Who, room::RoomQuery, referrals::ReferralsQuery);

/// Everything that a partner council can do. Questions are here, too: each is counted and recorded.
#[derive(MergedObject, Default)]
pub struct Mutation(room::RoomMutation, referrals::ReferralsMutation);

type Schema = async_graphql::Schema<Query, Mutation, EmptySubscription>;

pub(crate) fn build() -> async_graphql::SchemaBuilder<Query, Mutation, EmptySubscription> {
    limited(Schema::build(Query::default(), Mutation::default(), EmptySubscription))
}

/// The schema over an engine.
pub(crate) fn schema(engine: &Arc<Engine>, introspection: Introspection) -> Schema {
    opened(build().data(Arc::clone(engine)), introspection).finish()
}

/// What somebody is to the service.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Works for a partner council: nobody else uses this API.
    Partner,
}

/// Whoever is asking.
#[derive(SimpleObject)]
pub struct Viewer {
    /// The council that they work for.
    council: Option<String>,
    /// Their role.
    role: Role,
}

/// Who is asking.
#[derive(Default)]
pub struct Who;

#[Object]
impl Who {
    /// Whoever is asking.
    async fn viewer(&self, ctx: &Context<'_>) -> Viewer {
        Viewer { council: actor(ctx).council.clone(), role: Role::Partner }
    }
}
