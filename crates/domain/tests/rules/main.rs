//! The rules of the domain, held against naive models and against published facts.
//!
//! A naive model is the rule written the slow and obvious way: a map of nights, a set of days, a recount. Each test
//! is named after the rule that it holds.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "in a test, a panic is how a surprise is told"
)]

mod availability;
mod calendar;
mod disclosure;
mod figures;
mod forecast;
mod immediate_needs;
mod meeting_packs;
mod naive;
mod occupancy;
mod occupancy_edges;
mod occupancy_lives;
mod packs;
mod plan;
mod repacking;
mod sharing;
mod shopping;
mod simulation;
mod statutory_return;
mod stays;
mod stock;
mod suppression;
mod vectors;
mod what_if;
mod world;
