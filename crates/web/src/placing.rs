//! What the pages that place households share: what would happen is told before anything does, or why nothing would.

use std::collections::BTreeMap;

use safespace_domain::{
    HouseholdId, Night, Nights, Refusal, RefusalCode, UnitId,
    access::Permission,
    availability::Spaces,
    codes::must_name_nobody,
    exceptions::unbroken_nights,
    stays::{Stay, StayStatus},
    units::{Scheme, Unit},
};
use safespace_engine::{Command, Outcome};

use crate::{
    Stopped, today,
    visit::Visit,
    words::{placing as words, with_whole_days},
};

/// Stands for a reason that is still to be typed. Nothing of a rehearsal is kept.
const STILL_TO_COME: &str = "still to come";

/// The reasons that a command may need.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reasons {
    /// Why a longer stay is allowed.
    pub(crate) exception: Option<String>,
    /// Why this home, and not the one that fits best.
    pub(crate) chosen_because: Option<String>,
}

/// What a command would do.
pub(crate) struct Foreseen {
    /// What would happen, or why nothing would.
    pub(crate) outcome: Result<Outcome, Refusal>,
    /// Which reasons must be given for it, and what is said of that.
    pub(crate) needs: Reasons,
}

/// What a command would do, once the reasons are given that it needs and that this person may give.
pub(crate) async fn foresee(
    visit: &Visit,
    command: impl Fn(Reasons) -> Command,
) -> Result<Foreseen, Stopped> {
    let (mut given, mut needs) = (Reasons::default(), Reasons::default());
    loop {
        let outcome = visit.rehearse(command(given.clone())).await?;
        match outcome {
            Err(refusal) if asks_for_exception(visit, &refusal) && given.exception.is_none() => {
                needs.exception = Some(refusal.message);
                given.exception = Some(STILL_TO_COME.to_owned());
            }
            Err(refusal) if asks_why(&refusal) && given.chosen_because.is_none() => {
                needs.chosen_because = Some(refusal.message);
                given.chosen_because = Some(STILL_TO_COME.to_owned());
            }
            outcome => return Ok(Foreseen { outcome, needs }),
        }
    }
}

/// Whether a refusal asks for a manager's reason, and this person may give one.
fn asks_for_exception(visit: &Visit, refusal: &Refusal) -> bool {
    refusal.code == RefusalCode::LongestStay && visit.may(Permission::GrantExceptions)
}

fn asks_why(refusal: &Refusal) -> bool {
    refusal.field.as_deref() == Some("chosenBecause")
}

/// When a home turned out not to be free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// When somebody looked.
    Looking,
    /// When somebody went on to do what they had seen could be done.
    Meanwhile,
}

/// Another home that can be had.
pub(crate) struct Instead {
    pub(crate) unit: UnitId,
    pub(crate) code: String,
    pub(crate) path: String,
}

/// Why something can't be done, and what can.
pub(crate) struct InTheWay {
    pub(crate) message: String,
    /// What stands in the way, each in a line.
    pub(crate) things: Vec<String>,
    pub(crate) instead: Option<Instead>,
    /// Whether a manager could allow it.
    pub(crate) manager_may: bool,
}

impl InTheWay {
    /// What a refusal says, with a way on.
    pub(crate) fn new(
        refusal: &Refusal,
        found: Found,
        spaces: &Spaces,
        path: impl Fn(UnitId) -> String,
    ) -> Self {
        let instead = refusal.next_free.as_deref().and_then(|code| spaces.unit_by_code(code));
        Self {
            message: message(refusal, found),
            things: refusal.in_the_way.iter().skip(1).map(words::obstacle).collect(),
            instead: instead.map(|unit| Instead {
                unit: unit.id,
                code: unit.code.clone(),
                path: path(unit.id),
            }),
            manager_may: refusal.code == RefusalCode::LongestStay,
        }
    }
}

/// A refusal as these pages say it: days with their names, and when it was found.
pub(crate) fn told(refusal: Refusal, found: Found) -> Refusal {
    Refusal { message: message(&refusal, found), ..refusal }
}

fn message(refusal: &Refusal, found: Found) -> String {
    match refusal.in_the_way.first() {
        Some(first) if refusal.code == RefusalCode::Taken => {
            words::taken(first, refusal.next_free.as_deref(), found == Found::Meanwhile)
        }
        _ => with_whole_days(&refusal.message),
    }
}

/// The refusal where a field of the form is what it is about: a longer stay that a manager can allow asks them for a reason.
pub(crate) fn at_its_field(visit: &Visit, refusal: Refusal) -> Refusal {
    if asks_for_exception(visit, &refusal) {
        Refusal::bad("exception", words::SAY_WHY_LONGER)
    } else {
        refusal
    }
}

/// How many nights a household has, without a night between, in the scheme of a stay, and how many are allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NightsUsed {
    pub(crate) nights: u32,
    pub(crate) longest: u32,
}

impl NightsUsed {
    /// Those of a stay among the household's others.
    pub(crate) fn of(stay: &Stay, others: &[Stay], spaces: &Spaces, today: Night) -> Self {
        let scheme = |unit: UnitId| spaces.unit_by_id(unit).map(|unit| spaces.policy_of(unit).scheme);
        let here = scheme(stay.unit).unwrap_or(Scheme::SafeSpace);
        let counts = |other: &&Stay| {
            other.id != stay.id && other.status().takes_nights() && scheme(other.unit) == Some(here)
        };
        let others: Vec<Nights> = others.iter().filter(counts).map(|other| other.kept(today)).collect();
        Self {
            nights: unbroken_nights(stay.so_far(today), &others),
            longest: spaces.policy(here).longest_stay_nights,
        }
    }

    pub(crate) const fn is_over(self) -> bool {
        self.nights > self.longest
    }
}

/// Whether a household of this reference is known. Refused where none is, and the reference reads like a name: everybody
/// would see it.
pub(crate) async fn is_known(visit: &Visit, reference: &str) -> Result<Result<bool, Refusal>, Stopped> {
    let known = visit.engine.household(visit.actor(), reference).await?.is_some();
    Ok(if known { Ok(true) } else { must_name_nobody(reference, "household").map(|()| false) })
}

/// Whether a stay can be changed at all.
pub(crate) fn is_open(stay: &Stay) -> bool {
    matches!(stay.status(), StayStatus::Booked | StayStatus::InResidence)
}

/// A household's reference, as the visitor may see it.
pub(crate) async fn reference(visit: &Visit, household: HouseholdId) -> Result<String, Stopped> {
    let found: BTreeMap<HouseholdId, String> = today::references(visit, [household].into_iter()).await?;
    found
        .get(&household)
        .cloned()
        .ok_or_else(|| Stopped::Refused(Refusal::not_found("household", "household")))
}

/// What is said of a unit in a line: what it is for, for how many, where.
pub(crate) fn about(spaces: &Spaces, unit: &Unit) -> String {
    format!("{}, {}", crate::words::scheme(spaces.policy_of(unit).scheme), today::about(spaces, unit))
}
