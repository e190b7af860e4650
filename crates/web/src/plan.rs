//! The plan for tonight: who could go where, and what would help the others.

use std::sync::Arc;

use askama::Template;
use safespace_domain::{
    ReferralId,
    access::Permission,
    needs::Risk,
    nights::{earlier, later},
    plan::{Change, FURTHEST_LOOK, USUAL_LOOK, Unplaced},
    referrals::Referral,
};

use crate::{
    Answer, Pages, Site, Stopped,
    fields::Fields,
    page, placing,
    shell::{Place, Shell},
    today::code,
    visit::Visit,
    words::{self, placing as said},
};

/// A household that waits.
struct Waits {
    called: String,
    path: String,
    people: String,
    risk: Option<&'static str>,
    is_high: bool,
    asked: String,
}

/// One that could have a home.
struct Placed {
    waits: Waits,
    home: String,
    about: String,
    nights: String,
    /// Whether it begins later than was asked.
    is_later: bool,
    place: String,
}

/// One that could not.
struct Without {
    waits: Waits,
    against: String,
    change: Option<(String, String)>,
    place: String,
}

#[derive(Template)]
#[template(path = "plan.html")]
struct PlanPage {
    shell: Shell,
    fields: Fields,
    tonight: String,
    placed: Vec<Placed>,
    without: Vec<Without>,
}

/// The pages.
pub(crate) fn pages(site: &Arc<Site>) -> Pages {
    vec![("/plan", page(site, plan))]
}

async fn plan(visit: Visit) -> Answer {
    visit.must(Permission::AnswerReferrals)?;
    let days = visit.query.number("days").ok().flatten().unwrap_or(i64::from(USUAL_LOOK));
    let days = u32::try_from(days.clamp(0, i64::from(FURTHEST_LOOK))).unwrap_or(USUAL_LOOK);
    let found = visit.engine.plan_for_tonight(visit.actor(), days).await?;
    let spaces = &found.spaces;
    let mut placed = Vec::new();
    for placement in &found.plan.placed {
        let Some(referral) = referral(&visit, placement.referral).await? else { continue };
        let nights = placement.nights;
        placed.push(Placed {
            home: code(spaces, placement.unit),
            about: spaces
                .unit_by_id(placement.unit)
                .map_or_else(String::new, |unit| placing::about(spaces, unit)),
            nights: words::nights(nights),
            is_later: nights.arrival() > visit.engine.nights_ahead(&referral).arrival(),
            place: format!(
                "/referrals/{}/place?unit={}&arrival={}&departure={}",
                referral.id,
                placement.unit,
                nights.arrival(),
                nights.departure()
            ),
            waits: waits(&visit, &referral).await?,
        });
    }
    let mut without = Vec::new();
    for unplaced in &found.plan.unplaced {
        let Some(referral) = referral(&visit, unplaced.referral).await? else { continue };
        without.push(Without {
            against: said::against(&unplaced.reasons),
            change: change(&visit, &referral, unplaced).await?,
            place: format!("/referrals/{}/place", referral.id),
            waits: waits(&visit, &referral).await?,
        });
    }
    let page = PlanPage {
        shell: visit.shell(Place::Today)?,
        fields: Fields::default().with("days", days),
        tonight: words::day(found.tonight),
        placed,
        without,
    };
    visit.show(&page)
}

async fn referral(visit: &Visit, id: ReferralId) -> Result<Option<Referral>, Stopped> {
    Ok(visit.engine.referral(visit.actor(), id).await?.map(|view| view.referral))
}

async fn waits(visit: &Visit, referral: &Referral) -> Result<Waits, Stopped> {
    let called = match referral.household() {
        Some(household) => placing::reference(visit, household).await?,
        None => referral.reference.clone(),
    };
    let risk = referral.facts.assessment.risk;
    Ok(Waits {
        called,
        path: format!("/referrals/{}", referral.id),
        people: words::people(referral.facts.people),
        risk: risk.map(said::risk),
        is_high: risk == Some(Risk::High),
        asked: words::nights(visit.engine.nights_ahead(referral)),
    })
}

/// The one change that would place a household, and where it is made.
async fn change(
    visit: &Visit,
    referral: &Referral,
    unplaced: &Unplaced,
) -> Result<Option<(String, String)>, Stopped> {
    let spaces = visit.engine.spaces();
    Ok(match &unplaced.change {
        None => None,
        Some(Change::EndVoid { unit, nights }) => {
            Some((said::end_void(&code(&spaces, *unit), *nights), format!("/units/{unit}")))
        }
        Some(Change::MoveOn { unit, stay, to, .. }) => {
            let Some(found) = visit.engine.stay(visit.actor(), *stay).await? else { return Ok(None) };
            let household = placing::reference(visit, found.household).await?;
            let sentence = said::move_on(&household, &code(&spaces, *unit), &code(&spaces, *to));
            Some((sentence, format!("/stays/{stay}/change?unit={to}")))
        }
        Some(Change::NightsElsewhere { unit, nights }) => {
            let asked = visit.engine.nights_ahead(referral);
            let arrival = nights.departure();
            let departure = asked.departure().max(later(arrival, 1));
            let path = format!(
                "/referrals/{}/place?unit={unit}&arrival={arrival}&departure={departure}",
                referral.id
            );
            let last = earlier(arrival, 1);
            Some((said::nights_elsewhere(&code(&spaces, *unit), nights.arrival(), last), path))
        }
    })
}
