//! `safespace serve`: the service, until it is told to stop.

use std::{
    future::Future,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use clap::Args;
use safespace_engine::Engine;

use crate::{
    audit::Checkpoints,
    config::Place,
    connections::{self, Entrance},
    demo,
    edge::{EdgeArguments, bind},
    failure::Failure,
    print::say,
};

/// How long requests that are under way may take to end.
const GRACE: Duration = Duration::from_secs(10);
/// How often it is looked whether the day has turned in Europe/London.
const EVERY_SO_OFTEN: Duration = Duration::from_secs(20);
/// How often it is written down how far the audit has come.
const HOURLY: Duration = Duration::from_hours(1);
/// How often it is looked whether another process has changed something.
const OFTEN: Duration = Duration::from_millis(250);

/// How to serve.
#[derive(Args)]
pub struct Arguments {
    /// The address and port to listen on; port 0 takes a free one.
    #[arg(long, env = "SAFESPACE_LISTEN", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Serve plain HTTP on an address that other machines reach. Tokens and stays then cross the network in the clear,
    /// unless a proxy with TLS stands in front.
    #[arg(long, env = "SAFESPACE_INSECURE_HTTP")]
    insecure_http: bool,
    /// Where browsers find this service, where that is not what it listens on: the address of the proxy in front. The
    /// issuers that people sign in with send them back there.
    #[arg(long, env = "SAFESPACE_PUBLIC_URL")]
    public_url: Option<String>,
    /// The number on which partner councils reach the team, as their pages tell it.
    #[arg(long, env = "SAFESPACE_TEAM_TELEPHONE", value_parser = telephone)]
    team_telephone: Option<String>,
    #[command(flatten)]
    checkpoints: Checkpoints,
    #[command(flatten)]
    edge: EdgeArguments,
}

/// A number as people write it.
fn telephone(text: &str) -> Result<String, &'static str> {
    let is_of_it = |letter: char| letter.is_ascii_digit() || "+() -".contains(letter);
    let is_number = (3..=30).contains(&text.len()) && text.chars().all(is_of_it);
    if is_number { Ok(text.to_owned()) } else { Err("write a telephone number, as in 01632 960 001") }
}

/// Serves until Ctrl-C or SIGTERM.
pub async fn serve(place: &Place, arguments: &Arguments) -> Result<ExitCode, Failure> {
    let tls = arguments.edge.tls()?;
    if !arguments.listen.ip().is_loopback() && tls.is_none() && !arguments.insecure_http {
        return Err(Failure::wrong_call(format!(
            "{} can be reached from other machines, and this is plain HTTP: give it a certificate with \
             --tls-cert and --tls-key, listen on 127.0.0.1 behind a proxy with TLS, or insist with --insecure-http",
            arguments.listen
        )));
    }
    // First of all: it may be told to stop while it starts.
    let stop = told_to_stop();
    if place.demo {
        demo::fill_if_empty(place).await?;
    }
    let engine = place.open().await?;
    let listener = bind(arguments.listen, "--listen").await?;
    let address = listener.local_addr().unwrap_or(arguments.listen);
    let scheme = if tls.is_some() { "https" } else { "http" };
    let url = format!("{scheme}://{address}");
    let public_url = arguments.public_url.clone().unwrap_or_else(|| url.clone());
    let edge = arguments.edge.edge(place);
    arguments.edge.serve_metrics(&edge.metrics).await?;
    if place.demo {
        demo::tell_sign_ins(&engine, &url).await?;
    }
    // Whoever started us may not read: the service runs all the same.
    let _ = say(&format!("Listening on {url}\n"));
    let checkpoints = arguments.checkpoints.file(place)?;
    let chores = [
        tokio::spawn(turn_days(Arc::clone(&engine))),
        tokio::spawn(catch_up(Arc::clone(&engine))),
        tokio::spawn(checkpoint_hourly(Arc::clone(&engine), checkpoints.clone())),
    ];
    let api = safespace_graphql::api(&engine, &edge);
    let app = safespace_web::routes(api, &engine, &public_url, arguments.team_telephone.as_deref());
    let app = safespace_edge::guarded(app, &edge);
    let metrics = Arc::clone(&edge.metrics);
    let entrance = Entrance { listener, tls, bounds: arguments.edge.bounds(), metrics };
    connections::serve(entrance, app, stop, GRACE).await;
    chores.iter().for_each(tokio::task::JoinHandle::abort);
    checkpoint(&engine, &checkpoints).await;
    engine.close().await?;
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}

/// Waits for Ctrl-C or SIGTERM, from now on: a signal that comes before it is awaited counts.
pub fn told_to_stop() -> impl Future<Output = ()> {
    #[cfg(unix)]
    let signals = {
        use tokio::signal::unix::{SignalKind, signal};
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    };
    async move {
        #[cfg(unix)]
        if let (Ok(mut terminate), Ok(mut interrupt)) = signals {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            return;
        }
        let _ = tokio::signal::ctrl_c().await;
    }
}

/// Does what the turn of the day asks for, when it comes.
async fn turn_days(engine: Arc<Engine>) {
    let mut done = engine.today();
    loop {
        tokio::time::sleep(EVERY_SO_OFTEN).await;
        let today = engine.today();
        if today == done {
            continue;
        }
        match engine.turn_day().await {
            Ok(overstays) => {
                tracing::info!(%today, overstays = overstays.len(), "the day has turned");
                done = today;
            }
            Err(fault) => tracing::error!(%fault, "the day could not turn; trying again"),
        }
    }
}

/// Catches up with other processes on the same database.
async fn catch_up(engine: Arc<Engine>) {
    loop {
        tokio::time::sleep(OFTEN).await;
        if let Err(fault) = engine.catch_up().await {
            tracing::error!(%fault, "could not see what other programs changed; trying again");
            tokio::time::sleep(EVERY_SO_OFTEN / 4).await;
        }
    }
}

/// Writes down how far the audit has come, now and every hour.
async fn checkpoint_hourly(engine: Arc<Engine>, file: PathBuf) {
    loop {
        checkpoint(&engine, &file).await;
        tokio::time::sleep(HOURLY).await;
    }
}

/// Writes down how far the audit has come. A service that can't still takes people in, and says so.
async fn checkpoint(engine: &Engine, file: &Path) {
    if let Err(fault) = engine.checkpoint(file).await {
        tracing::error!(%fault, "no checkpoint of the audit could be written");
    }
}
