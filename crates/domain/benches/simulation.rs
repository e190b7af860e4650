//! A thousand years of nineteen units, beside a floor: drawing the very same households, and simulating nothing.

use std::{hint::black_box, time::Duration};

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use safespace_domain::{
    simulation::{Home, Past, Run, World},
    units::Scheme,
};

/// Nineteen units that sleep one to six, and 21 households a week of one to six who stay five to seven nights: more than
/// one in ten is turned away, so that the whole answer has to look for a number of units, too.
fn world() -> World {
    let home = |no: u16| Home::all_year(format!("SS-{no:02}"), 1 + no % 6, Scheme::SafeSpace, 0);
    let past =
        |no: u16| Past { people: 1 + no % 6, nights: 5 + u32::from(no / 6), scheme: Scheme::SafeSpace };
    World::new((1..=19).map(home).collect(), 3.0, (0..18).map(past).collect())
}

fn thousand_years(c: &mut Criterion) {
    let (world, run) = (world(), Run::default());
    let end = u64::from(run.warm_up_nights) + run.nights();
    let drawn = || world.arrivals(run.seed).take_while(|(at, _)| *at < end);
    // What is compared must be the same households.
    let counted = drawn().filter(|(at, _)| *at >= u64::from(run.warm_up_nights)).count();
    assert_eq!(world.simulate(&run).total.asked, counted as u64);

    println!("{}", world.answer(&run).map_or_else(|refusal| refusal.message, |answer| answer.sentence));
    let mut group = c.benchmark_group("thousand_years");
    group.bench_function(BenchmarkId::new("simulation", 19), |b| b.iter(|| black_box(world.simulate(&run))));
    group.bench_function(BenchmarkId::new("floor", 19), |b| {
        b.iter(|| drawn().fold(0, |sum, (at, household)| sum ^ at ^ u64::from(household.nights)));
    });
    group.bench_function(BenchmarkId::new("answer", 19), |b| b.iter(|| black_box(world.answer(&run))));
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(1_500));
    targets = thousand_years
}
criterion_main!(benches);
