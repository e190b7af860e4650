//! Signing in with an issuer (`OpenID` Connect, authorisation code flow with PKCE): somebody else checks the password.
//!
//! A person is known by issuer and subject, never by an e-mail address, which others may get. Who that is here, is said
//! once, through the link by which an administrator has their account set up. What an issuer says replaces the password
//! and nothing else: the second factor stays ours.

use std::net::IpAddr;

use chrono::TimeDelta;
use openidconnect::{
    AuthorizationCode, ClientId, ClientSecret, CsrfToken, IssuerUrl, Nonce, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl,
    core::{CoreAuthenticationFlow, CoreClient, CoreJwsSigningAlgorithm, CoreProviderMetadata},
};
use safespace_domain::{
    AccountId, IssuerId, Refusal, RefusalCode,
    access::{Actor, Permission},
    accounts::Account,
    codes,
    issuers::{self, Issuer},
    sessions::Stage,
};
use safespace_store::{AuditRecord, IssuerRequest, StoredIssuer, Tx};
use serde::{Deserialize, Serialize};

use crate::{
    Engine, EngineError, Fault,
    credentials::Secret,
    issuer_client::{IssuerClient, NotAnswered},
    keys::{Purpose, SERVICE, secret},
    set_up::{no_such_link, owner},
    sign_in::{Beginning, Proof, SignedIn},
    throttle::Subject,
};

/// So long somebody may take at the issuer.
const REQUEST_FOR: TimeDelta = TimeDelta::minutes(10);
/// The longest subject, in bytes, as the standard has it.
const LONGEST_SUBJECT: usize = 255;
/// How an issuer may sign what it says: by a key of its own, of which it publishes the other half.
const SIGNED_BY: [CoreJwsSigningAlgorithm; 6] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
];

/// An issuer that is to be added.
#[derive(Clone, Debug)]
pub struct NewIssuer {
    /// Its name, as the page to sign in shows it to everybody.
    pub name: String,
    /// Its issuer identifier.
    pub url: String,
    /// The name under which this service is known to it.
    pub client_id: String,
    /// The secret that it gave us; none where it takes PKCE alone.
    pub client_secret: Option<String>,
    /// The council whose partners it speaks for; the team's own where there is none.
    pub council: Option<String>,
}

/// For what somebody goes to an issuer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Errand {
    /// To sign in.
    SignIn,
    /// To say whose the account is that this link sets up.
    SetUp(String),
}

/// What an issuer sent somebody back with.
#[derive(Clone, Debug, Default)]
pub struct IssuerAnswer {
    /// What we gave them to bring back.
    pub state: String,
    /// What it gives us the identity for; none where it refused.
    pub code: Option<String>,
    /// Who it says that it is, where it says so (RFC 9207).
    pub iss: Option<String>,
}

/// Where an answer led to.
#[derive(Clone, Debug)]
pub enum Returned {
    /// Somebody has come further in signing in.
    SignedIn(SignedIn),
    /// The account of this link is now signed in to with the issuer.
    Linked(String),
}

/// What an answer must fit, kept sealed until it comes.
#[derive(Serialize, Deserialize)]
struct Awaited {
    nonce: String,
    verifier: String,
    /// The hash of the cookie of the browser that asked.
    browser: String,
    errand: Errand,
}

/// Everything that is wrong with an answer reads the same.
fn not_taken() -> Refusal {
    Refusal::new(
        RefusalCode::NotGood,
        "This sign-in did not work, or took too long. Start again from the page to sign in. If it happens again, ask an \
         administrator.",
    )
}

fn no_such_issuer() -> Refusal {
    Refusal::not_found("issuer", "issuer")
}

fn away(issuer: &Issuer, why: NotAnswered) -> Refusal {
    // Not what it answered: that may name somebody.
    tracing::warn!(issuer = %issuer.id, %why, "an issuer does not answer as it should");
    Refusal::new(
        RefusalCode::NotGood,
        "The sign-in service of your organisation does not answer as it should. Try again in a moment; if it goes on, tell \
         an administrator.",
    )
}

impl Engine {
    /// Adds an issuer, once it has answered who it is. For administrators.
    pub async fn add_issuer(&self, by: &Actor, new: NewIssuer) -> Result<Issuer, EngineError> {
        self.must_freshly(by, Permission::ManageAccounts)?;
        let now = self.clock.now();
        let issuer = Issuer {
            id: IssuerId(self.ids.next()),
            name: codes::name(&new.name, "name")?,
            url: issuers::url(&new.url)?,
            client_id: issuers::client_id(&new.client_id)?,
            council: new.council.as_deref().map(|council| codes::name(council, "council")).transpose()?,
            made_at: now,
            retired_at: None,
        };
        if self.store.reader().issuers().await?.iter().any(|known| {
            let known = &known.issuer;
            known.retired_at.is_none() && (known.url == issuer.url || known.name == issuer.name)
        }) {
            return Err(Refusal::new(
                RefusalCode::WrongState,
                "There is an issuer with this name or address already: retire it first.",
            )
            .into());
        }
        let client = IssuerClient::new().map_err(|why| away(&issuer, why))?;
        client.discover(&issuer).await.map_err(|why| {
            Refusal::bad(
                "url",
                format!("This issuer was not added: {why}. Check the address, and try again."),
            )
        })?;
        let tx = self.store.begin().await?;
        let client_secret =
            match new.client_secret.as_deref().map(str::trim).filter(|secret| !secret.is_empty()) {
                Some(secret) => Some(self.seal(&tx, SERVICE, &secret_context(issuer.id), secret).await?),
                None => None,
            };
        tx.add_issuer(&self.stored_issuer(issuer.clone(), client_secret)?).await?;
        self.record(&tx, &[self.record_of(by, "add_issuer", Some(issuer.id.0))]).await?;
        tx.commit().await?;
        Ok(issuer)
    }

    /// The issuers, oldest first, retired ones too. For administrators.
    pub async fn issuers(&self, by: &Actor) -> Result<Vec<Issuer>, EngineError> {
        self.must(by, Permission::ManageAccounts)?;
        Ok(self.store.reader().issuers().await?.into_iter().map(|stored| stored.issuer).collect())
    }

    /// Retires an issuer: from now on nobody can sign in with it, and whoever did is signed out. Their accounts stay;
    /// resetting one makes a link by which it is set up another way. For administrators.
    pub async fn retire_issuer(&self, by: &Actor, id: IssuerId) -> Result<(), EngineError> {
        self.must_freshly(by, Permission::ManageAccounts)?;
        let now = self.clock.now();
        let tx = self.store.begin().await?;
        if !tx.retire_issuer(id, now).await? {
            return Err(no_such_issuer().into());
        }
        for account in tx.accounts_of_issuer(id).await? {
            tx.end_sessions_of(account, now).await?;
        }
        self.record(&tx, &[self.record_of(by, "retire_issuer", Some(id.0))]).await?;
        tx.commit().await?;
        self.forget_sessions();
        Ok(())
    }

    /// The issuers that the page to sign in offers: to anybody, so no more than names.
    pub async fn issuers_to_sign_in(&self) -> Result<Vec<(IssuerId, String)>, Fault> {
        let all = self.store.reader().issuers().await?.into_iter().map(|stored| stored.issuer);
        Ok(all.filter(|issuer| issuer.retired_at.is_none()).map(|issuer| (issuer.id, issuer.name)).collect())
    }

    /// The issuers that may speak for the owner of an account.
    pub(crate) async fn issuers_for(&self, account: &Account) -> Result<Vec<(IssuerId, String)>, Fault> {
        let all = self.store.reader().issuers().await?.into_iter().map(|stored| stored.issuer);
        Ok(all.filter(|issuer| issuer.speaks_for(account)).map(|issuer| (issuer.id, issuer.name)).collect())
    }

    /// Sends somebody to an issuer: the address to go to. `browser` is a cookie of the browser that asks, and `back` the
    /// address to which the issuer sends it back.
    pub async fn go_to_issuer(
        &self,
        id: IssuerId,
        errand: Errand,
        browser: &str,
        back: &str,
    ) -> Result<String, EngineError> {
        let stored = self.issuer_in_use(id).await?;
        if let Errand::SetUp(link) = &errand {
            self.must_be_set_up_by(&stored.issuer, link).await?;
        }
        let issuer = &stored.issuer;
        let client = IssuerClient::new().map_err(|why| away(issuer, why))?;
        let metadata = client.discover(issuer).await.map_err(|why| away(issuer, why))?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (state, nonce) = (secret()?, secret()?);
        let (to_bring_back, to_be_signed) = (CsrfToken::new(state.clone()), Nonce::new(nonce.clone()));
        let provider = self.provider(&stored, metadata).await?.set_redirect_uri(redirect(issuer, back)?);
        let (url, _, _) = provider
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                move || to_bring_back,
                move || to_be_signed,
            )
            .set_pkce_challenge(challenge)
            .url();
        let awaited =
            Awaited { nonce, verifier: verifier.into_secret(), browser: self.code_of(browser)?, errand };
        let now = self.clock.now();
        let state_hash = self.code_of_secret(Secret::Errand, &state)?;
        let awaited = serde_json::to_string(&awaited).map_err(|_| away(issuer, NotAnswered::Unreadable))?;
        let tx = self.store.begin().await?;
        let sealed = self.seal(&tx, SERVICE, &request_context(id, &state_hash), &awaited).await?;
        let request = IssuerRequest { state_hash, issuer: id, sealed, expires_at: now + REQUEST_FOR };
        tx.add_issuer_request(&request, now).await?;
        tx.commit().await?;
        Ok(url.into())
    }

    /// Somebody is back from an issuer. What they bring is good once, in the browser that was sent there.
    pub async fn back_from_issuer(
        &self,
        answer: &IssuerAnswer,
        browser: &str,
        back: &str,
        from: IpAddr,
    ) -> Result<Returned, EngineError> {
        self.count_try(&[Subject::Address(from)]).await?;
        let now = self.clock.now();
        let tx = self.store.begin().await?;
        let request = tx.take_issuer_request(&self.code_of_secret(Secret::Errand, &answer.state)?).await?;
        // Whatever comes of it, it is used up.
        tx.commit().await?;
        let request = request.filter(|request| now < request.expires_at).ok_or_else(not_taken)?;
        let context = request_context(request.issuer, &request.state_hash);
        let awaited = self.open_sealed(SERVICE, &context, &request.sealed).await?;
        let awaited: Awaited = serde_json::from_str(&awaited).map_err(|_| not_taken())?;
        if awaited.browser != self.code_of(browser)? {
            return Err(not_taken().into());
        }
        // Retired meanwhile, or gone: who comes back from there starts again.
        let stored = self.issuer_in_use(request.issuer).await.map_err(|error| match error {
            EngineError::Refused(_) => not_taken().into(),
            fault @ EngineError::Fault(_) => fault,
        })?;
        let issuer = &stored.issuer;
        if answer.iss.as_ref().is_some_and(|iss| *iss != issuer.url) {
            return Err(not_taken().into());
        }
        let code = answer.code.clone().ok_or_else(not_taken)?;
        let subject = self.subject(&stored, code, &awaited, back).await?;
        let identity = self.identity(issuer.id, &subject)?;
        let returned = match awaited.errand {
            Errand::SignIn => Returned::SignedIn(self.sign_in_as(issuer, &identity).await?),
            Errand::SetUp(link) => {
                self.link_identity(issuer, &identity, &link).await?;
                Returned::Linked(link)
            }
        };
        self.forgive(&[Subject::Address(from)]).await?;
        Ok(returned)
    }

    /// Asks the issuer who it is that brings this code.
    async fn subject(
        &self,
        stored: &StoredIssuer,
        code: String,
        awaited: &Awaited,
        back: &str,
    ) -> Result<String, EngineError> {
        let issuer = &stored.issuer;
        let client = IssuerClient::new().map_err(|why| away(issuer, why))?;
        let metadata = client.discover(issuer).await.map_err(|why| away(issuer, why))?;
        let provider = self.provider(stored, metadata).await?.set_redirect_uri(redirect(issuer, back)?);
        let exchange = provider
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|_| away(issuer, NotAnswered::Unreadable))?
            .set_pkce_verifier(PkceCodeVerifier::new(awaited.verifier.clone()));
        let said = exchange.request_async(&client).await.map_err(|error| {
            // A code that it does not know is somebody's mistake or attempt; all else is the issuer's.
            match error {
                openidconnect::RequestTokenError::ServerResponse(_) => not_taken(),
                _ => away(issuer, NotAnswered::Unreadable),
            }
        })?;
        let now = self.clock.now();
        let verifier = provider.id_token_verifier().set_allowed_algs(SIGNED_BY).set_time_fn(move || now);
        let nonce = Nonce::new(awaited.nonce.clone());
        let claims = openidconnect::TokenResponse::id_token(&said)
            .and_then(|token| token.claims(&verifier, &nonce).ok())
            .ok_or_else(|| away(issuer, NotAnswered::NotProven))?;
        let subject = claims.subject().as_str();
        if subject.is_empty() || subject.len() > LONGEST_SUBJECT {
            return Err(away(issuer, NotAnswered::NotProven).into());
        }
        Ok(subject.to_owned())
    }

    /// Begins a session for whoever an issuer has vouched for.
    async fn sign_in_as(&self, issuer: &Issuer, identity: &str) -> Result<SignedIn, EngineError> {
        let tx = self.store.begin().await?;
        let account = self.account_of_identity(&tx, issuer.id, identity).await?.ok_or_else(not_taken)?;
        let stored = self.lock_genuine_account(&tx, account).await?.ok_or_else(not_taken)?;
        // Asked again, under the lock: it may have been reset or disabled meanwhile.
        let is_theirs = self.account_of_identity(&tx, issuer.id, identity).await? == Some(account);
        let issuer = self.issuer_now(&tx, issuer.id).await?;
        if !is_theirs || !stored.account.is_usable() || !issuer.speaks_for(&stored.account) {
            return Err(not_taken().into());
        }
        let stage = if stored.account.has_second_factor { Stage::CodeNeeded } else { Stage::Whole };
        let beginning = Beginning { stage, begun_at: self.clock.now(), second_factor_at: None };
        let signed_in = self.begin_session(&tx, &stored.account, beginning, Proof::Issuer).await?;
        tx.commit().await?;
        Ok(signed_in)
    }

    /// From now on, whoever an issuer has vouched for signs in to the account of this link.
    async fn link_identity(&self, issuer: &Issuer, identity: &str, link: &str) -> Result<(), EngineError> {
        let now = self.clock.now();
        let account = self.account_of_link(link).await?.account.id;
        let tx = self.store.begin().await?;
        let stored = self.lock_genuine_account(&tx, account).await?.ok_or_else(no_such_link)?;
        self.must_be_of_link(&stored, link)?;
        let issuer = self.issuer_now(&tx, issuer.id).await?;
        if stored.account.has_first_factor() || !issuer.speaks_for(&stored.account) {
            return Err(not_taken().into());
        }
        if !tx.add_identity(&self.stored_identity(issuer.id, identity, account)?, now).await? {
            return Err(Refusal::new(
                RefusalCode::WrongState,
                "You sign in to another account with this sign-in already. Ask an administrator to reset that one first.",
            )
            .into());
        }
        tx.end_sessions_of(account, now).await?;
        let facts = serde_json::json!({ "issuer": issuer.id.0 });
        let record = self.record_of(&owner(&stored.account), "link_issuer", Some(account.0));
        self.record(&tx, &[AuditRecord { detail: facts.to_string(), ..record }]).await?;
        tx.commit().await?;
        self.forget_sessions();
        Ok(())
    }

    /// Refuses to go to an issuer for an account that it can't speak for, or that is set up already.
    async fn must_be_set_up_by(&self, issuer: &Issuer, link: &str) -> Result<(), EngineError> {
        let account = self.account_of_link(link).await?.account;
        if account.has_first_factor() || !issuer.speaks_for(&account) {
            return Err(no_such_issuer().into());
        }
        Ok(())
    }

    async fn issuer_in_use(&self, id: IssuerId) -> Result<StoredIssuer, EngineError> {
        let found = self.genuine_issuer(self.store.reader().issuer(id).await?)?;
        Ok(found.filter(|stored| stored.issuer.retired_at.is_none()).ok_or_else(no_such_issuer)?)
    }

    /// The issuer as it is by now: asking it takes seconds, in which it may have been retired.
    async fn issuer_now(&self, tx: &Tx, id: IssuerId) -> Result<Issuer, EngineError> {
        Ok(self.genuine_issuer(tx.reader().issuer(id).await?)?.ok_or_else(not_taken)?.issuer)
    }

    async fn account_of_identity(
        &self,
        tx: &Tx,
        issuer: IssuerId,
        identity: &str,
    ) -> Result<Option<AccountId>, EngineError> {
        Ok(self.genuine_identity(tx.reader().identity(issuer, identity).await?)?)
    }

    async fn provider(
        &self,
        stored: &StoredIssuer,
        metadata: CoreProviderMetadata,
    ) -> Result<Provider, EngineError> {
        let issuer = &stored.issuer;
        let secret = match &stored.client_secret {
            Some(sealed) => {
                Some(ClientSecret::new(self.open_sealed(SERVICE, &secret_context(issuer.id), sealed).await?))
            }
            None => None,
        };
        Ok(CoreClient::from_provider_metadata(metadata, ClientId::new(issuer.client_id.clone()), secret))
    }

    /// As whom the issuer's subject is kept: a code of it, for a subject may be somebody's name elsewhere.
    fn identity(&self, issuer: IssuerId, subject: &str) -> Result<String, EngineError> {
        self.code_of(&format!("{issuer} {subject}"))
    }

    fn code_of(&self, text: &str) -> Result<String, EngineError> {
        Ok(crate::keys::to_hex(&self.vault.code(Purpose::Identity, text.as_bytes())?))
    }
}

/// An issuer as it is asked to sign somebody in.
type Provider = CoreClient<
    openidconnect::EndpointSet,
    openidconnect::EndpointNotSet,
    openidconnect::EndpointNotSet,
    openidconnect::EndpointNotSet,
    openidconnect::EndpointMaybeSet,
    openidconnect::EndpointMaybeSet,
>;

fn redirect(issuer: &Issuer, back: &str) -> Result<RedirectUrl, Refusal> {
    RedirectUrl::new(back.to_owned()).map_err(|_| away(issuer, NotAnswered::Unreadable))
}

/// The address of an issuer, as the library has it.
pub(crate) fn issuer_url(issuer: &Issuer) -> Result<IssuerUrl, NotAnswered> {
    IssuerUrl::new(issuer.url.clone()).map_err(|_| NotAnswered::Unreadable)
}

/// The place to which an issuer's secret is bound.
fn secret_context(issuer: IssuerId) -> String {
    format!("issuer.client_secret.{issuer}")
}

/// The place to which a sign-in that is under way is bound.
fn request_context(issuer: IssuerId, state_hash: &[u8]) -> String {
    format!("issuer_request.sealed.{issuer}.{}", crate::keys::to_hex(state_hash))
}
