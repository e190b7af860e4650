//! The calendar in memory, kept in step with the night ledger.
//!
//! Each commit of this process changes it, in the order in which the database let conflicting commits through; what
//! another process commits is caught up with by the sequence of changes that the audit keeps. It only suggests: a
//! wrong suggestion would cost a refusal, never a double booking.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicI64, Ordering},
    },
};

use chrono::{DateTime, Utc};
use safespace_domain::{
    HouseholdId, Night, Nights, PropertyId, UnitId,
    availability::Spaces,
    calendar::Calendar,
    nights::{earlier, later},
    policies::BOOK_AHEAD_NIGHTS,
    statutory_return,
};
use safespace_store::{ChangeMark, Store};
use tokio::sync::RwLock as Gate;
use uuid::Uuid;

use crate::{BoardChange, Engine, Fault};

/// So many entries of the ledger are read at once.
const ENTRIES_A_PAGE: u64 = 20_000;
/// Nights beyond the last bookable one that the calendar covers, so that turnaround and overstays fit.
const MARGIN: u32 = 62;
/// Later than any hold lapses.
const NEVER: i64 = i64::MAX;

/// A cell of the calendar, and what takes it now.
pub(crate) type Cell = safespace_store::Changed;

/// What may be wrong in memory although this process changed it itself: a commit whose answer was lost, or a
/// suggestion that the database refused. Read again at the next catching up.
#[derive(Debug, Default)]
struct Doubts {
    units: BTreeSet<UnitId>,
    spaces: bool,
}

/// How far this process has read what others changed.
pub(crate) struct Mark {
    change: ChangeMark,
    data_version: Option<i64>,
}

impl Mark {
    pub(crate) async fn now(store: &Store) -> Result<Self, Fault> {
        // The version first: a write between the two is then seen twice rather than never.
        let data_version = store.data_version().await?;
        Ok(Self { data_version, change: store.reader().change_mark().await? })
    }
}

struct State {
    calendar: Calendar,
    spaces: Arc<Spaces>,
}

/// Which cases are closed to whom: accounts and tokens by id.
type Restricted = BTreeMap<Uuid, Arc<BTreeSet<HouseholdId>>>;

/// Puts commits in order. A ticket is taken before the commit: of two transactions that touch the same night, the
/// second could only write after the first had committed, so its ticket is later. A commit that is applied late is
/// followed by those with later tickets once more.
#[derive(Default)]
struct Order {
    next: u64,
    pending: BTreeSet<u64>,
    recent: Vec<(u64, Vec<Cell>)>,
}

/// The calendar and what there is, in memory.
pub(crate) struct Live {
    state: RwLock<State>,
    restricted: RwLock<Restricted>,
    addressed: RwLock<BTreeSet<PropertyId>>,
    order: Mutex<Order>,
    doubts: Mutex<Doubts>,
    /// When the next hold lapses, in microseconds since 1970; [`NEVER`] when there is none.
    next_lapse: AtomicI64,
    /// Commands pass it from their first read to the calendar's change; a re-read of the database closes it.
    pub(crate) gate: Gate<()>,
}

impl Live {
    pub(crate) async fn read(store: &Store, today: Night) -> Result<Self, Fault> {
        let state = read_state(store, today).await?;
        Ok(Self {
            state: RwLock::new(state),
            restricted: RwLock::new(read_restricted(store).await?),
            addressed: RwLock::new(store.reader().addressed().await?),
            order: Mutex::default(),
            doubts: Mutex::default(),
            next_lapse: AtomicI64::new(NEVER),
            gate: Gate::new(()),
        })
    }

    /// The households whose cases are closed to somebody; none where none is.
    pub(crate) fn closed_households(&self, who: Uuid) -> Option<Arc<BTreeSet<HouseholdId>>> {
        self.restricted.read().unwrap_or_else(PoisonError::into_inner).get(&who).cloned()
    }

    /// Whether a property's address is known.
    pub(crate) fn is_addressed(&self, property: PropertyId) -> bool {
        self.addressed.read().unwrap_or_else(PoisonError::into_inner).contains(&property)
    }

    pub(crate) fn spaces(&self) -> Arc<Spaces> {
        Arc::clone(&self.state.read().unwrap_or_else(PoisonError::into_inner).spaces)
    }

    /// Looks at the calendar. Short and without waiting: commits are held up meanwhile.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&Calendar, &Arc<Spaces>) -> T) -> T {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        look(&state.calendar, &state.spaces)
    }

    /// Whether a hold has lapsed, as far as this process knows.
    pub(crate) fn lapse_is_due(&self, now: DateTime<Utc>) -> bool {
        self.next_lapse.load(Ordering::Acquire) <= now.timestamp_micros()
    }

    /// A hold lapses then.
    pub(crate) fn note_lapse(&self, at: DateTime<Utc>) {
        self.next_lapse.fetch_min(at.timestamp_micros(), Ordering::AcqRel);
    }

    /// No hold is known of, until one is noted.
    pub(crate) fn forget_next_lapse(&self) {
        self.next_lapse.store(NEVER, Ordering::Release);
    }

    /// The nights of these units are to be read again.
    pub(crate) fn doubt_units(&self, units: impl IntoIterator<Item = UnitId>) {
        self.doubts.lock().unwrap_or_else(PoisonError::into_inner).units.extend(units);
    }

    /// What there is is to be read again.
    pub(crate) fn doubt_spaces(&self) {
        self.doubts.lock().unwrap_or_else(PoisonError::into_inner).spaces = true;
    }

    fn take_doubts(&self) -> Doubts {
        std::mem::take(&mut *self.doubts.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A ticket for a commit that is about to be made.
    pub(crate) fn ticket(&self) -> u64 {
        let mut order = self.order.lock().unwrap_or_else(PoisonError::into_inner);
        order.next += 1;
        let ticket = order.next;
        order.pending.insert(ticket);
        ticket
    }

    /// The commit with this ticket was made: changes the calendar. Or it was not: `cells` is empty.
    pub(crate) fn apply(&self, ticket: u64, cells: Vec<Cell>) {
        let mut order = self.order.lock().unwrap_or_else(PoisonError::into_inner);
        order.pending.remove(&ticket);
        if !cells.is_empty() {
            let at = order.recent.partition_point(|(other, _)| *other < ticket);
            order.recent.insert(at, (ticket, cells));
            let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
            let State { calendar, spaces } = &mut *state;
            for (unit, night, night_use) in order.recent.iter().skip(at).flat_map(|(_, cells)| cells) {
                if let Some(no) = spaces.no(*unit) {
                    calendar.set(no, *night, *night_use);
                }
            }
        }
        let oldest = order.pending.first().copied().unwrap_or(u64::MAX);
        order.recent.retain(|(other, _)| *other > oldest);
    }

    /// Reads what there is again: units, properties, code lists, policies, restrictions; and their dates in service.
    pub(crate) async fn reread_spaces(&self, store: &Store, today: Night) -> Result<(), Fault> {
        let _closed = self.gate.write().await;
        let restricted = read_restricted(store).await?;
        let addressed = store.reader().addressed().await?;
        *self.addressed.write().unwrap_or_else(PoisonError::into_inner) = addressed;
        *self.restricted.write().unwrap_or_else(PoisonError::into_inner) = restricted;
        let spaces = read_spaces(store).await?;
        let known: BTreeSet<UnitId> =
            self.look(|_, spaces| spaces.units().iter().map(|unit| unit.id).collect());
        let mut fresh: Vec<UnitId> =
            spaces.units().iter().map(|unit| unit.id).filter(|unit| !known.contains(unit)).collect();
        let in_order = spaces.units().iter().zip(self.spaces().units()).all(|(new, old)| new.id == old.id);
        if !in_order {
            // Another process's new unit came between: numbers moved, so begin afresh.
            let state = read_state(store, today).await?;
            *self.state.write().unwrap_or_else(PoisonError::into_inner) = state;
            return Ok(());
        }
        {
            let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
            let State { calendar, spaces: old } = &mut *state;
            let span = wanted_span(&spaces, today, None);
            let grows = !(calendar.span().arrival() <= span.arrival()
                && span.departure() <= calendar.span().departure());
            calendar.grow(span, spaces.units().len());
            if grows {
                // What was taken beyond the old span is not in the calendar yet.
                fresh = spaces.units().iter().map(|unit| unit.id).collect();
            }
            for (no, unit) in spaces.units().iter().enumerate() {
                let changed = old.unit(no).is_none_or(|old| old.in_service != unit.in_service);
                if changed || grows {
                    calendar.set_in_service(no, &unit.in_service);
                }
            }
            *old = Arc::new(spaces);
        }
        self.reread_nights_inside(store, &fresh).await
    }

    /// Reads the nights of these units again.
    pub(crate) async fn reread_nights(&self, store: &Store, units: &[UnitId]) -> Result<(), Fault> {
        let _closed = self.gate.write().await;
        self.reread_nights_inside(store, units).await
    }

    async fn reread_nights_inside(&self, store: &Store, units: &[UnitId]) -> Result<(), Fault> {
        let span = self.look(|calendar, _| calendar.span());
        for some in units.chunks(100) {
            let entries = store.reader().entries(some, span).await?;
            let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
            let State { calendar, spaces } = &mut *state;
            some.iter().filter_map(|unit| spaces.no(*unit)).for_each(|no| calendar.clear(no));
            for entry in entries {
                if let Some(no) = spaces.no(entry.unit) {
                    calendar.set(no, entry.night, Some(entry.take.night_use));
                }
            }
        }
        Ok(())
    }

    /// Makes the calendar reach as far ahead as bookings may, and no entry is lost that was out of reach.
    pub(crate) async fn reach(&self, store: &Store, today: Night) -> Result<(), Fault> {
        let span = self.look(|calendar, _| calendar.span());
        if later(today, BOOK_AHEAD_NIGHTS + MARGIN / 2) <= span.departure() {
            return Ok(());
        }
        let _closed = self.gate.write().await;
        let spaces = self.spaces();
        {
            let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
            state.calendar.grow(wanted_span(&spaces, today, None), spaces.units().len());
            for (no, unit) in spaces.units().iter().enumerate() {
                state.calendar.set_in_service(no, &unit.in_service);
            }
        }
        let units: Vec<UnitId> = spaces.units().iter().map(|unit| unit.id).collect();
        self.reread_nights_inside(store, &units).await
    }
}

/// From the first night that anything is known of to the last that can be booked, and a little more.
fn wanted_span(spaces: &Spaces, today: Night, ledger: Option<(Night, Night)>) -> Nights {
    let opened = spaces.units().iter().flat_map(|unit| &unit.in_service).map(|run| run.opened_on).min();
    let first =
        opened.into_iter().chain(ledger.map(|(first, _)| first)).chain([today]).min().unwrap_or(today);
    let last = ledger.map_or(today, |(_, last)| last.max(today));
    Nights::between(earlier(first, MARGIN), later(last.max(later(today, BOOK_AHEAD_NIGHTS)), MARGIN))
}

async fn read_restricted(store: &Store) -> Result<Restricted, Fault> {
    let restricted = store.reader().restricted().await?;
    Ok(restricted.into_iter().map(|(who, households)| (who, Arc::new(households))).collect())
}

async fn read_spaces(store: &Store) -> Result<Spaces, Fault> {
    let read = store.reader();
    let mut spaces = Spaces::new(
        read.units().await?,
        read.properties().await?,
        read.districts().await?,
        read.features().await?,
        read.void_reasons().await?,
        read.policies().await?,
    );
    spaces.disclosure = read.disclosure_policy().await?.unwrap_or_default();
    spaces.standards = read.standards().await?.unwrap_or_default();
    spaces.reasons = read.reasons().await?;
    spaces.pack_templates = read.pack_templates().await?;
    spaces.return_lines = statutory_return::with_defaults(&read.return_lines().await?);
    let kinds = read.accommodation_kinds().await?;
    spaces.accommodation_kinds = kinds.into_iter().map(|kind| (kind.code.clone(), kind)).collect();
    let of_schemes = read.scheme_kinds().await?;
    spaces.scheme_kinds = of_schemes.into_iter().map(|of| (of.scheme, of.kind)).collect();
    let of_properties = read.property_kinds().await?;
    spaces.property_kinds = of_properties.into_iter().map(|of| (of.property, of.kind)).collect();
    let localities = read.localities().await?;
    spaces.localities = localities.into_iter().map(|locality| (locality.name.clone(), locality)).collect();
    Ok(spaces)
}

async fn read_state(store: &Store, today: Night) -> Result<State, Fault> {
    let spaces = read_spaces(store).await?;
    let ledger = store.reader().ledger_span().await?;
    let mut calendar = Calendar::new(wanted_span(&spaces, today, ledger), spaces.units().len());
    for (no, unit) in spaces.units().iter().enumerate() {
        calendar.set_in_service(no, &unit.in_service);
    }
    let mut after = None;
    loop {
        let page = store.reader().ledger_page(after, ENTRIES_A_PAGE).await?;
        for (unit, night, night_use) in &page {
            if let Some(no) = spaces.no(*unit) {
                calendar.set(no, *night, Some(*night_use));
            }
        }
        match page.last() {
            Some((unit, night, _)) if page.len() as u64 == ENTRIES_A_PAGE => after = Some((*unit, *night)),
            _ => return Ok(State { calendar, spaces: Arc::new(spaces) }),
        }
    }
}

impl Engine {
    /// Catches up with what other processes changed. Cheap when nothing was: call it a few times a second.
    pub async fn catch_up(&self) -> Result<(), Fault> {
        self.note_used_tokens().await?;
        self.lapse_due().await?;
        let mut mark = self.mark.lock().await;
        let doubts = self.live.take_doubts();
        let caught_up = self.read_again(&mut mark, &doubts).await;
        if caught_up.is_err() {
            self.live.doubt_units(doubts.units);
            if doubts.spaces {
                self.live.doubt_spaces();
            }
        }
        caught_up
    }

    async fn read_again(&self, mark: &mut Mark, doubts: &Doubts) -> Result<(), Fault> {
        if doubts.spaces {
            self.live.reread_spaces(&self.store, self.today()).await?;
        }
        if !doubts.units.is_empty() {
            let units: Vec<UnitId> = doubts.units.iter().copied().collect();
            self.live.reread_nights(&self.store, &units).await?;
        }
        let data_version = self.store.data_version().await?;
        if data_version.is_some() && data_version == mark.data_version {
            return Ok(());
        }
        let (changes, change) = self.store.reader().changes_since(mark.change, self.origin).await?;
        let today = self.today();
        if changes.spaces {
            self.live.reread_spaces(&self.store, today).await?;
            self.forget_tokens();
            self.forget_sessions();
        }
        let units: Vec<UnitId> = changes.units.into_iter().collect();
        if !units.is_empty() {
            self.live.reread_nights(&self.store, &units).await?;
        }
        *mark = Mark { change, data_version };
        if changes.spaces || !units.is_empty() {
            self.note_next_lapse().await?;
            let span = self.live.look(|calendar, _| calendar.span());
            // Nobody listening is no failure.
            let _ = self.board.send(BoardChange { units, nights: span });
        }
        Ok(())
    }
}
