//! What partner councils are told of how full the homes are, as managers set it.

use safespace_domain::{
    access::{Actor, Permission},
    disclosure::DisclosurePolicy,
};

use crate::{
    Engine, EngineError, Outcome,
    work::{Done, Work},
};

impl Engine {
    /// The policy, for whoever sees the spaces and for whoever it is about.
    pub fn disclosure_policy(&self, actor: &Actor) -> Result<DisclosurePolicy, EngineError> {
        if !actor.may(Permission::AskForRoom) {
            self.must(actor, Permission::SeeSpaces)?;
        }
        Ok(self.spaces().disclosure.clone())
    }

    pub(crate) async fn set_disclosure_policy(
        &self,
        work: &mut Work,
        policy: DisclosurePolicy,
    ) -> Done<Outcome> {
        policy.check()?;
        work.tx.save_disclosure_policy(&policy).await?;
        work.change_spaces();
        work.audit(None, &[], &policy);
        Ok(Outcome::DisclosurePolicy(policy))
    }
}
