//! Use cases: authorise, load, let the domain decide, save, audit; one transaction each.
//!
//! Every change is a [`Command`] that [`Engine::run`] carries out. Whatever front end gives it, it passes the same
//! checks, has one effect under one idempotency key, and leaves one audit record in the same transaction.

mod access;
mod accommodation_kinds;
mod accounts;
mod addresses;
mod allocation;
mod attention;
mod audit;
mod audit_search;
mod availability;
mod board;
mod calendar;
mod chain;
mod change_password;
mod checkpoints;
mod clashes;
mod clock;
mod codes;
mod commands;
mod costs;
mod credentials;
pub mod demo;
mod departure_changes;
mod departures;
mod details;
mod disclosure;
mod erasure;
mod error;
mod exceptions;
mod export;
mod figures;
mod forecast;
mod grants;
mod group_offers;
mod holds;
mod households;
mod ids;
mod immediate_needs;
pub mod import;
mod issuer_client;
mod issuers;
mod items;
mod key_ring;
mod key_workers;
mod keys;
mod ledger;
mod meeting_packs;
mod next_steps;
mod occupancy;
mod pack_lists;
mod pack_templates;
mod packs;
mod passwords;
mod places;
mod plan;
mod properties;
mod questions;
mod references;
mod referrals;
mod restrictions;
mod retention;
mod reveals;
mod rotation;
mod run;
mod second_factors;
mod security_log;
mod sessions;
mod set_up;
mod sharing;
mod sheets;
mod shopping;
mod sign_in;
mod statutory_return;
mod stays;
mod stock;
mod subject_access;
mod support;
mod targets;
mod throttle;
mod tokens;
mod units;
mod voids;
mod what_if;
mod work;
mod workshop;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use chrono::{DateTime, Utc};
use safespace_domain::{Clock, Ids, Night, TokenId, clock::service_day};
use safespace_store::{Settings, Store};
use tokio::sync::broadcast;
use uuid::Uuid;

pub use accounts::{Invited, NewAccount};
pub use allocation::{Allocation, Ranked};
pub use attention::AttentionItem;
pub use audit_search::{AuditView, SearchAudit};
pub use availability::Availability;
pub use board::{BoardChange, BoardChanges, BoardRow, BoardWindow};
pub use chain::{AuditReport, Break, BreakKind, DenyListBreak};
pub use checkpoints::CheckpointError;
pub use clock::SystemClock;
pub use commands::{
    BookSplit, BookStay, ChangeVoid, Command, CorrectSupportSession, DepartureAsk, DescribeProperty,
    DescribeUnit, ExtendStay, HoldUnit, KeepApart, LiftRestriction, MoveStay, Outcome, RecordGroupAttendance,
    RecordSupportSession, RecordVoid, RegisterProperty, RegisterUnit, Repack, RestrictCase,
    SaveImmediateNeed, SaveNextStep, SetAddress, SetHouseholdDetails, SettleImmediateNeeds, SplitPart,
    SupportAsk,
};
pub use erasure::Erased;
pub use error::{EngineError, Fault};
pub use exceptions::{ExceptionView, LongStay, StayLength};
pub use figures::{FiguresAsk, Traced};
pub use grants::{GrantView, SaveGrant};
pub use ids::SystemIds;
pub use issuers::{Errand, IssuerAnswer, NewIssuer, Returned};
pub use items::{SaveItem, SetLevel};
pub use key_ring::{FixedKey, GivenKeys, KeyFile, KeyProvider, RootKey};
pub use key_workers::KeyWorkerView;
pub use keys::KeyError;
pub use meeting_packs::MeetingPackView;
pub use next_steps::NextStepView;
pub use pack_lists::PackView;
pub use pack_templates::{SavePackTemplate, TemplateLineAsk};
pub use packs::{AdaptPack, CancelPack, LotInLineAsk, PackFilter, PickPack, PutBackFromPack};
pub use passwords::PasswordCost;
pub use places::AddPlace;
pub use plan::PlanForTonight;
pub use questions::{AskForRoom, RoomTold};
pub use referrals::{
    EditReferral, FollowedReferral, ReferralAsk, ReferralFilter, ReferralView, SubmitReferral, TakeReferral,
};
pub use restrictions::RestrictionView;
pub use retention::{RetentionCount, RetentionRun};
pub use rotation::{KeyStatus, KeysStatus, Rotated};
pub use safespace_store::{
    Network as StoreNetwork, Notice, Page, Question, QuestionCount, Settings as StoreSettings, StayFilter,
    StoreError, Token, VoidFilter,
};
pub use second_factors::{NewSecondFactor, code_now};
pub use sessions::{AskedBy, SessionView};
pub use set_up::SetUp;
pub use sharing::ApartView;
pub use sheets::{Cell, Sheet, harmless};
pub use shopping::{LookAhead, ShoppingView};
pub use sign_in::SignedIn;
pub use statutory_return::SetReturnLines;
pub use stock::{
    CorrectReceipt, CountLine, CountStock, EntryView, IssueLine, IssueStock, LowStock, OriginAsk,
    ReceiptLine, ReceiveStock, ReturnStock, StockFilter, TransferLine, TransferStock, WriteOffStock,
};
pub use subject_access::{
    HeldGift, HeldNextStep, HeldNotice, HeldPack, HeldRecord, HeldReferral, HeldRestriction, HeldShortfall,
    HeldStay, HeldSupport, SubjectAccess,
};
pub use support::SupportSessionView;
pub use targets::TargetView;
pub use tokens::NewToken;
pub use voids::VoidView;
pub use what_if::{AddUnits, WhatIfAsk, WhatIfSide, WhatIfView};

/// What the outside world owns.
pub struct World {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Where new ids come from.
    pub ids: Arc<dyn Ids>,
    /// Where the keys come from that seal what is confidential.
    pub keys: Arc<dyn KeyProvider>,
    /// What hashing a password costs: the usual, but in tests that are about something else.
    pub passwords: PasswordCost,
}

/// The engine: one per process.
pub struct Engine {
    store: Store,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    vault: keys::Vault,
    live: calendar::Live,
    /// Names this process in the audit, so that it knows its own changes.
    origin: Uuid,
    passwords: passwords::Passwords,
    tokens: Mutex<HashMap<Vec<u8>, tokens::Known>>,
    used_tokens: Mutex<HashMap<TokenId, DateTime<Utc>>>,
    sessions: Mutex<HashMap<Vec<u8>, sessions::KnownSession>>,
    security_log: security_log::SecurityLog,
    board: broadcast::Sender<BoardChange>,
    mark: tokio::sync::Mutex<calendar::Mark>,
    workshop: workshop::Workshop,
}

impl Engine {
    /// Checks the keys, opens the database, brings it up to date, reads the calendar, and catches up with the days that
    /// have turned.
    pub async fn open(settings: &Settings, world: World) -> Result<Arc<Self>, Fault> {
        // Nothing is touched with a key that others can read, or that is not this database's.
        let keys = world.keys.load()?;
        let store = Store::connect(settings).await?;
        keys::Vault::compare(&store, &keys).await?;
        store.migrate().await?;
        let vault = keys::Vault::open(&store, world.keys, keys).await?;
        let today = service_day(world.clock.now());
        let mark = calendar::Mark::now(&store).await?;
        let live = calendar::Live::read(&store, today).await?;
        let (board, _) = broadcast::channel(1_024);
        let origin = world.ids.next();
        let engine = Arc::new(Self {
            store,
            clock: world.clock,
            ids: world.ids,
            vault,
            live,
            origin,
            passwords: passwords::Passwords::new(world.passwords),
            tokens: Mutex::default(),
            used_tokens: Mutex::default(),
            sessions: Mutex::default(),
            security_log: security_log::SecurityLog::default(),
            board,
            mark: tokio::sync::Mutex::new(mark),
            workshop: workshop::Workshop::default(),
        });
        engine.begin_code_lists().await?;
        engine.note_next_lapse().await?;
        engine.lapse_due().await?;
        engine.turn_day().await?;
        Ok(engine)
    }

    /// The day that it is for the service.
    pub fn today(&self) -> Night {
        service_day(self.clock.now())
    }

    /// What there is: units, properties, code lists and policies, as of now. For the fronts that show them; what
    /// they show is authorised where it is asked for.
    pub fn spaces(&self) -> Arc<safespace_domain::availability::Spaces> {
        self.live.spaces()
    }

    /// Whether the database answers.
    pub async fn ready(&self) -> Result<(), Fault> {
        Ok(self.store.ping().await?)
    }

    /// Waits for what is being written, and closes the database.
    pub async fn close(&self) -> Result<(), Fault> {
        self.note_used_tokens().await?;
        Ok(self.store.close().await?)
    }
}
