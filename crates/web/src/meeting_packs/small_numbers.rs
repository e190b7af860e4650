//! What is a small number to whom: which counts are suppressed in packs that leave the team. Managers keep it.

use std::sync::Arc;

use safespace_domain::{Refusal, access::Permission, meeting_packs::Discretion, suppression::SmallNumbers};
use safespace_engine::{Command, Outcome};

use crate::{
    Answer, Pages, Site, Stopped,
    fields::Fields,
    form,
    settings::{self, NumbersPage, Sent, natural},
    shell::{Place, Shell, to},
    visit::Visit,
    words::settings::{SMALL_NUMBERS, SMALL_NUMBERS_NOTES, small_number_changes, small_number_settings},
};

/// Where one comes back to.
const BACK: &str = "/settings";
/// The fields of the form: for partners, then for everybody else.
const FIELDS: [&str; 4] = ["partnersBelow", "partnersRoundedTo", "outsideBelow", "outsideRoundedTo"];

pub(super) fn pages(site: &Arc<Site>) -> Pages {
    vec![("/settings/small-numbers", form(site, show, set))]
}

fn title() -> String {
    SMALL_NUMBERS.0.to_owned()
}

fn form_page(shell: Shell, fields: Fields, now: &Discretion) -> NumbersPage {
    NumbersPage { shell, fields, title: title(), settings: small_number_settings(now), back: BACK }
}

/// What stands now.
async fn found(visit: &Visit) -> Result<Discretion, Stopped> {
    visit.must(Permission::ManageReports)?;
    Ok(visit.engine.discretion(visit.actor()).await?)
}

/// The form, which says what stands now.
async fn show(visit: Visit) -> Answer {
    let now = found(&visit).await?;
    visit.must_be_fresh()?;
    let values = [now.partners.below, now.partners.rounded_to, now.outside.below, now.outside.rounded_to];
    let filled = FIELDS.into_iter().zip(values);
    let fields = filled.fold(Fields::default(), |fields, (name, value)| fields.with(name, value));
    visit.show(&form_page(visit.shell(Place::Team)?, visit.filled(fields), &now))
}

/// Says what would change, and changes it.
async fn set(visit: Visit, fields: Fields) -> Answer {
    let now = found(&visit).await?;
    let changes = |outcome: &Outcome| match outcome {
        Outcome::Discretion(after) => small_number_changes(&now, after),
        _ => Vec::new(),
    };
    let asked = asked(&fields).map(Command::SetDiscretion);
    match settings::sent(&visit, &fields, asked, changes).await? {
        Sent::Done => Ok(to("/settings?done=small-numbers-set")),
        Sent::WouldChange(lines) => {
            settings::confirm(&visit, &fields, title(), lines, &SMALL_NUMBERS_NOTES, BACK)
        }
        Sent::Again(refusal) => {
            settings::again(&visit, refusal.as_ref(), &FIELDS, |shell| form_page(shell, fields, &now))
        }
    }
}

fn asked(fields: &Fields) -> Result<Discretion, Refusal> {
    let [partners_below, partners_to, outside_below, outside_to] = FIELDS;
    Ok(Discretion {
        partners: numbers(fields, partners_below, partners_to)?,
        outside: numbers(fields, outside_below, outside_to)?,
    })
}

/// The two numbers for some readers. What the domain refuses of them, it refuses at `below` or at the other: here each of the
/// four fields has a name of its own.
fn numbers(fields: &Fields, below: &str, rounded_to: &str) -> Result<SmallNumbers, Refusal> {
    let numbers = SmallNumbers { below: natural(fields, below)?, rounded_to: natural(fields, rounded_to)? };
    numbers.check().map_err(|refusal| {
        let field = if refusal.field.as_deref() == Some("below") { below } else { rounded_to };
        refusal.on(field)
    })?;
    Ok(numbers)
}
