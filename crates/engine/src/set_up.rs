//! Setting an account up, by the link that an administrator made: a password, then a second factor.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use safespace_domain::{
    IssuerId, Refusal, RefusalCode,
    access::{Actor, Role, Who},
    accounts::Account,
};
use safespace_store::StoredAccount;
use uuid::Uuid;

use crate::{
    Engine, EngineError,
    credentials::Secret,
    keys::SERVICE,
    passwords::must_be_hard_to_guess,
    second_factors::{self, NewSecondFactor, step_of},
    sign_in::factor_context,
    throttle::Subject,
};

/// What a link sets up, and how far that has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetUp {
    /// The name to sign in with.
    pub name: String,
    /// What they are to the service.
    pub role: Role,
    /// Whether it is settled what is shown first when signing in: a password, or somebody else's word.
    pub has_first_factor: bool,
    /// The issuers that may be signed in with instead of a password.
    pub issuers: Vec<(IssuerId, String)>,
    /// Whether a second factor must be added.
    pub needs_second_factor: bool,
    /// Until when the link is good.
    pub until: DateTime<Utc>,
}

/// A link that is wrong, used up, too old, or of a disabled account: the four read the same.
pub(crate) fn no_such_link() -> Refusal {
    Refusal::new(
        RefusalCode::NotGood,
        "This link is not good, or no longer: ask an administrator for a new one.",
    )
}

impl Engine {
    /// What a link is for.
    pub async fn set_up(&self, link: &str) -> Result<SetUp, EngineError> {
        self.view_of(&self.account_of_link(link).await?).await
    }

    /// The account that a link sets up.
    pub(crate) async fn account_of_link(&self, link: &str) -> Result<StoredAccount, EngineError> {
        let found = self.store.reader().account_by_link(&self.code_of_secret(Secret::Link, link)?).await?;
        let found = found.ok_or_else(no_such_link)?;
        let found = self.genuine_account(Some(found))?.ok_or_else(no_such_link)?;
        if self.is_good_link(&found)? { Ok(found) } else { Err(no_such_link().into()) }
    }

    fn is_good_link(&self, stored: &StoredAccount) -> Result<bool, EngineError> {
        let Some(link) = &stored.link else { return Ok(false) };
        let in_time = stored.account.disabled_at.is_none() && self.clock.now() < link.until;
        Ok(in_time && self.is_genuine_link(stored.account.id, link)?)
    }

    async fn view_of(&self, stored: &StoredAccount) -> Result<SetUp, EngineError> {
        Ok(SetUp {
            name: stored.account.name.clone(),
            role: stored.account.role,
            has_first_factor: stored.account.has_first_factor(),
            issuers: self.issuers_for(&stored.account).await?,
            needs_second_factor: stored.account.role.needs_second_factor(),
            until: stored.link.as_ref().map_or(stored.account.made_at, |link| link.until),
        })
    }

    /// Chooses the password. Where no second factor is needed, the account can be used from now on; the link stays good
    /// for adding one.
    pub async fn choose_password(
        &self,
        link: &str,
        password: &str,
        from: IpAddr,
    ) -> Result<SetUp, EngineError> {
        self.count_try(&[Subject::Address(from)]).await?;
        let stored = self.account_of_link(link).await?;
        let account = &stored.account;
        must_be_hard_to_guess(password, &[&account.name, account.council.as_deref().unwrap_or_default()])?;
        let fresh = self.passwords.hash(password).await?;
        let tx = self.store.begin().await?;
        let mut stored = self.lock_genuine_account(&tx, account.id).await?.ok_or_else(no_such_link)?;
        self.must_be_of_link(&stored, link)?;
        if stored.account.has_first_factor() {
            return Err(Refusal::new(
                RefusalCode::WrongState,
                "A password or another way to sign in was chosen already. If it was not you, or you have forgotten it, ask an administrator for a \
                 new link.",
            )
            .into());
        }
        stored.password = Some(fresh);
        stored.account.has_password = true;
        self.save_account(&tx, &stored).await?;
        tx.end_sessions_of(stored.account.id, self.clock.now()).await?;
        let record = self.record_of(&owner(&stored.account), "choose_password", Some(stored.account.id.0));
        self.record(&tx, &[record]).await?;
        tx.commit().await?;
        self.forget_sessions();
        self.forgive(&[Subject::Address(from)]).await?;
        self.view_of(&stored).await
    }

    /// A second factor to add, which is confirmed with one of its codes. `browser` is a secret of who looks: they see the
    /// same until then. Who has the link and looks elsewhere is shown another one, and what was shown before is none any
    /// longer: nobody else comes to know the secret that is confirmed.
    pub async fn new_second_factor(&self, link: &str, browser: &str) -> Result<NewSecondFactor, EngineError> {
        let account = self.account_of_link(link).await?.account;
        let factor = second_factors::new_secret()?;
        let tx = self.store.begin().await?;
        let mut stored = self.lock_genuine_account(&tx, account.id).await?.ok_or_else(no_such_link)?;
        self.must_be_of_link(&stored, link)?;
        if !stored.account.has_first_factor() {
            return Err(Refusal::new(RefusalCode::WrongState, "Choose a password first.").into());
        }
        let looks = Some(self.code_of_secret(Secret::Browser, browser)?);
        if let Some(begun) = &stored.second_factor
            && stored.second_factor_shown_to == looks
        {
            // It was shown here before and not confirmed yet: the same again, so that a page can be looked at twice.
            let begun = self.open_sealed(SERVICE, &factor_context(account.id), begun).await?;
            return Ok(second_factors::for_authenticator(&begun, &account.name)?);
        }
        stored.second_factor = Some(self.seal(&tx, SERVICE, &factor_context(account.id), &factor).await?);
        stored.second_factor_shown_to = looks;
        self.save_account(&tx, &stored).await?;
        let record = self.record_of(&owner(&account), "begin_second_factor", Some(account.id.0));
        self.record(&tx, &[record]).await?;
        tx.commit().await?;
        Ok(second_factors::for_authenticator(&factor, &account.name)?)
    }

    /// Confirms the second factor with one of its codes. The account can be used from now on, and the link no longer.
    /// Returns the recovery codes, once.
    pub async fn confirm_second_factor(
        &self,
        link: &str,
        code: &str,
        from: IpAddr,
    ) -> Result<Vec<String>, EngineError> {
        self.count_try(&[Subject::Address(from)]).await?;
        let account = self.account_of_link(link).await?.account;
        let now = self.clock.now();
        let tx = self.store.begin().await?;
        let mut stored = self.lock_genuine_account(&tx, account.id).await?.ok_or_else(no_such_link)?;
        self.must_be_of_link(&stored, link)?;
        let Some(sealed) = &stored.second_factor else {
            return Err(Refusal::new(RefusalCode::WrongState, "Add a second factor first.").into());
        };
        let factor = self.open_sealed(SERVICE, &factor_context(account.id), sealed).await?;
        let Some(step) = step_of(&factor, code, now)? else {
            return Err(Refusal::bad(
                "code",
                "This is not the code that the authenticator shows now: look again, and check the telephone's clock.",
            )
            .into());
        };
        stored.second_factor_step = step;
        stored.account.has_second_factor = true;
        stored.link = None;
        stored.second_factor_shown_to = None;
        self.save_account(&tx, &stored).await?;
        let codes = second_factors::recovery_codes()?;
        let kept = |code: &String| self.code_of_recovery(account.id, code);
        let hashes = codes.iter().map(kept).collect::<Result<Vec<_>, _>>()?;
        tx.set_recovery_codes(account.id, &hashes).await?;
        let record = self.record_of(&owner(&account), "confirm_second_factor", Some(account.id.0));
        self.record(&tx, &[record]).await?;
        tx.commit().await?;
        self.forgive(&[Subject::Address(from)]).await?;
        Ok(codes)
    }

    pub(crate) fn must_be_of_link(&self, stored: &StoredAccount, link: &str) -> Result<(), EngineError> {
        let code = self.code_of_secret(Secret::Link, link)?;
        let is_it = stored.link.as_ref().is_some_and(|kept| kept.hash == code);
        if is_it && self.is_good_link(stored)? { Ok(()) } else { Err(no_such_link().into()) }
    }
}

/// Whoever holds the link of an account, as the audit names them.
pub(crate) fn owner(account: &Account) -> Actor {
    let session = safespace_domain::SessionId(Uuid::nil());
    Actor { who: Who::Person { account: account.id, session }, role: account.role, ..Actor::service() }
}
