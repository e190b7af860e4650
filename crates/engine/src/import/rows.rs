//! Reading the files that people bring: columns in any order, every mistake named with its line.

use std::{collections::BTreeSet, fmt::Display, io::Read};

use chrono::{DateTime, Datelike, NaiveDateTime, NaiveTime, Utc};
use csv::{ErrorKind, ReaderBuilder, StringRecord, Trim};
use rust_decimal::Decimal;
use safespace_domain::{
    LotId, Night, Nights, Refusal,
    clock::{at_service_time, service_day},
    codes,
    households::People,
    items::{self, Allergen, Avoids, Diet},
    money::Pence,
    needs::{AdultsBySex, ChildAges, Needs},
    nights::{FIRST_YEAR, LAST_YEAR},
    referrals::{ReferralStatus, Source},
    stays::StayStatus,
    stock::{CountReason, MOST_UNITS, typed_quantity},
    units::{MOST_SLEEPS, Scheme},
};

use super::workbooks;
use crate::{ReferralAsk, sheets};

/// The most rows of one file: they are in memory together, to be put in order.
const MOST_ROWS: usize = 250_000;
/// The largest file, unpacked.
const LARGEST_FILE: u64 = 32 << 20;

/// The columns of each file.
const SPACES: [&str; 8] =
    ["unit", "property", "scheme", "district", "sleeps", "features", "opened_on", "closed_on"];
const STAYS: [&str; 9] =
    ["reference", "property", "unit", "arrival", "departure", "status", "adults", "children", "booked_on"];
const VOIDS: [&str; 4] = ["unit", "from", "to", "reason"];
const REFERRALS: [&str; 41] = [
    "reference",
    "received_at",
    "source",
    "adults",
    "children",
    "status",
    "kind",
    "council",
    "responded_at",
    "decided_at",
    "reason",
    "household",
    "risk",
    "dash_ticks",
    "risk_reason",
    "marac",
    "from_district",
    "danger_areas",
    "near",
    "arrival",
    "nights",
    "features",
    "shares_as",
    "children_under_2",
    "children_2_to_4",
    "children_5_to_10",
    "children_11_to_15",
    "children_16_to_17",
    "pets",
    "care",
    "languages",
    "diet",
    "allergies",
    "allergens",
    "diets",
    "adults_female",
    "adults_male",
    "adults_other",
    "characteristics",
    "organisation",
    "call_back",
];
const ITEMS: [&str; 14] = [
    "code",
    "name",
    "category",
    "unit_of_issue",
    "pack_size",
    "price",
    "eaten",
    "perishable",
    "supplier",
    "contains",
    "suits",
    "shelf_life_days",
    "barcode",
    "retired",
];
/// The first so many columns of a file of items must be there.
const ITEMS_NEED: usize = 8;
const COUNTS: [&str; 12] = [
    "place", "item", "counted", "name", "lot", "expires", "unit", "on_hand", "why", "note", "lot_id", "as_of",
];
/// The first so many columns of a file of counts must be there.
const COUNTS_NEED: usize = 3;
/// The most rows of a file of items or counts: they are written in one transaction.
const MOST_ROWS_AT_ONCE: usize = 20_000;
/// The first so many columns of a file of referrals must be there.
const REFERRALS_NEED: usize = 6;
/// Parts names in a cell: they have spaces.
const NAMES_PARTED_BY: char = ';';
/// For how many nights a place is asked when a file says nothing.
const USUAL_NIGHTS: i64 = 7;

/// The columns of a file, in the order in which a row keeps its cells.
pub(super) fn columns(file: &str) -> &'static [&'static str] {
    match file {
        "spaces" => &SPACES,
        "stays" => &STAYS,
        "referrals" => &REFERRALS,
        "items" => &ITEMS,
        "counts" => &COUNTS,
        _ => &VOIDS,
    }
}

/// A file that is wrong as a whole: nothing of any file was brought in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {why}")]
pub struct WrongFile {
    /// Which: `spaces`, `stays`, `voids`, `referrals`, `items` or `counts`.
    pub file: &'static str,
    /// What is wrong with it, and where.
    pub why: String,
}

/// A row of a file, as it stood there, its cells in the order of [`columns`], and as it was understood.
#[derive(Clone, Debug)]
pub(super) struct Row<T> {
    pub(super) line: u64,
    pub(super) cells: StringRecord,
    /// What it says, or why that makes no sense.
    pub(super) says: Result<T, String>,
}

/// A unit, from `spaces.csv`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Space {
    pub(super) unit: String,
    pub(super) property: String,
    pub(super) scheme: Scheme,
    pub(super) district: String,
    pub(super) sleeps: u16,
    pub(super) features: BTreeSet<String>,
    pub(super) opened_on: Night,
    pub(super) closed_on: Option<Night>,
}

/// A stay, from `stays.csv`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PastStay {
    pub(super) reference: String,
    pub(super) property: Option<String>,
    pub(super) unit: Option<String>,
    pub(super) arrival: Night,
    pub(super) departure: Option<Night>,
    pub(super) status: StayStatus,
    pub(super) people: People,
    pub(super) booked_on: Option<Night>,
}

/// A void, from `voids.csv`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PastVoid {
    pub(super) unit: String,
    pub(super) nights: Nights,
    pub(super) reason: String,
}

/// A referral, from `referrals.csv`.
#[derive(Clone, Debug)]
pub(super) struct PastReferral {
    pub(super) reference: String,
    pub(super) received_at: DateTime<Utc>,
    pub(super) responded_at: Option<DateTime<Utc>>,
    pub(super) decided_at: Option<DateTime<Utc>>,
    pub(super) council: Option<String>,
    pub(super) status: ReferralStatus,
    pub(super) reason: Option<String>,
    pub(super) household: Option<String>,
    pub(super) ask: ReferralAsk,
}

/// What a file says of something, unless it has no column for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said<T> {
    /// There is no such column.
    LeftOut,
    /// This.
    This(T),
}

impl<T> Said<T> {
    /// What is said, or what holds where nothing is.
    pub(super) fn or(self, known: T) -> T {
        match self {
            Self::LeftOut => known,
            Self::This(said) => said,
        }
    }
}

/// An item, from a file of items.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ItemRow {
    pub(super) code: String,
    pub(super) name: String,
    pub(super) category: String,
    pub(super) unit_of_issue: String,
    pub(super) pack_size: u32,
    pub(super) price: Pence,
    pub(super) eaten: bool,
    pub(super) perishable: bool,
    pub(super) supplier: Said<Option<String>>,
    pub(super) contains: Said<Option<BTreeSet<Allergen>>>,
    pub(super) suits: Said<BTreeSet<Diet>>,
    pub(super) shelf_life_days: Said<Option<u32>>,
    pub(super) barcode: Said<Option<String>>,
    pub(super) retired: Said<bool>,
}

/// What was counted of a lot, from a file of counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CountRow {
    pub(super) place: String,
    /// The item's code or bar code.
    pub(super) item: String,
    pub(super) counted: u32,
    pub(super) lot: Option<String>,
    pub(super) expires: Option<Night>,
    /// How many the sheet had when it was made.
    pub(super) on_hand: Option<u32>,
    pub(super) why: Option<CountReason>,
    pub(super) note: Option<String>,
    pub(super) lot_id: Option<LotId>,
    /// When the sheet was made.
    pub(super) as_of: Option<DateTime<Utc>>,
}

/// Files of items and of counts, read and found well-formed. They are brought in as a whole or not at all.
#[derive(Clone, Debug, Default)]
pub struct StockFiles {
    pub(super) items: Option<Vec<Row<ItemRow>>>,
    /// A row says nothing where nobody counted it.
    pub(super) counts: Option<Vec<Row<Option<CountRow>>>>,
}

impl StockFiles {
    /// Reads items, from CSV or a workbook (XLSX): which of the two shows in the first bytes.
    pub fn read_items(&mut self, from: impl Read) -> Result<(), WrongFile> {
        self.items = Some(read_sheet("items", &ITEMS, ITEMS_NEED, from, item)?);
        Ok(())
    }

    /// Reads counts, from CSV or a workbook (XLSX): a count sheet that was filled in.
    pub fn read_counts(&mut self, from: impl Read) -> Result<(), WrongFile> {
        self.counts = Some(read_sheet("counts", &COUNTS, COUNTS_NEED, from, count)?);
        Ok(())
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.items.as_ref().map_or(0, Vec::len) + self.counts.as_ref().map_or(0, Vec::len)
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The files, read and found well-formed. Rows may still be refused one by one.
#[derive(Clone, Debug, Default)]
pub struct Files {
    pub(super) spaces: Vec<Row<Space>>,
    pub(super) stays: Vec<Row<PastStay>>,
    pub(super) voids: Vec<Row<PastVoid>>,
    pub(super) referrals: Vec<Row<PastReferral>>,
}

impl Files {
    /// Reads `spaces.csv`.
    pub fn read_spaces(&mut self, from: impl Read) -> Result<(), WrongFile> {
        self.spaces = read("spaces", &SPACES, SPACES.len(), from, space)?;
        Ok(())
    }

    /// Reads `stays.csv`.
    pub fn read_stays(&mut self, from: impl Read) -> Result<(), WrongFile> {
        self.stays = read("stays", &STAYS, STAYS.len(), from, stay)?;
        Ok(())
    }

    /// Reads `voids.csv`.
    pub fn read_voids(&mut self, from: impl Read) -> Result<(), WrongFile> {
        self.voids = read("voids", &VOIDS, VOIDS.len(), from, void)?;
        Ok(())
    }

    /// Reads `referrals.csv`.
    pub fn read_referrals(&mut self, from: impl Read) -> Result<(), WrongFile> {
        self.referrals = read("referrals", &REFERRALS, REFERRALS_NEED, from, referral)?;
        Ok(())
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.spaces.len() + self.stays.len() + self.voids.len() + self.referrals.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The cells of a row by the names of their columns.
struct Cells<'r> {
    columns: &'static [&'static str],
    /// In the order of the columns.
    record: &'r StringRecord,
    /// Where each column stands in the file; none for one that is left out.
    places: &'r [Option<usize>],
}

impl Cells<'_> {
    fn get(&self, column: &str) -> Option<&str> {
        let n = self.columns.iter().position(|name| *name == column)?;
        self.record.get(n).filter(|cell| !cell.is_empty())
    }

    /// What a column says, unless the file has none for it.
    fn said<T>(
        &self,
        column: &str,
        read: impl FnOnce(&Self) -> Result<T, String>,
    ) -> Result<Said<T>, String> {
        let n = self.columns.iter().position(|name| *name == column);
        match n.and_then(|n| self.places.get(n)).copied().flatten() {
            Some(_) => read(self).map(Said::This),
            None => Ok(Said::LeftOut),
        }
    }

    fn yes(&self, column: &str) -> Result<Option<bool>, String> {
        match self.get(column).map(str::to_ascii_lowercase).as_deref() {
            None => Ok(None),
            Some("yes") => Ok(Some(true)),
            Some("no") => Ok(Some(false)),
            Some(_) => Err(format!("{column} must be yes or no")),
        }
    }

    /// Whole units, at least `least`. What is half or below nothing is refused as what it is.
    fn units(&self, column: &str, least: u32) -> Result<Option<u32>, String> {
        let Some(cell) = self.get(column) else { return Ok(None) };
        let n = typed_quantity(cell, column).map_err(|refusal| format!("{column}: {}", words(refusal)))?;
        let n = u32::try_from(n).ok().filter(|n| (least..=MOST_UNITS).contains(n));
        n.map(Some).ok_or_else(|| format!("{column} must be {least} to {MOST_UNITS} whole units, not {cell}"))
    }

    /// Codes parted by spaces.
    fn marks<T: std::str::FromStr<Err = String> + Ord>(&self, column: &str) -> Result<BTreeSet<T>, String> {
        self.get(column).unwrap_or_default().split_whitespace().map(str::parse).collect()
    }

    fn name(&self, column: &str) -> Result<String, String> {
        codes::name(self.need(column)?, column).map_err(words)
    }

    fn need(&self, column: &str) -> Result<&str, String> {
        self.get(column).ok_or_else(|| format!("{column} is empty"))
    }

    fn code(&self, column: &str) -> Result<String, String> {
        codes::code(self.need(column)?, column).map_err(words)
    }

    fn optional_code(&self, column: &str) -> Result<Option<String>, String> {
        self.get(column).map(|cell| codes::code(cell, column).map_err(words)).transpose()
    }

    fn date(&self, column: &str) -> Result<Night, String> {
        self.optional_date(column)?.ok_or_else(|| format!("{column} is empty"))
    }

    fn optional_date(&self, column: &str) -> Result<Option<Night>, String> {
        let Some(cell) = self.get(column) else { return Ok(None) };
        let date: Result<Night, _> = cell.parse();
        match date {
            Ok(date) if cell.len() == 10 && !(FIRST_YEAR..=LAST_YEAR).contains(&date.year()) => {
                Err(format!("{column}, {date}, is outside the years {FIRST_YEAR} to {LAST_YEAR}"))
            }
            Ok(date) if cell.len() == 10 => Ok(Some(date)),
            _ => Err(format!("{column} is no date: write YYYY-MM-DD, a day that exists")),
        }
    }

    fn number(&self, column: &str) -> Result<i64, String> {
        self.optional_number(column)?.ok_or_else(|| format!("{column} is empty"))
    }

    fn optional_number(&self, column: &str) -> Result<Option<i64>, String> {
        let parsed = self.get(column).map(str::parse).transpose();
        parsed.map_err(|_| format!("{column} is no whole number"))
    }

    /// An instant: with its offset, or as the clock showed it in the service's time. A day alone is its beginning.
    fn optional_instant(&self, column: &str) -> Result<Option<DateTime<Utc>>, String> {
        let Some(cell) = self.get(column) else { return Ok(None) };
        let local: Result<NaiveDateTime, _> = NaiveDateTime::parse_from_str(cell, "%Y-%m-%d %H:%M");
        let day = || cell.parse::<Night>().map(|day| day.and_time(NaiveTime::MIN));
        let instant = match (DateTime::parse_from_rfc3339(cell), local.or_else(|_| day())) {
            (Ok(instant), _) => instant.to_utc(),
            (_, Ok(local)) => at_service_time(local.date(), local.time()),
            _ => {
                return Err(format!(
                    "{column} is no date and time: write YYYY-MM-DD HH:MM as the clock showed it, or YYYY-MM-DD"
                ));
            }
        };
        if (FIRST_YEAR..=LAST_YEAR).contains(&instant.year()) {
            Ok(Some(instant))
        } else {
            Err(format!("{column} is outside the years {FIRST_YEAR} to {LAST_YEAR}"))
        }
    }

    fn names(&self, column: &str) -> impl Iterator<Item = String> {
        let names = self.get(column).unwrap_or_default().split(NAMES_PARTED_BY).map(str::trim);
        names.filter(|name| !name.is_empty()).map(str::to_owned).collect::<Vec<_>>().into_iter()
    }

    /// Codes parted by spaces, of those that are known. One that is not known is not quoted: it may be words on
    /// somebody's health.
    fn listed<T: Copy + Ord + Display, const N: usize>(
        &self,
        column: &str,
        known: [T; N],
    ) -> Result<BTreeSet<T>, String> {
        let codes = self.get(column).unwrap_or_default().split_whitespace();
        let one = |code: &str| known.into_iter().find(|it| it.to_string() == code);
        let wrong = || {
            let known: Vec<String> = known.iter().map(T::to_string).collect();
            format!("{column} has a code that is not known: use {}", known.join(", "))
        };
        codes.map(|code| one(code).ok_or_else(wrong)).collect()
    }

    /// Codes parted by spaces, as they are.
    fn codes(&self, column: &str) -> BTreeSet<String> {
        self.get(column).unwrap_or_default().split_whitespace().map(str::to_owned).collect()
    }

    fn text(&self, column: &str) -> Option<String> {
        self.get(column).map(str::to_owned)
    }

    fn optional<T: std::str::FromStr<Err = String>>(&self, column: &str) -> Result<Option<T>, String> {
        self.get(column).map(str::parse).transpose()
    }
}

fn words(refusal: Refusal) -> String {
    refusal.message
}

fn space(cells: &Cells<'_>) -> Result<Space, String> {
    let sleeps = cells.number("sleeps")?;
    let sleeps = u16::try_from(sleeps).ok().filter(|n| (1..=MOST_SLEEPS).contains(n));
    Ok(Space {
        unit: cells.code("unit")?,
        property: cells.code("property")?,
        scheme: cells.need("scheme")?.parse()?,
        district: codes::name(cells.need("district")?, "district").map_err(words)?,
        sleeps: sleeps.ok_or_else(|| format!("sleeps must be 1 to {MOST_SLEEPS}"))?,
        features: cells.codes("features"),
        opened_on: cells.date("opened_on")?,
        closed_on: cells.optional_date("closed_on")?,
    })
}

/// What says that somebody has read the label of an item and found no allergen on it.
pub(crate) const NO_ALLERGEN: &str = "none";

fn item(cells: &Cells<'_>) -> Result<ItemRow, String> {
    let price = cells.need("price")?.parse::<Decimal>();
    let price = price.map_err(|_| "price is no amount: write pounds and pence, such as 8.40".to_owned())?;
    let need_yes =
        |column: &str| cells.yes(column)?.ok_or_else(|| format!("{column} is empty: write yes or no"));
    let contains = |cells: &Cells<'_>| match cells.get("contains") {
        None => Ok(None),
        Some(NO_ALLERGEN) => Ok(Some(BTreeSet::new())),
        Some(_) => cells.marks("contains").map(Some),
    };
    let named = |column: &'static str| {
        move |cells: &Cells<'_>| cells.get(column).map(|_| cells.name(column)).transpose()
    };
    let barcode = |cells: &Cells<'_>| {
        cells.get("barcode").map(|digits| items::barcode(digits, "barcode").map_err(words)).transpose()
    };
    Ok(ItemRow {
        code: cells.code("code")?,
        name: cells.name("name")?,
        category: cells.need("category")?.to_owned(),
        unit_of_issue: cells.name("unit_of_issue")?,
        pack_size: cells.units("pack_size", 1)?.ok_or("pack_size is empty")?,
        price: Pence::from_pounds(price, "price").map_err(words)?,
        eaten: need_yes("eaten")?,
        perishable: need_yes("perishable")?,
        supplier: cells.said("supplier", named("supplier"))?,
        contains: cells.said("contains", contains)?,
        suits: cells.said("suits", |cells| cells.marks("suits"))?,
        shelf_life_days: cells.said("shelf_life_days", |cells| cells.units("shelf_life_days", 1))?,
        barcode: cells.said("barcode", barcode)?,
        retired: cells.said("retired", |cells| Ok(cells.yes("retired")?.unwrap_or(false)))?,
    })
}

/// What was counted of a lot. A row that nobody has filled in says nothing, whatever else is in it.
fn count(cells: &Cells<'_>) -> Result<Option<CountRow>, String> {
    let Some(counted) = cells.units("counted", 0)? else { return Ok(None) };
    let lot_id = cells.get("lot_id").map(|id| id.parse().map(LotId)).transpose();
    let as_of = cells.get("as_of").map(DateTime::parse_from_rfc3339).transpose();
    Ok(Some(CountRow {
        place: cells.code("place")?,
        item: cells.code("item")?,
        counted,
        lot: cells.text("lot"),
        expires: cells.optional_date("expires")?,
        on_hand: cells.units("on_hand", 0)?,
        why: cells.optional("why")?,
        note: cells.text("note"),
        lot_id: lot_id.map_err(|_| "lot_id is none: leave it as the count sheet has it, or empty")?,
        as_of: as_of
            .map_err(|_| "as_of is no instant: leave it as the count sheet has it, or empty")?
            .map(|at| at.to_utc()),
    }))
}

fn stay(cells: &Cells<'_>) -> Result<PastStay, String> {
    let arrival = cells.date("arrival")?;
    let departure = cells.optional_date("departure")?;
    let status: StayStatus = cells.need("status")?.parse()?;
    match departure {
        Some(departure) => {
            Nights::new(arrival, departure).map_err(words)?;
        }
        None if status == StayStatus::InResidence => {}
        None => {
            return Err(format!(
                "departure is empty, and only a stay in residence may have none, not one {}",
                status.words()
            ));
        }
    }
    Ok(PastStay {
        // Also as the service itself has numbered it.
        reference: codes::reference(cells.need("reference")?, "reference").map_err(words)?,
        property: cells.optional_code("property")?,
        unit: cells.optional_code("unit")?,
        arrival,
        departure,
        status,
        people: People::of_the_past(cells.number("adults")?, cells.number("children")?).map_err(words)?,
        booked_on: cells.optional_date("booked_on")?,
    })
}

fn void(cells: &Cells<'_>) -> Result<PastVoid, String> {
    let (from, to) = (cells.date("from")?, cells.date("to")?);
    let nights = Nights::new(from, to)
        .map_err(|_| format!("to, {to}, must be after from, {from}, and both in our times"))?;
    Ok(PastVoid { unit: cells.code("unit")?, nights, reason: cells.code("reason")? })
}

fn referral(cells: &Cells<'_>) -> Result<PastReferral, String> {
    let received_at = cells.optional_instant("received_at")?.ok_or("received_at is empty")?;
    let people = People::of_the_past(cells.number("adults")?, cells.number("children")?).map_err(words)?;
    let source: Source = cells.need("source")?.parse()?;
    let arrival = cells.optional_date("arrival")?.unwrap_or_else(|| service_day(received_at));
    let danger_areas: BTreeSet<String> = cells.names("danger_areas").collect();
    let needs = Needs {
        near: cells.names("near").collect(),
        child_ages: child_ages(cells)?,
        pets: cells.text("pets"),
        care: cells.text("care"),
        languages: cells.names("languages").collect(),
        diet: cells.text("diet"),
        allergies: cells.text("allergies"),
        avoids: Avoids {
            allergens: cells.listed("allergens", Allergen::ALL)?,
            diets: cells.listed("diets", Diet::ALL)?,
        },
        adults_by_sex: adults_by_sex(cells)?,
        characteristics: cells.codes("characteristics"),
        organisation: cells.text("organisation"),
        call_back: cells.text("call_back"),
        risk_reason: cells.text("risk_reason"),
        ..Needs::default()
    };
    Ok(PastReferral {
        reference: codes::reference(cells.need("reference")?, "reference").map_err(words)?,
        received_at,
        responded_at: cells.optional_instant("responded_at")?,
        decided_at: cells.optional_instant("decided_at")?,
        council: cells.text("council"),
        status: cells.need("status")?.parse()?,
        reason: cells.optional_code("reason")?,
        household: cells
            .get("household")
            .map(|cell| codes::reference(cell, "household").map_err(words))
            .transpose()?,
        ask: ReferralAsk {
            kind: cells.optional("kind")?.unwrap_or_default(),
            risk: cells.optional("risk")?,
            dash_ticks: cells.optional_number("dash_ticks")?,
            marac: yes_or_no(cells, "marac")?,
            shares_as: cells.optional("shares_as")?,
            nights: cells.optional_number("nights")?.unwrap_or(USUAL_NIGHTS),
            features: cells.codes("features"),
            from_district: cells.text("from_district"),
            danger_areas: Some(danger_areas).filter(|areas| !areas.is_empty()),
            needs,
            ..ReferralAsk::plain(source, people, arrival)
        },
    })
}

fn yes_or_no(cells: &Cells<'_>, column: &str) -> Result<Option<bool>, String> {
    match cells.get(column) {
        None => Ok(None),
        Some("yes") => Ok(Some(true)),
        Some("no") => Ok(Some(false)),
        Some(_) => Err(format!("{column} is yes or no, or empty where nobody knows")),
    }
}

/// None where no sex is given.
fn adults_by_sex(cells: &Cells<'_>) -> Result<Option<AdultsBySex>, String> {
    let counts = ["adults_female", "adults_male", "adults_other"].map(|column| some_people(cells, column));
    let [female, male, other_or_not_said] = counts;
    let (female, male, other_or_not_said) = (female?, male?, other_or_not_said?);
    if female.or(male).or(other_or_not_said).is_none() {
        return Ok(None);
    }
    Ok(Some(AdultsBySex {
        female: female.unwrap_or(0),
        male: male.unwrap_or(0),
        other_or_not_said: other_or_not_said.unwrap_or(0),
    }))
}

fn some_people(cells: &Cells<'_>, column: &str) -> Result<Option<u16>, String> {
    let wrong = |_| format!("{column} must be 0 or more, and there are not so many");
    cells.optional_number(column)?.map(|n| u16::try_from(n).map_err(wrong)).transpose()
}

/// None where no age is given.
fn child_ages(cells: &Cells<'_>) -> Result<Option<ChildAges>, String> {
    let mut known = false;
    let mut count = |column: &str| {
        let found = some_people(cells, column)?;
        known |= found.is_some();
        Ok::<_, String>(found.unwrap_or(0))
    };
    let ages = ChildAges {
        under_2: count("children_under_2")?,
        from_2_to_4: count("children_2_to_4")?,
        from_5_to_10: count("children_5_to_10")?,
        from_11_to_15: count("children_11_to_15")?,
        from_16_to_17: count("children_16_to_17")?,
    };
    Ok(known.then_some(ages))
}

/// Reads a file of CSV whole, of whose columns the first `needed` must be there. Its header and structure must be right;
/// what a row says may be wrong, and is then refused.
fn read<T>(
    file: &'static str,
    columns: &'static [&'static str],
    needed: usize,
    from: impl Read,
    parse: fn(&Cells<'_>) -> Result<T, String>,
) -> Result<Vec<Row<T>>, WrongFile> {
    let wrong = |why: String| WrongFile { file, why };
    let text = whole(from).map(as_an_editor_counts).map_err(wrong)?;
    csv_rows(&text, Shape { columns, needed, most: MOST_ROWS, plain: |cell| cell }, parse).map_err(wrong)
}

/// As [`read`], from CSV or a workbook; fewer rows, for they are written together.
fn read_sheet<T>(
    file: &'static str,
    columns: &'static [&'static str],
    needed: usize,
    from: impl Read,
    parse: fn(&Cells<'_>) -> Result<T, String>,
) -> Result<Vec<Row<T>>, WrongFile> {
    let wrong = |why: String| WrongFile { file, why };
    let bytes = whole(from).map_err(wrong)?;
    // A cell that was made harmless when it was exported is read as it was before.
    let shape = Shape { columns, needed, most: MOST_ROWS_AT_ONCE, plain: sheets::plain };
    let rows = if workbooks::is_one(&bytes) {
        workbooks::rows(bytes, LARGEST_FILE, MOST_ROWS_AT_ONCE)
            .and_then(|records| rows_of(records.into_iter().map(Ok), shape, parse))
    } else {
        csv_rows(&as_an_editor_counts(bytes), shape, parse)
    };
    rows.map_err(wrong)
}

/// What a file may look like.
#[derive(Clone, Copy)]
struct Shape {
    columns: &'static [&'static str],
    /// The first so many columns must be there.
    needed: usize,
    /// The most rows.
    most: usize,
    /// A cell as it is meant.
    plain: fn(&str) -> &str,
}

fn csv_rows<T>(
    text: &[u8],
    shape: Shape,
    parse: fn(&Cells<'_>) -> Result<T, String>,
) -> Result<Vec<Row<T>>, String> {
    if let Some(line) = open_quote(text) {
        return Err(format!("line {line}: a quote is opened and not closed on its line"));
    }
    let mut reader = ReaderBuilder::new().has_headers(false).trim(Trim::All).from_reader(text);
    let records = reader.records().map(|record| {
        let record = record.map_err(|error| explain(&error))?;
        let line = record.position().map_or(0, csv::Position::line);
        if record.iter().any(|cell| cell.contains(['\n', '\r'])) {
            return Err(format!("line {line}: a quote is opened and not closed on its line"));
        }
        Ok((line, record))
    });
    rows_of(records, shape, parse)
}

/// Reads records with their lines, of which the first is the header.
fn rows_of<T>(
    mut records: impl Iterator<Item = Result<(u64, StringRecord), String>>,
    shape: Shape,
    parse: fn(&Cells<'_>) -> Result<T, String>,
) -> Result<Vec<Row<T>>, String> {
    let Shape { columns, needed, most, plain } = shape;
    let (_, header) = records.next().transpose()?.unwrap_or_default();
    let places = places(&header, columns, needed)?;
    let mut rows = Vec::new();
    for record in records {
        let (line, record) = record?;
        if rows.len() == most {
            return Err(format!("more than {most} rows: bring it in parts"));
        }
        let cells =
            places.iter().map(|place| place.and_then(|place| record.get(place)).map_or("", plain)).collect();
        let says = parse(&Cells { columns, record: &cells, places: &places });
        rows.push(Row { line, cells, says });
    }
    Ok(rows)
}

/// The whole file.
fn whole(from: impl Read) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    from.take(LARGEST_FILE + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| format!("it can't be read: {error}"))?;
    if bytes.len() as u64 > LARGEST_FILE {
        return Err(format!("larger than {} MiB: bring it in parts", LARGEST_FILE >> 20));
    }
    Ok(bytes)
}

/// The same text, its lines ended in one way, so that lines are counted as an editor does.
fn as_an_editor_counts(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.dedup_by(|byte, before| {
        let foreign = (*before, *byte) == (b'\r', b'\n');
        if foreign {
            *before = b'\n';
        }
        foreign
    });
    bytes
}

/// The line on which a quote is opened that is not closed by the end of the file, which the reader takes for its end.
fn open_quote(text: &[u8]) -> Option<u64> {
    let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
    let (mut line, mut cell_begins) = (1, true);
    let (mut opened, mut just_closed) = (None, None);
    for byte in text {
        if *byte != b'"' {
            just_closed = None;
        } else if opened.is_some() {
            just_closed = opened.take();
        } else if just_closed.is_some() {
            // Two in a row are one quote inside the cell.
            opened = just_closed.take();
        } else if cell_begins {
            opened = Some(line);
        }
        cell_begins = matches!(byte, b',' | b'\n');
        line += u64::from(*byte == b'\n');
    }
    opened
}

/// Where each column stands; none for one that may be left out. The first `needed` must be there, each once, and none
/// that is not known.
fn places(header: &StringRecord, columns: &[&str], needed: usize) -> Result<Vec<Option<usize>>, String> {
    let names: Vec<&str> = header.iter().map(|name| name.trim_start_matches('\u{feff}').trim()).collect();
    if names.iter().all(|name| name.is_empty()) {
        return Err(format!("the file is empty: its first line must name the columns {}", columns.join(",")));
    }
    if let Some(unknown) = names.iter().find(|name| !columns.contains(name)) {
        return Err(format!("line 1: there is no column {unknown:?}; the columns are {}", columns.join(",")));
    }
    columns
        .iter()
        .enumerate()
        .map(|(n, column)| {
            let mut found = names.iter().enumerate().filter(|(_, name)| *name == column).map(|(n, _)| n);
            match (found.next(), found.next()) {
                (Some(place), None) => Ok(Some(place)),
                (None, _) if n >= needed => Ok(None),
                (None, _) => Err(format!("line 1: the column {column} is missing")),
                (Some(_), Some(_)) => Err(format!("line 1: the column {column} is there twice")),
            }
        })
        .collect()
}

fn explain(error: &csv::Error) -> String {
    let line = error.position().map_or(1, csv::Position::line);
    match error.kind() {
        ErrorKind::UnequalLengths { expected_len, len, .. } => format!(
            "line {line}: {len} cells where the header has {expected_len}; half a row, a comma too many, or a quote \
             that is not closed"
        ),
        ErrorKind::Utf8 { .. } => format!("line {line}: not UTF-8; save the file as UTF-8"),
        ErrorKind::Io(error) => format!("it can't be read: {error}"),
        _ => format!("line {line}: not readable as CSV"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "unit,from,to,reason\n";

    fn voids(text: &[u8]) -> Result<Vec<Row<PastVoid>>, String> {
        read("voids", &VOIDS, VOIDS.len(), text, void).map_err(|wrong| wrong.to_string())
    }

    fn row(text: &str) -> Result<PastVoid, String> {
        voids(format!("{HEADER}{text}").as_bytes()).unwrap().remove(0).says
    }

    #[test]
    fn columns_come_in_any_order_with_a_mark_and_foreign_line_ends() {
        let rows = voids("\u{feff}reason,to,from,unit\r\nrepair,2020-01-03,2020-01-01,SS-01\r\n".as_bytes())
            .unwrap();
        assert_eq!((rows[0].line, rows[0].says.as_ref().unwrap().unit.as_str()), (2, "SS-01"));
    }

    #[test]
    fn a_file_that_is_wrong_as_a_whole_is_named_with_its_line() {
        for (text, why) in [
            (&b""[..], "voids: the file is empty: its first line must name the columns unit,from,to,reason"),
            (b"unit,from,to\n", "voids: line 1: the column reason is missing"),
            (b"unit,from,to,reason,colour\n", "voids: line 1: there is no column \"colour\"; the columns are unit,from,to,reason"),
            (b"unit,from,to,reason,unit\n", "voids: line 1: the column unit is there twice"),
            (b"unit,from,to,reason\nSS-01,2020-01-01\n", "voids: line 2: 2 cells where the header has 4; half a row, a comma too many, or a quote that is not closed"),
            (b"unit,from,to,reason\nSS-01,2020-01-01,2020-01-02,\"repair\nSS-02,2020-01-01,2020-01-02,repair\n", "voids: line 2: a quote is opened and not closed on its line"),
            (b"unit,from,to,reason\nSS-01,2020-01-01,2020-01-02,\"repair", "voids: line 2: a quote is opened and not closed on its line"),
            (b"unit,from,to,reason\n\"SS-\"\"01,2020-01-01,2020-01-02,repair\nSS-02,2020-01-01,2020-01-02,repair\n", "voids: line 2: a quote is opened and not closed on its line"),
            (b"unit,from,to,reason\n\"SS-01,2020-01-01,2020-01-02,repair\nSS-02,2020-01-01,2020-01-02,\"repair\"\n", "voids: line 2: 1 cells where the header has 4; half a row, a comma too many, or a quote that is not closed"),
            (b"unit,from,to,reason\nSS-01,2020-01-01,2020-01-02,repair\ncaf\xe9,2020-01-01,2020-01-02,repair\n", "voids: line 3: not UTF-8; save the file as UTF-8"),
        ] {
            assert_eq!(voids(text).unwrap_err(), why);
        }
    }

    #[test]
    fn a_row_that_makes_no_sense_is_refused_and_says_why() {
        assert!(row("SS-01,2020-02-30,2020-03-02,repair").unwrap_err().contains("YYYY-MM-DD"));
        assert!(row("SS-01,2020-03-02,2020-03-01,repair").unwrap_err().contains("must be after"));
        assert!(row("=1+1,2020-03-01,2020-03-02,repair").unwrap_err().contains("begin with a letter"));
        assert!(row("SS-01,,2020-03-02,repair").unwrap_err().contains("from is empty"));
        assert!(row("SS-01,1-1-2020,2020-03-02,repair").is_err());
    }
}
