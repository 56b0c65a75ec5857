// Quotes: what an amount of dollars is in a token, locked for some minutes.
//
// An invoice takes its own quotes; these are for whoever wants a price without one.

import type { Routes } from "../operation.js";

/** Methods of `pepay.quotes`. */
export function quotes({ list, one }: Routes) {
  return {
    /**
     * Create a quote.
     *
     * Locks today's price for five minutes. `unavailable` means there is no price to lock, or the
     * merchant takes no payments in this token.
     */
    create: one("POST /api/v1/quotes", "key"),
    /** Retrieve a quote. */
    retrieve: one("GET /api/v1/quotes/{quote_id}", "key"),
    /** List today's rates. */
    listRates: list("GET /api/v1/quotes/rates", "key"),
  };
}
