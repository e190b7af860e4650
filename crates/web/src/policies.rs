//! Policies: the rules of each scheme, which managers keep.

use std::sync::Arc;

use askama::Template;
use safespace_domain::{Refusal, access::Permission, policies::Policy, units::Scheme};
use safespace_engine::{Command, Outcome};

use crate::{
    Answer, Pages, Site, Stopped,
    fields::Fields,
    form, page,
    settings::{self, NumbersPage, Sent, natural},
    shell::{Place, Shell, to},
    visit::Visit,
    words::settings::{POLICY_NOTES, policy, policy_changes, policy_settings, rules_of},
};

/// Where they are.
const PATH: &str = "/settings/policies";
/// The fields of the form.
const FIELDS: [&str; 4] =
    ["longestStayNights", "turnaroundNights", "reviewEveryNights", "lateArrivalUntilHour"];

/// The pages.
pub(crate) fn pages(site: &Arc<Site>) -> Pages {
    vec![(PATH, page(site, list)), ("/settings/policies/:scheme", form(site, show, set))]
}

/// The rules of a scheme, in words.
struct Rules {
    path: String,
    title: String,
    stand: [(&'static str, String); 4],
}

#[derive(Template)]
#[template(path = "policies.html")]
struct PoliciesPage {
    shell: Shell,
    schemes: Vec<Rules>,
}

/// The rules of each scheme.
async fn list(visit: Visit) -> Answer {
    visit.must(Permission::ManageSpaces)?;
    let spaces = visit.engine.spaces();
    let rules = |scheme: Scheme| Rules {
        path: format!("{PATH}/{scheme}"),
        title: rules_of(scheme),
        stand: policy(&spaces.policy(scheme)),
    };
    let schemes = Scheme::ALL.into_iter().map(rules).collect();
    visit.show(&PoliciesPage { shell: visit.shell(Place::Team)?, schemes })
}

/// The policy of the scheme that the address names, as it stands.
fn found(visit: &Visit) -> Result<Policy, Stopped> {
    visit.must(Permission::ManageSpaces)?;
    let scheme: Option<Scheme> = visit.part("scheme").and_then(|scheme| scheme.parse().ok());
    let scheme = scheme.ok_or_else(|| Refusal::not_found("scheme", "scheme"))?;
    Ok(visit.engine.spaces().policy(scheme))
}

fn form_page(shell: Shell, fields: Fields, now: &Policy) -> NumbersPage {
    let (title, settings) = (rules_of(now.scheme), policy_settings(now));
    NumbersPage { shell, fields, title, settings, back: PATH }
}

/// The form of a scheme's rules.
async fn show(visit: Visit) -> Answer {
    let now = found(&visit)?;
    let review = now.review_every_nights.map(|nights| nights.to_string());
    let fields = Fields::default()
        .with("longestStayNights", now.longest_stay_nights)
        .with("turnaroundNights", now.turnaround_nights)
        .with("reviewEveryNights", review.unwrap_or_default())
        .with("lateArrivalUntilHour", now.late_arrival_until_hour);
    visit.show(&form_page(visit.shell(Place::Team)?, visit.filled(fields), &now))
}

/// Says what would change, and changes it.
async fn set(visit: Visit, fields: Fields) -> Answer {
    let now = found(&visit)?;
    let changes = |outcome: &Outcome| match outcome {
        Outcome::Policy(after) => policy_changes(&now, after),
        _ => Vec::new(),
    };
    let asked = asked(&fields, now.scheme).map(Command::SetPolicy);
    match settings::sent(&visit, &fields, asked, changes).await? {
        Sent::Done => Ok(to("/settings/policies?done=policy-set")),
        Sent::WouldChange(lines) => {
            settings::confirm(&visit, &fields, rules_of(now.scheme), lines, &POLICY_NOTES, PATH)
        }
        Sent::Again(refusal) => {
            settings::again(&visit, refusal.as_ref(), &FIELDS, |shell| form_page(shell, fields, &now))
        }
    }
}

fn asked(fields: &Fields, scheme: Scheme) -> Result<Policy, Refusal> {
    let review = fields.number("reviewEveryNights")?;
    Ok(Policy {
        scheme,
        longest_stay_nights: natural(fields, "longestStayNights")?,
        turnaround_nights: natural(fields, "turnaroundNights")?,
        review_every_nights: review.map(|nights| u32::try_from(nights).unwrap_or(u32::MAX)),
        late_arrival_until_hour: natural(fields, "lateArrivalUntilHour")?,
    })
}
