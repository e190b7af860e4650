//! Nobody gets a suppressed number back from what is published.
//!
//! The attacker knows every shown number as it was before rounding, the policy, and even which of the suppressed numbers
//! are small. He adds and subtracts (elimination over fractions, with every row, column, total and pack at once) and
//! narrows each number down between bounds. On small tables he tries all there are.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use proptest::{collection::vec, prelude::*, sample::select};
use safespace_domain::suppression::{
    Earlier, Figure, Published, SmallNumbers, Table, Totals, publish, publish_after,
};

/// Rows of cells, without totals.
type Cells = Vec<Vec<u32>>;

/// A row and a column; the totals come after the last.
type Place = (usize, usize);

/// A number of a run of parts, by its first part, the part after its last, and its place.
type Key = (usize, usize, Place);

fn places(cells: &Cells) -> Vec<Place> {
    (0..=cells.len()).flat_map(|row| (0..=cells[0].len()).map(move |column| (row, column))).collect()
}

/// The cells that a number adds up.
fn within(cells: &Cells, (row, column): Place) -> Vec<Place> {
    let rows = if row == cells.len() { 0..row } else { row..row + 1 };
    let columns = if column == cells[0].len() { 0..column } else { column..column + 1 };
    rows.flat_map(|row| columns.clone().map(move |column| (row, column))).collect()
}

/// What is published, by place; totals that are left out are not in it.
type Figures = Vec<(Place, Figure)>;

fn figures(published: &Published, cells: &Cells) -> Figures {
    let figure = |(row, column): Place| match (row == cells.len(), column == cells[0].len()) {
        (false, false) => published.cell(row, column),
        (false, true) => published.row_total(row),
        (true, false) => published.column_total(column),
        (true, true) => published.grand_total(),
    };
    places(cells).into_iter().filter_map(|place| Some((place, figure(place)?))).collect()
}

/// Packs in the order in which they were published, over the same parts.
#[derive(Clone, Debug)]
struct Packs {
    parts: Vec<Cells>,
    policy: SmallNumbers,
    told: Vec<(Range<usize>, Figures)>,
}

impl Packs {
    fn publish(parts: Vec<Cells>, policy: SmallNumbers, packs: &[(Range<usize>, Totals)]) -> Self {
        let tables: Vec<_> = parts.iter().map(|cells| Table::new(cells).unwrap()).collect();
        let mut earlier: Vec<Earlier> = Vec::new();
        for (range, totals) in packs {
            let published = publish_after(policy, &tables, range.clone(), *totals, &earlier).unwrap();
            earlier.push(Earlier { parts: range.clone(), published });
        }
        let packs = earlier.into_iter().map(|table| (table.parts, figures(&table.published, &parts[0])));
        Self { told: packs.collect(), parts, policy }
    }

    /// As it must not be done: only the small numbers are suppressed, and each pack is alone.
    fn careless(parts: Vec<Cells>, policy: SmallNumbers, packs: &[(Range<usize>, Totals)]) -> Self {
        let mut all = Self::publish(parts, policy, packs);
        let mut packs = all.told.clone();
        for (range, figures) in &mut packs {
            for (place, figure) in figures {
                let count = all.count(range, *place);
                if !policy.is_small(count) {
                    *figure = Figure::Shown(policy.rounded(count));
                }
            }
        }
        all.told = packs;
        all
    }

    fn count(&self, range: &Range<usize>, place: Place) -> u64 {
        let cells = within(&self.parts[0], place);
        let part =
            |part: &Cells| cells.iter().map(|(row, column)| u64::from(part[*row][*column])).sum::<u64>();
        self.parts[range.clone()].iter().map(part).sum()
    }

    fn figures(&self) -> impl Iterator<Item = (&Range<usize>, Place, Figure)> {
        self.told
            .iter()
            .flat_map(|(range, figures)| figures.iter().map(move |(place, figure)| (range, *place, *figure)))
    }

    fn shown(&self) -> BTreeSet<Key> {
        let shown = self.figures().filter(|(.., figure)| *figure != Figure::Suppressed);
        shown.map(|(range, place, _)| (range.start, range.end, place)).collect()
    }

    fn suppressed(&self) -> Vec<Key> {
        let suppressed = self.figures().filter(|(.., figure)| *figure == Figure::Suppressed);
        suppressed.map(|(range, place, _)| (range.start, range.end, place)).collect()
    }

    fn runs(&self) -> Vec<Range<usize>> {
        let n = self.parts.len();
        (0..n).flat_map(|from| (from + 1..=n).map(move |to| from..to)).collect()
    }

    /// What must not be known: what is suppressed, and what is small although it is in no pack. A pack that shows nothing
    /// can't give anything away; what is not small in it may follow from those before.
    fn secrets(&self) -> BTreeSet<Key> {
        let mut secrets: BTreeSet<Key> = BTreeSet::new();
        for (range, figures) in &self.told {
            let suppressed = figures.iter().filter(|(_, figure)| *figure == Figure::Suppressed);
            if suppressed.clone().count() < figures.len() {
                secrets.extend(suppressed.map(|(place, _)| (range.start, range.end, *place)));
            }
        }
        for run in self.runs() {
            for place in places(&self.parts[0]) {
                if self.policy.is_small(self.count(&run, place)) {
                    secrets.insert((run.start, run.end, place));
                }
            }
        }
        secrets
    }

    /// A number as a sum of the cells of all parts.
    fn form(&self, run: &Range<usize>, place: Place) -> Vec<i128> {
        let columns = self.parts[0][0].len();
        let size = self.parts[0].len() * columns;
        let mut form = vec![0; self.parts.len() * size];
        for part in run.clone() {
            for (row, column) in within(&self.parts[0], place) {
                form[part * size + row * columns + column] = 1;
            }
        }
        form
    }

    /// The secrets that follow from the shown numbers by adding and subtracting multiples of them.
    fn found_by_elimination(&self) -> Vec<Key> {
        let mut basis: Vec<Vec<i128>> = Vec::new();
        for (from, to, place) in self.shown() {
            let rest = reduce(self.form(&(from..to), place), &basis);
            if rest.iter().any(|n| *n != 0) {
                basis.push(rest);
            }
        }
        let follows = |(from, to, place): &Key| {
            reduce(self.form(&(*from..*to), *place), &basis).iter().all(|n| *n == 0)
        };
        self.secrets().into_iter().filter(follows).collect()
    }

    /// The secrets that have only one value left between bounds. Numbers are those of every run of parts; a run is the
    /// sum of two shorter ones, and each has rows, columns and totals that add up.
    fn found_by_bounds(&self) -> Vec<Key> {
        let (runs, all) = (self.runs(), places(&self.parts[0]));
        let key = |run: &Range<usize>, place: Place| (run.start, run.end, place);
        let mut bounds: BTreeMap<_, (u64, u64)> = BTreeMap::new();
        for run in &runs {
            bounds.extend(all.iter().map(|place| (key(run, *place), (0, 1_000_000))));
        }
        let below = u64::from(self.policy.below);
        for (range, figures) in &self.told {
            if figures.iter().all(|(_, figure)| *figure == Figure::Suppressed) {
                continue;
            }
            for (place, figure) in figures {
                let count = self.count(range, *place);
                let (least, most) = match figure {
                    Figure::Shown(_) => (count, count),
                    Figure::Suppressed if count < below => (0, below - 1),
                    Figure::Suppressed => (below, 1_000_000),
                };
                let bound = bounds.get_mut(&key(range, *place)).unwrap();
                *bound = (bound.0.max(least), bound.1.min(most));
            }
        }
        let mut sums = Vec::new();
        let (rows, columns) = (self.parts[0].len(), self.parts[0][0].len());
        for run in &runs {
            for row in 0..=rows {
                let cells = (0..columns).map(|column| key(run, (row, column))).collect::<Vec<_>>();
                sums.push((key(run, (row, columns)), cells));
            }
            for column in 0..=columns {
                let cells = (0..rows).map(|row| key(run, (row, column))).collect::<Vec<_>>();
                sums.push((key(run, (rows, column)), cells));
            }
            for middle in run.start + 1..run.end {
                for place in &all {
                    let halves = vec![key(&(run.start..middle), *place), key(&(middle..run.end), *place)];
                    sums.push((key(run, *place), halves));
                }
            }
        }
        while sums.iter().any(|(whole, parts)| narrow(&mut bounds, *whole, parts)) {}
        self.secrets().into_iter().filter(|secret| bounds[secret].0 == bounds[secret].1).collect()
    }

    fn hold(&self) -> Result<(), TestCaseError> {
        prop_assert_eq!(self.found_by_elimination(), vec![], "{:?}", self);
        prop_assert_eq!(self.found_by_bounds(), vec![], "{:?}", self);
        for (range, place, figure) in self.figures() {
            let count = self.count(range, place);
            let Figure::Shown(shown) = figure else { continue };
            prop_assert!(!self.policy.is_small(count) && shown >= u64::from(self.policy.below), "{:?}", self);
            prop_assert!(shown.is_multiple_of(u64::from(self.policy.rounded_to)));
            prop_assert!(shown.abs_diff(count) * 2 <= u64::from(self.policy.rounded_to), "{:?}", self);
        }
        Ok(())
    }
}

/// What is left of a form less multiples of others, each of which is free of what leads those before it.
fn reduce(mut form: Vec<i128>, basis: &[Vec<i128>]) -> Vec<i128> {
    for other in basis {
        let lead = other.iter().position(|n| *n != 0).unwrap();
        let (by, times) = (form[lead], other[lead]);
        if by != 0 {
            form = form.iter().zip(other).map(|(n, o)| n * times - o * by).collect();
            let divisor = form.iter().fold(0, |a, b| gcd(a, *b)).max(1);
            for n in &mut form {
                *n /= divisor;
            }
        }
    }
    form
}

fn gcd(a: i128, b: i128) -> i128 {
    if b == 0 { a.abs() } else { gcd(b, a % b) }
}

/// Narrows a whole and its parts by each other; whether that changed anything.
fn narrow<K: Ord + Copy>(bounds: &mut BTreeMap<K, (u64, u64)>, whole: K, parts: &[K]) -> bool {
    let (least, most) =
        parts.iter().fold((0, 0), |sum, part| (sum.0 + bounds[part].0, sum.1 + bounds[part].1));
    let before = bounds[&whole];
    let whole_now = (before.0.max(least), before.1.min(most));
    bounds.insert(whole, whole_now);
    for part in parts {
        let (from, to) = bounds[part];
        let rest = (least - from, most - to);
        let now = (from.max(whole_now.0.saturating_sub(rest.1)), to.min(whole_now.1 - rest.0));
        if now != (from, to) {
            bounds.insert(*part, now);
            // The sums are stale: the next round has them.
            return true;
        }
    }
    before != whole_now
}

fn policy() -> impl Strategy<Value = SmallNumbers> {
    select(vec![SmallNumbers::PARTNERS, SmallNumbers::OUTSIDE, BELOW_3])
}

fn totals() -> impl Strategy<Value = Totals> {
    let any = (any::<bool>(), any::<bool>(), any::<bool>());
    let any = any.prop_map(|(rows, columns, grand)| Totals { rows, columns, grand });
    prop_oneof![2 => Just(Totals::ALL), 1 => Just(Totals::GRAND), 1 => any]
}

/// Parts of one shape: sparse, small, large or mixed, with single rows and columns, and all zero.
fn parts(n: Range<usize>) -> impl Strategy<Value = Vec<Cells>> {
    let most = select(vec![0_u32, 1, 2, 6, 12, 30, 90]);
    (1..=4_usize, 1..=4_usize, most, 0..=100_u32, n).prop_flat_map(|(rows, columns, most, sparse, n)| {
        let cell = (0..=most, 0..100_u32).prop_map(move |(n, luck)| if luck < sparse / 2 { 0 } else { n });
        vec(vec(vec(cell, columns), rows), n)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_suppressed_number_comes_back_from_one_pack(parts in parts(1..2), policy in policy(), totals in totals()) {
        let packs = Packs::publish(parts, policy, &[(0..1, totals)]);
        let table = Table::new(&packs.parts[0]).unwrap();
        prop_assert_eq!(&packs.told[0].1, &figures(&publish(policy, &table, totals), &packs.parts[0]));
        packs.hold()?;
    }

    #[test]
    fn no_suppressed_number_comes_back_from_a_pack_and_the_one_that_contains_it(
        parts in parts(2..3), policy in policy(), totals in totals(), first in 0..2_usize
    ) {
        Packs::publish(parts, policy, &[(first..first + 1, totals), (0..2, totals)]).hold()?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn no_suppressed_number_comes_back_from_packs_that_overlap(
        parts in parts(3..4), policy in policy(), asked in vec((0..3_usize, 0..3_usize, totals()), 2..4)
    ) {
        let asked = asked.into_iter().map(|(a, b, totals)| (a.min(b)..a.max(b) + 1, totals));
        Packs::publish(parts, policy, &asked.collect::<Vec<_>>()).hold()?;
    }

    #[test]
    fn packs_for_everybody_are_safe_from_who_has_none_of_those_for_partners(
        parts in parts(2..3), totals in totals()
    ) {
        let tables: Vec<_> = parts.iter().map(|cells| Table::new(cells).unwrap()).collect();
        let mut packs = Packs { told: Vec::new(), policy: SmallNumbers::OUTSIDE, parts };
        let mut earlier: Vec<Earlier> = Vec::new();
        for range in [0..1, 0..2] {
            for policy in [SmallNumbers::PARTNERS, SmallNumbers::OUTSIDE] {
                let published = publish_after(policy, &tables, range.clone(), totals, &earlier).unwrap();
                if policy == packs.policy {
                    packs.told.push((range.clone(), figures(&published, &packs.parts[0])));
                }
                earlier.push(Earlier { parts: range.clone(), published });
            }
        }
        packs.hold()?;
    }

    #[test]
    fn a_table_without_small_numbers_is_shown_whole(parts in parts(1..2), policy in policy(), totals in totals()) {
        let cells: Cells = parts[0].iter().map(|row| row.iter().map(|n| n + policy.below).collect()).collect();
        let packs = Packs::publish(vec![cells], policy, &[(0..1, totals)]);
        prop_assert!(packs.figures().all(|(.., figure)| figure != Figure::Suppressed));
    }
}

/// Every way to fill so many cells with counts below a number.
fn every(cells: usize, below: u32) -> impl Iterator<Item = Vec<u32>> {
    let cells = u32::try_from(cells).unwrap();
    (0..below.pow(cells)).map(move |n| (0..cells).map(|i| n / below.pow(i) % below).collect())
}

/// Among all the tables, those that agree with what one's packs show, and have the same small numbers where they
/// suppress, leave each of its secrets two values at least. Only for those with a shown grand total below `complete`:
/// there, all that could agree are among the tables. Returns how many were tried.
fn hold_by_trial(all: &[Packs], complete: u64) -> usize {
    let (n, grand) = (all[0].parts.len(), (all[0].parts[0].len(), all[0].parts[0][0].len()));
    let mut by_pattern: BTreeMap<(Vec<Key>, Vec<Key>), Vec<&Packs>> = BTreeMap::new();
    for packs in all {
        if packs.shown().contains(&(0, n, grand)) && packs.count(&(0..n), grand) < complete {
            by_pattern
                .entry((packs.shown().into_iter().collect(), packs.suppressed()))
                .or_default()
                .push(packs);
        }
    }
    for ((shown, suppressed), members) in &by_pattern {
        let looks = |packs: &Packs| {
            let count = |(from, to, place): &Key| packs.count(&(*from..*to), *place);
            let small = suppressed.iter().map(|key| packs.policy.is_small(count(key)));
            (shown.iter().map(count).collect::<Vec<_>>(), small.collect::<Vec<_>>())
        };
        let mut alike: BTreeMap<_, Vec<&Packs>> = BTreeMap::new();
        for packs in all {
            alike.entry(looks(packs)).or_default().push(packs);
        }
        for packs in members {
            for (from, to, place) in packs.secrets() {
                let counts = alike[&looks(packs)].iter().map(|other| other.count(&(from..to), place));
                let counts = counts.collect::<BTreeSet<_>>();
                assert!(counts.len() > 1, "{place:?} of {from}..{to} is {counts:?} in {packs:?}");
            }
        }
    }
    by_pattern.values().map(Vec::len).sum()
}

const BELOW_3: SmallNumbers = SmallNumbers { below: 3, rounded_to: 1 };

#[test]
fn trying_every_small_table_leaves_each_suppressed_number_two_values() {
    let lines: Vec<_> = every(3, 14)
        .map(|line| Packs::publish(vec![vec![line]], BELOW_3, &[(0..1, Totals::GRAND)]))
        .collect();
    assert!(hold_by_trial(&lines, 14) > 100);
    let grids: Vec<_> = every(4, 8)
        .map(|cells| vec![cells.chunks(2).map(<[u32]>::to_vec).collect()])
        .map(|parts| Packs::publish(parts, BELOW_3, &[(0..1, Totals::ALL)]))
        .collect();
    assert!(hold_by_trial(&grids, 8) > 50);
}

#[test]
fn trying_every_two_small_packs_leaves_each_suppressed_number_two_values() {
    let packs: Vec<_> = every(4, 9)
        .map(|cells| cells.chunks(2).map(|line| vec![line.to_vec()]).collect())
        .map(|parts| Packs::publish(parts, BELOW_3, &[(0..1, Totals::GRAND), (0..2, Totals::GRAND)]))
        .collect();
    assert!(hold_by_trial(&packs, 9) > 100);
}

#[test]
fn the_attacker_finds_what_is_left_when_only_small_numbers_are_suppressed() {
    let all = (0..1, Totals::ALL);
    let table = vec![vec![2, 10, 30], vec![12, 50, 60], vec![40, 70, 80]];
    assert_eq!(
        Packs::careless(vec![table], SmallNumbers::PARTNERS, &[all]).found_by_elimination(),
        [(0, 1, (0, 0))]
    );
    // The sum of two is zero, and none is below.
    let zeros = Packs::careless(vec![vec![vec![20, 0, 0]]], SmallNumbers::PARTNERS, &[(0..1, Totals::GRAND)]);
    assert_eq!(zeros.found_by_elimination(), []);
    let found = zeros.found_by_bounds();
    assert!(found.contains(&(0, 1, (0, 1))) && found.contains(&(0, 1, (0, 2))), "{found:?}");
    let two = Packs::careless(
        vec![vec![vec![20, 30]], vec![vec![2, 30]]],
        SmallNumbers::PARTNERS,
        &[(0..1, Totals::GRAND), (0..2, Totals::GRAND)],
    );
    assert!(two.found_by_elimination().contains(&(1, 2, (0, 0))));
}
