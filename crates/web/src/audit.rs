//! The audit: who did what, when, to which record and why.
//!
//! What is looked for may say something of a household, so it is sent, and stands in no address; each search is itself
//! recorded.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use askama::Template;
use chrono::{DateTime, NaiveDateTime, Utc};
use safespace_domain::{Refusal, access::Permission, clock::typed_time};
use safespace_engine::{AUDIT_ACTIONS, AuditView, Page as Window, SearchAudit};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    Answer, Pages, Site, Stopped,
    fields::Fields,
    form,
    shell::{Place, Shell},
    visit::Visit,
    words::{
        in_plain_words, instant,
        team::{A_PROGRAM, ANYBODY, ANYTHING, ENDS_TOO_EARLY, GIVE_A_TIME, somebody},
    },
};

/// The fields of a search.
const FIELDS: [&str; 5] = ["household", "by", "action", "from", "to"];
/// So many records stand on one page.
const ROWS: u64 = 50;

/// A record.
struct Row {
    at: String,
    by: String,
    action: String,
    household: Option<String>,
    why: Option<String>,
    facts: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage {
    shell: Shell,
    fields: Fields,
    staff: Vec<(String, String)>,
    actions: Vec<(String, String)>,
    /// What was found; none before anything was looked for.
    found: Option<Vec<Row>>,
    /// Where the next page begins.
    next: Option<String>,
    is_first: bool,
}

/// The pages.
pub(crate) fn pages(site: &Arc<Site>) -> Pages {
    vec![("/audit", form(site, show, search))]
}

/// The form.
async fn show(visit: Visit) -> Answer {
    visit.must(Permission::SearchAudit)?;
    visit.must_be_fresh()?;
    let fields = visit.filled(Fields::default());
    let (staff, shell) = (staff(&visit).await?, visit.shell(Place::Team)?);
    let actions = actions();
    visit.show(&AuditPage { shell, fields, staff, actions, found: None, next: None, is_first: true })
}

/// Looks for records, the newest first.
async fn search(visit: Visit, fields: Fields) -> Answer {
    visit.must(Permission::SearchAudit)?;
    let staff = staff(&visit).await?;
    let after = fields.text("after");
    let is_first = after.is_none();
    let window = Window { after, limit: ROWS + 1 };
    let done = match asked(&fields) {
        Ok(ask) => visit.answered(&fields, visit.engine.search_audit(visit.actor(), ask, window).await)?,
        Err(refusal) => Err(refusal),
    };
    let shell = Shell { done: None, ..visit.shell(Place::Team)? };
    match done {
        Ok(mut views) => {
            let has_more = views.len() as u64 > ROWS;
            views.truncate(usize::try_from(ROWS).unwrap_or(usize::MAX));
            let next = views.last().filter(|_| has_more).map(|view| view.cursor.clone());
            let names: BTreeMap<&str, &str> =
                staff.iter().map(|(id, name)| (id.as_str(), name.as_str())).collect();
            let ids: BTreeSet<Uuid> = views.iter().flat_map(ids_of).collect();
            let called = visit.engine.names_in_audit(visit.actor(), &ids).await?;
            let rows = views.iter().map(|view| row(view, &names, &called)).collect();
            let actions = actions();
            visit.show(&AuditPage { shell, fields, staff, actions, found: Some(rows), next, is_first })
        }
        Err(refusal) => {
            let shell = shell.refused(&refusal).at_one_of(&FIELDS);
            let (actions, found) = (actions(), None);
            visit.show_again(&AuditPage { shell, fields, staff, actions, found, next: None, is_first: true })
        }
    }
}

/// Officers and managers, as choices.
async fn staff(visit: &Visit) -> Result<Vec<(String, String)>, Stopped> {
    let staff = visit.engine.staff(visit.actor()).await?;
    let named = staff.into_iter().map(|account| (account.id.to_string(), account.name));
    Ok(std::iter::once((String::new(), ANYBODY.to_owned())).chain(named).collect())
}

/// Everything that is recorded, as choices by what people read.
fn actions() -> Vec<(String, String)> {
    let mut named: Vec<(String, String)> =
        AUDIT_ACTIONS.iter().map(|action| ((*action).to_owned(), in_plain_words(action))).collect();
    named.sort_by(|a, b| a.1.cmp(&b.1));
    named.insert(0, (String::new(), ANYTHING.to_owned()));
    named
}

fn asked(fields: &Fields) -> Result<SearchAudit, Refusal> {
    let (from, to) = (time(fields, "from")?, time(fields, "to")?);
    if from.zip(to).is_some_and(|(from, to)| to <= from) {
        return Err(Refusal::bad("to", ENDS_TOO_EARLY));
    }
    Ok(SearchAudit {
        by: fields.parsed::<Uuid>("by", ANYBODY)?,
        household: fields.text("household"),
        from,
        to,
        action: fields.text("action").map(|words| words.to_lowercase().replace(' ', "_")),
    })
}

/// A time as people in the service read it.
fn time(fields: &Fields, name: &str) -> Result<Option<DateTime<Utc>>, Refusal> {
    let Some(text) = fields.text(name) else { return Ok(None) };
    let text = text.replace(' ', "T");
    let formats = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"];
    let read = formats.iter().find_map(|format| NaiveDateTime::parse_from_str(&text, format).ok());
    let read = read.ok_or_else(|| Refusal::bad(name, GIVE_A_TIME))?;
    typed_time(read, name).map(Some)
}

/// What records are called, by id.
type Called = BTreeMap<Uuid, String>;

/// The ids of all that a record names.
fn ids_of(view: &AuditView) -> BTreeSet<Uuid> {
    fn within(value: &Value, ids: &mut BTreeSet<Uuid>) {
        match value {
            Value::String(text) => ids.extend(text.parse::<Uuid>()),
            Value::Array(values) => values.iter().for_each(|value| within(value, ids)),
            Value::Object(values) => values.values().for_each(|value| within(value, ids)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    let mut ids: BTreeSet<Uuid> = view.record.subject.into_iter().collect();
    if let Ok(detail) = serde_json::from_str::<Value>(&view.record.detail) {
        within(&detail, &mut ids);
    }
    ids
}

fn row(view: &AuditView, names: &BTreeMap<&str, &str>, called: &Called) -> Row {
    let record = &view.record;
    let known = record.by.and_then(|by| names.get(by.to_string().as_str()).copied());
    let by = match known {
        Some(name) => name.to_owned(),
        None if record.by_is_token => A_PROGRAM.to_owned(),
        None => somebody(&record.role),
    };
    Row {
        at: instant(record.at),
        by,
        action: done(&record.action, record.subject, record.household.as_deref(), called),
        household: record.household.clone(),
        why: view.why.clone(),
        facts: facts(&record.detail, called),
    }
}

/// What was done, and to what; the household stands beside it.
fn done(action: &str, subject: Option<Uuid>, household: Option<&str>, called: &Called) -> String {
    let action = in_plain_words(action);
    let subject = subject.and_then(|id| called.get(&id)).filter(|name| Some(name.as_str()) != household);
    subject.map_or_else(|| action.clone(), |name| format!("{action}: {name}"))
}

/// The facts of a record, by name; of several, one after the other.
fn facts(detail: &str, called: &Called) -> Vec<(String, String)> {
    let parts = match serde_json::from_str::<Value>(detail) {
        Ok(Value::Array(parts)) => parts,
        Ok(alone) => vec![alone],
        Err(_) => Vec::new(),
    };
    let parts: Vec<_> = parts
        .into_iter()
        .filter_map(|part| match part {
            Value::Object(facts) => Some(facts),
            _ => None,
        })
        .collect();
    let many = parts.len() > 1;
    let number = |no: usize, name: &str| {
        let name = in_plain_words(name);
        if many { format!("{}, {name}", no + 1) } else { name }
    };
    let mut told = Vec::new();
    for (no, facts) in parts.iter().enumerate() {
        let known = facts.iter().filter_map(|(name, value)| Some((number(no, name), plain(value, called)?)));
        told.extend(known);
    }
    told
}

/// A value, as it is read in a line; none where it tells nothing: an id that people have no name for.
fn plain(value: &Value, called: &Called) -> Option<String> {
    Some(match value {
        Value::Null => return None,
        Value::String(text) => match (text.parse::<Uuid>(), DateTime::parse_from_rfc3339(text)) {
            (Ok(id), _) => called.get(&id)?.clone(),
            (_, Ok(at)) => instant(at.to_utc()),
            _ => text.clone(),
        },
        Value::Array(values) => {
            let told: Vec<String> = values.iter().filter_map(|value| plain(value, called)).collect();
            told.join(", ")
        }
        Value::Object(values) => {
            let pairs = values.iter().filter_map(|(name, value)| Some((name, plain(value, called)?)));
            let pairs = pairs.map(|(name, value)| format!("{} {value}", in_plain_words(name)));
            pairs.collect::<Vec<_>>().join("; ")
        }
        other => other.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_that_people_in_the_service_read() {
        let typed = |text: &str| time(&Fields::default().with("from", text), "from");
        let summer = typed("2020-07-01T21:05").unwrap().unwrap();
        assert_eq!(summer.to_rfc3339(), "2020-07-01T20:05:00+00:00");
        assert_eq!(typed("2020-07-01 21:05:00").unwrap(), Some(summer));
        assert_eq!(typed("").unwrap(), None);
        assert_eq!(typed("yesterday").unwrap_err().field.as_deref(), Some("from"));
    }

    #[test]
    fn facts_are_read_in_lines_and_their_times_are_local() {
        let detail = r#"{"booked_at":"2020-07-01T20:05:00Z","none":null,"nights":{"from":"2020-07-01","run":7},"of":["a","b"]}"#;
        let told = facts(detail, &Called::new());
        let told: Vec<(&str, &str)> =
            told.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(
            told,
            [("booked at", "1 July 2020, 21:05"), ("nights", "from 2020-07-01; run 7"), ("of", "a, b")]
        );
        assert!(facts("not JSON", &Called::new()).is_empty());
    }

    #[test]
    fn ids_are_told_by_what_people_call_them_or_not_at_all() {
        let (home, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let called = Called::from([(home, "SS-05".to_owned())]);
        let detail = format!(r#"[null, {{"id":"{other}","unit":"{home}","quantity":3}}]"#);
        let told = facts(&detail, &called);
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told.contains(&("unit".to_owned(), "SS-05".to_owned())));
        let two = format!(r#"[{{"unit":"{home}"}}, {{"unit":"{home}"}}]"#);
        let told = facts(&two, &called);
        assert_eq!(told.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["1, unit", "2, unit"]);
        assert_eq!(done("reveal_address", Some(home), None, &called), "reveal address: SS-05");
        assert_eq!(done("reveal_address", Some(other), None, &called), "reveal address");
        let case = Called::from([(home, "R-1".to_owned())]);
        assert_eq!(done("assign_key_worker", Some(home), Some("R-1"), &case), "assign key worker");
    }
}
