// Settlement: where what was paid goes on to, and when.
//
// What changes where money goes takes a member's token, and never an API key alone.

import type { Routes } from "../operation.js";

/** Methods of `pepay.settlement`. */
export function settlement({ list, one }: Routes) {
  return {
    /** Get the settlement preference. */
    getPreferences: one("GET /api/v1/merchant/settlement-preference", "bearer"),
    /** Set the settlement preference. */
    setPreferences: one("PUT /api/v1/merchant/settlement-preference", "bearer"),
    /** Go back to the defaults of the system. */
    resetPreferences: one("DELETE /api/v1/merchant/settlement-preference", "bearer"),
    /** Select the settlement token. */
    updateSettlementToken: one("PUT /api/v1/merchant/settlement-token", "bearer"),
    /** List settlement wallets. */
    listWallets: list("GET /api/v1/merchant/settlement-wallets", "bearer"),
    /**
     * Set the settlement wallet of a network.
     *
     * Takes an owner, and his one-time code where one is enrolled. A new address is used after a
     * delay, and until then the old one.
     */
    setWallet: one("PUT /api/v1/merchant/settlement-wallets", "bearer"),
    /**
     * Take the settlement wallet of a network away.
     *
     * At once: what is confirmed from now on waits.
     */
    deleteWallet: one("DELETE /api/v1/merchant/settlement-wallets", "bearer"),
    /** List settlements. */
    list: list("GET /api/v1/merchant/settlements", "key"),
    /** Retrieve a settlement with its transactions. */
    retrieve: one("GET /api/v1/settlements/{id}", "key"),
    /**
     * Approve a settlement that waits for a second person.
     *
     * Takes an owner, or the operator's token; the operator's where it passes the house's limits.
     */
    approve: one("POST /api/v1/settlements/{id}/approve", "bearer", "once"),
    /**
     * Turn a settlement down that waits for a second person.
     *
     * Its payments wait again, and are batched anew.
     */
    reject: one("POST /api/v1/settlements/{id}/reject", "bearer", "once"),
    /** Settle the payments of a failed settlement again. */
    retry: one("POST /api/v1/settlements/{id}/retry", "bearer", "once"),
    /** List allowed destinations. */
    listAllowedDestinations: list("GET /api/v1/merchant/allowed-destinations", "bearer"),
    /**
     * Allow a destination.
     *
     * Takes an owner, and his one-time code where one is enrolled. It counts after a delay: a day
     * on
     * mainnet, at once on devnet.
     */
    allowDestination: one("PUT /api/v1/merchant/allowed-destinations", "bearer"),
    /**
     * Take a destination off the list.
     *
     * At once.
     */
    removeAllowedDestination: one("DELETE /api/v1/merchant/allowed-destinations", "bearer"),
    /**
     * Require the list of allowed destinations, or no longer.
     *
     * While it is required, refunds and receivers that invoices name go to allowed destinations
     * only.
     */
    setAllowListPolicy: one("PUT /api/v1/merchant/allowed-destinations/policy", "bearer"),
  };
}
