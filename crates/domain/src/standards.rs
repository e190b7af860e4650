//! Standards: how soon what is to be done, as data that managers keep.

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    clock::{at_service_time, service_day},
    nights::{Night, later},
    refusal::Refusal,
};

/// How soon what is to be done. What an older record does not say is as it is by default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Standards {
    /// A referral is answered within so many minutes.
    pub response_minutes: u32,
    /// A household is placed at the latest so many days after the day on which it is needed; 0 is the same day.
    pub placement_days: u32,
    /// A hold lapses after so many minutes.
    pub hold_minutes: u32,
    /// So many hours before a stay ends its next step should be known.
    pub next_step_hours: u32,
    /// So many minutes before a hold lapses somebody is told.
    pub hold_warning_minutes: u32,
    /// Within so many hours of its arrival somebody is in contact with a household.
    pub first_contact_hours: u32,
    /// From then on contact is never more than so many hours ago.
    pub contact_every_hours: u32,
}

impl Default for Standards {
    fn default() -> Self {
        Self {
            response_minutes: 60,
            placement_days: 0,
            hold_minutes: 120,
            next_step_hours: 48,
            hold_warning_minutes: 30,
            first_contact_hours: 24,
            contact_every_hours: 48,
        }
    }
}

impl Standards {
    /// Refuses standards that no service could mean.
    pub fn check(&self) -> Result<(), Refusal> {
        let between = |field: &str, n: u32, least: u32, most: u32, what: &str| {
            if (least..=most).contains(&n) {
                return Ok(());
            }
            Err(Refusal::bad(field, format!("{what} must be {least} to {most}.")))
        };
        between("responseMinutes", self.response_minutes, 1, 7 * 24 * 60, "The minutes to a first response")?;
        between("placementDays", self.placement_days, 0, 28, "The days to a placement")?;
        between("holdMinutes", self.hold_minutes, 5, 24 * 60, "The minutes of a hold")?;
        between("nextStepHours", self.next_step_hours, 1, 28 * 24, "The hours before a stay ends")?;
        between(
            "holdWarningMinutes",
            self.hold_warning_minutes,
            1,
            24 * 60,
            "The minutes before a hold lapses",
        )?;
        between("firstContactHours", self.first_contact_hours, 1, 7 * 24, "The hours to a first contact")?;
        between("contactEveryHours", self.contact_every_hours, 1, 28 * 24, "The hours between contacts")
    }

    /// By when a referral that came at an instant is to be answered.
    pub fn response_due(&self, received_at: DateTime<Utc>) -> DateTime<Utc> {
        received_at + TimeDelta::minutes(i64::from(self.response_minutes))
    }

    /// By when a household is to be placed that was referred at an instant for a night: the end of that day, or so many
    /// days later. A day ends for this when late arrivals do, for its night has begun then.
    pub fn placement_due(
        &self,
        received_at: DateTime<Utc>,
        arrival: Night,
        late_until_hour: u32,
    ) -> DateTime<Utc> {
        let day = later(service_day(received_at).max(arrival), self.placement_days + 1);
        let hour = NaiveTime::from_hms_opt(late_until_hour, 0, 0).unwrap_or(NaiveTime::MIN);
        at_service_time(day, hour)
    }

    /// How long a hold lasts, and by how much it is extended.
    pub fn hold(&self) -> TimeDelta {
        TimeDelta::minutes(i64::from(self.hold_minutes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn what_is_due_when() {
        let standards = Standards::default();
        standards.check().unwrap();
        assert_eq!(standards.response_due(at("2020-11-03T22:40:00Z")), at("2020-11-03T23:40:00Z"));
        let due = |received: &str, arrival: &str| {
            standards.placement_due(at(received), arrival.parse().unwrap(), 6).to_rfc3339()
        };
        assert_eq!(due("2020-11-03T23:40:00Z", "2020-11-03"), "2020-11-04T06:00:00+00:00");
        assert_eq!(due("2020-11-03T12:00:00Z", "2020-11-06"), "2020-11-07T06:00:00+00:00");
        assert_eq!(due("2020-07-03T12:00:00Z", "2020-07-03"), "2020-07-04T05:00:00+00:00", "in summer time");
        assert!(Standards { hold_minutes: 0, ..standards }.check().is_err());
    }
}
