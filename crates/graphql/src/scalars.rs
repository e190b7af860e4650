//! Scalars of our own.

use async_graphql::{InputValueError, InputValueResult, Result, Scalar, ScalarType, Value};
use safespace_domain::{
    Night, Nights, Refusal,
    nights::{END_OF_NIGHTS, FIRST_NIGHT},
};

use crate::answers::query_error;

/// A count as the API has it.
pub(crate) fn count(n: impl TryInto<i32>) -> i32 {
    n.try_into().unwrap_or(i32::MAX)
}

/// A number that is not below zero, for a rule to look at: one below is so large that each rule refuses it.
pub(crate) fn natural(n: i32) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// The nights that a list is asked for, one or both ends given.
pub(crate) fn nights_filter(from: Option<Date>, to: Option<Date>) -> Result<Option<Nights>> {
    if from.is_none() && to.is_none() {
        return Ok(None);
    }
    let (from, to) = (from.map_or(FIRST_NIGHT, |date| date.0), to.map_or(END_OF_NIGHTS, |date| date.0));
    if to <= from {
        let why = format!("The list ends on {to}, which must be after {from}, where it begins.");
        return Err(query_error(Refusal::bad("to", why).into()));
    }
    Ok(Some(Nights::between(from, to)))
}

/// What a date looks like, for whoever wrote one that is none.
pub(crate) const DATE_HINT: &str = "write YYYY-MM-DD, a day that exists";

fn date(value: &Value) -> Option<Night> {
    let Value::String(text) = value else { return None };
    let strict = text.len() == 10
        && text.bytes().enumerate().all(|(i, byte)| match i {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    text.parse().ok().filter(|_| strict)
}

/// A civil date, `YYYY-MM-DD`; for a night, the date on which it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date(pub Night);

#[Scalar(name = "Date", specified_by_url = "https://scalars.graphql.org/andimarek/local-date.html")]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        date(&value).map(Self).ok_or_else(|| InputValueError::custom(DATE_HINT))
    }

    /// Asked before anything is carried out, by which the answer can name the argument.
    fn is_valid(value: &Value) -> bool {
        date(value).is_some()
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}
