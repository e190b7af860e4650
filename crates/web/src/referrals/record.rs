//! A referral's own page: what it says, how far it is filled in, what has become of it, and what can be done with it.

use askama::Template;
use chrono::{DateTime, Utc};
use safespace_domain::{
    HouseholdId,
    availability::Spaces,
    households::Household,
    items::Diet,
    needs::{AdultsBySex, Needs},
    reasons::ReasonKind,
    referrals::{Facts, Referral, ReferralState, ReferralStatus},
};
use safespace_engine::{Page as Window, ReferralView};
use uuid::Uuid;

use super::{
    Tag, found, path,
    steps::{Step, bands},
    tags, waits,
};
use crate::{
    Answer,
    shell::{Place, Shell},
    today::code,
    visit::Visit,
    words::{
        self, CountsDown,
        placing::referrals::{self as said, became, said as line},
    },
};

/// A line of what a referral says.
type Line = (&'static str, String);

/// What one step has brought, or is to bring.
struct Part {
    title: &'static str,
    path: String,
    tag: Tag,
    lines: Vec<Line>,
}

/// Something that has happened with it.
struct Event {
    what: &'static str,
    when: Option<String>,
    more: Option<String>,
}

/// A household that it is about, or may be about.
struct Known {
    id: Uuid,
    reference: String,
}

impl From<&Household> for Known {
    fn from(household: &Household) -> Self {
        Self { id: household.id.0, reference: household.reference.clone() }
    }
}

/// A home that is held for its household.
struct Held {
    path: String,
    unit: String,
    left: CountsDown,
}

#[derive(Template)]
#[template(path = "referral.html")]
pub(super) struct RecordPage {
    shell: Shell,
    path: String,
    reference: String,
    status: ReferralStatus,
    tags: Vec<Tag>,
    summary: String,
    parts: Vec<Part>,
    events: Vec<Event>,
    has_details: bool,
    household: Option<Known>,
    may_be: Vec<Known>,
    hold: Option<Held>,
    stay: Option<Uuid>,
    /// Where the homes stood when it was declined: how many there were of each kind.
    looked_for: Vec<(usize, &'static str)>,
    is_open: bool,
    waits: bool,
}

/// The page.
pub(super) async fn show(visit: Visit) -> Answer {
    let (view, needs) = found(&visit).await?;
    let shell = visit.shell(Place::Referrals)?;
    visit.show(&page(&visit, shell, &view, &needs).await?)
}

/// The page, in a frame that may say what is wrong.
pub(super) async fn page(
    visit: &Visit,
    shell: Shell,
    view: &ReferralView,
    needs: &Needs,
) -> Result<RecordPage, crate::Stopped> {
    let (engine, actor) = (&visit.engine, visit.actor());
    let (referral, spaces) = (&view.referral, engine.spaces());
    let status = referral.status();
    let ids: Vec<_> = referral.household().into_iter().collect();
    let household = engine.households(actor, &ids).await?.first().map(Known::from);
    let hold = match (&household, waits(status)) {
        (Some(household), true) => {
            let first = Window { after: None, limit: 1 };
            engine.holds(actor, Some(HouseholdId(household.id)), true, first).await?.pop()
        }
        _ => None,
    };
    let may_be = match status {
        ReferralStatus::Received | ReferralStatus::Assessing => engine.may_be(actor, referral.id).await?,
        _ => Vec::new(),
    };
    let is_open = ReferralStatus::OPEN.contains(&status);
    Ok(RecordPage {
        shell,
        path: path(referral.id),
        reference: referral.reference.clone(),
        status,
        tags: tags(referral, &spaces, engine.now()),
        summary: said::asked_for(&referral.facts),
        parts: Step::ALL.into_iter().map(|step| part(step, view, needs, &spaces)).collect(),
        events: events(referral, &spaces, actor.who.id()),
        has_details: view.has_details,
        household,
        may_be: may_be.iter().map(Known::from).collect(),
        hold: hold.map(|hold| Held {
            path: format!("/holds/{}", hold.id),
            unit: code(&spaces, hold.unit),
            left: CountsDown::new(hold.left(engine.now())),
        }),
        stay: stay(&referral.state),
        looked_for: looked_for(view),
        is_open,
        waits: waits(status),
    })
}

/// The stay that the household has, or had last.
const fn stay(state: &ReferralState) -> Option<Uuid> {
    match state {
        ReferralState::Placed { stay, .. } | ReferralState::Closed { placed: Some((_, stay)), .. } => {
            Some(stay.0)
        }
        _ => None,
    }
}

fn part(step: Step, view: &ReferralView, needs: &Needs, spaces: &Spaces) -> Part {
    let lines = match step {
        Step::Who => who(&view.referral, needs),
        Step::Danger => danger(&view.referral.facts, needs),
        Step::Household => household(&view.referral.facts, needs, spaces),
        Step::Needs => wants(&view.referral.facts, needs, spaces),
        Step::Reach => Vec::new(),
    };
    let is_filled = match step {
        Step::Who => true,
        Step::Danger => view.referral.facts.assessment.risk.is_some(),
        Step::Household | Step::Needs => !lines.is_empty(),
        Step::Reach => view.has_details,
    };
    let tag = match (is_filled, step) {
        (true, _) => Tag::new("good", said::FILLED_IN),
        (false, Step::Danger) => Tag::new("quiet", said::risk_tag(None)),
        (false, _) => Tag::new("quiet", said::NOTHING_YET),
    };
    let path = format!("{}/steps/{}", path(view.referral.id), step.slug());
    Part { title: step.title(), path, tag, lines }
}

/// The lines that say something.
fn told(lines: impl IntoIterator<Item = (&'static str, Option<String>)>) -> Vec<Line> {
    lines.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

fn listed(names: impl Iterator<Item = String>) -> Option<String> {
    let names: Vec<String> = names.collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// Counts that somebody has given, those of none left out.
fn counts(names: impl IntoIterator<Item = (&'static str, &'static str)>, counts: &[u16]) -> Option<String> {
    let given = names.into_iter().zip(counts).filter(|(_, n)| **n > 0);
    listed(given.map(|((_, label), n)| format!("{}: {n}", label.to_lowercase())))
}

fn who(referral: &Referral, needs: &Needs) -> Vec<Line> {
    let facts = &referral.facts;
    told([
        (line::REFERRED_BY, Some(said::source(facts.source).to_owned())),
        (line::ORGANISATION, needs.organisation.clone()),
        (line::COUNCIL, referral.council.clone()),
        (line::CALL_BACK, needs.call_back.clone()),
        (line::PEOPLE, Some(words::people(facts.people))),
        (line::ARRIVAL, Some(words::day(facts.arrival))),
        (line::NIGHTS, Some(words::count(facts.nights, "night"))),
    ])
}

fn danger(facts: &Facts, needs: &Needs) -> Vec<Line> {
    let assessment = facts.assessment;
    let yes_or_no = |yes: bool| if yes { said::YES } else { said::NO }.to_owned();
    told([
        (line::FLEES_FROM, Some(said::need_kind(facts.kind).to_owned())),
        (line::RISK, Some(assessment.risk.map_or(said::NOT_ASSESSED, said::risk).to_owned())),
        (line::TICKS, assessment.dash_ticks.map(|ticks| ticks.to_string())),
        (line::RISK_REASON, needs.risk_reason.clone()),
        (line::MARAC, assessment.marac.map(yes_or_no)),
        (line::DISTRICT, facts.from_district.clone()),
        (line::NOT_SAFE_IN, listed(needs.danger_areas.iter().cloned())),
        (line::SAFE_IN, needs.says_safe_in(facts.from_district.as_deref()).map(str::to_owned)),
    ])
}

fn household(facts: &Facts, needs: &Needs, spaces: &Spaces) -> Vec<Line> {
    let label = |code: &String| {
        let known = spaces.reason(ReasonKind::Characteristic, code, "characteristics");
        known.map_or_else(|_| words::in_plain_words(code), |reason| reason.label.clone())
    };
    let sexes = needs.adults_by_sex.and_then(|AdultsBySex { female, male, other_or_not_said }| {
        counts(said::SEXES, &[female, male, other_or_not_said])
    });
    told([
        (line::SHARES_AS, facts.shares_as.map(|shares_as| said::shares_as(shares_as).to_owned())),
        (line::ADULTS, sexes),
        (line::AGES, needs.child_ages.and_then(|ages| counts(said::AGES, &bands(ages)))),
        (line::CHARACTERISTICS, listed(needs.characteristics.iter().map(label))),
    ])
}

fn wants(facts: &Facts, needs: &Needs, spaces: &Spaces) -> Vec<Line> {
    let label = |code: &String| {
        spaces.features.get(code).map_or_else(|| words::in_plain_words(code), |feature| feature.label.clone())
    };
    let avoids = &needs.avoids;
    let allergens = avoids.allergens.iter().map(|allergen| said::allergen(*allergen).to_owned());
    told([
        (line::FEATURES, listed(facts.features.iter().map(label))),
        (line::NEAR, listed(needs.near.iter().cloned())),
        (line::PETS, needs.pets.clone()),
        (line::CARE, needs.care.clone()),
        (line::LANGUAGES, listed(needs.languages.iter().cloned())),
        (line::DIET, needs.diet.clone()),
        (line::DIETS, listed(avoids.diets.iter().map(|diet: &Diet| diet.words().to_owned()))),
        (line::ALLERGENS, listed(allergens)),
        (line::ALLERGIES, needs.allergies.clone()),
    ])
}

/// What has happened with it, in order.
fn events(referral: &Referral, spaces: &Spaces, me: Uuid) -> Vec<Event> {
    let at = |what, at: DateTime<Utc>| Event { what, when: Some(words::instant(at)), more: None };
    let mut events = vec![at(became::RECEIVED, referral.received_at)];
    events.extend(referral.responded_at.map(|when| at(became::ANSWERED, when)));
    let why = |kinds: &[ReasonKind], code: &str| {
        let known = kinds.iter().find_map(|kind| spaces.reason(*kind, code, "reason").ok());
        Some(known.map_or_else(|| words::in_plain_words(code), |reason| reason.label.clone()))
    };
    match &referral.state {
        ReferralState::Received => {}
        ReferralState::Assessing { by } => {
            let what = if *by == me { became::ASSESSED_BY_YOU } else { became::ASSESSED };
            events.push(Event { what, when: None, more: None });
        }
        ReferralState::Accepted { at: when, .. } => events.push(at(became::ACCEPTED, *when)),
        ReferralState::Placed { at: when, placed_at, .. } => {
            events.push(at(became::ACCEPTED, *when));
            events.push(at(became::PLACED, *placed_at));
        }
        ReferralState::Closed { at: when, placed, closed_at, outcome, .. } => {
            events.push(at(became::ACCEPTED, *when));
            events.extend(placed.map(|(placed_at, _)| at(became::PLACED, placed_at)));
            let lists: &[ReasonKind] = match placed {
                Some(_) => &[ReasonKind::Destination, ReasonKind::Closing],
                None => &[ReasonKind::Closing, ReasonKind::Destination],
            };
            events.push(Event { more: why(lists, outcome), ..at(became::CLOSED, *closed_at) });
        }
        ReferralState::Declined { at: when, reason, .. } => {
            let more = why(&[ReasonKind::Decline], reason);
            events.push(Event { more, ..at(became::DECLINED, *when) });
        }
        ReferralState::Withdrawn { at: when, .. } => events.push(at(became::WITHDRAWN, *when)),
    }
    events
}

/// What stood against how many homes when it was declined: first how many there were that would have done.
fn looked_for(view: &ReferralView) -> Vec<(usize, &'static str)> {
    let Some(told) = &view.looked_for else { return Vec::new() };
    let told: serde_json::Value = serde_json::from_str(told).unwrap_or_default();
    let number = |value: &serde_json::Value| value.as_u64().and_then(|n| usize::try_from(n).ok());
    let fit = told.get("fit").and_then(number).map(|n| (n, said::WOULD_HAVE_DONE));
    let against = told.get("against").and_then(serde_json::Value::as_object);
    let against = against.into_iter().flatten();
    let against = against.filter_map(|(code, n)| Some((number(n)?, said::stood_against(code))));
    fit.into_iter().chain(against).collect()
}
