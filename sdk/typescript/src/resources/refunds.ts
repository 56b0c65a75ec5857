// Refunds: money on its way back to payors.
//
// They are asked for at an invoice, with `invoices.createRefund`, and followed here.

import type { Routes } from "../operation.js";

/** Methods of `pepay.refunds`. */
export function refunds({ list, one }: Routes) {
  return {
    /** List refunds. */
    list: list("GET /api/v1/refunds", "key"),
    /** Retrieve a refund. */
    retrieve: one("GET /api/v1/refunds/{id}", "key"),
    /**
     * Approve a refund that waits for a second person.
     *
     * Takes the operator's token, or an owner who neither asked for it nor created the API key that
     * did; what passes the house's limits takes the operator.
     */
    approve: one("POST /api/v1/refunds/{id}/approve", "bearer", "once"),
    /**
     * Cancel a refund.
     *
     * Only before any of its transactions is signed.
     */
    cancel: one("POST /api/v1/refunds/{id}/cancel", "key"),
  };
}
