//! Credentials in the database: found by a code of their secret that only the service can make, and believed only where
//! another code fits what their row says. Whoever can write the database, and has no key, can't make one, give it to
//! somebody else, or have one say more than it said. So it is with accounts, issuers, and whose identity there is whose.

use chrono::{DateTime, Utc};
use safespace_domain::{AccountId, IssuerId, issuers::Issuer, sessions::Session};
use safespace_store::{Identity, StoredAccount, StoredIssuer, StoredLink, StoredSession, Token, Tx};
use serde::Serialize;

use crate::{Engine, EngineError, Fault, keys::Purpose, security_log::SecurityEvent};

/// What is found by a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Secret {
    Session,
    Token,
    Link,
    /// The cookie of a browser that has not signed in.
    Browser,
    /// What somebody who was sent to an issuer comes back with.
    Errand,
    /// A recovery code, with whose it is.
    RecoveryCode,
}

impl Secret {
    const fn word(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Token => "token",
            Self::Link => "link",
            Self::Browser => "browser",
            Self::Errand => "errand",
            Self::RecoveryCode => "recovery code",
        }
    }
}

impl Engine {
    /// What is kept of a secret.
    pub(crate) fn code_of_secret(&self, kind: Secret, secret: &str) -> Result<Vec<u8>, Fault> {
        let text = format!("{}:{secret}", kind.word());
        Ok(self.vault.code(Purpose::Secret, text.as_bytes())?.to_vec())
    }

    /// A session that is to be kept, with its codes.
    pub(crate) fn stored_session(
        &self,
        session: Session,
        cookie: &str,
    ) -> Result<StoredSession, EngineError> {
        let hash = self.code_of_secret(Secret::Session, cookie)?;
        let mac = Some(self.vault.code(Purpose::Row, &said_by_session(&session, &hash)?)?.to_vec());
        Ok(StoredSession { session, hash, mac })
    }

    /// The session that a row says, unless somebody else wrote it.
    pub(crate) fn genuine_session(&self, found: Option<StoredSession>) -> Result<Option<Session>, Fault> {
        let Some(StoredSession { session, hash, mac }) = found else { return Ok(None) };
        if self.is_of(&said_by_session(&session, &hash)?, mac.as_deref()) {
            return Ok(Some(session));
        }
        self.note_event(SecurityEvent::ForgedSession, session.id.0);
        Ok(None)
    }

    /// The token, with the code of what it says.
    pub(crate) fn with_code(&self, token: Token) -> Result<Token, EngineError> {
        let mac = Some(self.vault.code(Purpose::Row, &said_by_token(&token)?)?.to_vec());
        Ok(Token { mac, ..token })
    }

    /// The token that a row says, unless somebody else wrote it. Revoked or not.
    pub(crate) fn genuine_token(&self, found: Option<Token>) -> Result<Option<Token>, Fault> {
        let Some(token) = found else { return Ok(None) };
        if self.is_of(&said_by_token(&token)?, token.mac.as_deref()) {
            return Ok(Some(token));
        }
        self.note_event(SecurityEvent::ForgedToken, token.id.0);
        Ok(None)
    }

    /// A link by which an account is set up, with its codes.
    pub(crate) fn stored_link(
        &self,
        account: AccountId,
        link: &str,
        until: DateTime<Utc>,
    ) -> Result<StoredLink, Fault> {
        let hash = self.code_of_secret(Secret::Link, link)?;
        let mac = self.vault.code(Purpose::Row, &said_by_link(account, &hash, until)?)?.to_vec();
        Ok(StoredLink { hash, until, mac })
    }

    /// Whether a link's row is the account's own, as the service wrote it.
    pub(crate) fn is_genuine_link(&self, account: AccountId, link: &StoredLink) -> Result<bool, Fault> {
        let genuine = self.is_of(&said_by_link(account, &link.hash, link.until)?, Some(&link.mac));
        if !genuine {
            self.note_event(SecurityEvent::ForgedLink, account.0);
        }
        Ok(genuine)
    }

    /// Keeps what has become of an account, with the code of what it says.
    pub(crate) async fn save_account(&self, tx: &Tx, saved: &StoredAccount) -> Result<(), EngineError> {
        Ok(tx.save_account(&self.with_code_of_account(saved.clone())?).await?)
    }

    /// The account, with the code of what it says.
    pub(crate) fn with_code_of_account(&self, stored: StoredAccount) -> Result<StoredAccount, Fault> {
        let mac = Some(self.vault.code(Purpose::Row, &said_by_account(&stored)?)?.to_vec());
        Ok(StoredAccount { mac, ..stored })
    }

    /// The account that a row says, unless somebody else wrote it.
    pub(crate) fn genuine_account(
        &self,
        found: Option<StoredAccount>,
    ) -> Result<Option<StoredAccount>, Fault> {
        let Some(stored) = found else { return Ok(None) };
        if self.is_of(&said_by_account(&stored)?, stored.mac.as_deref()) {
            return Ok(Some(stored));
        }
        // One from before accounts carried a code has lost what it was signed in to with, and waits to be set up again.
        if stored.mac.is_some() || stored.password.is_some() || stored.account.has_second_factor {
            self.note_event(SecurityEvent::ForgedAccount, stored.account.id.0);
        }
        Ok(None)
    }

    /// The account that a row says, locked, unless somebody else wrote it.
    pub(crate) async fn lock_genuine_account(
        &self,
        tx: &Tx,
        id: AccountId,
    ) -> Result<Option<StoredAccount>, EngineError> {
        Ok(self.genuine_account(tx.lock_account(id).await?)?)
    }

    /// An issuer that is to be kept, with its code.
    pub(crate) fn stored_issuer(
        &self,
        issuer: Issuer,
        client_secret: Option<Vec<u8>>,
    ) -> Result<StoredIssuer, EngineError> {
        let mac = Some(self.vault.code(Purpose::Row, &said_by_issuer(&issuer)?)?.to_vec());
        Ok(StoredIssuer { issuer, client_secret, mac })
    }

    /// The issuer that a row says, unless somebody else wrote it. Retired or not.
    pub(crate) fn genuine_issuer(&self, found: Option<StoredIssuer>) -> Result<Option<StoredIssuer>, Fault> {
        let Some(stored) = found else { return Ok(None) };
        if self.is_of(&said_by_issuer(&stored.issuer)?, stored.mac.as_deref()) {
            return Ok(Some(stored));
        }
        self.note_event(SecurityEvent::ForgedIssuer, stored.issuer.id.0);
        Ok(None)
    }

    /// Whose identity at an issuer is to be which account, with its code.
    pub(crate) fn stored_identity(
        &self,
        issuer: IssuerId,
        subject: &str,
        account: AccountId,
    ) -> Result<Identity, EngineError> {
        let identity = Identity { issuer, subject: subject.to_owned(), account, mac: None };
        let mac = Some(self.vault.code(Purpose::Row, &said_by_identity(&identity)?)?.to_vec());
        Ok(Identity { mac, ..identity })
    }

    /// The account whose owner's identity it is, unless somebody else wrote that.
    pub(crate) fn genuine_identity(&self, found: Option<Identity>) -> Result<Option<AccountId>, Fault> {
        let Some(identity) = found else { return Ok(None) };
        if self.is_of(&said_by_identity(&identity)?, identity.mac.as_deref()) {
            return Ok(Some(identity.account));
        }
        self.note_event(SecurityEvent::ForgedIdentity, identity.account.0);
        Ok(None)
    }

    fn is_of(&self, said: &[u8], mac: Option<&[u8]>) -> bool {
        mac.is_some_and(|mac| self.vault.is_code(Purpose::Row, said, mac))
    }
}

/// What a session's row says that must be the service's word. Not when it was seen or ended: those change.
fn said_by_session(session: &Session, hash: &[u8]) -> Result<Vec<u8>, Fault> {
    said(&(
        "session",
        session.id.0,
        hash,
        session.account.0,
        session.stage.as_str(),
        instant(session.begun_at),
        session.second_factor_at.map(instant),
    ))
}

/// What a token's row says that must be the service's word. Not when it was used or revoked: those change.
fn said_by_token(token: &Token) -> Result<Vec<u8>, Fault> {
    said(&(
        "token",
        token.id.0,
        &token.hash,
        token.role,
        &token.council,
        &token.scopes,
        token.expires_at.map(instant),
    ))
}

/// What an account's row says that must be the service's word. Its link has a code of its own, and which codes of the
/// second factor were used changes with each.
fn said_by_account(stored: &StoredAccount) -> Result<Vec<u8>, Fault> {
    let account = &stored.account;
    said(&(
        "account",
        account.id.0,
        &account.name,
        account.role,
        &account.council,
        &stored.password,
        &stored.second_factor,
        account.has_second_factor,
        account.disabled_at.map(instant),
    ))
}

/// What an issuer's row says that must be the service's word. Not when it was retired: that changes. Its secret is sealed.
fn said_by_issuer(issuer: &Issuer) -> Result<Vec<u8>, Fault> {
    said(&("issuer", issuer.id.0, &issuer.url, &issuer.client_id, &issuer.council))
}

fn said_by_identity(identity: &Identity) -> Result<Vec<u8>, Fault> {
    said(&("identity", identity.issuer.0, &identity.subject, identity.account.0))
}

fn said_by_link(account: AccountId, hash: &[u8], until: DateTime<Utc>) -> Result<Vec<u8>, Fault> {
    said(&("link", account.0, hash, instant(until)))
}

/// As finely as both databases keep it.
const fn instant(at: DateTime<Utc>) -> i64 {
    at.timestamp_micros()
}

/// In one way only: JSON keeps the parts apart.
fn said(parts: &impl Serialize) -> Result<Vec<u8>, Fault> {
    serde_json::to_vec(parts).map_err(|_| Fault::Broken("what a row says can't be written down"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use safespace_domain::Ids as _;

    use super::*;
    use crate::{FixedKey, PasswordCost, StoreSettings, SystemClock, SystemIds, World};

    #[tokio::test]
    async fn an_issuer_and_whose_identity_is_whose_are_the_services_word() {
        let world = World {
            clock: Arc::new(SystemClock),
            ids: Arc::new(SystemIds),
            keys: Arc::new(FixedKey([7; 32])),
            passwords: PasswordCost::FOR_TESTS,
        };
        let folder = std::env::temp_dir().join(format!("safespace-credentials-{}", SystemIds.next()));
        std::fs::create_dir(&folder).unwrap();
        let url = format!("sqlite:{}", folder.join("x.sqlite").display());
        let engine = Engine::open(&StoreSettings::new(url), world).await.unwrap();
        let issuer = Issuer {
            id: IssuerId(engine.ids.next()),
            name: "A council".into(),
            url: "https://id.example".into(),
            client_id: "us".into(),
            council: Some("North Herts".into()),
            made_at: engine.clock.now(),
            retired_at: None,
        };
        let stored = engine.stored_issuer(issuer.clone(), None).unwrap();
        assert_eq!(engine.genuine_issuer(Some(stored.clone())).unwrap(), Some(stored.clone()));
        let of = |issuer: Issuer| StoredIssuer { issuer, ..stored.clone() };
        for changed in [
            of(Issuer { url: "https://id.example.net".into(), ..issuer.clone() }),
            of(Issuer { client_id: "them".into(), ..issuer.clone() }),
            of(Issuer { council: None, ..issuer.clone() }),
            of(Issuer { id: IssuerId(engine.ids.next()), ..issuer.clone() }),
            StoredIssuer { mac: None, ..stored.clone() },
        ] {
            assert_eq!(engine.genuine_issuer(Some(changed)).unwrap(), None);
        }

        let account = AccountId(engine.ids.next());
        let identity = engine.stored_identity(issuer.id, "a code", account).unwrap();
        assert_eq!(engine.genuine_identity(Some(identity.clone())).unwrap(), Some(account));
        for changed in [
            Identity { account: AccountId(engine.ids.next()), ..identity.clone() },
            Identity { subject: "another code".into(), ..identity.clone() },
            Identity { issuer: IssuerId(engine.ids.next()), ..identity.clone() },
            Identity { mac: None, ..identity },
        ] {
            assert_eq!(engine.genuine_identity(Some(changed)).unwrap(), None);
        }
        engine.close().await.unwrap();
        std::fs::remove_dir_all(folder).unwrap();
    }
}
