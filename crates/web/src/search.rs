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
    if asked.is_empty() {
        let refusal = Refusal::bad("reference", said::GIVE_A_REFERENCE);
        let shell = visit.shell(Place::Today)?.refused(&refusal);
        return visit.show_again(&SearchPage { shell, fields, found: None });
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
    let upper = asked.to_uppercase();
    let household = match engine.household(actor, asked).await? {
        None if upper != asked => engine.household(actor, &upper).await?,
        exact => exact,
    };
    if let Some(household) = household {
        let path = format!("/households/{}", household.id);
        found.push(Match { kind: said::HOUSEHOLD, code: household.reference, path });
    }
    if visit.may(Permission::AnswerReferrals)
        && let Some(view) = engine.referral_called(actor, &upper).await?
    {
        let path = format!("/referrals/{}", view.referral.id);
        found.push(Match { kind: said::REFERRAL, code: view.referral.reference, path });
    }
    let unit = spaces.unit_by_code(asked);
    if let Some(unit) = unit {
        found.push(Match { kind: said::HOME, code: unit.code.clone(), path: format!("/units/{}", unit.id) });
    }
    let property = spaces.property_by_code(asked);
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
