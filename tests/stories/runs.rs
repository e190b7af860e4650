//! Any run of steps, some of them at the same time, on either database: the frame of properties that are told by commands.

use proptest::{
    prelude::Strategy,
    test_runner::{Config, RngSeed, TestCaseError, TestRunner},
};

/// Tells of any run of batches of steps, so many of them: each batch has one to three steps, which go at the same time.
pub fn any_run<S: Strategy>(
    cases: u32,
    step: S,
    told: impl AsyncFn(Vec<Vec<S::Value>>) -> Result<(), TestCaseError>,
) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let config = Config {
        cases,
        rng_seed: RngSeed::Fixed(1),
        failure_persistence: None,
        max_shrink_time: 60_000,
        ..Config::default()
    };
    let runs = proptest::collection::vec(proptest::collection::vec(step, 1..4), 1..25);
    TestRunner::new(config).run(&runs, |batches| runtime.block_on(told(batches))).unwrap();
}
