//! Figures: what reports are made of, each with its definition and the records that it was counted from.

use async_graphql::{ComplexObject, Context, Enum, ID, Object, Result, SimpleObject};
use rust_decimal::Decimal;
use safespace_domain::{
    Nights,
    figures::{self, Counted, Line, Record},
};
use safespace_engine::FiguresAsk;

use crate::{
    actor,
    answers::query_error,
    engine,
    ids::global,
    occupancy::PeriodKind,
    paging::{Page, Window},
    scalars::{Date, count},
};

/// What a figure is about.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "safespace_domain::figures::Section")]
pub enum FigureSection {
    /// How full the homes are.
    Occupancy,
    /// Who asks for help, and what becomes of it.
    Flow,
    /// How stays go and end.
    Stays,
    /// Who is helped, as counts only.
    People,
    /// Provisions and support.
    Provision,
}

/// In what a figure is told.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "safespace_domain::figures::MeasuredIn")]
pub enum MeasuredIn {
    /// A whole number of referrals, stays, households or whatever is counted.
    Count,
    /// A share of a hundred, two decimals.
    PerCent,
    /// Nights.
    Nights,
    /// Minutes.
    Minutes,
    /// Hours, two decimals.
    Hours,
    /// Pounds, to the penny.
    Pounds,
    /// A number with two decimals.
    Number,
}

/// What a record is that a figure was counted from.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum FigureRecordKind {
    /// A referral.
    Referral,
    /// A question of a partner council.
    Question,
    /// A stay.
    Stay,
    /// A household.
    Household,
    /// A void.
    Void,
    /// A session of support.
    SupportSession,
    /// A pack.
    Pack,
}

/// A record that a figure was counted from.
#[derive(SimpleObject)]
pub struct FigureRecord {
    /// What it is.
    kind: FigureRecordKind,
    /// Its id.
    id: ID,
    /// The reference of the referral, or of the household whose record it is; the code of a void's unit. Null of a question.
    reference: Option<String>,
    /// As how many it counts.
    count: i32,
}

/// A figure of a period, beside that of the period before and of the same period a year before.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct Figure {
    /// The label of the period.
    period: String,
    /// What it is about.
    section: FigureSection,
    /// What is measured, by its code.
    code: &'static str,
    /// What is measured.
    title: &'static str,
    /// In what it is told.
    measured_in: MeasuredIn,
    /// What it means.
    definition: &'static str,
    /// By what it is grouped; null for the whole.
    by: Option<String>,
    /// Which group it is of; null for the whole.
    group: Option<String>,
    /// The number. Null where there is nothing to tell it of, never zero in its place.
    value: Option<Decimal>,
    /// That of the period before; of a period that is cut by the range the same part.
    before: Option<Decimal>,
    /// That of the same period a year before: 52 weeks where it is made of weeks, else twelve months.
    a_year_before: Option<Decimal>,
    /// By how much it is more than in the period before, per cent.
    change: Option<Decimal>,
    /// By how much it is more than a year before, per cent.
    change_in_a_year: Option<Decimal>,
    #[graphql(skip)]
    records: Vec<Counted>,
}

impl Figure {
    fn of(section: figures::Section, line: Line) -> Self {
        let (change, change_in_a_year) = (line.change(), line.change_in_a_year());
        let Line { period, figure, before, a_year_before, .. } = line;
        let (by, group) = figure.group.map(|group| (group.by, group.name)).unzip();
        Self {
            period,
            section: section.into(),
            code: figure.measure.code,
            title: figure.measure.title,
            measured_in: figure.measure.measured_in.into(),
            definition: figure.measure.means,
            by,
            group,
            value: figure.value,
            before,
            a_year_before,
            change,
            change_in_a_year,
            records: figure.records,
        }
    }
}

#[ComplexObject]
impl Figure {
    /// The records that it was counted from. None of figures of nights, money and other figures.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn records(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<FigureRecord>> {
        let window = Window::new(first, after)?;
        let traced = engine(ctx).traced(actor(ctx), &self.records).await.map_err(query_error)?;
        window.page_of(traced, |traced| {
            let (kind, id) = named(traced.counted.record);
            let count = count(u64::from(traced.counted.count));
            FigureRecord { kind, id, reference: traced.reference, count }
        })
    }
}

fn named(record: Record) -> (FigureRecordKind, ID) {
    match record {
        Record::Referral(id) => (FigureRecordKind::Referral, global("Referral", id)),
        Record::Question(id) => (FigureRecordKind::Question, global("Question", id)),
        Record::Stay(id) => (FigureRecordKind::Stay, global("Stay", id)),
        Record::Household(id) => (FigureRecordKind::Household, global("Household", id)),
        Record::Void(id) => (FigureRecordKind::Void, global("Void", id)),
        Record::Session(id) => (FigureRecordKind::SupportSession, global("SupportSession", id)),
        Record::Pack(id) => (FigureRecordKind::Pack, global("Pack", id)),
    }
}

/// What reports are made of.
#[derive(Default)]
pub struct FiguresQuery;

#[Object]
impl FiguresQuery {
    /// The figures of the days and nights from `from` up to, not including, `to`, by period; of all sections, or of those
    /// named. Cases that are closed to you are in none of them.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    #[allow(clippy::too_many_arguments, reason = "each is an argument of the API")]
    async fn figures(
        &self,
        ctx: &Context<'_>,
        from: Date,
        to: Date,
        #[graphql(default_with = "PeriodKind::Whole")] by: PeriodKind,
        #[graphql(default)] sections: Vec<FigureSection>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<Figure>> {
        let window = Window::new(first, after)?;
        let range = Nights::from_to(from.0, to.0).map_err(|refusal| query_error(refusal.into()))?;
        let sections = sections.into_iter().map(Into::into).collect();
        let ask = FiguresAsk { range, by: by.into(), sections };
        let lines = engine(ctx).figures(actor(ctx), &ask).await.map_err(query_error)?;
        let sectioned = lines.into_iter().filter_map(|line| {
            let (section, _) = figures::measure(line.figure.measure.code)?;
            Some((section, line))
        });
        window.page_of(sectioned.collect(), |(section, line)| Figure::of(section, line))
    }
}
