//! Code lists, properties, units, households, stays, voids, the night ledger, tokens and the audit.

use crate::Plain;

const UP: &str = "
CREATE TABLE district (
    name text PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('host', 'partner', 'pilot'))
);
CREATE TABLE feature (code text PRIMARY KEY, label text NOT NULL);
CREATE TABLE void_reason (code text PRIMARY KEY, label text NOT NULL);
CREATE TABLE policy (
    scheme text PRIMARY KEY CHECK (scheme IN ('safe_space', 'move_on')),
    longest_stay_nights integer NOT NULL CHECK (longest_stay_nights > 0),
    turnaround_nights integer NOT NULL CHECK (turnaround_nights >= 0),
    review_every_nights integer CHECK (review_every_nights > 0),
    late_arrival_until_hour integer NOT NULL CHECK (late_arrival_until_hour BETWEEN 0 AND 12)
);
CREATE TABLE property (
    id {uuid} PRIMARY KEY,
    code text NOT NULL,
    scheme text NOT NULL CHECK (scheme IN ('safe_space', 'move_on')),
    district text NOT NULL REFERENCES district (name)
);
CREATE UNIQUE INDEX property_code ON property (upper(code));
CREATE TABLE unit (
    id {uuid} PRIMARY KEY,
    code text NOT NULL,
    property_id {uuid} NOT NULL REFERENCES property (id),
    sleeps integer NOT NULL CHECK (sleeps > 0)
);
CREATE UNIQUE INDEX unit_code ON unit (upper(code));
CREATE TABLE unit_feature (
    unit_id {uuid} NOT NULL REFERENCES unit (id),
    feature text NOT NULL REFERENCES feature (code),
    PRIMARY KEY (unit_id, feature)
) {clustered};
CREATE TABLE unit_service (
    unit_id {uuid} NOT NULL REFERENCES unit (id),
    opened_on {date} NOT NULL,
    closed_on {date} CHECK (closed_on > opened_on),
    PRIMARY KEY (unit_id, opened_on)
) {clustered};
CREATE TABLE household (
    id {uuid} PRIMARY KEY,
    reference text NOT NULL
);
CREATE UNIQUE INDEX household_reference ON household (upper(reference));
CREATE TABLE stay (
    id {uuid} PRIMARY KEY,
    household_id {uuid} NOT NULL REFERENCES household (id),
    unit_id {uuid} NOT NULL REFERENCES unit (id),
    adults integer NOT NULL CHECK (adults >= 0),
    children integer NOT NULL CHECK (children >= 0),
    planned_arrival {date} NOT NULL,
    planned_departure {date} NOT NULL,
    arrival {date} NOT NULL,
    departure {date} NOT NULL,
    status text NOT NULL CHECK (status IN ('booked', 'in_residence', 'departed', 'cancelled', 'no_show')),
    arrived_at {instant},
    ended_at {instant},
    moved_from {uuid} REFERENCES stay (id),
    moved_to {uuid},
    booked_at {instant} NOT NULL,
    over_limit boolean NOT NULL,
    lost_nights boolean NOT NULL DEFAULT false,
    imported_as text,
    CONSTRAINT stay_imported_as UNIQUE (imported_as),
    CHECK (departure >= arrival),
    CHECK (planned_departure > planned_arrival)
);
CREATE INDEX stay_household ON stay (household_id);
CREATE INDEX stay_unit ON stay (unit_id, departure);
CREATE INDEX stay_in_residence ON stay (departure) WHERE status = 'in_residence';
CREATE INDEX stay_booked ON stay (arrival) WHERE status = 'booked';
CREATE INDEX stay_lost_nights ON stay (departure) WHERE lost_nights AND status = 'booked';
CREATE TABLE stay_exception (
    id {uuid} PRIMARY KEY,
    stay_id {uuid} NOT NULL REFERENCES stay (id),
    nights integer NOT NULL,
    granted_by {uuid} NOT NULL,
    granted_at {instant} NOT NULL,
    reason {bytes} NOT NULL
);
CREATE INDEX stay_exception_stay ON stay_exception (stay_id);
CREATE TABLE void (
    id {uuid} PRIMARY KEY,
    unit_id {uuid} NOT NULL REFERENCES unit (id),
    from_night {date} NOT NULL,
    to_night {date} NOT NULL,
    reason text NOT NULL REFERENCES void_reason (code),
    note {bytes},
    cancelled boolean NOT NULL,
    CHECK (to_night > from_night)
);
CREATE INDEX void_unit ON void (unit_id);
CREATE TABLE unit_night (
    unit_id {uuid} NOT NULL REFERENCES unit (id),
    night {date} NOT NULL,
    night_use text NOT NULL CHECK (night_use IN ('booked', 'resident', 'held', 'void', 'turnaround')),
    taken_by {uuid} NOT NULL,
    household_id {uuid},
    CONSTRAINT unit_night_pkey PRIMARY KEY (unit_id, night)
) {clustered};
CREATE UNIQUE INDEX unit_night_household ON unit_night (household_id, night) WHERE household_id IS NOT NULL;
CREATE TABLE token (
    id {uuid} PRIMARY KEY,
    hash {bytes} NOT NULL,
    role text NOT NULL CHECK (role IN ('officer', 'manager', 'partner')),
    council text,
    created_at {instant} NOT NULL,
    expires_at {instant},
    CONSTRAINT token_hash UNIQUE (hash)
);
CREATE TABLE command_key (
    token_id {uuid} NOT NULL,
    idempotency_key text NOT NULL,
    payload {bytes} NOT NULL,
    answer {bytes} NOT NULL,
    at {instant} NOT NULL,
    CONSTRAINT command_key_pkey PRIMARY KEY (token_id, idempotency_key)
) {clustered};
CREATE TABLE data_key (
    owner {uuid} PRIMARY KEY,
    wrapped {bytes} NOT NULL
);
CREATE TABLE key_check (
    name text PRIMARY KEY,
    sealed {bytes} NOT NULL
);
CREATE TABLE audit (
    seq {sequence},
    at {instant} NOT NULL,
    token_id {uuid},
    role text NOT NULL,
    action text NOT NULL,
    subject_id {uuid},
    units text NOT NULL,
    origin {uuid} NOT NULL,
    detail text NOT NULL
    {transaction}
);
";

const POSTGRES: &str = "
CREATE INDEX audit_tx ON audit (tx);
";

pub(crate) const MIGRATION: Plain = Plain { postgres: POSTGRES, ..Plain::new("m0001_spaces_and_stays", UP) };
