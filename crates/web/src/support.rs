//! Support during a stay and after it: key worker, immediate needs, next steps, sessions.

use std::{collections::BTreeSet, sync::Arc};

use askama::Template;
use chrono::{DateTime, NaiveDateTime, Utc};
use safespace_domain::{
    ImmediateNeedId, Refusal, SupportSessionId,
    access::Permission,
    availability::Spaces,
    clock::{in_service_time, typed_time},
    immediate_needs::ImmediateNeed,
    next_steps::NextStepState,
    reasons::ReasonKind,
    support::{Channel, Hours, OutcomeKind},
};
use safespace_engine::{
    Command, CorrectSupportSession, KeyWorkerView, NextStepView, RecordSupportSession, SaveImmediateNeed,
    SaveNextStep, SettleImmediateNeeds, SupportAsk, SupportSessionView,
};

use crate::{
    Answer, Pages, Site, Stopped,
    fields::Fields,
    form,
    shell::{Place, Shell, to},
    stays::{Found, choices, find, label},
    visit::Visit,
    words::{self, stays as said},
};

/// The pages.
pub(crate) fn pages(site: &Arc<Site>) -> Pages {
    vec![
        ("/stays/:id/support", form(site, overview, change)),
        ("/stays/:id/support/session", form(site, session, record)),
        ("/stays/:id/support/next-step", form(site, next_step, plan)),
    ]
}

/// An immediate need on the checklist.
struct Need {
    id: ImmediateNeedId,
    kind: String,
    label: String,
    due: String,
    is_overdue: bool,
    state: String,
}

/// A next step.
struct Step {
    path: String,
    label: String,
    state: &'static str,
    leads_on: bool,
    target: Option<String>,
    note: Option<String>,
}

/// A session, or the offer of one.
struct Session {
    path: String,
    at: String,
    channel: &'static str,
    came_of: String,
    hours: &'static str,
    topics: String,
    note: Option<String>,
}

#[derive(Template)]
#[template(path = "support.html")]
struct SupportPage<'p> {
    shell: Shell,
    fields: Fields,
    found: &'p Found,
    back: String,
    household: String,
    key_worker: Option<KeyWorkerView>,
    since: String,
    staff: Vec<(String, String)>,
    open: Vec<Need>,
    settled: Vec<Need>,
    kinds: Vec<(String, String)>,
    steps: Vec<Step>,
    sessions: Vec<Session>,
}

/// The fields of the forms of the overview.
const FIELDS: [&str; 3] = ["worker", "kind", "dueAt"];

async fn overview(visit: Visit) -> Answer {
    let found = find(&visit).await?;
    let fields = visit.filled(Fields::default());
    let page = draw(&visit, &found, visit.shell(Place::Board)?, fields).await?;
    visit.show(&page)
}

/// What is one button in the overview.
async fn change(visit: Visit, fields: Fields) -> Answer {
    visit.must(Permission::GiveSupport)?;
    let found = find(&visit).await?;
    let (command, done) = match asked(&found, &fields) {
        Ok(Some(asked)) => asked,
        Ok(None) => return Err(Stopped::Unreadable),
        Err(refusal) => return again(&visit, &found, fields, &refusal).await,
    };
    match visit.run(&fields, command).await? {
        Ok(_) => Ok(to(&found.path(&format!("/support?done={done}")))),
        Err(refusal) => again(&visit, &found, fields, &refusal).await,
    }
}

/// What a form of the overview asks for, and what has happened then.
fn asked(found: &Found, fields: &Fields) -> Result<Option<(Command, &'static str)>, Refusal> {
    let household = found.reference.clone();
    Ok(match fields.get("do") {
        "key-worker" => {
            let worker = fields.text("worker");
            let done = if worker.is_some() { "key-worker-named" } else { "key-worker-gone" };
            Some((Command::AssignKeyWorker { household, worker }, done))
        }
        "settle" => {
            let (met, not_needed) = (fields.all("met"), fields.all("notNeeded"));
            let ask = SettleImmediateNeeds { household, met, not_needed };
            Some((Command::SettleImmediateNeeds(ask), "needs-settled"))
        }
        "need" if fields.get("kind").is_empty() => return Err(Refusal::bad("kind", said::SAY_WHICH_NEED)),
        "need" => {
            let ask = SaveImmediateNeed {
                household,
                kind: fields.get("kind").to_owned(),
                due_at: time(fields, "dueAt")?,
            };
            Some((Command::SaveImmediateNeed(ask), "need-added"))
        }
        "reopen" => fields
            .id("need", ImmediateNeedId)
            .map(|need| (Command::ReopenImmediateNeed { need }, "need-reopened")),
        _ => None,
    })
}

async fn again(visit: &Visit, found: &Found, fields: Fields, refusal: &Refusal) -> Answer {
    let shell = visit.shell(Place::Board)?.refused(refusal).at_one_of(&FIELDS);
    visit.show_again(&draw(visit, found, shell, fields).await?)
}

async fn draw<'p>(
    visit: &Visit,
    found: &'p Found,
    shell: Shell,
    fields: Fields,
) -> Result<SupportPage<'p>, Stopped> {
    let (engine, actor, household) = (&visit.engine, visit.actor(), found.stay.household);
    let spaces = &found.spaces;
    let key_workers = engine.key_workers(actor, &[household]).await?;
    let key_worker = key_workers.into_iter().find(|view| view.key_worker.until.is_none());
    let mut staff = vec![(String::new(), said::NO_KEY_WORKER.to_owned())];
    staff.extend(engine.staff(actor).await?.into_iter().map(|account| (account.name.clone(), account.name)));
    let needs = engine.immediate_needs(actor, &[household]).await?;
    let now = engine.now();
    let (open, settled): (Vec<Need>, Vec<Need>) = {
        let (open, settled): (Vec<_>, Vec<_>) = needs.iter().partition(|need| need.is_open());
        let all = |needs: Vec<&ImmediateNeed>| needs.into_iter().map(|n| need(spaces, n, now)).collect();
        (all(open), all(settled))
    };
    let is_open = |kind: &str| open.iter().any(|need| need.kind == kind);
    let mut kinds = vec![(String::new(), said::CHOOSE.to_owned())];
    kinds.extend(choices(spaces, ReasonKind::ImmediateNeed).into_iter().filter(|(kind, _)| !is_open(kind)));
    let steps = engine.next_steps(actor, household).await?;
    let mut sessions = Vec::new();
    for view in engine.support_sessions(actor, &[household]).await? {
        if view.session.withdrawn_at.is_none() {
            let note = engine.support_note(actor, &view).await?;
            sessions.push(session_row(found, &view, note));
        }
    }
    let fields = match &key_worker {
        Some(view) if fields.get("do") != "key-worker" => fields.with("worker", &view.name),
        _ => fields,
    };
    Ok(SupportPage {
        shell,
        fields,
        back: found.path(""),
        household: format!("/households/{household}"),
        since: key_worker.as_ref().map(|view| words::instant(view.key_worker.since)).unwrap_or_default(),
        key_worker,
        staff,
        open,
        settled,
        kinds,
        steps: steps.into_iter().map(|view| step_row(found, view)).collect(),
        sessions,
        found,
    })
}

fn need(spaces: &Spaces, need: &ImmediateNeed, now: DateTime<Utc>) -> Need {
    Need {
        id: need.id,
        kind: need.kind.clone(),
        label: label(spaces, ReasonKind::ImmediateNeed, &need.kind),
        due: words::short_instant(need.due_at),
        is_overdue: need.is_overdue(now),
        state: said::need(need.state),
    }
}

fn step_row(found: &Found, view: NextStepView) -> Step {
    let NextStepView { step, note } = view;
    let kind = serde_urlencoded::to_string([("kind", &step.kind)]).unwrap_or_default();
    Step {
        path: found.path(&format!("/support/next-step?{kind}")),
        label: label(&found.spaces, ReasonKind::NextStep, &step.kind),
        state: said::next_step(step.state),
        leads_on: step.state.leads_on(),
        target: step.target.map(words::day),
        note,
    }
}

fn session_row(found: &Found, view: &SupportSessionView, note: Option<String>) -> Session {
    let session = &view.session;
    let topics: Vec<String> =
        session.topics.iter().map(|topic| label(&found.spaces, ReasonKind::Topic, topic)).collect();
    Session {
        path: found.path(&format!("/support/session?session={}", session.id)),
        at: words::instant(session.starts_at),
        channel: said::channel(session.channel),
        came_of: said::came_of(session.outcome.minutes()),
        hours: said::hours(session.hours),
        topics: topics.join(", "),
        note,
    }
}

/// A time as it was typed, in the service's own; none where nothing was.
pub(crate) fn time(fields: &Fields, name: &str) -> Result<Option<DateTime<Utc>>, Refusal> {
    let text = fields.get(name);
    if text.is_empty() {
        return Ok(None);
    }
    let read = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M")
        .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S"))
        .map_err(|_| Refusal::bad(name, said::GIVE_A_TIME))?;
    typed_time(read, name).map(Some)
}

/// A time as its field shows it.
fn typed(at: DateTime<Utc>) -> String {
    in_service_time(at).format("%Y-%m-%dT%H:%M").to_string()
}

#[derive(Template)]
#[template(path = "support_session.html")]
struct SessionPage<'p> {
    shell: Shell,
    fields: &'p Fields,
    found: &'p Found,
    back: String,
    /// Whether it is one that was recorded before.
    is_known: bool,
    channels: Vec<(&'static str, &'static str)>,
    outcomes: Vec<(&'static str, &'static str)>,
    hours: Vec<(&'static str, &'static str)>,
    topics: Vec<(String, String)>,
}

/// The session that the address names, where it names one of this household.
async fn asked_for(visit: &Visit, found: &Found) -> Result<Option<SupportSessionView>, Stopped> {
    if visit.query.get("session").is_empty() {
        return Ok(None);
    }
    let not_found = || Refusal::not_found("session", "session");
    let id = visit.query.id("session", SupportSessionId).ok_or_else(not_found)?;
    let view = visit.engine.support_session(visit.actor(), id).await?;
    let view = view.filter(|view| view.session.household == found.stay.household);
    Ok(Some(view.ok_or_else(not_found)?))
}

/// The form of a session: a new one, or one to correct.
async fn session(visit: Visit) -> Answer {
    visit.must(Permission::GiveSupport)?;
    let found = find(&visit).await?;
    let known = asked_for(&visit, &found).await?;
    let now = Fields::default().with("startsAt", typed(visit.engine.now())).with("outcome", "held");
    let otherwise = match &known {
        Some(view) => recorded(view, visit.engine.support_note(visit.actor(), view).await?),
        None => now,
    };
    let fields = visit.filled(otherwise);
    visit.show(&session_page(&found, known.is_some(), visit.shell(Place::Board)?, &fields))
}

/// What is recorded of a session, as the form has it.
fn recorded(view: &SupportSessionView, note: Option<String>) -> Fields {
    let session = &view.session;
    let outcome = match session.outcome.kind() {
        OutcomeKind::Held => "held",
        OutcomeKind::Declined => "declined",
    };
    let minutes = session.outcome.minutes().map(|minutes| minutes.to_string());
    let fields = Fields::default()
        .with("startsAt", typed(session.starts_at))
        .with("channel", session.channel)
        .with("outcome", outcome)
        .with("minutes", minutes.unwrap_or_default())
        .with("hours", session.hours)
        .with("note", note.unwrap_or_default())
        .with("version", session.version);
    session.topics.iter().fold(fields, |fields, topic| fields.with("topics", topic))
}

fn session_page<'p>(found: &'p Found, is_known: bool, shell: Shell, fields: &'p Fields) -> SessionPage<'p> {
    let hours = Hours::ALL.into_iter().map(|hours| (hours.as_str(), said::hours(hours)));
    SessionPage {
        shell,
        fields,
        found,
        back: found.path("/support"),
        is_known,
        channels: Channel::ALL
            .into_iter()
            .map(|channel| (channel.as_str(), said::channel(channel)))
            .collect(),
        outcomes: vec![
            ("held", said::outcome(OutcomeKind::Held)),
            ("declined", said::outcome(OutcomeKind::Declined)),
        ],
        hours: std::iter::once(("", said::HOURS_BY_CLOCK)).chain(hours).collect(),
        topics: choices(&found.spaces, ReasonKind::Topic),
    }
}

/// Records a session, corrects one, or takes one back.
async fn record(visit: Visit, fields: Fields) -> Answer {
    visit.must(Permission::GiveSupport)?;
    let found = find(&visit).await?;
    let known = asked_for(&visit, &found).await?;
    let (command, done) = match &known {
        Some(view) if fields.get("do") == "withdraw" => {
            (Ok(Command::WithdrawSupportSession { session: view.session.id }), "session-withdrawn")
        }
        Some(view) => (
            ask(&fields).map(|ask| {
                let version = fields.get("version").parse().unwrap_or(0);
                Command::CorrectSupportSession(CorrectSupportSession {
                    session: view.session.id,
                    version,
                    ask,
                })
            }),
            "session-corrected",
        ),
        None => (
            ask(&fields).map(|ask| {
                let household = found.reference.clone();
                Command::RecordSupportSession(RecordSupportSession { household, ask })
            }),
            "session-recorded",
        ),
    };
    let ran = match command {
        Ok(command) => visit.run(&fields, command).await?,
        Err(refusal) => Err(refusal),
    };
    match ran {
        Ok(_) => Ok(to(&found.path(&format!("/support?done={done}")))),
        Err(refusal) => {
            let shell = visit
                .shell(Place::Board)?
                .refused(&refusal)
                .at_one_of(&["startsAt", "channel", "outcome", "minutes", "hours", "topics", "note"]);
            visit.show_again(&session_page(&found, known.is_some(), shell, &fields))
        }
    }
}

/// What the form says of a session.
fn ask(fields: &Fields) -> Result<SupportAsk, Refusal> {
    let outcome = match fields.get("outcome") {
        "held" => OutcomeKind::Held,
        "declined" => OutcomeKind::Declined,
        _ => return Err(Refusal::bad("outcome", said::SAY_WHAT_CAME_OF_IT)),
    };
    let channel = fields.parsed::<Channel>("channel", said::SAY_HOW_THEY_MET)?;
    Ok(SupportAsk {
        starts_at: time(fields, "startsAt")?.ok_or_else(|| Refusal::bad("startsAt", said::GIVE_A_TIME))?,
        channel: channel.ok_or_else(|| Refusal::bad("channel", said::SAY_HOW_THEY_MET))?,
        hours: fields.parsed("hours", said::SAY_WHICH_HOURS)?,
        outcome,
        minutes: fields.number("minutes")?,
        topics: fields.all::<BTreeSet<_>>("topics"),
        // All that is said of it stands in the form: an emptied note is taken away.
        note: Some(fields.get("note").to_owned()),
    })
}

#[derive(Template)]
#[template(path = "next_step.html")]
struct NextStepPage<'p> {
    shell: Shell,
    fields: &'p Fields,
    found: &'p Found,
    back: String,
    /// The step, where it is one that was written down before.
    known: Option<String>,
    kinds: Vec<(String, String)>,
    states: Vec<(&'static str, &'static str)>,
}

/// The next step that the address names, where it names one that is there.
async fn step_asked_for(
    visit: &Visit,
    found: &Found,
) -> Result<(Vec<NextStepView>, Option<NextStepView>), Stopped> {
    let all = visit.engine.next_steps(visit.actor(), found.stay.household).await?;
    let kind = visit.query.get("kind");
    let known = all.iter().find(|view| view.step.kind == kind).cloned();
    Ok((all, known))
}

/// The form of a next step: a new one, or one that has come further.
async fn next_step(visit: Visit) -> Answer {
    visit.must(Permission::PlaceHouseholds)?;
    let found = find(&visit).await?;
    let (all, known) = step_asked_for(&visit, &found).await?;
    let otherwise = match &known {
        Some(NextStepView { step, note }) => Fields::default()
            .with("kind", &step.kind)
            .with("state", step.state)
            .with("target", step.target.map(|target| target.to_string()).unwrap_or_default())
            .with("note", note.as_deref().unwrap_or_default()),
        None => Fields::default().with("state", NextStepState::Considered),
    };
    let fields = visit.filled(otherwise);
    visit.show(&step_page(&found, &all, known.as_ref(), visit.shell(Place::Board)?, &fields))
}

fn step_page<'p>(
    found: &'p Found,
    all: &[NextStepView],
    known: Option<&NextStepView>,
    shell: Shell,
    fields: &'p Fields,
) -> NextStepPage<'p> {
    let mut kinds = vec![(String::new(), said::CHOOSE.to_owned())];
    let is_there = |kind: &str| all.iter().any(|view| view.step.kind == kind);
    let listed = choices(&found.spaces, ReasonKind::NextStep);
    kinds.extend(listed.into_iter().filter(|(kind, _)| !is_there(kind)));
    NextStepPage {
        shell,
        fields,
        found,
        back: found.path("/support"),
        known: known.map(|view| label(&found.spaces, ReasonKind::NextStep, &view.step.kind)),
        kinds,
        states: NextStepState::ALL
            .into_iter()
            .map(|state| (state.as_str(), said::next_step(state)))
            .collect(),
    }
}

/// Writes a next step down.
async fn plan(visit: Visit, fields: Fields) -> Answer {
    visit.must(Permission::PlaceHouseholds)?;
    let found = find(&visit).await?;
    let (all, known) = step_asked_for(&visit, &found).await?;
    let ran = match step_ask(&found, known.as_ref(), &fields) {
        Ok(ask) => visit.run(&fields, Command::SaveNextStep(ask)).await?,
        Err(refusal) => Err(refusal),
    };
    match ran {
        Ok(_) => Ok(to(&found.path("/support?done=next-step-kept"))),
        Err(refusal) => {
            let shell = visit.shell(Place::Board)?.refused(&refusal);
            let shell = shell.at_one_of(&["kind", "state", "target", "note"]);
            visit.show_again(&step_page(&found, &all, known.as_ref(), shell, &fields))
        }
    }
}

fn step_ask(found: &Found, known: Option<&NextStepView>, fields: &Fields) -> Result<SaveNextStep, Refusal> {
    let state = fields.parsed::<NextStepState>("state", said::SAY_HOW_FAR)?;
    let kind = known.map_or_else(|| fields.get("kind").to_owned(), |view| view.step.kind.clone());
    if kind.is_empty() {
        return Err(Refusal::bad("kind", said::SAY_WHICH_STEP));
    }
    Ok(SaveNextStep {
        household: found.reference.clone(),
        kind,
        state: state.ok_or_else(|| Refusal::bad("state", said::SAY_HOW_FAR))?,
        target: fields.date("target")?,
        note: Some(fields.get("note").to_owned()),
    })
}
