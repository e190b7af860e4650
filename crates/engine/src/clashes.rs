//! What is said when a night turns out to be taken: what is in the way, and what could be had instead.

use safespace_domain::{
    HouseholdId, Nights, Refusal, RefusalCode,
    access::Actor,
    availability::{self, Ask},
    ledger::{Entry, NightUse},
    refusal::Obstacle,
    units::Unit,
};
use uuid::Uuid;

use crate::{Engine, EngineError};

/// What was wanted when a night turned out to be taken.
pub(crate) struct Clash {
    pub(crate) unit: Unit,
    /// The nights that were wanted, turnaround included.
    pub(crate) nights: Nights,
    /// The record that wanted them, whose own entries are not in the way.
    pub(crate) by: Uuid,
    pub(crate) household: Option<HouseholdId>,
    /// For whom the nights were wanted, where for a household: another unit must be safe for it, too.
    pub(crate) whose: Option<HouseholdId>,
    /// What to look for instead, where that makes sense.
    pub(crate) instead: Option<Box<Ask>>,
}

impl Engine {
    /// Where the calendar calls nights free that the database refused, one of the two is a moment behind, or wrong: the
    /// unit is read again.
    pub(crate) fn doubt_if_free(&self, clash: &Clash) {
        let free = self.live.look(|calendar, spaces| {
            let no = spaces.no(clash.unit.id);
            no.is_some_and(|no| clash.nights.iter().all(|night| calendar.is_free(no, night)))
        });
        if free {
            self.live.doubt_units([clash.unit.id]);
        }
    }

    /// Says what is in the way of what was wanted, and what could be had instead.
    pub(crate) async fn explain(&self, actor: &Actor, clash: Clash) -> Result<Refusal, EngineError> {
        let Clash { unit, nights, by, household, whose, instead } = clash;
        self.store.settle().await;
        let entries = self.store.reader().entries(&[unit.id], nights).await?;
        let entries: Vec<Entry> = entries.into_iter().filter(|entry| entry.take.by != by).collect();
        if entries.is_empty()
            && let Some(household) = household
        {
            let elsewhere = self.store.reader().entries_of_household(household, nights).await?;
            let elsewhere: Vec<Entry> = elsewhere.into_iter().filter(|entry| entry.take.by != by).collect();
            let in_the_way = self.obstacles(actor, &elsewhere).await?;
            let message = match in_the_way.first() {
                Some(obstacle) => format!(
                    "The household has {} already, {}: move that stay, or end it first.",
                    obstacle.unit, obstacle.nights
                ),
                None => {
                    "The household was given another unit at the same time: look again, then decide.".into()
                }
            };
            return Ok(Refusal::new(RefusalCode::HouseholdElsewhere, message)
                .on("household")
                .because_of(in_the_way));
        }
        let in_the_way = self.obstacles(actor, &entries).await?;
        let instead = match instead {
            Some(ask) => Some(self.asking(&self.spaces(), *ask, whose).await?),
            None => None,
        };
        let next_free = instead.and_then(|ask| {
            self.live.look(|calendar, spaces| {
                let offers = availability::offers(calendar, spaces, &ask);
                let other =
                    offers.iter().filter_map(|(no, _)| spaces.unit(*no)).find(|other| other.id != unit.id);
                other.map(|unit| unit.code.clone())
            })
        });
        let first = in_the_way.first().map_or_else(String::new, |obstacle| format!(": {obstacle}"));
        let free = next_free.as_ref().map_or_else(
            || " Choose other nights or another unit.".to_owned(),
            |code| format!(" {code} is free instead."),
        );
        let message = format!("{} is not free on all of these nights{first}.{free}", unit.code);
        Ok(Refusal::new(RefusalCode::Taken, message).on("unit").because_of(in_the_way).instead(next_free))
    }

    /// What these entries are, for people: whose stay, which void; as the actor may know it.
    pub(crate) async fn obstacles(
        &self,
        actor: &Actor,
        entries: &[Entry],
    ) -> Result<Vec<Obstacle>, EngineError> {
        let spaces = self.live.spaces();
        let (entries, names) = self.named(actor, entries.to_vec()).await?;
        let mut obstacles = Vec::new();
        for unit_entries in entries.chunk_by(|a, b| a.unit == b.unit) {
            for board_use in safespace_domain::board::uses(unit_entries.iter().copied()) {
                let Some(unit) = unit_entries.first().and_then(|entry| spaces.unit_by_id(entry.unit)) else {
                    continue;
                };
                let whose = match board_use.take.night_use {
                    NightUse::Turnaround => String::new(),
                    _ => names.get(&board_use.take.by).cloned().unwrap_or_default(),
                };
                obstacles.push(Obstacle {
                    unit: unit.code.clone(),
                    kind: board_use.take.night_use.word().to_owned(),
                    whose,
                    nights: board_use.nights,
                });
            }
        }
        Ok(obstacles)
    }
}
