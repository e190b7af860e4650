//! Occupancy: how full the homes are.

use std::sync::Arc;

use safespace_domain::{
    Night, Nights, Refusal,
    access::{Actor, Permission},
    availability::Spaces,
    calendar::Calendar,
    nights::later,
    occupancy::{self, Compared, GroupKind, OccupancyRow},
    periods::PeriodKind,
    policies::BOOK_AHEAD_NIGHTS,
};

use crate::{Engine, EngineError};

/// The longest range, in nights: twenty-five years.
const LONGEST_RANGE: u32 = 9_132;

impl Engine {
    /// The figures of every period in the range, and of every group in it.
    pub async fn occupancy(
        &self,
        actor: &Actor,
        range: Nights,
        by: PeriodKind,
        group: Option<GroupKind>,
    ) -> Result<Vec<OccupancyRow>, EngineError> {
        let today = self.occupancy_is_known(actor, range)?;
        let figures = |calendar: &Calendar, spaces: &Arc<Spaces>| {
            occupancy::occupancy(calendar, spaces, range, by, group, today)
        };
        Ok(self.look_as(actor, figures).await?)
    }

    /// As [`Engine::occupancy`], each row beside those of the period before and of the same period a year before.
    pub async fn occupancy_compared(
        &self,
        actor: &Actor,
        range: Nights,
        by: PeriodKind,
        group: Option<GroupKind>,
    ) -> Result<Vec<Compared>, EngineError> {
        let today = self.occupancy_is_known(actor, range)?;
        let figures = |calendar: &Calendar, spaces: &Arc<Spaces>| {
            occupancy::compared(calendar, spaces, range, by, group, today)
        };
        Ok(self.look_as(actor, figures).await?)
    }

    /// Refused where somebody may not see how full the homes are, or nobody knows it of these nights. Gives today.
    fn occupancy_is_known(&self, actor: &Actor, range: Nights) -> Result<Night, EngineError> {
        self.must(actor, Permission::SeeSpaces)?;
        if range.len() > LONGEST_RANGE {
            return Err(Refusal::bad("to", format!("The range has at most {LONGEST_RANGE} nights.")).into());
        }
        let today = self.today();
        let horizon = later(today, BOOK_AHEAD_NIGHTS);
        if range.departure() > horizon {
            return Err(Refusal::bad(
                "to",
                format!("Occupancy is known up to {horizon}: give an earlier end."),
            )
            .into());
        }
        Ok(today)
    }
}
