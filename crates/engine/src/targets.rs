//! Targets: what figures are to come to in a financial year, and how they stand each quarter.

use std::collections::BTreeSet;

use safespace_domain::{
    Night, Nights, Refusal,
    access::{Actor, Permission},
    codes,
    figures::{Section, measure},
    nights::next,
    periods::PeriodKind,
    targets::{Quarter, Target, days_of, quarters},
};
use serde_json::json;

use crate::{
    Engine, EngineError, FiguresAsk, Outcome,
    work::{Done, Work},
};

/// A target, and how it stands in the quarters of its year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetView {
    /// The target.
    pub target: Target,
    /// The four quarters.
    pub quarters: Vec<Quarter>,
}

impl Engine {
    /// The targets of the financial year that begins on this day, by code, as they stand.
    pub async fn targets(&self, actor: &Actor, year: Night) -> Result<Vec<TargetView>, EngineError> {
        self.must(actor, Permission::SeeReports)?;
        let targets = self.store.reader().targets(year).await?;
        let sections: BTreeSet<Section> = targets
            .iter()
            .filter_map(|target| measure(&target.measure))
            .map(|(section, _)| section)
            .collect();
        let today = self.today();
        let days = days_of(year);
        let been = Nights::between(days.arrival(), next(today).clamp(days.arrival(), days.departure()));
        let lines = if targets.is_empty() || been.is_empty() {
            Vec::new()
        } else {
            let sections = sections.into_iter().collect();
            self.figures(actor, &FiguresAsk { range: been, by: PeriodKind::Quarter, sections }).await?
        };
        let view = |target: Target| TargetView { quarters: quarters(&target, &lines, today), target };
        Ok(targets.into_iter().map(view).collect())
    }

    pub(crate) async fn save_target(&self, work: &mut Work, ask: Target) -> Done<Outcome> {
        let target = ask.checked()?;
        work.tx.save_target(&target).await?;
        work.audit(None, &[], &target);
        Ok(Outcome::Target(Some(target)))
    }

    pub(crate) async fn remove_target(&self, work: &mut Work, year: Night, code: String) -> Done<Outcome> {
        let code = codes::code(&code, "code")?;
        if !work.tx.remove_target(year, &code).await? {
            return Err(Refusal::not_found("target", "code").into());
        }
        work.audit(None, &[], &json!({ "year": year, "code": code }));
        Ok(Outcome::Target(None))
    }
}
