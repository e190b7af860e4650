//! Pages of lists: every list is a Relay connection with a maximum.

use async_graphql::{
    OutputType, Result,
    connection::{Connection, Edge},
};

use crate::{answers::bad_input, ids};

/// The most rows of one page.
pub(crate) const MOST: usize = 100;
/// The rows of a page when nobody says how many.
pub(crate) const USUAL: usize = 20;

/// A page of a list.
pub(crate) type Page<T> = Connection<String, T>;

/// What is asked for: so many rows after a place.
pub(crate) struct Window {
    /// So many rows.
    pub(crate) first: usize,
    /// The key of the row after which they come.
    pub(crate) after: Option<String>,
}

impl Window {
    /// Reads `first` and `after`.
    pub(crate) fn new(first: Option<i32>, after: Option<String>) -> Result<Self> {
        let first = match first {
            None => USUAL,
            Some(n) => usize::try_from(n).ok().filter(|n| *n <= MOST).ok_or_else(|| {
                bad_input(format!("`first` must be 0 to {MOST}: ask for the rest with `after`."))
            })?,
        };
        let after = match after {
            None => None,
            Some(cursor) => Some(ids::decode(&cursor).ok_or_else(not_a_cursor)?),
        };
        Ok(Self { first, after })
    }

    /// The place after which the page begins, where rows are counted.
    pub(crate) fn offset(&self) -> Result<usize> {
        match &self.after {
            None => Ok(0),
            Some(key) => key.parse::<usize>().ok().and_then(|n| n.checked_add(1)).ok_or_else(not_a_cursor),
        }
    }

    /// The key after which the page begins, read as what it is.
    pub(crate) fn key<K: std::str::FromStr>(&self) -> Result<Option<K>> {
        self.after.as_deref().map(|key| key.parse().map_err(|_| not_a_cursor())).transpose()
    }

    /// One row more than the page has: whether there are more shows by it.
    pub(crate) fn limit(&self) -> u64 {
        self.first as u64 + 1
    }

    /// The page, from rows with their keys, one more than it has where there are more.
    pub(crate) fn page<T: OutputType>(&self, rows: impl IntoIterator<Item = (String, T)>) -> Page<T> {
        let mut page = Connection::new(self.after.is_some(), false);
        for (key, node) in rows {
            if page.edges.len() == self.first {
                page.has_next_page = true;
                break;
            }
            page.edges.push(Edge::new(ids::encode(&key), node));
        }
        page
    }

    /// The page of a list that is there as a whole, its rows counted.
    pub(crate) fn page_of<T, N: OutputType>(&self, rows: Vec<T>, node: impl Fn(T) -> N) -> Result<Page<N>> {
        let offset = self.offset()?;
        let rows = rows.into_iter().enumerate().skip(offset).take(self.first + 1);
        Ok(self.page(rows.map(|(n, row)| (n.to_string(), node(row)))))
    }

    /// The page of a list that is there as a whole, in order of its keys.
    pub(crate) fn page_by_key<T, N: OutputType>(
        &self,
        rows: impl IntoIterator<Item = T>,
        key: impl Fn(&T) -> String,
        node: impl Fn(T) -> N,
    ) -> Page<N> {
        let rows = rows.into_iter().filter(|row| self.after.as_ref().is_none_or(|after| key(row) > *after));
        self.page(rows.take(self.first + 1).map(|row| (key(&row), node(row))))
    }
}

fn not_a_cursor() -> async_graphql::Error {
    bad_input("`after` is not a cursor of this list: use an `endCursor` that it has given.")
}
