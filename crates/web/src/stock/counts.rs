//! Counts: what is there, against what the ledger says.

use std::sync::Arc;

use askama::Template;
use safespace_domain::{
    Refusal,
    access::Permission,
    stock::{CountReason, OnHand, typed_quantity},
};
use safespace_engine::{Command, CountLine, CountStock};

use super::{Names, asked, field_of, handed_over};
use crate::{
    Answer, Pages, Site, Stopped,
    fields::Fields,
    form, page,
    properties::{Choices, first},
    shell::{Place, Shell, to},
    visit::Visit,
    words::stock as words,
};

/// A lot to be counted.
struct Lot {
    item: String,
    about: String,
    unit: String,
    ledger: u32,
    counted: String,
    why: String,
    note: String,
    /// The names of its fields.
    names: [String; 3],
    /// What it differs by, where it was counted.
    differs: Option<String>,
}

#[derive(Template)]
#[template(path = "count.html")]
struct CountPage {
    shell: Shell,
    fields: Fields,
    places: Choices,
    /// The code and name of the place that is counted.
    place: Option<(String, String)>,
    /// The query that names it.
    query: String,
    lots: Vec<Lot>,
    reasons: Choices,
    /// Whether it only has to be confirmed.
    is_checked: bool,
}

pub(super) fn pages(site: &Arc<Site>) -> Pages {
    vec![("/stock/count", form(site, counting, count)), ("/stock/count/sheet", page(site, sheet))]
}

/// What a place has, by item and what expires first.
async fn on_hand(visit: &Visit, names: &Names) -> Result<Vec<OnHand>, Stopped> {
    let Some(place) = names.place_called(visit.query.get("place")) else { return Ok(Vec::new()) };
    let mut found = visit.engine.stock(visit.actor(), Some(place.id)).await?;
    found.retain(|one| one.balance.quantity > 0);
    found.sort_by_key(|one| {
        let code = names.item(one.balance.item).map(|item| item.code.clone());
        (code, one.lot.expires_on.is_none(), one.lot.expires_on, one.lot.id)
    });
    Ok(found)
}

async fn count_page(visit: &Visit, fields: Fields) -> Result<CountPage, Stopped> {
    let names = Names::load(visit).await?;
    let lots = on_hand(visit, &names).await?;
    let place = names.place_called(visit.query.get("place"));
    Ok(CountPage {
        shell: visit.shell(Place::Stock)?,
        places: first(words::CHOOSE, names.place_choices(|_| true)),
        query: asked(&[("place", place.map_or("", |place| place.code.as_str()))]),
        place: place.map(|place| (place.code.clone(), names.place_words(place.id))),
        lots: lots.iter().map(|one| lot(&names, &fields, one)).collect(),
        reasons: first(
            words::CHOOSE,
            CountReason::ALL
                .into_iter()
                .map(|one| (one.as_str().to_owned(), words::count_reason(one).to_owned()))
                .collect(),
        ),
        fields,
        is_checked: false,
    })
}

fn lot(names: &Names, fields: &Fields, one: &OnHand) -> Lot {
    let id = one.lot.id;
    let name = |field: &str| field_of(field, id);
    let counted = fields.get(&name("counted")).to_owned();
    Lot {
        item: names.item_words(one.balance.item),
        about: words::lot(one.lot.code.as_deref(), one.lot.expires_on, one.lot.received_at),
        unit: names.unit(one.balance.item).to_owned(),
        ledger: one.balance.quantity,
        differs: counted.parse().ok().map(|counted| words::differs(one.balance.quantity.into(), counted)),
        counted,
        why: fields.get(&name("why")).to_owned(),
        note: fields.get(&name("note")).to_owned(),
        names: [name("counted"), name("why"), name("note")],
    }
}

/// The form for a count.
async fn counting(visit: Visit) -> Answer {
    visit.must(Permission::KeepStock)?;
    let page = count_page(&visit, visit.filled(Fields::default())).await?;
    visit.show(&page)
}

/// The count sheet, to go to the shelf with.
async fn sheet(visit: Visit) -> Answer {
    let place = visit.query.text("place");
    let found = visit.engine.count_sheet(visit.actor(), place.as_deref()).await?;
    handed_over("count-sheet", visit.query.get("format"), &found)
}

/// What was counted.
fn lines(fields: &Fields, lots: &[OnHand]) -> Result<Vec<CountLine>, Refusal> {
    let mut lines = Vec::new();
    for one in lots {
        let name = |field: &str| field_of(field, one.lot.id);
        let typed = fields.get(&name("counted"));
        if typed.is_empty() {
            continue;
        }
        lines.push(CountLine {
            lot: one.lot.id,
            counted: typed_quantity(typed, &name("counted"))?,
            why: fields.parsed(&name("why"), words::CHOOSE_FIRST)?,
            note: fields.text(&name("note")),
        });
    }
    if lines.is_empty() {
        let at = lots.first().map_or_else(|| "place".to_owned(), |one| field_of("counted", one.lot.id));
        return Err(Refusal::bad(&at, words::NOTHING_COUNTED));
    }
    Ok(lines)
}

/// Says what differs, and writes the count down once that was confirmed.
async fn count(visit: Visit, fields: Fields) -> Answer {
    visit.must(Permission::KeepStock)?;
    if fields.get("do") == "change" {
        return visit.show(&count_page(&visit, fields).await?);
    }
    let names = Names::load(&visit).await?;
    let lots = on_hand(&visit, &names).await?;
    let place = visit.query.get("place").to_owned();
    let refusal = match lines(&fields, &lots) {
        Err(refusal) => refusal,
        Ok(lines) => {
            let ask = CountStock { place, lines };
            let done = if fields.get("do") == "go" {
                visit.run(&fields, Command::CountStock(ask.clone())).await?
            } else {
                visit.rehearse(Command::CountStock(ask.clone())).await?
            };
            match done {
                Ok(_) if fields.get("do") == "go" => return Ok(to("/stock?done=counted")),
                Ok(_) => {
                    let mut page = count_page(&visit, fields).await?;
                    page.is_checked = true;
                    return visit.show(&page);
                }
                Err(refusal) => at_its_line(&visit, &ask, refusal).await?,
            }
        }
    };
    let mut page = count_page(&visit, fields).await?;
    let known: Vec<String> = page.lots.iter().flat_map(|lot| lot.names.clone()).collect();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    page.shell = page.shell.refused(&refusal).at_one_of(&known);
    visit.show_again(&page)
}

/// A refusal of a count at the field of the line that it is about: each line is tried by itself.
async fn at_its_line(visit: &Visit, ask: &CountStock, refusal: Refusal) -> Result<Refusal, Stopped> {
    for line in &ask.lines {
        let alone = CountStock { place: ask.place.clone(), lines: vec![line.clone()] };
        if let Err(found) = visit.rehearse(Command::CountStock(alone)).await? {
            let field = found.field.as_deref().unwrap_or("counted").to_owned();
            return Ok(found.on(&field_of(&field, line.lot)));
        }
    }
    Ok(refusal)
}
