//! How many attend group offers, by date.

use safespace_domain::{Night, Nights, group_offers::GroupAttendance};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    sea_query::OnConflict,
};

use crate::{Reader, Result, StoreError, Tx};

mod group_attendance {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "group_attendance")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub offer: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub held_on: Date,
        pub attended: Option<i32>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

fn domain(row: group_attendance::Model) -> Result<GroupAttendance> {
    let attended = row.attended.map(u16::try_from).transpose();
    let attended = attended.map_err(|_| StoreError::Unreadable("group_attendance.attended"))?;
    Ok(GroupAttendance { offer: row.offer, held_on: row.held_on, attended })
}

impl<C: ConnectionTrait> Reader<'_, C> {
    /// The counts of these dates that stand, by date and offer.
    pub async fn group_attendance(&self, dates: Nights) -> Result<Vec<GroupAttendance>> {
        let select = group_attendance::Entity::find()
            .filter(group_attendance::Column::HeldOn.gte(dates.arrival()))
            .filter(group_attendance::Column::HeldOn.lt(dates.departure()))
            .filter(group_attendance::Column::Attended.is_not_null())
            .order_by_asc(group_attendance::Column::HeldOn)
            .order_by_asc(group_attendance::Column::Offer);
        select.all(self.connection).await?.into_iter().map(domain).collect()
    }

    /// The count of an offer on a date, one that was taken back, too.
    pub async fn attendance_of(&self, offer: &str, held_on: Night) -> Result<Option<GroupAttendance>> {
        let key = (offer.to_owned(), held_on);
        let row = group_attendance::Entity::find_by_id(key).one(self.connection).await?;
        row.map(domain).transpose()
    }
}

impl Tx {
    /// Keeps the count of an offer on a date, instead of the one that was there.
    pub async fn save_group_attendance(&self, saved: &GroupAttendance) -> Result<()> {
        let row = group_attendance::ActiveModel {
            offer: Set(saved.offer.clone()),
            held_on: Set(saved.held_on),
            attended: Set(saved.attended.map(i32::from)),
        };
        let change = OnConflict::columns([group_attendance::Column::Offer, group_attendance::Column::HeldOn])
            .update_column(group_attendance::Column::Attended)
            .to_owned();
        group_attendance::Entity::insert(row)
            .on_conflict(change)
            .exec_without_returning(self.connection())
            .await?;
        Ok(())
    }
}
