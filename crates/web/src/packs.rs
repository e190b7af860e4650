//! The pack of a stay: planned, made up from the shelf, handed over, topped up, put back.

use std::{collections::BTreeSet, sync::Arc};

use askama::Template;
use safespace_domain::{
    LotId, PlaceId, Refusal,
    access::Permission,
    items::{Allergen, Diet},
    needs::ChildAges,
    packs::{PackStatus, concern},
    picking::{PickingRow, Shortfall},
    places::{Place as StockPlace, PlaceKind},
    stock::Issued,
};
use safespace_engine::{AdaptPack, CancelPack, Command, LotInLineAsk, PackView, PickPack, PutBackFromPack};

use crate::{
    Answer, Pages, Site, Stopped,
    fields::Fields,
    form, page,
    shell::{Place, Shell, to},
    stays::{Found, find, goes_on},
    visit::Visit,
    words::{self, stays as said},
};

/// The pages.
pub(crate) fn pages(site: &Arc<Site>) -> Pages {
    vec![
        ("/stays/:id/pack", form(site, show, take)),
        ("/stays/:id/pack/list", page(site, list)),
        ("/stays/:id/pack/back", form(site, back, put_back)),
        ("/stays/:id/pack/cancel", form(site, unneeded, cancel)),
        ("/stays/:id/pack/household", form(site, whom, adapt)),
    ]
}

/// A line of the pack.
struct Line {
    item: String,
    rule: String,
    quantity: u32,
    given: u32,
    outstanding: u32,
    beyond: u32,
    /// What is in it and is not for this household.
    amiss: Vec<String>,
}

/// A row of the list that somebody takes to the shelf.
struct Row {
    place: String,
    quantity: u32,
    item: String,
    about: String,
}

impl From<PickingRow> for Row {
    fn from(row: PickingRow) -> Self {
        Self {
            place: row.place,
            quantity: row.quantity,
            item: format!("{} ({})", row.name, row.unit_of_issue),
            about: said::of_lot(row.lot.as_deref(), row.expires_on),
        }
    }
}

/// What is to be taken from the shelf, from which places.
struct Picking {
    places: Vec<(String, String)>,
    chosen: Fields,
    from: String,
    rows: Vec<Row>,
    missing: Vec<String>,
    /// The address of the list to print.
    print: String,
    /// Whether the pack is made up by it, or topped up.
    is_first: bool,
}

/// A pack as its page shows it.
struct Shown {
    status: &'static str,
    class: &'static str,
    at: String,
    nights: String,
    avoids: String,
    concern: Option<String>,
    ask: Option<String>,
    lines: Vec<Line>,
    passed_over: Vec<String>,
    shortfalls: Vec<String>,
    outstanding: String,
    can_hand_over: bool,
    /// What else can be done: where, and what it is called.
    ways: Vec<(&'static str, &'static str)>,
}

#[derive(Template)]
#[template(path = "pack_of_stay.html")]
struct PackPage<'p> {
    shell: Shell,
    found: &'p Found,
    back: String,
    goes_on: bool,
    pack: Option<Shown>,
    picking: Option<Picking>,
}

/// The pack of a stay that is not cancelled; none where it has none.
async fn pack_of(visit: &Visit, found: &Found) -> Result<Option<PackView>, Stopped> {
    Ok(visit.engine.packs_of(visit.actor(), &[found.stay.id]).await?.pop())
}

async fn needed(visit: &Visit, found: &Found) -> Result<PackView, Stopped> {
    Ok(pack_of(visit, found).await?.ok_or_else(|| Refusal::not_found("pack", "pack"))?)
}

async fn show(visit: Visit) -> Answer {
    let found = find(&visit).await?;
    let page = draw(&visit, &found, visit.shell(Place::Board)?).await?;
    visit.show(&page)
}

async fn take(visit: Visit, fields: Fields) -> Answer {
    visit.must(Permission::PlaceHouseholds)?;
    let found = find(&visit).await?;
    let view = pack_of(&visit, &found).await?;
    let id = view.as_ref().map(|view| view.pack.id);
    let pick = || id.map(|pack| PickPack { pack, places: fields.all("places") });
    let asked = match fields.get("do") {
        "plan" => Some((Command::PlanPack { stay: found.stay.id }, "pack-planned")),
        "prepare" => pick().map(|ask| (Command::PreparePack(ask), "pack-prepared")),
        "top-up" => pick().map(|ask| (Command::TopUpPack(ask), "pack-topped-up")),
        "hand-over" => id.map(|pack| (Command::HandOverPack { pack }, "pack-handed-over")),
        _ => None,
    };
    let (command, done) = asked.ok_or(Stopped::Unreadable)?;
    match visit.run(&fields, command).await? {
        Ok(_) => Ok(to(&found.path(&format!("/pack?done={done}")))),
        Err(refusal) => {
            let shell = visit.shell(Place::Board)?.refused(&refusal).at_one_of(&["places"]);
            visit.show_again(&draw(&visit, &found, shell).await?)
        }
    }
}

async fn draw<'p>(visit: &Visit, found: &'p Found, shell: Shell) -> Result<PackPage<'p>, Stopped> {
    let view = pack_of(visit, found).await?;
    let goes_on = goes_on(&found.stay);
    let picking = match &view {
        Some(view) if goes_on && view.list.outstanding() > 0 => Some(picking(visit, found, view).await?),
        _ => None,
    };
    let today = visit.engine.today();
    Ok(PackPage {
        shell,
        found,
        back: found.path(""),
        goes_on,
        pack: view.map(|view| shown(&view, today)),
        picking,
    })
}

fn shown(view: &PackView, today: safespace_domain::Night) -> Shown {
    let PackView { pack, stay, words: noted, to, list, .. } = view;
    let name = |item| name(view, item);
    let status = pack.status();
    let is_in = list.lines.iter().any(|line| line.contents().next().is_some());
    let is_made_up = matches!(status, PackStatus::Prepared | PackStatus::HandedOver);
    let can_cancel = matches!(status, PackStatus::Planned | PackStatus::Prepared);
    Shown {
        status: said::pack(status),
        class: said::pack_class(status),
        at: said::pack_at(&pack.state, pack.planned_at),
        nights: words::count(to.nights, "night"),
        avoids: said::avoids(&to.avoids),
        concern: concern(pack, stay, list, &noted.shortfalls, today).map(said::concern),
        ask: list.unanswered.iter().map(|ask| ask.children).max().map(said::ask_ages),
        lines: list
            .lines
            .iter()
            .map(|line| Line {
                item: line.wanted.map_or_else(|| said::NOTHING_SUITS.to_owned(), name),
                rule: line.rule.to_string(),
                quantity: line.quantity,
                given: line.given_units(),
                outstanding: line.outstanding(),
                beyond: line.beyond(),
                amiss: line
                    .amiss
                    .iter()
                    .map(|issued| said::so_many(issued.quantity, &name(issued.item)))
                    .collect(),
            })
            .collect(),
        passed_over: list
            .passed_over
            .iter()
            .map(|passed| {
                let why: Vec<String> = passed.why.iter().map(ToString::to_string).collect();
                said::passed_over(&name(passed.item), &why)
            })
            .collect(),
        shortfalls: noted
            .shortfalls
            .iter()
            .map(|short| format!("{}: {}", words::short_instant(short.at), shortfall(view, short)))
            .collect(),
        outstanding: words::count(list.outstanding(), "unit"),
        can_hand_over: status == PackStatus::Prepared
            && stay.status() == safespace_domain::stays::StayStatus::InResidence
            && !list.is_amiss(),
        ways: [
            (pack.adapt(stay).is_ok(), ("household", said::ADAPT)),
            (is_in && is_made_up, ("back", said::PUT_BACK)),
            (can_cancel, ("cancel", said::NOT_NEEDED)),
        ]
        .into_iter()
        .filter_map(|(can, way)| can.then_some(way))
        .collect(),
    }
}

/// The name of an item.
fn name(view: &PackView, item: safespace_domain::ItemId) -> String {
    view.items.get(&item).map_or_else(|| said::UNKNOWN_ITEM.to_owned(), |item| item.name.clone())
}

/// What was not there, in words.
fn shortfall(view: &PackView, short: &Shortfall) -> String {
    let line = view.list.lines.iter().find(|line| line.no == short.line);
    let all = line.map(|line| line.alternatives.iter().map(|item| name(view, *item)).collect::<Vec<_>>());
    said::shortfall(short, &all.unwrap_or_default(), |item| name(view, item))
}

/// The places that a pack of this stay is taken from at first: the office, and the cupboard of its home.
fn is_near(found: &Found, place: &StockPlace) -> bool {
    let home = found.spaces.unit_by_id(found.stay.unit).map(|unit| unit.property);
    match place.kind {
        PlaceKind::Office => true,
        PlaceKind::Cupboard { property } => home == Some(property),
    }
}

/// The places that are open.
async fn open_places(visit: &Visit) -> Result<Vec<StockPlace>, Stopped> {
    let mut places = visit.engine.places(visit.actor()).await?;
    places.retain(|place| !place.closed);
    Ok(places)
}

fn choices(places: &[StockPlace]) -> Vec<(String, String)> {
    places.iter().map(|place| (place.code.clone(), format!("{}: {}", place.code, place.name))).collect()
}

/// What a pack still needs, as it would be taken from the shelf now.
async fn picking(visit: &Visit, found: &Found, view: &PackView) -> Result<Picking, Stopped> {
    let places = open_places(visit).await?;
    let asked: Vec<String> = visit.query.all("places");
    let is_chosen = |place: &&StockPlace| {
        if asked.is_empty() { is_near(found, place) } else { asked.contains(&place.code) }
    };
    let chosen: Vec<&StockPlace> = places.iter().filter(is_chosen).collect();
    let ids: Vec<PlaceId> = chosen.iter().map(|place| place.id).collect();
    let (rows, missing) = visit.engine.picking_list(visit.actor(), view, &ids).await?;
    let codes = chosen.iter().map(|place| ("places", place.code.as_str()));
    let query = serde_urlencoded::to_string(codes.collect::<Vec<_>>()).unwrap_or_default();
    Ok(Picking {
        chosen: chosen.iter().fold(Fields::default(), |fields, place| fields.with("places", &place.code)),
        from: chosen.iter().map(|place| place.code.as_str()).collect::<Vec<_>>().join(", "),
        places: choices(&places),
        rows: rows.into_iter().map(Row::from).collect(),
        missing: missing.iter().map(|short| shortfall(view, short)).collect(),
        print: found.path(&format!("/pack/list?{query}")),
        is_first: view.pack.status() == PackStatus::Planned,
    })
}

/// The picking list, to be printed.
#[derive(Template)]
#[template(path = "picking_list.html")]
struct ListPage<'p> {
    shell: Shell,
    found: &'p Found,
    back: String,
    at: String,
    avoids: String,
    picking: Picking,
}

async fn list(visit: Visit) -> Answer {
    let found = find(&visit).await?;
    let view = needed(&visit, &found).await?;
    let page = ListPage {
        shell: visit.shell(Place::Board)?,
        back: found.path("/pack"),
        at: words::instant(visit.engine.now()),
        avoids: said::avoids(&view.to.avoids),
        picking: picking(&visit, &found, &view).await?,
        found: &found,
    };
    visit.show(&page)
}

/// So many units of a lot that are in a pack.
struct Content {
    field: String,
    label: String,
    there: u32,
}

/// What is in a pack, lot by lot.
fn contents(view: &PackView) -> Vec<Content> {
    let mut all: Vec<Content> = Vec::new();
    for line in &view.list.lines {
        for issued in line.contents() {
            let field = content_field(line.no, issued);
            // It may have been given in several homes, one after the other.
            match all.iter_mut().find(|known| known.field == field) {
                Some(known) => known.there = known.there.saturating_add(issued.quantity),
                None => all.push(Content { field, label: name(view, issued.item), there: issued.quantity }),
            }
        }
    }
    all
}

/// The name of the field for so many units of a lot in a line.
fn content_field(line: u32, issued: &Issued) -> String {
    format!("units-{line}-{}", issued.lot)
}

/// What was typed for each lot in a pack, but for those left empty or at none.
fn units(view: &PackView, fields: &Fields) -> Result<Vec<LotInLineAsk>, Refusal> {
    let mut asked: Vec<LotInLineAsk> = Vec::new();
    for line in &view.list.lines {
        let lots: BTreeSet<LotId> = line.contents().map(|issued| issued.lot).collect();
        for lot in lots {
            let field = format!("units-{}-{lot}", line.no);
            let typed = fields.parsed::<i64>(&field, said::AS_MANY_AS_THERE_ARE)?;
            if let Some(quantity) = typed.filter(|quantity| *quantity != 0) {
                asked.push(LotInLineAsk { line: line.no, lot, quantity });
            }
        }
    }
    Ok(asked)
}

/// Something that is said of what is in a pack.
#[derive(Template)]
#[template(path = "pack_contents.html")]
struct ContentsPage<'p> {
    shell: Shell,
    fields: &'p Fields,
    found: &'p Found,
    back: String,
    /// Whether the pack is not needed any more; otherwise some of it is put back.
    is_cancel: bool,
    contents: Vec<Content>,
    places: Vec<(String, String)>,
}

async fn contents_page<'p>(
    visit: &Visit,
    found: &'p Found,
    view: &PackView,
    shell: Shell,
    fields: &'p Fields,
    is_cancel: IsCancel,
) -> Result<ContentsPage<'p>, Stopped> {
    let is_cancel = is_cancel == IsCancel::Yes;
    let first = if is_cancel { said::WHERE_IT_CAME_FROM } else { said::CHOOSE };
    let mut places = vec![(String::new(), first.to_owned())];
    places.extend(choices(&open_places(visit).await?));
    Ok(ContentsPage {
        shell,
        fields,
        found,
        back: found.path("/pack"),
        is_cancel,
        contents: contents(view),
        places,
    })
}

/// Whether a pack is cancelled.
#[derive(Clone, Copy, PartialEq, Eq)]
enum IsCancel {
    Yes,
    No,
}

async fn back(visit: Visit) -> Answer {
    ask_for_contents(&visit, IsCancel::No).await
}

async fn unneeded(visit: Visit) -> Answer {
    ask_for_contents(&visit, IsCancel::Yes).await
}

async fn ask_for_contents(visit: &Visit, is_cancel: IsCancel) -> Answer {
    let found = find(visit).await?;
    let view = needed(visit, &found).await?;
    let fields = visit.filled(Fields::default());
    let shell = visit.shell(Place::Board)?;
    visit.show(&contents_page(visit, &found, &view, shell, &fields, is_cancel).await?)
}

async fn put_back(visit: Visit, fields: Fields) -> Answer {
    say_contents(&visit, &fields, IsCancel::No).await
}

async fn cancel(visit: Visit, fields: Fields) -> Answer {
    say_contents(&visit, &fields, IsCancel::Yes).await
}

async fn say_contents(visit: &Visit, fields: &Fields, is_cancel: IsCancel) -> Answer {
    visit.must(Permission::PlaceHouseholds)?;
    let found = find(visit).await?;
    let view = needed(visit, &found).await?;
    let pack = view.pack.id;
    let is_nowhere = is_cancel == IsCancel::No && fields.get("place").is_empty();
    let lines =
        if is_nowhere { Err(Refusal::bad("place", said::SAY_WHERE_TO)) } else { units(&view, fields) };
    let command = lines.map(|lines| match is_cancel {
        IsCancel::No => {
            Command::PutBackFromPack(PutBackFromPack { pack, place: fields.get("place").to_owned(), lines })
        }
        IsCancel::Yes => Command::CancelPack(CancelPack { pack, place: fields.text("place"), opened: lines }),
    });
    let ran = match command {
        Ok(command) => visit.run(fields, command).await?,
        Err(refusal) => Err(refusal),
    };
    match ran {
        Ok(_) => {
            let done = if is_cancel == IsCancel::Yes { "pack-cancelled" } else { "pack-put-back" };
            Ok(to(&found.path(&format!("/pack?done={done}"))))
        }
        Err(refusal) => {
            let there = contents(&view);
            let mut known: Vec<&str> = there.iter().map(|content| content.field.as_str()).collect();
            known.extend(["place", "lines"]);
            let shell = visit.shell(Place::Board)?.refused(&refusal).at_one_of(&known);
            visit.show_again(&contents_page(visit, &found, &view, shell, fields, is_cancel).await?)
        }
    }
}

/// For whom a pack is.
#[derive(Template)]
#[template(path = "pack_household.html")]
struct WhomPage<'p> {
    shell: Shell,
    fields: &'p Fields,
    found: &'p Found,
    back: String,
    children: u16,
    bands: Vec<(&'static str, &'static str)>,
    allergens: Vec<(&'static str, &'static str)>,
    diets: Vec<(&'static str, &'static str)>,
    asked: Vec<(String, String)>,
    items: Vec<(String, String)>,
}

/// The children's ages, as the form has them.
const BANDS: [(&str, &str); 5] = said::AGES;

async fn whom_page<'p>(
    visit: &Visit,
    found: &'p Found,
    view: &PackView,
    shell: Shell,
    fields: &'p Fields,
) -> Result<WhomPage<'p>, Stopped> {
    let asked = view.words.asked.iter().filter(|asked| asked.quantity > 0);
    let asked: Vec<(String, String)> = asked
        .filter_map(|asked| view.items.get(&asked.item))
        .map(|item| (format!("asked-{}", item.code), item.name.clone()))
        .collect();
    let mut items = vec![(String::new(), said::NOTHING_MORE.to_owned())];
    let all = visit.engine.items(visit.actor()).await?;
    let there = |code: &str| asked.iter().any(|(field, _)| field.strip_prefix("asked-") == Some(code));
    let new = all.into_iter().filter(|item| !item.retired && !there(&item.code));
    items.extend(new.map(|item| (item.code, format!("{} ({})", item.name, item.unit_of_issue))));
    Ok(WhomPage {
        shell,
        fields,
        found,
        back: found.path("/pack"),
        children: found.stay.people.children,
        bands: BANDS.to_vec(),
        allergens: Allergen::ALL.into_iter().map(|one| (one.as_str(), one.as_str())).collect(),
        diets: Diet::ALL.into_iter().map(|one| (one.as_str(), one.words())).collect(),
        asked,
        items,
    })
}

async fn whom(visit: Visit) -> Answer {
    let found = find(&visit).await?;
    let view = needed(&visit, &found).await?;
    let fields = visit.filled(noted(&view));
    let shell = visit.shell(Place::Board)?;
    visit.show(&whom_page(&visit, &found, &view, shell, &fields).await?)
}

/// What is noted for a pack, as the form has it.
fn noted(view: &PackView) -> Fields {
    let mut fields = Fields::default();
    if let Some(ages) = view.to.ages {
        let ChildAges { under_2, from_2_to_4, from_5_to_10, from_11_to_15, from_16_to_17 } = ages;
        for ((band, _), n) in
            BANDS.iter().zip([under_2, from_2_to_4, from_5_to_10, from_11_to_15, from_16_to_17])
        {
            fields = fields.with(band, n);
        }
    }
    for allergen in &view.words.avoids.allergens {
        fields = fields.with("allergens", allergen.as_str());
    }
    for diet in &view.words.avoids.diets {
        fields = fields.with("diets", diet.as_str());
    }
    for asked in view.words.asked.iter().filter(|asked| asked.quantity > 0) {
        if let Some(item) = view.items.get(&asked.item) {
            fields = fields.with(&format!("asked-{}", item.code), asked.quantity);
        }
    }
    fields
}

/// What the form says of whom a pack is for.
fn adapted(view: &PackView, fields: &Fields) -> Result<AdaptPack, Refusal> {
    let mut counts = [0_u16; 5];
    let mut is_said = false;
    for ((band, _), count) in BANDS.iter().zip(&mut counts) {
        if let Some(n) = fields.parsed::<u16>(band, said::AS_MANY_AS_THERE_ARE)? {
            *count = n;
            is_said = true;
        }
    }
    let [under_2, from_2_to_4, from_5_to_10, from_11_to_15, from_16_to_17] = counts;
    let ages = ChildAges { under_2, from_2_to_4, from_5_to_10, from_11_to_15, from_16_to_17 };
    let mut asked = Vec::new();
    for known in view.words.asked.iter().filter(|asked| asked.quantity > 0) {
        let Some(item) = view.items.get(&known.item) else { continue };
        let field = format!("asked-{}", item.code);
        let typed = fields.parsed::<i64>(&field, said::AS_MANY_AS_THERE_ARE)?;
        asked.extend(typed.filter(|quantity| *quantity != 0).map(|quantity| (item.code.clone(), quantity)));
    }
    if let Some(item) = fields.text("item") {
        asked.push((item, fields.needed_number("quantity")?));
    }
    let marks = |name: &str| fields.all::<Vec<String>>(name);
    Ok(AdaptPack {
        pack: view.pack.id,
        ages: is_said.then_some(ages),
        allergens: Some(marks("allergens").iter().filter_map(|mark| mark.parse().ok()).collect()),
        diets: Some(marks("diets").iter().filter_map(|mark| mark.parse().ok()).collect()),
        asked: Some(asked),
    })
}

async fn adapt(visit: Visit, fields: Fields) -> Answer {
    visit.must(Permission::PlaceHouseholds)?;
    let found = find(&visit).await?;
    let view = needed(&visit, &found).await?;
    let ran = match adapted(&view, &fields) {
        Ok(ask) => visit.run(&fields, Command::AdaptPack(ask)).await?,
        Err(refusal) => Err(refusal),
    };
    match ran {
        Ok(_) => Ok(to(&found.path("/pack?done=pack-adapted"))),
        Err(refusal) => {
            let mut known = vec!["childAges", "allergens", "diets", "asked", "item", "quantity"];
            known.extend(BANDS.iter().map(|(band, _)| *band));
            let shell = visit.shell(Place::Board)?.refused(&refusal).at_one_of(&known);
            visit.show_again(&whom_page(&visit, &found, &view, shell, &fields).await?)
        }
    }
}
