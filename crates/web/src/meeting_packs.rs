//! Packs for groups that meet, as pages to read and to print.

use std::sync::Arc;

use askama::Template;
use safespace_domain::{
    Night, Nights, Refusal,
    access::Permission,
    figures::MeasuredIn,
    meeting_packs::{Audience, PackFigure, Told},
    nights::earlier,
    periods::PeriodKind,
    targets::{Quarter, Target},
};
use safespace_engine::{MeetingPackView, Page as Window};

use crate::{
    Answer, Pages, Site, page as page_at,
    shell::{Place, Shell},
    visit::Visit,
    words::{in_plain_words, instant},
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
    rows: Vec<Listed>,
}

/// The pages: the groups, and a pack by the group's code and a day of its period.
pub(crate) fn pages(site: &Arc<Site>) -> Pages {
    vec![(PATH, page_at(site, list)), ("/meeting-packs/:group/:on", page_at(site, pack))]
}

/// The groups, each with the pack of the last period that is over, and all that were written on.
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
        if periods.iter().all(|(period, _)| *period != last) {
            periods.push((last, false));
        }
        periods.sort_by_key(|(period, _)| std::cmp::Reverse(period.arrival()));
        rows.extend(periods.into_iter().map(|(period, is_issued)| Listed {
            name: group.name.clone(),
            path: format!("{PATH}/{}/{}", group.code, period.arrival()),
            period: days(period),
            state: if is_issued { "Issued" } else { "Not issued" },
        }));
    }
    visit.show(&ListPage { shell: visit.shell(Place::Reports)?, rows })
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

/// A pack.
async fn pack(visit: Visit) -> Answer {
    visit.must(Permission::SeeReports)?;
    let nothing = || Refusal::not_found("pack", "on");
    let on: Night = visit.part("on").and_then(|on| on.parse().ok()).ok_or_else(nothing)?;
    let group = visit.part("group").ok_or_else(nothing)?;
    let view = visit.engine.meeting_pack(visit.actor(), group, on).await?;
    visit.show(&page(visit.shell(Place::Reports)?, &view))
}

fn page(shell: Shell, view: &MeetingPackView) -> PackPage {
    let mut parts: Vec<Part> = Vec::new();
    let mut last = None;
    for figure in &view.figures {
        if last != Some(figure.section) {
            parts.push(Part { title: figure.section.title(), rows: Vec::new() });
            last = Some(figure.section);
        }
        if let Some(part) = parts.last_mut() {
            part.rows.push(row(figure));
        }
    }
    let corrections = view.corrections.iter().map(|corrected| {
        let unit = corrected.now.measured_in;
        let now = number(unit, corrected.now.value);
        let was = number(unit, corrected.was.map_or(Told::Nothing, Told::Number));
        format!("{}: was {was}, is {now}", whole_name(&corrected.now))
    });
    let commentary = view.commentary.as_deref().unwrap_or_default();
    let quarters = view.targets.first().map(|(_, quarters)| quarters.as_slice()).unwrap_or_default();
    PackPage {
        shell,
        name: view.group.name.clone(),
        period: days(view.period),
        audience: match view.audience {
            Audience::Team => "For the team: every figure is told.",
            Audience::Partners => "For partners: small numbers are suppressed.",
            Audience::Outside => "For everybody: small numbers are suppressed, the others rounded.",
        },
        issued: view.issued_at.map(instant),
        commentary: commentary
            .split("\n\n")
            .filter(|text| !text.trim().is_empty())
            .map(str::to_owned)
            .collect(),
        parts,
        quarters: quarters.iter().map(|quarter| quarter.label.clone()).collect(),
        targets: view.targets.iter().map(|(target, quarters)| target_row(target, quarters)).collect(),
        corrections: corrections.collect(),
    }
}

fn row(figure: &PackFigure) -> Row {
    let name = figure.group.as_ref().map_or_else(
        || figure.title.clone(),
        |group| format!("{}: {}", in_plain_words(&group.by), in_plain_words(&group.name)),
    );
    Row {
        name,
        means: figure.group.is_none().then(|| figure.means.clone()),
        value: number(figure.measured_in, figure.value),
        before: number(figure.measured_in, figure.before),
        a_year_before: number(figure.measured_in, figure.a_year_before),
    }
}

fn whole_name(figure: &PackFigure) -> String {
    match &figure.group {
        None => figure.title.clone(),
        Some(group) => {
            format!("{}, {}: {}", figure.title, in_plain_words(&group.by), in_plain_words(&group.name))
        }
    }
}

/// A number with what it is in; a dash where there is none.
fn number(measured_in: MeasuredIn, told: Told) -> String {
    let number = match told {
        Told::Number(number) => number,
        Told::Suppressed => return "suppressed".to_owned(),
        Told::Nothing => return "–".to_owned(),
    };
    match measured_in {
        MeasuredIn::PerCent => format!("{number}%"),
        MeasuredIn::Pounds => format!("£{number}"),
        MeasuredIn::Minutes => format!("{number} min"),
        MeasuredIn::Hours => format!("{number} h"),
        MeasuredIn::Count | MeasuredIn::Nights | MeasuredIn::Number => number.to_string(),
    }
}

fn target_row(target: &Target, quarters: &[Quarter]) -> TargetRow {
    let least = match target.direction {
        safespace_domain::targets::Direction::AtLeast => "at least",
        safespace_domain::targets::Direction::AtMost => "at most",
    };
    let told = quarters.iter().map(|quarter| {
        let standing = quarter.standing.map_or("–", |standing| standing.words());
        let value = quarter.value.map(|value| format!("{value}, ")).unwrap_or_default();
        let trend = quarter.trend.map(|trend| format!(", {}", trend.words())).unwrap_or_default();
        format!("{value}{standing}{trend}")
    });
    TargetRow {
        title: target.title.clone(),
        owner: target.owner.clone(),
        aim: format!("{least} {}", target.value),
        quarters: told.collect(),
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
