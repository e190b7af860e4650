//! Group offers: how many attended which on a date.

use safespace_domain::{
    Nights, Refusal, RefusalCode,
    access::{Actor, Permission},
    group_offers::{GroupAttendance, attended, must_have_been},
    reasons::ReasonKind,
};

use crate::{
    Engine, EngineError, Outcome, RecordGroupAttendance,
    work::{Done, Work},
};

impl Engine {
    /// How many attended the group offers on these dates, by date and offer. What was taken back is left out.
    pub async fn group_attendance(
        &self,
        actor: &Actor,
        dates: Nights,
    ) -> Result<Vec<GroupAttendance>, EngineError> {
        self.must(actor, Permission::SeeStays)?;
        Ok(self.store.reader().group_attendance(dates).await?)
    }

    pub(crate) async fn record_group_attendance(
        &self,
        work: &mut Work,
        ask: RecordGroupAttendance,
    ) -> Done<Outcome> {
        let offer = work.spaces.reason(ReasonKind::GroupOffer, &ask.offer, "offer")?.code.clone();
        must_have_been(ask.held_on, work.today)?;
        let attended = ask.attended.map(attended).transpose()?;
        let before = work.tx.reader().attendance_of(&offer, ask.held_on).await?;
        if attended.is_none() && before.as_ref().and_then(|count| count.attended).is_none() {
            let message = "Nothing is recorded of this offer on that date: there is nothing to take back.";
            return Err(Refusal::new(RefusalCode::WrongState, message).on("heldOn").into());
        }
        let count = GroupAttendance { offer, held_on: ask.held_on, attended };
        work.tx.save_group_attendance(&count).await?;
        work.audit(None, &[], &serde_json::json!({ "before": before, "now": count }));
        Ok(Outcome::GroupAttendance(count))
    }
}
