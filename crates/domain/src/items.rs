//! The catalogue: what is given to households, with what one must know to give the right thing to each.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    str::FromStr,
};

use serde::{Deserialize, Serialize};

use crate::{
    codes,
    ids::{ItemId, PlaceId},
    money::Pence,
    nights::{Night, later},
    refusal::{Refusal, RefusalCode},
    stock::MOST_UNITS,
};

/// The price of a bought pack is below this. More is a slip of the hand.
pub const PRICE_BELOW: Pence = Pence(1_000_000);
/// The most units in a bought pack.
pub const MOST_IN_A_PACK: u32 = 1_000;
/// The longest shelf life, in days.
const LONGEST_SHELF_LIFE: u32 = 3_650;

/// What must be told of food that contains it: the fourteen of Annex II to Regulation (EU) 1169/2011, which the Food
/// Information Regulations 2014 apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Allergen {
    /// Celery.
    Celery,
    /// Cereals containing gluten: wheat, rye, barley, oats.
    Gluten,
    /// Crustaceans.
    Crustaceans,
    /// Eggs.
    Eggs,
    /// Fish.
    Fish,
    /// Lupin.
    Lupin,
    /// Milk, lactose included.
    Milk,
    /// Molluscs.
    Molluscs,
    /// Mustard.
    Mustard,
    /// Nuts that grow on trees.
    Nuts,
    /// Peanuts.
    Peanuts,
    /// Sesame seeds.
    Sesame,
    /// Soybeans.
    Soya,
    /// Sulphur dioxide and sulphites.
    Sulphites,
}

impl Allergen {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Celery,
        Self::Gluten,
        Self::Crustaceans,
        Self::Eggs,
        Self::Fish,
        Self::Lupin,
        Self::Milk,
        Self::Molluscs,
        Self::Mustard,
        Self::Nuts,
        Self::Peanuts,
        Self::Sesame,
        Self::Soya,
        Self::Sulphites,
    ];

    /// The allergen's name in code and files, and in sentences.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Celery => "celery",
            Self::Gluten => "gluten",
            Self::Crustaceans => "crustaceans",
            Self::Eggs => "eggs",
            Self::Fish => "fish",
            Self::Lupin => "lupin",
            Self::Milk => "milk",
            Self::Molluscs => "molluscs",
            Self::Mustard => "mustard",
            Self::Nuts => "nuts",
            Self::Peanuts => "peanuts",
            Self::Sesame => "sesame",
            Self::Soya => "soya",
            Self::Sulphites => "sulphites",
        }
    }
}

impl fmt::Display for Allergen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Allergen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|allergen| allergen.as_str() == text).ok_or_else(|| {
            let known: Vec<_> = Self::ALL.iter().map(|allergen| allergen.as_str()).collect();
            format!("{text:?} is not an allergen: use {}", known.join(", "))
        })
    }
}

/// What somebody eats only, by conviction, faith or choice. What makes them ill is an [`Allergen`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Diet {
    /// No meat, no fish.
    Vegetarian,
    /// Nothing that comes from animals.
    Vegan,
    /// Halal.
    Halal,
    /// Kosher.
    Kosher,
    /// No pork.
    NoPork,
    /// No beef.
    NoBeef,
}

impl Diet {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Vegetarian, Self::Vegan, Self::Halal, Self::Kosher, Self::NoPork, Self::NoBeef];

    /// The diet's name in code and files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Vegetarian => "vegetarian",
            Self::Vegan => "vegan",
            Self::Halal => "halal",
            Self::Kosher => "kosher",
            Self::NoPork => "no_pork",
            Self::NoBeef => "no_beef",
        }
    }

    /// The diet in words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::NoPork => "free of pork",
            Self::NoBeef => "free of beef",
            other => other.as_str(),
        }
    }

    /// Diets whose marks say this one too: what is vegan is vegetarian, what is halal has no pork.
    const fn also_by(self) -> &'static [Self] {
        match self {
            Self::Vegetarian => &[Self::Vegan],
            Self::NoPork => &[Self::Vegetarian, Self::Vegan, Self::Halal, Self::Kosher],
            Self::NoBeef => &[Self::Vegetarian, Self::Vegan],
            Self::Vegan | Self::Halal | Self::Kosher => &[],
        }
    }

    /// What nothing that suits this diet contains.
    const fn never(self) -> &'static [Allergen] {
        use Allergen::{Crustaceans, Eggs, Fish, Milk, Molluscs};
        match self {
            Self::Vegetarian => &[Fish, Crustaceans, Molluscs],
            Self::Vegan => &[Fish, Crustaceans, Molluscs, Eggs, Milk],
            Self::Kosher => &[Crustaceans, Molluscs],
            Self::Halal | Self::NoPork | Self::NoBeef => &[],
        }
    }
}

impl fmt::Display for Diet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Diet {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|diet| diet.as_str() == text).ok_or_else(|| {
            format!("{text:?} is not a diet: use vegetarian, vegan, halal, kosher, no_pork or no_beef")
        })
    }
}

/// What a household can't or won't have. Kept sealed, with what else it needs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Avoids {
    /// What makes one of them ill.
    pub allergens: BTreeSet<Allergen>,
    /// How they eat.
    pub diets: BTreeSet<Diet>,
}

impl Avoids {
    /// Whether they have anything.
    pub fn is_nothing(&self) -> bool {
        self.allergens.is_empty() && self.diets.is_empty()
    }
}

/// Why an item is not for a household.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// It contains, or may contain, what makes one of them ill.
    Contains(Allergen),
    /// Nobody has read on the label what it contains.
    ContentsNotKnown,
    /// It is not marked as what they eat.
    NotMarked(Diet),
    /// It is no longer put into packs.
    Retired,
    /// There is no such item any more.
    NotInCatalogue,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Contains(allergen) => write!(f, "contains {allergen}"),
            Self::ContentsNotKnown => f.write_str("nobody has noted which allergens it contains"),
            Self::NotMarked(diet) => write!(f, "is not marked as {}", diet.words()),
            Self::Retired => f.write_str("is retired"),
            Self::NotInCatalogue => f.write_str("is not in the catalogue"),
        }
    }
}

/// A kind of item. The list is the service's own: managers add to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemCategory {
    /// Its code, as files and the API use it.
    pub code: String,
    /// What people read.
    pub label: String,
}

/// The categories that every new service begins with: code and label.
pub const DEFAULT_CATEGORIES: [(&str, &str); 7] = [
    ("food", "Food"),
    ("toiletries", "Toiletries"),
    ("baby", "Baby"),
    ("bedding", "Bedding"),
    ("clothing", "Clothing"),
    ("household", "Household"),
    ("phone_credit", "Phone credit"),
];

/// Finds a category; refused, with what there is, where it is none of them.
pub fn known_category<'c>(
    categories: impl IntoIterator<Item = &'c ItemCategory>,
    code: &str,
    field: &str,
) -> Result<&'c ItemCategory, Refusal> {
    let all: Vec<_> = categories.into_iter().collect();
    if let Some(found) = all.iter().find(|category| category.code == code) {
        return Ok(found);
    }
    let codes: Vec<_> = all.iter().map(|category| category.code.as_str()).collect();
    Err(Refusal::bad(field, format!("There is no such category. Known: {}.", codes.join(", "))))
}

/// The items, by id.
pub type Catalogue = BTreeMap<ItemId, Item>;

/// An item of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Its id.
    pub id: ItemId,
    /// The code that people see, such as `TEA-80`.
    pub code: String,
    /// Its name.
    pub name: String,
    /// The code of its category.
    pub category: String,
    /// What one unit is: `tin`, `pack`, `bottle`. Stock is counted in these, and they are given out whole.
    pub unit_of_issue: String,
    /// How many units a bought pack has.
    pub pack_size: u32,
    /// What a bought pack costs, as far as is known. What it did cost is in the lot.
    pub price: Pence,
    /// Whom it is bought from.
    pub supplier: Option<String>,
    /// Whether it is eaten or drunk. Only then do diets matter; an allergen matters always.
    pub eaten: bool,
    /// What it contains or may contain. None where nobody has read the label: then what is eaten is for nobody who
    /// avoids an allergen.
    pub contains: Option<BTreeSet<Allergen>>,
    /// What it is marked as.
    pub suits: BTreeSet<Diet>,
    /// How many days it keeps from the day it is received, where that is known.
    pub shelf_life_days: Option<u32>,
    /// Whether it goes off: then each lot has a day on which it expires.
    pub perishable: bool,
    /// The number under its bar code (GTIN-8, -12, -13 or -14), digits only.
    pub barcode: Option<String>,
    /// Whether it is no longer bought or put into packs. What is left of it can still be given.
    pub retired: bool,
}

impl Item {
    /// The same, tidied. Refused with what can't be.
    pub fn checked(self) -> Result<Self, Refusal> {
        if self.price <= Pence::ZERO || self.price >= PRICE_BELOW {
            return Err(Refusal::bad(
                "price",
                format!(
                    "The price of a pack as it is bought is more than £0 and below {PRICE_BELOW}, not {}: check it. \
                     What is given to the service for nothing has the price that it would be bought for.",
                    self.price
                ),
            ));
        }
        if !(1..=MOST_IN_A_PACK).contains(&self.pack_size) {
            return Err(Refusal::bad(
                "packSize",
                format!("A pack as it is bought has 1 to {MOST_IN_A_PACK} units, not {}.", self.pack_size),
            ));
        }
        if let Some(days) = self.shelf_life_days
            && !(1..=LONGEST_SHELF_LIFE).contains(&days)
        {
            return Err(Refusal::bad(
                "shelfLifeDays",
                format!("A shelf life is 1 to {LONGEST_SHELF_LIFE} days, not {days}."),
            ));
        }
        let contains = self.contains.iter().flatten();
        for allergen in contains {
            if let Some(diet) = self.suits.iter().find(|diet| diet.never().contains(allergen)) {
                return Err(Refusal::bad(
                    "suits",
                    format!(
                        "What contains {allergen} is not {}: take one of the two marks off.",
                        diet.words()
                    ),
                ));
            }
        }
        let named = |text: Option<String>, field: &str| match text.filter(|text| !text.trim().is_empty()) {
            Some(text) => codes::name(&text, field).map(Some),
            None => Ok(None),
        };
        Ok(Self {
            code: codes::code(&self.code, "code")?,
            name: codes::name(&self.name, "name")?,
            unit_of_issue: codes::name(&self.unit_of_issue, "unitOfIssue")?,
            supplier: named(self.supplier, "supplier")?,
            barcode: self.barcode.map(|digits| barcode(&digits, "barcode")).transpose()?,
            ..self
        })
    }

    /// How many packs, as they are bought, so many units need.
    pub fn packs_for(&self, units: u32) -> u32 {
        units.div_ceil(self.pack_size.max(1))
    }

    /// Why it is not for a household; empty where it is. That it is retired is no reason: what is left of it is given.
    pub fn unsuited(&self, avoids: &Avoids) -> Vec<Why> {
        let mut why = Vec::new();
        match &self.contains {
            Some(contains) => {
                why.extend(contains.intersection(&avoids.allergens).copied().map(Why::Contains));
            }
            None if self.eaten && !avoids.allergens.is_empty() => why.push(Why::ContentsNotKnown),
            None => {}
        }
        if self.eaten {
            let marked = |diet: &Diet| {
                self.suits.contains(diet) || diet.also_by().iter().any(|other| self.suits.contains(other))
            };
            why.extend(avoids.diets.iter().copied().filter(|diet| !marked(diet)).map(Why::NotMarked));
        }
        why
    }

    /// Refused, saying every reason, where it is not for the household.
    pub fn must_suit(&self, avoids: &Avoids, field: &str) -> Result<(), Refusal> {
        let why: Vec<_> = self.unsuited(avoids).iter().map(Why::to_string).collect();
        if why.is_empty() {
            return Ok(());
        }
        Err(Refusal::new(
            RefusalCode::Unsuitable,
            format!(
                "{} is not for this household: it {}. Give something else, or say why they get it.",
                self.name,
                why.join(" and ")
            ),
        )
        .on(field))
    }

    /// The last day on which what is received today may be used: the one given, else by the shelf life. Refused where
    /// it has passed, and where what goes off would have none.
    pub fn expiry(&self, given: Option<Night>, today: Night) -> Result<Option<Night>, Refusal> {
        let expires_on = given.or_else(|| Some(later(today, self.shelf_life_days?)));
        match expires_on {
            Some(day) if day < today => Err(Refusal::bad(
                "expiresOn",
                format!("This {} expired on {day}: do not take it in.", self.name),
            )),
            None if self.perishable => Err(Refusal::bad(
                "expiresOn",
                format!("{} goes off: give the day on which it expires, as it is printed on it.", self.name),
            )),
            known => Ok(known),
        }
    }

    /// Refused where it is retired: nothing of it is bought or newly put into a pack.
    pub fn must_be_current(&self, field: &str) -> Result<(), Refusal> {
        if self.retired {
            return Err(Refusal::new(
                RefusalCode::WrongState,
                format!("{} is retired: take another item, or bring this one back first.", self.code),
            )
            .on(field));
        }
        Ok(())
    }

    /// Refused where the ledger or a template names it: what was given stays on record.
    pub fn may_be_deleted(&self, entries: u64, templates: u64) -> Result<(), Refusal> {
        if entries == 0 && templates == 0 {
            return Ok(());
        }
        let named = if entries == 0 { "A pack template names" } else { "The stock ledger has entries of" };
        Err(Refusal::new(
            RefusalCode::StandsInTheWay,
            format!(
                "{named} {}, so it can't be deleted: retire it instead, and it is no longer used.",
                self.code
            ),
        )
        .on("item"))
    }
}

/// Digits of a bar code with a check digit that is right (GS1 General Specifications, 7.9).
pub fn barcode(text: &str, field: &str) -> Result<String, Refusal> {
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let digits: Option<Vec<u32>> = text.chars().map(|c| c.to_digit(10)).collect();
    let digits = digits.filter(|digits| matches!(digits.len(), 8 | 12 | 13 | 14)).ok_or_else(|| {
        Refusal::bad(field, "A bar code has 8, 12, 13 or 14 digits, as they are printed under it.")
    })?;
    let weighted = digits.iter().rev().zip([1, 3].into_iter().cycle());
    let sum: u32 = weighted.map(|(digit, weight)| digit * weight).sum();
    if sum.is_multiple_of(10) {
        Ok(text)
    } else {
        Err(Refusal::bad(field, "The last digit of the bar code does not fit the others: read it again."))
    }
}

/// At how many units of an item a place is low, and how many it should then have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Level {
    /// The place.
    pub place: PlaceId,
    /// The item.
    pub item: ItemId,
    /// The place is low when it has this many units or fewer.
    pub reorder_point: u32,
    /// It is filled up to so many.
    pub target: u32,
}

impl Level {
    /// Refuses a level that could not be kept.
    pub fn check(&self) -> Result<(), Refusal> {
        if self.target > MOST_UNITS {
            return Err(Refusal::bad("target", format!("A target is at most {MOST_UNITS} units.")));
        }
        if self.target <= self.reorder_point {
            return Err(Refusal::bad(
                "target",
                format!(
                    "The target, {}, must be above the reorder point, {}: else the place is low when it is full.",
                    self.target, self.reorder_point
                ),
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn beans() -> Item {
        Item {
            id: ItemId(Uuid::nil()),
            code: "BEANS".into(),
            name: "Baked beans".into(),
            category: "food".into(),
            unit_of_issue: "tin".into(),
            pack_size: 6,
            price: Pence(300),
            supplier: Some("Booker".into()),
            eaten: true,
            contains: Some(BTreeSet::from([Allergen::Celery])),
            suits: BTreeSet::from([Diet::Vegan]),
            shelf_life_days: None,
            perishable: false,
            barcode: None,
            retired: false,
        }
    }

    fn avoids(allergens: &[Allergen], diets: &[Diet]) -> Avoids {
        Avoids { allergens: allergens.iter().copied().collect(), diets: diets.iter().copied().collect() }
    }

    #[test]
    fn a_price_of_nothing_or_of_a_million_is_refused() {
        assert_eq!(beans().checked().unwrap(), beans());
        for price in [0, -1, 1_000_000, 100_000_000] {
            let refusal = Item { price: Pence(price), ..beans() }.checked().unwrap_err();
            assert_eq!(refusal.field.as_deref(), Some("price"), "{price}");
        }
        assert!(Item { pack_size: 0, ..beans() }.checked().is_err());
        assert!(Item { shelf_life_days: Some(0), ..beans() }.checked().is_err());
        assert_eq!(Item { supplier: Some(" ".into()), ..beans() }.checked().unwrap().supplier, None);
    }

    #[test]
    fn marks_that_contradict_each_other_are_refused() {
        let milky = Item { contains: Some(BTreeSet::from([Allergen::Milk])), ..beans() };
        assert!(milky.checked().unwrap_err().message.contains("What contains milk is not vegan"));
    }

    #[test]
    fn what_makes_somebody_ill_is_not_given_and_why_is_said() {
        let refusal = beans().must_suit(&avoids(&[Allergen::Celery], &[Diet::Kosher]), "item").unwrap_err();
        assert_eq!(
            refusal.message,
            "Baked beans is not for this household: it contains celery and is not marked as kosher. Give something \
             else, or say why they get it."
        );
        assert!(
            beans().must_suit(&avoids(&[Allergen::Nuts], &[Diet::Vegetarian, Diet::NoPork]), "item").is_ok()
        );
        let unread = Item { contains: None, ..beans() };
        assert_eq!(unread.unsuited(&avoids(&[Allergen::Nuts], &[])), [Why::ContentsNotKnown]);
        assert!(unread.unsuited(&avoids(&[], &[Diet::Vegan])).is_empty());
    }

    #[test]
    fn what_is_not_eaten_suits_every_diet_but_no_allergy_to_it() {
        let cream = Item {
            eaten: false,
            suits: BTreeSet::new(),
            contains: Some(BTreeSet::from([Allergen::Nuts])),
            ..beans()
        };
        assert!(cream.unsuited(&avoids(&[], &Diet::ALL)).is_empty());
        assert_eq!(cream.unsuited(&avoids(&Allergen::ALL, &[])), [Why::Contains(Allergen::Nuts)]);
    }

    #[test]
    fn what_goes_off_has_a_day_on_which_it_does() {
        let today: Night = "2020-11-03".parse().unwrap();
        assert_eq!(beans().expiry(None, today).unwrap(), None);
        assert_eq!(beans().expiry(Some(today), today).unwrap(), Some(today));
        let passed = "2020-11-02".parse().unwrap();
        assert!(beans().expiry(Some(passed), today).unwrap_err().message.contains("2020-11-02"));
        let milk = Item { perishable: true, ..beans() };
        assert_eq!(milk.expiry(None, today).unwrap_err().field.as_deref(), Some("expiresOn"));
        let keeps = Item { shelf_life_days: Some(7), ..milk };
        assert_eq!(keeps.expiry(None, today).unwrap(), Some("2020-11-10".parse().unwrap()));
    }

    #[test]
    fn an_item_with_history_is_retired_instead_of_deleted() {
        assert!(beans().may_be_deleted(0, 0).is_ok());
        for (entries, templates) in [(1, 0), (0, 1)] {
            let refusal = beans().may_be_deleted(entries, templates).unwrap_err();
            assert!(refusal.message.contains("retire it instead"), "{refusal}");
        }
        assert!(Item { retired: true, ..beans() }.must_be_current("item").is_err());
    }

    #[test]
    fn the_check_digit_of_a_bar_code_fits() {
        for good in ["5000157024671", "96385074", "036000291452", "4 006381 333931"] {
            assert!(barcode(good, "barcode").is_ok(), "{good}");
        }
        for bad in ["5000157024672", "96385075", "123", "50001570246x1", ""] {
            assert!(barcode(bad, "barcode").is_err(), "{bad}");
        }
    }

    #[test]
    fn each_name_is_read_back() {
        for allergen in Allergen::ALL {
            assert_eq!(allergen.as_str().parse(), Ok(allergen));
        }
        for diet in Diet::ALL {
            assert_eq!(diet.as_str().parse(), Ok(diet));
        }
        assert!("gravy".parse::<Allergen>().is_err() && "keto".parse::<Diet>().is_err());
    }

    #[test]
    fn a_place_is_low_below_its_target() {
        let level = |reorder_point, target| Level {
            place: PlaceId(Uuid::nil()),
            item: ItemId(Uuid::nil()),
            reorder_point,
            target,
        };
        assert!(level(0, 1).check().is_ok());
        assert!(level(5, 5).check().is_err());
        assert!(level(5, MOST_UNITS + 1).check().is_err());
    }
}
