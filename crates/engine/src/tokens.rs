//! Bearer tokens, for programs: scoped, expiring, shown once; of which only a code is kept.

use std::{
    collections::BTreeSet,
    sync::{Arc, PoisonError},
};

use chrono::{DateTime, TimeDelta, Utc};
use safespace_domain::{
    Refusal, RefusalCode, TokenId,
    access::{Actor, Permission, Role, Scope, Who},
    accounts, codes,
};
use safespace_store::{AuditRecord, Page, Token};

use crate::{Engine, EngineError, Fault, credentials::Secret, keys::secret};

/// How long a token that was found good is taken to be so without asking the database again.
const TRUST: TimeDelta = TimeDelta::seconds(10);
/// How often it is written down that a token was used.
const USED_EVERY: TimeDelta = TimeDelta::minutes(1);
/// So many tokens are remembered; then all are asked for again.
const MOST_REMEMBERED: usize = 10_000;
/// The life of a token that nobody gave one, in days.
const USUAL_DAYS: u32 = 90;
/// The longest life of a token, in days.
const MOST_DAYS: u32 = 366;

/// A token that was looked up.
pub(crate) struct Known {
    actor: Arc<Actor>,
    seen_at: DateTime<Utc>,
}

/// A token that is to be made.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// What it is for, in a few words.
    pub name: String,
    /// What its holder is to the service. Never an administrator: accounts are kept by people.
    pub role: Role,
    /// The council whose it is; partners only.
    pub council: Option<String>,
    /// What it may be used for; all that makes sense for the role when not said.
    pub scopes: Option<BTreeSet<Scope>>,
    /// After how many days it is no longer good; 90 when not said.
    pub days: Option<u32>,
}

impl NewToken {
    /// One for all that the role may do by a program.
    pub fn of(role: Role, council: Option<&str>, days: Option<u32>) -> Self {
        Self {
            name: format!("a program of the {role}s"),
            role,
            council: council.map(str::to_owned),
            scopes: None,
            days,
        }
    }

    fn checked_scopes(&self) -> Result<BTreeSet<Scope>, Refusal> {
        let possible = Scope::of(self.role);
        let scopes = self.scopes.clone().unwrap_or_else(|| possible.clone());
        if scopes.is_empty() {
            return Err(Refusal::bad("scopes", "A token without a scope opens nothing: name at least one."));
        }
        if let Some(none) = scopes.difference(&possible).next() {
            let names: Vec<&str> = possible.iter().map(|scope| scope.as_str()).collect();
            return Err(Refusal::bad(
                "scopes",
                format!("The scope {none} makes no sense for a {}: use {}.", self.role, names.join(", ")),
            ));
        }
        Ok(scopes)
    }
}

impl Engine {
    /// Who holds this bearer token. None when nobody does, or when it has expired or was revoked: they read the same.
    pub async fn authenticate(&self, text: &str) -> Result<Option<Arc<Actor>>, Fault> {
        let now = self.clock.now();
        let key = self.code_of_secret(Secret::Token, text)?;
        let known = {
            let tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
            let known = tokens.get(&key).filter(|known| now < known.seen_at + TRUST);
            known.map(|known| Arc::clone(&known.actor))
        };
        let actor = match known {
            Some(actor) => actor,
            None => {
                let found = self.store.reader().token(&key).await?;
                let found = self.genuine_token(found)?;
                let Some(found) = found.filter(|found| found.revoked_at.is_none()) else { return Ok(None) };
                let actor = Arc::new(found.actor());
                let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
                if tokens.len() >= MOST_REMEMBERED {
                    tokens.clear();
                }
                tokens.insert(key, Known { actor: Arc::clone(&actor), seen_at: now });
                if found.last_used_at.is_none_or(|at| now >= at + USED_EVERY) {
                    self.used_tokens.lock().unwrap_or_else(PoisonError::into_inner).insert(found.id, now);
                }
                actor
            }
        };
        Ok(actor.is_good(now).then_some(actor))
    }

    /// Writes down which tokens were used. Not while a request waits for its answer.
    pub(crate) async fn note_used_tokens(&self) -> Result<(), Fault> {
        let used = std::mem::take(&mut *self.used_tokens.lock().unwrap_or_else(PoisonError::into_inner));
        if used.is_empty() {
            return Ok(());
        }
        let tx = self.store.begin().await?;
        for (token, at) in used {
            tx.use_token(token, at).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Whether an actor's credential is good still: not expired, not revoked, not signed out.
    pub(crate) async fn is_still_good(&self, actor: &Actor) -> Result<bool, Fault> {
        let now = self.clock.now();
        Ok(match actor.who {
            Who::Service => true,
            Who::Token(id) => {
                let token = self.genuine_token(self.store.reader().token_by_id(id).await?)?;
                actor.is_good(now) && token.is_some_and(|token| token.revoked_at.is_none())
            }
            Who::Person { account, session } => {
                let session = self.genuine_session(self.store.reader().session_by_id(session).await?)?;
                let account = self.genuine_account(self.store.reader().account(account).await?)?;
                session.is_some_and(|session| session.is_good(now))
                    && account.is_some_and(|stored| stored.account.is_usable())
            }
        })
    }

    /// Makes a bearer token and returns it with its text, which is shown once: only a code of it is kept. So there is no
    /// idempotency key. A person must have a fresh second factor.
    pub async fn create_token(&self, by: &Actor, new: NewToken) -> Result<(Token, String), EngineError> {
        self.must_freshly(by, Permission::ManageAccounts)?;
        if new.role == Role::Administrator {
            return Err(Refusal::bad(
                "role",
                "Accounts are kept by people: an administrator signs in, and has no token.",
            )
            .into());
        }
        let days = new.days.unwrap_or(USUAL_DAYS);
        if !(1..=MOST_DAYS).contains(&days) {
            return Err(Refusal::bad("days", format!("A token lives 1 to {MOST_DAYS} days.")).into());
        }
        let text = format!("ss_{}_{}", new.role, secret()?);
        let now = self.clock.now();
        let token = self.with_code(Token {
            id: TokenId(self.ids.next()),
            name: codes::name(&new.name, "name")?,
            role: new.role,
            council: accounts::council(new.role, new.council.as_deref())?,
            scopes: new.checked_scopes()?,
            hash: self.code_of_secret(Secret::Token, &text)?,
            created_at: now,
            expires_at: Some(now + TimeDelta::days(i64::from(days))),
            revoked_at: None,
            last_used_at: None,
            mac: None,
        })?;
        let tx = self.store.begin().await?;
        tx.add_token(&token).await?;
        let detail = serde_json::json!({
            "role": token.role, "council": token.council, "scopes": token.scopes, "days": days,
        });
        let record = self.record_of(by, "create_token", Some(token.id.0));
        self.record(&tx, &[AuditRecord { detail: detail.to_string(), ..record }]).await?;
        tx.commit().await?;
        Ok((token, text))
    }

    /// A page of the tokens, oldest first, revoked ones too. For administrators.
    pub async fn tokens(&self, actor: &Actor, page: Page<TokenId>) -> Result<Vec<Token>, EngineError> {
        self.must(actor, Permission::ManageAccounts)?;
        self.note_used_tokens().await?;
        Ok(self.store.reader().tokens(page).await?)
    }

    /// Takes a token back: it opens nothing from now on, here at once and in other processes within seconds.
    pub async fn revoke_token(&self, by: &Actor, id: TokenId) -> Result<Token, EngineError> {
        self.must(by, Permission::ManageAccounts)?;
        let not_found = || Refusal::not_found("token", "token");
        let found = self.store.reader().token_by_id(id).await?.ok_or_else(not_found)?;
        let now = self.clock.now();
        let tx = self.store.begin().await?;
        if !tx.revoke_token(id, now).await? {
            return Err(Refusal::new(
                RefusalCode::WrongState,
                "This token was revoked already: there is nothing to do.",
            )
            .on("token")
            .into());
        }
        // Other processes look again at what they remember.
        let record = AuditRecord { spaces: true, ..self.record_of(by, "revoke_token", Some(id.0)) };
        self.record(&tx, &[record]).await?;
        tx.commit().await?;
        self.forget_tokens();
        Ok(Token { revoked_at: Some(now), ..found })
    }

    /// What is remembered of tokens is asked for again.
    pub(crate) fn forget_tokens(&self) {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
