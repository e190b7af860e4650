//! A manager sets a service up by its pages alone: where homes are, what they have, a home, the rules, a group that meets.

use safespace_domain::{access::Role, statutory_return::Section, units::Scheme};
use safespace_tests::{Databases, World, api::Api};

use crate::chromium::{Browser, DESK, Hands, PHONE, Scripts};

const EVENING: &str = "2020-11-03T21:00:00Z";

async fn setting_up(width: u32, scripts: Scripts, hands: Hands) {
    let databases = Databases::sqlite();
    let world = World::at(EVENING, &databases).await;
    let api = Api::serve(&world.engine).await;
    let Some(browser) = Browser::open(&api, width, scripts).await else { return };
    let browser = browser.used_by(hands);
    let manager = world.owner_of_account("day.manager", Role::Manager).await;
    browser.sign_in(&world, &manager).await;
    browser.go("/team").await;
    browser.press("Settings").await;
    browser.reads("There is no home yet.").await;
    browser.look().await;

    where_homes_are(&browser).await;
    a_home_with_what_it_has(&browser).await;
    the_rules(&browser).await;
    for_meetings_and_the_return(&browser).await;
    who_came_to_the_drop_in(&browser).await;

    let spaces = world.engine.spaces();
    let unit = spaces.unit_by_code("BEECH-1").unwrap();
    assert!(unit.features.contains("sea_view"));
    let home = spaces.property_of(unit).unwrap();
    assert_eq!((home.district.as_str(), home.locality.as_deref()), ("Harbour", Some("Old Docks")));
    let policy = spaces.policy(Scheme::SafeSpace);
    assert_eq!((policy.longest_stay_nights, policy.turnaround_nights), (10, 1));
    assert_eq!(spaces.standards.hold_minutes, 90);
    let groups = world.engine.meeting_groups(&world.manager().actor).await.unwrap();
    assert!(groups.iter().any(|group| group.code == "SAB" && group.name == "Safeguarding board"));
    let mut lines = spaces.return_lines.iter().filter(|line| line.section == Section::NotSupported);
    assert!(lines.any(|line| line.label == "None free" && line.counts.contains("no_capacity")));
    browser.close().await;
    databases.tidy().await;
}

async fn where_homes_are(browser: &Browser) {
    browser.press("Districts").await;
    browser.reads("What it is to the service").await;
    browser.look().await;
    // Nothing is chosen yet: what was typed stays.
    browser.fill("name", "Harbour").await;
    browser.press("Add the district").await;
    browser.reads("Choose what the district is to the service.").await;
    browser.look().await;
    assert_eq!(browser.value("name").await, "Harbour");
    browser.tick("kind", "pilot").await;
    browser.press("Add the district").await;
    browser.reads("The district is added.").await;
    browser.look().await;
    browser.go("/settings/districts/change?name=Harbour").await;
    browser.reads("What Harbour is to the service").await;
    browser.look().await;
    browser.tick("kind", "partner").await;
    browser.press("Change it").await;
    browser.reads("It is changed what the district is").await;

    browser.go("/settings/localities").await;
    browser.reads("There is no locality yet.").await;
    browser.look().await;
    for (name, near) in [("Old Docks", None), ("Fish Market", Some("Old Docks"))] {
        browser.fill("name", name).await;
        browser.choose("district", "Harbour").await;
        if let Some(near) = near {
            browser.tick("near", near).await;
        }
        browser.press("Add the locality").await;
        browser.reads("The locality is added.").await;
    }
    browser.look().await;
    browser.go("/settings/localities/change?name=Old+Docks").await;
    browser.reads("because it is said of them: Fish Market").await;
    browser.look().await;
}

async fn a_home_with_what_it_has(browser: &Browser) {
    browser.go("/settings/lists/features").await;
    browser.reads("Step-free access").await;
    browser.look().await;
    // A code that is there already is not changed unseen.
    browser.fill("code", "Step_Free").await;
    browser.fill("label", "No steps").await;
    browser.press("Add it").await;
    browser.reads("There is one with this already").await;
    browser.look().await;
    browser.fill("code", "sea_view").await;
    browser.fill("label", "View of the sea").await;
    browser.press("Add it").await;
    browser.reads("It is on the list").await;
    browser.go("/settings/lists/features/change?code=sea_view").await;
    browser.look().await;
    browser.fill("label", "View of the harbour").await;
    browser.press("Change it").await;
    browser.reads("View of the harbour").await;
    browser.look().await;

    browser.go("/homes/new").await;
    browser.fill("code", "BEECH").await;
    browser.tick("scheme", "safe_space").await;
    browser.choose("district", "Harbour").await;
    browser.choose_words("locality", "Old Docks (Harbour)", "Old Docks").await;
    browser.tick("sharing", "self_contained").await;
    browser.look().await;
    browser.press("Add the property").await;
    browser.reads("It has no unit yet.").await;
    browser.press("Add a unit").await;
    browser.reads("View of the harbour").await;
    browser.fill("code", "BEECH-1").await;
    browser.fill("sleeps", "4").await;
    browser.tick("features", "sea_view").await;
    browser.fill("openedOn", "2020-11-03").await;
    browser.look().await;
    browser.press("Add the unit").await;
    browser.reads("BEECH-1").await;
    browser.look().await;
}

async fn the_rules(browser: &Browser) {
    browser.go("/settings/policies").await;
    browser.look().await;
    browser.go("/settings/policies/safe_space").await;
    browser.look().await;
    browser.fill("longestStayNights", "ten").await;
    browser.press("See what would change").await;
    browser.reads("Give a whole number.").await;
    browser.look().await;
    browser.fill("longestStayNights", "10").await;
    browser.fill("turnaroundNights", "1").await;
    browser.press("See what would change").await;
    browser.reads("Longest stay: 10 nights, instead of 7 nights.").await;
    browser.look().await;
    // What was said can be said otherwise: it is all there.
    browser.press("Change what you said").await;
    browser.reads("You are told what would change before it does.").await;
    assert_eq!(browser.value("longestStayNights").await, "10");
    browser.press("See what would change").await;
    browser.reads("Turnaround: 1 night, instead of 0 nights.").await;
    browser.press("Change it").await;
    browser.reads("The rules are changed.").await;
    browser.look().await;

    browser.go("/settings/standards").await;
    browser.look().await;
    browser.fill("holdMinutes", "90").await;
    browser.press("See what would change").await;
    browser.reads("A hold lasts: 90 minutes, instead of 120 minutes.").await;
    browser.look().await;
    browser.press("Change it").await;
    browser.reads("The standards are changed.").await;
    browser.look().await;
}

async fn for_meetings_and_the_return(browser: &Browser) {
    browser.go("/meeting-packs").await;
    browser.press("Groups that meet").await;
    browser.reads("Partnership board").await;
    browser.look().await;
    browser.press("Add a group").await;
    browser.reads("Who sees its packs").await;
    browser.look().await;
    browser.fill("code", "SAB").await;
    browser.fill("name", "Safeguarding board").await;
    browser.tick("every", "quarter").await;
    browser.tick("audience", "partners").await;
    browser.press("Add the group").await;
    browser.reads("The group is added.").await;
    browser.look().await;
    browser.go("/settings/meeting-groups/change?code=SAB").await;
    browser.look().await;
    browser.tick("every", "four_weeks").await;
    browser.press("See what would change").await;
    browser.reads("It meets: every four weeks, instead of every quarter.").await;
    browser.look().await;
    browser.go("/meeting-packs").await;
    browser.reads("Safeguarding board").await;

    browser.go("/settings/small-numbers").await;
    browser.look().await;
    browser.fill("partnersRoundedTo", "3").await;
    browser.press("See what would change").await;
    browser.reads("Counts are rounded to a number that divides 5, or to 1.").await;
    browser.look().await;

    browser.go("/return").await;
    browser.press("Lines of the return").await;
    browser.reads("Referrals declined, by reason").await;
    browser.look().await;
    browser.go("/settings/return/not_supported").await;
    browser.look().await;
    browser.fill("label-1", "None free").await;
    browser.press("See what would change").await;
    browser.reads("The line “No capacity” is called “None free”.").await;
    browser.look().await;
    browser.press("Change it").await;
    browser.reads("The lines are changed.").await;
    browser.go("/settings/scheme-kinds").await;
    browser.look().await;
    browser.go("/settings/scheme-kinds/safe_space").await;
    browser.look().await;
}

async fn who_came_to_the_drop_in(browser: &Browser) {
    browser.go("/").await;
    browser.press("Group offers").await;
    browser.reads("Nothing was counted on these days.").await;
    browser.look().await;
    browser.choose_words("offer", "Drop-in", "drop_in").await;
    browser.fill("attended", "501").await;
    browser.press("Write it down").await;
    browser.reads("0 to 500 people attend").await;
    browser.look().await;
    browser.fill("attended", "9").await;
    browser.press("Write it down").await;
    browser.reads("The count is written down.").await;
    browser.reads("held once, 9 attended in all").await;
    browser.look().await;
    browser.press("Take back").await;
    browser.reads("The count is taken back").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_service_is_set_up_by_its_pages_alone() {
    setting_up(DESK, Scripts::On, Hands::Mouse).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_on_a_phone_without_scripts() {
    setting_up(PHONE, Scripts::Off, Hands::Mouse).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_by_keys_alone() {
    setting_up(DESK, Scripts::On, Hands::Keys).await;
}
