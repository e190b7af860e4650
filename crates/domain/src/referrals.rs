//! Referrals: requests for help about one household, from one referrer.
//!
//! A referral is received, assessed, and then accepted for a household that waits for a place, declined with a reason, or
//! withdrawn. Whose household has a stay is placed; once that stay has ended, closed. A council that sent one follows it
//! to an [`Outcome`], which names no home and no date of a stay.

use std::{collections::BTreeSet, fmt, str::FromStr};

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    clock::{at_service_time, service_day},
    households::People,
    ids::{HouseholdId, ReferralId, StayId},
    needs::Assessment,
    nights::{Night, later},
    policies::Policy,
    refusal::{Refusal, RefusalCode},
    sharing::SharesAs,
    stays::{Stay, StayStatus, arrival_night},
};

/// How many nights ahead a household may be expected.
pub const REFER_AHEAD_NIGHTS: u32 = 28;
/// A call may be written down so long after it came.
const WRITTEN_DOWN_WITHIN: TimeDelta = TimeDelta::days(7);
/// How a referral is closed whose household left, and nobody said where to.
pub const LEFT: &str = "left";

/// Who refers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The police.
    Police,
    /// A general practitioner.
    Gp,
    /// A local authority.
    LocalAuthority,
    /// Another agency.
    OtherAgency,
    /// The household itself.
    #[serde(rename = "self")]
    Household,
}

impl Source {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Police, Self::Gp, Self::LocalAuthority, Self::OtherAgency, Self::Household];

    /// The source's name in code and files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Police => "police",
            Self::Gp => "gp",
            Self::LocalAuthority => "local_authority",
            Self::OtherAgency => "other_agency",
            Self::Household => "self",
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Source {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|source| source.as_str() == text).ok_or_else(|| {
            format!("{text:?} is not a source: use police, gp, local_authority, other_agency or self")
        })
    }
}

/// From what the household flees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NeedKind {
    /// Domestic abuse.
    #[default]
    DomesticAbuse,
    /// Modern slavery.
    ModernSlavery,
}

impl NeedKind {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::DomesticAbuse, Self::ModernSlavery];

    /// The kind's name in code and files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DomesticAbuse => "domestic_abuse",
            Self::ModernSlavery => "modern_slavery",
        }
    }
}

impl fmt::Display for NeedKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for NeedKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| format!("{text:?} is not a kind of need: use domestic_abuse or modern_slavery"))
    }
}

/// The state of a referral, without its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReferralStatus {
    /// Nobody has answered it yet.
    Received,
    /// Somebody is finding out what the household needs.
    Assessing,
    /// The household is to be placed, and waits.
    Accepted,
    /// The household has a place: it is there, or is awaited.
    Placed,
    /// It has ended.
    Closed,
    /// The household is not to be placed.
    Declined,
    /// It was taken back.
    Withdrawn,
}

impl ReferralStatus {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Received,
        Self::Assessing,
        Self::Accepted,
        Self::Placed,
        Self::Closed,
        Self::Declined,
        Self::Withdrawn,
    ];

    /// Those in which somebody still has something to do.
    pub const OPEN: [Self; 4] = [Self::Received, Self::Assessing, Self::Accepted, Self::Placed];

    /// The status's name in code and files, and in sentences.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Assessing => "assessing",
            Self::Accepted => "accepted",
            Self::Placed => "placed",
            Self::Closed => "closed",
            Self::Declined => "declined",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// The status in words.
    const fn words(self) -> &'static str {
        match self {
            Self::Assessing => "being assessed",
            Self::Accepted => "accepted",
            other => other.as_str(),
        }
    }
}

impl fmt::Display for ReferralStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ReferralStatus {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|status| status.as_str() == text).ok_or_else(|| {
            format!(
                "{text:?} is not a status: use received, assessing, accepted, placed, closed, declined or withdrawn"
            )
        })
    }
}

/// The state of a referral, with what is true in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum ReferralState {
    /// Nobody has answered it yet.
    Received,
    /// Somebody is finding out what the household needs.
    Assessing {
        /// Who: an account's or a token's id.
        by: Uuid,
    },
    /// The household is to be placed, and waits.
    Accepted {
        /// When that was decided.
        at: DateTime<Utc>,
        /// The household that it is about.
        household: HouseholdId,
    },
    /// The household has a place.
    Placed {
        /// When it was accepted.
        at: DateTime<Utc>,
        /// The household.
        household: HouseholdId,
        /// When it got its first place.
        placed_at: DateTime<Utc>,
        /// The stay that it has, or is to have.
        stay: StayId,
    },
    /// It has ended.
    Closed {
        /// When it was accepted.
        at: DateTime<Utc>,
        /// The household.
        household: HouseholdId,
        /// When the household got its first place, and the last stay that it had; none where it had none.
        placed: Option<(DateTime<Utc>, StayId)>,
        /// When it ended.
        closed_at: DateTime<Utc>,
        /// How: a code of the list of destinations, or of that of reasons for closing.
        outcome: String,
    },
    /// The household is not to be placed.
    Declined {
        /// When that was decided.
        at: DateTime<Utc>,
        /// The code of the reason.
        reason: String,
        /// The household, where the referral had been accepted before.
        household: Option<HouseholdId>,
    },
    /// It was taken back.
    Withdrawn {
        /// When.
        at: DateTime<Utc>,
        /// The household, where the referral had been accepted before.
        household: Option<HouseholdId>,
    },
}

impl ReferralState {
    /// The state without its data.
    pub const fn status(&self) -> ReferralStatus {
        match self {
            Self::Received => ReferralStatus::Received,
            Self::Assessing { .. } => ReferralStatus::Assessing,
            Self::Accepted { .. } => ReferralStatus::Accepted,
            Self::Placed { .. } => ReferralStatus::Placed,
            Self::Closed { .. } => ReferralStatus::Closed,
            Self::Declined { .. } => ReferralStatus::Declined,
            Self::Withdrawn { .. } => ReferralStatus::Withdrawn,
        }
    }

    /// When it was decided or taken back; none while nobody has.
    pub const fn at(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Received | Self::Assessing { .. } => None,
            Self::Accepted { at, .. }
            | Self::Placed { at, .. }
            | Self::Closed { at, .. }
            | Self::Declined { at, .. }
            | Self::Withdrawn { at, .. } => Some(*at),
        }
    }

    /// When the household got its first place.
    pub const fn placed_at(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Placed { placed_at, .. } | Self::Closed { placed: Some((placed_at, _)), .. } => {
                Some(*placed_at)
            }
            _ => None,
        }
    }
}

/// What a referral says in codes and counts. What it says in words is confidential, and kept elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// Who refers.
    pub source: Source,
    /// From what the household flees.
    pub kind: NeedKind,
    /// How great the danger is.
    pub assessment: Assessment,
    /// Who needs a place, as counts.
    pub people: People,
    /// Whom the adults are, where the household shares a property. None where that is not known.
    pub shares_as: Option<SharesAs>,
    /// The night from which on.
    pub arrival: Night,
    /// For how many nights.
    pub nights: u32,
    /// Codes of the features that a home must have for it.
    pub features: BTreeSet<String>,
    /// The district that it flees from, by name; none where that is none of the service's.
    pub from_district: Option<String>,
}

/// A referral.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Referral {
    /// Its id.
    pub id: ReferralId,
    /// What people call it, such as `P-7K3Q9X2M`. It counts nothing: a counter would tell one council how many
    /// households the others refer.
    pub reference: String,
    /// The council that sent it, where one did.
    pub council: Option<String>,
    /// What it says.
    pub facts: Facts,
    /// When it came.
    pub received_at: DateTime<Utc>,
    /// When it was first answered; none while nobody has.
    pub responded_at: Option<DateTime<Utc>>,
    /// How often it has been changed: who changes it says which version they have seen.
    pub version: u32,
    /// What has become of it.
    pub state: ReferralState,
}

impl Referral {
    /// The state without its data.
    pub const fn status(&self) -> ReferralStatus {
        self.state.status()
    }

    /// The household that it was accepted for.
    pub const fn household(&self) -> Option<HouseholdId> {
        match self.state {
            ReferralState::Accepted { household, .. }
            | ReferralState::Placed { household, .. }
            | ReferralState::Closed { household, .. } => Some(household),
            ReferralState::Declined { household, .. } | ReferralState::Withdrawn { household, .. } => {
                household
            }
            ReferralState::Received | ReferralState::Assessing { .. } => None,
        }
    }

    /// Somebody finds out what the household needs.
    pub fn assess(self, by: Uuid, at: DateTime<Utc>) -> Result<Self, Refusal> {
        self.must_be(&[ReferralStatus::Received], "assessed")?;
        Ok(self.answered(at, ReferralState::Assessing { by }))
    }

    /// The household is to be placed.
    pub fn accept(self, household: HouseholdId, at: DateTime<Utc>) -> Result<Self, Refusal> {
        self.must_be_undecided("accepted")?;
        Ok(self.answered(at, ReferralState::Accepted { at, household }))
    }

    /// It is not. `reason` is a code of the list of reasons for declining.
    pub fn decline(self, reason: String, at: DateTime<Utc>) -> Result<Self, Refusal> {
        let household = self.household();
        self.must_be(&WAITING, "declined")?;
        Ok(self.answered(at, ReferralState::Declined { at, reason, household }))
    }

    /// It is taken back: by the council that sent it, while nobody has decided; by the team for whoever called, also
    /// while the household waits.
    pub fn withdraw(self, by: TakenBackBy, at: DateTime<Utc>) -> Result<Self, Refusal> {
        let household = self.household();
        match by {
            TakenBackBy::Council => self.must_be_undecided("withdrawn")?,
            TakenBackBy::Team => self.must_be(&WAITING, "withdrawn")?,
        }
        Ok(self.changed(ReferralState::Withdrawn { at, household }))
    }

    /// It ends without a stay. `outcome` is a code of the list of reasons for closing.
    pub fn close(self, outcome: String, closed_at: DateTime<Utc>) -> Result<Self, Refusal> {
        self.must_be(&[ReferralStatus::Accepted], "closed")?;
        let ReferralState::Accepted { at, household } = self.state else { return Ok(self) };
        Ok(self.changed(ReferralState::Closed { at, household, placed: None, closed_at, outcome }))
    }

    /// The same with other facts. Refused when somebody has changed it since `seen`, or when it has ended.
    pub fn edit(self, facts: Facts, seen: u32) -> Result<Self, Refusal> {
        if seen != self.version {
            return Err(Refusal::new(
                RefusalCode::Changed,
                format!(
                    "A colleague has changed {} since you looked: look at it again, then make your change once more.",
                    self.reference
                ),
            )
            .on("version"));
        }
        self.must_be(&ReferralStatus::OPEN, "changed")?;
        let state = self.state.clone();
        Ok(Self { facts, ..self }.changed(state))
    }

    fn answered(self, at: DateTime<Utc>, state: ReferralState) -> Self {
        let responded_at = self.responded_at.or(Some(at));
        Self { responded_at, ..self }.changed(state)
    }

    fn changed(self, state: ReferralState) -> Self {
        Self { version: self.version.saturating_add(1), state, ..self }
    }

    /// Refused once it is decided: only before can it be `to` ("accepted").
    pub fn must_be_undecided(&self, to: &str) -> Result<(), Refusal> {
        self.must_be(&[ReferralStatus::Received, ReferralStatus::Assessing], to)
    }

    fn must_be(&self, statuses: &[ReferralStatus], to: &str) -> Result<(), Refusal> {
        let status = self.status();
        if statuses.contains(&status) {
            return Ok(());
        }
        let instead = match status {
            ReferralStatus::Received => "assess or accept it first",
            ReferralStatus::Assessing => "a colleague has it in hand: ask them",
            ReferralStatus::Accepted | ReferralStatus::Placed => {
                "tell each other by telephone what has changed"
            }
            ReferralStatus::Closed | ReferralStatus::Declined | ReferralStatus::Withdrawn => {
                "send a new one if the household needs a place after all"
            }
        };
        let only: Vec<_> = statuses.iter().map(|status| status.words()).collect();
        Err(Refusal::new(
            RefusalCode::WrongState,
            format!(
                "{} is {} and can't be {to}: only a referral that is {} can be. Look at it again, or {instead}.",
                self.reference,
                status.words(),
                only.join(" or ")
            ),
        )
        .on("referral"))
    }

    /// What becomes of it by the stays of its household: placed while one is booked or in residence; closed when one has
    /// ended that did not end before the referral came; waiting otherwise. `outcome_of` says where a household went
    /// after a stay. A referral that was closed opens again only when its own stay is taken up again.
    #[must_use]
    pub fn after_stays(
        self,
        stays: &[Stay],
        outcome_of: impl Fn(StayId) -> Option<String>,
        now: DateTime<Utc>,
    ) -> Self {
        let (at, household, placed) = match self.state {
            ReferralState::Accepted { at, household } => (at, household, None),
            ReferralState::Placed { at, household, placed_at, stay } => {
                (at, household, Some((placed_at, stay)))
            }
            ReferralState::Closed { at, household, placed: Some(placed), .. } => {
                (at, household, Some(placed))
            }
            _ => return self,
        };
        let own = || stays.iter().filter(|stay| stay.household == household);
        let live = own()
            .filter(|stay| matches!(stay.status(), StayStatus::Booked | StayStatus::InResidence))
            .max_by_key(|stay| {
                (stay.status() == StayStatus::InResidence, std::cmp::Reverse(stay.nights), stay.id)
            });
        let placed_at = placed.map_or(now, |(placed_at, _)| placed_at);
        if self.status() == ReferralStatus::Closed {
            let reopened = live.filter(|live| placed.is_some_and(|(_, stay)| stay == live.id));
            return match reopened {
                Some(stay) => self.changed(ReferralState::Placed { at, household, placed_at, stay: stay.id }),
                None => self,
            };
        }
        let received_on = service_day(self.received_at);
        let ended = own()
            .filter(|stay| stay.status() == StayStatus::Departed && stay.nights.departure() >= received_on)
            .max_by_key(|stay| (stay.nights.departure(), stay.id));
        let state = match (live, ended) {
            (Some(stay), _) => ReferralState::Placed { at, household, placed_at, stay: stay.id },
            (None, Some(stay)) => ReferralState::Closed {
                at,
                household,
                placed: Some((placed_at, stay.id)),
                closed_at: now,
                outcome: outcome_of(stay.id).unwrap_or_else(|| LEFT.to_owned()),
            },
            (None, None) => ReferralState::Accepted { at, household },
        };
        if state == self.state { self } else { self.changed(state) }
    }

    /// What had become of a referral of the past that was accepted, by the stays of its household: placed when the first
    /// stay since it came was booked, closed when the last of those without a night between was left. Later stays are
    /// those of another referral.
    #[must_use]
    pub fn after_past_stays(self, stays: &[Stay]) -> Self {
        let received_on = service_day(self.received_at);
        let mut since: Vec<&Stay> = stays
            .iter()
            .filter(|stay| Some(stay.household) == self.household())
            .filter(|stay| !matches!(stay.status(), StayStatus::Cancelled | StayStatus::NoShow))
            .filter(|stay| stay.nights.departure() >= received_on)
            .collect();
        since.sort_by_key(|stay| (stay.nights.arrival(), stay.nights.departure()));
        let Some(first) = since.first() else { return self };
        if first.nights.arrival() > later(received_on, REFER_AHEAD_NIGHTS) {
            return self;
        }
        let mut journey: Vec<Stay> = Vec::new();
        for stay in &since {
            if journey.last().is_none_or(|before| stay.nights.arrival() <= before.nights.departure()) {
                journey.push((*stay).clone());
            }
        }
        let placed_at = first.booked_at.max(self.received_at);
        let left_on = journey.last().map_or(received_on, |last| last.nights.departure());
        let left_at = at_service_time(left_on, NaiveTime::MIN).max(placed_at);
        let mut followed = self.after_stays(&journey, |_| None, left_at);
        match &mut followed.state {
            ReferralState::Placed { placed_at: at, .. }
            | ReferralState::Closed { placed: Some((at, _)), .. } => *at = placed_at,
            _ => {}
        }
        followed
    }
}

/// Undecided, or accepted and without a place.
const WAITING: [ReferralStatus; 3] =
    [ReferralStatus::Received, ReferralStatus::Assessing, ReferralStatus::Accepted];

/// Who takes a referral back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TakenBackBy {
    /// The council that sent it.
    Council,
    /// The team, for whoever called.
    Team,
}

/// Refused when a call is written down that has not come yet, or came long ago.
pub fn received(at: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), Refusal> {
    let wrong = |message: &str| Err(Refusal::new(RefusalCode::WrongTime, message).on("receivedAt"));
    if at > now {
        return wrong(
            "This is still to come: give the time at which the call came, or leave it out for now.",
        );
    }
    if now - at > WRITTEN_DOWN_WITHIN {
        return wrong(
            "This is more than a week ago: bring referrals of the past in with `safespace import`.",
        );
    }
    Ok(())
}

/// Refused when a household is expected in the past or too far ahead. Until late arrivals end, tonight is the night
/// that began yesterday evening.
pub fn expected(arrival: Night, at: DateTime<Utc>, policy: &Policy) -> Result<(), Refusal> {
    let tonight = arrival_night(at, policy);
    let last = later(service_day(at), REFER_AHEAD_NIGHTS);
    let wrong = |message: String| Err(Refusal::new(RefusalCode::WrongTime, message).on("arrival"));
    if arrival < tonight {
        return wrong(format!("{arrival} has passed: a household is expected tonight, {tonight}, or later."));
    }
    if arrival > last {
        return wrong(format!("{arrival} is too far ahead: refer a household that is expected by {last}."));
    }
    Ok(())
}

/// What has become of a referral, as the council that sent it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Nobody has answered it yet.
    Received,
    /// Somebody is finding out what the household needs.
    Assessing,
    /// The household is to be placed, and has no place yet.
    Accepted,
    /// The household has a place: it is there, or is awaited.
    Placed,
    /// It was declined.
    Declined,
    /// It was taken back.
    Withdrawn,
    /// It has ended: the household has left, or needs no place any more.
    Closed,
}

impl From<ReferralStatus> for Outcome {
    fn from(status: ReferralStatus) -> Self {
        match status {
            ReferralStatus::Received => Self::Received,
            ReferralStatus::Assessing => Self::Assessing,
            ReferralStatus::Accepted => Self::Accepted,
            ReferralStatus::Placed => Self::Placed,
            ReferralStatus::Closed => Self::Closed,
            ReferralStatus::Declined => Self::Declined,
            ReferralStatus::Withdrawn => Self::Withdrawn,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ids::UnitId, nights::Nights, stays::StayState, units::Scheme};

    const NOBODY: Option<String> = None;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn household(n: u128) -> HouseholdId {
        HouseholdId(Uuid::from_u128(n))
    }

    fn facts() -> Facts {
        Facts {
            source: Source::LocalAuthority,
            kind: NeedKind::DomesticAbuse,
            assessment: Assessment::default(),
            people: People { adults: 1, children: 2 },
            shares_as: None,
            arrival: "2020-11-03".parse().unwrap(),
            nights: 7,
            features: BTreeSet::new(),
            from_district: None,
        }
    }

    fn referral() -> Referral {
        Referral {
            id: ReferralId(Uuid::from_u128(1)),
            reference: "P-7K3Q9X2M".into(),
            council: Some("North Herts".into()),
            facts: facts(),
            received_at: at("2020-11-03T21:00:00Z"),
            responded_at: None,
            version: 1,
            state: ReferralState::Received,
        }
    }

    fn stay(from: &str, to: &str, state: StayState) -> Stay {
        let nights = Nights::between(from.parse().unwrap(), to.parse().unwrap());
        Stay {
            id: StayId(Uuid::from_u128(2)),
            household: household(7),
            unit: UnitId(Uuid::from_u128(3)),
            people: People { adults: 1, children: 2 },
            planned: nights,
            nights,
            state,
            moved_from: None,
            booked_at: at("2020-11-03T22:00:00Z"),
            over_limit: false,
        }
    }

    const GONE: StayState = StayState::Departed { arrived_at: None, departed_at: None, moved_to: None };

    fn accepted() -> Referral {
        referral().accept(household(7), at("2020-11-03T22:00:00Z")).unwrap()
    }

    #[test]
    fn what_is_decided_is_not_decided_again() {
        let now = at("2020-11-03T21:30:00Z");
        let decided = [
            referral().decline("no_capacity".into(), now).unwrap(),
            referral().withdraw(TakenBackBy::Council, now).unwrap(),
            accepted().close("lost_contact".into(), now).unwrap(),
        ];
        for decided in decided {
            let status = decided.status();
            let again = [
                decided.clone().accept(household(8), now),
                decided.clone().decline("out_of_area".into(), now),
                decided.clone().withdraw(TakenBackBy::Team, now),
                decided.clone().close("other".into(), now),
                decided.clone().edit(facts(), decided.version),
            ];
            for (again, to) in
                again.into_iter().zip(["accepted", "declined", "withdrawn", "closed", "changed"])
            {
                let refusal = again.unwrap_err();
                let says = format!("P-7K3Q9X2M is {status} and can't be {to}");
                assert!(refusal.message.starts_with(&says), "{refusal}");
            }
        }
    }

    #[test]
    fn who_waits_may_be_declined_or_taken_back_by_the_team_and_not_by_the_council() {
        let now = at("2020-11-03T23:00:00Z");
        let declined = accepted().decline("no_capacity".into(), now).unwrap();
        assert_eq!(declined.household(), Some(household(7)));
        assert!(accepted().withdraw(TakenBackBy::Team, now).is_ok());
        assert!(accepted().withdraw(TakenBackBy::Council, now).is_err());
        assert!(accepted().accept(household(8), now).is_err());
    }

    #[test]
    fn the_first_answer_is_the_one_that_counts() {
        let first = at("2020-11-03T21:10:00Z");
        let assessed = referral().assess(Uuid::nil(), first).unwrap();
        assert!(assessed.clone().assess(Uuid::nil(), first).is_err(), "a colleague has it");
        let accepted = assessed.accept(household(7), at("2020-11-03T22:00:00Z")).unwrap();
        assert_eq!(accepted.responded_at, Some(first));
        assert_eq!(accepted.version, 3);
    }

    #[test]
    fn the_second_of_two_who_change_it_is_told() {
        let other = Facts { nights: 3, ..facts() };
        let changed = referral().edit(other.clone(), 1).unwrap();
        assert_eq!((changed.facts.nights, changed.version), (3, 2));
        let refusal = changed.edit(facts(), 1).unwrap_err();
        assert_eq!(refusal.code, RefusalCode::Changed);
    }

    #[test]
    fn it_is_placed_and_closed_by_its_households_own_stays() {
        let now = at("2020-11-04T09:00:00Z");
        let booked = stay("2020-11-03", "2020-11-06", StayState::Booked);
        let other = Stay { household: household(8), ..booked.clone() };
        let left = stay("2020-11-03", "2020-11-06", GONE);
        let after = |referral: Referral, stays: &[Stay]| referral.after_stays(stays, |_| NOBODY, now);
        assert_eq!(after(referral(), std::slice::from_ref(&booked)).status(), ReferralStatus::Received);
        assert_eq!(after(accepted(), &[]), accepted());
        assert_eq!(after(accepted(), &[other]), accepted());
        let placed = after(accepted(), std::slice::from_ref(&booked));
        assert_eq!(placed.state.placed_at(), Some(now));
        assert_eq!(
            after(placed.clone(), &[]).status(),
            ReferralStatus::Accepted,
            "the booking was called off"
        );
        let closed =
            placed.clone().after_stays(std::slice::from_ref(&left), |_| Some("own_tenancy".into()), now);
        assert!(
            matches!(&closed.state, ReferralState::Closed { outcome, .. } if outcome == "own_tenancy"),
            "{closed:?}"
        );
        let next = Stay { id: StayId(Uuid::from_u128(99)), ..booked.clone() };
        assert_eq!(
            after(closed.clone(), &[left.clone(), next.clone()]),
            closed,
            "that is another referral's"
        );
        assert_eq!(after(closed, &[booked]).status(), ReferralStatus::Placed, "the departure was a mistake");
        assert_eq!(after(placed, &[left, next]).status(), ReferralStatus::Placed, "it has moved");
    }

    #[test]
    fn what_ended_before_the_referral_or_never_came_to_be_places_nobody() {
        let now = at("2020-11-04T09:00:00Z");
        let before = stay("2020-10-01", "2020-10-05", GONE);
        let cancelled = stay("2020-11-03", "2020-11-06", StayState::Cancelled { at: None });
        let no_show = stay("2020-11-03", "2020-11-06", StayState::NoShow { at: None });
        assert_eq!(accepted().after_stays(&[before, cancelled, no_show], |_| NOBODY, now), accepted());
    }

    #[test]
    fn a_household_is_expected_tonight_or_in_the_next_weeks() {
        let policy = Policy::default_for(Scheme::SafeSpace);
        let told = |arrival: &str, now: &str| expected(arrival.parse().unwrap(), at(now), &policy);
        assert!(told("2020-11-03", "2020-11-03T21:00:00Z").is_ok());
        assert!(told("2020-11-03", "2020-11-04T00:30:00Z").is_ok());
        assert!(told("2020-11-02", "2020-11-03T21:00:00Z").is_err());
        assert!(told("2020-12-01", "2020-11-03T21:00:00Z").is_ok());
        assert!(told("2020-12-02", "2020-11-03T21:00:00Z").is_err());
    }

    #[test]
    fn a_call_is_written_down_soon_after_it_came() {
        let now = at("2020-11-04T00:10:00Z");
        assert!(received(at("2020-11-03T23:40:00Z"), now).is_ok());
        assert!(received(at("2020-11-04T00:11:00Z"), now).is_err());
        assert!(received(at("2020-10-27T00:00:00Z"), now).is_err());
    }

    #[test]
    fn a_referral_of_the_past_is_followed_by_the_stays_of_one_journey() {
        let left = |from, to| {
            stay(from, to, StayState::Departed { arrived_at: None, departed_at: None, moved_to: None })
        };
        let accepted = || referral().accept(household(7), at("2020-11-03T22:00:00Z")).unwrap();
        let stays = [
            left("2020-10-01", "2020-10-05"),
            left("2020-11-03", "2020-11-07"),
            left("2020-11-07", "2020-11-10"),
            left("2020-12-20", "2020-12-22"),
        ];
        let after = accepted().after_past_stays(&stays);
        let ReferralState::Closed { placed: Some((placed_at, _)), closed_at, ref outcome, .. } = after.state
        else {
            panic!("{after:?}");
        };
        assert_eq!((placed_at, closed_at), (at("2020-11-03T22:00:00Z"), at("2020-11-10T00:00:00Z")));
        assert_eq!(outcome, LEFT);
        assert_eq!(accepted().after_past_stays(&stays[..1]), accepted(), "that was before it came");
        assert_eq!(accepted().after_past_stays(&stays[3..]), accepted(), "that was long after");
        let there = stay("2020-11-04", "2020-11-09", StayState::InResidence { arrived_at: None });
        assert_eq!(accepted().after_past_stays(&[there]).status(), ReferralStatus::Placed);
    }
}
