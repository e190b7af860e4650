//! Changing one's own password.

use std::sync::Arc;

use askama::Template;
use safespace_edge::peer_address;

use crate::{
    Answer, Pages, Site,
    fields::Fields,
    form, page,
    shell::{Place, Shell, to},
    visit::Visit,
};

#[derive(Template)]
#[template(path = "change_password.html")]
struct ChangePasswordPage {
    shell: Shell,
    name: String,
}

#[derive(Template)]
#[template(path = "password_changed.html")]
struct PasswordChangedPage {
    shell: Shell,
}

/// The pages.
pub(crate) fn pages(site: &Arc<Site>) -> Pages {
    vec![("/password", form(site, show, change)), ("/password/changed", page(site, done))]
}

/// The form.
async fn show(visit: Visit) -> Answer {
    visit.must_be_fresh()?;
    let shell = visit.shell(Place::Account)?;
    visit.show(&ChangePasswordPage { shell, name: visit.session.name.clone() })
}

/// Takes the old password and the new one.
async fn change(visit: Visit, fields: Fields) -> Answer {
    visit.must_be_fresh()?;
    let (current, new) = (fields.secret("current"), fields.secret("password"));
    let changed =
        visit.engine.change_password(visit.actor(), current, new, peer_address(visit.request())).await;
    match visit.answered(&Fields::default(), changed)? {
        Ok(()) => Ok(to("/password/changed")),
        Err(refusal) => {
            let field = if refusal.field.as_deref() == Some("password") { "password" } else { "current" };
            let shell = visit.shell(Place::Account)?.refused(&refusal).at(field);
            visit.show_again(&ChangePasswordPage { shell, name: visit.session.name.clone() })
        }
    }
}

/// Says that it was done.
async fn done(visit: Visit) -> Answer {
    visit.show(&PasswordChangedPage { shell: visit.shell(Place::Account)? })
}
