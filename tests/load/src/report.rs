//! Medians, ratios, and the table.

use std::{fmt, fs, time::Duration};

use crate::Measure;

/// One round: how long it was, and how long each answer took.
pub struct Round {
    elapsed: Duration,
    /// In order of length.
    latencies: Vec<Duration>,
}

impl Round {
    /// A round of `elapsed` with these latencies.
    pub fn new(elapsed: Duration, mut latencies: Vec<Duration>) -> Self {
        latencies.sort_unstable();
        Self { elapsed, latencies }
    }

    /// How many were done.
    pub fn count(&self) -> usize {
        self.latencies.len()
    }

    /// How many were done in a second.
    pub fn rate(&self) -> f64 {
        u32::try_from(self.latencies.len()).map_or(f64::INFINITY, f64::from) / self.elapsed.as_secs_f64()
    }

    /// The time within which so many per cent were answered, in milliseconds.
    pub fn within(&self, per_cent: usize) -> f64 {
        let at = (self.latencies.len() * per_cent / 100).min(self.latencies.len().saturating_sub(1));
        self.latencies.get(at).map_or(f64::NAN, |latency| latency.as_secs_f64() * 1_000.0)
    }
}

/// The middle of the values.
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let at = |i: usize| values.get(i).copied().unwrap_or(f64::NAN);
    if values.len().is_multiple_of(2) {
        f64::midpoint(at(middle.wrapping_sub(1)), at(middle))
    } else {
        at(middle)
    }
}

/// The median rate, p50 and p99 of some rounds.
pub struct Middle {
    /// A second.
    pub rate: f64,
    /// Milliseconds.
    pub p50: f64,
    /// Milliseconds.
    pub p99: f64,
}

impl Middle {
    /// Over these rounds.
    pub fn of(rounds: &[Round]) -> Self {
        Self {
            rate: median(rounds.iter().map(Round::rate)),
            p50: median(rounds.iter().map(|round| round.within(50))),
            p99: median(rounds.iter().map(|round| round.within(99))),
        }
    }
}

/// The median of the ratios of rounds that were neighbours.
pub fn ratio(ours: &[Round], floor: &[Round]) -> f64 {
    median(ours.iter().zip(floor).map(|(ours, floor)| ours.rate() / floor.rate()))
}

/// A row of the table. Cells that do not apply stay empty.
#[derive(Default)]
pub struct Row {
    /// What was measured.
    pub what: String,
    /// The figure.
    pub result: String,
    /// Latencies, as `p50 / p99`.
    pub latency: String,
    /// The figure of the floor.
    pub floor: String,
    /// Ours by the floor.
    pub ratio: String,
    /// What was aimed at.
    pub target: String,
    /// Whether that was met, where there was an aim.
    pub met: Option<bool>,
}

/// Everything that was found.
#[derive(Default)]
pub struct Report {
    /// What is measured at all; empty for everything.
    only: Vec<Measure>,
    rows: Vec<Row>,
    notes: Vec<String>,
    /// Tables of their own, below the notes.
    tables: Vec<String>,
}

impl Report {
    /// An empty one, of these measures; of all where none is named.
    pub fn of(only: Vec<Measure>) -> Self {
        Self { only, ..Self::default() }
    }

    /// Whether this is measured at all.
    pub fn wants(&self, measure: Measure) -> bool {
        let usual = self.only.is_empty() && !matches!(measure, Measure::Audit | Measure::Growth);
        usual || self.only.contains(&measure)
    }

    /// Adds a row, and shows it on the way.
    pub fn add(&mut self, row: Row) {
        eprintln!("   {row}");
        self.rows.push(row);
    }

    /// Adds a table of its own.
    pub fn table(&mut self, table: String) {
        self.tables.push(table);
    }

    /// Adds a sentence below the table.
    pub fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// Says what was not measured, and why.
    pub fn skip(&mut self, what: &str) {
        eprintln!("== SKIPPED: {what}");
        self.notes.push(format!("SKIPPED: {what}"));
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, result, latency, floor, ratio, target, met } = self;
        let met = match met {
            Some(true) => "yes",
            Some(false) => "**no**",
            None => "",
        };
        write!(f, "| {what} | {result} | {latency} | {floor} | {ratio} | {target} | {met} |")
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n", machine())?;
        writeln!(f, "| measure | result | p50 / p99 | floor | ratio | target | met |")?;
        writeln!(f, "|---|---:|---:|---:|---:|---|---|")?;
        self.rows.iter().try_for_each(|row| writeln!(f, "{row}"))?;
        self.notes.iter().try_for_each(|note| write!(f, "\n- {note}"))?;
        self.tables.iter().try_for_each(|table| write!(f, "\n\n{table}"))
    }
}

/// The machine in a line: nothing that names it.
fn machine() -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model =
        cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ")).map_or("", |(_, m)| m);
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kib: u64 = memory
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:")?.split_whitespace().next()?.parse().ok())
        .unwrap_or(0);
    format!("{cores} cores ({model}), {} GiB of memory.", kib / 1_048_576)
}

/// A rate, with its thousands apart.
pub fn per_second(rate: f64) -> String {
    let digits = format!("{rate:.0}");
    let mut apart = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            apart.push(',');
        }
        apart.push(digit);
    }
    format!("{apart}/s")
}

/// Latencies in milliseconds.
pub fn latency(p50: f64, p99: f64) -> String {
    format!("{p50:.2} / {p99:.2} ms")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_or_between_the_two_in_the_middle() {
        assert!((median([3.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
        assert!((median([4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < 1e-9);
        assert!(median([]).is_nan());
    }

    #[test]
    fn percentiles_are_of_the_sorted_latencies() {
        let round = Round::new(Duration::from_secs(2), (1..=200).rev().map(Duration::from_millis).collect());
        assert!((round.within(50) - 101.0).abs() < 1e-9);
        assert!((round.within(99) - 199.0).abs() < 1e-9);
        assert!((round.rate() - 100.0).abs() < 1e-9);
    }

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(per_second(1_234_567.0), "1,234,567/s");
        assert_eq!(per_second(999.4), "999/s");
    }
}
