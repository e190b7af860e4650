//! Bearer tokens, for programs. For administrators.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use safespace_domain::TokenId;
use safespace_engine::{NewToken, Page as StorePage, Token as Found};
use uuid::Uuid;

use crate::{
    access::Role,
    actor,
    answers::{answer as declare, query_error, told},
    engine, ids,
    paging::{Page, Window},
};

/// What a token may be used for, within its role.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
#[graphql(remote = "safespace_domain::access::Scope")]
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

/// A bearer token, of which only a hash is kept.
pub struct Token(Found);

#[Object]
impl Token {
    /// Its id.
    pub(crate) async fn id(&self) -> ID {
        ids::global("Token", self.0.id)
    }

    /// What it is for.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What its holder is to the service.
    async fn role(&self) -> Role {
        self.0.role.into()
    }

    /// The council whose it is; partners only.
    async fn council(&self) -> Option<&str> {
        self.0.council.as_deref()
    }

    /// What it may be used for.
    async fn scopes(&self) -> Vec<Scope> {
        self.0.scopes.iter().copied().map(Into::into).collect()
    }

    /// When it was made.
    async fn made_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// From when on it is no longer good.
    async fn expires_at(&self) -> Option<DateTime<Utc>> {
        self.0.expires_at
    }

    /// When it was taken back.
    async fn revoked_at(&self) -> Option<DateTime<Utc>> {
        self.0.revoked_at
    }

    /// When it was used last, to the minute.
    async fn last_used_at(&self) -> Option<DateTime<Utc>> {
        self.0.last_used_at
    }
}

/// Looking tokens up.
#[derive(Default)]
pub struct TokensQuery;

#[Object]
impl TokensQuery {
    /// The tokens, oldest first, revoked ones too.
    #[graphql(complexity = "first.unwrap_or(20).clamp(0, 101) as usize * child_complexity + 1")]
    async fn tokens(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<Token>> {
        let window = Window::new(first, after)?;
        let asked = StorePage { after: window.key::<Uuid>()?.map(TokenId), limit: window.limit() };
        let rows = engine(ctx).tokens(actor(ctx), asked).await.map_err(query_error)?;
        Ok(window.page(rows.into_iter().map(|token| (token.id.to_string(), Token(token)))))
    }
}

/// A new token.
#[derive(InputObject)]
pub struct CreateTokenInput {
    /// What it is for, in a few words.
    name: String,
    /// What its holder is to the service. Never an administrator.
    role: Role,
    /// The council whose it is; partners only.
    council: Option<String>,
    /// What it may be used for; all that makes sense for the role when left out.
    scopes: Option<Vec<Scope>>,
    /// After how many days it is no longer good: 1 to 366; 90 when left out.
    days: Option<i32>,
}

/// A token to take back.
#[derive(InputObject)]
pub struct RevokeTokenInput {
    /// Which.
    token: ID,
}

/// A token was made. Its text is shown once.
#[derive(SimpleObject)]
pub struct TokenCreated {
    /// The token.
    token: Token,
    /// What a program sends as `Authorization: Bearer …`.
    text: String,
}

/// A token was taken back.
#[derive(SimpleObject)]
pub struct TokenRevoked {
    /// As it is now.
    token: Token,
}

declare!(
    /// The answer to `createToken`.
    CreateTokenAnswer = TokenCreated
);
declare!(
    /// The answer to `revokeToken`.
    RevokeTokenAnswer = TokenRevoked
);

/// Keeping tokens. For administrators. `createToken` takes no idempotency key, for no answer with a secret is remembered:
/// revoke what was made once too often.
#[derive(Default)]
pub struct TokensMutation;

#[Object]
impl TokensMutation {
    /// Makes a token for a program, and shows it once. For administrators who have just given a second factor.
    async fn create_token(&self, ctx: &Context<'_>, input: CreateTokenInput) -> Result<CreateTokenAnswer> {
        let new = NewToken {
            name: input.name,
            role: input.role.into(),
            council: input.council,
            scopes: input.scopes.map(|scopes| scopes.into_iter().map(Into::into).collect()),
            // What is no number of days is refused as too few.
            days: input.days.map(|days| u32::try_from(days).unwrap_or(0)),
        };
        Ok(match told(engine(ctx).create_token(actor(ctx), new).await)? {
            Ok((token, text)) => CreateTokenAnswer::Done(TokenCreated { token: Token(token), text }),
            Err(refused) => CreateTokenAnswer::Refused(refused),
        })
    }

    /// Takes a token back: it opens nothing from now on.
    async fn revoke_token(&self, ctx: &Context<'_>, input: RevokeTokenInput) -> Result<RevokeTokenAnswer> {
        let id = TokenId(ids::of_kind("Token", &input.token)?);
        Ok(match told(engine(ctx).revoke_token(actor(ctx), id).await)? {
            Ok(token) => RevokeTokenAnswer::Done(TokenRevoked { token: Token(token) }),
            Err(refused) => RevokeTokenAnswer::Refused(refused),
        })
    }
}
