//! Households: the people who are placed together, known by a pseudonymous reference.

use serde::{Deserialize, Serialize};

use crate::{ids::HouseholdId, refusal::Refusal};

/// The most people that one household may have; more is a slip of the hand, or a case for two units.
pub const MOST_PEOPLE: u16 = 60;

/// The people of a household, as counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct People {
    /// Adults, 18 and over.
    pub adults: u16,
    /// Children, under 18.
    pub children: u16,
}

impl People {
    /// People whose counts make sense: somebody, and at most [`MOST_PEOPLE`].
    pub fn new(adults: i64, children: i64) -> Result<Self, Refusal> {
        let count = |n: i64, field: &str| {
            u16::try_from(n).ok().filter(|n| *n <= MOST_PEOPLE).ok_or_else(|| {
                Refusal::bad(field, format!("A household has 0 to {MOST_PEOPLE} {field}, not {n}."))
            })
        };
        let people = Self { adults: count(adults, "adults")?, children: count(children, "children")? };
        if people.total() == 0 {
            return Err(Refusal::bad(
                "adults",
                "A household has at least one person: give adults or children.",
            ));
        }
        if people.total() > MOST_PEOPLE {
            return Err(Refusal::bad("children", format!("A household has at most {MOST_PEOPLE} people.")));
        }
        Ok(people)
    }

    /// People of past records, where nobody may have been counted: then both counts are zero, which means unknown.
    pub fn of_the_past(adults: i64, children: i64) -> Result<Self, Refusal> {
        if (adults, children) == (0, 0) {
            Ok(Self { adults: 0, children: 0 })
        } else {
            Self::new(adults, children)
        }
    }

    /// How many people.
    pub const fn total(self) -> u16 {
        self.adults + self.children
    }
}

/// A household.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Household {
    /// Its id.
    pub id: HouseholdId,
    /// Its pseudonymous reference, such as `R-2020-0551`. Never a name.
    pub reference: String,
    /// Whether personal details are kept of it. What they are, only an act of revealing brings out.
    pub has_details: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_household_of_none_of_less_than_none_or_absurdly_many_is_refused() {
        assert!(People::new(0, 0).is_err());
        assert_eq!(People::new(-1, 2).unwrap_err().field.as_deref(), Some("adults"));
        assert_eq!(People::new(1, 1_000_000).unwrap_err().field.as_deref(), Some("children"));
        assert!(People::new(40, 40).is_err());
        assert_eq!(People::new(1, 2).unwrap().total(), 3);
    }
}
