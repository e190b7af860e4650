//! What commands print for people and for pipes.

use std::io::{ErrorKind, Write};

use crate::failure::Failure;

/// Prints on standard output. Whoever reads may stop reading: that is no failure. A full disk is one.
pub fn say(text: &str) -> Result<(), Failure> {
    say_bytes(text.as_bytes())
}

/// As [`say`], of what may be no text.
pub fn say_bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = std::io::stdout();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::failed(format!("standard output can't be written: {error}")))
        }
        _ => Ok(()),
    }
}

/// Says something on standard error; there is no other place to complain to if that can't be had.
pub fn note(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}
