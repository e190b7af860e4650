//! Worlds to tell stories in.
//!
//! A story asks for a [`World`] on one of the [`Databases`] it is told on, lets [`Person`]s do things in it, and looks
//! at what came of it, in the answers and in the rows. The clock stands until the story moves it, and ids count up,
//! so a story goes the same way every time.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "in a test, a panic is how a surprise is told"
)]

mod account;
pub mod api;
pub mod canary;
mod databases;
mod outside;
mod person;
pub mod program;
mod world;

pub use account::{BROWSER, HERE, Owner, PASSWORD};
pub use databases::{Databases, has_postgres};
pub use outside::{CountedIds, MovableClock};
pub use person::{Person, Told, refused};
pub use world::{LedgerRow, Setting, World, actor_with, partner_of};

use safespace_domain::{
    Night, Nights, details::Details, households::People, items::Allergen, money::Pence, nights::later,
    referrals::Source, sharing::Sharing, units::Scheme,
};
use safespace_engine::{ReferralAsk, RegisterProperty, SaveItem, SubmitReferral};

/// The night that is written so: `2020-11-03`.
pub fn day(text: &str) -> Night {
    text.parse().unwrap_or_else(|_| panic!("{text:?} is not a date"))
}

/// A property to register, in which nothing is shared.
pub fn home(code: impl Into<String>, scheme: Scheme, district: &str) -> RegisterProperty {
    let sharing = Sharing::SelfContained;
    RegisterProperty { code: code.into(), scheme, district: district.into(), locality: None, sharing }
}

/// A household to refer, as a council does, with a note.
pub fn household_to_refer(adults: u16, children: u16, arrival: &str, note: Option<&str>) -> SubmitReferral {
    let details = Details { note: note.map(str::to_owned), ..Details::default() };
    let plain = ReferralAsk::plain(Source::LocalAuthority, People { adults, children }, day(arrival));
    SubmitReferral { ask: ReferralAsk { details: Some(details), ..plain }, question: None }
}

/// An item that one can eat: a tin, a dozen to the bought pack.
pub fn item(code: &str) -> SaveItem {
    SaveItem {
        code: code.into(),
        name: format!("Item {code}"),
        category: "food".into(),
        unit_of_issue: "tin".into(),
        pack_size: 12,
        price: Pence(840).pounds(),
        supplier: Some("Examplewick Wholesale".into()),
        eaten: true,
        contains: Some([Allergen::Milk].into()),
        suits: [].into(),
        shelf_life_days: None,
        perishable: false,
        barcode: None,
    }
}

/// So many nights from a day on.
pub fn nights(from: &str, n: u32) -> Nights {
    Nights::between(day(from), later(day(from), n))
}

/// Tells one story twice: once on each database. Makes the tests `story::sqlite` and `story::postgres`.
#[macro_export]
macro_rules! on_both {
    ($($story:ident),+ $(,)?) => { $(
        mod $story {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                let databases = $crate::Databases::sqlite();
                super::$story(&databases).await;
                databases.tidy().await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                let Some(databases) = $crate::Databases::postgres(module_path!()) else { return };
                super::$story(&databases).await;
                databases.tidy().await;
            }
        }
    )+ };
}
