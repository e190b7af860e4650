//! Code lists and policies.

use std::{collections::BTreeSet, sync::Arc};

use safespace_domain::{
    Refusal, RefusalCode,
    accommodation_kinds::{self, AccommodationKind, SchemeKind},
    codes,
    disclosure::DisclosurePolicy,
    districts::District,
    features::{self, Feature},
    localities::Locality,
    meeting_packs::{Discretion, MeetingGroup},
    policies::Policy,
    properties::Property,
    reasons::{self, Reason, ReasonKind},
    standards::Standards,
    units::Scheme,
    voids::{self, VoidReason},
};

use crate::{
    Command, Engine, EngineError, Fault, Outcome,
    work::{Done, Work},
};

impl Engine {
    /// Gives a new database the code lists that every service begins with, and what partners are told.
    pub(crate) async fn begin_code_lists(&self) -> Result<(), Fault> {
        let spaces = self.spaces();
        let owned = |(code, label): (&str, &str)| (code.to_owned(), label.to_owned());
        let mut commands = Vec::new();
        if spaces.features.is_empty() {
            let all = features::DEFAULTS.into_iter().map(owned);
            commands.extend(all.map(|(code, label)| Command::SaveFeature(Feature { code, label })));
        }
        if spaces.void_reasons.is_empty() {
            let all = voids::DEFAULT_REASONS.into_iter().map(owned);
            commands.extend(all.map(|(code, label)| Command::SaveVoidReason(VoidReason { code, label })));
        }
        if spaces.accommodation_kinds.is_empty() {
            let all = accommodation_kinds::DEFAULTS.into_iter().map(owned);
            let kind = |(code, label)| Command::SaveAccommodationKind(AccommodationKind { code, label });
            commands.extend(all.map(kind));
        }
        if spaces.scheme_kinds.is_empty() {
            let kind = |scheme| accommodation_kinds::default_for(scheme).to_owned();
            let all = Scheme::ALL.into_iter().map(|scheme| SchemeKind { scheme, kind: kind(scheme) });
            commands.extend(all.map(Command::SetSchemeKind));
        }
        // List by list: what is in use from before gets the lists that have come since.
        let there: BTreeSet<ReasonKind> = spaces.reasons.iter().map(|reason| reason.kind).collect();
        let new = reasons::defaults().filter(|reason| !there.contains(&reason.kind));
        commands.extend(new.map(Command::SaveReason));
        if self.store.reader().disclosure_policy().await?.is_none() {
            commands.push(Command::SetDisclosurePolicy(DisclosurePolicy::default()));
        }
        if self.store.reader().discretion().await?.is_none() {
            commands.push(Command::SetDiscretion(Discretion::default()));
        }
        if self.store.reader().meeting_groups().await?.is_empty() {
            commands.extend(MeetingGroup::defaults().map(Command::SaveMeetingGroup));
        }
        let service = Arc::new(self.local());
        for command in &commands {
            self.run_to_the_end(&service, None, command).await.map_err(|error| match error {
                EngineError::Fault(fault) => fault,
                EngineError::Refused(_) => Fault::Broken("a code that every service begins with was refused"),
            })?;
        }
        Ok(())
    }

    pub(crate) async fn save_district(&self, work: &mut Work, ask: District) -> Done<Outcome> {
        let saved = District { name: codes::name(&ask.name, "name")?, kind: ask.kind };
        if work.spaces.localities.contains_key(&saved.name) {
            return Err(
                Refusal::bad("name", "A locality has this name: a district needs one of its own.").into()
            );
        }
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

    pub(crate) async fn save_reason(&self, work: &mut Work, ask: Reason) -> Done<Outcome> {
        ask.check()?;
        let (code, label) = (codes::code(&ask.code, "code")?, codes::name(&ask.label, "label")?);
        let saved = Reason { code, label, ..ask };
        work.tx.save_reason(&saved).await?;
        work.change_spaces();
        work.audit(None, &[], &saved);
        Ok(Outcome::Reason(saved))
    }

    pub(crate) async fn save_locality(&self, work: &mut Work, ask: Locality) -> Done<Outcome> {
        let name = codes::name(&ask.name, "name")?;
        work.spaces.must_know_district(&ask.district, "district")?;
        if work.spaces.districts.contains_key(&name) {
            return Err(
                Refusal::bad("name", "A district has this name: a locality needs one of its own.").into()
            );
        }
        if let Some(unknown) = ask.near.iter().find(|near| !work.spaces.localities.contains_key(*near)) {
            return Err(
                Refusal::bad("near", format!("There is no locality {unknown:?}: save it first.")).into()
            );
        }
        let there = |property: &&Property| property.locality.as_ref() == Some(&name);
        if let Some(home) = work.spaces.properties().filter(there).find(|home| home.district != ask.district)
        {
            let why = format!("{} is there, and in {}: say where it is first.", home.code, home.district);
            return Err(Refusal::new(RefusalCode::StandsInTheWay, why).on("district").into());
        }
        let saved = Locality { name, ..ask };
        work.tx.save_locality(&saved).await?;
        work.change_spaces();
        work.audit(None, &[], &saved);
        Ok(Outcome::Locality(saved))
    }

    pub(crate) async fn set_standards(&self, work: &mut Work, standards: Standards) -> Done<Outcome> {
        standards.check()?;
        work.tx.save_standards(&standards).await?;
        work.change_spaces();
        work.audit(None, &[], &standards);
        Ok(Outcome::Standards(standards))
    }

    pub(crate) async fn set_policy(&self, work: &mut Work, policy: Policy) -> Done<Outcome> {
        policy.check()?;
        work.tx.save_policy(&policy).await?;
        work.change_spaces();
        work.audit(None, &[], &policy);
        Ok(Outcome::Policy(policy))
    }
}
