//! Support: sessions with a household, held or offered and declined, their notes sealed.

use safespace_domain::{
    HouseholdId, Refusal, SupportSessionId,
    access::{Actor, Permission},
    codes,
    reasons::ReasonKind,
    referrals::ReferralStatus,
    support::{Hours, MOST_TOPICS, SupportOutcome, SupportSession, begun, known_since},
};
use safespace_store::StoredSupportSession;

use crate::{
    CorrectSupportSession, Engine, EngineError, Outcome, RecordSupportSession, SupportAsk,
    erasure::must_not_be_erased,
    work::{Done, Work},
};

/// A session, and its note as it is sealed: [`Engine::support_note`] opens it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SupportSessionView {
    /// The session.
    pub session: SupportSession,
    sealed: Option<Vec<u8>>,
}

impl From<StoredSupportSession> for SupportSessionView {
    fn from(stored: StoredSupportSession) -> Self {
        Self { session: stored.session, sealed: stored.note }
    }
}

impl Engine {
    /// The sessions of these households, latest first, as far as their cases are open to the actor. Those that were taken
    /// back are among them, and say so.
    pub async fn support_sessions(
        &self,
        actor: &Actor,
        households: &[HouseholdId],
    ) -> Result<Vec<SupportSessionView>, EngineError> {
        self.must(actor, Permission::SeeStays)?;
        let open = self.open_among(actor, households);
        let found = self.store.reader().support_sessions(&open).await?;
        Ok(found.into_iter().map(SupportSessionView::from).collect())
    }

    /// The session with this id.
    pub async fn support_session(
        &self,
        actor: &Actor,
        id: SupportSessionId,
    ) -> Result<Option<SupportSessionView>, EngineError> {
        self.must(actor, Permission::SeeStays)?;
        let found = self.store.reader().support_session(id).await?;
        let open = found.filter(|stored| !self.is_closed_to(actor, stored.session.household));
        Ok(open.map(SupportSessionView::from))
    }

    /// The note of a session, opened; none where there is none, and once the household was erased.
    pub async fn support_note(
        &self,
        actor: &Actor,
        view: &SupportSessionView,
    ) -> Result<Option<String>, EngineError> {
        let SupportSession { id, household, .. } = view.session;
        self.must(actor, Permission::SeeStays)?;
        self.must_be_open_to(actor, household, "household")?;
        let Some(sealed) = &view.sealed else { return Ok(None) };
        self.open_unless_erased(household.0, &note_context(id), sealed).await
    }

    /// Those of these households whose cases are open to the actor.
    pub(crate) fn open_among(&self, actor: &Actor, households: &[HouseholdId]) -> Vec<HouseholdId> {
        households.iter().copied().filter(|household| !self.is_closed_to(actor, *household)).collect()
    }

    pub(crate) async fn record_support_session(
        &self,
        work: &mut Work,
        ask: RecordSupportSession,
    ) -> Done<Outcome> {
        let household = self.open_household(work, &ask.household).await?;
        let blank = SupportSession {
            id: SupportSessionId(self.ids.next()),
            household,
            recorded_by: work.actor.who.id(),
            recorded_at: work.now,
            starts_at: ask.ask.starts_at,
            channel: ask.ask.channel,
            hours: Hours::at(ask.ask.starts_at),
            outcome: SupportOutcome::Declined,
            topics: ask.ask.topics.clone(),
            version: 1,
            withdrawn_at: None,
        };
        let stored = self.said(work, StoredSupportSession { session: blank, note: None }, ask.ask).await?;
        work.tx.add_support_session(&stored).await?;
        Ok(recorded(work, stored.session))
    }

    pub(crate) async fn correct_support_session(
        &self,
        work: &mut Work,
        ask: CorrectSupportSession,
    ) -> Done<Outcome> {
        let before = self.lock_support_session(work, ask.session).await?;
        before.session.must_stand()?;
        before.session.must_be_version(ask.version)?;
        let version = before.session.version.saturating_add(1);
        let session = SupportSession { version, ..before.session };
        let stored = self.said(work, StoredSupportSession { session, note: before.note }, ask.ask).await?;
        work.tx.save_support_session(&stored).await?;
        Ok(recorded(work, stored.session))
    }

    pub(crate) async fn withdraw_support_session(
        &self,
        work: &mut Work,
        id: SupportSessionId,
    ) -> Done<Outcome> {
        let before = self.lock_support_session(work, id).await?;
        let session = before.session.withdraw(work.now)?;
        let stored = StoredSupportSession { session, note: before.note };
        work.tx.save_support_session(&stored).await?;
        Ok(recorded(work, stored.session))
    }

    /// A session with what is said of it.
    async fn said(
        &self,
        work: &Work,
        before: StoredSupportSession,
        ask: SupportAsk,
    ) -> Done<StoredSupportSession> {
        let household = before.session.household;
        let referrals = work.tx.reader().referrals_for(household, &ReferralStatus::ALL).await?;
        let received: Vec<_> = referrals.iter().map(|stored| stored.referral.received_at).collect();
        let stays = work.tx.reader().whole_stays_of(&[household]).await?;
        let starts_at = begun(ask.starts_at, known_since(&received, &stays), work.now)?;
        let outcome = SupportOutcome::said(ask.outcome, ask.minutes)?;
        if ask.topics.len() > MOST_TOPICS {
            return Err(Refusal::bad("topics", format!("A session has at most {MOST_TOPICS} topics.")).into());
        }
        for topic in &ask.topics {
            work.spaces.reason(ReasonKind::Topic, topic, "topics")?;
        }
        let id = before.session.id;
        let note = match ask.note {
            Some(text) if text.trim().is_empty() => None,
            Some(text) => {
                let text = codes::note(&text, "note")?;
                Some(self.seal(&work.tx, household.0, &note_context(id), &text).await?)
            }
            None => before.note,
        };
        let session = SupportSession {
            starts_at,
            channel: ask.channel,
            hours: ask.hours.unwrap_or_else(|| Hours::at(starts_at)),
            outcome,
            topics: ask.topics,
            ..before.session
        };
        Ok(StoredSupportSession { session, note })
    }

    /// The session with its household locked, if its case is open to the actor.
    async fn lock_support_session(
        &self,
        work: &mut Work,
        id: SupportSessionId,
    ) -> Done<StoredSupportSession> {
        let not_found = || Refusal::not_found("session", "session");
        let found = work.tx.reader().support_session(id).await?.ok_or_else(not_found)?;
        let household = found.session.household;
        self.must_be_open_to(&work.actor, household, "session")?;
        work.tx.lock_household_by_id(household).await?;
        must_not_be_erased(&work.tx, household).await?;
        work.about(household);
        // Read again: somebody may have changed it before it was locked.
        Ok(work.tx.reader().support_session(id).await?.ok_or_else(not_found)?)
    }
}

fn recorded(work: &mut Work, session: SupportSession) -> Outcome {
    work.audit(Some(session.household.0), &[], &session);
    Outcome::SupportSession(session)
}

/// The place to which a session's note is bound.
fn note_context(id: SupportSessionId) -> String {
    format!("support_session.note.{id}")
}
