//! Localities: named parts of a district, as the team speaks of them, and which are near to one another.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// A locality, known by its name. Not an address: a part of a town, large enough that it tells nobody where a home is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Locality {
    /// The name, which is its key. No district has the same.
    pub name: String,
    /// The district that it is in, by name.
    pub district: String,
    /// The localities that are near: who is in danger in one of them is not safe here. Near goes both ways, whichever
    /// of the two says so.
    pub near: BTreeSet<String>,
}
