//! Properties.

use safespace_domain::{PropertyId, properties::Property};
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait, IntoActiveModel, QueryOrder, QuerySelect};

use crate::{Reader, Result, StoreError, Tx};

mod property {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "property")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub code: String,
        pub scheme: String,
        pub district: String,
        pub locality: Option<String>,
        pub sharing: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

impl<C: ConnectionTrait> Reader<'_, C> {
    /// Every property, by code.
    pub async fn properties(&self) -> Result<Vec<Property>> {
        let rows = property::Entity::find().order_by_asc(property::Column::Code).all(self.connection).await?;
        rows.into_iter().map(domain).collect()
    }
}

fn domain(row: property::Model) -> Result<Property> {
    Ok(Property {
        id: PropertyId(row.id),
        code: row.code,
        scheme: row.scheme.parse().map_err(|_| StoreError::Unreadable("property.scheme"))?,
        district: row.district,
        locality: row.locality,
        sharing: row.sharing.parse().map_err(|_| StoreError::Unreadable("property.sharing"))?,
    })
}

fn row(property: &Property) -> property::Model {
    property::Model {
        id: property.id.0,
        code: property.code.clone(),
        scheme: property.scheme.to_string(),
        district: property.district.clone(),
        locality: property.locality.clone(),
        sharing: property.sharing.to_string(),
    }
}

impl Tx {
    /// The property with this id; nobody else changes it until the transaction ends.
    pub async fn lock_property(&self, id: PropertyId) -> Result<Option<Property>> {
        let row = property::Entity::find_by_id(id.0).lock_exclusive().one(self.connection()).await?;
        row.map(domain).transpose()
    }

    /// Adds a property.
    pub async fn add_property(&self, added: &Property) -> Result<()> {
        property::Entity::insert(row(added).into_active_model())
            .exec_without_returning(self.connection())
            .await?;
        Ok(())
    }

    /// Keeps what is said of the property now.
    pub async fn save_property(&self, saved: &Property) -> Result<()> {
        let property::Model { id, code, scheme, district, locality, sharing } = row(saved);
        let row = property::ActiveModel {
            id: sea_orm::ActiveValue::Unchanged(id),
            code: Set(code),
            scheme: Set(scheme),
            district: Set(district),
            locality: Set(locality),
            sharing: Set(sharing),
        };
        property::Entity::update(row).exec(self.connection()).await?;
        Ok(())
    }
}
