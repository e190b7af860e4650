//! Households.

use std::{collections::HashMap, sync::Arc};

use async_graphql::{Context, ID, Object, Result, dataloader::Loader};
use safespace_domain::{HouseholdId, access::Actor, households};
use safespace_engine::{Engine, EngineError, StayFilter};
use uuid::Uuid;

use crate::{
    actor,
    answers::{query_error, shared},
    engine, ids,
    paging::{Page, Window},
    restrictions::{self, Restriction},
    stays::{self, Stay},
};

/// Loads the households of many stays at once, as far as the actor may see them.
pub(crate) struct HouseholdLoader {
    pub(crate) engine: Arc<Engine>,
    pub(crate) actor: Arc<Actor>,
}

impl Loader<HouseholdId> for HouseholdLoader {
    type Value = households::Household;
    type Error = Arc<EngineError>;

    async fn load(&self, keys: &[HouseholdId]) -> Result<HashMap<HouseholdId, Self::Value>, Self::Error> {
        let found = self.engine.households(&self.actor, keys).await.map_err(shared)?;
        Ok(found.into_iter().map(|household| (household.id, household)).collect())
    }
}

/// A household: the people who are placed together, known by a pseudonymous reference.
pub struct Household(pub(crate) households::Household);

#[Object]
impl Household {
    /// Its id.
    pub(crate) async fn id(&self) -> ID {
        ids::global("Household", self.0.id)
    }

    /// Its pseudonymous reference.
    async fn reference(&self) -> &str {
        &self.0.reference
    }

    /// Whether personal details are kept of it. Only `revealHouseholdDetails` brings them out.
    async fn has_details(&self) -> bool {
        self.0.has_details
    }

    /// Its stays, oldest booking first.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn stays(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<Stay>> {
        let filter = StayFilter { household: Some(self.0.id), ..StayFilter::default() };
        stays::page(ctx, &filter, first, after).await
    }

    /// To whom its case is closed, oldest first. For managers.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn restrictions(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<Restriction>> {
        let rows = restrictions::of(ctx, self.0.id).await?;
        Window::new(first, after)?.page_of(rows, Restriction::from)
    }
}

pub(crate) async fn by_id(ctx: &Context<'_>, id: Uuid) -> Result<Option<Household>> {
    let mut found = engine(ctx).households(actor(ctx), &[HouseholdId(id)]).await.map_err(query_error)?;
    Ok(found.pop().map(Household))
}

/// Looking households up.
#[derive(Default)]
pub struct HouseholdsQuery;

#[Object]
impl HouseholdsQuery {
    /// The household with this reference.
    async fn household(&self, ctx: &Context<'_>, reference: String) -> Result<Option<Household>> {
        Ok(engine(ctx).household(actor(ctx), &reference).await.map_err(query_error)?.map(Household))
    }
}
