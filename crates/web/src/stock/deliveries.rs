//! Deliveries: what came, bought or given, and putting right what was written down of one.

use std::sync::Arc;

use askama::Template;
use rust_decimal::Decimal;
use safespace_domain::{Refusal, StockEntryId, access::Permission, stock::typed_quantity};
use safespace_engine::{Command, CorrectReceipt, OriginAsk, ReceiptLine, ReceiveStock};

use super::{Names, typed_pounds};
use crate::{
    Answer, Pages, Site, Stopped,
    fields::Fields,
    form,
    properties::{Choices, first},
    shell::{Place, Shell, to},
    visit::Visit,
    words::stock as words,
};

/// So many lines a new form has.
const LINES: usize = 5;
/// So many lines a form has at most.
const MOST_LINES: usize = 100;
/// The fields of a line, which end in its number.
const OF_A_LINE: [&str; 5] = ["item", "quantity", "cost", "lot", "expiresOn"];
const FIELDS: [&str; 7] = ["place", "origin", "supplier", "grant", "donatedBy", "deliveryNote", "item1"];

#[derive(Template)]
#[template(path = "delivery.html")]
struct DeliveryPage {
    shell: Shell,
    fields: Fields,
    places: Choices,
    origins: Choices,
    grants: Choices,
    items: Choices,
    lines: Vec<usize>,
}

#[derive(Template)]
#[template(path = "correct.html")]
struct CorrectPage {
    shell: Shell,
    fields: Fields,
}

pub(super) fn pages(site: &Arc<Site>) -> Pages {
    vec![
        ("/stock/deliveries/new", form(site, new, receive)),
        ("/stock/correct", form(site, correcting, correct)),
    ]
}

/// The form, with so many more lines than it had.
async fn form_page(visit: &Visit, fields: Fields, more: usize) -> Result<DeliveryPage, Stopped> {
    let names = Names::load(visit).await?;
    let grants = visit.engine.grants(visit.actor()).await?;
    let today = visit.engine.today();
    let running = grants.into_iter().map(|view| view.grant).filter(|grant| grant.period.contains(today));
    let lines = fields.number("lines").ok().flatten().and_then(|n| usize::try_from(n).ok());
    let lines = lines.unwrap_or(LINES).saturating_add(more).clamp(1, MOST_LINES);
    Ok(DeliveryPage {
        shell: visit.shell(Place::Stock)?,
        fields,
        places: first(words::CHOOSE, names.open_places()),
        origins: words::ORIGINS
            .iter()
            .map(|(code, label)| ((*code).to_owned(), (*label).to_owned()))
            .collect(),
        grants: first(
            words::NONE,
            running.map(|grant| (grant.code.clone(), format!("{} ({})", grant.name, grant.code))).collect(),
        ),
        items: names.current_items(),
        lines: (1..=lines).collect(),
    })
}

/// The form for what came.
async fn new(visit: Visit) -> Answer {
    visit.must(Permission::KeepStock)?;
    let fields = Fields::default().with("place", visit.query.get("place")).with("origin", "bought");
    visit.show(&form_page(&visit, visit.filled(fields), 0).await?)
}

/// A line, if anything stands in it.
fn line(fields: &Fields, no: usize) -> Result<Option<ReceiptLine>, Refusal> {
    let name = |field: &str| format!("{field}{no}");
    if OF_A_LINE.iter().all(|field| fields.get(&name(field)).is_empty()) {
        return Ok(None);
    }
    Ok(Some(ReceiptLine {
        item: fields.get(&name("item")).to_owned(),
        quantity: typed_quantity(fields.get(&name("quantity")), &name("quantity"))?,
        cost: typed_pounds(fields, &name("cost"))?.unwrap_or(Decimal::ZERO),
        lot: fields.text(&name("lot")),
        expires_on: fields.date(&name("expiresOn"))?,
    }))
}

/// What is received, and which line of the form each of its lines is.
fn receiving(fields: &Fields) -> Result<(ReceiveStock, Vec<usize>), Refusal> {
    let from = match fields.get("origin") {
        "bought" => {
            OriginAsk::Bought { supplier: fields.get("supplier").to_owned(), grant: fields.text("grant") }
        }
        "donated" => OriginAsk::Donated { by: fields.text("donatedBy") },
        _ => return Err(Refusal::bad("origin", words::CHOOSE_FIRST)),
    };
    let (mut lines, mut numbers) = (Vec::new(), Vec::new());
    for no in 1..=MOST_LINES {
        if let Some(line) = line(fields, no)? {
            lines.push(line);
            numbers.push(no);
        }
    }
    if lines.is_empty() {
        return Err(Refusal::bad("item1", words::NO_LINES));
    }
    let place = fields.get("place").to_owned();
    Ok((ReceiveStock { place, from, delivery_note: fields.text("deliveryNote"), lines }, numbers))
}

/// Which field of the form a refusal is about. Of what is wrong in a line the engine says not in which: each is tried by
/// itself.
async fn field_of(
    visit: &Visit,
    ask: &ReceiveStock,
    numbers: &[usize],
    refusal: &Refusal,
) -> Result<Option<String>, Stopped> {
    let Some(field) = refusal.field.as_deref() else { return Ok(None) };
    if !OF_A_LINE.contains(&field) {
        return Ok(Some(field.to_owned()));
    }
    for (line, no) in ask.lines.iter().zip(numbers) {
        let alone = ReceiveStock { lines: vec![line.clone()], ..ask.clone() };
        if let Err(found) = visit.rehearse(Command::ReceiveStock(alone)).await?
            && found.field == refusal.field
        {
            return Ok(Some(format!("{field}{no}")));
        }
    }
    Ok(None)
}

/// Writes a delivery down.
async fn receive(visit: Visit, fields: Fields) -> Answer {
    visit.must(Permission::KeepStock)?;
    match fields.get("do") {
        "more" => return visit.show(&form_page(&visit, fields, LINES).await?),
        "keep" => return visit.show(&form_page(&visit, fields, 0).await?),
        _ => {}
    }
    let (refusal, field) = match receiving(&fields) {
        Ok((ask, numbers)) => match visit.run(&fields, Command::ReceiveStock(ask.clone())).await? {
            Ok(_) => return Ok(to("/stock?done=received")),
            Err(refusal) => {
                let field = field_of(&visit, &ask, &numbers, &refusal).await?;
                (refusal, field)
            }
        },
        Err(refusal) => {
            let field = refusal.field.clone();
            (refusal, field)
        }
    };
    let mut page = form_page(&visit, fields, 0).await?;
    let refusal = Refusal { field, ..refusal };
    let of_lines = page.lines.iter().flat_map(|no| OF_A_LINE.iter().map(move |field| format!("{field}{no}")));
    let known: Vec<String> = FIELDS.iter().map(ToString::to_string).chain(of_lines).collect();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    page.shell = page.shell.refused(&refusal).at_one_of(&known);
    visit.show_again(&page)
}

/// The entry that the address names.
fn entry(visit: &Visit) -> Result<StockEntryId, Stopped> {
    let found = visit.query.id("entry", StockEntryId);
    found.ok_or_else(|| Stopped::Refused(Refusal::not_found("receipt", "entry")))
}

/// The form that puts right what was written down when something came.
async fn correcting(visit: Visit) -> Answer {
    visit.must(Permission::KeepStock)?;
    entry(&visit)?;
    let fields = visit.filled(Fields::default());
    visit.show(&CorrectPage { shell: visit.shell(Place::Stock)?, fields })
}

/// Puts it right.
async fn correct(visit: Visit, fields: Fields) -> Answer {
    visit.must(Permission::KeepStock)?;
    let entry = entry(&visit)?;
    let ask = typed_quantity(fields.get("quantity"), "quantity").and_then(|quantity| {
        let cost = typed_pounds(&fields, "cost")?.ok_or_else(|| Refusal::bad("cost", words::GIVE_POUNDS))?;
        Ok(CorrectReceipt { entry, quantity, cost })
    });
    let done = match ask {
        Ok(ask) => visit.run(&fields, Command::CorrectReceipt(ask)).await?,
        Err(refusal) => Err(refusal),
    };
    match done {
        Ok(_) => Ok(to("/stock?done=receipt-corrected")),
        Err(refusal) => {
            let shell = visit.shell(Place::Stock)?.refused(&refusal).at_one_of(&["quantity", "cost"]);
            visit.show_again(&CorrectPage { shell, fields })
        }
    }
}
