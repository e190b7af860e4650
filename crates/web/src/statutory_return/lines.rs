//! The lines of the statutory return: what the form calls them, and which of the service's codes each counts. Managers keep
//! them.
//!
//! A section's lines are edited together, for each code is counted by one line. A code says which line by its number on the
//! page, so that it can be given to a line that is only being written.

use std::{collections::BTreeSet, sync::Arc};

use askama::Template;
use safespace_domain::{
    Refusal,
    access::Permission,
    availability::Spaces,
    codes,
    reasons::{DECLINES_COUNT_AS, ReasonKind},
    statutory_return::{ReturnLine, Section, checked_lines},
};
use safespace_engine::{Command, Outcome, SetReturnLines};

use crate::{
    Answer, Pages, Site, Stopped,
    fields::Fields,
    form, page,
    properties::Choices,
    settings::{self, Sent},
    shell::{Place, Shell, to},
    visit::Visit,
    words::{
        reports::return_section,
        settings::{
            self as said, GIVE_A_PLACE, LINE_IS_EMPTY, LINE_IS_TWICE, LINES_NOTES, NO_LINE, line_changes,
            line_choice, what_is_counted,
        },
    },
};

/// Where they are.
const PATH: &str = "/settings/return";
/// So many empty lines stand below those that are there.
const EMPTY: usize = 3;
/// More lines than a section may have: no form has as many.
const MOST: usize = 100;

pub(super) fn pages(site: &Arc<Site>) -> Pages {
    vec![(PATH, page(site, list)), ("/settings/return/:section", form(site, show, set))]
}

/// The service's codes that a section counts, each with what people read.
fn own_codes(spaces: &Spaces, section: Section) -> Vec<(String, String)> {
    let reasons = |kind: ReasonKind| {
        let of_kind = spaces.reasons.iter().filter(move |reason| reason.kind == kind);
        of_kind.map(|reason| (reason.code.clone(), reason.label.clone())).collect()
    };
    match section {
        Section::Supported => {
            let kinds = spaces.accommodation_kinds.values();
            kinds.map(|kind| (kind.code.clone(), kind.label.clone())).collect()
        }
        Section::Characteristic => reasons(ReasonKind::Characteristic),
        Section::NotSupported => {
            let all = DECLINES_COUNT_AS.into_iter();
            all.map(|code| (code.to_owned(), said::counts_as(code).to_owned())).collect()
        }
        Section::Ending => reasons(ReasonKind::Destination),
        Section::WithoutStay | Section::Afterwards => Vec::new(),
    }
}

/// A section's lines, in order.
fn lines_of(spaces: &Spaces, section: Section) -> Vec<ReturnLine> {
    spaces.return_lines.iter().filter(|line| line.section == section).cloned().collect()
}

/// What people read of those of a section's codes that no line counts.
pub(crate) fn not_counted(spaces: &Spaces, section: Section) -> Vec<String> {
    let lines = lines_of(spaces, section);
    let is_counted = |code: &String| lines.iter().any(|line| line.counts.contains(code));
    let all = own_codes(spaces, section).into_iter();
    all.filter(|(code, _)| !is_counted(code)).map(|(_, label)| label).collect()
}

/// A section, and what its lines count.
struct Part {
    path: String,
    title: &'static str,
    counted: &'static str,
    /// Each line's label, code, and what it counts.
    lines: Vec<(String, String, String)>,
    not_counted: String,
}

#[derive(Template)]
#[template(path = "return_lines.html")]
struct LinesPage {
    shell: Shell,
    parts: Vec<Part>,
}

fn part(spaces: &Spaces, section: Section) -> Part {
    let labels = own_codes(spaces, section);
    let label = |code: &String| {
        labels.iter().find(|(own, _)| own == code).map_or_else(|| code.clone(), |(_, label)| label.clone())
    };
    let told = |line: ReturnLine| {
        let counts: Vec<String> = line.counts.iter().map(label).collect();
        (line.label, line.code, counts.join(", "))
    };
    Part {
        path: format!("{PATH}/{section}"),
        title: return_section(section),
        counted: what_is_counted(section),
        lines: lines_of(spaces, section).into_iter().map(told).collect(),
        not_counted: said::not_counted(&not_counted(spaces, section)),
    }
}

/// The lines of each section.
async fn list(visit: Visit) -> Answer {
    visit.must(Permission::ManageSpaces)?;
    let spaces = visit.engine.spaces();
    let parts = Section::WITH_LINES.into_iter().map(|section| part(&spaces, section)).collect();
    visit.show(&LinesPage { shell: visit.shell(Place::Team)?, parts })
}

/// A line of the form.
struct Row {
    no: usize,
    place: String,
    code: String,
    label: String,
}

/// A code of the service, and the field in which its line is chosen.
struct Choice {
    name: String,
    label: String,
}

#[derive(Template)]
#[template(path = "return_section.html")]
struct SectionPage {
    shell: Shell,
    fields: Fields,
    title: &'static str,
    counted: &'static str,
    rows: Vec<Row>,
    choices: Vec<Choice>,
    lines: Choices,
}

/// The section that the address names.
fn found(visit: &Visit) -> Result<Section, Stopped> {
    visit.must(Permission::ManageSpaces)?;
    let named = |section: &Section| visit.part("section") == Some(section.as_str());
    let found = Section::WITH_LINES.into_iter().find(named);
    found.ok_or_else(|| Refusal::not_found("section", "section").into())
}

/// The name of a field of a line.
fn of_line(name: &str, no: usize) -> String {
    format!("{name}-{no}")
}

/// The name of the field in which the line is chosen that counts a code.
fn line_of(code: &str) -> String {
    format!("line-of-{code}")
}

/// The form as it is filled in by what stands now.
fn filled(spaces: &Spaces, section: Section) -> Fields {
    let lines = lines_of(spaces, section);
    let numbered = lines.iter().zip(1_usize..);
    let fields = numbered.clone().fold(Fields::default(), |fields, (line, no)| {
        fields
            .with(&of_line("place", no), no)
            .with(&of_line("code", no), &line.code)
            .with(&of_line("label", no), &line.label)
    });
    own_codes(spaces, section).into_iter().fold(fields, |fields, (code, _)| {
        let line = numbered.clone().find(|(line, _)| line.counts.contains(&code));
        fields.with(&line_of(&code), line.map_or_else(String::new, |(_, no)| no.to_string()))
    })
}

/// The lines of the form that have something in them, by number.
fn written(fields: &Fields) -> Vec<usize> {
    let is_written =
        |no: &usize| ["code", "label"].into_iter().any(|name| !fields.get(&of_line(name, *no)).is_empty());
    (1..=MOST).filter(is_written).collect()
}

fn section_page(spaces: &Spaces, section: Section, shell: Shell, fields: Fields) -> SectionPage {
    // A line that was emptied stands where it was.
    let placed = (1..=MOST).filter(|no| fields.text(&of_line("place", *no)).is_some()).max();
    let last = written(&fields).into_iter().max().max(placed).unwrap_or(0);
    let numbers = 1..=last + EMPTY;
    let labels = numbers.clone().map(|no| (no, fields.get(&of_line("label", no)).to_owned()));
    let choices = labels.map(|(no, label)| (no.to_string(), line_choice(no, &label)));
    let row = |no: usize| Row {
        no,
        place: of_line("place", no),
        code: of_line("code", no),
        label: of_line("label", no),
    };
    let own = own_codes(spaces, section).into_iter();
    SectionPage {
        shell,
        title: return_section(section),
        counted: what_is_counted(section),
        rows: numbers.map(row).collect(),
        choices: own.map(|(code, label)| Choice { name: line_of(&code), label }).collect(),
        lines: std::iter::once((String::new(), NO_LINE.to_owned())).chain(choices).collect(),
        fields,
    }
}

/// The form of a section's lines.
async fn show(visit: Visit) -> Answer {
    let section = found(&visit)?;
    let spaces = visit.engine.spaces();
    let fields = visit.filled(filled(&spaces, section));
    visit.show(&section_page(&spaces, section, visit.shell(Place::Team)?, fields))
}

/// Says what would change, and changes it.
async fn set(visit: Visit, fields: Fields) -> Answer {
    let section = found(&visit)?;
    let spaces = visit.engine.spaces();
    let before = lines_of(&spaces, section);
    let own = own_codes(&spaces, section);
    let changes = |outcome: &Outcome| match outcome {
        Outcome::ReturnLines(after) => line_changes(&before, after, &own),
        _ => Vec::new(),
    };
    let asked =
        asked(&fields, section, &own).map(|lines| Command::SetReturnLines(SetReturnLines { section, lines }));
    match settings::sent(&visit, &fields, asked, changes).await? {
        Sent::Done => Ok(to("/settings/return?done=return-lines-set")),
        Sent::WouldChange(lines) => {
            let title = return_section(section).to_owned();
            settings::confirm(&visit, &fields, title, lines, &LINES_NOTES, PATH)
        }
        Sent::Again(refusal) => {
            let names = fields_of(&fields, &own);
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            settings::again(&visit, refusal.as_ref(), &names, |shell| {
                section_page(&spaces, section, shell, fields)
            })
        }
    }
}

/// The fields of the page that something can be wrong with.
fn fields_of(fields: &Fields, own: &[(String, String)]) -> Vec<String> {
    let of_lines = written(fields).into_iter().chain(1..=1);
    let of_lines = of_lines.flat_map(|no| ["place", "code", "label"].map(|name| of_line(name, no)));
    of_lines.chain(own.iter().map(|(code, _)| line_of(code))).collect()
}

/// The lines that the form says, in order.
fn asked(fields: &Fields, section: Section, own: &[(String, String)]) -> Result<Vec<ReturnLine>, Refusal> {
    let numbers = written(fields);
    let mut lines = Vec::with_capacity(numbers.len());
    let mut seen = BTreeSet::new();
    for no in &numbers {
        let place = fields.parsed::<u32>(&of_line("place", *no), GIVE_A_PLACE)?;
        let line = ReturnLine {
            section,
            code: fields.get(&of_line("code", *no)).to_owned(),
            label: fields.get(&of_line("label", *no)).to_owned(),
            counts: BTreeSet::new(),
        };
        // Each by itself first: so it is known which one is wrong.
        checked_lines(section, vec![line.clone()]).map_err(|refusal| at_line(refusal, *no))?;
        if !seen.insert(codes::key(&line.code)) {
            return Err(Refusal::bad(&of_line("code", *no), LINE_IS_TWICE));
        }
        lines.push((place.map_or(*no, |place| place as usize), *no, line));
    }
    for (code, _) in own {
        let name = line_of(code);
        let Some(chosen) = fields.parsed::<usize>(&name, said::ONE_OF_THESE)? else { continue };
        let line = lines.iter_mut().find(|(_, no, _)| *no == chosen);
        let (_, _, line) = line.ok_or_else(|| Refusal::bad(&name, LINE_IS_EMPTY))?;
        line.counts.insert(code.clone());
    }
    lines.sort_by_key(|(place, no, _)| (*place, *no));
    Ok(lines.into_iter().map(|(_, _, line)| line).collect())
}

/// A refusal of one line, at its field of the form.
fn at_line(refusal: Refusal, no: usize) -> Refusal {
    let field = refusal.field.as_deref().map(|field| of_line(field, no));
    match field {
        Some(field) => refusal.on(&field),
        None => refusal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own() -> Vec<(String, String)> {
        ["refuge", "dispersed"].map(|code| (code.to_owned(), code.to_owned())).to_vec()
    }

    fn two_lines() -> Fields {
        Fields::default()
            .with("place-1", 1)
            .with("code-1", "A")
            .with("label-1", "First")
            .with("place-2", 2)
            .with("code-2", "B")
            .with("label-2", "Second")
            .with("line-of-refuge", 1)
            .with("line-of-dispersed", "")
    }

    /// Each line's code with what it counts, or the field that something is wrong with.
    fn read(fields: &Fields) -> Result<Vec<String>, Option<String>> {
        let lines = asked(fields, Section::Supported, &own()).map_err(|refusal| refusal.field)?;
        let told = |line: ReturnLine| {
            let counts: Vec<String> = line.counts.into_iter().collect();
            format!("{}: {}", line.code, counts.join(" "))
        };
        Ok(lines.into_iter().map(told).collect())
    }

    #[test]
    fn lines_stand_by_their_places_and_count_what_is_given_to_them() {
        let lines = read(&two_lines()).unwrap();
        assert_eq!(lines, ["A: refuge", "B: "]);
        let moved = Fields::default()
            .with("place-1", 9)
            .with("code-1", "A")
            .with("label-1", "First")
            .with("code-2", "B")
            .with("label-2", "Second")
            .with("line-of-dispersed", 2);
        let lines = read(&moved).unwrap();
        assert_eq!(lines, ["B: dispersed", "A: "]);
    }

    #[test]
    fn what_is_wrong_is_said_at_its_line() {
        let wrong = |name: &str, value: &str| {
            let pairs = two_lines().carried().into_iter();
            let all: Vec<_> = pairs.filter(|(other, _)| other != name).collect();
            read(&Fields::from(all).with(name, value)).unwrap_err()
        };
        assert_eq!(wrong("code-2", ""), Some("code-2".to_owned()));
        assert_eq!(wrong("code-2", "a"), Some("code-2".to_owned()), "the same code in small letters");
        assert_eq!(wrong("code-1", "total"), Some("code-1".to_owned()));
        assert_eq!(wrong("label-1", "=1+1"), Some("label-1".to_owned()));
        assert_eq!(wrong("place-2", "last"), Some("place-2".to_owned()));
        assert_eq!(wrong("line-of-refuge", "7"), Some("line-of-refuge".to_owned()));
        assert_eq!(wrong("line-of-refuge", "x"), Some("line-of-refuge".to_owned()));
    }
}
