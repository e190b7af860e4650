//! Published facts hold. Where they come from: `tests/vectors/README.md`.

use std::collections::BTreeSet;

use proptest::prelude::*;
use safespace_domain::{
    Nights, UnitId, VoidId,
    calendar::{Calendar, UnitSet},
    ledger::{Entry, NightUse, Take},
    nights::{later, runs},
    occupancy::{OccupancyRow, occupancy, per_cent},
    periods::PeriodKind,
    stays::Stay,
    voids::Void,
};

use crate::world::{self, Sketch, booked, d, id, in_service, nights, nights_from};

const OCCUPANCY_RATE: &str = include_str!("../vectors/occupancy_rate.csv");
const AVAILABILITY: &str = include_str!("../vectors/availability.csv");
const CONFLICTS: &str = include_str!("../vectors/conflicts.csv");
const GAPS: &str = include_str!("../vectors/gaps.csv");

/// The rows of a file whose header is as expected.
fn rows<const N: usize>(file: &str, header: [&str; N]) -> Vec<[String; N]> {
    let mut reader = csv::Reader::from_reader(file.as_bytes());
    assert_eq!(reader.headers().unwrap(), &header[..]);
    let rows: Vec<_> = reader
        .records()
        .map(|record| {
            let record = record.unwrap();
            std::array::from_fn(|i| record[i].to_owned())
        })
        .collect();
    assert!(!rows.is_empty());
    rows
}

fn number(text: &str) -> usize {
    text.parse().unwrap_or_else(|_| panic!("{text:?} is not a number"))
}

fn yes(text: &str) -> bool {
    match text {
        "yes" => true,
        "no" => false,
        _ => panic!("{text:?} is neither yes nor no"),
    }
}

/// A calendar of units that are all in stock all along.
fn open_calendar(span: Nights, units: usize) -> Calendar {
    let mut calendar = Calendar::new(span, units);
    (0..units).for_each(|no| calendar.set_in_service(no, &[in_service(span.arrival(), None)]));
    calendar
}

/// What a use of that kind takes in the ledger. The first unit is meant.
fn entries(kind: &str, nights: Nights, turnaround: u32) -> Vec<Entry> {
    // Long before any of the stays: none is an overstay.
    let today = d("2000-01-01");
    let stay = booked(0, 0, nights);
    let void = Void {
        id: VoidId(id(0)),
        unit: UnitId(id(0)),
        nights,
        reason: "repair".into(),
        cancelled: kind == "cancelled_void",
    };
    let hold = |night| Entry {
        unit: UnitId(id(0)),
        night,
        take: Take { night_use: NightUse::Held, by: id(0), household: None },
    };
    match kind {
        "stay" => stay.entries(today, turnaround),
        "cancelled_stay" => cancelled(stay).entries(today, turnaround),
        "void" | "cancelled_void" => void.entries(),
        "hold" => nights.iter().map(hold).collect(),
        "lapsed_hold" => Vec::new(),
        _ => panic!("{kind:?} is no kind of use"),
    }
}

fn cancelled(stay: Stay) -> Stay {
    let at = stay.booked_at;
    stay.cancel(at).unwrap()
}

fn take(calendar: &mut Calendar, entries: &[Entry]) {
    for entry in entries {
        calendar.set(0, entry.night, Some(entry.take.night_use));
    }
}

#[test]
fn the_occupancy_rate_is_what_was_published() {
    for [occupied, available, rate] in rows(OCCUPANCY_RATE, ["occupied", "available", "rate"]) {
        let (occupied, available) = (number(&occupied), number(&available));
        let got = per_cent(occupied as u64, available as u64).unwrap();
        assert_eq!(got.to_string(), rate, "{occupied} of {available}");
    }
}

#[test]
fn the_occupancy_rate_of_a_night_in_the_calendar_is_what_was_published() {
    let night = d("2020-02-29");
    let sketch = Sketch {
        property: 0,
        sleeps: 1,
        features: BTreeSet::new(),
        in_service: vec![in_service(night, None)],
    };
    for [occupied, available, rate] in rows(OCCUPANCY_RATE, ["occupied", "available", "rate"]) {
        let (occupied, available) = (number(&occupied), number(&available));
        // One unit more, and void: it is not available.
        let units = (0..=available).map(|no| world::unit(no, &sketch)).collect();
        let mut calendar = open_calendar(nights_from(night, 1), available + 1);
        (0..occupied).for_each(|no| calendar.set(no, night, Some(NightUse::Resident)));
        calendar.set(available, night, Some(NightUse::Void));
        let spaces = world::spaces(units, 0);
        let rows = occupancy(&calendar, &spaces, nights_from(night, 1), PeriodKind::Month, None, night);
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].occupancy_rate().unwrap().to_string(), rate, "{occupied} of {available}");
        let full = if occupied == available { "100.00" } else { "0.00" };
        assert_eq!(rows[0].full_share().unwrap().to_string(), full, "{occupied} of {available}");
    }
}

#[test]
fn what_is_free_is_the_total_less_occupied_less_held() {
    let night = d("2020-11-03");
    for [total, occupied, held, free] in rows(AVAILABILITY, ["total", "occupied", "held", "free"]) {
        let [total, occupied, held, free] = [&total, &occupied, &held, &free].map(|text| number(text));
        let mut calendar = open_calendar(nights_from(night, 1), total);
        (0..occupied).for_each(|no| calendar.set(no, night, Some(NightUse::Resident)));
        (occupied..occupied + held).for_each(|no| calendar.set(no, night, Some(NightUse::Held)));
        let counts = calendar.counts(night, &UnitSet::all(total).sparse());
        assert_eq!(counts.free() as usize, free, "of {total}: {occupied} occupied, {held} held");
        assert_eq!(calendar.free(nights_from(night, 1), 0).len(), free);
    }
}

#[test]
fn uses_clash_on_half_open_nights_with_turnaround_and_only_while_they_stand() {
    let header = [
        "existing_kind",
        "existing_from",
        "existing_to",
        "turnaround",
        "request_from",
        "request_to",
        "clash",
    ];
    for row in rows(CONFLICTS, header) {
        let [kind, from, to, turnaround, request_from, request_to, clash] = &row;
        let turnaround = turnaround.parse().unwrap();
        let mut calendar = open_calendar(nights("2022-01-01", "2023-01-01"), 1);
        take(&mut calendar, &entries(kind, nights(from, to), turnaround));
        let free = calendar.free(nights(request_from, request_to), turnaround).contains(0);
        assert_eq!(!free, yes(clash), "{row:?}");
    }
}

/// `2024-04-05..2024-04-13`
fn run(text: &str) -> Nights {
    let (from, to) = text.split_once("..").unwrap_or_else(|| panic!("{text:?} is no run of nights"));
    nights(from, to)
}

/// The nights of `2024-04`.
fn month(text: &str) -> Nights {
    let first = d(&format!("{text}-01"));
    let next = first.checked_add_months(chrono::Months::new(1)).unwrap();
    Nights::between(first, next)
}

#[test]
fn the_gaps_of_a_month_are_the_free_runs_between_its_uses() {
    for [month_text, uses, free_runs] in rows(GAPS, ["month", "uses", "free_runs"]) {
        let month = month(&month_text);
        let mut calendar = open_calendar(month, 1);
        for one in uses.split("; ") {
            match one.split(' ').collect::<Vec<_>>()[..] {
                ["unit", text] => {
                    let run = run(text);
                    calendar.set_in_service(0, &[in_service(run.arrival(), Some(run.departure()))]);
                }
                [kind, text] => take(&mut calendar, &entries(kind, run(text), 0)),
                [kind, text, "turnaround", n] => {
                    take(&mut calendar, &entries(kind, run(text), n.parse().unwrap()));
                }
                _ => panic!("{one:?} is no use"),
            }
        }
        let gaps = runs(month.iter().filter(|night| calendar.is_free(0, *night)));
        let told: Vec<_> = free_runs.split(' ').map(run).collect();
        assert_eq!(gaps, told, "{month_text}: {uses}");
        for gap in gaps {
            assert!(calendar.free(gap, 0).contains(0), "{gap:?} is free as a whole");
            let longer = Nights::between(gap.arrival(), later(gap.departure(), 1));
            assert!(!calendar.free(longer, 0).contains(0), "{gap:?} ends where it ends");
        }
    }
}

/// The rate, in integers: hundredths of a per cent, half-up.
fn rate_in_integers(part: u64, whole: u64) -> String {
    let hundredths = (part * 20_000 + whole) / (whole * 2);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

proptest! {
    #[test]
    fn every_share_is_rounded_half_up_to_two_decimals(whole in 1_u64..4_000, part_of_whole in 0_u64..4_000) {
        let part = part_of_whole % (whole + 1);
        prop_assert_eq!(per_cent(part, whole).unwrap().to_string(), rate_in_integers(part, whole));
    }
}

#[test]
fn a_rate_with_nothing_available_is_empty() {
    let row = OccupancyRow { nights: 31, in_stock_nights: 31, void_nights: 31, ..OccupancyRow::default() };
    assert_eq!((row.occupancy_rate(), row.full_share()), (None, None));
    assert_eq!((per_cent(0, 0), per_cent(1, 0)), (None, None));
}
