//! How many referrals there are: as many as the strategy counts in each of its times.
//!
//! Who comes into a home comes by a referral, and how many come is decided by demand and room. So the others, of
//! households that never come, make up the rest: their pace is set, day by day, by how many are left and how many of
//! those the homes will still take. What the service reports is counted from its records.

use safespace_domain::{
    Night, Nights,
    nights::{earlier, next},
};

use super::{
    BEGINS, FIRST_DAY, STRATEGY_ENDS, date, homes::safe_spaces, referrals::OTHERS, service::Service,
};

/// From when to when how many are received. "551, up 90%" on the same months of 2019; 620 from January to November
/// 2020. What December 2019 had is not known.
const TIMES: [(Night, Night, u32); 4] = [
    (BEGINS, date(2019, 12, 1), 290),
    (date(2019, 12, 1), date(2020, 1, 1), 33),
    (date(2020, 1, 1), FIRST_DAY, 69),
    (FIRST_DAY, STRATEGY_ENDS, 551),
];
/// Of a thousand nights of a safe space, on how many somebody is referred who comes.
const COMING: i64 = 176;
/// The fewer homes there are, the more households never come: so many more of them, in each home's place.
const PLACES: i64 = 24;
/// How many never come, in thousandths a day, after those times.
const LATER: i64 = 450;
/// When all is full, and when there is room: so many thousandths of the pace. Word gets round.
const PACE: (i64, i64) = (1_800, 750);
/// What the last evening shows: so many referrals that are not households of stays.
pub(super) const LAST_EVENING: u32 = 5;
/// From so many days before the end on, so many more are kept for bookings that the last evening shows.
const KEPT: (u32, u32) = (4, 5);

/// The referrals of the time that it is.
#[derive(Default)]
pub(super) struct Quota {
    time: usize,
    received: u32,
}

impl Quota {
    /// Another day.
    pub(super) fn turn(&mut self, today: Night) {
        while TIMES.get(self.time).is_some_and(|(_, to, _)| *to <= today) {
            *self = Self { time: self.time + 1, received: 0 };
        }
    }

    /// A referral was received.
    pub(super) const fn count(&mut self) {
        self.received += 1;
    }

    /// How many are still to come, and by when; none when nobody has counted.
    fn left(&self) -> Option<(u32, Night)> {
        TIMES.get(self.time).map(|(_, to, all)| (all.saturating_sub(self.received), *to))
    }
}

impl Service {
    /// Whether another household can be referred today.
    pub(super) fn may_be_referred(&self, today: Night) -> bool {
        let (days, kept) = KEPT;
        let kept = if self.days_left(today) <= days { kept } else { 0 };
        self.quota.left().is_none_or(|(left, to)| left > self.planned(today, to) + kept)
    }

    /// How many are referred in this half of the day and never come.
    pub(super) fn others(&mut self, today: Night, full: bool, evening: bool) -> u32 {
        let (when_full, with_room) = PACE;
        let pace = if today < FIRST_DAY {
            1_000
        } else if full {
            when_full
        } else {
            with_room
        };
        let (most, a_day) = match self.quota.left() {
            Some((left, to)) => {
                let left = left.saturating_sub(self.planned(today, to));
                if evening && next(today) == to {
                    return left;
                }
                let days = Nights::between(today, to);
                let coming: i64 = days.iter().map(|day| i64::from(safe_spaces(day)) * COMING).sum();
                let weights: i64 = days.iter().map(weight).sum();
                (left, (i64::from(left) * 1_000 - coming) * weight(today) / weights.max(1))
            }
            None => (u32::MAX, LATER),
        };
        let thousandths = u32::try_from(a_day.max(0) * pace / 1_000).unwrap_or(0);
        // Twice the half of a day, at most; so the mean is the half.
        let drawn = self.rng.u32(0..=thousandths);
        (drawn / 1_000 + u32::from(self.happens(drawn % 1_000))).min(most)
    }

    /// How many referrals the last days will show after today, before a day.
    fn planned(&self, today: Night, to: Night) -> u32 {
        let days = OTHERS.iter().map(|(days_left, ..)| earlier(self.last, *days_left));
        let sent = days.filter(|day| *day > today && *day < to).count();
        let last_evening = if self.last < to { LAST_EVENING } else { 0 };
        let held = u32::from(self.hold_day().is_some_and(|day| day < to));
        u32::try_from(sent).unwrap_or(0) + last_evening + held
    }
}

fn weight(day: Night) -> i64 {
    if day < FIRST_DAY { 1 } else { PLACES - i64::from(safe_spaces(day)) }
}
