//! `safespace report targets`: the targets of a financial year, and how they stand each quarter.

use std::process::ExitCode;

use clap::Args;
use rust_decimal::Decimal;
use safespace_domain::{Night, figures::measure, targets::year_called};
use safespace_engine::TargetView;

use crate::{
    config::Place,
    failure::Failure,
    table::{Cell, Output, Table},
};

/// What is asked.
#[derive(Args)]
pub struct Arguments {
    /// The financial year, as 2020/21.
    #[arg(long, value_parser = year, env = "SAFESPACE_YEAR")]
    year: Night,
    #[command(flatten)]
    output: Output,
}

pub(super) fn year(text: &str) -> Result<Night, String> {
    year_called(text).ok_or_else(|| "write a financial year as 2020/21".to_owned())
}

/// Carries it out.
pub async fn targets(place: &Place, arguments: &Arguments) -> Result<ExitCode, Failure> {
    arguments.output.check()?;
    let views =
        place.with_engine(async |engine| Ok(engine.targets(&engine.local(), arguments.year).await?)).await?;
    arguments.output.print(&table(&views))?;
    Ok(ExitCode::SUCCESS)
}

fn table(views: &[TargetView]) -> Table {
    let columns = vec![
        "target",
        "title",
        "owner",
        "figure",
        "by",
        "group",
        "direction",
        "value",
        "tolerance",
        "quarter",
        "over",
        "figure_value",
        "standing",
        "trend",
    ];
    let text = |text: &str| Cell::Text(text.to_owned());
    let number = |value: Decimal| Cell::Decimal(Some(value));
    let mut rows = Vec::new();
    let mut definitions: Vec<(&str, &str)> = Vec::new();
    for TargetView { target, quarters } in views {
        if let Some((_, measure)) = measure(&target.measure)
            && definitions.iter().all(|(code, _)| *code != measure.code)
        {
            definitions.push((measure.code, measure.means));
        }
        let (by, group) = target.group.clone().unwrap_or_default();
        for quarter in quarters {
            rows.push(vec![
                text(&target.code),
                text(&target.title),
                text(&target.owner),
                text(&target.measure),
                text(&by),
                text(&group),
                text(target.direction.as_str()),
                number(target.value),
                number(target.tolerance),
                text(&quarter.label),
                text(if quarter.over { "yes" } else { "no" }),
                Cell::Decimal(quarter.value),
                text(quarter.standing.map_or("", |standing| standing.words())),
                text(quarter.trend.map_or("", |trend| trend.words())),
            ]);
        }
    }
    Table { title: "Targets", columns, rows, definitions }
}
