//! The readers of files, against files that nobody meant well with: they refuse in words, and never panic.

use proptest::prelude::*;

use super::{Files, StockFiles};

/// Cells that are right somewhere, nearly right, or meant to hurt.
fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(vec![
            "SS-01", "safe_space", "move_on", "Stevenage", "4", "2020-11-03", "2020-11-10", "departed", "in_residence",
            "booked", "repair", "yes", "3.00", "food", "BEANS", "lost", "police", "declined", "high", "2020-11-03 23:40", "", "ground_floor step_free",
        ])
        .prop_map(str::to_owned),
        1 => prop::sample::select(vec![
            "-1", "99999999999999999999", "2020-02-30", "0000-00-00", "=cmd|'/c calc'!A0", "\"", "\"\"", "a\"b", "\u{0}",
            "\u{feff}", "\u{202e}x", "9999-12-31", "1e9",
        ])
        .prop_map(str::to_owned),
        1 => "\\PC{0,20}",
    ]
}

fn file(header: &'static str) -> impl Strategy<Value = Vec<u8>> {
    let columns = header.split(',').count();
    let row = prop::collection::vec(cell(), columns.saturating_sub(1)..columns + 2);
    let ending = prop::sample::select(vec!["\n", "\r\n", "\r"]);
    (prop::collection::vec(row, 0..20), ending, any::<bool>()).prop_map(move |(rows, ending, quoted)| {
        let line = |cells: Vec<String>| {
            if quoted {
                cells.iter().map(|it| format!("\"{it}\"")).collect::<Vec<_>>().join(",")
            } else {
                cells.join(",")
            }
        };
        let lines: Vec<_> = std::iter::once(header.to_owned()).chain(rows.into_iter().map(line)).collect();
        lines.join(ending).into_bytes()
    })
}

const SPACES: &str = "unit,property,scheme,district,sleeps,features,opened_on,closed_on";
const STAYS: &str = "reference,property,unit,arrival,departure,status,adults,children,booked_on";
const VOIDS: &str = "unit,from,to,reason";
const REFERRALS: &str =
    "reference,received_at,source,adults,children,status,risk,dash_ticks,marac,children_under_2";
const ITEMS: &str = "code,name,category,unit_of_issue,pack_size,price,eaten,perishable,contains,barcode";
const COUNTS: &str = "place,item,counted,expires,on_hand,why,lot_id,as_of";

/// A workbook that is right but for what is in its cells.
fn workbook(header: &'static str) -> impl Strategy<Value = Vec<u8>> {
    let columns = header.split(',').count();
    let row = prop::collection::vec((cell(), any::<f64>(), any::<bool>()), columns);
    prop::collection::vec(row, 0..6).prop_map(move |rows| {
        let mut book = rust_xlsxwriter::Workbook::new();
        let sheet = book.add_worksheet();
        for (column, name) in (0..).zip(header.split(',')) {
            sheet.write_string(0, column, name).unwrap();
        }
        for (line, row) in (1..).zip(rows) {
            for (column, (text, number, is_number)) in (0..).zip(row) {
                if is_number {
                    sheet.write_number(line, column, number).unwrap();
                } else {
                    sheet.write_string(line, column, text).unwrap();
                }
            }
        }
        book.save_to_buffer().unwrap()
    })
}

/// Reads it as each of the six; what is wrong is said in a sentence of one line.
fn read(bytes: &[u8]) {
    let (mut files, mut stock) = (Files::default(), StockFiles::default());
    let told = [
        stock.read_items(bytes),
        stock.read_counts(bytes),
        files.read_spaces(bytes),
        files.read_stays(bytes),
        files.read_voids(bytes),
        files.read_referrals(bytes),
    ];
    for told in told {
        if let Err(wrong) = told {
            assert!(!wrong.why.trim().is_empty() && !wrong.why.contains('\n'), "{wrong}");
        }
    }
    let said = files.spaces.iter().map(|row| row.says.as_ref().err());
    let said = said.chain(files.stays.iter().map(|row| row.says.as_ref().err()));
    let said = said.chain(files.referrals.iter().map(|row| row.says.as_ref().err()));
    let said = said.chain(stock.items.iter().flatten().map(|row| row.says.as_ref().err()));
    let said = said.chain(stock.counts.iter().flatten().map(|row| row.says.as_ref().err()));
    for why in said.chain(files.voids.iter().map(|row| row.says.as_ref().err())).flatten() {
        assert!(!why.trim().is_empty());
    }
}

proptest! {
    #[test]
    fn bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        read(&bytes);
    }

    #[test]
    fn texts_are_read_or_refused(text in "[\\PC\n\r\",]{0,400}") {
        read(text.as_bytes());
    }

    #[test]
    fn files_that_are_nearly_right_are_read_or_refused(
        spaces in file(SPACES),
        stays in file(STAYS),
        voids in file(VOIDS),
        referrals in file(REFERRALS),
        items in file(ITEMS),
        counts in file(COUNTS),
    ) {
        for bytes in [spaces, stays, voids, referrals, items, counts] {
            read(&bytes);
        }
    }

    #[test]
    fn a_workbook_is_read_or_refused_also_where_it_was_cut_or_damaged(
        book in prop_oneof![workbook(ITEMS), workbook(COUNTS)],
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut book = book;
        read(&book);
        let at = at.index(book.len());
        read(&book[..at]);
        book[at] = byte;
        read(&book);
    }

    #[test]
    fn a_file_that_was_cut_or_damaged_is_read_or_refused(
        file in file(STAYS),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut file = file;
        let at = at.index(file.len());
        read(&file[..at]);
        file[at] = byte;
        read(&file);
    }
}
