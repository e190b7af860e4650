//! Targets of a financial year, and packs for groups that meet: what was issued is never changed.

use crate::Plain;

const UP: &str = "
CREATE TABLE target (
    financial_year {date} NOT NULL,
    code text NOT NULL,
    title text NOT NULL,
    measure text NOT NULL,
    grouped_by text,
    group_name text,
    owner text NOT NULL,
    hundredths bigint NOT NULL CONSTRAINT target_hundredths CHECK (hundredths >= 0),
    tolerance_hundredths bigint NOT NULL CONSTRAINT target_tolerance CHECK (tolerance_hundredths >= 0),
    direction text NOT NULL CONSTRAINT target_direction CHECK (direction IN ('at_least', 'at_most')),
    PRIMARY KEY (financial_year, code)
) {clustered};
CREATE TABLE discretion (
    id integer PRIMARY KEY CHECK (id = 1),
    partners_below integer NOT NULL CHECK (partners_below > 2),
    partners_rounded_to integer NOT NULL CHECK (partners_rounded_to > 0),
    outside_below integer NOT NULL CHECK (outside_below > 2),
    outside_rounded_to integer NOT NULL CHECK (outside_rounded_to > 0)
);
CREATE TABLE meeting_group (
    code text PRIMARY KEY,
    name text NOT NULL,
    every text NOT NULL CONSTRAINT meeting_group_every CHECK (every IN ('four_weeks', 'quarter')),
    audience text NOT NULL CONSTRAINT meeting_group_audience CHECK (audience IN ('team', 'partners', 'outside')),
    sections text NOT NULL
);
CREATE TABLE meeting_pack (
    id {uuid} PRIMARY KEY,
    group_code text NOT NULL REFERENCES meeting_group (code),
    first_day {date} NOT NULL,
    end_day {date} NOT NULL,
    audience text NOT NULL CONSTRAINT meeting_pack_audience CHECK (audience IN ('team', 'partners', 'outside')),
    issued_at {instant},
    commentary {bytes},
    content {bytes},
    CONSTRAINT meeting_pack_days CHECK (end_day > first_day),
    CONSTRAINT meeting_pack_issued CHECK ((issued_at IS NULL) = (content IS NULL))
);
CREATE UNIQUE INDEX meeting_pack_of ON meeting_pack (group_code, first_day);
";
const POSTGRES: &str = "
CREATE FUNCTION meeting_pack_frozen() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'an issued pack is never changed'; END $$;
CREATE TRIGGER meeting_pack_frozen BEFORE UPDATE OR DELETE ON meeting_pack
    FOR EACH ROW WHEN (OLD.issued_at IS NOT NULL) EXECUTE FUNCTION meeting_pack_frozen();
";
const SQLITE: &str = "
CREATE TRIGGER meeting_pack_no_update BEFORE UPDATE ON meeting_pack WHEN OLD.issued_at IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'an issued pack is never changed'); END;
CREATE TRIGGER meeting_pack_no_delete BEFORE DELETE ON meeting_pack WHEN OLD.issued_at IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'an issued pack is never changed'); END;
";

pub(crate) const MIGRATION: Plain =
    Plain { postgres: POSTGRES, sqlite: SQLITE, ..Plain::new("m0020_targets_and_meetings", UP) };
