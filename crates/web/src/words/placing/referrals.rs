//! The words of referrals: taking them, answering them, calling back.

use safespace_domain::{
    needs::Risk,
    referrals::{Facts, NeedKind, Source},
    sharing::SharesAs,
};

pub(crate) use crate::words::{allergen, diet};

use crate::words::{count, day, people};

/// What has happened, by the word that a page was asked with after it.
pub(super) const DONE: &[(&str, &str)] = &[
    (
        "referral-taken",
        "The referral is taken. What you add from here on is kept step by step; come back to it any time.",
    ),
    ("referral-kept", "Saved."),
    (
        "referral-people",
        "Saved. The ages or sexes that were given do not add up to so many people any more, and were taken away: ask again.",
    ),
    ("referral-assessing", "You are assessing this referral. Your colleagues see it."),
    ("referral-accepted", "The referral is accepted. The household waits for a home."),
    ("referral-declined", "The referral is declined."),
    ("referral-withdrawn", "It is written down that the referral was withdrawn."),
    ("referral-closed", "The referral is closed."),
];

/// Who refers.
pub(crate) const fn source(source: Source) -> &'static str {
    match source {
        Source::Police => "Police",
        Source::Gp => "GP",
        Source::LocalAuthority => "Local authority",
        Source::OtherAgency => "Another agency",
        Source::Household => "The household itself",
    }
}

/// From what a household flees.
pub(crate) const fn need_kind(kind: NeedKind) -> &'static str {
    match kind {
        NeedKind::DomesticAbuse => "Domestic abuse",
        NeedKind::ModernSlavery => "Modern slavery",
    }
}

/// A level of risk, as a tag says it.
pub(crate) const fn risk_tag(risk: Option<Risk>) -> &'static str {
    match risk {
        Some(Risk::High) => "high risk",
        Some(Risk::Medium) => "medium risk",
        Some(Risk::Standard) => "standard risk",
        None => "risk not assessed",
    }
}

/// A level of risk, as a choice.
pub(crate) const fn risk(risk: Risk) -> &'static str {
    match risk {
        Risk::High => "High: serious harm may come at any time",
        Risk::Medium => "Medium",
        Risk::Standard => "Standard",
    }
}

/// Whom a household shares a home with.
pub(crate) const fn shares_as(shares_as: SharesAs) -> &'static str {
    match shares_as {
        SharesAs::Women => "Women, with or without children",
        SharesAs::Men => "Men, with or without children",
        SharesAs::Mixed => "Both, or somebody who is neither: a home of its own only",
    }
}

/// What was looked for when a referral was declined: what stood against a home, by its code.
pub(crate) fn stood_against(code: &str) -> &'static str {
    match code {
        "OTHER_SCHEME" => "Of the other scheme",
        "OTHER_PROPERTY" => "In another property",
        "OUT_OF_SERVICE" => "Out of service",
        "TAKEN" => "Taken",
        "TOO_SMALL" => "Too small",
        "LACKS_FEATURE" => "Without what the household needs",
        "UNWANTED_DISTRICT" => "In a district that was not wanted",
        "NOT_IN_WANTED_DISTRICT" => "In no district that was asked for",
        "DANGER_AREA" => "Where the household is not safe",
        "TOO_NEAR" => "Too near to where the household is not safe",
        "NOT_TOGETHER" => "Shared, and not for the household",
        "TOO_LONG" => "Would be had for longer than is allowed",
        "CLOSES_TOO_SOON" => "Closing too soon",
        _ => "Not for the household for another reason",
    }
}

/// What stands where nothing is said.
pub(crate) const NOT_KNOWN: &str = "Not known";
pub(crate) const NOT_ASSESSED: &str = "Not assessed yet";
pub(crate) const YES: &str = "Yes";
pub(crate) const NO: &str = "No";
/// No district of the service.
pub(crate) const ELSEWHERE: &str = "Another district, or not known";
pub(crate) const NAME: &str = "Names";
pub(crate) const CONTACT: &str = "Safe contact";
pub(crate) const NOTE: &str = "Note";
/// The reason with which a call back is recorded, if nobody writes another.
pub(crate) const CALL_BACK: &str = "To call back about this referral";
/// The referrals that a list shows at first.
pub(crate) const WAITING: &str = "Those that wait";
pub(crate) const EVERY: &str = "All";

/// The steps of taking a referral: what each is called, and its question at the head of its page.
pub(crate) const WHO: (&str, &str) = ("Who calls, and for whom", "Who calls, and for whom?");
pub(crate) const DANGER: (&str, &str) = ("The danger", "What is the danger?");
pub(crate) const HOUSEHOLD: (&str, &str) = ("The household", "Who is in the household?");
pub(crate) const NEEDS: (&str, &str) = ("What it needs", "What does the household need?");
pub(crate) const REACH: (&str, &str) =
    ("How to reach the household", "How can the household be reached safely?");

/// How far a step is.
pub(crate) const FILLED_IN: &str = "filled in";
pub(crate) const NOTHING_YET: &str = "nothing yet";

/// What a referral says, by the name of its line.
pub(crate) mod said {
    pub(crate) const REFERRED_BY: &str = "Referred by";
    pub(crate) const ORGANISATION: &str = "Organisation";
    pub(crate) const COUNCIL: &str = "Sent by the council";
    pub(crate) const CALL_BACK: &str = "Number to call back";
    pub(crate) const PEOPLE: &str = "Who needs a home";
    pub(crate) const NIGHTS: &str = "For";
    pub(crate) const ARRIVAL: &str = "From";
    pub(crate) const FLEES_FROM: &str = "Fleeing from";
    pub(crate) const RISK: &str = "Risk";
    pub(crate) const TICKS: &str = "DASH questions ticked";
    pub(crate) const RISK_REASON: &str = "Why judgement overrides them";
    pub(crate) const MARAC: &str = "Goes to a MARAC";
    pub(crate) const DISTRICT: &str = "Flees from the district";
    pub(crate) const NOT_SAFE_IN: &str = "Not safe in";
    pub(crate) const SAFE_IN: &str = "Says that it is safe also in";
    pub(crate) const SHARES_AS: &str = "In a shared home, the adults are";
    pub(crate) const ADULTS: &str = "Adults by sex";
    pub(crate) const AGES: &str = "Children by age";
    pub(crate) const CHARACTERISTICS: &str = "They say of themselves";
    pub(crate) const FEATURES: &str = "The home must have";
    pub(crate) const NEAR: &str = "School or work in";
    pub(crate) const PETS: &str = "Pets";
    pub(crate) const CARE: &str = "Care and mobility";
    pub(crate) const LANGUAGES: &str = "Languages";
    pub(crate) const DIET: &str = "Eats";
    pub(crate) const DIETS: &str = "Eats only what is";
    pub(crate) const ALLERGENS: &str = "Must not have";
    pub(crate) const ALLERGIES: &str = "Allergies, in words";
}

/// What has become of a referral, by the name of its line.
pub(crate) mod became {
    pub(crate) const RECEIVED: &str = "Received";
    pub(crate) const ANSWERED: &str = "First answered";
    pub(crate) const ASSESSED_BY_YOU: &str = "You are assessing it";
    pub(crate) const ASSESSED: &str = "A colleague is assessing it";
    pub(crate) const ACCEPTED: &str = "Accepted";
    pub(crate) const PLACED: &str = "Given a home";
    pub(crate) const CLOSED: &str = "Closed";
    pub(crate) const DECLINED: &str = "Declined";
    pub(crate) const WITHDRAWN: &str = "Withdrawn";
}

/// Children of one band of ages.
pub(crate) const AGES: [(&str, &str); 5] = [
    ("under2", "Under 2"),
    ("from2To4", "2 to 4"),
    ("from5To10", "5 to 10"),
    ("from11To15", "11 to 15"),
    ("from16To17", "16 and 17"),
];
/// Adults of one sex, as they say it.
pub(crate) const SEXES: [(&str, &str); 3] =
    [("female", "Women"), ("male", "Men"), ("otherOrNotSaid", "Another answer, or none")];

/// For whom a home is asked for, and when: 1 adult, 7 nights from Tuesday 3 November 2020.
pub(crate) fn asked_for(facts: &Facts) -> String {
    let nights = count(facts.nights, "night");
    format!("{}, {nights} from {}", people(facts.people), day(facts.arrival))
}

/// What should have been done by now.
pub(crate) fn late(what: &str, at: &str) -> String {
    format!("late: {what} was due {at}")
}

/// What is to be done, and by when.
pub(crate) fn due(what: &str, at: &str) -> String {
    format!("{what} due {at}")
}

/// What is due for a referral.
pub(crate) const AN_ANSWER: &str = "answer";
pub(crate) const A_HOME: &str = "home";

/// Of homes that would have done for a household that was declined.
pub(crate) const WOULD_HAVE_DONE: &str = "Would have done";
/// A household that is none of those that a referral may be about.
pub(crate) const ANOTHER_HOUSEHOLD: &str = "None of these";

/// What is wrong with a field of a referral.
pub(crate) const ONE_OF_THESE: &str = "Choose one of these.";
pub(crate) const WHO_REFERS: &str = "Say who refers.";
pub(crate) const WHICH_HOUSEHOLD: &str = "Say which household it is.";
pub(crate) const SAFE_OR_NOT: &str =
    "The district that it flees from is ticked as not safe, and said to be safe: take one of them away.";
pub(crate) const WHY: &str = "Choose a reason.";
pub(crate) const A_TIME: &str = "Give a date and a time as in 2026-03-31T21:05, or leave it empty for now.";

/// A count that can't be read.
pub(crate) fn whole_number(label: &str) -> String {
    format!("Give a whole number, or nothing: {}.", label.to_lowercase())
}
