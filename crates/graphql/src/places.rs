//! Places that hold stock: the store at the office, and a cupboard in each property.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use safespace_domain::{PropertyId, places};
use safespace_engine::{AddPlace, Command, Outcome};

use crate::{
    actor,
    answers::{answer, query_error, run, unexpected},
    engine, ids,
    paging::{Page, Window},
    properties::Property,
};

/// A place that holds stock.
pub struct StockPlace(places::Place);

#[Object]
impl StockPlace {
    /// Its id.
    async fn id(&self) -> ID {
        ids::global("StockPlace", self.0.id)
    }

    /// The code that people see.
    async fn code(&self) -> &str {
        &self.0.code
    }

    /// Its name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The property whose cupboard it is; null for a store at the office.
    async fn property(&self, ctx: &Context<'_>) -> Result<Option<Property>> {
        let spaces = engine(ctx).spaces();
        let found = self.0.kind.property().and_then(|id| spaces.property(id).cloned());
        Ok(found.map(|property| Property::new(&spaces, property)))
    }

    /// Whether nothing comes to it any more.
    async fn closed(&self) -> bool {
        self.0.closed
    }
}

impl From<places::Place> for StockPlace {
    fn from(place: places::Place) -> Self {
        Self(place)
    }
}

/// Looking places up.
#[derive(Default)]
pub struct PlacesQuery;

#[Object]
impl PlacesQuery {
    /// The places that hold stock, by code.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn stock_places(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<StockPlace>> {
        let found = engine(ctx).places(actor(ctx)).await.map_err(query_error)?;
        Window::new(first, after)?.page_of(found, StockPlace)
    }
}

/// A place to add.
#[derive(InputObject)]
pub struct AddStockPlaceInput {
    /// The code that people see. Never an address.
    code: String,
    /// Its name. Never an address.
    name: String,
    /// The property whose cupboard it is; left out for a store at the office.
    property: Option<ID>,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// A place to close, or to open again.
#[derive(InputObject)]
pub struct StockPlaceInput {
    /// Its code.
    place: String,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// A place was kept.
#[derive(SimpleObject)]
pub struct StockPlaceSaved {
    /// As it is now.
    place: StockPlace,
}

answer!(
    /// The answer to each change of a place that holds stock.
    StockPlaceAnswer = StockPlaceSaved
);

async fn keep(ctx: &Context<'_>, key: Option<String>, command: Command) -> Result<StockPlaceAnswer> {
    Ok(match run(ctx, key, command).await? {
        Ok(Outcome::Place(place)) => StockPlaceAnswer::Done(StockPlaceSaved { place: place.into() }),
        Ok(_) => return Err(unexpected()),
        Err(refused) => StockPlaceAnswer::Refused(refused),
    })
}

/// Keeping places. For managers.
#[derive(Default)]
pub struct PlacesMutation;

#[Object]
impl PlacesMutation {
    /// Adds a place that holds stock.
    async fn add_stock_place(
        &self,
        ctx: &Context<'_>,
        input: AddStockPlaceInput,
    ) -> Result<StockPlaceAnswer> {
        let property = input.property.as_ref().map(|id| ids::of_kind("Property", id)).transpose()?;
        let ask = AddPlace { code: input.code, name: input.name, property: property.map(PropertyId) };
        keep(ctx, input.idempotency_key, Command::AddPlace(ask)).await
    }

    /// Nothing comes to the place any more. It must hold nothing: what is there is transferred or written off first.
    async fn close_stock_place(&self, ctx: &Context<'_>, input: StockPlaceInput) -> Result<StockPlaceAnswer> {
        keep(ctx, input.idempotency_key, Command::ClosePlace { place: input.place }).await
    }

    /// The place takes things in again.
    async fn reopen_stock_place(
        &self,
        ctx: &Context<'_>,
        input: StockPlaceInput,
    ) -> Result<StockPlaceAnswer> {
        keep(ctx, input.idempotency_key, Command::ReopenPlace { place: input.place }).await
    }
}
