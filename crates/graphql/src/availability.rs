//! Availability: which units a household could have, and why not the others.

use async_graphql::{Context, InputObject, Object, Result, SimpleObject};
use safespace_domain::{
    Nights,
    availability::{Ask, Exclusion, Fit},
    households::People,
};
use safespace_engine::Availability as Found;

use crate::{
    actor,
    answers::query_error,
    codes::Scheme,
    engine,
    paging::{Page, Window},
    scalars::{Date, count},
    units::Unit,
};

/// What is looked for.
#[derive(InputObject)]
pub struct AvailabilityInput {
    /// The day of arrival.
    arrival: Date,
    /// The day of departure.
    departure: Date,
    /// Adults.
    adults: i32,
    /// Children.
    #[graphql(default)]
    children: i32,
    /// What it is for.
    #[graphql(default_with = "Scheme::SafeSpace")]
    scheme: Scheme,
    /// The codes of features that it must have.
    #[graphql(default)]
    features: Vec<String>,
    /// Only in these districts; empty for any.
    #[graphql(default)]
    wanted_districts: Vec<String>,
    /// In none of these districts.
    #[graphql(default)]
    unwanted_districts: Vec<String>,
}

/// A unit that is free on all of the nights, and fits.
#[derive(SimpleObject)]
pub struct Offer {
    /// The unit.
    unit: Unit,
    /// Features that nobody asked for, and that no other free unit of the scheme has.
    last_with: i32,
    /// Beds that would stay empty.
    spare_beds: i32,
    /// Features that nobody asked for, and that others may need.
    unneeded_features: i32,
    /// Free nights left over before and after, as far as a fortnight each.
    gap_nights: i32,
}

/// One reason why a unit is not offered.
#[derive(SimpleObject)]
pub struct ExclusionReason {
    /// The stable code.
    pub(crate) code: &'static str,
    /// In words.
    pub(crate) message: String,
}

/// A unit that is not offered.
#[derive(SimpleObject)]
pub struct Excluded {
    /// The unit.
    pub(crate) unit: Unit,
    /// Every reason why not.
    pub(crate) reasons: Vec<ExclusionReason>,
}

/// What was found.
pub struct Availability(Found);

#[Object]
impl Availability {
    /// The units that fit, best first: none that is the last free one with a feature, then fewest spare beds, then fewest unneeded features, then the tightest gap.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn offers(&self, first: Option<i32>, after: Option<String>) -> Result<Page<Offer>> {
        let spaces = &self.0.spaces;
        let window = Window::new(first, after)?;
        let offset = window.offset()?;
        let rows = self.0.offers.iter().enumerate().skip(offset).take(window.first + 1);
        Ok(window.page(rows.map(|(n, (no, fit))| {
            let Fit { last_with, spare_beds, unneeded_features, gap_nights, .. } = *fit;
            let offer = Offer {
                unit: Unit::new(spaces, *no),
                last_with: i32::from(last_with),
                spare_beds: i32::from(spare_beds),
                unneeded_features: i32::from(unneeded_features),
                gap_nights: count(gap_nights),
            };
            (n.to_string(), offer)
        })))
    }

    /// Every other unit, by code, with every reason why it is not offered.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn exclusions(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<Excluded>> {
        let excluded = engine(ctx).exclusions(actor(ctx), &self.0.ask).await.map_err(query_error)?;
        let reason =
            |reason: &Exclusion| ExclusionReason { code: reason.code(), message: reason.to_string() };
        Window::new(first, after)?.page_of(excluded, |(no, reasons)| Excluded {
            unit: Unit::new(&self.0.spaces, no),
            reasons: reasons.iter().map(reason).collect(),
        })
    }

    /// How many units are offered.
    async fn offered_count(&self) -> i32 {
        i32::try_from(self.0.offers.len()).unwrap_or(i32::MAX)
    }
}

/// Looking for a free unit.
#[derive(Default)]
pub struct AvailabilityQuery;

#[Object]
impl AvailabilityQuery {
    /// Which units a household could have for a run of nights, best fit first, and why not the others.
    async fn availability(&self, ctx: &Context<'_>, ask: AvailabilityInput) -> Result<Availability> {
        let refused = |refusal: safespace_domain::Refusal| query_error(refusal.into());
        let nights = Nights::new(ask.arrival.0, ask.departure.0).map_err(refused)?;
        let people = People::new(i64::from(ask.adults), i64::from(ask.children)).map_err(refused)?;
        let ask = Ask {
            features: ask.features.into_iter().collect(),
            wanted: ask.wanted_districts.into_iter().collect(),
            unwanted: ask.unwanted_districts.into_iter().collect(),
            ..Ask::plain(nights, people, ask.scheme.into())
        };
        engine(ctx).availability(actor(ctx), ask).await.map(Availability).map_err(query_error)
    }
}
