-- Commerce: catalogs, carts, checkouts and orders. The words in braces are those of step 1.

-- The merchants' own products, in the order of their keys. Removed ones keep their number.
CREATE TABLE products (
    key {key} NOT NULL PRIMARY KEY,
    version {int} NOT NULL,
    body {text} NOT NULL,
    merchant_id {int} NOT NULL,
    environment {int} NOT NULL,
    is_removed {int} NOT NULL
) {strict};

CREATE INDEX products_of_merchant ON products (merchant_id, environment, key {nulls_first})
    WHERE is_removed = 0;

CREATE TABLE carts (
    key {key} NOT NULL PRIMARY KEY,
    version {int} NOT NULL,
    body {text} NOT NULL,
    changed_on {int} NOT NULL
) {hot};

-- Which ones nobody came back to. The day only, so that a change seldom writes the index.
CREATE INDEX carts_by_day ON carts (changed_on);

CREATE TABLE commerce_rates (
    key {key} NOT NULL PRIMARY KEY,
    version {int} NOT NULL,
    body {text} NOT NULL
) {without_rowid};

-- Removed ones stay for the estimates that name them, and are in no list.
CREATE TABLE shipping_addresses (
    key {key} NOT NULL PRIMARY KEY,
    version {int} NOT NULL,
    body {text} NOT NULL,
    merchant_id {int} NOT NULL,
    environment {int} NOT NULL,
    shopper {key} NOT NULL,
    is_removed {int} NOT NULL,
    added_at {int} NOT NULL
) {strict};

CREATE INDEX shipping_addresses_of_shopper ON shipping_addresses (shopper, added_at, key)
    WHERE is_removed = 0;

CREATE TABLE estimates (
    key {key} NOT NULL PRIMARY KEY,
    version {int} NOT NULL,
    body {text} NOT NULL
) {strict};

CREATE TABLE orders (
    key {key} NOT NULL PRIMARY KEY,
    version {int} NOT NULL,
    body {text} NOT NULL,
    merchant_id {int} NOT NULL,
    environment {int} NOT NULL,
    shopper {key} NOT NULL,
    retailer {int} NOT NULL,
    status {int} NOT NULL,
    due_at {int}
) {strict};

CREATE INDEX orders_of_merchant ON orders (merchant_id, environment, key {nulls_first});
CREATE INDEX orders_of_shopper ON orders (shopper, key {nulls_first});
CREATE INDEX orders_by_status ON orders (merchant_id, environment, status, key {nulls_first});
CREATE INDEX orders_by_retailer ON orders (merchant_id, environment, retailer, key {nulls_first});

-- What a worker has to look at.
CREATE INDEX orders_due ON orders (due_at) WHERE due_at IS NOT NULL;
