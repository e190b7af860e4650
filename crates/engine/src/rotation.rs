//! Another root key takes over, while the service runs: the new one first in the ring, then the database's proof, then
//! every data key, a few at a time; the old one goes when nothing needs it. Ended half-way and run again, it goes on.

use safespace_domain::access::{Actor, Permission};
use safespace_store::AuditRecord;
use uuid::Uuid;

use crate::{
    Engine, EngineError,
    keys::{CHECK_NAME, KeyError, Ring, WrapKey, random},
};

/// Data keys that are wrapped afresh in one transaction.
const BATCH: u64 = 200;

/// What a rotation did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rotated {
    /// Whether it made a new root key; false where it went on with one that was first already.
    pub made: bool,
    /// Data keys that were wrapped afresh.
    pub wrapped: u64,
    /// Data keys that no root key opens: they were damaged. The old root keys are kept while there are any.
    pub damaged: u64,
    /// Root keys that went, because nothing needs them.
    pub dropped: usize,
    /// Root keys that nothing needs and that whoever keeps them can take away.
    pub to_drop: usize,
}

/// A root key, without what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyStatus {
    /// What it is told apart by.
    pub mark: String,
    /// Whether new data keys are wrapped with it.
    pub is_current: bool,
    /// Data keys that are wrapped with it.
    pub data_keys: u64,
}

/// The root keys, newest first, and what each is needed for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeysStatus {
    /// Each root key.
    pub keys: Vec<KeyStatus>,
    /// Data keys that none of them opens.
    pub damaged: u64,
}

impl KeysStatus {
    /// Whether the newest key has taken over, and no other is there.
    pub fn is_settled(&self) -> bool {
        self.damaged == 0 && self.keys.len() == 1 && self.keys.first().is_some_and(|key| key.is_current)
    }
}

/// How the data keys are wrapped: so many with each key of the ring, and so many with none.
struct Count {
    with: Vec<u64>,
    damaged: u64,
}

impl Engine {
    /// What the root keys are needed for. For whoever keeps accounts and keys.
    pub async fn keys_status(&self, actor: &Actor) -> Result<KeysStatus, EngineError> {
        self.must(actor, Permission::ManageAccounts)?;
        let ring = self.vault.load_again()?;
        let check = self.store.reader().key_check(CHECK_NAME).await?.ok_or(KeyError::Missing)?;
        let count = self.count_data_keys(&ring).await?;
        let keys = ring.iter().zip(count.with).map(|(key, data_keys)| {
            Ok(KeyStatus { mark: key.mark()?, is_current: key.opens_check(&check), data_keys })
        });
        let keys = keys.collect::<Result<_, KeyError>>()?;
        let tx = self.store.begin().await?;
        self.record(&tx, &[self.record_of(actor, "see_keys", None)]).await?;
        tx.commit().await?;
        Ok(KeysStatus { keys, damaged: count.damaged })
    }

    /// Has the newest root key take over, or a new one. The service may run meanwhile, here and elsewhere, as long as it
    /// gets its keys from the same place.
    pub async fn rotate_keys(&self, actor: &Actor) -> Result<Rotated, EngineError> {
        self.must(actor, Permission::ManageAccounts)?;
        let provider = &self.vault.provider;
        let _held = provider.hold()?;
        let mut rotated = Rotated { made: self.put_new_key_first().await?, ..Rotated::default() };
        let ring = self.vault.load_again()?;
        let newest = ring.first().ok_or(KeyError::Missing)?;
        self.take_over(actor, newest).await?;
        let mut after = None;
        loop {
            let page = self.store.reader().data_keys(after, BATCH).await?;
            let Some((last, _)) = page.last() else { break };
            after = Some(*last);
            let old = page.into_iter().filter(|(owner, wrapped)| newest.unwrap(*owner, wrapped).is_none());
            rotated.wrapped += self.wrap_afresh(&ring, newest, old.collect()).await?;
        }
        let count = self.count_data_keys(&ring).await?;
        rotated.damaged = count.damaged;
        if rotated.damaged > 0 || count.with.iter().skip(1).any(|data_keys| *data_keys > 0) {
            // What is left to open the damaged ones with, should a backup bring them back, is kept.
            self.record_rotation(actor, &rotated).await?;
            return Ok(rotated);
        }
        // Written down before the file changes: what is done to it can't be taken back.
        self.record_rotation(actor, &rotated).await?;
        let keys = provider.load()?;
        let older = keys.len().saturating_sub(1);
        if older > 0 {
            match provider.replace(keys.get(..1).unwrap_or_default()) {
                Ok(()) => rotated.dropped = older,
                Err(KeyError::KeptByYou) => rotated.to_drop = older,
                Err(error) => return Err(error.into()),
            }
            self.vault.load_again()?;
        }
        Ok(rotated)
    }

    /// Makes a new key and puts it first, unless one is first that has not taken over wholly.
    async fn put_new_key_first(&self) -> Result<bool, EngineError> {
        let provider = &self.vault.provider;
        let keys = provider.load()?;
        let ring = self.vault.load_again()?;
        let check = self.store.reader().key_check(CHECK_NAME).await?.ok_or(KeyError::Missing)?;
        if !ring.iter().any(|key| key.opens_check(&check)) {
            return Err(KeyError::Wrong.into());
        }
        if keys.len() > 1 {
            return Ok(false);
        }
        let mut with_new = vec![random()?];
        with_new.extend(keys);
        provider.replace(&with_new)?;
        Ok(true)
    }

    /// From now on, new data keys are wrapped with the newest key.
    async fn take_over(&self, actor: &Actor, newest: &WrapKey) -> Result<(), EngineError> {
        let tx = self.store.begin().await?;
        let check = tx.key_check_to_change(CHECK_NAME).await?.ok_or(KeyError::Missing)?;
        if newest.opens_check(&check) {
            return Ok(());
        }
        tx.change_key_check(CHECK_NAME, newest.seal_check()?).await?;
        let detail = serde_json::json!({ "mark": newest.mark()? }).to_string();
        let record = AuditRecord { detail, ..self.record_of(actor, "begin_key_rotation", None) };
        self.record(&tx, &[record]).await?;
        Ok(tx.commit().await?)
    }

    /// Wraps data keys with the newest key; returns how many.
    async fn wrap_afresh(
        &self,
        ring: &Ring,
        newest: &WrapKey,
        old: Vec<(Uuid, Vec<u8>)>,
    ) -> Result<u64, EngineError> {
        if old.is_empty() {
            return Ok(0);
        }
        let tx = self.store.begin().await?;
        let mut done = 0;
        for (owner, wrapped) in old {
            // What none opens is counted at the end.
            let Some(data_key) = ring.iter().find_map(|key| key.unwrap(owner, &wrapped)) else { continue };
            done += u64::from(tx.rewrap(owner, &wrapped, newest.wrap(owner, &data_key)?).await?);
        }
        tx.commit().await?;
        Ok(done)
    }

    async fn count_data_keys(&self, ring: &Ring) -> Result<Count, EngineError> {
        let mut count = Count { with: vec![0; ring.len()], damaged: 0 };
        let mut after = None;
        loop {
            let page = self.store.reader().data_keys(after, BATCH).await?;
            let Some((last, _)) = page.last() else { return Ok(count) };
            after = Some(*last);
            for (owner, wrapped) in &page {
                let which = ring.iter().position(|key| key.unwrap(*owner, wrapped).is_some());
                match which.and_then(|which| count.with.get_mut(which)) {
                    Some(with) => *with += 1,
                    None => count.damaged += 1,
                }
            }
        }
    }

    async fn record_rotation(&self, actor: &Actor, rotated: &Rotated) -> Result<(), EngineError> {
        let tx = self.store.begin().await?;
        let detail = serde_json::json!({
            "made": rotated.made, "wrapped": rotated.wrapped, "damaged": rotated.damaged,
        });
        let record = self.record_of(actor, "rotate_keys", None);
        self.record(&tx, &[AuditRecord { detail: detail.to_string(), ..record }]).await?;
        Ok(tx.commit().await?)
    }
}
