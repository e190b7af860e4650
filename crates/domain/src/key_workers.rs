//! Key workers: the one member of staff who answers for a household's support.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    access::Role,
    accounts::Account,
    ids::{AccountId, HouseholdId, KeyWorkerId},
    refusal::{Refusal, RefusalCode},
};

/// That somebody is, or was, the key worker of a household. A household has one at a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyWorker {
    /// The id of this time.
    pub id: KeyWorkerId,
    /// Whose.
    pub household: HouseholdId,
    /// Who.
    pub account: AccountId,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Until when; none while they are.
    pub until: Option<DateTime<Utc>>,
    /// Who said so: an account's or a token's id; nil for the service.
    pub assigned_by: Uuid,
}

/// Whether somebody with this account can be a key worker: an officer or a manager whose account is not disabled.
pub const fn can_be(account: &Account) -> bool {
    matches!(account.role, Role::Officer | Role::Manager) && account.disabled_at.is_none()
}

/// Refused, with what is wrong, when somebody with this account can't be a key worker.
pub fn must_be_able(account: &Account) -> Result<(), Refusal> {
    let name = &account.name;
    if !matches!(account.role, Role::Officer | Role::Manager) {
        let message = format!("{name} is no officer and no manager: a key worker is one of the team.");
        return Err(Refusal::bad("worker", message));
    }
    if account.disabled_at.is_some() {
        let message = format!("The account of {name} is disabled: choose somebody who can sign in.");
        return Err(Refusal::new(RefusalCode::WrongState, message).on("worker"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_worker_is_an_officer_or_a_manager_who_can_sign_in() {
        let made_at: DateTime<Utc> = "2020-11-03T21:00:00Z".parse().unwrap();
        for role in Role::ALL {
            let account = Account {
                id: AccountId(Uuid::max()),
                name: "night.officer".into(),
                role,
                council: None,
                made_at,
                disabled_at: None,
                has_password: true,
                has_issuer: false,
                has_second_factor: true,
            };
            let of_the_team = matches!(role, Role::Officer | Role::Manager);
            assert_eq!(
                (can_be(&account), must_be_able(&account).is_ok()),
                (of_the_team, of_the_team),
                "{role}"
            );
            let gone = Account { disabled_at: Some(made_at), ..account };
            assert!(!can_be(&gone));
            let refusal = must_be_able(&gone).unwrap_err();
            let code = if of_the_team { RefusalCode::WrongState } else { RefusalCode::BadValue };
            assert_eq!((refusal.code, refusal.field.as_deref()), (code, Some("worker")));
        }
    }
}
