-- The last price of each asset that sources agreed on: a row for each symbol, written once a minute
-- at most. The words in braces are those of the steps before.
CREATE TABLE known_prices (
    key {key} NOT NULL PRIMARY KEY,
    version {int} NOT NULL,
    body {text} NOT NULL
) {hot};
