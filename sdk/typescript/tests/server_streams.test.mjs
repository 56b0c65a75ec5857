// Streams of the real server, also when it is killed in the middle of things and comes back.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { House } from "./house.mjs";

let house;
let pepay;
before(async () => {
  house = await House.start();
  pepay = house.client();
});
after(() => house?.end());

/** Resolves once the stream is ready. */
function ready(stream) {
  return new Promise((resolve, reject) => {
    stream.on("control", ({ type }) => type === "ready" && resolve()).on("error", reject);
  });
}

/** Collects events until one is as wanted; every one before it included. */
async function until(stream, isWanted) {
  const events = [];
  for await (const event of stream) {
    events.push(event);
    if (isWanted(event)) break;
  }
  return events;
}

test("a merchant hears of an invoice as it is paid", async () => {
  const stream = pepay.ws.connectMerchantEvents({ types: ["invoice.*", "invoice_payment.*"] });
  const isPaid = ({ type, data }) => type === "invoice.updated" && data.object.status === "paid";
  const heard = until(stream, isPaid);
  await ready(stream);
  const invoice = await pepay.invoices.create({ amount_usd: 3 });
  await house
    .payor(invoice)
    .paymentSessions.simulatePayment({ scenario: "exact", network: "base" });
  const events = await heard;
  const types = events.map(({ type }) => type);
  assert.equal(types[0], "invoice.created");
  assert.ok(types.includes("invoice_payment.created"));
  assert.equal(new Set(events.map(({ id }) => id)).size, events.length);
  const read = await pepay.events.recoverSince(events[0].id, {
    type: "invoice.*,invoice_payment.*",
  });
  assert.deepEqual(read.slice(0, events.length - 1), events.slice(1));
});

test("since replays what was missed and goes on with what happens", async () => {
  const before = await pepay.events.list({ limit: 1 });
  const since = before.data.data[0].id;
  const missed = await pepay.invoices.create({ amount_usd: 1 });
  const stream = pepay.ws.connectMerchantEvents({ since, types: "invoice.created" });
  const heard = [];
  for await (const { data } of stream) {
    heard.push(data.object.id);
    if (heard.length === 1) heard.push((await pepay.invoices.create({ amount_usd: 1 })).invoice_id);
    if (heard.length === 3) break;
  }
  assert.equal(heard[0], missed.invoice_id);
  assert.equal(heard[1], heard[2]);
});

test("a place the log never had is made up for over REST", async () => {
  const ids = [];
  for await (const event of pepay.events.recoverSince("evt_1-0", { type: "invoice.*" }))
    ids.push(event.id);
  const types = "invoice.*";
  const stream = pepay.ws.connectMerchantEvents({ since: "evt_1-0", types });
  const controls = [];
  stream.on("control", ({ type }) => controls.push(type));
  const events = await until(stream, ({ id }) => id === ids.at(-1));
  assert.deepEqual(
    events.map(({ id }) => id),
    ids,
  );
  assert.ok(controls.includes("resync"), String(controls));
});

test("killed and started again, the server loses no listener and no event", async () => {
  const stream = pepay.ws.connectMerchantEvents({ types: "invoice.created" });
  const heard = [];
  let wake = () => {};
  stream.on("event", ({ data }) => {
    heard.push(data.object.id);
    wake();
  });
  const errors = [];
  stream.on("error", (error) => errors.push(error));
  await ready(stream);
  const made = [];
  const make = async () => made.push((await pepay.invoices.create({ amount_usd: 1 })).invoice_id);
  await make();
  const back = ready(stream);
  await house.shut("SIGKILL");
  await house.open();
  // Made while nobody listens yet.
  await make();
  await make();
  await back;
  await make();
  while (heard.length < made.length) await new Promise((resolve) => (wake = resolve));
  stream.close();
  assert.deepEqual(heard, made);
  assert.deepEqual(errors, []);
});

test("a payor follows his invoice, and nothing of anybody else's", async () => {
  const invoice = await pepay.invoices.create({ amount_usd: 4 });
  const payor = house.payor(invoice);
  const stream = payor.ws.connectPaymentSession();
  const isPaid = ({ type, data }) => type === "invoice.updated" && data.object.status === "paid";
  const heard = until(stream, isPaid);
  await ready(stream);
  await pepay.invoices.create({ amount_usd: 9 });
  const tokens = await payor.paymentSessions.listAvailableTokens({
    mode: "network",
    network: "base",
  });
  const tokenId = tokens[0].id;
  await payor.paymentSessions.createPaymentAddress({ network: "base", tokenId });
  await payor.paymentSessions.simulatePayment({ scenario: "exact" });
  const events = await heard;
  assert.ok(events.some(({ type }) => type === "payment_quote.updated"));
  for (const { data } of events) {
    assert.equal(data.object.invoice_id ?? data.object.id, invoice.invoice_id);
    assert.equal(data.object.metadata, undefined);
  }
});

test("a shop's stream tells of orders, and takes a commerce key", async () => {
  const shop = house.shop();
  const stream = shop.ws.connectCommerceEvents({ types: "commerce.order.*" });
  await ready(stream);
  const shopper = { customer_id: "streamer" };
  const { productId, retailer, title, price } = (await shop.commerce.search({ q: "phone" })).data
    .products[0];
  const items = [{ productId, retailer, title, price, quantity: 1 }];
  const { estimateId } = (await shop.commerce.checkout.estimate({ ...shopper, items })).data;
  const address = {
    first_name: "Ada",
    last_name: "Lovelace",
    street_address: "1 Market St",
    city: "San Francisco",
    state: "CA",
    zip_code: "94107",
    country: "US",
    phone: "+14155550100",
    email: "ada@example.com",
  };
  const heard = until(stream, ({ type }) => type === "commerce.order.created");
  const { addressId } = (await shop.commerce.checkout.address({ ...shopper, estimateId, address }))
    .data;
  const made = await shop.commerce.checkout.createInvoice({ ...shopper, estimateId, addressId });
  const events = await heard;
  assert.equal(events.at(-1).data.object.orderId, made.data.orderId);
});

test("a wrong filter, a wrong key and a commerce key end a stream with reasons", async () => {
  const cases = [
    [() => pepay.ws.connectMerchantEvents({ types: "no.such.type" }), "VALIDATION_ERROR"],
    [() => house.client({ apiKey: "sk_test_x" }).ws.connectMerchantEvents(), "API_KEY_INVALID"],
    [() => house.shop().ws.connectMerchantEvents(), "INSUFFICIENT_SCOPE"],
    [() => pepay.ws.connectMerchantEvents({ token: () => "nonsense" }), "INVALID_TOKEN"],
  ];
  for (const [connect, code] of cases) {
    await assert.rejects(
      until(connect(), () => true),
      { code },
    );
  }
});

test("a token is minted for somebody without a key", async () => {
  const { data } = await pepay.ws.token.mint({ scope: "merchant", ttlSeconds: 30 });
  assert.equal(data.scope, "merchant");
  const stranger = house.client({ apiKey: undefined });
  const stream = stranger.ws.connectMerchantEvents({
    token: () => data.token,
    types: "invoice.created",
  });
  const heard = until(stream, () => true);
  await ready(stream);
  const invoice = await pepay.invoices.create({ amount_usd: 1 });
  assert.equal((await heard)[0].data.object.id, invoice.invoice_id);
});
