//! A partner council's referrals: sending one, what became of it, taking it back.

use std::{collections::BTreeSet, str::FromStr, sync::Arc};

use askama::Template;
use safespace_domain::{
    ReferralId, Refusal,
    access::Permission,
    clock::service_day,
    details::Details,
    items::{Allergen, Avoids, Diet},
    needs::{AdultsBySex, Needs},
    nights::later,
    reasons::ReasonKind,
    referrals::{NeedKind, Outcome as Became, REFER_AHEAD_NIGHTS, ReferralStatus, Source},
    stays::arrival_night,
    units::Scheme,
};
use safespace_engine::{
    Command, FollowedReferral, Outcome, Page as Window, Question, ReferralAsk, SubmitReferral,
};
use uuid::Uuid;

use crate::{
    Answer, Pages, Site, Stopped,
    fields::Fields,
    form, page,
    questions::{districts, features, for_partners},
    shell::{Place, Shell, to},
    visit::Visit,
    words::{
        day, people, short_day,
        team::{CHOOSE_ONE, allergen, became, became_means, diet, need_kinds, not_named, risks, yes_no},
    },
};

/// The fields of a referral, as refusals name them.
const FIELDS: [&str; 20] = [
    "adults",
    "children",
    "arrival",
    "nights",
    "kind",
    "fromDistrict",
    "dangerAreas",
    "risk",
    "dashTicks",
    "riskReason",
    "marac",
    "features",
    "allergens",
    "diets",
    "adultsBySex",
    "characteristics",
    "contact",
    "note",
    "organisation",
    "callBack",
];
/// So many referrals stand on one page.
const ROWS: u64 = 20;

/// The pages.
pub(crate) fn pages(site: &Arc<Site>) -> Pages {
    vec![
        ("/refer", form(site, show, send)),
        ("/my-referrals", page(site, list)),
        ("/my-referrals/:id", page(site, one)),
        ("/my-referrals/:id/withdraw", form(site, withdrawing, withdraw)),
    ]
}

#[derive(Template)]
#[template(path = "refer.html")]
struct ReferPage {
    shell: Shell,
    fields: Fields,
    /// Whether it follows a question that was asked before.
    is_asked: bool,
    kinds: Vec<(String, String)>,
    risks: Vec<(String, String)>,
    yes_no: Vec<(String, String)>,
    fled_from: Vec<(String, String)>,
    districts: Vec<(String, String)>,
    features: Vec<(String, String)>,
    allergens: Vec<(String, String)>,
    diets: Vec<(String, String)>,
    characteristics: Vec<(String, String)>,
    last: String,
}

/// The form of a referral; what was asked is carried over.
async fn show(visit: Visit) -> Answer {
    visit.must(Permission::Refer)?;
    let asked = asked(&visit).await?;
    if let Some(sent) = asked.as_ref().and_then(|question| question.referral) {
        return Ok(to(&format!("/my-referrals/{sent}")));
    }
    let fields = visit.filled(begun(&visit, asked.as_ref()));
    visit.show(&refer_page(&visit, visit.shell(Place::Room)?, fields, asked.is_some()))
}

/// Sends a referral.
async fn send(visit: Visit, fields: Fields) -> Answer {
    visit.must(Permission::Refer)?;
    let asked = asked(&visit).await?;
    let done = match said(&fields) {
        Ok(ask) => {
            let question = asked.as_ref().map(|question| question.id);
            visit.run(&fields, Command::SubmitReferral(SubmitReferral { ask, question })).await?
        }
        Err(refusal) => Err(refusal),
    };
    match done {
        Ok(Outcome::Referral(referral)) => Ok(to(&format!("/my-referrals/{}?done=we-have-it", referral.id))),
        Ok(_) => Err(Stopped::Failed),
        Err(refusal) => {
            let refusal = for_partners(refusal)?;
            let shell = visit.shell(Place::Room)?.refused(&refusal).at_one_of(&FIELDS);
            visit.show_again(&refer_page(&visit, shell, fields, asked.is_some()))
        }
    }
}

/// The council's own question that the referral follows, where one is named.
async fn asked(visit: &Visit) -> Result<Option<Question>, Stopped> {
    match visit.query.parsed::<Uuid>("question", "").ok().flatten() {
        Some(id) => Ok(Some(visit.engine.own_asked(visit.actor(), id).await?)),
        None => Ok(None),
    }
}

/// What a referral begins with.
fn begun(visit: &Visit, asked: Option<&Question>) -> Fields {
    let fields = Fields::default().with("kind", NeedKind::default());
    let Some(question) = asked else {
        let tonight = arrival_night(visit.engine.now(), &visit.engine.spaces().policy(Scheme::SafeSpace));
        return fields.with("children", 0).with("arrival", tonight).with("nights", 7);
    };
    let fields = fields
        .with("adults", question.people.adults)
        .with("children", question.people.children)
        .with("arrival", question.nights.arrival())
        .with("nights", question.nights.len());
    let fields = question.wishes.features.iter().fold(fields, |fields, code| fields.with("features", code));
    question.wishes.unwanted.iter().fold(fields, |fields, name| fields.with("dangerAreas", name))
}

fn refer_page(visit: &Visit, shell: Shell, fields: Fields, is_asked: bool) -> ReferPage {
    let spaces = visit.engine.spaces();
    let characteristics = spaces.reasons.iter().filter(|reason| reason.kind == ReasonKind::Characteristic);
    let districts = districts(visit);
    ReferPage {
        shell,
        fields,
        is_asked,
        kinds: need_kinds(),
        risks: risks(),
        yes_no: yes_no(),
        fled_from: std::iter::once(not_named()).chain(districts.iter().cloned()).collect(),
        districts,
        features: features(visit),
        allergens: Allergen::ALL.into_iter().map(|it| (it.to_string(), allergen(it).to_owned())).collect(),
        diets: Diet::ALL.into_iter().map(|it| (it.to_string(), diet(it).to_owned())).collect(),
        characteristics: characteristics.map(|it| (it.code.clone(), it.label.clone())).collect(),
        last: day(later(visit.engine.today(), REFER_AHEAD_NIGHTS)),
    }
}

/// What a council's worker says of a household.
fn said(fields: &Fields) -> Result<ReferralAsk, Refusal> {
    // Nobody has said that it is safe where they flee from.
    let areas: BTreeSet<String> =
        fields.all::<BTreeSet<_>>("dangerAreas").into_iter().chain(fields.text("fromDistrict")).collect();
    let areas = Some(areas).filter(|areas| !areas.is_empty());
    let details =
        Details { contact: fields.text("contact"), note: fields.text("note"), ..Details::default() };
    Ok(ReferralAsk {
        source: Source::LocalAuthority,
        kind: fields.parsed("kind", CHOOSE_ONE)?.unwrap_or_default(),
        risk: fields.parsed("risk", CHOOSE_ONE)?,
        dash_ticks: fields.number("dashTicks")?,
        marac: match fields.get("marac") {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        },
        adults: fields.needed_number("adults")?,
        children: fields.number("children")?.unwrap_or(0),
        shares_as: None,
        arrival: fields.needed_date("arrival")?,
        nights: fields.needed_number("nights")?,
        features: fields.all("features"),
        from_district: fields.text("fromDistrict"),
        danger_areas: areas,
        needs: Needs {
            avoids: Avoids { allergens: each(fields, "allergens")?, diets: each(fields, "diets")? },
            adults_by_sex: by_sex(fields)?,
            characteristics: fields.all("characteristics"),
            organisation: fields.text("organisation"),
            call_back: fields.text("callBack"),
            risk_reason: fields.text("riskReason"),
            ..Needs::default()
        },
        details: Some(details),
    })
}

/// What was ticked of a list.
fn each<T: FromStr + Ord>(fields: &Fields, name: &str) -> Result<BTreeSet<T>, Refusal> {
    let ticked: Vec<String> = fields.all(name);
    ticked.iter().map(|code| code.parse().map_err(|_| Refusal::bad(name, CHOOSE_ONE))).collect()
}

/// The adults by sex; none where nothing was said.
fn by_sex(fields: &Fields) -> Result<Option<AdultsBySex>, Refusal> {
    let many = |name: &str| match fields.number(name) {
        Ok(None) => Ok(None),
        Ok(Some(n)) => u16::try_from(n).map(Some).map_err(|_| Refusal::bad("adultsBySex", CHOOSE_ONE)),
        Err(refusal) => Err(refusal.on("adultsBySex")),
    };
    let (female, male, other) = (many("female")?, many("male")?, many("otherOrNotSaid")?);
    let said = [female, male, other].iter().any(Option::is_some);
    Ok(said.then(|| AdultsBySex {
        female: female.unwrap_or(0),
        male: male.unwrap_or(0),
        other_or_not_said: other.unwrap_or(0),
    }))
}

/// A referral in the list.
struct Row {
    path: String,
    reference: String,
    received: String,
    whom: String,
    arrival: String,
    became: &'static str,
    is_open: bool,
}

#[derive(Template)]
#[template(path = "my_referrals.html")]
struct ListPage {
    shell: Shell,
    rows: Vec<Row>,
    is_first: bool,
    more: Option<String>,
}

/// The council's referrals, the newest first.
async fn list(visit: Visit) -> Answer {
    visit.must(Permission::FollowReferrals)?;
    let before = visit.query.id("before", ReferralId);
    let window = Window { after: before, limit: ROWS + 1 };
    let mut found = visit.engine.latest_followed_referrals(visit.actor(), window).await?;
    let has_more = found.len() as u64 > ROWS;
    found.truncate(usize::try_from(ROWS).unwrap_or(usize::MAX));
    let last = found.last().filter(|_| has_more);
    visit.show(&ListPage {
        shell: visit.shell(Place::Referrals)?,
        is_first: before.is_none(),
        more: last.map(|last| format!("/my-referrals?before={}", last.referral.id)),
        rows: found.iter().map(row).collect(),
    })
}

fn row(followed: &FollowedReferral) -> Row {
    let referral = &followed.referral;
    Row {
        path: format!("/my-referrals/{}", referral.id),
        reference: referral.reference.clone(),
        received: short_day(service_day(referral.received_at)),
        whom: people(referral.facts.people),
        arrival: short_day(referral.facts.arrival),
        became: became(followed.outcome),
        is_open: is_open(followed.outcome),
    }
}

/// Whether something is still to come of it.
const fn is_open(outcome: Became) -> bool {
    matches!(outcome, Became::Received | Became::Assessing | Became::Accepted)
}

#[derive(Template)]
#[template(path = "my_referral.html")]
struct OnePage {
    shell: Shell,
    row: Row,
    means: &'static str,
    received: String,
    arrival: String,
    nights: String,
    answered: Option<String>,
    withdraw: Option<String>,
}

/// What became of a referral.
async fn one(visit: Visit) -> Answer {
    let followed = found(&visit).await?;
    let referral = &followed.referral;
    let undecided = matches!(referral.status(), ReferralStatus::Received | ReferralStatus::Assessing);
    visit.show(&OnePage {
        shell: visit.shell(Place::Referrals)?,
        row: row(&followed),
        means: became_means(followed.outcome),
        received: day(service_day(referral.received_at)),
        arrival: day(referral.facts.arrival),
        nights: crate::words::count(referral.facts.nights, "night"),
        answered: referral.state.at().map(|at| day(service_day(at))),
        withdraw: undecided.then(|| format!("/my-referrals/{}/withdraw", referral.id)),
    })
}

/// The council's own referral that the address names.
async fn found(visit: &Visit) -> Result<FollowedReferral, Stopped> {
    visit.must(Permission::FollowReferrals)?;
    let id = visit.id("id", ReferralId)?;
    let found = visit.engine.followed_referral(visit.actor(), id).await?;
    found.ok_or_else(|| Refusal::not_found("referral", "referral").into())
}

#[derive(Template)]
#[template(path = "withdraw_referral.html")]
struct WithdrawPage {
    shell: Shell,
    row: Row,
    can_be: bool,
}

/// Says what taking a referral back does, or why it can't be done.
async fn withdrawing(visit: Visit) -> Answer {
    let followed = found(&visit).await?;
    let command = Command::WithdrawReferral { referral: followed.referral.id };
    let shell = visit.shell(Place::Referrals)?;
    match visit.rehearse(command).await? {
        Ok(_) => visit.show(&WithdrawPage { shell, row: row(&followed), can_be: true }),
        Err(refusal) => {
            let shell = shell.refused(&for_partners(refusal)?).at_one_of(&[]);
            visit.show(&WithdrawPage { shell, row: row(&followed), can_be: false })
        }
    }
}

/// Takes a referral back.
async fn withdraw(visit: Visit, fields: Fields) -> Answer {
    let followed = found(&visit).await?;
    let id = followed.referral.id;
    match visit.run(&fields, Command::WithdrawReferral { referral: id }).await? {
        Ok(_) => Ok(to(&format!("/my-referrals/{id}?done=taken-back"))),
        Err(refusal) => {
            let shell = visit.shell(Place::Referrals)?.refused(&for_partners(refusal)?).at_one_of(&[]);
            visit.show_again(&WithdrawPage { shell, row: row(&followed), can_be: false })
        }
    }
}
