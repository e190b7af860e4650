//! The words of referrals, placing, holds and bookings.

pub(crate) mod referrals;

/// What has happened, by the word that a page was asked with after it.
pub(super) const DONE: &[(&str, &str)] = referrals::DONE;
