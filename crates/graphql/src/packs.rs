//! Packs: what a household is given when it comes, from the list to the handover.

use std::{collections::HashMap, sync::Arc};

use async_graphql::{
    Context, Enum, ID, InputObject, Object, Result, SimpleObject,
    dataloader::{DataLoader, Loader},
};
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use safespace_domain::{ItemId, LotId, PackId, StayId, packs, packs::PackState, picking, stock::Issued};
use safespace_engine::{
    AdaptPack, CancelPack, Command, EngineError, LotInLineAsk, Outcome, PackFilter, PackView,
    Page as StorePage, PickPack, PutBackFromPack,
};
use uuid::Uuid;

use crate::{
    actor,
    answers::{answer, query_error, run, shared, unexpected},
    engine,
    households::{HouseholdLoader, told_to_one},
    ids,
    items::{Allergen, Diet, Item},
    pack_templates::PackTemplate,
    paging::{Page, Window},
    referrals::ChildAges,
    scalars::{Date, count},
    stays::Stay,
    stock::Names,
};

/// What has become of a pack.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "packs::PackStatus")]
pub enum PackStatus {
    /// It is a list.
    Planned,
    /// It is made up.
    Prepared,
    /// The household has it.
    HandedOver,
    /// It was not needed.
    Cancelled,
}

/// So many units of a lot that are in a pack.
#[derive(SimpleObject)]
pub struct PackContent {
    /// The item.
    item: Item,
    /// The lot's id, to put some of it back.
    lot: ID,
    /// How many units.
    quantity: i32,
    /// What they cost, in pounds.
    value: Decimal,
    /// Whether it is not for this household by what is known now: it is to be taken back, and counts for nothing.
    amiss: bool,
}

/// A line of a pack.
#[derive(SimpleObject)]
pub struct PackLine {
    /// Its number, which it keeps.
    no: i32,
    /// How its quantity comes about, in words.
    rule: String,
    /// What is to be given: the first that suits the household. Null where nothing does.
    item: Option<Item>,
    /// What may be given, the best first, as the template has it.
    alternatives: Vec<Item>,
    /// How many units.
    quantity: i32,
    /// How many units were given and have not come back.
    given: i32,
    /// How many units are still to be given.
    outstanding: i32,
    /// How many units were given beyond what is wanted by now, as where a stay was cut short.
    beyond: i32,
    /// What is in it, lot by lot.
    contents: Vec<PackContent>,
}

/// An item that a line would have, and that was passed over for the next. Confidential.
#[derive(SimpleObject)]
pub struct PassedOver {
    /// The number of the line.
    line: i32,
    /// The item; null where the catalogue has it no more.
    item: Option<Item>,
    /// Why, in words.
    why: Vec<String>,
}

/// A question that somebody has to ask before the pack is right.
#[derive(SimpleObject)]
pub struct UnansweredLine {
    /// The number of the template's line.
    line: i32,
    /// How many children there are whose ages nobody knows.
    children: i32,
    /// In words.
    message: String,
}

/// What was wanted and was not on the shelf, and what went in instead.
#[derive(SimpleObject)]
pub struct PackShortfall {
    /// The number of the line.
    line: i32,
    /// When it was looked for.
    at: DateTime<Utc>,
    /// What was wanted. Null where nothing in the catalogue suits the household.
    wanted: Option<Item>,
    /// How many units of it were missing.
    missing: i32,
    /// What stood in for them.
    substitutes: Vec<PackSubstitute>,
    /// How many units nothing stood in for.
    unmet: i32,
}

/// What stood in for something that was not there.
#[derive(SimpleObject)]
pub struct PackSubstitute {
    /// The item; null where the catalogue has it no more.
    item: Option<Item>,
    /// How many units.
    quantity: i32,
}

/// Something that a household asked for besides.
#[derive(SimpleObject)]
pub struct PackAsked {
    /// The item; null where the catalogue has it no more.
    item: Option<Item>,
    /// How many units.
    quantity: i32,
}

/// The food and toiletries that a household is given, made up from stock by a template.
pub struct Pack(Box<PackView>);

impl From<PackView> for Pack {
    fn from(view: PackView) -> Self {
        Self(Box::new(view))
    }
}

impl Pack {
    fn item(&self, id: ItemId) -> Option<Item> {
        self.0.items.get(&id).cloned().map(Item::from)
    }

    fn content(&self, issued: &Issued, amiss: bool) -> Result<PackContent> {
        Ok(PackContent {
            item: self.item(issued.item).ok_or_else(unexpected)?,
            lot: ids::global("Lot", issued.lot),
            quantity: count(issued.quantity),
            value: issued.value.pounds(),
            amiss,
        })
    }

    fn shortfall(&self, short: &picking::Shortfall) -> PackShortfall {
        let substitute = |(item, units): &(ItemId, u32)| PackSubstitute {
            item: self.item(*item),
            quantity: count(*units),
        };
        PackShortfall {
            line: count(short.line),
            at: short.at,
            wanted: short.wanted.and_then(|item| self.item(item)),
            missing: count(short.missing),
            substitutes: short.substitutes.iter().map(substitute).collect(),
            unmet: count(short.unmet()),
        }
    }
}

#[Object]
impl Pack {
    /// Its id.
    pub(crate) async fn id(&self) -> ID {
        ids::global("Pack", self.0.pack.id)
    }

    /// The stay that it is for.
    async fn stay(&self) -> Stay {
        Stay(self.0.stay.clone())
    }

    /// The version of the template that it was made by.
    async fn template(&self) -> PackTemplate {
        PackTemplate(self.0.template.clone())
    }

    /// What has become of it.
    async fn status(&self) -> PackStatus {
        self.0.pack.status().into()
    }

    /// When it was planned.
    async fn planned_at(&self) -> DateTime<Utc> {
        self.0.pack.planned_at
    }

    /// When it was made up; null before, and where it was not needed.
    async fn prepared_at(&self) -> Option<DateTime<Utc>> {
        match self.0.pack.state {
            PackState::Prepared { at } | PackState::HandedOver { prepared_at: at, .. } => Some(at),
            PackState::Planned | PackState::Cancelled { .. } => None,
        }
    }

    /// When the household got it.
    async fn handed_over_at(&self) -> Option<DateTime<Utc>> {
        match self.0.pack.state {
            PackState::HandedOver { at, .. } => Some(at),
            _ => None,
        }
    }

    /// When it was said that it is not needed.
    async fn cancelled_at(&self) -> Option<DateTime<Utc>> {
        match self.0.pack.state {
            PackState::Cancelled { at } => Some(at),
            _ => None,
        }
    }

    /// For how many nights it is.
    async fn nights(&self) -> i32 {
        count(self.0.to.nights)
    }

    /// The children by age, where somebody has asked. Confidential.
    async fn child_ages(&self) -> Option<ChildAges> {
        self.0.to.ages.map(Into::into)
    }

    /// What makes one of the household ill, by its referral or by what was said of its pack. Confidential.
    async fn allergens(&self) -> Vec<Allergen> {
        self.0.to.avoids.allergens.iter().copied().map(Into::into).collect()
    }

    /// How the household eats, by its referral or by what was said of its pack. Confidential.
    async fn diets(&self) -> Vec<Diet> {
        self.0.to.avoids.diets.iter().copied().map(Into::into).collect()
    }

    /// What the household asked for besides. Confidential.
    async fn asked(&self) -> Vec<PackAsked> {
        let asked = self.0.to.asked.iter().filter(|asked| asked.quantity > 0);
        asked
            .map(|asked| PackAsked { item: self.item(asked.item), quantity: count(asked.quantity) })
            .collect()
    }

    /// How many units are still to be given.
    async fn outstanding(&self) -> i32 {
        match self.0.pack.state {
            PackState::Cancelled { .. } => 0,
            _ => count(self.0.list.outstanding()),
        }
    }

    /// How many units were not there as they were wanted when it was made up.
    async fn missing(&self) -> i32 {
        count(self.0.pack.missing)
    }

    /// Of those, how many nothing stood in for.
    async fn unmet(&self) -> i32 {
        count(self.0.pack.unmet)
    }

    /// What is in it, or is to be, line by line.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn lines(&self, first: Option<i32>, after: Option<String>) -> Result<Page<PackLine>> {
        let mut lines = Vec::new();
        for line in &self.0.list.lines {
            let given = line.given.iter().map(|issued| self.content(issued, false));
            let amiss = line.amiss.iter().map(|issued| self.content(issued, true));
            lines.push(PackLine {
                no: count(line.no),
                rule: line.rule.to_string(),
                item: line.wanted.and_then(|item| self.item(item)),
                alternatives: line.alternatives.iter().filter_map(|item| self.item(*item)).collect(),
                quantity: count(line.quantity),
                given: count(line.given_units()),
                outstanding: count(line.outstanding()),
                beyond: count(line.beyond()),
                contents: given.chain(amiss).collect::<Result<_>>()?,
            });
        }
        Window::new(first, after)?.page_of(lines, |line| line)
    }

    /// What would be better and was passed over, with why. Confidential.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn passed_over(&self, first: Option<i32>, after: Option<String>) -> Result<Page<PassedOver>> {
        let passed = self.0.list.passed_over.iter().map(|passed| PassedOver {
            line: count(passed.line),
            item: self.item(passed.item),
            why: passed.why.iter().map(ToString::to_string).collect(),
        });
        Window::new(first, after)?.page_of(passed.collect(), |passed| passed)
    }

    /// What somebody has to ask before the pack is right.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn unanswered(&self, first: Option<i32>, after: Option<String>) -> Result<Page<UnansweredLine>> {
        let asks = self.0.list.unanswered.iter().map(|ask| UnansweredLine {
            line: count(ask.line),
            children: count(ask.children),
            message: ask.to_string(),
        });
        Window::new(first, after)?.page_of(asks.collect(), |ask| ask)
    }

    /// What was not there when it was looked for, oldest first, with what stood in for it. Confidential.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn shortfalls(&self, first: Option<i32>, after: Option<String>) -> Result<Page<PackShortfall>> {
        let all = self.0.words.shortfalls.iter().map(|short| self.shortfall(short)).collect();
        Window::new(first, after)?.page_of(all, |short| short)
    }
}

/// Whose pack.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct PackOf(StayId);

impl Loader<PackOf> for HouseholdLoader {
    type Value = PackView;
    type Error = Arc<EngineError>;

    async fn load(&self, keys: &[PackOf]) -> Result<HashMap<PackOf, Self::Value>, Self::Error> {
        let stays: Vec<StayId> = keys.iter().map(|key| key.0).collect();
        let found = self.engine.packs_of(&self.actor, &stays).await.map_err(shared)?;
        Ok(found.into_iter().map(|view| (PackOf(view.pack.stay), view)).collect())
    }
}

/// The pack of a stay, loaded together with others'.
pub(crate) async fn of(ctx: &Context<'_>, stay: StayId) -> Result<Option<Pack>> {
    let loader = ctx.data_unchecked::<DataLoader<HouseholdLoader>>();
    let found = loader.load_one(PackOf(stay)).await.map_err(|error| told_to_one(&error))?;
    Ok(found.map(Pack::from))
}

/// A row of the list that somebody takes to the shelf.
#[derive(SimpleObject)]
pub struct PickingRow {
    /// The place's code.
    place: String,
    /// The item's code.
    item: String,
    /// The item's name.
    name: String,
    /// What one unit is.
    unit_of_issue: String,
    /// How many units.
    quantity: i32,
    /// The number on the lot.
    lot: Option<String>,
    /// The last day on which it may be given out.
    expires_on: Option<Date>,
    /// The number of the pack's line.
    line: i32,
}

impl From<picking::PickingRow> for PickingRow {
    fn from(row: picking::PickingRow) -> Self {
        Self {
            place: row.place,
            item: row.item,
            name: row.name,
            unit_of_issue: row.unit_of_issue,
            quantity: count(row.quantity),
            lot: row.lot,
            expires_on: row.expires_on.map(Date),
            line: count(row.line),
        }
    }
}

/// What is to be taken from the shelf for a pack, and what is not there. Nothing is taken by looking.
pub struct PickingList {
    pack: Pack,
    rows: Vec<picking::PickingRow>,
    shortfalls: Vec<picking::Shortfall>,
}

#[Object]
impl PickingList {
    /// Place by place, in order of the items' codes, what expires first coming first.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn rows(&self, first: Option<i32>, after: Option<String>) -> Result<Page<PickingRow>> {
        Window::new(first, after)?.page_of(self.rows.clone(), PickingRow::from)
    }

    /// What is not there, with what stands in for it. Confidential.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn shortfalls(&self, first: Option<i32>, after: Option<String>) -> Result<Page<PackShortfall>> {
        let all = self.shortfalls.iter().map(|short| self.pack.shortfall(short)).collect();
        Window::new(first, after)?.page_of(all, |short| short)
    }
}

/// Looking packs up.
#[derive(Default)]
pub struct PacksQuery;

#[Object]
impl PacksQuery {
    /// The pack with this id. Null when there is none that you may see.
    async fn pack(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Pack>> {
        let id = pack_id(&id)?;
        Ok(engine(ctx).pack(actor(ctx), id).await.map_err(query_error)?.map(Pack::from))
    }

    /// The packs, oldest first.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn packs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those with one of these statuses.", default)] statuses: Vec<PackStatus>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<Pack>> {
        let window = Window::new(first, after)?;
        let asked = StorePage { after: window.key::<Uuid>()?.map(PackId), limit: window.limit() };
        let filter = PackFilter { statuses: statuses.into_iter().map(Into::into).collect() };
        let found = engine(ctx).packs(actor(ctx), &filter, asked).await.map_err(query_error)?;
        Ok(window.page(found.into_iter().map(|view| (view.pack.id.to_string(), Pack::from(view)))))
    }

    /// What a pack still needs, as it would be taken from these places now: the list to go to the shelf with. Null when
    /// there is no such pack that you may see.
    async fn picking_list(
        &self,
        ctx: &Context<'_>,
        pack: ID,
        #[graphql(desc = "From where: the places' codes.")] places: Vec<String>,
    ) -> Result<Option<PickingList>> {
        let id = pack_id(&pack)?;
        let names = Names::load(ctx).await?;
        let places = places.iter().map(|code| names.place_called(code)).collect::<Result<Vec<_>>>()?;
        let (engine, actor) = (engine(ctx), actor(ctx));
        let Some(view) = engine.pack(actor, id).await.map_err(query_error)? else { return Ok(None) };
        let found = engine.picking_list(actor, &view, &places).await.map_err(query_error)?;
        let (rows, shortfalls) = found;
        Ok(Some(PickingList { pack: view.into(), rows, shortfalls }))
    }
}

/// A stay that is to have a pack.
#[derive(InputObject)]
pub struct PlanPackInput {
    /// The stay.
    stay: ID,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// A pack to make up, or to top up.
#[derive(InputObject)]
pub struct PickPackInput {
    /// Which.
    pack: ID,
    /// From where: the places' codes, 1 to 10.
    places: Vec<String>,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// A pack.
#[derive(InputObject)]
pub struct PackInput {
    /// Which.
    pack: ID,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// So many units of a lot in a line of a pack.
#[derive(InputObject)]
pub struct PackContentInput {
    /// The number of the line.
    line: i32,
    /// The lot.
    lot: ID,
    /// How many units.
    quantity: i64,
}

/// What comes back from a pack, not opened.
#[derive(InputObject)]
pub struct PutBackFromPackInput {
    /// From which pack.
    pack: ID,
    /// Where to: the place's code.
    place: String,
    /// What.
    lines: Vec<PackContentInput>,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// A pack that is not needed.
#[derive(InputObject)]
pub struct CancelPackInput {
    /// Which.
    pack: ID,
    /// Where what is in it goes: the place's code. Left out, each goes to where it came from.
    place: Option<String>,
    /// What of it was opened: it stays given.
    #[graphql(default)]
    opened: Vec<PackContentInput>,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// Something that the household asks for besides.
#[derive(InputObject)]
pub struct PackAskedInput {
    /// The item's code or bar code.
    item: String,
    /// How many units, 1 to 100.
    quantity: i64,
}

/// What is known of whom a pack is for. What is left out stays.
#[derive(InputObject)]
pub struct AdaptPackInput {
    /// Which.
    pack: ID,
    /// The children by age, all who come.
    child_ages: Option<ChildAges>,
    /// All that makes one of them ill, besides what the referral says.
    allergens: Option<Vec<Allergen>>,
    /// All that they eat only, besides what the referral says.
    diets: Option<Vec<Diet>>,
    /// All that they ask for besides.
    asked: Option<Vec<PackAskedInput>>,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// The pack was changed.
#[derive(SimpleObject)]
pub struct PackChanged {
    /// As it is now.
    pack: Pack,
}

answer!(
    /// The answer to each change of a pack.
    PackAnswer = PackChanged
);

/// Making packs up and handing them over. For officers and managers.
#[derive(Default)]
pub struct PacksMutation;

#[Object]
impl PacksMutation {
    /// Gives a stay its pack that has none: one that was there before there was a template, or came from a file.
    async fn plan_pack(&self, ctx: &Context<'_>, input: PlanPackInput) -> Result<PackAnswer> {
        let stay = StayId(ids::of_kind("Stay", &input.stay)?);
        changed(ctx, input.idempotency_key, Command::PlanPack { stay }).await
    }

    /// Makes a pack up of what is on the shelf. What is not there is written down, with what stands in for it.
    async fn prepare_pack(&self, ctx: &Context<'_>, input: PickPackInput) -> Result<PackAnswer> {
        let ask = PickPack { pack: pack_id(&input.pack)?, places: input.places };
        changed(ctx, input.idempotency_key, Command::PreparePack(ask)).await
    }

    /// Puts in what a pack still needs, as where the stay was extended or something has come.
    async fn top_up_pack(&self, ctx: &Context<'_>, input: PickPackInput) -> Result<PackAnswer> {
        let ask = PickPack { pack: pack_id(&input.pack)?, places: input.places };
        changed(ctx, input.idempotency_key, Command::TopUpPack(ask)).await
    }

    /// The household gets its pack.
    async fn hand_over_pack(&self, ctx: &Context<'_>, input: PackInput) -> Result<PackAnswer> {
        let pack = pack_id(&input.pack)?;
        changed(ctx, input.idempotency_key, Command::HandOverPack { pack }).await
    }

    /// Puts back what was not opened.
    async fn put_back_from_pack(&self, ctx: &Context<'_>, input: PutBackFromPackInput) -> Result<PackAnswer> {
        let (pack, lines) = (pack_id(&input.pack)?, contents(&input.lines)?);
        let command = Command::PutBackFromPack(PutBackFromPack { pack, place: input.place, lines });
        changed(ctx, input.idempotency_key, command).await
    }

    /// Says that a pack is not needed: what was not opened goes back.
    async fn cancel_pack(&self, ctx: &Context<'_>, input: CancelPackInput) -> Result<PackAnswer> {
        let (pack, opened) = (pack_id(&input.pack)?, contents(&input.opened)?);
        let command = Command::CancelPack(CancelPack { pack, place: input.place, opened });
        changed(ctx, input.idempotency_key, command).await
    }

    /// Says what is known of whom a pack is for. Its list follows at once.
    async fn adapt_pack(&self, ctx: &Context<'_>, input: AdaptPackInput) -> Result<PackAnswer> {
        let ask = AdaptPack {
            pack: pack_id(&input.pack)?,
            ages: input.child_ages.map(Into::into),
            allergens: input.allergens.map(|marks| marks.into_iter().map(Into::into).collect()),
            diets: input.diets.map(|diets| diets.into_iter().map(Into::into).collect()),
            asked: input
                .asked
                .map(|asked| asked.into_iter().map(|asked| (asked.item, asked.quantity)).collect()),
        };
        changed(ctx, input.idempotency_key, Command::AdaptPack(ask)).await
    }
}

fn pack_id(id: &ID) -> Result<PackId> {
    Ok(PackId(ids::of_kind("Pack", id)?))
}

fn contents(lines: &[PackContentInput]) -> Result<Vec<LotInLineAsk>> {
    let one = |one: &PackContentInput| {
        let lot = LotId(ids::of_kind("Lot", &one.lot)?);
        Ok(LotInLineAsk { line: u32::try_from(one.line).unwrap_or(0), lot, quantity: one.quantity })
    };
    lines.iter().map(one).collect()
}

async fn changed(ctx: &Context<'_>, key: Option<String>, command: Command) -> Result<PackAnswer> {
    Ok(match run(ctx, key, command).await? {
        Ok(Outcome::Pack(pack)) => {
            let found = engine(ctx).pack(actor(ctx), pack.id).await.map_err(query_error)?;
            PackAnswer::Done(PackChanged { pack: found.ok_or_else(unexpected)?.into() })
        }
        Ok(_) => return Err(unexpected()),
        Err(refused) => PackAnswer::Refused(refused),
    })
}
