//! `safespace import`: brings in the files that people have.

use std::{
    fs::{File, OpenOptions},
    io::{BufRead, BufReader, IsTerminal, Read},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;
use flate2::bufread::MultiGzDecoder;
use safespace_engine::{
    harmless,
    import::{Files, Mode, RefusedRow, Report, StockFiles, WrongFile},
};

use crate::{
    config::Place,
    failure::{Failure, IN_PART, WRONG},
    print::{note, say},
};

/// What to bring in.
#[derive(Args)]
pub struct Arguments {
    /// Properties and units: `unit,property,scheme,district,sleeps,features,opened_on,closed_on`.
    #[arg(long, env = "SAFESPACE_SPACES")]
    spaces: Option<PathBuf>,
    /// Stays: `reference,property,unit,arrival,departure,status,adults,children,booked_on`.
    #[arg(long, env = "SAFESPACE_STAYS")]
    stays: Option<PathBuf>,
    /// Voids: `unit,from,to,reason`.
    #[arg(long, env = "SAFESPACE_VOIDS")]
    voids: Option<PathBuf>,
    /// Referrals: `reference,received_at,source,adults,children,status`, and others that may be left out; the guide for
    /// running says which.
    #[arg(long, env = "SAFESPACE_REFERRALS")]
    referrals: Option<PathBuf>,
    /// Items of the catalogue, as CSV or XLSX: `code,name,category,unit_of_issue,pack_size,price,eaten,perishable`, and
    /// others that may be left out. All rows or none; by themselves or with counts.
    #[arg(long, env = "SAFESPACE_ITEMS", conflicts_with_all = ["spaces", "stays", "voids", "referrals"])]
    items: Option<PathBuf>,
    /// A count sheet that was filled in (`safespace export counts`), as CSV or XLSX. All rows or none; rows with nothing
    /// under `counted` are left.
    #[arg(long, env = "SAFESPACE_COUNTS", conflicts_with_all = ["spaces", "stays", "voids", "referrals"])]
    counts: Option<PathBuf>,
    /// Only say what would happen.
    #[arg(long, env = "SAFESPACE_DRY_RUN")]
    dry_run: bool,
    /// Where to write the rows that are refused, each with its line and the reason.
    #[arg(long, env = "SAFESPACE_REJECTS")]
    rejects: Option<PathBuf>,
}

/// Carries it out.
pub async fn import(place: &Place, arguments: &Arguments) -> Result<ExitCode, Failure> {
    if arguments.items.is_some() || arguments.counts.is_some() {
        return import_stock(place, arguments).await;
    }
    let files = read(arguments)?;
    let rejects = arguments.rejects.as_deref().map(|path| begin_rejects(path, arguments)).transpose()?;
    let mode = if arguments.dry_run { Mode::DryRun } else { Mode::Write };
    let terminal = std::io::stderr().is_terminal();
    let mut progress = |done: usize, total: usize| {
        if terminal {
            note(&format!("\r{done} of {total} rows"));
        }
    };
    let report = place.with_engine(async |engine| {
        let report = engine.import(&engine.local(), files, mode, &mut progress).await;
        if terminal {
            note("\n");
        }
        report
            .map_err(|error| Failure::from(error).then("Bring the same files in again: what is in stays in."))
    });
    let report = report.await?;
    tell(&report, mode)?;
    keep_refused(rejects, &report.refused)?;
    Ok(if report.refused.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(IN_PART) })
}

/// Brings in items and counts: all rows or none.
async fn import_stock(place: &Place, arguments: &Arguments) -> Result<ExitCode, Failure> {
    let mut files = StockFiles::default();
    let wrong = |error: WrongFile| Failure::wrong_call(format!("{error}. Nothing was brought in."));
    if let Some(path) = &arguments.items {
        files.read_items(open(path, "items")?).map_err(wrong)?;
    }
    if let Some(path) = &arguments.counts {
        files.read_counts(open(path, "counts")?).map_err(wrong)?;
    }
    let rejects = arguments.rejects.as_deref().map(|path| begin_rejects(path, arguments)).transpose()?;
    let mode = if arguments.dry_run { Mode::DryRun } else { Mode::Write };
    let report = place
        .with_engine(async |engine| Ok(engine.import_stock(&engine.local(), &files, mode).await?))
        .await?;
    tell(&report, mode)?;
    keep_refused(rejects, &report.refused)?;
    if report.refused.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    note(
        "safespace: nothing was brought in: mend the rows that are refused, then bring the whole in again\n",
    );
    Ok(ExitCode::from(WRONG))
}

fn read(arguments: &Arguments) -> Result<Files, Failure> {
    let Arguments { spaces, stays, voids, referrals, .. } = arguments;
    if [spaces, stays, voids, referrals].into_iter().all(Option::is_none) {
        return Err(Failure::wrong_call(
            "nothing to bring in: give --spaces, --stays, --voids or --referrals; or --items or --counts",
        ));
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
    if let Some(path) = referrals {
        files.read_referrals(open(path, "referrals")?).map_err(wrong)?;
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

fn tell(report: &Report, mode: Mode) -> Result<(), Failure> {
    if mode == Mode::DryRun {
        say("A dry run: nothing was written.\n")?;
    }
    say(&format!(
        "rows read  {}\nimported   {}\nunchanged  {}\nflagged    {}\nrefused    {}\n",
        report.read,
        report.imported,
        report.unchanged,
        report.flagged,
        report.refused.len()
    ))?;
    if !report.new_districts.is_empty() {
        say(&format!("New districts, added as partners: {}.\n", report.new_districts.join(", ")))?;
    }
    Ok(())
}

/// So many refused rows are told on standard error when there is no file for them.
const TOLD: usize = 10;

fn keep_refused(rejects: Option<File>, refused: &[RefusedRow]) -> Result<(), Failure> {
    match rejects {
        Some(file) => write_rejects(file, refused),
        None => {
            tell_refused(refused);
            Ok(())
        }
    }
}

fn tell_refused(refused: &[RefusedRow]) {
    for row in refused.iter().take(TOLD) {
        note(&format!("{} line {}: {}\n", row.file, row.line, row.why));
    }
    if refused.len() > TOLD {
        note(&format!("and {} more: --rejects FILE writes them all\n", refused.len() - TOLD));
    }
}

/// Opens the file for refused rows before anything is brought in: what is refused must not get lost. One of the files
/// that are brought in is not overwritten.
fn begin_rejects(path: &Path, arguments: &Arguments) -> Result<File, Failure> {
    let wrong = |error: std::io::Error| {
        Failure::wrong_call(format!("the file for --rejects can't be written: {error}"))
    };
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(path).map_err(wrong)?;
    let rejects = path.canonicalize().map_err(wrong)?;
    let Arguments { spaces, stays, voids, referrals, items, counts, .. } = arguments;
    let brought = [spaces, stays, voids, referrals, items, counts];
    if brought.into_iter().flatten().any(|path| path.canonicalize().is_ok_and(|path| path == rejects)) {
        return Err(Failure::wrong_call(
            "--rejects names a file that is to be brought in: give it another name",
        ));
    }
    // Rows of an earlier run would be taken for this one's.
    if file.metadata().map_err(wrong)?.is_file() {
        file.set_len(0).map_err(wrong)?;
    }
    Ok(file)
}

/// Writes each refused row with its own columns, so that it can be mended and brought in again.
fn write_rejects(file: File, refused: &[RefusedRow]) -> Result<(), Failure> {
    let unwritable = |error: &dyn std::fmt::Display| {
        Failure::failed(format!("the refused rows can't be written: {error}"))
    };
    let mut columns: Vec<&str> = Vec::new();
    for row in refused {
        let new: Vec<_> = row.columns().iter().filter(|name| !columns.contains(name)).collect();
        columns.extend(new);
    }
    let mut writer = csv::Writer::from_writer(file);
    let header = ["file", "line", "reason"].into_iter().chain(columns.iter().copied());
    writer.write_record(header).map_err(|error| unwritable(&error))?;
    for row in refused {
        let cell = |column: &&str| {
            let place = row.columns().iter().position(|name| name == column);
            harmless(place.and_then(|place| row.cells.get(place)).unwrap_or_default())
        };
        let told = [row.file.to_owned(), row.line.to_string(), harmless(&row.why)];
        writer
            .write_record(told.into_iter().chain(columns.iter().map(cell)))
            .map_err(|error| unwritable(&error))?;
    }
    writer.flush().map_err(|error| unwritable(&error))
}
