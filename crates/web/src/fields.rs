//! The fields of a form or of a query, by name, as they were typed.

use std::str::FromStr;

use safespace_domain::{Night, Refusal};
use uuid::Uuid;

use crate::words;

/// Fields in the order in which they came. A name may stand there more than once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fields(Vec<(String, String)>);

impl From<Vec<(String, String)>> for Fields {
    fn from(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }
}

impl Fields {
    /// With one more.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "callers have made it for this")]
    pub(crate) fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.0.push((name.to_owned(), value.to_string()));
        self
    }

    /// What stands in a field, without the spaces around it; empty where it is not there.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value.trim())
    }

    /// Without passwords: they are kept for nobody.
    #[must_use]
    pub(crate) fn without_secrets(mut self) -> Self {
        self.0.retain(|(name, _)| !["current", "password"].contains(&name.as_str()));
        self
    }

    /// A password: as it was typed, spaces and all.
    pub(crate) fn secret(&self, name: &str) -> &str {
        self.0.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value)
    }

    /// Whether one of the values of a field is this one: a box that was ticked, a choice that was made.
    pub(crate) fn has(&self, name: &str, value: &str) -> bool {
        self.0.iter().any(|(found, there)| found == name && there == value)
    }

    /// All values of a field that are not empty.
    pub(crate) fn all<C: FromIterator<String>>(&self, name: &str) -> C {
        let values = self.0.iter().filter(|(found, value)| found == name && !value.trim().is_empty());
        values.map(|(_, value)| value.trim().to_owned()).collect()
    }

    /// All of them, as they were typed, but for what the frame of every form has: to be carried through a confirm step.
    pub(crate) fn carried(&self) -> Vec<(String, String)> {
        let of_the_frame = |name: &str| ["token", "whose", "once", "do"].contains(&name);
        self.0.iter().filter(|(name, _)| !of_the_frame(name)).cloned().collect()
    }

    /// What stands in a field; none where nothing does.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        Some(self.get(name)).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    /// A date; none where nothing was typed.
    pub(crate) fn date(&self, name: &str) -> Result<Option<Night>, Refusal> {
        self.parsed(name, &words::at_field(name, words::NO_DATE))
    }

    /// A date that must be there.
    pub(crate) fn needed_date(&self, name: &str) -> Result<Night, Refusal> {
        self.date(name)?.ok_or_else(|| Refusal::bad(name, words::at_field(name, words::DATE_MISSING)))
    }

    /// A whole number; none where nothing was typed.
    pub(crate) fn number(&self, name: &str) -> Result<Option<i64>, Refusal> {
        self.parsed(name, &words::at_field(name, words::NO_NUMBER))
    }

    /// A whole number that must be there.
    pub(crate) fn needed_number(&self, name: &str) -> Result<i64, Refusal> {
        self.number(name)?.ok_or_else(|| Refusal::bad(name, words::at_field(name, words::NUMBER_MISSING)))
    }

    /// The id of a record.
    pub(crate) fn id<I>(&self, name: &str, of: fn(Uuid) -> I) -> Option<I> {
        self.get(name).parse().ok().map(of)
    }

    /// What a field says in a type's own words; none where nothing was typed.
    pub(crate) fn parsed<T: FromStr>(&self, name: &str, wrong: &str) -> Result<Option<T>, Refusal> {
        match self.get(name) {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|_| Refusal::bad(name, wrong)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_is_read_and_what_is_wrong_names_its_field() {
        let fields = Fields::default()
            .with("arrival", " 2020-11-03 ")
            .with("adults", "two")
            .with("f", "COT")
            .with("f", "");
        assert_eq!(fields.needed_date("arrival").unwrap().to_string(), "2020-11-03");
        assert_eq!(fields.needed_number("adults").unwrap_err().field.as_deref(), Some("adults"));
        assert_eq!(fields.number("children"), Ok(None));
        assert_eq!(fields.all::<Vec<_>>("f"), ["COT"]);
        assert!(fields.has("f", "COT") && !fields.has("f", "RAMP"));
        assert_eq!(fields.text("f").as_deref(), Some("COT"));
    }
}
