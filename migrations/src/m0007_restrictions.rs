//! Cases that are closed to staff with a conflict of interest.

use sea_orm_migration::prelude::*;

pub(crate) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &'static str {
        "m0007_restrictions"
    }
}

const UP: &str = "
CREATE TABLE restriction (
    household_id {uuid} NOT NULL REFERENCES household (id),
    denied_id {uuid} NOT NULL,
    made_by {uuid} NOT NULL,
    made_at {instant} NOT NULL,
    reason {bytes} NOT NULL,
    PRIMARY KEY (household_id, denied_id)
) {clustered};
";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        super::run(manager, UP).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
