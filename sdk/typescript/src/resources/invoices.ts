// Invoices: asking for money, and following what becomes of it.
//
// An invoice's status is the source of truth. What is added to the routes here only asks again and
// again; events tell the same sooner and without asking.

import type { Routes } from "../operation.js";
import { type WaitOptions, waitForStatus } from "../invoice_waiting.js";

/** Methods of `pepay.invoices`. */
export function invoices({ list, one }: Routes) {
  const status = one("GET /api/v1/invoices/{invoice_id}/status", "anyKey");
  return {
    /**
     * Create an invoice.
     *
     * Answers the hosted payment page and the payor's session. With an `Idempotency-Key` the same
     * request can be sent again safely for 24 hours.
     */
    create: one("POST /api/v1/invoices", "key"),
    /**
     * List invoices.
     *
     * Newest first, by cursor, narrowed by any combination of the filters.
     */
    list: list("GET /api/v1/invoices", "anyKey"),
    /** List a customer's invoices. */
    listByCustomer: list("GET /api/v1/invoices/customer/{customer_id}", "anyKey"),
    /**
     * Sum up invoices.
     *
     * How many invoices are in each state and what was asked for with them.
     */
    totals: one("GET /api/v1/invoices/totals", "anyKey"),
    /** Retrieve an invoice. */
    retrieve: one("GET /api/v1/invoices/{invoice_id}", "anyKey"),
    /**
     * Poll an invoice's status.
     *
     * The invoice with its newest payment. Webhooks and streams tell the same without polling.
     */
    status,
    /**
     * Poll an invoice's status until it is final: `paid`, `expired` or `canceled`, or one of the
     * `statuses` given. Throws `PepayTimeoutError` if that takes longer than `timeoutMs`.
     */
    waitForStatus: (invoiceId: string, options?: WaitOptions) =>
      waitForStatus(status, invoiceId, options),
    /**
     * Cancel an invoice.
     *
     * Only while it is unpaid and no payment was seen. Its links stop working for payments at once.
     */
    cancel: one("POST /api/v1/invoices/{invoice_id}/cancel", "key"),
    /**
     * Resolve an expired or underpaid invoice.
     *
     * `accept` takes what arrived as the full payment: the invoice becomes paid. `refund` sends a
     * payment back, or what a paid invoice was paid too much, and answers the refund; it requires
     * an
     * `Idempotency-Key`. To accept the invoice of an order reserves its pieces anew.
     */
    resolve: one("POST /api/v1/invoices/{invoice_id}/resolve", "key"),
    /**
     * Create a fresh session for an open invoice.
     *
     * New credentials and a new payment page, for a payor who lost the first.
     */
    createSession: one("POST /api/v1/invoices/{invoice_id}/sessions", "key"),
    /**
     * Create a refund.
     *
     * In the token the payment came in, and never more than arrived. It is drawn from what still
     * stands on your addresses: this invoice's first.
     */
    createRefund: one("POST /api/v1/invoices/{invoice_id}/refunds", "key"),
    /** List an invoice's refunds. */
    listRefunds: list("GET /api/v1/invoices/{invoice_id}/refunds", "key"),
    /**
     * List transfers that match no invoice.
     *
     * Money that reached your addresses but could not be credited, newest first.
     */
    listUnmatched: list("GET /api/v1/merchant/unmatched", "key"),
    /** A payment that does not show up; with the payor's session. */
    manualVerification: {
      /**
       * Look at the chain again.
       *
       * For a payment that does not show up. Starts a job and answers at once; one job runs per
       * invoice
       * at a time, and asking again answers the running one.
       */
      trigger: one("POST /api/v1/invoice/{id}/verify", "session"),
      /** Read the newest verification job. */
      retrieve: one("GET /api/v1/invoice/{id}/verify", "session"),
    },
  };
}
