//! Occupancy of services that were lived through day by day: homes open, close and reopen; households are booked, come, stay
//! on, move, leave early or not at all, or never come; homes are out of service meanwhile.
//!
//! What is done goes through the domain's own types, and what those take in the night ledger is what occupancy is counted
//! from. Beside it somebody keeps a diary of who slept where, from which night and until when, and knows nothing of stays
//! and ledgers. The two must tell the same.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveTime, Utc};
use proptest::{collection::vec, option, prelude::*, strategy::ValueTree};
use safespace_domain::{
    Night, Nights, PropertyId, StayId, UnitId, VoidId,
    calendar::{Calendar, UnitNo},
    clock::at_service_time,
    ledger::{Entry, NightUse},
    nights::{earlier, later, next},
    occupancy::{compared, occupancy},
    periods::PeriodKind,
    policies::Policy,
    stays::{Stay, StayStatus},
    units::{Scheme, Unit},
    voids::Void,
};

use crate::{
    occupancy::{Cell, groupings, recount},
    world::{self, booked, first_night, id, in_service, nights_from},
};

/// Days that are lived through.
const DAYS: usize = 45;
/// Nights before and after them that somebody may ask about. Nothing that is planned reaches further.
const MARGIN: u32 = 40;

/// Something that somebody does on a day. Which of those that it can be done with is counted round.
#[derive(Clone, Debug)]
enum Act {
    Book {
        unit: usize,
        ahead: u32,
        nights: u32,
    },
    CheckIn(usize),
    /// So many days ago.
    CheckOut(usize, u32),
    Extend(usize, u32),
    Shorten(usize, u32),
    Cancel(usize),
    NoShow(usize),
    Move {
        stay: usize,
        unit: usize,
        nights: Option<u32>,
    },
    Reinstate(usize),
    Void {
        unit: usize,
        ahead: u32,
        nights: u32,
    },
    ChangeVoid {
        void: usize,
        ahead: u32,
        nights: u32,
    },
    CancelVoid(usize),
    Close {
        unit: usize,
        ahead: u32,
    },
    Reopen {
        unit: usize,
        ahead: u32,
    },
}

fn act() -> impl Strategy<Value = Act> {
    let n = || 0_usize..100;
    prop_oneof![
        6 => (n(), 0_u32..6, 1_u32..9).prop_map(|(unit, ahead, nights)| Act::Book { unit, ahead, nights }),
        8 => n().prop_map(Act::CheckIn),
        4 => (n(), prop_oneof![3 => Just(0_u32), 1 => 1_u32..4]).prop_map(|(stay, ago)| Act::CheckOut(stay, ago)),
        2 => (n(), 1_u32..5).prop_map(|(stay, more)| Act::Extend(stay, more)),
        1 => (n(), 1_u32..4).prop_map(|(stay, fewer)| Act::Shorten(stay, fewer)),
        1 => n().prop_map(Act::Cancel),
        1 => n().prop_map(Act::NoShow),
        2 => (n(), n(), option::weighted(0.4, 1_u32..6))
            .prop_map(|(stay, unit, nights)| Act::Move { stay, unit, nights }),
        1 => n().prop_map(Act::Reinstate),
        1 => (n(), 0_u32..5, 1_u32..6).prop_map(|(unit, ahead, nights)| Act::Void { unit, ahead, nights }),
        1 => (n(), 0_u32..5, 1_u32..6).prop_map(|(void, ahead, nights)| Act::ChangeVoid { void, ahead, nights }),
        1 => n().prop_map(Act::CancelVoid),
        1 => (n(), 0_u32..8).prop_map(|(unit, ahead)| Act::Close { unit, ahead }),
        2 => (n(), 0_u32..8).prop_map(|(unit, ahead)| Act::Reopen { unit, ahead }),
    ]
}

/// What somebody writes down of a household.
#[derive(Clone, Debug, Default)]
struct Diary {
    /// Where it is expected, from which day and until when; nowhere when it is there, was, or is not coming.
    expected: Option<(UnitNo, Night, Night)>,
    /// Where it slept: the unit, the first night, and the day on which it left.
    slept: Vec<(UnitNo, Night, Night)>,
    /// Where it is: the unit, since which night, and until when it means to stay.
    is: Option<(UnitNo, Night, Night)>,
    /// What was there before it left, or did not come, where that can be taken back.
    undo: Option<Box<Diary>>,
}

impl Diary {
    /// Whether it sleeps in the unit on a night up to tonight. Who should have left on an earlier day, and is there, was
    /// there all the nights since, and is tonight.
    fn sleeps(&self, unit: UnitNo, night: Night, tonight: Night) -> bool {
        let slept =
            self.slept.iter().any(|(there, from, to)| *there == unit && *from <= night && night < *to);
        let is = self.is.is_some_and(|(there, from, to)| {
            let until = if to < tonight { next(tonight) } else { to };
            there == unit && from <= night && night < until
        });
        night <= tonight && (slept || is)
    }

    /// Whether the unit is kept for it on a night: a night to come that it means to stay, or any that it is expected.
    fn is_expected(&self, unit: UnitNo, night: Night, tonight: Night) -> bool {
        let to_come = self
            .is
            .is_some_and(|(there, from, to)| there == unit && night > tonight && from <= night && night < to);
        to_come || self.expected.is_some_and(|(there, from, to)| there == unit && from <= night && night < to)
    }
}

/// A service.
#[derive(Clone, Debug, Default)]
struct Life {
    units: Vec<Unit>,
    stays: Vec<Stay>,
    voids: Vec<Void>,
    /// By household, which is the place of its first stay in the order of booking.
    diaries: Vec<Diary>,
    /// For each stay, whose it is.
    of: Vec<usize>,
    /// The nights on which somebody works in a unit.
    worked: Vec<Option<(UnitNo, Night, Night)>>,
    /// When each unit opened, and from when until when it was shut.
    opened: Vec<Night>,
    shut: Vec<Vec<(Night, Option<Night>)>>,
    today: Night,
}

/// Some stays keep two nights after them.
fn turnaround(stay: &Stay) -> u32 {
    if stay.id.0.as_u128().is_multiple_of(3) { 2 } else { 0 }
}

impl Life {
    fn new(first: Night, opened: &[(usize, u32)]) -> Self {
        let unit = |(no, (property, after)): (usize, &(usize, u32))| Unit {
            id: UnitId(id(no)),
            code: world::unit_code(no),
            property: PropertyId(id(*property)),
            sleeps: 4,
            features: BTreeSet::new(),
            in_service: vec![in_service(later(first, *after), None)],
        };
        Self {
            units: opened.iter().enumerate().map(unit).collect(),
            opened: opened.iter().map(|(_, after)| later(first, *after)).collect(),
            shut: vec![Vec::new(); opened.len()],
            today: first,
            ..Self::default()
        }
    }

    fn now(&self) -> DateTime<Utc> {
        at_service_time(self.today, NaiveTime::from_hms_opt(12, 0, 0).unwrap())
    }

    fn ahead(&self, from: u32, n: u32) -> Nights {
        nights_from(later(self.today, from), n)
    }

    /// The stay that the number comes to, of those in one of these states.
    fn pick(&self, n: usize, states: &[StayStatus]) -> Option<usize> {
        let all: Vec<_> =
            (0..self.stays.len()).filter(|i| states.contains(&self.stays[*i].status())).collect();
        (!all.is_empty()).then(|| all[n % all.len()])
    }

    fn no(unit: UnitId) -> UnitNo {
        usize::try_from(unit.0.as_u128() - 1).unwrap()
    }

    /// Whether these nights of a unit are in service, and nobody else's. Turnaround gives way.
    fn is_open_to(&self, unit: UnitId, nights: Nights, stay: Option<StayId>, void: Option<VoidId>) -> bool {
        let stays = self.stays.iter().filter(|other| other.unit == unit && Some(other.id) != stay);
        let takes = |other: &Stay| other.status().takes_nights() && other.kept(self.today).overlaps(nights);
        let voids = self.voids.iter().filter(|other| other.unit == unit && Some(other.id) != void);
        let in_service = nights.is_empty() || self.units[Self::no(unit)].must_serve(nights).is_ok();
        in_service
            && !stays.clone().any(takes)
            && !voids.into_iter().any(|other| !other.cancelled && other.nights.overlaps(nights))
    }

    /// Whether somebody else is in the unit, whatever was planned.
    fn has_somebody(&self, unit: UnitId, but: StayId) -> bool {
        self.stays
            .iter()
            .any(|stay| stay.unit == unit && stay.id != but && stay.status() == StayStatus::InResidence)
    }

    /// Keeps a stay as it is now, if it can be. Says whether.
    fn keep(&mut self, at: usize, stay: Stay) -> bool {
        let there = stay.status() == StayStatus::InResidence && self.has_somebody(stay.unit, stay.id);
        let takes = stay.status().takes_nights();
        if there || takes && !self.is_open_to(stay.unit, stay.kept(self.today), Some(stay.id), None) {
            return false;
        }
        self.stays[at] = stay;
        true
    }

    fn policy() -> Policy {
        Policy::default_for(Scheme::SafeSpace)
    }

    fn act(&mut self, act: &Act) {
        match act {
            Act::Book { unit, ahead, nights } => {
                self.book(unit % self.units.len(), self.ahead(*ahead, *nights));
            }
            Act::CheckIn(stay) => self.check_in(*stay),
            Act::CheckOut(stay, ago) => self.check_out(*stay, earlier(self.today, *ago)),
            Act::Extend(stay, more) => {
                let today = self.today;
                self.end_on(*stay, |stay, ends| stay.extend(later(ends, *more), today).ok());
            }
            Act::Shorten(stay, fewer) => {
                let today = self.today;
                self.end_on(*stay, |stay, ends| stay.shorten(earlier(ends, *fewer), today).ok());
            }
            Act::Cancel(stay) => self.never_came(*stay, Stay::cancel),
            Act::NoShow(stay) => self.never_came(*stay, Stay::no_show),
            Act::Move { stay, unit, nights } => {
                self.go_to(*stay, unit % self.units.len(), nights.map(|n| later(self.today, n)));
            }
            Act::Reinstate(stay) => self.reinstate(*stay),
            Act::Void { unit, ahead, nights } => {
                let (no, nights) = (unit % self.units.len(), self.ahead(*ahead, *nights));
                let void = Void {
                    id: VoidId(id(self.voids.len())),
                    unit: UnitId(id(no)),
                    nights,
                    reason: "repair".into(),
                    cancelled: false,
                };
                if self.is_open_to(void.unit, nights, None, None) {
                    self.voids.push(void);
                    self.worked.push(Some((no, nights.arrival(), nights.departure())));
                }
            }
            Act::ChangeVoid { void, ahead, nights } => self.change_void(*void, self.ahead(*ahead, *nights)),
            Act::CancelVoid(void) => {
                if !self.voids.is_empty() {
                    let at = void % self.voids.len();
                    if let Ok(void) = self.voids[at].clone().cancel() {
                        self.voids[at] = void;
                        self.worked[at] = None;
                    }
                }
            }
            Act::Close { unit, ahead } => self.close(unit % self.units.len(), later(self.today, *ahead)),
            Act::Reopen { unit, ahead } => self.reopen(unit % self.units.len(), later(self.today, *ahead)),
        }
    }

    fn book(&mut self, no: UnitNo, nights: Nights) {
        let n = self.stays.len();
        let stay = booked(n, no, nights);
        if self.is_open_to(stay.unit, nights, None, None) {
            self.stays.push(stay);
            self.of.push(self.diaries.len());
            let expected = Some((no, nights.arrival(), nights.departure()));
            self.diaries.push(Diary { expected, ..Diary::default() });
        }
    }

    fn check_in(&mut self, n: usize) {
        // Whoever can come, comes sooner or later.
        let due: Vec<_> = (0..self.stays.len())
            .filter(|i| {
                let stay = &self.stays[*i];
                stay.status() == StayStatus::Booked && stay.nights.arrival() <= self.today
            })
            .collect();
        if due.is_empty() {
            return;
        }
        let at = due[n % due.len()];
        let Ok(stay) = self.stays[at].clone().arrive(self.now(), &Self::policy()) else { return };
        if self.keep(at, stay) {
            let diary = &mut self.diaries[self.of[at]];
            let (unit, _, to) = diary.expected.take().unwrap();
            // Whoever comes late was not there before.
            diary.is = Some((unit, self.today, to));
        }
    }

    fn check_out(&mut self, n: usize, on: Night) {
        let Some(at) = self.pick(n, &[StayStatus::InResidence]) else { return };
        let Ok(stay) = self.stays[at].clone().depart(on, self.now()) else { return };
        if self.keep(at, stay) {
            let diary = &mut self.diaries[self.of[at]];
            let before = diary.clone();
            let (unit, from, _) = diary.is.take().unwrap();
            diary.slept.push((unit, from, on));
            diary.undo = Some(Box::new(before));
        }
    }

    fn end_on(&mut self, n: usize, change: impl FnOnce(Stay, Night) -> Option<Stay>) {
        let Some(at) = self.pick(n, &[StayStatus::Booked, StayStatus::InResidence]) else { return };
        let ends = self.stays[at].nights.departure();
        let Some(stay) = change(self.stays[at].clone(), ends) else { return };
        let to = stay.nights.departure();
        if self.keep(at, stay) {
            let diary = &mut self.diaries[self.of[at]];
            for run in [&mut diary.expected, &mut diary.is].into_iter().flatten() {
                run.2 = to;
            }
        }
    }

    fn never_came(
        &mut self,
        n: usize,
        change: impl FnOnce(Stay, DateTime<Utc>) -> Result<Stay, safespace_domain::Refusal>,
    ) {
        let Some(at) = self.pick(n, &[StayStatus::Booked]) else { return };
        let Ok(stay) = change(self.stays[at].clone(), self.now()) else { return };
        if self.keep(at, stay) {
            let diary = &mut self.diaries[self.of[at]];
            let before = diary.clone();
            diary.expected = None;
            diary.undo = Some(Box::new(before));
        }
    }

    fn go_to(&mut self, n: usize, to: UnitNo, departure: Option<Night>) {
        let Some(at) = self.pick(n, &[StayStatus::Booked, StayStatus::InResidence]) else { return };
        let (unit, new) = (UnitId(id(to)), StayId(id(self.stays.len())));
        let moved = self.stays[at].clone().move_to(unit, new, departure, self.now(), &Self::policy());
        let Ok(moved) = moved else { return };
        let there = moved.to.status() == StayStatus::InResidence && self.has_somebody(unit, moved.to.id);
        if there || !self.is_open_to(unit, moved.to.nights, None, None) {
            return;
        }
        let until = moved.to.nights.departure();
        let whose = self.of[at];
        if let Some(from) = moved.from {
            self.stays[at] = from;
            self.stays.push(moved.to);
            self.of.push(whose);
        } else {
            self.stays[at] = moved.to;
        }
        let diary = &mut self.diaries[whose];
        if let Some((_, from, _)) = diary.expected {
            diary.expected = Some((to, from.max(self.today), until));
        }
        if let Some((unit, from, _)) = diary.is {
            if from < self.today {
                diary.slept.push((unit, from, self.today));
            }
            diary.is = Some((to, self.today, until));
        }
    }

    fn reinstate(&mut self, n: usize) {
        let over = [StayStatus::Departed, StayStatus::Cancelled, StayStatus::NoShow];
        let Some(at) = self.pick(n, &over) else { return };
        let Ok(stay) = self.stays[at].clone().reinstate() else { return };
        if self.keep(at, stay) {
            let before = self.diaries[self.of[at]].undo.take().unwrap();
            self.diaries[self.of[at]] = *before;
        }
    }

    fn change_void(&mut self, n: usize, nights: Nights) {
        if self.voids.is_empty() {
            return;
        }
        let at = n % self.voids.len();
        let void = self.voids[at].clone();
        if !self.is_open_to(void.unit, nights, None, Some(void.id)) {
            return;
        }
        if let Ok(void) = void.change(nights, "safety".into()) {
            self.worked[at] = Some((Self::no(void.unit), nights.arrival(), nights.departure()));
            self.voids[at] = void;
        }
    }

    /// Only where nobody is from then on, or is to come.
    fn close(&mut self, no: UnitNo, on: Night) {
        let unit = UnitId(id(no));
        let after = Nights::between(on, later(on, MARGIN));
        let taken = |stay: &Stay| stay.status().takes_nights() && stay.kept(self.today).overlaps(after);
        let void = |void: &Void| !void.cancelled && void.nights.overlaps(after);
        let in_the_way = self.stays.iter().filter(|stay| stay.unit == unit).any(taken)
            || self.voids.iter().filter(|void| void.unit == unit).any(void);
        let is_open = self.shut[no].last().is_none_or(|(_, to)| to.is_some());
        if !in_the_way
            && is_open
            && let Ok(closed) = self.units[no].clone().close(on)
        {
            self.units[no] = closed;
            match self.shut[no].last_mut() {
                // On the night on which it was reopened: it is as if that had never been.
                Some((_, to)) if *to == Some(on) => *to = None,
                _ => self.shut[no].push((on, None)),
            }
        }
    }

    fn reopen(&mut self, no: UnitNo, on: Night) {
        if let Ok(open) = self.units[no].clone().reopen(on) {
            self.units[no] = open;
            self.shut[no].last_mut().unwrap().1 = Some(on);
        }
    }

    /// The calendar of what the records take. Turnaround gives way to whatever comes after it, and all of it to who is
    /// there.
    fn calendar(&self, span: Nights) -> Calendar {
        let mut calendar = Calendar::new(span, self.units.len());
        for (no, unit) in self.units.iter().enumerate() {
            calendar.set_in_service(no, &unit.in_service);
        }
        let mut entries: Vec<Entry> =
            self.stays.iter().flat_map(|stay| stay.entries(self.today, turnaround(stay))).collect();
        entries.extend(self.voids.iter().flat_map(Void::entries));
        entries.sort_by_key(|entry| match entry.take.night_use {
            NightUse::Turnaround => 0,
            NightUse::Resident => 2,
            NightUse::Booked | NightUse::Held | NightUse::Void => 1,
        });
        for entry in entries {
            calendar.set(Self::no(entry.unit), entry.night, Some(entry.take.night_use));
        }
        calendar
    }

    /// What the diaries tell of each unit and night: the slow and obvious way.
    fn told(&self, range: Nights) -> Vec<Vec<Option<Cell>>> {
        let cell = |no: UnitNo, night: Night| {
            let shut =
                self.shut[no].iter().any(|(from, to)| *from <= night && to.is_none_or(|to| night < to));
            if night < self.opened[no] || shut {
                return None;
            }
            let occupied = self.diaries.iter().any(|diary| diary.sleeps(no, night, self.today));
            let worked = self.worked.iter().flatten();
            let void =
                worked.into_iter().any(|(there, from, to)| *there == no && *from <= night && night < *to);
            let expected = self.diaries.iter().any(|diary| diary.is_expected(no, night, self.today));
            Some(Cell { occupied, void: void && !occupied, reserved: expected && !occupied && !void })
        };
        (0..self.units.len()).map(|no| range.iter().map(|night| cell(no, night)).collect()).collect()
    }
}

/// A service as it was lived, and the nights that somebody asks about.
fn life() -> impl Strategy<Value = (Life, Nights)> {
    let opened = prop_oneof![
        9 => vec((0_usize..8, prop_oneof![2 => Just(0_u32), 1 => 0_u32..40]), 1..7),
        1 => vec((0_usize..8, 0_u32..20), 60..70),
    ];
    let days = vec(vec(act(), 0..9), 1..=DAYS);
    (first_night(), opened, days, 0_u32..85, 1_u32..80).prop_map(|(first, opened, days, from, n)| {
        let mut life = Life::new(first, &opened);
        for (gone, acts) in days.iter().enumerate() {
            life.today = later(first, u32::try_from(gone).unwrap());
            for act in acts {
                life.act(act);
            }
        }
        (life, nights_from(later(earlier(first, MARGIN / 2), from), n))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn occupancy_is_what_a_diary_of_who_slept_where_tells_of_a_thousand_services((life, range) in life()) {
        let spaces = world::spaces(life.units.clone(), 0);
        // Wide enough for a year before.
        let span = Nights::between(earlier(range.arrival(), 900), later(range.departure(), 200));
        let calendar = life.calendar(span);
        let cells = life.told(range);
        for by in PeriodKind::ALL {
            for group in groupings() {
                let rows = occupancy(&calendar, &spaces, range, by, group, life.today);
                let told = recount(&life.units, range, &cells, by, group);
                prop_assert_eq!(&rows, &told, "by {} and {:?}", by, group);
            }
        }
        // What stands beside a period is what the diaries tell of that time.
        for one in compared(&calendar, &spaces, range, PeriodKind::Whole, None, life.today) {
            for (other, nights) in [
                (&one.before, PeriodKind::Whole.before(range)),
                (&one.a_year_before, PeriodKind::Whole.a_year_before(range)),
            ] {
                let told = recount(&life.units, nights, &life.told(nights), PeriodKind::Whole, None);
                prop_assert_eq!(Some(other), told.first());
            }
        }
    }
}

/// The lives have in them what occupancy must count right: so that the test above can find it wrong.
#[test]
fn the_services_that_are_lived_through_have_all_that_can_happen_in_them() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut seen = BTreeSet::new();
    for _ in 0..100 {
        let (life, _) = life().new_tree(&mut runner).unwrap().current();
        let today = life.today;
        for stay in &life.stays {
            seen.insert(stay.status().as_str());
            let mut note = |what, is: bool| is.then(|| seen.insert(what));
            note("overstay", stay.is_overstay(today));
            note("moved", stay.moved_from.is_some());
            note("left early", stay.nights.departure() < stay.planned.departure());
            note("came late", stay.nights.arrival() > stay.planned.arrival());
            note("none came yet", stay.status() == StayStatus::Booked && stay.nights.arrival() < today);
            note("stayed on", stay.nights.len() > 8);
        }
        let shut = life.shut.iter().flatten();
        for (_, to) in shut {
            seen.insert(if to.is_some() { "reopened" } else { "closed" });
        }
        for void in &life.voids {
            seen.insert(if void.cancelled { "void taken back" } else { "void" });
        }
        let opened: BTreeSet<_> = life.opened.iter().collect();
        if opened.len() > 1 {
            seen.insert("stock grows");
        }
    }
    let all = [
        "booked",
        "cancelled",
        "came late",
        "closed",
        "departed",
        "in_residence",
        "left early",
        "moved",
        "no_show",
        "none came yet",
        "overstay",
        "reopened",
        "stayed on",
        "stock grows",
        "void",
        "void taken back",
    ];
    assert_eq!(seen, BTreeSet::from(all));
}
