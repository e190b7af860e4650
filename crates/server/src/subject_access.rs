//! `safespace subject-access`: everything that is held on a household.

use std::{fs, io::Write, path::PathBuf, process::ExitCode};

use clap::{Args, ValueEnum};

use crate::{config::Place, failure::Failure, print::say};

/// How the export is written.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// For programs.
    Json,
    /// A page to read and to print.
    Html,
}

/// What to export, and where to.
#[derive(Args)]
pub struct Arguments {
    /// The household's reference.
    #[arg(long)]
    household: String,
    /// Why, which is recorded.
    #[arg(long, default_value = "They asked for what is held on them.")]
    reason: String,
    /// How it is written.
    #[arg(long, value_enum, default_value = "json")]
    format: Format,
    /// A new file to write it to, which only its owner can read. Without it, standard output.
    #[arg(long)]
    output: Option<PathBuf>,
}

/// Exports it.
pub async fn run(place: &Place, arguments: &Arguments) -> Result<ExitCode, Failure> {
    let held = place.with_engine(async |engine| {
        let local = engine.local().into();
        Ok(engine.subject_access(&local, &arguments.household, &arguments.reason).await?)
    });
    let held = held.await?;
    let text = match arguments.format {
        Format::Json => format!("{}\n", held.to_json()?),
        Format::Html => safespace_web::subject_access_page(&held)
            .map_err(|_| Failure::failed("the page can't be written"))?,
    };
    match &arguments.output {
        None => say(&text)?,
        Some(file) => {
            let mut options = fs::OpenOptions::new();
            options.write(true).create_new(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            options
                .open(file)
                .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
                .map_err(|error| Failure::failed(format!("the export can't be written: {error}")))?;
            say("The export is written. Confidential: hand it over safely, then delete it.\n")?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
