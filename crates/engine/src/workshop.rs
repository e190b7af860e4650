//! Long sums: worked out one at a time, on a thread of their own, so that nobody who asks for one holds up the others.

use std::{sync::Arc, time::Duration};

use safespace_domain::{Refusal, RefusalCode};
use tokio::{sync::Semaphore, task::spawn_blocking, time::timeout};

use crate::{EngineError, Fault};

/// Who asks for a sum while another is worked out waits so long, and is then told to come again.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where sums are worked out.
pub(crate) struct Workshop(Arc<Semaphore>);

impl Default for Workshop {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(1)))
    }
}

impl Workshop {
    /// Works something out, once what came before is. It goes on to its end, and nothing else begins before, even where
    /// nobody waits for it any more.
    pub(crate) async fn work_out<T: Send + 'static>(
        &self,
        sum: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, EngineError> {
        let Ok(place) = timeout(PATIENCE, Arc::clone(&self.0).acquire_owned()).await else {
            let message = "Others are having something long worked out: ask again in a few seconds.";
            return Err(Refusal::new(RefusalCode::TooMany, message).into());
        };
        let place = place.map_err(|_| Fault::Broken("the workshop is closed"))?;
        let worked = spawn_blocking(move || {
            let done = sum();
            drop(place);
            done
        });
        worked.await.map_err(|_| EngineError::Fault(Fault::Broken("a sum panicked")))
    }
}
