//! Bringing in files of past records: spaces, then voids, then stays in order of arrival, then referrals as they came.
//!
//! What really happened is recorded even when it broke the seven-night rule: it is flagged, not refused. A row is
//! planned against a copy of the calendar that knows what the rows before it took, and written with some hundred
//! others in one transaction; where the database refuses one of them, each is written on its own, so that only the
//! guilty row is refused. The same files again change nothing.
//!
//! A referral of the past that was accepted has become what the stays of its household say.

#[cfg(test)]
mod hostile;
mod referrals;
mod rows;
mod spaces;
mod stays;
mod stock;
mod voids;
mod workbooks;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use csv::StringRecord;
use safespace_domain::{
    HouseholdId, Night, Nights, UnitId,
    access::{Actor, Permission},
    availability::{Exclusion, Spaces},
    calendar::{Calendar, UnitNo},
    clock::service_day,
    details::Details,
    households::Household,
    ledger::Entry,
    needs::Needs,
    nights::{earlier, later, next},
    stays::Stay,
    units::Scheme,
};
use safespace_store::{AuditRecord, StoreError, StoredReferral, StoredStay, StoredVoid, Tx};
use uuid::Uuid;

pub(crate) use rows::NO_ALLERGEN;
pub use rows::{Files, StockFiles, WrongFile};

use crate::{Engine, EngineError, Fault, calendar::Cell};

/// So many rows are written in one transaction.
const ROWS_TOGETHER: usize = 500;
/// How often a row is tried that gave way to others.
const TRIES: u32 = 6;

/// Whether anything is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Bring the rows in.
    Write,
    /// Only say what would happen.
    DryRun,
}

/// What came of the rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Rows read.
    pub read: usize,
    /// Rows brought in now.
    pub imported: usize,
    /// Rows that were there already, as they are.
    pub unchanged: usize,
    /// Of those brought in, stays longer than the policy allows.
    pub flagged: usize,
    /// Districts that were not known; added as partners.
    pub new_districts: Vec<String>,
    /// Rows that were refused.
    pub refused: Vec<RefusedRow>,
}

/// A row that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedRow {
    /// Of which file.
    pub file: &'static str,
    /// On which line.
    pub line: u64,
    /// Why, in words.
    pub why: String,
    /// The row as it stood in the file, its cells in the order of the columns.
    pub cells: StringRecord,
}

impl RefusedRow {
    /// The names of the cells.
    pub fn columns(&self) -> &'static [&'static str] {
        rows::columns(self.file)
    }
}

/// A row that is about to be written.
struct Planned {
    file: &'static str,
    line: u64,
    cells: StringRecord,
    household: Option<Household>,
    stay: Option<StoredStay>,
    void: Option<StoredVoid>,
    referral: Option<UnsealedReferral>,
    entries: Vec<Entry>,
    record: AuditRecord,
    flagged: bool,
}

/// A referral whose words are to be sealed as it is written.
struct UnsealedReferral {
    stored: StoredReferral,
    needs: Needs,
}

impl Planned {
    /// The unit and the nights that the row takes, turnaround aside.
    fn taken(&self, today: Night) -> Option<(UnitId, Nights)> {
        let stay = self.stay.as_ref().map(|stored| (stored.stay.unit, stored.stay.kept(today)));
        let void = self.void.as_ref().map(|stored| (stored.void.unit, stored.void.nights));
        stay.or(void).filter(|_| !self.entries.is_empty())
    }
}

/// Whether rows that were planned together are in the database.
enum Written {
    All,
    /// None is: a unit was taken out of service after they were planned.
    UnitClosed,
}

/// A stay's nights, where they are, for the rules that look at a household as a whole.
#[derive(Clone, Copy)]
struct Whereabouts {
    nights: Nights,
    scheme: Scheme,
    unit: UnitNo,
}

/// An import under way.
struct Import<'e> {
    engine: &'e Engine,
    actor: &'e Actor,
    mode: Mode,
    now: DateTime<Utc>,
    today: Night,
    /// What there is, new units included.
    spaces: Arc<Spaces>,
    /// What is taken, by the rows before included.
    calendar: Calendar,
    households: HashMap<String, HouseholdId>,
    /// Households that the database has.
    written: HashSet<HouseholdId>,
    whereabouts: HashMap<HouseholdId, Vec<Whereabouts>>,
    /// Who is in residence where, now: at most one household in a unit, and in at most one.
    residents: HashMap<UnitId, HouseholdId>,
    /// Stays of a dry run: the referrals after them follow them, and the database has them not.
    dry_stays: HashMap<HouseholdId, Vec<Stay>>,
    report: Report,
}

impl Engine {
    /// Brings files in. `progress` is told after each step how many rows of how many are done.
    pub async fn import(
        &self,
        actor: &Actor,
        files: Files,
        mode: Mode,
        progress: &mut (dyn FnMut(usize, usize) + Send),
    ) -> Result<Report, EngineError> {
        self.must(actor, Permission::ImportRecords)?;
        let now = self.clock.now();
        let (spaces, calendar) = self.live.look(|calendar, spaces| (Arc::clone(spaces), calendar.clone()));
        let mut import = Import {
            engine: self,
            actor,
            mode,
            now,
            today: service_day(now),
            spaces,
            calendar,
            households: HashMap::new(),
            written: HashSet::new(),
            whereabouts: HashMap::new(),
            residents: HashMap::new(),
            dry_stays: HashMap::new(),
            report: Report { read: files.len(), ..Report::default() },
        };
        let Files { spaces, stays, voids, referrals } = files;
        let total = import.report.read;
        let (after_spaces, after_voids) = (spaces.len(), spaces.len() + voids.len());
        let after_stays = after_voids + stays.len();
        import.spaces(spaces).await?;
        progress(after_spaces, total);
        import.voids(voids).await?;
        progress(after_voids, total);
        import.stays(stays, &mut |done| progress(after_voids + done, total)).await?;
        import.referrals(referrals, &mut |done| progress(after_stays + done, total)).await?;
        import.report.refused.sort_by_key(|row| (row.file, row.line));
        Ok(import.report)
    }
}

impl Import<'_> {
    fn refuse(&mut self, file: &'static str, line: u64, cells: StringRecord, why: impl Into<String>) {
        self.report.refused.push(RefusedRow { file, line, why: why.into(), cells });
    }

    fn record(&self, action: &'static str, subject: Uuid, detail: &serde_json::Value) -> AuditRecord {
        let record = self.engine.record_of(self.actor, action, Some(subject));
        AuditRecord { at: self.now, detail: detail.to_string(), ..record }
    }

    /// Writes rows that were planned; one by one where they can't be written together.
    async fn write(&mut self, planned: Vec<Planned>) -> Result<(), EngineError> {
        match self.write_together(&planned).await {
            Ok(Written::All) => {
                self.report.imported += planned.len();
                self.report.flagged += planned.iter().filter(|row| row.flagged).count();
                return Ok(());
            }
            Ok(Written::UnitClosed)
            | Err(EngineError::Fault(Fault::Store(
                StoreError::NightTaken
                | StoreError::HouseholdElsewhere
                | StoreError::InUse(_)
                | StoreError::Deadlock,
            ))) => {}
            Err(error) => return Err(error),
        }
        for row in planned {
            match self.write_alone(&row).await {
                Ok(Written::All) => {
                    self.report.imported += 1;
                    self.report.flagged += usize::from(row.flagged);
                }
                Ok(Written::UnitClosed) => self.lose(row, "the unit was taken out of service"),
                Err(EngineError::Fault(Fault::Store(StoreError::InUse(
                    "stay_imported_as" | "referral_imported_as",
                )))) => self.report.unchanged += 1,
                Err(EngineError::Fault(Fault::Store(
                    error @ (StoreError::NightTaken | StoreError::HouseholdElsewhere | StoreError::InUse(_)),
                ))) => self.lose(row, &error.to_string()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Writes one row; once more where it gave way to another program's change.
    async fn write_alone(&mut self, row: &Planned) -> Result<Written, EngineError> {
        for _ in 0..TRIES {
            match self.write_together(std::slice::from_ref(row)).await {
                Err(EngineError::Fault(Fault::Store(StoreError::Deadlock))) => {}
                done => return done,
            }
        }
        Err(StoreError::Deadlock.into())
    }

    async fn write_together(&mut self, planned: &[Planned]) -> Result<Written, EngineError> {
        if self.mode == Mode::DryRun {
            for StoredStay { stay, .. } in planned.iter().filter_map(|row| row.stay.as_ref()) {
                self.dry_stays.entry(stay.household).or_default().push(stay.clone());
            }
            return Ok(Written::All);
        }
        if planned.is_empty() {
            return Ok(Written::All);
        }
        let live = &self.engine.live;
        let _gate = live.gate.read().await;
        let mut new: HashMap<HouseholdId, Household> = HashMap::new();
        for household in planned.iter().filter_map(|row| row.household.as_ref()) {
            if !self.written.contains(&household.id) {
                new.insert(household.id, household.clone());
            }
        }
        let households: Vec<Household> = new.into_values().collect();
        let stays: Vec<StoredStay> = planned.iter().filter_map(|row| row.stay.clone()).collect();
        let mut entries: Vec<Entry> = planned.iter().flat_map(|row| row.entries.iter().copied()).collect();
        entries.sort_by_key(Entry::key);
        let records: Vec<AuditRecord> = planned.iter().map(|row| row.record.clone()).collect();
        let tx = self.engine.store.begin().await?;
        tx.add_households(&households).await?;
        tx.add_stays(&stays).await?;
        for void in planned.iter().filter_map(|row| row.void.as_ref()) {
            tx.add_void(void).await?;
        }
        for unsealed in planned.iter().filter_map(|row| row.referral.as_ref()) {
            self.add_referral(&tx, unsealed).await?;
        }
        tx.claim(&entries).await?;
        // The nights are in the ledger by now, so a closing that comes later finds them.
        let taken: Vec<_> = planned.iter().filter_map(|row| row.taken(self.today)).collect();
        if !tx.reader().serve(&taken).await? {
            return Ok(Written::UnitClosed);
        }
        self.engine.record(&tx, &records).await?;
        let ticket = live.ticket();
        let committed = tx.commit().await;
        let cells: Vec<Cell> = match committed {
            Ok(()) => {
                entries.iter().map(|entry| (entry.unit, entry.night, Some(entry.take.night_use))).collect()
            }
            Err(_) => {
                live.doubt_units(entries.iter().map(|entry| entry.unit));
                Vec::new()
            }
        };
        live.apply(ticket, cells);
        committed?;
        self.written.extend(households.iter().map(|household| household.id));
        Ok(Written::All)
    }

    async fn add_referral(&self, tx: &Tx, unsealed: &UnsealedReferral) -> Result<(), EngineError> {
        let UnsealedReferral { stored, needs } = unsealed;
        let words = self.engine.sealed_words(tx, stored.referral.id, needs, &Details::default()).await?;
        tx.add_referral(&StoredReferral { words, ..stored.clone() }).await?;
        // What is known of the household already is newer than what a file says.
        if let (Some(household), Some(shares_as)) =
            (stored.referral.household(), stored.referral.facts.shares_as)
            && tx.reader().shares_as_of(&[household].into()).await?.is_empty()
        {
            tx.save_shares_as(household, shares_as).await?;
        }
        Ok(())
    }

    /// Refuses a row for which another program was faster, and takes it out of what the next ones are planned against.
    fn lose(&mut self, row: Planned, why: &str) {
        for entry in &row.entries {
            if let Some(no) = self.spaces.no(entry.unit) {
                self.calendar.set(no, entry.night, None);
            }
        }
        if let Some(StoredStay { stay, .. }) = &row.stay
            && let Some(been) = self.whereabouts.get_mut(&stay.household)
        {
            let nights = stay.kept(self.today);
            been.retain(|other| other.nights != nights);
        }
        self.refuse(row.file, row.line, row.cells, format!("another program was faster: {why}"));
    }

    /// Puts a row's entries into the copy of the calendar.
    fn take(&mut self, entries: &[Entry]) {
        for entry in entries {
            if let Some(no) = self.spaces.no(entry.unit) {
                self.calendar.set(no, entry.night, Some(entry.take.night_use));
            }
        }
    }

    /// Why the unit can't be had on all of these nights, if it can't.
    fn in_the_way(&self, no: UnitNo, nights: Nights) -> Option<String> {
        let (night, by) = nights.iter().find_map(|night| Some((night, self.calendar.use_on(no, night)?)))?;
        let until = std::iter::successors(Some(night), |night| Some(next(*night)))
            .find(|night| self.calendar.use_on(no, *night).is_none())
            .unwrap_or(night);
        let code = self.spaces.unit(no).map_or("the unit", |unit| unit.code.as_str());
        Some(format!("{code} is {}", Exclusion::Taken { night, by, until }))
    }

    /// Makes the copy of the calendar reach these nights, and the new units.
    fn reach(&mut self, nights: Nights) {
        let wider = Nights::between(earlier(nights.arrival(), 31), later(nights.departure(), 62));
        self.calendar.grow(wider, self.spaces.units().len());
        let spaces = Arc::clone(&self.spaces);
        for (no, unit) in spaces.units().iter().enumerate() {
            self.calendar.set_in_service(no, &unit.in_service);
        }
    }
}
