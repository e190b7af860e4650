//! Figures for a period, each with its definition, as page and as file; and the records that one was counted from.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use askama::Template;
use rust_decimal::Decimal;
use safespace_domain::{
    Refusal,
    access::Permission,
    availability::Spaces,
    figures::{Counted, Line, Measure, MeasuredIn, Record, Section, measure},
    periods::PeriodKind,
};
use safespace_engine::{Cell, EngineError, FiguresAsk, Sheet, Traced};

use crate::{
    Answer, Pages, Site, Stopped,
    charts::{csv, xlsx},
    fields::Fields,
    page,
    reports::{Asked, Picker, sheet_cell},
    shell::{Place, Shell},
    visit::Visit,
    words::{
        self,
        reports::{measured_in, number},
    },
};

/// Where the figures are.
const PATH: &str = "/figures";
/// So many records are listed.
const MOST_RECORDS: usize = 1_000;
/// The choice of all groups; any other is by what they are.
const ALL: &str = "all";
/// The fields that a refusal may be about.
const FIELDS: [&str; 8] = ["period", "on", "from", "to", "by", "district", "section", "group"];

/// The pages.
pub(crate) fn pages(site: &Arc<Site>) -> Pages {
    vec![
        (PATH, page(site, figures)),
        ("/figures/records", page(site, records)),
        ("/figures.csv", page(site, figures_csv)),
        ("/figures.xlsx", page(site, figures_xlsx)),
    ]
}

/// What is asked of the figures.
struct Which {
    asked: Asked,
    section: Option<Section>,
    /// Empty for none, [`ALL`], or by what they are.
    group: String,
}

impl Which {
    fn of(visit: &Visit) -> Result<Self, Refusal> {
        let asked = Asked::of(&visit.query, &visit.engine.spaces(), visit.engine.today())?;
        let section = match visit.query.get("section") {
            "" => None,
            name => Some(
                Section::ALL
                    .into_iter()
                    .find(|section| section.as_str() == name)
                    .ok_or_else(|| Refusal::bad("section", words::reports::NO_SECTION))?,
            ),
        };
        Ok(Self { asked, section, group: visit.query.get("group").to_owned() })
    }

    fn ask(&self) -> FiguresAsk {
        let by = self.asked.cut.unwrap_or(self.asked.kind);
        FiguresAsk { range: self.asked.range, by, sections: self.section.into_iter().collect() }
    }

    fn query(&self) -> String {
        let section = self.section.map_or("", Section::as_str);
        let more = serde_urlencoded::to_string([("section", section), ("group", &self.group)]);
        format!("{}&{}", self.asked.query(), more.unwrap_or_default())
    }

    /// Whether a figure is shown: of the whole always.
    fn shows(&self, line: &Line) -> bool {
        let Some(group) = &line.figure.group else { return true };
        self.group == ALL || self.group == group.by
    }
}

/// A figure, or a group of one.
struct Row {
    code: &'static str,
    name: String,
    means: Option<&'static str>,
    values: Vec<String>,
    /// Where the records are that it was counted from.
    records: Option<String>,
}

/// A section.
struct Part {
    title: &'static str,
    rows: Vec<Row>,
}

#[derive(Template)]
#[template(path = "figures.html")]
struct FiguresPage {
    shell: Shell,
    parts: Vec<(&'static str, &'static str)>,
    picker: Picker,
    fields: Fields,
    sections: Vec<(String, String)>,
    groups: Vec<(String, String)>,
    said: String,
    query: String,
    heads: Vec<String>,
    tables: Vec<Part>,
}

/// The figures.
async fn figures(visit: Visit) -> Answer {
    visit.must(Permission::SeeReports)?;
    let which = Which::of(&visit);
    let found = match &which {
        Ok(which) => {
            visit.answered(&Fields::default(), visit.engine.figures(visit.actor(), &which.ask()).await)?
        }
        Err(refusal) => Err(refusal.clone()),
    };
    let today = visit.engine.today();
    let asked = which.as_ref().map(|which| which.asked.clone()).map_err(Clone::clone);
    let mut page = FiguresPage {
        shell: visit.shell(Place::Reports)?,
        parts: words::reports::parts(visit.actor()),
        picker: Picker::of(PATH, &asked, &visit.query, today),
        fields: visit.query.clone(),
        sections: sections(),
        groups: Vec::new(),
        said: asked.as_ref().map(|asked| asked.said(today)).unwrap_or_default(),
        query: which.as_ref().map(Which::query).unwrap_or_default(),
        heads: Vec::new(),
        tables: Vec::new(),
    };
    page.groups = groups(found.as_deref().unwrap_or_default());
    match (found, &which) {
        (Ok(lines), Ok(which)) => {
            page.heads = heads(&which.asked);
            page.tables = tables(&visit.engine.spaces(), &lines, which);
            visit.show(&page)
        }
        (Err(refusal), _) => refused(&visit, page, &refusal),
        (_, Err(refusal)) => refused(&visit, page, refusal),
    }
}

/// The page again, with what is wrong with what was asked.
fn refused(visit: &Visit, mut page: FiguresPage, refusal: &Refusal) -> Answer {
    page.shell = page.shell.refused(refusal).at_one_of(&FIELDS);
    visit.show_again(&page)
}

fn sections() -> Vec<(String, String)> {
    let all = (String::new(), words::reports::ALL_SECTIONS.to_owned());
    let each = Section::ALL.map(|section| (section.as_str().to_owned(), section.title().to_owned()));
    [all].into_iter().chain(each).collect()
}

/// By what figures can be grouped.
fn groups(lines: &[Line]) -> Vec<(String, String)> {
    let by: BTreeSet<&str> =
        lines.iter().filter_map(|line| line.figure.group.as_ref()).map(|group| group.by.as_str()).collect();
    let first = [
        (String::new(), words::reports::NO_GROUPS.to_owned()),
        (ALL.to_owned(), words::reports::ALL_GROUPS.to_owned()),
    ];
    first.into_iter().chain(by.into_iter().map(|by| (by.to_owned(), words::reports::grouped(by)))).collect()
}

/// How the range is cut into several periods; none where it is told as one, beside others.
fn cut(asked: &Asked) -> Option<PeriodKind> {
    asked.cut.filter(|by| *by != PeriodKind::Whole)
}

/// What stands above the numbers: one period beside others, or several.
fn heads(asked: &Asked) -> Vec<String> {
    match cut(asked) {
        Some(by) => {
            asked.periods(by).into_iter().map(|nights| words::reports::period(by, nights).1).collect()
        }
        None => words::reports::TIMES.map(str::to_owned).to_vec(),
    }
}

fn tables(spaces: &Spaces, lines: &[Line], which: &Which) -> Vec<Part> {
    let label = |by: PeriodKind| {
        let periods = which.asked.periods(by).into_iter();
        periods.map(|nights| by.label(nights.arrival())).collect::<Vec<_>>()
    };
    let labels = cut(&which.asked).map(label);
    let mut by_key: BTreeMap<Key<'_>, Vec<&Line>> = BTreeMap::new();
    for line in lines.iter().filter(|line| which.shows(line)) {
        by_key.entry(key(line)).or_default().push(line);
    }
    let mut all: Vec<Part> = Vec::new();
    for line in lines {
        let Some(same) = by_key.remove(&key(line)) else { continue };
        let Some((section, measure)) = measure(line.figure.measure.code) else { continue };
        if all.iter().all(|part| part.title != section.title()) {
            all.push(Part { title: section.title(), rows: Vec::new() });
        }
        let values = labels.as_ref().map_or_else(|| beside(line), |labels| over_time(&same, labels));
        if let Some(part) = all.iter_mut().find(|part| part.title == section.title()) {
            // A group that comes in a later period stands with those of its figure, too.
            let after = part.rows.iter().rposition(|row| row.code == measure.code);
            let place = after.map_or(part.rows.len(), |after| after + 1);
            part.rows.insert(place, row(spaces, line, &same, which, values));
        }
    }
    all
}

/// What a line is of, whatever its period.
type Key<'l> = (&'l str, Option<(&'l str, &'l str)>);

fn key(line: &Line) -> Key<'_> {
    let group = line.figure.group.as_ref().map(|group| (group.by.as_str(), group.name.as_str()));
    (line.figure.measure.code, group)
}

fn over_time(same: &[&Line], labels: &[String]) -> Vec<String> {
    let of = |label: &String| {
        let line = same.iter().find(|line| line.period == *label);
        line.map_or_else(
            || words::reports::NOTHING.to_owned(),
            |line| number(line.figure.measure.measured_in, line.figure.value),
        )
    };
    labels.iter().map(of).collect()
}

fn beside(line: &Line) -> Vec<String> {
    let of = |value| number(line.figure.measure.measured_in, value);
    let change = words::reports::per_cent;
    vec![
        of(line.figure.value),
        of(line.before),
        change(line.change()),
        of(line.a_year_before),
        change(line.change_in_a_year()),
    ]
}

fn row(spaces: &Spaces, first: &Line, same: &[&Line], which: &Which, values: Vec<String>) -> Row {
    let (measure, group) = (first.figure.measure, first.figure.group.as_ref());
    let traced = same.iter().any(|line| !line.figure.records.is_empty());
    let records = || {
        let (by, name) = group.map_or(("", ""), |group| (&group.by, &group.name));
        let more = serde_urlencoded::to_string([("figure", measure.code), ("of", by), ("which", name)]);
        format!("{PATH}/records?{}&{}", which.asked.query(), more.unwrap_or_default())
    };
    Row {
        code: measure.code,
        name: group.map_or_else(
            || measure.title.to_owned(),
            |group| words::reports::group(spaces, &group.by, &group.name),
        ),
        means: group.is_none().then_some(measure.means),
        values,
        records: traced.then(records),
    }
}

/// A record that a figure was counted from.
struct Listed {
    kind: &'static str,
    reference: String,
    path: Option<String>,
    count: u32,
}

#[derive(Template)]
#[template(path = "figure_records.html")]
struct RecordsPage {
    shell: Shell,
    parts: Vec<(&'static str, &'static str)>,
    title: &'static str,
    means: &'static str,
    group: Option<String>,
    said: String,
    back: String,
    rows: Vec<Listed>,
    /// Whether the figure is the number of its records.
    is_count: bool,
    of: usize,
}

/// The records that a figure was counted from.
async fn records(visit: Visit) -> Answer {
    visit.must(Permission::SeeReports)?;
    let which = Which::of(&visit)?;
    let (section, measure) =
        measure(visit.query.get("figure")).ok_or_else(|| Refusal::not_found("figure", "figure"))?;
    let of = Some((visit.query.get("of"), visit.query.get("which"))).filter(|(by, _)| !by.is_empty());
    let ask = FiguresAsk { sections: vec![section], ..which.ask() };
    let lines = visit.engine.figures(visit.actor(), &ask).await?;
    let counted: Vec<Counted> = lines
        .iter()
        .filter(|line| key(line) == (measure.code, of))
        .flat_map(|line| line.figure.records.iter().copied())
        .collect();
    let shown = counted.get(..MOST_RECORDS.min(counted.len())).unwrap_or_default();
    let traced = visit.engine.traced(visit.actor(), shown).await?;
    visit.show(&RecordsPage {
        shell: visit.shell(Place::Reports)?,
        parts: words::reports::parts(visit.actor()),
        title: measure.title,
        means: measure.means,
        group: of.map(|(by, name)| words::reports::group(&visit.engine.spaces(), by, name)),
        said: which.asked.said(visit.engine.today()),
        back: format!("{PATH}?{}&section={}", which.asked.query(), section.as_str()),
        rows: traced.iter().map(listed).collect(),
        is_count: measure.measured_in == MeasuredIn::Count,
        of: counted.len(),
    })
}

fn listed(traced: &Traced) -> Listed {
    let record = traced.counted.record;
    Listed {
        kind: words::reports::record(record),
        reference: traced.reference.clone().unwrap_or_else(|| words::reports::NOTHING.to_owned()),
        path: match record {
            Record::Referral(id) => Some(format!("/referrals/{id}")),
            Record::Stay(id) => Some(format!("/stays/{id}")),
            _ => None,
        },
        count: traced.counted.count,
    }
}

/// The figures as a sheet, with their definitions.
async fn sheet(visit: &Visit) -> Result<Sheet, Stopped> {
    visit.must(Permission::SeeReports)?;
    let which = Which::of(visit)?;
    let lines: Result<Vec<Line>, EngineError> = visit.engine.figures(visit.actor(), &which.ask()).await;
    let lines: Vec<Line> = lines?.into_iter().filter(|line| which.shows(line)).collect();
    let mut measures: Vec<&Measure> = Vec::new();
    for line in &lines {
        if measures.iter().all(|known| known.code != line.figure.measure.code) {
            measures.push(line.figure.measure);
        }
    }
    let means = measures.into_iter().map(|measure| (measure.code.to_owned(), measure.means.to_owned()));
    let columns = vec![
        "period",
        "section",
        "figure",
        "title",
        "measured_in",
        "by",
        "group",
        "value",
        "before",
        "a_year_before",
        "change",
        "change_in_a_year",
    ];
    let rows = lines.iter().map(cells).collect();
    Ok(Sheet::of_figures("Figures", visit.engine.now(), columns, rows, means.collect()))
}

fn cells(line: &Line) -> Vec<Cell> {
    let of = line.figure.measure;
    let (by, group) =
        line.figure.group.as_ref().map_or(("", ""), |group| (group.by.as_str(), group.name.as_str()));
    let number = |value: Option<Decimal>| sheet_cell(of.measured_in, value);
    let share = |value: Option<Decimal>| value.map_or(Cell::Empty, Cell::Decimal);
    vec![
        Cell::text(&line.period),
        Cell::text(measure(of.code).map_or("", |(section, _)| section.as_str())),
        Cell::text(of.code),
        Cell::text(of.title),
        Cell::text(measured_in(of.measured_in)),
        Cell::text(by),
        Cell::text(group),
        number(line.figure.value),
        number(line.before),
        number(line.a_year_before),
        share(line.change()),
        share(line.change_in_a_year()),
    ]
}

/// The figures as comma-separated values.
async fn figures_csv(visit: Visit) -> Answer {
    csv("figures", &sheet(&visit).await?)
}

/// The figures as a workbook.
async fn figures_xlsx(visit: Visit) -> Answer {
    xlsx("figures", &sheet(&visit).await?)
}
