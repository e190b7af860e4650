//! Issuers, whose identity there is which account, and sign-ins that are under way at one.

use chrono::{DateTime, Utc};
use safespace_domain::{AccountId, IssuerId, issuers::Issuer};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, sea_query::Expr,
};

use crate::{Reader, Result, Tx};

mod issuer {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "issuer")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub name: String,
        pub url: String,
        pub client_id: String,
        pub client_secret: Option<Vec<u8>>,
        pub council: Option<String>,
        pub made_at: DateTimeUtc,
        pub retired_at: Option<DateTimeUtc>,
        pub mac: Option<Vec<u8>>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod identity {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "identity")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub issuer_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub subject: String,
        pub account_id: Uuid,
        pub linked_at: DateTimeUtc,
        pub mac: Option<Vec<u8>>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

mod issuer_request {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "issuer_request")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub state_hash: Vec<u8>,
        pub issuer_id: Uuid,
        pub sealed: Vec<u8>,
        pub expires_at: DateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// An issuer with what proves to it that it is us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredIssuer {
    /// The issuer.
    pub issuer: Issuer,
    /// The secret that it gave us, sealed; none where it gave none.
    pub client_secret: Option<Vec<u8>>,
    /// The code of what the row says; none where the service did not write it.
    pub mac: Option<Vec<u8>>,
}

/// Whose identity at an issuer is which account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The issuer.
    pub issuer: IssuerId,
    /// A code of the subject there.
    pub subject: String,
    /// The account here.
    pub account: AccountId,
    /// The code of what the row says; none where the service did not write it.
    pub mac: Option<Vec<u8>>,
}

/// A sign-in that is under way at an issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerRequest {
    /// The hash of the state that comes back with the answer.
    pub state_hash: Vec<u8>,
    /// The issuer that was asked.
    pub issuer: IssuerId,
    /// What the answer must fit, sealed.
    pub sealed: Vec<u8>,
    /// From when on it is no longer good.
    pub expires_at: DateTime<Utc>,
}

fn domain(row: issuer::Model) -> StoredIssuer {
    StoredIssuer {
        issuer: Issuer {
            id: IssuerId(row.id),
            name: row.name,
            url: row.url,
            client_id: row.client_id,
            council: row.council,
            made_at: row.made_at,
            retired_at: row.retired_at,
        },
        client_secret: row.client_secret,
        mac: row.mac,
    }
}

impl<C: ConnectionTrait> Reader<'_, C> {
    /// The issuer with this id, retired or not.
    pub async fn issuer(&self, id: IssuerId) -> Result<Option<StoredIssuer>> {
        Ok(issuer::Entity::find_by_id(id.0).one(self.connection).await?.map(domain))
    }

    /// The issuers, oldest first, retired ones too. They are few.
    pub async fn issuers(&self) -> Result<Vec<StoredIssuer>> {
        let rows = issuer::Entity::find().order_by_asc(issuer::Column::Id).all(self.connection).await?;
        Ok(rows.into_iter().map(domain).collect())
    }

    /// Whom an issuer knows as this subject.
    pub async fn identity(&self, issuer: IssuerId, subject: &str) -> Result<Option<Identity>> {
        let row = identity::Entity::find_by_id((issuer.0, subject.to_owned())).one(self.connection).await?;
        Ok(row.map(|row| Identity {
            issuer: IssuerId(row.issuer_id),
            subject: row.subject,
            account: AccountId(row.account_id),
            mac: row.mac,
        }))
    }
}

impl Tx {
    /// Adds an issuer.
    pub async fn add_issuer(&self, added: &StoredIssuer) -> Result<()> {
        let of = &added.issuer;
        let row = issuer::ActiveModel {
            id: Set(of.id.0),
            name: Set(of.name.clone()),
            url: Set(of.url.clone()),
            client_id: Set(of.client_id.clone()),
            client_secret: Set(added.client_secret.clone()),
            council: Set(of.council.clone()),
            made_at: Set(of.made_at),
            retired_at: Set(of.retired_at),
            mac: Set(added.mac.clone()),
        };
        issuer::Entity::insert(row).exec_without_returning(self.connection()).await?;
        Ok(())
    }

    /// Retires an issuer, and forgets its secret. False where there is none, or it was retired already.
    pub async fn retire_issuer(&self, id: IssuerId, at: DateTime<Utc>) -> Result<bool> {
        let retired = issuer::Entity::update_many()
            .col_expr(issuer::Column::RetiredAt, Expr::value(at))
            .col_expr(issuer::Column::ClientSecret, Expr::value(None::<Vec<u8>>))
            .filter(issuer::Column::Id.eq(id.0))
            .filter(issuer::Column::RetiredAt.is_null())
            .exec(self.connection())
            .await?;
        Ok(retired.rows_affected == 1)
    }

    /// The accounts whose owners sign in with an issuer.
    pub async fn accounts_of_issuer(&self, id: IssuerId) -> Result<Vec<AccountId>> {
        let select = identity::Entity::find().filter(identity::Column::IssuerId.eq(id.0));
        let rows = select.all(self.connection()).await?;
        Ok(rows.into_iter().map(|row| AccountId(row.account_id)).collect())
    }

    /// From now on the issuer's subject is the owner of the account. False where it is somebody's already.
    pub async fn add_identity(&self, added: &Identity, at: DateTime<Utc>) -> Result<bool> {
        let row = identity::ActiveModel {
            issuer_id: Set(added.issuer.0),
            subject: Set(added.subject.clone()),
            account_id: Set(added.account.0),
            linked_at: Set(at),
            mac: Set(added.mac.clone()),
        };
        let key = [identity::Column::IssuerId, identity::Column::Subject];
        let insert = identity::Entity::insert(row)
            .on_conflict(sea_orm::sea_query::OnConflict::columns(key).do_nothing().to_owned());
        Ok(insert.exec_without_returning(self.connection()).await? == 1)
    }

    /// Forgets who the account's owner is elsewhere.
    pub async fn forget_identities_of(&self, account: AccountId) -> Result<()> {
        let delete = identity::Entity::delete_many().filter(identity::Column::AccountId.eq(account.0));
        delete.exec(self.connection()).await?;
        Ok(())
    }

    /// A sign-in is under way. Those that came to nothing are forgotten with it.
    pub async fn add_issuer_request(&self, added: &IssuerRequest, now: DateTime<Utc>) -> Result<()> {
        let old = issuer_request::Entity::delete_many().filter(issuer_request::Column::ExpiresAt.lte(now));
        old.exec(self.connection()).await?;
        let row = issuer_request::ActiveModel {
            state_hash: Set(added.state_hash.clone()),
            issuer_id: Set(added.issuer.0),
            sealed: Set(added.sealed.clone()),
            expires_at: Set(added.expires_at),
        };
        issuer_request::Entity::insert(row).exec_without_returning(self.connection()).await?;
        Ok(())
    }

    /// Takes the sign-in with this state, once: of two that ask at the same moment, one gets it.
    pub async fn take_issuer_request(&self, state_hash: &[u8]) -> Result<Option<IssuerRequest>> {
        let select = issuer_request::Entity::find_by_id(state_hash.to_vec());
        let Some(row) = select.one(self.connection()).await? else { return Ok(None) };
        let delete = issuer_request::Entity::delete_by_id(state_hash.to_vec());
        let taken = delete.exec(self.connection()).await?.rows_affected == 1;
        Ok(taken.then_some(IssuerRequest {
            state_hash: row.state_hash,
            issuer: IssuerId(row.issuer_id),
            sealed: row.sealed,
            expires_at: row.expires_at,
        }))
    }
}
