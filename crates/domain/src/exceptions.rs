//! The longest stay, and a manager's exceptions from it.

use crate::{
    nights::{Night, Nights},
    policies::Policy,
    refusal::{Refusal, RefusalCode},
    units::Scheme,
};

/// The nights that the household has without a night between, with `candidate` among its `others`: extensions, moves and
/// back-to-back stays count as one.
pub fn unbroken(candidate: Nights, others: &[Nights]) -> Nights {
    let mut others: Vec<_> = others.iter().copied().filter(|nights| !nights.is_empty()).collect();
    others.sort();
    let (mut first, mut end) = (candidate.arrival(), candidate.departure());
    for other in &others {
        if other.arrival() <= end && other.departure() >= end {
            end = other.departure();
        }
    }
    for other in others.iter().rev() {
        if other.departure() >= first && other.arrival() <= first {
            first = other.arrival();
        }
    }
    Nights::between(first, end)
}

/// How many nights that are.
pub fn unbroken_nights(candidate: Nights, others: &[Nights]) -> u32 {
    unbroken(candidate, others).len()
}

/// Refused when the stay, with the household's back-to-back stays in the same scheme, is longer than the policy
/// allows and no manager's exception covers it.
pub fn within_longest_stay(
    candidate: Nights,
    others: &[Nights],
    policy: &Policy,
    exception_granted: Exception,
) -> Result<(), Refusal> {
    let nights = unbroken_nights(candidate, others);
    let longest = policy.longest_stay_nights;
    if nights <= longest || exception_granted == Exception::Granted {
        return Ok(());
    }
    let home = match policy.scheme {
        Scheme::SafeSpace => "a safe space",
        Scheme::MoveOn => "a move-on home",
    };
    let counted = if nights == candidate.len() { "" } else { ", counting back-to-back stays" };
    Err(Refusal::new(
        RefusalCode::LongestStay,
        format!(
            "This makes {nights} nights in {home}{counted}; the longest stay is {longest}. Choose an earlier \
             departure, plan the next step, or ask a manager for an exception."
        ),
    )
    .on("departure"))
}

/// What is told of a stay that is too long already and is to end today: that needs nobody's exception.
pub fn check_out_instead(today: Night) -> Refusal {
    Refusal::new(
        RefusalCode::WrongTime,
        format!("The household can leave today, {today}, without an extension: check it out."),
    )
    .on("departure")
}

/// Whether a manager allowed a longer stay than the policy does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exception {
    /// No.
    None,
    /// Yes, with a reason on record.
    Granted,
}

impl Exception {
    /// Granted if so, else none.
    pub const fn granted_if(so: bool) -> Self {
        if so { Self::Granted } else { Self::None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nights(arrival: &str, departure: &str) -> Nights {
        Nights::new(arrival.parse().unwrap(), departure.parse().unwrap()).unwrap()
    }

    #[test]
    fn seven_nights_count_extensions_and_back_to_back_stays() {
        let (stay, policy) = (nights("2020-11-03", "2020-11-10"), Policy::default_for(Scheme::SafeSpace));
        let others = [nights("2020-11-01", "2020-11-03"), nights("2020-11-10", "2020-11-12")];
        assert_eq!(unbroken_nights(stay, &others), 11);
        assert_eq!(unbroken_nights(stay, &[nights("2020-10-25", "2020-11-02")]), 7);
        let refusal = within_longest_stay(stay, &others, &policy, Exception::None).unwrap_err();
        assert_eq!(refusal.code, RefusalCode::LongestStay);
        assert!(within_longest_stay(stay, &others, &policy, Exception::Granted).is_ok());
        assert!(within_longest_stay(stay, &[], &policy, Exception::None).is_ok());
    }
}
