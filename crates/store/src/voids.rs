//! Voids, their notes sealed.

use safespace_domain::{Nights, UnitId, VoidId, voids::Void};
use sea_orm::{
    ActiveValue::{NotSet, Set, Unchanged},
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use crate::{Page, Reader, Result, Tx};

mod void {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "void")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub unit_id: Uuid,
        pub from_night: Date,
        pub to_night: Date,
        pub reason: String,
        pub note: Option<Vec<u8>>,
        pub cancelled: bool,
        pub kept_by: Option<Uuid>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// A void with its sealed note and its keeper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredVoid {
    /// The void.
    pub void: Void,
    /// Its note, sealed.
    pub note: Option<Vec<u8>>,
    /// The account or token that keeps it: nobody else may change it.
    pub kept_by: Option<Uuid>,
}

/// Which voids a list has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VoidFilter {
    /// Only those of this unit.
    pub unit: Option<UnitId>,
    /// Only those with a night in this run.
    pub nights: Option<Nights>,
    /// Also those that were cancelled.
    pub cancelled_too: bool,
}

impl VoidFilter {
    /// Whether the list has this void.
    pub fn has(&self, void: &Void) -> bool {
        self.unit.is_none_or(|unit| unit == void.unit)
            && self.nights.is_none_or(|nights| nights.overlaps(void.nights))
            && (self.cancelled_too || !void.cancelled)
    }
}

fn domain(row: void::Model) -> StoredVoid {
    let void = Void {
        id: VoidId(row.id),
        unit: UnitId(row.unit_id),
        nights: Nights::between(row.from_night, row.to_night),
        reason: row.reason,
        cancelled: row.cancelled,
    };
    StoredVoid { void, note: row.note, kept_by: row.kept_by }
}

impl<C: ConnectionTrait> Reader<'_, C> {
    /// The void with this id.
    pub async fn void(&self, id: VoidId) -> Result<Option<StoredVoid>> {
        Ok(void::Entity::find_by_id(id.0).one(self.connection).await?.map(domain))
    }

    /// The voids with these ids, in no order.
    pub async fn voids_by_id(&self, ids: &[Uuid]) -> Result<Vec<StoredVoid>> {
        let select = void::Entity::find().filter(void::Column::Id.is_in(ids.iter().copied()));
        Ok(select.all(self.connection).await?.into_iter().map(domain).collect())
    }

    /// A page of the voids that pass the filter, oldest first.
    pub async fn voids(&self, filter: &VoidFilter, page: Page<VoidId>) -> Result<Vec<StoredVoid>> {
        let mut select = void::Entity::find();
        if let Some(unit) = filter.unit {
            select = select.filter(void::Column::UnitId.eq(unit.0));
        }
        if let Some(nights) = filter.nights {
            select = select
                .filter(void::Column::FromNight.lt(nights.departure()))
                .filter(void::Column::ToNight.gt(nights.arrival()));
        }
        if !filter.cancelled_too {
            select = select.filter(void::Column::Cancelled.eq(false));
        }
        if let Some(after) = page.after {
            select = select.filter(void::Column::Id.gt(after.0));
        }
        let select = select.order_by_asc(void::Column::Id).limit(page.limit);
        Ok(select.all(self.connection).await?.into_iter().map(domain).collect())
    }
}

impl Tx {
    /// The void with this id; nobody else changes it until the transaction ends.
    pub async fn lock_void(&self, id: VoidId) -> Result<Option<StoredVoid>> {
        Ok(void::Entity::find_by_id(id.0).lock_exclusive().one(self.connection()).await?.map(domain))
    }

    /// Adds a void.
    pub async fn add_void(&self, added: &StoredVoid) -> Result<()> {
        let row = void::ActiveModel { id: Set(added.void.id.0), ..row(added) };
        void::Entity::insert(row).exec_without_returning(self.connection()).await?;
        Ok(())
    }

    /// Keeps what has become of the void.
    pub async fn save_void(&self, saved: &StoredVoid) -> Result<()> {
        let row = void::ActiveModel { id: Unchanged(saved.void.id.0), ..row(saved) };
        void::Entity::update(row).exec(self.connection()).await?;
        Ok(())
    }
}

fn row(stored: &StoredVoid) -> void::ActiveModel {
    void::ActiveModel {
        id: NotSet,
        unit_id: Set(stored.void.unit.0),
        from_night: Set(stored.void.nights.arrival()),
        to_night: Set(stored.void.nights.departure()),
        reason: Set(stored.void.reason.clone()),
        note: Set(stored.note.clone()),
        cancelled: Set(stored.void.cancelled),
        kept_by: Set(stored.kept_by),
    }
}
