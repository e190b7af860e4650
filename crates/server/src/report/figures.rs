//! `safespace report figures`: figures, each with its definition; or the records that one was counted from.

use std::process::ExitCode;

use clap::Args;
use rust_decimal::Decimal;
use safespace_domain::{
    figures::{Counted, Line, Measure, MeasuredIn, Record, Section, measure},
    periods::PeriodKind,
};
use safespace_engine::{FiguresAsk, Traced};

use super::Range;
use crate::{
    config::Place,
    failure::Failure,
    table::{Cell, Output, Table},
};

/// What is asked.
#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    range: Range,
    /// How the range is cut: night, week, four-weeks, month, quarter, year, financial-year or whole.
    #[arg(long, default_value = "whole", env = "SAFESPACE_BY")]
    by: PeriodKind,
    /// Only these sections, parted by commas: occupancy, flow, stays, people, provision. All without it.
    #[arg(long, value_delimiter = ',', value_parser = section, env = "SAFESPACE_SECTION")]
    section: Vec<Section>,
    /// Instead of figures, the records that one was counted from: its code, such as `referrals_received`.
    #[arg(long, value_parser = known, env = "SAFESPACE_TRACE")]
    trace: Option<&'static Measure>,
    /// Of which group the records are, such as `source=police`. Of all without it.
    #[arg(long, requires = "trace", value_parser = group, env = "SAFESPACE_GROUP_OF")]
    of: Option<(String, String)>,
    #[command(flatten)]
    output: Output,
}

fn section(text: &str) -> Result<Section, String> {
    Section::ALL.into_iter().find(|section| section.as_str() == text).ok_or_else(|| {
        let known: Vec<_> = Section::ALL.into_iter().map(Section::as_str).collect();
        format!("{text:?} is not a section: use {}", known.join(", "))
    })
}

fn known(code: &str) -> Result<&'static Measure, String> {
    let found = measure(code).map(|(_, measure)| measure);
    found.ok_or_else(|| format!("{code:?} is no figure: run `safespace report figures` for their codes"))
}

fn group(text: &str) -> Result<(String, String), String> {
    let (by, name) = text.split_once('=').ok_or("write by what and which, such as source=police")?;
    Ok((by.to_owned(), name.to_owned()))
}

/// Carries it out.
pub async fn figures(place: &Place, arguments: &Arguments) -> Result<ExitCode, Failure> {
    arguments.output.check()?;
    let range = arguments.range.nights()?;
    let sections = match arguments.trace.and_then(|traced| measure(traced.code)) {
        Some((section, _)) => vec![section],
        None => arguments.section.clone(),
    };
    let ask = FiguresAsk { range, by: arguments.by, sections };
    let table = place
        .with_engine(async |engine| {
            let local = engine.local();
            let lines = engine.figures(&local, &ask).await?;
            let Some(traced) = arguments.trace else { return Ok(table(&lines)) };
            let records = records(&lines, traced, arguments.of.as_ref());
            Ok(trace(traced, &engine.traced(&local, &records).await?))
        })
        .await?;
    arguments.output.print(&table)?;
    Ok(ExitCode::SUCCESS)
}

fn table(lines: &[Line]) -> Table {
    let columns = vec![
        "period",
        "section",
        "figure",
        "measured_in",
        "by",
        "group",
        "value",
        "before",
        "a_year_before",
        "change",
        "change_in_a_year",
    ];
    let rows = lines.iter().map(cells).collect();
    let mut measures: Vec<&Measure> = Vec::new();
    for line in lines {
        if measures.iter().all(|known| known.code != line.figure.measure.code) {
            measures.push(line.figure.measure);
        }
    }
    let definitions = measures.into_iter().map(|measure| (measure.code, measure.means));
    Table { title: "Figures", columns, rows, definitions: definitions.collect() }
}

fn cells(line: &Line) -> Vec<Cell> {
    let measure = line.figure.measure;
    let text = |text: &str| Cell::Text(text.to_owned());
    let (by, group) =
        line.figure.group.as_ref().map_or(("", ""), |group| (group.by.as_str(), group.name.as_str()));
    let number = |value: Option<Decimal>| number(measure.measured_in, value);
    vec![
        text(&line.period),
        text(self::measure(measure.code).map_or("", |(section, _)| section.as_str())),
        text(measure.code),
        text(measure.measured_in.as_str()),
        text(by),
        text(group),
        number(line.figure.value),
        number(line.before),
        number(line.a_year_before),
        Cell::Decimal(line.change()),
        Cell::Decimal(line.change_in_a_year()),
    ]
}

/// Counts are whole numbers; what there is nothing of is empty.
pub(super) fn number(measured_in: MeasuredIn, value: Option<Decimal>) -> Cell {
    match (measured_in, value.and_then(|value| u64::try_from(value).ok())) {
        (MeasuredIn::Count, Some(count)) => Cell::Number(count),
        _ => Cell::Decimal(value),
    }
}

/// The records that a figure was counted from, over all periods.
fn records(lines: &[Line], measure: &Measure, of: Option<&(String, String)>) -> Vec<Counted> {
    let asked = lines.iter().filter(|line| {
        let group = line.figure.group.as_ref().map(|group| (group.by.as_str(), group.name.as_str()));
        line.figure.measure.code == measure.code && group == of.map(|(by, name)| (by.as_str(), name.as_str()))
    });
    asked.flat_map(|line| line.figure.records.iter().copied()).collect()
}

fn trace(measure: &'static Measure, traced: &[Traced]) -> Table {
    let row = |traced: &Traced| {
        let kind = match traced.counted.record {
            Record::Referral(_) => "referral",
            Record::Question(_) => "question",
            Record::Stay(_) => "stay",
            Record::Household(_) => "household",
            Record::Void(_) => "void",
            Record::Session(_) => "session",
            Record::Pack(_) => "pack",
        };
        vec![
            Cell::Text(kind.to_owned()),
            Cell::Text(traced.reference.clone().unwrap_or_default()),
            Cell::Number(u64::from(traced.counted.count)),
        ]
    };
    Table {
        title: "Records",
        columns: vec!["kind", "reference", "count"],
        rows: traced.iter().map(row).collect(),
        definitions: vec![(measure.code, measure.means)],
    }
}
