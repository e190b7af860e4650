//! Stock: what is there, and what comes, moves, is counted, given out and thrown away.

mod catalogue;
mod counts;
mod deliveries;
mod gifts;
mod grants;
mod ledger;
mod moves;
mod places;
mod templates;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use askama::Template;
use rust_decimal::Decimal;
use safespace_domain::{
    ItemId, LotId, Night, PlaceId, Refusal, StayId,
    access::Permission,
    items::{Item, Level},
    money::Pence,
    nights::later,
    places::Place as Store,
    stock::OnHand,
};
use safespace_engine::{Page as Window, StayFilter};

use crate::{
    Answer, Pages, Site, Stopped,
    fields::Fields,
    page,
    properties::{Choices, any, first},
    shell::{Place, Shell, file},
    today::{code, references},
    visit::Visit,
    words::stock as words,
};

/// What expires within so many days is said to.
const SOON: u32 = 14;
/// So many stays can be chosen from.
const MOST_STAYS: u64 = 1_000;

/// What a place has of an item.
struct Row {
    path: String,
    item: String,
    name: String,
    place: String,
    units: u32,
    unit: String,
    value: String,
    low: Option<String>,
    expiring: Vec<String>,
}

#[derive(Template)]
#[template(path = "stock.html")]
struct StockPage {
    shell: Shell,
    fields: Fields,
    places: Choices,
    categories: Choices,
    only: Choices,
    rows: Vec<Row>,
    low: usize,
    expiring: usize,
    expired: usize,
    value: String,
    may_keep: bool,
}

/// The pages.
pub(crate) fn pages(site: &Arc<Site>) -> Pages {
    let mut all = vec![("/stock", page(site, overview))];
    all.extend(deliveries::pages(site));
    all.extend(counts::pages(site));
    all.extend(moves::pages(site));
    all.extend(gifts::pages(site));
    all.extend(ledger::pages(site));
    all.extend(catalogue::pages(site));
    all.extend(templates::pages(site));
    all.extend(places::pages(site));
    all.extend(grants::pages(site));
    all
}

/// The catalogue and the places, to name what the ledger keeps by id.
struct Names {
    items: BTreeMap<ItemId, Item>,
    places: BTreeMap<PlaceId, Store>,
}

impl Names {
    async fn load(visit: &Visit) -> Result<Self, Stopped> {
        let (engine, actor) = (&visit.engine, visit.actor());
        let items = engine.items(actor).await?.into_iter().map(|item| (item.id, item)).collect();
        let places = engine.places(actor).await?.into_iter().map(|place| (place.id, place)).collect();
        Ok(Self { items, places })
    }

    fn item(&self, id: ItemId) -> Option<&Item> {
        self.items.get(&id)
    }

    fn place(&self, id: PlaceId) -> Option<&Store> {
        self.places.get(&id)
    }

    /// The place of this code.
    fn place_called(&self, code: &str) -> Option<&Store> {
        self.places.values().find(|place| place.code.eq_ignore_ascii_case(code))
    }

    /// An item as people read it.
    fn item_words(&self, id: ItemId) -> String {
        self.item(id).map(|item| format!("{} ({})", item.name, item.code)).unwrap_or_default()
    }

    /// A place as people read it.
    fn place_words(&self, id: PlaceId) -> String {
        place_words(&self.places, id)
    }

    /// What an item is counted in.
    fn unit(&self, id: ItemId) -> &str {
        self.item(id).map_or("", |item| item.unit_of_issue.as_str())
    }

    /// The places by code, to choose from: those that are open.
    fn open_places(&self) -> Choices {
        self.place_choices(|place| !place.closed)
    }

    fn place_choices(&self, has: impl Fn(&Store) -> bool) -> Choices {
        let mut found: Vec<&Store> = self.places.values().filter(|place| has(place)).collect();
        found.sort_by(|a, b| a.code.cmp(&b.code));
        found
            .into_iter()
            .map(|place| (place.code.clone(), format!("{} ({})", place.name, place.code)))
            .collect()
    }

    /// The items by code, to choose from: those that are used.
    fn current_items(&self) -> Choices {
        let mut found: Vec<&Item> = self.items.values().filter(|item| !item.retired).collect();
        found.sort_by(|a, b| a.code.cmp(&b.code));
        found.into_iter().map(|item| (item.code.clone(), item.name.clone())).collect()
    }
}

/// A place as people read it: its name, with its code where another place has the same name.
pub(crate) fn place_words(places: &BTreeMap<PlaceId, Store>, id: PlaceId) -> String {
    let Some(place) = places.get(&id) else { return String::new() };
    let is_alone = places.values().filter(|other| other.name == place.name).count() == 1;
    if is_alone { place.name.clone() } else { format!("{} ({})", place.name, place.code) }
}

/// The query of a page that is asked about these.
fn asked(pairs: &[(&str, &str)]) -> String {
    serde_urlencoded::to_string(pairs).unwrap_or_default()
}

/// Money, as pounds and pence.
pub(crate) fn pounds(pence: Pence) -> String {
    words::money(pence)
}

/// An amount of pounds that somebody typed.
fn typed_pounds(fields: &Fields, name: &str) -> Result<Option<Decimal>, Refusal> {
    let typed = fields.get(name).trim_start_matches('£').replace(',', "");
    if typed.is_empty() {
        return Ok(None);
    }
    typed.parse().map(Some).map_err(|_| Refusal::bad(name, words::GIVE_POUNDS))
}

/// The id of a lot in the name of a field such as `counted-…`.
fn field_of(name: &str, lot: LotId) -> String {
    format!("{name}-{lot}")
}

/// The stays to which something can be given, to choose from.
async fn stays(visit: &Visit, filter: &StayFilter) -> Result<Choices, Stopped> {
    let found = visit.engine.stays(visit.actor(), filter, Window { after: None, limit: MOST_STAYS }).await?;
    let references = references(visit, found.iter().map(|stay| stay.household)).await?;
    let spaces = visit.engine.spaces();
    let choice = |stay: &safespace_domain::stays::Stay| {
        let reference = references.get(&stay.household)?;
        Some((stay.id.to_string(), format!("{reference} in {}", code(&spaces, stay.unit))))
    };
    let mut choices: Choices = found.iter().filter_map(choice).collect();
    choices.sort_by(|a, b| a.1.cmp(&b.1));
    Ok(choices)
}

/// Hands a sheet over as the kind of file that was asked for.
fn handed_over(name: &str, format: &str, sheet: &safespace_engine::Sheet) -> Answer {
    if format == "csv" {
        return Ok(file(&format!("{name}.csv"), "text/csv; charset=utf-8", sheet.to_csv()?));
    }
    let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    Ok(file(&format!("{name}.xlsx"), kind, sheet.to_xlsx()?))
}

/// Hands over what the shopping list and the picking lists are written as.
pub(crate) fn sheet(name: &str, format: &str, sheet: &safespace_engine::Sheet) -> Answer {
    handed_over(name, format, sheet)
}

/// What is there.
async fn overview(visit: Visit) -> Answer {
    visit.must(Permission::SeeStays)?;
    let names = Names::load(&visit).await?;
    let (engine, actor, today) = (&visit.engine, visit.actor(), visit.engine.today());
    let on_hand = engine.stock(actor, None).await?;
    let levels = engine.levels(actor).await?;
    let categories = engine.item_categories(actor).await?;
    let low: BTreeSet<(PlaceId, ItemId)> =
        engine.low_stock(actor).await?.into_iter().map(|low| (low.level.place, low.level.item)).collect();
    let fields = visit.query.clone();
    let all = shelves(&on_hand, &levels);
    let expiring =
        |until: Night| on_hand.iter().filter(move |one| one.lot.expires_on.is_some_and(|on| on < until));
    let shown = Shown { names: &names, low: &low, today, fields: &fields };
    let mut rows: Vec<Row> = all.iter().filter_map(|(at, shelf)| shown.row(*at, shelf)).collect();
    rows.sort_by(|a, b| (&a.item, &a.place).cmp(&(&b.item, &b.place)));
    let value: i64 = on_hand.iter().map(|one| one.balance.value.0).sum();
    let page = StockPage {
        shell: visit.shell(Place::Stock)?,
        places: any(names.place_choices(|_| true)),
        categories: any(categories.into_iter().map(|one| (one.code, one.label)).collect()),
        only: first(
            words::ANY,
            words::ONLY.iter().map(|(code, label)| ((*code).to_owned(), (*label).to_owned())).collect(),
        ),
        rows,
        low: low.len(),
        expired: expiring(today).count(),
        expiring: expiring(later(today, SOON + 1)).count() - expiring(today).count(),
        value: pounds(Pence(value)),
        may_keep: visit.may(Permission::KeepStock),
        fields,
    };
    visit.show(&page)
}

/// What stands together in a place of an item, and at how many it is low.
struct ShelfOf<'a> {
    lots: Vec<&'a OnHand>,
    level: Option<&'a Level>,
}

fn shelves<'a>(on_hand: &'a [OnHand], levels: &'a [Level]) -> BTreeMap<(PlaceId, ItemId), ShelfOf<'a>> {
    let mut all: BTreeMap<(PlaceId, ItemId), ShelfOf<'a>> = BTreeMap::new();
    let empty = || ShelfOf { lots: Vec::new(), level: None };
    for one in on_hand.iter().filter(|one| one.balance.quantity > 0) {
        all.entry((one.balance.place, one.balance.item)).or_insert_with(empty).lots.push(one);
    }
    for level in levels {
        all.entry((level.place, level.item)).or_insert_with(empty).level = Some(level);
    }
    all
}

/// Which rows are shown.
struct Shown<'a> {
    names: &'a Names,
    low: &'a BTreeSet<(PlaceId, ItemId)>,
    today: Night,
    fields: &'a Fields,
}

impl Shown<'_> {
    fn row(&self, (place, item): (PlaceId, ItemId), here: &ShelfOf<'_>) -> Option<Row> {
        let (at, known) = (self.names.place(place)?, self.names.item(item)?);
        let soon = later(self.today, SOON);
        let is_low = self.low.contains(&(place, item));
        let mut lots: Vec<(Night, u32)> = here
            .lots
            .iter()
            .filter_map(|one| Some((one.lot.expires_on?, one.balance.quantity)))
            .filter(|(on, _)| *on <= soon)
            .collect();
        lots.sort_unstable();
        let passes =
            |name: &str, value: &str| self.fields.get(name).is_empty() || self.fields.get(name) == value;
        let is_asked_for = match self.fields.get("only") {
            "low" => is_low,
            "expiring" => !lots.is_empty(),
            _ => true,
        };
        if !(passes("place", &at.code) && passes("category", &known.category) && is_asked_for) {
            return None;
        }
        let value: i64 = here.lots.iter().map(|one| one.balance.value.0).sum();
        Some(Row {
            path: format!("/stock/items/{item}"),
            item: known.code.clone(),
            name: known.name.clone(),
            place: self.names.place_words(place),
            units: here.lots.iter().map(|one| one.balance.quantity).sum(),
            unit: known.unit_of_issue.clone(),
            value: pounds(Pence(value)),
            low: here.level.filter(|_| is_low).map(|level| words::low(level.target)),
            expiring: lots.into_iter().map(|(on, units)| words::expires(units, on, self.today)).collect(),
        })
    }
}

/// The stay that a form or an address names.
fn stay_of(fields: &Fields) -> Result<StayId, Refusal> {
    fields.id("stay", StayId).ok_or_else(|| Refusal::bad("stay", words::CHOOSE_FIRST))
}
