//! The words of reports.

use rust_decimal::{Decimal, prelude::ToPrimitive};
use safespace_domain::{
    Night, Nights,
    access::{Actor, Permission},
    availability::Spaces,
    figures::{MeasuredIn, Record},
    forecast::NightForecast,
    meeting_packs::Audience,
    money::Pence,
    nights::earlier,
    periods::PeriodKind,
    simulation::Rate,
    statutory_return::{Check, Section},
    targets::{Direction, Quarter, Target, Trend},
    units::Scheme,
};
use safespace_engine::Cell;

use super::{day, days, in_plain_words, scheme};

/// What has happened, by the word that a page was asked with after it.
pub(super) const DONE: [(&str, &str); 4] = [
    ("target-saved", "The target is kept."),
    ("target-removed", "The target is removed."),
    ("commentary-saved", "The commentary is kept."),
    ("pack-issued", "The pack is issued. It stays as it is now."),
];

/// The reports that somebody may see: where they are, and what they are called.
pub(crate) fn parts(actor: &Actor) -> Vec<(&'static str, &'static str)> {
    let all = [
        ("/reports", "Overview", Permission::SeeReports),
        ("/figures", "Figures", Permission::SeeReports),
        ("/targets", "Targets", Permission::SeeReports),
        ("/meeting-packs", "Packs for meetings", Permission::SeeReports),
        ("/return", "Statutory return", Permission::SeeStays),
        ("/forecast", "Forecast", Permission::SeeStays),
        ("/what-if", "What if?", Permission::SeeReports),
    ];
    all.into_iter().filter(|(_, _, may)| actor.may(*may)).map(|(path, label, _)| (path, label)).collect()
}

/// Where there is nothing to tell a number of.
pub(crate) const NOTHING: &str = "–";

/// A number with what it is in; a dash where there is none.
pub(crate) fn number(measured_in: MeasuredIn, value: Option<Decimal>) -> String {
    let Some(number) = value else { return NOTHING.to_owned() };
    match measured_in {
        MeasuredIn::PerCent => format!("{number}%"),
        MeasuredIn::Pounds => pounds(number),
        MeasuredIn::Minutes => format!("{} min", number.normalize()),
        MeasuredIn::Hours => format!("{number} h"),
        MeasuredIn::Nights => number.normalize().to_string(),
        MeasuredIn::Count | MeasuredIn::Number => number.to_string(),
    }
}

/// Money, as the pages of stock say it.
fn pounds(number: Decimal) -> String {
    let pence = (number * Decimal::ONE_HUNDRED).round().to_i64();
    pence.map_or_else(|| format!("£{number}"), |pence| super::stock::money(Pence(pence)))
}

/// A share of a hundred; a dash where there is none.
pub(crate) fn per_cent(value: Option<Decimal>) -> String {
    number(MeasuredIn::PerCent, value)
}

/// In what a figure is told, in words after its name.
pub(crate) const fn measured_in(measured_in: MeasuredIn) -> &'static str {
    match measured_in {
        MeasuredIn::Count => "count",
        MeasuredIn::PerCent => "per cent",
        MeasuredIn::Nights => "nights",
        MeasuredIn::Minutes => "minutes",
        MeasuredIn::Hours => "hours",
        MeasuredIn::Pounds => "pounds",
        MeasuredIn::Number => "number",
    }
}

/// In what a target is to be given.
pub(crate) fn told_in(unit: MeasuredIn) -> String {
    match unit {
        MeasuredIn::Count | MeasuredIn::Number => "A number.".to_owned(),
        unit => format!("In {}.", measured_in(unit)),
    }
}

/// A cell of a table as people read it.
pub(crate) fn cell(cell: &Cell) -> String {
    match cell {
        Cell::Empty => NOTHING.to_owned(),
        Cell::Text(text) => text.clone(),
        Cell::Number(number) => number.to_string(),
        Cell::Decimal(number) => number.to_string(),
        Cell::Day(night) => day(*night),
    }
}

/// The kinds of period that a report is of, as they are chosen.
pub(crate) const PERIODS: [(PeriodKind, &str); 6] = [
    (PeriodKind::Week, "Week"),
    (PeriodKind::FourWeeks, "Four weeks"),
    (PeriodKind::Month, "Month"),
    (PeriodKind::Quarter, "Quarter"),
    (PeriodKind::Year, "Year"),
    (PeriodKind::FinancialYear, "Financial year"),
];

/// How a range is cut, as it is chosen.
pub(crate) const CUTS: [(PeriodKind, &str); 8] = [
    (PeriodKind::Whole, "Not cut"),
    (PeriodKind::Night, "By night"),
    (PeriodKind::Week, "By week"),
    (PeriodKind::FourWeeks, "By four weeks"),
    (PeriodKind::Month, "By month"),
    (PeriodKind::Quarter, "By quarter"),
    (PeriodKind::Year, "By year"),
    (PeriodKind::FinancialYear, "By financial year"),
];

/// The first choice of how a chart is cut.
pub(crate) const AS_FITS: &str = "As fits";
/// The first choice of a district.
pub(crate) const ALL_DISTRICTS: &str = "All districts";
/// The first choice of a section.
pub(crate) const ALL_SECTIONS: &str = "All sections";
/// The choices of groups before their names.
pub(crate) const NO_GROUPS: &str = "No groups";
pub(crate) const ALL_GROUPS: &str = "All groups";

/// What stands above the numbers of a period and of those that it is told beside.
pub(crate) const TIMES: [&str; 5] =
    ["This period", "Period before", "Change, per cent", "A year before", "Change in a year, per cent"];

/// By what figures are grouped, as it is chosen.
pub(crate) fn grouped(by: &str) -> String {
    format!("By {}", in_plain_words(by).trim_end_matches(" by"))
}

/// A period in a table and below a chart.
pub(crate) fn period(kind: PeriodKind, nights: Nights) -> (String, String) {
    let first = nights.arrival();
    let long = match kind {
        PeriodKind::Night => day(first),
        PeriodKind::Month => first.format("%B %Y").to_string(),
        PeriodKind::Year | PeriodKind::FinancialYear => kind.label(first),
        PeriodKind::Week | PeriodKind::FourWeeks | PeriodKind::Quarter | PeriodKind::Whole => days(nights),
    };
    let short = match kind {
        PeriodKind::Night | PeriodKind::Week | PeriodKind::FourWeeks | PeriodKind::Whole => {
            first.format("%-d %b").to_string()
        }
        PeriodKind::Month => first.format("%b %y").to_string(),
        PeriodKind::Quarter | PeriodKind::Year | PeriodKind::FinancialYear => kind.label(first),
    };
    (long, short)
}

/// The days of a period so far, said whole.
pub(crate) fn so_far(nights: Nights, today: Night) -> String {
    let is_running = nights.departure() > today;
    let until = if is_running { ", tonight included" } else { "" };
    format!("{}{until}", days(nights))
}

/// That occupancy is of a district, or of all.
pub(crate) fn of_district(district: Option<&str>) -> String {
    district.map_or_else(|| "all districts".to_owned(), str::to_owned)
}

/// The lowest, the highest and the last of some values, to be read aloud.
pub(crate) fn course(values: &[(String, Option<Decimal>)], unit: &str) -> String {
    let known = || values.iter().filter_map(|(name, value)| Some((name, (*value)?)));
    let (low, high, last) =
        (known().min_by_key(|(_, v)| *v), known().max_by_key(|(_, v)| *v), known().next_back());
    match (low, high, last) {
        (Some((from, low)), Some((to, high)), Some((end, last))) => format!(
            "Lowest {low}{unit}, {from}. Highest {high}{unit}, {to}. Last {last}{unit}, {end}. The table below has all of \
             the numbers."
        ),
        _ => NO_NUMBERS.to_owned(),
    }
}

/// What a chart of nothing says.
pub(crate) const NO_NUMBERS: &str = "There are no numbers to draw.";

/// All bars of a chart, to be read aloud.
pub(crate) fn all_bars(bars: &[(String, String)]) -> String {
    if bars.is_empty() {
        return NO_NUMBERS.to_owned();
    }
    let each: Vec<String> = bars.iter().map(|(name, told)| format!("{name}: {told}")).collect();
    format!("{}.", each.join("; "))
}

/// A length of stay below its bar.
pub(crate) fn length(name: &str) -> String {
    name.replace(" or more", "+")
}

/// A group of a figure: by what, and which.
pub(crate) fn group(spaces: &Spaces, by: &str, name: &str) -> String {
    format!("{}: {}", in_plain_words(by), group_name(spaces, by, name))
}

/// A group of a figure as people call it: what stands in the code lists, where it is one of their codes.
pub(crate) fn group_name(spaces: &Spaces, by: &str, name: &str) -> String {
    let told = match by {
        "source" => name.parse().ok().map(|source| super::placing::referrals::source(source).to_owned()),
        "scheme" => name.parse().ok().map(|scheme| super::scheme(scheme).to_owned()),
        _ => spaces.reasons.iter().find(|reason| reason.code == name).map(|reason| reason.label.clone()),
    };
    told.unwrap_or_else(|| in_plain_words(name))
}

/// What a record is.
pub(crate) const fn record(record: Record) -> &'static str {
    match record {
        Record::Referral(_) => "referral",
        Record::Question(_) => "question of a council",
        Record::Stay(_) => "stay",
        Record::Household(_) => "household",
        Record::Void(_) => "void",
        Record::Session(_) => "session of support",
        Record::Pack(_) => "pack",
    }
}

/// What a target wants.
pub(crate) fn aim(target: &Target) -> String {
    let value = of_target(target, Some(target.value));
    format!("{} {value}", direction(target.direction))
}

/// A number of a target, with what it is in.
fn of_target(target: &Target, value: Option<Decimal>) -> String {
    let unit = safespace_domain::figures::measure(&target.measure).map(|(_, measure)| measure.measured_in);
    match (unit.unwrap_or(MeasuredIn::Number), value) {
        (MeasuredIn::Nights, Some(nights)) if nights == Decimal::ONE => "1 night".to_owned(),
        (MeasuredIn::Nights, Some(nights)) => format!("{} nights", nights.normalize()),
        (MeasuredIn::PerCent, Some(share)) => format!("{}%", share.normalize()),
        (unit, value) => number(unit, value),
    }
}

/// The schemes, as they are chosen.
pub(crate) fn schemes() -> Vec<(String, String)> {
    let all = [(String::new(), "All homes".to_owned())];
    let each = Scheme::ALL.map(|of| (of.as_str().to_owned(), format!("Only {} homes", scheme(of))));
    all.into_iter().chain(each).collect()
}

/// The homes of a scheme, or all.
pub(crate) const fn homes_of(scheme: Option<Scheme>) -> &'static str {
    match scheme {
        None => "All homes",
        Some(Scheme::SafeSpace) => "Safe spaces",
        Some(Scheme::MoveOn) => "Move-on homes",
    }
}

/// The title of a chart of the nights to come.
pub(crate) fn expected_free(homes: &str) -> String {
    format!("{homes}: expected free units")
}

/// What its line and its range are called, and what stands below it.
pub(crate) const EXPECTED: [&str; 2] = ["Expected", "Range"];
pub(crate) const FORECAST_CAPTION: &str = "Units that none of the households takes which are there, booked or held for now. The \
     range is meant to hold on 8 of 10 nights.";

/// How many are expected to be free tonight.
pub(crate) fn tonight_free(night: &NightForecast) -> String {
    let NightForecast { free, low, high, .. } = night;
    match (*low, *high) {
        (0, 0) => "Tonight none is expected free.".to_owned(),
        (1, 1) => "Tonight 1 unit is expected free.".to_owned(),
        (low, high) if low == high => format!("Tonight {high} units are expected free."),
        _ => format!("Tonight {free} units are expected free; the range is {low} to {high}."),
    }
}

/// So many nights ahead.
pub(crate) fn ahead(from: u32, to: u32) -> String {
    let first = if from == 1 { ", tonight the first" } else { "" };
    format!("Nights {from} to {to}{first}")
}

/// What a simulation finds.
pub(crate) const SIMULATED: [&str; 5] = [
    "Units",
    "Turned away",
    "Occupancy rate",
    "Full share",
    "Units with which at most 1 in 10 is turned away",
];

/// The chart of who is turned away by units: its title, what stands below it, and what it points at: what
/// is asked, and the number with which at most 1 in 10 is turned away.
pub(crate) const TURNED_AWAY_BY_UNITS: [&str; 4] = [
    "Turned away, by number of units",
    "Households turned away of all that come, per cent, with as many units as stand below. More are like those that are \
     there.",
    "As asked",
    "Enough",
];

/// A simulated rate, and how far chance may have moved it.
pub(crate) fn with_interval(rate: Option<Rate>) -> String {
    let told = per_cent(rate.map(|rate| rate.rate));
    match rate.and_then(|rate| rate.interval) {
        Some(interval) => format!("{told} ({} to {})", interval.low, interval.high),
        None => told,
    }
}

/// Which way is better.
pub(crate) const fn direction(direction: Direction) -> &'static str {
    match direction {
        Direction::AtLeast => "at least",
        Direction::AtMost => "at most",
    }
}

/// Which way is better, as it is chosen.
pub(crate) const fn direction_wanted(direction: Direction) -> &'static str {
    match direction {
        Direction::AtLeast => "At least the target",
        Direction::AtMost => "At most the target",
    }
}

/// Of a target whose figure is not there any more.
pub(crate) const NO_FIGURE: &str = "There is no such figure any more.";
/// Of a target that is not of a group.
pub(crate) const THE_WHOLE: &str = "The whole";
/// Of a new target with the code of another.
pub(crate) const CODE_TAKEN: &str =
    "Another target of this year has this code: change that one, or use another code.";

/// A quarter above its figures.
pub(crate) fn quarter_head(quarter: &Quarter) -> String {
    let first = quarter.days.arrival();
    let last = PeriodKind::Quarter.nights(first, quarter.days).departure();
    format!("{} to {}", first.format("%b"), earlier(last, 1).format("%b %Y"))
}

/// How a target stands in a quarter: the figure, and the rest in words.
pub(crate) fn quarter(target: &Target, quarter: &Quarter) -> (String, String) {
    let standing = match (quarter.standing, quarter.days.is_empty()) {
        (Some(standing), _) => standing.words(),
        (None, true) => "to come",
        (None, false) => "nothing to tell",
    };
    let trend = quarter.trend.map_or("", |trend| match trend {
        Trend::Better => ", better than before",
        Trend::Same => ", the same as before",
        Trend::Worse => ", worse than before",
    });
    let so_far = if quarter.standing.is_some() && !quarter.over { " so far" } else { "" };
    (of_target(target, quarter.value), format!("{standing}{so_far}{trend}"))
}

/// A figure and how it stands, in one line; a value that only some readers are told is left out.
pub(crate) fn both(value: &str, words: &str) -> String {
    if value == NOTHING { words.to_owned() } else { format!("{value}, {words}") }
}

/// Whether a pack is issued, and whether it can be.
pub(crate) fn pack_state(issued: bool, period: Nights, today: Night) -> &'static str {
    match (issued, period.departure() <= today) {
        (true, _) => "Issued",
        (false, true) => "Not issued",
        (false, false) => "Its period still runs",
    }
}

/// Who a pack is for.
pub(crate) const fn audience(audience: Audience) -> &'static str {
    match audience {
        Audience::Team => "For the team: every figure is told.",
        Audience::Partners => "For partners: small numbers are suppressed.",
        Audience::Outside => "For everybody: small numbers are suppressed, the others rounded.",
    }
}

/// Where a number is not told, and what that means.
pub(crate) const SUPPRESSED: &str = "suppressed";
pub(crate) const SUPPRESSED_MEANS: &str = "A count that is small, zero too, or that would give a small one away. Others may \
     be rounded, each from its own count.";

/// A section of the statutory return.
pub(crate) const fn return_section(section: Section) -> &'static str {
    match section {
        Section::Supported => "Households supported, by accommodation",
        Section::Characteristic => "Households supported, by what is said of them",
        Section::NotSupported => "Referrals declined, by reason",
        Section::WithoutStay => "Referrals that ended without a stay otherwise",
        Section::Ending => "Households that left, by where they went",
        Section::Afterwards => "Households that left, by whether support went on",
    }
}

/// What stands above the numbers of the return.
pub(crate) const RETURN_HEADS: [&str; 7] =
    ["Households or referrals", "People", "Adults", "Children", "Women", "Men", "Other or not said"];

/// Whether a section of the return adds up.
pub(crate) fn adds_up(check: &Check) -> String {
    let Check { sum, counted_again, total, .. } = *check;
    let agrees = if check.agrees() {
        "as the total does"
    } else {
        "which is not the total: this is a fault of the program"
    };
    let again = match counted_again {
        0 => String::new(),
        again => format!(", less {again} counted in several lines"),
    };
    let of = if check.agrees() {
        format!("{total}")
    } else {
        format!("{} and not {total}", sum.saturating_sub(counted_again))
    };
    format!("The lines{again} come to {of}, {agrees}.")
}

/// The figures that stand first on the overview.
pub(crate) const BIG: [&str; 3] = ["Occupancy rate", "Full nights", "Turned away"];

/// How full the homes are tonight, after the rate.
pub(crate) fn tonight(occupied: u64, available: u64) -> String {
    format!("tonight: {occupied} of {available} available units are occupied")
}

/// Of how many nights some were full, after their number.
pub(crate) fn of_nights(nights: &str) -> String {
    format!("of {nights} nights")
}

/// Whose demand was turned away, after the number.
pub(crate) const OF_DEMAND: &str = "referrals and questions, of all districts";

/// The numbers of occupancy, as files name them and as people read them.
pub(crate) const OCCUPANCY: [(&str, &str); 7] = [
    ("in_stock_nights", "In stock"),
    ("void_nights", "Void"),
    ("available_nights", "Available"),
    ("occupied_nights", "Occupied"),
    ("occupancy_rate", "Occupancy rate, per cent"),
    ("full_nights", "Full nights"),
    ("full_share", "Full share, per cent"),
];
/// What they are of.
pub(crate) const PERIOD: &str = "Period";
/// The chart of it: its title, its two lines, and what stands below it.
pub(crate) const OVER_TIME: &str = "Occupancy over time";
pub(crate) const RATE_AND_FULL_SHARE: [&str; 2] = ["Occupancy rate", "Full share"];
pub(crate) const OVER_TIME_CAPTION: &str = "Occupied divided by available unit-nights, per cent.";
pub(crate) const BOTH_CAPTION: &str =
    "Occupied divided by available unit-nights, and full nights divided by all nights, per cent.";

/// A number of groups beside those of other times.
pub(crate) const GROUPS: [(&str, &str); 3] =
    [("value", "This period"), ("before", "Period before"), ("a_year_before", "A year before")];

/// Charts of groups: what they are of, and their titles and captions.
pub(crate) const NIGHTS: &str = "Nights";
pub(crate) const REASON: &str = "Reason";
pub(crate) const CATEGORY: &str = "Category";
pub(crate) const LENGTHS: &str = "Length of stay";
pub(crate) const DECLINES: &str = "Reasons for declining";
pub(crate) const DECLINES_CAPTION: &str =
    "Referrals that came in the period and were declined, by what the reason counts as nationally.";
pub(crate) const COSTS: &str = "Cost of provisions by category";
pub(crate) const COSTS_CAPTION: &str = "What was issued to households in the period, less what came back.";

/// What stands below the chart of lengths of stay.
pub(crate) fn lengths_caption(median: Option<Decimal>) -> String {
    let stays = "Stays that ended in the period, by their nights.";
    median.map_or_else(
        || stays.to_owned(),
        |median| format!("{stays} Half of them had {} or fewer.", median.normalize()),
    )
}

/// What is wrong with what a report is asked of.
pub(crate) const ONE_OF_THESE: &str = "Choose one of these.";
pub(crate) const NO_DISTRICT: &str = "There is no such district.";
pub(crate) const YET_TO_COME: &str = "That is yet to come: choose a period that has begun.";
pub(crate) const NO_SECTION: &str = "There is no such section.";
pub(crate) const A_NUMBER: &str = "Give a number, as in 90 or 2.5.";
pub(crate) const FROM_NOTHING_UP: &str = "Give a whole number from 0 up.";
pub(crate) const TOO_LARGE: &str = "That number is too large.";

/// Of a range that would be cut into too many.
pub(crate) fn too_many_nights(most: usize) -> String {
    format!("That is more than {most} nights: choose longer periods.")
}

/// The numbers of the forecast, as files name them and as people read them.
pub(crate) const FORECAST: [(&str, &str); 6] = [
    ("in_stock", "In stock"),
    ("out_of_service", "Out of service"),
    ("taken", "Expected taken"),
    ("free", "Expected free"),
    ("low", "Range from"),
    ("high", "Range to"),
];
pub(crate) const NIGHT: &str = "Night";

/// The numbers of who is turned away by units, likewise.
pub(crate) const BY_UNITS: [(&str, &str); 3] = [
    ("turned_away", "Turned away, per cent"),
    ("turned_away_low", "Interval from"),
    ("turned_away_high", "Interval to"),
];
pub(crate) const UNITS: &str = "Units";
