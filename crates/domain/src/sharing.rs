//! Sharing: who may live under one roof. A home of one's own shares nothing; in a shared property each unit is a room.
//!
//! Guidance on dispersed accommodation asks for a single sex wherever anything is shared; and some households must never
//! be together, whatever they share.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Who may share a property.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sharing {
    /// Nothing is shared: each unit is a home of its own.
    #[default]
    SelfContained,
    /// Rooms for women and their children.
    WomenOnly,
    /// Rooms for men and their children.
    MenOnly,
    /// Rooms for women or for men: whoever is there first.
    OneSex,
}

impl Sharing {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::SelfContained, Self::WomenOnly, Self::MenOnly, Self::OneSex];

    /// The name in code and files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SelfContained => "self_contained",
            Self::WomenOnly => "women_only",
            Self::MenOnly => "men_only",
            Self::OneSex => "one_sex",
        }
    }

    /// Whether anything is shared.
    pub const fn is_shared(self) -> bool {
        !matches!(self, Self::SelfContained)
    }
}

impl fmt::Display for Sharing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Sharing {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|sharing| sharing.as_str() == text).ok_or_else(|| {
            format!("{text:?} is no way of sharing: use self_contained, women_only, men_only or one_sex")
        })
    }
}

/// Whom a household's adults are, where it shares a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SharesAs {
    /// Women, with or without children.
    Women,
    /// Men, with or without children.
    Men,
    /// Both, or somebody who is neither: in a home of its own only.
    Mixed,
}

impl SharesAs {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Women, Self::Men, Self::Mixed];

    /// The name in code and files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Women => "women",
            Self::Men => "men",
            Self::Mixed => "mixed",
        }
    }
}

impl fmt::Display for SharesAs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for SharesAs {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|shares_as| shares_as.as_str() == text)
            .ok_or_else(|| format!("{text:?} is nobody to share with: use women, men or mixed"))
    }
}
