//! Identifiers: one newtype per kind of record, so that a stay is never looked up by a unit's id.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    };
}

id!(
    /// Names a property.
    PropertyId
);
id!(
    /// Names a unit.
    UnitId
);
id!(
    /// Names a household.
    HouseholdId
);
id!(
    /// Names a stay.
    StayId
);
id!(
    /// Names a void.
    VoidId
);
id!(
    /// Names a bearer token (never the token itself).
    TokenId
);
id!(
    /// Names a person's account.
    AccountId
);
id!(
    /// Names a session of somebody who signed in (never the cookie itself).
    SessionId
);
id!(
    /// Names an issuer that people sign in with (`OpenID` Connect).
    IssuerId
);
id!(
    /// Names a referral.
    ReferralId
);
id!(
    /// Names a notice to managers.
    NoticeId
);

id!(
    /// Names a hold.
    HoldId
);
id!(
    /// Names a next step of a household.
    NextStepId
);
id!(
    /// Names an item of the catalogue.
    ItemId
);
id!(
    /// Names a place that holds stock.
    PlaceId
);
id!(
    /// Names a lot: what came of one item in one delivery.
    LotId
);
id!(
    /// Names an entry of the stock ledger.
    StockEntryId
);
id!(
    /// Names a pack template, in all its versions.
    PackTemplateId
);
id!(
    /// Names a pack.
    PackId
);
id!(
    /// Names a grant.
    GrantId
);
id!(
    /// Names a session of support.
    SupportSessionId
);
id!(
    /// Names the time for which somebody is a household's key worker.
    KeyWorkerId
);
id!(
    /// Names an immediate need of a household.
    ImmediateNeedId
);

/// Where new ids come from. A parameter, so that tests and the seeded demo can have the same ids every time.
pub trait Ids: Send + Sync {
    /// A new `UUIDv7`, later in order than those before it.
    fn next(&self) -> Uuid;
}
