//! `safespace import`: brings in the files that people have.

use std::{
    fs::File,
    io::{BufRead, BufReader, IsTerminal, Read, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;
use flate2::bufread::MultiGzDecoder;
use safespace_engine::import::{Files, Mode, RefusedRow, Report, WrongFile};

use crate::{
    config::Place,
    failure::{Failure, IN_PART},
};

/// What to bring in.
#[derive(Args)]
pub struct Arguments {
    /// Properties and units: unit,property,scheme,district,sleeps,features,opened_on,closed_on.
    #[arg(long)]
    spaces: Option<PathBuf>,
    /// Stays: reference,property,unit,arrival,departure,status,adults,children,booked_on.
    #[arg(long)]
    stays: Option<PathBuf>,
    /// Voids: unit,from,to,reason.
    #[arg(long)]
    voids: Option<PathBuf>,
    /// Only say what would happen.
    #[arg(long)]
    dry_run: bool,
    /// Where to write the rows that are refused, each with its line and the reason.
    #[arg(long)]
    rejects: Option<PathBuf>,
}

/// Carries it out.
pub async fn import(place: &Place, arguments: &Arguments) -> Result<ExitCode, Failure> {
    let files = read(arguments)?;
    let mode = if arguments.dry_run { Mode::DryRun } else { Mode::Write };
    let engine = place.open().await?;
    let terminal = std::io::stderr().is_terminal();
    let mut progress = |done: usize, total: usize| {
        if terminal {
            eprint!("\r{done} of {total} rows");
        }
    };
    let report = engine.import(&engine.local(), files, mode, &mut progress).await;
    if terminal {
        eprintln!();
    }
    engine.close().await?;
    let report = report?;
    tell(&report, mode);
    match &arguments.rejects {
        Some(file) => write_rejects(file, &report.refused)?,
        None => report
            .refused
            .iter()
            .take(10)
            .for_each(|row| eprintln!("{} line {}: {}", row.file, row.line, row.why)),
    }
    Ok(if report.refused.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(IN_PART) })
}

fn read(arguments: &Arguments) -> Result<Files, Failure> {
    let Arguments { spaces, stays, voids, .. } = arguments;
    if spaces.is_none() && stays.is_none() && voids.is_none() {
        return Err(Failure::wrong_call("nothing to bring in: give --spaces, --stays or --voids"));
    }
    let mut files = Files::default();
    let wrong = |error: WrongFile| Failure::wrong_call(format!("{error}. Nothing was brought in."));
    if let Some(path) = spaces {
        files.read_spaces(open(path, "spaces")?).map_err(wrong)?;
    }
    if let Some(path) = stays {
        files.read_stays(open(path, "stays")?).map_err(wrong)?;
    }
    if let Some(path) = voids {
        files.read_voids(open(path, "voids")?).map_err(wrong)?;
    }
    Ok(files)
}

/// Opens a file, plain or gzip: what it is shows in its first two bytes.
fn open(path: &Path, which: &str) -> Result<Box<dyn Read>, Failure> {
    let wrong =
        |error: std::io::Error| Failure::wrong_call(format!("the file for --{which} can't be read: {error}"));
    let mut reader = BufReader::new(File::open(path).map_err(wrong)?);
    let gzip = reader.fill_buf().map_err(wrong)?.starts_with(&[0x1f, 0x8b]);
    Ok(if gzip { Box::new(MultiGzDecoder::new(reader)) } else { Box::new(reader) })
}

fn tell(report: &Report, mode: Mode) {
    if mode == Mode::DryRun {
        println!("A dry run: nothing was written.");
    }
    println!(
        "rows read  {}\nimported   {}\nunchanged  {}\nflagged    {}\nrefused    {}",
        report.read,
        report.imported,
        report.unchanged,
        report.flagged,
        report.refused.len()
    );
    if !report.new_districts.is_empty() {
        println!("New districts, added as partners: {}.", report.new_districts.join(", "));
    }
}

fn write_rejects(file: &Path, refused: &[RefusedRow]) -> Result<(), Failure> {
    let unwritable = |error: &dyn std::fmt::Display| {
        Failure::failed(format!("the refused rows can't be written: {error}"))
    };
    let mut writer = csv::WriterBuilder::new().from_path(file).map_err(|error| unwritable(&error))?;
    writer.write_record(["file", "line", "reason", "row"]).map_err(|error| unwritable(&error))?;
    for row in refused {
        let cells: Vec<&str> = row.cells.iter().collect();
        let record =
            [row.file.to_owned(), row.line.to_string(), harmless(&row.why), harmless(&cells.join(","))];
        writer.write_record(&record).map_err(|error| unwritable(&error))?;
    }
    writer.flush().map_err(|error| unwritable(&error))?;
    let _ = std::io::stderr().flush();
    Ok(())
}

/// A cell that a spreadsheet does not run as a formula.
fn harmless(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@']) { format!("'{cell}") } else { cell.to_owned() }
}
