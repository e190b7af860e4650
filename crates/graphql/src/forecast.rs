//! How many homes will be free on the next nights.

use async_graphql::{Context, Object, Result, SimpleObject};
use rust_decimal::Decimal;
use safespace_domain::forecast;

use crate::{
    actor,
    answers::query_error,
    codes::Scheme,
    engine,
    occupancy::Definition,
    paging::{Page, Window},
    scalars::{Date, count, natural},
};

/// What is expected of one night.
#[derive(SimpleObject)]
pub struct NightForecast {
    /// The night.
    night: Date,
    /// Units in stock.
    in_stock: i32,
    /// Of those, out of service.
    out_of_service: i32,
    /// Expected units taken, two decimals.
    taken: Decimal,
    /// Expected free units, two decimals.
    free: Decimal,
    /// The least of the range of free units.
    low: i32,
    /// The most of the range of free units.
    high: i32,
}

/// How often the range held, of forecasts so many nights ahead.
#[derive(SimpleObject)]
pub struct ForecastHeld {
    /// The first night ahead, tonight being 1.
    from_night: i32,
    /// The last.
    to_night: i32,
    /// How many forecasts of a night were tried.
    forecasts: i32,
    /// In how many the range held.
    held: i32,
    /// Per cent of those tried, which is meant to be 80 or more. Null where none was tried.
    share: Option<Decimal>,
    /// By how many units today's range is made wider at either end.
    widened_by: i32,
}

/// What is expected of the units of a scheme, or of all.
pub struct SchemeForecast(forecast::SchemeForecast);

#[Object]
impl SchemeForecast {
    /// The scheme; null for all together.
    async fn scheme(&self) -> Option<Scheme> {
        self.0.scheme.map(Into::into)
    }

    /// Night by night, tonight first.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn nights(&self, first: Option<i32>, after: Option<String>) -> Result<Page<NightForecast>> {
        Window::new(first, after)?.page_of(self.0.nights.clone(), |night| NightForecast {
            night: Date(night.night),
            in_stock: count(night.in_stock),
            out_of_service: count(night.out_of_service),
            taken: night.taken(),
            free: night.free,
            low: count(night.low),
            high: count(night.high),
        })
    }

    /// How often the range held in the last 26 weeks, by how many nights ahead.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn held(&self, first: Option<i32>, after: Option<String>) -> Result<Page<ForecastHeld>> {
        Window::new(first, after)?.page_of(self.0.held.clone(), |held| ForecastHeld {
            from_night: count(held.from_night),
            to_night: count(held.to_night),
            forecasts: count(held.forecasts),
            held: count(held.held),
            share: held.share(),
            widened_by: count(held.widened_by),
        })
    }
}

/// How many homes will be free, with a range that was tried on past days.
pub struct Forecast(forecast::Forecast);

#[Object]
impl Forecast {
    /// The first of the nights.
    async fn tonight(&self) -> Date {
        Date(self.0.tonight)
    }

    /// What each figure means, to be shown beside it.
    async fn definitions(&self) -> Vec<Definition> {
        forecast::DEFINITIONS.iter().map(|(word, meaning)| Definition { word, meaning }).collect()
    }

    /// By scheme, as far as there are units, then all together.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn schemes(&self, first: Option<i32>, after: Option<String>) -> Result<Page<SchemeForecast>> {
        Window::new(first, after)?.page_of(self.0.schemes.clone(), SchemeForecast)
    }
}

/// How many homes will be free.
#[derive(Default)]
pub struct ForecastQuery;

#[Object]
impl ForecastQuery {
    /// Expected free units on the next nights, tonight the first, with a range, and how often that range held on past days.
    /// Cases that are closed to you count as voids. Dear: it counts for as much as a list of a thousand.
    #[graphql(complexity = "10_000 + child_complexity")]
    async fn forecast(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 28, desc = "How many nights: 1 to 28.")] nights: i32,
    ) -> Result<Forecast> {
        let found = engine(ctx).forecast(actor(ctx), natural(nights)).await.map_err(query_error)?;
        Ok(Forecast(found))
    }
}
