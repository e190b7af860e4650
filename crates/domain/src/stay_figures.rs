//! Figures of stays: how long, how they begin and end, what comes between two stays in a home.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use crate::{
    clock::service_day,
    departure_changes::DepartureChange,
    departures::Departure,
    figures::{self, Counted, Figures, Leaves, Measure, MeasuredIn, Record, Summand, mean, median},
    flow::NOT_SAID,
    ids::{HouseholdId, StayId, UnitId},
    nights::{Night, Nights, earlier, next},
    stays::{Stay, StayState, StayStatus},
    units::{Scheme, SchemeOf},
    voids::Void,
};

/// A home that stood empty for longer than this many nights was not being let again.
pub const LONGEST_GAP: u32 = 365;
/// How long stays were, in nights: the first of each group, and what it is called.
const LENGTHS: [(u32, &str); 12] = [
    (0, "0"),
    (1, "1"),
    (2, "2"),
    (3, "3"),
    (4, "4"),
    (5, "5"),
    (6, "6"),
    (7, "7"),
    (8, "8-14"),
    (15, "15-28"),
    (29, "29-91"),
    (92, "92 or more"),
];

/// What is typical of numbers.
type Typical = fn(&[(Counted, Decimal)]) -> Option<Decimal>;

const fn count(code: &'static str, title: &'static str, leaves: Leaves, means: &'static str) -> Measure {
    Measure { code, title, measured_in: MeasuredIn::Count, means, leaves }
}

static BEGUN: Measure = count(
    "stays_begun",
    "Stays begun",
    Leaves::SmallNumbers,
    "Stays whose household arrived in the period; one that goes on in another home after a move is the same stay. By scheme, \
     and by whether the household had stayed here before.",
);
static REPEATED: Measure = count(
    "repeat_stays",
    "Repeat stays",
    Leaves::SumOf(&[Summand { measure: "stays_begun", by: "household", groups: &["again"] }]),
    "Stays begun in the period by households that had left a home of the service before.",
);
static ENDED: Measure = count(
    "stays_ended",
    "Stays ended",
    Leaves::SmallNumbers,
    "Stays whose household left in the period, and not for another home of the same scheme. By scheme, by nights, by where \
     the household went, by whether that was planned, and by whether it left as planned, early or late.",
);
static EARLY: Measure = count(
    "early_departures",
    "Early departures",
    Leaves::SumOf(&[Summand { measure: "stays_ended", by: "timing", groups: &["early"] }]),
    "Stays that ended in the period before the departure that was planned last.",
);
static LENGTH_MEDIAN: Measure = Measure {
    code: "stay_nights_median",
    title: "Length of stay, median",
    measured_in: MeasuredIn::Nights,
    means: "Nights of a stay that ended in the period, those before a move within the scheme included: the middle one.",
    leaves: Leaves::With { count: "stays_ended" },
};
static LENGTH_MEAN: Measure = Measure {
    code: "stay_nights_mean",
    title: "Length of stay, mean",
    measured_in: MeasuredIn::Nights,
    means: "Nights of a stay that ended in the period, those before a move within the scheme included: their mean.",
    leaves: Leaves::With { count: "stays_ended" },
};
static MOVES: Measure = count(
    "moves",
    "Moves",
    Leaves::SmallNumbers,
    "Households that went from one home to another in one step in the period. By the schemes from and to.",
);
static EXTENSIONS: Measure = count(
    "extensions",
    "Extensions",
    Leaves::SmallNumbers,
    "Times that a planned departure was put off in the period.",
);
static EXCEPTIONS: Measure = count(
    "exceptions",
    "Exceptions",
    Leaves::SmallNumbers,
    "Stays longer than the policy allows that a manager granted in the period.",
);
static OVERSTAYS: Measure = count(
    "overstays",
    "Overstays",
    Leaves::SmallNumbers,
    "Stays whose household was there on a night of the period on or after the departure that was planned.",
);
static OVERSTAY_NIGHTS: Measure = Measure {
    code: "overstay_nights",
    title: "Nights of overstays",
    measured_in: MeasuredIn::Nights,
    means: "Nights of the period on which a household was there on or after the departure that was planned.",
    leaves: Leaves::With { count: "overstays" },
};
static NO_SHOWS: Measure = count(
    "no_shows",
    "No-shows",
    Leaves::SmallNumbers,
    "Stays that were to begin in the period, and nobody came.",
);
static CANCELLED: Measure = count(
    "cancelled_stays",
    "Cancelled bookings",
    Leaves::SmallNumbers,
    "Stays that were to begin in the period, and were called off.",
);
static VOID_NIGHTS: Measure = Measure {
    code: "void_nights_by_reason",
    title: "Unit-nights out of service",
    measured_in: MeasuredIn::Count,
    means: "Unit-nights of voids in the period, by reason; those that were taken back left out.",
    leaves: Leaves::AsItIs,
};
static GAP_MEDIAN: Measure = Measure {
    code: "relet_gap_median",
    title: "Re-let gap, median",
    measured_in: MeasuredIn::Nights,
    means: "Nights that a home stood empty before a household came in the period, since another had left it, nights of voids \
            left out: the middle one. Gaps of more than a year are no re-letting.",
    leaves: Leaves::AsItIs,
};
static GAP_MEAN: Measure = Measure {
    code: "relet_gap_mean",
    title: "Re-let gap, mean",
    measured_in: MeasuredIn::Nights,
    means: "Nights that a home stood empty before a household came in the period, since another had left it, nights of voids \
            left out: their mean.",
    leaves: Leaves::AsItIs,
};
static TURNOVER: Measure = Measure {
    code: "turnover",
    title: "Turnover",
    measured_in: MeasuredIn::Number,
    means: "Households that left a home in the period, for another home too, divided by the homes that were available on \
            average.",
    leaves: Leaves::Never,
};

/// What is measured.
pub static MEASURES: [&Measure; 17] = [
    &BEGUN,
    &REPEATED,
    &ENDED,
    &EARLY,
    &LENGTH_MEDIAN,
    &LENGTH_MEAN,
    &MOVES,
    &EXTENSIONS,
    &EXCEPTIONS,
    &OVERSTAYS,
    &OVERSTAY_NIGHTS,
    &NO_SHOWS,
    &CANCELLED,
    &VOID_NIGHTS,
    &GAP_MEDIAN,
    &GAP_MEAN,
    &TURNOVER,
];

/// What the figures of stays are counted from.
#[derive(Clone, Copy)]
pub struct StayRecords<'r> {
    /// The stays with a night in the period, or that were to have one, or more; with those that they go on from, those
    /// of the same households before, and those in the same homes within [`LONGEST_GAP`] before.
    pub stays: &'r [Stay],
    /// What is known of their departures.
    pub departures: &'r [Departure],
    /// What was changed of planned departures in the period, or more.
    pub changes: &'r [DepartureChange],
    /// Stays that a manager granted an exception for, and when.
    pub exceptions: &'r [(StayId, DateTime<Utc>)],
    /// The voids with a night in the period, or in a gap before it, or more.
    pub voids: &'r [Void],
    /// Codes of the reasons for voids that there are.
    pub void_reasons: &'r [String],
    /// Codes of the destinations that there are.
    pub destinations: &'r [String],
    /// What a unit is for.
    pub scheme: SchemeOf<'r>,
    /// Today: no night after it has been.
    pub today: Night,
}

/// The figures of the stays of a period. `available` is how many unit-nights were available in it.
pub fn stays(figures: &mut Figures, records: &StayRecords<'_>, period: Nights, available: u64) {
    let by_id: BTreeMap<StayId, &Stay> = records.stays.iter().map(|stay| (stay.id, stay)).collect();
    let there: Vec<&Stay> = records.stays.iter().filter(|stay| has_come(stay)).collect();
    begun(figures, records, &by_id, &there, period);
    ended(figures, records, &by_id, &there, period);
    moved(figures, records, &by_id, &there, period);
    let made = |made: &[(StayId, DateTime<Utc>)]| {
        let within = made.iter().filter(|(_, at)| period.contains(service_day(*at)));
        within.map(|(stay, _)| Counted::one(Record::Stay(*stay))).collect::<Vec<_>>()
    };
    let put_off: Vec<(StayId, DateTime<Utc>)> = records
        .changes
        .iter()
        .filter(|change| change.is_extension())
        .map(|change| (change.stay, change.at))
        .collect();
    figures.count(&EXTENSIONS, made(&put_off));
    figures.count(&EXCEPTIONS, made(records.exceptions));
    overstayed(figures, records, &there, period);
    let were_to_begin = |status: StayStatus| {
        let of = records.stays.iter().filter(|stay| stay.status() == status);
        of.filter(|stay| period.contains(stay.planned.arrival())).map(counted).collect::<Vec<_>>()
    };
    figures.count(&NO_SHOWS, were_to_begin(StayStatus::NoShow));
    figures.count(&CANCELLED, were_to_begin(StayStatus::Cancelled));
    out_of_service(figures, records, period);
    gaps(figures, records, &there, period);
    turnover(figures, &there, period, available);
}

fn counted(stay: &Stay) -> Counted {
    Counted::one(Record::Stay(stay.id))
}

/// Whether a household came.
fn has_come(stay: &Stay) -> bool {
    matches!(stay.status(), StayStatus::InResidence | StayStatus::Departed)
}

fn begun(
    figures: &mut Figures,
    records: &StayRecords<'_>,
    by_id: &BTreeMap<StayId, &Stay>,
    there: &[&Stay],
    period: Nights,
) {
    let begun: Vec<&Stay> = there
        .iter()
        .copied()
        .filter(|stay| period.contains(stay.nights.arrival()) && goes_on_from(records, by_id, stay).is_none())
        .collect();
    let mut first_left: BTreeMap<HouseholdId, Night> = BTreeMap::new();
    for stay in there.iter().filter(|stay| left(records, by_id, stay)) {
        let left = first_left.entry(stay.household).or_insert(stay.nights.departure());
        *left = (*left).min(stay.nights.departure());
    }
    // Who goes on to the other scheme without a night between has not come again.
    let again = |stay: &Stay| {
        stay.moved_from.is_none()
            && first_left.get(&stay.household).is_some_and(|left| *left <= stay.nights.arrival())
    };
    figures.count(&BEGUN, begun.iter().map(|stay| counted(stay)).collect());
    by_scheme(figures, records, &BEGUN, &begun);
    let of = |stay: &&Stay| {
        let household = if again(stay) { "again" } else { "for the first time" };
        (household.to_owned(), counted(stay))
    };
    figures.parts(&BEGUN, "household", ["for the first time", "again"], begun.iter().map(of));
    figures.count(&REPEATED, begun.iter().filter(|stay| again(stay)).map(|stay| counted(stay)).collect());
}

fn by_scheme(figures: &mut Figures, records: &StayRecords<'_>, measure: &'static Measure, of: &[&Stay]) {
    let scheme = |stay: &&Stay| (scheme_of(records, stay.unit), counted(stay));
    figures.parts(measure, "scheme", Scheme::ALL.map(Scheme::as_str), of.iter().map(scheme));
}

fn scheme_of(records: &StayRecords<'_>, unit: UnitId) -> String {
    (records.scheme)(unit).map_or_else(|| NOT_SAID.to_owned(), |scheme| scheme.to_string())
}

/// The stay in the same scheme that a stay goes on from after a move.
fn goes_on_from<'s>(
    records: &StayRecords<'_>,
    by_id: &BTreeMap<StayId, &'s Stay>,
    stay: &Stay,
) -> Option<&'s Stay> {
    let from = by_id.get(&stay.moved_from?)?;
    ((records.scheme)(from.unit) == (records.scheme)(stay.unit)).then_some(from)
}

/// Whether a stay ended with its household's leaving, and not with a move within the scheme.
fn left(records: &StayRecords<'_>, by_id: &BTreeMap<StayId, &Stay>, stay: &Stay) -> bool {
    match stay.state {
        StayState::Departed { moved_to: None, .. } => true,
        StayState::Departed { moved_to: Some(to), .. } => {
            by_id.get(&to).is_none_or(|to| (records.scheme)(to.unit) != (records.scheme)(stay.unit))
        }
        _ => false,
    }
}

fn ended(
    figures: &mut Figures,
    records: &StayRecords<'_>,
    by_id: &BTreeMap<StayId, &Stay>,
    there: &[&Stay],
    period: Nights,
) {
    let ended: Vec<&Stay> = there
        .iter()
        .copied()
        .filter(|stay| period.contains(stay.nights.departure()) && left(records, by_id, stay))
        .collect();
    figures.count(&ENDED, ended.iter().map(|stay| counted(stay)).collect());
    by_scheme(figures, records, &ENDED, &ended);
    let nights: Vec<(Counted, Decimal, Option<Scheme>)> = ended
        .iter()
        .map(|stay| (counted(stay), Decimal::from(length(records, by_id, stay)), (records.scheme)(stay.unit)))
        .collect();
    let named = nights.iter().map(|(counted, nights, _)| (name_of_length(*nights), *counted));
    figures.parts(&ENDED, "nights", LENGTHS.map(|(_, name)| name), named);
    let known: BTreeMap<StayId, &Departure> =
        records.departures.iter().map(|departure| (departure.stay, departure)).collect();
    let to = |stay: &&Stay| {
        // Where a household goes from one scheme to the other, that is where it went.
        let said = known.get(&stay.id).map(|departure| departure.destination.clone());
        let moved = matches!(stay.state, StayState::Departed { moved_to: Some(_), .. });
        let otherwise = if moved { "another scheme" } else { NOT_SAID };
        (said.unwrap_or_else(|| otherwise.to_owned()), counted(stay))
    };
    let destinations = records.destinations.iter().map(String::as_str).chain(["another scheme", NOT_SAID]);
    figures.parts(&ENDED, "destination", destinations, ended.iter().map(to));
    let planned = |stay: &&Stay| {
        let planned = known.get(&stay.id).map(|departure| departure.planned);
        let name = planned.map_or(NOT_SAID, |planned| if planned { "planned" } else { "unplanned" });
        (name.to_owned(), counted(stay))
    };
    figures.parts(&ENDED, "planned", ["planned", "unplanned", NOT_SAID], ended.iter().map(planned));
    let timing = |stay: &&Stay| (timing(stay).to_owned(), counted(stay));
    figures.parts(&ENDED, "timing", ["as planned", "early", "late"], ended.iter().map(timing));
    let early = ended.iter().filter(|stay| self::timing(stay) == "early");
    figures.count(&EARLY, early.map(|stay| counted(stay)).collect());
    let of = |scheme: Option<Scheme>| -> Vec<(Counted, Decimal)> {
        let within = nights.iter().filter(|(_, _, of)| scheme.is_none() || *of == scheme);
        within.map(|(counted, nights, _)| (*counted, *nights)).collect()
    };
    for (measure, typical) in [(&LENGTH_MEDIAN, median as Typical), (&LENGTH_MEAN, mean)] {
        let all = of(None);
        figures.worked_out(measure, typical(&all), figures::records(&all));
        for scheme in Scheme::ALL {
            let own = of(Some(scheme));
            figures.worked_out_of(
                measure,
                ("scheme", scheme.as_str()),
                typical(&own),
                figures::records(&own),
            );
        }
    }
}

fn timing(stay: &Stay) -> &'static str {
    match stay.nights.departure().cmp(&stay.planned.departure()) {
        std::cmp::Ordering::Less => "early",
        std::cmp::Ordering::Equal => "as planned",
        std::cmp::Ordering::Greater => "late",
    }
}

/// Nights of a stay and of those in the scheme that it goes on from.
fn length(records: &StayRecords<'_>, by_id: &BTreeMap<StayId, &Stay>, stay: &Stay) -> u32 {
    let mut nights = stay.nights.len();
    let mut from = goes_on_from(records, by_id, stay);
    while let Some(earlier) = from {
        nights = nights.saturating_add(earlier.nights.len());
        from = goes_on_from(records, by_id, earlier);
    }
    nights
}

fn name_of_length(nights: Decimal) -> String {
    let group = LENGTHS.iter().rev().find(|(from, _)| nights >= Decimal::from(*from));
    group.map_or("0", |(_, name)| name).to_owned()
}

fn moved(
    figures: &mut Figures,
    records: &StayRecords<'_>,
    by_id: &BTreeMap<StayId, &Stay>,
    there: &[&Stay],
    period: Nights,
) {
    let moved: Vec<(String, Counted)> = there
        .iter()
        .filter(|stay| period.contains(stay.nights.arrival()))
        .filter_map(|stay| {
            let from = by_id.get(&stay.moved_from?)?;
            let name = format!("{} to {}", scheme_of(records, from.unit), scheme_of(records, stay.unit));
            Some((name, counted(stay)))
        })
        .collect();
    figures.count(&MOVES, moved.iter().map(|(_, counted)| *counted).collect());
    let ways = Scheme::ALL.map(|from| Scheme::ALL.map(|to| format!("{from} to {to}")));
    figures.parts(&MOVES, "way", ways.as_flattened().iter().map(String::as_str), moved);
}

fn overstayed(figures: &mut Figures, records: &StayRecords<'_>, there: &[&Stay], period: Nights) {
    let tomorrow = next(records.today);
    let late: Vec<(Counted, u32)> = there
        .iter()
        .filter_map(|stay| {
            let end = stay.kept(records.today).departure().min(tomorrow);
            let over = Nights::between(stay.planned.departure(), end.max(stay.planned.departure()));
            let nights = over.intersection(period).len();
            (nights > 0).then(|| (counted(stay), nights))
        })
        .collect();
    figures.count(&OVERSTAYS, late.iter().map(|(counted, _)| *counted).collect());
    let nights: u64 = late.iter().map(|(_, nights)| u64::from(*nights)).sum();
    figures.number(
        &OVERSTAY_NIGHTS,
        Some(Decimal::from(nights)),
        late.iter().map(|(counted, nights)| Counted { count: *nights, ..*counted }).collect(),
    );
}

fn out_of_service(figures: &mut Figures, records: &StayRecords<'_>, period: Nights) {
    let voids: Vec<(String, Counted)> = records
        .voids
        .iter()
        .filter(|void| !void.cancelled)
        .filter_map(|void| {
            let count = void.nights.intersection(period).len();
            (count > 0).then(|| (void.reason.clone(), Counted { record: Record::Void(void.id), count }))
        })
        .collect();
    figures.count(&VOID_NIGHTS, voids.iter().map(|(_, counted)| *counted).collect());
    figures.parts(&VOID_NIGHTS, "reason", records.void_reasons.iter().map(String::as_str), voids);
}

/// How long homes stood empty before the stays that came in the period.
fn gaps(figures: &mut Figures, records: &StayRecords<'_>, there: &[&Stay], period: Nights) {
    let mut of_unit: BTreeMap<UnitId, Vec<&Stay>> = BTreeMap::new();
    for stay in there {
        of_unit.entry(stay.unit).or_default().push(stay);
    }
    let mut found: Vec<(Counted, Decimal)> = Vec::new();
    for (unit, mut stays) in of_unit {
        stays.sort_unstable_by_key(|stay| (stay.nights.arrival(), stay.nights.departure()));
        for (before, stay) in stays.iter().zip(stays.iter().skip(1)) {
            let arrival = stay.nights.arrival();
            let left = before.kept(records.today).departure();
            if !period.contains(arrival) || left < earlier(arrival, LONGEST_GAP) {
                continue;
            }
            let gap = Nights::between(left.min(arrival), arrival);
            let void: u32 = records
                .voids
                .iter()
                .filter(|void| void.unit == unit && !void.cancelled)
                .map(|void| void.nights.intersection(gap).len())
                .sum();
            found.push((counted(stay), Decimal::from(gap.len().saturating_sub(void))));
        }
    }
    figures.worked_out(&GAP_MEDIAN, median(&found), figures::records(&found));
    figures.worked_out(&GAP_MEAN, mean(&found), figures::records(&found));
}

fn turnover(figures: &mut Figures, there: &[&Stay], period: Nights, available: u64) {
    let ended: Vec<Counted> = there
        .iter()
        .filter(|stay| stay.status() == StayStatus::Departed && period.contains(stay.nights.departure()))
        .map(|stay| counted(stay))
        .collect();
    let homes = Decimal::from(available).checked_div(Decimal::from(period.len()));
    let value = homes.and_then(|homes| Decimal::from(ended.len()).checked_div(homes));
    figures.worked_out(&TURNOVER, value, ended);
}
