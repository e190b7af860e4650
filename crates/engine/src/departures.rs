//! Departures: where households went, and support that goes on.

use safespace_domain::{
    HouseholdId, Refusal, RefusalCode, StayId,
    access::{Actor, Permission},
    departures::{Departure, Support},
    reasons::ReasonKind,
    stays::{Stay, StayStatus},
};

use crate::{
    Engine, EngineError, Outcome,
    commands::DepartureAsk,
    work::{Done, Work},
};

impl Engine {
    /// What is known of how a stay ended.
    pub async fn departure(&self, actor: &Actor, stay: &Stay) -> Result<Option<Departure>, EngineError> {
        self.must(actor, Permission::SeeStays)?;
        self.must_be_open_to(actor, stay.household, "stay")?;
        Ok(self.store.reader().departures(&[stay.id]).await?.pop())
    }

    pub(crate) async fn keep_departure(
        &self,
        work: &mut Work,
        stay: StayId,
        ask: DepartureAsk,
    ) -> Done<Departure> {
        let destination = work.spaces.reason(ReasonKind::Destination, &ask.destination, "destination")?;
        let support = Support::said(ask.support_goes_on);
        let departure =
            Departure { stay, destination: destination.code.clone(), planned: ask.planned, support };
        work.tx.save_departure(&departure).await?;
        work.audit(Some(stay.0), &[], &departure);
        Ok(departure)
    }

    pub(crate) async fn record_departure(
        &self,
        work: &mut Work,
        id: StayId,
        ask: DepartureAsk,
    ) -> Done<Outcome> {
        let household = self.lock_departed(work, id).await?;
        let departure = self.keep_departure(work, id, ask).await?;
        self.follow_referrals(work, household).await?;
        Ok(Outcome::Departure(departure))
    }

    pub(crate) async fn end_support(&self, work: &mut Work, id: StayId) -> Done<Outcome> {
        self.lock_departed(work, id).await?;
        let known = work.tx.reader().departures(&[id]).await?.pop();
        let known = known.ok_or_else(|| {
            let message = "Nothing is written down of this departure: record it first.";
            Refusal::new(RefusalCode::WrongState, message).on("stay")
        })?;
        let ended = known.end_support(work.now)?;
        work.tx.save_departure(&ended).await?;
        work.audit(Some(id.0), &[], &ended);
        Ok(Outcome::Departure(ended))
    }

    /// Whose stay it is; refused unless the household has left.
    async fn lock_departed(&self, work: &mut Work, id: StayId) -> Done<HouseholdId> {
        let stay = work.tx.lock_stay(id).await?.ok_or_else(|| Refusal::not_found("stay", "stay"))?;
        self.must_be_open_to(&work.actor, stay.household, "stay")?;
        work.about(stay.household);
        if stay.status() == StayStatus::Departed {
            return Ok(stay.household);
        }
        Err(Refusal::new(
            RefusalCode::WrongState,
            format!("This stay is {}: check the household out first.", stay.status().words()),
        )
        .on("stay")
        .into())
    }
}
