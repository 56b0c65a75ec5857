// A webhook receiver with nothing but Node: verifies, remembers, answers, and works afterwards.
//
// It answers as soon as an event is safely kept, and does the work after that: a receiver that is
// slow is sent the same again. If it was away for long, it reads what it missed over REST.

import { type IncomingMessage, createServer } from "node:http";
import type { Pepay, PepayEvent } from "pepay";
import { createWebhookVerifier } from "pepay/webhooks";

const BODY_BYTES_MAX = 1024 * 1024;

/** Where events are kept: a table with the event's id as its key. */
export interface EventStore {
  /** False if it is there already. */
  keep(event: PepayEvent): Promise<boolean>;
}

/** A server that takes deliveries. */
export function receiver(secrets: string[], store: EventStore, work: (event: PepayEvent) => void) {
  const verifier = createWebhookVerifier({ secrets });
  return createServer(async (request, response) => {
    const answer = (status: number, body: object) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    try {
      const rawBody = await bodyOf(request);
      if (!rawBody) return answer(413, { error: "too_large" });
      const verdict = await verifier.verify({ rawBody, headers: request.headers });
      if (!verdict.valid) return answer(400, { error: verdict.reason });
      const isNew = await store.keep(verdict.event);
      answer(200, { ok: true });
      if (isNew) work(verdict.event);
    } catch {
      // Not kept: to be sent again.
      if (!response.headersSent) answer(500, { error: "try_again" });
    }
  });
}

/** What happened since the last event that was kept. */
export async function catchUp(
  pepay: Pepay,
  lastEventId: string,
  store: EventStore,
): Promise<number> {
  let count = 0;
  for await (const event of pepay.events.recoverSince(lastEventId)) {
    if (await store.keep(event)) count += 1;
  }
  return count;
}

async function bodyOf(request: IncomingMessage): Promise<Uint8Array | null> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
