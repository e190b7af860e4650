//! `safespace audit`: whether the audit is whole.

use std::{fmt::Write as _, path::PathBuf, process::ExitCode};

use clap::{Args, Subcommand};
use safespace_engine::AuditReport;

use crate::{
    config::Place,
    failure::{FAILED, Failure},
    print::say,
};

/// Where the audit's checkpoints are.
#[derive(Args, Clone, Debug)]
pub struct Checkpoints {
    /// The file of the audit's checkpoints, which tell when its end was cut off. Keep it, or a copy, where those who
    /// look after the database can't write. Without it, beside the key file.
    #[arg(long, env = "SAFESPACE_CHECKPOINTS")]
    checkpoints: Option<PathBuf>,
}

impl Checkpoints {
    /// The file: as said, or beside the key file.
    pub fn file(&self, place: &Place) -> Result<PathBuf, Failure> {
        match &self.checkpoints {
            Some(file) => Ok(file.clone()),
            None => Ok(place.key_file()?.with_extension("checkpoints")),
        }
    }
}

/// What can be done with the audit.
#[derive(Subcommand)]
pub enum Command {
    /// Check that no record of the audit was changed, taken away, put in or cut off. Ends with 0 when it is whole, with 1
    /// and the first broken record when it is not.
    Verify(Checkpoints),
    /// Write down, signed, how far the audit has come. The service does so at its start, every hour and at its end.
    Checkpoint(Checkpoints),
}

/// Carries it out.
pub async fn run(place: &Place, command: Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Verify(checkpoints) => verify(place, &checkpoints).await,
        Command::Checkpoint(checkpoints) => {
            let file = checkpoints.file(place)?;
            let records = place.with_engine(async |engine| Ok(engine.checkpoint(&file).await?)).await?;
            say(&format!("The checkpoint vouches for {} of the audit.\n", counted(records, "record")))?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

async fn verify(place: &Place, checkpoints: &Checkpoints) -> Result<ExitCode, Failure> {
    let file = checkpoints.file(place)?;
    let report = place.with_engine(async |engine| Ok(engine.verify_audit(Some(&file)).await?)).await?;
    say(&words(&report))?;
    Ok(if report.is_whole() { ExitCode::SUCCESS } else { ExitCode::from(FAILED) })
}

fn counted(n: impl TryInto<u64>, what: &str) -> String {
    match n.try_into().unwrap_or(0) {
        1 => format!("1 {what}"),
        n => format!("{n} {what}s"),
    }
}

fn words(report: &AuditReport) -> String {
    let mut text = String::new();
    // Writing to a string can't fail.
    for broken in &report.breaks {
        let _ = writeln!(text, "BROKEN: {broken}.");
    }
    for line in &report.bad_lines {
        let _ = writeln!(
            text,
            "BROKEN: line {line} of the file of checkpoints is not as the service wrote it, or the one before it is \
             missing."
        );
    }
    for broken in &report.deny_lists {
        let _ = writeln!(text, "BROKEN: {broken}.");
    }
    if report.breaks.is_empty() {
        let _ = writeln!(text, "The audit is whole: {} checked.", counted(report.records, "record"));
    }
    if report.unchained > 0 {
        let _ = writeln!(
            text,
            "{} from before the audit was chained, for which nothing vouches.",
            counted(report.unchained, "record")
        );
    }
    let _ = match (report.checkpoints, report.last_checkpoint) {
        (None, _) => writeln!(
            text,
            "There is no file of checkpoints: had the end of the audit been cut off, it could not be told."
        ),
        (Some(n), Some(last)) => {
            writeln!(text, "Compared with {}, the last of {last}.", counted(n as u64, "checkpoint"))
        }
        (Some(_), None) => writeln!(
            text,
            "There is no good checkpoint in the file: had the end of the audit been cut off, it could not be told."
        ),
    };
    text
}
