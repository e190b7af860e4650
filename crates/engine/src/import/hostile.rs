//! The readers of CSV files, against files that nobody meant well with: they refuse in words, and never panic.

use proptest::prelude::*;

use super::Files;

/// Cells that are right somewhere, nearly right, or meant to hurt.
fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(vec![
            "SS-01", "safe_space", "move_on", "Stevenage", "4", "2020-11-03", "2020-11-10", "departed", "in_residence",
            "booked", "repair", "police", "declined", "high", "2020-11-03 23:40", "", "ground_floor step_free",
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

/// Reads it as each of the four; what is wrong is said in a sentence of one line.
fn read(bytes: &[u8]) {
    let mut files = Files::default();
    let told = [
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
    ) {
        for bytes in [spaces, stays, voids, referrals] {
            read(&bytes);
        }
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
