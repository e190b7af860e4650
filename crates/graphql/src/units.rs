//! Units.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use safespace_domain::{
    PropertyId, UnitId,
    availability::Spaces,
    calendar::UnitNo,
    units::{InService, Unit as DomainUnit},
};
use safespace_engine::{Command, DescribeUnit, Outcome, RegisterUnit, StayFilter};
use uuid::Uuid;

use crate::{
    answers::{answer, run, unexpected},
    codes::{District, Feature, Scheme, may_see_spaces},
    engine, ids,
    paging::{Page, Window},
    properties::Property,
    scalars::Date,
    stays::{self, Stay, StayStatus},
};

/// A unit: what one household occupies, a self-contained property or a room in a shared one.
pub struct Unit {
    spaces: Arc<Spaces>,
    no: UnitNo,
}

impl Unit {
    pub(crate) fn new(spaces: &Arc<Spaces>, no: UnitNo) -> Self {
        Self { spaces: Arc::clone(spaces), no }
    }

    /// The unit with this id, as part of something else.
    pub(crate) fn part(ctx: &Context<'_>, id: UnitId) -> Option<Self> {
        let spaces = engine(ctx).spaces();
        let no = spaces.no(id)?;
        Some(Self { spaces, no })
    }

    fn unit(&self) -> Result<&DomainUnit> {
        self.spaces.unit(self.no).ok_or_else(unexpected)
    }
}

/// A run of nights in stock.
#[derive(SimpleObject)]
pub struct ServicePeriod {
    /// The first night in stock.
    opened_on: Date,
    /// The first night out of stock; null while it has no end.
    closed_on: Option<Date>,
}

impl From<&InService> for ServicePeriod {
    fn from(run: &InService) -> Self {
        Self { opened_on: Date(run.opened_on), closed_on: run.closed_on.map(Date) }
    }
}

#[Object]
impl Unit {
    /// Its id.
    pub(crate) async fn id(&self) -> Result<ID> {
        Ok(ids::global("Unit", self.unit()?.id))
    }

    /// Its code.
    async fn code(&self) -> Result<&str> {
        Ok(&self.unit()?.code)
    }

    /// How many people it sleeps.
    async fn sleeps(&self) -> Result<i32> {
        Ok(i32::from(self.unit()?.sleeps))
    }

    /// The property that it is in.
    async fn property(&self) -> Result<Property> {
        let property = self.spaces.property_of(self.unit()?).ok_or_else(unexpected)?;
        Ok(Property::new(&self.spaces, property.clone()))
    }

    /// What it is for.
    async fn scheme(&self) -> Result<Scheme> {
        Ok(self.spaces.policy_of(self.unit()?).scheme.into())
    }

    /// The district that it is in.
    async fn district(&self) -> Result<Option<District>> {
        let property = self.spaces.property_of(self.unit()?);
        Ok(property
            .and_then(|property| self.spaces.districts.get(&property.district))
            .cloned()
            .map(Into::into))
    }

    /// Its features: at most as many as the code list has.
    async fn features(&self) -> Result<Vec<Feature>> {
        let codes = self.unit()?.features.iter();
        Ok(codes.filter_map(|code| self.spaces.features.get(code)).cloned().map(Into::into).collect())
    }

    /// When it was and is in stock.
    async fn in_service(&self) -> Result<Vec<ServicePeriod>> {
        Ok(self.unit()?.in_service.iter().map(Into::into).collect())
    }

    /// Its stays, oldest booking first.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn stays(
        &self,
        ctx: &Context<'_>,
        statuses: Option<Vec<StayStatus>>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<Stay>> {
        let statuses = statuses.unwrap_or_default().into_iter().map(Into::into).collect();
        let filter = StayFilter { statuses, unit: Some(self.unit()?.id), ..StayFilter::default() };
        stays::page(ctx, &filter, first, after).await
    }
}

/// A page of units, by code.
pub(crate) fn page(
    spaces: &Arc<Spaces>,
    units: impl IntoIterator<Item = UnitNo>,
    first: Option<i32>,
    after: Option<String>,
) -> Result<Page<Unit>> {
    let mut rows: Vec<(&str, UnitNo)> =
        units.into_iter().filter_map(|no| Some((spaces.unit(no)?.code.as_str(), no))).collect();
    rows.sort_unstable();
    let window = Window::new(first, after)?;
    Ok(window.page_by_key(rows, |(code, _)| (*code).to_owned(), |(_, no)| Unit::new(spaces, no)))
}

pub(crate) fn by_id(ctx: &Context<'_>, id: Uuid) -> Result<Option<Unit>> {
    may_see_spaces(ctx)?;
    Ok(Unit::part(ctx, UnitId(id)))
}

/// Which units a list has.
#[derive(InputObject, Default)]
pub struct UnitFilter {
    /// Only those of this scheme.
    scheme: Option<Scheme>,
    /// Only those in this district.
    district: Option<String>,
    /// Only those in stock on this night.
    in_stock_on: Option<Date>,
}

/// Looking units up.
#[derive(Default)]
pub struct UnitsQuery;

#[Object]
impl UnitsQuery {
    /// The units, by code.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn units(
        &self,
        ctx: &Context<'_>,
        filter: Option<UnitFilter>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<Unit>> {
        may_see_spaces(ctx)?;
        let spaces = engine(ctx).spaces();
        let UnitFilter { scheme, district, in_stock_on } = filter.unwrap_or_default();
        let passes = |unit: &DomainUnit| {
            let property = spaces.property_of(unit);
            scheme.is_none_or(|scheme| property.is_some_and(|property| property.scheme == scheme.into()))
                && district
                    .as_ref()
                    .is_none_or(|name| property.is_some_and(|property| property.district == *name))
                && in_stock_on.is_none_or(|night| unit.is_in_stock(night.0))
        };
        let units = spaces.units().iter().enumerate().filter(|(_, unit)| passes(unit)).map(|(no, _)| no);
        page(&spaces, units.collect::<Vec<_>>(), first, after)
    }

    /// The unit with this code.
    async fn unit(&self, ctx: &Context<'_>, code: String) -> Result<Option<Unit>> {
        may_see_spaces(ctx)?;
        let spaces = engine(ctx).spaces();
        let no = spaces.unit_by_code(&code).and_then(|unit| spaces.no(unit.id));
        Ok(no.map(|no| Unit::new(&spaces, no)))
    }
}

/// A new unit.
#[derive(InputObject)]
pub struct RegisterUnitInput {
    /// Its code.
    code: String,
    /// The property that it is in.
    property: ID,
    /// How many people it sleeps.
    sleeps: i32,
    /// The codes of its features.
    #[graphql(default)]
    features: Vec<String>,
    /// The first night in stock.
    opened_on: Date,
    /// The first night out of stock, where that is known.
    closed_on: Option<Date>,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// What is said of a unit; what is left out stays.
#[derive(InputObject)]
pub struct DescribeUnitInput {
    /// Which.
    unit: ID,
    /// Its new code.
    code: Option<String>,
    /// The first night on which it ever was in stock, where that was recorded wrong. Refused when something has an
    /// earlier night.
    opened_on: Option<Date>,
    /// How many people it sleeps.
    sleeps: Option<i32>,
    /// The codes of all its features.
    features: Option<Vec<String>>,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// A unit and a night.
#[derive(InputObject)]
pub struct UnitOnInput {
    /// Which.
    unit: ID,
    /// The first night for which it holds.
    on: Date,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// A unit was kept.
#[derive(SimpleObject)]
pub struct UnitSaved {
    /// As it is now.
    unit: Unit,
}

answer!(
    /// The answer to a change of a unit.
    UnitAnswer = UnitSaved
);

/// Keeping units. For managers.
#[derive(Default)]
pub struct UnitsMutation;

#[Object]
impl UnitsMutation {
    /// Adds a unit.
    async fn register_unit(&self, ctx: &Context<'_>, input: RegisterUnitInput) -> Result<UnitAnswer> {
        let ask = RegisterUnit {
            code: input.code,
            property: PropertyId(ids::of_kind("Property", &input.property)?),
            sleeps: i64::from(input.sleeps),
            features: input.features.into_iter().collect(),
            opened_on: input.opened_on.0,
            closed_on: input.closed_on.map(|date| date.0),
        };
        answer(ctx, input.idempotency_key, Command::RegisterUnit(ask)).await
    }

    /// Changes what is said of a unit.
    async fn describe_unit(&self, ctx: &Context<'_>, input: DescribeUnitInput) -> Result<UnitAnswer> {
        let ask = DescribeUnit {
            unit: UnitId(ids::of_kind("Unit", &input.unit)?),
            code: input.code,
            opened_on: input.opened_on.map(|date| date.0),
            sleeps: input.sleeps.map(i64::from),
            features: input.features.map(|codes| codes.into_iter().collect()),
        };
        answer(ctx, input.idempotency_key, Command::DescribeUnit(ask)).await
    }

    /// Takes a unit out of stock from a night on. Refused when a stay, hold or void stands in the way, and says
    /// which.
    async fn close_unit(&self, ctx: &Context<'_>, input: UnitOnInput) -> Result<UnitAnswer> {
        let unit = UnitId(ids::of_kind("Unit", &input.unit)?);
        answer(ctx, input.idempotency_key, Command::CloseUnit { unit, on: input.on.0 }).await
    }

    /// Puts a closed unit back in stock from a night on.
    async fn reopen_unit(&self, ctx: &Context<'_>, input: UnitOnInput) -> Result<UnitAnswer> {
        let unit = UnitId(ids::of_kind("Unit", &input.unit)?);
        answer(ctx, input.idempotency_key, Command::ReopenUnit { unit, on: input.on.0 }).await
    }
}

async fn answer(ctx: &Context<'_>, key: Option<String>, command: Command) -> Result<UnitAnswer> {
    Ok(match run(ctx, key, command).await? {
        Ok(Outcome::Unit(unit)) => {
            UnitAnswer::Done(UnitSaved { unit: Unit::part(ctx, unit.id).ok_or_else(unexpected)? })
        }
        Ok(_) => return Err(unexpected()),
        Err(refused) => UnitAnswer::Refused(refused),
    })
}
