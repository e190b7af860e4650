//! Voids: nights on which a unit is out of service, with a reason.

use serde::{Deserialize, Serialize};

use crate::{
    ids::{UnitId, VoidId},
    ledger::{Entry, NightUse, Take},
    nights::Nights,
    refusal::{Refusal, RefusalCode},
};

/// A reason for voids: a code list with labels, kept as data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoidReason {
    /// The code, as files and the API use it.
    pub code: String,
    /// What people read.
    pub label: String,
}

/// The reasons that every new service begins with.
pub const DEFAULT_REASONS: [(&str, &str); 5] = [
    ("repair", "Repair"),
    ("deep_clean", "Deep clean"),
    ("safety", "Safety concern"),
    ("handback", "Handback to the landlord"),
    ("other", "Other, see the note"),
];

/// What is said of a void that somebody keeps to everybody else; and of what only looks like a void, which nobody can
/// change as one. The two must stay the same.
pub fn kept() -> Refusal {
    Refusal::new(
        RefusalCode::WrongState,
        "This void is kept by whoever recorded it, and only they may change it or take it back: ask the team whose it is.",
    )
    .on("void")
}

/// A void. Its note is confidential and kept elsewhere, sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Void {
    /// Its id.
    pub id: VoidId,
    /// The unit that is out of service.
    pub unit: UnitId,
    /// On which nights.
    pub nights: Nights,
    /// Why, as a code.
    pub reason: String,
    /// Whether it was taken back. A cancelled void takes no night.
    pub cancelled: bool,
}

impl Void {
    /// What it takes in the night ledger.
    pub fn entries(&self) -> Vec<Entry> {
        if self.cancelled {
            return Vec::new();
        }
        let take = Take { night_use: NightUse::Void, by: self.id.0, household: None };
        self.nights.iter().map(|night| Entry { unit: self.unit, night, take }).collect()
    }

    /// The void on other nights or for another reason. Refused when it was cancelled.
    pub fn change(self, nights: Nights, reason: String) -> Result<Self, Refusal> {
        self.must_stand("changed")?;
        Ok(Self { nights, reason, ..self })
    }

    /// The void, taken back. Refused when it was already.
    pub fn cancel(self) -> Result<Self, Refusal> {
        self.must_stand("cancelled")?;
        Ok(Self { cancelled: true, ..self })
    }

    fn must_stand(&self, what: &str) -> Result<(), Refusal> {
        if self.cancelled {
            return Err(Refusal::new(
                RefusalCode::WrongState,
                format!("This void was cancelled, so it can't be {what}: record a new one."),
            ));
        }
        Ok(())
    }
}
