//! Properties.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use safespace_domain::{PropertyId, availability::Spaces, properties};
use safespace_engine::{Command, DescribeProperty, Outcome, RegisterProperty};
use uuid::Uuid;

use crate::{
    accommodation_kinds::AccommodationKind,
    answers::{answer, run, unexpected},
    codes::{District, Scheme, may_see_spaces},
    engine, ids,
    paging::{Page, Window},
    scalars::Date,
    sharing::Sharing,
    units::Unit,
};

/// A property: a building whose address is confidential, known by a public code.
pub struct Property {
    spaces: Arc<Spaces>,
    property: properties::Property,
}

impl Property {
    pub(crate) fn new(spaces: &Arc<Spaces>, property: properties::Property) -> Self {
        Self { spaces: Arc::clone(spaces), property }
    }
}

#[Object]
impl Property {
    /// Its id.
    pub(crate) async fn id(&self) -> ID {
        ids::global("Property", self.property.id)
    }

    /// Its public code.
    async fn code(&self) -> &str {
        &self.property.code
    }

    /// What it is for.
    async fn scheme(&self) -> Scheme {
        self.property.scheme.into()
    }

    /// Which kind of accommodation it is: its own, else that of its scheme's homes.
    async fn accommodation_kind(&self) -> Option<AccommodationKind> {
        AccommodationKind::of(&self.spaces, self.spaces.kind_of(&self.property))
    }

    /// The district that it is in.
    async fn district(&self) -> Option<District> {
        self.spaces.districts.get(&self.property.district).cloned().map(Into::into)
    }

    /// The name of the locality that it is in, where that is known.
    async fn locality(&self) -> Option<&str> {
        self.property.locality.as_deref()
    }

    /// Who may share it.
    async fn sharing(&self) -> Sharing {
        self.property.sharing.into()
    }

    /// Whether its address is known. Only `revealAddress` brings it out.
    async fn has_address(&self, ctx: &Context<'_>) -> bool {
        engine(ctx).has_address(self.property.id)
    }

    /// Its units, by code.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn units(&self, first: Option<i32>, after: Option<String>) -> Result<Page<Unit>> {
        let units = self.spaces.units_of(self.property.id);
        crate::units::page(&self.spaces, units.iter(), first, after)
    }
}

pub(crate) fn by_id(ctx: &Context<'_>, id: Uuid) -> Result<Option<Property>> {
    may_see_spaces(ctx)?;
    let spaces = engine(ctx).spaces();
    Ok(spaces.property(PropertyId(id)).cloned().map(|property| Property::new(&spaces, property)))
}

/// Looking properties up.
#[derive(Default)]
pub struct PropertiesQuery;

#[Object]
impl PropertiesQuery {
    /// The properties, by code.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn properties(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<Property>> {
        may_see_spaces(ctx)?;
        let spaces = engine(ctx).spaces();
        let mut rows: Vec<_> = spaces.properties().cloned().collect();
        rows.sort_by(|a, b| a.code.cmp(&b.code));
        let window = Window::new(first, after)?;
        Ok(window.page_by_key(rows, |row| row.code.clone(), |row| Property::new(&spaces, row)))
    }

    /// The property with this code.
    async fn property(&self, ctx: &Context<'_>, code: String) -> Result<Option<Property>> {
        may_see_spaces(ctx)?;
        let spaces = engine(ctx).spaces();
        Ok(spaces.property_by_code(&code).cloned().map(|property| Property::new(&spaces, property)))
    }
}

/// A new property.
#[derive(InputObject)]
pub struct RegisterPropertyInput {
    /// Its public code.
    code: String,
    /// What it is for.
    scheme: Scheme,
    /// The name of the district that it is in.
    district: String,
    /// The name of the locality that it is in. Never an address.
    locality: Option<String>,
    /// Who may share it.
    #[graphql(default_with = "Sharing::SelfContained")]
    sharing: Sharing,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// What is said of a property; what is left out stays.
#[derive(InputObject)]
pub struct DescribePropertyInput {
    /// Which.
    property: ID,
    /// Its new code.
    code: Option<String>,
    /// Its new district; then its locality must be said anew.
    district: Option<String>,
    /// Its new locality.
    locality: Option<String>,
    /// Who may share it now.
    sharing: Option<Sharing>,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// A property and a night.
#[derive(InputObject)]
pub struct PropertyOnInput {
    /// Which.
    property: ID,
    /// The first night for which it holds.
    on: Date,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// A property was kept.
#[derive(SimpleObject)]
pub struct PropertySaved {
    /// As it is now.
    property: Property,
}

answer!(
    /// The answer to a change of a property.
    PropertyAnswer = PropertySaved
);

/// Keeping properties. For managers.
#[derive(Default)]
pub struct PropertiesMutation;

#[Object]
impl PropertiesMutation {
    /// Adds a property.
    async fn register_property(
        &self,
        ctx: &Context<'_>,
        input: RegisterPropertyInput,
    ) -> Result<PropertyAnswer> {
        let ask = RegisterProperty {
            code: input.code,
            scheme: input.scheme.into(),
            district: input.district,
            locality: input.locality,
            sharing: input.sharing.into(),
        };
        answer(ctx, input.idempotency_key, Command::RegisterProperty(ask)).await
    }

    /// Changes what is said of a property.
    async fn describe_property(
        &self,
        ctx: &Context<'_>,
        input: DescribePropertyInput,
    ) -> Result<PropertyAnswer> {
        let property = PropertyId(ids::of_kind("Property", &input.property)?);
        let ask = DescribeProperty {
            property,
            code: input.code,
            district: input.district,
            locality: input.locality,
            sharing: input.sharing.map(Into::into),
        };
        answer(ctx, input.idempotency_key, Command::DescribeProperty(ask)).await
    }

    /// Takes all units of a property out of stock from a night on. Refused when a stay, hold or void stands in the
    /// way, and says which.
    async fn close_property(&self, ctx: &Context<'_>, input: PropertyOnInput) -> Result<PropertyAnswer> {
        let property = PropertyId(ids::of_kind("Property", &input.property)?);
        answer(ctx, input.idempotency_key, Command::CloseProperty { property, on: input.on.0 }).await
    }

    /// Puts the closed units of a property back in stock from a night on.
    async fn reopen_property(&self, ctx: &Context<'_>, input: PropertyOnInput) -> Result<PropertyAnswer> {
        let property = PropertyId(ids::of_kind("Property", &input.property)?);
        answer(ctx, input.idempotency_key, Command::ReopenProperty { property, on: input.on.0 }).await
    }
}

pub(crate) async fn answer(
    ctx: &Context<'_>,
    key: Option<String>,
    command: Command,
) -> Result<PropertyAnswer> {
    Ok(match run(ctx, key, command).await? {
        Ok(Outcome::Property(property)) => {
            PropertyAnswer::Done(PropertySaved { property: Property::new(&engine(ctx).spaces(), property) })
        }
        Ok(_) => return Err(unexpected()),
        Err(refused) => PropertyAnswer::Refused(refused),
    })
}
