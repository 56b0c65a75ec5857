// What happened since an event: everything after it, in the order in which it happened.
//
// For whoever was away for longer than webhooks and streams make up for. It may be walked or taken
// in one piece, and the last event of it is where to begin the next time.

import type { PepayEvent } from "./event.js";
import type { ListMethod } from "./operation.js";
import type { RequestOptions } from "./transport.js";

/** Which of the events since then. */
export interface RecoveryQuery {
  /** How many at most, if it is taken in one piece; 1000 if left out. */
  limit?: number | undefined;
  /** Types and prefixes such as `invoice.*`. */
  type?: string | readonly string[] | undefined;
  /** Events of one invoice. */
  invoice_id?: string | undefined;
  /** Events of one order. */
  order_id?: string | undefined;
  /** For bearer tokens. */
  environment?: "devnet" | "mainnet" | undefined;
}

const LIMIT_DEFAULT = 1_000;
const PAGE_MAX = 100;

/** Events after an event, oldest first. */
export class EventRecovery implements PromiseLike<PepayEvent[]>, AsyncIterable<PepayEvent> {
  readonly #walk: () => AsyncIterable<PepayEvent>;
  readonly #limit: number;

  /** @internal */
  constructor(
    list: ListMethod<"GET /api/v1/events">,
    eventId: string,
    { limit = LIMIT_DEFAULT, ...filters }: RecoveryQuery = {},
    options?: RequestOptions,
  ) {
    const query = { ...filters, ending_before: eventId, limit: PAGE_MAX };
    this.#walk = () => list(query, options);
    this.#limit = limit;
  }

  /** All of it in one array. */
  then<Then = PepayEvent[], Else = never>(
    fulfilled?: ((events: PepayEvent[]) => Then | PromiseLike<Then>) | null,
    rejected?: ((reason: unknown) => Else | PromiseLike<Else>) | null,
  ): Promise<Then | Else> {
    return this.#collect().then(fulfilled, rejected);
  }

  /** One after the other, however many there are. */
  [Symbol.asyncIterator](): AsyncIterator<PepayEvent> {
    return this.#walk()[Symbol.asyncIterator]();
  }

  async #collect(): Promise<PepayEvent[]> {
    const events: PepayEvent[] = [];
    if (this.#limit <= 0) return events;
    for await (const event of this.#walk()) {
      events.push(event);
      if (events.length >= this.#limit) break;
    }
    return events;
  }
}
