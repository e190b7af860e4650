//! Searching the audit: by person, case and time. Each search is itself recorded.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use safespace_domain::{
    Refusal,
    access::{Actor, Permission},
    codes,
};
use safespace_store::{AuditFilter, AuditRecord, FoundRecord, Page};
use uuid::Uuid;

use crate::{
    Engine, EngineError,
    audit::WHY,
    keys::{bytes_from_hex, to_hex},
};

/// What a cursor is sealed for: the numbers of records would tell how many there are between two that somebody sees.
const CURSOR: &[u8] = b"cursor of the audit";

/// What is looked for in the audit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchAudit {
    /// Only what this account or token did.
    pub by: Option<Uuid>,
    /// Only what belongs to the case of the household with this reference.
    pub household: Option<String>,
    /// Only from this time on.
    pub from: Option<DateTime<Utc>>,
    /// Only before this time.
    pub to: Option<DateTime<Utc>>,
    /// Only this action.
    pub action: Option<String>,
}

/// A record of the audit as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditView {
    /// Where the next page may begin; tells nothing.
    pub cursor: String,
    /// The record.
    pub record: FoundRecord,
    /// Why it was done, where somebody gave a reason; none once the key is gone that it was sealed under.
    pub why: Option<String>,
}

impl Engine {
    /// A page of the audit, newest first, without what belongs to cases that are closed to the actor. For managers, as
    /// persons with a fresh second factor. Recorded before it is told.
    pub async fn search_audit(
        &self,
        actor: &Actor,
        search: SearchAudit,
        page: Page<String>,
    ) -> Result<Vec<AuditView>, EngineError> {
        self.must_freshly(actor, Permission::SearchAudit)?;
        let after = page.after.as_deref().map(|cursor| self.seq_of(cursor)).transpose()?;
        let references = self.closed_references(actor).await?;
        let typed = search.household.as_deref().filter(|text| codes::reference(text, "household").is_ok());
        let reference = typed.and_then(|typed| references.meant(typed));
        let case = match reference {
            Some(reference) => {
                let found = self.store.reader().households_by_reference(&[reference]).await?;
                found.first().map(|household| household.id)
            }
            None => None,
        };
        let closed = self.closed_to(actor).await?;
        let detail = serde_json::json!({
            "by": search.by, "from": search.from, "to": search.to, "action": search.action.as_deref().map(known_words),
        });
        let filter = AuditFilter {
            by: search.by,
            case,
            from: search.from,
            to: search.to,
            action: search.action.filter(|action| known_words(action) == action),
            subjects: Vec::new(),
            closed: closed.households().clone(),
            closed_subjects: self.subjects_closed_to(actor).await?.into_iter().collect(),
        };
        // A household that there is not has no records; one that is closed has none either, in SQL.
        let asked_for_nothing = (search.household.is_some() && case.is_none())
            || detail.get("action").is_some_and(|action| action == "");
        let found = if asked_for_nothing {
            Vec::new()
        } else {
            self.store.reader().search_audit(&filter, Page { after, limit: page.limit }).await?
        };
        let seen = |record: FoundRecord| FoundRecord {
            household: record.household.map(|reference| references.seen(reference)),
            ..record
        };
        let found = found.into_iter().map(seen).collect();
        let views = self.opened(found).await?;
        let tx = self.store.begin().await?;
        let record = self.record_of(actor, "search_audit", None);
        self.record(&tx, &[AuditRecord { case, detail: detail.to_string(), ..record }]).await?;
        tx.commit().await?;
        Ok(views)
    }

    async fn opened(&self, found: Vec<FoundRecord>) -> Result<Vec<AuditView>, EngineError> {
        let mut keys: BTreeMap<Uuid, bool> = BTreeMap::new();
        let mut views = Vec::with_capacity(found.len());
        for record in found {
            let why = match &record.sealed {
                Some((owner, sealed)) => {
                    let is_there = match keys.get(owner) {
                        Some(is_there) => *is_there,
                        None => self.store.reader().data_key(*owner).await?.is_some(),
                    };
                    keys.insert(*owner, is_there);
                    if is_there { Some(self.open_sealed(*owner, WHY, sealed).await?) } else { None }
                }
                None => None,
            };
            let sealed = self.vault.seal_answer(CURSOR, &record.seq.to_string())?;
            views.push(AuditView { cursor: to_hex(&sealed), record, why });
        }
        Ok(views)
    }

    fn seq_of(&self, cursor: &str) -> Result<i64, Refusal> {
        let not_ours = || {
            Refusal::bad("after", "This is not a cursor of the audit: use an `endCursor` that it has given.")
        };
        let sealed = bytes_from_hex(cursor).ok_or_else(not_ours)?;
        let text = self.vault.open_answer(CURSOR, &sealed).map_err(|_| not_ours())?;
        text.parse().map_err(|_| not_ours())
    }
}

/// An action's name, or nothing where the text can't be one: what somebody types into a search is not written down.
fn known_words(action: &str) -> &str {
    let is_name = action.len() <= 40 && action.bytes().all(|sign| sign.is_ascii_lowercase() || sign == b'_');
    if is_name { action } else { "" }
}
