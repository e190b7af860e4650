//! The shopping list of the next days, with its working, and the picking lists of packs that are to be made up.

use std::{collections::BTreeMap, sync::Arc};

use askama::Template;
use safespace_domain::{
    HouseholdId, ItemId, Nights, PackId, PlaceId, Refusal,
    access::Permission,
    nights::later,
    packs::PackStatus,
    picking::{PickingRow, Shortfall},
    places::Place as Store,
    shopping::{DEFINITIONS, MOST_DAYS, ShoppingLine, Unmet, Who},
};
use safespace_engine::{LookAhead, PackFilter, PackView, Page as Window, ShoppingView};

use crate::{
    Answer, Pages, Site, Stopped,
    fields::Fields,
    page,
    properties::{Choices, first, tonight},
    shell::{Place, Shell},
    stock,
    today::{code, references},
    visit::Visit,
    words::{self, people, short_day},
};

/// The days that are looked ahead when nothing else is asked.
const DAYS: i64 = 7;
/// From the arrivals of so many days before it is guessed who else will come.
const LOOK_BACK: i64 = 28;
/// So many packs are looked at.
const MOST_PACKS: u64 = 500;

/// A line of the list.
struct Line {
    item: String,
    path: String,
    buy: Option<String>,
    cost: String,
    working: String,
    not_before: Option<String>,
    more_than_once: bool,
    needs: Vec<Need>,
}

/// Who needs how much, and why.
struct Need {
    who: String,
    path: Option<String>,
    day: String,
    rule: String,
    short: u32,
}

/// What is bought from one supplier.
struct Supplier {
    name: String,
    cost: String,
    lines: Vec<Line>,
}

#[derive(Template)]
#[template(path = "shopping.html")]
struct ShoppingPage {
    shell: Shell,
    fields: Fields,
    query: String,
    days: String,
    suppliers: Vec<Supplier>,
    enough: Vec<Line>,
    cost: String,
    unmet: Vec<Need>,
    low: Vec<String>,
    expiring: Vec<String>,
    likely: Vec<String>,
    definitions: &'static [(&'static str, &'static str)],
}

/// A pack that is to be made up.
struct List {
    title: String,
    reference: String,
    path: String,
    sheet: String,
    about: String,
    rows: Vec<PickingRow>,
    missing: Vec<String>,
}

#[derive(Template)]
#[template(path = "picking.html")]
struct PickingPage {
    shell: Shell,
    fields: Fields,
    places: Choices,
    printed: String,
    lists: Vec<List>,
}

/// The pages.
pub(crate) fn pages(site: &Arc<Site>) -> Pages {
    vec![
        ("/shopping", page(site, shopping)),
        ("/shopping/sheet", page(site, sheet)),
        ("/picking", page(site, picking)),
        ("/picking/:pack/sheet", page(site, picking_sheet)),
    ]
}

/// What is asked about the days ahead.
fn asked(fields: &Fields) -> Result<LookAhead, Refusal> {
    let number = |name: &str, otherwise: i64, least: i64| {
        let n = fields.number(name)?.unwrap_or(otherwise);
        let most = i64::from(MOST_DAYS);
        let given = u32::try_from(n).ok().filter(|_| (least..=most).contains(&n));
        given.ok_or_else(|| Refusal::bad(name, words::stock::days_asked(least, most)))
    };
    Ok(LookAhead { days: number("days", DAYS, 1)?, look_back: number("lookBack", LOOK_BACK, 0)? })
}

/// The shopping list.
async fn shopping(visit: Visit) -> Answer {
    visit.must(Permission::SeeStays)?;
    let typed = visit.query.clone();
    let (ask, refusal) = match asked(&typed) {
        Ok(ask) => (ask, None),
        Err(refusal) => (LookAhead { days: 7, look_back: 28 }, Some(refusal)),
    };
    let view = visit.engine.shopping(visit.actor(), ask).await?;
    let told = Told::of(&visit, &view).await?;
    let lines = &view.shopping.lines;
    let suppliers = view.shopping.suppliers.iter().map(|total| Supplier {
        name: total.supplier.clone().unwrap_or_else(|| words::stock::NO_SUPPLIER.to_owned()),
        cost: stock::pounds(total.cost),
        lines: lines
            .iter()
            .filter(|line| line.packs > 0 && line.supplier == total.supplier)
            .map(|line| told.line(line))
            .collect(),
    });
    let fields = match refusal {
        Some(_) => typed,
        None => Fields::default().with("days", ask.days).with("lookBack", ask.look_back),
    };
    let mut shell = visit.shell(Place::Stock)?;
    if let Some(refusal) = &refusal {
        shell = shell.refused(refusal);
    }
    let page = ShoppingPage {
        shell,
        fields,
        query: format!("days={}&lookBack={}", ask.days, ask.look_back),
        days: words::days(Nights::between(view.today, later(view.today, ask.days))),
        suppliers: suppliers.collect(),
        enough: lines.iter().filter(|line| line.packs == 0).map(|line| told.line(line)).collect(),
        cost: stock::pounds(view.shopping.cost()),
        unmet: told.unmet(),
        low: told.low(),
        expiring: told.expiring(),
        likely: view.likely.iter().map(words::stock::likely).collect(),
        definitions: &DEFINITIONS,
    };
    if refusal.is_some() { visit.show_again(&page) } else { visit.show(&page) }
}

/// What the page is written from.
struct Told<'a> {
    view: &'a ShoppingView,
    references: BTreeMap<HouseholdId, String>,
    places: BTreeMap<PlaceId, Store>,
}

impl<'a> Told<'a> {
    async fn of(visit: &Visit, view: &'a ShoppingView) -> Result<Self, Stopped> {
        let references = references(visit, view.stays.values().map(|stay| stay.household)).await?;
        let places = visit.engine.places(visit.actor()).await?;
        Ok(Self { view, references, places: places.into_iter().map(|place| (place.id, place)).collect() })
    }

    fn item(&self, id: ItemId) -> String {
        let item = self.view.catalogue.get(&id);
        item.map(|item| format!("{} ({})", item.name, item.code)).unwrap_or_default()
    }

    fn place(&self, id: PlaceId) -> String {
        stock::place_words(&self.places, id)
    }

    fn line(&self, line: &ShoppingLine) -> Line {
        let size = self.view.catalogue.get(&line.item).map_or(1, |item| item.pack_size);
        Line {
            item: self.item(line.item),
            path: format!("/stock/items/{}", line.item),
            buy: (line.packs > 0).then(|| words::stock::packs_of(line.packs, size)),
            cost: stock::pounds(line.cost),
            working: line.to_string().replace(" - ", " − "),
            not_before: line.not_before.map(short_day),
            more_than_once: line.more_than_once(),
            needs: line
                .needs
                .iter()
                .map(|need| {
                    let (who, path) = self.who(need.who);
                    let (rule, day) = (need.rule.to_string(), short_day(need.day));
                    Need { who, path, day, rule, short: need.short }
                })
                .collect(),
        }
    }

    fn who(&self, who: Who) -> (String, Option<String>) {
        match who {
            Who::Stay(id) => {
                let reference =
                    self.view.stays.get(&id).and_then(|stay| self.references.get(&stay.household));
                let reference = reference.cloned().unwrap_or_else(|| words::stock::A_HOUSEHOLD.to_owned());
                (reference, Some(format!("/stays/{id}")))
            }
            Who::Likely(no) => (format!("{} {no}", words::stock::LIKELY), None),
        }
    }

    fn unmet(&self) -> Vec<Need> {
        let need = |one: &Unmet| {
            let demand = &one.demand;
            let (who, path) = self.who(demand.who);
            let wanted =
                demand.first.map_or_else(|| words::stock::NOTHING_SUITS.to_owned(), |item| self.item(item));
            let (rule, day) = (format!("{wanted}: {}", demand.rule), short_day(demand.day));
            Need { who, path, day, rule, short: demand.units }
        };
        self.view.shopping.unmet.iter().map(need).collect()
    }

    fn low(&self) -> Vec<String> {
        let low = self.view.shopping.low.iter();
        low.map(|one| {
            let (item, place) = (self.item(one.level.item), self.place(one.level.place));
            words::stock::low_of(&item, &place, one.has, one.level.target)
        })
        .collect()
    }

    fn expiring(&self) -> Vec<String> {
        let all = self.view.shopping.expiring.iter();
        all.map(|one| words::stock::expiring(one, &self.item(one.item), &self.place(one.place))).collect()
    }
}

/// The shopping list as a sheet.
async fn sheet(visit: Visit) -> Answer {
    let found = visit.engine.shopping_sheet(visit.actor(), asked(&visit.query)?).await?;
    stock::sheet("shopping-list", visit.query.get("format"), &found)
}

/// From where packs are picked: the place that was asked for, or each that is open and at the office.
async fn from_places(visit: &Visit) -> Result<(Vec<PlaceId>, Vec<String>, Choices), Stopped> {
    let mut all = visit.engine.places(visit.actor()).await?;
    all.retain(|place| !place.closed);
    all.sort_by(|a, b| a.code.cmp(&b.code));
    let asked = visit.query.get("place");
    let chosen = all.iter().filter(|place| match asked {
        "" => place.kind.property().is_none(),
        code => place.code == code,
    });
    let (ids, codes) = chosen.map(|place| (place.id, place.code.clone())).unzip();
    let choices = all.iter().map(|place| (place.code.clone(), format!("{} ({})", place.name, place.code)));
    Ok((ids, codes, first(words::stock::ALL_OFFICES, choices.collect())))
}

/// The packs that are to be made up for those who come until tonight, or are there.
async fn picking(visit: Visit) -> Answer {
    visit.must(Permission::SeeStays)?;
    let last = tonight(&visit).max(visit.engine.today());
    let (ids, _, places) = from_places(&visit).await?;
    let filter = PackFilter { statuses: vec![PackStatus::Planned, PackStatus::Prepared] };
    let window = Window { after: None, limit: MOST_PACKS };
    let mut packs = visit.engine.packs(visit.actor(), &filter, window).await?;
    packs.retain(|view| view.stay.nights.arrival() <= last && view.list.outstanding() > 0);
    let references = references(&visit, packs.iter().map(|view| view.stay.household)).await?;
    let spaces = visit.engine.spaces();
    let (mut lists, all) = (Vec::new(), packs.len());
    for (view, no) in packs.iter().zip(1..) {
        let (rows, shortfalls) = visit.engine.picking_list(visit.actor(), view, &ids).await?;
        lists.push(List {
            title: words::stock::list_of(no, all),
            reference: references.get(&view.stay.household).cloned().unwrap_or_default(),
            path: format!("/stays/{}", view.stay.id),
            sheet: format!("/picking/{}/sheet?place={}", view.pack.id, visit.query.get("place")),
            about: words::stock::pack_about(
                &people(view.stay.people),
                &code(&spaces, view.stay.unit),
                &short_day(view.stay.nights.arrival()),
            ),
            rows,
            missing: shortfalls.iter().map(|short| missing(view, short)).collect(),
        });
    }
    let page = PickingPage {
        shell: visit.shell(Place::Stock)?,
        fields: visit.query.clone(),
        places,
        printed: words::stock::printed(visit.engine.now()),
        lists,
    };
    visit.show(&page)
}

/// What is not there, and what stands in for it.
fn missing(view: &PackView, short: &Shortfall) -> String {
    let name = |item: ItemId| view.items.get(&item).map_or("", |item| item.name.as_str());
    let wanted = short.wanted.map_or(words::stock::NOTHING_SUITS, name);
    let instead: Vec<String> =
        short.substitutes.iter().map(|(item, units)| format!("{units} × {}", name(*item))).collect();
    words::stock::missing(short.missing, wanted, &instead, short.unmet())
}

/// A picking list as a sheet. Whose it is stands nowhere on it.
async fn picking_sheet(visit: Visit) -> Answer {
    let id = visit.id("pack", PackId)?;
    let nothing = || Stopped::Refused(Refusal::not_found("pack", "pack"));
    let view = visit.engine.pack(visit.actor(), id).await?.ok_or_else(nothing)?;
    let references = references(&visit, std::iter::once(view.stay.household)).await?;
    let reference = references.get(&view.stay.household).ok_or_else(nothing)?;
    let (_, codes, _) = from_places(&visit).await?;
    let found = visit.engine.picking_sheet(visit.actor(), reference, &codes).await?;
    stock::sheet("picking-list", visit.query.get("format"), &found)
}
