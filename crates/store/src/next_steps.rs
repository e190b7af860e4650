//! Next steps of households, their notes sealed.

use safespace_domain::{HouseholdId, NextStepId, next_steps::NextStep};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    sea_query::OnConflict,
};

use crate::{Reader, Result, StoreError, Tx};

mod next_step {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "next_step")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub household_id: Uuid,
        pub kind: String,
        pub state: String,
        pub target: Option<Date>,
        pub note: Option<Vec<u8>>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// A next step with its sealed note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredNextStep {
    /// The step.
    pub step: NextStep,
    /// Its note.
    pub note: Option<Vec<u8>>,
}

fn domain(row: next_step::Model) -> Result<StoredNextStep> {
    let step = NextStep {
        id: NextStepId(row.id),
        household: HouseholdId(row.household_id),
        kind: row.kind,
        state: row.state.parse().map_err(|_| StoreError::Unreadable("next_step.state"))?,
        target: row.target,
    };
    Ok(StoredNextStep { step, note: row.note })
}

impl<C: ConnectionTrait> Reader<'_, C> {
    /// The next steps of these households, oldest first.
    pub async fn next_steps(&self, households: &[HouseholdId]) -> Result<Vec<StoredNextStep>> {
        let of = households.iter().map(|household| household.0);
        let select = next_step::Entity::find().filter(next_step::Column::HouseholdId.is_in(of));
        let rows = select.order_by_asc(next_step::Column::Id).all(self.connection).await?;
        rows.into_iter().map(domain).collect()
    }
}

impl Tx {
    /// Adds a next step of a household, or keeps how far the one of its kind has come.
    pub async fn save_next_step(&self, saved: &StoredNextStep) -> Result<()> {
        let StoredNextStep { step, note } = saved;
        let row = next_step::ActiveModel {
            id: Set(step.id.0),
            household_id: Set(step.household.0),
            kind: Set(step.kind.clone()),
            state: Set(step.state.to_string()),
            target: Set(step.target),
            note: Set(note.clone()),
        };
        let change = OnConflict::columns([next_step::Column::HouseholdId, next_step::Column::Kind])
            .update_columns([next_step::Column::State, next_step::Column::Target, next_step::Column::Note])
            .to_owned();
        next_step::Entity::insert(row).on_conflict(change).exec_without_returning(self.connection()).await?;
        Ok(())
    }
}
