//! The statutory return, and its lines.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use async_graphql::{
    Context, Enum, InputObject, Object, Result, SimpleObject,
    dataloader::{DataLoader, Loader},
};
use safespace_domain::{
    HouseholdId, ReferralId, Refusal,
    statutory_return::{self, Check, Counted, DEFINITIONS, FinancialYear, Row, TOTAL},
};
use safespace_engine::{Command, EngineError, Outcome, ReferralView, SetReturnLines};

use crate::{
    actor,
    answers::{answer, query_error, run, shared, unexpected},
    codes::may_see_spaces,
    engine,
    households::{Household, HouseholdLoader, told_to_one},
    occupancy::Definition,
    paging::{Page, Window},
    referrals::Referral,
    scalars::{Date, count},
};

/// A section of the statutory return.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "statutory_return::Section")]
pub enum ReturnSection {
    /// Households and people supported, by kind of accommodation.
    Supported,
    /// Supported households by what is said of them.
    Characteristic,
    /// Referrals that were declined, by reason.
    NotSupported,
    /// Referrals that ended without a stay in another way.
    WithoutStay,
    /// Households whose support in safe accommodation ended, by where they went.
    Ending,
    /// The same by whether support went on afterwards.
    Afterwards,
}

/// A line of the statutory return: what the form calls it, and which of the service's codes it counts.
#[derive(SimpleObject)]
pub struct ReturnLine {
    /// Its section.
    section: ReturnSection,
    /// Its code, as the form has it.
    code: String,
    /// What people read.
    label: String,
    /// The service's codes that it counts.
    counts: Vec<String>,
}

impl From<statutory_return::ReturnLine> for ReturnLine {
    fn from(line: statutory_return::ReturnLine) -> Self {
        let statutory_return::ReturnLine { section, code, label, counts } = line;
        Self { section: section.into(), code, label, counts: counts.into_iter().collect() }
    }
}

/// A line of a return with its figures.
pub struct ReturnRow(Row);

#[Object]
impl ReturnRow {
    /// The section.
    async fn section(&self) -> ReturnSection {
        self.0.section.into()
    }

    /// The line's code; `not_mapped`, `not_said` and `total` are lines that every return has.
    async fn code(&self) -> &str {
        &self.0.code
    }

    /// What people read.
    async fn label(&self) -> &str {
        &self.0.label
    }

    /// How many households, or referrals where the section is of these.
    async fn households(&self) -> i32 {
        count(self.0.counted.len())
    }

    /// How many people; null where the line is of households only.
    async fn people(&self) -> Option<i32> {
        self.0.persons.map(|persons| count(persons.adults + persons.children))
    }

    /// How many adults.
    async fn adults(&self) -> Option<i32> {
        self.0.persons.map(|persons| count(persons.adults))
    }

    /// How many children.
    async fn children(&self) -> Option<i32> {
        self.0.persons.map(|persons| count(persons.children))
    }

    /// How many women; null where the sexes are not counted.
    async fn women(&self) -> Option<i32> {
        self.0.sexes.map(|sexes| count(sexes.women))
    }

    /// How many men.
    async fn men(&self) -> Option<i32> {
        self.0.sexes.map(|sexes| count(sexes.men))
    }

    /// How many adults who gave another answer, or none.
    async fn other_or_not_said(&self) -> Option<i32> {
        self.0.sexes.map(|sexes| count(sexes.other_or_not_said))
    }

    /// The households that are counted. None where referrals are, and none for a line of a characteristic: who has which is
    /// no list. The section's total has all of its households.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn counted_households(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<Household>> {
        let nobody = BTreeSet::new();
        let ids: &BTreeSet<HouseholdId> = match &self.0.counted {
            Counted::Households(ids) if may_be_listed(&self.0) => ids,
            _ => &nobody,
        };
        let window = Window::new(first, after)?;
        let page = wanted(ids.iter().map(|id| (id.to_string(), *id)), &window);
        let loader = ctx.data_unchecked::<DataLoader<HouseholdLoader>>();
        let found = loader.load_many(page.iter().map(|(_, id)| *id)).await;
        let mut found = found.map_err(|error| told_to_one(&error))?;
        let rows = page.into_iter().filter_map(|(key, id)| Some((key, Household(found.remove(&id)?))));
        Ok(window.page(rows))
    }

    /// The referrals that are counted. None where households are.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn counted_referrals(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<Referral>> {
        let nobody = BTreeSet::new();
        let ids: &BTreeSet<ReferralId> = match &self.0.counted {
            Counted::Referrals(ids) => ids,
            Counted::Households(_) => &nobody,
        };
        let window = Window::new(first, after)?;
        let page = wanted(ids.iter().map(|id| (id.to_string(), ReferralWithId(*id))), &window);
        let loader = ctx.data_unchecked::<DataLoader<HouseholdLoader>>();
        let found = loader.load_many(page.iter().map(|(_, id)| *id)).await;
        let mut found = found.map_err(|error| told_to_one(&error))?;
        let rows = page.into_iter().filter_map(|(key, id)| Some((key, Referral::from(found.remove(&id)?))));
        Ok(window.page(rows))
    }
}

/// Whether the households that a line counts may be told one by one: not by what is said of them.
fn may_be_listed(row: &Row) -> bool {
    row.section != statutory_return::Section::Characteristic || row.code == TOTAL
}

/// The rows of a page, and one more where there are more.
fn wanted<T>(rows: impl Iterator<Item = (String, T)>, window: &Window) -> Vec<(String, T)> {
    let after = |key: &String| window.after.as_ref().is_none_or(|after| key > after);
    rows.filter(|(key, _)| after(key)).take(window.first + 1).collect()
}

/// A referral, by its id.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct ReferralWithId(ReferralId);

impl Loader<ReferralWithId> for HouseholdLoader {
    type Value = ReferralView;
    type Error = Arc<EngineError>;

    async fn load(
        &self,
        keys: &[ReferralWithId],
    ) -> Result<HashMap<ReferralWithId, Self::Value>, Self::Error> {
        let ids: Vec<ReferralId> = keys.iter().map(|key| key.0).collect();
        let found = self.engine.referrals_by_id(&self.actor, &ids).await.map_err(shared)?;
        Ok(found.into_iter().map(|view| (ReferralWithId(view.referral.id), view)).collect())
    }
}

/// Whether a section of a return adds up.
#[derive(SimpleObject)]
pub struct ReturnCheck {
    /// The section.
    section: ReturnSection,
    /// What its lines add up to.
    sum: i32,
    /// Of that, how often somebody was counted in more than one line: once for each line beyond the first.
    counted_again: i32,
    /// The total.
    total: i32,
    /// Whether the sum, less those counted again, is the total.
    agrees: bool,
}

impl From<Check> for ReturnCheck {
    fn from(check: Check) -> Self {
        Self {
            section: check.section.into(),
            sum: count(check.sum),
            counted_again: count(check.counted_again),
            total: count(check.total),
            agrees: check.agrees(),
        }
    }
}

/// The annual return on support in domestic abuse safe accommodation (Domestic Abuse Act 2021, Part 4). Exact figures, for the
/// authority that makes the return: what is published hides small numbers. Cases that are closed to you are in none of the
/// figures, the totals included.
pub struct StatutoryReturn(Box<statutory_return::Return>);

#[Object]
impl StatutoryReturn {
    /// The financial year, `2020/21`.
    async fn year(&self) -> String {
        self.0.year.to_string()
    }

    /// Its first night.
    async fn from(&self) -> Date {
        Date(self.0.year.nights().arrival())
    }

    /// The first night after it.
    async fn to(&self) -> Date {
        Date(self.0.year.nights().departure())
    }

    /// What each figure means, to be shown beside it.
    async fn definitions(&self) -> Vec<Definition> {
        DEFINITIONS.iter().map(|(word, meaning)| Definition { word, meaning }).collect()
    }

    /// The lines, section by section; each section ends with its total.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn rows(&self, first: Option<i32>, after: Option<String>) -> Result<Page<ReturnRow>> {
        Window::new(first, after)?.page_of(self.0.rows.iter().collect(), |row: &Row| ReturnRow(row.clone()))
    }

    /// Whether each section adds up.
    async fn checks(&self) -> Vec<ReturnCheck> {
        self.0.checks.iter().copied().map(Into::into).collect()
    }
}

/// The statutory return.
#[derive(Default)]
pub struct StatutoryReturnQuery;

#[Object]
impl StatutoryReturnQuery {
    /// The return of a financial year such as `2020/21`, up to tonight while it runs.
    async fn statutory_return(&self, ctx: &Context<'_>, year: String) -> Result<StatutoryReturn> {
        let year: FinancialYear =
            year.parse().map_err(|why: String| query_error(Refusal::bad("year", why).into()))?;
        let made = engine(ctx).statutory_return(actor(ctx), year).await.map_err(query_error)?;
        Ok(StatutoryReturn(Box::new(made)))
    }

    /// The lines of the statutory return, by section, in order.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn return_lines(
        &self,
        ctx: &Context<'_>,
        section: Option<ReturnSection>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<ReturnLine>> {
        may_see_spaces(ctx)?;
        let section = section.map(statutory_return::Section::from);
        let all = engine(ctx).spaces().return_lines.clone();
        let wanted = all.into_iter().filter(|line| section.is_none_or(|section| line.section == section));
        Window::new(first, after)?.page_of(wanted.collect(), ReturnLine::from)
    }
}

/// A line of the statutory return to keep.
#[derive(InputObject)]
pub struct ReturnLineInput {
    /// Its code, as the form has it.
    code: String,
    /// What people read.
    label: String,
    /// The service's codes that it counts: kinds of accommodation, characteristics, what reasons for declining count as, or
    /// destinations. No other line of the section may count them.
    counts: Vec<String>,
}

/// The lines of a section to keep.
#[derive(InputObject)]
pub struct SetReturnLinesInput {
    /// Of which section: `SUPPORTED`, `CHARACTERISTIC`, `NOT_SUPPORTED` or `ENDING`.
    section: ReturnSection,
    /// Its lines, in order; instead of those that it has.
    lines: Vec<ReturnLineInput>,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// The lines of a section were kept.
#[derive(SimpleObject)]
pub struct ReturnLinesSet {
    /// As they are now, in order.
    lines: Vec<ReturnLine>,
}

answer!(
    /// The answer to `setReturnLines`.
    ReturnLinesAnswer = ReturnLinesSet
);

/// Keeping the lines of the statutory return. For managers.
#[derive(Default)]
pub struct StatutoryReturnMutation;

#[Object]
impl StatutoryReturnMutation {
    /// Keeps the lines of a section of the statutory return: the form changes, and the return with it.
    async fn set_return_lines(
        &self,
        ctx: &Context<'_>,
        input: SetReturnLinesInput,
    ) -> Result<ReturnLinesAnswer> {
        let section = input.section.into();
        let line = |line: ReturnLineInput| statutory_return::ReturnLine {
            section,
            code: line.code,
            label: line.label,
            counts: line.counts.into_iter().collect(),
        };
        let ask = SetReturnLines { section, lines: input.lines.into_iter().map(line).collect() };
        Ok(match run(ctx, input.idempotency_key, Command::SetReturnLines(ask)).await? {
            Ok(Outcome::ReturnLines(lines)) => {
                ReturnLinesAnswer::Done(ReturnLinesSet { lines: lines.into_iter().map(Into::into).collect() })
            }
            Ok(_) => return Err(unexpected()),
            Err(refused) => ReturnLinesAnswer::Refused(refused),
        })
    }
}
