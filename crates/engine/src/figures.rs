//! Figures: what reports are made of, counted from the records. Cases that are closed to the actor are in none of them,
//! and look in those of homes like what they look like everywhere else.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveTime, Utc};
use safespace_domain::{
    HouseholdId, Nights, PackId, ReferralId, Refusal, StayId, SupportSessionId,
    access::{Actor, Permission},
    availability::Spaces,
    clock::at_service_time,
    costs::{Cost, Stayed},
    departure_changes::DepartureChange,
    departures::Departure,
    disclosure::RoomAnswer,
    figures::{Counted, Figures, Line, Record, Section, beside},
    flow::{self, Asked, Demand, NoRoom},
    group_offers::GroupAttendance,
    needs::Needs,
    nights::{earlier, later},
    occupancy::{GroupKind, OccupancyRow},
    packs::Pack,
    people_figures::{self, Described, PeopleRecords},
    periods::{PeriodKind, same_part},
    provision_figures::{self, ProvisionRecords},
    reasons::ReasonKind,
    referrals::Referral,
    stay_figures::{self, LONGEST_GAP, StayRecords},
    stays::Stay,
    support::SupportSession,
    voids::Void,
};
use safespace_store::{Page, StayFilter, VoidFilter};
use uuid::Uuid;

use crate::{Engine, EngineError};

/// So many records are read at once.
const TOGETHER: u64 = 5_000;
/// So many records are asked for by their ids at once.
const BY_ID: usize = 5_000;
/// The most periods that figures are told of at once.
const MOST_PERIODS: usize = 62;
/// The longest range, in nights: ten years.
const LONGEST_RANGE: u32 = 3_653;
/// By what the figures of homes are grouped.
const HOMES_BY: [(GroupKind, &str); 2] = [(GroupKind::Scheme, "scheme"), (GroupKind::District, "district")];

/// Which figures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FiguresAsk {
    /// Of which days and nights.
    pub range: Nights,
    /// How the range is cut into periods.
    pub by: PeriodKind,
    /// Which sections; all where none is named.
    pub sections: Vec<Section>,
}

/// The periods that figures are told of: one, that before it, and the same a year before.
struct Told {
    label: String,
    period: Nights,
    before: Nights,
    a_year_before: Nights,
}

impl Told {
    fn all(&self) -> [Nights; 3] {
        [self.period, self.before, self.a_year_before]
    }
}

/// The records that the figures of some periods are counted from.
#[derive(Default)]
struct Records {
    referrals: Vec<Referral>,
    questions: Vec<Asked>,
    stays: Vec<Stay>,
    departures: Vec<Departure>,
    changes: Vec<DepartureChange>,
    exceptions: Vec<(StayId, DateTime<Utc>)>,
    voids: Vec<Void>,
    described: BTreeMap<HouseholdId, Described>,
    issued: Vec<Cost>,
    stayed: Vec<Stayed>,
    packs: Vec<Pack>,
    sessions: Vec<SupportSession>,
    attendance: Vec<GroupAttendance>,
    categories: Vec<String>,
}

impl Engine {
    /// The figures of every period in the range, each beside those of the period before and of the same a year before.
    pub async fn figures(&self, actor: &Actor, ask: &FiguresAsk) -> Result<Vec<Line>, EngineError> {
        self.must(actor, Permission::SeeReports)?;
        let periods = periods(ask)?;
        let (Some(from), Some(to)) = (
            periods.iter().flat_map(|told| told.all().map(Nights::arrival)).min(),
            periods.iter().flat_map(|told| told.all().map(Nights::departure)).max(),
        ) else {
            return Ok(Vec::new());
        };
        let has = |section: Section| ask.sections.is_empty() || ask.sections.contains(&section);
        let records = self.records(actor, Nights::between(from, to), &has).await?;
        let spaces = self.spaces();
        let mut lines = Vec::new();
        for told in &periods {
            let mut figures = Vec::with_capacity(3);
            for period in told.all() {
                figures.push(self.of_period(actor, &records, &spaces, period, &has).await?);
            }
            let (a_year_before, before) =
                (figures.pop().unwrap_or_default(), figures.pop().unwrap_or_default());
            lines.extend(beside(&told.label, figures.pop().unwrap_or_default(), before, a_year_before));
        }
        Ok(lines)
    }

    /// The figures of one period.
    async fn of_period(
        &self,
        actor: &Actor,
        records: &Records,
        spaces: &Spaces,
        period: Nights,
        has: &impl Fn(Section) -> bool,
    ) -> Result<Figures, EngineError> {
        let mut figures = Figures::default();
        if period.is_empty() {
            return Ok(figures);
        }
        let today = self.today();
        let scheme = |unit| spaces.unit_by_id(unit).map(|unit| spaces.policy_of(unit).scheme);
        let row = self.occupancy_row(actor, period).await?;
        if has(Section::Occupancy) {
            let mut groups = Vec::new();
            for (kind, by) in HOMES_BY {
                groups.push((by, self.occupancy(actor, period, PeriodKind::Whole, Some(kind)).await?));
            }
            figures.occupancy(&row, &groups);
        }
        if has(Section::Flow) {
            let districts: Vec<String> = spaces.districts.keys().cloned().collect();
            let demand = Demand {
                referrals: &records.referrals,
                questions: &records.questions,
                districts: &districts,
                standards: &spaces.standards,
            };
            flow::flow(&mut figures, &demand, period, &|code| counts_as(spaces, code));
        }
        if has(Section::Stays) {
            let records = StayRecords {
                stays: &records.stays,
                departures: &records.departures,
                changes: &records.changes,
                exceptions: &records.exceptions,
                voids: &records.voids,
                void_reasons: &spaces.void_reasons.keys().cloned().collect::<Vec<_>>(),
                destinations: &codes_of(spaces, ReasonKind::Destination),
                scheme: &scheme,
                today,
            };
            stay_figures::stays(&mut figures, &records, period, row.available_nights);
        }
        if has(Section::People) {
            let (stays, described) = (&records.stays, &records.described);
            let characteristics = &codes_of(spaces, ReasonKind::Characteristic);
            let records = PeopleRecords { stays, described, characteristics, scheme: &scheme, today };
            people_figures::people(&mut figures, &records, period);
        }
        if has(Section::Provision) {
            let records = ProvisionRecords {
                issued: &records.issued,
                stayed: &records.stayed,
                packs: &records.packs,
                sessions: &records.sessions,
                attendance: &records.attendance,
                categories: &records.categories,
                offers: &codes_of(spaces, ReasonKind::GroupOffer),
            };
            provision_figures::provision(&mut figures, &records, period);
        }
        Ok(figures)
    }

    /// How full the homes were in a period, as one row.
    async fn occupancy_row(&self, actor: &Actor, period: Nights) -> Result<OccupancyRow, EngineError> {
        let rows = self.occupancy(actor, period, PeriodKind::Whole, None).await?;
        Ok(rows.into_iter().next().unwrap_or_default())
    }

    /// Reads what the figures of these sections are counted from.
    async fn records(
        &self,
        actor: &Actor,
        span: Nights,
        has: &impl Fn(Section) -> bool,
    ) -> Result<Records, EngineError> {
        let reader = self.store.reader();
        let closed = self.closed_to(actor).await?;
        let but: Vec<HouseholdId> = closed.households().iter().copied().collect();
        let [from, to] = [span.arrival(), span.departure()].map(|day| at_service_time(day, NaiveTime::MIN));
        let open = |household: HouseholdId| !self.is_closed_to(actor, household);
        let mut records = Records::default();
        if has(Section::Flow) {
            records.referrals = reader.referrals_received(from, to, &but).await?;
            records.questions = self.questions_on(span).await?;
        }
        if has(Section::Stays) || has(Section::People) {
            records.stays = self.stays_around(actor, span).await?;
        }
        if has(Section::Stays) {
            let known: BTreeSet<StayId> = records.stays.iter().map(|stay| stay.id).collect();
            let ids: Vec<StayId> = known.iter().copied().collect();
            records.departures = self.departures_among(&ids).await?;
            records.changes = reader.departure_changes_made(from..to).await?;
            records.changes.retain(|change| known.contains(&change.stay));
            records.exceptions = reader.exceptions_granted(from, to).await?;
            records.exceptions.retain(|(stay, _)| known.contains(stay));
            records.voids = self.voids_around(actor, span).await?;
        }
        if has(Section::People) {
            records.described = self.described(&records.stays).await?;
        }
        if has(Section::Provision) {
            (records.issued, records.stayed) = self.issued(actor, span).await?;
            let packs = reader.packs_handed_over(from, to).await?.into_iter().map(|stored| stored.pack);
            records.packs = packs.filter(|pack| open(pack.household)).collect();
            let sessions = reader.support_sessions_between(from, to).await?;
            let sessions = sessions.into_iter().map(|stored| stored.session);
            records.sessions = sessions.filter(|session| open(session.household)).collect();
            records.attendance = reader.group_attendance(span).await?;
            let categories = reader.item_categories().await?;
            records.categories = categories.into_iter().map(|category| category.code).collect();
        }
        Ok(records)
    }

    /// The stays with a night in the span, those of a year before it in whose homes they may have followed, and all of the
    /// same households.
    pub(crate) async fn stays_around(&self, actor: &Actor, span: Nights) -> Result<Vec<Stay>, EngineError> {
        let from = earlier(span.arrival(), LONGEST_GAP + 1);
        let filter = StayFilter {
            nights: Some(Nights::between(from, later(span.departure(), 1))),
            ..StayFilter::default()
        };
        let mut all: BTreeMap<StayId, Stay> = BTreeMap::new();
        let mut after = None;
        loop {
            let page = self.stays(actor, &filter, Page { after, limit: TOGETHER }).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            all.extend(page.into_iter().map(|stay| (stay.id, stay)));
        }
        let households: BTreeSet<HouseholdId> = all.values().map(|stay| stay.household).collect();
        let households: Vec<HouseholdId> = households.into_iter().collect();
        for some in households.chunks(BY_ID) {
            let theirs = self.store.reader().whole_stays_of(some).await?;
            all.extend(theirs.into_iter().map(|stay| (stay.id, stay)));
        }
        Ok(all.into_values().collect())
    }

    async fn departures_among(&self, stays: &[StayId]) -> Result<Vec<Departure>, EngineError> {
        let mut all = Vec::new();
        for some in stays.chunks(BY_ID) {
            all.extend(self.store.reader().departures(some).await?);
        }
        Ok(all)
    }

    async fn voids_around(&self, actor: &Actor, span: Nights) -> Result<Vec<Void>, EngineError> {
        let from = earlier(span.arrival(), LONGEST_GAP + 1);
        let nights = Some(Nights::between(from, span.departure()));
        let filter = VoidFilter { nights, ..VoidFilter::default() };
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let page = self.voids(actor, &filter, Page { after, limit: TOGETHER }).await?;
            let Some(last) = page.last() else { return Ok(all) };
            after = Some(last.void.id);
            all.extend(page.into_iter().map(|view| view.void));
        }
    }

    /// The questions that partner councils asked on these days.
    async fn questions_on(&self, days: Nights) -> Result<Vec<Asked>, EngineError> {
        let (mut all, mut after): (_, Option<Uuid>) = (Vec::new(), None);
        loop {
            let page = self.store.reader().questions(Some(days), Page { after, limit: TOGETHER }).await?;
            let Some(last) = page.last() else { return Ok(all) };
            after = Some(last.id);
            all.extend(page.iter().map(|question| Asked {
                id: question.id,
                day: question.day,
                no_room: match (question.answer, question.referral) {
                    (RoomAnswer::None, None) => NoRoom::NothingFollowed,
                    (RoomAnswer::None, Some(_)) => NoRoom::Referred,
                    _ => NoRoom::There,
                },
            }));
        }
    }

    /// What is known of the households of these stays besides how many they are.
    async fn described(&self, stays: &[Stay]) -> Result<BTreeMap<HouseholdId, Described>, EngineError> {
        let households: BTreeSet<HouseholdId> = stays.iter().map(|stay| stay.household).collect();
        let households: Vec<HouseholdId> = households.into_iter().collect();
        let mut described = BTreeMap::new();
        for some in households.chunks(BY_ID) {
            let known = self.store.reader().last_needs(some).await?;
            for (household, stored) in &known.referrals {
                let needs = self.needs_among(&known, *household)?;
                let need = Some(stored.referral.facts.kind);
                let Needs { child_ages, adults_by_sex, characteristics, .. } = needs;
                let of = Described { need, child_ages, adults_by_sex, characteristics };
                described.insert(*household, of);
            }
        }
        Ok(described)
    }
}

/// What a reason for declining counts as nationally; itself where it counts as nothing else.
pub(crate) fn counts_as(spaces: &Spaces, code: &str) -> String {
    let reason = spaces.reason(ReasonKind::Decline, code, "reason").ok();
    reason.and_then(|reason| reason.counts_as.clone()).unwrap_or_else(|| code.to_owned())
}

fn codes_of(spaces: &Spaces, kind: ReasonKind) -> Vec<String> {
    let of_kind = spaces.reasons.iter().filter(|reason| reason.kind == kind);
    of_kind.map(|reason| reason.code.clone()).collect()
}

/// The periods of a range, as far as they are in it, with those that they are told beside.
fn periods(ask: &FiguresAsk) -> Result<Vec<Told>, Refusal> {
    if ask.range.is_empty() || ask.range.len() > LONGEST_RANGE {
        return Err(Refusal::bad("to", format!("The range has 1 to {LONGEST_RANGE} nights.")));
    }
    // A whole range that is a month, say, is compared as one.
    let kind = if ask.by == PeriodKind::Whole { PeriodKind::of(ask.range) } else { ask.by };
    let mut told: Vec<Told> = Vec::new();
    let mut first = ask.range.arrival();
    while first < ask.range.departure() {
        let whole = kind.nights(first, ask.range);
        let period = whole.intersection(ask.range);
        told.push(Told {
            label: if ask.by == PeriodKind::Whole { ask.range.to_string() } else { kind.label(first) },
            period,
            before: same_part(period, whole, kind.before(whole)),
            a_year_before: same_part(period, whole, kind.a_year_before(whole)),
        });
        if told.len() > MOST_PERIODS {
            let message =
                format!("That is more than {MOST_PERIODS} periods: choose longer ones, or a shorter range.");
            return Err(Refusal::bad("by", message));
        }
        first = period.departure();
    }
    Ok(told)
}

/// A record that a figure was counted from, as people know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traced {
    /// The record, and as how many it counts.
    pub counted: Counted,
    /// The reference of the referral or of the household whose it is, or the code of the unit; none of a question.
    pub reference: Option<String>,
}

impl Engine {
    /// The records that a figure was counted from, as people know them. Those that are there no more, and those of cases that
    /// are closed to the actor, are left out.
    pub async fn traced(&self, actor: &Actor, of: &[Counted]) -> Result<Vec<Traced>, EngineError> {
        self.must(actor, Permission::SeeReports)?;
        let mut references = BTreeMap::new();
        for some in of.chunks(BY_ID) {
            references.extend(self.references(actor, some).await?);
        }
        let traced = of.iter().filter_map(|counted| {
            let reference = match counted.record {
                Record::Question(_) => None,
                record => Some(references.get(&record)?.clone()),
            };
            Some(Traced { counted: *counted, reference })
        });
        Ok(traced.collect())
    }

    /// How people know these records.
    async fn references(
        &self,
        actor: &Actor,
        of: &[Counted],
    ) -> Result<BTreeMap<Record, String>, EngineError> {
        let (reader, spaces) = (self.store.reader(), self.spaces());
        let ids = Ids::of(of);
        let mut owners: BTreeMap<Record, HouseholdId> =
            ids.households.iter().map(|id| (Record::Household(*id), *id)).collect();
        let stays = reader.stays_by_id(&ids.stays).await?;
        owners.extend(stays.into_iter().map(|stay| (Record::Stay(stay.id), stay.household)));
        let packs = reader.packs_by_id(&ids.packs).await?.into_iter().map(|stored| stored.pack);
        owners.extend(packs.map(|pack| (Record::Pack(pack.id), pack.household)));
        let sessions = reader.support_sessions_by_id(&ids.sessions).await?;
        let sessions = sessions.into_iter().map(|stored| stored.session);
        owners.extend(sessions.map(|session| (Record::Session(session.id), session.household)));
        let households: BTreeSet<HouseholdId> = owners.values().copied().collect();
        let households: Vec<HouseholdId> = households.into_iter().collect();
        let named = self.households(actor, &households).await?;
        let named: BTreeMap<HouseholdId, String> =
            named.into_iter().map(|household| (household.id, household.reference)).collect();
        let owned =
            owners.into_iter().filter_map(|(record, owner)| Some((record, named.get(&owner)?.clone())));
        let mut references: BTreeMap<Record, String> = owned.collect();
        let referrals = reader.referrals_by_id(&ids.referrals).await?.into_iter();
        let referrals = referrals.map(|stored| stored.referral).filter(|referral| {
            referral.household().is_none_or(|household| !self.is_closed_to(actor, household))
        });
        references.extend(referrals.map(|referral| (Record::Referral(referral.id), referral.reference)));
        for stored in reader.voids_by_id(&ids.voids).await? {
            let unit = spaces.unit_by_id(stored.void.unit);
            references.extend(unit.map(|unit| (Record::Void(stored.void.id), unit.code.clone())));
        }
        Ok(references)
    }
}

/// The ids of records, by kind.
#[derive(Default)]
struct Ids {
    referrals: Vec<ReferralId>,
    stays: Vec<Uuid>,
    households: Vec<HouseholdId>,
    voids: Vec<Uuid>,
    sessions: Vec<SupportSessionId>,
    packs: Vec<PackId>,
}

impl Ids {
    fn of(counted: &[Counted]) -> Self {
        let mut ids = Self::default();
        for counted in counted {
            match counted.record {
                Record::Referral(id) => ids.referrals.push(id),
                Record::Stay(id) => ids.stays.push(id.0),
                Record::Household(id) => ids.households.push(id),
                Record::Void(id) => ids.voids.push(id.0),
                Record::Session(id) => ids.sessions.push(id),
                Record::Pack(id) => ids.packs.push(id),
                Record::Question(_) => {}
            }
        }
        ids
    }
}
