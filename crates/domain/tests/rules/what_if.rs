//! From the records it follows who came for a home, and how long they stayed.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use safespace_domain::{
    HouseholdId, ReferralId, UnitId,
    households::People,
    needs::Assessment,
    referrals::{Facts, NeedKind, Referral, ReferralState, Source},
    simulation::Past,
    stays::{Stay, StayState},
    units::Scheme,
    what_if::{History, Records},
};

use crate::world::{booked, d, id, nights};

fn instant(day: &str) -> DateTime<Utc> {
    d(day).and_hms_opt(12, 0, 0).unwrap().and_utc()
}

fn household(n: usize) -> HouseholdId {
    HouseholdId(id(n))
}

fn referral(n: usize, day: &str, state: ReferralState) -> Referral {
    Referral {
        id: ReferralId(id(n)),
        reference: format!("R-{n}"),
        council: None,
        facts: Facts {
            source: Source::Police,
            kind: NeedKind::DomesticAbuse,
            assessment: Assessment::default(),
            people: People { adults: 1, children: 1 },
            shares_as: None,
            arrival: d(day),
            nights: 7,
            features: BTreeSet::new(),
            from_district: None,
        },
        received_at: instant(day),
        responded_at: None,
        version: 1,
        state,
    }
}

fn accepted(n: usize) -> ReferralState {
    ReferralState::Accepted { at: instant("2020-06-01"), household: household(n) }
}

fn declined(reason: &str) -> ReferralState {
    ReferralState::Declined { at: instant("2020-06-01"), reason: reason.into(), household: None }
}

/// A stay of a household in a unit that has ended; units from 10 on are move-on homes.
fn stay(n: usize, of: usize, unit: usize, from: &str, to: &str) -> Stay {
    let state = StayState::Departed { arrived_at: None, departed_at: None, moved_to: None };
    Stay { household: household(of), state, ..booked(n, unit, nights(from, to)) }
}

fn moved(mut from: Stay, mut to: Stay) -> [Stay; 2] {
    from.state = StayState::Departed { arrived_at: None, departed_at: None, moved_to: Some(to.id) };
    to.moved_from = Some(from.id);
    [from, to]
}

fn history(
    referrals: &[Referral],
    stays: &[Stay],
    referred: &[usize],
    only: Option<Scheme>,
) -> (History, usize) {
    let scheme = |unit: UnitId| {
        let is_move_on = (10..20).any(|n| unit == UnitId(id(n)));
        Some(if is_move_on { Scheme::MoveOn } else { Scheme::SafeSpace })
    };
    let counts_as =
        |code: &str| if code.starts_with("need_") { "could_not_meet_need" } else { code }.to_owned();
    let records = Records {
        days: nights("2020-06-01", "2020-07-01"),
        referrals,
        stays,
        referred: &referred.iter().map(|n| household(*n)).collect(),
        counts_as: &counts_as,
        scheme: &scheme,
    };
    records.history(only)
}

#[test]
fn who_was_accepted_or_found_no_home_came_for_one_and_nobody_else() {
    let withdrawn = |household| ReferralState::Withdrawn { at: instant("2020-06-02"), household };
    let all = [
        (accepted(1), 1),
        (declined("no_capacity"), 1),
        (declined("need_size"), 1),
        (declined("out_of_area"), 0),
        (declined("survivor_did_not_accept"), 0),
        (withdrawn(None), 0),
        (withdrawn(Some(household(2))), 1),
        (ReferralState::Received, 0),
    ];
    for (state, counted) in all {
        let told = history(&[referral(1, "2020-06-05", state.clone())], &[], &[], None).0;
        assert_eq!(told.arrivals, counted, "{state:?}");
        let before = history(&[referral(1, "2020-05-31", state)], &[], &[], None).0;
        assert_eq!(before.arrivals, 0, "not on these days");
    }
}

#[test]
fn a_household_that_moved_within_a_scheme_stayed_once() {
    let [from, to] =
        moved(stay(1, 1, 1, "2020-06-01", "2020-06-03"), stay(2, 1, 2, "2020-06-03", "2020-06-08"));
    let never = Stay { state: StayState::NoShow { at: None }, ..stay(3, 3, 3, "2020-06-09", "2020-06-12") };
    let mut still = stay(4, 4, 4, "2020-06-20", "2020-06-27");
    still.state = StayState::InResidence { arrived_at: None };
    let (told, known) = history(&[], &[from, to, never, still], &[], None);
    assert_eq!((told.arrivals, told.days, known), (2, 30, 1), "one of them is there still");
    let people = 2;
    assert_eq!(told.households, [Past { people, nights: 7, scheme: Scheme::SafeSpace }]);
}

#[test]
fn who_goes_on_to_a_move_on_home_comes_once_more_and_is_drawn_as_often() {
    let mut referrals = Vec::new();
    let mut stays = Vec::new();
    for n in 0..4 {
        referrals.push(referral(n, "2020-06-05", accepted(n)));
        stays.push(stay(n, n, n, "2020-06-05", "2020-06-10"));
    }
    let [from, to] = moved(stays.remove(0), stay(9, 0, 10, "2020-06-10", "2020-06-29"));
    stays.extend([from, to]);
    let (told, known) = history(&referrals, &stays, &[0, 1, 2, 3], None);
    assert_eq!((told.arrivals, known), (5, 5));
    let of = |scheme| told.households.iter().filter(|past| past.scheme == scheme).count();
    assert_eq!((of(Scheme::SafeSpace), of(Scheme::MoveOn)), (8_000, 2_000), "four of five, one of five");
    let (only, known) = history(&referrals, &stays, &[0, 1, 2, 3], Some(Scheme::MoveOn));
    assert_eq!((only.arrivals, known, only.households.len()), (1, 1, 1));
}
