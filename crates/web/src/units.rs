//! A unit: what it has, when it is in stock, and what takes its next nights.

use std::sync::Arc;

use askama::Template;
use safespace_domain::{
    Nights, PropertyId, Refusal, UnitId, access::Permission, board::BoardUse, ledger::NightUse,
    nights::later, units::Unit,
};
use safespace_engine::{Command, DescribeUnit, Outcome, RegisterUnit};
use uuid::Uuid;

use crate::{
    Answer, Pages, Site, Stopped,
    fields::Fields,
    form, page,
    properties::{Choices, InStock, Step, features, tonight, whose},
    shell::{Place, Shell, to},
    visit::Visit,
    voids::{VoidRow, ahead},
    words::{self, stock},
};

/// How far a unit's page looks ahead.
const AHEAD: u32 = 14;

/// Nights of a unit, taken or free.
struct Run {
    nights: String,
    state: &'static str,
    whose: String,
    path: Option<String>,
}

#[derive(Template)]
#[template(path = "unit.html")]
struct UnitPage {
    shell: Shell,
    path: String,
    id: UnitId,
    code: String,
    home_path: String,
    home: String,
    scheme: &'static str,
    place: String,
    sharing: &'static str,
    sleeps: u16,
    features: String,
    in_service: Vec<String>,
    runs: Vec<Run>,
    voids: Vec<VoidRow>,
    board: String,
    from: String,
    may_void: bool,
    may_manage: bool,
}

#[derive(Template)]
#[template(path = "unit_form.html")]
struct UnitFormPage {
    shell: Shell,
    fields: Fields,
    /// The code of the unit that is described; none where one is added.
    of: Option<String>,
    /// The property's code.
    home: String,
    back: String,
    features: Choices,
}

const FORM_FIELDS: [&str; 5] = ["code", "sleeps", "features", "openedOn", "closedOn"];

/// The pages.
pub(crate) fn pages(site: &Arc<Site>) -> Pages {
    vec![
        ("/homes/:id/units/new", form(site, new, register)),
        ("/units/:id", page(site, unit)),
        ("/units/:id/describe", form(site, describing, describe)),
        ("/units/:id/close", form(site, closing, close)),
        ("/units/:id/reopen", form(site, reopening, reopen)),
    ]
}

/// The unit that the address names.
fn found(visit: &Visit) -> Result<Unit, Stopped> {
    let id = visit.id("id", UnitId)?;
    let unit = visit.engine.spaces().unit_by_id(id).cloned();
    unit.ok_or_else(|| Stopped::Refused(Refusal::not_found("unit", "id")))
}

/// A unit.
async fn unit(visit: Visit) -> Answer {
    visit.must(Permission::SeeStays)?;
    let unit = found(&visit)?;
    let (engine, spaces) = (&visit.engine, visit.engine.spaces());
    let property = spaces.property(unit.property).cloned();
    let property = property.ok_or_else(|| Stopped::Refused(Refusal::not_found("property", "id")))?;
    let from = tonight(&visit);
    let window = Nights::between(from, later(from, AHEAD));
    let voids = ahead(&visit, Some(unit.id)).await?;
    // The board begins after a code: the last one before this unit's.
    let before =
        spaces.units().iter().map(|one| one.code.as_str()).filter(|code| *code < unit.code.as_str()).max();
    let shown = engine.board(visit.actor(), window, before, 1).await?;
    let row = shown.rows.into_iter().find(|row| row.unit.id == unit.id);
    let uses = row.map_or_else(Vec::new, |row| row.uses);
    let told = |used: &BoardUse| Run {
        nights: stock::nights_free(used.nights),
        state: stock::tonight(used.take.night_use),
        whose: whose(&spaces, &shown.names, used.take.night_use, used.take.by),
        path: path_of(used.take.night_use, used.take.by),
    };
    let page = UnitPage {
        shell: visit.shell(Place::Homes)?,
        path: format!("/units/{}", unit.id),
        home_path: format!("/homes/{}", property.id),
        home: property.code.clone(),
        scheme: words::scheme(property.scheme),
        place: property.locality.as_ref().map_or_else(
            || property.district.clone(),
            |locality| format!("{}, {locality}", property.district),
        ),
        sharing: stock::sharing(property.sharing),
        sleeps: unit.sleeps,
        features: features(&spaces, &unit),
        in_service: unit.in_service.iter().copied().map(stock::in_service).collect(),
        runs: runs(&unit, &uses, window, told),
        voids,
        board: board(from, before),
        from: from.to_string(),
        may_void: visit.may(Permission::RecordVoids),
        may_manage: visit.may(Permission::ManageSpaces),
        id: unit.id,
        code: unit.code,
    };
    visit.show(&page)
}

/// The board with this unit first.
fn board(from: safespace_domain::Night, before: Option<&str>) -> String {
    let mut asked = vec![("from", from.to_string())];
    asked.extend(before.map(|code| ("after", code.to_owned())));
    format!("/board?{}", serde_urlencoded::to_string(asked).unwrap_or_default())
}

/// Where what takes a night is.
fn path_of(night_use: NightUse, by: Uuid) -> Option<String> {
    match night_use {
        NightUse::Booked | NightUse::Resident => Some(format!("/stays/{by}")),
        NightUse::Held => Some(format!("/holds/{by}")),
        NightUse::Void => Some(format!("/voids/{by}")),
        NightUse::Turnaround => None,
    }
}

/// The nights of a window, taken, free and out of stock, in order.
fn runs(unit: &Unit, uses: &[BoardUse], window: Nights, told: impl Fn(&BoardUse) -> Run) -> Vec<Run> {
    let mut runs = Vec::new();
    let mut nights = window.iter().peekable();
    let used_on = |night| uses.iter().find(|used| used.nights.contains(night));
    while let Some(night) = nights.next() {
        if let Some(used) = used_on(night) {
            while nights.next_if(|next| used.nights.contains(*next)).is_some() {}
            runs.push(told(used));
            continue;
        }
        let is_in = unit.is_in_stock(night);
        let mut last = night;
        while let Some(next) =
            nights.next_if(|next| used_on(*next).is_none() && unit.is_in_stock(*next) == is_in)
        {
            last = next;
        }
        runs.push(Run {
            nights: stock::nights_free(Nights::between(night, later(last, 1))),
            state: if is_in { stock::FREE } else { words::NOT_IN_STOCK },
            whose: String::new(),
            path: is_in.then(|| format!("/book?unit={}&arrival={night}", unit.id)),
        });
    }
    runs
}

fn form_page(
    visit: &Visit,
    of: Option<&Unit>,
    property: PropertyId,
    fields: Fields,
) -> Result<UnitFormPage, Stopped> {
    let spaces = visit.engine.spaces();
    let property = spaces.property(property);
    let property = property.ok_or_else(|| Stopped::Refused(Refusal::not_found("property", "id")))?;
    let features = spaces.features.values();
    Ok(UnitFormPage {
        shell: visit.shell(Place::Homes)?,
        fields,
        of: of.map(|unit| unit.code.clone()),
        home: property.code.clone(),
        back: of.map_or_else(|| format!("/homes/{}", property.id), |unit| format!("/units/{}", unit.id)),
        features: features.map(|one| (one.code.clone(), one.label.clone())).collect(),
    })
}

/// The form for a new unit.
async fn new(visit: Visit) -> Answer {
    visit.must(Permission::ManageSpaces)?;
    let fields = visit.filled(Fields::default().with("openedOn", tonight(&visit)));
    visit.show(&form_page(&visit, None, visit.id("id", PropertyId)?, fields)?)
}

fn registering(property: PropertyId, fields: &Fields) -> Result<Command, Refusal> {
    Ok(Command::RegisterUnit(RegisterUnit {
        code: fields.get("code").to_owned(),
        property,
        sleeps: fields.needed_number("sleeps")?,
        features: fields.all("features"),
        opened_on: fields.needed_date("openedOn")?,
        closed_on: fields.date("closedOn")?,
    }))
}

/// Adds a unit.
async fn register(visit: Visit, fields: Fields) -> Answer {
    visit.must(Permission::ManageSpaces)?;
    let property = visit.id("id", PropertyId)?;
    let done = match registering(property, &fields) {
        Ok(command) => visit.run(&fields, command).await?,
        Err(refusal) => Err(refusal),
    };
    match done {
        Ok(Outcome::Unit(unit)) => Ok(to(&format!("/units/{}?done=unit-added", unit.id))),
        Ok(_) => Ok(to("/homes")),
        Err(refusal) => {
            let mut page = form_page(&visit, None, property, fields)?;
            page.shell = page.shell.refused(&refusal).at_one_of(&FORM_FIELDS);
            visit.show_again(&page)
        }
    }
}

/// The form that describes a unit.
async fn describing(visit: Visit) -> Answer {
    visit.must(Permission::ManageSpaces)?;
    let unit = found(&visit)?;
    let fields = Fields::default().with("code", &unit.code).with("sleeps", unit.sleeps);
    let opened_on = unit.in_service.first().map(|run| run.opened_on.to_string()).unwrap_or_default();
    let fields =
        unit.features.iter().fold(fields.with("openedOn", opened_on), |all, code| all.with("features", code));
    visit.show(&form_page(&visit, Some(&unit), unit.property, visit.filled(fields))?)
}

fn describing_as(unit: &Unit, fields: &Fields) -> Result<Command, Refusal> {
    let opened_on = fields.date("openedOn")?;
    let before = unit.in_service.first().map(|run| run.opened_on);
    Ok(Command::DescribeUnit(DescribeUnit {
        unit: unit.id,
        code: fields.text("code"),
        opened_on: opened_on.filter(|on| before != Some(*on)),
        sleeps: Some(fields.needed_number("sleeps")?),
        features: Some(fields.all("features")),
    }))
}

/// Changes what is said of a unit.
async fn describe(visit: Visit, fields: Fields) -> Answer {
    visit.must(Permission::ManageSpaces)?;
    let unit = found(&visit)?;
    let done = match describing_as(&unit, &fields) {
        Ok(command) => visit.run(&fields, command).await?,
        Err(refusal) => Err(refusal),
    };
    match done {
        Ok(_) => Ok(to(&format!("/units/{}?done=unit-described", unit.id))),
        Err(refusal) => {
            let mut page = form_page(&visit, Some(&unit), unit.property, fields)?;
            page.shell = page.shell.refused(&refusal).at_one_of(&FORM_FIELDS);
            visit.show_again(&page)
        }
    }
}

fn of_unit(visit: &Visit, step: Step) -> Result<InStock, Stopped> {
    let unit = found(visit)?;
    let (command, done): (fn(Uuid, safespace_domain::Night) -> Command, _) = match step {
        Step::Close => (|id, on| Command::CloseUnit { unit: UnitId(id), on }, "unit-closed"),
        Step::Reopen => (|id, on| Command::ReopenUnit { unit: UnitId(id), on }, "unit-reopened"),
    };
    Ok(InStock { code: unit.code, back: format!("/units/{}", unit.id), step, command, id: unit.id.0, done })
}

async fn closing(visit: Visit) -> Answer {
    of_unit(&visit, Step::Close)?.ask(&visit)
}

/// Takes a unit out of stock.
async fn close(visit: Visit, fields: Fields) -> Answer {
    of_unit(&visit, Step::Close)?.take(&visit, fields).await
}

async fn reopening(visit: Visit) -> Answer {
    of_unit(&visit, Step::Reopen)?.ask(&visit)
}

/// Puts a closed unit back in stock.
async fn reopen(visit: Visit, fields: Fields) -> Answer {
    of_unit(&visit, Step::Reopen)?.take(&visit, fields).await
}
