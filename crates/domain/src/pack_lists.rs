//! Pack lists: what goes into a household's pack, by its template, for who they are and as long as they stay.
//!
//! A list is never kept: it follows from the template's version, the household, the nights and what was given already, so
//! that a stay which is extended has a longer one at once. What a household can't or won't have is left out for the next
//! best thing that suits it; where nothing suits, what was wanted stays in the list.

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};

use crate::{
    households::People,
    ids::{ItemId, LotId},
    items::{Avoids, Catalogue, Why},
    needs::ChildAges,
    pack_templates::{MOST_A_HEAD, PackTemplate, Per, TemplateLine},
    refusal::Refusal,
    stock::Issued,
};

/// The most items that a household asks for besides.
pub const MOST_ASKED: usize = 50;

/// Something that a household asked for besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// What.
    pub item: ItemId,
    /// How many units. None by now where it is 0: it keeps its place, by which its line is numbered.
    pub quantity: u32,
}

/// What was asked for before, with what is asked for now. Refused where that is too much, or there twice.
pub fn asked_now(before: &[Asked], now: &[Asked]) -> Result<Vec<Asked>, Refusal> {
    let bad = |message: String| Err(Refusal::bad("asked", message));
    if now.iter().map(|asked| asked.item).collect::<BTreeSet<_>>().len() < now.len() {
        return bad("An item is there twice: put its units together.".to_owned());
    }
    if let Some(one) = now.iter().find(|asked| !(1..=MOST_A_HEAD).contains(&asked.quantity)) {
        return bad(format!("Ask for 1 to {MOST_A_HEAD} units of an item, not {}.", one.quantity));
    }
    let quantity = |item| now.iter().find(|asked| asked.item == item).map_or(0, |asked| asked.quantity);
    let known = |asked: &Asked| before.iter().any(|known| known.item == asked.item);
    let kept = before.iter().map(|known| Asked { quantity: quantity(known.item), ..*known });
    let all: Vec<Asked> = kept.chain(now.iter().filter(|asked| !known(asked)).copied()).collect();
    if all.len() > MOST_ASKED {
        return bad(format!("A pack has at most {MOST_ASKED} items that were asked for besides."));
    }
    Ok(all)
}

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
    /// What they asked for besides.
    pub asked: Vec<Asked>,
    /// Whether they have come from another home with a pack by the same template, as where a stay was split: what is given
    /// once they have by that.
    pub goes_on: bool,
}

impl PackFor {
    /// How many a line is for.
    fn heads(&self, per: Per) -> u32 {
        let ages = self.known_ages();
        match per {
            Per::Household => 1,
            Per::Person => u32::from(self.people.total()),
            Per::Adult => u32::from(self.people.adults),
            Per::Child => u32::from(self.people.children),
            Per::ChildOf(band) => u32::from(band.of(ages)),
        }
    }

    /// The ages that are known. Those of more children than come are of others: then none is.
    fn known_ages(&self) -> ChildAges {
        self.ages.filter(|ages| ages.total() <= u32::from(self.people.children)).unwrap_or_default()
    }

    /// How many children there are whose ages nobody knows.
    fn ages_unknown(&self) -> u32 {
        u32::from(self.people.children).saturating_sub(self.known_ages().total())
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
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// What was given and, as is known by now, is not for this household: it is to be taken back, and counts for nothing.
    pub amiss: Vec<Issued>,
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

    /// All that is in it, right or amiss.
    pub fn contents(&self) -> impl Iterator<Item = &Issued> {
        self.given.iter().chain(&self.amiss)
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
pub struct PackList {
    /// What goes in.
    pub lines: Vec<PackLine>,
    /// What would be better and was passed over. For eyes that may see what the household needs.
    pub passed_over: Vec<PassedOver>,
    /// What somebody has to ask.
    pub unanswered: Vec<Unanswered>,
}

impl PackList {
    /// How many units are still to be given.
    pub fn outstanding(&self) -> u32 {
        self.lines.iter().fold(0, |sum, line| sum.saturating_add(line.outstanding()))
    }

    /// Whether something in it is not for this household.
    pub fn is_amiss(&self) -> bool {
        self.lines.iter().any(|line| !line.amiss.is_empty())
    }
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

/// What the template comes to for a household that was `given` something already. A line that is for none of them, and by
/// which nothing was given, is left out; one for which nothing suits is in, with nothing wanted.
pub fn pack_list(template: &PackTemplate, to: &PackFor, catalogue: &Catalogue, given: &[Issued]) -> PackList {
    let mut list = PackList::default();
    for (line, no) in template.lines.iter().zip(1..) {
        let TemplateLine { per, quantity, every_nights, .. } = *line;
        if matches!(per, Per::ChildOf(_)) && to.ages_unknown() > 0 {
            let (item, children) = (line.alternatives.first().copied(), to.ages_unknown());
            list.unanswered.push(Unanswered { line: no, per, item, children });
        }
        let has_it = to.goes_on && every_nights.is_none();
        let heads = if has_it { 0 } else { to.heads(per) };
        let rule = Rule::Line { per, heads, quantity, every_nights, nights: to.nights };
        list.add(no, rule, &line.alternatives, to, catalogue, given);
    }
    let first = u32::try_from(template.lines.len()).unwrap_or(u32::MAX).saturating_add(1);
    for (Asked { item, quantity }, no) in to.asked.iter().zip(first..) {
        list.add(no, Rule::Asked { quantity: *quantity }, &[*item], to, catalogue, given);
    }
    list
}

impl PackList {
    fn add(
        &mut self,
        no: u32,
        rule: Rule,
        alternatives: &[ItemId],
        to: &PackFor,
        catalogue: &Catalogue,
        given: &[Issued],
    ) {
        let of_line =
            |issued: &&Issued| issued.to.pack.is_some_and(|(_, line)| line == no) && issued.quantity > 0;
        let suits = |issued: &Issued| {
            catalogue.get(&issued.item).is_some_and(|item| item.unsuited(&to.avoids).is_empty())
        };
        let (given, amiss): (Vec<Issued>, Vec<Issued>) =
            given.iter().filter(of_line).copied().partition(suits);
        let quantity = rule.units();
        if quantity == 0 && given.is_empty() && amiss.is_empty() {
            return;
        }
        let mut wanted = None;
        for item in alternatives.iter().filter(|_| quantity > 0) {
            let why = not_for(*item, catalogue, &to.avoids);
            if why.is_empty() {
                wanted = Some(*item);
                break;
            }
            self.passed_over.push(PassedOver { line: no, item: *item, why });
        }
        self.lines.push(PackLine {
            no,
            rule,
            alternatives: alternatives.to_vec(),
            wanted,
            quantity,
            given,
            amiss,
        });
    }

    /// What is left to put back of a pack, once somebody has said what of it was `opened`.
    pub fn unopened(&self, opened: &[LotInLine]) -> Result<Vec<LotInLine>, Refusal> {
        let mut back: Vec<LotInLine> = Vec::new();
        for line in &self.lines {
            for issued in line.contents() {
                let there = back.iter_mut().find(|one| (one.line, one.lot) == (line.no, issued.lot));
                match there {
                    Some(one) => one.quantity = one.quantity.saturating_add(issued.quantity),
                    None => {
                        back.push(LotInLine { line: line.no, lot: issued.lot, quantity: issued.quantity });
                    }
                }
            }
        }
        for LotInLine { line, lot, quantity } in opened {
            let one = back.iter_mut().find(|one| (one.line, one.lot) == (*line, *lot));
            let left =
                one.and_then(|one| one.quantity.checked_sub(*quantity).map(|left| one.quantity = left));
            left.ok_or_else(|| {
                Refusal::bad("opened", "There is not so much of that in the pack: look again.")
            })?;
        }
        back.retain(|one| one.quantity > 0);
        Ok(back)
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
