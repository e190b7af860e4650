//! How many of some independent chances come true: the Poisson-binomial distribution.

/// Of more chances than these that are neither certain nor impossible, the normal distribution tells enough.
const MOST_EXACT: usize = 512;

/// How likely each number is.
#[derive(Clone, Debug, PartialEq)]
pub struct Distribution {
    /// Chances that are certain.
    certain: u32,
    /// Likelihoods of so many of the others, from none on.
    others: Vec<f64>,
    mean: f64,
}

impl Distribution {
    /// How many of these chances, each from 0 to 1, come true.
    ///
    /// Exact, one chance after the other, up to 512 that are neither 0 nor 1; beyond that by the normal distribution of
    /// the same mean and variance, which is then off by less than a hundredth (Berry and Esseen: by 0.56 ÷ the standard
    /// deviation at most, and much less in the middle).
    pub fn of(chances: &[f64]) -> Self {
        let open: Vec<f64> =
            chances.iter().copied().filter(|chance| *chance > 0.0 && *chance < 1.0).collect();
        let certain = chances.iter().filter(|chance| **chance >= 1.0).count();
        let certain = u32::try_from(certain).unwrap_or(u32::MAX);
        let mean = f64::from(certain) + open.iter().sum::<f64>();
        let others = if open.len() > MOST_EXACT { normal(&open) } else { exact(&open) };
        Self { certain, others, mean }
    }

    /// The expected number.
    pub const fn mean(&self) -> f64 {
        self.mean
    }

    /// How likely it is that just so many come true.
    pub fn likelihood(&self, number: u32) -> f64 {
        let of_others = number.checked_sub(self.certain);
        of_others.and_then(|of| self.others.get(of as usize)).copied().unwrap_or(0.0)
    }

    /// The least number that is not exceeded with this likelihood, from 0 to 1.
    pub fn quantile(&self, likelihood: f64) -> u32 {
        // What adding up loses must not move it to the next number.
        let wanted = likelihood - 1e-9;
        let mut sum = 0.0;
        for (number, of) in self.others.iter().enumerate() {
            sum += of;
            if sum >= wanted {
                return self.certain.saturating_add(u32::try_from(number).unwrap_or(u32::MAX));
            }
        }
        self.certain.saturating_add(u32::try_from(self.others.len().saturating_sub(1)).unwrap_or(u32::MAX))
    }
}

fn exact(chances: &[f64]) -> Vec<f64> {
    let mut likelihoods = Vec::with_capacity(chances.len() + 1);
    likelihoods.push(1.0);
    for chance in chances {
        let mut before = 0.0;
        for likelihood in &mut likelihoods {
            let so_far = *likelihood;
            *likelihood = so_far * (1.0 - chance) + before * chance;
            before = so_far;
        }
        likelihoods.push(before * chance);
    }
    likelihoods
}

#[expect(clippy::cast_precision_loss, reason = "units are far below 2^52")]
fn normal(chances: &[f64]) -> Vec<f64> {
    let mean: f64 = chances.iter().sum();
    let deviation = chances.iter().map(|chance| chance * (1.0 - chance)).sum::<f64>().sqrt();
    let below = |number: f64| phi((number - mean) / deviation);
    let mut before = 0.0;
    let likelihood = |number: usize| {
        let now = if number == chances.len() { 1.0 } else { below(number as f64 + 0.5) };
        let likelihood = now - before;
        before = now;
        likelihood
    };
    (0..=chances.len()).map(likelihood).collect()
}

/// The normal distribution function, to seven decimals.
///
/// Source: M. Abramowitz and I. A. Stegun, *Handbook of Mathematical Functions*, 26.2.17.
fn phi(x: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * x.abs());
    let factors = [0.319_381_530, -0.356_563_782, 1.781_477_937, -1.821_255_978, 1.330_274_429];
    let sum = factors.iter().rev().fold(0.0, |sum, factor| (sum + factor) * t);
    let tail = (-x * x / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt() * sum;
    if x < 0.0 { tail } else { 1.0 - tail }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_certain_has_no_range() {
        let sure = Distribution::of(&[1.0, 0.0, 1.0]);
        assert_eq!((sure.quantile(0.1), sure.quantile(0.9)), (2, 2));
        assert!((sure.likelihood(2) - 1.0).abs() < 1e-12);
        assert_eq!(Distribution::of(&[]).quantile(0.9), 0);
    }

    #[test]
    fn even_chances_are_the_binomial_distribution() {
        let even = Distribution::of(&[0.5; 4]);
        let told = [0, 1, 2, 3, 4, 5].map(|number| even.likelihood(number) * 16.0);
        for (told, known) in told.into_iter().zip([1.0, 4.0, 6.0, 4.0, 1.0, 0.0]) {
            assert!((told - known).abs() < 1e-12);
        }
        // 1 ÷ 16 is too little for a tenth, 5 ÷ 16 enough.
        assert_eq!((even.quantile(0.1), even.quantile(0.5), even.quantile(0.9)), (1, 2, 3));
    }

    #[test]
    fn many_chances_are_told_by_the_normal_distribution_as_well_as_one_by_one() {
        let chances: Vec<f64> = (0..513).map(|no| 0.05 + f64::from(no % 19) / 20.0).collect();
        let (normal, exact) = (Distribution::of(&chances), exact(&chances));
        let mut sums = (0.0, 0.0);
        for (number, exact) in (0..=513).zip(exact) {
            sums = (sums.0 + normal.likelihood(number), sums.1 + exact);
            assert!((sums.0 - sums.1).abs() < 0.01, "{number}: {sums:?}");
        }
        assert!((sums.0 - 1.0).abs() < 1e-9);
    }
}
