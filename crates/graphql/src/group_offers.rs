//! Group offers of the service: how many attended.

use async_graphql::{Context, InputObject, Object, Result, SimpleObject};
use safespace_domain::{Nights, group_offers};
use safespace_engine::{Command, Outcome, RecordGroupAttendance};

use crate::{
    actor,
    answers::{answer, query_error, run, unexpected},
    engine,
    paging::{Page, Window},
    scalars::Date,
};

/// How many attended a group offer on a date. Counts alone, never who.
#[derive(SimpleObject)]
pub struct GroupAttendance {
    /// The offer: a code of the list of group offers.
    offer: String,
    /// The date on which it was held.
    held_on: Date,
    /// How many attended; null where the count was taken back.
    attended: Option<i32>,
}

impl From<group_offers::GroupAttendance> for GroupAttendance {
    fn from(count: group_offers::GroupAttendance) -> Self {
        let group_offers::GroupAttendance { offer, held_on, attended } = count;
        Self { offer, held_on: Date(held_on), attended: attended.map(i32::from) }
    }
}

/// Looking counts up.
#[derive(Default)]
pub struct GroupOffersQuery;

#[Object]
impl GroupOffersQuery {
    /// How many attended the group offers from one date up to, not including, another: by date and offer.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn group_attendance(
        &self,
        ctx: &Context<'_>,
        from: Date,
        to: Date,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<GroupAttendance>> {
        let dates = Nights::from_to(from.0, to.0).map_err(|refusal| query_error(refusal.into()))?;
        let counts = engine(ctx).group_attendance(actor(ctx), dates).await.map_err(query_error)?;
        Window::new(first, after)?.page_of(counts, GroupAttendance::from)
    }
}

/// A count to write down.
#[derive(InputObject)]
pub struct RecordGroupAttendanceInput {
    /// The offer: a code of the list of group offers.
    offer: String,
    /// The date on which it was held; today or before. There is one count for each offer and date: another one takes its
    /// place, and the audit keeps both.
    held_on: Date,
    /// How many attended, 0 to 500; left out, the count is taken back, because it was not held then.
    attended: Option<i32>,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// A count was written down.
#[derive(SimpleObject)]
pub struct GroupAttendanceRecorded {
    /// As it is now.
    attendance: GroupAttendance,
}

answer!(
    /// The answer to `recordGroupAttendance`.
    GroupAttendanceAnswer = GroupAttendanceRecorded
);

/// Counting who attends. For officers and managers.
#[derive(Default)]
pub struct GroupOffersMutation;

#[Object]
impl GroupOffersMutation {
    /// Writes down how many attended a group offer on a date.
    async fn record_group_attendance(
        &self,
        ctx: &Context<'_>,
        input: RecordGroupAttendanceInput,
    ) -> Result<GroupAttendanceAnswer> {
        let RecordGroupAttendanceInput { offer, held_on, attended, idempotency_key } = input;
        let ask = RecordGroupAttendance { offer, held_on: held_on.0, attended: attended.map(i64::from) };
        Ok(match run(ctx, idempotency_key, Command::RecordGroupAttendance(ask)).await? {
            Ok(Outcome::GroupAttendance(count)) => {
                GroupAttendanceAnswer::Done(GroupAttendanceRecorded { attendance: count.into() })
            }
            Ok(_) => return Err(unexpected()),
            Err(refused) => GroupAttendanceAnswer::Refused(refused),
        })
    }
}
