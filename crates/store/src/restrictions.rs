//! Which cases are closed to whom.

use std::collections::{BTreeMap, BTreeSet};

use safespace_domain::{HouseholdId, restrictions::Restriction};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    Statement, sea_query::OnConflict,
};
use uuid::Uuid;

use crate::{Reader, Result, Tx};

mod restriction {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "restriction")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub household_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub denied_id: Uuid,
        pub made_by: Uuid,
        pub made_at: DateTimeUtc,
        pub reason: Vec<u8>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// A restriction with its sealed reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRestriction {
    /// The restriction.
    pub restriction: Restriction,
    /// Why, sealed under the household's data key.
    pub reason: Vec<u8>,
}

fn domain(row: restriction::Model) -> StoredRestriction {
    StoredRestriction {
        restriction: Restriction {
            household: HouseholdId(row.household_id),
            denied: row.denied_id,
            made_by: row.made_by,
            made_at: row.made_at,
        },
        reason: row.reason,
    }
}

impl<C: ConnectionTrait> Reader<'_, C> {
    /// Every account and token to which cases are closed, and which.
    pub async fn restricted(&self) -> Result<BTreeMap<Uuid, BTreeSet<HouseholdId>>> {
        let rows: Vec<(Uuid, Uuid)> = restriction::Entity::find()
            .select_only()
            .column(restriction::Column::DeniedId)
            .column(restriction::Column::HouseholdId)
            .into_tuple()
            .all(self.connection)
            .await?;
        let mut closed: BTreeMap<Uuid, BTreeSet<HouseholdId>> = BTreeMap::new();
        for (denied, household) in rows {
            closed.entry(denied).or_default().insert(HouseholdId(household));
        }
        Ok(closed)
    }

    /// The same as the audit tells it: what was closed, and not opened since.
    pub async fn restricted_by_audit(&self) -> Result<BTreeMap<Uuid, BTreeSet<HouseholdId>>> {
        // A household is locked meanwhile, so the records of its case are in the order in which things happened.
        let sql = "SELECT subject_id, case_id, action FROM audit
                   WHERE action IN ('restrict_case', 'lift_restriction') ORDER BY seq";
        let ask = Statement::from_string(self.connection.get_database_backend(), sql);
        let mut closed: BTreeMap<Uuid, BTreeSet<HouseholdId>> = BTreeMap::new();
        for row in self.connection.query_all_raw(ask).await? {
            let denied: Option<Uuid> = row.try_get_by_index(0)?;
            // What lacks one of them was not written by the service: the chain says so.
            let Some((denied, household)) = denied.zip(row.try_get_by_index::<Option<Uuid>>(1)?) else {
                continue;
            };
            let households = closed.entry(denied).or_default();
            if row.try_get_by_index::<String>(2)? == "restrict_case" {
                households.insert(HouseholdId(household));
            } else {
                households.remove(&HouseholdId(household));
            }
        }
        closed.retain(|_, households| !households.is_empty());
        Ok(closed)
    }

    /// The restrictions on a household's case, oldest first.
    pub async fn restrictions_on(&self, household: HouseholdId) -> Result<Vec<StoredRestriction>> {
        let rows = restriction::Entity::find()
            .filter(restriction::Column::HouseholdId.eq(household.0))
            .order_by_asc(restriction::Column::MadeAt)
            .order_by_asc(restriction::Column::DeniedId)
            .all(self.connection)
            .await?;
        Ok(rows.into_iter().map(domain).collect())
    }
}

impl Tx {
    /// Closes a case to somebody. False where it is closed to them already.
    pub async fn add_restriction(&self, added: &StoredRestriction) -> Result<bool> {
        let StoredRestriction { restriction: made, reason } = added;
        let row = restriction::ActiveModel {
            household_id: Set(made.household.0),
            denied_id: Set(made.denied),
            made_by: Set(made.made_by),
            made_at: Set(made.made_at),
            reason: Set(reason.clone()),
        };
        let keep = OnConflict::columns([restriction::Column::HouseholdId, restriction::Column::DeniedId])
            .do_nothing()
            .to_owned();
        let insert = restriction::Entity::insert(row).on_conflict(keep);
        Ok(insert.exec_without_returning(self.connection()).await? > 0)
    }

    /// Opens a case to somebody again. False where it was not closed to them.
    pub async fn remove_restriction(&self, household: HouseholdId, denied: Uuid) -> Result<bool> {
        let delete = restriction::Entity::delete_by_id((household.0, denied));
        Ok(delete.exec(self.connection()).await?.rows_affected > 0)
    }
}
