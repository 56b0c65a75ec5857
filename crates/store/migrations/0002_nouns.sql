-- The tables of the nouns, column by column as their files in src declare them, and the indexes of
-- their lists. The words in braces are those of step 1 and one more:
--
--   {nulls_first}    SQLite's own order, said to PostgreSQL (nothing there)
--
-- Pages are asked for in that order. It is not the order of a primary key, so that no planner
-- walks all rows by their keys until a merchant's own turn up.
--
-- Wide rows and rows under random keys are plain tables: in insertion order, with their key in an
-- index of its own. Narrow ones are kept in their key's index. Every index costs every insert, so
-- each names below the list it is for. There are no foreign keys.

CREATE TABLE merchants (
    key {key} NOT NULL PRIMARY KEY,
    version {int} NOT NULL,
    body {text} NOT NULL,
    mainnet_requested_at {int}
) {strict};

-- The operator's list of requests.
CREATE INDEX merchants_requesting_mainnet ON merchants (mainnet_requested_at)
    WHERE mainnet_requested_at IS NOT NULL;

CREATE TABLE members (
    key {key} NOT NULL PRIMARY KEY,
    version {int} NOT NULL,
    body {text} NOT NULL,
    merchant_id {int} NOT NULL
) {strict};

CREATE INDEX members_by_merchant ON members (merchant_id, key {nulls_first});

CREATE TABLE api_keys (
    key {key} NOT NULL PRIMARY KEY,
    version {int} NOT NULL,
    body {text} NOT NULL,
    merchant_id {int} NOT NULL,
    is_demo {int} NOT NULL,
    revoked_at {int}
) {strict};

CREATE INDEX api_keys_by_merchant ON api_keys (merchant_id, key {nulls_first});

-- Asked once, when a server starts on mainnet.
CREATE INDEX api_keys_demo ON api_keys (is_demo) WHERE is_demo = 1;

CREATE TABLE invoices (
    key {key} NOT NULL PRIMARY KEY,
    version {int} NOT NULL,
    merchant_id {int} NOT NULL,
    environment {int} NOT NULL,
    invoice_type {int} NOT NULL,
    amount {int} NOT NULL,
    tolerance {int} NOT NULL,
    customer_id {text},
    commerce_order_id {key},
    details {text} NOT NULL,
    expires_at {int} NOT NULL,
    created_at {int} NOT NULL,
    status {int} NOT NULL,
    amount_paid {int} NOT NULL,
    amount_pending {int} NOT NULL,
    payments_seen {int} NOT NULL,
    customer_email {text},
    payer_wallet_address {text},
    payer_wallet_network {int},
    answers {text},
    address_index {int},
    lock_network {int},
    lock_token_id {int},
    lock_address {text},
    due_at {int} NOT NULL,
    paid_at {int},
    last_payment_at {int},
    final_at {int},
    sessions_from {int} NOT NULL
) {strict};

-- Every list by environment and status, as branches that are merged. It carries the amount, so
-- that totals read no rows.
CREATE INDEX invoices_by_status
    ON invoices (merchant_id, environment, status, key {nulls_first}, amount);

CREATE INDEX invoices_by_customer ON invoices (merchant_id, customer_id, key {nulls_first})
    WHERE customer_id IS NOT NULL;

-- The wallet is known when a payment is confirmed: no insert writes this one.
CREATE INDEX invoices_by_wallet ON invoices (merchant_id, payer_wallet_address, key {nulls_first})
    WHERE payer_wallet_address IS NOT NULL;

-- A list of commerce invoices must not read through all the others.
CREATE INDEX invoices_commerce ON invoices (merchant_id, key {nulls_first})
    WHERE invoice_type = 1;

-- What the expiry worker looks at: open invoices only.
CREATE INDEX invoices_due ON invoices (due_at) WHERE status IN (0, 1);

CREATE TABLE sessions (
    key {key} NOT NULL PRIMARY KEY,
    version {int} NOT NULL,
    invoice_id {key} NOT NULL,
    merchant_id {int} NOT NULL,
    environment {int} NOT NULL,
    issued_at {int} NOT NULL
) {without_rowid};

CREATE TABLE payments (
    key {key} NOT NULL PRIMARY KEY,
    version {int} NOT NULL,
    invoice_id {key} NOT NULL,
    merchant_id {int} NOT NULL,
    environment {int} NOT NULL,
    network {int} NOT NULL,
    token_id {int},
    token_address {text},
    amount {bytes} NOT NULL,
    value {int} NOT NULL,
    tx_hash {text} NOT NULL,
    ordinal {int} NOT NULL,
    required_confirmations {int} NOT NULL,
    from_address {text},
    to_address {text} NOT NULL,
    is_late {int} NOT NULL,
    created_at {int} NOT NULL,
    log_index {int},
    block_number {int} NOT NULL,
    block_hash {text} NOT NULL,
    block_time {int} NOT NULL,
    status {int} NOT NULL,
    settlement_status {int} NOT NULL,
    is_counted {int} NOT NULL,
    posting {int} NOT NULL,
    confirmed_at {int}
) {strict};

CREATE INDEX payments_by_invoice ON payments (invoice_id, key {nulls_first});

-- Pending, or to be looked at again: what a new block may confirm.
CREATE INDEX payments_waiting ON payments (environment, network, block_number)
    WHERE status IN (0, 3);

-- Not reverted: what a reorg may take away.
CREATE INDEX payments_by_block ON payments (environment, network, block_number)
    WHERE status <> 4;

CREATE TABLE quotes (
    key {key} NOT NULL PRIMARY KEY,
    version {int} NOT NULL,
    merchant_id {int} NOT NULL,
    environment {int} NOT NULL,
    invoice_id {key},
    network {int} NOT NULL,
    token_id {int} NOT NULL,
    amount_usd {int} NOT NULL,
    token_amount {bytes} NOT NULL,
    exchange_rate {text} NOT NULL,
    created_at {int} NOT NULL,
    valid_until {int} NOT NULL
) {without_rowid};

CREATE INDEX quotes_by_invoice ON quotes (invoice_id, key {nulls_first})
    WHERE invoice_id IS NOT NULL;

CREATE TABLE deposit_addresses (
    key {key} NOT NULL PRIMARY KEY,
    version {int} NOT NULL,
    merchant_id {int} NOT NULL,
    environment {int} NOT NULL,
    network {int} NOT NULL,
    address {text} NOT NULL,
    invoice_id {key} NOT NULL,
    address_index {int} NOT NULL,
    networks {int} NOT NULL,
    created_at {int} NOT NULL
) {strict};

CREATE INDEX deposit_addresses_by_invoice ON deposit_addresses (invoice_id);

CREATE TABLE idempotency (
    key {key} NOT NULL PRIMARY KEY,
    version {int} NOT NULL,
    merchant_id {int} NOT NULL,
    fingerprint {bytes} NOT NULL,
    status {int} NOT NULL,
    sealed_body {bytes} NOT NULL,
    created_at {int} NOT NULL
) {strict};

-- What a sweep follows: the key is a hash, and rows that are used again after their day are not in
-- the order they were inserted in.
CREATE INDEX idempotency_by_time ON idempotency (created_at);

CREATE TABLE claims (
    key {key} NOT NULL PRIMARY KEY,
    version {int} NOT NULL,
    target {key} NOT NULL
) {without_rowid};

CREATE TABLE sequences (
    key {key} NOT NULL PRIMARY KEY,
    version {int} NOT NULL,
    next_number {int} NOT NULL
) {hot};

CREATE TABLE token_rules (
    key {key} NOT NULL PRIMARY KEY,
    version {int} NOT NULL,
    body {text} NOT NULL,
    merchant_id {int} NOT NULL
) {strict};

CREATE INDEX token_rules_by_merchant ON token_rules (merchant_id);

CREATE TABLE unmatched_transfers (
    key {key} NOT NULL PRIMARY KEY,
    version {int} NOT NULL,
    body {text} NOT NULL,
    merchant_id {int} NOT NULL,
    environment {int} NOT NULL,
    network {int} NOT NULL
) {strict};

CREATE INDEX unmatched_transfers_by_merchant
    ON unmatched_transfers (merchant_id, environment, key {nulls_first});

CREATE TABLE verifications (
    key {key} NOT NULL PRIMARY KEY,
    version {int} NOT NULL,
    body {text} NOT NULL,
    invoice_id {key} NOT NULL,
    due_at {int}
) {strict};

CREATE INDEX verifications_by_invoice ON verifications (invoice_id, key {nulls_first});

CREATE INDEX verifications_due ON verifications (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE receipt_mails (
    key {key} NOT NULL PRIMARY KEY,
    version {int} NOT NULL,
    body {text} NOT NULL,
    due_at {int}
) {strict};

CREATE INDEX receipt_mails_due ON receipt_mails (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE sign_ins (
    key {key} NOT NULL PRIMARY KEY,
    version {int} NOT NULL,
    body {text} NOT NULL,
    member_id {key} NOT NULL,
    expires_at {int} NOT NULL,
    ended_at {int}
) {strict};

CREATE INDEX sign_ins_open ON sign_ins (member_id, expires_at) WHERE ended_at IS NULL;

-- What a sweep follows.
CREATE INDEX sign_ins_by_expiry ON sign_ins (expires_at);

CREATE TABLE wallet_challenges (
    key {key} NOT NULL PRIMARY KEY,
    version {int} NOT NULL,
    body {text} NOT NULL
) {strict};

CREATE TABLE password_resets (
    key {key} NOT NULL PRIMARY KEY,
    version {int} NOT NULL,
    body {text} NOT NULL
) {strict};

CREATE TABLE audit_entries (
    key {key} NOT NULL PRIMARY KEY,
    version {int} NOT NULL,
    body {text} NOT NULL,
    merchant_id {int} NOT NULL
) {strict};

CREATE INDEX audit_entries_by_merchant ON audit_entries (merchant_id, key {nulls_first});

CREATE TABLE watch_cursors (
    key {key} NOT NULL PRIMARY KEY,
    version {int} NOT NULL,
    body {text} NOT NULL
) {hot};

CREATE TABLE slots (
    key {key} NOT NULL PRIMARY KEY,
    version {int} NOT NULL,
    owner {key} NOT NULL,
    leased_until {int} NOT NULL
) {hot};

CREATE TABLE simulated_chains (
    key {key} NOT NULL PRIMARY KEY,
    version {int} NOT NULL,
    body {text} NOT NULL
) {hot};

CREATE TABLE simulated_transactions (
    key {key} NOT NULL PRIMARY KEY,
    version {int} NOT NULL,
    body {text} NOT NULL,
    network {int} NOT NULL,
    tx_hash {text} NOT NULL,
    to_address {text} NOT NULL,
    block_number {int} NOT NULL
) {strict};

CREATE INDEX simulated_transactions_by_block
    ON simulated_transactions (network, block_number, key);

CREATE INDEX simulated_transactions_by_hash ON simulated_transactions (network, tx_hash);

CREATE INDEX simulated_transactions_by_receiver
    ON simulated_transactions (network, to_address, key {nulls_first});
