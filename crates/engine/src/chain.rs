//! Verifying the audit: every code is made afresh, lane by lane, and compared.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::Path,
};

use chrono::{DateTime, Utc};
use safespace_domain::HouseholdId;
use safespace_store::{ChainedRecord, LaneHead};
use uuid::Uuid;

use crate::{
    Engine, Fault,
    checkpoints::{Checkpoints, is_code},
};

/// Records that are read at once.
const PAGE: u64 = 5_000;
/// So often the deny-lists are compared before they are said to be wrong.
const LOOKS: usize = 3;

/// What was done to the audit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BreakKind {
    /// A record is not as it was written.
    Changed,
    /// A record is not there, and later ones of its lane are.
    Missing,
    /// A record is there that the service did not write.
    Inserted,
    /// The end of a lane is not there.
    CutOff,
    /// A record is not the one that a checkpoint vouches for, although the chain is whole: this is another history, for
    /// instance an older copy of the database that went on.
    OtherHistory,
}

impl fmt::Display for BreakKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Changed => "was changed",
            Self::Missing => "is missing",
            Self::Inserted => "was inserted",
            Self::CutOff => "is cut off, with all that came after it",
            Self::OtherHistory => "is not the one that a checkpoint vouches for",
        })
    }
}

/// A place where the audit is not whole. Nothing in it is confidential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Break {
    /// What was done.
    pub kind: BreakKind,
    /// In which lane; none for a record that has no place in the chain.
    pub lane: Option<i32>,
    /// The record's number in the lane.
    pub number: Option<i64>,
    /// The record's time; of one that is not there, the time of the next one, or of the checkpoint that knows it.
    pub at: Option<DateTime<Utc>>,
    /// What the record says was done; of one that is there.
    pub action: Option<String>,
}

impl fmt::Display for Break {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.lane, self.number) {
            (Some(lane), Some(number)) => write!(f, "record {number} of lane {lane}")?,
            (Some(lane), None) => write!(f, "the head of lane {lane}")?,
            _ => f.write_str("a record without a place in the chain")?,
        }
        let at = self.at.map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true));
        match (&at, &self.action) {
            (Some(at), Some(action)) => write!(f, " ({at}, {action})")?,
            (Some(at), None) => write!(f, " (before {at})")?,
            _ => {}
        }
        write!(f, " {}", self.kind)
    }
}

/// What verifying found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditReport {
    /// Records whose codes were compared.
    pub records: u64,
    /// Records from before the chain, which nothing vouches for.
    pub unchained: i64,
    /// The first break of each lane, earliest first.
    pub breaks: Vec<Break>,
    /// How many checkpoints were compared with; none where there is no file.
    pub checkpoints: Option<usize>,
    /// When the last good one was made.
    pub last_checkpoint: Option<DateTime<Utc>>,
    /// The lines of the file that are not as they were written, or before which one is missing; from 1.
    pub bad_lines: Vec<usize>,
    /// Where the deny-lists are not what the audit tells.
    pub deny_lists: Vec<DenyListBreak>,
}

/// A case that is not closed to somebody as the audit tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DenyListBreak {
    /// The case.
    pub household: HouseholdId,
    /// The account or token.
    pub denied: Uuid,
    /// Whether the audit says that it is closed to them; the database says the other.
    pub closed_by_audit: bool,
}

impl fmt::Display for DenyListBreak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { household, denied, closed_by_audit } = self;
        let (audit, database) = if *closed_by_audit { ("closed", "open") } else { ("open", "closed") };
        write!(
            f,
            "the case of household {household} is {audit} to {denied} by the audit, and {database} in the database"
        )
    }
}

impl AuditReport {
    /// Whether nothing was found to be wrong.
    pub fn is_whole(&self) -> bool {
        self.breaks.is_empty() && self.bad_lines.is_empty() && self.deny_lists.is_empty()
    }
}

impl Engine {
    /// Compares every record of the audit with its code, and with the checkpoints in the file where there is one. The
    /// service may go on writing meanwhile.
    pub async fn verify_audit(&self, checkpoints: Option<&Path>) -> Result<AuditReport, Fault> {
        let checkpoints = match checkpoints {
            Some(file) => Checkpoints::read(file, &self.vault)?,
            None => None,
        };
        let read = self.store.reader();
        let mut report = AuditReport {
            unchained: read.unchained_count().await?,
            checkpoints: checkpoints.as_ref().map(|read| read.good),
            last_checkpoint: checkpoints.as_ref().and_then(|read| read.last),
            bad_lines: checkpoints.as_ref().map(|read| read.bad_lines.clone()).unwrap_or_default(),
            ..AuditReport::default()
        };
        let signed = checkpoints.unwrap_or_default();
        if let Some((at, action)) = read.stray_record().await? {
            report.breaks.push(stray(Some(at), Some(action)));
        } else if signed.unchained.is_some_and(|signed| signed != report.unchained) {
            let kind = match signed.unchained {
                Some(signed) if signed > report.unchained => BreakKind::Missing,
                _ => BreakKind::Inserted,
            };
            report.breaks.push(Break { kind, ..stray(None, None) });
        }
        let heads = read.lane_heads().await?;
        for head in &heads {
            let of_lane = |((lane, number), expected): (&(i32, i64), &(String, DateTime<Utc>))| {
                (*lane == head.lane).then(|| (*number, expected.clone()))
            };
            let expected = signed.expected.iter().filter_map(of_lane).collect();
            let broken = self.verify_lane(head, expected, &mut report.records).await?;
            report.breaks.extend(broken);
        }
        // A lane that is gone as a whole, with its head.
        for ((lane, number), (_, at)) in &signed.expected {
            let known = heads.iter().any(|head| head.lane == *lane)
                || report.breaks.iter().any(|broken| broken.lane == Some(*lane));
            if !known {
                report.breaks.push(Break {
                    kind: BreakKind::CutOff,
                    lane: Some(*lane),
                    number: Some(*number),
                    at: Some(*at),
                    action: None,
                });
            }
        }
        report.breaks.sort_by_key(|broken| (broken.at, broken.lane));
        report.deny_lists = self.verify_deny_lists().await?;
        Ok(report)
    }

    /// Where the deny-lists are not what the audit tells. A row that was taken out leaves nothing else behind.
    async fn verify_deny_lists(&self) -> Result<Vec<DenyListBreak>, Fault> {
        let mut breaks = Vec::new();
        // A case may be closed or opened between the two looks: what is wrong stays wrong.
        for _ in 0..LOOKS {
            let audit = pairs(self.store.reader().restricted_by_audit().await?);
            let there = pairs(self.store.reader().restricted().await?);
            let by_audit = |closed_by_audit| {
                move |&(denied, household): &_| DenyListBreak { household, denied, closed_by_audit }
            };
            let taken_out = audit.difference(&there).map(by_audit(true));
            breaks = taken_out.chain(there.difference(&audit).map(by_audit(false))).collect();
            if breaks.is_empty() {
                break;
            }
        }
        Ok(breaks)
    }

    /// The first break of a lane.
    async fn verify_lane(
        &self,
        head: &LaneHead,
        mut expected: BTreeMap<i64, (String, DateTime<Utc>)>,
        count: &mut u64,
    ) -> Result<Option<Break>, Fault> {
        let make = |bytes: &[u8]| self.vault.audit_code(bytes);
        let (mut last, mut mac) = (0_i64, Vec::new());
        let mut place = (i64::MIN, i64::MIN);
        loop {
            let page = self.store.reader().chained(head.lane, place, PAGE).await?;
            let Some(end) = page.last() else { break };
            place = (end.number, end.seq);
            for record in page {
                if let Some(kind) = wrong(&record, last, &mac, head, &make) {
                    return Ok(Some(broken(kind, &record, last)));
                }
                if expected.remove(&record.number).is_some_and(|(code, _)| !is_code(&code, &record.mac)) {
                    return Ok(Some(broken(BreakKind::OtherHistory, &record, last)));
                }
                if record.number == head.number && record.mac != head.mac {
                    return Ok(Some(Break { number: None, ..broken(BreakKind::Changed, &record, last) }));
                }
                (last, mac) = (record.number, record.mac);
                *count += 1;
            }
        }
        let missing = |number, at| Break {
            kind: BreakKind::CutOff,
            lane: Some(head.lane),
            number: Some(number),
            at,
            action: None,
        };
        if let Some((_, at)) = expected.into_values().next() {
            return Ok(Some(missing(last + 1, Some(at))));
        }
        if last < head.number {
            return Ok(Some(missing(last + 1, None)));
        }
        // Records and head are committed together: whoever put the head back left the records, or wrote some.
        let now = self.store.reader().lane_head(head.lane).await?;
        if now.is_none_or(|now| now.number < last) {
            return Ok(Some(Break { kind: BreakKind::Changed, number: None, ..missing(last, None) }));
        }
        Ok(None)
    }
}

/// To whom which cases are closed, one by one.
fn pairs(closed: BTreeMap<Uuid, BTreeSet<HouseholdId>>) -> BTreeSet<(Uuid, HouseholdId)> {
    let each = |(denied, households): (Uuid, BTreeSet<HouseholdId>)| {
        households.into_iter().map(move |household| (denied, household))
    };
    closed.into_iter().flat_map(each).collect()
}

/// What is wrong with a record that comes after the one with number `last` and this code, if anything is.
fn wrong(
    record: &ChainedRecord,
    last: i64,
    mac: &[u8],
    head: &LaneHead,
    make: &(dyn Fn(&[u8]) -> [u8; 32] + Send + Sync),
) -> Option<BreakKind> {
    if record.number <= last {
        return Some(BreakKind::Inserted);
    }
    if record.number > last + 1 {
        return Some(if record.number > head.number && last >= head.number {
            BreakKind::Inserted
        } else {
            BreakKind::Missing
        });
    }
    if record.code(mac, make).as_slice() == record.mac {
        return None;
    }
    Some(if record.number > head.number { BreakKind::Inserted } else { BreakKind::Changed })
}

fn broken(kind: BreakKind, record: &ChainedRecord, last: i64) -> Break {
    let is_there = kind != BreakKind::Missing;
    Break {
        kind,
        lane: Some(record.lane),
        number: Some(if is_there { record.number } else { last + 1 }),
        at: Some(record.at),
        action: is_there.then(|| record.action.clone()),
    }
}

fn stray(at: Option<DateTime<Utc>>, action: Option<String>) -> Break {
    Break { kind: BreakKind::Inserted, lane: None, number: None, at, action }
}
