//! The catalogue: what is given to households, by category. For managers to keep.

use std::{collections::BTreeSet, sync::Arc};

use askama::Template;
use rust_decimal::Decimal;
use safespace_domain::{
    ItemId, Refusal,
    access::Permission,
    items::{Allergen, Diet, Item, ItemCategory},
};
use safespace_engine::{Command, SaveItem};

use super::{Names, handed_over, pounds, typed_pounds};
use crate::{
    Answer, Pages, Site, Stopped,
    fields::Fields,
    form, page,
    properties::{Choices, any, first},
    shell::{Place, Shell, to},
    visit::Visit,
    words::stock as words,
};

/// An item in the list.
struct Row {
    path: String,
    edit: String,
    code: String,
    name: String,
    category: String,
    bought_in: String,
    supplier: String,
    is_retired: bool,
}

#[derive(Template)]
#[template(path = "catalogue.html")]
struct CataloguePage {
    shell: Shell,
    fields: Fields,
    categories: Choices,
    rows: Vec<Row>,
    may_manage: bool,
}

#[derive(Template)]
#[template(path = "item_form.html")]
struct ItemFormPage {
    shell: Shell,
    fields: Fields,
    /// The item that is changed; none where one is added.
    of: Option<Item>,
    categories: Choices,
    yes_no: Choices,
    label_read: Choices,
    allergens: Choices,
    diets: Choices,
}

#[derive(Template)]
#[template(path = "categories.html")]
struct CategoriesPage {
    shell: Shell,
    fields: Fields,
    categories: Choices,
}

const FORM_FIELDS: [&str; 13] = [
    "code",
    "name",
    "category",
    "unitOfIssue",
    "packSize",
    "price",
    "supplier",
    "eaten",
    "labelRead",
    "contains",
    "suits",
    "shelfLifeDays",
    "barcode",
];

pub(super) fn pages(site: &Arc<Site>) -> Pages {
    vec![
        ("/stock/catalogue", page(site, catalogue)),
        ("/stock/catalogue/sheet", page(site, sheet)),
        ("/stock/catalogue/new", form(site, new, add)),
        ("/stock/catalogue/:id", form(site, describing, describe)),
        ("/stock/categories", form(site, categories, save_category)),
    ]
}

/// The catalogue.
async fn catalogue(visit: Visit) -> Answer {
    visit.must(Permission::SeeStays)?;
    let names = Names::load(&visit).await?;
    let categories = visit.engine.item_categories(visit.actor()).await?;
    let fields = visit.query.clone();
    let asked = fields.get("category");
    let label = |code: &str| {
        categories
            .iter()
            .find(|one| one.code == code)
            .map_or_else(|| code.to_owned(), |one| one.label.clone())
    };
    let mut found: Vec<&Item> =
        names.items.values().filter(|item| asked.is_empty() || item.category == asked).collect();
    found.sort_by(|a, b| (a.retired, &a.code).cmp(&(b.retired, &b.code)));
    let rows = found.into_iter().map(|item| Row {
        path: format!("/stock/items/{}", item.id),
        edit: format!("/stock/catalogue/{}", item.id),
        code: item.code.clone(),
        name: item.name.clone(),
        category: label(&item.category),
        bought_in: words::bought_in(item.pack_size, &pounds(item.price)),
        supplier: item.supplier.clone().unwrap_or_default(),
        is_retired: item.retired,
    });
    let page = CataloguePage {
        shell: visit.shell(Place::Stock)?,
        rows: rows.collect(),
        categories: any(categories.iter().map(|one| (one.code.clone(), one.label.clone())).collect()),
        may_manage: visit.may(Permission::ManageStock),
        fields,
    };
    visit.show(&page)
}

/// The catalogue as a sheet.
async fn sheet(visit: Visit) -> Answer {
    let found = visit.engine.items_sheet(visit.actor()).await?;
    handed_over("catalogue", visit.query.get("format"), &found)
}

async fn form_page(visit: &Visit, of: Option<&Item>, fields: Fields) -> Result<ItemFormPage, Stopped> {
    let categories = visit.engine.item_categories(visit.actor()).await?;
    let owned = |pairs: &[(&str, &str)]| -> Choices {
        pairs.iter().map(|(code, label)| ((*code).to_owned(), (*label).to_owned())).collect()
    };
    let allergens = Allergen::ALL.into_iter();
    let diets = Diet::ALL.into_iter();
    Ok(ItemFormPage {
        shell: visit.shell(Place::Stock)?,
        fields,
        of: of.cloned(),
        categories: first(words::CHOOSE, categories.into_iter().map(|one| (one.code, one.label)).collect()),
        yes_no: owned(&words::YES_NO),
        label_read: owned(&words::LABEL_READ),
        allergens: allergens.map(|one| (one.as_str().to_owned(), words::allergen(one).to_owned())).collect(),
        diets: diets.map(|one| (one.as_str().to_owned(), words::diet(one).to_owned())).collect(),
    })
}

/// The form for a new item.
async fn new(visit: Visit) -> Answer {
    visit.must(Permission::ManageStock)?;
    let fields = Fields::default().with("packSize", 1).with("eaten", "no").with("labelRead", "no");
    let page = form_page(&visit, None, visit.filled(fields)).await?;
    visit.show(&page)
}

fn saving(fields: &Fields, code: &str) -> Result<Command, Refusal> {
    let marks = |name: &str| -> Vec<String> { fields.all(name) };
    let contains: Result<BTreeSet<Allergen>, _> = marks("contains").iter().map(|mark| mark.parse()).collect();
    let contains = contains.map_err(|_: String| Refusal::bad("contains", words::CHOOSE_FIRST))?;
    let suits: Result<BTreeSet<Diet>, _> = marks("suits").iter().map(|mark| mark.parse()).collect();
    let suits = suits.map_err(|_: String| Refusal::bad("suits", words::CHOOSE_FIRST))?;
    Ok(Command::SaveItem(SaveItem {
        code: code.to_owned(),
        name: fields.get("name").to_owned(),
        category: fields.get("category").to_owned(),
        unit_of_issue: fields.get("unitOfIssue").to_owned(),
        pack_size: fields.needed_number("packSize")?,
        price: typed_pounds(fields, "price")?.unwrap_or(Decimal::ZERO),
        supplier: fields.text("supplier"),
        eaten: fields.get("eaten") == "yes",
        contains: (fields.get("labelRead") == "yes").then_some(contains),
        suits,
        shelf_life_days: fields.number("shelfLifeDays")?,
        perishable: fields.has("perishable", "yes"),
        barcode: fields.text("barcode"),
    }))
}

/// Adds an item.
async fn add(visit: Visit, fields: Fields) -> Answer {
    visit.must(Permission::ManageStock)?;
    let is_there = Names::load(&visit)
        .await?
        .items
        .values()
        .any(|item| item.code.eq_ignore_ascii_case(fields.get("code")));
    let done = match saving(&fields, fields.get("code")) {
        // Saving it would change the one that is there.
        Ok(_) if is_there => Err(Refusal::bad("code", words::ITEM_IS_THERE)),
        Ok(command) => visit.run(&fields, command).await?.map(|_| ()),
        Err(refusal) => Err(refusal),
    };
    match done {
        Ok(()) => Ok(to("/stock/catalogue?done=item-saved")),
        Err(refusal) => {
            let mut page = form_page(&visit, None, fields).await?;
            page.shell = page.shell.refused(&refusal).at_one_of(&FORM_FIELDS);
            visit.show_again(&page)
        }
    }
}

/// The item that the address names.
async fn found(visit: &Visit) -> Result<Item, Stopped> {
    let id = visit.id("id", ItemId)?;
    let item = Names::load(visit).await?.items.remove(&id);
    item.ok_or_else(|| Stopped::Refused(Refusal::not_found("item", "id")))
}

/// The form that describes an item.
async fn describing(visit: Visit) -> Answer {
    visit.must(Permission::ManageStock)?;
    let item = found(&visit).await?;
    let yes = |is: bool| if is { "yes" } else { "no" };
    let fields = Fields::default()
        .with("name", &item.name)
        .with("category", &item.category)
        .with("unitOfIssue", &item.unit_of_issue)
        .with("packSize", item.pack_size)
        .with("price", format!("{:.2}", item.price.pounds()))
        .with("supplier", item.supplier.as_deref().unwrap_or_default())
        .with("eaten", yes(item.eaten))
        .with("labelRead", yes(item.contains.is_some()))
        .with("shelfLifeDays", item.shelf_life_days.map(|days| days.to_string()).unwrap_or_default())
        .with("perishable", yes(item.perishable))
        .with("barcode", item.barcode.as_deref().unwrap_or_default());
    let fields = item.contains.iter().flatten().fold(fields, |all, mark| all.with("contains", mark));
    let fields = item.suits.iter().fold(fields, |all, diet| all.with("suits", diet));
    let page = form_page(&visit, Some(&item), visit.filled(fields)).await?;
    visit.show(&page)
}

/// Changes what is said of an item, retires it, brings it back or takes it out of the catalogue.
async fn describe(visit: Visit, fields: Fields) -> Answer {
    visit.must(Permission::ManageStock)?;
    let item = found(&visit).await?;
    let code = item.code.clone();
    let (command, done) = match fields.get("do") {
        "retire" => (Ok(Command::RetireItem { item: code }), "/stock/catalogue?done=item-retired"),
        "restore" => (Ok(Command::RestoreItem { item: code }), "/stock/catalogue?done=item-restored"),
        "delete" => (Ok(Command::DeleteItem { item: code }), "/stock/catalogue?done=item-deleted"),
        _ => (saving(&fields, &item.code), "/stock/catalogue?done=item-saved"),
    };
    let answer = match command {
        Ok(command) => visit.run(&fields, command).await?,
        Err(refusal) => Err(refusal),
    };
    match answer {
        Ok(_) => Ok(to(done)),
        Err(refusal) => {
            let mut page = form_page(&visit, Some(&item), fields).await?;
            page.shell = page.shell.refused(&refusal).at_one_of(&FORM_FIELDS);
            visit.show_again(&page)
        }
    }
}

async fn categories_page(visit: &Visit, fields: Fields) -> Result<CategoriesPage, Stopped> {
    let found = visit.engine.item_categories(visit.actor()).await?;
    let categories = found.into_iter().map(|one| (one.code, one.label)).collect();
    Ok(CategoriesPage { shell: visit.shell(Place::Stock)?, fields, categories })
}

/// The categories of items.
async fn categories(visit: Visit) -> Answer {
    visit.must(Permission::ManageStock)?;
    let page = categories_page(&visit, visit.filled(Fields::default())).await?;
    visit.show(&page)
}

/// Adds a category, or changes its label.
async fn save_category(visit: Visit, fields: Fields) -> Answer {
    visit.must(Permission::ManageStock)?;
    let (code, label) = (fields.get("code").to_owned(), fields.get("label").to_owned());
    match visit.run(&fields, Command::SaveItemCategory(ItemCategory { code, label })).await? {
        Ok(_) => Ok(to("/stock/categories?done=category-saved")),
        Err(refusal) => {
            let mut page = categories_page(&visit, fields).await?;
            page.shell = page.shell.refused(&refusal).at_one_of(&["code", "label"]);
            visit.show_again(&page)
        }
    }
}
