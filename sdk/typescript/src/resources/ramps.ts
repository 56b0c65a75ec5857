// Between stablecoins and banks: users, how well they are known, where they bank, what they have.
//
// A user's own client may call some of these with his session: `users.createSession` makes it.

import type { Routes } from "../operation.js";

/** Methods of `pepay.ramps`. */
export function ramps({ list, one }: Routes) {
  return {
    /**
     * List corridors.
     *
     * Every way money goes to a country's banks or wallets, by country; all of them in one answer.
     */
    listCorridors: list("GET /api/v1/ramps/corridors", "keyOrSession"),
    /** Whose money it is. */
    users: {
      /**
       * Create a ramp user.
       *
       * A name that is on a screening list makes the user all the same, with the status
       * `in_review`: no
       * money moves until a human has looked.
       */
      create: one("POST /api/v1/ramps/users", "key"),
      /** List ramp users. */
      list: list("GET /api/v1/ramps/users", "key"),
      /** Retrieve a ramp user. */
      retrieve: one("GET /api/v1/ramps/users/{user_id}", "key"),
      /**
       * Change a ramp user.
       *
       * Absent fields stay as they are. Type and external id cannot be changed. Another name is
       * screened
       * like the first.
       */
      update: one("PATCH /api/v1/ramps/users/{user_id}", "key"),
      /**
       * List a user's balances.
       *
       * One for each token and currency he ever had; all of them in one answer.
       */
      listBalances: list("GET /api/v1/ramps/users/{user_id}/balances", "keyOrSession"),
      /**
       * List a user's transactions.
       *
       * Every posting that concerns him, with the sign it has for him: the amounts of one token
       * add up
       * to its balance.
       */
      listTransactions: list("GET /api/v1/ramps/users/{user_id}/transactions", "keyOrSession"),
      /** List a user's deposits. */
      listDeposits: list("GET /api/v1/ramps/users/{user_id}/deposits", "key"),
      /**
       * Give a user something out of your balance.
       *
       * Also to the user `self`, on the way to a bank. The user must be approved for `basic`.
       */
      createCredit: one("POST /api/v1/ramps/users/{user_id}/credits", "key"),
      /**
       * Create a session of a user.
       *
       * With its two headers his own client reads corridors, his balances, transactions and
       * payouts,
       * takes quotes and requests payouts, and nothing else.
       */
      createSession: one("POST /api/v1/ramps/users/{user_id}/sessions", "key"),
      /**
       * Export everything that is kept of a user.
       *
       * With his numbers and his birth date, which no other route answers. Noted in the audit log.
       */
      export: one("GET /api/v1/ramps/users/{user_id}/export", "key"),
      /**
       * Forget a user.
       *
       * His name, e-mail, address, birth date, documents and bank accounts are gone for good; the
       * ledger
       * keeps its postings under his id. Events that tell of him pass with the event retention.
       * Refused
       * while he has a balance, or money on its way: on-ramps that are open or may still be paid
       * late,
       * payouts that may still come back (45 days), deposits that wait for a chain or a human.
       * Balances
       * that are worth less than a dollar each are left to you if you say `forfeit_dust`.
       */
      erase: one("POST /api/v1/ramps/users/{user_id}/erase", "key"),
    },
    /** How well a user is known. */
    kyc: {
      /**
       * Start a KYC case.
       *
       * Answers the link where the person proves who he is. A case of the same level that waits
       * for him
       * already is answered again.
       */
      start: one("POST /api/v1/ramps/users/{user_id}/kyc", "key"),
      /**
       * Retrieve a user's KYC.
       *
       * His latest case, and the level that counts now.
       */
      retrieve: one("GET /api/v1/ramps/users/{user_id}/kyc", "key"),
    },
    /** Where a user banks. */
    bankAccounts: {
      /**
       * Add a bank account.
       *
       * Every field of the corridor is checked; `error.param` names the one that is wrong, such as
       * `account.iban`. A holder who is on a screening list makes the account `in_review`.
       */
      create: one("POST /api/v1/ramps/users/{user_id}/bank_accounts", "key"),
      /**
       * List a user's bank accounts.
       *
       * Deleted ones are not among them.
       */
      list: list("GET /api/v1/ramps/users/{user_id}/bank_accounts", "key"),
      /** Retrieve a bank account. */
      retrieve: one("GET /api/v1/ramps/users/{user_id}/bank_accounts/{account_id}", "key"),
      /**
       * Delete a bank account.
       *
       * Nothing new is paid out to it. It can still be read, with the status `deleted`.
       */
      delete: one("DELETE /api/v1/ramps/users/{user_id}/bank_accounts/{account_id}", "key"),
    },
    /** What arrives there is credited to the user. */
    depositAddresses: {
      /**
       * Give a user a deposit address.
       *
       * A stablecoin that arrives there credits his balance.
       */
      create: one("POST /api/v1/ramps/users/{user_id}/deposit_addresses", "key"),
      /** List a user's deposit addresses. */
      list: list("GET /api/v1/ramps/users/{user_id}/deposit_addresses", "key"),
    },
    /** What arrives there is paid out to a bank by itself. */
    liquidationAddresses: {
      /**
       * Give a user a liquidation address.
       *
       * What arrives there is credited, and becomes a payout to the account by itself. What cannot
       * be
       * paid out (below the corridor's least, above a limit) stays in the balance.
       */
      create: one("POST /api/v1/ramps/users/{user_id}/liquidation_addresses", "key"),
      /** List a user's liquidation addresses. */
      list: list("GET /api/v1/ramps/users/{user_id}/liquidation_addresses", "key"),
    },
    /** Bank money that arrives there becomes stablecoin. */
    virtualAccounts: {
      /**
       * Open a virtual account.
       *
       * It is `pending` until its bank details are there.
       */
      create: one("POST /api/v1/ramps/users/{user_id}/virtual_accounts", "key"),
      /** List a user's virtual accounts. */
      list: list("GET /api/v1/ramps/users/{user_id}/virtual_accounts", "key"),
    },
    /** Rate and fee, held for some minutes. */
    quotes: {
      /**
       * Ask for a quote.
       *
       * Rate and fee are held still for 300 seconds, for one payout. Give the source's amount, or
       * `all`,
       * or the target's: the source is then what is needed for it. The same bank money on both
       * sides is
       * paid out without being converted.
       */
      create: one("POST /api/v1/ramps/quotes", "keyOrSession"),
      /** Read a quote. */
      retrieve: one("GET /api/v1/ramps/quotes/{id}", "keyOrSession"),
    },
    /** Stablecoin to a bank. */
    payouts: {
      /**
       * Request a payout.
       *
       * The whole source amount is held at once. Of two payouts for one balance, one gets it.
       */
      create: one("POST /api/v1/ramps/payouts", "keyOrSession"),
      /** List payouts. */
      list: list("GET /api/v1/ramps/payouts", "keyOrSession"),
      /** Read a payout. */
      retrieve: one("GET /api/v1/ramps/payouts/{id}", "keyOrSession"),
      /**
       * Cancel a payout.
       *
       * Only while nothing was sent. The money is free again.
       */
      cancel: one("POST /api/v1/ramps/payouts/{id}/cancel", "key"),
    },
    /** Bank money to a wallet. */
    onramps: {
      /**
       * Start an on-ramp.
       *
       * The rate is held. Where to send the bank money is in `instructions` as soon as it is known.
       */
      create: one("POST /api/v1/ramps/onramps", "key"),
      /** List on-ramps. */
      list: list("GET /api/v1/ramps/onramps", "key"),
      /** Read an on-ramp. */
      retrieve: one("GET /api/v1/ramps/onramps/{id}", "key"),
    },
  };
}
