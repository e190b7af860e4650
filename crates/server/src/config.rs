//! Where the data lives: the database, and the key that seals what is confidential in it.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::Args;
use safespace_engine::{
    Engine, Fault, GivenKeys, KeyFile, KeyProvider, PasswordCost, StoreError, StoreNetwork, StoreSettings,
    SystemClock, SystemIds, World,
};

use crate::failure::Failure;

/// Holds the root keys, where they are not in a file.
const KEY_VARIABLE: &str = "SAFESPACE_KEY";

/// The heading in the help of what every command takes.
pub const EVERYWHERE: &str = "With every command";

/// Where the data lives.
#[derive(Args, Clone, Debug)]
pub struct Place {
    /// The database: `sqlite:<file>` or `postgres://<user>@<host>/<database>`. Without it, a `SQLite` file in the
    /// user's data directory.
    #[arg(long, global = true, env = "SAFESPACE_DATABASE_URL", hide_env_values = true, help_heading = EVERYWHERE)]
    database_url: Option<String>,
    /// The file with the root key that seals what is confidential; made at the first start, readable by its owner only.
    /// Without it, beside the `SQLite` file or in the user's data directory. The environment variable `SAFESPACE_KEY` may
    /// hold the key instead: 64 hexadecimal digits, or several keys parted by commas, newest first.
    #[arg(long, global = true, env = "SAFESPACE_KEY_FILE", help_heading = EVERYWHERE)]
    key_file: Option<PathBuf>,
    /// Reach a PostgreSQL on another machine without TLS, or without checking its certificate, as its address says. Whoever
    /// is on the way may then read and change everything.
    #[arg(long, global = true, env = "SAFESPACE_INSECURE_DATABASE", help_heading = EVERYWHERE)]
    insecure_database: bool,
    /// Use the demonstration's database instead of the service's own.
    #[arg(long, global = true, env = "SAFESPACE_DEMO", help_heading = EVERYWHERE)]
    pub demo: bool,
}

impl Place {
    /// The same place, with the demonstration's database where none is named.
    pub fn of_demo(&self) -> Self {
        Self { demo: true, ..self.clone() }
    }

    /// The database's address. Makes the user's data directory where that is used and not there yet.
    pub fn url(&self) -> Result<String, Failure> {
        if let Some(url) = &self.database_url {
            return Ok(url.clone());
        }
        let file = self.file_of_ours()?;
        private_file(&file)?;
        url_of(&file)
    }

    /// The file in the user's data directory, where no database is named. It may not be there yet.
    pub fn own_file(&self) -> Result<Option<PathBuf>, Failure> {
        if self.database_url.is_some() { Ok(None) } else { self.file_of_ours().map(Some) }
    }

    fn file_of_ours(&self) -> Result<PathBuf, Failure> {
        let name = if self.demo { "demo.sqlite" } else { "safespace.sqlite" };
        Ok(data_directory()?.join(name))
    }

    /// Where the key file is: as said, or beside the database.
    pub fn key_file(&self) -> Result<PathBuf, Failure> {
        if let Some(file) = &self.key_file {
            return Ok(file.clone());
        }
        match self.url()?.strip_prefix("sqlite:") {
            Some(path) => Ok(Path::new(path.trim_start_matches("//")).with_extension("key")),
            None => Ok(data_directory()?.join("safespace.key")),
        }
    }

    /// Where the root keys come from: the environment, or the key file.
    pub fn keys(&self) -> Result<Arc<dyn KeyProvider>, Failure> {
        // Not an option of the command line, where other users of the machine would see it, and the help would tell it.
        let Some(text) = std::env::var_os(KEY_VARIABLE) else {
            return Ok(Arc::new(KeyFile(self.key_file()?)));
        };
        if self.key_file.is_some() {
            return Err(Failure::wrong_call(
                "the root key is given twice, by SAFESPACE_KEY and by --key-file (or SAFESPACE_KEY_FILE): keep to one",
            ));
        }
        // What is not UTF-8 is no key either.
        let keys = GivenKeys::read(text.to_str().unwrap_or_default());
        Ok(Arc::new(keys.map_err(|error| Failure::wrong_call(error.to_string()))?))
    }

    /// Opens the engine on this place.
    pub async fn open(&self) -> Result<Arc<Engine>, Failure> {
        let world = World {
            clock: Arc::new(SystemClock),
            ids: Arc::new(SystemIds),
            keys: self.keys()?,
            passwords: PasswordCost::USUAL,
        };
        Engine::open(&self.settings(self.url()?), world).await.map_err(|fault| self.failure(fault))
    }

    /// Does something with the engine on this place, which is closed whatever comes of it.
    pub async fn with_engine<T>(
        &self,
        work: impl AsyncFnOnce(&Arc<Engine>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let engine = self.open().await?;
        let done = work(&engine).await;
        let closed = engine.close().await;
        let done = done?;
        closed?;
        Ok(done)
    }

    /// How a database is opened.
    pub fn settings(&self, url: String) -> StoreSettings {
        let network =
            if self.insecure_database { StoreNetwork::AsTheAddressSays } else { StoreNetwork::CheckedTls };
        StoreSettings { network, ..StoreSettings::new(url) }
    }

    /// What to say of a fault. A database's driver may quote the address that it could not read, and there may be a
    /// password in that.
    pub fn failure(&self, fault: Fault) -> Failure {
        match &self.database_url {
            Some(url)
                if matches!(fault, Fault::Store(StoreError::Unreachable(_)))
                    && fault.to_string().contains(url) =>
            {
                Failure::wrong_call(
                    "--database-url can't be read as an address: write sqlite:<file> or \
                 postgres://<user>:<password>@<host>:<port>/<database>, with %40 and the like for signs such as @",
                )
            }
            _ => fault.into(),
        }
    }
}

/// The user's data directory for this program, which only that user can enter.
fn data_directory() -> Result<PathBuf, Failure> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = set("XDG_DATA_HOME").or_else(|| set("HOME").map(|home| home.join(".local").join("share")));
    let Some(base) = base else {
        return Err(Failure::wrong_call(
            "there is no home directory to keep data in: give --database-url and --key-file",
        ));
    };
    let folder = base.join("safespace");
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(&folder)
        .map_err(|error| Failure::failed(format!("the data directory can't be made: {error}")))?;
    Ok(folder)
}

/// The address of a `SQLite` file.
pub fn url_of(file: &Path) -> Result<String, Failure> {
    let path = file.to_str().ok_or_else(|| Failure::wrong_call("the data directory's name is not UTF-8"))?;
    Ok(format!("sqlite:{path}"))
}

/// Makes the file, empty and for its owner only, unless it is there.
pub fn private_file(file: &Path) -> Result<(), Failure> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(file) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(Failure::failed(format!("the database's file can't be made: {error}"))),
    }
}
