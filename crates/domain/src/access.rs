//! Who may do what: the one table of roles and permissions, and what a credential adds to it or takes from it.

use std::{collections::BTreeSet, fmt, str::FromStr};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    ids::{AccountId, SessionId, TokenId},
    refusal::{Refusal, RefusalCode},
};

/// How long a second factor is fresh: so long after it, what needs a fresh one may be done.
pub const SECOND_FACTOR_IS_FRESH_FOR: TimeDelta = TimeDelta::minutes(5);

/// What somebody is to the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Takes referrals, allocates rooms, runs stays.
    Officer,
    /// Reviews occupancy, grants exceptions, looks after properties and policy; may also do what officers do.
    Manager,
    /// Works for a partner council: may ask whether there is room. Sees no unit, property or case.
    Partner,
    /// Keeps accounts and keys. Sees no case.
    Administrator,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 4] = [Self::Officer, Self::Manager, Self::Partner, Self::Administrator];

    /// The role's name in code, files and tokens.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Officer => "officer",
            Self::Manager => "manager",
            Self::Partner => "partner",
            Self::Administrator => "administrator",
        }
    }

    /// Whether the role has the permission. This table is the only place that says so.
    pub const fn may(self, permission: Permission) -> bool {
        match permission {
            Permission::SeeSpaces
            | Permission::SeeStays
            | Permission::PlaceHouseholds
            | Permission::RecordVoids
            | Permission::AnswerReferrals
            | Permission::KeepHouseholdDetails
            | Permission::GiveSupport
            | Permission::KeepStock
            | Permission::Reveal => {
                matches!(self, Self::Officer | Self::Manager)
            }
            Permission::GrantExceptions
            | Permission::SeeReports
            | Permission::SeeQuestions
            | Permission::ManageSpaces
            | Permission::ManageStock
            | Permission::KeepAddresses
            | Permission::ImportRecords
            | Permission::RestrictCases
            | Permission::SearchAudit
            | Permission::KeepRecords => matches!(self, Self::Manager),
            Permission::AskForRoom | Permission::Refer | Permission::FollowReferrals => {
                matches!(self, Self::Partner)
            }
            Permission::ManageAccounts => matches!(self, Self::Administrator),
        }
    }

    /// Whether somebody in this role must have a second factor. Partners see no unit and no case.
    pub const fn needs_second_factor(self) -> bool {
        !matches!(self, Self::Partner)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or_else(|| format!("{text:?} is not a role: use officer, manager, partner or administrator"))
    }
}

/// Something that a role may or may not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Permission {
    /// See properties, units, their free nights, and occupancy.
    SeeSpaces,
    /// See households and stays.
    SeeStays,
    /// Book, check in and out, extend, shorten, cancel, move, reinstate.
    PlaceHouseholds,
    /// Record, change and cancel voids.
    RecordVoids,
    /// See partners' referrals and answer them.
    AnswerReferrals,
    /// See figures, targets, the return and what goes to groups that meet.
    SeeReports,
    /// See what partner councils have asked.
    SeeQuestions,
    /// Write down a household's personal details.
    KeepHouseholdDetails,
    /// Record sessions of support and group offers, see to immediate needs, name key workers.
    GiveSupport,
    /// Receive, give out, move, count and write off stock.
    KeepStock,
    /// Keep the catalogue, the places that hold stock, and grants.
    ManageStock,
    /// Have an address or a household's personal details revealed: an act that is recorded.
    Reveal,
    /// Allow a stay longer than the policy does.
    GrantExceptions,
    /// Register, describe, open and close properties and units; keep code lists and policies.
    ManageSpaces,
    /// Write down the addresses of properties.
    KeepAddresses,
    /// Bring in files of past records.
    ImportRecords,
    /// Close a case to staff with a conflict of interest.
    RestrictCases,
    /// Search the audit.
    SearchAudit,
    /// Keep the terms of retention, erase households, and export all that is held on one.
    KeepRecords,
    /// Ask whether there is room.
    AskForRoom,
    /// Send a referral.
    Refer,
    /// Follow one's own council's referrals.
    FollowReferrals,
    /// Keep accounts, tokens and the issuers that people may sign in with.
    ManageAccounts,
}

impl Permission {
    /// Every permission.
    pub const ALL: [Self; 23] = [
        Self::SeeSpaces,
        Self::SeeStays,
        Self::PlaceHouseholds,
        Self::RecordVoids,
        Self::AnswerReferrals,
        Self::SeeReports,
        Self::SeeQuestions,
        Self::KeepHouseholdDetails,
        Self::GiveSupport,
        Self::KeepStock,
        Self::ManageStock,
        Self::Reveal,
        Self::GrantExceptions,
        Self::ManageSpaces,
        Self::KeepAddresses,
        Self::ImportRecords,
        Self::RestrictCases,
        Self::SearchAudit,
        Self::KeepRecords,
        Self::AskForRoom,
        Self::Refer,
        Self::FollowReferrals,
        Self::ManageAccounts,
    ];

    const fn words(self) -> &'static str {
        match self {
            Self::SeeSpaces => "see the spaces",
            Self::SeeStays => "see stays",
            Self::PlaceHouseholds => "place households",
            Self::RecordVoids => "record voids",
            Self::AnswerReferrals => "answer referrals",
            Self::SeeReports => "see reports: ask a manager",
            Self::SeeQuestions => "see what partners ask: ask a manager",
            Self::KeepHouseholdDetails => "keep a household's details",
            Self::GiveSupport => "record support",
            Self::KeepStock => "keep stock",
            Self::ManageStock => "keep the catalogue, places or grants: ask a manager",
            Self::Reveal => "have an address or personal details revealed",
            Self::GrantExceptions => "grant an exception: ask a manager",
            Self::ManageSpaces => "change properties, units and policies: ask a manager",
            Self::KeepAddresses => "keep addresses: ask a manager",
            Self::ImportRecords => "import records",
            Self::RestrictCases => "restrict a case: ask a manager",
            Self::SearchAudit => "search the audit: ask a manager",
            Self::KeepRecords => "erase or export records: ask a manager",
            Self::AskForRoom => "ask for room here",
            Self::Refer => "send referrals",
            Self::FollowReferrals => "follow referrals",
            Self::ManageAccounts => "keep accounts: ask an administrator",
        }
    }

    /// The scope that a token needs for it; none when no token is enough and a person must have signed in.
    pub const fn scope(self) -> Option<Scope> {
        match self {
            Self::SeeSpaces | Self::SeeStays | Self::SeeReports | Self::SeeQuestions => Some(Scope::Read),
            Self::PlaceHouseholds
            | Self::RecordVoids
            | Self::AnswerReferrals
            | Self::KeepHouseholdDetails
            | Self::GiveSupport
            | Self::KeepStock
            | Self::ManageStock
            | Self::GrantExceptions
            | Self::ManageSpaces
            | Self::KeepAddresses
            | Self::ImportRecords => Some(Scope::Change),
            Self::AskForRoom => Some(Scope::Room),
            Self::Refer => Some(Scope::Refer),
            Self::FollowReferrals => Some(Scope::Follow),
            Self::Reveal
            | Self::RestrictCases
            | Self::SearchAudit
            | Self::KeepRecords
            | Self::ManageAccounts => None,
        }
    }
}

/// What a token may be used for, within its role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// See spaces and stays.
    Read,
    /// Change them.
    Change,
    /// Ask whether there is room.
    Room,
    /// Send referrals.
    Refer,
    /// Follow referrals.
    Follow,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 5] = [Self::Read, Self::Change, Self::Room, Self::Refer, Self::Follow];

    /// The scope's name in code and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Change => "change",
            Self::Room => "room",
            Self::Refer => "refer",
            Self::Follow => "follow",
        }
    }

    /// The scopes that make sense for a role: some permission of the role needs each.
    pub fn of(role: Role) -> BTreeSet<Self> {
        let of_role = Permission::ALL.into_iter().filter(|permission| role.may(*permission));
        of_role.filter_map(Permission::scope).collect()
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Scope {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|scope| scope.as_str() == text)
            .ok_or_else(|| format!("{text:?} is not a scope: use read, change, room, refer or follow"))
    }
}

/// By what somebody is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Who {
    /// The service itself, and whoever has its command line.
    Service,
    /// A program, by its token.
    Token(TokenId),
    /// A person who signed in.
    Person {
        /// Their account.
        account: AccountId,
        /// Their session.
        session: SessionId,
    },
}

impl Who {
    /// As the audit, idempotency keys and restrictions name them: the account's or the token's id; nil for the service.
    pub const fn id(self) -> Uuid {
        match self {
            Self::Service => Uuid::nil(),
            Self::Token(token) => token.0,
            Self::Person { account, .. } => account.0,
        }
    }
}

/// Somebody whose credential was checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// By what they are known.
    pub who: Who,
    /// What they are to the service.
    pub role: Role,
    /// The partner council that they work for; partners only.
    pub council: Option<String>,
    /// What their token may be used for; none for people, who may do all that their role may.
    pub scopes: Option<BTreeSet<Scope>>,
    /// From when on the credential is no longer good.
    pub expires_at: Option<DateTime<Utc>>,
    /// When they last gave a second factor, in this session.
    pub second_factor_at: Option<DateTime<Utc>>,
}

impl Actor {
    /// The service itself, and whoever has its command line: may do everything but have something revealed.
    pub const fn service() -> Self {
        Self {
            who: Who::Service,
            role: Role::Manager,
            council: None,
            scopes: None,
            expires_at: None,
            second_factor_at: None,
        }
    }

    /// Whether the credential is still good.
    pub fn is_good(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_none_or(|expires_at| now < expires_at)
    }

    /// As the audit names them; none for the service.
    pub fn named(&self) -> Option<Uuid> {
        (self.who != Who::Service).then(|| self.who.id())
    }

    /// Their role, as the audit names it.
    pub fn named_role(&self) -> &'static str {
        if self.who == Who::Service { "service" } else { self.role.as_str() }
    }

    /// Whether the actor may: by role, by scope, and as a person where only a person may.
    pub fn may(&self, permission: Permission) -> bool {
        match self.who {
            Who::Service => permission != Permission::Reveal,
            Who::Person { .. } => self.role.may(permission),
            Who::Token(_) => {
                let scoped = |scope| self.scopes.as_ref().is_none_or(|scopes| scopes.contains(&scope));
                self.role.may(permission) && permission.scope().is_some_and(scoped)
            }
        }
    }

    /// Refused when the actor may not.
    pub fn must(&self, permission: Permission) -> Result<(), Refusal> {
        if self.may(permission) {
            return Ok(());
        }
        let words = permission.words();
        let message = if self.role.may(permission) {
            match (self.who, permission.scope()) {
                (Who::Token(_), Some(scope)) => {
                    format!("This token can't {words}: it has not the scope `{scope}`.")
                }
                _ => format!("A program can't {words}: sign in as a person, with a second factor."),
            }
        } else {
            format!("A sign-in as {} can't {words}.", self.role)
        };
        Err(Refusal::new(RefusalCode::NotAllowed, message))
    }

    /// Refused when the actor has not given a second factor within the last five minutes.
    pub fn must_have_fresh_second_factor(&self, now: DateTime<Utc>) -> Result<(), Refusal> {
        if self.second_factor_at.is_some_and(|at| at <= now && now < at + SECOND_FACTOR_IS_FRESH_FOR) {
            return Ok(());
        }
        Err(Refusal::new(
            RefusalCode::SecondFactorNeeded,
            "Give your second factor again first: the last one is older than five minutes.",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(role: Role, scopes: &[Scope]) -> Actor {
        Actor {
            who: Who::Token(TokenId(Uuid::max())),
            role,
            scopes: Some(scopes.iter().copied().collect()),
            ..Actor::service()
        }
    }

    fn person(role: Role) -> Actor {
        let who = Who::Person { account: AccountId(Uuid::max()), session: SessionId(Uuid::max()) };
        Actor { who, role, ..Actor::service() }
    }

    #[test]
    fn each_role_may_do_its_own_and_no_more() {
        let of = |role: Role| Permission::ALL.into_iter().filter(move |permission| role.may(*permission));
        let partner = [Permission::AskForRoom, Permission::Refer, Permission::FollowReferrals];
        assert!(of(Role::Partner).eq(partner));
        assert!(of(Role::Administrator).eq([Permission::ManageAccounts]));
        assert!(of(Role::Officer).all(|permission| Role::Manager.may(permission)));
        assert!(!Role::Officer.may(Permission::GrantExceptions));
        for permission in Permission::ALL {
            assert!(Role::ALL.into_iter().any(|role| role.may(permission)), "{permission:?} is nobody's");
        }
    }

    #[test]
    fn a_token_does_what_its_scopes_say_and_never_what_only_a_person_may() {
        let reader = token(Role::Manager, &[Scope::Read]);
        assert!(reader.may(Permission::SeeStays));
        assert!(!reader.may(Permission::PlaceHouseholds));
        let all = token(Role::Manager, &Scope::ALL);
        for permission in Permission::ALL {
            assert_eq!(all.may(permission), Role::Manager.may(permission) && permission.scope().is_some());
        }
        assert!(all.must(Permission::Reveal).unwrap_err().message.contains("sign in as a person"));
        assert!(reader.must(Permission::PlaceHouseholds).unwrap_err().message.contains("scope `change`"));
        assert!(person(Role::Manager).may(Permission::Reveal));
        assert!(!Actor::service().may(Permission::Reveal));
    }

    #[test]
    fn a_second_factor_is_fresh_for_five_minutes() {
        let at: DateTime<Utc> = "2020-11-03T21:00:00Z".parse().unwrap();
        let actor = Actor { second_factor_at: Some(at), ..person(Role::Officer) };
        assert!(actor.must_have_fresh_second_factor(at).is_ok());
        assert!(actor.must_have_fresh_second_factor(at + TimeDelta::seconds(299)).is_ok());
        assert!(actor.must_have_fresh_second_factor(at + TimeDelta::minutes(5)).is_err());
        assert!(actor.must_have_fresh_second_factor(at - TimeDelta::seconds(1)).is_err(), "from the future");
        assert!(person(Role::Officer).must_have_fresh_second_factor(at).is_err());
    }
}
