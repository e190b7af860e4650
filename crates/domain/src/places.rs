//! Places that hold stock: the office store, and a cupboard in each property.

use serde::{Deserialize, Serialize};

use crate::{
    codes,
    ids::{PlaceId, PropertyId},
    refusal::{Refusal, RefusalCode},
};

/// What kind of place it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PlaceKind {
    /// The store at the office.
    Office,
    /// A cupboard in a property.
    Cupboard {
        /// The property.
        property: PropertyId,
    },
}

impl PlaceKind {
    /// The kind's name in code and files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Office => "office",
            Self::Cupboard { .. } => "cupboard",
        }
    }

    /// The property that it is in.
    pub const fn property(self) -> Option<PropertyId> {
        match self {
            Self::Office => None,
            Self::Cupboard { property } => Some(property),
        }
    }
}

/// A place that holds stock. What it holds is the sum of its ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Its id.
    pub id: PlaceId,
    /// The code that people see. Never an address.
    pub code: String,
    /// Its name.
    pub name: String,
    /// What kind of place it is.
    pub kind: PlaceKind,
    /// Whether it no longer takes anything in.
    pub closed: bool,
}

impl Place {
    /// The same, tidied. Refused with what can't be.
    pub fn checked(self) -> Result<Self, Refusal> {
        Ok(Self { code: codes::code(&self.code, "code")?, name: codes::name(&self.name, "name")?, ..self })
    }

    /// It takes nothing in any more. Refused while it `holds` units: they would be nowhere.
    pub fn close(self, holds: u64) -> Result<Self, Refusal> {
        self.must_be_open()?;
        if holds > 0 {
            let units = if holds == 1 { "1 unit".to_owned() } else { format!("{holds} units") };
            return Err(Refusal::new(
                RefusalCode::StandsInTheWay,
                format!(
                    "{} still holds {units}: transfer or write off what it holds first, then close it.",
                    self.code
                ),
            )
            .on("place"));
        }
        Ok(Self { closed: true, ..self })
    }

    /// It takes things in again.
    pub fn reopen(self) -> Result<Self, Refusal> {
        if !self.closed {
            return Err(
                Refusal::new(RefusalCode::WrongState, format!("{} is open already.", self.code)).on("place")
            );
        }
        Ok(Self { closed: false, ..self })
    }

    /// Refused where it is closed: nothing is received, transferred or put back there.
    pub fn must_be_open(&self) -> Result<(), Refusal> {
        if self.closed {
            return Err(Refusal::new(
                RefusalCode::WrongState,
                format!("{} is closed: choose another place, or open it again first.", self.code),
            )
            .on("place"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_place_that_holds_stock_is_not_closed() {
        let office = Place {
            id: PlaceId(Uuid::nil()),
            code: "OFFICE".into(),
            name: "Office store".into(),
            kind: PlaceKind::Office,
            closed: false,
        };
        let refusal = office.clone().close(12).unwrap_err();
        assert_eq!(refusal.code, RefusalCode::StandsInTheWay);
        assert!(refusal.message.contains("12 units: transfer or write off"), "{refusal}");
        let closed = office.clone().close(0).unwrap();
        assert!(closed.must_be_open().is_err());
        assert!(closed.clone().close(0).is_err());
        assert_eq!(closed.reopen().unwrap(), office);
        assert!(office.reopen().is_err());
    }
}
