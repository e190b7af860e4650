//! Support: sessions with households.

use std::{collections::HashMap, sync::Arc};

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject, dataloader::Loader};
use chrono::{DateTime, Utc};
use safespace_domain::{HouseholdId, SupportSessionId, support};
use safespace_engine::{
    Command, CorrectSupportSession, EngineError, Outcome, RecordSupportSession, SupportAsk,
    SupportSessionView,
};

use crate::{
    actor,
    answers::{answer, query_error, run, shared, unexpected},
    engine,
    households::{HouseholdLoader, all_of, by_household},
    ids,
    scalars::{count, natural},
};

/// How a household and its supporter met.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "support::Channel")]
pub enum SupportChannel {
    /// In one room.
    InPerson,
    /// By telephone.
    Phone,
    /// By video.
    Video,
}

/// Whether support was given while the office is open.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "support::Hours")]
pub enum SupportHours {
    /// Monday to Friday from nine to five, London time.
    InHours,
    /// At night, early or late, on a weekend or a holiday.
    OutOfHours,
}

/// What came of an offer of support. Either way it counts as an offer.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "support::OutcomeKind")]
pub enum SupportOutcome {
    /// The session was held.
    Held,
    /// The household declined it.
    Declined,
}

/// A session of support with one household, or the offer of one that it declined.
pub struct SupportSession(pub(crate) SupportSessionView);

#[Object]
impl SupportSession {
    /// Its id.
    async fn id(&self) -> ID {
        ids::global("SupportSession", self.0.session.id)
    }

    /// When it began, or was offered.
    async fn starts_at(&self) -> DateTime<Utc> {
        self.0.session.starts_at
    }

    /// How they met.
    async fn channel(&self) -> SupportChannel {
        self.0.session.channel.into()
    }

    /// In which hours.
    async fn hours(&self) -> SupportHours {
        self.0.session.hours.into()
    }

    /// What came of it.
    async fn outcome(&self) -> SupportOutcome {
        self.0.session.outcome.kind().into()
    }

    /// For how many minutes it was held; null where it was declined.
    async fn minutes(&self) -> Option<i32> {
        self.0.session.outcome.minutes().map(i32::from)
    }

    /// What it was about: codes of the list of topics.
    async fn topics(&self) -> Vec<&str> {
        self.0.session.topics.iter().map(String::as_str).collect()
    }

    /// A note. Confidential.
    async fn note(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        engine(ctx).support_note(actor(ctx), &self.0).await.map_err(query_error)
    }

    /// Its version: `correctSupportSession` takes the one that you have seen.
    async fn version(&self) -> i32 {
        count(self.0.session.version)
    }

    /// When it was written down.
    async fn recorded_at(&self) -> DateTime<Utc> {
        self.0.session.recorded_at
    }

    /// When it was taken back as recorded by mistake, where it was: then it counts for nothing.
    async fn withdrawn_at(&self) -> Option<DateTime<Utc>> {
        self.0.session.withdrawn_at
    }
}

/// Whose sessions.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct SupportOf(HouseholdId);

impl Loader<SupportOf> for HouseholdLoader {
    type Value = Vec<SupportSessionView>;
    type Error = Arc<EngineError>;

    async fn load(&self, keys: &[SupportOf]) -> Result<HashMap<SupportOf, Self::Value>, Self::Error> {
        let households: Vec<HouseholdId> = keys.iter().map(|key| key.0).collect();
        let all = self.engine.support_sessions(&self.actor, &households).await.map_err(shared)?;
        Ok(by_household(keys, all, |view| SupportOf(view.session.household)))
    }
}

/// The sessions of a household, latest first.
pub(crate) async fn of(ctx: &Context<'_>, household: HouseholdId) -> Result<Vec<SupportSessionView>> {
    all_of(ctx, SupportOf(household)).await
}

/// What is said of a session.
#[derive(InputObject)]
pub struct SupportInput {
    /// When it began, or was offered.
    starts_at: DateTime<Utc>,
    /// How they met, or were to meet.
    channel: SupportChannel,
    /// In which hours; left out, as the clock says. Say it on a bank holiday, which the clock does not know.
    hours: Option<SupportHours>,
    /// What came of it.
    #[graphql(default_with = "SupportOutcome::Held")]
    outcome: SupportOutcome,
    /// For how many minutes it was held, 1 to 720; left out where it was declined.
    minutes: Option<i32>,
    /// What it was about: codes of the list of topics.
    #[graphql(default)]
    topics: Vec<String>,
    /// A note; what is left out stays, and an empty one is taken away. Confidential.
    note: Option<String>,
}

impl From<SupportInput> for SupportAsk {
    fn from(input: SupportInput) -> Self {
        Self {
            starts_at: input.starts_at,
            channel: input.channel.into(),
            hours: input.hours.map(Into::into),
            outcome: input.outcome.into(),
            minutes: input.minutes.map(i64::from),
            topics: input.topics.into_iter().collect(),
            note: input.note,
        }
    }
}

/// A session to write down.
#[derive(InputObject)]
pub struct RecordSupportSessionInput {
    /// With whom: the household's reference.
    household: String,
    /// What is said of it.
    session: SupportInput,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// What is to be written down of a session instead.
#[derive(InputObject)]
pub struct CorrectSupportSessionInput {
    /// Which.
    session: ID,
    /// The version that you have seen.
    version: i32,
    /// All that is said of it now.
    now: SupportInput,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// A session that was recorded by mistake.
#[derive(InputObject)]
pub struct WithdrawSupportSessionInput {
    /// Which.
    session: ID,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// A session was written down, changed or taken back.
#[derive(SimpleObject)]
pub struct SupportSessionRecorded {
    /// As it is now.
    session: SupportSession,
}

answer!(
    /// The answer to a change of a session of support.
    SupportSessionAnswer = SupportSessionRecorded
);

/// Recording support. For officers and managers.
#[derive(Default)]
pub struct SupportMutation;

#[Object]
impl SupportMutation {
    /// Writes a session of support down, or the offer of one that was declined.
    async fn record_support_session(
        &self,
        ctx: &Context<'_>,
        input: RecordSupportSessionInput,
    ) -> Result<SupportSessionAnswer> {
        let ask = RecordSupportSession { household: input.household, ask: input.session.into() };
        recorded(ctx, input.idempotency_key, Command::RecordSupportSession(ask)).await
    }

    /// Changes what is written down of a session.
    async fn correct_support_session(
        &self,
        ctx: &Context<'_>,
        input: CorrectSupportSessionInput,
    ) -> Result<SupportSessionAnswer> {
        let ask = CorrectSupportSession {
            session: session_id(&input.session)?,
            version: natural(input.version),
            ask: input.now.into(),
        };
        recorded(ctx, input.idempotency_key, Command::CorrectSupportSession(ask)).await
    }

    /// Takes a session back that was recorded by mistake: it counts for nothing, and stays on record.
    async fn withdraw_support_session(
        &self,
        ctx: &Context<'_>,
        input: WithdrawSupportSessionInput,
    ) -> Result<SupportSessionAnswer> {
        let session = session_id(&input.session)?;
        recorded(ctx, input.idempotency_key, Command::WithdrawSupportSession { session }).await
    }
}

fn session_id(id: &ID) -> Result<SupportSessionId> {
    Ok(SupportSessionId(ids::of_kind("SupportSession", id)?))
}

async fn recorded(ctx: &Context<'_>, key: Option<String>, command: Command) -> Result<SupportSessionAnswer> {
    Ok(match run(ctx, key, command).await? {
        Ok(Outcome::SupportSession(session)) => {
            let found = engine(ctx).support_session(actor(ctx), session.id).await.map_err(query_error)?;
            let session = SupportSession(found.ok_or_else(unexpected)?);
            SupportSessionAnswer::Done(SupportSessionRecorded { session })
        }
        Ok(_) => return Err(unexpected()),
        Err(refused) => SupportSessionAnswer::Refused(refused),
    })
}
