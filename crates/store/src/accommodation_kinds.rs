//! Kinds of accommodation, and which kind schemes and properties are.

use safespace_domain::{
    PropertyId,
    accommodation_kinds::{AccommodationKind, PropertyKind, SchemeKind},
};
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait, QueryOrder, sea_query::OnConflict};

use crate::{Reader, Result, StoreError, Tx};

mod accommodation_kind {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "accommodation_kind")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub code: String,
        pub label: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

mod scheme_kind {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "scheme_kind")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub scheme: String,
        pub kind: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

mod property_kind {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "property_kind")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub property_id: Uuid,
        pub kind: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

impl<C: ConnectionTrait> Reader<'_, C> {
    /// Every kind of accommodation, by code.
    pub async fn accommodation_kinds(&self) -> Result<Vec<AccommodationKind>> {
        let select = accommodation_kind::Entity::find().order_by_asc(accommodation_kind::Column::Code);
        let rows = select.all(self.connection).await?;
        Ok(rows.into_iter().map(|row| AccommodationKind { code: row.code, label: row.label }).collect())
    }

    /// The kind of each scheme for which one is kept; another has its default.
    pub async fn scheme_kinds(&self) -> Result<Vec<SchemeKind>> {
        let rows = scheme_kind::Entity::find().all(self.connection).await?;
        let domain = |row: scheme_kind::Model| {
            let scheme = row.scheme.parse().map_err(|_| StoreError::Unreadable("scheme_kind.scheme"))?;
            Ok(SchemeKind { scheme, kind: row.kind })
        };
        rows.into_iter().map(domain).collect()
    }

    /// The kind of each property that is another than its scheme's.
    pub async fn property_kinds(&self) -> Result<Vec<PropertyKind>> {
        let rows = property_kind::Entity::find().all(self.connection).await?;
        let domain = |row: property_kind::Model| PropertyKind {
            property: PropertyId(row.property_id),
            kind: row.kind,
        };
        Ok(rows.into_iter().map(domain).collect())
    }
}

impl Tx {
    /// Adds a kind of accommodation, or changes its label.
    pub async fn save_accommodation_kind(&self, saved: &AccommodationKind) -> Result<()> {
        let row = accommodation_kind::ActiveModel {
            code: Set(saved.code.clone()),
            label: Set(saved.label.clone()),
        };
        let change = OnConflict::column(accommodation_kind::Column::Code)
            .update_column(accommodation_kind::Column::Label)
            .to_owned();
        accommodation_kind::Entity::insert(row)
            .on_conflict(change)
            .exec_without_returning(self.connection())
            .await?;
        Ok(())
    }

    /// Keeps which kind a scheme's homes are.
    pub async fn save_scheme_kind(&self, saved: &SchemeKind) -> Result<()> {
        let row =
            scheme_kind::ActiveModel { scheme: Set(saved.scheme.to_string()), kind: Set(saved.kind.clone()) };
        let change = OnConflict::column(scheme_kind::Column::Scheme)
            .update_column(scheme_kind::Column::Kind)
            .to_owned();
        scheme_kind::Entity::insert(row)
            .on_conflict(change)
            .exec_without_returning(self.connection())
            .await?;
        Ok(())
    }

    /// Keeps which kind a property is.
    pub async fn save_property_kind(&self, saved: &PropertyKind) -> Result<()> {
        let row =
            property_kind::ActiveModel { property_id: Set(saved.property.0), kind: Set(saved.kind.clone()) };
        let change = OnConflict::column(property_kind::Column::PropertyId)
            .update_column(property_kind::Column::Kind)
            .to_owned();
        property_kind::Entity::insert(row)
            .on_conflict(change)
            .exec_without_returning(self.connection())
            .await?;
        Ok(())
    }

    /// Forgets which kind a property is: it is what its scheme's homes are.
    pub async fn forget_property_kind(&self, property: PropertyId) -> Result<()> {
        property_kind::Entity::delete_by_id(property.0).exec(self.connection()).await?;
        Ok(())
    }
}
