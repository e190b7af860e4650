//! Packs for groups that meet, as pages to read and to print; and for managers the groups, and what is a small number.

mod groups;
mod small_numbers;

use std::sync::Arc;

use askama::Template;
use safespace_domain::{
    Night, Nights, Refusal,
    access::Permission,
    availability::Spaces,
    figures::MeasuredIn,
    meeting_packs::{PackFigure, Told, must_be_over},
    nights::earlier,
    periods::PeriodKind,
    targets::{Quarter, Target},
};
use safespace_engine::{Cell, Command, MeetingPackView, Page as Window, Sheet};

use crate::{
    Answer, Pages, Site, Stopped,
    charts::{csv, xlsx},
    fields::Fields,
    form, page as page_at,
    reports::sheet_cell,
    shell::{Place, Shell, to},
    visit::Visit,
    words::{self, instant},
};

/// Where the groups are.
const PATH: &str = "/meeting-packs";
/// So many packs are listed.
const MOST: u64 = 500;

/// A pack in the list.
struct Listed {
    name: String,
    /// Where it is.
    path: String,
    period: String,
    state: &'static str,
}

#[derive(Template)]
#[template(path = "meeting_packs.html")]
struct ListPage {
    shell: Shell,
    parts: Vec<(&'static str, &'static str)>,
    rows: Vec<Listed>,
    may_manage: bool,
}

/// The pages: the groups, and a pack by the group's code and a day of its period.
pub(crate) fn pages(site: &Arc<Site>) -> Pages {
    let mut all = vec![
        (PATH, page_at(site, list)),
        ("/meeting-packs/:group/:on", form(site, pack, comment)),
        ("/meeting-packs/:group/:on/issue", form(site, issue_form, issue)),
        ("/meeting-packs/:group/:on/pack.csv", page_at(site, pack_csv)),
        ("/meeting-packs/:group/:on/pack.xlsx", page_at(site, pack_xlsx)),
    ];
    all.extend(groups::pages(site));
    all.extend(small_numbers::pages(site));
    all
}

/// The groups, each with the packs of the period that runs and of the last that is over, and all that were written on.
async fn list(visit: Visit) -> Answer {
    visit.must(Permission::SeeReports)?;
    let engine = &visit.engine;
    let groups = engine.meeting_groups(visit.actor()).await?;
    let page = Window { after: None, limit: MOST };
    let packs = engine.meeting_packs(visit.actor(), None, page).await?;
    let mut rows = Vec::new();
    for group in groups {
        let last = group.every.kind().before(group.period_of(engine.today()));
        let mut periods: Vec<(Nights, bool)> = packs
            .iter()
            .filter(|pack| pack.group == group.code)
            .map(|pack| (pack.period, pack.issued_at.is_some()))
            .collect();
        for wanted in [last, group.period_of(engine.today())] {
            if periods.iter().all(|(period, _)| *period != wanted) {
                periods.push((wanted, false));
            }
        }
        periods.sort_by_key(|(period, _)| std::cmp::Reverse(period.arrival()));
        rows.extend(periods.into_iter().map(|(period, is_issued)| Listed {
            name: group.name.clone(),
            path: path_of(&group.code, period),
            period: days(period),
            state: words::reports::pack_state(is_issued, period, engine.today()),
        }));
    }
    let parts = words::reports::parts(visit.actor());
    let may_manage = visit.may(Permission::ManageReports);
    visit.show(&ListPage { shell: visit.shell(Place::Reports)?, parts, rows, may_manage })
}

/// A section of a pack.
struct Part {
    title: &'static str,
    rows: Vec<Row>,
}

/// A figure of a pack; those of groups follow the one of the whole.
struct Row {
    name: String,
    means: Option<String>,
    value: String,
    before: String,
    a_year_before: String,
}

/// A target, and how it stands in a quarter after the other.
struct TargetRow {
    title: String,
    owner: String,
    aim: String,
    quarters: Vec<String>,
}

#[derive(Template)]
#[template(path = "meeting_pack.html")]
struct PackPage {
    shell: Shell,
    ways: Vec<(&'static str, &'static str)>,
    path: String,
    /// What stands in the form of the commentary; none where nothing can be written any more, or not by them.
    writing: Option<Fields>,
    /// From when on it can be issued, where that is not yet.
    not_before: Option<String>,
    name: String,
    period: String,
    audience: &'static str,
    issued: Option<String>,
    commentary: Vec<String>,
    parts: Vec<Part>,
    quarters: Vec<String>,
    targets: Vec<TargetRow>,
    corrections: Vec<String>,
}

/// Which pack an address names.
fn named(visit: &Visit) -> Result<(&str, Night), Stopped> {
    let nothing = || Stopped::Refused(Refusal::not_found("pack", "on"));
    let on: Night = visit.part("on").and_then(|on| on.parse().ok()).ok_or_else(nothing)?;
    Ok((visit.part("group").ok_or_else(nothing)?, on))
}

async fn view(visit: &Visit) -> Result<MeetingPackView, Stopped> {
    visit.must(Permission::SeeReports)?;
    let (group, on) = named(visit)?;
    Ok(visit.engine.meeting_pack(visit.actor(), group, on).await?)
}

/// Where a pack is.
fn path(view: &MeetingPackView) -> String {
    path_of(&view.group.code, view.period)
}

/// Where the pack of a group for a period is. A code may have a slash in it.
fn path_of(group: &str, period: Nights) -> String {
    format!("{PATH}/{}/{}", group.replace('/', "%2F"), period.arrival())
}

/// A pack.
async fn pack(visit: Visit) -> Answer {
    let view = view(&visit).await?;
    let written = Fields::default().with("text", view.commentary.clone().unwrap_or_default());
    let fields = visit.filled(written);
    visit.show(&page(&visit, visit.shell(Place::Reports)?, &view, fields))
}

/// Keeps what a manager says to a pack.
async fn comment(visit: Visit, fields: Fields) -> Answer {
    let view = view(&visit).await?;
    let text = fields.get("text").to_owned();
    let command = Command::SaveCommentary { group: view.group.code.clone(), on: view.period.arrival(), text };
    match visit.run(&fields, command).await? {
        Ok(_) => Ok(to(&format!("{}?done=commentary-saved", path(&view)))),
        Err(refusal) => {
            let shell = visit.shell(Place::Reports)?.refused(&refusal).at_one_of(&["text"]);
            visit.show_again(&page(&visit, shell, &view, fields))
        }
    }
}

#[derive(Template)]
#[template(path = "meeting_pack_issue.html")]
struct IssuePage {
    shell: Shell,
    name: String,
    period: String,
    audience: &'static str,
    /// Whether a manager has said something to it.
    has_commentary: bool,
    /// Whether it can be issued.
    is_ready: bool,
    back: String,
}

/// Says what issuing a pack does, or why it can't be issued, before it is.
async fn issue_form(visit: Visit) -> Answer {
    visit.must(Permission::ManageReports)?;
    let view = view(&visit).await?;
    let shell = visit.shell(Place::Reports)?;
    match visit.rehearse(issuing(&view)).await? {
        Ok(_) => visit.show(&issue_page(shell, &view, true)),
        Err(refusal) => visit.show(&issue_page(shell.refused(&refusal).at_one_of(&[]), &view, false)),
    }
}

fn issuing(view: &MeetingPackView) -> Command {
    Command::IssueMeetingPack { group: view.group.code.clone(), on: view.period.arrival() }
}

fn issue_page(shell: Shell, view: &MeetingPackView, is_ready: bool) -> IssuePage {
    IssuePage {
        shell,
        name: view.group.name.clone(),
        period: days(view.period),
        audience: words::reports::audience(view.audience),
        has_commentary: view.commentary.is_some(),
        is_ready,
        back: path(view),
    }
}

/// Issues a pack.
async fn issue(visit: Visit, fields: Fields) -> Answer {
    visit.must(Permission::ManageReports)?;
    let view = view(&visit).await?;
    match visit.run(&fields, issuing(&view)).await? {
        Ok(_) => Ok(to(&format!("{}?done=pack-issued", path(&view)))),
        Err(refusal) => {
            let shell = visit.shell(Place::Reports)?.refused(&refusal).at_one_of(&[]);
            visit.show_again(&issue_page(shell, &view, false))
        }
    }
}

/// A pack as a sheet: what its readers are told, and no more.
async fn sheet(visit: &Visit) -> Result<Sheet, Stopped> {
    let view = view(visit).await?;
    let columns =
        vec!["section", "figure", "title", "measured_in", "by", "group", "value", "before", "a_year_before"];
    let mut means: Vec<(String, String)> =
        vec![(words::reports::SUPPRESSED.to_owned(), words::reports::SUPPRESSED_MEANS.to_owned())];
    for figure in view.figures.iter().filter(|figure| figure.group.is_none()) {
        means.push((figure.code.clone(), figure.means.clone()));
    }
    let rows = view.figures.iter().map(cells).collect();
    Ok(Sheet::of_figures("Pack", visit.engine.now(), columns, rows, means))
}

fn cells(figure: &PackFigure) -> Vec<Cell> {
    let (by, group) = figure.group.as_ref().map_or(("", ""), |group| (&group.by, &group.name));
    let told = |told: Told| match told {
        Told::Suppressed => Cell::text(words::reports::SUPPRESSED),
        Told::Nothing => Cell::Empty,
        Told::Number(number) => sheet_cell(figure.measured_in, Some(number)),
    };
    vec![
        Cell::text(figure.section.as_str()),
        Cell::text(&figure.code),
        Cell::text(&figure.title),
        Cell::text(figure.measured_in.as_str()),
        Cell::text(by),
        Cell::text(group),
        told(figure.value),
        told(figure.before),
        told(figure.a_year_before),
    ]
}

/// A pack as comma-separated values.
async fn pack_csv(visit: Visit) -> Answer {
    csv("pack", &sheet(&visit).await?)
}

/// A pack as a workbook.
async fn pack_xlsx(visit: Visit) -> Answer {
    xlsx("pack", &sheet(&visit).await?)
}

fn page(visit: &Visit, shell: Shell, view: &MeetingPackView, fields: Fields) -> PackPage {
    let spaces = visit.engine.spaces();
    let mut parts: Vec<Part> = Vec::new();
    let mut last = None;
    for figure in &view.figures {
        if last != Some(figure.section) {
            parts.push(Part { title: figure.section.title(), rows: Vec::new() });
            last = Some(figure.section);
        }
        if let Some(part) = parts.last_mut() {
            part.rows.push(row(&spaces, figure));
        }
    }
    let corrections = view.corrections.iter().map(|corrected| {
        let unit = corrected.now.measured_in;
        let now = number(unit, corrected.now.value);
        let was = number(unit, corrected.was.map_or(Told::Nothing, Told::Number));
        format!("{}: was {was}, is {now}", whole_name(&spaces, &corrected.now))
    });
    let commentary = view.commentary.as_deref().unwrap_or_default();
    let quarters = view.targets.first().map(|(_, quarters)| quarters.as_slice()).unwrap_or_default();
    let can_write = view.issued_at.is_none() && visit.may(Permission::ManageReports);
    PackPage {
        shell,
        ways: words::reports::parts(visit.actor()),
        path: path(view),
        writing: can_write.then_some(fields),
        not_before: must_be_over(view.period, visit.engine.today())
            .is_err()
            .then(|| words::day(view.period.departure())),
        name: view.group.name.clone(),
        period: days(view.period),
        audience: words::reports::audience(view.audience),
        issued: view.issued_at.map(instant),
        commentary: commentary
            .split("\n\n")
            .filter(|text| !text.trim().is_empty())
            .map(str::to_owned)
            .collect(),
        parts,
        quarters: quarters.iter().map(words::reports::quarter_head).collect(),
        targets: view.targets.iter().map(|(target, quarters)| target_row(target, quarters)).collect(),
        corrections: corrections.collect(),
    }
}

fn row(spaces: &Spaces, figure: &PackFigure) -> Row {
    let name = figure
        .group
        .as_ref()
        .map_or_else(|| figure.title.clone(), |group| words::reports::group(spaces, &group.by, &group.name));
    Row {
        name,
        means: figure.group.is_none().then(|| figure.means.clone()),
        value: number(figure.measured_in, figure.value),
        before: number(figure.measured_in, figure.before),
        a_year_before: number(figure.measured_in, figure.a_year_before),
    }
}

fn whole_name(spaces: &Spaces, figure: &PackFigure) -> String {
    match &figure.group {
        None => figure.title.clone(),
        Some(group) => {
            format!("{}, {}", figure.title, words::reports::group(spaces, &group.by, &group.name))
        }
    }
}

/// A number with what it is in; a dash where there is none.
fn number(measured_in: MeasuredIn, told: Told) -> String {
    match told {
        Told::Suppressed => words::reports::SUPPRESSED.to_owned(),
        told => words::reports::number(measured_in, told.number()),
    }
}

fn target_row(target: &Target, quarters: &[Quarter]) -> TargetRow {
    let told = quarters.iter().map(|quarter| words::reports::quarter(target, quarter));
    TargetRow {
        title: target.title.clone(),
        owner: target.owner.clone(),
        aim: words::reports::aim(target),
        quarters: told.map(|(value, words)| words::reports::both(&value, &words)).collect(),
    }
}

/// The days of a period, its last one said.
fn days(period: Nights) -> String {
    let last = earlier(period.departure(), 1);
    let label = match PeriodKind::of(period) {
        PeriodKind::Whole | PeriodKind::FourWeeks => String::new(),
        kind => format!(" ({})", kind.label(period.arrival())),
    };
    format!("{} to {}{label}", period.arrival().format("%-d %B %Y"), last.format("%-d %B %Y"))
}
