//! The audit: who did what, when, to which record and why.
//!
//! What is looked for may say something of a household, so it is sent, and stands in no address; each search is itself
//! recorded.

use std::{collections::BTreeMap, sync::Arc};

use askama::Template;
use chrono::{DateTime, NaiveDateTime, Utc};
use safespace_domain::{Refusal, access::Permission, clock::typed_time};
use safespace_engine::{AuditView, Page as Window, SearchAudit};
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
        team::{A_PROGRAM, ANYBODY, ENDS_TOO_EARLY, GIVE_A_TIME, somebody},
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
    visit.show(&AuditPage { shell, fields, staff, found: None, next: None, is_first: true })
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
            let rows = views.iter().map(|view| row(view, &names)).collect();
            visit.show(&AuditPage { shell, fields, staff, found: Some(rows), next, is_first })
        }
        Err(refusal) => {
            let shell = shell.refused(&refusal).at_one_of(&FIELDS);
            visit.show_again(&AuditPage { shell, fields, staff, found: None, next: None, is_first: true })
        }
    }
}

/// Officers and managers, as choices.
async fn staff(visit: &Visit) -> Result<Vec<(String, String)>, Stopped> {
    let staff = visit.engine.staff(visit.actor()).await?;
    let named = staff.into_iter().map(|account| (account.id.to_string(), account.name));
    Ok(std::iter::once((String::new(), ANYBODY.to_owned())).chain(named).collect())
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

fn row(view: &AuditView, names: &BTreeMap<&str, &str>) -> Row {
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
        action: in_plain_words(&record.action),
        household: record.household.clone(),
        why: view.why.clone(),
        facts: facts(&record.detail),
    }
}

/// The facts of a record, by name.
fn facts(detail: &str) -> Vec<(String, String)> {
    let Ok(Value::Object(facts)) = serde_json::from_str::<Value>(detail) else { return Vec::new() };
    let told = facts.into_iter().filter(|(_, value)| !value.is_null());
    told.map(|(name, value)| (in_plain_words(&name), plain(&value))).collect()
}

/// A value, as it is read in a line.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => match DateTime::parse_from_rfc3339(text) {
            Ok(at) => instant(at.to_utc()),
            Err(_) => text.clone(),
        },
        Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join(", "),
        Value::Object(values) => {
            let pairs = values.iter().filter(|(_, value)| !value.is_null());
            let pairs = pairs.map(|(name, value)| format!("{} {}", in_plain_words(name), plain(value)));
            pairs.collect::<Vec<_>>().join("; ")
        }
        other => other.to_string(),
    }
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
        let told = facts(detail);
        let told: Vec<(&str, &str)> =
            told.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(
            told,
            [("booked at", "1 July 2020, 21:05"), ("nights", "from 2020-07-01; run 7"), ("of", "a, b")]
        );
        assert!(facts("not JSON").is_empty());
    }
}
