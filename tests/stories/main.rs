//! Stories of what the service does, each told on SQLite and on PostgreSQL.
//!
//! A story is an ordinary function that is given the databases to tell it on; `on_both!` makes two tests of it.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "in a test, a panic is how a surprise is told"
)]

/// A snapshot of words, the same on both databases.
macro_rules! assert_words_snapshot {
    ($words:expr, @$snapshot:literal) => {{
        let words = $words;
        insta::allow_duplicates! { insta::assert_snapshot!(words, @$snapshot) }
    }};
}

mod access_matrix;
mod accommodation_kinds;
mod accounts;
mod allocation;
mod api;
mod audit;
mod avoids;
mod backups;
mod board;
mod change_password;
mod characteristics;
mod confidential;
mod connections;
mod costs;
mod crash;
mod database_address;
mod database_roles;
mod days;
mod departure_changes;
mod edge;
mod exceptions;
mod figures;
mod forecast;
mod forged_credentials;
mod fresh_second_factor;
mod holds;
mod idempotency;
mod import;
mod keys;
mod killed;
mod meeting_packs;
mod non_interference;
mod occupancy;
mod other_process;
mod overstays;
mod packs;
mod pages;
mod partner_questions;
mod partners;
mod places;
mod properties;
mod race;
mod referral_details;
mod restrictions;
mod retention;
mod runs;
mod security_log;
mod serving;
mod sessions;
mod sign_in;
mod statutory_return;
mod stays;
mod stock;
mod stock_files;
mod subject_access;
mod subject_access_page;
mod support;
mod targets;
mod units;
mod upgrades;
mod voids;
mod what_if;
mod whole_way;
