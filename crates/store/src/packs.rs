//! Packs. What is in one is in the stock ledger; what is said of it is sealed.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use safespace_domain::{
    HouseholdId, ItemId, LotId, Night, PackId, PackTemplateId, PlaceId, StayId,
    money::Pence,
    packs::{Pack, PackState, PackStatus},
    stays::Stay,
    stock::{Issued, IssuedTo},
};
use sea_orm::{
    ActiveValue::{Set, Unchanged},
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait},
};
use uuid::Uuid;

use crate::{Page, Reader, Result, SealedNeeds, StoreError, Tx, stock::stock_entry};

mod pack {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "pack")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub household_id: Uuid,
        pub stay_id: Uuid,
        pub template_id: Uuid,
        pub template_version: i32,
        pub nights_before: i32,
        pub planned_at: DateTimeUtc,
        pub status: String,
        pub prepared_at: Option<DateTimeUtc>,
        pub ended_at: Option<DateTimeUtc>,
        pub missing: i32,
        pub unmet: i32,
        pub words: Option<Vec<u8>>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// A pack with what is sealed of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPack {
    /// The pack.
    pub pack: Pack,
    /// What is said of it, sealed under the household's data key.
    pub words: Option<Vec<u8>>,
}

/// What a pack's list follows from, besides its template: all of it for many packs at once.
#[derive(Clone, Debug, Default)]
pub struct PackFacts {
    /// The stays that they are for.
    pub stays: BTreeMap<StayId, Stay>,
    /// What is in them: what went in and has not come back, by line and lot.
    pub contents: BTreeMap<PackId, Vec<Issued>>,
    /// What the households need, sealed.
    pub needs: SealedNeeds,
    /// Those of these packs whose households come from another home with a pack by the same template.
    pub going_on: BTreeSet<PackId>,
}

/// Which packs a list has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PackFilter {
    /// Only those with one of these statuses; empty for all.
    pub statuses: Vec<PackStatus>,
    /// None of these households.
    pub but: Vec<HouseholdId>,
}

/// Written out, not bound: only then does `SQLite` use the index of just these packs.
const LIVE: &str = "status <> 'cancelled'";

fn domain(row: pack::Model) -> Result<StoredPack> {
    const UNREADABLE: StoreError = StoreError::Unreadable("pack.status");
    let natural = |n: i32| u32::try_from(n).map_err(|_| StoreError::Unreadable("pack.nights_before"));
    let prepared_at = row.prepared_at.ok_or(UNREADABLE);
    let ended_at = row.ended_at.ok_or(UNREADABLE);
    let state = match row.status.parse().map_err(|_| UNREADABLE)? {
        PackStatus::Planned => PackState::Planned,
        PackStatus::Prepared => PackState::Prepared { at: prepared_at? },
        PackStatus::HandedOver => PackState::HandedOver { prepared_at: prepared_at?, at: ended_at? },
        PackStatus::Cancelled => PackState::Cancelled { at: ended_at? },
    };
    let pack = Pack {
        id: PackId(row.id),
        household: HouseholdId(row.household_id),
        stay: StayId(row.stay_id),
        template: PackTemplateId(row.template_id),
        template_version: natural(row.template_version)?,
        nights_before: natural(row.nights_before)?,
        planned_at: row.planned_at,
        state,
        missing: natural(row.missing)?,
        unmet: natural(row.unmet)?,
    };
    Ok(StoredPack { pack, words: row.words })
}

/// The columns of the pack itself.
fn row(pack: &Pack) -> pack::ActiveModel {
    let number = |n: u32| i32::try_from(n).unwrap_or(i32::MAX);
    let (prepared_at, ended_at) = match pack.state {
        PackState::Planned => (None, None),
        PackState::Prepared { at } => (Some(at), None),
        PackState::HandedOver { prepared_at, at } => (Some(prepared_at), Some(at)),
        PackState::Cancelled { at } => (None, Some(at)),
    };
    pack::ActiveModel {
        id: Set(pack.id.0),
        household_id: Set(pack.household.0),
        stay_id: Set(pack.stay.0),
        template_id: Set(pack.template.0),
        template_version: Set(number(pack.template_version)),
        nights_before: Set(number(pack.nights_before)),
        planned_at: Set(pack.planned_at),
        status: Set(pack.status().to_string()),
        prepared_at: Set(prepared_at),
        ended_at: Set(ended_at),
        missing: Set(number(pack.missing)),
        unmet: Set(number(pack.unmet)),
        words: sea_orm::ActiveValue::NotSet,
    }
}

impl<C: ConnectionTrait> Reader<'_, C> {
    /// The packs with these ids, oldest first.
    pub async fn packs_by_id(&self, ids: &[PackId]) -> Result<Vec<StoredPack>> {
        let select = pack::Entity::find().filter(pack::Column::Id.is_in(ids.iter().map(|id| id.0)));
        let rows = select.order_by_asc(pack::Column::Id).all(self.connection).await?;
        rows.into_iter().map(domain).collect()
    }

    /// A page of the packs that pass the filter, oldest first.
    pub async fn packs(&self, filter: &PackFilter, page: Page<PackId>) -> Result<Vec<StoredPack>> {
        let mut select = pack::Entity::find();
        if !filter.statuses.is_empty() {
            let statuses = filter.statuses.iter().map(|status| status.as_str());
            select = select.filter(pack::Column::Status.is_in(statuses));
        }
        if !filter.but.is_empty() {
            let but = filter.but.iter().map(|household| household.0);
            select = select.filter(pack::Column::HouseholdId.is_not_in(but));
        }
        if let Some(after) = page.after {
            select = select.filter(pack::Column::Id.gt(after.0));
        }
        let rows = select.order_by_asc(pack::Column::Id).limit(page.limit).all(self.connection).await?;
        rows.into_iter().map(domain).collect()
    }

    /// The packs that were handed over from one instant up to another, in order.
    pub async fn packs_handed_over(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Vec<StoredPack>> {
        let select = pack::Entity::find()
            .filter(pack::Column::Status.eq(PackStatus::HandedOver.as_str()))
            .filter(pack::Column::EndedAt.gte(from))
            .filter(pack::Column::EndedAt.lt(to))
            .order_by_asc(pack::Column::EndedAt)
            .order_by_asc(pack::Column::Id);
        select.all(self.connection).await?.into_iter().map(domain).collect()
    }

    /// The packs of these stays, but for those that were cancelled: one of each at most.
    pub async fn packs_of_stays(&self, stays: impl IntoIterator<Item = StayId>) -> Result<Vec<StoredPack>> {
        let of: Vec<Uuid> = stays.into_iter().map(|stay| stay.0).collect();
        let mut packs = Vec::new();
        for some in of.chunks(10_000) {
            let select = pack::Entity::find()
                .filter(pack::Column::StayId.is_in(some.iter().copied()))
                .filter(Expr::cust(LIVE));
            for row in select.all(self.connection).await? {
                packs.push(domain(row)?);
            }
        }
        Ok(packs)
    }

    /// Every pack of a household, oldest first.
    pub async fn packs_of_household(&self, household: HouseholdId) -> Result<Vec<StoredPack>> {
        let select = pack::Entity::find().filter(pack::Column::HouseholdId.eq(household.0));
        let rows = select.order_by_asc(pack::Column::Id).all(self.connection).await?;
        rows.into_iter().map(domain).collect()
    }

    /// What the lists of these packs follow from.
    pub async fn pack_facts(&self, packs: &[StoredPack]) -> Result<PackFacts> {
        let ids: Vec<PackId> = packs.iter().map(|stored| stored.pack.id).collect();
        let mut households: Vec<HouseholdId> = packs.iter().map(|stored| stored.pack.household).collect();
        households.sort();
        households.dedup();
        let mut stays = BTreeMap::new();
        let of: Vec<Uuid> = packs.iter().map(|stored| stored.pack.stay.0).collect();
        for some in of.chunks(10_000) {
            stays.extend(self.stays_by_id(some).await?.into_iter().map(|stay| (stay.id, stay)));
        }
        Ok(PackFacts {
            contents: self.contents(&ids).await?,
            needs: self.last_needs(&households).await?,
            going_on: self.going_on(packs, &stays, &households).await?,
            stays,
        })
    }

    /// Those of these packs whose stay begins on the day on which another of the household's ends that has a pack by the same
    /// template.
    async fn going_on(
        &self,
        packs: &[StoredPack],
        stays: &BTreeMap<StayId, Stay>,
        households: &[HouseholdId],
    ) -> Result<BTreeSet<PackId>> {
        let mut ends: BTreeMap<(HouseholdId, Night), Vec<StayId>> = BTreeMap::new();
        for some in households.chunks(10_000) {
            for stay in self.whole_stays_of(some).await? {
                if stay.status().takes_nights() {
                    ends.entry((stay.household, stay.nights.departure())).or_default().push(stay.id);
                }
            }
        }
        let before = |pack: &Pack| {
            let stay = stays.get(&pack.stay)?;
            let ended = ends.get(&(stay.household, stay.nights.arrival()))?;
            Some(ended.iter().copied().filter(|other| *other != stay.id).collect::<Vec<_>>())
        };
        let all: Vec<StayId> = packs.iter().filter_map(|stored| before(&stored.pack)).flatten().collect();
        if all.is_empty() {
            return Ok(BTreeSet::new());
        }
        let packed = self.packs_of_stays(all).await?;
        let goes_on = |pack: &Pack| {
            before(pack).into_iter().flatten().any(|stay| {
                packed.iter().any(|other| (other.pack.stay, other.pack.template) == (stay, pack.template))
            })
        };
        let going_on = packs.iter().map(|stored| &stored.pack).filter(|pack| goes_on(pack));
        Ok(going_on.map(|pack| pack.id).collect())
    }

    /// What is in these packs: what went in and has not come back, by line and lot.
    async fn contents(&self, packs: &[PackId]) -> Result<BTreeMap<PackId, Vec<Issued>>> {
        const UNREADABLE: StoreError = StoreError::Unreadable("stock_entry.pack_line");
        let sum = |column: stock_entry::Column| {
            Expr::col((stock_entry::Entity, column)).sum().mul(-1).cast_as("bigint")
        };
        let mut contents: BTreeMap<PackId, Vec<Issued>> = BTreeMap::new();
        for some in packs.chunks(10_000) {
            let select = stock_entry::Entity::find()
                .select_only()
                .columns([
                    stock_entry::Column::PackId,
                    stock_entry::Column::PackLine,
                    stock_entry::Column::StayId,
                    stock_entry::Column::LotId,
                    stock_entry::Column::ItemId,
                ])
                .column_as(sum(stock_entry::Column::Quantity), "units")
                .column_as(sum(stock_entry::Column::Value), "worth")
                .filter(stock_entry::Column::PackId.is_in(some.iter().map(|pack| pack.0)))
                .group_by(stock_entry::Column::PackId)
                .group_by(stock_entry::Column::PackLine)
                .group_by(stock_entry::Column::StayId)
                .group_by(stock_entry::Column::LotId)
                .group_by(stock_entry::Column::ItemId);
            let rows: Vec<(Uuid, i32, Uuid, Uuid, Uuid, i64, i64)> =
                select.into_tuple().all(self.connection).await?;
            for (pack, line, stay, lot, item, units, worth) in rows {
                let line = u32::try_from(line).map_err(|_| UNREADABLE)?;
                let quantity = u32::try_from(units).map_err(|_| UNREADABLE)?;
                let to = IssuedTo { stay: StayId(stay), pack: Some((PackId(pack), line)) };
                let issued =
                    Issued { to, item: ItemId(item), lot: LotId(lot), quantity, value: Pence(worth) };
                if quantity > 0 {
                    contents.entry(PackId(pack)).or_default().push(issued);
                }
            }
        }
        Ok(contents)
    }

    /// From where each lot in a pack came last, by line and lot.
    pub async fn places_of(&self, pack: PackId) -> Result<BTreeMap<(u32, LotId), PlaceId>> {
        let rows = stock_entry::Entity::find()
            .filter(stock_entry::Column::PackId.eq(pack.0))
            .filter(stock_entry::Column::Movement.eq("issued"))
            .order_by_asc(stock_entry::Column::Id)
            .all(self.connection)
            .await?;
        let from = |row: stock_entry::Model| {
            let line = u32::try_from(row.pack_line?).ok()?;
            Some(((line, LotId(row.lot_id)), PlaceId(row.place_id)))
        };
        Ok(rows.into_iter().filter_map(from).collect())
    }
}

impl Tx {
    /// Adds a pack. One of a stay that is not cancelled there is at most.
    pub async fn add_pack(&self, added: &Pack) -> Result<()> {
        pack::Entity::insert(row(added)).exec_without_returning(self.connection()).await?;
        Ok(())
    }

    /// Keeps a pack as it is now. Its stay must be locked.
    pub async fn save_pack(&self, saved: &Pack) -> Result<()> {
        let changed = pack::ActiveModel { id: Unchanged(saved.id.0), ..row(saved) };
        pack::Entity::update(changed).exec(self.connection()).await?;
        Ok(())
    }

    /// Keeps what is said of a pack.
    pub async fn save_pack_words(&self, id: PackId, words: Vec<u8>) -> Result<()> {
        let changed =
            pack::ActiveModel { id: Unchanged(id.0), words: Set(Some(words)), ..Default::default() };
        pack::Entity::update(changed).exec(self.connection()).await?;
        Ok(())
    }
}
