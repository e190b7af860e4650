//! Who asks, and whether they may. What who may do is said in the domain; by what they are known, in tokens and sessions.

use safespace_domain::{
    Refusal,
    access::{Actor, Permission, Who},
};

use crate::{Engine, security_log::SecurityEvent};

impl Engine {
    /// The service itself, and whoever has its command line.
    pub fn local(&self) -> Actor {
        Actor::service()
    }

    /// Refused when the actor may not. That somebody tried is written to the log.
    pub fn must(&self, actor: &Actor, permission: Permission) -> Result<(), Refusal> {
        actor.must(permission).inspect_err(|_| {
            self.note_event(SecurityEvent::NotAllowed(permission, actor.role), actor.who.id());
        })
    }

    /// Refused when the actor may not, and when it is a person whose second factor is not fresh: somebody else may sit at
    /// their screen. Whoever has the command line has shown to the operating system who they are.
    pub(crate) fn must_freshly(&self, actor: &Actor, permission: Permission) -> Result<(), Refusal> {
        self.must(actor, permission)?;
        match actor.who {
            Who::Person { .. } => actor.must_have_fresh_second_factor(self.clock.now()),
            Who::Service | Who::Token(_) => Ok(()),
        }
    }

    /// Whether what needs a fresh second factor may be done now.
    pub fn has_fresh_second_factor(&self, actor: &Actor) -> bool {
        actor.must_have_fresh_second_factor(self.clock.now()).is_ok()
    }

    /// Somebody with a good credential came to an API that is for others. It is written to the log.
    pub fn note_wrong_door(&self, actor: &Actor) {
        self.note_event(SecurityEvent::WrongDoor(actor.role), actor.who.id());
    }
}
