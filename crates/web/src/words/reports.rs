//! The words of reports.

/// What has happened, by the word that a page was asked with after it.
pub(super) const DONE: [(&str, &str); 0] = [];
