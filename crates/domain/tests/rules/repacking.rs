//! Moving bookings to free a unit, and splitting nights where none can be freed.

use std::collections::BTreeSet;

use proptest::{collection::vec, option, prelude::*, sample::select};
use safespace_domain::{
    HouseholdId, Night, Nights, StayId, UnitId,
    availability::{Ask, Spaces, offers},
    calendar::{Calendar, UnitNo},
    households::People,
    ledger::NightUse,
    nights::later,
    repacking::{Booking, repack},
    sharing::{Party, Sharer, SharesAs},
    splits::split,
    units::{Scheme, Unit},
};

use crate::world::{Sketch, d, id, in_service, nights_from, spaces, unit};

#[derive(Clone, Debug)]
struct World {
    units: Vec<Unit>,
    turnaround: u32,
    /// Nights that nobody may free.
    uses: Vec<(UnitNo, Night, NightUse)>,
    bookings: Vec<Booking>,
    party: Party,
    ask: Ask,
}

fn first() -> Night {
    d("2020-11-03")
}

/// The nights of a booking and the turnaround after them.
fn set(calendar: &mut Calendar, no: UnitNo, nights: Nights, turnaround: u32) {
    nights.iter().for_each(|night| calendar.set(no, night, Some(NightUse::Booked)));
    nights_from(nights.departure(), turnaround)
        .iter()
        .for_each(|night| calendar.set(no, night, Some(NightUse::Turnaround)));
}

impl World {
    fn spaces(&self) -> Spaces {
        spaces(self.units.clone(), self.turnaround)
    }

    /// The calendar with bookings in these units; those in none are left out.
    fn calendar(&self, units: &[Option<UnitNo>]) -> Calendar {
        let mut calendar = Calendar::new(nights_from(first(), 40), self.units.len());
        for (no, unit) in self.units.iter().enumerate() {
            calendar.set_in_service(no, &unit.in_service);
        }
        for (no, night, by) in &self.uses {
            calendar.set(*no, *night, Some(*by));
        }
        for (booking, no) in self.bookings.iter().zip(units) {
            if let Some(no) = no {
                set(&mut calendar, *no, booking.ask.nights, self.turnaround);
            }
        }
        calendar
    }

    fn now(&self) -> Vec<Option<UnitNo>> {
        self.bookings.iter().map(|b| self.units.iter().position(|unit| unit.id == b.unit)).collect()
    }

    fn sharers(&self, units: &[Option<UnitNo>]) -> Vec<Sharer> {
        let sharer = |(booking, no): (&Booking, &Option<UnitNo>)| {
            Some(Sharer {
                household: booking.party.household.unwrap(),
                unit: self.units[(*no)?].id,
                nights: booking.ask.nights,
                shares_as: booking.party.shares_as,
            })
        };
        self.bookings.iter().zip(units).filter_map(sharer).collect()
    }

    /// Whether everybody fits with the bookings in these units and the asker in this one: the asker and each that moved,
    /// by all their rules, everybody else being where they are then.
    fn holds(&self, spaces: &Spaces, units: &[Option<UnitNo>], asker: UnitNo) -> bool {
        let asking = Sharer {
            household: self.party.household.unwrap(),
            unit: self.units[asker].id,
            nights: self.ask.nights,
            shares_as: self.party.shares_as,
        };
        let fits = |party: &Party, ask: &Ask, no, calendar: &Calendar, sharers: &[Sharer]| {
            let ask = party.asks(spaces, sharers, ask, ask.nights);
            offers(calendar, spaces, &ask).iter().any(|(offered, _)| *offered == no)
        };
        let moved = (0..units.len()).filter(|i| units[*i] != self.now()[*i]);
        fits(&self.party, &self.ask, asker, &self.calendar(units), &self.sharers(units))
            && moved.into_iter().all(|i| {
                let mut others = units.to_vec();
                others[i] = None;
                let mut calendar = self.calendar(&others);
                set(&mut calendar, asker, self.ask.nights, self.turnaround);
                let mut sharers = self.sharers(&others);
                sharers.push(asking);
                let booking = &self.bookings[i];
                fits(&booking.party, &booking.ask, units[i].unwrap(), &calendar, &sharers)
            })
    }

    /// The fewest moves, up to two, that free a unit.
    fn fewest(&self, spaces: &Spaces) -> Option<usize> {
        let (now, all) = (self.now(), 0..self.units.len());
        let frees = |units: &[Option<UnitNo>]| all.clone().any(|asker| self.holds(spaces, units, asker));
        let moved = |units: &[Option<UnitNo>], i: usize, to: UnitNo| {
            let mut units = units.to_vec();
            units[i] = Some(to);
            units
        };
        let pairs = |n: usize| (0..n).flat_map(|i| all.clone().map(move |to| (i, to)));
        if frees(&now) {
            return Some(0);
        }
        if pairs(now.len()).any(|(i, to)| now[i] != Some(to) && frees(&moved(&now, i, to))) {
            return Some(1);
        }
        let two = pairs(now.len()).any(|(i, to)| {
            let once = moved(&now, i, to);
            now[i] != Some(to) && pairs(i).any(|(j, to)| now[j] != Some(to) && frees(&moved(&once, j, to)))
        });
        two.then_some(2)
    }
}

fn needs() -> impl Strategy<Value = Ask> {
    let feature = option::weighted(0.15, Just("step_free".to_owned()));
    (0_u32..6, 2_u32..6, 1_u16..4, feature).prop_map(|(from, n, adults, feature)| Ask {
        features: feature.into_iter().collect(),
        ..Ask::plain(nights_from(later(first(), from), n), People { adults, children: 0 }, Scheme::SafeSpace)
    })
}

fn shares_as() -> impl Strategy<Value = Option<SharesAs>> {
    select(&[Some(SharesAs::Women), Some(SharesAs::Women), Some(SharesAs::Men), None][..])
}

fn world() -> impl Strategy<Value = World> {
    let sketch =
        (select(&[0_usize, 4, 3][..]), 2_u16..5, any::<bool>()).prop_map(|(property, sleeps, step_free)| {
            let features = if step_free { BTreeSet::from(["step_free".to_owned()]) } else { BTreeSet::new() };
            Sketch { property, sleeps, features, in_service: vec![in_service(first(), None)] }
        });
    let bookings = vec((0_usize..3, needs(), shares_as()), 1..6);
    let uses = vec(
        (0_usize..3, 0_u32..9, select(&[NightUse::Void, NightUse::Resident, NightUse::Booked][..])),
        0..2,
    );
    let conflict = option::weighted(0.3, 0_usize..5);
    (vec(sketch, 2..=3), bookings, uses, 0_u32..2, needs(), shares_as(), conflict).prop_map(
        |(sketches, drafts, uses, turnaround, ask, shares_as, conflict)| {
            let units: Vec<_> = sketches.iter().enumerate().map(|(no, sketch)| unit(no, sketch)).collect();
            let uses = uses.into_iter().filter(|(no, ..)| *no < units.len());
            let me = HouseholdId(id(20));
            let mut world = World {
                uses: uses.map(|(no, from, by)| (no, later(first(), from), by)).collect(),
                units,
                turnaround,
                bookings: Vec::new(),
                party: Party {
                    household: Some(me),
                    shares_as,
                    conflicts: conflict.map(|n| HouseholdId(id(n))).into_iter().collect(),
                },
                ask,
            };
            for (n, (no, ask, shares_as)) in drafts.into_iter().enumerate() {
                let foe = conflict == Some(n);
                let party = Party {
                    household: Some(HouseholdId(id(n))),
                    shares_as,
                    conflicts: foe.then_some(me).into_iter().collect(),
                };
                // A booking that could not have been made is none.
                let now = world.now();
                let (calendar, spaces) = (world.calendar(&now), world.spaces());
                let asked = party.asks(&spaces, &world.sharers(&now), &ask, ask.nights);
                if offers(&calendar, &spaces, &asked).iter().any(|(offered, _)| *offered == no) {
                    world.bookings.push(Booking { stay: StayId(id(n)), unit: UnitId(id(no)), party, ask });
                }
            }
            world
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_500))]

    #[test]
    fn the_fewest_moves_free_a_unit_and_everybody_fits(world in world()) {
        let (spaces, now) = (world.spaces(), world.now());
        let found = repack(
            &world.calendar(&now),
            &spaces,
            &world.sharers(&now),
            &world.bookings,
            &world.party,
            &world.ask,
        );
        let fewest = world.fewest(&spaces);
        match &found {
            None => prop_assert!(matches!(fewest, None | Some(0)), "{fewest:?} would do"),
            Some(repacking) => {
                prop_assert!((1..=3).contains(&repacking.moves.len()));
                prop_assert_eq!(fewest.unwrap_or(3), repacking.moves.len());
                let mut units = now.clone();
                for step in &repacking.moves {
                    let i = world.bookings.iter().position(|booking| booking.stay == step.stay).unwrap();
                    prop_assert_eq!(world.bookings[i].unit, step.from);
                    units[i] = spaces.no(step.to);
                }
                prop_assert!(world.holds(&spaces, &units, spaces.no(repacking.unit).unwrap()), "{:?}", repacking);
            }
        }
        let mut other = world.clone();
        other.units.reverse();
        other.bookings.reverse();
        other.uses.iter_mut().for_each(|(no, ..)| *no = world.units.len() - 1 - *no);
        let now = other.now();
        let again = repack(
            &other.calendar(&now),
            &other.spaces(),
            &other.sharers(&now),
            &other.bookings,
            &other.party,
            &other.ask,
        );
        prop_assert_eq!(found, again);
    }

    #[test]
    fn nights_are_split_into_the_fewest_parts_and_the_first_as_long_as_can_be(world in world()) {
        let (spaces, now) = (world.spaces(), world.now());
        let (calendar, sharers) = (world.calendar(&now), world.sharers(&now));
        let found = split(&calendar, &spaces, &sharers, &world.party, &world.ask);
        let all = world.ask.nights;
        let fits = |no: UnitNo, nights| {
            let ask = world.party.asks(&spaces, &sharers, &world.ask, nights);
            offers(&calendar, &spaces, &ask).iter().any(|(offered, _)| *offered == no)
        };
        // Every way of cutting into `parts`, as the lengths of the parts; the longest first part last.
        let units = || 0..world.units.len();
        let two = (1..all.len()).filter(|n| {
            let (a, b) = cut(all, *n);
            units().any(|u| units().any(|v| u != v && fits(u, a) && fits(v, b)))
        }).max();
        let three = (1..all.len()).flat_map(|n| (1..all.len() - n).map(move |m| (n, m))).filter(|(n, m)| {
            let (a, rest) = cut(all, *n);
            let (b, c) = cut(rest, *m);
            units().any(|u| fits(u, a) && units().any(|v| {
                u != v && fits(v, b) && units().any(|w| w != u && w != v && fits(w, c))
            }))
        }).max();
        let lengths = found.as_ref().map(|split| split.parts.iter().map(|(_, n)| n.len()).collect::<Vec<_>>());
        let expected = match (units().any(|no| fits(no, all)), two, three) {
            (true, ..) | (_, None, None) => None,
            (_, Some(n), _) => Some(vec![n, all.len() - n]),
            (_, None, Some((n, m))) => Some(vec![n, m, all.len() - n - m]),
        };
        prop_assert_eq!(lengths, expected);
        let mut from = all.arrival();
        let mut seen = BTreeSet::new();
        for (unit, nights) in found.into_iter().flat_map(|split| split.parts) {
            prop_assert_eq!(nights.arrival(), from);
            prop_assert!(fits(spaces.no(unit).unwrap(), nights) && seen.insert(unit));
            from = nights.departure();
        }
    }
}

fn cut(nights: Nights, n: u32) -> (Nights, Nights) {
    let at = later(nights.arrival(), n);
    (Nights::between(nights.arrival(), at), Nights::between(at, nights.departure()))
}
