//! Splits: the last resort where no unit is free for all the nights. The household changes units on the way, as seldom
//! as can be.

use crate::{
    availability::{Ask, Spaces, offers},
    calendar::{Calendar, UnitNo},
    ids::UnitId,
    nights::Nights,
    sharing::{Party, Sharer},
};

/// All the nights in parts, one after another, each in another unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// Two or three units, each with its nights.
    pub parts: Vec<(UnitId, Nights)>,
}

/// The nights in two parts, or else in three, the first as long as it can be, then the second; each in the unit that
/// fits best. None where one unit has all of them, or where even three do not. The parts are one stay to the longest
/// stay: an ask that is too long is too long in parts.
pub fn split(
    calendar: &Calendar,
    spaces: &Spaces,
    sharers: &[Sharer],
    party: &Party,
    ask: &Ask,
) -> Option<Split> {
    let (first, end) = (ask.nights.arrival(), ask.nights.departure());
    let units = |part: Nights| -> Vec<UnitNo> {
        let ask = party.asks(spaces, sharers, ask, part);
        offers(calendar, spaces, &ask).into_iter().map(|(no, _)| no).collect()
    };
    let told = |parts: &[(UnitNo, Nights)]| {
        let with_id = |(no, nights): &(UnitNo, Nights)| Some((spaces.unit(*no)?.id, *nights));
        Some(Split { parts: parts.iter().map(with_id).collect::<Option<_>>()? })
    };
    if ask.too_long.is_some() || !units(ask.nights).is_empty() {
        return None;
    }
    // The later a cut, the longer the part before it.
    let cuts: Vec<_> = ask.nights.iter().skip(1).rev().collect();
    let lasts: Vec<_> = cuts.iter().map(|cut| (*cut, units(Nights::between(*cut, end)))).collect();
    let firsts: Vec<_> = cuts
        .iter()
        .map(|cut| (*cut, units(Nights::between(first, *cut))))
        .filter(|(_, firsts)| !firsts.is_empty())
        .collect();
    for (cut, firsts) in &firsts {
        let lasts = lasts.iter().filter(|(last_cut, _)| last_cut == cut).flat_map(|(_, units)| units);
        let mut pairs = firsts.iter().flat_map(|a| lasts.clone().map(move |b| (*a, *b)));
        if let Some((a, b)) = pairs.find(|(a, b)| a != b) {
            return told(&[(a, Nights::between(first, *cut)), (b, Nights::between(*cut, end))]);
        }
    }
    for (cut, firsts) in &firsts {
        for (last_cut, lasts) in lasts.iter().filter(|(last_cut, lasts)| last_cut > cut && !lasts.is_empty())
        {
            let middles = units(Nights::between(*cut, *last_cut));
            let mut threes = firsts.iter().flat_map(|a| {
                let pairs = middles.iter().flat_map(|b| lasts.iter().map(move |c| (*b, *c)));
                pairs.map(|(b, c)| [*a, b, c])
            });
            if let Some([a, b, c]) = threes.find(|[a, b, c]| a != b && b != c && a != c) {
                return told(&[
                    (a, Nights::between(first, *cut)),
                    (b, Nights::between(*cut, *last_cut)),
                    (c, Nights::between(*last_cut, end)),
                ]);
            }
        }
    }
    None
}
