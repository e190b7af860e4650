//! Availability: which units a household could have, and why not the others.

use std::sync::Arc;

use safespace_domain::{
    Refusal, UnitId,
    access::{Actor, Permission},
    availability::{self, Ask, Exclusion, Fit, Spaces},
    calendar::UnitNo,
    nights::later,
    policies::BOOK_AHEAD_NIGHTS,
};

use crate::{Engine, EngineError};

/// The units that fit, best first.
pub struct Availability {
    /// What was asked.
    pub ask: Ask,
    /// The units by number, with how well they fit.
    pub offers: Vec<(UnitNo, Fit)>,
    /// What the numbers stand for.
    pub spaces: Arc<Spaces>,
}

impl Engine {
    /// The units that are free on all of the nights and fit, best first.
    pub async fn availability(&self, actor: &Actor, ask: Ask) -> Result<Availability, EngineError> {
        self.must(actor, Permission::SeeSpaces)?;
        self.must_be_known(&ask)?;
        self.lapse_due().await?;
        let (offers, spaces) = self
            .look_as(actor, |calendar, spaces| {
                (availability::offers(calendar, spaces, &ask), Arc::clone(spaces))
            })
            .await?;
        Ok(Availability { ask, offers, spaces })
    }

    /// Every other unit, with every reason why it is not offered.
    pub async fn exclusions(
        &self,
        actor: &Actor,
        ask: &Ask,
    ) -> Result<Vec<(UnitNo, Vec<Exclusion>)>, EngineError> {
        self.must(actor, Permission::SeeSpaces)?;
        Ok(self.look_as(actor, |calendar, spaces| availability::exclusions(calendar, spaces, ask)).await?)
    }

    /// The units that a household could move to for these nights, best fit first.
    pub(crate) fn could_move_to(&self, ask: &Ask, but: UnitId, most: usize) -> Vec<UnitId> {
        self.live.look(|calendar, spaces| {
            let offers = availability::offers(calendar, spaces, ask);
            let units = offers.iter().filter_map(|(no, _)| spaces.unit(*no)).map(|unit| unit.id);
            units.filter(|unit| *unit != but).take(most).collect()
        })
    }

    fn must_be_known(&self, ask: &Ask) -> Result<(), Refusal> {
        let spaces = self.live.spaces();
        spaces.must_know_features(&ask.features, "features")?;
        ask.wanted.iter().try_for_each(|name| spaces.must_know_district(name, "wantedDistricts"))?;
        ask.unwanted.iter().try_for_each(|name| spaces.must_know_district(name, "unwantedDistricts"))?;
        let horizon = later(self.today(), BOOK_AHEAD_NIGHTS);
        if ask.nights.departure() > horizon {
            return Err(Refusal::bad(
                "departure",
                format!("Availability is known up to {horizon}: ask for earlier nights."),
            ));
        }
        Ok(())
    }
}
