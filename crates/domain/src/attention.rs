//! What needs a person's attention: overstays, and the bookings that lost nights to them.

use crate::{
    ids::UnitId,
    nights::{Night, Nights},
    stays::Stay,
};

/// Something that somebody must see to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attention {
    /// A household is still there although its departure has passed.
    Overstay {
        /// The stay.
        stay: Stay,
        /// How many nights it has run over, tonight included.
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
}

/// Who has the nights that a booking lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LostTo {
    /// Another record, in the booking's own unit.
    Another,
    /// The booking's own household, which has not left another unit.
    Itself,
}

impl Attention {
    /// The stay that it is about.
    pub const fn stay(&self) -> &Stay {
        match self {
            Self::Overstay { stay, .. } | Self::Blocked { stay, .. } | Self::NotArrived { stay } => stay,
        }
    }
}

/// How many nights the stay has run over, tonight included; none when it is no overstay.
pub fn nights_over(stay: &Stay, today: Night) -> Option<u32> {
    stay.is_overstay(today)
        .then(|| Nights::between(stay.nights.departure(), stay.kept(today).departure()).len())
}
