//! Stock: lots, what each place has of each, and the ledger of which that is the sum.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use safespace_domain::{
    GrantId, ItemId, LotId, PackId, PlaceId, StayId, StockEntryId,
    money::Pence,
    stock::{Balance, Change, IssuedTo, Lot, Movement, MovementKind, OnHand, Origin, Posting, StockEntry},
};
use sea_orm::{
    ActiveValue::{Set, Unchanged},
    ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait,
    sea_query::OnConflict,
};
use uuid::Uuid;

use crate::{Page, Reader, Result, StoreError, Tx};

mod lot {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "lot")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub item_id: Uuid,
        pub code: Option<String>,
        pub expires_on: Option<Date>,
        pub received_at: DateTimeUtc,
        pub origin: String,
        pub giver: Option<String>,
        pub delivery_note: Option<String>,
        pub funding_id: Option<Uuid>,
        pub quantity: i32,
        pub cost: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

mod balance {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "stock")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub place_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub lot_id: Uuid,
        pub item_id: Uuid,
        pub quantity: i32,
        pub value: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod stock_entry {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "stock_entry")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub at: DateTimeUtc,
        pub by_id: Uuid,
        pub movement: String,
        pub item_id: Uuid,
        pub place_id: Uuid,
        pub lot_id: Uuid,
        pub quantity: i64,
        pub value: i64,
        pub stay_id: Option<Uuid>,
        pub pack_id: Option<Uuid>,
        pub pack_line: Option<i32>,
        pub other_place_id: Option<Uuid>,
        pub corrects_id: Option<Uuid>,
        pub why: Option<String>,
        pub note: Option<Vec<u8>>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// An entry of the ledger, who wrote it, and why in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEntry {
    /// The entry.
    pub entry: StockEntry,
    /// The account or token that wrote it.
    pub by: Uuid,
    /// Why in words, sealed.
    pub note: Option<Vec<u8>>,
}

/// Which entries of the ledger a list has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StockFilter {
    /// Only those of this item.
    pub item: Option<ItemId>,
    /// Only those of this place.
    pub place: Option<PlaceId>,
    /// Only what was issued to this stay, and came back from it.
    pub stay: Option<StayId>,
}

fn lot_of(row: lot::Model) -> Result<Lot> {
    let origin = match row.origin.as_str() {
        "bought" => Origin::Bought {
            supplier: row.giver.ok_or(StoreError::Unreadable("lot.giver"))?,
            delivery_note: row.delivery_note,
            grant: row.funding_id.map(GrantId),
        },
        "donated" => Origin::Donated { by: row.giver, delivery_note: row.delivery_note },
        _ => return Err(StoreError::Unreadable("lot.origin")),
    };
    Ok(Lot {
        id: LotId(row.id),
        item: ItemId(row.item_id),
        code: row.code,
        expires_on: row.expires_on,
        received_at: row.received_at,
        origin,
        quantity: u32::try_from(row.quantity).map_err(|_| StoreError::Unreadable("lot.quantity"))?,
        cost: Pence(row.cost),
    })
}

fn balance_of(row: &balance::Model) -> Result<Balance> {
    Ok(Balance {
        item: ItemId(row.item_id),
        place: PlaceId(row.place_id),
        lot: LotId(row.lot_id),
        quantity: u32::try_from(row.quantity).map_err(|_| StoreError::Unreadable("stock.quantity"))?,
        value: Pence(row.value),
    })
}

fn entry_of(row: &stock_entry::Model) -> Result<StoredEntry> {
    const UNREADABLE: StoreError = StoreError::Unreadable("stock_entry.movement");
    let to = || -> Result<IssuedTo> {
        let line = row.pack_line.map(|line| u32::try_from(line).map_err(|_| UNREADABLE)).transpose()?;
        let stay = row.stay_id.map(StayId).ok_or(UNREADABLE)?;
        Ok(IssuedTo { stay, pack: row.pack_id.map(PackId).zip(line) })
    };
    let other = || row.other_place_id.map(PlaceId).ok_or(UNREADABLE);
    let movement = match row.movement.parse().map_err(|_| UNREADABLE)? {
        MovementKind::Received => Movement::Received,
        MovementKind::Corrected => {
            Movement::Corrected { entry: row.corrects_id.map(StockEntryId).ok_or(UNREADABLE)? }
        }
        MovementKind::Issued => Movement::Issued { to: to()? },
        MovementKind::Returned => Movement::Returned { from: to()? },
        MovementKind::TransferredOut => Movement::TransferredOut { to: other()? },
        MovementKind::TransferredIn => Movement::TransferredIn { from: other()? },
        MovementKind::Counted => {
            Movement::Counted { why: row.why.as_deref().map(str::parse).transpose().map_err(|_| UNREADABLE)? }
        }
        MovementKind::WrittenOff => Movement::WrittenOff {
            why: row.why.as_deref().ok_or(UNREADABLE)?.parse().map_err(|_| UNREADABLE)?,
        },
    };
    let posting = Posting {
        movement,
        item: ItemId(row.item_id),
        place: PlaceId(row.place_id),
        lot: LotId(row.lot_id),
        quantity: row.quantity,
        value: Pence(row.value),
    };
    let entry = StockEntry { id: StockEntryId(row.id), at: row.at, posting };
    Ok(StoredEntry { entry, by: row.by_id, note: row.note.clone() })
}

fn entry_row(stored: &StoredEntry) -> stock_entry::ActiveModel {
    let StoredEntry { entry: StockEntry { id, at, posting }, by, note } = stored;
    let to = match posting.movement {
        Movement::Issued { to } | Movement::Returned { from: to } => Some(to),
        _ => None,
    };
    let pack = to.and_then(|to| to.pack);
    let other = match posting.movement {
        Movement::TransferredOut { to: other } | Movement::TransferredIn { from: other } => Some(other.0),
        _ => None,
    };
    let corrects = match posting.movement {
        Movement::Corrected { entry } => Some(entry.0),
        _ => None,
    };
    let why = match posting.movement {
        Movement::Counted { why } => why.map(|why| why.to_string()),
        Movement::WrittenOff { why } => Some(why.to_string()),
        _ => None,
    };
    stock_entry::ActiveModel {
        id: Set(id.0),
        at: Set(*at),
        by_id: Set(*by),
        movement: Set(posting.movement.kind().to_string()),
        item_id: Set(posting.item.0),
        place_id: Set(posting.place.0),
        lot_id: Set(posting.lot.0),
        quantity: Set(posting.quantity),
        value: Set(posting.value.0),
        stay_id: Set(to.map(|to| to.stay.0)),
        pack_id: Set(pack.map(|(pack, _)| pack.0)),
        pack_line: Set(pack.map(|(_, line)| i32::try_from(line).unwrap_or(i32::MAX))),
        other_place_id: Set(other),
        corrects_id: Set(corrects),
        why: Set(why),
        note: Set(note.clone()),
    }
}

fn lot_row(lot: &Lot) -> lot::ActiveModel {
    let (giver, delivery_note) = match &lot.origin {
        Origin::Bought { supplier, delivery_note, .. } => (Some(supplier.clone()), delivery_note.clone()),
        Origin::Donated { by, delivery_note } => (by.clone(), delivery_note.clone()),
    };
    lot::ActiveModel {
        id: Set(lot.id.0),
        item_id: Set(lot.item.0),
        code: Set(lot.code.clone()),
        expires_on: Set(lot.expires_on),
        received_at: Set(lot.received_at),
        origin: Set(lot.origin.as_str().to_owned()),
        giver: Set(giver),
        delivery_note: Set(delivery_note),
        funding_id: Set(lot.origin.grant().map(|grant| grant.0)),
        quantity: Set(i32::try_from(lot.quantity).unwrap_or(i32::MAX)),
        cost: Set(lot.cost.0),
    }
}

impl<C: ConnectionTrait> Reader<'_, C> {
    /// What is on hand: of some items, or of all; in one place, or in all. Balances of nothing are left out.
    pub async fn on_hand(&self, items: Option<&[ItemId]>, place: Option<PlaceId>) -> Result<Vec<OnHand>> {
        let mut select = balance::Entity::find().filter(balance::Column::Quantity.gt(0));
        if let Some(items) = items {
            select = select.filter(balance::Column::ItemId.is_in(items.iter().map(|item| item.0)));
        }
        if let Some(place) = place {
            select = select.filter(balance::Column::PlaceId.eq(place.0));
        }
        let rows = select.all(self.connection).await?;
        let lots = self.lots(rows.iter().map(|row| LotId(row.lot_id))).await?;
        rows.iter()
            .map(|row| {
                let lot = lots.get(&LotId(row.lot_id)).ok_or(StoreError::Unreadable("stock.lot_id"))?;
                Ok(OnHand { balance: balance_of(row)?, lot: lot.clone() })
            })
            .collect()
    }

    /// These lots, by id.
    pub async fn lots(&self, ids: impl IntoIterator<Item = LotId>) -> Result<BTreeMap<LotId, Lot>> {
        let mut ids: Vec<Uuid> = ids.into_iter().map(|id| id.0).collect();
        ids.sort();
        ids.dedup();
        let mut lots = BTreeMap::new();
        for chunk in ids.chunks(10_000) {
            let select = lot::Entity::find().filter(lot::Column::Id.is_in(chunk.iter().copied()));
            for row in select.all(self.connection).await? {
                lots.insert(LotId(row.id), lot_of(row)?);
            }
        }
        Ok(lots)
    }

    /// The lots that were bought with a grant.
    pub(crate) async fn lots_of_grants(&self) -> Result<Vec<Lot>> {
        let select = lot::Entity::find().filter(lot::Column::FundingId.is_not_null());
        select.all(self.connection).await?.into_iter().map(lot_of).collect()
    }

    /// What a place has of a lot; none where it never had any.
    pub async fn balance(&self, place: PlaceId, lot: LotId) -> Result<Option<Balance>> {
        let row = balance::Entity::find_by_id((place.0, lot.0)).one(self.connection).await?;
        row.as_ref().map(balance_of).transpose()
    }

    /// What a place has of these lots, of those of which it ever had any.
    pub async fn balances(&self, place: PlaceId, lots: &[LotId]) -> Result<Vec<Balance>> {
        let rows = balance::Entity::find()
            .filter(balance::Column::PlaceId.eq(place.0))
            .filter(balance::Column::LotId.is_in(lots.iter().map(|lot| lot.0)))
            .all(self.connection)
            .await?;
        rows.iter().map(balance_of).collect()
    }

    /// How many units a place holds of everything.
    pub async fn units_in(&self, place: PlaceId) -> Result<u64> {
        let rows = balance::Entity::find()
            .filter(balance::Column::PlaceId.eq(place.0))
            .filter(balance::Column::Quantity.gt(0))
            .all(self.connection)
            .await?;
        Ok(rows.iter().map(|row| u64::try_from(row.quantity).unwrap_or(0)).sum())
    }

    /// The entry with this id.
    pub async fn stock_entry(&self, id: StockEntryId) -> Result<Option<StoredEntry>> {
        let row = stock_entry::Entity::find_by_id(id.0).one(self.connection).await?;
        row.as_ref().map(entry_of).transpose()
    }

    /// The entries with these ids, in the order in which they were written.
    pub async fn stock_entries_by_id(&self, ids: &[StockEntryId]) -> Result<Vec<StoredEntry>> {
        let select = stock_entry::Entity::find()
            .filter(stock_entry::Column::Id.is_in(ids.iter().map(|id| id.0)))
            .order_by_asc(stock_entry::Column::Id);
        select.all(self.connection).await?.iter().map(entry_of).collect()
    }

    /// A page of the entries that pass the filter, oldest first.
    pub async fn stock_entries(
        &self,
        filter: StockFilter,
        page: Page<StockEntryId>,
    ) -> Result<Vec<StoredEntry>> {
        let mut select = stock_entry::Entity::find();
        if let Some(item) = filter.item {
            select = select.filter(stock_entry::Column::ItemId.eq(item.0));
        }
        if let Some(place) = filter.place {
            select = select.filter(stock_entry::Column::PlaceId.eq(place.0));
        }
        if let Some(stay) = filter.stay {
            select = select.filter(stock_entry::Column::StayId.eq(stay.0));
        }
        if let Some(after) = page.after {
            select = select.filter(stock_entry::Column::Id.gt(after.0));
        }
        let select = select.order_by_asc(stock_entry::Column::Id).limit(page.limit);
        select.all(self.connection).await?.iter().map(entry_of).collect()
    }

    /// What was issued to households and what came back from them, from one instant up to another, oldest first.
    pub async fn issued_between(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Vec<StoredEntry>> {
        let movements = [MovementKind::Issued, MovementKind::Returned].map(MovementKind::as_str);
        let select = stock_entry::Entity::find()
            .filter(stock_entry::Column::Movement.is_in(movements))
            .filter(stock_entry::Column::At.gte(from))
            .filter(stock_entry::Column::At.lt(to))
            .order_by_asc(stock_entry::Column::Id);
        select.all(self.connection).await?.iter().map(entry_of).collect()
    }

    /// When lots were last counted in a place since an instant, of those that were.
    pub async fn counted_since(
        &self,
        place: PlaceId,
        since: DateTime<Utc>,
    ) -> Result<BTreeMap<LotId, DateTime<Utc>>> {
        let select = stock_entry::Entity::find()
            .filter(stock_entry::Column::PlaceId.eq(place.0))
            .filter(stock_entry::Column::Movement.eq(MovementKind::Counted.as_str()))
            .filter(stock_entry::Column::At.gte(since))
            .order_by_asc(stock_entry::Column::At);
        let rows = select.all(self.connection).await?;
        Ok(rows.into_iter().map(|row| (LotId(row.lot_id), row.at)).collect())
    }

    /// How many entries the ledger has of an item.
    pub async fn entries_of(&self, item: ItemId) -> Result<u64> {
        let select = stock_entry::Entity::find().filter(stock_entry::Column::ItemId.eq(item.0));
        Ok(select.count(self.connection).await?)
    }
}

impl Tx {
    /// These lots, by id; nobody else moves anything of them until the transaction ends.
    pub async fn lock_lots(&self, ids: &[LotId]) -> Result<BTreeMap<LotId, Lot>> {
        let select = lot::Entity::find()
            .filter(lot::Column::Id.is_in(ids.iter().map(|id| id.0)))
            .order_by_asc(lot::Column::Id)
            .lock_exclusive();
        let rows = select.all(self.connection()).await?;
        rows.into_iter().map(|row| Ok((LotId(row.id), lot_of(row)?))).collect()
    }

    /// What these places have of these items, their lots locked in order of their ids, so that two who want the same never
    /// wait for each other in a circle. Who had the lots before may have taken of them: how much there is, is read once
    /// they are locked. A lot that has come in between is left for the next one.
    pub async fn lock_on_hand(&self, items: &[ItemId], places: &[PlaceId]) -> Result<Vec<OnHand>> {
        let here = balance::Entity::find()
            .filter(balance::Column::PlaceId.is_in(places.iter().map(|place| place.0)))
            .filter(balance::Column::ItemId.is_in(items.iter().map(|item| item.0)))
            .filter(balance::Column::Quantity.gt(0));
        let lots = here.clone().select_only().column(balance::Column::LotId).into_query();
        let lots = lot::Entity::find()
            .filter(lot::Column::Id.in_subquery(lots))
            .order_by_asc(lot::Column::Id)
            .lock_exclusive();
        let mut locked = BTreeMap::new();
        for row in lots.all(self.connection()).await? {
            locked.insert(row.id, lot_of(row)?);
        }
        let mut on_hand = Vec::new();
        for row in here.all(self.connection()).await? {
            if let Some(lot) = locked.get(&row.lot_id) {
                on_hand.push(OnHand { balance: balance_of(&row)?, lot: lot.clone() });
            }
        }
        Ok(on_hand)
    }

    /// Adds lots.
    pub async fn add_lots(&self, added: &[Lot]) -> Result<()> {
        if !added.is_empty() {
            let rows = added.iter().map(lot_row);
            lot::Entity::insert_many(rows).exec_without_returning(self.connection()).await?;
        }
        Ok(())
    }

    /// Keeps how much a lot was, put right.
    pub async fn save_lot(&self, saved: &Lot) -> Result<()> {
        let mut row = lot_row(saved);
        row.id = Unchanged(saved.id.0);
        lot::Entity::update(row).exec(self.connection()).await?;
        Ok(())
    }

    /// Writes entries, and keeps the balances that they leave. The lots must be locked.
    pub async fn post(&self, entries: &[StoredEntry], changes: &[Change]) -> Result<()> {
        if entries.is_empty() {
            return Ok(());
        }
        let rows = entries.iter().map(entry_row);
        stock_entry::Entity::insert_many(rows).exec_without_returning(self.connection()).await?;
        // The last of each balance is how it is left.
        let left: BTreeMap<_, Balance> = changes
            .iter()
            .map(|change| ((change.balance.place, change.balance.lot), change.balance))
            .collect();
        let rows = left.into_values().map(|balance| balance::ActiveModel {
            place_id: Set(balance.place.0),
            lot_id: Set(balance.lot.0),
            item_id: Set(balance.item.0),
            quantity: Set(i32::try_from(balance.quantity).unwrap_or(i32::MAX)),
            value: Set(balance.value.0),
        });
        let change = OnConflict::columns([balance::Column::PlaceId, balance::Column::LotId])
            .update_columns([balance::Column::Quantity, balance::Column::Value])
            .to_owned();
        balance::Entity::insert_many(rows)
            .on_conflict(change)
            .exec_without_returning(self.connection())
            .await?;
        Ok(())
    }
}
