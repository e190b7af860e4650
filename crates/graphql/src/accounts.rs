//! People's accounts. For administrators.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use safespace_domain::{AccountId, accounts};
use safespace_engine::{EngineError, Invited, NewAccount, Page as StorePage};
use uuid::Uuid;

use crate::{
    access::Role,
    actor,
    answers::{answer as declare, query_error, told},
    engine, ids,
    paging::{Page, Window},
};

/// What can be done with an account now.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountState {
    /// Its owner has not set it up yet.
    NotSetUp,
    /// Its owner can sign in.
    InUse,
    /// Nobody can sign in with it.
    Disabled,
}

/// A person's account.
pub struct Account(accounts::Account);

#[Object]
impl Account {
    /// Its id.
    pub(crate) async fn id(&self) -> ID {
        ids::global("Account", self.0.id)
    }

    /// The name to sign in with: a pseudonym.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What they are to the service.
    async fn role(&self) -> Role {
        self.0.role.into()
    }

    /// The council that they work for; partners only.
    async fn council(&self) -> Option<&str> {
        self.0.council.as_deref()
    }

    /// What can be done with it now.
    async fn state(&self) -> AccountState {
        if self.0.disabled_at.is_some() {
            AccountState::Disabled
        } else if self.0.has_first_factor() && self.0.is_usable() {
            AccountState::InUse
        } else {
            AccountState::NotSetUp
        }
    }

    /// Whether it has a second factor.
    async fn has_second_factor(&self) -> bool {
        self.0.has_second_factor
    }

    /// When it was made.
    async fn made_at(&self) -> DateTime<Utc> {
        self.0.made_at
    }
}

pub(crate) async fn by_id(ctx: &Context<'_>, id: Uuid) -> Result<Option<Account>> {
    Ok(engine(ctx).account(actor(ctx), AccountId(id)).await.map_err(query_error)?.map(Account))
}

/// Looking accounts up.
#[derive(Default)]
pub struct AccountsQuery;

#[Object]
impl AccountsQuery {
    /// The accounts, oldest first.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn accounts(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<Account>> {
        let window = Window::new(first, after)?;
        let asked = StorePage { after: window.key::<Uuid>()?.map(AccountId), limit: window.limit() };
        let rows = engine(ctx).accounts(actor(ctx), asked).await.map_err(query_error)?;
        Ok(window.page(rows.into_iter().map(|account| (account.id.to_string(), Account(account)))))
    }
}

/// A new account.
#[derive(InputObject)]
pub struct CreateAccountInput {
    /// The name to sign in with: a pseudonym of 3 to 40 letters, digits, dots, dashes or underscores.
    name: String,
    /// What they are to the service.
    role: Role,
    /// The council that they work for; partners only.
    council: Option<String>,
}

/// An account to act on.
#[derive(InputObject)]
pub struct AccountInput {
    /// Which.
    account: ID,
}

/// An account, and the secret by which its owner sets it up. Shown once.
#[derive(SimpleObject)]
pub struct AccountInvited {
    /// The account.
    account: Account,
    /// The last part of the link `/set-up/…` by which its owner sets it up: good once.
    link: String,
    /// Until when the link is good.
    until: DateTime<Utc>,
}

/// An account was changed.
#[derive(SimpleObject)]
pub struct AccountChanged {
    /// As it is now.
    account: Account,
}

declare!(
    /// The answer to `createAccount` and `resetAccount`.
    InviteAnswer = AccountInvited
);
declare!(
    /// The answer to a change of an account.
    AccountAnswer = AccountChanged
);

/// Keeping accounts. For administrators who have just given a second factor. What shows a secret takes no idempotency key, for no answer with a secret is
/// remembered: a second try is told that the name is taken, and `resetAccount` makes another link.
#[derive(Default)]
pub struct AccountsMutation;

#[Object]
impl AccountsMutation {
    /// Makes an account, and a link by which its owner sets it up.
    async fn create_account(&self, ctx: &Context<'_>, input: CreateAccountInput) -> Result<InviteAnswer> {
        let new = NewAccount { name: input.name, role: input.role.into(), council: input.council };
        invited(engine(ctx).create_account(actor(ctx), new).await)
    }

    /// Takes the password and the second factor of an account back, ends its sessions, and makes a new link.
    async fn reset_account(&self, ctx: &Context<'_>, input: AccountInput) -> Result<InviteAnswer> {
        invited(engine(ctx).reset_account(actor(ctx), account_id(&input.account)?).await)
    }

    /// Shuts an account: its sessions end at once.
    async fn disable_account(&self, ctx: &Context<'_>, input: AccountInput) -> Result<AccountAnswer> {
        changed(engine(ctx).disable_account(actor(ctx), account_id(&input.account)?).await)
    }

    /// Opens a disabled account again.
    async fn enable_account(&self, ctx: &Context<'_>, input: AccountInput) -> Result<AccountAnswer> {
        changed(engine(ctx).enable_account(actor(ctx), account_id(&input.account)?).await)
    }
}

fn account_id(id: &ID) -> Result<AccountId> {
    Ok(AccountId(ids::of_kind("Account", id)?))
}

fn invited(done: std::result::Result<Invited, EngineError>) -> Result<InviteAnswer> {
    Ok(match told(done)? {
        Ok(Invited { account, link, until }) => {
            InviteAnswer::Done(AccountInvited { account: Account(account), link, until })
        }
        Err(refused) => InviteAnswer::Refused(refused),
    })
}

fn changed(done: std::result::Result<accounts::Account, EngineError>) -> Result<AccountAnswer> {
    Ok(match told(done)? {
        Ok(account) => AccountAnswer::Done(AccountChanged { account: Account(account) }),
        Err(refused) => AccountAnswer::Refused(refused),
    })
}
