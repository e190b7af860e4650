//! Restrictions: cases that are closed to staff with a conflict of interest.
//!
//! A case is looked for by its household's reference, which is sent, and stands in no address.

use std::{collections::BTreeMap, sync::Arc};

use askama::Template;
use safespace_domain::{Refusal, access::Permission};
use safespace_engine::{Command, LiftRestriction, RestrictCase};
use uuid::Uuid;

use crate::{
    Answer, Pages, Site, Stopped,
    fields::Fields,
    form,
    shell::{Place, Shell, to},
    visit::Visit,
    words::{
        instant,
        team::{A_PROGRAM, CHOOSE_WHOM, NO_SUCH_HOUSEHOLD, NOT_NAMED},
    },
};

/// The fields of the page's forms.
const FIELDS: [&str; 3] = ["household", "denied", "reason"];

/// Somebody to whom a case is closed.
struct Row {
    id: String,
    name: String,
    at: String,
    reason: Option<String>,
}

/// A case that was looked for.
struct Case {
    reference: String,
    rows: Vec<Row>,
}

#[derive(Template)]
#[template(path = "restrictions.html")]
struct RestrictionsPage {
    shell: Shell,
    fields: Fields,
    staff: Vec<(String, String)>,
    case: Option<Case>,
}

/// The pages.
pub(crate) fn pages(site: &Arc<Site>) -> Pages {
    vec![("/restrictions", form(site, show, take))]
}

/// The form, with the case where one is known already.
async fn show(visit: Visit) -> Answer {
    visit.must(Permission::RestrictCases)?;
    let fields = visit.filled(Fields::default());
    let page = restrictions_page(&visit, visit.shell(Place::Team)?, fields).await?;
    visit.show(&page)
}

async fn restrictions_page(
    visit: &Visit,
    mut shell: Shell,
    fields: Fields,
) -> Result<RestrictionsPage, Stopped> {
    let (engine, actor) = (&visit.engine, visit.actor());
    let staff = engine.staff(actor).await?;
    let names: BTreeMap<Uuid, String> = staff.iter().map(|it| (it.id.0, it.name.clone())).collect();
    let mut case = None;
    if let Some(reference) = fields.text("household") {
        match engine.household(actor, &reference).await? {
            Some(household) => {
                let found = engine.restrictions(actor, household.id).await?;
                let rows = found.into_iter().map(|view| {
                    let denied = view.restriction.denied;
                    let other = if view.denied_is_token { A_PROGRAM } else { NOT_NAMED };
                    Row {
                        id: denied.to_string(),
                        name: names.get(&denied).cloned().unwrap_or_else(|| other.to_owned()),
                        at: instant(view.restriction.made_at),
                        reason: view.reason,
                    }
                });
                case = Some(Case { reference: household.reference, rows: rows.collect() });
            }
            None if shell.problems.is_empty() => {
                shell = shell.refused(&Refusal::bad("household", NO_SUCH_HOUSEHOLD));
            }
            None => {}
        }
    }
    let choose = std::iter::once((String::new(), CHOOSE_WHOM.to_owned()));
    let staff = choose.chain(staff.into_iter().map(|it| (it.id.to_string(), it.name))).collect();
    Ok(RestrictionsPage { shell, fields, staff, case })
}

/// Looks a case up, closes it to somebody, or opens it to them again.
async fn take(visit: Visit, fields: Fields) -> Answer {
    visit.must(Permission::RestrictCases)?;
    let household = fields.get("household").to_owned();
    let denied = fields.parsed::<Uuid>("denied", CHOOSE_WHOM);
    let denied = denied.and_then(|id| id.ok_or_else(|| Refusal::bad("denied", CHOOSE_WHOM)));
    let reason = fields.get("reason").to_owned();
    let (command, word) = match (fields.get("do"), denied) {
        ("close", Ok(denied)) => {
            (Ok(Command::RestrictCase(RestrictCase { household, denied, reason })), "case-closed-to")
        }
        ("open", Ok(denied)) => {
            (Ok(Command::LiftRestriction(LiftRestriction { household, denied })), "case-open-to")
        }
        ("close" | "open", Err(refusal)) => (Err(refusal), ""),
        _ => {
            let shell = Shell { done: None, ..visit.shell(Place::Team)? };
            return visit.show(&restrictions_page(&visit, shell, fields).await?);
        }
    };
    let done = match command {
        Ok(command) => visit.run(&fields, command).await?,
        Err(refusal) => Err(refusal),
    };
    match done {
        Ok(_) => Ok(to(&format!("/restrictions?done={word}"))),
        Err(refusal) => {
            let shell = visit.shell(Place::Team)?.refused(&refusal).at_one_of(&FIELDS);
            visit.show_again(&restrictions_page(&visit, shell, fields).await?)
        }
    }
}
