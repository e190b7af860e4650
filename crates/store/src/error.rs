//! What can go wrong in the database, in words for whoever runs the service.

use std::sync::Arc;

use sea_orm::DbErr;

/// A failure of the database, or a constraint that held.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The primary key of the night ledger held: another record has one of the nights.
    #[error("a night is taken already")]
    NightTaken,
    /// The household has another unit on one of the nights.
    #[error("the household has another unit on one of the nights")]
    HouseholdElsewhere,
    /// A code or reference is in use already; the constraint's name.
    #[error("{0} is in use already")]
    InUse(&'static str),
    /// Two transactions waited for each other, and this one gave way: the same once more will do.
    #[error("two changes waited for each other: try again")]
    Deadlock,
    /// Another program holds the database's write lock.
    #[error("the database is locked by another program: close it, or wait, and try again")]
    Locked,
    /// The file or its folder can't be written.
    #[error(
        "the database can't be written: check that the file and its folder belong to this user and are not read-only"
    )]
    ReadOnly,
    /// No room is left.
    #[error("the disk is full: make room, then try again; nothing of this change was kept")]
    Full,
    /// The disk failed, which a limit on files does, too.
    #[error(
        "the disk can't be read or written, or has no room: look at it, then try again; nothing of this change was \
         kept"
    )]
    Disk,
    /// There is no database to be had at this address.
    #[error("the database can't be reached: {0}")]
    Unreachable(String),
    /// The address is none.
    #[error("{0}")]
    BadUrl(String),
    /// The database was written by a newer program.
    #[error(
        "this database is newer than this program: it has the migration {0:?}, which this program does not know; \
         start the newer program, or restore an older backup"
    )]
    Newer(String),
    /// A row can't be read as what it should be; table and column.
    #[error("{0} holds something that this program can't read")]
    Unreadable(&'static str),
    /// Anything else. The text is for the log, not for the caller.
    #[error("the database failed")]
    Other(#[source] Arc<DbErr>),
}

/// The constraints that are ordinary answers: what the message of either database holds, and what it means.
const HELD: [(&str, &str, StoreError); 20] = [
    ("unit_night_pkey", "unit_night.unit_id", StoreError::NightTaken),
    ("unit_night_household", "unit_night.household_id", StoreError::HouseholdElsewhere),
    ("property_code", "'property_code'", StoreError::InUse("property_code")),
    ("unit_code", "'unit_code'", StoreError::InUse("unit_code")),
    ("household_reference", "'household_reference'", StoreError::InUse("household_reference")),
    ("stay_imported_as", "stay.imported_as", StoreError::InUse("stay_imported_as")),
    ("referral_reference", "referral.reference", StoreError::InUse("referral_reference")),
    ("referral_imported_as", "referral.imported_as", StoreError::InUse("referral_imported_as")),
    ("hold_household", "hold.household_id", StoreError::InUse("hold_household")),
    ("key_worker_household", "key_worker.household_id", StoreError::InUse("key_worker_household")),
    ("immediate_need_open", "immediate_need.household_id", StoreError::InUse("immediate_need_open")),
    ("item_code", "'item_code'", StoreError::InUse("item_code")),
    ("item_barcode", "item.barcode", StoreError::InUse("item_barcode")),
    ("place_code", "'place_code'", StoreError::InUse("place_code")),
    ("place_property", "place.property_id", StoreError::InUse("place_property")),
    ("pack_template_code", "'pack_template_code'", StoreError::InUse("pack_template_code")),
    ("pack_stay", "pack.stay_id", StoreError::InUse("pack_stay")),
    ("funding_code", "'funding_code'", StoreError::InUse("funding_code")),
    ("account_name", "'account_name'", StoreError::InUse("account_name")),
    ("command_key_pkey", "command_key.by_id", StoreError::InUse("command_key_pkey")),
];

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        let text = error.to_string();
        if let Some(sea_orm::SqlErr::UniqueConstraintViolation(message)) = error.sql_err() {
            for (postgres, sqlite, meaning) in HELD {
                if message.contains(&format!("\"{postgres}\"")) || message.contains(sqlite) {
                    return meaning;
                }
            }
        }
        if text.contains("deadlock detected") {
            return Self::Deadlock;
        }
        if text.contains("database is locked") || text.contains("(code: 5)") {
            return Self::Locked;
        }
        if text.contains("readonly database") || text.contains("read-only") {
            return Self::ReadOnly;
        }
        if text.contains("disk is full")
            || text.contains("No space left")
            || text.contains("could not extend file")
        {
            return Self::Full;
        }
        if text.contains("disk I/O error") {
            return Self::Disk;
        }
        match error {
            DbErr::Conn(_) | DbErr::ConnectionAcquire(_) if text.contains("pool timed out") => {
                Self::Unreachable(
                    "no connection within ten seconds: is the server running at that host and port?".into(),
                )
            }
            DbErr::Conn(_) | DbErr::ConnectionAcquire(_) => Self::Unreachable(plain(&text)),
            error => Self::Other(Arc::new(error)),
        }
    }
}

/// The last clause of a driver's message: what happened, without the layers it came through.
fn plain(text: &str) -> String {
    text.rsplit_once("error: ").map_or(text, |(_, last)| last).trim().to_owned()
}
