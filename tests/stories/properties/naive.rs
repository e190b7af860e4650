//! A naive model: what is in the database, in plain maps, and what each command should make of it, night by night.
//!
//! It knows nothing of bitmaps, constraints or transactions, and shares no rule with the engine but the words.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};
use safespace_domain::{Night, RefusalCode};
use safespace_engine::{BookStay, Command, ExtendStay, MoveStay, RecordVoid};
use safespace_tests::World;
use uuid::Uuid;

/// The longest stay in a safe space.
pub const LONGEST: usize = 7;
/// A hold lasts so long, and is extended by as much.
const HOLD: TimeDelta = TimeDelta::hours(2);
/// An arrival before this hour belongs to the night before.
const LATE_UNTIL: NaiveTime = NaiveTime::from_hms_opt(6, 0, 0).unwrap();

/// A half-open run of nights.
pub type Run = (Night, Night);

#[derive(Clone, Debug, PartialEq)]
pub struct Stay {
    pub id: Uuid,
    pub household: String,
    pub unit: Uuid,
    pub people: i64,
    pub planned: Run,
    pub nights: Run,
    pub status: String,
    pub moved_from: Option<Uuid>,
    pub moved_to: Option<Uuid>,
}

/// A hold, as it is at the instant at which it was read: one whose time has passed has lapsed, whatever is written.
#[derive(Clone, Debug, PartialEq)]
pub struct Hold {
    pub id: Uuid,
    pub household: String,
    pub unit: Uuid,
    pub people: i64,
    pub nights: Run,
    pub lapses_at: DateTime<Utc>,
    pub extended: bool,
    pub status: String,
    /// The booking that it became.
    pub stay: Option<Uuid>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Void {
    pub id: Uuid,
    pub unit: Uuid,
    pub nights: Run,
    pub cancelled: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Unit {
    pub id: Uuid,
    pub code: String,
    pub sleeps: i64,
    pub service: Vec<(Night, Option<Night>)>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub night_use: String,
    pub by: Uuid,
    pub household: Option<String>,
}

/// Everything that the rules are about, as the database has it; without what lapsed holds have not been swept from.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    pub stays: BTreeMap<Uuid, Stay>,
    pub holds: BTreeMap<Uuid, Hold>,
    pub voids: BTreeMap<Uuid, Void>,
    pub units: BTreeMap<Uuid, Unit>,
    pub ledger: BTreeMap<(Uuid, Night), Row>,
    /// Stays for which a manager granted an exception, and for how many unbroken nights at most.
    pub excepted: BTreeMap<Uuid, usize>,
    pub turnaround: u64,
    pub households: i64,
    pub audit: i64,
}

/// What a command should come to.
#[derive(Debug, Default)]
pub struct Verdict {
    /// Why it must be refused; empty when it must not.
    pub refusals: Vec<RefusalCode>,
    /// Must be refused, with whatever code.
    pub refused_somehow: bool,
    /// Why it may be refused, or not: a matter of judgement.
    pub perhaps: Vec<RefusalCode>,
    /// Stays as they are then; a new one has no id yet.
    pub stays: Vec<Stay>,
    /// Holds as they are then; a new one has no id yet.
    pub holds: Vec<Hold>,
    pub voids: Vec<Void>,
    pub units: Vec<Unit>,
    pub turnaround: Option<u64>,
}

pub fn next(night: Night) -> Night {
    later(night, 1)
}

pub fn later(night: Night, n: u64) -> Night {
    night + Days::new(n)
}

pub fn nights(run: Run) -> impl Iterator<Item = Night> {
    std::iter::successors(Some(run.0), |night| Some(next(*night))).take_while(move |night| *night < run.1)
}

impl Unit {
    pub fn in_stock(&self, night: Night) -> bool {
        self.service.iter().any(|(from, to)| *from <= night && to.is_none_or(|to| night < to))
    }

    fn serves(&self, run: Run) -> bool {
        nights(run).all(|night| self.in_stock(night))
    }
}

impl Stay {
    pub fn takes_nights(&self) -> bool {
        matches!(self.status.as_str(), "booked" | "in_residence" | "departed")
    }

    pub fn is_overstay(&self, today: Night) -> bool {
        self.status == "in_residence" && self.nights.1 < today
    }

    /// Whether the household stayed on after the day it was to leave.
    pub fn ran_over(&self, today: Night) -> bool {
        self.is_overstay(today) || self.nights.1 > self.planned.1
    }

    /// The nights on which the household has the unit, an overstay's up to tonight.
    pub fn kept(&self, today: Night) -> Vec<Night> {
        let end = if self.is_overstay(today) { next(today) } else { self.nights.1 };
        if self.takes_nights() { nights((self.nights.0, end)).collect() } else { Vec::new() }
    }

    /// The nights kept after it.
    fn kept_after(&self, today: Night, turnaround: u64) -> Vec<Night> {
        if self.kept(today).is_empty() || self.is_overstay(today) {
            return Vec::new();
        }
        nights((self.nights.1, later(self.nights.1, turnaround))).collect()
    }
}

impl Hold {
    pub fn is_active(&self) -> bool {
        self.status == "active"
    }

    /// The nights on which it keeps the unit.
    pub fn kept(&self) -> impl Iterator<Item = Night> {
        nights(self.nights).filter(|_| self.is_active())
    }

    /// The booking that it becomes.
    fn booking(&self) -> Stay {
        Stay {
            id: Uuid::nil(),
            household: self.household.clone(),
            unit: self.unit,
            people: self.people,
            planned: self.nights,
            nights: self.nights,
            status: "booked".into(),
            moved_from: None,
            moved_to: None,
        }
    }
}

impl State {
    /// Reads it all.
    pub async fn read(world: &World) -> Self {
        let mut references: BTreeMap<Uuid, String> = BTreeMap::new();
        for row in world.select("SELECT id, reference FROM household").await {
            references.insert(row.try_get_by_index(0).unwrap(), row.try_get_by_index(1).unwrap());
        }
        let whose = |id: Uuid| references[&id].clone();
        let sql = "SELECT id, household_id, unit_id, adults + children, planned_arrival, planned_departure, \
                   arrival, departure, status, moved_from, moved_to FROM stay";
        let mut stays = BTreeMap::new();
        for row in world.select(sql).await {
            let night = |at| row.try_get_by_index::<Night>(at).unwrap();
            let stay = Stay {
                id: row.try_get_by_index(0).unwrap(),
                household: whose(row.try_get_by_index(1).unwrap()),
                unit: row.try_get_by_index(2).unwrap(),
                people: i64::from(row.try_get_by_index::<i32>(3).unwrap()),
                planned: (night(4), night(5)),
                nights: (night(6), night(7)),
                status: row.try_get_by_index(8).unwrap(),
                moved_from: row.try_get_by_index(9).unwrap(),
                moved_to: row.try_get_by_index(10).unwrap(),
            };
            stays.insert(stay.id, stay);
        }
        let holds = read_holds(world, whose).await;
        let mut voids = BTreeMap::new();
        for row in world.select("SELECT id, unit_id, from_night, to_night, cancelled FROM void").await {
            let void = Void {
                id: row.try_get_by_index(0).unwrap(),
                unit: row.try_get_by_index(1).unwrap(),
                nights: (row.try_get_by_index(2).unwrap(), row.try_get_by_index(3).unwrap()),
                cancelled: row.try_get_by_index(4).unwrap(),
            };
            voids.insert(void.id, void);
        }
        let ledger = world.ledger().await.into_iter().map(|row| {
            let taken =
                Row { night_use: row.night_use, by: row.taken_by, household: row.household.map(whose) };
            ((row.unit.0, row.night), taken)
        });
        // A hold that has lapsed takes nothing, whether or not anything ran since.
        let ledger =
            ledger.filter(|(_, row): &(_, Row)| holds.get(&row.by).is_none_or(Hold::is_active)).collect();
        let excepted = world.select("SELECT stay_id, max(nights) FROM stay_exception GROUP BY stay_id").await;
        let granted = |nights: i32| usize::try_from(nights).unwrap();
        let turnaround: Option<i32> =
            world.one("SELECT turnaround_nights FROM policy WHERE scheme = 'safe_space'").await;
        Self {
            units: read_units(world).await,
            ledger,
            excepted: excepted
                .iter()
                .map(|row| (row.try_get_by_index(0).unwrap(), granted(row.try_get_by_index(1).unwrap())))
                .collect(),
            turnaround: turnaround.unwrap_or(0).unsigned_abs().into(),
            households: world.count("household").await,
            // What is swept away had no effect by then.
            audit: world.count("audit WHERE action <> 'sweep_holds'").await,
            stays,
            holds,
            voids,
        }
    }

    /// What a command should come to, now.
    pub fn judge(&self, command: &Command, by_manager: bool, now: DateTime<Utc>) -> Verdict {
        let judge = Judge { state: self, now, today: now.date_naive(), tonight: tonight(now), by_manager };
        let stay = |id: &safespace_domain::StayId| self.stays[&id.0].clone();
        let hold = |id: &safespace_domain::HoldId| self.holds[&id.0].clone();
        match command {
            Command::BookStay(ask) => judge.book(ask),
            Command::HoldUnit(ask) => judge.hold(&ask.booking),
            Command::ExtendHold { hold: id } => Judge::extend_hold(hold(id)),
            Command::ConfirmHold { hold: id, exception } => {
                judge.confirm_hold(hold(id), exception.as_deref())
            }
            Command::ReleaseHold { hold: id } => Judge::release_hold(hold(id)),
            Command::CheckIn { stay: id } => judge.check_in(stay(id)),
            Command::CheckOut { stay: id, on, .. } => judge.check_out(stay(id), on.unwrap_or(judge.today)),
            Command::ExtendStay(ask) => judge.extend(stay(&ask.stay), ask),
            Command::ShortenStay { stay: id, departure } => judge.shorten(stay(id), *departure),
            Command::CancelStay { stay: id } => judge.end(stay(id), "cancelled"),
            Command::MarkNoShow { stay: id } => judge.end(stay(id), "no_show"),
            Command::MoveStay(ask) => judge.move_to(&stay(&ask.stay), ask),
            Command::ReinstateStay { stay: id } => judge.reinstate(stay(id)),
            Command::RecordVoid(ask) => judge.record_void(ask),
            Command::ChangeVoid(ask) => judge.change_void(
                &self.voids[&ask.void.0],
                (ask.from.expect("a first night"), ask.to.expect("an end")),
            ),
            Command::CancelVoid { void } => Judge::cancel_void(self.voids[&void.0].clone()),
            Command::CloseUnit { unit, on } => judge.close(self.units[&unit.0].clone(), *on),
            Command::ReopenUnit { unit, on } => Judge::reopen(self.units[&unit.0].clone(), *on),
            Command::SetPolicy(policy) => {
                Verdict { turnaround: Some(policy.turnaround_nights.into()), ..Verdict::default() }
            }
            other => panic!("no rule for {other:?}"),
        }
    }

    /// The longest run of nights that a household has in safe spaces, which must be allowed; with why it was, where
    /// it is too long.
    pub fn too_long_without_a_reason(&self, today: Night) -> Option<(String, usize)> {
        for household in self.stays.values().map(|stay| &stay.household).collect::<BTreeSet<_>>() {
            let theirs: Vec<&Stay> =
                self.stays.values().filter(|stay| stay.household == *household).collect();
            for stay in &theirs {
                let run = unbroken(&stay.kept(today), theirs.iter().flat_map(|other| other.kept(today)));
                let within = |other: &&&Stay| other.kept(today).iter().any(|night| run.contains(night));
                let allowed = theirs
                    .iter()
                    .filter(within)
                    .any(|other| self.excepted.contains_key(&other.id) || other.ran_over(today));
                if run.len() > LONGEST && !allowed {
                    return Some((household.clone(), run.len()));
                }
            }
        }
        None
    }
}

async fn read_holds(world: &World, whose: impl Fn(Uuid) -> String) -> BTreeMap<Uuid, Hold> {
    let now = world.now();
    let sql = "SELECT id, household_id, unit_id, adults + children, arrival, departure, lapses_at, extended, status, \
               stay_id FROM hold";
    let mut holds = BTreeMap::new();
    for row in world.select(sql).await {
        let mut hold = Hold {
            id: row.try_get_by_index(0).unwrap(),
            household: whose(row.try_get_by_index(1).unwrap()),
            unit: row.try_get_by_index(2).unwrap(),
            people: i64::from(row.try_get_by_index::<i32>(3).unwrap()),
            nights: (row.try_get_by_index(4).unwrap(), row.try_get_by_index(5).unwrap()),
            lapses_at: row.try_get_by_index(6).unwrap(),
            extended: row.try_get_by_index(7).unwrap(),
            status: row.try_get_by_index(8).unwrap(),
            stay: row.try_get_by_index(9).unwrap(),
        };
        if hold.is_active() && hold.lapses_at <= now {
            hold.status = "lapsed".into();
        }
        holds.insert(hold.id, hold);
    }
    holds
}

async fn read_units(world: &World) -> BTreeMap<Uuid, Unit> {
    let mut units = BTreeMap::new();
    for row in world.select("SELECT id, code, sleeps FROM unit").await {
        let unit = Unit {
            id: row.try_get_by_index(0).unwrap(),
            code: row.try_get_by_index(1).unwrap(),
            sleeps: i64::from(row.try_get_by_index::<i32>(2).unwrap()),
            service: Vec::new(),
        };
        units.insert(unit.id, unit);
    }
    for row in world.select("SELECT unit_id, opened_on, closed_on FROM unit_service ORDER BY opened_on").await
    {
        let unit: &mut Unit = units.get_mut(&row.try_get_by_index::<Uuid>(0).unwrap()).unwrap();
        unit.service.push((row.try_get_by_index(1).unwrap(), row.try_get_by_index(2).unwrap()));
    }
    units
}

/// The night that has begun, or is about to.
fn tonight(now: DateTime<Utc>) -> Night {
    let day = now.date_naive();
    if now.time() < LATE_UNTIL { day - Days::new(1) } else { day }
}

/// The nights of `mine` and all that join on to them without a night between.
fn unbroken(mine: &[Night], others: impl Iterator<Item = Night>) -> BTreeSet<Night> {
    let mut all: BTreeSet<Night> = others.collect();
    all.extend(mine);
    let Some(mut first) = mine.first().copied() else { return BTreeSet::new() };
    while all.contains(&(first - Days::new(1))) {
        first = first - Days::new(1);
    }
    nights((first, Night::MAX)).take_while(|night| all.contains(night)).collect()
}

/// One command's judgement.
struct Judge<'s> {
    state: &'s State,
    now: DateTime<Utc>,
    today: Night,
    tonight: Night,
    by_manager: bool,
}

impl Judge<'_> {
    fn book(&self, ask: &BookStay) -> Verdict {
        let mut verdict = Verdict::default();
        let run = (ask.arrival, ask.departure);
        if run.1 <= run.0 {
            verdict.refusals.push(RefusalCode::BadValue);
            return verdict;
        }
        let stay = |unit| Stay {
            id: Uuid::nil(),
            household: ask.household.clone(),
            unit,
            people: ask.adults + ask.children,
            planned: run,
            nights: run,
            status: "booked".into(),
            moved_from: None,
            moved_to: None,
        };
        if ask.exception.is_some() && !self.by_manager {
            verdict.refusals.push(RefusalCode::NotAllowed);
        }
        if run.0 < self.tonight {
            verdict.refusals.push(RefusalCode::WrongTime);
        }
        let held = |hold: &Hold| hold.is_active() && hold.household == ask.household;
        if self.state.holds.values().any(held) {
            verdict.refusals.push(RefusalCode::StandsInTheWay);
        }
        let units: Vec<&Unit> = match ask.unit {
            Some(id) => vec![&self.state.units[&id.0]],
            None => self.state.units.values().filter(|unit| self.is_free_for(unit, &stay(unit.id))).collect(),
        };
        let Some(unit) = units.first() else {
            verdict.refusals.push(RefusalCode::NoneFree);
            return verdict;
        };
        if unit.sleeps < ask.adults + ask.children {
            verdict.refusals.push(RefusalCode::TooSmall);
        }
        if !unit.serves(run) {
            verdict.refusals.push(RefusalCode::OutOfService);
        }
        let stay = stay(unit.id);
        if ask.exception.is_none() && self.unbroken(&stay, None) > LONGEST {
            verdict.refusals.push(RefusalCode::LongestStay);
        }
        self.refuse_clashes(&mut verdict, &stay, true, None);
        verdict.stays.push(stay);
        verdict
    }

    /// A unit is held for whoever it could be booked for.
    fn hold(&self, ask: &BookStay) -> Verdict {
        let mut verdict = self.book(ask);
        verdict.holds.extend(verdict.stays.pop().map(|stay| Hold {
            id: Uuid::nil(),
            household: stay.household,
            unit: stay.unit,
            people: stay.people,
            nights: stay.nights,
            lapses_at: self.now + HOLD,
            extended: false,
            status: "active".into(),
            stay: None,
        }));
        verdict
    }

    fn extend_hold(mut hold: Hold) -> Verdict {
        let mut verdict = Verdict::default();
        if !hold.is_active() || hold.extended {
            verdict.refusals.push(RefusalCode::WrongState);
        }
        hold.lapses_at += HOLD;
        hold.extended = true;
        verdict.holds.push(hold);
        verdict
    }

    fn confirm_hold(&self, mut hold: Hold, exception: Option<&str>) -> Verdict {
        let mut verdict = Verdict::default();
        if exception.is_some() && !self.by_manager {
            verdict.refusals.push(RefusalCode::NotAllowed);
        }
        if !hold.is_active() {
            verdict.refusals.push(RefusalCode::WrongState);
        }
        let stay = hold.booking();
        if stay.nights.1 <= self.tonight {
            verdict.refusals.push(RefusalCode::WrongTime);
        }
        if !self.state.units[&stay.unit].serves(stay.nights) {
            verdict.refusals.push(RefusalCode::OutOfService);
        }
        if exception.is_none() && self.unbroken(&stay, None) > LONGEST {
            verdict.refusals.push(RefusalCode::LongestStay);
        }
        // What the hold keeps is the booking's: in the way is only what it has lost, or never had.
        self.refuse_clashes(&mut verdict, &Stay { id: hold.id, ..stay.clone() }, true, None);
        hold.status = "confirmed".into();
        hold.stay = Some(stay.id);
        verdict.holds.push(hold);
        verdict.stays.push(stay);
        verdict
    }

    fn release_hold(mut hold: Hold) -> Verdict {
        let mut verdict = Verdict::default();
        if !hold.is_active() {
            verdict.refusals.push(RefusalCode::WrongState);
        }
        hold.status = "released".into();
        verdict.holds.push(hold);
        verdict
    }

    /// Whether nothing has the unit on the nights and those kept after them.
    fn is_free_for(&self, unit: &Unit, stay: &Stay) -> bool {
        let mut wanted = stay.kept(self.today);
        wanted.extend(stay.kept_after(self.today, self.state.turnaround));
        unit.sleeps >= stay.people
            && unit.serves(stay.nights)
            && wanted.iter().all(|night| !self.state.ledger.contains_key(&(unit.id, *night)))
    }

    fn check_in(&self, mut stay: Stay) -> Verdict {
        let mut verdict = Verdict::default();
        self.must_be(&mut verdict, &stay, &["booked"]);
        let first = self.tonight.max(stay.nights.0);
        if self.tonight < stay.nights.0 || first >= stay.nights.1 {
            verdict.refusals.push(RefusalCode::WrongTime);
            return verdict;
        }
        stay.nights.0 = first;
        stay.status = "in_residence".into();
        // Somebody has come: what is kept after the stay is no reason to turn them away.
        self.refuse_clashes(&mut verdict, &stay, false, None);
        self.refuse_second_household(&mut verdict, &stay, None);
        verdict.stays.push(stay);
        verdict
    }

    fn check_out(&self, mut stay: Stay, on: Night) -> Verdict {
        let mut verdict = Verdict::default();
        self.must_be(&mut verdict, &stay, &["in_residence"]);
        if on > self.today {
            verdict.refusals.push(RefusalCode::WrongTime);
        }
        if on < stay.nights.0 {
            verdict.refusals.push(RefusalCode::BadValue);
        }
        stay.nights.1 = on;
        stay.status = "departed".into();
        verdict.stays.push(stay);
        verdict
    }

    fn extend(&self, mut stay: Stay, ask: &ExtendStay) -> Verdict {
        let mut verdict = Verdict::default();
        self.must_be(&mut verdict, &stay, &["booked", "in_residence"]);
        if ask.exception.is_some() && !self.by_manager {
            verdict.refusals.push(RefusalCode::NotAllowed);
        }
        if ask.departure <= stay.nights.1 {
            verdict.refusals.push(RefusalCode::BadValue);
        }
        if ask.departure < self.today {
            verdict.refusals.push(RefusalCode::WrongTime);
        }
        let more = (stay.nights.1, ask.departure);
        stay.nights.1 = ask.departure;
        stay.planned.1 = ask.departure;
        if !self.state.units[&stay.unit].serves(stay.nights) {
            verdict.refusals.push(RefusalCode::OutOfService);
        }
        if ask.exception.is_none() && self.is_too_long(&stay, None) {
            verdict.refusals.push(RefusalCode::LongestStay);
        }
        // What a booking has lost to an overstay is lost already; only what is added must be free.
        let added = Stay { nights: more, ..stay.clone() };
        let wanted = if stay.status == "booked" && more.0 < more.1 { &added } else { &stay };
        self.refuse_clashes(&mut verdict, wanted, true, None);
        verdict.stays.push(stay);
        verdict
    }

    /// Whether it has more unbroken nights than the policy allows, and than a manager granted on its way here.
    fn is_too_long(&self, stay: &Stay, closed: Option<&Stay>) -> bool {
        let unbroken = self.unbroken(stay, closed);
        let way = std::iter::successors(Some(stay), |stay| self.state.stays.get(&stay.moved_from?));
        let granted = way.filter_map(|stay| self.state.excepted.get(&stay.id)).max();
        unbroken > LONGEST && granted.is_none_or(|granted| unbroken > *granted)
    }

    fn shorten(&self, mut stay: Stay, to: Night) -> Verdict {
        let mut verdict = Verdict::default();
        self.must_be(&mut verdict, &stay, &["booked", "in_residence"]);
        if to >= stay.nights.1 || to <= stay.nights.0 {
            verdict.refusals.push(RefusalCode::BadValue);
        }
        if stay.status == "in_residence" && to < self.today {
            verdict.refusals.push(RefusalCode::WrongTime);
        }
        stay.nights.1 = to;
        stay.planned.1 = to;
        if stay.status != "booked" {
            self.refuse_clashes(&mut verdict, &stay, false, None);
        }
        verdict.stays.push(stay);
        verdict
    }

    fn end(&self, mut stay: Stay, status: &str) -> Verdict {
        let mut verdict = Verdict::default();
        self.must_be(&mut verdict, &stay, &["booked"]);
        if status == "no_show" && self.today < stay.nights.0 {
            verdict.refusals.push(RefusalCode::WrongTime);
        }
        stay.status = status.into();
        verdict.stays.push(stay);
        verdict
    }

    fn move_to(&self, before: &Stay, ask: &MoveStay) -> Verdict {
        let mut verdict = Verdict::default();
        self.must_be(&mut verdict, before, &["booked", "in_residence"]);
        let unit = &self.state.units[&ask.unit.0];
        let end = ask.departure.unwrap_or(before.nights.1);
        let goes_on = before.status == "in_residence" && before.nights.0 < self.today;
        let first = match before.status.as_str() {
            "booked" => before.nights.0.max(self.tonight),
            _ if goes_on => self.today,
            _ => before.nights.0,
        };
        if unit.id == before.unit || end <= first {
            verdict.refusals.push(RefusalCode::BadValue);
            return verdict;
        }
        let run = (first, end);
        let mut to = Stay { unit: unit.id, planned: run, nights: run, ..before.clone() };
        let mut closed = None;
        if goes_on {
            to.id = Uuid::nil();
            to.moved_from = Some(before.id);
            closed = Some(Stay {
                nights: (before.nights.0, self.today),
                status: "departed".into(),
                moved_to: Some(Uuid::nil()),
                ..before.clone()
            });
        }
        if unit.sleeps < to.people {
            verdict.refusals.push(RefusalCode::TooSmall);
        }
        if !unit.serves(run) {
            verdict.refusals.push(RefusalCode::OutOfService);
        }
        if end > before.nights.1 && self.is_too_long(&to, closed.as_ref()) {
            verdict.refusals.push(RefusalCode::LongestStay);
        }
        self.refuse_clashes(&mut verdict, &to, true, Some(before));
        let wants =
            |other: &Stay| other.kept(self.today).iter().any(|night| to.kept(self.today).contains(night));
        let own = |other: &&Stay| other.household == to.household && other.id != before.id;
        if self.state.stays.values().filter(own).any(wants) {
            // A booking of its own that lost its nights to this very overstay may have had them back first.
            verdict.perhaps.push(RefusalCode::HouseholdElsewhere);
        }
        self.refuse_second_household(&mut verdict, &to, Some(before));
        verdict.stays.extend(closed);
        verdict.stays.push(to);
        verdict
    }

    fn reinstate(&self, mut stay: Stay) -> Verdict {
        let mut verdict = Verdict::default();
        let was_moved = stay.moved_to.is_some() || stay.status == "in_residence" && stay.moved_from.is_some();
        if stay.status == "booked" || was_moved {
            verdict.refusals.push(RefusalCode::WrongState);
            return verdict;
        }
        if stay.status == "departed" {
            stay.nights.1 = stay.planned.1;
            stay.status = "in_residence".into();
        } else {
            stay.nights = stay.planned;
            stay.status = "booked".into();
            if stay.nights.1 <= self.tonight {
                verdict.refusals.push(RefusalCode::WrongTime);
            }
        }
        if !self.state.units[&stay.unit].serves(stay.nights) {
            verdict.refusals.push(RefusalCode::OutOfService);
        }
        if self.unbroken(&stay, None) > LONGEST {
            let theirs = self.state.stays.values().filter(|other| other.household == stay.household);
            let excused = theirs.into_iter().any(|other| {
                self.state.excepted.contains_key(&other.id)
                    || other.ran_over(self.today)
                    || stay.ran_over(self.today)
            });
            if excused {
                verdict.perhaps.push(RefusalCode::LongestStay);
            } else {
                verdict.refusals.push(RefusalCode::LongestStay);
            }
        }
        let before = &self.state.stays[&stay.id];
        let no_longer = before.takes_nights() && stay.nights.1 <= before.nights.1;
        self.refuse_clashes(&mut verdict, &stay, !no_longer, None);
        // Whether a policy that came later is a reason to keep a mistake is nobody's rule.
        if no_longer {
            verdict.perhaps.push(RefusalCode::Taken);
        }
        if stay.status == "in_residence" {
            self.refuse_second_household(&mut verdict, &stay, None);
        }
        verdict.stays.push(stay);
        verdict
    }

    fn record_void(&self, ask: &RecordVoid) -> Verdict {
        let void = Void { id: Uuid::nil(), unit: ask.unit.0, nights: (ask.from, ask.to), cancelled: false };
        self.keep_void(void)
    }

    fn change_void(&self, void: &Void, run: Run) -> Verdict {
        let mut verdict = self.keep_void(Void { nights: run, ..void.clone() });
        if void.cancelled {
            verdict.refusals.push(RefusalCode::WrongState);
        }
        verdict
    }

    fn keep_void(&self, void: Void) -> Verdict {
        let mut verdict = Verdict::default();
        if void.nights.1 <= void.nights.0 {
            verdict.refusals.push(RefusalCode::BadValue);
        }
        if !self.state.units[&void.unit].serves(void.nights) {
            verdict.refusals.push(RefusalCode::OutOfService);
        }
        let taken = |night| self.state.ledger.get(&(void.unit, night)).is_some_and(|row| row.by != void.id);
        if nights(void.nights).any(taken) {
            verdict.refusals.push(RefusalCode::Taken);
        }
        verdict.voids.push(void);
        verdict
    }

    fn cancel_void(mut void: Void) -> Verdict {
        let mut verdict = Verdict::default();
        if void.cancelled {
            verdict.refusals.push(RefusalCode::WrongState);
        }
        void.cancelled = true;
        verdict.voids.push(void);
        verdict
    }

    fn close(&self, mut unit: Unit, on: Night) -> Verdict {
        let mut verdict = Verdict::default();
        let reopened = unit.service.len() > 1;
        let last = unit.service.last_mut().expect("a unit that was open once");
        if last.1.is_some_and(|closed| closed <= on) || on < last.0 || on == last.0 && !reopened {
            verdict.refusals.push(RefusalCode::WrongState);
        }
        if self.state.ledger.keys().any(|(other, night)| *other == unit.id && *night >= on) {
            verdict.refusals.push(RefusalCode::StandsInTheWay);
        }
        if on == last.0 {
            unit.service.pop();
        } else {
            last.1 = Some(on);
        }
        verdict.units.push(unit);
        verdict
    }

    fn reopen(mut unit: Unit, on: Night) -> Verdict {
        let mut verdict = Verdict::default();
        let last = unit.service.last_mut().expect("a unit that was open once");
        match last.1 {
            None => verdict.refusals.push(RefusalCode::WrongState),
            Some(closed) if on < closed => verdict.refusals.push(RefusalCode::WrongState),
            Some(closed) if on == closed => last.1 = None,
            Some(_) => unit.service.push((on, None)),
        }
        verdict.units.push(unit);
        verdict
    }

    fn must_be(&self, verdict: &mut Verdict, stay: &Stay, allowed: &[&str]) {
        debug_assert!(self.state.stays.contains_key(&stay.id));
        if !allowed.contains(&stay.status.as_str()) {
            verdict.refusals.push(RefusalCode::WrongState);
        }
    }

    /// How many nights the household has without a night between, this stay among them. `instead` is another of its
    /// stays, as it will be.
    fn unbroken(&self, stay: &Stay, instead: Option<&Stay>) -> usize {
        let replaced = |other: &Stay| other.id == stay.id || instead.is_some_and(|new| other.id == new.id);
        let others = self.state.stays.values().filter(|other| !replaced(other)).chain(instead);
        let others = others.filter(|other| other.household == stay.household);
        let mine: Vec<Night> = nights(stay.nights).collect();
        unbroken(&mine, others.flat_map(|other| other.kept(self.today))).len()
    }

    /// Refused where another record has one of the nights, or the household another unit. `leaves` is the stay that
    /// gives its nights up for this one.
    fn refuse_clashes(
        &self,
        verdict: &mut Verdict,
        stay: &Stay,
        turnaround_too: bool,
        leaves: Option<&Stay>,
    ) {
        let gone = |by: Uuid| by == stay.id || leaves.is_some_and(|old| old.id == by);
        let kept = stay.kept(self.today);
        let after = stay.kept_after(self.today, self.state.turnaround);
        let wanted = kept.iter().chain(after.iter().filter(|_| turnaround_too));
        let row = |night: &Night| self.state.ledger.get(&(stay.unit, *night));
        // Who moves back to a unit finds their own turnaround there, which gives way.
        let own = |row: &Row, night: &Night| {
            leaves.is_some()
                && row.night_use == "turnaround"
                && kept.contains(night)
                && self.state.stays.get(&row.by).is_some_and(|other| other.household == stay.household)
        };
        let taken = |night: &Night| row(night).is_some_and(|row| !gone(row.by) && !own(row, night));
        if wanted.into_iter().any(taken) {
            verdict.refusals.push(RefusalCode::Taken);
        }
        let elsewhere = self.state.ledger.iter().any(|((_, night), row)| {
            row.household.as_ref() == Some(&stay.household) && !gone(row.by) && kept.contains(night)
        });
        if elsewhere {
            verdict.refusals.push(RefusalCode::HouseholdElsewhere);
        }
    }

    /// Refused where another household has not left yet, or where this one has not left another unit.
    fn refuse_second_household(&self, verdict: &mut Verdict, stay: &Stay, leaves: Option<&Stay>) {
        let there = |other: &&Stay| {
            other.status == "in_residence"
                && (other.unit == stay.unit || other.household == stay.household)
                && other.id != stay.id
                && leaves.is_none_or(|old| old.id != other.id)
        };
        if stay.status == "in_residence" && self.state.stays.values().any(|other| there(&other)) {
            verdict.refused_somehow = true;
        }
    }
}
