-- Events out: the indexes of history, webhook endpoints, deliveries and their attempts. The words in
-- braces are those of the steps before.
--
-- Whoever lists a merchant's events asks for some types of them: one sorted branch per environment
-- and type is read from this index, so that neither a common nor a rare type is searched for.
-- Internal entries are nobody's history.
CREATE INDEX log_by_kind ON log (merchant_id, environment, kind, sequence {nulls_first})
    WHERE kind < 1000;

CREATE INDEX log_by_invoice ON log (invoice_id, sequence {nulls_first})
    WHERE invoice_id IS NOT NULL;

CREATE INDEX log_by_order ON log (order_id, sequence {nulls_first}) WHERE order_id IS NOT NULL;

-- What a commerce key may see of a merchant; no other insert writes this one.
CREATE INDEX log_commerce ON log (merchant_id, environment, sequence {nulls_first})
    WHERE is_commerce = 1;

CREATE TABLE webhook_endpoints (
    key {key} NOT NULL PRIMARY KEY,
    version {int} NOT NULL,
    body {text} NOT NULL,
    merchant_id {int} NOT NULL,
    is_deleted {int} NOT NULL,
    is_recovering {int} NOT NULL
) {strict};

CREATE INDEX webhook_endpoints_by_merchant ON webhook_endpoints (merchant_id, key {nulls_first})
    WHERE is_deleted = 0;

CREATE INDEX webhook_endpoints_recovering ON webhook_endpoints (is_recovering)
    WHERE is_recovering = 1;

-- The key is the event's moment and place and the endpoint's number: in the order of events.
CREATE TABLE deliveries (
    key {key} NOT NULL PRIMARY KEY,
    version {int} NOT NULL,
    merchant_id {int} NOT NULL,
    environment {int} NOT NULL,
    endpoint {key} NOT NULL,
    kind {int} NOT NULL,
    created_at {int} NOT NULL,
    status {int} NOT NULL,
    attempts {int} NOT NULL,
    tries {int} NOT NULL,
    due_at {int},
    last_status {int},
    finished_at {int}
) {without_rowid};

CREATE INDEX deliveries_by_endpoint ON deliveries (endpoint, status, key {nulls_first});

-- What waits to be sent: an endpoint's next ones first.
CREATE INDEX deliveries_due ON deliveries (endpoint, due_at, key {nulls_first})
    WHERE due_at IS NOT NULL;

-- The key is the delivery's with the attempt's number at its end.
CREATE TABLE delivery_attempts (
    key {key} NOT NULL PRIMARY KEY,
    version {int} NOT NULL,
    started_at {int} NOT NULL,
    duration_ms {int} NOT NULL,
    response_status {int},
    response_text {text} NOT NULL
) {strict};

CREATE TABLE follow_cursors (
    key {key} NOT NULL PRIMARY KEY,
    version {int} NOT NULL,
    sequence {int} NOT NULL
) {hot};
