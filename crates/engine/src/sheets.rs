//! Sheets: a header and rows, written as CSV or as a workbook (XLSX) that is set up to be printed.

use chrono::{DateTime, Utc};
use rust_decimal::{Decimal, prelude::ToPrimitive};
use rust_xlsxwriter::{
    DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError,
};
use safespace_domain::{Night, clock::in_service_time};

use crate::Fault;

/// What a spreadsheet takes for the beginning of something to run, when a cell begins with it.
const RUN: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];
/// The paper that sheets are printed on, as workbooks number them: A4.
const A4: u8 = 9;
/// The day from which workbooks count days.
const DAY_ZERO: Night = match Night::from_ymd_opt(1899, 12, 30) {
    Some(day) => day,
    None => Night::MIN,
};
/// The narrowest and the widest column, in characters.
const WIDTHS: (usize, usize) = (6, 40);

/// A cell that a spreadsheet does not run as a formula: with an apostrophe before it, where it would. `import` takes it
/// off again.
pub fn harmless(cell: &str) -> String {
    if cell.trim_start_matches('\'').starts_with(RUN) { format!("'{cell}") } else { cell.to_owned() }
}

/// The cell that [`harmless`] was given.
pub(crate) fn plain(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if rest.trim_start_matches('\'').starts_with(RUN) => rest,
        _ => cell,
    }
}

/// A cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Nothing.
    Empty,
    /// Words, made [`harmless`]: see [`Cell::text`].
    Text(String),
    /// A whole number.
    Number(u64),
    /// A number with two decimals.
    Decimal(Decimal),
    /// A date.
    Day(Night),
}

impl Cell {
    /// Words that a spreadsheet does not run.
    pub fn text(text: &str) -> Self {
        if text.is_empty() { Self::Empty } else { Self::Text(harmless(text)) }
    }

    pub(crate) fn day(day: Option<Night>) -> Self {
        day.map_or(Self::Empty, Self::Day)
    }

    pub(crate) fn number(n: Option<u32>) -> Self {
        n.map_or(Self::Empty, |n| Self::Number(n.into()))
    }

    pub(crate) fn yes(yes: bool) -> Self {
        Self::Text(if yes { "yes" } else { "no" }.into())
    }

    fn as_csv(&self) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Text(text) => text.clone(),
            Self::Number(n) => n.to_string(),
            Self::Decimal(number) => number.to_string(),
            Self::Day(day) => day.to_string(),
        }
    }
}

/// A sheet: a header and rows, to be written as CSV or as a workbook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    pub(crate) title: &'static str,
    pub(crate) made_at: DateTime<Utc>,
    pub(crate) columns: Vec<&'static str>,
    pub(crate) rows: Vec<Vec<Cell>>,
    /// So many columns are printed; those after them are for the program that reads the sheet back.
    pub(crate) printed: usize,
    /// What is written at the foot of each page by hand.
    pub(crate) foot: &'static str,
    /// What the figures mean, on a sheet of its own.
    pub(crate) definitions: Vec<(String, String)>,
}

impl Sheet {
    /// Figures as a sheet, with what they mean on another one of the same workbook.
    pub fn of_figures(
        title: &'static str,
        made_at: DateTime<Utc>,
        columns: Vec<&'static str>,
        rows: Vec<Vec<Cell>>,
        definitions: Vec<(String, String)>,
    ) -> Self {
        Self { title, made_at, printed: columns.len(), columns, rows, foot: "", definitions }
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// As comma-separated values, in UTF-8.
    pub fn to_csv(&self) -> Result<Vec<u8>, Fault> {
        let unwritable = Fault::Broken("a sheet can't be written as CSV");
        let mut writer = csv::Writer::from_writer(Vec::new());
        let records = std::iter::once(self.columns.iter().map(ToString::to_string).collect::<Vec<_>>())
            .chain(self.rows.iter().map(|row| row.iter().map(Cell::as_csv).collect()));
        for record in records {
            if writer.write_record(record).is_err() {
                return Err(unwritable);
            }
        }
        writer.into_inner().map_err(|_| unwritable)
    }

    /// As a workbook (XLSX) with real numbers and dates: the header stays when it is scrolled and is on each page, the
    /// pages are A4, and every column that is to be read fits on their width.
    pub fn to_xlsx(&self) -> Result<Vec<u8>, Fault> {
        self.workbook().map_err(|_| Fault::Broken("a sheet can't be written as a workbook"))
    }

    fn workbook(&self) -> Result<Vec<u8>, XlsxError> {
        let mut book = Workbook::new();
        let made = ExcelDateTime::from_timestamp(self.made_at.timestamp())?;
        book.set_properties(&DocProperties::new().set_title(self.title).set_creation_datetime(&made));
        let sheet = book.add_worksheet();
        sheet.set_name(self.title)?;
        self.fill(sheet)?;
        self.set_up(sheet)?;
        if !self.definitions.is_empty() {
            define(book.add_worksheet(), &self.definitions)?;
        }
        book.save_to_buffer()
    }

    fn fill(&self, sheet: &mut Worksheet) -> Result<(), XlsxError> {
        let ruled = Format::new().set_border_bottom(FormatBorder::Hair);
        let head = Format::new().set_bold().set_border_bottom(FormatBorder::Thin).set_align(FormatAlign::Top);
        let decimal = ruled.clone().set_num_format("0.00");
        let day = ruled.clone().set_num_format("yyyy-mm-dd");
        for (column, name) in (0_u16..).zip(&self.columns) {
            sheet.write_string_with_format(0, column, *name, &head)?;
        }
        for (line, row) in (1_u32..).zip(&self.rows) {
            for (column, cell) in (0_u16..).zip(row) {
                match cell {
                    Cell::Empty => sheet.write_blank(line, column, &ruled)?,
                    Cell::Text(text) => sheet.write_string_with_format(line, column, text, &ruled)?,
                    Cell::Number(n) => {
                        let number = n.to_f64().unwrap_or_default();
                        sheet.write_number_with_format(line, column, number, &ruled)?
                    }
                    Cell::Decimal(number) => {
                        let number = number.to_f64().unwrap_or_default();
                        sheet.write_number_with_format(line, column, number, &decimal)?
                    }
                    Cell::Day(night) => {
                        let days = i32::try_from((*night - DAY_ZERO).num_days()).unwrap_or_default();
                        sheet.write_number_with_format(line, column, days, &day)?
                    }
                };
            }
        }
        Ok(())
    }

    fn set_up(&self, sheet: &mut Worksheet) -> Result<(), XlsxError> {
        for (column, name) in self.columns.iter().enumerate() {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            let longest = cells.map(|cell| cell.as_csv().chars().count()).max().unwrap_or(0);
            let width = longest.max(name.len()).clamp(WIDTHS.0, WIDTHS.1) + 2;
            let (column, width) =
                (u16::try_from(column).unwrap_or(u16::MAX), u16::try_from(width).unwrap_or(42));
            sheet.set_column_width(column, width)?;
        }
        let made = in_service_time(self.made_at).format("%-d %B %Y, %H:%M");
        sheet.set_freeze_panes(1, 0)?;
        sheet.set_paper_size(A4).set_landscape().set_print_fit_to_pages(1, 0);
        sheet.set_repeat_rows(0, 0)?;
        let last = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        sheet.set_print_area(
            0,
            0,
            last,
            u16::try_from(self.printed.saturating_sub(1)).unwrap_or(u16::MAX),
        )?;
        sheet.set_header(format!("&L{}&R{made}", self.title));
        sheet.set_footer(format!("&L{}&RPage &P of &N", self.foot));
        Ok(())
    }
}

/// What words mean, a sheet of its own.
fn define(sheet: &mut Worksheet, definitions: &[(String, String)]) -> Result<(), XlsxError> {
    let head = Format::new().set_bold().set_border_bottom(FormatBorder::Thin);
    let wrapped = Format::new().set_text_wrap().set_align(FormatAlign::Top);
    sheet.set_name("Definitions")?;
    sheet.set_column_width(0, 40)?;
    sheet.set_column_width(1, 100)?;
    sheet.write_string_with_format(0, 0, "figure", &head)?;
    sheet.write_string_with_format(0, 1, "definition", &head)?;
    for (line, (word, meaning)) in (1_u32..).zip(definitions) {
        sheet.write_string_with_format(line, 0, harmless(word), &wrapped)?;
        sheet.write_string_with_format(line, 1, harmless(meaning), &wrapped)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    sheet.set_paper_size(A4).set_landscape().set_print_fit_to_pages(1, 0);
    sheet.set_repeat_rows(0, 0)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_run_is_made_harmless_and_read_back_the_same() {
        for cell in
            ["=1+1", "+44", "-3", "@x", "\tx", "\rx", "'=1", "''=1", "'quoted'", "'", "", "plain", "7-up"]
        {
            let told = harmless(cell);
            assert!(!told.starts_with(RUN), "{told:?}");
            assert_eq!(plain(&told), cell);
        }
        assert_eq!((harmless("=1"), harmless("'tis")), ("'=1".to_owned(), "'tis".to_owned()));
    }
}
