//! Who must be kept apart, and whom a household's adults are where it shares a home.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use safespace_domain::{HouseholdId, sharing::SharesAs};
use sea_orm::{
    ActiveValue::{Set, Unchanged},
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter,
    sea_query::{ExprTrait, OnConflict},
};
use uuid::Uuid;

use crate::{Reader, Result, StoreError, Tx};

mod household {
    use sea_orm::entity::prelude::*;

    /// Only what a household is in a shared home.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "household")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub shares_as: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

mod household_conflict {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "household_conflict")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub household_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub other_id: Uuid,
        pub reason: Vec<u8>,
        pub made_by: Uuid,
        pub made_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// Two households that must not be together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredConflict {
    /// The one.
    pub household: HouseholdId,
    /// The other.
    pub other: HouseholdId,
    /// Why, sealed for the household with the lower id.
    pub reason: Vec<u8>,
    /// Who said so: an account's or a token's id; nil for the service.
    pub made_by: Uuid,
    /// When.
    pub made_at: DateTime<Utc>,
}

impl StoredConflict {
    /// The same, the lower id first: as it is kept.
    #[must_use]
    pub fn in_order(self) -> Self {
        let (household, other) = (self.household.min(self.other), self.household.max(self.other));
        Self { household, other, ..self }
    }
}

fn domain(row: household_conflict::Model) -> StoredConflict {
    StoredConflict {
        household: HouseholdId(row.household_id),
        other: HouseholdId(row.other_id),
        reason: row.reason,
        made_by: row.made_by,
        made_at: row.made_at,
    }
}

impl<C: ConnectionTrait> Reader<'_, C> {
    /// Everything that a household must be kept apart from.
    pub async fn conflicts_of(&self, household: HouseholdId) -> Result<Vec<StoredConflict>> {
        let one = household_conflict::Column::HouseholdId.eq(household.0);
        let either = one.or(household_conflict::Column::OtherId.eq(household.0));
        let rows = household_conflict::Entity::find().filter(either).all(self.connection).await?;
        Ok(rows.into_iter().map(domain).collect())
    }

    /// Every pair that must be kept apart.
    pub async fn conflicts(&self) -> Result<Vec<(HouseholdId, HouseholdId)>> {
        let rows = household_conflict::Entity::find().all(self.connection).await?;
        Ok(rows.into_iter().map(domain).map(|pair| (pair.household, pair.other)).collect())
    }

    /// Whom the adults of these households are, where that is known.
    pub async fn shares_as_of(
        &self,
        households: &BTreeSet<HouseholdId>,
    ) -> Result<BTreeMap<HouseholdId, SharesAs>> {
        let select = household::Entity::find()
            .filter(household::Column::Id.is_in(households.iter().map(|household| household.0)))
            .filter(household::Column::SharesAs.is_not_null());
        let read = |row: household::Model| {
            let text = row.shares_as.unwrap_or_default();
            let shares_as = text.parse().map_err(|_| StoreError::Unreadable("household.shares_as"))?;
            Ok((HouseholdId(row.id), shares_as))
        };
        select.all(self.connection).await?.into_iter().map(read).collect()
    }
}

impl Tx {
    /// Keeps two households apart. False where they are already.
    pub async fn add_conflict(&self, added: StoredConflict) -> Result<bool> {
        let pair = added.in_order();
        let row = household_conflict::ActiveModel {
            household_id: Set(pair.household.0),
            other_id: Set(pair.other.0),
            reason: Set(pair.reason),
            made_by: Set(pair.made_by),
            made_at: Set(pair.made_at),
        };
        let keep = OnConflict::columns([
            household_conflict::Column::HouseholdId,
            household_conflict::Column::OtherId,
        ])
        .do_nothing()
        .to_owned();
        let insert = household_conflict::Entity::insert(row).on_conflict(keep);
        Ok(insert.exec_without_returning(self.connection()).await? > 0)
    }

    /// Two households need not be kept apart any more. False where they were not.
    pub async fn remove_conflict(&self, one: HouseholdId, other: HouseholdId) -> Result<bool> {
        let delete = household_conflict::Entity::delete_by_id((one.min(other).0, one.max(other).0));
        Ok(delete.exec(self.connection()).await?.rows_affected > 0)
    }

    /// Writes down whom a household's adults are.
    pub async fn save_shares_as(&self, household: HouseholdId, shares_as: SharesAs) -> Result<()> {
        let row = household::ActiveModel {
            id: Unchanged(household.0),
            shares_as: Set(Some(shares_as.to_string())),
        };
        household::Entity::update(row).exec(self.connection()).await?;
        Ok(())
    }
}
