//! The plan for tonight, against every plan that there could be.

use std::collections::BTreeSet;

use proptest::{collection::vec, option, prelude::*, sample::select};
use safespace_domain::{
    HouseholdId, Night, Nights, ReferralId, StayId, UnitId,
    availability::{Ask, Fit, Spaces, how_many, offers},
    calendar::{Calendar, UnitNo},
    households::People,
    ledger::NightUse,
    nights::later,
    plan::{Change, Plan, Resident, Tonight, Waiting, plan},
    sharing::{Party, Sharer, SharesAs},
    units::{Scheme, Unit},
};

use crate::world::{FEATURES, Sketch, d, id, in_service, nights_from, spaces, unit};

#[derive(Clone, Debug)]
struct World {
    units: Vec<Unit>,
    uses: Vec<(UnitNo, Night, NightUse)>,
    residents: Vec<Resident>,
    waiting: Vec<Waiting>,
    sharers: Vec<Sharer>,
    days: u32,
}

fn first() -> Night {
    d("2020-11-03")
}

impl World {
    fn spaces(&self) -> Spaces {
        spaces(self.units.clone(), 0)
    }

    fn calendar(&self) -> Calendar {
        let mut calendar = Calendar::new(nights_from(first(), 40), self.units.len());
        for (no, unit) in self.units.iter().enumerate() {
            calendar.set_in_service(no, &unit.in_service);
        }
        for (no, night, by) in &self.uses {
            calendar.set(*no, *night, Some(*by));
        }
        for sharer in &self.sharers {
            let no = self.units.iter().position(|unit| unit.id == sharer.unit).unwrap();
            sharer.nights.iter().for_each(|night| calendar.set(no, night, Some(NightUse::Resident)));
        }
        calendar
    }

    fn plan(&self) -> Plan {
        let (calendar, spaces) = (self.calendar(), self.spaces());
        let tonight = Tonight {
            calendar: &calendar,
            spaces: &spaces,
            sharers: &self.sharers,
            residents: &self.residents,
            days: self.days,
        };
        plan(&tonight, &self.waiting)
    }
}

fn party(household: usize) -> impl Strategy<Value = Party> {
    let shares_as = option::weighted(0.9, select(&[SharesAs::Women, SharesAs::Women, SharesAs::Men][..]));
    let conflict = option::weighted(0.3, 0_usize..9);
    (shares_as, conflict).prop_map(move |(shares_as, conflict)| Party {
        household: Some(HouseholdId(id(household))),
        shares_as,
        conflicts: conflict.map(|n| HouseholdId(id(n))).into_iter().collect(),
    })
}

fn needs(scheme: Scheme) -> impl Strategy<Value = Ask> {
    let danger = option::weighted(0.2, select(&["Hitchin", "Stevenage", "Bedwell"][..]));
    let feature = option::weighted(0.2, select(&FEATURES[..2]));
    (1_u32..8, 1_u16..4, feature, danger).prop_map(move |(n, adults, feature, danger)| Ask {
        features: feature.map(str::to_owned).into_iter().collect(),
        danger: danger.map(str::to_owned).into_iter().collect(),
        ..Ask::plain(nights_from(first(), n), People { adults, children: 0 }, scheme)
    })
}

fn waiting(n: usize) -> impl Strategy<Value = Waiting> {
    (party(n), 0_u8..3, 0_u32..2, needs(Scheme::SafeSpace)).prop_map(move |(party, risk_rank, hour, ask)| {
        Waiting {
            id: ReferralId(id(n)),
            party,
            risk_rank,
            since: format!("2020-11-03T1{hour}:00:00Z").parse().unwrap(),
            ask,
        }
    })
}

fn sketch() -> impl Strategy<Value = Sketch> {
    // Of these, 5 is for moving on; 1 and 5 are for women, 3 for women or men, the others homes of their own.
    (select(&[0_usize, 1, 4, 3, 3, 3, 5][..]), 1_u16..5, any::<bool>()).prop_map(
        |(property, sleeps, step_free)| {
            let features = if step_free { BTreeSet::from(["step_free".to_owned()]) } else { BTreeSet::new() };
            Sketch { property, sleeps, features, in_service: vec![in_service(first(), None)] }
        },
    )
}

fn world() -> impl Strategy<Value = World> {
    let one_use =
        (0_usize..5, 0_u32..5, 1_u32..4, select(&[NightUse::Void, NightUse::Void, NightUse::Booked][..]));
    let resident = (party(7), needs(Scheme::MoveOn), 1_u32..4);
    let households = (waiting(0), waiting(1), waiting(2), waiting(3), waiting(4))
        .prop_map(|(a, b, c, d, e)| [a, b, c, d, e]);
    (vec(sketch(), 1..=5), vec(one_use, 0..4), resident, households, 1_usize..=5, 0_u32..3).prop_map(
        |(sketches, uses, (party, onward, n), households, most, days)| {
            let units: Vec<_> = sketches.iter().enumerate().map(|(no, sketch)| unit(no, sketch)).collect();
            let uses = uses.into_iter().filter(|(no, ..)| *no > 0 && *no < units.len()).flat_map(
                |(no, from, n, by)| {
                    nights_from(later(first(), from), n).iter().map(move |night| (no, night, by))
                },
            );
            // The first unit has somebody in residence.
            let sharer = Sharer {
                household: party.household.unwrap(),
                unit: units[0].id,
                nights: nights_from(first(), n),
                shares_as: party.shares_as,
            };
            let resident =
                Resident { stay: StayId(id(0)), unit: units[0].id, nights: sharer.nights, party, onward };
            World {
                uses: uses.collect(),
                units,
                residents: vec![resident],
                waiting: households[..most].to_vec(),
                sharers: vec![sharer],
                days,
            }
        },
    )
}

/// A unit that a household could have, the earliest way.
#[derive(Clone, Debug)]
struct Way {
    unit: UnitNo,
    delay: u32,
    nights: Nights,
    fit: Fit,
}

fn ways(world: &World, spaces: &Spaces, calendar: &Calendar, waiting: &Waiting) -> Vec<Way> {
    let mut ways: Vec<Way> = Vec::new();
    for delay in 0..=world.days {
        let nights = nights_from(later(first(), delay), waiting.ask.nights.len());
        let ask = waiting.party.asks(spaces, &world.sharers, &waiting.ask, nights);
        for (unit, fit) in offers(calendar, spaces, &ask) {
            if ways.iter().all(|way| way.unit != unit) {
                ways.push(Way { unit, delay, nights, fit });
            }
        }
    }
    ways
}

fn must_be_apart(spaces: &Spaces, a: (&Party, UnitId, Nights), b: (&Party, UnitId, Nights)) -> bool {
    let property = |id| spaces.property_of(spaces.unit_by_id(id).unwrap()).unwrap();
    let foes =
        a.0.conflicts.contains(&b.0.household.unwrap()) || b.0.conflicts.contains(&a.0.household.unwrap());
    let sexes =
        property(a.1).sharing.is_shared() && (a.0.shares_as != b.0.shares_as || a.0.shares_as.is_none());
    property(a.1).id == property(b.1).id && a.2.overlaps(b.2) && (foes || sexes)
}

/// Who is left out, how late each begins, and what the fits add up to.
type Worth = (Vec<bool>, Vec<u32>, [u32; 5]);

struct BruteForce<'a> {
    spaces: &'a Spaces,
    order: Vec<&'a Waiting>,
    ways: Vec<Vec<Way>>,
    together: bool,
    best: Option<Worth>,
    most: usize,
}

impl BruteForce<'_> {
    fn go(&mut self, chosen: &mut Vec<Option<Way>>) {
        let at = chosen.len();
        if at == self.order.len() {
            let worth = worth(chosen);
            self.most = self.most.max(chosen.iter().flatten().count());
            if self.best.as_ref().is_none_or(|best| worth < *best) {
                self.best = Some(worth);
            }
            return;
        }
        chosen.push(None);
        self.go(chosen);
        chosen.pop();
        for way in self.ways[at].clone() {
            let id = |no: UnitNo| self.spaces.units()[no].id;
            let clash = chosen.iter().zip(&self.order).any(|(other, who)| {
                other.as_ref().is_some_and(|other| {
                    let (me, them) = (&self.order[at].party, &who.party);
                    let apart = (me, id(way.unit), way.nights);
                    other.unit == way.unit
                        || !self.together
                            && must_be_apart(self.spaces, apart, (them, id(other.unit), other.nights))
                })
            });
            if !clash {
                chosen.push(Some(way));
                self.go(chosen);
                chosen.pop();
            }
        }
    }
}

fn worth(chosen: &[Option<Way>]) -> Worth {
    let mut sum = [0; 5];
    for Way { fit, .. } in chosen.iter().flatten() {
        let fields = [
            fit.last_with.into(),
            fit.spare_beds.into(),
            fit.unneeded_features.into(),
            fit.far.into(),
            fit.gap_nights,
        ];
        sum.iter_mut().zip(fields).for_each(|(sum, field): (_, u32)| *sum += field);
    }
    let delays = chosen.iter().map(|way| way.as_ref().map_or(0, |way| way.delay));
    (chosen.iter().map(Option::is_none).collect(), delays.collect(), sum)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn the_plan_is_the_best_there_is_and_breaks_no_rule(world in world()) {
        let (spaces, calendar, plan) = (world.spaces(), world.calendar(), world.plan());
        let mut order: Vec<_> = world.waiting.iter().collect();
        order.sort_by_key(|w| (w.risk_rank, w.since, w.id));
        let ways: Vec<_> = order.iter().map(|w| ways(&world, &spaces, &calendar, w)).collect();
        let chosen: Vec<Option<Way>> = order
            .iter()
            .zip(&ways)
            .map(|(w, ways)| {
                let placement = plan.placed.iter().find(|p| p.referral == w.id)?;
                let no = spaces.no(placement.unit).unwrap();
                let way = ways.iter().find(|way| way.unit == no).expect("the unit is one that it could have");
                assert_eq!((placement.nights, placement.fit), (way.nights, way.fit));
                Some(way.clone())
            })
            .collect();
        prop_assert_eq!(plan.placed.len() + plan.unplaced.len(), order.len());
        let party = |referral| &order.iter().find(|w| w.id == referral).unwrap().party;
        for (i, a) in plan.placed.iter().enumerate() {
            for b in &plan.placed[i + 1..] {
                prop_assert_ne!(a.unit, b.unit);
                let (of_a, of_b) = (party(a.referral), party(b.referral));
                prop_assert!(!must_be_apart(&spaces, (of_a, a.unit, a.nights), (of_b, b.unit, b.nights)));
            }
        }
        let brute = |together| {
            let (order, ways) = (order.clone(), ways.clone());
            let mut brute = BruteForce { spaces: &spaces, order, ways, together, best: None, most: 0 };
            brute.go(&mut Vec::new());
            (brute.best.unwrap(), brute.most)
        };
        let (best, _) = brute(false);
        prop_assert_eq!(worth(&chosen), best.clone());
        // Where nobody had to be kept apart, as many are placed as can be.
        let (if_all_got_on, most) = brute(true);
        if if_all_got_on == best {
            prop_assert_eq!(plan.placed.len(), most);
        }
    }

    #[test]
    fn every_change_that_is_suggested_would_place_the_household(world in world()) {
        let (spaces, calendar, plan) = (world.spaces(), world.calendar(), world.plan());
        let who = |referral| world.waiting.iter().find(|w| w.id == referral).unwrap();
        for unplaced in &plan.unplaced {
            prop_assert!(!unplaced.reasons.is_empty());
            let waiting = who(unplaced.referral);
            let Some(change) = unplaced.change.clone() else { continue };
            let (mut after, mut sharers, mut nights) =
                (calendar.clone(), world.sharers.clone(), waiting.ask.nights);
            let to = match change {
                Change::EndVoid { unit, nights } => {
                    let no = spaces.no(unit).unwrap();
                    for night in nights.iter().filter(|night| calendar.use_on(no, *night) == Some(NightUse::Void)) {
                        after.set(no, night, None);
                    }
                    unit
                }
                Change::NightsElsewhere { unit, nights: elsewhere } => {
                    prop_assert_eq!(elsewhere.arrival(), nights.arrival());
                    nights = Nights::between(elsewhere.departure(), nights.departure());
                    unit
                }
                Change::MoveOn { unit, stay, nights: freed, to } => {
                    let resident = world.residents.iter().find(|r| r.stay == stay).unwrap();
                    prop_assert_eq!(resident.unit, unit);
                    freed.iter().for_each(|night| after.set(spaces.no(unit).unwrap(), night, None));
                    let onward = nights_from(first(), resident.onward.nights.len());
                    let ask = resident.party.asks(&spaces, &sharers, &resident.onward, onward);
                    let offered = offers(&after, &spaces, &ask);
                    prop_assert!(offered.iter().any(|(no, _)| spaces.units()[*no].id == to));
                    sharers[0] = Sharer { unit: to, nights: onward, ..sharers[0] };
                    unit
                }
            };
            let ask = waiting.party.asks(&spaces, &sharers, &waiting.ask, nights);
            let offered = offers(&after, &spaces, &ask);
            prop_assert!(offered.iter().any(|(no, _)| spaces.units()[*no].id == to), "{:?}", unplaced);
            for placed in &plan.placed {
                let there = (&who(placed.referral).party, placed.unit, placed.nights);
                prop_assert_ne!(placed.unit, to);
                prop_assert!(!must_be_apart(&spaces, (&waiting.party, to, nights), there));
            }
        }
    }

    #[test]
    fn the_plan_is_the_same_whatever_the_order(world in world()) {
        let mut other = world.clone();
        other.units.reverse();
        other.waiting.reverse();
        other.uses.iter_mut().for_each(|(no, ..)| *no = world.units.len() - 1 - *no);
        prop_assert_eq!(world.plan(), other.plan());
    }
}

#[test]
fn more_than_a_hundred_wait_for_the_next_plan() {
    let sketch = Sketch {
        property: 0,
        sleeps: 3,
        features: BTreeSet::new(),
        in_service: vec![in_service(first(), None)],
    };
    let people = People { adults: 1, children: 0 };
    let waiting = |n: usize| Waiting {
        id: ReferralId(id(n)),
        party: Party { household: Some(HouseholdId(id(n))), ..Party::default() },
        risk_rank: 0,
        since: "2020-11-03T10:00:00Z".parse().unwrap(),
        ask: Ask::plain(nights_from(first(), 2), people, Scheme::SafeSpace),
    };
    let mut world = World {
        units: vec![unit(0, &sketch)],
        uses: Vec::new(),
        residents: Vec::new(),
        waiting: (0..102).map(waiting).collect(),
        sharers: Vec::new(),
        days: 0,
    };
    world.waiting[50].party.household = Some(HouseholdId(id(0)));
    let plan = world.plan();
    assert_eq!((plan.placed.len(), plan.unplaced.len()), (1, 101));
    let with = |code| plan.unplaced.iter().filter(|u| u.reasons.contains_key(code)).count();
    assert_eq!((with("PLANNED_FOR_ANOTHER"), with("HOUSEHOLD_PLANNED"), with("NOT_PLANNED")), (99, 1, 1));
    assert_eq!(how_many(&world.calendar(), &world.spaces(), &world.waiting[0].ask), 1);
}
