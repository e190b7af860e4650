//! The audit: one record per change, in the same transaction. It is also the sequence by which a process learns
//! what another one changed. How records are written and bound to each other is `chain.rs`'s.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use safespace_domain::{HouseholdId, UnitId};
use sea_orm::{ConnectionTrait, DbBackend, Statement, Value};
use uuid::Uuid;

use crate::{Reader, Result, StoreError};

/// A change or a look at something sensitive, as the audit records it. Nothing in it is confidential but `sealed`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRecord {
    /// When.
    pub at: DateTime<Utc>,
    /// By which account or token; none for the service itself and for the command line.
    pub by: Option<Uuid>,
    /// In which role.
    pub role: &'static str,
    /// What was done: `book_stay`.
    pub action: &'static str,
    /// To which record.
    pub subject: Option<Uuid>,
    /// Whose case it belongs to, where it belongs to one.
    pub case: Option<HouseholdId>,
    /// The units whose nights changed.
    pub units: Vec<UnitId>,
    /// Whether units, properties, code lists, policies or restrictions changed.
    pub spaces: bool,
    /// The running program that did it.
    pub origin: Uuid,
    /// The facts of the change, as JSON.
    pub detail: String,
    /// Why, in somebody's own words: under whose data key it is sealed, and the ciphertext.
    pub sealed: Option<(Uuid, Vec<u8>)>,
}

/// How far a process has read the changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChangeMark(i64);

/// What other processes changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Units whose nights changed.
    pub units: BTreeSet<UnitId>,
    /// Whether units, properties, code lists or policies changed.
    pub spaces: bool,
}

/// In the column `units`: what there is has changed, not only its nights.
const SPACES: &str = "spaces";

pub(crate) fn units_text(record: &AuditRecord) -> String {
    let mut words: Vec<String> = record.units.iter().map(|unit| unit.0.simple().to_string()).collect();
    if record.spaces {
        words.push(SPACES.to_owned());
    }
    words.join(" ")
}

impl<C: ConnectionTrait> Reader<'_, C> {
    /// Where the sequence of changes stands now. Read it before what it is to be compared with.
    pub async fn change_mark(&self) -> Result<ChangeMark> {
        let backend = self.connection.get_database_backend();
        let sql = match backend {
            // Transactions that are still running have this number or a later one.
            DbBackend::Postgres => "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint",
            _ => "SELECT coalesce(max(seq), 0) FROM audit",
        };
        let row = self.connection.query_one_raw(Statement::from_string(backend, sql)).await?;
        let mark = row.map(|row| row.try_get_by_index::<i64>(0)).transpose()?;
        Ok(ChangeMark(mark.unwrap_or(0)))
    }

    /// What others than `origin` changed since the mark, and the new mark. On PostgreSQL some of it may be told
    /// twice, never not at all.
    pub async fn changes_since(&self, mark: ChangeMark, origin: Uuid) -> Result<(Changes, ChangeMark)> {
        let new_mark = self.change_mark().await?;
        let backend = self.connection.get_database_backend();
        let sql = match backend {
            DbBackend::Postgres => {
                "SELECT DISTINCT units FROM audit WHERE tx >= $1::text::xid8 AND origin <> $2"
            }
            _ => "SELECT DISTINCT units FROM audit WHERE seq > $1 AND origin <> $2",
        };
        let from: Value = match backend {
            DbBackend::Postgres => mark.0.to_string().into(),
            _ => mark.0.into(),
        };
        let ask = Statement::from_sql_and_values(backend, sql, [from, origin.into()]);
        let mut changes = Changes::default();
        for row in self.connection.query_all_raw(ask).await? {
            for word in row.try_get_by_index::<String>(0)?.split_whitespace() {
                if word == SPACES {
                    changes.spaces = true;
                } else {
                    let unit = word.parse().map_err(|_| StoreError::Unreadable("audit.units"))?;
                    changes.units.insert(UnitId(unit));
                }
            }
        }
        Ok((changes, new_mark))
    }

    /// The earliest time that a record has.
    pub async fn audit_begins(&self) -> Result<Option<DateTime<Utc>>> {
        let backend = self.connection.get_database_backend();
        let ask = Statement::from_string(backend, "SELECT at FROM audit ORDER BY at LIMIT 1");
        let row = self.connection.query_one_raw(ask).await?;
        Ok(row.map(|row| row.try_get_by_index::<DateTime<Utc>>(0)).transpose()?)
    }

    /// How many records the audit has.
    pub async fn audit_count(&self) -> Result<i64> {
        self.audit_number("SELECT count(*) FROM audit").await
    }

    pub(crate) async fn audit_number(&self, sql: &str) -> Result<i64> {
        let ask = Statement::from_string(self.connection.get_database_backend(), sql);
        let row = self.connection.query_one_raw(ask).await?;
        Ok(row.map(|row| row.try_get_by_index::<Option<i64>>(0)).transpose()?.flatten().unwrap_or(0))
    }
}
