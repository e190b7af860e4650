//! Drives the real server over HTTP and prints medians beside floors measured in the same run.
//!
//! `cargo build --release -p safespace-server -p safespace-load && target/release/safespace-load`
//!
//! A figure alone says more about the machine than about the program; so every measure that can has a floor, which
//! does the least that anybody would have to do for the same answer, and the two take turns.

mod audit;
mod booking;
mod client;
mod data;
mod database;
mod floor;
mod growth;
mod import;
mod issuing;
mod notify;
mod occupancy;
mod plot;
mod reading;
mod report;
mod server;
mod stop;
mod writing;

use std::{
    path::PathBuf,
    process::ExitCode,
    time::{Duration, Instant},
};

use clap::{Parser, Subcommand, ValueEnum};
use tempfile::TempDir;

use crate::{database::Cluster, report::Report, server::Program};

/// Anything that ends the run.
type Failure = Box<dyn std::error::Error + Send + Sync>;
type Result<T, E = Failure> = std::result::Result<T, E>;

/// Connections or clients at a time.
const AT_A_TIME: usize = 16;

/// Measures the release server over HTTP, and its floors in the same run; prints a table.
#[derive(Parser)]
#[command(name = "safespace-load", version)]
struct Arguments {
    /// Fewer and shorter rounds: under a minute and a half, and rougher.
    #[arg(long)]
    quick: bool,
    /// The server's program; without it, `safespace` beside this one.
    #[arg(long)]
    server: Option<PathBuf>,
    /// Measure only these.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Measure>,
    /// The units to import, instead of a generated file.
    #[arg(long, requires = "stays")]
    spaces: Option<PathBuf>,
    /// The stays to import, plain or gzipped.
    #[arg(long, requires = "spaces")]
    stays: Option<PathBuf>,
    /// Where the plot of how occupancy grows is written, as SVG.
    #[arg(long)]
    plot: Option<PathBuf>,
    /// Where scratch databases go; on the disk whose speed is to be measured.
    #[arg(long)]
    scratch: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the reading floor (the run starts it as a process of its own).
    #[command(hide = true)]
    Floor,
}

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Measure {
    /// Availability beside a bare endpoint.
    Reading,
    /// Occupancy by month and district.
    Occupancy,
    /// The same from 19 to 10,000 units on either database. Filling those takes minutes, so it is measured where it is
    /// named only.
    Growth,
    /// Booking beside bare rows.
    Booking,
    /// Issuing twenty lines of stock beside bare rows.
    Issuing,
    /// Import of a resort-sized file.
    Import,
    /// What telling others at every commit would cost on PostgreSQL.
    Notify,
    /// Verifying an audit of a million records. Writing them takes minutes, so it is measured where it is named only.
    Audit,
}

/// How long and how often, and where.
struct Run {
    quick: bool,
    rounds: usize,
    round: Duration,
    warm_up: Duration,
    imports: usize,
    until: Instant,
    program: Program,
    scratch: TempDir,
    resort: Option<(PathBuf, PathBuf)>,
    /// Where the plot of how occupancy grows goes.
    plot: Option<PathBuf>,
    /// A throw-away PostgreSQL, where its programs are here.
    cluster: Option<Cluster>,
}

impl Run {
    /// Whether the whole run has time left. Fails when it was stopped.
    fn has_time(&self) -> Result<bool> {
        stop::must_not()?;
        Ok(Instant::now() < self.until)
    }

    /// The rounds of a measure: at least one, and no more when the whole run has had its time.
    fn rounds(&self) -> impl Iterator<Item = Result<()>> {
        (0..self.rounds).map_while(|round| match self.has_time() {
            Ok(true) => Some(Ok(())),
            Ok(false) => (round == 0).then_some(Ok(())),
            Err(stopped) => Some(Err(stopped)),
        })
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match arguments.command {
        Some(Command::Floor) => floor::serve(),
        None => measure(arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("safespace-load: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn measure(arguments: Arguments) -> Result<()> {
    stop::listen()?;
    let quick = arguments.quick;
    let scratch = match &arguments.scratch {
        Some(folder) => tempfile::Builder::new().prefix("safespace-load.").tempdir_in(folder)?,
        None => tempfile::Builder::new().prefix("safespace-load.").tempdir()?,
    };
    let program = Program::find(arguments.server, scratch.path())?;
    let mut report = Report::of(arguments.only);
    let cluster = Cluster::start(arguments.scratch.as_deref())?;
    if cluster.is_none() {
        report.skip(
            "everything on PostgreSQL: its server programs are not here (Debian: apt-get install postgresql)",
        );
    }
    let run = Run {
        quick,
        rounds: if quick { 3 } else { 7 },
        round: if quick { Duration::from_secs(1) } else { Duration::from_secs(2) },
        warm_up: if quick { Duration::from_millis(500) } else { Duration::from_secs(1) },
        imports: if quick { 1 } else { 3 },
        until: Instant::now() + Duration::from_secs(if quick { 90 } else { 8 * 60 }),
        program,
        scratch,
        resort: arguments.spaces.zip(arguments.stays),
        plot: arguments.plot,
        cluster,
    };
    // What was measured before something failed is still worth reading.
    let done = measure_all(&run, &mut report);
    println!("{report}");
    done
}

/// Measures something and adds it to the report.
type Step = fn(&Run, &mut Report) -> Result<()>;

fn measure_all(run: &Run, report: &mut Report) -> Result<()> {
    let steps: [(&[Measure], Step); 7] = [
        (&[Measure::Reading, Measure::Occupancy], read),
        (&[Measure::Growth], growth::measure),
        (&[Measure::Booking], booking::measure),
        (&[Measure::Issuing], issuing::measure),
        (&[Measure::Import], import::measure),
        (&[Measure::Notify], notify::measure),
        (&[Measure::Audit], audit::measure),
    ];
    for (measures, step) in steps {
        if !measures.iter().any(|measure| report.wants(*measure)) {
            continue;
        }
        if run.has_time()? {
            step(run, report)?;
        } else {
            report.skip(&format!("{measures:?}: the run has had all of its time"));
        }
    }
    Ok(())
}

/// The two that read share one database: a thousand units and two years of stays.
fn read(run: &Run, report: &mut Report) -> Result<()> {
    let homes = reading::Homes::open(run)?;
    reading::measure(run, &homes, report)?;
    occupancy::measure(run, &homes, report)
}
