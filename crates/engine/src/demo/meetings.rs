//! Targets for each financial year, and packs for the groups that meet, over the last months.

use chrono::Datelike;
use rust_decimal::Decimal;
use safespace_domain::{
    Night,
    meeting_packs::MeetingGroup,
    nights::earlier,
    targets::{Direction, Target},
};

use super::{DemoError, service::Service};
use crate::Command;

/// From so many days before the end on, packs are issued: two quarters at least.
const ISSUED: u32 = 200;
/// What is aimed at: the code, the title, the figure, who answers for it, the value, the tolerance and which way is better.
const TARGETS: [(&str, &str, &str, &str, i64, i64, Direction); 5] = [
    ("FULL-HOMES", "Homes are used", "occupancy_rate", "Service manager", 85, 5, Direction::AtLeast),
    (
        "ANSWERED",
        "Referrals are answered in time",
        "responded_in_time",
        "Duty lead",
        95,
        5,
        Direction::AtLeast,
    ),
    ("PLACED", "Households are placed in time", "placed_in_time", "Duty lead", 90, 10, Direction::AtLeast),
    ("TURNED-AWAY", "Few are turned away", "turned_away_share", "Head of housing", 30, 10, Direction::AtMost),
    ("RELET", "Homes are let again soon", "relet_gap_mean", "Property lead", 1, 1, Direction::AtMost),
];
/// What managers say to packs. Nobody is named.
const SAID: [&str; 3] = [
    "Demand stayed high. Most who were turned away needed more beds than one home has.\n\nTwo homes were out of service for \
     repairs, and are back.",
    "A quieter period. The handover of keys at night works better since there is a key safe in every property.",
    "More families than before. We ask for two more homes with three bedrooms.",
];

impl Service {
    /// Sets the targets of a year that begins, and issues the packs of periods that are over.
    pub(super) async fn prepare_meetings(&mut self, today: Night) -> Result<(), DemoError> {
        if (today.month(), today.day()) == (4, 1) {
            for (code, title, measure, owner, value, tolerance, direction) in TARGETS {
                let target = Target {
                    year: today,
                    code: code.into(),
                    title: title.into(),
                    measure: measure.into(),
                    group: None,
                    owner: owner.into(),
                    value: Decimal::from(value),
                    tolerance: Decimal::from(tolerance),
                    direction,
                };
                self.run(Command::SaveTarget(target)).await?;
            }
        }
        if today < earlier(self.last, ISSUED) {
            return Ok(());
        }
        for group in MeetingGroup::defaults() {
            let on = earlier(today, 1);
            if group.period_of(on).departure() != today {
                continue;
            }
            let week = usize::try_from(today.num_days_from_ce()).unwrap_or(0) / 7;
            let text = SAID.get(week % SAID.len()).copied().unwrap_or_default().to_owned();
            let (group, first) = (group.code, on);
            self.run(Command::SaveCommentary { group: group.clone(), on: first, text }).await?;
            self.run(Command::IssueMeetingPack { group, on: first }).await?;
        }
        Ok(())
    }
}
