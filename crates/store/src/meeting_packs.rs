//! Packs for groups that meet, and the groups. What is written and what was told is sealed.

use std::collections::BTreeSet;

use safespace_domain::{
    Night, Nights,
    figures::Section,
    meeting_packs::{Audience, Discretion, Every, MeetingGroup, MeetingPack},
    suppression::SmallNumbers,
};
use sea_orm::{
    ActiveValue::{NotSet, Set, Unchanged},
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::OnConflict,
};
use uuid::Uuid;

use crate::{Page, Reader, Result, StoreError, Tx};

mod discretion {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "discretion")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        pub partners_below: i32,
        pub partners_rounded_to: i32,
        pub outside_below: i32,
        pub outside_rounded_to: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

mod meeting_group {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "meeting_group")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub code: String,
        pub name: String,
        pub every: String,
        pub audience: String,
        pub sections: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

mod meeting_pack {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "meeting_pack")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub group_code: String,
        pub first_day: Date,
        pub end_day: Date,
        pub audience: String,
        pub issued_at: Option<DateTimeUtc>,
        pub commentary: Option<Vec<u8>>,
        pub content: Option<Vec<u8>>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// There is one policy of what is a small number.
const ID: i32 = 1;
const PARTED_BY: &str = " ";

/// A pack with what is sealed of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredMeetingPack {
    /// The pack.
    pub pack: MeetingPack,
    /// The manager's commentary, sealed.
    pub commentary: Option<Vec<u8>>,
    /// What it holds, sealed; none while it is a draft.
    pub content: Option<Vec<u8>>,
}

fn audience(text: &str) -> Result<Audience> {
    Audience::named(text).ok_or(StoreError::Unreadable("meeting_pack.audience"))
}

fn group_of(row: meeting_group::Model) -> Result<MeetingGroup> {
    let section = |name: &str| Section::ALL.into_iter().find(|section| section.as_str() == name);
    let sections: Option<BTreeSet<Section>> =
        row.sections.split(PARTED_BY).filter(|name| !name.is_empty()).map(section).collect();
    Ok(MeetingGroup {
        code: row.code,
        name: row.name,
        every: Every::named(&row.every).ok_or(StoreError::Unreadable("meeting_group.every"))?,
        audience: audience(&row.audience)?,
        sections: sections.ok_or(StoreError::Unreadable("meeting_group.sections"))?,
    })
}

fn pack_of(row: meeting_pack::Model) -> Result<StoredMeetingPack> {
    Ok(StoredMeetingPack {
        pack: MeetingPack {
            id: row.id,
            group: row.group_code,
            period: Nights::between(row.first_day, row.end_day),
            audience: audience(&row.audience)?,
            issued_at: row.issued_at,
        },
        commentary: row.commentary,
        content: row.content,
    })
}

impl<C: ConnectionTrait> Reader<'_, C> {
    /// What is a small number to whom. None before a service's first start.
    pub async fn discretion(&self) -> Result<Option<Discretion>> {
        let Some(row) = discretion::Entity::find_by_id(ID).one(self.connection).await? else {
            return Ok(None);
        };
        let number = |n: i32| u32::try_from(n).map_err(|_| StoreError::Unreadable("discretion"));
        let numbers = |below: i32, rounded_to: i32| {
            Ok::<_, StoreError>(SmallNumbers { below: number(below)?, rounded_to: number(rounded_to)? })
        };
        Ok(Some(Discretion {
            partners: numbers(row.partners_below, row.partners_rounded_to)?,
            outside: numbers(row.outside_below, row.outside_rounded_to)?,
        }))
    }

    /// The groups that meet, by code.
    pub async fn meeting_groups(&self) -> Result<Vec<MeetingGroup>> {
        let select = meeting_group::Entity::find().order_by_asc(meeting_group::Column::Code);
        select.all(self.connection).await?.into_iter().map(group_of).collect()
    }

    /// A page of the packs, oldest first: of one group, or of all.
    pub async fn meeting_packs(
        &self,
        group: Option<&str>,
        page: Page<Uuid>,
    ) -> Result<Vec<StoredMeetingPack>> {
        let mut select = meeting_pack::Entity::find();
        if let Some(group) = group {
            select = select.filter(meeting_pack::Column::GroupCode.eq(group));
        }
        if let Some(after) = page.after {
            select = select.filter(meeting_pack::Column::Id.gt(after));
        }
        let select = select.order_by_asc(meeting_pack::Column::Id).limit(page.limit);
        select.all(self.connection).await?.into_iter().map(pack_of).collect()
    }

    /// The pack of a group for the period that begins on this day.
    pub async fn meeting_pack(&self, group: &str, first: Night) -> Result<Option<StoredMeetingPack>> {
        let select = meeting_pack::Entity::find()
            .filter(meeting_pack::Column::GroupCode.eq(group))
            .filter(meeting_pack::Column::FirstDay.eq(first));
        select.one(self.connection).await?.map(pack_of).transpose()
    }

    /// The packs for readers outside the team that were issued and have a day in this run or after it, in order.
    pub async fn issued_outside(&self, from: Night) -> Result<Vec<StoredMeetingPack>> {
        let select = meeting_pack::Entity::find()
            .filter(meeting_pack::Column::IssuedAt.is_not_null())
            .filter(meeting_pack::Column::Audience.ne(Audience::Team.as_str()))
            .filter(meeting_pack::Column::EndDay.gt(from))
            .order_by_asc(meeting_pack::Column::IssuedAt)
            .order_by_asc(meeting_pack::Column::Id);
        select.all(self.connection).await?.into_iter().map(pack_of).collect()
    }
}

impl Tx {
    /// Keeps what is a small number to whom.
    pub async fn save_discretion(&self, saved: &Discretion) -> Result<()> {
        let number = |n: u32| Set(i32::try_from(n).unwrap_or(i32::MAX));
        let row = discretion::ActiveModel {
            id: Set(ID),
            partners_below: number(saved.partners.below),
            partners_rounded_to: number(saved.partners.rounded_to),
            outside_below: number(saved.outside.below),
            outside_rounded_to: number(saved.outside.rounded_to),
        };
        let instead = OnConflict::column(discretion::Column::Id)
            .update_columns([
                discretion::Column::PartnersBelow,
                discretion::Column::PartnersRoundedTo,
                discretion::Column::OutsideBelow,
                discretion::Column::OutsideRoundedTo,
            ])
            .to_owned();
        discretion::Entity::insert(row)
            .on_conflict(instead)
            .exec_without_returning(self.connection())
            .await?;
        Ok(())
    }

    /// Keeps a group that meets, instead of the one with its code where there is one.
    pub async fn save_meeting_group(&self, saved: &MeetingGroup) -> Result<()> {
        let sections: Vec<&str> = saved.sections.iter().map(|section| section.as_str()).collect();
        let row = meeting_group::ActiveModel {
            code: Set(saved.code.clone()),
            name: Set(saved.name.clone()),
            every: Set(saved.every.as_str().to_owned()),
            audience: Set(saved.audience.as_str().to_owned()),
            sections: Set(sections.join(PARTED_BY)),
        };
        let instead = OnConflict::column(meeting_group::Column::Code)
            .update_columns([
                meeting_group::Column::Name,
                meeting_group::Column::Every,
                meeting_group::Column::Audience,
                meeting_group::Column::Sections,
            ])
            .to_owned();
        let insert = meeting_group::Entity::insert(row).on_conflict(instead);
        insert.exec_without_returning(self.connection()).await?;
        Ok(())
    }

    /// The pack of a group for the period that begins on this day; nobody else changes it, nor the group's other packs, until
    /// the transaction ends.
    pub async fn lock_meeting_pack(&self, group: &str, first: Night) -> Result<Option<StoredMeetingPack>> {
        let group_row = meeting_group::Entity::find_by_id(group.to_owned()).lock_exclusive();
        group_row.one(self.connection()).await?;
        self.reader().meeting_pack(group, first).await
    }

    /// Every group: no pack is issued by anybody else until the transaction ends.
    pub async fn lock_meeting_groups(&self) -> Result<()> {
        let all = meeting_group::Entity::find().order_by_asc(meeting_group::Column::Code).lock_exclusive();
        all.all(self.connection()).await?;
        Ok(())
    }

    /// Adds a pack.
    pub async fn add_meeting_pack(&self, added: StoredMeetingPack) -> Result<()> {
        let row = meeting_pack::ActiveModel {
            id: Set(added.pack.id),
            group_code: Set(added.pack.group),
            first_day: Set(added.pack.period.arrival()),
            end_day: Set(added.pack.period.departure()),
            audience: Set(added.pack.audience.as_str().to_owned()),
            issued_at: Set(added.pack.issued_at),
            commentary: Set(added.commentary),
            content: Set(added.content),
        };
        meeting_pack::Entity::insert(row).exec_without_returning(self.connection()).await?;
        Ok(())
    }

    /// Keeps what has become of a pack.
    pub async fn save_meeting_pack(&self, saved: StoredMeetingPack) -> Result<()> {
        let row = meeting_pack::ActiveModel {
            id: Unchanged(saved.pack.id),
            group_code: NotSet,
            first_day: NotSet,
            end_day: NotSet,
            audience: Set(saved.pack.audience.as_str().to_owned()),
            issued_at: Set(saved.pack.issued_at),
            commentary: Set(saved.commentary),
            content: Set(saved.content),
        };
        meeting_pack::Entity::update(row).exec(self.connection()).await?;
        Ok(())
    }
}
