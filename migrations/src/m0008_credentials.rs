//! What names a session, a token or a set-up link is kept as a code that only the service can make, and its row carries
//! another, over what it says. Rows from before have neither, and open nothing: sessions have ended, tokens are revoked,
//! links are gone.

use crate::Plain;

const UP: &str = "
ALTER TABLE session ADD COLUMN mac {bytes};
UPDATE session SET ended_at = seen_at WHERE ended_at IS NULL;
ALTER TABLE token ADD COLUMN mac {bytes};
UPDATE token SET revoked_at = coalesce(last_used_at, created_at) WHERE revoked_at IS NULL;
ALTER TABLE account ADD COLUMN link_mac {bytes};
ALTER TABLE account ADD COLUMN second_factor_shown_to {bytes};
UPDATE account SET link_hash = NULL, link_expires_at = NULL;
";

pub(crate) const MIGRATION: Plain = Plain::new("m0008_credentials", UP);
