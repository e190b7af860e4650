//! Signing in: a password, then a second factor; and giving the second factor again for what needs a fresh one.
//!
//! Whatever is wrong, the answer is the same and takes as long: nobody learns whether an account exists.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use safespace_domain::{
    AccountId, SessionId,
    access::{Actor, Who},
    accounts::Account,
    sessions::{Session, Stage},
};
use safespace_store::{AuditRecord, StoredAccount, Tx};

use crate::{
    Engine, EngineError, Fault,
    credentials::Secret,
    keys::{SERVICE, secret},
    second_factors::{as_typed, step_of},
    throttle::{Subject, not_good},
};

/// Somebody has come further in signing in.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The secret that names the session from now on: only a code of it is kept.
    pub cookie: String,
    /// How far they have come.
    pub stage: Stage,
}

/// With what somebody has shown that it is them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    Password,
    Issuer,
    Code,
    RecoveryCode,
}

impl Proof {
    const fn action(self) -> &'static str {
        match self {
            Self::Password => "sign_in",
            Self::Issuer => "sign_in_with_issuer",
            Self::Code => "give_code",
            Self::RecoveryCode => "use_recovery_code",
        }
    }
}

/// How a session begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Beginning {
    pub(crate) stage: Stage,
    pub(crate) begun_at: DateTime<Utc>,
    pub(crate) second_factor_at: Option<DateTime<Utc>>,
}

impl Engine {
    /// Begins a session for whoever knows the password; where the account has a second factor, it opens nothing until
    /// that is given. `from` is where they call from.
    pub async fn sign_in(&self, name: &str, password: &str, from: IpAddr) -> Result<SignedIn, EngineError> {
        let subjects = [Subject::Account(name), Subject::Address(from)];
        self.count_try(&subjects).await?;
        let found = self.genuine_account(self.store.reader().account_by_name(name.trim()).await?)?;
        let hash = found.as_ref().and_then(|found| found.password.as_deref());
        let fits = self.passwords.fits(password, hash).await?;
        let Some(stored) = found.filter(|found| fits && found.account.is_usable()) else {
            return Err(not_good().into());
        };
        let fresh = match &stored.password {
            Some(hash) if self.passwords.is_outdated(hash) => Some(self.passwords.hash(password).await?),
            _ => None,
        };
        let stage = if stored.account.has_second_factor { Stage::CodeNeeded } else { Stage::Whole };
        let tx = self.store.begin().await?;
        // Read again under a lock: it may have been disabled or reset meanwhile.
        let mut locked = self.lock_genuine_account(&tx, stored.account.id).await?.ok_or_else(not_good)?;
        if !locked.account.is_usable() || locked.password != stored.password {
            return Err(not_good().into());
        }
        let beginning = Beginning { stage, begun_at: self.clock.now(), second_factor_at: None };
        if let Some(fresh) = fresh {
            locked.password = Some(fresh);
            self.save_account(&tx, &locked).await?;
        }
        let signed_in = self.begin_session(&tx, &locked.account, beginning, Proof::Password).await?;
        tx.commit().await?;
        let [account, address] = subjects;
        let forgiven = if stage == Stage::Whole { vec![account, address] } else { vec![address] };
        self.forgive(&forgiven).await?;
        Ok(signed_in)
    }

    /// Takes a code of the second factor, or a recovery code: the second step of signing in, and the way to a fresh
    /// second factor later. The session gets a new secret.
    pub async fn give_code(&self, cookie: &str, code: &str, from: IpAddr) -> Result<SignedIn, EngineError> {
        let now = self.clock.now();
        let found = self.store.reader().session(&self.code_of_secret(Secret::Session, cookie)?).await?;
        let session =
            self.genuine_session(found)?.filter(|session| session.is_good(now)).ok_or_else(not_good)?;
        let named = session.account.to_string();
        let subjects = [Subject::Account(&named), Subject::Address(from)];
        self.count_try(&subjects).await?;
        let tx = self.store.begin().await?;
        let stored = self.lock_genuine_account(&tx, session.account).await?.ok_or_else(not_good)?;
        if !stored.account.is_usable() || !stored.account.has_second_factor {
            return Err(not_good().into());
        }
        let proof = self.proof(&tx, &stored, code, now).await?.ok_or_else(not_good)?;
        if !tx.end_session(session.id, now).await? {
            return Err(not_good().into());
        }
        let beginning = Beginning {
            stage: Stage::Whole,
            // A fresh second factor does not make a session live longer.
            begun_at: if session.stage == Stage::Whole { session.begun_at } else { now },
            second_factor_at: Some(now),
        };
        let signed_in = self.begin_session(&tx, &stored.account, beginning, proof).await?;
        tx.commit().await?;
        self.forget_sessions();
        self.forgive(&[
            Subject::Account(&named),
            Subject::Account(&stored.account.name),
            Subject::Address(from),
        ])
        .await?;
        Ok(signed_in)
    }

    /// How many passwords were hashed so far, here: what trying to sign in costs.
    pub fn passwords_hashed(&self) -> u64 {
        self.passwords.computed()
    }

    /// What the code proves; none where it proves nothing. A code that proves something is used up by it.
    async fn proof(
        &self,
        tx: &Tx,
        stored: &StoredAccount,
        code: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<Proof>, EngineError> {
        let account = stored.account.id;
        if let Some(sealed) = &stored.second_factor {
            let factor = self.open_sealed(SERVICE, &factor_context(account), sealed).await?;
            if let Some(step) = step_of(&factor, code, now)? {
                return Ok(tx.use_second_factor_step(account, step).await?.then_some(Proof::Code));
            }
        }
        let used = tx.use_recovery_code(account, &self.code_of_recovery(account, code)?, now).await?;
        Ok(used.then_some(Proof::RecoveryCode))
    }

    /// What is kept of a recovery code: a code that only the service can make, for this account alone.
    pub(crate) fn code_of_recovery(&self, account: AccountId, code: &str) -> Result<Vec<u8>, Fault> {
        self.code_of_secret(Secret::RecoveryCode, &format!("{account}:{}", as_typed(code)))
    }

    /// Begins a session for somebody who has shown that it is them.
    pub(crate) async fn begin_session(
        &self,
        tx: &Tx,
        account: &Account,
        beginning: Beginning,
        proof: Proof,
    ) -> Result<SignedIn, EngineError> {
        let Beginning { stage, begun_at, second_factor_at } = beginning;
        let cookie = secret()?;
        let session = Session {
            id: SessionId(self.ids.next()),
            account: account.id,
            stage,
            begun_at,
            seen_at: self.clock.now(),
            second_factor_at,
            ended_at: None,
        };
        tx.add_session(&self.stored_session(session.clone(), &cookie)?).await?;
        let facts = serde_json::json!({ "stage": stage.as_str() });
        let record = self.record_of(&actor_of(account, &session), proof.action(), Some(account.id.0));
        self.record(tx, &[AuditRecord { detail: facts.to_string(), ..record }]).await?;
        Ok(SignedIn { cookie, stage })
    }
}

/// Whoever is in a session.
pub(crate) fn actor_of(account: &Account, session: &Session) -> Actor {
    Actor {
        who: Who::Person { account: account.id, session: session.id },
        role: account.role,
        council: account.council.clone(),
        scopes: None,
        expires_at: Some(session.ends_at()),
        second_factor_at: session.second_factor_at,
    }
}

/// The place to which the secret of a second factor is bound.
pub(crate) fn factor_context(account: AccountId) -> String {
    format!("account.second_factor.{account}")
}
