//! Support: who answers for whom, sessions and offers that were declined, immediate needs that are settled, and how many
//! attend the group offers.
//!
//! It has chance and time of its own: whatever is said here changes nothing of who comes and goes.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use chrono::{DateTime, Datelike, TimeDelta, Utc, Weekday};
use safespace_domain::{
    HouseholdId, Night,
    access::Role,
    nights::later,
    stays::{Stay, StayState, StayStatus},
    support::{Channel, OutcomeKind, is_kept_in_contact},
};

use super::{DemoError, date, households::weighted, outside::midnight, service::Service};
use crate::{
    Command, NewAccount, RecordGroupAttendance, RecordSupportSession, SettleImmediateNeeds, SupportAsk,
};

/// So that what happens in support does not change what happens to homes.
const STREAM: u64 = 0x5e55;
/// From so many days before the end on, support is written down: who left before that is not told of.
const WRITTEN: u32 = 28;
/// From so many days before the end on, nobody speaks with one household: by the end that is a gap.
const QUIET: u32 = 3;
/// Made-up people of the team, who answer for households.
const TEAM: [(&str, Role); 4] = [
    ("ash.worker", Role::Officer),
    ("briar.worker", Role::Officer),
    ("cedar.worker", Role::Officer),
    ("dale.manager", Role::Manager),
];
/// Of a thousand households in safe spaces, how many are offered a session on a day, and late in the evening; and in
/// move-on homes.
const OFFERED: (u32, u32, u32) = (820, 120, 140);
/// Of a thousand offers, how many are declined, and of a thousand sessions, how many have a note.
const DECLINED: u32 = 130;
const NOTED: u32 = 250;
/// Of a thousand needs that are due by tomorrow, and of those that are due later, how many are settled today; and of a
/// thousand of those, how many turn out not to be needed.
const SETTLED: (u32, u32) = (930, 350);
const NOT_NEEDED: u32 = 300;
/// How they meet, and how often.
const CHANNELS: [(Channel, u32); 3] = [(Channel::InPerson, 50), (Channel::Phone, 40), (Channel::Video, 10)];
/// What they speak of.
const TOPICS: [&str; 9] = [
    "safety",
    "emotional_support",
    "health",
    "children",
    "housing",
    "money",
    "legal",
    "immigration",
    "work_and_learning",
];
/// What is written down of some sessions. No names, no places.
const NOTES: [&str; 5] = [
    "Slept better. Wants to ring the solicitor tomorrow, with somebody beside her.",
    "The children miss their school; to ask whether they can go on there by taxi.",
    "Worried about messages on the old phone. New one handed over.",
    "Safety plan gone through together; a copy stays with us.",
    "Did not want to talk for long. Will ring when ready.",
];
/// The course for parents: ten Tuesdays in 2020.
const COURSE: (Night, u32) = (date(2020, 9, 15), 10);
/// How many attend the drop-in, and begin the course.
const DROP_IN: std::ops::RangeInclusive<u16> = 5..=14;
const BEGIN: u16 = 12;

/// Support, as far as it must be remembered.
pub(super) struct Support {
    rng: fastrand::Rng,
    /// Who has a key worker.
    answered_for: BTreeSet<HouseholdId>,
    /// How many have had one.
    assigned: usize,
    /// Who nobody speaks with any more.
    quiet: Option<HouseholdId>,
    /// How many attended the course last time.
    on_course: u16,
    /// Whether the team has accounts.
    has_team: bool,
    /// When who was last spoken with.
    spoken: BTreeMap<HouseholdId, DateTime<Utc>>,
}

impl Support {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            rng: fastrand::Rng::with_seed(seed ^ STREAM),
            answered_for: BTreeSet::new(),
            assigned: 0,
            quiet: None,
            on_course: BEGIN,
            has_team: false,
            spoken: BTreeMap::new(),
        }
    }

    fn happens(&mut self, of_thousand: u32) -> bool {
        self.rng.u32(0..1_000) < of_thousand
    }
}

impl Service {
    /// The support of an afternoon.
    pub(super) async fn give_support(&mut self, today: Night) -> Result<(), DemoError> {
        self.count_groups(today).await?;
        if self.days_left(today) > WRITTEN {
            return Ok(());
        }
        self.employ().await?;
        let there = self.stays_that(StayStatus::InResidence, |_| true);
        if self.days_left(today) <= QUIET && self.support.quiet.is_none() {
            let goes_on = |stay: &&Stay| {
                self.is_in_safe_space(stay)
                    && stay.nights.departure() > later(self.last, 1)
                    && self.support.spoken.contains_key(&stay.household)
            };
            self.support.quiet = there.iter().find(goes_on).map(|stay| stay.household);
        }
        let (in_safe_spaces, _, in_move_on_homes) = OFFERED;
        for stay in &there {
            self.name_key_worker(stay).await?;
            self.settle_needs(stay, today).await?;
            let often = if self.is_in_safe_space(stay) { in_safe_spaces } else { in_move_on_homes };
            if self.support.happens(often) {
                self.offer(stay).await?;
            }
        }
        Ok(())
    }

    /// Late in the evening: who has just come, and who can't sleep.
    pub(super) async fn give_support_late(&mut self, today: Night) -> Result<(), DemoError> {
        if self.days_left(today) > WRITTEN {
            return Ok(());
        }
        let (_, late, _) = OFFERED;
        for stay in self.stays_that(StayStatus::InResidence, |_| true) {
            if self.is_in_safe_space(&stay) && self.support.happens(late) {
                self.offer(&stay).await?;
            }
        }
        Ok(())
    }

    fn is_in_safe_space(&self, stay: &Stay) -> bool {
        is_kept_in_contact(self.scheme_of(stay.unit))
    }

    /// Carries out a command that changes no home, at this very moment.
    pub(super) async fn run_aside(&self, command: Command) -> Result<(), DemoError> {
        let (action, at) = (command.action(), self.now());
        let actor = Arc::new(self.engine.local());
        let done = self.engine.run(&actor, None, command).await;
        done.map(drop).map_err(DemoError::from_engine(action, at))
    }

    /// The team gets accounts, which nobody can sign in with: nobody has their links.
    async fn employ(&mut self) -> Result<(), DemoError> {
        if std::mem::replace(&mut self.support.has_team, true) {
            return Ok(());
        }
        for (name, role) in TEAM {
            let new = NewAccount { name: name.to_owned(), role, council: None };
            let made = self.engine.create_account(&self.engine.local(), new).await;
            made.map_err(DemoError::from_engine("create_account", self.now()))?;
        }
        Ok(())
    }

    async fn name_key_worker(&mut self, stay: &Stay) -> Result<(), DemoError> {
        let Some(household) = self.names.get(&stay.household).cloned() else { return Ok(()) };
        if !self.support.answered_for.insert(stay.household) {
            return Ok(());
        }
        let worker = TEAM.get(self.support.assigned % TEAM.len()).map(|(name, _)| (*name).to_owned());
        self.support.assigned += 1;
        self.run_aside(Command::AssignKeyWorker { household, worker }).await
    }

    /// Somebody goes through what is due, and through some of what is not.
    async fn settle_needs(&mut self, stay: &Stay, today: Night) -> Result<(), DemoError> {
        let Some(household) = self.names.get(&stay.household).cloned() else { return Ok(()) };
        let needs = self.engine.immediate_needs(&self.engine.local(), &[stay.household]).await;
        let needs = needs.map_err(DemoError::from_engine("immediate_needs", self.now()))?;
        let soon = midnight(later(today, 2));
        let (due, not_due) = SETTLED;
        let (mut met, mut not_needed) = (BTreeSet::new(), BTreeSet::new());
        for need in needs.into_iter().filter(safespace_domain::immediate_needs::ImmediateNeed::is_open) {
            let grown_up = stay.people.children == 0 && need.kind == "school";
            if grown_up {
                not_needed.insert(need.kind);
            } else if self.support.happens(if need.due_at < soon { due } else { not_due }) {
                let none = self.support.happens(NOT_NEEDED);
                (if none { &mut not_needed } else { &mut met }).insert(need.kind);
            }
        }
        if met.is_empty() && not_needed.is_empty() {
            return Ok(());
        }
        self.run_aside(Command::SettleImmediateNeeds(SettleImmediateNeeds { household, met, not_needed }))
            .await
    }

    /// A session that has just ended, or was declined just now.
    async fn offer(&mut self, stay: &Stay) -> Result<(), DemoError> {
        let now = self.now();
        let Some(household) = self.names.get(&stay.household).cloned() else { return Ok(()) };
        if self.support.quiet == Some(stay.household) {
            return Ok(());
        }
        let chance = &mut self.support;
        let declined = chance.happens(DECLINED);
        let minutes = if declined { 0 } else { chance.rng.i64(3..=18) * 5 };
        let starts_at = now - TimeDelta::minutes(minutes);
        let StayState::InResidence { arrived_at: Some(arrived_at) } = stay.state else { return Ok(()) };
        let before = chance.spoken.get(&stay.household).copied().unwrap_or(arrived_at);
        if starts_at < arrived_at.max(before) {
            return Ok(());
        }
        let mut topics = BTreeSet::new();
        for _ in 0..chance.rng.u32(1..=3) {
            topics.extend(chance.rng.choice(TOPICS).map(str::to_owned));
        }
        let note = if !declined && chance.happens(NOTED) { chance.rng.choice(NOTES) } else { None };
        let ask = SupportAsk {
            starts_at,
            channel: weighted(&mut chance.rng, CHANNELS).unwrap_or(Channel::Phone),
            hours: None,
            outcome: if declined { OutcomeKind::Declined } else { OutcomeKind::Held },
            minutes: (!declined).then_some(minutes),
            topics: if declined { BTreeSet::new() } else { topics },
            note: note.map(str::to_owned),
        };
        chance.spoken.insert(stay.household, now);
        self.run_aside(Command::RecordSupportSession(RecordSupportSession { household, ask })).await
    }

    /// The drop-in is on Wednesdays, in 2020 and in the last weeks; the course for parents was in the autumn of 2020.
    async fn count_groups(&mut self, today: Night) -> Result<(), DemoError> {
        let (first, weeks) = COURSE;
        let told = today.year() == 2020 || self.days_left(today) <= WRITTEN;
        if today.weekday() == Weekday::Wed && told {
            let attended = self.support.rng.u16(DROP_IN);
            self.count_group("drop_in", today, attended).await?;
        }
        let on_course =
            today.weekday() == first.weekday() && today >= first && today < later(first, weeks * 7);
        if on_course {
            // Now and then one stops, and most come.
            let left = u16::from(self.support.happens(300));
            self.support.on_course = self.support.on_course.saturating_sub(left);
            let away = self.support.rng.u16(0..=2);
            let attended = self.support.on_course.saturating_sub(away);
            self.count_group("parents_course", today, attended).await?;
        }
        Ok(())
    }

    async fn count_group(&self, offer: &str, held_on: Night, attended: u16) -> Result<(), DemoError> {
        let attended = Some(i64::from(attended));
        let ask = RecordGroupAttendance { offer: offer.to_owned(), held_on, attended };
        self.run_aside(Command::RecordGroupAttendance(ask)).await
    }
}
