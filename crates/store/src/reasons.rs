//! The code lists of reasons, localities, and the standards.

use safespace_domain::{
    localities::Locality,
    reasons::{Reason, ReasonKind},
    standards::Standards,
};
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait, QueryOrder, sea_query::OnConflict};

use crate::{Reader, Result, StoreError, Tx};

mod reason {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "reason")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub kind: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub code: String,
        pub label: String,
        pub counts_as: Option<String>,
        pub due_hours: Option<i32>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

mod locality {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "locality")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub name: String,
        pub district: String,
        pub near: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

mod standards {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "standards")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        pub response_minutes: i32,
        pub placement_days: i32,
        pub hold_minutes: i32,
        pub next_step_hours: i32,
        pub hold_warning_minutes: i32,
        pub first_contact_hours: i32,
        pub contact_every_hours: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// There is one row of standards.
const THE_ONE: i32 = 1;

impl<C: ConnectionTrait> Reader<'_, C> {
    /// Every reason, by kind and code.
    pub async fn reasons(&self) -> Result<Vec<Reason>> {
        let select =
            reason::Entity::find().order_by_asc(reason::Column::Kind).order_by_asc(reason::Column::Code);
        let domain = |row: reason::Model| {
            let kind: ReasonKind = row.kind.parse().map_err(|_| StoreError::Unreadable("reason.kind"))?;
            let due_hours = row.due_hours.map(u32::try_from).transpose();
            let due_hours = due_hours.map_err(|_| StoreError::Unreadable("reason.due_hours"))?;
            Ok(Reason { kind, code: row.code, label: row.label, counts_as: row.counts_as, due_hours })
        };
        select.all(self.connection).await?.into_iter().map(domain).collect()
    }

    /// Every locality, by name.
    pub async fn localities(&self) -> Result<Vec<Locality>> {
        let rows = locality::Entity::find().order_by_asc(locality::Column::Name).all(self.connection).await?;
        let domain = |row: locality::Model| {
            let near =
                serde_json::from_str(&row.near).map_err(|_| StoreError::Unreadable("locality.near"))?;
            Ok(Locality { name: row.name, district: row.district, near })
        };
        rows.into_iter().map(domain).collect()
    }

    /// The standards, where managers have set them.
    pub async fn standards(&self) -> Result<Option<Standards>> {
        let number = |n: i32| u32::try_from(n).map_err(|_| StoreError::Unreadable("standards"));
        let Some(row) = standards::Entity::find_by_id(THE_ONE).one(self.connection).await? else {
            return Ok(None);
        };
        Ok(Some(Standards {
            response_minutes: number(row.response_minutes)?,
            placement_days: number(row.placement_days)?,
            hold_minutes: number(row.hold_minutes)?,
            next_step_hours: number(row.next_step_hours)?,
            hold_warning_minutes: number(row.hold_warning_minutes)?,
            first_contact_hours: number(row.first_contact_hours)?,
            contact_every_hours: number(row.contact_every_hours)?,
        }))
    }
}

impl Tx {
    /// Adds a reason, or changes what is said of it.
    pub async fn save_reason(&self, saved: &Reason) -> Result<()> {
        let row = reason::ActiveModel {
            kind: Set(saved.kind.to_string()),
            code: Set(saved.code.clone()),
            label: Set(saved.label.clone()),
            counts_as: Set(saved.counts_as.clone()),
            due_hours: Set(saved.due_hours.map(|hours| i32::try_from(hours).unwrap_or(i32::MAX))),
        };
        let change = OnConflict::columns([reason::Column::Kind, reason::Column::Code])
            .update_columns([reason::Column::Label, reason::Column::CountsAs, reason::Column::DueHours])
            .to_owned();
        reason::Entity::insert(row).on_conflict(change).exec_without_returning(self.connection()).await?;
        Ok(())
    }

    /// Adds a locality, or changes what is said of it.
    pub async fn save_locality(&self, saved: &Locality) -> Result<()> {
        let near = serde_json::to_string(&saved.near).map_err(|_| StoreError::Unreadable("locality.near"))?;
        let row = locality::ActiveModel {
            name: Set(saved.name.clone()),
            district: Set(saved.district.clone()),
            near: Set(near),
        };
        let change = OnConflict::column(locality::Column::Name)
            .update_columns([locality::Column::District, locality::Column::Near])
            .to_owned();
        locality::Entity::insert(row).on_conflict(change).exec_without_returning(self.connection()).await?;
        Ok(())
    }

    /// Keeps the standards.
    pub async fn save_standards(&self, saved: &Standards) -> Result<()> {
        let number = |n: u32| Set(i32::try_from(n).unwrap_or(i32::MAX));
        let row = standards::ActiveModel {
            id: Set(THE_ONE),
            response_minutes: number(saved.response_minutes),
            placement_days: number(saved.placement_days),
            hold_minutes: number(saved.hold_minutes),
            next_step_hours: number(saved.next_step_hours),
            hold_warning_minutes: number(saved.hold_warning_minutes),
            first_contact_hours: number(saved.first_contact_hours),
            contact_every_hours: number(saved.contact_every_hours),
        };
        let change = OnConflict::column(standards::Column::Id)
            .update_columns([
                standards::Column::ResponseMinutes,
                standards::Column::PlacementDays,
                standards::Column::HoldMinutes,
                standards::Column::NextStepHours,
                standards::Column::HoldWarningMinutes,
                standards::Column::FirstContactHours,
                standards::Column::ContactEveryHours,
            ])
            .to_owned();
        standards::Entity::insert(row).on_conflict(change).exec_without_returning(self.connection()).await?;
        Ok(())
    }
}
