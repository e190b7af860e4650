//! The statutory return, against a count that goes through every night of the year and asks who is there.

use std::collections::{BTreeMap, BTreeSet};

use proptest::{collection::vec, option, prelude::*, sample::select};
use safespace_domain::{
    HouseholdId, Night, Nights, ReferralId,
    households::People,
    needs::AdultsBySex,
    nights::{later, next},
    statutory_return::{
        Afterwards, Counted, FinancialYear, Left, NOT_MAPPED, NOT_SAID, Persons, Records, Referred, Return,
        ReturnLine, Row, Section, Sexes, Stayed, TOTAL, Unplaced, Who, checked_lines, statutory_return,
    },
};

use crate::world::id;

/// Codes of every section: more than the lines count.
const CODES: [&str; 5] = ["a", "b", "c", "d", "e"];

fn code() -> impl Strategy<Value = String> {
    select(CODES.to_vec()).prop_map(str::to_owned)
}

fn year() -> FinancialYear {
    "2020/21".parse().unwrap()
}

fn left() -> impl Strategy<Value = Left> {
    let afterwards =
        select(vec![Afterwards::GoesOn, Afterwards::Ended, Afterwards::NotWanted, Afterwards::NotRecorded]);
    (option::of(code()), afterwards).prop_map(|(destination, afterwards)| Left { destination, afterwards })
}

/// One household's stays: each some nights after the one before, around the year and its two ends.
fn lives(of: usize) -> impl Strategy<Value = Vec<Stayed>> {
    let stay = (0_u32..200, 1_u32..150, code(), 1_u16..3, 0_u16..3, option::of(left()));
    (0_u32..300, vec(stay, 0..5)).prop_map(move |(begins, stays)| {
        let mut from = later("2019-12-01".parse().unwrap(), begins);
        let mut lives = Vec::new();
        for (gap, nights, kind, adults, children, left) in stays {
            let arrival = later(from, if gap < 100 { 0 } else { gap });
            let nights = Nights::between(arrival, later(arrival, nights));
            from = nights.departure();
            let household = HouseholdId(id(of));
            lives.push(Stayed { household, kind, people: People { adults, children }, nights, left });
        }
        lives
    })
}

fn who() -> impl Strategy<Value = Who> {
    let sexes = (0_u16..3, 0_u16..2, 0_u16..2).prop_map(|(female, male, other_or_not_said)| AdultsBySex {
        female,
        male,
        other_or_not_said,
    });
    (option::of(sexes), vec(code(), 0..3)).prop_map(|(adults_by_sex, codes)| Who {
        adults_by_sex,
        characteristics: codes.into_iter().collect(),
    })
}

fn referral(no: usize) -> impl Strategy<Value = Referred> {
    let how = prop_oneof![
        code().prop_map(|counts_as| Unplaced::Declined { counts_as }),
        Just(Unplaced::Withdrawn),
        Just(Unplaced::Closed),
    ];
    (0_u32..500, 1_u16..3, 0_u16..3, how).prop_map(move |(after, adults, children, how)| Referred {
        referral: ReferralId(id(no)),
        on: later("2020-03-01".parse().unwrap(), after),
        people: People { adults, children },
        how,
    })
}

/// Lines of a section: each of the codes is counted by one of three lines, or by none.
fn lines(section: Section) -> impl Strategy<Value = Vec<ReturnLine>> {
    vec(0_usize..4, CODES.len()).prop_map(move |by| {
        let line = |no: usize| ReturnLine {
            section,
            code: format!("line-{no}"),
            label: format!("Line {no}"),
            counts: CODES
                .iter()
                .zip(&by)
                .filter(|(_, by)| **by == no)
                .map(|(code, _)| (*code).into())
                .collect(),
        };
        checked_lines(section, (0..3).map(line).collect()).unwrap()
    })
}

#[derive(Clone, Debug)]
struct Service {
    stays: Vec<Stayed>,
    who: BTreeMap<HouseholdId, Who>,
    referrals: Vec<Referred>,
    lines: Vec<ReturnLine>,
}

fn service() -> impl Strategy<Value = Service> {
    let lives: Vec<_> = (1..8).map(lives).collect();
    let who: Vec<_> = (1..8).map(|_| option::of(who())).collect();
    let referrals: Vec<_> = (100..112).map(referral).collect();
    let of_sections: Vec<_> = Section::WITH_LINES.into_iter().map(lines).collect();
    (lives, who, referrals, of_sections).prop_map(|(lives, who, referrals, lines)| Service {
        stays: lives.concat(),
        who: (1..).zip(who).filter_map(|(of, who)| Some((HouseholdId(id(of)), who?))).collect(),
        referrals,
        lines: lines.concat(),
    })
}

/// Who is where on each night of the year: the slow and obvious way.
fn nightly(service: &Service) -> Vec<(Night, &Stayed)> {
    let (mut night, end) = ("2020-04-01".parse::<Night>().unwrap(), "2021-04-01".parse::<Night>().unwrap());
    let mut all = Vec::new();
    while night < end {
        let there = |stay: &&Stayed| stay.nights.arrival() <= night && night < stay.nights.departure();
        all.extend(service.stays.iter().filter(there).map(|stay| (night, stay)));
        night = next(night);
    }
    all
}

/// The line that counts a code: by asking each line of the section.
fn line_of(service: &Service, section: Section, code: &str) -> String {
    let mut found = service.lines.iter().filter(|line| line.section == section && line.counts.contains(code));
    found.next().map_or_else(|| NOT_MAPPED.to_owned(), |line| line.code.clone())
}

/// Where each household was last among these nights.
fn last<'s>(nights: &[(Night, &'s Stayed)]) -> BTreeMap<HouseholdId, &'s Stayed> {
    nights.iter().map(|(_, stay)| (stay.household, *stay)).collect()
}

fn naive_people(service: &Service, last: &BTreeMap<HouseholdId, &Stayed>) -> (Persons, Sexes) {
    let (mut persons, mut sexes) = (Persons::default(), Sexes::default());
    for (household, stay) in last {
        let adults = u64::from(stay.people.adults);
        persons.adults += adults;
        persons.children += u64::from(stay.people.children);
        let said = service.who.get(household).and_then(|who| who.adults_by_sex).unwrap_or_default();
        if u64::from(said.total()) == adults {
            sexes.women += u64::from(said.female);
            sexes.men += u64::from(said.male);
            sexes.other_or_not_said += u64::from(said.other_or_not_said);
        } else {
            sexes.other_or_not_said += adults;
        }
    }
    (persons, sexes)
}

fn row<'r>(made: &'r Return, section: Section, code: &str) -> &'r Row {
    made.rows.iter().find(|row| row.section == section && row.code == code).unwrap()
}

fn households(row: &Row) -> &BTreeSet<HouseholdId> {
    match &row.counted {
        Counted::Households(households) => households,
        Counted::Referrals(_) => panic!("{row:?} counts referrals"),
    }
}

fn made(service: &Service) -> Return {
    let Service { stays, who, referrals, lines } = service;
    statutory_return(year(), lines, Records { stays, who, referrals })
}

/// The codes of a section's rows but its total.
fn codes_of(made: &Return, section: Section) -> Vec<&str> {
    let of_section = made.rows.iter().filter(|row| row.section == section && row.code != TOTAL);
    of_section.map(|row| row.code.as_str()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn whoever_is_there_on_a_night_of_the_year_is_supported_in_that_kind_and_once_in_all(service in service()) {
        let made = made(&service);
        let nights = nightly(&service);
        for code in codes_of(&made, Section::Supported) {
            let here: Vec<_> = nights
                .iter()
                .filter(|(_, stay)| line_of(&service, Section::Supported, &stay.kind) == code)
                .copied()
                .collect();
            let last = last(&here);
            let told = row(&made, Section::Supported, code);
            prop_assert_eq!(households(told), &last.keys().copied().collect());
            prop_assert_eq!((told.persons, told.sexes), {
                let (persons, sexes) = naive_people(&service, &last);
                (Some(persons), Some(sexes))
            });
        }
        let last = last(&nights);
        let total = row(&made, Section::Supported, TOTAL);
        prop_assert_eq!(households(total), &last.keys().copied().collect());
        prop_assert_eq!(total.persons.unwrap(), naive_people(&service, &last).0);
        let (sexes, persons) = (total.sexes.unwrap(), total.persons.unwrap());
        prop_assert_eq!(sexes.women + sexes.men + sexes.other_or_not_said, persons.adults);
    }

    #[test]
    fn each_supported_household_is_in_the_line_of_each_of_its_characteristics(service in service()) {
        let made = made(&service);
        let there: BTreeSet<HouseholdId> = nightly(&service).iter().map(|(_, stay)| stay.household).collect();
        for code in codes_of(&made, Section::Characteristic) {
            let mut expected = BTreeSet::new();
            for household in &there {
                let said = service.who.get(household).cloned().unwrap_or_default().characteristics;
                let in_lines: BTreeSet<String> =
                    said.iter().map(|said| line_of(&service, Section::Characteristic, said)).collect();
                if in_lines.contains(code) || (said.is_empty() && code == NOT_SAID) {
                    expected.insert(*household);
                }
            }
            prop_assert_eq!(households(row(&made, Section::Characteristic, code)), &expected);
        }
        prop_assert_eq!(households(row(&made, Section::Characteristic, TOTAL)), &there);
    }

    #[test]
    fn support_has_ended_for_whoever_left_in_the_year_and_was_not_there_again(service in service()) {
        let made = made(&service);
        let last = last(&nightly(&service));
        let end: Night = "2021-04-01".parse().unwrap();
        let gone: BTreeMap<HouseholdId, &Left> = last
            .iter()
            .filter(|(_, stay)| stay.nights.departure() <= end)
            .filter_map(|(household, stay)| Some((*household, stay.left.as_ref()?)))
            .collect();
        for code in codes_of(&made, Section::Ending) {
            let in_line = |left: &Left| match &left.destination {
                Some(destination) => line_of(&service, Section::Ending, destination) == code,
                None => code == NOT_SAID,
            };
            let expected = gone.iter().filter(|(_, left)| in_line(left)).map(|(household, _)| *household).collect();
            prop_assert_eq!(households(row(&made, Section::Ending, code)), &expected);
        }
        for section in [Section::Ending, Section::Afterwards] {
            prop_assert_eq!(households(row(&made, section, TOTAL)), &gone.keys().copied().collect());
        }
        let goes_on = gone.iter().filter(|(_, left)| left.afterwards == Afterwards::GoesOn).count() as u64;
        prop_assert_eq!(row(&made, Section::Afterwards, "goes_on").counted.len(), goes_on);
    }

    #[test]
    fn each_referral_that_led_to_no_stay_is_in_one_line(service in service()) {
        let made = made(&service);
        let mut expected: BTreeMap<(Section, String), (BTreeSet<ReferralId>, Persons)> = BTreeMap::new();
        let [first, end] = ["2020-04-01", "2021-04-01"].map(|day| day.parse::<Night>().unwrap());
        for referred in service.referrals.iter().filter(|it| first <= it.on && it.on < end) {
            let place = match &referred.how {
                Unplaced::Declined { counts_as } => {
                    (Section::NotSupported, line_of(&service, Section::NotSupported, counts_as))
                }
                Unplaced::Withdrawn => (Section::WithoutStay, "withdrawn".to_owned()),
                Unplaced::Closed => (Section::WithoutStay, "closed".to_owned()),
            };
            for place in [(place.0, TOTAL.to_owned()), place] {
                let (ids, persons) = expected.entry(place).or_default();
                ids.insert(referred.referral);
                persons.adults += u64::from(referred.people.adults);
                persons.children += u64::from(referred.people.children);
            }
        }
        for told in made.rows.iter().filter(|it| matches!(it.section, Section::NotSupported | Section::WithoutStay)) {
            let (ids, persons) = expected.remove(&(told.section, told.code.clone())).unwrap_or_default();
            prop_assert_eq!(&told.counted, &Counted::Referrals(ids));
            prop_assert_eq!(told.persons, Some(persons));
        }
        prop_assert!(expected.is_empty(), "{:?}", expected);
    }

    #[test]
    fn every_section_adds_up(service in service()) {
        let made = made(&service);
        prop_assert_eq!(made.checks.len(), Section::ALL.len());
        for check in &made.checks {
            prop_assert!(check.agrees(), "{:?}", check);
            let sum: u64 =
                codes_of(&made, check.section).iter().map(|code| row(&made, check.section, code).counted.len()).sum();
            prop_assert_eq!((check.sum, check.total), (sum, row(&made, check.section, TOTAL).counted.len()));
            if !matches!(check.section, Section::Supported | Section::Characteristic) {
                prop_assert_eq!(check.counted_again, 0);
            }
        }
    }
}
