//! Stories told in a real browser, from signing in to the result.
//!
//! They run on `SQLite`: what differs between the databases stands below the pages, and is told through the API.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "in a test, a panic is how a surprise is told"
)]

mod administrator;
mod board;
mod chromium;
mod everyone;
mod everywhere;
mod manager;
mod officer;
mod pages;
mod partner;
mod pictures;
mod settings;
mod speed;
mod stock;
