//! Packs: the food and toiletries that a household is given, made up from stock by a template.
//!
//! A stay has its pack from the moment it is booked: a list ([`crate::pack_lists`]), then made up
//! ([`crate::picking`]), then handed over.

use std::{collections::BTreeMap, fmt, str::FromStr};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    ids::{HouseholdId, LotId, PackId, PackTemplateId, StayId},
    items::Avoids,
    needs::ChildAges,
    nights::Night,
    pack_lists::{Asked, LotInLine, PackList},
    pack_templates::PackTemplate,
    picking::{LineTaking, Picked, Shortfall},
    places::Place,
    refusal::{Refusal, RefusalCode},
    stays::{Stay, StayStatus},
    stock::{self, Balance, Change, Issued, IssuedTo},
};

/// The state of a pack, without its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PackStatus {
    /// It is a list.
    Planned,
    /// It is made up.
    Prepared,
    /// The household has it.
    HandedOver,
    /// It was not needed.
    Cancelled,
}

impl PackStatus {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Planned, Self::Prepared, Self::HandedOver, Self::Cancelled];

    /// The status's name in code and files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Prepared => "prepared",
            Self::HandedOver => "handed_over",
            Self::Cancelled => "cancelled",
        }
    }

    /// The status in words.
    const fn words(self) -> &'static str {
        match self {
            Self::HandedOver => "handed over",
            other => other.as_str(),
        }
    }
}

impl fmt::Display for PackStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for PackStatus {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|status| status.as_str() == text).ok_or_else(|| {
            format!("{text:?} is not a status of a pack: use planned, prepared, handed_over or cancelled")
        })
    }
}

/// The state of a pack, with what is true in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum PackState {
    /// It is a list.
    Planned,
    /// It is made up.
    Prepared {
        /// When.
        at: DateTime<Utc>,
    },
    /// The household has it.
    HandedOver {
        /// When it was made up.
        prepared_at: DateTime<Utc>,
        /// When they got it.
        at: DateTime<Utc>,
    },
    /// It was not needed. What had been opened by then stays given.
    Cancelled {
        /// When.
        at: DateTime<Utc>,
    },
}

impl PackState {
    /// The state without its data.
    pub const fn status(self) -> PackStatus {
        match self {
            Self::Planned => PackStatus::Planned,
            Self::Prepared { .. } => PackStatus::Prepared,
            Self::HandedOver { .. } => PackStatus::HandedOver,
            Self::Cancelled { .. } => PackStatus::Cancelled,
        }
    }
}
/// What is said of a pack that is nobody else's business. Kept sealed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PackWords {
    /// The children by age, where that was asked for the pack; else the referral's.
    pub ages: Option<ChildAges>,
    /// What the household can't or won't have, besides what its referral says.
    pub avoids: Avoids,
    /// What it asked for besides, in the order in which it did.
    pub asked: Vec<Asked>,
    /// What was not there when it was looked for, each time.
    pub shortfalls: Vec<Shortfall>,
}

/// The pack of a stay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pack {
    /// Its id.
    pub id: PackId,
    /// Whose it is.
    pub household: HouseholdId,
    /// The stay that it is for.
    pub stay: StayId,
    /// The template that it was made by.
    pub template: PackTemplateId,
    /// Which version of it.
    pub template_version: u32,
    /// For how many nights in homes before this one it was for, where the household was moved with it.
    pub nights_before: u32,
    /// When it was planned.
    pub planned_at: DateTime<Utc>,
    /// What has become of it.
    pub state: PackState,
    /// How many units were not there as they were wanted when it was made up.
    pub missing: u32,
    /// Of those, how many nothing stood in for.
    pub unmet: u32,
}

impl Pack {
    /// The pack that a stay gets when it is booked.
    pub fn planned(id: PackId, stay: &Stay, template: &PackTemplate, at: DateTime<Utc>) -> Self {
        Self {
            id,
            household: stay.household,
            stay: stay.id,
            template: template.id,
            template_version: template.version,
            nights_before: 0,
            planned_at: at,
            state: PackState::Planned,
            missing: 0,
            unmet: 0,
        }
    }

    /// The state without its data.
    pub const fn status(&self) -> PackStatus {
        self.state.status()
    }

    /// For how many nights it is.
    pub fn nights(&self, stay: &Stay, today: Night) -> u32 {
        self.nights_before.saturating_add(stay.kept(today).len())
    }

    /// The household goes on to another stay, and takes its pack along. `from` has closed.
    #[must_use]
    pub fn moved(self, from: &Stay, to: &Stay) -> Self {
        Self { stay: to.id, nights_before: self.nights_before.saturating_add(from.nights.len()), ..self }
    }

    /// What was picked goes in. Gives what is to be entered in the ledger, in order.
    pub fn prepare(
        self,
        stay: &Stay,
        picked: &Picked,
        at: DateTime<Utc>,
    ) -> Result<(Self, Vec<Change>), Refusal> {
        self.must_be(&[PackStatus::Planned], "prepared")?;
        must_go_on(stay)?;
        let sum = |units: fn(&Shortfall) -> u32| {
            picked.shortfalls.iter().map(units).fold(0_u32, u32::saturating_add)
        };
        let (missing, unmet) = (sum(|short| short.missing), sum(Shortfall::unmet));
        let changes = self.filled(picked);
        Ok((Self { state: PackState::Prepared { at }, missing, unmet, ..self }, changes))
    }

    /// What was picked for what is still missing goes in too.
    pub fn top_up(&self, stay: &Stay, picked: &Picked) -> Result<Vec<Change>, Refusal> {
        self.must_be(&[PackStatus::Prepared, PackStatus::HandedOver], "topped up")?;
        must_go_on(stay)?;
        if picked.takings.is_empty() {
            let message = "Nothing of what the pack still needs is there: take other places, or buy it.";
            return Err(Refusal::new(RefusalCode::OutOfStock, message).on("places"));
        }
        Ok(self.filled(picked))
    }

    /// The household gets it. Refused while it is not there, and while the pack has something that is not for it.
    pub fn hand_over(self, stay: &Stay, list: &PackList, at: DateTime<Utc>) -> Result<Self, Refusal> {
        self.must_be(&[PackStatus::Prepared], "handed over")?;
        let PackState::Prepared { at: prepared_at } = self.state else { return Ok(self) };
        if stay.status() != StayStatus::InResidence {
            let message = format!(
                "The stay is {}: a pack is handed over to a household that is there. Check it in first.",
                stay.status().words()
            );
            return Err(Refusal::new(RefusalCode::WrongState, message).on("pack"));
        }
        if list.is_amiss() {
            let message = "Something in the pack is not for this household by what is known now: put it back, and top \
                           the pack up.";
            return Err(Refusal::new(RefusalCode::Unsuitable, message).on("pack"));
        }
        Ok(Self { state: PackState::HandedOver { prepared_at, at }, ..self })
    }

    /// It is not needed. What can be put back has been, before: what is left in it was opened, and stays given.
    pub fn cancel(self, at: DateTime<Utc>) -> Result<Self, Refusal> {
        self.must_be(&[PackStatus::Planned, PackStatus::Prepared], "cancelled")?;
        Ok(Self { state: PackState::Cancelled { at }, ..self })
    }

    /// Refused once it was handed over and the stay is over, or it was not needed: then nothing is said of it any more.
    pub fn adapt(&self, stay: &Stay) -> Result<(), Refusal> {
        self.must_be(&[PackStatus::Planned, PackStatus::Prepared, PackStatus::HandedOver], "changed")?;
        must_go_on(stay)
    }

    /// Some of what is in it goes to a place, not opened. `here` is what the place has of the lots.
    pub fn put_back(
        &self,
        list: &PackList,
        back: &[LotInLine],
        place: &Place,
        here: &[Balance],
    ) -> Result<Vec<Change>, Refusal> {
        self.must_be(&[PackStatus::Prepared, PackStatus::HandedOver], "put back")?;
        let mut left: BTreeMap<(u32, LotId), Vec<Issued>> = BTreeMap::new();
        for line in &list.lines {
            for issued in line.contents() {
                left.entry((line.no, issued.lot)).or_default().push(*issued);
            }
        }
        let here = here.iter().filter(|balance| balance.place == place.id);
        let mut here: BTreeMap<LotId, Balance> = here.map(|balance| (balance.lot, *balance)).collect();
        let mut changes = Vec::new();
        for LotInLine { line, lot, quantity } in back {
            let in_line = left.get_mut(&(*line, *lot));
            let in_line = in_line.ok_or_else(|| Refusal::not_found("item in the pack", "lines"))?;
            let there = in_line.iter().fold(0, |sum: u32, issued| sum.saturating_add(issued.quantity));
            if *quantity == 0 || *quantity > there {
                return Err(Refusal::bad(
                    "lines",
                    format!(
                        "Line {line} has {there} units of this lot: put back 1 to {there}, not {quantity}."
                    ),
                ));
            }
            // It may have been given in several homes, one after the other.
            let mut missing = *quantity;
            for issued in in_line.iter_mut().filter(|issued| issued.quantity > 0) {
                let units = missing.min(issued.quantity);
                if units == 0 {
                    break;
                }
                let (rest, change) = stock::put_back(*issued, place, here.get(lot).copied(), units)?;
                *issued = rest;
                here.insert(*lot, change.balance);
                changes.push(change);
                missing -= units;
            }
        }
        Ok(changes)
    }

    /// The entries that put what was picked into the pack.
    fn filled(&self, picked: &Picked) -> Vec<Change> {
        let issued = |LineTaking { line, taking }: &LineTaking| {
            taking.issued(IssuedTo { stay: self.stay, pack: Some((self.id, *line)) })
        };
        picked.takings.iter().map(issued).collect()
    }

    fn must_be(&self, statuses: &[PackStatus], to: &str) -> Result<(), Refusal> {
        let status = self.status();
        if statuses.contains(&status) {
            return Ok(());
        }
        let instead = match status {
            PackStatus::Planned => "prepare it first",
            PackStatus::Prepared => "top it up, hand it over or cancel it",
            PackStatus::HandedOver => "top it up, or put back what was not opened",
            PackStatus::Cancelled => "plan a new one for the stay",
        };
        let only: Vec<_> = statuses.iter().map(|status| status.words()).collect();
        Err(Refusal::new(
            RefusalCode::WrongState,
            format!(
                "The pack is {} and can't be {to}: only one that is {} can be; {instead}.",
                status.words(),
                only.join(" or ")
            ),
        )
        .on("pack"))
    }
}

/// Refused where the stay is over: things are given to a household that is there or awaited.
pub fn must_go_on(stay: &Stay) -> Result<(), Refusal> {
    if matches!(stay.status(), StayStatus::Booked | StayStatus::InResidence) {
        return Ok(());
    }
    let message = "This stay is over: things are given to a household that is there or awaited.";
    Err(Refusal::new(RefusalCode::WrongState, message).on("stay"))
}

/// What is wrong with a pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PackConcern {
    /// The household is there, or comes tonight, and nobody has made its pack up.
    NotPrepared,
    /// The household is there and has not got its pack.
    NotHandedOver,
    /// Something in it is not for the household by what is known now.
    Amiss,
    /// It needs so many units that nobody has looked for, as where the stay was extended.
    ToTopUp {
        /// How many.
        units: u32,
    },
    /// The stay is over, and what is in the pack was not put back.
    LeftOver,
}

/// What somebody must see to of a pack, where anything is wrong with it.
pub fn concern(
    pack: &Pack,
    stay: &Stay,
    list: &PackList,
    shortfalls: &[Shortfall],
    today: Night,
) -> Option<PackConcern> {
    let is_there = stay.status() == StayStatus::InResidence;
    let is_over = must_go_on(stay).is_err();
    let units = not_looked_for(list, shortfalls);
    match pack.status() {
        PackStatus::Planned if is_there || (!is_over && stay.nights.arrival() <= today) => {
            Some(PackConcern::NotPrepared)
        }
        PackStatus::Prepared if is_over => Some(PackConcern::LeftOver),
        PackStatus::Prepared | PackStatus::HandedOver if !is_over && list.is_amiss() => {
            Some(PackConcern::Amiss)
        }
        PackStatus::Prepared if is_there => Some(PackConcern::NotHandedOver),
        PackStatus::Prepared | PackStatus::HandedOver if !is_over && units > 0 => {
            Some(PackConcern::ToTopUp { units })
        }
        _ => None,
    }
}

/// How many units a pack needs that were not looked for yet, as where the stay was extended: of what is outstanding, those
/// that no shortfall tells of.
pub fn not_looked_for(list: &PackList, shortfalls: &[Shortfall]) -> u32 {
    let known = |line: u32| {
        let latest = shortfalls.iter().rev().find(|short| short.line == line);
        latest.map_or(0, Shortfall::unmet)
    };
    let left = list.lines.iter().map(|line| line.outstanding().saturating_sub(known(line.no)));
    left.fold(0, u32::saturating_add)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use uuid::Uuid;

    use super::*;
    use crate::{
        households::People,
        ids::{ItemId, PlaceId, UnitId},
        items::{Allergen, Catalogue, Diet, Item, Why},
        money::Pence,
        nights::Nights,
        pack_lists::{PackFor, PassedOver, asked_now, pack_list},
        pack_templates::{AgeBand, MOST_A_HEAD, Per, TemplateLine, template_for},
        picking::{pick, picking_list},
        places::PlaceKind,
        stays::StayState,
        stock::{Lot, OnHand, Origin},
        units::Scheme,
    };

    const NAPPIES: u128 = 1;
    const MILK: u128 = 2;
    const OAT_MILK: u128 = 3;
    const SOAP: u128 = 4;

    fn item_id(n: u128) -> ItemId {
        ItemId(Uuid::from_u128(n))
    }

    fn catalogue() -> Catalogue {
        let item = |n: u128, code: &str, eaten: bool, contains: &[Allergen]| Item {
            id: item_id(n),
            code: code.into(),
            name: code.to_lowercase(),
            category: "food".into(),
            unit_of_issue: "unit".into(),
            pack_size: 1,
            price: Pence(100),
            supplier: None,
            eaten,
            contains: Some(contains.iter().copied().collect()),
            suits: if contains.is_empty() { [Diet::Vegan].into() } else { BTreeSet::new() },
            shelf_life_days: None,
            perishable: false,
            barcode: None,
            retired: false,
        };
        let items = [
            item(NAPPIES, "NAPPIES", false, &[]),
            item(MILK, "MILK", true, &[Allergen::Milk]),
            item(OAT_MILK, "OAT-MILK", true, &[]),
            item(SOAP, "SOAP", false, &[]),
        ];
        items.map(|item| (item.id, item)).into()
    }

    fn line(alternatives: &[u128], per: Per, quantity: u32, every_nights: Option<u32>) -> TemplateLine {
        let alternatives = alternatives.iter().copied().map(item_id).collect();
        TemplateLine { alternatives, per, quantity, every_nights }
    }

    fn template() -> PackTemplate {
        PackTemplate {
            id: PackTemplateId(Uuid::from_u128(1)),
            code: "ARRIVAL".into(),
            name: "Arrival".into(),
            version: 1,
            scheme: None,
            lines: vec![
                line(&[MILK, OAT_MILK], Per::Person, 1, Some(3)),
                line(&[NAPPIES], Per::ChildOf(AgeBand::Under2), 6, Some(1)),
                line(&[SOAP], Per::Household, 1, None),
            ],
            retired: false,
        }
    }

    fn to() -> PackFor {
        PackFor {
            people: People { adults: 1, children: 1 },
            ages: Some(ChildAges { under_2: 1, ..ChildAges::default() }),
            avoids: Avoids::default(),
            nights: 7,
            asked: Vec::new(),
            goes_on: false,
        }
    }

    fn stay() -> Stay {
        let nights = Nights::new("2020-11-03".parse().unwrap(), "2020-11-10".parse().unwrap()).unwrap();
        Stay {
            id: StayId(Uuid::nil()),
            household: HouseholdId(Uuid::nil()),
            unit: UnitId(Uuid::nil()),
            people: to().people,
            planned: nights,
            nights,
            state: StayState::InResidence { arrived_at: None },
            moved_from: None,
            booked_at: at(NOON),
            over_limit: false,
        }
    }

    fn pack() -> Pack {
        Pack::planned(PackId(Uuid::nil()), &stay(), &template(), at(NOON))
    }

    fn list(to: &PackFor, given: &[Issued]) -> PackList {
        pack_list(&template(), to, &catalogue(), given)
    }

    /// What was given by these changes, and has not come back.
    fn given(changes: &[Change]) -> Vec<Issued> {
        stock::issued(changes.iter().map(|change| &change.posting))
    }

    /// A pack that was made up of what the shelf has.
    fn prepared(shelf: impl IntoIterator<Item = OnHand>) -> (Pack, Vec<Issued>) {
        let picked = pick(&list(&to(), &[]), &catalogue(), shelf, &Avoids::default(), at(NOON));
        let (pack, changes) = pack().prepare(&stay(), &picked, at(NOON)).unwrap();
        (pack, given(&changes))
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn office() -> Place {
        Place {
            id: PlaceId(Uuid::nil()),
            code: "OFFICE".into(),
            name: "Office".into(),
            kind: PlaceKind::Office,
            closed: false,
        }
    }

    fn on_hand(n: u128, quantity: u32) -> OnHand {
        let id = LotId(Uuid::from_u128(n));
        let lot = Lot {
            id,
            item: item_id(n),
            code: None,
            expires_on: None,
            received_at: at("2020-11-01T09:00:00Z"),
            origin: Origin::Donated { by: None, delivery_note: None },
            quantity,
            cost: Pence(100).times(quantity),
        };
        let balance = Balance { item: item_id(n), place: office().id, lot: id, quantity, value: lot.cost };
        OnHand { balance, lot }
    }

    const NOON: &str = "2020-11-03T12:00:00Z";

    #[test]
    fn a_list_says_how_each_quantity_comes_about() {
        let told: Vec<_> = list(&to(), &[]).lines.iter().map(|line| line.rule.to_string()).collect();
        assert_eq!(
            told,
            [
                "2 people × 1 for every 3 of 7 nights, those begun too = 6",
                "1 child under 2 × 6 for each of 7 nights = 42",
                "1 household × 1 = 1"
            ]
        );
    }

    #[test]
    fn what_does_not_suit_is_passed_over_and_what_nothing_suits_stays_wanted() {
        let milk = Avoids { allergens: [Allergen::Milk].into(), diets: BTreeSet::new() };
        let asked = vec![Asked { item: item_id(MILK), quantity: 2 }];
        let listed = list(&PackFor { avoids: milk, asked, ..to() }, &[]);
        assert_eq!(listed.lines[0].wanted, Some(item_id(OAT_MILK)));
        let last = listed.lines.last().unwrap();
        assert_eq!((last.no, last.wanted, last.quantity), (4, None, 2));
        let why = |line| PassedOver { line, item: item_id(MILK), why: vec![Why::Contains(Allergen::Milk)] };
        assert_eq!(listed.passed_over, [why(1), why(4)]);
    }

    #[test]
    fn who_does_not_know_the_ages_is_asked_for_them() {
        let listed = list(&PackFor { ages: None, ..to() }, &[]);
        assert_eq!(listed.lines.iter().map(|line| line.no).collect::<Vec<_>>(), [1, 3]);
        assert_eq!(
            listed.unanswered[0].to_string(),
            "Nobody knows how old 1 child is: nothing is in by line 2, which is for each child under 2. Ask, then note \
             the ages."
        );
    }

    #[test]
    fn what_is_missing_is_on_record_with_what_stands_in_for_it() {
        let shelf = [on_hand(MILK, 4), on_hand(OAT_MILK, 1), on_hand(NAPPIES, 50)];
        let whole = list(&to(), &[]);
        let picked = pick(&whole, &catalogue(), shelf, &Avoids::default(), at(NOON));
        let [milk, soap] = &picked.shortfalls[..] else { panic!("{picked:?}") };
        assert_eq!((milk.missing, milk.unmet()), (2, 1));
        assert_eq!(milk.substitutes, [(item_id(OAT_MILK), 1)]);
        assert_eq!((soap.line, soap.unmet()), (3, 1));

        let places = BTreeMap::from([(office().id, office())]);
        let rows = picking_list(&picked, &catalogue(), &places);
        let codes: Vec<_> = rows.iter().map(|row| (row.item.as_str(), row.quantity)).collect();
        assert_eq!(codes, [("MILK", 4), ("NAPPIES", 42), ("OAT-MILK", 1)]);

        let (prepared, changes) = pack().prepare(&stay(), &picked, at(NOON)).unwrap();
        assert_eq!((changes.len(), prepared.missing, prepared.unmet), (3, 3, 2));
        let in_it = given(&changes);
        let now = list(&to(), &in_it);
        assert_eq!((now.outstanding(), not_looked_for(&now, &picked.shortfalls)), (2, 0));
        let longer = list(&PackFor { nights: 10, ..to() }, &in_it);
        assert_eq!(not_looked_for(&longer, &picked.shortfalls), 20, "18 nappies, 2 more of milk");

        let more = pick(&now, &catalogue(), [on_hand(SOAP, 1)], &Avoids::default(), at(NOON));
        let handed = prepared.hand_over(&stay(), &now, at(NOON)).unwrap();
        let changes = handed.top_up(&stay(), &more).unwrap();
        let all: Vec<_> = in_it.into_iter().chain(given(&changes)).collect();
        assert_eq!(list(&to(), &all).outstanding(), 1);
        let nothing = handed.top_up(&stay(), &Picked::default()).unwrap_err();
        assert_eq!(nothing.code, RefusalCode::OutOfStock);
    }

    #[test]
    fn a_pack_that_is_not_needed_goes_back_but_for_what_was_opened() {
        let (prepared, in_it) = prepared([on_hand(MILK, 6), on_hand(NAPPIES, 42)]);
        let list = list(&to(), &in_it);
        let milk = |quantity| LotInLine { line: 1, lot: LotId(Uuid::from_u128(MILK)), quantity };
        assert!(list.unopened(&[milk(7)]).is_err());
        let back = list.unopened(&[milk(2)]).unwrap();
        let changes = prepared.put_back(&list, &back, &office(), &[]).unwrap();
        assert_eq!(changes.iter().map(|change| change.posting.quantity).collect::<Vec<_>>(), [4, 42]);
        let cancelled = prepared.clone().cancel(at(NOON)).unwrap();
        assert!(cancelled.top_up(&stay(), &Picked::default()).is_err());

        let handed = prepared.hand_over(&stay(), &list, at(NOON)).unwrap();
        let refusal = handed.clone().cancel(at(NOON)).unwrap_err();
        assert!(refusal.message.contains("put back what was not opened"), "{refusal}");
        assert!(handed.put_back(&list, &[milk(0)], &office(), &[]).is_err());
        assert!(handed.put_back(&list, &[milk(4), milk(3)], &office(), &[]).is_err(), "there are six");
        assert_eq!(handed.put_back(&list, &[milk(4), milk(2)], &office(), &[]).unwrap().len(), 2);
    }

    #[test]
    fn what_was_given_in_the_home_before_is_put_back_from_that_stay() {
        let (pack, in_it) = prepared([on_hand(NAPPIES, 12)]);
        let after = Stay { id: StayId(Uuid::from_u128(2)), ..stay() };
        let pack = pack.moved(&stay(), &after);
        assert_eq!((pack.stay, pack.nights(&after, "2020-11-04".parse().unwrap())), (after.id, 14));
        let more =
            pick(&list(&to(), &in_it), &catalogue(), [on_hand(NAPPIES, 5)], &Avoids::default(), at(NOON));
        let changes = pack.top_up(&after, &more).unwrap();
        let all: Vec<_> = in_it.into_iter().chain(given(&changes)).collect();
        let back = [LotInLine { line: 2, lot: LotId(Uuid::from_u128(NAPPIES)), quantity: 15 }];
        let changes = pack.put_back(&list(&to(), &all), &back, &office(), &[]).unwrap();
        let told: Vec<_> = changes
            .iter()
            .map(|change| match change.posting.movement {
                stock::Movement::Returned { from } => (from.stay, change.posting.quantity),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(told, [(stay().id, 12), (after.id, 3)]);
    }

    #[test]
    fn what_is_found_out_later_is_taken_back_and_replaced_before_anybody_gets_it() {
        let (prepared, in_it) = prepared([on_hand(MILK, 6), on_hand(NAPPIES, 42)]);
        let milk = Avoids { allergens: [Allergen::Milk].into(), diets: BTreeSet::new() };
        let now = list(&PackFor { avoids: milk, ..to() }, &in_it);
        let line = &now.lines[0];
        assert_eq!((line.amiss.len(), line.given_units(), line.outstanding()), (1, 0, 6));
        assert_eq!(line.wanted, Some(item_id(OAT_MILK)));
        let refusal = prepared.hand_over(&stay(), &now, at(NOON)).unwrap_err();
        assert_eq!(refusal.code, RefusalCode::Unsuitable, "{refusal}");
    }

    #[test]
    fn a_pack_is_handed_over_to_who_is_there() {
        let (prepared, in_it) = prepared([on_hand(SOAP, 1)]);
        let awaited = Stay { state: StayState::Booked, ..stay() };
        let refusal = prepared.clone().hand_over(&awaited, &list(&to(), &in_it), at(NOON)).unwrap_err();
        assert!(refusal.message.contains("Check it in first"), "{refusal}");
        let gone = Stay { state: StayState::Cancelled { at: None }, ..stay() };
        assert!(pack().prepare(&gone, &Picked::default(), at(NOON)).is_err());
        assert!(prepared.adapt(&gone).is_err());
    }

    #[test]
    fn a_template_is_followed_by_its_next_version() {
        let lines = vec![line(&[SOAP], Per::Adult, 2, None)];
        let second = template().edited("Arrival".into(), Some(Scheme::SafeSpace), lines);
        assert_eq!(second.version, 2);
        let all = [template(), second.clone()];
        assert_eq!(template_for(&all, Scheme::SafeSpace), Some(&second));
        assert_eq!(template_for(&all, Scheme::MoveOn), None, "its latest version is for safe spaces only");
    }

    #[test]
    fn a_child_that_does_not_come_after_all_leaves_what_was_given_beyond_what_is_wanted() {
        let (_, in_it) = prepared([on_hand(NAPPIES, 10)]);
        let alone = PackFor { people: People { adults: 1, children: 0 }, ages: None, ..to() };
        let list = list(&alone, &in_it);
        let nappies = list.lines.iter().find(|line| line.no == 2).unwrap();
        assert_eq!((nappies.quantity, nappies.beyond(), nappies.outstanding()), (0, 10, 0));
    }

    #[test]
    fn who_comes_from_another_home_with_a_pack_is_not_given_again_what_is_given_once() {
        let list = list(&PackFor { goes_on: true, ..to() }, &[]);
        assert_eq!(list.lines.iter().map(|line| line.no).collect::<Vec<_>>(), [1, 2], "no soap");
    }

    #[test]
    fn what_was_asked_for_keeps_its_place() {
        let one = |n, quantity| Asked { item: item_id(n), quantity };
        let first = asked_now(&[], &[one(SOAP, 1), one(MILK, 2)]).unwrap();
        let then = asked_now(&first, &[one(OAT_MILK, 1), one(MILK, 3)]).unwrap();
        assert_eq!(then, [one(SOAP, 0), one(MILK, 3), one(OAT_MILK, 1)]);
        assert!(asked_now(&[], &[one(SOAP, 0)]).is_err());
        assert!(asked_now(&[], &[one(SOAP, 1), one(SOAP, 1)]).is_err());
    }

    #[test]
    fn each_name_is_read_back() {
        for per in Per::ALL {
            assert_eq!(per.as_str().parse(), Ok(per));
        }
        for status in PackStatus::ALL {
            assert_eq!(status.as_str().parse(), Ok(status));
        }
    }

    #[test]
    fn a_template_that_can_not_be_followed_is_refused() {
        let with = |line| PackTemplate { lines: vec![line], ..template() }.checked(&catalogue());
        assert!(template().checked(&catalogue()).is_ok());
        for bad in [
            line(&[SOAP], Per::Adult, 0, None),
            line(&[SOAP], Per::Adult, MOST_A_HEAD + 1, None),
            line(&[SOAP], Per::Adult, 1, Some(0)),
            line(&[], Per::Adult, 1, None),
            line(&[SOAP, SOAP], Per::Adult, 1, None),
            line(&[99], Per::Adult, 1, None),
        ] {
            let refusal = with(bad).unwrap_err();
            assert!(refusal.message.starts_with("Line 1: "), "{refusal}");
        }
        let mut retired = catalogue();
        retired.get_mut(&item_id(SOAP)).unwrap().retired = true;
        assert!(template().checked(&retired).is_err());
        assert!(PackTemplate { lines: vec![], ..template() }.checked(&catalogue()).is_err());
    }
}
