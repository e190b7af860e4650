//! Somebody with a credential, who asks the engine to do things.

use std::{collections::BTreeSet, fmt::Debug, sync::Arc};

use safespace_domain::{
    Night, Refusal, StayId,
    access::Actor,
    availability::Ask,
    households::People,
    nights::later,
    stays::Stay,
    units::{Scheme, Unit},
    voids::Void,
};
use safespace_engine::{
    AttentionItem, BookStay, ChangeVoid, Command, Engine, EngineError, ExtendStay, MoveStay, Outcome,
    RecordVoid,
};

use crate::{World, canary, day, nights};

/// What one is told: the answer, or an ordinary refusal. A fault fails the story.
pub type Told<T> = Result<T, Refusal>;

/// The code, the field and the sentence of what must be a refusal.
#[track_caller]
pub fn refused<T: Debug>(told: Result<T, impl Into<EngineError>>) -> String {
    let refusal = match told.map_err(Into::into) {
        Err(EngineError::Refused(refusal)) => refusal,
        other => panic!("{other:?} should have been refused"),
    };
    let field = refusal.field.as_deref().map(|field| format!(" ({field})")).unwrap_or_default();
    format!("{}{field}: {}", refusal.code.as_str(), refusal.message)
}

/// Somebody with a credential, at an engine.
pub struct Person<'w> {
    world: &'w World,
    engine: Arc<Engine>,
    /// Whom the engine takes them for.
    pub actor: Arc<Actor>,
}

impl<'w> Person<'w> {
    pub(crate) fn new(world: &'w World, engine: Arc<Engine>, actor: Arc<Actor>) -> Self {
        Self { world, engine, actor }
    }

    /// Gives a command.
    pub async fn run(&self, command: Command) -> Told<Outcome> {
        told(self.engine.run(&self.actor, None, command).await)
    }

    /// Gives a command under an idempotency key.
    pub async fn run_once(&self, key: &str, command: Command) -> Told<Outcome> {
        told(self.engine.run(&self.actor, Some(key), command).await)
    }

    /// The command that books a unit for one adult and two children.
    pub async fn to_book(&self, unit: &str, household: &str, arrival: &str, nights: u32) -> BookStay {
        BookStay { unit: Some(self.world.unit(unit).await), ..any(household, arrival, nights) }
    }

    /// Books a unit for one adult and two children.
    pub async fn book(&self, unit: &str, household: &str, arrival: &str, nights: u32) -> Told<Stay> {
        let ask = self.to_book(unit, household, arrival, nights).await;
        let booked = self.run(Command::BookStay(ask)).await.map(stay)?;
        self.world.plant_details(household).await;
        Ok(booked)
    }

    /// Books a unit, a manager's reason for a longer stay with it.
    pub async fn book_with_exception(
        &self,
        unit: &str,
        household: &str,
        arrival: &str,
        nights: u32,
        reason: &str,
    ) -> Told<Stay> {
        let ask = self.to_book(unit, household, arrival, nights).await;
        self.run(Command::BookStay(BookStay { exception: Some(reason.into()), ..ask })).await.map(stay)
    }

    /// Books whichever safe space fits best.
    pub async fn book_any(&self, household: &str, arrival: &str, nights: u32) -> Told<Stay> {
        self.run(Command::BookStay(any(household, arrival, nights))).await.map(stay)
    }

    /// Books as this says.
    pub async fn book_as(&self, ask: BookStay) -> Told<Stay> {
        self.run(Command::BookStay(ask)).await.map(stay)
    }

    /// The household has arrived.
    pub async fn check_in(&self, which: &Stay) -> Told<Stay> {
        self.run(Command::CheckIn { stay: which.id }).await.map(stay)
    }

    /// The household has left today.
    pub async fn check_out(&self, which: &Stay) -> Told<Stay> {
        self.run(Command::CheckOut { stay: which.id, on: None, departure: None }).await.map(stay)
    }

    /// The household left on that day.
    pub async fn check_out_on(&self, which: &Stay, on: &str) -> Told<Stay> {
        self.run(Command::CheckOut { stay: which.id, on: Some(day(on)), departure: None }).await.map(stay)
    }

    /// Makes a stay end later.
    pub async fn extend(&self, which: &Stay, to: &str) -> Told<Stay> {
        let ask = ExtendStay { stay: which.id, departure: day(to), exception: None };
        self.run(Command::ExtendStay(ask)).await.map(stay)
    }

    /// Makes a stay end later, with a manager's reason.
    pub async fn extend_with_exception(&self, which: &Stay, to: &str, reason: &str) -> Told<Stay> {
        let ask = ExtendStay { stay: which.id, departure: day(to), exception: Some(reason.into()) };
        self.run(Command::ExtendStay(ask)).await.map(stay)
    }

    /// Makes a stay end earlier.
    pub async fn shorten(&self, which: &Stay, to: &str) -> Told<Stay> {
        self.run(Command::ShortenStay { stay: which.id, departure: day(to) }).await.map(stay)
    }

    /// Calls a booking off.
    pub async fn cancel(&self, which: &Stay) -> Told<Stay> {
        self.run(Command::CancelStay { stay: which.id }).await.map(stay)
    }

    /// Nobody came.
    pub async fn mark_no_show(&self, which: &Stay) -> Told<Stay> {
        self.run(Command::MarkNoShow { stay: which.id }).await.map(stay)
    }

    /// The household goes to another unit. Returns the stay that closed, where one did, and the one that goes on.
    pub async fn move_to(&self, which: &Stay, unit: &str) -> Told<(Option<Stay>, Stay)> {
        self.move_until(which, unit, None).await
    }

    /// The household goes to another unit, until that day.
    pub async fn move_until(&self, which: &Stay, unit: &str, to: Option<&str>) -> Told<(Option<Stay>, Stay)> {
        let unit = self.world.unit(unit).await;
        let ask = MoveStay { stay: which.id, unit, departure: to.map(day), exception: None };
        match self.run(Command::MoveStay(ask)).await? {
            Outcome::Moved { from, to } => Ok((from, to)),
            other => panic!("{other:?} is not a move"),
        }
    }

    /// Takes back an arrival, a departure, a cancellation or a no-show.
    pub async fn reinstate(&self, which: &Stay) -> Told<Stay> {
        self.run(Command::ReinstateStay { stay: which.id }).await.map(stay)
    }

    /// The stay as it is now.
    pub async fn stay(&self, id: StayId) -> Stay {
        self.engine.stay(&self.actor, id).await.unwrap().expect("a stay that is there")
    }

    /// Takes a unit out of service for a repair.
    pub async fn record_void(&self, unit: &str, from: &str, nights: u32) -> Told<Void> {
        self.record_void_with_note(unit, from, nights, Some(canary::NOTE)).await
    }

    /// Takes a unit out of service for a repair, with a note.
    pub async fn record_void_with_note(
        &self,
        unit: &str,
        from: &str,
        nights: u32,
        note: Option<&str>,
    ) -> Told<Void> {
        let ask = self.to_record_void(unit, from, nights).await;
        let ask = RecordVoid { note: note.map(str::to_owned), ..ask };
        self.run(Command::RecordVoid(ask)).await.map(void)
    }

    /// Takes a unit out of service for a repair, so that nobody else may change that.
    pub async fn record_kept_void(&self, unit: &str, from: &str, nights: u32) -> Told<Void> {
        let ask = self.to_record_void(unit, from, nights).await;
        self.run(Command::RecordVoid(RecordVoid { kept: true, ..ask })).await.map(void)
    }

    async fn to_record_void(&self, unit: &str, from: &str, nights: u32) -> RecordVoid {
        RecordVoid {
            unit: self.world.unit(unit).await,
            from: day(from),
            to: later(day(from), nights),
            reason: "repair".into(),
            note: None,
            kept: false,
        }
    }

    /// Puts a void on other nights.
    pub async fn change_void(&self, which: &Void, from: &str, nights: u32) -> Told<Void> {
        let (from, to) = (day(from), later(day(from), nights));
        let ask = ChangeVoid { void: which.id, from: Some(from), to: Some(to), reason: None, note: None };
        self.run(Command::ChangeVoid(ask)).await.map(void)
    }

    /// Takes a void back.
    pub async fn cancel_void(&self, which: &Void) -> Told<Void> {
        self.run(Command::CancelVoid { void: which.id }).await.map(void)
    }

    /// Takes a unit out of stock from a day on.
    pub async fn close(&self, unit: &str, on: &str) -> Told<Unit> {
        let command = Command::CloseUnit { unit: self.world.unit(unit).await, on: day(on) };
        self.run(command).await.map(a_unit)
    }

    /// Puts a unit back in stock from a day on.
    pub async fn reopen(&self, unit: &str, on: &str) -> Told<Unit> {
        let command = Command::ReopenUnit { unit: self.world.unit(unit).await, on: day(on) };
        self.run(command).await.map(a_unit)
    }

    /// What the nights need attention for, in words: overstays, what they block, who did not come.
    pub async fn attention(&self) -> Vec<String> {
        use safespace_domain::attention::Attention;
        let items = self.engine.attention(&self.actor).await.unwrap();
        let of_nights = |item: &&AttentionItem| {
            matches!(
                item.what,
                Attention::Overstay { .. } | Attention::Blocked { .. } | Attention::NotArrived { .. }
            )
        };
        items.iter().filter(of_nights).map(|item| self.in_words(item)).collect()
    }

    /// Everything that needs attention: the thing to do, and the sentence.
    pub async fn to_do(&self) -> Vec<String> {
        let items = self.engine.attention(&self.actor).await.unwrap();
        let (spaces, today) = (self.engine.spaces(), self.engine.today());
        let told =
            |item: &AttentionItem| format!("{:?}: {}", item.what.action(), item.message(&spaces, today));
        items.iter().map(told).collect()
    }

    fn in_words(&self, item: &AttentionItem) -> String {
        use safespace_domain::attention::Attention;
        let spaces = self.engine.spaces();
        let code = |id| spaces.unit_by_id(id).map_or_else(String::new, |unit| unit.code.clone());
        let who = &item.reference;
        let unit = item.what.stay().map(|stay| code(stay.unit)).unwrap_or_default();
        match &item.what {
            Attention::Overstay { nights_over, .. } => {
                format!("{who} overstays in {unit}, nights: {nights_over}")
            }
            Attention::Blocked { lost, could_move_to, .. } => {
                let lost: Vec<_> = lost.iter().map(ToString::to_string).collect();
                let units: Vec<_> = could_move_to.iter().map(|id| code(*id)).collect();
                let units = if units.is_empty() { "nowhere".to_owned() } else { units.join(", ") };
                format!("{who} is blocked in {unit}, {}, and could move to {units}", lost.join(" and "))
            }
            _ => format!("{who} has not arrived in {unit}"),
        }
    }

    /// The codes of the safe spaces that one adult and two children could have, best fit first.
    pub async fn free(&self, arrival: &str, n: u32) -> Vec<String> {
        let people = People { adults: 1, children: 2 };
        let ask = Ask::plain(nights(arrival, n), people, Scheme::SafeSpace);
        let found = self.engine.availability(&self.actor, ask).await.unwrap();
        let code = |no| found.spaces.unit(no).map(|unit| unit.code.clone());
        found.offers.iter().filter_map(|(no, _)| code(*no)).collect()
    }
}

/// One adult and two children, in whichever safe space fits best.
fn any(household: &str, arrival: &str, nights: u32) -> BookStay {
    let arrival: Night = day(arrival);
    BookStay {
        household: household.into(),
        arrival,
        departure: later(arrival, nights),
        adults: 1,
        children: 2,
        unit: None,
        scheme: Scheme::SafeSpace,
        features: BTreeSet::new(),
        wanted_districts: BTreeSet::new(),
        unwanted_districts: BTreeSet::new(),
        shares_as: None,
        chosen_because: None,
        exception: None,
    }
}

#[track_caller]
fn told<T>(answer: Result<T, EngineError>) -> Told<T> {
    match answer {
        Ok(answer) => Ok(answer),
        Err(EngineError::Refused(refusal)) => Err(refusal),
        Err(EngineError::Fault(fault)) => panic!("a fault, where an answer was due: {fault:?}"),
    }
}

#[track_caller]
fn stay(outcome: Outcome) -> Stay {
    match outcome {
        Outcome::Stay(stay) => stay,
        other => panic!("{other:?} is not a stay"),
    }
}

#[track_caller]
fn void(outcome: Outcome) -> Void {
    match outcome {
        Outcome::Void(void) => void,
        other => panic!("{other:?} is not a void"),
    }
}

#[track_caller]
fn a_unit(outcome: Outcome) -> Unit {
    match outcome {
        Outcome::Unit(unit) => unit,
        other => panic!("{other:?} is not a unit"),
    }
}
