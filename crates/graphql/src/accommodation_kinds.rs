//! Kinds of accommodation: the code list, and which kind schemes and properties are.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use safespace_domain::{
    PropertyId,
    accommodation_kinds::{self, SchemeKind},
    availability::Spaces,
    units,
};
use safespace_engine::{Command, Outcome};

use crate::{
    answers::{answer, run, unexpected},
    codes::{SaveCodeInput, Scheme, may_see_spaces},
    engine, ids,
    paging::{Page, Window},
    properties::{self, PropertyAnswer},
};

/// A kind of safe accommodation, as the statutory return counts them (Domestic Abuse Act 2021, Part 4; SI 2021/991).
pub struct AccommodationKind {
    spaces: Arc<Spaces>,
    kind: accommodation_kinds::AccommodationKind,
}

impl AccommodationKind {
    fn new(spaces: &Arc<Spaces>, kind: accommodation_kinds::AccommodationKind) -> Self {
        Self { spaces: Arc::clone(spaces), kind }
    }

    /// The kind with this code.
    pub(crate) fn of(spaces: &Arc<Spaces>, code: &str) -> Option<Self> {
        spaces.accommodation_kinds.get(code).map(|kind| Self::new(spaces, kind.clone()))
    }
}

#[Object]
impl AccommodationKind {
    /// Its id.
    async fn id(&self) -> ID {
        ids::global("AccommodationKind", &self.kind.code)
    }

    /// Its code.
    async fn code(&self) -> &str {
        &self.kind.code
    }

    /// What people read.
    async fn label(&self) -> &str {
        &self.kind.label
    }

    /// The schemes whose homes are of this kind, where a property does not say otherwise.
    async fn schemes(&self) -> Vec<Scheme> {
        let is_this = |scheme: &units::Scheme| self.spaces.kind_of_scheme(*scheme) == self.kind.code;
        units::Scheme::ALL.into_iter().filter(is_this).map(Into::into).collect()
    }
}

/// Looking kinds of accommodation up.
#[derive(Default)]
pub struct AccommodationKindsQuery;

#[Object]
impl AccommodationKindsQuery {
    /// The kinds of accommodation, by code.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn accommodation_kinds(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<AccommodationKind>> {
        may_see_spaces(ctx)?;
        let spaces = engine(ctx).spaces();
        let all = spaces.accommodation_kinds.values().cloned();
        let window = Window::new(first, after)?;
        Ok(window.page_by_key(all, |row| row.code.clone(), |row| AccommodationKind::new(&spaces, row)))
    }
}

/// A scheme and the kind of its homes.
#[derive(InputObject)]
pub struct SetSchemeKindInput {
    /// Whose homes.
    scheme: Scheme,
    /// The code of the kind that they are.
    kind: String,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// A property and its kind.
#[derive(InputObject)]
pub struct SetPropertyKindInput {
    /// Which.
    property: ID,
    /// The code of the kind that it is; left out, it is what its scheme's homes are.
    kind: Option<String>,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// A kind of accommodation was kept.
#[derive(SimpleObject)]
pub struct AccommodationKindSaved {
    /// As it is now.
    accommodation_kind: AccommodationKind,
}

answer!(
    /// The answer to `saveAccommodationKind` and `setSchemeKind`.
    AccommodationKindAnswer = AccommodationKindSaved
);

/// Keeping kinds of accommodation. For managers.
#[derive(Default)]
pub struct AccommodationKindsMutation;

#[Object]
impl AccommodationKindsMutation {
    /// Adds a kind of accommodation to the code list, or changes its label.
    async fn save_accommodation_kind(
        &self,
        ctx: &Context<'_>,
        input: SaveCodeInput,
    ) -> Result<AccommodationKindAnswer> {
        let SaveCodeInput { code, label, idempotency_key } = input;
        let kind = accommodation_kinds::AccommodationKind { code, label };
        answer(ctx, idempotency_key, Command::SaveAccommodationKind(kind)).await
    }

    /// Says which kind of accommodation a scheme's homes are, where a property does not say otherwise.
    async fn set_scheme_kind(
        &self,
        ctx: &Context<'_>,
        input: SetSchemeKindInput,
    ) -> Result<AccommodationKindAnswer> {
        let ask = SchemeKind { scheme: input.scheme.into(), kind: input.kind };
        answer(ctx, input.idempotency_key, Command::SetSchemeKind(ask)).await
    }

    /// Says which kind of accommodation a property is: a dispersed home among safe spaces, for example.
    async fn set_property_kind(
        &self,
        ctx: &Context<'_>,
        input: SetPropertyKindInput,
    ) -> Result<PropertyAnswer> {
        let property = PropertyId(ids::of_kind("Property", &input.property)?);
        let command = Command::SetPropertyKind { property, kind: input.kind };
        properties::answer(ctx, input.idempotency_key, command).await
    }
}

async fn answer(ctx: &Context<'_>, key: Option<String>, command: Command) -> Result<AccommodationKindAnswer> {
    Ok(match run(ctx, key, command).await? {
        Ok(Outcome::AccommodationKind(kind)) => {
            let accommodation_kind = AccommodationKind::new(&engine(ctx).spaces(), kind);
            AccommodationKindAnswer::Done(AccommodationKindSaved { accommodation_kind })
        }
        Ok(_) => return Err(unexpected()),
        Err(refused) => AccommodationKindAnswer::Refused(refused),
    })
}
