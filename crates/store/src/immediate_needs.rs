//! Immediate needs of households.

use safespace_domain::{
    HouseholdId, ImmediateNeedId,
    immediate_needs::{ImmediateNeed, NeedState},
};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    sea_query::{Expr, OnConflict},
};

use crate::{Reader, Result, StoreError, Tx};

mod immediate_need {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "immediate_need")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub household_id: Uuid,
        pub kind: String,
        pub asked_at: DateTimeUtc,
        pub due_at: DateTimeUtc,
        pub state: String,
        pub settled_at: Option<DateTimeUtc>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// Written out, not bound: only then does `SQLite` use the index of just these needs.
const OPEN: &str = "state = 'open'";

fn domain(row: immediate_need::Model) -> Result<ImmediateNeed> {
    let state = match (row.state.as_str(), row.settled_at) {
        ("open", None) => NeedState::Open,
        ("met", Some(at)) => NeedState::Met { at },
        ("not_needed", Some(at)) => NeedState::NotNeeded { at },
        _ => return Err(StoreError::Unreadable("immediate_need.state")),
    };
    Ok(ImmediateNeed {
        id: ImmediateNeedId(row.id),
        household: HouseholdId(row.household_id),
        kind: row.kind,
        asked_at: row.asked_at,
        due_at: row.due_at,
        state,
    })
}

impl<C: ConnectionTrait> Reader<'_, C> {
    /// The need with this id.
    pub async fn immediate_need(&self, id: ImmediateNeedId) -> Result<Option<ImmediateNeed>> {
        let row = immediate_need::Entity::find_by_id(id.0).one(self.connection).await?;
        row.map(domain).transpose()
    }

    /// The immediate needs of these households, what is due first at the top.
    pub async fn immediate_needs(&self, households: &[HouseholdId]) -> Result<Vec<ImmediateNeed>> {
        let of = households.iter().map(|household| household.0);
        let select = immediate_need::Entity::find()
            .filter(immediate_need::Column::HouseholdId.is_in(of))
            .order_by_asc(immediate_need::Column::DueAt)
            .order_by_asc(immediate_need::Column::Id);
        select.all(self.connection).await?.into_iter().map(domain).collect()
    }

    /// Those of them that nobody has settled.
    pub async fn open_needs(&self, households: &[HouseholdId]) -> Result<Vec<ImmediateNeed>> {
        let of = households.iter().map(|household| household.0);
        let select = immediate_need::Entity::find()
            .filter(immediate_need::Column::HouseholdId.is_in(of))
            .filter(Expr::cust(OPEN))
            .order_by_asc(immediate_need::Column::DueAt)
            .order_by_asc(immediate_need::Column::Id);
        select.all(self.connection).await?.into_iter().map(domain).collect()
    }
}

impl Tx {
    /// Adds needs, or keeps what has become of those that are there, by id. Lock the household first. Fails with
    /// `InUse("immediate_need_open")` where one of a kind is open already.
    pub async fn save_immediate_needs(&self, saved: &[ImmediateNeed]) -> Result<()> {
        if saved.is_empty() {
            return Ok(());
        }
        let rows = saved.iter().map(|need| immediate_need::ActiveModel {
            id: Set(need.id.0),
            household_id: Set(need.household.0),
            kind: Set(need.kind.clone()),
            asked_at: Set(need.asked_at),
            due_at: Set(need.due_at),
            state: Set(need.state.as_str().to_owned()),
            settled_at: Set(need.state.settled_at()),
        });
        let change = OnConflict::column(immediate_need::Column::Id)
            .update_columns([
                immediate_need::Column::AskedAt,
                immediate_need::Column::DueAt,
                immediate_need::Column::State,
                immediate_need::Column::SettledAt,
            ])
            .to_owned();
        immediate_need::Entity::insert_many(rows)
            .on_conflict(change)
            .exec_without_returning(self.connection())
            .await?;
        Ok(())
    }
}
