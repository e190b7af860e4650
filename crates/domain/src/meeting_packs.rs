//! Meeting packs: the figures of a period for a group that meets, with a manager's commentary, frozen once issued.
//!
//! What leaves the team is told as [`crate::suppression`] has it: small numbers are suppressed, with as many others as it
//! takes that nothing gives them back, from this pack and from those issued before.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use rust_decimal::{Decimal, prelude::ToPrimitive};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    codes,
    figures::{Figure, Group, Grouping, Leaves, Line, MeasuredIn, Section, Summand, measure, ratio},
    nights::{Night, Nights},
    occupancy::per_cent,
    periods::PeriodKind,
    refusal::{Refusal, RefusalCode},
    suppression::{self, Earlier, Published, SmallNumbers, Table, TableFault, Totals, publish_after},
    targets::{Quarter, Target},
};

/// The longest commentary, in characters.
pub const LONGEST_COMMENTARY: usize = 20_000;
/// The longest name of a group, in characters.
const LONGEST_NAME: usize = 120;
/// By what figures of homes are grouped that stay with the team.
const DISTRICT: &str = "district";

/// Who a pack is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// The team: everything is told.
    Team,
    /// Partner councils and agencies: small numbers are suppressed.
    Partners,
    /// Everybody else: small numbers are suppressed, the others rounded.
    Outside,
}

impl Audience {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Team, Self::Partners, Self::Outside];

    /// The audience's name in code and files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Team => "team",
            Self::Partners => "partners",
            Self::Outside => "outside",
        }
    }

    /// The audience with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|audience| audience.as_str() == name)
    }
}

/// What is a small number to whom, as data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Discretion {
    /// To partner councils and agencies.
    pub partners: SmallNumbers,
    /// To everybody else.
    pub outside: SmallNumbers,
}

impl Default for Discretion {
    fn default() -> Self {
        Self { partners: SmallNumbers::PARTNERS, outside: SmallNumbers::OUTSIDE }
    }
}

impl Discretion {
    /// What is a small number to an audience; none to the team.
    pub const fn to(&self, audience: Audience) -> Option<SmallNumbers> {
        match audience {
            Audience::Team => None,
            Audience::Partners => Some(self.partners),
            Audience::Outside => Some(self.outside),
        }
    }
}

/// A group that meets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeetingGroup {
    /// Its code.
    pub code: String,
    /// What it is called.
    pub name: String,
    /// Of which periods its packs are.
    pub every: Every,
    /// Who sees them.
    pub audience: Audience,
    /// What is in them, in order.
    pub sections: BTreeSet<Section>,
}

/// How often a group meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Every {
    /// Every four weeks.
    FourWeeks,
    /// Every quarter.
    Quarter,
}

impl Every {
    /// Both.
    pub const ALL: [Self; 2] = [Self::FourWeeks, Self::Quarter];

    /// The name in code and files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FourWeeks => "four_weeks",
            Self::Quarter => "quarter",
        }
    }

    /// The one with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|every| every.as_str() == name)
    }

    /// What kind of period it is.
    pub const fn kind(self) -> PeriodKind {
        match self {
            Self::FourWeeks => PeriodKind::FourWeeks,
            Self::Quarter => PeriodKind::Quarter,
        }
    }
}

impl MeetingGroup {
    /// The groups that every new service begins with.
    pub fn defaults() -> [Self; 2] {
        [
            Self {
                code: "OPERATIONS".into(),
                name: "Operations group".into(),
                every: Every::FourWeeks,
                audience: Audience::Partners,
                sections: Section::ALL.into(),
            },
            Self {
                code: "BOARD".into(),
                name: "Partnership board".into(),
                every: Every::Quarter,
                audience: Audience::Outside,
                sections: Section::ALL.into(),
            },
        ]
    }

    /// The group, checked and tidied.
    pub fn checked(self) -> Result<Self, Refusal> {
        let name = self.name.trim();
        if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
            let message = format!("Write one line of at most {LONGEST_NAME} characters.");
            return Err(Refusal::bad("name", message));
        }
        if self.sections.is_empty() {
            return Err(Refusal::bad("sections", "Name at least one section: an empty pack tells nothing."));
        }
        Ok(Self { code: codes::code(&self.code, "code")?, name: name.to_owned(), ..self })
    }

    /// The period of its pack that has this day.
    pub fn period_of(&self, day: Night) -> Nights {
        self.every.kind().nights(day, Nights::between(day, day))
    }
}

/// Refused while a period is not over: its figures would still change by the day.
pub fn must_be_over(period: Nights, today: Night) -> Result<(), Refusal> {
    if period.departure() <= today {
        return Ok(());
    }
    Err(Refusal::new(
        RefusalCode::WrongTime,
        format!(
            "The period ends with {}: issue its pack from {} on.",
            crate::nights::earlier(period.departure(), 1),
            period.departure()
        ),
    )
    .on("on"))
}

/// A commentary, checked and tidied.
pub fn commentary(text: &str) -> Result<String, Refusal> {
    let text = text.trim();
    if text.chars().count() > LONGEST_COMMENTARY {
        let message = format!("A commentary has at most {LONGEST_COMMENTARY} characters.");
        return Err(Refusal::bad("text", message));
    }
    Ok(text.to_owned())
}

/// A figure as a pack tells it. What it means is kept with it: a pack says what was meant when it was issued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackFigure {
    /// What it is about.
    pub section: Section,
    /// What is measured, by its code.
    pub code: String,
    /// What is measured.
    pub title: String,
    /// In what it is told.
    pub measured_in: MeasuredIn,
    /// What it means.
    pub means: String,
    /// Which group it is of; none for the whole.
    pub group: Option<Group>,
    /// The number.
    pub value: Told,
    /// That of the period before, as far as these readers were told it.
    pub before: Told,
    /// That of the same period a year before, as far as these readers were told it.
    pub a_year_before: Told,
}

/// A number as it is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// The number.
    Number(Decimal),
    /// It is small, or would give a small one away.
    Suppressed,
    /// There is nothing to tell it of, or it was never told.
    #[default]
    Nothing,
}

impl Told {
    const fn of(value: Option<Decimal>) -> Self {
        match value {
            Some(number) => Self::Number(number),
            None => Self::Nothing,
        }
    }

    /// The number; none where it is not told.
    pub const fn number(self) -> Option<Decimal> {
        match self {
            Self::Number(number) => Some(number),
            Self::Suppressed | Self::Nothing => None,
        }
    }
}

/// Counts that belong together, as they were published: the groups of a figure, or one of its marks and the others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Family {
    /// What is measured, by its code.
    pub measure: String,
    /// By what it is grouped; none for the whole alone.
    pub by: Option<String>,
    /// The mark, where its counts are those that have it and those that have not.
    pub mark: Option<String>,
    /// The names of the cells, in order.
    pub cells: Vec<String>,
    /// What was published.
    pub published: Published,
}

impl Family {
    fn key(&self) -> FamilyKey {
        (self.measure.clone(), self.by.clone(), self.mark.clone())
    }
}

impl Family {
    /// Whether any of its counts is told.
    fn shows_something(&self) -> bool {
        let shown = |no| matches!(self.published.cell(0, no), Some(suppression::Figure::Shown(_)));
        (0..self.cells.len()).any(shown)
    }
}

type FamilyKey = (String, Option<String>, Option<String>);

/// What a pack holds once it is issued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// The figures, as its readers are told them.
    pub figures: Vec<PackFigure>,
    /// The figures as they were, for the team: what was corrected later is found by them.
    pub exact: Vec<PackFigure>,
    /// What was published of counts.
    pub families: Vec<Family>,
    /// The targets of the financial year, as they stood.
    pub targets: Vec<(Target, Vec<Quarter>)>,
}

/// A pack of a group for a period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeetingPack {
    /// Its id.
    pub id: Uuid,
    /// The group's code.
    pub group: String,
    /// Which days.
    pub period: Nights,
    /// Who sees it: as the group said when it was issued.
    pub audience: Audience,
    /// When it was issued; none while it is a draft.
    pub issued_at: Option<DateTime<Utc>>,
}

/// A pack that readers have already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EarlierPack {
    /// Of which days.
    pub period: Nights,
    /// What it published of counts.
    pub families: Vec<Family>,
}

/// The periods into which all that was told of, and this one, are cut: so that each pack is a sum of some of them.
pub fn segments(period: Nights, earlier: &[EarlierPack]) -> Vec<Nights> {
    let periods = || earlier.iter().map(|pack| pack.period).chain([period]);
    let ends: BTreeSet<Night> = periods().flat_map(|nights| [nights.arrival(), nights.departure()]).collect();
    let ends: Vec<Night> = ends.into_iter().collect();
    ends.windows(2)
        .filter_map(|pair| match pair {
            [from, to] => Some(Nights::between(*from, *to)),
            _ => None,
        })
        .collect()
}

/// Those of the earlier packs that have to do with a period: they overlap it, or one that does.
pub fn related(period: Nights, earlier: Vec<EarlierPack>) -> Vec<EarlierPack> {
    let overlapping: Vec<Nights> =
        earlier.iter().map(|pack| pack.period).filter(|other| other.overlaps(period)).collect();
    earlier.into_iter().filter(|pack| overlapping.iter().any(|other| other.overlaps(pack.period))).collect()
}

/// The figures as the team sees them.
pub fn exact(lines: &[Line]) -> Vec<PackFigure> {
    let all = lines.iter().map(|line| {
        let (before, a_year_before) = (Told::of(line.before), Told::of(line.a_year_before));
        figure(line, Told::of(line.figure.value), before, a_year_before)
    });
    all.flatten().collect()
}

fn figure(line: &Line, value: Told, before: Told, a_year_before: Told) -> Option<PackFigure> {
    let (section, of) = measure(line.figure.measure.code)?;
    Some(PackFigure {
        section,
        code: of.code.to_owned(),
        title: of.title.to_owned(),
        measured_in: of.measured_in,
        means: of.means.to_owned(),
        group: line.figure.group.clone(),
        value,
        before,
        a_year_before,
    })
}

/// What is published of the counts of a period. `parts` are the figures of the [`segments`] of it and of the earlier packs.
pub fn families(
    policy: SmallNumbers,
    period: Nights,
    lines: &[Line],
    parts: &[(Nights, Vec<Figure>)],
    earlier: &[EarlierPack],
) -> Result<Vec<Family>, TableFault> {
    let mut all = Vec::new();
    for counts in counts_of(lines) {
        all.push(counts.publish(policy, period, parts, earlier)?);
    }
    // A total that one table must keep secret, beside what it shows, would be told by another, or by its cells. A table that
    // shows nothing keeps no secret of its total.
    let secret: BTreeSet<String> = all
        .iter()
        .filter(|(family, total)| {
            family.published.grand_total() == Some(suppression::Figure::Suppressed)
                && !policy.is_small(*total)
                && family.shows_something()
        })
        .map(|(family, _)| family.measure.clone())
        .collect();
    let withheld = |family: Family| {
        let published =
            if secret.contains(&family.measure) { family.published.withheld() } else { family.published };
        Family { published, ..family }
    };
    Ok(all.into_iter().map(|(family, _)| withheld(family)).collect())
}

/// Counts that are published as one table.
struct Counts {
    measure: &'static str,
    leaves: Leaves,
    by: Option<String>,
    mark: Option<String>,
    cells: Vec<(String, u32)>,
}

/// The tables of all counts that leave with their small numbers suppressed.
fn counts_of(lines: &[Line]) -> Vec<Counts> {
    let small =
        |line: &&Line| matches!(line.figure.measure.leaves, Leaves::SmallNumbers | Leaves::DistinctNumbers);
    let mut tables: Vec<Counts> = Vec::new();
    for line in lines.iter().filter(small) {
        let (of, count) = (line.figure.measure, whole_number(line.figure.value));
        let table = |by: Option<&str>, mark: Option<&str>, cells| Counts {
            measure: of.code,
            leaves: of.leaves,
            by: by.map(str::to_owned),
            mark: mark.map(str::to_owned),
            cells,
        };
        match &line.figure.group {
            None => tables.push(table(None, None, vec![(String::new(), count)])),
            Some(Group { by, name, kind: Grouping::Marks }) => {
                let others = total_of(lines, of.code).saturating_sub(count);
                let cells = vec![(name.clone(), count), (format!("not {name}"), others)];
                tables.push(table(Some(by), Some(name), cells));
            }
            Some(Group { by, name, kind: Grouping::Parts }) => {
                let known = tables.iter_mut().find(|table| {
                    table.measure == of.code && table.mark.is_none() && table.by.as_ref() == Some(by)
                });
                match known {
                    Some(known) => known.cells.push((name.clone(), count)),
                    None => tables.push(table(Some(by), None, vec![(name.clone(), count)])),
                }
            }
        }
    }
    tables
}

fn whole_number(value: Option<Decimal>) -> u32 {
    value.and_then(|value| value.to_u32()).unwrap_or(0)
}

fn total_of(lines: &[Line], code: &str) -> u32 {
    let whole = lines.iter().find(|line| line.figure.measure.code == code && line.figure.group.is_none());
    whole.map_or(0, |line| whole_number(line.figure.value))
}

impl Counts {
    /// What is published of these, with their total.
    fn publish(
        &self,
        policy: SmallNumbers,
        period: Nights,
        parts: &[(Nights, Vec<Figure>)],
        earlier: &[EarlierPack],
    ) -> Result<(Family, u64), TableFault> {
        let key = (self.measure.to_owned(), self.by.clone(), self.mark.clone());
        let told: Vec<(Nights, &Family)> = earlier
            .iter()
            .flat_map(|pack| pack.families.iter().map(move |family| (pack.period, family)))
            .filter(|(_, family)| family.key() == key)
            .collect();
        let mut names: Vec<String> = self.cells.iter().map(|(name, _)| name.clone()).collect();
        for name in told.iter().flat_map(|(_, family)| &family.cells) {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        let total = self.cells.iter().map(|(_, count)| u64::from(*count)).sum();
        let totals = if self.by.is_none() { Totals::NONE } else { Totals::GRAND };
        // Who was there in two periods is counted in both: such counts do not add up over time.
        let adds_up = self.leaves == Leaves::SmallNumbers;
        let published = if adds_up && !told.is_empty() {
            let tables: Vec<Table> = parts.iter().map(|(_, figures)| self.of_part(&names, figures)).collect();
            let range = |nights: Nights| {
                let first = parts.iter().position(|(part, _)| part.arrival() == nights.arrival());
                let last = parts.iter().position(|(part, _)| part.departure() == nights.departure());
                first.zip(last).map(|(first, last)| first..last + 1).ok_or(TableFault::NoSuchParts)
            };
            let earlier = told.iter().map(|(nights, family)| {
                let columns: Vec<Option<usize>> =
                    names.iter().map(|name| family.cells.iter().position(|cell| cell == name)).collect();
                Ok(Earlier { parts: range(*nights)?, published: family.published.rearranged(&columns) })
            });
            let earlier = earlier.collect::<Result<Vec<_>, TableFault>>()?;
            publish_after(policy, &tables, range(period)?, totals, &earlier)?
        } else {
            let count = |name: &String| {
                self.cells.iter().find(|(cell, _)| cell == name).map_or(0, |(_, count)| *count)
            };
            suppression::publish(policy, &Table::line(&names.iter().map(count).collect::<Vec<_>>()), totals)
        };
        let family = Family {
            measure: self.measure.to_owned(),
            by: self.by.clone(),
            mark: self.mark.clone(),
            cells: names,
            published,
        };
        Ok((family, total))
    }

    /// These counts in another period.
    fn of_part(&self, names: &[String], figures: &[Figure]) -> Table {
        let own = || figures.iter().filter(|figure| figure.measure.code == self.measure);
        let total =
            own().find(|figure| figure.group.is_none()).map_or(0, |figure| whole_number(figure.value));
        let group = |name: &str| {
            let of = own().find(|figure| {
                figure
                    .group
                    .as_ref()
                    .is_some_and(|group| group.name == name && Some(&group.by) == self.by.as_ref())
            });
            of.map_or(0, |figure| whole_number(figure.value))
        };
        match (&self.by, &self.mark) {
            (None, _) => Table::line(&[total]),
            (Some(_), Some(mark)) => {
                let with = group(mark);
                Table::line(&[with, total.saturating_sub(with)])
            }
            (Some(_), None) => Table::line(&names.iter().map(|name| group(name)).collect::<Vec<_>>()),
        }
    }
}

/// The figures as they are told to readers outside the team. `before` and `a_year_before` are the figures of those packs of
/// the same group, as they were told: what these readers were not told then, they are not told now.
pub fn told(
    lines: &[Line],
    families: &[Family],
    before: &[PackFigure],
    a_year_before: &[PackFigure],
) -> Vec<PackFigure> {
    let mut numbers: BTreeMap<(&str, Option<&Group>), Told> = BTreeMap::new();
    // What is worked out from others comes after them; three rounds are enough for a ratio of sums.
    for _ in 0..3 {
        for line in lines {
            let key = (line.figure.measure.code, line.figure.group.as_ref());
            let number = number_of(line, families, &numbers);
            numbers.insert(key, number);
        }
    }
    let then = |figures: &[PackFigure], line: &Line| {
        let same = figures
            .iter()
            .find(|figure| figure.code == line.figure.measure.code && figure.group == line.figure.group);
        same.map_or(Told::Nothing, |figure| figure.value)
    };
    let all = lines.iter().filter(|line| leaves(line)).map(|line| {
        let key = (line.figure.measure.code, line.figure.group.as_ref());
        let value = numbers.get(&key).copied().unwrap_or_default();
        figure(line, value, then(before, line), then(a_year_before, line))
    });
    all.flatten().collect()
}

/// Whether a figure is told outside the team at all. How full the homes of a district are would tell how many it has.
fn leaves(line: &Line) -> bool {
    let of_district = line.figure.group.as_ref().is_some_and(|group| group.by == DISTRICT);
    match line.figure.measure.leaves {
        Leaves::Never => false,
        Leaves::AsItIs => !of_district,
        _ => true,
    }
}

fn number_of(line: &Line, families: &[Family], numbers: &BTreeMap<(&str, Option<&Group>), Told>) -> Told {
    let exact = Told::of(line.figure.value);
    let group = line.figure.group.as_ref();
    match line.figure.measure.leaves {
        Leaves::AsItIs => exact,
        Leaves::Never => Told::Suppressed,
        Leaves::SmallNumbers | Leaves::DistinctNumbers => {
            published(families, line.figure.measure.code, group)
        }
        // A group of a sum would tell of cells that may be suppressed where they stand.
        Leaves::SumOf(_) if group.is_some() => Told::Suppressed,
        Leaves::SumOf(summands) => sum_of(summands, families),
        Leaves::RatioOf { part, whole } => {
            let of = |code: &'static str| numbers.get(&(code, group)).copied().unwrap_or_default();
            match (of(part), of(whole)) {
                (Told::Number(part), Told::Number(whole)) => Told::of(divided(line, part, whole)),
                (Told::Nothing, _) | (_, Told::Nothing) => Told::Nothing,
                _ => Told::Suppressed,
            }
        }
        Leaves::With { count } => {
            let of_group = numbers.get(&(count, group)).copied();
            match of_group.unwrap_or(Told::Suppressed) {
                Told::Number(_) => exact,
                Told::Suppressed | Told::Nothing => match exact {
                    Told::Nothing => Told::Nothing,
                    _ => Told::Suppressed,
                },
            }
        }
    }
}

fn divided(line: &Line, part: Decimal, whole: Decimal) -> Option<Decimal> {
    match line.figure.measure.measured_in {
        MeasuredIn::PerCent => per_cent(part.to_u64()?, whole.to_u64()?),
        _ => ratio(part, whole),
    }
}

fn sum_of(summands: &[Summand], families: &[Family]) -> Told {
    let mut sum = Decimal::ZERO;
    for summand in summands {
        let own = families
            .iter()
            .filter(|family| family.measure == summand.measure && family.by.as_deref() == Some(summand.by));
        for family in own {
            for (no, name) in family.cells.iter().enumerate() {
                if !summand.groups.iter().any(|begin| name.starts_with(begin)) {
                    continue;
                }
                match family.published.cell(0, no) {
                    Some(suppression::Figure::Shown(count)) => sum += Decimal::from(count),
                    _ => return Told::Suppressed,
                }
            }
        }
    }
    Told::Number(sum)
}

/// A count as it was published.
fn published(families: &[Family], code: &str, group: Option<&Group>) -> Told {
    let own = || families.iter().filter(|family| family.measure == code);
    let figure = match group {
        None => own().find(|family| family.by.is_none()).and_then(|family| family.published.cell(0, 0)),
        Some(group) => {
            let family = own().find(|family| {
                family.by.as_ref() == Some(&group.by)
                    && family.mark.as_ref().is_none_or(|mark| *mark == group.name)
            });
            family.and_then(|family| {
                let no = family.cells.iter().position(|cell| *cell == group.name)?;
                family.published.cell(0, no)
            })
        }
    };
    match figure {
        Some(suppression::Figure::Shown(count)) => Told::Number(Decimal::from(count)),
        _ => Told::Suppressed,
    }
}

/// A figure that was corrected after a pack was issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correction {
    /// The figure, as it is now.
    pub now: PackFigure,
    /// What it was.
    pub was: Option<Decimal>,
}

/// What was corrected since: the figures that are others now than when the pack was issued.
pub fn corrections(issued: &[PackFigure], now: &[PackFigure]) -> Vec<Correction> {
    let key = |figure: &PackFigure| (figure.code.clone(), figure.group.clone());
    let was: BTreeMap<_, _> = issued.iter().map(|figure| (key(figure), figure.value.number())).collect();
    let changed = now.iter().filter_map(|figure| {
        let was = was.get(&key(figure)).copied().flatten();
        // A group that there was not then had nobody in it.
        let same = was.unwrap_or_default() == figure.value.number().unwrap_or_default();
        (!same).then(|| Correction { now: figure.clone(), was })
    });
    changed.collect()
}
