//! The steps of a stay with who took them, told from the audit: there alone nothing that was taken back is lost.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use safespace_domain::{
    AccountId,
    access::{Actor, Permission},
    departure_changes::DepartureChange,
    nights::Nights,
    stay_steps::{StayStep, steps},
    stays::{Stay, StayState},
};
use safespace_store::{AuditFilter, FoundRecord, Page};
use serde_json::Value;
use uuid::Uuid;

use crate::{Engine, EngineError};

/// So many records of a stay are read.
const MOST_RECORDS: u64 = 1_000;

/// Who took a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taker {
    /// Somebody of the team, by the name that they sign in with: a pseudonym.
    Person(String),
    /// A program, by its token.
    Program,
    /// The service itself, or its command line.
    Service,
}

/// A step of a stay. When it was taken and by whom a file of past records may not say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepTaken {
    /// When.
    pub at: Option<DateTime<Utc>>,
    /// By whom.
    pub by: Option<Taker>,
    /// What.
    pub what: StayStep,
}

impl Engine {
    /// The steps of a stay, in the order in which they were taken. Empty for a stay from a file that nobody has changed
    /// since.
    ///
    /// Whoever may see stays may see these records of the audit, and no others: what a stay was is told by them, and no
    /// reason that somebody gave.
    pub async fn stay_steps(&self, actor: &Actor, stay: &Stay) -> Result<Vec<StepTaken>, EngineError> {
        self.must(actor, Permission::SeeStays)?;
        self.must_be_open_to(actor, stay.household, "stay")?;
        let filter = AuditFilter {
            case: Some(stay.household),
            // A move is a record of the stay that it closes.
            subjects: std::iter::once(stay.id).chain(stay.moved_from).map(|id| id.0).collect(),
            ..AuditFilter::default()
        };
        let page = Page { after: None, limit: MOST_RECORDS };
        let mut records = self.store.reader().search_audit(&filter, page).await?;
        records.reverse();
        let ids: Vec<AccountId> = records.iter().filter_map(|record| record.by).map(AccountId).collect();
        let accounts = self.store.reader().accounts_by_id(&ids).await?;
        let names: BTreeMap<Uuid, String> =
            accounts.into_iter().map(|account| (account.id.0, account.name)).collect();
        let changes = self.store.reader().departure_changes(&[stay.id]).await?;
        let mut before: Option<Stay> = None;
        let mut all = Vec::new();
        for record in records {
            for after in stays_in(&record.detail).into_iter().filter(|after| after.id == stay.id) {
                if before.is_none() && after.booked_at != record.at {
                    let first = before_the_first(&after, &record, &changes);
                    all.extend(not_on_record(&first));
                    before = Some(first);
                }
                let taken = steps(before.as_ref(), &after, record.at);
                let by = || Some(taker(&record, &names));
                all.extend(taken.into_iter().map(|what| StepTaken { at: Some(record.at), by: by(), what }));
                before = Some(after);
            }
        }
        Ok(all)
    }
}

/// A stay from a file, as it was before the first change of it that is on record.
fn before_the_first(after: &Stay, record: &FoundRecord, changes: &[DepartureChange]) -> Stay {
    let state = match (record.action.as_str(), after.state) {
        ("check_in" | "cancel_stay" | "mark_no_show", _) => StayState::Booked,
        ("check_out" | "move_stay", StayState::Departed { arrived_at, .. }) => {
            StayState::InResidence { arrived_at }
        }
        ("reinstate_stay", StayState::InResidence { arrived_at }) => {
            StayState::Departed { arrived_at, departed_at: None, moved_to: None }
        }
        (_, state) => state,
    };
    let change = changes.iter().find(|change| change.at == record.at);
    let departure = change.map_or(after.planned.departure(), |change| change.before);
    Stay { state, planned: Nights::between(after.planned.arrival(), departure), ..after.clone() }
}

/// What is known of how a stay from a file came to be as it was.
fn not_on_record(stay: &Stay) -> Vec<StepTaken> {
    let at = |what: &StayStep| match (what, stay.state) {
        (StayStep::Booked { .. }, _) => Some(stay.booked_at),
        (
            StayStep::Arrived { .. },
            StayState::InResidence { arrived_at } | StayState::Departed { arrived_at, .. },
        ) => arrived_at,
        (StayStep::Left { .. }, StayState::Departed { departed_at, .. }) => departed_at,
        (_, StayState::Cancelled { at } | StayState::NoShow { at }) => at,
        _ => None,
    };
    let steps = steps(None, stay, stay.booked_at).into_iter();
    steps.map(|what| StepTaken { at: at(&what), by: None, what }).collect()
}

fn taker(record: &FoundRecord, names: &BTreeMap<Uuid, String>) -> Taker {
    match record.by {
        None => Taker::Service,
        Some(by) => names.get(&by).map_or(Taker::Program, |name| Taker::Person(name.clone())),
    }
}

/// The stays that the facts of a record show as they were kept: one alone, or beside the hold that it was booked by, or
/// beside the stay that it goes on from.
fn stays_in(detail: &str) -> Vec<Stay> {
    let parts = match serde_json::from_str::<Value>(detail) {
        Ok(Value::Array(parts)) => parts,
        Ok(alone) => vec![alone],
        Err(_) => Vec::new(),
    };
    parts.into_iter().filter_map(|part| serde_json::from_value(part).ok()).collect()
}
