//! Who had something revealed when; and the notices of it to managers.

use chrono::{DateTime, Utc};
use safespace_domain::NoticeId;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::Expr,
};
use uuid::Uuid;

use crate::{Page, Reader, Result, Tx};

mod reveal {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "reveal")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub by_id: Uuid,
        pub at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

mod notice {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "notice")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub at: DateTimeUtc,
        pub kind: String,
        pub subject_id: Uuid,
        pub by_id: Option<Uuid>,
        pub seen_at: Option<DateTimeUtc>,
        pub seen_by: Option<Uuid>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// A notice to managers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Its id.
    pub id: NoticeId,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// What happened, as the audit calls it.
    pub kind: String,
    /// To which property, household, referral or account.
    pub subject: Uuid,
    /// By whom: an account's id.
    pub by: Option<Uuid>,
    /// When a manager said that they had seen it.
    pub seen_at: Option<DateTime<Utc>>,
}

fn domain(row: notice::Model) -> Notice {
    Notice {
        id: NoticeId(row.id),
        at: row.at,
        kind: row.kind,
        subject: row.subject_id,
        by: row.by_id,
        seen_at: row.seen_at,
    }
}

impl<C: ConnectionTrait> Reader<'_, C> {
    /// When somebody had something revealed since an instant.
    pub async fn reveals_by(&self, by: Uuid, since: DateTime<Utc>) -> Result<Vec<DateTime<Utc>>> {
        let select =
            reveal::Entity::find().filter(reveal::Column::ById.eq(by)).filter(reveal::Column::At.gt(since));
        Ok(select.all(self.connection).await?.into_iter().map(|row| row.at).collect())
    }

    /// A page of the notices, oldest first; those about none of these records.
    pub async fn notices(
        &self,
        unseen_only: bool,
        not_of: &[Uuid],
        page: Page<NoticeId>,
    ) -> Result<Vec<Notice>> {
        let mut select = notice::Entity::find();
        if unseen_only {
            select = select.filter(notice::Column::SeenAt.is_null());
        }
        if !not_of.is_empty() {
            select = select.filter(notice::Column::SubjectId.is_not_in(not_of.iter().copied()));
        }
        if let Some(after) = page.after {
            select = select.filter(notice::Column::Id.gt(after.0));
        }
        let select = select.order_by_asc(notice::Column::Id).limit(page.limit);
        Ok(select.all(self.connection).await?.into_iter().map(domain).collect())
    }

    /// The notices about these records, oldest first.
    pub async fn notices_about(&self, subjects: &[Uuid]) -> Result<Vec<Notice>> {
        let select = notice::Entity::find().filter(notice::Column::SubjectId.is_in(subjects.iter().copied()));
        let rows = select.order_by_asc(notice::Column::Id).all(self.connection).await?;
        Ok(rows.into_iter().map(domain).collect())
    }

    /// The notice with this id.
    pub async fn notice(&self, id: NoticeId) -> Result<Option<Notice>> {
        Ok(notice::Entity::find_by_id(id.0).one(self.connection).await?.map(domain))
    }
}

impl Tx {
    /// Somebody had something revealed.
    pub async fn add_reveal(&self, id: Uuid, by: Uuid, at: DateTime<Utc>) -> Result<()> {
        let row = reveal::ActiveModel { id: Set(id), by_id: Set(by), at: Set(at) };
        reveal::Entity::insert(row).exec_without_returning(self.connection()).await?;
        Ok(())
    }

    /// Adds a notice.
    pub async fn add_notice(&self, added: &Notice) -> Result<()> {
        let row = notice::ActiveModel {
            id: Set(added.id.0),
            at: Set(added.at),
            kind: Set(added.kind.clone()),
            subject_id: Set(added.subject),
            by_id: Set(added.by),
            seen_at: Set(None),
            seen_by: Set(None),
        };
        notice::Entity::insert(row).exec_without_returning(self.connection()).await?;
        Ok(())
    }

    /// A manager has seen a notice. False where one had already.
    pub async fn see_notice(&self, id: NoticeId, by: Uuid, at: DateTime<Utc>) -> Result<bool> {
        let seen = notice::Entity::update_many()
            .col_expr(notice::Column::SeenAt, Expr::value(at))
            .col_expr(notice::Column::SeenBy, Expr::value(by))
            .filter(notice::Column::Id.eq(id.0))
            .filter(notice::Column::SeenAt.is_null())
            .exec(self.connection())
            .await?;
        Ok(seen.rows_affected == 1)
    }
}
