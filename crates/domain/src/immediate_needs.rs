//! Immediate needs: what a household that has just come may need at once, as a checklist with due times.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    ids::{HouseholdId, ImmediateNeedId},
    reasons::{Reason, ReasonKind},
    refusal::{Refusal, RefusalCode},
};

/// A need is due a year from now at the latest; later is a slip of the hand.
const LATEST: TimeDelta = TimeDelta::days(366);

/// An immediate need on a household's checklist. Of each kind one is open at a time; those of earlier stays stay on the
/// list as they were settled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImmediateNeed {
    /// Its id.
    pub id: ImmediateNeedId,
    /// Whose it is.
    pub household: HouseholdId,
    /// What: a code of the list of immediate needs.
    pub kind: String,
    /// When it was put on the checklist.
    pub asked_at: DateTime<Utc>,
    /// By when somebody sees to it.
    pub due_at: DateTime<Utc>,
    /// What has become of it.
    pub state: NeedState,
}

/// What has become of an immediate need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum NeedState {
    /// Nobody has settled it.
    Open,
    /// It was met.
    Met {
        /// When.
        at: DateTime<Utc>,
    },
    /// The household has no such need.
    NotNeeded {
        /// When that was found out.
        at: DateTime<Utc>,
    },
}

impl NeedState {
    /// The state's name in code and files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Met { .. } => "met",
            Self::NotNeeded { .. } => "not_needed",
        }
    }

    /// When it was settled; none while it is open.
    pub const fn settled_at(self) -> Option<DateTime<Utc>> {
        match self {
            Self::Open => None,
            Self::Met { at } | Self::NotNeeded { at } => Some(at),
        }
    }
}

/// How an immediate need is settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NeedDecision {
    /// It was met.
    Met,
    /// The household has no such need.
    NotNeeded,
}

impl ImmediateNeed {
    /// Whether nobody has settled it.
    pub const fn is_open(&self) -> bool {
        matches!(self.state, NeedState::Open)
    }

    /// Whether nobody has settled it in time.
    pub fn is_overdue(&self, now: DateTime<Utc>) -> bool {
        self.is_open() && self.due_at <= now
    }

    /// Somebody settles it.
    pub fn settle(self, decision: NeedDecision, at: DateTime<Utc>) -> Result<Self, Refusal> {
        if !self.is_open() {
            return Err(Refusal::new(
                RefusalCode::WrongState,
                format!(
                    "{} was settled already: look again, and reopen it if it was settled wrongly.",
                    self.kind
                ),
            )
            .on("needs"));
        }
        let state = match decision {
            NeedDecision::Met => NeedState::Met { at },
            NeedDecision::NotNeeded => NeedState::NotNeeded { at },
        };
        Ok(Self { state, ..self })
    }

    /// It was settled by mistake, or is there again.
    pub fn reopen(self) -> Result<Self, Refusal> {
        if self.is_open() {
            let message = "This need is open: there is nothing to reopen.";
            return Err(Refusal::new(RefusalCode::WrongState, message).on("need"));
        }
        Ok(Self { state: NeedState::Open, ..self })
    }
}

/// The checklist of a household that comes at an instant, as far as it changes by that: what has a time on the code list is
/// put on it. What is open on it already stays, and is due afresh where it was due before: it was left from another stay.
pub fn checklist<'r>(
    open: &[ImmediateNeed],
    household: HouseholdId,
    reasons: impl IntoIterator<Item = &'r Reason>,
    came_at: DateTime<Utc>,
    mut id: impl FnMut() -> ImmediateNeedId,
) -> Vec<ImmediateNeed> {
    let mut changed = Vec::new();
    for (kind, due_at) in asked(reasons, came_at) {
        match open.iter().find(|need| need.kind == kind) {
            Some(need) if need.is_overdue(came_at) => {
                changed.push(ImmediateNeed { asked_at: came_at, due_at, ..need.clone() });
            }
            Some(_) => {}
            None => changed.push(ImmediateNeed {
                id: id(),
                household,
                kind: kind.to_owned(),
                asked_at: came_at,
                due_at,
                state: NeedState::Open,
            }),
        }
    }
    changed
}

/// What every household is asked about that comes at an instant, with when each is due: what has a time on the code list.
fn asked<'r>(
    reasons: impl IntoIterator<Item = &'r Reason>,
    came_at: DateTime<Utc>,
) -> impl Iterator<Item = (&'r str, DateTime<Utc>)> {
    let needs = reasons.into_iter().filter(|reason| reason.kind == ReasonKind::ImmediateNeed);
    needs.filter_map(move |need| {
        Some((need.code.as_str(), came_at + TimeDelta::hours(i64::from(need.due_hours?))))
    })
}

/// By when a need is due that somebody adds: as they say, or as the code list does, counted from now. Refused where nobody
/// says it, and where it is in the past or far away.
pub fn due(said: Option<DateTime<Utc>>, need: &Reason, now: DateTime<Utc>) -> Result<DateTime<Utc>, Refusal> {
    let listed = || need.due_hours.map(|hours| now + TimeDelta::hours(i64::from(hours)));
    let due = said.or_else(listed).ok_or_else(|| {
        Refusal::bad("dueAt", format!("Say by when {} is due: the list gives it no time.", need.code))
    })?;
    if due < now || due > now + LATEST {
        let message = "A need is due from now on, within a year: check the date.";
        return Err(Refusal::new(RefusalCode::WrongTime, message).on("dueAt"));
    }
    Ok(due)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::reasons;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn medical() -> ImmediateNeed {
        ImmediateNeed {
            id: ImmediateNeedId(Uuid::max()),
            household: HouseholdId(Uuid::max()),
            kind: "medical".into(),
            asked_at: at("2020-11-03T21:00:00Z"),
            due_at: at("2020-11-04T21:00:00Z"),
            state: NeedState::Open,
        }
    }

    #[test]
    fn a_need_is_settled_once_and_can_be_reopened() {
        let now = at("2020-11-04T21:00:00Z");
        for decision in [NeedDecision::Met, NeedDecision::NotNeeded] {
            let settled = medical().settle(decision, now).unwrap();
            assert_eq!(settled.state.settled_at(), Some(now));
            assert!(!settled.is_overdue(now));
            for again in [NeedDecision::Met, NeedDecision::NotNeeded] {
                assert_eq!(settled.clone().settle(again, now).unwrap_err().code, RefusalCode::WrongState);
            }
            assert_eq!(settled.reopen().unwrap(), medical());
        }
        assert!(medical().reopen().is_err());
        assert!(medical().is_overdue(now) && !medical().is_overdue(now - TimeDelta::seconds(1)));
    }

    #[test]
    fn everybody_is_asked_about_what_the_list_gives_a_time() {
        let (mut list, came): (Vec<Reason>, _) = (reasons::defaults().collect(), at("2020-11-03T21:00:00Z"));
        let codes = |list: &[Reason]| asked(list, came).map(|(code, _)| code.to_owned()).collect::<Vec<_>>();
        assert_eq!(codes(&list), reasons::IMMEDIATE_NEEDS.map(|(code, ..)| code));
        list.iter_mut().filter(|reason| reason.code == "pets").for_each(|reason| reason.due_hours = None);
        assert!(!codes(&list).contains(&"pets".to_owned()));
        let (_, due) = asked(&list, came).find(|(code, _)| *code == "school").unwrap();
        assert_eq!(due, at("2020-11-06T21:00:00Z"));
    }

    #[test]
    fn a_household_that_comes_again_is_asked_again_and_what_is_open_stays() {
        let list: Vec<Reason> = reasons::defaults().collect();
        let mut ids = 0_u128;
        let mut id = || {
            ids += 1;
            ImmediateNeedId(Uuid::from_u128(ids))
        };
        let came = at("2020-11-03T21:00:00Z");
        let first = checklist(&[], medical().household, &list, came, &mut id);
        assert_eq!(first.len(), 9);
        let again = checklist(&first, medical().household, &list, came + TimeDelta::hours(1), &mut id);
        assert!(again.is_empty(), "none is due yet: {again:?}");
        let later = came + TimeDelta::days(400);
        let left = [first[1].clone()];
        let again = checklist(&left, medical().household, &list, later, &mut id);
        assert_eq!(again.len(), 9);
        let same = again.iter().find(|need| need.id == left[0].id).unwrap();
        assert_eq!((same.asked_at, same.due_at), (later, later + TimeDelta::hours(24)));
    }

    #[test]
    fn what_somebody_adds_is_due_as_they_say_or_as_the_list_does() {
        let now = at("2020-11-03T21:00:00Z");
        let listed = reasons::defaults().find(|reason| reason.code == "medical").unwrap();
        let unlisted = Reason { due_hours: None, ..listed.clone() };
        assert_eq!(due(None, &listed, now).unwrap(), at("2020-11-04T21:00:00Z"));
        assert_eq!(due(Some(now), &unlisted, now).unwrap(), now);
        for (said, need) in [
            (None, &unlisted),
            (Some(now - TimeDelta::seconds(1)), &listed),
            (Some(now + TimeDelta::days(400)), &listed),
        ] {
            assert_eq!(due(said, need, now).unwrap_err().field.as_deref(), Some("dueAt"));
        }
    }
}
