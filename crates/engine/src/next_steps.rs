//! Next steps of households: what may come after the stay, and how far each has come.

use safespace_domain::{
    HouseholdId, NextStepId,
    access::{Actor, Permission},
    codes,
    next_steps::{self, NextStep},
    reasons::ReasonKind,
};
use safespace_store::StoredNextStep;

use crate::{
    Engine, EngineError, Outcome,
    commands::SaveNextStep,
    work::{Done, Work},
};

/// A next step with its note, opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextStepView {
    /// The step.
    pub step: NextStep,
    /// Its note; none once the household was erased.
    pub note: Option<String>,
}

impl Engine {
    /// The next steps of a household, oldest first.
    pub async fn next_steps(
        &self,
        actor: &Actor,
        household: HouseholdId,
    ) -> Result<Vec<NextStepView>, EngineError> {
        self.must(actor, Permission::SeeStays)?;
        self.must_be_open_to(actor, household, "household")?;
        let mut views = Vec::new();
        for StoredNextStep { step, note } in self.store.reader().next_steps(&[household]).await? {
            let note = match note {
                Some(sealed) => {
                    self.open_unless_erased(household.0, &note_context(household, &step.kind), &sealed)
                        .await?
                }
                None => None,
            };
            views.push(NextStepView { step, note });
        }
        Ok(views)
    }

    pub(crate) async fn save_next_step(&self, work: &mut Work, ask: SaveNextStep) -> Done<Outcome> {
        let kind = work.spaces.reason(ReasonKind::NextStep, &ask.kind, "kind")?.code.clone();
        let household = self.open_household(work, &ask.household).await?;
        let there = work.tx.reader().next_steps(&[household]).await?;
        let before = there.into_iter().find(|stored| stored.step.kind == kind);
        let note = match ask.note {
            Some(text) if text.trim().is_empty() => None,
            Some(text) => {
                let text = codes::note(&text, "note")?;
                Some(self.seal(&work.tx, household.0, &note_context(household, &kind), &text).await?)
            }
            None => before.as_ref().and_then(|stored| stored.note.clone()),
        };
        let target = next_steps::target(
            ask.target,
            before.as_ref().and_then(|stored| stored.step.target),
            work.today,
        )?;
        let id = before.map_or_else(|| NextStepId(self.ids.next()), |stored| stored.step.id);
        let step = NextStep { id, household, kind, state: ask.state, target };
        let stored = StoredNextStep { step, note };
        work.tx.save_next_step(&stored).await?;
        work.audit(Some(household.0), &[], &stored.step);
        Ok(Outcome::NextStep(stored.step))
    }
}

/// The place to which a next step's note is bound.
fn note_context(household: HouseholdId, kind: &str) -> String {
    format!("next_step.note.{household}.{kind}")
}
