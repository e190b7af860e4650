//! The chain of the audit: each record is numbered without gaps within its lane, and its code binds it to the one
//! before. `SQLite` has one lane; PostgreSQL has several, so that commits need not wait in line for one head.
//!
//! The key of the codes is not here: whoever writes or checks brings the function that makes them.

use chrono::{DateTime, SubsecRound, Utc};
use sea_orm::{ConnectionTrait, DbBackend, QueryResult, Statement, Value};
use uuid::Uuid;

use crate::{AuditRecord, Reader, Result, StoreError, Tx, audit::units_text, sql::push_rows};

/// Makes the code (HMAC) of bytes.
pub type MakeCode<'a> = &'a (dyn Fn(&[u8]) -> [u8; 32] + Send + Sync);

/// The records of one statement.
const AT_ONCE: usize = 500;
/// The columns that a record is written to.
const COLUMNS: &str = "at, by_id, role, action, subject_id, case_id, units, origin, detail, owner_id, sealed, lane, \
                       number, mac";

/// The head of a lane: the number and the code of its last record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaneHead {
    /// The lane.
    pub lane: i32,
    /// The number of its last record; 0 where it has none.
    pub number: i64,
    /// The code of its last record; empty where it has none.
    pub mac: Vec<u8>,
}

/// A record as the chain has it: every column that says something, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainedRecord {
    /// In what order it was written.
    pub seq: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// By which account or token; none for the service.
    pub by: Option<Uuid>,
    /// In which role.
    pub role: String,
    /// What was done.
    pub action: String,
    /// To which record.
    pub subject: Option<Uuid>,
    /// Whose case it belongs to.
    pub case: Option<Uuid>,
    /// The units whose nights changed, in the column's words.
    pub units: String,
    /// The running program that did it.
    pub origin: Uuid,
    /// The facts.
    pub detail: String,
    /// Under whose data key the reason is sealed.
    pub owner: Option<Uuid>,
    /// The sealed reason.
    pub sealed: Option<Vec<u8>>,
    /// Its lane.
    pub lane: i32,
    /// Its number in the lane.
    pub number: i64,
    /// Its code. Empty where somebody took it away.
    pub mac: Vec<u8>,
}

/// Appends a text with its length, so that no two records have the same bytes.
fn push(bytes: &mut Vec<u8>, part: Option<&[u8]>) {
    match part {
        None => bytes.push(0),
        Some(part) => {
            bytes.push(1);
            bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
            bytes.extend_from_slice(part);
        }
    }
}

impl ChainedRecord {
    fn new(record: &AuditRecord, lane: i32, number: i64) -> Self {
        Self {
            seq: 0,
            // As both databases keep it.
            at: record.at.trunc_subsecs(6),
            by: record.by,
            role: record.role.to_owned(),
            action: record.action.to_owned(),
            subject: record.subject,
            case: record.case.map(|case| case.0),
            units: units_text(record),
            origin: record.origin,
            detail: record.detail.clone(),
            owner: record.sealed.as_ref().map(|(owner, _)| *owner),
            sealed: record.sealed.as_ref().map(|(_, sealed)| sealed.clone()),
            lane,
            number,
            mac: Vec::new(),
        }
    }

    fn read(row: &QueryResult) -> Result<Self> {
        Ok(Self {
            at: row.try_get_by_index(0)?,
            by: row.try_get_by_index(1)?,
            role: row.try_get_by_index(2)?,
            action: row.try_get_by_index(3)?,
            subject: row.try_get_by_index(4)?,
            case: row.try_get_by_index(5)?,
            units: row.try_get_by_index(6)?,
            origin: row.try_get_by_index(7)?,
            detail: row.try_get_by_index(8)?,
            owner: row.try_get_by_index(9)?,
            sealed: row.try_get_by_index(10)?,
            lane: row.try_get_by_index(11)?,
            number: row.try_get_by_index(12)?,
            mac: row.try_get_by_index::<Option<Vec<u8>>>(13)?.unwrap_or_default(),
            seq: row.try_get_by_index(14)?,
        })
    }

    /// The code that the record must have where the one before it has `previous`.
    pub fn code(&self, previous: &[u8], make: MakeCode<'_>) -> [u8; 32] {
        let mut bytes = Vec::with_capacity(256 + self.detail.len());
        push(&mut bytes, Some(b"record"));
        bytes.extend_from_slice(&self.lane.to_le_bytes());
        bytes.extend_from_slice(&self.number.to_le_bytes());
        push(&mut bytes, Some(previous));
        bytes.extend_from_slice(&self.at.timestamp_micros().to_le_bytes());
        let (by, subject) = (self.by.map(Uuid::into_bytes), self.subject.map(Uuid::into_bytes));
        let (case, owner) = (self.case.map(Uuid::into_bytes), self.owner.map(Uuid::into_bytes));
        push(&mut bytes, by.as_ref().map(<[u8; 16]>::as_slice));
        push(&mut bytes, Some(self.role.as_bytes()));
        push(&mut bytes, Some(self.action.as_bytes()));
        push(&mut bytes, subject.as_ref().map(<[u8; 16]>::as_slice));
        push(&mut bytes, case.as_ref().map(<[u8; 16]>::as_slice));
        push(&mut bytes, Some(self.units.as_bytes()));
        push(&mut bytes, Some(self.origin.as_bytes()));
        push(&mut bytes, Some(self.detail.as_bytes()));
        push(&mut bytes, owner.as_ref().map(<[u8; 16]>::as_slice));
        push(&mut bytes, self.sealed.as_deref());
        make(&bytes)
    }

    fn values(self) -> [Value; 14] {
        [
            self.at.into(),
            self.by.into(),
            self.role.into(),
            self.action.into(),
            self.subject.into(),
            self.case.into(),
            self.units.into(),
            self.origin.into(),
            self.detail.into(),
            self.owner.into(),
            self.sealed.into(),
            self.lane.into(),
            self.number.into(),
            self.mac.into(),
        ]
    }
}

fn head(row: &QueryResult) -> Result<LaneHead> {
    Ok(LaneHead {
        lane: row.try_get_by_index(0)?,
        number: row.try_get_by_index(1)?,
        mac: row.try_get_by_index(2)?,
    })
}

impl<C: ConnectionTrait> Reader<'_, C> {
    /// The heads of all lanes, at one moment.
    pub async fn lane_heads(&self) -> Result<Vec<LaneHead>> {
        let backend = self.connection.get_database_backend();
        let ask = Statement::from_string(backend, "SELECT lane, number, mac FROM audit_lane ORDER BY lane");
        self.connection.query_all_raw(ask).await?.iter().map(head).collect()
    }

    /// The head of a lane.
    pub async fn lane_head(&self, lane: i32) -> Result<Option<LaneHead>> {
        let sql = "SELECT lane, number, mac FROM audit_lane WHERE lane = $1";
        let ask = Statement::from_sql_and_values(self.connection.get_database_backend(), sql, [lane.into()]);
        self.connection.query_one_raw(ask).await?.as_ref().map(head).transpose()
    }

    /// So many records of a lane, by number, after the one with this number and place in the order of writing.
    pub async fn chained(&self, lane: i32, after: (i64, i64), limit: u64) -> Result<Vec<ChainedRecord>> {
        let sql = format!(
            "SELECT {COLUMNS}, seq FROM audit WHERE lane = $1 AND (number, seq) > ($2, $3) ORDER BY number, seq \
             LIMIT $4"
        );
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let values = [lane.into(), after.0.into(), after.1.into(), limit.into()];
        let ask = Statement::from_sql_and_values(self.connection.get_database_backend(), sql, values);
        self.connection.query_all_raw(ask).await?.iter().map(ChainedRecord::read).collect()
    }

    /// How many records have no place in the chain: those from before there was one.
    pub async fn unchained_count(&self) -> Result<i64> {
        self.audit_number("SELECT count(*) FROM audit WHERE lane IS NULL OR number IS NULL").await
    }

    /// The first record that has no place in the chain and was written after it began, or is of a lane that there is
    /// not: its time and action.
    pub async fn stray_record(&self) -> Result<Option<(DateTime<Utc>, String)>> {
        let sql = "SELECT at, action FROM audit \
                   WHERE ((lane IS NULL OR number IS NULL) \
                          AND seq > (SELECT min(seq) FROM audit WHERE number IS NOT NULL)) \
                   OR (lane IS NOT NULL AND lane NOT IN (SELECT lane FROM audit_lane)) ORDER BY seq LIMIT 1";
        let ask = Statement::from_string(self.connection.get_database_backend(), sql);
        let row = self.connection.query_one_raw(ask).await?;
        row.map(|row| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?))).transpose()
    }
}

impl Tx {
    /// Writes records at the head of a lane. The last thing before the commit: until then, nobody else can write to
    /// this lane.
    pub async fn record(&self, records: &[AuditRecord], make: MakeCode<'_>) -> Result<()> {
        if records.is_empty() {
            return Ok(());
        }
        let mut head = self.take_lane().await?;
        for chunk in records.chunks(AT_ONCE) {
            let mut values: Vec<Value> = Vec::with_capacity(chunk.len() * 14);
            for record in chunk {
                let mut chained = ChainedRecord::new(record, head.lane, head.number + 1);
                chained.mac = chained.code(&head.mac, make).to_vec();
                head = LaneHead { number: chained.number, mac: chained.mac.clone(), ..head };
                values.extend(chained.values());
            }
            self.append(chunk.len(), values, &head).await?;
        }
        Ok(())
    }

    /// Inserts the records and moves the head: one statement on PostgreSQL, where each is a way across the network.
    async fn append(&self, rows: usize, mut values: Vec<Value>, head: &LaneHead) -> Result<()> {
        let mut insert = format!("INSERT INTO audit ({COLUMNS}) VALUES ");
        push_rows(&mut insert, self.backend(), rows, 14);
        let moved = [head.number.into(), head.mac.clone().into(), head.lane.into()];
        if self.backend() == DbBackend::Postgres {
            let at = values.len();
            let sql = format!(
                "WITH moved AS (UPDATE audit_lane SET number = ${}, mac = ${} WHERE lane = ${}) {insert}",
                at + 1,
                at + 2,
                at + 3
            );
            values.extend(moved);
            self.connection()
                .execute_raw(Statement::from_sql_and_values(self.backend(), sql, values))
                .await?;
            return Ok(());
        }
        self.connection().execute_raw(Statement::from_sql_and_values(self.backend(), insert, values)).await?;
        let sql = "UPDATE audit_lane SET number = ?, mac = ? WHERE lane = ?";
        self.connection().execute_raw(Statement::from_sql_and_values(self.backend(), sql, moved)).await?;
        Ok(())
    }

    /// A lane that nobody else writes to until this transaction ends.
    async fn take_lane(&self) -> Result<LaneHead> {
        if self.is_the_only_writer() {
            let heads = self.reader().lane_heads().await?;
            return heads.into_iter().next().ok_or(StoreError::Unreadable("audit_lane"));
        }
        // Each connection tries first the lane that is its own, as long as there are not more connections than lanes.
        let free = "SELECT lane, number, mac FROM audit_lane ORDER BY (lane + pg_backend_pid()) % 32 LIMIT 1 \
                    FOR UPDATE SKIP LOCKED";
        let wait = "SELECT lane, number, mac FROM audit_lane WHERE lane = pg_backend_pid() % 32 FOR UPDATE";
        for sql in [free, wait] {
            let ask = Statement::from_string(self.backend(), sql);
            if let Some(row) = self.connection().query_one_raw(ask).await? {
                return head(&row);
            }
        }
        Err(StoreError::Unreadable("audit_lane"))
    }
}
