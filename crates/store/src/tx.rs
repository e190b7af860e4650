//! Transactions.
//!
//! On PostgreSQL each is a transaction of its own. `SQLite` has one writer, and what costs is the commit: so
//! transactions that wait for the writer run one after the other as savepoints of one outer transaction, and are
//! committed together, once. Each answers only when that commit is on the disk.

use std::sync::Arc;

use sea_orm::{
    DatabaseConnection, DatabaseTransaction, SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot};

use crate::{Reader, Result, StoreError};

/// At most so many transactions under one commit: a bound on what one failing disk takes back.
const MOST_TOGETHER: usize = 256;

/// A transaction. Dropped without [`Tx::commit`], it never was.
#[derive(Debug)]
pub struct Tx {
    /// Present until the commit.
    pub(crate) inner: Option<DatabaseTransaction>,
    /// `SQLite`: the turn at the one writer.
    turn: Option<Turn>,
}

#[derive(Debug)]
struct Turn {
    writer: Arc<Mutex<Writer>>,
    guard: Option<OwnedMutexGuard<Writer>>,
}

/// The one writer of a `SQLite` database.
#[derive(Debug)]
pub(crate) struct Writer {
    connection: DatabaseConnection,
    /// The outer transaction, while one is open.
    outer: Option<DatabaseTransaction>,
    /// Those whose savepoints are released and who wait for the outer commit.
    waiting: Vec<oneshot::Sender<Result<()>>>,
    /// A transaction was given up under the outer one. Where the disk was full, `SQLite` has taken back the outer
    /// one with it, and what followed under it would be committed by its own savepoint.
    doubtful: bool,
}

impl Writer {
    pub(crate) fn new(connection: DatabaseConnection) -> Self {
        Self { connection, outer: None, waiting: Vec::new(), doubtful: false }
    }

    pub(crate) fn connection(&self) -> &DatabaseConnection {
        &self.connection
    }

    /// Commits what has gathered, and tells those who wait.
    pub(crate) async fn flush(&mut self) {
        self.doubtful = false;
        let Some(outer) = self.outer.take() else { return };
        // Taken before anything is awaited: whoever breaks off here must not leave them to the next commit.
        let waiting = std::mem::take(&mut self.waiting);
        let done = outer.commit().await.map_err(StoreError::from);
        for waiting in waiting {
            // Whoever no longer waits has gone; the commit stands.
            let _ = waiting.send(done.clone());
        }
    }

    /// Commits what has gathered, and closes the connection.
    pub(crate) async fn close(&mut self) -> Result<()> {
        self.flush().await;
        Ok(self.connection.close_by_ref().await?)
    }

    async fn savepoint(&mut self) -> Result<DatabaseTransaction> {
        if self.doubtful || self.waiting.len() >= MOST_TOGETHER {
            self.flush().await;
        }
        if self.outer.is_none() {
            let immediate = TransactionOptions {
                sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
                ..TransactionOptions::default()
            };
            self.outer = Some(self.connection.begin_with_options(immediate).await?);
        }
        match &self.outer {
            Some(outer) => Ok(outer.begin().await?),
            None => Err(StoreError::Locked),
        }
    }
}

impl Tx {
    pub(crate) async fn on_postgres(connection: &DatabaseConnection) -> Result<Self> {
        Ok(Self { inner: Some(connection.begin().await?), turn: None })
    }

    pub(crate) async fn on_sqlite(writer: &Arc<Mutex<Writer>>) -> Result<Self> {
        let mut guard = Arc::clone(writer).lock_owned().await;
        match guard.savepoint().await {
            Ok(inner) => {
                let turn = Turn { writer: Arc::clone(writer), guard: Some(guard) };
                Ok(Self { inner: Some(inner), turn: Some(turn) })
            }
            Err(error) => {
                guard.flush().await;
                Err(error)
            }
        }
    }

    /// Whether no other transaction can write until this one ends, so that a row need not be locked.
    pub(crate) fn is_the_only_writer(&self) -> bool {
        self.turn.is_some()
    }

    /// Reads inside the transaction.
    pub fn reader(&self) -> Reader<'_, DatabaseTransaction> {
        Reader { connection: self.connection() }
    }

    #[expect(
        clippy::expect_used,
        reason = "`inner` is only taken by `commit`, which consumes the transaction"
    )]
    pub(crate) fn connection(&self) -> &DatabaseTransaction {
        self.inner.as_ref().expect("a transaction that is still open")
    }

    /// Makes it so: when this returns, it is on the disk. Run it in a task of its own where the caller could be
    /// dropped half-way: a commit that nobody waits for any more still happens, or not.
    pub async fn commit(mut self) -> Result<()> {
        let Some(inner) = self.inner.take() else { return Ok(()) };
        inner.commit().await?;
        let Some(mut turn) = self.turn.take() else { return Ok(()) };
        let (done, told) = oneshot::channel();
        if let Some(mut guard) = turn.guard.take() {
            guard.waiting.push(done);
        }
        // Those who were waiting for the writer go first, and share the commit that follows them.
        turn.writer.lock().await.flush().await;
        told.await.unwrap_or(Err(StoreError::Locked))
    }
}

impl Drop for Tx {
    fn drop(&mut self) {
        // The savepoint, if still open, is rolled back by its own drop; before the turn passes on.
        drop(self.inner.take());
        let Some(mut turn) = self.turn.take() else { return };
        let Some(mut guard) = turn.guard.take() else { return };
        guard.doubtful = true;
        drop(guard);
        // Nothing may be left open: the outer transaction holds the database's write lock.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { turn.writer.lock().await.flush().await });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use sea_orm::{ConnectionTrait, Statement};

    use crate::{Settings, Store, StoreError};

    const SMALL: i64 = 10;
    const LARGE: i64 = 1_000_000;

    async fn insert(store: &Store, id: i64, bytes: i64) -> Result<(), StoreError> {
        let tx = store.begin().await?;
        tx.connection()
            .execute_unprepared(&format!("INSERT INTO filler VALUES ({id}, zeroblob({bytes}))"))
            .await?;
        tx.commit().await
    }

    async fn kept(store: &Store) -> BTreeSet<i64> {
        let reader = store.reader();
        let ask = Statement::from_string(reader.connection.get_database_backend(), "SELECT id FROM filler");
        let rows = reader.connection.query_all_raw(ask).await.unwrap();
        rows.iter().map(|row| row.try_get_by_index::<i64>(0).unwrap()).collect()
    }

    /// What was acknowledged is kept and what was refused is not, also when the disk fills while several
    /// transactions share a commit; and writing goes on once there is room.
    #[tokio::test]
    async fn a_full_disk_loses_nothing_acknowledged_and_keeps_nothing_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("full.sqlite");
        let store = Store::open(&Settings::new(format!("sqlite:{}", file.display()))).await.unwrap();
        let tx = store.begin().await.unwrap();
        tx.connection()
            .execute_unprepared("CREATE TABLE filler (id INTEGER PRIMARY KEY, bytes BLOB)")
            .await
            .unwrap();
        // SQLite sets the limit to what the file has already when asked for less: from here on, the disk is full.
        tx.connection().execute_unprepared("PRAGMA max_page_count = 1").await.unwrap();
        tx.commit().await.unwrap();

        let ids = 0..12;
        let sizes = |id: i64| if id % 3 == 1 { LARGE } else { SMALL };
        let answers =
            futures_util::future::join_all(ids.clone().map(|id| insert(&store, id, sizes(id)))).await;
        let acknowledged: BTreeSet<i64> =
            ids.zip(&answers).filter(|(_, answer)| answer.is_ok()).map(|(id, _)| id).collect();
        assert_eq!(kept(&store).await, acknowledged);
        assert!(
            answers.iter().any(|answer| matches!(answer, Err(StoreError::Full))),
            "the large ones do not fit: {answers:?}"
        );

        // The connection that met the full disk is replaced; the limit was its own.
        insert(&store, 100, SMALL).await.unwrap();
        insert(&store, 101, LARGE).await.unwrap();
        assert!(kept(&store).await.is_superset(&BTreeSet::from([100, 101])));
        store.close().await.unwrap();
    }
}
