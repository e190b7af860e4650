//! The last evening, as whoever looks at the demonstration finds it: households that wait for a place, a hold that is
//! about to lapse, councils that wait for an answer, next steps of those who are there, and two households that must not
//! be together.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use safespace_domain::{
    Night,
    clock::service_day,
    details::Details,
    households::People,
    items::{Allergen, Avoids, Diet},
    needs::{Needs, Risk},
    next_steps::NextStepState,
    nights::later,
    referrals::{NeedKind, Source},
    sharing::SharesAs,
    stays::{Stay, StayStatus},
    units::Scheme,
};

use super::{
    DemoError,
    households::{Need, Sexes},
    outside::midnight,
    referrals::referral_of,
    service::{Service, nights_from},
};
use crate::{BookStay, Command, HoldUnit, KeepApart, ReferralAsk, SaveNextStep};

/// So long before the end a unit is held: it lapses twenty minutes after it.
pub(super) const HELD_BEFORE: TimeDelta = TimeDelta::minutes(100);
/// It is held from tonight on, or from one of so many nights after it, and for so many nights.
const HELD: (u32, u32) = (10, 2);
/// The hold and the call for it came so many minutes apart.
const CALLED_BEFORE: i64 = 25;
/// When a council's referral is to be an hour old at the end, it is sent so many minutes before at the latest.
const UNANSWERED: i64 = 65;
/// Of a thousand households that are there, how many have a next step that leads on, and how many another one.
const PLANNED: (u32, u32) = (550, 400);
/// Made-up people, who wait.
const NAMES: [&str; 5] = ["Aspen", "Briar", "Clover", "Dahlia", "Erica"];
/// What may come next.
const STEPS: [&str; 6] = [
    "refuge",
    "move_on",
    "family_or_friends",
    "homelessness_application",
    "return_with_safety_plan",
    "own_tenancy",
];

/// A household that waits.
struct Waits {
    source: Source,
    kind: NeedKind,
    risk: Option<Risk>,
    dash_ticks: Option<i64>,
    people: (u16, u16),
    shares_as: SharesAs,
    features: &'static [&'static str],
    from: &'static str,
    danger: &'static [&'static str],
    near: &'static [&'static str],
    /// What a home has none of its own for: pets, care.
    said: (Option<&'static str>, Option<&'static str>),
    /// What it can't or won't have: allergens, diets.
    avoids: (&'static [Allergen], &'static [Diet]),
    /// What annual returns count of it.
    characteristics: &'static [&'static str],
    /// How many minutes ago somebody called.
    called: i64,
}

const WAITING: [Waits; 4] = [
    Waits {
        source: Source::Police,
        kind: NeedKind::DomesticAbuse,
        risk: Some(Risk::High),
        dash_ticks: Some(19),
        people: (1, 2),
        shares_as: SharesAs::Women,
        features: &["cot"],
        from: "Stevenage",
        danger: &["Alder Quarter"],
        near: &["North Herts"],
        said: (None, None),
        avoids: (&[Allergen::Nuts, Allergen::Peanuts], &[Diet::Halal]),
        characteristics: &["language", "minority_ethnic"],
        called: 50,
    },
    Waits {
        source: Source::Gp,
        kind: NeedKind::DomesticAbuse,
        risk: Some(Risk::Medium),
        dash_ticks: Some(9),
        people: (1, 0),
        shares_as: SharesAs::Men,
        features: &["step_free"],
        from: "East Herts",
        danger: &["Hazel Green"],
        near: &[],
        said: (None, Some("Uses a wheelchair outdoors; a carer comes in the morning.")),
        avoids: (&[Allergen::Gluten], &[]),
        characteristics: &["disability"],
        called: 45,
    },
    Waits {
        source: Source::OtherAgency,
        kind: NeedKind::ModernSlavery,
        risk: None,
        dash_ticks: None,
        people: (2, 0),
        shares_as: SharesAs::Mixed,
        features: &[],
        from: "Hertsmere",
        danger: &["Willow End"],
        near: &[],
        said: (None, None),
        avoids: (&[], &[Diet::Vegan]),
        characteristics: &["immigration", "young"],
        called: 35,
    },
    Waits {
        source: Source::Household,
        kind: NeedKind::DomesticAbuse,
        risk: Some(Risk::Standard),
        dash_ticks: Some(5),
        people: (1, 1),
        shares_as: SharesAs::Women,
        features: &["pets"],
        from: "North Herts",
        danger: &[],
        near: &["Chestnut Quarter"],
        said: (Some("A small dog, quiet, used to children."), None),
        avoids: (&[], &[]),
        characteristics: &[],
        called: 20,
    },
];

impl Service {
    /// On which day the hold is to be made; none when it was.
    pub(super) fn hold_day(&self) -> Option<Night> {
        self.appointment.map(service_day)
    }

    /// Keeps a unit for a household whose transport is arranged: tonight, or as soon as one is free.
    pub(super) async fn hold_one(&mut self) -> Result<(), DemoError> {
        let (ahead, nights) = HELD;
        let need = Need {
            nights,
            from: "Hertsmere",
            danger: ["Willow End".to_owned()].into(),
            ..Need::of(People { adults: 1, children: 1 })
        };
        for days in 0..=ahead {
            let arrival = later(self.last, days);
            let kept = nights_from(arrival, nights);
            if self.best(need.asks(kept, Scheme::SafeSpace), need.shares_as).await?.is_none() {
                continue;
            }
            let ask = ReferralAsk {
                risk: Some(Risk::High),
                dash_ticks: Some(17),
                marac: Some(true),
                shares_as: Some(need.shares_as),
                nights: i64::from(nights),
                from_district: Some(need.from.to_owned()),
                danger_areas: Some(need.danger.clone()),
                ..ReferralAsk::plain(Source::Police, need.people, arrival)
            };
            let household = self.wait(ask, CALLED_BEFORE, 0).await?;
            let booking = BookStay {
                household,
                arrival,
                departure: kept.departure(),
                adults: i64::from(need.people.adults),
                children: i64::from(need.people.children),
                unit: None,
                scheme: Scheme::SafeSpace,
                features: need.features,
                wanted_districts: BTreeSet::new(),
                unwanted_districts: BTreeSet::new(),
                shares_as: None,
                chosen_because: None,
                exception: None,
            };
            self.attempt(Command::HoldUnit(HoldUnit { booking })).await?;
            break;
        }
        Ok(())
    }

    /// A council's referral stays without an answer for more than an hour: from the last afternoon on, or from the
    /// evening before where the last day is too short.
    pub(super) async fn leave_one_unanswered(
        &mut self,
        today: Night,
        evening: bool,
    ) -> Result<(), DemoError> {
        let afternoon = midnight(self.last) + (self.until - midnight(self.last)) * 13 / 24;
        let on_the_day = afternoon + TimeDelta::minutes(UNANSWERED) <= self.until;
        let now = if on_the_day { today == self.last } else { self.days_left(today) == 1 && evening };
        if now && !self.left_unanswered {
            self.left_unanswered = true;
            self.send(today, today, 1, &Need::of(People { adults: 1, children: 2 })).await?;
        }
        Ok(())
    }

    /// Everything else that the last evening shows.
    pub(super) async fn show_the_last_evening(&mut self, today: Night) -> Result<(), DemoError> {
        let mut waiting = Vec::new();
        for (no, waits) in WAITING.iter().enumerate() {
            let ask = said(waits, today);
            waiting.push(self.wait(ask, waits.called, no + 1).await?);
        }
        self.send(today, today, 0, &Need::of(People { adults: 1, children: 1 })).await?;
        let mut there = self.stays_that(StayStatus::InResidence, |stay| stay.nights.departure() > today);
        there.sort_by_key(|stay| (stay.nights.departure(), stay.id));
        self.plan_next_steps(&there).await?;
        self.keep_apart(&there, waiting.first()).await
    }

    /// A household that was referred and accepted, and waits. Returns its reference.
    async fn wait(&mut self, ask: ReferralAsk, called: i64, no: usize) -> Result<String, DemoError> {
        let name = NAMES.get(no % NAMES.len()).copied().unwrap_or_default();
        let details = Details {
            name: Some(format!("{name} Madeup")),
            contact: Some(format!("07700 90098{no}")),
            note: None,
        };
        let ask = ReferralAsk { details: Some(details), ..ask };
        let referral = self.take_said(ask, called).await?.id;
        let reference = self.references.next(self.last);
        let household = reference.clone();
        referral_of(self.run(Command::AcceptReferral { referral, household }).await?)?;
        Ok(reference)
    }

    /// Most know where they go; of who leaves first, nobody does.
    async fn plan_next_steps(&mut self, there: &[Stay]) -> Result<(), DemoError> {
        let (leads_on, another) = PLANNED;
        for (no, stay) in there.iter().enumerate() {
            let Some(household) = self.names.get(&stay.household).cloned() else { continue };
            let first = self.rng.usize(0..STEPS.len());
            let sure = no > 0 && (no == 1 || self.happens(leads_on));
            let mut steps = Vec::new();
            if sure {
                steps.push((
                    first,
                    if self.happens(500) { NextStepState::Agreed } else { NextStepState::Offered },
                ));
            }
            if self.happens(another) {
                let state =
                    if self.happens(500) { NextStepState::AppliedFor } else { NextStepState::Considered };
                steps.push((first + 1, state));
            }
            for (kind, state) in steps {
                let Some(kind) = STEPS.get(kind % STEPS.len()) else { continue };
                let step = SaveNextStep {
                    household: household.clone(),
                    kind: (*kind).to_owned(),
                    state,
                    target: Some(stay.nights.departure().max(self.last)),
                    note: None,
                };
                self.run(Command::SaveNextStep(step)).await?;
            }
        }
        Ok(())
    }

    /// Somebody who waits must not be under one roof with somebody who is in a property of several units.
    async fn keep_apart(&mut self, there: &[Stay], waits: Option<&String>) -> Result<(), DemoError> {
        let spaces = self.engine.spaces();
        let among_others = |stay: &&Stay| {
            spaces.unit_by_id(stay.unit).is_some_and(|unit| spaces.has_several_units(unit.property))
        };
        let other = there.iter().find(among_others).and_then(|stay| self.names.get(&stay.household)).cloned();
        if let (Some(household), Some(other)) = (waits.cloned(), other) {
            let reason = "Their families know each other well.".to_owned();
            self.run(Command::KeepApart(KeepApart { household, other, reason })).await?;
        }
        Ok(())
    }
}

fn said(waits: &Waits, today: Night) -> ReferralAsk {
    let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    let (adults, children) = waits.people;
    let (pets, care) = waits.said;
    let (allergens, diets) = waits.avoids;
    let needs = Needs {
        near: owned(waits.near),
        pets: pets.map(str::to_owned),
        care: care.map(str::to_owned),
        avoids: Avoids {
            allergens: allergens.iter().copied().collect(),
            diets: diets.iter().copied().collect(),
        },
        adults_by_sex: Sexes::Known.of(adults, waits.shares_as),
        characteristics: owned(waits.characteristics),
        ..Needs::default()
    };
    ReferralAsk {
        kind: waits.kind,
        risk: waits.risk,
        dash_ticks: waits.dash_ticks,
        marac: waits.risk.map(|risk| risk == Risk::High),
        shares_as: Some(waits.shares_as),
        features: owned(waits.features),
        from_district: Some(waits.from.to_owned()),
        danger_areas: Some(owned(waits.danger)),
        needs,
        ..ReferralAsk::plain(waits.source, People { adults, children }, today)
    }
}
