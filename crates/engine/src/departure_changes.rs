//! Changes of planned departures, kept in the transaction of the command that makes them.

use safespace_domain::{departure_changes::DepartureChange, stays::Stay};

use crate::{
    Engine,
    work::{Done, Work},
};

impl Engine {
    /// Keeps what changed about the planned departure of a stay that has just been saved, if anything did.
    pub(crate) async fn note_departure_change(&self, work: &Work, before: &Stay, after: &Stay) -> Done<()> {
        if let Some(change) = DepartureChange::between(before, after, work.now) {
            work.tx.add_departure_change(self.ids.next(), &change).await?;
        }
        Ok(())
    }
}
