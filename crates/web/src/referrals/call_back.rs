//! Calling back: the number of the worker who refers, and, recorded, how the household itself is reached.

use askama::Template;
use safespace_domain::{access::Permission, details::Details, needs::Needs, referrals::Source};
use safespace_engine::ReferralView;

use super::{found, path};
use crate::{
    Answer,
    fields::Fields,
    shell::{Place, Shell},
    visit::Visit,
    words::placing::referrals as said,
};

/// How somebody is reached.
struct Reached {
    text: String,
    /// What a telephone dials; none where it is no number.
    dials: Option<String>,
}

impl From<String> for Reached {
    fn from(text: String) -> Self {
        Self { dials: dials(&text), text }
    }
}

/// What a telephone dials for a number as it was typed. None for what is more than a number, or less.
fn dials(text: &str) -> Option<String> {
    let is_number = text.chars().all(|sign| sign.is_ascii_digit() || "+-()/. ".contains(sign));
    let plain = text.replace("(0)", "");
    let digits: String = plain.chars().filter(char::is_ascii_digit).collect();
    let abroad = if plain.trim_start().starts_with('+') { "+" } else { "" };
    (is_number && digits.len() >= 3).then(|| format!("{abroad}{digits}"))
}

/// What was said in confidence.
struct Revealed {
    name: Option<String>,
    contact: Option<Reached>,
    note: Option<String>,
}

impl From<Details> for Revealed {
    fn from(details: Details) -> Self {
        Self { name: details.name, contact: details.contact.map(Reached::from), note: details.note }
    }
}

#[derive(Template)]
#[template(path = "referral_call_back.html")]
struct CallBackPage {
    shell: Shell,
    fields: Fields,
    path: String,
    reference: String,
    source: &'static str,
    /// The household itself called: there is no worker.
    is_self: bool,
    organisation: Option<String>,
    council: Option<String>,
    worker: Option<Reached>,
    has_details: bool,
    may_reveal: bool,
    revealed: Option<Revealed>,
}

/// How whoever referred is reached; and a button for what is confidential.
pub(super) async fn show(visit: Visit) -> Answer {
    let (view, needs) = found(&visit).await?;
    if needs.call_back.is_none() && view.has_details && visit.may(Permission::Reveal) {
        visit.must_be_fresh()?;
    }
    let fields = visit.filled(Fields::default().with("reason", said::CALL_BACK));
    let page = page(&visit, visit.shell(Place::Referrals)?, &view, needs, fields);
    visit.show(&page)
}

fn page(visit: &Visit, shell: Shell, view: &ReferralView, needs: Needs, fields: Fields) -> CallBackPage {
    let referral = &view.referral;
    CallBackPage {
        shell,
        fields,
        path: path(referral.id),
        reference: referral.reference.clone(),
        source: said::source(referral.facts.source),
        is_self: referral.facts.source == Source::Household,
        organisation: needs.organisation,
        council: referral.council.clone(),
        worker: needs.call_back.map(Reached::from),
        has_details: view.has_details,
        may_reveal: visit.may(Permission::Reveal),
        revealed: None,
    }
}

/// Reveals what was said in confidence. That it was is recorded.
pub(super) async fn reveal(visit: Visit, fields: Fields) -> Answer {
    let (view, needs) = found(&visit).await?;
    let (id, reason) = (view.referral.id, fields.get("reason"));
    let revealed = visit.engine.reveal_referral_details(visit.actor(), id, reason).await;
    match visit.answered(&fields, revealed)? {
        Ok(details) => {
            let mut page = page(&visit, visit.shell(Place::Referrals)?, &view, needs, fields);
            page.revealed = Some(details.into());
            visit.show_for_a_minute(&page)
        }
        Err(refusal) => {
            let shell = visit.shell(Place::Referrals)?.refused(&refusal).at_one_of(&["reason"]);
            visit.show_again(&page(&visit, shell, &view, needs, fields))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::dials;

    #[test]
    fn a_number_is_dialled_as_it_is_meant_and_nothing_else_is() {
        assert_eq!(dials("01438 000 001").as_deref(), Some("01438000001"));
        assert_eq!(dials("+44 (0)1438 000001").as_deref(), Some("+441438000001"));
        assert_eq!(dials("999").as_deref(), Some("999"));
        for no in ["01438 000001 ext 4", "ann@example.invalid", "", "12"] {
            assert_eq!(dials(no), None, "{no}");
        }
    }
}
