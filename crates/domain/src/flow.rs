//! Flow: who asks for help, what becomes of it, how soon, and who is turned away.
//!
//! Referrals are counted on the day on which they came (Europe/London), whatever becomes of them later: so a period's
//! figures change until all that came in it is decided.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::{
    clock::service_day,
    figures::{self, Counted, Figures, Leaves, Measure, MeasuredIn, Record, Summand, median},
    needs::Risk,
    nights::{Night, Nights, later},
    reasons::DECLINES_COUNT_AS,
    referrals::{NeedKind, Referral, ReferralState, Source},
    standards::Standards,
};

/// What has become of those that were accepted.
const ACCEPTED_OUTCOMES: [&str; 3] = ["placed", "waiting", "closed without a stay"];
/// The group of referrals that do not say a district, or whose risk nobody has assessed.
pub const NOT_SAID: &str = "not said";

const fn count(code: &'static str, title: &'static str, leaves: Leaves, means: &'static str) -> Measure {
    Measure { code, title, measured_in: MeasuredIn::Count, means, leaves }
}

const fn outcomes(groups: &'static [&'static str]) -> Summand {
    Summand { measure: "referrals_received", by: "outcome", groups }
}

const NO_ROOM: Summand =
    Summand { measure: "questions_asked", by: "answer", groups: &["no room, nothing followed"] };
const NO_HOME: Summand = outcomes(&["declined: no_capacity", "declined: could_not_meet_need"]);

static RECEIVED: Measure = count(
    "referrals_received",
    "Referrals received",
    Leaves::SmallNumbers,
    "Referrals that came in the period. By source, by the district that the household flees from, by what it flees from, by \
     risk, and by what has become of them until now.",
);
static ACCEPTED: Measure = count(
    "referrals_accepted",
    "Referrals accepted",
    Leaves::SumOf(&[outcomes(&ACCEPTED_OUTCOMES)]),
    "Of the referrals received in the period, those that were accepted, and neither declined nor withdrawn later.",
);
static DECLINED: Measure = count(
    "referrals_declined",
    "Referrals declined",
    Leaves::SumOf(&[outcomes(&["declined: "])]),
    "Of the referrals received in the period, those that were declined, by what the reason counts as nationally.",
);
static WITHDRAWN: Measure = count(
    "referrals_withdrawn",
    "Referrals withdrawn",
    Leaves::SumOf(&[outcomes(&["withdrawn"])]),
    "Of the referrals received in the period, those that were taken back.",
);
static PLACED: Measure = count(
    "referrals_placed",
    "Referrals placed",
    Leaves::SumOf(&[outcomes(&["placed"])]),
    "Of the referrals received in the period, those whose household got a place, whether it still has it or not.",
);
static CONVERSION: Measure = Measure {
    code: "conversion",
    title: "Referrals placed, of those received",
    measured_in: MeasuredIn::PerCent,
    means: "Referrals placed divided by referrals received, per cent.",
    leaves: Leaves::RatioOf { part: "referrals_placed", whole: "referrals_received" },
};
static RESPONSE_MINUTES: Measure = Measure {
    code: "response_minutes",
    title: "Time to the first response, median",
    measured_in: MeasuredIn::Minutes,
    means: "Minutes from when a referral came to when somebody first answered it: the middle one of those that were \
            answered.",
    leaves: Leaves::With { count: "referrals_received" },
};
static RESPONDED_IN_TIME: Measure = Measure {
    code: "responded_in_time",
    title: "Answered in time",
    measured_in: MeasuredIn::PerCent,
    means: "Of the referrals that were answered, those answered within the minutes that the standards say, per cent.",
    leaves: Leaves::With { count: "referrals_received" },
};
static PLACEMENT_HOURS: Measure = Measure {
    code: "placement_hours",
    title: "Time to a place, median",
    measured_in: MeasuredIn::Hours,
    means: "Hours from when a referral came to when its household first got a place, booked or at once: the middle one of \
            those that were placed.",
    leaves: Leaves::With { count: "referrals_placed" },
};
static PLACED_IN_TIME: Measure = Measure {
    code: "placed_in_time",
    title: "Placed in time",
    measured_in: MeasuredIn::PerCent,
    means: "Of the referrals that were placed, those placed within the days that the standards say after the day for which \
            the place was needed, per cent.",
    leaves: Leaves::With { count: "referrals_placed" },
};
static QUESTIONS: Measure = count(
    "questions_asked",
    "Questions whether there is room",
    Leaves::SmallNumbers,
    "Questions that partner councils asked in the period, by what came of them.",
);
static NOT_REFERRED: Measure = count(
    "questions_no_room",
    "Questions answered with no room",
    Leaves::SumOf(&[NO_ROOM]),
    "Questions of partner councils that were answered with no room, and from which no referral was made.",
);
static NOT_PLACED: Measure = count(
    "referrals_turned_away",
    "Referrals turned away",
    Leaves::SumOf(&[NO_HOME]),
    "Of the referrals received in the period, those declined because no home was free or none met the need.",
);
static TURNED_AWAY: Measure = count(
    "turned_away",
    "Demand turned away",
    Leaves::SumOf(&[NO_HOME, NO_ROOM]),
    "Referrals turned away, and questions of partner councils that were answered with no room and from which no referral \
     was made. One household may be in several.",
);
static TURNED_AWAY_SHARE: Measure = Measure {
    code: "turned_away_share",
    title: "Referrals turned away, of those received",
    measured_in: MeasuredIn::PerCent,
    means: "Referrals turned away divided by referrals received, per cent.",
    leaves: Leaves::RatioOf { part: "referrals_turned_away", whole: "referrals_received" },
};

/// What is measured.
pub static MEASURES: [&Measure; 15] = [
    &RECEIVED,
    &ACCEPTED,
    &DECLINED,
    &WITHDRAWN,
    &PLACED,
    &CONVERSION,
    &RESPONSE_MINUTES,
    &RESPONDED_IN_TIME,
    &PLACEMENT_HOURS,
    &PLACED_IN_TIME,
    &QUESTIONS,
    &NOT_REFERRED,
    &NOT_PLACED,
    &TURNED_AWAY,
    &TURNED_AWAY_SHARE,
];

/// A question of a partner council, as far as it is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Which.
    pub id: Uuid,
    /// The service's day on which it was asked.
    pub day: Night,
    /// Whether the answer was that there is no room.
    pub no_room: NoRoom,
}

/// What a question of a partner council came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoRoom {
    /// There was room.
    There,
    /// There was none, and a referral followed all the same.
    Referred,
    /// There was none, and nothing followed.
    NothingFollowed,
}

/// What flow is counted from.
#[derive(Clone, Copy, Debug)]
pub struct Demand<'r> {
    /// Referrals that came in the period, or more.
    pub referrals: &'r [Referral],
    /// Questions of partner councils that were asked in it, or more.
    pub questions: &'r [Asked],
    /// The districts that there are, by name.
    pub districts: &'r [String],
    /// Within which minutes and days what is done is in time.
    pub standards: &'r Standards,
}

/// What a reason for declining, by its code, counts as nationally; itself where it counts as nothing else.
pub type CountsAs<'r> = &'r dyn Fn(&str) -> String;

/// The figures of the referrals that came and the questions that were asked in a period.
pub fn flow(figures: &mut Figures, demand: &Demand<'_>, period: Nights, counts_as: CountsAs<'_>) {
    let came = |at: DateTime<Utc>| period.contains(service_day(at));
    let received: Vec<&Referral> =
        demand.referrals.iter().filter(|referral| came(referral.received_at)).collect();
    let with_outcome: Vec<(String, Counted)> =
        received.iter().map(|referral| (outcome(&referral.state, counts_as), counted(referral))).collect();
    let of = |begins: &[&str]| -> Vec<(String, Counted)> {
        let is = |(name, _): &&(String, Counted)| begins.iter().any(|begin| name.starts_with(begin));
        with_outcome.iter().filter(is).cloned().collect()
    };
    let records = |named: &[(String, Counted)]| named.iter().map(|(_, counted)| *counted).collect::<Vec<_>>();
    how_many(figures, &received, &with_outcome, demand.districts);
    let accepted = of(&ACCEPTED_OUTCOMES);
    figures.count(&ACCEPTED, records(&accepted));
    let declined = of(&["declined: "]);
    let reason = |name: &str| name.trim_start_matches("declined: ").to_owned();
    figures.count(&DECLINED, records(&declined));
    let by_reason = declined.iter().map(|(name, counted)| (reason(name), *counted));
    figures.parts(&DECLINED, "reason", DECLINES_COUNT_AS, by_reason);
    figures.count(&WITHDRAWN, records(&of(&["withdrawn"])));
    let placed = records(&of(&["placed"]));
    figures.count(&PLACED, placed.clone());
    figures.share(&CONVERSION, &placed, &records(&with_outcome));
    how_soon(figures, &received, demand.standards);
    let asked: Vec<&Asked> =
        demand.questions.iter().filter(|question| period.contains(question.day)).collect();
    turned(figures, &asked, &records(&of(NO_HOME.groups)), &records(&with_outcome));
}

fn counted(referral: &Referral) -> Counted {
    Counted::one(Record::Referral(referral.id))
}

/// What has become of a referral, in one word; with the reason where it was declined.
fn outcome(state: &ReferralState, counts_as: CountsAs<'_>) -> String {
    match state {
        ReferralState::Received | ReferralState::Assessing { .. } => "undecided".into(),
        ReferralState::Accepted { .. } => "waiting".into(),
        ReferralState::Placed { .. } | ReferralState::Closed { placed: Some(_), .. } => "placed".into(),
        ReferralState::Closed { placed: None, .. } => "closed without a stay".into(),
        ReferralState::Declined { reason, .. } => format!("declined: {}", counts_as(reason)),
        ReferralState::Withdrawn { .. } => "withdrawn".into(),
    }
}

fn how_many(
    figures: &mut Figures,
    received: &[&Referral],
    with_outcome: &[(String, Counted)],
    districts: &[String],
) {
    let measure = &RECEIVED;
    let by = |of: &dyn Fn(&Referral) -> String| -> Vec<(String, Counted)> {
        received.iter().map(|referral| (of(referral), counted(referral))).collect()
    };
    figures.count(measure, received.iter().map(|referral| counted(referral)).collect());
    let source = by(&|referral| referral.facts.source.to_string());
    figures.parts(measure, "source", Source::ALL.map(Source::as_str), source);
    let district =
        by(&|referral| referral.facts.from_district.clone().unwrap_or_else(|| NOT_SAID.to_owned()));
    let named = districts.iter().map(String::as_str).chain([NOT_SAID]);
    figures.parts(measure, "district", named, district);
    let need = by(&|referral| referral.facts.kind.to_string());
    figures.parts(measure, "need", NeedKind::ALL.map(NeedKind::as_str), need);
    let risk = by(&|referral| {
        referral.facts.assessment.risk.map_or_else(|| NOT_SAID.to_owned(), |risk| risk.to_string())
    });
    figures.parts(measure, "risk", Risk::ALL.map(Risk::as_str).into_iter().chain([NOT_SAID]), risk);
    let declined = DECLINES_COUNT_AS.map(|counts_as| format!("declined: {counts_as}"));
    let known = ACCEPTED_OUTCOMES.into_iter().chain(declined.iter().map(String::as_str));
    let known = known.chain(["withdrawn", "undecided"]);
    figures.parts(measure, "outcome", known, with_outcome.iter().cloned());
}

fn how_soon(figures: &mut Figures, received: &[&Referral], standards: &Standards) {
    let answered: Vec<(Counted, Decimal)> = received
        .iter()
        .filter_map(|referral| {
            let minutes = (referral.responded_at? - referral.received_at).num_minutes().max(0);
            Some((counted(referral), Decimal::from(minutes)))
        })
        .collect();
    figures.worked_out(&RESPONSE_MINUTES, median(&answered), figures::records(&answered));
    let within: Vec<Counted> = answered
        .iter()
        .filter(|(_, minutes)| *minutes <= Decimal::from(standards.response_minutes))
        .map(|(counted, _)| *counted)
        .collect();
    figures.share(&RESPONDED_IN_TIME, &within, &figures::records(&answered));
    let placed: Vec<(Counted, Decimal)> = received
        .iter()
        .filter_map(|referral| {
            let minutes = (referral.state.placed_at()? - referral.received_at).num_minutes().max(0);
            Some((counted(referral), Decimal::from(minutes).checked_div(Decimal::from(60))?))
        })
        .collect();

    figures.worked_out(&PLACEMENT_HOURS, median(&placed), figures::records(&placed));
    let in_time: Vec<Counted> = received
        .iter()
        .filter(|referral| {
            let needed = referral.facts.arrival.max(service_day(referral.received_at));
            let latest = later(needed, standards.placement_days);
            referral.state.placed_at().is_some_and(|at| service_day(at) <= latest)
        })
        .map(|referral| counted(referral))
        .collect();
    figures.share(&PLACED_IN_TIME, &in_time, &figures::records(&placed));
}

fn turned(figures: &mut Figures, asked: &[&Asked], not_placed: &[Counted], received: &[Counted]) {
    let one = |question: &&Asked| Counted::one(Record::Question(question.id));
    let answer = |question: &Asked| match question.no_room {
        NoRoom::There => "room",
        NoRoom::Referred => "no room, but referred",
        NoRoom::NothingFollowed => "no room, nothing followed",
    };
    figures.count(&QUESTIONS, asked.iter().map(one).collect());
    let known = ["room", "no room, but referred", "no room, nothing followed"];
    let by_answer = asked.iter().map(|question| (answer(question).to_owned(), one(question)));
    figures.parts(&QUESTIONS, "answer", known, by_answer);
    let unanswered: Vec<Counted> =
        asked.iter().filter(|question| question.no_room == NoRoom::NothingFollowed).map(one).collect();
    figures.count(&NOT_REFERRED, unanswered.clone());
    figures.count(&NOT_PLACED, not_placed.to_vec());
    figures.count(&TURNED_AWAY, not_placed.iter().chain(&unanswered).copied().collect());
    let by_what = not_placed
        .iter()
        .map(|counted| ("referral".to_owned(), *counted))
        .chain(unanswered.iter().map(|counted| ("question".to_owned(), *counted)));
    figures.parts(&TURNED_AWAY, "asked by", ["referral", "question"], by_what);
    figures.share(&TURNED_AWAY_SHARE, not_placed, received);
}
