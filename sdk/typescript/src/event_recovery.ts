// What happened since an event: everything after it, in the order in which it happened.
//
// For whoever was away for longer than webhooks and streams make up for. It may be walked or taken
// in one piece, and the last event of it is where to begin the next time.

import { PepayValidationError } from "./errors.js";
import { type PepayEvent, isAfter, isEventId, partsOf } from "./event.js";
import { LazyAnswer } from "./lazy_answer.js";
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

type EventList = ListMethod<"GET /api/v1/events">;
type Query = NonNullable<Parameters<EventList>[0]>;

/** Events after an event, oldest first. */
export class EventRecovery extends LazyAnswer<PepayEvent[]> implements AsyncIterable<PepayEvent> {
  readonly #walk: () => AsyncGenerator<PepayEvent, void, undefined>;
  readonly #limit: number;

  /** @internal */
  constructor(
    list: EventList,
    eventId: string,
    { limit = LIMIT_DEFAULT, ...filters }: RecoveryQuery = {},
    options?: RequestOptions,
  ) {
    super();
    this.#walk = () => eventsSince(list, eventId, filters, options);
    this.#limit = limit;
  }

  /** One after the other, however many there are. */
  [Symbol.asyncIterator](): AsyncGenerator<PepayEvent, void, undefined> {
    return this.#walk();
  }

  /** All of it in one array, up to the limit. @internal */
  protected override async ask(): Promise<PepayEvent[]> {
    const events: PepayEvent[] = [];
    if (this.#limit <= 0) return events;
    for await (const event of this.#walk()) {
      events.push(event);
      if (events.length >= this.#limit) break;
    }
    return events;
  }
}

/** What came after an event, oldest first, also if that event itself is not kept any more. */
export async function* eventsSince(
  list: EventList,
  eventId: string,
  filters: Query,
  options?: RequestOptions,
): AsyncGenerator<PepayEvent, void, undefined> {
  const query = { ...filters, limit: PAGE_MAX };
  let after: string | undefined = eventId;
  try {
    for await (const event of list({ ...query, ending_before: eventId }, options)) {
      after = undefined;
      yield event;
    }
    return;
  } catch (error) {
    const isForgotten =
      after && error instanceof PepayValidationError && error.param === "ending_before";
    if (!isForgotten || !isEventId(eventId)) throw error;
  }
  const second = Math.floor(partsOf(eventId)[0] / 1000);
  for (const event of await oldestSince(list, second, query, options)) {
    after = event.id;
    if (isAfter(event.id, eventId)) yield event;
  }
  if (after !== eventId) yield* list({ ...query, ending_before: after }, options);
}

/**
 * The oldest kept events from a second on, oldest first: some, if there are any. The server pages
 * from the newest, so the span is halved until what is in it fits on a page.
 */
async function oldestSince(
  list: EventList,
  second: number,
  query: Query,
  options?: RequestOptions,
): Promise<PepayEvent[]> {
  const between = (from: number, to?: number) =>
    list({ ...query, "created[gte]": from, "created[lte]": to }, options);
  const { data: newest } = await between(second);
  if (!newest.has_more) return newest.data.reverse();
  let from = second;
  let to = newest.data[0]!.created;
  // There is always something from `from` to `to`, and nothing since `second` before it.
  while (from < to) {
    const middle = from + Math.floor((to - from) / 2);
    const { data: page } = await between(from, middle);
    if (page.data.length === 0) from = middle + 1;
    else if (page.has_more) to = middle;
    else return page.data.reverse();
  }
  return (await between(from, to).toArray({ limit: Infinity })).reverse();
}
