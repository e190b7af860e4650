//! Retention: how long what is kept, and erasing a household. For managers, as persons.

use async_graphql::{Context, Enum, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use safespace_domain::retention;
use safespace_engine::{Command, Outcome};

use crate::{
    actor,
    answers::{answer, failed, query_error, run, told, unexpected},
    engine,
    scalars::count,
};

/// A kind of record with a time of its own.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "safespace_domain::retention::RetentionKind")]
pub enum RetentionKind {
    /// A household's case, erased after its last stay ended. The nights stay, and are nobody's.
    HouseholdCase,
    /// What partners wrote with referrals that led to no stay.
    ReferralDetails,
    /// Answers that are remembered for commands that are sent twice.
    RememberedAnswers,
    /// Sessions, after their end.
    EndedSessions,
    /// Counts of tries to sign in.
    ThrottleCounts,
    /// Partner councils' questions whether there is room.
    RoomQuestions,
    /// When who had something revealed, for the quota. The audit keeps them.
    Reveals,
    /// Notices to managers, after they were seen.
    SeenNotices,
}

/// How long records of a kind are kept.
#[derive(SimpleObject)]
pub struct RetentionPolicy {
    /// Which records.
    kind: RetentionKind,
    /// For how many days after they ended.
    days: i32,
}

impl From<retention::RetentionPolicy> for RetentionPolicy {
    fn from(policy: retention::RetentionPolicy) -> Self {
        Self { kind: policy.kind.into(), days: count(policy.days) }
    }
}

/// How long what is kept.
#[derive(Default)]
pub struct RetentionQuery;

#[Object]
impl RetentionQuery {
    /// How long records of each kind are kept. For managers, as persons.
    async fn retention_policies(&self, ctx: &Context<'_>) -> Result<Vec<RetentionPolicy>> {
        let policies = engine(ctx).retention_policies(actor(ctx)).await.map_err(query_error)?;
        Ok(policies.into_iter().map(RetentionPolicy::from).collect())
    }
}

/// How long records of a kind are to be kept.
#[derive(InputObject)]
pub struct SetRetentionPolicyInput {
    /// Which records.
    kind: RetentionKind,
    /// For how many days after they ended.
    days: i32,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// The policy was set.
#[derive(SimpleObject)]
pub struct RetentionPolicySet {
    /// As it is now.
    policy: RetentionPolicy,
}

answer!(
    /// The answer to `setRetentionPolicy`.
    SetRetentionPolicyAnswer = RetentionPolicySet
);

/// A household to erase. This can't be taken back.
#[derive(InputObject)]
pub struct EraseHouseholdInput {
    /// The household's reference.
    household: String,
    /// Why. It is kept after the erasure: name nobody in it.
    reason: String,
}

/// The household was erased.
#[derive(SimpleObject)]
pub struct HouseholdErased {
    /// What its nights are called from now on.
    reference: String,
    /// When.
    erased_at: DateTime<Utc>,
    /// What an erasure does not reach.
    backups: &'static str,
}

answer!(
    /// The answer to `eraseHousehold`.
    EraseHouseholdAnswer = HouseholdErased
);

/// A household on which everything that is held is asked for.
#[derive(InputObject)]
pub struct ExportSubjectAccessInput {
    /// The household's reference.
    household: String,
    /// Why. Confidential; managers are told, and it is recorded.
    reason: String,
}

/// Everything that is held on the household. Confidential.
#[derive(SimpleObject)]
pub struct SubjectAccessExported {
    /// As JSON.
    json: String,
}

answer!(
    /// The answer to `exportSubjectAccess`.
    ExportSubjectAccessAnswer = SubjectAccessExported
);

/// Keeping the times of retention, erasing, and subject access. For managers, as persons.
#[derive(Default)]
pub struct RetentionMutation;

#[Object]
impl RetentionMutation {
    /// Sets how long records of a kind are kept.
    async fn set_retention_policy(
        &self,
        ctx: &Context<'_>,
        input: SetRetentionPolicyInput,
    ) -> Result<SetRetentionPolicyAnswer> {
        let command = Command::SetRetentionPolicy(retention::RetentionPolicy {
            kind: input.kind.into(),
            // What is below zero is refused as too short.
            days: u32::try_from(input.days).unwrap_or(0),
        });
        Ok(match run(ctx, input.idempotency_key, command).await? {
            Ok(Outcome::RetentionPolicy(policy)) => {
                SetRetentionPolicyAnswer::Done(RetentionPolicySet { policy: policy.into() })
            }
            Ok(_) => return Err(unexpected()),
            Err(refused) => SetRetentionPolicyAnswer::Refused(refused),
        })
    }

    /// Exports everything that is held on a household, for the people that it is about. Needs a fresh second factor; it is
    /// recorded, and managers are told, before it is answered.
    async fn export_subject_access(
        &self,
        ctx: &Context<'_>,
        input: ExportSubjectAccessInput,
    ) -> Result<ExportSubjectAccessAnswer> {
        let done = engine(ctx).subject_access(actor(ctx), &input.household, &input.reason).await;
        Ok(match told(done)? {
            Ok(held) => {
                let json = held.to_json().map_err(|fault| failed(&fault))?;
                ExportSubjectAccessAnswer::Done(SubjectAccessExported { json })
            }
            Err(refused) => ExportSubjectAccessAnswer::Refused(refused),
        })
    }

    /// Erases a household: its key is destroyed, so that nothing sealed for it ever opens again. Its nights stay, and are
    /// nobody's. A second time is refused: there is nothing left.
    async fn erase_household(
        &self,
        ctx: &Context<'_>,
        input: EraseHouseholdInput,
    ) -> Result<EraseHouseholdAnswer> {
        let done = engine(ctx).erase_household(actor(ctx), &input.household, &input.reason).await;
        Ok(match told(done)? {
            Ok(erased) => EraseHouseholdAnswer::Done(HouseholdErased {
                reference: erased.reference,
                erased_at: erased.at,
                backups: "Backups that were made before keep it until they expire.",
            }),
            Err(refused) => EraseHouseholdAnswer::Refused(refused),
        })
    }
}
