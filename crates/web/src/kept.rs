//! What somebody typed while their session ended: kept for them until they have signed in again.
//!
//! In the memory of this process only, for half an hour, and given to nobody but the account that typed it.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use chrono::{DateTime, TimeDelta, Utc};

use crate::fields::Fields;

/// The cookie by which a browser finds what it sent.
pub(crate) const KEPT_COOKIE: &str = "__Host-safespace-kept";
/// For how long it is kept.
const FOR: TimeDelta = TimeDelta::minutes(30);
/// So many are kept at once, of at most [`crate::visit::LARGEST`] bytes each; then the oldest goes.
const MOST: usize = 100;

/// A form that was not taken.
#[derive(Clone, Debug)]
pub(crate) struct KeptForm {
    /// The page that it is on, with its query.
    pub(crate) path: String,
    /// What was typed.
    pub(crate) fields: Fields,
    /// Names the account without telling it: the page's own word.
    pub(crate) whose: String,
    at: DateTime<Utc>,
}

/// The forms that are kept, by the value of their cookie.
#[derive(Debug, Default)]
pub(crate) struct Kept(Mutex<HashMap<String, KeptForm>>);

impl Kept {
    /// Keeps a form.
    pub(crate) fn keep(&self, cookie: &str, path: &str, fields: Fields, whose: &str, now: DateTime<Utc>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, form| now < form.at + FOR);
        if kept.len() >= MOST
            && let Some(oldest) =
                kept.iter().min_by_key(|(_, form)| form.at).map(|(cookie, _)| cookie.clone())
        {
            kept.remove(&oldest);
        }
        let form = KeptForm {
            path: path.to_owned(),
            fields: fields.without_secrets(),
            whose: whose.to_owned(),
            at: now,
        };
        kept.insert(cookie.to_owned(), form);
    }

    /// What is kept under a cookie, while it is.
    pub(crate) fn find(&self, cookie: &str, now: DateTime<Utc>) -> Option<KeptForm> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(cookie).filter(|form| now < form.at + FOR).cloned()
    }

    /// Forgets it.
    pub(crate) fn forget(&self, cookie: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(cookie);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_kept_for_half_an_hour_and_only_so_many() {
        let (kept, now) = (Kept::default(), DateTime::<Utc>::UNIX_EPOCH);
        let minutes = |n: i64| now + TimeDelta::minutes(n);
        kept.keep("a", "/board", Fields::default().with("why", "x").with("password", "secret"), "w", now);
        assert_eq!(kept.find("a", minutes(29)).unwrap().fields.get("why"), "x");
        assert_eq!(kept.find("a", now).unwrap().fields.get("password"), "", "a password is kept for nobody");
        assert!(kept.find("a", minutes(30)).is_none() && kept.find("b", now).is_none());
        for n in 0..100 {
            kept.keep(&n.to_string(), "/board", Fields::default(), "w", minutes(1));
        }
        assert!(kept.find("a", minutes(1)).is_none() && kept.find("99", minutes(1)).is_some());
        kept.forget("99");
        assert!(kept.find("99", minutes(1)).is_none());
    }
}
