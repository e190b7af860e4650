//! Properties: buildings with a confidential address, known by a public code.

use serde::{Deserialize, Serialize};

use crate::{ids::PropertyId, sharing::Sharing, units::Scheme};

/// A property. Its address is no part of it: only an act of revealing brings it out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Property {
    /// Its id.
    pub id: PropertyId,
    /// Its public code.
    pub code: String,
    /// What it is for.
    pub scheme: Scheme,
    /// The district that it is in, by name.
    pub district: String,
    /// The locality that it is in, by name, where that is known.
    pub locality: Option<String>,
    /// Who may share it.
    pub sharing: Sharing,
}
