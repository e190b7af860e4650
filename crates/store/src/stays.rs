//! Stays.

use std::collections::BTreeSet;

use safespace_domain::{
    HouseholdId, Night, Nights, StayId, UnitId,
    households::People,
    stays::{Stay, StayState, StayStatus},
};
use sea_orm::{
    ActiveValue::{NotSet, Set, Unchanged},
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    sea_query::Expr,
};
use uuid::Uuid;

use crate::{Page, Reader, Result, StoreError, Tx};

mod stay {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "stay")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub household_id: Uuid,
        pub unit_id: Uuid,
        pub adults: i32,
        pub children: i32,
        pub planned_arrival: Date,
        pub planned_departure: Date,
        pub arrival: Date,
        pub departure: Date,
        pub status: String,
        pub arrived_at: Option<DateTimeUtc>,
        pub ended_at: Option<DateTimeUtc>,
        pub moved_from: Option<Uuid>,
        pub moved_to: Option<Uuid>,
        pub booked_at: DateTimeUtc,
        pub over_limit: bool,
        pub lost_nights: bool,
        pub imported_as: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// Written out, not bound: only then does `SQLite` use the index of just these stays.
const IN_RESIDENCE: &str = "status = 'in_residence'";
const BOOKED: &str = "status = 'booked'";

/// A stay with the name under which it was imported, if it was.
#[derive(Clone, Debug)]
pub struct StoredStay {
    /// The stay.
    pub stay: Stay,
    /// What identifies the row of the file that it came from.
    pub imported_as: Option<String>,
}

/// Which stays a list has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StayFilter {
    /// Only those with one of these statuses; empty for all.
    pub statuses: Vec<StayStatus>,
    /// Only those in this unit.
    pub unit: Option<UnitId>,
    /// Only those of this household.
    pub household: Option<HouseholdId>,
    /// None of these households'.
    pub not_of: Vec<HouseholdId>,
    /// Only those with a night in this run.
    pub nights: Option<Nights>,
    /// The night of today, until which a stay in residence keeps its unit whatever its departure was to be.
    pub tonight: Option<Night>,
}

fn domain(row: &stay::Model) -> Result<Stay> {
    let count = |n: i32| u16::try_from(n).map_err(|_| StoreError::Unreadable("stay.adults"));
    let state = match row.status.parse().map_err(|_| StoreError::Unreadable("stay.status"))? {
        StayStatus::Booked => StayState::Booked,
        StayStatus::InResidence => StayState::InResidence { arrived_at: row.arrived_at },
        StayStatus::Departed => StayState::Departed {
            arrived_at: row.arrived_at,
            departed_at: row.ended_at,
            moved_to: row.moved_to.map(StayId),
        },
        StayStatus::Cancelled => StayState::Cancelled { at: row.ended_at },
        StayStatus::NoShow => StayState::NoShow { at: row.ended_at },
    };
    Ok(Stay {
        id: StayId(row.id),
        household: HouseholdId(row.household_id),
        unit: UnitId(row.unit_id),
        people: People { adults: count(row.adults)?, children: count(row.children)? },
        planned: Nights::between(row.planned_arrival, row.planned_departure),
        nights: Nights::between(row.arrival, row.departure),
        state,
        moved_from: row.moved_from.map(StayId),
        booked_at: row.booked_at,
        over_limit: row.over_limit,
    })
}

fn row(stay: &Stay) -> stay::ActiveModel {
    let (arrived_at, ended_at, moved_to) = match stay.state {
        StayState::Booked => (None, None, None),
        StayState::InResidence { arrived_at } => (arrived_at, None, None),
        StayState::Departed { arrived_at, departed_at, moved_to } => (arrived_at, departed_at, moved_to),
        StayState::Cancelled { at } | StayState::NoShow { at } => (None, at, None),
    };
    stay::ActiveModel {
        id: Set(stay.id.0),
        household_id: Set(stay.household.0),
        unit_id: Set(stay.unit.0),
        adults: Set(i32::from(stay.people.adults)),
        children: Set(i32::from(stay.people.children)),
        planned_arrival: Set(stay.planned.arrival()),
        planned_departure: Set(stay.planned.departure()),
        arrival: Set(stay.nights.arrival()),
        departure: Set(stay.nights.departure()),
        status: Set(stay.status().to_string()),
        arrived_at: Set(arrived_at),
        ended_at: Set(ended_at),
        moved_from: Set(stay.moved_from.map(|id| id.0)),
        moved_to: Set(moved_to.map(|id| id.0)),
        booked_at: Set(stay.booked_at),
        over_limit: Set(stay.over_limit),
        lost_nights: NotSet,
        imported_as: Set(None),
    }
}

async fn all<C: ConnectionTrait>(select: Select<stay::Entity>, connection: &C) -> Result<Vec<Stay>> {
    select.all(connection).await?.iter().map(domain).collect()
}

impl<C: ConnectionTrait> Reader<'_, C> {
    /// The stay with this id.
    pub async fn stay(&self, id: StayId) -> Result<Option<Stay>> {
        stay::Entity::find_by_id(id.0).one(self.connection).await?.as_ref().map(domain).transpose()
    }

    /// The stays with these ids, in no order.
    pub async fn stays_by_id(&self, ids: &[Uuid]) -> Result<Vec<Stay>> {
        all(stay::Entity::find().filter(stay::Column::Id.is_in(ids.iter().copied())), self.connection).await
    }

    /// A page of the stays that pass the filter, oldest booking first.
    pub async fn stays(&self, filter: &StayFilter, page: Page<StayId>) -> Result<Vec<Stay>> {
        let mut select = stay::Entity::find();
        if !filter.statuses.is_empty() {
            let statuses = filter.statuses.iter().map(|status| status.as_str());
            select = select.filter(stay::Column::Status.is_in(statuses));
        }
        if let Some(unit) = filter.unit {
            select = select.filter(stay::Column::UnitId.eq(unit.0));
        }
        if let Some(household) = filter.household {
            select = select.filter(stay::Column::HouseholdId.eq(household.0));
        }
        if !filter.not_of.is_empty() {
            let hidden = filter.not_of.iter().map(|household| household.0);
            select = select.filter(stay::Column::HouseholdId.is_not_in(hidden));
        }
        if let Some(nights) = filter.nights {
            let mut lasts = Condition::any().add(stay::Column::Departure.gt(nights.arrival()));
            if filter.tonight.is_some_and(|tonight| nights.arrival() <= tonight) {
                lasts = lasts.add(Expr::cust(IN_RESIDENCE));
            }
            select = select.filter(stay::Column::Arrival.lt(nights.departure())).filter(lasts);
        }
        if let Some(after) = page.after {
            select = select.filter(stay::Column::Id.gt(after.0));
        }
        all(select.order_by_asc(stay::Column::Id).limit(page.limit), self.connection).await
    }

    /// The id and the unit of every stay of these households.
    pub async fn stays_of_households(
        &self,
        households: &BTreeSet<HouseholdId>,
    ) -> Result<Vec<(Uuid, UnitId)>> {
        let select = stay::Entity::find()
            .select_only()
            .column(stay::Column::Id)
            .column(stay::Column::UnitId)
            .filter(stay::Column::HouseholdId.is_in(households.iter().map(|household| household.0)));
        let rows: Vec<(Uuid, Uuid)> = select.into_tuple().all(self.connection).await?;
        let stays = rows.into_iter().map(|(stay, unit)| (stay, UnitId(unit)));
        let households: Vec<HouseholdId> = households.iter().copied().collect();
        let holds = self.holds_of(&households).await?.into_iter().map(|hold| (hold.id.0, hold.unit));
        Ok(stays.chain(holds).collect())
    }

    /// Every stay of these households, oldest booking first.
    pub async fn whole_stays_of(&self, households: &[HouseholdId]) -> Result<Vec<Stay>> {
        let ids = households.iter().map(|household| household.0);
        let select = stay::Entity::find().filter(stay::Column::HouseholdId.is_in(ids));
        all(select.order_by_asc(stay::Column::Id), self.connection).await
    }

    /// The household's stays that take nights.
    pub async fn stays_of_household(&self, household: HouseholdId) -> Result<Vec<Stay>> {
        let taking = StayStatus::ALL.into_iter().filter(|status| status.takes_nights());
        let select = stay::Entity::find()
            .filter(stay::Column::HouseholdId.eq(household.0))
            .filter(stay::Column::Status.is_in(taking.map(StayStatus::as_str)));
        all(select, self.connection).await
    }

    /// Stays in residence whose departure is before the day: overstays.
    pub async fn overstays(&self, today: Night) -> Result<Vec<Stay>> {
        let select = stay::Entity::find()
            .filter(Expr::cust(IN_RESIDENCE))
            .filter(stay::Column::Departure.lt(today))
            .order_by_asc(stay::Column::Departure)
            .order_by_asc(stay::Column::Id);
        all(select, self.connection).await
    }

    /// The stay that is in residence in the unit now, whatever its departure was to be.
    pub async fn resident_of(&self, unit: UnitId) -> Result<Option<Stay>> {
        let select =
            stay::Entity::find().filter(stay::Column::UnitId.eq(unit.0)).filter(Expr::cust(IN_RESIDENCE));
        select.one(self.connection).await?.as_ref().map(domain).transpose()
    }

    /// The household's stay in residence now, wherever it is.
    pub async fn residence_of(&self, household: HouseholdId) -> Result<Option<Stay>> {
        let of_household = stay::Column::HouseholdId.eq(household.0);
        let select = stay::Entity::find().filter(of_household).filter(Expr::cust(IN_RESIDENCE));
        select.one(self.connection).await?.as_ref().map(domain).transpose()
    }

    /// Bookings, in any unit, that should have begun before the day.
    pub async fn late_bookings(&self, today: Night) -> Result<Vec<Stay>> {
        let select = stay::Entity::find()
            .filter(Expr::cust(BOOKED))
            .filter(stay::Column::Arrival.lt(today))
            .order_by_asc(stay::Column::Arrival)
            .order_by_asc(stay::Column::Id)
            .limit(1_000);
        all(select, self.connection).await
    }

    /// Bookings, in any unit, that once lost a night and have one on the day or later. They may have it back by now.
    pub async fn bookings_that_lost_nights(&self, from: Night) -> Result<Vec<Stay>> {
        let select = stay::Entity::find()
            .filter(Expr::cust(BOOKED))
            .filter(Expr::cust("lost_nights"))
            .filter(stay::Column::Departure.gt(from))
            .order_by_asc(stay::Column::Arrival)
            .order_by_asc(stay::Column::Id);
        all(select, self.connection).await
    }

    /// Which of these names of imported rows are there already.
    pub async fn imported(&self, names: &[String]) -> Result<Vec<String>> {
        let found: Vec<Option<String>> = stay::Entity::find()
            .select_only()
            .column(stay::Column::ImportedAs)
            .filter(stay::Column::ImportedAs.is_in(names))
            .into_tuple()
            .all(self.connection)
            .await?;
        Ok(found.into_iter().flatten().collect())
    }
}

impl Tx {
    /// The stay with this id; nobody else changes it until the transaction ends.
    pub async fn lock_stay(&self, id: StayId) -> Result<Option<Stay>> {
        stay::Entity::find_by_id(id.0)
            .lock_exclusive()
            .one(self.connection())
            .await?
            .as_ref()
            .map(domain)
            .transpose()
    }

    /// Adds stays.
    pub async fn add_stays(&self, added: &[StoredStay]) -> Result<()> {
        for chunk in added.chunks(1_000) {
            let rows = chunk.iter().map(|StoredStay { stay, imported_as }| stay::ActiveModel {
                imported_as: Set(imported_as.clone()),
                ..row(stay)
            });
            stay::Entity::insert_many(rows).exec_without_returning(self.connection()).await?;
        }
        Ok(())
    }

    /// Adds one stay.
    pub async fn add_stay(&self, added: &Stay) -> Result<()> {
        stay::Entity::insert(row(added)).exec_without_returning(self.connection()).await?;
        Ok(())
    }

    /// Marks those of these records that are stays: they have lost nights.
    pub async fn mark_lost_nights(&self, records: &[Uuid]) -> Result<()> {
        if !records.is_empty() {
            let mark = stay::Entity::update_many()
                .col_expr(stay::Column::LostNights, Expr::value(true))
                .filter(stay::Column::Id.is_in(records.iter().copied()));
            mark.exec(self.connection()).await?;
        }
        Ok(())
    }

    /// Keeps what has become of the stay.
    pub async fn save_stay(&self, saved: &Stay) -> Result<()> {
        let row = stay::ActiveModel { id: Unchanged(saved.id.0), imported_as: NotSet, ..row(saved) };
        stay::Entity::update(row).exec(self.connection()).await?;
        Ok(())
    }
}
