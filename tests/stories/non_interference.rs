//! Non-interference: what a partner council is told does not depend on what it must not learn.
//!
//! Random lives of a service are lived twice, in two worlds that differ only in what homes are called and where they
//! are, in which home of the same kind was used, in what staff noted, and in who the households are. Two councils ask,
//! refer, follow, and try what they should not, over real HTTP. Each of their exchanges must be the same in both
//! worlds to the byte: status, headers, body, lengths. A control shows that the test can fail: worlds that differ in
//! what partners may learn tell it.

mod world;

use std::collections::BTreeSet;

use proptest::{
    prelude::{Just, Strategy, any},
    test_runner::{Config, RngSeed, TestCaseError, TestError, TestRunner},
};
use safespace_tests::{Databases, on_both};
use world::{Difference, Exchange, Side};

on_both!(what_partners_may_learn_does_show, what_another_council_asks_and_sends_does_not_show);

#[test]
fn what_partners_must_not_learn_does_not_show_on_sqlite() {
    let seen = same_to_partners(&Databases::sqlite(), 24, 90);
    // That nothing differs says little where nothing was told.
    for word in [
        "\"NONE\"",
        "\"SOME\"",
        "\"SEVERAL\"",
        "\"ASK_US\"",
        "RECEIVED",
        "ACCEPTED",
        "PLACED",
        "CLOSED",
        "DECLINED",
        "WITHDRAWN",
        "TOO_MANY",
        "NOT_FOUND",
        "WRONG_STATE",
        "WRONG_TIME",
        "KEY_REUSED",
        "FORBIDDEN",
        "BAD_USER_INPUT",
        "\"wished\":\"NONE\"",
        "\"wished\":\"SOME\"",
        "\"wished\":\"ASK_US\"",
        "\"field\":\"needs\"",
        "\"field\":\"notIn\"",
        "\"field\":\"question\"",
    ] {
        assert!(seen.contains(word), "no partner was ever told {word}");
    }
    let next_night = |word: &String| word.starts_with("\"nextNight\":\"");
    assert!(seen.iter().any(next_night), "no partner was ever told of a later night");
}

#[test]
fn what_partners_must_not_learn_does_not_show_on_postgres() {
    let Some(on) =
        Databases::postgres("non_interference::what_partners_must_not_learn_does_not_show_on_postgres")
    else {
        return;
    };
    let seen = same_to_partners(&on, 8, 60);
    for word in [
        "\"NONE\"",
        "\"SOME\"",
        "RECEIVED",
        "PLACED",
        "TOO_MANY",
        "FORBIDDEN",
        "\"wished\":\"SOME\"",
        "\"wished\":\"ASK_US\"",
    ] {
        assert!(seen.contains(word), "no partner was ever told {word}");
    }
}

/// Lives random lives in two worlds at once, and returns every word that partners were told.
fn same_to_partners(on: &Databases, cases: u32, steps: usize) -> BTreeSet<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let given = |name: &str| std::env::var_os(name).is_some();
    let usual = Config::default();
    // The same lives in every run, unless more of them, or a seed, are asked for by PROPTEST_CASES and
    // PROPTEST_RNG_SEED.
    let config = Config {
        cases: if given("PROPTEST_CASES") { usual.cases } else { cases },
        rng_seed: if given("PROPTEST_CASES") || given("PROPTEST_RNG_SEED") {
            usual.rng_seed
        } else {
            RngSeed::Fixed(1)
        },
        failure_persistence: None,
        max_shrink_iters: 500,
        max_shrink_time: 60_000,
        ..usual
    };
    let lives = proptest::collection::vec(step(), steps / 2..=steps);
    let seen = std::cell::RefCell::new(BTreeSet::new());
    let told = TestRunner::new(config).run(&lives, |steps| {
        runtime.block_on(async {
            let mut one = Side::of(on, Difference::One).await;
            let mut other = Side::of(on, Difference::Other).await;
            for (n, step) in steps.iter().enumerate() {
                let (here, there) = (one.live(step).await, other.live(step).await);
                if here != there {
                    let why = format!("step {n}, {step:?}:\n{here:#?}\n{there:#?}");
                    return Err(TestCaseError::fail(why));
                }
                seen.borrow_mut().extend(here.into_iter().flat_map(|exchange| exchange.words()));
            }
            one.leave().await;
            other.leave().await;
            Ok(())
        })
    });
    match told {
        Ok(()) => seen.into_inner(),
        Err(TestError::Fail(why, steps)) => {
            let steps: Vec<_> = steps.iter().map(|step| format!("{step:?}")).collect();
            panic!("{why}\nThe steps:\n{}", steps.join("\n"));
        }
        Err(TestError::Abort(why)) => panic!("{why}"),
    }
}

/// Something that happens. Homes, households, stays and referrals are chosen from those there are, by number.
#[derive(Clone, Debug)]
enum Step {
    /// Staff.
    Book {
        household: u8,
        home: u8,
        ahead: u32,
        nights: u32,
        people: i64,
    },
    CheckIn(u8),
    CheckOut(u8),
    Extend(u8, u32),
    Cancel(u8),
    NoShow(u8),
    Move(u8, u8),
    Reinstate(u8),
    Void {
        home: u8,
        ahead: u32,
        nights: u32,
    },
    CancelVoid(u8),
    /// Every home is out of service that can be, from tonight on.
    VoidAll(u32),
    Accept {
        referral: u8,
        household: u8,
    },
    /// Accepts, books and checks in at once, where that can be done.
    Place {
        referral: u8,
        household: u8,
        home: u8,
    },
    Decline {
        referral: u8,
    },
    Reveal {
        referral: u8,
    },
    Wait(i64),
    /// Partners.
    Ask {
        council: u8,
        adults: i32,
        children: i32,
        ahead: i64,
        nights: i32,
        wish: Option<u8>,
    },
    /// Refers from a question.
    Refer {
        council: u8,
        question: u8,
    },
    Submit {
        council: u8,
        adults: i32,
        ahead: i64,
        key: Option<u8>,
    },
    Withdraw {
        council: u8,
        referral: u8,
    },
    Follow {
        council: u8,
        referral: u8,
    },
    List {
        council: u8,
        first: i32,
    },
    /// An id that the council was never given: of any record.
    Guess {
        council: u8,
        kind: u8,
        id: u64,
    },
    /// Something that is no proper request, or none of the partner schema's.
    Misuse {
        council: u8,
        which: u8,
    },
}

type Question = (u8, i32, i32, i64, i32, Option<u8>);

fn ask((council, adults, children, ahead, nights, wish): Question) -> Step {
    Step::Ask { council, adults, children, ahead, nights, wish }
}

fn step() -> impl Strategy<Value = Step> {
    let n = any::<u8>;
    let wish = || proptest::option::weighted(0.5, n());
    proptest::prop_oneof![
        8 => (n(), n(), 0_u32..6, 1_u32..8, 1_i64..5).prop_map(|(household, home, ahead, nights, people)| {
            Step::Book { household, home, ahead, nights, people }
        }),
        4 => n().prop_map(Step::CheckIn),
        4 => n().prop_map(Step::CheckOut),
        1 => (n(), 1_u32..4).prop_map(|(stay, more)| Step::Extend(stay, more)),
        1 => n().prop_map(Step::Cancel),
        1 => n().prop_map(Step::NoShow),
        2 => (n(), n()).prop_map(|(stay, home)| Step::Move(stay, home)),
        1 => n().prop_map(Step::Reinstate),
        4 => (n(), 0_u32..6, 1_u32..6).prop_map(|(home, ahead, nights)| Step::Void { home, ahead, nights }),
        1 => n().prop_map(Step::CancelVoid),
        1 => (1_u32..5).prop_map(Step::VoidAll),
        2 => (n(), n()).prop_map(|(referral, household)| Step::Accept { referral, household }),
        4 => (n(), n(), n()).prop_map(|(referral, household, home)| Step::Place { referral, household, home }),
        2 => n().prop_map(|referral| Step::Decline { referral }),
        1 => n().prop_map(|referral| Step::Reveal { referral }),
        4 => proptest::prop_oneof![Just(1_i64), Just(3), Just(10), Just(24), Just(30)].prop_map(Step::Wait),
        14 => (n(), 1_i32..8, 0_i32..3, 0_i64..4, 1_i32..4, wish()).prop_map(ask),
        3 => (n(), 0_i32..4, -1_i32..4, -1_i64..9, 0_i32..9, wish()).prop_map(ask),
        3 => (n(), n()).prop_map(|(council, question)| Step::Refer { council, question }),
        6 => (n(), 0_i32..4, -1_i64..4, proptest::option::weighted(0.3, 0_u8..2))
            .prop_map(|(council, adults, ahead, key)| Step::Submit { council, adults, ahead, key }),
        4 => (n(), n()).prop_map(|(council, referral)| Step::Withdraw { council, referral }),
        8 => (n(), n()).prop_map(|(council, referral)| Step::Follow { council, referral }),
        4 => (n(), 0_i32..6).prop_map(|(council, first)| Step::List { council, first }),
        3 => (n(), n(), 0_u64..200).prop_map(|(council, kind, id)| Step::Guess { council, kind, id }),
        3 => (n(), n()).prop_map(|(council, which)| Step::Misuse { council, which }),
    ]
}

/// The control: each of these differences is one that partners may learn, and shows.
async fn what_partners_may_learn_does_show(on: &Databases) {
    let ask = Step::Ask { council: 0, adults: 1, children: 0, ahead: 0, nights: 1, wish: None };
    // With a wish that all homes fulfil.
    let wish = Step::Ask { council: 0, adults: 1, children: 0, ahead: 0, nights: 1, wish: Some(0) };
    let submit = Step::Submit { council: 0, adults: 1, ahead: 0, key: None };
    let follow = Step::Follow { council: 0, referral: 0 };
    let accept = Step::Accept { referral: 0, household: 0 };
    let taken = |homes: std::ops::Range<u8>, ahead: u32| -> Vec<Step> {
        homes.map(|home| Step::Void { home, ahead, nights: 1 }).collect()
    };
    let book = Step::Book { household: 0, home: 0, ahead: 0, nights: 2, people: 1 };
    let decline = Step::Decline { referral: 0 };
    for (before, only_here, then) in [
        // Whether there is room,
        (vec![], taken(0..7, 0), &ask),
        // from which night on there would be some,
        (taken(0..7, 0), taken(0..7, 1), &ask),
        // whether several would do that are as wished,
        (vec![], taken(0..5, 0), &wish),
        // whether their own household was accepted, or declined,
        (vec![submit.clone()], vec![accept.clone()], &follow),
        (vec![submit.clone()], vec![decline], &follow),
        // has a place,
        (vec![submit.clone(), accept.clone()], vec![book.clone()], &follow),
        // and has left it;
        (vec![submit, accept, book, Step::CheckIn(0)], vec![Step::CheckOut(0)], &follow),
        // and how often they have asked themselves.
        (vec![], vec![ask.clone()], &ask),
    ] {
        let mut one = Side::of(on, Difference::One).await;
        let mut other = Side::of(on, Difference::Other).await;
        for step in &before {
            assert_eq!(one.live(step).await, other.live(step).await, "{step:?}");
        }
        for step in &only_here {
            one.live(step).await;
        }
        let (here, there): (Vec<Exchange>, Vec<Exchange>) = (one.live(then).await, other.live(then).await);
        assert_ne!(here, there, "after {only_here:?}, {then:?} tells the same");
        one.leave().await;
        other.leave().await;
    }
}

/// Nor does one council see that another one asks, refers, and is answered, as long as nobody is placed.
async fn what_another_council_asks_and_sends_does_not_show(on: &Databases) {
    let ask = |council: u8| Step::Ask { council, adults: 1, children: 0, ahead: 0, nights: 1, wish: None };
    let submit = |council: u8| Step::Submit { council, adults: 1, ahead: 0, key: Some(0) };
    let refer = |council: u8| Step::Refer { council, question: 1 };
    let before = [ask(0), submit(0), submit(1), ask(1)];
    let only_here = [
        ask(1),
        refer(1),
        Step::Submit { council: 1, adults: 2, ahead: 1, key: None },
        Step::Accept { referral: 1, household: 0 },
        Step::Decline { referral: 2 },
        Step::Withdraw { council: 1, referral: 2 },
        Step::Reveal { referral: 1 },
    ];
    let then = [
        ask(0),
        Step::List { council: 0, first: 5 },
        Step::Follow { council: 0, referral: 0 },
        Step::Withdraw { council: 0, referral: 0 },
        refer(0),
        Step::Misuse { council: 0, which: 8 },
    ];
    let mut one = Side::of(on, Difference::One).await;
    let mut other = Side::of(on, Difference::Other).await;
    for step in &before {
        assert_eq!(one.live(step).await, other.live(step).await, "{step:?}");
    }
    for step in &only_here {
        one.live(step).await;
    }
    for step in &then {
        let [here, there] = [one.live(step).await, other.live(step).await]
            .map(|told| told.into_iter().map(Exchange::but_for_ids).collect::<Vec<_>>());
        assert_eq!(here, there, "{step:?}");
    }
    one.leave().await;
    other.leave().await;
}
