//! Standards: how soon what is to be done, which managers keep.

use std::sync::Arc;

use safespace_domain::{Refusal, access::Permission, standards::Standards};
use safespace_engine::{Command, Outcome};

use crate::{
    Answer, Pages, Site,
    fields::Fields,
    form,
    settings::{self, NumbersPage, Sent, natural},
    shell::{Place, Shell, to},
    visit::Visit,
    words::settings::{STANDARDS, STANDARDS_NOTES, standard_changes, standard_settings},
};

/// Where one comes back to.
const BACK: &str = "/settings";
/// The fields of the form.
const FIELDS: [&str; 7] = [
    "responseMinutes",
    "placementDays",
    "holdMinutes",
    "holdWarningMinutes",
    "nextStepHours",
    "firstContactHours",
    "contactEveryHours",
];

/// The page.
pub(crate) fn pages(site: &Arc<Site>) -> Pages {
    vec![("/settings/standards", form(site, show, set))]
}

fn title() -> String {
    STANDARDS.0.to_owned()
}

fn form_page(shell: Shell, fields: Fields, now: &Standards) -> NumbersPage {
    NumbersPage { shell, fields, title: title(), settings: standard_settings(now), back: BACK }
}

/// The form, which says what stands now.
async fn show(visit: Visit) -> Answer {
    visit.must(Permission::ManageSpaces)?;
    let now = visit.engine.spaces().standards.clone();
    let values = [
        now.response_minutes,
        now.placement_days,
        now.hold_minutes,
        now.hold_warning_minutes,
        now.next_step_hours,
        now.first_contact_hours,
        now.contact_every_hours,
    ];
    let filled = FIELDS.into_iter().zip(values);
    let fields = filled.fold(Fields::default(), |fields, (name, value)| fields.with(name, value));
    visit.show(&form_page(visit.shell(Place::Team)?, visit.filled(fields), &now))
}

/// Says what would change, and changes it.
async fn set(visit: Visit, fields: Fields) -> Answer {
    visit.must(Permission::ManageSpaces)?;
    let now = visit.engine.spaces().standards.clone();
    let changes = |outcome: &Outcome| match outcome {
        Outcome::Standards(after) => standard_changes(&now, after),
        _ => Vec::new(),
    };
    let asked = asked(&fields).map(Command::SetStandards);
    match settings::sent(&visit, &fields, asked, changes).await? {
        Sent::Done => Ok(to("/settings?done=standards-set")),
        Sent::WouldChange(lines) => {
            settings::confirm(&visit, &fields, title(), lines, &STANDARDS_NOTES, BACK)
        }
        Sent::Again(refusal) => {
            settings::again(&visit, refusal.as_ref(), &FIELDS, |shell| form_page(shell, fields, &now))
        }
    }
}

fn asked(fields: &Fields) -> Result<Standards, Refusal> {
    let natural = |name| natural(fields, name);
    Ok(Standards {
        response_minutes: natural("responseMinutes")?,
        placement_days: natural("placementDays")?,
        hold_minutes: natural("holdMinutes")?,
        hold_warning_minutes: natural("holdWarningMinutes")?,
        next_step_hours: natural("nextStepHours")?,
        first_contact_hours: natural("firstContactHours")?,
        contact_every_hours: natural("contactEveryHours")?,
    })
}
