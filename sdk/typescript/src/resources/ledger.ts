// The books: where every unit of money is, and how it came there.
//
// Exports and reports are also answered as CSV or JSON lines: `format` decides, and the answer is a
// text then.

import type { Routes } from "../operation.js";

/** Methods of `pepay.ledger`. */
export function ledger({ list, one }: Routes) {
  return {
    /**
     * List balances.
     *
     * One line for each account and asset. `merchant` is what you may use; `clearing` is what
     * stands
     * on deposit addresses (negative: the other side of what was received); the accounts of one
     * asset
     * sum to zero together with those of your ramp users.
     */
    listBalances: list("GET /api/v1/balances", "key"),
    /**
     * List balance transactions.
     *
     * Every posting of your ledger, newest first: the same amount out of one account and into
     * another, with both balances right after.
     */
    listTransactions: list("GET /api/v1/balance_transactions", "key"),
    /**
     * Export balance transactions.
     *
     * All postings of a span of time, newest first, as CSV or as one JSON object a line.
     */
    exportTransactions: one("GET /api/v1/balance_transactions/export", "key"),
    /** Sums by day. */
    reports: {
      /**
       * Report invoices by day.
       *
       * How many invoices came to be in each status, by day of UTC, network and token, what they
       * ask
       * for and what was paid. An invoice is counted on each day on which its status changes. What
       * was
       * paid is what the report `payments` tells of the same days. At most 366 days; the last
       * thirty if
       * no times are given.
       */
      invoices: one("GET /api/v1/reports/invoices", "key"),
      /**
       * Report by day.
       *
       * What was paid, settled, refunded, charged or paid out, by day of UTC, asset and status. The
       * totals are the ledger's own. At most 366 days; the last thirty if no times are given.
       */
      retrieve: one("GET /api/v1/reports/{report}", "key"),
    },
  };
}
