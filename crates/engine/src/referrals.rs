//! Referrals: sent and followed by a council, answered by the team.

use std::sync::Arc;

use safespace_domain::{
    HouseholdId, Night, ReferralId, Refusal, RefusalCode,
    access::{Actor, Permission},
    codes,
    households::People,
    referrals::{self, Outcome as ReferralOutcome, Referral, ReferralState, ReferralStatus},
    stays::Stay,
    units::Scheme,
};
use safespace_store::{Page, StoredReferral, Tx};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    Engine, EngineError, Fault, Outcome,
    erasure::must_not_be_erased,
    keys::Purpose,
    questions::council_of,
    reveals::Confidential,
    work::{Done, Work},
};

/// What Crockford's base 32 writes with: no letter that is taken for a digit, or makes a word.
const BASE_32: [char; 32] = [
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'J', 'K', 'M',
    'N', 'P', 'Q', 'R', 'S', 'T', 'V', 'W', 'X', 'Y', 'Z',
];

/// See [`crate::Command::SubmitReferral`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SubmitReferral {
    /// Adults.
    pub adults: i64,
    /// Children.
    pub children: i64,
    /// The night from which on a place is needed.
    pub arrival: Night,
    /// The worker's call-back number and what the household needs, which is confidential.
    pub details: Option<String>,
}

/// A referral, as the team sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReferralView {
    /// The referral.
    pub referral: Referral,
    /// Whether the worker wrote details, which are shown by [`Engine::reveal_referral_details`] only.
    pub has_details: bool,
}

impl From<StoredReferral> for ReferralView {
    fn from(stored: StoredReferral) -> Self {
        Self { has_details: stored.details.is_some(), referral: stored.referral }
    }
}

/// Which referrals a list of the team has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReferralFilter {
    /// Only those of this council.
    pub council: Option<String>,
    /// Only those with one of these statuses; empty for all.
    pub statuses: Vec<ReferralStatus>,
}

/// A referral, as the council that sent it sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowedReferral {
    /// The referral. Whom it was accepted for is not for the council.
    pub referral: Referral,
    /// What has become of it.
    pub outcome: ReferralOutcome,
}

impl Engine {
    /// The referral with this id, for the team. None where it is about a case that is closed to the actor.
    pub async fn referral(&self, actor: &Actor, id: ReferralId) -> Result<Option<ReferralView>, EngineError> {
        self.must(actor, Permission::AnswerReferrals)?;
        let found = self.store.reader().referral(id).await?;
        Ok(found.filter(|stored| self.is_open(actor, &stored.referral)).map(ReferralView::from))
    }

    /// A page of the referrals that pass the filter, oldest first, for the team.
    pub async fn referrals(
        &self,
        actor: &Actor,
        filter: &ReferralFilter,
        page: Page<ReferralId>,
    ) -> Result<Vec<ReferralView>, EngineError> {
        self.must(actor, Permission::AnswerReferrals)?;
        let filter = safespace_store::ReferralFilter {
            council: filter.council.clone(),
            statuses: filter.statuses.clone(),
            but: self.closed_to(actor).await?.households().iter().copied().collect(),
        };
        let found = self.store.reader().referrals(&filter, page).await?;
        Ok(found.into_iter().map(ReferralView::from).collect())
    }

    /// Reveals what the worker wrote with a referral, as personal details are revealed: to a person with a reason and a
    /// fresh second factor, within the quota, and managers are told.
    pub async fn reveal_referral_details(
        self: &Arc<Self>,
        actor: &Arc<Actor>,
        id: ReferralId,
        reason: &str,
    ) -> Result<String, EngineError> {
        self.must(actor, Permission::Reveal)?;
        let found = self.store.reader().referral(id).await?;
        let details = self.details_if_open(actor, found)?;
        self.record_reveal(actor, Confidential::Referral(id), reason).await?;
        let opened = self.open_unless_erased(id.0, &details_context(id), &details).await?;
        Ok(opened.ok_or_else(no_details)?)
    }

    /// Locks a referral whose details are to be revealed, so that they are not erased meanwhile: sealing a reason makes
    /// a key where there is none, and one that was destroyed must not come to life again. Returns whose case it is of.
    pub(crate) async fn lock_to_reveal(
        &self,
        tx: &Tx,
        actor: &Actor,
        id: ReferralId,
    ) -> Result<Option<HouseholdId>, EngineError> {
        let case = |found: &Option<StoredReferral>| found.as_ref().and_then(|it| it.referral.household());
        // The household first, as an erasure locks them.
        let expected = case(&tx.reader().referral(id).await?);
        if let Some(household) = expected {
            tx.lock_household_by_id(household).await?;
            must_not_be_erased(tx, household).await?;
        }
        let found = tx.lock_referral(id).await?;
        if case(&found) != expected {
            let message = "A colleague has just answered this referral: look again, then decide.";
            return Err(Refusal::new(RefusalCode::Changed, message).on("referral").into());
        }
        self.details_if_open(actor, found)?;
        Ok(expected)
    }

    fn details_if_open(&self, actor: &Actor, found: Option<StoredReferral>) -> Result<Vec<u8>, Refusal> {
        let open = found.filter(|stored| self.is_open(actor, &stored.referral));
        let stored = open.ok_or_else(|| Refusal::not_found("referral", "referral"))?;
        stored.details.ok_or_else(no_details)
    }

    /// A page of the council's own referrals, oldest first.
    pub async fn followed_referrals(
        &self,
        actor: &Actor,
        page: Page<ReferralId>,
    ) -> Result<Vec<FollowedReferral>, EngineError> {
        self.must(actor, Permission::FollowReferrals)?;
        let filter = safespace_store::ReferralFilter {
            council: Some(council_of(actor)?.to_owned()),
            ..Default::default()
        };
        let found = self.store.reader().referrals(&filter, page).await?;
        self.followed(found.into_iter().map(|stored| stored.referral).collect()).await
    }

    /// The council's own referral with this id. None where it is another's: the two read the same.
    pub async fn followed_referral(
        &self,
        actor: &Actor,
        id: ReferralId,
    ) -> Result<Option<FollowedReferral>, EngineError> {
        self.must(actor, Permission::FollowReferrals)?;
        let council = council_of(actor)?;
        let found = self.store.reader().referral(id).await?;
        let own = found.map(|stored| stored.referral).filter(|referral| referral.council == council);
        Ok(self.followed(own.into_iter().collect()).await?.pop())
    }

    async fn followed(&self, referrals: Vec<Referral>) -> Result<Vec<FollowedReferral>, EngineError> {
        let households: Vec<_> = referrals.iter().filter_map(Referral::household).collect();
        let stays: Vec<Stay> = if households.is_empty() {
            Vec::new()
        } else {
            self.store.reader().whole_stays_of(&households).await?
        };
        let followed = |referral: Referral| {
            let outcome = referrals::outcome(&referral, &stays);
            FollowedReferral { referral, outcome }
        };
        Ok(referrals.into_iter().map(followed).collect())
    }

    pub(crate) async fn submit_referral(&self, work: &mut Work, ask: SubmitReferral) -> Done<Outcome> {
        let actor = Arc::clone(&work.actor);
        let council = council_of(&actor)?.to_owned();
        let people = People::new(ask.adults, ask.children)?;
        referrals::expected(ask.arrival, work.now, &work.spaces.policy(Scheme::SafeSpace))?;
        let id = ReferralId(self.ids.next());
        let details = match ask.details.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
            None => None,
            Some(text) => {
                let text = codes::note(text, "details")?;
                Some(self.seal(&work.tx, id.0, &details_context(id), &text).await?)
            }
        };
        let referral = Referral {
            id,
            reference: self.referral_reference(id.0)?,
            council,
            people,
            arrival: ask.arrival,
            received_at: work.now,
            state: ReferralState::Received,
        };
        let stored = StoredReferral { referral, by: actor.who.id(), details };
        work.tx.add_referral(&stored).await?;
        work.audit(Some(id.0), &[], &stored.referral);
        Ok(Outcome::Referral(stored.referral))
    }

    pub(crate) async fn withdraw_referral(&self, work: &mut Work, id: ReferralId) -> Done<Outcome> {
        let actor = Arc::clone(&work.actor);
        let council = council_of(&actor)?;
        let found = work.tx.lock_referral(id).await?.map(|stored| stored.referral);
        let own = found.filter(|referral| referral.council == council);
        let referral = own.ok_or_else(|| Refusal::not_found("referral", "referral"))?;
        self.keep_referral(work, referral.withdraw(work.now)?).await
    }

    pub(crate) async fn accept_referral(
        &self,
        work: &mut Work,
        id: ReferralId,
        household: &str,
    ) -> Done<Outcome> {
        let reference = codes::reference(household, "household")?;
        let before = self.lock_referral(work, id).await?;
        before.must_be_received("accepted")?;
        let household = match self.lock_called(work, &reference).await? {
            Some(known) => known,
            None => self.add_called(work, &reference).await?,
        };
        let referral = before.accept(household, work.now)?;
        work.about(household);
        self.keep_referral(work, referral).await
    }

    pub(crate) async fn decline_referral(
        &self,
        work: &mut Work,
        id: ReferralId,
        reason: &str,
    ) -> Done<Outcome> {
        let reason = referrals::decline_reason(reason)?;
        let before = self.lock_referral(work, id).await?;
        let referral = before.decline(reason, work.now)?;
        self.keep_referral(work, referral).await
    }

    async fn lock_referral(&self, work: &Work, id: ReferralId) -> Done<Referral> {
        let found = work.tx.lock_referral(id).await?.map(|stored| stored.referral);
        let open = found.filter(|referral| self.is_open(&work.actor, referral));
        Ok(open.ok_or_else(|| Refusal::not_found("referral", "referral"))?)
    }

    async fn keep_referral(&self, work: &mut Work, referral: Referral) -> Done<Outcome> {
        work.tx.save_referral(&referral).await?;
        work.audit(Some(referral.id.0), &[], &referral);
        Ok(Outcome::Referral(referral))
    }

    fn is_open(&self, actor: &Actor, referral: &Referral) -> bool {
        referral.household().is_none_or(|household| !self.is_closed_to(actor, household))
    }

    /// What people call a referral: eight letters and digits that follow from its id and the key, so that they count
    /// nothing, and nobody guesses another's.
    fn referral_reference(&self, id: Uuid) -> Result<String, Fault> {
        let code = self.vault.code(Purpose::Reference, id.as_bytes())?;
        let bits = code.iter().take(5).fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        let digit = |at: u32| BASE_32.get((bits >> (5 * at) & 31) as usize).copied().unwrap_or('0');
        Ok(std::iter::once("P-".to_owned()).chain((0..8).rev().map(|at| digit(at).to_string())).collect())
    }
}

fn no_details() -> Refusal {
    Refusal::bad("referral", "This referral has no details, or they were erased.")
}

/// The place to which a referral's details are bound.
pub(crate) fn details_context(id: ReferralId) -> String {
    format!("referral.details.{id}")
}
