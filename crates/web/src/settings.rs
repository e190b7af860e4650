//! Settings: the list of what managers set once and change now and then, and the confirm step that their forms share.
//!
//! A form of a setting is sent twice: first to see what would change, then to change it.

use std::sync::Arc;

use askama::Template;
use safespace_domain::{Refusal, RefusalCode, access::Permission, statutory_return::Section, units::Scheme};
use safespace_engine::{Command, Outcome};

use crate::{
    Answer, Pages, Site, Stopped,
    codes::List,
    fields::Fields,
    page,
    shell::{Place, Shell},
    statutory_return::lines::not_counted,
    visit::Visit,
    words::settings::{self as said, NOTHING_WOULD_CHANGE, now},
};

/// The page.
pub(crate) fn pages(site: &Arc<Site>) -> Pages {
    vec![("/settings", page(site, list))]
}

/// A setting in the list: where it is, what it is for, and what stands now.
struct Listed {
    path: String,
    title: &'static str,
    means: &'static str,
    now: String,
}

#[derive(Template)]
#[template(path = "settings.html")]
struct SettingsPage {
    shell: Shell,
    is_new: bool,
    parts: Vec<(&'static str, Vec<Listed>)>,
}

/// All settings.
async fn list(visit: Visit) -> Answer {
    visit.must(Permission::ManageSpaces)?;
    let spaces = visit.engine.spaces();
    let [places, rules, lists, reports] = said::PARTS;
    visit.show(&SettingsPage {
        shell: visit.shell(Place::Team)?,
        is_new: spaces.units().is_empty(),
        parts: vec![
            (places, where_homes_are(&visit)),
            (rules, rules_of_the_service(&visit).await?),
            (lists, List::ALL.into_iter().map(|list| code_list(&visit, list)).collect()),
            (reports, for_reports(&visit).await?),
        ],
    })
}

fn listed(path: &str, (title, means): (&'static str, &'static str), now: String) -> Listed {
    Listed { path: path.to_owned(), title, means, now }
}

fn where_homes_are(visit: &Visit) -> Vec<Listed> {
    let spaces = visit.engine.spaces();
    let homes = now::homes(spaces.properties().count(), spaces.units().len());
    vec![
        listed("/settings/districts", said::DISTRICTS, now::districts(spaces.districts.len())),
        listed("/settings/localities", said::LOCALITIES, now::localities(spaces.localities.len())),
        listed("/homes", said::HOMES, homes),
    ]
}

async fn rules_of_the_service(visit: &Visit) -> Result<Vec<Listed>, Stopped> {
    let spaces = visit.engine.spaces();
    let policies = Scheme::ALL.map(|scheme| spaces.policy(scheme));
    let kinds = visit.engine.retention_policies(visit.actor()).await?;
    Ok(vec![
        listed("/settings/policies", said::POLICIES, now::policies(&policies)),
        listed("/settings/standards", said::STANDARDS, now::standards(&spaces.standards)),
        listed(
            "/team/disclosure",
            said::PARTNERS,
            visit.engine.disclosure_policy(visit.actor())?.to_string(),
        ),
        listed("/retention", said::RETENTION, now::so_many(kinds.len(), "kind")),
    ])
}

fn code_list(visit: &Visit, list: List) -> Listed {
    let words = said::list(list);
    let on_it = list.listed(&visit.engine.spaces()).len();
    listed(&list.path(), (words.title, words.means), now::on_the_list(on_it))
}

async fn for_reports(visit: &Visit) -> Result<Vec<Listed>, Stopped> {
    let (engine, actor) = (&visit.engine, visit.actor());
    let spaces = engine.spaces();
    let not_mapped = Section::WITH_LINES.into_iter().map(|section| not_counted(&spaces, section).len()).sum();
    let kinds = Scheme::ALL.map(|scheme| {
        let code = spaces.kind_of_scheme(scheme);
        let label = spaces.accommodation_kinds.get(code).map_or(code, |kind| kind.label.as_str());
        format!("{}: {label}", crate::words::scheme(scheme))
    });
    Ok(vec![
        listed("/settings/scheme-kinds", said::SCHEME_KINDS, kinds.join(", ")),
        listed("/settings/meeting-groups", said::GROUPS, now::groups(&engine.meeting_groups(actor).await?)),
        listed(
            "/settings/small-numbers",
            said::SMALL_NUMBERS,
            now::small_numbers(&engine.discretion(actor).await?),
        ),
        listed("/settings/return", said::LINES, now::lines(spaces.return_lines.len(), not_mapped)),
    ])
}

/// A field of a setting that is a number: what it does, in which unit, and what stands now.
pub(crate) struct Setting {
    pub(crate) name: &'static str,
    pub(crate) label: &'static str,
    pub(crate) hint: String,
}

/// The form of settings that are numbers.
#[derive(Template)]
#[template(path = "settings_numbers.html")]
pub(crate) struct NumbersPage {
    pub(crate) shell: Shell,
    pub(crate) fields: Fields,
    pub(crate) title: String,
    pub(crate) settings: Vec<Setting>,
    /// Where they are listed.
    pub(crate) back: &'static str,
}

/// What somebody typed as a whole number that is not below zero. What is below becomes absurdly large, and is refused as such.
pub(crate) fn natural(fields: &Fields, name: &str) -> Result<u32, Refusal> {
    fields.needed_number(name).map(|n| u32::try_from(n).unwrap_or(u32::MAX))
}

/// What becomes of the form of a setting that is sent.
pub(crate) enum Sent {
    /// It was changed.
    Done,
    /// It would change, as these sentences say: to be confirmed.
    WouldChange(Vec<String>),
    /// The form is shown again: with what is wrong, or for somebody who wants to say something else.
    Again(Option<Refusal>),
}

/// Takes the form of a setting. `changes` says how the outcome differs from what stands now, in sentences.
pub(crate) async fn sent(
    visit: &Visit,
    fields: &Fields,
    asked: Result<Command, Refusal>,
    changes: impl FnOnce(&Outcome) -> Vec<String>,
) -> Result<Sent, Stopped> {
    let command = match asked {
        Ok(command) => command,
        Err(refusal) => return Ok(Sent::Again(Some(refusal))),
    };
    match fields.get("do") {
        "set" => Ok(match visit.run(fields, command).await? {
            Ok(_) => Sent::Done,
            Err(refusal) => Sent::Again(Some(refusal)),
        }),
        "again" => Ok(Sent::Again(None)),
        _ => {
            let rehearsed = visit.engine.rehearse(visit.actor(), command).await;
            Ok(match visit.answered(fields, rehearsed)? {
                Ok(outcome) => match changes(&outcome) {
                    none if none.is_empty() => {
                        Sent::Again(Some(Refusal::new(RefusalCode::WrongState, NOTHING_WOULD_CHANGE)))
                    }
                    lines => Sent::WouldChange(lines),
                },
                Err(refusal) => Sent::Again(Some(refusal)),
            })
        }
    }
}

/// What would change, before it does.
#[derive(Template)]
#[template(path = "settings_confirm.html")]
struct ConfirmPage {
    shell: Shell,
    title: String,
    lines: Vec<String>,
    notes: &'static [&'static str],
    carried: Vec<(String, String)>,
    back: &'static str,
}

/// Says what would change, and asks once more.
pub(crate) fn confirm(
    visit: &Visit,
    fields: &Fields,
    title: String,
    lines: Vec<String>,
    notes: &'static [&'static str],
    back: &'static str,
) -> Answer {
    let shell = visit.shell(Place::Team)?;
    visit.show(&ConfirmPage { shell, title, lines, notes, carried: fields.carried(), back })
}

/// Shows the form of a setting again, with what is wrong.
pub(crate) fn again<P: Template>(
    visit: &Visit,
    refusal: Option<&Refusal>,
    fields: &[&str],
    page: impl FnOnce(Shell) -> P,
) -> Answer {
    let shell = visit.shell(Place::Team)?;
    match refusal {
        Some(refusal) => visit.show_again(&page(shell.refused(refusal).at_one_of(fields))),
        None => visit.show(&page(shell)),
    }
}
