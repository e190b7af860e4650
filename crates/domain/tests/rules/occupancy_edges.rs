//! Occupancy at the edges of the calendar: leap days, clock changes, the ends of years, and nothing to count.

use std::collections::BTreeSet;

use safespace_domain::{
    Night, Nights,
    availability::Spaces,
    calendar::Calendar,
    nights::{earlier, later, next},
    occupancy::{Compared, OccupancyRow, compared, occupancy},
    periods::PeriodKind,
    policies::Policy,
    stays::Stay,
    units::{InService, Scheme, Unit},
};

use crate::world::{self, Sketch, booked, d, in_service, nights};

/// Long after everything here.
const TONIGHT: &str = "2021-12-01";

fn unit(no: usize, in_service: InService) -> Unit {
    world::unit(
        no,
        &Sketch { property: 0, sleeps: 2, features: BTreeSet::new(), in_service: vec![in_service] },
    )
}

/// Who came on the first night at six in the evening and left on the last day at ten in the morning, local time or near
/// it.
fn stayed(n: usize, unit: usize, nights: Nights) -> Stay {
    let [came, left] = [(nights.arrival(), 18), (nights.departure(), 10)]
        .map(|(day, hour)| day.and_hms_opt(hour, 0, 0).unwrap().and_utc());
    let stay = booked(n, unit, nights).arrive(came, &Policy::default_for(Scheme::SafeSpace)).unwrap();
    let stay = stay.depart(nights.departure(), left).unwrap();
    assert_eq!(stay.nights, nights);
    stay
}

fn filled(units: Vec<Unit>, stays: &[Stay]) -> (Calendar, Spaces) {
    let mut calendar = Calendar::new(nights("2015-01-01", "2022-01-01"), units.len());
    for (no, unit) in units.iter().enumerate() {
        calendar.set_in_service(no, &unit.in_service);
    }
    let spaces = world::spaces(units, 0);
    for entry in stays.iter().flat_map(|stay| stay.entries(d(TONIGHT), 0)) {
        calendar.set(spaces.no(entry.unit).unwrap(), entry.night, Some(entry.take.night_use));
    }
    (calendar, spaces)
}

/// The figures of some nights, with one unit that opened on a night and was used so.
fn figures(opened: &str, used: &[Nights], asked: Nights, by: PeriodKind) -> Vec<Compared> {
    let stays: Vec<_> = used.iter().enumerate().map(|(n, nights)| stayed(n, 0, *nights)).collect();
    let (calendar, spaces) = filled(vec![unit(0, in_service(d(opened), None))], &stays);
    let rows = compared(&calendar, &spaces, asked, by, None, d(TONIGHT));
    let alone = occupancy(&calendar, &spaces, asked, by, None, d(TONIGHT));
    assert_eq!(rows.iter().map(|one| one.row.clone()).collect::<Vec<_>>(), alone);
    rows
}

/// Period, nights, nights in stock, nights occupied.
fn told(row: &OccupancyRow) -> (&str, u64, u64, u64) {
    (&row.period, row.nights, row.in_stock_nights, row.occupied_nights)
}

fn each(rows: &[Compared]) -> Vec<(&str, u64, u64, u64)> {
    rows.iter().map(|one| told(&one.row)).collect()
}

#[test]
fn a_leap_day_is_a_night_like_any_other_and_other_years_have_none() {
    let over = nights("2020-02-27", "2020-03-02");
    let rows = figures("2015-03-01", &[over], nights("2020-02-01", "2020-04-01"), PeriodKind::Month);
    assert_eq!(each(&rows), [("2020-02", 29, 29, 3), ("2020-03", 31, 31, 1)]);
    assert_eq!(told(&rows[0].a_year_before), ("2019-02", 28, 28, 0));
    assert_eq!(told(&rows[1].before), ("2020-02", 29, 29, 3));
    let leap_year = figures("2015-03-01", &[over], nights("2019-01-01", "2021-01-01"), PeriodKind::Year);
    assert_eq!(each(&leap_year), [("2019", 365, 365, 0), ("2020", 366, 366, 4)]);
    // The night itself: the one before a year ago is the last that February had.
    let night = figures("2015-03-01", &[over], nights("2020-02-29", "2020-03-01"), PeriodKind::Night);
    assert_eq!(told(&night[0].row), ("2020-02-29", 1, 1, 1));
    assert_eq!(told(&night[0].a_year_before), ("2019-02-28", 1, 1, 0));
}

#[test]
fn a_night_on_which_the_clocks_change_is_one_night() {
    for (from, to) in [("2020-03-28", "2020-03-30"), ("2020-10-24", "2020-10-26")] {
        let asked = Nights::between(earlier(d(from), 1), next(d(to)));
        let rows = figures("2015-03-01", &[nights(from, to)], asked, PeriodKind::Night);
        let occupied: Vec<_> = rows.iter().map(|one| one.row.occupied_nights).collect();
        assert_eq!(occupied, [0, 1, 1, 0], "{from}");
    }
}

#[test]
fn who_comes_in_the_hour_that_is_there_twice_or_never_has_the_night_that_began_before() {
    let policy = Policy::default_for(Scheme::SafeSpace);
    // 01:30 twice on 25 October; from 00:59 to 02:00 with nothing between on 29 March.
    for (night, at) in [
        ("2020-10-24", "2020-10-25T00:30:00Z"),
        ("2020-10-24", "2020-10-25T01:30:00Z"),
        ("2020-03-28", "2020-03-29T00:59:59Z"),
        ("2020-03-28", "2020-03-29T01:00:00Z"),
    ] {
        let first = d(night);
        let stay = booked(0, 0, Nights::between(first, later(first, 2))).arrive(at.parse().unwrap(), &policy);
        let stay = stay.unwrap().depart(later(first, 2), "2020-10-30T12:00:00Z".parse().unwrap()).unwrap();
        let (calendar, spaces) = filled(vec![unit(0, in_service(d("2015-03-01"), None))], &[stay]);
        let asked = Nights::between(earlier(first, 1), later(first, 3));
        let rows = occupancy(&calendar, &spaces, asked, PeriodKind::Night, None, d(TONIGHT));
        assert_eq!(rows.iter().map(|row| row.occupied_nights).collect::<Vec<_>>(), [0, 1, 1, 0], "{at}");
    }
}

#[test]
fn a_period_that_begins_before_the_first_property_counts_from_the_night_it_opened() {
    let rows = figures(
        "2020-03-15",
        &[nights("2020-03-15", "2020-03-22")],
        nights("2020-02-01", "2020-04-01"),
        PeriodKind::Month,
    );
    assert_eq!(each(&rows), [("2020-02", 29, 0, 0), ("2020-03", 31, 17, 7)]);
    let [february, march] = [&rows[0].row, &rows[1].row];
    assert_eq!((february.occupancy_rate(), february.gross_rate(), february.full_share()), (None, None, None));
    assert_eq!(march.occupancy_rate().unwrap().to_string(), "41.18", "of the 17 nights that it was there");
    assert_eq!(march.full_share().unwrap().to_string(), "22.58", "of the 31 nights of the month");
    assert_eq!(rows[1].a_year_before.occupancy_rate(), None);
}

#[test]
fn a_unit_that_is_open_for_one_night_counts_for_one_night() {
    let one = InService { opened_on: d("2020-06-30"), closed_on: Some(d("2020-07-01")) };
    let (calendar, spaces) = filled(vec![unit(0, one)], &[stayed(0, 0, nights("2020-06-30", "2020-07-01"))]);
    let asked = nights("2020-06-01", "2020-08-01");
    let rows = occupancy(&calendar, &spaces, asked, PeriodKind::Month, None, d(TONIGHT));
    let told: Vec<_> = rows.iter().map(told).collect();
    assert_eq!(told, [("2020-06", 30, 1, 1), ("2020-07", 31, 0, 0)]);
    assert_eq!((rows[0].full_nights, rows[0].occupancy_rate().unwrap().to_string()), (1, "100.00".into()));
    assert_eq!((rows[1].full_nights, rows[1].occupancy_rate()), (0, None));
}

#[test]
fn a_stay_over_new_year_counts_in_both_years() {
    let stay = [nights("2019-12-29", "2020-01-05")];
    let told = |by| {
        let rows = figures("2015-03-01", &stay, nights("2019-12-01", "2020-02-01"), by);
        let used = rows.into_iter().filter(|one| one.row.occupied_nights > 0);
        used.map(|one| (one.row.period, one.row.occupied_nights)).collect::<Vec<_>>()
    };
    let both = |a: &str, n, b: &str, m| vec![(a.to_owned(), n), (b.to_owned(), m)];
    assert_eq!(told(PeriodKind::Year), both("2019", 3, "2020", 4));
    assert_eq!(told(PeriodKind::Quarter), both("2019-Q4", 3, "2020-Q1", 4));
    assert_eq!(told(PeriodKind::Month), both("2019-12", 3, "2020-01", 4));
    // The week that has the new year in it belongs to the year that has more of it.
    assert_eq!(told(PeriodKind::Week), both("2019-W52", 1, "2020-W01", 6));
    assert_eq!(told(PeriodKind::FinancialYear), [("2019/20".to_owned(), 7)]);
}

#[test]
fn a_stay_over_the_end_of_the_financial_year_counts_in_both_years() {
    let stay = [nights("2020-03-29", "2020-04-05")];
    let rows = figures("2015-03-01", &stay, nights("2019-04-01", "2021-04-01"), PeriodKind::FinancialYear);
    assert_eq!(each(&rows), [("2019/20", 366, 366, 3), ("2020/21", 365, 365, 4)]);
    assert_eq!(told(&rows[1].before), ("2019/20", 366, 366, 3));
    let rows = figures("2015-03-01", &stay, nights("2020-01-01", "2021-01-01"), PeriodKind::Year);
    assert_eq!(each(&rows), [("2020", 366, 366, 7)]);
}

#[test]
fn where_nothing_is_available_a_rate_is_empty_and_never_nought() {
    let (calendar, spaces) = filled(Vec::new(), &[]);
    for by in PeriodKind::ALL {
        let rows = occupancy(&calendar, &spaces, nights("2020-01-01", "2020-03-01"), by, None, d(TONIGHT));
        for row in &rows {
            assert_eq!((row.occupancy_rate(), row.gross_rate(), row.full_share()), (None, None, None));
        }
        assert_eq!(rows.iter().map(|row| row.nights).sum::<u64>(), 60, "{by}");
    }
    let night: Night = d("2020-01-01");
    let beyond = Nights::between(earlier(night, 4_000), earlier(night, 3_990));
    let rows = occupancy(&calendar, &spaces, beyond, PeriodKind::Whole, None, d(TONIGHT));
    assert_eq!((rows[0].nights, rows[0].in_stock_nights, rows[0].occupancy_rate()), (10, 0, None));
}
