//! Who asks. What they may do is said in the domain; by what they are known, in tokens and sessions.

use safespace_domain::access::Actor;

use crate::Engine;

impl Engine {
    /// The service itself, and whoever has its command line.
    pub fn local(&self) -> Actor {
        Actor::service()
    }
}
