//! Changes of planned departures, kept in the transaction of the command that makes them.

use safespace_domain::{
    access::{Actor, Permission},
    departure_changes::DepartureChange,
    stays::Stay,
};

use crate::{
    Engine, EngineError,
    work::{Done, Work},
};

impl Engine {
    /// How the planned departure of a stay was changed, oldest first.
    pub async fn departure_changes(
        &self,
        actor: &Actor,
        stay: &Stay,
    ) -> Result<Vec<DepartureChange>, EngineError> {
        self.must(actor, Permission::SeeStays)?;
        self.must_be_open_to(actor, stay.household, "stay")?;
        Ok(self.store.reader().departure_changes(&[stay.id]).await?)
    }

    /// Keeps what changed about the planned departure of a stay that has just been saved, if anything did.
    pub(crate) async fn note_departure_change(&self, work: &Work, before: &Stay, after: &Stay) -> Done<()> {
        if let Some(change) = DepartureChange::between(before, after, work.now) {
            work.tx.add_departure_change(self.ids.next(), &change).await?;
        }
        Ok(())
    }
}
