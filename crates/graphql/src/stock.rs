//! The stock ledger: what is on hand, and what comes, is given out, moves, is counted and thrown away.

use std::collections::BTreeMap;

use async_graphql::{Context, Enum, ID, InputObject, Object, OneofObject, Result, SimpleObject};
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use safespace_domain::{
    ItemId, LotId, PlaceId, StayId, StockEntryId,
    items::Item as CatalogueItem,
    places::Place,
    stock::{self, OnHand, Origin},
};
use safespace_engine::{
    Command, CorrectReceipt, CountLine, CountStock, EntryView, IssueLine, IssueStock, OriginAsk, Outcome,
    Page as StorePage, ReceiptLine, ReceiveStock, ReturnStock, StockFilter, TransferLine, TransferStock,
    WriteOffStock,
};
use uuid::Uuid;

use crate::{
    actor,
    answers::{answer, bad_input, query_error, run, unexpected},
    engine, ids,
    items::Item,
    paging::{Page, Window},
    places::StockPlace,
    scalars::Date,
    stays::Stay,
};

/// What an entry of the ledger is about.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "stock::MovementKind")]
pub enum StockMovement {
    /// It came.
    Received,
    /// What was entered when it came was put right.
    Corrected,
    /// It was given to a household.
    Issued,
    /// It came back, not opened.
    Returned,
    /// It went to another place.
    TransferredOut,
    /// It came from another place.
    TransferredIn,
    /// It was counted.
    Counted,
    /// It was thrown away.
    WrittenOff,
}

/// Why a count differs from the ledger.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "stock::CountReason")]
pub enum CountReason {
    /// The last count was wrong.
    Miscounted,
    /// Something was given out and not written down.
    IssueNotRecorded,
    /// Something came and was not written down.
    ReceiptNotRecorded,
    /// It was lost.
    Lost,
    /// Another reason, said in words as the `note`.
    Other,
}

/// Why stock is thrown away.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "stock::WriteOffReason")]
pub enum WriteOffReason {
    /// It has expired.
    Expired,
    /// It is damaged.
    Damaged,
    /// Its maker has called it back.
    Recalled,
    /// Another reason, said in words as the `note`.
    Other,
}

/// How a lot came.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum StockOrigin {
    /// It was bought.
    Bought,
    /// It was given.
    Donated,
}

/// What came of one item in one delivery.
pub struct Lot(stock::Lot);

#[Object]
impl Lot {
    /// Its id.
    async fn id(&self) -> ID {
        ids::global("Lot", self.0.id)
    }

    /// Its number as it is printed on it.
    async fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// The last day on which it may be given out; null where it does not expire.
    async fn expires_on(&self) -> Option<Date> {
        self.0.expires_on.map(Date)
    }

    /// When it came.
    async fn received_at(&self) -> DateTime<Utc> {
        self.0.received_at
    }

    /// How it came.
    async fn origin(&self) -> StockOrigin {
        match self.0.origin {
            Origin::Bought { .. } => StockOrigin::Bought,
            Origin::Donated { .. } => StockOrigin::Donated,
        }
    }

    /// From whom: who sold it, or the organisation that gave it.
    async fn from(&self) -> Option<&str> {
        match &self.0.origin {
            Origin::Bought { supplier, .. } => Some(supplier),
            Origin::Donated { by, .. } => by.as_deref(),
        }
    }

    /// The number of its delivery note.
    async fn delivery_note(&self) -> Option<&str> {
        match &self.0.origin {
            Origin::Bought { delivery_note, .. } | Origin::Donated { delivery_note, .. } => {
                delivery_note.as_deref()
            }
        }
    }

    /// How many units came.
    async fn quantity(&self) -> i64 {
        i64::from(self.0.quantity)
    }

    /// What they cost, all together, in pounds.
    async fn cost(&self) -> Decimal {
        self.0.cost.pounds()
    }
}

/// What a place has of one lot.
#[derive(SimpleObject)]
pub struct StockOnHand {
    /// The item.
    item: Item,
    /// The place.
    place: StockPlace,
    /// The lot.
    lot: Lot,
    /// How many units.
    quantity: i64,
    /// What they cost, in pounds.
    value: Decimal,
}

/// A place that is low of an item.
#[derive(SimpleObject)]
pub struct LowStock {
    /// The item.
    item: Item,
    /// The place.
    place: StockPlace,
    /// How many units there are that have not expired.
    usable: i64,
    /// The place is low when it has this many or fewer.
    reorder_point: i64,
    /// It is filled up to so many.
    target: i64,
}

/// What a household still has of one lot that it was given.
#[derive(SimpleObject)]
pub struct IssuedStock {
    /// The item.
    item: Item,
    /// The lot's id, to put some of it back.
    lot: ID,
    /// How many units.
    quantity: i64,
    /// What they cost, in pounds.
    value: Decimal,
}

/// An entry of the stock ledger. Written once, never changed: a mistake is put right by another.
#[derive(SimpleObject)]
pub struct StockEntry {
    /// Its id.
    id: ID,
    /// When it was written.
    at: DateTime<Utc>,
    /// What it is about.
    movement: StockMovement,
    /// The item.
    item: Item,
    /// The place.
    place: StockPlace,
    /// The lot's id.
    lot: ID,
    /// How many units came (above zero) or went (below).
    quantity: i64,
    /// What they cost, in pounds, above or below zero as the quantity is.
    value: Decimal,
    /// The stay that it went to or came back from; null where there is none that you may see.
    stay: Option<Stay>,
    /// Why in words, of a count that differs or of what was thrown away.
    note: Option<String>,
}

/// The catalogue and the places, to name what the ledger keeps by id.
pub(crate) struct Names {
    items: BTreeMap<ItemId, CatalogueItem>,
    places: BTreeMap<PlaceId, Place>,
}

impl Names {
    pub(crate) async fn load(ctx: &Context<'_>) -> Result<Self> {
        let (engine, actor) = (engine(ctx), actor(ctx));
        let items = engine.items(actor).await.map_err(query_error)?;
        let places = engine.places(actor).await.map_err(query_error)?;
        Ok(Self {
            items: items.into_iter().map(|item| (item.id, item)).collect(),
            places: places.into_iter().map(|place| (place.id, place)).collect(),
        })
    }

    pub(crate) fn item(&self, id: ItemId) -> Result<Item> {
        self.items.get(&id).cloned().map(Item::from).ok_or_else(unexpected)
    }

    pub(crate) fn place(&self, id: PlaceId) -> Result<StockPlace> {
        self.places.get(&id).cloned().map(StockPlace::from).ok_or_else(unexpected)
    }

    pub(crate) fn place_called(&self, code: &str) -> Result<PlaceId> {
        let found = self.places.values().find(|place| place.code.eq_ignore_ascii_case(code.trim()));
        found
            .map(|place| place.id)
            .ok_or_else(|| bad_input("There is no place with this code that holds stock."))
    }

    fn item_called(&self, code: &str) -> Result<ItemId> {
        let code = code.trim();
        let found = self
            .items
            .values()
            .find(|item| item.code.eq_ignore_ascii_case(code) || item.barcode.as_deref() == Some(code));
        found
            .map(|item| item.id)
            .ok_or_else(|| bad_input("There is no item with this code in the catalogue."))
    }

    fn on_hand(&self, one: OnHand) -> Result<StockOnHand> {
        Ok(StockOnHand {
            item: self.item(one.balance.item)?,
            place: self.place(one.balance.place)?,
            quantity: i64::from(one.balance.quantity),
            value: one.balance.value.pounds(),
            lot: Lot(one.lot),
        })
    }

    fn entry(&self, view: EntryView) -> Result<StockEntry> {
        let posting = &view.entry.posting;
        Ok(StockEntry {
            id: ids::global("StockEntry", view.entry.id),
            at: view.entry.at,
            movement: posting.movement.kind().into(),
            item: self.item(posting.item)?,
            place: self.place(posting.place)?,
            lot: ids::global("Lot", posting.lot),
            quantity: posting.quantity,
            value: posting.value.pounds(),
            stay: view.stay.map(Stay),
            note: view.note,
        })
    }
}

/// Looking at stock.
#[derive(Default)]
pub struct StockQuery;

#[Object]
impl StockQuery {
    /// What is on hand, in one place or in all: by item, what expires first before the rest.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn stock(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only this place: its code.")] place: Option<String>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<StockOnHand>> {
        let names = Names::load(ctx).await?;
        let place = place.map(|code| names.place_called(&code)).transpose()?;
        let found = engine(ctx).stock(actor(ctx), place).await.map_err(query_error)?;
        paged(&names, found, first, after)
    }

    /// What is on hand and expires within so many days, or has expired: what expires first comes first.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn expiring_stock(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 14, desc = "Within so many days, 0 to 365.")] days: i32,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<StockOnHand>> {
        let days = u32::try_from(days).ok().filter(|days| *days <= 365);
        let days = days.ok_or_else(|| bad_input("`days` must be 0 to 365."))?;
        let names = Names::load(ctx).await?;
        let found = engine(ctx).expiring_stock(actor(ctx), days).await.map_err(query_error)?;
        paged(&names, found, first, after)
    }

    /// The places that are low of an item.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn low_stock(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<LowStock>> {
        let names = Names::load(ctx).await?;
        let found = engine(ctx).low_stock(actor(ctx)).await.map_err(query_error)?;
        let low = found.into_iter().map(|low| {
            Ok(LowStock {
                item: names.item(low.level.item)?,
                place: names.place(low.level.place)?,
                usable: i64::from(low.usable),
                reorder_point: i64::from(low.level.reorder_point),
                target: i64::from(low.level.target),
            })
        });
        Window::new(first, after)?.page_of(low.collect::<Result<Vec<_>>>()?, |low| low)
    }

    /// The stock ledger, oldest first.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn stock_entries(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only this item: its code or bar code.")] item: Option<String>,
        #[graphql(desc = "Only this place: its code.")] place: Option<String>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<StockEntry>> {
        let names = Names::load(ctx).await?;
        let filter = StockFilter {
            item: item.map(|code| names.item_called(&code)).transpose()?,
            place: place.map(|code| names.place_called(&code)).transpose()?,
        };
        let window = Window::new(first, after)?;
        let asked = StorePage { after: window.key::<Uuid>()?.map(StockEntryId), limit: window.limit() };
        let views = engine(ctx).stock_entries(actor(ctx), &filter, asked).await.map_err(query_error)?;
        let rows = views.into_iter().map(|view| Ok((view.entry.id.to_string(), names.entry(view)?)));
        Ok(window.page(rows.collect::<Result<Vec<_>>>()?))
    }

    /// What the household of a stay still has of what it was given. Null when there is no such stay, or none that you may
    /// see.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn issued_stock(
        &self,
        ctx: &Context<'_>,
        stay: ID,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Option<Page<IssuedStock>>> {
        let stay = StayId(ids::of_kind("Stay", &stay)?);
        let names = Names::load(ctx).await?;
        let found = engine(ctx).issued_to(actor(ctx), stay).await.map_err(query_error)?;
        let Some(issued) = found else { return Ok(None) };
        let told = issued.into_iter().map(|issued| {
            Ok(IssuedStock {
                item: names.item(issued.item)?,
                lot: ids::global("Lot", issued.lot),
                quantity: i64::from(issued.quantity),
                value: issued.value.pounds(),
            })
        });
        Window::new(first, after)?.page_of(told.collect::<Result<Vec<_>>>()?, |issued| issued).map(Some)
    }
}

fn paged(
    names: &Names,
    found: Vec<OnHand>,
    first: Option<i32>,
    after: Option<String>,
) -> Result<Page<StockOnHand>> {
    let told: Result<Vec<_>> = found.into_iter().map(|one| names.on_hand(one)).collect();
    Window::new(first, after)?.page_of(told?, |one| one)
}

/// From whom a delivery is.
#[derive(OneofObject)]
pub enum StockFromInput {
    /// It was bought.
    Bought(BoughtInput),
    /// It was given.
    Donated(DonatedInput),
}

/// It was bought.
#[derive(InputObject)]
pub struct BoughtInput {
    /// From whom.
    supplier: String,
    /// With which grant: its code.
    grant: Option<String>,
}

/// It was given.
#[derive(InputObject)]
pub struct DonatedInput {
    /// By which organisation. Never a person's name.
    by: Option<String>,
}

/// What came of one item.
#[derive(InputObject)]
pub struct ReceiptLineInput {
    /// The item's code or bar code.
    item: String,
    /// How many units.
    quantity: i64,
    /// What they cost, all together, in pounds; 0 for what was given.
    cost: Decimal,
    /// The lot's number as it is printed on it.
    lot: Option<String>,
    /// The last day on which it may be given out; as the item's shelf life says, when left out.
    expires_on: Option<Date>,
}

/// A delivery.
#[derive(InputObject)]
pub struct ReceiveStockInput {
    /// Where it comes to: the place's code.
    place: String,
    /// From whom.
    from: StockFromInput,
    /// The number of the delivery note.
    delivery_note: Option<String>,
    /// What came.
    lines: Vec<ReceiptLineInput>,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// A receipt to put right.
#[derive(InputObject)]
pub struct CorrectReceiptInput {
    /// The entry that says what came.
    entry: ID,
    /// How many units there were.
    quantity: i64,
    /// What they cost, all together, in pounds.
    cost: Decimal,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// What is given of one item.
#[derive(InputObject)]
pub struct IssueLineInput {
    /// The item's code or bar code.
    item: String,
    /// How many units.
    quantity: i64,
}

/// What is given to a household.
#[derive(InputObject)]
pub struct IssueStockInput {
    /// From where: the place's code.
    place: String,
    /// To whom: the stay.
    stay: ID,
    /// What: all of it or nothing. Of each item, what expires first goes first.
    lines: Vec<IssueLineInput>,
    /// Why they get something that is not for them by what is known of their diets and allergies. Confidential.
    because: Option<String>,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// What comes back, not opened.
#[derive(InputObject)]
pub struct ReturnStockInput {
    /// Where it comes back to: the place's code.
    place: String,
    /// From whom: the stay.
    stay: ID,
    /// Of which lot.
    lot: ID,
    /// How many units.
    quantity: i64,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// What goes of one lot.
#[derive(InputObject)]
pub struct TransferLineInput {
    /// Which.
    lot: ID,
    /// How many units.
    quantity: i64,
}

/// What goes to another place.
#[derive(InputObject)]
pub struct TransferStockInput {
    /// From where: the place's code.
    from: String,
    /// Where to: the place's code.
    to: String,
    /// What.
    lines: Vec<TransferLineInput>,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// What was counted of one lot.
#[derive(InputObject)]
pub struct CountLineInput {
    /// Which.
    lot: ID,
    /// How many units are there.
    counted: i64,
    /// Why that differs from the ledger, where it does.
    why: Option<CountReason>,
    /// Why in words: needed with `OTHER`. Kept sealed. Name nobody in it.
    note: Option<String>,
}

/// What was counted in a place.
#[derive(InputObject)]
pub struct CountStockInput {
    /// Where: the place's code.
    place: String,
    /// What was counted. A lot that is left out stays as it is.
    lines: Vec<CountLineInput>,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// What is thrown away.
#[derive(InputObject)]
pub struct WriteOffStockInput {
    /// Where: the place's code.
    place: String,
    /// Of which lot.
    lot: ID,
    /// How many units.
    quantity: i64,
    /// Why.
    why: WriteOffReason,
    /// Why in words: needed with `OTHER`. Kept sealed. Name nobody in it.
    note: Option<String>,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// The ledger has new entries.
#[derive(SimpleObject)]
pub struct StockPosted {
    /// Which.
    entries: Vec<StockEntry>,
}

answer!(
    /// The answer to each change of stock.
    StockAnswer = StockPosted
);

async fn post(ctx: &Context<'_>, key: Option<String>, command: Command) -> Result<StockAnswer> {
    Ok(match run(ctx, key, command).await? {
        Ok(Outcome::StockEntries(entries)) => {
            let views = engine(ctx).entry_views(actor(ctx), &entries).await.map_err(query_error)?;
            let names = Names::load(ctx).await?;
            let entries: Result<Vec<_>> = views.into_iter().map(|view| names.entry(view)).collect();
            StockAnswer::Done(StockPosted { entries: entries? })
        }
        Ok(_) => return Err(unexpected()),
        Err(refused) => StockAnswer::Refused(refused),
    })
}

fn lot(id: &ID) -> Result<LotId> {
    Ok(LotId(ids::of_kind("Lot", id)?))
}

/// Moving stock. For officers and managers.
#[derive(Default)]
pub struct StockMutation;

#[Object]
impl StockMutation {
    /// Writes down a delivery, bought or given.
    async fn receive_stock(&self, ctx: &Context<'_>, input: ReceiveStockInput) -> Result<StockAnswer> {
        let lines = input.lines.into_iter().map(|line| ReceiptLine {
            item: line.item,
            quantity: line.quantity,
            cost: line.cost,
            lot: line.lot,
            expires_on: line.expires_on.map(|date| date.0),
        });
        let from = match input.from {
            StockFromInput::Bought(BoughtInput { supplier, grant }) => OriginAsk::Bought { supplier, grant },
            StockFromInput::Donated(DonatedInput { by }) => OriginAsk::Donated { by },
        };
        let (place, delivery_note) = (input.place, input.delivery_note);
        let ask = ReceiveStock { place, from, delivery_note, lines: lines.collect() };
        post(ctx, input.idempotency_key, Command::ReceiveStock(ask)).await
    }

    /// Puts right how many units came, and what they cost.
    async fn correct_receipt(&self, ctx: &Context<'_>, input: CorrectReceiptInput) -> Result<StockAnswer> {
        let entry = StockEntryId(ids::of_kind("StockEntry", &input.entry)?);
        let ask = CorrectReceipt { entry, quantity: input.quantity, cost: input.cost };
        post(ctx, input.idempotency_key, Command::CorrectReceipt(ask)).await
    }

    /// Gives items to the household of a stay that is booked or in residence.
    async fn issue_stock(&self, ctx: &Context<'_>, input: IssueStockInput) -> Result<StockAnswer> {
        let lines =
            input.lines.into_iter().map(|line| IssueLine { item: line.item, quantity: line.quantity });
        let stay = StayId(ids::of_kind("Stay", &input.stay)?);
        let (place, because) = (input.place, input.because);
        let ask = IssueStock { place, stay, lines: lines.collect(), because };
        post(ctx, input.idempotency_key, Command::IssueStock(ask)).await
    }

    /// Puts back what was given and not opened.
    async fn return_stock(&self, ctx: &Context<'_>, input: ReturnStockInput) -> Result<StockAnswer> {
        let stay = StayId(ids::of_kind("Stay", &input.stay)?);
        let ask = ReturnStock { place: input.place, stay, lot: lot(&input.lot)?, quantity: input.quantity };
        post(ctx, input.idempotency_key, Command::ReturnStock(ask)).await
    }

    /// Takes stock from one place to another.
    async fn transfer_stock(&self, ctx: &Context<'_>, input: TransferStockInput) -> Result<StockAnswer> {
        let lines =
            input.lines.iter().map(|line| Ok(TransferLine { lot: lot(&line.lot)?, quantity: line.quantity }));
        let lines = lines.collect::<Result<Vec<_>>>()?;
        let ask = TransferStock { from: input.from, to: input.to, lines };
        post(ctx, input.idempotency_key, Command::TransferStock(ask)).await
    }

    /// Writes down how much was counted in a place; what differs from the ledger says why.
    async fn count_stock(&self, ctx: &Context<'_>, input: CountStockInput) -> Result<StockAnswer> {
        let lines = input.lines.into_iter().map(|line| {
            let (lot, why) = (lot(&line.lot)?, line.why.map(Into::into));
            Ok(CountLine { lot, counted: line.counted, why, note: line.note })
        });
        let ask = CountStock { place: input.place, lines: lines.collect::<Result<Vec<_>>>()? };
        post(ctx, input.idempotency_key, Command::CountStock(ask)).await
    }

    /// Throws stock away: what has expired is never given out.
    async fn write_off_stock(&self, ctx: &Context<'_>, input: WriteOffStockInput) -> Result<StockAnswer> {
        let ask = WriteOffStock {
            place: input.place,
            lot: lot(&input.lot)?,
            quantity: input.quantity,
            why: input.why.into(),
            note: input.note,
        };
        post(ctx, input.idempotency_key, Command::WriteOffStock(ask)).await
    }
}
