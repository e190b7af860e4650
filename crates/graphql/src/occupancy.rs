//! Occupancy: how full the homes are.

use async_graphql::{Context, Enum, Object, Result, SimpleObject};
use rust_decimal::Decimal;
use safespace_domain::{
    Nights,
    occupancy::{self, Compared},
};

use crate::{
    actor,
    answers::query_error,
    codes::may_see_spaces,
    engine,
    paging::{Page, Window},
    scalars::{Date, count},
};

/// How a range is cut into periods.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "safespace_domain::periods::PeriodKind")]
pub enum PeriodKind {
    /// `2016-08-01`
    Night,
    /// `2016-W31`, the ISO week
    Week,
    /// `2016-07-25/P4W`, four weeks from a Monday
    FourWeeks,
    /// `2016-08`
    Month,
    /// `2016-Q3`
    Quarter,
    /// `2016`
    Year,
    /// `2016/17`, from 1 April to 31 March
    FinancialYear,
    /// `whole`, all of the range
    Whole,
}

/// By what the units are grouped.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "safespace_domain::occupancy::GroupKind")]
pub enum GroupKind {
    /// By property.
    Property,
    /// By unit.
    Unit,
    /// By district.
    District,
    /// By scheme.
    Scheme,
    /// By kind of accommodation, under its code.
    Kind,
}

/// The figures of one period, and of one group where units are grouped.
pub struct OccupancyRow {
    row: occupancy::OccupancyRow,
    /// Those of other times, where somebody asks.
    beside: Option<Box<Beside>>,
}

/// The figures of the period before, and of the same period a year before.
struct Beside {
    before: occupancy::OccupancyRow,
    a_year_before: occupancy::OccupancyRow,
}

impl From<occupancy::OccupancyRow> for OccupancyRow {
    fn from(row: occupancy::OccupancyRow) -> Self {
        Self { row, beside: None }
    }
}

impl From<Compared> for OccupancyRow {
    fn from(Compared { row, before, a_year_before }: Compared) -> Self {
        Self { row, beside: Some(Box::new(Beside { before, a_year_before })) }
    }
}

#[Object]
impl OccupancyRow {
    /// The label of the period.
    async fn period(&self) -> &str {
        &self.row.period
    }

    /// The name of the group.
    async fn group(&self) -> Option<&str> {
        self.row.group.as_deref()
    }

    /// Unit-nights that exist.
    async fn in_stock_nights(&self) -> i32 {
        count(self.row.in_stock_nights)
    }

    /// Unit-nights out of service.
    async fn void_nights(&self) -> i32 {
        count(self.row.void_nights)
    }

    /// In stock less void.
    async fn available_nights(&self) -> i32 {
        count(self.row.available_nights)
    }

    /// Available unit-nights with a household in residence.
    async fn occupied_nights(&self) -> i32 {
        count(self.row.occupied_nights)
    }

    /// Unit-nights booked, held, or to come of stays in residence.
    async fn reserved_nights(&self) -> i32 {
        count(self.row.reserved_nights)
    }

    /// Occupied divided by in stock, per cent: also of what was out of service. Null when nothing was in stock.
    async fn gross_rate(&self) -> Option<Decimal> {
        self.row.gross_rate()
    }

    /// Occupied divided by available, per cent. Null when nothing was available.
    async fn occupancy_rate(&self) -> Option<Decimal> {
        self.row.occupancy_rate()
    }

    /// Nights of the period within the range.
    async fn nights(&self) -> i32 {
        count(self.row.nights)
    }

    /// Nights on which every available unit was occupied.
    async fn full_nights(&self) -> i32 {
        count(self.row.full_nights)
    }

    /// Full nights divided by nights, per cent. Null when nothing was available.
    async fn full_share(&self) -> Option<Decimal> {
        self.row.full_share()
    }

    /// The period before; of a period that is cut by the range the same part. Null of what stands beside another.
    async fn before(&self) -> Option<OccupancyRow> {
        self.beside.as_ref().map(|beside| beside.before.clone().into())
    }

    /// The same period a year before: 52 weeks where it is made of weeks, else twelve months; of a period that is cut by the
    /// range the same part. Null of what stands beside another.
    async fn a_year_before(&self) -> Option<OccupancyRow> {
        self.beside.as_ref().map(|beside| beside.a_year_before.clone().into())
    }
}

/// Whether somebody asks what stands beside the rows.
fn is_compared(ctx: &Context<'_>) -> bool {
    let ahead = ctx.look_ahead();
    let nodes = [ahead.field("nodes"), ahead.field("edges").field("node")];
    nodes.iter().any(|node| ["before", "aYearBefore"].iter().any(|name| node.field(name).exists()))
}

/// What a figure means.
#[derive(SimpleObject)]
pub struct Definition {
    /// The word.
    pub(crate) word: &'static str,
    /// What it means.
    pub(crate) meaning: &'static str,
}

/// How full the homes are.
pub struct Occupancy {
    range: Nights,
    by: PeriodKind,
    group: Option<GroupKind>,
}

#[Object]
impl Occupancy {
    /// What each figure means, to be shown beside it.
    async fn definitions(&self) -> Vec<Definition> {
        let all = occupancy::DEFINITIONS.iter().chain([&occupancy::GROSS_RATE]);
        all.map(|(word, meaning)| Definition { word, meaning }).collect()
    }

    /// A row for every period and, where units are grouped, every group, in that order.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn rows(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<OccupancyRow>> {
        let (by, group) = (self.by.into(), self.group.map(Into::into));
        let (engine, actor, window) = (engine(ctx), actor(ctx), Window::new(first, after)?);
        if is_compared(ctx) {
            let rows = engine.occupancy_compared(actor, self.range, by, group).await.map_err(query_error)?;
            return window.page_of(rows, OccupancyRow::from);
        }
        let rows = engine.occupancy(actor, self.range, by, group).await.map_err(query_error)?;
        window.page_of(rows, OccupancyRow::from)
    }
}

/// How full the homes are.
#[derive(Default)]
pub struct OccupancyQuery;

#[Object]
impl OccupancyQuery {
    /// How full the homes are on the nights from `from` up to, not including, `to`.
    async fn occupancy(
        &self,
        ctx: &Context<'_>,
        from: Date,
        to: Date,
        #[graphql(default_with = "PeriodKind::Month")] by: PeriodKind,
        group: Option<GroupKind>,
    ) -> Result<Occupancy> {
        may_see_spaces(ctx)?;
        let range = Nights::from_to(from.0, to.0).map_err(|refusal| query_error(refusal.into()))?;
        Ok(Occupancy { range, by, group })
    }
}
