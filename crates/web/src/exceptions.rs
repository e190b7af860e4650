//! Exceptions to the longest stay: which stays wait for a manager's decision, and what was granted.

use std::sync::Arc;

use askama::Template;
use safespace_domain::{
    Night, Nights,
    access::Permission,
    nights::{END_OF_NIGHTS, FIRST_NIGHT, earlier, later},
    stays::Stay,
};
use safespace_engine::LongStay;

use crate::{
    Answer, Pages, Site,
    fields::Fields,
    page,
    shell::{Place, Shell},
    today::{code, references},
    visit::Visit,
    words::{count, days, instant, nights, short_day, stay_status},
};

/// So many days are looked back upon when nothing else is asked for: eight weeks.
const USUAL_DAYS: u32 = 56;

/// A stay that is longer than its scheme allows.
struct Long {
    path: String,
    change: String,
    household: String,
    unit: String,
    status: &'static str,
    until: String,
    nights: String,
    longest: String,
    allowed: Option<String>,
    is_overstay: bool,
}

/// An exception that was granted.
struct Granted {
    path: String,
    household: String,
    unit: String,
    stay: String,
    nights: String,
    at: String,
    reason: Option<String>,
}

#[derive(Template)]
#[template(path = "exceptions.html")]
struct ExceptionsPage {
    shell: Shell,
    fields: Fields,
    period: String,
    undecided: Vec<Long>,
    allowed: Vec<Long>,
    granted: Vec<Granted>,
}

/// The pages.
pub(crate) fn pages(site: &Arc<Site>) -> Pages {
    vec![("/exceptions", page(site, exceptions))]
}

/// From which day to which a page is asked for, and the days between them. A day on which no night can
/// begin is the nearest on which one can: not every date can be sent to a database.
pub(crate) fn period(visit: &Visit) -> (Night, Night, Nights) {
    let today = visit.engine.today();
    let possible = |day: Night| day.clamp(FIRST_NIGHT, END_OF_NIGHTS);
    let asked = |name: &str| visit.query.date(name).ok().flatten().map(possible);
    let from = asked("from").unwrap_or_else(|| earlier(today, USUAL_DAYS));
    let to = asked("to").unwrap_or(today).max(from);
    (from, to, Nights::between(from, later(to, 1)))
}

/// What waits for a decision, and what was decided.
async fn exceptions(visit: Visit) -> Answer {
    visit.must(Permission::GrantExceptions)?;
    let (engine, actor) = (&visit.engine, visit.actor());
    let (today, spaces) = (engine.today(), engine.spaces());
    let (from, to, period) = period(&visit);
    let long = engine.long_stays(actor).await?;
    let granted = engine.exceptions_granted(actor, period).await?;
    let households = long.iter().map(|long| &long.stay).chain(granted.iter().map(|(stay, _)| stay));
    let references = references(&visit, households.map(|stay| stay.household)).await?;
    let reference = |stay: &Stay| references.get(&stay.household).cloned().unwrap_or_default();
    let told = |long: &LongStay| Long {
        path: format!("/stays/{}", long.stay.id),
        change: format!("/stays/{}/change", long.stay.id),
        household: reference(&long.stay),
        unit: code(&spaces, long.stay.unit),
        status: stay_status(long.stay.status()),
        until: short_day(long.stay.nights.departure()),
        nights: count(long.nights, "night"),
        longest: long.longest.to_string(),
        allowed: long.allowed.map(|nights| nights.to_string()),
        is_overstay: long.stay.is_overstay(today),
    };
    let page = ExceptionsPage {
        shell: visit.shell(Place::Team)?,
        fields: Fields::default().with("from", from).with("to", to),
        period: days(period),
        undecided: long.iter().filter(|long| long.is_undecided()).map(told).collect(),
        allowed: long.iter().filter(|long| !long.is_undecided()).map(told).collect(),
        granted: granted
            .iter()
            .rev()
            .map(|(stay, view)| Granted {
                path: format!("/stays/{}", stay.id),
                household: reference(stay),
                unit: code(&spaces, stay.unit),
                stay: nights(stay.nights),
                nights: count(view.nights, "night"),
                at: instant(view.granted_at),
                reason: view.reason.clone(),
            })
            .collect(),
    };
    visit.show(&page)
}
