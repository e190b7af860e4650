//! Who asks. What they may do is said in the domain; by what they are known, in tokens and sessions.

use safespace_domain::access::Actor;

use crate::Engine;

impl Engine {
    /// The service itself, and whoever has its command line.
    #[expect(clippy::unused_self, reason = "only whoever holds the engine speaks for the service")]
    pub fn local(&self) -> Actor {
        Actor::service()
    }
}
