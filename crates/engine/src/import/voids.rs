//! `voids.csv`: nights on which units were out of service.

use std::collections::HashSet;

use safespace_domain::{Nights, UnitId, VoidId, voids::Void};
use safespace_store::{Page, StoredVoid, VoidFilter};

use super::{
    Import, Planned, ROWS_TOGETHER,
    rows::{PastVoid, Row},
};
use crate::EngineError;

/// So many voids are read at once, to see which are there already.
const VOIDS_A_PAGE: u64 = 5_000;

type Name = (UnitId, Nights, String);

impl Import<'_> {
    pub(super) async fn voids(&mut self, rows: Vec<Row<PastVoid>>) -> Result<(), EngineError> {
        if rows.is_empty() {
            return Ok(());
        }
        let mut there = self.voids_there().await?;
        let first =
            rows.iter().filter_map(|row| row.says.as_ref().ok()).map(|void| void.nights.arrival()).min();
        let last =
            rows.iter().filter_map(|row| row.says.as_ref().ok()).map(|void| void.nights.departure()).max();
        if let (Some(first), Some(last)) = (first, last) {
            self.reach(Nights::between(first, last));
        }
        let mut planned = Vec::new();
        for Row { line, cells, says } in rows {
            match says.and_then(|void| self.plan_void(&void, &mut there)) {
                Ok(None) => self.report.unchanged += 1,
                Ok(Some(void)) => {
                    let entries = void.entries();
                    self.take(&entries);
                    let mut record = self.record("import_void", void.id.0, &serde_json::json!(void));
                    record.units = vec![void.unit];
                    planned.push(Planned {
                        file: "voids",
                        line,
                        cells,
                        household: None,
                        stay: None,
                        void: Some(StoredVoid { void, note: None, kept_by: None }),
                        referral: None,
                        entries,
                        record,
                        flagged: false,
                    });
                }
                Err(why) => self.refuse("voids", line, cells, why),
            }
            if planned.len() >= ROWS_TOGETHER {
                self.write(std::mem::take(&mut planned)).await?;
            }
        }
        self.write(planned).await
    }

    fn plan_void(&self, row: &PastVoid, there: &mut HashSet<Name>) -> Result<Option<Void>, String> {
        let unit =
            self.spaces.unit_by_code(&row.unit).ok_or_else(|| format!("there is no unit {}", row.unit))?;
        if !there.insert((unit.id, row.nights, row.reason.clone())) {
            return Ok(None);
        }
        self.spaces.must_know_void_reason(&row.reason).map_err(|refusal| refusal.message)?;
        unit.must_serve(row.nights).map_err(|refusal| refusal.message)?;
        let no = self.spaces.no(unit.id).ok_or("there is no such unit")?;
        if let Some(why) = self.in_the_way(no, row.nights) {
            return Err(why);
        }
        Ok(Some(Void {
            id: VoidId(self.engine.ids.next()),
            unit: unit.id,
            nights: row.nights,
            reason: row.reason.clone(),
            cancelled: false,
        }))
    }

    /// The voids that the database has.
    async fn voids_there(&self) -> Result<HashSet<Name>, EngineError> {
        let mut there = HashSet::new();
        let mut after = None;
        loop {
            let page = Page { after, limit: VOIDS_A_PAGE };
            let voids = self.engine.store.reader().voids(&VoidFilter::default(), page).await?;
            after = voids.last().map(|stored| stored.void.id);
            let full = voids.len() as u64 == VOIDS_A_PAGE;
            there.extend(
                voids.into_iter().map(|stored| (stored.void.unit, stored.void.nights, stored.void.reason)),
            );
            if !full {
                return Ok(there);
            }
        }
    }
}
