//! Parsed documents, kept for whoever sends the same again.

use std::{
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError},
};

use async_graphql::parser::types::ExecutableDocument;
use lru::LruCache;

/// So many are kept, of at most this length.
const KEPT: usize = 256;
const LONGEST_KEPT: usize = 16 * 1024;

/// The documents that were sent last. None of them has words that a caller may have typed: those belong in variables, and
/// go with their request.
pub(crate) struct Documents(Mutex<LruCache<String, Arc<ExecutableDocument>>>);

impl Documents {
    pub(crate) fn new() -> Self {
        let most = NonZeroUsize::new(KEPT).unwrap_or(NonZeroUsize::MIN);
        Self(Mutex::new(LruCache::new(most)))
    }

    /// The document of this text, where it was kept.
    pub(crate) fn get(&self, text: &str) -> Option<Arc<ExecutableDocument>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(text).cloned()
    }

    /// Keeps it, unless it is long or has words of its own.
    pub(crate) fn keep(&self, text: &str, document: &Arc<ExecutableDocument>) {
        if text.len() <= LONGEST_KEPT && !has_words(text) {
            let mut documents = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            documents.put(text.to_owned(), Arc::clone(document));
        }
    }
}

/// Whether there may be a string or a comment in it. Neither is there without its sign, whatever stands around it.
fn has_words(text: &str) -> bool {
    text.contains(['"', '#'])
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    #[test]
    fn only_documents_without_words_of_their_own_are_kept() {
        let words = "12 Nowhere Lane";
        for (text, kept) in [
            ("query($a: String!) { it: look(for: $a) { id } }".to_owned(), true),
            ("{ units(first: 20, full: true, kinds: [ROOM]) { id } }".to_owned(), true),
            (format!("{{ look(for: \"{words}\") {{ id }} }}"), false),
            (format!("{{ look(for: \"\"\"\n{words}\n\"\"\") {{ id }} }}"), false),
            (format!("{{ look(for: {{ all: [\"{words}\"] }}) {{ id }} }}"), false),
            (format!("{{ look {{ id @include(if: \"{words}\") }} }}"), false),
            (format!("query($a: String = \"{words}\") {{ look(for: $a) {{ id }} }}"), false),
            (format!("# {words}\n{{ look {{ id }} }}"), false),
            (format!("{{ look {{ {} }} }}", "id ".repeat(6_000)), false),
        ] {
            let documents = Documents::new();
            documents.keep(&text, &Arc::new(parse_query(&text).unwrap()));
            assert_eq!(documents.get(&text).is_some(), kept, "{}", &text[..40]);
        }
    }
}
