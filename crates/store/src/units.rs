//! Units, with their features and the dates on which they are in service.

use std::collections::{BTreeMap, BTreeSet};

use safespace_domain::{
    Nights, PropertyId, UnitId,
    units::{InService, Unit},
};
use sea_orm::{
    ActiveValue::{Set, Unchanged},
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use crate::{Reader, Result, StoreError, Tx};

mod unit {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "unit")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub code: String,
        pub property_id: Uuid,
        pub sleeps: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

mod unit_feature {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "unit_feature")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub unit_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub feature: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

mod unit_service {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "unit_service")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub unit_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub opened_on: Date,
        pub closed_on: Option<Date>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

impl<C: ConnectionTrait> Reader<'_, C> {
    /// Every unit, in the order in which they were added.
    pub async fn units(&self) -> Result<Vec<Unit>> {
        self.units_where(None).await
    }

    /// The unit with this id.
    pub async fn unit(&self, id: UnitId) -> Result<Option<Unit>> {
        Ok(self.units_where(Some(id)).await?.pop())
    }

    async fn units_where(&self, only: Option<UnitId>) -> Result<Vec<Unit>> {
        let mut units = unit::Entity::find().order_by_asc(unit::Column::Id);
        let mut unit_features = unit_feature::Entity::find();
        let mut runs = unit_service::Entity::find().order_by_asc(unit_service::Column::OpenedOn);
        if let Some(UnitId(id)) = only {
            units = units.filter(unit::Column::Id.eq(id));
            unit_features = unit_features.filter(unit_feature::Column::UnitId.eq(id));
            runs = runs.filter(unit_service::Column::UnitId.eq(id));
        }
        let rows = units.all(self.connection).await?;
        let mut features: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
        for row in unit_features.all(self.connection).await? {
            features.entry(row.unit_id).or_default().insert(row.feature);
        }
        let mut service: BTreeMap<_, Vec<InService>> = BTreeMap::new();
        for row in runs.all(self.connection).await? {
            let run = InService { opened_on: row.opened_on, closed_on: row.closed_on };
            service.entry(row.unit_id).or_default().push(run);
        }
        rows.into_iter()
            .map(|row| {
                Ok(Unit {
                    id: UnitId(row.id),
                    code: row.code,
                    property: PropertyId(row.property_id),
                    sleeps: u16::try_from(row.sleeps).map_err(|_| StoreError::Unreadable("unit.sleeps"))?,
                    features: features.remove(&row.id).unwrap_or_default(),
                    in_service: service.remove(&row.id).unwrap_or_default(),
                })
            })
            .collect()
    }

    /// Whether each of these units is in service on all of its nights, as the database has it now.
    pub async fn serve(&self, wanted: &[(UnitId, Nights)]) -> Result<bool> {
        let ids: BTreeSet<_> = wanted.iter().map(|(unit, _)| unit.0).collect();
        let runs = unit_service::Entity::find().filter(unit_service::Column::UnitId.is_in(ids));
        let runs = runs.all(self.connection).await?;
        let covers = |row: &unit_service::Model, nights| {
            InService { opened_on: row.opened_on, closed_on: row.closed_on }.covers(nights)
        };
        let serves = |(unit, nights): &(UnitId, Nights)| {
            runs.iter().any(|row| row.unit_id == unit.0 && covers(row, *nights))
        };
        Ok(wanted.iter().all(serves))
    }
}

impl Tx {
    /// Waits for whoever is writing nights of the unit, and keeps others from it until the transaction ends.
    pub async fn lock_unit(&self, unit: UnitId) -> Result<()> {
        if !self.is_the_only_writer() {
            unit::Entity::find_by_id(unit.0).lock_exclusive().one(self.connection()).await?;
        }
        Ok(())
    }

    /// Adds a unit.
    pub async fn add_unit(&self, added: &Unit) -> Result<()> {
        let row = unit::ActiveModel {
            id: Set(added.id.0),
            code: Set(added.code.clone()),
            property_id: Set(added.property.0),
            sleeps: Set(i32::from(added.sleeps)),
        };
        unit::Entity::insert(row).exec_without_returning(self.connection()).await?;
        self.save_unit_parts(added).await
    }

    /// Keeps what is said of the unit now.
    pub async fn save_unit(&self, saved: &Unit) -> Result<()> {
        let row = unit::ActiveModel {
            id: Unchanged(saved.id.0),
            code: Set(saved.code.clone()),
            property_id: Set(saved.property.0),
            sleeps: Set(i32::from(saved.sleeps)),
        };
        unit::Entity::update(row).exec(self.connection()).await?;
        let features =
            unit_feature::Entity::delete_many().filter(unit_feature::Column::UnitId.eq(saved.id.0));
        features.exec(self.connection()).await?;
        let service = unit_service::Entity::delete_many().filter(unit_service::Column::UnitId.eq(saved.id.0));
        service.exec(self.connection()).await?;
        self.save_unit_parts(saved).await
    }

    async fn save_unit_parts(&self, unit: &Unit) -> Result<()> {
        if !unit.features.is_empty() {
            let rows = unit.features.iter().map(|feature| unit_feature::ActiveModel {
                unit_id: Set(unit.id.0),
                feature: Set(feature.clone()),
            });
            unit_feature::Entity::insert_many(rows).exec_without_returning(self.connection()).await?;
        }
        if !unit.in_service.is_empty() {
            let rows = unit.in_service.iter().map(|run| unit_service::ActiveModel {
                unit_id: Set(unit.id.0),
                opened_on: Set(run.opened_on),
                closed_on: Set(run.closed_on),
            });
            unit_service::Entity::insert_many(rows).exec_without_returning(self.connection()).await?;
        }
        Ok(())
    }
}
