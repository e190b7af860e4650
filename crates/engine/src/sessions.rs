//! Sessions of people who have signed in.

use std::sync::{Arc, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use safespace_domain::{
    Refusal, SessionId,
    access::{Actor, Who},
    sessions::{Session, Stage},
};

use crate::{
    Engine, EngineError, Fault,
    credentials::Secret,
    keys::{Purpose, secret},
    sign_in::actor_of,
};

/// How long a session that was found good is taken to be so without asking the database again.
const TRUST: TimeDelta = TimeDelta::seconds(5);
/// How often it is written down that something was asked in a session.
const SEEN_EVERY: TimeDelta = TimeDelta::minutes(1);
/// So many sessions are remembered; then all are asked for again.
const MOST_REMEMBERED: usize = 10_000;
/// The most sessions that one person is shown.
const MOST_SHOWN: u64 = 100;

/// A session, and who is in it.
#[derive(Clone, Debug)]
pub struct SessionView {
    /// Its id.
    pub id: SessionId,
    /// Who is in it. One in the stage `CodeNeeded` may do nothing.
    pub actor: Arc<Actor>,
    /// The name that they signed in with.
    pub name: String,
    /// How far they have come in signing in.
    pub stage: Stage,
    /// When it began.
    pub begun_at: DateTime<Utc>,
    /// When something was asked in it last, to the minute.
    pub seen_at: DateTime<Utc>,
    /// From when on it is no longer good, if nothing more is asked in it.
    pub ends_at: DateTime<Utc>,
}

/// A session that was looked up.
pub(crate) struct KnownSession {
    view: SessionView,
    session: Session,
    looked_up_at: DateTime<Utc>,
}

/// Who asked for something in a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AskedBy {
    /// Somebody who is there: the session goes on.
    Person,
    /// A page by itself, to show what is new. It must not keep alive the session of somebody who has left.
    Page,
}

impl Engine {
    /// The session that this secret names. None when there is none, or it has ended, or its account is disabled: they
    /// read the same.
    pub async fn session(&self, cookie: &str) -> Result<Option<SessionView>, Fault> {
        self.session_asked_by(AskedBy::Person, cookie).await
    }

    /// The same, by whoever asks.
    pub async fn session_asked_by(&self, by: AskedBy, cookie: &str) -> Result<Option<SessionView>, Fault> {
        let now = self.clock.now();
        let key = self.code_of_secret(Secret::Session, cookie)?;
        {
            let known = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(known) = known.get(&key)
                && known.looked_up_at <= now
                && now < known.looked_up_at + TRUST
            {
                return Ok(known.session.is_good(now).then(|| known.view.clone()));
            }
        }
        let read = self.store.reader();
        let Some(mut session) = self.genuine_session(read.session(&key).await?)? else { return Ok(None) };
        if !session.is_good(now) {
            return Ok(None);
        }
        let stored = self.genuine_account(read.account(session.account).await?)?;
        let Some(stored) = stored else { return Ok(None) };
        if !stored.account.is_usable() {
            return Ok(None);
        }
        let unseen = session.stage == Stage::Whole && now >= session.seen_at + SEEN_EVERY;
        if unseen && by == AskedBy::Person {
            let tx = self.store.begin().await?;
            tx.see_session(session.id, now).await?;
            tx.commit().await?;
            session.seen_at = now;
        }
        let view = SessionView {
            id: session.id,
            actor: Arc::new(actor_of(&stored.account, &session)),
            name: stored.account.name,
            stage: session.stage,
            begun_at: session.begun_at,
            seen_at: session.seen_at,
            ends_at: session.ends_at(),
        };
        // What a person asks next must still be seen.
        if unseen && by == AskedBy::Page {
            return Ok(Some(view));
        }
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        if sessions.len() >= MOST_REMEMBERED {
            sessions.clear();
        }
        sessions.insert(key, KnownSession { view: view.clone(), session, looked_up_at: now });
        Ok(Some(view))
    }

    /// What is remembered of sessions is asked for again.
    pub(crate) fn forget_sessions(&self) {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// One's own sessions that are still good, newest first.
    pub async fn own_sessions(&self, actor: &Actor) -> Result<Vec<Session>, EngineError> {
        let Who::Person { account, .. } = actor.who else { return Ok(Vec::new()) };
        let now = self.clock.now();
        let mut sessions = Vec::new();
        for found in self.store.reader().sessions_of(account, MOST_SHOWN).await? {
            sessions.extend(self.genuine_session(Some(found))?);
        }
        sessions.retain(|session| session.is_good(now) && session.stage == Stage::Whole);
        Ok(sessions)
    }

    /// Ends one of one's own sessions.
    pub async fn end_session(&self, actor: &Actor, id: SessionId) -> Result<(), EngineError> {
        let own = self.own_sessions(actor).await?.into_iter().any(|session| session.id == id);
        if !own {
            return Err(Refusal::not_found("session", "session").into());
        }
        let tx = self.store.begin().await?;
        tx.end_session(id, self.clock.now()).await?;
        self.record(&tx, &[self.record_of(actor, "end_session", Some(id.0))]).await?;
        tx.commit().await?;
        self.forget_sessions();
        Ok(())
    }

    /// Signs out everywhere: ends all of one's own sessions, this one too. Says how many.
    pub async fn end_all_sessions(&self, actor: &Actor) -> Result<u64, EngineError> {
        let Who::Person { account, .. } = actor.who else { return Ok(0) };
        let tx = self.store.begin().await?;
        let ended = tx.end_sessions_of(account, self.clock.now()).await?;
        self.record(&tx, &[self.record_of(actor, "end_all_sessions", Some(account.0))]).await?;
        tx.commit().await?;
        self.forget_sessions();
        Ok(ended)
    }

    /// Signs out. A secret that names no session is signed out already.
    pub async fn sign_out(&self, cookie: &str) -> Result<(), EngineError> {
        let key = self.code_of_secret(Secret::Session, cookie)?;
        let found = self.store.reader().session(&key).await?;
        let Some(session) = self.genuine_session(found)? else { return Ok(()) };
        let Some(stored) = self.store.reader().account(session.account).await? else { return Ok(()) };
        let tx = self.store.begin().await?;
        if tx.end_session(session.id, self.clock.now()).await? {
            let actor = actor_of(&stored.account, &session);
            self.record(&tx, &[self.record_of(&actor, "sign_out", Some(session.id.0))]).await?;
        }
        tx.commit().await?;
        self.forget_sessions();
        Ok(())
    }

    /// A value for the cookie of forms that somebody sends who has not signed in yet.
    pub fn form_cookie(&self) -> Result<String, Fault> {
        Ok(secret()?)
    }

    /// What a form of this session must carry, so that no other site can send it.
    pub fn forgery_token(&self, cookie: &str) -> Result<String, Fault> {
        let code = self.vault.code(Purpose::Forgery, cookie.as_bytes())?;
        Ok(code.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}")))
    }

    /// Whether a form carries what it must; compared in constant time.
    pub fn is_forgery_token(&self, cookie: &str, token: &str) -> bool {
        let Ok(wanted) = self.forgery_token(cookie) else { return false };
        let differs = wanted.bytes().zip(token.bytes()).fold(0, |differs, (a, b)| differs | (a ^ b));
        wanted.len() == token.len() && differs == 0
    }
}
