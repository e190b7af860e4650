//! Short codes and texts that people type: what they may look like.

use std::borrow::Cow;

use crate::refusal::Refusal;

/// The longest code.
pub const LONGEST_CODE: usize = 40;
/// The longest name or label, in characters.
pub const LONGEST_NAME: usize = 80;
/// The longest note or reason, in characters.
pub const LONGEST_NOTE: usize = 2_000;

/// A field's name as it stands in a sentence: `unitOfIssue` is "unit of issue". A column of a file keeps its name, which
/// people look for there.
pub fn spoken(field: &str) -> Cow<'_, str> {
    let special = match field {
        "because" => "reason",
        "callBack" => "number to call back",
        "chosenBecause" => "reason for choosing this home",
        "dashTicks" => "number of ticks",
        "donatedBy" => "name of who gave it",
        "exception" => "reason for a longer stay",
        "lot" => "code of the lot",
        "riskReason" => "reason for the risk",
        "household" => "reference of the household",
        _ => "",
    };
    if !special.is_empty() {
        return Cow::Borrowed(special);
    }
    if !field.contains(|c: char| c.is_ascii_uppercase()) {
        return Cow::Borrowed(field);
    }
    let mut words = String::with_capacity(field.len() + 4);
    for c in field.chars() {
        if c.is_ascii_uppercase() {
            words.push(' ');
        }
        words.push(c.to_ascii_lowercase());
    }
    Cow::Owned(words)
}

/// A short code such as `SS-07`: letters, digits, `-`, `_`, `.` and `/`, at most [`LONGEST_CODE`].
pub fn code(text: &str, field: &str) -> Result<String, Refusal> {
    let text = text.trim();
    let fits = !text.is_empty()
        && text.len() <= LONGEST_CODE
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c))
        && text.starts_with(|c: char| c.is_ascii_alphanumeric());
    if fits {
        Ok(text.to_owned())
    } else {
        let spoken = spoken(field);
        Err(Refusal::bad(
            field,
            format!(
                "The {spoken} must be 1 to {LONGEST_CODE} letters, digits or any of - _ . / and begin with a \
                 letter or a digit."
            ),
        ))
    }
}

/// A household's reference as it is looked for: a code, or a code with `~` and a number after it, which the service adds
/// where somebody gives a reference that is closed to them ([`crate::restrictions::ClosedReferences`]).
pub fn reference(text: &str, field: &str) -> Result<String, Refusal> {
    let text = text.trim();
    let (plain, _) = numbered(text).unwrap_or((text, 0));
    code(plain, field).map(|_| text.to_owned())
}

/// Refuses a new household's reference that reads like a name: one without a digit. Everybody sees references; nobody may
/// see a name.
pub fn must_name_nobody(reference: &str, field: &str) -> Result<(), Refusal> {
    if reference.chars().any(|letter| letter.is_ascii_digit()) {
        return Ok(());
    }
    let message = "A reference is a code with a number in it, such as R-2020-0551. Everybody sees it: it must never be a name.";
    Err(Refusal::bad(field, message))
}

/// The numbers that are looked for after a reference. There is one household for each person to whom another one of that
/// reference is closed, and mostly there is none.
pub const NUMBERS: std::ops::RangeInclusive<u32> = 2..=9;

/// A reference with a number after it, in its two parts.
pub fn numbered(reference: &str) -> Option<(&str, u32)> {
    let (plain, number) = reference.rsplit_once('~')?;
    Some((plain, number.parse().ok().filter(|n: &u32| *n > 1 && number == n.to_string())?))
}

/// What two codes have in common that differ only in upper and lower case: they are the same code.
pub fn key(code: &str) -> String {
    code.to_ascii_uppercase()
}

/// A name or label on one line, at most [`LONGEST_NAME`] characters. A name that a spreadsheet would run as a
/// formula is refused.
pub fn name(text: &str, field: &str) -> Result<String, Refusal> {
    let text = text.trim();
    let length = text.chars().count();
    let spoken = spoken(field);
    if length == 0 || length > LONGEST_NAME || text.chars().any(char::is_control) {
        return Err(Refusal::bad(
            field,
            format!("The {spoken} must be 1 to {LONGEST_NAME} characters on one line."),
        ));
    }
    if text.starts_with(['=', '+', '-', '@']) {
        return Err(Refusal::bad(
            field,
            format!("The {spoken} must not begin with = + - or @: a spreadsheet would run it as a formula."),
        ));
    }
    Ok(text.to_owned())
}

/// A note or reason in free text, at most [`LONGEST_NOTE`] characters. Always confidential.
pub fn note(text: &str, field: &str) -> Result<String, Refusal> {
    let (text, spoken) = (text.trim(), spoken(field));
    if text.is_empty() {
        return Err(Refusal::bad(field, format!("The {spoken} is empty: say why in a few words.")));
    }
    if text.chars().count() > LONGEST_NOTE {
        return Err(Refusal::bad(field, format!("The {spoken} is longer than {LONGEST_NOTE} characters.")));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_may_have_a_number_after_it() {
        assert_eq!(reference(" R-1~2 ", "household").unwrap(), "R-1~2");
        assert_eq!(numbered("R-1~12"), Some(("R-1", 12)));
        for bad in ["R-1~", "R-1~1", "R-1~02", "R-1~x", "~2", "R-1~2~3", "R-1~+2"] {
            assert!(reference(bad, "household").is_err(), "{bad:?}");
        }
        assert!(code("R-1~2", "household").is_err(), "nobody gives one");
    }

    #[test]
    fn sentences_have_words_and_the_field_its_name() {
        let refused = note(&"x".repeat(2_001), "riskReason").unwrap_err();
        assert_eq!(refused.message, "The reason for the risk is longer than 2000 characters.");
        assert_eq!(refused.field.as_deref(), Some("riskReason"));
        let refused = name("", "unitOfIssue").unwrap_err();
        assert_eq!(refused.message, "The unit of issue must be 1 to 80 characters on one line.");
        assert_eq!(spoken("unit_of_issue"), "unit_of_issue", "the column of a file");
    }

    #[test]
    fn codes_are_short_plain_and_never_formulas() {
        assert_eq!(code(" SS-07 ", "unit").unwrap(), "SS-07");
        for bad in ["", "=1+1", "-SS", "a b", &"x".repeat(41), "caf\u{e9}"] {
            assert!(code(bad, "unit").is_err(), "{bad:?}");
        }
        assert!(name("=cmd()", "name").is_err());
        assert!(name("two\nlines", "name").is_err());
        assert!(note(&"x".repeat(2_001), "note").is_err());
    }
}
