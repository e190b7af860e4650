//! Retention: how long records are kept, and taking away what has been kept for long enough.

use std::sync::Arc;

use askama::Template;
use safespace_domain::{
    Refusal,
    access::Permission,
    retention::{LONGEST_DAYS, RetentionKind, RetentionPolicy},
};
use safespace_engine::{Command, RetentionCount, RetentionRun};

use crate::{
    Answer, Pages, Site, Stopped,
    fields::Fields,
    form, page,
    shell::{Place, Shell, to},
    visit::Visit,
    words::{
        count,
        team::{gone, kept, term},
    },
};

/// A kind of record, and how long it is kept.
struct Row {
    path: String,
    what: &'static str,
    gone: &'static str,
    days: String,
    due: u64,
    due_words: String,
}

/// The pages.
pub(crate) fn pages(site: &Arc<Site>) -> Pages {
    vec![
        ("/retention", page(site, list)),
        ("/retention/run", form(site, running, run)),
        ("/retention/:kind", form(site, show, set)),
    ]
}

#[derive(Template)]
#[template(path = "retention.html")]
struct RetentionPage {
    shell: Shell,
    rows: Vec<Row>,
    is_due: bool,
}

fn row(counted: &RetentionCount) -> Row {
    let RetentionCount { policy, records } = counted;
    Row {
        path: format!("/retention/{}", policy.kind),
        what: kept(policy.kind),
        gone: gone(policy.kind),
        days: term(policy.days),
        due: *records,
        due_words: count(u32::try_from(*records).unwrap_or(u32::MAX), "record"),
    }
}

/// How long what is kept, and how much of it is due to go. Nothing is changed by looking.
async fn list(visit: Visit) -> Answer {
    visit.must(Permission::KeepRecords)?;
    let counts = visit.engine.retention_run(visit.actor(), RetentionRun::Count).await?;
    visit.show(&RetentionPage {
        shell: visit.shell(Place::Team)?,
        is_due: counts.iter().any(|counted| counted.records > 0),
        rows: counts.iter().map(row).collect(),
    })
}

#[derive(Template)]
#[template(path = "retention_run.html")]
struct RunPage {
    shell: Shell,
    rows: Vec<Row>,
}

/// Says what would go.
async fn running(visit: Visit) -> Answer {
    visit.must(Permission::KeepRecords)?;
    let counts = visit.engine.retention_run(visit.actor(), RetentionRun::Count).await?;
    let due = counts.iter().filter(|counted| counted.records > 0);
    visit.show(&RunPage { shell: visit.shell(Place::Team)?, rows: due.map(row).collect() })
}

/// Takes it away.
async fn run(visit: Visit, fields: Fields) -> Answer {
    visit.must(Permission::KeepRecords)?;
    let done = visit.engine.retention_run(visit.actor(), RetentionRun::TakeAway).await;
    match visit.answered(&fields, done)? {
        Ok(counts) => {
            let any = counts.iter().any(|counted| counted.records > 0);
            Ok(to(&format!("/retention?done={}", if any { "records-gone" } else { "nothing-due" })))
        }
        Err(refusal) => {
            let shell = visit.shell(Place::Team)?.refused(&refusal).at_one_of(&[]);
            visit.show_again(&RunPage { shell, rows: Vec::new() })
        }
    }
}

#[derive(Template)]
#[template(path = "retention_term.html")]
struct TermPage {
    shell: Shell,
    fields: Fields,
    what: &'static str,
    gone: &'static str,
    now: String,
    usual: String,
    least: u32,
    most: u32,
}

/// The policy of the kind of record that the address names.
async fn found(visit: &Visit) -> Result<RetentionPolicy, Stopped> {
    visit.must(Permission::KeepRecords)?;
    let nothing = || Refusal::not_found("kind of record", "kind");
    let kind: RetentionKind = visit.part("kind").and_then(|kind| kind.parse().ok()).ok_or_else(nothing)?;
    let policies = visit.engine.retention_policies(visit.actor()).await?;
    policies.into_iter().find(|policy| policy.kind == kind).ok_or_else(|| nothing().into())
}

fn term_page(shell: Shell, fields: Fields, policy: RetentionPolicy) -> TermPage {
    TermPage {
        shell,
        fields,
        what: kept(policy.kind),
        gone: gone(policy.kind),
        now: term(policy.days),
        usual: term(policy.kind.default_days()),
        least: policy.kind.least_days(),
        most: LONGEST_DAYS,
    }
}

/// The form of a term.
async fn show(visit: Visit) -> Answer {
    let policy = found(&visit).await?;
    let fields = visit.filled(Fields::default().with("days", policy.days));
    visit.show(&term_page(visit.shell(Place::Team)?, fields, policy))
}

/// Sets a term.
async fn set(visit: Visit, fields: Fields) -> Answer {
    let policy = found(&visit).await?;
    let done = match fields.needed_number("days") {
        Ok(days) => {
            // What is below zero is refused as too short.
            let days = u32::try_from(days).unwrap_or(0);
            let command = Command::SetRetentionPolicy(RetentionPolicy { kind: policy.kind, days });
            visit.run(&fields, command).await?
        }
        Err(refusal) => Err(refusal),
    };
    match done {
        Ok(_) => Ok(to("/retention?done=term-set")),
        Err(refusal) => {
            let shell = visit.shell(Place::Team)?.refused(&refusal).at_one_of(&["days"]);
            visit.show_again(&term_page(shell, fields, policy))
        }
    }
}
