//! Households.

use std::{collections::HashMap, sync::Arc};

use async_graphql::{
    Context, ID, Object, Result,
    dataloader::{DataLoader, Loader},
};
use safespace_domain::{HouseholdId, access::Actor, households};
use safespace_engine::{Engine, EngineError, StayFilter};
use uuid::Uuid;

use crate::{
    actor,
    answers::{failed, query_error, shared},
    engine, ids,
    immediate_needs::{self, ImmediateNeed},
    key_workers::{self, KeyWorker},
    next_steps::NextStep,
    paging::{Page, Window},
    referrals::{self, HouseholdNeeds, Referral},
    restrictions::{self, Restriction},
    sharing::{self, KeptApart},
    stays::{self, Stay},
    support::{self, SupportSession},
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

    /// Its journey: all of its stays that came to be or are to come, from home to home, by arrival.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn journey(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<Stay>> {
        let stays = engine(ctx).journey(actor(ctx), self.0.id).await.map_err(query_error)?;
        Window::new(first, after)?.page_of(stays, Stay)
    }

    /// What may come next for it, oldest first.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn next_steps(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<NextStep>> {
        let steps = engine(ctx).next_steps(actor(ctx), self.0.id).await.map_err(query_error)?;
        Window::new(first, after)?.page_of(steps, NextStep::from)
    }

    /// Who answers for its support; null where nobody does.
    async fn key_worker(&self, ctx: &Context<'_>) -> Result<Option<KeyWorker>> {
        let all = key_workers::of(ctx, self.0.id).await?;
        Ok(all.into_iter().find(|view| view.key_worker.until.is_none()).map(KeyWorker))
    }

    /// Who answers for its support and who did, the present key worker first.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn key_workers(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<KeyWorker>> {
        Window::new(first, after)?.page_of(key_workers::of(ctx, self.0.id).await?, KeyWorker)
    }

    /// The support that it was offered, latest first.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn support_sessions(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        #[graphql(desc = "Also those that were taken back as recorded by mistake.", default)]
        with_withdrawn: bool,
    ) -> Result<Page<SupportSession>> {
        let mut all = support::of(ctx, self.0.id).await?;
        all.retain(|view| with_withdrawn || view.session.withdrawn_at.is_none());
        Window::new(first, after)?.page_of(all, SupportSession)
    }

    /// What it needed at once when it came, as a checklist, what is due first at the top.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn immediate_needs(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<ImmediateNeed>> {
        Window::new(first, after)?.page_of(immediate_needs::of(ctx, self.0.id).await?, ImmediateNeed)
    }

    /// What it needs, as the latest referral that was accepted for it says; null where it came by none. Confidential.
    async fn needs(&self, ctx: &Context<'_>) -> Result<Option<HouseholdNeeds>> {
        referrals::needs_of(ctx, self.0.id).await
    }

    /// The referrals that it came by, oldest first.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn referrals(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<Referral>> {
        referrals::of(ctx, self.0.id, Window::new(first, after)?).await
    }

    /// The households that it must be kept apart from.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn kept_apart_from(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<KeptApart>> {
        Window::new(first, after)?.page_of(sharing::of(ctx, self.0.id).await?, KeptApart::from)
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

/// The household with this id, loaded together with others; none where it is closed to the actor.
pub(crate) async fn household(ctx: &Context<'_>, id: HouseholdId) -> Result<Option<Household>> {
    let loader = ctx.data_unchecked::<DataLoader<HouseholdLoader>>();
    let found = loader.load_one(id).await.map_err(|error| told_to_one(&error))?;
    Ok(found.map(Household))
}

/// What a household has of something, loaded together with that of others; nothing where its case is closed to the actor.
pub(crate) async fn all_of<K, T>(ctx: &Context<'_>, key: K) -> Result<Vec<T>>
where
    K: std::hash::Hash + Eq + Clone + Send + Sync + 'static,
    T: Clone + Send + Sync + 'static,
    HouseholdLoader: Loader<K, Value = Vec<T>, Error = Arc<EngineError>>,
{
    let loader = ctx.data_unchecked::<DataLoader<HouseholdLoader>>();
    let found = loader.load_one(key).await.map_err(|error| told_to_one(&error))?;
    Ok(found.unwrap_or_default())
}

/// What many waited for has failed.
pub(crate) fn told_to_one(error: &Arc<EngineError>) -> async_graphql::Error {
    match error.as_ref() {
        EngineError::Refused(refusal) => query_error(refusal.clone().into()),
        EngineError::Fault(fault) => failed(fault),
    }
}

/// What many households have, each with its own.
pub(crate) fn by_household<K, T>(keys: &[K], all: Vec<T>, whose: impl Fn(&T) -> K) -> HashMap<K, Vec<T>>
where
    K: std::hash::Hash + Eq + Copy,
{
    let mut sorted: HashMap<K, Vec<T>> = keys.iter().map(|key| (*key, Vec::new())).collect();
    for one in all {
        sorted.entry(whose(&one)).or_default().push(one);
    }
    sorted
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
