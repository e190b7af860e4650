//! What provisions cost: for each household, for each person and night, by category, month and source of the money.

use std::collections::BTreeMap;

use async_graphql::{Context, Enum, Object, Result, SimpleObject};
use rust_decimal::Decimal;
use safespace_domain::{
    GrantId, HouseholdId, Nights,
    costs::{self, Funding, Spread},
    money::Pence,
};
use safespace_engine::GrantView;

use crate::{
    actor,
    answers::{query_error, unexpected},
    engine,
    grants::Grant,
    households::{Household, household},
    occupancy::Definition,
    paging::{Page, Window},
    scalars::{Date, count},
};

/// Where the money came from.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum CostSource {
    /// A grant.
    Grant,
    /// The service's own money.
    Own,
    /// Nobody's: it was given, and is counted at what it is worth.
    Donated,
}

/// What was spent on one category of items.
#[derive(SimpleObject)]
pub struct CategoryCost {
    /// The category's code.
    category: String,
    /// In pounds. Below zero where more came back than was issued.
    cost: Decimal,
}

/// What was spent in one month.
#[derive(SimpleObject)]
pub struct MonthCost {
    /// The month, `2020-11`. Of the first and the last only what is in the range.
    month: String,
    /// In pounds. Below zero where more came back than was issued.
    cost: Decimal,
}

/// What was spent of one source of money.
#[derive(SimpleObject)]
pub struct FundingCost {
    /// Where the money came from.
    source: CostSource,
    /// Which grant, where it was one.
    grant: Option<Grant>,
    /// In pounds. Below zero where more came back than was issued.
    cost: Decimal,
}

/// What was spent on one category in one month of one source of money.
#[derive(SimpleObject)]
pub struct CostCell {
    /// The category's code.
    category: String,
    /// The month, `2020-11`.
    month: String,
    /// Where the money came from.
    source: CostSource,
    /// Which grant, where it was one.
    grant: Option<Grant>,
    /// In pounds. Below zero where more came back than was issued.
    cost: Decimal,
}

/// What one household cost.
pub struct HouseholdCost {
    household: HouseholdId,
    spread: Spread,
}

#[Object]
impl HouseholdCost {
    /// The household.
    async fn household(&self, ctx: &Context<'_>) -> Result<Household> {
        household(ctx, self.household).await?.ok_or_else(unexpected)
    }

    /// In pounds. Below zero where more came back than was issued.
    async fn cost(&self) -> Decimal {
        self.spread.cost.pounds()
    }

    /// People of its stays times their nights so far.
    async fn person_nights(&self) -> i32 {
        count(self.spread.person_nights)
    }

    /// In pounds. Null where nobody was counted, or no night has begun.
    async fn per_person_night(&self) -> Option<Decimal> {
        self.spread.per_person_night()
    }
}

/// What provisions cost. Cases that are closed to you are in none of the figures, the totals included.
pub struct Costs {
    costs: costs::Costs,
    grants: BTreeMap<GrantId, GrantView>,
}

impl Costs {
    fn funding(&self, funding: Funding) -> Result<(CostSource, Option<Grant>)> {
        Ok(match funding {
            Funding::Grant(id) => {
                let view = self.grants.get(&id).cloned().ok_or_else(unexpected)?;
                (CostSource::Grant, Some(Grant(view)))
            }
            Funding::Own => (CostSource::Own, None),
            Funding::Donated => (CostSource::Donated, None),
        })
    }
}

#[Object]
impl Costs {
    /// What each figure means, to be shown beside it.
    async fn definitions(&self) -> Vec<Definition> {
        costs::DEFINITIONS.iter().map(|(word, meaning)| Definition { word, meaning }).collect()
    }

    /// What was issued to households less what came back, in pounds.
    async fn total(&self) -> Decimal {
        self.costs.total.cost.pounds()
    }

    /// How many households something was issued to, or came back from.
    async fn household_count(&self) -> i32 {
        count(self.costs.households.len())
    }

    /// Pounds for each household. Null where there was none.
    async fn per_household(&self) -> Option<Decimal> {
        self.costs.per_household()
    }

    /// People of the stays times their nights so far.
    async fn person_nights(&self) -> i32 {
        count(self.costs.total.person_nights)
    }

    /// Pounds for each person and night. Null where there was none.
    async fn per_person_night(&self) -> Option<Decimal> {
        self.costs.total.per_person_night()
    }

    /// By category of items, by code.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn by_category(&self, first: Option<i32>, after: Option<String>) -> Result<Page<CategoryCost>> {
        let rows = self.costs.categories.iter().collect();
        Window::new(first, after)?.page_of(rows, |(category, cost): (&String, &Pence)| CategoryCost {
            category: category.clone(),
            cost: cost.pounds(),
        })
    }

    /// By month, in order. A month in which nothing was issued or came back is left out.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn by_month(&self, first: Option<i32>, after: Option<String>) -> Result<Page<MonthCost>> {
        let rows = self.costs.months.iter().collect();
        Window::new(first, after)?.page_of(rows, |(month, cost): (&String, &Pence)| MonthCost {
            month: month.clone(),
            cost: cost.pounds(),
        })
    }

    /// By where the money came from: grants, the service's own money, donations.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn by_funding(&self, first: Option<i32>, after: Option<String>) -> Result<Page<FundingCost>> {
        let rows = self.costs.funding.iter().map(|(funding, cost)| {
            let (source, grant) = self.funding(*funding)?;
            Ok(FundingCost { source, grant, cost: cost.pounds() })
        });
        Window::new(first, after)?.page_of(rows.collect::<Result<Vec<_>>>()?, |row| row)
    }

    /// By category, month and where the money came from: each of the others is a sum of these.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn cells(&self, first: Option<i32>, after: Option<String>) -> Result<Page<CostCell>> {
        let rows = self.costs.cells.iter().map(|((category, month, funding), cost)| {
            let (source, grant) = self.funding(*funding)?;
            let (category, month) = (category.clone(), month.clone());
            Ok(CostCell { category, month, source, grant, cost: cost.pounds() })
        });
        Window::new(first, after)?.page_of(rows.collect::<Result<Vec<_>>>()?, |row| row)
    }

    /// What each household cost.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn households(&self, first: Option<i32>, after: Option<String>) -> Result<Page<HouseholdCost>> {
        let rows = self
            .costs
            .households
            .iter()
            .map(|(id, spread)| HouseholdCost { household: *id, spread: *spread });
        let window = Window::new(first, after)?;
        Ok(window.page_by_key(rows, |row| row.household.to_string(), |row| row))
    }
}

/// What provisions cost.
#[derive(Default)]
pub struct CostsQuery;

#[Object]
impl CostsQuery {
    /// What provisions cost that were issued to households, or came back, on the days from `from` up to, not including,
    /// `to`. Cases that are closed to you are in none of the figures, the totals included.
    async fn costs(&self, ctx: &Context<'_>, from: Date, to: Date) -> Result<Costs> {
        let range = Nights::from_to(from.0, to.0).map_err(|refusal| query_error(refusal.into()))?;
        let costs = engine(ctx).costs(actor(ctx), range).await.map_err(query_error)?;
        let grants = engine(ctx).grants(actor(ctx)).await.map_err(query_error)?;
        let grants = grants.into_iter().map(|view| (view.grant.id, view)).collect();
        Ok(Costs { costs, grants })
    }
}
