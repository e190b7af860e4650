//! Departures: where households went, and whether support goes on.

use safespace_domain::{
    HouseholdId, StayId,
    departures::{Departure, Support},
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, Statement,
    sea_query::OnConflict,
};

use crate::{Reader, Result, StoreError, Tx};

mod departure {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "departure")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub stay_id: Uuid,
        pub destination: String,
        pub planned: bool,
        pub support: String,
        pub support_ended_at: Option<DateTimeUtc>,
        /// Whether somebody said that support is not wanted: from before that was asked, nobody did.
        pub not_wanted_said: bool,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

fn domain(row: departure::Model) -> Result<Departure> {
    let unreadable = StoreError::Unreadable("departure.support");
    let support = match (row.support.as_str(), row.support_ended_at) {
        ("not_wanted", None) if row.not_wanted_said => Support::NotWanted,
        ("not_wanted", None) => Support::NotSaid,
        ("goes_on", None) => Support::GoesOn,
        ("ended", Some(at)) => Support::Ended { at },
        _ => return Err(unreadable),
    };
    Ok(Departure { stay: StayId(row.stay_id), destination: row.destination, planned: row.planned, support })
}

impl<C: ConnectionTrait> Reader<'_, C> {
    /// What is known of how these stays ended.
    pub async fn departures(&self, stays: &[StayId]) -> Result<Vec<Departure>> {
        let ids = stays.iter().map(|stay| stay.0);
        let select = departure::Entity::find().filter(departure::Column::StayId.is_in(ids));
        select.all(self.connection).await?.into_iter().map(domain).collect()
    }

    /// What is known of how a household's stays ended.
    pub async fn departures_of(&self, household: HouseholdId) -> Result<Vec<Departure>> {
        let sql = "SELECT d.* FROM departure d JOIN stay s ON s.id = d.stay_id WHERE s.household_id = $1 \
                   ORDER BY d.stay_id";
        let backend = self.connection.get_database_backend();
        let ask = Statement::from_sql_and_values(backend, sql, [household.0.into()]);
        let rows = departure::Model::find_by_statement(ask).all(self.connection).await?;
        rows.into_iter().map(domain).collect()
    }
}

impl Tx {
    /// Keeps what is known of how a stay ended.
    pub async fn save_departure(&self, saved: &Departure) -> Result<()> {
        let (support, ended_at) = match saved.support {
            Support::NotSaid | Support::NotWanted => ("not_wanted", None),
            Support::GoesOn => ("goes_on", None),
            Support::Ended { at } => ("ended", Some(at)),
        };
        let row = departure::ActiveModel {
            stay_id: Set(saved.stay.0),
            destination: Set(saved.destination.clone()),
            planned: Set(saved.planned),
            support: Set(support.to_owned()),
            support_ended_at: Set(ended_at),
            not_wanted_said: Set(saved.support == Support::NotWanted),
        };
        let change = OnConflict::column(departure::Column::StayId)
            .update_columns([
                departure::Column::Destination,
                departure::Column::Planned,
                departure::Column::Support,
                departure::Column::SupportEndedAt,
                departure::Column::NotWantedSaid,
            ])
            .to_owned();
        departure::Entity::insert(row).on_conflict(change).exec_without_returning(self.connection()).await?;
        Ok(())
    }

    /// Forgets how a stay ended, which goes on after all.
    pub async fn remove_departure(&self, stay: StayId) -> Result<()> {
        departure::Entity::delete_by_id(stay.0).exec(self.connection()).await?;
        Ok(())
    }
}
