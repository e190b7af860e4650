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

fn places(cells: &Cells) -> Vec<Place> {
    (0..=cells.len()).flat_map(|row| (0..=cells[0].len()).map(move |column| (row, column))).collect()
}

/// The cells that a number adds up.
fn within(cells: &Cells, (row, column): Place) -> Vec<Place> {
    let rows = if row == cells.len() { 0..row } else { row..row + 1 };
    let columns = if column == cells[0].len() { 0..column } else { column..column + 1 };
    rows.flat_map(|row| columns.clone().map(move |column| (row, column))).collect()
}

fn figure(published: &Published, cells: &Cells, (row, column): Place) -> Option<Figure> {
    match (row == cells.len(), column == cells[0].len()) {
        (false, false) => published.cell(row, column),
        (false, true) => published.row_total(row),
        (true, false) => published.column_total(column),
        (true, true) => published.grand_total(),
    }
}

/// Packs in the order in which they were published, over the same parts.
#[derive(Clone, Debug)]
struct Packs {
    parts: Vec<Cells>,
    policy: SmallNumbers,
    packs: Vec<(Range<usize>, Published)>,
}

impl Packs {
    fn publish(parts: Vec<Cells>, policy: SmallNumbers, packs: &[(Range<usize>, Totals)]) -> Self {
        let tables: Vec<_> = parts.iter().map(|cells| Table::new(cells).unwrap()).collect();
        let mut earlier: Vec<Earlier> = Vec::new();
        for (range, totals) in packs {
            let published = publish_after(policy, &tables, range.clone(), *totals, &earlier).unwrap();
            earlier.push(Earlier { parts: range.clone(), published });
        }
        let packs = earlier.into_iter().map(|table| (table.parts, table.published)).collect();
        Self { parts, policy, packs }
    }

    fn count(&self, range: &Range<usize>, place: Place) -> u64 {
        let cells = within(&self.parts[0], place);
        let part =
            |part: &Cells| cells.iter().map(|(row, column)| u64::from(part[*row][*column])).sum::<u64>();
        self.parts[range.clone()].iter().map(part).sum()
    }

    fn figures(&self) -> impl Iterator<Item = (&Range<usize>, Place, Figure)> {
        self.packs.iter().flat_map(|(range, published)| {
            places(&self.parts[0]).into_iter().filter_map(move |place| {
                figure(published, &self.parts[0], place).map(|figure| (range, place, figure))
            })
        })
    }

    fn shown(&self) -> BTreeSet<(usize, usize, Place)> {
        let shown = self.figures().filter(|(.., figure)| *figure != Figure::Suppressed);
        shown.map(|(range, place, _)| (range.start, range.end, place)).collect()
    }

    fn runs(&self) -> Vec<Range<usize>> {
        let n = self.parts.len();
        (0..n).flat_map(|from| (from + 1..=n).map(move |to| from..to)).collect()
    }

    /// What must not be known: what is suppressed and was not told before, and what is small although it is in no pack.
    fn secrets(&self) -> BTreeSet<(usize, usize, Place)> {
        let shown = self.shown();
        let is_told = |from: usize, to: usize, place: Place| {
            let n = self.parts.len();
            shown.contains(&(from, to, place))
                || (0..from)
                    .any(|start| shown.contains(&(start, from, place)) && shown.contains(&(start, to, place)))
                || (to..=n)
                    .any(|end| shown.contains(&(to, end, place)) && shown.contains(&(from, end, place)))
        };
        let suppressed = self.figures().filter(|(.., figure)| *figure == Figure::Suppressed);
        let suppressed = suppressed.map(|(range, place, _)| (range.start, range.end, place));
        let mut secrets: BTreeSet<_> =
            suppressed.filter(|(from, to, place)| !is_told(*from, *to, *place)).collect();
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
    fn found_by_elimination(&self) -> Vec<(usize, usize, Place)> {
        let mut basis: Vec<Vec<i128>> = Vec::new();
        for (from, to, place) in self.shown() {
            let rest = reduce(self.form(&(from..to), place), &basis);
            if rest.iter().any(|n| *n != 0) {
                basis.push(rest);
            }
        }
        let follows = |(from, to, place): &(usize, usize, Place)| {
            reduce(self.form(&(*from..*to), *place), &basis).iter().all(|n| *n == 0)
        };
        self.secrets().into_iter().filter(follows).collect()
    }

    /// The secrets that have only one value left between bounds. Numbers are those of every run of parts; a run is the
    /// sum of two shorter ones, and each has rows, columns and totals that add up.
    fn found_by_bounds(&self) -> Vec<(usize, usize, Place)> {
        let (runs, all) = (self.runs(), places(&self.parts[0]));
        let key = |run: &Range<usize>, place: Place| (run.start, run.end, place);
        let mut bounds: BTreeMap<_, (u64, u64)> = BTreeMap::new();
        for run in &runs {
            bounds.extend(all.iter().map(|place| (key(run, *place), (0, 1_000_000))));
        }
        let below = u64::from(self.policy.below);
        for (range, published) in &self.packs {
            let figures =
                all.iter().filter_map(|place| Some((*place, figure(published, &self.parts[0], *place)?)));
            let figures: Vec<_> = figures.collect();
            if figures.iter().all(|(_, figure)| *figure == Figure::Suppressed) {
                continue;
            }
            for (place, figure) in figures {
                let count = self.count(range, place);
                let (least, most) = match figure {
                    Figure::Shown(_) => (count, count),
                    Figure::Suppressed if count < below => (0, below - 1),
                    Figure::Suppressed => (below, 1_000_000),
                };
                let bound = bounds.get_mut(&key(range, place)).unwrap();
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
            form.iter_mut().for_each(|n| *n /= divisor);
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
    let mut changed = before != whole_now;
    for part in parts {
        let (from, to) = bounds[part];
        let now = (
            from.max(whole_now.0.saturating_sub(most - to)),
            to.min(whole_now.1.saturating_sub(least - from)),
        );
        if now != (from, to) {
            bounds.insert(*part, now);
            // The sums are stale: the next round has them.
            return true;
        }
        changed |= now != (from, to);
    }
    changed
}

fn policy() -> impl Strategy<Value = SmallNumbers> {
    select(vec![SmallNumbers::PARTNERS, SmallNumbers::OUTSIDE, SmallNumbers { below: 3, rounded_to: 1 }])
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
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn no_suppressed_number_comes_back_from_one_pack(parts in parts(1..2), policy in policy(), totals in totals()) {
        let packs = Packs::publish(parts, policy, &[(0..1, totals)]);
        let table = Table::new(&packs.parts[0]).unwrap();
        prop_assert_eq!(&packs.packs[0].1, &publish(policy, &table, totals));
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
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn no_suppressed_number_comes_back_from_packs_that_overlap(
        parts in parts(3..4), policy in policy(), asked in vec((0..3_usize, 0..3_usize, totals()), 2..4)
    ) {
        let asked = asked.into_iter().map(|(a, b, totals)| (a.min(b)..a.max(b) + 1, totals));
        Packs::publish(parts, policy, &asked.collect::<Vec<_>>()).hold()?;
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

/// All packs of the tables, by what they look like, must leave each secret two values at least. Where the grand total of
/// all is shown and below `complete`, no table is missing among those that look the same.
fn hold_by_trial(all: impl Iterator<Item = Packs>, complete: u64) -> usize {
    let mut alike: BTreeMap<String, Vec<Packs>> = BTreeMap::new();
    for packs in all {
        let n = packs.parts.len();
        let grand = (packs.parts[0].len(), packs.parts[0][0].len());
        if packs.shown().contains(&(0, n, grand)) && packs.count(&(0..n), grand) < complete {
            alike.entry(format!("{:?}", packs.packs)).or_default().push(packs);
        }
    }
    for group in alike.values() {
        for (from, to, place) in group[0].secrets() {
            let values: BTreeSet<_> = group.iter().map(|packs| packs.count(&(from..to), place)).collect();
            assert!(values.len() > 1, "{place:?} of {from}..{to} is {values:?} in {:?}", group[0]);
        }
    }
    alike.len()
}

#[test]
fn trying_every_small_table_leaves_each_suppressed_number_two_values() {
    let policy = SmallNumbers { below: 3, rounded_to: 1 };
    let lines = every(3, 14).map(|line| Packs::publish(vec![vec![line]], policy, &[(0..1, Totals::GRAND)]));
    assert!(hold_by_trial(lines, 14) > 20);
    let grids = every(4, 12).map(|cells| {
        let cells = cells.chunks(2).map(<[u32]>::to_vec).collect();
        Packs::publish(vec![cells], policy, &[(0..1, Totals::ALL)])
    });
    assert!(hold_by_trial(grids, 12) > 20);
}

#[test]
fn trying_every_two_small_packs_leaves_each_suppressed_number_two_values() {
    let policy = SmallNumbers { below: 3, rounded_to: 1 };
    let packs = every(4, 12).map(|cells| {
        let parts = cells.chunks(2).map(|line| vec![line.to_vec()]).collect();
        Packs::publish(parts, policy, &[(0..1, Totals::GRAND), (0..2, Totals::GRAND)])
    });
    assert!(hold_by_trial(packs, 12) > 20);
}
