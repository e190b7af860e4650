//! Checkpoints of the audit: how far each lane had come at a moment, signed, in a file outside the database. What is cut
//! off the end of a chain leaves a chain that is whole; only somebody who remembers the end can tell.

use std::{
    collections::BTreeMap,
    fs,
    io::{ErrorKind, Read, Seek, SeekFrom, Write},
    path::Path,
};

use chrono::{DateTime, Utc};
use safespace_store::LaneHead;
use serde::{Deserialize, Serialize};

use crate::{
    Engine, Fault,
    keys::{Vault, from_hex, to_hex},
};

/// What can be wrong with the file of checkpoints.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// It can't be read or written.
    #[error("the file of the audit's checkpoints can't be used: {0}")]
    Unusable(String),
}

impl From<std::io::Error> for CheckpointError {
    fn from(error: std::io::Error) -> Self {
        Self::Unusable(error.to_string())
    }
}

/// A line of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    at: DateTime<Utc>,
    /// The records that the audit has from before the chain.
    unchained: i64,
    /// Lane, number and code of the last record of each lane that has one.
    lanes: Vec<(i32, i64, String)>,
    /// The code of the checkpoint before this one, so that none can be taken out of the middle.
    after: String,
    code: String,
}

impl Line {
    fn signature(&self, vault: &Vault) -> String {
        let mut bytes = b"checkpoint".to_vec();
        bytes.extend_from_slice(&self.at.timestamp_micros().to_le_bytes());
        bytes.extend_from_slice(&self.unchained.to_le_bytes());
        let mut text = |text: &str| {
            bytes.extend_from_slice(&(text.len() as u64).to_le_bytes());
            bytes.extend_from_slice(text.as_bytes());
        };
        text(&self.after);
        for (lane, number, mac) in &self.lanes {
            text(&format!("{lane} {number} {mac}"));
        }
        to_hex(&vault.audit_code(&bytes))
    }

    /// The line that this text is, if it was signed with the key.
    fn read(text: &str, vault: &Vault) -> Option<Self> {
        let line: Self = serde_json::from_str(text).ok()?;
        // Compared as codes of the codes: how long that takes tells nothing of the right one.
        let blind = |code: &str| vault.audit_code(code.as_bytes());
        (blind(&line.code) == blind(&line.signature(vault))).then_some(line)
    }
}

/// The file's checkpoints, checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Checkpoints {
    /// How many there are that are good.
    pub(crate) good: usize,
    /// When the last one was made.
    pub(crate) last: Option<DateTime<Utc>>,
    /// The lines that are not as they were written, or before which one is missing; from 1.
    pub(crate) bad_lines: Vec<usize>,
    /// The codes that records must have, by lane and number, and since when that is signed.
    pub(crate) expected: BTreeMap<(i32, i64), (String, DateTime<Utc>)>,
    /// How many records from before the chain there must be.
    pub(crate) unchained: Option<i64>,
}

impl Checkpoints {
    /// Reads the file. None where there is none.
    pub(crate) fn read(file: &Path, vault: &Vault) -> Result<Option<Self>, CheckpointError> {
        let bytes = match fs::read(file) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let text = String::from_utf8_lossy(&bytes);
        let mut read = Self::default();
        let mut before = String::new();
        for (n, text) in (1..).zip(text.lines()) {
            let Some(line) = Line::read(text, vault) else {
                read.bad_lines.push(n);
                continue;
            };
            if line.after != before {
                read.bad_lines.push(n);
            }
            before = line.code;
            read.good += 1;
            read.last = Some(line.at);
            read.unchained = Some(line.unchained);
            for (lane, number, mac) in line.lanes {
                read.expected.entry((lane, number)).or_insert((mac, line.at));
            }
        }
        Ok(Some(read))
    }
}

impl Engine {
    /// Adds a checkpoint of the audit to a file, which is made where it is not there yet, for its owner only. Returns
    /// how many records it vouches for.
    pub async fn checkpoint(&self, file: &Path) -> Result<i64, Fault> {
        let read = self.store.reader();
        let heads: Vec<LaneHead> =
            read.lane_heads().await?.into_iter().filter(|head| head.number > 0).collect();
        let records = heads.iter().map(|head| head.number).sum();
        let line = Line {
            at: self.clock.now(),
            unchained: read.unchained_count().await?,
            lanes: heads.into_iter().map(|head| (head.lane, head.number, to_hex(&head.mac))).collect(),
            after: String::new(),
            code: String::new(),
        };
        append(file, line, &self.vault)?;
        Ok(records)
    }
}

fn append(file: &Path, mut line: Line, vault: &Vault) -> Result<(), CheckpointError> {
    let mut options = fs::OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(file)?;
    // Another process may be adding one; the lock goes with the file.
    file.lock()?;
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let before = text.lines().rev().find_map(|text| Line::read(text, vault));
    line.after = before.map(|line| line.code).unwrap_or_default();
    line.code = line.signature(vault);
    let mut text = serde_json::to_string(&line)
        .map_err(|_| CheckpointError::Unusable("a checkpoint can't be written as JSON".into()))?;
    text.push('\n');
    if bytes.last().is_some_and(|last| *last != b'\n') {
        // The last one was cut short by a crash: this one begins a line of its own.
        text.insert(0, '\n');
    }
    file.write_all(text.as_bytes())?;
    Ok(file.sync_all()?)
}

/// Whether a record's code is the one that a checkpoint has written down.
pub(crate) fn is_code(written: &str, mac: &[u8]) -> bool {
    from_hex(written).is_ok_and(|written| written.as_slice() == mac)
}
