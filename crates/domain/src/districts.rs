//! Districts: data, with their kind.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// What a district is to the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DistrictKind {
    /// Runs the service.
    Host,
    /// Shares it by agreement.
    Partner,
    /// Tries it out.
    Pilot,
}

impl DistrictKind {
    /// The kind's name in code and files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Partner => "partner",
            Self::Pilot => "pilot",
        }
    }
}

impl fmt::Display for DistrictKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for DistrictKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Host, Self::Partner, Self::Pilot]
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| format!("{text:?} is not a kind of district"))
    }
}

/// A district, known by its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct District {
    /// The name, which is its key.
    pub name: String,
    /// What it is to the service.
    pub kind: DistrictKind,
}
