//! People's accounts, and what proves that it is them: hashes and sealed secrets only.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use safespace_domain::{AccountId, access::Role, accounts::Account};
use sea_orm::{
    ActiveValue::{Set, Unchanged},
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    sea_query::{Expr, ExprTrait},
};
use uuid::Uuid;

use crate::{Page, Reader, Result, StoreError, Tx, issuers::identity};

mod account {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "account")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub name: String,
        pub role: String,
        pub council: Option<String>,
        pub password: Option<String>,
        pub second_factor: Option<Vec<u8>>,
        pub second_factor_confirmed: bool,
        pub second_factor_step: i64,
        pub link_hash: Option<Vec<u8>>,
        pub link_expires_at: Option<DateTimeUtc>,
        pub made_at: DateTimeUtc,
        pub disabled_at: Option<DateTimeUtc>,
        pub link_mac: Option<Vec<u8>>,
        pub second_factor_shown_to: Option<Vec<u8>>,
        pub mac: Option<Vec<u8>>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

mod recovery_code {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "recovery_code")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub account_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub hash: Vec<u8>,
        pub used_at: Option<DateTimeUtc>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// An account with what proves that it is them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredAccount {
    /// The account.
    pub account: Account,
    /// The hash of the password, as a PHC string.
    pub password: Option<String>,
    /// The secret of the second factor, sealed; confirmed or not.
    pub second_factor: Option<Vec<u8>>,
    /// Up to which step codes were used.
    pub second_factor_step: i64,
    /// To which browser a second factor was shown that is not confirmed yet, as a code.
    pub second_factor_shown_to: Option<Vec<u8>>,
    /// The link by which it is set up.
    pub link: Option<StoredLink>,
    /// The code of what the row says; none where the service did not write it.
    pub mac: Option<Vec<u8>>,
}

/// A link by which an account is set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredLink {
    /// The code of its secret.
    pub hash: Vec<u8>,
    /// Until when it is good.
    pub until: DateTime<Utc>,
    /// The code of what the row says of it.
    pub mac: Vec<u8>,
}

/// As the index has it.
const KEY: &str = "upper(name)";

/// The accounts of these rows. Who signs in with an issuer, its own table knows.
async fn domain(connection: &impl ConnectionTrait, rows: Vec<account::Model>) -> Result<Vec<StoredAccount>> {
    let ids = rows.iter().map(|row| row.id);
    let select = identity::Entity::find().filter(identity::Column::AccountId.is_in(ids));
    let known: BTreeSet<Uuid> =
        select.all(connection).await?.into_iter().map(|identity| identity.account_id).collect();
    rows.into_iter()
        .map(|row| {
            let has_issuer = known.contains(&row.id);
            let mut stored = of_row(row)?;
            stored.account.has_issuer = has_issuer;
            Ok(stored)
        })
        .collect()
}

async fn one(
    connection: &impl ConnectionTrait,
    row: Option<account::Model>,
) -> Result<Option<StoredAccount>> {
    Ok(domain(connection, row.into_iter().collect()).await?.pop())
}

fn of_row(row: account::Model) -> Result<StoredAccount> {
    let role: Role = row.role.parse().map_err(|_| StoreError::Unreadable("account.role"))?;
    let link = row.link_hash.zip(row.link_expires_at).zip(row.link_mac);
    Ok(StoredAccount {
        account: Account {
            id: AccountId(row.id),
            name: row.name,
            role,
            council: row.council,
            made_at: row.made_at,
            disabled_at: row.disabled_at,
            has_password: row.password.is_some(),
            has_issuer: false,
            has_second_factor: row.second_factor_confirmed,
        },
        password: row.password,
        second_factor: row.second_factor,
        second_factor_step: row.second_factor_step,
        second_factor_shown_to: row.second_factor_shown_to,
        link: link.map(|((hash, until), mac)| StoredLink { hash, until, mac }),
        mac: row.mac,
    })
}

fn row(stored: &StoredAccount) -> account::ActiveModel {
    let account = &stored.account;
    account::ActiveModel {
        id: Set(account.id.0),
        name: Set(account.name.clone()),
        role: Set(account.role.to_string()),
        council: Set(account.council.clone()),
        password: Set(stored.password.clone()),
        second_factor: Set(stored.second_factor.clone()),
        second_factor_confirmed: Set(account.has_second_factor),
        second_factor_step: Set(stored.second_factor_step),
        link_hash: Set(stored.link.as_ref().map(|link| link.hash.clone())),
        link_expires_at: Set(stored.link.as_ref().map(|link| link.until)),
        made_at: Set(account.made_at),
        disabled_at: Set(account.disabled_at),
        link_mac: Set(stored.link.as_ref().map(|link| link.mac.clone())),
        second_factor_shown_to: Set(stored.second_factor_shown_to.clone()),
        mac: Set(stored.mac.clone()),
    }
}

impl<C: ConnectionTrait> Reader<'_, C> {
    /// The account with this id.
    pub async fn account(&self, id: AccountId) -> Result<Option<StoredAccount>> {
        one(self.connection, account::Entity::find_by_id(id.0).one(self.connection).await?).await
    }

    /// The account with this name, in upper or lower case.
    pub async fn account_by_name(&self, name: &str) -> Result<Option<StoredAccount>> {
        let select = account::Entity::find().filter(Expr::cust(KEY).eq(name.to_ascii_uppercase()));
        one(self.connection, select.one(self.connection).await?).await
    }

    /// The account that is set up by the link whose secret has this code.
    pub async fn account_by_link(&self, hash: &[u8]) -> Result<Option<StoredAccount>> {
        let select = account::Entity::find().filter(account::Column::LinkHash.eq(hash));
        one(self.connection, select.one(self.connection).await?).await
    }

    /// The accounts with these ids, in no order.
    pub async fn accounts_by_id(&self, ids: &[AccountId]) -> Result<Vec<Account>> {
        let select = account::Entity::find().filter(account::Column::Id.is_in(ids.iter().map(|id| id.0)));
        let found = domain(self.connection, select.all(self.connection).await?).await?;
        Ok(found.into_iter().map(|stored| stored.account).collect())
    }

    /// The accounts in these roles that are not disabled, by name.
    pub async fn accounts_in(&self, roles: &[Role]) -> Result<Vec<Account>> {
        let select = account::Entity::find()
            .filter(account::Column::Role.is_in(roles.iter().map(|role| role.as_str())))
            .filter(account::Column::DisabledAt.is_null())
            .order_by_asc(account::Column::Name);
        let found = domain(self.connection, select.all(self.connection).await?).await?;
        Ok(found.into_iter().map(|stored| stored.account).collect())
    }

    /// A page of the accounts, oldest first.
    pub async fn accounts(&self, page: Page<AccountId>) -> Result<Vec<StoredAccount>> {
        let mut select = account::Entity::find();
        if let Some(after) = page.after {
            select = select.filter(account::Column::Id.gt(after.0));
        }
        let rows = select.order_by_asc(account::Column::Id).limit(page.limit).all(self.connection).await?;
        domain(self.connection, rows).await
    }

    /// How many recovery codes the account has that were not used.
    pub async fn recovery_codes_left(&self, account: AccountId) -> Result<usize> {
        let select = recovery_code::Entity::find()
            .filter(recovery_code::Column::AccountId.eq(account.0))
            .filter(recovery_code::Column::UsedAt.is_null());
        Ok(select.all(self.connection).await?.len())
    }
}

impl Tx {
    /// The account with this id; nobody else changes it until the transaction ends.
    pub async fn lock_account(&self, id: AccountId) -> Result<Option<StoredAccount>> {
        let select = account::Entity::find_by_id(id.0).lock_exclusive();
        one(self.connection(), select.one(self.connection()).await?).await
    }

    /// Every account in this role that is not disabled; nobody else changes them until the transaction ends.
    pub async fn lock_accounts_in(&self, role: Role) -> Result<Vec<StoredAccount>> {
        let select = account::Entity::find()
            .filter(account::Column::Role.eq(role.as_str()))
            .filter(account::Column::DisabledAt.is_null())
            .order_by_asc(account::Column::Id)
            .lock_exclusive();
        domain(self.connection(), select.all(self.connection()).await?).await
    }

    /// Adds an account. Fails with `InUse("account_name")` where the name is taken.
    pub async fn add_account(&self, added: &StoredAccount) -> Result<()> {
        account::Entity::insert(row(added)).exec_without_returning(self.connection()).await?;
        Ok(())
    }

    /// Keeps what has become of the account.
    pub async fn save_account(&self, saved: &StoredAccount) -> Result<()> {
        let row = account::ActiveModel { id: Unchanged(saved.account.id.0), ..row(saved) };
        account::Entity::update(row).exec(self.connection()).await?;
        Ok(())
    }

    /// Gives the account these recovery codes, by hash, instead of those it had.
    pub async fn set_recovery_codes(&self, account: AccountId, hashes: &[Vec<u8>]) -> Result<()> {
        recovery_code::Entity::delete_many()
            .filter(recovery_code::Column::AccountId.eq(account.0))
            .exec(self.connection())
            .await?;
        for hash in hashes {
            let row = recovery_code::ActiveModel {
                account_id: Set(account.0),
                hash: Set(hash.clone()),
                used_at: Set(None),
            };
            recovery_code::Entity::insert(row).exec_without_returning(self.connection()).await?;
        }
        Ok(())
    }

    /// Uses up a recovery code, by hash. False where there is none, or it was used.
    pub async fn use_recovery_code(
        &self,
        account: AccountId,
        hash: &[u8],
        at: DateTime<Utc>,
    ) -> Result<bool> {
        let used = recovery_code::Entity::update_many()
            .col_expr(recovery_code::Column::UsedAt, Expr::value(at))
            .filter(recovery_code::Column::AccountId.eq(account.0))
            .filter(recovery_code::Column::Hash.eq(hash))
            .filter(recovery_code::Column::UsedAt.is_null())
            .exec(self.connection())
            .await?;
        Ok(used.rows_affected == 1)
    }

    /// Marks codes up to a step as used. False where that step, or a later one, was used already.
    pub async fn use_second_factor_step(&self, account: AccountId, step: i64) -> Result<bool> {
        let used = account::Entity::update_many()
            .col_expr(account::Column::SecondFactorStep, Expr::value(step))
            .filter(account::Column::Id.eq(account.0))
            .filter(account::Column::SecondFactorStep.lt(step))
            .exec(self.connection())
            .await?;
        Ok(used.rows_affected == 1)
    }
}

impl<C: ConnectionTrait> Reader<'_, C> {
    /// Whether this is the id of an account.
    pub async fn is_account(&self, id: Uuid) -> Result<bool> {
        Ok(account::Entity::find_by_id(id).one(self.connection).await?.is_some())
    }
}
