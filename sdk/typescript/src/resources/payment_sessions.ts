// What a payor's client may do: see one invoice, choose how to pay it, and follow it.
//
// Opened by the session that invoice creation answers, never by a key: these methods are the ones
// to call from a browser.

import type { Routes } from "../operation.js";

/** Methods of `pepay.paymentSessions`. */
export function paymentSessions({ one }: Routes) {
  return {
    /**
     * Read the invoice behind a payment session.
     *
     * Everything a payment page shows, and a fresh token for the live stream.
     */
    getSessionDetails: one("GET /api/v1/payments/session-details", "session"),
    /**
     * List the tokens to pay with.
     *
     * Once an invoice is underpaid, only the token of its first payment is left.
     */
    listAvailableTokens: one("GET /api/v1/payments/available-tokens", "session", "array"),
    /**
     * Get an address to pay to.
     *
     * An invoice has one address per network. Asking again refreshes only the price.
     */
    createPaymentAddress: one("POST /api/v1/payments/payment-addresses", "session"),
    /**
     * Get a transaction for a Solana wallet.
     *
     * Pays what `createPaymentAddress` answered last, while its price holds.
     */
    createSolanaTransaction: one("POST /api/v1/payments/solana-transaction", "session"),
    /**
     * Poll the payment status.
     *
     * Answers the invoice's status, and how many confirmations the newest payment has.
     */
    getPaymentStatus: one("GET /api/v1/payments/payment-status", "session"),
    /** Leave an e-mail address for the receipt. */
    setCustomerEmail: one("POST /api/v1/payments/customer-email", "session"),
    /** Read the e-mail address of the receipt. */
    getCustomerEmail: one("GET /api/v1/payments/customer-email", "session"),
    /** Read the merchant's questions. */
    getInvoiceQuestions: one("GET /api/v1/payments/invoice-questions", "session"),
    /**
     * Answer the merchant's questions.
     *
     * Answers given again replace the earlier ones.
     */
    submitForm: one("POST /api/v1/payments/submit-form", "session"),
    /**
     * Simulate a payment.
     *
     * Devnet only. The answer comes before the watcher sees the payment: poll the status, or follow
     * the stream.
     */
    simulatePayment: one("POST /api/v1/payments/simulate", "session", "once"),
  };
}
