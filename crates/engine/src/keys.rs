//! Sealing what is confidential: notes and reasons, field by field.
//!
//! A root key outside the database ([`KeyProvider`]) wraps a data key per property and per household; the data key
//! seals the fields (XChaCha20-Poly1305), bound to the place where they stand, so that a ciphertext put elsewhere
//! does not open. Plaintext is padded, so that its length tells little.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
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

use crate::{Engine, EngineError};

const KEY: usize = 32;
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
    #[error("the key file must hold 64 hexadecimal digits and nothing else: restore it from its backup")]
    NotAKey,
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

/// Where the root key comes from. A trait, because a key service may hold it instead of a file.
pub trait KeyProvider: Send + Sync {
    /// The key, if there is one.
    fn load(&self) -> Result<Option<[u8; KEY]>, KeyError>;
    /// Makes a key and keeps it, for a new database.
    fn create(&self) -> Result<[u8; KEY], KeyError>;
}

/// A key in a file that only its owner can read: 64 hexadecimal digits.
#[derive(Clone, Debug)]
pub struct KeyFile(pub PathBuf);

impl KeyProvider for KeyFile {
    fn load(&self) -> Result<Option<[u8; KEY]>, KeyError> {
        let text = match fs::read_to_string(&self.0) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) if error.kind() == std::io::ErrorKind::InvalidData => return Err(KeyError::NotAKey),
            Err(error) => return Err(KeyError::Unusable(error.to_string())),
        };
        private(&self.0)?;
        from_hex(text.trim()).map(Some)
    }

    fn create(&self) -> Result<[u8; KEY], KeyError> {
        let unusable = |error: std::io::Error| KeyError::Unusable(error.to_string());
        let key = random()?;
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o400);
        let mut file = options.open(&self.0).map_err(unusable)?;
        writeln!(file, "{}", to_hex(&key)).and_then(|()| file.sync_all()).map_err(unusable)?;
        Ok(key)
    }
}

#[cfg(unix)]
fn private(path: &Path) -> Result<(), KeyError> {
    use std::os::unix::fs::PermissionsExt;
    let mode =
        fs::metadata(path).map_err(|error| KeyError::Unusable(error.to_string()))?.permissions().mode();
    if mode & 0o077 == 0 { Ok(()) } else { Err(KeyError::ReadableByOthers) }
}

#[cfg(not(unix))]
fn private(_: &Path) -> Result<(), KeyError> {
    Ok(())
}

/// A key that is simply given: for tests, and for the scratch database of a dry run.
#[derive(Clone, Debug)]
pub struct FixedKey(pub [u8; KEY]);

impl KeyProvider for FixedKey {
    fn load(&self) -> Result<Option<[u8; KEY]>, KeyError> {
        Ok(Some(self.0))
    }

    fn create(&self) -> Result<[u8; KEY], KeyError> {
        Ok(self.0)
    }
}

pub(crate) fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

pub(crate) fn from_hex(text: &str) -> Result<[u8; KEY], KeyError> {
    if text.len() != KEY * 2 || !text.is_ascii() {
        return Err(KeyError::NotAKey);
    }
    let mut key = [0; KEY];
    for (i, byte) in key.iter_mut().enumerate() {
        let digits = text.get(i * 2..i * 2 + 2).ok_or(KeyError::NotAKey)?;
        *byte = u8::from_str_radix(digits, 16).map_err(|_| KeyError::NotAKey)?;
    }
    Ok(key)
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
}

/// Every purpose, in the order of their codes.
const PURPOSES: [(Purpose, &str); 6] = [
    (Purpose::Fingerprint, "safespace fingerprint"),
    (Purpose::Blind, "safespace blind index"),
    (Purpose::Throttle, "safespace throttle"),
    (Purpose::Forgery, "safespace forgery"),
    (Purpose::Disguise, "safespace disguise"),
    (Purpose::Reference, "safespace reference"),
];

/// The root key, and the keys that are derived from the service's own data key.
pub(crate) struct Vault {
    wrap: [u8; KEY],
    answer: [u8; KEY],
    codes: [[u8; KEY]; PURPOSES.len()],
    /// Ready with the key of the audit's chain and checkpoints, which make a code for every record.
    audit: Hmac<Sha256>,
}

impl Vault {
    /// Loads the root key, or makes one for a database that has sealed nothing yet, and checks that it is the one
    /// that the database was sealed with.
    pub(crate) async fn open(store: &Store, provider: &dyn KeyProvider) -> Result<Self, crate::Fault> {
        let check = store.reader().key_check(CHECK.0).await?;
        let root = match (provider.load()?, &check) {
            (Some(root), _) => root,
            (None, Some(_)) => return Err(KeyError::Missing.into()),
            (None, None) => provider.create()?,
        };
        let wrap = derive(&root, "safespace wrap")?;
        match check {
            Some(sealed) => {
                let opened = open_text(&wrap, CHECK.0, &sealed).map_err(|_| KeyError::Wrong)?;
                if opened != CHECK.1 {
                    return Err(KeyError::Wrong.into());
                }
            }
            None => {
                let tx = store.begin().await?;
                tx.add_key_check(CHECK.0, seal_text(&wrap, CHECK.0, CHECK.1)?).await?;
                tx.commit().await?;
            }
        }
        let wrapped = match store.reader().data_key(SERVICE).await? {
            Some(wrapped) => wrapped,
            None => {
                let tx = store.begin().await?;
                let wrapped = tx.add_data_key(SERVICE, fresh_data_key(&wrap, SERVICE)?).await?;
                tx.commit().await?;
                wrapped
            }
        };
        let service = unwrap_key(&wrap, SERVICE, &wrapped)?;
        let mut codes = [[0; KEY]; PURPOSES.len()];
        for (code, (_, name)) in codes.iter_mut().zip(PURPOSES) {
            *code = derive(&service, name)?;
        }
        let audit = derive(&service, "safespace audit")?;
        let audit = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(&audit).map_err(|_| KeyError::NotAKey)?;
        Ok(Self { wrap, answer: derive(&service, "safespace answer")?, codes, audit })
    }

    /// A code (HMAC-SHA-256) of bytes, which can't be guessed or made without the key.
    pub(crate) fn code(&self, purpose: Purpose, bytes: &[u8]) -> Result<[u8; KEY], KeyError> {
        let at = PURPOSES.iter().position(|(other, _)| *other == purpose);
        let key = at.and_then(|at| self.codes.get(at)).ok_or(KeyError::NotAKey)?;
        let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key).map_err(|_| KeyError::NotAKey)?;
        mac.update(bytes);
        Ok(mac.finalize().into_bytes().into())
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

/// A new data key, wrapped for its owner.
fn fresh_data_key(wrap: &[u8; KEY], owner: Uuid) -> Result<Vec<u8>, KeyError> {
    let fresh: [u8; KEY] = random()?;
    seal_text(wrap, &format!("data_key.{owner}"), &to_hex(&fresh))
}

/// The data key of an owner.
fn unwrap_key(wrap: &[u8; KEY], owner: Uuid, wrapped: &[u8]) -> Result<[u8; KEY], KeyError> {
    let hex = open_text(wrap, &format!("data_key.{owner}"), wrapped)?;
    from_hex(&hex).map_err(|_| KeyError::DoesNotOpen)
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
            None => tx.add_data_key(owner, fresh_data_key(&self.vault.wrap, owner)?).await?,
        };
        Ok(seal_text(&unwrap_key(&self.vault.wrap, owner, &wrapped)?, context, text)?)
    }

    /// Opens a text that was sealed under the data key of a property or household.
    pub(crate) async fn open_sealed(
        &self,
        owner: Uuid,
        context: &str,
        sealed: &[u8],
    ) -> Result<String, EngineError> {
        let wrapped = self.store.reader().data_key(owner).await?.ok_or(KeyError::DoesNotOpen)?;
        Ok(open_text(&unwrap_key(&self.vault.wrap, owner, &wrapped)?, context, sealed)?)
    }
}

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

    #[test]
    fn a_key_file_is_made_for_its_owner_only_and_checked() {
        let folder = std::env::temp_dir().join(format!("safespace-key-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let file = KeyFile(folder.join("key"));
        assert_eq!(file.load().unwrap(), None);
        let key = file.create().unwrap();
        assert_eq!(file.load().unwrap(), Some(key));
        assert!(file.create().is_err(), "a key is never written over");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(&file.0, fs::Permissions::from_mode(0o644)).unwrap();
            assert_eq!(file.load(), Err(KeyError::ReadableByOthers));
            fs::set_permissions(&file.0, fs::Permissions::from_mode(0o600)).unwrap();
        }
        fs::write(&file.0, "short").unwrap();
        assert_eq!(file.load(), Err(KeyError::NotAKey));
        fs::remove_dir_all(&folder).unwrap();
    }
}
