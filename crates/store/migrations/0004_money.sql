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
-- The people of the ramps. What identifies them is sealed inside the bodies.
CREATE TABLE ramp_users (
    key {key} NOT NULL PRIMARY KEY,
    version {int} NOT NULL,
    body {text} NOT NULL,
    merchant_id {int} NOT NULL,
    environment {int} NOT NULL
) {strict};

CREATE INDEX ramp_users_by_merchant
    ON ramp_users (merchant_id, environment, key {nulls_first});

CREATE TABLE kyc_cases (
    key {key} NOT NULL PRIMARY KEY,
    version {int} NOT NULL,
    body {text} NOT NULL,
    user_id {key} NOT NULL
) {strict};

CREATE INDEX kyc_cases_by_user ON kyc_cases (user_id, key {nulls_first});

CREATE TABLE bank_accounts (
    key {key} NOT NULL PRIMARY KEY,
    version {int} NOT NULL,
    body {text} NOT NULL,
    user_id {key} NOT NULL
) {strict};

CREATE INDEX bank_accounts_by_user ON bank_accounts (user_id, key {nulls_first});

CREATE TABLE ramp_deposits (
    key {key} NOT NULL PRIMARY KEY,
    version {int} NOT NULL,
    body {text} NOT NULL,
    user_id {key} NOT NULL
) {strict};

CREATE INDEX ramp_deposits_by_user ON ramp_deposits (user_id, key {nulls_first});

CREATE TABLE ramp_sessions (
    key {key} NOT NULL PRIMARY KEY,
    version {int} NOT NULL,
    body {text} NOT NULL
) {without_rowid};

CREATE TABLE screening_reviews (
    key {key} NOT NULL PRIMARY KEY,
    version {int} NOT NULL,
    body {text} NOT NULL,
    is_open {int} NOT NULL
) {strict};

CREATE INDEX screening_reviews_by_state ON screening_reviews (is_open, key {nulls_first});

-- Prices of payouts, and the payouts. What is due waits for a worker.
CREATE TABLE ramp_quotes (
    key {key} NOT NULL PRIMARY KEY,
    version {int} NOT NULL,
    body {text} NOT NULL,
    user_id {key}
) {without_rowid};

CREATE INDEX ramp_quotes_by_user ON ramp_quotes (user_id, key {nulls_first})
    WHERE user_id IS NOT NULL;

CREATE TABLE payouts (
    key {key} NOT NULL PRIMARY KEY,
    version {int} NOT NULL,
    body {text} NOT NULL,
    merchant_id {int} NOT NULL,
    environment {int} NOT NULL,
    user_id {key} NOT NULL,
    status {int} NOT NULL,
    due_at {int}
) {strict};

CREATE INDEX payouts_by_merchant ON payouts (merchant_id, environment, key {nulls_first});
CREATE INDEX payouts_by_user ON payouts (user_id, key {nulls_first});
CREATE INDEX payouts_due ON payouts (due_at) WHERE due_at IS NOT NULL;

-- What was given to the ramp sandbox.
CREATE TABLE sandbox_cases (
    key {key} NOT NULL PRIMARY KEY,
    version {int} NOT NULL,
    body {text} NOT NULL
) {hot};

-- Addresses of ramp users, and what chains say of deposits to them.
ALTER TABLE deposit_addresses ADD COLUMN owner_kind {int} NOT NULL DEFAULT 0;

CREATE TABLE ramp_addresses (
    key {key} NOT NULL PRIMARY KEY,
    version {int} NOT NULL,
    body {text} NOT NULL,
    user_id {key} NOT NULL,
    purpose {int} NOT NULL
) {strict};

CREATE INDEX ramp_addresses_by_user ON ramp_addresses (user_id, purpose, key {nulls_first});

CREATE TABLE onchain_deposits (
    key {key} NOT NULL PRIMARY KEY,
    version {int} NOT NULL,
    body {text} NOT NULL,
    environment {int} NOT NULL,
    network {int} NOT NULL,
    status {int} NOT NULL,
    block_number {int} NOT NULL,
    required_confirmations {int} NOT NULL,
    due_at {int}
) {strict};

CREATE INDEX onchain_deposits_waiting
    ON onchain_deposits (environment, network, block_number) WHERE status = 0;
CREATE INDEX onchain_deposits_by_block
    ON onchain_deposits (environment, network, block_number) WHERE status <> 2;
CREATE INDEX onchain_deposits_due ON onchain_deposits (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE virtual_accounts (
    key {key} NOT NULL PRIMARY KEY,
    version {int} NOT NULL,
    body {text} NOT NULL,
    user_id {key} NOT NULL,
    due_at {int}
) {strict};

CREATE INDEX virtual_accounts_by_user ON virtual_accounts (user_id, key {nulls_first});
CREATE INDEX virtual_accounts_due ON virtual_accounts (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE onramps (
    key {key} NOT NULL PRIMARY KEY,
    version {int} NOT NULL,
    body {text} NOT NULL,
    merchant_id {int} NOT NULL,
    environment {int} NOT NULL,
    user_id {key} NOT NULL,
    status {int} NOT NULL,
    due_at {int}
) {strict};

CREATE INDEX onramps_by_merchant ON onramps (merchant_id, environment, key {nulls_first});
CREATE INDEX onramps_by_user ON onramps (user_id, key {nulls_first});
CREATE INDEX onramps_due ON onramps (due_at) WHERE due_at IS NOT NULL;
