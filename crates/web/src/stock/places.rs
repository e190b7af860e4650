//! Places that hold stock, and at how many units they are low. For managers to keep.

use std::sync::Arc;

use askama::Template;
use safespace_domain::{
    PlaceId, PropertyId, Refusal, access::Permission, places::Place as Store, stock::typed_quantity,
};
use safespace_engine::{AddPlace, Command, SetLevel};

use super::{Names, asked, pounds};
use crate::{
    Answer, Pages, Site, Stopped,
    fields::Fields,
    form,
    properties::{Choices, first},
    shell::{Place, Shell, to},
    visit::Visit,
    words::stock as words,
};

/// A place in the list.
struct Row {
    path: String,
    code: String,
    name: String,
    about: String,
    units: u32,
    value: String,
    is_closed: bool,
}

#[derive(Template)]
#[template(path = "places.html")]
struct PlacesPage {
    shell: Shell,
    fields: Fields,
    rows: Vec<Row>,
    properties: Choices,
    may_manage: bool,
}

/// At how many units the place is low of an item.
struct LevelRow {
    item: String,
    path: String,
    reorder_point: u32,
    target: u32,
}

#[derive(Template)]
#[template(path = "stock_place.html")]
struct PlacePage {
    shell: Shell,
    fields: Fields,
    code: String,
    query: String,
    name: String,
    is_closed: bool,
    levels: Vec<LevelRow>,
    items: Choices,
    may_manage: bool,
}

pub(super) fn pages(site: &Arc<Site>) -> Pages {
    vec![("/stock/places", form(site, places, add)), ("/stock/places/:id", form(site, place, change))]
}

async fn places_page(visit: &Visit, fields: Fields) -> Result<PlacesPage, Stopped> {
    visit.must(Permission::SeeStays)?;
    let names = Names::load(visit).await?;
    let on_hand = visit.engine.stock(visit.actor(), None).await?;
    let spaces = visit.engine.spaces();
    let mut found: Vec<&Store> = names.places.values().collect();
    found.sort_by(|a, b| (a.closed, &a.code).cmp(&(b.closed, &b.code)));
    let row = |place: &Store| {
        let here = || on_hand.iter().filter(|one| one.balance.place == place.id);
        let property = place.kind.property().and_then(|id| spaces.property(id));
        Row {
            path: format!("/stock/places/{}", place.id),
            code: place.code.clone(),
            name: place.name.clone(),
            about: property
                .map_or_else(|| words::OFFICE.to_owned(), |property| words::cupboard(&property.code)),
            units: here().map(|one| one.balance.quantity).sum(),
            value: pounds(safespace_domain::money::Pence(here().map(|one| one.balance.value.0).sum())),
            is_closed: place.closed,
        }
    };
    let mut properties: Choices =
        spaces.properties().map(|property| (property.id.to_string(), property.code.clone())).collect();
    properties.sort_by(|a, b| a.1.cmp(&b.1));
    Ok(PlacesPage {
        shell: visit.shell(Place::Stock)?,
        fields,
        rows: found.into_iter().map(row).collect(),
        properties: first(words::AT_THE_OFFICE, properties),
        may_manage: visit.may(Permission::ManageStock),
    })
}

/// The places that hold stock.
async fn places(visit: Visit) -> Answer {
    let page = places_page(&visit, visit.filled(Fields::default())).await?;
    visit.show(&page)
}

/// Adds a place.
async fn add(visit: Visit, fields: Fields) -> Answer {
    visit.must(Permission::ManageStock)?;
    let ask = AddPlace {
        code: fields.get("code").to_owned(),
        name: fields.get("name").to_owned(),
        property: fields.id("property", PropertyId),
    };
    match visit.run(&fields, Command::AddPlace(ask)).await? {
        Ok(_) => Ok(to("/stock/places?done=place-added")),
        Err(refusal) => {
            let mut page = places_page(&visit, fields).await?;
            page.shell = page.shell.refused(&refusal).at_one_of(&["code", "name", "property"]);
            visit.show_again(&page)
        }
    }
}

/// The place that the address names.
fn found(visit: &Visit, names: &Names) -> Result<Store, Stopped> {
    let id = visit.id("id", PlaceId)?;
    names.place(id).cloned().ok_or_else(|| Stopped::Refused(Refusal::not_found("place", "id")))
}

async fn place_page(visit: &Visit, fields: Fields) -> Result<PlacePage, Stopped> {
    visit.must(Permission::SeeStays)?;
    let names = Names::load(visit).await?;
    let place = found(visit, &names)?;
    let levels = visit.engine.levels(visit.actor()).await?;
    let mut levels: Vec<LevelRow> = levels
        .iter()
        .filter(|level| level.place == place.id)
        .map(|level| LevelRow {
            item: names.item_words(level.item),
            path: format!("/stock/items/{}", level.item),
            reorder_point: level.reorder_point,
            target: level.target,
        })
        .collect();
    levels.sort_by(|a, b| a.item.cmp(&b.item));
    Ok(PlacePage {
        shell: visit.shell(Place::Stock)?,
        fields,
        query: asked(&[("place", &place.code)]),
        code: place.code,
        name: place.name,
        is_closed: place.closed,
        levels,
        items: names.current_items(),
        may_manage: visit.may(Permission::ManageStock),
    })
}

/// A place.
async fn place(visit: Visit) -> Answer {
    let page = place_page(&visit, visit.filled(Fields::default())).await?;
    visit.show(&page)
}

fn changing(fields: &Fields, place: &Store) -> Result<Command, Refusal> {
    let place = place.code.clone();
    Ok(match fields.get("do") {
        "close" => Command::ClosePlace { place },
        "reopen" => Command::ReopenPlace { place },
        _ => Command::SetLevel(SetLevel {
            place,
            item: fields.get("item").to_owned(),
            reorder_point: typed_quantity(fields.get("reorderPoint"), "reorderPoint")?,
            target: typed_quantity(fields.get("target"), "target")?,
        }),
    })
}

/// Closes a place, opens it again, or says at how many units it is low.
async fn change(visit: Visit, fields: Fields) -> Answer {
    visit.must(Permission::ManageStock)?;
    let place = found(&visit, &Names::load(&visit).await?)?;
    let word = match fields.get("do") {
        "close" => "place-closed",
        "reopen" => "place-reopened",
        _ => "level-set",
    };
    let done = match changing(&fields, &place) {
        Ok(command) => visit.run(&fields, command).await?,
        Err(refusal) => Err(refusal),
    };
    match done {
        Ok(_) => Ok(to(&format!("/stock/places/{}?done={word}", place.id))),
        Err(refusal) => {
            let mut page = place_page(&visit, fields).await?;
            page.shell = page.shell.refused(&refusal).at_one_of(&["item", "reorderPoint", "target"]);
            visit.show_again(&page)
        }
    }
}
