//! Rows and transactions. The only crate that names the ORM: above it there are domain types, and
//! [`StoreError`], in words.
//!
//! Reading goes through a [`Reader`], over the pool ([`Store::reader`]) or inside a transaction ([`Tx::reader`]);
//! writing only through a [`Tx`].

mod accommodation_kinds;
mod accounts;
mod addresses;
mod audit;
mod audit_search;
mod chain;
mod codes;
mod commands;
mod departure_changes;
mod departures;
mod details;
mod disclosure;
mod error;
mod exceptions;
mod grants;
mod group_offers;
mod holds;
mod households;
mod immediate_needs;
mod issuers;
mod items;
mod key_workers;
mod keys;
mod ledger;
mod meeting_packs;
mod next_steps;
mod open;
mod pack_templates;
mod packs;
mod places;
mod properties;
mod questions;
mod reasons;
mod referrals;
mod restrictions;
mod retention;
mod reveals;
mod sessions;
mod sharing;
mod sql;
mod statutory_return;
mod stays;
mod stock;
mod support;
mod targets;
mod throttle;
mod tokens;
mod tx;
mod units;
mod voids;

pub use accounts::{StoredAccount, StoredLink};
pub use audit::{AuditRecord, ChangeMark, Changes};
pub use audit_search::{AuditFilter, FoundRecord};
pub use chain::{ChainedRecord, LaneHead, MakeCode};
pub use commands::PastCommand;
pub use details::StoredDetail;
pub use error::StoreError;
pub use exceptions::StayException;
pub use holds::HoldFilter;
pub use issuers::{Identity, IssuerRequest, StoredIssuer};
pub use ledger::Changed;
pub use meeting_packs::StoredMeetingPack;
pub use next_steps::StoredNextStep;
pub use open::{Durability, Network, Settings, Store};
pub use packs::{PackFacts, PackFilter, StoredPack};
pub use questions::{Question, QuestionCount};
pub use referrals::{ReferralFilter, SealedNeeds, SealedWords, StoredReferral};
pub use restrictions::StoredRestriction;
pub use reveals::Notice;
pub use sessions::StoredSession;
pub use sharing::StoredConflict;
pub use stays::{StayFilter, StoredStay};
pub use stock::{StockFilter, StoredEntry};
pub use support::StoredSupportSession;
pub use tokens::Token;
pub use tx::Tx;
pub use voids::{StoredVoid, VoidFilter};

/// What store functions return.
pub type Result<T> = std::result::Result<T, StoreError>;

/// Reads records over a connection: the pool of readers, or one transaction.
pub struct Reader<'c, C> {
    connection: &'c C,
}

/// A page of a list: what comes after a place, and at most so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page<K> {
    /// Only what comes after this one in the list's order.
    pub after: Option<K>,
    /// At most so many.
    pub limit: u64,
}
