//! A manager's exceptions from the longest stay.

use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use safespace_engine::ExceptionView;

use crate::scalars::count;

/// A longer stay than the policy allows, and why.
#[derive(SimpleObject)]
pub struct StayException {
    /// How many unbroken nights it allowed.
    nights: i32,
    /// When a manager granted it.
    granted_at: DateTime<Utc>,
    /// Why. Null once the household was erased.
    reason: Option<String>,
}

impl From<ExceptionView> for StayException {
    fn from(view: ExceptionView) -> Self {
        Self { nights: count(view.nights), granted_at: view.granted_at, reason: view.reason }
    }
}
