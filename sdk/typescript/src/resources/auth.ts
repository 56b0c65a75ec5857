// Signing in: a member's e-mail, password and wallet for the tokens that act for him.
//
// None of these is ever sent twice by itself: codes, challenges and refresh tokens work once.

import type { Routes } from "../operation.js";

/** Methods of `pepay.auth`. */
export function auth({ one }: Routes) {
  return {
    /**
     * Sign in with e-mail and password.
     *
     * Five failures in a row lock the account for a while, each further one for longer.
     */
    signIn: one("POST /api/auth/sign-in", "nobody", "once"),
    /**
     * Take a refresh token for new tokens.
     *
     * A refresh token works once. If it comes a second time somebody else holds it too, and the
     * sign-in ends.
     */
    refresh: one("POST /api/auth/refresh", "nobody", "once"),
    /**
     * Sign out.
     *
     * Ends this sign-in with its tokens, at once.
     */
    signOut: one("POST /api/auth/sign-out", "bearer", "once"),
    /** His password. */
    password: {
      /**
       * Change your password.
       *
       * Ends every other sign-in of yours; tokens that were mailed before work no more.
       */
      change: one("POST /api/auth/password/change", "bearer", "once"),
      /**
       * Ask for a new password.
       *
       * Mails a link to the member who has this e-mail, at most once a minute. The answer does not
       * tell whether there is one.
       */
      requestReset: one("POST /api/auth/password/reset", "nobody", "once"),
      /**
       * Set a new password with a mailed token.
       *
       * Ends every sign-in of the member and unlinks his wallets; other mailed tokens work no more.
       * One-time codes stay as they are.
       */
      confirmReset: one("POST /api/auth/password/confirm", "nobody", "once"),
    },
    /** One-time codes of an authenticator app. */
    totp: {
      /**
       * Enroll an authenticator app.
       *
       * Takes the password, so that a stolen token does not lock its owner out.
       * Signing in asks for codes once the first one is confirmed. Enrolling again before that
       * replaces the seed.
       */
      enroll: one("POST /api/auth/totp/enroll", "bearer", "once"),
      /** Turn one-time codes on. */
      confirm: one("POST /api/auth/totp/confirm", "bearer", "once"),
      /** Turn one-time codes off. */
      disable: one("POST /api/auth/totp/disable", "bearer", "once"),
    },
    /** Signing in with a wallet. */
    wallet: {
      /** Get a message for a wallet to sign. */
      challenge: one("POST /api/auth/wallet/challenge", "nobody", "once"),
      /**
       * Sign in with a wallet.
       *
       * The wallet must be linked to a member; it stands for the password, not for the code.
       */
      verify: one("POST /api/auth/wallet/verify", "nobody", "once"),
      /**
       * Link a wallet to your account.
       *
       * Get a challenge for it first and sign that. Takes your password too, and a code where an
       * authenticator app is enrolled.
       */
      link: one("POST /api/auth/wallet/link", "bearer", "once"),
      /**
       * Unlink a wallet from your account.
       *
       * It signs nobody in until somebody links it. Ends every other sign-in of yours, because the
       * wallet may have opened them.
       */
      unlink: one("POST /api/auth/wallet/unlink", "bearer", "once"),
    },
  };
}
