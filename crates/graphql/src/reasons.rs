//! The code lists of reasons, localities, and the standards.

use async_graphql::{ComplexObject, Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use safespace_domain::{localities, reasons, standards};
use safespace_engine::{Command, Outcome};

use crate::{
    answers::{answer, run, unexpected},
    codes::may_see_spaces,
    engine, ids,
    paging::{Page, Window},
    scalars::{count, natural},
};

/// Which list a reason is on.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "reasons::ReasonKind")]
pub enum ReasonKind {
    /// Why a referral is declined.
    Decline,
    /// Where a household goes that leaves.
    Destination,
    /// How a referral ends without a stay.
    Closing,
    /// What may come next for a household.
    NextStep,
    /// What a household may need at once when it comes.
    ImmediateNeed,
    /// What support is about.
    Topic,
    /// What the service offers to groups.
    GroupOffer,
    /// What is counted of the households that are helped. Of one household it is special category data.
    Characteristic,
}

/// A reason on a code list.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct Reason {
    /// Which list it is on.
    kind: ReasonKind,
    /// Its code.
    code: String,
    /// What people read.
    label: String,
    /// What it counts as in figures, where several count as one.
    counts_as: Option<String>,
    /// Within how many hours of a household's arrival it is due: an immediate need that every household is asked about.
    due_hours: Option<i32>,
}

#[ComplexObject]
impl Reason {
    /// Its id.
    async fn id(&self) -> ID {
        let kind = reasons::ReasonKind::from(self.kind);
        ids::global("Reason", format_args!("{kind}/{}", self.code))
    }
}

impl From<reasons::Reason> for Reason {
    fn from(reason: reasons::Reason) -> Self {
        let reasons::Reason { kind, code, label, counts_as, due_hours } = reason;
        Self { kind: kind.into(), code, label, counts_as, due_hours: due_hours.map(count) }
    }
}

/// A named part of a district.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct Locality {
    /// Its name.
    name: String,
    /// The district that it is in.
    district: String,
    /// The localities that are near, by name: who is in danger in one of them is not safe here. Near goes both ways,
    /// whichever of the two says so.
    near: Vec<String>,
}

#[ComplexObject]
impl Locality {
    /// Its id.
    async fn id(&self) -> ID {
        ids::global("Locality", &self.name)
    }
}

impl From<localities::Locality> for Locality {
    fn from(locality: localities::Locality) -> Self {
        let localities::Locality { name, district, near } = locality;
        Self { name, district, near: near.into_iter().collect() }
    }
}

/// How soon what is to be done.
#[derive(SimpleObject)]
pub struct Standards {
    /// A referral is answered within so many minutes.
    response_minutes: i32,
    /// A household is placed at the latest so many days after the day on which it is needed; 0 is the same day.
    placement_days: i32,
    /// A hold lapses after so many minutes, and is extended by as many.
    hold_minutes: i32,
    /// So many hours before a stay ends its next step should be known.
    next_step_hours: i32,
    /// So many minutes before a hold lapses it needs attention.
    hold_warning_minutes: i32,
    /// Within so many hours of its arrival somebody is in contact with a household in a safe space.
    first_contact_hours: i32,
    /// From then on contact is never more than so many hours ago.
    contact_every_hours: i32,
}

impl From<standards::Standards> for Standards {
    fn from(standards: standards::Standards) -> Self {
        Self {
            response_minutes: count(standards.response_minutes),
            placement_days: count(standards.placement_days),
            hold_minutes: count(standards.hold_minutes),
            next_step_hours: count(standards.next_step_hours),
            hold_warning_minutes: count(standards.hold_warning_minutes),
            first_contact_hours: count(standards.first_contact_hours),
            contact_every_hours: count(standards.contact_every_hours),
        }
    }
}

/// Looking reasons, localities and standards up.
#[derive(Default)]
pub struct ReasonsQuery;

#[Object]
impl ReasonsQuery {
    /// The reasons of one list, or of all, by list and code.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn reasons(
        &self,
        ctx: &Context<'_>,
        kind: Option<ReasonKind>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<Reason>> {
        may_see_spaces(ctx)?;
        let kind = kind.map(reasons::ReasonKind::from);
        let all = engine(ctx).spaces().reasons.clone();
        let of_kind = all.into_iter().filter(|reason| kind.is_none_or(|kind| reason.kind == kind)).collect();
        Window::new(first, after)?.page_of(of_kind, Reason::from)
    }

    /// The localities, by name.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn localities(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<Locality>> {
        may_see_spaces(ctx)?;
        let all = engine(ctx).spaces().localities.values().cloned().collect();
        Window::new(first, after)?.page_of(all, Locality::from)
    }

    /// How soon what is to be done.
    async fn standards(&self, ctx: &Context<'_>) -> Result<Standards> {
        may_see_spaces(ctx)?;
        Ok(engine(ctx).spaces().standards.clone().into())
    }
}

/// A reason to keep.
#[derive(InputObject)]
pub struct SaveReasonInput {
    /// Which list it is on.
    kind: ReasonKind,
    /// Its code; with a code that is there already, what is said of it changes.
    code: String,
    /// What people read.
    label: String,
    /// What it counts as: needed for reasons for declining (`no_capacity`, `could_not_meet_need`,
    /// `survivor_did_not_accept`, `unsafe_location`, `out_of_area` or `not_suitable`) and destinations (`safe`, `unsafe`
    /// or `unknown`).
    counts_as: Option<String>,
    /// Within how many hours of a household's arrival it is due; for immediate needs. Left out, only those households have
    /// it on their list for which somebody puts it there.
    due_hours: Option<i32>,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// A locality to keep.
#[derive(InputObject)]
pub struct SaveLocalityInput {
    /// Its name; with a name that is there already, what is said of it changes. Never an address.
    name: String,
    /// The district that it is in.
    district: String,
    /// The names of localities that are near.
    #[graphql(default)]
    near: Vec<String>,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// Standards to keep.
#[derive(InputObject)]
pub struct SetStandardsInput {
    /// A referral is answered within so many minutes.
    response_minutes: i32,
    /// A household is placed at the latest so many days after the day on which it is needed; 0 is the same day.
    placement_days: i32,
    /// A hold lapses after so many minutes.
    hold_minutes: i32,
    /// So many hours before a stay ends its next step should be known.
    next_step_hours: i32,
    /// So many minutes before a hold lapses it needs attention.
    hold_warning_minutes: i32,
    /// Within so many hours of its arrival somebody is in contact with a household in a safe space; as before when left
    /// out.
    first_contact_hours: Option<i32>,
    /// From then on contact is never more than so many hours ago; as before when left out.
    contact_every_hours: Option<i32>,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// A reason was kept.
#[derive(SimpleObject)]
pub struct ReasonSaved {
    /// As it is now.
    reason: Reason,
}

/// A locality was kept.
#[derive(SimpleObject)]
pub struct LocalitySaved {
    /// As it is now.
    locality: Locality,
}

/// The standards were kept.
#[derive(SimpleObject)]
pub struct StandardsSet {
    /// As they are now.
    standards: Standards,
}

answer!(
    /// The answer to `saveReason`.
    ReasonAnswer = ReasonSaved
);
answer!(
    /// The answer to `saveLocality`.
    LocalityAnswer = LocalitySaved
);
answer!(
    /// The answer to `setStandards`.
    StandardsAnswer = StandardsSet
);

/// Keeping reasons, localities and standards. For managers.
#[derive(Default)]
pub struct ReasonsMutation;

#[Object]
impl ReasonsMutation {
    /// Adds a reason to its list, or changes what is said of it.
    async fn save_reason(&self, ctx: &Context<'_>, input: SaveReasonInput) -> Result<ReasonAnswer> {
        let SaveReasonInput { kind, code, label, counts_as, due_hours, idempotency_key } = input;
        let due_hours = due_hours.map(natural);
        let reason = reasons::Reason { kind: kind.into(), code, label, counts_as, due_hours };
        Ok(match run(ctx, idempotency_key, Command::SaveReason(reason)).await? {
            Ok(Outcome::Reason(reason)) => ReasonAnswer::Done(ReasonSaved { reason: reason.into() }),
            Ok(_) => return Err(unexpected()),
            Err(refused) => ReasonAnswer::Refused(refused),
        })
    }

    /// Adds a locality, or changes what is said of it.
    async fn save_locality(&self, ctx: &Context<'_>, input: SaveLocalityInput) -> Result<LocalityAnswer> {
        let SaveLocalityInput { name, district, near, idempotency_key } = input;
        let locality = localities::Locality { name, district, near: near.into_iter().collect() };
        Ok(match run(ctx, idempotency_key, Command::SaveLocality(locality)).await? {
            Ok(Outcome::Locality(locality)) => {
                LocalityAnswer::Done(LocalitySaved { locality: locality.into() })
            }
            Ok(_) => return Err(unexpected()),
            Err(refused) => LocalityAnswer::Refused(refused),
        })
    }

    /// Keeps how soon what is to be done.
    async fn set_standards(&self, ctx: &Context<'_>, input: SetStandardsInput) -> Result<StandardsAnswer> {
        let before = engine(ctx).spaces().standards.clone();
        let standards = standards::Standards {
            response_minutes: natural(input.response_minutes),
            placement_days: natural(input.placement_days),
            hold_minutes: natural(input.hold_minutes),
            next_step_hours: natural(input.next_step_hours),
            hold_warning_minutes: natural(input.hold_warning_minutes),
            first_contact_hours: input.first_contact_hours.map_or(before.first_contact_hours, natural),
            contact_every_hours: input.contact_every_hours.map_or(before.contact_every_hours, natural),
        };
        Ok(match run(ctx, input.idempotency_key, Command::SetStandards(standards)).await? {
            Ok(Outcome::Standards(standards)) => {
                StandardsAnswer::Done(StandardsSet { standards: standards.into() })
            }
            Ok(_) => return Err(unexpected()),
            Err(refused) => StandardsAnswer::Refused(refused),
        })
    }
}
