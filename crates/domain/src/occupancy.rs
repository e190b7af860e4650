//! Occupancy: how full the homes are.

use std::{collections::BTreeMap, fmt, str::FromStr};

use rust_decimal::{Decimal, RoundingStrategy};

use crate::{
    availability::Spaces,
    calendar::{Calendar, UnitSet},
    nights::{Night, Nights},
    periods::{PeriodKind, same_part},
};

/// What each figure means, to be printed beside it.
pub const DEFINITIONS: [(&str, &str); 7] = [
    ("in stock", "Unit-nights that exist: units open on the night, from the night they opened."),
    ("void", "Unit-nights in stock that are out of service, with a reason."),
    ("available", "In stock less void."),
    (
        "occupied",
        "Available unit-nights with a household in residence, or since departed. Never a night to come.",
    ),
    ("reserved", "Unit-nights of bookings and holds, and the nights to come of stays in residence."),
    (
        "occupancy rate",
        "Occupied divided by available, per cent, two decimals, half up. Empty when nothing was available.",
    ),
    (
        "full",
        "A full night is one on which every available unit is occupied; the full share is full nights divided by \
         nights, per cent. It is the second reading of \"full 90% of the time\"; the occupancy rate is the first.",
    ),
];

/// What the gross rate means, where it is told beside the others.
pub const GROSS_RATE: (&str, &str) = (
    "gross rate",
    "Occupied divided by in stock, per cent, two decimals, half up: it counts what was out of service as well. Empty when \
     nothing was in stock.",
);

/// By what the units are grouped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GroupKind {
    /// By property, under its code.
    Property,
    /// By unit, under its code.
    Unit,
    /// By district, under its name.
    District,
    /// By scheme.
    Scheme,
    /// By kind of accommodation, under its code: as the statutory return counts
    /// ([`crate::accommodation_kinds`]).
    Kind,
}

impl GroupKind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Property, Self::Unit, Self::District, Self::Scheme, Self::Kind];

    /// The kind's name on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Property => "property",
            Self::Unit => "unit",
            Self::District => "district",
            Self::Scheme => "scheme",
            Self::Kind => "kind",
        }
    }
}

impl fmt::Display for GroupKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for GroupKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| format!("{text:?} is not a group: use property, unit, district, scheme or kind"))
    }
}

/// The figures of one period, and of one group where units are grouped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OccupancyRow {
    /// The label of the period.
    pub period: String,
    /// The name of the group.
    pub group: Option<String>,
    /// Unit-nights that exist.
    pub in_stock_nights: u64,
    /// Of those, out of service.
    pub void_nights: u64,
    /// In stock less void.
    pub available_nights: u64,
    /// Of those, with a household in residence.
    pub occupied_nights: u64,
    /// Of those, booked, held, or to come.
    pub reserved_nights: u64,
    /// Nights in the period, as far as it is within the range.
    pub nights: u64,
    /// Of those, nights on which every available unit is occupied.
    pub full_nights: u64,
}

impl OccupancyRow {
    /// Occupied ÷ in stock, per cent: also of what was out of service.
    pub fn gross_rate(&self) -> Option<Decimal> {
        per_cent(self.occupied_nights, self.in_stock_nights)
    }

    /// Occupied ÷ available, per cent.
    pub fn occupancy_rate(&self) -> Option<Decimal> {
        per_cent(self.occupied_nights, self.available_nights)
    }

    /// Full nights ÷ nights, per cent. Empty when nothing was available in the whole period.
    pub fn full_share(&self) -> Option<Decimal> {
        if self.available_nights == 0 { None } else { per_cent(self.full_nights, self.nights) }
    }
}

/// A share in per cent, two decimals, half-up; none of nothing.
pub fn per_cent(part: u64, whole: u64) -> Option<Decimal> {
    let share = exact_per_cent(part, whole)?;
    let mut rounded = share.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
    rounded.rescale(2);
    Some(rounded)
}

/// The same, not rounded.
pub fn exact_per_cent(part: u64, whole: u64) -> Option<Decimal> {
    (Decimal::from(part) * Decimal::ONE_HUNDRED).checked_div(Decimal::from(whole))
}

/// The figures of every period of the range, and of every group in it, in that order; also where nothing was
/// occupied. Nights after `tonight` can be reserved, never occupied.
pub fn occupancy(
    calendar: &Calendar,
    spaces: &Spaces,
    range: Nights,
    by: PeriodKind,
    group: Option<GroupKind>,
    tonight: Night,
) -> Vec<OccupancyRow> {
    let groups = groups(spaces, group);
    let mut rows = Vec::new();
    let mut open: Vec<OccupancyRow> = Vec::new();
    for night in range.iter() {
        if open.is_empty() || by.begins_on(night) {
            let period = by.label(night);
            let row = |(name, _): &Group| OccupancyRow {
                period: period.clone(),
                group: name.clone(),
                ..OccupancyRow::default()
            };
            rows.append(&mut open);
            open = groups.iter().map(row).collect();
        }
        for (row, (_, units)) in open.iter_mut().zip(&groups) {
            count(row, calendar, night, units, tonight);
        }
    }
    rows.append(&mut open);
    rows
}

/// The figures of a period, beside those of other times.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// Of the period.
    pub row: OccupancyRow,
    /// Of the period before.
    pub before: OccupancyRow,
    /// Of the same period a year before.
    pub a_year_before: OccupancyRow,
}

/// As [`occupancy`], each row beside those of the period before and of the same period a year before. A period that is cut
/// by the range is compared with the same part of the others ([`same_part`]).
pub fn compared(
    calendar: &Calendar,
    spaces: &Spaces,
    range: Nights,
    by: PeriodKind,
    group: Option<GroupKind>,
    tonight: Night,
) -> Vec<Compared> {
    let groups = groups(spaces, group);
    let figures = |(name, units): &Group, nights: Nights, whole: Nights| {
        let period = by.label(whole.arrival());
        let mut row = OccupancyRow { period, group: name.clone(), ..OccupancyRow::default() };
        nights.iter().for_each(|night| count(&mut row, calendar, night, units, tonight));
        row
    };
    let mut all = Vec::new();
    let mut night = range.arrival();
    while range.contains(night) {
        let whole = by.nights(night, range);
        let part = whole.intersection(range);
        for group in &groups {
            let other = |other: Nights| figures(group, same_part(part, whole, other), other);
            all.push(Compared {
                row: figures(group, part, whole),
                before: other(by.before(whole)),
                a_year_before: other(by.a_year_before(whole)),
            });
        }
        night = part.departure();
    }
    all
}

fn count(row: &mut OccupancyRow, calendar: &Calendar, night: Night, units: &[(usize, u64)], tonight: Night) {
    let counts = calendar.counts(night, units);
    let available = counts.in_stock - counts.void;
    let (occupied, reserved) = if night <= tonight {
        (counts.resident, counts.reserved)
    } else {
        (0, counts.resident + counts.reserved)
    };
    row.nights += 1;
    row.in_stock_nights += u64::from(counts.in_stock);
    row.void_nights += u64::from(counts.void);
    row.available_nights += u64::from(available);
    row.occupied_nights += u64::from(occupied);
    row.reserved_nights += u64::from(reserved);
    row.full_nights += u64::from(available > 0 && occupied == available);
}

/// A group's name, and its units as [`UnitSet::sparse`] gives them.
type Group = (Option<String>, Vec<(usize, u64)>);

/// The groups in order of name; one nameless group of all units where they are not grouped.
fn groups(spaces: &Spaces, kind: Option<GroupKind>) -> Vec<Group> {
    let Some(kind) = kind else {
        return vec![(None, UnitSet::all(spaces.units().len()).sparse())];
    };
    let mut sets: BTreeMap<String, UnitSet> = BTreeMap::new();
    for (no, unit) in spaces.units().iter().enumerate() {
        let property = spaces.property_of(unit);
        let name = match kind {
            GroupKind::Unit => Some(unit.code.clone()),
            GroupKind::Property => property.map(|property| property.code.clone()),
            GroupKind::District => property.map(|property| property.district.clone()),
            GroupKind::Scheme => property.map(|property| property.scheme.to_string()),
            GroupKind::Kind => property.map(|property| spaces.kind_of(property).to_owned()),
        };
        if let Some(name) = name {
            sets.entry(name).or_default().insert(no);
        }
    }
    sets.into_iter().map(|(name, set)| (Some(name), set.sparse())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_nothing_is_empty_and_rounding_is_half_up() {
        assert_eq!(per_cent(1, 0), None);
        assert_eq!(per_cent(1, 32).unwrap().to_string(), "3.13");
        assert_eq!(per_cent(18, 60).unwrap().to_string(), "30.00");
    }
}
