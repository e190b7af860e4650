//! Nobody gets a suppressed number back from all that packs told, of one or of several in a row.
//!
//! The attacker has every shown number as it was before rounding. He knows that the tables of a figure have the same total
//! and that a pack is the sum of the days it is of, and adds and subtracts all of it at once.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use proptest::{collection::vec, prelude::*, sample::select};
use rust_decimal::Decimal;
use safespace_domain::{
    HouseholdId, Night, Nights, ReferralId, StayId,
    figures::{Figure, Figures, Line, beside},
    flow::{Demand, flow},
    households::People,
    meeting_packs::{
        Audience, Discretion, EarlierPack, Every, Family, MeetingGroup, PackFigure, Told, commentary,
        corrections, exact, families, must_be_over, related, segments, told,
    },
    needs::{Assessment, Risk},
    nights::later,
    reasons::DECLINES_COUNT_AS,
    referrals::{Facts, NeedKind, Referral, ReferralState, Source},
    standards::Standards,
    suppression::{self, SmallNumbers},
};

use crate::world::{d, id, nights, nights_from};

/// The first day of the packs: a Monday from which four weeks are counted, and a quarter that they cut.
const FIRST: &str = "2020-03-02";
const PRIME: u128 = (1 << 61) - 1;

fn referral(n: usize, day: u32, outcome: usize, source: Source, risk: Risk) -> Referral {
    let at = later(d(FIRST), day).and_hms_opt(12, 0, 0).unwrap().and_utc();
    let decided = at + TimeDelta::minutes(20);
    let household = HouseholdId(id(n));
    let state = match outcome {
        0 => ReferralState::Withdrawn { at: decided, household: None },
        1..=4 => {
            let reason = DECLINES_COUNT_AS[outcome - 1].to_owned();
            ReferralState::Declined { at: decided, reason, household: None }
        }
        _ => ReferralState::Placed { at: decided, household, placed_at: decided, stay: StayId(id(n)) },
    };
    Referral {
        id: ReferralId(id(n)),
        reference: format!("P-{n}"),
        council: None,
        facts: Facts {
            source,
            kind: NeedKind::DomesticAbuse,
            assessment: Assessment { risk: Some(risk), dash_ticks: None, marac: None },
            people: People::new(1, 0).unwrap(),
            shares_as: None,
            arrival: later(d(FIRST), day),
            nights: 7,
            features: BTreeSet::new(),
            from_district: None,
        },
        received_at: at,
        responded_at: Some(decided),
        version: 1,
        state,
    }
}

fn figures(referrals: &[Referral], period: Nights) -> Figures {
    let mut figures = Figures::default();
    let standards = Standards::default();
    let demand = Demand { referrals, questions: &[], districts: &[], standards: &standards };
    flow(&mut figures, &demand, period, &str::to_owned);
    figures
}

fn lines(referrals: &[Referral], period: Nights) -> Vec<Line> {
    beside("p", figures(referrals, period), Figures::default(), Figures::default())
}

/// A pack as it was told.
struct Issued {
    period: Nights,
    families: Vec<Family>,
    figures: Vec<PackFigure>,
}

/// Packs in the order in which they are issued, each knowing those before.
fn issue(referrals: &[Referral], policy: SmallNumbers, periods: &[Nights]) -> Vec<Issued> {
    issue_to(referrals, &periods.iter().map(|period| (policy, *period)).collect::<Vec<_>>())
}

/// Packs in the order in which they are issued, for whom they are issued.
fn issue_to(referrals: &[Referral], packs: &[(SmallNumbers, Nights)]) -> Vec<Issued> {
    let mut issued: Vec<Issued> = Vec::new();
    for (policy, period) in packs {
        let before = issued
            .iter()
            .map(|pack| EarlierPack { period: pack.period, families: pack.families.clone() })
            .collect();
        let earlier = related(*period, before);
        let parts: Vec<(Nights, Vec<Figure>)> = segments(*period, &earlier)
            .into_iter()
            .map(|part| (part, figures(referrals, part).into_vec()))
            .collect();
        let lines = lines(referrals, *period);
        let families = families(*policy, *period, &lines, &parts, &earlier).unwrap();
        let figures = told(&lines, &families, &[], &[]);
        issued.push(Issued { period: *period, families, figures });
    }
    issued
}

/// A cell of a family on a day: what all numbers are sums of.
type Unknown = (String, String, Night);

/// Linear forms over the unknowns, modulo a prime.
#[derive(Default)]
struct Attacker {
    numbers: BTreeMap<Unknown, usize>,
    basis: Vec<(usize, BTreeMap<usize, u128>)>,
}

impl Attacker {
    fn unknown(&mut self, unknown: Unknown) -> usize {
        let next = self.numbers.len();
        *self.numbers.entry(unknown).or_insert(next)
    }

    /// The cells of a family in a period; one alone, or all.
    fn form(
        &mut self,
        family: &Family,
        cell: Option<&str>,
        days: &[Night],
        period: Nights,
    ) -> BTreeMap<usize, u128> {
        let mut form = BTreeMap::new();
        for day in days.iter().filter(|day| period.contains(**day)) {
            for name in family.cells.iter().filter(|name| cell.is_none_or(|cell| cell == *name)) {
                let table = format!("{}/{}", family.measure, family.by.as_deref().unwrap_or(""));
                form.insert(self.unknown((table, name.clone(), *day)), 1);
            }
        }
        form
    }

    fn reduce(&self, mut form: BTreeMap<usize, u128>) -> BTreeMap<usize, u128> {
        for (pivot, row) in &self.basis {
            if let Some(times) = form.get(pivot).copied() {
                for (column, value) in row {
                    let taken = times * value % PRIME;
                    let entry = form.entry(*column).or_insert(0);
                    *entry = (*entry + PRIME - taken) % PRIME;
                    if *entry == 0 {
                        form.remove(column);
                    }
                }
            }
        }
        form
    }

    fn learn(&mut self, form: BTreeMap<usize, u128>) {
        let rest = self.reduce(form);
        if let Some((pivot, value)) = rest.iter().next().map(|(pivot, value)| (*pivot, *value)) {
            let inverse = power(value, PRIME - 2);
            let row = rest.iter().map(|(column, value)| (*column, value * inverse % PRIME)).collect();
            self.basis.push((pivot, row));
        }
    }

    fn knows(&self, form: BTreeMap<usize, u128>) -> bool {
        self.reduce(form).is_empty()
    }
}

fn power(mut base: u128, mut exponent: u128) -> u128 {
    let mut result = 1;
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = result * base % PRIME;
        }
        base = base * base % PRIME;
        exponent >>= 1;
    }
    result
}

/// Whether a count of a pack is small: of a cell, or the total.
type IsSmall<'t> = &'t dyn Fn(&Issued, &Family, Option<&str>) -> bool;
/// Whether what a pack has of a cell beyond what another has is small.
type IsSmallBetween<'t> = &'t dyn Fn(&Issued, &Issued, &Family, &str) -> bool;

/// The suppressed cells that follow from everything that was told.
fn found(issued: &[Issued], is_small: IsSmall<'_>, is_small_between: IsSmallBetween<'_>) -> Vec<String> {
    let all = |pack: &Issued| pack.period;
    let ends: BTreeSet<Night> =
        issued.iter().flat_map(|pack| [all(pack).arrival(), all(pack).departure()]).collect();
    // One day stands for all days between two ends.
    let days: Vec<Night> = ends.into_iter().collect();
    let mut attacker = Attacker::default();
    let tables: Vec<&Family> = issued.iter().flat_map(|pack| &pack.families).collect();
    for day in &days {
        let one = nights_from(*day, 1);
        for pair in tables.windows(2).filter(|pair| pair[0].measure == pair[1].measure) {
            let mut form = attacker.form(pair[0], None, &days, one);
            for (column, value) in attacker.form(pair[1], None, &days, one) {
                let entry = form.entry(column).or_insert(0);
                *entry = (*entry + PRIME - value) % PRIME;
            }
            form.retain(|_, value| *value != 0);
            attacker.learn(form);
        }
    }
    let mut secrets = Vec::new();
    for pack in issued {
        for family in &pack.families {
            let mut figures: Vec<(Option<&str>, Option<suppression::Figure>)> = family
                .cells
                .iter()
                .enumerate()
                .map(|(no, name)| (Some(name.as_str()), family.published.cell(0, no)))
                .collect();
            figures.push((None, family.published.grand_total()));
            let shows =
                figures.iter().any(|(_, figure)| matches!(figure, Some(suppression::Figure::Shown(_))));
            for (cell, figure) in figures {
                let form = attacker.form(family, cell, &days, pack.period);
                match figure {
                    Some(suppression::Figure::Shown(_)) => attacker.learn(form),
                    // What is not small in a table in which nothing is shown may follow from earlier ones.
                    Some(suppression::Figure::Suppressed) if shows || is_small(pack, family, cell) => {
                        secrets.push((
                            format!("{} {:?} {cell:?} {}", family.measure, family.by, pack.period),
                            form,
                        ));
                    }
                    _ => {}
                }
            }
        }
    }
    // Nor is a small number to be had as what one pack tells more than another that lies within it.
    for (long, short) in issued.iter().flat_map(|long| issued.iter().map(move |short| (long, short))) {
        let within = long.period != short.period && long.period.intersection(short.period) == short.period;
        for family in long.families.iter().filter(|_| within) {
            for cell in family.cells.iter().map(String::as_str) {
                let mut form = attacker.form(family, Some(cell), &days, long.period);
                let known = attacker.form(family, Some(cell), &days, short.period);
                form.retain(|column, _| !known.contains_key(column));
                if is_small_between(long, short, family, cell) && !form.is_empty() {
                    secrets.push((format!("{cell} of {} beyond {}", long.period, short.period), form));
                }
            }
        }
    }
    secrets.into_iter().filter(|(_, form)| attacker.knows(form.clone())).map(|(name, _)| name).collect()
}

/// Four weeks, four weeks, and the run that has both and more; or some of these.
fn periods() -> impl Strategy<Value = Vec<Nights>> {
    let first = d(FIRST);
    let all = vec![
        nights_from(first, 28),
        nights_from(later(first, 28), 28),
        nights("2020-03-01", "2020-04-01"),
        nights_from(later(first, 56), 28),
        nights_from(first, 91),
    ];
    proptest::sample::subsequence(all, 1..=5)
}

fn referrals() -> impl Strategy<Value = Vec<Referral>> {
    let one = (0_u32..91, 0_usize..9, select(&Source::ALL[..]), select(&Risk::ALL[..]));
    vec(one, 0..160).prop_map(|rows| {
        let all = rows.into_iter().enumerate();
        all.map(|(n, (day, outcome, source, risk))| referral(n, day, outcome, source, risk)).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_suppressed_number_follows_from_packs_in_a_row(
        referrals in referrals(),
        periods in periods(),
        policy in select(vec![SmallNumbers::PARTNERS, SmallNumbers::OUTSIDE]),
    ) {
        let issued = issue(&referrals, policy, &periods);
        let count = |period: Nights, family: &Family, cell: Option<&str>| {
            let lines = lines(&referrals, period);
            let own = lines.iter().find(|line| {
                let group = line.figure.group.as_ref();
                let asked = cell.and_then(|cell| Some((family.by.as_ref()?.as_str(), cell)));
                line.figure.measure.code == family.measure
                    && group.map(|group| (group.by.as_str(), group.name.as_str())) == asked
            });
            own.and_then(|line| line.figure.value).unwrap_or_default()
        };
        let below = Decimal::from(policy.below);
        let is_small = |pack: &Issued, family: &Family, cell: Option<&str>| {
            count(pack.period, family, cell) < below
        };
        let is_small_between = |long: &Issued, short: &Issued, family: &Family, cell: &str| {
            count(long.period, family, Some(cell)) - count(short.period, family, Some(cell)) < below
        };
        prop_assert_eq!(found(&issued, &is_small, &is_small_between), Vec::<String>::new());
        for pack in &issued {
            let exact = exact(&lines(&referrals, pack.period));
            for figure in &pack.figures {
                let count = exact.iter().find(|other| other.code == figure.code && other.group == figure.group);
                let true_count = count.and_then(|figure| figure.value.number()).unwrap_or_default();
                let small = true_count < Decimal::from(policy.below);
                if figure.code == "referrals_received" && small {
                    prop_assert_eq!(figure.value, Told::Suppressed, "{:?}", figure.group);
                }
            }
        }
    }
}

#[test]
fn packs_that_do_not_know_of_each_other_give_small_numbers_away() {
    // Six by the police in the first four weeks, seven in the thirteen: the one in between is told by neither alone.
    let sources = [Source::Gp, Source::LocalAuthority, Source::OtherAgency, Source::Household];
    let mut all: Vec<Referral> = (0..80).map(|n| referral(n, 5, 8, sources[n % 4], Risk::High)).collect();
    all.extend((80..86).map(|n| referral(n, 6, 8, Source::Police, Risk::High)));
    all.push(referral(86, 60, 8, Source::Police, Risk::High));
    all.extend((87..100).map(|n| referral(n, 61, 8, Source::Gp, Risk::High)));
    let periods = [nights_from(d(FIRST), 28), nights_from(d(FIRST), 91)];
    let alone: Vec<Issued> =
        periods.iter().flat_map(|period| issue(&all, SmallNumbers::PARTNERS, &[*period])).collect();
    let police = |issued: &Issued| {
        let found = issued.figures.iter().find(|figure| {
            figure.code == "referrals_received"
                && figure.group.as_ref().is_some_and(|group| group.name == "police")
        });
        found.unwrap().value
    };
    assert_eq!((police(&alone[0]), police(&alone[1])), (Told::Number(6.into()), Told::Number(7.into())));
    let in_a_row = issue(&all, SmallNumbers::PARTNERS, &periods);
    assert_eq!(police(&in_a_row[0]), Told::Number(6.into()));
    assert_eq!(police(&in_a_row[1]), Told::Suppressed, "seven less six is one");
}

#[test]
fn a_quarter_is_told_also_after_packs_of_four_weeks_that_it_cuts() {
    // A day without referrals before the first four weeks, a week after the last.
    let sources = [0, 0, 1, 0, 2, 3, 0, 4, 1, 2].map(|no| Source::ALL[no]);
    let risks = [Risk::High, Risk::High, Risk::Medium];
    let day = |n: usize| u32::try_from(n * 91 / 150).unwrap();
    let all: Vec<Referral> =
        (0..150).map(|n| referral(n, day(n), n * 5 % 7, sources[n * 7 % 10], risks[n % 3])).collect();
    let four_weeks = |no: u32| (SmallNumbers::PARTNERS, nights_from(later(d(FIRST), 28 * no), 28));
    let quarter = nights_from(d("2020-03-01"), 92);
    for policy in [SmallNumbers::PARTNERS, SmallNumbers::OUTSIDE] {
        let packs = [four_weeks(0), four_weeks(1), four_weeks(2), (policy, quarter)];
        let issued = issue_to(&all, &packs);
        let value = |name: Option<&str>| {
            let found = issued[3].figures.iter().find(|figure| {
                figure.code == "referrals_received"
                    && figure.group.as_ref().map(|group| group.name.as_str()) == name
            });
            found.unwrap().value
        };
        assert_eq!(value(None), Told::Number(150.into()));
        assert_eq!(value(Some("police")), Told::Number(60.into()));
        assert_eq!(value(Some("high")), Told::Number(100.into()));
    }
}

#[test]
fn what_is_worked_out_is_worked_out_of_what_is_told() {
    let mut all: Vec<Referral> = (0..30).map(|n| referral(n, 5, 8, Source::Gp, Risk::High)).collect();
    all.extend((30..42).map(|n| referral(n, 6, 1, Source::Gp, Risk::High)));
    let period = nights_from(d(FIRST), 28);
    let issued = issue(&all, SmallNumbers::OUTSIDE, &[period]);
    let value = |code: &str| {
        let found = issued[0].figures.iter().find(|figure| figure.code == code && figure.group.is_none());
        found.unwrap().value
    };
    assert_eq!(value("referrals_received"), Told::Number(40.into()), "42, to the nearest five");
    assert_eq!(value("referrals_placed"), Told::Number(30.into()));
    assert_eq!(value("conversion"), Told::Number(Decimal::new(7_500, 2)), "30 of 40, not of 42");
    assert_eq!(value("referrals_withdrawn"), Told::Suppressed, "nought is small");
    assert!(issued[0].figures.iter().all(|figure| figure.code != "turnover"));
}

#[test]
fn what_was_corrected_since_is_told() {
    let period = nights_from(d(FIRST), 28);
    let all: Vec<Referral> = (0..3).map(|n| referral(n, 5, 8, Source::Gp, Risk::High)).collect();
    let issued = exact(&lines(&all, period));
    assert_eq!(corrections(&issued, &issued), []);
    let now = exact(&lines(&all[..2], period));
    let changed = corrections(&issued, &now);
    let received = changed.iter().find(|one| one.now.code == "referrals_received" && one.now.group.is_none());
    let received = received.unwrap();
    assert_eq!((received.was, received.now.value), (Some(3.into()), Told::Number(2.into())));
    assert!(changed.iter().all(|one| one.now.code != "conversion"), "all were placed, then and now");
}

#[test]
fn groups_meet_about_periods_that_are_over() {
    let [operations, board] = MeetingGroup::defaults();
    assert_eq!(operations.period_of(d("2020-03-10")), nights("2020-03-02", "2020-03-30"));
    assert_eq!(board.period_of(d("2020-03-10")), nights("2020-01-01", "2020-04-01"));
    assert!(must_be_over(board.period_of(d("2020-03-10")), d("2020-04-01")).is_ok());
    let refusal = must_be_over(board.period_of(d("2020-03-10")), d("2020-03-31")).unwrap_err();
    assert_eq!(refusal.message, "The period ends with 2020-03-31: issue its pack from 2020-04-01 on.");
    assert!(MeetingGroup { sections: BTreeSet::new(), ..board.clone() }.checked().is_err());
    assert!(MeetingGroup { name: " ".into(), ..board }.checked().is_err());
    assert!(commentary(&"x".repeat(20_001)).is_err());
    assert_eq!(Every::ALL.map(Every::as_str), ["four_weeks", "quarter"]);
    assert_eq!(Discretion::default().to(Audience::Team), None);
}
