//! `safespace keys`: the root keys, which wrap every data key.

use std::{fmt::Write as _, process::ExitCode};

use clap::Subcommand;
use safespace_engine::{KeysStatus, Rotated};

use crate::{
    config::Place,
    failure::{FAILED, Failure},
    print::say,
};

/// What can be done with the root keys.
#[derive(Subcommand)]
pub enum Command {
    /// Have a new root key take over from the one there is, while the service runs. Ended half-way and run again, it goes
    /// on. Back up the key file before and after: a backup of the database needs the root key of its own time.
    Rotate,
    /// Say which root keys there are, told apart by marks, and what each is needed for.
    Status,
}

/// Carries it out.
pub async fn run(place: &Place, command: Command) -> Result<ExitCode, Failure> {
    let told = place.with_engine(async |engine| match command {
        Command::Rotate => {
            let rotated = engine.rotate_keys(&engine.local()).await?;
            Ok((rotation(&rotated), rotated.damaged > 0))
        }
        Command::Status => {
            let status = engine.keys_status(&engine.local()).await?;
            Ok((words(&status), status.damaged > 0))
        }
    });
    let (text, is_damaged) = told.await?;
    say(&text)?;
    Ok(if is_damaged { ExitCode::from(FAILED) } else { ExitCode::SUCCESS })
}

fn damaged(text: &mut String, n: u64) {
    if n > 0 {
        // Writing to a string can't fail.
        let _ = writeln!(
            text,
            "{n} data keys are opened by no root key: they were damaged, or the key is missing that they were wrapped \
             with. Restore them from a backup; no root key is dropped until then."
        );
    }
}

fn rotation(rotated: &Rotated) -> String {
    let mut text = String::new();
    let how =
        if rotated.made { "A new root key has taken over" } else { "The newest root key has taken over" };
    let _ = writeln!(text, "{how}: {} data keys were wrapped afresh.", rotated.wrapped);
    if rotated.dropped > 0 {
        let _ = writeln!(
            text,
            "The root keys before it are gone from the key file ({}). Back the file up now; keep the old backup as long \
             as backups of the database from before today.",
            rotated.dropped
        );
    }
    if rotated.to_drop > 0 {
        text.push_str(
            "Nothing needs the root keys before it: take them out of SAFESPACE_KEY, and keep them as long as backups of \
             the database from before today.\n",
        );
    }
    damaged(&mut text, rotated.damaged);
    text
}

fn words(status: &KeysStatus) -> String {
    let mut text = String::new();
    for key in &status.keys {
        let use_of = if key.is_current { "current" } else { "older, or about to take over" };
        let _ = writeln!(text, "root key {}: {use_of}; {} data keys", key.mark, key.data_keys);
    }
    damaged(&mut text, status.damaged);
    if status.damaged == 0 && !status.is_settled() {
        text.push_str(
            "A rotation is under way or was ended half-way: `safespace keys rotate` goes on with it.\n",
        );
    }
    text
}
