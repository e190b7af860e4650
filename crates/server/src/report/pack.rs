//! `safespace report pack`: the pack of a group that meets, as its readers are told it.

use std::process::ExitCode;

use clap::Args;
use safespace_domain::{
    Night,
    figures::{MeasuredIn, measure},
    meeting_packs::{PackFigure, Told},
};
use safespace_engine::MeetingPackView;

use crate::{
    config::Place,
    failure::Failure,
    print::note,
    table::{Cell, Output, Table, date},
};

/// What is asked.
#[derive(Args)]
pub struct Arguments {
    /// The group's code.
    #[arg(long, env = "SAFESPACE_MEETING_GROUP")]
    group: String,
    /// A day of the pack's period, as YYYY-MM-DD.
    #[arg(long, value_parser = date, env = "SAFESPACE_ON")]
    on: Night,
    #[command(flatten)]
    output: Output,
}

/// Carries it out.
pub async fn pack(place: &Place, arguments: &Arguments) -> Result<ExitCode, Failure> {
    arguments.output.check()?;
    let view = place
        .with_engine(async |engine| {
            Ok(engine.meeting_pack(&engine.local(), &arguments.group, arguments.on).await?)
        })
        .await?;
    if view.issued_at.is_none() {
        note("This pack was not issued: its figures are those of now.\n");
    }
    if !view.corrections.is_empty() {
        note(&format!(
            "{} figures were corrected since it was issued; it stays as it was.\n",
            view.corrections.len()
        ));
    }
    arguments.output.print(&table(&view))?;
    Ok(ExitCode::SUCCESS)
}

fn table(view: &MeetingPackView) -> Table {
    let columns =
        vec!["section", "figure", "title", "measured_in", "by", "group", "value", "before", "a_year_before"];
    let rows = view.figures.iter().map(cells).collect();
    let mut definitions: Vec<(&str, &str)> = vec![(
        "suppressed",
        "A count that is small, zero too, or that would give a small one away. Others may be rounded, each from its own count.",
    )];
    for figure in &view.figures {
        if let Some((_, measure)) = measure(&figure.code)
            && definitions.iter().all(|(code, _)| *code != measure.code)
        {
            definitions.push((measure.code, measure.means));
        }
    }
    Table { title: "Pack", columns, rows, definitions }
}

fn cells(figure: &PackFigure) -> Vec<Cell> {
    let text = |text: &str| Cell::Text(text.to_owned());
    let (by, group) = figure.group.as_ref().map_or(("", ""), |group| (&group.by, &group.name));
    vec![
        text(figure.section.as_str()),
        text(&figure.code),
        text(&figure.title),
        text(figure.measured_in.as_str()),
        text(by),
        text(group),
        told(figure.measured_in, figure.value),
        told(figure.measured_in, figure.before),
        told(figure.measured_in, figure.a_year_before),
    ]
}

fn told(measured_in: MeasuredIn, value: Told) -> Cell {
    match value {
        Told::Suppressed => Cell::Text("suppressed".to_owned()),
        Told::Nothing => Cell::Decimal(None),
        Told::Number(number) => super::figures::number(measured_in, Some(number)),
    }
}
