-- The tables of the naive baseline: the same facts as Pepay keeps for an invoice.

CREATE TABLE api_keys (
    key_hash bytea PRIMARY KEY,
    merchant_id bigint NOT NULL,
    environment text NOT NULL,
    revoked_at bigint
);

CREATE TABLE invoices (
    id uuid PRIMARY KEY,
    merchant_id bigint NOT NULL,
    environment text NOT NULL,
    status text NOT NULL,
    invoice_type text NOT NULL,
    amount_millis bigint NOT NULL,
    amount_paid_millis bigint NOT NULL,
    description text,
    customer_id text,
    payer_wallet_address text,
    payer_wallet_network text,
    commerce_order_id text,
    metadata text NOT NULL,
    expires_at bigint NOT NULL,
    created_at bigint NOT NULL,
    paid_at bigint,
    last_payment_at bigint
);
CREATE INDEX invoices_by_merchant ON invoices (merchant_id, environment, id);
CREATE INDEX invoices_by_expiry ON invoices (expires_at) WHERE status = 'unpaid';

CREATE TABLE invoice_payments (
    id uuid PRIMARY KEY,
    invoice_id uuid NOT NULL,
    status text NOT NULL,
    created_at bigint NOT NULL
);
CREATE INDEX payments_by_invoice ON invoice_payments (invoice_id, created_at);

CREATE TABLE sessions (
    token uuid PRIMARY KEY,
    invoice_id uuid NOT NULL,
    merchant_id bigint NOT NULL,
    issued_at bigint NOT NULL
);

CREATE TABLE idempotency_keys (
    merchant_id bigint NOT NULL,
    environment text NOT NULL,
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    status integer NOT NULL,
    answer text NOT NULL,
    created_at bigint NOT NULL,
    PRIMARY KEY (merchant_id, environment, key)
);

CREATE TABLE events (
    id uuid PRIMARY KEY,
    merchant_id bigint NOT NULL,
    environment text NOT NULL,
    type text NOT NULL,
    object_id uuid NOT NULL,
    data text NOT NULL,
    created_at bigint NOT NULL
);
CREATE INDEX events_by_merchant ON events (merchant_id, environment, id);
