//! Group offers of the service, such as a drop-in: how many came on a date. Counts alone, never who.

use serde::{Deserialize, Serialize};

use crate::{
    nights::{FIRST_NIGHT, Night},
    refusal::{Refusal, RefusalCode},
};

/// The most people who come to one date of an offer; more is a slip of the hand.
pub const MOST_ATTENDED: u16 = 500;

/// How many came to an offer on a date. There is one count for each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupAttendance {
    /// The offer: a code of the list of group offers.
    pub offer: String,
    /// The date on which it was held.
    pub held_on: Night,
    /// How many came; none where the count was taken back, because it was not held then.
    pub attended: Option<u16>,
}

/// How many came, as somebody says; refused where no such number can have come.
pub fn attended(said: i64) -> Result<u16, Refusal> {
    u16::try_from(said)
        .ok()
        .filter(|attended| *attended <= MOST_ATTENDED)
        .ok_or_else(|| Refusal::bad("attended", format!("0 to {MOST_ATTENDED} people attend, not {said}.")))
}

/// A date on which an offer was held: not one that is still to come.
pub fn must_have_been(held_on: Night, today: Night) -> Result<(), Refusal> {
    if held_on > today {
        let message = format!("{held_on} is still to come: count those who attend on the day.");
        return Err(Refusal::new(RefusalCode::WrongTime, message).on("heldOn"));
    }
    if held_on < FIRST_NIGHT {
        return Err(Refusal::bad("heldOn", format!("{held_on} is absurdly long ago: check the date.")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_may_come_and_no_less_and_no_more_than_five_hundred() {
        for (said, good) in [(-1, false), (0, true), (500, true), (501, false), (i64::MIN, false)] {
            assert_eq!(attended(said).is_ok(), good, "{said}");
        }
    }

    #[test]
    fn who_came_is_counted_on_the_day_and_not_before() {
        let today = "2020-11-03".parse().unwrap();
        assert!(must_have_been(today, today).is_ok());
        assert!(must_have_been("2020-11-04".parse().unwrap(), today).is_err());
        assert!(must_have_been("1020-11-03".parse().unwrap(), today).is_err());
    }
}
