//! Packs: what everybody is given who comes, made up from the store at the office, and topped up as long as they stay.

use safespace_domain::{
    Night, StayId,
    clock::service_day,
    pack_templates::{AgeBand, Per},
    packs::{PackConcern, concern},
    stays::StayStatus,
    units::Scheme,
};

use super::{DemoError, service::Service, stock::OFFICE};
use crate::{Command, PackView, PickPack, SavePackTemplate, TemplateLineAsk};

/// A line of a template: what, for whom, how many units, and after how many nights again.
type Line = (&'static [&'static str], Per, i64, Option<i64>);

const ARRIVAL: [Line; 14] = [
    (&["CEREAL", "RICE"], Per::Person, 1, Some(7)),
    (&["MILK-UHT", "OAT-DRINK"], Per::Person, 1, Some(3)),
    (&["PASTA", "RICE"], Per::Person, 1, Some(3)),
    (&["BEANS"], Per::Person, 1, Some(2)),
    (&["NUT-SPREAD", "JAM"], Per::Household, 1, None),
    (&["SNACK-CHILD"], Per::Child, 1, Some(2)),
    (&["FORMULA"], Per::ChildOf(AgeBand::Under2), 1, Some(4)),
    (&["NAPPIES"], Per::ChildOf(AgeBand::Under2), 1, Some(2)),
    (&["WIPES"], Per::ChildOf(AgeBand::Under2), 1, Some(3)),
    (&["TOOTH-SET"], Per::Person, 1, None),
    (&["SHAMPOO"], Per::Household, 1, None),
    (&["TOWEL"], Per::Person, 1, None),
    (&["SOAP"], Per::Household, 2, None),
    (&["SIM-10"], Per::Household, 1, None),
];
const MOVE_ON: [Line; 5] = [
    (&["CEREAL", "RICE"], Per::Person, 1, None),
    (&["PASTA", "RICE"], Per::Person, 2, None),
    (&["BEANS"], Per::Person, 2, None),
    (&["SOAP"], Per::Household, 2, None),
    (&["TOWEL"], Per::Person, 1, None),
];

impl Service {
    /// What goes into packs, for safe spaces and for move-on homes.
    pub(super) async fn save_templates(&mut self) -> Result<(), DemoError> {
        let line = |(items, per, quantity, every_nights): Line| TemplateLineAsk {
            items: items.iter().map(|code| (*code).to_owned()).collect(),
            per,
            quantity,
            every_nights,
        };
        for (code, name, scheme, lines) in [
            ("ARRIVAL", "For who arrives with nothing", Scheme::SafeSpace, &ARRIVAL[..]),
            ("MOVE-ON", "For a home of one's own", Scheme::MoveOn, &MOVE_ON[..]),
        ] {
            let lines = lines.iter().copied().map(line).collect();
            let template =
                SavePackTemplate { code: code.into(), name: name.into(), scheme: Some(scheme), lines };
            self.run_aside(Command::SavePackTemplate(template)).await?;
        }
        Ok(())
    }

    /// Everybody who came today gets a pack, and those who stay on what they need more.
    pub(super) async fn keep_packs(&mut self, today: Night) -> Result<(), DemoError> {
        for stay in self.stays_that(StayStatus::InResidence, |stay| stay.nights.arrival() == today) {
            // It was booked before there was a template.
            if self.packs_of(&[stay.id]).await?.is_empty() {
                self.run_aside(Command::PlanPack { stay: stay.id }).await?;
            }
        }
        let there: Vec<StayId> =
            self.stays_that(StayStatus::InResidence, |_| true).iter().map(|stay| stay.id).collect();
        for view in self.packs_of(&there).await? {
            let today = service_day(self.now());
            match concern(&view.pack, &view.stay, &view.list, &view.words.shortfalls, today) {
                Some(PackConcern::NotPrepared) => {
                    self.stock_up_for(&view).await?;
                    self.run_aside(Command::PreparePack(from_office(&view))).await?;
                    self.run_aside(Command::HandOverPack { pack: view.pack.id }).await?;
                }
                Some(PackConcern::ToTopUp { .. }) => {
                    self.stock_up_for(&view).await?;
                    self.run_aside(Command::TopUpPack(from_office(&view))).await?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Buys what the store lacks of a pack, but for what its alternatives make good.
    async fn stock_up_for(&mut self, view: &PackView) -> Result<(), DemoError> {
        let actor = self.engine.local();
        let failed = |error| DemoError::from_engine("stock", self.now())(error);
        let office = self.engine.places(&actor).await.map_err(failed)?;
        let office = office.into_iter().find(|place| place.code == OFFICE).map(|place| place.id);
        let here = self.engine.stock(&actor, office).await.map_err(failed)?;
        let today = service_day(self.now());
        let is_short = view.list.lines.iter().any(|line| {
            let good = here.iter().filter(|one| !one.lot.expired(today));
            let of_line = good.filter(|one| line.alternatives.contains(&one.balance.item));
            of_line.map(|one| one.balance.quantity).sum::<u32>() < line.outstanding()
        });
        if is_short { self.deliver(today).await } else { Ok(()) }
    }

    async fn packs_of(&self, stays: &[StayId]) -> Result<Vec<PackView>, DemoError> {
        let found = self.engine.packs_of(&self.engine.local(), stays).await;
        found.map_err(DemoError::from_engine("packs", self.now()))
    }
}

fn from_office(view: &PackView) -> PickPack {
    PickPack { pack: view.pack.id, places: vec![OFFICE.into()] }
}
