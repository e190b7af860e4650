//! `referrals.csv`: requests for help of the past, or that wait now. After the stays, from which follows what became of
//! those that were accepted.

use std::collections::{BTreeSet, HashMap, HashSet};

use csv::StringRecord;
use safespace_domain::{
    HouseholdId, ReferralId, codes,
    households::Household,
    reasons::ReasonKind,
    referrals::{Referral, ReferralState, ReferralStatus},
    stays::Stay,
};
use safespace_store::{SealedWords, StoredReferral};

use super::{
    Import, Planned, ROWS_TOGETHER, UnsealedReferral,
    rows::{PastReferral, Row},
};
use crate::{EngineError, referrals::checked};

/// A row in order.
type Numbered = (u64, StringRecord, PastReferral);

impl Import<'_> {
    pub(super) async fn referrals(
        &mut self,
        rows: Vec<Row<PastReferral>>,
        progress: &mut (dyn FnMut(usize) + Send),
    ) -> Result<(), EngineError> {
        let mut ordered: Vec<Numbered> = Vec::with_capacity(rows.len());
        for Row { line, cells, says } in rows {
            match says {
                Ok(referral) => ordered.push((line, cells, referral)),
                Err(why) => self.refuse("referrals", line, cells, why),
            }
        }
        ordered.sort_by(|(.., a), (.., b)| (a.received_at, &a.reference).cmp(&(b.received_at, &b.reference)));
        let mut seen: HashSet<String> = HashSet::new();
        let mut done = 0;
        for chunk in ordered.chunks(ROWS_TOGETHER) {
            let there = self.referrals_there(chunk).await?;
            let stays = self.know_households(chunk).await?;
            let mut planned = Vec::with_capacity(chunk.len());
            for (line, cells, row) in chunk {
                let key = codes::key(&row.reference);
                if there.contains(&key) || !seen.insert(key) {
                    self.report.unchanged += 1;
                    continue;
                }
                match self.plan_referral(row, &stays) {
                    Ok((unsealed, household)) => {
                        planned.push(self.planned(*line, cells, unsealed, household));
                    }
                    Err(why) => self.refuse("referrals", *line, cells.clone(), why),
                }
            }
            self.write(planned).await?;
            done += chunk.len();
            progress(done);
        }
        Ok(())
    }

    /// Those that came from a file before, by the keys of their references.
    async fn referrals_there(&self, rows: &[Numbered]) -> Result<BTreeSet<String>, EngineError> {
        let keys: Vec<String> = rows.iter().map(|(.., row)| codes::key(&row.reference)).collect();
        Ok(self.engine.store.reader().imported_referrals(&keys).await?.into_iter().collect())
    }

    /// Looks up the households that the rows name, and the stays that they had.
    async fn know_households(
        &mut self,
        rows: &[Numbered],
    ) -> Result<HashMap<HouseholdId, Vec<Stay>>, EngineError> {
        let named: BTreeSet<&String> = rows.iter().filter_map(|(.., row)| row.household.as_ref()).collect();
        let named: Vec<String> = named.into_iter().cloned().collect();
        let reader = self.engine.store.reader();
        let mut stays = self.dry_stays.clone();
        let found = reader.households_by_reference(&named).await?;
        for household in &found {
            self.written.insert(household.id);
            self.households.insert(codes::key(&household.reference), household.id);
        }
        let ids: Vec<HouseholdId> = found.iter().map(|household| household.id).collect();
        for stay in reader.whole_stays_of(&ids).await? {
            stays.entry(stay.household).or_default().push(stay);
        }
        Ok(stays)
    }

    fn planned(
        &self,
        line: u64,
        cells: &StringRecord,
        unsealed: UnsealedReferral,
        household: Option<Household>,
    ) -> Planned {
        let referral = &unsealed.stored.referral;
        let mut record = self.record("import_referral", referral.id.0, &serde_json::json!(referral));
        record.case = referral.household();
        Planned {
            file: "referrals",
            line,
            cells: cells.clone(),
            household,
            stay: None,
            void: None,
            referral: Some(unsealed),
            entries: Vec::new(),
            record,
            flagged: false,
        }
    }

    /// The referral that a row tells of, and its household where the row names one.
    fn plan_referral(
        &mut self,
        row: &PastReferral,
        stays: &HashMap<HouseholdId, Vec<Stay>>,
    ) -> Result<(UnsealedReferral, Option<Household>), String> {
        self.must_make_sense(row)?;
        let (facts, needs, _) = checked(&self.spaces, row.ask.clone()).map_err(|refusal| refusal.message)?;
        let household = row.household.as_ref().map(|reference| Household {
            id: self.id_of(reference),
            reference: reference.clone(),
            has_details: false,
        });
        let id = ReferralId(self.engine.ids.next());
        let reference = self.engine.referral_reference(id.0).map_err(|fault| fault.to_string())?;
        let referral = Referral {
            id,
            reference,
            council: row.council.clone(),
            facts,
            received_at: row.received_at,
            responded_at: row.responded_at.or(row.decided_at),
            version: 1,
            state: self.state(row, household.as_ref().map(|household| household.id))?,
        };
        let none = Vec::new();
        let been = household.as_ref().and_then(|household| stays.get(&household.id)).unwrap_or(&none);
        let referral = match referral.status() {
            ReferralStatus::Accepted => referral.after_past_stays(been),
            _ => referral,
        };
        let ended = matches!(row.status, ReferralStatus::Placed | ReferralStatus::Closed);
        if ended && referral.status() == ReferralStatus::Accepted {
            return Err(format!(
                "the referral is {}, and its household has no stay since it came: bring the stay in first, or give the \
                 reason for which it was closed",
                row.status
            ));
        }
        let stored = StoredReferral {
            referral,
            by: self.actor.who.id(),
            words: SealedWords::default(),
            looked_for: None,
            imported_as: Some(codes::key(&row.reference)),
        };
        Ok((UnsealedReferral { stored, needs }, household))
    }

    fn id_of(&mut self, reference: &str) -> HouseholdId {
        let ids = &self.engine.ids;
        *self.households.entry(codes::key(reference)).or_insert_with(|| HouseholdId(ids.next()))
    }

    fn must_make_sense(&self, row: &PastReferral) -> Result<(), String> {
        let instants = [
            ("received_at", Some(row.received_at)),
            ("responded_at", row.responded_at),
            ("decided_at", row.decided_at),
        ];
        for (column, instant) in instants {
            if instant.is_some_and(|instant| instant > self.now) {
                return Err(format!("{column} is still to come"));
            }
            if instant.is_some_and(|instant| instant < row.received_at) {
                return Err(format!("{column} is before received_at"));
            }
        }
        if let Some(council) = &row.council
            && !self.spaces.districts.contains_key(council)
        {
            return Err("there is no council of this name: it is the name of its district".into());
        }
        Ok(())
    }

    /// What the row says has become of it.
    fn state(&self, row: &PastReferral, household: Option<HouseholdId>) -> Result<ReferralState, String> {
        let at = row.decided_at.or(row.responded_at).unwrap_or(row.received_at);
        let known =
            |what: &str| household.ok_or_else(|| format!("household is empty, and the referral was {what}"));
        let reason = |kind: ReasonKind| {
            let code = row.reason.as_deref().ok_or("reason is empty: say why it was declined or closed")?;
            let found = self.spaces.reason(kind, code, "reason").map_err(|refusal| refusal.message)?;
            Ok::<_, String>(found.code.clone())
        };
        match row.status {
            ReferralStatus::Received => Ok(ReferralState::Received),
            ReferralStatus::Assessing => Ok(ReferralState::Assessing { by: self.actor.who.id() }),
            ReferralStatus::Accepted | ReferralStatus::Placed => {
                Ok(ReferralState::Accepted { at, household: known("accepted")? })
            }
            // Closed with no reason: what became of it follows from the stays of its household.
            ReferralStatus::Closed if row.reason.is_none() => {
                Ok(ReferralState::Accepted { at, household: known("accepted")? })
            }
            ReferralStatus::Closed => Ok(ReferralState::Closed {
                at,
                household: known("accepted")?,
                placed: None,
                closed_at: at,
                outcome: reason(ReasonKind::Closing)?,
            }),
            ReferralStatus::Declined => {
                Ok(ReferralState::Declined { at, reason: reason(ReasonKind::Decline)?, household })
            }
            ReferralStatus::Withdrawn => Ok(ReferralState::Withdrawn { at, household }),
        }
    }
}
