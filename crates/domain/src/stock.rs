//! The stock ledger: what came, went, was counted and thrown away, of each item, in each place, lot by lot.
//!
//! An entry is written once and never changed; a mistake is put right by another entry. What a place has of a lot, its
//! balance, is the sum of its entries, in units and in money, and is never below zero. Cost follows the lot: what goes out
//! of a balance carries its share of the balance's value, rounded down, and the last unit carries what is left. So at any
//! time, to the penny,
//!
//! > value in = value on hand + value issued + value written off
//!
//! where what is put back counts against what was issued, what a count finds counts as in, and what a count misses as
//! written off.

use std::{collections::BTreeMap, fmt, str::FromStr};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    codes,
    ids::{GrantId, ItemId, LotId, PackId, PlaceId, StayId, StockEntryId},
    items::Item,
    money::Pence,
    nights::Night,
    places::Place,
    refusal::{Refusal, RefusalCode},
};

/// The most units in one entry, and of one lot in one place.
pub const MOST_UNITS: u32 = 100_000;

/// A number of units that somebody gives: whole, at least one, at most [`MOST_UNITS`].
pub fn quantity(n: i64, field: &str) -> Result<u32, Refusal> {
    u32::try_from(n)
        .ok()
        .filter(|n| (1..=MOST_UNITS).contains(n))
        .ok_or_else(|| Refusal::bad(field, format!("A quantity is 1 to {MOST_UNITS} whole units, not {n}.")))
}

/// A number of units that somebody counted: none is a number too.
pub fn counted(n: i64, field: &str) -> Result<u32, Refusal> {
    u32::try_from(n)
        .ok()
        .filter(|n| *n <= MOST_UNITS)
        .ok_or_else(|| Refusal::bad(field, format!("A count is 0 to {MOST_UNITS} whole units, not {n}.")))
}

/// A number of units in words that somebody typed: digits, and nothing else. `1.5` and `-3` are refused as what they are.
pub fn typed_quantity(text: &str, field: &str) -> Result<i64, Refusal> {
    let text = text.trim();
    text.parse().map_err(|_| {
        Refusal::bad(
            field,
            if text.parse::<rust_decimal::Decimal>().is_ok() {
                "Units are given out whole: give a whole number."
            } else {
                "Give a number of units, in digits."
            },
        )
    })
}

/// How a lot came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "origin", rename_all = "snake_case")]
pub enum Origin {
    /// It was bought.
    Bought {
        /// From whom.
        supplier: String,
        /// What the delivery note is called.
        delivery_note: Option<String>,
        /// The grant that paid for it. None where the service's own money did.
        grant: Option<GrantId>,
    },
    /// It was given to the service. What it is worth is its cost, which may be nothing.
    Donated {
        /// By whom, where they want it known.
        by: Option<String>,
        /// What the delivery note is called.
        delivery_note: Option<String>,
    },
}

impl Origin {
    /// The origin's name in code and files.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Bought { .. } => "bought",
            Self::Donated { .. } => "donated",
        }
    }

    /// The grant that paid for it.
    pub const fn grant(&self) -> Option<GrantId> {
        match self {
            Self::Bought { grant, .. } => *grant,
            Self::Donated { .. } => None,
        }
    }

    /// The same, tidied. Refused with what can't be.
    pub fn checked(self) -> Result<Self, Refusal> {
        let line = |text: Option<String>, field: &str| match text.filter(|text| !text.trim().is_empty()) {
            Some(text) => codes::name(&text, field).map(Some),
            None => Ok(None),
        };
        Ok(match self {
            Self::Bought { supplier, delivery_note, grant } => Self::Bought {
                supplier: match supplier.trim() {
                    "" => return Err(Refusal::bad("supplier", "Say from whom it was bought.")),
                    supplier => codes::name(supplier, "supplier")?,
                },
                delivery_note: line(delivery_note, "deliveryNote")?,
                grant,
            },
            Self::Donated { by, delivery_note } => Self::Donated {
                by: line(by, "donatedBy")?,
                delivery_note: line(delivery_note, "deliveryNote")?,
            },
        })
    }
}

/// A lot: what came of one item in one delivery, with one cost and one day on which it expires.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lot {
    /// Its id.
    pub id: LotId,
    /// What it is of.
    pub item: ItemId,
    /// The code that is printed on it.
    pub code: Option<String>,
    /// The last day on which it may be given out. None where it keeps.
    pub expires_on: Option<Night>,
    /// When it came.
    pub received_at: DateTime<Utc>,
    /// How it came.
    pub origin: Origin,
    /// How many units came, as it was last put right.
    pub quantity: u32,
    /// What they cost together, as it was last put right.
    pub cost: Pence,
}

impl Lot {
    /// Whether it may no longer be given out on the day.
    pub fn expired(&self, on: Night) -> bool {
        self.expires_on.is_some_and(|last| last < on)
    }

    /// Refused, naming the day, where it has expired.
    pub fn must_be_good(&self, on: Night, field: &str) -> Result<(), Refusal> {
        match self.expires_on {
            Some(last) if last < on => Err(Refusal::new(
                RefusalCode::Expired,
                format!("{} expired on {last} and is not given out: write it off.", self.words()),
            )
            .on(field)),
            _ => Ok(()),
        }
    }

    /// What it is called in a sentence.
    fn words(&self) -> String {
        self.code.as_ref().map_or_else(|| "This lot".to_owned(), |code| format!("Lot {code}"))
    }

    /// The order in which lots are given out: what expires first, what keeps last; then what has been here longest.
    fn turn(&self) -> (bool, Option<Night>, DateTime<Utc>, LotId) {
        (self.expires_on.is_none(), self.expires_on, self.received_at, self.id)
    }
}

/// To whom something was issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct IssuedTo {
    /// The stay whose household has it.
    pub stay: StayId,
    /// The pack that it is in and the number of its line. None where it was given by itself.
    pub pack: Option<(PackId, u32)>,
}

/// Why a count differs from the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CountReason {
    /// It was counted or entered wrongly before.
    Miscounted,
    /// Something was given out, and nobody wrote it down.
    IssueNotRecorded,
    /// Something came or was put back, and nobody wrote it down.
    ReceiptNotRecorded,
    /// Nobody knows where it went.
    Lost,
    /// Another reason, said in words.
    Other,
}

impl CountReason {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Miscounted, Self::IssueNotRecorded, Self::ReceiptNotRecorded, Self::Lost, Self::Other];

    /// The reason's name in code and files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Miscounted => "miscounted",
            Self::IssueNotRecorded => "issue_not_recorded",
            Self::ReceiptNotRecorded => "receipt_not_recorded",
            Self::Lost => "lost",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for CountReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for CountReason {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|why| why.as_str() == text).ok_or_else(|| {
            format!(
                "{text:?} is not why a count differs: use miscounted, issue_not_recorded, receipt_not_recorded, lost \
                 or other"
            )
        })
    }
}

/// Why something is thrown away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WriteOffReason {
    /// It has expired.
    Expired,
    /// It is damaged, or was opened.
    Damaged,
    /// It was called back by its maker.
    Recalled,
    /// Another reason, said in words.
    Other,
}

impl WriteOffReason {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Expired, Self::Damaged, Self::Recalled, Self::Other];

    /// The reason's name in code and files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Damaged => "damaged",
            Self::Recalled => "recalled",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for WriteOffReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for WriteOffReason {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|why| why.as_str() == text).ok_or_else(|| {
            format!("{text:?} is not why something is written off: use expired, damaged, recalled or other")
        })
    }
}

/// Why in words, where somebody says it. Refused where the reason is none of the list and nobody says which. `other` is
/// whether it is none of the list. Always confidential.
pub fn in_words(other: bool, note: Option<&str>) -> Result<Option<String>, Refusal> {
    match note.filter(|note| !note.trim().is_empty()) {
        Some(note) => codes::note(note, "note").map(Some),
        None if other => Err(Refusal::bad(
            "note",
            "The reason is none of the list: say which in a few words. Name nobody in them.",
        )),
        None => Ok(None),
    }
}

/// What happened, with what belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "movement", rename_all = "snake_case")]
pub enum Movement {
    /// It came.
    Received,
    /// What was entered when it came is put right.
    Corrected {
        /// The entry that was wrong.
        entry: StockEntryId,
    },
    /// It went to a household.
    Issued {
        /// Which.
        to: IssuedTo,
    },
    /// It came back from a household, not opened.
    Returned {
        /// Which.
        from: IssuedTo,
    },
    /// It went to another place.
    TransferredOut {
        /// Which.
        to: PlaceId,
    },
    /// It came from another place.
    TransferredIn {
        /// Which.
        from: PlaceId,
    },
    /// It was counted. An entry of nothing says that the count was right.
    Counted {
        /// Why it differs, where it does.
        why: Option<CountReason>,
    },
    /// It was thrown away.
    WrittenOff {
        /// Why.
        why: WriteOffReason,
    },
}

/// What happened, without its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MovementKind {
    /// It came.
    Received,
    /// What was entered when it came is put right.
    Corrected,
    /// It went to a household.
    Issued,
    /// It came back from a household.
    Returned,
    /// It went to another place.
    TransferredOut,
    /// It came from another place.
    TransferredIn,
    /// It was counted.
    Counted,
    /// It was thrown away.
    WrittenOff,
}

impl MovementKind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Received,
        Self::Corrected,
        Self::Issued,
        Self::Returned,
        Self::TransferredOut,
        Self::TransferredIn,
        Self::Counted,
        Self::WrittenOff,
    ];

    /// The kind's name in code and files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Corrected => "corrected",
            Self::Issued => "issued",
            Self::Returned => "returned",
            Self::TransferredOut => "transferred_out",
            Self::TransferredIn => "transferred_in",
            Self::Counted => "counted",
            Self::WrittenOff => "written_off",
        }
    }
}

impl fmt::Display for MovementKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for MovementKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| format!("{text:?} is not a movement of stock"))
    }
}

impl Movement {
    /// What happened, without its data.
    pub const fn kind(self) -> MovementKind {
        match self {
            Self::Received => MovementKind::Received,
            Self::Corrected { .. } => MovementKind::Corrected,
            Self::Issued { .. } => MovementKind::Issued,
            Self::Returned { .. } => MovementKind::Returned,
            Self::TransferredOut { .. } => MovementKind::TransferredOut,
            Self::TransferredIn { .. } => MovementKind::TransferredIn,
            Self::Counted { .. } => MovementKind::Counted,
            Self::WrittenOff { .. } => MovementKind::WrittenOff,
        }
    }
}

/// What an entry says: units and money that a place has more of one lot, or less where they are below zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posting {
    /// What happened.
    pub movement: Movement,
    /// The item.
    pub item: ItemId,
    /// The place.
    pub place: PlaceId,
    /// The lot.
    pub lot: LotId,
    /// Units, more or less.
    pub quantity: i64,
    /// Money, more or less.
    pub value: Pence,
}

/// An entry of the ledger. Written once, never changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockEntry {
    /// Its id.
    pub id: StockEntryId,
    /// When it was written.
    pub at: DateTime<Utc>,
    /// What it says.
    pub posting: Posting,
}

/// What a place has of one lot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    /// The item.
    pub item: ItemId,
    /// The place.
    pub place: PlaceId,
    /// The lot.
    pub lot: LotId,
    /// Units.
    pub quantity: u32,
    /// What they cost together.
    pub value: Pence,
}

impl Balance {
    /// None of a lot.
    pub const fn none(item: ItemId, place: PlaceId, lot: LotId) -> Self {
        Self { item, place, lot, quantity: 0, value: Pence::ZERO }
    }

    /// What `quantity` of its units are worth, and the balance without them. None where it has not so many.
    fn less(self, quantity: u32) -> Option<(Pence, Self)> {
        let left = self.quantity.checked_sub(quantity)?;
        let value = self.value.share(quantity, self.quantity);
        Some((value, Self { quantity: left, value: self.value - value, ..self }))
    }

    /// The balance with so many units more. Refused beyond [`MOST_UNITS`].
    fn more(self, quantity: u32, value: Pence) -> Result<Self, Refusal> {
        let sum = self.quantity.checked_add(quantity).filter(|sum| *sum <= MOST_UNITS);
        let quantity = sum.ok_or_else(|| {
            Refusal::bad("quantity", format!("A place holds at most {MOST_UNITS} units of one lot."))
        })?;
        Ok(Self { quantity, value: self.value + value, ..self })
    }

    /// As [`Balance::less`]; refused where it has not so many.
    fn must_have(self, quantity: u32) -> Result<(Pence, Self), Refusal> {
        self.less(quantity).ok_or_else(|| {
            let has = self.quantity;
            Refusal::new(
                RefusalCode::OutOfStock,
                if has == 1 {
                    format!("There is 1 unit of this lot here, not {quantity}: take at most 1.")
                } else {
                    format!("There are {has} units of this lot here, not {quantity}: take at most {has}.")
                },
            )
            .on("quantity")
        })
    }

    fn posted(self, movement: Movement, quantity: i64, value: Pence) -> Change {
        let Self { item, place, lot, .. } = self;
        Change { posting: Posting { movement, item, place, lot, quantity, value }, balance: self }
    }
}

/// An entry to be written, and the balance that it leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// What the entry says.
    pub posting: Posting,
    /// What the place then has of the lot.
    pub balance: Balance,
}

impl Change {
    /// Refused where it brings units to a place that is closed.
    pub fn must_find_open(self, place: &Place) -> Result<Self, Refusal> {
        if self.posting.quantity > 0 {
            place.must_be_open()?;
        }
        Ok(self)
    }
}

/// What a place has of a lot, with the lot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnHand {
    /// How much.
    pub balance: Balance,
    /// Of what.
    pub lot: Lot,
}

/// A lot comes to a place. Refused where it, its item or the place can't take it in.
pub fn receive(lot: &Lot, item: &Item, place: &Place, today: Night) -> Result<Change, Refusal> {
    item.must_be_current("item")?;
    place.must_be_open()?;
    quantity(i64::from(lot.quantity), "quantity")?;
    item.expiry(lot.expires_on, today)?;
    cost_of(lot.quantity, lot.cost, &lot.origin)?;
    let balance = Balance::none(lot.item, place.id, lot.id).more(lot.quantity, lot.cost)?;
    Ok(balance.posted(Movement::Received, i64::from(lot.quantity), lot.cost))
}

/// Refused where what so many units cost can't be: nothing, for what was bought; as much for a unit as no item costs.
fn cost_of(quantity: u32, cost: Pence, origin: &Origin) -> Result<(), Refusal> {
    let bought = matches!(origin, Origin::Bought { .. });
    if cost < Pence::ZERO || (bought && cost.is_zero()) {
        return Err(Refusal::bad(
            "cost",
            format!(
                "What was bought cost more than £0, not {cost}: give what it cost, or say who donated it."
            ),
        ));
    }
    let most = crate::items::PRICE_BELOW.times(quantity);
    if cost >= most {
        return Err(Refusal::bad(
            "cost",
            format!(
                "{quantity} units cost less than {most}, not {cost}: check the cost of them all together."
            ),
        ));
    }
    Ok(())
}

/// What was entered when a lot came is put right: how many there were, and what they cost. `entry` is the receipt,
/// `balance` what the place that received it has. Refused where more of it has gone from there than the right number, or
/// where what is left would be worth less than nothing. Gives the lot as it should have been.
pub fn correct(
    lot: &Lot,
    entry: StockEntryId,
    balance: Balance,
    quantity: u32,
    cost: Pence,
) -> Result<(Lot, Change), Refusal> {
    self::quantity(i64::from(quantity), "quantity")?;
    cost_of(quantity, cost, &lot.origin)?;
    let more = i64::from(quantity) - i64::from(lot.quantity);
    let dearer = cost - lot.cost;
    let left = u32::try_from(i64::from(balance.quantity) + more).ok();
    let left = left.filter(|left| *left <= MOST_UNITS).ok_or_else(|| {
        Refusal::new(
            RefusalCode::OutOfStock,
            format!(
                "Of {} units only {} are still here: there can't have been as few as {quantity}. Count what is here \
                 instead.",
                lot.quantity, balance.quantity
            ),
        )
        .on("quantity")
    })?;
    let value = balance.value + dearer;
    // Units that are gone took their cost with them: what is left bears the difference.
    if value < Pence::ZERO || (left == 0 && !value.is_zero()) {
        return Err(Refusal::bad(
            "cost",
            format!(
                "What has gone from here took its cost with it, and the {left} units that are left can't bear a \
                 difference of {dearer}: put back what can be put back first."
            ),
        ));
    }
    let balance = Balance { quantity: left, value, ..balance };
    Ok((Lot { quantity, cost, ..lot.clone() }, balance.posted(Movement::Corrected { entry }, more, dearer)))
}

/// What is taken of one lot in one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taking {
    /// How many units.
    pub quantity: u32,
    /// What they cost.
    pub value: Pence,
    /// What the place then has of the lot. Takings of one lot follow one another.
    pub balance: Balance,
    /// The lot's code.
    pub code: Option<String>,
    /// The last day on which the lot may be given out.
    pub expires_on: Option<Night>,
}

impl Taking {
    /// The entry that issues it.
    pub fn issued(&self, to: IssuedTo) -> Change {
        self.balance.posted(Movement::Issued { to }, -i64::from(self.quantity), -self.value)
    }
}

/// There is not enough of an item in a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shortage {
    /// The item.
    pub item: ItemId,
    /// How many units were wanted.
    pub wanted: u32,
    /// How many can be given out.
    pub usable: u32,
    /// How many have expired, and since when the first of them.
    pub expired: Option<(u32, Night)>,
}

impl Shortage {
    /// The same as a refusal.
    pub fn refusal(&self, item: &Item, place: &Place) -> Refusal {
        let Self { wanted, usable, .. } = self;
        let (place, name) = (&place.code, &item.name);
        let Some((expired, since)) = self.expired else {
            let message = format!(
                "{place} has {usable} of {name}, not {wanted}: give fewer or something else, or transfer some here."
            );
            return Refusal::new(RefusalCode::OutOfStock, message).on("quantity");
        };
        let message = format!(
            "{place} has {usable} of {name} that can be given out, not {wanted}; {expired} expired, the first on \
             {since}: write them off, and give fewer or something else."
        );
        let code = if *usable == 0 { RefusalCode::Expired } else { RefusalCode::OutOfStock };
        Refusal::new(code, message).on("quantity")
    }
}

/// What is on hand, from which one after another is taken: what expires first goes first, and what has expired stays.
#[derive(Clone, Debug, Default)]
pub struct Shelf {
    of: BTreeMap<ItemId, Vec<OnHand>>,
}

impl Shelf {
    /// All of what is on hand.
    pub fn new(on_hand: impl IntoIterator<Item = OnHand>) -> Self {
        let mut of: BTreeMap<ItemId, Vec<OnHand>> = BTreeMap::new();
        for one in on_hand.into_iter().filter(|one| one.balance.quantity > 0) {
            of.entry(one.balance.item).or_default().push(one);
        }
        for lots in of.values_mut() {
            lots.sort_by_key(|one| (one.lot.turn(), one.balance.place));
        }
        Self { of }
    }

    /// What is left of an item, in the order in which it goes.
    pub fn of(&self, item: ItemId) -> &[OnHand] {
        self.of.get(&item).map_or(&[], Vec::as_slice)
    }

    /// All that is left, by item, in the order in which it goes.
    pub fn all(&self) -> impl Iterator<Item = &OnHand> {
        self.of.values().flatten()
    }

    /// How many units of an item can be given out on the day.
    pub fn usable(&self, item: ItemId, on: Night) -> u32 {
        let good = self.of(item).iter().filter(|one| !one.lot.expired(on));
        good.fold(0, |sum, one| sum.saturating_add(one.balance.quantity))
    }

    /// How many units of an item have expired by the day, and since when the first of them.
    fn expired(&self, item: ItemId, on: Night) -> Option<(u32, Night)> {
        let gone = self.of(item).iter().filter(|one| one.lot.expired(on) && one.balance.quantity > 0);
        gone.fold(None, |sum, one| {
            let (units, since) = sum.unwrap_or((0, one.lot.expires_on?));
            Some((one.balance.quantity.saturating_add(units), since))
        })
    }

    /// Takes so many units of an item for the day, or as many as there are.
    pub fn take(&mut self, item: ItemId, quantity: u32, on: Night) -> Vec<Taking> {
        let mut takings = Vec::new();
        self.take_each(item, quantity, on, |one, quantity, value| {
            let (code, expires_on) = (one.lot.code.clone(), one.lot.expires_on);
            takings.push(Taking { quantity, value, balance: one.balance, code, expires_on });
        });
        takings
    }

    /// As [`Shelf::take`], where only the number matters that there were.
    pub fn take_units(&mut self, item: ItemId, quantity: u32, on: Night) -> u32 {
        quantity - self.take_each(item, quantity, on, |_, _, _| {})
    }

    /// Takes lot by lot, telling of each what was taken and what that is worth. Gives how many units were missing.
    fn take_each(
        &mut self,
        item: ItemId,
        quantity: u32,
        on: Night,
        mut taken: impl FnMut(&OnHand, u32, Pence),
    ) -> u32 {
        let mut missing = quantity;
        for one in self.of.get_mut(&item).into_iter().flatten() {
            if missing == 0 {
                break;
            }
            let quantity = missing.min(one.balance.quantity);
            if quantity == 0 || one.lot.expired(on) {
                continue;
            }
            if let Some((value, balance)) = one.balance.less(quantity) {
                one.balance = balance;
                missing -= quantity;
                taken(one, quantity, value);
            }
        }
        missing
    }
}

/// Takes so many units of an item in a place, what expires first going first. All of them or none.
pub fn take(
    on_hand: &[OnHand],
    item: ItemId,
    place: PlaceId,
    quantity: u32,
    today: Night,
) -> Result<Vec<Taking>, Shortage> {
    let here = |one: &&OnHand| one.balance.item == item && one.balance.place == place;
    let mut shelf = Shelf::new(on_hand.iter().filter(here).cloned());
    let usable = shelf.usable(item, today);
    if usable < quantity {
        return Err(Shortage { item, wanted: quantity, usable, expired: shelf.expired(item, today) });
    }
    Ok(shelf.take(item, quantity, today))
}

/// Takes so many units of the lot that somebody chose. Refused where it has expired or has not so many.
pub fn take_of_lot(on_hand: &OnHand, quantity: u32, today: Night) -> Result<Taking, Refusal> {
    self::quantity(i64::from(quantity), "quantity")?;
    on_hand.lot.must_be_good(today, "lot")?;
    let (value, balance) = on_hand.balance.must_have(quantity)?;
    let (code, expires_on) = (on_hand.lot.code.clone(), on_hand.lot.expires_on);
    Ok(Taking { quantity, value, balance, code, expires_on })
}

/// So many units of a lot go to another place, with their value. `there` is what that place has of the lot. Gives what
/// goes out, then what comes in.
pub fn transfer(
    from: Balance,
    to: &Place,
    there: Option<Balance>,
    quantity: u32,
) -> Result<[Change; 2], Refusal> {
    self::quantity(i64::from(quantity), "quantity")?;
    to.must_be_open()?;
    if from.place == to.id {
        return Err(Refusal::bad("to", "It is there already: choose another place."));
    }
    let (value, left) = from.must_have(quantity)?;
    let there = there.unwrap_or(Balance::none(from.item, to.id, from.lot)).more(quantity, value)?;
    let units = i64::from(quantity);
    Ok([
        left.posted(Movement::TransferredOut { to: to.id }, -units, -value),
        there.posted(Movement::TransferredIn { from: from.place }, units, value),
    ])
}

/// Somebody has counted what a place has of a lot. What is found costs what the lot's units cost when they came; what is
/// missing takes its share of the balance's value. Refused where the count differs and nobody says why.
pub fn count(balance: Balance, lot: &Lot, counted: u32, why: Option<CountReason>) -> Result<Change, Refusal> {
    self::counted(i64::from(counted), "counted")?;
    let difference = i64::from(counted) - i64::from(balance.quantity);
    if difference == 0 {
        return Ok(balance.posted(Movement::Counted { why: None }, 0, Pence::ZERO));
    }
    let Some(why) = why else {
        let than = if difference > 0 { "more" } else { "fewer" };
        return Err(Refusal::bad(
            "why",
            format!(
                "That is {} {than} than the {} that the ledger has: say why.",
                difference.unsigned_abs(),
                balance.quantity
            ),
        ));
    };
    let movement = Movement::Counted { why: Some(why) };
    let found = counted.saturating_sub(balance.quantity);
    if found > 0 {
        // Not a share of what came: more may be found of it than came.
        let value = Pence(lot.cost.0.div_euclid(i64::from(lot.quantity.max(1)))).times(found);
        return Ok(balance.more(found, value)?.posted(movement, difference, value));
    }
    let (value, left) = balance.must_have(balance.quantity.saturating_sub(counted))?;
    Ok(left.posted(movement, difference, -value))
}

/// Whether what a count sheet says is still to be written. `sheet` is what it had on hand when it was made, and
/// `counted_since` whether the lot was counted after that, as far as they are known. What the ledger has already is written
/// once, by a sheet that says when it was made: that it was counted, and right, is worth knowing too. Refused where units
/// came or went since the sheet was made: nobody knows on which side of that they were counted.
pub fn is_to_be_counted(
    balance: Balance,
    counted: u32,
    sheet: Option<u32>,
    counted_since: Option<bool>,
) -> Result<bool, Refusal> {
    let as_it_was = sheet.is_none_or(|sheet| sheet == balance.quantity);
    if counted == balance.quantity {
        return Ok(as_it_was && counted_since == Some(false));
    }
    if as_it_was {
        return Ok(true);
    }
    Err(Refusal::new(
        RefusalCode::Changed,
        format!(
            "The sheet has {} on hand and the ledger {} by now: count this lot again on a new sheet, or leave it out.",
            sheet.unwrap_or_default(),
            balance.quantity
        ),
    )
    .on("counted"))
}

/// So many units of a lot are thrown away. Refused as expired where they have not.
pub fn write_off(
    on_hand: &OnHand,
    quantity: u32,
    why: WriteOffReason,
    today: Night,
) -> Result<Change, Refusal> {
    self::quantity(i64::from(quantity), "quantity")?;
    // On its last day it may still be given out, and in its evening be thrown away.
    if why == WriteOffReason::Expired && on_hand.lot.expires_on.is_none_or(|last| last > today) {
        let until = on_hand.lot.expires_on.map_or_else(
            || "has no day on which it expires".to_owned(),
            |last| format!("is good until {last}"),
        );
        return Err(Refusal::bad(
            "why",
            format!("{} {until}: it has not expired. Give another reason.", on_hand.lot.words()),
        ));
    }
    let (value, left) = on_hand.balance.must_have(quantity)?;
    Ok(left.posted(Movement::WrittenOff { why }, -i64::from(quantity), -value))
}

/// What somebody still has of one lot: what was issued to them, less what they gave back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issued {
    /// To whom it was issued.
    pub to: IssuedTo,
    /// The item.
    pub item: ItemId,
    /// The lot.
    pub lot: LotId,
    /// Units.
    pub quantity: u32,
    /// What they cost.
    pub value: Pence,
}

/// So many units that were issued come back, not opened, with their share of the value. `here` is what the place has of
/// the lot.
pub fn put_back(
    issued: Issued,
    place: &Place,
    here: Option<Balance>,
    quantity: u32,
) -> Result<(Issued, Change), Refusal> {
    self::quantity(i64::from(quantity), "quantity")?;
    place.must_be_open()?;
    let left = issued.quantity.checked_sub(quantity).ok_or_else(|| {
        Refusal::bad(
            "quantity",
            format!("They have {} units of it, not {quantity}: put back at most as many.", issued.quantity),
        )
    })?;
    let value = issued.value.share(quantity, issued.quantity);
    let here = here.unwrap_or(Balance::none(issued.item, place.id, issued.lot)).more(quantity, value)?;
    let change = here.posted(Movement::Returned { from: issued.to }, i64::from(quantity), value);
    Ok((Issued { quantity: left, value: issued.value - value, ..issued }, change))
}

/// Money that has come and gone, by what became of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flows {
    /// What was received, as it was put right, and what counts found.
    pub value_in: Pence,
    /// What was issued, less what came back.
    pub issued: Pence,
    /// What was written off, and what counts missed.
    pub written_off: Pence,
}

/// The sum of the ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// What each place has of each lot, also where it has none any more.
    pub balances: BTreeMap<(PlaceId, LotId), Balance>,
    /// What each household still has of each lot, of what it was issued.
    pub issued: BTreeMap<(IssuedTo, LotId), Issued>,
    /// Where the money went.
    pub flows: Flows,
}

impl Sums {
    /// What all that is on hand cost.
    pub fn on_hand(&self) -> Pence {
        self.balances.values().map(|balance| balance.value).sum()
    }

    /// Whether value in is value on hand, issued and written off, to the penny.
    pub fn agree(&self) -> bool {
        self.flows.value_in == self.on_hand() + self.flows.issued + self.flows.written_off
    }
}

/// A ledger that says what can't be: the entry that does, in its order, and what it would leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("entry {number} of the stock ledger, counted from 0, leaves {quantity} units")]
pub struct Broken {
    /// Which entry, counted from 0.
    pub number: usize,
    /// How many units it leaves.
    pub quantity: i64,
}

/// What is left of what was issued, by whom it went to and lot; what was put back counts against it.
pub fn issued<'p>(postings: impl IntoIterator<Item = &'p Posting>) -> Vec<Issued> {
    let mut left: BTreeMap<(IssuedTo, LotId), Issued> = BTreeMap::new();
    for posting in postings {
        let (Movement::Issued { to } | Movement::Returned { from: to }) = posting.movement else { continue };
        let none = Issued { to, item: posting.item, lot: posting.lot, quantity: 0, value: Pence::ZERO };
        let issued = left.entry((to, posting.lot)).or_insert(none);
        issued.quantity = u32::try_from(i64::from(issued.quantity) - posting.quantity).unwrap_or(0);
        issued.value = issued.value - posting.value;
    }
    left.into_values().collect()
}

/// Sums the ledger, entry by entry.
pub fn sum<'p>(postings: impl IntoIterator<Item = &'p Posting>) -> Result<Sums, Broken> {
    let mut sums = Sums::default();
    for (number, posting) in postings.into_iter().enumerate() {
        let Posting { movement, item, place, lot, quantity, value } = *posting;
        let plus = |has: u32, more: i64| {
            let left = i64::from(has).saturating_add(more);
            u32::try_from(left).map_err(|_| Broken { number, quantity: left })
        };
        let balance = sums.balances.entry((place, lot)).or_insert(Balance::none(item, place, lot));
        balance.quantity = plus(balance.quantity, quantity)?;
        balance.value = balance.value + value;
        let flows = &mut sums.flows;
        match movement {
            Movement::Received | Movement::Corrected { .. } => flows.value_in = flows.value_in + value,
            Movement::Counted { .. } if quantity > 0 => flows.value_in = flows.value_in + value,
            Movement::Counted { .. } | Movement::WrittenOff { .. } => {
                flows.written_off = flows.written_off - value;
            }
            Movement::Issued { to } | Movement::Returned { from: to } => {
                flows.issued = flows.issued - value;
                let none = Issued { to, item, lot, quantity: 0, value: Pence::ZERO };
                let issued = sums.issued.entry((to, lot)).or_insert(none);
                issued.quantity = plus(issued.quantity, -quantity)?;
                issued.value = issued.value - value;
            }
            Movement::TransferredOut { .. } | Movement::TransferredIn { .. } => {}
        }
    }
    Ok(sums)
}
