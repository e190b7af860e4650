//! What partner councils are told: nothing but how many homes of a class of size are free, in bands.

use proptest::{collection::vec, prelude::*, sample::select};
use safespace_domain::{
    Night,
    availability::Spaces,
    calendar::{Calendar, UnitNo},
    disclosure::{Band, DisclosurePolicy, RoomAnswer, Wishes, room},
    households::People,
    ledger::NightUse,
    nights::later,
    units::{Scheme, Unit},
};

use crate::world::{first_night, nights_from, property, sketches, spaces, unit};

/// How many nights a random world has.
const NIGHTS: u32 = 20;

#[derive(Clone, Debug)]
struct World {
    first: Night,
    units: Vec<Unit>,
    uses: Vec<(UnitNo, Night, NightUse)>,
    policy: DisclosurePolicy,
    turnaround: u32,
    from: u32,
    nights: u32,
    people: u16,
}

impl World {
    fn spaces(&self) -> Spaces {
        let mut spaces = spaces(self.units.clone(), self.turnaround);
        spaces.disclosure = self.policy.clone();
        spaces
    }

    fn calendar(&self) -> Calendar {
        let mut calendar = Calendar::new(nights_from(self.first, NIGHTS), self.units.len());
        for (no, unit) in self.units.iter().enumerate() {
            calendar.set_in_service(no, &unit.in_service);
        }
        for (no, night, night_use) in &self.uses {
            calendar.set(*no, *night, Some(*night_use));
        }
        calendar
    }

    fn told(&self, people: u16) -> RoomAnswer {
        let nights = nights_from(later(self.first, self.from), self.nights);
        room(
            &self.calendar(),
            &self.spaces(),
            nights,
            People { adults: people, children: 0 },
            &Wishes::default(),
        )
    }

    /// How many safe spaces sleep so many and are free on all of the nights, counted one by one.
    fn free(&self, sleeps: u16) -> usize {
        let calendar = self.calendar();
        let is_free = |no: UnitNo| {
            let on = |n: u32| later(self.first, self.from + n);
            (0..self.nights).all(|n| calendar.is_free(no, on(n)))
                && (self.nights..self.nights + self.turnaround).all(|n| calendar.use_on(no, on(n)).is_none())
        };
        let is_safe = |unit: &Unit| {
            let mut homes = (0..8).map(property);
            homes.any(|home| home.id == unit.property && home.scheme == Scheme::SafeSpace)
        };
        let fits = |(no, unit): &(usize, &Unit)| is_safe(unit) && unit.sleeps >= sleeps && is_free(*no);
        self.units.iter().enumerate().filter(fits).count()
    }
}

fn policy() -> impl Strategy<Value = DisclosurePolicy> {
    let sizes = select(vec![vec![1, 2, 4, 6, 8], vec![3], vec![2, 5], vec![1, 2, 3, 4, 5, 6, 7, 8]]);
    (3_u32..7, sizes).prop_map(|(several_from, sizes)| DisclosurePolicy {
        several_from,
        sizes,
        ..DisclosurePolicy::default()
    })
}

fn world() -> impl Strategy<Value = World> {
    first_night().prop_flat_map(|first| (Just(first), sketches(first))).prop_flat_map(|(first, sketches)| {
        let units: Vec<Unit> = sketches.iter().enumerate().map(|(no, sketch)| unit(no, sketch)).collect();
        let run = (0..units.len(), 0..NIGHTS, 1_u32..8, select(&NightUse::ALL[..]));
        let uses = vec(run, 0..=units.len()).prop_map(move |runs| {
            let nights = |(no, from, n, night_use): (usize, u32, u32, NightUse)| {
                nights_from(later(first, from), n).iter().map(move |night| (no, night, night_use))
            };
            runs.into_iter().flat_map(nights).collect::<Vec<_>>()
        });
        let asked = (0_u32..10, 1_u32..=7, 1_u16..10);
        (Just(first), Just(units), uses, policy(), 0_u32..3, asked).prop_map(
            |(first, units, uses, policy, turnaround, (from, nights, people))| World {
                first,
                units,
                uses,
                policy,
                turnaround,
                from,
                nights,
                people,
            },
        )
    })
}

/// In order: none, some, several.
fn rank(answer: RoomAnswer) -> u8 {
    match answer {
        RoomAnswer::None => 0,
        RoomAnswer::Some => 1,
        RoomAnswer::Several => 2,
        RoomAnswer::AskUs => 3,
    }
}

proptest! {
    #[test]
    fn the_answer_is_the_band_of_how_many_homes_of_the_class_are_free(world in world()) {
        let expected = match world.policy.class_of(world.people) {
            None => RoomAnswer::AskUs,
            Some(most) => world.policy.band(world.free(most)).into(),
        };
        prop_assert_eq!(world.told(world.people), expected);
    }

    #[test]
    fn what_a_home_is_called_where_it_is_and_what_it_has_does_not_show(world in world(), by in 1_usize..8) {
        let mut other = world.clone();
        // Other codes, features, order and properties of the same scheme: the schemes take turns in threes.
        other.units.reverse();
        for (no, unit) in other.units.iter_mut().enumerate() {
            unit.code = format!("X-{no}");
            unit.features.clear();
            let here = (0..8).find(|n| property(*n).id == unit.property).unwrap();
            let alike: Vec<_> = (0..8).map(property).filter(|p| p.scheme == property(here).scheme).collect();
            unit.property = alike[(here + by) % alike.len()].id;
        }
        for (no, ..) in &mut other.uses {
            *no = world.units.len() - 1 - *no;
        }
        for people in 1..10 {
            prop_assert_eq!(world.told(people), other.told(people));
        }
    }

    #[test]
    fn a_home_that_is_taken_never_makes_more_room_nor_do_more_people_or_nights(world in world()) {
        for no in 0..world.units.len() {
            let mut less = world.clone();
            let nights = nights_from(later(world.first, world.from), world.nights);
            less.uses.extend(nights.iter().map(|night| (no, night, NightUse::Booked)));
            prop_assert!(rank(less.told(world.people)) <= rank(world.told(world.people)));
        }
        let longer = World { nights: world.nights + 1, ..world.clone() };
        prop_assert!(rank(longer.told(world.people)) <= rank(world.told(world.people)));
        if world.policy.class_of(world.people + 1).is_some() {
            prop_assert!(rank(world.told(world.people + 1)) <= rank(world.told(world.people)));
        }
    }

    #[test]
    fn everybody_in_a_class_is_told_the_same(world in world()) {
        for people in 1..10 {
            if let Some(most) = world.policy.class_of(people) {
                prop_assert_eq!(world.told(people), world.told(most));
            }
        }
    }

    #[test]
    fn bands_grow_with_the_count_and_none_but_none_is_a_count(policy in policy(), free in 0_usize..50) {
        prop_assert!(policy.band(free) <= policy.band(free + 1));
        prop_assert_eq!(policy.band(free) == Band::None, free == 0);
        prop_assert!(policy.band(1) == policy.band(2));
    }
}
