//! Pack templates: what goes into a pack, by rule.

use safespace_domain::{
    PackTemplateId, Refusal, RefusalCode,
    access::{Actor, Permission},
    availability::Spaces,
    codes,
    items::Catalogue,
    pack_templates::{PackTemplate, Per, TemplateLine, template_for},
    stays::Stay,
    units::Scheme,
};
use safespace_store::StoreError;
use serde::{Deserialize, Serialize};

use crate::{
    Engine, EngineError, Outcome,
    work::{Done, Work},
};

/// What a line of a template gives.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TemplateLineAsk {
    /// The items' codes or bar codes, the one that is best first. The others stand in for it.
    pub items: Vec<String>,
    /// For whom.
    pub per: Per,
    /// How many units for each.
    pub quantity: i64,
    /// The same again after so many nights; none where it is given once for the stay.
    pub every_nights: Option<i64>,
}

/// See [`crate::Command::SavePackTemplate`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SavePackTemplate {
    /// Its code: one that is there gets its next version, a new one is added.
    pub code: String,
    /// Its name.
    pub name: String,
    /// The scheme whose stays get it; none where it is for those that no other template is for.
    pub scheme: Option<Scheme>,
    /// What goes in.
    pub lines: Vec<TemplateLineAsk>,
}

impl Engine {
    /// The pack templates, each in its latest version, by code; those that are retired, too.
    pub fn pack_templates(&self, actor: &Actor) -> Result<Vec<PackTemplate>, EngineError> {
        self.must(actor, Permission::SeeSpaces)?;
        let spaces = self.spaces();
        let is_latest =
            |one: &&PackTemplate| latest(&spaces, one.id).is_some_and(|last| last.version == one.version);
        Ok(spaces.pack_templates.iter().filter(is_latest).cloned().collect())
    }

    /// A version of a pack template.
    pub fn pack_template(
        &self,
        actor: &Actor,
        id: PackTemplateId,
        version: u32,
    ) -> Result<Option<PackTemplate>, EngineError> {
        self.must(actor, Permission::SeeSpaces)?;
        Ok(version_of(&self.spaces(), id, version).cloned())
    }

    pub(crate) async fn save_pack_template(&self, work: &mut Work, ask: SavePackTemplate) -> Done<Outcome> {
        let code = codes::code(&ask.code, "code")?;
        let there = work.tx.lock_pack_template(&code).await?;
        let called: Vec<&str> =
            ask.lines.iter().flat_map(|line| line.items.iter().map(String::as_str)).collect();
        let items = self.known_items(work, &called).await?;
        let catalogue: Catalogue = items.iter().map(|item| (item.id, item.clone())).collect();
        let mut named = items.iter().map(|item| item.id);
        let whole = |n: i64, field: &str| {
            u32::try_from(n)
                .map_err(|_| Refusal::bad(field, format!("Give a whole number of 1 or more, not {n}.")))
        };
        let mut lines = Vec::new();
        for line in &ask.lines {
            lines.push(TemplateLine {
                alternatives: named.by_ref().take(line.items.len()).collect(),
                per: line.per,
                quantity: whole(line.quantity, "lines")?,
                every_nights: line.every_nights.map(|nights| whole(nights, "lines")).transpose()?,
            });
        }
        // Read in this transaction: another program may have saved a version that is not in memory yet.
        let versions = work.tx.reader().pack_templates().await?;
        let last = versions.into_iter().filter(|one| Some(one.id) == there).max_by_key(|one| one.version);
        let template = match &last {
            Some(last) => last.edited(ask.name, ask.scheme, lines),
            None => PackTemplate {
                id: PackTemplateId(self.ids.next()),
                code,
                name: ask.name,
                version: 1,
                scheme: ask.scheme,
                lines,
                retired: false,
            },
        }
        .checked(&catalogue)?;
        match last {
            Some(_) => work.tx.add_pack_template_version(&template).await?,
            None => work.tx.add_pack_template(&template).await.map_err(|error| match error {
                StoreError::InUse("pack_template_code") => EngineError::from(Refusal::new(
                    RefusalCode::Changed,
                    "Somebody has just added a template with this code: look again.",
                )),
                error => error.into(),
            })?,
        }
        Ok(keep_template(work, template))
    }

    pub(crate) async fn retire_pack_template(&self, work: &mut Work, code: &str) -> Done<Outcome> {
        let template = self.lock_template(work, code).await?;
        if template.retired {
            let message = format!("{} is retired already.", template.code);
            return Err(Refusal::new(RefusalCode::WrongState, message).on("template").into());
        }
        let template = PackTemplate { retired: true, ..template };
        work.tx.save_pack_template(&template).await?;
        Ok(keep_template(work, template))
    }

    pub(crate) async fn restore_pack_template(&self, work: &mut Work, code: &str) -> Done<Outcome> {
        let template = self.lock_template(work, code).await?;
        if !template.retired {
            let message = format!("{} is in use: there is nothing to bring back.", template.code);
            return Err(Refusal::new(RefusalCode::WrongState, message).on("template").into());
        }
        let template = PackTemplate { retired: false, ..template };
        work.tx.save_pack_template(&template).await?;
        Ok(keep_template(work, template))
    }

    /// The template with this code in its latest version.
    async fn lock_template(&self, work: &Work, code: &str) -> Done<PackTemplate> {
        let not_found = || Refusal::not_found("pack template", "template");
        let id = work.tx.lock_pack_template(code).await?.ok_or_else(not_found)?;
        let versions = work.tx.reader().pack_templates().await?;
        let last = versions.into_iter().filter(|one| one.id == id).max_by_key(|one| one.version);
        Ok(last.ok_or_else(not_found)?)
    }
}

fn keep_template(work: &mut Work, template: PackTemplate) -> Outcome {
    work.change_spaces();
    work.audit(Some(template.id.0), &[], &template);
    Outcome::PackTemplate(template)
}

/// A version of a template.
pub(crate) fn version_of(spaces: &Spaces, id: PackTemplateId, version: u32) -> Option<&PackTemplate> {
    spaces.pack_templates.iter().find(|one| (one.id, one.version) == (id, version))
}

fn latest(spaces: &Spaces, id: PackTemplateId) -> Option<&PackTemplate> {
    spaces.pack_templates.iter().filter(|one| one.id == id).max_by_key(|one| one.version)
}

/// The template by which a stay gets its pack, by the unit that it is in.
pub(crate) fn template_of<'s>(spaces: &'s Spaces, stay: &Stay) -> Option<&'s PackTemplate> {
    let unit = spaces.unit_by_id(stay.unit)?;
    template_for(&spaces.pack_templates, spaces.policy_of(unit).scheme)
}
