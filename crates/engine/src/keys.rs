//! Sealing what is confidential: notes and reasons, field by field.
//!
//! A root key outside the database (`key_ring.rs`) wraps a data key per property and per household; the data key
//! seals the fields (XChaCha20-Poly1305), bound to the place where they stand, so that a ciphertext put elsewhere
//! does not open. Plaintext is padded, so that its length tells little.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
};

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use safespace_store::{Store, Tx};
use sha2::Sha256;
use uuid::Uuid;

use crate::{
    Engine, EngineError,
    key_ring::{KeyProvider, RootKey},
};

pub(crate) const KEY: usize = 32;
const NONCE: usize = 24;
/// The first byte of everything sealed: how it was.
const VERSION: u8 = 1;
/// Plaintext is padded to a multiple of this.
const PAD_TO: usize = 64;
/// What the right key opens.
const CHECK: (&str, &str) = ("root", "safespace");

/// What can be wrong with a key, in words for whoever runs the service.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The file is there and not a key.
    #[error(
        "the key file must hold keys of 64 hexadecimal digits, one to a line, and nothing else: restore it from its \
         backup"
    )]
    NotAKey,
    /// What was given in the environment is none.
    #[error(
        "SAFESPACE_KEY must hold keys of 64 hexadecimal digits, newest first, parted by commas, and nothing else"
    )]
    NotGivenKeys,
    /// The keys are kept by whoever runs the service.
    #[error(
        "the keys are given to this program, which can't keep a new one: make one (for instance with `openssl rand \
         -hex 32`), put it before the others in SAFESPACE_KEY, parted by a comma, start the service with both, then \
         rotate again"
    )]
    KeptByYou,
    /// Somebody else is at it.
    #[error("another program is changing the key file: wait until it is done, then try again")]
    InHand,
    /// Others could read it.
    #[error(
        "the key file can be read by others: make it readable by its owner only (chmod 400), then start again"
    )]
    ReadableByOthers,
    /// It can't be read or written.
    #[error("the key file can't be used: {0}")]
    Unusable(String),
    /// The database was sealed with a key, and there is none.
    #[error(
        "this database was sealed with a key, and the key file is not there: restore it, or name it by --key-file"
    )]
    Missing,
    /// The database was sealed with another one.
    #[error("this is not the key that this database was sealed with: name the right one by --key-file")]
    Wrong,
    /// What was sealed does not open: it was damaged or moved.
    #[error("something sealed does not open: it was damaged or moved")]
    DoesNotOpen,
    /// The operating system has no randomness.
    #[error("the operating system gave no randomness")]
    NoRandomness,
}

pub(crate) fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

pub(crate) fn from_hex(text: &str) -> Result<[u8; KEY], KeyError> {
    bytes_from_hex(text).and_then(|bytes| bytes.try_into().ok()).ok_or(KeyError::NotAKey)
}

/// The bytes that hexadecimal digits stand for; none where the text is not such.
pub(crate) fn bytes_from_hex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.bytes().all(|sign| sign.is_ascii_hexdigit()) {
        return None;
    }
    let byte = |at: usize| u8::from_str_radix(text.get(at..at + 2)?, 16).ok();
    (0..text.len()).step_by(2).map(byte).collect()
}

/// Bytes that nobody can guess.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], KeyError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| KeyError::NoRandomness)?;
    Ok(bytes)
}

/// A secret that nobody can guess, to be shown once: 256 bits in hexadecimal digits.
pub(crate) fn secret() -> Result<String, KeyError> {
    Ok(to_hex(&random::<KEY>()?))
}

/// Whose the service's own data key is: what belongs to no property and no household is sealed under it, and the keys
/// for everything that is no ciphertext are derived from it, so that another root key leaves them as they are.
pub(crate) const SERVICE: Uuid = Uuid::nil();

/// What a derived key of the service makes codes for (HMAC-SHA-256).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Fingerprints of commands.
    Fingerprint,
    /// Blind indexes for exact-match search.
    Blind,
    /// What failures at sign-in are counted by.
    Throttle,
    /// Tokens against forged requests, by session.
    Forgery,
    /// The ids of voids that closed stays look like.
    Disguise,
    /// What people call a referral.
    Reference,
    /// As whom an issuer knows somebody.
    Identity,
    /// What sessions, tokens and links are found by.
    Secret,
    /// What the rows of sessions, tokens and links say.
    Row,
}

/// Every purpose, in the order of their codes.
const PURPOSES: [(Purpose, &str); 9] = [
    (Purpose::Fingerprint, "safespace fingerprint"),
    (Purpose::Blind, "safespace blind index"),
    (Purpose::Throttle, "safespace throttle"),
    (Purpose::Forgery, "safespace forgery"),
    (Purpose::Disguise, "safespace disguise"),
    (Purpose::Reference, "safespace reference"),
    (Purpose::Identity, "safespace identity"),
    (Purpose::Secret, "safespace secret"),
    (Purpose::Row, "safespace row"),
];

/// The keys that wrap data keys, each from a root key, newest first.
pub(crate) type Ring = Arc<[WrapKey]>;

/// A key that wraps data keys.
pub(crate) struct WrapKey([u8; KEY]);

impl WrapKey {
    fn of(root: &RootKey) -> Result<Self, KeyError> {
        derive(root, "safespace wrap").map(Self)
    }

    /// Whether this is the key that the database's proof was sealed with.
    pub(crate) fn opens_check(&self, check: &[u8]) -> bool {
        open_text(&self.0, CHECK.0, check).is_ok_and(|opened| opened == CHECK.1)
    }

    /// The proof for the database, sealed with this key.
    pub(crate) fn seal_check(&self) -> Result<Vec<u8>, KeyError> {
        seal_text(&self.0, CHECK.0, CHECK.1)
    }

    /// The data key of an owner, if it was wrapped with this key.
    pub(crate) fn unwrap(&self, owner: Uuid, wrapped: &[u8]) -> Option<[u8; KEY]> {
        from_hex(&open_text(&self.0, &wrapped_at(owner), wrapped).ok()?).ok()
    }

    /// A data key, wrapped with this key for its owner.
    pub(crate) fn wrap(&self, owner: Uuid, data_key: &[u8; KEY]) -> Result<Vec<u8>, KeyError> {
        seal_text(&self.0, &wrapped_at(owner), &to_hex(data_key))
    }

    /// What the key is told apart by: nothing that tells what it is.
    pub(crate) fn mark(&self) -> Result<String, KeyError> {
        Ok(to_hex(&derive(&self.0, "safespace mark")?).chars().take(8).collect())
    }
}

fn wrapped_at(owner: Uuid) -> String {
    format!("data_key.{owner}")
}

/// The root keys' ring, and the keys that are derived from the service's own data key.
pub(crate) struct Vault {
    pub(crate) provider: Arc<dyn KeyProvider>,
    ring: RwLock<Ring>,
    answer: [u8; KEY],
    codes: [[u8; KEY]; PURPOSES.len()],
    /// Ready with the key of the audit's chain and checkpoints, which make a code for every record.
    audit: Hmac<Sha256>,
}

/// The ring that a provider has.
fn ring_of(keys: &[RootKey]) -> Result<Ring, KeyError> {
    keys.iter().map(WrapKey::of).collect()
}

/// The name of the database's proof that the keys are the right ones.
pub(crate) const CHECK_NAME: &str = CHECK.0;

impl Vault {
    /// Compares the keys with the proof that the database has, if it has one. Changes nothing.
    pub(crate) async fn compare(store: &Store, keys: &[RootKey]) -> Result<(), crate::Fault> {
        let (check, service) = if store.was_made().await? {
            let read = store.reader();
            (read.key_check(CHECK.0).await?, read.data_key(SERVICE).await?)
        } else {
            (None, None)
        };
        if keys.is_empty() {
            return if check.is_some() || service.is_some() { Err(KeyError::Missing.into()) } else { Ok(()) };
        }
        let ring = ring_of(keys)?;
        let opens_check = check.is_none_or(|check| ring.iter().any(|key| key.opens_check(&check)));
        let opens_service =
            service.is_none_or(|wrapped| ring.iter().any(|key| key.unwrap(SERVICE, &wrapped).is_some()));
        if opens_check && opens_service { Ok(()) } else { Err(KeyError::Wrong.into()) }
    }

    /// Takes the keys that were loaded, or makes one for a database that has sealed nothing yet.
    pub(crate) async fn open(
        store: &Store,
        provider: Arc<dyn KeyProvider>,
        mut keys: Vec<RootKey>,
    ) -> Result<Self, crate::Fault> {
        if keys.is_empty() {
            keys.push(provider.create()?);
        }
        let ring = ring_of(&keys)?;
        let newest = ring.first().ok_or(KeyError::Missing)?;
        let tx = store.begin().await?;
        // Another program that was started at the same time may have put one there.
        let check = match tx.key_check_to_seal_by(CHECK.0).await? {
            Some(check) => check,
            None => tx.add_key_check(CHECK.0, newest.seal_check()?).await?,
        };
        let wrapped = match tx.reader().data_key(SERVICE).await? {
            Some(wrapped) => wrapped,
            None => {
                let sealing = ring.iter().find(|key| key.opens_check(&check)).ok_or(KeyError::Wrong)?;
                tx.add_data_key(SERVICE, sealing.wrap(SERVICE, &random()?)?).await?
            }
        };
        tx.commit().await?;
        let service = ring.iter().find_map(|key| key.unwrap(SERVICE, &wrapped)).ok_or(KeyError::Wrong)?;
        let mut codes = [[0; KEY]; PURPOSES.len()];
        for (code, (_, name)) in codes.iter_mut().zip(PURPOSES) {
            *code = derive(&service, name)?;
        }
        let audit = derive(&service, "safespace audit")?;
        let audit = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(&audit).map_err(|_| KeyError::NotAKey)?;
        let answer = derive(&service, "safespace answer")?;
        Ok(Self { provider, ring: RwLock::new(ring), answer, codes, audit })
    }

    /// The ring as it was last loaded.
    pub(crate) fn ring(&self) -> Ring {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The ring as its provider has it now: another program may be rotating.
    pub(crate) fn load_again(&self) -> Result<Ring, KeyError> {
        let ring = ring_of(&self.provider.load()?)?;
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&ring);
        Ok(ring)
    }

    /// What the ring finds; looked for once more in the ring as it is now.
    fn find<T>(&self, look: impl Fn(&Ring) -> Option<T>) -> Result<Option<T>, KeyError> {
        match look(&self.ring()) {
            Some(found) => Ok(Some(found)),
            None => Ok(look(&self.load_again()?)),
        }
    }

    /// The data key of an owner.
    fn unwrap(&self, owner: Uuid, wrapped: &[u8]) -> Result<[u8; KEY], KeyError> {
        self.find(|ring| ring.iter().find_map(|key| key.unwrap(owner, wrapped)))?.ok_or(KeyError::DoesNotOpen)
    }

    /// A new data key, wrapped for its owner with the key that the database's proof is sealed with.
    fn fresh_data_key(&self, check: &[u8], owner: Uuid) -> Result<Vec<u8>, KeyError> {
        let fresh = random()?;
        let seal = |key: &WrapKey| key.opens_check(check).then(|| key.wrap(owner, &fresh));
        self.find(|ring| ring.iter().find_map(seal))?.ok_or(KeyError::Wrong)?
    }

    /// A code (HMAC-SHA-256) of bytes, which can't be guessed or made without the key.
    pub(crate) fn code(&self, purpose: Purpose, bytes: &[u8]) -> Result<[u8; KEY], KeyError> {
        Ok(self.mac(purpose, bytes)?.finalize().into_bytes().into())
    }

    /// Whether this is the code of bytes; compared in constant time.
    pub(crate) fn is_code(&self, purpose: Purpose, bytes: &[u8], code: &[u8]) -> bool {
        self.mac(purpose, bytes).is_ok_and(|mac| mac.verify_slice(code).is_ok())
    }

    fn mac(&self, purpose: Purpose, bytes: &[u8]) -> Result<Hmac<Sha256>, KeyError> {
        let at = PURPOSES.iter().position(|(other, _)| *other == purpose);
        let key = at.and_then(|at| self.codes.get(at)).ok_or(KeyError::NotAKey)?;
        let mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key).map_err(|_| KeyError::NotAKey)?;
        Ok(mac.chain_update(bytes))
    }

    /// A code of bytes for the chain of the audit and for its checkpoints, which say in the bytes which of the two
    /// they are.
    pub(crate) fn audit_code(&self, bytes: &[u8]) -> [u8; KEY] {
        self.audit.clone().chain_update(bytes).finalize().into_bytes().into()
    }

    /// A fingerprint of a command's payload, which can't be guessed backwards without the key.
    pub(crate) fn fingerprint(&self, payload: &[u8]) -> Result<Vec<u8>, KeyError> {
        Ok(self.code(Purpose::Fingerprint, payload)?.to_vec())
    }

    /// Seals an answer that is remembered for a payload with this fingerprint: it may repeat what somebody typed.
    pub(crate) fn seal_answer(&self, payload: &[u8], answer: &str) -> Result<Vec<u8>, KeyError> {
        seal_text(&self.answer, &to_hex(payload), answer)
    }

    /// Opens a remembered answer.
    pub(crate) fn open_answer(&self, payload: &[u8], sealed: &[u8]) -> Result<String, KeyError> {
        open_text(&self.answer, &to_hex(payload), sealed)
    }
}

/// A key derived from another one, for one use.
fn derive(from: &[u8; KEY], purpose: &str) -> Result<[u8; KEY], KeyError> {
    let mut key = [0; KEY];
    // Thirty-two bytes are within what HKDF can give.
    Hkdf::<Sha256>::new(None, from).expand(purpose.as_bytes(), &mut key).map_err(|_| KeyError::NotAKey)?;
    Ok(key)
}

/// Seals a text for the place `context` ("table.column.row").
fn seal_text(key: &[u8; KEY], context: &str, text: &str) -> Result<Vec<u8>, KeyError> {
    let length = u32::try_from(text.len()).map_err(|_| KeyError::DoesNotOpen)?;
    let mut padded = length.to_le_bytes().to_vec();
    padded.extend_from_slice(text.as_bytes());
    padded.resize(padded.len().next_multiple_of(PAD_TO), 0);
    let nonce: [u8; NONCE] = random()?;
    let cipher = XChaCha20Poly1305::new(key.into());
    let payload = Payload { msg: &padded, aad: context.as_bytes() };
    let sealed = cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| KeyError::DoesNotOpen)?;
    let mut envelope = vec![VERSION];
    envelope.extend_from_slice(&nonce);
    envelope.extend_from_slice(&sealed);
    Ok(envelope)
}

/// Opens what [`seal_text`] sealed for the same place.
fn open_text(key: &[u8; KEY], context: &str, envelope: &[u8]) -> Result<String, KeyError> {
    let (version, rest) = envelope.split_first().ok_or(KeyError::DoesNotOpen)?;
    let (nonce, sealed) = rest.split_at_checked(NONCE).ok_or(KeyError::DoesNotOpen)?;
    let nonce: [u8; NONCE] = nonce.try_into().map_err(|_| KeyError::DoesNotOpen)?;
    if *version != VERSION {
        return Err(KeyError::DoesNotOpen);
    }
    let cipher = XChaCha20Poly1305::new(key.into());
    let payload = Payload { msg: sealed, aad: context.as_bytes() };
    let padded = cipher.decrypt(&XNonce::from(nonce), payload).map_err(|_| KeyError::DoesNotOpen)?;
    let (length, text) = padded.split_first_chunk::<4>().ok_or(KeyError::DoesNotOpen)?;
    let text = text.get(..u32::from_le_bytes(*length) as usize).ok_or(KeyError::DoesNotOpen)?;
    String::from_utf8(text.to_vec()).map_err(|_| KeyError::DoesNotOpen)
}

impl Engine {
    /// Seals a text under the data key of a property or household; makes the key where there is none.
    pub(crate) async fn seal(
        &self,
        tx: &Tx,
        owner: Uuid,
        context: &str,
        text: &str,
    ) -> Result<Vec<u8>, EngineError> {
        let wrapped = match tx.reader().data_key(owner).await? {
            Some(wrapped) => wrapped,
            None => {
                let check = tx.key_check_to_seal_by(CHECK.0).await?.ok_or(KeyError::Missing)?;
                tx.add_data_key(owner, self.vault.fresh_data_key(&check, owner)?).await?
            }
        };
        Ok(seal_text(&self.vault.unwrap(owner, &wrapped)?, context, text)?)
    }

    /// Opens a text, unless the data key that it was sealed under has been destroyed.
    pub(crate) async fn open_unless_erased(
        &self,
        owner: Uuid,
        context: &str,
        sealed: &[u8],
    ) -> Result<Option<String>, EngineError> {
        let Some(wrapped) = self.store.reader().data_key(owner).await? else { return Ok(None) };
        Ok(Some(open_text(&self.vault.unwrap(owner, &wrapped)?, context, sealed)?))
    }

    /// As [`Engine::open_unless_erased`], with wrapped data keys that were read before.
    pub(crate) fn open_with(
        &self,
        keys: &BTreeMap<Uuid, Vec<u8>>,
        owner: Uuid,
        context: &str,
        sealed: &[u8],
    ) -> Result<Option<String>, EngineError> {
        let Some(wrapped) = keys.get(&owner) else { return Ok(None) };
        Ok(Some(open_text(&self.vault.unwrap(owner, wrapped)?, context, sealed)?))
    }

    /// Opens a text that was sealed under the data key of a property or household.
    pub(crate) async fn open_sealed(
        &self,
        owner: Uuid,
        context: &str,
        sealed: &[u8],
    ) -> Result<String, EngineError> {
        let wrapped = self.store.reader().data_key(owner).await?.ok_or(KeyError::DoesNotOpen)?;
        Ok(open_text(&self.vault.unwrap(owner, &wrapped)?, context, sealed)?)
    }
}

#[cfg(test)]
mod envelopes;
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_only_with_its_key_in_its_place_and_whole() {
        let (key, other) = ([1; KEY], [2; KEY]);
        let sealed = seal_text(&key, "void.note.1", "boiler, flat 2").unwrap();
        assert_eq!(open_text(&key, "void.note.1", &sealed).unwrap(), "boiler, flat 2");
        assert!(open_text(&key, "void.note.2", &sealed).is_err());
        assert!(open_text(&other, "void.note.1", &sealed).is_err());
        for at in 0..sealed.len() {
            let mut flipped = sealed.clone();
            flipped[at] ^= 1;
            assert!(open_text(&key, "void.note.1", &flipped).is_err());
            assert!(open_text(&key, "void.note.1", &sealed[..at]).is_err());
        }
    }

    #[test]
    fn the_length_of_a_short_text_does_not_show() {
        let length = |text: &str| seal_text(&[1; KEY], "x", text).unwrap().len();
        assert_eq!(length("a"), length("a sentence of some length"));
    }
}
