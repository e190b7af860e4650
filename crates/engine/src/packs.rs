//! Packs: planned when a household is booked, made up, handed over, topped up, and put back where they are not needed.
//!
//! Whoever changes a pack locks its stay first.

use std::collections::{BTreeMap, BTreeSet};

use safespace_domain::{
    HouseholdId, ItemId, LotId, PackId, PlaceId, Refusal, RefusalCode, StayId,
    access::{Actor, Permission},
    items::{Allergen, Avoids, Diet},
    needs::ChildAges,
    pack_lists::{Asked, LotInLine, asked_now},
    packs::{Pack, PackStatus, PackWords, must_go_on},
    picking::{Picked, PickingRow, Shortfall, pick, picking_list},
    places::Place,
    stays::Stay,
    stock::{self, Balance, Change},
};
use safespace_store::{Page, StoredPack};
use serde::{Deserialize, Serialize};

use crate::{
    Engine, EngineError, Outcome,
    pack_lists::{Known, PackView},
    pack_templates::template_of,
    work::{Done, Failure, Work},
};

/// The most places that a pack is picked from at once.
const MOST_PLACES: usize = 10;

/// See [`crate::Command::PreparePack`] and [`crate::Command::TopUpPack`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PickPack {
    /// Which.
    pub pack: PackId,
    /// From where: the places' codes.
    pub places: Vec<String>,
}

/// So many units of a lot in a line of a pack.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct LotInLineAsk {
    /// The number of the line.
    pub line: u32,
    /// Which lot.
    pub lot: LotId,
    /// How many units.
    pub quantity: i64,
}

/// See [`crate::Command::PutBackFromPack`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PutBackFromPack {
    /// From which pack.
    pub pack: PackId,
    /// Where to: the place's code.
    pub place: String,
    /// What, not opened.
    pub lines: Vec<LotInLineAsk>,
}

/// See [`crate::Command::CancelPack`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CancelPack {
    /// Which.
    pub pack: PackId,
    /// Where what is in it goes: the place's code. To where each came from when not said.
    pub place: Option<String>,
    /// What of it was opened: it stays given.
    pub opened: Vec<LotInLineAsk>,
}

/// See [`crate::Command::AdaptPack`]. What is not said stays.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AdaptPack {
    /// Which.
    pub pack: PackId,
    /// The children by age.
    pub ages: Option<ChildAges>,
    /// All that makes one of them ill, besides what the referral says.
    pub allergens: Option<BTreeSet<Allergen>>,
    /// All that they eat only, besides what the referral says.
    pub diets: Option<BTreeSet<Diet>>,
    /// All that it asked for besides: items by code or bar code, and units.
    pub asked: Option<Vec<(String, i64)>>,
}

/// Which packs a list has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PackFilter {
    /// Only those with one of these statuses; empty for all.
    pub statuses: Vec<PackStatus>,
}

impl Engine {
    /// The pack with this id.
    pub async fn pack(&self, actor: &Actor, id: PackId) -> Result<Option<PackView>, EngineError> {
        self.must(actor, Permission::SeeStays)?;
        let mut found = self.store.reader().packs_by_id(&[id]).await?;
        found.retain(|stored| !self.is_closed_to(actor, stored.pack.household));
        Ok(self.drawn_up(found).await?.pop())
    }

    /// A page of packs, oldest first.
    pub async fn packs(
        &self,
        actor: &Actor,
        filter: &PackFilter,
        page: Page<PackId>,
    ) -> Result<Vec<PackView>, EngineError> {
        self.must(actor, Permission::SeeStays)?;
        let filter = safespace_store::PackFilter {
            statuses: filter.statuses.clone(),
            but: self.closed_to(actor).await?.households().iter().copied().collect(),
        };
        let found = self.store.reader().packs(&filter, page).await?;
        self.drawn_up(found).await
    }

    /// The packs of these stays that are not cancelled, as far as their cases are open to the actor.
    pub async fn packs_of(&self, actor: &Actor, stays: &[StayId]) -> Result<Vec<PackView>, EngineError> {
        self.must(actor, Permission::SeeStays)?;
        let mut found = self.store.reader().packs_of_stays(stays.iter().copied()).await?;
        found.retain(|stored| !self.is_closed_to(actor, stored.pack.household));
        self.drawn_up(found).await
    }

    /// What a pack still needs, as it would be taken from these places now: the list to go to the shelf with, and what is
    /// not there.
    pub async fn picking_list(
        &self,
        actor: &Actor,
        view: &PackView,
        places: &[PlaceId],
    ) -> Result<(Vec<PickingRow>, Vec<Shortfall>), EngineError> {
        self.must(actor, Permission::SeeStays)?;
        let read = self.store.reader();
        let mut on_hand = read.on_hand(Some(&wanted_items(view)), None).await?;
        on_hand.retain(|one| places.contains(&one.balance.place));
        let named: BTreeMap<PlaceId, Place> =
            read.places().await?.into_iter().map(|place| (place.id, place)).collect();
        let picked = pick(&view.list, &view.items, on_hand, &view.to.avoids, self.clock.now());
        Ok((picking_list(&picked, &view.items, &named), picked.shortfalls))
    }

    /// A stay was booked: it gets its pack, where there is a template for it. The record of the booking is the record of
    /// this, too: by which template follows from the templates, of which every change is on record.
    pub(crate) async fn plan_for(&self, work: &Work, stay: &Stay) -> Done<()> {
        if let Some(template) = template_of(&work.spaces, stay) {
            let pack = Pack::planned(PackId(self.ids.next()), stay, template, work.now);
            work.tx.add_pack(&pack).await?;
        }
        Ok(())
    }

    /// A stay was taken up again: it has the pack that it had, or gets a new one.
    pub(crate) async fn plan_again(&self, work: &Work, stay: &Stay) -> Done<()> {
        if template_of(&work.spaces, stay).is_some() && self.live_pack(work, stay.id).await?.is_none() {
            self.plan_for(work, stay).await?;
        }
        Ok(())
    }

    /// A stay is over. A pack that was not handed over is not needed: what is in it goes back to where it came from. Where
    /// a place has closed since, somebody has to say where to, and the pack stays as it is.
    pub(crate) async fn end_pack(&self, work: &mut Work, stay: &Stay) -> Done<()> {
        let Some(stored) = self.live_pack(work, stay.id).await? else { return Ok(()) };
        match stored.pack.status() {
            PackStatus::Planned => {
                let cancelled = stored.pack.cancel(work.now)?;
                keep_pack(work, &cancelled).await
            }
            PackStatus::Prepared => {
                let view = self.pack_view(work, stored).await?;
                let back = view.list.unopened(&[])?;
                if let Some(homes) = self.homes_of(work, view.pack.id, &back).await? {
                    let changes = self.put_back_home(work, &view, &homes).await?;
                    self.post_some(work, &changes).await?;
                    let cancelled = view.pack.cancel(work.now)?;
                    keep_pack(work, &cancelled).await?;
                }
                Ok(())
            }
            PackStatus::HandedOver | PackStatus::Cancelled => Ok(()),
        }
    }

    /// A household goes on to another home. Its pack goes along, unless there another one is given.
    pub(crate) async fn move_pack(&self, work: &mut Work, from: &Stay, to: &Stay) -> Done<()> {
        let stored = self.live_pack(work, from.id).await?;
        let theirs = template_of(&work.spaces, to).map(|template| template.id);
        let before = template_of(&work.spaces, from).map(|template| template.id);
        match stored {
            Some(stored) if theirs.is_none_or(|theirs| theirs == stored.pack.template) => {
                if from.id != to.id {
                    let moved = stored.pack.moved(from, to);
                    keep_pack(work, &moved).await?;
                }
                Ok(())
            }
            // What it has by now it keeps.
            Some(stored) if from.id == to.id && stored.pack.status() != PackStatus::Planned => Ok(()),
            Some(_) => {
                self.end_pack(work, from).await?;
                self.plan_again(work, to).await
            }
            None if theirs != before => self.plan_for(work, to).await,
            None => Ok(()),
        }
    }

    pub(crate) async fn plan_pack(&self, work: &mut Work, id: StayId) -> Done<Outcome> {
        let stay = work.tx.lock_stay(id).await?.ok_or_else(|| Refusal::not_found("stay", "stay"))?;
        self.must_be_open_to(&work.actor, stay.household, "stay")?;
        work.about(stay.household);
        must_go_on(&stay)?;
        if self.live_pack(work, id).await?.is_some() {
            let message = "This stay has a pack already: adapt that one, or cancel it first.";
            return Err(Refusal::new(RefusalCode::WrongState, message).on("stay").into());
        }
        let Some(template) = template_of(&work.spaces, &stay) else {
            let message = "There is no pack template for such a stay: a manager can add one.";
            return Err(Refusal::new(RefusalCode::NotFound, message).on("stay").into());
        };
        let pack = Pack::planned(PackId(self.ids.next()), &stay, template, work.now);
        work.tx.add_pack(&pack).await?;
        work.audit(Some(pack.id.0), &[], &pack);
        Ok(Outcome::Pack(pack))
    }

    pub(crate) async fn prepare_pack(&self, work: &mut Work, ask: PickPack) -> Done<Outcome> {
        let (view, picked) = self.picked(work, ask).await?;
        let (pack, changes) = view.pack.clone().prepare(&view.stay, &picked, work.now)?;
        self.post_some(work, &changes).await?;
        self.note_shortfalls(work, view, picked.shortfalls).await?;
        keep_pack(work, &pack).await?;
        Ok(Outcome::Pack(pack))
    }

    pub(crate) async fn top_up_pack(&self, work: &mut Work, ask: PickPack) -> Done<Outcome> {
        let (view, picked) = self.picked(work, ask).await?;
        let pack = view.pack.clone();
        let changes = pack.top_up(&view.stay, &picked)?;
        self.post_some(work, &changes).await?;
        self.note_shortfalls(work, view, picked.shortfalls).await?;
        work.audit(Some(pack.id.0), &[], &pack);
        Ok(Outcome::Pack(pack))
    }

    pub(crate) async fn hand_over_pack(&self, work: &mut Work, id: PackId) -> Done<Outcome> {
        let stored = self.lock_pack(work, id).await?;
        let view = self.pack_view(work, stored).await?;
        let pack = view.pack.hand_over(&view.stay, &view.list, work.now)?;
        keep_pack(work, &pack).await?;
        Ok(Outcome::Pack(pack))
    }

    pub(crate) async fn put_back_from_pack(&self, work: &mut Work, ask: PutBackFromPack) -> Done<Outcome> {
        let stored = self.lock_pack(work, ask.pack).await?;
        if ask.lines.is_empty() {
            return Err(Refusal::bad("lines", "Say what comes back: a line and a lot of the pack.").into());
        }
        let place = self.use_place(work, &ask.place, "place").await?;
        let back = lots_in_lines(&ask.lines)?;
        let view = self.pack_view(work, stored).await?;
        let changes = self.put_back(work, &view, &place, &back).await?;
        self.post_some(work, &changes).await?;
        work.audit(Some(view.pack.id.0), &[], &view.pack);
        Ok(Outcome::Pack(view.pack))
    }

    pub(crate) async fn cancel_pack(&self, work: &mut Work, ask: CancelPack) -> Done<Outcome> {
        let stored = self.lock_pack(work, ask.pack).await?;
        let cancelled = stored.pack.clone().cancel(work.now)?;
        let view = self.pack_view(work, stored).await?;
        let back = view.list.unopened(&lots_in_lines(&ask.opened)?)?;
        let changes = match &ask.place {
            _ if back.is_empty() => Vec::new(),
            Some(code) => {
                let place = self.use_place(work, code, "place").await?;
                self.put_back(work, &view, &place, &back).await?
            }
            None => {
                let homes = self.homes_of(work, view.pack.id, &back).await?.ok_or_else(|| {
                    Refusal::bad("place", "A place that this came from is closed: say where it goes.")
                })?;
                self.put_back_home(work, &view, &homes).await?
            }
        };
        self.post_some(work, &changes).await?;
        keep_pack(work, &cancelled).await?;
        Ok(Outcome::Pack(cancelled))
    }

    pub(crate) async fn adapt_pack(&self, work: &mut Work, ask: AdaptPack) -> Done<Outcome> {
        let stored = self.lock_pack(work, ask.pack).await?;
        let known = self.known(work, stored).await?;
        known.pack.adapt(&known.stay)?;
        let mut words = known.words;
        if let Some(ages) = ask.ages {
            let children = known.stay.people.children;
            if ages.total() != u32::from(children) {
                let message =
                    format!("The ages are of {} children, and {children} come with this stay.", ages.total());
                return Err(Refusal::bad("childAges", message).into());
            }
            words.ages = Some(ages);
        }
        if let Some(allergens) = ask.allergens {
            words.avoids.allergens = allergens;
        }
        if let Some(diets) = ask.diets {
            words.avoids.diets = diets;
        }
        if let Some(asked) = ask.asked {
            words.asked = self.asked(work, &words, &asked).await?;
        }
        self.save_pack_words(&work.tx, &known.pack, &words).await?;
        work.audit(Some(known.pack.id.0), &[], &known.pack);
        Ok(Outcome::Pack(known.pack))
    }

    /// What is asked for now, once its items are found.
    async fn asked(&self, work: &Work, words: &PackWords, asked: &[(String, i64)]) -> Done<Vec<Asked>> {
        let called: Vec<&str> = asked.iter().map(|(code, _)| code.as_str()).collect();
        let items = self.known_items(work, &called).await?;
        let mut now = Vec::new();
        for (item, (_, quantity)) in items.iter().zip(asked) {
            let was = words.asked.iter().any(|known| known.item == item.id && known.quantity > 0);
            if !was {
                item.must_be_current("asked")?;
            }
            now.push(Asked { item: item.id, quantity: stock::quantity(*quantity, "asked")? });
        }
        Ok(asked_now(&words.asked, &now)?)
    }

    /// What a pack still needs, taken from the shelf.
    async fn picked(&self, work: &mut Work, ask: PickPack) -> Done<(PackView, Picked)> {
        let stored = self.lock_pack(work, ask.pack).await?;
        if !(1..=MOST_PLACES).contains(&ask.places.len()) {
            let message = format!("Name 1 to {MOST_PLACES} places to take it from.");
            return Err(Refusal::bad("places", message).into());
        }
        let mut places = Vec::new();
        for code in &ask.places {
            places.push(self.use_place(work, code, "places").await?.id);
        }
        let view = self.pack_view(work, stored).await?;
        let on_hand = work.tx.lock_on_hand(&wanted_items(&view), &places).await?;
        let picked = pick(&view.list, &view.items, on_hand, &view.to.avoids, work.now);
        Ok((view, picked))
    }

    /// Writes down what was not there. What was known already is not written down again.
    async fn note_shortfalls(&self, work: &Work, view: PackView, found: Vec<Shortfall>) -> Done<()> {
        let PackView { pack, mut words, .. } = view;
        let before = words.shortfalls.len();
        for short in found {
            let last = words.shortfalls.iter().rev().find(|known| known.line == short.line);
            let is_known = last.is_some_and(|last| {
                short.substitutes.is_empty() && (last.wanted, last.unmet()) == (short.wanted, short.missing)
            });
            if !is_known {
                words.shortfalls.push(short);
            }
        }
        if words.shortfalls.len() > before {
            self.save_pack_words(&work.tx, &pack, &words).await?;
        }
        Ok(())
    }

    /// The entries that put some of a pack into a place.
    async fn put_back(
        &self,
        work: &Work,
        view: &PackView,
        place: &Place,
        back: &[LotInLine],
    ) -> Done<Vec<Change>> {
        let mut lots: Vec<LotId> = back.iter().map(|one| one.lot).collect();
        lots.sort();
        lots.dedup();
        work.tx.lock_lots(&lots).await?;
        let here: Vec<Balance> = work.tx.reader().balances(place.id, &lots).await?;
        Ok(view.pack.put_back(&view.list, back, place, &here)?)
    }

    /// From where the lots of a pack came, place by place. None where one of them has closed since.
    async fn homes_of(
        &self,
        work: &Work,
        id: PackId,
        back: &[LotInLine],
    ) -> Done<Option<Vec<(Place, Vec<LotInLine>)>>> {
        let from = work.tx.reader().places_of(id).await?;
        let mut by_place: BTreeMap<PlaceId, Vec<LotInLine>> = BTreeMap::new();
        for one in back {
            let Some(place) = from.get(&(one.line, one.lot)) else { return Ok(None) };
            by_place.entry(*place).or_default().push(*one);
        }
        let mut homes = Vec::new();
        for (place, lots) in by_place {
            match work.tx.use_place_with(place).await? {
                Some(place) if !place.closed => homes.push((place, lots)),
                _ => return Ok(None),
            }
        }
        Ok(Some(homes))
    }

    async fn put_back_home(
        &self,
        work: &Work,
        view: &PackView,
        homes: &[(Place, Vec<LotInLine>)],
    ) -> Done<Vec<Change>> {
        let mut changes = Vec::new();
        for (place, back) in homes {
            changes.extend(self.put_back(work, view, place, back).await?);
        }
        Ok(changes)
    }

    async fn post_some(&self, work: &mut Work, changes: &[Change]) -> Done<()> {
        if !changes.is_empty() {
            self.post(work, changes).await?;
        }
        Ok(())
    }

    /// The pack, whose stay nobody else changes until the transaction ends.
    async fn lock_pack(&self, work: &mut Work, id: PackId) -> Done<StoredPack> {
        let not_found = || Refusal::not_found("pack", "pack");
        let found = work.tx.reader().packs_by_id(&[id]).await?.pop().ok_or_else(not_found)?;
        self.must_be_open_to(&work.actor, found.pack.household, "pack")?;
        work.about(found.pack.household);
        work.tx.lock_stay(found.pack.stay).await?;
        // Read again: who had the stay before may have changed it, or moved it on.
        let now = work.tx.reader().packs_by_id(&[id]).await?.pop().ok_or_else(not_found)?;
        if now.pack.stay == found.pack.stay { Ok(now) } else { Err(Failure::Again) }
    }

    /// The pack of a stay that is not cancelled.
    async fn live_pack(&self, work: &Work, stay: StayId) -> Done<Option<StoredPack>> {
        if work.spaces.pack_templates.is_empty() {
            return Ok(None);
        }
        Ok(work.tx.reader().packs_of_stays([stay]).await?.pop())
    }

    async fn known(&self, work: &Work, stored: StoredPack) -> Done<Known> {
        let packs = vec![stored];
        let facts = work.tx.reader().pack_facts(&packs).await?;
        let known = self.known_of(&work.spaces, packs, &facts)?.pop();
        Ok(known.ok_or(EngineError::Fault(crate::Fault::Broken("a pack is gone")))?)
    }

    /// A pack with its list.
    async fn pack_view(&self, work: &Work, stored: StoredPack) -> Done<PackView> {
        let known = self.known(work, stored).await?;
        let catalogue = work.tx.reader().items_by_id(known.items()).await?;
        Ok(known.drawn_up(work.today, &catalogue))
    }

    /// What a household can't or won't have: as its last referral says, and what is said of its packs.
    pub(crate) async fn avoids_of(&self, work: &Work, household: HouseholdId) -> Done<Avoids> {
        let read = work.tx.reader();
        let known = read.last_needs(&[household]).await?;
        let mut avoids = self.needs_among(&known, household)?.avoids;
        for StoredPack { pack, words } in read.packs_of_household(household).await? {
            avoids =
                crate::pack_lists::both(&avoids, &self.pack_words(&known, &pack, words.as_deref())?.avoids);
        }
        Ok(avoids)
    }
}

/// Keeps a pack, with its record.
async fn keep_pack(work: &mut Work, pack: &Pack) -> Done<()> {
    work.tx.save_pack(pack).await?;
    work.audit(Some(pack.id.0), &[], pack);
    Ok(())
}

/// The items that a pack may still be given.
fn wanted_items(view: &PackView) -> Vec<ItemId> {
    let mut items: Vec<ItemId> = view
        .list
        .lines
        .iter()
        .filter(|line| line.outstanding() > 0)
        .flat_map(|line| line.alternatives.iter().copied())
        .collect();
    items.sort();
    items.dedup();
    items
}

fn lots_in_lines(asks: &[LotInLineAsk]) -> Result<Vec<LotInLine>, Refusal> {
    let one = |ask: &LotInLineAsk| {
        let quantity = stock::quantity(ask.quantity, "lines")?;
        Ok(LotInLine { line: ask.line, lot: ask.lot, quantity })
    };
    asks.iter().map(one).collect()
}
