// What a user writes, as the compiler must see it: this is compiled and never run.
//
// Each `@ts-expect-error` is a mistake that the types are there to find.

import { Pepay, type Invoice, type PepayEvent, createWebhookVerifier } from "pepay";
import { WebSocket as Other } from "ws";
import { createWebhookVerifier as same } from "pepay/webhooks";

const pepay = new Pepay({ baseUrl: "https://pay.example.com", apiKey: "sk_test_…" });

// Sockets of the package `ws` and of the platform both fit.
export const listening = [
  new Pepay({ baseUrl: "http://p.test", webSocketFactory: (url) => new Other(url) }),
  new Pepay({ baseUrl: "http://p.test", webSocketFactory: (url) => new WebSocket(url) }),
];

export async function use(): Promise<string> {
  const made = await pepay.invoices.create({ amount_usd: 49.99, metadata: { order: 7 } });
  const url: string = made.payment_url;
  await pepay.invoices.create({ amount_usd: 1 }, { idempotencyKey: "k", timeoutMs: 5 });
  const found: Invoice = await pepay.invoices.retrieve("id", { expand: ["payments"] });
  const millis: number = found.amount_remaining;
  for await (const invoice of pepay.invoices.list({ status: "paid", limit: 100 })) {
    const status: "unpaid" | "paid" | "underpaid" | "expired" | "canceled" = invoice.status;
    console.log(status);
  }
  const page = await pepay.invoices.list();
  const more: boolean = page.has_more;
  for await (const order of pepay.commerce.orders.list({ limit: 5 })) console.log(order.orderId);
  await pepay.invoices.cancel("id", {}, { idempotencyKey: "k" });
  await pepay.tokens.blockOrUnblock(7, { blocked: true });

  // @ts-expect-error: the amount is missing
  await pepay.invoices.create({ description: "x" });
  // @ts-expect-error: an amount is a number
  await pepay.invoices.create({ amount_usd: "49.99" });
  // @ts-expect-error: no such filter
  await pepay.invoices.list({ statuses: "paid" });
  // @ts-expect-error: options are not the input
  await pepay.invoices.cancel("id", { idempotencyKey: "k" });
  // @ts-expect-error: no such field
  console.log(found.amout);
  // @ts-expect-error: nothing is known of a server that is not named
  new Pepay({ apiKey: "k" });
  return `${url} ${millis} ${more}`;
}

export function narrow(event: PepayEvent): number | string {
  switch (event.type) {
    case "invoice.updated":
      return event.data.object.amount_paid;
    case "commerce.order.updated":
      return event.data.object.orderId;
    // @ts-expect-error: there is no such type of event
    case "invoice.paid":
      return 0;
    default:
      return event.id;
  }
}

export async function verify(request: Request): Promise<PepayEvent | null> {
  const verifier = createWebhookVerifier({ secrets: ["whsec_…"], toleranceMs: 60_000 });
  const verdict = await verifier.verify({
    rawBody: await request.text(),
    headers: request.headers,
  });
  if (!verdict.valid) {
    const reason: string = verdict.reason;
    console.log(reason, same);
    return null;
  }
  return verdict.event;
}

export async function follow(): Promise<void> {
  const stream = pepay.ws.connectMerchantEvents({ since: "evt_1-1", types: ["invoice.*"] });
  stream.on("event", (event) => console.log(event.type)).on("error", ({ message }) => message);
  for await (const event of stream) narrow(event);
  const events: PepayEvent[] = await pepay.events.recoverSince("evt_1-1", { limit: 10 });
  console.log(events.length);
  const { data } = await pepay.ws.token.mint({ scope: "merchant", ttlSeconds: 60 });
  const token: string = data.token;
  console.log(token);
}
