//! Booking from the board or from today's page: a home and a night are known, and who comes is chosen here.

use std::{collections::BTreeSet, sync::Arc};

use askama::Template;
use safespace_domain::{
    Night, Nights, Refusal, RefusalCode, UnitId,
    access::Permission,
    availability::Spaces,
    nights::later,
    referrals::ReferralStatus,
    sharing::SharesAs,
    stays::arrival_night,
    units::{Scheme, Unit},
};
use safespace_engine::{
    Allocation, BookStay, Command, Outcome, Page as Window, ReferralFilter, ReferralView,
};

use crate::{
    Answer, Pages, Site, Stopped,
    fields::Fields,
    form,
    placing::{self, Foreseen, Found, InTheWay, NightsUsed, Reasons, foresee},
    shell::{Place, Shell, to},
    today::code,
    visit::Visit,
    words::{self, placing as said},
};

/// So many referrals that wait are looked at.
const MOST_REFERRALS: u64 = 50;
/// So many homes are listed.
const MOST_UNITS: usize = 1_000;
/// The fields that the page has.
const FIELDS: [&str; 10] = [
    "unit",
    "household",
    "adults",
    "children",
    "arrival",
    "departure",
    "sharesAs",
    "features",
    "chosenBecause",
    "exception",
];
/// What is carried from what was checked to what is booked.
const CARRIED: [&str; 7] = ["unit", "household", "adults", "children", "arrival", "departure", "sharesAs"];

/// A referral whose household waits.
struct Waiting {
    called: String,
    people: String,
    nights: String,
    path: String,
    why: String,
}

/// What would come of what was typed.
enum Ahead {
    Nothing,
    WillHappen { sentence: String, nights: String, is_over: bool, is_new: bool },
    InTheWay(InTheWay),
}

#[derive(Template)]
#[template(path = "book.html")]
struct BookPage {
    shell: Shell,
    heading: String,
    about: Option<String>,
    arrival: String,
    fit: Vec<Waiting>,
    not_fit: Vec<Waiting>,
    units: Vec<(String, String)>,
    features: Option<Vec<(String, String)>>,
    sharing: Vec<(&'static str, &'static str)>,
    fields: Fields,
    carried: Vec<(&'static str, String)>,
    needs: Reasons,
    ahead: Ahead,
    /// Where a household is placed that waits by a referral.
    referral: Option<String>,
}

/// The pages.
pub(crate) fn pages(site: &Arc<Site>) -> Pages {
    vec![("/book", form(site, show, take))]
}

/// Who may come.
async fn show(visit: Visit) -> Answer {
    visit.must(Permission::PlaceHouseholds)?;
    let fields = visit.filled(asked(&visit));
    let page = draw(&visit, fields, Tried::default()).await?;
    visit.show(&page)
}

/// What the form says before anything is typed.
fn asked(visit: &Visit) -> Fields {
    let arrival = arrival(visit);
    Fields::default()
        .with("unit", visit.query.get("unit"))
        .with("arrival", arrival)
        .with("departure", later(arrival, 7))
        .with("adults", 1)
        .with("children", 0)
}

fn arrival(visit: &Visit) -> Night {
    let tonight = arrival_night(visit.engine.now(), &visit.engine.spaces().policy(Scheme::SafeSpace));
    visit.query.date("arrival").ok().flatten().unwrap_or(tonight)
}

/// What came of trying.
#[derive(Default)]
struct Tried {
    problem: Option<Refusal>,
    ahead: Option<Ahead>,
    needs: Reasons,
    referral: Option<String>,
    /// The home that it would be: what was seen is what is booked.
    unit: Option<UnitId>,
}

/// Checks what was typed, or books it.
async fn take(visit: Visit, fields: Fields) -> Answer {
    visit.must(Permission::PlaceHouseholds)?;
    let reasons =
        Reasons { exception: fields.text("exception"), chosen_because: fields.text("chosenBecause") };
    let command = match command(&fields, reasons) {
        Ok(command) => command,
        Err(refusal) => {
            let tried = Tried { problem: Some(refusal), ..Tried::default() };
            return visit.show_again(&draw(&visit, fields, tried).await?);
        }
    };
    if let Err(refusal) = placing::is_known(&visit, fields.get("household")).await? {
        let tried = Tried { problem: Some(refusal), ..Tried::default() };
        return visit.show_again(&draw(&visit, fields, tried).await?);
    }
    let problem = if fields.get("do") == "book" {
        match visit.run(&fields, command).await? {
            Ok(Outcome::Stay(stay)) => return Ok(to(&format!("/stays/{}?done=booked", stay.id))),
            Ok(_) => return Err(Stopped::Failed),
            Err(refusal) => Some(placing::told(placing::at_its_field(&visit, refusal), Found::Meanwhile)),
        }
    } else {
        None
    };
    let found = if problem.is_some() { Found::Meanwhile } else { Found::Looking };
    let mut tried = check(&visit, &fields, found).await?;
    tried.problem = problem.or(tried.problem);
    let is_wrong = tried.problem.is_some();
    let page = draw(&visit, fields, tried).await?;
    if is_wrong { visit.show_again(&page) } else { visit.show(&page) }
}

fn command(fields: &Fields, reasons: Reasons) -> Result<Command, Refusal> {
    let shares_as = fields.parsed::<SharesAs>("sharesAs", "Choose one of these.")?;
    Ok(Command::BookStay(BookStay {
        household: fields.get("household").to_owned(),
        arrival: fields.needed_date("arrival")?,
        departure: fields.needed_date("departure")?,
        adults: fields.needed_number("adults")?,
        children: fields.number("children")?.unwrap_or(0),
        unit: fields.id("unit", UnitId),
        scheme: Scheme::SafeSpace,
        features: fields.all("features"),
        wanted_districts: BTreeSet::new(),
        unwanted_districts: BTreeSet::new(),
        shares_as,
        chosen_because: reasons.chosen_because,
        exception: reasons.exception,
    }))
}

/// What booking what was typed would do.
async fn check(visit: &Visit, fields: &Fields, found: Found) -> Result<Tried, Stopped> {
    let read = command(fields, Reasons::default());
    let first = match read {
        Ok(first) => first,
        Err(refusal) => return Ok(Tried { problem: Some(refusal), ..Tried::default() }),
    };
    let (engine, spaces) = (&visit.engine, visit.engine.spaces());
    let household = engine.household(visit.actor(), fields.get("household")).await?;
    let again = |reasons: Reasons| command(fields, reasons).unwrap_or_else(|_| first.clone());
    let Foreseen { outcome, needs } = foresee(visit, again).await?;
    let (mut referral, mut unit) = (None, None);
    let mut others = Vec::new();
    if let Some(household) = &household {
        let all = engine.referrals_of(visit.actor(), household.id).await?;
        let waits = all.iter().rev().find(|view| view.referral.status() == ReferralStatus::Accepted);
        referral = waits.map(|view| format!("/referrals/{}/place", view.referral.id));
        others = engine.journey(visit.actor(), household.id).await?;
    }
    let (ahead, problem) = match outcome {
        Ok(Outcome::Stay(stay)) => {
            let used = NightsUsed::of(&stay, &others, &spaces, engine.today());
            let home = code(&spaces, stay.unit);
            unit = Some(stay.unit);
            let ahead = Ahead::WillHappen {
                sentence: said::books(fields.get("household"), &home, stay.nights),
                nights: said::of_at_most(used.nights, used.longest),
                is_over: used.is_over(),
                is_new: household.is_none(),
            };
            (Some(ahead), None)
        }
        Ok(_) => return Err(Stopped::Failed),
        Err(refusal) => {
            let way = InTheWay::new(&refusal, found, &spaces, |unit| format!("/book?unit={unit}"));
            let is_shown = way.instead.is_some() || refusal.code == RefusalCode::LongestStay;
            (is_shown.then_some(Ahead::InTheWay(way)), Some(placing::told(refusal, found)))
        }
    };
    Ok(Tried { problem, ahead, needs, referral, unit })
}

async fn draw(visit: &Visit, fields: Fields, tried: Tried) -> Result<BookPage, Stopped> {
    let spaces = visit.engine.spaces();
    let unit = fields.id("unit", UnitId).and_then(|id| spaces.unit_by_id(id));
    let arrival = fields.date("arrival").ok().flatten().unwrap_or_else(|| arrival(visit));
    let (fit, not_fit) = match unit {
        Some(unit) if visit.may(Permission::AnswerReferrals) => waiting(visit, unit, arrival).await?,
        _ => (Vec::new(), Vec::new()),
    };
    let mut shell = visit.shell(Place::Board)?;
    if let Some(refusal) = &tried.problem {
        shell = shell.refused(refusal).at_one_of(&FIELDS);
    }
    let carried = CARRIED.iter().map(|name| match (*name, tried.unit) {
        ("unit", Some(unit)) => ("unit", unit.to_string()),
        (name, _) => (name, fields.get(name).to_owned()),
    });
    let ticked = fields.all::<Vec<_>>("features").into_iter().map(|code| ("features", code));
    Ok(BookPage {
        shell,
        heading: unit.map_or_else(|| said::BOOK_A_HOME.to_owned(), |unit| said::book_button(&unit.code)),
        about: unit.map(|unit| placing::about(&spaces, unit)),
        arrival: words::day(arrival),
        fit,
        not_fit,
        units: units(&spaces),
        features: unit.is_none().then(|| features(&spaces)),
        sharing: said::SHARES_AS.to_vec(),
        carried: carried.chain(ticked).collect(),
        needs: tried.needs,
        ahead: tried.ahead.unwrap_or(Ahead::Nothing),
        referral: tried.referral,
        fields,
    })
}

fn units(spaces: &Spaces) -> Vec<(String, String)> {
    let mut units: Vec<&Unit> = spaces.units().iter().collect();
    units.sort_by(|a, b| a.code.cmp(&b.code));
    let told = units
        .into_iter()
        .take(MOST_UNITS)
        .map(|unit| (unit.id.to_string(), format!("{}: {}", unit.code, placing::about(spaces, unit))));
    std::iter::once((String::new(), said::BEST_FIT.to_owned())).chain(told).collect()
}

fn features(spaces: &Spaces) -> Vec<(String, String)> {
    spaces.features.values().map(|feature| (feature.code.clone(), feature.label.clone())).collect()
}

/// The referrals that wait for a home: those that fit the unit from that night on, and the others with why not.
async fn waiting(
    visit: &Visit,
    unit: &Unit,
    arrival: Night,
) -> Result<(Vec<Waiting>, Vec<Waiting>), Stopped> {
    let filter = ReferralFilter { council: None, statuses: vec![ReferralStatus::Accepted] };
    let window = Window { after: None, limit: MOST_REFERRALS };
    let scheme = visit.engine.spaces().policy_of(unit).scheme;
    let (mut fit, mut not_fit) = (Vec::new(), Vec::new());
    for view in visit.engine.referrals(visit.actor(), &filter, window).await? {
        let nights = Nights::between(arrival, later(arrival, view.referral.facts.nights));
        let found = visit.engine.allocation(visit.actor(), view.referral.id, Some(nights), scheme).await;
        let Ok(found) = visit.answered(&Fields::default(), found)? else { continue };
        let (fits, why) = verdict(&found, unit);
        let told = told(visit, &view, nights, unit, scheme, why).await?;
        if fits { fit.push(told) } else { not_fit.push(told) }
    }
    Ok((fit, not_fit))
}

/// Whether a unit is among those that a household could have, and why or why not.
fn verdict(found: &Allocation, unit: &Unit) -> (bool, String) {
    let no = found.spaces.no(unit.id);
    if let Some(ranked) = found.ranked.iter().find(|ranked| Some(ranked.no) == no) {
        return (true, said::plainly(&ranked.why));
    }
    let reasons = found.excluded.iter().find(|(excluded, _)| Some(*excluded) == no);
    let reasons: Vec<String> =
        reasons.map_or_else(Vec::new, |(_, all)| all.iter().map(ToString::to_string).collect());
    (false, said::plainly(&reasons.join("; ")))
}

async fn told(
    visit: &Visit,
    view: &ReferralView,
    nights: Nights,
    unit: &Unit,
    scheme: Scheme,
    why: String,
) -> Result<Waiting, Stopped> {
    let referral = &view.referral;
    let called = match referral.household() {
        Some(household) => placing::reference(visit, household).await?,
        None => referral.reference.clone(),
    };
    Ok(Waiting {
        called,
        people: words::people(referral.facts.people),
        nights: words::nights(nights),
        path: format!(
            "/referrals/{}/place?unit={}&arrival={}&departure={}&scheme={scheme}",
            referral.id,
            unit.id,
            nights.arrival(),
            nights.departure()
        ),
        why,
    })
}
