//! The service at work: its records in hand, its commands, and the order of a day.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, BinaryHeap},
    sync::Arc,
};

use chrono::{DateTime, TimeDelta, Utc};
use safespace_domain::{
    Clock, HouseholdId, Night, Nights, ReferralId, RefusalCode, StayId, UnitId, VoidId,
    access::Actor,
    availability::Ask,
    clock::service_day,
    nights::{earlier, later, next},
    occupancy::OccupancyRow,
    periods::PeriodKind,
    policies::Policy,
    sharing::{SharesAs, Sharing},
    stays::{Stay, StayStatus, arrival_night},
    units::{Scheme, Unit},
    voids::Void,
};

use super::{
    DemoError, FIRST_DAY,
    demand::Demand,
    households::{Need, References},
    outside::{Hours, MovableClock},
    quota::Quota,
    stock::Stock,
    support::Support,
    tonight::HELD_BEFORE,
};
use crate::{Command, Engine, Fault, Outcome};

/// What an officer meets in the ordinary course: somebody else is first. Any other refusal is a mistake.
const IN_THE_WAY: [RefusalCode; 4] =
    [RefusalCode::Taken, RefusalCode::NoneFree, RefusalCode::StandsInTheWay, RefusalCode::OutOfService];
/// So many households are awaited at most when the demonstration ends in the small hours.
const AWAITED: u32 = 2;
/// Why not the best unit.
const NOT_LEFT: &str = "The household before has not left the one that fits best.";

/// What is known of a household: what it needs, and the referral that it came by last.
pub(super) struct Case {
    pub(super) need: Need,
    pub(super) referral: ReferralId,
}

/// The made-up service.
pub(super) struct Service {
    pub(super) engine: Arc<Engine>,
    pub(super) rng: fastrand::Rng,
    /// The day on which the demonstration ends.
    pub(super) last: Night,
    /// When it ends.
    pub(super) until: DateTime<Utc>,
    pub(super) demand: Demand,
    pub(super) quota: Quota,
    pub(super) references: References,
    /// Households by what is known of them.
    pub(super) cases: BTreeMap<HouseholdId, Case>,
    /// Until when support goes on after which stay, what ends first at the top.
    pub(super) supported: BinaryHeap<(Reverse<Night>, Reverse<StayId>)>,
    /// Who is booked or in residence.
    pub(super) stays: BTreeMap<StayId, Stay>,
    /// Their households' references.
    pub(super) names: BTreeMap<HouseholdId, String>,
    /// Voids that are not over.
    pub(super) voids: BTreeMap<VoidId, Void>,
    /// Who is expected after midnight.
    pub(super) late: BTreeSet<StayId>,
    /// The overstay that is there at the end.
    pub(super) staying_on: Option<StayId>,
    /// Whose personal details were written down.
    pub(super) described: BTreeSet<HouseholdId>,
    /// The councils' own programs.
    pub(super) programs: BTreeMap<&'static str, Arc<Actor>>,
    /// How many new households have come since councils refer.
    pub(super) newcomers: u32,
    /// The referral that was accepted last.
    pub(super) accepted: Option<ReferralId>,
    /// When the last evening's hold is made, until it was.
    pub(super) appointment: Option<DateTime<Utc>>,
    /// Whether a council's referral was left unanswered.
    pub(super) left_unanswered: bool,
    /// What becomes of stock.
    pub(super) stock: Stock,
    /// Who is supported, and how.
    pub(super) support: Support,
    actor: Arc<Actor>,
    clock: Arc<MovableClock>,
    /// When the part of the day ends that it is now.
    part_ends: DateTime<Utc>,
}

impl Service {
    /// The demonstration's time.
    pub(super) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub(super) fn new(
        engine: Arc<Engine>,
        clock: Arc<MovableClock>,
        until: DateTime<Utc>,
        seed: u64,
    ) -> Self {
        let part_ends = clock.now();
        Self {
            actor: Arc::new(engine.local()),
            engine,
            rng: fastrand::Rng::with_seed(seed),
            last: service_day(until),
            until,
            demand: Demand::new(),
            quota: Quota::default(),
            cases: BTreeMap::new(),
            supported: BinaryHeap::new(),
            appointment: Some(until - HELD_BEFORE),
            left_unanswered: false,
            stock: Stock::new(seed),
            support: Support::new(seed),
            references: References::default(),
            stays: BTreeMap::new(),
            names: BTreeMap::new(),
            voids: BTreeMap::new(),
            late: BTreeSet::new(),
            staying_on: None,
            described: BTreeSet::new(),
            programs: BTreeMap::new(),
            newcomers: 0,
            accepted: None,
            clock,
            part_ends,
        }
    }

    /// A day, from midnight to midnight.
    pub(super) async fn day(&mut self, hours: Hours) -> Result<(), DemoError> {
        let today = hours.day;
        self.quota.turn(today);
        if today < FIRST_DAY {
            self.enter(hours.at(9, 0), hours.at(13, 0)).await?;
            self.refer_without_homes(today, false).await?;
            self.enter(hours.at(17, 0), hours.at(23, 0)).await?;
            return self.refer_without_homes(today, true).await;
        }
        self.demand.turn(today, &mut self.rng);
        self.enter(hours.at(0, 0), hours.at(2, 30)).await?;
        self.engine.turn_day().await?;
        self.after_midnight().await?;

        self.enter(hours.at(8, 30), hours.at(11, 45)).await?;
        self.prepare_meetings(today).await?;
        self.keep_homes(today).await?;
        self.see_who_did_not_come(today).await?;
        self.see_off(today).await?;
        self.count_last_night(today).await?;

        self.enter(hours.at(13, 0), hours.at(17, 45)).await?;
        self.leave_one_unanswered(today, false).await?;
        self.see_to_blocked(today).await?;
        self.keep_up(today).await?;
        self.give_support(today).await?;
        self.move_on(today).await?;
        self.plan_ahead(today).await?;
        self.hear_councils(today).await?;
        let expected = self.expected_tonight(today).await?;
        self.place(today, expected / 2).await?;
        self.refer_others(today, false).await?;

        self.enter(hours.at(18, 0), hours.at(23, 45)).await?;
        self.leave_one_unanswered(today, true).await?;
        self.place(today, expected - expected / 2).await?;
        self.refer_others(today, true).await?;
        self.welcome(today).await?;
        self.give_support_late(today).await?;
        self.keep_stock(today).await?;
        self.write_details(today).await?;
        self.confide(today).await?;
        if today < self.last {
            return Ok(());
        }
        self.enter(hours.at(23, 50), self.until).await?;
        self.show_the_last_evening(today).await
    }

    /// Another part of the day begins. It is cut short by the appointment that falls into it.
    async fn enter(&mut self, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<(), DemoError> {
        if let Some(at) = self.appointment.filter(|at| *at <= from) {
            self.clock.set(at);
            self.part_ends = at;
            self.hold_one().await?;
            self.appointment = None;
        }
        self.clock.set(from);
        self.part_ends = self.appointment.map_or(to, |at| at.min(to));
        Ok(())
    }

    /// Carries out a command, a little later than the one before.
    pub(super) async fn run(&mut self, command: Command) -> Result<Outcome, DemoError> {
        let actor = Arc::clone(&self.actor);
        self.run_as(&actor, command).await
    }

    /// Carries out somebody's command, a little later than the one before.
    pub(super) async fn run_as(
        &mut self,
        actor: &Arc<Actor>,
        command: Command,
    ) -> Result<Outcome, DemoError> {
        let left = (self.part_ends - self.clock.now()).num_seconds().max(0);
        let at = self.clock.now() + TimeDelta::seconds(self.rng.i64(0..=left / 10));
        self.clock.set(at);
        let action = command.action();
        let outcome = self.engine.run(actor, None, command).await;
        let outcome = outcome.map_err(DemoError::from_engine(action, at))?;
        self.note(&outcome, service_day(at));
        Ok(outcome)
    }

    /// Carries out a command, unless something is in its way.
    pub(super) async fn attempt(&mut self, command: Command) -> Result<Option<Outcome>, DemoError> {
        match self.run(command).await {
            Err(DemoError::Refused { refusal, .. }) if IN_THE_WAY.contains(&refusal.code) => Ok(None),
            other => other.map(Some),
        }
    }

    /// Carries out a command whose outcome is a stay.
    pub(super) async fn run_stay(&mut self, command: Command) -> Result<Stay, DemoError> {
        match self.run(command).await? {
            Outcome::Stay(stay) => Ok(stay),
            _ => Err(Fault::Broken("a command on a stay came out as something else").into()),
        }
    }

    fn note(&mut self, outcome: &Outcome, today: Night) {
        match outcome {
            Outcome::Stay(stay) => self.note_stay(stay, today),
            Outcome::Moved { from, to } => {
                if let Some(from) = from {
                    self.stays.remove(&from.id);
                }
                self.stays.insert(to.id, to.clone());
            }
            Outcome::Void(void) if void.cancelled => drop(self.voids.remove(&void.id)),
            Outcome::Void(void) => drop(self.voids.insert(void.id, void.clone())),
            _ => {}
        }
    }

    fn note_stay(&mut self, stay: &Stay, today: Night) {
        if matches!(stay.status(), StayStatus::Booked | StayStatus::InResidence) {
            self.stays.insert(stay.id, stay.clone());
            return;
        }
        self.stays.remove(&stay.id);
        if let (Some(reference), Some(case)) =
            (self.names.get(&stay.household), self.cases.get(&stay.household))
        {
            self.references.remember(today, reference.clone(), case.need.clone());
        }
    }

    /// How long it is until the demonstration ends, in days.
    pub(super) fn days_left(&self, today: Night) -> u32 {
        Nights::between(today, self.last).len()
    }

    /// Whether something happens that happens to so many of a thousand.
    pub(super) fn happens(&mut self, of_thousand: u32) -> bool {
        self.rng.u32(0..1_000) < of_thousand
    }

    /// The open stays with this status that are so.
    pub(super) fn stays_that(&self, status: StayStatus, are: impl Fn(&Stay) -> bool) -> Vec<Stay> {
        self.stays.values().filter(|stay| stay.status() == status && are(stay)).cloned().collect()
    }

    /// The scheme of a unit.
    pub(super) fn scheme_of(&self, unit: UnitId) -> Scheme {
        let spaces = self.engine.spaces();
        let property = spaces.unit_by_id(unit).and_then(|unit| spaces.property_of(unit));
        property.map_or(Scheme::SafeSpace, |property| property.scheme)
    }

    /// The units on offer to adults who are so, best fit first; without those whose household should have left today
    /// and has not.
    pub(super) async fn offers(&self, ask: Ask, shares_as: SharesAs) -> Result<Vec<Unit>, DemoError> {
        let begins = ask.nights.arrival();
        let units = self.on_offer(ask, shares_as).await?;
        Ok(units.into_iter().filter(|unit| self.is_left(unit.id, begins)).collect())
    }

    /// The units on offer to a household that has a stay already.
    pub(super) async fn offers_to(&self, stay: &Stay, nights: Nights) -> Result<Vec<Unit>, DemoError> {
        let shares_as = self.cases.get(&stay.household).map_or(SharesAs::Mixed, |case| case.need.shares_as);
        self.offers(self.asks(stay, nights, Scheme::SafeSpace), shares_as).await
    }

    /// What a household that has a stay already would ask for.
    pub(super) fn asks(&self, stay: &Stay, nights: Nights, scheme: Scheme) -> Ask {
        let ask = Ask::plain(nights, stay.people, scheme);
        match self.cases.get(&stay.household) {
            Some(case) => Ask { people: stay.people, ..case.need.asks(nights, scheme) },
            None => ask,
        }
    }

    /// The best unit of those on offer that is left by now, and why it is not the best of all, where it is not.
    pub(super) async fn best(
        &self,
        ask: Ask,
        shares_as: SharesAs,
    ) -> Result<Option<(Unit, Option<&'static str>)>, DemoError> {
        let begins = ask.nights.arrival();
        let units = self.on_offer(ask, shares_as).await?;
        let found = units.into_iter().enumerate().find(|(_, unit)| self.is_left(unit.id, begins));
        Ok(found.map(|(no, unit)| (unit, (no > 0).then_some(NOT_LEFT))))
    }

    async fn on_offer(&self, ask: Ask, shares_as: SharesAs) -> Result<Vec<Unit>, DemoError> {
        let found = self.engine.availability(&self.actor, ask).await;
        let found = found.map_err(DemoError::from_engine("availability", self.now()))?;
        let women_only = |unit: &Unit| {
            found.spaces.property_of(unit).is_some_and(|property| property.sharing == Sharing::WomenOnly)
        };
        let units = found.offers.iter().filter_map(|(no, _)| found.spaces.unit(*no));
        let may = |unit: &&Unit| shares_as == SharesAs::Women || !women_only(unit);
        Ok(units.filter(may).cloned().collect())
    }

    fn is_left(&self, unit: UnitId, begins: Night) -> bool {
        let today = service_day(self.now());
        begins > today || !self.is_not_left(unit, today)
    }

    fn is_not_left(&self, unit: UnitId, today: Night) -> bool {
        let there =
            |stay: &Stay| stay.status() == StayStatus::InResidence && stay.nights.departure() <= today;
        self.stays.values().any(|stay| stay.unit == unit && there(stay))
    }

    /// How full one night is.
    pub(super) async fn night(&self, night: Night) -> Result<OccupancyRow, DemoError> {
        let range = Nights::between(night, next(night));
        let rows = self.engine.occupancy(&self.actor, range, PeriodKind::Night, None).await;
        let rows = rows.map_err(DemoError::from_engine("occupancy", self.clock.now()))?;
        Ok(rows.into_iter().next().unwrap_or_default())
    }

    /// Who needs attention.
    pub(super) async fn attention(&self) -> Result<Vec<crate::AttentionItem>, DemoError> {
        let items = self.engine.attention(&self.actor).await;
        items.map_err(DemoError::from_engine("attention", self.clock.now()))
    }

    /// Once nobody can come or go any more that belongs to last night.
    async fn count_last_night(&mut self, today: Night) -> Result<(), DemoError> {
        self.voids.retain(|_, void| void.nights.departure() > today);
        if today > FIRST_DAY {
            let night = self.night(earlier(today, 1)).await?;
            self.demand.count(&night);
        }
        Ok(())
    }

    async fn expected_tonight(&mut self, today: Night) -> Result<u32, DemoError> {
        let tonight = self.night(today).await?;
        let expected = self.demand.tonight(&tonight, &mut self.rng);
        let small_hours = arrival_night(self.now(), &Policy::default_for(Scheme::SafeSpace)) < today;
        if today < self.last || !small_hours {
            return Ok(expected);
        }
        // Whoever is expected will still be awaited when the demonstration ends.
        let awaited = self.stays_that(StayStatus::Booked, |stay| stay.nights.arrival() == today).len();
        Ok(expected.min(AWAITED.saturating_sub(u32::try_from(awaited).unwrap_or(AWAITED))))
    }
}

/// So many nights from the day on.
pub(super) fn nights_from(first: Night, n: u32) -> Nights {
    Nights::between(first, later(first, n))
}
