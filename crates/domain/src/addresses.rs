//! Addresses of properties: the most confidential that there is.

use crate::refusal::Refusal;

/// The most lines of an address.
const MOST_LINES: usize = 6;
/// The longest line, in characters.
const LONGEST_LINE: usize = 80;

/// An address as it is typed: one to six lines. Lines with nothing on them are left out.
pub fn address(text: &str, field: &str) -> Result<String, Refusal> {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let fits = (1..=MOST_LINES).contains(&lines.len())
        && lines
            .iter()
            .all(|line| line.chars().count() <= LONGEST_LINE && !line.chars().any(char::is_control));
    if fits {
        Ok(lines.join("\n"))
    } else {
        Err(Refusal::bad(
            field,
            format!("An address has 1 to {MOST_LINES} lines of at most {LONGEST_LINE} characters each."),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_to_six_short_lines() {
        assert_eq!(address(" 1 Made-up Row \n\n Nowhere ", "address").unwrap(), "1 Made-up Row\nNowhere");
        for bad in ["", " \n ", &"x\n".repeat(7), &"x".repeat(81), "a\u{7}b"] {
            assert!(address(bad, "address").is_err(), "{bad:?}");
        }
    }
}
