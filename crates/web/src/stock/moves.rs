//! Moving stock from one place to another, and throwing it away.

use std::sync::Arc;

use askama::Template;
use safespace_domain::{
    ItemId, LotId, Refusal,
    access::Permission,
    stock::{OnHand, WriteOffReason, typed_quantity},
};
use safespace_engine::{Command, TransferLine, TransferStock, WriteOffStock};

use super::{Names, field_of, pounds};
use crate::{
    Answer, Pages, Site, Stopped,
    fields::Fields,
    form,
    properties::{Choices, first},
    shell::{Place, Shell, to},
    visit::Visit,
    words::stock as words,
};

/// A lot that can be transferred.
struct Lot {
    item: String,
    about: String,
    unit: String,
    units: u32,
    typed: String,
    name: String,
}

#[derive(Template)]
#[template(path = "transfer.html")]
struct TransferPage {
    shell: Shell,
    fields: Fields,
    places: Choices,
    /// The code and name of the place that it goes from.
    from: Option<(String, String)>,
    to: Choices,
    lots: Vec<Lot>,
}

#[derive(Template)]
#[template(path = "write_off.html")]
struct WriteOffPage {
    shell: Shell,
    fields: Fields,
    back: String,
    item: String,
    place: String,
    about: String,
    units: u32,
    unit: String,
    value: String,
    reasons: Choices,
    will: Option<String>,
}

pub(super) fn pages(site: &Arc<Site>) -> Pages {
    vec![
        ("/stock/transfer", form(site, transferring, transfer)),
        ("/stock/write-off", form(site, writing_off, write_off)),
    ]
}

/// What can go from the place that the address names: all of it, or one item.
async fn lots(visit: &Visit, names: &Names) -> Result<Vec<OnHand>, Stopped> {
    let Some(place) = names.place_called(visit.query.get("from")) else { return Ok(Vec::new()) };
    let only = visit.query.id("item", ItemId);
    let mut found = visit.engine.stock(visit.actor(), Some(place.id)).await?;
    found.retain(|one| one.balance.quantity > 0 && only.is_none_or(|item| item == one.balance.item));
    Ok(found)
}

async fn transfer_page(visit: &Visit, fields: Fields) -> Result<TransferPage, Stopped> {
    let names = Names::load(visit).await?;
    let from = names.place_called(visit.query.get("from"));
    let lot = |one: &OnHand| {
        let name = field_of("quantity", one.lot.id);
        Lot {
            item: names.item_words(one.balance.item),
            about: words::lot(one.lot.code.as_deref(), one.lot.expires_on, one.lot.received_at),
            unit: names.unit(one.balance.item).to_owned(),
            units: one.balance.quantity,
            typed: fields.get(&name).to_owned(),
            name,
        }
    };
    Ok(TransferPage {
        shell: visit.shell(Place::Stock)?,
        lots: lots(visit, &names).await?.iter().map(lot).collect(),
        places: first(words::CHOOSE, names.place_choices(|_| true)),
        from: from.map(|place| (place.code.clone(), names.place_words(place.id))),
        to: first(
            words::CHOOSE,
            names.place_choices(|place| !place.closed && from.is_none_or(|from| from.id != place.id)),
        ),
        fields,
    })
}

/// The form for a transfer.
async fn transferring(visit: Visit) -> Answer {
    visit.must(Permission::KeepStock)?;
    let page = transfer_page(&visit, visit.filled(Fields::default())).await?;
    visit.show(&page)
}

fn transfer_of(visit: &Visit, fields: &Fields, lots: &[OnHand]) -> Result<TransferStock, Refusal> {
    let mut lines = Vec::new();
    for one in lots {
        let name = field_of("quantity", one.lot.id);
        if !fields.get(&name).is_empty() {
            lines.push(TransferLine { lot: one.lot.id, quantity: typed_quantity(fields.get(&name), &name)? });
        }
    }
    if fields.get("to").is_empty() {
        return Err(Refusal::bad("to", words::CHOOSE_FIRST));
    }
    if lines.is_empty() {
        let at = lots.first().map_or_else(|| "to".to_owned(), |one| field_of("quantity", one.lot.id));
        return Err(Refusal::bad(&at, words::NO_LINES));
    }
    Ok(TransferStock { from: visit.query.get("from").to_owned(), to: fields.get("to").to_owned(), lines })
}

/// Takes stock from one place to another.
async fn transfer(visit: Visit, fields: Fields) -> Answer {
    visit.must(Permission::KeepStock)?;
    let names = Names::load(&visit).await?;
    let lots = lots(&visit, &names).await?;
    let refusal = match transfer_of(&visit, &fields, &lots) {
        Err(refusal) => refusal,
        Ok(ask) => match visit.run(&fields, Command::TransferStock(ask.clone())).await? {
            Ok(_) => return Ok(to("/stock?done=transferred")),
            Err(refusal) => at_its_line(&visit, &ask, refusal).await?,
        },
    };
    let mut page = transfer_page(&visit, fields).await?;
    let known: Vec<String> = page.lots.iter().map(|lot| lot.name.clone()).chain(["to".to_owned()]).collect();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    page.shell = page.shell.refused(&refusal).at_one_of(&known);
    visit.show_again(&page)
}

/// A refusal of a transfer at the field of the line that it is about: each line is tried by itself.
async fn at_its_line(visit: &Visit, ask: &TransferStock, refusal: Refusal) -> Result<Refusal, Stopped> {
    if refusal.field.as_deref() != Some("quantity") {
        return Ok(refusal);
    }
    for line in &ask.lines {
        let alone = TransferStock { lines: vec![line.clone()], ..ask.clone() };
        if let Err(found) = visit.rehearse(Command::TransferStock(alone)).await? {
            return Ok(found.on(&field_of("quantity", line.lot)));
        }
    }
    Ok(refusal)
}

/// What is to be thrown away: of which lot, where.
async fn lot_of(visit: &Visit, names: &Names) -> Result<OnHand, Stopped> {
    let nothing = || Stopped::Refused(Refusal::not_found("lot", "lot"));
    let place = names.place_called(visit.query.get("place")).ok_or_else(nothing)?;
    let lot = visit.query.id("lot", LotId).ok_or_else(nothing)?;
    let found = visit.engine.stock(visit.actor(), Some(place.id)).await?;
    found.into_iter().find(|one| one.lot.id == lot && one.balance.quantity > 0).ok_or_else(nothing)
}

fn write_off_page(
    visit: &Visit,
    names: &Names,
    one: &OnHand,
    fields: Fields,
) -> Result<WriteOffPage, Stopped> {
    let reason = |why: WriteOffReason| (why.as_str().to_owned(), words::write_off_reason(why).to_owned());
    Ok(WriteOffPage {
        shell: visit.shell(Place::Stock)?,
        fields,
        back: format!("/stock/items/{}", one.balance.item),
        item: names.item_words(one.balance.item),
        place: names.place_words(one.balance.place),
        about: words::lot(one.lot.code.as_deref(), one.lot.expires_on, one.lot.received_at),
        units: one.balance.quantity,
        unit: names.unit(one.balance.item).to_owned(),
        value: pounds(one.balance.value),
        reasons: WriteOffReason::ALL.into_iter().map(reason).collect(),
        will: None,
    })
}

/// The form for what is thrown away.
async fn writing_off(visit: Visit) -> Answer {
    visit.must(Permission::KeepStock)?;
    let names = Names::load(&visit).await?;
    let one = lot_of(&visit, &names).await?;
    let fields = Fields::default().with("quantity", one.balance.quantity);
    let has_expired = one.lot.expired(visit.engine.today());
    let fields = if has_expired { fields.with("why", WriteOffReason::Expired) } else { fields };
    visit.show(&write_off_page(&visit, &names, &one, visit.filled(fields))?)
}

fn write_off_of(visit: &Visit, one: &OnHand, fields: &Fields) -> Result<WriteOffStock, Refusal> {
    let why = fields.parsed("why", words::CHOOSE_FIRST)?;
    Ok(WriteOffStock {
        place: visit.query.get("place").to_owned(),
        lot: one.lot.id,
        quantity: typed_quantity(fields.get("quantity"), "quantity")?,
        why: why.ok_or_else(|| Refusal::bad("why", words::CHOOSE_FIRST))?,
        note: fields.text("note"),
    })
}

/// Says what will be thrown away, and does it once that was confirmed.
async fn write_off(visit: Visit, fields: Fields) -> Answer {
    visit.must(Permission::KeepStock)?;
    let names = Names::load(&visit).await?;
    let one = lot_of(&visit, &names).await?;
    let mut page = write_off_page(&visit, &names, &one, fields.clone())?;
    if fields.get("do") == "change" {
        return visit.show(&page);
    }
    let done = match write_off_of(&visit, &one, &fields) {
        Err(refusal) => Err(refusal),
        Ok(ask) if fields.get("do") == "go" => match visit.run(&fields, Command::WriteOffStock(ask)).await? {
            Ok(_) => return Ok(to(&format!("{}?done=written-off", page.back))),
            Err(refusal) => Err(refusal),
        },
        Ok(ask) => {
            let will = words::will_write_off(ask.quantity, &page.unit, &page.item, &page.place, ask.why);
            visit.rehearse(Command::WriteOffStock(ask)).await?.map(|_| will)
        }
    };
    match done {
        Ok(will) => {
            page.will = Some(will);
            visit.show(&page)
        }
        Err(refusal) => {
            page.shell = page.shell.refused(&refusal).at_one_of(&["quantity", "why", "note"]);
            visit.show_again(&page)
        }
    }
}
