//! All that is held on a household, as a page that stands by itself: a file to be read, printed and handed over. Managers
//! have it by a form, and whoever runs the service by the command line.

use std::sync::Arc;

use askama::Template;
use poem::http::{HeaderValue, StatusCode, header};
use safespace_domain::{
    Refusal, RefusalCode,
    access::Permission,
    needs::{AdultsBySex, ChildAges},
};
use safespace_engine::{HeldPack, HeldReferral, SubjectAccess};

use crate::{
    Answer, Pages, Site,
    fields::Fields,
    form,
    shell::{Place, Shell, show},
    visit::Visit,
};

/// Under which name browsers save it. It names nobody: names of files are seen by others.
const SAVED_AS: &str = "attachment; filename=\"subject-access.html\"";

#[derive(Template)]
#[template(path = "subject_access_form.html")]
struct FormPage {
    shell: Shell,
    fields: Fields,
}

/// The page.
pub(crate) fn pages(site: &Arc<Site>) -> Pages {
    vec![("/subject-access", form(site, form_page, hand_over))]
}

/// The form by which a manager asks for it.
async fn form_page(visit: Visit) -> Answer {
    visit.must(Permission::KeepRecords)?;
    visit.must_be_fresh()?;
    let fields = visit.filled(Fields::default());
    visit.show(&FormPage { shell: visit.shell(Place::Account)?, fields })
}

/// Hands it over as a file, or says on the form what is wrong.
async fn hand_over(visit: Visit, fields: Fields) -> Answer {
    visit.must(Permission::KeepRecords)?;
    let held =
        visit.engine.subject_access(visit.actor(), fields.get("household"), fields.get("reason")).await;
    match visit.answered(&fields, held)? {
        Ok(held) => {
            let mut response = show(StatusCode::OK, &Page { held: &held })?;
            response.headers_mut().insert(header::CONTENT_DISPOSITION, HeaderValue::from_static(SAVED_AS));
            Ok(response)
        }
        Err(refusal) => {
            let shell = visit.shell(Place::Account)?.refused(&refusal).at(field(&refusal));
            visit.show_again(&FormPage { shell, fields })
        }
    }
}

/// Where on the form a refusal is shown.
fn field(refusal: &Refusal) -> &'static str {
    match (refusal.code, refusal.field.as_deref()) {
        (RefusalCode::BadValue, Some("reason")) => "reason",
        _ => "household",
    }
}

#[derive(Template)]
#[template(path = "subject_access.html")]
struct Page<'a> {
    held: &'a SubjectAccess,
}

impl Page<'_> {
    /// A code such as `check_in` in words.
    #[expect(clippy::unused_self, reason = "templates call methods")]
    fn words(&self, code: &str) -> String {
        code.replace('_', " ")
    }

    /// What is said of a pack, as far as something is.
    #[expect(clippy::unused_self, reason = "templates call methods")]
    fn of_pack(&self, pack: &HeldPack) -> Vec<(&'static str, String)> {
        let ages = pack.ages.map(|ages| {
            let ChildAges { under_2, from_2_to_4, from_5_to_10, from_11_to_15, from_16_to_17 } = ages;
            let bands = [
                (under_2, "under 2"),
                (from_2_to_4, "of 2 to 4"),
                (from_5_to_10, "of 5 to 10"),
                (from_11_to_15, "of 11 to 15"),
                (from_16_to_17, "of 16 to 17"),
            ];
            let told = bands.into_iter().filter(|(n, _)| *n > 0).map(|(n, band)| format!("{n} {band}"));
            told.collect::<Vec<_>>()
        });
        let all = [
            ("Children", ages.unwrap_or_default()),
            (
                "Allergens that it must not have",
                pack.avoids.allergens.iter().map(ToString::to_string).collect(),
            ),
            ("Eats only what is", pack.avoids.diets.iter().map(|diet| diet.words().to_owned()).collect()),
            ("Asked for", pack.asked.iter().map(|(item, units)| format!("{units} of {item}")).collect()),
        ];
        all.into_iter()
            .filter(|(_, said)| !said.is_empty())
            .map(|(name, said)| (name, said.join(", ")))
            .collect()
    }

    /// What a referral says, as far as it says something.
    #[expect(clippy::unused_self, reason = "templates call methods")]
    fn said(&self, referral: &HeldReferral) -> Vec<(&'static str, String)> {
        let (facts, needs) = (&referral.facts, &referral.needs);
        let details = referral.details.clone().unwrap_or_default();
        let listed = |names: &mut dyn Iterator<Item = String>| {
            let names: Vec<String> = names.collect();
            (!names.is_empty()).then(|| names.join(", "))
        };
        let mut allergens = needs.avoids.allergens.iter().map(ToString::to_string);
        let mut diets = needs.avoids.diets.iter().map(|diet| diet.words().to_owned());
        let sexes = needs.adults_by_sex.map(|AdultsBySex { female, male, other_or_not_said }| {
            format!("{female} female, {male} male, {other_or_not_said} another answer or none")
        });
        let mut characteristics = needs.characteristics.iter().map(|code| code.replace('_', " "));
        let ticks = facts.assessment.dash_ticks.map(|ticks| ticks.to_string());
        let marac = facts.assessment.marac.map(|marac| if marac { "yes" } else { "no" }.to_owned());
        let all = [
            ("What became of it", Some(referral.state.status().to_string())),
            ("Fleeing from", Some(facts.kind.to_string().replace('_', " "))),
            ("District that it flees from", facts.from_district.clone()),
            ("Risk", facts.assessment.risk.map(|risk| risk.to_string())),
            ("Questions of the risk checklist ticked", ticks),
            ("Why judgement overrides them", needs.risk_reason.clone()),
            ("Case conference (MARAC)", marac),
            ("Adults, in a shared home", facts.shares_as.map(|shares_as| shares_as.to_string())),
            ("What a home must have", listed(&mut facts.features.iter().cloned())),
            ("Not safe in", listed(&mut needs.danger_areas.iter().cloned())),
            ("School or work in", listed(&mut needs.near.iter().cloned())),
            ("Pets", needs.pets.clone()),
            ("Care and mobility", needs.care.clone()),
            ("Languages", listed(&mut needs.languages.iter().cloned())),
            ("Diet", needs.diet.clone()),
            ("Allergies", needs.allergies.clone()),
            ("Allergens that it must not have", listed(&mut allergens)),
            ("Eats only what is", listed(&mut diets)),
            ("Adults by sex", sexes),
            ("Characteristics", listed(&mut characteristics)),
            ("Organisation", needs.organisation.clone()),
            ("Number of the worker", needs.call_back.clone()),
            ("Name", details.name),
            ("Safe contact", details.contact),
            ("Note", details.note),
        ];
        all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

/// The page. Everything that somebody has typed is escaped in it.
pub fn subject_access_page(held: &SubjectAccess) -> Result<String, askama::Error> {
    Page { held }.render()
}
