//! Looking ahead: what the stays of the next days need, against what is on hand, and what is to be bought.

use std::collections::BTreeMap;

use safespace_domain::{
    Night, Nights, StayId,
    access::{Actor, Permission},
    items::Catalogue,
    nights::{earlier, later},
    pack_lists::{PackFor, pack_list},
    pack_templates::template_for,
    shopping::{self, Ahead, Demand, Likely, Past, Shopping, Who, demand, likely, look_ahead},
    stays::{Stay, StayStatus},
    units::Scheme,
};
use safespace_store::{Page, StayFilter};

use crate::{Engine, EngineError};

/// So many stays are looked at, at most.
const MOST_STAYS: u64 = 20_000;

/// What somebody asks about the days ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LookAhead {
    /// How many days, today included.
    pub days: u32,
    /// From the arrivals of how many days before today it is guessed who else will come. Nobody is, where it is 0.
    pub look_back: u32,
}

/// The days ahead, with whom they are about.
#[derive(Clone, Debug)]
pub struct ShoppingView {
    /// From today on.
    pub today: Night,
    /// What is needed, low and expiring, and what is to be bought.
    pub shopping: Shopping,
    /// The stays that need something, by id.
    pub stays: BTreeMap<StayId, Stay>,
    /// Who is likely to come besides.
    pub likely: Vec<Likely>,
    /// The items.
    pub catalogue: Catalogue,
}

impl Engine {
    /// What the booked and the likely arrivals of the next days need, against what is on hand. Stays whose cases are
    /// closed to the actor are left out, as if there were none.
    pub async fn shopping(&self, actor: &Actor, ask: LookAhead) -> Result<ShoppingView, EngineError> {
        self.must(actor, Permission::SeeStays)?;
        let days = shopping::days_ahead(i64::from(ask.days), "days")?;
        let today = self.today();
        let read = self.store.reader();
        let catalogue: Catalogue = read.items().await?.into_iter().map(|item| (item.id, item)).collect();
        let stays = self.awaited_and_there(actor, later(today, days)).await?;
        let mut demands = self.demands(&stays, today, &catalogue).await?;
        let likely = match ask.look_back {
            0 => Vec::new(),
            back => self.likely(actor, &stays, today, days, back).await?,
        };
        let spaces = self.spaces();
        for one in &likely {
            if let Some(template) = template_for(&spaces.pack_templates, one.scheme) {
                let list = pack_list(template, &one.of, &catalogue, &[]);
                demands.extend(demand(Who::Likely(one.no), one.day, &list.lines));
            }
        }
        let (on_hand, levels) = (read.on_hand(None, None).await?, read.levels().await?);
        let shopping = look_ahead(&Ahead {
            today,
            days,
            demands: &demands,
            on_hand: &on_hand,
            levels: &levels,
            catalogue: &catalogue,
        });
        let stays = stays.into_iter().map(|stay| (stay.id, stay)).collect();
        Ok(ShoppingView { today, shopping, stays, likely, catalogue })
    }

    /// The stays in residence and those booked to arrive before the day, as far as their cases are open.
    async fn awaited_and_there(&self, actor: &Actor, end: Night) -> Result<Vec<Stay>, EngineError> {
        let filter = StayFilter {
            statuses: vec![StayStatus::Booked, StayStatus::InResidence],
            ..StayFilter::default()
        };
        let mut stays = self.stays(actor, &filter, Page { after: None, limit: MOST_STAYS }).await?;
        stays.retain(|stay| stay.nights.arrival() < end);
        Ok(stays)
    }

    /// What the packs of these stays still need, on the day of arrival, or today.
    async fn demands(
        &self,
        stays: &[Stay],
        today: Night,
        catalogue: &Catalogue,
    ) -> Result<Vec<Demand>, EngineError> {
        let read = self.store.reader();
        let packs = read.packs_of_stays(stays.iter().map(|stay| stay.id)).await?;
        let facts = read.pack_facts(&packs).await?;
        let mut demands = Vec::new();
        for known in self.known_of(&self.spaces(), packs, &facts)? {
            let view = known.drawn_up(today, catalogue);
            let day = view.stay.nights.arrival().max(today);
            demands.extend(demand(Who::Stay(view.stay.id), day, &view.list.lines));
        }
        Ok(demands)
    }

    /// Who is likely to come: whole households as they came in the days before today.
    async fn likely(
        &self,
        actor: &Actor,
        stays: &[Stay],
        today: Night,
        days: u32,
        back: u32,
    ) -> Result<Vec<Likely>, EngineError> {
        let back = shopping::days_ahead(i64::from(back), "lookBack")?;
        let before = Nights::between(earlier(today, back), today);
        let filter = StayFilter {
            statuses: vec![StayStatus::InResidence, StayStatus::Departed],
            nights: Some(before),
            ..StayFilter::default()
        };
        let mut came = self.stays(actor, &filter, Page { after: None, limit: MOST_STAYS }).await?;
        // Who was moved had come before.
        came.retain(|stay| before.contains(stay.nights.arrival()) && stay.moved_from.is_none());
        let households: Vec<_> = came.iter().map(|stay| stay.household).collect();
        let needs = self.store.reader().last_needs(&households).await?;
        let spaces = self.spaces();
        let mut past = Vec::new();
        for stay in &came {
            let unit = spaces.unit_by_id(stay.unit);
            let needs = self.needs_among(&needs, stay.household)?;
            past.push(Past {
                began: stay.nights.arrival(),
                scheme: unit.map_or(Scheme::SafeSpace, |unit| spaces.policy_of(unit).scheme),
                of: PackFor {
                    people: stay.people,
                    ages: needs.child_ages,
                    avoids: needs.avoids,
                    nights: stay.planned.len(),
                    asked: Vec::new(),
                    goes_on: false,
                },
            });
        }
        let booked = stays.iter().filter(|stay| stay.status() == StayStatus::Booked);
        let booked: Vec<Night> = booked.map(|stay| stay.nights.arrival()).collect();
        Ok(likely(&past, &booked, today, days, back))
    }
}
