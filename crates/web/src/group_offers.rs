//! Group offers, such as a drop-in: how many came on a date. Counts alone, never who.

use std::{collections::BTreeMap, sync::Arc};

use askama::Template;
use safespace_domain::{
    Nights, Refusal, access::Permission, group_offers::GroupAttendance, nights::next, reasons::ReasonKind,
};
use safespace_engine::{Command, RecordGroupAttendance};

use crate::{
    Answer, Pages, Site, Stopped,
    exceptions::period,
    fields::Fields,
    form,
    properties::{Choices, first},
    shell::{Place, Shell, to},
    stays::{choices, label},
    visit::Visit,
    words::{
        self,
        settings::{self as said, held, on_day, take_back},
    },
};

/// Where they are.
const PATH: &str = "/support/groups";
/// The fields of a count.
const FIELDS: [&str; 3] = ["offer", "heldOn", "attended"];

/// The page.
pub(crate) fn pages(site: &Arc<Site>) -> Pages {
    vec![(PATH, form(site, list, change))]
}

/// A count.
struct Row {
    day: String,
    offer: String,
    came: u16,
    /// Which one it is, in the form that takes it back.
    which: String,
    said: String,
}

#[derive(Template)]
#[template(path = "group_offers.html")]
struct GroupsPage {
    shell: Shell,
    fields: Fields,
    picked: Fields,
    period: String,
    offers: Choices,
    /// Each offer, and how often it was held with how many in all.
    sums: Vec<(String, String)>,
    rows: Vec<Row>,
    may_manage: bool,
}

async fn draw(visit: &Visit, shell: Shell, fields: Fields) -> Result<GroupsPage, Stopped> {
    let (from, to, days) = period(visit);
    let spaces = visit.engine.spaces();
    let mut found = visit.engine.group_attendance(visit.actor(), days).await?;
    found.reverse();
    let mut sums: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
    for (offer, attended) in found.iter().filter_map(|count| Some((&count.offer, count.attended?))) {
        let (times, all) = sums.entry(offer).or_default();
        *times += 1;
        *all += u32::from(attended);
    }
    let name = |code: &str| label(&spaces, ReasonKind::GroupOffer, code);
    let row = |count: &GroupAttendance| {
        let day = on_day(count.held_on);
        Some(Row {
            offer: name(&count.offer),
            came: count.attended?,
            which: format!("{}{PARTED}{}", count.held_on, count.offer),
            said: take_back(&name(&count.offer), &day),
            day,
        })
    };
    Ok(GroupsPage {
        shell,
        fields,
        picked: Fields::default().with("from", from).with("to", to),
        period: words::days(days),
        offers: first(said::CHOOSE, choices(&spaces, ReasonKind::GroupOffer)),
        sums: sums.iter().map(|(code, (times, all))| (name(code), held(*times, *all))).collect(),
        rows: found.iter().filter_map(row).collect(),
        may_manage: visit.may(Permission::ManageSpaces),
    })
}

/// Parts the date of a count from its offer. No date has it.
const PARTED: char = ' ';

/// How many came to what, with the form that counts.
async fn list(visit: Visit) -> Answer {
    visit.must(Permission::GiveSupport)?;
    let fields = visit.filled(Fields::default().with("heldOn", visit.engine.today()));
    let page = draw(&visit, visit.shell(Place::Today)?, fields).await?;
    visit.show(&page)
}

/// Writes a count down, or takes one back.
async fn change(visit: Visit, fields: Fields) -> Answer {
    visit.must(Permission::GiveSupport)?;
    let refusal = match asked(&fields) {
        Ok(ask) => {
            let done = match ask.attended {
                None => "attendance-back",
                Some(_) if is_counted(&visit, &ask).await? => "attendance-replaced",
                Some(_) => "attendance-kept",
            };
            match visit.run(&fields, Command::RecordGroupAttendance(ask)).await? {
                Ok(_) => return Ok(to(&format!("{PATH}?done={done}"))),
                Err(refusal) => refusal,
            }
        }
        Err(refusal) => refusal,
    };
    let shell = visit.shell(Place::Today)?.refused(&refusal).at_one_of(&FIELDS);
    let page = draw(&visit, shell, fields).await?;
    visit.show_again(&page)
}

fn asked(fields: &Fields) -> Result<RecordGroupAttendance, Refusal> {
    if fields.get("do") == "take-back" {
        let parted = fields.get("which").split_once(PARTED);
        let which = parted.and_then(|(held_on, offer)| Some((held_on.parse().ok()?, offer.to_owned())));
        let (held_on, offer) = which.ok_or_else(|| Refusal::not_found("count", "which"))?;
        return Ok(RecordGroupAttendance { offer, held_on, attended: None });
    }
    if fields.get("offer").is_empty() {
        return Err(Refusal::bad("offer", said::WHICH_OFFER));
    }
    let held_on = fields.needed_date("heldOn")?;
    let attended = fields.number("attended")?;
    Ok(RecordGroupAttendance {
        offer: fields.get("offer").to_owned(),
        held_on,
        attended: Some(attended.ok_or_else(|| Refusal::bad("attended", said::HOW_MANY_CAME))?),
    })
}

/// Whether there is another count of that offer on that date, which this one takes the place of.
async fn is_counted(visit: &Visit, ask: &RecordGroupAttendance) -> Result<bool, Stopped> {
    let Ok(day) = Nights::from_to(ask.held_on, next(ask.held_on)) else { return Ok(false) };
    let found = visit.engine.group_attendance(visit.actor(), day).await?;
    Ok(found.iter().any(|count| count.offer == ask.offer && count.attended.is_some()))
}
