//! The words of referrals, placing, holds and bookings.

/// What has happened, by the word that a page was asked with after it.
pub(super) const DONE: [(&str, &str); 0] = [];
