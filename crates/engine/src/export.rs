//! What people take away on a sheet: the catalogue, what is on hand to be counted, what is to be bought, and what is to be
//! picked for a household. `import` reads the first two back.

use chrono::SecondsFormat;
use safespace_domain::{
    Refusal, RefusalCode, StayId,
    access::{Actor, Permission},
    codes,
    items::Item,
    places::Place,
    stays::StayStatus,
    stock::Shelf,
};
use safespace_store::{Page, StayFilter};

use crate::{
    Engine, EngineError, LookAhead,
    import::NO_ALLERGEN,
    sheets::{Cell, Sheet},
};

impl Engine {
    /// The catalogue as a sheet, by code.
    pub async fn items_sheet(&self, actor: &Actor) -> Result<Sheet, EngineError> {
        let items = self.items(actor).await?;
        let columns = vec![
            "code",
            "name",
            "category",
            "unit_of_issue",
            "pack_size",
            "price",
            "eaten",
            "perishable",
            "supplier",
            "contains",
            "suits",
            "shelf_life_days",
            "barcode",
            "retired",
        ];
        let rows = items.iter().map(item_cells).collect();
        let printed = columns.len();
        Ok(Sheet {
            title: "Items",
            made_at: self.clock.now(),
            columns,
            rows,
            printed,
            foot: "",
            definitions: Vec::new(),
        })
    }

    /// The count sheet: what is on hand, in one place or in all, by place, item and what expires first, with room for
    /// what is counted and why it differs. `import` reads it back, and leaves what is not filled in.
    pub async fn count_sheet(&self, actor: &Actor, place: Option<&str>) -> Result<Sheet, EngineError> {
        self.must(actor, Permission::SeeSpaces)?;
        // Before what is on hand is read: what comes between the two is then seen to have come since.
        let made_at = self.clock.now();
        let places = self.places(actor).await?;
        let asked = match place {
            None => places.iter().collect(),
            Some(code) => vec![called(&places, code)?],
        };
        let items = self.items(actor).await?;
        let mut rows = Vec::new();
        for place in asked {
            let here = Shelf::new(self.store.reader().on_hand(None, Some(place.id)).await?);
            for item in &items {
                rows.extend(here.of(item.id).iter().map(|one| {
                    vec![
                        Cell::text(&place.code),
                        Cell::text(&item.code),
                        Cell::text(&item.name),
                        Cell::text(one.lot.code.as_deref().unwrap_or_default()),
                        Cell::day(one.lot.expires_on),
                        Cell::text(&item.unit_of_issue),
                        Cell::Number(one.balance.quantity.into()),
                        Cell::Empty,
                        Cell::Empty,
                        Cell::Empty,
                        Cell::Text(one.lot.id.to_string()),
                        Cell::Text(made_at.to_rfc3339_opts(SecondsFormat::Micros, true)),
                    ]
                }));
            }
        }
        let columns = vec![
            "place", "item", "name", "lot", "expires", "unit", "on_hand", "counted", "why", "note", "lot_id",
            "as_of",
        ];
        let foot = "Counted by                              on                    ";
        Ok(Sheet {
            title: "Count sheet",
            made_at,
            printed: columns.len() - 2,
            columns,
            rows,
            foot,
            definitions: Vec::new(),
        })
    }

    /// The shopping list as a sheet: what is to be bought in the days ahead, by supplier, with the sum it comes from.
    pub async fn shopping_sheet(&self, actor: &Actor, ask: LookAhead) -> Result<Sheet, EngineError> {
        let view = self.shopping(actor, ask).await?;
        let columns = vec![
            "supplier",
            "item",
            "name",
            "packs",
            "pack_size",
            "units",
            "cost",
            "needed",
            "in_stock",
            "refill",
            "transfer",
            "not_before",
            "bought",
        ];
        let to_buy = view.shopping.lines.iter().filter(|line| line.packs > 0);
        let rows = to_buy.filter_map(|line| {
            let item = view.catalogue.get(&line.item)?;
            Some(vec![
                Cell::text(line.supplier.as_deref().unwrap_or_default()),
                Cell::text(&item.code),
                Cell::text(&item.name),
                Cell::Number(line.packs.into()),
                Cell::Number(item.pack_size.into()),
                Cell::Number(line.units.into()),
                Cell::Decimal(line.cost.pounds()),
                Cell::Number(line.needed.into()),
                Cell::Number(line.in_stock.into()),
                Cell::Number(line.refill.into()),
                Cell::Number(line.transfer.into()),
                Cell::day(line.not_before),
                Cell::Empty,
            ])
        });
        let (rows, printed) = (rows.collect(), columns.len());
        Ok(Sheet {
            title: "Shopping list",
            made_at: self.clock.now(),
            columns,
            rows,
            printed,
            foot: "",
            definitions: Vec::new(),
        })
    }

    /// The picking list as a sheet: what the pack of a household still needs, as it would be taken from these places now.
    /// Whose it is stands nowhere on it: the sheet is carried about.
    pub async fn picking_sheet(
        &self,
        actor: &Actor,
        household: &str,
        places: &[String],
    ) -> Result<Sheet, EngineError> {
        let stays = self.awaited_or_there(actor, household).await?;
        let pack = self.packs_of(actor, &stays).await?.into_iter().next().ok_or_else(|| {
            let message = "This household has no pack to be made up: plan one for its stay.";
            Refusal::new(RefusalCode::NotFound, message).on("household")
        })?;
        let all = self.places(actor).await?;
        let from = places.iter().map(|code| called(&all, code).map(|place| place.id));
        let from = from.collect::<Result<Vec<_>, _>>()?;
        let (picking, shortfalls) = self.picking_list(actor, &pack, &from).await?;
        let name = |item| pack.items.get(&item).map(|item| (item.code.as_str(), item.name.as_str()));
        let columns = vec!["place", "item", "name", "quantity", "unit", "lot", "expires", "line", "picked"];
        let mut rows: Vec<Vec<Cell>> = picking
            .iter()
            .map(|row| {
                vec![
                    Cell::text(&row.place),
                    Cell::text(&row.item),
                    Cell::text(&row.name),
                    Cell::Number(row.quantity.into()),
                    Cell::text(&row.unit_of_issue),
                    Cell::text(row.lot.as_deref().unwrap_or_default()),
                    Cell::day(row.expires_on),
                    Cell::Number(row.line.into()),
                    Cell::Empty,
                ]
            })
            .collect();
        for short in shortfalls.iter().filter(|short| short.unmet() > 0) {
            let (code, wanted) = short.wanted.and_then(name).unwrap_or(("", "nothing that suits"));
            rows.push(vec![
                Cell::text("not there"),
                Cell::text(code),
                Cell::text(wanted),
                Cell::Number(short.unmet().into()),
                Cell::Empty,
                Cell::Empty,
                Cell::Empty,
                Cell::Number(short.line.into()),
                Cell::Empty,
            ]);
        }
        let foot = "Picked by                               on                    ";
        let printed = columns.len();
        Ok(Sheet {
            title: "Picking list",
            made_at: self.clock.now(),
            columns,
            rows,
            printed,
            foot,
            definitions: Vec::new(),
        })
    }

    /// The stays of a household that are booked or in residence, what comes first at the top.
    async fn awaited_or_there(&self, actor: &Actor, reference: &str) -> Result<Vec<StayId>, EngineError> {
        let found = self.household(actor, reference.trim()).await?;
        let household = found.ok_or_else(|| Refusal::not_found("household", "household"))?;
        let filter = StayFilter {
            household: Some(household.id),
            statuses: vec![StayStatus::Booked, StayStatus::InResidence],
            ..StayFilter::default()
        };
        let mut stays = self.stays(actor, &filter, Page { after: None, limit: 100 }).await?;
        stays.sort_by_key(|stay| stay.nights.arrival());
        Ok(stays.iter().map(|stay| stay.id).collect())
    }
}

/// The place with this code.
fn called<'p>(places: &'p [Place], code: &str) -> Result<&'p Place, Refusal> {
    let found = places.iter().find(|place| codes::key(&place.code) == codes::key(code.trim()));
    let message = "There is no place with this code that holds stock.";
    found.ok_or_else(|| Refusal::new(RefusalCode::NotFound, message).on("place"))
}

fn item_cells(item: &Item) -> Vec<Cell> {
    let contains = item.contains.as_ref().map_or_else(String::new, |marks| {
        if marks.is_empty() { NO_ALLERGEN.to_owned() } else { parted(marks) }
    });
    vec![
        Cell::text(&item.code),
        Cell::text(&item.name),
        Cell::text(&item.category),
        Cell::text(&item.unit_of_issue),
        Cell::Number(item.pack_size.into()),
        Cell::Decimal(item.price.pounds()),
        Cell::yes(item.eaten),
        Cell::yes(item.perishable),
        Cell::text(item.supplier.as_deref().unwrap_or_default()),
        Cell::text(&contains),
        Cell::text(&parted(&item.suits)),
        Cell::number(item.shelf_life_days),
        Cell::text(item.barcode.as_deref().unwrap_or_default()),
        Cell::yes(item.retired),
    ]
}

fn parted<T: ToString>(marks: impl IntoIterator<Item = T>) -> String {
    marks.into_iter().map(|mark| mark.to_string()).collect::<Vec<_>>().join(" ")
}
