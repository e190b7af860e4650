//! Notices to managers: who had something revealed, and which accounts were made.

use std::{collections::BTreeMap, sync::Arc};

use askama::Template;
use safespace_domain::{HouseholdId, NoticeId, PropertyId, ReferralId, RefusalCode, access::Permission};
use safespace_engine::{Notice, Page as Window};
use uuid::Uuid;

use crate::{
    Answer, Pages, Site, Stopped,
    fields::Fields,
    form,
    shell::{Place, Shell, to},
    today::references,
    visit::Visit,
    words::{
        instant,
        team::{NOT_NAMED, NOT_STAFF, notice, somebody},
    },
};

/// So many notices stand on one page.
const ROWS: u64 = 30;

/// A notice.
struct Row {
    id: String,
    at: String,
    what: &'static str,
    subject: String,
    path: Option<String>,
    by: String,
    seen: Option<String>,
}

#[derive(Template)]
#[template(path = "notices.html")]
struct NoticesPage {
    shell: Shell,
    rows: Vec<Row>,
    is_all: bool,
    more: Option<String>,
}

/// The pages.
pub(crate) fn pages(site: &Arc<Site>) -> Pages {
    vec![("/notices", form(site, list, seen))]
}

/// Those that nobody has seen, oldest first; or all.
async fn list(visit: Visit) -> Answer {
    let page = notices_page(&visit, visit.shell(Place::Team)?).await?;
    visit.show(&page)
}

async fn notices_page(visit: &Visit, shell: Shell) -> Result<NoticesPage, Stopped> {
    visit.must(Permission::SearchAudit)?;
    let is_all = visit.query.has("show", "all");
    let window = Window { after: visit.query.id("after", NoticeId), limit: ROWS + 1 };
    let mut found = visit.engine.notices(visit.actor(), !is_all, window).await?;
    let has_more = found.len() as u64 > ROWS;
    found.truncate(usize::try_from(ROWS).unwrap_or(usize::MAX));
    let last = found.last().filter(|_| has_more);
    let show = if is_all { "show=all&" } else { "" };
    let more = last.map(|last| format!("/notices?{show}after={}", last.id));
    Ok(NoticesPage { shell, is_all, more, rows: rows(visit, &found).await? })
}

async fn rows(visit: &Visit, found: &[Notice]) -> Result<Vec<Row>, Stopped> {
    let staff = visit.engine.staff(visit.actor()).await?;
    let names: BTreeMap<Uuid, String> = staff.into_iter().map(|it| (it.id.0, it.name)).collect();
    let of_households = found.iter().filter(|notice| is_of_household(&notice.kind));
    let references = references(visit, of_households.map(|notice| HouseholdId(notice.subject))).await?;
    let mut rows = Vec::new();
    for told in found {
        let (subject, path) = match told.kind.as_str() {
            "reveal_address" => {
                let spaces = visit.engine.spaces();
                let property = spaces.property(PropertyId(told.subject));
                (property.map(|property| property.code.clone()), None)
            }
            "reveal_referral_details" => {
                let referral = visit.engine.referral(visit.actor(), ReferralId(told.subject)).await?;
                let reference = referral.map(|view| view.referral.reference);
                (reference, Some(format!("/referrals/{}", told.subject)))
            }
            kind if is_of_account(kind) => (names.get(&told.subject).cloned(), None),
            _ => {
                let reference = references.get(&HouseholdId(told.subject)).cloned();
                (reference, Some(format!("/households/{}", told.subject)))
            }
        };
        rows.push(Row {
            id: told.id.to_string(),
            at: instant(told.at),
            what: notice(&told.kind),
            path: path.filter(|_| subject.is_some()),
            subject: subject.unwrap_or_else(|| not_named(&told.kind).to_owned()),
            by: told.by.and_then(|by| names.get(&by).cloned()).unwrap_or_else(|| by_role(&told.kind)),
            seen: told.seen_at.map(instant),
        });
    }
    Ok(rows)
}

fn is_of_household(kind: &str) -> bool {
    !is_of_account(kind) && !matches!(kind, "reveal_address" | "reveal_referral_details")
}

fn is_of_account(kind: &str) -> bool {
    matches!(kind, "create_account" | "reset_account")
}

/// What a notice is of that can't be named to managers.
fn not_named(kind: &str) -> &'static str {
    if is_of_account(kind) { NOT_STAFF } else { NOT_NAMED }
}

/// Who it was whose account is none of the staff's.
fn by_role(kind: &str) -> String {
    somebody(if is_of_account(kind) { "administrator" } else { "officer" })
}

/// Marks notices as seen: one, or all that stand on the page. One that a colleague has marked meanwhile is as it should be.
async fn seen(visit: Visit, fields: Fields) -> Answer {
    visit.must(Permission::SearchAudit)?;
    let name = if fields.get("do") == "all" { "notices" } else { "notice" };
    for id in fields.all::<Vec<_>>(name).iter().filter_map(|id| id.parse().ok()).map(NoticeId) {
        let done = visit.answered(&fields, visit.engine.mark_notice_seen(visit.actor(), id).await)?;
        if let Err(refusal) = done
            && refusal.code != RefusalCode::WrongState
        {
            let shell = visit.shell(Place::Team)?.refused(&refusal).at_one_of(&[]);
            return visit.show_again(&notices_page(&visit, shell).await?);
        }
    }
    let show = if visit.query.has("show", "all") { "show=all&" } else { "" };
    Ok(to(&format!("/notices?{show}done=notice-seen")))
}
