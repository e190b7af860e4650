//! `stays.csv`: what really happened, and what is booked.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use chrono::NaiveTime;
use csv::StringRecord;
use safespace_domain::{
    HouseholdId, Nights, StayId,
    availability::{Ask, exclusions, offers},
    calendar::UnitNo,
    codes,
    exceptions::unbroken_nights,
    households::Household,
    nights::later,
    stays::{Stay, StayState, StayStatus},
    units::{Scheme, Unit},
};
use safespace_store::{Page, StayFilter, StoredStay};

use super::{
    Import, Planned, ROWS_TOGETHER, Whereabouts,
    rows::{PastStay, Row},
};
use crate::EngineError;

/// So many names are asked for at once.
const NAMES_TOGETHER: usize = 5_000;
/// So many stays in residence are read at once.
const RESIDENTS_A_PAGE: u64 = 1_000;

/// A row in order, with what identifies it.
type Named = (u64, StringRecord, PastStay, String);

impl Import<'_> {
    pub(super) async fn stays(
        &mut self,
        rows: Vec<Row<PastStay>>,
        progress: &mut (dyn FnMut(usize) + Send),
    ) -> Result<(), EngineError> {
        let mut ordered: Vec<Named> = Vec::with_capacity(rows.len());
        for Row { line, cells, says } in rows {
            match says {
                Ok(stay) => ordered.push((line, cells, stay.clone(), name(&stay))),
                Err(why) => self.refuse("stays", line, cells, why),
            }
        }
        ordered.sort_by(|(_, _, a, _), (_, _, b, _)| {
            let key = |stay: &PastStay| (stay.arrival, stay.departure.unwrap_or_else(Self::last_night));
            key(a).cmp(&key(b)).then_with(|| a.reference.cmp(&b.reference))
        });
        if let (Some((_, _, first, _)), Some(last)) = (
            ordered.first(),
            ordered.iter().map(|(_, _, stay, _)| stay.departure.unwrap_or(stay.arrival)).max(),
        ) {
            self.reach(Nights::between(first.arrival, last));
        }
        self.know_residents().await?;
        let mut there = HashSet::new();
        let mut done = 0;
        for chunk in ordered.chunks(ROWS_TOGETHER) {
            if done % NAMES_TOGETHER == 0 {
                self.look_up(ordered.get(done..).unwrap_or_default(), &mut there).await?;
            }
            let mut planned = Vec::with_capacity(chunk.len());
            for (line, cells, row, name) in chunk {
                if !there.insert(name.clone()) {
                    self.report.unchanged += 1;
                    continue;
                }
                match self.plan_stay(*line, cells, row, name).await? {
                    Ok(stay) => planned.push(stay),
                    Err(why) => self.refuse("stays", *line, cells.clone(), why),
                }
            }
            self.write(planned).await?;
            done += chunk.len();
            progress(done);
        }
        Ok(())
    }

    /// Asks who is in residence already.
    async fn know_residents(&mut self) -> Result<(), EngineError> {
        let filter = StayFilter { statuses: vec![StayStatus::InResidence], ..StayFilter::default() };
        let mut after = None;
        loop {
            let page = Page { after, limit: RESIDENTS_A_PAGE };
            let stays = self.engine.store.reader().stays(&filter, page).await?;
            self.residents.extend(stays.iter().map(|stay| (stay.unit, stay.household)));
            after = stays.last().map(|stay| stay.id);
            if (stays.len() as u64) < RESIDENTS_A_PAGE {
                return Ok(());
            }
        }
    }

    /// Two households can't be in a home, nor one in two, also where one was to have left by today.
    fn must_be_alone(&self, household: HouseholdId, unit: &Unit) -> Result<(), String> {
        if self.residents.contains_key(&unit.id) {
            return Err(format!("another stay is in residence in {}, and has not departed", unit.code));
        }
        match self.residents.iter().find(|(_, resident)| **resident == household) {
            None => Ok(()),
            Some((elsewhere, _)) => {
                let code =
                    self.spaces.unit_by_id(*elsewhere).map_or("another unit", |unit| unit.code.as_str());
                Err(format!("the household is in residence in {code}, and has not departed"))
            }
        }
    }

    /// Asks which of the next rows are there already, and which households.
    async fn look_up(&mut self, rows: &[Named], there: &mut HashSet<String>) -> Result<(), EngineError> {
        let next: Vec<&Named> = rows.iter().take(NAMES_TOGETHER).collect();
        let names: Vec<String> = next.iter().map(|(.., name)| name.clone()).collect();
        there.extend(self.engine.store.reader().imported(&names).await?);
        let references: Vec<String> = next
            .iter()
            .filter(|(_, _, row, name)| {
                !there.contains(name) && !self.households.contains_key(&codes::key(&row.reference))
            })
            .map(|(_, _, row, _)| row.reference.clone())
            .collect();
        for household in self.engine.store.reader().households_by_reference(&references).await? {
            self.written.insert(household.id);
            self.households.insert(codes::key(&household.reference), household.id);
        }
        Ok(())
    }

    async fn plan_stay(
        &mut self,
        line: u64,
        cells: &StringRecord,
        row: &PastStay,
        name: &str,
    ) -> Result<Result<Planned, String>, EngineError> {
        let household = self.household(&row.reference).await?;
        Ok(self.plan(household, row).map(|(stay, entries, flagged)| {
            self.take(&entries);
            let detail = serde_json::json!({ "status": row.status, "nights": stay.nights });
            let mut record = self.record("import_stay", stay.id.0, &detail);
            record.case = Some(stay.household);
            record.units = if entries.is_empty() { Vec::new() } else { vec![stay.unit] };
            Planned {
                file: "stays",
                line,
                cells: cells.clone(),
                household: Some(Household {
                    id: household,
                    reference: row.reference.clone(),
                    has_details: false,
                }),
                stay: Some(StoredStay { stay, imported_as: Some(name.to_owned()) }),
                void: None,
                referral: None,
                entries,
                record,
                flagged,
            }
        }))
    }

    /// The household with this reference, and where it has been.
    async fn household(&mut self, reference: &str) -> Result<HouseholdId, EngineError> {
        if let Some(known) = self.households.get(&codes::key(reference)).copied() {
            if self.written.contains(&known) && !self.whereabouts.contains_key(&known) {
                let stays = self.engine.store.reader().stays_of_household(known).await?;
                let been = stays.iter().filter_map(|stay| self.whereabouts_of(stay)).collect();
                self.whereabouts.insert(known, been);
            }
            return Ok(known);
        }
        let id = HouseholdId(self.engine.ids.next());
        self.households.insert(codes::key(reference), id);
        Ok(id)
    }

    fn whereabouts_of(&self, stay: &Stay) -> Option<Whereabouts> {
        let unit = self.spaces.no(stay.unit)?;
        let scheme = self.spaces.policy_of(self.spaces.unit(unit)?).scheme;
        Some(Whereabouts { nights: stay.kept(self.today), scheme, unit })
    }

    /// The stay that the row tells of, what it takes, and whether it is longer than the policy allows.
    fn plan(
        &mut self,
        household: HouseholdId,
        row: &PastStay,
    ) -> Result<(Stay, Vec<safespace_domain::ledger::Entry>, bool), String> {
        self.must_be_possible(row)?;
        let spaces = Arc::clone(&self.spaces);
        let scheme = self.scheme(row)?;
        let policy = spaces.policy(scheme);
        let departure = row.departure.unwrap_or_else(|| later(row.arrival, policy.longest_stay_nights));
        let nights = Nights::new(row.arrival, departure).map_err(|refusal| refusal.message)?;
        let mut stay = Stay {
            id: StayId(self.engine.ids.next()),
            household,
            unit: safespace_domain::UnitId(uuid::Uuid::nil()),
            people: row.people,
            planned: nights,
            nights,
            state: state(row.status),
            moved_from: None,
            booked_at: row.booked_on.unwrap_or(row.arrival).and_time(NaiveTime::MIN).and_utc(),
            over_limit: false,
        };
        let kept = stay.kept(self.today);
        let takes = row.status.takes_nights();
        if takes {
            self.must_not_be_elsewhere(household, kept)?;
        }
        let (no, unit) = self.unit_for(row, scheme, kept, takes)?;
        stay.unit = unit.id;
        if row.status == StayStatus::InResidence {
            self.must_be_alone(household, &unit)?;
            self.residents.insert(unit.id, household);
        }
        // What is over was not kept apart from what came next: turnaround is for what is still to come.
        let turnaround = if row.status == StayStatus::Departed { 0 } else { policy.turnaround_nights };
        let entries = stay.entries(self.today, turnaround);
        let been = self.whereabouts.entry(household).or_default();
        let others: Vec<Nights> =
            been.iter().filter(|other| other.scheme == scheme).map(|other| other.nights).collect();
        stay.over_limit = takes && unbroken_nights(kept, &others) > policy.longest_stay_nights;
        if takes {
            been.push(Whereabouts { nights: kept, scheme, unit: no });
        }
        let flagged = stay.over_limit;
        Ok((stay, entries, flagged))
    }

    fn must_be_possible(&self, row: &PastStay) -> Result<(), String> {
        let begun = matches!(row.status, StayStatus::InResidence | StayStatus::Departed);
        if begun && row.arrival > self.today {
            return Err(format!(
                "arrival, {}, is still to come, so the stay can't be {}",
                row.arrival,
                row.status.words()
            ));
        }
        if let Some(booked_on) = row.booked_on.filter(|booked_on| *booked_on > self.today) {
            return Err(format!("booked_on, {booked_on}, is still to come"));
        }
        match row.departure {
            Some(departure) if row.status == StayStatus::Departed && departure > self.today => {
                Err(format!("departure, {departure}, is still to come, so the stay can't be departed"))
            }
            _ => Ok(()),
        }
    }

    fn scheme(&self, row: &PastStay) -> Result<Scheme, String> {
        if let Some(code) = &row.unit {
            let unit = self.spaces.unit_by_code(code).ok_or_else(|| format!("there is no unit {code}"))?;
            let property = self.spaces.property_of(unit).ok_or_else(|| format!("there is no unit {code}"))?;
            return match &row.property {
                Some(other) if !property.code.eq_ignore_ascii_case(other) => {
                    Err(format!("{code} is not in {other} but in {}", property.code))
                }
                _ => Ok(property.scheme),
            };
        }
        match &row.property {
            None => Ok(Scheme::SafeSpace),
            Some(code) => match self.spaces.property_by_code(code) {
                Some(property) => Ok(property.scheme),
                None => Err(format!("there is no property {code}")),
            },
        }
    }

    fn must_not_be_elsewhere(&self, household: HouseholdId, nights: Nights) -> Result<(), String> {
        let been = self.whereabouts.get(&household).map(Vec::as_slice).unwrap_or_default();
        match been.iter().find(|other| other.nights.overlaps(nights)) {
            None => Ok(()),
            Some(other) => {
                let code = self.spaces.unit(other.unit).map_or("another unit", |unit| unit.code.as_str());
                Err(format!("the household is in {code}, {}, already", other.nights))
            }
        }
    }

    /// The unit that the row names, or the best fit. A stay that takes no nights gets any unit that would do.
    fn unit_for(
        &self,
        row: &PastStay,
        scheme: Scheme,
        nights: Nights,
        takes: bool,
    ) -> Result<(UnitNo, Unit), String> {
        let found = |no: UnitNo| {
            let unit = self.spaces.unit(no).cloned().ok_or_else(|| "there is no such unit".to_owned())?;
            Ok::<_, String>((no, unit))
        };
        if let Some(code) = &row.unit {
            let unit = self.spaces.unit_by_code(code).ok_or_else(|| format!("there is no unit {code}"))?;
            let no = self.spaces.no(unit.id).ok_or_else(|| format!("there is no unit {code}"))?;
            if takes {
                unit.must_serve(nights).map_err(|refusal| refusal.message)?;
                if let Some(why) = self.in_the_way(no, nights) {
                    return Err(why);
                }
            }
            return found(no);
        }
        let property = row
            .property
            .as_ref()
            .and_then(|code| self.spaces.property_by_code(code))
            .map(|property| property.id);
        let ask = Ask { property, ..Ask::plain(nights, row.people, scheme) };
        if let Some((no, _)) = offers(&self.calendar, &self.spaces, &ask).first() {
            return found(*no);
        }
        if !takes {
            let units = self.spaces.units().iter().enumerate();
            let any = units
                .filter(|(_, unit)| self.spaces.policy_of(unit).scheme == scheme)
                .find(|(_, unit)| property.is_none_or(|property| unit.property == property));
            return any.map(|(no, unit)| (no, unit.clone())).ok_or_else(|| "there is no unit".to_owned());
        }
        Err(self.why_none(&ask))
    }

    /// Why no unit can be had, counted by reason.
    fn why_none(&self, ask: &Ask) -> String {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for (_, reasons) in exclusions(&self.calendar, &self.spaces, ask) {
            if let Some(reason) = reasons.first() {
                *counts.entry(reason.code()).or_default() += 1;
            }
        }
        let told: Vec<String> =
            counts.iter().map(|(code, n)| format!("{n} {}", code.to_lowercase().replace('_', " "))).collect();
        format!("no unit is free and fit, {}: {}", ask.nights, told.join(", "))
    }
}

/// What identifies a row: the same again is there already.
fn name(stay: &PastStay) -> String {
    let departure = stay.departure.map(|date| date.to_string()).unwrap_or_default();
    format!("{}|{}|{departure}|{}", stay.reference, stay.arrival, stay.status)
}

/// The state of a past stay: a file of days has no instants.
const fn state(status: StayStatus) -> StayState {
    match status {
        StayStatus::Booked => StayState::Booked,
        StayStatus::InResidence => StayState::InResidence { arrived_at: None },
        StayStatus::Departed => StayState::Departed { arrived_at: None, departed_at: None, moved_to: None },
        StayStatus::Cancelled => StayState::Cancelled { at: None },
        StayStatus::NoShow => StayState::NoShow { at: None },
    }
}
