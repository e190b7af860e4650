//! Places that hold stock.

use safespace_domain::{
    PlaceId, PropertyId, codes,
    places::{Place, PlaceKind},
};
use sea_orm::{
    ActiveValue::{Set, Unchanged},
    ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait},
};

use crate::{Reader, Result, Tx};

pub(crate) mod place {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "place")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub code: String,
        pub name: String,
        pub property_id: Option<Uuid>,
        pub closed: bool,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

const KEY: &str = "upper(code)";

fn domain(row: place::Model) -> Place {
    let kind = row
        .property_id
        .map_or(PlaceKind::Office, |property| PlaceKind::Cupboard { property: PropertyId(property) });
    Place { id: PlaceId(row.id), code: row.code, name: row.name, kind, closed: row.closed }
}

fn row(place: &Place) -> place::ActiveModel {
    place::ActiveModel {
        id: Set(place.id.0),
        code: Set(place.code.clone()),
        name: Set(place.name.clone()),
        property_id: Set(place.kind.property().map(|property| property.0)),
        closed: Set(place.closed),
    }
}

impl<C: ConnectionTrait> Reader<'_, C> {
    /// All places, by code.
    pub async fn places(&self) -> Result<Vec<Place>> {
        let select = place::Entity::find().order_by_asc(Expr::cust(KEY));
        Ok(select.all(self.connection).await?.into_iter().map(domain).collect())
    }
}

impl Tx {
    /// The place with this code, in upper or lower case; nobody closes it until the transaction ends.
    pub async fn use_place(&self, code: &str) -> Result<Option<Place>> {
        let select =
            place::Entity::find().filter(Expr::cust(KEY).eq(codes::key(code))).limit(1).lock_shared();
        Ok(select.all(self.connection()).await?.into_iter().next().map(domain))
    }

    /// The place with this id; nobody closes it until the transaction ends.
    pub async fn use_place_with(&self, id: PlaceId) -> Result<Option<Place>> {
        let select = place::Entity::find_by_id(id.0).lock_shared();
        Ok(select.one(self.connection()).await?.map(domain))
    }

    /// The place with this code; nobody puts anything there or changes it until the transaction ends.
    pub async fn lock_place(&self, code: &str) -> Result<Option<Place>> {
        let select =
            place::Entity::find().filter(Expr::cust(KEY).eq(codes::key(code))).limit(1).lock_exclusive();
        Ok(select.all(self.connection()).await?.into_iter().next().map(domain))
    }

    /// Adds a place. Fails with `InUse("place_code")` or, where a property has its cupboard already, with
    /// `InUse("place_property")`.
    pub async fn add_place(&self, added: &Place) -> Result<()> {
        place::Entity::insert(row(added)).exec_without_returning(self.connection()).await?;
        Ok(())
    }

    /// Keeps a place as it is now.
    pub async fn save_place(&self, saved: &Place) -> Result<()> {
        let mut row = row(saved);
        row.id = Unchanged(saved.id.0);
        place::Entity::update(row).exec(self.connection()).await?;
        Ok(())
    }
}
