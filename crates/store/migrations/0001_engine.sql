-- The tables of the engine itself. One text for both databases; the words in braces are replaced:
--
--   {key}            a row key           uuid      BLOB
--   {int}            a 64-bit integer    int8      INTEGER
--   {text}           text                text      TEXT
--   {bytes}          bytes               bytea     BLOB
--   {strict}         ends a table        (nothing) STRICT
--   {without_rowid}  ends a table whose keys come in insertion order: (nothing) STRICT, WITHOUT ROWID
--   {nulls_first}    SQLite's own order, said to PostgreSQL (nothing there)
--   {hot}            ends a small table whose rows change all the time: (a fill factor) STRICT
--
-- Every column but a nullable one says NOT NULL, keys too. Statements end with a semicolon at the
-- end of a line. A step is never edited after a release; a change is a new step.

-- One row per lane of the log. Its row lock is the only lock a commit takes.
CREATE TABLE lanes (
    lane {int} NOT NULL PRIMARY KEY,
    sequence {int} NOT NULL,
    ledger_position {int} NOT NULL
) {hot};

-- The last group each committing connection has written: tells what became of a lost COMMIT.
CREATE TABLE committers (
    key {key} NOT NULL PRIMARY KEY,
    last_group {int} NOT NULL,
    seen_at {int} NOT NULL
) {hot};

CREATE TABLE log (
    lane {int} NOT NULL,
    sequence {int} NOT NULL,
    kind {int} NOT NULL,
    merchant_id {int} NOT NULL,
    environment {int} NOT NULL,
    created_at {int} NOT NULL,
    object_id {key},
    invoice_id {key},
    order_id {key},
    customer_id {text},
    wallet {text},
    is_commerce {int} NOT NULL,
    data {text} NOT NULL,
    request_id {text},
    idempotency_key {text},
    pending_webhooks {int} NOT NULL,
    PRIMARY KEY (lane, sequence)
) {strict};

-- Notices, among many more events that do not write this one: what every process follows.
CREATE INDEX log_notices ON log (lane, sequence) WHERE kind >= 1000;

CREATE TABLE counters (
    key {key} NOT NULL PRIMARY KEY,
    version {int} NOT NULL,
    merchant_id {int} NOT NULL,
    name {sorted_text} NOT NULL,
    is_gauge {int} NOT NULL,
    value {int} NOT NULL
) {hot};

-- The counters of some days, and those the metrics page shows; those with bounds are many more.
CREATE INDEX counters_gauges ON counters (name) WHERE is_gauge = 1;

CREATE TABLE accounts (
    key {key} NOT NULL PRIMARY KEY,
    version {int} NOT NULL,
    merchant_id {int} NOT NULL,
    environment {int} NOT NULL,
    kind {int} NOT NULL,
    network {int},
    asset {int} NOT NULL,
    owner {key},
    balance {bytes} NOT NULL,
    reserved {bytes} NOT NULL
) {hot};

CREATE INDEX accounts_by_merchant ON accounts (merchant_id, owner);

CREATE TABLE transfers (
    key {key} NOT NULL PRIMARY KEY,
    version {int} NOT NULL,
    lane {int} NOT NULL,
    position {int} NOT NULL,
    merchant_id {int} NOT NULL,
    environment {int} NOT NULL,
    debit {key} NOT NULL,
    credit {key} NOT NULL,
    amount {bytes} NOT NULL,
    debit_balance {bytes} NOT NULL,
    credit_balance {bytes} NOT NULL,
    reason {int} NOT NULL,
    phase {int} NOT NULL,
    object {key} NOT NULL,
    owner {key},
    created_at {int} NOT NULL
) {without_rowid};

CREATE INDEX transfers_by_object ON transfers (object);

CREATE UNIQUE INDEX transfers_by_position ON transfers (lane, position);

-- What a merchant sees of his ledger.
CREATE INDEX transfers_by_merchant ON transfers (merchant_id, environment, key {nulls_first});

-- What a ramp user sees of it; most transfers concern none and do not write this one.
CREATE INDEX transfers_by_owner ON transfers (owner, key {nulls_first}) WHERE owner IS NOT NULL;
