//! The statutory return: read from the stays, departures and referrals of a year; and its lines, which managers keep.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveTime;
use safespace_domain::{
    HouseholdId, Night, Nights, ReferralId, Refusal, StayId,
    access::{Actor, Permission},
    availability::Spaces,
    clock::{at_service_time, service_day},
    departures::{Departure, Support},
    nights::next,
    reasons::{DECLINES_COUNT_AS, ReasonKind},
    referrals::{Referral, ReferralState},
    statutory_return::{
        Afterwards, FinancialYear, Left, Records, Referred, Return, ReturnLine, Section, Stayed, Unplaced,
        Who, checked_lines, statutory_return,
    },
    stays::{Stay, StayState, StayStatus},
};
use safespace_store::{Page, StayFilter};
use serde::{Deserialize, Serialize};

use crate::{
    Engine, EngineError, Outcome, ReferralView,
    work::{Done, Work},
};

/// So many records are asked for at once.
const TOGETHER: usize = 5_000;

/// See [`crate::Command::SetReturnLines`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SetReturnLines {
    /// Of which section.
    pub section: Section,
    /// Its lines, in order; instead of those that it has.
    pub lines: Vec<ReturnLine>,
}

impl Engine {
    /// The return of a financial year, up to tonight while it runs. Cases that are closed to the actor are in none of the
    /// figures, the totals included.
    pub async fn statutory_return(&self, actor: &Actor, year: FinancialYear) -> Result<Return, EngineError> {
        self.must(actor, Permission::SeeStays)?;
        let (nights, today) = (year.nights(), self.today());
        if nights.arrival() > today {
            return Err(Refusal::bad("year", format!("The financial year {year} has not begun.")).into());
        }
        let spaces = self.spaces();
        let stays = self.stays_in(actor, nights, today).await?;
        let departures = self.departures_of_all(&stays).await?;
        let counted: Vec<Stayed> =
            stays.iter().map(|stay| stayed(&spaces, stay, departures.get(&stay.id), nights, today)).collect();
        let households: BTreeSet<HouseholdId> = stays.iter().map(|stay| stay.household).collect();
        let who = self.who(&households.into_iter().collect::<Vec<_>>()).await?;
        let referrals = self.unplaced_in(actor, &spaces, nights).await?;
        let records = Records { stays: &counted, who: &who, referrals: &referrals };
        Ok(statutory_return(year, &spaces.return_lines, records))
    }

    /// The stays that had somebody in residence on a night of the range, as far as the actor may see them.
    async fn stays_in(&self, actor: &Actor, range: Nights, today: Night) -> Result<Vec<Stay>, EngineError> {
        let filter = StayFilter {
            statuses: vec![StayStatus::InResidence, StayStatus::Departed],
            nights: Some(range),
            tonight: Some(today),
            ..StayFilter::default()
        };
        let mut all = Vec::new();
        let mut after = None;
        loop {
            let page = self.store.reader().stays(&filter, Page { after, limit: TOGETHER as u64 }).await?;
            after = page.last().map(|stay| stay.id);
            let last = page.len() < TOGETHER;
            all.extend(page.into_iter().filter(|stay| !self.is_closed_to(actor, stay.household)));
            if last {
                return Ok(all);
            }
        }
    }

    async fn departures_of_all(&self, stays: &[Stay]) -> Result<BTreeMap<StayId, Departure>, EngineError> {
        let ids: Vec<StayId> = stays.iter().map(|stay| stay.id).collect();
        let mut all = BTreeMap::new();
        for some in ids.chunks(TOGETHER) {
            let found = self.store.reader().departures(some).await?;
            all.extend(found.into_iter().map(|departure| (departure.stay, departure)));
        }
        Ok(all)
    }

    /// Who these households are. Nothing of one that came by no referral, or was erased.
    async fn who(&self, households: &[HouseholdId]) -> Result<BTreeMap<HouseholdId, Who>, EngineError> {
        let mut all = BTreeMap::new();
        for some in households.chunks(TOGETHER) {
            let known = self.store.reader().last_needs(some).await?;
            for household in known.referrals.keys() {
                let needs = self.needs_among(&known, *household)?;
                let (adults_by_sex, characteristics) = (needs.adults_by_sex, needs.characteristics);
                all.insert(*household, Who { adults_by_sex, characteristics });
            }
        }
        Ok(all)
    }

    async fn unplaced_in(
        &self,
        actor: &Actor,
        spaces: &Spaces,
        range: Nights,
    ) -> Result<Vec<Referred>, EngineError> {
        let [from, to] = [range.arrival(), range.departure()].map(|day| at_service_time(day, NaiveTime::MIN));
        let found = self.store.reader().unplaced_referrals(from, to).await?;
        let open = found.into_iter().map(|stored| stored.referral).filter(|it| self.is_open(actor, it));
        Ok(open.filter_map(|referral| referred(spaces, &referral)).collect())
    }

    /// These referrals, for the team, in no order. Those that are about cases closed to the actor are left out.
    pub async fn referrals_by_id(
        &self,
        actor: &Actor,
        ids: &[ReferralId],
    ) -> Result<Vec<ReferralView>, EngineError> {
        self.must(actor, Permission::AnswerReferrals)?;
        let found = self.store.reader().referrals_by_id(ids).await?;
        Ok(found.into_iter().filter(|it| self.is_open(actor, &it.referral)).map(ReferralView::from).collect())
    }

    pub(crate) async fn set_return_lines(&self, work: &mut Work, ask: SetReturnLines) -> Done<Outcome> {
        let lines = checked_lines(ask.section, ask.lines)?;
        for code in lines.iter().flat_map(|line| &line.counts) {
            must_be_known(&work.spaces, ask.section, code)?;
        }
        work.tx.save_return_lines(ask.section, &lines).await?;
        work.change_spaces();
        work.audit(None, &[], &lines);
        Ok(Outcome::ReturnLines(lines))
    }
}

/// Refused where the service has no such code to count.
fn must_be_known(spaces: &Spaces, section: Section, code: &str) -> Result<(), Refusal> {
    match section {
        Section::Supported => spaces.accommodation_kind(code, "counts").map(drop),
        Section::Characteristic => spaces.reason(ReasonKind::Characteristic, code, "counts").map(drop),
        Section::Ending => spaces.reason(ReasonKind::Destination, code, "counts").map(drop),
        Section::NotSupported if DECLINES_COUNT_AS.contains(&code) => Ok(()),
        Section::NotSupported | Section::WithoutStay | Section::Afterwards => Err(Refusal::bad(
            "counts",
            format!("No reason for declining counts as {code:?}. Known: {}.", DECLINES_COUNT_AS.join(", ")),
        )),
    }
}

fn stayed(spaces: &Spaces, stay: &Stay, departure: Option<&Departure>, year: Nights, today: Night) -> Stayed {
    let property = spaces.unit_by_id(stay.unit).and_then(|unit| spaces.property_of(unit));
    let kept = stay.kept(today);
    let left = match stay.state {
        StayState::Departed { moved_to: None, .. } => Some(Left {
            destination: departure.map(|departure| departure.destination.clone()),
            afterwards: departure
                .map_or(Afterwards::NotRecorded, |departure| afterwards(departure.support, year.departure())),
        }),
        _ => None,
    };
    Stayed {
        household: stay.household,
        kind: property.map(|property| spaces.kind_of(property).to_owned()).unwrap_or_default(),
        people: stay.people,
        nights: kept.intersection(Nights::between(kept.arrival(), next(today))),
        left,
    }
}

/// Support as it stood when the year ended.
fn afterwards(support: Support, end: Night) -> Afterwards {
    match support {
        Support::NotSaid => Afterwards::NotRecorded,
        Support::NotWanted => Afterwards::NotWanted,
        Support::Ended { at } if service_day(at) < end => Afterwards::Ended,
        Support::GoesOn | Support::Ended { .. } => Afterwards::GoesOn,
    }
}

/// A referral that led to no stay. None for any other.
fn referred(spaces: &Spaces, referral: &Referral) -> Option<Referred> {
    let (at, how) = match &referral.state {
        ReferralState::Declined { at, reason, .. } => {
            let on_the_list = spaces.reason(ReasonKind::Decline, reason, "reason").ok();
            let counts_as = on_the_list.and_then(|reason| reason.counts_as.clone());
            (*at, Unplaced::Declined { counts_as: counts_as.unwrap_or_else(|| reason.clone()) })
        }
        ReferralState::Withdrawn { at, .. } => (*at, Unplaced::Withdrawn),
        ReferralState::Closed { placed: None, closed_at, .. } => (*closed_at, Unplaced::Closed),
        _ => return None,
    };
    let people = referral.facts.people;
    Some(Referred { referral: referral.id, on: service_day(at), people, how })
}
