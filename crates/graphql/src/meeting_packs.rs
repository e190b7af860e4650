//! Packs for groups that meet: figures of a period and a manager's commentary, frozen once issued.

use async_graphql::{Context, Enum, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use safespace_domain::{
    meeting_packs::{self, Correction, PackFigure, Told},
    suppression,
};
use safespace_engine::{Command, MeetingPackView, Outcome};

use crate::{
    actor,
    answers::{answer, query_error, run, unexpected},
    engine,
    figures::{FigureSection, MeasuredIn},
    ids,
    paging::{Page, Window},
    scalars::{Date, count, natural},
    targets::Target,
};

/// Who sees a pack.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "safespace_domain::meeting_packs::Audience")]
pub enum Audience {
    /// The team: everything is told.
    Team,
    /// Partner councils and agencies: small numbers are suppressed.
    Partners,
    /// Everybody else: small numbers are suppressed, the others rounded.
    Outside,
}

/// How often a group meets.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "safespace_domain::meeting_packs::Every")]
pub enum MeetsEvery {
    /// Every four weeks.
    FourWeeks,
    /// Every quarter.
    Quarter,
}

/// A group that meets.
#[derive(SimpleObject)]
pub struct MeetingGroup {
    /// Its code.
    code: String,
    /// What it is called.
    name: String,
    /// How often it meets: of which periods its packs are.
    every: MeetsEvery,
    /// Who sees them.
    audience: Audience,
    /// What is in them.
    sections: Vec<FigureSection>,
}

impl From<meeting_packs::MeetingGroup> for MeetingGroup {
    fn from(group: meeting_packs::MeetingGroup) -> Self {
        Self {
            code: group.code,
            name: group.name,
            every: group.every.into(),
            audience: group.audience.into(),
            sections: group.sections.into_iter().map(Into::into).collect(),
        }
    }
}

/// What is a small number, and how the others are shown.
#[derive(SimpleObject)]
pub struct SmallNumbers {
    /// Counts below this are suppressed, zero too.
    below: i32,
    /// The others are shown to the nearest multiple of this; 1 shows them as they are.
    rounded_to: i32,
}

impl From<suppression::SmallNumbers> for SmallNumbers {
    fn from(numbers: suppression::SmallNumbers) -> Self {
        Self { below: count(u64::from(numbers.below)), rounded_to: count(u64::from(numbers.rounded_to)) }
    }
}

/// What is a small number to whom.
#[derive(SimpleObject)]
pub struct Discretion {
    /// To partner councils and agencies.
    partners: SmallNumbers,
    /// To everybody else.
    outside: SmallNumbers,
}

impl From<meeting_packs::Discretion> for Discretion {
    fn from(discretion: meeting_packs::Discretion) -> Self {
        Self { partners: discretion.partners.into(), outside: discretion.outside.into() }
    }
}

/// A figure as a pack tells it.
#[derive(SimpleObject)]
pub struct MeetingPackFigure {
    /// What it is about.
    section: FigureSection,
    /// What is measured, by its code.
    code: String,
    /// What is measured.
    title: String,
    /// In what it is told.
    measured_in: MeasuredIn,
    /// What it means.
    definition: String,
    /// By what it is grouped; null for the whole.
    by: Option<String>,
    /// Which group it is of; null for the whole.
    group: Option<String>,
    /// The number. Null where there is nothing to tell it of, and where it is suppressed.
    value: Option<Decimal>,
    /// Whether it is suppressed: it is small, or would give a small one away.
    suppressed: bool,
    /// That of the period before, as far as the pack's readers were told it.
    before: Option<Decimal>,
    /// That of the same period a year before, as far as the pack's readers were told it.
    a_year_before: Option<Decimal>,
}

impl From<PackFigure> for MeetingPackFigure {
    fn from(figure: PackFigure) -> Self {
        let (by, group) = figure.group.map(|group| (group.by, group.name)).unzip();
        Self {
            section: figure.section.into(),
            code: figure.code,
            title: figure.title,
            measured_in: figure.measured_in.into(),
            definition: figure.means,
            by,
            group,
            value: figure.value.number(),
            suppressed: figure.value == Told::Suppressed,
            before: figure.before.number(),
            a_year_before: figure.a_year_before.number(),
        }
    }
}

/// A figure that was corrected after a pack was issued.
#[derive(SimpleObject)]
pub struct MeetingPackCorrection {
    /// What is measured, by its code.
    code: String,
    /// What is measured.
    title: String,
    /// By what it is grouped; null for the whole.
    by: Option<String>,
    /// Which group it is of; null for the whole.
    group: Option<String>,
    /// What it was when the pack was issued.
    was: Option<Decimal>,
    /// What it is now.
    now: Option<Decimal>,
}

impl From<Correction> for MeetingPackCorrection {
    fn from(Correction { now, was }: Correction) -> Self {
        let (by, group) = now.group.map(|group| (group.by, group.name)).unzip();
        Self { code: now.code, title: now.title, by, group, was, now: now.value.number() }
    }
}

/// A pack of a group for a period.
pub struct MeetingPack(MeetingPackView);

#[Object]
impl MeetingPack {
    /// The group that it is for.
    async fn group(&self) -> MeetingGroup {
        self.0.group.clone().into()
    }

    /// The first day of its period.
    async fn from(&self) -> Date {
        Date(self.0.period.arrival())
    }

    /// The first day after its period.
    async fn to(&self) -> Date {
        Date(self.0.period.departure())
    }

    /// Who sees it.
    async fn audience(&self) -> Audience {
        self.0.audience.into()
    }

    /// When it was issued; null while it is a draft, whose figures are those of now.
    async fn issued_at(&self) -> Option<DateTime<Utc>> {
        self.0.issued_at
    }

    /// What the manager says.
    async fn commentary(&self) -> Option<&str> {
        self.0.commentary.as_deref()
    }

    /// Its figures, as its readers are told them.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn figures(&self, first: Option<i32>, after: Option<String>) -> Result<Page<MeetingPackFigure>> {
        Window::new(first, after)?.page_of(self.0.figures.clone(), MeetingPackFigure::from)
    }

    /// The targets of its financial year, as far as their figures are told in it.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn targets(&self, first: Option<i32>, after: Option<String>) -> Result<Page<Target>> {
        Window::new(first, after)?
            .page_of(self.0.targets.clone(), |(target, quarters)| Target::of(target, quarters))
    }

    /// What was corrected since it was issued. For the team: the pack stays as it was.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn corrections(
        &self,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<MeetingPackCorrection>> {
        Window::new(first, after)?.page_of(self.0.corrections.clone(), MeetingPackCorrection::from)
    }
}

/// A pack in a list.
#[derive(SimpleObject)]
pub struct MeetingPackSummary {
    /// Its id.
    id: async_graphql::ID,
    /// The code of its group.
    group: String,
    /// The first day of its period.
    from: Date,
    /// The first day after its period.
    to: Date,
    /// Who sees it.
    audience: Audience,
    /// When it was issued; null while it is a draft.
    issued_at: Option<DateTime<Utc>>,
}

impl MeetingPackSummary {
    fn of(pack: meeting_packs::MeetingPack) -> Self {
        Self {
            id: ids::global("MeetingPack", pack.id),
            group: pack.group,
            from: Date(pack.period.arrival()),
            to: Date(pack.period.departure()),
            audience: pack.audience.into(),
            issued_at: pack.issued_at,
        }
    }
}

/// Packs for groups that meet.
#[derive(Default)]
pub struct MeetingPacksQuery;

#[Object]
impl MeetingPacksQuery {
    /// The groups that meet, by code.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn meeting_groups(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<MeetingGroup>> {
        let groups = engine(ctx).meeting_groups(actor(ctx)).await.map_err(query_error)?;
        Window::new(first, after)?.page_of(groups, MeetingGroup::from)
    }

    /// What is a small number to whom.
    async fn discretion(&self, ctx: &Context<'_>) -> Result<Discretion> {
        Ok(engine(ctx).discretion(actor(ctx)).await.map_err(query_error)?.into())
    }

    /// The packs that were written on or issued, oldest first: of one group, or of all.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn meeting_packs(
        &self,
        ctx: &Context<'_>,
        group: Option<String>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<MeetingPackSummary>> {
        let window = Window::new(first, after)?;
        let page = safespace_engine::Page { after: window.key()?, limit: window.limit() };
        let packs =
            engine(ctx).meeting_packs(actor(ctx), group.as_deref(), page).await.map_err(query_error)?;
        let packs = packs.into_iter().map(|pack| (pack.id.to_string(), MeetingPackSummary::of(pack)));
        Ok(window.page(packs))
    }

    /// The pack of a group for the period that has this day: as it was issued; before, as it would be now. To somebody to whom
    /// cases are closed it is as it would be now without these.
    async fn meeting_pack(&self, ctx: &Context<'_>, group: String, on: Date) -> Result<MeetingPack> {
        let view = engine(ctx).meeting_pack(actor(ctx), &group, on.0).await.map_err(query_error)?;
        Ok(MeetingPack(view))
    }
}

/// A group that meets, to keep.
#[derive(InputObject)]
pub struct SaveMeetingGroupInput {
    /// Its code: one that is there is changed, a new one added.
    code: String,
    /// What it is called.
    name: String,
    /// How often it meets.
    every: MeetsEvery,
    /// Who sees its packs.
    audience: Audience,
    /// What is in them.
    sections: Vec<FigureSection>,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// What is a small number.
#[derive(InputObject)]
pub struct SmallNumbersInput {
    /// Counts below this are suppressed, zero too: 3 to 100.
    below: i32,
    /// The others are shown to the nearest multiple of this, which divides `below`; 1 shows them as they are.
    rounded_to: i32,
}

impl From<SmallNumbersInput> for suppression::SmallNumbers {
    fn from(input: SmallNumbersInput) -> Self {
        Self { below: natural(input.below), rounded_to: natural(input.rounded_to) }
    }
}

/// What is a small number to whom, to keep.
#[derive(InputObject)]
pub struct SetDiscretionInput {
    /// To partner councils and agencies.
    partners: SmallNumbersInput,
    /// To everybody else.
    outside: SmallNumbersInput,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// What a manager says to a pack.
#[derive(InputObject)]
pub struct SaveCommentaryInput {
    /// The group's code.
    group: String,
    /// A day of the pack's period.
    on: Date,
    /// What they say; an empty text takes it back.
    text: String,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// A pack to issue.
#[derive(InputObject)]
pub struct IssueMeetingPackInput {
    /// The group's code.
    group: String,
    /// A day of the pack's period.
    on: Date,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// A group was kept.
#[derive(SimpleObject)]
pub struct MeetingGroupSaved {
    /// As it is now.
    group: MeetingGroup,
}

/// What is a small number was kept.
#[derive(SimpleObject)]
pub struct DiscretionSet {
    /// As it is now.
    discretion: Discretion,
}

/// A pack's commentary was kept.
#[derive(SimpleObject)]
pub struct CommentarySaved {
    /// The pack.
    pack: MeetingPackSummary,
}

/// A pack was issued.
#[derive(SimpleObject)]
pub struct MeetingPackIssued {
    /// The pack.
    pack: MeetingPackSummary,
}

answer!(
    /// The answer to `saveMeetingGroup`.
    SaveMeetingGroupAnswer = MeetingGroupSaved
);
answer!(
    /// The answer to `setDiscretion`.
    SetDiscretionAnswer = DiscretionSet
);
answer!(
    /// The answer to `saveCommentary`.
    SaveCommentaryAnswer = CommentarySaved
);
answer!(
    /// The answer to `issueMeetingPack`.
    IssueMeetingPackAnswer = MeetingPackIssued
);

/// Keeping packs for groups that meet. For managers.
#[derive(Default)]
pub struct MeetingPacksMutation;

#[Object]
impl MeetingPacksMutation {
    /// Adds a group that meets, or changes what is said of it. Packs that were issued stay as they are.
    async fn save_meeting_group(
        &self,
        ctx: &Context<'_>,
        input: SaveMeetingGroupInput,
    ) -> Result<SaveMeetingGroupAnswer> {
        let group = meeting_packs::MeetingGroup {
            code: input.code,
            name: input.name,
            every: input.every.into(),
            audience: input.audience.into(),
            sections: input.sections.into_iter().map(Into::into).collect(),
        };
        Ok(match run(ctx, input.idempotency_key, Command::SaveMeetingGroup(group)).await? {
            Ok(Outcome::MeetingGroup(group)) => {
                SaveMeetingGroupAnswer::Done(MeetingGroupSaved { group: group.into() })
            }
            Ok(_) => return Err(unexpected()),
            Err(refused) => SaveMeetingGroupAnswer::Refused(refused),
        })
    }

    /// Keeps what is a small number to whom. Packs that were issued stay as they are.
    async fn set_discretion(
        &self,
        ctx: &Context<'_>,
        input: SetDiscretionInput,
    ) -> Result<SetDiscretionAnswer> {
        let discretion =
            meeting_packs::Discretion { partners: input.partners.into(), outside: input.outside.into() };
        Ok(match run(ctx, input.idempotency_key, Command::SetDiscretion(discretion)).await? {
            Ok(Outcome::Discretion(discretion)) => {
                SetDiscretionAnswer::Done(DiscretionSet { discretion: discretion.into() })
            }
            Ok(_) => return Err(unexpected()),
            Err(refused) => SetDiscretionAnswer::Refused(refused),
        })
    }

    /// Keeps what a manager says to a pack that was not issued yet.
    async fn save_commentary(
        &self,
        ctx: &Context<'_>,
        input: SaveCommentaryInput,
    ) -> Result<SaveCommentaryAnswer> {
        let command = Command::SaveCommentary { group: input.group, on: input.on.0, text: input.text };
        Ok(match run(ctx, input.idempotency_key, command).await? {
            Ok(Outcome::MeetingPack(pack)) => {
                SaveCommentaryAnswer::Done(CommentarySaved { pack: MeetingPackSummary::of(pack) })
            }
            Ok(_) => return Err(unexpected()),
            Err(refused) => SaveCommentaryAnswer::Refused(refused),
        })
    }

    /// Freezes a pack whose period is over, as it is now: its figures, definitions, targets and commentary.
    async fn issue_meeting_pack(
        &self,
        ctx: &Context<'_>,
        input: IssueMeetingPackInput,
    ) -> Result<IssueMeetingPackAnswer> {
        let command = Command::IssueMeetingPack { group: input.group, on: input.on.0 };
        Ok(match run(ctx, input.idempotency_key, command).await? {
            Ok(Outcome::MeetingPack(pack)) => {
                IssueMeetingPackAnswer::Done(MeetingPackIssued { pack: MeetingPackSummary::of(pack) })
            }
            Ok(_) => return Err(unexpected()),
            Err(refused) => IssueMeetingPackAnswer::Refused(refused),
        })
    }
}
