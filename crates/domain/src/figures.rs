//! Figures: what reports are made of. Each is a number with its definition, told of a period, whole or by groups, and
//! with the records that it was counted from.
//!
//! What is measured of referrals is in [`crate::flow`], of stays in [`crate::stay_figures`], of people in
//! [`crate::people_figures`], of provisions and support in [`crate::provision_figures`], and of homes in
//! [`crate::occupancy`].

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    flow,
    ids::{HouseholdId, PackId, ReferralId, StayId, SupportSessionId, VoidId},
    occupancy::{OccupancyRow, exact_per_cent},
    people_figures, provision_figures, stay_figures,
};

/// What a figure is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Section {
    /// How full the homes are.
    Occupancy,
    /// Who asks for help, and what becomes of it.
    Flow,
    /// How stays go and end.
    Stays,
    /// Who is helped, as counts only.
    People,
    /// Provisions and support.
    Provision,
}

impl Section {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 5] = [Self::Occupancy, Self::Flow, Self::Stays, Self::People, Self::Provision];

    /// The section's name in code and files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Occupancy => "occupancy",
            Self::Flow => "flow",
            Self::Stays => "stays",
            Self::People => "people",
            Self::Provision => "provision",
        }
    }

    /// The section's title.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Occupancy => "How full the homes are",
            Self::Flow => "Who asks for help",
            Self::Stays => "Stays",
            Self::People => "Who is helped",
            Self::Provision => "Provisions and support",
        }
    }

    /// What is measured in it, in order.
    pub fn measures(self) -> &'static [&'static Measure] {
        match self {
            Self::Occupancy => &OCCUPANCY,
            Self::Flow => &flow::MEASURES,
            Self::Stays => &stay_figures::MEASURES,
            Self::People => &people_figures::MEASURES,
            Self::Provision => &provision_figures::MEASURES,
        }
    }
}

/// In what a figure is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MeasuredIn {
    /// A whole number of referrals, stays, households or whatever is counted.
    Count,
    /// A share of a hundred, two decimals, half up.
    PerCent,
    /// Nights.
    Nights,
    /// Minutes.
    Minutes,
    /// Hours, two decimals, half up.
    Hours,
    /// Pounds, to the penny.
    Pounds,
    /// A number with two decimals, half up.
    Number,
}

impl MeasuredIn {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Count, Self::PerCent, Self::Nights, Self::Minutes, Self::Hours, Self::Pounds, Self::Number];

    /// The unit's name in code and files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::PerCent => "per_cent",
            Self::Nights => "nights",
            Self::Minutes => "minutes",
            Self::Hours => "hours",
            Self::Pounds => "pounds",
            Self::Number => "number",
        }
    }
}

/// How a figure may leave the team.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaves {
    /// As it is: it counts no people.
    AsItIs,
    /// It counts people or what is about single ones: small numbers are suppressed, with as many others as that takes.
    SmallNumbers,
    /// As small numbers, but who was there in two periods is in both: they do not add up over time.
    DistinctNumbers,
    /// It is the sum of groups of others, where all of them are told.
    SumOf(&'static [Summand]),
    /// It is divided anew, from what is told of the two.
    RatioOf {
        /// The code of what is divided.
        part: &'static str,
        /// The code of that by which.
        whole: &'static str,
    },
    /// It does not.
    Never,
    /// It is told where the count of what it was worked out from is.
    With {
        /// That count's code.
        count: &'static str,
    },
}

/// Groups of a measure that are summed up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summand {
    /// The measure's code.
    pub measure: &'static str,
    /// By what it is grouped.
    pub by: &'static str,
    /// How the names of the groups begin.
    pub groups: &'static [&'static str],
}

/// What is measured.
#[derive(Debug, PartialEq, Eq)]
pub struct Measure {
    /// Its code, as files, targets and the API use it.
    pub code: &'static str,
    /// What people read.
    pub title: &'static str,
    /// In what it is told.
    pub measured_in: MeasuredIn,
    /// What it means.
    pub means: &'static str,
    /// How it may leave the team.
    pub leaves: Leaves,
}

/// The measure with this code, and its section.
pub fn measure(code: &str) -> Option<(Section, &'static Measure)> {
    Section::ALL.into_iter().find_map(|section| {
        let found = section.measures().iter().find(|measure| measure.code == code)?;
        Some((section, *found))
    })
}

/// A record that a figure was counted from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Record {
    /// A referral.
    Referral(ReferralId),
    /// A question of a partner council.
    Question(Uuid),
    /// A stay.
    Stay(StayId),
    /// A household.
    Household(HouseholdId),
    /// A void.
    Void(VoidId),
    /// A session of support.
    Session(SupportSessionId),
    /// A pack.
    Pack(PackId),
}

/// A record, and as how many it counts: a household as its people, say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Counted {
    /// The record.
    pub record: Record,
    /// As how many it counts.
    pub count: u32,
}

impl Counted {
    /// A record that counts as one.
    pub const fn one(record: Record) -> Self {
        Self { record, count: 1 }
    }
}

/// One figure of one period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// What is measured.
    pub measure: &'static Measure,
    /// By what it is grouped, and which group this is; none for the whole.
    pub group: Option<Group>,
    /// The number. None where there is nothing to tell it of: never zero in its place.
    pub value: Option<Decimal>,
    /// The same before it was rounded: changes are worked out from that.
    pub exact: Option<Decimal>,
    /// The records that it was counted from. Empty where the figure is of nights or of other figures.
    pub records: Vec<Counted>,
}

/// One of the groups that a figure is told by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Group {
    /// By what: `source`, say.
    pub by: String,
    /// Which: `police`, say.
    pub name: String,
    /// How it stands to the others.
    pub kind: Grouping,
}

/// How the groups of a figure stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grouping {
    /// Each record is in one of them: they add up to the whole.
    Parts,
    /// A record may be in several of them, or in none.
    Marks,
}

/// The figures of one period, as they are worked out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures(Vec<Figure>);

impl Figures {
    /// The figures, in order.
    pub fn into_vec(self) -> Vec<Figure> {
        self.0
    }

    /// A count of records.
    pub fn count(&mut self, measure: &'static Measure, records: Vec<Counted>) {
        self.push(measure, None, records);
    }

    /// A count of records, and as parts: each record is in the group that `group` names. All of `groups` are told, in their
    /// order, also where nothing is in one; then any others, by name.
    pub fn parts<'g>(
        &mut self,
        measure: &'static Measure,
        by: &'static str,
        groups: impl IntoIterator<Item = &'g str>,
        records: impl IntoIterator<Item = (String, Counted)>,
    ) {
        self.groups(measure, by, groups, records, Grouping::Parts);
    }

    /// As [`Figures::parts`], where a record may be in several groups or in none.
    pub fn marks<'g>(
        &mut self,
        measure: &'static Measure,
        by: &'static str,
        groups: impl IntoIterator<Item = &'g str>,
        records: impl IntoIterator<Item = (String, Counted)>,
    ) {
        self.groups(measure, by, groups, records, Grouping::Marks);
    }

    /// As [`Figures::marks`], as counts only: which records they are is not kept.
    pub fn marks_without_records<'g>(
        &mut self,
        measure: &'static Measure,
        by: &'static str,
        groups: impl IntoIterator<Item = &'g str>,
        records: impl IntoIterator<Item = (String, Counted)>,
    ) {
        let begins = self.0.len();
        self.groups(measure, by, groups, records, Grouping::Marks);
        self.0.iter_mut().skip(begins).for_each(|figure| figure.records.clear());
    }

    fn groups<'g>(
        &mut self,
        measure: &'static Measure,
        by: &'static str,
        groups: impl IntoIterator<Item = &'g str>,
        records: impl IntoIterator<Item = (String, Counted)>,
        kind: Grouping,
    ) {
        let mut found: BTreeMap<String, Vec<Counted>> = BTreeMap::new();
        for (name, counted) in records {
            found.entry(name).or_default().push(counted);
        }
        let known = groups.into_iter().map(str::to_owned).collect::<Vec<_>>();
        for name in known {
            let records = found.remove(&name).unwrap_or_default();
            self.push(measure, Some(Group { by: by.into(), name, kind }), records);
        }
        for (name, records) in found {
            self.push(measure, Some(Group { by: by.into(), name, kind }), records);
        }
    }

    fn push(&mut self, measure: &'static Measure, group: Option<Group>, records: Vec<Counted>) {
        let sum: u64 = records.iter().map(|counted| u64::from(counted.count)).sum();
        let value = Some(Decimal::from(sum));
        self.0.push(Figure { measure, group, value, exact: value, records });
    }

    /// A number that is no count, with the records that it was worked out from.
    pub fn number(&mut self, measure: &'static Measure, value: Option<Decimal>, records: Vec<Counted>) {
        self.0.push(Figure { measure, group: None, value, exact: value, records });
    }

    /// A number that was worked out and not rounded: it is told with two decimals, half up.
    pub fn worked_out(&mut self, measure: &'static Measure, exact: Option<Decimal>, records: Vec<Counted>) {
        let value = exact.map(two_decimals);
        self.0.push(Figure { measure, group: None, value, exact, records });
    }

    /// As [`Figures::worked_out`], of one group: by what, and which.
    pub fn worked_out_of(
        &mut self,
        measure: &'static Measure,
        (by, name): (&'static str, &str),
        exact: Option<Decimal>,
        records: Vec<Counted>,
    ) {
        let group = Some(Group { by: by.into(), name: name.into(), kind: Grouping::Parts });
        self.0.push(Figure { measure, group, value: exact.map(two_decimals), exact, records });
    }

    /// As [`Figures::number`], of one group: by what, and which.
    pub fn number_of(
        &mut self,
        measure: &'static Measure,
        (by, name): (&'static str, &str),
        value: Option<Decimal>,
        records: Vec<Counted>,
    ) {
        let group = Group { by: by.into(), name: name.into(), kind: Grouping::Parts };
        self.0.push(Figure { measure, group: Some(group), value, exact: value, records });
    }

    /// How many of some records are others, per cent.
    pub fn share(&mut self, measure: &'static Measure, part: &[Counted], whole: &[Counted]) {
        let sum = |records: &[Counted]| records.iter().map(|counted| u64::from(counted.count)).sum();
        self.worked_out(measure, exact_per_cent(sum(part), sum(whole)), part.to_vec());
    }
}

/// The number in the middle, half-way between the two in the middle where they are even; not rounded. None of none.
pub fn median(of: &[(Counted, Decimal)]) -> Option<Decimal> {
    let mut numbers: Vec<Decimal> = of.iter().map(|(_, number)| *number).collect();
    numbers.sort_unstable();
    let upper = numbers.get(numbers.len() / 2)?;
    let lower = numbers.get((numbers.len() - 1) / 2)?;
    (*lower + *upper).checked_div(Decimal::TWO)
}

/// The mean of the numbers, not rounded; none of none.
pub fn mean(of: &[(Counted, Decimal)]) -> Option<Decimal> {
    of.iter().map(|(_, number)| *number).sum::<Decimal>().checked_div(Decimal::from(of.len()))
}

/// The records that numbers belong to.
pub fn records(of: &[(Counted, Decimal)]) -> Vec<Counted> {
    of.iter().map(|(counted, _)| *counted).collect()
}

/// One divided by another, two decimals, half up; none by nothing.
pub fn ratio(part: Decimal, whole: Decimal) -> Option<Decimal> {
    part.checked_div(whole).map(two_decimals)
}

/// With two decimals, half up.
pub fn two_decimals(number: Decimal) -> Decimal {
    let mut rounded = number.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
    rounded.rescale(2);
    rounded
}

/// A figure of a period, beside that of the period before and of the same period a year before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The label of the period.
    pub period: String,
    /// The figure.
    pub figure: Figure,
    /// That of the period before.
    pub before: Option<Decimal>,
    /// That of the same period a year before.
    pub a_year_before: Option<Decimal>,
    /// The two before they were rounded.
    exact_before: Option<Decimal>,
    exact_a_year_before: Option<Decimal>,
}

impl Line {
    /// By how much it is more than in the period before, per cent, two decimals; none where that was nothing.
    pub fn change(&self) -> Option<Decimal> {
        change(self.figure.exact, self.exact_before)
    }

    /// By how much it is more than a year before, per cent, two decimals; none where that was nothing.
    pub fn change_in_a_year(&self) -> Option<Decimal> {
        change(self.figure.exact, self.exact_a_year_before)
    }
}

/// By how much a number is more than another, per cent of that, two decimals, half up; none where that is nothing.
pub fn change(now: Option<Decimal>, before: Option<Decimal>) -> Option<Decimal> {
    let (now, before) = (now?, before?);
    ratio((now - before) * Decimal::ONE_HUNDRED, before)
}

/// The figures of a period, each beside what it was in the period before and in the same a year before. A group that is
/// only in another period is told as nothing, after the others.
pub fn beside(period: &str, now: Figures, before: Figures, a_year_before: Figures) -> Vec<Line> {
    let key = |figure: &Figure| (figure.measure.code, figure.group.clone());
    let place = |figure: &Figure| (figure.measure.code, figure.group.as_ref().map(|group| group.by.clone()));
    let told = |figure: &Figure| (key(figure), (figure.value, figure.exact));
    let values = |figures: &Figures| figures.0.iter().map(told).collect();
    let (then, last_year): (Values, Values) = (values(&before), values(&a_year_before));
    let mut places = BTreeMap::new();
    for (no, figure) in now.0.iter().enumerate() {
        places.entry(place(figure)).or_insert(no);
    }
    let mut shown: BTreeSet<_> = now.0.iter().map(key).collect();
    let mut figures = now.0;
    for figure in before.0.into_iter().chain(a_year_before.0) {
        if figure.group.is_some() && shown.insert(key(&figure)) {
            let value = figure.value.map(|_| Decimal::ZERO);
            figures.push(Figure { value, exact: value, records: Vec::new(), ..figure });
        }
    }
    figures.sort_by_key(|figure| places.get(&place(figure)).copied().unwrap_or(usize::MAX));
    figures.into_iter().map(|figure| line(period, figure, &then, &last_year)).collect()
}

/// Each figure's number, and the same before it was rounded.
type Values = BTreeMap<(&'static str, Option<Group>), (Option<Decimal>, Option<Decimal>)>;

fn line(period: &str, figure: Figure, then: &Values, last_year: &Values) -> Line {
    let key = (figure.measure.code, figure.group.clone());
    // A group that was not told then had nobody in it; a number that is no count had nothing to be told of.
    let missing =
        (figure.group.is_some() && figure.measure.measured_in == MeasuredIn::Count).then_some(Decimal::ZERO);
    let of = |values: &Values| values.get(&key).copied().unwrap_or((missing, missing));
    let ((before, exact_before), (a_year_before, exact_a_year_before)) = (of(then), of(last_year));
    Line { period: period.into(), before, a_year_before, exact_before, exact_a_year_before, figure }
}

const fn of_nights(
    code: &'static str,
    title: &'static str,
    measured_in: MeasuredIn,
    means: &'static str,
) -> Measure {
    Measure { code, title, measured_in, means, leaves: Leaves::AsItIs }
}

/// How full the homes are: the same figures as [`crate::occupancy`].
static OCCUPANCY: [&Measure; 10] = [
    &of_nights(
        "in_stock_nights",
        "Unit-nights in stock",
        MeasuredIn::Count,
        "Unit-nights that exist: units open on the night, from the night they opened.",
    ),
    &of_nights(
        "void_nights",
        "Void unit-nights",
        MeasuredIn::Count,
        "Unit-nights in stock that are out of service, with a reason.",
    ),
    &of_nights("available_nights", "Available unit-nights", MeasuredIn::Count, "In stock less void."),
    &of_nights(
        "occupied_nights",
        "Occupied unit-nights",
        MeasuredIn::Count,
        "Available unit-nights with a household in residence, or since departed. Never a night to come.",
    ),
    &of_nights(
        "reserved_nights",
        "Reserved unit-nights",
        MeasuredIn::Count,
        "Unit-nights of bookings and holds, and the nights to come of stays in residence.",
    ),
    &of_nights(
        "occupancy_rate",
        "Occupancy rate",
        MeasuredIn::PerCent,
        "Occupied divided by available, per cent. The first reading of \"full 90% of the time\".",
    ),
    &of_nights(
        "gross_rate",
        "Gross occupancy rate",
        MeasuredIn::PerCent,
        "Occupied divided by in stock, per cent: it counts what was out of service as well.",
    ),
    &of_nights("nights", "Nights", MeasuredIn::Count, "Nights in the period."),
    &of_nights(
        "full_nights",
        "Full nights",
        MeasuredIn::Count,
        "Nights on which every available unit was occupied.",
    ),
    &of_nights(
        "full_share",
        "Full share",
        MeasuredIn::PerCent,
        "Full nights divided by nights, per cent. The second reading of \"full 90% of the time\".",
    ),
];

/// The figures of [`crate::occupancy`], in the order of the measures, rates not rounded.
fn told(row: &OccupancyRow) -> [Option<Decimal>; 10] {
    let count = |n: u64| Some(Decimal::from(n));
    [
        count(row.in_stock_nights),
        count(row.void_nights),
        count(row.available_nights),
        count(row.occupied_nights),
        count(row.reserved_nights),
        exact_per_cent(row.occupied_nights, row.available_nights),
        exact_per_cent(row.occupied_nights, row.in_stock_nights),
        count(row.nights),
        count(row.full_nights),
        exact_per_cent(row.full_nights, row.nights).filter(|_| row.available_nights > 0),
    ]
}

impl Figures {
    /// How full the homes are, whole and by groups: `by` says by what, with the row of each.
    pub fn occupancy(&mut self, whole: &OccupancyRow, groups: &[(&'static str, Vec<OccupancyRow>)]) {
        for (no, (measure, value)) in OCCUPANCY.iter().zip(told(whole)).enumerate() {
            let is_rate = measure.measured_in == MeasuredIn::PerCent;
            if is_rate {
                self.worked_out(measure, value, Vec::new());
            } else {
                self.number(measure, value, Vec::new());
            }
            for (by, rows) in groups {
                for row in rows {
                    let name = row.group.as_deref().unwrap_or_default();
                    let value = told(row).get(no).copied().flatten();
                    if is_rate {
                        self.worked_out_of(measure, (*by, name), value, Vec::new());
                    } else {
                        self.number_of(measure, (*by, name), value, Vec::new());
                    }
                }
            }
        }
    }
}
