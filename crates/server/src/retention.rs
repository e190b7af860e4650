//! `safespace retention`: what has been kept for long enough goes.

use std::{fmt::Write as _, process::ExitCode};

use clap::Subcommand;
use safespace_engine::RetentionRun;

use crate::{config::Place, failure::Failure, print::say};

/// What is true of every erasure.
const BACKUPS: &str = "Backups that were made before keep it until they expire.\n";

/// What can be done about retention.
#[derive(Subcommand)]
pub enum Command {
    /// Take away what has been kept for long enough, by the policies that managers keep. Broken off, it may be run again.
    Run {
        /// Only say what is due; change nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Erase a household now: its key is destroyed; its nights stay, and are nobody's.
    Erase {
        /// The household's reference.
        #[arg(long)]
        household: String,
        /// Why. It is kept after the erasure: name nobody in it.
        #[arg(long)]
        reason: String,
    },
}

/// Carries it out.
pub async fn run(place: &Place, command: Command) -> Result<ExitCode, Failure> {
    let engine = place.open().await?;
    let local = engine.local().into();
    let done = match command {
        Command::Run { dry_run } => {
            let run = if dry_run { RetentionRun::Count } else { RetentionRun::TakeAway };
            engine.retention_run(&local, run).await.map(|counts| {
                let mut text = String::new();
                for count in &counts {
                    let (kind, days) = (count.policy.kind, count.policy.days);
                    // Writing into a text does not fail.
                    let _ = writeln!(text, "{kind}: {} (kept for {days} days)", count.records);
                }
                text.push_str(if dry_run { "This is due, and nothing was changed.\n" } else { BACKUPS });
                text
            })
        }
        Command::Erase { household, reason } => engine
            .erase_household(&local, &household, &reason)
            .await
            .map(|erased| format!("Erased; its nights are now those of \"{}\". {BACKUPS}", erased.reference)),
    };
    engine.close().await?;
    say(&done?)?;
    Ok(ExitCode::SUCCESS)
}
