//! Holds.

use chrono::{DateTime, Utc};
use safespace_domain::{
    HoldId, HouseholdId, Nights, StayId, UnitId,
    holds::{Hold, HoldState, HoldStatus},
    households::People,
};
use sea_orm::{
    ActiveValue::{Set, Unchanged},
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use crate::{Page, Reader, Result, StoreError, Tx};

mod hold {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "hold")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub household_id: Uuid,
        pub unit_id: Uuid,
        pub adults: i32,
        pub children: i32,
        pub arrival: Date,
        pub departure: Date,
        pub made_at: DateTimeUtc,
        pub lapses_at: DateTimeUtc,
        pub extended: bool,
        pub status: String,
        pub ended_at: Option<DateTimeUtc>,
        pub stay_id: Option<Uuid>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

fn domain(row: &hold::Model) -> Result<Hold> {
    let count = |n: i32| u16::try_from(n).map_err(|_| StoreError::Unreadable("hold.adults"));
    let ended = || row.ended_at.ok_or(StoreError::Unreadable("hold.ended_at"));
    let state = match row.status.parse().map_err(|_| StoreError::Unreadable("hold.status"))? {
        HoldStatus::Active => HoldState::Active,
        HoldStatus::Lapsed => HoldState::Lapsed,
        HoldStatus::Released => HoldState::Released { at: ended()? },
        HoldStatus::Confirmed => HoldState::Confirmed {
            at: ended()?,
            stay: row.stay_id.map(StayId).ok_or(StoreError::Unreadable("hold.stay_id"))?,
        },
    };
    Ok(Hold {
        id: HoldId(row.id),
        household: HouseholdId(row.household_id),
        unit: UnitId(row.unit_id),
        people: People { adults: count(row.adults)?, children: count(row.children)? },
        nights: Nights::between(row.arrival, row.departure),
        made_at: row.made_at,
        lapses_at: row.lapses_at,
        extended: row.extended,
        state,
    })
}

/// The status as it was written down, whatever the time is.
const fn written(state: &HoldState) -> HoldStatus {
    match state {
        HoldState::Active => HoldStatus::Active,
        HoldState::Confirmed { .. } => HoldStatus::Confirmed,
        HoldState::Released { .. } => HoldStatus::Released,
        HoldState::Lapsed => HoldStatus::Lapsed,
    }
}

fn row(hold: &Hold) -> hold::ActiveModel {
    let (ended_at, stay) = match hold.state {
        HoldState::Active => (None, None),
        HoldState::Lapsed => (Some(hold.lapses_at), None),
        HoldState::Released { at } => (Some(at), None),
        HoldState::Confirmed { at, stay } => (Some(at), Some(stay.0)),
    };
    hold::ActiveModel {
        id: Set(hold.id.0),
        household_id: Set(hold.household.0),
        unit_id: Set(hold.unit.0),
        adults: Set(i32::from(hold.people.adults)),
        children: Set(i32::from(hold.people.children)),
        arrival: Set(hold.nights.arrival()),
        departure: Set(hold.nights.departure()),
        made_at: Set(hold.made_at),
        lapses_at: Set(hold.lapses_at),
        extended: Set(hold.extended),
        status: Set(written(&hold.state).to_string()),
        ended_at: Set(ended_at),
        stay_id: Set(stay),
    }
}

/// Which holds a list has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HoldFilter {
    /// Only those of this household.
    pub household: Option<HouseholdId>,
    /// Only those that keep their unit at this instant.
    pub active_at: Option<DateTime<Utc>>,
    /// None of these households.
    pub but: Vec<HouseholdId>,
}

impl<C: ConnectionTrait> Reader<'_, C> {
    /// The hold with this id.
    pub async fn hold(&self, id: HoldId) -> Result<Option<Hold>> {
        hold::Entity::find_by_id(id.0).one(self.connection).await?.as_ref().map(domain).transpose()
    }

    /// The holds with these ids, in no order.
    pub async fn holds_by_id(&self, ids: &[Uuid]) -> Result<Vec<Hold>> {
        let select = hold::Entity::find().filter(hold::Column::Id.is_in(ids.iter().copied()));
        select.all(self.connection).await?.iter().map(domain).collect()
    }

    /// A page of the holds that pass the filter, oldest first.
    pub async fn holds(&self, filter: &HoldFilter, page: Page<HoldId>) -> Result<Vec<Hold>> {
        let mut select = hold::Entity::find();
        if let Some(household) = filter.household {
            select = select.filter(hold::Column::HouseholdId.eq(household.0));
        }
        if let Some(now) = filter.active_at {
            select = select
                .filter(hold::Column::Status.eq(HoldStatus::Active.as_str()))
                .filter(hold::Column::LapsesAt.gt(now));
        }
        if !filter.but.is_empty() {
            let but = filter.but.iter().map(|household| household.0);
            select = select.filter(hold::Column::HouseholdId.is_not_in(but));
        }
        if let Some(after) = page.after {
            select = select.filter(hold::Column::Id.gt(after.0));
        }
        let rows = select.order_by_asc(hold::Column::Id).limit(page.limit).all(self.connection).await?;
        rows.iter().map(domain).collect()
    }

    /// The holds of these households, whatever became of them.
    pub async fn holds_of(&self, households: &[HouseholdId]) -> Result<Vec<Hold>> {
        let of = households.iter().map(|household| household.0);
        let rows = hold::Entity::find().filter(hold::Column::HouseholdId.is_in(of));
        rows.order_by_asc(hold::Column::Id).all(self.connection).await?.iter().map(domain).collect()
    }

    /// The holds that were made from an instant on, whatever became of them, oldest first.
    pub async fn holds_made_since(&self, from: DateTime<Utc>) -> Result<Vec<Hold>> {
        let select =
            hold::Entity::find().filter(hold::Column::MadeAt.gte(from)).order_by_asc(hold::Column::Id);
        select.all(self.connection).await?.iter().map(domain).collect()
    }

    /// The hold of a household that is written down as active.
    pub async fn active_hold_of(&self, household: HouseholdId) -> Result<Option<Hold>> {
        let select = hold::Entity::find()
            .filter(hold::Column::HouseholdId.eq(household.0))
            .filter(hold::Column::Status.eq(HoldStatus::Active.as_str()));
        select.one(self.connection).await?.as_ref().map(domain).transpose()
    }

    /// When the next hold lapses that is written down as active.
    pub async fn next_lapse(&self) -> Result<Option<DateTime<Utc>>> {
        let select = hold::Entity::find()
            .filter(hold::Column::Status.eq(HoldStatus::Active.as_str()))
            .order_by_asc(hold::Column::LapsesAt);
        Ok(select.one(self.connection).await?.map(|row| row.lapses_at))
    }
}

impl Tx {
    /// The hold with this id; nobody else changes it until the transaction ends.
    pub async fn lock_hold(&self, id: HoldId) -> Result<Option<Hold>> {
        let select = hold::Entity::find_by_id(id.0).lock_exclusive();
        select.one(self.connection()).await?.as_ref().map(domain).transpose()
    }

    /// The holds that are written down as active although their time has passed, oldest first, locked.
    pub async fn lock_lapsed(&self, now: DateTime<Utc>) -> Result<Vec<Hold>> {
        let select = hold::Entity::find()
            .filter(hold::Column::Status.eq(HoldStatus::Active.as_str()))
            .filter(hold::Column::LapsesAt.lte(now))
            .order_by_asc(hold::Column::Id)
            .lock_exclusive();
        select.all(self.connection()).await?.iter().map(domain).collect()
    }

    /// Adds a hold. Fails with `InUse("hold_household")` when its household has an active one.
    pub async fn add_hold(&self, added: &Hold) -> Result<()> {
        hold::Entity::insert(row(added)).exec_without_returning(self.connection()).await?;
        Ok(())
    }

    /// Keeps a hold as it is now.
    pub async fn save_hold(&self, saved: &Hold) -> Result<()> {
        let changed = hold::ActiveModel { id: Unchanged(saved.id.0), ..row(saved) };
        hold::Entity::update(changed).exec(self.connection()).await?;
        Ok(())
    }
}
