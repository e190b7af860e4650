//! Reasons: the code lists of why a referral is declined, how one is closed, where a household goes, and what is planned
//! for it next. Managers add to them.

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
}

impl ReasonKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Decline, Self::Destination, Self::Closing, Self::NextStep];

    /// The kind's name in code and files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Decline => "decline",
            Self::Destination => "destination",
            Self::Closing => "closing",
            Self::NextStep => "next_step",
        }
    }

    /// The kind in words, with its article.
    const fn words(self) -> &'static str {
        match self {
            Self::Decline => "reason for declining",
            Self::Destination => "destination",
            Self::Closing => "reason for closing",
            Self::NextStep => "next step",
        }
    }

    /// What a reason of this kind may count as. None may count as something else than itself unless it is here.
    pub const fn counts(self) -> &'static [&'static str] {
        match self {
            Self::Decline => &DECLINES_COUNT_AS,
            Self::Destination => &["safe", "unsafe", "unknown"],
            Self::Closing | Self::NextStep => &[],
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
            format!("{text:?} is not a kind of reason: use decline, destination, closing or next_step")
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
}

impl Reason {
    /// Refuses a reason that figures could not count.
    pub fn check(&self) -> Result<(), Refusal> {
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

/// The reasons that every new service begins with: kind, code, label, what it counts as.
pub const DEFAULTS: [(ReasonKind, &str, &str, Option<&str>); 34] = {
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
        let owned = |(kind, code, label, counts_as): (ReasonKind, &str, &str, Option<&str>)| Reason {
            kind,
            code: code.into(),
            label: label.into(),
            counts_as: counts_as.map(str::to_owned),
        };
        DEFAULTS.into_iter().map(owned).collect()
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
}
