//! Reasons: the code lists of why a referral is declined, how one is closed, where a household goes, what is planned for
//! it next, what it needs at once, what is spoken of in support, what is offered to groups, and what is counted of who is
//! helped. Managers add to them.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::refusal::Refusal;

/// Which list a reason is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReasonKind {
    /// Why a referral is declined.
    Decline,
    /// Where a household goes that leaves.
    Destination,
    /// How a referral ends without a stay.
    Closing,
    /// What may come next for a household.
    NextStep,
    /// What a household may need at once when it comes.
    ImmediateNeed,
    /// What support is about.
    Topic,
    /// What the service offers to groups.
    GroupOffer,
    /// What is counted of the households that are helped. Of one household it is special category data.
    Characteristic,
}

impl ReasonKind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Decline,
        Self::Destination,
        Self::Closing,
        Self::NextStep,
        Self::ImmediateNeed,
        Self::Topic,
        Self::GroupOffer,
        Self::Characteristic,
    ];

    /// The kind's name in code and files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Decline => "decline",
            Self::Destination => "destination",
            Self::Closing => "closing",
            Self::NextStep => "next_step",
            Self::ImmediateNeed => "immediate_need",
            Self::Topic => "topic",
            Self::GroupOffer => "group_offer",
            Self::Characteristic => "characteristic",
        }
    }

    /// The kind in words, with its article.
    const fn words(self) -> &'static str {
        match self {
            Self::Decline => "reason for declining",
            Self::Destination => "destination",
            Self::Closing => "reason for closing",
            Self::NextStep => "next step",
            Self::ImmediateNeed => "immediate need",
            Self::Topic => "topic",
            Self::GroupOffer => "group offer",
            Self::Characteristic => "characteristic",
        }
    }

    /// What a reason of this kind may count as. None may count as something else than itself unless it is here.
    pub const fn counts(self) -> &'static [&'static str] {
        match self {
            Self::Decline => &DECLINES_COUNT_AS,
            Self::Destination => &["safe", "unsafe", "unknown"],
            Self::Closing
            | Self::NextStep
            | Self::ImmediateNeed
            | Self::Topic
            | Self::GroupOffer
            | Self::Characteristic => &[],
        }
    }
}

/// What a decline counts as nationally, where unmet need is counted: no home was free; none met the need; the survivor
/// said no; a home would not have been safe there; the service is not for this area; or not for this case.
pub const DECLINES_COUNT_AS: [&str; 6] = [
    "no_capacity",
    "could_not_meet_need",
    "survivor_did_not_accept",
    "unsafe_location",
    "out_of_area",
    "not_suitable",
];

impl fmt::Display for ReasonKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ReasonKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or_else(|| {
            let known: Vec<_> = Self::ALL.into_iter().map(Self::as_str).collect();
            format!("{text:?} is not a kind of reason: use one of {}", known.join(", "))
        })
    }
}

/// A reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Which list it is on.
    pub kind: ReasonKind,
    /// Its code, as files and the API use it.
    pub code: String,
    /// What people read.
    pub label: String,
    /// What it counts as in figures, where several count as one.
    pub counts_as: Option<String>,
    /// Within how many hours of a household's arrival it is due: an immediate need that every household is asked about.
    /// None for one that somebody adds where it is there, and for all that is on other lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_hours: Option<u32>,
}

/// An immediate need is due four weeks after the arrival at the latest.
const LATEST_DUE_HOURS: u32 = 28 * 24;

impl Reason {
    /// Refuses a reason that figures could not count, and one that is due when no such thing can be.
    pub fn check(&self) -> Result<(), Refusal> {
        match self.due_hours {
            Some(_) if self.kind != ReasonKind::ImmediateNeed => {
                return Err(Refusal::bad("dueHours", "Only an immediate need is due: leave this out."));
            }
            Some(hours) if !(1..=LATEST_DUE_HOURS).contains(&hours) => {
                let message =
                    format!("An immediate need is due 1 to {LATEST_DUE_HOURS} hours after the arrival.");
                return Err(Refusal::bad("dueHours", message));
            }
            _ => {}
        }
        let known = self.kind.counts();
        let told = || format!("Known: {}.", known.join(", "));
        match &self.counts_as {
            Some(counts_as) if known.contains(&counts_as.as_str()) => Ok(()),
            Some(_) if known.is_empty() => {
                Err(Refusal::bad("countsAs", "What is on this list counts as itself: leave this out."))
            }
            Some(counts_as) => Err(Refusal::bad(
                "countsAs",
                format!("There is nothing to count as {counts_as:?}. {}", told()),
            )),
            None if known.is_empty() => Ok(()),
            None => Err(Refusal::bad("countsAs", format!("Say what it counts as. {}", told()))),
        }
    }
}

/// Of those, the reasons around referrals and departures: kind, code, label, what it counts as.
const DEFAULTS: [(ReasonKind, &str, &str, Option<&str>); 34] = {
    use ReasonKind::{Closing, Decline, Destination, NextStep};
    const NEED: Option<&str> = Some("could_not_meet_need");
    const SAFE: Option<&str> = Some("safe");
    const UNSAFE: Option<&str> = Some("unsafe");
    const UNKNOWN: Option<&str> = Some("unknown");
    [
        (Decline, "no_capacity", "No home was free", Some("no_capacity")),
        (Decline, "need_accessibility", "No home meets the need: accessibility", NEED),
        (Decline, "need_size", "No home meets the need: size", NEED),
        (Decline, "need_area", "No home meets the need: area", NEED),
        (Decline, "need_support_level", "No home meets the need: level of support", NEED),
        (Decline, "need_other", "No home meets the need: other", NEED),
        (
            Decline,
            "survivor_did_not_accept",
            "The survivor did not accept what was offered",
            Some("survivor_did_not_accept"),
        ),
        (Decline, "unsafe_location", "No home would be safe for the household", Some("unsafe_location")),
        (Decline, "out_of_area", "Outside the service's area", Some("out_of_area")),
        (Decline, "not_suitable", "The service is not right for the household", Some("not_suitable")),
        (Destination, "move_on", "Move-on home", SAFE),
        (Destination, "own_tenancy", "A home of one's own", SAFE),
        (Destination, "refuge", "Refuge elsewhere", SAFE),
        (Destination, "family_or_friends", "Family or friends", SAFE),
        (Destination, "temporary_accommodation", "Temporary accommodation of a council", SAFE),
        (Destination, "returned_with_safety_plan", "Returned home, with a safety plan", SAFE),
        (Destination, "returned_to_perpetrator", "Returned to the person who harmed them", UNSAFE),
        (Destination, "no_fixed_abode", "No fixed abode", UNSAFE),
        (Destination, "hospital_or_custody", "Hospital or custody", UNKNOWN),
        (Destination, "other", "Elsewhere", UNKNOWN),
        (Destination, "unknown", "Not known", UNKNOWN),
        (Closing, "left", "Left, and nothing more is known", None),
        (Closing, "placed_elsewhere", "Another service has placed the household", None),
        (Closing, "stayed_where_they_were", "Stays where it is, made safer", None),
        (Closing, "found_own_place", "Found a place of its own", None),
        (Closing, "lost_contact", "Contact was lost", None),
        (Closing, "no_longer_needed", "A place is no longer needed", None),
        (Closing, "other", "Another way", None),
        (NextStep, "refuge", "Refuge elsewhere", None),
        (NextStep, "move_on", "Move-on home", None),
        (NextStep, "family_or_friends", "Family or friends", None),
        (NextStep, "homelessness_application", "Homelessness application", None),
        (NextStep, "return_with_safety_plan", "Return home with a safety plan", None),
        (NextStep, "own_tenancy", "A home of one's own", None),
    ]
};

/// What every household is asked about when it comes: code, label, within how many hours. A service changes the hours as
/// it sees fit, and takes them away from what it would rather not ask everybody.
pub const IMMEDIATE_NEEDS: [(&str, &str, u32); 9] = [
    ("safety_plan", "Safety plan", 24),
    ("medical", "Medical help", 24),
    ("clothes", "Clothes", 24),
    ("money", "Money and benefits", 48),
    ("phone", "A safe telephone", 24),
    ("school", "School and nursery", 72),
    ("injunction", "Injunction and court orders", 48),
    ("immigration", "Immigration and status", 72),
    ("pets", "Pets", 48),
];

/// What support is about: code and label.
pub const TOPICS: [(&str, &str); 10] = [
    ("safety", "Safety and risk"),
    ("emotional_support", "Emotional support"),
    ("health", "Health"),
    ("children", "Children and parenting"),
    ("housing", "Housing and next steps"),
    ("money", "Money, benefits and debt"),
    ("legal", "Police, court and orders"),
    ("immigration", "Immigration and status"),
    ("work_and_learning", "Work and learning"),
    ("other", "Anything else"),
];

/// What the service offers to groups: code and label.
pub const GROUP_OFFERS: [(&str, &str); 2] =
    [("drop_in", "Drop-in"), ("parents_course", "Ten-week course for parents")];

/// What is counted of the households that are helped: code and label. The first are those that the published tables of the
/// annual return on support in safe accommodation (England, 2023-24) name: minoritised backgrounds, mental health,
/// disability, and trans adults by themselves. The rest is what services ask besides. A list that changes as the form does.
pub const CHARACTERISTICS: [(&str, &str); 15] = [
    ("minority_ethnic", "Minority ethnic background"),
    ("mental_health", "Long-term mental ill health or support need"),
    ("disability", "Disability"),
    ("trans", "Trans"),
    ("lgbt", "Lesbian, gay, bisexual, trans or other (LGBT+)"),
    ("gypsy_roma_traveller", "Gypsy, Roma or Traveller"),
    ("drug_or_alcohol", "Drug or alcohol need"),
    ("religion_or_belief", "Need by religion or belief"),
    ("language", "Language barrier, or needs an interpreter"),
    ("immigration", "No recourse to public funds, or insecure immigration status"),
    ("pregnancy", "Pregnancy or recent birth"),
    ("young", "Young adult, 16 to 24"),
    ("older", "Older adult, 65 and over"),
    ("care_leaver", "Care leaver"),
    ("multiple_needs", "Multiple needs"),
];

/// All reasons that every new service begins with.
pub fn defaults() -> impl Iterator<Item = Reason> {
    let plain = |kind, code: &str, label: &str| Reason {
        kind,
        code: code.to_owned(),
        label: label.to_owned(),
        counts_as: None,
        due_hours: None,
    };
    let counted = DEFAULTS.into_iter().map(move |(kind, code, label, counts_as)| Reason {
        counts_as: counts_as.map(str::to_owned),
        ..plain(kind, code, label)
    });
    let needs = IMMEDIATE_NEEDS.into_iter().map(move |(code, label, hours)| Reason {
        due_hours: Some(hours),
        ..plain(ReasonKind::ImmediateNeed, code, label)
    });
    let topics = TOPICS.into_iter().map(move |(code, label)| plain(ReasonKind::Topic, code, label));
    let offers =
        GROUP_OFFERS.into_iter().map(move |(code, label)| plain(ReasonKind::GroupOffer, code, label));
    let characteristics =
        CHARACTERISTICS.into_iter().map(move |(code, label)| plain(ReasonKind::Characteristic, code, label));
    counted.chain(needs).chain(topics).chain(offers).chain(characteristics)
}

/// Finds a reason on a list; refused, with what there is, where it is not on it.
pub fn known<'r>(
    reasons: impl IntoIterator<Item = &'r Reason>,
    kind: ReasonKind,
    code: &str,
    field: &str,
) -> Result<&'r Reason, Refusal> {
    let of_kind: Vec<&Reason> = reasons.into_iter().filter(|reason| reason.kind == kind).collect();
    if let Some(found) = of_kind.iter().find(|reason| reason.code == code) {
        return Ok(found);
    }
    let codes: Vec<&str> = of_kind.iter().map(|reason| reason.code.as_str()).collect();
    Err(Refusal::bad(field, format!("There is no such {}. Known: {}.", kind.words(), codes.join(", "))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn defaults() -> Vec<Reason> {
        super::defaults().collect()
    }

    #[test]
    fn each_default_can_be_counted() {
        for reason in defaults() {
            reason.check().unwrap();
            let same = |other: &&Reason| (other.kind, &other.code) == (reason.kind, &reason.code);
            assert_eq!(defaults().iter().filter(same).count(), 1, "{reason:?}");
        }
        for counted in DECLINES_COUNT_AS {
            assert!(
                defaults().iter().any(|reason| reason.counts_as.as_deref() == Some(counted)),
                "{counted}"
            );
        }
    }

    #[test]
    fn a_reason_is_one_of_its_list() {
        let all = defaults();
        assert_eq!(
            known(&all, ReasonKind::Decline, "no_capacity", "reason").unwrap().label,
            "No home was free"
        );
        let refusal = known(&all, ReasonKind::Decline, "move_on", "reason").unwrap_err();
        assert!(refusal.message.contains("out_of_area"), "{refusal}");
        let odd = Reason { counts_as: Some("luck".into()), ..all[0].clone() };
        assert!(odd.check().unwrap_err().message.contains("unsafe_location"));
    }

    #[test]
    fn only_an_immediate_need_is_due_and_within_four_weeks() {
        let all = defaults();
        let need = known(&all, ReasonKind::ImmediateNeed, "medical", "kind").unwrap().clone();
        for (hours, good) in
            [(None, true), (Some(1), true), (Some(672), true), (Some(0), false), (Some(673), false)]
        {
            assert_eq!(Reason { due_hours: hours, ..need.clone() }.check().is_ok(), good, "{hours:?}");
        }
        let topic = known(&all, ReasonKind::Topic, "safety", "topics").unwrap().clone();
        let refusal = Reason { due_hours: Some(4), ..topic }.check().unwrap_err();
        assert_eq!(refusal.field.as_deref(), Some("dueHours"));
    }
}
