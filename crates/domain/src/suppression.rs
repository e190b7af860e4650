//! Small numbers: what of a table of counts may leave the team.
//!
//! A count of one or two can be a person whom a reader knows, and a total less what is shown beside it gives back what
//! was left out. So a table is published with its small numbers suppressed, and with as many further numbers as it
//! takes that no suppressed one can be worked out, from this table or from it and those published before.
//!
//! **Zero is a small number.** "None from Hertsmere by the police" tells who looks for somebody where not to look, and
//! that all the others are elsewhere. The Office for National Statistics has one section for both (Secure Research
//! Service, Output Checking Guidance 2022, 6.1 "Low counts and zeros") and one for what zeros tell of a whole class (6.2
//! "Class disclosure"). NHS Digital's disclosure control for Hospital Episode Statistics suppresses small numbers
//! from 1 up, not zeros; this service is stricter, for who looks for a household is part of its risk. Leave rows and
//! columns out that cannot have counts: a reader knows their zeros anyway, and they hide nothing.
//!
//! **The method.** A suppressed number is safe when there is another table of whole counts, none below zero, that agrees
//! with all that is published, has the same small numbers, and differs there. In a table with totals, such a table is
//! one step away along a *ring*: one more here, one less there, so that each row, column and total still adds up. Each
//! suppressed number gets the ring that costs the least, by the sum of the shown numbers that must be suppressed for it.
//! A number with such a ring cannot be recovered by subtraction, elimination or bounds, also not by who knows the policy
//! and which of the suppressed numbers are small: the other table is the proof. Where there is no
//! ring, the whole table is suppressed: a table in which nothing is shown tells nothing. That is usual for a table of
//! small numbers only; a large one can come to it after many packs that overlap.
//!
//! **Packs in a row.** Counts are given by part: periods that follow each other and do not overlap, cut wherever a
//! published table begins or ends. A ring then changes one part, or adds to one what it takes from another, and must
//! leave what earlier tables show as it is; in a table of one row, one cell may give in one part what another takes in
//! another. What comes out as the difference of two tables is watched like what is
//! published: a small one is kept from being known.
//!
//! **What this does not protect against:** a narrow range (a suppressed number may be known to be 1 or 2); who reckons
//! with this very method (of 2, 4 and 4 with a total of 10, the 2 and a 4 are suppressed; with 1 and 5 in their place,
//! the 4 would be); who knows some of the households; counts that were corrected after they were published; tables of
//! other cells about the same households (by district, then by locality), or by other periods, when they are not given
//! here; sums of periods that do not adjoin, unless they are the difference of two tables. What an earlier table has told cannot be taken back.

use std::{collections::VecDeque, iter::once, ops::Range};

use pathfinding::directed::dijkstra::dijkstra;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{occupancy::per_cent, refusal::Refusal};

/// What is a small number, and how the others are shown, as data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SmallNumbers {
    /// Counts below this are suppressed, zero too.
    pub below: u32,
    /// The others are shown to the nearest multiple of this, half up; 1 shows them as they are.
    pub rounded_to: u32,
}

impl SmallNumbers {
    /// For partner councils and agencies: below 5 suppressed, the others exact.
    pub const PARTNERS: Self = Self { below: 5, rounded_to: 1 };
    /// For everybody else: below 10 suppressed, the others to the nearest 5.
    pub const OUTSIDE: Self = Self { below: 10, rounded_to: 5 };

    /// Refuses a policy that hides nothing, or whose rounding shows a number below the threshold.
    pub fn check(self) -> Result<(), Refusal> {
        if !(3..=100).contains(&self.below) {
            return Err(Refusal::bad("below", "Counts are suppressed below a number from 3 to 100."));
        }
        if self.rounded_to == 0 || !self.below.is_multiple_of(self.rounded_to) {
            return Err(Refusal::bad(
                "roundedTo",
                format!("Counts are rounded to a number that divides {}, or to 1.", self.below),
            ));
        }
        Ok(())
    }

    /// Whether the count is suppressed for itself.
    pub const fn is_small(self, count: u64) -> bool {
        count < self.below as u64
    }

    /// The count as it is shown. Every number is rounded from the true one, totals too: rounded parts need not add up
    /// to a rounded total.
    pub const fn rounded(self, count: u64) -> u64 {
        let to = if self.rounded_to == 0 { 1 } else { self.rounded_to as u64 };
        (count + to / 2) / to * to
    }
}

/// A number as published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Figure {
    /// The count, rounded as the policy says.
    Shown(u64),
    /// Not told: it is small, or would give a small one away.
    Suppressed,
}

/// A rate in per cent, two decimals, half up, of published figures; none when either is suppressed. It is worked out
/// from what is shown, so that it tells no more than they do. Never publish a rate of the true counts beside them.
pub fn rate(part: Figure, whole: Figure) -> Option<Decimal> {
    match (part, whole) {
        (Figure::Shown(part), Figure::Shown(whole)) => per_cent(part, whole),
        _ => None,
    }
}

/// Which totals are published with the cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Totals {
    /// The total of each row.
    pub rows: bool,
    /// The total of each column.
    pub columns: bool,
    /// The total of all.
    pub grand: bool,
}

impl Totals {
    /// All of them.
    pub const ALL: Self = Self { rows: true, columns: true, grand: true };
    /// The total of all only: what a table of one row has.
    pub const GRAND: Self = Self { rows: false, columns: false, grand: true };
    /// None.
    pub const NONE: Self = Self { rows: false, columns: false, grand: false };
}

/// The true counts: cells in rows and columns, with their totals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    shape: Shape,
    numbers: Vec<u64>,
}

impl Table {
    /// A table of rows. A fault when they differ in length.
    pub fn new(rows: &[Vec<u32>]) -> Result<Self, TableFault> {
        let columns = rows.first().map_or(0, Vec::len);
        if rows.iter().any(|row| row.len() != columns) {
            return Err(TableFault::Ragged);
        }
        let sum = |row: &Vec<u32>| row.iter().copied().map(u64::from).sum::<u64>();
        let column = |j: usize| rows.iter().filter_map(|row| row.get(j)).copied().map(u64::from).sum();
        let numbers = rows
            .iter()
            .flat_map(|row| row.iter().copied().map(u64::from).chain(once(sum(row))))
            .chain((0..columns).map(column))
            .chain(once(rows.iter().map(sum).sum()))
            .collect();
        Ok(Self { shape: Shape { rows: rows.len(), columns }, numbers })
    }

    /// A table of one row.
    pub fn line(cells: &[u32]) -> Self {
        let cells = cells.iter().copied().map(u64::from);
        let total = once(cells.clone().sum());
        let row = cells.clone().chain(total);
        Self { shape: Shape { rows: 1, columns: cells.len() }, numbers: row.clone().chain(row).collect() }
    }
}

/// Rows and columns, without totals. Numbers are counted row by row, each row's total at its end, the totals of the
/// columns last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Shape {
    rows: usize,
    columns: usize,
}

impl Shape {
    const fn len(self) -> usize {
        (self.rows + 1) * (self.columns + 1)
    }

    const fn number(self, row: usize, column: usize) -> usize {
        row * (self.columns + 1) + column
    }

    /// The total of one cell is that cell.
    const fn first_equal(self, number: usize) -> usize {
        let (row, column) = (number / (self.columns + 1), number % (self.columns + 1));
        let row = if self.rows == 1 { 0 } else { row };
        self.number(row, if self.columns == 1 { 0 } else { column })
    }

    /// Whether it is a cell or one of these totals.
    const fn is_told(self, number: usize, totals: Totals) -> bool {
        match (number / (self.columns + 1) == self.rows, number % (self.columns + 1) == self.columns) {
            (false, false) => true,
            (false, true) => totals.rows,
            (true, false) => totals.columns,
            (true, true) => totals.grand,
        }
    }

    /// A table is a network in which counts flow: from its row to its column, from the columns to the totals of columns,
    /// from there to the grand total, and by the totals of rows back to the rows. What flows into a node flows out of
    /// it. Nodes are rows, then columns, with the totals last in each.
    const fn ends(self, number: usize) -> (usize, usize) {
        let (row, column) = (number / (self.columns + 1), self.rows + 1 + number % (self.columns + 1));
        let (down, right) = (row == self.rows, column == self.rows + 1 + self.columns);
        if down == right { (row, column) } else { (column, row) }
    }

    /// The nodes next to a node, each with the number between them.
    fn next(self, node: usize) -> impl Iterator<Item = (usize, usize)> {
        let columns = self.rows + 1;
        let others = if node < columns { columns..columns + self.columns + 1 } else { 0..columns };
        others.map(move |other| {
            let (row, column) = if node < columns { (node, other) } else { (other, node) };
            (other, self.number(row, column - columns))
        })
    }
}

/// A table as published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    policy: SmallNumbers,
    shape: Shape,
    figures: Vec<Option<Figure>>,
}

impl Published {
    /// A table in which nothing is shown: it tells nothing.
    #[must_use]
    pub fn withheld(&self) -> Self {
        let figures = self.figures.iter().map(|figure| figure.map(|_| Figure::Suppressed)).collect();
        Self { figures, ..self.clone() }
    }

    /// A table of one row with other columns: each is one of its own, or one that it did not have, whose counts were zero
    /// then, as everybody knows.
    #[must_use]
    pub fn rearranged(&self, columns: &[Option<usize>]) -> Self {
        let cell = |column: &Option<usize>| match column {
            Some(column) => self.cell(0, *column),
            None => Some(Figure::Shown(0)),
        };
        let row = |total: Option<Figure>| columns.iter().map(cell).chain([total]).collect::<Vec<_>>();
        let below = self.column_totals(columns);
        let figures = row(self.row_total(0)).into_iter().chain(below).chain([self.grand_total()]).collect();
        Self { policy: self.policy, shape: Shape { rows: 1, columns: columns.len() }, figures }
    }

    fn column_totals(&self, columns: &[Option<usize>]) -> Vec<Option<Figure>> {
        columns.iter().map(|column| column.and_then(|column| self.column_total(column))).collect()
    }

    /// A cell; none outside the table.
    pub fn cell(&self, row: usize, column: usize) -> Option<Figure> {
        (row < self.shape.rows && column < self.shape.columns).then(|| self.figure(row, column)).flatten()
    }

    /// The total of a row; none when it is not published.
    pub fn row_total(&self, row: usize) -> Option<Figure> {
        (row < self.shape.rows).then(|| self.figure(row, self.shape.columns)).flatten()
    }

    /// The total of a column; none when it is not published.
    pub fn column_total(&self, column: usize) -> Option<Figure> {
        (column < self.shape.columns).then(|| self.figure(self.shape.rows, column)).flatten()
    }

    /// The total of all; none when it is not published.
    pub fn grand_total(&self) -> Option<Figure> {
        self.figure(self.shape.rows, self.shape.columns)
    }

    fn figure(&self, row: usize, column: usize) -> Option<Figure> {
        self.figures.get(self.shape.number(row, column)).copied().flatten()
    }
}

/// A table that readers have already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Earlier {
    /// The parts whose counts it adds up.
    pub parts: Range<usize>,
    /// What it told.
    pub published: Published,
}

/// Tables that do not belong together: a mistake of the caller, never of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TableFault {
    /// The rows of a table differ in length.
    #[error("the rows of the table differ in length")]
    Ragged,
    /// The parts, or an earlier table, have other rows or columns.
    #[error("the tables differ in rows or columns")]
    OtherShape,
    /// A table is said to cover parts that were not given, or none.
    #[error("the table covers parts that are not there")]
    NoSuchParts,
}

/// The table as published, when nothing has been told of these counts before.
pub fn publish(policy: SmallNumbers, table: &Table, totals: Totals) -> Published {
    Case::new(policy, std::slice::from_ref(table), 0..1, totals, Vec::new()).published(policy)
}

/// The table of some parts as published, when readers may have the earlier ones: the quarter, then the half-year that
/// contains it. `parts` are the counts of periods that follow each other without overlap, cut wherever a table
/// begins or ends. Give everything that these readers may have of these cells, under whatever policy; what was told under
/// another policy is still kept from who has only tables under this one.
pub fn publish_after(
    policy: SmallNumbers,
    parts: &[Table],
    covered: Range<usize>,
    totals: Totals,
    earlier: &[Earlier],
) -> Result<Published, TableFault> {
    let shape = parts.first().ok_or(TableFault::NoSuchParts)?.shape;
    let ranges = earlier.iter().map(|table| &table.parts).chain(once(&covered));
    if ranges.into_iter().any(|range| range.is_empty() || range.end > parts.len()) {
        return Err(TableFault::NoSuchParts);
    }
    let shapes = parts.iter().map(|part| part.shape).chain(earlier.iter().map(|table| table.published.shape));
    if shapes.into_iter().any(|other| other != shape) {
        return Err(TableFault::OtherShape);
    }
    let earlier = earlier.iter().map(|table| Told::before(parts, table)).collect();
    Ok(Case::new(policy, parts, covered, totals, earlier).published(policy))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Shown,
    Suppressed,
    /// A total that is not published with this table.
    LeftOut,
}

/// What readers learn of one table.
struct Told {
    parts: Range<usize>,
    policy: SmallNumbers,
    numbers: Vec<u64>,
    states: Vec<State>,
}

impl Told {
    fn before(parts: &[Table], table: &Earlier) -> Self {
        let state = |figure: &Option<Figure>| match figure {
            Some(Figure::Shown(_)) => State::Shown,
            Some(Figure::Suppressed) => State::Suppressed,
            None => State::LeftOut,
        };
        Self {
            parts: table.parts.clone(),
            policy: table.published.policy,
            numbers: sums(parts, |part| table.parts.contains(&part)),
            states: table.published.figures.iter().map(state).collect(),
        }
    }

    fn is(&self, number: usize, state: State) -> bool {
        self.states.get(number) == Some(&state)
    }

    /// A table in which nothing is shown tells nothing.
    fn tells(&self) -> bool {
        self.states.contains(&State::Shown)
    }

    /// Whether the number would be small, or not, as it is now.
    fn stays(&self, number: usize, change: i64) -> bool {
        let Some(count) = self.numbers.get(number) else { return false };
        let small = |count| self.policy.is_small(count);
        count.checked_add_signed(change).is_some_and(|changed| small(changed) == small(*count))
    }
}

/// For each number, its sum over some of the parts.
fn sums(parts: &[Table], within: impl Fn(usize) -> bool) -> Vec<u64> {
    let mut sums = vec![0; parts.first().map_or(0, |part| part.numbers.len())];
    for (_, part) in parts.iter().enumerate().filter(|(no, _)| within(*no)) {
        for (sum, count) in sums.iter_mut().zip(&part.numbers) {
            *sum += count;
        }
    }
    sums
}

/// Where a ring changes the counts: in one part, and perhaps the other way in a second.
#[derive(Clone, Copy)]
struct Swap {
    up: usize,
    down: Option<usize>,
}

impl Swap {
    /// How the sum over some parts changes.
    fn change(self, within: impl Fn(usize) -> bool) -> i64 {
        i64::from(within(self.up)) - i64::from(self.down.is_some_and(within))
    }
}

/// A number that must not be known: its sum over some parts.
struct Watched {
    parts: Vec<bool>,
    number: usize,
}

impl Watched {
    fn includes(&self, part: usize) -> bool {
        self.parts.get(part) == Some(&true)
    }
}

/// The numbers of a ring that are still shown, and what it costs to suppress them.
type Ring = (Vec<usize>, u64);

struct Case<'a> {
    shape: Shape,
    parts: &'a [Table],
    earlier: Vec<Told>,
    now: Told,
    swaps: Vec<Swap>,
}

impl<'a> Case<'a> {
    fn new(
        policy: SmallNumbers,
        parts: &'a [Table],
        covered: Range<usize>,
        totals: Totals,
        earlier: Vec<Told>,
    ) -> Self {
        let shape = parts.first().map_or(Shape { rows: 0, columns: 0 }, |part| part.shape);
        let numbers = sums(parts, |part| covered.contains(&part));
        let state =
            |(number, count): (usize, &u64)| match (shape.is_told(number, totals), policy.is_small(*count)) {
                (false, _) => State::LeftOut,
                (true, true) => State::Suppressed,
                (true, false) => State::Shown,
            };
        let states = numbers.iter().enumerate().map(state).collect();
        let all = 0..parts.len();
        let alone = all.clone().map(|up| Swap { up, down: None });
        let pairs =
            all.clone().flat_map(|up| (up + 1..parts.len()).map(move |down| Swap { up, down: Some(down) }));
        let swaps = alone.chain(pairs).collect();
        Self { shape, parts, earlier, now: Told { parts: covered, policy, numbers, states }, swaps }
    }

    /// Suppresses until every number that must not be known has its ring. Suppressing more never takes a ring away.
    fn published(mut self, policy: SmallNumbers) -> Published {
        let mut watched = self.watched();
        while let Some(next) = watched.pop_front() {
            // What tables under another policy told, readers of those under this one are not to learn.
            let told = self.is_told_already(&next);
            let known: Vec<_> = self.earlier.iter().filter(|table| !told || table.policy == policy).collect();
            let further = match self.cheapest_ring(&next, &known) {
                Some((further, _)) => further,
                None => (0..self.shape.len()).collect(),
            };
            for number in further {
                if self.now.is(number, State::Shown) {
                    if let Some(state) = self.now.states.get_mut(number) {
                        *state = State::Suppressed;
                    }
                    watched.push_back(Watched {
                        parts: self.set(|part| self.now.parts.contains(&part)),
                        number,
                    });
                }
            }
        }
        let figure = |(state, count): (&State, &u64)| match state {
            State::Shown => Some(Figure::Shown(policy.rounded(*count))),
            State::Suppressed => Some(Figure::Suppressed),
            State::LeftOut => None,
        };
        let figures = self.now.states.iter().zip(&self.now.numbers).map(figure).collect();
        Published { policy, shape: self.shape, figures }
    }

    fn tables(&self) -> impl Iterator<Item = &Told> {
        self.earlier.iter().chain(once(&self.now))
    }

    fn set(&self, within: impl Fn(usize) -> bool) -> Vec<bool> {
        (0..self.parts.len()).map(within).collect()
    }

    /// What must not be known: what a table has suppressed, and what is small in a run of parts or in the difference of
    /// two tables.
    fn watched(&self) -> VecDeque<Watched> {
        let mut small: Vec<Vec<bool>> = Vec::new();
        for from in 0..self.parts.len() {
            small.extend((from + 1..=self.parts.len()).map(|to| self.set(|part| (from..to).contains(&part))));
        }
        for whole in self.tables() {
            let inner = self.tables().filter(|inner| is_within(&inner.parts, &whole.parts));
            small.extend(inner.map(|inner| self.difference(whole, inner)));
        }
        small.sort_unstable();
        small.dedup();
        let mut watched = VecDeque::new();
        for table in self.tables() {
            let parts = self.set(|part| table.parts.contains(&part));
            let suppressed = (0..self.shape.len()).filter(|number| table.is(*number, State::Suppressed));
            watched.extend(suppressed.map(|number| Watched { parts: parts.clone(), number }));
        }
        for parts in small.into_iter().filter(|parts| parts.contains(&true)) {
            let sums = sums(self.parts, |part| parts.get(part) == Some(&true));
            let numbers = sums.iter().enumerate().filter(|(_, count)| self.now.policy.is_small(**count));
            watched.extend(numbers.map(|(number, _)| Watched { parts: parts.clone(), number }));
        }
        watched
    }

    fn difference(&self, whole: &Told, inner: &Told) -> Vec<bool> {
        self.set(|part| whole.parts.contains(&part) && !inner.parts.contains(&part))
    }

    /// Whether an earlier table, or the difference of two, has told the number.
    fn is_told_already(&self, watched: &Watched) -> bool {
        let same = |number: &usize| self.shape.first_equal(*number) == self.shape.first_equal(watched.number);
        let same: Vec<_> = (0..self.shape.len()).filter(same).collect();
        let has_told = |table: &&Told| same.iter().any(|number| table.is(*number, State::Shown));
        let shown = || self.earlier.iter().filter(has_told);
        shown().any(|whole| {
            self.set(|part| whole.parts.contains(&part)) == watched.parts
                || shown().any(|inner| {
                    is_within(&inner.parts, &whole.parts) && self.difference(whole, inner) == watched.parts
                })
        })
    }

    fn cheapest_ring(&self, watched: &Watched, known: &[&Told]) -> Option<Ring> {
        let swaps = self.swaps.iter().filter(|swap| swap.change(|part| watched.includes(part)) != 0);
        let rings = swaps.flat_map(|swap| [1, -1].map(|step| self.ring(watched.number, *swap, step, known)));
        let cheapest = rings.flatten().min_by_key(|(_, cost)| *cost);
        if matches!(cheapest, Some((_, 0))) || self.shape.rows != 1 {
            return cheapest;
        }
        self.exchanges(watched, known).chain(cheapest).min_by_key(|(_, cost)| *cost)
    }

    /// In a table of one row: one more of a cell in one part, one less of another in another part. The total of both parts
    /// stays as it is. Where a short part has no counts at all, no ring begins in it, but this does.
    fn exchanges(&self, watched: &Watched, known: &[&Told]) -> impl Iterator<Item = Ring> {
        let cells = 0..self.shape.columns;
        let pairs = cells.clone().flat_map(move |more| cells.clone().map(move |less| (more, less)));
        let pairs = pairs.filter(|(more, less)| more != less);
        let swaps = self.swaps.iter().filter_map(|swap| Some((swap.up, swap.down?)));
        let swaps = swaps.flat_map(|(one, other)| [(one, other), (other, one)]);
        let steps = swaps.flat_map(move |parts| pairs.clone().map(move |cells| (parts, cells)));
        steps.filter_map(move |((up, down), (more, less))| {
            let (up_alone, down_alone) = (Swap { up, down: None }, Swap { up: down, down: None });
            let changes = [
                (more, up_alone, 1),
                (less, down_alone, -1),
                (self.shape.columns, Swap { up, down: Some(down) }, 1),
            ];
            let mut ring: Ring = (Vec::new(), 0);
            let mut moved = 0;
            for (column, swap, step) in changes {
                for number in [column, self.shape.number(1, column)] {
                    if number == watched.number {
                        moved += step * swap.change(|part| watched.includes(part));
                    }
                    ring.1 += self.cost(number, swap, step, known)?;
                    let seen = swap.change(|part| self.now.parts.contains(&part)) != 0;
                    if seen && self.now.is(number, State::Shown) {
                        ring.0.push(number);
                    }
                }
            }
            (moved != 0).then_some(ring)
        })
    }

    /// The cheapest ring by which the number goes one up or down: a way through the network that brings back what flows
    /// too much.
    fn ring(&self, number: usize, swap: Swap, step: i64, known: &[&Told]) -> Option<Ring> {
        let cost = self.cost(number, swap, step, known)?;
        let (from, to) = self.shape.ends(number);
        let (start, end) = if step > 0 { (to, from) } else { (from, to) };
        let along = |node: usize, between: usize| if self.shape.ends(between).0 == node { 1 } else { -1 };
        let ways = |node: &usize| {
            let node = *node;
            let next = self.shape.next(node).filter(|(_, between)| *between != number);
            next.filter_map(move |(other, between)| {
                Some((other, self.cost(between, swap, along(node, between), known)?))
            })
            .collect::<Vec<_>>()
        };
        let (nodes, rest) = dijkstra(&start, ways, |node| *node == end)?;
        let steps = nodes.iter().zip(nodes.iter().skip(1));
        let between = steps.filter_map(|(node, other)| {
            self.shape.next(*node).find(|(next, _)| next == other).map(|(_, n)| n)
        });
        let seen = swap.change(|part| self.now.parts.contains(&part)) != 0;
        let shown = between.chain(once(number)).filter(|number| seen && self.now.is(*number, State::Shown));
        Some((shown.collect(), cost + rest))
    }

    /// What it costs to let a number go one up or down: nothing where nobody would see it, the number itself where it is
    /// shown now and would have to be suppressed; none where it cannot be, or would be seen.
    fn cost(&self, number: usize, swap: Swap, step: i64, known: &[&Told]) -> Option<u64> {
        let counts = |part: usize| self.parts.get(part).and_then(|part| part.numbers.get(number));
        counts(swap.up)?.checked_add_signed(step)?;
        if let Some(down) = swap.down {
            counts(down)?.checked_add_signed(-step)?;
        }
        let mut cost = 0;
        for (table, is_now) in known.iter().map(|table| (*table, false)).chain(once((&self.now, true))) {
            let change = step * swap.change(|part| table.parts.contains(&part));
            if change == 0 || !table.tells() || table.is(number, State::LeftOut) {
                continue;
            }
            if !table.stays(number, change) {
                return None;
            }
            if table.is(number, State::Shown) {
                cost += if is_now { 1 + table.numbers.get(number)? } else { return None };
            }
        }
        Some(cost)
    }
}

const fn is_within(inner: &Range<usize>, outer: &Range<usize>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers of a table as published, row by row with totals; `-` is suppressed.
    fn told(published: &Published) -> String {
        let text = |figure: &Option<Figure>| match figure {
            Some(Figure::Shown(count)) => count.to_string(),
            Some(Figure::Suppressed) => "-".to_owned(),
            None => ".".to_owned(),
        };
        let rows = published.figures.chunks(published.shape.columns + 1);
        rows.map(|row| row.iter().map(text).collect::<Vec<_>>().join(" ")).collect::<Vec<_>>().join(" | ")
    }

    fn line(policy: SmallNumbers, cells: &[u32]) -> String {
        let told = told(&publish(policy, &Table::line(cells), Totals::GRAND));
        told.replace(" . |", " |")
            .split(" | ")
            .map(|row| row.replace(". ", ""))
            .collect::<Vec<_>>()
            .join(" = ")
    }

    fn grid(rows: &[Vec<u32>]) -> Table {
        Table::new(rows).unwrap()
    }

    #[test]
    fn with_one_small_number_the_smallest_other_is_suppressed_too() {
        assert_eq!(line(SmallNumbers::PARTNERS, &[20, 3, 7, 30]), "20 - - 30 = 60");
        assert_eq!(line(SmallNumbers::PARTNERS, &[20, 7, 30]), "20 7 30 = 57");
    }

    #[test]
    fn two_small_numbers_hide_each_other_unless_their_sum_tells_them() {
        assert_eq!(line(SmallNumbers::PARTNERS, &[20, 3, 2, 30]), "20 - - 30 = 55");
        // Two zeros add up to nothing, and two fours to as much as two small numbers can.
        assert_eq!(line(SmallNumbers::PARTNERS, &[20, 0, 0, 30]), "- - - 30 = 50");
        assert_eq!(line(SmallNumbers::PARTNERS, &[20, 4, 4, 30]), "- - - 30 = 58");
    }

    #[test]
    fn a_table_of_small_numbers_tells_nothing() {
        assert_eq!(line(SmallNumbers::PARTNERS, &[0, 0, 0]), "- - - = -");
        assert_eq!(line(SmallNumbers::PARTNERS, &[4]), "- = -");
    }

    #[test]
    fn rounded_parts_need_not_add_up_to_the_rounded_total() {
        assert_eq!(line(SmallNumbers::OUTSIDE, &[12, 12, 12]), "10 10 10 = 35");
        assert_eq!(line(SmallNumbers::OUTSIDE, &[13, 9, 22, 40]), "- - 20 40 = 85");
    }

    #[test]
    fn a_small_cell_of_a_table_takes_a_ring_of_four() {
        let table = grid(&[vec![2, 10, 30], vec![12, 50, 60], vec![40, 70, 80]]);
        let published = publish(SmallNumbers::PARTNERS, &table, Totals::ALL);
        assert_eq!(told(&published), "- - 30 42 | - - 60 122 | 40 70 80 190 | 54 130 170 354");
        assert_eq!(published.cell(0, 0), Some(Figure::Suppressed));
        assert_eq!(published.row_total(1), Some(Figure::Shown(122)));
        assert_eq!((published.cell(3, 0), published.column_total(3)), (None, None));
    }

    #[test]
    fn a_rate_of_a_suppressed_number_is_suppressed() {
        assert_eq!(rate(Figure::Suppressed, Figure::Shown(20)), None);
        assert_eq!(rate(Figure::Shown(20), Figure::Suppressed), None);
        assert_eq!(rate(Figure::Shown(5), Figure::Shown(20)).unwrap().to_string(), "25.00");
    }

    #[test]
    fn a_later_table_does_not_tell_a_small_difference() {
        let parts = [Table::line(&[20, 30, 40]), Table::line(&[2, 30, 40])];
        let first = publish(SmallNumbers::PARTNERS, &parts[0], Totals::GRAND);
        assert_eq!(first.grand_total(), Some(Figure::Shown(90)));
        let earlier = [Earlier { parts: 0..1, published: first }];
        let both = publish_after(SmallNumbers::PARTNERS, &parts, 0..2, Totals::GRAND, &earlier).unwrap();
        assert_eq!(told(&both), "- - 80 . | . . . 162");
    }

    #[test]
    fn a_later_table_shows_what_was_small_when_it_is_no_more_and_the_difference_hides_it() {
        let parts = [Table::line(&[3, 30, 40]), Table::line(&[9, 20, 40])];
        let first = publish(SmallNumbers::PARTNERS, &parts[0], Totals::GRAND);
        assert_eq!(told(&first), "- - 40 . | . . . 73");
        let earlier = [Earlier { parts: 0..1, published: first }];
        let both = publish_after(SmallNumbers::PARTNERS, &parts, 0..2, Totals::GRAND, &earlier).unwrap();
        assert_eq!(told(&both), "12 50 80 . | . . . 142");
        // The second quarter after both would tell the first by subtraction.
        let earlier = [&earlier[..], &[Earlier { parts: 0..2, published: both }]].concat();
        let second = publish_after(SmallNumbers::PARTNERS, &parts, 1..2, Totals::GRAND, &earlier).unwrap();
        assert_eq!(told(&second), "- - 40 . | . . . 69");
    }

    #[test]
    fn who_has_only_the_later_table_does_not_learn_from_it_what_others_were_told() {
        let parts = [Table::line(&[20, 7, 30])];
        let partners = publish(SmallNumbers::PARTNERS, &parts[0], Totals::GRAND);
        assert_eq!(told(&partners), "20 7 30 . | . . . 57");
        let earlier = [Earlier { parts: 0..1, published: partners }];
        let outside = publish_after(SmallNumbers::OUTSIDE, &parts, 0..1, Totals::GRAND, &earlier).unwrap();
        assert_eq!(told(&outside), "- - 30 . | . . . 55");
    }

    #[test]
    fn a_policy_hides_something_and_rounds_to_nothing_small() {
        assert_eq!(SmallNumbers::PARTNERS.check(), Ok(()));
        assert_eq!(SmallNumbers::OUTSIDE.check(), Ok(()));
        assert!(SmallNumbers { below: 1, rounded_to: 1 }.check().is_err());
        assert!(SmallNumbers { below: 12, rounded_to: 5 }.check().is_err());
        assert!(SmallNumbers { below: 5, rounded_to: 0 }.check().is_err());
    }

    #[test]
    fn tables_that_do_not_belong_together_are_a_fault() {
        assert_eq!(Table::new(&[vec![1], vec![1, 2]]), Err(TableFault::Ragged));
        let parts = [Table::line(&[20]), Table::line(&[20, 30])];
        let publish =
            |parts: &[Table], range| publish_after(SmallNumbers::PARTNERS, parts, range, Totals::GRAND, &[]);
        assert_eq!(publish(&parts, 0..2), Err(TableFault::OtherShape));
        assert_eq!(publish(&parts[..1], 0..2), Err(TableFault::NoSuchParts));
        assert_eq!(publish(&[], 0..0), Err(TableFault::NoSuchParts));
    }
}
