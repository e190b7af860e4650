//! Holds: confirmed, extended once, or released. Each says what it will do.

use std::sync::Arc;

use askama::Template;
use safespace_domain::{
    HoldId, Refusal, UnitId,
    access::Permission,
    holds::{Hold, HoldState, HoldStatus},
    referrals::ReferralStatus,
};
use safespace_engine::{Command, Outcome};

use crate::{
    Answer, Pages, Site, Stopped,
    fields::Fields,
    form,
    placing::{self, Foreseen, Found, InTheWay, NightsUsed, Reasons, foresee},
    shell::{Place, Shell, to},
    today::code,
    visit::Visit,
    words::{self, CountsDown, placing as said},
};

/// The fields that the page has.
const FIELDS: [&str; 1] = ["exception"];

/// What confirming would do.
enum Ahead {
    WillHappen { sentence: String, nights: String, is_over: bool },
    InTheWay(InTheWay),
}

/// A hold that keeps its home, and what can be done with it.
struct Keeps {
    left: CountsDown,
    confirm: Ahead,
    needs: Reasons,
    /// Until when it would keep its home; none where it was extended already.
    extend: Option<String>,
}

#[derive(Template)]
#[template(path = "hold.html")]
struct HoldPage {
    shell: Shell,
    home: String,
    about: String,
    household: String,
    household_path: String,
    people: String,
    nights: String,
    made: String,
    lapses: String,
    status: &'static str,
    is_extended: bool,
    keeps: Option<Keeps>,
    /// What is said of a hold that has lapsed, and what is free instead.
    lapsed: Option<InTheWay>,
    stay: Option<String>,
    referral: Option<String>,
    fields: Fields,
}

/// The pages.
pub(crate) fn pages(site: &Arc<Site>) -> Pages {
    vec![("/holds/:id", form(site, show, take))]
}

/// What it is, and what can be done with it.
async fn show(visit: Visit) -> Answer {
    visit.must(Permission::SeeStays)?;
    let hold = hold(&visit).await?;
    let fields = visit.filled(Fields::default());
    let page = draw(&visit, &hold, fields, Found::Looking).await?;
    visit.show(&page)
}

/// Confirms, extends or releases it.
async fn take(visit: Visit, fields: Fields) -> Answer {
    visit.must(Permission::PlaceHouseholds)?;
    let id = visit.id("id", HoldId)?;
    let command = match fields.get("do") {
        "confirm" => Command::ConfirmHold { hold: id, exception: fields.text("exception") },
        "extend" => Command::ExtendHold { hold: id },
        "release" => Command::ReleaseHold { hold: id },
        _ => return Ok(to(&format!("/holds/{id}"))),
    };
    let was_released = matches!(command, Command::ReleaseHold { .. });
    match visit.run(&fields, command).await? {
        Ok(Outcome::Stay(stay)) => Ok(to(&format!("/stays/{}?done=booked", stay.id))),
        Ok(_) if was_released => Ok(to(&format!("/holds/{id}?done=hold-released"))),
        Ok(_) => Ok(to(&format!("/holds/{id}?done=hold-extended"))),
        Err(refusal) => {
            let hold = hold(&visit).await?;
            let mut page = draw(&visit, &hold, fields, Found::Meanwhile).await?;
            let refusal = placing::told(placing::at_its_field(&visit, refusal), Found::Meanwhile);
            page.shell = visit.shell(Place::Board)?.refused(&refusal).at_one_of(&FIELDS);
            visit.show_again(&page)
        }
    }
}

async fn hold(visit: &Visit) -> Result<Hold, Stopped> {
    let id = visit.id("id", HoldId)?;
    visit.engine.lapse_due().await?;
    let found = visit.engine.hold(visit.actor(), id).await?;
    found.ok_or_else(|| Stopped::Refused(Refusal::not_found("hold", "hold")))
}

async fn draw(visit: &Visit, hold: &Hold, fields: Fields, found: Found) -> Result<HoldPage, Stopped> {
    let (now, spaces) = (visit.engine.now(), visit.engine.spaces());
    let household = placing::reference(visit, hold.household).await?;
    let status = hold.status(now);
    let referral = referral(visit, hold).await?;
    let place = |unit: UnitId| {
        let (arrival, departure) = (hold.nights.arrival(), hold.nights.departure());
        match &referral {
            Some(path) => format!("{path}/place?unit={unit}&arrival={arrival}&departure={departure}"),
            None => format!("/book?unit={unit}&arrival={arrival}"),
        }
    };
    let may = visit.may(Permission::PlaceHouseholds);
    let keeps = if status == HoldStatus::Active && may {
        Some(keeps(visit, hold, &household, found, place).await?)
    } else {
        None
    };
    let lapsed = if status == HoldStatus::Lapsed && may {
        let confirm = Command::ConfirmHold { hold: hold.id, exception: None };
        let refusal = visit.rehearse(confirm).await?.err();
        refusal.map(|refusal| InTheWay::new(&refusal, found, &spaces, place))
    } else {
        None
    };
    Ok(HoldPage {
        shell: visit.shell(Place::Board)?,
        home: code(&spaces, hold.unit),
        about: spaces.unit_by_id(hold.unit).map_or_else(String::new, |unit| placing::about(&spaces, unit)),
        household_path: format!("/households/{}", hold.household),
        people: words::people(hold.people),
        nights: words::nights(hold.nights),
        made: words::short_instant(hold.made_at),
        lapses: words::short_instant(hold.lapses_at),
        status: said::hold_status(status),
        is_extended: hold.extended,
        keeps,
        lapsed,
        stay: match hold.state {
            HoldState::Confirmed { stay, .. } => Some(format!("/stays/{stay}")),
            _ => None,
        },
        referral,
        fields,
        household,
    })
}

/// The referral by which the household waits.
async fn referral(visit: &Visit, hold: &Hold) -> Result<Option<String>, Stopped> {
    if !visit.may(Permission::AnswerReferrals) {
        return Ok(None);
    }
    let all = visit.engine.referrals_of(visit.actor(), hold.household).await?;
    let waits = all.iter().rev().find(|view| view.referral.status() == ReferralStatus::Accepted);
    Ok(waits.map(|view| format!("/referrals/{}", view.referral.id)))
}

/// What can be done with a hold that keeps its home.
async fn keeps(
    visit: &Visit,
    hold: &Hold,
    household: &str,
    found: Found,
    place: impl Fn(UnitId) -> String,
) -> Result<Keeps, Stopped> {
    let (now, spaces) = (visit.engine.now(), visit.engine.spaces());
    let confirm = |reasons: Reasons| Command::ConfirmHold { hold: hold.id, exception: reasons.exception };
    let Foreseen { outcome, needs } = foresee(visit, confirm).await?;
    let confirm = match outcome {
        Err(refusal) => Ahead::InTheWay(InTheWay::new(&refusal, found, &spaces, place)),
        Ok(Outcome::Stay(stay)) => {
            let others = visit.engine.journey(visit.actor(), hold.household).await?;
            let used = NightsUsed::of(&stay, &others, &spaces, visit.engine.today());
            Ahead::WillHappen {
                sentence: said::books(household, &code(&spaces, stay.unit), stay.nights),
                nights: said::of_at_most(used.nights, used.longest),
                is_over: used.is_over(),
            }
        }
        Ok(_) => return Err(Stopped::Failed),
    };
    let extend = match visit.rehearse(Command::ExtendHold { hold: hold.id }).await? {
        Ok(Outcome::Hold(longer)) => Some(words::short_instant(longer.lapses_at)),
        _ => None,
    };
    Ok(Keeps { left: CountsDown::new(hold.left(now)), confirm, needs, extend })
}
