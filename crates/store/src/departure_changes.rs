//! Changes of planned departures. They are only added.

use std::ops::Range;

use chrono::{DateTime, Utc};
use safespace_domain::{StayId, departure_changes::DepartureChange};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, Select};
use uuid::Uuid;

use crate::{Reader, Result, Tx};

mod departure_change {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "departure_change")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub stay_id: Uuid,
        pub at: DateTimeUtc,
        pub departure_before: Date,
        pub departure_after: Date,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

fn domain(row: &departure_change::Model) -> DepartureChange {
    let departure_change::Model { stay_id, at, departure_before, departure_after, .. } = *row;
    DepartureChange { stay: StayId(stay_id), at, before: departure_before, after: departure_after }
}

async fn oldest_first<C: ConnectionTrait>(
    select: Select<departure_change::Entity>,
    connection: &C,
) -> Result<Vec<DepartureChange>> {
    let select = select.order_by_asc(departure_change::Column::At).order_by_asc(departure_change::Column::Id);
    Ok(select.all(connection).await?.iter().map(domain).collect())
}

impl<C: ConnectionTrait> Reader<'_, C> {
    /// The changes of these stays' planned departures, oldest first.
    pub async fn departure_changes(&self, stays: &[StayId]) -> Result<Vec<DepartureChange>> {
        let of = departure_change::Column::StayId.is_in(stays.iter().map(|stay| stay.0));
        oldest_first(departure_change::Entity::find().filter(of), self.connection).await
    }

    /// The changes of planned departures that were made from one instant on and before another, oldest first.
    pub async fn departure_changes_made(&self, made: Range<DateTime<Utc>>) -> Result<Vec<DepartureChange>> {
        let select = departure_change::Entity::find()
            .filter(departure_change::Column::At.gte(made.start))
            .filter(departure_change::Column::At.lt(made.end));
        oldest_first(select, self.connection).await
    }
}

impl Tx {
    /// Keeps a change of a stay's planned departure.
    pub async fn add_departure_change(&self, id: Uuid, added: &DepartureChange) -> Result<()> {
        let row = departure_change::ActiveModel {
            id: Set(id),
            stay_id: Set(added.stay.0),
            at: Set(added.at),
            departure_before: Set(added.before),
            departure_after: Set(added.after),
        };
        departure_change::Entity::insert(row).exec_without_returning(self.connection()).await?;
        Ok(())
    }
}
