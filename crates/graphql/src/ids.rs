//! Global ids: they say their kind, and the wrong one is rejected.

use async_graphql::{Error, ID, Result};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

use crate::answers::bad_input;

/// The kinds that a refusal names. One that somebody made up is not said back.
const KINDS: [&str; 19] = [
    "AccommodationKind",
    "District",
    "Feature",
    "Hold",
    "Household",
    "ImmediateNeed",
    "Locality",
    "NextStep",
    "Pack",
    "Policy",
    "Property",
    "Question",
    "Reason",
    "Referral",
    "Stay",
    "SupportSession",
    "Unit",
    "Void",
    "VoidReason",
];

/// The global id of a record of this kind.
pub(crate) fn global(kind: &str, key: impl std::fmt::Display) -> ID {
    ID(encode(&format!("{kind}:{key}")))
}

/// An opaque text.
pub(crate) fn encode(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

/// What an opaque text stands for.
pub(crate) fn decode(text: &str) -> Option<String> {
    String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}

/// The kind and the key of a global id.
pub(crate) fn split(id: &ID) -> Result<(String, String)> {
    let text = decode(id.as_str()).ok_or_else(not_an_id)?;
    let (kind, key) = text.split_once(':').ok_or_else(not_an_id)?;
    Ok((kind.to_owned(), key.to_owned()))
}

/// The key of a global id of this kind.
pub(crate) fn of_kind(kind: &str, id: &ID) -> Result<Uuid> {
    let none = |_| bad_input(format!("This is no id of a {kind}: use one that this service has given."));
    let (found, key) = split(id).map_err(none)?;
    if found != kind && !KINDS.contains(&found.as_str()) {
        return Err(none(not_an_id()));
    }
    if found != kind {
        return Err(bad_input(format!("This is the id of a {found}; the id of a {kind} is needed here.")));
    }
    uuid(&key).map_err(none)
}

/// The key as a UUID.
pub(crate) fn uuid(key: &str) -> Result<Uuid> {
    key.parse().map_err(|_| not_an_id())
}

/// An id that is none of ours.
pub(crate) fn not_an_id() -> Error {
    bad_input("This is not an id of this service: use an id that it has given.")
}
