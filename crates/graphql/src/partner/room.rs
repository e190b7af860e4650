//! Is there room? Answered in bands, within the disclosure policy.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use safespace_domain::disclosure::{self, DisclosurePolicy, Wishes};
use safespace_engine::{AskForRoom, EngineError};

use super::answers::{answer, refused};
use crate::{
    actor,
    answers::{failed, query_error},
    engine, ids,
    scalars::{Date, count},
};

/// Whether there is room.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "disclosure::RoomAnswer")]
pub enum Room {
    /// No home of this size is free: refer anyway if somebody is in danger, for this changes by the hour.
    None,
    /// One or a few are.
    Some,
    /// More than a few are.
    Several,
    /// Ask the team: the household is too large for this to be told, or it wishes for something that few free homes have.
    /// This says nothing of what is free.
    AskUs,
}

/// What you are told of how full the service is, and how often.
#[derive(SimpleObject)]
pub struct Disclosure {
    /// From so many free homes on, the answer is `SEVERAL`; below, `SOME`.
    several_from: i32,
    /// The last night that you may ask for is so many nights after tonight.
    nights_ahead: i32,
    /// So many questions may your council ask on a day (Europe/London).
    questions_a_day: i32,
    /// The classes of household size, each by the largest household in it: a household is answered for the largest of
    /// its class. A larger one than the last is answered `ASK_US`.
    sizes: Vec<i32>,
    /// The same in words.
    words: String,
}

impl From<DisclosurePolicy> for Disclosure {
    fn from(policy: DisclosurePolicy) -> Self {
        Self {
            words: policy.to_string(),
            several_from: count(policy.several_from),
            nights_ahead: count(policy.nights_ahead),
            questions_a_day: count(policy.questions_a_day),
            sizes: policy.sizes.into_iter().map(i32::from).collect(),
        }
    }
}

/// What you are told.
#[derive(Default)]
pub struct RoomQuery;

#[Object]
impl RoomQuery {
    /// What you are told of how full the service is, and how often. It is the same for every council.
    async fn disclosure(&self, ctx: &Context<'_>) -> Result<Disclosure> {
        Ok(engine(ctx).disclosure_policy(actor(ctx)).map_err(query_error)?.into())
    }
}

/// Whom you look for a place for, and from when on.
#[derive(InputObject)]
pub struct AskForRoomInput {
    /// Adults.
    adults: i32,
    /// Children.
    #[graphql(default)]
    children: i32,
    /// The first night: tonight, or one of the next few.
    arrival: Date,
    /// How many nights, 1 to 7.
    #[graphql(default = 1)]
    nights: i32,
    /// What the place must have, by code, such as `step_free`.
    #[graphql(default)]
    needs: Vec<String>,
    /// Districts where the household is not safe.
    #[graphql(default)]
    not_in: Vec<String>,
}

/// The answer to your question, as of now. It keeps nothing for you: refer the household to have a place.
#[derive(SimpleObject)]
pub struct RoomAnswer {
    /// The question: `referFromQuestion` makes a referral of it in one step.
    question: ID,
    /// Whether there is room for the household on all of the nights, over the whole service.
    room: Room,
    /// Where there is no room: from which later night on there would be some, as things stand. It may change by the hour.
    next_night: Option<Date>,
    /// The first night.
    arrival: Date,
    /// How many nights.
    nights: i32,
    /// So many questions may your council still ask today.
    questions_left: i32,
}

answer!(
    /// The answer to `askForRoom`.
    AskForRoomAnswer = RoomAnswer
);

/// Asking for room.
#[derive(Default)]
pub struct RoomMutation;

#[Object]
impl RoomMutation {
    /// Asks whether there is room for a household. A mutation, because each question is counted against your
    /// council's daily number and recorded; the same question twice counts twice. A refused one is not counted.
    async fn ask_for_room(&self, ctx: &Context<'_>, input: AskForRoomInput) -> Result<AskForRoomAnswer> {
        let ask = AskForRoom {
            adults: i64::from(input.adults),
            children: i64::from(input.children),
            arrival: input.arrival.0,
            nights: i64::from(input.nights),
            wishes: Wishes {
                features: input.needs.into_iter().collect(),
                unwanted: input.not_in.into_iter().collect(),
            },
        };
        match engine(ctx).ask_for_room(actor(ctx), ask).await {
            Ok(told) => Ok(AskForRoomAnswer::Done(RoomAnswer {
                question: ids::global("Question", told.question),
                room: told.answer.into(),
                next_night: told.next_night.map(Date),
                arrival: Date(told.nights.arrival()),
                nights: count(told.nights.len()),
                questions_left: count(told.left_today),
            })),
            Err(EngineError::Refused(refusal)) => Ok(AskForRoomAnswer::Refused(refused(refusal)?)),
            Err(EngineError::Fault(fault)) => Err(failed(&fault)),
        }
    }
}
