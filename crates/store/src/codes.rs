//! Code lists and policies.

use safespace_domain::{districts::District, features::Feature, policies::Policy, voids::VoidReason};
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait, QueryOrder, sea_query::OnConflict};

use crate::{Reader, Result, StoreError, Tx};

mod district {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "district")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub name: String,
        pub kind: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

mod feature {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "feature")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub code: String,
        pub label: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

mod void_reason {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "void_reason")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub code: String,
        pub label: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

mod policy {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "policy")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub scheme: String,
        pub longest_stay_nights: i32,
        pub turnaround_nights: i32,
        pub review_every_nights: Option<i32>,
        pub late_arrival_until_hour: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

impl<C: ConnectionTrait> Reader<'_, C> {
    /// Every district, by name.
    pub async fn districts(&self) -> Result<Vec<District>> {
        let rows = district::Entity::find().order_by_asc(district::Column::Name).all(self.connection).await?;
        rows.into_iter()
            .map(|row| {
                let kind = row.kind.parse().map_err(|_| StoreError::Unreadable("district.kind"))?;
                Ok(District { name: row.name, kind })
            })
            .collect()
    }

    /// Every feature, by code.
    pub async fn features(&self) -> Result<Vec<Feature>> {
        let rows = feature::Entity::find().order_by_asc(feature::Column::Code).all(self.connection).await?;
        Ok(rows.into_iter().map(|row| Feature { code: row.code, label: row.label }).collect())
    }

    /// Every reason for voids, by code.
    pub async fn void_reasons(&self) -> Result<Vec<VoidReason>> {
        let rows =
            void_reason::Entity::find().order_by_asc(void_reason::Column::Code).all(self.connection).await?;
        Ok(rows.into_iter().map(|row| VoidReason { code: row.code, label: row.label }).collect())
    }

    /// Every policy that is kept; a scheme without one has its default.
    pub async fn policies(&self) -> Result<Vec<Policy>> {
        let unreadable = |_| StoreError::Unreadable("policy");
        let rows = policy::Entity::find().all(self.connection).await?;
        rows.into_iter()
            .map(|row| {
                Ok(Policy {
                    scheme: row.scheme.parse().map_err(|_| StoreError::Unreadable("policy.scheme"))?,
                    longest_stay_nights: u32::try_from(row.longest_stay_nights).map_err(unreadable)?,
                    turnaround_nights: u32::try_from(row.turnaround_nights).map_err(unreadable)?,
                    review_every_nights: row
                        .review_every_nights
                        .map(u32::try_from)
                        .transpose()
                        .map_err(unreadable)?,
                    late_arrival_until_hour: u32::try_from(row.late_arrival_until_hour)
                        .map_err(unreadable)?,
                })
            })
            .collect()
    }
}

impl Tx {
    /// Adds the district, or changes its kind.
    pub async fn save_district(&self, saved: &District) -> Result<()> {
        let row = district::ActiveModel { name: Set(saved.name.clone()), kind: Set(saved.kind.to_string()) };
        let change =
            OnConflict::column(district::Column::Name).update_column(district::Column::Kind).to_owned();
        district::Entity::insert(row).on_conflict(change).exec_without_returning(self.connection()).await?;
        Ok(())
    }

    /// Adds the feature, or changes its label.
    pub async fn save_feature(&self, saved: &Feature) -> Result<()> {
        let row = feature::ActiveModel { code: Set(saved.code.clone()), label: Set(saved.label.clone()) };
        let change =
            OnConflict::column(feature::Column::Code).update_column(feature::Column::Label).to_owned();
        feature::Entity::insert(row).on_conflict(change).exec_without_returning(self.connection()).await?;
        Ok(())
    }

    /// Adds the reason, or changes its label.
    pub async fn save_void_reason(&self, saved: &VoidReason) -> Result<()> {
        let row = void_reason::ActiveModel { code: Set(saved.code.clone()), label: Set(saved.label.clone()) };
        let change = OnConflict::column(void_reason::Column::Code)
            .update_column(void_reason::Column::Label)
            .to_owned();
        void_reason::Entity::insert(row)
            .on_conflict(change)
            .exec_without_returning(self.connection())
            .await?;
        Ok(())
    }

    /// Keeps the scheme's policy.
    pub async fn save_policy(&self, saved: &Policy) -> Result<()> {
        let number = |n: u32| i32::try_from(n).unwrap_or(i32::MAX);
        let row = policy::ActiveModel {
            scheme: Set(saved.scheme.to_string()),
            longest_stay_nights: Set(number(saved.longest_stay_nights)),
            turnaround_nights: Set(number(saved.turnaround_nights)),
            review_every_nights: Set(saved.review_every_nights.map(number)),
            late_arrival_until_hour: Set(number(saved.late_arrival_until_hour)),
        };
        let change = OnConflict::column(policy::Column::Scheme)
            .update_columns([
                policy::Column::LongestStayNights,
                policy::Column::TurnaroundNights,
                policy::Column::ReviewEveryNights,
                policy::Column::LateArrivalUntilHour,
            ])
            .to_owned();
        policy::Entity::insert(row).on_conflict(change).exec_without_returning(self.connection()).await?;
        Ok(())
    }
}
