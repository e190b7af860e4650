//! Everywhere in the demonstration: each page to which a link leads is there and accessible, and so is what each form answers
//! when it is sent with nothing in it. A page that no link leads to is a failure.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use safespace_domain::access::Role;
use safespace_tests::{Databases, Owner, World, api::Api};
use serde_json::json;

use crate::chromium::{Browser, DESK, Scripts};

/// An evening on which the demonstration is full of life.
const EVENING: &str = "2020-12-01T21:30:00Z";
/// So many pages of an address are opened, for the links on them: records are in several states.
const OPENED_OF_EACH: usize = 12;
/// So many of them are looked at.
const SEEN_OF_EACH: usize = 2;

/// Where no link leads, and why.
const NO_LINK_LEADS_TO: [&str; 20] = [
    // For whoever is not signed in, or is asked for another code.
    "/sign-in",
    "/sign-in/code",
    "/sign-in/issuer/:id",
    "/sign-in/back",
    "/set-up/:link",
    "/set-up/:link/password",
    "/set-up/:link/second-factor",
    "/set-up/:link/issuer/:id",
    "/confirm",
    "/password/changed",
    // Forms without a page.
    "/sign-out",
    "/quick-exit",
    "/sessions/end",
    "/sessions/end-all",
    // For scripts.
    "/session",
    "/board/events",
    // Where no home is free, or what was searched for is not one thing.
    "/plan",
    "/search",
    // In the demonstration, all packs that could be issued were, and no household that is closed is seen.
    "/meeting-packs/:group/:on/issue",
    "/households/:id/open",
];

/// What would end what is being looked at.
const NEVER_SENT: [&str; 4] = ["/sign-out", "/quick-exit", "/sessions/end", "/sessions/end-all"];

/// Every address with a path on a page, in the order of the page.
const LINKS: &str = "
    return [...document.querySelectorAll('a[href]')].map((it) => it.getAttribute('href')).filter((it) => it.startsWith('/'));";
/// Opens whatever can be opened on a page.
const OPEN: &str = "for (const it of document.querySelectorAll('details')) it.open = true;";
/// Where the forms of a page are sent that change something.
const FORMS: &str = "return [...document.querySelectorAll('main form[method=post]')].map((it) => it.getAttribute('action') ?? location.pathname);";
/// Sends one of them with nothing in it.
const SEND: &str = "
    const form = document.querySelectorAll('main form[method=post]')[arguments[0]];
    for (const it of form.querySelectorAll('input:not([type=hidden]), textarea')) {
        if (it.type === 'checkbox' || it.type === 'radio') it.checked = false; else it.value = '';
    }
    for (const it of form.querySelectorAll('select')) it.selectedIndex = 0;
    form.noValidate = true;
    form.requestSubmit(form.querySelector('button:not([type=button])'));";
/// Links of the error summary that lead to no field, and whether there is a summary.
const PROBLEMS: &str = "
    const summary = document.getElementById('problem');
    const lost = [...(summary?.querySelectorAll('a') ?? [])].filter((it) => !document.getElementById(it.hash.slice(1)));
    return [summary !== null, lost.map((it) => it.hash)];";

/// The address of the pages that a path belongs to.
fn address(path: &str, addresses: &[&'static str]) -> Option<&'static str> {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let named = |part: &str| part.starts_with(':');
    let fits = |address: &&&'static str| {
        address.split('/').count() == path.split('/').count()
            && address.split('/').zip(path.split('/')).all(|(part, found)| named(part) || part == found)
    };
    let named_parts = |address: &&&'static str| address.split('/').filter(|part| named(part)).count();
    addresses.iter().filter(fits).min_by_key(named_parts).copied()
}

/// What was found by following every link.
#[derive(Default)]
struct Walk {
    /// The pages that were opened, by their address.
    opened: BTreeMap<&'static str, BTreeSet<String>>,
    wrong: Vec<String>,
}

impl Walk {
    /// Follows every link, from the first page on. What is done on each page, told how many of its address
    /// were opened, is the caller's.
    async fn go(
        browser: &Browser,
        addresses: &[&'static str],
        mut at: impl AsyncFnMut(&str, usize) -> Vec<String>,
    ) -> Self {
        let mut walk = Self::default();
        let mut next = VecDeque::from(["/".to_owned()]);
        while let Some(path) = next.pop_front() {
            let Some(address) = address(&path, addresses) else {
                walk.wrong.push(format!("{path} is no page"));
                continue;
            };
            let opened = walk.opened.entry(address).or_default();
            if opened.len() >= OPENED_OF_EACH || !opened.insert(path.clone()) {
                continue;
            }
            let nth = opened.len();
            if address.ends_with(".csv") || address.ends_with(".xlsx") || path.contains("format=") {
                let status =
                    browser.run(&format!("return (await fetch({path:?})).status;"), Vec::new()).await;
                if status != json!(200) {
                    walk.wrong.push(format!("{path}: {status}"));
                }
                continue;
            }
            let status = browser.opens(&path).await;
            if status != 200 {
                walk.wrong.push(format!("{path}: {status}"));
                continue;
            }
            let links = browser.run(LINKS, Vec::new()).await;
            let links = links.as_array().cloned().unwrap_or_default();
            next.extend(links.iter().filter_map(|link| link.as_str()).map(str::to_owned));
            if nth > SEEN_OF_EACH {
                continue;
            }
            browser.run(OPEN, Vec::new()).await;
            let wrong = at(&path, nth).await.into_iter();
            walk.wrong.extend(wrong.map(|wrong| format!("{path}: {wrong}")));
        }
        walk
    }
}

async fn somebody(world: &World, role: Role) -> Owner {
    world.owner_of_account(&format!("walking.{}", role.as_str()), role).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_is_led_to_and_accessible() {
    let databases = Databases::sqlite();
    let world = World::of_demonstration(&databases, EVENING).await;
    let api = Api::serve(&world.engine).await;
    let addresses = safespace_web::addresses(&world.engine);
    let (mut opened, mut wrong) = (BTreeSet::new(), Vec::new());
    for role in [Role::Manager, Role::Partner, Role::Administrator] {
        let Some(browser) = Browser::open(&api, DESK, Scripts::On).await else { return };
        browser.sign_in(&world, &somebody(&world, role).await).await;
        let walk = Walk::go(&browser, &addresses, async |_, nth| {
            if nth == 1 { browser.wrong().await } else { browser.wrong_at_a_glance().await }
        })
        .await;
        opened.extend(walk.opened.into_keys());
        wrong.extend(walk.wrong.into_iter().map(|it| format!("{role:?}: {it}")));
        browser.close().await;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let unseen: Vec<_> = addresses
        .into_iter()
        .filter(|address| !opened.contains(address) && !NO_LINK_LEADS_TO.contains(address))
        .collect();
    assert!(unseen.is_empty(), "no link leads to {unseen:?}");
    databases.tidy().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_form_with_nothing_in_it_is_answered_by_an_accessible_page() {
    let databases = Databases::sqlite();
    let world = World::of_demonstration(&databases, EVENING).await;
    let api = Api::serve(&world.engine).await;
    let addresses = safespace_web::addresses(&world.engine);
    let mut wrong = Vec::new();
    for role in [Role::Manager, Role::Partner, Role::Administrator] {
        let Some(browser) = Browser::open(&api, DESK, Scripts::On).await else { return };
        browser.sign_in(&world, &somebody(&world, role).await).await;
        let mut sent = BTreeSet::new();
        let walk = Walk::go(&browser, &addresses, async |path, _| {
            let mut wrong = Vec::new();
            let forms = browser.run(FORMS, Vec::new()).await;
            let forms = forms.as_array().cloned().unwrap_or_default();
            for (no, to) in forms.iter().enumerate() {
                let to = to.as_str().unwrap_or_default();
                let to = address(to, &addresses).unwrap_or("nowhere");
                if NEVER_SENT.contains(&to) || !sent.insert((to, no)) {
                    continue;
                }
                // What was sent before may have changed the page.
                let status = browser.opens(path).await;
                let still = browser.run(FORMS, Vec::new()).await.as_array().map_or(0, Vec::len);
                if status != 200 || no >= still {
                    continue;
                }
                let status = browser.sends(SEND, vec![json!(no)]).await;
                let found = browser.run(PROBLEMS, Vec::new()).await;
                if ![200, 422].contains(&status)
                    || (status == 422) != (found[0] == json!(true))
                    || found[1] != json!([])
                {
                    wrong.push(format!("form {no}: {status} {found}"));
                }
                let seen = browser.wrong_at_a_glance().await;
                wrong.extend(seen.into_iter().map(|wrong| format!("form {no}, sent empty: {wrong}")));
            }
            wrong
        })
        .await;
        // What was sent may have taken away a page that a link led to before.
        let is_gone = |wrong: &String| wrong.ends_with(": 404");
        wrong.extend(walk.wrong.into_iter().filter(|it| !is_gone(it)).map(|it| format!("{role:?}: {it}")));
        browser.close().await;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    databases.tidy().await;
}
