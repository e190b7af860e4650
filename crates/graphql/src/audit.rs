//! The audit: who did what, when, to which record and why.

use async_graphql::{Context, ID, InputObject, Object, Result};
use chrono::{DateTime, Utc};
use safespace_engine::{AuditView, Page as StorePage, SearchAudit};
use uuid::Uuid;

use crate::{
    actor,
    answers::{bad_input, query_error},
    engine, ids,
    paging::{Page, Window},
};

/// A record of the audit: something that somebody did, or looked at.
pub struct AuditRecord(AuditView);

#[Object]
impl AuditRecord {
    /// When.
    async fn at(&self) -> DateTime<Utc> {
        self.0.record.at
    }

    /// By whom: the id of an account or of a token. Null for the service itself and for whoever has its command line.
    async fn by(&self) -> Option<ID> {
        let kind = if self.0.record.by_is_token { "Token" } else { "Account" };
        self.0.record.by.map(|by| ids::global(kind, by))
    }

    /// In which role: `officer`, `manager`, `partner`, `administrator` or `service`.
    async fn role(&self) -> &str {
        &self.0.record.role
    }

    /// What was done: `book_stay`, for instance.
    async fn action(&self) -> &str {
        &self.0.record.action
    }

    /// To which record: its key, which the details name it by, too.
    async fn subject(&self) -> Option<String> {
        self.0.record.subject.map(|subject| subject.to_string())
    }

    /// The reference of the household whose case it belongs to.
    async fn household(&self) -> Option<&str> {
        self.0.record.household.as_deref()
    }

    /// The facts, as JSON. Nothing in them is confidential.
    async fn detail(&self) -> &str {
        &self.0.record.detail
    }

    /// Why, where somebody gave a reason. Confidential. Null once the household was erased.
    async fn why(&self) -> Option<&str> {
        self.0.why.as_deref()
    }
}

/// Which records are wanted: those for which all of it holds.
#[derive(InputObject, Default)]
pub struct AuditFilterInput {
    /// Only what this account or token did.
    by: Option<ID>,
    /// Only what belongs to the case of the household with this reference.
    household: Option<String>,
    /// Only from this time on.
    from: Option<DateTime<Utc>>,
    /// Only before this time.
    to: Option<DateTime<Utc>>,
    /// Only this action: `book_stay`, for instance.
    action: Option<String>,
}

/// Searching the audit. For managers.
#[derive(Default)]
pub struct AuditQuery;

#[Object]
impl AuditQuery {
    /// What was done and looked at, newest first. Each search is itself recorded. For managers who have
    /// just given a second factor.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn audit(
        &self,
        ctx: &Context<'_>,
        filter: Option<AuditFilterInput>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<AuditRecord>> {
        let window = Window::new(first, after)?;
        let AuditFilterInput { by, household, from, to, action } = filter.unwrap_or_default();
        if let (Some(from), Some(to)) = (from, to)
            && to <= from
        {
            return Err(bad_input(format!(
                "The search ends at {to}, which must be after {from}, where it begins."
            )));
        }
        let by = by.map(|by| somebody(&by)).transpose()?;
        let search = SearchAudit { by, household, from, to, action };
        let asked = StorePage { after: window.after.clone(), limit: window.limit() };
        let found = engine(ctx).search_audit(actor(ctx), search, asked).await.map_err(query_error)?;
        Ok(window.page(found.into_iter().map(|view| (view.cursor.clone(), AuditRecord(view)))))
    }
}

/// The id of an account or of a token.
fn somebody(id: &ID) -> Result<Uuid> {
    let (kind, key) = ids::split(id)?;
    match kind.as_str() {
        "Account" | "Token" => ids::uuid(&key),
        other => Err(bad_input(format!(
            "This is the id of a {other}; the id of an account or of a token is needed here."
        ))),
    }
}
