//! What goes to the log when somebody tries what they may not: that they did, and nothing of what they sent.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use safespace_domain::access::Role;
use safespace_engine::{NewAccount, NewToken};
use safespace_tests::{Databases, World, api::Api, canary, on_both};
use sea_orm::ConnectionTrait;

on_both![
    a_refusal_because_of_a_role_is_in_the_log_once_a_minute,
    a_row_that_the_service_did_not_write_is_in_the_log,
    a_page_of_another_site_opens_no_websocket,
];

const EVENING: &str = "2020-11-03T21:00:00Z";

/// What was written to the log in this thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn listen() -> (Self, tracing::subscriber::DefaultGuard) {
        let log = Self::default();
        let to = log.clone();
        let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || to.clone()).finish();
        (log, tracing::subscriber::set_default(subscriber))
    }

    /// The lines on security.
    fn lines(&self) -> Vec<String> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines().filter(|line| line.contains("safespace::security")).map(str::to_owned).collect()
    }
}

async fn a_refusal_because_of_a_role_is_in_the_log_once_a_minute(on: &Databases) {
    let world = World::at(EVENING, on).await;
    let engine = &world.engine;
    let officer = world.person_with(Role::Officer).await.actor;
    let (log, _listening) = Log::listen();
    let new = || NewAccount { name: canary::NAME.into(), role: Role::Administrator, council: None };
    for _ in 0..500 {
        engine.create_account(&officer, new()).await.unwrap_err();
    }
    assert_eq!(log.lines().len(), 1, "{:?}", log.lines());
    world.clock.forward(chrono::TimeDelta::minutes(1));
    engine.create_account(&officer, new()).await.unwrap_err();
    let lines = log.lines();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[1].contains("left_out=499") && lines[1].contains("ManageAccounts as officer"), "{lines:?}");
    assert!(lines[1].contains(&officer.who.id().to_string()), "{lines:?}");
    assert!(!lines.concat().contains(canary::NAME));
    // A program without the scope.
    let reads = NewToken {
        scopes: Some([safespace_domain::access::Scope::Read].into()),
        ..NewToken::of(Role::Manager, None, None)
    };
    let (token, text) = engine.create_token(&engine.local(), reads).await.unwrap();
    let program = engine.authenticate(&text).await.unwrap().unwrap();
    let close = safespace_engine::Command::CloseUnit {
        unit: safespace_domain::UnitId(world.new_id()),
        on: safespace_tests::day("2020-12-01"),
    };
    assert!(engine.must(&program, safespace_domain::access::Permission::ManageSpaces).is_err());
    engine.run(&program, None, close).await.unwrap_err();
    engine.note_wrong_door(&world.partner().actor);
    let lines = log.lines();
    assert!(
        lines[2].contains(&token.id.to_string()) && lines[2].contains("ManageSpaces as manager"),
        "{lines:?}"
    );
    assert!(lines.last().unwrap().contains("at the door: partner"), "{lines:?}");
    // Nothing was refused that is allowed.
    assert_eq!(lines.len(), 4, "{lines:?}");
}

async fn a_row_that_the_service_did_not_write_is_in_the_log(on: &Databases) {
    let world = World::at(EVENING, on).await;
    let sql = "UPDATE token SET role = 'manager' WHERE role = 'officer'";
    world.rows.execute_unprepared(sql).await.unwrap();
    let other = world.another_engine().await;
    let (log, _listening) = Log::listen();
    for _ in 0..10 {
        assert!(other.authenticate(&world.officer_token).await.unwrap().is_none());
    }
    let lines = log.lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("a token in the database is not as the service wrote it"), "{lines:?}");
    assert!(!lines[0].contains(&world.officer_token));
}

async fn a_page_of_another_site_opens_no_websocket(on: &Databases) {
    let world = World::at(EVENING, on).await;
    let api = Api::serve(&world.engine).await;
    let url = format!("{}/ws", api.url);
    let here = api.url.strip_suffix("/graphql").unwrap();
    for (origin, site, status) in [
        ("", "", 101),
        (here, "", 101),
        (here, "same-origin", 101),
        ("https://elsewhere.example", "", 403),
        ("null", "", 403),
        ("", "cross-site", 403),
        (here, "cross-site", 403),
    ] {
        let ask = api.raw().get(&url).bearer_auth(&world.officer_token);
        let ask = ask.header("Connection", "Upgrade").header("Upgrade", "websocket");
        let ask = ask
            .header("Sec-WebSocket-Version", "13")
            .header("Sec-WebSocket-Protocol", "graphql-transport-ws");
        let ask = ask.header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
        let ask = if origin.is_empty() { ask } else { ask.header("Origin", origin) };
        let ask = if site.is_empty() { ask } else { ask.header("Sec-Fetch-Site", site) };
        let answer = ask.send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{origin:?} {site:?}");
    }
}
