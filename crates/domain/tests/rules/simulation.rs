//! The simulation of homes is held against a formula, against what can be worked out by hand, and against a simulation
//! that goes through the days one by one.

use std::{collections::BTreeSet, ops::Range};

use proptest::{collection::vec, prelude::*};
use safespace_domain::{
    PropertyId, UnitId, erlang,
    refusal::Refusal,
    simulation::{BATCHES, Home, NIGHTS_OF_A_YEAR, Outcome, Past, Rate, Run, Tally, World},
    units::{InService, Scheme, Unit},
    what_if::{Answer, History, WhatIf},
};

use crate::world::{d, id};

/// A single run of nights in service.
fn once<T>(run: T) -> Vec<T> {
    Vec::from([run])
}

fn home(no: usize, sleeps: u16) -> Home {
    Home::all_year(format!("SS-{no:02}"), sleeps, Scheme::SafeSpace, 0)
}

fn homes(units: usize) -> Vec<Home> {
    (1..=units).map(|no| home(no, 1)).collect()
}

fn single(nights: u32) -> Past {
    Past { people: 1, nights, scheme: Scheme::SafeSpace }
}

fn percent(rate: Option<Rate>) -> String {
    rate.map_or_else(|| "empty".to_owned(), |rate| rate.rate.to_string())
}

mod by_formula {
    use super::*;

    /// Parts of a day so small that time has no grain: what is left is a millionth.
    const PARTS: u32 = 1 << 20;
    /// Stays of one length, of some, and of a few long ones among many short: the formula knows only their mean.
    const LENGTHS: [&[u32]; 3] = [&[7], &[1, 3, 5, 7, 14], &[1, 1, 1, 1, 26]];
    /// Runs with a seed each, whose batches are taken together.
    const SEEDS: u64 = 5;

    /// What a hundred batches say of the share turned away, for a load and a number of units.
    struct Found {
        load: u32,
        units: u32,
        share: f64,
        standard_error: f64,
        asked: f64,
        turned_away: f64,
    }

    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "small counts"
    )]
    fn find(load: u32, units: u32, asked_for_each_load: u32) -> Found {
        let lengths = LENGTHS[(load as usize * 7 + units as usize) % LENGTHS.len()];
        let households: Vec<_> = lengths.iter().map(|nights| single(*nights)).collect();
        let total: u32 = lengths.iter().sum();
        // Households in a night, so that the load is met to the last digit: their number × their mean length.
        let per_night = f64::from(load) * lengths.len() as f64 / f64::from(total);
        let world = World::new(homes(units as usize), per_night, households);
        // Long enough for hundreds of households in a batch, and for ten stays one after the other.
        let asked = 20_000 + asked_for_each_load * load;
        let by_seed = f64::from(asked) / SEEDS as f64;
        let years = (by_seed / per_night / f64::from(NIGHTS_OF_A_YEAR)).ceil() as u32;
        let mut batches = Vec::new();
        for seed in 1..=SEEDS {
            let seed = seed + 1_000 * u64::from(load) + 1_000_000 * u64::from(units);
            batches.extend(world.simulate_in_parts(&Run { years, warm_up_nights: 200, seed }, PARTS).batches);
        }
        let asked: u64 = batches.iter().map(|batch| batch.asked).sum();
        let turned_away: u64 = batches.iter().map(|batch| batch.turned_away).sum();
        let share = turned_away as f64 / asked as f64;
        let n = batches.len() as f64;
        let off = batches.iter().map(|batch| batch.turned_away as f64 - share * batch.asked as f64);
        let variance = off.map(|off| off.powi(2)).sum::<f64>() / (n - 1.0);
        Found {
            load,
            units,
            share,
            standard_error: (variance * n).sqrt() / asked as f64,
            asked: asked as f64,
            turned_away: turned_away as f64,
        }
    }

    impl Found {
        fn formula(&self, units: u32) -> f64 {
            erlang::share_turned_away(f64::from(self.load), units).unwrap()
        }

        /// Half of the interval that a right simulation misses less than once in 10^10.
        ///
        /// Nine standard errors: Student's t of 99 degrees of freedom is beyond that in 10^-14 of runs, and in 10^-12
        /// where the error is told a tenth too small. And what few of those turned away do not tell: they come in
        /// clumps of households that find the homes full, as many at once as the load is near the units; thirty clumps
        /// that never came have a chance of e^-30, which is 10^-13. So the 10,000 pairs together are missed less than
        /// once in a million.
        fn half_interval(&self) -> f64 {
            let load = f64::from(self.load) / f64::from(self.units);
            let clump = if load < 0.9 { (1.0 + load) / (1.0 - load) } else { 19.0 };
            9.0 * self.standard_error + 30.0 * clump / self.asked
        }

        fn must_agree(&self) {
            let Self { load, units, share, .. } = self;
            let (formula, half) = (self.formula(*units), self.half_interval());
            assert!(
                (share - formula).abs() <= half,
                "load {load}, {units} units: {share} ± {half}, by formula {formula}"
            );
        }

        /// By how many standard errors it is off the formula for so many units; none where few were turned away.
        fn off(&self, units: u32) -> Option<f64> {
            (self.turned_away >= 500.0).then(|| (self.share - self.formula(units)) / self.standard_error)
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "small counts")]
    fn mean(of: &[f64]) -> f64 {
        of.iter().sum::<f64>() / of.len() as f64
    }

    #[expect(clippy::cast_precision_loss, reason = "small counts")]
    fn must_agree(found: &[Found]) {
        found.iter().for_each(Found::must_agree);
        // Each alone may be off by chance, all together hardly: what is a little off everywhere shows here.
        let off: Vec<_> = found.iter().filter_map(|found| found.off(found.units)).collect();
        let most = 7.0 / (off.len() as f64).sqrt() + 0.1;
        println!(
            "{} pairs, {} with enough turned away; off by {:.3} standard errors on average, at most {:.2}",
            found.len(),
            off.len(),
            mean(&off),
            off.iter().fold(0.0, |most: f64, off| most.max(off.abs()))
        );
        assert!(mean(&off).abs() <= most, "{} standard errors off on average", mean(&off));
        // A unit more or less would be seen.
        for other in [-1_i32, 1] {
            let off = |found: &Found| found.off(found.units.saturating_add_signed(other));
            let off: Vec<_> = found.iter().filter_map(off).collect();
            assert!(mean(&off).abs() > 2.0 * most, "{other} unit is only {} off", mean(&off));
        }
    }

    /// A grid, for a debug build is slow; all 10,000 pairs are in the next test.
    #[test]
    fn the_share_turned_away_is_erlangs() {
        const SOME: [u32; 11] = [1, 2, 3, 5, 8, 13, 21, 34, 55, 80, 100];
        let pairs = SOME.into_iter().flat_map(|load| SOME.into_iter().map(move |units| (load, units)));
        must_agree(&pairs.map(|(load, units)| find(load, units, 600)).collect::<Vec<_>>());
    }

    #[test]
    #[ignore = "two minutes of a release build: cargo test --release -p safespace-domain -- --ignored erlang"]
    fn the_share_turned_away_is_erlangs_for_every_load_and_number_of_units_to_100() {
        let pairs = (1..=100).flat_map(|load| (1..=100).map(move |units| (load, units)));
        must_agree(&pairs.map(|(load, units)| find(load, units, 1_000)).collect::<Vec<_>>());
    }
}

mod by_hand {
    use super::*;

    type Figure = fn(&Outcome) -> Option<Rate>;

    /// Stays of one night leave all homes to those who come on the next day, so that each day stands alone: of N who
    /// come, Poisson, those beyond the units are turned away.
    #[test]
    fn of_one_night_stays_each_day_stands_alone() {
        for (per_night, units) in [(0.3, 1), (1.0, 1), (2.0, 3), (5.0, 4)] {
            let outcome = World::new(homes(units), per_night, vec![single(1)])
                .simulate(&Run { years: 2_000, ..Run::default() });
            let mut chance = (-per_night).exp();
            let (mut beyond, mut at_least) = (0.0, 1.0);
            for n in 0_u32..60 {
                let more = f64::from(n) - f64::from(u32::try_from(units).unwrap());
                beyond += chance * more.max(0.0);
                at_least -= if more < 0.0 { chance } else { 0.0 };
                chance *= per_night / f64::from(n + 1);
            }
            // 730,000 days: the deviation of each share is below 0.0012, so five of them are within 0.6%.
            for (rate, exact) in
                [(outcome.turned_away(), beyond / per_night), (outcome.full_share(), at_least)]
            {
                let told: f64 = percent(rate).parse().unwrap();
                assert!((told - exact * 100.0).abs() < 0.6, "{per_night}, {units}: {told}, not {exact}");
            }
        }
    }

    #[test]
    fn nothing_available_is_an_empty_rate_never_a_crash() {
        let run = Run { years: 3, warm_up_nights: 7, seed: 1 };
        let none = World::new(Vec::new(), 2.0, vec![single(3)]);
        let outcome = none.simulate(&run);
        assert_eq!(percent(outcome.turned_away()), "100.00");
        assert_eq!((outcome.occupancy_rate(), outcome.full_share()), (None, None));
        let answer = none.answer(&run).unwrap();
        assert_eq!(answer.sentence, "With 0 units and 14 referrals a week, everybody would be turned away.");
        for nobody in [
            World::new(homes(2), 0.0, vec![single(3)]),
            World::new(homes(2), 1.0, Vec::new()),
            World::new(homes(2), f64::NAN, vec![single(3)]),
        ] {
            let outcome = nobody.simulate(&run);
            assert_eq!(outcome.turned_away(), None);
            assert_eq!(percent(outcome.occupancy_rate()), "0.00");
            assert_eq!(percent(outcome.full_share()), "0.00");
            let sentence = nobody.answer(&run).unwrap().sentence;
            assert_eq!(sentence, "With 2 units and nobody who comes, nobody would be turned away.");
        }
        let never = World::new(homes(2), 1.0, vec![single(3)]).simulate(&Run { years: 0, ..run });
        assert_eq!((never.total, never.turned_away()), (Tally::default(), None));
        let closed = Home { serves: Vec::new(), ..home(1, 1) };
        assert_eq!(World::new(vec![closed], 1.0, vec![single(3)]).simulate(&run).occupancy_rate(), None);
    }

    #[test]
    fn who_fits_nowhere_is_turned_away() {
        let family = Past { people: 4, ..single(2) };
        let to_stay = Past { scheme: Scheme::MoveOn, ..single(2) };
        for other in [family, to_stay] {
            let outcome = World::new(homes(90), 1.0, vec![other, single(1)]).simulate(&Run::default());
            let rate = outcome.turned_away().unwrap();
            let (told, interval) = (rate.rate, rate.interval.unwrap());
            assert!(interval.low <= told && told <= interval.high);
            assert!(told.to_string().starts_with("49.") || told.to_string().starts_with("50."), "{told}");
        }
    }

    #[test]
    fn the_same_seed_is_the_same_answer_and_another_is_within_the_interval() {
        let world = World::new(homes(5), 1.0, vec![single(7), single(3)]);
        let run = Run { years: 200, ..Run::default() };
        assert_eq!(world.answer(&run), world.answer(&run));
        let of = |seed| world.simulate(&Run { seed, ..run });
        assert_ne!(of(1), of(2));
        let long = world.simulate(&Run { years: 4_000, seed: 77, ..run });
        for figure in [Outcome::turned_away, Outcome::occupancy_rate, Outcome::full_share] as [Figure; 3] {
            let truth = figure(&long).unwrap().rate;
            let holds = |seed: &u64| {
                let interval = figure(&of(*seed)).unwrap().interval.unwrap();
                interval.low <= truth && truth <= interval.high
            };
            let held = (1..=100).filter(holds).count();
            println!("{held} of 100 intervals hold {truth}");
            assert!((85..=100).contains(&held), "95 of 100 intervals should hold {truth}, not {held}");
        }
    }
}

mod by_days {
    use super::*;

    /// Day by day, unit by unit.
    fn naive(world: &World, run: &Run) -> Vec<Tally> {
        let (warm_up, nights) = (u64::from(run.warm_up_nights), run.nights());
        let mut arrivals = world.arrivals(run.seed).peekable();
        // Of each unit, the night on which its household leaves, and that from which it is ready.
        let mut units = vec![(0_u64, 0_u64); world.homes().len()];
        let mut batches = vec![Tally::default(); BATCHES as usize];
        for night in 0..warm_up + nights {
            let of_year = u32::try_from(night % 365).unwrap();
            let mut ignored = Tally::default();
            let counted = night.checked_sub(warm_up);
            let batch = counted.map(|night| usize::try_from(night * u64::from(BATCHES) / nights).unwrap());
            let tally = batch.map_or(&mut ignored, |batch| &mut batches[batch]);
            while let Some((_, household)) = arrivals.next_if(|(at, _)| *at == night) {
                tally.asked += 1;
                let stays = household.nights.max(1);
                let mut best: Option<usize> = None;
                for (no, home) in world.homes().iter().enumerate() {
                    let free = units[no].1 <= night
                        && home.scheme == household.scheme
                        && home.sleeps >= household.people
                        && serves(home, of_year, stays);
                    if free && best.is_none_or(|best| home.sleeps < world.homes()[best].sleeps) {
                        best = Some(no);
                    }
                }
                match best {
                    Some(no) => {
                        let leaves = night + u64::from(stays);
                        units[no] = (leaves, leaves + u64::from(world.homes()[no].turnaround_nights));
                    }
                    None => tally.turned_away += 1,
                }
            }
            let occupied = units.iter().filter(|(leaves, _)| *leaves > night).count() as u64;
            let in_stock = |(home, (leaves, _)): &(&Home, &(u64, u64))| {
                *leaves > night || home.serves.iter().any(|run| run.contains(&of_year))
            };
            let available = world.homes().iter().zip(&units).filter(in_stock).count() as u64;
            tally.nights += 1;
            tally.available_nights += available;
            tally.occupied_nights += occupied;
            tally.full_nights += u64::from(available > 0 && occupied == available);
        }
        batches
    }

    /// Nobody stays across a closing; the end of the year is none.
    fn serves(home: &Home, night: u32, stays: u32) -> bool {
        let within = |run: &Range<u32>| {
            (night..night + stays).all(|night| run.contains(&night) || (night >= 365 && run.end == 365))
        };
        home.serves.iter().any(within)
    }

    fn a_home() -> impl Strategy<Value = Home> {
        let part = (0_u32..NIGHTS_OF_A_YEAR, 1_u32..300)
            .prop_map(|(from, nights)| once(from..(from + nights).min(NIGHTS_OF_A_YEAR)));
        let serves = prop_oneof![
            4 => Just(home(1, 1).serves),
            2 => part,
            1 => Just(vec![0..100, 160..NIGHTS_OF_A_YEAR]),
            1 => Just(Vec::new()),
        ];
        (1_u16..4, any::<bool>(), 0_u32..3, serves).prop_map(|(sleeps, safe, turnaround_nights, serves)| {
            let scheme = if safe { Scheme::SafeSpace } else { Scheme::MoveOn };
            Home { code: "SS".into(), sleeps, scheme, turnaround_nights, serves }
        })
    }

    fn a_household() -> impl Strategy<Value = Past> {
        (1_u16..5, 0_u32..20, any::<bool>()).prop_map(|(people, nights, safe)| {
            let scheme = if safe { Scheme::SafeSpace } else { Scheme::MoveOn };
            Past { people, nights, scheme }
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

        #[test]
        fn from_event_to_event_is_what_day_by_day_is(
            homes in vec(a_home(), 0..6),
            households in vec(a_household(), 0..5),
            per_night in 0.0_f64..3.0,
            years in 1_u32..4,
            warm_up_nights in 0_u32..400,
            seed in any::<u64>(),
        ) {
            let world = World::new(homes, per_night, households);
            let run = Run { years, warm_up_nights, seed };
            let outcome = world.simulate(&run);
            prop_assert_eq!(&outcome.batches, &naive(&world, &run));
            let total = outcome.total;
            prop_assert!(total.turned_away <= total.asked && total.occupied_nights <= total.available_nights);
            prop_assert_eq!(total.nights, run.nights());
        }

        #[test]
        fn with_a_unit_more_no_more_are_turned_away(
            units in 1_usize..5,
            added in 1_usize..4,
            seed in any::<u64>(),
        ) {
            // So it is for units alike and stays of one length, where to take whoever comes first is the best there is.
            let world = |units| World::new(homes(units), 1.5, vec![single(4)]);
            let run = Run { years: 2, warm_up_nights: 10, seed };
            let turned_away = |units: usize| world(units).simulate(&run).total.turned_away;
            prop_assert!(turned_away(units + added) <= turned_away(units));
        }
    }
}

mod what_if {
    use super::*;

    /// 21 a week, for six nights on average.
    fn history() -> History {
        History { arrivals: 300, days: 100, households: vec![single(5), single(7)] }
    }

    fn ask(what_if: &WhatIf, units: usize) -> Result<Answer, Refusal> {
        what_if.of(&homes(units), &history())?.answer(&Run { years: 100, ..Run::default() })
    }

    #[test]
    fn the_answer_is_one_sentence() {
        let said = |what_if: WhatIf, units| ask(&what_if, units).unwrap().sentence;
        for (said, expected) in [
            (
                said(WhatIf::default(), 13),
                "With 13 units and 21 referrals a week, about 3 in 10 would be turned away; 20 units bring it to 1 in 10 or \
                 fewer.",
            ),
            (
                said(WhatIf { arrivals_percent: -100, ..WhatIf::default() }, 13),
                "With 13 units and nobody who comes, nobody would be turned away.",
            ),
            (
                said(WhatIf { arrivals_percent: -50, ..WhatIf::default() }, 13),
                "With 13 units and 11 referrals a week, about 1 in 25 would be turned away, which is no more than 1 in 10.",
            ),
        ] {
            assert_eq!(said, expected);
        }
    }

    #[test]
    fn the_number_of_units_found_is_the_least_that_is_enough() {
        let found = ask(&WhatIf::default(), 13).unwrap().units_enough.unwrap();
        let share = |units| {
            let total = ask(&WhatIf::default(), units).unwrap().outcome.total;
            total.turned_away * 10 <= total.asked
        };
        assert!(share(found) && !share(found - 1));
        // Where nothing like the present units would do, there is no such number.
        let family = Past { people: 4, ..single(5) };
        let history = History { households: vec![family, single(5)], ..history() };
        let run = Run { years: 5, ..Run::default() };
        let answer = WhatIf::default().of(&homes(3), &history).unwrap().answer(&run).unwrap();
        assert_eq!(answer.units_enough, None);
        let end = "; no number of such units up to 1000 brings it to 1 in 10.";
        assert!(answer.sentence.ends_with(end), "{}", answer.sentence);
    }

    #[test]
    fn what_would_be_other_is() {
        let what_if = WhatIf {
            arrivals_percent: 90,
            longer_by_nights: -6,
            added: vec![home(20, 4)],
            closed: BTreeSet::from(["SS-02".to_owned()]),
        };
        let world = what_if.of(&homes(3), &history()).unwrap();
        let codes: Vec<_> = world.homes().iter().map(|home| home.code.as_str()).collect();
        assert_eq!(codes, ["SS-01", "SS-03", "SS-20"]);
        assert!((world.per_night() - 5.7).abs() < 1e-9);
        let nights: BTreeSet<_> =
            world.arrivals(1).take(100).map(|(_, household)| household.nights).collect();
        assert_eq!(nights, BTreeSet::from([1]), "a night at least is left");
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let refused = |what_if: WhatIf| ask(&what_if, 3).unwrap_err().field.unwrap();
        let plain = WhatIf::default;
        assert_eq!(refused(WhatIf { arrivals_percent: -101, ..plain() }), "arrivalsPercent");
        assert_eq!(refused(WhatIf { longer_by_nights: 1_000, ..plain() }), "longerByNights");
        assert_eq!(refused(WhatIf { added: vec![home(9, 0)], ..plain() }), "added");
        assert_eq!(refused(WhatIf { added: homes(998), ..plain() }), "added");
        assert_eq!(refused(WhatIf { closed: BTreeSet::from(["SS-09".to_owned()]), ..plain() }), "closed");
        for history in [
            History { arrivals: 3, days: 0, households: vec![single(1)] },
            History { arrivals: 3, days: 10, households: Vec::new() },
        ] {
            assert_eq!(plain().of(&homes(3), &history).unwrap_err().field.unwrap(), "from");
        }
        let world = plain().of(&homes(3), &history()).unwrap();
        for (years, warm_up_nights, field) in
            [(0, 0, "years"), (10_001, 0, "years"), (1, 4_000, "warmUpNights")]
        {
            let refusal = world.answer(&Run { years, warm_up_nights, seed: 1 }).unwrap_err();
            assert_eq!(refusal.field.unwrap(), field);
        }
        let crowd = History { arrivals: 100_000, days: 1, households: vec![single(1)] };
        let refusal = plain().of(&homes(3), &crowd).unwrap().answer(&Run::default()).unwrap_err();
        assert_eq!(refusal.field.unwrap(), "years");
    }

    #[test]
    fn a_unit_serves_in_the_nights_of_the_year_on_which_it_is_in_stock() {
        let serves = |runs: &[(&str, Option<&str>)]| {
            let run = |(opened, closed): &(&str, Option<&str>)| InService {
                opened_on: d(opened),
                closed_on: closed.map(d),
            };
            let unit = Unit {
                id: UnitId(id(1)),
                code: "SS-01".into(),
                property: PropertyId(id(1)),
                sleeps: 2,
                features: BTreeSet::new(),
                in_service: runs.iter().map(run).collect(),
            };
            Home::in_year(&unit, Scheme::SafeSpace, 0, d("2021-01-01")).serves
        };
        let only = once::<Range<u32>>;
        assert_eq!(serves(&[("2020-03-01", None)]), only(0..365));
        assert_eq!(serves(&[("2021-02-01", None)]), only(31..365));
        assert_eq!(serves(&[("2020-03-01", Some("2021-01-11"))]), only(0..10));
        assert_eq!(serves(&[("2020-03-01", Some("2020-12-01"))]), Vec::<Range<u32>>::new());
        assert_eq!(serves(&[("2020-03-01", Some("2021-01-11")), ("2021-02-01", None)]), [0..10, 31..365]);
    }
}
