//! Where the root keys come from: a ring of them, newest first. There is more than one only while the newest takes over
//! from the one before.

use std::{
    fs,
    io::{ErrorKind, Read, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use crate::keys::{KEY, KeyError, from_hex, random, to_hex};

/// So often it is tried to have a key file to oneself, and how long it is waited in between.
const TRIES: u32 = 10;
const A_MOMENT: Duration = Duration::from_millis(20);

/// A root key. Never shown.
pub type RootKey = [u8; KEY];

/// Where the root keys come from. A trait, because a key service may hold them instead of a file.
pub trait KeyProvider: Send + Sync {
    /// The keys, newest first; none where there is none yet.
    fn load(&self) -> Result<Vec<RootKey>, KeyError>;
    /// Makes a key and keeps it, for a new database. Refused where one is kept already.
    fn create(&self) -> Result<RootKey, KeyError>;
    /// Keeps these keys, newest first, instead of those it had. Refused with [`KeyError::KeptByYou`] where whoever runs
    /// the service keeps them.
    fn replace(&self, keys: &[RootKey]) -> Result<(), KeyError>;
    /// Keeps others from rotating at the same time, until what it returns goes.
    fn hold(&self) -> Result<Box<dyn Send>, KeyError>;
}

/// Keys in a file that only its owner can read: 64 hexadecimal digits each, one to a line.
#[derive(Clone, Debug)]
pub struct KeyFile(pub PathBuf);

fn unusable(error: &std::io::Error) -> KeyError {
    KeyError::Unusable(error.to_string())
}

impl KeyFile {
    fn beside(&self, ending: &str) -> PathBuf {
        let mut name = self.0.clone().into_os_string();
        name.push(ending);
        name.into()
    }

    /// Writes the keys to a new file and puts it in place whole: whoever reads finds the old file or the new one.
    fn write(&self, keys: &[RootKey]) -> Result<(), KeyError> {
        let new = self.beside(".new");
        match fs::remove_file(&new) {
            // Left there by a program that was ended half-way.
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(unusable(&error)),
        }
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o400);
        let mut file = options.open(&new).map_err(|error| unusable(&error))?;
        let text = keys.iter().fold(String::new(), |text, key| text + &to_hex(key) + "\n");
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(|error| unusable(&error))?;
        fs::rename(&new, &self.0).map_err(|error| unusable(&error))?;
        sync_folder(&self.0)
    }
}

#[cfg(unix)]
fn sync_folder(file: &Path) -> Result<(), KeyError> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| unusable(&error))
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> Result<(), KeyError> {
    Ok(())
}

impl KeyProvider for KeyFile {
    fn load(&self) -> Result<Vec<RootKey>, KeyError> {
        let mut file = match fs::File::open(&self.0) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(unusable(&error)),
        };
        private(&file)?;
        let mut text = String::new();
        match file.read_to_string(&mut text) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::InvalidData => return Err(KeyError::NotAKey),
            Err(error) => return Err(unusable(&error)),
        }
        let keys: Vec<RootKey> =
            text.trim().lines().map(|line| from_hex(line.trim())).collect::<Result<_, _>>()?;
        if keys.is_empty() { Err(KeyError::NotAKey) } else { Ok(keys) }
    }

    fn create(&self) -> Result<RootKey, KeyError> {
        let _held = self.hold()?;
        if fs::symlink_metadata(&self.0).is_ok() {
            return Err(KeyError::Unusable("it is there already".into()));
        }
        let key = random()?;
        self.write(&[key])?;
        Ok(key)
    }

    fn replace(&self, keys: &[RootKey]) -> Result<(), KeyError> {
        self.write(keys)
    }

    fn hold(&self) -> Result<Box<dyn Send>, KeyError> {
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(self.beside(".lock")).map_err(|error| unusable(&error))?;
        for _ in 0..TRIES {
            match file.try_lock() {
                // The lock goes with the file, also where the program is ended.
                Ok(()) => return Ok(Box::new(file)),
                Err(fs::TryLockError::Error(error)) => return Err(unusable(&error)),
                // A program that is just being started from this one holds what this one held, until it has become the
                // other: a moment.
                Err(fs::TryLockError::WouldBlock) => std::thread::sleep(A_MOMENT),
            }
        }
        Err(KeyError::InHand)
    }
}

#[cfg(unix)]
fn private(file: &fs::File) -> Result<(), KeyError> {
    use std::os::unix::fs::PermissionsExt;
    let mode = file.metadata().map_err(|error| unusable(&error))?.permissions().mode();
    if mode & 0o077 == 0 { Ok(()) } else { Err(KeyError::ReadableByOthers) }
}

#[cfg(not(unix))]
fn private(_: &fs::File) -> Result<(), KeyError> {
    Ok(())
}

/// Keys that whoever runs the service gives the program, in its environment for instance, and keeps themselves.
#[derive(Clone)]
pub struct GivenKeys(Vec<RootKey>);

impl GivenKeys {
    /// Reads keys of 64 hexadecimal digits, parted by commas or spaces, newest first.
    pub fn read(text: &str) -> Result<Self, KeyError> {
        let words =
            text.split(|sign: char| sign == ',' || sign.is_whitespace()).filter(|word| !word.is_empty());
        let keys: Vec<RootKey> =
            words.map(from_hex).collect::<Result<_, _>>().map_err(|_| KeyError::NotGivenKeys)?;
        if keys.is_empty() { Err(KeyError::NotGivenKeys) } else { Ok(Self(keys)) }
    }
}

impl KeyProvider for GivenKeys {
    fn load(&self) -> Result<Vec<RootKey>, KeyError> {
        Ok(self.0.clone())
    }

    fn create(&self) -> Result<RootKey, KeyError> {
        Err(KeyError::KeptByYou)
    }

    fn replace(&self, _: &[RootKey]) -> Result<(), KeyError> {
        Err(KeyError::KeptByYou)
    }

    fn hold(&self) -> Result<Box<dyn Send>, KeyError> {
        Ok(Box::new(()))
    }
}

/// A key that is simply there: for tests, and for the scratch database of a dry run.
#[derive(Clone)]
pub struct FixedKey(pub RootKey);

impl KeyProvider for FixedKey {
    fn load(&self) -> Result<Vec<RootKey>, KeyError> {
        Ok(vec![self.0])
    }

    fn create(&self) -> Result<RootKey, KeyError> {
        Ok(self.0)
    }

    fn replace(&self, _: &[RootKey]) -> Result<(), KeyError> {
        Err(KeyError::KeptByYou)
    }

    fn hold(&self) -> Result<Box<dyn Send>, KeyError> {
        Ok(Box::new(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_file_is_made_for_its_owner_only_and_checked() {
        let folder = std::env::temp_dir().join(format!("safespace-key-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let file = KeyFile(folder.join("key"));
        assert_eq!(file.load().unwrap(), [[0; KEY]; 0]);
        let key = file.create().unwrap();
        assert_eq!(file.load().unwrap(), [key]);
        assert!(file.create().is_err(), "a key is never written over");
        file.replace(&[[3; KEY], key]).unwrap();
        assert_eq!(file.load().unwrap(), [[3; KEY], key]);
        let held = file.hold().unwrap();
        assert_eq!(file.hold().map(|_| ()), Err(KeyError::InHand));
        drop(held);
        assert!(file.hold().is_ok());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&file.0).unwrap().permissions().mode() & 0o777, 0o400);
            fs::set_permissions(&file.0, fs::Permissions::from_mode(0o644)).unwrap();
            assert_eq!(file.load(), Err(KeyError::ReadableByOthers));
            fs::set_permissions(&file.0, fs::Permissions::from_mode(0o600)).unwrap();
        }
        for none in ["", "\n", "short", &"0".repeat(63), &"0".repeat(65), &"é".repeat(32)] {
            fs::write(&file.0, none).unwrap();
            assert_eq!(file.load(), Err(KeyError::NotAKey), "{none:?}");
        }
        fs::write(&file.0, format!("{}\nand a note\n", to_hex(&key))).unwrap();
        assert_eq!(file.load(), Err(KeyError::NotAKey));
        fs::write(&file.0, [0xff; 64]).unwrap();
        assert_eq!(file.load(), Err(KeyError::NotAKey));
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn given_keys_are_parted_by_commas_or_spaces() {
        let (one, two) = (to_hex(&[1; KEY]), to_hex(&[2; KEY]));
        for text in [format!("{one},{two}"), format!(" {one}, {two}\n"), format!("{one} {two}")] {
            assert_eq!(GivenKeys::read(&text).unwrap().load().unwrap(), [[1; KEY], [2; KEY]]);
        }
        for none in ["", " , ", &one[1..], &format!("{one}{two}"), &format!("{one};{two}")] {
            let error = GivenKeys::read(none).map(|_| ()).unwrap_err();
            assert_eq!(error, KeyError::NotGivenKeys);
            assert!(!error.to_string().contains("0101"));
        }
    }
}
