//! Targets of a financial year, quarter by quarter; managers add, change and remove them.

use std::{collections::BTreeSet, sync::Arc};

use askama::Template;
use rust_decimal::Decimal;
use safespace_domain::{
    Night, Nights, Refusal,
    access::Permission,
    availability::Spaces,
    codes,
    figures::{Section, measure},
    nights::{earlier, next},
    periods::PeriodKind,
    statutory_return::FinancialYear,
    targets::{Direction, Target, year_called},
};
use safespace_engine::{Cell, Command, FiguresAsk, Sheet, TargetView};

use crate::{
    Answer, Pages, Site, Stopped,
    charts::{csv, xlsx},
    fields::Fields,
    form, page,
    shell::{Place, Shell, to},
    visit::Visit,
    words,
};

/// Where they are.
const PATH: &str = "/targets";
/// The fields of the form.
const FIELDS: [&str; 8] = ["code", "title", "measure", "group", "owner", "value", "tolerance", "direction"];
/// Figures of so many nights say which groups there are.
const LOOKED_AT: u32 = 28;
/// Parts by what a figure is grouped from which group.
const PARTED: char = '=';

/// A target in the table.
struct Row {
    title: String,
    means: String,
    owner: String,
    aim: String,
    /// The figure and the standing of each quarter.
    quarters: Vec<(String, String)>,
    change: String,
    remove: String,
}

#[derive(Template)]
#[template(path = "targets.html")]
struct TargetsPage {
    shell: Shell,
    parts: Vec<(&'static str, &'static str)>,
    year: String,
    fields: Fields,
    years: Vec<(String, String)>,
    heads: Vec<String>,
    rows: Vec<Row>,
    /// Where targets are added, for who may.
    add: Option<String>,
    query: String,
}

/// The pages.
pub(crate) fn pages(site: &Arc<Site>) -> Pages {
    vec![
        (PATH, page(site, targets)),
        ("/targets.csv", page(site, targets_csv)),
        ("/targets.xlsx", page(site, targets_xlsx)),
        ("/targets/save", form(site, save_form, save)),
        ("/targets/remove", form(site, remove_form, remove)),
    ]
}

/// The first day of the year that is asked for; of the present one where none is.
fn year_of(visit: &Visit) -> Result<Night, Refusal> {
    match visit.query.get("year") {
        "" => Ok(FinancialYear::of(visit.engine.today()).nights().arrival()),
        label => year_called(label).ok_or_else(|| Refusal::bad("year", words::reports::ONE_OF_THESE)),
    }
}

fn label(year: Night) -> String {
    PeriodKind::FinancialYear.label(year)
}

fn query(year: Night, code: &str) -> String {
    let pairs = [("year", label(year)), ("code", code.to_owned())];
    let said: Vec<_> = pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    serde_urlencoded::to_string(said).unwrap_or_default()
}

/// The targets of a year.
async fn targets(visit: Visit) -> Answer {
    visit.must(Permission::SeeReports)?;
    let asked = year_of(&visit);
    let year = asked
        .as_ref()
        .copied()
        .unwrap_or_else(|_| FinancialYear::of(visit.engine.today()).nights().arrival());
    let views = visit.engine.targets(visit.actor(), year).await?;
    let quarters = views.first().map(|view| view.quarters.as_slice()).unwrap_or_default();
    let mut shell = visit.shell(Place::Reports)?;
    if let Err(refusal) = &asked {
        shell = shell.refused(refusal);
    }
    let page = TargetsPage {
        shell,
        parts: words::reports::parts(visit.actor()),
        year: label(year),
        fields: Fields::default().with("year", label(year)),
        years: years(visit.engine.today(), year),
        heads: quarters.iter().map(words::reports::quarter_head).collect(),
        rows: views.iter().map(|view| row(&visit.engine.spaces(), view)).collect(),
        add: visit.may(Permission::ManageReports).then(|| format!("{PATH}/save?{}", query(year, ""))),
        query: query(year, ""),
    };
    if asked.is_err() { visit.show_again(&page) } else { visit.show(&page) }
}

/// The years to choose from: the next, this one, and some before.
pub(crate) fn years(today: Night, shown: Night) -> Vec<(String, String)> {
    let mut all = BTreeSet::from([shown]);
    let mut year = FinancialYear::of(today).nights();
    all.insert(year.departure());
    for _ in 0..6 {
        all.insert(year.arrival());
        year = PeriodKind::FinancialYear.before(year);
    }
    all.into_iter().rev().map(|year| (label(year), label(year))).collect()
}

fn row(spaces: &Spaces, view: &TargetView) -> Row {
    let TargetView { target, quarters } = view;
    let of = query(target.year, &target.code);
    Row {
        title: target.title.clone(),
        means: means(spaces, target),
        owner: target.owner.clone(),
        aim: words::reports::aim(target),
        quarters: quarters.iter().map(|quarter| words::reports::quarter(target, quarter)).collect(),
        change: format!("{PATH}/save?{of}"),
        remove: format!("{PATH}/remove?{of}"),
    }
}

/// What the figure of a target means, and of which group it is.
fn means(spaces: &Spaces, target: &Target) -> String {
    let means = measure(&target.measure).map_or(words::reports::NO_FIGURE, |(_, measure)| measure.means);
    match &target.group {
        Some((by, name)) => format!("{means} {}.", words::reports::group(spaces, by, name)),
        None => means.to_owned(),
    }
}

#[derive(Template)]
#[template(path = "target.html")]
struct TargetPage {
    shell: Shell,
    fields: Fields,
    year: String,
    /// Whether there is one with this code already.
    is_new: bool,
    /// The figures to choose from; the form comes after one is chosen.
    measures: Vec<(String, String)>,
    title: &'static str,
    means: &'static str,
    aim_hint: String,
    groups: Vec<(String, String)>,
    directions: Vec<(String, String)>,
    back: String,
}

/// The form of a target: first its figure, then the rest.
async fn save_form(visit: Visit) -> Answer {
    visit.must(Permission::ManageReports)?;
    let year = year_of(&visit)?;
    let there = there(&visit, year).await?;
    if there.is_none() && !visit.query.get("code").is_empty() {
        return Err(Refusal::not_found("target", "code").into());
    }
    let fields = there.as_ref().map_or_else(
        || Fields::default().with("tolerance", 0).with("direction", Direction::AtLeast.as_str()),
        filled,
    );
    let measure =
        there.as_ref().map_or_else(|| visit.query.get("measure").to_owned(), |target| target.measure.clone());
    let shell = visit.shell(Place::Reports)?;
    let fields = visit.filled(fields.with("measure", measure));
    visit.show(&target_page(&visit, shell, fields, year, there.is_none()).await?)
}

/// The target that the address names.
async fn there(visit: &Visit, year: Night) -> Result<Option<Target>, Stopped> {
    let code = visit.query.get("code");
    let views = visit.engine.targets(visit.actor(), year).await?;
    Ok(views.into_iter().map(|view| view.target).find(|target| target.code == code))
}

fn filled(target: &Target) -> Fields {
    let group = target.group.as_ref().map(|(by, name)| format!("{by}{PARTED}{name}"));
    Fields::default()
        .with("code", &target.code)
        .with("title", &target.title)
        .with("group", group.unwrap_or_default())
        .with("owner", &target.owner)
        .with("value", target.value.normalize())
        .with("tolerance", target.tolerance.normalize())
        .with("direction", target.direction.as_str())
}

async fn target_page(
    visit: &Visit,
    shell: Shell,
    fields: Fields,
    year: Night,
    is_new: bool,
) -> Result<TargetPage, Stopped> {
    let chosen = measure(fields.get("measure"));
    let groups = match chosen {
        Some((section, measure)) => groups(visit, section, measure.code).await?,
        None => Vec::new(),
    };
    let direction = |of: Direction| (of.as_str().to_owned(), words::reports::direction_wanted(of).to_owned());
    Ok(TargetPage {
        shell,
        fields,
        year: label(year),
        is_new,
        measures: measures(),
        title: chosen.map_or("", |(_, measure)| measure.title),
        means: chosen.map_or("", |(_, measure)| measure.means),
        aim_hint: chosen
            .map_or_else(String::new, |(_, measure)| words::reports::told_in(measure.measured_in)),
        groups,
        directions: Direction::ALL.map(direction).to_vec(),
        back: format!("{PATH}?{}", query(year, "")),
    })
}

/// All figures, by section.
fn measures() -> Vec<(String, String)> {
    let each = Section::ALL.into_iter().flat_map(|section| {
        section
            .measures()
            .iter()
            .map(move |of| (of.code.to_owned(), format!("{}: {}", section.title(), of.title)))
    });
    each.collect()
}

/// The groups of a figure: those that it has now.
async fn groups(visit: &Visit, section: Section, code: &str) -> Result<Vec<(String, String)>, Stopped> {
    let end = next(visit.engine.today());
    let range = Nights::between(earlier(end, LOOKED_AT), end);
    let ask = FiguresAsk { range, by: PeriodKind::Whole, sections: vec![section] };
    let lines = visit.engine.figures(visit.actor(), &ask).await?;
    let of = lines.into_iter().filter(|line| line.figure.measure.code == code);
    let spaces = visit.engine.spaces();
    let groups = of.filter_map(|line| line.figure.group).map(|group| {
        (
            format!("{}{PARTED}{}", group.by, group.name),
            words::reports::group(&spaces, &group.by, &group.name),
        )
    });
    Ok([(String::new(), words::reports::THE_WHOLE.to_owned())].into_iter().chain(groups).collect())
}

/// Keeps a target.
async fn save(visit: Visit, fields: Fields) -> Answer {
    visit.must(Permission::ManageReports)?;
    let year = year_of(&visit)?;
    let there = there(&visit, year).await?;
    let asked = target(&fields, year, there.as_ref());
    let refusal = match asked {
        Ok(target) if there.is_none() && is_taken(&visit, &target).await? => {
            Refusal::bad("code", words::reports::CODE_TAKEN)
        }
        Ok(target) => match visit.run(&fields, Command::SaveTarget(target)).await? {
            Ok(_) => return Ok(to(&format!("{PATH}?{}&done=target-saved", query(year, "")))),
            Err(refusal) => refusal,
        },
        Err(refusal) => refusal,
    };
    let shell = visit.shell(Place::Reports)?.refused(&refusal).at_one_of(&FIELDS);
    visit.show_again(&target_page(&visit, shell, fields, year, there.is_none()).await?)
}

/// Whether a target that is to be new has the code of another: that would be replaced unseen.
async fn is_taken(visit: &Visit, new: &Target) -> Result<bool, Stopped> {
    let views = visit.engine.targets(visit.actor(), new.year).await?;
    // A form that is sent twice finds what it did the first time.
    let tidied = new.clone().checked().ok();
    let is_other = |target: &Target| tidied.as_ref().is_some_and(|tidied| target != tidied);
    let same_code = |target: &Target| codes::key(&target.code) == codes::key(new.code.trim());
    Ok(views.iter().any(|view| same_code(&view.target) && is_other(&view.target)))
}

/// The target that the form says. One that is there keeps its code.
fn target(fields: &Fields, year: Night, there: Option<&Target>) -> Result<Target, Refusal> {
    let number = |name: &str| -> Result<Decimal, Refusal> {
        let wrong = words::reports::A_NUMBER;
        fields.parsed(name, wrong)?.ok_or_else(|| Refusal::bad(name, wrong))
    };
    let group = fields.get("group").split_once(PARTED);
    Ok(Target {
        year,
        code: there.map_or_else(|| fields.get("code").to_owned(), |target| target.code.clone()),
        title: fields.get("title").to_owned(),
        measure: fields.get("measure").to_owned(),
        group: group.map(|(by, name)| (by.to_owned(), name.to_owned())),
        owner: fields.get("owner").to_owned(),
        value: number("value")?,
        tolerance: number("tolerance")?,
        direction: Direction::named(fields.get("direction"))
            .ok_or_else(|| Refusal::bad("direction", words::reports::ONE_OF_THESE))?,
    })
}

#[derive(Template)]
#[template(path = "target_remove.html")]
struct RemovePage {
    shell: Shell,
    year: String,
    title: String,
    aim: String,
    back: String,
}

/// Asks once more before a target is removed.
async fn remove_form(visit: Visit) -> Answer {
    visit.must(Permission::ManageReports)?;
    let shell = visit.shell(Place::Reports)?;
    visit.show(&remove_page(&visit, shell).await?)
}

async fn remove_page(visit: &Visit, shell: Shell) -> Result<RemovePage, Stopped> {
    let year = year_of(visit)?;
    let target = there(visit, year).await?.ok_or_else(|| Refusal::not_found("target", "code"))?;
    Ok(RemovePage {
        shell,
        year: label(year),
        aim: words::reports::aim(&target),
        title: target.title,
        back: format!("{PATH}?{}", query(year, "")),
    })
}

/// Removes a target.
async fn remove(visit: Visit, fields: Fields) -> Answer {
    visit.must(Permission::ManageReports)?;
    let year = year_of(&visit)?;
    let command = Command::RemoveTarget { year, code: visit.query.get("code").to_owned() };
    match visit.run(&fields, command).await? {
        Ok(_) => Ok(to(&format!("{PATH}?{}&done=target-removed", query(year, "")))),
        Err(refusal) => {
            let shell = visit.shell(Place::Reports)?.refused(&refusal).at_one_of(&[]);
            visit.show_again(&remove_page(&visit, shell).await?)
        }
    }
}

/// The targets as a sheet.
async fn sheet(visit: &Visit) -> Result<Sheet, Stopped> {
    visit.must(Permission::SeeReports)?;
    let views = visit.engine.targets(visit.actor(), year_of(visit)?).await?;
    let columns = vec![
        "target",
        "title",
        "owner",
        "figure",
        "by",
        "group",
        "direction",
        "value",
        "tolerance",
        "quarter",
        "over",
        "figure_value",
        "standing",
        "trend",
    ];
    let mut means: Vec<(String, String)> = Vec::new();
    let mut rows = Vec::new();
    for TargetView { target, quarters } in &views {
        if means.iter().all(|(code, _)| *code != target.measure) {
            means.push((target.measure.clone(), self::means(&visit.engine.spaces(), target)));
        }
        let (by, group) = target.group.clone().unwrap_or_default();
        rows.extend(quarters.iter().map(|quarter| {
            vec![
                Cell::text(&target.code),
                Cell::text(&target.title),
                Cell::text(&target.owner),
                Cell::text(&target.measure),
                Cell::text(&by),
                Cell::text(&group),
                Cell::text(target.direction.as_str()),
                Cell::Decimal(target.value),
                Cell::Decimal(target.tolerance),
                Cell::text(&quarter.label),
                Cell::text(if quarter.over { "yes" } else { "no" }),
                quarter.value.map_or(Cell::Empty, Cell::Decimal),
                Cell::text(quarter.standing.map_or("", |standing| standing.words())),
                Cell::text(quarter.trend.map_or("", |trend| trend.words())),
            ]
        }));
    }
    Ok(Sheet::of_figures("Targets", visit.engine.now(), columns, rows, means))
}

/// The targets as comma-separated values.
async fn targets_csv(visit: Visit) -> Answer {
    csv("targets", &sheet(&visit).await?)
}

/// The targets as a workbook.
async fn targets_xlsx(visit: Visit) -> Answer {
    xlsx("targets", &sheet(&visit).await?)
}
