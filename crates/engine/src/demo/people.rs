//! The people of the demonstration, who sign in as anybody does. Their passwords are thrown away.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use safespace_domain::access::{Actor, Role};

use crate::{Engine, EngineError, Fault, NewAccount, code_now};

/// Where they sit.
const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// So many characters of a secret are a password that nobody guesses.
const PASSWORD: usize = 20;

/// Somebody of the demonstration, with what they sign in with.
pub struct DemoPerson {
    /// The name to sign in with.
    pub name: String,
    /// The password.
    pub password: String,
    /// Recovery codes, each good once instead of a second factor.
    pub recovery_codes: Vec<String>,
}

/// Sets an account of the demonstration up afresh.
pub async fn set_up_person(
    engine: &Engine,
    role: Role,
    council: Option<&str>,
) -> Result<DemoPerson, EngineError> {
    let local = engine.local();
    let name = format!("demo.{role}");
    let invited = match engine.account_by_name(&local, &name).await? {
        Some(account) => engine.reset_account(&local, account.id).await?,
        None => {
            let new = NewAccount { name: name.clone(), role, council: council.map(str::to_owned) };
            engine.create_account(&local, new).await?
        }
    };
    // Nobody could guess the link, nor this part of another secret.
    let password: String = engine.form_cookie()?.chars().take(PASSWORD).collect();
    engine.choose_password(&invited.link, &password, HERE).await?;
    let factor = engine.new_second_factor(&invited.link, &invited.link).await?;
    let code = code_now(&factor.secret, engine.clock.now())?;
    let recovery_codes = engine.confirm_second_factor(&invited.link, &code, HERE).await?;
    Ok(DemoPerson { name, password, recovery_codes })
}

/// Somebody of the demonstration who has just signed in, with both factors.
pub(super) async fn sign_in(engine: &Engine, role: Role) -> Result<Arc<Actor>, EngineError> {
    let person = set_up_person(engine, role, None).await?;
    let begun = engine.sign_in(&person.name, &person.password, HERE).await?;
    let code = person.recovery_codes.first().map_or("", String::as_str);
    let session = engine.give_code(&begun.cookie, code, HERE).await?;
    let found = engine.session(&session.cookie).await?;
    Ok(found.ok_or(Fault::Broken("a session that has just begun is nobody's"))?.actor)
}
