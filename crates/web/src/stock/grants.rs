//! Grants: money that provisions are bought with, what is left of each and when it runs out. For managers to keep.

use std::sync::Arc;

use askama::Template;
use rust_decimal::Decimal;
use safespace_domain::{Refusal, access::Permission, grants::DEFINITIONS};
use safespace_engine::{Command, GrantView, SaveGrant};

use super::{pounds, typed_pounds};
use crate::{
    Answer, Pages, Site, Stopped,
    fields::Fields,
    form, page,
    shell::{Place, Shell, to},
    visit::Visit,
    words::{days, stock as words},
};

/// A grant, and how it stands.
struct Row {
    edit: String,
    code: String,
    name: String,
    purpose: String,
    period: String,
    amount: String,
    spent: String,
    left: String,
    is_overspent: bool,
    pace: Option<String>,
}

#[derive(Template)]
#[template(path = "grants.html")]
struct GrantsPage {
    shell: Shell,
    rows: Vec<Row>,
    definitions: &'static [(&'static str, &'static str)],
    may_manage: bool,
}

#[derive(Template)]
#[template(path = "grant_form.html")]
struct GrantFormPage {
    shell: Shell,
    fields: Fields,
    /// The code of the grant that is changed; none where one is added.
    of: Option<String>,
}

pub(super) fn pages(site: &Arc<Site>) -> Pages {
    vec![("/stock/grants", page(site, grants)), ("/stock/grants/save", form(site, saving, save))]
}

fn row(view: &GrantView) -> Row {
    let GrantView { grant, standing } = view;
    let pace = standing.pace.map(|pace| format!("£{pace:.2}"));
    Row {
        edit: format!("/stock/grants/save?{}", super::asked(&[("code", &grant.code)])),
        code: grant.code.clone(),
        name: grant.name.clone(),
        purpose: grant.purpose.clone(),
        period: days(grant.period),
        amount: pounds(grant.amount),
        spent: pounds(standing.spent),
        left: pounds(standing.left),
        is_overspent: standing.left.0 < 0,
        pace: words::grant_pace(pace.as_deref(), standing.over_days, standing.runs_out),
    }
}

/// The grants.
async fn grants(visit: Visit) -> Answer {
    visit.must(Permission::SeeStays)?;
    let rows = visit.engine.grants(visit.actor()).await?.iter().map(row).collect();
    let may_manage = visit.may(Permission::ManageStock);
    visit.show(&GrantsPage { shell: visit.shell(Place::Stock)?, rows, definitions: &DEFINITIONS, may_manage })
}

/// The grant that the address names, where it names one.
async fn found(visit: &Visit) -> Result<Option<GrantView>, Stopped> {
    let code = visit.query.get("code");
    if code.is_empty() {
        return Ok(None);
    }
    let all = visit.engine.grants(visit.actor()).await?;
    let found = all.into_iter().find(|view| view.grant.code == code);
    found.map(Some).ok_or_else(|| Stopped::Refused(Refusal::not_found("grant", "code")))
}

/// The form for a grant.
async fn saving(visit: Visit) -> Answer {
    visit.must(Permission::ManageStock)?;
    let view = found(&visit).await?;
    let fields = view.as_ref().map_or_else(Fields::default, |GrantView { grant, .. }| {
        Fields::default()
            .with("name", &grant.name)
            .with("amount", format!("{:.2}", grant.amount.pounds()))
            .with("from", grant.period.arrival())
            .with("to", grant.period.departure())
            .with("purpose", &grant.purpose)
    });
    let of = view.map(|view| view.grant.code);
    visit.show(&GrantFormPage { shell: visit.shell(Place::Stock)?, fields: visit.filled(fields), of })
}

fn asked(fields: &Fields, code: &str) -> Result<Command, Refusal> {
    Ok(Command::SaveGrant(SaveGrant {
        code: code.to_owned(),
        name: fields.get("name").to_owned(),
        amount: typed_pounds(fields, "amount")?.unwrap_or(Decimal::ZERO),
        from: fields.needed_date("from")?,
        to: fields.needed_date("to")?,
        purpose: fields.get("purpose").to_owned(),
    }))
}

/// Adds a grant, or changes what is said of it.
async fn save(visit: Visit, fields: Fields) -> Answer {
    visit.must(Permission::ManageStock)?;
    let of = found(&visit).await?.map(|view| view.grant.code);
    let code = of.clone().unwrap_or_else(|| fields.get("code").to_owned());
    let all = visit.engine.grants(visit.actor()).await?;
    let is_there = of.is_none() && all.iter().any(|view| view.grant.code.eq_ignore_ascii_case(&code));
    let done = match asked(&fields, &code) {
        // Saving it would change the one that is there.
        Ok(_) if is_there => Err(Refusal::bad("code", words::GRANT_IS_THERE)),
        Ok(command) => visit.run(&fields, command).await?.map(|_| ()),
        Err(refusal) => Err(refusal),
    };
    match done {
        Ok(()) => Ok(to("/stock/grants?done=grant-saved")),
        Err(refusal) => {
            let known = ["code", "name", "amount", "from", "to", "purpose"];
            let shell = visit.shell(Place::Stock)?.refused(&refusal).at_one_of(&known);
            visit.show_again(&GrantFormPage { shell, fields, of })
        }
    }
}
