//! The night ledger, `unit_night`: its primary key is what makes a double booking impossible.

use safespace_domain::{
    HouseholdId, Night, Nights, UnitId,
    ledger::{Entry, LedgerChange, NightUse, Take},
    nights::runs,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect, Select, Statement, Value,
};
use uuid::Uuid;

use crate::{Reader, Result, StoreError, Tx, sql::push_rows};

mod unit_night {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "unit_night")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub unit_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub night: Date,
        pub night_use: String,
        pub taken_by: Uuid,
        pub household_id: Option<Uuid>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// So many entries in one statement; `SQLite` takes 32,766 parameters, five to an entry.
const ENTRIES_TOGETHER: usize = 500;

/// How often a night is tried for that somebody else is just taking.
const TRIES: usize = 3;

fn domain(row: &unit_night::Model) -> Result<Entry> {
    let night_use: NightUse =
        row.night_use.parse().map_err(|_| StoreError::Unreadable("unit_night.night_use"))?;
    let take = Take { night_use, by: row.taken_by, household: row.household_id.map(HouseholdId) };
    Ok(Entry { unit: UnitId(row.unit_id), night: row.night, take })
}

async fn all<C: ConnectionTrait>(select: Select<unit_night::Entity>, connection: &C) -> Result<Vec<Entry>> {
    let select = select.order_by_asc(unit_night::Column::UnitId).order_by_asc(unit_night::Column::Night);
    select.all(connection).await?.iter().map(domain).collect()
}

impl<C: ConnectionTrait> Reader<'_, C> {
    /// Every entry of these units within the nights, by unit and night.
    pub async fn entries(&self, units: &[UnitId], nights: Nights) -> Result<Vec<Entry>> {
        let select = unit_night::Entity::find()
            .filter(unit_night::Column::UnitId.is_in(units.iter().map(|unit| unit.0)))
            .filter(unit_night::Column::Night.gte(nights.arrival()))
            .filter(unit_night::Column::Night.lt(nights.departure()));
        all(select, self.connection).await
    }

    /// The household's entries within the nights.
    pub async fn entries_of_household(&self, household: HouseholdId, nights: Nights) -> Result<Vec<Entry>> {
        let select = unit_night::Entity::find()
            .filter(unit_night::Column::HouseholdId.eq(household.0))
            .filter(unit_night::Column::Night.gte(nights.arrival()))
            .filter(unit_night::Column::Night.lt(nights.departure()));
        all(select, self.connection).await
    }

    /// Every entry that one record has in a unit.
    pub async fn entries_by(&self, unit: UnitId, by: Uuid) -> Result<Vec<Entry>> {
        let select = unit_night::Entity::find()
            .filter(unit_night::Column::UnitId.eq(unit.0))
            .filter(unit_night::Column::TakenBy.eq(by));
        all(select, self.connection).await
    }

    /// Every entry that these records have in these units, by unit and night.
    pub async fn entries_by_all(&self, units: &[UnitId], by: &[Uuid]) -> Result<Vec<Entry>> {
        let select = unit_night::Entity::find()
            .filter(unit_night::Column::UnitId.is_in(units.iter().map(|unit| unit.0)))
            .filter(unit_night::Column::TakenBy.is_in(by.iter().copied()));
        all(select, self.connection).await
    }

    /// The first and last night of the whole ledger.
    pub async fn ledger_span(&self) -> Result<Option<(Night, Night)>> {
        let ends: Option<(Option<Night>, Option<Night>)> = unit_night::Entity::find()
            .select_only()
            .column_as(unit_night::Column::Night.min(), "first")
            .column_as(unit_night::Column::Night.max(), "last")
            .into_tuple()
            .one(self.connection)
            .await?;
        Ok(ends.and_then(|(first, last)| first.zip(last)))
    }

    /// A page of the whole ledger, by unit and night: which unit, which night, which use.
    pub async fn ledger_page(
        &self,
        after: Option<(UnitId, Night)>,
        limit: u64,
    ) -> Result<Vec<(UnitId, Night, NightUse)>> {
        #[derive(FromQueryResult)]
        struct Row {
            unit_id: Uuid,
            night: Night,
            night_use: String,
        }
        let backend = self.connection.get_database_backend();
        let (condition, values): (&str, Vec<Value>) = match after {
            None => ("", vec![]),
            Some((unit, night)) => ("WHERE (unit_id, night) > ($1, $2)", vec![unit.0.into(), night.into()]),
        };
        let sql = format!(
            "SELECT unit_id, night, night_use FROM unit_night {condition} ORDER BY unit_id, night LIMIT {limit}"
        );
        let rows = Row::find_by_statement(Statement::from_sql_and_values(backend, sql, values))
            .all(self.connection)
            .await?;
        rows.into_iter()
            .map(|row| {
                let night_use =
                    row.night_use.parse().map_err(|_| StoreError::Unreadable("unit_night.night_use"))?;
                Ok((UnitId(row.unit_id), row.night, night_use))
            })
            .collect()
    }
}

/// A unit and a night, and what takes it now.
pub type Changed = (UnitId, Night, Option<NightUse>);

impl Tx {
    /// Carries out a change of the ledger: releases, turns, then claims, in order of unit and night. Returns what takes
    /// each night that has changed: what another record took meanwhile has not. A claim that meets another record's
    /// entry fails with [`StoreError::NightTaken`].
    pub async fn change_ledger(&self, change: &LedgerChange) -> Result<Vec<Changed>> {
        let mut changed = self.release(&change.release).await?;
        changed.extend(self.turn(&change.turn).await?);
        self.claim(&change.claim).await?;
        changed
            .extend(change.claim.iter().map(|entry| (entry.unit, entry.night, Some(entry.take.night_use))));
        Ok(changed)
    }

    /// Claims entries; fails with [`StoreError::NightTaken`] where another record has a night.
    pub async fn claim(&self, entries: &[Entry]) -> Result<()> {
        for chunk in entries.chunks(ENTRIES_TOGETHER) {
            self.connection().execute_raw(self.insert(chunk, "")).await?;
        }
        Ok(())
    }

    /// Claims the entries that nobody has, nor the household another unit for; returns those.
    pub async fn claim_free(&self, entries: &[Entry]) -> Result<Vec<Entry>> {
        let mut held = Vec::new();
        for entry in entries {
            if self.inserted(entry, "ON CONFLICT DO NOTHING RETURNING night").await? {
                held.push(*entry);
            }
        }
        Ok(held)
    }

    /// Takes entries from whatever gives way to an overstay; returns those that could be had. Bookings that lose a night
    /// are marked.
    pub async fn displace(&self, entries: &[Entry]) -> Result<Vec<Entry>> {
        let mut held = Vec::new();
        let mut losers = Vec::new();
        for entry in entries {
            for _ in 0..TRIES {
                let sql = "DELETE FROM unit_night WHERE unit_id = $1 AND night = $2 AND night_use <> 'resident' \
                           RETURNING taken_by";
                let values: [Value; 2] = [entry.unit.0.into(), entry.night.into()];
                let taken = Statement::from_sql_and_values(self.backend(), sql, values);
                for row in self.connection().query_all_raw(taken).await? {
                    losers.push(row.try_get_by_index::<Uuid>(0)?);
                }
                // Somebody may be putting another entry there at this very moment: then that one gives way, too.
                if self.inserted(entry, "ON CONFLICT (unit_id, night) DO NOTHING RETURNING night").await? {
                    held.push(*entry);
                    break;
                }
            }
        }
        self.mark_lost_nights(&losers).await?;
        Ok(held)
    }

    async fn inserted(&self, entry: &Entry, tail: &str) -> Result<bool> {
        let insert = self.insert(std::slice::from_ref(entry), tail);
        Ok(self.connection().query_one_raw(insert).await?.is_some())
    }

    fn insert(&self, entries: &[Entry], tail: &str) -> Statement {
        let mut sql = String::with_capacity(100 + entries.len() * 24 + tail.len());
        sql.push_str("INSERT INTO unit_night (unit_id, night, night_use, taken_by, household_id) VALUES ");
        let mut values: Vec<Value> = Vec::with_capacity(entries.len() * 5);
        push_rows(&mut sql, self.backend(), entries.len(), 5);
        for entry in entries {
            values.push(entry.unit.0.into());
            values.push(entry.night.into());
            values.push(entry.take.night_use.as_str().into());
            values.push(entry.take.by.into());
            values.push(entry.take.household.map(|household| household.0).into());
        }
        sql.push(' ');
        sql.push_str(tail);
        Statement::from_sql_and_values(self.backend(), sql, values)
    }

    /// Gives up entries, as far as the record still has them.
    async fn release(&self, entries: &[Entry]) -> Result<Vec<Changed>> {
        let mut changed = Vec::new();
        for (unit, by, nights) in runs_by_record(entries) {
            let sql = "DELETE FROM unit_night WHERE unit_id = $1 AND taken_by = $2 AND night >= $3 AND night < $4 \
                       RETURNING night";
            let values: [Value; 4] =
                [unit.0.into(), by.into(), nights.arrival().into(), nights.departure().into()];
            let released = Statement::from_sql_and_values(self.backend(), sql, values);
            for row in self.connection().query_all_raw(released).await? {
                changed.push((unit, row.try_get_by_index::<Night>(0)?, None));
            }
        }
        Ok(changed)
    }

    /// Changes the use of entries that the record has.
    async fn turn(&self, entries: &[Entry]) -> Result<Vec<Changed>> {
        let mut changed = Vec::new();
        for night_use in NightUse::ALL {
            let turned: Vec<_> =
                entries.iter().copied().filter(|entry| entry.take.night_use == night_use).collect();
            for (unit, by, nights) in runs_by_record(&turned) {
                let household = turned.first().and_then(|entry| entry.take.household);
                let sql = "UPDATE unit_night SET night_use = $1, household_id = $2 \
                           WHERE unit_id = $3 AND taken_by = $4 AND night >= $5 AND night < $6 \
                           RETURNING night";
                let values: [Value; 6] = [
                    night_use.as_str().into(),
                    household.map(|household| household.0).into(),
                    unit.0.into(),
                    by.into(),
                    nights.arrival().into(),
                    nights.departure().into(),
                ];
                let turned = Statement::from_sql_and_values(self.backend(), sql, values);
                for row in self.connection().query_all_raw(turned).await? {
                    changed.push((unit, row.try_get_by_index::<Night>(0)?, Some(night_use)));
                }
            }
        }
        Ok(changed)
    }

    pub(crate) fn backend(&self) -> DbBackend {
        self.connection().get_database_backend()
    }
}

/// The entries as runs of nights of one record in one unit.
fn runs_by_record(entries: &[Entry]) -> Vec<(UnitId, Uuid, Nights)> {
    let mut sorted = entries.to_vec();
    sorted.sort_by_key(|entry| (entry.unit, entry.take.by, entry.night));
    sorted
        .chunk_by(|a, b| (a.unit, a.take.by) == (b.unit, b.take.by))
        .filter_map(|group| group.first().map(|first| (first, group)))
        .flat_map(|(first, group)| {
            let runs = runs(group.iter().map(|entry| entry.night));
            runs.into_iter().map(move |run| (first.unit, first.take.by, run))
        })
        .collect()
}
