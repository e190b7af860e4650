//! `safespace export`: sheets that people take away, fill in and bring back.

use std::{
    fs,
    io::{IsTerminal, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Args, ValueEnum};

use crate::{config::Place, failure::Failure, print::say_bytes};

/// What to export, and where to.
#[derive(Args)]
pub struct Arguments {
    /// What.
    #[arg(value_enum)]
    what: What,
    /// Only what is in this place: its code. For counts.
    #[arg(long, env = "SAFESPACE_PLACE")]
    place: Option<String>,
    /// How it is written.
    #[arg(long, value_enum, default_value_t = Format::Csv, env = "SAFESPACE_FORMAT")]
    format: Format,
    /// A new file to write it to. Without it, standard output.
    #[arg(long, env = "SAFESPACE_OUTPUT")]
    output: Option<PathBuf>,
}

/// What there is to export.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// The catalogue.
    Items,
    /// What is on hand, with room for what is counted.
    Counts,
}

/// How a sheet is written.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Comma-separated values.
    Csv,
    /// A workbook, set up to be printed on A4.
    Xlsx,
}

/// Carries it out.
pub async fn export(place: &Place, arguments: &Arguments) -> Result<ExitCode, Failure> {
    if arguments.what == What::Items && arguments.place.is_some() {
        return Err(Failure::wrong_call("--place is for counts: the catalogue is of no place"));
    }
    let to_screen = arguments.output.is_none() && std::io::stdout().is_terminal();
    if arguments.format == Format::Xlsx && to_screen {
        return Err(Failure::wrong_call("a workbook can't be shown here: give --output FILE"));
    }
    let sheet = place
        .with_engine(async |engine| {
            let local = engine.local();
            Ok(match arguments.what {
                What::Items => engine.items_sheet(&local).await?,
                What::Counts => engine.count_sheet(&local, arguments.place.as_deref()).await?,
            })
        })
        .await?;
    let bytes = match arguments.format {
        Format::Csv => sheet.to_csv()?,
        Format::Xlsx => sheet.to_xlsx()?,
    };
    match &arguments.output {
        None => say_bytes(&bytes)?,
        Some(file) => fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(file)
            .and_then(|mut file| file.write_all(&bytes).and_then(|()| file.sync_all()))
            .map_err(|error| Failure::failed(format!("the export can't be written: {error}")))?,
    }
    Ok(ExitCode::SUCCESS)
}
