//! `safespace occupancy`: how full the homes are.

use std::{fmt::Write, process::ExitCode};

use clap::{Args, ValueEnum};
use rust_decimal::Decimal;
use safespace_domain::{
    Night, Nights,
    occupancy::{DEFINITIONS, GroupKind, OccupancyRow, PeriodKind},
};
use serde_json::{Value as Json, json};

use crate::{config::Place, failure::Failure, print::say};

/// What is asked.
#[derive(Args)]
pub struct Arguments {
    /// The first night, as YYYY-MM-DD.
    #[arg(long, value_parser = date, env = "SAFESPACE_FROM")]
    from: Night,
    /// The first night after the range, as YYYY-MM-DD.
    #[arg(long, value_parser = date, env = "SAFESPACE_TO")]
    to: Night,
    /// How the range is cut: night, week, month, quarter or year.
    #[arg(long, default_value = "month", env = "SAFESPACE_BY")]
    by: PeriodKind,
    /// By what the units are grouped: property, unit, district or scheme.
    #[arg(long, env = "SAFESPACE_GROUP")]
    group: Option<GroupKind>,
    /// How it is printed.
    #[arg(long, value_enum, default_value_t = Format::Table, env = "SAFESPACE_FORMAT")]
    format: Format,
}

/// How figures are printed.
#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// For people, with the definitions.
    Table,
    /// Comma-separated values.
    Csv,
    /// A list of objects.
    Json,
}

/// Reads a date, in words when it is none.
pub fn date(text: &str) -> Result<Night, String> {
    text.parse().map_err(|_| "write a date as YYYY-MM-DD, a day that exists".to_owned())
}

/// Carries it out.
pub async fn occupancy(place: &Place, arguments: &Arguments) -> Result<ExitCode, Failure> {
    let range = Nights::new(arguments.from, arguments.to).map_err(|_| {
        Failure::wrong_call(format!(
            "--to, {}, must be after --from, {}, and both in our times",
            arguments.to, arguments.from
        ))
    })?;
    let rows = place.with_engine(async |engine| {
        Ok(engine.occupancy(&engine.local(), range, arguments.by, arguments.group).await?)
    });
    let table = Table::new(&rows.await?, arguments.group.is_some());
    let text = match arguments.format {
        Format::Table => table.to_text(),
        Format::Csv => table.to_csv()?,
        Format::Json => table.to_json()?,
    };
    say(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// The figures as rows of cells, in the order of the columns.
struct Table {
    columns: Vec<&'static str>,
    rows: Vec<Vec<Cell>>,
}

enum Cell {
    Text(String),
    Number(u64),
    Rate(Option<Decimal>),
}

impl Cell {
    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(n) => n.to_string(),
            Self::Rate(rate) => rate.map(|rate| rate.to_string()).unwrap_or_default(),
        }
    }

    fn json(&self) -> Json {
        match self {
            Self::Text(text) => json!(text),
            Self::Number(n) => json!(n),
            // From its two decimals, so that it is written with no more than these.
            Self::Rate(rate) => {
                json!(rate.and_then(|rate| rate.to_string().parse::<serde_json::Number>().ok()))
            }
        }
    }
}

impl Table {
    fn new(rows: &[OccupancyRow], grouped: bool) -> Self {
        let mut columns = vec!["period"];
        columns.extend(grouped.then_some("group"));
        columns.extend([
            "in_stock_nights",
            "void_nights",
            "available_nights",
            "occupied_nights",
            "reserved_nights",
            "occupancy_rate",
            "nights",
            "full_nights",
            "full_share",
        ]);
        let cells = |row: &OccupancyRow| {
            let mut cells = vec![Cell::Text(row.period.clone())];
            cells.extend(grouped.then(|| Cell::Text(row.group.clone().unwrap_or_default())));
            cells.extend([
                Cell::Number(row.in_stock_nights),
                Cell::Number(row.void_nights),
                Cell::Number(row.available_nights),
                Cell::Number(row.occupied_nights),
                Cell::Number(row.reserved_nights),
                Cell::Rate(row.occupancy_rate()),
                Cell::Number(row.nights),
                Cell::Number(row.full_nights),
                Cell::Rate(row.full_share()),
            ]);
            cells
        };
        Self { columns, rows: rows.iter().map(cells).collect() }
    }

    fn to_text(&self) -> String {
        let width = |column: usize, name: &str| {
            let cells =
                self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.text().chars().count());
            cells.chain([name.len()]).max().unwrap_or(0)
        };
        let widths: Vec<usize> = self.columns.iter().enumerate().map(|(n, name)| width(n, name)).collect();
        let line = |cells: Vec<String>| {
            let padded: Vec<String> = cells
                .iter()
                .zip(&widths)
                .enumerate()
                .map(
                    |(n, (cell, width))| {
                        if n == 0 { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
                    },
                )
                .collect();
            format!("{}\n", padded.join("  ").trim_end())
        };
        let mut text = line(self.columns.iter().map(ToString::to_string).collect());
        self.rows.iter().for_each(|row| text += &line(row.iter().map(Cell::text).collect()));
        text.push('\n');
        for (word, meaning) in DEFINITIONS {
            // Writing to a string can't fail.
            let _ = writeln!(text, "{word}: {meaning}");
        }
        text
    }

    fn to_csv(&self) -> Result<String, Failure> {
        let unwritable = |_| Failure::failed("the figures can't be written as CSV");
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(&self.columns).map_err(unwritable)?;
        for row in &self.rows {
            writer.write_record(row.iter().map(Cell::text)).map_err(unwritable)?;
        }
        let bytes =
            writer.into_inner().map_err(|_| Failure::failed("the figures can't be written as CSV"))?;
        String::from_utf8(bytes).map_err(|_| Failure::failed("the figures can't be written as CSV"))
    }

    fn to_json(&self) -> Result<String, Failure> {
        let object = |row: &Vec<Cell>| -> Json {
            self.columns
                .iter()
                .zip(row)
                .map(|(name, cell)| ((*name).to_owned(), cell.json()))
                .collect::<serde_json::Map<_, _>>()
                .into()
        };
        let rows: Vec<Json> = self.rows.iter().map(object).collect();
        let text = serde_json::to_string_pretty(&rows)
            .map_err(|_| Failure::failed("the figures can't be written as JSON"))?;
        Ok(text + "\n")
    }
}
