//! A partner's question: is there room? And for managers, what partner councils asked.
//!
//! A question is counted and recorded, so it is asked by a form that is sent. Its answer is then looked at by the
//! question's id: going back or loading the page again asks nothing more.

use std::sync::Arc;

use askama::Template;
use safespace_domain::{
    Night, Refusal, RefusalCode,
    access::Permission,
    disclosure::{DisclosurePolicy, LONGEST_RUN, RoomAnswer, Wishes},
    nights::later,
    stays::arrival_night,
    units::Scheme,
};
use safespace_engine::{AskForRoom, Command, Page as Window, Question};
use uuid::Uuid;

use crate::{
    Answer, Pages, Site, Stopped,
    exceptions::period,
    fields::Fields,
    form, page,
    shell::{Place, Shell, to},
    visit::Visit,
    words::{
        count, day, instant, nights, people, short_day, short_instant,
        team::{self, answer_counted, room_meaning, room_title},
    },
};

/// The fields of a question, as refusals name them.
const FIELDS: [&str; 6] = ["adults", "children", "arrival", "nights", "features", "unwantedDistricts"];
/// So many questions stand on one page.
const ROWS: u64 = 50;
/// What a council is told, in words.
struct Told {
    title: &'static str,
    meaning: &'static str,
    is_room: bool,
    whom: String,
    nights: String,
    needs: String,
    asked: String,
    /// Where there is no room: from when on there would be some.
    next: Option<String>,
    /// Where a referral is sent from, or the one that was sent.
    refer: String,
    is_sent: bool,
}

#[derive(Template)]
#[template(path = "room.html")]
struct RoomPage {
    shell: Shell,
    told: Option<Told>,
    fields: Fields,
    arrivals: Vec<(String, String)>,
    runs: Vec<(String, String)>,
    districts: Vec<(String, String)>,
    features: Vec<(String, String)>,
    policy: String,
}

/// The pages. A partner's own page is the first one of the service.
pub(crate) fn pages(site: &Arc<Site>) -> Pages {
    vec![
        ("/team/questions", page(site, counts)),
        ("/team/disclosure", form(site, disclosure, set_disclosure)),
    ]
}

/// Is there room? With the answer to a question that was asked before, where one is named.
pub(crate) async fn room(visit: Visit) -> Answer {
    visit.must(Permission::AskForRoom)?;
    let asked = match visit.query.parsed::<Uuid>("question", "").ok().flatten() {
        Some(id) => Some(visit.engine.own_asked(visit.actor(), id).await?),
        None => None,
    };
    let fields = visit.filled(asked.as_ref().map_or_else(|| usual(&visit), typed));
    let page =
        room_page(&visit, visit.shell(Place::Room)?, fields, asked.as_ref().map(|it| told(&visit, it)))?;
    visit.show(&page)
}

/// Takes a question.
pub(crate) async fn ask(visit: Visit, fields: Fields) -> Answer {
    visit.must(Permission::AskForRoom)?;
    let told = match asked(&fields) {
        Ok(ask) => visit.answered(&fields, visit.engine.ask_for_room(visit.actor(), ask).await)?,
        Err(refusal) => Err(refusal),
    };
    match told {
        Ok(told) => Ok(to(&format!("/?question={}", told.question))),
        Err(refusal) => {
            let refusal = for_partners(refusal)?;
            let shell = visit.shell(Place::Room)?.refused(&refusal).at_one_of(&FIELDS);
            visit.show_again(&room_page(&visit, shell, fields, None)?)
        }
    }
}

fn room_page(visit: &Visit, shell: Shell, fields: Fields, told: Option<Told>) -> Result<RoomPage, Stopped> {
    let policy = visit.engine.disclosure_policy(visit.actor())?;
    let (tonight, today) = (tonight(visit), visit.engine.today());
    let last = later(today, policy.nights_ahead);
    let arrivals = std::iter::successors(Some(tonight), |night| Some(later(*night, 1)));
    Ok(RoomPage {
        shell,
        told,
        fields,
        arrivals: arrivals
            .take_while(|night| *night <= last)
            .map(|night| (night.to_string(), team::arrival(night, tonight)))
            .collect(),
        runs: (1..=LONGEST_RUN).map(|run| (run.to_string(), count(run, "night"))).collect(),
        districts: districts(visit),
        features: features(visit),
        policy: policy.to_string(),
    })
}

/// The night that it is, also shortly after midnight.
fn tonight(visit: &Visit) -> Night {
    arrival_night(visit.engine.now(), &visit.engine.spaces().policy(Scheme::SafeSpace))
}

/// The districts, as choices.
pub(crate) fn districts(visit: &Visit) -> Vec<(String, String)> {
    visit.engine.spaces().districts.keys().map(|name| (name.clone(), name.clone())).collect()
}

/// The features that a home can have, as choices.
pub(crate) fn features(visit: &Visit) -> Vec<(String, String)> {
    let spaces = visit.engine.spaces();
    spaces.features.values().map(|feature| (feature.code.clone(), feature.label.clone())).collect()
}

/// What a question begins with.
fn usual(visit: &Visit) -> Fields {
    Fields::default().with("adults", 1).with("children", 0).with("arrival", tonight(visit)).with("nights", 1)
}

/// A question as it was typed.
fn typed(question: &Question) -> Fields {
    let fields = Fields::default()
        .with("adults", question.people.adults)
        .with("children", question.people.children)
        .with("arrival", question.nights.arrival())
        .with("nights", question.nights.len());
    let fields = question.wishes.features.iter().fold(fields, |fields, code| fields.with("features", code));
    let unwanted = question.wishes.unwanted.iter();
    unwanted.fold(fields, |fields, name| fields.with("unwantedDistricts", name))
}

fn asked(fields: &Fields) -> Result<AskForRoom, Refusal> {
    Ok(AskForRoom {
        adults: fields.needed_number("adults")?,
        children: fields.number("children")?.unwrap_or(0),
        arrival: fields.needed_date("arrival")?,
        nights: fields.needed_number("nights")?,
        wishes: Wishes { features: fields.all("features"), unwanted: fields.all("unwantedDistricts") },
    })
}

/// A question's answer in words.
fn told(visit: &Visit, question: &Question) -> Told {
    let has_wishes = !question.wishes.is_empty();
    let run = question.nights.len();
    Told {
        title: room_title(question.answer),
        meaning: room_meaning(question.answer, has_wishes),
        is_room: matches!(question.answer, RoomAnswer::Some | RoomAnswer::Several),
        whom: people(question.people),
        nights: nights(question.nights),
        needs: wished(visit, question),
        asked: instant(question.asked_at),
        next: question.next_night.map(|night| team::next_room(&day(night), &count(run, "night"))),
        refer: match question.referral {
            Some(referral) => format!("/my-referrals/{referral}"),
            None => format!("/refer?question={}", question.id),
        },
        is_sent: question.referral.is_some(),
    }
}

/// What was wished beyond beds, in words.
fn wished(visit: &Visit, question: &Question) -> String {
    let spaces = visit.engine.spaces();
    let label = |code: &String| spaces.features.get(code).map_or_else(|| code.clone(), |it| it.label.clone());
    let features = question.wishes.features.iter().map(label);
    let unwanted = question.wishes.unwanted.iter().map(|name| team::not_in(name));
    features.chain(unwanted).collect::<Vec<_>>().join(", ")
}

/// A refusal that a partner may be told. One of another kind is a fault: its sentence may say more than partners are told.
pub(crate) fn for_partners(refusal: Refusal) -> Result<Refusal, Stopped> {
    match refusal.code {
        RefusalCode::BadValue
        | RefusalCode::NotFound
        | RefusalCode::NotAllowed
        | RefusalCode::WrongState
        | RefusalCode::WrongTime
        | RefusalCode::KeyReused
        | RefusalCode::Changed
        | RefusalCode::TooMany => Ok(refusal),
        _ => {
            tracing::error!(code = refusal.code.as_str(), "a refusal that no partner should get");
            Err(Stopped::Failed)
        }
    }
}

/// How often a council asked, by what it was told.
struct Asked {
    council: String,
    counts: Vec<String>,
    all: String,
}

/// A question, as managers see it.
struct Row {
    at: String,
    council: String,
    whom: String,
    nights: String,
    wishes: String,
    answer: &'static str,
    is_referred: bool,
}

#[derive(Template)]
#[template(path = "questions.html")]
struct CountsPage {
    shell: Shell,
    fields: Fields,
    period: String,
    answers: Vec<&'static str>,
    councils: Vec<Asked>,
    rows: Vec<Row>,
    more: Option<String>,
}

/// What partner councils asked: how often, and what they were told.
async fn counts(visit: Visit) -> Answer {
    visit.must(Permission::SeeQuestions)?;
    let (engine, actor) = (&visit.engine, visit.actor());
    let (from, to, days) = period(&visit);
    let mut councils: Vec<(String, [u64; 4])> = Vec::new();
    for counted in engine.question_counts(actor, Some(days)).await? {
        if councils.last().is_none_or(|(council, _)| *council != counted.council) {
            councils.push((counted.council.clone(), [0; 4]));
        }
        let place = RoomAnswer::ALL.iter().position(|answer| *answer == counted.answer);
        let cell = councils.last_mut().zip(place).and_then(|((_, counts), place)| counts.get_mut(place));
        if let Some(cell) = cell {
            *cell = counted.asked;
        }
    }
    let after = visit.query.parsed::<Uuid>("after", "").ok().flatten();
    let mut found = engine.questions(actor, Some(days), Window { after, limit: ROWS + 1 }).await?;
    let has_more = found.len() as u64 > ROWS;
    found.truncate(usize::try_from(ROWS).unwrap_or(usize::MAX));
    let last = found.last().filter(|_| has_more);
    let page = CountsPage {
        shell: visit.shell(Place::Team)?,
        fields: Fields::default().with("from", from).with("to", to),
        period: crate::words::days(days),
        answers: RoomAnswer::ALL.into_iter().map(answer_counted).collect(),
        councils: councils
            .into_iter()
            .map(|(council, counts)| Asked {
                council,
                all: counts.iter().sum::<u64>().to_string(),
                counts: counts.iter().map(ToString::to_string).collect(),
            })
            .collect(),
        more: last.map(|last| format!("/team/questions?from={from}&to={to}&after={}", last.id)),
        rows: found.iter().map(|question| row(&visit, question)).collect(),
    };
    visit.show(&page)
}

fn row(visit: &Visit, question: &Question) -> Row {
    Row {
        at: short_instant(question.asked_at),
        council: question.council.clone(),
        whom: people(question.people),
        nights: team::from_for(&short_day(question.nights.arrival()), &count(question.nights.len(), "night")),
        wishes: wished(visit, question),
        answer: answer_counted(question.answer),
        is_referred: question.referral.is_some(),
    }
}

#[derive(Template)]
#[template(path = "disclosure.html")]
struct DisclosurePage {
    shell: Shell,
    fields: Fields,
    policy: String,
}

/// What partner councils are told, and how often: the form.
async fn disclosure(visit: Visit) -> Answer {
    visit.must(Permission::ManageSpaces)?;
    let policy = visit.engine.disclosure_policy(visit.actor())?;
    let sizes: Vec<String> = policy.sizes.iter().map(ToString::to_string).collect();
    let fields = Fields::default()
        .with("severalFrom", policy.several_from)
        .with("nightsAhead", policy.nights_ahead)
        .with("questionsADay", policy.questions_a_day)
        .with("sizes", sizes.join(" "));
    let shell = visit.shell(Place::Team)?;
    visit.show(&DisclosurePage { shell, fields: visit.filled(fields), policy: policy.to_string() })
}

/// Sets what they are told.
async fn set_disclosure(visit: Visit, fields: Fields) -> Answer {
    visit.must(Permission::ManageSpaces)?;
    let done = match policy_said(&fields) {
        Ok(policy) => visit.run(&fields, Command::SetDisclosurePolicy(policy)).await?,
        Err(refusal) => Err(refusal),
    };
    match done {
        Ok(_) => Ok(to("/team/questions?done=disclosure-set")),
        Err(refusal) => {
            let policy = visit.engine.disclosure_policy(visit.actor())?.to_string();
            let fields_of_page = ["severalFrom", "nightsAhead", "questionsADay", "sizes"];
            let shell = visit.shell(Place::Team)?.refused(&refusal).at_one_of(&fields_of_page);
            visit.show_again(&DisclosurePage { shell, fields, policy })
        }
    }
}

fn policy_said(fields: &Fields) -> Result<DisclosurePolicy, Refusal> {
    // What is below zero becomes absurdly large, and is refused as such.
    let natural = |name: &str| fields.needed_number(name).map(|n| u32::try_from(n).unwrap_or(u32::MAX));
    let sizes = fields.get("sizes").split([' ', ',']).filter(|size| !size.is_empty());
    let sizes = sizes.map(|size| size.parse().map_err(|_| Refusal::bad("sizes", team::GIVE_NUMBERS)));
    Ok(DisclosurePolicy {
        several_from: natural("severalFrom")?,
        nights_ahead: natural("nightsAhead")?,
        questions_a_day: natural("questionsADay")?,
        sizes: sizes.collect::<Result<_, _>>()?,
    })
}
