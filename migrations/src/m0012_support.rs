//! Support during a stay: sessions, key workers, immediate needs, how many attend group offers, and the lists and
//! standards that go with them.

use crate::Plain;

/// The table of reasons is made anew: which lists there are is a check, which SQLite can't change.
const UP: &str = "
CREATE TABLE reason_anew (
    kind text NOT NULL CONSTRAINT reason_kind CHECK (kind IN ('decline', 'destination', 'closing', 'next_step',
        'immediate_need', 'topic', 'group_offer')),
    code text NOT NULL,
    label text NOT NULL,
    counts_as text,
    due_hours integer,
    PRIMARY KEY (kind, code),
    CONSTRAINT reason_due_hours CHECK (due_hours IS NULL OR (kind = 'immediate_need' AND due_hours > 0))
) {clustered};
INSERT INTO reason_anew (kind, code, label, counts_as) SELECT kind, code, label, counts_as FROM reason;
DROP TABLE reason;
ALTER TABLE reason_anew RENAME TO reason;
ALTER TABLE standards ADD COLUMN first_contact_hours integer NOT NULL DEFAULT 24
    CONSTRAINT standards_first_contact_hours CHECK (first_contact_hours > 0);
ALTER TABLE standards ADD COLUMN contact_every_hours integer NOT NULL DEFAULT 48
    CONSTRAINT standards_contact_every_hours CHECK (contact_every_hours > 0);
CREATE TABLE support_session (
    id {uuid} PRIMARY KEY,
    household_id {uuid} NOT NULL REFERENCES household (id),
    recorded_by {uuid} NOT NULL,
    recorded_at {instant} NOT NULL,
    starts_at {instant} NOT NULL,
    channel text NOT NULL
        CONSTRAINT support_session_channel CHECK (channel IN ('in_person', 'phone', 'video')),
    hours text NOT NULL CONSTRAINT support_session_hours CHECK (hours IN ('in_hours', 'out_of_hours')),
    outcome text NOT NULL CONSTRAINT support_session_outcome CHECK (outcome IN ('held', 'declined')),
    minutes integer CONSTRAINT support_session_minutes CHECK (minutes BETWEEN 1 AND 720),
    topics text NOT NULL,
    note {bytes},
    version integer NOT NULL CONSTRAINT support_session_version CHECK (version > 0),
    withdrawn_at {instant},
    CONSTRAINT support_session_length CHECK ((outcome = 'held') = (minutes IS NOT NULL))
);
CREATE INDEX support_session_of ON support_session (household_id, starts_at);
CREATE TABLE key_worker (
    id {uuid} PRIMARY KEY,
    household_id {uuid} NOT NULL REFERENCES household (id),
    account_id {uuid} NOT NULL REFERENCES account (id),
    since {instant} NOT NULL,
    until {instant},
    assigned_by {uuid} NOT NULL
);
CREATE UNIQUE INDEX key_worker_household ON key_worker (household_id) WHERE until IS NULL;
CREATE INDEX key_worker_of ON key_worker (household_id, id);
CREATE TABLE immediate_need (
    id {uuid} PRIMARY KEY,
    household_id {uuid} NOT NULL REFERENCES household (id),
    kind text NOT NULL,
    asked_at {instant} NOT NULL,
    due_at {instant} NOT NULL,
    state text NOT NULL CONSTRAINT immediate_need_state CHECK (state IN ('open', 'met', 'not_needed')),
    settled_at {instant},
    CONSTRAINT immediate_need_settled CHECK ((state = 'open') = (settled_at IS NULL))
);
CREATE UNIQUE INDEX immediate_need_open ON immediate_need (household_id, kind) WHERE state = 'open';
CREATE INDEX immediate_need_of ON immediate_need (household_id, id);
CREATE TABLE group_attendance (
    offer text NOT NULL,
    held_on {date} NOT NULL,
    attended integer CONSTRAINT group_attendance_attended CHECK (attended BETWEEN 0 AND 500),
    PRIMARY KEY (offer, held_on)
) {clustered};
CREATE INDEX group_attendance_held_on ON group_attendance (held_on, offer);
";

pub(crate) const MIGRATION: Plain = Plain::new("m0012_support", UP);
