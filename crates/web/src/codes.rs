//! Code lists: what can be chosen elsewhere, each by its code and what people read. Managers add to them.
//!
//! The lists of features, reasons for voids, kinds of accommodation and reasons differ in what is said of a code; they are
//! looked at, added to and changed in the same way.

use std::sync::Arc;

use askama::Template;
use safespace_domain::{
    Refusal, RefusalCode,
    access::Permission,
    accommodation_kinds::AccommodationKind,
    availability::Spaces,
    codes,
    features::Feature,
    reasons::{Reason, ReasonKind},
    voids::VoidReason,
};
use safespace_engine::Command;

use crate::{
    Answer, Pages, Site, Stopped,
    fields::Fields,
    form,
    properties::Choices,
    settings::natural,
    shell::{Place, Shell, to},
    visit::Visit,
    words::settings::{self as said, ListWords},
};

/// The fields of a code.
const FIELDS: [&str; 4] = ["code", "label", "countsAs", "dueHours"];

/// A code list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum List {
    Features,
    VoidReasons,
    AccommodationKinds,
    Reasons(ReasonKind),
}

/// What is on a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    code: String,
    label: String,
    counts_as: Option<String>,
    due_hours: Option<u32>,
}

impl List {
    /// All of them.
    pub(crate) const ALL: [Self; 11] = [
        Self::Features,
        Self::VoidReasons,
        Self::Reasons(ReasonKind::Decline),
        Self::Reasons(ReasonKind::Closing),
        Self::Reasons(ReasonKind::Destination),
        Self::Reasons(ReasonKind::NextStep),
        Self::Reasons(ReasonKind::ImmediateNeed),
        Self::Reasons(ReasonKind::Topic),
        Self::Reasons(ReasonKind::GroupOffer),
        Self::Reasons(ReasonKind::Characteristic),
        Self::AccommodationKinds,
    ];

    /// The list's name in addresses.
    const fn name(self) -> &'static str {
        match self {
            Self::Features => "features",
            Self::VoidReasons => "void_reasons",
            Self::AccommodationKinds => "accommodation_kinds",
            Self::Reasons(kind) => kind.as_str(),
        }
    }

    /// Where it is.
    pub(crate) fn path(self) -> String {
        format!("/settings/lists/{}", self.name())
    }

    /// What is on it.
    pub(crate) fn listed(self, spaces: &Spaces) -> Vec<Listed> {
        let plain = |code: &str, label: &str| Listed {
            code: code.to_owned(),
            label: label.to_owned(),
            counts_as: None,
            due_hours: None,
        };
        match self {
            Self::Features => spaces.features.values().map(|it| plain(&it.code, &it.label)).collect(),
            Self::VoidReasons => spaces.void_reasons.values().map(|it| plain(&it.code, &it.label)).collect(),
            Self::AccommodationKinds => {
                spaces.accommodation_kinds.values().map(|it| plain(&it.code, &it.label)).collect()
            }
            Self::Reasons(kind) => {
                let of_kind = spaces.reasons.iter().filter(|reason| reason.kind == kind);
                let listed = |reason: &Reason| Listed {
                    counts_as: reason.counts_as.clone(),
                    due_hours: reason.due_hours,
                    ..plain(&reason.code, &reason.label)
                };
                of_kind.map(listed).collect()
            }
        }
    }

    /// What keeps something on it.
    fn command(self, Listed { code, label, counts_as, due_hours }: Listed) -> Command {
        match self {
            Self::Features => Command::SaveFeature(Feature { code, label }),
            Self::VoidReasons => Command::SaveVoidReason(VoidReason { code, label }),
            Self::AccommodationKinds => Command::SaveAccommodationKind(AccommodationKind { code, label }),
            Self::Reasons(kind) => Command::SaveReason(Reason { kind, code, label, counts_as, due_hours }),
        }
    }

    /// What something on it may count as.
    fn counts(self) -> Choices {
        let Self::Reasons(kind) = self else { return Vec::new() };
        kind.counts().iter().map(|code| ((*code).to_owned(), said::counts_as(code).to_owned())).collect()
    }

    /// Whether something on it can be due.
    fn has_hours(self) -> bool {
        self == Self::Reasons(ReasonKind::ImmediateNeed)
    }

    /// Where one goes on from it.
    fn beside(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::AccommodationKinds => Some(("/settings/scheme-kinds", said::SCHEME_KINDS.0)),
            Self::Reasons(ReasonKind::GroupOffer) => Some(("/support/groups", said::COUNT_WHO_CAME)),
            _ => None,
        }
    }
}

/// The pages: a list, and something on it.
pub(crate) fn pages(site: &Arc<Site>) -> Pages {
    vec![
        ("/settings/lists/:list", form(site, list, add)),
        ("/settings/lists/:list/change", form(site, one, change)),
    ]
}

/// Something on the list, in words.
struct Row {
    change: String,
    code: String,
    label: String,
    counts_as: String,
    due: String,
}

#[derive(Template)]
#[template(path = "codes.html")]
struct CodesPage {
    shell: Shell,
    fields: Fields,
    words: ListWords,
    rows: Vec<Row>,
    counts: Choices,
    has_hours: bool,
    beside: Option<(&'static str, &'static str)>,
}

/// The list that the address names.
fn found(visit: &Visit) -> Result<List, Stopped> {
    visit.must(Permission::ManageSpaces)?;
    let list = List::ALL.into_iter().find(|list| visit.part("list") == Some(list.name()));
    list.ok_or_else(|| Refusal::not_found("list", "list").into())
}

fn row(list: List, listed: Listed) -> Row {
    let query = serde_urlencoded::to_string([("code", &listed.code)]).unwrap_or_default();
    Row {
        change: format!("{}/change?{query}", list.path()),
        counts_as: listed.counts_as.as_deref().map(said::counts_as).unwrap_or_default().to_owned(),
        due: listed.due_hours.map_or_else(|| said::NO_HOURS.to_owned(), said::within_hours),
        code: listed.code,
        label: listed.label,
    }
}

fn codes_page(visit: &Visit, list: List, shell: Shell, fields: Fields) -> CodesPage {
    CodesPage {
        shell,
        fields,
        words: said::list(list),
        rows: list.listed(&visit.engine.spaces()).into_iter().map(|listed| row(list, listed)).collect(),
        counts: list.counts(),
        has_hours: list.has_hours(),
        beside: list.beside(),
    }
}

/// A list, with the form that adds to it.
async fn list(visit: Visit) -> Answer {
    let list = found(&visit)?;
    let fields = visit.filled(Fields::default());
    visit.show(&codes_page(&visit, list, visit.shell(Place::Team)?, fields))
}

/// Adds to a list.
async fn add(visit: Visit, fields: Fields) -> Answer {
    let list = found(&visit)?;
    let refusal = match said_of(list, &fields, fields.get("code")) {
        Ok(new) if is_taken(&visit, list, &new) => {
            Refusal::new(RefusalCode::CodeInUse, said::IS_THERE).on("code")
        }
        Ok(new) => match visit.run(&fields, list.command(new)).await? {
            Ok(_) => return Ok(to(&format!("{}?done=code-added", list.path()))),
            Err(refusal) => refusal,
        },
        Err(refusal) => refusal,
    };
    let shell = visit.shell(Place::Team)?.refused(&refusal).at_one_of(&FIELDS);
    visit.show_again(&codes_page(&visit, list, shell, fields))
}

/// Whether what is to be new has the code of something else, which would be replaced unseen. A form that is sent twice finds
/// what it did the first time.
fn is_taken(visit: &Visit, list: List, new: &Listed) -> bool {
    let same_code = |other: &Listed| codes::key(&other.code) == codes::key(&new.code);
    list.listed(&visit.engine.spaces()).iter().any(|other| same_code(other) && other != new)
}

/// What a form says of a code.
fn said_of(list: List, fields: &Fields, code: &str) -> Result<Listed, Refusal> {
    let counts_as = fields.text("countsAs");
    if counts_as.is_none() && !list.counts().is_empty() {
        return Err(Refusal::bad("countsAs", said::WHICH_COUNT));
    }
    let due_hours = match fields.get("dueHours") {
        "" => None,
        _ => Some(natural(fields, "dueHours")?),
    };
    Ok(Listed { code: code.to_owned(), label: fields.get("label").to_owned(), counts_as, due_hours })
}

#[derive(Template)]
#[template(path = "code_change.html")]
struct ChangePage {
    shell: Shell,
    fields: Fields,
    words: ListWords,
    back: String,
    code: String,
    label: String,
    counts: Choices,
    has_hours: bool,
}

fn change_page(list: List, of: Listed, shell: Shell, fields: Fields) -> ChangePage {
    ChangePage {
        shell,
        fields,
        words: said::list(list),
        back: list.path(),
        code: of.code,
        label: of.label,
        counts: list.counts(),
        has_hours: list.has_hours(),
    }
}

/// What the address names, with its list.
fn found_on(visit: &Visit) -> Result<(List, Listed), Stopped> {
    let (list, code) = (found(visit)?, visit.query.get("code"));
    let of = list.listed(&visit.engine.spaces()).into_iter().find(|listed| listed.code == code);
    Ok((list, of.ok_or_else(|| Refusal::not_found("code", "code"))?))
}

/// The form that changes something on a list.
async fn one(visit: Visit) -> Answer {
    let (list, of) = found_on(&visit)?;
    let hours = of.due_hours.map(|hours| hours.to_string());
    let fields = Fields::default()
        .with("label", &of.label)
        .with("countsAs", of.counts_as.clone().unwrap_or_default())
        .with("dueHours", hours.unwrap_or_default());
    let fields = visit.filled(fields);
    visit.show(&change_page(list, of, visit.shell(Place::Team)?, fields))
}

/// Changes it. Its code stays.
async fn change(visit: Visit, fields: Fields) -> Answer {
    let (list, of) = found_on(&visit)?;
    let refusal = match said_of(list, &fields, &of.code) {
        Ok(now) => match visit.run(&fields, list.command(now)).await? {
            Ok(_) => return Ok(to(&format!("{}?done=code-changed", list.path()))),
            Err(refusal) => refusal,
        },
        Err(refusal) => refusal,
    };
    let shell = visit.shell(Place::Team)?.refused(&refusal).at_one_of(&FIELDS);
    visit.show_again(&change_page(list, of, shell, fields))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_has_an_address_of_its_own_and_no_list_of_reasons_is_left_out() {
        let names: std::collections::BTreeSet<_> = List::ALL.into_iter().map(List::name).collect();
        assert_eq!(names.len(), List::ALL.len());
        for kind in ReasonKind::ALL {
            assert!(List::ALL.contains(&List::Reasons(kind)), "{kind}");
        }
    }
}
