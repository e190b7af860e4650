//! Food and toiletries: a delivery comes, is counted, made up into a pack, and what is spoiled is written off.

use safespace_domain::{access::Role, pack_templates::Per};
use safespace_engine::{AddPlace, Command, SavePackTemplate, TemplateLineAsk};
use safespace_tests::{Databases, World, api::Api, item};

use crate::chromium::{Browser, DESK, Hands, PHONE, Scripts};

const EVENING: &str = "2020-11-03T21:00:00Z";

/// A catalogue of one item, a place, and a pack that has one for each person.
async fn furnish(world: &World) {
    let manager = world.manager();
    manager.run(Command::SaveItem(item("SOUP"))).await.unwrap();
    let place = AddPlace { code: "OFFICE".into(), name: "The office".into(), property: None };
    manager.run(Command::AddPlace(place)).await.unwrap();
    let line =
        TemplateLineAsk { items: vec!["SOUP".into()], per: Per::Person, quantity: 1, every_nights: None };
    let template =
        SavePackTemplate { code: "ARRIVAL".into(), name: "Arrival".into(), scheme: None, lines: vec![line] };
    manager.run(Command::SavePackTemplate(template)).await.unwrap();
}

async fn from_the_delivery_to_the_pack(width: u32, scripts: Scripts, hands: Hands) {
    let databases = Databases::sqlite();
    let world = World::at(EVENING, &databases).with_unit("SS-01").await;
    furnish(&world).await;
    let api = Api::serve(&world.engine).await;
    let Some(browser) = Browser::open(&api, width, scripts).await else { return };
    let browser = browser.used_by(hands);
    let officer = world.owner_of_account("night.officer", Role::Officer).await;
    let stay = world.officer().book("SS-01", "R-2020-0551", "2020-11-03", 3).await.unwrap();
    browser.sign_in(&world, &officer).await;

    browser.go("/stock").await;
    browser.press("Take in a delivery").await;
    browser.choose_words("place", "The office", "OFFICE").await;
    browser.tick("origin", "bought").await;
    browser.fill("supplier", "Examplewick Wholesale").await;
    browser.fill("item1", "SOUP").await;
    browser.fill("quantity1", "a dozen").await;
    browser.press("Write the delivery down").await;
    browser.reads("There is a problem").await;
    assert_eq!(browser.value("quantity1").await, "a dozen", "what was typed is still there");
    browser.look().await;
    browser.fill("quantity1", "12").await;
    browser.fill("cost1", "8.40").await;
    browser.press("Write the delivery down").await;
    browser.reads("£8.40").await;
    browser.look().await;

    browser.go("/stock/count?place=OFFICE").await;
    browser.look().await;
    let counted = browser.one("main table input").await.attr("name").await.unwrap().unwrap();
    browser.fill(&counted, "10").await;
    browser.press("See what differs").await;
    browser.reads("There is a problem").await;
    browser.look().await;
    let why = browser.one("main table select").await.attr("name").await.unwrap().unwrap();
    let reason = browser.one("main table select option:not([value=''])").await;
    let words = reason.text().await.unwrap();
    browser.choose_words(&why, &words, &reason.attr("value").await.unwrap().unwrap()).await;
    browser.press("See what differs").await;
    browser.reads("Is that right?").await;
    browser.look().await;
    browser.press("Write the count down").await;
    browser.reads("The count was written down.").await;
    browser.go("/stock").await;
    browser.reads("10 × tin").await;

    browser.go(&format!("/stays/{}/pack", stay.id)).await;
    browser.reads("Make it up").await;
    browser.look().await;
    browser.press("It is made up").await;
    browser.reads("The pack is made up.").await;
    world.officer().check_in(&stay).await.unwrap();
    browser.go(&format!("/stays/{}/pack", stay.id)).await;
    browser.look().await;
    browser.press("Hand it over now").await;
    browser.reads("The household has its pack.").await;
    browser.look().await;
    browser.go("/stock").await;
    browser.reads("7 × tin").await;
    browser.press("Item SOUP").await;
    browser.press("Write off").await;
    browser.fill("quantity", "70").await;
    browser.press("Go on").await;
    browser.reads("There is a problem").await;
    browser.look().await;
    browser.go("/shopping").await;
    browser.reads("Shopping list").await;
    browser.look().await;
    browser.close().await;
    databases.tidy().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_is_counted_and_given_out() {
    from_the_delivery_to_the_pack(DESK, Scripts::On, Hands::Mouse).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_on_a_phone_without_scripts() {
    from_the_delivery_to_the_pack(PHONE, Scripts::Off, Hands::Mouse).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_by_keys_alone() {
    from_the_delivery_to_the_pack(DESK, Scripts::On, Hands::Keys).await;
}
