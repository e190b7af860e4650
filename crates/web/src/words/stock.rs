//! The words of stock, packs and homes.

use chrono::{DateTime, Utc};
use safespace_domain::{
    Night, Nights,
    clock::in_service_time,
    ledger::NightUse,
    money::Pence,
    pack_templates::{Per, TemplateLine},
    sharing::Sharing,
    shopping::{Expiring, Likely},
    stock::{CountReason, Movement, WriteOffReason},
    units::InService,
};

pub(crate) use crate::words::{allergen, diet};

use super::{count, day, short_day};

/// What has happened, by the word that a page was asked with after it.
pub(super) const DONE: [(&str, &str); 31] = [
    ("property-added", "The property was added. Now add its units."),
    ("property-described", "What is said of the property was changed."),
    ("property-closed", "The property is out of stock from that night on."),
    ("property-reopened", "The property is in stock again from that night on."),
    ("kind-set", "The kind of accommodation was changed."),
    ("address-kept", "The address was written down. Only an act of revealing brings it out."),
    ("unit-added", "The unit was added."),
    ("unit-described", "What is said of the unit was changed."),
    ("unit-closed", "The unit is out of stock from that night on."),
    ("unit-reopened", "The unit is in stock again from that night on."),
    ("void-recorded", "The void was recorded. Nobody can be placed there on its nights."),
    ("void-changed", "The void was changed."),
    ("void-taken-back", "The void was taken back. Its nights are free again."),
    ("received", "The delivery was written down."),
    ("receipt-corrected", "What came was put right."),
    ("counted", "The count was written down."),
    ("transferred", "It was transferred."),
    ("written-off", "It was written off."),
    ("issued", "It was issued to the household."),
    ("returned", "It was put back."),
    ("item-saved", "The item was saved."),
    ("item-retired", "The item was retired. What there is of it can still be given out."),
    ("item-restored", "The item is used again."),
    ("item-deleted", "The item was taken out of the catalogue."),
    ("level-set", "The level was set."),
    ("place-added", "The place was added."),
    ("place-closed", "The place was closed."),
    ("place-reopened", "The place is open again."),
    ("grant-saved", "The grant was saved."),
    ("category-saved", "The category was saved."),
    ("template-saved", "The template was saved. Packs that are planned from now on are made by it."),
];

/// Of a unit that nothing takes.
pub(crate) const FREE: &str = "free";
/// Of a unit whose household has left since the night began.
pub(crate) const LEFT: &str = "has left";
/// Of what somebody may not see the reference of.
pub(crate) const EMPTY: &str = "";
/// The first choice of a list, where any will do.
pub(crate) const ANY: &str = "Any";
/// The first choice of a list, where one must be chosen.
pub(crate) const CHOOSE: &str = "Choose one";
/// The first choice of a list, where nothing need be chosen.
pub(crate) const NONE: &str = "None";
/// The choice of the kind of accommodation that a scheme's homes are.
pub(crate) const AS_ITS_SCHEME: &str = "That of its scheme’s homes";
/// Of a place that is at the office.
pub(crate) const AT_THE_OFFICE: &str = "At the office: no property’s cupboard";
/// Of what nobody has named a supplier for.
pub(crate) const NO_SUPPLIER: &str = "No supplier noted";
/// Of what nothing in the catalogue suits.
pub(crate) const NOTHING_SUITS: &str = "nothing that suits";
/// Whoever is only likely to come.
pub(crate) const LIKELY: &str = "likely arrival";
/// Of a household whose reference somebody may not see.
pub(crate) const A_HOUSEHOLD: &str = "a household";
/// Where an expiry was not noted.
pub(crate) const KEEPS: &str = "does not expire";
/// Said where a form that moves several things has none filled in.
pub(crate) const NO_LINES: &str = "Fill in at least one line.";
/// Said where nothing was counted.
pub(crate) const NOTHING_COUNTED: &str = "Write down how many there are of at least one lot.";
/// Said where a price or cost can't be read.
pub(crate) const GIVE_POUNDS: &str = "Give an amount in pounds, as in 4.50.";
/// Said where nothing was chosen.
pub(crate) const CHOOSE_FIRST: &str = "Choose one of these.";

/// The schemes, to choose from.
pub(crate) const SCHEMES: [(&str, &str); 2] =
    [("safe_space", "Safe space: at most seven nights"), ("move_on", "Move-on")];

/// Who may share a property, in words.
pub(crate) const fn sharing(sharing: Sharing) -> &'static str {
    match sharing {
        Sharing::SelfContained => "nothing is shared",
        Sharing::WomenOnly => "shared, women only",
        Sharing::MenOnly => "shared, men only",
        Sharing::OneSex => "shared, one sex at a time",
    }
}

/// In stock, from when until when.
pub(crate) fn in_service(run: InService) -> String {
    match run.closed_on {
        Some(closed) => {
            format!("from {} until {}, the first night out of stock", day(run.opened_on), day(closed))
        }
        None => format!("from {} on", day(run.opened_on)),
    }
}

/// What takes a unit tonight, as one reads it after the unit's code.
pub(crate) const fn tonight(night_use: NightUse) -> &'static str {
    match night_use {
        NightUse::Booked => "booked",
        NightUse::Resident => "in residence",
        NightUse::Held => "held",
        NightUse::Void => "void",
        NightUse::Turnaround => "turnaround",
    }
}

/// Said after the nights of what is free in a run of nights.
pub(crate) fn nights_free(nights: Nights) -> String {
    match nights.len() {
        1 => format!("{} (1 night)", day(nights.arrival())),
        _ => super::nights(nights),
    }
}

/// What a confirmed closing does.
pub(crate) fn will_close(code: &str, on: Night) -> String {
    format!("{code} will be out of stock from the night of {} on. Nothing stands in the way.", day(on))
}

/// What a confirmed reopening does.
pub(crate) fn will_reopen(code: &str, on: Night) -> String {
    format!("{code} will be in stock again from the night of {} on.", day(on))
}

/// What a confirmed void does.
pub(crate) fn will_void(code: &str, nights: Nights, reason: &str) -> String {
    format!(
        "{code} will be out of service {}: {}. Nothing stands in the way.",
        super::nights(nights),
        reason.to_lowercase()
    )
}

/// What taking a void back does.
pub(crate) fn will_free(code: &str, nights: Nights) -> String {
    format!("{code} can be booked again {}.", super::nights(nights))
}

/// What a confirmed writing off does.
pub(crate) fn will_write_off(units: i64, unit: &str, item: &str, place: &str, why: WriteOffReason) -> String {
    format!(
        "{} of {item} at {place} will be written off as {}. This can’t be taken back.",
        so_many(units, unit),
        write_off_reason(why).to_lowercase()
    )
}

/// So many of a unit of issue.
pub(crate) fn so_many(units: i64, unit: &str) -> String {
    format!("{units} × {unit}")
}

/// Why a count differs, in words.
pub(crate) const fn count_reason(reason: CountReason) -> &'static str {
    match reason {
        CountReason::Miscounted => "The last count was wrong",
        CountReason::IssueNotRecorded => "Given out, not written down",
        CountReason::ReceiptNotRecorded => "Came, not written down",
        CountReason::Lost => "Lost",
        CountReason::Other => "Another reason, said in words",
    }
}

/// Why something is thrown away, in words.
pub(crate) const fn write_off_reason(reason: WriteOffReason) -> &'static str {
    match reason {
        WriteOffReason::Expired => "Expired",
        WriteOffReason::Damaged => "Damaged",
        WriteOffReason::Recalled => "Recalled by its maker",
        WriteOffReason::Other => "Another reason, said in words",
    }
}

/// What an entry of the ledger is about. `other` names the other place of a transfer.
pub(crate) fn movement(movement: Movement, other: &str) -> String {
    match movement {
        Movement::Received => "received".to_owned(),
        Movement::Corrected { .. } => "receipt put right".to_owned(),
        Movement::Issued { to } if to.pack.is_some() => "put in a pack".to_owned(),
        Movement::Issued { .. } => "issued".to_owned(),
        Movement::Returned { .. } => "put back".to_owned(),
        Movement::TransferredOut { .. } => format!("transferred to {other}"),
        Movement::TransferredIn { .. } => format!("transferred from {other}"),
        Movement::Counted { why: None } => "counted, right".to_owned(),
        Movement::Counted { why: Some(why) } => format!("counted: {}", count_reason(why).to_lowercase()),
        Movement::WrittenOff { why } => format!("written off: {}", write_off_reason(why).to_lowercase()),
    }
}

/// That a place is low of an item.
pub(crate) fn low(target: u32) -> String {
    format!("Low: fill up to {target}")
}

/// That a lot expires soon, or has expired.
pub(crate) fn expires(units: u32, on: Night, today: Night) -> String {
    if on < today {
        format!("{units} expired {}", short_day(on))
    } else {
        format!("{units} until {}", short_day(on))
    }
}

/// What is known of an item's contents.
pub(crate) const CONTENTS_NOT_READ: &str = "nobody has read its label";
/// Of an item that has none of the allergens.
pub(crate) const CONTAINS_NONE: &str = "none of the fourteen";

/// For whom a line of a template is, in words.
pub(crate) fn per(per: Per) -> String {
    match per {
        Per::Household => "for the household".to_owned(),
        other => format!("for each {}", super::in_plain_words(other.as_str())),
    }
}

/// How much a line of a template gives.
pub(crate) fn template_rule(line: &TemplateLine) -> String {
    let again = match line.every_nights {
        None => "once".to_owned(),
        Some(1) => "every night".to_owned(),
        Some(n) => format!("every {n} nights"),
    };
    format!("{} {}, {again}", line.quantity, per(line.per))
}

/// When something was printed.
pub(crate) fn printed(at: DateTime<Utc>) -> String {
    in_service_time(at).format("%A %-d %B %Y, %H:%M").to_string()
}

/// A hold's end: lapses 21:30.
pub(crate) fn lapses(at: DateTime<Utc>) -> String {
    format!("lapses {}", super::short_instant(at))
}

/// Which of several lists one is: List 1 of 3.
pub(crate) fn list_of(n: usize, all: usize) -> String {
    format!("List {n} of {all}")
}

/// How many packs a shopping line buys: 2 packs of 6.
pub(crate) fn packs_of(packs: u32, size: u32) -> String {
    format!("{} of {size}", count(packs, "pack"))
}

/// How a delivery came, to choose from.
pub(crate) const ORIGINS: [(&str, &str); 2] = [("bought", "Bought"), ("donated", "Given")];

/// What of the stock is shown, to choose from.
pub(crate) const ONLY: [(&str, &str); 2] =
    [("low", "What is low"), ("expiring", "What expires or has expired")];

/// What a count differs by: 3 more, 2 fewer.
pub(crate) fn differs(ledger: i64, counted: i64) -> String {
    match counted - ledger {
        0 => "as the ledger has it".to_owned(),
        more if more > 0 => format!("{more} more than the ledger’s {ledger}"),
        fewer => format!("{} fewer than the ledger’s {ledger}", -fewer),
    }
}

/// A lot in words: its number, its expiry, when it came.
pub(crate) fn lot(code: Option<&str>, expires_on: Option<Night>, received_at: DateTime<Utc>) -> String {
    let code = code.map(|code| format!("lot {code}, ")).unwrap_or_default();
    let expiry =
        expires_on.map_or_else(|| KEEPS.to_owned(), |on| format!("until {}", on.format("%-d %b %Y")));
    format!("{code}{expiry}, came {}", in_service_time(received_at).format("%-d %b %Y"))
}

pub(crate) const CATEGORY: &str = "Category";
pub(crate) const COUNTED_IN: &str = "Counted in";
pub(crate) const BOUGHT_IN: &str = "Bought in";
pub(crate) const SUPPLIER: &str = "Supplier";
pub(crate) const CONTAINS: &str = "Allergens in it";
pub(crate) const SUITS: &str = "Suits those who eat";
pub(crate) const KEEPS_FOR: &str = "Keeps for";
pub(crate) const BARCODE: &str = "Bar code";
/// Of food that is marked for no diet.
pub(crate) const NO_DIET: &str = "nothing is marked";

/// In what an item is bought.
pub(crate) fn bought_in(size: u32, price: &str) -> String {
    format!("packs of {size}, {price} each")
}

/// Of a lot that has expired, or soon does.
pub(crate) fn expiry_tag(expires_on: Option<Night>, today: Night) -> Option<String> {
    let days = (expires_on? - today).num_days();
    match days {
        ..0 => Some("expired".to_owned()),
        0 => Some("last day".to_owned()),
        1..=14 => Some(format!("expires in {}", count(u32::try_from(days).unwrap_or_default(), "day"))),
        _ => None,
    }
}

/// How a grant stands: what is spent on a day, and when it runs out at that pace.
pub(crate) fn grant_pace(
    pace: Option<&str>,
    over_days: Option<u32>,
    runs_out: Option<Night>,
) -> Option<String> {
    let (pace, days) = (pace?, over_days?);
    let end = runs_out
        .map_or_else(|| "it lasts until its end".to_owned(), |on| format!("it is used up on {}", day(on)));
    Some(format!("{pace} a day over the last {}; at this pace {end}", count(days, "day")))
}

/// An answer of two.
pub(crate) const YES_NO: [(&str, &str); 2] = [("yes", "Yes"), ("no", "No")];
/// Whether a label was read, to choose from.
pub(crate) const LABEL_READ: [(&str, &str); 2] = [
    ("yes", "Yes: what is ticked below is in it, and no other of the fourteen"),
    ("no", "No: nobody has read it"),
];

/// Said where somebody adds an item under a code that is there.
pub(crate) const ITEM_IS_THERE: &str =
    "There is an item with this code in the catalogue: change that one, or choose another code.";
/// Said where somebody adds a grant under a code that is there.
pub(crate) const GRANT_IS_THERE: &str =
    "There is a grant with this code: change that one, or choose another code.";
/// Said where somebody adds a template under a code that is there.
pub(crate) const TEMPLATE_IS_THERE: &str =
    "There is a template with this code: change that one, or choose another code.";
/// Of a template that is for stays for which there is no other.
pub(crate) const ANY_OTHER: &str = "Those that no other template is for";
/// Between what may be given instead of one another.
pub(crate) const OR: &str = ", or ";

/// Which version of a template it is, and for whose stays.
pub(crate) fn template_about(version: u32, scheme: Option<&str>) -> String {
    let stays = scheme
        .map_or_else(|| "stays that no other template is for".to_owned(), |scheme| format!("{scheme} stays"));
    format!("Version {version}, for {stays}")
}

/// Of a place that is no property's cupboard.
pub(crate) const OFFICE: &str = "at the office";

/// Of a place that is a property's cupboard.
pub(crate) fn cupboard(property: &str) -> String {
    format!("cupboard of {property}")
}

/// From where packs are picked when nothing else is chosen.
pub(crate) const ALL_OFFICES: &str = "The stores at the office";

/// How many days somebody may ask about.
pub(crate) fn days_asked(least: i64, most: i64) -> String {
    format!("Give a number of days, {least} to {most}.")
}

/// Somebody who is likely to come, as one of the last that came.
pub(crate) fn likely(likely: &Likely) -> String {
    format!(
        "Likely arrival {}, {}: {} for {}, as the stay that began on {}",
        likely.no,
        short_day(likely.day),
        super::people(likely.of.people),
        count(likely.of.nights, "night"),
        day(likely.like)
    )
}

/// That a place is low of an item.
pub(crate) fn low_of(item: &str, place: &str, has: u32, target: u32) -> String {
    format!("{item} at {place}: {has} there, fill up to {target}")
}

/// That a lot expires, or has.
pub(crate) fn expiring(one: &Expiring, item: &str, place: &str) -> String {
    let when = if one.expired { "expired" } else { "until" };
    let then = match one.at_risk {
        _ if one.expired => "; write it off".to_owned(),
        0 => "; all of it is needed before".to_owned(),
        n => format!("; {n} that nobody needs before"),
    };
    format!("{} × {item} at {place}, {when} {}{then}", one.quantity, short_day(one.expires_on))
}

/// For whom a pack is, without saying who.
pub(crate) fn pack_about(people: &str, unit: &str, arrival: &str) -> String {
    format!("{people}, in {unit} from {arrival}")
}

/// What is not there for a pack, with what stands in for it.
pub(crate) fn missing(units: u32, wanted: &str, instead: &[String], unmet: u32) -> String {
    let instead =
        if instead.is_empty() { String::new() } else { format!("; instead {}", instead.join(", ")) };
    let unmet = if unmet > 0 { format!("; {unmet} still to be found") } else { String::new() };
    format!("{units} × {wanted} not there{instead}{unmet}")
}

/// Money, as people write it: £1,302.12.
pub(crate) fn money(pence: Pence) -> String {
    let sign = if pence.0 < 0 { "−" } else { "" };
    let (whole, rest) = (pence.0.unsigned_abs() / 100, pence.0.unsigned_abs() % 100);
    let digits = whole.to_string();
    let mut grouped = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{sign}£{grouped}.{rest:02}")
}

/// Units that came or went: +144, −6.
pub(crate) fn change(units: i64) -> String {
    format!("{units:+}").replace('-', "−")
}

/// Of a household that is there longer than it was to be.
pub(crate) fn was_to_leave(day: &str) -> String {
    format!("was due {day}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_grouped_and_its_sign_stands_before_the_pound() {
        assert_eq!(money(Pence(0)), "£0.00");
        assert_eq!(money(Pence(130_212)), "£1,302.12");
        assert_eq!(money(Pence(100_000_005)), "£1,000,000.05");
        assert_eq!(money(Pence(-45)), "−£0.45");
    }

    #[test]
    fn a_lot_is_told_to_expire_from_its_last_days_on() {
        let day = |text: &str| -> Night { text.parse().unwrap() };
        let tag = |on: &str| expiry_tag(Some(day(on)), day("2020-11-10"));
        assert_eq!(tag("2020-11-09").as_deref(), Some("expired"));
        assert_eq!(tag("2020-11-10").as_deref(), Some("last day"));
        assert_eq!(tag("2020-11-11").as_deref(), Some("expires in 1 day"));
        assert_eq!(tag("2020-11-25"), None);
        assert_eq!(expiry_tag(None, day("2020-11-10")), None);
    }
}
