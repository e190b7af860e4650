//! Figures as a table, printed for people, for spreadsheets and for programs.

use std::fmt::Write;

use clap::ValueEnum;
use rust_decimal::Decimal;
use safespace_domain::Night;
use serde_json::{Value as Json, json};

use crate::failure::Failure;

/// How figures are printed.
#[derive(Clone, Copy, ValueEnum)]
pub enum Format {
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

/// Figures as rows of cells, in the order of the columns.
pub struct Table {
    /// The names of the columns.
    pub columns: Vec<&'static str>,
    /// The rows.
    pub rows: Vec<Vec<Cell>>,
    /// What the figures mean, printed below them for people.
    pub definitions: &'static [(&'static str, &'static str)],
}

/// A cell.
pub enum Cell {
    /// Words.
    Text(String),
    /// A whole number.
    Number(u64),
    /// A number with decimals. Empty where there is none, never zero.
    Decimal(Option<Decimal>),
}

impl Cell {
    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(n) => n.to_string(),
            Self::Decimal(decimal) => decimal.map(|decimal| decimal.to_string()).unwrap_or_default(),
        }
    }

    fn json(&self) -> Json {
        match self {
            Self::Text(text) => json!(text),
            Self::Number(n) => json!(n),
            // From its two decimals, so that it is written with no more than these.
            Self::Decimal(decimal) => {
                json!(decimal.and_then(|decimal| decimal.to_string().parse::<serde_json::Number>().ok()))
            }
        }
    }
}

impl Table {
    /// The table as it is printed.
    pub fn print(&self, format: Format) -> Result<String, Failure> {
        match format {
            Format::Table => Ok(self.to_text()),
            Format::Csv => self.to_csv(),
            Format::Json => self.to_json(),
        }
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
        for (word, meaning) in self.definitions {
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
