//! Scratch databases: SQLite files, and databases of a throw-away PostgreSQL that is as durable as a real one.

use std::{
    fmt,
    fs::File,
    net::TcpListener,
    os::unix::{fs::MetadataExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    str::FromStr,
    time::{Duration, Instant},
};

use sea_orm::sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, SqliteConnection,
    postgres::PgConnectOptions, sqlite::SqliteConnectOptions,
};
use tempfile::TempDir;

use crate::{Result, Run, server::Process};

/// The oldest PostgreSQL that the service runs on.
const OLDEST: u32 = 15;
/// How long it may take to start.
const START: Duration = Duration::from_secs(30);
/// How often another port is tried.
const TRIES: usize = 5;

/// A kind of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    Sqlite,
    /// A database of the throw-away cluster.
    Postgres,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        })
    }
}

/// A scratch database. It goes with the run's scratch folder or cluster.
pub struct Database {
    /// Of which kind.
    pub kind: Kind,
    url: String,
    key_file: PathBuf,
}

impl Database {
    /// A new one, with nothing in it.
    pub fn new(run: &Run, kind: Kind, name: &str) -> Result<Self> {
        let key_file = run.scratch.path().join(format!("{name}-{kind}.key"));
        let url = match kind {
            Kind::Sqlite => {
                let file = run.scratch.path().join(format!("{name}.sqlite"));
                format!("sqlite:{}", file.to_str().ok_or("the scratch folder's name is not UTF-8")?)
            }
            Kind::Postgres => run.cluster.as_ref().ok_or("there is no PostgreSQL")?.create(name)?,
        };
        Ok(Self { kind, url, key_file })
    }

    /// The kinds that are here.
    pub fn kinds(run: &Run) -> impl Iterator<Item = Kind> {
        [Some(Kind::Sqlite), run.cluster.as_ref().map(|_| Kind::Postgres)].into_iter().flatten()
    }

    /// Its address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The file with its key.
    pub fn key_file(&self) -> &Path {
        &self.key_file
    }

    /// A connection, with the very settings that the service's store gives its own.
    pub async fn sqlite(&self) -> Result<SqliteConnection> {
        let path = self.url.strip_prefix("sqlite:").ok_or("not an SQLite database")?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .pragma("journal_mode", "WAL")
            .pragma("synchronous", "FULL")
            .pragma("foreign_keys", "ON")
            .pragma("secure_delete", "ON")
            .pragma("trusted_schema", "OFF")
            .busy_timeout(Duration::from_secs(5));
        Ok(options.disable_statement_logging().connect().await?)
    }

    /// A connection.
    pub async fn postgres(&self) -> Result<PgConnection> {
        Ok(PgConnectOptions::from_str(&self.url)?.disable_statement_logging().connect().await?)
    }
}

/// A throw-away PostgreSQL, which ends when this goes.
pub struct Cluster {
    // Before the folder: the server must end before its files go.
    _process: Process,
    _folder: TempDir,
    port: u16,
}

/// Who owns the cluster, where we may not: PostgreSQL refuses to run as root.
#[derive(Clone, Copy)]
struct Owner {
    uid: u32,
    gid: u32,
}

impl Cluster {
    /// Starts one, with fsync on and every other setting as it comes. None where its programs are not here.
    pub fn start(scratch: Option<&Path>) -> Result<Option<Self>> {
        let Some(programs) = find_programs() else { return Ok(None) };
        let mut folder = tempfile::Builder::new();
        let folder = folder.prefix("safespace-load-pg.");
        let folder = scratch.map_or_else(|| folder.tempdir(), |scratch| folder.tempdir_in(scratch))?;
        let owner = if std::fs::metadata("/proc/self")?.uid() == 0 {
            let owner = owner()?;
            std::os::unix::fs::chown(folder.path(), Some(owner.uid), Some(owner.gid))?;
            Some(owner)
        } else {
            None
        };
        let command = |program: &str| {
            let mut command = Command::new(programs.join(program));
            // From a folder that its owner is let into.
            command.current_dir(folder.path()).stdin(Stdio::null());
            if let Some(owner) = owner {
                command.uid(owner.uid).gid(owner.gid);
            }
            command
        };
        let data = folder.path().join("data");
        let made = command("initdb")
            .arg("-D")
            .arg(&data)
            .args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"])
            .output()?;
        if !made.status.success() {
            return Err(format!("initdb failed:\n{}", String::from_utf8_lossy(&made.stderr)).into());
        }
        let log = folder.path().join("log");
        for _ in 0..TRIES {
            let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
            let mut server = command("postgres");
            server.arg("-D").arg(&data).args(["-p", &port.to_string()]);
            for setting in [
                "fsync=on",
                "synchronous_commit=on",
                "full_page_writes=on",
                "max_connections=100",
                "listen_addresses=127.0.0.1",
                // The folder's path may be longer than a socket's may be.
                "unix_socket_directories=",
            ] {
                server.args(["-c", setting]);
            }
            let mut process = Process::start(server.stdout(File::create(&log)?).stderr(File::create(&log)?))?;
            let until = Instant::now() + START;
            while Instant::now() < until && matches!(process.0.try_wait(), Ok(None)) {
                let asked = command("pg_isready")
                    .args(["-q", "-h", "127.0.0.1", "-U", "postgres", "-p", &port.to_string()])
                    .status()?;
                if asked.success() {
                    return Ok(Some(Self { _process: process, _folder: folder, port }));
                }
                std::thread::sleep(Duration::from_millis(50));
            }
        }
        let said = std::fs::read_to_string(log).unwrap_or_default();
        Err(format!("PostgreSQL would not start. It said:\n{said}").into())
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    fn create(&self, name: &str) -> Result<String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let mut connection = PgConnection::connect(&self.url("postgres")).await?;
            connection.execute(AssertSqlSafe(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))).await?;
            connection.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await?;
            connection.close().await?;
            Ok(self.url(name))
        })
    }
}

/// The folder of the newest server programs that are new enough.
fn find_programs() -> Option<PathBuf> {
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = debian.map(|entry| entry.path().join("bin")).collect();
    folders.extend(std::env::var_os("PATH").iter().flat_map(std::env::split_paths));
    let version = |folder: &Path| {
        let there = ["postgres", "initdb", "pg_isready"].iter().all(|program| folder.join(program).is_file());
        let said = there.then(|| Command::new(folder.join("postgres")).arg("--version").output().ok())??;
        let said = String::from_utf8(said.stdout).ok()?;
        let number = said.trim_start_matches(|c: char| !c.is_ascii_digit());
        number.split(|c: char| !c.is_ascii_digit()).next()?.parse::<u32>().ok()
    };
    let known = folders.into_iter().filter_map(|folder| Some((version(&folder)?, folder)));
    known.filter(|(version, _)| *version >= OLDEST).max().map(|(_, folder)| folder)
}

/// The user that Debian's package makes, or nobody.
fn owner() -> Result<Owner> {
    let users = std::fs::read_to_string("/etc/passwd")?;
    let find = |name: &str| {
        users.lines().find_map(|line| {
            let mut fields = line.split(':');
            let (user, _, uid, gid) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
            (user == name).then(|| Some(Owner { uid: uid.parse().ok()?, gid: gid.parse().ok()? }))?
        })
    };
    find("postgres").or_else(|| find("nobody")).ok_or_else(|| "there is no user to run PostgreSQL as".into())
}
