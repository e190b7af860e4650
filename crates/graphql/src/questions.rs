//! What partner councils asked.

use async_graphql::{Context, Enum, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use safespace_domain::disclosure;
use safespace_engine::{Page as StorePage, QuestionCount as Counted};
use uuid::Uuid;

use crate::{
    actor,
    answers::query_error,
    engine,
    paging::{Page, Window},
    scalars::{Date, count, nights_filter},
};

/// What a council was told.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "disclosure::RoomAnswer")]
pub enum RoomAnswer {
    /// No home of this size was free.
    None,
    /// One or a few were.
    Some,
    /// More than a few were.
    Several,
    /// The household was too large for this to be told.
    AskUs,
}

/// A question of a partner council, with its answer.
pub struct Question(safespace_engine::Question);

#[Object]
impl Question {
    /// The council.
    async fn council(&self) -> &str {
        &self.0.council
    }

    /// When it was asked.
    async fn asked_at(&self) -> DateTime<Utc> {
        self.0.asked_at
    }

    /// For how many people.
    async fn people(&self) -> i32 {
        i32::from(self.0.people.total())
    }

    /// Of them, children.
    async fn children(&self) -> i32 {
        i32::from(self.0.people.children)
    }

    /// The codes of features that were wished.
    async fn features(&self) -> Vec<&str> {
        self.0.wishes.features.iter().map(String::as_str).collect()
    }

    /// The districts where the household is not safe.
    async fn unwanted_districts(&self) -> Vec<&str> {
        self.0.wishes.unwanted.iter().map(String::as_str).collect()
    }

    /// Where there was no room: from which later night on there would have been some.
    async fn next_night(&self) -> Option<Date> {
        self.0.next_night.map(Date)
    }

    /// Whether a referral was made from it.
    async fn referred(&self) -> bool {
        self.0.referral.is_some()
    }

    /// The first night that was asked for.
    async fn arrival(&self) -> Date {
        Date(self.0.nights.arrival())
    }

    /// How many nights.
    async fn nights(&self) -> i32 {
        count(self.0.nights.len())
    }

    /// What was answered.
    async fn answer(&self) -> RoomAnswer {
        self.0.answer.into()
    }
}

/// How often a council had an answer.
#[derive(SimpleObject)]
pub struct QuestionCount {
    /// The council.
    council: String,
    /// The answer.
    answer: RoomAnswer,
    /// How often.
    asked: i32,
}

/// Looking up what partner councils asked. For managers.
#[derive(Default)]
pub struct QuestionsQuery;

#[Object]
impl QuestionsQuery {
    /// The questions that partner councils asked from one day up to, not including, another; oldest first. For
    /// managers.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn questions(
        &self,
        ctx: &Context<'_>,
        from: Option<Date>,
        to: Option<Date>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<Question>> {
        let window = Window::new(first, after)?;
        let asked = StorePage { after: window.key::<Uuid>()?, limit: window.limit() };
        let rows =
            engine(ctx).questions(actor(ctx), nights_filter(from, to)?, asked).await.map_err(query_error)?;
        Ok(window.page(rows.into_iter().map(|row| (row.id.to_string(), Question(row)))))
    }

    /// How often each council had which answer, by council and answer. For managers.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn question_counts(
        &self,
        ctx: &Context<'_>,
        from: Option<Date>,
        to: Option<Date>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<QuestionCount>> {
        let window = Window::new(first, after)?;
        let rows =
            engine(ctx).question_counts(actor(ctx), nights_filter(from, to)?).await.map_err(query_error)?;
        window.page_of(rows, |Counted { council, answer, asked }| QuestionCount {
            council,
            answer: answer.into(),
            asked: count(asked),
        })
    }
}
