//! Packs: what a household is given when it comes, made up from stock by a template.
//!
//! What a household can't or won't have is left out for the next best thing that suits it. Where nothing suits, or nothing
//! is on the shelf, what was wanted stays on record as a shortfall: it is never dropped.

use std::{collections::BTreeMap, fmt, str::FromStr};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    clock::service_day,
    households::People,
    ids::{ItemId, LotId, PackId, PackTemplateId, PlaceId, StayId},
    items::{Avoids, Catalogue, Item, Why},
    needs::ChildAges,
    nights::Night,
    pack_templates::{PackTemplate, Per, TemplateLine},
    places::Place,
    refusal::{Refusal, RefusalCode},
    stock::{self, Balance, Change, Issued, IssuedTo, OnHand, Shelf, Taking},
};

/// Whom a pack is for, and for how long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackFor {
    /// How many they are.
    pub people: People,
    /// The children by age, where somebody has asked.
    pub ages: Option<ChildAges>,
    /// What they can't or won't have.
    pub avoids: Avoids,
    /// How many nights they stay.
    pub nights: u32,
    /// What they asked for besides, in units.
    pub asked: BTreeMap<ItemId, u32>,
}

impl PackFor {
    /// How many a line is for.
    fn heads(&self, per: Per) -> u32 {
        let ages = self.ages.unwrap_or_default();
        match per {
            Per::Household => 1,
            Per::Person => u32::from(self.people.total()),
            Per::Adult => u32::from(self.people.adults),
            Per::Child => u32::from(self.people.children),
            Per::ChildOf(band) => u32::from(band.of(ages)),
        }
    }

    /// How many children there are whose ages nobody knows.
    fn ages_unknown(&self) -> u32 {
        u32::from(self.people.children).saturating_sub(self.ages.unwrap_or_default().total())
    }
}

/// How a quantity comes about. Shown, it is the working: `2 adults × 1 for every 3 of 7 nights = 6`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// By a line of the template.
    Line {
        /// For whom the line is.
        per: Per,
        /// How many of them there are.
        heads: u32,
        /// How many units for each.
        quantity: u32,
        /// After how many nights the same again, where it is.
        every_nights: Option<u32>,
        /// For how many nights.
        nights: u32,
    },
    /// They asked for so many.
    Asked {
        /// Units.
        quantity: u32,
    },
}

impl Rule {
    /// How many units it comes to. What is given for every so many nights is given for those begun.
    pub const fn units(self) -> u32 {
        match self {
            Self::Line { heads, quantity, every_nights: None, .. } => heads.saturating_mul(quantity),
            Self::Line { heads, quantity, every_nights: Some(every), nights, .. } => {
                let every = if every == 0 { 1 } else { every };
                heads.saturating_mul(quantity).saturating_mul(nights.div_ceil(every))
            }
            Self::Asked { quantity } => quantity,
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Line { per, heads, quantity, every_nights, nights } => {
                write!(f, "{} × {quantity}", per.words(heads))?;
                match every_nights {
                    None => {}
                    Some(1) => write!(f, " for each of {nights} nights")?,
                    Some(every) => write!(f, " for every {every} of {nights} nights, those begun too")?,
                }
                write!(f, " = {}", self.units())
            }
            Self::Asked { quantity } => write!(f, "asked for = {quantity}"),
        }
    }
}

/// A line of a pack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackLine {
    /// Its number, which it keeps: that of the template's line, or one after all of those for what was asked for.
    pub no: u32,
    /// How its quantity comes about.
    pub rule: Rule,
    /// What may be given, the best first, as the template has it.
    pub alternatives: Vec<ItemId>,
    /// What is to be given: the first that suits the household. None where nothing does, which is a shortfall.
    pub wanted: Option<ItemId>,
    /// How many units.
    pub quantity: u32,
    /// What was given and has not come back, lot by lot.
    pub given: Vec<Issued>,
}

impl PackLine {
    /// How many units were given and have not come back.
    pub fn given_units(&self) -> u32 {
        self.given.iter().fold(0, |sum, issued| sum.saturating_add(issued.quantity))
    }

    /// How many units are still to be given.
    pub fn outstanding(&self) -> u32 {
        self.quantity.saturating_sub(self.given_units())
    }

    /// How many units were given beyond what is wanted by now, as where a stay was cut short.
    pub fn beyond(&self) -> u32 {
        self.given_units().saturating_sub(self.quantity)
    }
}

/// An item that a line would have, and that was passed over for the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassedOver {
    /// The number of the line.
    pub line: u32,
    /// The item.
    pub item: ItemId,
    /// Why.
    pub why: Vec<Why>,
}

/// A line of the template that is for children of an age, where nobody knows the ages of some. Nothing is in the pack by
/// it for these children: somebody has to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unanswered {
    /// The number of the line.
    pub line: u32,
    /// For whom it is.
    pub per: Per,
    /// What it would give first.
    pub item: Option<ItemId>,
    /// How many children there are whose ages nobody knows.
    pub children: u32,
}

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (children, are) =
            (Per::Child.words(self.children), if self.children == 1 { "is" } else { "are" });
        let band = self.per.words(1);
        write!(
            f,
            "Nobody knows how old {children} {are}: nothing is in by line {}, which is for each {}. Ask, then note the \
             ages.",
            self.line,
            band.trim_start_matches("1 ")
        )
    }
}

/// What a template comes to for a household, with the questions that it leaves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// What goes in.
    pub lines: Vec<PackLine>,
    /// What would be better and was passed over. For eyes that may see what the household needs.
    pub passed_over: Vec<PassedOver>,
    /// What somebody has to ask.
    pub unanswered: Vec<Unanswered>,
}

/// Why an item is not put into a pack for somebody who avoids something; empty where it is.
fn not_for(item: ItemId, catalogue: &Catalogue, avoids: &Avoids) -> Vec<Why> {
    let Some(item) = catalogue.get(&item) else { return vec![Why::NotInCatalogue] };
    let mut why = item.unsuited(avoids);
    if item.retired {
        why.push(Why::Retired);
    }
    why
}

/// What the template comes to for a household. A line that is for none of them is left out; one for which nothing suits is
/// in, with nothing wanted.
pub fn pack_list(template: &PackTemplate, to: &PackFor, catalogue: &Catalogue) -> Listed {
    list(template, to, catalogue, &[])
}

/// As [`pack_list`]; what was asked for keeps the number of the line that it `had`.
fn list(template: &PackTemplate, to: &PackFor, catalogue: &Catalogue, had: &[PackLine]) -> Listed {
    let mut listed = Listed::default();
    let add = |listed: &mut Listed, no: u32, rule: Rule, alternatives: &[ItemId]| {
        let mut wanted = None;
        for item in alternatives {
            let why = not_for(*item, catalogue, &to.avoids);
            if why.is_empty() {
                wanted = Some(*item);
                break;
            }
            listed.passed_over.push(PassedOver { line: no, item: *item, why });
        }
        listed.lines.push(PackLine {
            no,
            rule,
            alternatives: alternatives.to_vec(),
            wanted,
            quantity: rule.units(),
            given: Vec::new(),
        });
    };
    let mut last = 0;
    for (line, no) in template.lines.iter().zip(1..) {
        last = no;
        let TemplateLine { per, quantity, every_nights, .. } = *line;
        if matches!(per, Per::ChildOf(_)) && to.ages_unknown() > 0 {
            let (item, children) = (line.alternatives.first().copied(), to.ages_unknown());
            listed.unanswered.push(Unanswered { line: no, per, item, children });
        }
        let rule = Rule::Line { per, heads: to.heads(per), quantity, every_nights, nights: to.nights };
        if rule.units() > 0 {
            add(&mut listed, no, rule, &line.alternatives);
        }
    }
    let numbered = |item: ItemId| {
        let same = |line: &&PackLine| matches!(line.rule, Rule::Asked { .. }) && line.alternatives == [item];
        had.iter().find(same).map(|line| line.no)
    };
    last = had.iter().map(|line| line.no).fold(last, u32::max);
    for (item, quantity) in to.asked.iter().filter(|(_, quantity)| **quantity > 0) {
        let no = numbered(*item).unwrap_or_else(|| {
            last += 1;
            last
        });
        add(&mut listed, no, Rule::Asked { quantity: *quantity }, &[*item]);
    }
    listed.lines.sort_by_key(|line| line.no);
    listed
}

/// What was wanted and was not on the shelf, and what went in instead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shortfall {
    /// The number of the line.
    pub line: u32,
    /// When it was looked for.
    pub at: DateTime<Utc>,
    /// What was wanted. None where nothing in the catalogue suits the household.
    pub wanted: Option<ItemId>,
    /// How many units of it were missing.
    pub missing: u32,
    /// What stood in for them, in units.
    pub substitutes: Vec<(ItemId, u32)>,
}

impl Shortfall {
    /// How many units nothing stood in for.
    pub fn unmet(&self) -> u32 {
        self.substitutes.iter().fold(self.missing, |left, (_, units)| left.saturating_sub(*units))
    }
}

/// What is taken from the shelf for a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineTaking {
    /// The number of the line.
    pub line: u32,
    /// What is taken.
    pub taking: Taking,
}

/// What is to be taken from the shelf for a pack, and what is not there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Picked {
    /// What is taken, in the order in which it is to be entered.
    pub takings: Vec<LineTaking>,
    /// What was not there.
    pub shortfalls: Vec<Shortfall>,
}

/// Looks on the shelf for what a pack still needs: first for each line what is wanted, then what stands in for it. Nothing
/// goes in that the household can't or won't have, whatever the list says. What is retired and still there goes in.
pub fn pick(
    pack: &Pack,
    catalogue: &Catalogue,
    on_hand: impl IntoIterator<Item = OnHand>,
    avoids: &Avoids,
    at: DateTime<Utc>,
) -> Picked {
    let day = service_day(at);
    let mut shelf = Shelf::new(on_hand);
    let mut picked = Picked::default();
    let suits =
        |item: &ItemId| catalogue.get(item).is_some_and(|item: &Item| item.unsuited(avoids).is_empty());
    let mut take = |picked: &mut Picked, line: u32, item: ItemId, units: u32| {
        let takings = shelf.take(item, units, day);
        let taken = takings.iter().fold(0, |sum: u32, taking| sum.saturating_add(taking.quantity));
        picked.takings.extend(takings.into_iter().map(|taking| LineTaking { line, taking }));
        taken
    };
    let mut short = Vec::new();
    // First what is wanted, on all lines: else a stand-in for one would be missing on another that wants it.
    for line in pack.lines.iter().filter(|line| line.outstanding() > 0) {
        let taken = match line.wanted.filter(suits) {
            Some(item) => take(&mut picked, line.no, item, line.outstanding()),
            None => 0,
        };
        if taken < line.outstanding() {
            short.push((line, line.outstanding() - taken));
        }
    }
    for (line, missing) in short {
        let mut substitutes = Vec::new();
        let mut left = missing;
        let others = line.alternatives.iter().filter(|item| Some(**item) != line.wanted && suits(item));
        for item in others {
            let taken = take(&mut picked, line.no, *item, left);
            if taken > 0 {
                substitutes.push((*item, taken));
                left -= taken;
            }
        }
        picked.shortfalls.push(Shortfall { line: line.no, at, wanted: line.wanted, missing, substitutes });
    }
    picked
}

/// A row of the list that somebody takes to the shelf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PickingRow {
    /// The place's code.
    pub place: String,
    /// The item's code.
    pub item: String,
    /// The item's name.
    pub name: String,
    /// What one unit is.
    pub unit_of_issue: String,
    /// How many units.
    pub quantity: u32,
    /// The code on the lot.
    pub lot: Option<String>,
    /// The last day on which the lot may be given out.
    pub expires_on: Option<Night>,
    /// The number of the pack's line.
    pub line: u32,
}

/// The picking list: place by place, in order of the items' codes, what expires first coming first.
pub fn picking_list(
    picked: &Picked,
    catalogue: &Catalogue,
    places: &BTreeMap<PlaceId, Place>,
) -> Vec<PickingRow> {
    let row = |LineTaking { line, taking }: &LineTaking| {
        let item = catalogue.get(&taking.balance.item)?;
        Some(PickingRow {
            place: places.get(&taking.balance.place)?.code.clone(),
            item: item.code.clone(),
            name: item.name.clone(),
            unit_of_issue: item.unit_of_issue.clone(),
            quantity: taking.quantity,
            lot: taking.code.clone(),
            expires_on: taking.expires_on,
            line: *line,
        })
    };
    let mut rows: Vec<_> = picked.takings.iter().filter_map(row).collect();
    rows.sort_by(|a, b| {
        let key = |row: &PickingRow| (row.expires_on.is_none(), row.expires_on, row.line);
        (&a.place, &a.item).cmp(&(&b.place, &b.item)).then_with(|| key(a).cmp(&key(b)))
    });
    rows
}

/// The state of a pack, without its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PackStatus {
    /// It is a list.
    Planned,
    /// It is made up.
    Prepared,
    /// The household has it.
    HandedOver,
    /// It was not needed.
    Cancelled,
}

impl PackStatus {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Planned, Self::Prepared, Self::HandedOver, Self::Cancelled];

    /// The status's name in code and files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Prepared => "prepared",
            Self::HandedOver => "handed_over",
            Self::Cancelled => "cancelled",
        }
    }

    /// The status in words.
    const fn words(self) -> &'static str {
        match self {
            Self::HandedOver => "handed over",
            other => other.as_str(),
        }
    }
}

impl fmt::Display for PackStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for PackStatus {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|status| status.as_str() == text).ok_or_else(|| {
            format!("{text:?} is not a status of a pack: use planned, prepared, handed_over or cancelled")
        })
    }
}

/// The state of a pack, with what is true in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum PackState {
    /// It is a list.
    Planned,
    /// It is made up.
    Prepared {
        /// When.
        at: DateTime<Utc>,
    },
    /// The household has it.
    HandedOver {
        /// When it was made up.
        prepared_at: DateTime<Utc>,
        /// When they got it.
        at: DateTime<Utc>,
    },
    /// It was not needed. What had been opened by then stays given.
    Cancelled {
        /// When.
        at: DateTime<Utc>,
    },
}

impl PackState {
    /// The state without its data.
    pub const fn status(self) -> PackStatus {
        match self {
            Self::Planned => PackStatus::Planned,
            Self::Prepared { .. } => PackStatus::Prepared,
            Self::HandedOver { .. } => PackStatus::HandedOver,
            Self::Cancelled { .. } => PackStatus::Cancelled,
        }
    }
}

/// So many units of a lot, in a line of a pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LotInLine {
    /// The number of the line.
    pub line: u32,
    /// The lot.
    pub lot: LotId,
    /// Units.
    pub quantity: u32,
}

/// The pack of a stay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pack {
    /// Its id.
    pub id: PackId,
    /// The stay whose household it is for.
    pub stay: StayId,
    /// The template that it was made by.
    pub template: PackTemplateId,
    /// Which version of it.
    pub template_version: u32,
    /// What has become of it.
    pub state: PackState,
    /// What is in it, or is to be.
    pub lines: Vec<PackLine>,
    /// What was not there when it was looked for, each time.
    pub shortfalls: Vec<Shortfall>,
}

impl Pack {
    /// The pack that a stay gets when it is booked.
    pub fn planned(id: PackId, stay: StayId, template: &PackTemplate, listed: Listed) -> Self {
        Self {
            id,
            stay,
            template: template.id,
            template_version: template.version,
            state: PackState::Planned,
            lines: listed.lines,
            shortfalls: Vec::new(),
        }
    }

    /// The state without its data.
    pub const fn status(&self) -> PackStatus {
        self.state.status()
    }

    /// How many units it still needs.
    pub fn outstanding(&self) -> u32 {
        match self.status() {
            PackStatus::Cancelled => 0,
            _ => self.lines.iter().fold(0, |sum, line| sum.saturating_add(line.outstanding())),
        }
    }

    /// What was picked goes in. Gives what is to be entered in the ledger, in order.
    pub fn prepare(self, picked: Picked, at: DateTime<Utc>) -> Result<(Self, Vec<Change>), Refusal> {
        self.must_be(&[PackStatus::Planned], "prepared")?;
        Self { state: PackState::Prepared { at }, ..self }.filled(picked)
    }

    /// What was picked for what is still missing goes in too.
    pub fn top_up(self, picked: Picked) -> Result<(Self, Vec<Change>), Refusal> {
        self.must_be(&[PackStatus::Prepared, PackStatus::HandedOver], "topped up")?;
        self.filled(picked)
    }

    /// The household gets it.
    pub fn hand_over(self, at: DateTime<Utc>) -> Result<Self, Refusal> {
        self.must_be(&[PackStatus::Prepared], "handed over")?;
        let PackState::Prepared { at: prepared_at } = self.state else { return Ok(self) };
        Ok(Self { state: PackState::HandedOver { prepared_at, at }, ..self })
    }

    /// It is not needed. What is in it goes back to a place, but for what was `opened`. `here` is what the place has of
    /// the lots.
    pub fn cancel(
        self,
        opened: &[LotInLine],
        place: &Place,
        here: &[Balance],
        at: DateTime<Utc>,
    ) -> Result<(Self, Vec<Change>), Refusal> {
        self.must_be(&[PackStatus::Planned, PackStatus::Prepared], "cancelled")?;
        let mut back: BTreeMap<(u32, LotId), u32> = BTreeMap::new();
        for line in &self.lines {
            back.extend(line.given.iter().map(|issued| ((line.no, issued.lot), issued.quantity)));
        }
        for LotInLine { line, lot, quantity } in opened {
            let left = back.get_mut(&(*line, *lot));
            let taken = left.and_then(|left| left.checked_sub(*quantity).map(|rest| *left = rest));
            taken.ok_or_else(|| {
                Refusal::bad("opened", "There is not so much of that in the pack: look again.")
            })?;
        }
        let back: Vec<_> = back
            .into_iter()
            .filter(|(_, quantity)| *quantity > 0)
            .map(|((line, lot), quantity)| LotInLine { line, lot, quantity })
            .collect();
        let (pack, changes) = self.emptied(&back, place, here)?;
        Ok((Self { state: PackState::Cancelled { at }, ..pack }, changes))
    }

    /// Some of what was given comes back, not opened. `here` is what the place has of the lots.
    pub fn put_back(
        self,
        back: &[LotInLine],
        place: &Place,
        here: &[Balance],
    ) -> Result<(Self, Vec<Change>), Refusal> {
        self.must_be(&[PackStatus::Prepared, PackStatus::HandedOver], "put back")?;
        self.emptied(back, place, here)
    }

    /// The list for other nights, people or needs, by the version of the template that it was made by. What was given
    /// stays given.
    pub fn relisted(
        self,
        template: &PackTemplate,
        to: &PackFor,
        catalogue: &Catalogue,
    ) -> Result<(Self, Listed), Refusal> {
        let open = [PackStatus::Planned, PackStatus::Prepared, PackStatus::HandedOver];
        self.must_be(&open, "changed")?;
        if (template.id, template.version) != (self.template, self.template_version) {
            return Err(Refusal::new(
                RefusalCode::WrongState,
                format!(
                    "The pack was made by version {} of its template and keeps it.",
                    self.template_version
                ),
            )
            .on("template"));
        }
        let mut listed = list(template, to, catalogue, &self.lines);
        for line in self.lines.into_iter().filter(|line| !line.given.is_empty()) {
            match listed.lines.iter_mut().find(|listed| listed.no == line.no) {
                Some(listed) => listed.given = line.given,
                // It is for none of them any more, and they have it: it is beyond what is wanted.
                None => listed.lines.push(PackLine { quantity: 0, rule: none_of(line.rule), ..line }),
            }
        }
        listed.lines.sort_by_key(|line| line.no);
        Ok((Self { lines: listed.lines.clone(), ..self }, listed))
    }

    fn filled(mut self, picked: Picked) -> Result<(Self, Vec<Change>), Refusal> {
        let mut changes = Vec::new();
        for LineTaking { line, taking } in picked.takings {
            let to = IssuedTo { stay: self.stay, pack: Some((self.id, line)) };
            let line = self.lines.iter_mut().find(|known| known.no == line);
            let line = line.filter(|line| taking.quantity <= line.outstanding()).ok_or_else(|| {
                let message = "The pack's list has changed since this was picked: pick again.";
                Refusal::new(RefusalCode::Changed, message).on("pack")
            })?;
            let Balance { item, lot, .. } = taking.balance;
            match line.given.iter_mut().find(|issued| issued.lot == lot) {
                Some(issued) => {
                    issued.quantity = issued.quantity.saturating_add(taking.quantity);
                    issued.value = issued.value + taking.value;
                }
                None => {
                    line.given.push(Issued { to, item, lot, quantity: taking.quantity, value: taking.value });
                }
            }
            changes.push(taking.issued(to));
        }
        self.shortfalls.extend(picked.shortfalls);
        Ok((self, changes))
    }

    fn emptied(
        mut self,
        back: &[LotInLine],
        place: &Place,
        here: &[Balance],
    ) -> Result<(Self, Vec<Change>), Refusal> {
        let here = here.iter().filter(|balance| balance.place == place.id);
        let mut here: BTreeMap<LotId, Balance> = here.map(|balance| (balance.lot, *balance)).collect();
        let mut changes = Vec::new();
        for LotInLine { line, lot, quantity } in back {
            let line = self.lines.iter_mut().find(|known| known.no == *line);
            let issued = line.and_then(|line| line.given.iter_mut().find(|issued| issued.lot == *lot));
            let issued = issued.ok_or_else(|| Refusal::not_found("item in the pack", "pack"))?;
            let (left, change) = stock::put_back(*issued, place, here.get(lot).copied(), *quantity)?;
            *issued = left;
            here.insert(*lot, change.balance);
            changes.push(change);
        }
        for line in &mut self.lines {
            line.given.retain(|issued| issued.quantity > 0);
        }
        Ok((self, changes))
    }

    fn must_be(&self, statuses: &[PackStatus], to: &str) -> Result<(), Refusal> {
        let status = self.status();
        if statuses.contains(&status) {
            return Ok(());
        }
        let instead = match status {
            PackStatus::Planned => "prepare it first",
            PackStatus::Prepared => "top it up, hand it over or cancel it",
            PackStatus::HandedOver => "top it up, or put back what was not opened",
            PackStatus::Cancelled => "the stay needs a new one if it is taken up again",
        };
        let only: Vec<_> = statuses.iter().map(|status| status.words()).collect();
        Err(Refusal::new(
            RefusalCode::WrongState,
            format!(
                "The pack is {} and can't be {to}: only one that is {} can be; {instead}.",
                status.words(),
                only.join(" or ")
            ),
        )
        .on("pack"))
    }
}

/// The same rule, for nobody.
const fn none_of(rule: Rule) -> Rule {
    match rule {
        Rule::Line { per, quantity, every_nights, nights, .. } => {
            Rule::Line { per, heads: 0, quantity, every_nights, nights }
        }
        Rule::Asked { .. } => Rule::Asked { quantity: 0 },
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use uuid::Uuid;

    use super::*;
    use crate::{
        items::{Allergen, Diet},
        money::Pence,
        pack_templates::{AgeBand, MOST_A_HEAD, template_for},
        places::PlaceKind,
        stock::{Lot, Origin},
        units::Scheme,
    };

    const NAPPIES: u128 = 1;
    const MILK: u128 = 2;
    const OAT_MILK: u128 = 3;
    const SOAP: u128 = 4;

    fn item_id(n: u128) -> ItemId {
        ItemId(Uuid::from_u128(n))
    }

    fn catalogue() -> Catalogue {
        let item = |n: u128, code: &str, eaten: bool, contains: &[Allergen]| Item {
            id: item_id(n),
            code: code.into(),
            name: code.to_lowercase(),
            category: "food".into(),
            unit_of_issue: "unit".into(),
            pack_size: 1,
            price: Pence(100),
            supplier: None,
            eaten,
            contains: Some(contains.iter().copied().collect()),
            suits: if contains.is_empty() { [Diet::Vegan].into() } else { BTreeSet::new() },
            shelf_life_days: None,
            perishable: false,
            barcode: None,
            retired: false,
        };
        let items = [
            item(NAPPIES, "NAPPIES", false, &[]),
            item(MILK, "MILK", true, &[Allergen::Milk]),
            item(OAT_MILK, "OAT-MILK", true, &[]),
            item(SOAP, "SOAP", false, &[]),
        ];
        items.map(|item| (item.id, item)).into()
    }

    fn line(alternatives: &[u128], per: Per, quantity: u32, every_nights: Option<u32>) -> TemplateLine {
        let alternatives = alternatives.iter().copied().map(item_id).collect();
        TemplateLine { alternatives, per, quantity, every_nights }
    }

    fn template() -> PackTemplate {
        PackTemplate {
            id: PackTemplateId(Uuid::from_u128(1)),
            code: "ARRIVAL".into(),
            name: "Arrival".into(),
            version: 1,
            scheme: None,
            lines: vec![
                line(&[MILK, OAT_MILK], Per::Person, 1, Some(3)),
                line(&[NAPPIES], Per::ChildOf(AgeBand::Under2), 6, Some(1)),
                line(&[SOAP], Per::Household, 1, None),
            ],
            retired: false,
        }
    }

    fn to() -> PackFor {
        PackFor {
            people: People { adults: 1, children: 1 },
            ages: Some(ChildAges { under_2: 1, ..ChildAges::default() }),
            avoids: Avoids::default(),
            nights: 7,
            asked: BTreeMap::new(),
        }
    }

    fn pack(to: &PackFor) -> Pack {
        let listed = pack_list(&template(), to, &catalogue());
        Pack::planned(PackId(Uuid::nil()), StayId(Uuid::nil()), &template(), listed)
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn office() -> Place {
        Place {
            id: PlaceId(Uuid::nil()),
            code: "OFFICE".into(),
            name: "Office".into(),
            kind: PlaceKind::Office,
            closed: false,
        }
    }

    fn on_hand(n: u128, quantity: u32) -> OnHand {
        let id = LotId(Uuid::from_u128(n));
        let lot = Lot {
            id,
            item: item_id(n),
            code: None,
            expires_on: None,
            received_at: at("2020-11-01T09:00:00Z"),
            origin: Origin::Donated { by: None, delivery_note: None },
            quantity,
            cost: Pence(100).times(quantity),
        };
        let balance = Balance { item: item_id(n), place: office().id, lot: id, quantity, value: lot.cost };
        OnHand { balance, lot }
    }

    const NOON: &str = "2020-11-03T12:00:00Z";

    #[test]
    fn a_list_says_how_each_quantity_comes_about() {
        let told: Vec<_> = pack(&to()).lines.iter().map(|line| line.rule.to_string()).collect();
        assert_eq!(
            told,
            [
                "2 people × 1 for every 3 of 7 nights, those begun too = 6",
                "1 child under 2 × 6 for each of 7 nights = 42",
                "1 household × 1 = 1"
            ]
        );
    }

    #[test]
    fn what_does_not_suit_is_passed_over_and_what_nothing_suits_stays_wanted() {
        let milk = Avoids { allergens: [Allergen::Milk].into(), diets: BTreeSet::new() };
        let asked = BTreeMap::from([(item_id(MILK), 2)]);
        let listed = pack_list(&template(), &PackFor { avoids: milk, asked, ..to() }, &catalogue());
        assert_eq!(listed.lines[0].wanted, Some(item_id(OAT_MILK)));
        let last = listed.lines.last().unwrap();
        assert_eq!((last.no, last.wanted, last.quantity), (4, None, 2));
        let why = |line| PassedOver { line, item: item_id(MILK), why: vec![Why::Contains(Allergen::Milk)] };
        assert_eq!(listed.passed_over, [why(1), why(4)]);
    }

    #[test]
    fn who_does_not_know_the_ages_is_asked_for_them() {
        let listed = pack_list(&template(), &PackFor { ages: None, ..to() }, &catalogue());
        assert_eq!(listed.lines.iter().map(|line| line.no).collect::<Vec<_>>(), [1, 3]);
        assert_eq!(
            listed.unanswered[0].to_string(),
            "Nobody knows how old 1 child is: nothing is in by line 2, which is for each child under 2. Ask, then note \
             the ages."
        );
    }

    #[test]
    fn what_is_missing_is_on_record_with_what_stands_in_for_it() {
        let shelf = [on_hand(MILK, 4), on_hand(OAT_MILK, 1), on_hand(NAPPIES, 50)];
        let picked = pick(&pack(&to()), &catalogue(), shelf, &Avoids::default(), at(NOON));
        let [milk, soap] = &picked.shortfalls[..] else { panic!("{picked:?}") };
        assert_eq!((milk.missing, milk.unmet()), (2, 1));
        assert_eq!(milk.substitutes, [(item_id(OAT_MILK), 1)]);
        assert_eq!((soap.line, soap.unmet()), (3, 1));

        let places = BTreeMap::from([(office().id, office())]);
        let rows = picking_list(&picked, &catalogue(), &places);
        let codes: Vec<_> = rows.iter().map(|row| (row.item.as_str(), row.quantity)).collect();
        assert_eq!(codes, [("MILK", 4), ("NAPPIES", 42), ("OAT-MILK", 1)]);

        let (prepared, changes) = pack(&to()).prepare(picked.clone(), at(NOON)).unwrap();
        assert_eq!((changes.len(), prepared.outstanding(), prepared.shortfalls.len()), (3, 2, 2));
        let stale = prepared.clone().top_up(picked).unwrap_err();
        assert_eq!(stale.code, RefusalCode::Changed, "it was picked for another list");
        let more = pick(&prepared, &catalogue(), [on_hand(SOAP, 1)], &Avoids::default(), at(NOON));
        let (full, _) = prepared.hand_over(at(NOON)).unwrap().top_up(more).unwrap();
        assert_eq!(full.outstanding(), 1);
    }

    #[test]
    fn a_pack_that_is_not_needed_goes_back_but_for_what_was_opened() {
        let shelf = [on_hand(MILK, 6), on_hand(NAPPIES, 42)];
        let picked = pick(&pack(&to()), &catalogue(), shelf, &Avoids::default(), at(NOON));
        let (prepared, _) = pack(&to()).prepare(picked, at(NOON)).unwrap();
        let opened = |quantity| LotInLine { line: 1, lot: LotId(Uuid::from_u128(MILK)), quantity };
        assert!(prepared.clone().cancel(&[opened(7)], &office(), &[], at(NOON)).is_err());
        let (cancelled, changes) = prepared.clone().cancel(&[opened(2)], &office(), &[], at(NOON)).unwrap();
        let back: Vec<_> = changes.iter().map(|change| change.posting.quantity).collect();
        assert_eq!(back, [4, 42]);
        assert_eq!(cancelled.lines[0].given_units(), 2, "what was opened stays given");
        assert_eq!(cancelled.outstanding(), 0);

        let handed = prepared.hand_over(at(NOON)).unwrap();
        let refusal = handed.clone().cancel(&[], &office(), &[], at(NOON)).unwrap_err();
        assert!(refusal.message.contains("put back what was not opened"), "{refusal}");
        let (left, _) = handed.put_back(&[opened(4)], &office(), &[]).unwrap();
        assert_eq!(left.lines[0].given_units(), 2);
    }

    #[test]
    fn a_pack_keeps_the_version_that_it_was_made_by() {
        let lines = vec![line(&[SOAP], Per::Adult, 2, None)];
        let second = template().edited("Arrival".into(), Some(Scheme::SafeSpace), lines);
        assert_eq!(second.version, 2);
        assert!(pack(&to()).relisted(&second, &to(), &catalogue()).is_err());
        let (longer, _) =
            pack(&to()).relisted(&template(), &PackFor { nights: 10, ..to() }, &catalogue()).unwrap();
        assert_eq!(longer.lines[0].quantity, 8);

        let all = [template(), second.clone()];
        assert_eq!(template_for(&all, Scheme::SafeSpace), Some(&second));
        assert_eq!(template_for(&all, Scheme::MoveOn), None, "its latest version is for safe spaces only");
    }

    #[test]
    fn a_child_that_does_not_come_after_all_leaves_what_was_given_beyond_what_is_wanted() {
        let picked = pick(&pack(&to()), &catalogue(), [on_hand(NAPPIES, 10)], &Avoids::default(), at(NOON));
        let (prepared, _) = pack(&to()).prepare(picked, at(NOON)).unwrap();
        let alone = PackFor { people: People { adults: 1, children: 0 }, ages: None, ..to() };
        let (pack, _) = prepared.relisted(&template(), &alone, &catalogue()).unwrap();
        let nappies = pack.lines.iter().find(|line| line.no == 2).unwrap();
        assert_eq!((nappies.quantity, nappies.beyond(), nappies.outstanding()), (0, 10, 0));
    }

    #[test]
    fn each_name_is_read_back() {
        for per in Per::ALL {
            assert_eq!(per.as_str().parse(), Ok(per));
        }
        for status in PackStatus::ALL {
            assert_eq!(status.as_str().parse(), Ok(status));
        }
    }

    #[test]
    fn a_template_that_can_not_be_followed_is_refused() {
        let with = |line| PackTemplate { lines: vec![line], ..template() }.checked(&catalogue());
        assert!(template().checked(&catalogue()).is_ok());
        for bad in [
            line(&[SOAP], Per::Adult, 0, None),
            line(&[SOAP], Per::Adult, MOST_A_HEAD + 1, None),
            line(&[SOAP], Per::Adult, 1, Some(0)),
            line(&[], Per::Adult, 1, None),
            line(&[SOAP, SOAP], Per::Adult, 1, None),
            line(&[99], Per::Adult, 1, None),
        ] {
            let refusal = with(bad).unwrap_err();
            assert!(refusal.message.starts_with("Line 1: "), "{refusal}");
        }
        let mut retired = catalogue();
        retired.get_mut(&item_id(SOAP)).unwrap().retired = true;
        assert!(template().checked(&retired).is_err());
        assert!(PackTemplate { lines: vec![], ..template() }.checked(&catalogue()).is_err());
    }
}
