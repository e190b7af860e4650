//! The words of referrals, placing, holds and bookings.

pub(crate) mod referrals;

use std::collections::BTreeMap;

use safespace_domain::{Night, Nights, holds::HoldStatus, needs::Risk, refusal::Obstacle, units::Scheme};

use super::{count, day, nights, short_day};

/// What has happened, by the word that a page was asked with after it.
pub(super) const DONE: &[(&str, &str)] = referrals::DONE;

/// What has happened where a household was placed, by the word that a page was asked with after it.
pub(super) const PLACED: [(&str, &str); 8] = [
    ("stay-changed", "The stay was changed."),
    ("stay-moved", "The stay goes on in another home."),
    ("booked", "The stay was booked."),
    ("booked-in-parts", "The stay was booked in parts: this is the first of them."),
    ("room-made", "Room was made, and the stay was booked."),
    ("held", "The home is held. Confirm the hold before it lapses."),
    ("hold-extended", "The hold lapses later now."),
    ("hold-released", "The hold was released: the home is free for others."),
];

/// What stands in the way, in a line.
pub(crate) fn obstacle(obstacle: &Obstacle) -> String {
    format!("{} in {}, {}", taker(obstacle), obstacle.unit, nights(obstacle.nights))
}

/// What has a home, and whose it is.
fn taker(obstacle: &Obstacle) -> String {
    match (obstacle.kind.as_str(), obstacle.whose.as_str()) {
        (kind, "") => kind.to_owned(),
        ("void", reason) => format!("a void ({})", super::in_plain_words(reason)),
        ("hold", household) => format!("a hold for {household}"),
        (kind, household) => format!("the {kind} of {household}"),
    }
}

/// A home is not free; perhaps it was a moment ago.
pub(crate) fn taken(first: &Obstacle, next_free: Option<&str>, a_moment_ago: bool) -> String {
    let (home, by, when) = (&first.unit, taker(first), nights(first.nights));
    let next = next_free.map_or_else(
        || "No other home that fits is free.".to_owned(),
        |code| format!("Next free is {code}."),
    );
    if a_moment_ago {
        format!("{home} was taken by {by} a moment ago, {when}. Nothing was done. {next}")
    } else {
        format!("{home} is not free: it is taken by {by}, {when}. {next}")
    }
}

/// A reason as people read it: dates with their weekday, and codes of features in plain words.
pub(crate) fn plainly(reason: &str) -> String {
    super::in_plain_words(&super::with_days(reason))
}

/// Nights of how many are allowed.
pub(crate) fn of_at_most(used: u32, longest: u32) -> String {
    format!("{} of at most {longest}", count(used, "night"))
}

/// A stay ends later.
pub(crate) fn ends_later(household: &str, home: &str, before: Night, after: Night) -> String {
    let more = count(Nights::between(before, after).len(), "night");
    format!("{household} stays in {home} until {} instead of {}: {more} more.", day(after), day(before))
}

/// A stay ends earlier.
pub(crate) fn ends_earlier(household: &str, home: &str, before: Night, after: Night) -> String {
    let fewer = count(Nights::between(after, before).len(), "night");
    format!(
        "{household} leaves {home} on {} instead of {}: {fewer} fewer. {home} is given up from that night on.",
        day(after),
        day(before)
    )
}

/// A household that is there goes to another home today.
pub(crate) fn goes_today(household: &str, from: &str, to: &str, until: Night) -> String {
    format!(
        "{household} goes from {from} to {to} today, and stays there until {}. {from} is given up from tonight on. Its \
         pack goes with it, where it has one.",
        day(until)
    )
}

/// A booking has another home.
pub(crate) fn booked_elsewhere(household: &str, from: &str, to: &str, when: Nights) -> String {
    format!("{household} has {to} instead of {from}, {}. {from} is given up.", nights(when))
}

/// A home is booked.
pub(crate) fn books(household: &str, home: &str, when: Nights) -> String {
    format!("{home} is booked for {household}, {}.", nights(when))
}

/// A hold is made.
pub(crate) fn holds(household: &str, home: &str, when: Nights, until: &str) -> String {
    format!(
        "{home} is held for {household}, {}, until {until}. Nobody else can have it until then. If the hold is not \
         confirmed by then, it lapses.",
        nights(when)
    )
}

/// Another household's booking goes to another home.
pub(crate) fn moves_to(household: &str, home: &str, when: Nights) -> String {
    format!("The booking of {household} goes to {home}, {}.", nights(when))
}

/// Before what happens when a home is held, and not booked.
pub(crate) const OR_HOLD: &str = "Or hold it first, while transport is arranged:";
pub(crate) const WHO: &str = "Who";
pub(crate) const MUST_HAVE: &str = "Must have";
pub(crate) const NOT_SAFE_IN: &str = "Not safe in";
pub(crate) const SAFE_IN: &str = "Says that it is safe also in";
pub(crate) const SPLIT_HEAD: &str = "Book the stay in parts";
pub(crate) const SPLIT_BUTTON: &str = "Book these parts";
pub(crate) const REPACK_HEAD: &str = "Move bookings to make room";
pub(crate) const REPACK_BUTTON: &str = "Move and book";

pub(crate) const GIVE_A_REFERENCE: &str = "Give a reference or a code.";
pub(crate) const HOUSEHOLD: &str = "Household";
pub(crate) const REFERRAL: &str = "Referral";
pub(crate) const HOME: &str = "Home";
pub(crate) const PROPERTY: &str = "Property";

pub(crate) const BOOK_A_HOME: &str = "Book a home";
pub(crate) const BEST_FIT: &str = "Whichever safe space fits best";
/// Whom a household's adults are, where it shares a home.
pub(crate) const SHARES_AS: [(&str, &str); 4] = [
    ("", "Not said"),
    ("women", "Women, with or without children"),
    ("men", "Men, with or without children"),
    ("mixed", "Both, or another answer"),
];

/// The button by which a household is moved.
pub(crate) fn move_button(home: &str) -> String {
    format!("Move to {home}")
}

/// The button by which a stay ends later.
pub(crate) fn extend_button(until: Night) -> String {
    format!("Extend until {}", short_day(until))
}

/// The button by which a stay ends earlier.
pub(crate) fn shorten_button(until: Night) -> String {
    format!("End on {}", short_day(until))
}

/// Asked of a manager who gave no reason.
pub(crate) const SAY_WHY_LONGER: &str = "Say why you allow a longer stay.";

pub(crate) fn book_head(home: &str) -> String {
    format!("Place in {home}")
}

pub(crate) fn hold_head(home: &str) -> String {
    format!("Hold {home}")
}

pub(crate) fn book_button(home: &str) -> String {
    format!("Book {home}")
}

pub(crate) fn hold_button(home: &str) -> String {
    format!("Hold {home}")
}

/// A hold's status in words.
pub(crate) const fn hold_status(status: HoldStatus) -> &'static str {
    match status {
        HoldStatus::Active => "keeps its home",
        HoldStatus::Confirmed => "confirmed",
        HoldStatus::Released => "released",
        HoldStatus::Lapsed => "lapsed",
    }
}

/// The head of the homes of which none can be had.
pub(crate) const NOT_TO_BE_HAD: &str = "Not free, or not fit";
/// The head of the home that a household has.
pub(crate) const AS_NOW: &str = "As now";

/// The head of the homes of a scheme that can be had.
pub(crate) const fn free_homes(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::SafeSpace => "Free safe spaces, best fit first",
        Scheme::MoveOn => "Free move-on homes, best fit first",
    }
}

/// How great the danger is.
pub(crate) const fn risk(risk: Risk) -> &'static str {
    match risk {
        Risk::Standard => "standard risk",
        Risk::Medium => "medium risk",
        Risk::High => "high risk",
    }
}

/// A void that would have to end.
pub(crate) fn end_void(home: &str, when: Nights) -> String {
    format!("if the void of {home} ends, {home} is free. It stands in the way {}.", nights(when))
}

/// A household that would go on to another home.
pub(crate) fn move_on(household: &str, from: &str, to: &str) -> String {
    format!("if {household} goes on from {from} to {to}, {from} is free.")
}

/// Nights that would be spent with a partner.
pub(crate) fn nights_elsewhere(home: &str, first: Night, last: Night) -> String {
    let when = if first == last {
        format!("the night of {} is", short_day(first))
    } else {
        format!("the nights of {} and {} are", short_day(first), short_day(last))
    };
    format!("if {when} spent with a partner, {home} is free for the rest.")
}

/// How many homes are not for a household, by what stands against them.
pub(crate) fn against(reasons: &BTreeMap<&'static str, usize>) -> String {
    let told = reasons.iter().map(|(code, n)| {
        let n = u32::try_from(*n).unwrap_or(u32::MAX);
        format!("{}: {}", count(n, "home"), against_one(code))
    });
    told.collect::<Vec<_>>().join("; ")
}

fn against_one(code: &str) -> &str {
    match code {
        "OTHER_SCHEME" => "of the other scheme",
        "OUT_OF_SERVICE" => "out of service",
        "TAKEN" => "taken",
        "TOO_SMALL" => "too small",
        "LACKS_FEATURE" => "without what it must have",
        "DANGER_AREA" => "where the household is not safe",
        "TOO_NEAR" => "near where the household is not safe",
        "NOT_TOGETHER" => "with somebody with whom it must not be",
        "TOO_LONG" => "over the longest stay",
        "CLOSES_TOO_SOON" => "closing too soon",
        "PLANNED_FOR_ANOTHER" => "free, but planned for another household",
        "HOUSEHOLD_PLANNED" => "not looked at: the household is in the plan by another referral",
        "NOT_PLANNED" => "not looked at: too many wait",
        other => other,
    }
}
