//! Accounts: the people who may sign in.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{access::Role, codes, ids::AccountId, refusal::Refusal};

/// The shortest password, in characters (OWASP ASVS 5.0 advises 15 where possible).
pub const SHORTEST_PASSWORD: usize = 15;
/// The longest password, in characters.
pub const LONGEST_PASSWORD: usize = 128;
/// The shortest and the longest name to sign in with.
const NAME: std::ops::RangeInclusive<usize> = 3..=40;

/// A person's account. What proves that it is them is no part of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// The name to sign in with: a pseudonym, one in upper and lower case.
    pub name: String,
    /// What they are to the service.
    pub role: Role,
    /// The council that they work for; partners only.
    pub council: Option<String>,
    /// When it was made.
    pub made_at: DateTime<Utc>,
    /// Since when it can't be used, where it can't.
    pub disabled_at: Option<DateTime<Utc>>,
    /// Whether a password was chosen.
    pub has_password: bool,
    /// Whether an issuer says that it is them, instead of a password.
    pub has_issuer: bool,
    /// Whether a second factor was confirmed.
    pub has_second_factor: bool,
}

impl Account {
    /// Whether it is settled what they show first when they sign in.
    pub const fn has_first_factor(&self) -> bool {
        self.has_password || self.has_issuer
    }

    /// Whether somebody can sign in with it: not disabled, and set up as its role needs.
    pub const fn is_usable(&self) -> bool {
        self.disabled_at.is_none() && (self.has_second_factor || !self.role.needs_second_factor())
    }
}

/// A name to sign in with.
pub fn name(text: &str) -> Result<String, Refusal> {
    let text = text.trim();
    let fits = NAME.contains(&text.len())
        && text.chars().all(|sign| sign.is_ascii_alphanumeric() || "._-".contains(sign))
        && text.starts_with(|sign: char| sign.is_ascii_alphanumeric());
    if fits {
        Ok(text.to_owned())
    } else {
        Err(Refusal::bad(
            "name",
            format!(
                "A name to sign in with has {} to {} letters, digits, dots, dashes or underscores, and begins with a \
                 letter or a digit.",
                NAME.start(),
                NAME.end()
            ),
        ))
    }
}

/// The council of somebody in a role: partners belong to one, nobody else does.
pub fn council(role: Role, council: Option<&str>) -> Result<Option<String>, Refusal> {
    match (role, council) {
        (Role::Partner, None) => Err(Refusal::bad("council", "A partner belongs to a council: name it.")),
        (Role::Partner, Some(name)) => codes::name(name, "council").map(Some),
        (_, Some(_)) => Err(Refusal::bad("council", "Only a partner belongs to a council.")),
        (_, None) => Ok(None),
    }
}

/// Refuses a password that is too short or too long. Any characters may be in it, and none must.
pub fn must_have_length(password: &str) -> Result<(), Refusal> {
    let length = password.chars().count();
    if (SHORTEST_PASSWORD..=LONGEST_PASSWORD).contains(&length) {
        return Ok(());
    }
    Err(Refusal::bad(
        "password",
        format!(
            "A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters: four or five words that have nothing \
             to do with each other make a good one."
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_and_councils_belong_to_partners() {
        assert_eq!(name(" night.officer-1 ").unwrap(), "night.officer-1");
        for bad in ["", "ab", "-abc", "a b c", "\u{e9}abc", &"x".repeat(41), "<b>abc"] {
            assert!(name(bad).is_err(), "{bad:?}");
        }
        assert!(council(Role::Partner, None).is_err());
        assert!(council(Role::Officer, Some("North Herts")).is_err());
        assert_eq!(council(Role::Partner, Some("North Herts")).unwrap().as_deref(), Some("North Herts"));
    }

    #[test]
    fn a_password_has_15_to_128_characters_of_any_kind() {
        for (length, good) in [(14, false), (15, true), (128, true), (129, false)] {
            assert_eq!(must_have_length(&"\u{e9}".repeat(length)).is_ok(), good, "{length}");
        }
    }
}
