//! The daily sheet: one page of paper for when the power or the network is out, with room to write for whoever comes next.
//! No address and no name stands on it.

use std::{collections::BTreeMap, sync::Arc};

use askama::Template;
use safespace_domain::{
    HouseholdId, Night, Nights,
    access::Permission,
    availability::Spaces,
    nights::later,
    stays::{Stay, StayStatus},
};
use safespace_engine::{AttentionItem, Page as Window, StayFilter};

use crate::{
    Answer, Pages, Site, page,
    properties::{all_on, tonight},
    shell::{Place, Shell},
    today::{code, references},
    visit::Visit,
    words::{self, people, short_day, short_instant, stock},
};

/// So many stays and holds are shown.
const MOST: u64 = 1_000;
/// So many lines to write on.
const LINES: usize = 6;

/// A unit, and who is there tonight.
struct Line {
    unit: String,
    sleeps: u16,
    state: &'static str,
    whose: String,
    people: String,
    until: String,
    key_worker: String,
}

/// Who comes or goes.
struct Guest {
    reference: String,
    unit: String,
    people: String,
    when: String,
}

#[derive(Template)]
#[template(path = "daily_sheet.html")]
struct DailySheetPage {
    shell: Shell,
    night: String,
    printed: String,
    by: String,
    lines: Vec<Line>,
    free: Vec<String>,
    arrivals: Vec<Guest>,
    departures: Vec<Guest>,
    holds: Vec<Guest>,
    to_do: Vec<String>,
    room: [(); LINES],
}

/// The page.
pub(crate) fn pages(site: &Arc<Site>) -> Pages {
    vec![("/daily-sheet", page(site, sheet))]
}

/// The sheet of tonight.
async fn sheet(visit: Visit) -> Answer {
    visit.must(Permission::SeeStays)?;
    let (engine, actor) = (&visit.engine, visit.actor());
    let (night, today, spaces) = (tonight(&visit), engine.today(), engine.spaces());
    let window = Window { after: None, limit: MOST };
    let filter = StayFilter {
        statuses: vec![StayStatus::Booked, StayStatus::InResidence],
        nights: Some(Nights::between(night.min(today), later(today, 1))),
        ..StayFilter::default()
    };
    let stays = engine.stays(actor, &filter, window).await?;
    let holds = engine.holds(actor, None, true, Window { after: None, limit: MOST }).await?;
    let households: Vec<HouseholdId> =
        stays.iter().map(|stay| stay.household).chain(holds.iter().map(|hold| hold.household)).collect();
    let references = references(&visit, households.iter().copied()).await?;
    let workers = engine.key_workers(actor, &households).await?;
    let workers: BTreeMap<HouseholdId, String> = workers
        .into_iter()
        .filter(|view| view.key_worker.until.is_none())
        .map(|view| (view.key_worker.household, view.name))
        .collect();
    let on = all_on(&visit, night).await?;
    let told = Told { today, spaces: &spaces, references: &references, workers: &workers, stays: &stays };
    let items = engine.attention(actor).await?;
    let mut lines: Vec<Line> = on
        .into_values()
        .filter(|unit| unit.state != words::NOT_IN_STOCK)
        .map(|unit| told.line(unit))
        .collect();
    lines.sort_by(|a, b| a.unit.cmp(&b.unit));
    let comes = |stay: &&Stay| stay.status() == StayStatus::Booked && stay.nights.arrival() <= today;
    let goes =
        |stay: &&Stay| stay.status() == StayStatus::InResidence && stay.nights.departure() <= later(today, 1);
    let page = DailySheetPage {
        shell: visit.shell(Place::Today)?,
        night: words::day(night),
        printed: stock::printed(engine.now()),
        by: visit.session.name.clone(),
        free: lines.iter().filter(|line| line.state == stock::FREE).map(|line| line.unit.clone()).collect(),
        arrivals: stays
            .iter()
            .filter(comes)
            .map(|stay| told.guest(stay, short_day(stay.nights.arrival())))
            .collect(),
        departures: stays.iter().filter(goes).map(|stay| told.guest(stay, leaves(stay, today))).collect(),
        holds: holds
            .iter()
            .map(|hold| Guest {
                reference: told.reference(hold.household),
                unit: code(&spaces, hold.unit),
                people: people(hold.people),
                when: stock::lapses(hold.lapses_at),
            })
            .collect(),
        to_do: items.iter().map(|item| to_do(item, &spaces, today)).collect(),
        lines,
        room: [(); LINES],
    };
    visit.show(&page)
}

fn to_do(item: &AttentionItem, spaces: &Spaces, today: Night) -> String {
    format!("{}: {}", short_instant(item.due_at), words::with_days(&item.message(spaces, today)))
}

/// When a household leaves, or was to.
fn leaves(stay: &Stay, today: Night) -> String {
    let day = short_day(stay.nights.departure());
    if stay.is_overstay(today) { stock::was_to_leave(&day) } else { day }
}

/// What the sheet is written from.
struct Told<'a> {
    today: Night,
    spaces: &'a Spaces,
    references: &'a BTreeMap<HouseholdId, String>,
    workers: &'a BTreeMap<HouseholdId, String>,
    stays: &'a [Stay],
}

impl Told<'_> {
    fn reference(&self, household: HouseholdId) -> String {
        self.references.get(&household).cloned().unwrap_or_else(|| stock::A_HOUSEHOLD.to_owned())
    }

    fn line(&self, unit: crate::properties::Tonight) -> Line {
        let stay = self.stays.iter().find(|stay| unit.by == Some(stay.id.0));
        Line {
            unit: unit.code,
            sleeps: unit.sleeps,
            state: unit.state,
            whose: unit.whose,
            people: stay.map(|stay| people(stay.people)).unwrap_or_default(),
            until: stay.map(|stay| leaves(stay, self.today)).unwrap_or_default(),
            key_worker: stay.and_then(|stay| self.workers.get(&stay.household).cloned()).unwrap_or_default(),
        }
    }

    fn guest(&self, stay: &Stay, when: String) -> Guest {
        Guest {
            reference: self.reference(stay.household),
            unit: code(self.spaces, stay.unit),
            people: people(stay.people),
            when,
        }
    }
}
