//! Files of items and of counts: out and back in, all of them or nothing.

use std::{io::Cursor, path::Path};

use calamine::{Data, Reader, Xlsx};
use rust_decimal::Decimal;
use rust_xlsxwriter::Workbook;
use safespace_domain::{
    items::Allergen,
    stock::{Movement, OnHand},
};
use safespace_engine::{
    AddPlace, Command, OriginAsk, Page, ReceiptLine, ReceiveStock, SaveItem, StockFilter, WriteOffStock,
};
use safespace_tests::{
    Databases, World, canary, day, on_both,
    program::{Ended, Program},
};

on_both![
    the_catalogue_goes_out_and_comes_back_the_same,
    a_count_sheet_comes_back_and_what_is_not_filled_in_is_left,
    a_workbook_is_read_as_csv_is,
    items_that_make_no_sense_are_all_told_and_nothing_changes,
    counts_that_make_no_sense_are_all_told_and_nothing_changes,
    a_sheet_that_is_out_of_date_is_refused,
    a_file_of_stock_that_is_wrong_as_a_whole_changes_nothing,
];

const EVENING: &str = "2020-11-03T21:00:00Z";
const ITEMS: &str = "code,name,category,unit_of_issue,pack_size,price,eaten,perishable,supplier,contains,suits,\
                     shelf_life_days,barcode,retired\n";
const CATALOGUE: &str = "\
    BEANS,\"Beans, baked\",food,tin,6,3.00,yes,no,Examplewick Wholesale,none,vegan,,5000157024671,no\n\
    MILK,Milk,food,bottle,1,1.20,yes,yes,,milk,vegetarian,7,,no\n\
    SOAP,Soap,toiletries,bar,12,8.40,no,no,,,,,,yes\n";

fn items(program: &Program, rows: &str) -> Ended {
    let file = program.write("items.csv", format!("{ITEMS}{rows}"));
    bring(program, "--items", &file)
}

fn bring(program: &Program, flag: &str, file: &Path) -> Ended {
    program.run([Path::new("import"), Path::new(flag), file])
}

/// What is exported, on standard output.
fn exported(program: &Program, what: &[&str]) -> String {
    let ended = program.run(["export"].iter().chain(what));
    assert_eq!((ended.code, ended.err.as_str()), (0, ""), "{what:?}");
    ended.out
}

/// The report's numbers: read, imported, unchanged, refused.
fn counts(ended: &Ended) -> [u32; 4] {
    ["rows read", "imported", "unchanged", "refused"].map(|word| {
        let line = ended.out.lines().find_map(|line| line.strip_prefix(word));
        line.unwrap_or_else(|| panic!("no {word}: {ended:?}")).trim().parse().unwrap()
    })
}

/// A world with an office and a cupboard, beans in two lots and soap in one; and the command line on its database.
async fn stocked(on: &Databases) -> (World, Program) {
    let world = World::at(EVENING, on).with_unit("SS-01").await;
    let item = |code: &str, name: &str, category: &str| {
        Command::SaveItem(SaveItem {
            code: code.into(),
            name: name.into(),
            category: category.into(),
            unit_of_issue: "tin".into(),
            pack_size: 6,
            price: Decimal::new(300, 2),
            supplier: None,
            eaten: true,
            contains: Some([Allergen::Celery].into()),
            suits: [].into(),
            shelf_life_days: None,
            perishable: false,
            barcode: None,
        })
    };
    world.manager().run(item("BEANS", "Beans, baked", "food")).await.unwrap();
    world.manager().run(item("SOAP", "Soap", "toiletries")).await.unwrap();
    for code in ["OFFICE", "CUPBOARD"] {
        let place = AddPlace { code: code.into(), name: format!("Place {code}"), property: None };
        world.manager().run(Command::AddPlace(place)).await.unwrap();
    }
    came(&world, "BEANS", 10, Some("L-1"), Some("2021-03-01")).await;
    came(&world, "BEANS", 4, None, None).await;
    came(&world, "SOAP", 3, None, None).await;
    let program = Program::on(&world.url);
    program.keep_key_of_worlds();
    (world, program)
}

async fn came(world: &World, item: &str, quantity: i64, lot: Option<&str>, expires_on: Option<&str>) {
    let line = ReceiptLine {
        item: item.into(),
        quantity,
        cost: Decimal::new(quantity * 100, 2),
        lot: lot.map(str::to_owned),
        expires_on: expires_on.map(day),
    };
    let from = OriginAsk::Donated { by: None };
    let ask = ReceiveStock { place: "OFFICE".into(), from, delivery_note: None, lines: vec![line] };
    world.officer().run(Command::ReceiveStock(ask)).await.unwrap();
}

async fn on_hand(world: &World) -> Vec<OnHand> {
    world.engine.stock(&world.officer().actor, None).await.unwrap()
}

async fn quantities(world: &World) -> Vec<u32> {
    on_hand(world).await.iter().map(|one| one.balance.quantity).collect()
}

/// The count sheet with something under `counted` and `why` in some of its rows.
fn filled_in(sheet: &str, counted: &[(&str, &str)]) -> String {
    let mut lines = sheet.lines();
    let header = lines.next().unwrap();
    let rows = lines.enumerate().map(|(n, line)| match counted.get(n) {
        Some((counted, why)) => {
            // Nothing stands under either yet.
            let (before, after) = line.rsplit_once(",,,,").unwrap();
            format!("{before},{counted},{why},,{after}\n")
        }
        None => format!("{line}\n"),
    });
    format!("{header}\n{}", rows.collect::<String>())
}

async fn the_catalogue_goes_out_and_comes_back_the_same(on: &Databases) {
    let program = Program::on(&on.untouched().await);
    let first = items(&program, CATALOGUE);
    assert_eq!((first.code, first.err.as_str(), counts(&first)), (0, "", [3, 3, 0, 0]));
    assert_eq!(exported(&program, &["items"]), format!("{ITEMS}{CATALOGUE}"));
    assert_eq!(counts(&items(&program, CATALOGUE)), [3, 0, 3, 0], "the same file again changes nothing");

    let book = program.file("items.xlsx");
    let ended = program.run(["export", "items", "--format", "xlsx", "--output", "items.xlsx"]);
    assert_eq!((ended.code, ended.out.as_str(), ended.err.as_str()), (0, "", ""));
    assert_eq!(counts(&bring(&program, "--items", &book)), [3, 0, 3, 0], "nor does the workbook");
    let again = program.run(["export", "items", "--output", "items.xlsx"]);
    assert_eq!(again.code, 1, "what is there is not written over");
    let mut sheet: Xlsx<_> = Xlsx::new(Cursor::new(std::fs::read(&book).unwrap())).unwrap();
    let range = sheet.worksheet_range("Items").unwrap();
    assert_eq!(range.get((1, 5)), Some(&Data::Float(3.0)), "a price is a number");

    let elsewhere = Program::on(&on.untouched().await);
    assert_eq!(counts(&bring(&elsewhere, "--items", &book)), [3, 3, 0, 0]);
    assert_eq!(exported(&elsewhere, &["items"]), exported(&program, &["items"]));

    // A column that is left out leaves what is known; one that is empty takes it away.
    let short = "code,name,category,unit_of_issue,pack_size,price,eaten,perishable,supplier\n\
                 beans,Beans,food,tin,6,3.00,yes,no,\n";
    let file = program.write("short.csv", short);
    assert_eq!(counts(&bring(&program, "--items", &file)), [1, 1, 0, 0]);
    let told = exported(&program, &["items"]);
    assert_eq!(
        told.lines().nth(1).unwrap(),
        "BEANS,Beans,food,tin,6,3.00,yes,no,,none,vegan,,5000157024671,no"
    );
    // Bar codes change hands in one file.
    let swapped = "BEANS,Beans,food,tin,6,3.00,yes,no,,none,vegan,,,no\n\
                   SOAP,Soap,toiletries,bar,12,8.40,no,no,,,,,5000157024671,yes\n";
    assert_eq!(counts(&items(&program, swapped)), [2, 2, 0, 0]);
    let both = |beans: &str, soap: &str| {
        format!(
            "BEANS,Beans,food,tin,6,3.00,yes,no,,none,vegan,,{beans},no\n\
             SOAP,Soap,toiletries,bar,12,8.40,no,no,,,,,{soap},yes\n"
        )
    };
    assert_eq!(counts(&items(&program, &both("96385074", "5000157024671"))), [2, 1, 1, 0]);
    assert_eq!(counts(&items(&program, &both("5000157024671", "96385074"))), [2, 2, 0, 0]);
}

async fn a_count_sheet_comes_back_and_what_is_not_filled_in_is_left(on: &Databases) {
    let (world, program) = stocked(on).await;
    let sheet = exported(&program, &["counts", "--place", "office"]);
    let told: Vec<_> = csv(&sheet).iter().map(|cells| cells[..9].join("|")).collect();
    assert_words_snapshot!(told.join("\n"), @r"
    place|item|name|lot|expires|unit|on_hand|counted|why
    OFFICE|BEANS|Beans, baked|L-1|2021-03-01|tin|10||
    OFFICE|BEANS|Beans, baked|||tin|4||
    OFFICE|SOAP|Soap|||tin|3||
    ");
    let untouched = program.write("untouched.csv", &sheet);
    assert_eq!(counts(&bring(&program, "--counts", &untouched)), [3, 0, 3, 0]);

    let filled = filled_in(&sheet, &[("8", "lost"), ("4", "")]);
    let file = program.write("counts.csv", &filled);
    let dry = program.run([Path::new("import"), Path::new("--counts"), &file, Path::new("--dry-run")]);
    assert_eq!((dry.code, counts(&dry)), (0, [3, 2, 1, 0]));
    assert_eq!(quantities(&world).await, [10, 4, 3], "a dry run writes nothing");
    assert!(std::process::Command::new("gzip").arg("-k").arg(&file).status().unwrap().success());
    let first = bring(&program, "--counts", &program.file("counts.csv.gz"));
    assert_eq!((first.code, first.err.as_str(), counts(&first)), (0, "", [3, 2, 1, 0]));
    assert_eq!(quantities(&world).await, [8, 4, 3]);
    let page = Page { after: None, limit: 100 };
    let filter = StockFilter::default();
    let entries = world.engine.stock_entries(&world.officer().actor, &filter, page).await.unwrap();
    let counted = entries.iter().map(|view| view.entry.posting);
    let counted: Vec<_> = counted
        .filter(|posting| matches!(posting.movement, Movement::Counted { .. }))
        .map(|posting| (posting.quantity, posting.value.0))
        .collect();
    assert_eq!(counted, [(-2, -200), (0, 0)], "that a count was right is kept, too");
    let second = bring(&program, "--counts", &file);
    assert_eq!((second.code, counts(&second)), (0, [3, 0, 3, 0]), "the same sheet again changes nothing");
    assert_eq!(world.count("stock_entry").await, 5);
}

async fn a_workbook_is_read_as_csv_is(on: &Databases) {
    let (world, program) = stocked(on).await;
    let ended = program.run(["export", "counts", "--format", "xlsx", "--output", "sheet.xlsx"]);
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    let bytes = std::fs::read(program.file("sheet.xlsx")).unwrap();
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).unwrap();
    let range = book.worksheet_range("Count sheet").unwrap();
    assert_eq!(range.get((1, 6)), Some(&Data::Float(10.0)), "what is on hand is a number");
    assert!(matches!(range.get((1, 4)), Some(Data::DateTime(_))), "a date is one");
    // Filled in, as a spreadsheet program keeps it.
    let mut filled = Workbook::new();
    let sheet = filled.add_worksheet();
    for (row, cells) in (0_u32..).zip(range.rows()) {
        for (column, cell) in (0_u16..).zip(cells) {
            match cell {
                Data::String(text) => drop(sheet.write_string(row, column, text).unwrap()),
                Data::Float(n) => drop(sheet.write_number(row, column, *n).unwrap()),
                Data::DateTime(at) => {
                    let date = rust_xlsxwriter::Format::new().set_num_format("dd/mm/yyyy");
                    sheet.write_number_with_format(row, column, at.as_f64(), &date).unwrap();
                }
                _ => {}
            }
        }
    }
    sheet.write_number(1, 7, 12).unwrap();
    sheet.write_string(1, 8, "receipt_not_recorded").unwrap();
    sheet.write_number(3, 7, 2).unwrap();
    sheet.write_string(3, 8, "other").unwrap();
    sheet.write_string(3, 9, canary::NOTE).unwrap();
    let file = program.write("filled.xlsx", filled.save_to_buffer().unwrap());
    let ended = bring(&program, "--counts", &file);
    assert_eq!((ended.code, ended.err.as_str(), counts(&ended)), (0, "", [3, 2, 1, 0]));
    assert_eq!(quantities(&world).await, [12, 4, 2]);
    let page = Page { after: None, limit: 100 };
    let filter = StockFilter::default();
    let entries = world.engine.stock_entries(&world.officer().actor, &filter, page).await.unwrap();
    assert_eq!(entries.last().unwrap().note.as_deref(), Some(canary::NOTE));
    assert_eq!(counts(&bring(&program, "--counts", &file)), [3, 0, 3, 0]);
}

async fn items_that_make_no_sense_are_all_told_and_nothing_changes(on: &Databases) {
    let program = Program::on(&on.untouched().await);
    assert_eq!(items(&program, CATALOGUE).code, 0);
    let before = exported(&program, &["items"]);
    let row = |code: &str, rest: &str| format!("{code},Name,food,tin,{rest}\n");
    let rows = [
        row("GOOD", "6,3.00,yes,no,,,,,,"),
        row("NEGATIVE", "-6,3.00,yes,no,,,,,,"),
        row("HALF", "1.5,3.00,yes,no,,,,,,"),
        row("NOTHING", "6,0,yes,no,,,,,,"),
        row("MILLION", "6,1000000,yes,no,,,,,,"),
        row("FARTHING", "6,0.0025,yes,no,,,,,,"),
        row("WORDS", "6,three,yes,no,,,,,,"),
        row("MAYBE", "6,3.00,perhaps,no,,,,,,"),
        row("GRAVY", "6,3.00,yes,no,,gravy,,,,"),
        row("MEATY", "6,3.00,yes,no,,fish,vegan,,,"),
        row("good", "6,3.00,yes,no,,,,,,"),
        row("BARS", "6,3.00,yes,no,,,,,5000157024671,"),
        row("MISREAD", "6,3.00,yes,no,,,,,5000157024672,"),
        "TOYS,Name,toys,tin,6,3.00,no,no,,,,,,\n".to_owned(),
        "=1+1,Name,food,tin,6,3.00,no,no,,,,,,\n".to_owned(),
    ];
    let file = program.write("bad.csv", format!("{ITEMS}{}", rows.concat()));
    let rejects = program.file("rejects.csv");
    let ended =
        program.run([Path::new("import"), Path::new("--items"), &file, Path::new("--rejects"), &rejects]);
    assert_eq!((ended.code, counts(&ended)), (2, [15, 0, 0, 14]));
    assert!(ended.err.contains("nothing was brought in"), "{}", ended.err);
    let told = std::fs::read_to_string(&rejects).unwrap();
    let mut reader = csv(&told);
    let told: Vec<_> = reader.drain(1..).map(|cells| format!("{}: {}", cells[1], cells[2])).collect();
    assert_words_snapshot!(told.join("\n"), @r"
    3: pack_size must be 1 to 100000 whole units, not -6
    4: pack_size: Units are given out whole: give a whole number.
    5: The price of a pack as it is bought is more than £0 and below £10,000.00, not £0.00: check it. What is given to the service for nothing has the price that it would be bought for.
    6: The price of a pack as it is bought is more than £0 and below £10,000.00, not £1,000,000.00: check it. What is given to the service for nothing has the price that it would be bought for.
    7: 0.0025 is a fraction of a penny: give pounds and pence, such as 1.25.
    8: price is no amount: write pounds and pence, such as 8.40
    9: eaten must be yes or no
    10: gravy is not an allergen: use celery, gluten, crustaceans, eggs, fish, lupin, milk, molluscs, mustard, nuts, peanuts, sesame, soya, sulphites
    11: What contains fish is not vegan: take one of the two marks off.
    12: good is there twice, on line 2 and on line 12: keep one
    13: its bar code is that of BEANS: look it up by it
    14: The last digit of the bar code does not fit the others: read it again.
    15: There is no such category. Known: baby, bedding, clothing, food, household, phone_credit, toiletries.
    16: The code must be 1 to 40 letters, digits or any of - _ . / and begin with a letter or a digit.
    ");
    assert_eq!(exported(&program, &["items"]), before);
    // Without a file for them, the first ten are told, and how many there are.
    let ended = bring(&program, "--items", &file);
    assert!(ended.err.contains("items line 3: ") && ended.err.contains("and 4 more"), "{}", ended.err);
}

/// The cells of a file of CSV without quotes inside cells but around them.
fn csv(text: &str) -> Vec<Vec<String>> {
    text.lines()
        .map(|line| {
            let mut cells = vec![String::new()];
            let mut quoted = false;
            for c in line.chars() {
                match c {
                    '"' => quoted = !quoted,
                    ',' if !quoted => cells.push(String::new()),
                    c => cells.last_mut().unwrap().push(c),
                }
            }
            cells
        })
        .collect()
}

async fn counts_that_make_no_sense_are_all_told_and_nothing_changes(on: &Databases) {
    let (world, program) = stocked(on).await;
    came(&world, "SOAP", 5, None, None).await;
    let before = world.count("stock_entry").await;
    let rows = "\
        OFFICE,BEANS,7,L-1,,lost\n\
        OFFICE,BEANS,-1,L-1,,lost\n\
        OFFICE,BEANS,1.5,L-1,,lost\n\
        OFFICE,BEANS,many,L-1,,lost\n\
        OFFICE,BEANS,100001,L-1,,lost\n\
        OFFICE,GRAVY,1,,,lost\n\
        ATTIC,BEANS,1,,,lost\n\
        CUPBOARD,BEANS,1,,,lost\n\
        OFFICE,BEANS,1,L-2,,lost\n\
        OFFICE,SOAP,1,,,lost\n\
        office,beans,8,l-1,2021-03-01,lost\n\
        OFFICE,BEANS,1,L-1,2021-03-32,lost\n\
        OFFICE,BEANS,1,L-1,,eaten\n\
        OFFICE,BEANS,,nonsense,nonsense,nonsense\n";
    let file = program.write("counts.csv", format!("place,item,counted,lot,expires,why\n{rows}"));
    let rejects = program.file("rejects.csv");
    let ended =
        program.run([Path::new("import"), Path::new("--counts"), &file, Path::new("--rejects"), &rejects]);
    assert_eq!((ended.code, counts(&ended)), (2, [14, 0, 1, 12]));
    let told = std::fs::read_to_string(&rejects).unwrap();
    let mut reader = csv(&told);
    let told: Vec<_> = reader.drain(1..).map(|cells| format!("{}: {}", cells[1], cells[2])).collect();
    assert_words_snapshot!(told.join("\n"), @r"
    3: counted must be 0 to 100000 whole units, not -1
    4: counted: Units are given out whole: give a whole number.
    5: counted: Give a number of units, in digits.
    6: counted must be 0 to 100000 whole units, not 100001
    7: There is no item GRAVY in the catalogue: look it up by its name, or add it.
    8: there is no place ATTIC that holds stock
    9: CUPBOARD has no such lot of BEANS: write down what came, or take the row from a count sheet
    10: OFFICE has no such lot of BEANS: write down what came, or take the row from a count sheet
    11: OFFICE has 2 lots of SOAP that look like this one: take the row from a count sheet, with its lot_id
    12: this lot of beans in office is there twice, on line 2 and on line 12: keep one
    13: expires is no date: write YYYY-MM-DD, a day that exists
    14: eaten is not why a count differs: use miscounted, issue_not_recorded, receipt_not_recorded, lost or other
    ");
    assert_eq!(world.count("stock_entry").await, before);
    let unsaid = program.write("unsaid.csv", "place,item,counted,lot\nOFFICE,BEANS,7,L-1\n");
    let ended = bring(&program, "--counts", &unsaid);
    assert!(ended.err.contains("counts line 2: That is 3 fewer than the 10 that the ledger has: say why."));
    let unsaid = program.write("unsaid.csv", "place,item,counted,lot,why\nOFFICE,BEANS,7,L-1,other\n");
    let ended = bring(&program, "--counts", &unsaid);
    assert!(ended.err.contains("counts line 2: The reason is none of the list: say which in a few words."));
    let said = format!(
        "place,item,counted,lot,why,note\nOFFICE,BEANS,10,L-1,other,x\nOFFICE,SOAP,1,,other,{}\n",
        canary::NOTE
    );
    let ended = bring(&program, "--counts", &program.write("said.csv", said));
    assert!(ended.err.contains("2 lots of SOAP"), "and nothing of what is said in words: {}", ended.err);
    // Without the bad rows it is one count, and by hand: no sheet says when it was made.
    let good = program.write("good.csv", "place,item,counted,lot,why\nOFFICE,BEANS,7,L-1,lost\n");
    assert_eq!(counts(&bring(&program, "--counts", &good)), [1, 1, 0, 0]);
    assert_eq!(counts(&bring(&program, "--counts", &good)), [1, 0, 1, 0]);
}

async fn a_sheet_that_is_out_of_date_is_refused(on: &Databases) {
    let (world, program) = stocked(on).await;
    let sheet = exported(&program, &["counts"]);
    let lot = on_hand(&world).await[0].balance.lot;
    let broken = WriteOffStock {
        place: "OFFICE".into(),
        lot,
        quantity: 1,
        why: safespace_domain::stock::WriteOffReason::Damaged,
        note: None,
    };
    world.officer().run(Command::WriteOffStock(broken)).await.unwrap();
    let file = program.write("counts.csv", filled_in(&sheet, &[("7", "lost"), ("3", "lost")]));
    let ended = bring(&program, "--counts", &file);
    assert_eq!((ended.code, counts(&ended)), (2, [3, 0, 1, 1]));
    assert!(
        ended.err.contains(
            "counts line 2: The sheet has 10 on hand and the ledger 9 by now: count this lot again on a new sheet"
        ),
        "{}",
        ended.err
    );
    assert_eq!(quantities(&world).await, [9, 4, 3], "nothing of it is half booked");
}

async fn a_file_of_stock_that_is_wrong_as_a_whole_changes_nothing(on: &Databases) {
    let program = Program::on(&on.untouched().await);
    let needed = "code,name,category,unit_of_issue,pack_size,price,eaten,perishable";
    for (flag, bytes, why) in [
        ("--items", Vec::new(), "items: the file is empty: its first line must name the columns code,name,"),
        (
            "--counts",
            Vec::new(),
            "counts: the file is empty: its first line must name the columns place,item,",
        ),
        ("--items", format!("{needed},colour\n").into(), "line 1: there is no column \"colour\""),
        ("--items", b"code,name\n".to_vec(), "line 1: the column category is missing"),
        ("--counts", b"place,item,counted,item\n".to_vec(), "line 1: the column item is there twice"),
        (
            "--items",
            format!("{needed}\ncaf\u{e9},N,food,tin,6,3.00,yes,no").chars().map(|c| c as u8).collect(),
            "not UTF-8",
        ),
        ("--items", b"PK\x03\x04 and nothing else".to_vec(), "items: not readable as a workbook"),
        (
            "--counts",
            format!("place,item,counted\n{}", "A,B,\n".repeat(20_001)).into(),
            "more than 20000 rows",
        ),
    ] {
        let file = program.write("file", bytes);
        let ended = bring(&program, flag, &file);
        assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{why}");
        assert!(ended.err.contains(why) && ended.err.contains("Nothing was brought in"), "{}", ended.err);
        assert!(!ended.err.contains("panicked"), "{}", ended.err);
    }
    let file = program.write("items.csv", format!("{needed}\n"));
    assert_eq!(counts(&bring(&program, "--items", &file)), [0, 0, 0, 0]);
    let mixed = program.run(["import", "--items", "items.csv", "--voids", "voids.csv"]);
    assert_eq!(mixed.code, 2);
    assert!(mixed.err.contains("cannot be used with"), "{}", mixed.err);
    for (arguments, why) in [
        (&["export", "items", "--place", "OFFICE"][..], "--place is for counts"),
        (&["export", "counts", "--place", "ATTIC"], "There is no place with this code that holds stock"),
        (&["export", "shopping", "--place", "OFFICE"], "--place is for counts"),
        (&["export", "shopping", "--days", "0"], "Look 1 to 90 days ahead, not 0."),
        (&["export", "picking", "--place", "OFFICE"], "--household"),
        (&["export", "picking", "--household", "R-1"], "say from where it is picked"),
        (&["export", "picking", "--household", "R-1", "--place", "OFFICE"], "There is no such household"),
        (&["export", "stays"], "[possible values: items, counts, shopping, picking]"),
    ] {
        let ended = program.run(arguments);
        assert_eq!((ended.code, ended.out.as_str()), (2, ""), "{arguments:?}");
        assert!(ended.err.contains(why), "{}", ended.err);
    }
}
