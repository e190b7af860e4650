//! What must always be true, whatever is done: random commands on the real engine, beside a naive model, on both
//! databases.
//!
//! After each command the database is read, and held against the model: a refused command changed nothing, an accepted
//! one changed what it should and was audited, and the rules at the head of the design hold, each recounted night by
//! night from the rows.

mod naive;

use std::{collections::BTreeMap, sync::Arc};

use chrono::TimeDelta;
use naive::{State, Verdict, later, nights};
use proptest::{
    prelude::{Just, Strategy, any},
    test_runner::{Config, RngSeed, TestCaseError, TestCaseResult, TestError, TestRunner},
};
use safespace_domain::{
    HoldId, Night, Nights, RefusalCode, StayId, UnitId, VoidId, access::Actor, attention::Attention,
    availability::Ask, households::People, occupancy::GroupKind, periods::PeriodKind, policies::Policy,
    units::Scheme,
};
use safespace_engine::{
    BookStay, ChangeVoid, Command, Engine, EngineError, ExtendStay, HoldUnit, MoveStay, Outcome, RecordVoid,
};
use safespace_tests::{Databases, World};
use uuid::Uuid;

const UNITS: [&str; 4] = ["SS-01", "SS-02", "SS-03", "SS-04"];
const HOUSEHOLDS: usize = 4;
/// The longest turnaround that a policy here ever had.
const LONGEST_TURNAROUND: u64 = 2;

#[test]
fn what_must_always_be_true_is_true_on_sqlite() {
    always_true(&Databases::sqlite(), 28, 40);
}

#[test]
fn what_must_always_be_true_is_true_on_postgres() {
    let Some(on) = Databases::postgres("properties::what_must_always_be_true_is_true_on_postgres") else {
        return;
    };
    always_true(&on, 10, 30);
}

fn always_true(on: &Databases, cases: u32, steps: usize) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let given = |name: &str| std::env::var_os(name).is_some();
    let usual = Config::default();
    // The same commands in every run, unless more of them, or a seed, are asked for by PROPTEST_CASES and
    // PROPTEST_RNG_SEED.
    let config = Config {
        cases: if given("PROPTEST_CASES") { usual.cases } else { cases },
        rng_seed: if given("PROPTEST_CASES") || given("PROPTEST_RNG_SEED") {
            usual.rng_seed
        } else {
            RngSeed::Fixed(1)
        },
        failure_persistence: None,
        // Each try of shrinking is a world: it gives up after a minute.
        max_shrink_iters: 5_000,
        max_shrink_time: 60_000,
        ..usual
    };
    let lives = proptest::collection::vec(step(), 1..=steps * 2);
    let told = TestRunner::new(config).run(&lives, |steps| {
        runtime.block_on(async { live_through(&World::at(START, on).with_units(UNITS).await, &steps).await })
    });
    match told {
        Ok(()) => {}
        Err(TestError::Fail(why, steps)) => {
            let steps: Vec<_> = steps.iter().map(|step| format!("{step:?}")).collect();
            panic!("{why}\nThe steps:\n{}", steps.join("\n"));
        }
        Err(TestError::Abort(why)) => panic!("{why}"),
    }
}

const START: &str = "2020-11-03T14:00:00Z";

/// Something that happens. Stays, holds, voids and units are chosen from those there are.
#[derive(Clone, Debug)]
enum Step {
    Book(Booking),
    Hold(Booking),
    ExtendHold(u8),
    ConfirmHold(u8, bool),
    ReleaseHold(u8),
    CheckIn(u8),
    CheckOut(u8, Option<i64>),
    Extend(u8, u64, bool),
    Shorten(u8, u64),
    Cancel(u8),
    NoShow(u8),
    Move(u8, u8, Option<u64>),
    Reinstate(u8),
    Void(u8, i64, u64),
    ChangeVoid(u8, i64, u64),
    CancelVoid(u8),
    Close(u8, i64),
    Reopen(u8, i64),
    Turnaround(u32),
    /// Hours pass, the day turns where it does, and somebody looks.
    Wait(i64),
    /// So many minutes pass, and nothing runs but the turn of the day.
    Idle(i64),
}

/// What somebody asks for.
#[derive(Clone, Debug)]
struct Booking {
    household: usize,
    unit: Option<u8>,
    ahead: i64,
    nights: u64,
    people: i64,
    exception: bool,
}

fn step() -> impl Strategy<Value = Step> {
    let index = any::<u8>;
    let booking = || {
        let drawn = (
            0..HOUSEHOLDS,
            proptest::option::weighted(0.7, index()),
            -1_i64..9,
            0_u64..9,
            1_i64..6,
            proptest::bool::weighted(0.1),
        );
        drawn.prop_map(|(household, unit, ahead, nights, people, exception)| Booking {
            household,
            unit,
            ahead,
            nights,
            people,
            exception,
        })
    };
    // Mostly the first, which is one that still keeps its unit where there is any.
    let of_holds = || proptest::prop_oneof![4 => Just(0), 1 => index()];
    proptest::prop_oneof![
        10 => booking().prop_map(Step::Book),
        5 => booking().prop_map(Step::Hold),
        2 => of_holds().prop_map(Step::ExtendHold),
        4 => (of_holds(), proptest::bool::weighted(0.2)).prop_map(|(hold, exception)| Step::ConfirmHold(hold, exception)),
        2 => of_holds().prop_map(Step::ReleaseHold),
        6 => index().prop_map(Step::CheckIn),
        4 => (index(), proptest::option::weighted(0.3, -3_i64..2)).prop_map(|(stay, on)| Step::CheckOut(stay, on)),
        3 => (index(), 0_u64..5, proptest::bool::weighted(0.2)).prop_map(|(s, n, e)| Step::Extend(s, n, e)),
        2 => (index(), 0_u64..4).prop_map(|(stay, n)| Step::Shorten(stay, n)),
        1 => index().prop_map(Step::Cancel),
        1 => index().prop_map(Step::NoShow),
        3 => (index(), index(), proptest::option::weighted(0.4, 1_u64..6)).prop_map(|(s, u, n)| Step::Move(s, u, n)),
        3 => index().prop_map(Step::Reinstate),
        2 => (index(), -1_i64..12, 0_u64..5).prop_map(|(unit, ahead, n)| Step::Void(unit, ahead, n)),
        1 => (index(), -1_i64..12, 0_u64..5).prop_map(|(void, ahead, n)| Step::ChangeVoid(void, ahead, n)),
        1 => index().prop_map(Step::CancelVoid),
        1 => (index(), -2_i64..14).prop_map(|(unit, ahead)| Step::Close(unit, ahead)),
        1 => (index(), -2_i64..14).prop_map(|(unit, ahead)| Step::Reopen(unit, ahead)),
        1 => (0_u32..=2).prop_map(Step::Turnaround),
        7 => proptest::prop_oneof![Just(1_i64), Just(3), Just(10), Just(24), Just(24), Just(48), Just(72)]
            .prop_map(Step::Wait),
        // As long as a hold lasts, a minute less, and such that it is about to lapse.
        4 => proptest::prop_oneof![Just(60_i64), Just(90), Just(119), Just(120), Just(240)].prop_map(Step::Idle),
    ]
}

/// One case: everything that happens in a world, with a look at everything after each.
async fn live_through(world: &World, steps: &[Step]) -> TestCaseResult {
    let mut before = State::read(world).await;
    for (n, step) in steps.iter().enumerate() {
        before = match step {
            Step::Wait(hours) => {
                let passed = time_passes(world, before, TimeDelta::hours(*hours)).await;
                let passed = passed.map_err(|why| at(n, step, &why))?;
                turn_the_day(world, passed).await.map_err(|why| at(n, step, &why))?;
                looked(world).await.map_err(|why| at(n, step, &why))?
            }
            Step::Idle(minutes) => {
                let (yesterday, minutes) = (world.engine.today(), TimeDelta::minutes(*minutes));
                let passed = time_passes(world, before, minutes).await.map_err(|why| at(n, step, &why))?;
                before = if yesterday == world.engine.today() {
                    passed
                } else {
                    turn_the_day(world, passed).await.map_err(|why| at(n, step, &why))?
                };
                // Looked at after the next step: a look would sweep away what lapsed holds still have.
                continue;
            }
            _ => match command(step, &before, world) {
                Some(command) => carry_out(world, before, command).await.map_err(|why| at(n, step, &why))?,
                None => looked(world).await.map_err(|why| at(n, step, &why))?,
            },
        };
        rules_hold(world, &before).await.map_err(|why| at(n, step, &why))?;
        if n % 10 == 9 || n + 1 == steps.len() {
            the_calendar_is_what_a_fresh_one_is(world).await.map_err(|why| at(n, step, &why))?;
        }
    }
    world.leave().await;
    Ok(())
}

fn at(n: usize, step: &Step, why: &str) -> TestCaseError {
    TestCaseError::fail(format!("after step {n}, {step:?}: {why}"))
}

/// Time passes: holds lapse at their instant, and nothing else is changed by that.
async fn time_passes(world: &World, before: State, time: TimeDelta) -> Result<State, String> {
    world.clock.forward(time);
    let after = State::read(world).await;
    let mut holds = before.holds;
    for hold in holds.values_mut().filter(|hold| hold.is_active() && hold.lapses_at <= world.now()) {
        hold.status = "lapsed".into();
    }
    same(&holds, &after.holds, "holds")?;
    same(&before.stays, &after.stays, "stays")?;
    Ok(after)
}

/// How everything is once somebody has looked.
async fn looked(world: &World) -> Result<State, String> {
    world.engine.attention(&world.manager().actor).await.map_err(|error| error.to_string())?;
    Ok(State::read(world).await)
}

/// The day turns: rows may change hands, records do not; and a second time nothing changes at all.
async fn turn_the_day(world: &World, before: State) -> Result<State, String> {
    world.engine.turn_day().await.map_err(|fault| format!("the day did not turn: {fault:?}"))?;
    let after = State::read(world).await;
    same(&before.stays, &after.stays, "stays")?;
    same(&before.holds, &after.holds, "holds")?;
    same(&before.voids, &after.voids, "voids")?;
    if before.ledger != after.ledger && before.audit == after.audit {
        return Err("the day turned without an audit record".into());
    }
    let again = world.engine.turn_day().await.map_err(|fault| format!("the day did not turn: {fault:?}"))?;
    if !again.is_empty() || State::read(world).await != after {
        return Err(format!("the day turned twice: {again:?}"));
    }
    Ok(after)
}

/// A command comes to what the model says, and changes what the model says.
async fn carry_out(
    world: &World,
    before: State,
    (command, by_manager): (Command, bool),
) -> Result<State, String> {
    let verdict = before.judge(&command, by_manager, world.now());
    let any_unit = match &command {
        Command::BookStay(ask) | Command::HoldUnit(HoldUnit { booking: ask }) => ask.unit.is_none(),
        _ => false,
    };
    let actor = if by_manager { world.manager().actor } else { world.officer().actor };
    let answer = world.engine.run(&actor, None, command).await;
    let after = State::read(world).await;
    match answer {
        Err(EngineError::Fault(fault)) => Err(format!("a fault: {fault:?}")),
        Err(EngineError::Refused(refusal)) => {
            let expected = verdict.refused_somehow
                || verdict.refusals.contains(&refusal.code)
                || verdict.perhaps.contains(&refusal.code);
            if !expected {
                return Err(format!("refused with {refusal:?}, and the model has {:?}", verdict.refusals));
            }
            if refusal.code == RefusalCode::Taken && refusal.in_the_way.is_empty() {
                return Err(format!("refused without saying what is in the way: {refusal:?}"));
            }
            if before != after {
                return Err(format!("a refused command changed something: {before:#?} to {after:#?}"));
            }
            Ok(after)
        }
        Ok(outcome) => {
            if verdict.refused_somehow || !verdict.refusals.is_empty() {
                return Err(format!(
                    "accepted, and the model refuses with {:?}: {outcome:?}",
                    verdict.refusals
                ));
            }
            if after.audit <= before.audit {
                return Err("an accepted command left no audit record".into());
            }
            changed_as_it_should(&before, &after, verdict, &outcome, any_unit)?;
            Ok(after)
        }
    }
}

fn changed_as_it_should(
    before: &State,
    after: &State,
    verdict: Verdict,
    outcome: &Outcome,
    any_unit: bool,
) -> Result<(), String> {
    let id = match outcome {
        Outcome::Stay(stay) | Outcome::Moved { to: stay, .. } => stay.id.0,
        Outcome::Hold(hold) => hold.id.0,
        Outcome::Void(void) => void.id.0,
        _ => Uuid::nil(),
    };
    let or_new = |known: Uuid| if known.is_nil() { id } else { known };
    // Whichever was free and fit may be taken: which one fits best is for the domain's own tests.
    let taken = match outcome {
        Outcome::Stay(stay) if any_unit => Some(stay.unit.0),
        Outcome::Hold(hold) if any_unit => Some(hold.unit.0),
        _ => None,
    };
    let must_fit = |unit: Uuid, run: naive::Run, people: i64| {
        let unit = before.units.get(&unit).ok_or("a unit that is not there")?;
        let free = |night| unit.in_stock(night) && !before.ledger.contains_key(&(unit.id, night));
        let fit = people <= unit.sleeps && nights(run).all(free);
        if fit { Ok(()) } else { Err(format!("{} was neither free nor fit", unit.code)) }
    };
    let mut stays = before.stays.clone();
    for mut stay in verdict.stays {
        stay.id = or_new(stay.id);
        stay.moved_to = stay.moved_to.map(or_new);
        if let Some(unit) = taken {
            stay.unit = unit;
            must_fit(unit, stay.nights, stay.people)?;
        }
        stays.insert(stay.id, stay);
    }
    let mut holds = before.holds.clone();
    for mut hold in verdict.holds {
        hold.id = or_new(hold.id);
        hold.stay = hold.stay.map(or_new);
        if let Some(unit) = taken {
            hold.unit = unit;
            must_fit(unit, hold.nights, hold.people)?;
        }
        // What is held, or booked by that, has its turnaround, too. A longer hold takes no more than it did.
        let keeper = hold.stay.unwrap_or(hold.id);
        let made = !before.holds.contains_key(&hold.id) || hold.stay.is_some();
        let wanted = nights((hold.nights.0, later(hold.nights.1, before.turnaround)));
        let has = |night: Night| after.ledger.get(&(hold.unit, night)).is_some_and(|row| row.by == keeper);
        if made && let Some(night) = wanted.into_iter().find(|night| !has(*night)) {
            return Err(format!("{night} is not kept of {hold:?}"));
        }
        holds.insert(hold.id, hold);
    }
    let mut voids = before.voids.clone();
    for mut void in verdict.voids {
        void.id = or_new(void.id);
        voids.insert(void.id, void);
    }
    let mut units = before.units.clone();
    units.extend(verdict.units.into_iter().map(|unit| (unit.id, unit)));
    same(&stays, &after.stays, "stays")?;
    same(&holds, &after.holds, "holds")?;
    same(&voids, &after.voids, "voids")?;
    same(&units, &after.units, "units")?;
    let turnaround = verdict.turnaround.unwrap_or(before.turnaround);
    if after.turnaround == turnaround { Ok(()) } else { Err("the policy is another one".into()) }
}

fn same<T: PartialEq + std::fmt::Debug>(
    expected: &BTreeMap<Uuid, T>,
    found: &BTreeMap<Uuid, T>,
    what: &str,
) -> Result<(), String> {
    let differ = |id: &&Uuid| expected.get(*id) != found.get(*id);
    let ids = expected.keys().chain(found.keys());
    match ids.into_iter().find(differ) {
        None => Ok(()),
        Some(id) => Err(format!("{what}: {:?} should be {:?}", found.get(id), expected.get(id))),
    }
}

/// The rules that hold at every moment.
async fn rules_hold(world: &World, state: &State) -> Result<(), String> {
    let today = world.engine.today();
    let attention =
        world.engine.attention(&world.manager().actor).await.map_err(|error| error.to_string())?;
    let attention: Vec<Attention> = attention.into_iter().map(|item| item.what).collect();
    every_row_is_wanted(state, today)?;
    what_lapsed_is_swept_away(world, state, &attention).await?;
    a_household_has_one_hold(state)?;
    every_night_is_had_or_missed_and_reported(state, today, &attention)?;
    a_household_is_in_one_place(state)?;
    if let Some((household, n)) = state.too_long_without_a_reason(today) {
        return Err(format!("{household} has {n} unbroken nights, and nobody allowed it"));
    }
    stays_lie_in_service(state)?;
    figures_add_up(world, state, today).await?;
    occupied_is_what_the_stays_tell(world, state, today).await
}

/// Each entry of the ledger is one that its record's own state calls for.
fn every_row_is_wanted(state: &State, today: Night) -> Result<(), String> {
    for ((unit, night), row) in &state.ledger {
        let wanted = match row.night_use.as_str() {
            "void" => state.voids.get(&row.by).is_some_and(|void| {
                !void.cancelled && void.unit == *unit && nights(void.nights).any(|wanted| wanted == *night)
            }),
            "held" => state
                .holds
                .get(&row.by)
                .is_some_and(|hold| hold.unit == *unit && hold.kept().any(|wanted| wanted == *night)),
            "turnaround" if state.holds.contains_key(&row.by) => {
                let hold = &state.holds[&row.by];
                hold.is_active() && hold.unit == *unit && kept_ready_after(hold.nights).contains(night)
            }
            night_use => state.stays.get(&row.by).is_some_and(|stay| {
                let here = stay.unit == *unit && stay.takes_nights();
                match night_use {
                    "booked" => here && stay.status == "booked" && stay.kept(today).contains(night),
                    "resident" => here && stay.status != "booked" && stay.kept(today).contains(night),
                    _ => here && kept_ready_after(stay.nights).contains(night),
                }
            }),
        };
        let for_whom = match row.night_use.as_str() {
            "booked" | "resident" => state.stays.get(&row.by).map(|stay| &stay.household),
            "held" => state.holds.get(&row.by).map(|hold| &hold.household),
            _ => None,
        };
        if !wanted || row.household.as_ref() != for_whom {
            return Err(format!("nobody wants the row {row:?} of {night} in {}", state.units[unit].code));
        }
    }
    Ok(())
}

/// The nights after it on which it may keep the unit to make it ready.
fn kept_ready_after(run: naive::Run) -> std::ops::Range<Night> {
    run.1..later(run.1, LONGEST_TURNAROUND)
}

/// Once somebody has looked, no hold is written down as active whose time has passed, and none that is over has a night;
/// and what will lapse soon is reported.
async fn what_lapsed_is_swept_away(
    world: &World,
    state: &State,
    attention: &[Attention],
) -> Result<(), String> {
    let active: Vec<_> = state.holds.values().filter(|hold| hold.is_active()).collect();
    let written = world.count("hold WHERE status = 'active'").await;
    if i64::try_from(active.len()) != Ok(written) {
        return Err(format!("{written} holds are written down as active, and these are: {active:?}"));
    }
    let over = "unit_night WHERE taken_by IN (SELECT id FROM hold WHERE status <> 'active')";
    if world.count(over).await > 0 {
        return Err("a hold that is over has a night".into());
    }
    for hold in active {
        let soon = hold.lapses_at - world.now() <= TimeDelta::minutes(30);
        let told = attention
            .iter()
            .any(|item| matches!(item, Attention::HoldLapses { hold: of } if of.id.0 == hold.id));
        if soon != told {
            return Err(format!("that it lapses is reported: {told}, of {hold:?}"));
        }
    }
    Ok(())
}

fn a_household_has_one_hold(state: &State) -> Result<(), String> {
    let mut seen = std::collections::BTreeSet::new();
    match state.holds.values().find(|hold| hold.is_active() && !seen.insert(&hold.household)) {
        None => Ok(()),
        Some(second) => Err(format!("a second hold: {second:?}")),
    }
}

/// Each night that a record calls for is in the ledger, unless an overstay took it; then that is reported.
fn every_night_is_had_or_missed_and_reported(
    state: &State,
    today: Night,
    attention: &[Attention],
) -> Result<(), String> {
    for stay in state.stays.values() {
        let reports = attention.iter().filter(|item| item.stay().is_some_and(|of| of.id.0 == stay.id));
        if stay.is_overstay(today) && !reports.clone().any(|item| matches!(item, Attention::Overstay { .. }))
        {
            return Err(format!("an overstay is not reported: {stay:?}"));
        }
        let late = stay.status == "booked" && stay.nights.0 < today;
        let told =
            |item: &Attention| matches!(item, Attention::NotArrived { .. } | Attention::Blocked { .. });
        if late && !reports.clone().any(told) {
            return Err(format!("a booking that nobody came for is not reported: {stay:?}"));
        }
        for night in stay.kept(today) {
            if state.ledger.get(&(stay.unit, night)).is_some_and(|row| row.by == stay.id) {
                continue;
            }
            let blocked = reports.clone().any(|item| {
                matches!(item, Attention::Blocked { lost, .. } if lost.iter().any(|run| run.contains(night)))
            });
            // What a late booking lost in the past is past; it is reported as late.
            let excused = stay.status == "booked"
                && (blocked && lost_for_a_reason(state, stay.unit, &stay.household, night)
                    || night < today && late);
            if !excused {
                return Err(format!("{night} is missing, reported: {blocked}, of {stay:?}"));
            }
        }
    }
    for hold in state.holds.values() {
        for night in hold.kept() {
            let has = state.ledger.get(&(hold.unit, night)).is_some_and(|row| row.by == hold.id);
            if !has && !lost_for_a_reason(state, hold.unit, &hold.household, night) {
                return Err(format!("{night} is missing of {hold:?}"));
            }
        }
    }
    for void in state.voids.values().filter(|void| !void.cancelled) {
        for night in nights(void.nights) {
            let row = state.ledger.get(&(void.unit, night));
            let excused = match row {
                Some(row) => row.by == void.id || row.night_use == "resident",
                None => night < today,
            };
            if !excused {
                return Err(format!("{night} is missing of {void:?}"));
            }
        }
    }
    Ok(())
}

/// A booking or hold loses a night to whoever is in its unit instead, or to its own household, which sleeps elsewhere.
fn lost_for_a_reason(state: &State, wanted: Uuid, household: &String, night: Night) -> bool {
    state.ledger.iter().any(|((unit, other), row)| {
        let asleep = row.night_use == "resident" && row.household.as_ref() == Some(household);
        *other == night && (*unit == wanted || asleep)
    })
}

/// A household has one unit a night, and sleeps in one place; a unit has one household in residence.
fn a_household_is_in_one_place(state: &State) -> Result<(), String> {
    let mut seen: BTreeMap<(Night, &String), Uuid> = BTreeMap::new();
    for ((unit, night), row) in &state.ledger {
        if let Some(household) = &row.household
            && let Some(other) = seen.insert((*night, household), *unit)
        {
            return Err(format!("{household} has {unit} and {other} on {night}"));
        }
    }
    let there: Vec<_> = state.stays.values().filter(|stay| stay.status == "in_residence").collect();
    for stay in &there {
        let twice = |other: &&&naive::Stay| {
            other.id != stay.id && (other.unit == stay.unit || other.household == stay.household)
        };
        if let Some(other) = there.iter().find(twice) {
            return Err(format!("both in residence: {stay:?} and {other:?}"));
        }
    }
    Ok(())
}

fn stays_lie_in_service(state: &State) -> Result<(), String> {
    for stay in state.stays.values().filter(|stay| stay.takes_nights()) {
        let unit = &state.units[&stay.unit];
        let end = stay.nights.1.min(stay.planned.1);
        if let Some(night) = nights((stay.nights.0, end)).find(|night| !unit.in_stock(*night)) {
            return Err(format!("{} is out of service on {night}, within {stay:?}", unit.code));
        }
    }
    Ok(())
}

/// The engine's figures are those of a recount from the rows, and add up to what is in stock.
async fn figures_add_up(world: &World, state: &State, today: Night) -> Result<(), String> {
    let range = Nights::between(today - chrono::Days::new(7), later(today, 21));
    let figures = world
        .engine
        .occupancy(&world.manager().actor, range, PeriodKind::Night, Some(GroupKind::Unit))
        .await
        .map_err(|error| error.to_string())?;
    let mut figures = figures.iter();
    let mut units: Vec<_> = state.units.values().collect();
    units.sort_by(|a, b| a.code.cmp(&b.code));
    for night in range.iter() {
        for unit in &units {
            let row = figures.next().ok_or("a row of the figures is missing")?;
            let in_stock = unit.in_stock(night);
            let night_use = state.ledger.get(&(unit.id, night)).map(|row| row.night_use.as_str());
            let is = |wanted: bool| u64::from(in_stock && wanted);
            let void = is(night_use == Some("void"));
            let occupied = is(night_use == Some("resident") && night <= today);
            let reserved = is(matches!(night_use, Some("booked" | "held"))
                || night_use == Some("resident") && night > today);
            let (turnaround, free) = (is(night_use == Some("turnaround")), is(night_use.is_none()));
            let recount = [is(true), void, occupied, reserved, is(true) - void];
            let told = [
                row.in_stock_nights,
                row.void_nights,
                row.occupied_nights,
                row.reserved_nights,
                row.available_nights,
            ];
            if recount != told || row.period != night.to_string() || row.group.as_ref() != Some(&unit.code) {
                return Err(format!("{row:?} of {} on {night} should be {recount:?}", unit.code));
            }
            if occupied + reserved + turnaround + void + free != is(true) {
                return Err(format!("the figures of {} on {night} do not add up", unit.code));
            }
        }
    }
    Ok(())
}

/// The engine's figures by month are those of a count over stays and nights, which knows nothing of the ledger: moves,
/// overstays and early departures, cancelled stays and no-shows, units closed and reopened included.
async fn occupied_is_what_the_stays_tell(world: &World, state: &State, today: Night) -> Result<(), String> {
    let range = Nights::between(today - chrono::Days::new(40), later(today, 21));
    let mut units: Vec<_> = state.units.values().collect();
    units.sort_by(|a, b| a.code.cmp(&b.code));
    let mut told: BTreeMap<(String, String), (u64, u64)> = BTreeMap::new();
    for night in range.iter() {
        for unit in &units {
            let slept = |stay: &naive::Stay| {
                let there = matches!(stay.status.as_str(), "in_residence" | "departed");
                there && stay.unit == unit.id && stay.kept(today).contains(&night)
            };
            let occupied = night <= today && state.stays.values().any(slept);
            let month = told.entry((night.format("%Y-%m").to_string(), unit.code.clone())).or_default();
            month.0 += u64::from(unit.in_stock(night));
            month.1 += u64::from(unit.in_stock(night) && occupied);
        }
    }
    let actor = world.manager().actor;
    let by_unit = world.engine.occupancy(&actor, range, PeriodKind::Month, Some(GroupKind::Unit)).await;
    let by_unit = by_unit.map_err(|error| error.to_string())?;
    let figures: Vec<_> = by_unit
        .iter()
        .map(|row| {
            let key = (row.period.clone(), row.group.clone().unwrap_or_default());
            (key, (row.in_stock_nights, row.occupied_nights))
        })
        .collect();
    let recount: Vec<_> = told.into_iter().collect();
    if figures != recount {
        return Err(format!("the figures say {figures:?}, the stays {recount:?}"));
    }
    // All in one, and by kind, of which there is one here: the sum.
    let sum = recount.iter().fold((0, 0), |sum, (_, of)| (sum.0 + of.0, sum.1 + of.1));
    for group in [None, Some(GroupKind::Kind)] {
        let rows = world.engine.occupancy(&actor, range, PeriodKind::Whole, group).await;
        let rows = rows.map_err(|error| error.to_string())?;
        let whole: Vec<_> = rows.iter().map(|row| (row.in_stock_nights, row.occupied_nights)).collect();
        if whole != [sum] {
            return Err(format!("by {group:?} the figures say {whole:?}, the stays {sum:?}"));
        }
    }
    Ok(())
}

/// The calendar in memory, changed command by command, says what one says that was just read.
async fn the_calendar_is_what_a_fresh_one_is(world: &World) -> Result<(), String> {
    let fresh = world.another_engine().await;
    let actor = world.manager().actor;
    let today = world.engine.today();
    let mine = what_it_says(&world.engine, &actor, today).await?;
    let theirs = what_it_says(&fresh, &actor, today).await?;
    fresh.close().await.map_err(|fault| fault.to_string())?;
    match mine.iter().zip(&theirs).find(|(mine, theirs)| mine != theirs) {
        None => Ok(()),
        Some((mine, theirs)) => Err(format!("the calendar says {mine}, a fresh one {theirs}")),
    }
}

async fn what_it_says(engine: &Arc<Engine>, actor: &Actor, today: Night) -> Result<Vec<String>, String> {
    let mut said = Vec::new();
    for from in nights((today, later(today, 21))) {
        for n in [1, 4, 7] {
            let people = People { adults: 1, children: 1 };
            let ask = Ask::plain(Nights::between(from, later(from, n)), people, Scheme::SafeSpace);
            let found = engine.availability(actor, ask.clone()).await.map_err(|error| error.to_string())?;
            let why_not = engine.exclusions(actor, &ask).await.map_err(|error| error.to_string())?;
            said.push(format!("{:?}: {:?}, not {why_not:?}", ask.nights, found.offers));
        }
    }
    let range = Nights::between(today - chrono::Days::new(30), later(today, 60));
    let rows = engine.occupancy(actor, range, PeriodKind::Night, Some(GroupKind::Unit)).await;
    said.extend(rows.map_err(|error| error.to_string())?.iter().map(|row| format!("{row:?}")));
    Ok(said)
}

/// The command that a step comes to, and whether the manager gives it; none where there is nothing to give it for.
fn command(step: &Step, state: &State, world: &World) -> Option<(Command, bool)> {
    let today = world.engine.today();
    let ahead = |n: i64| today + TimeDelta::days(n);
    let stays: Vec<_> = state.stays.values().collect();
    // What can still be done something with comes first, and then what was over last.
    let (active, over): (Vec<_>, Vec<_>) = state.holds.values().rev().partition(|hold| hold.is_active());
    let holds = [active, over].concat();
    let voids: Vec<_> = state.voids.values().collect();
    let units: Vec<_> = state.units.values().collect();
    // Counted from the last, for that is the one that most can be done with.
    let a_stay = |n: &u8| stays.iter().rev().cycle().nth(usize::from(*n)).copied();
    let stay_id = |n: &u8| a_stay(n).map(|stay| StayId(stay.id));
    let hold_id = |n: &u8| holds.iter().cycle().nth(usize::from(*n)).map(|hold| HoldId(hold.id));
    let void_id = |n: &u8| voids.iter().rev().cycle().nth(usize::from(*n)).map(|void| VoidId(void.id));
    let unit_id = |n: &u8| UnitId(units[usize::from(*n) % units.len()].id);
    let reason = |wanted: bool| wanted.then(|| "There is no other place".to_owned());
    let booking = |ask: &Booking| BookStay {
        household: format!("R-{}", ask.household),
        arrival: ahead(ask.ahead),
        departure: later(ahead(ask.ahead), ask.nights),
        adults: 1,
        children: ask.people - 1,
        unit: ask.unit.as_ref().map(unit_id),
        scheme: Scheme::SafeSpace,
        features: std::collections::BTreeSet::new(),
        wanted_districts: std::collections::BTreeSet::new(),
        unwanted_districts: std::collections::BTreeSet::new(),
        shares_as: None,
        chosen_because: None,
        exception: reason(ask.exception),
    };
    let command = match step {
        Step::Book(ask) => Command::BookStay(booking(ask)),
        Step::Hold(ask) => Command::HoldUnit(HoldUnit { booking: booking(ask) }),
        Step::ExtendHold(hold) => Command::ExtendHold { hold: hold_id(hold)? },
        Step::ConfirmHold(hold, exception) => {
            Command::ConfirmHold { hold: hold_id(hold)?, exception: reason(*exception) }
        }
        Step::ReleaseHold(hold) => Command::ReleaseHold { hold: hold_id(hold)? },
        Step::CheckIn(stay) => Command::CheckIn { stay: stay_id(stay)? },
        Step::CheckOut(stay, on) => {
            Command::CheckOut { stay: stay_id(stay)?, on: on.map(ahead), departure: None }
        }
        Step::Extend(stay, n, exception) => Command::ExtendStay(ExtendStay {
            stay: stay_id(stay)?,
            departure: later(a_stay(stay)?.nights.1, *n),
            exception: reason(*exception),
        }),
        Step::Shorten(stay, n) => Command::ShortenStay {
            stay: stay_id(stay)?,
            departure: a_stay(stay)?.nights.1 - chrono::Days::new(*n),
        },
        Step::Cancel(stay) => Command::CancelStay { stay: stay_id(stay)? },
        Step::NoShow(stay) => Command::MarkNoShow { stay: stay_id(stay)? },
        Step::Move(stay, unit, n) => Command::MoveStay(MoveStay {
            stay: stay_id(stay)?,
            unit: unit_id(unit),
            departure: n.map(|n| later(today, n)),
            exception: None,
        }),
        Step::Reinstate(stay) => Command::ReinstateStay { stay: stay_id(stay)? },
        Step::Void(unit, n, length) => Command::RecordVoid(RecordVoid {
            unit: unit_id(unit),
            from: ahead(*n),
            to: later(ahead(*n), *length),
            reason: "repair".into(),
            note: None,
            kept: false,
        }),
        Step::ChangeVoid(void, n, length) => Command::ChangeVoid(ChangeVoid {
            void: void_id(void)?,
            from: Some(ahead(*n)),
            to: Some(later(ahead(*n), *length)),
            reason: None,
            note: None,
        }),
        Step::CancelVoid(void) => Command::CancelVoid { void: void_id(void)? },
        Step::Close(unit, n) => Command::CloseUnit { unit: unit_id(unit), on: ahead(*n) },
        Step::Reopen(unit, n) => Command::ReopenUnit { unit: unit_id(unit), on: ahead(*n) },
        Step::Turnaround(n) => {
            Command::SetPolicy(Policy { turnaround_nights: *n, ..Policy::default_for(Scheme::SafeSpace) })
        }
        Step::Wait(_) | Step::Idle(_) => return None,
    };
    let manages = matches!(step, Step::Close(..) | Step::Reopen(..) | Step::Turnaround(_));
    let excepts = matches!(
        step,
        Step::Book(Booking { exception: true, .. })
            | Step::Hold(Booking { exception: true, .. })
            | Step::ConfirmHold(_, true)
            | Step::Extend(_, _, true)
    );
    // Every other exception is asked for by an officer, who may not.
    Some((command, manages || excepts && stays.len() % 2 == 0))
}
