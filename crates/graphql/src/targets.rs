//! Targets: what figures are to come to in a financial year, and how they stand each quarter.

use async_graphql::{Context, Enum, InputObject, Object, Result, SimpleObject};
use rust_decimal::Decimal;
use safespace_domain::{periods::PeriodKind, refusal::Refusal, targets};
use safespace_engine::{Command, Outcome, TargetView};

use crate::{
    actor,
    answers::{answer, query_error, run, unexpected},
    engine,
    paging::{Page, Window},
    scalars::Date,
};

/// Which way is better.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "safespace_domain::targets::Direction")]
pub enum TargetDirection {
    /// The figure is to be at least the target.
    AtLeast,
    /// The figure is to be at most the target.
    AtMost,
}

/// How a figure stands to its target.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "safespace_domain::targets::Standing")]
pub enum TargetStanding {
    /// It is reached.
    OnTrack,
    /// It is not, but by no more than the tolerance.
    AtRisk,
    /// It is missed by more.
    Missed,
}

/// How a figure went since the quarter before.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "safespace_domain::targets::Trend")]
pub enum TargetTrend {
    /// Towards the target, or further beyond it.
    Better,
    /// Neither way.
    Same,
    /// Away from it.
    Worse,
}

/// How a target stands in a quarter.
#[derive(SimpleObject)]
pub struct TargetQuarter {
    /// The quarter, `2020-Q4`.
    label: String,
    /// Its first day.
    from: Date,
    /// The first day after it; of a quarter that goes on, tomorrow.
    to: Date,
    /// Whether all of it has been.
    over: bool,
    /// The figure. Null where there is nothing to tell it of, and of a quarter to come.
    value: Option<Decimal>,
    /// How it stands.
    standing: Option<TargetStanding>,
    /// How it went since the quarter before; of a quarter that goes on, since the same part of it.
    trend: Option<TargetTrend>,
}

impl From<targets::Quarter> for TargetQuarter {
    fn from(quarter: targets::Quarter) -> Self {
        Self {
            label: quarter.label,
            from: Date(quarter.days.arrival()),
            to: Date(quarter.days.departure()),
            over: quarter.over,
            value: quarter.value,
            standing: quarter.standing.map(Into::into),
            trend: quarter.trend.map(Into::into),
        }
    }
}

/// A target of a financial year.
#[derive(SimpleObject)]
pub struct Target {
    /// Its financial year, `2020/21`.
    year: String,
    /// Its code, one of each in a year.
    code: String,
    /// What people read.
    title: String,
    /// The code of its figure.
    measure: String,
    /// What that figure means. Null where there is no such figure any more.
    definition: Option<&'static str>,
    /// By what the figure is grouped; null for the whole.
    by: Option<String>,
    /// Which group of it; null for the whole.
    group: Option<String>,
    /// Who answers for it: a role.
    owner: String,
    /// What the figure is to come to.
    value: Decimal,
    /// How far it may be off before it is missed.
    tolerance: Decimal,
    /// Which way is better.
    direction: TargetDirection,
    /// How it stands in the four quarters of its year.
    quarters: Vec<TargetQuarter>,
}

impl Target {
    pub(crate) fn of(target: targets::Target, quarters: Vec<targets::Quarter>) -> Self {
        let (by, group) = target.group.unzip();
        let figure = safespace_domain::figures::measure(&target.measure);
        Self {
            year: PeriodKind::FinancialYear.label(target.year),
            code: target.code,
            title: target.title,
            definition: figure.map(|(_, measure)| measure.means),
            measure: target.measure,
            by,
            group,
            owner: target.owner,
            value: target.value,
            tolerance: target.tolerance,
            direction: target.direction.into(),
            quarters: quarters.into_iter().map(Into::into).collect(),
        }
    }
}

/// What figures are to come to.
#[derive(Default)]
pub struct TargetsQuery;

#[Object]
impl TargetsQuery {
    /// The targets of a financial year, `2020/21`, by code, with how they stand each quarter. Cases that are closed to you are
    /// in none of their figures.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn targets(
        &self,
        ctx: &Context<'_>,
        year: String,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<Target>> {
        let window = Window::new(first, after)?;
        let year = targets::year_called(&year).ok_or_else(|| query_error(no_year().into()))?;
        let views = engine(ctx).targets(actor(ctx), year).await.map_err(query_error)?;
        window.page_of(views, |TargetView { target, quarters }| Target::of(target, quarters))
    }
}

fn no_year() -> Refusal {
    Refusal::bad("year", "Write a financial year as 2020/21.")
}

/// A target to keep.
#[derive(InputObject)]
pub struct SaveTargetInput {
    /// Its financial year, `2020/21`.
    year: String,
    /// Its code: one that is there is changed, a new one added.
    code: String,
    /// What people read.
    title: String,
    /// The code of its figure.
    measure: String,
    /// By what the figure is grouped; left out for the whole.
    by: Option<String>,
    /// Which group of it; left out for the whole.
    group: Option<String>,
    /// Who answers for it: a role, never somebody's name.
    owner: String,
    /// What the figure is to come to.
    value: Decimal,
    /// How far it may be off before it is missed.
    tolerance: Decimal,
    /// Which way is better.
    direction: TargetDirection,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// A target to take back.
#[derive(InputObject)]
pub struct RemoveTargetInput {
    /// Its financial year, `2020/21`.
    year: String,
    /// Its code.
    code: String,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// A target was kept.
#[derive(SimpleObject)]
pub struct TargetSaved {
    /// Its financial year.
    year: String,
    /// Its code.
    code: String,
}

/// A target was taken back.
#[derive(SimpleObject)]
pub struct TargetRemoved {
    /// The code that it had.
    code: String,
}

answer!(
    /// The answer to `saveTarget`.
    SaveTargetAnswer = TargetSaved
);
answer!(
    /// The answer to `removeTarget`.
    RemoveTargetAnswer = TargetRemoved
);

/// Keeping targets. For managers.
#[derive(Default)]
pub struct TargetsMutation;

#[Object]
impl TargetsMutation {
    /// Keeps a target, instead of the one with its code in its year where there is one.
    async fn save_target(&self, ctx: &Context<'_>, input: SaveTargetInput) -> Result<SaveTargetAnswer> {
        let Some(year) = targets::year_called(&input.year) else {
            return Ok(SaveTargetAnswer::Refused(no_year().into()));
        };
        let target = targets::Target {
            year,
            code: input.code,
            title: input.title,
            measure: input.measure,
            group: input.by.zip(input.group),
            owner: input.owner,
            value: input.value,
            tolerance: input.tolerance,
            direction: input.direction.into(),
        };
        Ok(match run(ctx, input.idempotency_key, Command::SaveTarget(target)).await? {
            Ok(Outcome::Target(Some(target))) => SaveTargetAnswer::Done(TargetSaved {
                year: PeriodKind::FinancialYear.label(target.year),
                code: target.code,
            }),
            Ok(_) => return Err(unexpected()),
            Err(refused) => SaveTargetAnswer::Refused(refused),
        })
    }

    /// Takes a target back.
    async fn remove_target(&self, ctx: &Context<'_>, input: RemoveTargetInput) -> Result<RemoveTargetAnswer> {
        let Some(year) = targets::year_called(&input.year) else {
            return Ok(RemoveTargetAnswer::Refused(no_year().into()));
        };
        let command = Command::RemoveTarget { year, code: input.code.clone() };
        Ok(match run(ctx, input.idempotency_key, command).await? {
            Ok(Outcome::Target(None)) => RemoveTargetAnswer::Done(TargetRemoved { code: input.code }),
            Ok(_) => return Err(unexpected()),
            Err(refused) => RemoveTargetAnswer::Refused(refused),
        })
    }
}
