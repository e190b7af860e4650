//! What partner councils asked, and how often.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use safespace_domain::{
    Night, Nights, ReferralId,
    disclosure::{RoomAnswer, Wishes},
    households::People,
    nights::later,
};
use sea_orm::{
    ActiveValue::{Set, Unchanged},
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement,
};
use uuid::Uuid;

use crate::{Page, Reader, Result, StoreError, Tx};

mod question {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "question")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub council: String,
        pub by_id: Uuid,
        pub asked_at: DateTimeUtc,
        pub day: Date,
        pub people: i32,
        pub children: i32,
        pub features: String,
        pub unwanted: String,
        pub night: Date,
        pub nights: i32,
        pub answer: String,
        pub next_night: Option<Date>,
        pub referral_id: Option<Uuid>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// A question of a council, with its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Its id.
    pub id: Uuid,
    /// Whose it was.
    pub council: String,
    /// By which account or token it was asked.
    pub by: Uuid,
    /// When.
    pub asked_at: DateTime<Utc>,
    /// The service's day on which it was asked.
    pub day: Night,
    /// For whom, as counts.
    pub people: People,
    /// What was wished beyond beds.
    pub wishes: Wishes,
    /// For which nights.
    pub nights: Nights,
    /// What was answered.
    pub answer: RoomAnswer,
    /// From which later night on there would be room, where there was none.
    pub next_night: Option<Night>,
    /// The referral that was made from it.
    pub referral: Option<ReferralId>,
}

/// How often a council had an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuestionCount {
    /// The council.
    pub council: String,
    /// The answer.
    pub answer: RoomAnswer,
    /// How often.
    pub asked: u64,
}

fn answer(text: &str) -> Result<RoomAnswer> {
    text.parse().map_err(|_| StoreError::Unreadable("question.answer"))
}

/// Names, as JSON; of earlier rows nothing.
fn names(text: &str) -> Result<BTreeSet<String>> {
    if text.is_empty() {
        return Ok(BTreeSet::new());
    }
    serde_json::from_str(text).map_err(|_| StoreError::Unreadable("question.features"))
}

fn json(names: &BTreeSet<String>) -> Result<String> {
    serde_json::to_string(names).map_err(|_| StoreError::Unreadable("question.features"))
}

fn domain(row: question::Model) -> Result<Question> {
    let count = |n: i32| u16::try_from(n).map_err(|_| StoreError::Unreadable("question.people"));
    let run = u32::try_from(row.nights).map_err(|_| StoreError::Unreadable("question.nights"))?;
    Ok(Question {
        id: row.id,
        council: row.council,
        by: row.by_id,
        asked_at: row.asked_at,
        day: row.day,
        people: People {
            adults: count(row.people.saturating_sub(row.children))?,
            children: count(row.children)?,
        },
        wishes: Wishes { features: names(&row.features)?, unwanted: names(&row.unwanted)? },
        nights: Nights::between(row.night, later(row.night, run)),
        answer: answer(&row.answer)?,
        next_night: row.next_night,
        referral: row.referral_id.map(ReferralId),
    })
}

impl<C: ConnectionTrait> Reader<'_, C> {
    /// A page of the questions that were asked on these days, oldest first.
    pub async fn questions(&self, days: Option<Nights>, page: Page<Uuid>) -> Result<Vec<Question>> {
        let mut select = question::Entity::find();
        if let Some(days) = days {
            select = select
                .filter(question::Column::Day.gte(days.arrival()))
                .filter(question::Column::Day.lt(days.departure()));
        }
        if let Some(after) = page.after {
            select = select.filter(question::Column::Id.gt(after));
        }
        let rows = select.order_by_asc(question::Column::Id).limit(page.limit).all(self.connection).await?;
        rows.into_iter().map(domain).collect()
    }

    /// The question with this id.
    pub async fn question(&self, id: Uuid) -> Result<Option<Question>> {
        question::Entity::find_by_id(id).one(self.connection).await?.map(domain).transpose()
    }

    /// How often each council had which answer on these days, by council and answer.
    pub async fn question_counts(&self, days: Option<Nights>) -> Result<Vec<QuestionCount>> {
        let mut select = question::Entity::find()
            .select_only()
            .column(question::Column::Council)
            .column(question::Column::Answer)
            .column_as(question::Column::Id.count(), "asked");
        if let Some(days) = days {
            select = select
                .filter(question::Column::Day.gte(days.arrival()))
                .filter(question::Column::Day.lt(days.departure()));
        }
        let select = select
            .group_by(question::Column::Council)
            .group_by(question::Column::Answer)
            .order_by_asc(question::Column::Council)
            .order_by_asc(question::Column::Answer);
        let rows: Vec<(String, String, i64)> = select.into_tuple().all(self.connection).await?;
        rows.into_iter()
            .map(|(council, text, asked)| {
                Ok(QuestionCount {
                    council,
                    answer: answer(&text)?,
                    asked: u64::try_from(asked).unwrap_or(0),
                })
            })
            .collect()
    }
}

impl Tx {
    /// Counts one more question of a council on a day, unless it has asked `most` already. Returns how many it has
    /// asked now; none when it may not ask another. Right also when many ask at once: the row decides.
    pub async fn count_question(&self, council: &str, day: Night, most: u32) -> Result<Option<u32>> {
        if most == 0 {
            return Ok(None);
        }
        let sql = "INSERT INTO question_count (council, day, asked) VALUES ($1, $2, 1) \
                   ON CONFLICT (council, day) DO UPDATE SET asked = question_count.asked + 1 \
                   WHERE question_count.asked < $3 RETURNING asked";
        let values = [council.into(), day.into(), i32::try_from(most).unwrap_or(i32::MAX).into()];
        let count = Statement::from_sql_and_values(self.backend(), sql, values);
        let Some(row) = self.connection().query_one_raw(count).await? else { return Ok(None) };
        let asked: i32 = row.try_get_by_index(0)?;
        Ok(Some(u32::try_from(asked).unwrap_or(u32::MAX)))
    }

    /// Counts a question that was refused because the council has asked enough on that day. Returns how many were.
    pub async fn count_refused_question(&self, council: &str, day: Night) -> Result<u32> {
        let sql = "INSERT INTO question_count (council, day, asked, refused) VALUES ($1, $2, 0, 1) \
                   ON CONFLICT (council, day) DO UPDATE SET refused = question_count.refused + 1 RETURNING refused";
        let count = Statement::from_sql_and_values(self.backend(), sql, [council.into(), day.into()]);
        let row = self.connection().query_one_raw(count).await?;
        let refused = row.map(|row| row.try_get_by_index::<i32>(0)).transpose()?.unwrap_or(0);
        Ok(u32::try_from(refused).unwrap_or(u32::MAX))
    }

    /// A referral was made from a question.
    pub async fn answer_question(&self, id: Uuid, referral: ReferralId) -> Result<()> {
        let row = question::ActiveModel {
            id: Unchanged(id),
            referral_id: Set(Some(referral.0)),
            ..Default::default()
        };
        question::Entity::update(row).exec(self.connection()).await?;
        Ok(())
    }

    /// Keeps a question with its answer.
    pub async fn add_question(&self, added: &Question) -> Result<()> {
        let row = question::ActiveModel {
            id: Set(added.id),
            council: Set(added.council.clone()),
            by_id: Set(added.by),
            asked_at: Set(added.asked_at),
            day: Set(added.day),
            people: Set(i32::from(added.people.total())),
            children: Set(i32::from(added.people.children)),
            features: Set(json(&added.wishes.features)?),
            unwanted: Set(json(&added.wishes.unwanted)?),
            night: Set(added.nights.arrival()),
            nights: Set(i32::try_from(added.nights.len()).unwrap_or(i32::MAX)),
            answer: Set(added.answer.to_string()),
            next_night: Set(added.next_night),
            referral_id: Set(added.referral.map(|referral| referral.0)),
        };
        question::Entity::insert(row).exec_without_returning(self.connection()).await?;
        Ok(())
    }
}
