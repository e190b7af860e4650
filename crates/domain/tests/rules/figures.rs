//! Figures are what a recount finds: of referrals one by one, of stays night by night.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use proptest::{collection::vec, option, prelude::*, sample::select};
use rust_decimal::Decimal;
use safespace_domain::{
    HouseholdId, Night, Nights, ReferralId, StayId, UnitId, VoidId,
    clock::service_day,
    departures::{Departure, Support},
    figures::{Figure, Figures, Record, Section, beside, change, measure, median},
    flow::{Asked, Demand, NoRoom, flow},
    households::People,
    needs::{AdultsBySex, Assessment, ChildAges, Risk},
    nights::{later, next},
    occupancy::OccupancyRow,
    people_figures::{Described, PeopleRecords, people},
    periods::PeriodKind,
    referrals::{Facts, NeedKind, Referral, ReferralState, Source},
    standards::Standards,
    stay_figures::{StayRecords, stays},
    stays::{Stay, StayState},
    units::Scheme,
    voids::Void,
};

use crate::world::{booked, d, id, nights, nights_from};

/// The figure, whole or of a group: by what, and which.
fn of<'f>(figures: &'f [Figure], code: &str, group: Option<(&str, &str)>) -> &'f Figure {
    let found = figures.iter().find(|figure| {
        let own = figure.group.as_ref().map(|group| (group.by.as_str(), group.name.as_str()));
        figure.measure.code == code && own == group
    });
    found.unwrap_or_else(|| panic!("no {code} {group:?}"))
}

fn number(figures: &[Figure], code: &str, group: Option<(&str, &str)>) -> Option<String> {
    of(figures, code, group).value.map(|value| value.to_string())
}

fn count(figures: &[Figure], code: &str, group: Option<(&str, &str)>) -> usize {
    of(figures, code, group).value.unwrap().try_into().unwrap()
}

fn standards() -> Standards {
    Standards::default()
}

/// What a reason counts as: its first word.
fn counts_as(code: &str) -> String {
    match code {
        "full" => "no_capacity".into(),
        "too_far" => "could_not_meet_need".into(),
        other => other.to_owned(),
    }
}

fn at(day: Night, minutes: i64) -> DateTime<Utc> {
    day.and_hms_opt(9, 0, 0).unwrap().and_utc() + TimeDelta::minutes(minutes)
}

const OUTCOMES: [&str; 8] =
    ["received", "waiting", "placed", "closed", "left", "full", "too_far", "withdrawn"];

fn referral(n: usize, day: Night, outcome: &str, source: Source, risk: Option<Risk>) -> Referral {
    let (received_at, household) = (at(day, 0), HouseholdId(id(n)));
    let decided = at(day, 30);
    let state = match outcome {
        "received" => ReferralState::Received,
        "waiting" => ReferralState::Accepted { at: decided, household },
        "placed" => {
            let placed_at = at(day, 150);
            ReferralState::Placed { at: decided, household, placed_at, stay: StayId(id(n)) }
        }
        "closed" | "left" => ReferralState::Closed {
            at: decided,
            household,
            placed: (outcome == "left").then(|| (at(day, 3_000), StayId(id(n)))),
            closed_at: at(day, 9_000),
            outcome: "left".into(),
        },
        "withdrawn" => ReferralState::Withdrawn { at: decided, household: None },
        reason => ReferralState::Declined { at: decided, reason: reason.into(), household: None },
    };
    Referral {
        id: ReferralId(id(n)),
        reference: format!("P-{n}"),
        council: None,
        facts: Facts {
            source,
            kind: NeedKind::ALL[n % 2],
            assessment: Assessment { risk, dash_ticks: None, marac: None },
            people: People::new(1, 0).unwrap(),
            shares_as: None,
            arrival: day,
            nights: 7,
            features: BTreeSet::new(),
            from_district: (!n.is_multiple_of(3)).then(|| "Stevenage".to_owned()),
        },
        received_at,
        responded_at: (outcome != "received").then_some(decided),
        version: 1,
        state,
    }
}

fn figures_of_flow(referrals: &[Referral], questions: &[Asked], period: Nights) -> Vec<Figure> {
    let districts = ["Hertsmere".to_owned(), "Stevenage".to_owned()];
    let standards = standards();
    let demand = Demand { referrals, questions, districts: &districts, standards: &standards };
    let mut figures = Figures::default();
    flow(&mut figures, &demand, period, &counts_as);
    figures.into_vec()
}

proptest! {
    #[test]
    fn referrals_are_counted_as_a_recount_finds_them(
        rows in vec((0_u32..60, select(&OUTCOMES[..]), select(&Source::ALL[..]), option::of(select(&Risk::ALL[..]))), 0..80),
        (from, len) in (0_u32..60, 1_u32..40),
    ) {
        let first = d("2020-02-20");
        let all: Vec<Referral> = rows
            .iter()
            .enumerate()
            .map(|(n, (on, outcome, source, risk))| referral(n, later(first, *on), outcome, *source, *risk))
            .collect();
        let period = nights_from(later(first, from), len);
        let figures = figures_of_flow(&all, &[], period);
        let mut came = Vec::new();
        for (n, (on, outcome, source, risk)) in rows.iter().enumerate() {
            if *on >= from && *on < from + len {
                came.push((n, *outcome, *source, *risk));
            }
        }
        prop_assert_eq!(count(&figures, "referrals_received", None), came.len());
        for source in Source::ALL {
            let naive = came.iter().filter(|row| row.2 == source).count();
            prop_assert_eq!(count(&figures, "referrals_received", Some(("source", source.as_str()))), naive);
        }
        for (name, outcomes) in [
            ("placed", &["placed", "left"][..]),
            ("waiting", &["waiting"]),
            ("closed without a stay", &["closed"]),
            ("declined: no_capacity", &["full"]),
            ("declined: could_not_meet_need", &["too_far"]),
            ("withdrawn", &["withdrawn"]),
            ("undecided", &["received"]),
        ] {
            let naive = came.iter().filter(|row| outcomes.contains(&row.1)).count();
            prop_assert_eq!(count(&figures, "referrals_received", Some(("outcome", name))), naive, "{}", name);
        }
        for by in ["source", "district", "need", "risk", "outcome"] {
            let parts: Decimal = figures
                .iter()
                .filter(|figure| figure.measure.code == "referrals_received")
                .filter(|figure| figure.group.as_ref().is_some_and(|group| group.by == by))
                .map(|figure| figure.value.unwrap())
                .sum();
            prop_assert_eq!(parts, Decimal::from(came.len()), "{} is in parts", by);
        }
        let turned_away = came.iter().filter(|row| ["full", "too_far"].contains(&row.1)).count();
        prop_assert_eq!(count(&figures, "turned_away", None), turned_away);
        // Each is traced to the records it was counted from.
        let traced: BTreeSet<Record> = of(&figures, "referrals_received", None).records.iter().map(|counted| counted.record).collect();
        let own: BTreeSet<Record> = came.iter().map(|row| Record::Referral(ReferralId(id(row.0)))).collect();
        prop_assert_eq!(traced, own);
    }
}

#[test]
fn how_soon_and_how_often_by_hand() {
    let day = d("2020-11-03");
    let placed = |n| referral(n, day, "placed", Source::Police, None);
    let left = referral(3, day, "left", Source::Police, None);
    let all = [placed(1), placed(2), left, referral(4, day, "full", Source::Gp, None)];
    let question = |n: usize, no_room| Asked { id: id(n), day, no_room };
    let questions = [
        question(1, NoRoom::There),
        question(2, NoRoom::NothingFollowed),
        question(3, NoRoom::Referred),
        Asked { day: next(day), ..question(4, NoRoom::NothingFollowed) },
    ];
    let figures = figures_of_flow(&all, &questions, nights("2020-11-03", "2020-11-04"));
    let value = |code| number(&figures, code, None);
    assert_eq!(value("conversion").unwrap(), "75.00");
    assert_eq!(value("response_minutes").unwrap(), "30.00");
    assert_eq!(value("responded_in_time").unwrap(), "100.00");
    assert_eq!(value("placement_hours").unwrap(), "2.50", "150, 150 and 3,000 minutes");
    assert_eq!(value("placed_in_time").unwrap(), "66.67", "3,000 minutes are two days");
    assert_eq!(value("questions_asked").unwrap(), "3");
    assert_eq!(value("turned_away").unwrap(), "2", "one referral, one question");
    assert_eq!(value("turned_away_share").unwrap(), "25.00");
    let none = figures_of_flow(&[], &[], nights("2020-11-03", "2020-11-04"));
    for code in ["conversion", "response_minutes", "responded_in_time", "placed_in_time", "turned_away_share"]
    {
        assert_eq!(number(&none, code, None), None, "nothing to tell {code} of");
    }
    assert_eq!(number(&none, "referrals_received", None).unwrap(), "0");
}

#[test]
fn a_figure_stands_beside_those_of_other_times() {
    let of_period = |referrals: usize, source: Source| {
        let day = d("2020-11-03");
        let all: Vec<Referral> = (0..referrals).map(|n| referral(n, day, "waiting", source, None)).collect();
        let mut figures = Figures::default();
        let standards = standards();
        let demand = Demand { referrals: &all, questions: &[], districts: &[], standards: &standards };
        flow(&mut figures, &demand, nights("2020-11-03", "2020-11-04"), &counts_as);
        figures
    };
    let lines =
        beside("x", of_period(551, Source::Gp), of_period(0, Source::Gp), of_period(290, Source::Police));
    let line = |code: &str, name: Option<&str>| {
        let found = lines.iter().find(|line| {
            line.figure.measure.code == code
                && line.figure.group.as_ref().map(|group| group.name.as_str()) == name
        });
        found.unwrap()
    };
    let received = line("referrals_received", None);
    assert_eq!(received.change_in_a_year().unwrap().to_string(), "90.00", "as the strategy says");
    assert_eq!(received.change(), None, "there is no change from nothing");
    assert_eq!(line("referrals_received", Some("police")).a_year_before, Some(Decimal::from(290)));
    // A district that only an earlier period knows is told as nothing now.
    let stevenage = line("referrals_received", Some("Stevenage"));
    assert_eq!(stevenage.before, Some(Decimal::ZERO));
    assert_eq!(change(Some(Decimal::ONE), Some(Decimal::from(3))).unwrap().to_string(), "-66.67");
}

#[test]
fn changes_are_worked_out_before_anything_is_rounded() {
    // 1 of 6 is 16.67 per cent and 1 of 15 is 6.67: sixty per cent less, and not 59.99.
    let occupied = |nights: u64, of: u64| {
        let row = OccupancyRow { available_nights: of, occupied_nights: nights, ..OccupancyRow::default() };
        let mut figures = Figures::default();
        figures.occupancy(&row, &[]);
        figures
    };
    let lines = beside("x", occupied(1, 15), occupied(1, 6), Figures::default());
    let rate = lines.iter().find(|line| line.figure.measure.code == "occupancy_rate").unwrap();
    assert_eq!(rate.figure.value.unwrap().to_string(), "6.67");
    assert_eq!(rate.before.unwrap().to_string(), "16.67");
    assert_eq!(rate.change().unwrap().to_string(), "-60.00");
}

/// A household's way: where it goes on from where it is, and for how long.
#[derive(Clone, Debug)]
struct Way {
    first: u32,
    legs: Vec<(usize, u32)>,
    still_there: bool,
    people: (u16, u16),
}

const UNITS: usize = 6;

/// Even units are safe spaces, odd ones move-on homes.
fn scheme(unit: usize) -> Scheme {
    if unit.is_multiple_of(2) { Scheme::SafeSpace } else { Scheme::MoveOn }
}

fn scheme_of(unit: UnitId) -> Option<Scheme> {
    usize::try_from(unit.0.as_u128()).ok()?.checked_sub(1).map(scheme)
}

fn way() -> impl Strategy<Value = Way> {
    (0_u32..90, vec((0..UNITS, 1_u32..12), 1..4), any::<bool>(), (1_u16..3, 0_u16..4))
        .prop_map(|(first, legs, still_there, people)| Way { first, legs, still_there, people })
}

/// The stays of ways: those that would begin later than today are left out.
fn stays_of(ways: &[Way], first: Night, today: Night) -> Vec<Stay> {
    let mut all = Vec::new();
    for (household, way) in ways.iter().enumerate() {
        let mut begins = later(first, way.first);
        let mut before: Option<usize> = None;
        for (leg, (unit, len)) in way.legs.iter().enumerate() {
            let n = household * 10 + leg;
            let run = nights_from(begins, *len);
            if run.arrival() > today {
                break;
            }
            let ended = run.departure() <= today && !(way.still_there && leg + 1 == way.legs.len());
            let state = if ended {
                StayState::Departed { arrived_at: None, departed_at: None, moved_to: None }
            } else {
                StayState::InResidence { arrived_at: None }
            };
            let (adults, children) = way.people;
            all.push(Stay {
                household: HouseholdId(id(household)),
                people: People { adults, children },
                state,
                moved_from: before.map(|before| StayId(id(before))),
                ..booked(n, *unit, run)
            });
            if let Some(before) = before {
                let from = all.iter_mut().find(|stay| stay.id == StayId(id(before))).unwrap();
                from.state = StayState::Departed {
                    arrived_at: None,
                    departed_at: None,
                    moved_to: Some(StayId(id(n))),
                };
            }
            if !ended {
                break;
            }
            (before, begins) = (Some(n), run.departure());
        }
    }
    all
}

/// Where a household was on which night, the slow way.
fn where_on(ways: &[Way], first: Night, today: Night) -> BTreeMap<(usize, Night), usize> {
    let mut there = BTreeMap::new();
    for stay in stays_of(ways, first, today) {
        let household = usize::try_from(stay.household.0.as_u128()).unwrap() - 1;
        let unit = usize::try_from(stay.unit.0.as_u128()).unwrap() - 1;
        let mut night = stay.nights.arrival();
        loop {
            let within = night < stay.nights.departure();
            let stays_on = stay.state.status() == safespace_domain::stays::StayStatus::InResidence;
            if night > today || (!within && !stays_on) || (!within && today == stay.nights.departure()) {
                break;
            }
            there.insert((household, night), unit);
            night = next(night);
        }
    }
    there
}

fn figures_of_stays(all: &[Stay], today: Night, period: Nights, voids: &[Void]) -> Vec<Figure> {
    let departures: Vec<Departure> = all
        .iter()
        .filter(|stay| matches!(stay.state, StayState::Departed { moved_to: None, .. }))
        .filter(|stay| stay.id.0.as_u128() % 3 != 0)
        .map(|stay| Departure {
            stay: stay.id,
            destination: "family".into(),
            planned: stay.id.0.as_u128() % 2 == 0,
            support: Support::NotWanted,
        })
        .collect();
    let records = StayRecords {
        stays: all,
        departures: &departures,
        changes: &[],
        exceptions: &[],
        voids,
        void_reasons: &["repair".to_owned()],
        destinations: &["family".to_owned()],
        scheme: &scheme_of,
        today,
    };
    let mut figures = Figures::default();
    stays(&mut figures, &records, period, u64::from(period.len()));
    figures.into_vec()
}

proptest! {
    #[test]
    fn stays_and_people_are_counted_as_a_recount_night_by_night_finds_them(
        ways in vec(way(), 0..12),
        (from, len) in (0_u32..90, 1_u32..50),
        today in 20_u32..110,
    ) {
        let first = d("2020-02-10");
        let today = later(first, today);
        let period = nights_from(later(first, from), len);
        let all = stays_of(&ways, first, today);
        let there = where_on(&ways, first, today);
        let figures = figures_of_stays(&all, today, period, &[]);
        // A stay is a run of nights of one household in homes of one scheme.
        let (mut begun, mut ended, mut lengths) = (0, 0, Vec::new());
        for (household, _) in ways.iter().enumerate() {
            let of = |night: Night| there.get(&(household, night)).map(|unit| scheme(*unit));
            let mut run = 0;
            for night in first.iter_days().take(220) {
                let (now, tomorrow) = (of(night), of(next(night)));
                if now.is_some() && (night == first || of(night.pred_opt().unwrap()) != now) {
                    begun += usize::from(period.contains(night));
                    run = 0;
                }
                if let Some(now) = now {
                    run += 1;
                    let goes_on = tomorrow == Some(now);
                    let unknown = next(night) > today || all.iter().any(|stay| {
                        stay.household == HouseholdId(id(household))
                            && stay.state.status() == safespace_domain::stays::StayStatus::InResidence
                            && next(night) >= stay.kept(today).departure()
                    });
                    let left = next(night) <= today && tomorrow != Some(now);
                    if !goes_on && left && !unknown && period.contains(next(night)) {
                        ended += 1;
                        lengths.push(run);
                    }
                }
            }
        }
        // Who leaves today has left, though tomorrow's night is not there to be seen.
        for stay in &all {
            let leaves_today = stay.nights.departure() == next(today);
            prop_assert!(!leaves_today || stay.state.status() != safespace_domain::stays::StayStatus::Departed);
        }
        prop_assert_eq!(count(&figures, "stays_begun", None), begun);
        prop_assert_eq!(count(&figures, "stays_ended", None), ended);
        for by in ["scheme", "nights", "destination", "planned", "timing"] {
            let parts: Decimal = figures.iter()
                .filter(|figure| figure.measure.code == "stays_ended")
                .filter(|figure| figure.group.as_ref().is_some_and(|group| group.by == by))
                .map(|figure| figure.value.unwrap()).sum();
            prop_assert_eq!(parts, Decimal::from(ended), "{} is in parts", by);
        }
        lengths.sort_unstable();
        let middle = match lengths.len() {
            0 => None,
            n => Some(f64::from(lengths[n / 2] + lengths[(n - 1) / 2]) / 2.0),
        };
        prop_assert_eq!(number(&figures, "stay_nights_median", None), middle.map(|middle| format!("{middle:.2}")));
        // Who was there on a night of the period was helped, once.
        let helped: BTreeSet<usize> = there.keys()
            .filter(|(_, night)| period.contains(*night)).map(|(household, _)| *household).collect();
        let described = BTreeMap::new();
        let records = PeopleRecords { stays: &all, described: &described, characteristics: &[], scheme: &scheme_of, today };
        let mut figures = Figures::default();
        people(&mut figures, &records, period);
        let figures = figures.into_vec();
        prop_assert_eq!(count(&figures, "households_helped", None), helped.len());
        let persons: usize = helped.iter().map(|household| usize::from(ways[*household].people.0 + ways[*household].people.1)).sum();
        prop_assert_eq!(count(&figures, "persons_helped", None), persons);
        let both = |name: &str| count(&figures, "households_helped", Some(("scheme", name)));
        prop_assert!(both("safe_space") + both("move_on") >= helped.len());
    }
}

#[test]
fn lengths_gaps_early_and_late_by_hand() {
    let departed = StayState::Departed { arrived_at: None, departed_at: None, moved_to: None };
    let stay = |n: usize, from: &str, to: &str, planned_to: &str| Stay {
        planned: nights(from, planned_to),
        state: departed,
        household: HouseholdId(id(n % 3)),
        ..booked(n, 0, nights(from, to))
    };
    // Over New Year and over the end of the financial year.
    let all = [
        stay(0, "2019-12-28", "2020-01-02", "2020-01-04"),
        stay(1, "2020-01-05", "2020-01-12", "2020-01-12"),
        stay(2, "2020-03-29", "2020-04-04", "2020-04-03"),
        stay(3, "2020-04-10", "2020-04-11", "2020-04-11"),
    ];
    let void = Void {
        id: VoidId(id(1)),
        unit: UnitId(id(0)),
        nights: nights("2020-04-05", "2020-04-08"),
        reason: "repair".into(),
        cancelled: false,
    };
    let today = d("2020-05-01");
    let of_period =
        |from: &str, to: &str| figures_of_stays(&all, today, nights(from, to), std::slice::from_ref(&void));
    let january = of_period("2020-01-01", "2020-02-01");
    assert_eq!(count(&january, "stays_ended", None), 2);
    assert_eq!(number(&january, "stay_nights_mean", None).unwrap(), "6.00", "5 and 7 nights");
    assert_eq!(count(&january, "early_departures", None), 1);
    assert_eq!(number(&january, "relet_gap_mean", None).unwrap(), "3.00", "2nd, 3rd and 4th");
    assert_eq!(number(&january, "turnover", None).unwrap(), "2.00", "of one home");
    let april = of_period("2020-04-01", "2020-05-01");
    assert_eq!(count(&april, "stays_begun", None), 1);
    assert_eq!(count(&april, "repeat_stays", None), 1, "who left on 2 January has come again");
    assert_eq!(count(&april, "overstays", None), 1);
    assert_eq!(number(&april, "overstay_nights", None).unwrap(), "1", "the night of 3 April");
    assert_eq!(number(&april, "relet_gap_median", None).unwrap(), "3.00", "six nights, three of them void");
    assert_eq!(count(&april, "void_nights_by_reason", Some(("reason", "repair"))), 3);
    let none = of_period("2018-01-01", "2018-02-01");
    assert_eq!(
        (number(&none, "stay_nights_median", None), number(&none, "relet_gap_mean", None)),
        (None, None)
    );
}

#[test]
fn people_are_counted_by_what_is_known_of_them_and_the_rest_is_said_to_be_unknown() {
    let stay = |n: usize, people: (u16, u16)| Stay {
        people: People { adults: people.0, children: people.1 },
        state: StayState::InResidence { arrived_at: None },
        ..booked(n, 0, nights("2020-11-03", "2020-11-10"))
    };
    let all = [stay(0, (1, 2)), stay(1, (2, 1)), stay(2, (0, 0))];
    let ages = ChildAges { under_2: 1, from_5_to_10: 1, ..ChildAges::default() };
    let known = Described {
        need: Some(NeedKind::DomesticAbuse),
        child_ages: Some(ages),
        adults_by_sex: Some(AdultsBySex { female: 1, ..AdultsBySex::default() }),
        characteristics: ["disability".to_owned(), "pregnancy".to_owned()].into(),
    };
    // Ages of two children say nothing of one child.
    let other = Described { child_ages: Some(ages), ..Described::default() };
    let described = BTreeMap::from([(HouseholdId(id(0)), known), (HouseholdId(id(1)), other)]);
    let records = PeopleRecords {
        stays: &all,
        described: &described,
        characteristics: &["disability".to_owned(), "pregnancy".to_owned()],
        scheme: &scheme_of,
        today: d("2020-11-05"),
    };
    let mut figures = Figures::default();
    people(&mut figures, &records, nights("2020-11-01", "2020-12-01"));
    let figures = figures.into_vec();
    assert_eq!(count(&figures, "households_helped", None), 3);
    assert_eq!(count(&figures, "persons_helped", None), 6);
    assert_eq!((count(&figures, "adults_helped", None), count(&figures, "children_helped", None)), (3, 3));
    let who = |name| count(&figures, "persons_helped", Some(("who", name)));
    assert_eq!((who("adults, women"), who("adults, nobody asked")), (1, 2));
    assert_eq!(
        (who("children under 2"), who("children from 5 to 10"), who("children, age not said")),
        (1, 1, 1)
    );
    let has = |code| count(&figures, "households_helped", Some(("characteristic", code)));
    assert_eq!((has("disability"), has("pregnancy")), (1, 1));
    let of_disability = of(&figures, "households_helped", Some(("characteristic", "disability")));
    assert_eq!(of_disability.records, [], "who has which is no list");
    assert_eq!(count(&figures, "households_helped", Some(("made of", "not counted"))), 1);
}

#[test]
fn every_measure_has_a_code_of_its_own_and_a_definition() {
    let mut codes = BTreeSet::new();
    for section in Section::ALL {
        for of in section.measures() {
            assert!(codes.insert(of.code), "{} is twice", of.code);
            assert!(of.means.ends_with('.') && of.means.len() > 8, "{} has no definition", of.code);
            assert_eq!(measure(of.code), Some((section, *of)));
        }
    }
    assert!(measure("nothing").is_none());
    assert_eq!(median(&[]), None);
    assert_eq!(PeriodKind::of(nights("2020-02-01", "2020-03-01")), PeriodKind::Month);
    assert_eq!(PeriodKind::of(nights("2020-03-01", "2020-12-01")), PeriodKind::Whole);
    assert_eq!(service_day(at(d("2020-11-03"), 0)), d("2020-11-03"));
}
