//! The words of the team's records and of partners.

/// What has happened, by the word that a page was asked with after it.
pub(super) const DONE: [(&str, &str); 0] = [];
