//! Allocation: which homes a household that was referred could have, the plan for tonight, and how room is made.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use safespace_domain::{
    Nights, ReferralId, StayId, UnitId,
    availability::Exclusion,
    plan::{self, Change, FURTHEST_LOOK},
    splits,
};
use safespace_engine::{
    Allocation as Found, BookSplit, Command, Outcome, PlanForTonight as Planned, Ranked, Repack, SplitPart,
};

use crate::{
    actor,
    answers::{answer, bad_input, query_error, run, unexpected},
    availability::{Excluded, ExclusionReason},
    codes::Scheme,
    engine, ids,
    paging::{Page, Window},
    referrals::{self, Referral},
    scalars::{Date, count},
    stays::{self, BookStayInput, Stay},
    units::Unit,
};

/// A unit that a household could have.
#[derive(SimpleObject)]
pub struct RankedUnit {
    /// The unit.
    unit: Unit,
    /// Why it stands where it does, in a sentence.
    why: String,
    /// What was weighed, each in words, most important first.
    preferences: Vec<String>,
}

/// What there is for a household: every unit is either ranked or excluded.
pub struct Allocation(Found);

#[Object]
impl Allocation {
    /// The first night.
    async fn arrival(&self) -> Date {
        Date(self.0.nights.arrival())
    }

    /// The day of departure.
    async fn departure(&self) -> Date {
        Date(self.0.nights.departure())
    }

    /// The units that the household could have, best first: those that keep the last free home with a feature for whoever
    /// needs it, then those that leave the fewest beds empty, then the fewest unneeded features, then where school or
    /// work is, then those that leave the calendar least broken.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn ranked(&self, first: Option<i32>, after: Option<String>) -> Result<Page<RankedUnit>> {
        let rows = self.0.ranked.clone();
        Window::new(first, after)?.page_of(rows, |Ranked { no, preferences, why, .. }| RankedUnit {
            unit: Unit::new(&self.0.spaces, no),
            preferences: preferences.iter().map(ToString::to_string).collect(),
            why,
        })
    }

    /// Every other unit, by code, with every reason why not.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn excluded(&self, first: Option<i32>, after: Option<String>) -> Result<Page<Excluded>> {
        let rows = self.0.excluded.clone();
        Window::new(first, after)?.page_of(rows, |(no, reasons)| Excluded {
            unit: Unit::new(&self.0.spaces, no),
            reasons: reasons.iter().map(reason).collect(),
        })
    }
}

fn reason(reason: &Exclusion) -> ExclusionReason {
    ExclusionReason { code: reason.code(), message: reason.to_string() }
}

/// A household that could have a unit.
pub struct Placement(plan::Placement);

#[Object]
impl Placement {
    /// The referral.
    async fn referral(&self, ctx: &Context<'_>) -> Result<Referral> {
        referrals::by_id(ctx, self.0.referral.0).await?.ok_or_else(unexpected)
    }

    /// Where it would go.
    async fn unit(&self, ctx: &Context<'_>) -> Result<Unit> {
        Unit::part(ctx, self.0.unit).ok_or_else(unexpected)
    }

    /// The day of arrival: that of the referral, or a later one where nothing is free before.
    async fn arrival(&self) -> Date {
        Date(self.0.nights.arrival())
    }

    /// The day of departure.
    async fn departure(&self) -> Date {
        Date(self.0.nights.departure())
    }
}

/// What kind of change would place a household.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// A void ends.
    EndVoid,
    /// A household in residence goes on to a move-on home.
    MoveOn,
    /// The first night or two are spent with a partner.
    NightsElsewhere,
}

/// One change with which a household could be placed.
pub struct PlanChange(Change);

#[Object]
impl PlanChange {
    /// What kind.
    async fn kind(&self) -> ChangeKind {
        match self.0 {
            Change::EndVoid { .. } => ChangeKind::EndVoid,
            Change::MoveOn { .. } => ChangeKind::MoveOn,
            Change::NightsElsewhere { .. } => ChangeKind::NightsElsewhere,
        }
    }

    /// The unit that the household would have then.
    async fn unit(&self, ctx: &Context<'_>) -> Result<Unit> {
        let (Change::EndVoid { unit, .. }
        | Change::MoveOn { unit, .. }
        | Change::NightsElsewhere { unit, .. }) = self.0;
        Unit::part(ctx, unit).ok_or_else(unexpected)
    }

    /// The stay that would go on; for `MOVE_ON`.
    async fn stay(&self, ctx: &Context<'_>) -> Result<Option<Stay>> {
        match self.0 {
            Change::MoveOn { stay, .. } => stays::by_id(ctx, stay.0).await,
            _ => Ok(None),
        }
    }

    /// Where it would go on to; for `MOVE_ON`.
    async fn to(&self, ctx: &Context<'_>) -> Option<Unit> {
        match self.0 {
            Change::MoveOn { to, .. } => Unit::part(ctx, to),
            _ => None,
        }
    }

    /// The first of the nights that the change is about.
    async fn from_night(&self) -> Date {
        Date(self.nights().arrival())
    }

    /// The first night after them.
    async fn to_night(&self) -> Date {
        Date(self.nights().departure())
    }
}

impl PlanChange {
    const fn nights(&self) -> Nights {
        let (Change::EndVoid { nights, .. }
        | Change::MoveOn { nights, .. }
        | Change::NightsElsewhere { nights, .. }) = self.0;
        nights
    }
}

/// How many units are not for a household, for one reason.
#[derive(SimpleObject)]
pub struct ReasonCount {
    /// The reason's stable code.
    code: &'static str,
    /// How many units.
    units: i32,
}

/// A household for which the plan has no unit.
pub struct Unplaced(plan::Unplaced);

#[Object]
impl Unplaced {
    /// The referral.
    async fn referral(&self, ctx: &Context<'_>) -> Result<Referral> {
        referrals::by_id(ctx, self.0.referral.0).await?.ok_or_else(unexpected)
    }

    /// What stands against how many units; a unit counts under each of its reasons.
    async fn reasons(&self) -> Vec<ReasonCount> {
        self.0.reasons.iter().map(|(code, units)| ReasonCount { code, units: count(*units) }).collect()
    }

    /// The one change that would place it, where there is one, everything else being as planned.
    async fn change(&self) -> Option<PlanChange> {
        self.0.change.clone().map(PlanChange)
    }
}

/// The plan for tonight. It changes nothing: hold or book what you decide.
pub struct PlanForTonight(Planned);

#[Object]
impl PlanForTonight {
    /// Tonight.
    async fn tonight(&self) -> Date {
        Date(self.0.tonight)
    }

    /// Who could have which unit: highest risk first, then who has waited longest.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn placed(&self, first: Option<i32>, after: Option<String>) -> Result<Page<Placement>> {
        Window::new(first, after)?.page_of(self.0.plan.placed.clone(), Placement)
    }

    /// Who stays without, and what would help.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn unplaced(&self, first: Option<i32>, after: Option<String>) -> Result<Page<Unplaced>> {
        Window::new(first, after)?.page_of(self.0.plan.unplaced.clone(), Unplaced)
    }
}

/// A booking that would change its unit.
#[derive(SimpleObject)]
pub struct RepackingMove {
    /// The booking.
    stay: Stay,
    /// Where it would be.
    to: Unit,
}

/// How room can be made: these bookings move, and a unit is free.
#[derive(SimpleObject)]
pub struct Repacking {
    /// The unit that is free then.
    unit: Unit,
    /// The first night.
    arrival: Date,
    /// The day of departure.
    departure: Date,
    /// The bookings that move, none of which has begun. All of them, or none.
    moves: Vec<RepackingMove>,
}

/// A part of a stay that is split.
#[derive(SimpleObject)]
pub struct StayPart {
    /// Where.
    unit: Unit,
    /// The day of arrival.
    arrival: Date,
    /// The day of departure.
    departure: Date,
}

/// The nights to look at; those of the referral where they are left out.
#[derive(InputObject)]
pub struct NightsInput {
    /// The day of arrival.
    arrival: Date,
    /// The day of departure.
    departure: Date,
}

fn asked(nights: Option<NightsInput>) -> Result<Option<Nights>> {
    let nights = nights.map(|nights| Nights::new(nights.arrival.0, nights.departure.0));
    nights.transpose().map_err(|refusal| query_error(refusal.into()))
}

fn referral_id(id: &ID) -> Result<ReferralId> {
    Ok(ReferralId(ids::of_kind("Referral", id)?))
}

/// Looking for a home for a household that was referred. For officers and managers.
#[derive(Default)]
pub struct AllocationQuery;

#[Object]
impl AllocationQuery {
    /// Which units the household of a referral could have, best first, and why not the others.
    async fn allocation(
        &self,
        ctx: &Context<'_>,
        referral: ID,
        nights: Option<NightsInput>,
        #[graphql(default_with = "Scheme::SafeSpace")] scheme: Scheme,
    ) -> Result<Allocation> {
        let found = engine(ctx)
            .allocation(actor(ctx), referral_id(&referral)?, asked(nights)?, scheme.into())
            .await
            .map_err(query_error)?;
        Ok(Allocation(found))
    }

    /// All who wait against all that is free or comes free in the next days, solved together, highest risk first.
    async fn plan_for_tonight(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            default = 3,
            desc = "So many days later, 0 to 31, may a household begin that can't be placed earlier."
        )]
        days: i32,
    ) -> Result<PlanForTonight> {
        let days = u32::try_from(days).ok().filter(|days| *days <= FURTHEST_LOOK);
        let days = days.ok_or_else(|| bad_input(format!("A plan looks 0 to {FURTHEST_LOOK} days ahead.")))?;
        engine(ctx).plan_for_tonight(actor(ctx), days).await.map(PlanForTonight).map_err(query_error)
    }

    /// Which bookings that have not begun could move so that a unit is free for the household of a referral. Null where
    /// one is free as it is, or nothing can be done.
    async fn repacking(
        &self,
        ctx: &Context<'_>,
        referral: ID,
        nights: Option<NightsInput>,
    ) -> Result<Option<Repacking>> {
        let found = engine(ctx)
            .repacking(actor(ctx), referral_id(&referral)?, asked(nights)?)
            .await
            .map_err(query_error)?;
        let Some((nights, found)) = found else { return Ok(None) };
        let mut moves = Vec::new();
        for step in found.moves {
            let stay = stays::by_id(ctx, step.stay.0).await?.ok_or_else(unexpected)?;
            moves.push(RepackingMove { stay, to: Unit::part(ctx, step.to).ok_or_else(unexpected)? });
        }
        Ok(Some(Repacking {
            unit: Unit::part(ctx, found.unit).ok_or_else(unexpected)?,
            arrival: Date(nights.arrival()),
            departure: Date(nights.departure()),
            moves,
        }))
    }

    /// The last resort: the nights in two or three parts, each in another unit, counted against the same longest stay.
    /// Empty where one unit has them all, or even three do not.
    async fn split_stay(
        &self,
        ctx: &Context<'_>,
        referral: ID,
        nights: Option<NightsInput>,
    ) -> Result<Vec<StayPart>> {
        let found = engine(ctx)
            .split(actor(ctx), referral_id(&referral)?, asked(nights)?)
            .await
            .map_err(query_error)?;
        let Some(splits::Split { parts }) = found else { return Ok(Vec::new()) };
        let part = |(unit, nights): (UnitId, Nights)| {
            Ok(StayPart {
                unit: Unit::part(ctx, unit).ok_or_else(unexpected)?,
                arrival: Date(nights.arrival()),
                departure: Date(nights.departure()),
            })
        };
        parts.into_iter().map(part).collect()
    }
}

/// A booking that moves.
#[derive(InputObject)]
pub struct RepackingMoveInput {
    /// The booking.
    stay: ID,
    /// To which unit.
    to: ID,
}

/// What was proposed by `repacking`, to be carried out.
#[derive(InputObject)]
pub struct RepackInput {
    /// The booking for which room is made, with its unit. Its key is that of the whole.
    booking: BookStayInput,
    /// The bookings that move.
    moves: Vec<RepackingMoveInput>,
}

/// A part of a stay that is split.
#[derive(InputObject)]
pub struct StayPartInput {
    /// Which unit.
    unit: ID,
    /// The day of arrival.
    arrival: Date,
    /// The day of departure.
    departure: Date,
}

/// What was proposed by `splitStay`, to be carried out.
#[derive(InputObject)]
pub struct BookSplitStayInput {
    /// What is booked; its unit, arrival and departure are those of the parts. Its key is that of the whole.
    booking: BookStayInput,
    /// The parts, in order and without a night between.
    parts: Vec<StayPartInput>,
}

/// Several stays were booked or moved in one step.
#[derive(SimpleObject)]
pub struct StaysKept {
    /// As they are now, what was booked first.
    stays: Vec<Stay>,
}

answer!(
    /// The answer to `repack` and `bookSplitStay`.
    StaysAnswer = StaysKept
);

/// Making room. For officers and managers.
#[derive(Default)]
pub struct AllocationMutation;

#[Object]
impl AllocationMutation {
    /// Moves bookings that have not begun, and books what they made room for: all of it in one step, or nothing.
    async fn repack(&self, ctx: &Context<'_>, input: RepackInput) -> Result<StaysAnswer> {
        let (key, booking) = input.booking.split()?;
        let step = |step: RepackingMoveInput| {
            Ok((StayId(ids::of_kind("Stay", &step.stay)?), UnitId(ids::of_kind("Unit", &step.to)?)))
        };
        let moves = input.moves.into_iter().map(step).collect::<Result<_>>()?;
        kept(ctx, key, Command::Repack(Repack { booking, moves })).await
    }

    /// Books a household into several units one after the other, where no unit has all the nights.
    async fn book_split_stay(&self, ctx: &Context<'_>, input: BookSplitStayInput) -> Result<StaysAnswer> {
        let (key, booking) = input.booking.split()?;
        let part = |part: StayPartInput| {
            Ok(SplitPart {
                unit: UnitId(ids::of_kind("Unit", &part.unit)?),
                arrival: part.arrival.0,
                departure: part.departure.0,
            })
        };
        let parts = input.parts.into_iter().map(part).collect::<Result<_>>()?;
        kept(ctx, key, Command::BookSplit(BookSplit { booking, parts })).await
    }
}

async fn kept(ctx: &Context<'_>, key: Option<String>, command: Command) -> Result<StaysAnswer> {
    Ok(match run(ctx, key, command).await? {
        Ok(Outcome::Stays(stays)) => {
            StaysAnswer::Done(StaysKept { stays: stays.into_iter().map(Stay).collect() })
        }
        Ok(_) => return Err(unexpected()),
        Err(refused) => StaysAnswer::Refused(refused),
    })
}
