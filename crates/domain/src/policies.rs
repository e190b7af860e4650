//! Policies: what differs between the schemes, as data.

use serde::{Deserialize, Serialize};

use crate::{refusal::Refusal, units::Scheme};

/// How many nights ahead a booking may begin or end.
pub const BOOK_AHEAD_NIGHTS: u32 = 730;

/// The rules of one scheme. Managers keep them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Whose policy it is.
    pub scheme: Scheme,
    /// The longest stay in nights, counting extensions and back-to-back stays of one household.
    pub longest_stay_nights: u32,
    /// Nights kept free after each stay to make the unit ready.
    pub turnaround_nights: u32,
    /// Every how many nights a stay is reviewed; none when it is too short for that.
    pub review_every_nights: Option<u32>,
    /// An arrival before this hour (Europe/London) belongs to the night before: who comes at half past midnight
    /// was expected last night.
    pub late_arrival_until_hour: u32,
}

impl Policy {
    /// What a new service begins with: seven nights in a safe space (SADA's strategy); 26 weeks in a move-on home,
    /// reviewed every four.
    pub const fn default_for(scheme: Scheme) -> Self {
        match scheme {
            Scheme::SafeSpace => Self {
                scheme,
                longest_stay_nights: 7,
                turnaround_nights: 0,
                review_every_nights: None,
                late_arrival_until_hour: 6,
            },
            Scheme::MoveOn => Self {
                scheme,
                longest_stay_nights: 26 * 7,
                turnaround_nights: 0,
                review_every_nights: Some(4 * 7),
                late_arrival_until_hour: 6,
            },
        }
    }

    /// Refuses a policy that no service could mean.
    pub fn check(&self) -> Result<(), Refusal> {
        if !(1..=BOOK_AHEAD_NIGHTS).contains(&self.longest_stay_nights) {
            return Err(Refusal::bad(
                "longestStayNights",
                format!("The longest stay must be 1 to {BOOK_AHEAD_NIGHTS} nights."),
            ));
        }
        if self.turnaround_nights > 28 {
            return Err(Refusal::bad("turnaroundNights", "The turnaround must be 0 to 28 nights."));
        }
        if self.review_every_nights.is_some_and(|n| !(1..=BOOK_AHEAD_NIGHTS).contains(&n)) {
            return Err(Refusal::bad("reviewEveryNights", "A review is due every 1 night or more seldom."));
        }
        if self.late_arrival_until_hour > 12 {
            return Err(Refusal::bad("lateArrivalUntilHour", "The hour must be 0 to 12."));
        }
        Ok(())
    }
}
