//! The statutory return: the annual return of local authorities on support in domestic abuse safe accommodation (Domestic
//! Abuse Act 2021, Part 4; kinds of accommodation as SI 2021/991 names them).
//!
//! The form changes from year to year, so what its sections count the service's own codes as is data: lines, each of which
//! counts some codes. A code that no line counts is told as not mapped, so that nobody falls out unseen.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    str::FromStr,
};

use chrono::Datelike;
use serde::{Deserialize, Serialize};

use crate::{
    accommodation_kinds, codes,
    households::People,
    ids::{HouseholdId, ReferralId},
    needs::AdultsBySex,
    nights::{FIRST_YEAR, LAST_YEAR, Night, Nights},
    reasons,
    refusal::Refusal,
};

/// What each figure means, to be printed beside it.
pub const DEFINITIONS: [(&str, &str); 9] = [
    (
        "supported",
        "Households with a night in residence in the financial year, 1 April to 31 March, up to tonight while it runs. One \
         that was in two kinds of accommodation counts in each, and once in the total.",
    ),
    (
        "people",
        "Those of the household's latest stay in the year, in the line's accommodation; in the total its latest anywhere.",
    ),
    (
        "women, men, other or not said",
        "As the household's latest accepted referral says. Where it does not, or says it of another number of adults than \
         stayed, all of its adults are not said.",
    ),
    (
        "characteristic",
        "Households that were supported and of which the characteristic is said, by their latest accepted referral. One \
         with several counts in each. Nothing said is not the same as no.",
    ),
    (
        "not_supported",
        "Referrals that were declined in the year, by what the reason counts as nationally. Each referral counts: who asked \
         twice and was declined twice is here twice, also where the household was supported another time.",
    ),
    (
        "without_stay",
        "Referrals that ended in the year without a stay and were not declined: taken back, or accepted and then closed \
         because the household needed no place any more. They are in no other section.",
    ),
    (
        "ending",
        "Supported households whose last stay with a night in the year ended in it, by where they went: once for each, also \
         where it left and came back in between. A move within the service is no ending, and the night of 31 March is the \
         last of the year.",
    ),
    (
        "afterwards",
        "Of the same households, whether support went on after they left, as it stood at the end of the year, or stands \
         today while it runs.",
    ),
    (
        "not_mapped",
        "Codes of the service that no line of the section counts. Give them a line, so that the return is whole.",
    ),
];

/// A section of the return.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Section {
    /// Households and people supported, by kind of accommodation.
    Supported,
    /// Supported households by what is said of them.
    Characteristic,
    /// Referrals that were declined, by reason.
    NotSupported,
    /// Referrals that ended without a stay in another way.
    WithoutStay,
    /// Households whose support in safe accommodation ended, by where they went.
    Ending,
    /// The same by whether support went on afterwards.
    Afterwards,
}

impl Section {
    /// All of them, in the order of the return.
    pub const ALL: [Self; 6] = [
        Self::Supported,
        Self::Characteristic,
        Self::NotSupported,
        Self::WithoutStay,
        Self::Ending,
        Self::Afterwards,
    ];

    /// Those whose lines are data: the others count what the service itself knows.
    pub const WITH_LINES: [Self; 4] =
        [Self::Supported, Self::Characteristic, Self::NotSupported, Self::Ending];

    /// The section's name in code and files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Supported => "supported",
            Self::Characteristic => "characteristic",
            Self::NotSupported => "not_supported",
            Self::WithoutStay => "without_stay",
            Self::Ending => "ending",
            Self::Afterwards => "afterwards",
        }
    }
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Section {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|section| section.as_str() == text).ok_or_else(|| {
            let known: Vec<_> = Self::ALL.into_iter().map(Self::as_str).collect();
            format!("{text:?} is not a section of the return: use one of {}", known.join(", "))
        })
    }
}

/// A line of the return: what the form calls it, and which of the service's codes it counts. In the section `supported` these
/// are kinds of accommodation, in `characteristic` characteristics, in `not_supported` what reasons for declining count as,
/// and in `ending` destinations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnLine {
    /// Its section.
    pub section: Section,
    /// Its code, as the form has it.
    pub code: String,
    /// What people read.
    pub label: String,
    /// The service's codes that it counts.
    pub counts: BTreeSet<String>,
}

/// The line of what no line counts.
pub const NOT_MAPPED: &str = "not_mapped";
/// The line of everything in a section.
pub const TOTAL: &str = "total";
/// The line of what was not said, or not written down.
pub const NOT_SAID: &str = "not_said";
/// The line that says whether the section adds up.
pub const CHECK: &str = "check";
/// Codes of lines that the return adds itself.
const OWN: [&str; 4] = [NOT_MAPPED, TOTAL, NOT_SAID, CHECK];
/// The most lines of a section.
const MOST_LINES: usize = 60;
/// The most codes that a line counts.
const MOST_CODES: usize = 100;

/// The lines of one section, in order, checked and tidied: each code is of one line, and counted by one line. Two households
/// would else be one too many.
pub fn checked_lines(section: Section, lines: Vec<ReturnLine>) -> Result<Vec<ReturnLine>, Refusal> {
    if !Section::WITH_LINES.contains(&section) {
        return Err(Refusal::bad("section", format!("The section {section} has no lines of its own.")));
    }
    if lines.is_empty() || lines.len() > MOST_LINES {
        return Err(Refusal::bad("lines", format!("A section has 1 to {MOST_LINES} lines.")));
    }
    let (mut seen, mut counted) = (BTreeSet::new(), BTreeMap::new());
    let mut checked = Vec::with_capacity(lines.len());
    for line in lines {
        let (code, label) = (codes::code(&line.code, "code")?, codes::name(&line.label, "label")?);
        if OWN.contains(&code.as_str()) {
            return Err(Refusal::bad(
                "code",
                format!("The return has a line {code:?} of its own: use another code."),
            ));
        }
        if line.counts.len() > MOST_CODES {
            return Err(Refusal::bad("counts", format!("A line counts at most {MOST_CODES} codes.")));
        }
        let counts = line.counts.iter().map(|code| codes::code(code, "counts"));
        let counts = counts.collect::<Result<BTreeSet<_>, _>>()?;
        for counts in &counts {
            if let Some(other) = counted.insert(counts.clone(), code.clone()) {
                let twice =
                    format!("{counts:?} is counted by {other:?} and by {code:?}: it would count twice.");
                return Err(Refusal::bad("counts", twice));
            }
        }
        if !seen.insert(code.clone()) {
            return Err(Refusal::bad("code", format!("The line {code:?} is there twice.")));
        }
        checked.push(ReturnLine { section, code, label, counts });
    }
    Ok(checked)
}

/// What declines count as, as the return calls it.
const DECLINES: [(&str, &str); 6] = [
    ("no_capacity", "No capacity"),
    ("could_not_meet_need", "Unable to meet the household's needs"),
    ("survivor_did_not_accept", "Household did not accept what was offered"),
    ("unsafe_location", "Location not safe for the household"),
    ("out_of_area", "Outside the area of the service"),
    ("not_suitable", "Service not right for the household"),
];

/// The lines that a section has until managers say otherwise: one for each of the service's own codes.
pub fn default_lines(section: Section) -> Vec<ReturnLine> {
    let line = |code: &str, label: &str| ReturnLine {
        section,
        code: code.to_owned(),
        label: label.to_owned(),
        counts: [code.to_owned()].into(),
    };
    let each = |of: &[(&str, &str)]| of.iter().map(|(code, label)| line(code, label)).collect();
    match section {
        Section::Supported => each(&accommodation_kinds::DEFAULTS),
        Section::Characteristic => each(&reasons::CHARACTERISTICS),
        Section::NotSupported => each(&DECLINES),
        Section::Ending => reasons::defaults()
            .filter(|reason| reason.kind == reasons::ReasonKind::Destination)
            .map(|reason| line(&reason.code, &reason.label))
            .collect(),
        Section::WithoutStay | Section::Afterwards => Vec::new(),
    }
}

/// The lines of every section: those that managers have set, and the defaults of the sections for which they have set none.
pub fn with_defaults(set: &[ReturnLine]) -> Vec<ReturnLine> {
    let mut all = Vec::new();
    for section in Section::WITH_LINES {
        let mut own = set.iter().filter(|line| line.section == section).cloned().peekable();
        if own.peek().is_some() {
            all.extend(own);
        } else {
            all.extend(default_lines(section));
        }
    }
    all
}

/// A financial year, from 1 April to 31 March, as UK public bodies account: `2020/21`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FinancialYear {
    begins: i32,
}

impl FinancialYear {
    /// The one that the night is in.
    pub fn of(night: Night) -> Self {
        Self { begins: night.year() - i32::from(night.month() < 4) }
    }

    /// Its nights: that of 31 March is the last.
    pub fn nights(self) -> Nights {
        let april = |year: i32| Night::from_ymd_opt(year, 4, 1).unwrap_or_default();
        Nights::between(april(self.begins), april(self.begins + 1))
    }
}

impl fmt::Display for FinancialYear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}/{:02}", self.begins, (self.begins + 1).rem_euclid(100))
    }
}

impl FromStr for FinancialYear {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let begins = text.split_once('/').and_then(|(year, _)| year.parse::<i32>().ok());
        let year = begins.map(|begins| Self { begins });
        let year =
            year.filter(|year| (FIRST_YEAR..LAST_YEAR).contains(&year.begins) && year.to_string() == text);
        year.ok_or_else(|| "write a financial year as 2020/21, from 1 April 2020 to 31 March 2021".to_owned())
    }
}

/// What became of support after a household left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Afterwards {
    /// It went on.
    GoesOn,
    /// It went on, and has ended.
    Ended,
    /// It was not wanted any more, as somebody said.
    NotWanted,
    /// Nobody wrote it down.
    NotRecorded,
}

impl Afterwards {
    const ALL: [(Self, &str, &str); 4] = [
        (Self::GoesOn, "goes_on", "Support goes on after the household left"),
        (Self::Ended, "ended", "Support went on, and has ended"),
        (Self::NotWanted, "not_wanted", "Support was not wanted any more"),
        (Self::NotRecorded, NOT_SAID, "Not written down"),
    ];
}

/// How a household left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// Where it went: a code of the list of destinations; none where nobody wrote it down.
    pub destination: Option<String>,
    /// What became of support.
    pub afterwards: Afterwards,
}

/// A stay, as far as the return counts it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stayed {
    /// Whose.
    pub household: HouseholdId,
    /// The code of the kind of accommodation.
    pub kind: String,
    /// Who stayed.
    pub people: People,
    /// The nights on which they were there: none that is still to come.
    pub nights: Nights,
    /// How they left; none where they are there, or were moved within the service.
    pub left: Option<Left>,
}

/// Who a household is, as its latest accepted referral says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Who {
    /// Its adults by sex.
    pub adults_by_sex: Option<AdultsBySex>,
    /// Its characteristics, by code.
    pub characteristics: BTreeSet<String>,
}

/// How a referral ended that led to no stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unplaced {
    /// It was declined.
    Declined {
        /// What the reason counts as nationally.
        counts_as: String,
    },
    /// It was taken back.
    Withdrawn,
    /// It was accepted, and closed before the household had a place.
    Closed,
}

/// A referral that led to no stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Referred {
    /// Which.
    pub referral: ReferralId,
    /// The day on which it ended.
    pub on: Night,
    /// About whom.
    pub people: People,
    /// How it ended.
    pub how: Unplaced,
}

/// What a return is made of.
#[derive(Clone, Copy, Debug)]
pub struct Records<'r> {
    /// The stays, those of other years too.
    pub stays: &'r [Stayed],
    /// Who the households are. Nothing is said of one that is not here.
    pub who: &'r BTreeMap<HouseholdId, Who>,
    /// The referrals that led to no stay, those of other years too.
    pub referrals: &'r [Referred],
}

/// How many people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Persons {
    /// Adults.
    pub adults: u64,
    /// Children.
    pub children: u64,
}

/// How many adults, by sex.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sexes {
    /// Women.
    pub women: u64,
    /// Men.
    pub men: u64,
    /// Another answer, or none.
    pub other_or_not_said: u64,
}

/// The records that a line counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Counted {
    /// Households.
    Households(BTreeSet<HouseholdId>),
    /// Referrals.
    Referrals(BTreeSet<ReferralId>),
}

impl Counted {
    /// How many.
    pub fn len(&self) -> u64 {
        match self {
            Self::Households(households) => households.len() as u64,
            Self::Referrals(referrals) => referrals.len() as u64,
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A line with its figures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its section.
    pub section: Section,
    /// The line's code.
    pub code: String,
    /// What people read.
    pub label: String,
    /// The households, or the referrals, that it counts.
    pub counted: Counted,
    /// How many people; none where the line is of households only.
    pub persons: Option<Persons>,
    /// The adults by sex, where they are counted.
    pub sexes: Option<Sexes>,
}

/// Whether a section adds up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Check {
    /// The section.
    pub section: Section,
    /// What its lines add up to.
    pub sum: u64,
    /// Of that, how often somebody was counted in more than one line: once for each line beyond the first.
    pub counted_again: u64,
    /// The total.
    pub total: u64,
}

impl Check {
    /// Whether it does.
    pub const fn agrees(self) -> bool {
        self.sum == self.total + self.counted_again
    }
}

/// A return.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Return {
    /// Of which year.
    pub year: FinancialYear,
    /// Its lines, section by section; each section ends with its total.
    pub rows: Vec<Row>,
    /// Whether each section adds up.
    pub checks: Vec<Check>,
}

/// Makes the return of a year. The lines of a section count in the order in which they come.
pub fn statutory_return(year: FinancialYear, lines: &[ReturnLine], records: Records<'_>) -> Return {
    let nights = year.nights();
    let supported = Supported::of(nights, records);
    let mut made = Return { year, rows: Vec::new(), checks: Vec::new() };
    made.supported(lines, &supported);
    made.characteristics(lines, &supported);
    made.unplaced(lines, nights, records.referrals);
    made.endings(lines, &supported);
    made
}

/// The stays of the year.
struct Supported<'r> {
    year: Nights,
    /// Each household's stays with a night in the year, earliest first.
    households: BTreeMap<HouseholdId, Vec<&'r Stayed>>,
    who: &'r BTreeMap<HouseholdId, Who>,
}

impl<'r> Supported<'r> {
    fn of(year: Nights, records: Records<'r>) -> Self {
        let mut households: BTreeMap<HouseholdId, Vec<&Stayed>> = BTreeMap::new();
        for stay in records.stays.iter().filter(|stay| stay.nights.overlaps(year)) {
            households.entry(stay.household).or_default().push(stay);
        }
        for stays in households.values_mut() {
            stays.sort_by_key(|stay| stay.nights.arrival());
        }
        Self { year, households, who: records.who }
    }

    fn all(&self) -> BTreeSet<HouseholdId> {
        self.households.keys().copied().collect()
    }

    /// The people of these households, each at its latest stay that `counts`.
    fn people(
        &self,
        households: &BTreeSet<HouseholdId>,
        counts: impl Fn(&Stayed) -> bool,
    ) -> (Persons, Sexes) {
        let (mut persons, mut sexes) = (Persons::default(), Sexes::default());
        for household in households {
            let stays = self.households.get(household).into_iter().flatten();
            let Some(latest) = stays.rev().find(|stay| counts(stay)) else { continue };
            let adults = u64::from(latest.people.adults);
            persons.adults += adults;
            persons.children += u64::from(latest.people.children);
            let said = self.who.get(household).and_then(|who| who.adults_by_sex);
            match said.filter(|said| u64::from(said.total()) == adults) {
                Some(AdultsBySex { female, male, other_or_not_said }) => {
                    sexes.women += u64::from(female);
                    sexes.men += u64::from(male);
                    sexes.other_or_not_said += u64::from(other_or_not_said);
                }
                None => sexes.other_or_not_said += adults,
            }
        }
        (persons, sexes)
    }

    /// The households whose support ended in the year, and how.
    fn endings(&self) -> BTreeMap<HouseholdId, &'r Left> {
        let ended = self.households.iter().filter_map(|(household, stays)| {
            let last = stays.last().filter(|last| last.nights.departure() <= self.year.departure())?;
            Some((*household, last.left.as_ref()?))
        });
        ended.collect()
    }
}

/// The codes of a section that no line counts, put into words.
fn not_mapped_label<'c>(codes: impl IntoIterator<Item = &'c str>) -> String {
    let codes: BTreeSet<&str> = codes.into_iter().collect();
    if codes.is_empty() {
        return "Not mapped".to_owned();
    }
    format!("Not mapped: {}", codes.into_iter().collect::<Vec<_>>().join(", "))
}

fn lines_of(lines: &[ReturnLine], section: Section) -> impl Iterator<Item = &ReturnLine> + Clone {
    lines.iter().filter(move |line| line.section == section)
}

impl Return {
    fn supported(&mut self, lines: &[ReturnLine], supported: &Supported<'_>) {
        let section = Section::Supported;
        let of_section = lines_of(lines, section);
        let mapped: BTreeSet<&str> =
            of_section.clone().flat_map(|line| &line.counts).map(String::as_str).collect();
        let row = |code: &str, label: String, counts: &dyn Fn(&Stayed) -> bool| {
            let with = supported.households.iter().filter(|(_, stays)| stays.iter().any(|stay| counts(stay)));
            let households: BTreeSet<HouseholdId> = with.map(|(household, _)| *household).collect();
            let (persons, sexes) = supported.people(&households, counts);
            Row {
                section,
                code: code.to_owned(),
                label,
                counted: Counted::Households(households),
                persons: Some(persons),
                sexes: Some(sexes),
            }
        };
        let first = self.rows.len();
        for line in of_section {
            let counts = |stay: &Stayed| line.counts.contains(&stay.kind);
            self.rows.push(row(&line.code, line.label.clone(), &counts));
        }
        let kinds = supported.households.values().flatten().map(|stay| stay.kind.as_str());
        let label = not_mapped_label(kinds.filter(|kind| !mapped.contains(kind)));
        self.rows.push(row(NOT_MAPPED, label, &|stay| !mapped.contains(stay.kind.as_str())));
        let total = row(TOTAL, "Total, each household once".to_owned(), &|_| true);
        self.close(section, first, total);
    }

    fn characteristics(&mut self, lines: &[ReturnLine], supported: &Supported<'_>) {
        let section = Section::Characteristic;
        let of_section = lines_of(lines, section);
        let mapped: BTreeSet<&str> =
            of_section.clone().flat_map(|line| &line.counts).map(String::as_str).collect();
        let all = supported.all();
        let nothing = BTreeSet::new();
        let said_of = |household: &HouseholdId| {
            supported.who.get(household).map_or(&nothing, |who| &who.characteristics)
        };
        let row = |code: &str, label: String, counts: &dyn Fn(&BTreeSet<String>) -> bool| {
            let households = all.iter().copied().filter(|household| counts(said_of(household))).collect();
            let (code, counted) = (code.to_owned(), Counted::Households(households));
            Row { section, code, label, counted, persons: None, sexes: None }
        };
        let first = self.rows.len();
        for line in of_section {
            let counts = |said: &BTreeSet<String>| !said.is_disjoint(&line.counts);
            self.rows.push(row(&line.code, line.label.clone(), &counts));
        }
        let unmapped = |code: &String| !mapped.contains(code.as_str());
        let codes = all.iter().flat_map(said_of).filter(|code| unmapped(code)).map(String::as_str);
        let label = not_mapped_label(codes);
        self.rows.push(row(NOT_MAPPED, label, &|said| said.iter().any(unmapped)));
        self.rows.push(row(NOT_SAID, "Nothing said".to_owned(), &BTreeSet::is_empty));
        let total = row(TOTAL, "Total, each household once".to_owned(), &|_| true);
        self.close(section, first, total);
    }

    fn unplaced(&mut self, lines: &[ReturnLine], year: Nights, referrals: &[Referred]) {
        let ended: Vec<&Referred> = referrals.iter().filter(|referral| year.contains(referral.on)).collect();
        let row = |section: Section, code: &str, label: String, counts: &dyn Fn(&Unplaced) -> bool| {
            let with = ended.iter().filter(|referral| counts(&referral.how));
            let mut persons = Persons::default();
            let mut ids = BTreeSet::new();
            for referral in with {
                persons.adults += u64::from(referral.people.adults);
                persons.children += u64::from(referral.people.children);
                ids.insert(referral.referral);
            }
            let (code, counted) = (code.to_owned(), Counted::Referrals(ids));
            Row { section, code, label, counted, persons: Some(persons), sexes: None }
        };
        let section = Section::NotSupported;
        let of_section = lines_of(lines, section);
        let mapped: BTreeSet<&str> =
            of_section.clone().flat_map(|line| &line.counts).map(String::as_str).collect();
        let counts_as = |how: &Unplaced| match how {
            Unplaced::Declined { counts_as } => Some(counts_as.clone()),
            Unplaced::Withdrawn | Unplaced::Closed => None,
        };
        let first = self.rows.len();
        for line in of_section {
            let counts = |how: &Unplaced| counts_as(how).is_some_and(|code| line.counts.contains(&code));
            self.rows.push(row(section, &line.code, line.label.clone(), &counts));
        }
        let unmapped = |how: &Unplaced| counts_as(how).filter(|code| !mapped.contains(code.as_str()));
        let codes: BTreeSet<String> = ended.iter().filter_map(|referral| unmapped(&referral.how)).collect();
        let label = not_mapped_label(codes.iter().map(String::as_str));
        self.rows.push(row(section, NOT_MAPPED, label, &|how| unmapped(how).is_some()));
        let total =
            row(section, TOTAL, "Total, each referral once".to_owned(), &|how| counts_as(how).is_some());
        self.close(section, first, total);

        let section = Section::WithoutStay;
        let first = self.rows.len();
        for (how, code, label) in [
            (Unplaced::Withdrawn, "withdrawn", "Taken back"),
            (Unplaced::Closed, "closed", "Accepted, and closed before the household had a place"),
        ] {
            self.rows.push(row(section, code, label.to_owned(), &|it| *it == how));
        }
        let total =
            row(section, TOTAL, "Total, each referral once".to_owned(), &|how| counts_as(how).is_none());
        self.close(section, first, total);
    }

    fn endings(&mut self, lines: &[ReturnLine], supported: &Supported<'_>) {
        let endings = supported.endings();
        let row = |section: Section, code: &str, label: String, counts: &dyn Fn(&Left) -> bool| {
            let with = endings.iter().filter(|(_, left)| counts(left));
            let households: BTreeSet<HouseholdId> = with.map(|(household, _)| *household).collect();
            let (persons, _) = supported.people(&households, |_| true);
            let (code, counted) = (code.to_owned(), Counted::Households(households));
            Row { section, code, label, counted, persons: Some(persons), sexes: None }
        };
        let section = Section::Ending;
        let of_section = lines_of(lines, section);
        let mapped: BTreeSet<&str> =
            of_section.clone().flat_map(|line| &line.counts).map(String::as_str).collect();
        let first = self.rows.len();
        for line in of_section {
            let counts =
                |left: &Left| left.destination.as_ref().is_some_and(|code| line.counts.contains(code));
            self.rows.push(row(section, &line.code, line.label.clone(), &counts));
        }
        let unmapped = |code: &str| !mapped.contains(code);
        let codes = endings.values().filter_map(|left| left.destination.as_deref());
        let label = not_mapped_label(codes.filter(|code| unmapped(code)));
        self.rows
            .push(row(section, NOT_MAPPED, label, &|left| left.destination.as_deref().is_some_and(unmapped)));
        self.rows
            .push(row(section, NOT_SAID, "Not written down".to_owned(), &|left| left.destination.is_none()));
        let total = row(section, TOTAL, "Total, each household once".to_owned(), &|_| true);
        self.close(section, first, total);

        let section = Section::Afterwards;
        let first = self.rows.len();
        for (afterwards, code, label) in Afterwards::ALL {
            self.rows.push(row(section, code, label.to_owned(), &|left| left.afterwards == afterwards));
        }
        let total = row(section, TOTAL, "Total, each household once".to_owned(), &|_| true);
        self.close(section, first, total);
    }

    /// Ends a section with its total, and checks that its lines, from `first` on, add up to it.
    fn close(&mut self, section: Section, first: usize, total: Row) {
        let lines = self.rows.get(first..).unwrap_or_default();
        let sum = lines.iter().map(|row| row.counted.len()).sum();
        let again = counted_again(lines.iter().map(|row| &row.counted));
        self.checks.push(Check { section, sum, counted_again: again, total: total.counted.len() });
        self.rows.push(total);
    }
}

/// How often a record is in more than one of these, once for each beyond the first.
fn counted_again<'c>(lines: impl Iterator<Item = &'c Counted>) -> u64 {
    let mut seen = BTreeSet::new();
    let mut again = 0;
    for counted in lines {
        let ids: Vec<_> = match counted {
            Counted::Households(households) => households.iter().map(|id| id.0).collect(),
            Counted::Referrals(referrals) => referrals.iter().map(|id| id.0).collect(),
        };
        again += ids.into_iter().filter(|id| !seen.insert(*id)).count() as u64;
    }
    again
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn household(n: u128) -> HouseholdId {
        HouseholdId(Uuid::from_u128(n))
    }

    fn stayed(of: u128, kind: &str, from: &str, to: &str, (adults, children): (u16, u16)) -> Stayed {
        let nights = Nights::between(from.parse().unwrap(), to.parse().unwrap());
        Stayed {
            household: household(of),
            kind: kind.into(),
            people: People { adults, children },
            nights,
            left: None,
        }
    }

    fn left(stay: Stayed, destination: Option<&str>, afterwards: Afterwards) -> Stayed {
        Stayed { left: Some(Left { destination: destination.map(str::to_owned), afterwards }), ..stay }
    }

    fn defaults() -> Vec<ReturnLine> {
        Section::ALL.into_iter().flat_map(default_lines).collect()
    }

    fn of(stays: &[Stayed], who: &BTreeMap<HouseholdId, Who>, referrals: &[Referred]) -> Return {
        let year = "2020/21".parse().unwrap();
        statutory_return(year, &defaults(), Records { stays, who, referrals })
    }

    fn find<'r>(made: &'r Return, section: Section, code: &str) -> &'r Row {
        made.rows.iter().find(|row| row.section == section && row.code == code).unwrap()
    }

    #[test]
    fn the_default_lines_can_be_kept_and_map_every_code_that_the_service_begins_with() {
        for section in Section::WITH_LINES {
            let lines = default_lines(section);
            assert_eq!(checked_lines(section, lines.clone()).unwrap(), lines);
        }
        let declines: Vec<_> = DECLINES.map(|(code, _)| code).into();
        assert_eq!(declines, reasons::DECLINES_COUNT_AS);
    }

    #[test]
    fn a_line_has_one_code_and_no_code_is_counted_twice() {
        let line = |code: &str, counts: &[&str]| ReturnLine {
            section: Section::Ending,
            code: code.into(),
            label: "A label".into(),
            counts: counts.iter().map(|&code| code.to_owned()).collect(),
        };
        let refused = |section, lines| checked_lines(section, lines).unwrap_err().field.unwrap();
        assert_eq!(refused(Section::Afterwards, vec![line("a", &[])]), "section");
        assert_eq!(refused(Section::Ending, vec![]), "lines");
        assert_eq!(refused(Section::Ending, vec![line("a", &[]), line("a", &[])]), "code");
        assert_eq!(refused(Section::Ending, vec![line("total", &[])]), "code");
        assert_eq!(refused(Section::Ending, vec![line("a", &["x", "y"]), line("b", &["y"])]), "counts");
        assert!(checked_lines(Section::Ending, vec![line("a", &["x", "y"]), line("b", &[])]).is_ok());
    }

    #[test]
    fn a_financial_year_is_written_and_read_as_public_bodies_do() {
        for text in ["2020/21", "1999/00", "2099/00"] {
            let year: FinancialYear = text.parse().unwrap();
            assert_eq!(year.to_string(), text);
            assert_eq!(FinancialYear::of(year.nights().arrival()), year);
        }
        let year: FinancialYear = "2020/21".parse().unwrap();
        let (first, end) = (year.nights().arrival().to_string(), year.nights().departure().to_string());
        assert_eq!((first.as_str(), end.as_str()), ("2020-04-01", "2021-04-01"));
        assert_eq!(FinancialYear::of("2021-03-31".parse().unwrap()), year);
        for bad in ["2020", "2020/22", "2020/2021", "20/21", "2100/01", "-2020/21", "x/y", " 2020/21"] {
            assert!(bad.parse::<FinancialYear>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_household_in_two_kinds_counts_in_each_and_once_in_the_total() {
        let stays = [
            stayed(1, "other_emergency", "2020-03-30", "2020-04-02", (1, 2)),
            stayed(1, "second_stage", "2020-04-02", "2020-09-01", (2, 2)),
            stayed(2, "other_emergency", "2020-03-25", "2020-04-01", (1, 0)),
            stayed(3, "houseboat", "2021-03-31", "2021-04-07", (1, 1)),
        ];
        let sexes = AdultsBySex { female: 1, male: 1, other_or_not_said: 0 };
        let said = Who { adults_by_sex: Some(sexes), characteristics: BTreeSet::new() };
        let made = of(&stays, &[(household(1), said)].into(), &[]);
        let row = |code| find(&made, Section::Supported, code);
        let count = |code| row(code).counted.len();
        assert_eq!(
            (count("other_emergency"), count("second_stage"), count(NOT_MAPPED), count(TOTAL)),
            (1, 1, 1, 2)
        );
        assert_eq!(row(NOT_MAPPED).label, "Not mapped: houseboat");
        assert_eq!(row("other_emergency").persons, Some(Persons { adults: 1, children: 2 }));
        let not_said = Sexes { women: 0, men: 0, other_or_not_said: 1 };
        assert_eq!(row("other_emergency").sexes, Some(not_said), "it is said of two adults");
        assert_eq!(row(TOTAL).persons, Some(Persons { adults: 3, children: 3 }), "as it stayed last");
        assert_eq!(row(TOTAL).sexes, Some(Sexes { women: 1, men: 1, other_or_not_said: 1 }));
        let check = made.checks[0];
        assert_eq!((check.sum, check.counted_again, check.total, check.agrees()), (3, 1, 2, true));
    }

    #[test]
    fn support_ends_with_the_last_stay_of_the_year_and_a_move_is_no_end() {
        let gone = |stay, to| left(stay, Some(to), Afterwards::GoesOn);
        let night = |of, from, to| stayed(of, "other_emergency", from, to, (1, 0));
        let stays = [
            // Left, came back, and left again.
            gone(night(1, "2020-05-01", "2020-05-08"), "no_fixed_abode"),
            gone(night(1, "2020-07-01", "2020-07-08"), "own_tenancy"),
            // Left, came back, and is there still.
            gone(night(2, "2020-05-01", "2020-05-08"), "refuge"),
            night(2, "2021-03-30", "2021-04-02"),
            // The last night is the last of the year, and the first of the next.
            left(night(3, "2021-03-30", "2021-04-01"), None, Afterwards::NotRecorded),
            gone(night(4, "2021-03-30", "2021-04-02"), "refuge"),
            // Moved.
            night(5, "2020-05-01", "2020-05-08"),
        ];
        let made = of(&stays, &BTreeMap::new(), &[]);
        let count = |section, code| find(&made, section, code).counted.len();
        assert_eq!(count(Section::Ending, "own_tenancy"), 1);
        assert_eq!(count(Section::Ending, "no_fixed_abode"), 0);
        assert_eq!(count(Section::Ending, "refuge"), 0);
        assert_eq!(count(Section::Ending, NOT_SAID), 1);
        assert_eq!(count(Section::Ending, TOTAL), 2);
        assert_eq!(count(Section::Afterwards, "goes_on"), 1);
        assert_eq!(count(Section::Afterwards, TOTAL), 2);
        assert!(made.checks.iter().all(|check| check.agrees()));
    }
}
