//! `safespace retention`: what has been kept for long enough goes.

use std::{fmt::Write as _, process::ExitCode, sync::Arc};

use clap::Subcommand;
use safespace_engine::{Engine, RetentionRun};

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
    say(&place.with_engine(async |engine| carry_out(engine, command).await).await?)?;
    Ok(ExitCode::SUCCESS)
}

async fn carry_out(engine: &Arc<Engine>, command: Command) -> Result<String, Failure> {
    let local = engine.local().into();
    match command {
        Command::Run { dry_run } => {
            let run = if dry_run { RetentionRun::Count } else { RetentionRun::TakeAway };
            let mut text = String::new();
            for count in engine.retention_run(&local, run).await? {
                let (kind, days) = (count.policy.kind, count.policy.days);
                // Writing into a text does not fail.
                let _ = writeln!(text, "{kind}: {} (kept for {days} days)", count.records);
            }
            text.push_str(if dry_run { "This is due, and nothing was changed.\n" } else { BACKUPS });
            Ok(text)
        }
        Command::Erase { household, reason } => {
            let erased = engine.erase_household(&local, &household, &reason).await?;
            Ok(format!("Erased; its nights are now those of \"{}\". {BACKUPS}", erased.reference))
        }
    }
}
