//! All that is held on a household, as a page that stands by itself: a file to be read, printed and handed over. Managers
//! have it by a form, and whoever runs the service by the command line.

use std::sync::Arc;

use askama::Template;
use poem::{
    Request, Response,
    http::{HeaderValue, StatusCode, header},
};
use safespace_domain::{
    Refusal, RefusalCode,
    access::Permission,
    needs::{AdultsBySex, ChildAges},
    sessions::Stage,
};
use safespace_edge::SESSION_COOKIE;
use safespace_engine::{Engine, EngineError, HeldPack, HeldReferral, SessionView, SubjectAccess};

use crate::{
    Stopped,
    forms::{form, read, session},
    shell::{Shell, show, to, told},
};

/// Where the form is.
pub(crate) const PATH: &str = "/subject-access";
/// Where somebody is sent who has not given a second factor lately; then back here.
const CONFIRM_FIRST: &str = "/confirm?next=/subject-access";
/// Under which name browsers save it. It names nobody: names of files are seen by others.
const SAVED_AS: &str = "attachment; filename=\"subject-access.html\"";

#[derive(Template)]
#[template(path = "subject_access_form.html")]
struct FormPage {
    shell: Shell,
    token: String,
    household: String,
    reason: String,
}

form!(AskForm { household, reason });

/// The form by which a manager asks for it.
pub(crate) async fn form_page(engine: &Engine, request: &Request) -> Result<Response, Stopped> {
    let (session, cookie) = session(engine, request.headers(), Stage::Whole).await?;
    if let Some(not_theirs) = not_for(&session) {
        return Ok(not_theirs);
    }
    if !engine.has_fresh_second_factor(&session.actor) {
        return Ok(to(CONFIRM_FIRST));
    }
    let token = engine.forgery_token(&cookie)?;
    let (shell, nothing) = (Shell::of(&token), String::new);
    show(StatusCode::OK, &FormPage { shell, token, household: nothing(), reason: nothing() })
}

/// Hands it over as a file, or says on the form what is wrong.
pub(crate) async fn hand_over(engine: &Arc<Engine>, request: Request) -> Result<Response, Stopped> {
    let (form, cookie, request) = read::<AskForm>(engine, request, SESSION_COOKIE).await?;
    let (session, _) = session(engine, request.headers(), Stage::Whole).await?;
    if let Some(not_theirs) = not_for(&session) {
        return Ok(not_theirs);
    }
    match engine.subject_access(&session.actor, &form.household, &form.reason).await {
        Ok(held) => {
            let mut response = show(StatusCode::OK, &Page { held: &held })?;
            response.headers_mut().insert(header::CONTENT_DISPOSITION, HeaderValue::from_static(SAVED_AS));
            Ok(response)
        }
        Err(EngineError::Refused(refusal)) => {
            let token = engine.forgery_token(&cookie)?;
            let shell = Shell { signed_in: Some(token.clone()), ..Shell::with(&refusal, field(&refusal)) };
            let AskForm { household, reason, .. } = form;
            show(StatusCode::UNPROCESSABLE_ENTITY, &FormPage { shell, token, household, reason })
        }
        Err(EngineError::Fault(fault)) => Err(fault.into()),
    }
}

/// The page for whom it is not for.
fn not_for(session: &SessionView) -> Option<Response> {
    let refusal = session.actor.must(Permission::KeepRecords).err()?;
    Some(told(StatusCode::FORBIDDEN, "This page is for managers", &refusal.message))
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
