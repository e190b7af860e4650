//! Key workers of households, and who there is in the team.

use std::{collections::HashMap, sync::Arc};

use async_graphql::{Context, InputObject, Object, Result, SimpleObject, dataloader::Loader};
use chrono::{DateTime, Utc};
use safespace_domain::{HouseholdId, accounts::Account};
use safespace_engine::{Command, EngineError, KeyWorkerView, Outcome};

use crate::{
    access::Role,
    actor,
    answers::{answer, query_error, run, shared, unexpected},
    engine,
    households::{HouseholdLoader, all_of, by_household},
    paging::{Page, Window},
};

/// That somebody is, or was, a household's key worker.
pub struct KeyWorker(pub(crate) KeyWorkerView);

#[Object]
impl KeyWorker {
    /// The name that they sign in with: a pseudonym.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Since when.
    async fn since(&self) -> DateTime<Utc> {
        self.0.key_worker.since
    }

    /// Until when; null while they are.
    async fn until(&self) -> Option<DateTime<Utc>> {
        self.0.key_worker.until
    }

    /// Whether they can look after the household now: one whose account is disabled can't.
    async fn able(&self) -> bool {
        self.0.is_able
    }
}

/// Whose key workers.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct KeyWorkersOf(HouseholdId);

impl Loader<KeyWorkersOf> for HouseholdLoader {
    type Value = Vec<KeyWorkerView>;
    type Error = Arc<EngineError>;

    async fn load(&self, keys: &[KeyWorkersOf]) -> Result<HashMap<KeyWorkersOf, Self::Value>, Self::Error> {
        let households: Vec<HouseholdId> = keys.iter().map(|key| key.0).collect();
        let all = self.engine.key_workers(&self.actor, &households).await.map_err(shared)?;
        Ok(by_household(keys, all, |view| KeyWorkersOf(view.key_worker.household)))
    }
}

/// Who is and who was a household's key worker, the present one first.
pub(crate) async fn of(ctx: &Context<'_>, household: HouseholdId) -> Result<Vec<KeyWorkerView>> {
    all_of(ctx, KeyWorkersOf(household)).await
}

/// Somebody of the team.
#[derive(SimpleObject)]
pub struct StaffMember {
    /// The name that they sign in with: a pseudonym.
    name: String,
    /// What they are to the service.
    role: Role,
}

impl From<Account> for StaffMember {
    fn from(account: Account) -> Self {
        Self { name: account.name, role: account.role.into() }
    }
}

/// Looking the team up.
#[derive(Default)]
pub struct KeyWorkersQuery;

#[Object]
impl KeyWorkersQuery {
    /// Who can be a key worker: officers and managers whose accounts are not disabled, by name.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn staff(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<StaffMember>> {
        let staff = engine(ctx).staff(actor(ctx)).await.map_err(query_error)?;
        Window::new(first, after)?.page_of(staff, StaffMember::from)
    }
}

/// A key worker to name.
#[derive(InputObject)]
pub struct AssignKeyWorkerInput {
    /// Whose: the household's reference.
    household: String,
    /// The name that they sign in with; left out, the household has no key worker from now on.
    worker: Option<String>,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// A household has another key worker, or none any more.
#[derive(SimpleObject)]
pub struct KeyWorkerAssigned {
    /// Who it is now, or who it was, where there is none any more.
    key_worker: KeyWorker,
}

answer!(
    /// The answer to `assignKeyWorker`.
    KeyWorkerAnswer = KeyWorkerAssigned
);

/// Naming key workers. For officers and managers.
#[derive(Default)]
pub struct KeyWorkersMutation;

#[Object]
impl KeyWorkersMutation {
    /// Names the one key worker of a household, instead of whoever was.
    async fn assign_key_worker(
        &self,
        ctx: &Context<'_>,
        input: AssignKeyWorkerInput,
    ) -> Result<KeyWorkerAnswer> {
        let AssignKeyWorkerInput { household, worker, idempotency_key } = input;
        let command = Command::AssignKeyWorker { household, worker };
        Ok(match run(ctx, idempotency_key, command).await? {
            Ok(Outcome::KeyWorker(done)) => {
                let all =
                    engine(ctx).key_workers(actor(ctx), &[done.household]).await.map_err(query_error)?;
                let found = all.into_iter().find(|view| view.key_worker.id == done.id);
                let key_worker = KeyWorker(found.ok_or_else(unexpected)?);
                KeyWorkerAnswer::Done(KeyWorkerAssigned { key_worker })
            }
            Ok(_) => return Err(unexpected()),
            Err(refused) => KeyWorkerAnswer::Refused(refused),
        })
    }
}
