//! From referral to placement: what a referral says, where homes are and who may share them, who must be kept apart,
//! holds, next steps, departures, and the lists and standards that go with them.

use crate::Plain;

/// A referral's table is made anew: what statuses there are is a check, which SQLite can't change.
const UP: &str = "
CREATE TABLE locality (
    name text PRIMARY KEY,
    district text NOT NULL REFERENCES district (name),
    near text NOT NULL
);
ALTER TABLE property ADD COLUMN locality text REFERENCES locality (name);
ALTER TABLE property ADD COLUMN sharing text NOT NULL DEFAULT 'self_contained'
    CHECK (sharing IN ('self_contained', 'women_only', 'men_only', 'one_sex'));
ALTER TABLE household ADD COLUMN shares_as text CHECK (shares_as IN ('women', 'men', 'mixed'));
CREATE TABLE household_conflict (
    household_id {uuid} NOT NULL REFERENCES household (id),
    other_id {uuid} NOT NULL REFERENCES household (id),
    reason {bytes} NOT NULL,
    made_by {uuid} NOT NULL,
    made_at {instant} NOT NULL,
    PRIMARY KEY (household_id, other_id)
) {clustered};
CREATE INDEX household_conflict_other ON household_conflict (other_id);
CREATE TABLE reason (
    kind text NOT NULL CHECK (kind IN ('decline', 'destination', 'closing', 'next_step')),
    code text NOT NULL,
    label text NOT NULL,
    counts_as text,
    PRIMARY KEY (kind, code)
) {clustered};
CREATE TABLE standards (
    id integer PRIMARY KEY CHECK (id = 1),
    response_minutes integer NOT NULL CHECK (response_minutes > 0),
    placement_days integer NOT NULL CHECK (placement_days >= 0),
    hold_minutes integer NOT NULL CHECK (hold_minutes > 0),
    next_step_hours integer NOT NULL CHECK (next_step_hours > 0),
    hold_warning_minutes integer NOT NULL CHECK (hold_warning_minutes > 0)
);
CREATE TABLE referral_anew (
    id {uuid} PRIMARY KEY,
    reference text NOT NULL,
    council text,
    by_id {uuid} NOT NULL,
    received_at {instant} NOT NULL,
    responded_at {instant},
    version integer NOT NULL CHECK (version > 0),
    source text NOT NULL CHECK (source IN ('police', 'gp', 'local_authority', 'other_agency', 'self')),
    kind text NOT NULL CHECK (kind IN ('domestic_abuse', 'modern_slavery')),
    risk text CHECK (risk IN ('standard', 'medium', 'high')),
    dash_ticks integer CHECK (dash_ticks BETWEEN 0 AND 27),
    marac boolean,
    adults integer NOT NULL CHECK (adults >= 0),
    children integer NOT NULL CHECK (children >= 0),
    shares_as text CHECK (shares_as IN ('women', 'men', 'mixed')),
    arrival {date} NOT NULL,
    nights integer NOT NULL CHECK (nights > 0),
    features text NOT NULL,
    from_district text,
    status text NOT NULL
        CHECK (status IN ('received', 'assessing', 'accepted', 'placed', 'closed', 'declined', 'withdrawn')),
    assessed_by {uuid},
    decided_at {instant},
    reason text,
    household_id {uuid} REFERENCES household (id),
    placed_at {instant},
    stay_id {uuid} REFERENCES stay (id),
    closed_at {instant},
    looked_for text,
    needs {bytes},
    details {bytes},
    contact_blind {bytes},
    imported_as text
);
INSERT INTO referral_anew (id, reference, council, by_id, received_at, responded_at, version, source, kind, adults,
    children, arrival, nights, features, status, decided_at, reason, household_id, details)
    SELECT id, reference, council, by_id, received_at, decided_at, 1, 'local_authority', 'domestic_abuse', adults,
    children, arrival, 7, '', status, decided_at, decline_reason, household_id, details FROM referral;
DROP TABLE referral;
ALTER TABLE referral_anew RENAME TO referral;
CREATE UNIQUE INDEX referral_reference ON referral (reference);
CREATE UNIQUE INDEX referral_imported_as ON referral (imported_as);
CREATE INDEX referral_council ON referral (council, id);
CREATE INDEX referral_open ON referral (id) WHERE status IN ('received', 'assessing', 'accepted', 'placed');
CREATE INDEX referral_household ON referral (household_id);
CREATE INDEX referral_contact_blind ON referral (contact_blind) WHERE contact_blind IS NOT NULL;
CREATE TABLE hold (
    id {uuid} PRIMARY KEY,
    household_id {uuid} NOT NULL REFERENCES household (id),
    unit_id {uuid} NOT NULL REFERENCES unit (id),
    adults integer NOT NULL CHECK (adults >= 0),
    children integer NOT NULL CHECK (children >= 0),
    arrival {date} NOT NULL,
    departure {date} NOT NULL,
    made_at {instant} NOT NULL,
    lapses_at {instant} NOT NULL,
    extended boolean NOT NULL,
    status text NOT NULL CHECK (status IN ('active', 'confirmed', 'released', 'lapsed')),
    ended_at {instant},
    stay_id {uuid} REFERENCES stay (id),
    CHECK (departure > arrival)
);
CREATE UNIQUE INDEX hold_household ON hold (household_id) WHERE status = 'active';
CREATE INDEX hold_lapses ON hold (lapses_at) WHERE status = 'active';
CREATE INDEX hold_of ON hold (household_id, id);
CREATE TABLE departure (
    stay_id {uuid} PRIMARY KEY REFERENCES stay (id),
    destination text NOT NULL,
    planned boolean NOT NULL,
    support text NOT NULL CHECK (support IN ('not_wanted', 'goes_on', 'ended')),
    support_ended_at {instant}
) {clustered};
CREATE TABLE next_step (
    id {uuid} PRIMARY KEY,
    household_id {uuid} NOT NULL REFERENCES household (id),
    kind text NOT NULL,
    state text NOT NULL
        CHECK (state IN ('considered', 'applied_for', 'offered', 'agreed', 'refused', 'done')),
    target {date},
    note {bytes},
    CONSTRAINT next_step_kind UNIQUE (household_id, kind)
);
ALTER TABLE question ADD COLUMN children integer NOT NULL DEFAULT 0 CHECK (children >= 0);
ALTER TABLE question ADD COLUMN features text NOT NULL DEFAULT '';
ALTER TABLE question ADD COLUMN unwanted text NOT NULL DEFAULT '';
ALTER TABLE question ADD COLUMN next_night {date};
ALTER TABLE question ADD COLUMN referral_id {uuid};
";

pub(crate) const MIGRATION: Plain = Plain::new("m0011_allocation", UP);
