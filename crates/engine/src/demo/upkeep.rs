//! Upkeep: rooms that are out of service for a while.

use safespace_domain::{
    Night, UnitId,
    availability::Ask,
    households::People,
    nights::{later, next},
    sharing::SharesAs,
    units::Scheme,
    voids::Void,
};

use super::{
    DemoError,
    service::{Service, nights_from},
};
use crate::{ChangeVoid, Command, Outcome, RecordVoid};

/// Of a thousand days, how many have a new void.
const NEW: u32 = 90;
/// Of a thousand voids, how many are recorded for the wrong room and taken back; each day, how many end earlier than
/// thought, and how many take longer.
const CHANGES: (u32, u32, u32) = (60, 120, 100);
/// Why, in a note, and for how many nights at most.
const REASONS: [(&str, &str, u32); 7] = [
    ("repair", "Heating fails at night; part on order.", 4),
    ("repair", "Leak under the sink; floor to dry.", 3),
    ("repair", "Window lock broken.", 2),
    ("deep_clean", "Deep clean after a long stay.", 1),
    ("deep_clean", "New carpet and paint.", 3),
    ("safety", "Somebody was asking about the house; to be looked into.", 3),
    ("other", "Smoke alarms and electrics are tested.", 1),
];

impl Service {
    /// What breaks, and what is mended.
    pub(super) async fn keep_up(&mut self, today: Night) -> Result<(), DemoError> {
        let (_, earlier, longer) = CHANGES;
        for void in self.voids.values().cloned().collect::<Vec<_>>() {
            if void.nights.contains(today) && void.nights.arrival() < today && self.happens(earlier) {
                self.end(&void, today).await?;
            } else if self.happens(longer) && void.nights.departure() < self.last {
                self.end(&void, next(void.nights.departure())).await?;
            }
        }
        if self.happens(NEW) {
            self.something_breaks(today).await?;
        }
        self.leave_a_void(today).await
    }

    async fn end(&mut self, void: &Void, to: Night) -> Result<(), DemoError> {
        let ask = ChangeVoid { void: void.id, from: None, to: Some(to), reason: None, note: None };
        self.attempt(Command::ChangeVoid(ask)).await?;
        Ok(())
    }

    /// A free room is taken out of service. Nobody is turned out for it.
    async fn something_breaks(&mut self, today: Night) -> Result<(), DemoError> {
        let Some((reason, note, most)) = self.rng.choice(REASONS) else { return Ok(()) };
        let from = later(today, self.rng.u32(0..=2));
        let nights = nights_from(from, self.rng.u32(1..=most));
        let scheme = if self.happens(150) { Scheme::MoveOn } else { Scheme::SafeSpace };
        let one = People { adults: 1, children: 0 };
        let free = self.offers(Ask::plain(nights, one, scheme), SharesAs::Women).await?;
        let Some(unit) = self.rng.choice(free) else { return Ok(()) };
        // Tonight's void is chosen in the last days, so that there is just one.
        if nights.departure() > self.last {
            return Ok(());
        }
        let void = self.void(unit.id, nights.arrival(), nights.departure(), reason, note).await?;
        let (by_mistake, ..) = CHANGES;
        if let Some(void) = void
            && self.happens(by_mistake)
        {
            self.run(Command::CancelVoid { void: void.id }).await?;
        }
        Ok(())
    }

    /// A room that its household had to leave is repaired.
    pub(super) async fn repair(&mut self, unit: UnitId, today: Night) -> Result<(), DemoError> {
        let to = later(today, self.rng.u32(1..=3));
        if to <= self.last {
            self.void(unit, today, to, "repair", "Not fit to be slept in; the household has moved.").await?;
        }
        Ok(())
    }

    /// Records a void, unless something is in its way.
    pub(super) async fn void(
        &mut self,
        unit: UnitId,
        from: Night,
        to: Night,
        reason: &str,
        note: &str,
    ) -> Result<Option<Void>, DemoError> {
        let (reason, note) = (reason.to_owned(), Some(note.to_owned()));
        match self
            .attempt(Command::RecordVoid(RecordVoid { unit, from, to, reason, note, kept: false }))
            .await?
        {
            Some(Outcome::Void(void)) => Ok(Some(void)),
            _ => Ok(None),
        }
    }
}
