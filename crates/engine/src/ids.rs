//! The real source of ids: the one place that makes them.

use safespace_domain::Ids;
use uuid::Uuid;

/// `UUIDv7` from the computer's clock and randomness.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemIds;

impl Ids for SystemIds {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that makes ids")]
    fn next(&self) -> Uuid {
        Uuid::now_v7()
    }
}
