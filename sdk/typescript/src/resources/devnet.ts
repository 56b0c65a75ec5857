// Devnet: chains that do what they are told, and ramps that end as they should.
//
// Nothing of this exists on mainnet.

import type { Routes } from "../operation.js";

/** Methods of `pepay.devnet`. */
export function devnet({ one }: Routes) {
  return {
    /** Simulated chains. */
    chain: {
      /** Look at a simulated chain. */
      retrieve: one("GET /api/v1/devnet/chain/{network}", "key"),
      /**
       * Send a transfer.
       *
       * It is included in the next block.
       */
      transfer: one("POST /api/v1/devnet/chain/{network}/transfers", "key", "once"),
      /** Mine blocks now. */
      mineBlocks: one("POST /api/v1/devnet/chain/{network}/blocks", "key", "once"),
      /** Reorganize the chain. */
      reorg: one("POST /api/v1/devnet/chain/{network}/reorgs", "key", "once"),
      /**
       * Make the chain's node misbehave.
       *
       * `lagging` stands still, `failing` answers nothing, `duplicating` tells every transfer
       * twice,
       * `partial` says of what is looked up that there may be more.
       */
      setFault: one("POST /api/v1/devnet/chain/{network}/faults", "key", "once"),
    },
    /** What a provider would decide. */
    ramps: {
      /** Decide a KYC case of devnet. */
      simulateKyc: one("POST /api/v1/devnet/ramps/kyc/{case_id}/simulate", "key", "once"),
      /** Decide what becomes of a payout, an on-ramp or a virtual account. */
      simulate: one("POST /api/v1/devnet/ramps/{kind}/{id}/simulate", "key", "once"),
    },
  };
}
