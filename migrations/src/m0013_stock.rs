//! Food and toiletries: the catalogue, the places that hold stock, its ledger, and grants.
//!
//! `stock` is what each place has of each lot, kept in the same transaction as the entries of which it is the sum: its
//! checks hold that nothing is given out that is not there.

use crate::Plain;

const UP: &str = "
CREATE TABLE item_category (
    code text NOT NULL PRIMARY KEY,
    label text NOT NULL
);
INSERT INTO item_category (code, label) VALUES
    ('food', 'Food'), ('toiletries', 'Toiletries'), ('baby', 'Baby'), ('bedding', 'Bedding'),
    ('clothing', 'Clothing'), ('household', 'Household'), ('phone_credit', 'Phone credit');
CREATE TABLE item (
    id {uuid} PRIMARY KEY,
    code text NOT NULL,
    name text NOT NULL,
    category text NOT NULL REFERENCES item_category (code),
    unit_of_issue text NOT NULL,
    pack_size integer NOT NULL CONSTRAINT item_pack_size CHECK (pack_size > 0),
    price bigint NOT NULL CONSTRAINT item_price CHECK (price > 0),
    supplier text,
    eaten boolean NOT NULL,
    contains text,
    suits text NOT NULL,
    shelf_life_days integer,
    perishable boolean NOT NULL,
    barcode text,
    retired boolean NOT NULL
);
CREATE UNIQUE INDEX item_code ON item (upper(code));
CREATE UNIQUE INDEX item_barcode ON item (barcode);
CREATE TABLE place (
    id {uuid} PRIMARY KEY,
    code text NOT NULL,
    name text NOT NULL,
    property_id {uuid} REFERENCES property (id),
    closed boolean NOT NULL
);
CREATE UNIQUE INDEX place_code ON place (upper(code));
CREATE UNIQUE INDEX place_property ON place (property_id);
CREATE TABLE stock_level (
    place_id {uuid} NOT NULL REFERENCES place (id),
    item_id {uuid} NOT NULL REFERENCES item (id) ON DELETE CASCADE,
    reorder_point integer NOT NULL,
    target integer NOT NULL,
    PRIMARY KEY (place_id, item_id),
    CONSTRAINT stock_level_target CHECK (target > reorder_point AND reorder_point >= 0)
) {clustered};
CREATE TABLE funding (
    id {uuid} PRIMARY KEY,
    code text NOT NULL,
    name text NOT NULL,
    amount bigint NOT NULL CONSTRAINT funding_amount CHECK (amount > 0),
    begins_on {date} NOT NULL,
    ends_on {date} NOT NULL,
    purpose text NOT NULL,
    CONSTRAINT funding_period CHECK (ends_on > begins_on)
);
CREATE UNIQUE INDEX funding_code ON funding (upper(code));
CREATE TABLE lot (
    id {uuid} PRIMARY KEY,
    item_id {uuid} NOT NULL REFERENCES item (id),
    code text,
    expires_on {date},
    received_at {instant} NOT NULL,
    origin text NOT NULL CONSTRAINT lot_origin CHECK (origin IN ('bought', 'donated')),
    giver text,
    delivery_note text,
    funding_id {uuid} REFERENCES funding (id),
    quantity integer NOT NULL CONSTRAINT lot_quantity CHECK (quantity > 0),
    cost bigint NOT NULL CONSTRAINT lot_cost CHECK (cost >= 0)
);
CREATE INDEX lot_item ON lot (item_id);
CREATE INDEX lot_funding ON lot (funding_id, received_at);
CREATE TABLE stock (
    place_id {uuid} NOT NULL REFERENCES place (id),
    lot_id {uuid} NOT NULL REFERENCES lot (id),
    item_id {uuid} NOT NULL REFERENCES item (id),
    quantity integer NOT NULL CONSTRAINT stock_quantity CHECK (quantity >= 0),
    value bigint NOT NULL CONSTRAINT stock_value CHECK (value >= 0 AND (quantity > 0 OR value = 0)),
    PRIMARY KEY (place_id, lot_id)
) {clustered};
CREATE INDEX stock_item ON stock (item_id, quantity);
CREATE TABLE stock_entry (
    id {uuid} PRIMARY KEY,
    at {instant} NOT NULL,
    by_id {uuid} NOT NULL,
    movement text NOT NULL CONSTRAINT stock_entry_movement CHECK (movement IN ('received', 'corrected', 'issued',
        'returned', 'transferred_out', 'transferred_in', 'counted', 'written_off')),
    item_id {uuid} NOT NULL REFERENCES item (id),
    place_id {uuid} NOT NULL REFERENCES place (id),
    lot_id {uuid} NOT NULL REFERENCES lot (id),
    quantity bigint NOT NULL,
    value bigint NOT NULL,
    stay_id {uuid} REFERENCES stay (id),
    pack_id {uuid},
    pack_line integer,
    other_place_id {uuid} REFERENCES place (id),
    corrects_id {uuid} REFERENCES stock_entry (id),
    why text
);
CREATE INDEX stock_entry_stay ON stock_entry (stay_id) WHERE stay_id IS NOT NULL;
CREATE INDEX stock_entry_lot ON stock_entry (lot_id);
CREATE INDEX stock_entry_item ON stock_entry (item_id, id);
CREATE INDEX stock_entry_place ON stock_entry (place_id, id);
";
const POSTGRES: &str = "
CREATE FUNCTION stock_entry_append_only() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'the stock ledger is append-only'; END $$;
CREATE TRIGGER stock_entry_append_only BEFORE UPDATE OR DELETE ON stock_entry
    FOR EACH ROW EXECUTE FUNCTION stock_entry_append_only();
CREATE TRIGGER stock_entry_no_truncate BEFORE TRUNCATE ON stock_entry
    FOR EACH STATEMENT EXECUTE FUNCTION stock_entry_append_only();
";
const SQLITE: &str = "
CREATE TRIGGER stock_entry_no_update BEFORE UPDATE ON stock_entry
    BEGIN SELECT RAISE(ABORT, 'the stock ledger is append-only'); END;
CREATE TRIGGER stock_entry_no_delete BEFORE DELETE ON stock_entry
    BEGIN SELECT RAISE(ABORT, 'the stock ledger is append-only'); END;
";

pub(crate) const MIGRATION: Plain =
    Plain { postgres: POSTGRES, sqlite: SQLITE, ..Plain::new("m0013_stock", UP) };
