//! The overview: three figures with their definitions, charts with their tables, and how the targets stand.

use std::collections::BTreeMap;

use askama::Template;
use chrono::Datelike;
use rust_decimal::Decimal;
use safespace_domain::{
    Night, Nights, Refusal,
    access::Permission,
    availability::Spaces,
    figures::{Line, MeasuredIn, Section, measure},
    nights::{earlier, later, next},
    occupancy::{GroupKind, OccupancyRow},
    periods::PeriodKind,
    statutory_return::FinancialYear,
};
use safespace_engine::{Cell, EngineError, FiguresAsk, TargetView};

use super::{Asked, Picker, line};
use crate::{
    Answer, Stopped,
    charts::{self, Bar, Chart, Data, Datum, Joined, Lines, Series, drawn},
    fields::Fields,
    shell::{Place, Shell},
    visit::Visit,
    words::{self, day, in_plain_words, reports::number},
};

/// The calendar shows so many weeks at most: a year, with its last days.
const MOST_WEEKS: u32 = 53;
/// The shares from which a cell of the calendar is darker.
const SHADES: [u32; 4] = [1, 50, 75, 90];

/// A figure with those of other times.
struct Beside {
    name: &'static str,
    means: &'static str,
    now: String,
    before: String,
    a_year_before: String,
}

/// One of the figures that stand first.
struct Big {
    id: &'static str,
    title: &'static str,
    value: String,
    /// Of what the value is.
    of: String,
    rows: Vec<Beside>,
    /// Where the records are that it was counted from.
    records: Option<String>,
}

/// A night in the calendar.
enum HeatCell {
    /// Not of the period.
    Outside,
    /// Nothing was available.
    Nothing,
    /// So many of so many available units were occupied.
    Night { night: String, occupied: u64, available: u64, shade: usize },
}

/// A week in the calendar.
struct Week {
    name: String,
    days: Vec<HeatCell>,
}

/// A target as it stands now.
struct Standing {
    title: String,
    owner: String,
    aim: String,
    value: String,
    words: String,
}

/// What is shown of a period.
struct Found {
    bigs: Vec<Big>,
    occupancy: Chart,
    weeks: Vec<Week>,
    is_cut_short: bool,
    lengths: Chart,
    declines: Chart,
    cost: Vec<Beside>,
    costs: Chart,
    quarter: String,
    targets: Vec<Standing>,
}

#[derive(Template)]
#[template(path = "reports.html")]
struct DashboardPage {
    shell: Shell,
    parts: Vec<(&'static str, &'static str)>,
    picker: Picker,
    said: String,
    district: String,
    query: String,
    found: Option<Found>,
}

/// The page.
pub(super) async fn dashboard(visit: Visit) -> Answer {
    visit.must(Permission::SeeReports)?;
    let (today, spaces) = (visit.engine.today(), visit.engine.spaces());
    let asked = Asked::of(&visit.query, &spaces, today).and_then(|asked| asked.cut().map(|_| asked));
    let picker = Picker::of("/reports", &asked, &visit.query, today).with_districts(&spaces);
    let mut page = DashboardPage {
        shell: visit.shell(Place::Reports)?,
        parts: words::reports::parts(visit.actor()),
        picker,
        said: String::new(),
        district: String::new(),
        query: String::new(),
        found: None,
    };
    match asked {
        Ok(asked) => {
            page.said = asked.said(today);
            page.district = words::reports::of_district(asked.district.as_deref());
            page.query = asked.query();
            match visit.answered(&Fields::default(), found(&visit, &asked).await)? {
                Ok(found) => page.found = Some(found),
                Err(refusal) => return refused(&visit, page, &refusal),
            }
            visit.show(&page)
        }
        Err(refusal) => refused(&visit, page, &refusal),
    }
}

/// The page again, with what is wrong with what was asked.
fn refused(visit: &Visit, mut page: DashboardPage, refusal: &Refusal) -> Answer {
    page.shell = page.shell.refused(refusal).at_one_of(&["period", "on", "from", "to", "by", "district"]);
    visit.show_again(&page)
}

async fn found(visit: &Visit, asked: &Asked) -> Result<Found, EngineError> {
    let lines = lines(visit, asked, &[Section::Occupancy, Section::Flow, Section::Stays, Section::Provision]);
    let lines = lines.await?;
    let today = visit.engine.today();
    let tonight = rows(visit, asked, Nights::between(today, next(today)), PeriodKind::Night).await?;
    let cut = asked.cut()?;
    let over_time = occupancy(asked, &rows(visit, asked, asked.range, cut).await?, cut);
    let shown = calendar_of(asked.range);
    let nights = rows(visit, asked, shown, PeriodKind::Night).await?;
    let year = FinancialYear::of(earlier(asked.range.departure(), 1)).nights().arrival();
    let targets = visit.engine.targets(visit.actor(), year).await?;
    let at = earlier(asked.range.departure(), 1);
    let query = asked.query();
    let costs = costs(&lines);
    Ok(Found {
        bigs: bigs(asked, &lines, tonight.first()),
        occupancy: occupancy_chart(&over_time, cut, asked, &query),
        weeks: weeks(shown, &nights),
        is_cut_short: shown != asked.range,
        lengths: lengths_chart(&lines, &query),
        declines: declines_chart(&lines, &visit.engine.spaces(), &query),
        cost: cost_rows(&lines),
        costs: costs_chart(&costs, &query),
        quarter: PeriodKind::Quarter.label(at),
        targets: targets.iter().filter_map(|view| standing(view, at)).collect(),
    })
}

/// The figures of the period.
async fn lines(visit: &Visit, asked: &Asked, sections: &[Section]) -> Result<Vec<Line>, EngineError> {
    let ask = FiguresAsk { range: asked.range, by: asked.kind, sections: sections.to_vec() };
    visit.engine.figures(visit.actor(), &ask).await
}

/// How full the homes were: all, or those of the district.
async fn rows(
    visit: &Visit,
    asked: &Asked,
    range: Nights,
    by: PeriodKind,
) -> Result<Vec<OccupancyRow>, EngineError> {
    let group = asked.district.as_ref().map(|_| GroupKind::District);
    let rows = visit.engine.occupancy(visit.actor(), range, by, group).await?;
    Ok(rows.into_iter().filter(|row| row.group == asked.district).collect())
}

fn beside(lines: &[Line], code: &'static str, group: Option<(&str, &str)>) -> Option<Beside> {
    let (_, measure) = measure(code)?;
    let line = line(lines, code, group);
    let told = |of: &dyn Fn(&Line) -> Option<Decimal>| number(measure.measured_in, line.and_then(of));
    Some(Beside {
        name: measure.title,
        means: measure.means,
        now: told(&|line| line.figure.value),
        before: told(&|line| line.before),
        a_year_before: told(&|line| line.a_year_before),
    })
}

/// The figures that stand first: how full, how often full, and who was turned away.
fn bigs(asked: &Asked, lines: &[Line], tonight: Option<&OccupancyRow>) -> Vec<Big> {
    let group = asked.district.as_deref().map(|district| ("district", district));
    let of_homes =
        |codes: &[&'static str]| codes.iter().filter_map(|code| beside(lines, code, group)).collect();
    let of_all = |codes: &[&'static str]| codes.iter().filter_map(|code| beside(lines, code, None)).collect();
    let (occupied, available) = tonight.map_or((0, 0), |row| (row.occupied_nights, row.available_nights));
    let value = |code: &str, group| {
        let line = line(lines, code, group);
        line.map_or_else(
            || words::reports::NOTHING.to_owned(),
            |line| number(line.figure.measure.measured_in, line.figure.value),
        )
    };
    let [rate, full, turned_away] = words::reports::BIG;
    vec![
        Big {
            id: "occupancy-rate",
            title: rate,
            value: words::reports::per_cent(tonight.and_then(OccupancyRow::occupancy_rate)),
            of: words::reports::tonight(occupied, available),
            rows: of_homes(&["occupancy_rate"]),
            records: None,
        },
        Big {
            id: "full-nights",
            title: full,
            value: value("full_nights", group),
            of: words::reports::of_nights(&value("nights", group)),
            rows: of_homes(&["full_share", "occupancy_rate", "full_nights"]),
            records: None,
        },
        Big {
            id: "turned-away",
            title: turned_away,
            value: value("turned_away", None),
            of: words::reports::OF_DEMAND.to_owned(),
            rows: of_all(&["turned_away", "turned_away_share"]),
            records: Some(format!("/figures/records?{}&figure=turned_away", asked.query())),
        },
    ]
}

/// Occupancy over time, as numbers.
fn occupancy(asked: &Asked, rows: &[OccupancyRow], by: PeriodKind) -> Data {
    let datum = |(nights, row): (Nights, &OccupancyRow)| {
        let share = |share: Option<Decimal>| share.map_or(Cell::Empty, Cell::Decimal);
        Datum {
            name: words::reports::period(by, nights).0,
            keys: vec![Cell::text(&row.period), Cell::Day(nights.arrival()), Cell::Day(nights.departure())],
            cells: vec![
                Cell::Number(row.in_stock_nights),
                Cell::Number(row.void_nights),
                Cell::Number(row.available_nights),
                Cell::Number(row.occupied_nights),
                share(row.occupancy_rate()),
                Cell::Number(row.full_nights),
                share(row.full_share()),
            ],
        }
    };
    Data {
        of: words::reports::PERIOD,
        keys: vec!["period", "from", "to"],
        columns: words::reports::OCCUPANCY.to_vec(),
        rows: asked.periods(by).into_iter().zip(rows).map(datum).collect(),
    }
}

/// Where a share stands in the numbers of [`occupancy`].
const RATE: usize = 4;
const FULL_SHARE: usize = 6;

fn decimal(datum: &Datum, no: usize) -> Option<Decimal> {
    match datum.cells.get(no) {
        Some(Cell::Decimal(number)) => Some(*number),
        _ => None,
    }
}

fn occupancy_chart(data: &Data, by: PeriodKind, asked: &Asked, query: &str) -> Chart {
    let column = |no: usize| data.rows.iter().map(|datum| decimal(datum, no)).collect::<Vec<_>>();
    let values = |no: usize| column(no).into_iter().map(|value| value.map(drawn)).collect();
    let [rate, full_share] = words::reports::RATE_AND_FULL_SHARE;
    let mut series = vec![Series { name: rate.to_owned(), values: values(RATE) }];
    // Of a single night it is all or nothing.
    if by != PeriodKind::Night {
        series.push(Series { name: full_share.to_owned(), values: values(FULL_SHARE) });
    }
    let named: Vec<(String, Option<Decimal>)> =
        data.rows.iter().map(|datum| datum.name.clone()).zip(column(RATE)).collect();
    let chart = Lines {
        labels: asked.periods(by).into_iter().map(|nights| words::reports::period(by, nights).1).collect(),
        series,
        band: None,
        joined: Joined::Straight,
        most: Some(100.0),
        along: None,
        pointed: Vec::new(),
    };
    Chart {
        drawing: chart.draw("over-time", words::reports::OVER_TIME, words::reports::course(&named, "%")),
        caption: if by == PeriodKind::Night {
            words::reports::OVER_TIME_CAPTION.to_owned()
        } else {
            words::reports::BOTH_CAPTION.to_owned()
        },
        table: data.table(),
        csv: format!("/reports/occupancy.csv?{query}"),
    }
}

/// The nights that the calendar shows: the last year of a long range.
fn calendar_of(range: Nights) -> Nights {
    let most = earlier(range.departure(), MOST_WEEKS * 7);
    Nights::between(range.arrival().max(most), range.departure())
}

/// The calendar: whole weeks from Monday on.
fn weeks(range: Nights, rows: &[OccupancyRow]) -> Vec<Week> {
    let of: BTreeMap<Night, &OccupancyRow> = range.iter().zip(rows).collect();
    let monday = |night: Night| earlier(night, night.weekday().num_days_from_monday());
    let mut weeks = Vec::new();
    let mut first = monday(range.arrival());
    while first < range.departure() {
        let days = (0..7).map(|n| later(first, n)).map(|night| heat(night, of.get(&night).copied()));
        weeks.push(Week { name: first.format("%-d %b %y").to_string(), days: days.collect() });
        first = later(first, 7);
    }
    weeks
}

fn heat(night: Night, row: Option<&OccupancyRow>) -> HeatCell {
    let Some(row) = row else { return HeatCell::Outside };
    let Some(rate) = row.occupancy_rate() else { return HeatCell::Nothing };
    let is_full = row.full_nights > 0;
    let shade = SHADES.iter().filter(|from| rate >= Decimal::from(**from)).count() + usize::from(is_full);
    HeatCell::Night {
        night: day(night),
        occupied: row.occupied_nights,
        available: row.available_nights,
        shade,
    }
}

/// The groups of a figure, as numbers; `name` is how people read one.
fn groups(
    lines: &[Line],
    code: &str,
    by: &'static str,
    of: &'static str,
    name: impl Fn(&str) -> String,
) -> Data {
    let of_group = |line: &&Line| {
        line.figure.measure.code == code && line.figure.group.as_ref().is_some_and(|group| group.by == by)
    };
    let found: Vec<&Line> = lines.iter().filter(of_group).collect();
    let cell = |line: &Line, value: Option<Decimal>| sheet_cell(line.figure.measure.measured_in, value);
    let datum = |line: &&Line| {
        let group = line.figure.group.as_ref().map_or("", |group| group.name.as_str());
        Datum {
            name: name(group),
            keys: vec![Cell::text(group)],
            cells: vec![
                cell(line, line.figure.value),
                cell(line, line.before),
                cell(line, line.a_year_before),
            ],
        }
    };
    Data {
        of,
        keys: vec![by],
        columns: words::reports::GROUPS.to_vec(),
        rows: found.iter().map(datum).collect(),
    }
}

/// Counts are whole numbers; what there is nothing of is empty.
pub(crate) fn sheet_cell(measured_in: MeasuredIn, value: Option<Decimal>) -> Cell {
    match (measured_in, value.and_then(|value| u64::try_from(value).ok()), value) {
        (_, _, None) => Cell::Empty,
        (MeasuredIn::Count, Some(count), _) => Cell::Number(count),
        (_, _, Some(number)) => Cell::Decimal(number),
    }
}

fn lengths(lines: &[Line]) -> Data {
    groups(lines, "stays_ended", "nights", words::reports::NIGHTS, str::to_owned)
}

fn declines(lines: &[Line], spaces: &Spaces) -> Data {
    let name = |code: &str| words::reports::group_name(spaces, "reason", code);
    groups(lines, "referrals_declined", "reason", words::reports::REASON, name)
}

fn costs(lines: &[Line]) -> Data {
    groups(lines, "provision_cost", "category", words::reports::CATEGORY, in_plain_words)
}

/// The bars of numbers, told with what they are in.
fn bars(data: &Data, measured_in: MeasuredIn) -> Vec<Bar> {
    let value = |datum: &Datum| match datum.cells.first() {
        Some(Cell::Number(number)) => Some(Decimal::from(*number)),
        Some(Cell::Decimal(number)) => Some(*number),
        _ => None,
    };
    let bar = |datum: &Datum| {
        let value = value(datum);
        Bar { name: datum.name.clone(), value: value.map_or(0.0, drawn), told: number(measured_in, value) }
    };
    data.rows.iter().map(bar).collect()
}

fn aloud(bars: &[Bar]) -> String {
    let said: Vec<_> = bars.iter().map(|bar| (bar.name.clone(), bar.told.clone())).collect();
    words::reports::all_bars(&said)
}

fn lengths_chart(lines: &[Line], query: &str) -> Chart {
    let data = lengths(lines);
    let mut all = bars(&data, MeasuredIn::Count);
    let says = aloud(&all);
    for bar in &mut all {
        bar.name = words::reports::length(&bar.name);
    }
    let typical = line(lines, "stay_nights_median", None).and_then(|line| line.figure.value);
    Chart {
        drawing: charts::bars("lengths", words::reports::LENGTHS, says, &all),
        caption: words::reports::lengths_caption(typical),
        table: data.table(),
        csv: format!("/reports/lengths.csv?{query}"),
    }
}

fn declines_chart(lines: &[Line], spaces: &Spaces, query: &str) -> Chart {
    let data = declines(lines, spaces);
    let all = bars(&data, MeasuredIn::Count);
    Chart {
        drawing: charts::lying_bars("declines", words::reports::DECLINES, aloud(&all), &all),
        caption: words::reports::DECLINES_CAPTION.to_owned(),
        table: data.table(),
        csv: format!("/reports/declines.csv?{query}"),
    }
}

fn cost_rows(lines: &[Line]) -> Vec<Beside> {
    let codes = ["provision_cost", "households_provided", "cost_per_household", "cost_per_person_night"];
    codes.into_iter().filter_map(|code| beside(lines, code, None)).collect()
}

fn costs_chart(data: &Data, query: &str) -> Chart {
    let all = bars(data, MeasuredIn::Pounds);
    Chart {
        drawing: charts::lying_bars("costs", words::reports::COSTS, aloud(&all), &all),
        caption: words::reports::COSTS_CAPTION.to_owned(),
        table: data.table(),
        csv: format!("/reports/costs.csv?{query}"),
    }
}

/// How a target stands in the quarter of this day.
fn standing(view: &TargetView, at: Night) -> Option<Standing> {
    let label = PeriodKind::Quarter.label(at);
    let quarter = view.quarters.iter().find(|quarter| quarter.label == label)?;
    let (value, words) = words::reports::quarter(&view.target, quarter);
    Some(Standing {
        title: view.target.title.clone(),
        owner: view.target.owner.clone(),
        aim: words::reports::aim(&view.target),
        value,
        words,
    })
}

fn asked(visit: &Visit) -> Result<Asked, Stopped> {
    visit.must(Permission::SeeReports)?;
    Ok(Asked::of(&visit.query, &visit.engine.spaces(), visit.engine.today())?)
}

/// Occupancy over time, as a file.
pub(super) async fn occupancy_csv(visit: Visit) -> Answer {
    let asked = asked(&visit)?;
    let cut = asked.cut()?;
    let rows = rows(&visit, &asked, asked.range, cut).await?;
    occupancy(&asked, &rows, cut).csv("occupancy", visit.engine.now())
}

/// The calendar, as a file.
pub(super) async fn nights_csv(visit: Visit) -> Answer {
    let asked = asked(&visit)?;
    let shown = Asked { range: calendar_of(asked.range), ..asked };
    let rows = rows(&visit, &shown, shown.range, PeriodKind::Night).await?;
    occupancy(&shown, &rows, PeriodKind::Night).csv("nights", visit.engine.now())
}

/// Length of stay, as a file.
pub(super) async fn lengths_csv(visit: Visit) -> Answer {
    let lines = lines(&visit, &asked(&visit)?, &[Section::Stays]).await?;
    lengths(&lines).csv("length-of-stay", visit.engine.now())
}

/// Reasons for declining, as a file.
pub(super) async fn declines_csv(visit: Visit) -> Answer {
    let lines = lines(&visit, &asked(&visit)?, &[Section::Flow]).await?;
    declines(&lines, &visit.engine.spaces()).csv("declines", visit.engine.now())
}

/// Cost of provisions, as a file.
pub(super) async fn costs_csv(visit: Visit) -> Answer {
    let lines = lines(&visit, &asked(&visit)?, &[Section::Provision]).await?;
    costs(&lines).csv("costs", visit.engine.now())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calendar_has_whole_weeks_and_shades_by_share() {
        let range = Nights::between("2020-11-03".parse().unwrap(), "2020-11-11".parse().unwrap());
        let row = |occupied: u64, available: u64| OccupancyRow {
            occupied_nights: occupied,
            available_nights: available,
            full_nights: u64::from(available > 0 && occupied == available),
            ..OccupancyRow::default()
        };
        let rows = [(0, 10), (1, 10), (5, 10), (8, 10), (9, 10), (10, 10), (0, 0), (10, 10)];
        let weeks = weeks(range, &rows.map(|(occupied, available)| row(occupied, available)));
        let shades: Vec<Option<usize>> = weeks
            .iter()
            .flat_map(|week| &week.days)
            .map(|cell| match cell {
                HeatCell::Night { shade, .. } => Some(*shade),
                HeatCell::Outside | HeatCell::Nothing => None,
            })
            .collect();
        assert_eq!((weeks.len(), weeks[0].name.as_str()), (2, "2 Nov 20"));
        assert_eq!(shades[..9], [None, Some(0), Some(1), Some(2), Some(3), Some(4), Some(5), None, Some(5)]);
        assert!(shades[9..].iter().all(Option::is_none));
    }
}
