//! Households' personal details, sealed; and the blind index by which a contact is found.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use safespace_domain::{HouseholdId, details::DetailKind};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use crate::{Reader, Result, StoreError, Tx};

mod household_detail {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "household_detail")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub household_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub kind: String,
        pub sealed: Vec<u8>,
        pub blind: Option<Vec<u8>>,
        pub saved_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// One of a household's details.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredDetail {
    /// Which.
    pub kind: DetailKind,
    /// The text, sealed under the household's data key.
    pub sealed: Vec<u8>,
    /// The code by which it is found again, where it can be.
    pub blind: Option<Vec<u8>>,
}

impl<C: ConnectionTrait> Reader<'_, C> {
    /// What is kept of a household.
    pub async fn details(&self, household: HouseholdId) -> Result<Vec<StoredDetail>> {
        let select =
            household_detail::Entity::find().filter(household_detail::Column::HouseholdId.eq(household.0));
        select
            .all(self.connection)
            .await?
            .into_iter()
            .map(|row| {
                let kind = DetailKind::ALL.into_iter().find(|kind| kind.as_str() == row.kind);
                let kind = kind.ok_or(StoreError::Unreadable("household_detail.kind"))?;
                Ok(StoredDetail { kind, sealed: row.sealed, blind: row.blind })
            })
            .collect()
    }

    /// Which of these households have details.
    pub async fn detailed(&self, households: &[Uuid]) -> Result<BTreeSet<Uuid>> {
        let select = household_detail::Entity::find()
            .select_only()
            .column(household_detail::Column::HouseholdId)
            .filter(household_detail::Column::HouseholdId.is_in(households.iter().copied()));
        let ids: Vec<Uuid> = select.into_tuple().all(self.connection).await?;
        Ok(ids.into_iter().collect())
    }

    /// The households one of whose details has this code.
    pub async fn households_by_blind(&self, blind: &[u8], most: u64) -> Result<Vec<HouseholdId>> {
        let select =
            household_detail::Entity::find().filter(household_detail::Column::Blind.eq(blind)).limit(most);
        Ok(select.all(self.connection).await?.into_iter().map(|row| HouseholdId(row.household_id)).collect())
    }
}

impl Tx {
    /// Keeps these details of a household, instead of all that it had.
    pub async fn save_details(
        &self,
        household: HouseholdId,
        details: &[StoredDetail],
        at: DateTime<Utc>,
    ) -> Result<()> {
        household_detail::Entity::delete_many()
            .filter(household_detail::Column::HouseholdId.eq(household.0))
            .exec(self.connection())
            .await?;
        for detail in details {
            let row = household_detail::ActiveModel {
                household_id: Set(household.0),
                kind: Set(detail.kind.as_str().to_owned()),
                sealed: Set(detail.sealed.clone()),
                blind: Set(detail.blind.clone()),
                saved_at: Set(at),
            };
            household_detail::Entity::insert(row).exec_without_returning(self.connection()).await?;
        }
        Ok(())
    }
}
