//! Opening a database: its address, its settings, its migrations.

use std::{net::IpAddr, path::Path, sync::Arc, time::Duration};

use safespace_migrations::Migrator;
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, Statement,
    sqlx::{
        Connection as _,
        postgres::{PgConnectOptions, PgSslMode},
    },
};
use sea_orm_migration::MigratorTrait;
use tokio::sync::Mutex;

use crate::{Reader, Result, StoreError, Tx, tx::Writer};

/// Where the database is and how many connections it gets.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `sqlite:<path>` or `postgres://…`.
    pub url: String,
    /// Connections for reading. A few are enough, and keep the slowest answers fast.
    pub readers: u32,
    /// Connections for writing, on PostgreSQL.
    pub writers: u32,
    /// What a commit waits for.
    pub durability: Durability,
    /// How a database on another machine is reached.
    pub network: Network,
}

/// How PostgreSQL on another machine is reached: neither its own socket nor this machine's loopback leads there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// Over TLS, its certificate checked; otherwise it is refused.
    CheckedTls,
    /// As the address says, even if whoever is on the way reads everything.
    AsTheAddressSays,
}

/// What a commit on `SQLite` waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Until it is on the disk: what was acknowledged survives a crash.
    Full,
    /// For nothing: only for filling a file that would be filled afresh after a crash.
    Scratch,
}

impl Settings {
    /// The usual numbers of connections.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            readers: 4,
            writers: 16,
            durability: Durability::Full,
            network: Network::CheckedTls,
        }
    }
}

enum Writing {
    /// One writer, in turns.
    Sqlite(Arc<Mutex<Writer>>),
    Postgres(DatabaseConnection),
}

/// An open database.
pub struct Store {
    reading: DatabaseConnection,
    writing: Writing,
    /// A connection of its own, on which `SQLite` tells whether another one has written.
    watching: DatabaseConnection,
}

impl Store {
    /// Opens the database, creates it where it is a file that is not there yet, and brings it up to date.
    pub async fn open(settings: &Settings) -> Result<Self> {
        let store = Self::connect(settings).await?;
        store.migrate().await?;
        Ok(store)
    }

    /// Opens the database as it is, creates it where it is a file that is not there yet.
    pub async fn connect(settings: &Settings) -> Result<Self> {
        let url = settings.url.as_str();
        if let Some(path) = url.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() || path.contains(":memory:") {
                return Err(StoreError::BadUrl(
                    "give the SQLite database a file: sqlite:/path/to/safespace.sqlite".into(),
                ));
            }
            Self::open_sqlite(path, settings).await
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            Self::open_postgres(settings).await
        } else {
            // Only a word is quoted: there may be a password in the rest.
            let kind = url.split_once(':').map(|(kind, _)| kind).filter(|kind| {
                !kind.is_empty()
                    && kind.chars().all(|sign| sign.is_ascii_alphanumeric() || "+-.".contains(sign))
            });
            let kind =
                kind.map_or_else(|| "the address names no".to_owned(), |kind| format!("{kind:?} is not a"));
            Err(StoreError::BadUrl(format!(
                "{kind} kind of database that safespace knows: use sqlite:<file> or postgres://<host>/<database>"
            )))
        }
    }

    async fn open_sqlite(path: &str, settings: &Settings) -> Result<Self> {
        if Path::new(path).is_dir() {
            return Err(StoreError::BadUrl(
                "the SQLite database must be a file, and this is a folder".into(),
            ));
        }
        if let Some(folder) = Path::new(path).parent()
            && !folder.as_os_str().is_empty()
            && !folder.is_dir()
        {
            return Err(StoreError::BadUrl(
                "the folder of the SQLite database does not exist: create it first".into(),
            ));
        }
        let synchronous = match settings.durability {
            Durability::Full => "FULL",
            Durability::Scratch => "OFF",
        };
        let connect = |connections: u32, writes: bool| {
            let mut options = ConnectOptions::new(format!("sqlite://{path}?mode=rwc"));
            options
                .max_connections(connections)
                .min_connections(1)
                .sqlx_logging(false)
                .test_before_acquire(false)
                // A file's connection does not wear out, and `PRAGMA data_version` compares only with itself.
                .max_lifetime(None)
                .idle_timeout(None)
                .acquire_timeout(Duration::from_secs(10))
                .map_sqlx_sqlite_opts(move |options| {
                    let options = options
                        .pragma("journal_mode", "WAL")
                        .pragma("synchronous", synchronous)
                        .pragma("foreign_keys", "ON")
                        .pragma("secure_delete", "ON")
                        .pragma("trusted_schema", "OFF")
                        // What a statement may have to take back is kept out of files that nobody looks after.
                        .pragma("temp_store", "MEMORY")
                        .busy_timeout(Duration::from_secs(5));
                    if writes { options } else { options.pragma("query_only", "ON") }
                })
                // Where `SQLite` itself has taken a transaction back, the driver still counts it as open, and would
                // never begin another one on this connection.
                .map_sqlx_sqlite_pool_opts(move |options| {
                    if !writes {
                        return options;
                    }
                    options.after_release(|connection, _| {
                        Box::pin(async move {
                            connection.ping().await?;
                            Ok(!connection.is_in_transaction())
                        })
                    })
                });
            Database::connect(options)
        };
        let writer = connect(1, true).await.map_err(opening)?;
        Ok(Self {
            reading: connect(settings.readers, false).await.map_err(opening)?,
            watching: connect(1, false).await.map_err(opening)?,
            writing: Writing::Sqlite(Arc::new(Mutex::new(Writer::new(writer)))),
        })
    }

    async fn open_postgres(settings: &Settings) -> Result<Self> {
        if settings.network == Network::CheckedTls {
            must_be_safe_on_the_way(&settings.url)?;
        }
        let connect = |connections: u32| {
            let mut options = ConnectOptions::new(settings.url.clone());
            options
                .max_connections(connections)
                .min_connections(1)
                .sqlx_logging(false)
                // A ping before each use costs a tenth; a broken connection shows itself at the first statement.
                .test_before_acquire_if_idle_for(Duration::from_secs(30))
                .acquire_timeout(Duration::from_secs(10))
                .set_application_name("safespace");
            Database::connect(options)
        };
        let writing = connect(settings.writers).await.map_err(opening)?;
        Ok(Self {
            reading: connect(settings.readers).await.map_err(opening)?,
            watching: connect(1).await.map_err(opening)?,
            writing: Writing::Postgres(writing),
        })
    }

    /// Brings the database up to date, unless it is from a newer program.
    pub async fn migrate(&self) -> Result<()> {
        match &self.writing {
            Writing::Sqlite(writer) => migrate(writer.lock().await.connection()).await,
            Writing::Postgres(connection) => migrate(connection).await,
        }
    }

    /// Whether there is anything in the database: a program has brought it up to some date.
    pub async fn was_made(&self) -> Result<bool> {
        Ok(!applied_migrations(&self.reading).await?.is_empty())
    }

    /// Reads over the pool of readers.
    pub fn reader(&self) -> Reader<'_, DatabaseConnection> {
        Reader { connection: &self.reading }
    }

    /// Begins a transaction that may write.
    pub async fn begin(&self) -> Result<Tx> {
        match &self.writing {
            Writing::Sqlite(writer) => Tx::on_sqlite(writer).await,
            Writing::Postgres(connection) => Tx::on_postgres(connection).await,
        }
    }

    /// A number that changes when another connection has written, on `SQLite`: cheap to ask. None on PostgreSQL.
    pub async fn data_version(&self) -> Result<Option<i64>> {
        if matches!(self.writing, Writing::Postgres(_)) {
            return Ok(None);
        }
        let ask = Statement::from_string(self.watching.get_database_backend(), "PRAGMA data_version");
        let row = self.watching.query_one_raw(ask).await?;
        Ok(row.map(|row| row.try_get_by_index::<i64>(0)).transpose()?)
    }

    /// Makes visible to readers what other transactions of this process have written and not committed yet.
    pub async fn settle(&self) {
        if let Writing::Sqlite(writer) = &self.writing {
            writer.lock().await.flush().await;
        }
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<()> {
        Ok(self.reading.ping().await?)
    }

    /// Waits for what is being written, and closes every connection.
    pub async fn close(&self) -> Result<()> {
        self.reading.close_by_ref().await?;
        self.watching.close_by_ref().await?;
        match &self.writing {
            // The last connection to go brings the write-ahead log into the file.
            Writing::Sqlite(writer) => writer.lock().await.close().await,
            Writing::Postgres(connection) => Ok(connection.close_by_ref().await?),
        }
    }
}

/// Refuses to reach another machine but by TLS with its certificate checked.
fn must_be_safe_on_the_way(url: &str) -> Result<()> {
    // As the driver reads it, the environment's part included.
    // Not what the driver says of it: that may quote a password.
    let options: PgConnectOptions = url.parse().map_err(|_| {
        StoreError::BadUrl(
            "the database's address can't be read as an address: write \
             postgres://<user>:<password>@<host>:<port>/<database>, with %40 and the like for signs such as @"
                .to_owned(),
        )
    })?;
    let host = options.get_host();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    let stays_here = options.get_socket().is_some()
        || host.starts_with('/')
        || host.eq_ignore_ascii_case("localhost")
        || address.is_ok_and(|address| address.is_loopback());
    let is_checked = matches!(options.get_ssl_mode(), PgSslMode::VerifyCa | PgSslMode::VerifyFull);
    if stays_here || is_checked {
        return Ok(());
    }
    Err(StoreError::BadUrl(
        "this PostgreSQL is on another machine, and its address does not ask for TLS with the certificate checked: add \
         ?sslmode=verify-full to it (and &sslrootcert=<file> for a certificate of your own authority), or insist with \
         --insecure-database"
            .into(),
    ))
}

fn opening(error: sea_orm::DbErr) -> StoreError {
    let text = error.to_string();
    if text.contains("unable to open database file") || text.contains("Permission denied") {
        return StoreError::ReadOnly;
    }
    if text.contains("file is not a database") {
        return StoreError::BadUrl("the file is not a SQLite database: choose another one".into());
    }
    match StoreError::from(error) {
        StoreError::Other(_) => StoreError::Unreachable(text),
        known => known,
    }
}

/// Brings the database up to date, unless it is from a newer program.
async fn migrate(connection: &DatabaseConnection) -> Result<()> {
    let known: Vec<String> =
        Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect();
    let applied = applied_migrations(connection).await?;
    if let Some(unknown) = applied.iter().find(|name| !known.contains(name)) {
        return Err(StoreError::Newer(unknown.clone()));
    }
    if known.len() > applied.len() {
        Migrator::up(connection, None).await?;
    }
    Ok(())
}

async fn applied_migrations(connection: &DatabaseConnection) -> Result<Vec<String>> {
    let backend = connection.get_database_backend();
    let exists = match backend {
        sea_orm::DbBackend::Postgres => "SELECT to_regclass('seaql_migrations') IS NOT NULL",
        _ => "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'seaql_migrations')",
    };
    let row = connection.query_one_raw(Statement::from_string(backend, exists)).await.map_err(opening)?;
    if !row.map(|row| row.try_get_by_index::<bool>(0)).transpose()?.unwrap_or(false) {
        return Ok(Vec::new());
    }
    let rows = connection
        .query_all_raw(Statement::from_string(
            backend,
            "SELECT version FROM seaql_migrations ORDER BY version",
        ))
        .await?;
    rows.iter().map(|row| Ok(row.try_get_by_index::<String>(0)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_machine_is_reached_by_tls_with_its_certificate_checked() {
        for (url, safe) in [
            ("postgres://u@127.0.0.1/d", true),
            ("postgres://u@127.9.9.9:15999/d?sslmode=disable", true),
            ("postgres://u@[::1]/d", true),
            ("postgres://u@localhost/d", true),
            ("postgres://u@%2Fvar%2Frun%2Fpostgresql/d", true),
            ("postgres://u@elsewhere.invalid/d?host=/var/run/postgresql", true),
            ("postgres://u:p@elsewhere.invalid/d", false),
            ("postgres://u:p@elsewhere.invalid/d?sslmode=disable", false),
            ("postgres://u:p@elsewhere.invalid/d?sslmode=prefer", false),
            // Encrypted, for whoever answers.
            ("postgres://u:p@elsewhere.invalid/d?sslmode=require", false),
            ("postgres://u:p@elsewhere.invalid/d?sslmode=verify-ca", true),
            ("postgres://u:p@elsewhere.invalid/d?sslmode=verify-full", true),
            ("postgresql://u@localhost/d?host=elsewhere.invalid", false),
            ("postgresql://u@127.0.0.1/d?hostaddr=192.0.2.7", false),
            ("postgres://u@localhost.elsewhere.invalid/d", false),
            ("postgres://u@[2001:db8::1]/d", false),
        ] {
            assert_eq!(must_be_safe_on_the_way(url).is_ok(), safe, "{url}");
        }
    }
}
