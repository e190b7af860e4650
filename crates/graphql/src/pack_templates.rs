//! Pack templates: what goes into a pack, by rule.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use safespace_domain::{items, pack_templates};
use safespace_engine::{Command, Outcome, SavePackTemplate, TemplateLineAsk};

use crate::{
    actor,
    answers::{answer, query_error, run, unexpected},
    codes::Scheme,
    engine, ids,
    items::Item,
    paging::{Page, Window},
    scalars::count,
};

/// For whom a line of a pack is.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum PackPer {
    /// For the household together.
    Household,
    /// For each of its people.
    Person,
    /// For each adult.
    Adult,
    /// For each child, whatever its age.
    Child,
    /// For each child under two.
    ChildUnder2,
    /// For each child of two to four.
    ChildFrom2To4,
    /// For each child of five to ten.
    ChildFrom5To10,
    /// For each child of eleven to fifteen.
    ChildFrom11To15,
    /// For each child of sixteen or seventeen.
    ChildFrom16To17,
}

impl From<pack_templates::Per> for PackPer {
    fn from(per: pack_templates::Per) -> Self {
        use pack_templates::{AgeBand, Per};
        match per {
            Per::Household => Self::Household,
            Per::Person => Self::Person,
            Per::Adult => Self::Adult,
            Per::Child => Self::Child,
            Per::ChildOf(AgeBand::Under2) => Self::ChildUnder2,
            Per::ChildOf(AgeBand::From2To4) => Self::ChildFrom2To4,
            Per::ChildOf(AgeBand::From5To10) => Self::ChildFrom5To10,
            Per::ChildOf(AgeBand::From11To15) => Self::ChildFrom11To15,
            Per::ChildOf(AgeBand::From16To17) => Self::ChildFrom16To17,
        }
    }
}

impl From<PackPer> for pack_templates::Per {
    fn from(per: PackPer) -> Self {
        use pack_templates::AgeBand;
        match per {
            PackPer::Household => Self::Household,
            PackPer::Person => Self::Person,
            PackPer::Adult => Self::Adult,
            PackPer::Child => Self::Child,
            PackPer::ChildUnder2 => Self::ChildOf(AgeBand::Under2),
            PackPer::ChildFrom2To4 => Self::ChildOf(AgeBand::From2To4),
            PackPer::ChildFrom5To10 => Self::ChildOf(AgeBand::From5To10),
            PackPer::ChildFrom11To15 => Self::ChildOf(AgeBand::From11To15),
            PackPer::ChildFrom16To17 => Self::ChildOf(AgeBand::From16To17),
        }
    }
}

/// A line of a pack template.
#[derive(SimpleObject)]
pub struct PackTemplateLine {
    /// Its number.
    no: i32,
    /// What is given: the first of these that suits the household. The others stand in for it.
    items: Vec<Item>,
    /// For whom.
    per: PackPer,
    /// How many units for each.
    quantity: i32,
    /// The same again after so many nights; null where it is given once for the stay.
    every_nights: Option<i32>,
}

/// What goes into a pack, by rule, in one version: a pack keeps the one that it was made by.
pub struct PackTemplate(pub(crate) pack_templates::PackTemplate);

#[Object]
impl PackTemplate {
    /// Its id, which all its versions have.
    async fn id(&self) -> ID {
        ids::global("PackTemplate", self.0.id)
    }

    /// The code that people see.
    async fn code(&self) -> &str {
        &self.0.code
    }

    /// Its name.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Which version, from 1 on.
    async fn version(&self) -> i32 {
        count(self.0.version)
    }

    /// The scheme whose stays get it; null where it is for those that no other template is for.
    async fn scheme(&self) -> Option<Scheme> {
        self.0.scheme.map(Into::into)
    }

    /// Whether no more packs are made by it.
    async fn retired(&self) -> bool {
        self.0.retired
    }

    /// What goes in.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn lines(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<PackTemplateLine>> {
        let all = engine(ctx).items(actor(ctx)).await.map_err(query_error)?;
        let catalogue: items::Catalogue = all.into_iter().map(|item| (item.id, item)).collect();
        let line = |(line, no): (&pack_templates::TemplateLine, i32)| PackTemplateLine {
            no,
            items: line
                .alternatives
                .iter()
                .filter_map(|id| catalogue.get(id).cloned().map(Item::from))
                .collect(),
            per: line.per.into(),
            quantity: count(line.quantity),
            every_nights: line.every_nights.map(count),
        };
        let lines = self.0.lines.iter().zip(1..).map(line).collect();
        Window::new(first, after)?.page_of(lines, |line| line)
    }
}

/// Looking pack templates up.
#[derive(Default)]
pub struct PackTemplatesQuery;

#[Object]
impl PackTemplatesQuery {
    /// The pack templates, each in its latest version, by code.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn pack_templates(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those that are used no more, or only those that are.")] retired: Option<bool>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<PackTemplate>> {
        let mut found = engine(ctx).pack_templates(actor(ctx)).map_err(query_error)?;
        found.retain(|template| retired.is_none_or(|retired| template.retired == retired));
        Window::new(first, after)?.page_of(found, PackTemplate)
    }
}

/// What a line of a template gives.
#[derive(InputObject)]
pub struct PackTemplateLineInput {
    /// Codes or bar codes of items, the one that is best first. The others stand in for it where it does not suit a
    /// household, or is not there.
    items: Vec<String>,
    /// For whom.
    per: PackPer,
    /// How many units for each, 1 to 100.
    quantity: i64,
    /// The same again after so many nights, 1 to 365; left out where it is given once for the stay.
    every_nights: Option<i64>,
}

/// A pack template to add, or to follow by its next version.
#[derive(InputObject)]
pub struct SavePackTemplateInput {
    /// Its code. One that is there gets its next version: packs that were made keep theirs.
    code: String,
    /// Its name.
    name: String,
    /// The scheme whose stays get it; left out where it is for those that no other template is for.
    scheme: Option<Scheme>,
    /// What goes in, 1 to 200 lines.
    lines: Vec<PackTemplateLineInput>,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// A pack template by its code.
#[derive(InputObject)]
pub struct PackTemplateInput {
    /// Its code.
    template: String,
    /// The same key and input have one effect and one answer.
    idempotency_key: Option<String>,
}

/// The template was kept.
#[derive(SimpleObject)]
pub struct PackTemplateSaved {
    /// As it is now.
    template: PackTemplate,
}

answer!(
    /// The answer to a change of a pack template.
    PackTemplateAnswer = PackTemplateSaved
);

/// Keeping pack templates. For managers.
#[derive(Default)]
pub struct PackTemplatesMutation;

#[Object]
impl PackTemplatesMutation {
    /// Adds a pack template, or its next version.
    async fn save_pack_template(
        &self,
        ctx: &Context<'_>,
        input: SavePackTemplateInput,
    ) -> Result<PackTemplateAnswer> {
        let line = |line: PackTemplateLineInput| TemplateLineAsk {
            items: line.items,
            per: line.per.into(),
            quantity: line.quantity,
            every_nights: line.every_nights,
        };
        let ask = SavePackTemplate {
            code: input.code,
            name: input.name,
            scheme: input.scheme.map(Into::into),
            lines: input.lines.into_iter().map(line).collect(),
        };
        saved(ctx, input.idempotency_key, Command::SavePackTemplate(ask)).await
    }

    /// No more packs are made by the template.
    async fn retire_pack_template(
        &self,
        ctx: &Context<'_>,
        input: PackTemplateInput,
    ) -> Result<PackTemplateAnswer> {
        let command = Command::RetirePackTemplate { template: input.template };
        saved(ctx, input.idempotency_key, command).await
    }

    /// Packs are made by the template again.
    async fn restore_pack_template(
        &self,
        ctx: &Context<'_>,
        input: PackTemplateInput,
    ) -> Result<PackTemplateAnswer> {
        let command = Command::RestorePackTemplate { template: input.template };
        saved(ctx, input.idempotency_key, command).await
    }
}

async fn saved(ctx: &Context<'_>, key: Option<String>, command: Command) -> Result<PackTemplateAnswer> {
    Ok(match run(ctx, key, command).await? {
        Ok(Outcome::PackTemplate(template)) => {
            PackTemplateAnswer::Done(PackTemplateSaved { template: PackTemplate(template) })
        }
        Ok(_) => return Err(unexpected()),
        Err(refused) => PackTemplateAnswer::Refused(refused),
    })
}
