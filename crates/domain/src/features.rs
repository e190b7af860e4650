//! Features of units: a code list with labels, kept as data.

use serde::{Deserialize, Serialize};

/// A feature that a unit can have and a household can need.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feature {
    /// The code, as files and the API use it: `step_free`.
    pub code: String,
    /// What people read: "Step-free access".
    pub label: String,
}

/// The features that every new service begins with.
pub const DEFAULTS: [(&str, &str); 14] = [
    ("step_free", "Step-free access"),
    ("wheelchair", "Wheelchair accessible throughout"),
    ("ground_floor", "Ground floor"),
    ("accessible_bathroom", "Accessible bathroom"),
    ("lift", "Lift"),
    ("cot", "Cot"),
    ("pets", "Pets welcome"),
    ("parking", "Parking"),
    ("own_kitchen", "Own kitchen"),
    ("own_bathroom", "Own bathroom"),
    ("women_only", "Women only"),
    ("men_only", "Men only"),
    ("self_contained", "Self-contained"),
    ("garden", "Garden"),
];
