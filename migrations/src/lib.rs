//! The one history of the database, for SQLite and PostgreSQL both.
//!
//! Migrations add; what is released never changes. Each is plain SQL with a handful of type names that differ
//! between the two (`dialect`), so that what the database holds can be read in one place.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

mod m0001_spaces_and_stays;
mod m0002_chained_audit;
mod m0003_accounts;
mod m0004_issuers;
mod m0005_partners;
mod m0006_confidential;
mod m0007_restrictions;
mod m0008_credentials;
mod m0009_kept_voids;
mod m0010_vouched_accounts;
mod m0011_allocation;
mod m0012_support;
mod m0013_stock;
mod m0014_packs;
mod m0015_stock_notes;
mod m0016_accommodation_kinds;
mod m0017_departure_changes;
mod m0018_statutory_return;
mod m0019_figures;
mod m0020_targets_and_meetings;
mod m0021_support_not_wanted;

pub use sea_orm_migration::MigratorTrait;

/// Every migration, in order.
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_spaces_and_stays::MIGRATION),
            Box::new(m0002_chained_audit::MIGRATION),
            Box::new(m0003_accounts::MIGRATION),
            Box::new(m0004_issuers::MIGRATION),
            Box::new(m0005_partners::MIGRATION),
            Box::new(m0006_confidential::MIGRATION),
            Box::new(m0007_restrictions::MIGRATION),
            Box::new(m0008_credentials::MIGRATION),
            Box::new(m0009_kept_voids::MIGRATION),
            Box::new(m0010_vouched_accounts::MIGRATION),
            Box::new(m0011_allocation::MIGRATION),
            Box::new(m0012_support::MIGRATION),
            Box::new(m0013_stock::MIGRATION),
            Box::new(m0014_packs::MIGRATION),
            Box::new(m0015_stock_notes::MIGRATION),
            Box::new(m0016_accommodation_kinds::MIGRATION),
            Box::new(m0017_departure_changes::MIGRATION),
            Box::new(m0018_statutory_return::MIGRATION),
            Box::new(m0019_figures::MIGRATION),
            Box::new(m0020_targets_and_meetings::MIGRATION),
            Box::new(m0021_support_not_wanted::MIGRATION),
        ]
    }
}

/// A migration that is SQL alone.
struct Plain {
    name: &'static str,
    /// What both databases read.
    both: &'static str,
    /// What follows on PostgreSQL.
    postgres: &'static str,
    /// What follows on `SQLite`.
    sqlite: &'static str,
}

impl Plain {
    const fn new(name: &'static str, both: &'static str) -> Self {
        Self { name, both, postgres: "", sqlite: "" }
    }
}

impl MigrationName for Plain {
    fn name(&self) -> &str {
        self.name
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Plain {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, self.both).await?;
        let here = match manager.get_database_backend() {
            DbBackend::Postgres => self.postgres,
            _ => self.sqlite,
        };
        run(manager, here).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

/// Puts this database's type names into the SQL.
fn dialect(sql: &str, backend: DbBackend) -> String {
    let types: &[(&str, &str)] = match backend {
        DbBackend::Postgres => &[
            ("{uuid}", "uuid"),
            ("{bytes}", "bytea"),
            ("{date}", "date"),
            ("{instant}", "timestamptz"),
            ("{sequence}", "bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY"),
            ("{clustered}", ""),
            ("{transaction}", ", tx xid8 NOT NULL DEFAULT pg_current_xact_id()"),
        ],
        _ => &[
            ("{uuid}", "blob"),
            ("{bytes}", "blob"),
            ("{date}", "text"),
            ("{instant}", "text"),
            ("{sequence}", "integer PRIMARY KEY AUTOINCREMENT"),
            ("{clustered}", "WITHOUT ROWID"),
            ("{transaction}", ""),
        ],
    };
    types.iter().fold(sql.to_owned(), |sql, (name, here)| sql.replace(name, here))
}

/// Runs the statements of a migration, one by one: each ends with a semicolon at the end of a line, and what has one
/// inside it (a trigger's body) keeps it within a line.
async fn run(manager: &SchemaManager<'_>, sql: &str) -> Result<(), DbErr> {
    let connection = manager.get_connection();
    for statement in dialect(sql, manager.get_database_backend()).split(";\n") {
        if !statement.trim().is_empty() {
            connection.execute_unprepared(statement).await?;
        }
    }
    Ok(())
}
