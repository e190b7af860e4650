//! People with accounts: made by an administrator, set up by their link, signed in as pages sign them in.

use std::{net::IpAddr, sync::Arc};

use chrono::TimeDelta;
use safespace_domain::{
    access::{Actor, Role},
    accounts::Account,
};
use safespace_engine::{NewAccount, SignedIn, code_now};

use crate::{Person, World};

/// A password that nobody guesses.
pub const PASSWORD: &str = "four quiet lamps below the stair";

/// The secret of the browser that they look with.
pub const BROWSER: &str = "a browser of their own";

/// Where people in stories call from.
pub const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7));

/// An account that was set up, with what its owner knows and has.
#[derive(Clone, Debug)]
pub struct Owner {
    /// The account.
    pub account: Account,
    /// The secret of the second factor.
    pub factor: String,
    /// The recovery codes.
    pub recovery_codes: Vec<String>,
}

impl World {
    /// An account that its owner has set up, second factor and all.
    pub async fn owner_of_account(&self, name: &str, role: Role) -> Owner {
        let council = (role == Role::Partner).then(|| "North Herts".to_owned());
        let new = NewAccount { name: name.into(), role, council };
        let engine = &self.engine;
        let invited = engine.create_account(&engine.local(), new).await.unwrap();
        engine.choose_password(&invited.link, PASSWORD, HERE).await.unwrap();
        let factor = engine.new_second_factor(&invited.link, BROWSER).await.unwrap().secret;
        let code = code_now(&factor, self.now()).unwrap();
        let recovery_codes = engine.confirm_second_factor(&invited.link, &code, HERE).await.unwrap();
        let account = engine.account(&engine.local(), invited.account.id).await.unwrap().unwrap();
        Owner { account, factor, recovery_codes }
    }

    /// The code that somebody's authenticator shows, in the next step: each is good once.
    pub fn next_code(&self, owner: &Owner) -> String {
        self.clock.forward(TimeDelta::seconds(30));
        code_now(&owner.factor, self.now()).unwrap()
    }

    /// Signs somebody in, with password and code. Moves the clock by half a minute.
    pub async fn sign_in(&self, owner: &Owner) -> SignedIn {
        let code = self.next_code(owner);
        let begun = self.engine.sign_in(&owner.account.name, PASSWORD, HERE).await.unwrap();
        self.engine.give_code(&begun.cookie, &code, HERE).await.unwrap()
    }

    /// Whoever is in a session.
    pub async fn in_session(&self, cookie: &str) -> Option<Arc<Actor>> {
        Some(self.engine.session(cookie).await.unwrap()?.actor)
    }

    /// Somebody in this role who has just signed in, with a fresh second factor. Moves the clock by a minute.
    pub async fn person_with(&self, role: Role) -> Person<'_> {
        let owner = self
            .owner_of_account(
                &format!("{role}.in.person.{}", self.new_id().simple()).chars().take(40).collect::<String>(),
                role,
            )
            .await;
        let cookie = self.sign_in(&owner).await.cookie;
        let actor = self.in_session(&cookie).await.expect("somebody who has just signed in");
        Person::new(self, Arc::clone(&self.engine), actor)
    }
}
