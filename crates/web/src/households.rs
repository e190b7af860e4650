//! A household: its journey, what is known of it, and to whom its case is closed.
//!
//! Each thing that can be done has a page of its own beneath the household's.

use std::{collections::BTreeMap, sync::Arc};

use askama::Template;
use safespace_domain::{
    HouseholdId, Refusal, access::Permission, details::Details, households::Household, stays::Stay,
};
use safespace_engine::{
    Command, KeepApart, LiftRestriction, Page as Window, ReferralView, RestrictCase, RestrictionView,
    SetHouseholdDetails, StayFilter,
};
use uuid::Uuid;

use crate::{
    Answer, Pages, Site, Stopped,
    fields::Fields,
    form, page,
    shell::{Place, Shell, to},
    stays::goes_on,
    today::{code, references},
    visit::Visit,
    words::{self, stays as said},
};

/// So many stays of a household are shown.
const MOST_STAYS: u64 = 500;

/// The pages.
pub(crate) fn pages(site: &Arc<Site>) -> Pages {
    vec![
        ("/households/:id", page(site, show)),
        ("/households/:id/reveal", form(site, ask_reveal, reveal)),
        ("/households/:id/details", form(site, ask_details, set_details)),
        ("/households/:id/apart", form(site, ask_apart, keep_apart)),
        ("/households/:id/together", form(site, ask_together, end_apart)),
        ("/households/:id/close", form(site, ask_close, close)),
        ("/households/:id/open", form(site, ask_open, open)),
    ]
}

/// The household that the address of a page names.
async fn find(visit: &Visit) -> Result<Household, Stopped> {
    visit.must(Permission::SeeStays)?;
    let id = visit.id("id", HouseholdId)?;
    let mut found = visit.engine.households(visit.actor(), &[id]).await?;
    Ok(found.pop().ok_or_else(|| Refusal::not_found("household", "household"))?)
}

fn path(household: &Household, beneath: &str) -> String {
    format!("/households/{}{beneath}", household.id)
}

/// A stay of its journey.
struct Stop {
    path: String,
    unit: String,
    nights: String,
    people: String,
    status: &'static str,
    class: &'static str,
    moved: bool,
}

/// A referral that it came by.
struct Referral {
    path: String,
    reference: String,
    received: String,
    from: String,
    status: &'static str,
}

/// Another household that it is kept apart from.
struct Apart {
    path: String,
    end: String,
    reference: String,
    since: String,
    reason: Option<String>,
}

/// Somebody to whom the case is closed.
struct Closed {
    open: String,
    who: String,
    since: String,
    reason: Option<String>,
}

#[derive(Template)]
#[template(path = "household.html")]
struct HouseholdPage {
    shell: Shell,
    path: String,
    reference: String,
    has_details: bool,
    support: Option<String>,
    key_worker: String,
    contact: String,
    sessions: usize,
    needs: String,
    journey: Vec<Stop>,
    referrals: Vec<Referral>,
    apart: Vec<Apart>,
    may_restrict: bool,
    closed: Vec<Closed>,
}

async fn show(visit: Visit) -> Answer {
    let household = find(&visit).await?;
    let (engine, actor, id) = (&visit.engine, visit.actor(), household.id);
    let (spaces, now) = (engine.spaces(), engine.now());
    let filter = StayFilter { household: Some(id), ..StayFilter::default() };
    let mut journey = engine.stays(actor, &filter, Window { after: None, limit: MOST_STAYS }).await?;
    journey.sort_by_key(|stay| (stay.nights, stay.id));
    let current = journey.iter().find(|stay| goes_on(stay)).or_else(|| journey.last());
    let sessions = engine.support_sessions(actor, &[id]).await?;
    let sessions: Vec<_> = sessions.into_iter().filter(|view| view.session.withdrawn_at.is_none()).collect();
    let needs = engine.immediate_needs(actor, &[id]).await?;
    let overdue = needs.iter().filter(|need| need.is_overdue(now)).count();
    let key_worker = engine.key_workers(actor, &[id]).await?;
    let key_worker = key_worker.into_iter().find(|view| view.key_worker.until.is_none());
    let may_restrict = visit.may(Permission::RestrictCases);
    let page = HouseholdPage {
        shell: visit.shell(Place::Board)?,
        path: path(&household, ""),
        has_details: household.has_details,
        support: current.map(|stay| format!("/stays/{}/support", stay.id)),
        key_worker: key_worker.map_or_else(|| said::NOBODY.to_owned(), |view| view.name),
        contact: said::last_contact(sessions.first().map(|view| view.session.starts_at)),
        sessions: sessions.len(),
        needs: said::open_needs(needs.iter().filter(|need| need.is_open()).count(), overdue),
        journey: journey.iter().map(|stay| stop(stay, &code(&spaces, stay.unit))).collect(),
        referrals: engine.referrals_of(actor, id).await?.into_iter().map(referral).collect(),
        apart: apart(&visit, &household).await?,
        closed: if may_restrict { closed(&visit, &household).await? } else { Vec::new() },
        may_restrict,
        reference: household.reference,
    };
    visit.show(&page)
}

fn stop(stay: &Stay, unit: &str) -> Stop {
    Stop {
        path: format!("/stays/{}", stay.id),
        unit: unit.to_owned(),
        nights: words::nights(stay.nights),
        people: words::people(stay.people),
        status: words::stay_status(stay.status()),
        class: said::status_class(stay.status()),
        moved: stay.moved_from.is_some(),
    }
}

fn referral(view: ReferralView) -> Referral {
    let referral = view.referral;
    let source = said::source(referral.facts.source);
    Referral {
        path: format!("/referrals/{}", referral.id),
        received: words::instant(referral.received_at),
        from: referral.council.as_ref().map_or_else(|| source.to_owned(), Clone::clone),
        status: words::referral_status(referral.status()),
        reference: referral.reference,
    }
}

async fn apart(visit: &Visit, household: &Household) -> Result<Vec<Apart>, Stopped> {
    let views = visit.engine.kept_apart(visit.actor(), household.id).await?;
    let called = references(visit, views.iter().map(|view| view.other)).await?;
    let apart = views.into_iter().map(|view| Apart {
        path: format!("/households/{}", view.other),
        end: path(household, &format!("/together?other={}", view.other)),
        reference: called.get(&view.other).cloned().unwrap_or_default(),
        since: words::instant(view.made_at),
        reason: view.reason,
    });
    Ok(apart.collect())
}

/// The names of who is in the team, by the ids of their accounts.
async fn names(visit: &Visit) -> Result<BTreeMap<Uuid, String>, Stopped> {
    let staff = visit.engine.staff(visit.actor()).await?;
    Ok(staff.into_iter().map(|account| (account.id.0, account.name)).collect())
}

fn called(names: &BTreeMap<Uuid, String>, view: &RestrictionView) -> String {
    let found = names.get(&view.restriction.denied).cloned();
    found.unwrap_or_else(|| (if view.denied_is_token { said::A_TOKEN } else { said::FORMER }).to_owned())
}

async fn closed(visit: &Visit, household: &Household) -> Result<Vec<Closed>, Stopped> {
    let names = names(visit).await?;
    let views = visit.engine.restrictions(visit.actor(), household.id).await?;
    let closed = views.into_iter().map(|view| Closed {
        open: path(household, &format!("/open?denied={}", view.restriction.denied)),
        who: called(&names, &view),
        since: words::instant(view.restriction.made_at),
        reason: view.reason,
    });
    Ok(closed.collect())
}

/// Something that is done about a household.
#[derive(Template)]
#[template(path = "household_form.html")]
struct FormPage<'p> {
    shell: Shell,
    fields: &'p Fields,
    reference: &'p str,
    back: String,
    what: What<'p>,
}

/// What it is.
enum What<'p> {
    /// To have its details revealed.
    Reveal { has_details: bool },
    /// Its details, before a minute has gone.
    Revealed { details: &'p Details },
    /// To write its details down.
    Details { has_details: bool },
    /// To keep it apart from another household.
    Apart,
    /// To keep it apart no longer.
    Together { other: &'p str },
    /// To close its case to somebody.
    Close { staff: &'p [(String, String)] },
    /// To open it to them again.
    Open { who: &'p str },
}

/// The page of something that is done about a household.
fn form_page<'p>(household: &'p Household, shell: Shell, fields: &'p Fields, what: What<'p>) -> FormPage<'p> {
    FormPage { shell, fields, reference: &household.reference, back: path(household, ""), what }
}

fn refused(visit: &Visit, refusal: &Refusal, fields: &[&str]) -> Result<Shell, Stopped> {
    Ok(visit.shell(Place::Board)?.refused(refusal).at_one_of(fields))
}

/// Carries out what a form of a household asks for; goes back to the household's page, or returns why not.
async fn carry_out(
    visit: &Visit,
    fields: &Fields,
    household: &Household,
    command: Command,
    done: &str,
) -> Result<Result<poem::Response, Refusal>, Stopped> {
    let ran = visit.run(fields, command).await?;
    Ok(ran.map(|_| to(&path(household, &format!("?done={done}")))))
}

async fn ask_reveal(visit: Visit) -> Answer {
    visit.must(Permission::Reveal)?;
    visit.must_be_fresh()?;
    let household = find(&visit).await?;
    let fields = visit.filled(Fields::default());
    let what = What::Reveal { has_details: household.has_details };
    visit.show(&form_page(&household, visit.shell(Place::Board)?, &fields, what))
}

/// Shows the details, in answer to a form: no address leads to them.
async fn reveal(visit: Visit, fields: Fields) -> Answer {
    visit.must(Permission::Reveal)?;
    let household = find(&visit).await?;
    let reason = fields.get("reason");
    let revealed = visit.engine.reveal_household_details(visit.actor(), household.id, reason).await;
    match visit.answered(&fields, revealed)? {
        Ok(details) => {
            let what = What::Revealed { details: &details };
            visit.show_for_a_minute(&form_page(&household, visit.shell(Place::Board)?, &fields, what))
        }
        Err(refusal) => {
            let shell = refused(&visit, &refusal, &["reason"])?;
            let what = What::Reveal { has_details: household.has_details };
            visit.show_again(&form_page(&household, shell, &fields, what))
        }
    }
}

async fn ask_details(visit: Visit) -> Answer {
    visit.must(Permission::KeepHouseholdDetails)?;
    let household = find(&visit).await?;
    let fields = visit.filled(Fields::default());
    let what = What::Details { has_details: household.has_details };
    visit.show(&form_page(&household, visit.shell(Place::Board)?, &fields, what))
}

async fn set_details(visit: Visit, fields: Fields) -> Answer {
    visit.must(Permission::KeepHouseholdDetails)?;
    let household = find(&visit).await?;
    let ask = SetHouseholdDetails {
        household: household.reference.clone(),
        name: fields.text("name"),
        contact: fields.text("contact"),
        note: fields.text("note"),
    };
    let is_empty = ask.name.is_none() && ask.contact.is_none() && ask.note.is_none();
    let done = if is_empty { "details-gone" } else { "details-kept" };
    // What is there is not seen here: nobody shall take it away without meaning to.
    let ran = if household.has_details && !fields.has("replace", "yes") {
        Err(Refusal::bad("replace", said::SAY_REPLACE))
    } else {
        carry_out(&visit, &fields, &household, Command::SetHouseholdDetails(ask), done).await?
    };
    match ran {
        Ok(response) => Ok(response),
        Err(refusal) => {
            let shell = refused(&visit, &refusal, &["name", "contact", "note", "replace"])?;
            let what = What::Details { has_details: household.has_details };
            visit.show_again(&form_page(&household, shell, &fields, what))
        }
    }
}

async fn ask_apart(visit: Visit) -> Answer {
    visit.must(Permission::PlaceHouseholds)?;
    let household = find(&visit).await?;
    let fields = visit.filled(Fields::default());
    visit.show(&form_page(&household, visit.shell(Place::Board)?, &fields, What::Apart))
}

async fn keep_apart(visit: Visit, fields: Fields) -> Answer {
    visit.must(Permission::PlaceHouseholds)?;
    let household = find(&visit).await?;
    let command = Command::KeepApart(KeepApart {
        household: household.reference.clone(),
        other: fields.get("other").to_owned(),
        reason: fields.get("reason").to_owned(),
    });
    match carry_out(&visit, &fields, &household, command, "kept-apart").await? {
        Ok(response) => Ok(response),
        Err(refusal) => {
            let about = if refusal.field.as_deref() == Some("reason") { "reason" } else { "other" };
            let shell = visit.shell(Place::Board)?.refused(&refusal).at(about);
            visit.show_again(&form_page(&household, shell, &fields, What::Apart))
        }
    }
}

/// The other household of a pair.
async fn other(visit: &Visit) -> Result<String, Stopped> {
    let not_found = || Refusal::not_found("household", "other");
    let id = visit.query.id("other", HouseholdId).ok_or_else(not_found)?;
    let mut found = references(visit, std::iter::once(id)).await?;
    Ok(found.remove(&id).ok_or_else(not_found)?)
}

async fn ask_together(visit: Visit) -> Answer {
    visit.must(Permission::PlaceHouseholds)?;
    let household = find(&visit).await?;
    let other = other(&visit).await?;
    let (shell, fields) = (visit.shell(Place::Board)?, Fields::default());
    visit.show(&form_page(&household, shell, &fields, What::Together { other: &other }))
}

async fn end_apart(visit: Visit, fields: Fields) -> Answer {
    visit.must(Permission::PlaceHouseholds)?;
    let household = find(&visit).await?;
    let other = other(&visit).await?;
    let command = Command::EndKeepApart { household: household.reference.clone(), other: other.clone() };
    match carry_out(&visit, &fields, &household, command, "apart-ended").await? {
        Ok(response) => Ok(response),
        Err(refusal) => {
            let shell = refused(&visit, &refusal, &[])?;
            visit.show_again(&form_page(&household, shell, &fields, What::Together { other: &other }))
        }
    }
}

/// To whom a case can be closed.
async fn staff(visit: &Visit) -> Result<Vec<(String, String)>, Stopped> {
    let mut staff = vec![(String::new(), said::CHOOSE.to_owned())];
    staff.extend(names(visit).await?.into_iter().map(|(id, name)| (id.to_string(), name)));
    staff.sort_by(|(_, one), (_, other)| one.cmp(other));
    staff.sort_by_key(|(id, _)| !id.is_empty());
    Ok(staff)
}

async fn ask_close(visit: Visit) -> Answer {
    visit.must(Permission::RestrictCases)?;
    visit.must_be_fresh()?;
    let household = find(&visit).await?;
    let staff = staff(&visit).await?;
    let fields = visit.filled(Fields::default());
    let shell = visit.shell(Place::Board)?;
    visit.show(&form_page(&household, shell, &fields, What::Close { staff: &staff }))
}

async fn close(visit: Visit, fields: Fields) -> Answer {
    visit.must(Permission::RestrictCases)?;
    let household = find(&visit).await?;
    let ran = match fields.id("denied", std::convert::identity) {
        Some(denied) => {
            let command = Command::RestrictCase(RestrictCase {
                household: household.reference.clone(),
                denied,
                reason: fields.get("reason").to_owned(),
            });
            carry_out(&visit, &fields, &household, command, "case-closed").await?.map(|response| {
                // Who closes it to themselves does not see it any more.
                if denied == visit.actor().who.id() { to("/?done=case-closed") } else { response }
            })
        }
        None => Err(Refusal::bad("denied", said::SAY_WHO)),
    };
    match ran {
        Ok(response) => Ok(response),
        Err(refusal) => {
            let shell = refused(&visit, &refusal, &["denied", "reason"])?;
            let staff = staff(&visit).await?;
            visit.show_again(&form_page(&household, shell, &fields, What::Close { staff: &staff }))
        }
    }
}

/// The restriction that the address names.
async fn restriction(visit: &Visit, household: &Household) -> Result<RestrictionView, Stopped> {
    let denied = visit.query.id("denied", std::convert::identity);
    let views = visit.engine.restrictions(visit.actor(), household.id).await?;
    let found = views.into_iter().find(|view| Some(view.restriction.denied) == denied);
    Ok(found.ok_or_else(|| Refusal::not_found("restriction", "denied"))?)
}

async fn ask_open(visit: Visit) -> Answer {
    visit.must(Permission::RestrictCases)?;
    visit.must_be_fresh()?;
    let household = find(&visit).await?;
    let who = called(&names(&visit).await?, &restriction(&visit, &household).await?);
    let (shell, fields) = (visit.shell(Place::Board)?, Fields::default());
    visit.show(&form_page(&household, shell, &fields, What::Open { who: &who }))
}

async fn open(visit: Visit, fields: Fields) -> Answer {
    visit.must(Permission::RestrictCases)?;
    let household = find(&visit).await?;
    let view = restriction(&visit, &household).await?;
    let command = Command::LiftRestriction(LiftRestriction {
        household: household.reference.clone(),
        denied: view.restriction.denied,
    });
    match carry_out(&visit, &fields, &household, command, "case-opened").await? {
        Ok(response) => Ok(response),
        Err(refusal) => {
            let shell = refused(&visit, &refusal, &[])?;
            let who = called(&names(&visit).await?, &view);
            visit.show_again(&form_page(&household, shell, &fields, What::Open { who: &who }))
        }
    }
}
