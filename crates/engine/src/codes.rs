//! Code lists and policies.

use safespace_domain::{codes, districts::District, features::Feature, policies::Policy, voids::VoidReason};

use crate::{
    Engine, Outcome,
    commands::{Done, Work, district},
};

impl Engine {
    pub(crate) async fn save_district(&self, work: &mut Work, ask: District) -> Done<Outcome> {
        let saved = district(&ask.name, ask.kind)?;
        work.tx.save_district(&saved).await?;
        work.change_spaces();
        work.audit(None, &[], &saved);
        Ok(Outcome::District(saved))
    }

    pub(crate) async fn save_feature(&self, work: &mut Work, ask: Feature) -> Done<Outcome> {
        let saved =
            Feature { code: codes::code(&ask.code, "code")?, label: codes::name(&ask.label, "label")? };
        work.tx.save_feature(&saved).await?;
        work.change_spaces();
        work.audit(None, &[], &saved);
        Ok(Outcome::Feature(saved))
    }

    pub(crate) async fn save_void_reason(&self, work: &mut Work, ask: VoidReason) -> Done<Outcome> {
        let saved =
            VoidReason { code: codes::code(&ask.code, "code")?, label: codes::name(&ask.label, "label")? };
        work.tx.save_void_reason(&saved).await?;
        work.change_spaces();
        work.audit(None, &[], &saved);
        Ok(Outcome::VoidReason(saved))
    }

    pub(crate) async fn set_policy(&self, work: &mut Work, policy: Policy) -> Done<Outcome> {
        policy.check()?;
        work.tx.save_policy(&policy).await?;
        work.change_spaces();
        work.audit(None, &[], &policy);
        Ok(Outcome::Policy(policy))
    }
}
