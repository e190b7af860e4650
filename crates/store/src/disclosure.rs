//! What partner councils are told: the policy, which is one row.

use safespace_domain::disclosure::DisclosurePolicy;
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait, sea_query::OnConflict};

use crate::{Reader, Result, StoreError, Tx};

mod disclosure_policy {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "disclosure_policy")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        pub several_from: i32,
        pub nights_ahead: i32,
        pub questions_a_day: i32,
        pub sizes: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// There is one policy.
const ID: i32 = 1;

impl<C: ConnectionTrait> Reader<'_, C> {
    /// The policy that is kept. None before a service's first start.
    pub async fn disclosure_policy(&self) -> Result<Option<DisclosurePolicy>> {
        let Some(row) = disclosure_policy::Entity::find_by_id(ID).one(self.connection).await? else {
            return Ok(None);
        };
        let unreadable = |_| StoreError::Unreadable("disclosure_policy");
        let sizes: std::result::Result<Vec<u16>, _> = row.sizes.split_whitespace().map(str::parse).collect();
        Ok(Some(DisclosurePolicy {
            several_from: u32::try_from(row.several_from).map_err(unreadable)?,
            nights_ahead: u32::try_from(row.nights_ahead).map_err(unreadable)?,
            questions_a_day: u32::try_from(row.questions_a_day).map_err(unreadable)?,
            sizes: sizes.map_err(|_| StoreError::Unreadable("disclosure_policy.sizes"))?,
        }))
    }
}

impl Tx {
    /// Keeps the policy.
    pub async fn save_disclosure_policy(&self, saved: &DisclosurePolicy) -> Result<()> {
        let number = |n: u32| i32::try_from(n).unwrap_or(i32::MAX);
        let sizes: Vec<String> = saved.sizes.iter().map(ToString::to_string).collect();
        let row = disclosure_policy::ActiveModel {
            id: Set(ID),
            several_from: Set(number(saved.several_from)),
            nights_ahead: Set(number(saved.nights_ahead)),
            questions_a_day: Set(number(saved.questions_a_day)),
            sizes: Set(sizes.join(" ")),
        };
        let change = OnConflict::column(disclosure_policy::Column::Id)
            .update_columns([
                disclosure_policy::Column::SeveralFrom,
                disclosure_policy::Column::NightsAhead,
                disclosure_policy::Column::QuestionsADay,
                disclosure_policy::Column::Sizes,
            ])
            .to_owned();
        disclosure_policy::Entity::insert(row)
            .on_conflict(change)
            .exec_without_returning(self.connection())
            .await?;
        Ok(())
    }
}
