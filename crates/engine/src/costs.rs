//! What provisions cost: read from the ledger, with the lots, items and stays that it names.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveTime;
use safespace_domain::{
    ItemId, Nights, StayId,
    access::{Actor, Permission},
    clock::{at_service_time, service_day},
    costs::{Cost, Costs, Funding, Stayed, costs},
    items::Item,
    stays::Stay,
    stock::Lot,
};
use safespace_store::StoredEntry;
use uuid::Uuid;

use crate::{Engine, EngineError, Fault, stock::issued_to};

/// So many stays are asked for at once.
const STAYS_TOGETHER: usize = 5_000;

impl Engine {
    /// What provisions cost that were issued or came back on the days of a range. Cases that are closed to the actor are
    /// in none of the figures, the total included: else what they cost would be what the others leave of it.
    pub async fn costs(&self, actor: &Actor, range: Nights) -> Result<Costs, EngineError> {
        self.must(actor, Permission::SeeStays)?;
        let (issued, stayed) = self.issued(actor, range).await?;
        Ok(costs(&issued, &stayed))
    }

    /// What was issued and came back on the days of a range, and the stays that it was issued to, as far as their cases are
    /// open to the actor.
    pub(crate) async fn issued(
        &self,
        actor: &Actor,
        range: Nights,
    ) -> Result<(Vec<Cost>, Vec<Stayed>), EngineError> {
        let reader = self.store.reader();
        let [from, to] = [range.arrival(), range.departure()].map(|day| at_service_time(day, NaiveTime::MIN));
        let entries = reader.issued_between(from, to).await?;
        let lots = reader.lots(entries.iter().map(|stored| stored.entry.posting.lot)).await?;
        let items: BTreeMap<ItemId, Item> =
            reader.items().await?.into_iter().map(|item| (item.id, item)).collect();
        let mut stays = self.stays_of(&entries).await?;
        stays.retain(|_, stay| !self.is_closed_to(actor, stay.household));
        let mut issued = Vec::with_capacity(entries.len());
        for StoredEntry { entry, .. } in &entries {
            let stay = issued_to(entry).and_then(|to| stays.get(&to.stay));
            let Some(stay) = stay else { continue };
            let lot: &Lot = lots.get(&entry.posting.lot).ok_or(Fault::Broken("an entry's lot is missing"))?;
            let item = items.get(&entry.posting.item).ok_or(Fault::Broken("an entry's item is missing"))?;
            issued.push(Cost {
                household: stay.household,
                stay: stay.id,
                on: service_day(entry.at),
                category: item.category.clone(),
                funding: Funding::from(&lot.origin),
                // The ledger says what the place has less of; that is what the household has more of.
                value: -entry.posting.value,
            });
        }
        let today = self.today();
        let stayed = stays.values().map(|stay| Stayed::of(stay, today)).collect();
        Ok((issued, stayed))
    }

    /// The stays that these entries name.
    async fn stays_of(&self, entries: &[StoredEntry]) -> Result<BTreeMap<StayId, Stay>, EngineError> {
        let ids: BTreeSet<Uuid> =
            entries.iter().filter_map(|stored| issued_to(&stored.entry)).map(|to| to.stay.0).collect();
        let ids: Vec<Uuid> = ids.into_iter().collect();
        let mut stays = BTreeMap::new();
        for some in ids.chunks(STAYS_TOGETHER) {
            let found = self.store.reader().stays_by_id(some).await?;
            stays.extend(found.into_iter().map(|stay| (stay.id, stay)));
        }
        Ok(stays)
    }
}
