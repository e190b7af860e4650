//! The databases that stories are told on: files in a folder of their own, or databases of their own on the PostgreSQL
//! server that `SAFESPACE_TEST_POSTGRES` names.

use std::{
    io::Write,
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering},
    },
};

use sea_orm::{ConnectOptions, ConnectionTrait, Database};
use tempfile::TempDir;
use tokio::sync::OnceCell;

use crate::{canary, outside::be_ready_for_tls, world};

/// Names the PostgreSQL server: a URL that ends in a database from which others can be made, `…/postgres`.
const SERVER: &str = "SAFESPACE_TEST_POSTGRES";

/// A database that an engine has just made, once per process, of which each new one is a copy: a file's bytes.
static SQLITE_TEMPLATE: OnceCell<Vec<u8>> = OnceCell::const_new();
/// The same on PostgreSQL: a database's name.
static POSTGRES_TEMPLATE: OnceCell<String> = OnceCell::const_new();
static MADE: AtomicU32 = AtomicU32::new(0);

/// Where one story keeps its databases.
#[derive(Debug)]
pub struct Databases(Place);

#[derive(Debug)]
enum Place {
    Folder(TempDir),
    Server { url: String, made: Mutex<Vec<String>> },
}

/// The URL of the PostgreSQL server, when there is one.
pub fn has_postgres() -> Option<String> {
    std::env::var(SERVER).ok().filter(|url| !url.is_empty())
}

impl Databases {
    /// `SQLite` files.
    pub fn sqlite() -> Self {
        be_ready_for_tls();
        Self(Place::Folder(tempfile::Builder::new().prefix("safespace-").tempdir().unwrap()))
    }

    /// PostgreSQL databases. None, said loudly, when there is no server; with `CI=true` that is a failure.
    pub fn postgres(story: &str) -> Option<Self> {
        be_ready_for_tls();
        let Some(url) = has_postgres() else {
            let why = format!("SKIPPED on PostgreSQL: {story}, because {SERVER} does not name a server");
            assert!(std::env::var("CI").as_deref() != Ok("true"), "{why}; with CI=true a skip is a failure");
            // Past the test harness, which keeps to itself what a test that passes prints.
            let _ = writeln!(std::io::stderr(), "{why}");
            return None;
        };
        assert!(url.ends_with("/postgres"), "{SERVER} must end in /postgres");
        Some(Self(Place::Server { url, made: Mutex::default() }))
    }

    /// Whether these are PostgreSQL databases.
    pub fn are_postgres(&self) -> bool {
        matches!(self.0, Place::Server { .. })
    }

    /// The URL of a new database, as an engine makes it at its first start.
    pub async fn fresh(&self) -> String {
        let n = MADE.fetch_add(1, Ordering::Relaxed);
        match &self.0 {
            Place::Folder(folder) => {
                let file = folder.path().join(format!("w_{n}.sqlite"));
                std::fs::write(&file, SQLITE_TEMPLATE.get_or_init(sqlite_template).await).unwrap();
                url_of_file(&file)
            }
            Place::Server { url, made } => {
                let template = POSTGRES_TEMPLATE.get_or_init(|| postgres_template(url)).await;
                let name = format!("w_{}_{n}", std::process::id());
                made.lock().unwrap().push(name.clone());
                recreate(url, &name, &format!(" TEMPLATE {template} STRATEGY FILE_COPY")).await;
                url_of(url, &name)
            }
        }
    }

    /// The URL of a database that no engine has opened yet.
    pub async fn untouched(&self) -> String {
        let n = MADE.fetch_add(1, Ordering::Relaxed);
        match &self.0 {
            Place::Folder(folder) => url_of_file(&folder.path().join(format!("u_{n}.sqlite"))),
            Place::Server { url, made } => {
                let name = format!("u_{}_{n}", std::process::id());
                made.lock().unwrap().push(name.clone());
                recreate(url, &name, "").await;
                url_of(url, &name)
            }
        }
    }

    /// Looks for canaries in what the story has left, and takes the databases away.
    pub async fn tidy(self) {
        canary::must_not_have_been_logged();
        match self.0 {
            Place::Folder(folder) => {
                for file in std::fs::read_dir(folder.path()).unwrap() {
                    let file = file.unwrap().path();
                    if file.is_file() {
                        canary::must_not_be_in(&std::fs::read(&file).unwrap(), &file.display().to_string());
                    }
                }
            }
            Place::Server { url, made } => {
                let drop = |name: String| format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
                let names = made.into_inner().unwrap();
                for name in &names {
                    canary::must_not_be_in_postgres(&url_of(&url, name)).await;
                }
                run(&url, names.into_iter().map(drop).collect()).await;
            }
        }
    }
}

async fn sqlite_template() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("template.sqlite");
    world::make(&url_of_file(&file)).await;
    std::fs::read(&file).unwrap()
}

async fn postgres_template(server: &str) -> String {
    let name = format!("template_{}", std::process::id());
    recreate(server, &name, "").await;
    world::make(&url_of(server, &name)).await;
    name
}

async fn recreate(server: &str, name: &str, from: &str) {
    let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
    run(server, vec![drop, format!("CREATE DATABASE {name}{from}")]).await;
}

async fn run(server: &str, statements: Vec<String>) {
    let mut options = ConnectOptions::new(server);
    options.max_connections(1).sqlx_logging(false);
    let connection = Database::connect(options).await.unwrap();
    for statement in statements {
        connection.execute_unprepared(&statement).await.unwrap();
    }
    connection.close().await.unwrap();
}

fn url_of(server: &str, name: &str) -> String {
    let (host, _) = server.rsplit_once('/').expect("a URL that ends in a database");
    format!("{host}/{name}")
}

fn url_of_file(file: &Path) -> String {
    format!("sqlite:{}", file.to_str().expect("a folder whose name is UTF-8"))
}
