//! The longest stay, and a manager's exceptions from it.

use chrono::{DateTime, Utc};
use safespace_domain::{
    Nights, Refusal,
    access::{Actor, Permission},
    codes,
    exceptions::{self, Exception},
    stays::Stay,
    units::Unit,
};
use safespace_store::StayException;
use uuid::Uuid;

use crate::{
    Engine, EngineError,
    work::{Done, Work},
};

/// A manager's exception with its reason, opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExceptionView {
    /// Its id.
    pub id: Uuid,
    /// How many unbroken nights it allowed.
    pub nights: u32,
    /// When it was granted.
    pub granted_at: DateTime<Utc>,
    /// Why.
    pub reason: String,
}

impl Engine {
    /// The exceptions granted for a stay, oldest first.
    pub async fn exceptions(&self, actor: &Actor, stay: &Stay) -> Result<Vec<ExceptionView>, EngineError> {
        actor.must(Permission::SeeStays)?;
        let mut views = Vec::new();
        for stored in self.store.reader().exceptions_of(stay.id).await? {
            views.push(ExceptionView {
                id: stored.id,
                nights: stored.nights,
                granted_at: stored.granted_at,
                reason: self
                    .open_sealed(stay.household.0, &exception_context(stored.id), &stored.reason)
                    .await?,
            });
        }
        Ok(views)
    }

    pub(crate) async fn grant(&self, work: &Work, stay: &Stay, nights: u32, reason: &str) -> Done<()> {
        let id = self.ids.next();
        let sealed = self.seal(&work.tx, stay.household.0, &exception_context(id), reason).await?;
        let exception = StayException {
            id,
            stay: stay.id,
            nights,
            granted_by: work.actor.token.0,
            granted_at: work.now,
            reason: sealed,
        };
        work.tx.add_exception(exception).await?;
        Ok(())
    }
}

impl Work {
    /// A manager may; the reason is kept, sealed.
    pub(crate) fn may_grant(&self, exception: Option<&str>) -> Result<Option<String>, Refusal> {
        let Some(reason) = exception else { return Ok(None) };
        self.actor.must(Permission::GrantExceptions).map_err(|refusal| refusal.on("exception"))?;
        codes::note(reason, "exception").map(Some)
    }
}

/// Refuses a stay that is too long for the scheme, with the household's back-to-back stays in it. Returns how many
/// unbroken nights an exception allowed, where one was needed.
pub(crate) fn must_not_stay_too_long(
    work: &Work,
    stay: &Stay,
    others: &[Stay],
    in_unit: &Unit,
    exception: Exception,
) -> Result<Option<u32>, Refusal> {
    let policy = work.spaces.policy_of(in_unit);
    let others = in_the_scheme(work, stay, others, in_unit);
    exceptions::within_longest_stay(stay.nights, &others, &policy, exception)?;
    let nights = exceptions::unbroken_nights(stay.nights, &others);
    Ok((nights > policy.longest_stay_nights).then_some(nights))
}

/// How many nights the stay has, with the household's back-to-back stays in the scheme.
pub(crate) fn unbroken(work: &Work, stay: &Stay, others: &[Stay], in_unit: &Unit) -> u32 {
    exceptions::unbroken_nights(stay.nights, &in_the_scheme(work, stay, others, in_unit))
}

/// The nights of the household's other stays in the scheme of the unit.
fn in_the_scheme(work: &Work, stay: &Stay, others: &[Stay], in_unit: &Unit) -> Vec<Nights> {
    let scheme = work.spaces.policy_of(in_unit).scheme;
    let same_scheme = |other: &&Stay| {
        work.spaces.unit_by_id(other.unit).is_some_and(|unit| work.spaces.policy_of(unit).scheme == scheme)
    };
    others
        .iter()
        .filter(|other| other.id != stay.id && other.status().takes_nights())
        .filter(same_scheme)
        .map(|other| other.kept(work.today))
        .collect()
}

/// The place to which an exception's reason is bound.
pub(crate) fn exception_context(id: uuid::Uuid) -> String {
    format!("stay_exception.reason.{id}")
}
