//! Immediate needs: a household's checklist.

use std::{collections::HashMap, sync::Arc};

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject, dataloader::Loader};
use chrono::{DateTime, Utc};
use safespace_domain::{
    HouseholdId, ImmediateNeedId,
    immediate_needs::{self, NeedState},
};
use safespace_engine::{Command, EngineError, Outcome, SaveImmediateNeed, SettleImmediateNeeds};

use crate::{
    answers::{answer, run, shared, unexpected},
    engine,
    households::{HouseholdLoader, all_of, by_household},
    ids,
};

/// What has become of an immediate need.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImmediateNeedState {
    /// Nobody has settled it.
    Open,
    /// It was met.
    Met,
    /// The household has no such need.
    NotNeeded,
}

/// An immediate need on a household's checklist.
#[derive(Clone)]
pub struct ImmediateNeed(pub(crate) immediate_needs::ImmediateNeed);

#[Object]
impl ImmediateNeed {
    /// Its id.
    async fn id(&self) -> ID {
        ids::global("ImmediateNeed", self.0.id)
    }

    /// What: a code of the list of immediate needs.
    async fn kind(&self) -> &str {
        &self.0.kind
    }

    /// When it was put on the checklist.
    async fn asked_at(&self) -> DateTime<Utc> {
        self.0.asked_at
    }

    /// By when somebody sees to it.
    async fn due_at(&self) -> DateTime<Utc> {
        self.0.due_at
    }

    /// Whether it is due, and nobody has settled it.
    async fn overdue(&self, ctx: &Context<'_>) -> bool {
        self.0.is_overdue(engine(ctx).now())
    }

    /// What has become of it.
    async fn state(&self) -> ImmediateNeedState {
        match self.0.state {
            NeedState::Open => ImmediateNeedState::Open,
            NeedState::Met { .. } => ImmediateNeedState::Met,
            NeedState::NotNeeded { .. } => ImmediateNeedState::NotNeeded,
        }
    }

    /// When it was settled; null while it is open.
    async fn settled_at(&self) -> Option<DateTime<Utc>> {
        self.0.state.settled_at()
    }
}

/// Whose needs.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct NeedsOf(HouseholdId);

impl Loader<NeedsOf> for HouseholdLoader {
    type Value = Vec<immediate_needs::ImmediateNeed>;
    type Error = Arc<EngineError>;

    async fn load(&self, keys: &[NeedsOf]) -> Result<HashMap<NeedsOf, Self::Value>, Self::Error> {
        let households: Vec<HouseholdId> = keys.iter().map(|key| key.0).collect();
        let all = self.engine.immediate_needs(&self.actor, &households).await.map_err(shared)?;
        Ok(by_household(keys, all, |need| NeedsOf(need.household)))
    }
}

/// A household's checklist, what is due first at the top.
pub(crate) async fn of(
    ctx: &Context<'_>,
    household: HouseholdId,
) -> Result<Vec<immediate_needs::ImmediateNeed>> {
    all_of(ctx, NeedsOf(household)).await
}

/// A need to put on a checklist.
#[derive(InputObject)]
pub struct SaveImmediateNeedInput {
    /// Whose: the household's reference.
    household: String,
    /// What: a code of the list of immediate needs. One that is open already gets this time.
    kind: String,
    /// By when it is due; left out, as the code list says, from now on.
    due_at: Option<DateTime<Utc>>,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// Needs to settle: all of these, or none.
#[derive(InputObject)]
pub struct SettleImmediateNeedsInput {
    /// Whose: the household's reference.
    household: String,
    /// What was met: codes of needs that are open.
    #[graphql(default)]
    met: Vec<String>,
    /// What the household does not need.
    #[graphql(default)]
    not_needed: Vec<String>,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// A need to open again.
#[derive(InputObject)]
pub struct ReopenImmediateNeedInput {
    /// Which.
    need: ID,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// A checklist was changed.
#[derive(SimpleObject)]
pub struct ImmediateNeedsKept {
    /// The needs that were changed, as they are now; as many as were named.
    needs: Vec<ImmediateNeed>,
}

answer!(
    /// The answer to a change of a checklist.
    ImmediateNeedsAnswer = ImmediateNeedsKept
);

/// Seeing to immediate needs. For officers and managers.
#[derive(Default)]
pub struct ImmediateNeedsMutation;

#[Object]
impl ImmediateNeedsMutation {
    /// Puts a need on a household's checklist, or gives one that is open another time.
    async fn save_immediate_need(
        &self,
        ctx: &Context<'_>,
        input: SaveImmediateNeedInput,
    ) -> Result<ImmediateNeedsAnswer> {
        let SaveImmediateNeedInput { household, kind, due_at, idempotency_key } = input;
        let command = Command::SaveImmediateNeed(SaveImmediateNeed { household, kind, due_at });
        kept(ctx, idempotency_key, command).await
    }

    /// Settles needs of a household.
    async fn settle_immediate_needs(
        &self,
        ctx: &Context<'_>,
        input: SettleImmediateNeedsInput,
    ) -> Result<ImmediateNeedsAnswer> {
        let ask = SettleImmediateNeeds {
            household: input.household,
            met: input.met.into_iter().collect(),
            not_needed: input.not_needed.into_iter().collect(),
        };
        kept(ctx, input.idempotency_key, Command::SettleImmediateNeeds(ask)).await
    }

    /// Opens a need again that was settled by mistake, or has come up again.
    async fn reopen_immediate_need(
        &self,
        ctx: &Context<'_>,
        input: ReopenImmediateNeedInput,
    ) -> Result<ImmediateNeedsAnswer> {
        let need = ImmediateNeedId(ids::of_kind("ImmediateNeed", &input.need)?);
        kept(ctx, input.idempotency_key, Command::ReopenImmediateNeed { need }).await
    }
}

async fn kept(ctx: &Context<'_>, key: Option<String>, command: Command) -> Result<ImmediateNeedsAnswer> {
    Ok(match run(ctx, key, command).await? {
        Ok(Outcome::ImmediateNeeds(needs)) => {
            let needs = needs.into_iter().map(ImmediateNeed).collect();
            ImmediateNeedsAnswer::Done(ImmediateNeedsKept { needs })
        }
        Ok(_) => return Err(unexpected()),
        Err(refused) => ImmediateNeedsAnswer::Refused(refused),
    })
}
