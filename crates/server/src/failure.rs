//! How a command ends that could not be carried out: one sentence on standard error, and an exit code.

use std::process::ExitCode;

use safespace_domain::Refusal;
use safespace_engine::{EngineError, Fault, StoreError};

use crate::print::note;

/// Something failed.
pub const FAILED: u8 = 1;
/// The call or a file is wrong, and nothing was changed.
pub const WRONG: u8 = 2;
/// Done in part.
pub const IN_PART: u8 = 3;

/// Why a command was not carried out.
#[derive(Debug)]
pub struct Failure {
    code: u8,
    message: String,
}

impl Failure {
    /// Something failed.
    pub fn failed(message: impl Into<String>) -> Self {
        Self { code: FAILED, message: message.into() }
    }

    /// The call or a file is wrong.
    pub fn wrong_call(message: impl Into<String>) -> Self {
        Self { code: WRONG, message: message.into() }
    }

    /// The same, with what to do then.
    pub fn then(self, what: &str) -> Self {
        Self { message: format!("{}. {what}", self.message.trim_end_matches('.')), ..self }
    }

    /// Says it, and with which code the program ends.
    pub fn tell(&self) -> ExitCode {
        note(&format!("safespace: {}\n", self.message));
        ExitCode::from(self.code)
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        if let Fault::Store(StoreError::Other(cause)) = &fault {
            tracing::debug!(%cause, "the database failed");
        }
        match fault {
            Fault::Store(StoreError::BadUrl(_)) => Self::wrong_call(fault.to_string()),
            fault => Self::failed(fault.to_string()),
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::wrong_call(refusal.message)
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Refused(refusal) => refusal.into(),
            EngineError::Fault(fault) => fault.into(),
        }
    }
}
