//! All that is held on a household, as a page that stands by itself: a file to be read, printed and handed over.

use askama::Template;
use safespace_engine::SubjectAccess;

#[derive(Template)]
#[template(path = "subject_access.html")]
struct Page<'a> {
    held: &'a SubjectAccess,
}

impl Page<'_> {
    /// A code such as `check_in` in words.
    #[expect(clippy::unused_self, reason = "templates call methods")]
    fn words(&self, code: &str) -> String {
        code.replace('_', " ")
    }
}

/// The page. Everything that somebody has typed is escaped in it.
pub fn subject_access_page(held: &SubjectAccess) -> Result<String, askama::Error> {
    Page { held }.render()
}
