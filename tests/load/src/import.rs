//! Import of a resort-sized file: how long, and how much memory.

use std::{path::Path, time::Duration};

use crate::{
    Result, Run, data,
    database::{Database, Kind},
    report::{Report, Row, median},
    server::{Ended, Program},
};

/// How much memory it may have, in MiB.
const MEMORY: f64 = 200.0;

impl Program {
    /// Imports units, and stays where there are any.
    pub fn import(&self, database: &Database, spaces: &Path, stays: Option<&Path>) -> Result<Ended> {
        let text = |path: &Path| path.to_str().map(str::to_owned).ok_or("a file's name is not UTF-8");
        let spaces = text(spaces)?;
        let mut arguments = vec!["import", "--spaces", &spaces];
        let stays = stays.map(text).transpose()?;
        if let Some(stays) = &stays {
            arguments.extend(["--stays", stays]);
        }
        self.run(database, &arguments)
    }
}

/// Measures, on each kind of database.
pub fn measure(run: &Run, report: &mut Report) -> Result<()> {
    let generated = run.resort.is_none();
    let (spaces, stays) = match &run.resort {
        Some(named) => named.clone(),
        None => data::resort(run.scratch.path())?,
    };
    for kind in Database::kinds(run) {
        eprintln!("== import on {kind}");
        let most = Duration::from_secs(if kind == Kind::Sqlite { 10 } else { 20 });
        let mut ended = Vec::new();
        for n in 0..run.imports {
            if n > 0 && !run.has_time()? {
                break;
            }
            let database = Database::new(run, kind, &format!("import_{n}"))?;
            ended.push(run.program.import(&database, &spaces, Some(&stays))?);
        }
        let took = median(ended.iter().map(|ended| ended.took.as_secs_f64()));
        let peak = ended.iter().map(|ended| ended.peak).max().unwrap_or(0);
        let peak = f64::from(u32::try_from(peak / 1_024)?) / 1_024.0;
        let source = if generated { "generated, of the resort file's size" } else { "the file given" };
        report.add(Row {
            what: format!("import on {kind}, {source}"),
            result: format!("{took:.1} s, {peak:.0} MiB"),
            target: format!("≤ {} s, < {MEMORY:.0} MB", most.as_secs()),
            met: Some(took <= most.as_secs_f64() && peak * 1.048_576 < MEMORY),
            ..Row::default()
        });
        let said = ended.last().map_or("", |ended| ended.said.trim());
        eprintln!("{said}");
    }
    Ok(())
}
