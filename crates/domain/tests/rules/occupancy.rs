//! Occupancy is what a recount of the records finds, night by night.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    iter::once,
};

use proptest::{collection::vec, option, prelude::*, sample::select};
use safespace_domain::{
    Night, Nights, UnitId, VoidId,
    availability::Spaces,
    calendar::{Calendar, UnitNo},
    ledger::Entry,
    nights::{earlier, later},
    occupancy::{GroupKind, OccupancyRow, compared, occupancy},
    periods::PeriodKind,
    stays::{Stay, StayState, StayStatus},
    units::{Scheme, Unit},
    voids::Void,
};

use crate::world::{
    DISPERSED, Sketch, booked, d, first_night, id, in_service, nights, nights_from, property, sketches,
    spaces, unit,
};

/// Some nights before and after what a world has records of.
const MARGIN: u32 = 20;
const NIGHTS: u32 = 75;

/// Records of stays and voids, and the night on which somebody looks.
#[derive(Clone, Debug)]
struct World {
    units: Vec<Unit>,
    stays: Vec<Stay>,
    voids: Vec<Void>,
    range: Nights,
    span: Nights,
    tonight: Night,
}

impl World {
    fn spaces(&self) -> Spaces {
        spaces(self.units.clone(), 0)
    }

    fn calendar(&self) -> Calendar {
        let mut calendar = Calendar::new(self.span, self.units.len());
        for (no, unit) in self.units.iter().enumerate() {
            calendar.set_in_service(no, &unit.in_service);
        }
        let numbers: HashMap<_, _> = self.units.iter().enumerate().map(|(no, unit)| (unit.id, no)).collect();
        let stays = self.stays.iter().flat_map(|stay| stay.entries(self.tonight, turnaround(stay)));
        for entry in stays.chain(self.voids.iter().flat_map(Void::entries)) {
            calendar.set(numbers[&entry.unit], entry.night, Some(entry.take.night_use));
        }
        calendar
    }

    fn occupancy(&self, by: PeriodKind, group: Option<GroupKind>) -> Vec<OccupancyRow> {
        occupancy(&self.calendar(), &self.spaces(), self.range, by, group, self.tonight)
    }
}

/// Some stays keep two nights after them. Those are available, neither occupied nor reserved.
fn turnaround(stay: &Stay) -> u32 {
    if stay.id.0.as_u128().is_multiple_of(3) { 2 } else { 0 }
}

/// What a random record would like: a unit, nights, and a status; a void where there is none.
type Wish = (UnitNo, u32, u32, Option<StayStatus>, bool);

fn wish(units: usize) -> impl Strategy<Value = Wish> {
    let status = option::weighted(0.8, select(&StayStatus::ALL[..]));
    (0..units, 0..NIGHTS, 1_u32..12, status, any::<bool>())
}

/// The wishes that can be: a departure is not to come, an arrival in residence neither, a stay is within its unit's
/// service, and a night has one use at most.
fn grant(world: &mut World, first: Night, wishes: Vec<Wish>) {
    let mut taken: HashSet<(UnitId, Night)> = HashSet::new();
    for (n, (no, from, len, status, void_is_cancelled)) in wishes.into_iter().enumerate() {
        let nights = nights_from(later(first, from), len);
        let entries: Vec<Entry>;
        if let Some(status) = status {
            let stay = Stay { state: state(status, nights, world.tonight), ..booked(n, no, nights) };
            entries = stay.entries(world.tonight, turnaround(&stay));
            let in_service = stay.kept(world.tonight).iter().all(|night| world.units[no].is_in_stock(night));
            if !in_service || entries.iter().any(|entry| taken.contains(&entry.key())) {
                continue;
            }
            world.stays.push(stay);
        } else {
            let (void, unit) = (VoidId(id(n)), UnitId(id(no)));
            let void = Void { id: void, unit, nights, reason: "repair".into(), cancelled: void_is_cancelled };
            entries = void.entries();
            if entries.iter().any(|entry| taken.contains(&entry.key())) {
                continue;
            }
            world.voids.push(void);
        }
        taken.extend(entries.iter().map(Entry::key));
    }
}

fn state(status: StayStatus, nights: Nights, tonight: Night) -> StayState {
    match status {
        StayStatus::InResidence if nights.arrival() <= tonight => StayState::InResidence { arrived_at: None },
        StayStatus::Departed if nights.departure() <= tonight => {
            StayState::Departed { arrived_at: None, departed_at: None, moved_to: None }
        }
        StayStatus::Cancelled => StayState::Cancelled { at: None },
        StayStatus::NoShow => StayState::NoShow { at: None },
        StayStatus::Booked | StayStatus::InResidence | StayStatus::Departed => StayState::Booked,
    }
}

fn world() -> impl Strategy<Value = World> {
    first_night()
        .prop_flat_map(|first| (Just(first), sketches(first)))
        .prop_flat_map(|(first, sketches)| {
            let n = sketches.len();
            let range = (0..NIGHTS + MARGIN, 1..NIGHTS)
                .prop_map(move |(from, n)| nights_from(later(earlier(first, MARGIN), from), n));
            (Just(first), Just(sketches), vec(wish(n), 0..=n * 6), range, 0..NIGHTS)
        })
        .prop_map(|(first, sketches, wishes, range, tonight)| {
            let mut world = World {
                units: sketches.iter().enumerate().map(|(no, sketch)| unit(no, sketch)).collect(),
                stays: Vec::new(),
                voids: Vec::new(),
                range,
                span: nights_from(earlier(first, MARGIN), NIGHTS * 2 + MARGIN * 2),
                tonight: later(first, tonight),
            };
            grant(&mut world, first, wishes);
            world
        })
}

/// What one unit in stock is on one night, as the records tell.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cell {
    pub void: bool,
    pub occupied: bool,
    pub reserved: bool,
}

fn cell(stays: &[&Stay], voids: &[&Void], night: Night, tonight: Night) -> Cell {
    let mut cell = Cell::default();
    let to_come = night > tonight;
    for stay in stays {
        let planned = stay.nights.arrival() <= night && night < stay.nights.departure();
        // Who is there although the departure has passed is there tonight, too.
        let departure = stay.nights.departure();
        let overstays = departure < tonight && departure <= night && night <= tonight;
        match stay.state {
            StayState::Cancelled { .. } | StayState::NoShow { .. } => {}
            StayState::Booked => cell.reserved |= planned,
            StayState::Departed { .. } => cell.occupied |= planned,
            StayState::InResidence { .. } if to_come => cell.reserved |= planned,
            StayState::InResidence { .. } => cell.occupied |= planned || overstays,
        }
    }
    cell.void = voids
        .iter()
        .any(|void| !void.cancelled && void.nights.arrival() <= night && night < void.nights.departure());
    cell
}

/// A night's period, in the words of the calendar's own formatter.
fn naive_label(by: PeriodKind, night: Night) -> String {
    match by {
        PeriodKind::Night => night.format("%Y-%m-%d").to_string(),
        PeriodKind::Week => night.format("%G-W%V").to_string(),
        PeriodKind::Month => night.format("%Y-%m").to_string(),
        PeriodKind::Year => night.format("%Y").to_string(),
        PeriodKind::FourWeeks => {
            let mut monday = night;
            while monday.format("%a").to_string() != "Mon" || (monday - d("2020-03-02")).num_days() % 28 != 0
            {
                monday = monday.pred_opt().unwrap();
            }
            format!("{monday}/P4W")
        }
        PeriodKind::FinancialYear => {
            let year: i32 = night.format("%Y").to_string().parse().unwrap();
            let begins = if night.format("%m%d").to_string().as_str() < "0401" { year - 1 } else { year };
            format!("{begins}/{}", &format!("{}", begins + 1)[2..])
        }
        PeriodKind::Whole => "whole".to_owned(),
        PeriodKind::Quarter => {
            let quarter = match &*night.format("%m").to_string() {
                "01" | "02" | "03" => 1,
                "04" | "05" | "06" => 2,
                "07" | "08" | "09" => 3,
                _ => 4,
            };
            format!("{}-Q{quarter}", night.format("%Y"))
        }
    }
}

fn naive_group(unit: &Unit, kind: GroupKind) -> String {
    let home = (0..8).map(property).find(|property| property.id == unit.property).unwrap();
    match kind {
        GroupKind::Unit => unit.code.clone(),
        GroupKind::Property => home.code,
        GroupKind::District => home.district,
        GroupKind::Scheme => home.scheme.as_str().to_owned(),
        GroupKind::Kind if DISPERSED.iter().any(|n| property(*n).id == home.id) => "dispersed".to_owned(),
        GroupKind::Kind => match home.scheme {
            Scheme::SafeSpace => "other_emergency".to_owned(),
            Scheme::MoveOn => "second_stage".to_owned(),
        },
    }
}

/// The cells of the range: a row per unit, in order of night. None where the unit is not in stock.
fn cells(world: &World) -> Vec<Vec<Option<Cell>>> {
    let row = |unit: &Unit| {
        let stays: Vec<_> = world.stays.iter().filter(|stay| stay.unit == unit.id).collect();
        let voids: Vec<_> = world.voids.iter().filter(|void| void.unit == unit.id).collect();
        let cell_on = |night| unit.is_in_stock(night).then(|| cell(&stays, &voids, night, world.tonight));
        world.range.iter().map(cell_on).collect()
    };
    world.units.iter().map(row).collect()
}

/// Every row of the range, in order of period, then group. Periods come in the order of their nights. The cells are a row
/// per unit, in order of night.
pub fn recount(
    units: &[Unit],
    range: Nights,
    cells: &[Vec<Option<Cell>>],
    by: PeriodKind,
    group: Option<GroupKind>,
) -> Vec<OccupancyRow> {
    let mut members: BTreeMap<Option<String>, Vec<UnitNo>> = BTreeMap::new();
    for (no, unit) in units.iter().enumerate() {
        members.entry(group.map(|kind| naive_group(unit, kind))).or_default().push(no);
    }
    let mut periods: Vec<(String, Vec<usize>)> = Vec::new();
    for (i, night) in range.iter().enumerate() {
        let label = naive_label(by, night);
        match periods.iter_mut().find(|(known, _)| *known == label) {
            Some((_, nights)) => nights.push(i),
            None => periods.push((label, vec![i])),
        }
    }
    let mut rows = Vec::new();
    for (period, nights) in &periods {
        for (name, units) in &members {
            let mut row =
                OccupancyRow { period: period.clone(), group: name.clone(), ..OccupancyRow::default() };
            for night in nights {
                add_night(&mut row, units.iter().filter_map(|no| cells[*no][*night]));
            }
            rows.push(row);
        }
    }
    rows
}

fn add_night(row: &mut OccupancyRow, cells: impl Iterator<Item = Cell>) {
    let (mut available, mut occupied) = (0, 0);
    for cell in cells {
        row.in_stock_nights += 1;
        row.void_nights += u64::from(cell.void);
        row.reserved_nights += u64::from(cell.reserved);
        available += u64::from(!cell.void);
        occupied += u64::from(cell.occupied);
    }
    row.available_nights += available;
    row.occupied_nights += occupied;
    row.nights += 1;
    row.full_nights += u64::from(available != 0 && available == occupied);
}

pub fn groupings() -> impl Iterator<Item = Option<GroupKind>> {
    once(None).chain(GroupKind::ALL.map(Some))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn occupancy_is_what_a_recount_of_the_records_finds_for_every_period_and_group(world in world()) {
        let (calendar, spaces, cells) = (world.calendar(), world.spaces(), cells(&world));
        for by in PeriodKind::ALL {
            for group in groupings() {
                let rows = occupancy(&calendar, &spaces, world.range, by, group, world.tonight);
                prop_assert_eq!(&rows, &recount(&world.units, world.range, &cells, by, group), "by {} and {:?}", by, group);
                if group.is_some_and(|group| group != GroupKind::Scheme) {
                    continue;
                }
                let beside = compared(&calendar, &spaces, world.range, by, group, world.tonight);
                prop_assert_eq!(beside.iter().map(|one| one.row.clone()).collect::<Vec<_>>(), rows);
                // What stands beside a row is what is told of those nights by themselves.
                for one in &beside {
                    for other in [&one.before, &one.a_year_before] {
                        prop_assert_eq!(other.available_nights + other.void_nights, other.in_stock_nights);
                        prop_assert!(other.occupied_nights + other.reserved_nights <= other.available_nights);
                    }
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn no_night_to_come_is_occupied_and_none_is_lost(world in world()) {
        for row in world.occupancy(PeriodKind::Night, None) {
            let to_come = row.period > world.tonight.to_string();
            prop_assert!(!to_come || row.occupied_nights == 0, "{:?}", row);
            prop_assert!(row.occupied_nights + row.reserved_nights <= row.available_nights, "{:?}", row);
            prop_assert_eq!(row.available_nights + row.void_nights, row.in_stock_nights);
        }
    }

    #[test]
    fn a_range_before_the_first_unit_has_rows_with_empty_rates(world in world()) {
        let opened = world.units.iter().flat_map(|unit| &unit.in_service).map(|run| run.opened_on).min().unwrap();
        let range = nights_from(earlier(opened, MARGIN), MARGIN);
        let (calendar, spaces) = (world.calendar(), world.spaces());
        for by in PeriodKind::ALL {
            for group in groupings() {
                let rows = occupancy(&calendar, &spaces, range, by, group, world.tonight);
                prop_assert!(!rows.is_empty());
                for row in rows {
                    prop_assert!(row.nights > 0);
                    prop_assert_eq!((row.in_stock_nights, row.available_nights, row.full_nights), (0, 0, 0));
                    prop_assert_eq!((row.occupancy_rate(), row.full_share()), (None, None));
                }
            }
        }
    }
}

/// Two units of one property; the second opens in May.
fn two_units() -> World {
    let span = nights("2020-03-01", "2020-09-01");
    let opened_on = |night| Sketch {
        property: 0,
        sleeps: 2,
        features: BTreeSet::new(),
        in_service: vec![in_service(night, None)],
    };
    let units = vec![unit(0, &opened_on(span.arrival())), unit(1, &opened_on(d("2020-05-01")))];
    World { units, stays: Vec::new(), voids: Vec::new(), range: span, span, tonight: d("2020-08-31") }
}

fn departed(n: usize, unit: usize, nights: Nights) -> Stay {
    let state = StayState::Departed { arrived_at: None, departed_at: None, moved_to: None };
    Stay { state, ..booked(n, unit, nights) }
}

#[test]
fn the_rate_and_the_share_of_full_nights_are_two_readings_of_full() {
    let mut world = two_units();
    world.range = nights("2020-05-01", "2020-05-11");
    // Nine nights in one unit, none in the other: half full, never full.
    world.stays.push(departed(0, 0, nights("2020-05-01", "2020-05-10")));
    let row = &world.occupancy(PeriodKind::Month, None)[0];
    assert_eq!(row.occupancy_rate().unwrap().to_string(), "45.00");
    assert_eq!(row.full_share().unwrap().to_string(), "0.00");
    // The other unit is void for eight of them: what is available is full.
    world.voids.push(Void {
        id: VoidId(id(1)),
        unit: UnitId(id(1)),
        nights: nights("2020-05-02", "2020-05-10"),
        reason: "repair".into(),
        cancelled: false,
    });
    let row = &world.occupancy(PeriodKind::Month, None)[0];
    assert_eq!(row.occupancy_rate().unwrap().to_string(), "75.00");
    assert_eq!(row.full_share().unwrap().to_string(), "80.00");
}

#[test]
fn stock_that_grows_counts_from_the_night_it_opened() {
    let world = two_units();
    let stock: Vec<_> = world
        .occupancy(PeriodKind::Month, None)
        .into_iter()
        .map(|row| (row.period, row.in_stock_nights))
        .collect();
    let told = [("2020-03", 31), ("2020-04", 30), ("2020-05", 62), ("2020-06", 60), ("2020-07", 62)];
    assert_eq!(stock[..5], told.map(|(month, n)| (month.to_owned(), n)));
}

#[test]
fn a_period_that_the_range_cuts_counts_only_the_nights_inside_it() {
    let mut world = two_units();
    world.range = nights("2020-03-30", "2020-04-02");
    for (by, told) in [
        (PeriodKind::Week, vec![("2020-W14", 3)]),
        (PeriodKind::Month, vec![("2020-03", 2), ("2020-04", 1)]),
        (PeriodKind::Quarter, vec![("2020-Q1", 2), ("2020-Q2", 1)]),
        (PeriodKind::Year, vec![("2020", 3)]),
    ] {
        let rows = world.occupancy(by, None);
        let periods: Vec<_> = rows.iter().map(|row| (&*row.period, row.nights)).collect();
        assert_eq!(periods, told);
    }
}
