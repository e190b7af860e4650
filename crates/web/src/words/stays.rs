//! The words of stays, households and support.

use chrono::{DateTime, Utc};
use safespace_domain::{
    Night, Nights,
    departure_changes::DepartureChange,
    departures::Support,
    immediate_needs::NeedState,
    items::Avoids,
    next_steps::NextStepState,
    packs::{PackConcern, PackState, PackStatus},
    picking::Shortfall,
    referrals::Source,
    stays::{StayState, StayStatus},
    support::{Channel, Hours, OutcomeKind},
};
use safespace_engine::{StayLength, Taker};

use super::{count, day, instant, nights, short_day};

/// What has happened, by the word that a page was asked with after it.
pub(super) const DONE: [(&str, &str); 31] = [
    ("checked-in", "The household is checked in. Its checklist of immediate needs has begun."),
    ("checked-out", "The household is checked out."),
    ("no-show", "The stay is marked as a no-show. Its nights are free."),
    ("stay-cancelled", "The booking is cancelled. Its nights are free."),
    ("step-taken-back", "The last step was taken back. That is on record, too."),
    ("departure-kept", "It is written down where the household went."),
    ("support-ended", "Support after this stay has ended."),
    ("key-worker-named", "The household has a new key worker."),
    ("key-worker-gone", "The household has no key worker any more."),
    ("needs-settled", "The checklist is changed."),
    ("need-added", "The need is on the checklist."),
    ("need-reopened", "The need is open again."),
    ("session-recorded", "The session is recorded."),
    ("session-corrected", "The session is corrected."),
    ("session-withdrawn", "The session is taken back. It counts for nothing, and stays on record."),
    ("next-step-kept", "The next step is written down."),
    ("pack-planned", "The stay has a pack now."),
    ("pack-prepared", "The pack is made up. What went in is off the shelf."),
    ("pack-topped-up", "The pack is topped up. What went in is off the shelf."),
    ("pack-handed-over", "The household has its pack."),
    ("pack-put-back", "It is back on the shelf."),
    ("pack-cancelled", "The pack is cancelled. What was not opened is back on the shelf."),
    ("pack-adapted", "What is known of the household is noted. The list follows it."),
    ("details-kept", "The details are kept. They are not shown unless somebody has them revealed."),
    ("kept-apart", "The two households are kept apart from now on."),
    ("apart-ended", "The two households need not be kept apart any more."),
    ("case-closed", "The case is closed to that person from now on."),
    ("case-opened", "The case is open to that person again."),
    ("nothing-changed", "Nothing was changed."),
    ("key-worker-kept", "Nothing was changed: they are the key worker already."),
    ("details-gone", "No details are kept of the household any more."),
];

/// How a stay's tag looks.
pub(crate) const fn status_class(status: StayStatus) -> &'static str {
    match status {
        StayStatus::InResidence => "good",
        StayStatus::Booked => "",
        StayStatus::Departed | StayStatus::Cancelled | StayStatus::NoShow => "quiet",
    }
}

/// Said of a stay whose departure has passed.
pub(crate) fn overstay(departure: Night, over: u32) -> String {
    format!(
        "This household was to leave on {} and is still here, {} over. The home is kept for it from night to night. \
         Check it out, extend the stay, or move it.",
        day(departure),
        count(over, "night")
    )
}

/// How many nights are used, in a line.
pub(crate) fn used(length: &StayLength) -> String {
    format!("{} of {} used", length.used, count(allowed(length), "night"))
}

/// How many nights there may be.
pub(crate) fn allowed(length: &StayLength) -> u32 {
    length.granted.map_or(length.longest, |granted| granted.max(length.longest))
}

/// How the nights come about, and what is left of them.
pub(crate) fn of_length(length: &StayLength, own: u32, goes_on: bool) -> Vec<String> {
    let (all, allowed) = (length.nights.len(), allowed(length));
    let mut said = Vec::new();
    if goes_on && all > length.used {
        let more = all - length.used;
        let (nights, verb) = if more == 1 { ("night", "is") } else { ("nights", "are") };
        said.push(format!("{more} more {nights} {verb} booked, until {}.", day(length.nights.departure())));
    }
    if all != own {
        said.push(format!(
            "Counted from {}: stays with no night between them count as one.",
            day(length.nights.arrival())
        ));
    }
    if allowed > length.longest {
        said.push(format!(
            "The longest stay is {}; a manager has allowed {allowed}.",
            count(length.longest, "night")
        ));
    }
    if goes_on {
        said.push(match allowed.checked_sub(all) {
            None => format!("That is {} longer than is allowed.", count(all - allowed, "night")),
            Some(0) => "It can’t be extended without a manager’s exception.".to_owned(),
            Some(left) => format!("It can be extended by {}.", count(left, "night")),
        });
    }
    said
}

pub(crate) const BOOKED: &str = "Booked";
pub(crate) const ARRIVED: &str = "Arrived";
pub(crate) const CANCELLED: &str = "The booking was cancelled";
pub(crate) const NO_SHOW: &str = "Nobody came: marked as a no-show";
pub(crate) const SUPPORT_ENDED: &str = "Support after the stay ended";

/// Of an instant that a file of past records did not say.
pub(crate) fn some_time(night: Night) -> String {
    format!("{}, time not on record", day(night))
}

pub(crate) fn moved_from(unit: &str) -> String {
    format!("Moved here from {unit}")
}

pub(crate) fn moved_to(unit: &str) -> String {
    format!("Moved to {unit}")
}

/// Of a stay that goes on in another home: nobody had slept in the first.
pub(crate) fn moved(from: &str, to: &str) -> String {
    format!("Moved from {from} to {to}")
}

/// Of a step that was a mistake.
pub(crate) const fn taken_back(was: StayStatus) -> &'static str {
    match was {
        StayStatus::Booked => "The booking was taken back",
        StayStatus::InResidence => "The arrival was taken back",
        StayStatus::Departed => "The departure was taken back",
        StayStatus::Cancelled => "The cancellation was taken back",
        StayStatus::NoShow => "The no-show was taken back",
    }
}

/// When something was done, and by whom.
pub(crate) fn taken_by(at: &str, by: &Taker) -> String {
    match by {
        Taker::Person(name) => format!("{at}, by {name}"),
        Taker::Program => format!("{at}, by {A_TOKEN}"),
        Taker::Service => format!("{at}, by the service itself"),
    }
}

/// Of an arrival that was expected earlier.
pub(crate) fn expected(night: Night) -> String {
    format!("Expected on {}.", day(night))
}

/// A change of the planned departure.
pub(crate) fn departure_changed(change: &DepartureChange) -> String {
    let what = if change.is_extension() { "Extended" } else { "Shortened" };
    format!("{what}: to leave on {} instead of {}", day(change.after), short_day(change.before))
}

/// A departure, as compared with what was planned.
pub(crate) fn left(on: Night, planned: Night) -> String {
    let early = Nights::between(on, planned).len();
    let late = Nights::between(planned, on).len();
    let than = match (early, late) {
        (0, 0) => "as planned".to_owned(),
        (early, 0) => format!("{} early", count(early, "night")),
        (_, late) => format!("{} late", count(late, "night")),
    };
    format!("Left on {}, {than}", day(on))
}

/// What a manager has allowed.
pub(crate) fn exception(allowed: u32) -> String {
    format!("A manager allowed {}", count(allowed, "night"))
}

/// What is known of a departure.
pub(crate) fn departure(destination: &str, planned: bool) -> String {
    let planned = if planned { "planned" } else { "not planned" };
    format!("{destination} ({planned})")
}

/// Support after a departure.
pub(crate) fn support_after(support: Support) -> String {
    match support {
        Support::NotSaid => "not written down".to_owned(),
        Support::NotWanted => "not wanted any more".to_owned(),
        Support::GoesOn => "goes on".to_owned(),
        Support::Ended { at } => format!("ended on {}", instant(at)),
    }
}

pub(crate) const CHECK_OUT: &str = "Check out";
pub(crate) const CHANGE: &str = "Extend, shorten or move";
pub(crate) const RECORD_SUPPORT: &str = "Record support";
pub(crate) const RECORD_DEPARTURE: &str = "Write down where they went";
pub(crate) const CHANGE_DEPARTURE: &str = "Correct where they went";
pub(crate) const MARK_NO_SHOW: &str = "Nobody came";
pub(crate) const CANCEL_BOOKING: &str = "Cancel the booking";

/// What undoing takes back.
pub(crate) const fn undo(state: &StayState) -> Option<&'static str> {
    match state {
        StayState::Booked => None,
        StayState::InResidence { .. } => Some("Take back the arrival"),
        StayState::Departed { .. } => Some("Take back the departure"),
        StayState::Cancelled { .. } => Some("Take back the cancellation"),
        StayState::NoShow { .. } => Some("Take back the no-show"),
    }
}

/// The first of the choices of a home.
pub(crate) fn same_home(unit: &str) -> String {
    format!("{unit}, as now")
}

pub(crate) const NOT_KNOWN_YET: &str = "Not known yet: write it down later";
pub(crate) const CHOOSE: &str = "Choose";
pub(crate) const SAY_WHETHER_PLANNED: &str = "Say whether it was planned.";
pub(crate) const SAY_WHERE: &str = "Say where the household went.";

/// Said before a household is checked out.
pub(crate) fn will_leave(reference: &str, on: Night) -> String {
    format!("{reference} is checked out with {} as the day it left.", day(on))
}

/// Said before nights are given back.
pub(crate) fn will_be_free(unit: &str, from: Night, given_back: u32, turnaround: u32) -> String {
    let first = if turnaround == 0 {
        format!("{unit} is free from {}", day(from))
    } else {
        format!("{unit} is free from {}, after {} of turnaround", day(from), count(turnaround, "night"))
    };
    match given_back {
        0 => format!("{first}."),
        1 => format!("{first}: 1 night that was taken is given back."),
        n => format!("{first}: {n} nights that were taken are given back."),
    }
}

/// Said before it is written down where a household went.
pub(crate) fn will_be_departure(destination: &str, planned: bool) -> String {
    let planned = if planned { "This was planned" } else { "This was not planned" };
    format!("Where it went: {destination}. {planned}.")
}

pub(crate) const WILL_NOT_SAY_WHERE: &str =
    "Where it went is not written down yet. You can do that later, on this stay’s page.";
/// Said of support before it is written down where a household went.
pub(crate) const fn will_be_support(goes_on: Option<bool>) -> &'static str {
    match goes_on {
        Some(true) => "Support goes on after the stay.",
        Some(false) => "Support is not wanted any more.",
        None => "Whether support goes on is not written down.",
    }
}

pub(crate) const WILL_PUT_PACK_BACK: &str =
    "Its pack was made up and not handed over: what is in it goes back to where it came from.";
pub(crate) const WILL_DROP_PACK: &str = "Its pack was not made up, and is not needed any more.";
pub(crate) const WILL_REMAIN_UNDOABLE: &str =
    "You can take this back afterwards, as long as nobody else has the nights.";

/// Said before a booking is cancelled or marked as a no-show.
pub(crate) fn will_end(reference: &str, unit: &str, planned: Nights, is_no_show: bool) -> String {
    let how = if is_no_show { "is marked as a no-show" } else { "is cancelled" };
    format!("The booking of {unit} for {reference}, {}, {how}.", nights(planned))
}

/// Said before a step is taken back.
pub(crate) fn will_take_back(state: &StayState, after: Nights) -> Vec<String> {
    let again = |what: &str| {
        vec![format!("{what} is taken back."), format!("The stay is booked again, {}.", nights(after))]
    };
    match state {
        StayState::Booked => Vec::new(),
        StayState::InResidence { .. } => again("The arrival"),
        StayState::Cancelled { .. } => again("The cancellation"),
        StayState::NoShow { .. } => again("The no-show"),
        StayState::Departed { .. } => vec![
            "The departure is taken back.".to_owned(),
            format!("The household is in residence again, {}.", nights(after)),
            "What was written down of where it went is taken away.".to_owned(),
        ],
    }
}

pub(crate) const TAKING_BACK_IS_RECORDED: &str = "Nothing is wiped out: both steps stay on record.";

/// The heading and the button of a step.
pub(crate) const STEP_CHECK_OUT: (&str, &str) = ("Check out", "Check out now");
pub(crate) const STEP_NO_SHOW: (&str, &str) = ("Nobody came", "Mark as a no-show");
pub(crate) const STEP_CANCEL: (&str, &str) = ("Cancel the booking", "Cancel this booking");
pub(crate) const STEP_END_SUPPORT: (&str, &str) = ("End the support", "The support has ended");
/// What ending the support after a stay does.
pub(crate) const WILL_END_SUPPORT: [&str; 2] = [
    "It is written down that the support after this stay ends now. This can’t be taken back.",
    "Nothing is planned for the household any more. Its record stays as it is.",
];
/// Said where a stay came to nothing, and its household still needs a home.
pub(crate) const WAITS_AGAIN: &str = "The household waits for a home again.";
pub(crate) const FIND_A_HOME: &str = "Find a home";
pub(crate) const STEP_REINSTATE: (&str, &str) = ("Undo the last step", "Take it back");
pub(crate) const STEP_DEPARTURE: (&str, &str) = ("Where the household went", "Write it down");

pub(crate) const NOBODY: &str = "nobody";
pub(crate) const NO_KEY_WORKER: &str = "Nobody";

/// How a household and its supporter met.
pub(crate) const fn channel(channel: Channel) -> &'static str {
    match channel {
        Channel::InPerson => "In person",
        Channel::Phone => "By phone",
        Channel::Video => "By video",
    }
}

/// When support is given.
pub(crate) const fn hours(hours: Hours) -> &'static str {
    match hours {
        Hours::InHours => "in office hours",
        Hours::OutOfHours => "out of hours",
    }
}

/// What came of an offer, to choose from.
pub(crate) const fn outcome(kind: OutcomeKind) -> &'static str {
    match kind {
        OutcomeKind::Held => "It was held",
        OutcomeKind::Declined => "It was offered and declined",
    }
}

/// What came of an offer, for the record.
pub(crate) fn came_of(minutes: Option<u16>) -> String {
    minutes.map_or_else(|| "offered and declined".to_owned(), |minutes| format!("{minutes} minutes"))
}

pub(crate) const HOURS_BY_CLOCK: &str = "As the clock says";

/// What has become of an immediate need.
pub(crate) fn need(state: NeedState) -> String {
    match state {
        NeedState::Open => "open".to_owned(),
        NeedState::Met { at } => format!("met on {}", instant(at)),
        NeedState::NotNeeded { at } => format!("not needed, said on {}", instant(at)),
    }
}

/// How far a next step has come.
pub(crate) const fn next_step(state: NextStepState) -> &'static str {
    match state {
        NextStepState::Considered => "being considered",
        NextStepState::AppliedFor => "applied for",
        NextStepState::Offered => "offered",
        NextStepState::Agreed => "agreed",
        NextStepState::Refused => "refused",
        NextStepState::Done => "done",
    }
}

/// When somebody was last in contact.
pub(crate) fn last_contact(at: Option<DateTime<Utc>>) -> String {
    at.map_or_else(|| "none yet".to_owned(), instant)
}

/// The open needs of a checklist.
pub(crate) fn open_needs(open: usize, overdue: usize) -> String {
    match (open, overdue) {
        (0, _) => "none open".to_owned(),
        (open, 0) => format!("{open} open"),
        (open, overdue) => format!("{open} open, {overdue} overdue"),
    }
}

/// How a pack stands.
pub(crate) const fn pack(status: PackStatus) -> &'static str {
    match status {
        PackStatus::Planned => "planned, not made up",
        PackStatus::Prepared => "made up, not handed over",
        PackStatus::HandedOver => "handed over",
        PackStatus::Cancelled => "cancelled",
    }
}

/// How a pack's tag looks.
pub(crate) const fn pack_class(status: PackStatus) -> &'static str {
    match status {
        PackStatus::HandedOver => "good",
        PackStatus::Planned | PackStatus::Prepared => "",
        PackStatus::Cancelled => "quiet",
    }
}

pub(crate) const ADAPT: &str = "Ages, allergies and wishes";
pub(crate) const PUT_BACK: &str = "Put something back";
pub(crate) const NOT_NEEDED: &str = "It is not needed";
pub(crate) const NO_PACK: &str = "none";

/// What somebody must see to of a pack.
pub(crate) fn concern(concern: PackConcern) -> String {
    match concern {
        PackConcern::NotPrepared => "Nobody has made it up yet.".to_owned(),
        PackConcern::NotHandedOver => "The household is here and has not got it.".to_owned(),
        PackConcern::Amiss => {
            "Something in it is not for this household by what is known now: put it back, then top it up."
                .to_owned()
        }
        PackConcern::ToTopUp { units } => format!("It needs {} more: top it up.", count(units, "unit")),
        PackConcern::LeftOver => "The stay is over and it was not put back.".to_owned(),
    }
}

/// What was not there, and what stands in for it. `any` is what the line may be.
pub(crate) fn shortfall(
    short: &Shortfall,
    any: &[String],
    name: impl Fn(safespace_domain::ItemId) -> String,
) -> String {
    let Some(wanted) = short.wanted else {
        return format!(
            "{} × {}: nothing of that suits the household, or is still given.",
            short.missing,
            any.join(" or ")
        );
    };
    let others: Vec<String> =
        short.substitutes.iter().map(|(item, units)| so_many(*units, &name(*item))).collect();
    let instead = match (others.is_empty(), short.unmet()) {
        (true, _) => "nothing stands in for it".to_owned(),
        (false, 0) => format!("instead: {}", others.join(", ")),
        (false, unmet) => format!("instead: {}; {unmet} stay missing", others.join(", ")),
    };
    format!("{} not there; {instead}.", so_many(short.missing, &name(wanted)))
}

/// What was passed over, and why.
pub(crate) fn passed_over(item: &str, why: &[String]) -> String {
    format!("Not {item}: it {}.", why.join(", and "))
}

pub(crate) const NOTHING_SUITS: &str = "Nothing in the catalogue suits the household";
pub(crate) const UNKNOWN_ITEM: &str = "an item that is no longer in the catalogue";
pub(crate) const WHERE_IT_CAME_FROM: &str = "Where each came from";
pub(crate) const AS_MANY_AS_THERE_ARE: &str = "Give a whole number for each.";
pub(crate) const NOTHING_MORE: &str = "Nothing more";

/// Who referred.
pub(crate) const fn source(source: Source) -> &'static str {
    match source {
        Source::Police => "police",
        Source::Gp => "GP",
        Source::LocalAuthority => "local authority",
        Source::OtherAgency => "another agency",
        Source::Household => "the household itself",
    }
}

pub(crate) const A_TOKEN: &str = "a program, by its token";
pub(crate) const FORMER: &str = "somebody whose account is disabled";
pub(crate) const SAY_WHO: &str = "Choose to whom the case is to be closed.";
pub(crate) const SAY_REPLACE: &str =
    "Details are kept already. Tick the box to replace all of them with what stands here.";

pub(crate) const GIVE_A_TIME: &str = "Give a date and a time.";
pub(crate) const SAY_WHAT_CAME_OF_IT: &str = "Say whether it was held or declined.";
pub(crate) const SAY_HOW_THEY_MET: &str = "Say how you met, or were to meet.";
pub(crate) const SAY_WHICH_HOURS: &str = "Say in which hours it was.";
pub(crate) const SAY_HOW_FAR: &str = "Say how far it has come.";
pub(crate) const SAY_WHICH_STEP: &str = "Say what may come next.";

/// Children by age: the field of each band, and what people read.
pub(crate) const AGES: [(&str, &str); 5] = [
    ("under2", "Under 2"),
    ("from2To4", "2 to 4"),
    ("from5To10", "5 to 10"),
    ("from11To15", "11 to 15"),
    ("from16To17", "16 and 17"),
];

/// When a pack came as far as it has.
pub(crate) fn pack_at(state: &PackState, planned_at: DateTime<Utc>) -> String {
    match state {
        PackState::Planned => format!("Planned on {}.", instant(planned_at)),
        PackState::Prepared { at } => format!("Made up on {}.", instant(*at)),
        PackState::HandedOver { at, .. } => format!("Handed over on {}.", instant(*at)),
        PackState::Cancelled { at } => format!("Cancelled on {}.", instant(*at)),
    }
}

/// What a household can’t or won’t have.
pub(crate) fn avoids(avoids: &Avoids) -> String {
    let allergens = avoids.allergens.iter().map(|allergen| format!("no {allergen}"));
    let diets = avoids.diets.iter().map(|diet| format!("only {}", diet.words()));
    let all: Vec<String> = allergens.chain(diets).collect();
    if all.is_empty() { NOTHING_AVOIDED.to_owned() } else { all.join(", ") }
}

const NOTHING_AVOIDED: &str = "nothing is known that it can’t have";

/// So many of an item.
pub(crate) fn so_many(units: u32, item: &str) -> String {
    format!("{units} × {item}")
}

/// Said where nobody knows how old the children are.
pub(crate) fn ask_ages(children: u32) -> String {
    let of = if children == 1 { "1 child".to_owned() } else { format!("{children} children") };
    format!("Nobody knows the age of {of}: what is for some ages only is left out. Ask, then note the ages.")
}

/// What tells a lot on the shelf from others.
pub(crate) fn of_lot(code: Option<&str>, expires_on: Option<Night>) -> String {
    let code = code.map(|code| format!("lot {code}"));
    let expires = expires_on.map(|on| format!("expires {}", on.format("%-d %b %Y")));
    code.into_iter().chain(expires).collect::<Vec<_>>().join(", ")
}

pub(crate) const SAY_WHICH_NEED: &str = "Say what is needed.";
pub(crate) const SAY_WHERE_TO: &str = "Choose where it goes.";

#[cfg(test)]
mod tests {
    use super::*;

    fn night(text: &str) -> Night {
        text.parse().unwrap()
    }

    fn length(arrival: &str, departure: &str, used: u32) -> StayLength {
        let nights = Nights::new(night(arrival), night(departure)).unwrap();
        StayLength { nights, used, longest: 7, granted: None }
    }

    #[test]
    fn the_nights_that_are_used_are_told_with_what_is_left_of_them() {
        let all = length("2020-11-03", "2020-11-08", 2);
        assert_eq!(used(&all), "2 of 7 nights used");
        assert_eq!(
            of_length(&all, 5, true),
            ["3 more nights are booked, until Sunday 8 November 2020.", "It can be extended by 2 nights."]
        );
        assert_eq!(
            of_length(&all, 3, true).get(1).map(String::as_str),
            Some("Counted from Tuesday 3 November 2020: stays with no night between them count as one.")
        );
        assert!(of_length(&all, 5, false).is_empty());
    }

    #[test]
    fn what_is_too_long_says_so_and_what_a_manager_allowed_counts() {
        let over = length("2020-11-03", "2020-11-12", 9);
        assert_eq!(of_length(&over, 9, true), ["That is 2 nights longer than is allowed."]);
        let granted = StayLength { granted: Some(10), ..over };
        assert_eq!(used(&granted), "9 of 10 nights used");
        assert_eq!(
            of_length(&granted, 9, true),
            ["The longest stay is 7 nights; a manager has allowed 10.", "It can be extended by 1 night."]
        );
    }

    #[test]
    fn a_departure_is_told_as_compared_with_what_was_planned() {
        let planned = night("2020-11-10");
        assert_eq!(left(planned, planned), "Left on Tuesday 10 November 2020, as planned");
        assert_eq!(left(night("2020-11-09"), planned), "Left on Monday 9 November 2020, 1 night early");
        assert_eq!(left(night("2020-11-12"), planned), "Left on Thursday 12 November 2020, 2 nights late");
    }
}
