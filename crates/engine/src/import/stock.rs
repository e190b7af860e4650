//! Files of items and of counts: all of them or nothing, in one transaction. Half a count would leave a ledger that nobody
//! has counted.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use chrono::{DateTime, Utc};
use csv::StringRecord;
use safespace_domain::{
    ItemId, LotId, PlaceId, Refusal,
    access::{Actor, Permission},
    codes,
    items::{Item, known_category},
    places::Place,
    stock::{self, Balance, Change, Lot, OnHand},
};
use safespace_store::StoreError;

use super::{
    Mode, RefusedRow, Report,
    rows::{CountRow, ItemRow, Row, StockFiles},
};
use crate::{
    Engine, EngineError, Fault,
    items::{MOST_ITEMS, no_item},
    stock::{MOST_LINES, in_words},
    work::{Done, Failure, Work},
};

/// How often an import is tried that gave way to others.
const TRIES: u32 = 6;

/// Rows that were read and are not written yet.
type Rows<T> = [Row<T>];

impl Engine {
    /// Brings files of items and of counts in: all rows of both, or none. Where a row can't be, the report names each such
    /// row, and nothing was changed.
    pub async fn import_stock(
        &self,
        actor: &Actor,
        files: &StockFiles,
        mode: Mode,
    ) -> Result<Report, EngineError> {
        if files.items.is_some() {
            self.must(actor, Permission::ManageStock)?;
        }
        if files.counts.is_some() {
            self.must(actor, Permission::KeepStock)?;
        }
        let mut tries = 0;
        loop {
            tries += 1;
            match self.try_import_stock(actor, files, mode).await {
                Err(EngineError::Fault(Fault::Store(
                    StoreError::Deadlock | StoreError::InUse("item_code" | "item_barcode"),
                ))) if tries < TRIES => self.store.settle().await,
                done => return done,
            }
        }
    }

    async fn try_import_stock(
        &self,
        actor: &Actor,
        files: &StockFiles,
        mode: Mode,
    ) -> Result<Report, EngineError> {
        let _gate = self.live.gate.read().await;
        let mut work = self.begin(&Arc::new(actor.clone()), "import_items").await?;
        let mut report = Report { read: files.len(), ..Report::default() };
        if let Some(rows) = &files.items {
            self.import_items(&mut work, rows, &mut report).await.map_err(error_of)?;
        }
        if let Some(rows) = &files.counts {
            work.action = "import_counts";
            self.import_counts(&mut work, rows, &mut report).await.map_err(error_of)?;
        }
        if !report.refused.is_empty() {
            // What was written goes with the transaction.
            report.refused.sort_by_key(|row| (row.file, row.line));
            return Ok(Report { imported: 0, ..report });
        }
        if mode == Mode::Write {
            self.commit(work).await?;
        }
        Ok(report)
    }

    async fn import_items(&self, work: &mut Work, rows: &Rows<ItemRow>, report: &mut Report) -> Done<()> {
        let there = work.tx.reader().items().await?;
        let categories = work.tx.reader().item_categories().await?;
        let known: BTreeMap<String, &Item> =
            there.iter().map(|item| (codes::key(&item.code), item)).collect();
        let mut seen = Seen::default();
        let mut planned: BTreeMap<String, (&Row<ItemRow>, Item)> = BTreeMap::new();
        for row in rows {
            let item = row.says.as_ref().map_err(Clone::clone).and_then(|said| {
                let key = codes::key(&said.code);
                seen.once(key.clone(), row.line, &said.code)?;
                known_category(&categories, &said.category, "category").map_err(words)?;
                let item = item_of(said, known.get(&key).copied(), || ItemId(self.ids.next()));
                item.checked().map_err(words)
            });
            match item {
                Ok(item) => drop(planned.insert(codes::key(&item.code), (row, item))),
                Err(why) => report.refuse("items", row.line, &row.cells, why),
            }
        }
        must_have_own_barcodes(&there, &planned, report);
        if known.keys().chain(planned.keys()).collect::<BTreeSet<_>>().len() > MOST_ITEMS {
            return Err(Refusal::bad("items", format!("A catalogue has at most {MOST_ITEMS} items.")).into());
        }
        if !report.refused.is_empty() {
            return Ok(());
        }
        let (changed, new): (Vec<_>, Vec<_>) = planned
            .into_iter()
            .filter(|(key, (_, item))| known.get(key).is_none_or(|known| *known != item))
            .map(|(key, (_, item))| (known.contains_key(&key), item))
            .partition(|(there, _)| *there);
        report.imported += changed.len() + new.len();
        report.unchanged += rows.len() - changed.len() - new.len();
        let changed: Vec<Item> = changed.into_iter().map(|(_, item)| item).collect();
        // Bar codes may change hands: each is given up before it is taken.
        for item in &changed {
            let before = known.get(&codes::key(&item.code)).and_then(|known| known.barcode.as_ref());
            if before.is_some() && before != item.barcode.as_ref() {
                work.tx.save_item(&Item { barcode: None, ..item.clone() }).await?;
            }
        }
        for item in &changed {
            work.tx.save_item(item).await?;
        }
        let new: Vec<Item> = new.into_iter().map(|(_, item)| item).collect();
        work.tx.add_items(&new).await?;
        for item in changed.iter().chain(&new) {
            work.audit(Some(item.id.0), &[], item);
        }
        Ok(())
    }

    async fn import_counts(
        &self,
        work: &mut Work,
        rows: &Rows<Option<CountRow>>,
        report: &mut Report,
    ) -> Done<()> {
        let shelves = Shelves::load(work, rows).await?;
        let mut counted = Vec::new();
        let mut seen = Seen::default();
        for row in rows {
            match &row.says {
                Ok(None) => report.unchanged += 1,
                Ok(Some(said)) => {
                    let found = shelves.lot(said).and_then(|(place, lot)| {
                        let called = format!("this lot of {} in {}", said.item, said.place);
                        seen.once(format!("{place} {lot}"), row.line, &called)?;
                        Ok((place, lot))
                    });
                    match found {
                        Ok((place, lot)) => counted.push((row, said, place, lot)),
                        Err(why) => report.refuse("counts", row.line, &row.cells, why),
                    }
                }
                Err(why) => report.refuse("counts", row.line, &row.cells, why.clone()),
            }
        }
        // Locked before it is looked at how many there are: who had them before may have taken of them.
        let ids: BTreeSet<LotId> = counted.iter().map(|(.., lot)| *lot).collect();
        let lots = work.tx.lock_lots(&ids.into_iter().collect::<Vec<_>>()).await?;
        let balances = shelves.balances(work).await?;
        let since = shelves.counted_since(work, counted.iter().map(|(_, said, ..)| *said)).await?;
        let mut changes: BTreeMap<PlaceId, Vec<(Change, Option<String>)>> = BTreeMap::new();
        for (row, said, place, lot) in counted {
            let key = (place, lot);
            let change = match lots.get(&lot) {
                Some(lot) => {
                    shelves.change(said, place, lot, balances.get(&key).copied(), since.get(&key).copied())
                }
                None => Err("there is no such lot any more".to_owned()),
            };
            match change {
                Ok(Some(change)) => changes.entry(place).or_default().push(change),
                Ok(None) => report.unchanged += 1,
                Err(why) => report.refuse("counts", row.line, &row.cells, why),
            }
        }
        if report.refused.is_empty() {
            for some in changes.values().flat_map(|of_place| of_place.chunks(MOST_LINES)) {
                let (changes, notes): (Vec<_>, Vec<_>) = some.iter().cloned().unzip();
                report.imported += changes.len();
                self.post_with(work, &changes, &notes).await?;
            }
        }
        Ok(())
    }
}

/// The item that a row tells of: what it does not say is as it was.
fn item_of(said: &ItemRow, there: Option<&Item>, new: impl FnOnce() -> ItemId) -> Item {
    let said = said.clone();
    Item {
        id: there.map_or_else(new, |item| item.id),
        code: there.map_or(said.code, |item| item.code.clone()),
        name: said.name,
        category: said.category,
        unit_of_issue: said.unit_of_issue,
        pack_size: said.pack_size,
        price: said.price,
        supplier: said.supplier.or(there.and_then(|item| item.supplier.clone())),
        eaten: said.eaten,
        contains: said.contains.or(there.and_then(|item| item.contains.clone())),
        suits: said.suits.or(there.map(|item| item.suits.clone()).unwrap_or_default()),
        shelf_life_days: said.shelf_life_days.or(there.and_then(|item| item.shelf_life_days)),
        perishable: said.perishable,
        barcode: said.barcode.or(there.and_then(|item| item.barcode.clone())),
        retired: said.retired.or(there.is_some_and(|item| item.retired)),
    }
}

/// Refuses each row whose bar code would be another item's, too, once all rows are in.
fn must_have_own_barcodes(
    there: &[Item],
    planned: &BTreeMap<String, (&Row<ItemRow>, Item)>,
    report: &mut Report,
) {
    let stays = there.iter().filter(|item| !planned.contains_key(&codes::key(&item.code)));
    let mut owners: BTreeMap<&str, Vec<&Item>> = BTreeMap::new();
    for item in stays.chain(planned.values().map(|(_, item)| item)) {
        if let Some(barcode) = &item.barcode {
            owners.entry(barcode).or_default().push(item);
        }
    }
    for (row, item) in planned.values() {
        let all = item.barcode.as_deref().and_then(|barcode| owners.get(barcode));
        if let Some(other) = all.into_iter().flatten().find(|other| other.id != item.id) {
            let line = planned.get(&codes::key(&other.code)).map(|(row, _)| row.line);
            let line = line.map(|line| format!(", line {line}")).unwrap_or_default();
            let why = format!("its bar code is that of {}{line}: look it up by it", other.code);
            report.refuse("items", row.line, &row.cells, why);
        }
    }
}

/// On which line something was seen first.
#[derive(Default)]
struct Seen(BTreeMap<String, u64>);

impl Seen {
    fn once(&mut self, key: String, line: u64, called: &str) -> Result<(), String> {
        match self.0.get(&key) {
            Some(first) => {
                Err(format!("{called} is there twice, on line {first} and on line {line}: keep one"))
            }
            None => {
                self.0.insert(key, line);
                Ok(())
            }
        }
    }
}

/// What the rows of a file of counts are about.
struct Shelves {
    places: BTreeMap<String, Place>,
    items: Vec<Item>,
    on_hand: Vec<OnHand>,
    lots: BTreeMap<LotId, Lot>,
}

impl Shelves {
    async fn load(work: &Work, rows: &Rows<Option<CountRow>>) -> Done<Self> {
        let said = || rows.iter().filter_map(|row| row.says.as_ref().ok()).flatten();
        let mut places = BTreeMap::new();
        // In order, so that two who bring in counts of the same places never wait for each other in a circle.
        for code in said().map(|said| codes::key(&said.place)).collect::<BTreeSet<_>>() {
            if let Some(place) = work.tx.use_place(&code).await? {
                places.insert(code, place);
            }
        }
        let mut on_hand = Vec::new();
        for place in places.values() {
            on_hand.extend(work.tx.reader().on_hand(None, Some(place.id)).await?);
        }
        Ok(Self {
            places,
            items: work.tx.reader().items().await?,
            on_hand,
            lots: work.tx.reader().lots(said().filter_map(|said| said.lot_id)).await?,
        })
    }

    fn place(&self, id: PlaceId) -> Option<&Place> {
        self.places.values().find(|place| place.id == id)
    }

    /// The place and the lot that a row is about: the lot that it names, or the only one that looks like it.
    fn lot(&self, said: &CountRow) -> Result<(PlaceId, LotId), String> {
        let place = self.places.get(&codes::key(&said.place));
        let place = place.ok_or_else(|| format!("there is no place {} that holds stock", said.place))?.id;
        let is_called = |item: &&Item| {
            codes::key(&item.code) == codes::key(&said.item)
                || item.barcode.as_deref() == Some(said.item.trim())
        };
        let item = self.items.iter().find(is_called).ok_or_else(|| words(no_item(&said.item, "item")))?;
        if let Some(id) = said.lot_id {
            let lot = self.lots.get(&id).filter(|lot| lot.item == item.id);
            let lot = lot.ok_or_else(|| format!("there is no such lot of {}", item.code))?;
            return Ok((place, lot.id));
        }
        let looks_like_it = |one: &&OnHand| {
            one.balance.place == place
                && one.balance.item == item.id
                && said.expires.is_none_or(|day| one.lot.expires_on == Some(day))
                && said.lot.as_deref().is_none_or(|code| {
                    one.lot.code.as_deref().is_some_and(|known| known.eq_ignore_ascii_case(code))
                })
        };
        let mut found = self.on_hand.iter().filter(looks_like_it);
        match (found.next(), found.count()) {
            (Some(one), 0) => Ok((place, one.lot.id)),
            (None, _) => Err(format!(
                "{} has no such lot of {}: write down what came, or take the row from a count sheet",
                said.place, item.code
            )),
            (Some(_), more) => Err(format!(
                "{} has {} lots of {} that look like this one: take the row from a count sheet, with its lot_id",
                said.place,
                more + 1,
                item.code
            )),
        }
    }

    /// What a row changes, and why in words; nothing where the ledger says so already. `counted_at` is when the lot was
    /// last counted.
    fn change(
        &self,
        said: &CountRow,
        place: PlaceId,
        lot: &Lot,
        balance: Option<Balance>,
        counted_at: Option<DateTime<Utc>>,
    ) -> Result<Option<(Change, Option<String>)>, String> {
        let balance = balance.unwrap_or(Balance::none(lot.item, place, lot.id));
        let since = said.as_of.map(|as_of| counted_at.is_some_and(|at| at > as_of));
        if !stock::is_to_be_counted(balance, said.counted, said.on_hand, since).map_err(words)? {
            return Ok(None);
        }
        let change = stock::count(balance, lot, said.counted, said.why).map_err(words)?;
        let place = self.place(place).ok_or("there is no such place any more")?;
        let change = change.must_find_open(place).map_err(words)?;
        let note = in_words(&change, said.note.as_deref()).map_err(words)?;
        Ok(Some((change, note)))
    }

    async fn balances(&self, work: &Work) -> Done<BTreeMap<(PlaceId, LotId), Balance>> {
        let mut balances = BTreeMap::new();
        for place in self.places.values() {
            let here = work.tx.reader().on_hand(None, Some(place.id)).await?;
            balances.extend(here.iter().map(|one| ((place.id, one.lot.id), one.balance)));
        }
        Ok(balances)
    }

    /// When each lot was last counted in each place, as far back as the oldest sheet.
    async fn counted_since(
        &self,
        work: &Work,
        said: impl Iterator<Item = &CountRow>,
    ) -> Done<BTreeMap<(PlaceId, LotId), DateTime<Utc>>> {
        let oldest = said.filter_map(|said| said.as_of).min();
        let mut last = BTreeMap::new();
        if let Some(oldest) = oldest {
            for place in self.places.values() {
                let counted = work.tx.reader().counted_since(place.id, oldest).await?;
                last.extend(counted.into_iter().map(|(lot, at)| ((place.id, lot), at)));
            }
        }
        Ok(last)
    }
}

impl Report {
    fn refuse(&mut self, file: &'static str, line: u64, cells: &StringRecord, why: impl Into<String>) {
        self.refused.push(RefusedRow { file, line, why: why.into(), cells: cells.clone() });
    }
}

fn words(refusal: Refusal) -> String {
    refusal.message
}

/// Nothing here takes nights, so that nothing clashes.
fn error_of(failure: Failure) -> EngineError {
    match failure {
        Failure::Error(error) => error,
        Failure::Again => StoreError::Deadlock.into(),
        Failure::Clash(_) => Fault::Broken("an import of stock took nights").into(),
    }
}
