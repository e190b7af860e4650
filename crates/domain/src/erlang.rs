//! The Erlang loss formula: which share of those who ask finds every unit taken.
//!
//! Source: A. K. Erlang, "Solution of some problems in the theory of probabilities of significance in automatic
//! telephone exchanges", 1917 (Erlang B). It holds where people come one by one and without memory (Poisson), where any
//! unit serves anybody, where whoever finds none free goes away for good, and for stays of any length: only their mean
//! counts. What it leaves out (sizes of units, turnaround, whole nights) is what [`simulation`](crate::simulation) is for,
//! which is held against it.

/// The share of those who ask that is turned away, from 0 to 1, where `load` units would be taken on average if nobody
/// ever were (those who come in a night, times the mean nights of a stay), and there are `units`.
///
/// Without units everybody is turned away; without load, and with a unit, nobody. None where the load is no number or
/// below zero.
///
/// By the recursion B(0) = 1, B(n) = load·B(n−1) / (n + load·B(n−1)), which neither overflows nor cancels as the formula
/// with its factorials does.
pub fn share_turned_away(load: f64, units: u32) -> Option<f64> {
    if !load.is_finite() || load < 0.0 {
        return None;
    }
    let with_one_more = |share: f64, unit: u32| load * share / (f64::from(unit) + load * share);
    Some((1..=units).fold(1.0, with_one_more))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn must_be(load: f64, units: u32, expected: f64) {
        let share = share_turned_away(load, units).unwrap();
        assert!((share - expected).abs() < 5e-7, "load {load}, {units} units: {share}, not {expected}");
    }

    #[test]
    fn it_is_what_can_be_worked_out_by_hand() {
        must_be(1.0, 1, 1.0 / 2.0);
        must_be(2.0, 2, 2.0 / 5.0);
        must_be(1.0, 3, 1.0 / 16.0);
        must_be(3.0, 1, 3.0 / 4.0);
    }

    #[test]
    fn it_is_the_formula_with_its_factorials_where_that_can_be_computed() {
        for load in [0.5, 1.0, 7.0, 19.0, 30.0] {
            for units in 0..=40 {
                let mut term = 1.0;
                let mut sum = 1.0;
                for unit in 1..=units {
                    term *= load / f64::from(unit);
                    sum += term;
                }
                must_be(load, units, term / sum);
            }
        }
    }

    #[test]
    fn nothing_and_very_much_are_no_trouble() {
        must_be(0.0, 0, 1.0);
        must_be(0.0, 5, 0.0);
        must_be(12.0, 0, 1.0);
        must_be(1e9, 1_000, 1.0 - 1e-6);
        must_be(1.0, 1_000_000, 0.0);
        for load in [-1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(share_turned_away(load, 3), None);
        }
    }
}
