//! The forecast is held against every way in which it could come, and against a service made up to be foreseen.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use proptest::{collection::vec, prelude::*};
use rust_decimal::Decimal;
use safespace_domain::{
    Night, Nights, StayId,
    clock::service_day,
    departure_changes::DepartureChange,
    forecast::{Forecast, MOST_NIGHTS, Outage, Place, Record, Records, distribution::Distribution, forecast},
    nights::{earlier, later, next},
    stays::StayState,
    units::Scheme,
};

use crate::world::{booked, id, in_service};

const NOW: &str = "2020-11-03T14:00:00Z";

fn now() -> DateTime<Utc> {
    NOW.parse().unwrap()
}

fn today() -> Night {
    service_day(now())
}

fn place(scheme: Scheme, turnaround_nights: u32) -> Place {
    Place { scheme, turnaround_nights, in_service: vec![in_service(earlier(today(), 3_000), None)] }
}

/// At this hour of a day.
fn at(day: Night, hour: u32) -> DateTime<Utc> {
    day.and_hms_opt(hour, 0, 0).unwrap().and_utc()
}

/// A stay that was there from a day on.
fn there(n: usize, unit: usize, nights: Nights) -> Record {
    let mut stay = booked(n, unit, nights);
    stay.booked_at = at(nights.arrival(), 10);
    stay.state = StayState::InResidence { arrived_at: Some(at(nights.arrival(), 12)) };
    Record { stay, place: unit, changes: Vec::new() }
}

/// A stay that is over, and was planned to end on another day.
fn over(n: usize, unit: usize, nights: Nights, planned: Night) -> Record {
    let mut record = there(n, unit, nights);
    record.stay.planned = Nights::between(nights.arrival(), planned);
    record.stay.state = StayState::Departed {
        arrived_at: Some(at(nights.arrival(), 12)),
        departed_at: Some(at(nights.departure(), 11)),
        moved_to: None,
    };
    record
}

/// What makes it known that changes are kept.
fn a_change(record: &mut Record) {
    record.changes.push(DepartureChange {
        stay: record.stay.id,
        at: record.stay.booked_at,
        before: next(record.stay.planned.departure()),
        after: record.stay.planned.departure(),
    });
}

/// Of one unit: who is there or to come, and what else is known of it.
#[derive(Clone, Debug)]
struct Case {
    scheme: Scheme,
    turnaround: u32,
    /// Nights to the planned departure of who is there.
    there: Option<i32>,
    /// In how many nights a booking begins, and its nights.
    booked: Option<(u32, u32)>,
    /// From when on it is out of service, and for how many nights.
    void: Option<(u32, u32)>,
}

fn a_case() -> impl Strategy<Value = Case> {
    let scheme = prop_oneof![3 => Just(Scheme::SafeSpace), 1 => Just(Scheme::MoveOn)];
    let there = prop::option::of(-3_i32..20);
    let booked = prop::option::of((0_u32..30, 1_u32..8));
    let void = prop::option::weighted(0.3, (0_u32..30, 1_u32..5));
    (scheme, 0_u32..3, there, booked, void).prop_map(|(scheme, turnaround, there, booked, void)| Case {
        scheme,
        turnaround,
        there,
        booked,
        void,
    })
}

fn records_of(cases: &[Case]) -> Records {
    let mut records = Records::default();
    for (unit, case) in cases.iter().enumerate() {
        records.places.push(place(case.scheme, case.turnaround));
        if let Some(departs) = case.there {
            let departure = today() + TimeDelta::days(departs.into());
            let nights = Nights::between(earlier(departure, 5).min(earlier(today(), 1)), departure);
            records.stays.push(there(unit, unit, nights));
        }
        if let Some((begins, nights)) = case.booked {
            let arrival = later(today(), begins);
            let mut stay = booked(100 + unit, unit, Nights::between(arrival, later(arrival, nights)));
            stay.booked_at = at(earlier(today(), 1), 9);
            records.stays.push(Record { stay, place: unit, changes: Vec::new() });
        }
        if let Some((from, nights)) = case.void {
            let from = later(today(), from);
            let nights = Nights::between(from, later(from, nights));
            records.outages.push(Outage { place: unit, nights, since: at(earlier(today(), 1), 9) });
        }
    }
    records
}

/// The ten made-up ways in which it may go on, each as the nights ahead that are taken.
fn ways(case: &Case) -> Vec<Vec<bool>> {
    let span = 0..i64::from(MOST_NIGHTS);
    let turnaround = i64::from(case.turnaround);
    let until =
        |from: i64, to: i64| span.clone().map(|night| (from..to + turnaround).contains(&night)).collect();
    let of_resident = case.there.map_or_else(
        || vec![vec![false; MOST_NIGHTS as usize]; 10],
        |departs| {
            let ends: Vec<i64> = match departs {
                ..0 => vec![0, 0, 0, 0, 0, 1, 1, 1, 2, 3],
                0 => vec![0, 0, 0, 0, 0, 0, 0, 0, 1, 2],
                departs => {
                    [0, 0, 0, 0, 0, 0, 0, 0, -1, 1].iter().map(|off| i64::from(departs) + off).collect()
                }
            };
            ends.into_iter().map(|end| until(0, end)).collect()
        },
    );
    let of_booked = case.booked.map_or_else(
        || vec![vec![false; MOST_NIGHTS as usize]; 10],
        |(begins, nights)| {
            let (begins, nights) = (i64::from(begins), i64::from(nights));
            let mut ways: Vec<Vec<bool>> = vec![vec![false; MOST_NIGHTS as usize]];
            for off in [-1, 1, 0, 0, 0, 0, 0, 0, 0] {
                let end = begins + nights + off;
                // Who leaves on the day of arrival has no night, and nothing is to be made ready.
                ways.push(if end > begins { until(begins, end) } else { vec![false; MOST_NIGHTS as usize] });
            }
            ways
        },
    );
    let mut all = Vec::new();
    for resident in &of_resident {
        for booked in &of_booked {
            all.push(resident.iter().zip(booked).map(|(a, b)| *a || *b).collect());
        }
    }
    all
}

/// How likely each number of free units is: unit after unit, way by way.
fn naive(cases: &[&Case], night: usize) -> (u32, u32, BTreeMap<u32, f64>) {
    let (mut in_stock, mut void) = (0, 0);
    let mut likely = BTreeMap::from([(0, 1.0)]);
    for case in cases {
        in_stock += 1;
        if case
            .void
            .is_some_and(|(from, nights)| (from..from + nights).contains(&u32::try_from(night).unwrap()))
        {
            void += 1;
            continue;
        }
        let mut with_it: BTreeMap<u32, f64> = BTreeMap::new();
        for (free, likelihood) in &likely {
            for way in ways(case) {
                let more = u32::from(!way[night]);
                *with_it.entry(free + more).or_default() += likelihood / 100.0;
            }
        }
        likely = with_it;
    }
    (in_stock, void, likely)
}

fn mean(likely: &BTreeMap<u32, f64>) -> f64 {
    likely.iter().map(|(free, likelihood)| f64::from(*free) * likelihood).sum()
}

/// The least number with at least this likelihood up to it.
fn quantile(likely: &BTreeMap<u32, f64>, wanted: f64) -> u32 {
    let mut sum = 0.0;
    for (free, likelihood) in likely {
        sum += likelihood;
        if sum >= wanted - 1e-9 {
            return *free;
        }
    }
    likely.keys().next_back().copied().unwrap_or(0)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn it_is_what_every_way_in_which_it_could_come_adds_up_to(cases in vec(a_case(), 1..6)) {
        let told = forecast(&records_of(&cases), now(), MOST_NIGHTS);
        for group in &told.schemes {
            let of: Vec<&Case> = cases.iter().filter(|case| group.scheme.is_none_or(|of| of == case.scheme)).collect();
            prop_assert_eq!(group.nights.len(), MOST_NIGHTS as usize);
            for (ahead, night) in group.nights.iter().enumerate() {
                let (in_stock, void, likely) = naive(&of, ahead);
                prop_assert_eq!((night.in_stock, night.out_of_service), (in_stock, void));
                let free: f64 = night.free.to_string().parse().unwrap();
                prop_assert!((free - mean(&likely)).abs() < 0.005 + 1e-9, "night {}: {} {:?}", ahead, free, likely);
                let sum = night.free + night.taken() + Decimal::from(night.out_of_service);
                prop_assert_eq!(sum, Decimal::from(night.in_stock));
                prop_assert_eq!((night.low, night.high), (quantile(&likely, 0.1), quantile(&likely, 0.9)));
            }
        }
    }

    #[test]
    fn a_sum_of_chances_is_distributed_as_all_its_outcomes(chances in vec(prop_oneof![0.0..1.0, Just(0.0), Just(1.0)], 0..10)) {
        let told = Distribution::of(&chances);
        let mut likely: BTreeMap<u32, f64> = BTreeMap::new();
        for outcome in 0_u32..1 << chances.len() {
            let of = chances.iter().enumerate();
            let likelihood: f64 = of.map(|(no, chance)| if outcome >> no & 1 == 1 { *chance } else { 1.0 - chance }).product();
            *likely.entry(outcome.count_ones()).or_default() += likelihood;
        }
        for (number, likelihood) in &likely {
            prop_assert!((told.likelihood(*number) - likelihood).abs() < 1e-9);
        }
        prop_assert!((told.mean() - mean(&likely)).abs() < 1e-9);
    }
}

/// A service of so many units, each household of which leaves so many nights after it was planned, day by day for years.
fn made_up(units: usize, after: impl Fn(Night, &mut fastrand::Rng) -> i64) -> Records {
    let mut rng = fastrand::Rng::with_seed(1);
    let mut records = Records::default();
    for unit in 0..units {
        records.places.push(place(Scheme::SafeSpace, 0));
        let mut day = earlier(today(), 1_000 + rng.u32(0..7));
        while day <= today() {
            let planned = later(day, rng.u32(4..=7));
            let left = (planned + TimeDelta::days(after(day, &mut rng))).max(next(day));
            let n = records.stays.len();
            let mut record = if left <= today() {
                over(n, unit, Nights::between(day, left), planned)
            } else {
                there(n, unit, Nights::between(day, planned))
            };
            if n == 0 {
                a_change(&mut record);
            }
            records.stays.push(record);
            day = later(left, rng.u32(0..3));
        }
    }
    records
}

fn all(told: &Forecast) -> &safespace_domain::forecast::SchemeForecast {
    told.schemes.last().unwrap()
}

#[test]
fn who_always_leaves_a_night_early_is_expected_to() {
    let mut records = made_up(5, |_, _| -1);
    records.places.push(place(Scheme::SafeSpace, 0));
    records.stays.retain(|record| matches!(record.stay.state, StayState::Departed { .. }));
    let n = records.stays.len();
    records.stays.push(there(n, 5, Nights::between(earlier(today(), 2), later(today(), 3))));
    let told = forecast(&records, now(), 5);
    let free: Vec<String> = all(&told).nights.iter().map(|night| night.free.to_string()).collect();
    assert_eq!(free, ["5.00", "5.00", "6.00", "6.00", "6.00"]);
    assert!(all(&told).nights.iter().all(|night| night.low == night.high), "there is no doubt");
    for held in &all(&told).held {
        assert_eq!((held.held, held.widened_by), (held.forecasts, 0));
        assert!(held.forecasts > 0);
    }
}

#[test]
fn the_range_holds_as_often_as_it_says_on_a_service_that_goes_on_as_it_did() {
    let records = made_up(15, |_, rng| [-2, -1, 0, 0, 0, 0, 1, 3][rng.usize(..8)]);
    let told = forecast(&records, now(), MOST_NIGHTS);
    let tried: Vec<u64> = all(&told).held.iter().map(|held| held.forecasts).collect();
    assert_eq!(tried, [26 * 7, 26 * 7, 26 * 14]);
    for held in &all(&told).held {
        assert!(held.share().unwrap() >= Decimal::from(80), "{held:?}");
        assert_eq!(held.widened_by, 0, "{held:?}");
    }
}

#[test]
fn where_people_do_other_than_they_did_the_range_is_made_wider() {
    // They left as planned until a year ago, and stay on since, by more and more.
    let turn = earlier(today(), 300);
    let records = made_up(15, |day, rng| if day < turn { 0 } else { rng.i64(0..=4) });
    let told = forecast(&records, now(), MOST_NIGHTS);
    let first = all(&told).held[0];
    assert!(first.widened_by > 0, "{first:?}");
    let night = all(&told).nights[2];
    assert!(night.high - night.low >= 2 * first.widened_by.min(night.low), "{night:?}");
}

#[test]
fn a_move_within_the_scheme_goes_on_as_the_same_stay() {
    let mut records = Records::default();
    records.places.extend([place(Scheme::SafeSpace, 0), place(Scheme::SafeSpace, 0)]);
    // Each household moves after two nights and stays five in all, as was planned.
    for n in 0..40 {
        let day = earlier(today(), 300 - 6 * u32::try_from(n).unwrap());
        let planned = later(day, 5);
        let (first, second) = (StayId(id(2 * n)), StayId(id(2 * n + 1)));
        let mut from = over(2 * n, 0, Nights::between(day, later(day, 2)), planned);
        if let StayState::Departed { moved_to, .. } = &mut from.stay.state {
            *moved_to = Some(second);
        }
        let mut to = over(2 * n + 1, 1, Nights::between(later(day, 2), planned), planned);
        to.stay.moved_from = Some(first);
        if n == 0 {
            a_change(&mut from);
        }
        records.stays.extend([from, to]);
    }
    records.stays.push(there(500, 0, Nights::between(earlier(today(), 1), later(today(), 4))));
    let told = forecast(&records, now(), 5);
    let free: Vec<String> = all(&told).nights.iter().map(|night| night.free.to_string()).collect();
    assert_eq!(free, ["1.00", "1.00", "1.00", "1.00", "2.00"]);
}

#[test]
fn a_forecast_of_a_past_day_knows_nothing_of_what_was_changed_since() {
    // All stays are extended by two nights on their last morning: on each day before, nobody could know.
    let mut records = made_up(10, |_, _| 2);
    for record in &mut records.stays {
        if let StayState::Departed { .. } = record.stay.state {
            let (before, after) = (record.stay.planned.departure(), record.stay.nights.departure());
            record.stay.planned = record.stay.nights;
            record.changes.push(DepartureChange { stay: record.stay.id, at: at(before, 8), before, after });
        }
    }
    records.stays.push(there(9_999, 0, Nights::between(earlier(today(), 1), later(today(), 3))));
    records.stays.retain(|record| {
        record.stay.id == StayId(id(9_999)) || !matches!(record.stay.state, StayState::InResidence { .. })
    });
    let told = forecast(&records, now(), 7);
    let free: Vec<String> = all(&told).nights.iter().map(|night| night.free.to_string()).collect();
    assert_eq!(
        free,
        ["9.00", "9.00", "9.00", "9.00", "9.00", "10.00", "10.00"],
        "two nights more than planned"
    );
}
