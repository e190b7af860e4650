//! Kinds of safe accommodation, as the statutory return counts them: a code list, and which kind each scheme's homes are.
//!
//! Part 4 of the Domestic Abuse Act 2021 has local authorities report on support in "relevant accommodation"; regulation 2
//! of SI 2021/991 says what that is. The form changes, so the list and the mapping are data that managers keep.

use serde::{Deserialize, Serialize};

use crate::{ids::PropertyId, units::Scheme};

/// A kind of safe accommodation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccommodationKind {
    /// Its code, as files, figures and the API use it.
    pub code: String,
    /// What people read.
    pub label: String,
}

/// The kinds that every new service begins with, by code and label: those of SI 2021/991, regulation 2.
pub const DEFAULTS: [(&str, &str); 6] = [
    ("refuge", "Refuge"),
    ("specialist_safe", "Specialist safe accommodation"),
    ("dispersed", "Dispersed accommodation"),
    (SECOND_STAGE, "Second stage accommodation"),
    (OTHER_EMERGENCY, "Other designated emergency accommodation"),
    ("sanctuary_scheme", "Sanctuary scheme"),
];

const SECOND_STAGE: &str = "second_stage";
const OTHER_EMERGENCY: &str = "other_emergency";

/// Which kind a scheme's homes are, where a property does not say otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchemeKind {
    /// The scheme.
    pub scheme: Scheme,
    /// The code of the kind.
    pub kind: String,
}

/// Which kind a property is, where it is another than its scheme's: a dispersed home among safe spaces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PropertyKind {
    /// The property.
    pub property: PropertyId,
    /// The code of the kind.
    pub kind: String,
}

/// The kind that a scheme's homes are until managers say otherwise. A safe space is for a few nights in an emergency, and
/// none of the kinds that the regulations name before "other"; move-on follows it, as second stage follows refuge.
pub const fn default_for(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::SafeSpace => OTHER_EMERGENCY,
        Scheme::MoveOn => SECOND_STAGE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes;

    #[test]
    fn the_kinds_are_those_of_the_regulations_and_each_scheme_is_one_of_them() {
        assert_eq!(DEFAULTS.len(), 6);
        for (n, (code, label)) in DEFAULTS.into_iter().enumerate() {
            assert_eq!(codes::code(code, "code").unwrap(), code);
            assert_eq!(codes::name(label, "label").unwrap(), label);
            assert!(DEFAULTS.iter().skip(n + 1).all(|(other, _)| *other != code), "{code} is there twice");
        }
        for scheme in Scheme::ALL {
            assert!(DEFAULTS.iter().any(|(code, _)| *code == default_for(scheme)), "{scheme}");
        }
    }
}
