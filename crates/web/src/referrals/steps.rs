//! The steps in which a referral is filled in. Each is a page that changes its own part, and leaves the rest as it is: so
//! somebody can stop after any of them, and come back.

use std::{collections::BTreeSet, str::FromStr};

use askama::Template;
use safespace_domain::{
    Refusal, RefusalCode,
    availability::Spaces,
    details::Details,
    items::{Allergen, Avoids, Diet},
    needs::{AdultsBySex, ChildAges, Needs, Risk},
    reasons::ReasonKind,
    referrals::{Facts, NeedKind, Referral, ReferralStatus, Source},
    sharing::SharesAs,
};
use safespace_engine::{Command, EditReferral, ReferralAsk, ReferralView};

use super::{Choices, found, path};
use crate::{
    Answer, Stopped,
    fields::Fields,
    shell::{Place, Shell, to},
    visit::Visit,
    words::placing::referrals as said,
};

/// A step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Who calls, and for whom: what a referral can't be without.
    Who,
    /// The danger.
    Danger,
    /// Who they are.
    Household,
    /// What they need.
    Needs,
    /// How they are reached. What is written there is not shown again.
    Reach,
}

impl Step {
    /// All of them, in order.
    pub(super) const ALL: [Self; 5] = [Self::Who, Self::Danger, Self::Household, Self::Needs, Self::Reach];

    /// Its name in addresses.
    pub(super) const fn slug(self) -> &'static str {
        match self {
            Self::Who => "who",
            Self::Danger => "danger",
            Self::Household => "household",
            Self::Needs => "needs",
            Self::Reach => "reach",
        }
    }

    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Who => said::WHO,
            Self::Danger => said::DANGER,
            Self::Household => said::HOUSEHOLD,
            Self::Needs => said::NEEDS,
            Self::Reach => said::REACH,
        }
    }

    /// What it is called.
    pub(super) const fn title(self) -> &'static str {
        self.words().0
    }

    /// What it asks, at the head of its page.
    const fn question(self) -> &'static str {
        self.words().1
    }

    /// The fields that it has.
    const fn fields(self) -> &'static [&'static str] {
        match self {
            Self::Who => WHO_FIELDS,
            Self::Danger => {
                &["kind", "risk", "dashTicks", "riskReason", "marac", "fromDistrict", "dangerAreas"]
            }
            Self::Household => &["sharesAs", "adultsBySex", "childAges", "characteristics"],
            Self::Needs => {
                &["features", "near", "pets", "care", "languages", "diet", "diets", "allergens", "allergies"]
            }
            Self::Reach => &["name", "contact", "note"],
        }
    }

    fn place(self) -> usize {
        Self::ALL.iter().take_while(|step| **step != self).count() + 1
    }

    fn next(self) -> Option<Self> {
        Self::ALL.get(self.place()).copied()
    }

    /// The step that an address names.
    fn asked(visit: &Visit) -> Result<Self, Stopped> {
        let slug = visit.part("step").unwrap_or_default();
        let step = Self::ALL.into_iter().find(|step| step.slug() == slug);
        step.ok_or_else(|| Refusal::not_found("page", "step").into())
    }
}

/// The fields of the first step.
pub(super) const WHO_FIELDS: &[&str] =
    &["source", "organisation", "callBack", "adults", "children", "arrival", "nights"];

#[derive(Template)]
#[template(path = "referral_step.html")]
struct StepPage {
    shell: Shell,
    fields: Fields,
    step: Step,
    place: usize,
    of: usize,
    question: &'static str,
    path: String,
    reference: String,
    version: u32,
    has_details: bool,
    children: u16,
    adults: u16,
    choices: Lists,
}

/// What can be chosen in the steps.
#[derive(Default)]
struct Lists {
    sources: Choices,
    kinds: Choices,
    risks: Choices,
    marac: Choices,
    districts: Choices,
    places: Choices,
    shares_as: Choices,
    characteristics: Choices,
    features: Choices,
    diets: Choices,
    allergens: Choices,
    take_away: Choices,
}

impl Lists {
    /// Those that a step has.
    fn of(step: Step, spaces: &Spaces) -> Self {
        let pair = |value: &str, text: &str| (value.to_owned(), text.to_owned());
        let not_known = || pair("", said::NOT_KNOWN);
        match step {
            Step::Who => Self { sources: sources(), ..Self::default() },
            Step::Danger => {
                let risks = Risk::ALL.into_iter().rev().map(|risk| pair(risk.as_str(), said::risk(risk)));
                let districts = spaces.districts.keys().map(|name| pair(name, name));
                Self {
                    kinds: NeedKind::ALL
                        .into_iter()
                        .map(|kind| pair(kind.as_str(), said::need_kind(kind)))
                        .collect(),
                    risks: risks.chain([pair("", said::NOT_ASSESSED)]).collect(),
                    marac: vec![pair("yes", said::YES), pair("no", said::NO), not_known()],
                    districts: std::iter::once(pair("", said::ELSEWHERE)).chain(districts).collect(),
                    places: places(spaces),
                    ..Self::default()
                }
            }
            Step::Household => {
                let all = SharesAs::ALL.into_iter();
                let all = all.map(|shares_as| pair(shares_as.as_str(), said::shares_as(shares_as)));
                let counted = spaces.reasons.iter();
                let counted = counted.filter(|reason| reason.kind == ReasonKind::Characteristic);
                Self {
                    shares_as: all.chain([not_known()]).collect(),
                    characteristics: counted.map(|reason| pair(&reason.code, &reason.label)).collect(),
                    ..Self::default()
                }
            }
            Step::Needs => Self {
                features: spaces.features.values().map(|one| pair(&one.code, &one.label)).collect(),
                places: places(spaces),
                diets: Diet::ALL.into_iter().map(|one| pair(one.as_str(), said::diet(one))).collect(),
                allergens: Allergen::ALL
                    .into_iter()
                    .map(|one| pair(one.as_str(), said::allergen(one)))
                    .collect(),
                ..Self::default()
            },
            Step::Reach => Self {
                take_away: vec![
                    pair("name", said::NAME),
                    pair("contact", said::CONTACT),
                    pair("note", said::NOTE),
                ],
                ..Self::default()
            },
        }
    }
}

/// Who may refer, as choices.
pub(super) fn sources() -> Choices {
    Source::ALL
        .into_iter()
        .map(|source| (source.as_str().to_owned(), said::source(source).to_owned()))
        .collect()
}

/// The districts, each followed by its localities.
fn places(spaces: &Spaces) -> Choices {
    let mut places = Choices::new();
    for district in spaces.districts.keys() {
        places.push((district.clone(), district.clone()));
        let within = spaces.localities.values().filter(|locality| locality.district == *district);
        places.extend(
            within.map(|locality| (locality.name.clone(), format!("{} ({district})", locality.name))),
        );
    }
    places
}

/// A step, filled with what is known.
pub(super) async fn show(visit: Visit) -> Answer {
    let step = Step::asked(&visit)?;
    let (view, needs) = found(&visit).await?;
    if !ReferralStatus::OPEN.contains(&view.referral.status()) {
        return Ok(to(&path(view.referral.id)));
    }
    let known = filled(step, &view.referral.facts, &needs).with("version", view.referral.version);
    let fields = visit.filled(known);
    let version = seen(&fields);
    let page = step_page(&visit, visit.shell(Place::Referrals)?, step, &view, fields, version);
    visit.show(&page)
}

fn step_page(
    visit: &Visit,
    shell: Shell,
    step: Step,
    view: &ReferralView,
    fields: Fields,
    version: u32,
) -> StepPage {
    let referral = &view.referral;
    StepPage {
        shell,
        fields,
        step,
        place: step.place(),
        of: Step::ALL.len(),
        question: step.question(),
        path: path(referral.id),
        reference: referral.reference.clone(),
        version,
        has_details: view.has_details,
        children: referral.facts.people.children,
        adults: referral.facts.people.adults,
        choices: Lists::of(step, &visit.engine.spaces()),
    }
}

/// The version that somebody has seen who fills in a step.
fn seen(fields: &Fields) -> u32 {
    fields.get("version").parse().unwrap_or(0)
}

/// Keeps what a step says, and goes on to the next one or back to the referral.
pub(super) async fn keep(visit: Visit, fields: Fields) -> Answer {
    let step = Step::asked(&visit)?;
    let (view, needs) = found(&visit).await?;
    let mut ask = present(&view.referral, needs);
    let mut reading = Reading::new(&fields);
    read(step, &mut reading, &mut ask);
    if let Err(wrong) = reading.done() {
        return again(&visit, step, &view, fields, &wrong);
    }
    let is_short = step == Step::Who && takes_away_what_does_not_add_up(&mut ask);
    let edit = EditReferral { referral: view.referral.id, version: seen(&fields), ask };
    if let Err(refusal) = visit.run(&fields, Command::EditReferral(edit)).await? {
        return again(&visit, step, &view, fields, &[refusal]);
    }
    let done = if is_short { "referral-people" } else { "referral-kept" };
    let path = path(view.referral.id);
    Ok(match step.next().filter(|_| fields.get("do") != "later") {
        Some(next) => to(&format!("{path}/steps/{}?done={done}", next.slug())),
        None => to(&format!("{path}?done={done}")),
    })
}

fn again(visit: &Visit, step: Step, view: &ReferralView, fields: Fields, wrong: &[Refusal]) -> Answer {
    let shell = wrong.iter().fold(visit.shell(Place::Referrals)?, Shell::refused);
    let shell = shell.at_one_of(step.fields());
    // Who was told that a colleague was first has been told: what they send once more is meant.
    let is_told = wrong.iter().any(|refusal| refusal.code == RefusalCode::Changed);
    let version = if is_told { view.referral.version } else { seen(&fields) };
    visit.show_again(&step_page(visit, shell, step, view, fields, version))
}

/// All that a referral says now, but for what is confidential: that stays when nothing is said of it.
fn present(referral: &Referral, needs: Needs) -> ReferralAsk {
    let Facts { source, kind, assessment, people, shares_as, arrival, nights, features, from_district } =
        referral.facts.clone();
    ReferralAsk {
        source,
        kind,
        risk: assessment.risk,
        dash_ticks: assessment.dash_ticks.map(i64::from),
        marac: assessment.marac,
        adults: i64::from(people.adults),
        children: i64::from(people.children),
        shares_as,
        arrival,
        nights: i64::from(nights),
        features,
        from_district,
        danger_areas: Some(needs.danger_areas.clone()),
        needs,
        details: None,
    }
}

/// With other people the ages and sexes that were given may be of too many or too few. Whether any were taken away.
fn takes_away_what_does_not_add_up(ask: &mut ReferralAsk) -> bool {
    let ages = ask.needs.child_ages.take_if(|ages| i64::from(ages.total()) != ask.children);
    let sexes = ask.needs.adults_by_sex.take_if(|sexes| i64::from(sexes.total()) != ask.adults);
    ages.is_some() || sexes.is_some()
}

/// What stands in a step's fields when it is opened.
fn filled(step: Step, facts: &Facts, needs: &Needs) -> Fields {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let each = |fields: Fields, name: &str, values: &mut dyn Iterator<Item = &str>| {
        values.fold(fields, |fields, value| fields.with(name, value))
    };
    let fields = Fields::default();
    match step {
        Step::Who => fields
            .with("source", facts.source)
            .with("organisation", text(&needs.organisation))
            .with("callBack", text(&needs.call_back))
            .with("adults", facts.people.adults)
            .with("children", facts.people.children)
            .with("arrival", facts.arrival)
            .with("nights", facts.nights),
        Step::Danger => {
            let assessment = facts.assessment;
            let marac = assessment.marac.map_or("", |marac| if marac { "yes" } else { "no" });
            let is_safe_there = needs.says_safe_in(facts.from_district.as_deref()).is_some();
            let fields = fields
                .with("kind", facts.kind)
                .with("risk", assessment.risk.map_or("", Risk::as_str))
                .with("dashTicks", assessment.dash_ticks.map(|ticks| ticks.to_string()).unwrap_or_default())
                .with("riskReason", text(&needs.risk_reason))
                .with("marac", marac)
                .with("fromDistrict", text(&facts.from_district))
                .with("safeThere", if is_safe_there { "yes" } else { "" });
            each(fields, "dangerAreas", &mut needs.danger_areas.iter().map(String::as_str))
        }
        Step::Household => {
            let shares_as = facts.shares_as.map_or("", SharesAs::as_str);
            let fields = counts(fields.with("sharesAs", shares_as), needs);
            each(fields, "characteristics", &mut needs.characteristics.iter().map(String::as_str))
        }
        Step::Needs => {
            let avoids = &needs.avoids;
            let fields = fields
                .with("pets", text(&needs.pets))
                .with("care", text(&needs.care))
                .with("languages", needs.languages.join(", "))
                .with("diet", text(&needs.diet))
                .with("allergies", text(&needs.allergies));
            let fields = each(fields, "features", &mut facts.features.iter().map(String::as_str));
            let fields = each(fields, "near", &mut needs.near.iter().map(String::as_str));
            let fields = each(fields, "diets", &mut avoids.diets.iter().map(|diet| diet.as_str()));
            each(fields, "allergens", &mut avoids.allergens.iter().map(|allergen| allergen.as_str()))
        }
        Step::Reach => fields,
    }
}

/// With the adults by sex and the children by age, where somebody has asked.
fn counts(mut fields: Fields, needs: &Needs) -> Fields {
    if let Some(AdultsBySex { female, male, other_or_not_said }) = needs.adults_by_sex {
        let all = [female, male, other_or_not_said];
        for ((name, _), n) in said::SEXES.into_iter().zip(all) {
            fields = fields.with(name, n);
        }
    }
    if let Some(ages) = needs.child_ages {
        for ((name, _), n) in said::AGES.into_iter().zip(bands(ages)) {
            fields = fields.with(name, n);
        }
    }
    fields
}

/// Children by age, youngest first.
pub(super) const fn bands(ages: ChildAges) -> [u16; 5] {
    let ChildAges { under_2, from_2_to_4, from_5_to_10, from_11_to_15, from_16_to_17 } = ages;
    [under_2, from_2_to_4, from_5_to_10, from_11_to_15, from_16_to_17]
}

/// Reads fields, and goes on after one that can't be read: all that is wrong is told at once.
pub(super) struct Reading<'f> {
    fields: &'f Fields,
    wrong: Vec<Refusal>,
}

impl<'f> Reading<'f> {
    pub(super) const fn new(fields: &'f Fields) -> Self {
        Self { fields, wrong: Vec::new() }
    }

    /// What could be read.
    pub(super) fn take<T>(&mut self, read: Result<T, Refusal>) -> Option<T> {
        read.map_err(|refusal| self.wrong.push(refusal)).ok()
    }

    /// What is wrong, where anything is.
    pub(super) fn done(self) -> Result<(), Vec<Refusal>> {
        if self.wrong.is_empty() { Ok(()) } else { Err(self.wrong) }
    }

    /// One of a few; none where nothing was chosen.
    fn choice<T: FromStr>(&mut self, name: &str) -> Option<T> {
        self.take(self.fields.parsed(name, said::ONE_OF_THESE)).flatten()
    }

    /// Those of a list that were ticked.
    fn ticked<T: FromStr + Ord>(&mut self, name: &str) -> BTreeSet<T> {
        let all: Vec<String> = self.fields.all(name);
        let read = all.iter().map(|value| value.parse().map_err(|_| Refusal::bad(name, said::ONE_OF_THESE)));
        let read: Result<BTreeSet<T>, Refusal> = read.collect();
        self.take(read).unwrap_or_default()
    }

    /// Some counts that belong together; none where none was given.
    fn counted<const N: usize>(&mut self, group: &str, names: [(&str, &str); N]) -> Option<[u16; N]> {
        let is_given = names.iter().any(|(name, _)| !self.fields.get(name).is_empty());
        let count = |(name, label): (&str, &str)| match self.fields.get(name) {
            "" => Ok(0),
            text => text.parse().map_err(|_| Refusal::bad(group, said::whole_number(label))),
        };
        let mut all = [0; N];
        for (n, name) in all.iter_mut().zip(names) {
            *n = self.take(count(name)).unwrap_or(0);
        }
        is_given.then_some(all)
    }
}

fn read(step: Step, reading: &mut Reading<'_>, ask: &mut ReferralAsk) {
    match step {
        Step::Who => read_who(reading, ask),
        Step::Danger => read_danger(reading, ask),
        Step::Household => read_household(reading, ask),
        Step::Needs => read_needs(reading, ask),
        Step::Reach => ask.details = read_reach(reading.fields),
    }
}

/// Who calls, and for whom.
pub(super) fn read_who(reading: &mut Reading<'_>, ask: &mut ReferralAsk) {
    let fields = reading.fields;
    let source = fields.parsed("source", said::ONE_OF_THESE);
    let source = source.and_then(|source| source.ok_or_else(|| Refusal::bad("source", said::WHO_REFERS)));
    ask.source = reading.take(source).unwrap_or(ask.source);
    ask.needs.organisation = fields.text("organisation");
    ask.needs.call_back = fields.text("callBack");
    ask.adults = reading.take(fields.needed_number("adults")).unwrap_or(ask.adults);
    ask.children = reading.take(fields.number("children")).map_or(ask.children, |n| n.unwrap_or(0));
    ask.arrival = reading.take(fields.needed_date("arrival")).unwrap_or(ask.arrival);
    ask.nights = reading.take(fields.needed_number("nights")).unwrap_or(ask.nights);
}

fn read_danger(reading: &mut Reading<'_>, ask: &mut ReferralAsk) {
    let fields = reading.fields;
    ask.kind = reading.choice("kind").unwrap_or(ask.kind);
    ask.risk = reading.choice("risk");
    ask.dash_ticks = reading.take(fields.number("dashTicks")).flatten();
    ask.needs.risk_reason = fields.text("riskReason");
    ask.marac = match fields.get("marac") {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    };
    ask.from_district = fields.text("fromDistrict");
    let mut areas: BTreeSet<String> = fields.all("dangerAreas");
    let says_safe = fields.has("safeThere", "yes");
    match &ask.from_district {
        Some(district) if says_safe && areas.contains(district) => {
            reading.wrong.push(Refusal::bad("dangerAreas", said::SAFE_OR_NOT));
        }
        // Whoever says nothing of it has not said that it is safe where they flee from.
        Some(district) if !says_safe => drop(areas.insert(district.clone())),
        _ => {}
    }
    ask.danger_areas = Some(areas);
}

fn read_household(reading: &mut Reading<'_>, ask: &mut ReferralAsk) {
    ask.shares_as = reading.choice("sharesAs");
    let sexes = reading.counted("adultsBySex", said::SEXES);
    ask.needs.adults_by_sex =
        sexes.map(|[female, male, other_or_not_said]| AdultsBySex { female, male, other_or_not_said });
    let ages = reading.counted("childAges", said::AGES);
    ask.needs.child_ages = ages.map(|[under_2, from_2_to_4, from_5_to_10, from_11_to_15, from_16_to_17]| {
        ChildAges { under_2, from_2_to_4, from_5_to_10, from_11_to_15, from_16_to_17 }
    });
    ask.needs.characteristics = reading.fields.all("characteristics");
}

fn read_needs(reading: &mut Reading<'_>, ask: &mut ReferralAsk) {
    let fields = reading.fields;
    ask.features = fields.all("features");
    let languages = fields.get("languages").split([',', ';']).map(str::trim);
    let languages = languages.filter(|language| !language.is_empty()).map(str::to_owned).collect();
    let avoids = Avoids { allergens: reading.ticked("allergens"), diets: reading.ticked("diets") };
    ask.needs = Needs {
        near: fields.all("near"),
        pets: fields.text("pets"),
        care: fields.text("care"),
        languages,
        diet: fields.text("diet"),
        allergies: fields.text("allergies"),
        avoids,
        ..std::mem::take(&mut ask.needs)
    };
}

/// What is confidential. What is left empty stays, unless somebody says that it is to go.
fn read_reach(fields: &Fields) -> Option<Details> {
    let part = |name: &str| {
        let goes = || fields.has("takeAway", name).then(String::new);
        fields.text(name).or_else(goes)
    };
    let details = Details { name: part("name"), contact: part("contact"), note: part("note") };
    (!details.is_empty()).then_some(details)
}

#[cfg(test)]
mod tests {
    use safespace_domain::{households::People, needs::Assessment};

    use super::*;

    fn facts() -> Facts {
        Facts {
            source: Source::Gp,
            kind: NeedKind::ModernSlavery,
            assessment: Assessment { risk: Some(Risk::High), dash_ticks: Some(15), marac: Some(false) },
            people: People { adults: 2, children: 1 },
            shares_as: Some(SharesAs::Women),
            arrival: "2020-11-03".parse().unwrap(),
            nights: 5,
            features: BTreeSet::from(["cot".to_owned(), "lift".to_owned()]),
            from_district: Some("Stevenage".to_owned()),
        }
    }

    fn needs() -> Needs {
        let some = |text: &str| Some(text.to_owned());
        Needs {
            danger_areas: BTreeSet::from(["Old Town".to_owned(), "Stevenage".to_owned()]),
            near: BTreeSet::from(["Hitchin".to_owned()]),
            child_ages: Some(ChildAges { from_5_to_10: 1, ..ChildAges::default() }),
            pets: some("a cat"),
            care: some("walks with a stick"),
            languages: vec!["Polish".to_owned(), "Urdu".to_owned()],
            diet: some("no nuts at all"),
            allergies: some("kiwi"),
            avoids: Avoids { allergens: [Allergen::Nuts].into(), diets: [Diet::NoPork, Diet::Halal].into() },
            adults_by_sex: Some(AdultsBySex { female: 1, male: 0, other_or_not_said: 1 }),
            characteristics: BTreeSet::from(["disability".to_owned()]),
            organisation: some("A surgery"),
            call_back: some("01438 000 001"),
            risk_reason: some("judgement"),
        }
    }

    fn told(ask: &ReferralAsk) -> serde_json::Value {
        serde_json::to_value(ask).unwrap()
    }

    fn asked(facts: &Facts, needs: &Needs) -> ReferralAsk {
        let referral = Referral {
            id: safespace_domain::ReferralId(uuid::Uuid::nil()),
            reference: "P-00000000".to_owned(),
            council: None,
            facts: facts.clone(),
            received_at: chrono::DateTime::UNIX_EPOCH,
            responded_at: None,
            version: 1,
            state: safespace_domain::referrals::ReferralState::Received,
        };
        present(&referral, needs.clone())
    }

    #[test]
    fn a_step_that_is_saved_as_it_was_opened_changes_nothing() {
        let nobody =
            Facts { assessment: Assessment::default(), shares_as: None, from_district: None, ..facts() };
        for (facts, needs) in [(facts(), needs()), (nobody, Needs::default())] {
            for step in Step::ALL {
                let fields = filled(step, &facts, &needs);
                let before = asked(&facts, &needs);
                let mut after = before.clone();
                let mut reading = Reading::new(&fields);
                read(step, &mut reading, &mut after);
                assert!(reading.done().is_ok(), "{step:?}");
                assert_eq!(told(&after), told(&before), "{step:?}");
            }
        }
    }

    #[test]
    fn it_is_safe_nowhere_that_nobody_has_called_safe() {
        let read = |fields: Fields| {
            let mut ask = asked(&facts(), &Needs::default());
            let mut reading = Reading::new(&fields);
            read_danger(&mut reading, &mut ask);
            (ask.danger_areas, reading.done().is_ok())
        };
        let from = || Fields::default().with("fromDistrict", "Stevenage");
        let areas = |names: &[&str]| Some(names.iter().map(ToString::to_string).collect::<BTreeSet<_>>());
        assert_eq!(read(from()), (areas(&["Stevenage"]), true), "then it is the district");
        let elsewhere = || from().with("dangerAreas", "Hertsmere");
        assert_eq!(read(elsewhere()), (areas(&["Hertsmere", "Stevenage"]), true), "and the district");
        assert_eq!(read(from().with("safeThere", "yes")), (areas(&[]), true));
        assert_eq!(read(elsewhere().with("safeThere", "yes")), (areas(&["Hertsmere"]), true));
        assert!(!read(from().with("safeThere", "yes").with("dangerAreas", "Stevenage")).1);
    }

    #[test]
    fn ages_that_do_not_add_up_any_more_are_taken_away() {
        let mut ask = ReferralAsk { children: 2, ..asked(&facts(), &needs()) };
        assert!(takes_away_what_does_not_add_up(&mut ask));
        assert_eq!((ask.needs.child_ages, ask.needs.adults_by_sex.is_some()), (None, true));
        assert!(!takes_away_what_does_not_add_up(&mut ask));
    }
}
