//! What partner councils ask and send: questions, referrals, and the policy of what they are told.

use crate::Plain;

const UP: &str = "
CREATE TABLE disclosure_policy (
    id integer PRIMARY KEY CHECK (id = 1),
    several_from integer NOT NULL CHECK (several_from > 2),
    nights_ahead integer NOT NULL CHECK (nights_ahead >= 0),
    questions_a_day integer NOT NULL CHECK (questions_a_day >= 0),
    sizes text NOT NULL
);
CREATE TABLE question (
    id {uuid} PRIMARY KEY,
    council text NOT NULL,
    by_id {uuid} NOT NULL,
    asked_at {instant} NOT NULL,
    day {date} NOT NULL,
    people integer NOT NULL,
    night {date} NOT NULL,
    nights integer NOT NULL,
    answer text NOT NULL
);
CREATE INDEX question_day ON question (day);
CREATE TABLE question_count (
    council text NOT NULL,
    day {date} NOT NULL,
    asked integer NOT NULL,
    refused integer NOT NULL DEFAULT 0,
    PRIMARY KEY (council, day)
) {clustered};
CREATE TABLE referral (
    id {uuid} PRIMARY KEY,
    reference text NOT NULL,
    council text NOT NULL,
    by_id {uuid} NOT NULL,
    received_at {instant} NOT NULL,
    adults integer NOT NULL CHECK (adults >= 0),
    children integer NOT NULL CHECK (children >= 0),
    arrival {date} NOT NULL,
    status text NOT NULL CHECK (status IN ('received', 'accepted', 'declined', 'withdrawn')),
    decided_at {instant},
    decline_reason text,
    household_id {uuid} REFERENCES household (id),
    details {bytes},
    CONSTRAINT referral_reference UNIQUE (reference)
);
CREATE INDEX referral_council ON referral (council, id);
";

pub(crate) const MIGRATION: Plain = Plain::new("m0005_partners", UP);
