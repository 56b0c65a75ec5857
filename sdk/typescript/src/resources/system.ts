// The server itself: whether it lives, and whether it can work.
//
// For whoever watches it; nothing opens these, and they tell nothing of any merchant.

import type { Routes } from "../operation.js";

/** Methods of `pepay.system`. */
export function system({ one }: Routes) {
  return {
    /** The process is alive. */
    health: one("GET /healthz", "nobody"),
    /** The database answers; how far the watchers are behind. */
    readiness: one("GET /readyz", "nobody"),
  };
}
