//! Workbooks (XLSX) that people bring: the cells of the first sheet, as words.
//!
//! A workbook is a ZIP file of XML. What it would unpack to is measured before anything of it is read, and its cells come
//! one by one, so that a small file can't take much memory.

use std::{
    collections::BTreeMap,
    io::{Cursor, Read},
};

use calamine::{DataRef, Reader, Xlsx};
use csv::StringRecord;
use rust_decimal::Decimal;

/// How a ZIP file begins.
const ZIP: &[u8] = b"PK\x03\x04";
/// What is right of this column is not read: no file that we know has so many.
const MOST_COLUMNS: usize = 64;
/// A cell's words are cut off here: nothing that we read is as long.
const LONGEST_CELL: usize = 10_000;

const NOT_ONE: &str = "not readable as a workbook: save it as XLSX or CSV, without a password";

/// Whether a file is a workbook: it shows in its first bytes.
pub(super) fn is_one(bytes: &[u8]) -> bool {
    bytes.starts_with(ZIP)
}

/// The rows of the first sheet that have something in them, with their numbers; the first is the header. Refused in
/// words where it is no workbook, or would unpack to more than `largest` bytes or `most` rows and a header.
pub(super) fn rows(bytes: Vec<u8>, largest: u64, most: usize) -> Result<Vec<(u64, StringRecord)>, String> {
    measure(&bytes, largest)?;
    // The reader is another's, and may panic where a workbook was made to hurt it.
    std::panic::catch_unwind(|| cells(bytes, most)).unwrap_or_else(|_| Err(NOT_ONE.to_owned()))
}

/// Refuses what would unpack to too much, or says that it has more words than it can have.
fn measure(bytes: &[u8], largest: u64) -> Result<(), String> {
    let too_large = || format!("larger than {} MiB when it is unpacked: bring it in parts", largest >> 20);
    let not_one = |_| NOT_ONE.to_owned();
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(not_one)?;
    let mut left = largest;
    for n in 0..archive.len() {
        let mut part = archive.by_index(n).map_err(not_one)?;
        let words = part.name().map_err(not_one)?.to_ascii_lowercase().ends_with("sharedstrings.xml");
        let mut unpacked = Vec::new();
        let mut taken = part.by_ref().take(left + 1);
        let size = if words {
            taken.read_to_end(&mut unpacked).map(|size| size as u64)
        } else {
            std::io::copy(&mut taken, &mut std::io::sink())
        };
        let size = size.map_err(|_| NOT_ONE.to_owned())?;
        left = left.checked_sub(size).ok_or_else(too_large)?;
        if words && says_more_words(&unpacked, largest) {
            return Err(NOT_ONE.to_owned());
        }
    }
    Ok(())
}

/// Whether a list of words says of itself that it has more of them than it can: the reader makes room for as many.
fn says_more_words(list: &[u8], largest: u64) -> bool {
    let Ok(list) = std::str::from_utf8(list) else { return true };
    let Some((_, after)) = list.split_once("uniqueCount") else { return false };
    let digits: String =
        after.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
    digits.parse::<u64>().map_or(true, |count| count > largest / 8)
}

fn cells(bytes: Vec<u8>, most: usize) -> Result<Vec<(u64, StringRecord)>, String> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(|_| NOT_ONE.to_owned())?;
    let first = book.sheet_names().into_iter().next().ok_or_else(|| NOT_ONE.to_owned())?;
    let mut reader = book.worksheet_cells_reader(&first).map_err(|_| NOT_ONE.to_owned())?;
    let mut rows: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    while let Some(cell) = reader.next_cell().map_err(|_| NOT_ONE.to_owned())? {
        let (row, column) = cell.get_position();
        let column = usize::try_from(column).unwrap_or(usize::MAX);
        let words = words(cell.get_value());
        if words.is_empty() {
            continue;
        }
        if column >= MOST_COLUMNS {
            return Err(format!("line {}: more than {MOST_COLUMNS} columns", u64::from(row) + 1));
        }
        let full = rows.len() > most && !rows.contains_key(&row);
        if full {
            return Err(format!("more than {most} rows: bring it in parts"));
        }
        let cells = rows.entry(row).or_default();
        if cells.len() <= column {
            cells.resize(column + 1, String::new());
        }
        if let Some(place) = cells.get_mut(column) {
            *place = words;
        }
    }
    Ok(rows.into_iter().map(|(row, cells)| (u64::from(row) + 1, StringRecord::from(cells))).collect())
}

/// A cell in words, as a file of CSV would have it.
fn words(value: &DataRef<'_>) -> String {
    let text = match value {
        DataRef::Empty => String::new(),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Int(n) => n.to_string(),
        DataRef::Float(n) => number(*n),
        DataRef::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        DataRef::DateTime(at) if at.is_duration() => number(at.as_f64()),
        DataRef::DateTime(at) => {
            let (year, month, day, hour, minute, second, milli) = at.to_ymd_hms_milli();
            let day = format!("{year:04}-{month:02}-{day:02}");
            match (hour, minute, second, milli) {
                (0, 0, 0, 0) => day,
                _ => format!("{day}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z"),
            }
        }
        DataRef::Error(error) => error.to_string(),
    };
    text.trim().chars().take(LONGEST_CELL).collect()
}

/// A number as people wrote it: a workbook keeps fifteen digits, and what comes after them is noise.
fn number(n: f64) -> String {
    let digits = format!("{n:.14e}");
    Decimal::from_scientific(&digits).map_or(digits, |decimal| decimal.normalize().to_string())
}

#[cfg(test)]
mod tests {
    use rust_xlsxwriter::{Format, Workbook};

    use super::*;

    const LARGEST: u64 = 1 << 20;

    fn book(fill: impl FnOnce(&mut rust_xlsxwriter::Worksheet)) -> Vec<u8> {
        let mut book = Workbook::new();
        fill(book.add_worksheet());
        book.save_to_buffer().unwrap()
    }

    #[test]
    fn cells_are_read_as_people_wrote_them() {
        let bytes = book(|sheet| {
            let date = Format::new().set_num_format("yyyy-mm-dd");
            sheet.write_string(0, 0, "code").unwrap();
            sheet.write_number(2, 0, 5_000_157_024_671.0).unwrap();
            sheet.write_number(2, 1, 0.1 + 0.2).unwrap();
            sheet.write_number(2, 2, -3.0).unwrap();
            sheet.write_boolean(2, 3, true).unwrap();
            sheet.write_number_with_format(2, 4, 44_138.0, &date).unwrap();
            sheet.write_string(2, 6, " two words ").unwrap();
        });
        let rows = rows(bytes, LARGEST, 10).unwrap();
        assert_eq!(rows[0], (1, StringRecord::from(vec!["code"])));
        let expected = ["5000157024671", "0.3", "-3", "yes", "2020-11-03", "", "two words"];
        assert_eq!(rows[1], (3, StringRecord::from(expected.to_vec())));
    }

    #[test]
    fn a_workbook_that_was_made_to_hurt_is_refused_in_words() {
        let far = book(|sheet| {
            sheet.write_string(1_048_575, 16_383, "x").unwrap();
        });
        assert!(rows(far, LARGEST, 10).unwrap_err().contains("more than 64 columns"));
        let long = book(|sheet| {
            for row in 0..12 {
                sheet.write_string(row, 0, "x").unwrap();
            }
        });
        assert!(rows(long, LARGEST, 10).unwrap_err().contains("more than 10 rows"));
        let large = book(|sheet| {
            sheet.write_string(0, 0, "x".repeat(30_000)).unwrap();
        });
        assert!(large.len() < 20_000, "it is small until it is unpacked");
        assert!(rows(large, 20_000, 10).unwrap_err().contains("when it is unpacked"));
        let good = book(|sheet| {
            sheet.write_string(0, 0, "x").unwrap();
        });
        for end in [4, 30, good.len() / 2, good.len() - 1] {
            assert_eq!(rows(good[..end].to_vec(), LARGEST, 10).unwrap_err(), NOT_ONE, "{end}");
        }
        assert!(says_more_words(b"<sst uniqueCount='99999999999999999999'>", LARGEST));
        assert!(!says_more_words(b"<sst count=\"1\" uniqueCount=\"1\">", LARGEST));
    }
}
