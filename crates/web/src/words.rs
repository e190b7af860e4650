//! The words of the pages: names of things, dates as people read them, and what has happened. Sentences that belong to one
//! page stand in its template. What is neither here nor there is no text of a page: so another language is another copy of
//! these two.

pub(crate) mod placing;
pub(crate) mod reports;
pub(crate) mod settings;
pub(crate) mod stays;
pub(crate) mod stock;
pub(crate) mod team;

use chrono::{DateTime, TimeDelta, Utc};
use safespace_domain::{
    Night, Nights,
    access::{Actor, Permission, Role},
    attention::Action,
    clock::in_service_time,
    households::People,
    items::{Allergen, Diet},
    ledger::NightUse,
    nights::earlier,
    referrals::ReferralStatus,
    stays::StayStatus,
    units::Scheme,
};

use crate::shell::{Place, Way};

/// Said where a form is shown again with what somebody typed before they had to sign in, or to give a code.
pub(crate) const KEPT: &str = "Nothing was sent. What you had typed is here again.";

pub(crate) const NOT_TAKEN: &str = "This form was not taken";
pub(crate) const NOT_FROM_HERE: &str = "It did not come from a page of this service, or that page was too old. Nothing was \
                                        done. Open the page again, and try once more.";
pub(crate) const UNREADABLE: &str = "This form can’t be read";
pub(crate) const TRY_AGAIN: &str = "Nothing was done. Open the page again, and try once more.";
pub(crate) const FAILED: &str = "The service can’t answer now";
pub(crate) const TRY_LATER: &str =
    "Nothing was done. Try again in a moment, and tell whoever runs the service.";
/// What is wrong with a field.
pub(crate) const NO_DATE: &str = "give a date as in 2026-03-31.";
pub(crate) const DATE_MISSING: &str = "give a date.";
pub(crate) const NO_NUMBER: &str = "give a whole number.";
pub(crate) const NUMBER_MISSING: &str = "give a number.";

/// What fields are called that ask for a number or a date: a list of what is wrong says which it is about.
const FIELDS: [(&str, &str); 22] = [
    ("adults", "Adults"),
    ("arrival", "Arrival"),
    ("children", "Children"),
    ("closedOn", "First night out of stock"),
    ("days", "Days"),
    ("departure", "Departure"),
    ("expiresOn", "Expiry"),
    ("from", "First night"),
    ("lines", "Lines"),
    ("minutes", "Minutes"),
    ("nights", "Nights"),
    ("on", "Day"),
    ("openedOn", "First night in stock"),
    ("packSize", "Pack size"),
    ("price", "Price"),
    ("quantity", "Quantity"),
    ("shelfLifeDays", "Shelf life in days"),
    ("sleeps", "Sleeps"),
    ("startsAt", "Begins"),
    ("targetOn", "Target"),
    ("target", "Target"),
    ("to", "First night after"),
];

/// What is wrong with a field, and with which.
pub(crate) fn at_field(field: &str, wrong: &str) -> String {
    if let Some((_, called)) = FIELDS.iter().find(|(name, _)| *name == field) {
        return format!("{called}: {wrong}");
    }
    let mut letters = wrong.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
pub(crate) const NOT_FOUND: &str = "There is no such page";
pub(crate) const NOT_FOR_YOU: &str = "This page is not for you";
pub(crate) const NOT_DONE: &str = "That can’t be done";

/// The parts of the service that somebody can go to.
pub(crate) fn ways(actor: &Actor) -> Vec<Way> {
    let way = |place, path, label| Way { place, path, label };
    let mut ways = Vec::new();
    if actor.may(Permission::SeeStays) {
        ways.push(way(Place::Today, "/", "Today"));
        ways.push(way(Place::Board, "/board", "Board"));
        ways.push(way(Place::Referrals, "/referrals", "Referrals"));
        ways.push(way(Place::Stock, "/stock", "Stock"));
        ways.push(way(Place::Homes, "/homes", "Homes"));
    }
    if actor.may(Permission::SeeReports) {
        ways.push(way(Place::Reports, "/reports", "Reports"));
        ways.push(way(Place::Team, "/team", "Team"));
    }
    if actor.may(Permission::ManageAccounts) {
        ways.push(way(Place::Team, "/", "Accounts"));
    }
    if actor.may(Permission::AskForRoom) {
        ways.push(way(Place::Room, "/", "Is there room?"));
        ways.push(way(Place::Referrals, "/my-referrals", "My referrals"));
    }
    ways.push(way(Place::Account, "/account", "Your account"));
    ways
}

/// What has happened, by the word that a page was asked with after it. The word tells nothing of whom it was about.
pub(crate) fn done(word: &str) -> Option<&'static str> {
    let all = placing::DONE
        .iter()
        .chain(&placing::PLACED)
        .chain(&stays::DONE)
        .chain(&stock::DONE)
        .chain(&reports::DONE)
        .chain(&settings::DONE)
        .chain(&team::DONE);
    all.into_iter().find(|(known, _)| *known == word).map(|(_, sentence)| *sentence)
}

/// A role in words.
pub(crate) const fn role(role: Role) -> &'static str {
    match role {
        Role::Officer => "officer",
        Role::Manager => "manager",
        Role::Partner => "partner",
        Role::Administrator => "administrator",
    }
}

/// A date, its day of the week said: Tuesday 3 November 2020.
pub(crate) fn day(night: Night) -> String {
    night.format("%A %-d %B %Y").to_string()
}

/// A date in a table: Tue 3 Nov.
pub(crate) fn short_day(night: Night) -> String {
    night.format("%a %-d %b").to_string()
}

/// A sentence in which dates have their weekday: 2020-11-03 becomes Tue 3 Nov.
pub(crate) fn with_days(sentence: &str) -> String {
    with_dates(sentence, short_day)
}

/// A sentence in which dates have their weekday and year, for where any year may be meant: Tue 3 Nov 2020.
pub(crate) fn with_whole_days(sentence: &str) -> String {
    with_dates(sentence, |night| night.format("%a %-d %b %Y").to_string())
}

/// A sentence with its dates said otherwise; but for those that are an example of how to type one.
fn with_dates(sentence: &str, say: impl Fn(Night) -> String) -> String {
    let mut told = String::new();
    let mut rest = sentence;
    let mut before = ' ';
    while let Some(next) = rest.chars().next() {
        let begins =
            next.is_ascii_digit() && !before.is_alphanumeric() && before != '-' && !told.ends_with("as in ");
        let date = rest.get(..10).filter(|_| begins);
        match date.and_then(|date| date.parse::<Night>().ok()) {
            Some(night) => {
                told.push_str(&say(night));
                rest = rest.get(10..).unwrap_or("");
                before = '0';
            }
            None => {
                told.push(next);
                rest = rest.get(next.len_utf8()..).unwrap_or("");
                before = next;
            }
        }
    }
    told
}

/// Nights as people say them: 3 to 10 November 2020 (7 nights).
pub(crate) fn nights(nights: Nights) -> String {
    let (from, to) = (nights.arrival(), nights.departure());
    format!(
        "{} to {} ({})",
        from.format("%a %-d %b"),
        to.format("%a %-d %b %Y"),
        count(nights.len(), "night")
    )
}

/// The days of a period, its last one said: 1 to 30 November 2020.
pub(crate) fn days(period: Nights) -> String {
    let last = earlier(period.departure(), 1);
    format!("{} to {}", period.arrival().format("%-d %B %Y"), last.format("%-d %B %Y"))
}

/// An instant as people in the service read it: 3 November 2020, 21:05.
pub(crate) fn instant(at: DateTime<Utc>) -> String {
    in_service_time(at).format("%-d %B %Y, %H:%M").to_string()
}

/// An instant in a table: Tue 3 Nov, 21:05.
pub(crate) fn short_instant(at: DateTime<Utc>) -> String {
    in_service_time(at).format("%a %-d %b, %H:%M").to_string()
}

/// How many of something: 1 night, 2 nights.
pub(crate) fn count(n: u32, one: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") }
}

/// The people of a household: 1 adult, 2 children.
pub(crate) fn people(people: People) -> String {
    let children = match people.children {
        0 => String::new(),
        1 => ", 1 child".to_owned(),
        n => format!(", {n} children"),
    };
    format!("{}{children}", count(u32::from(people.adults), "adult"))
}

/// Of a night on which a unit was not, or is no more.
pub(crate) const NOT_IN_STOCK: &str = "not in stock";
/// Of the first of some free nights: until when.
pub(crate) fn free_until(taken: Option<Night>) -> String {
    taken.map_or_else(|| "to the end of these nights".to_owned(), |next| format!("until {}", short_day(next)))
}

/// Of a household that should have left.
pub(crate) const OVERSTAY: &str = "overstay";
/// Of a booking whose first nights an overstay has.
pub(crate) const HAS_LOST_NIGHTS: &str = "booked, has lost nights to an overstay";
/// Of a night that is over, and that nobody had.
pub(crate) const STOOD_EMPTY: &str = "stood empty";

/// How long something still has. A page's script goes on with the same words.
pub(crate) const IN_MINUTES: &str = "in {minutes} min";
/// The same, of an hour and more.
pub(crate) const IN_HOURS: &str = "in {hours} h {minutes} min";
/// The same, once it has no more time.
pub(crate) const IS_OVER: &str = "now";

/// How long something still has, as a page says it.
#[derive(Clone, Debug)]
pub(crate) struct CountsDown {
    pub(crate) seconds: i64,
    pub(crate) words: String,
}

impl CountsDown {
    pub(crate) fn new(left: TimeDelta) -> Self {
        let minutes = left.num_minutes().max(0);
        let words = match minutes {
            _ if left <= TimeDelta::zero() => IS_OVER,
            0..60 => IN_MINUTES,
            _ => IN_HOURS,
        };
        let words = words.replace("{hours}", &(minutes / 60).to_string());
        Self { seconds: left.num_seconds(), words: words.replace("{minutes}", &(minutes % 60).to_string()) }
    }
}

/// Of a unit that is free for longer than was looked.
pub(crate) const FREE_LONG: &str = "two weeks and more";

/// The one thing to do, as the words on a button.
pub(crate) const fn action(action: Action) -> &'static str {
    match action {
        Action::CheckOut => "Check out or extend",
        Action::Move => "Move",
        Action::CheckIn => "Check in",
        Action::Answer => "Answer",
        Action::Confirm => "Confirm or release",
        Action::PlanNextStep => "Plan the next step",
        Action::Place => "Place",
        Action::Plan => "See the plan for tonight",
        Action::OfferSupport => "Record support",
        Action::SettleNeeds => "Settle needs",
        Action::AssignKeyWorker => "Name a key worker",
        Action::SeeToPack => "See to the pack",
    }
}

/// A scheme in words.
pub(crate) const fn scheme(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::SafeSpace => "safe space",
        Scheme::MoveOn => "move-on",
    }
}

/// What takes a night, in words.
pub(crate) const fn night_use(night_use: NightUse) -> &'static str {
    match night_use {
        NightUse::Booked => "booked",
        NightUse::Resident => "in residence",
        NightUse::Held => "hold",
        NightUse::Void => "void",
        NightUse::Turnaround => "turnaround",
    }
}

/// A stay's status in words.
pub(crate) const fn stay_status(status: StayStatus) -> &'static str {
    status.words()
}

/// A referral's status in words.
pub(crate) const fn referral_status(status: ReferralStatus) -> &'static str {
    match status {
        ReferralStatus::Received => "received",
        ReferralStatus::Assessing => "being assessed",
        ReferralStatus::Accepted => "accepted, waits for a home",
        ReferralStatus::Placed => "placed",
        ReferralStatus::Declined => "declined",
        ReferralStatus::Withdrawn => "withdrawn",
        ReferralStatus::Closed => "closed",
    }
}

/// An allergen, the same wherever one is read: a household’s food goes by it.
pub(crate) const fn allergen(allergen: Allergen) -> &'static str {
    match allergen {
        Allergen::Celery => "Celery",
        Allergen::Gluten => "Gluten (wheat, rye, barley, oats)",
        Allergen::Crustaceans => "Crustaceans",
        Allergen::Eggs => "Eggs",
        Allergen::Fish => "Fish",
        Allergen::Lupin => "Lupin",
        Allergen::Milk => "Milk and lactose",
        Allergen::Molluscs => "Molluscs",
        Allergen::Mustard => "Mustard",
        Allergen::Nuts => "Nuts that grow on trees",
        Allergen::Peanuts => "Peanuts",
        Allergen::Sesame => "Sesame",
        Allergen::Soya => "Soya",
        Allergen::Sulphites => "Sulphites",
    }
}

/// A diet.
pub(crate) const fn diet(diet: Diet) -> &'static str {
    match diet {
        Diet::Vegetarian => "Vegetarian",
        Diet::Vegan => "Vegan",
        Diet::Halal => "Halal",
        Diet::Kosher => "Kosher",
        Diet::NoPork => "No pork",
        Diet::NoBeef => "No beef",
    }
}

/// A code such as `local_authority` in words.
pub(crate) fn in_plain_words(code: &str) -> String {
    code.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_in_a_sentence_get_their_weekday_and_references_stay() {
        let told = with_days("R-2020-0551 of R-2020-11-03: until 2020-11-10 – “2020-11-08”, not 2020-11-1.");
        assert_eq!(told, "R-2020-0551 of R-2020-11-03: until Tue 10 Nov – “Sun 8 Nov”, not 2020-11-1.");
        let told = with_whole_days("2020-11-10 has passed: give a date as in 2026-03-31.");
        assert_eq!(told, "Tue 10 Nov 2020 has passed: give a date as in 2026-03-31.");
    }
}
