//! Which kind of accommodation a scheme's homes are, as the statutory return counts them. The kinds are a code list.

use std::sync::Arc;

use askama::Template;
use safespace_domain::{
    Refusal, access::Permission, accommodation_kinds::SchemeKind, availability::Spaces, units::Scheme,
};
use safespace_engine::{Command, Outcome};

use crate::{
    Answer, Pages, Site, Stopped,
    fields::Fields,
    form, page,
    properties::Choices,
    settings::{self, Sent},
    shell::{Place, Shell, to},
    visit::Visit,
    words::{
        scheme as scheme_words,
        settings::{SCHEME_KIND_NOTES, WHICH_KIND, capital, kind_of_homes, scheme_kind_change},
    },
};

/// Where they are.
const PATH: &str = "/settings/scheme-kinds";

/// The pages.
pub(crate) fn pages(site: &Arc<Site>) -> Pages {
    vec![(PATH, page(site, list)), ("/settings/scheme-kinds/:scheme", form(site, show, set))]
}

/// A scheme, and which kind its homes are.
struct Row {
    path: String,
    scheme: &'static str,
    title: String,
    kind: String,
}

#[derive(Template)]
#[template(path = "scheme_kinds.html")]
struct KindsPage {
    shell: Shell,
    rows: Vec<Row>,
}

/// What people read of a kind.
fn label(spaces: &Spaces, code: &str) -> String {
    spaces.accommodation_kinds.get(code).map_or_else(|| code.to_owned(), |kind| kind.label.clone())
}

/// Which kind each scheme's homes are.
async fn list(visit: Visit) -> Answer {
    visit.must(Permission::ManageSpaces)?;
    let spaces = visit.engine.spaces();
    let row = |scheme: Scheme| Row {
        path: format!("{PATH}/{scheme}"),
        scheme: scheme_words(scheme),
        title: capital(scheme_words(scheme)),
        kind: label(&spaces, spaces.kind_of_scheme(scheme)),
    };
    let rows = Scheme::ALL.into_iter().map(row).collect();
    visit.show(&KindsPage { shell: visit.shell(Place::Team)?, rows })
}

#[derive(Template)]
#[template(path = "scheme_kind.html")]
struct KindPage {
    shell: Shell,
    fields: Fields,
    title: String,
    now: String,
    kinds: Choices,
}

/// The scheme that the address names, and the code of the kind of its homes.
fn found(visit: &Visit) -> Result<(Scheme, String), Stopped> {
    visit.must(Permission::ManageSpaces)?;
    let scheme: Option<Scheme> = visit.part("scheme").and_then(|scheme| scheme.parse().ok());
    let scheme = scheme.ok_or_else(|| Refusal::not_found("scheme", "scheme"))?;
    Ok((scheme, visit.engine.spaces().kind_of_scheme(scheme).to_owned()))
}

fn form_page(spaces: &Spaces, shell: Shell, fields: Fields, scheme: Scheme, now: &str) -> KindPage {
    let kinds = spaces.accommodation_kinds.values().map(|kind| (kind.code.clone(), kind.label.clone()));
    KindPage { shell, fields, title: kind_of_homes(scheme), now: label(spaces, now), kinds: kinds.collect() }
}

/// The form.
async fn show(visit: Visit) -> Answer {
    let (scheme, now) = found(&visit)?;
    let fields = visit.filled(Fields::default().with("kind", &now));
    let shell = visit.shell(Place::Team)?;
    visit.show(&form_page(&visit.engine.spaces(), shell, fields, scheme, &now))
}

/// Says what would change, and changes it.
async fn set(visit: Visit, fields: Fields) -> Answer {
    let (scheme, now) = found(&visit)?;
    let spaces = visit.engine.spaces();
    let changes = |outcome: &Outcome| match outcome {
        Outcome::AccommodationKind(kind) if kind.code != now => {
            vec![scheme_kind_change(scheme, &label(&spaces, &now), &kind.label)]
        }
        _ => Vec::new(),
    };
    let kind = fields.text("kind").ok_or_else(|| Refusal::bad("kind", WHICH_KIND));
    let asked = kind.map(|kind| Command::SetSchemeKind(SchemeKind { scheme, kind }));
    match settings::sent(&visit, &fields, asked, changes).await? {
        Sent::Done => Ok(to("/settings/scheme-kinds?done=scheme-kind-set")),
        Sent::WouldChange(lines) => {
            settings::confirm(&visit, &fields, kind_of_homes(scheme), lines, &SCHEME_KIND_NOTES, PATH)
        }
        Sent::Again(refusal) => settings::again(&visit, refusal.as_ref(), &["kind"], |shell| {
            form_page(&spaces, shell, fields, scheme, &now)
        }),
    }
}
