//! Localities: named parts of districts, and which are near to one another. Managers keep them.

use std::{collections::BTreeSet, sync::Arc};

use askama::Template;
use safespace_domain::{
    Refusal, RefusalCode, access::Permission, availability::Spaces, codes, localities::Locality,
};
use safespace_engine::Command;

use crate::{
    Answer, Pages, Site, Stopped,
    fields::Fields,
    form,
    properties::{Choices, first},
    questions::districts,
    shell::{Place, Shell, to},
    visit::Visit,
    words::settings::{CHOOSE, IS_THERE, WHICH_DISTRICT, locality, near_to, now},
};

/// Where they are.
const PATH: &str = "/settings/localities";
/// The fields of a locality.
const FIELDS: [&str; 3] = ["name", "district", "near"];

/// The pages.
pub(crate) fn pages(site: &Arc<Site>) -> Pages {
    vec![(PATH, form(site, list, add)), ("/settings/localities/change", form(site, one, change))]
}

/// A locality in the list.
struct Row {
    change: String,
    name: String,
    district: String,
    near: String,
    units: String,
}

#[derive(Template)]
#[template(path = "localities.html")]
struct LocalitiesPage {
    shell: Shell,
    fields: Fields,
    rows: Vec<Row>,
    districts: Choices,
    others: Choices,
}

/// Where a locality is changed.
fn change_path(name: &str) -> String {
    format!("{PATH}/change?{}", serde_urlencoded::to_string([("name", name)]).unwrap_or_default())
}

/// The localities that say themselves that they are near to this one.
fn said_there<'s>(spaces: &'s Spaces, name: &str) -> Vec<&'s str> {
    let all = spaces.localities.values().filter(|other| other.near.contains(name));
    all.map(|other| other.name.as_str()).collect()
}

fn row(spaces: &Spaces, of: &Locality) -> Row {
    let near: BTreeSet<&str> =
        of.near.iter().map(String::as_str).chain(said_there(spaces, &of.name)).collect();
    let there = spaces.properties().filter(|property| property.locality.as_ref() == Some(&of.name));
    let units = there.map(|property| spaces.units_of(property.id).len()).sum();
    Row {
        change: change_path(&of.name),
        name: of.name.clone(),
        district: of.district.clone(),
        near: near_to(&near.into_iter().collect::<Vec<_>>()),
        units: now::units_there(units),
    }
}

/// The localities, as choices; all but one where one is given.
fn choices(spaces: &Spaces, but: Option<&str>) -> Choices {
    let all = spaces.localities.values().filter(|other| but != Some(other.name.as_str()));
    all.map(|other| (other.name.clone(), locality(other))).collect()
}

fn list_page(visit: &Visit, shell: Shell, fields: Fields) -> LocalitiesPage {
    let spaces = visit.engine.spaces();
    LocalitiesPage {
        shell,
        fields,
        rows: spaces.localities.values().map(|of| row(&spaces, of)).collect(),
        districts: first(CHOOSE, districts(visit)),
        others: choices(&spaces, None),
    }
}

/// The localities, with the form that adds one.
async fn list(visit: Visit) -> Answer {
    visit.must(Permission::ManageSpaces)?;
    let fields = visit.filled(Fields::default());
    visit.show(&list_page(&visit, visit.shell(Place::Team)?, fields))
}

/// What a form says of a locality.
fn said(fields: &Fields, name: &str) -> Result<Locality, Refusal> {
    let district = fields.text("district").ok_or_else(|| Refusal::bad("district", WHICH_DISTRICT))?;
    Ok(Locality { name: name.to_owned(), district, near: fields.all("near") })
}

/// Adds a locality.
async fn add(visit: Visit, fields: Fields) -> Answer {
    visit.must(Permission::ManageSpaces)?;
    let refusal = match said(&fields, fields.get("name")) {
        Ok(new) if is_taken(&visit, &new) => Refusal::new(RefusalCode::CodeInUse, IS_THERE).on("name"),
        Ok(new) => match visit.run(&fields, Command::SaveLocality(new)).await? {
            Ok(_) => return Ok(to("/settings/localities?done=locality-added")),
            Err(refusal) => refusal,
        },
        Err(refusal) => refusal,
    };
    let shell = visit.shell(Place::Team)?.refused(&refusal).at_one_of(&FIELDS);
    visit.show_again(&list_page(&visit, shell, fields))
}

/// Whether what is to be new has the name of another locality, which would be changed unseen. A form that is sent twice finds
/// what it did the first time.
fn is_taken(visit: &Visit, new: &Locality) -> bool {
    let same_name = |other: &Locality| codes::key(&other.name) == codes::key(&new.name);
    visit.engine.spaces().localities.values().any(|other| same_name(other) && other != new)
}

#[derive(Template)]
#[template(path = "locality_change.html")]
struct ChangePage {
    shell: Shell,
    fields: Fields,
    name: String,
    districts: Choices,
    others: Choices,
    /// Those that are near because it is said of them: where that is changed, and their names.
    said_there: Vec<(String, String)>,
}

fn change_page(visit: &Visit, of: &Locality, shell: Shell, fields: Fields) -> ChangePage {
    let spaces = visit.engine.spaces();
    let there = said_there(&spaces, &of.name).into_iter();
    ChangePage {
        shell,
        fields,
        name: of.name.clone(),
        districts: districts(visit),
        others: choices(&spaces, Some(&of.name)),
        said_there: there.map(|name| (change_path(name), name.to_owned())).collect(),
    }
}

/// The locality that the address names.
fn found(visit: &Visit) -> Result<Locality, Stopped> {
    visit.must(Permission::ManageSpaces)?;
    let found = visit.engine.spaces().localities.get(visit.query.get("name")).cloned();
    found.ok_or_else(|| Refusal::not_found("locality", "name").into())
}

/// The form of a locality.
async fn one(visit: Visit) -> Answer {
    let of = found(&visit)?;
    let fields = Fields::default().with("district", &of.district);
    let fields = of.near.iter().fold(fields, |fields, name| fields.with("near", name));
    let fields = visit.filled(fields);
    visit.show(&change_page(&visit, &of, visit.shell(Place::Team)?, fields))
}

/// Changes it. The name stays.
async fn change(visit: Visit, fields: Fields) -> Answer {
    let of = found(&visit)?;
    let refusal = match said(&fields, &of.name) {
        Ok(now) => match visit.run(&fields, Command::SaveLocality(now)).await? {
            Ok(_) => return Ok(to("/settings/localities?done=locality-changed")),
            Err(refusal) => refusal,
        },
        Err(refusal) => refusal,
    };
    let shell = visit.shell(Place::Team)?.refused(&refusal).at_one_of(&["district", "near"]);
    visit.show_again(&change_page(&visit, &of, shell, fields))
}
