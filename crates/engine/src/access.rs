//! Credentials: bearer tokens, of which only a hash is kept, checked here and nowhere else.

use std::sync::{Arc, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use safespace_domain::{
    Refusal, TokenId,
    access::{Actor, Permission, Role, Scope},
    codes,
};
use safespace_store::{AuditRecord, Token};
use sha2::{Digest, Sha256};

use crate::{Engine, EngineError, Fault, keys::random};

/// How long a token that was found good is taken to be so without asking the database again.
const TRUST: TimeDelta = TimeDelta::seconds(10);
/// So many tokens are remembered; then all are asked for again.
const MOST_REMEMBERED: usize = 10_000;
/// The longest life of a token, in days.
const MOST_DAYS: u32 = 3_650;

/// A token that was looked up.
pub(crate) struct Known {
    actor: Arc<Actor>,
    seen_at: DateTime<Utc>,
}

impl Engine {
    /// The service itself, and whoever has its command line.
    pub fn local(&self) -> Actor {
        Actor::service()
    }

    /// Who holds this bearer token. None when nobody does, or when it has expired: the two read the same.
    pub async fn authenticate(&self, token: &str) -> Result<Option<Arc<Actor>>, Fault> {
        let now = self.clock.now();
        let hash: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        if let Some(known) = self.tokens.lock().unwrap_or_else(PoisonError::into_inner).get(&hash)
            && now < known.seen_at + TRUST
        {
            return Ok(known.actor.is_good(now).then(|| Arc::clone(&known.actor)));
        }
        let Some(found) = self.store.reader().token(&hash).await? else { return Ok(None) };
        if found.revoked_at.is_some() {
            return Ok(None);
        }
        let known = Known { actor: Arc::new(found.actor()), seen_at: now };
        let actor = known.actor.is_good(now).then(|| Arc::clone(&known.actor));
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        if tokens.len() >= MOST_REMEMBERED {
            tokens.clear();
        }
        tokens.insert(hash, known);
        Ok(actor)
    }

    /// Makes a bearer token and returns it, once: only its hash is kept. Whoever has the command line may.
    pub async fn create_token(
        &self,
        by: &Actor,
        role: Role,
        council: Option<&str>,
        days: Option<u32>,
    ) -> Result<String, EngineError> {
        by.must(Permission::ManageAccounts)?;
        let council = match (role, council) {
            (Role::Partner, None) => {
                return Err(Refusal::bad(
                    "council",
                    "A partner belongs to a council: name it with --council.",
                )
                .into());
            }
            (Role::Partner, Some(name)) => Some(codes::name(name, "council")?),
            (_, Some(_)) => {
                return Err(Refusal::bad("council", "Only a partner belongs to a council.").into());
            }
            (_, None) => None,
        };
        if days.is_some_and(|days| !(1..=MOST_DAYS).contains(&days)) {
            return Err(Refusal::bad("days", format!("A token lives 1 to {MOST_DAYS} days.")).into());
        }
        let secret: [u8; 32] = random()?;
        let text = format!(
            "ss_{role}_{}",
            secret.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
        );
        let now = self.clock.now();
        let id = TokenId(self.ids.next());
        let token = Token {
            id,
            name: String::new(),
            role,
            council,
            scopes: Scope::of(role),
            hash: Sha256::digest(text.as_bytes()).to_vec(),
            created_at: now,
            expires_at: days.map(|days| now + TimeDelta::days(i64::from(days))),
            revoked_at: None,
            last_used_at: None,
        };
        let tx = self.store.begin().await?;
        tx.add_token(&token).await?;
        let detail = serde_json::json!({ "role": role, "days": days }).to_string();
        let record = AuditRecord { detail, ..self.record_of(by, "create_token", Some(id.0)) };
        self.record(&tx, &[record]).await?;
        tx.commit().await?;
        Ok(text)
    }
}
