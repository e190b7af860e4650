//! The words of the settings, and of group offers.

use safespace_domain::{
    Night,
    districts::DistrictKind,
    figures::Section,
    localities::Locality,
    meeting_packs::{Audience, Discretion, Every, MeetingGroup},
    policies::Policy,
    reasons::ReasonKind,
    standards::Standards,
    statutory_return::{ReturnLine, Section as ReturnSection},
    units::Scheme,
};

use super::{count, scheme};
use crate::{codes::List, settings::Setting};

/// What has happened, by the word that a page was asked with after it.
pub(super) const DONE: [(&str, &str); 16] = [
    ("district-added", "The district is added. Homes can be there from now on."),
    ("district-changed", "It is changed what the district is to the service."),
    ("locality-added", "The locality is added. Say of each home in it that it is there."),
    ("locality-changed", "The locality is changed. What is near to a danger area goes by it from now on."),
    ("code-added", "It is on the list, and can be chosen from now on."),
    ("code-changed", "It is changed, wherever it is read."),
    ("scheme-kind-set", "The homes of this scheme count as that kind, in the figures of the past, too."),
    ("policy-set", "The rules are changed. They hold from now on."),
    ("standards-set", "The standards are changed. They hold from now on."),
    ("group-added", "The group is added. Its packs are under Packs for meetings."),
    ("group-changed", "The group is changed. Packs that were issued stay as they are."),
    ("small-numbers-set", "What is a small number is changed. Packs that were issued stay as they are."),
    ("return-lines-set", "The lines are changed. The return goes by them from now on."),
    ("attendance-kept", "The count is written down."),
    ("attendance-replaced", "The count is written down, in place of the one that was there."),
    ("attendance-back", "The count is taken back: the offer was not held then."),
];

/// Said where a form would leave everything as it is.
pub(crate) const NOTHING_WOULD_CHANGE: &str = "Nothing would change: that is how it stands now.";
/// Said of a code or name that is to be new, and is there.
pub(crate) const IS_THERE: &str =
    "There is one with this already: choose another, or change the one that is there.";
/// Said of a choice that is none of those there are, or was not made.
pub(crate) const ONE_OF_THESE: &str = "Choose one of these.";
pub(crate) const WHICH_DISTRICT_KIND: &str = "Choose what the district is to the service.";
pub(crate) const WHICH_DISTRICT: &str = "Choose the district that it is in.";
pub(crate) const WHICH_COUNT: &str = "Choose what it counts as.";
pub(crate) const WHICH_KIND: &str = "Choose a kind of accommodation.";
pub(crate) const HOW_OFTEN: &str = "Choose how often the group meets.";
pub(crate) const WHO_SEES: &str = "Choose who sees its packs.";
pub(crate) const WHICH_OFFER: &str = "Choose the offer.";
/// Of a need that only those households have for which somebody adds it.
pub(crate) const NO_HOURS: &str = "not on every checklist";
/// Said where a count must be given.
pub(crate) const HOW_MANY_CAME: &str = "Say how many came: 0 where nobody did.";
/// A choice that is still to be made.
pub(crate) const CHOOSE: &str = "Choose";
/// Said of a line that a code is given to, and that is empty.
pub(crate) const LINE_IS_EMPTY: &str = "This line is empty: fill it in, or choose another.";
/// Said of a line whose code another one has.
pub(crate) const LINE_IS_TWICE: &str = "Another line has this code: each has its own.";
/// Said where a place in the order can't be read.
pub(crate) const GIVE_A_PLACE: &str = "Give the place of each line as a whole number.";
/// A code that no line of the return counts.
pub(crate) const NO_LINE: &str = "No line: it is told as not mapped";

/// What a district is to the service, in a word.
pub(crate) const fn district_kind(kind: DistrictKind) -> &'static str {
    match kind {
        DistrictKind::Host => "Host",
        DistrictKind::Partner => "Partner",
        DistrictKind::Pilot => "Pilot",
    }
}

/// The same as a choice.
pub(crate) fn district_kind_choice(kind: DistrictKind) -> String {
    let means = match kind {
        DistrictKind::Host => "it runs the service",
        DistrictKind::Partner => "it shares the service by agreement",
        DistrictKind::Pilot => "it tries the service out",
    };
    format!("{}: {means}", district_kind(kind))
}

/// A code list in words.
pub(crate) struct ListWords {
    /// As a heading.
    pub(crate) title: &'static str,
    /// What it is for.
    pub(crate) means: &'static str,
    /// One of what is on it, with its article.
    pub(crate) one: &'static str,
}

/// A code list in words.
pub(crate) const fn list(list: List) -> ListWords {
    let (title, means, one) = match list {
        List::Features => (
            "Features of homes",
            "What a home can have and a household can need. Homes are found by them.",
            "a feature",
        ),
        List::VoidReasons => ("Reasons for voids", "Why a unit is out of service.", "a reason"),
        List::AccommodationKinds => (
            "Kinds of accommodation",
            "As the statutory return counts homes (SI 2021/991, regulation 2).",
            "a kind",
        ),
        List::Reasons(kind) => reasons(kind),
    };
    ListWords { title, means, one }
}

const fn reasons(kind: ReasonKind) -> (&'static str, &'static str, &'static str) {
    match kind {
        ReasonKind::Decline => (
            "Reasons for declining",
            "Why a referral is declined. Each counts as one of six, as unmet need is counted nationally.",
            "a reason",
        ),
        ReasonKind::Destination => (
            "Destinations",
            "Where a household goes that leaves. Each counts as safe, unsafe or not known.",
            "a destination",
        ),
        ReasonKind::Closing => ("Reasons for closing", "How a referral ends without a stay.", "a reason"),
        ReasonKind::NextStep => ("Next steps", "What may come next for a household.", "a next step"),
        ReasonKind::ImmediateNeed => (
            "Immediate needs",
            "What a household may need at once. One with hours is on every household’s checklist from its arrival; one \
             without is there for whoever adds it.",
            "a need",
        ),
        ReasonKind::Topic => ("Topics of support", "What a session of support is about.", "a topic"),
        ReasonKind::GroupOffer => {
            ("Group offers", "What the service offers to groups, such as a drop-in.", "an offer")
        }
        ReasonKind::Characteristic => (
            "Characteristics",
            "What is counted of the households that are helped, where they say it. Of one household it is special category \
             data, and kept sealed.",
            "a characteristic",
        ),
    }
}

/// What a reason counts as.
pub(crate) fn counts_as(code: &str) -> &str {
    match code {
        "no_capacity" => "No home was free",
        "could_not_meet_need" => "No home met the need",
        "survivor_did_not_accept" => "The household did not accept what was offered",
        "unsafe_location" => "No home would be safe",
        "out_of_area" => "Outside the area",
        "not_suitable" => "The service is not right for the household",
        "safe" => "Safe",
        "unsafe" => "Unsafe",
        "unknown" => "Not known",
        other => other,
    }
}

/// Within how many hours a need is due.
pub(crate) fn within_hours(hours: u32) -> String {
    format!("within {}", count(hours, "hour"))
}

/// The localities that are near to one, or that none is.
pub(crate) fn near_to(names: &[&str]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

/// A locality with its district, as a choice.
pub(crate) fn locality(locality: &Locality) -> String {
    format!("{} ({})", locality.name, locality.district)
}

/// The title of a scheme's rules.
pub(crate) fn rules_of(of: Scheme) -> String {
    format!("Rules of {} homes", scheme(of))
}

/// An hour of the day until which arrivals belong to the night before.
fn hour(hour: u32) -> String {
    if hour == 0 { "midnight".to_owned() } else { format!("{hour:02}:00") }
}

fn review(every: Option<u32>) -> String {
    every.map_or_else(|| "never".to_owned(), |nights| format!("every {}", count(nights, "night")))
}

/// The rules of a scheme as they stand: what each is called, and what it is.
pub(crate) fn policy(policy: &Policy) -> [(&'static str, String); 4] {
    [
        ("Longest stay", count(policy.longest_stay_nights, "night")),
        ("Turnaround", count(policy.turnaround_nights, "night")),
        ("Reviewed", review(policy.review_every_nights)),
        ("Late arrivals", format!("until {}", hour(policy.late_arrival_until_hour))),
    ]
}

/// The fields of a scheme's rules: what each does, in which unit, and what stands now.
pub(crate) fn policy_settings(now: &Policy) -> Vec<Setting> {
    let [longest, turnaround, reviewed, late] = policy(now).map(|(_, value)| value);
    vec![
        Setting {
            name: "longestStayNights",
            label: "Longest stay, in nights",
            hint: format!(
                "Extensions and back-to-back stays of a household are counted. A manager may allow more, with a reason. 1 to \
                 730. Now {longest}."
            ),
        },
        Setting {
            name: "turnaroundNights",
            label: "Turnaround, in nights",
            hint: format!("Kept free after each stay to make the unit ready. 0 to 28. Now {turnaround}."),
        },
        Setting {
            name: "reviewEveryNights",
            label: "Reviewed every so many nights",
            hint: format!(
                "The page of a stay says when its next review is due. Left empty: no reviews. Now {reviewed}."
            ),
        },
        Setting {
            name: "lateArrivalUntilHour",
            label: "Late arrivals: until which hour",
            hint: format!(
                "Who comes after midnight and before this hour was expected the night before. 0 to 12, by the clock here; \
                 with 0 nobody was. Now {late}."
            ),
        },
    ]
}

/// What would change in the rules of a scheme.
pub(crate) fn policy_changes(before: &Policy, after: &Policy) -> Vec<String> {
    changed(policy(before).into_iter().zip(policy(after).map(|(_, value)| value)))
}

/// What a change of the rules leaves as it is.
pub(crate) const POLICY_NOTES: [&str; 2] = [
    "Stays and bookings stay as they are. Those that are longer than is then allowed are listed under Exceptions.",
    "A stay that is booked already keeps the nights after it as they are, until it is changed or has ended.",
];

/// The standards as they stand: what each is called, and what it is.
fn standards(standards: &Standards) -> [(&'static str, String); 7] {
    let hours = |n: u32| count(n, "hour");
    let minutes = |n: u32| count(n, "minute");
    let placed = match standards.placement_days {
        0 => "on the same day".to_owned(),
        days => format!("within {}", count(days, "day")),
    };
    [
        ("A referral is answered", format!("within {}", minutes(standards.response_minutes))),
        ("A household is placed", placed),
        ("A hold lasts", minutes(standards.hold_minutes)),
        ("The end of a hold is told", format!("{} before", minutes(standards.hold_warning_minutes))),
        ("The next step is known", format!("{} before a stay ends", hours(standards.next_step_hours))),
        ("First contact", format!("within {} of the arrival", hours(standards.first_contact_hours))),
        ("Contact from then on", format!("every {}", hours(standards.contact_every_hours))),
    ]
}

/// The fields of the standards: what each does, in which unit, and what stands now.
pub(crate) fn standard_settings(now: &Standards) -> Vec<Setting> {
    let [answered, placed, held, warned, known, first, then] = standards(now).map(|(_, value)| value);
    vec![
        Setting {
            name: "responseMinutes",
            label: "A referral is answered within, in minutes",
            hint: format!(
                "From then on it is late on the list of what needs doing. 1 to 10080 (a week). Now {answered}."
            ),
        },
        Setting {
            name: "placementDays",
            label: "A household is placed within, in days",
            hint: format!(
                "After the day on which a home is needed; 0 is the same day. 0 to 28. Now {placed}."
            ),
        },
        Setting {
            name: "holdMinutes",
            label: "A hold lasts, in minutes",
            hint: format!("Then it lapses. It can be made longer once, by as much. 5 to 1440. Now {held}."),
        },
        Setting {
            name: "holdWarningMinutes",
            label: "The end of a hold is told before, in minutes",
            hint: format!("It is then on the list of what needs doing. 1 to 1440. Now {warned}."),
        },
        Setting {
            name: "nextStepHours",
            label: "The next step is known before a stay ends, in hours",
            hint: format!(
                "A stay that ends so soon without one is on the list of what needs doing. 1 to 672. Now {known}."
            ),
        },
        Setting {
            name: "firstContactHours",
            label: "First contact after the arrival within, in hours",
            hint: format!(
                "With a household in a safe space; also the time within which it has a key worker. 1 to 168. Now {first}."
            ),
        },
        Setting {
            name: "contactEveryHours",
            label: "Contact from then on, at least every so many hours",
            hint: format!("An offer that was declined counts. 1 to 672. Now {then}."),
        },
    ]
}

/// What would change in the standards.
pub(crate) fn standard_changes(before: &Standards, after: &Standards) -> Vec<String> {
    changed(standards(before).into_iter().zip(standards(after).map(|(_, value)| value)))
}

/// What a change of the standards means for what is there.
pub(crate) const STANDARDS_NOTES: [&str; 2] = [
    "Holds that run now lapse when they were to.",
    "Figures of what was done in time go by the new standards, also of the past; packs that were issued stay as they are.",
];

/// What differs, each as a sentence.
fn changed(all: impl Iterator<Item = ((&'static str, String), String)>) -> Vec<String> {
    let differ = all.filter(|((_, before), after)| before != after);
    differ.map(|((what, before), after)| instead(what, &before, &after)).collect()
}

fn instead(what: &str, before: &str, after: &str) -> String {
    format!("{what}: {after}, instead of {before}.")
}

/// The title of which kind a scheme's homes are.
pub(crate) fn kind_of_homes(of: Scheme) -> String {
    format!("Which kind {} homes are", scheme(of))
}

/// What would change in the kind of a scheme's homes.
pub(crate) fn scheme_kind_change(of: Scheme, before: &str, after: &str) -> String {
    format!("{} homes count as “{after}”, instead of “{before}”.", capital(scheme(of)))
}

/// What a change of the kind of a scheme's homes means.
pub(crate) const SCHEME_KIND_NOTES: [&str; 2] = [
    "A property that is said to be of another kind stays of that kind.",
    "Figures and the statutory return go by what a home is now, those of the past, too.",
];

/// A text that stands by itself, with a capital letter.
pub(crate) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// How often a group meets.
pub(crate) const fn every(every: Every) -> &'static str {
    match every {
        Every::FourWeeks => "every four weeks",
        Every::Quarter => "every quarter",
    }
}

/// Who sees a group's packs, as a choice.
pub(crate) const fn audience_choice(audience: Audience) -> &'static str {
    match audience {
        Audience::Team => "the team: every figure is told",
        Audience::Partners => "partner councils and agencies: small numbers are suppressed",
        Audience::Outside => "everybody: small numbers are suppressed, the others rounded",
    }
}

/// The sections of packs, by their titles.
pub(crate) fn sections<'s>(all: impl IntoIterator<Item = &'s Section>) -> String {
    let titles: Vec<&str> = all.into_iter().map(|section| section.title()).collect();
    titles.join("; ")
}

/// What would change in a group that meets.
pub(crate) fn group_changes(before: &MeetingGroup, after: &MeetingGroup) -> Vec<String> {
    let parts = [
        ("Its name", before.name.clone(), after.name.clone()),
        ("It meets", every(before.every).to_owned(), every(after.every).to_owned()),
        (
            "Its packs are for",
            audience_choice(before.audience).to_owned(),
            audience_choice(after.audience).to_owned(),
        ),
        ("What is in them", sections(&before.sections), sections(&after.sections)),
    ];
    let differ = parts.into_iter().filter(|(_, before, after)| before != after);
    differ.map(|(what, before, after)| instead(what, &before, &after)).collect()
}

/// What a change of a group means.
pub(crate) const GROUP_NOTES: [&str; 1] =
    ["Packs that were issued stay as they are. Those that are not issued yet follow at once."];

/// What is a small number as it stands: what each part is called, and what it is.
pub(crate) fn small_numbers(discretion: &Discretion) -> [(&'static str, String); 4] {
    let rounded = |to: u32| if to == 1 { "not at all".to_owned() } else { format!("to the nearest {to}") };
    [
        ("Suppressed to partners", format!("below {}", discretion.partners.below)),
        ("Rounded to partners", rounded(discretion.partners.rounded_to)),
        ("Suppressed to everybody else", format!("below {}", discretion.outside.below)),
        ("Rounded to everybody else", rounded(discretion.outside.rounded_to)),
    ]
}

/// The fields of what is a small number.
pub(crate) fn small_number_settings(now: &Discretion) -> Vec<Setting> {
    let [hidden, rounded, outside_hidden, outside_rounded] = small_numbers(now).map(|(_, value)| value);
    let below =
        |now: &str| format!("Counts below this are suppressed, zero too. A number from 3 to 100. Now {now}.");
    let to = |now: &str| {
        format!(
            "The other counts are shown to the nearest multiple of this, which divides the number above. 1 shows them as \
             they are. Now {now}."
        )
    };
    vec![
        Setting {
            name: "partnersBelow",
            label: "To partner councils and agencies: suppressed below",
            hint: below(&hidden),
        },
        Setting {
            name: "partnersRoundedTo",
            label: "To partner councils and agencies: rounded to",
            hint: to(&rounded),
        },
        Setting {
            name: "outsideBelow",
            label: "To everybody else: suppressed below",
            hint: below(&outside_hidden),
        },
        Setting {
            name: "outsideRoundedTo",
            label: "To everybody else: rounded to",
            hint: to(&outside_rounded),
        },
    ]
}

/// What would change in what is a small number.
pub(crate) fn small_number_changes(before: &Discretion, after: &Discretion) -> Vec<String> {
    changed(small_numbers(before).into_iter().zip(small_numbers(after).map(|(_, value)| value)))
}

/// What a change of what is a small number means.
pub(crate) const SMALL_NUMBERS_NOTES: [&str; 2] = [
    "Packs that were issued stay as they are. Those that are not issued yet follow at once.",
    "What was told with a lower number can’t be taken back: raise it before packs are issued, not after.",
];

/// What the service's own codes of a section of the return are.
pub(crate) const fn what_is_counted(section: ReturnSection) -> &'static str {
    match section {
        ReturnSection::Supported => "kinds of accommodation",
        ReturnSection::Characteristic => "characteristics",
        ReturnSection::NotSupported => "what reasons for declining count as",
        ReturnSection::Ending => "destinations",
        ReturnSection::WithoutStay | ReturnSection::Afterwards => "what the service itself knows",
    }
}

/// A line of the return in a list of choices.
pub(crate) fn line_choice(no: usize, label: &str) -> String {
    if label.is_empty() { format!("Line {no}, which is empty") } else { format!("Line {no}: {label}") }
}

/// How many of a section's codes no line counts; empty where all are counted.
pub(crate) fn not_counted(labels: &[String]) -> String {
    if labels.is_empty() { String::new() } else { format!("Counted by no line: {}.", labels.join(", ")) }
}

/// What would change in the lines of a section. `codes` are the service's own, with what people read of them.
pub(crate) fn line_changes(
    before: &[ReturnLine],
    after: &[ReturnLine],
    codes: &[(String, String)],
) -> Vec<String> {
    let named = |lines: &'_ [ReturnLine], code: &str| {
        lines.iter().find(|line| line.code == code).map(|line| line.label.clone())
    };
    let counting =
        |lines: &'_ [ReturnLine], code: &str| lines.iter().find(|line| line.counts.contains(code)).cloned();
    let order = |lines: &[ReturnLine], others: &[ReturnLine]| -> Vec<String> {
        let common = lines.iter().filter(|line| others.iter().any(|other| other.code == line.code));
        common.map(|line| line.code.clone()).collect()
    };
    let mut all = Vec::new();
    for line in after {
        match named(before, &line.code) {
            None => all.push(format!("“{}” ({}) is a new line.", line.label, line.code)),
            Some(old) if old != line.label => {
                all.push(format!("The line “{old}” is called “{}”.", line.label));
            }
            Some(_) => {}
        }
    }
    for line in before.iter().filter(|line| named(after, &line.code).is_none()) {
        all.push(format!("The line “{}” ({}) goes.", line.label, line.code));
    }
    for (code, label) in codes {
        let (was, is) = (counting(before, code), counting(after, code));
        match (was, is) {
            (was, Some(is)) if was.as_ref().is_none_or(|was| was.code != is.code) => {
                all.push(format!("“{label}” is counted by “{}”.", is.label));
            }
            (Some(_), None) => {
                all.push(format!("“{label}” is counted by no line: the return tells it as not mapped."));
            }
            _ => {}
        }
    }
    if order(before, after) != order(after, before) {
        all.push("The lines stand in another order.".to_owned());
    }
    all
}

/// What a change of the return's lines means.
pub(crate) const LINES_NOTES: [&str; 1] = [
    "The return of every year goes by the lines as they are now: save a return as a file before, if you need it as it was.",
];

/// How often an offer was held, and how many came in all.
pub(crate) fn held(times: u32, attended: u32) -> String {
    let people = if attended == 1 { "1 attended".to_owned() } else { format!("{attended} attended in all") };
    format!("held {}, {people}", if times == 1 { "once".to_owned() } else { format!("{times} times") })
}

/// Which count is taken back.
pub(crate) fn take_back(offer: &str, day: &str) -> String {
    format!("{offer}, {day}")
}

/// A date and an offer in the list of counts.
pub(crate) fn on_day(held_on: Night) -> String {
    held_on.format("%a %-d %b %Y").to_string()
}

/// What stands on the list of settings now.
pub(crate) mod now {
    use safespace_domain::{
        meeting_packs::{Discretion, MeetingGroup},
        policies::Policy,
        standards::Standards,
    };

    use crate::words::{count, scheme};

    /// So many districts, and so on.
    pub(crate) fn so_many(n: usize, one: &str) -> String {
        count(u32::try_from(n).unwrap_or(u32::MAX), one)
    }

    /// So many of what is on a list of codes.
    pub(crate) fn on_the_list(n: usize) -> String {
        format!("{n} on the list")
    }

    /// Districts, or that there must be one.
    pub(crate) fn districts(n: usize) -> String {
        if n == 0 {
            "none yet: begin here, a home needs a district".to_owned()
        } else {
            so_many(n, "district")
        }
    }

    /// Localities.
    pub(crate) fn localities(n: usize) -> String {
        match n {
            0 => "none yet".to_owned(),
            1 => "1 locality".to_owned(),
            n => format!("{n} localities"),
        }
    }

    /// Homes, or that there must be one.
    pub(crate) fn homes(properties: usize, units: usize) -> String {
        let homes = match properties {
            0 => return "no home yet".to_owned(),
            1 => "1 property".to_owned(),
            n => format!("{n} properties"),
        };
        format!("{homes}, {}", units_there(units))
    }

    /// Units, or that there is none.
    pub(crate) fn units_there(units: usize) -> String {
        if units == 0 { "no unit yet".to_owned() } else { so_many(units, "unit") }
    }

    /// The rules of the schemes.
    pub(crate) fn policies(all: &[Policy]) -> String {
        let each = all.iter().map(|policy| {
            format!("{} at most {}", scheme(policy.scheme), count(policy.longest_stay_nights, "night"))
        });
        each.collect::<Vec<_>>().join(", ")
    }

    /// The standards.
    pub(crate) fn standards(standards: &Standards) -> String {
        format!(
            "an answer within {}, a hold of {}",
            count(standards.response_minutes, "minute"),
            count(standards.hold_minutes, "minute")
        )
    }

    /// The groups that meet.
    pub(crate) fn groups(all: &[MeetingGroup]) -> String {
        let names: Vec<&str> = all.iter().map(|group| group.name.as_str()).collect();
        if names.is_empty() { "none yet".to_owned() } else { names.join(", ") }
    }

    /// What is a small number.
    pub(crate) fn small_numbers(discretion: &Discretion) -> String {
        format!(
            "below {} to partners, below {} to everybody else",
            discretion.partners.below, discretion.outside.below
        )
    }

    /// The lines of the return.
    pub(crate) fn lines(lines: usize, not_mapped: usize) -> String {
        let not = match not_mapped {
            0 => "every code is counted".to_owned(),
            1 => "1 code is counted by none".to_owned(),
            n => format!("{n} codes are counted by none"),
        };
        format!("{}; {not}", so_many(lines, "line"))
    }
}

/// What the list of settings says of each, beside the code lists: its title, and what it is for.
pub(crate) const DISTRICTS: (&str, &str) =
    ("Districts", "Where homes are, which councils may ask and refer, and what each is to the service.");
pub(crate) const LOCALITIES: (&str, &str) = (
    "Localities",
    "Named parts of districts, and which are near: who is in danger in one is not safe in the others.",
);
pub(crate) const HOMES: (&str, &str) =
    ("Homes", "Properties with their units. They are added under Homes, after their district.");
pub(crate) const POLICIES: (&str, &str) =
    ("Rules of each scheme", "The longest stay, turnaround, reviews, and until when an arrival is late.");
pub(crate) const STANDARDS: (&str, &str) = (
    "Standards",
    "How soon a referral is answered and a household placed, how long a hold lasts, how often there is contact.",
);
pub(crate) const PARTNERS: (&str, &str) = (
    "What partners are told",
    "From how many homes on it is “several”, how far ahead, and how often they can ask.",
);
pub(crate) const RETENTION: (&str, &str) = ("Retention", "How long records of each kind are kept.");
pub(crate) const SCHEME_KINDS: (&str, &str) = (
    "Which kind each scheme’s homes are",
    "As the statutory return counts them, where a property says nothing else.",
);
pub(crate) const GROUPS: (&str, &str) =
    ("Groups that meet", "For whom packs are made, how often, for whose eyes, and what is in them.");
pub(crate) const SMALL_NUMBERS: (&str, &str) = (
    "Small numbers",
    "Which counts are suppressed in packs that leave the team, and how the others are rounded.",
);
pub(crate) const LINES: (&str, &str) =
    ("Lines of the statutory return", "What the form calls its lines, and which of your codes each counts.");

/// The parts of the list of settings.
pub(crate) const PARTS: [&str; 4] =
    ["Where homes are", "Rules", "What can be chosen", "Reports and the return"];
/// Ways from a code list to what goes with it.
pub(crate) const COUNT_WHO_CAME: &str = "Count who came to a group offer";

/// The title of the page that says what would change.
pub(crate) fn group_called(name: &str) -> String {
    format!("Change the group “{name}”")
}
