//! Accounts: made, reset and disabled by an administrator with a fresh second factor; never by those who sign in with
//! them.

use chrono::{DateTime, TimeDelta, Utc};
use safespace_domain::{
    AccountId, NoticeId, Refusal, RefusalCode,
    access::{Actor, Permission, Role, Who},
    accounts::{self, Account},
};
use safespace_store::{AuditRecord, Notice, Page, StoreError, StoredAccount, Tx};
use uuid::Uuid;

use crate::{Engine, EngineError, keys::secret, throttle::Subject};

/// So long a link to set an account up is good.
pub(crate) const LINK_FOR: TimeDelta = TimeDelta::hours(24);

/// An account that is to be made.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// The name to sign in with.
    pub name: String,
    /// What they are to the service.
    pub role: Role,
    /// The council that they work for; partners only.
    pub council: Option<String>,
}

/// An account, and the secret of the link by which its owner sets it up: shown once.
#[derive(Clone, Debug)]
pub struct Invited {
    /// The account.
    pub account: Account,
    /// The secret of the link.
    pub link: String,
    /// Until when the link is good.
    pub until: DateTime<Utc>,
}

impl Engine {
    /// A page of the accounts, oldest first. For administrators.
    pub async fn accounts(&self, actor: &Actor, page: Page<AccountId>) -> Result<Vec<Account>, EngineError> {
        self.must(actor, Permission::ManageAccounts)?;
        let found = self.store.reader().accounts(page).await?;
        Ok(found.into_iter().map(|stored| stored.account).collect())
    }

    /// The account with this id. For administrators.
    pub async fn account(&self, actor: &Actor, id: AccountId) -> Result<Option<Account>, EngineError> {
        self.must(actor, Permission::ManageAccounts)?;
        Ok(self.store.reader().account(id).await?.map(|stored| stored.account))
    }

    /// The account with this name, in upper or lower case. For administrators.
    pub async fn account_by_name(&self, actor: &Actor, name: &str) -> Result<Option<Account>, EngineError> {
        self.must(actor, Permission::ManageAccounts)?;
        let Ok(name) = accounts::name(name) else { return Ok(None) };
        Ok(self.store.reader().account_by_name(&name).await?.map(|stored| stored.account))
    }

    /// Makes an account, and a link by which its owner sets it up. The link is shown once; so there is no idempotency
    /// key: a second try is told that the name is taken.
    pub async fn create_account(&self, by: &Actor, new: NewAccount) -> Result<Invited, EngineError> {
        self.must_freshly(by, Permission::ManageAccounts)?;
        let now = self.clock.now();
        let account = Account {
            id: AccountId(self.ids.next()),
            name: accounts::name(&new.name)?,
            role: new.role,
            council: accounts::council(new.role, new.council.as_deref())?,
            made_at: now,
            disabled_at: None,
            has_password: false,
            has_issuer: false,
            has_second_factor: false,
        };
        let link = secret()?;
        let stored = StoredAccount {
            account: account.clone(),
            password: None,
            second_factor: None,
            second_factor_step: 0,
            second_factor_shown_to: None,
            link: Some(self.stored_link(account.id, &link, now + LINK_FOR)?),
            mac: None,
        };
        let stored = self.with_code_of_account(stored)?;
        let tx = self.store.begin().await?;
        tx.add_account(&stored).await.map_err(|error| match error {
            StoreError::InUse("account_name") => EngineError::from(
                Refusal::new(
                    RefusalCode::CodeInUse,
                    "There is an account of this name already: choose another.",
                )
                .on("name"),
            ),
            other => other.into(),
        })?;
        let facts = serde_json::json!({ "role": account.role, "council": account.council });
        let record = AuditRecord {
            detail: facts.to_string(),
            ..self.record_of(by, "create_account", Some(account.id.0))
        };
        self.tell_managers(&tx, by, "create_account", account.id.0).await?;
        self.record(&tx, &[record]).await?;
        tx.commit().await?;
        Ok(Invited { account, link, until: now + LINK_FOR })
    }

    /// Takes the password and the second factor of an account back, ends its sessions, and makes a new link by which its
    /// owner sets it up again.
    pub async fn reset_account(&self, by: &Actor, id: AccountId) -> Result<Invited, EngineError> {
        self.must_freshly(by, Permission::ManageAccounts)?;
        let now = self.clock.now();
        let tx = self.store.begin().await?;
        let mut stored = self.lock_account(&tx, by, id).await?;
        self.must_leave_an_administrator(&tx, by, &stored.account).await?;
        let link = secret()?;
        stored.link = Some(self.stored_link(id, &link, now + LINK_FOR)?);
        stored.password = None;
        stored.second_factor = None;
        stored.second_factor_shown_to = None;
        stored.account.has_password = false;
        stored.account.has_issuer = false;
        stored.account.has_second_factor = false;
        self.save_account(&tx, &stored).await?;
        tx.set_recovery_codes(id, &[]).await?;
        tx.forget_identities_of(id).await?;
        tx.end_sessions_of(id, now).await?;
        // Its owner may have been kept waiting by somebody else, or have forgotten what they are about to choose afresh.
        for named in [stored.account.name.clone(), id.to_string()] {
            self.forget_tries(&tx, Subject::Account(&named)).await?;
        }
        self.tell_managers(&tx, by, "reset_account", id.0).await?;
        self.record(&tx, &[self.record_of(by, "reset_account", Some(id.0))]).await?;
        tx.commit().await?;
        self.forget_sessions();
        Ok(Invited { account: stored.account, link, until: now + LINK_FOR })
    }

    /// Shuts an account: nobody can sign in with it, and its sessions end now.
    pub async fn disable_account(&self, by: &Actor, id: AccountId) -> Result<Account, EngineError> {
        self.must_freshly(by, Permission::ManageAccounts)?;
        let now = self.clock.now();
        let tx = self.store.begin().await?;
        let mut stored = self.lock_account(&tx, by, id).await?;
        if stored.account.disabled_at.is_some() {
            return Err(wrong_state("This account is disabled already: there is nothing to do."));
        }
        self.must_leave_an_administrator(&tx, by, &stored.account).await?;
        let genuine = self.genuine_account(Some(stored.clone()))?.is_some();
        stored.account.disabled_at = Some(now);
        stored.link = None;
        if genuine {
            self.save_account(&tx, &stored).await?;
        } else {
            // Shut it is, but nobody vouches for what somebody put in: it is not opened again but by a reset.
            tx.save_account(&StoredAccount { mac: None, ..stored.clone() }).await?;
        }
        tx.end_sessions_of(id, now).await?;
        self.record(&tx, &[self.record_of(by, "disable_account", Some(id.0))]).await?;
        tx.commit().await?;
        self.forget_sessions();
        Ok(stored.account)
    }

    /// Opens an account again that was disabled, with the password and the second factor that it had.
    pub async fn enable_account(&self, by: &Actor, id: AccountId) -> Result<Account, EngineError> {
        self.must_freshly(by, Permission::ManageAccounts)?;
        let tx = self.store.begin().await?;
        let found = self.lock_account(&tx, by, id).await?;
        let mut stored = self.genuine_account(Some(found))?.ok_or_else(not_the_services_word)?;
        if stored.account.disabled_at.take().is_none() {
            return Err(wrong_state("This account is not disabled: there is nothing to do."));
        }
        self.save_account(&tx, &stored).await?;
        self.record(&tx, &[self.record_of(by, "enable_account", Some(id.0))]).await?;
        tx.commit().await?;
        Ok(stored.account)
    }

    /// Managers are told what an administrator has done to an account: they know who should have one. Whoever has the
    /// command line sets the service up, and is found in the audit.
    async fn tell_managers(&self, tx: &Tx, by: &Actor, kind: &str, subject: Uuid) -> Result<(), EngineError> {
        let Who::Person { account, .. } = by.who else { return Ok(()) };
        let notice = Notice {
            id: NoticeId(self.ids.next()),
            at: self.clock.now(),
            kind: kind.to_owned(),
            subject,
            by: Some(account.0),
            seen_at: None,
        };
        Ok(tx.add_notice(&notice).await?)
    }

    /// The account, locked. One that somebody wrote into the database, or that is from before accounts carried a code, is
    /// nobody's to change but who has the command line: its role may be what somebody wished.
    async fn lock_account(&self, tx: &Tx, by: &Actor, id: AccountId) -> Result<StoredAccount, EngineError> {
        let found = tx.lock_account(id).await?.ok_or_else(|| Refusal::not_found("account", "account"))?;
        if by.who == Who::Service {
            return Ok(found);
        }
        self.genuine_account(Some(found))?.ok_or_else(not_the_services_word)
    }

    /// Refuses to lock out the last administrator who can sign in. Whoever has the command line can make another one.
    async fn must_leave_an_administrator(
        &self,
        tx: &Tx,
        by: &Actor,
        account: &Account,
    ) -> Result<(), EngineError> {
        if account.role != Role::Administrator || by.who == Who::Service {
            return Ok(());
        }
        let others = tx.lock_accounts_in(Role::Administrator).await?;
        if others.iter().any(|other| other.account.id != account.id && other.account.is_usable()) {
            return Ok(());
        }
        Err(Refusal::new(
            RefusalCode::StandsInTheWay,
            "This is the last administrator who can sign in: make another one first.",
        )
        .on("account")
        .into())
    }
}

fn not_the_services_word() -> EngineError {
    wrong_state(
        "This account is not as the service wrote it, so nobody can sign in with it. Whoever runs the service can look at \
         its role and reset it: safespace admin list, safespace admin reset.",
    )
}

fn wrong_state(message: &str) -> EngineError {
    Refusal::new(RefusalCode::WrongState, message).on("account").into()
}
