//! What a use case returns instead of its answer.

use safespace_domain::Refusal;
use safespace_store::StoreError;

use crate::{checkpoints::CheckpointError, keys::KeyError};

/// A failure that is nobody's decision. Its text is for the log and for whoever runs the service.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Fault {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The key that seals what is confidential.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The file of the audit's checkpoints.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// Something that the program holds to be impossible.
    #[error("internal: {0}")]
    Broken(&'static str),
}

/// A use case that was not carried out: nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// An ordinary answer: no, because.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A failure.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<StoreError> for EngineError {
    fn from(error: StoreError) -> Self {
        Self::Fault(error.into())
    }
}

impl From<KeyError> for EngineError {
    fn from(error: KeyError) -> Self {
        Self::Fault(error.into())
    }
}
