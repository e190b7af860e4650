//! What needs attention: overstays, the bookings that lost nights to them, and households that did not come.

use safespace_domain::{
    Night, Nights,
    access::{Actor, Permission},
    attention::{Attention, LostTo, nights_over},
    availability::{Ask, Spaces},
    ledger::Entry,
    nights::{earlier, runs},
    policies::Policy,
    stays::{Stay, arrival_night},
    units::Scheme,
};

use crate::{Engine, EngineError};

/// So many units are offered to a booking that should move.
const UNITS_OFFERED: usize = 5;

/// Something to see to, with the household's reference.
#[derive(Clone, Debug)]
pub struct AttentionItem {
    /// What.
    pub what: Attention,
    /// Whose, by reference.
    pub reference: String,
}

impl AttentionItem {
    /// What it is and what to do, in a sentence or two.
    pub fn message(&self, spaces: &Spaces, today: Night) -> String {
        let stay = self.what.stay();
        let code = |id| spaces.unit_by_id(id).map_or("?", |unit| unit.code.as_str());
        let (reference, unit) = (&self.reference, code(stay.unit));
        let (arrival, departure) = (stay.nights.arrival(), stay.nights.departure());
        match &self.what {
            Attention::Overstay { nights_over, .. } => format!(
                "{reference} was to leave {unit} on {departure} and is still there: {nights_over} night(s) over. Extend \
                 the stay, move the household, or check it out."
            ),
            Attention::Blocked { lost_to: LostTo::Itself, .. } => format!(
                "{reference} is booked into {unit} from {arrival}, and has not left the home that it had before: \
                 check it out there, then check it in here."
            ),
            Attention::Blocked { lost_to: LostTo::Another, lost, could_move_to, .. } => {
                let codes: Vec<_> = could_move_to.iter().map(|id| code(*id)).collect();
                let advice = if codes.is_empty() {
                    "No other unit is free for it.".to_owned()
                } else {
                    format!("It could move to {}.", codes.join(", "))
                };
                let lost: Vec<_> = lost.iter().map(ToString::to_string).collect();
                format!(
                    "{reference} is booked into {unit} from {arrival}, and the home is taken, {}. {advice}",
                    lost.join(" and ")
                )
            }
            Attention::NotArrived { .. } if departure <= today => format!(
                "{reference} was expected in {unit} on {arrival} and never checked in; its nights are over. Mark it as a \
                 no-show."
            ),
            Attention::NotArrived { .. } => format!(
                "{reference} was expected in {unit} on {arrival} and was not checked in. Check it in, or mark it as a \
                 no-show."
            ),
        }
    }
}

impl Engine {
    /// Everything that somebody must see to: overstays first, then what they block, then who did not come.
    pub async fn attention(&self, actor: &Actor) -> Result<Vec<AttentionItem>, EngineError> {
        self.must(actor, Permission::SeeStays)?;
        let today = self.today();
        let read = self.store.reader();
        let seen = |stay: &Stay| !self.is_closed_to(actor, stay.household);
        let overstays = read.overstays(today).await?.into_iter().filter(seen);
        let late = read.late_bookings(today).await?.into_iter().filter(seen);
        let mut blocked = Vec::new();
        let now = self.clock.now();
        let spaces = self.spaces();
        // Last night may still be tonight: which it is, each booking's policy says.
        for booking in read.bookings_that_lost_nights(earlier(today, 1)).await?.into_iter().filter(seen) {
            let unit = spaces.unit_by_id(booking.unit);
            let policy = unit.map_or(Policy::default_for(Scheme::SafeSpace), |unit| spaces.policy_of(unit));
            // Tonight, until late arrivals end, is the night that began yesterday.
            let tonight = arrival_night(now, &policy);
            let there = read.entries(&[booking.unit], booking.nights).await?;
            let (held, others): (Vec<Entry>, Vec<Entry>) =
                there.into_iter().partition(|entry| entry.take.by == booking.id.0);
            // What has passed can't be had back, and stands in nobody's way any more.
            let lost = booking.missing(&held, today, 0, tonight);
            if lost.is_empty() {
                continue;
            }
            let taken = others.iter().any(|entry| entry.night >= tonight);
            let lost_to = if taken { LostTo::Another } else { LostTo::Itself };
            let ahead = Nights::between(booking.nights.arrival().max(tonight), booking.nights.departure());
            let ask = Ask::plain(ahead, booking.people, policy.scheme);
            blocked.push(Attention::Blocked {
                could_move_to: self.could_move_to(&ask, booking.unit, UNITS_OFFERED),
                lost_to,
                lost: runs(lost.iter().map(|entry| entry.night)),
                stay: booking,
            });
        }
        let over = overstays
            .map(|stay| Attention::Overstay { nights_over: nights_over(&stay, today).unwrap_or(0), stay });
        let is_blocked = |stay: &Stay| blocked.iter().any(|blocked: &Attention| blocked.stay().id == stay.id);
        let late: Vec<Attention> =
            late.filter(|stay| !is_blocked(stay)).map(|stay| Attention::NotArrived { stay }).collect();
        let all: Vec<Attention> = over.chain(blocked).chain(late).collect();
        let ids: Vec<_> = all.iter().map(|what| what.stay().household).collect();
        let households = read.households(&ids).await?;
        let closed = self.closed_references(actor).await?;
        let reference = |what: &Attention| {
            let household = households.iter().find(|household| household.id == what.stay().household);
            household.map(|household| closed.seen(household.reference.clone())).unwrap_or_default()
        };
        Ok(all.into_iter().map(|what| AttentionItem { reference: reference(&what), what }).collect())
    }
}
