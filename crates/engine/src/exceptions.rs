//! The longest stay, and a manager's exceptions from it.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveTime, Utc};
use safespace_domain::{
    HouseholdId, Night, Nights, Refusal,
    access::{Actor, Permission},
    availability::Spaces,
    clock::at_service_time,
    codes,
    exceptions::{self, Exception},
    nights::next,
    stays::{Stay, StayStatus, arrival_night},
    units::Unit,
};
use safespace_store::{Page, StayException, StayFilter};
use uuid::Uuid;

use crate::{
    Engine, EngineError,
    work::{Done, Failure, Work},
};

/// So many stays are looked at for those that are too long: more than any service has ahead of it.
const MOST_STAYS: u64 = 10_000;

/// A manager's exception with its reason, opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExceptionView {
    /// Its id.
    pub id: Uuid,
    /// How many unbroken nights it allowed.
    pub nights: u32,
    /// When it was granted.
    pub granted_at: DateTime<Utc>,
    /// Why; none once the household was erased.
    pub reason: Option<String>,
}

/// How long a household is in homes of one scheme, and how long it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StayLength {
    /// The nights that it has there without a night between, back-to-back stays counted as one.
    pub nights: Nights,
    /// How many of them have begun, tonight among them; of an overstay those that have passed, as if the household left
    /// today.
    pub used: u32,
    /// How many the policy allows.
    pub longest: u32,
    /// The most that a manager has allowed instead.
    pub granted: Option<u32>,
}

/// A stay that is longer than its scheme's longest stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LongStay {
    /// The stay.
    pub stay: Stay,
    /// How many nights it comes to without a night between, the household's other stays in the scheme counted.
    pub nights: u32,
    /// How many its scheme allows.
    pub longest: u32,
    /// How many a manager's exception allows, where one was granted.
    pub allowed: Option<u32>,
}

impl LongStay {
    /// Whether it is longer than any exception allows: a manager is to decide.
    pub fn is_undecided(&self) -> bool {
        self.allowed.is_none_or(|allowed| allowed < self.nights)
    }
}

impl Engine {
    /// How long the household of a stay is in homes of its scheme, counted as the longest stay is. None where the stay takes
    /// no nights.
    pub async fn stay_length(&self, actor: &Actor, stay: &Stay) -> Result<Option<StayLength>, EngineError> {
        self.must(actor, Permission::SeeStays)?;
        self.must_be_open_to(actor, stay.household, "stay")?;
        let (spaces, today) = (self.spaces(), self.today());
        let Some(unit) = spaces.unit_by_id(stay.unit).filter(|_| stay.status().takes_nights()) else {
            return Ok(None);
        };
        let (policy, read) = (spaces.policy_of(unit), self.store.reader());
        let others = read.stays_of_household(stay.household).await?;
        let Some(theirs) = in_the_scheme(&spaces, today, stay, &others, unit) else { return Ok(None) };
        let nights = exceptions::unbroken(stay.so_far(today), &theirs);
        let begun = match stay.status() {
            // Nobody has come.
            StayStatus::Booked => stay.nights.arrival(),
            _ if stay.is_overstay(today) => today,
            _ => next(arrival_night(self.clock.now(), &policy)),
        };
        let mut granted = None;
        for earlier in journey(stay, &others) {
            let most = read.exceptions_of(earlier.id).await?.iter().map(|granted| granted.nights).max();
            granted = granted.max(most);
        }
        Ok(Some(StayLength {
            nights,
            used: Nights::between(nights.arrival(), nights.departure().min(begun)).len(),
            longest: policy.longest_stay_nights,
            granted,
        }))
    }

    /// The exceptions granted for a stay, oldest first.
    pub async fn exceptions(&self, actor: &Actor, stay: &Stay) -> Result<Vec<ExceptionView>, EngineError> {
        self.must(actor, Permission::SeeStays)?;
        self.must_be_open_to(actor, stay.household, "stay")?;
        let mut views = Vec::new();
        for stored in self.store.reader().exceptions_of(stay.id).await? {
            views.push(ExceptionView {
                id: stored.id,
                nights: stored.nights,
                granted_at: stored.granted_at,
                reason: self
                    .open_unless_erased(stay.household.0, &exception_context(stored.id), &stored.reason)
                    .await?,
            });
        }
        Ok(views)
    }

    /// The exceptions that were granted on these days, each with its stay, oldest first.
    pub async fn exceptions_granted(
        &self,
        actor: &Actor,
        days: Nights,
    ) -> Result<Vec<(Stay, ExceptionView)>, EngineError> {
        self.must(actor, Permission::SeeStays)?;
        let midnight = |day: Night| at_service_time(day, NaiveTime::MIN);
        let (from, to) = (midnight(days.arrival()), midnight(days.departure()));
        let granted = self.store.reader().exceptions_granted(from, to).await?;
        let mut ids: Vec<Uuid> = granted.iter().map(|(stay, _)| stay.0).collect();
        ids.sort();
        ids.dedup();
        let mut found = Vec::new();
        for stay in self.store.reader().stays_by_id(&ids).await? {
            if self.is_closed_to(actor, stay.household) {
                continue;
            }
            let views = self.exceptions(actor, &stay).await?;
            let of_days = views.into_iter().filter(|view| from <= view.granted_at && view.granted_at < to);
            found.extend(of_days.map(|view| (stay.clone(), view)));
        }
        found.sort_by_key(|(_, view)| (view.granted_at, view.id));
        Ok(found)
    }

    /// The stays booked or in residence that are longer than their scheme's longest stay, with the household's
    /// back-to-back stays in it: the first to leave first.
    pub async fn long_stays(&self, actor: &Actor) -> Result<Vec<LongStay>, EngineError> {
        let statuses = vec![StayStatus::Booked, StayStatus::InResidence];
        let filter = StayFilter { statuses, ..StayFilter::default() };
        let stays = self.stays(actor, &filter, Page { after: None, limit: MOST_STAYS }).await?;
        let mut households: Vec<HouseholdId> = stays.iter().map(|stay| stay.household).collect();
        households.sort();
        households.dedup();
        let mut of: BTreeMap<HouseholdId, Vec<Stay>> = BTreeMap::new();
        for stay in self.store.reader().whole_stays_of(&households).await? {
            of.entry(stay.household).or_default().push(stay);
        }
        let (spaces, today) = (self.spaces(), self.today());
        let mut long = Vec::new();
        for stay in stays {
            let others = of.get(&stay.household).map(Vec::as_slice).unwrap_or_default();
            let Some(unit) = spaces.unit_by_id(stay.unit) else { continue };
            let Some(nights) = in_the_scheme(&spaces, today, &stay, others, unit) else { continue };
            let unbroken = exceptions::unbroken_nights(stay.so_far(today), &nights);
            let longest = spaces.policy_of(unit).longest_stay_nights;
            if unbroken <= longest {
                continue;
            }
            let mut allowed = None;
            for earlier in journey(&stay, others) {
                let granted = self.store.reader().exceptions_of(earlier.id).await?;
                allowed = allowed.max(granted.iter().map(|exception| exception.nights).max());
            }
            long.push(LongStay { stay, nights: unbroken, longest, allowed });
        }
        long.sort_by_key(|long| (long.stay.nights.departure(), long.stay.id));
        Ok(long)
    }

    /// Keeps an exception with its reason, which the record of the command says, too.
    pub(crate) async fn grant(&self, work: &mut Work, stay: &Stay, nights: u32, reason: &str) -> Done<()> {
        work.why = self.sealed_why(&work.tx, stay.household.0, reason).await?;
        let id = self.ids.next();
        let sealed = self.seal(&work.tx, stay.household.0, &exception_context(id), reason).await?;
        let exception = StayException {
            id,
            stay: stay.id,
            nights,
            granted_by: work.actor.who.id(),
            granted_at: work.now,
            reason: sealed,
        };
        work.tx.add_exception(exception).await?;
        Ok(())
    }
}

impl Engine {
    /// A manager may; the reason is kept, sealed.
    pub(crate) fn may_grant(&self, work: &Work, exception: Option<&str>) -> Result<Option<String>, Refusal> {
        let Some(reason) = exception else { return Ok(None) };
        let may = self.must(&work.actor, Permission::GrantExceptions);
        may.map_err(|refusal| refusal.on("exception"))?;
        codes::note(reason, "exception").map(Some)
    }

    /// Refuses a stay that is too long for the scheme, with the household's back-to-back stays in it, unless a manager
    /// grants an exception now, or granted one for as many nights before, on this stay or on one from which the
    /// household was moved. Returns how many unbroken nights are granted now, where that is needed.
    pub(crate) async fn must_not_stay_too_long(
        &self,
        work: &Work,
        stay: &Stay,
        others: &[Stay],
        in_unit: &Unit,
        asked: Exception,
    ) -> Done<Option<u32>> {
        let policy = work.spaces.policy_of(in_unit);
        // A unit that another process has added: once that is caught up with, its scheme is known.
        let nights = in_the_scheme(&work.spaces, work.today, stay, others, in_unit).ok_or(Failure::Again)?;
        let unbroken = exceptions::unbroken_nights(stay.nights, &nights);
        if unbroken <= policy.longest_stay_nights {
            return Ok(None);
        }
        for earlier in journey(stay, others) {
            let granted = work.tx.reader().exceptions_of(earlier.id).await?;
            if granted.iter().any(|exception| exception.nights >= unbroken) {
                return Ok(None);
            }
        }
        exceptions::within_longest_stay(stay.nights, &nights, &policy, asked)?;
        Ok(Some(unbroken))
    }
}

/// The stay, and those that it continues in another unit, latest first.
pub(crate) fn journey<'s>(stay: &'s Stay, others: &'s [Stay]) -> impl Iterator<Item = &'s Stay> {
    std::iter::successors(Some(stay), |stay| {
        let from = stay.moved_from?;
        others.iter().find(|other| other.id == from)
    })
    .take(others.len() + 1)
}

/// The nights of the household's other stays in the scheme of the unit; none where a unit is not known.
fn in_the_scheme(
    spaces: &Spaces,
    today: Night,
    stay: &Stay,
    others: &[Stay],
    in_unit: &Unit,
) -> Option<Vec<Nights>> {
    let scheme = spaces.policy_of(in_unit).scheme;
    let mut nights = Vec::new();
    for other in others.iter().filter(|other| other.id != stay.id && other.status().takes_nights()) {
        let unit = spaces.unit_by_id(other.unit)?;
        if spaces.policy_of(unit).scheme == scheme {
            nights.push(other.kept(today));
        }
    }
    Some(nights)
}

/// The place to which an exception's reason is bound.
pub(crate) fn exception_context(id: uuid::Uuid) -> String {
    format!("stay_exception.reason.{id}")
}
