//! The stock ledger: what comes, is given out, moves, is counted and thrown away.
//!
//! Whoever moves something of a lot locks the lot first, so that of two who want the last unit one is told that it is
//! gone; the database's own check stands behind that.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use safespace_domain::{
    GrantId, ItemId, LotId, Night, PlaceId, Refusal, RefusalCode, StayId, StockEntryId,
    access::{Actor, Permission},
    clock::service_day,
    codes,
    items::{Item, Level},
    money::Pence,
    nights::later,
    packs::must_go_on,
    places::Place,
    stays::Stay,
    stock::{
        self, Balance, Change, CountReason, Issued, IssuedTo, Lot, Movement, OnHand, Origin, Shelf,
        StockEntry, WriteOffReason,
    },
};
use safespace_store::{Page, StoredEntry};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    Engine, EngineError, Outcome,
    keys::SERVICE,
    work::{Done, Work},
};

/// The most lines of one delivery, count or transfer.
pub(crate) const MOST_LINES: usize = 200;

/// From whom a delivery is.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "origin", rename_all = "snake_case")]
pub enum OriginAsk {
    /// It was bought.
    Bought {
        /// From whom.
        supplier: String,
        /// With which grant: its code.
        grant: Option<String>,
    },
    /// It was given.
    Donated {
        /// By which organisation. Never a person.
        by: Option<String>,
    },
}

/// What came of one item.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReceiptLine {
    /// The item's code or bar code.
    pub item: String,
    /// How many units.
    pub quantity: i64,
    /// What they cost, all together, in pounds; 0 for a donation.
    pub cost: Decimal,
    /// The lot's number as it is printed on it.
    pub lot: Option<String>,
    /// The last day on which it may be given out.
    pub expires_on: Option<Night>,
}

/// See [`crate::Command::ReceiveStock`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReceiveStock {
    /// Where it comes to: the place's code.
    pub place: String,
    /// From whom.
    pub from: OriginAsk,
    /// The number of the delivery note.
    pub delivery_note: Option<String>,
    /// What came.
    pub lines: Vec<ReceiptLine>,
}

/// See [`crate::Command::CorrectReceipt`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CorrectReceipt {
    /// The entry that says what came.
    pub entry: StockEntryId,
    /// How many units there were.
    pub quantity: i64,
    /// What they cost, all together, in pounds.
    pub cost: Decimal,
}

/// What is given of one item.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct IssueLine {
    /// The item's code or bar code.
    pub item: String,
    /// How many units.
    pub quantity: i64,
}

/// See [`crate::Command::IssueStock`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct IssueStock {
    /// From where: the place's code.
    pub place: String,
    /// To whom: a stay that is booked or in residence.
    pub stay: StayId,
    /// What, all of it or nothing. Of each item, what expires first goes first.
    pub lines: Vec<IssueLine>,
    /// Why they get something that is not for them by what is known of their diets and allergies. Confidential.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
}

/// See [`crate::Command::ReturnStock`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ReturnStock {
    /// Where it comes back to: the place's code.
    pub place: String,
    /// From whom.
    pub stay: StayId,
    /// Of which lot.
    pub lot: LotId,
    /// How many units.
    pub quantity: i64,
}

/// What goes of one lot.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TransferLine {
    /// Which.
    pub lot: LotId,
    /// How many units.
    pub quantity: i64,
}

/// See [`crate::Command::TransferStock`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TransferStock {
    /// From where: the place's code.
    pub from: String,
    /// Where to: the place's code.
    pub to: String,
    /// What.
    pub lines: Vec<TransferLine>,
}

/// What was counted of one lot.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CountLine {
    /// Which.
    pub lot: LotId,
    /// How many units are there.
    pub counted: i64,
    /// Why that differs from the ledger, where it does.
    pub why: Option<CountReason>,
    /// Why in words. Needed where the reason is none of the list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// See [`crate::Command::CountStock`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CountStock {
    /// Where: the place's code.
    pub place: String,
    /// What was counted.
    pub lines: Vec<CountLine>,
}

/// See [`crate::Command::WriteOffStock`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WriteOffStock {
    /// Where: the place's code.
    pub place: String,
    /// Of which lot.
    pub lot: LotId,
    /// How many units.
    pub quantity: i64,
    /// Why.
    pub why: WriteOffReason,
    /// Why in words. Needed where the reason is none of the list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Which entries of the ledger a list has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StockFilter {
    /// Only those of this item.
    pub item: Option<ItemId>,
    /// Only those of this place.
    pub place: Option<PlaceId>,
}

/// An entry of the ledger, as the team sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryView {
    /// The entry.
    pub entry: StockEntry,
    /// Why in words, opened.
    pub note: Option<String>,
    /// The account or token that wrote it.
    pub by: Uuid,
    /// The stay that it went to or came back from; none where there is none, and where that case is closed to who asks.
    pub stay: Option<Stay>,
}

/// A place that is low of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LowStock {
    /// The place, the item, and at how many it is low.
    pub level: Level,
    /// How many units there are that have not expired.
    pub usable: u32,
}

impl Engine {
    /// What is on hand, in one place or in all, by item and by what expires first.
    pub async fn stock(&self, actor: &Actor, place: Option<PlaceId>) -> Result<Vec<OnHand>, EngineError> {
        self.must(actor, Permission::SeeSpaces)?;
        let here = Shelf::new(self.store.reader().on_hand(None, place).await?);
        Ok(here.all().cloned().collect())
    }

    /// What is on hand and expires within so many days, or has; what expires first comes first.
    pub async fn expiring_stock(&self, actor: &Actor, days: u32) -> Result<Vec<OnHand>, EngineError> {
        let last = later(service_day(self.clock.now()), days);
        let mut soon: Vec<OnHand> = self.stock(actor, None).await?;
        soon.retain(|one| one.lot.expires_on.is_some_and(|expires_on| expires_on <= last));
        soon.sort_by_key(|one| (one.lot.expires_on, one.lot.id, one.balance.place));
        Ok(soon)
    }

    /// The places that are low of an item, by place and item.
    pub async fn low_stock(&self, actor: &Actor) -> Result<Vec<LowStock>, EngineError> {
        self.must(actor, Permission::SeeSpaces)?;
        let today = service_day(self.clock.now());
        let reader = self.store.reader();
        let (levels, on_hand) = (reader.levels().await?, reader.on_hand(None, None).await?);
        let low = levels.into_iter().filter_map(|level| {
            let here = on_hand.iter().filter(|one| {
                one.balance.place == level.place && one.balance.item == level.item && !one.lot.expired(today)
            });
            let usable = here.fold(0_u32, |sum, one| sum.saturating_add(one.balance.quantity));
            (usable <= level.reorder_point).then_some(LowStock { level, usable })
        });
        Ok(low.collect())
    }

    /// A page of the ledger, oldest first.
    pub async fn stock_entries(
        &self,
        actor: &Actor,
        filter: &StockFilter,
        page: Page<StockEntryId>,
    ) -> Result<Vec<EntryView>, EngineError> {
        self.must(actor, Permission::SeeStays)?;
        let filter = safespace_store::StockFilter { item: filter.item, place: filter.place, stay: None };
        let entries = self.store.reader().stock_entries(filter, page).await?;
        self.views(actor, entries).await
    }

    /// These entries, as they are told to somebody who has just written them.
    pub async fn entry_views(
        &self,
        actor: &Actor,
        entries: &[StockEntry],
    ) -> Result<Vec<EntryView>, EngineError> {
        self.must(actor, Permission::SeeStays)?;
        let by = actor.who.id();
        let has_words = |entry: &&StockEntry| {
            matches!(entry.posting.movement, Movement::Counted { .. } | Movement::WrittenOff { .. })
        };
        let told: Vec<StockEntryId> = entries.iter().filter(has_words).map(|entry| entry.id).collect();
        let mut notes = BTreeMap::new();
        if !told.is_empty() {
            let stored = self.store.reader().stock_entries_by_id(&told).await?;
            notes.extend(stored.into_iter().map(|stored| (stored.entry.id, stored.note)));
        }
        let stored = entries.iter().map(|entry| {
            let note = notes.remove(&entry.id).flatten();
            StoredEntry { entry: *entry, by, note }
        });
        self.views(actor, stored.collect()).await
    }

    /// The entries with the stays that they name, where those are open to the actor.
    async fn views(&self, actor: &Actor, entries: Vec<StoredEntry>) -> Result<Vec<EntryView>, EngineError> {
        let ids: BTreeSet<Uuid> =
            entries.iter().filter_map(|stored| issued_to(&stored.entry)).map(|to| to.stay.0).collect();
        let ids: Vec<Uuid> = ids.into_iter().collect();
        let mut stays = self.store.reader().stays_by_id(&ids).await?;
        stays.retain(|stay| !self.is_closed_to(actor, stay.household));
        let mut views = Vec::with_capacity(entries.len());
        for StoredEntry { entry, by, note } in entries {
            let to = issued_to(&entry).map(|to| to.stay);
            let note = match note {
                Some(sealed) => Some(self.open_sealed(SERVICE, &note_context(entry.id), &sealed).await?),
                None => None,
            };
            let stay = stays.iter().find(|stay| Some(stay.id) == to).cloned();
            views.push(EntryView { entry, note, by, stay });
        }
        Ok(views)
    }

    /// What the household of a stay still has of what it was given, by lot. None where there is no such stay, or its case
    /// is closed to the actor.
    pub async fn issued_to(&self, actor: &Actor, stay: StayId) -> Result<Option<Vec<Issued>>, EngineError> {
        self.must(actor, Permission::SeeStays)?;
        if !self.stay_is_open(actor, stay).await? {
            return Ok(None);
        }
        let filter = safespace_store::StockFilter { stay: Some(stay), ..Default::default() };
        let page = Page { after: None, limit: u64::from(u16::MAX) };
        Ok(Some(issued(&self.store.reader().stock_entries(filter, page).await?)))
    }

    async fn stay_is_open(&self, actor: &Actor, stay: StayId) -> Result<bool, EngineError> {
        let found = self.store.reader().stay(stay).await?;
        Ok(found.is_some_and(|stay| !self.is_closed_to(actor, stay.household)))
    }

    pub(crate) async fn receive_stock(&self, work: &mut Work, ask: ReceiveStock) -> Done<Outcome> {
        must_have_lines(ask.lines.len())?;
        let place = self.use_place(work, &ask.place, "place").await?;
        let origin = self.origin(work, ask.from, ask.delivery_note).await?;
        let (mut lots, mut changes) = (Vec::new(), Vec::new());
        let called: Vec<&str> = ask.lines.iter().map(|line| line.item.as_str()).collect();
        let items = self.known_items(work, &called).await?;
        for (line, item) in ask.lines.iter().zip(&items) {
            let lot = Lot {
                id: LotId(self.ids.next()),
                item: item.id,
                code: line.lot.as_deref().map(|code| codes::reference(code, "lot")).transpose()?,
                expires_on: item.expiry(line.expires_on, work.today)?,
                received_at: work.now,
                origin: origin.clone(),
                quantity: stock::quantity(line.quantity, "quantity")?,
                cost: Pence::from_pounds(line.cost, "cost")?,
            };
            changes.push(stock::receive(&lot, item, &place, work.today)?);
            lots.push(lot);
        }
        work.tx.add_lots(&lots).await?;
        self.post(work, &changes).await
    }

    /// From whom a delivery is. A grant pays only within its time.
    async fn origin(&self, work: &Work, ask: OriginAsk, delivery_note: Option<String>) -> Done<Origin> {
        let origin = match ask {
            OriginAsk::Donated { by } => Origin::Donated { by, delivery_note },
            OriginAsk::Bought { supplier, grant } => {
                let grant: Option<GrantId> = match grant {
                    None => None,
                    Some(code) => {
                        let found = work.tx.lock_grant(&code).await?;
                        let grant = found.ok_or_else(|| Refusal::not_found("grant", "grant"))?;
                        grant.must_run(work.today, "grant")?;
                        Some(grant.id)
                    }
                };
                Origin::Bought { supplier, delivery_note, grant }
            }
        };
        Ok(origin.checked()?)
    }

    pub(crate) async fn correct_receipt(&self, work: &mut Work, ask: CorrectReceipt) -> Done<Outcome> {
        let found = work.tx.reader().stock_entry(ask.entry).await?.map(|stored| stored.entry);
        let received = found.filter(|entry| entry.posting.movement == Movement::Received);
        let entry = received.ok_or_else(|| Refusal::not_found("receipt", "entry"))?;
        let (place, lot) = (entry.posting.place, entry.posting.lot);
        let at = work.tx.use_place_with(place).await?.ok_or_else(|| Refusal::not_found("place", "place"))?;
        let lots = work.tx.lock_lots(&[lot]).await?;
        let lot = lots.get(&lot).ok_or_else(no_lot)?;
        let balance = work.tx.reader().balance(place, lot.id).await?;
        let balance = balance.unwrap_or(Balance::none(lot.item, place, lot.id));
        let quantity = stock::quantity(ask.quantity, "quantity")?;
        let cost = Pence::from_pounds(ask.cost, "cost")?;
        let (lot, change) = stock::correct(lot, entry.id, balance, quantity, cost)?;
        let change = change.must_find_open(&at)?;
        work.tx.save_lot(&lot).await?;
        self.post(work, &[change]).await
    }

    pub(crate) async fn issue_stock(&self, work: &mut Work, ask: IssueStock) -> Done<Outcome> {
        must_have_lines(ask.lines.len())?;
        let place = self.use_place(work, &ask.place, "place").await?;
        let stay = self.about_stay(work, ask.stay).await?;
        let called: Vec<&str> = ask.lines.iter().map(|line| line.item.as_str()).collect();
        let mut wanted: Vec<(Item, u32)> = Vec::new();
        for (item, line) in self.known_items(work, &called).await?.into_iter().zip(&ask.lines) {
            wanted.push((item, stock::quantity(line.quantity, "quantity")?));
        }
        self.must_suit(work, &stay, &wanted, ask.because.as_deref()).await?;
        let to = IssuedTo { stay: ask.stay, pack: None };
        let changes = self.taken(work, &place, &wanted, to).await?;
        self.post(work, &changes).await
    }

    /// Refused where something is not for the household by what is known of its diets and allergies, and nobody says why
    /// it gets it all the same.
    async fn must_suit(
        &self,
        work: &mut Work,
        stay: &Stay,
        wanted: &[(Item, u32)],
        because: Option<&str>,
    ) -> Done<()> {
        let avoids = self.avoids_of(work, stay.household).await?;
        let unsuited = wanted.iter().find_map(|(item, _)| item.must_suit(&avoids, "lines").err());
        match (unsuited, because.filter(|text| !text.trim().is_empty())) {
            (None, _) => Ok(()),
            (Some(refusal), None) => Err(refusal.into()),
            (Some(_), Some(because)) => {
                let because = codes::note(because, "because")?;
                work.why = self.sealed_why(&work.tx, stay.household.0, &because).await?;
                Ok(())
            }
        }
    }

    /// Takes what is wanted from a place, all of it or nothing.
    async fn taken(
        &self,
        work: &Work,
        place: &Place,
        wanted: &[(Item, u32)],
        to: IssuedTo,
    ) -> Done<Vec<Change>> {
        let items: Vec<ItemId> = wanted.iter().map(|(item, _)| item.id).collect();
        let mut on_hand = work.tx.lock_on_hand(&items, &[place.id]).await?;
        let mut changes = Vec::new();
        for (item, quantity) in wanted {
            let takings = stock::take(&on_hand, item.id, place.id, *quantity, work.today)
                .map_err(|shortage| shortage.refusal(item, place))?;
            for taking in &takings {
                changes.push(taking.issued(to));
                let left = on_hand.iter_mut().find(|one| one.balance.lot == taking.balance.lot);
                if let Some(one) = left {
                    one.balance = taking.balance;
                }
            }
        }
        Ok(changes)
    }

    pub(crate) async fn return_stock(&self, work: &mut Work, ask: ReturnStock) -> Done<Outcome> {
        let place = self.use_place(work, &ask.place, "place").await?;
        let found = work.tx.reader().stay(ask.stay).await?;
        let stay = found.filter(|stay| !self.is_closed_to(&work.actor, stay.household));
        let stay = stay.ok_or_else(|| Refusal::not_found("stay", "stay"))?;
        work.about(stay.household);
        work.tx.lock_lots(&[ask.lot]).await?;
        let filter = safespace_store::StockFilter { stay: Some(ask.stay), ..Default::default() };
        let page = Page { after: None, limit: u64::from(u16::MAX) };
        let entries = work.tx.reader().stock_entries(filter, page).await?;
        let theirs = issued(&entries).into_iter().find(|issued| issued.lot == ask.lot);
        let theirs = theirs.ok_or_else(|| {
            Refusal::new(RefusalCode::NotFound, "The household has nothing of this lot to give back.")
                .on("lot")
        })?;
        let quantity = stock::quantity(ask.quantity, "quantity")?;
        let here = work.tx.reader().balance(place.id, ask.lot).await?;
        let (_, change) = stock::put_back(theirs, &place, here, quantity)?;
        self.post(work, &[change]).await
    }

    pub(crate) async fn transfer_stock(&self, work: &mut Work, ask: TransferStock) -> Done<Outcome> {
        must_have_lines(ask.lines.len())?;
        let from = self.use_place(work, &ask.from, "from").await?;
        let to = self.use_place(work, &ask.to, "to").await?;
        let ids: Vec<LotId> = ask.lines.iter().map(|line| line.lot).collect();
        must_be_once_each(&ids)?;
        work.tx.lock_lots(&ids).await?;
        let mut changes = Vec::new();
        for line in ask.lines {
            let here = work.tx.reader().balance(from.id, line.lot).await?.ok_or_else(no_lot)?;
            let there = work.tx.reader().balance(to.id, line.lot).await?;
            let quantity = stock::quantity(line.quantity, "quantity")?;
            changes.extend(stock::transfer(here, &to, there, quantity)?);
        }
        self.post(work, &changes).await
    }

    pub(crate) async fn count_stock(&self, work: &mut Work, ask: CountStock) -> Done<Outcome> {
        must_have_lines(ask.lines.len())?;
        let place = self.use_place(work, &ask.place, "place").await?;
        let ids: Vec<LotId> = ask.lines.iter().map(|line| line.lot).collect();
        must_be_once_each(&ids)?;
        let lots = work.tx.lock_lots(&ids).await?;
        let (mut changes, mut notes) = (Vec::new(), Vec::new());
        for line in ask.lines {
            let lot = lots.get(&line.lot).ok_or_else(no_lot)?;
            let balance = work.tx.reader().balance(place.id, lot.id).await?;
            let balance = balance.unwrap_or(Balance::none(lot.item, place.id, lot.id));
            let counted = stock::counted(line.counted, "counted")?;
            let change = stock::count(balance, lot, counted, line.why)?.must_find_open(&place)?;
            notes.push(in_words(&change, line.note.as_deref())?);
            changes.push(change);
        }
        self.post_with(work, &changes, &notes).await
    }

    pub(crate) async fn write_off_stock(&self, work: &mut Work, ask: WriteOffStock) -> Done<Outcome> {
        let place = self.use_place(work, &ask.place, "place").await?;
        let lots = work.tx.lock_lots(&[ask.lot]).await?;
        let lot = lots.get(&ask.lot).ok_or_else(no_lot)?;
        let balance = work.tx.reader().balance(place.id, lot.id).await?.ok_or_else(no_lot)?;
        let quantity = stock::quantity(ask.quantity, "quantity")?;
        let on_hand = OnHand { balance, lot: lot.clone() };
        let change = stock::write_off(&on_hand, quantity, ask.why, work.today)?;
        let note = in_words(&change, ask.note.as_deref())?;
        self.post_with(work, &[change], &[note]).await
    }

    /// Writes what was decided into the ledger.
    pub(crate) async fn post(&self, work: &mut Work, changes: &[Change]) -> Done<Outcome> {
        self.post_with(work, changes, &[]).await
    }

    /// Writes what was decided into the ledger, and of each change why in words, where that is said.
    pub(crate) async fn post_with(
        &self,
        work: &mut Work,
        changes: &[Change],
        notes: &[Option<String>],
    ) -> Done<Outcome> {
        let by = work.actor.who.id();
        let entries: Vec<StockEntry> = changes
            .iter()
            .map(|change| StockEntry {
                id: StockEntryId(self.ids.next()),
                at: work.now,
                posting: change.posting,
            })
            .collect();
        let mut stored = Vec::with_capacity(entries.len());
        for (n, entry) in entries.iter().enumerate() {
            // It is of a lot, and of no household and no property: the service's own key seals it.
            let note = match notes.get(n).and_then(Option::as_deref) {
                Some(note) => Some(self.seal(&work.tx, SERVICE, &note_context(entry.id), note).await?),
                None => None,
            };
            stored.push(StoredEntry { entry: *entry, by, note });
        }
        work.tx.post(&stored, changes).await?;
        work.audit(entries.first().map(|entry| entry.id.0), &[], &entries);
        Ok(Outcome::StockEntries(entries))
    }

    /// The stay that something is given to: it is booked or in residence, and its case open to who gives.
    async fn about_stay(&self, work: &mut Work, id: StayId) -> Done<Stay> {
        let found = work.tx.lock_stay(id).await?;
        let stay = found.filter(|stay| !self.is_closed_to(&work.actor, stay.household));
        let stay = stay.ok_or_else(|| Refusal::not_found("stay", "stay"))?;
        must_go_on(&stay)?;
        work.about(stay.household);
        Ok(stay)
    }
}

/// Why in words, of a change. Refused where it gives no reason of the list and nobody says which.
pub(crate) fn in_words(change: &Change, note: Option<&str>) -> Result<Option<String>, Refusal> {
    let other = matches!(
        change.posting.movement,
        Movement::Counted { why: Some(CountReason::Other) }
            | Movement::WrittenOff { why: WriteOffReason::Other }
    );
    stock::in_words(other, note)
}

/// The place to which an entry's note is bound.
fn note_context(id: StockEntryId) -> String {
    format!("stock_entry.note.{id}")
}

/// The stay that an entry is about, where it is about one.
pub(crate) fn issued_to(entry: &StockEntry) -> Option<IssuedTo> {
    match entry.posting.movement {
        Movement::Issued { to } | Movement::Returned { from: to } => Some(to),
        _ => None,
    }
}

/// What is left of what was issued, by lot: what came back counts against it.
fn issued(entries: &[StoredEntry]) -> Vec<Issued> {
    let sums = stock::issued(entries.iter().map(|stored| &stored.entry.posting));
    sums.into_iter().filter(|issued| issued.quantity > 0).collect()
}

fn no_lot() -> Refusal {
    Refusal::new(RefusalCode::NotFound, "There is nothing of this lot here: look at what is on hand.")
        .on("lot")
}

fn must_have_lines(lines: usize) -> Result<(), Refusal> {
    if (1..=MOST_LINES).contains(&lines) {
        return Ok(());
    }
    Err(Refusal::bad("lines", format!("Give 1 to {MOST_LINES} lines, not {lines}.")))
}

fn must_be_once_each(lots: &[LotId]) -> Result<(), Refusal> {
    let mut seen = BTreeSet::new();
    if lots.iter().all(|lot| seen.insert(*lot)) {
        return Ok(());
    }
    Err(Refusal::bad("lines", "A lot is there twice: put its lines together."))
}
