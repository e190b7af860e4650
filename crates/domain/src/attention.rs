//! What needs a person's attention: one list for the team, each thing with when it is due and the one thing to do.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};

use crate::{
    clock::at_service_time,
    holds::{Hold, HoldStatus},
    ids::{HouseholdId, UnitId},
    immediate_needs::ImmediateNeed,
    needs::Risk,
    next_steps::NextStep,
    nights::{Night, Nights},
    packs::{Pack, PackConcern, PackState},
    plan::{HOUSEHOLD_PLANNED, PLANNED_FOR_ANOTHER, Placement, Plan, Unplaced},
    referrals::{Referral, ReferralStatus},
    standards::Standards,
    stays::{Stay, StayStatus},
    support::ContactDue,
};

/// Something that somebody must see to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attention {
    /// A household is still there although its departure has passed.
    Overstay {
        /// The stay.
        stay: Stay,
        /// How many nights it has run over: those that have passed.
        nights_over: u32,
    },
    /// A booking lost nights to an overstay, and should move.
    Blocked {
        /// The booking.
        stay: Stay,
        /// Who has them.
        lost_to: LostTo,
        /// The nights that it lost.
        lost: Vec<Nights>,
        /// The units that it could move to, best fit first.
        could_move_to: Vec<UnitId>,
    },
    /// A booked household has not been checked in, and its first night has passed.
    NotArrived {
        /// The booking.
        stay: Stay,
    },
    /// A referral that nobody has answered.
    Unanswered {
        /// The referral.
        referral: Referral,
    },
    /// A hold is about to lapse.
    HoldLapses {
        /// The hold.
        hold: Hold,
    },
    /// A stay ends soon, and nobody knows where the household goes.
    NoNextStep {
        /// The stay.
        stay: Stay,
    },
    /// A household waits, and the plan for tonight has a unit for it on the nights that it asks for.
    UnitFree {
        /// The referral.
        referral: Referral,
        /// The unit: nobody else has it in the plan.
        unit: UnitId,
    },
    /// A household waits, not yet longer than the standard allows, and the plan has no unit for it on its nights.
    LeftOut {
        /// The referral.
        referral: Referral,
        /// Why there is none.
        why: NoUnit,
    },
    /// A household waits longer than the standard allows, and the plan has no unit for it on its nights.
    WaitsTooLong {
        /// The referral.
        referral: Referral,
        /// Why there is none.
        why: NoUnit,
    },
    /// Nobody has been in contact with a household for too long.
    NoContact {
        /// The stay.
        stay: Stay,
        /// When somebody should have been: for the first time, or again.
        due: ContactDue,
    },
    /// Immediate needs of a household that nobody has settled in time.
    NeedsOverdue {
        /// The stay.
        stay: Stay,
        /// Which, what was due first at the top. One at least.
        needs: Vec<ImmediateNeed>,
    },
    /// Nobody answers for a household's support.
    NoKeyWorker {
        /// The stay.
        stay: Stay,
        /// Who did, where somebody does no longer: the account's name.
        before: Option<String>,
        /// When the household came.
        came_at: DateTime<Utc>,
    },
    /// A household's pack is not as it should be.
    Pack {
        /// The stay.
        stay: Stay,
        /// Its pack.
        pack: Pack,
        /// What is wrong with it.
        concern: PackConcern,
    },
}

/// Why the plan for tonight has no unit for a household on the nights that it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoUnit {
    /// It has one from a later night on.
    Later {
        /// The unit: nobody else has it in the plan.
        unit: UnitId,
        /// From which night on.
        from: Night,
    },
    /// Units would fit and are free, and others come first.
    OthersFirst,
    /// Nothing that fits is free.
    NoneFits,
}

/// Who has the nights that a booking lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LostTo {
    /// Another record, in the booking's own unit.
    Another,
    /// The booking's own household, which has not left another unit.
    Itself,
}

/// The one thing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Check the household out, or extend its stay.
    CheckOut,
    /// Move the booking.
    Move,
    /// Check the household in, or mark it as a no-show.
    CheckIn,
    /// Answer the referral.
    Answer,
    /// Confirm the hold.
    Confirm,
    /// Write the next step down.
    PlanNextStep,
    /// Place the household.
    Place,
    /// Look at the plan for tonight.
    Plan,
    /// Offer a session of support, or record the one that was.
    OfferSupport,
    /// Settle the immediate needs.
    SettleNeeds,
    /// Name a key worker.
    AssignKeyWorker,
    /// Prepare the pack, hand it over, top it up, or put it back.
    SeeToPack,
}

impl Attention {
    /// The stay that it is about.
    pub const fn stay(&self) -> Option<&Stay> {
        match self {
            Self::Overstay { stay, .. }
            | Self::Blocked { stay, .. }
            | Self::NotArrived { stay }
            | Self::NoNextStep { stay }
            | Self::NoContact { stay, .. }
            | Self::NeedsOverdue { stay, .. }
            | Self::NoKeyWorker { stay, .. }
            | Self::Pack { stay, .. } => Some(stay),
            Self::Unanswered { .. }
            | Self::HoldLapses { .. }
            | Self::UnitFree { .. }
            | Self::LeftOut { .. }
            | Self::WaitsTooLong { .. } => None,
        }
    }

    /// The referral that it is about.
    pub const fn referral(&self) -> Option<&Referral> {
        match self {
            Self::Unanswered { referral }
            | Self::UnitFree { referral, .. }
            | Self::LeftOut { referral, .. }
            | Self::WaitsTooLong { referral, .. } => Some(referral),
            _ => None,
        }
    }

    /// The hold that it is about.
    pub const fn hold(&self) -> Option<&Hold> {
        match self {
            Self::HoldLapses { hold } => Some(hold),
            _ => None,
        }
    }

    /// Whose it is; none while a referral is nobody's yet.
    pub fn household(&self) -> Option<HouseholdId> {
        let of_stay = self.stay().map(|stay| stay.household);
        let of_hold = self.hold().map(|hold| hold.household);
        of_stay.or(of_hold).or_else(|| self.referral().and_then(Referral::household))
    }

    /// The one thing to do.
    pub const fn action(&self) -> Action {
        match self {
            Self::Overstay { .. } | Self::Blocked { lost_to: LostTo::Itself, .. } => Action::CheckOut,
            Self::Blocked { lost_to: LostTo::Another, .. } => Action::Move,
            Self::NotArrived { .. } => Action::CheckIn,
            Self::Unanswered { .. } => Action::Answer,
            Self::HoldLapses { .. } => Action::Confirm,
            Self::NoNextStep { .. } => Action::PlanNextStep,
            Self::UnitFree { .. } => Action::Place,
            Self::LeftOut { .. } | Self::WaitsTooLong { .. } => Action::Plan,
            Self::NoContact { .. } => Action::OfferSupport,
            Self::NeedsOverdue { .. } => Action::SettleNeeds,
            Self::NoKeyWorker { .. } => Action::AssignKeyWorker,
            Self::Pack { .. } => Action::SeeToPack,
        }
    }

    /// Where it comes among what is due at the same time, first being 0: whoever has no place yet by risk, as in the plan;
    /// then all else.
    pub fn rank(&self) -> u8 {
        self.referral().map_or(u8::MAX, |referral| Risk::rank(referral.facts.assessment.risk))
    }

    /// When it is, or was, due.
    pub fn due_at(&self, standards: &Standards, late_until_hour: u32) -> DateTime<Utc> {
        let midnight = |night: Night| at_service_time(night, NaiveTime::MIN);
        match self {
            Self::Overstay { stay, .. } | Self::NoNextStep { stay } => midnight(stay.nights.departure()),
            Self::Blocked { stay, lost, .. } => {
                midnight(lost.first().map_or(stay.nights.arrival(), |run| run.arrival()))
            }
            Self::NotArrived { stay } => midnight(stay.nights.arrival()),
            Self::Unanswered { referral } => standards.response_due(referral.received_at),
            Self::HoldLapses { hold } => hold.lapses_at,
            Self::UnitFree { referral, .. }
            | Self::LeftOut { referral, .. }
            | Self::WaitsTooLong { referral, .. } => {
                standards.placement_due(referral.received_at, referral.facts.arrival, late_until_hour)
            }
            Self::NoContact { due, .. } => due.at(),
            Self::NeedsOverdue { stay, needs } => {
                needs.first().map_or_else(|| midnight(stay.nights.arrival()), |need| need.due_at)
            }
            // By the time of the first contact, which is the key worker's to make.
            Self::NoKeyWorker { came_at, .. } => {
                *came_at + TimeDelta::hours(i64::from(standards.first_contact_hours))
            }
            Self::Pack { stay, pack, .. } => match pack.state {
                PackState::HandedOver { at, .. } => at,
                PackState::Prepared { at } => at.max(midnight(stay.nights.arrival())),
                PackState::Planned | PackState::Cancelled { .. } => midnight(stay.nights.arrival()),
            },
        }
    }
}

/// What the plan for tonight comes to for a household that waits for these nights, and is due a place by `due`. None where
/// it is in the plan already, under another referral.
pub fn of_waiting(
    referral: Referral,
    asked: Nights,
    plan: &Plan,
    due: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Option<Attention> {
    let placed = plan.placed.iter().find(|placement| placement.referral == referral.id);
    let why = match placed {
        Some(Placement { unit, nights, .. }) if nights.arrival() <= asked.arrival() => {
            return Some(Attention::UnitFree { referral, unit: *unit });
        }
        Some(Placement { unit, nights, .. }) => NoUnit::Later { unit: *unit, from: nights.arrival() },
        None => {
            let left_out = plan.unplaced.iter().find(|unplaced| unplaced.referral == referral.id);
            let has = |code| left_out.is_some_and(|Unplaced { reasons, .. }| reasons.contains_key(code));
            if has(HOUSEHOLD_PLANNED) {
                return None;
            }
            if has(PLANNED_FOR_ANOTHER) { NoUnit::OthersFirst } else { NoUnit::NoneFits }
        }
    };
    Some(if due <= now {
        Attention::WaitsTooLong { referral, why }
    } else {
        Attention::LeftOut { referral, why }
    })
}

/// Takes the units that the plan for tonight has for those who wait, and those that are named for one booking, off what is
/// named for the next: two who are told of one unit can't both have it. Where nothing else would be left, all is named.
pub fn name_each_unit_once(all: &mut [Attention]) {
    let planned = |what: &Attention| match what {
        Attention::UnitFree { unit, .. }
        | Attention::LeftOut { why: NoUnit::Later { unit, .. }, .. }
        | Attention::WaitsTooLong { why: NoUnit::Later { unit, .. }, .. } => Some(*unit),
        _ => None,
    };
    let mut named: BTreeSet<UnitId> = all.iter().filter_map(planned).collect();
    for what in all {
        let Attention::Blocked { could_move_to, .. } = what else { continue };
        let left: Vec<UnitId> = could_move_to.iter().filter(|unit| !named.contains(unit)).copied().collect();
        if !left.is_empty() {
            *could_move_to = left;
        }
        named.extend(could_move_to.first());
    }
}

/// How many nights the stay has run over, counted as it would be if the household left today: those that have passed, and
/// not the coming one. None when it is no overstay.
pub fn nights_over(stay: &Stay, today: Night) -> Option<u32> {
    stay.is_overstay(today)
        .then(|| Nights::between(stay.nights.departure(), stay.so_far(today).departure()).len())
}

/// Whether a referral was not answered in time.
pub fn is_unanswered(referral: &Referral, standards: &Standards, now: DateTime<Utc>) -> bool {
    referral.status() == ReferralStatus::Received && standards.response_due(referral.received_at) <= now
}

/// Whether a hold is about to lapse.
pub fn is_about_to_lapse(hold: &Hold, standards: &Standards, now: DateTime<Utc>) -> bool {
    let warning = TimeDelta::minutes(i64::from(standards.hold_warning_minutes));
    hold.status(now) == HoldStatus::Active && hold.left(now) <= warning
}

/// Whether a stay ends soon and none of its household's next steps leads on.
pub fn lacks_a_next_step(stay: &Stay, steps: &[NextStep], standards: &Standards, now: DateTime<Utc>) -> bool {
    let ends = at_service_time(stay.nights.departure(), NaiveTime::MIN);
    let soon = TimeDelta::hours(i64::from(standards.next_step_hours));
    let own = |step: &&NextStep| step.household == stay.household;
    stay.status() == StayStatus::InResidence
        && ends <= now + soon
        && !steps.iter().filter(own).any(|step| step.state.leads_on())
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{
        households::People,
        ids::{HouseholdId, StayId},
        stays::StayState,
    };

    fn booked(n: u128, could_move_to: &[u128]) -> Attention {
        let nights = Nights::between("2020-11-03".parse().unwrap(), "2020-11-06".parse().unwrap());
        let stay = Stay {
            id: StayId(Uuid::from_u128(n)),
            household: HouseholdId(Uuid::from_u128(n)),
            unit: UnitId(Uuid::from_u128(99)),
            people: People { adults: 1, children: 0 },
            planned: nights,
            nights,
            state: StayState::Booked,
            moved_from: None,
            booked_at: "2020-11-03T18:00:00Z".parse().unwrap(),
            over_limit: false,
        };
        let could_move_to = could_move_to.iter().map(|unit| UnitId(Uuid::from_u128(*unit))).collect();
        Attention::Blocked { stay, lost_to: LostTo::Another, lost: vec![nights], could_move_to }
    }

    fn named(what: &Attention) -> Vec<u128> {
        let Attention::Blocked { could_move_to, .. } = what else { return Vec::new() };
        could_move_to.iter().map(|unit| unit.0.as_u128()).collect()
    }

    #[test]
    fn two_bookings_are_not_told_to_move_to_the_same_unit_while_there_is_another() {
        let mut all = [booked(1, &[5, 6]), booked(2, &[5, 6]), booked(3, &[5])];
        name_each_unit_once(&mut all);
        assert_eq!(all.each_ref().map(named), [vec![5, 6], vec![6], vec![5]]);
    }

    #[test]
    fn an_overstay_has_run_over_the_nights_that_it_would_be_checked_out_with() {
        let Attention::Blocked { stay, .. } = booked(1, &[]) else { panic!() };
        let there = Stay { state: StayState::InResidence { arrived_at: None }, ..stay };
        let over = |day: &str| nights_over(&there, day.parse().unwrap());
        assert_eq!(over("2020-11-06"), None, "today is the day to leave");
        assert_eq!(over("2020-11-07"), Some(1));
        for day in ["2020-11-07", "2020-11-09"] {
            let today: Night = day.parse().unwrap();
            let at = at_service_time(today, NaiveTime::from_hms_opt(7, 0, 0).unwrap());
            let gone = there.clone().depart(today, at).unwrap();
            assert_eq!(there.so_far(today), gone.nights);
            let late = Nights::between(there.planned.departure(), gone.nights.departure()).len();
            assert_eq!(over(day), Some(late));
        }
    }
}
