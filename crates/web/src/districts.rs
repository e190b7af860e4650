//! Districts: where homes are, and which councils there are. Managers keep them.

use std::sync::Arc;

use askama::Template;
use safespace_domain::{
    Refusal, RefusalCode,
    access::Permission,
    codes,
    districts::{District, DistrictKind},
};
use safespace_engine::Command;

use crate::{
    Answer, Pages, Site, Stopped,
    fields::Fields,
    form,
    properties::Choices,
    shell::{Place, Shell, to},
    visit::Visit,
    words::settings::{IS_THERE, WHICH_DISTRICT_KIND, district_kind, district_kind_choice, now},
};

/// Where they are.
const PATH: &str = "/settings/districts";
/// The fields of a district.
const FIELDS: [&str; 2] = ["name", "kind"];

/// The pages.
pub(crate) fn pages(site: &Arc<Site>) -> Pages {
    vec![(PATH, form(site, list, add)), ("/settings/districts/change", form(site, one, change))]
}

/// A district in the list.
struct Row {
    change: String,
    name: String,
    kind: &'static str,
    homes: String,
}

#[derive(Template)]
#[template(path = "districts.html")]
struct DistrictsPage {
    shell: Shell,
    fields: Fields,
    rows: Vec<Row>,
    kinds: Choices,
}

fn kinds() -> Choices {
    let all = [DistrictKind::Host, DistrictKind::Partner, DistrictKind::Pilot];
    all.into_iter().map(|kind| (kind.to_string(), district_kind_choice(kind))).collect()
}

fn list_page(visit: &Visit, shell: Shell, fields: Fields) -> DistrictsPage {
    let spaces = visit.engine.spaces();
    let row = |district: &District| {
        let query = serde_urlencoded::to_string([("name", &district.name)]).unwrap_or_default();
        let homes = spaces.properties().filter(|property| property.district == district.name).count();
        Row {
            change: format!("{PATH}/change?{query}"),
            name: district.name.clone(),
            kind: district_kind(district.kind),
            homes: now::homes(homes, spaces.units_in(&district.name).len()),
        }
    };
    DistrictsPage { shell, fields, rows: spaces.districts.values().map(row).collect(), kinds: kinds() }
}

/// The districts, with the form that adds one.
async fn list(visit: Visit) -> Answer {
    visit.must(Permission::ManageSpaces)?;
    let fields = visit.filled(Fields::default());
    visit.show(&list_page(&visit, visit.shell(Place::Team)?, fields))
}

/// What a form says that a district is to the service.
fn kind(fields: &Fields) -> Result<DistrictKind, Refusal> {
    fields.parsed("kind", WHICH_DISTRICT_KIND)?.ok_or_else(|| Refusal::bad("kind", WHICH_DISTRICT_KIND))
}

/// Adds a district.
async fn add(visit: Visit, fields: Fields) -> Answer {
    visit.must(Permission::ManageSpaces)?;
    let refusal = match kind(&fields).map(|kind| District { name: fields.get("name").to_owned(), kind }) {
        Ok(new) if is_taken(&visit, &new) => Refusal::new(RefusalCode::CodeInUse, IS_THERE).on("name"),
        Ok(new) => match visit.run(&fields, Command::SaveDistrict(new)).await? {
            Ok(_) => return Ok(to("/settings/districts?done=district-added")),
            Err(refusal) => refusal,
        },
        Err(refusal) => refusal,
    };
    let shell = visit.shell(Place::Team)?.refused(&refusal).at_one_of(&FIELDS);
    visit.show_again(&list_page(&visit, shell, fields))
}

/// Whether what is to be new has the name of another district, which would be changed unseen. A form that is sent twice finds
/// what it did the first time.
fn is_taken(visit: &Visit, new: &District) -> bool {
    let same_name = |other: &District| codes::key(&other.name) == codes::key(&new.name);
    visit.engine.spaces().districts.values().any(|other| same_name(other) && other != new)
}

#[derive(Template)]
#[template(path = "district_change.html")]
struct ChangePage {
    shell: Shell,
    fields: Fields,
    name: String,
    kinds: Choices,
}

/// The district that the address names.
fn found(visit: &Visit) -> Result<District, Stopped> {
    visit.must(Permission::ManageSpaces)?;
    let found = visit.engine.spaces().districts.get(visit.query.get("name")).cloned();
    found.ok_or_else(|| Refusal::not_found("district", "name").into())
}

/// The form of what a district is to the service.
async fn one(visit: Visit) -> Answer {
    let district = found(&visit)?;
    let fields = visit.filled(Fields::default().with("kind", district.kind));
    visit.show(&ChangePage { shell: visit.shell(Place::Team)?, fields, name: district.name, kinds: kinds() })
}

/// Changes it. The name stays: homes and councils are known by it.
async fn change(visit: Visit, fields: Fields) -> Answer {
    let district = found(&visit)?;
    let refusal = match kind(&fields).map(|kind| District { name: district.name.clone(), kind }) {
        Ok(now) => match visit.run(&fields, Command::SaveDistrict(now)).await? {
            Ok(_) => return Ok(to("/settings/districts?done=district-changed")),
            Err(refusal) => refusal,
        },
        Err(refusal) => refusal,
    };
    let shell = visit.shell(Place::Team)?.refused(&refusal).at_one_of(&["kind"]);
    visit.show_again(&ChangePage { shell, fields, name: district.name, kinds: kinds() })
}
