//! Next steps of households.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use safespace_domain::next_steps;
use safespace_engine::{Command, NextStepView, Outcome, SaveNextStep};

use crate::{
    actor,
    answers::{answer, query_error, run, unexpected},
    engine, ids,
    scalars::Date,
};

/// How far a next step has come.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "next_steps::NextStepState")]
pub enum NextStepState {
    /// It is being thought about.
    Considered,
    /// It was asked for.
    AppliedFor,
    /// It was offered.
    Offered,
    /// The household will take it.
    Agreed,
    /// It will not come to be.
    Refused,
    /// It has happened.
    Done,
}

/// What may come next for a household.
pub struct NextStep(NextStepView);

#[Object]
impl NextStep {
    /// Its id.
    async fn id(&self) -> ID {
        ids::global("NextStep", self.0.step.id)
    }

    /// What: a code of the list of next steps.
    async fn kind(&self) -> &str {
        &self.0.step.kind
    }

    /// How far it has come.
    async fn state(&self) -> NextStepState {
        self.0.step.state.into()
    }

    /// By when it should have happened.
    async fn target(&self) -> Option<Date> {
        self.0.step.target.map(Date)
    }

    /// A note. Confidential.
    async fn note(&self) -> Option<&str> {
        self.0.note.as_deref()
    }
}

impl From<NextStepView> for NextStep {
    fn from(view: NextStepView) -> Self {
        Self(view)
    }
}

/// A next step to write down.
#[derive(InputObject)]
pub struct SaveNextStepInput {
    /// Whose: the household's reference.
    household: String,
    /// What: a code of the list of next steps. A household has one of each.
    kind: String,
    /// How far it has come.
    state: NextStepState,
    /// By when it should have happened.
    target: Option<Date>,
    /// A note; what is left out stays, and an empty one is taken away. Confidential.
    note: Option<String>,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// A next step was written down.
#[derive(SimpleObject)]
pub struct NextStepSaved {
    /// As it is now.
    next_step: NextStep,
}

answer!(
    /// The answer to `saveNextStep`.
    NextStepAnswer = NextStepSaved
);

/// Planning next steps. For officers and managers.
#[derive(Default)]
pub struct NextStepsMutation;

#[Object]
impl NextStepsMutation {
    /// Writes down what may come next for a household, and how far it has come.
    async fn save_next_step(&self, ctx: &Context<'_>, input: SaveNextStepInput) -> Result<NextStepAnswer> {
        let ask = SaveNextStep {
            household: input.household,
            kind: input.kind,
            state: input.state.into(),
            target: input.target.map(|date| date.0),
            note: input.note,
        };
        Ok(match run(ctx, input.idempotency_key, Command::SaveNextStep(ask)).await? {
            Ok(Outcome::NextStep(step)) => {
                let all = engine(ctx).next_steps(actor(ctx), step.household).await.map_err(query_error)?;
                let saved = all.into_iter().find(|view| view.step.id == step.id).ok_or_else(unexpected)?;
                NextStepAnswer::Done(NextStepSaved { next_step: saved.into() })
            }
            Ok(_) => return Err(unexpected()),
            Err(refused) => NextStepAnswer::Refused(refused),
        })
    }
}
