//! An item: where it is, lot by lot, and its ledger.

use std::{collections::VecDeque, sync::Arc};

use askama::Template;
use safespace_domain::{
    ItemId, Refusal,
    access::Permission,
    items::Item,
    stock::{Movement, OnHand},
};
use safespace_engine::{EntryView, Page as Window, StockFilter};

use super::{Names, asked, pounds};
use crate::{
    Answer, Pages, Site, Stopped, page,
    shell::{Place, Shell},
    today::references,
    visit::Visit,
    words::{short_instant, stock as words},
};

/// So many entries are read at a time.
const AT_A_TIME: u64 = 1_000;
/// So many entries are shown: the last.
const SHOWN: usize = 100;

/// A lot in a place.
struct Lot {
    place: String,
    about: String,
    units: u32,
    value: String,
    tag: Option<String>,
    transfer: String,
    write_off: String,
}

/// At how many units a place is low.
struct LevelRow {
    place: String,
    reorder_point: u32,
    target: u32,
}

/// An entry of the ledger.
struct Entry {
    at: String,
    what: String,
    place: String,
    units: String,
    value: String,
    stay: Option<(String, String)>,
    note: Option<String>,
    /// Where what was received can be put right.
    correct: Option<String>,
}

#[derive(Template)]
#[template(path = "item.html")]
struct ItemPage {
    shell: Shell,
    id: ItemId,
    code: String,
    name: String,
    is_retired: bool,
    facts: Vec<(&'static str, String)>,
    unit: String,
    lots: Vec<Lot>,
    levels: Vec<LevelRow>,
    entries: Vec<Entry>,
    left_out: usize,
    may_keep: bool,
    may_manage: bool,
}

pub(super) fn pages(site: &Arc<Site>) -> Pages {
    vec![("/stock/items/:id", page(site, item))]
}

/// An item.
async fn item(visit: Visit) -> Answer {
    visit.must(Permission::SeeStays)?;
    let id = visit.id("id", ItemId)?;
    let names = Names::load(&visit).await?;
    let item = names.item(id).ok_or_else(|| Stopped::Refused(Refusal::not_found("item", "id")))?;
    let (engine, actor, today) = (&visit.engine, visit.actor(), visit.engine.today());
    let mut on_hand = engine.stock(actor, None).await?;
    on_hand.retain(|one| one.balance.item == id && one.balance.quantity > 0);
    on_hand.sort_by_key(|one| (names.place_words(one.balance.place), one.lot.expires_on, one.lot.id));
    let categories = engine.item_categories(actor).await?;
    let category = categories.into_iter().find(|one| one.code == item.category).map(|one| one.label);
    let levels = engine.levels(actor).await?;
    let (views, before) = last_entries(&visit, id).await?;
    let stays = views.iter().filter_map(|view| view.stay.as_ref()).map(|stay| stay.household);
    let references = references(&visit, stays).await?;
    let entry = |view: &EntryView| {
        let stay = view.stay.as_ref();
        let stay = stay
            .and_then(|stay| Some((format!("/stays/{}", stay.id), references.get(&stay.household)?.clone())));
        entry(&names, view, stay)
    };
    let page = ItemPage {
        shell: visit.shell(Place::Stock)?,
        id,
        code: item.code.clone(),
        name: item.name.clone(),
        is_retired: item.retired,
        facts: facts(item, category.unwrap_or_else(|| item.category.clone())),
        unit: item.unit_of_issue.clone(),
        lots: on_hand.iter().map(|one| lot(&names, one, today)).collect(),
        levels: levels
            .iter()
            .filter(|level| level.item == id)
            .map(|level| LevelRow {
                place: names.place_words(level.place),
                reorder_point: level.reorder_point,
                target: level.target,
            })
            .collect(),
        entries: views.iter().rev().map(entry).collect(),
        left_out: before,
        may_keep: visit.may(Permission::KeepStock),
        may_manage: visit.may(Permission::ManageStock),
    };
    visit.show(&page)
}

/// The last entries of an item's ledger, oldest first, and how many came before.
async fn last_entries(visit: &Visit, item: ItemId) -> Result<(VecDeque<EntryView>, usize), Stopped> {
    let filter = StockFilter { item: Some(item), place: None };
    let (mut last, mut before, mut after) = (VecDeque::new(), 0, None);
    loop {
        let window = Window { after, limit: AT_A_TIME };
        let found = visit.engine.stock_entries(visit.actor(), &filter, window).await?;
        let is_last = found.len() < usize::try_from(AT_A_TIME).unwrap_or(usize::MAX);
        after = found.last().map(|view| view.entry.id);
        last.extend(found);
        while last.len() > SHOWN {
            last.pop_front();
            before += 1;
        }
        if is_last {
            return Ok((last, before));
        }
    }
}

fn lot(names: &Names, one: &OnHand, today: safespace_domain::Night) -> Lot {
    let place = names.place(one.balance.place).map_or("", |place| place.code.as_str());
    let transfer = asked(&[("from", place), ("item", &one.balance.item.to_string())]);
    let write_off = asked(&[("place", place), ("lot", &one.lot.id.to_string())]);
    Lot {
        place: names.place_words(one.balance.place),
        about: words::lot(one.lot.code.as_deref(), one.lot.expires_on, one.lot.received_at),
        units: one.balance.quantity,
        value: pounds(one.balance.value),
        tag: words::expiry_tag(one.lot.expires_on, today),
        transfer: format!("/stock/transfer?{transfer}"),
        write_off: format!("/stock/write-off?{write_off}"),
    }
}

fn entry(names: &Names, view: &EntryView, stay: Option<(String, String)>) -> Entry {
    let posting = &view.entry.posting;
    let other = match posting.movement {
        Movement::TransferredOut { to } => names.place_words(to),
        Movement::TransferredIn { from } => names.place_words(from),
        _ => String::new(),
    };
    let is_receipt = posting.movement == Movement::Received;
    Entry {
        at: short_instant(view.entry.at),
        what: words::movement(posting.movement, &other),
        place: names.place_words(posting.place),
        units: words::change(posting.quantity),
        value: pounds(posting.value),
        stay,
        note: view.note.clone(),
        correct: is_receipt.then(|| format!("/stock/correct?entry={}", view.entry.id)),
    }
}

/// What is said of an item.
fn facts(item: &Item, category: String) -> Vec<(&'static str, String)> {
    let contains = match &item.contains {
        None => words::CONTENTS_NOT_READ.to_owned(),
        Some(marks) if marks.is_empty() => words::CONTAINS_NONE.to_owned(),
        Some(marks) => marks.iter().map(|mark| words::allergen(*mark)).collect::<Vec<_>>().join(", "),
    };
    let suits = item.suits.iter().map(|diet| words::diet(*diet)).collect::<Vec<_>>().join(", ");
    let mut facts = vec![
        (words::CATEGORY, category),
        (words::COUNTED_IN, item.unit_of_issue.clone()),
        (words::BOUGHT_IN, words::bought_in(item.pack_size, &pounds(item.price))),
        (words::SUPPLIER, item.supplier.clone().unwrap_or_else(|| words::NO_SUPPLIER.to_owned())),
        (words::CONTAINS, contains),
    ];
    if item.eaten {
        facts.push((words::SUITS, if suits.is_empty() { words::NO_DIET.to_owned() } else { suits }));
    }
    facts.extend(item.shelf_life_days.map(|days| (words::KEEPS_FOR, crate::words::count(days, "day"))));
    facts.extend(item.barcode.clone().map(|digits| (words::BARCODE, digits)));
    facts
}
