//! What partner councils are told of how full the homes are.

use async_graphql::{Context, InputObject, Object, Result, SimpleObject};
use safespace_domain::disclosure;
use safespace_engine::{Command, Outcome};

use crate::{
    actor,
    answers::{answer, query_error, run, unexpected},
    engine,
    scalars::{count, natural},
};

/// What partner councils are told of how full the homes are, and how often they may ask.
#[derive(SimpleObject)]
pub struct DisclosurePolicy {
    /// From so many free homes on, the answer is "several"; below, "some". At least 3.
    several_from: i32,
    /// The last night that may be asked for is so many nights after tonight.
    nights_ahead: i32,
    /// So many questions may each council ask on a day (Europe/London).
    questions_a_day: i32,
    /// The classes of household size, each by the largest household in it, smallest first. A household is answered for
    /// the largest of its class; a larger one than the last is told to ask.
    sizes: Vec<i32>,
    /// The same in the words that partners read.
    words: String,
}

impl From<disclosure::DisclosurePolicy> for DisclosurePolicy {
    fn from(policy: disclosure::DisclosurePolicy) -> Self {
        Self {
            words: policy.to_string(),
            several_from: count(policy.several_from),
            nights_ahead: count(policy.nights_ahead),
            questions_a_day: count(policy.questions_a_day),
            sizes: policy.sizes.into_iter().map(i32::from).collect(),
        }
    }
}

/// What partner councils are told.
#[derive(Default)]
pub struct DisclosureQuery;

#[Object]
impl DisclosureQuery {
    /// What partner councils are told of how full the homes are, and how often they may ask.
    async fn disclosure_policy(&self, ctx: &Context<'_>) -> Result<DisclosurePolicy> {
        Ok(engine(ctx).disclosure_policy(actor(ctx)).map_err(query_error)?.into())
    }
}

/// What partner councils are to be told.
#[derive(InputObject)]
pub struct SetDisclosurePolicyInput {
    /// From so many free homes on, the answer is "several". At least 3.
    several_from: i32,
    /// The last night that may be asked for is so many nights after tonight.
    nights_ahead: i32,
    /// So many questions may each council ask on a day; none with 0.
    questions_a_day: i32,
    /// The classes of household size, each by the largest household in it, smallest first.
    sizes: Vec<i32>,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// The policy was set.
#[derive(SimpleObject)]
pub struct DisclosurePolicySet {
    /// As it is now.
    policy: DisclosurePolicy,
}

answer!(
    /// The answer to `setDisclosurePolicy`.
    SetDisclosurePolicyAnswer = DisclosurePolicySet
);

/// Keeping what partner councils are told. For managers.
#[derive(Default)]
pub struct DisclosureMutation;

#[Object]
impl DisclosureMutation {
    /// Sets what partner councils are told. The wider the bands and the classes, the less can be worked out from
    /// many answers.
    async fn set_disclosure_policy(
        &self,
        ctx: &Context<'_>,
        input: SetDisclosurePolicyInput,
    ) -> Result<SetDisclosurePolicyAnswer> {
        // What is below zero becomes absurdly large, and is refused as such.
        let command = Command::SetDisclosurePolicy(disclosure::DisclosurePolicy {
            several_from: natural(input.several_from),
            nights_ahead: natural(input.nights_ahead),
            questions_a_day: natural(input.questions_a_day),
            sizes: input.sizes.into_iter().map(|size| u16::try_from(size).unwrap_or(u16::MAX)).collect(),
        });
        Ok(match run(ctx, input.idempotency_key, command).await? {
            Ok(Outcome::DisclosurePolicy(policy)) => {
                SetDisclosurePolicyAnswer::Done(DisclosurePolicySet { policy: policy.into() })
            }
            Ok(_) => return Err(unexpected()),
            Err(refused) => SetDisclosurePolicyAnswer::Refused(refused),
        })
    }
}
