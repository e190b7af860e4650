//! The statutory return of a financial year, as page and as file; and its lines, which managers keep.

pub(crate) mod lines;

use std::sync::Arc;

use askama::Template;
use safespace_domain::{
    Refusal,
    access::Permission,
    statutory_return::{CHECK, DEFINITIONS, FinancialYear, Return, Row as ReturnRow, TOTAL},
};
use safespace_engine::{Cell, Sheet};

use crate::{
    Answer, Pages, Site, Stopped,
    charts::{csv, xlsx},
    fields::Fields,
    page,
    shell::{Place, Shell},
    targets::years,
    visit::Visit,
    words::{
        self, days,
        reports::{NOTHING, return_section},
    },
};

/// A line.
struct Row {
    label: String,
    is_total: bool,
    /// Households or referrals, then people and adults by sex where they are counted.
    numbers: Vec<String>,
}

/// A section.
struct Part {
    title: &'static str,
    heads: Vec<&'static str>,
    rows: Vec<Row>,
    /// Whether it adds up, in a sentence.
    check: String,
    agrees: bool,
}

#[derive(Template)]
#[template(path = "statutory_return.html")]
struct ReturnPage {
    shell: Shell,
    ways: Vec<(&'static str, &'static str)>,
    year: String,
    days: String,
    fields: Fields,
    years: Vec<(String, String)>,
    parts: Vec<Part>,
    definitions: Vec<(String, &'static str)>,
    query: String,
    may_manage: bool,
}

/// The pages.
pub(crate) fn pages(site: &Arc<Site>) -> Pages {
    let mut all = vec![
        ("/return", page(site, statutory_return)),
        ("/return.csv", page(site, return_csv)),
        ("/return.xlsx", page(site, return_xlsx)),
    ];
    all.extend(lines::pages(site));
    all
}

/// The year that is asked for; the present one where none is.
fn year_of(visit: &Visit) -> Result<FinancialYear, Refusal> {
    let year = visit.query.parsed("year", words::reports::ONE_OF_THESE)?;
    Ok(year.unwrap_or_else(|| FinancialYear::of(visit.engine.today())))
}

/// The return.
async fn statutory_return(visit: Visit) -> Answer {
    visit.must(Permission::SeeStays)?;
    let asked = year_of(&visit);
    let made = match asked.clone() {
        Ok(year) => {
            let made = visit.engine.statutory_return(visit.actor(), year).await;
            visit.answered(&Fields::default(), made)?
        }
        Err(refusal) => Err(refusal),
    };
    let today = visit.engine.today();
    let year = asked.unwrap_or_else(|_| FinancialYear::of(today));
    let query = serde_urlencoded::to_string([("year", year.to_string())]).unwrap_or_default();
    let mut page = ReturnPage {
        shell: visit.shell(Place::Reports)?,
        ways: words::reports::parts(visit.actor()),
        year: year.to_string(),
        days: days(year.nights()),
        fields: Fields::default().with("year", year),
        years: years(today, year.nights().arrival()),
        parts: Vec::new(),
        definitions: DEFINITIONS.iter().map(|(word, means)| (words::in_plain_words(word), *means)).collect(),
        query,
        may_manage: visit.may(Permission::ManageSpaces),
    };
    match made {
        Ok(made) => {
            page.parts = parts(&made);
            visit.show(&page)
        }
        Err(refusal) => {
            page.shell = page.shell.refused(&refusal).at_one_of(&["year"]);
            visit.show_again(&page)
        }
    }
}

fn parts(made: &Return) -> Vec<Part> {
    let part = |check: &safespace_domain::statutory_return::Check| {
        let lines: Vec<&ReturnRow> = made.rows.iter().filter(|row| row.section == check.section).collect();
        let has_people = lines.iter().any(|row| row.persons.is_some());
        let has_sexes = lines.iter().any(|row| row.sexes.is_some());
        let all = words::reports::RETURN_HEADS;
        let shown = |no: usize| match no {
            0 => true,
            1..=3 => has_people,
            _ => has_sexes,
        };
        let heads = all.iter().enumerate().filter(|(no, _)| shown(*no)).map(|(_, head)| *head);
        let row = |row: &&ReturnRow| Row {
            label: row.label.clone(),
            is_total: row.code == TOTAL,
            numbers: numbers(row)
                .into_iter()
                .enumerate()
                .filter(|(no, _)| shown(*no))
                .map(|(_, n)| n)
                .collect(),
        };
        Part {
            title: return_section(check.section),
            heads: heads.collect(),
            rows: lines.iter().map(row).collect(),
            check: words::reports::adds_up(check),
            agrees: check.agrees(),
        }
    };
    made.checks.iter().map(part).collect()
}

/// The numbers of a line, in the order of their heads.
fn numbers(row: &ReturnRow) -> [String; 7] {
    let told = |n: Option<u64>| n.map_or_else(|| NOTHING.to_owned(), |n| n.to_string());
    let (persons, sexes) = (row.persons, row.sexes);
    [
        row.counted.len().to_string(),
        told(persons.map(|persons| persons.adults + persons.children)),
        told(persons.map(|persons| persons.adults)),
        told(persons.map(|persons| persons.children)),
        told(sexes.map(|sexes| sexes.women)),
        told(sexes.map(|sexes| sexes.men)),
        told(sexes.map(|sexes| sexes.other_or_not_said)),
    ]
}

/// The return as a sheet.
async fn sheet(visit: &Visit) -> Result<Sheet, Stopped> {
    visit.must(Permission::SeeStays)?;
    let made = visit.engine.statutory_return(visit.actor(), year_of(visit)?).await?;
    let number = |n: Option<u64>| n.map_or(Cell::Empty, Cell::Number);
    let row = |row: &ReturnRow| {
        let (persons, sexes) = (row.persons, row.sexes);
        vec![
            Cell::text(row.section.as_str()),
            Cell::text(&row.code),
            Cell::text(&row.label),
            Cell::Number(row.counted.len()),
            number(persons.map(|persons| persons.adults + persons.children)),
            number(persons.map(|persons| persons.adults)),
            number(persons.map(|persons| persons.children)),
            number(sexes.map(|sexes| sexes.women)),
            number(sexes.map(|sexes| sexes.men)),
            number(sexes.map(|sexes| sexes.other_or_not_said)),
        ]
    };
    let mut rows = Vec::new();
    for check in &made.checks {
        rows.extend(made.rows.iter().filter(|row| row.section == check.section).map(row));
        let said = words::reports::adds_up(check);
        let sum = Cell::Number(check.sum.saturating_sub(check.counted_again));
        let first = [Cell::text(check.section.as_str()), Cell::text(CHECK), Cell::text(&said), sum];
        rows.push(first.into_iter().chain(std::iter::repeat_n(Cell::Empty, 6)).collect());
    }
    let columns = vec![
        "section",
        "code",
        "label",
        "households",
        "people",
        "adults",
        "children",
        "women",
        "men",
        "other_or_not_said",
    ];
    let means = DEFINITIONS.iter().map(|(word, means)| ((*word).to_owned(), (*means).to_owned()));
    Ok(Sheet::of_figures("Return", visit.engine.now(), columns, rows, means.collect()))
}

/// The return as comma-separated values.
async fn return_csv(visit: Visit) -> Answer {
    csv("return", &sheet(&visit).await?)
}

/// The return as a workbook.
async fn return_xlsx(visit: Visit) -> Answer {
    xlsx("return", &sheet(&visit).await?)
}
