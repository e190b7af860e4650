//! Finding a household, a referral or a home by what it is called. What is looked for is sent in a form, so that it
//! stands in no address.

use std::sync::Arc;

use askama::Template;
use safespace_domain::{Refusal, access::Permission};

use crate::{
    Answer, Pages, Site, Stopped,
    fields::Fields,
    form,
    shell::{Place, Shell, to},
    visit::Visit,
    words::placing as said,
};

/// Nothing is called by more letters than these.
const LONGEST: usize = 80;

/// Something that is called so.
struct Match {
    kind: &'static str,
    code: String,
    path: String,
}

#[derive(Template)]
#[template(path = "search.html")]
struct SearchPage {
    shell: Shell,
    fields: Fields,
    /// None before anything was looked for.
    found: Option<Vec<Match>>,
}

/// The pages.
pub(crate) fn pages(site: &Arc<Site>) -> Pages {
    vec![("/search", form(site, show, find))]
}

async fn show(visit: Visit) -> Answer {
    visit.must(Permission::SeeStays)?;
    let fields = visit.filled(Fields::default());
    visit.show(&SearchPage { shell: visit.shell(Place::Today)?, fields, found: None })
}

/// Goes to what is called so; where several things are, or none is, the page says so.
async fn find(visit: Visit, fields: Fields) -> Answer {
    visit.must(Permission::SeeStays)?;
    let asked = fields.get("reference");
    if asked.is_empty() || asked.chars().count() > LONGEST {
        let refusal = Refusal::bad("reference", said::GIVE_A_REFERENCE);
        let shell = visit.shell(Place::Today)?.refused(&refusal);
        return visit.show_again(&SearchPage { shell, fields: Fields::default(), found: None });
    }
    let found = matches(&visit, asked).await?;
    match found.as_slice() {
        [only] => Ok(to(&only.path)),
        _ => visit.show(&SearchPage { shell: visit.shell(Place::Today)?, fields, found: Some(found) }),
    }
}

async fn matches(visit: &Visit, asked: &str) -> Result<Vec<Match>, Stopped> {
    let (engine, actor, spaces) = (&visit.engine, visit.actor(), visit.engine.spaces());
    let mut found = Vec::new();
    let mut household = None;
    for called in readings(asked) {
        household = match household {
            None => engine.household(actor, &called).await?,
            found => found,
        };
    }
    if let Some(household) = household {
        let path = format!("/households/{}", household.id);
        found.push(Match { kind: said::HOUSEHOLD, code: household.reference, path });
    }
    for called in readings(asked) {
        if visit.may(Permission::AnswerReferrals)
            && let Some(view) = engine.referral_called(actor, &called).await?
        {
            let path = format!("/referrals/{}", view.referral.id);
            found.push(Match { kind: said::REFERRAL, code: view.referral.reference, path });
            break;
        }
    }
    let alike = |code: &str| letters(code) == letters(asked);
    let unit = spaces.unit_by_code(asked).or_else(|| spaces.units().iter().find(|unit| alike(&unit.code)));
    if let Some(unit) = unit {
        found.push(Match { kind: said::HOME, code: unit.code.clone(), path: format!("/units/{}", unit.id) });
    }
    let property =
        spaces.property_by_code(asked).or_else(|| spaces.properties().find(|property| alike(&property.code)));
    // A home of its own is called like its property: the home's page is the one that is meant.
    let is_the_home = unit.is_some_and(|unit| {
        Some(unit.property) == property.map(|property| property.id)
            && !spaces.has_several_units(unit.property)
    });
    if let Some(property) = property.filter(|_| !is_the_home) {
        let path = format!("/homes/{}", property.id);
        found.push(Match { kind: said::PROPERTY, code: property.code.clone(), path });
    }
    Ok(found)
}

/// What somebody may have meant by what they typed: it as it is, in capitals, and with the noughts and hyphens that are
/// easily left out, as R-2026-0761 for r-2026-761 or R20260761.
fn readings(asked: &str) -> Vec<String> {
    let upper = asked.to_uppercase();
    let mut all = vec![asked.to_owned(), upper.clone()];
    let of_a_year = |text: &str| -> Option<String> {
        let (kind, rest) = text.split_at_checked(1)?;
        let (year, number) = rest.trim_start_matches('-').split_at_checked(4)?;
        let number: u32 = number.trim_start_matches('-').parse().ok()?;
        year.parse::<u32>().ok().map(|year| format!("{kind}-{year}-{number:04}"))
    };
    all.extend(of_a_year(&upper));
    all.dedup();
    all
}

/// A code without what is easily left out: SS-07, ss07 and SS 7 are the same.
fn letters(code: &str) -> String {
    let mut told = String::new();
    for letter in code.chars().filter(char::is_ascii_alphanumeric) {
        let after_a_digit = told.chars().last().is_some_and(|last| last.is_ascii_digit());
        if letter != '0' || after_a_digit {
            told.push(letter.to_ascii_uppercase());
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_easily_left_out_is_found_all_the_same() {
        for asked in ["R-2026-0761", "r-2026-761", "R20260761", "r2026-761"] {
            assert!(readings(asked).contains(&"R-2026-0761".to_owned()), "{asked}");
        }
        assert_eq!(readings("é"), ["é", "É"]);
        for asked in ["SS-07", "ss07", "SS 7", "ss-7"] {
            assert_eq!(letters(asked), "SS7");
        }
        assert_ne!(letters("SS-70"), letters("SS-7"));
        assert_ne!(letters("SS-10"), letters("SS-1"));
    }
}
