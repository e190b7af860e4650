//! Searching the audit.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use safespace_domain::HouseholdId;
use sea_orm::{ConnectionTrait, Statement, Value};
use uuid::Uuid;

use crate::{Page, Reader, Result};

/// Which records of the audit are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Only what this account or token did.
    pub by: Option<Uuid>,
    /// Only what belongs to this household's case.
    pub case: Option<HouseholdId>,
    /// Only from this time on.
    pub from: Option<DateTime<Utc>>,
    /// Only before this time.
    pub to: Option<DateTime<Utc>>,
    /// Only this action.
    pub action: Option<String>,
    /// Only about these records; about all where none is named.
    pub subjects: Vec<Uuid>,
    /// Nothing of these households' cases.
    pub closed: BTreeSet<HouseholdId>,
    /// Nothing about these records.
    pub closed_subjects: Vec<Uuid>,
}

/// A record of the audit that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundRecord {
    /// Its place in the order of writing.
    pub seq: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// By which account or token; none for the service.
    pub by: Option<Uuid>,
    /// Whether that is a token.
    pub by_is_token: bool,
    /// In which role.
    pub role: String,
    /// What was done.
    pub action: String,
    /// To which record.
    pub subject: Option<Uuid>,
    /// The reference of the household whose case it belongs to.
    pub household: Option<String>,
    /// The facts, as JSON.
    pub detail: String,
    /// Under whose data key the reason is sealed, and the ciphertext.
    pub sealed: Option<(Uuid, Vec<u8>)>,
}

/// Conditions with their values, numbered as they come.
#[derive(Default)]
struct Conditions {
    words: Vec<String>,
    values: Vec<Value>,
}

impl Conditions {
    fn place(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("${}", self.values.len())
    }

    fn is(&mut self, column: &str, relation: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            let place = self.place(value);
            self.words.push(format!("audit.{column} {relation} {place}"));
        }
    }

    fn is_one_of(&mut self, column: &str, ids: &[Uuid]) {
        if !ids.is_empty() {
            let places: Vec<String> = ids.iter().map(|id| self.place(*id)).collect();
            self.words.push(format!("audit.{column} IN ({})", places.join(", ")));
        }
    }

    fn is_none_of(&mut self, column: &str, ids: &[Uuid]) {
        if !ids.is_empty() {
            let places: Vec<String> = ids.iter().map(|id| self.place(*id)).collect();
            self.words
                .push(format!("(audit.{column} IS NULL OR audit.{column} NOT IN ({}))", places.join(", ")));
        }
    }
}

impl<C: ConnectionTrait> Reader<'_, C> {
    /// A page of the audit, newest first.
    pub async fn search_audit(&self, filter: &AuditFilter, page: Page<i64>) -> Result<Vec<FoundRecord>> {
        let mut only = Conditions::default();
        only.is("seq", "<", page.after);
        only.is("by_id", "=", filter.by);
        only.is("case_id", "=", filter.case.map(|case| case.0));
        only.is("at", ">=", filter.from);
        only.is("at", "<", filter.to);
        only.is("action", "=", filter.action.clone());
        only.is_one_of("subject_id", &filter.subjects);
        let closed: Vec<Uuid> = filter.closed.iter().map(|household| household.0).collect();
        only.is_none_of("case_id", &closed);
        only.is_none_of("owner_id", &closed);
        only.is_none_of("subject_id", &filter.closed_subjects);
        let limit = only.place(i64::try_from(page.limit).unwrap_or(i64::MAX));
        let only_if =
            if only.words.is_empty() { String::new() } else { format!("WHERE {}", only.words.join(" AND ")) };
        let sql = format!(
            "SELECT audit.seq, audit.at, audit.by_id, \
             EXISTS (SELECT 1 FROM token WHERE token.id = audit.by_id), audit.role, audit.action, audit.subject_id, \
             household.reference, audit.detail, audit.owner_id, audit.sealed \
             FROM audit LEFT JOIN household ON household.id = audit.case_id {only_if} \
             ORDER BY audit.seq DESC LIMIT {limit}"
        );
        let ask = Statement::from_sql_and_values(self.connection.get_database_backend(), sql, only.values);
        let rows = self.connection.query_all_raw(ask).await?;
        rows.iter()
            .map(|row| {
                let owner: Option<Uuid> = row.try_get_by_index(9)?;
                let sealed: Option<Vec<u8>> = row.try_get_by_index(10)?;
                Ok(FoundRecord {
                    seq: row.try_get_by_index(0)?,
                    at: row.try_get_by_index(1)?,
                    by: row.try_get_by_index(2)?,
                    by_is_token: row.try_get_by_index(3)?,
                    role: row.try_get_by_index(4)?,
                    action: row.try_get_by_index(5)?,
                    subject: row.try_get_by_index(6)?,
                    household: row.try_get_by_index(7)?,
                    detail: row.try_get_by_index(8)?,
                    sealed: owner.zip(sealed),
                })
            })
            .collect()
    }
}
