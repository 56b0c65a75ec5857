// The account: its profile, its members, their keys, and its way to mainnet.
//
// Members and keys take a member's token: a key does not make keys.

import type { Routes } from "../operation.js";

/** Methods of `pepay.account`. */
export function account({ list, one }: Routes) {
  return {
    /** Read the profile. */
    getProfile: one("GET /api/v1/merchant/profile", "key"),
    /**
     * Change the profile.
     *
     * Absent fields stay as they are. Only owners change where payors are sent and whom the house
     * writes to; a developer or a key changes the rest. The tolerance is changed in the caller's
     * environment alone.
     */
    updateProfile: one("PATCH /api/v1/merchant/profile", "key"),
    /**
     * Choose the environment of bearer requests.
     *
     * A key keeps its own environment, so this route takes a bearer token only.
     */
    setEnvironment: one("PUT /api/v1/user/environment", "bearer"),
    /** Read the audit log. */
    listAuditLog: list("GET /api/v1/merchant/audit-log", "bearer"),
    /** Who may act for the merchant. */
    members: {
      /** List members. */
      list: list("GET /api/v1/merchant/members", "bearer"),
      /**
       * Invite a member.
       *
       * Takes an owner. An e-mail belongs to one member of one merchant.
       */
      invite: one("POST /api/v1/merchant/members", "bearer", "once"),
      /** Change a member's role. */
      change: one("PATCH /api/v1/merchant/members/{id}", "bearer"),
      /**
       * Remove a member.
       *
       * Ends his sign-ins at once.
       */
      remove: one("DELETE /api/v1/merchant/members/{id}", "bearer"),
    },
    /** What the merchant's servers sign in with. */
    apiKeys: {
      /** List API keys. */
      list: list("GET /api/merchant-api-keys", "bearer"),
      /**
       * Create an API key.
       *
       * Takes the role developer; a mainnet key takes an owner and access to mainnet.
       */
      create: one("POST /api/merchant-api-keys", "bearer"),
      /**
       * Revoke an API key.
       *
       * It is refused from now on. A key that was revoked before stays so.
       */
      revoke: one("POST /api/merchant-api-keys/{id}/revoke", "bearer"),
      /**
       * Roll an API key.
       *
       * Makes a new key with the same settings; the old one ends after the overlap.
       */
      roll: one("POST /api/merchant-api-keys/{id}/roll", "bearer"),
    },
    /** Real money. */
    mainnetAccess: {
      /** See whether mainnet is open for this account. */
      status: one("GET /api/v1/user/mainnet-access/status", "anyKey"),
      /**
       * Ask the operator for mainnet.
       *
       * Asking again replaces what was written before.
       */
      request: one("POST /api/v1/user/mainnet-access/request", "key"),
      /**
       * Open mainnet with an access key.
       *
       * Takes an owner or a key of the merchant scope.
       */
      activate: one("POST /api/v1/user/mainnet-access/activate", "key", "once"),
    },
  };
}
