//! Whatever is done to stock, in whatever order, the ledger adds up, to the unit and to the penny.

use std::collections::BTreeMap;

use proptest::{collection::vec, option, prelude::*, sample::Index};
use safespace_domain::{
    ItemId, LotId, Night, PlaceId, Refusal, RefusalCode, StayId, StockEntryId,
    items::Item,
    money::Pence,
    nights::later,
    places::{Place, PlaceKind},
    stock::{
        Balance, Change, CountReason, Issued, IssuedTo, Lot, MOST_UNITS, OnHand, Origin, Posting, Shortage,
        Taking, WriteOffReason, correct, count, counted, in_words, is_to_be_counted, put_back, quantity,
        receive, sum, take, take_of_lot, transfer, typed_quantity, write_off,
    },
};

use crate::world::{d, id};

const ITEMS: usize = 3;
const PLACES: usize = 3;

/// Something that somebody tries to do. What it is done to is one of those that there are by then.
#[derive(Clone, Debug)]
enum Step {
    Receive { item: usize, place: usize, units: u32, pence: i64, keeps: Option<u32>, donated: bool },
    Correct { lot: Index, units: u32, pence: i64 },
    Issue { item: usize, place: usize, units: u32, stay: usize },
    IssueOfLot { balance: Index, units: u32, stay: usize },
    Transfer { balance: Index, to: usize, units: u32 },
    Count { balance: Index, units: u32, why: Option<CountReason> },
    WriteOff { balance: Index, units: u32, why: WriteOffReason },
    PutBack { issued: Index, place: usize, units: u32 },
    DayPasses,
}

fn step() -> impl Strategy<Value = Step> {
    let units = 0_u32..12;
    let item = 0..ITEMS;
    let place = 0..PLACES;
    let balance = any::<Index>;
    let why = option::weighted(0.8, proptest::sample::select(&CountReason::ALL[..]));
    prop_oneof![
        4 => (item.clone(), place.clone(), units.clone(), -1_i64..2_000, option::of(0_u32..4), any::<bool>())
            .prop_map(|(item, place, units, pence, keeps, donated)| {
                Step::Receive { item, place, units, pence, keeps, donated }
            }),
        1 => (balance(), units.clone(), 0_i64..2_000)
            .prop_map(|(lot, units, pence)| Step::Correct { lot, units, pence }),
        4 => (item, place.clone(), units.clone(), 0_usize..3)
            .prop_map(|(item, place, units, stay)| Step::Issue { item, place, units, stay }),
        2 => (balance(), units.clone(), 0_usize..3)
            .prop_map(|(balance, units, stay)| Step::IssueOfLot { balance, units, stay }),
        3 => (balance(), place.clone(), units.clone())
            .prop_map(|(balance, to, units)| Step::Transfer { balance, to, units }),
        2 => (balance(), units.clone(), why).prop_map(|(balance, units, why)| Step::Count { balance, units, why }),
        2 => (balance(), units.clone(), proptest::sample::select(&WriteOffReason::ALL[..]))
            .prop_map(|(balance, units, why)| Step::WriteOff { balance, units, why }),
        2 => (balance(), place, units).prop_map(|(issued, place, units)| Step::PutBack { issued, place, units }),
        1 => Just(Step::DayPasses),
    ]
}

fn item(n: usize) -> Item {
    Item {
        id: ItemId(id(n)),
        code: format!("I-{n}"),
        name: format!("Item {n}"),
        category: "food".into(),
        unit_of_issue: "unit".into(),
        pack_size: 1,
        price: Pence(100),
        supplier: None,
        eaten: true,
        contains: None,
        suits: [].into(),
        shelf_life_days: None,
        perishable: false,
        barcode: None,
        retired: false,
    }
}

fn place(n: usize) -> Place {
    Place {
        id: PlaceId(id(n)),
        code: format!("P-{n}"),
        name: format!("Place {n}"),
        kind: PlaceKind::Office,
        closed: false,
    }
}

fn to(stay: usize) -> IssuedTo {
    IssuedTo { stay: StayId(id(stay)), pack: None }
}

/// What is kept beside the ledger, as the database keeps it.
struct Store {
    today: Night,
    lots: BTreeMap<LotId, (Lot, PlaceId)>,
    balances: BTreeMap<(PlaceId, LotId), Balance>,
    issued: BTreeMap<(IssuedTo, LotId), Issued>,
    ledger: Vec<Posting>,
}

impl Store {
    fn new() -> Self {
        Self {
            today: d("2020-11-03"),
            lots: BTreeMap::new(),
            balances: BTreeMap::new(),
            issued: BTreeMap::new(),
            ledger: Vec::new(),
        }
    }

    fn on_hand(&self) -> Vec<OnHand> {
        let with_lot =
            |balance: &Balance| OnHand { balance: *balance, lot: self.lots[&balance.lot].0.clone() };
        self.balances.values().map(with_lot).collect()
    }

    fn balance(&self, at: Index) -> Option<OnHand> {
        let all = self.on_hand();
        (!all.is_empty()).then(|| at.get(&all).clone())
    }

    /// Keeps what changes, and finds it to be the naive sum of what there was and what the entry says.
    fn keep(&mut self, change: Change) {
        let Change { posting, balance } = change;
        let key = (balance.place, balance.lot);
        assert_eq!(key, (posting.place, posting.lot));
        let before = self.balances.get(&key).copied().unwrap_or(Balance::none(balance.item, key.0, key.1));
        assert_eq!(i64::from(balance.quantity), i64::from(before.quantity) + posting.quantity);
        assert_eq!(balance.value.0, before.value.0 + posting.value.0);
        self.balances.insert(key, balance);
        self.ledger.push(posting);
    }

    fn issue(&mut self, to: IssuedTo, takings: Vec<Taking>) {
        for taking in takings {
            let Balance { item, lot, .. } = taking.balance;
            let none = Issued { to, item, lot, quantity: 0, value: Pence::ZERO };
            let issued = self.issued.entry((to, lot)).or_insert(none);
            issued.quantity += taking.quantity;
            issued.value = issued.value + taking.value;
            self.keep(taking.issued(to));
        }
    }

    fn take(&mut self, step: &Step) -> Result<(), Refusal> {
        match step {
            Step::DayPasses => self.today = later(self.today, 1),
            Step::Receive { item: of, place: at, units, pence, keeps, donated } => {
                let lot = Lot {
                    id: LotId(id(self.lots.len())),
                    item: ItemId(id(*of)),
                    code: None,
                    expires_on: keeps.map(|days| later(self.today, days)),
                    received_at: "2020-11-03T12:00:00Z".parse().unwrap(),
                    origin: if *donated {
                        Origin::Donated { by: None, delivery_note: None }
                    } else {
                        Origin::Bought { supplier: "Booker".into(), delivery_note: None, grant: None }
                    },
                    quantity: *units,
                    cost: Pence(*pence),
                };
                let change = receive(&lot, &item(*of), &place(*at), self.today)?;
                self.lots.insert(lot.id, (lot, PlaceId(id(*at))));
                self.keep(change);
            }
            Step::Correct { lot, units, pence } => {
                let all: Vec<_> = self.lots.values().cloned().collect();
                if all.is_empty() {
                    return Ok(());
                }
                let (lot, at) = lot.get(&all);
                let balance = self.balances[&(*at, lot.id)];
                let (lot, change) = correct(lot, StockEntryId(id(0)), balance, *units, Pence(*pence))?;
                self.lots.insert(lot.id, (lot, *at));
                self.keep(change);
            }
            Step::Issue { item: of, place: at, units, stay } => {
                let (of, at) = (ItemId(id(*of)), PlaceId(id(*at)));
                let on_hand = self.on_hand();
                let taken = take(&on_hand, of, at, *units, self.today);
                expires_first_goes_first(&on_hand, of, at, *units, self.today, &taken);
                let takings = taken.map_err(|shortage| shortage.refusal(&item(0), &place(0)))?;
                self.issue(to(*stay), takings);
            }
            Step::IssueOfLot { balance, units, stay } => {
                let Some(one) = self.balance(*balance) else { return Ok(()) };
                let taking = take_of_lot(&one, *units, self.today)?;
                assert!(one.lot.expires_on.is_none_or(|last| last >= self.today), "it had expired");
                self.issue(to(*stay), vec![taking]);
            }
            Step::Transfer { balance, to, units } => {
                let Some(one) = self.balance(*balance) else { return Ok(()) };
                let there = self.balances.get(&(PlaceId(id(*to)), one.lot.id)).copied();
                let [out, in_] = transfer(one.balance, &place(*to), there, *units)?;
                assert_eq!(out.posting.value, -in_.posting.value);
                self.keep(out);
                self.keep(in_);
            }
            Step::Count { balance, units, why } => {
                let Some(one) = self.balance(*balance) else { return Ok(()) };
                let change = count(one.balance, &one.lot, *units, *why)?;
                assert_eq!(change.balance.quantity, *units);
                self.keep(change);
            }
            Step::WriteOff { balance, units, why } => {
                let Some(one) = self.balance(*balance) else { return Ok(()) };
                let change = write_off(&one, *units, *why, self.today)?;
                self.keep(change);
            }
            Step::PutBack { issued, place: at, units } => {
                let all: Vec<_> = self.issued.values().copied().collect();
                if all.is_empty() {
                    return Ok(());
                }
                let issued = *issued.get(&all);
                let here = self.balances.get(&(PlaceId(id(*at)), issued.lot)).copied();
                let (left, change) = put_back(issued, &place(*at), here, *units)?;
                self.issued.insert((issued.to, issued.lot), left);
                self.keep(change);
            }
        }
        Ok(())
    }
}

/// What there is of an item in a place, unit by unit, is what may be taken; and what is taken expires no later than what is
/// left.
fn expires_first_goes_first(
    on_hand: &[OnHand],
    item: ItemId,
    place: PlaceId,
    wanted: u32,
    today: Night,
    taken: &Result<Vec<Taking>, Shortage>,
) {
    let here = on_hand.iter().filter(|one| one.balance.item == item && one.balance.place == place);
    let mut units: Vec<Night> = Vec::new();
    for one in here {
        let last = one.lot.expires_on.unwrap_or(Night::MAX);
        units.extend((0..one.balance.quantity).map(|_| last));
    }
    units.retain(|last| *last >= today);
    units.sort();
    match taken {
        Err(shortage) => {
            assert_eq!(shortage.usable as usize, units.len());
            assert!(shortage.usable < wanted);
        }
        Ok(takings) => {
            let last = |taking: &Taking| taking.expires_on.unwrap_or(Night::MAX);
            let got: Vec<Night> =
                takings.iter().flat_map(|taking| (0..taking.quantity).map(move |_| last(taking))).collect();
            assert_eq!(got, units[..wanted as usize]);
        }
    }
}

/// Quantity and value by place and lot.
type Units = BTreeMap<(PlaceId, LotId), (i64, i64)>;

/// The ledger added up the slow and obvious way: quantity and value of each place and lot, and where the money went.
fn naive(ledger: &[Posting]) -> (Units, [i64; 3]) {
    let mut balances = Units::new();
    let [mut came, mut issued, mut gone] = [0; 3];
    for posting in ledger {
        let balance = balances.entry((posting.place, posting.lot)).or_default();
        balance.0 += posting.quantity;
        balance.1 += posting.value.0;
        assert!(balance.0 >= 0 && balance.1 >= 0, "below zero: {posting:?}");
        assert!(balance.0 > 0 || balance.1 == 0, "money without units: {posting:?}");
        match posting.movement.kind().as_str() {
            "received" | "corrected" => came += posting.value.0,
            "counted" if posting.quantity > 0 => came += posting.value.0,
            "counted" | "written_off" => gone -= posting.value.0,
            "issued" | "returned" => issued -= posting.value.0,
            "transferred_out" | "transferred_in" => {}
            other => panic!("{other}"),
        }
    }
    (balances, [came, issued, gone])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn no_balance_is_below_zero_each_is_the_sum_of_its_entries_and_no_penny_is_lost(
        steps in vec(step(), 1..40),
    ) {
        let mut store = Store::new();
        for step in &steps {
            let entries = store.ledger.len();
            if store.take(step).is_err() {
                prop_assert_eq!(store.ledger.len(), entries, "refused, and something was written");
            }
        }
        let (balances, [came, issued, gone]) = naive(&store.ledger);
        let kept: BTreeMap<_, _> = store
            .balances
            .iter()
            .map(|(key, balance)| (*key, (i64::from(balance.quantity), balance.value.0)))
            .collect();
        prop_assert_eq!(&kept, &balances);
        let on_hand: i64 = balances.values().map(|(_, value)| value).sum();
        prop_assert_eq!(came, on_hand + issued + gone);
        let still: i64 = store.issued.values().map(|issued| issued.value.0).sum();
        prop_assert_eq!(issued, still, "what households have is what was issued and did not come back");

        let sums = sum(&store.ledger).unwrap();
        prop_assert_eq!(&sums.balances, &store.balances);
        prop_assert_eq!(&sums.issued, &store.issued);
        prop_assert!(sums.agree());
        prop_assert_eq!(
            [sums.flows.value_in, sums.flows.issued, sums.flows.written_off],
            [Pence(came), Pence(issued), Pence(gone)]
        );
    }

    #[test]
    fn a_quantity_is_a_whole_number_of_at_least_one(n in any::<i64>()) {
        let fits = (1..=i64::from(MOST_UNITS)).contains(&n);
        prop_assert_eq!(quantity(n, "quantity").is_ok(), fits);
        prop_assert_eq!(counted(n, "counted").is_ok(), fits || n == 0);
    }
}

fn received(units: u32, pence: i64, expires_on: Option<&str>) -> OnHand {
    let lot = Lot {
        id: LotId(id(1)),
        item: ItemId(id(0)),
        code: Some("L-1".into()),
        expires_on: expires_on.map(d),
        received_at: "2020-11-01T12:00:00Z".parse().unwrap(),
        origin: Origin::Bought { supplier: "Booker".into(), delivery_note: Some("DN-7".into()), grant: None },
        quantity: units,
        cost: Pence(pence),
    };
    let balance = receive(&lot, &item(0), &place(0), d("2020-11-01")).unwrap().balance;
    OnHand { balance, lot }
}

#[test]
fn what_was_typed_is_a_whole_number_or_told_what_it_is() {
    assert_eq!(typed_quantity(" 12 ", "quantity").unwrap(), 12);
    assert_eq!(typed_quantity("-3", "quantity").unwrap(), -3, "refused as below one");
    assert!(typed_quantity("1.5", "quantity").unwrap_err().message.contains("whole"));
    assert!(typed_quantity("a few", "quantity").unwrap_err().message.contains("digits"));
}

#[test]
fn an_expired_lot_is_not_given_out_and_is_written_off_by_its_day() {
    let lot = received(5, 100, Some("2020-11-02"));
    assert!(take_of_lot(&lot, 1, d("2020-11-02")).is_ok(), "its last day");
    let refusal = take_of_lot(&lot, 1, d("2020-11-03")).unwrap_err();
    assert_eq!(refusal.code, RefusalCode::Expired);
    assert_eq!(refusal.message, "Lot L-1 expired on 2020-11-02 and is not given out: write it off.");
    let shortage =
        take(std::slice::from_ref(&lot), ItemId(id(0)), PlaceId(id(0)), 1, d("2020-11-03")).unwrap_err();
    let refusal = shortage.refusal(&item(0), &place(0));
    assert_eq!(refusal.code, RefusalCode::Expired);
    assert!(refusal.message.contains("5 expired, the first on 2020-11-02: write them off"), "{refusal}");

    let gone = write_off(&lot, 5, WriteOffReason::Expired, d("2020-11-03")).unwrap();
    assert_eq!(gone.posting.value, Pence(-100));
    assert!(write_off(&lot, 5, WriteOffReason::Expired, d("2020-11-01")).is_err(), "it is still good");
    assert!(write_off(&lot, 6, WriteOffReason::Damaged, d("2020-11-01")).is_err());
    assert!(write_off(&received(1, 1, None), 1, WriteOffReason::Expired, d("2020-11-01")).is_err());
}

#[test]
fn what_can_not_have_come_is_refused() {
    let good = received(5, 100, None).lot;
    let today = d("2020-11-01");
    let retired = Item { retired: true, ..item(0) };
    let closed = Place { closed: true, ..place(0) };
    assert!(receive(&good, &retired, &place(0), today).is_err());
    assert!(receive(&good, &item(0), &closed, today).is_err());
    let expired = Lot { expires_on: Some(d("2020-10-31")), ..good.clone() };
    assert_eq!(
        receive(&expired, &item(0), &place(0), today).unwrap_err().field.as_deref(),
        Some("expiresOn")
    );
    for cost in [0, -1, 5_000_000] {
        let lot = Lot { cost: Pence(cost), ..good.clone() };
        let refusal = receive(&lot, &item(0), &place(0), today).unwrap_err();
        assert_eq!(refusal.field.as_deref(), Some("cost"), "{cost}");
    }
    let donated =
        Lot { cost: Pence::ZERO, origin: Origin::Donated { by: None, delivery_note: None }, ..good.clone() };
    assert!(receive(&donated, &item(0), &place(0), today).is_ok());
    for units in [0, MOST_UNITS + 1] {
        assert!(receive(&Lot { quantity: units, ..good.clone() }, &item(0), &place(0), today).is_err());
    }
}

#[test]
fn a_count_that_differs_is_explained_and_one_that_does_not_is_on_record() {
    let lot = received(5, 103, None);
    let same = count(lot.balance, &lot.lot, 5, Some(CountReason::Lost)).unwrap();
    assert_eq!((same.posting.quantity, same.posting.value), (0, Pence::ZERO));
    let refusal = count(lot.balance, &lot.lot, 3, None).unwrap_err();
    assert_eq!(refusal.message, "That is 2 fewer than the 5 that the ledger has: say why.");
    let missed = count(lot.balance, &lot.lot, 3, Some(CountReason::Lost)).unwrap();
    assert_eq!(missed.posting.value, Pence(-41));
    let found = count(lot.balance, &lot.lot, 7, Some(CountReason::Miscounted)).unwrap();
    assert_eq!(found.posting.value, Pence(40), "at what a unit cost when it came, rounded down");
}

#[test]
fn a_count_sheet_is_written_once_and_never_over_what_moved_since() {
    let here = received(9, 900, None).balance;
    let asked = |counted, sheet, since| is_to_be_counted(here, counted, sheet, since);
    for (counted, sheet, since, written) in [
        // By hand: nobody says when, and what the ledger has is not written again.
        (7, None, None, true),
        (9, None, None, false),
        // From a sheet that says when it was made: that it was right is written, once.
        (7, Some(9), Some(false), true),
        (9, Some(9), Some(false), true),
        (9, Some(9), Some(true), false),
        // It is what the ledger has by now: the sheet has been brought in before.
        (9, Some(12), Some(true), false),
        (9, Some(12), Some(false), false),
    ] {
        assert_eq!(asked(counted, sheet, since).unwrap(), written, "{counted} {sheet:?} {since:?}");
    }
    let refusal = asked(7, Some(10), Some(false)).unwrap_err();
    assert_eq!((refusal.code, refusal.field.as_deref()), (RefusalCode::Changed, Some("counted")));
}

#[test]
fn a_reason_that_is_none_of_the_list_is_said_in_words() {
    assert_eq!(in_words(true, Some(" mice ")).unwrap().as_deref(), Some("mice"));
    assert_eq!(in_words(false, None).unwrap(), None);
    assert_eq!(in_words(false, Some("a tin was dented")).unwrap().as_deref(), Some("a tin was dented"));
    for note in [None, Some(""), Some("  ")] {
        assert_eq!(in_words(true, note).unwrap_err().field.as_deref(), Some("note"));
    }
}

#[test]
fn a_mistake_in_what_came_is_put_right_as_far_as_it_is_still_there() {
    let lot = received(10, 1_000, None);
    let entry = StockEntryId(id(9));
    let [out, _] = transfer(lot.balance, &place(1), None, 4).unwrap();
    let (right, change) = correct(&lot.lot, entry, out.balance, 5, Pence(500)).unwrap();
    assert_eq!((right.quantity, right.cost), (5, Pence(500)));
    assert_eq!((change.balance.quantity, change.balance.value), (1, Pence(100)));
    assert!(correct(&lot.lot, entry, out.balance, 3, Pence(500)).is_err(), "four have gone on");
    assert!(correct(&lot.lot, entry, out.balance, 10, Pence(300)).is_err(), "400 have gone on");
    assert!(
        correct(&lot.lot, entry, out.balance, 4, Pence(500)).is_err(),
        "nothing is left to bear the rest"
    );
}
