//! `safespace report return`: the annual return on support in domestic abuse safe accommodation.

use std::process::ExitCode;

use clap::Args;
use rust_decimal::Decimal;
use safespace_domain::statutory_return::{CHECK, DEFINITIONS, FinancialYear, Return, Row};

use crate::{
    config::Place,
    failure::Failure,
    table::{Cell, Output, Table},
};

/// What is asked.
#[derive(Args)]
pub struct Arguments {
    /// The financial year, as 2020/21.
    #[arg(long, env = "SAFESPACE_YEAR")]
    year: FinancialYear,
    #[command(flatten)]
    output: Output,
}

/// Carries it out. Fails, after it has printed the return, where a section does not add up.
pub async fn statutory_return(place: &Place, arguments: &Arguments) -> Result<ExitCode, Failure> {
    arguments.output.check()?;
    let made = place
        .with_engine(async |engine| Ok(engine.statutory_return(&engine.local(), arguments.year).await?))
        .await?;
    arguments.output.print(&table(&made))?;
    if made.checks.iter().all(|check| check.agrees()) {
        Ok(ExitCode::SUCCESS)
    } else {
        Err(Failure::failed("a section of the return does not add up: this is a fault of the program"))
    }
}

fn table(made: &Return) -> Table {
    let text = |text: &str| Cell::Text(text.to_owned());
    let number = |n: Option<u64>| Cell::Decimal(n.map(Decimal::from));
    let row = |row: &Row| {
        let (persons, sexes) = (row.persons, row.sexes);
        vec![
            text(row.section.as_str()),
            text(&row.code),
            text(&row.label),
            Cell::Number(row.counted.len()),
            number(sexes.map(|sexes| sexes.women)),
            number(sexes.map(|sexes| sexes.men)),
            number(sexes.map(|sexes| sexes.other_or_not_said)),
            number(persons.map(|persons| persons.adults)),
            number(persons.map(|persons| persons.children)),
            number(persons.map(|persons| persons.adults + persons.children)),
        ]
    };
    let mut rows = Vec::new();
    for check in &made.checks {
        rows.extend(made.rows.iter().filter(|row| row.section == check.section).map(row));
        let told = if check.agrees() { "agrees" } else { "does not agree" };
        let label = format!("Lines, less {} counted in several: {told} with the total", check.counted_again);
        let cells = [text(check.section.as_str()), text(CHECK), text(&label)];
        let sum = Cell::Number(check.sum.saturating_sub(check.counted_again));
        rows.push(cells.into_iter().chain([sum]).chain((0..6).map(|_| number(None))).collect());
    }
    let columns = [
        "section",
        "code",
        "label",
        "households",
        "women",
        "men",
        "other_or_not_said",
        "adults",
        "children",
        "people",
    ];
    Table { title: "Return", columns: columns.into(), rows, definitions: DEFINITIONS.to_vec() }
}
