// A shop with Express: it sends its customers to the payment page and hears when they have paid.
//
// An order counts as paid because a verified webhook says so, never because a customer came back
// to the return address. Deliveries repeat, so what they tell is done once per event id. An invoice
// that ends unpaid is no order's end: the next click makes another one, in a new attempt.

import express from "express";
import { Pepay, createWebhookVerifier } from "pepay";

const pepay = new Pepay({
  baseUrl: process.env["PEPAY_API_URL"]!,
  apiKey: process.env["PEPAY_API_KEY"]!,
});
const verifier = createWebhookVerifier({
  secrets: process.env["PEPAY_WEBHOOK_SECRETS"]!.split(","),
});

/** Stands for the shop's database. */
export const orders = new Map<string, { amountUsd: number; attempt: number; isPaid: boolean }>([
  ["1042", { amountUsd: 49.99, attempt: 1, isPaid: false }],
]);
const done = new Set<string>();

export const app = express();

app.post("/orders/:number/pay", async (request, response) => {
  const { number } = request.params;
  const order = orders.get(number);
  if (!order) return void response.sendStatus(404);
  const { amountUsd, attempt, isPaid } = order;
  // Keys are forgotten after a day, and with a new invoice the order would be paid twice.
  if (isPaid) return void response.status(409).send("This order is paid.");
  const invoice = await pepay.invoices.create(
    {
      amount_usd: amountUsd,
      description: `Order ${number}`,
      metadata: { order: number, attempt },
    },
    // A second click is answered with the same invoice. The key is kept for longer than an invoice
    // can be paid: without the attempt in it, a late click would lead to one that has expired.
    { idempotencyKey: `order-${number}-${attempt}` },
  );
  response.redirect(303, invoice.payment_url);
});

// Verified are the bytes that arrived: no express.json() before this route.
app.post("/webhooks", express.raw({ type: "*/*" }), async (request, response) => {
  const { body: rawBody, headers } = request;
  const { valid, reason, event } = await verifier.verify({ rawBody, headers });
  if (!valid) return void response.status(400).json({ error: reason });
  if (event.type === "invoice.updated" && !done.has(event.id)) {
    done.add(event.id);
    const { status, metadata } = event.data.object;
    const order = orders.get(String(metadata["order"]));
    const isOver = status === "expired" || status === "canceled";
    if (order && status === "paid") order.isPaid = true;
    else if (order && isOver && metadata["attempt"] === order.attempt) order.attempt += 1;
  }
  response.json({ ok: true });
});
