//! What the demonstration promises, counted from the records it makes.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::Arc,
};

use chrono::{DateTime, TimeDelta, Utc};
use safespace_domain::{
    Nights,
    access::{Actor, Role},
    attention::Attention,
    clock::{service_day, service_time},
    nights::{earlier, later},
    occupancy::per_cent,
    periods::PeriodKind,
    referrals::{Referral, ReferralState, ReferralStatus, Source},
    sharing::Sharing,
    statutory_return::{NOT_MAPPED, Section, TOTAL},
    stays::{Stay, StayState, StayStatus},
    support::{Hours, SupportOutcome, SupportSession},
    units::Scheme,
};

use super::{
    BEGINS, DemoError, FIRST_DAY, Filled, STRATEGY_ENDS, date, fill, is_demonstration, outside,
    report::{all_referrals, all_stays},
    set_up_person,
};
use crate::{
    Command, Engine, FixedKey, Outcome, Page, PasswordCost, ReferralFilter, RegisterProperty, StoreSettings,
    SupportSessionView, VoidFilter, World,
};

/// A demonstration in a file of its own, which goes when the test is over.
struct Demo {
    folder: PathBuf,
    until: DateTime<Utc>,
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Demo {
    fn empty(until: &str) -> Self {
        let mut name = [0; 8];
        getrandom::fill(&mut name).unwrap();
        let folder = std::env::temp_dir().join(format!("safespace-demo-{:016x}", u64::from_be_bytes(name)));
        std::fs::create_dir(&folder).unwrap();
        Self { folder, until: until.parse().unwrap() }
    }

    fn settings(&self) -> StoreSettings {
        StoreSettings::new(format!("sqlite:{}", self.folder.join("demo.sqlite").display()))
    }

    async fn fill(&self, seed: u64) -> Result<Filled, DemoError> {
        fill(&self.settings(), Arc::new(FixedKey([7; 32])), self.until, seed).await
    }

    /// Opens it as it looks when it was just filled.
    async fn open(&self) -> (Arc<Engine>, Arc<Actor>) {
        let clock = Arc::new(outside::MovableClock::at(self.until));
        let ids = Arc::new(outside::SeededIds::new(Arc::clone(&clock), 99));
        let world =
            World { clock, ids, keys: Arc::new(FixedKey([7; 32])), passwords: PasswordCost::FOR_TESTS };
        let engine = Engine::open(&self.settings(), world).await.unwrap();
        let actor = Arc::new(engine.local());
        (engine, actor)
    }

    /// Reference, unit, nights and status of every stay, oldest first.
    async fn stays(&self) -> Vec<(String, String, String, StayStatus)> {
        let (engine, actor) = self.open().await;
        let stays = all_stays(&engine, &actor).await.unwrap();
        let mut lines = Vec::new();
        for some in stays.chunks(500) {
            let ids: Vec<_> = some.iter().map(|stay| stay.household).collect();
            let households = engine.households(&actor, &ids).await.unwrap();
            let names: BTreeMap<_, _> =
                households.into_iter().map(|household| (household.id, household.reference)).collect();
            let spaces = engine.spaces();
            for stay in some {
                let unit = spaces.unit_by_id(stay.unit).unwrap().code.clone();
                lines.push((names[&stay.household].clone(), unit, stay.nights.to_string(), stay.status()));
            }
        }
        engine.close().await.unwrap();
        lines
    }
}

#[tokio::test]
async fn the_strategys_figures_come_out_of_the_records() {
    let demo = Demo::empty("2020-12-15T20:00:00Z");
    let filled = demo.fill(1).await.unwrap();
    let (engine, actor) = demo.open().await;

    let in_stock = async |night| {
        let nights = Nights::between(night, later(night, 1));
        engine.occupancy(&actor, nights, PeriodKind::Night, None).await.unwrap()[0].in_stock_nights
    };
    assert_eq!(in_stock(FIRST_DAY).await, 2);
    assert_eq!(in_stock(date(2020, 11, 30)).await, 19);
    assert_eq!((filled.units_at_first, filled.units_at_last), (2, 19));
    let move_on = engine.spaces().properties().filter(|property| property.scheme == Scheme::MoveOn).count();
    assert!(move_on > 0, "the nineteen count move-on homes, too");

    // Counted once more, from the stays themselves and not from the calendar.
    let months = Nights::between(FIRST_DAY, STRATEGY_ENDS);
    let slept = |stay: &Stay| matches!(stay.status(), StayStatus::InResidence | StayStatus::Departed);
    let stays = all_stays(&engine, &actor).await.unwrap();
    let kept =
        stays.iter().filter(|stay| slept(stay)).map(|stay| stay.kept(engine.today()).intersection(months));
    let occupied: u64 = kept.map(|nights| u64::from(nights.len())).sum();
    assert_eq!(occupied, filled.strategy.occupied_nights);
    assert_eq!(filled.strategy.nights, 275);
    assert_eq!(
        filled.strategy.in_stock_nights - filled.strategy.void_nights,
        filled.strategy.available_nights
    );

    let rate = filled.strategy.occupancy_rate().unwrap();
    assert!(rate >= per_cent(895, 1_000).unwrap() && rate <= per_cent(905, 1_000).unwrap(), "{rate}");
    let [first, second] = filled.readings();
    assert_eq!(
        first.per_cent,
        per_cent(occupied, filled.strategy.available_nights).map(|rate| rate.to_string())
    );
    assert_eq!(second.per_cent, per_cent(filled.strategy.full_nights, 275).map(|share| share.to_string()));
    assert!(
        filled.households_in_strategy < 551,
        "not more than were referred: {}",
        filled.households_in_strategy
    );
    engine.close().await.unwrap();
}

#[tokio::test]
async fn the_same_seed_gives_the_same_records_and_another_seed_others() {
    let demos = [1, 1, 2].map(|seed| (seed, Demo::empty("2020-08-20T12:00:00Z")));
    let (mut dumps, mut referrals) = (Vec::new(), Vec::new());
    for (seed, demo) in &demos {
        demo.fill(*seed).await.unwrap();
        dumps.push(demo.stays().await);
        let (engine, actor) = demo.open().await;
        // What people call a referral follows from the database's own key, too.
        let unnamed = |referral| Referral { reference: String::new(), ..referral };
        let all = all_referrals(&engine, &actor).await.unwrap();
        referrals.push(all.into_iter().map(unnamed).collect::<Vec<_>>());
        engine.close().await.unwrap();
    }
    assert_eq!(referrals[0], referrals[1]);
    assert_ne!(referrals[0], referrals[2]);
    assert!(dumps[0].len() > 100);
    assert_eq!(dumps[0], dumps[1]);
    assert_ne!(dumps[0], dumps[2]);
    assert!(dumps[0].iter().any(|(reference, ..)| reference.starts_with("R-2020-00")));
}

/// What somebody sees who looks at the demonstration on the evening on which it ends.
async fn looks_alive(until: &str, seed: u64) {
    let demo = Demo::empty(until);
    demo.fill(seed).await.unwrap();
    let (engine, actor) = demo.open().await;
    let today = engine.today();
    let stays = all_stays(&engine, &actor).await.unwrap();
    let booked: Vec<_> = stays.iter().filter(|stay| stay.status() == StayStatus::Booked).collect();
    let there: Vec<_> = stays.iter().filter(|stay| stay.status() == StayStatus::InResidence).collect();
    let due = booked.iter().filter(|stay| stay.nights.arrival() == today).count();
    assert!((1..=3).contains(&due), "{due} due, seed {seed}");
    assert!(booked.iter().all(|stay| stay.nights.arrival() >= today), "somebody was forgotten");
    assert!(booked.len() - due >= 3, "no bookings to come, seed {seed}");
    assert_eq!(there.iter().filter(|stay| stay.is_overstay(today)).count(), 1, "seed {seed}");
    assert!(there.iter().filter(|stay| stay.nights.departure() <= later(today, 3)).count() >= 3);

    let attention = engine.attention(&actor).await.unwrap();
    let so_many = |is: fn(&Attention) -> bool| attention.iter().filter(|item| is(&item.what)).count();
    assert_eq!(so_many(|what| matches!(what, Attention::Overstay { .. })), 1, "seed {seed}");
    assert_eq!(so_many(|what| matches!(what, Attention::Blocked { .. })), 1, "seed {seed}");
    assert_eq!(so_many(|what| matches!(what, Attention::NotArrived { .. })), 0, "seed {seed}");
    assert_eq!(so_many(|what| matches!(what, Attention::HoldLapses { .. })), 1, "seed {seed}");
    assert_eq!(so_many(|what| matches!(what, Attention::Unanswered { .. })), 1, "seed {seed}");
    assert!(so_many(|what| matches!(what, Attention::NoNextStep { .. })) > 0, "seed {seed}");
    // Who came this evening has no key worker yet; who is there longer has one, and somebody has spoken with most.
    let with = engine.key_workers(&actor, &there.iter().map(|stay| stay.household).collect::<Vec<_>>()).await;
    let without = there.len() - with.unwrap().len();
    assert_eq!(so_many(|what| matches!(what, Attention::NoKeyWorker { .. })), without, "seed {seed}");
    assert!(so_many(|what| matches!(what, Attention::NoContact { .. })) <= 4, "seed {seed}");
    assert!(so_many(|what| matches!(what, Attention::NeedsOverdue { .. })) <= 6, "seed {seed}");
    somebody_waits(&engine, &actor).await;

    let all = Page { after: None, limit: 10_000 };
    let tonight =
        VoidFilter { nights: Some(Nights::between(today, later(today, 1))), ..VoidFilter::default() };
    assert_eq!(engine.voids(&actor, &tonight, all).await.unwrap().len(), 1, "seed {seed}");

    let ninety = Nights::between(earlier(today, 90), today);
    let months = engine.occupancy(&actor, ninety, PeriodKind::Month, None).await.unwrap();
    assert!(
        months.iter().all(|month| month.occupied_nights * 10 >= month.available_nights * 7),
        "{months:?}"
    );
    engine.close().await.unwrap();
}

/// Who waits tonight: for a place, for a hold to be confirmed, for an answer.
async fn somebody_waits(engine: &Engine, actor: &Actor) {
    let today = engine.today();
    let all = Page { after: None, limit: 100 };
    let with = async |statuses: &[ReferralStatus]| {
        let filter = ReferralFilter { statuses: statuses.to_vec(), ..ReferralFilter::default() };
        let found = engine.referrals(actor, &filter, all).await.unwrap();
        found.into_iter().map(|view| view.referral).collect::<Vec<_>>()
    };
    let holds = engine.holds(actor, None, true, Page { after: None, limit: 10 }).await.unwrap();
    let [hold] = &*holds else { panic!("{holds:?}") };
    let waiting = with(&[ReferralStatus::Accepted]).await;
    let (with_hold, waiting): (Vec<_>, Vec<_>) =
        waiting.into_iter().partition(|referral| referral.household() == Some(hold.household));
    assert_eq!((with_hold.len(), waiting.len()), (1, 4), "{waiting:?}");
    let risks: BTreeSet<_> = waiting.iter().map(|referral| referral.facts.assessment.risk).collect();
    assert_eq!(risks.len(), 4);
    let left = hold.left(engine.now());
    assert!(left > TimeDelta::zero() && left <= TimeDelta::minutes(30), "{left}");

    let received = with(&[ReferralStatus::Received]).await;
    assert!(received.iter().all(|referral| referral.council.is_some()));
    let for_so_long: Vec<_> =
        received.iter().map(|referral| (engine.now() - referral.received_at).num_minutes()).collect();
    assert!(matches!(*for_so_long, [long, just] if long > 60 && just < 60), "{for_so_long:?}");
    assert_eq!(with(&[ReferralStatus::Assessing]).await.len(), 1);

    // Nobody is forgotten: who was placed is there or awaited, and who called off was helped elsewhere.
    let stays = all_stays(engine, actor).await.unwrap();
    let open = |stay: &Stay| matches!(stay.status(), StayStatus::Booked | StayStatus::InResidence);
    let placed: BTreeSet<_> =
        with(&[ReferralStatus::Placed]).await.iter().filter_map(Referral::household).collect();
    assert_eq!(
        placed,
        stays.iter().filter(|stay| open(stay)).map(|stay| stay.household).collect::<BTreeSet<_>>()
    );

    let mut steps = 0;
    let there = stays.iter().filter(|stay| stay.status() == StayStatus::InResidence);
    for stay in there.filter(|stay| stay.nights.departure() > today) {
        steps += engine.next_steps(actor, stay.household).await.unwrap().len();
    }
    assert!(steps > 0);
    let mut apart = 0;
    for referral in &waiting {
        apart += engine.kept_apart(actor, referral.household().unwrap()).await.unwrap().len();
    }
    assert_eq!(apart, 1);
}

#[tokio::test]
async fn referrals_are_as_many_as_the_strategy_counts_whatever_the_seed() {
    for (seed, until) in [
        (5, "2020-12-01T00:05:00Z"),
        (6, "2020-11-30T23:30:00Z"),
        (7, "2020-12-03T21:00:00Z"),
        (8, "2021-01-10T12:00:00Z"),
    ] {
        let demo = Demo::empty(until);
        let filled = demo.fill(seed).await.unwrap();
        let referrals = &filled.referrals;
        assert_eq!(
            (referrals.year_before, referrals.strategy, referrals.cases),
            (290, 551, 620),
            "seed {seed}"
        );
        assert_eq!(referrals.growth().as_deref(), Some("90.00"));
        assert_eq!(referrals.by_source.len(), Source::ALL.len());
        assert_eq!(referrals.by_source.values().sum::<u64>(), 551);
        assert!(filled.households_in_strategy < 551);
        let rate = filled.strategy.occupancy_rate().unwrap();
        assert!(rate >= per_cent(895, 1_000).unwrap() && rate <= per_cent(905, 1_000).unwrap(), "{rate}");
        declines_follow_fullness(&demo, seed).await;
    }
}

/// Who comes was referred; and more are declined for want of room on full days than on others.
async fn declines_follow_fullness(demo: &Demo, seed: u64) {
    let (engine, actor) = demo.open().await;
    assert!(is_demonstration(&engine).await.unwrap());
    let referrals = all_referrals(&engine, &actor).await.unwrap();
    assert!(Nights::between(BEGINS, later(BEGINS, 7)).contains(service_day(referrals[0].received_at)));
    let referred: BTreeSet<_> = referrals.iter().filter_map(Referral::household).collect();
    let stays = all_stays(&engine, &actor).await.unwrap();
    assert!(stays.iter().all(|stay| referred.contains(&stay.household)), "seed {seed}");

    let late = |referral: &&Referral| {
        referral.responded_at.is_some_and(|at| at - referral.received_at > TimeDelta::hours(1))
    };
    let late = referrals.iter().filter(late).count();
    assert!(late > 10 && late * 5 < referrals.len(), "{late} of {}, seed {seed}", referrals.len());

    let months = Nights::between(FIRST_DAY, STRATEGY_ENDS);
    let nights = engine.occupancy(&actor, months, PeriodKind::Night, None).await.unwrap();
    let full: BTreeSet<String> = nights
        .iter()
        .filter(|night| night.occupied_nights == night.available_nights)
        .map(|night| night.period.clone())
        .collect();
    let (mut when_full, mut with_room) = (0, 0);
    for referral in &referrals {
        let day = service_day(referral.received_at);
        let for_want =
            matches!(&referral.state, ReferralState::Declined { reason, .. } if reason == "no_capacity");
        if for_want && months.contains(day) {
            *(if full.contains(&day.to_string()) { &mut when_full } else { &mut with_room }) += 1;
        }
    }
    let (full, room) = (full.len(), 275 - full.len());
    assert!(
        when_full * room > with_room * full * 2,
        "{when_full} in {full}, {with_room} in {room}, seed {seed}"
    );
    engine.close().await.unwrap();
}

#[tokio::test]
async fn the_last_evening_has_arrivals_due_one_overstay_one_void_and_bookings_to_come() {
    looks_alive("2021-03-09T20:00:00Z", 1).await;
}

#[tokio::test]
async fn whatever_the_seed_and_the_hour_the_last_day_looks_alive() {
    for (seed, until) in
        [(2, "2020-12-24T00:10:00Z"), (3, "2020-12-02T07:30:00Z"), (4, "2020-11-19T23:59:59Z")]
    {
        looks_alive(until, seed).await;
    }
}

/// The statutory return has something in every section, and adds up.
async fn a_return_can_be_made(engine: &Engine, actor: &Actor) {
    let made = engine.statutory_return(actor, "2020/21".parse().unwrap()).await.unwrap();
    assert!(made.checks.iter().all(|check| check.agrees() && check.total > 0), "{:?}", made.checks);
    let find = |section, code: &str| {
        made.rows.iter().find(|row| row.section == section && row.code == code).unwrap().clone()
    };
    for (section, code) in [
        (Section::Supported, "other_emergency"),
        (Section::Supported, "second_stage"),
        (Section::Characteristic, "disability"),
        (Section::Characteristic, "multiple_needs"),
        (Section::NotSupported, "no_capacity"),
        (Section::WithoutStay, "withdrawn"),
    ] {
        assert!(!find(section, code).counted.is_empty(), "{section} {code}");
    }
    for section in Section::WITH_LINES {
        assert!(find(section, NOT_MAPPED).counted.is_empty(), "{section}");
    }
    let total = find(Section::Supported, TOTAL);
    let (sexes, persons) = (total.sexes.unwrap(), total.persons.unwrap());
    assert!(sexes.women > sexes.men && sexes.men > 0 && sexes.other_or_not_said > 0, "{sexes:?}");
    assert_eq!(sexes.women + sexes.men + sexes.other_or_not_said, persons.adults);
}

#[tokio::test]
async fn everything_that_happens_in_such_a_service_happens() {
    let demo = Demo::empty("2021-03-09T20:00:00Z");
    let filled = demo.fill(1).await.unwrap();
    let (engine, actor) = demo.open().await;
    for status in StayStatus::ALL {
        assert!(filled.stays[status.as_str()] > 0, "{status}");
    }
    assert!(filled.moves > 0 && filled.exceptions > 0 && filled.voids > 0, "{filled:?}");

    let spaces = engine.spaces();
    let stays = all_stays(&engine, &actor).await.unwrap();
    for stay in &stays {
        let unit = spaces.unit_by_id(stay.unit).unwrap();
        let safe_space = spaces.property_of(unit).unwrap().scheme == Scheme::SafeSpace;
        // Who came late was extended from the night it came on.
        let on_time = stay.planned.arrival() == stay.nights.arrival();
        if safe_space && on_time && stay.planned.len() > 7 {
            let granted = engine.exceptions(&actor, stay).await.unwrap();
            assert!(granted.iter().all(|exception| exception.reason.is_some()) && !granted.is_empty());
        }
        assert!(stay.people.total() <= unit.sleeps);
    }
    let on_the_night = |stay: &&Stay| match stay.state {
        StayState::Departed { arrived_at: Some(at), .. } => {
            service_day(at) > stay.nights.arrival() && service_time(at).to_string().as_str() < "03"
        }
        _ => false,
    };
    assert!(stays.iter().filter(on_the_night).count() > 10, "arrivals soon after midnight");
    a_return_can_be_made(&engine, &actor).await;
    engine.close().await.unwrap();
}

#[tokio::test]
async fn what_is_confidential_and_what_councils_send_can_be_seen_living() {
    let demo = Demo::empty("2020-12-15T20:00:00Z");
    demo.fill(1).await.unwrap();
    let (engine, actor) = demo.open().await;
    assert!(engine.spaces().properties().all(|property| engine.has_address(property.id)));

    let all = all_referrals(&engine, &actor).await.unwrap();
    for status in ReferralStatus::ALL {
        assert!(all.iter().any(|referral| referral.status() == status), "no referral is {status}");
    }
    let mut referrals = Vec::new();
    for council in ["North Herts", "East Herts", "Welwyn Hatfield"] {
        let filter = ReferralFilter { council: Some(council.to_owned()), ..ReferralFilter::default() };
        let page = Page { after: None, limit: 100 };
        referrals.extend(engine.referrals(&actor, &filter, page).await.unwrap());
    }
    assert!(referrals.iter().all(|view| view.has_details));
    let stays = all_stays(&engine, &actor).await.unwrap();
    let placed = |referral: &Referral| stays.iter().any(|stay| Some(stay.household) == referral.household());
    let accepted = referrals.iter().filter(|view| view.referral.household().is_some());
    assert!(accepted.clone().count() > 2 && accepted.clone().all(|view| placed(&view.referral)));
    assert_eq!(
        engine.questions(&actor, None, Page { after: None, limit: 100 }).await.unwrap().len(),
        referrals.len(),
        "councils ask before they refer"
    );

    let page = Page { after: None, limit: 100 };
    let notices = engine.notices(&actor, false, page).await.unwrap();
    let kinds: Vec<&str> = notices.iter().map(|notice| notice.kind.as_str()).collect();
    assert_eq!(kinds, ["reveal_address", "reveal_household_details", "reveal_referral_details"]);
    assert_eq!(notices.iter().filter(|notice| notice.seen_at.is_some()).count(), 1);

    // The case that is closed to the officer of the demonstration is there for everybody else.
    let officer = set_up_person(&engine, Role::Officer, None).await.unwrap();
    assert_eq!(officer.name, "demo.officer");
    let theirs = super::people::sign_in(&engine, Role::Officer).await.unwrap();
    let hidden: Vec<_> = stays.iter().filter(|stay| stay.status() == StayStatus::InResidence).collect();
    let seen = all_stays(&engine, &theirs).await.unwrap();
    let hidden: Vec<_> = hidden.into_iter().filter(|stay| !seen.contains(stay)).collect();
    assert_eq!(hidden.len(), 1);
    let listed = engine.restrictions(&actor, hidden[0].household).await.unwrap();
    assert_eq!(listed.len(), 1);
    engine.close().await.unwrap();
}

#[tokio::test]
async fn support_is_given_declined_and_counted() {
    let demo = Demo::empty("2020-12-15T20:00:00Z");
    demo.fill(1).await.unwrap();
    let (engine, actor) = demo.open().await;
    let stays = all_stays(&engine, &actor).await.unwrap();
    let households: BTreeSet<_> = stays.iter().map(|stay| stay.household).collect();
    let households: Vec<_> = households.into_iter().collect();
    let sessions = engine.support_sessions(&actor, &households).await.unwrap();
    let so_many = |is: fn(&SupportSession) -> bool| sessions.iter().filter(|view| is(&view.session)).count();
    let (declined, late) = (
        so_many(|session| session.outcome == SupportOutcome::Declined),
        so_many(|session| session.hours == Hours::OutOfHours),
    );
    assert!(sessions.len() > 100, "{}", sessions.len());
    assert!(declined > 5 && declined * 4 < sessions.len(), "{declined} of {}", sessions.len());
    assert!(late > 10 && late < sessions.len(), "{late} of {}", sessions.len());
    let came = |view: &SupportSessionView| {
        let own = stays.iter().filter(|stay| stay.household == view.session.household);
        own.filter_map(|stay| match stay.state {
            StayState::InResidence { arrived_at } | StayState::Departed { arrived_at, .. } => arrived_at,
            _ => None,
        })
        .any(|arrived_at| arrived_at <= view.session.starts_at)
    };
    assert!(sessions.iter().all(came), "nobody is supported before they come");
    let mut noted = 0;
    for view in &sessions {
        noted += usize::from(engine.support_note(&actor, view).await.unwrap().is_some());
    }
    assert!(noted > 10, "{noted}");

    let year = Nights::between(date(2020, 1, 1), date(2021, 1, 1));
    let counts = engine.group_attendance(&actor, year).await.unwrap();
    let of = |offer: &str| counts.iter().filter(|count| count.offer == offer).count();
    assert_eq!((of("parents_course"), of("drop_in")), (10, 41));
    let overdue = engine.attention(&actor).await.unwrap();
    assert!(overdue.iter().any(|item| matches!(item.what, Attention::NoContact { .. })), "a gap to be seen");
    engine.close().await.unwrap();
}

#[tokio::test]
async fn a_database_in_use_is_left_alone() {
    let demo = Demo::empty("2020-03-20T20:00:00Z");
    let (engine, actor) = demo.open().await;
    let district = safespace_domain::districts::District {
        name: "Stevenage".to_owned(),
        kind: safespace_domain::districts::DistrictKind::Host,
    };
    engine.run(&actor, None, Command::SaveDistrict(district)).await.unwrap();
    let property = RegisterProperty {
        code: "SP-77".to_owned(),
        scheme: Scheme::SafeSpace,
        district: "Stevenage".to_owned(),
        locality: None,
        sharing: Sharing::SelfContained,
    };
    let outcome = engine.run(&actor, None, Command::RegisterProperty(property)).await;
    assert!(matches!(outcome, Ok(Outcome::Property(_))));
    engine.close().await.unwrap();
    assert!(matches!(demo.fill(1).await, Err(DemoError::NotEmpty)));
    assert!(demo.stays().await.is_empty());
}

#[tokio::test]
async fn a_demonstration_ends_later_than_it_begins() {
    let demo = Demo::empty("2020-03-01T20:00:00Z");
    assert!(matches!(demo.fill(1).await, Err(DemoError::TooEarly(_))));
    let short = Demo::empty("2020-03-04T20:00:00Z");
    assert_eq!(short.fill(1).await.unwrap().units_at_last, 2);
}

#[test]
fn ids_are_later_in_order_and_hours_fit_into_the_day() {
    use safespace_domain::Ids as _;
    let start: DateTime<Utc> = "2020-03-29T00:00:00Z".parse().unwrap();
    let clock = Arc::new(outside::MovableClock::at(start));
    let ids = outside::SeededIds::new(Arc::clone(&clock), 1);
    let first: Vec<_> = (0..300).map(|_| ids.next()).collect();
    clock.set(start + chrono::TimeDelta::seconds(1));
    assert!(first.is_sorted() && first[299] < ids.next());
    assert_eq!(first[0].get_version_num(), 7);

    // The clocks go forward: a day of 23 hours.
    let hours = outside::Hours::of(date(2020, 3, 29), "2021-01-01T00:00:00Z".parse().unwrap());
    assert_eq!(service_day(hours.at(23, 45)), date(2020, 3, 29));
    let short = outside::Hours::of(date(2020, 3, 29), "2020-03-29T06:00:00Z".parse().unwrap());
    assert!(short.at(23, 45) < "2020-03-29T06:00:00Z".parse::<DateTime<Utc>>().unwrap());
}
