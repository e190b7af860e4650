//! Commands: every change there is, and the one way in which it is carried out.

use std::{collections::BTreeSet, sync::Arc};

use chrono::{DateTime, Utc};
use safespace_domain::{
    Night, Nights, PropertyId, Refusal, RefusalCode, StayId, TokenId, UnitId, VoidId,
    access::{Actor, Permission},
    availability::{self, Ask, Spaces},
    clock::service_day,
    districts::{District, DistrictKind},
    features::Feature,
    households::People,
    ledger::{Entry, LedgerChange, NightUse},
    policies::Policy,
    properties::Property,
    refusal::Obstacle,
    stays::Stay,
    units::{Scheme, Unit},
    voids::{Void, VoidReason},
};
use safespace_store::{AuditRecord, OnClash, PastCommand, StoreError, Tx};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{BoardChange, Engine, EngineError, Fault, calendar::Cell};

/// The longest idempotency key.
const LONGEST_KEY: usize = 200;
/// How often a command is tried again when another one came first.
const TRIES: u32 = 6;

/// A change that somebody asks for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Command {
    /// Adds a district, or changes its kind.
    SaveDistrict(District),
    /// Adds a feature to the code list, or changes its label.
    SaveFeature(Feature),
    /// Adds a reason for voids to the code list, or changes its label.
    SaveVoidReason(VoidReason),
    /// Keeps a scheme's policy.
    SetPolicy(Policy),
    /// Adds a property.
    RegisterProperty(RegisterProperty),
    /// Changes what is said of a property.
    DescribeProperty(DescribeProperty),
    /// Takes all units of a property out of stock from a night on.
    CloseProperty {
        /// Which.
        property: PropertyId,
        /// The first night out of stock.
        on: Night,
    },
    /// Puts the closed units of a property back in stock from a night on.
    ReopenProperty {
        /// Which.
        property: PropertyId,
        /// The first night in stock.
        on: Night,
    },
    /// Adds a unit.
    RegisterUnit(RegisterUnit),
    /// Changes what is said of a unit.
    DescribeUnit(DescribeUnit),
    /// Takes a unit out of stock from a night on.
    CloseUnit {
        /// Which.
        unit: UnitId,
        /// The first night out of stock.
        on: Night,
    },
    /// Puts a closed unit back in stock from a night on.
    ReopenUnit {
        /// Which.
        unit: UnitId,
        /// The first night in stock.
        on: Night,
    },
    /// Books a unit for a household.
    BookStay(BookStay),
    /// The household has arrived, now.
    CheckIn {
        /// Which stay.
        stay: StayId,
    },
    /// The household has left.
    CheckOut {
        /// Which stay.
        stay: StayId,
        /// On which day; today when not said.
        on: Option<Night>,
    },
    /// Makes a stay end later.
    ExtendStay(ExtendStay),
    /// Makes a stay end earlier.
    ShortenStay {
        /// Which stay.
        stay: StayId,
        /// The new day of departure.
        departure: Night,
    },
    /// Calls a booking off.
    CancelStay {
        /// Which stay.
        stay: StayId,
    },
    /// Nobody came.
    MarkNoShow {
        /// Which stay.
        stay: StayId,
    },
    /// The household goes to another unit.
    MoveStay(MoveStay),
    /// Takes back the last step.
    ReinstateStay {
        /// Which stay.
        stay: StayId,
    },
    /// Takes a unit out of service for some nights.
    RecordVoid(RecordVoid),
    /// Changes a void.
    ChangeVoid(ChangeVoid),
    /// Takes a void back.
    CancelVoid {
        /// Which.
        void: VoidId,
    },
    /// Gives every overstay its unit for tonight, too. Does nothing the second time.
    TurnDay,
}

/// See [`Command::RegisterProperty`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RegisterProperty {
    /// Its public code.
    pub code: String,
    /// What it is for.
    pub scheme: Scheme,
    /// The district that it is in.
    pub district: String,
}

/// See [`Command::DescribeProperty`]. What is not said stays.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DescribeProperty {
    /// Which.
    pub property: PropertyId,
    /// Its new code.
    pub code: Option<String>,
    /// Its new district.
    pub district: Option<String>,
}

/// See [`Command::RegisterUnit`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RegisterUnit {
    /// Its code.
    pub code: String,
    /// The property that it is in.
    pub property: PropertyId,
    /// How many people it sleeps.
    pub sleeps: i64,
    /// Its features.
    pub features: BTreeSet<String>,
    /// The first night in stock.
    pub opened_on: Night,
    /// The first night out of stock, where that is known.
    pub closed_on: Option<Night>,
}

/// See [`Command::DescribeUnit`]. What is not said stays.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DescribeUnit {
    /// Which.
    pub unit: UnitId,
    /// Its new code.
    pub code: Option<String>,
    /// How many it sleeps now.
    pub sleeps: Option<i64>,
    /// All of its features.
    pub features: Option<BTreeSet<String>>,
}

/// See [`Command::BookStay`]. With no unit, the engine takes the best fit.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BookStay {
    /// The household's pseudonymous reference.
    pub household: String,
    /// The day of arrival.
    pub arrival: Night,
    /// The day of departure.
    pub departure: Night,
    /// Adults.
    pub adults: i64,
    /// Children.
    pub children: i64,
    /// The unit, where one was chosen.
    pub unit: Option<UnitId>,
    /// What is looked for where none was.
    pub scheme: Scheme,
    /// Features that it must have then.
    pub features: BTreeSet<String>,
    /// Only in these districts; empty for any.
    pub wanted_districts: BTreeSet<String>,
    /// In none of these districts.
    pub unwanted_districts: BTreeSet<String>,
    /// A manager's reason for allowing a longer stay than the policy does.
    pub exception: Option<String>,
}

/// See [`Command::ExtendStay`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ExtendStay {
    /// Which stay.
    pub stay: StayId,
    /// The new day of departure.
    pub departure: Night,
    /// A manager's reason for allowing a longer stay than the policy does.
    pub exception: Option<String>,
}

/// See [`Command::MoveStay`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MoveStay {
    /// Which stay.
    pub stay: StayId,
    /// To which unit.
    pub unit: UnitId,
    /// Until when; as before when not said.
    pub departure: Option<Night>,
    /// A manager's reason for allowing a longer stay than the policy does.
    pub exception: Option<String>,
}

/// See [`Command::RecordVoid`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RecordVoid {
    /// Which unit.
    pub unit: UnitId,
    /// The first night.
    pub from: Night,
    /// The first night in service again.
    pub to: Night,
    /// The reason's code.
    pub reason: String,
    /// A note, which is confidential.
    pub note: Option<String>,
}

/// See [`Command::ChangeVoid`]. What is not said stays.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ChangeVoid {
    /// Which.
    pub void: VoidId,
    /// The first night.
    pub from: Option<Night>,
    /// The first night in service again.
    pub to: Option<Night>,
    /// The reason's code.
    pub reason: Option<String>,
    /// A note, which is confidential.
    pub note: Option<String>,
}

impl Command {
    /// What it is called in the audit.
    pub const fn action(&self) -> &'static str {
        match self {
            Self::SaveDistrict(_) => "save_district",
            Self::SaveFeature(_) => "save_feature",
            Self::SaveVoidReason(_) => "save_void_reason",
            Self::SetPolicy(_) => "set_policy",
            Self::RegisterProperty(_) => "register_property",
            Self::DescribeProperty(_) => "describe_property",
            Self::CloseProperty { .. } => "close_property",
            Self::ReopenProperty { .. } => "reopen_property",
            Self::RegisterUnit(_) => "register_unit",
            Self::DescribeUnit(_) => "describe_unit",
            Self::CloseUnit { .. } => "close_unit",
            Self::ReopenUnit { .. } => "reopen_unit",
            Self::BookStay(_) => "book_stay",
            Self::CheckIn { .. } => "check_in",
            Self::CheckOut { .. } => "check_out",
            Self::ExtendStay(_) => "extend_stay",
            Self::ShortenStay { .. } => "shorten_stay",
            Self::CancelStay { .. } => "cancel_stay",
            Self::MarkNoShow { .. } => "mark_no_show",
            Self::MoveStay(_) => "move_stay",
            Self::ReinstateStay { .. } => "reinstate_stay",
            Self::RecordVoid(_) => "record_void",
            Self::ChangeVoid(_) => "change_void",
            Self::CancelVoid { .. } => "cancel_void",
            Self::TurnDay => "turn_day",
        }
    }

    const fn permission(&self) -> Permission {
        match self {
            Self::SaveDistrict(_)
            | Self::SaveFeature(_)
            | Self::SaveVoidReason(_)
            | Self::SetPolicy(_)
            | Self::RegisterProperty(_)
            | Self::DescribeProperty(_)
            | Self::CloseProperty { .. }
            | Self::ReopenProperty { .. }
            | Self::RegisterUnit(_)
            | Self::DescribeUnit(_)
            | Self::CloseUnit { .. }
            | Self::ReopenUnit { .. } => Permission::ManageSpaces,
            Self::RecordVoid(_) | Self::ChangeVoid(_) | Self::CancelVoid { .. } => Permission::RecordVoids,
            _ => Permission::PlaceHouseholds,
        }
    }
}

/// What a command has brought about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// A district as it is now.
    District(District),
    /// A feature as it is now.
    Feature(Feature),
    /// A reason for voids as it is now.
    VoidReason(VoidReason),
    /// A policy as it is now.
    Policy(Policy),
    /// A property as it is now.
    Property(Property),
    /// A unit as it is now.
    Unit(Unit),
    /// A stay as it is now.
    Stay(Stay),
    /// A household went from one unit to another; without `from` when it had no night there.
    Moved {
        /// The stay that closed.
        from: Option<Stay>,
        /// The stay that goes on.
        to: Stay,
    },
    /// A void as it is now.
    Void(Void),
    /// The day has turned: the stays that keep their unit for tonight, too.
    Turned(Vec<StayId>),
}

/// What is remembered under an idempotency key.
#[derive(Serialize, Deserialize)]
enum Answer {
    Done(Outcome),
    Refused(Refusal),
}

/// Why a command was not carried out.
pub(crate) enum Failure {
    Error(EngineError),
    /// A night was taken by another record; said in full once the transaction is gone.
    Clash(Clash),
    /// Another command came first; the same once more may do.
    Again,
}

impl<E: Into<EngineError>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}

/// What was wanted when a night turned out to be taken.
pub(crate) struct Clash {
    pub(crate) unit: Unit,
    /// The nights that were wanted, turnaround included.
    pub(crate) nights: Nights,
    /// The record that wanted them, whose own entries are not in the way.
    pub(crate) by: Uuid,
    pub(crate) household: Option<safespace_domain::HouseholdId>,
    /// What to look for instead, where that makes sense.
    pub(crate) instead: Option<Ask>,
}

pub(crate) type Done<T> = Result<T, Failure>;

/// A command under way: its transaction, its time, and what it has changed so far.
pub(crate) struct Work {
    pub(crate) tx: Tx,
    pub(crate) actor: Arc<Actor>,
    pub(crate) now: DateTime<Utc>,
    pub(crate) today: Night,
    pub(crate) spaces: Arc<Spaces>,
    cells: Vec<Cell>,
    records: Vec<AuditRecord>,
    spaces_changed: bool,
    action: &'static str,
    origin: Uuid,
}

impl Work {
    /// Writes the audit record of one change.
    pub(crate) fn audit(&mut self, subject: Option<Uuid>, units: &[UnitId], detail: &impl Serialize) {
        self.records.push(AuditRecord {
            at: self.now,
            token: (!self.actor.token.0.is_nil()).then_some(self.actor.token),
            role: if self.actor.token.0.is_nil() { "service" } else { self.actor.role.as_str() },
            action: self.action,
            subject,
            units: units.to_vec(),
            spaces: self.spaces_changed,
            origin: self.origin,
            detail: serde_json::to_string(detail).unwrap_or_default(),
        });
    }

    /// What there is has changed.
    pub(crate) fn change_spaces(&mut self) {
        self.spaces_changed = true;
    }

    /// Carries out a change of the night ledger.
    pub(crate) async fn change_ledger(&mut self, change: &LedgerChange) -> Result<(), StoreError> {
        self.tx.change_ledger(change).await?;
        self.cells.extend(change.outcome());
        Ok(())
    }

    /// Claims what can be had; returns it.
    pub(crate) async fn claim(
        &mut self,
        entries: &[Entry],
        on_clash: OnClash,
    ) -> Result<Vec<Entry>, StoreError> {
        let held = self.tx.claim(entries, on_clash).await?;
        self.cells.extend(held.iter().map(|entry| (entry.unit, entry.night, Some(entry.take.night_use))));
        Ok(held)
    }

    /// A manager may; the reason is kept, sealed.
    pub(crate) fn may_grant(&self, exception: Option<&str>) -> Result<Option<String>, Refusal> {
        let Some(reason) = exception else { return Ok(None) };
        self.actor.must(Permission::GrantExceptions).map_err(|refusal| refusal.on("exception"))?;
        safespace_domain::codes::note(reason, "exception").map(Some)
    }
}

impl Engine {
    /// Carries out a command for an actor. With an idempotency key, the same command has one effect and one answer,
    /// however often it is sent. It goes on to its end even when the caller stops waiting.
    pub async fn run(
        self: &Arc<Self>,
        actor: &Arc<Actor>,
        key: Option<&str>,
        command: Command,
    ) -> Result<Outcome, EngineError> {
        let (engine, actor, key) = (Arc::clone(self), Arc::clone(actor), key.map(str::to_owned));
        let task = tokio::spawn(async move { engine.run_to_the_end(&actor, key.as_deref(), &command).await });
        task.await.unwrap_or(Err(EngineError::Fault(Fault::Broken("a command panicked"))))
    }

    pub(crate) async fn run_to_the_end(
        &self,
        actor: &Arc<Actor>,
        key: Option<&str>,
        command: &Command,
    ) -> Result<Outcome, EngineError> {
        actor.must(command.permission())?;
        let key = key.map(idempotency_key).transpose()?;
        let mut tries = 0;
        loop {
            tries += 1;
            let fingerprint = match &key {
                None => None,
                Some(key) => {
                    let payload = self.fingerprint(command)?;
                    if let Some(past) = self.store.reader().past_command(actor.token, key).await? {
                        return replay(&past, &payload);
                    }
                    Some(PastCommand {
                        token: actor.token,
                        key: key.clone(),
                        payload,
                        answer: String::new(),
                        at: self.clock.now(),
                    })
                }
            };
            match self.try_once(actor, command, fingerprint.as_ref()).await {
                Ok(outcome) => return Ok(outcome),
                Err(Failure::Again) if tries < TRIES => {
                    // What came first may be another's, whose changes the calendar has not seen.
                    self.store.settle().await;
                    self.catch_up().await?;
                }
                Err(Failure::Again) => {
                    return Err(Refusal::new(
                        RefusalCode::Changed,
                        "Others were changing the same nights at the same time: look again, then decide.",
                    )
                    .into());
                }
                Err(Failure::Clash(clash)) => {
                    let refusal = self.explain(clash).await?;
                    return self.remember_refusal(fingerprint, refusal).await;
                }
                Err(Failure::Error(EngineError::Refused(refusal))) => {
                    return self.remember_refusal(fingerprint, refusal).await;
                }
                Err(Failure::Error(fault)) => return Err(fault),
            }
        }
    }

    async fn try_once(
        &self,
        actor: &Arc<Actor>,
        command: &Command,
        past: Option<&PastCommand>,
    ) -> Done<Outcome> {
        let now = self.clock.now();
        let gate = self.live.gate.read().await;
        let mut work = Work {
            tx: self.store.begin().await?,
            actor: Arc::clone(actor),
            now,
            today: service_day(now),
            spaces: self.live.spaces(),
            cells: Vec::new(),
            records: Vec::new(),
            spaces_changed: false,
            action: command.action(),
            origin: self.origin,
        };
        let outcome = self.carry_out(&mut work, command.clone()).await.map_err(first_come)?;
        if let Some(past) = past {
            let answer = to_json(&Answer::Done(outcome.clone()))?;
            work.tx
                .add_past_command(&PastCommand { answer, ..past.clone() })
                .await
                .map_err(Failure::from)
                .map_err(first_come)?;
        }
        let spaces_changed = work.spaces_changed;
        let today = work.today;
        self.commit(work).await.map_err(Failure::from).map_err(first_come)?;
        drop(gate);
        if spaces_changed {
            self.live.reread_spaces(&self.store, today).await?;
        }
        Ok(outcome)
    }

    async fn commit(&self, work: Work) -> Result<(), StoreError> {
        work.tx.record(&work.records).await?;
        let ticket = self.live.ticket();
        let committed = work.tx.commit().await;
        let cells = if committed.is_ok() { work.cells } else { Vec::new() };
        let change = BoardChange::of(&cells);
        self.live.apply(ticket, cells);
        if let Some(change) = change {
            // Nobody listening is no failure.
            let _ = self.board.send(change);
        }
        committed
    }

    async fn remember_refusal(
        &self,
        past: Option<PastCommand>,
        refusal: Refusal,
    ) -> Result<Outcome, EngineError> {
        if let Some(past) = past {
            let answer = to_json(&Answer::Refused(refusal.clone()))?;
            let (token, key, payload) = (past.token, past.key.clone(), past.payload.clone());
            let tx = self.store.begin().await?;
            match tx.add_past_command(&PastCommand { answer, ..past }).await {
                Ok(()) => tx.commit().await?,
                Err(StoreError::InUse(_)) => {
                    drop(tx);
                    return self.replay_of(token, &key, &payload).await.unwrap_or(Err(refusal.into()));
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(refusal.into())
    }

    async fn replay_of(
        &self,
        token: TokenId,
        key: &str,
        payload: &[u8],
    ) -> Option<Result<Outcome, EngineError>> {
        let past = self.store.reader().past_command(token, key).await.ok()??;
        Some(replay(&past, payload))
    }

    fn fingerprint(&self, command: &Command) -> Result<Vec<u8>, EngineError> {
        Ok(self.vault.fingerprint(to_json(command)?.as_bytes())?)
    }

    async fn carry_out(&self, work: &mut Work, command: Command) -> Done<Outcome> {
        match command {
            Command::SaveDistrict(district) => self.save_district(work, district).await,
            Command::SaveFeature(feature) => self.save_feature(work, feature).await,
            Command::SaveVoidReason(reason) => self.save_void_reason(work, reason).await,
            Command::SetPolicy(policy) => self.set_policy(work, policy).await,
            Command::RegisterProperty(ask) => self.register_property(work, ask).await,
            Command::DescribeProperty(ask) => self.describe_property(work, ask).await,
            Command::CloseProperty { property, on } => self.close_property(work, property, on).await,
            Command::ReopenProperty { property, on } => self.reopen_property(work, property, on).await,
            Command::RegisterUnit(ask) => self.register_unit(work, ask).await,
            Command::DescribeUnit(ask) => self.describe_unit(work, ask).await,
            Command::CloseUnit { unit, on } => self.close_unit(work, unit, on).await,
            Command::ReopenUnit { unit, on } => self.reopen_unit(work, unit, on).await,
            Command::BookStay(ask) => self.book_stay(work, ask).await,
            Command::CheckIn { stay } => self.check_in(work, stay).await,
            Command::CheckOut { stay, on } => self.check_out(work, stay, on).await,
            Command::ExtendStay(ask) => self.extend_stay(work, ask).await,
            Command::ShortenStay { stay, departure } => self.shorten_stay(work, stay, departure).await,
            Command::CancelStay { stay } => self.cancel_stay(work, stay).await,
            Command::MarkNoShow { stay } => self.mark_no_show(work, stay).await,
            Command::MoveStay(ask) => self.move_stay(work, ask).await,
            Command::ReinstateStay { stay } => self.reinstate_stay(work, stay).await,
            Command::RecordVoid(ask) => self.record_void(work, ask).await,
            Command::ChangeVoid(ask) => self.change_void(work, ask).await,
            Command::CancelVoid { void } => self.cancel_void(work, void).await,
            Command::TurnDay => self.roll_over(work).await,
        }
    }

    /// Says what is in the way of what was wanted, and what could be had instead.
    async fn explain(&self, clash: Clash) -> Result<Refusal, EngineError> {
        let Clash { unit, nights, by, household, instead } = clash;
        self.store.settle().await;
        let entries = self.store.reader().entries(&[unit.id], nights).await?;
        let entries: Vec<Entry> = entries.into_iter().filter(|entry| entry.take.by != by).collect();
        if entries.is_empty()
            && let Some(household) = household
        {
            let elsewhere = self.store.reader().entries_of_household(household, nights).await?;
            let elsewhere: Vec<Entry> = elsewhere.into_iter().filter(|entry| entry.take.by != by).collect();
            let in_the_way = self.obstacles(&elsewhere).await?;
            let message = match in_the_way.first() {
                Some(obstacle) => format!(
                    "The household has {} already, {}: move that stay, or end it first.",
                    obstacle.unit, obstacle.nights
                ),
                None => {
                    "The household was given another unit at the same time: look again, then decide.".into()
                }
            };
            return Ok(Refusal::new(RefusalCode::HouseholdElsewhere, message)
                .on("household")
                .because_of(in_the_way));
        }
        let in_the_way = self.obstacles(&entries).await?;
        let next_free = instead.and_then(|ask| {
            self.live.look(|calendar, spaces| {
                let offers = availability::offers(calendar, spaces, &ask);
                let other =
                    offers.iter().filter_map(|(no, _)| spaces.unit(*no)).find(|other| other.id != unit.id);
                other.map(|unit| unit.code.clone())
            })
        });
        let first = in_the_way.first().map_or_else(String::new, |obstacle| format!(": {obstacle}"));
        let free = next_free.as_ref().map_or_else(
            || " Choose other nights or another unit.".to_owned(),
            |code| format!(" {code} is free instead."),
        );
        let message = format!("{} is not free on all of these nights{first}.{free}", unit.code);
        Ok(Refusal::new(RefusalCode::Taken, message).on("unit").because_of(in_the_way).instead(next_free))
    }

    /// What these entries are, for people: whose stay, which void.
    pub(crate) async fn obstacles(&self, entries: &[Entry]) -> Result<Vec<Obstacle>, EngineError> {
        let spaces = self.live.spaces();
        let names = self.names_of(entries).await?;
        let mut obstacles = Vec::new();
        for unit_entries in entries.chunk_by(|a, b| a.unit == b.unit) {
            for board_use in safespace_domain::board::uses(unit_entries.iter().copied()) {
                let Some(unit) = unit_entries.first().and_then(|entry| spaces.unit_by_id(entry.unit)) else {
                    continue;
                };
                let whose = match board_use.take.night_use {
                    NightUse::Turnaround => String::new(),
                    _ => names.get(&board_use.take.by).cloned().unwrap_or_default(),
                };
                obstacles.push(Obstacle {
                    unit: unit.code.clone(),
                    kind: board_use.take.night_use.word().to_owned(),
                    whose,
                    nights: board_use.nights,
                });
            }
        }
        Ok(obstacles)
    }

    /// A household's people and nights as an ask for another unit of the same kind.
    pub(crate) fn ask_for(work: &Work, unit: &Unit, nights: Nights, people: People) -> Ask {
        let scheme = work.spaces.property_of(unit).map_or(Scheme::SafeSpace, |property| property.scheme);
        Ask::plain(nights, people, scheme)
    }
}

/// A failure that only means that somebody else was a moment earlier.
fn first_come(failure: Failure) -> Failure {
    match failure {
        Failure::Error(EngineError::Fault(Fault::Store(
            StoreError::InUse("household_reference" | "command_key_pkey") | StoreError::Deadlock,
        ))) => Failure::Again,
        other => other,
    }
}

fn idempotency_key(key: &str) -> Result<String, Refusal> {
    if key.is_empty() || key.len() > LONGEST_KEY || !key.chars().all(|c| c.is_ascii_graphic()) {
        return Err(Refusal::bad(
            "idempotencyKey",
            format!("An idempotency key has 1 to {LONGEST_KEY} printable ASCII characters without spaces."),
        ));
    }
    Ok(key.to_owned())
}

fn replay(past: &PastCommand, payload: &[u8]) -> Result<Outcome, EngineError> {
    if past.payload != payload {
        return Err(Refusal::new(
            RefusalCode::KeyReused,
            "This idempotency key was used for another command: use a new key for a new command.",
        )
        .on("idempotencyKey")
        .into());
    }
    match serde_json::from_str(&past.answer) {
        Ok(Answer::Done(outcome)) => Ok(outcome),
        Ok(Answer::Refused(refusal)) => Err(refusal.into()),
        Err(_) => Err(Fault::Broken("a remembered answer can't be read").into()),
    }
}

fn to_json(value: &impl Serialize) -> Result<String, EngineError> {
    serde_json::to_string(value).map_err(|_| Fault::Broken("a value can't be written as JSON").into())
}

/// The kind of a district from its name, refused in words.
pub(crate) fn district(name: &str, kind: DistrictKind) -> Result<District, Refusal> {
    Ok(District { name: safespace_domain::codes::name(name, "name")?, kind })
}
