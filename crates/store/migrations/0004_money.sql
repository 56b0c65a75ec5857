-- What moves money, and the ledger's own proof of it. The words in braces are those of step 1.

CREATE TABLE holds (
    key {key} NOT NULL PRIMARY KEY,
    version {int} NOT NULL,
    body {text} NOT NULL,
    merchant_id {int} NOT NULL,
    object {key} NOT NULL,
    due_at {int}
) {without_rowid};

-- Only holds that are open and end by themselves.
CREATE INDEX holds_due ON holds (due_at) WHERE due_at IS NOT NULL;

-- The hash chain of each merchant's ledger, under the ids of its transfers.
CREATE TABLE ledger_links (
    key {key} NOT NULL PRIMARY KEY,
    version {int} NOT NULL,
    merchant_id {int} NOT NULL,
    place {int} NOT NULL,
    hash {bytes} NOT NULL
) {without_rowid};

CREATE TABLE ledger_heads (
    key {key} NOT NULL PRIMARY KEY,
    version {int} NOT NULL,
    merchant_id {int} NOT NULL,
    length {int} NOT NULL,
    hash {bytes} NOT NULL
) {hot};

-- What the reports read: the ledger by day, asset, reason and phase.
CREATE TABLE ledger_days (
    key {key} NOT NULL PRIMARY KEY,
    version {int} NOT NULL,
    merchant_id {int} NOT NULL,
    environment {int} NOT NULL,
    day {int} NOT NULL,
    network {int},
    asset {int} NOT NULL,
    reason {int} NOT NULL,
    phase {int} NOT NULL,
    count {int} NOT NULL,
    amount {bytes} NOT NULL
) {hot};

CREATE INDEX ledger_days_by_merchant ON ledger_days (merchant_id, environment, day);
