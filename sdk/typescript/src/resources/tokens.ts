// Tokens: which ones a merchant takes.
//
// A token's id is one number for one token on one network of one environment.

import type { Routes } from "../operation.js";

/** Methods of `pepay.tokens`. */
export function tokens({ list, one }: Routes) {
  return {
    /** List the tokens of an environment. */
    listMerchantSupported: one("GET /api/v1/merchant/tokens", "key"),
    /** Search the tokens of an environment. */
    searchMerchantTokens: list("GET /api/v1/merchant/tokens/search", "key"),
    /**
     * Block or unblock one token.
     *
     * Kept under every policy; it takes effect under `selective`.
     */
    blockOrUnblock: one("POST /api/v1/merchant/tokens/{token_id}/block", "key"),
    /** Read the acceptance policy. */
    getAcceptancePolicy: one("GET /api/v1/merchant/tokens/policy", "key"),
    /**
     * Set the acceptance policy.
     *
     * `accept_all`, `accept_none`, or `selective`: then single blocks decide.
     */
    setAcceptancePolicy: one("PUT /api/v1/merchant/tokens/policy", "key"),
    /** Reset the acceptance policy to `accept_all`. */
    resetAcceptancePolicy: one("DELETE /api/v1/merchant/tokens/policy", "key"),
  };
}
