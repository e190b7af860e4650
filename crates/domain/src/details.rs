//! A household's personal details. None is needed to place it: its reference is enough.

use serde::{Deserialize, Serialize};

use crate::{codes, refusal::Refusal};

/// What is kept of a household in somebody's own words. All of it is confidential.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Details {
    /// Names.
    pub name: Option<String>,
    /// A safe way to reach it: a telephone number or an e-mail address.
    pub contact: Option<String>,
    /// Anything else that whoever looks after it must know.
    pub note: Option<String>,
}

/// Which of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DetailKind {
    /// Names.
    Name,
    /// A safe way to reach it.
    Contact,
    /// Anything else.
    Note,
}

impl DetailKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Name, Self::Contact, Self::Note];

    /// The kind's name in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Contact => "contact",
            Self::Note => "note",
        }
    }
}

impl Details {
    /// One of them.
    pub fn get(&self, kind: DetailKind) -> Option<&str> {
        match kind {
            DetailKind::Name => self.name.as_deref(),
            DetailKind::Contact => self.contact.as_deref(),
            DetailKind::Note => self.note.as_deref(),
        }
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        DetailKind::ALL.into_iter().all(|kind| self.get(kind).is_none())
    }

    /// Sets one of them.
    pub fn set(&mut self, kind: DetailKind, text: String) {
        match kind {
            DetailKind::Name => self.name = Some(text),
            DetailKind::Contact => self.contact = Some(text),
            DetailKind::Note => self.note = Some(text),
        }
    }

    /// What is said now over what was known: a part that is not said stays as it was, and an empty one takes it away once it
    /// is [checked](Self::checked).
    #[must_use]
    pub fn or(self, before: Self) -> Self {
        Self {
            name: self.name.or(before.name),
            contact: self.contact.or(before.contact),
            note: self.note.or(before.note),
        }
    }

    /// The same, checked and tidied: names and contacts on one line, a note of bounded length. What is empty is left
    /// out.
    pub fn checked(self) -> Result<Self, Refusal> {
        let said = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        Ok(Self {
            name: said(self.name).map(|text| codes::name(&text, "name")).transpose()?,
            contact: said(self.contact).map(|text| contact(&text)).transpose()?,
            note: said(self.note).map(|text| codes::note(&text, "note")).transpose()?,
        })
    }
}

/// A contact begins with `+` where it is a number from abroad, which a name may not.
fn contact(text: &str) -> Result<String, Refusal> {
    let text = text.trim();
    if text.chars().count() <= codes::LONGEST_NAME && !text.chars().any(char::is_control) {
        Ok(text.to_owned())
    } else {
        Err(Refusal::bad(
            "contact",
            format!("A contact is at most {} characters on one line.", codes::LONGEST_NAME),
        ))
    }
}

/// What two contacts have in common that are the same, however they are typed: the digits of a telephone number, with
/// the United Kingdom's code left out; anything else in lower case without spaces.
pub fn contact_key(contact: &str) -> String {
    let digits: String = contact.chars().filter(char::is_ascii_digit).collect();
    let is_number =
        digits.len() >= 6 && contact.chars().all(|sign| sign.is_ascii_digit() || "+-()/. ".contains(sign));
    if !is_number {
        return contact.chars().filter(|sign| !sign.is_whitespace()).flat_map(char::to_lowercase).collect();
    }
    let digits = digits.strip_prefix("00").unwrap_or(&digits);
    let national = digits.strip_prefix("44").map(|rest| rest.strip_prefix('0').unwrap_or(rest));
    format!("tel:{}", national.unwrap_or_else(|| digits.strip_prefix('0').unwrap_or(digits)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_is_the_same_however_it_is_typed() {
        let keys =
            ["07700 900123", "+44 7700 900-123", "0044 (0)7700 900123", "(07700) 900123"].map(contact_key);
        assert!(keys.iter().all(|key| *key == keys[0]), "{keys:?}");
        assert_ne!(contact_key("07700 900124"), keys[0]);
        assert_eq!(contact_key(" Somebody@Example.invalid "), contact_key("somebody@example.invalid"));
    }

    #[test]
    fn what_is_not_said_stays_and_what_is_empty_goes() {
        let before = Details { name: Some("Ann".into()), contact: Some("1".into()), note: None };
        let said = Details { name: None, contact: Some(String::new()), note: Some("After six".into()) };
        let now = said.or(before).checked().unwrap();
        assert_eq!(now, Details { name: Some("Ann".into()), contact: None, note: Some("After six".into()) });
    }

    #[test]
    fn what_is_empty_is_left_out_and_what_is_too_long_refused() {
        let empty = Details { name: Some(" ".into()), contact: Some(String::new()), note: None };
        assert_eq!(empty.checked().unwrap(), Details::default());
        assert!(Details { contact: Some("x".repeat(81)), ..Details::default() }.checked().is_err());
        assert!(Details { name: Some("two\nlines".into()), ..Details::default() }.checked().is_err());
        let abroad = Details { contact: Some("+33 1 23 45".into()), ..Details::default() };
        assert!(abroad.checked().is_ok());
    }
}
