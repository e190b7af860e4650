//! A day in the life of the demonstration: who leaves, what opens and breaks, who comes.

use std::{collections::BTreeMap, sync::Arc};

use chrono::Datelike;
use safespace_domain::{
    Night, Nights, PropertyId, Refusal, RefusalCode, StayId, UnitId,
    access::Actor,
    districts::District,
    nights::{earlier, later, next},
    stays::{Stay, StayStatus},
    units::Scheme,
};

use super::{
    at, give,
    homes::{DISTRICTS, PROPERTIES, UNITS},
    outside::MovedClock,
};
use crate::{BookStay, Command, Engine, EngineError, ExtendStay, MoveStay, Outcome, RecordVoid, RegisterProperty, RegisterUnit};

/// How full the service means to be.
const WANTED: f64 = 0.9;
/// How strongly a day corrects what the days before fell short or ran over.
const CORRECTION: f64 = 0.15;
/// How often somebody who should leave today stays a night longer, and so on: one in so many.
const OVERSTAYS: u32 = 60;
const EARLY_LEAVERS: u32 = 40;
const EXTENSIONS: u32 = 30;
const CANCELLATIONS: u32 = 25;
const NO_SHOWS: u32 = 40;
const VOIDS: u32 = 45;
const EXCEPTIONS: u32 = 400;

/// The service as the story has it.
pub(super) struct Service {
    engine: Arc<Engine>,
    clock: Arc<MovedClock>,
    staff: Arc<Actor>,
    random: fastrand::Rng,
    last: Night,
    properties: BTreeMap<&'static str, PropertyId>,
    /// Stays that are booked or in residence.
    open: BTreeMap<StayId, Stay>,
    /// Stays booked so far, without those that a move opened.
    pub(super) booked: u32,
    references: (i32, u32),
    available: f64,
    occupied: f64,
    /// What pulls demand up and down for a while.
    mood: f64,
    /// The household that does not leave at the end of the story.
    overstayer: Option<StayId>,
    void_tonight: bool,
}

type Done = Result<(), EngineError>;

impl Service {
    pub(super) fn new(engine: Arc<Engine>, clock: Arc<MovedClock>, seed: u64, last: Night) -> Self {
        let staff = Arc::new(engine.local());
        Self {
            engine,
            clock,
            staff,
            random: fastrand::Rng::with_seed(seed ^ 0x5afe),
            last,
            properties: BTreeMap::new(),
            open: BTreeMap::new(),
            booked: 0,
            references: (0, 0),
            available: 0.0,
            occupied: 0.0,
            mood: 0.0,
            overstayer: None,
            void_tonight: false,
        }
    }

    /// What was there before the story begins.
    pub(super) async fn begin(&mut self) -> Done {
        for (name, kind) in DISTRICTS {
            self.give(Command::SaveDistrict(District { name: name.into(), kind })).await?;
        }
        for (code, scheme, district) in PROPERTIES {
            let ask = RegisterProperty { code: code.into(), scheme, district: district.into() };
            if let Outcome::Property(property) = self.give(Command::RegisterProperty(ask)).await? {
                self.properties.insert(code, property.id);
            }
        }
        let (first, _) = super::story();
        self.open_units(|opened| opened < first).await
    }

    /// One day, from midnight to midnight.
    pub(super) async fn live(&mut self, day: Night) -> Done {
        self.clock.set(at(day, 0));
        self.engine.turn_day().await?;
        self.clock.set(at(day, 10));
        self.mornings_leave(day).await?;
        self.clock.set(at(day, 12));
        self.open_units(|opened| opened == day).await?;
        self.break_something(day).await?;
        self.clock.set(at(day, 18));
        self.expected_arrive(day).await?;
        self.book_for_tonight(day).await?;
        self.book_ahead(day).await
    }

    async fn open_units(&mut self, opens: impl Fn(Night) -> bool) -> Done {
        for (code, property, sleeps, features, opened_on) in UNITS {
            let (Ok(opened_on), Some(property)) = (opened_on.parse::<Night>(), self.properties.get(property)) else { continue };
            if !opens(opened_on) {
                continue;
            }
            let ask = RegisterUnit {
                code: code.into(),
                property: *property,
                sleeps,
                features: features.split_whitespace().map(str::to_owned).collect(),
                opened_on,
                closed_on: None,
            };
            self.give(Command::RegisterUnit(ask)).await?;
        }
        Ok(())
    }

    /// Those whose departure is today leave, move on, or for once do not.
    async fn mornings_leave(&mut self, day: Night) -> Done {
        self.choose_the_overstayer(day).await?;
        let due: Vec<Stay> = self
            .open
            .values()
            .filter(|stay| stay.status() == StayStatus::InResidence && Some(stay.id) != self.overstayer)
            .cloned()
            .collect();
        for stay in due {
            let leaves = stay.nights.departure() <= day;
            let overstays = leaves && stay.nights.departure() == day && day < earlier(self.last, 3) && self.one_in(OVERSTAYS);
            let early = !leaves && stay.nights.arrival() < day && self.scheme(&stay) == Scheme::SafeSpace && self.one_in(EARLY_LEAVERS * 3);
            if (leaves && !overstays && !self.goes_on(&stay, day).await?) || early {
                self.check_out(&stay).await?;
            }
        }
        Ok(())
    }

    /// A stay that would end today is extended, or the household moves on.
    async fn goes_on(&mut self, stay: &Stay, day: Night) -> Result<bool, EngineError> {
        if self.scheme(stay) == Scheme::MoveOn || stay.is_overstay(day) {
            return Ok(false);
        }
        if let Some(unit) = self.free_move_on(day, stay) {
            let departure = Some(later(day, self.random.u32(28..120)));
            let ask = MoveStay { stay: stay.id, unit, departure, exception: None };
            if let Some(Outcome::Moved { to, .. }) = self.try_to(Command::MoveStay(ask)).await? {
                self.open.remove(&stay.id);
                self.open.insert(to.id, to);
                return Ok(true);
            }
        }
        if !self.one_in(EXTENSIONS) {
            return Ok(false);
        }
        let exception = self.one_in(EXCEPTIONS / EXTENSIONS).then(|| "No safe place to go to yet; reviewed daily.".to_owned());
        let ask = ExtendStay { stay: stay.id, departure: later(day, self.random.u32(1..3)), exception };
        Ok(self.change(Command::ExtendStay(ask)).await?.is_some())
    }

    fn free_move_on(&mut self, day: Night, stay: &Stay) -> Option<UnitId> {
        if !self.one_in(3) {
            return None;
        }
        let ask = safespace_domain::availability::Ask::plain(
            Nights::between(day, later(day, 28)),
            stay.people,
            Scheme::MoveOn,
        );
        let found = self.engine.availability(&self.staff, ask).ok()?;
        let (no, _) = found.offers.first()?;
        found.spaces.unit(*no).map(|unit| unit.id)
    }

    async fn check_out(&mut self, stay: &Stay) -> Done {
        self.change(Command::CheckOut { stay: stay.id, on: None }).await?;
        Ok(())
    }

    /// At the end of the story one household was to leave yesterday and is still there.
    async fn choose_the_overstayer(&mut self, day: Night) -> Done {
        if self.overstayer.is_some() || day < earlier(self.last, 2) {
            return Ok(());
        }
        let was_to_leave = earlier(self.last, 1);
        let candidates: Vec<Stay> = self
            .open
            .values()
            .filter(|stay| stay.status() == StayStatus::InResidence && self.scheme(stay) == Scheme::SafeSpace)
            .filter(|stay| stay.nights.arrival() < was_to_leave && stay.nights.departure() >= was_to_leave)
            .cloned()
            .collect();
        let Some(chosen) = candidates.iter().min_by_key(|stay| stay.nights.departure()) else { return Ok(()) };
        if chosen.nights.departure() > was_to_leave {
            self.change(Command::ShortenStay { stay: chosen.id, departure: was_to_leave }).await?;
        }
        self.overstayer = Some(chosen.id);
        Ok(())
    }

    /// Now and then a unit is out of service for some days; tonight, one is.
    async fn break_something(&mut self, day: Night) -> Done {
        let ends = day == self.last;
        if !ends && (day >= earlier(self.last, 7) || !self.one_in(VOIDS)) {
            return Ok(());
        }
        let nights = if ends { 4 } else { self.random.u32(1..5) };
        let people = safespace_domain::households::People { adults: 1, children: 0 };
        let mut units = self.free_units(Nights::between(day, later(day, nights)), people);
        if units.is_empty() && ends {
            // Somebody leaves for another place, so that the story ends with a void.
            let leaver = self.open.values().find(|stay| stay.status() == StayStatus::InResidence && Some(stay.id) != self.overstayer && stay.nights.arrival() < day && !self.booked_after(stay));
            if let Some(stay) = leaver.cloned() {
                self.check_out(&stay).await?;
                units.push(stay.unit);
            }
        }
        let Some(unit) = units.first().copied() else { return Ok(()) };
        let (reason, note) = match self.random.u8(0..3) {
            0 => ("deep_clean", "Carpets and mattresses, after a long stay."),
            1 => ("safety", "The front door lock sticks; locksmith called."),
            _ => ("repair", "The boiler loses pressure; engineer booked."),
        };
        let ask = RecordVoid { unit, from: day, to: later(day, nights), reason: reason.into(), note: Some(note.into()) };
        let done = self.try_to(Command::RecordVoid(ask)).await?;
        self.void_tonight |= ends && done.is_some();
        Ok(())
    }

    fn booked_after(&self, stay: &Stay) -> bool {
        self.open.values().any(|other| other.unit == stay.unit && other.id != stay.id)
    }

    /// Those who are expected today come, call off, or do not show up. On the last day they are still awaited.
    async fn expected_arrive(&mut self, day: Night) -> Done {
        let expected: Vec<Stay> =
            self.open.values().filter(|stay| stay.status() == StayStatus::Booked && stay.nights.arrival() <= day).cloned().collect();
        for stay in expected {
            if day == self.last {
                continue;
            }
            let step = if self.one_in(CANCELLATIONS) {
                Command::CancelStay { stay: stay.id }
            } else if self.one_in(NO_SHOWS) {
                Command::MarkNoShow { stay: stay.id }
            } else {
                Command::CheckIn { stay: stay.id }
            };
            if self.change(step).await?.is_none() {
                // Another household is still there: the booking is called off, and they are placed elsewhere.
                self.change(Command::CancelStay { stay: stay.id }).await?;
            }
        }
        Ok(())
    }

    /// Takes in households until the service is as full as today would have it.
    async fn book_for_tonight(&mut self, day: Night) -> Done {
        let (available, mut occupied) = self.tonight(day);
        self.mood = 0.8 * self.mood + (self.random.f64() - 0.5) * 0.12;
        let owed = (WANTED * self.available - self.occupied) * CORRECTION;
        let wanted = (available * (WANTED + self.mood) + owed + self.random.f64() - 0.5).clamp(0.0, available);
        let mut tries = 0;
        while occupied + 0.5 <= wanted && tries < 12 {
            tries += 1;
            if self.place_somebody(day).await? {
                occupied += 1.0;
            }
        }
        if day == self.last && !self.open.values().any(|stay| stay.status() == StayStatus::Booked && stay.nights.arrival() == day) {
            self.place_somebody(day).await?;
        }
        self.available += available;
        self.occupied += occupied;
        Ok(())
    }

    /// Somebody calls and is placed tonight, if there is a place that fits; they come in the evening.
    async fn place_somebody(&mut self, day: Night) -> Result<bool, EngineError> {
        let ask = self.caller(day, Scheme::SafeSpace, day);
        let placed = self.book(ask).await?;
        let Some(stay) = placed else { return Ok(false) };
        if day < self.last {
            self.change(Command::CheckIn { stay: stay.id }).await?;
        }
        Ok(true)
    }

    /// Some are booked into a unit that comes free in the next days.
    async fn book_ahead(&mut self, day: Night) -> Done {
        let chance = if day >= earlier(self.last, 1) { 2 } else { 8 };
        if self.one_in(chance) {
            let arrival = later(day, self.random.u32(1..3));
            let ask = self.caller(day, Scheme::SafeSpace, arrival);
            self.book(ask).await?;
        }
        Ok(())
    }

    fn caller(&mut self, day: Night, scheme: Scheme, arrival: Night) -> BookStay {
        let adults = if self.one_in(12) { 2 } else { 1 };
        let children = match self.random.u8(0..10) {
            0..=4 => 0,
            5..=6 => 1,
            7..=8 => 2,
            _ => 3,
        };
        if self.references.0 != day.year() {
            self.references = (day.year(), 0);
        }
        self.references.1 += 1;
        BookStay {
            household: format!("R-{}-{:04}", self.references.0, self.references.1),
            arrival,
            departure: later(arrival, self.random.u32(2..8)),
            adults,
            children,
            unit: None,
            scheme,
            features: if self.one_in(25) { ["step_free".to_owned()].into() } else { [].into() },
            wanted_districts: [].into(),
            unwanted_districts: if self.one_in(6) { ["Stevenage".to_owned()].into() } else { [].into() },
            exception: None,
        }
    }

    /// Books; when there is no place for so long, for a shorter stay.
    async fn book(&mut self, ask: BookStay) -> Result<Option<Stay>, EngineError> {
        let mut departure = ask.departure;
        while departure > ask.arrival {
            let shorter = BookStay { departure, ..ask.clone() };
            if let Some(Outcome::Stay(stay)) = self.try_to(Command::BookStay(shorter)).await? {
                self.booked += 1;
                self.open.insert(stay.id, stay.clone());
                return Ok(Some(stay));
            }
            departure = earlier(departure, 2);
        }
        Ok(None)
    }

    /// How many units are available tonight, and how many are occupied so far.
    fn tonight(&self, day: Night) -> (f64, f64) {
        let range = Nights::between(day, next(day));
        let rows = self.engine.occupancy(&self.staff, range, safespace_domain::occupancy::PeriodKind::Night, None);
        let row = rows.ok().and_then(|rows| rows.into_iter().next()).unwrap_or_default();
        let count = |n: u64| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
        (count(row.available_nights), count(row.occupied_nights))
    }

    fn free_units(&self, nights: Nights, people: safespace_domain::households::People) -> Vec<UnitId> {
        let ask = safespace_domain::availability::Ask::plain(nights, people, Scheme::SafeSpace);
        let Ok(found) = self.engine.availability(&self.staff, ask) else { return Vec::new() };
        found.offers.iter().filter_map(|(no, _)| found.spaces.unit(*no)).map(|unit| unit.id).collect()
    }

    fn scheme(&self, stay: &Stay) -> Scheme {
        let spaces = self.engine.spaces();
        spaces.unit_by_id(stay.unit).map_or(Scheme::SafeSpace, |unit| spaces.policy_of(unit).scheme)
    }

    fn one_in(&mut self, n: u32) -> bool {
        self.random.u32(0..n.max(1)) == 0
    }

    /// Gives a command that must be carried out.
    async fn give(&self, command: Command) -> Result<Outcome, EngineError> {
        give(&self.engine, &self.staff, command).await
    }

    /// Gives a command that may be refused: then nothing happens.
    async fn try_to(&self, command: Command) -> Result<Option<Outcome>, EngineError> {
        match self.give(command).await {
            Ok(outcome) => Ok(Some(outcome)),
            Err(EngineError::Refused(Refusal { code: RefusalCode::BadValue | RefusalCode::NotFound, message, .. })) => {
                Err(EngineError::Refused(Refusal::new(RefusalCode::BadValue, message)))
            }
            Err(EngineError::Refused(_)) => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// Changes a stay, and keeps track of it.
    async fn change(&mut self, command: Command) -> Result<Option<Stay>, EngineError> {
        let Some(Outcome::Stay(stay)) = self.try_to(command).await? else { return Ok(None) };
        if matches!(stay.status(), StayStatus::Booked | StayStatus::InResidence) {
            self.open.insert(stay.id, stay.clone());
        } else {
            self.open.remove(&stay.id);
        }
        Ok(Some(stay))
    }
}
