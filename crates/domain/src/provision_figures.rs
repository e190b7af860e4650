//! Figures of provisions and support: what they cost, packs and what was short in them, and how often somebody was in
//! contact.

use rust_decimal::Decimal;

use crate::{
    clock::service_day,
    costs::{Cost, Stayed, costs},
    figures::{Counted, Figures, Leaves, Measure, MeasuredIn, Record},
    group_offers::GroupAttendance,
    nights::Nights,
    packs::{Pack, PackState},
    support::{Channel, SupportOutcome, SupportSession},
};

static COST: Measure = Measure {
    code: "provision_cost",
    title: "Cost of provisions",
    measured_in: MeasuredIn::Pounds,
    means: "What was issued to households in the period, at what its lot cost, less what came back. By category.",
    leaves: Leaves::AsItIs,
};
static PROVIDED: Measure = Measure {
    code: "households_provided",
    title: "Households provided for",
    measured_in: MeasuredIn::Count,
    means: "Households that something was issued to in the period, or came back from.",
    leaves: Leaves::DistinctNumbers,
};
static PER_HOUSEHOLD: Measure = Measure {
    code: "cost_per_household",
    title: "Cost per household",
    measured_in: MeasuredIn::Pounds,
    means: "Cost of provisions divided by households provided for, half up to the penny.",
    leaves: Leaves::RatioOf { part: "provision_cost", whole: "households_provided" },
};
static PER_PERSON_NIGHT: Measure = Measure {
    code: "cost_per_person_night",
    title: "Cost per person and night",
    measured_in: MeasuredIn::Pounds,
    means: "Cost of provisions for stays whose people were counted, divided by those people times the nights of those stays \
            so far, half up to the penny.",
    leaves: Leaves::With { count: "households_provided" },
};
static PACKS: Measure = Measure {
    code: "packs_handed_over",
    title: "Packs handed over",
    measured_in: MeasuredIn::Count,
    means: "Packs that were handed over in the period.",
    leaves: Leaves::SmallNumbers,
};
static MISSING: Measure = Measure {
    code: "pack_units_short",
    title: "Units that were short in packs",
    measured_in: MeasuredIn::Count,
    means: "Of the packs handed over in the period, units that were not there as they were wanted when the pack was made up.",
    leaves: Leaves::With { count: "packs_handed_over" },
};
static UNMET: Measure = Measure {
    code: "pack_units_unmet",
    title: "Units that nothing stood in for",
    measured_in: MeasuredIn::Count,
    means: "Of the units that were short, those that nothing stood in for.",
    leaves: Leaves::With { count: "packs_handed_over" },
};
static CONTACTS: Measure = Measure {
    code: "support_offered",
    title: "One-to-one support offered",
    measured_in: MeasuredIn::Count,
    means: "Sessions of support that were held in the period, by way, and offers of one that were declined. What was taken \
            back is left out.",
    leaves: Leaves::SmallNumbers,
};
static HOURS: Measure = Measure {
    code: "support_hours",
    title: "Hours of one-to-one support",
    measured_in: MeasuredIn::Hours,
    means: "How long the sessions took that were held in the period, in hours.",
    leaves: Leaves::With { count: "support_offered" },
};
static ATTENDED: Measure = Measure {
    code: "group_attendance",
    title: "Attendance of group offers",
    measured_in: MeasuredIn::Count,
    means: "How many came to group offers that were held in the period, by offer: who came twice is counted twice.",
    leaves: Leaves::SmallNumbers,
};

/// What is measured.
pub static MEASURES: [&Measure; 10] = [
    &COST,
    &PROVIDED,
    &PER_HOUSEHOLD,
    &PER_PERSON_NIGHT,
    &PACKS,
    &MISSING,
    &UNMET,
    &CONTACTS,
    &HOURS,
    &ATTENDED,
];

/// What the figures of provisions and support are counted from.
#[derive(Clone, Copy, Debug)]
pub struct ProvisionRecords<'r> {
    /// What was issued and came back in the period, or more.
    pub issued: &'r [Cost],
    /// The stays that it was issued to.
    pub stayed: &'r [Stayed],
    /// Packs that were handed over in the period, or more.
    pub packs: &'r [Pack],
    /// Sessions of support in the period, or more.
    pub sessions: &'r [SupportSession],
    /// Attendance of group offers in the period, or more.
    pub attendance: &'r [GroupAttendance],
    /// Codes of the categories of items that there are.
    pub categories: &'r [String],
    /// Codes of the group offers that there are.
    pub offers: &'r [String],
}

/// The figures of provisions and support of a period.
pub fn provision(figures: &mut Figures, records: &ProvisionRecords<'_>, period: Nights) {
    money(figures, records, period);
    packs(figures, records, period);
    support(figures, records, period);
    let held: Vec<&GroupAttendance> =
        records.attendance.iter().filter(|held| period.contains(held.held_on)).collect();
    let sum = |offer: Option<&str>| {
        let of = held.iter().filter(|held| offer.is_none_or(|offer| held.offer == offer));
        of.map(|held| Decimal::from(held.attended.unwrap_or(0))).sum::<Decimal>()
    };
    figures.number(&ATTENDED, Some(sum(None)), Vec::new());
    for offer in records.offers {
        figures.number_of(&ATTENDED, ("offer", offer), Some(sum(Some(offer))), Vec::new());
    }
}

fn money(figures: &mut Figures, records: &ProvisionRecords<'_>, period: Nights) {
    let issued: Vec<&Cost> = records.issued.iter().filter(|cost| period.contains(cost.on)).collect();
    let costs = costs(issued, records.stayed);
    let households: Vec<Counted> =
        costs.households.keys().map(|household| Counted::one(Record::Household(*household))).collect();
    figures.number(&COST, Some(costs.total.cost.pounds()), households.clone());
    let known = records.categories.iter();
    for category in known {
        let cost = costs.categories.get(category).copied().unwrap_or_default();
        figures.number_of(&COST, ("category", category), Some(cost.pounds()), Vec::new());
    }
    figures.count(&PROVIDED, households.clone());
    figures.number(&PER_HOUSEHOLD, costs.per_household(), households.clone());
    figures.number(&PER_PERSON_NIGHT, costs.total.per_person_night(), households);
}

fn packs(figures: &mut Figures, records: &ProvisionRecords<'_>, period: Nights) {
    let handed_over: Vec<&Pack> = records
        .packs
        .iter()
        .filter(
            |pack| matches!(pack.state, PackState::HandedOver { at, .. } if period.contains(service_day(at))),
        )
        .collect();
    let counted = |count: &dyn Fn(&Pack) -> u32| -> Vec<Counted> {
        let all =
            handed_over.iter().map(|pack| Counted { record: Record::Pack(pack.id), count: count(pack) });
        all.filter(|counted| counted.count > 0).collect()
    };
    figures.count(&PACKS, counted(&|_| 1));
    figures.count(&MISSING, counted(&|pack| pack.missing));
    figures.count(&UNMET, counted(&|pack| pack.unmet));
}

fn support(figures: &mut Figures, records: &ProvisionRecords<'_>, period: Nights) {
    let offered: Vec<&SupportSession> = records
        .sessions
        .iter()
        .filter(|session| session.withdrawn_at.is_none() && period.contains(service_day(session.starts_at)))
        .collect();
    let counted = |session: &SupportSession| Counted::one(Record::Session(session.id));
    figures.count(&CONTACTS, offered.iter().map(|session| counted(session)).collect());
    let way = offered.iter().map(|session| {
        let way = match session.outcome {
            SupportOutcome::Held { .. } => session.channel.as_str(),
            SupportOutcome::Declined => "declined",
        };
        (way.to_owned(), counted(session))
    });
    figures.parts(&CONTACTS, "way", Channel::ALL.map(Channel::as_str).into_iter().chain(["declined"]), way);
    let hours = offered.iter().map(|session| (session.hours.to_string(), counted(session)));
    figures.parts(&CONTACTS, "hours", crate::support::Hours::ALL.map(crate::support::Hours::as_str), hours);
    let held = offered.iter().filter_map(|session| {
        let minutes = session.outcome.minutes()?;
        Some((counted(session), u32::from(minutes)))
    });
    let held: Vec<(Counted, u32)> = held.collect();
    let minutes: u64 = held.iter().map(|(_, minutes)| u64::from(*minutes)).sum();
    let hours = Decimal::from(minutes).checked_div(Decimal::from(60));
    figures.worked_out(&HOURS, hours, held.iter().map(|(counted, _)| *counted).collect());
}
