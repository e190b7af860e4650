//! One's own sessions.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use safespace_domain::{SessionId, access::Who, sessions};
use safespace_engine::EngineError;

use crate::{
    actor,
    answers::{answer as declare, query_error, told},
    engine, ids,
    paging::{Page, Window},
};

/// A session: somebody who signed in, on one device.
pub struct Session {
    session: sessions::Session,
    this_one: bool,
}

#[Object]
impl Session {
    /// Its id.
    async fn id(&self) -> ID {
        ids::global("Session", self.session.id)
    }

    /// When it began.
    async fn begun_at(&self) -> DateTime<Utc> {
        self.session.begun_at
    }

    /// When something was asked in it last, to the minute.
    async fn seen_at(&self) -> DateTime<Utc> {
        self.session.seen_at
    }

    /// Whether it is the one that asks.
    async fn this_one(&self) -> bool {
        self.this_one
    }
}

/// Looking one's own sessions up.
#[derive(Default)]
pub struct SessionsQuery;

#[Object]
impl SessionsQuery {
    /// One's own sessions, newest first. None for programs.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn sessions(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<Session>> {
        let asks = actor(ctx);
        let rows = engine(ctx).own_sessions(asks).await.map_err(query_error)?;
        let is_this = |id: SessionId| matches!(asks.who, Who::Person { session, .. } if session == id);
        Window::new(first, after)?.page_of(rows, |session| Session { this_one: is_this(session.id), session })
    }
}

/// One of one's own sessions.
#[derive(InputObject)]
pub struct EndSessionInput {
    /// Which.
    session: ID,
}

/// Sessions were ended.
#[derive(SimpleObject)]
pub struct SessionsEnded {
    /// How many.
    ended: i32,
}

declare!(
    /// The answer to ending sessions.
    EndSessionAnswer = SessionsEnded
);

/// Ending one's own sessions.
#[derive(Default)]
pub struct SessionsMutation;

#[Object]
impl SessionsMutation {
    /// Ends one of one's own sessions.
    async fn end_session(&self, ctx: &Context<'_>, input: EndSessionInput) -> Result<EndSessionAnswer> {
        let id = SessionId(ids::of_kind("Session", &input.session)?);
        answer(engine(ctx).end_session(actor(ctx), id).await.map(|()| 1))
    }

    /// Signs out everywhere.
    async fn end_all_sessions(&self, ctx: &Context<'_>) -> Result<EndSessionAnswer> {
        answer(engine(ctx).end_all_sessions(actor(ctx)).await)
    }
}

fn answer(done: std::result::Result<u64, EngineError>) -> Result<EndSessionAnswer> {
    Ok(match told(done)? {
        Ok(ended) => {
            EndSessionAnswer::Done(SessionsEnded { ended: i32::try_from(ended).unwrap_or(i32::MAX) })
        }
        Err(refused) => EndSessionAnswer::Refused(refused),
    })
}
