//! Subject access: everything that is held on a household, for the people that it is about (UK GDPR, article 15).

use std::sync::Arc;

use chrono::{DateTime, Utc};
use safespace_domain::{
    HouseholdId, ItemId, Night, NoticeId, Refusal,
    access::{Actor, Permission, Who},
    codes,
    departures::Departure,
    details::Details,
    holds::Hold,
    households::People,
    immediate_needs::ImmediateNeed,
    items::Avoids,
    needs::{ChildAges, Needs},
    next_steps::NextStep,
    picking::Shortfall,
    referrals::{Facts, ReferralState},
    support::SupportSession,
};
use safespace_store::{AuditFilter, AuditRecord, Notice, Page, StockFilter, StoredEntry};
use serde::Serialize;
use uuid::Uuid;

use crate::{Engine, EngineError, Fault, audit::WHY, audit::of_case, erasure::must_not_be_erased};

/// Records of the audit that are read at once.
const PAGE: u64 = 500;

/// Everything that is held on a household. The addresses of the homes are not among it: they are about the homes.
#[derive(Clone, Debug, Serialize)]
pub struct SubjectAccess {
    /// The household's reference.
    pub household: String,
    /// When this was put together.
    pub made_at: DateTime<Utc>,
    /// Names, where they are kept.
    pub name: Option<String>,
    /// A way to reach it, where one is kept.
    pub contact: Option<String>,
    /// What else was written down.
    pub note: Option<String>,
    /// Its stays, oldest booking first.
    pub stays: Vec<HeldStay>,
    /// The referrals that it came by.
    pub referrals: Vec<HeldReferral>,
    /// What was planned for it next.
    pub next_steps: Vec<HeldNextStep>,
    /// The support that it was offered, latest first.
    pub support: Vec<HeldSupport>,
    /// What it needed at once, and what became of that.
    pub immediate_needs: Vec<ImmediateNeed>,
    /// From when until when it had a key worker, latest first. Who that was is about them, and they are not named here.
    pub key_workers: Vec<(DateTime<Utc>, Option<DateTime<Utc>>)>,
    /// The packs that were planned for it, oldest first, with what is said of each.
    pub packs: Vec<HeldPack>,
    /// What it was given of food and toiletries and put back, oldest first.
    pub given: Vec<HeldGift>,
    /// Units that were held for it.
    pub holds: Vec<Hold>,
    /// Since when, and why, it is kept apart from other households, which are not named here.
    pub kept_apart: Vec<(DateTime<Utc>, Option<String>)>,
    /// That its case is closed to staff, and why. To whom is about them, not about the household, so they are counted
    /// here and not named.
    pub restrictions: Vec<HeldRestriction>,
    /// To how many people or programs its case is closed.
    pub closed_to: usize,
    /// What managers were told of its records, oldest first.
    pub notices: Vec<HeldNotice>,
    /// What was done with its records, newest first.
    pub records: Vec<HeldRecord>,
}

/// What is held on a stay.
#[derive(Clone, Debug, Serialize)]
pub struct HeldStay {
    /// The public code of the unit.
    pub unit: String,
    /// What became of it.
    pub status: &'static str,
    /// The day of arrival.
    pub arrival: Night,
    /// The day of departure.
    pub departure: Night,
    /// Who stayed, as counts.
    pub people: People,
    /// When it was booked.
    pub booked_at: DateTime<Utc>,
    /// When its planned departure was changed, from which day and to which, oldest first.
    pub departure_changes: Vec<(DateTime<Utc>, Night, Night)>,
    /// Why a longer stay was allowed, and when.
    pub exceptions: Vec<(DateTime<Utc>, Option<String>)>,
    /// Where the household went.
    pub left_for: Option<Departure>,
}

/// What is held on a next step.
#[derive(Clone, Debug, Serialize)]
pub struct HeldNextStep {
    /// What, in which state, by when.
    pub step: NextStep,
    /// Its note.
    pub note: Option<String>,
}

/// What is held on a session of support.
#[derive(Clone, Debug, Serialize)]
pub struct HeldSupport {
    /// When, how, for how long, what about.
    pub session: SupportSession,
    /// Its note.
    pub note: Option<String>,
}

/// What is held on a pack.
#[derive(Clone, Debug, Serialize)]
pub struct HeldPack {
    /// When it was planned.
    pub planned_at: DateTime<Utc>,
    /// What became of it.
    pub status: &'static str,
    /// The children by age, where that was asked for the pack.
    pub ages: Option<ChildAges>,
    /// What it was said that the household can't or won't have, besides what its referral says.
    pub avoids: Avoids,
    /// What it asked for besides: names of items, and units.
    pub asked: Vec<(String, u32)>,
    /// What was wanted for it and was not there, each time.
    pub shortfalls: Vec<HeldShortfall>,
}

/// What was wanted for a pack and was not there.
#[derive(Clone, Debug, Serialize)]
pub struct HeldShortfall {
    /// When it was looked for.
    pub at: DateTime<Utc>,
    /// The item's name.
    pub wanted: String,
    /// How many units were missing.
    pub missing: u32,
    /// What stood in for them: names of items, and units.
    pub stood_in: Vec<(String, u32)>,
}

/// Something that was given, or came back.
#[derive(Clone, Debug, Serialize)]
pub struct HeldGift {
    /// When.
    pub at: DateTime<Utc>,
    /// The item's name.
    pub item: String,
    /// How many units were given; below zero, came back.
    pub units: i64,
}

/// What is held on a referral.
#[derive(Clone, Debug, Serialize)]
pub struct HeldReferral {
    /// What people call it.
    pub reference: String,
    /// The council that sent it, where one did.
    pub council: Option<String>,
    /// When it came.
    pub received_at: DateTime<Utc>,
    /// What it says in codes and counts.
    pub facts: Facts,
    /// What has become of it.
    pub state: ReferralState,
    /// What the household needed.
    pub needs: Needs,
    /// Names, a safe contact and a note, where somebody gave them.
    pub details: Option<Details>,
}

/// What is held on a restriction.
#[derive(Clone, Debug, Serialize)]
pub struct HeldRestriction {
    /// When the case was closed to somebody on the staff.
    pub made_at: DateTime<Utc>,
    /// Why.
    pub reason: Option<String>,
}

/// What managers were told of the household's records.
#[derive(Clone, Debug, Serialize)]
pub struct HeldNotice {
    /// When it happened.
    pub at: DateTime<Utc>,
    /// What happened, as the audit calls it.
    pub kind: String,
    /// By which account; none for the service.
    pub by: Option<Uuid>,
    /// When a manager said that they had seen it.
    pub seen_at: Option<DateTime<Utc>>,
}

/// What was done with the household's records.
#[derive(Clone, Debug, Serialize)]
pub struct HeldRecord {
    /// When.
    pub at: DateTime<Utc>,
    /// By which account or token; none for the service.
    pub by: Option<Uuid>,
    /// In which role.
    pub role: String,
    /// What was done.
    pub action: String,
    /// The facts.
    pub detail: serde_json::Value,
    /// Why, where somebody said so.
    pub why: Option<String>,
}

impl SubjectAccess {
    /// As JSON, to be read by people, too.
    pub fn to_json(&self) -> Result<String, Fault> {
        serde_json::to_string_pretty(self).map_err(|_| Fault::Broken("an export can't be written as JSON"))
    }
}

impl Engine {
    /// Everything that is held on the household with this reference. For managers, as persons with a fresh second
    /// factor, and for whoever has the command line. Recorded with the reason, and told to managers, before it is put
    /// together.
    pub async fn subject_access(
        self: &Arc<Self>,
        actor: &Arc<Actor>,
        reference: &str,
        reason: &str,
    ) -> Result<SubjectAccess, EngineError> {
        self.must(actor, Permission::KeepRecords)?;
        let reason = codes::note(reason, "reason")?;
        let found = self.household(actor, reference.trim()).await?;
        let household = found.ok_or_else(|| Refusal::not_found("household", "household"))?;
        if actor.who != Who::Service {
            actor.must_have_fresh_second_factor(self.clock.now())?;
        }
        let (engine, by, id) = (Arc::clone(self), Arc::clone(actor), household.id);
        let task = tokio::spawn(async move { engine.record_subject_access(&by, id, &reason).await });
        task.await.unwrap_or(Err(EngineError::Fault(Fault::Broken("an export panicked"))))?;
        let details = self.open_details(id).await?.unwrap_or_default();
        let restrictions = self.held_restrictions(actor, id).await?;
        Ok(SubjectAccess {
            household: household.reference,
            made_at: self.clock.now(),
            name: details.name,
            contact: details.contact,
            note: details.note,
            stays: self.held_stays(actor, id).await?,
            referrals: self.held_referrals(id).await?,
            next_steps: self.held_next_steps(actor, id).await?,
            support: self.held_support(actor, id).await?,
            immediate_needs: self.immediate_needs(actor, &[id]).await?,
            key_workers: self
                .key_workers(actor, &[id])
                .await?
                .into_iter()
                .map(|view| (view.key_worker.since, view.key_worker.until))
                .collect(),
            packs: self.held_packs(id).await?,
            given: self.held_gifts(id).await?,
            holds: self.store.reader().holds_of(&[id]).await?,
            kept_apart: self
                .kept_apart(actor, id)
                .await?
                .into_iter()
                .map(|view| (view.made_at, view.reason))
                .collect(),
            closed_to: restrictions.len(),
            restrictions,
            notices: self.held_notices(id).await?,
            records: self.held_records(id).await?,
        })
    }

    async fn record_subject_access(
        &self,
        actor: &Actor,
        household: HouseholdId,
        reason: &str,
    ) -> Result<(), EngineError> {
        let action = "export_subject_access";
        let tx = self.store.begin().await?;
        tx.lock_household_by_id(household).await?;
        must_not_be_erased(&tx, household).await?;
        let notice = Notice {
            id: NoticeId(self.ids.next()),
            at: self.clock.now(),
            kind: action.to_owned(),
            subject: household.0,
            by: actor.named(),
            seen_at: None,
        };
        tx.add_notice(&notice).await?;
        let sealed = self.sealed_why(&tx, household.0, reason).await?;
        let record = AuditRecord { sealed, ..self.record_of(actor, action, Some(household.0)) };
        self.record(&tx, &[of_case(record, household)]).await?;
        Ok(tx.commit().await?)
    }

    async fn held_stays(&self, actor: &Actor, household: HouseholdId) -> Result<Vec<HeldStay>, EngineError> {
        let spaces = self.spaces();
        let mut held = Vec::new();
        for stay in self.store.reader().whole_stays_of(&[household]).await? {
            let exceptions = self.exceptions(actor, &stay).await?;
            let changes = self.store.reader().departure_changes(&[stay.id]).await?;
            held.push(HeldStay {
                unit: spaces.unit_by_id(stay.unit).map(|unit| unit.code.clone()).unwrap_or_default(),
                status: stay.status().as_str(),
                arrival: stay.nights.arrival(),
                departure: stay.nights.departure(),
                people: stay.people,
                booked_at: stay.booked_at,
                departure_changes: changes
                    .into_iter()
                    .map(|change| (change.at, change.before, change.after))
                    .collect(),
                exceptions: exceptions.into_iter().map(|view| (view.granted_at, view.reason)).collect(),
                left_for: self.departure(actor, &stay).await?,
            });
        }
        Ok(held)
    }

    async fn held_referrals(&self, household: HouseholdId) -> Result<Vec<HeldReferral>, EngineError> {
        let mut held = Vec::new();
        for id in self.store.reader().referrals_of(household).await? {
            let Some(stored) = self.store.reader().referral(id).await? else { continue };
            let details = self.opened_details(id, stored.words.details.as_deref()).await?;
            let needs = self.opened_needs(&stored).await?;
            let referral = stored.referral;
            held.push(HeldReferral {
                reference: referral.reference,
                council: referral.council,
                received_at: referral.received_at,
                facts: referral.facts,
                state: referral.state,
                needs,
                details,
            });
        }
        Ok(held)
    }

    async fn held_next_steps(
        &self,
        actor: &Actor,
        household: HouseholdId,
    ) -> Result<Vec<HeldNextStep>, EngineError> {
        let steps = self.next_steps(actor, household).await?.into_iter();
        Ok(steps.map(|view| HeldNextStep { step: view.step, note: view.note }).collect())
    }

    async fn held_support(
        &self,
        actor: &Actor,
        household: HouseholdId,
    ) -> Result<Vec<HeldSupport>, EngineError> {
        let mut held = Vec::new();
        for view in self.support_sessions(actor, &[household]).await? {
            let note = self.support_note(actor, &view).await?;
            held.push(HeldSupport { session: view.session, note });
        }
        Ok(held)
    }

    async fn held_packs(&self, household: HouseholdId) -> Result<Vec<HeldPack>, EngineError> {
        let found = self.store.reader().packs_of_household(household).await?;
        let held = self.drawn_up(found).await?.into_iter().map(|view| {
            let name =
                |item: &ItemId| view.items.get(item).map_or_else(String::new, |item| item.name.clone());
            let shortfall = |short: &Shortfall| {
                let stood_in = short.substitutes.iter().map(|(item, units)| (name(item), *units)).collect();
                let wanted = short.wanted.as_ref().map_or_else(|| "nothing that suits".to_owned(), name);
                HeldShortfall { at: short.at, wanted, missing: short.missing, stood_in }
            };
            HeldPack {
                planned_at: view.pack.planned_at,
                status: view.pack.status().as_str(),
                ages: view.words.ages,
                avoids: view.words.avoids.clone(),
                asked: view.words.asked.iter().map(|asked| (name(&asked.item), asked.quantity)).collect(),
                shortfalls: view.words.shortfalls.iter().map(shortfall).collect(),
            }
        });
        Ok(held.collect())
    }

    async fn held_gifts(&self, household: HouseholdId) -> Result<Vec<HeldGift>, EngineError> {
        let read = self.store.reader();
        let mut entries = Vec::new();
        for stay in read.whole_stays_of(&[household]).await? {
            let filter = StockFilter { stay: Some(stay.id), ..StockFilter::default() };
            let page = Page { after: None, limit: u64::from(u16::MAX) };
            entries.extend(read.stock_entries(filter, page).await?);
        }
        let items = read.items_by_id(entries.iter().map(|stored| stored.entry.posting.item)).await?;
        let gift = |stored: StoredEntry| HeldGift {
            at: stored.entry.at,
            item: items.get(&stored.entry.posting.item).map(|item| item.name.clone()).unwrap_or_default(),
            units: -stored.entry.posting.quantity,
        };
        Ok(entries.into_iter().map(gift).collect())
    }

    async fn held_restrictions(
        &self,
        actor: &Actor,
        household: HouseholdId,
    ) -> Result<Vec<HeldRestriction>, EngineError> {
        let views = self.restrictions(actor, household).await?;
        let held = |view: crate::RestrictionView| HeldRestriction {
            made_at: view.restriction.made_at,
            reason: view.reason,
        };
        Ok(views.into_iter().map(held).collect())
    }

    /// The notices about it and about the referrals that it came by.
    async fn held_notices(&self, household: HouseholdId) -> Result<Vec<HeldNotice>, EngineError> {
        let read = self.store.reader();
        let referrals = read.referrals_of(household).await?;
        let about: Vec<Uuid> =
            std::iter::once(household.0).chain(referrals.into_iter().map(|referral| referral.0)).collect();
        let held = |notice: Notice| HeldNotice {
            at: notice.at,
            kind: notice.kind,
            by: notice.by,
            seen_at: notice.seen_at,
        };
        Ok(read.notices_about(&about).await?.into_iter().map(held).collect())
    }

    async fn held_records(&self, household: HouseholdId) -> Result<Vec<HeldRecord>, EngineError> {
        let filter = AuditFilter { case: Some(household), ..AuditFilter::default() };
        let (mut held, mut after) = (Vec::new(), None);
        loop {
            let page = self.store.reader().search_audit(&filter, Page { after, limit: PAGE }).await?;
            after = page.last().map(|record| record.seq);
            let whole = page.len() as u64 == PAGE;
            for record in page {
                let why = match &record.sealed {
                    Some((owner, sealed)) => self.open_unless_erased(*owner, WHY, sealed).await?,
                    None => None,
                };
                held.push(HeldRecord {
                    at: record.at,
                    by: record.by,
                    role: record.role,
                    action: record.action,
                    detail: serde_json::from_str(&record.detail).unwrap_or_default(),
                    why,
                });
            }
            if !whole {
                return Ok(held);
            }
        }
    }
}
