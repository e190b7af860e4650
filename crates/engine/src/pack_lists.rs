//! Pack lists, drawn up: what goes into each of many packs, by its template and by what is known of the household.

use std::collections::BTreeSet;

use safespace_domain::{
    ItemId, Night, PackId,
    availability::Spaces,
    items::{Avoids, Catalogue},
    needs::Needs,
    pack_lists::{PackFor, PackList, pack_list},
    pack_templates::PackTemplate,
    packs::{Pack, PackWords},
    stays::Stay,
    stock::Issued,
};
use safespace_store::{PackFacts, SealedNeeds, StoredPack, Tx};

use crate::{Engine, EngineError, Fault, pack_templates::version_of};

/// A pack with its list.
#[derive(Clone, Debug)]
pub struct PackView {
    /// The pack.
    pub pack: Pack,
    /// The stay that it is for.
    pub stay: Stay,
    /// The version of the template that it was made by.
    pub template: PackTemplate,
    /// What is said of it.
    pub words: PackWords,
    /// Whom it is for, as far as is known.
    pub to: PackFor,
    /// What goes in.
    pub list: PackList,
    /// The items that any of this names.
    pub items: Catalogue,
}

/// What is known of a pack before its list is drawn up.
pub(crate) struct Known {
    pub(crate) pack: Pack,
    pub(crate) stay: Stay,
    pub(crate) words: PackWords,
    template: PackTemplate,
    needs: Needs,
    contents: Vec<Issued>,
    goes_on: bool,
}

impl Known {
    /// The items that its list may name.
    pub(crate) fn items(&self) -> BTreeSet<ItemId> {
        let of_template = self.template.lines.iter().flat_map(|line| line.alternatives.iter().copied());
        let asked = self.words.asked.iter().map(|asked| asked.item);
        let short = self.words.shortfalls.iter().flat_map(|short| {
            short.wanted.into_iter().chain(short.substitutes.iter().map(|(item, _)| *item))
        });
        let given = self.contents.iter().map(|issued| issued.item);
        of_template.chain(asked).chain(short).chain(given).collect()
    }

    /// Its list, by what the catalogue says of its items.
    pub(crate) fn drawn_up(self, today: Night, catalogue: &Catalogue) -> PackView {
        let named = self.items();
        let Self { pack, stay, words, template, needs, contents, goes_on } = self;
        let to = PackFor {
            people: stay.people,
            ages: words.ages.or(needs.child_ages),
            avoids: both(&needs.avoids, &words.avoids),
            nights: pack.nights(&stay, today),
            asked: words.asked.clone(),
            goes_on,
        };
        let list = pack_list(&template, &to, catalogue, &contents);
        let items = named.into_iter().filter_map(|id| Some((id, catalogue.get(&id)?.clone()))).collect();
        PackView { pack, stay, template, words, to, list, items }
    }
}

/// What either says.
pub(crate) fn both(one: &Avoids, other: &Avoids) -> Avoids {
    Avoids {
        allergens: one.allergens.union(&other.allergens).copied().collect(),
        diets: one.diets.union(&other.diets).copied().collect(),
    }
}

impl Engine {
    /// What is known of these packs.
    pub(crate) fn known_of(
        &self,
        spaces: &Spaces,
        packs: Vec<StoredPack>,
        facts: &PackFacts,
    ) -> Result<Vec<Known>, EngineError> {
        let known = |StoredPack { pack, words }: StoredPack| {
            let stay = facts.stays.get(&pack.stay).cloned();
            let template = version_of(spaces, pack.template, pack.template_version).cloned();
            Ok(Known {
                stay: stay.ok_or(Fault::Broken("a pack has no stay"))?,
                template: template.ok_or(Fault::Broken("a pack has no template"))?,
                words: self.pack_words(&facts.needs, &pack, words.as_deref())?,
                needs: self.needs_among(&facts.needs, pack.household)?,
                contents: facts.contents.get(&pack.id).cloned().unwrap_or_default(),
                goes_on: facts.going_on.contains(&pack.id),
                pack,
            })
        };
        packs.into_iter().map(known).collect()
    }

    /// These packs with their lists.
    pub(crate) async fn drawn_up(&self, packs: Vec<StoredPack>) -> Result<Vec<PackView>, EngineError> {
        if packs.is_empty() {
            return Ok(Vec::new());
        }
        let read = self.store.reader();
        let facts = read.pack_facts(&packs).await?;
        let known = self.known_of(&self.spaces(), packs, &facts)?;
        let items: BTreeSet<ItemId> = known.iter().flat_map(Known::items).collect();
        let catalogue = read.items_by_id(items).await?;
        let today = self.today();
        Ok(known.into_iter().map(|known| known.drawn_up(today, &catalogue)).collect())
    }

    /// What is said of a pack. Nothing once the household was erased.
    pub(crate) fn pack_words(
        &self,
        known: &SealedNeeds,
        pack: &Pack,
        sealed: Option<&[u8]>,
    ) -> Result<PackWords, EngineError> {
        let Some(sealed) = sealed else { return Ok(PackWords::default()) };
        let opened = self.open_with(&known.keys, pack.household.0, &words_context(pack.id), sealed)?;
        let Some(text) = opened else { return Ok(PackWords::default()) };
        Ok(serde_json::from_str(&text).map_err(|_| Fault::Broken("what is said of a pack can't be read"))?)
    }

    /// Keeps what is said of a pack, sealed. The household must not have been erased.
    pub(crate) async fn save_pack_words(
        &self,
        tx: &Tx,
        pack: &Pack,
        words: &PackWords,
    ) -> Result<(), EngineError> {
        let text =
            serde_json::to_string(words).map_err(|_| Fault::Broken("a value can't be written as JSON"))?;
        let sealed = self.seal(tx, pack.household.0, &words_context(pack.id), &text).await?;
        Ok(tx.save_pack_words(pack.id, sealed).await?)
    }
}

/// The place to which is bound what is said of a pack.
fn words_context(id: PackId) -> String {
    format!("pack.words.{id}")
}
