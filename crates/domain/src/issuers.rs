//! Issuers: identity providers that people may sign in with (`OpenID` Connect Core 1.0), instead of a password of ours.
//!
//! An issuer is trusted to say who somebody is, so whoever runs it could be any person that it may say. A council's
//! issuer therefore speaks for that council's partners only, and never for the team.

use chrono::{DateTime, Utc};

use crate::{accounts::Account, ids::IssuerId, refusal::Refusal};

/// The longest address of an issuer, in bytes.
const LONGEST_URL: usize = 500;
/// The longest client id, in bytes.
const LONGEST_CLIENT_ID: usize = 255;
/// Parts of an address by which a provider means the accounts of anybody: the name that it signs is then not one tenant's.
const OF_ANYBODY: [&str; 4] = ["common", "organizations", "consumers", "{tenantid}"];

/// An identity provider that people may sign in with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    /// Its id.
    pub id: IssuerId,
    /// Its name, as the page to sign in shows it to everybody.
    pub name: String,
    /// Its issuer identifier: the address under which it says how it is asked.
    pub url: String,
    /// The name under which this service is known to it.
    pub client_id: String,
    /// The council whose partners it speaks for; the team's own where there is none.
    pub council: Option<String>,
    /// When it was added.
    pub made_at: DateTime<Utc>,
    /// Since when nobody can sign in with it, where nobody can.
    pub retired_at: Option<DateTime<Utc>>,
}

impl Issuer {
    /// Whether it may say that somebody is the owner of this account.
    pub fn speaks_for(&self, account: &Account) -> bool {
        self.retired_at.is_none() && self.council == account.council
    }
}

/// The address of an issuer: HTTPS, or plain HTTP on this machine itself; one tenant's.
pub fn url(text: &str) -> Result<String, Refusal> {
    let text = text.trim();
    let bad = |why: &str| Err(Refusal::bad("url", format!("This can’t be an issuer’s address: {why}.")));
    let (secure, rest) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
        (Some(rest), _) => (true, rest),
        (_, Some(rest)) => (false, rest),
        _ => return bad("it begins with https://"),
    };
    let host = rest.split('/').next().unwrap_or_default();
    if text.len() > LONGEST_URL || host.is_empty() || !text.bytes().all(|sign| sign.is_ascii_graphic()) {
        return bad("write it as the provider does, such as https://login.example.org/tenant");
    }
    if text.contains(['?', '#', '@', '\\']) {
        return bad("no name, question mark or # is in it");
    }
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    if !secure && !["127.0.0.1", "[::1]", "localhost"].contains(&name) {
        return bad("it begins with https://, unless the provider runs on this machine");
    }
    if rest.split('/').skip(1).any(|part| OF_ANYBODY.contains(&part.to_ascii_lowercase().as_str())) {
        return bad("it is one for the accounts of anybody; take the one of your own tenant");
    }
    Ok(text.to_owned())
}

/// The name under which this service is known to an issuer.
pub fn client_id(text: &str) -> Result<String, Refusal> {
    let text = text.trim();
    if (1..=LONGEST_CLIENT_ID).contains(&text.len()) && text.bytes().all(|sign| sign.is_ascii_graphic()) {
        return Ok(text.to_owned());
    }
    Err(Refusal::bad(
        "client_id",
        format!("A client id has 1 to {LONGEST_CLIENT_ID} signs without spaces: copy it from the provider."),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{access::Role, ids::AccountId};

    #[test]
    fn an_issuer_is_one_tenant_s_and_asked_over_tls() {
        for good in [
            "https://login.example.org/tenant-1/v2.0",
            "https://login.example.org",
            "http://127.0.0.1:4000",
            "http://localhost:4000/op",
            "http://[::1]:4000",
        ] {
            assert_eq!(url(good).as_deref(), Ok(good));
        }
        for bad in [
            "",
            "login.example.org",
            "http://login.example.org",
            "http://127.0.0.1.example.org",
            "http://localhost@login.example.org",
            "https://",
            "https:///tenant",
            "https://login.example.org/common/v2.0",
            "https://login.example.org/Organizations/v2.0",
            "https://login.example.org/{tenantid}/v2.0",
            "https://login.example.org/?tenant=a",
            "https://login.example.org/#a",
            "https://login.example.org/a b",
            "ftp://login.example.org",
            "javascript:alert(1)",
        ] {
            assert!(url(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_council_s_issuer_speaks_for_its_partners_only() {
        let at = DateTime::UNIX_EPOCH;
        let issuer = |council: Option<&str>| Issuer {
            id: IssuerId(uuid::Uuid::from_u128(1)),
            name: "Example".to_owned(),
            url: "https://login.example.org".to_owned(),
            client_id: "a".to_owned(),
            council: council.map(str::to_owned),
            made_at: at,
            retired_at: None,
        };
        let account = |role, council: Option<&str>| Account {
            id: AccountId(uuid::Uuid::from_u128(2)),
            name: "somebody".to_owned(),
            role,
            council: council.map(str::to_owned),
            made_at: at,
            disabled_at: None,
            has_password: false,
            has_issuer: false,
            has_second_factor: false,
        };
        let (north, east) = (Some("North Herts"), Some("East Herts"));
        assert!(issuer(north).speaks_for(&account(Role::Partner, north)));
        assert!(!issuer(north).speaks_for(&account(Role::Partner, east)));
        assert!(!issuer(None).speaks_for(&account(Role::Partner, north)));
        for role in [Role::Officer, Role::Manager, Role::Administrator] {
            assert!(issuer(None).speaks_for(&account(role, None)));
            assert!(!issuer(north).speaks_for(&account(role, None)));
        }
        let retired = Issuer { retired_at: Some(at), ..issuer(None) };
        assert!(!retired.speaks_for(&account(Role::Officer, None)));
    }
}
