//! `safespace demo`, and the sign-ins that a served demonstration prints.

use std::{fs, path::Path, process::ExitCode, sync::Arc};

use clap::Args;
use safespace_domain::{Clock, access::Role};
use safespace_engine::{
    Engine, NewToken, SystemClock,
    demo::{DemoError, DemoPerson, Filled, fill, is_demonstration, set_up_person},
};

use crate::{
    config::{Place, private_file, url_of},
    failure::Failure,
    print::say,
    serve::told_to_stop,
};

/// How to fill it.
#[derive(Args)]
pub struct Arguments {
    /// The same seed gives the same records.
    #[arg(long, env = "SAFESPACE_SEED", default_value_t = SEED)]
    seed: u64,
}

/// The seed of a demonstration that nobody gave one.
const SEED: u64 = 1;

/// Fills an empty database. Without `--database-url`, the demonstration's own.
pub async fn demo(place: &Place, arguments: &Arguments) -> Result<ExitCode, Failure> {
    let place = place.of_demo();
    fill_place(&place, arguments.seed).await?;
    say("Start it with: safespace serve --demo\n")?;
    Ok(ExitCode::SUCCESS)
}

/// Fills the demonstration's database, unless there is something in it.
pub async fn fill_if_empty(place: &Place) -> Result<(), Failure> {
    if let Some(file) = place.own_file()?
        && is_missing(&file)
    {
        return fill_place(place, SEED).await;
    }
    let looked = place.with_engine(async |engine| {
        let empty = engine.spaces().properties().next().is_none();
        Ok((empty, is_demonstration(engine).await?))
    });
    let (empty, ours) = looked.await?;
    if !empty && !ours {
        return Err(Failure::wrong_call(
            "this database is a service's own, not a demonstration: serve it without --demo, or name an empty one",
        ));
    }
    if empty { fill_place(place, SEED).await } else { Ok(()) }
}

async fn fill_place(place: &Place, seed: u64) -> Result<(), Failure> {
    say("Filling the demonstration, day by day from March 2019 to tonight: a minute or so, once.\n")?;
    let file = match place.own_file()? {
        Some(file) if is_missing(&file) => file,
        _ => return fill_database(place, place.url()?, seed).await,
    };
    // Filled under another name and put in place whole: one that was cut short would be served half-filled for good.
    let part = file.with_extension(format!("{}.part", std::process::id()));
    private_file(&part)?;
    let filled = tokio::select! {
        filled = fill_database(place, url_of(&part)?, seed) => filled,
        () = told_to_stop() => Err(Failure::failed("stopped: nothing of the demonstration was kept")),
    };
    let placed = filled.and_then(|()| {
        fs::rename(&part, &file)
            .map_err(|error| Failure::failed(format!("the demonstration can't be put in place: {error}")))
    });
    if placed.is_err() {
        for ending in ["", "-wal", "-shm"] {
            // What is not there need not go.
            let _ = fs::remove_file(format!("{}{ending}", part.display()));
        }
    }
    placed
}

/// Whether there is nothing at all in the file: an empty one is made before a database is.
fn is_missing(file: &Path) -> bool {
    fs::metadata(file).map_or(true, |found| found.len() == 0)
}

async fn fill_database(place: &Place, url: String, seed: u64) -> Result<(), Failure> {
    let settings = place.settings(url);
    let filled =
        fill(&settings, place.keys()?, SystemClock.now(), seed).await.map_err(|error| match error {
            DemoError::NotEmpty | DemoError::TooEarly(_) => Failure::wrong_call(error.to_string()),
            DemoError::Refused { .. } => Failure::failed(error.to_string()),
            DemoError::Fault(fault) => place.failure(fault),
        })?;
    tell(&filled)
}

fn tell(filled: &Filled) -> Result<(), Failure> {
    let stays: u64 = filled.stays.values().sum();
    say(&format!(
        "{} households, {stays} stays ({} of them moves), {} voids. The service grew from {} to {} homes.\n\
         \"Our safe spaces have been full 90% of the time\", March to November 2020, worked out from these records:\n",
        filled.households, filled.moves, filled.voids, filled.units_at_first, filled.units_at_last
    ))?;
    for reading in filled.readings() {
        let share =
            reading.per_cent.map_or_else(|| "nothing was available".to_owned(), |share| format!("{share}%"));
        say(&format!("  {share:>8}  {}: {}\n", reading.name, reading.definition))?;
    }
    let referrals = &filled.referrals;
    let growth = referrals.growth().map_or_else(|| "not more".to_owned(), |share| format!("{share}% more"));
    say(&format!(
        "{} referrals. March to November 2020 had {}, {growth} than the {} of those months of 2019; 1 January to \
         1 December 2020 had {}. In March to November 2020:\n",
        referrals.all, referrals.strategy, referrals.year_before, referrals.cases
    ))?;
    for (source, count) in &referrals.by_source {
        say(&format!("  {count:>8}  referred by {source}\n"))?;
    }
    for (counts_as, count) in &referrals.declines {
        say(&format!("  {count:>8}  declined: {counts_as}\n"))?;
    }
    Ok(())
}

/// Makes throw-away sign-ins, for programs and for people, and says where to look with them.
pub async fn tell_sign_ins(engine: &Arc<Engine>, url: &str) -> Result<(), Failure> {
    let local = engine.local();
    let mut tokens = Vec::new();
    for (role, council) in
        [(Role::Officer, None), (Role::Manager, None), (Role::Partner, Some("North Herts"))]
    {
        tokens.push(engine.create_token(&local, NewToken::of(role, council, Some(1))).await?.1);
    }
    let [officer, manager, partner] = &*tokens else { return Ok(()) };
    let mut people = String::new();
    for (role, council) in [
        (Role::Officer, None),
        (Role::Manager, None),
        (Role::Partner, Some("North Herts")),
        (Role::Administrator, None),
    ] {
        let DemoPerson { name, password, recovery_codes } = set_up_person(engine, role, council).await?;
        let some = recovery_codes.get(..3).unwrap_or(&recovery_codes).join("  ");
        people.extend(["  ", &format!("{name:<18} {password}"), "  ", &some, "\n"]);
    }
    say(&format!(
        "This is a demonstration: homes, codes and households are made up.\n\
         Sign-ins for a day, as `Authorization: Bearer …`:\n\
         \x20 officer  {officer}\n  manager  {manager}\n  partner  {partner}\n\
         People sign in at {url}/sign-in with name, password and then a recovery code, each good once:\n{people}\
         Try, in another terminal:\n\
         \x20 curl -s {url}/graphql -H 'Authorization: Bearer {officer}' -H 'Content-Type: application/json' \\\n\
         \x20   -d '{{\"query\":\"{{ attention {{ nodes {{ kind message }} }} }}\"}}'\n\
         What else there is, to ask for in the same way:\n\
         \x20 referrals to answer   {{ referrals(filter: {{statuses: [RECEIVED]}}) {{ nodes {{ id reference council adults }} }} }}\n\
         \x20 what was revealed, for demo.manager in a session   {{ notices {{ nodes {{ at kind }} }} }}\n\
         \x20 one case is closed to demo.officer: to them alone, its home is under repair\n\
         \x20 partners ask at {url}/partner/graphql; what to ask is in docs/partners.md\n"
    ))
}
