//! Figures as a table, printed for people, for spreadsheets and for programs.

use std::{
    fmt::Write as _,
    fs::OpenOptions,
    io::{IsTerminal, Write as _},
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum};
use rust_decimal::Decimal;
use safespace_domain::{Night, clock::Clock};
use safespace_engine::{Sheet, SystemClock};
use serde_json::{Value as Json, json};

use crate::{failure::Failure, print::say_bytes};

/// How figures are printed.
#[derive(Clone, Copy, ValueEnum)]
pub enum Format {
    /// For people, with the definitions.
    Table,
    /// Comma-separated values.
    Csv,
    /// A list of objects.
    Json,
    /// A workbook with real numbers, and what they mean on a sheet of their own.
    Xlsx,
}

/// How figures are printed, and where to.
#[derive(Args)]
pub struct Output {
    /// How they are printed.
    #[arg(long, value_enum, default_value_t = Format::Table, env = "SAFESPACE_FORMAT")]
    format: Format,
    /// A new file to write them to. Without it, standard output.
    #[arg(long, env = "SAFESPACE_OUTPUT")]
    output: Option<PathBuf>,
}

impl Output {
    /// Refused where a workbook would go to a screen.
    pub fn check(&self) -> Result<(), Failure> {
        let to_screen = self.output.is_none() && std::io::stdout().is_terminal();
        if matches!(self.format, Format::Xlsx) && to_screen {
            return Err(Failure::wrong_call("a workbook can't be shown here: give --output FILE"));
        }
        Ok(())
    }

    /// Whether it is printed for people.
    pub fn is_for_people(&self) -> bool {
        matches!(self.format, Format::Table)
    }

    /// As [`Output::print`], for people after some words.
    pub fn print_after(&self, words: &str, table: &Table) -> Result<(), Failure> {
        if self.is_for_people() {
            let text = words.to_owned() + &table.to_text();
            return write_new(self.output.as_deref(), text.as_bytes());
        }
        self.print(table)
    }

    /// Prints a table, or writes it to the file.
    pub fn print(&self, table: &Table) -> Result<(), Failure> {
        write_new(self.output.as_deref(), &table.print(self.format)?)
    }
}

/// Writes to a new file, or without one to standard output.
pub fn write_new(file: Option<&Path>, bytes: &[u8]) -> Result<(), Failure> {
    let Some(file) = file else { return say_bytes(bytes) };
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(file)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .map_err(|error| Failure::failed(format!("{} can't be written: {error}", file.display())))
}

/// Reads a date, in words when it is none.
pub fn date(text: &str) -> Result<Night, String> {
    text.parse().map_err(|_| "write a date as YYYY-MM-DD, a day that exists".to_owned())
}

/// Figures as rows of cells, in the order of the columns.
pub struct Table {
    /// What they are, as the title of a workbook's sheet.
    pub title: &'static str,
    /// The names of the columns.
    pub columns: Vec<&'static str>,
    /// The rows.
    pub rows: Vec<Vec<Cell>>,
    /// What the figures mean, printed below them for people.
    pub definitions: Vec<(&'static str, &'static str)>,
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

    fn in_sheet(&self) -> safespace_engine::Cell {
        use safespace_engine::Cell;
        match self {
            Self::Text(text) => Cell::text(text),
            Self::Number(n) => Cell::Number(*n),
            Self::Decimal(decimal) => decimal.map_or(Cell::Empty, Cell::Decimal),
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
    pub fn print(&self, format: Format) -> Result<Vec<u8>, Failure> {
        match format {
            Format::Table => Ok(self.to_text().into_bytes()),
            Format::Csv => Ok(self.sheet().to_csv()?),
            Format::Json => Ok(self.to_json()?.into_bytes()),
            Format::Xlsx => Ok(self.sheet().to_xlsx()?),
        }
    }

    fn sheet(&self) -> Sheet {
        let cells = |row: &Vec<Cell>| row.iter().map(Cell::in_sheet).collect();
        let definitions =
            self.definitions.iter().map(|(word, meaning)| ((*word).to_owned(), (*meaning).to_owned()));
        Sheet::of_figures(
            self.title,
            SystemClock.now(),
            self.columns.clone(),
            self.rows.iter().map(cells).collect(),
            definitions.collect(),
        )
    }

    /// The table for people, with what it means below.
    pub fn to_text(&self) -> String {
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
        for (word, meaning) in &self.definitions {
            // Writing to a string can't fail.
            let _ = writeln!(text, "{word}: {meaning}");
        }
        text
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
