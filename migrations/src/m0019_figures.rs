//! What figures are counted from, found by when it was.

use crate::Plain;

const UP: &str = "
CREATE INDEX referral_received ON referral (received_at);
CREATE INDEX stay_departure ON stay (departure);
CREATE INDEX stay_exception_granted ON stay_exception (granted_at);
CREATE INDEX support_session_starts ON support_session (starts_at);
CREATE INDEX pack_handed_over ON pack (ended_at) WHERE status = 'handed_over';
CREATE INDEX stock_entry_at ON stock_entry (at) WHERE stay_id IS NOT NULL;
";

pub(crate) const MIGRATION: Plain = Plain::new("m0019_figures", UP);
