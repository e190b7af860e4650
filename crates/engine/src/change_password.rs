//! Changing one's own password: the old one is needed and, where there is a second factor, a fresh one. Every other session
//! ends: whoever knew the old password may be in one of them.

use std::net::IpAddr;

use safespace_domain::{
    AccountId, Refusal, RefusalCode, SessionId,
    access::{Actor, Who},
};
use safespace_store::StoredAccount;

use crate::{Engine, EngineError, passwords::must_be_hard_to_guess, throttle::Subject};

impl Engine {
    /// Changes the password of whoever is signed in. `from` is where they call from. Refused to programs; without a fresh
    /// second factor where they have one; where the old password is not right, or there were too many tries; where the
    /// new one is too short, easy to guess, or the old one.
    pub async fn change_password(
        &self,
        actor: &Actor,
        current: &str,
        new: &str,
        from: IpAddr,
    ) -> Result<(), EngineError> {
        let Who::Person { account, session } = actor.who else {
            return Err(Refusal::new(RefusalCode::NotAllowed, "A program has no password to change.").into());
        };
        let stored =
            self.genuine_account(self.store.reader().account(account).await?)?.ok_or_else(signed_out)?;
        if stored.account.has_second_factor {
            actor.must_have_fresh_second_factor(self.clock.now())?;
        }
        let named = account.to_string();
        let subjects = [Subject::Account(&named), Subject::Address(from)];
        self.count_try(&subjects).await.map_err(|error| match error {
            EngineError::Refused(_) => not_the_old_one().into(),
            fault @ EngineError::Fault(_) => fault,
        })?;
        let Some(old) = stored.password.as_deref() else { return Err(no_password().into()) };
        if !self.passwords.fits(current, Some(old)).await? {
            return Err(not_the_old_one().into());
        }
        // It is them, whatever the new one is like.
        self.forgive(&subjects).await?;
        if new == current {
            return Err(
                Refusal::bad("password", "This is the password that you have: choose another one.").into()
            );
        }
        let council = stored.account.council.as_deref().unwrap_or_default();
        must_be_hard_to_guess(new, &[&stored.account.name, council])?;
        let fresh = self.passwords.hash(new).await?;
        self.keep_password(actor, &stored, session, fresh).await
    }

    async fn keep_password(
        &self,
        actor: &Actor,
        seen: &StoredAccount,
        session: SessionId,
        fresh: String,
    ) -> Result<(), EngineError> {
        let AccountId(id) = seen.account.id;
        let tx = self.store.begin().await?;
        // Read again under a lock: it may have been disabled, reset or changed meanwhile.
        let mut stored = self.lock_genuine_account(&tx, seen.account.id).await?.ok_or_else(signed_out)?;
        if !stored.account.is_usable() || stored.password != seen.password {
            return Err(signed_out().into());
        }
        stored.password = Some(fresh);
        self.save_account(&tx, &stored).await?;
        tx.end_other_sessions_of(seen.account.id, session, self.clock.now()).await?;
        self.record(&tx, &[self.record_of(actor, "change_password", Some(id))]).await?;
        tx.commit().await?;
        self.forget_sessions();
        Ok(())
    }
}

fn not_the_old_one() -> Refusal {
    Refusal::new(
        RefusalCode::NotGood,
        "The password that you have now is not right, or there were too many tries. Wait a little, then try again.",
    )
    .on("current")
}

fn no_password() -> Refusal {
    Refusal::new(RefusalCode::WrongState, "You sign in here without a password: there is none to change.")
}

fn signed_out() -> Refusal {
    Refusal::new(
        RefusalCode::Changed,
        "Your account was changed meanwhile: sign in again, then try once more.",
    )
}
