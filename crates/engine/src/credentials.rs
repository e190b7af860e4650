//! Credentials in the database: found by a code of their secret that only the service can make, and believed only where
//! another code fits what their row says. Whoever can write the database, and has no key, can't make one, give it to
//! somebody else, or have one say more than it said.

use chrono::{DateTime, Utc};
use safespace_domain::{AccountId, sessions::Session};
use safespace_store::{StoredLink, StoredSession, Token};
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
}

impl Secret {
    const fn word(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Token => "token",
            Self::Link => "link",
            Self::Browser => "browser",
            Self::Errand => "errand",
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
