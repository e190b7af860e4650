//! The board: for a window of nights, every unit with what takes each night; and word of every change of it.

use std::{collections::BTreeMap, sync::Arc};

use safespace_domain::{
    Nights, Refusal, RefusalCode, UnitId,
    access::{Actor, Permission},
    board::{BoardUse, WIDEST_WINDOW, uses},
    ledger::{Entry, NightUse},
    nights::next,
    units::Unit,
};
use tokio::sync::broadcast::{self, error::RecvError};
use uuid::Uuid;

use crate::{Engine, EngineError, calendar::Cell};

/// One unit, and what takes its nights within the window.
#[derive(Clone, Debug)]
pub struct BoardRow {
    /// The unit.
    pub unit: Unit,
    /// What takes its nights, in order. Nights in none of them are free, or out of stock.
    pub uses: Vec<BoardUse>,
}

/// A page of the board.
#[derive(Clone, Debug)]
pub struct BoardWindow {
    /// The nights.
    pub nights: Nights,
    /// The units, by code.
    pub rows: Vec<BoardRow>,
    /// Whether more units follow.
    pub more: bool,
    /// Whose the uses are: a household's reference, a void's reason; by the record's id.
    pub names: BTreeMap<Uuid, String>,
    /// All nights of the stays, holds and voids, also beyond the window, as they were planned: an overstay takes more, and
    /// whom it takes them from has fewer.
    pub planned: BTreeMap<Uuid, Nights>,
}

/// Nights of units have changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoardChange {
    /// Which units.
    pub units: Vec<UnitId>,
    /// Within which nights.
    pub nights: Nights,
}

impl BoardChange {
    /// The change that these cells make; none when they are none.
    pub(crate) fn of(cells: &[Cell]) -> Option<Self> {
        let first = cells.iter().map(|(_, night, _)| *night).min()?;
        let last = cells.iter().map(|(_, night, _)| *night).max()?;
        let mut units: Vec<UnitId> = cells.iter().map(|(unit, ..)| *unit).collect();
        units.sort();
        units.dedup();
        Some(Self { units, nights: Nights::between(first, next(last)) })
    }
}

/// Changes of the board, one after the other.
pub struct BoardChanges {
    receiver: broadcast::Receiver<BoardChange>,
    engine: Arc<Engine>,
    actor: Arc<Actor>,
}

impl BoardChanges {
    /// Waits for the next change. None when there will be no more: the service ends, or the credential has expired.
    pub async fn next(&mut self) -> Option<BoardChange> {
        let change = match self.receiver.recv().await {
            Ok(change) => change,
            // Too slow to be told each: everything may have changed.
            Err(RecvError::Lagged(_)) => {
                let nights = self.engine.live.look(|calendar, _| calendar.span());
                BoardChange { units: Vec::new(), nights }
            }
            Err(RecvError::Closed) => return None,
        };
        // The credential may have expired, been revoked or signed out meanwhile.
        self.engine.is_still_good(&self.actor).await.is_ok_and(|good| good).then_some(change)
    }
}

impl Engine {
    /// The units after this code, at most so many, with what takes their nights.
    pub async fn board(
        &self,
        actor: &Actor,
        nights: Nights,
        after: Option<&str>,
        limit: usize,
    ) -> Result<BoardWindow, EngineError> {
        self.must(actor, Permission::SeeStays)?;
        if nights.len() > WIDEST_WINDOW {
            return Err(Refusal::bad(
                "to",
                format!("The board shows at most {WIDEST_WINDOW} nights: ask for fewer."),
            )
            .into());
        }
        self.lapse_due().await?;
        let spaces = self.spaces();
        let mut units: Vec<&Unit> =
            spaces.units().iter().filter(|unit| after.is_none_or(|code| unit.code.as_str() > code)).collect();
        units.sort_by(|a, b| a.code.cmp(&b.code));
        let more = units.len() > limit;
        units.truncate(limit);
        let ids: Vec<UnitId> = units.iter().map(|unit| unit.id).collect();
        let entries = self.store.reader().entries(&ids, nights).await?;
        let (entries, names) = self.named(actor, entries).await?;
        let planned = self.planned(actor, &entries).await?;
        let mut by_unit: BTreeMap<UnitId, Vec<Entry>> = BTreeMap::new();
        for entry in entries {
            by_unit.entry(entry.unit).or_default().push(entry);
        }
        let rows = units
            .into_iter()
            .map(|unit| BoardRow {
                unit: unit.clone(),
                uses: uses(by_unit.remove(&unit.id).unwrap_or_default()),
            })
            .collect();
        Ok(BoardWindow { nights, rows, more, names, planned })
    }

    /// The nights of the records that these entries are of, as the actor sees them.
    async fn planned(&self, actor: &Actor, entries: &[Entry]) -> Result<BTreeMap<Uuid, Nights>, EngineError> {
        let read = self.store.reader();
        let of = |uses: &[NightUse]| ids_of(entries, uses);
        let stays = read.stays_by_id(&of(&[NightUse::Booked, NightUse::Resident])).await?;
        let holds = read.holds_by_id(&of(&[NightUse::Held])).await?;
        let voids = read.voids_by_id(&of(&[NightUse::Void])).await?;
        let instead = self.voids_instead(&self.closed_to(actor).await?).await?;
        let stays = stays.into_iter().map(|stay| (stay.id.0, stay.nights));
        let holds = holds.into_iter().map(|hold| (hold.id.0, hold.nights));
        let voids = voids.into_iter().map(|stored| stored.void).chain(instead);
        Ok(stays.chain(holds).chain(voids.map(|void| (void.id.0, void.nights))).collect())
    }

    /// Word of every change of the board, from now on, for as long as the actor's credential is good.
    pub fn board_changes(self: &Arc<Self>, actor: &Arc<Actor>) -> Result<BoardChanges, EngineError> {
        self.must(actor, Permission::SeeStays)?;
        if !actor.is_good(self.clock.now()) {
            return Err(
                Refusal::new(RefusalCode::NotAllowed, "This sign-in has expired: sign in again.").into()
            );
        }
        let (engine, actor) = (Arc::clone(self), Arc::clone(actor));
        Ok(BoardChanges { receiver: self.board.subscribe(), engine, actor })
    }

    /// These entries as the actor sees them, and whose they are: households' references and voids' reasons, by the
    /// record's id.
    pub(crate) async fn named(
        &self,
        actor: &Actor,
        entries: Vec<Entry>,
    ) -> Result<(Vec<Entry>, BTreeMap<Uuid, String>), EngineError> {
        let closed = self.closed_to(actor).await?;
        let entries: Vec<Entry> = entries.into_iter().map(|entry| closed.disguise(entry)).collect();
        let mut names = self.names_of(&entries).await?;
        if !closed.is_empty() {
            let references = self.closed_references(actor).await?;
            for name in names.values_mut() {
                *name = references.seen(std::mem::take(name));
            }
            for void in self.voids_instead(&closed).await? {
                names.insert(void.id.0, void.reason);
            }
        }
        Ok((entries, names))
    }

    async fn names_of(&self, entries: &[Entry]) -> Result<BTreeMap<Uuid, String>, EngineError> {
        let voids = ids_of(entries, &[NightUse::Void]);
        let mut names = BTreeMap::new();
        if !voids.is_empty() {
            for stored in self.store.reader().voids_by_id(&voids).await? {
                names.insert(stored.void.id.0, stored.void.reason);
            }
        }
        let households: BTreeMap<Uuid, _> =
            entries.iter().filter_map(|entry| Some((entry.take.by, entry.take.household?))).collect();
        let mut ids: Vec<_> = households.values().copied().collect();
        ids.sort();
        ids.dedup();
        if !ids.is_empty() {
            let known = self.store.reader().households(&ids).await?;
            let references: BTreeMap<_, _> =
                known.into_iter().map(|household| (household.id, household.reference)).collect();
            for (by, household) in households {
                if let Some(reference) = references.get(&household) {
                    names.insert(by, reference.clone());
                }
            }
        }
        Ok(names)
    }
}

/// The records of these kinds that take nights in these entries.
fn ids_of(entries: &[Entry], uses: &[NightUse]) -> Vec<Uuid> {
    let of = entries.iter().filter(|entry| uses.contains(&entry.take.night_use));
    let mut ids: Vec<Uuid> = of.map(|entry| entry.take.by).collect();
    ids.sort();
    ids.dedup();
    ids
}
