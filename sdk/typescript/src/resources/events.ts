// Events: the history of everything that changed.
//
// The same envelopes that websockets and webhooks carry, kept for some weeks: what was missed there
// is read again here.

import { EventRecovery, type RecoveryQuery } from "../event_recovery.js";
import type { Routes } from "../operation.js";
import type { RequestOptions } from "../transport.js";

/** Methods of `pepay.events`. */
export function events({ list, one }: Routes) {
  const all = list("GET /api/v1/events", "anyKey");
  return {
    /**
     * List events.
     *
     * Newest first, by cursor, narrowed by any combination of the filters. Events are kept for 30
     * days unless the operator says otherwise.
     */
    list: all,
    /** Retrieve an event. */
    retrieve: one("GET /api/v1/events/{event_id}", "anyKey"),
    /**
     * Everything that came after an event, the oldest first: `await` it for an array of at most
     * `limit` events, or `for await` it for all of them.
     */
    recoverSince: (eventId: string, query?: RecoveryQuery, options?: RequestOptions) =>
      new EventRecovery(all, eventId, query, options),
  };
}
