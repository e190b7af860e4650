//! The words and rules of safespace.
//!
//! Pure: no I/O, no clock, no async, no ORM, no GraphQL. What a rule needs to know is a parameter; what it
//! decides is its return value. The engine loads, asks here, and saves.

pub mod access;
pub mod accommodation_kinds;
pub mod accounts;
pub mod addresses;
pub mod attention;
pub mod availability;
pub mod board;
pub mod calendar;
pub mod clock;
pub mod codes;
pub mod costs;
pub mod departure_changes;
pub mod departures;
pub mod details;
pub mod disclosure;
pub mod districts;
pub mod erlang;
pub mod exceptions;
pub mod features;
pub mod figures;
pub mod flow;
pub mod forecast;
pub mod grants;
pub mod group_offers;
pub mod holds;
pub mod households;
pub mod ids;
pub mod immediate_needs;
pub mod issuers;
pub mod items;
pub mod key_workers;
pub mod ledger;
pub mod localities;
pub mod meeting_packs;
pub mod money;
pub mod needs;
pub mod next_steps;
pub mod nights;
pub mod occupancy;
pub mod pack_lists;
pub mod pack_templates;
pub mod packs;
pub mod people_figures;
pub mod periods;
pub mod picking;
pub mod places;
pub mod plan;
pub mod policies;
pub mod properties;
pub mod provision_figures;
pub mod reasons;
pub mod referrals;
pub mod refusal;
pub mod repacking;
pub mod restrictions;
pub mod retention;
pub mod reveals;
pub mod sessions;
pub mod sharing;
pub mod shopping;
pub mod simulation;
pub mod splits;
pub mod standards;
pub mod statutory_return;
pub mod stay_figures;
pub mod stay_steps;
pub mod stays;
pub mod stock;
pub mod support;
pub mod suppression;
pub mod targets;
pub mod throttle;
pub mod units;
pub mod voids;
pub mod what_if;

pub use clock::Clock;
pub use ids::{
    AccountId, GrantId, HoldId, HouseholdId, Ids, ImmediateNeedId, IssuerId, ItemId, KeyWorkerId, LotId,
    NextStepId, NoticeId, PackId, PackTemplateId, PlaceId, PropertyId, ReferralId, SessionId, StayId,
    StockEntryId, SupportSessionId, TokenId, UnitId, VoidId,
};
pub use nights::{Night, Nights};
pub use refusal::{Refusal, RefusalCode};
