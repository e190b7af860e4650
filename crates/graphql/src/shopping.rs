//! Looking ahead: what the stays of the next days need, what is low, what expires, and what is to be bought.

use std::sync::Arc;

use async_graphql::{Context, Object, Result, SimpleObject};
use rust_decimal::Decimal;
use safespace_domain::shopping::{self, Who};
use safespace_engine::{LookAhead, ShoppingView};

use crate::{
    actor,
    answers::{bad_input, query_error},
    engine,
    items::Item,
    occupancy::Definition,
    paging::{Page, Window},
    places::StockPlace,
    scalars::{Date, count},
    stays::Stay,
    stock::Names,
};

/// A household that is likely to come, as one of the last that came.
#[derive(SimpleObject, Clone)]
pub struct LikelyArrival {
    /// The first, the second.
    no: i32,
    /// When it is expected.
    day: Date,
    /// When the stay began that it is taken to be like.
    like: Date,
    /// How many adults it is taken to have.
    adults: i32,
    /// How many children it is taken to have.
    children: i32,
    /// For how many nights it is taken to stay.
    nights: i32,
}

impl From<&shopping::Likely> for LikelyArrival {
    fn from(likely: &shopping::Likely) -> Self {
        Self {
            no: count(likely.no),
            day: Date(likely.day),
            like: Date(likely.like),
            adults: i32::from(likely.of.people.adults),
            children: i32::from(likely.of.people.children),
            nights: count(likely.of.nights),
        }
    }
}

/// Who needs how much of an item, and why: the working.
#[derive(SimpleObject)]
pub struct ShoppingNeed {
    /// The stay; null for a household that is only likely to come.
    stay: Option<Stay>,
    /// The household that is likely to come; null for a stay.
    likely: Option<LikelyArrival>,
    /// When.
    day: Date,
    /// By which rule, in words.
    rule: String,
    /// How many units.
    units: i32,
    /// Of those, how many are not in stock.
    short: i32,
}

/// A line of the shopping list.
pub struct ShoppingLine {
    all: Arc<ShoppingView>,
    at: usize,
}

impl ShoppingLine {
    fn line(&self) -> Result<&shopping::ShoppingLine> {
        self.all.shopping.lines.get(self.at).ok_or_else(crate::answers::unexpected)
    }
}

#[Object]
impl ShoppingLine {
    /// The item.
    async fn item(&self) -> Result<Item> {
        item(&self.all, self.line()?.item)
    }

    /// From whom it is bought.
    async fn supplier(&self) -> Result<Option<&str>> {
        Ok(self.line()?.supplier.as_deref())
    }

    /// Units that the packs of the days ahead still need.
    async fn needed(&self) -> Result<i32> {
        Ok(count(self.line()?.needed))
    }

    /// Of those, units that are there and still good on the day.
    async fn in_stock(&self) -> Result<i32> {
        Ok(count(self.line()?.in_stock))
    }

    /// Needed less in stock.
    async fn short(&self) -> Result<i32> {
        Ok(count(self.line()?.short()))
    }

    /// Units that bring each place that is low up to its target.
    async fn refill(&self) -> Result<i32> {
        Ok(count(self.line()?.refill))
    }

    /// Of those, units that other places can spare.
    async fn transfer(&self) -> Result<i32> {
        Ok(count(self.line()?.transfer))
    }

    /// How many packs are to be bought.
    async fn packs(&self) -> Result<i32> {
        Ok(count(self.line()?.packs))
    }

    /// How many units that is.
    async fn units(&self) -> Result<i32> {
        Ok(count(self.line()?.units))
    }

    /// What they are expected to cost, in pounds.
    async fn cost(&self) -> Result<Decimal> {
        Ok(self.line()?.cost.pounds())
    }

    /// The first day on which to buy it that it keeps until it is last needed; null where that is today.
    async fn not_before(&self) -> Result<Option<Date>> {
        Ok(self.line()?.not_before.map(Date))
    }

    /// Whether it has to be bought more than once, because it does not keep.
    async fn more_than_once(&self) -> Result<bool> {
        Ok(self.line()?.more_than_once())
    }

    /// Whether the item is retired, so that none is bought.
    async fn retired(&self) -> Result<bool> {
        Ok(self.line()?.retired)
    }

    /// The sum in words.
    async fn working(&self) -> Result<String> {
        Ok(self.line()?.to_string())
    }

    /// Who needs how much, by which rule, in order of day.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn needs(&self, first: Option<i32>, after: Option<String>) -> Result<Page<ShoppingNeed>> {
        let need = |need: &shopping::Need| ShoppingNeed {
            stay: stay(&self.all, need.who),
            likely: likely(&self.all, need.who),
            day: Date(need.day),
            rule: need.rule.to_string(),
            units: count(need.units),
            short: count(need.short),
        };
        Window::new(first, after)?.page_of(self.line()?.needs.iter().collect(), need)
    }
}

/// Something that somebody needs and nothing in the catalogue meets. Confidential.
#[derive(SimpleObject)]
pub struct ShoppingUnmet {
    /// The stay; null for a household that is only likely to come.
    stay: Option<Stay>,
    /// The household that is likely to come; null for a stay.
    likely: Option<LikelyArrival>,
    /// When.
    day: Date,
    /// What is wanted first by the rule, though it does not suit them.
    first: Option<Item>,
    /// By which rule, in words.
    rule: String,
    /// How many units.
    units: i32,
}

/// What one supplier gets.
#[derive(SimpleObject)]
pub struct SupplierTotal {
    /// Who; null for items of which nobody has noted it.
    supplier: Option<String>,
    /// How many lines of the list.
    lines: i32,
    /// What they are expected to cost together, in pounds.
    cost: Decimal,
}

/// A place that is low on something.
#[derive(SimpleObject)]
pub struct ShoppingLow {
    /// The place.
    place: StockPlace,
    /// The item.
    item: Item,
    /// How many units it has that may be given out today.
    has: i32,
    /// Units that bring it up to its target.
    refill: i32,
}

/// A lot that expires in the days ahead, or has.
#[derive(SimpleObject)]
pub struct ShoppingExpiring {
    /// The item.
    item: Item,
    /// The place.
    place: StockPlace,
    /// The number on the lot.
    lot: Option<String>,
    /// The last day on which it may be given out.
    expires_on: Date,
    /// Whether that has passed: it is to be written off.
    expired: bool,
    /// How many units.
    quantity: i32,
    /// What they cost, in pounds.
    value: Decimal,
    /// Of those, units that nobody is going to need before.
    at_risk: i32,
}

/// The days ahead: what is needed, against what is on hand.
pub struct ShoppingList(Arc<ShoppingView>);

#[Object]
impl ShoppingList {
    /// The day from which on it looks.
    async fn today(&self) -> Date {
        Date(self.0.today)
    }

    /// What all of it is expected to cost, in pounds.
    async fn cost(&self) -> Decimal {
        self.0.shopping.cost().pounds()
    }

    /// What each figure means, to be shown beside it.
    async fn definitions(&self) -> Vec<Definition> {
        shopping::DEFINITIONS.iter().map(|(word, meaning)| Definition { word, meaning }).collect()
    }

    /// Each item that is needed or to be refilled, by supplier and code; also where enough is in stock.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn lines(
        &self,
        #[graphql(desc = "Only what is to be bought.", default)] to_buy_only: bool,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<ShoppingLine>> {
        let all = self.0.shopping.lines.iter().enumerate();
        let at: Vec<usize> =
            all.filter(|(_, line)| !to_buy_only || line.packs > 0).map(|(at, _)| at).collect();
        Window::new(first, after)?.page_of(at, |at| ShoppingLine { all: Arc::clone(&self.0), at })
    }

    /// By supplier, of what is to be bought.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn suppliers(&self, first: Option<i32>, after: Option<String>) -> Result<Page<SupplierTotal>> {
        Window::new(first, after)?.page_of(self.0.shopping.suppliers.clone(), |total| SupplierTotal {
            supplier: total.supplier,
            lines: count(total.lines),
            cost: total.cost.pounds(),
        })
    }

    /// Places that are low, what is lowest against its target first.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn low(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<ShoppingLow>> {
        let names = Names::load(ctx).await?;
        let low = self.0.shopping.low.iter().map(|low| {
            Ok(ShoppingLow {
                place: names.place(low.level.place)?,
                item: item(&self.0, low.level.item)?,
                has: count(low.has),
                refill: count(low.refill()),
            })
        });
        Window::new(first, after)?.page_of(low.collect::<Result<Vec<_>>>()?, |low| low)
    }

    /// Lots that expire in these days, or have, the first first.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn expiring(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<ShoppingExpiring>> {
        let names = Names::load(ctx).await?;
        let expiring = self.0.shopping.expiring.iter().map(|one| {
            Ok(ShoppingExpiring {
                item: item(&self.0, one.item)?,
                place: names.place(one.place)?,
                lot: one.code.clone(),
                expires_on: Date(one.expires_on),
                expired: one.expired,
                quantity: count(one.quantity),
                value: one.value.pounds(),
                at_risk: count(one.at_risk),
            })
        });
        Window::new(first, after)?.page_of(expiring.collect::<Result<Vec<_>>>()?, |one| one)
    }

    /// What is needed and can't be met from the catalogue. Confidential.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn unmet(&self, first: Option<i32>, after: Option<String>) -> Result<Page<ShoppingUnmet>> {
        let unmet = |unmet: &shopping::Unmet| {
            let demand = &unmet.demand;
            ShoppingUnmet {
                stay: stay(&self.0, demand.who),
                likely: likely(&self.0, demand.who),
                day: Date(demand.day),
                first: demand.first.and_then(|id| self.0.catalogue.get(&id).cloned().map(Item::from)),
                rule: demand.rule.to_string(),
                units: count(demand.units),
            }
        };
        Window::new(first, after)?.page_of(self.0.shopping.unmet.iter().collect(), unmet)
    }

    /// Who is likely to come besides those who are booked.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn likely(&self, first: Option<i32>, after: Option<String>) -> Result<Page<LikelyArrival>> {
        Window::new(first, after)?.page_of(self.0.likely.iter().collect(), LikelyArrival::from)
    }
}

fn item(all: &ShoppingView, id: safespace_domain::ItemId) -> Result<Item> {
    all.catalogue.get(&id).cloned().map(Item::from).ok_or_else(crate::answers::unexpected)
}

fn stay(all: &ShoppingView, who: Who) -> Option<Stay> {
    match who {
        Who::Stay(id) => all.stays.get(&id).cloned().map(Stay),
        Who::Likely(_) => None,
    }
}

fn likely(all: &ShoppingView, who: Who) -> Option<LikelyArrival> {
    match who {
        Who::Stay(_) => None,
        Who::Likely(no) => all.likely.iter().find(|likely| likely.no == no).map(LikelyArrival::from),
    }
}

/// Looking ahead.
#[derive(Default)]
pub struct ShoppingQuery;

#[Object]
impl ShoppingQuery {
    /// What the booked and the likely arrivals of the next days need, against stock and expiry: what is to be bought, what
    /// is low, and what expires.
    async fn shopping_list(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 7, desc = "How many days, today included: 1 to 90.")] days: i32,
        #[graphql(
            default = 28,
            desc = "From the arrivals of how many days before today it is guessed who else will come: 1 to 90, or 0 for \
                    nobody."
        )]
        look_back: i32,
    ) -> Result<ShoppingList> {
        let days_of = |n: i32, field: &str| {
            u32::try_from(n).map_err(|_| bad_input(format!("`{field}` must not be below 0.")))
        };
        let ask = LookAhead { days: days_of(days, "days")?, look_back: days_of(look_back, "lookBack")? };
        let found = engine(ctx).shopping(actor(ctx), ask).await.map_err(query_error)?;
        Ok(ShoppingList(Arc::new(found)))
    }
}
