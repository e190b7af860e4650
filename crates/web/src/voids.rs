//! Voids: nights on which a unit is out of service. What only looks like a void to somebody is shown as any other.

use std::sync::Arc;

use askama::Template;
use safespace_domain::{Nights, Refusal, UnitId, VoidId, access::Permission, nights::END_OF_NIGHTS};
use safespace_engine::{ChangeVoid, Command, Outcome, Page as Window, RecordVoid, VoidFilter, VoidView};

use crate::{
    Answer, Pages, Site, Stopped,
    fields::Fields,
    form, page,
    properties::{Choices, first, in_the_way, tonight, void_reason},
    shell::{Place, Shell, to},
    today::code,
    visit::Visit,
    words::{self, stock},
};

/// So many voids are listed.
const MOST: u64 = 1_000;

/// A void in a list.
pub(crate) struct VoidRow {
    pub(crate) path: String,
    pub(crate) unit: String,
    pub(crate) nights: String,
    pub(crate) reason: String,
    pub(crate) is_now: bool,
    pub(crate) kept: bool,
    from: safespace_domain::Night,
}

#[derive(Template)]
#[template(path = "voids.html")]
struct VoidsPage {
    shell: Shell,
    now: Vec<VoidRow>,
    ahead: Vec<VoidRow>,
    may_record: bool,
}

#[derive(Template)]
#[template(path = "void_form.html")]
struct VoidFormPage {
    shell: Shell,
    fields: Fields,
    units: Choices,
    reasons: Choices,
    will: Option<String>,
    in_the_way: Vec<String>,
}

#[derive(Template)]
#[template(path = "void.html")]
struct VoidPage {
    shell: Shell,
    fields: Fields,
    unit: String,
    unit_path: String,
    board: String,
    nights: String,
    reason: String,
    note: Option<String>,
    kept: bool,
    cancelled: bool,
    reasons: Choices,
    /// What taking it back does, where that was asked for.
    will_free: Option<String>,
    /// What changing it does, where that was asked for.
    will: Option<String>,
    in_the_way: Vec<String>,
    may_record: bool,
}

const FORM_FIELDS: [&str; 5] = ["unit", "from", "to", "reason", "note"];

/// The pages.
pub(crate) fn pages(site: &Arc<Site>) -> Pages {
    vec![
        ("/voids", page(site, voids)),
        ("/voids/new", form(site, new, record)),
        ("/voids/:id", form(site, void, change)),
    ]
}

/// The voids now and ahead, of one unit or of all, by night.
pub(crate) async fn ahead(visit: &Visit, unit: Option<UnitId>) -> Result<Vec<VoidRow>, Stopped> {
    let (night, spaces) = (tonight(visit), visit.engine.spaces());
    let filter =
        VoidFilter { unit, nights: Some(Nights::between(night, END_OF_NIGHTS)), cancelled_too: false };
    let found = visit.engine.voids(visit.actor(), &filter, Window { after: None, limit: MOST }).await?;
    let mut rows: Vec<VoidRow> = found
        .iter()
        .map(|view| VoidRow {
            path: format!("/voids/{}", view.void.id),
            unit: code(&spaces, view.void.unit),
            nights: words::nights(view.void.nights),
            reason: void_reason(&spaces, &view.void.reason),
            is_now: view.void.nights.contains(night),
            kept: view.kept,
            from: view.void.nights.arrival(),
        })
        .collect();
    rows.sort_by(|a, b| (a.from, &a.unit).cmp(&(b.from, &b.unit)));
    Ok(rows)
}

/// The voids now and ahead.
async fn voids(visit: Visit) -> Answer {
    visit.must(Permission::SeeStays)?;
    let (now, ahead) = ahead(&visit, None).await?.into_iter().partition(|row| row.is_now);
    let may_record = visit.may(Permission::RecordVoids);
    visit.show(&VoidsPage { shell: visit.shell(Place::Homes)?, now, ahead, may_record })
}

fn reasons(visit: &Visit) -> Choices {
    let spaces = visit.engine.spaces();
    spaces.void_reasons.values().map(|one| (one.code.clone(), one.label.clone())).collect()
}

fn form_page(visit: &Visit, fields: Fields) -> Result<VoidFormPage, Stopped> {
    let spaces = visit.engine.spaces();
    let mut units: Choices =
        spaces.units().iter().map(|unit| (unit.id.to_string(), unit.code.clone())).collect();
    units.sort_by(|a, b| a.1.cmp(&b.1));
    Ok(VoidFormPage {
        shell: visit.shell(Place::Homes)?,
        fields,
        units: first(stock::CHOOSE, units),
        reasons: reasons(visit),
        will: None,
        in_the_way: Vec::new(),
    })
}

/// The form for a new void.
async fn new(visit: Visit) -> Answer {
    visit.must(Permission::RecordVoids)?;
    let from = visit.query.date("from").ok().flatten().unwrap_or_else(|| tonight(&visit));
    let fields = Fields::default().with("unit", visit.query.get("unit")).with("from", from);
    visit.show(&form_page(&visit, visit.filled(fields))?)
}

fn recording(fields: &Fields) -> Result<RecordVoid, Refusal> {
    Ok(RecordVoid {
        unit: fields.id("unit", UnitId).ok_or_else(|| Refusal::bad("unit", stock::CHOOSE_FIRST))?,
        from: fields.needed_date("from")?,
        to: fields.needed_date("to")?,
        reason: fields.text("reason").ok_or_else(|| Refusal::bad("reason", stock::CHOOSE_FIRST))?,
        note: fields.text("note"),
        kept: fields.has("kept", "yes"),
    })
}

/// Says what a void would do, and records it once that was confirmed.
async fn record(visit: Visit, fields: Fields) -> Answer {
    visit.must(Permission::RecordVoids)?;
    if fields.get("do") == "change" {
        return visit.show(&form_page(&visit, fields)?);
    }
    let done = match recording(&fields) {
        Ok(ask) if fields.get("do") == "go" => visit.run(&fields, Command::RecordVoid(ask)).await?,
        Ok(ask) => match visit.rehearse(Command::RecordVoid(ask)).await? {
            Ok(Outcome::Void(void)) => {
                let spaces = visit.engine.spaces();
                let (unit, reason) = (code(&spaces, void.unit), void_reason(&spaces, &void.reason));
                let mut page = form_page(&visit, fields)?;
                page.will = Some(stock::will_void(&unit, void.nights, &reason));
                return visit.show(&page);
            }
            other => other,
        },
        Err(refusal) => Err(refusal),
    };
    match done {
        Ok(Outcome::Void(void)) => Ok(to(&format!("/voids/{}?done=void-recorded", void.id))),
        Ok(_) => Ok(to("/voids")),
        Err(refusal) => {
            let mut page = form_page(&visit, fields)?;
            page.in_the_way = in_the_way(&visit.engine.spaces(), &refusal.in_the_way);
            page.shell = page.shell.refused(&refusal).at_one_of(&FORM_FIELDS);
            visit.show_again(&page)
        }
    }
}

/// The void that the address names, or what looks like one.
async fn found(visit: &Visit) -> Result<VoidView, Stopped> {
    let id = visit.id("id", VoidId)?;
    let view = visit.engine.void(visit.actor(), id).await?;
    view.ok_or_else(|| Stopped::Refused(Refusal::not_found("void", "id")))
}

fn void_page(visit: &Visit, view: VoidView, fields: Fields) -> Result<VoidPage, Stopped> {
    let spaces = visit.engine.spaces();
    let VoidView { void, note, kept } = view;
    Ok(VoidPage {
        shell: visit.shell(Place::Homes)?,
        fields,
        unit: code(&spaces, void.unit),
        unit_path: format!("/units/{}", void.unit),
        board: format!("/board?from={}", void.nights.arrival()),
        nights: words::nights(void.nights),
        reason: void_reason(&spaces, &void.reason),
        note,
        kept,
        cancelled: void.cancelled,
        reasons: reasons(visit),
        will_free: None,
        will: None,
        in_the_way: Vec::new(),
        may_record: visit.may(Permission::RecordVoids),
    })
}

/// A void.
async fn void(visit: Visit) -> Answer {
    visit.must(Permission::SeeStays)?;
    let view = found(&visit).await?;
    let fields = Fields::default()
        .with("from", view.void.nights.arrival())
        .with("to", view.void.nights.departure())
        .with("reason", &view.void.reason)
        .with("note", view.note.as_deref().unwrap_or_default());
    let fields = visit.filled(fields);
    visit.show(&void_page(&visit, view, fields)?)
}

fn changing(view: &VoidView, fields: &Fields) -> Result<Command, Refusal> {
    let void = view.void.id;
    if fields.get("do").starts_with("cancel") {
        return Ok(Command::CancelVoid { void });
    }
    Ok(Command::ChangeVoid(ChangeVoid {
        void,
        from: Some(fields.needed_date("from")?),
        to: Some(fields.needed_date("to")?),
        reason: fields.text("reason"),
        // An empty note takes away what is there; where none is, nothing is said.
        note: Some(fields.get("note").to_owned()).filter(|note| view.note.is_some() || !note.is_empty()),
    }))
}

/// Says what a change of a void, or taking it back, would do, and does it once that was confirmed.
async fn change(visit: Visit, fields: Fields) -> Answer {
    visit.must(Permission::RecordVoids)?;
    let view = found(&visit).await?;
    let step = fields.get("do").to_owned();
    let path = format!("/voids/{}", view.void.id);
    if step == "change" {
        return visit.show(&void_page(&visit, view, fields)?);
    }
    let (is_sure, word) = match step.as_str() {
        "go" => (true, "void-changed"),
        "cancel-go" => (true, "void-taken-back"),
        _ => (false, ""),
    };
    let done = match changing(&view, &fields) {
        Ok(command) if is_sure => visit.run(&fields, command).await?,
        Ok(command) => visit.rehearse(command).await?,
        Err(refusal) => Err(refusal),
    };
    match done {
        Ok(_) if is_sure => Ok(to(&format!("{path}?done={word}"))),
        Ok(Outcome::Void(void)) => {
            let spaces = visit.engine.spaces();
            let unit = code(&spaces, void.unit);
            let mut page = void_page(&visit, view, fields)?;
            if void.cancelled {
                page.will_free = Some(stock::will_free(&unit, void.nights));
            } else {
                let reason = void_reason(&spaces, &void.reason);
                page.will = Some(stock::will_void(&unit, void.nights, &reason));
            }
            visit.show(&page)
        }
        Ok(_) => Ok(to(&path)),
        Err(refusal) => {
            let mut page = void_page(&visit, view, fields)?;
            page.in_the_way = in_the_way(&visit.engine.spaces(), &refusal.in_the_way);
            page.shell = page.shell.refused(&refusal).at_one_of(&FORM_FIELDS);
            visit.show_again(&page)
        }
    }
}
