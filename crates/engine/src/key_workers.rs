//! Key workers: one member of staff who answers for a household's support.

use safespace_domain::{
    AccountId, HouseholdId, KeyWorkerId, Refusal, RefusalCode,
    access::{Actor, Permission, Role},
    accounts::{self, Account},
    key_workers::{KeyWorker, can_be, must_be_able},
};

use crate::{
    Engine, EngineError, Outcome,
    work::{Done, Work},
};

/// A key worker with their name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyWorkerView {
    /// Whose, who, since when.
    pub key_worker: KeyWorker,
    /// The name that they sign in with: a pseudonym.
    pub name: String,
    /// Whether they can look after the household: they can sign in, and its case is not closed to them.
    pub is_able: bool,
}

impl Engine {
    /// Who is, and who was, the key worker of these households, the present one first, as far as their cases are open to
    /// the actor.
    pub async fn key_workers(
        &self,
        actor: &Actor,
        households: &[HouseholdId],
    ) -> Result<Vec<KeyWorkerView>, EngineError> {
        self.must(actor, Permission::SeeStays)?;
        let open = self.open_among(actor, households);
        let found = self.store.reader().key_workers(&open).await?;
        self.named_key_workers(found).await
    }

    /// Who is the key worker of these households now, whose cases must be open to whoever asks.
    pub(crate) async fn key_workers_now(
        &self,
        households: &[HouseholdId],
    ) -> Result<Vec<KeyWorkerView>, EngineError> {
        let found = self.store.reader().key_workers_now(households).await?;
        self.named_key_workers(found).await
    }

    async fn named_key_workers(&self, found: Vec<KeyWorker>) -> Result<Vec<KeyWorkerView>, EngineError> {
        let ids: Vec<AccountId> = found.iter().map(|key_worker| key_worker.account).collect();
        let accounts = self.store.reader().accounts_by_id(&ids).await?;
        let view = |key_worker: KeyWorker| {
            let account = accounts.iter().find(|account| account.id == key_worker.account)?;
            let is_able = can_be(account) && !self.is_closed_to_account(account.id, key_worker.household);
            Some(KeyWorkerView { key_worker, name: account.name.clone(), is_able })
        };
        Ok(found.into_iter().filter_map(view).collect())
    }

    /// Who can be a key worker, by name.
    pub async fn staff(&self, actor: &Actor) -> Result<Vec<Account>, EngineError> {
        self.must(actor, Permission::SeeStays)?;
        Ok(self.store.reader().accounts_in(&[Role::Officer, Role::Manager]).await?)
    }

    pub(crate) async fn assign_key_worker(
        &self,
        work: &mut Work,
        reference: &str,
        worker: Option<&str>,
    ) -> Done<Outcome> {
        let household = self.open_household(work, reference).await?;
        let before = work.tx.reader().key_workers_now(&[household]).await?.pop();
        let account = match worker {
            Some(name) => Some(self.able_key_worker(work, household, name).await?),
            None => None,
        };
        if account == before.as_ref().map(|key_worker| key_worker.account) {
            let message = match account {
                Some(_) => "They are the key worker of this household already: there is nothing to do.",
                None => "This household has no key worker: there is nobody to take away.",
            };
            return Err(Refusal::new(RefusalCode::WrongState, message).on("worker").into());
        }
        let ended = before.map(|key_worker| KeyWorker { until: Some(work.now), ..key_worker });
        if let Some(ended) = &ended {
            work.tx.end_key_worker(ended).await?;
        }
        let now = account.map(|account| KeyWorker {
            id: KeyWorkerId(self.ids.next()),
            household,
            account,
            since: work.now,
            until: None,
            assigned_by: work.actor.who.id(),
        });
        if let Some(now) = &now {
            work.tx.add_key_worker(now).await?;
        }
        work.audit(Some(household.0), &[], &(&ended, &now));
        let changed =
            now.or(ended).ok_or(crate::Fault::Broken("a key worker that is neither new nor old"))?;
        Ok(Outcome::KeyWorker(changed))
    }

    /// The account of this name, if it can be the household's key worker.
    async fn able_key_worker(&self, work: &Work, household: HouseholdId, name: &str) -> Done<AccountId> {
        let not_found = || {
            let message = "There is nobody of this name in the team: see `staff` for who there is.";
            Refusal::new(RefusalCode::NotFound, message).on("worker")
        };
        let name = accounts::name(name).map_err(|_| not_found())?;
        let stored = work.tx.reader().account_by_name(&name).await?.ok_or_else(not_found)?;
        must_be_able(&stored.account)?;
        if self.is_closed_to_account(stored.account.id, household) {
            let message = "They can't be this household's key worker: choose somebody else.";
            return Err(Refusal::new(RefusalCode::Unsuitable, message).on("worker").into());
        }
        Ok(stored.account.id)
    }

    fn is_closed_to_account(&self, account: AccountId, household: HouseholdId) -> bool {
        self.live.closed_households(account.0).is_some_and(|closed| closed.contains(&household))
    }
}
