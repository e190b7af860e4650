//! Looking ahead: what the households that are booked, and those that are likely to come, will need in the next days,
//! against what is on hand and until when it keeps. What is missing is to be bought.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::{Deserialize, Serialize};

use crate::{
    ids::{ItemId, LotId, PlaceId, StayId},
    items::{Catalogue, Item, Level},
    money::Pence,
    nights::{Night, Nights, earlier, later},
    pack_lists::{PackFor, PackLine, Rule},
    refusal::Refusal,
    stock::{OnHand, Shelf},
    units::Scheme,
};

/// The most days that anybody looks ahead.
pub const MOST_DAYS: u32 = 90;

/// What each figure means, to be printed beside it.
pub const DEFINITIONS: [(&str, &str); 7] = [
    (
        "needed",
        "Units that the packs of these stays still need, each on the day of arrival, or today where it has passed.",
    ),
    (
        "in stock",
        "Of those, units that are on hand in some place and may still be given out on that day; what expires first goes \
         first, to whoever comes first.",
    ),
    ("short", "Needed less in stock."),
    (
        "to refill",
        "Units that bring each place that is low today up to its target. A place is low at its reorder point or below it.",
    ),
    (
        "to transfer",
        "Of those to refill, units that other places have beyond their own targets, that nobody needs and that keep over \
         these days: they are transferred, not bought.",
    ),
    ("to buy", "Short, and to refill less to transfer, rounded up to packs as they are bought."),
    (
        "likely",
        "As many arrivals a day as there were in the days looked back on, half up, less those that are booked. Each is \
         taken to need what one of the last arrivals needed.",
    ),
];

/// Days ahead that somebody gives: at least one, at most [`MOST_DAYS`].
pub fn days_ahead(n: i64, field: &str) -> Result<u32, Refusal> {
    u32::try_from(n)
        .ok()
        .filter(|n| (1..=MOST_DAYS).contains(n))
        .ok_or_else(|| Refusal::bad(field, format!("Look 1 to {MOST_DAYS} days ahead, not {n}.")))
}

/// Who needs something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    /// The household of a stay.
    Stay(StayId),
    /// One that is likely to come: the first, the second.
    Likely(u32),
}

/// Something that somebody needs on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demand {
    /// Who.
    pub who: Who,
    /// When.
    pub day: Night,
    /// What is wanted. None where nothing in the catalogue suits them.
    pub item: Option<ItemId>,
    /// What is wanted first by the rule, also where it does not suit them.
    pub first: Option<ItemId>,
    /// How many units.
    pub units: u32,
    /// By which rule.
    pub rule: Rule,
}

/// What lines of a pack still need.
pub fn demand(who: Who, day: Night, lines: &[PackLine]) -> impl Iterator<Item = Demand> {
    lines.iter().filter(|line| line.outstanding() > 0).map(move |line| Demand {
        who,
        day,
        item: line.wanted,
        first: line.alternatives.first().copied(),
        units: line.outstanding(),
        rule: line.rule,
    })
}

/// A stay that began, as a guide to those to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    /// When it began.
    pub began: Night,
    /// In which scheme.
    pub scheme: Scheme,
    /// Whom it was for.
    pub of: PackFor,
}

/// A household that is likely to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Likely {
    /// The first, the second.
    pub no: u32,
    /// When.
    pub day: Night,
    /// When the stay began that it is taken to be like.
    pub like: Night,
    /// In which scheme that was.
    pub scheme: Scheme,
    /// Whom that was for.
    pub of: PackFor,
}

/// Who is likely to come from today on, in so many days. As many come a day as began in the `back` days before today; of
/// those, the `booked` are known already. Each is like one of the last that came, the last first: whole households, with
/// the children and the diets that come in truth, rather than an average that nobody is.
pub fn likely(past: &[Past], booked: &[Night], today: Night, days: u32, back: u32) -> Vec<Likely> {
    let back_on = Nights::between(earlier(today, back), today);
    let mut models: Vec<_> = past.iter().filter(|stay| back_on.contains(stay.began)).collect();
    models.sort_by_key(|stay| std::cmp::Reverse(stay.began));
    let (came, over) = (models.len() as u64, u64::from(back_on.len()));
    if came == 0 || over == 0 {
        return Vec::new();
    }
    let mut likely = Vec::new();
    let mut models = models.into_iter().cycle();
    for (day, nth) in (0..days).map(|n| later(today, n)).zip(1_u64..) {
        let expected = (2 * came * nth + over) / (2 * over);
        let known = booked.iter().filter(|arrival| today <= **arrival && **arrival <= day).count() as u64;
        // Who is booked for later counts when that day comes: nobody is taken back who was likely before.
        while known + (likely.len() as u64) < expected {
            let Some(model) = models.next() else { break };
            let no = u32::try_from(likely.len()).unwrap_or(u32::MAX).saturating_add(1);
            let of = model.of.clone();
            likely.push(Likely { no, day, like: model.began, scheme: model.scheme, of });
        }
    }
    likely
}

/// What is to be looked at.
#[derive(Clone, Copy, Debug)]
pub struct Ahead<'a> {
    /// Today.
    pub today: Night,
    /// How many days, today included.
    pub days: u32,
    /// What is needed. What is needed before today is needed today; what is needed after these days is left out.
    pub demands: &'a [Demand],
    /// What is on hand, in all places.
    pub on_hand: &'a [OnHand],
    /// At how many units a place is low.
    pub levels: &'a [Level],
    /// The items.
    pub catalogue: &'a Catalogue,
}

/// How much of a line is for whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    /// Who.
    pub who: Who,
    /// When.
    pub day: Night,
    /// By which rule.
    pub rule: Rule,
    /// How many units.
    pub units: u32,
    /// Of those, how many are not in stock.
    pub short: u32,
}

/// A line of the shopping list: an item, and how it comes to be on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShoppingLine {
    /// The item.
    pub item: ItemId,
    /// Its code.
    pub code: String,
    /// Whom it is bought from.
    pub supplier: Option<String>,
    /// Units that are needed.
    pub needed: u32,
    /// Of those, units that are in stock and keep until they are needed.
    pub in_stock: u32,
    /// Units by which places are to be refilled.
    pub refill: u32,
    /// Of those, units that other places can spare.
    pub transfer: u32,
    /// Packs to buy. None where nothing is missing, or where the item is retired.
    pub packs: u32,
    /// Units in those packs.
    pub units: u32,
    /// What they are expected to cost.
    pub cost: Pence,
    /// The first day on which to buy it that it keeps until it is last needed; where that is not today.
    pub not_before: Option<Night>,
    /// Whether the item is retired, so that what is missing of it is not bought.
    pub retired: bool,
    /// The working: who needs how much, by which rule, in order of day.
    pub needs: Vec<Need>,
}

impl ShoppingLine {
    /// Units that are needed and not in stock.
    pub const fn short(&self) -> u32 {
        self.needed.saturating_sub(self.in_stock)
    }

    /// Whether it has to be bought more than once: what is bought for the first who lack it does not keep for the last.
    pub fn more_than_once(&self) -> bool {
        let first = self.needs.iter().find(|need| need.short > 0).map(|need| need.day);
        first.zip(self.not_before).is_some_and(|(first, last)| first < last)
    }

    /// Units that are missing in all.
    pub const fn missing(&self) -> u32 {
        self.short().saturating_add(self.refill.saturating_sub(self.transfer))
    }
}

impl fmt::Display for ShoppingLine {
    /// The sum in words.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { needed, in_stock, refill, transfer, packs, units, .. } = self;
        write!(f, "{needed} needed - {in_stock} in stock")?;
        if *refill > 0 {
            write!(f, " + {refill} to refill")?;
        }
        if *transfer > 0 {
            write!(f, " - {transfer} to transfer")?;
        }
        write!(f, " = {}", self.missing())?;
        match packs {
            _ if self.retired => f.write_str("; retired, so none is bought"),
            0 => Ok(()),
            1 => write!(f, ", in 1 pack: {units}"),
            _ => write!(f, ", in {packs} packs: {units}"),
        }
    }
}

/// Something that somebody needs and nothing in the catalogue meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unmet {
    /// Who needs what, when.
    pub demand: Demand,
}

/// A place that is low on something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Low {
    /// How much it should have, and when it is low.
    pub level: Level,
    /// How many units it has that may be given out today.
    pub has: u32,
}

impl Low {
    /// Units that bring it up to its target.
    pub const fn refill(&self) -> u32 {
        self.level.target.saturating_sub(self.has)
    }
}

/// A lot that expires in the days ahead, or has expired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expiring {
    /// The item.
    pub item: ItemId,
    /// The place.
    pub place: PlaceId,
    /// The lot.
    pub lot: LotId,
    /// The code on it.
    pub code: Option<String>,
    /// The last day on which it may be given out.
    pub expires_on: Night,
    /// Whether that has passed: it is to be written off.
    pub expired: bool,
    /// Units.
    pub quantity: u32,
    /// What they cost.
    pub value: Pence,
    /// Of those, units that nobody is going to need before.
    pub at_risk: u32,
}

/// What one supplier gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SupplierTotal {
    /// Who. None for items of which nobody has noted it.
    pub supplier: Option<String>,
    /// How many lines of the list.
    pub lines: usize,
    /// What they are expected to cost together.
    pub cost: Pence,
}

/// The days ahead.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shopping {
    /// Each item that is needed or to be refilled, in order of supplier and code; also where enough is in stock.
    pub lines: Vec<ShoppingLine>,
    /// What is needed and can't be met from the catalogue.
    pub unmet: Vec<Unmet>,
    /// By supplier, of what is to be bought.
    pub suppliers: Vec<SupplierTotal>,
    /// Places that are low, what is lowest against its target first.
    pub low: Vec<Low>,
    /// Lots that expire, the first first.
    pub expiring: Vec<Expiring>,
}

impl Shopping {
    /// What all of it is expected to cost.
    pub fn cost(&self) -> Pence {
        self.lines.iter().map(|line| line.cost).sum()
    }
}

/// Looks ahead. Day by day each household takes from what is on hand what it wants, what expires first going first; what
/// stands in for something else is kept for when it is really missing.
pub fn look_ahead(ahead: &Ahead<'_>) -> Shopping {
    let Ahead { today, days, catalogue, .. } = *ahead;
    let end = later(today, days);
    let mut demands: Vec<Demand> = ahead.demands.iter().filter(|demand| demand.day < end).copied().collect();
    for demand in &mut demands {
        demand.day = demand.day.max(today);
    }
    demands.sort_by_key(|demand| (demand.day, demand.who));

    let mut shelf = Shelf::new(ahead.on_hand.iter().cloned());
    let low = low(ahead, &shelf);
    let mut lines: BTreeMap<ItemId, ShoppingLine> = BTreeMap::new();
    let mut unmet = Vec::new();
    for demand in demands {
        let Some(item) = demand.item.and_then(|item| catalogue.get(&item)) else {
            unmet.push(Unmet { demand });
            continue;
        };
        let taken = shelf.take_units(item.id, demand.units, demand.day);
        let line = lines.entry(item.id).or_insert_with(|| empty_line(item));
        line.needed = line.needed.saturating_add(demand.units);
        line.in_stock = line.in_stock.saturating_add(taken);
        let Demand { who, day, rule, units, .. } = demand;
        line.needs.push(Need { who, day, rule, units, short: units - taken });
    }
    for one in &low {
        if let Some(item) = catalogue.get(&one.level.item) {
            let line = lines.entry(item.id).or_insert_with(|| empty_line(item));
            line.refill = line.refill.saturating_add(one.refill());
        }
    }
    let mut lines: Vec<_> = lines.into_values().collect();
    let targets: BTreeMap<(ItemId, PlaceId), u32> =
        ahead.levels.iter().map(|level| ((level.item, level.place), level.target)).collect();
    for line in &mut lines {
        if line.refill > 0 {
            line.transfer = spare(&shelf, line.item, &targets, end).min(line.refill);
        }
        if let Some(item) = catalogue.get(&line.item) {
            to_buy(line, item, today);
        }
    }
    // What has no supplier comes last.
    lines.sort_by(|a, b| {
        let key = |line: &ShoppingLine| (line.supplier.is_none(), line.supplier.clone());
        key(a).cmp(&key(b)).then_with(|| a.code.cmp(&b.code))
    });
    let suppliers = suppliers(&lines);
    let expiring = expiring(ahead, &shelf, end);
    Shopping { lines, unmet, suppliers, low, expiring }
}

fn empty_line(item: &Item) -> ShoppingLine {
    ShoppingLine {
        item: item.id,
        code: item.code.clone(),
        supplier: item.supplier.clone(),
        needed: 0,
        in_stock: 0,
        refill: 0,
        transfer: 0,
        packs: 0,
        units: 0,
        cost: Pence::ZERO,
        not_before: None,
        retired: item.retired,
        needs: Vec::new(),
    }
}

/// How many packs of it, and what they cost.
fn to_buy(line: &mut ShoppingLine, item: &Item, today: Night) {
    if item.retired {
        return;
    }
    line.packs = item.packs_for(line.missing());
    line.units = line.packs.saturating_mul(item.pack_size);
    line.cost = item.price.times(line.packs);
    let last = line.needs.iter().rfind(|need| need.short > 0).map(|need| need.day);
    let first = last.zip(item.shelf_life_days).map(|(day, keeps)| earlier(day, keeps));
    line.not_before = first.filter(|first| *first > today);
}

/// Units that places have beyond their targets and that keep until the `end`. `shelf` is what is left once everybody took
/// what they need.
fn spare(shelf: &Shelf, item: ItemId, targets: &BTreeMap<(ItemId, PlaceId), u32>, end: Night) -> u32 {
    let mut left: BTreeMap<PlaceId, u32> = BTreeMap::new();
    for one in shelf.of(item).iter().filter(|one| !one.lot.expired(end)) {
        let units = left.entry(one.balance.place).or_default();
        *units = units.saturating_add(one.balance.quantity);
    }
    let beyond = |(place, units): (PlaceId, u32)| {
        units.saturating_sub(targets.get(&(item, place)).copied().unwrap_or(0))
    };
    left.into_iter().map(beyond).fold(0, u32::saturating_add)
}

/// Places that are low, before anybody takes anything.
fn low(ahead: &Ahead<'_>, shelf: &Shelf) -> Vec<Low> {
    let has = |level: &Level| {
        let here = shelf.of(level.item).iter().filter(|one| one.balance.place == level.place);
        let good = here.filter(|one| !one.lot.expired(ahead.today));
        good.fold(0, |sum: u32, one| sum.saturating_add(one.balance.quantity))
    };
    let current = |level: &&Level| ahead.catalogue.get(&level.item).is_some_and(|item| !item.retired);
    let levels = ahead.levels.iter().filter(current).map(|level| Low { level: *level, has: has(level) });
    let mut low: Vec<_> = levels.filter(|one| one.has <= one.level.reorder_point).collect();
    // has ÷ target, without dividing.
    low.sort_by(|a, b| {
        let (left, right) =
            (u64::from(a.has) * u64::from(b.level.target), u64::from(b.has) * u64::from(a.level.target));
        left.cmp(&right).then_with(|| (a.level.place, a.level.item).cmp(&(b.level.place, b.level.item)))
    });
    low
}

/// What each supplier gets, in the order of the lines.
fn suppliers(lines: &[ShoppingLine]) -> Vec<SupplierTotal> {
    let mut totals: Vec<SupplierTotal> = Vec::new();
    for line in lines.iter().filter(|line| line.packs > 0) {
        match totals.last_mut() {
            Some(total) if total.supplier == line.supplier => {
                total.lines += 1;
                total.cost = total.cost + line.cost;
            }
            _ => totals.push(SupplierTotal { supplier: line.supplier.clone(), lines: 1, cost: line.cost }),
        }
    }
    totals
}

/// What expires before the `end`, with what the `shelf` has left of it once everybody took what they need.
fn expiring(ahead: &Ahead<'_>, shelf: &Shelf, end: Night) -> Vec<Expiring> {
    let left: BTreeMap<(LotId, PlaceId), u32> =
        shelf.all().map(|one| ((one.balance.lot, one.balance.place), one.balance.quantity)).collect();
    let lot = |one: &OnHand| {
        let expires_on = one.lot.expires_on.filter(|last| *last < end && one.balance.quantity > 0)?;
        let balance = one.balance;
        Some(Expiring {
            item: balance.item,
            place: balance.place,
            lot: balance.lot,
            code: one.lot.code.clone(),
            expires_on,
            expired: expires_on < ahead.today,
            quantity: balance.quantity,
            value: balance.value,
            at_risk: left.get(&(balance.lot, balance.place)).copied().unwrap_or(0),
        })
    };
    let mut lots: Vec<_> = ahead.on_hand.iter().filter_map(lot).collect();
    lots.sort_by_key(|one| (one.expires_on, one.item, one.place, one.lot));
    lots
}

/// The stays for which something on the list is short, each once.
pub fn short_stays(shopping: &Shopping) -> BTreeSet<StayId> {
    let needs = shopping.lines.iter().flat_map(|line| &line.needs).filter(|need| need.short > 0);
    needs
        .filter_map(|need| match need.who {
            Who::Stay(stay) => Some(stay),
            Who::Likely(_) => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use uuid::Uuid;

    use super::*;
    use crate::{
        households::People,
        items::Avoids,
        pack_templates::Per,
        stock::{Balance, Lot, Origin},
    };

    const TODAY: &str = "2020-11-03";

    fn d(text: &str) -> Night {
        text.parse().unwrap()
    }

    fn item_id() -> ItemId {
        ItemId(Uuid::from_u128(7))
    }

    fn place(n: u128) -> PlaceId {
        PlaceId(Uuid::from_u128(n))
    }

    fn catalogue() -> Catalogue {
        let item = Item {
            id: item_id(),
            code: "BREAD".into(),
            name: "Bread".into(),
            category: "food".into(),
            unit_of_issue: "loaf".into(),
            pack_size: 4,
            price: Pence(500),
            supplier: Some("Baker".into()),
            eaten: true,
            contains: None,
            suits: BTreeSet::new(),
            shelf_life_days: Some(2),
            perishable: true,
            barcode: None,
            retired: false,
        };
        [(item.id, item)].into()
    }

    fn rule(units: u32) -> Rule {
        Rule::Line { per: Per::Adult, heads: units, quantity: 1, every_nights: None, nights: 7 }
    }

    fn need(stay: u128, day: &str, units: u32) -> Demand {
        let item = Some(item_id());
        let who = Who::Stay(StayId(Uuid::from_u128(stay)));
        Demand { who, day: d(day), item, first: item, units, rule: rule(units) }
    }

    fn on_hand(n: u128, at: u128, quantity: u32, expires_on: &str) -> OnHand {
        let lot = Lot {
            id: LotId(Uuid::from_u128(n)),
            item: item_id(),
            code: Some(format!("L{n}")),
            expires_on: Some(d(expires_on)),
            received_at: "2020-11-01T09:00:00Z".parse::<DateTime<Utc>>().unwrap(),
            origin: Origin::Donated { by: None, delivery_note: None },
            quantity,
            cost: Pence(100).times(quantity),
        };
        let (item, place) = (item_id(), place(at));
        OnHand { balance: Balance { item, place, lot: lot.id, quantity, value: lot.cost }, lot }
    }

    fn ahead(demands: &[Demand], on_hand: &[OnHand], levels: &[Level]) -> Shopping {
        let catalogue = catalogue();
        look_ahead(&Ahead { today: d(TODAY), days: 7, demands, on_hand, levels, catalogue: &catalogue })
    }

    #[test]
    fn what_expires_before_it_is_needed_is_not_in_stock() {
        let demands = [need(1, "2020-11-03", 3), need(2, "2020-11-06", 3), need(3, "2020-11-10", 50)];
        let shelf = [on_hand(1, 1, 5, "2020-11-05"), on_hand(2, 1, 1, "2020-11-06")];
        let told = ahead(&demands, &shelf, &[]);
        let [line] = &told.lines[..] else { panic!("{told:?}") };
        assert_eq!(line.to_string(), "6 needed - 4 in stock = 2, in 1 pack: 4");
        assert_eq!((line.cost, told.cost()), (Pence(500), Pence(500)));
        assert_eq!(line.needs.iter().map(|need| need.short).collect::<Vec<_>>(), [0, 2]);
        assert_eq!(line.needs[0].rule.to_string(), "3 adults × 1 = 3");
        assert_eq!(line.not_before, Some(d("2020-11-04")), "it keeps two days");
        assert!(!line.more_than_once());
        let at_risk: Vec<_> = told.expiring.iter().map(|one| (one.quantity, one.at_risk)).collect();
        assert_eq!(at_risk, [(5, 2), (1, 0)]);
        assert_eq!(short_stays(&told).len(), 1);
        assert_eq!(told.suppliers[0].supplier.as_deref(), Some("Baker"));
    }

    #[test]
    fn a_low_place_is_refilled_first_with_what_others_can_spare() {
        let level =
            |at, reorder_point, target| Level { place: place(at), item: item_id(), reorder_point, target };
        let shelf = [on_hand(1, 1, 2, "2020-12-01"), on_hand(2, 2, 15, "2020-12-01")];
        let told = ahead(&[], &shelf, &[level(1, 2, 10), level(2, 5, 12)]);
        assert_eq!(told.low.len(), 1);
        assert_eq!(
            told.lines[0].to_string(),
            "0 needed - 0 in stock + 8 to refill - 3 to transfer = 5, in 2 packs: 8"
        );
        let expired = ahead(&[], &[on_hand(1, 1, 20, "2020-11-02")], &[level(1, 2, 10)]);
        assert_eq!(expired.low[0].has, 0, "what has expired is not there");
        assert!(expired.expiring[0].expired);
    }

    #[test]
    fn what_nothing_meets_is_told_and_what_is_overdue_is_needed_today() {
        let unmet = Demand { item: None, ..need(1, "2020-11-04", 2) };
        let told = ahead(&[unmet, need(2, "2020-10-30", 1), need(3, "2020-11-09", 1)], &[], &[]);
        assert!(told.lines[0].more_than_once(), "it keeps two days");
        assert_eq!(told.unmet, [Unmet { demand: unmet }]);
        assert_eq!(told.lines[0].needs[0].day, d(TODAY));
        assert!(days_ahead(0, "days").is_err() && days_ahead(91, "days").is_err());
    }

    #[test]
    fn as_many_are_likely_to_come_as_came_less_those_that_are_booked() {
        let of = |adults| PackFor {
            people: People { adults, children: 0 },
            ages: None,
            avoids: Avoids::default(),
            nights: 7,
            asked: Vec::new(),
            goes_on: false,
        };
        let past: Vec<_> = ["2020-10-30", "2020-11-01", "2020-09-01"]
            .into_iter()
            .zip(1..)
            .map(|(began, adults)| Past { began: d(began), scheme: Scheme::SafeSpace, of: of(adults) })
            .collect();
        // Two in ten days: one every five, half up.
        let told = likely(&past, &[], d(TODAY), 10, 10);
        let days: Vec<_> = told.iter().map(|one| (one.day.to_string(), one.of.people.adults)).collect();
        assert_eq!(days, [("2020-11-05".to_owned(), 2), ("2020-11-10".to_owned(), 1)]);
        let booked = [d("2020-11-04")];
        let less = likely(&past, &booked, d(TODAY), 10, 10);
        assert_eq!(less.iter().map(|one| one.day.to_string()).collect::<Vec<_>>(), ["2020-11-10"]);
        assert!(likely(&past, &[], d(TODAY), 10, 0).is_empty());
        assert!(likely(&[], &[], d(TODAY), 10, 10).is_empty());
    }
}
