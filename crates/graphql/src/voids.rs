//! Voids: nights on which a unit is out of service.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use safespace_domain::{UnitId, VoidId};
use safespace_engine::{ChangeVoid, Command, Outcome, Page as StorePage, RecordVoid, VoidFilter, VoidView};
use uuid::Uuid;

use crate::{
    actor,
    answers::{answer, query_error, run, unexpected},
    codes::VoidReason,
    engine, ids,
    paging::{Page, Window},
    scalars::{Date, nights_filter},
    units::Unit,
};

/// A void: nights on which a unit is out of service, with a reason.
pub struct Void(VoidView);

#[Object]
impl Void {
    /// Its id.
    pub(crate) async fn id(&self) -> ID {
        ids::global("Void", self.0.void.id)
    }

    /// Which unit.
    async fn unit(&self, ctx: &Context<'_>) -> Result<Unit> {
        Unit::part(ctx, self.0.void.unit).ok_or_else(unexpected)
    }

    /// The first night.
    async fn from(&self) -> Date {
        Date(self.0.void.nights.arrival())
    }

    /// The first night in service again.
    async fn to(&self) -> Date {
        Date(self.0.void.nights.departure())
    }

    /// Why.
    async fn reason(&self, ctx: &Context<'_>) -> Option<VoidReason> {
        engine(ctx).spaces().void_reasons.get(&self.0.void.reason).cloned().map(Into::into)
    }

    /// A note. Confidential.
    async fn note(&self) -> Option<&str> {
        self.0.note.as_deref()
    }

    /// Whether whoever recorded it keeps it: only they may change it or take it back, for as long as they can sign in.
    async fn kept(&self) -> bool {
        self.0.kept
    }

    /// Whether it was taken back.
    async fn cancelled(&self) -> bool {
        self.0.void.cancelled
    }
}

pub(crate) async fn by_id(ctx: &Context<'_>, id: Uuid) -> Result<Option<Void>> {
    Ok(engine(ctx).void(actor(ctx), VoidId(id)).await.map_err(query_error)?.map(Void))
}

/// Which voids a list has.
#[derive(InputObject, Default)]
pub struct VoidFilterInput {
    /// Only those of this unit.
    unit: Option<ID>,
    /// Only those with a night on this date or later.
    from: Option<Date>,
    /// Only those with a night before this date.
    to: Option<Date>,
    /// Also those that were taken back.
    #[graphql(default)]
    cancelled_too: bool,
}

/// Looking voids up.
#[derive(Default)]
pub struct VoidsQuery;

#[Object]
impl VoidsQuery {
    /// The voids that pass the filter, oldest record first.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn voids(
        &self,
        ctx: &Context<'_>,
        filter: Option<VoidFilterInput>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<Void>> {
        let input = filter.unwrap_or_default();
        let unit = input.unit.map(|id| ids::of_kind("Unit", &id)).transpose()?.map(UnitId);
        let nights = nights_filter(input.from, input.to)?;
        let filter = VoidFilter { unit, nights, cancelled_too: input.cancelled_too };
        let window = Window::new(first, after)?;
        let asked = StorePage { after: window.key::<Uuid>()?.map(VoidId), limit: window.limit() };
        let rows = engine(ctx).voids(actor(ctx), &filter, asked).await.map_err(query_error)?;
        Ok(window.page(rows.into_iter().map(|view| (view.void.id.to_string(), Void(view)))))
    }
}

/// A new void.
#[derive(InputObject)]
pub struct RecordVoidInput {
    /// Which unit.
    unit: ID,
    /// The first night.
    from: Date,
    /// The first night in service again.
    to: Date,
    /// The code of the reason.
    reason: String,
    /// A note. Confidential.
    note: Option<String>,
    /// Whether only you may change it or take it back, for as long as you can sign in.
    #[graphql(default)]
    kept: bool,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// What changes of a void; what is left out stays.
#[derive(InputObject)]
pub struct ChangeVoidInput {
    /// Which.
    void: ID,
    /// The first night.
    from: Option<Date>,
    /// The first night in service again.
    to: Option<Date>,
    /// The code of the reason.
    reason: Option<String>,
    /// A note; an empty one takes it away. Confidential.
    note: Option<String>,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// A void to take back.
#[derive(InputObject)]
pub struct CancelVoidInput {
    /// Which.
    void: ID,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// A void was kept.
#[derive(SimpleObject)]
pub struct VoidSaved {
    /// As it is now.
    void: Void,
}

answer!(
    /// The answer to a change of a void.
    VoidAnswer = VoidSaved
);

/// Recording voids. For officers and managers.
#[derive(Default)]
pub struct VoidsMutation;

#[Object]
impl VoidsMutation {
    /// Takes a unit out of service for some nights. Refused over a stay, and names it.
    async fn record_void(&self, ctx: &Context<'_>, input: RecordVoidInput) -> Result<VoidAnswer> {
        let ask = RecordVoid {
            unit: UnitId(ids::of_kind("Unit", &input.unit)?),
            from: input.from.0,
            to: input.to.0,
            reason: input.reason,
            note: input.note,
            kept: input.kept,
        };
        answer(ctx, input.idempotency_key, Command::RecordVoid(ask)).await
    }

    /// Changes a void's nights, reason or note.
    async fn change_void(&self, ctx: &Context<'_>, input: ChangeVoidInput) -> Result<VoidAnswer> {
        let ask = ChangeVoid {
            void: VoidId(ids::of_kind("Void", &input.void)?),
            from: input.from.map(|date| date.0),
            to: input.to.map(|date| date.0),
            reason: input.reason,
            note: input.note,
        };
        answer(ctx, input.idempotency_key, Command::ChangeVoid(ask)).await
    }

    /// Takes a void back: its nights are free again.
    async fn cancel_void(&self, ctx: &Context<'_>, input: CancelVoidInput) -> Result<VoidAnswer> {
        let void = VoidId(ids::of_kind("Void", &input.void)?);
        answer(ctx, input.idempotency_key, Command::CancelVoid { void }).await
    }
}

async fn answer(ctx: &Context<'_>, key: Option<String>, command: Command) -> Result<VoidAnswer> {
    Ok(match run(ctx, key, command).await? {
        Ok(Outcome::Void(void)) => {
            VoidAnswer::Done(VoidSaved { void: by_id(ctx, void.id.0).await?.ok_or_else(unexpected)? })
        }
        Ok(_) => return Err(unexpected()),
        Err(refused) => VoidAnswer::Refused(refused),
    })
}
