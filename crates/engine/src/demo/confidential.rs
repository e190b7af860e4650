//! What is confidential: addresses and personal details, all of them plainly made up; and an evening on which an officer
//! has some of it revealed, a manager reads the notices, and a case is closed to somebody who knows the family.

use safespace_domain::{
    HouseholdId, Night, PropertyId,
    access::Role,
    stays::{Stay, StayStatus},
};

use super::{DemoError, people::sign_in, service::Service};
use crate::{Command, Page, RestrictCase, SetAddress, SetHouseholdDetails};

/// From so many days before the end on, personal details are written down: who left before that is not kept by name.
const DESCRIBED: u32 = 14;
/// So many days before the end is the evening on which something is revealed.
const EVENING: u32 = 1;
/// Made-up people. The numbers that they can be reached by are kept for such.
const NAMES: [&str; 8] = ["Alder", "Birch", "Cedar", "Elder", "Hazel", "Larch", "Rowan", "Willow"];
/// What else is known of some.
const NOTES: [&str; 4] = [
    "Ring twice, then hang up, then ring again.",
    "The eldest must be at the clinic on Thursday at nine.",
    "Doesn’t answer unknown numbers; write first.",
    "Needs somebody who speaks Polish.",
];

impl Service {
    /// Where a property is: in no street that there is.
    pub(super) async fn write_address(&mut self, property: PropertyId) -> Result<(), DemoError> {
        let number = self.engine.spaces().properties().count();
        let address = format!("House {number}\nMadeup Close\nNowhere\nZZ{number} 0ZZ");
        self.run(Command::SetAddress(SetAddress { property, address })).await?;
        Ok(())
    }

    /// Who is there or expected, and how to reach them.
    pub(super) async fn write_details(&mut self, today: Night) -> Result<(), DemoError> {
        if self.days_left(today) > DESCRIBED {
            return Ok(());
        }
        let known: Vec<HouseholdId> = self.stays.values().map(|stay| stay.household).collect();
        for household in known {
            let Some(reference) = self.names.get(&household).cloned() else { continue };
            if !self.described.insert(household) {
                continue;
            }
            let number = self.described.len();
            let name = NAMES.get(number % NAMES.len()).copied().unwrap_or_default();
            let note = self.happens(400).then(|| self.rng.choice(NOTES).unwrap_or_default().to_owned());
            self.run(Command::SetHouseholdDetails(SetHouseholdDetails {
                household: reference,
                name: Some(format!("{name} Madeup")),
                contact: Some(format!("07700 900{number:03}")),
                note,
            }))
            .await?;
        }
        Ok(())
    }

    /// One evening shortly before the end.
    pub(super) async fn confide(&mut self, today: Night) -> Result<(), DemoError> {
        let there = self.stays_that(StayStatus::InResidence, |stay| {
            Some(stay.id) != self.staying_on && stay.nights.departure() > self.last
        });
        let [helped, .., closed] = &*there else { return Ok(()) };
        if self.days_left(today) != EVENING {
            return Ok(());
        }
        self.reveal(helped).await?;
        let officer =
            self.engine.account_by_name(&self.engine.local(), &format!("demo.{}", Role::Officer)).await;
        let officer = officer.map_err(DemoError::from_engine("account", self.now()))?;
        let (Some(officer), Some(household)) = (officer, self.names.get(&closed.household).cloned()) else {
            return Ok(());
        };
        let reason = "A cousin of the family.".to_owned();
        self.run(Command::RestrictCase(RestrictCase { household, denied: officer.id.0, reason })).await?;
        Ok(())
    }

    /// An officer takes a household to its home, and a manager hears of it.
    async fn reveal(&mut self, stay: &Stay) -> Result<(), DemoError> {
        let (engine, now) = (std::sync::Arc::clone(&self.engine), self.now());
        let officer =
            sign_in(&engine, Role::Officer).await.map_err(DemoError::from_engine("sign_in", now))?;
        let failed = |action| DemoError::from_engine(action, now);
        if let Some(unit) = engine.spaces().unit_by_id(stay.unit) {
            let reason = "Taking them there from the station.";
            engine.reveal_address(&officer, unit.property, reason).await.map_err(failed("reveal_address"))?;
        }
        engine
            .reveal_household_details(&officer, stay.household, "To tell them when we come.")
            .await
            .map_err(failed("reveal_household_details"))?;
        if let Some(referral) = self.accepted {
            engine
                .reveal_referral_details(&officer, referral, "To call the council’s worker back.")
                .await
                .map_err(failed("reveal_referral_details"))?;
        }
        let manager = sign_in(&engine, Role::Manager).await.map_err(failed("sign_in"))?;
        let first = Page { after: None, limit: 1 };
        for notice in engine.notices(&manager, true, first).await.map_err(failed("notices"))? {
            engine.mark_notice_seen(&manager, notice.id).await.map_err(failed("mark_notice_seen"))?;
        }
        Ok(())
    }
}
