//! What partner councils ask: each question is counted, answered within the disclosure policy, and recorded with its
//! answer.

use safespace_domain::{
    Night, Nights, Refusal, RefusalCode,
    access::{Actor, Permission},
    clock::service_day,
    disclosure::{self, RoomAnswer, Wishes},
    households::People,
    nights::{later, next},
    units::Scheme,
};
use safespace_store::{AuditRecord, Page, Question, QuestionCount};
use uuid::Uuid;

use crate::{
    Engine, EngineError,
    work::{Done, Work},
};

/// Whether there is room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskForRoom {
    /// Adults.
    pub adults: i64,
    /// Children.
    pub children: i64,
    /// The first night.
    pub arrival: Night,
    /// How many nights.
    pub nights: i64,
    /// What is wished beyond beds.
    pub wishes: Wishes,
}

/// An answer to [`AskForRoom`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoomTold {
    /// The question, from which a referral can be made.
    pub question: Uuid,
    /// Whether there is room, as far as it is told.
    pub answer: RoomAnswer,
    /// Where there is none: from which later night on there would be some, as things stand.
    pub next_night: Option<Night>,
    /// For which nights.
    pub nights: Nights,
    /// So many questions may the council still ask today.
    pub left_today: u32,
}

/// The council that the actor works for; refused where they work for none.
pub(crate) fn council_of(actor: &Actor) -> Result<&str, Refusal> {
    actor.council.as_deref().ok_or_else(|| {
        Refusal::new(RefusalCode::NotAllowed, "Only somebody who works for a partner council can do this.")
    })
}

impl Engine {
    /// Answers a question of a council. Two questions are two, also when they are the same: an answer from memory
    /// would not be counted. What makes no sense is refused, and not counted.
    pub async fn ask_for_room(&self, actor: &Actor, ask: AskForRoom) -> Result<RoomTold, EngineError> {
        self.must(actor, Permission::AskForRoom)?;
        let council = council_of(actor)?;
        let people = People::new(ask.adults, ask.children)?;
        let (now, spaces) = (self.clock.now(), self.spaces());
        spaces.must_know_features(&ask.wishes.features, "features")?;
        ask.wishes
            .unwanted
            .iter()
            .try_for_each(|name| spaces.must_know_district(name, "unwantedDistricts"))?;
        self.lapse_due().await?;
        let policy = &spaces.disclosure;
        let nights = policy.askable(ask.arrival, ask.nights, now, &spaces.policy(Scheme::SafeSpace))?;
        let day = service_day(now);
        let most = policy.questions_a_day;
        let tx = self.store.begin().await?;
        let Some(asked) = tx.count_question(council, day, most).await? else {
            // The first is a sign that somebody counts the homes by asking; the rest would only fill the audit.
            if tx.count_refused_question(council, day).await? == 1 {
                let detail = serde_json::json!({ "council": council, "most": most }).to_string();
                let record = self.record_of(actor, "ask_for_room_too_often", None);
                self.record(&tx, &[AuditRecord { detail, ..record }]).await?;
            }
            tx.commit().await?;
            return Err(asked_enough(council, most, day).into());
        };
        let last = later(day, policy.nights_ahead);
        let (answer, next_night) = self.live.look(|calendar, spaces| {
            let answer = disclosure::room(calendar, spaces, nights, people, &ask.wishes);
            let next = || disclosure::next_likely(calendar, spaces, nights, people, last);
            (answer, if answer == RoomAnswer::None { next() } else { None })
        });
        let question = Question {
            id: self.ids.next(),
            council: council.to_owned(),
            by: actor.who.id(),
            asked_at: now,
            day,
            people,
            wishes: ask.wishes,
            nights,
            answer,
            next_night,
            referral: None,
        };
        tx.add_question(&question).await?;
        let detail = serde_json::json!({
            "council": council, "people": people.total(), "nights": nights, "answer": answer,
        });
        let record = self.record_of(actor, "ask_for_room", Some(question.id));
        self.record(&tx, &[AuditRecord { detail: detail.to_string(), ..record }]).await?;
        tx.commit().await?;
        let left_today = most.saturating_sub(asked);
        Ok(RoomTold { question: question.id, answer, next_night, nights, left_today })
    }

    /// A question that the council itself has asked, for whoever refers from it.
    pub async fn own_asked(&self, actor: &Actor, id: Uuid) -> Result<Question, EngineError> {
        self.must(actor, Permission::Refer)?;
        let council = council_of(actor)?;
        let found = self.store.reader().question(id).await?;
        let own = found.filter(|question| question.council == council);
        Ok(own.ok_or_else(|| Refusal::not_found("question", "question"))?)
    }

    /// The council's own question with this id, from which no referral was made yet.
    pub(crate) async fn own_question(&self, work: &Work, council: &str, id: Uuid) -> Done<Uuid> {
        let found = work.tx.reader().question(id).await?.filter(|question| question.council == council);
        let question = found.ok_or_else(|| Refusal::not_found("question", "question"))?;
        if question.referral.is_some() {
            let message = "A referral was made from this question already: follow that one.";
            return Err(Refusal::new(RefusalCode::WrongState, message).on("question").into());
        }
        Ok(id)
    }

    /// A page of the questions that were asked on these days, oldest first.
    pub async fn questions(
        &self,
        actor: &Actor,
        days: Option<Nights>,
        page: Page<Uuid>,
    ) -> Result<Vec<Question>, EngineError> {
        self.must(actor, Permission::SeeQuestions)?;
        Ok(self.store.reader().questions(days, page).await?)
    }

    /// How often each council had which answer on these days, by council and answer.
    pub async fn question_counts(
        &self,
        actor: &Actor,
        days: Option<Nights>,
    ) -> Result<Vec<QuestionCount>, EngineError> {
        self.must(actor, Permission::SeeQuestions)?;
        Ok(self.store.reader().question_counts(days).await?)
    }
}

fn asked_enough(council: &str, most: u32, day: Night) -> Refusal {
    Refusal::new(
        RefusalCode::TooMany,
        format!(
            "{council} has asked its {most} questions of {day}: it may ask again from midnight (Europe/London), when \
             {} begins. In an emergency, telephone the team.",
            next(day)
        ),
    )
}
