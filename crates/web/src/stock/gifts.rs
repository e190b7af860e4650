//! What households are given besides their packs, and what comes back from them.

use std::sync::Arc;

use askama::Template;
use safespace_domain::{
    LotId, Nights, Refusal,
    access::Permission,
    nights::{END_OF_NIGHTS, earlier},
    stays::StayStatus,
    stock::{Issued, typed_quantity},
};
use safespace_engine::{Command, IssueLine, IssueStock, ReturnStock, StayFilter};

use super::{Names, stay_of, stays};
use crate::{
    Answer, Pages, Site, Stopped,
    fields::Fields,
    form,
    properties::{Choices, first},
    shell::{Place, Shell, to},
    today::references,
    visit::Visit,
    words::stock as words,
};

/// Stays that ended within so many days can be chosen from.
const LATELY: u32 = 28;
/// So many lines the form has.
const LINES: usize = 6;

#[derive(Template)]
#[template(path = "issue.html")]
struct IssuePage {
    shell: Shell,
    fields: Fields,
    stays: Choices,
    places: Choices,
    items: Choices,
    lines: Vec<usize>,
}

#[derive(Template)]
#[template(path = "return.html")]
struct ReturnPage {
    shell: Shell,
    fields: Fields,
    /// The stay that is chosen, as people know it.
    stay: Option<String>,
    stays: Choices,
    lots: Choices,
    places: Choices,
}

pub(super) fn pages(site: &Arc<Site>) -> Pages {
    vec![("/stock/issue", form(site, issuing, issue)), ("/stock/return", form(site, returning, put_back))]
}

async fn issue_page(visit: &Visit, fields: Fields) -> Result<IssuePage, Stopped> {
    let names = Names::load(visit).await?;
    let current =
        StayFilter { statuses: vec![StayStatus::Booked, StayStatus::InResidence], ..StayFilter::default() };
    Ok(IssuePage {
        shell: visit.shell(Place::Stock)?,
        stays: first(words::CHOOSE, stays(visit, &current).await?),
        places: first(words::CHOOSE, names.open_places()),
        items: names.current_items(),
        lines: (1..=LINES).collect(),
        fields,
    })
}

/// The form for what a household is given.
async fn issuing(visit: Visit) -> Answer {
    visit.must(Permission::KeepStock)?;
    let fields = Fields::default()
        .with("stay", visit.query.get("stay"))
        .with("place", visit.query.get("place"))
        .with("item1", visit.query.get("item"));
    let page = issue_page(&visit, visit.filled(fields)).await?;
    visit.show(&page)
}

fn issue_of(fields: &Fields) -> Result<(IssueStock, Vec<usize>), Refusal> {
    let (mut lines, mut numbers) = (Vec::new(), Vec::new());
    for no in 1..=LINES {
        let (item, quantity) = (format!("item{no}"), format!("quantity{no}"));
        if fields.get(&item).is_empty() && fields.get(&quantity).is_empty() {
            continue;
        }
        let line = IssueLine {
            item: fields.get(&item).to_owned(),
            quantity: typed_quantity(fields.get(&quantity), &quantity)?,
        };
        lines.push(line);
        numbers.push(no);
    }
    if lines.is_empty() {
        return Err(Refusal::bad("item1", words::NO_LINES));
    }
    let (stay, place, because) = (stay_of(fields)?, fields.get("place").to_owned(), fields.text("because"));
    Ok((IssueStock { place, stay, lines, because }, numbers))
}

/// A refusal at the field of the line that it is about: each line is tried by itself.
async fn at_its_line(
    visit: &Visit,
    ask: &IssueStock,
    numbers: &[usize],
    refusal: Refusal,
) -> Result<Refusal, Stopped> {
    let about = refusal.field.clone().unwrap_or_default();
    if !["item", "quantity", "lines"].contains(&about.as_str()) {
        return Ok(refusal);
    }
    for (line, no) in ask.lines.iter().zip(numbers) {
        let alone = IssueStock { lines: vec![line.clone()], ..ask.clone() };
        if let Err(found) = visit.rehearse(Command::IssueStock(alone)).await?
            && found.field == refusal.field
        {
            let field = if about == "quantity" { "quantity" } else { "item" };
            return Ok(found.on(&format!("{field}{no}")));
        }
    }
    Ok(refusal)
}

/// Gives a household what it needs.
async fn issue(visit: Visit, fields: Fields) -> Answer {
    visit.must(Permission::KeepStock)?;
    if fields.get("do") == "keep" {
        return visit.show(&issue_page(&visit, fields).await?);
    }
    let refusal = match issue_of(&fields) {
        Err(refusal) => refusal,
        Ok((ask, numbers)) => match visit.run(&fields, Command::IssueStock(ask.clone())).await? {
            Ok(_) => return Ok(to(&format!("/stays/{}?done=issued", ask.stay))),
            Err(refusal) => at_its_line(&visit, &ask, &numbers, refusal).await?,
        },
    };
    let mut page = issue_page(&visit, fields).await?;
    let known = page.lines.iter().flat_map(|no| [format!("item{no}"), format!("quantity{no}")]);
    let known: Vec<String> = known.chain(["stay", "place", "because"].map(str::to_owned)).collect();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    page.shell = page.shell.refused(&refusal).at_one_of(&known);
    visit.show_again(&page)
}

async fn return_page(visit: &Visit, fields: Fields) -> Result<ReturnPage, Stopped> {
    let names = Names::load(visit).await?;
    let lately = Nights::between(earlier(visit.engine.today(), LATELY), END_OF_NIGHTS);
    let had = StayFilter {
        statuses: vec![StayStatus::Booked, StayStatus::InResidence, StayStatus::Departed],
        nights: Some(lately),
        ..StayFilter::default()
    };
    let chosen = match stay_of(&visit.query) {
        Ok(stay) => visit.engine.stay(visit.actor(), stay).await?,
        Err(_) => None,
    };
    let issued: Vec<Issued> = match &chosen {
        Some(stay) => visit.engine.issued_to(visit.actor(), stay.id).await?.unwrap_or_default(),
        None => Vec::new(),
    };
    let known = references(visit, chosen.iter().map(|stay| stay.household)).await?;
    // A lot may stand there by itself and in a pack: it is put back from either.
    let mut lots: Choices = Vec::new();
    for one in &issued {
        let units = words::so_many(one.quantity.into(), names.unit(one.item));
        let label = format!("{}: {units}", names.item_words(one.item));
        if !lots.iter().any(|(lot, _)| *lot == one.lot.to_string()) {
            lots.push((one.lot.to_string(), label));
        }
    }
    Ok(ReturnPage {
        shell: visit.shell(Place::Stock)?,
        fields,
        stay: chosen.and_then(|stay| known.get(&stay.household).cloned()),
        stays: first(words::CHOOSE, stays(visit, &had).await?),
        lots,
        places: first(words::CHOOSE, names.open_places()),
    })
}

/// The form for what comes back, not opened.
async fn returning(visit: Visit) -> Answer {
    visit.must(Permission::KeepStock)?;
    let fields = visit.filled(Fields::default().with("stay", visit.query.get("stay")));
    let page = return_page(&visit, fields).await?;
    visit.show(&page)
}

fn return_of(visit: &Visit, fields: &Fields) -> Result<ReturnStock, Refusal> {
    Ok(ReturnStock {
        place: fields.get("place").to_owned(),
        stay: stay_of(&visit.query)?,
        lot: fields.id("lot", LotId).ok_or_else(|| Refusal::bad("lot", words::CHOOSE_FIRST))?,
        quantity: typed_quantity(fields.get("quantity"), "quantity")?,
    })
}

/// Puts it back.
async fn put_back(visit: Visit, fields: Fields) -> Answer {
    visit.must(Permission::KeepStock)?;
    let done = match return_of(&visit, &fields) {
        Ok(ask) => {
            let stay = ask.stay;
            visit.run(&fields, Command::ReturnStock(ask)).await?.map(|_| stay)
        }
        Err(refusal) => Err(refusal),
    };
    match done {
        Ok(stay) => Ok(to(&format!("/stays/{stay}?done=returned"))),
        Err(refusal) => {
            let mut page = return_page(&visit, fields).await?;
            page.shell = page.shell.refused(&refusal).at_one_of(&["lot", "quantity", "place", "stay"]);
            visit.show_again(&page)
        }
    }
}
