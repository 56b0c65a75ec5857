-- Settlement: what leaves our addresses again, to merchants and back to payors. The words in braces
-- are those of step 1.

-- What leaves a payment's address again; the receiver its invoice names.
ALTER TABLE payments ADD COLUMN receiver {text} NOT NULL DEFAULT '';
ALTER TABLE payments ADD COLUMN outflow {text};

-- Confirmed, the merchant's, and not on its way yet: pool by pool, the oldest first.
CREATE INDEX payments_to_settle
    ON payments (merchant_id, environment, network, token_id, receiver, key {nulls_first})
    WHERE status = 2 AND settlement_status = 0 AND posting = 1;

-- What may still stand on addresses of ours: what a refund is drawn from.
CREATE INDEX payments_standing
    ON payments (merchant_id, environment, network, token_id, key {nulls_first})
    WHERE status IN (1, 2) AND settlement_status <> 4;

ALTER TABLE simulated_transactions ADD COLUMN from_address {text} NOT NULL DEFAULT '';

CREATE INDEX simulated_transactions_from ON simulated_transactions (network, from_address, key {nulls_first})
    WHERE from_address <> '';

CREATE TABLE settlement_wallets (
    key {key} NOT NULL PRIMARY KEY,
    version {int} NOT NULL,
    body {text} NOT NULL,
    merchant_id {int} NOT NULL,
    environment {int} NOT NULL
) {without_rowid};

CREATE INDEX settlement_wallets_of_merchant ON settlement_wallets (merchant_id, environment);

CREATE TABLE settlement_rules (
    key {key} NOT NULL PRIMARY KEY,
    version {int} NOT NULL,
    body {text} NOT NULL
) {without_rowid};

CREATE TABLE settlements (
    key {key} NOT NULL PRIMARY KEY,
    version {int} NOT NULL,
    body {text} NOT NULL,
    merchant_id {int} NOT NULL,
    environment {int} NOT NULL
) {strict};

CREATE INDEX settlements_of_merchant ON settlements (merchant_id, environment, key {nulls_first});

CREATE TABLE sends (
    key {key} NOT NULL PRIMARY KEY,
    version {int} NOT NULL,
    body {text} NOT NULL,
    merchant_id {int} NOT NULL,
    parent {key} NOT NULL,
    account {key},
    exported_on {int},
    due_at {int},
    spent_by {key},
    nonce {int}
) {strict};

CREATE INDEX sends_of_parent ON sends (parent, key {nulls_first});

-- Only open sends out of a deposit address, and those with a transaction under way.
CREATE INDEX sends_of_account ON sends (account) WHERE account IS NOT NULL;

-- Only those that went, where transactions are numbered.
CREATE INDEX sends_spent ON sends (spent_by, nonce) WHERE spent_by IS NOT NULL;

-- Only those the operator is to sign.
CREATE INDEX sends_exported ON sends (exported_on, key {nulls_first}) WHERE exported_on IS NOT NULL;

-- Only those the worker looks at by itself.
CREATE INDEX sends_due ON sends (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE refunds (
    key {key} NOT NULL PRIMARY KEY,
    version {int} NOT NULL,
    body {text} NOT NULL,
    merchant_id {int} NOT NULL,
    environment {int} NOT NULL,
    invoice_id {key} NOT NULL
) {strict};

CREATE INDEX refunds_of_merchant ON refunds (merchant_id, environment, key {nulls_first});
CREATE INDEX refunds_of_invoice ON refunds (invoice_id, key {nulls_first});

CREATE TABLE network_pauses (
    key {key} NOT NULL PRIMARY KEY,
    version {int} NOT NULL,
    body {text} NOT NULL
) {without_rowid};

CREATE TABLE allowed_destinations (
    key {key} NOT NULL PRIMARY KEY,
    version {int} NOT NULL,
    body {text} NOT NULL,
    merchant_id {int} NOT NULL,
    listed_in {int}
) {without_rowid};

CREATE INDEX allowed_destinations_of_merchant ON allowed_destinations (merchant_id, listed_in)
    WHERE listed_in IS NOT NULL;
