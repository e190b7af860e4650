//! Ctrl-C and SIGTERM end the run in order: processes stopped, scratch files gone.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::signal::unix::{SignalKind, signal};

use crate::Result;

static STOPPED: AtomicBool = AtomicBool::new(false);

/// Listens for the two signals, in a thread of its own.
pub fn listen() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        runtime.block_on(async {
            let (Ok(mut interrupt), Ok(mut terminate)) =
                (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
            else {
                return;
            };
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            STOPPED.store(true, Ordering::Relaxed);
            // A second one waits for nothing.
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            std::process::exit(130);
        });
    })?;
    Ok(())
}

/// Whether the run is to end.
pub fn asked() -> bool {
    STOPPED.load(Ordering::Relaxed)
}

/// Fails when the run is to end.
pub fn must_not() -> Result<()> {
    if asked() { Err("stopped".into()) } else { Ok(()) }
}
