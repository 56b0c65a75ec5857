// The examples, run: what a reader copies has been seen to work against the real server.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { House } from "./house.mjs";
import { example } from "./program.mjs";

let house;
let pepay;
const servers = [];
before(async () => {
  house = await House.start();
  pepay = house.client();
  Object.assign(process.env, house.env);
});
after(async () => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  await house?.end();
});

async function listen(server) {
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${server.address().port}`;
}

/** Pays an invoice as its payor would, by the address of its payment page. */
async function pay(paymentUrl) {
  const { searchParams } = new URL(paymentUrl);
  const session_token = searchParams.get("session");
  const signature = searchParams.get("signature");
  const payor = house.payor({ session_token, signature });
  await payor.paymentSessions.simulatePayment({ scenario: "exact", network: "base" });
}

/** Waits until something is so, looking whenever `moved` says that it may be. */
async function until(isSo, moved) {
  while (!isSo()) await moved();
}

test("express: an order is sent to the payment page, and paid by a webhook", async () => {
  // The endpoint is made before the shop, which needs its secret: the address is known by then.
  let handle = () => {};
  let told;
  const front = createServer((request, response) => {
    handle(request, response);
    response.on("finish", () => told?.());
  });
  const url = await listen(front);
  const endpoint = await pepay.webhooks.create({
    url: `${url}/webhooks`,
    enabled_events: ["invoice.updated"],
  });
  process.env.PEPAY_WEBHOOK_SECRETS = endpoint.secret;
  const { app, orders } = await example("express_server");
  handle = app;

  const click = () => fetch(`${url}/orders/1042/pay`, { method: "POST", redirect: "manual" });
  const [first, second] = [await click(), await click()];
  assert.equal(first.status, 303);
  const paymentUrl = first.headers.get("location");
  assert.equal(second.headers.get("location"), paymentUrl);
  assert.equal((await fetch(`${url}/orders/7/pay`, { method: "POST" })).status, 404);

  const forged = await fetch(`${url}/webhooks`, {
    method: "POST",
    body: '{"type":"invoice.updated"}',
    headers: { "x-pepay-timestamp": String(Date.now()), "x-pepay-signature": "00".repeat(32) },
  });
  assert.equal(forged.status, 400);
  assert.deepEqual(await forged.json(), { error: "invalid_signature" });
  assert.equal(orders.get("1042").isPaid, false);

  // Of an invoice that can be paid no more nobody is sent to the page again.
  const [invoice] = await pepay.invoices.list().toArray({ limit: 1 });
  assert.deepEqual(invoice.metadata, { order: "1042", attempt: 1 });
  await pepay.invoices.cancel(invoice.id);
  const moved = () => new Promise((resolve) => (told = resolve));
  await until(() => orders.get("1042").attempt === 2, moved);
  const third = (await click()).headers.get("location");
  assert.notEqual(third, paymentUrl);

  await pay(third);
  await until(() => orders.get("1042").isPaid, moved);
  // Nor does a paid order get another invoice.
  assert.equal((await click()).status, 409);
  assert.equal((await pepay.invoices.list()).data.length, 2);
  await pepay.webhooks.delete(endpoint.id);
});

test("next: the two routes, called with the requests that Next.js would hand them", async () => {
  const { checkout, webhooks, carts } = await example("next_route");
  const ask = (body) =>
    checkout(
      new Request("http://shop.test/api/checkout", { method: "POST", body: JSON.stringify(body) }),
    );
  // A price that the browser sends is nobody's price.
  const made = await ask({ amountUsd: 0.01, amount_usd: 0.01, cart: "cart-9" });
  assert.equal(made.status, 200);
  const { invoice_id, payment_url, payment_session_headers } = await made.json();
  assert.equal((await pepay.invoices.retrieve(invoice_id)).amount_usd, 12.5);
  assert.equal((await (await ask({ cart: "cart-9" })).json()).invoice_id, invoice_id);
  assert.equal((await ask({ amountUsd: 1, cart: "nobody's" })).status, 404);
  assert.ok(payment_session_headers["x-session-token"]);
  assert.ok(payment_url.includes("session="));
  carts.set("cart-10", { amountUsd: -1, attempt: 1, isPaid: false });
  const refused = await ask({ cart: "cart-10" });
  assert.equal(refused.status, 400);
  assert.deepEqual(await refused.json(), { code: "VALIDATION_ERROR", param: "amount_usd" });

  const answers = [];
  let told;
  const front = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const headers = new Headers(request.headers);
    const body = Buffer.concat(chunks);
    const answer = await webhooks(
      new Request("http://shop.test/w", { method: "POST", headers, body }),
    );
    answers.push([answer.status, JSON.parse(body).data.object.id]);
    response.writeHead(answer.status).end(await answer.text());
    told?.();
  });
  const url = await listen(front);
  const endpoint = await pepay.webhooks.create({ url, enabled_events: ["invoice.*"] });
  process.env.PEPAY_WEBHOOK_SECRETS = `${endpoint.secret},whsec_b3RoZXI=`;
  const moved = () => new Promise((resolve) => (told = resolve));
  await pepay.invoices.cancel(invoice_id);
  await until(() => carts.get("cart-9").attempt === 2, moved);
  const again = await (await ask({ cart: "cart-9" })).json();
  assert.notEqual(again.invoice_id, invoice_id);
  await pay(again.payment_url);
  await until(() => carts.get("cart-9").isPaid, moved);
  assert.ok(answers.some(([, id]) => id === again.invoice_id));
  assert.equal((await ask({ cart: "cart-9" })).status, 409);
  assert.ok(
    answers.every(([status]) => status === 200),
    String(answers),
  );
  const unsigned = await webhooks(
    new Request("http://shop.test/w", { method: "POST", body: "{}" }),
  );
  assert.equal(unsigned.status, 400);
  await pepay.webhooks.delete(endpoint.id);
});

test("receiver: an event is kept once, worked on once, and caught up with", async () => {
  const { receiver, catchUp } = await example("webhook_receiver");
  const kept = new Map();
  const worked = [];
  let told;
  let isDown = true;
  const store = {
    async keep(event) {
      if (isDown) {
        isDown = false;
        throw new Error("the database is away");
      }
      const isNew = !kept.has(event.id);
      kept.set(event.id, event);
      return isNew;
    },
  };
  let handle;
  const front = createServer((request, response) => handle.emit("request", request, response));
  const url = await listen(front);
  const endpoint = await pepay.webhooks.create({ url, enabled_events: ["invoice.created"] });
  handle = receiver([endpoint.secret], store, (event) => {
    worked.push(event.id);
    told?.();
  });
  const first = await pepay.invoices.create({ amount_usd: 1 });
  // The first attempt fails, and the server sends it again.
  await until(
    () => worked.length === 1,
    () => new Promise((resolve) => (told = resolve)),
  );
  assert.equal(kept.get(worked[0]).data.object.id, first.invoice_id);
  const [delivery] = await pepay.webhooks.listDeliveries(endpoint.id).toArray({ limit: 1 });
  await pepay.webhooks.resendDelivery(delivery.id);
  const large = await fetch(url, { method: "POST", body: "x".repeat(2 * 1024 * 1024) }).catch(
    () => null,
  );
  assert.ok(large === null || large.status === 413);

  await pepay.webhooks.delete(endpoint.id);
  const missed = await pepay.invoices.create({ amount_usd: 2 });
  const count = await catchUp(pepay, worked[0], store);
  assert.ok(count >= 1);
  assert.ok([...kept.values()].some(({ data }) => data.object.id === missed.invoice_id));
  assert.equal(worked.length, 1);
});
