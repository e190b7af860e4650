//! Who may do what: the one table of roles and permissions.

use std::{fmt, str::FromStr};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    ids::TokenId,
    refusal::{Refusal, RefusalCode},
};

/// What somebody is to the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Takes referrals, allocates rooms, runs stays.
    Officer,
    /// Reviews occupancy, grants exceptions, looks after properties and policy; may also do what officers do.
    Manager,
    /// Works for a partner council: may ask whether there is room. Sees no unit, property or case.
    Partner,
}

impl Role {
    /// The role's name in code, files and tokens.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Officer => "officer",
            Self::Manager => "manager",
            Self::Partner => "partner",
        }
    }

    /// Whether the role has the permission. This table is the only place that says so.
    pub const fn may(self, permission: Permission) -> bool {
        match permission {
            Permission::SeeSpaces
            | Permission::SeeStays
            | Permission::PlaceHouseholds
            | Permission::RecordVoids => {
                matches!(self, Self::Officer | Self::Manager)
            }
            Permission::GrantExceptions | Permission::ManageSpaces | Permission::ImportRecords => {
                matches!(self, Self::Manager)
            }
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Officer, Self::Manager, Self::Partner]
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or_else(|| format!("{text:?} is not a role: use officer, manager or partner"))
    }
}

/// Something that a role may or may not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// See properties, units, their free nights, and occupancy.
    SeeSpaces,
    /// See households and stays.
    SeeStays,
    /// Book, check in and out, extend, shorten, cancel, move, reinstate.
    PlaceHouseholds,
    /// Record, change and cancel voids.
    RecordVoids,
    /// Allow a stay longer than the policy does.
    GrantExceptions,
    /// Register, describe, open and close properties and units; keep code lists and policies.
    ManageSpaces,
    /// Bring in files of past records.
    ImportRecords,
}

impl Permission {
    const fn words(self) -> &'static str {
        match self {
            Self::SeeSpaces => "see the spaces",
            Self::SeeStays => "see stays",
            Self::PlaceHouseholds => "place households",
            Self::RecordVoids => "record voids",
            Self::GrantExceptions => "grant an exception: ask a manager",
            Self::ManageSpaces => "change properties, units and policies: ask a manager",
            Self::ImportRecords => "import records",
        }
    }
}

/// Somebody whose credential was checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// The credential, as the audit names it.
    pub token: TokenId,
    /// What they are to the service.
    pub role: Role,
    /// The partner council that they work for; partners only.
    pub council: Option<String>,
    /// From when on the credential is no longer good.
    pub expires_at: Option<DateTime<Utc>>,
}

impl Actor {
    /// Whether the credential is still good.
    pub fn is_good(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_none_or(|expires_at| now < expires_at)
    }

    /// Refused when the actor's role lacks the permission.
    pub fn must(&self, permission: Permission) -> Result<(), Refusal> {
        if self.role.may(permission) {
            Ok(())
        } else {
            Err(Refusal::new(
                RefusalCode::NotAllowed,
                format!("A sign-in as {} can't {}.", self.role, permission.words()),
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partners_may_do_nothing_that_shows_a_unit_or_a_case() {
        for permission in [
            Permission::SeeSpaces,
            Permission::SeeStays,
            Permission::PlaceHouseholds,
            Permission::RecordVoids,
            Permission::GrantExceptions,
            Permission::ManageSpaces,
            Permission::ImportRecords,
        ] {
            assert!(!Role::Partner.may(permission));
            assert!(Role::Manager.may(permission));
        }
        assert!(!Role::Officer.may(Permission::GrantExceptions));
    }
}
