// A shop with Express: it sends its customers to the payment page and hears when they have paid.
//
// An order counts as paid because a verified webhook says so, never because a customer came back
// to the return address. Deliveries repeat, so what they tell is done once per event id.

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
export const orders = new Map<string, { amountUsd: number; isPaid: boolean }>([
  ["1042", { amountUsd: 49.99, isPaid: false }],
]);
const done = new Set<string>();

export const app = express();

app.post("/orders/:number/pay", async (request, response) => {
  const { number } = request.params;
  const order = orders.get(number);
  if (!order) return void response.sendStatus(404);
  const invoice = await pepay.invoices.create(
    { amount_usd: order.amountUsd, description: `Order ${number}`, metadata: { order: number } },
    // A second click is answered with the same invoice.
    { idempotencyKey: `order-${number}` },
  );
  response.redirect(303, invoice.payment_url);
});

// Verified are the bytes that arrived: no express.json() before this route.
app.post("/webhooks", express.raw({ type: "*/*" }), async (request, response) => {
  const { body: rawBody, headers } = request;
  const { valid, reason, event } = await verifier.verify({ rawBody, headers });
  if (!valid) return void response.status(400).json({ error: reason });
  if (event.type === "invoice.updated" && event.data.object.status === "paid") {
    if (!done.has(event.id)) {
      done.add(event.id);
      const order = orders.get(String(event.data.object.metadata["order"]));
      if (order) order.isPaid = true;
    }
  }
  response.json({ ok: true });
});
