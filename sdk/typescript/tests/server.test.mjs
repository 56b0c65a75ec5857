// The client against the real server: a payment from its invoice to its events, and what else a
// merchant does.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Pepay } from "pepay";
import { House } from "./house.mjs";

let house;
let pepay;
before(async () => {
  house = await House.start();
  pepay = house.client();
});
after(() => house?.end());

test("an invoice is made, paid and settled in the eyes of everybody", async () => {
  const made = await pepay.invoices.create({
    amount_usd: 49.99,
    description: "Order 1042",
    customer_id: "c-1",
    metadata: { order: { number: 1042 } },
  });
  const open = await pepay.invoices.retrieve(made.invoice_id);
  assert.equal(open.status, "unpaid");
  assert.equal(open.amount, 49_990);
  assert.deepEqual(open.metadata, { order: { number: 1042 } });

  const payor = house.payor(made);
  const details = await payor.paymentSessions.getSessionDetails();
  assert.equal(details.invoice_id, made.invoice_id);
  assert.equal(details.amount_remaining_usd, 49.99);
  const tokens = await payor.paymentSessions.listAvailableTokens({
    mode: "network",
    network: "base",
  });
  const usdc = tokens.find((token) => token.token_symbol.includes("USDC"));
  const address = await payor.paymentSessions.createPaymentAddress({
    network: "base",
    tokenId: usdc.id,
  });
  assert.equal(address.quote_status, "available");
  const transfer = await pepay.devnet.chain.transfer("base", {
    to: address.temp_address,
    amount: address.estimated_token_amount,
    token_id: usdc.id,
  });
  const paid = await pepay.invoices.waitForStatus(made.invoice_id, { intervalMs: 200 });
  assert.equal(paid.invoice.status, "paid");
  assert.equal(paid.latest_payment.tx_hash, transfer.data.tx_hash);
  assert.equal((await payor.paymentSessions.getPaymentStatus()).status, "paid");
  const full = await pepay.invoices.retrieve(made.invoice_id, {
    expand: ["latest_payment", "payments"],
  });
  assert.equal(full.payments.length, 1);
  const totals = await pepay.invoices.totals({ customer_id: "c-1" });
  assert.equal(totals.totals.paid.count, 1);
});

test("errors are the server's own, with the id of the request", async () => {
  const wrong = await pepay.invoices.create({ amount_usd: -1 }).catch((error) => error);
  assert.equal(wrong.name, "PepayValidationError");
  assert.equal(wrong.code, "VALIDATION_ERROR");
  assert.equal(wrong.param, "amount_usd");
  assert.match(wrong.requestId, /^req_/);
  const options = { headers: { "x-request-id": "my-own-id" } };
  const missing = pepay.invoices.retrieve("00000000-0000-7000-8000-000000000000", {}, options);
  await assert.rejects(missing, { name: "PepayNotFoundError", requestId: "my-own-id" });
  const stranger = house.client({ apiKey: "sk_test_wrong" });
  await assert.rejects(stranger.invoices.list(), {
    name: "PepayAuthenticationError",
    code: "API_KEY_INVALID",
  });
  await assert.rejects(
    house
      .shop()
      .withAuth({ apiKey: house.env.PEPAY_COMMERCE_API_KEY })
      .tokens.listMerchantSupported(),
    {
      name: "PepayPermissionError",
      code: "INSUFFICIENT_SCOPE",
    },
  );
});

test("an idempotency key answers the same again, and another request with a conflict", async () => {
  const options = { idempotencyKey: "order-7" };
  const one = await pepay.invoices.create({ amount_usd: 5 }, options);
  const other = await pepay.invoices.create({ amount_usd: 5 }, options);
  assert.deepEqual(other, one);
  const different = pepay.invoices.create({ amount_usd: 6 }, options);
  await assert.rejects(different, { name: "PepayConflictError", code: "IDEMPOTENCY_KEY_REUSED" });
});

test("an answer that was lost is answered again and not made again", async () => {
  let isFirst = true;
  const lossy = house.client({
    fetch: async (...request) => {
      const response = await fetch(...request);
      if (!isFirst) return response;
      isFirst = false;
      await response.arrayBuffer();
      throw new TypeError("the connection was reset");
    },
  });
  const customer_id = "lost";
  await lossy.invoices.create({ amount_usd: 5, customer_id });
  const invoices = await pepay.invoices.list({ customer_id });
  assert.equal(invoices.data.length, 1);
});

test("every invoice comes once, however small the pages are", async () => {
  const customer_id = "pages";
  const made = [];
  for (let number = 0; number < 7; number++) {
    const invoice = await pepay.invoices.create({ amount_usd: 1 + number, customer_id });
    made.unshift(invoice.invoice_id);
  }
  const walked = [];
  for await (const invoice of pepay.invoices.list({ customer_id, limit: 3 }))
    walked.push(invoice.id);
  assert.deepEqual(walked, made);
  const byCustomer = await pepay.invoices
    .listByCustomer(customer_id, { limit: 2 })
    .toArray({ limit: 5 });
  assert.deepEqual(
    byCustomer.map(({ id }) => id),
    made.slice(0, 5),
  );
  const newer = [];
  const query = { customer_id, limit: 2, ending_before: made[4] };
  for await (const invoice of pepay.invoices.list(query)) newer.push(invoice.id);
  assert.deepEqual(newer, made.slice(0, 4).reverse());
  const canceled = await pepay.invoices.cancel(made[0]);
  assert.equal(canceled.status, "canceled");
  const left = await pepay.invoices.list({ customer_id, status: ["unpaid", "underpaid"] });
  assert.equal(left.data.length, 6);
});

test("events are read back from any of them, in the order in which they happened", async () => {
  const page = await pepay.events.list({ limit: 1 });
  const last = page.data.data[0].id;
  const ids = [];
  for (let number = 0; number < 3; number++) {
    ids.push((await pepay.invoices.create({ amount_usd: 1 })).invoice_id);
  }
  const events = await pepay.events.recoverSince(last, { type: ["invoice.*"] });
  assert.deepEqual(
    events.map(({ data }) => data.object.id),
    ids,
  );
  const walked = [];
  for await (const event of pepay.events.recoverSince(last)) walked.push(event.id);
  assert.deepEqual(
    walked,
    events.map(({ id }) => id),
  );
  const found = await pepay.events.retrieve(events[0].id);
  assert.deepEqual(found.data, events[0]);
});

test("an id that the log does not have any more is no obstacle to reading on", async () => {
  const kept = await pepay.events.list().toArray({ limit: 1_000 });
  const walked = [];
  for await (const event of pepay.events.recoverSince("evt_1-0")) walked.push(event.id);
  assert.deepEqual(walked, kept.map(({ id }) => id).reverse());
  await assert.rejects(pepay.events.recoverSince("no event"), { name: "PepayValidationError" });
});

test("tokens are searched, walked and blocked", async () => {
  const symbols = new Set();
  let count = 0;
  for await (const token of pepay.tokens.searchMerchantTokens({
    limit: 7,
    environment: "devnet",
  })) {
    symbols.add(token.token_symbol);
    count += 1;
  }
  const all = await pepay.tokens.listMerchantSupported();
  assert.equal(count, all.tokens.length);
  assert.ok(symbols.size > 1);
  const [token] = all.tokens;
  assert.deepEqual(await pepay.tokens.blockOrUnblock(token.id, { blocked: true }), {
    success: true,
    blocked: true,
  });
  await pepay.tokens.blockOrUnblock(token.id, { blocked: false });
});

test("a member signs in and does what a key may not", async () => {
  await assert.rejects(pepay.settlement.getPreferences(), { name: "PepayConfigurationError" });
  const owner = await house.owner();
  const preference = await owner.settlement.getPreferences({ environment: "devnet" });
  const [stable] = preference.available_stable_tokens;
  const changed = await owner.settlement.updateSettlementToken({ settlement_token_id: stable.id });
  assert.equal(changed.settlement_token.id, stable.id);
  const made = await owner.account.apiKeys.create({
    name: "by the SDK",
    scope: "merchant",
    environment: "devnet",
  });
  const fresh = house.client({ apiKey: made.api_key });
  assert.ok((await fresh.invoices.totals()).totals);
  const names = (await owner.account.apiKeys.list().toArray({ limit: 20 })).map(({ name }) => name);
  assert.ok(names.includes("by the SDK"));
  const id = (await owner.account.apiKeys.list().toArray({ limit: 20 })).find(
    ({ name }) => name === "by the SDK",
  ).id;
  await owner.account.apiKeys.revoke(id);
  await assert.rejects(fresh.invoices.totals(), { name: "PepayAuthenticationError" });
  await owner.auth.signOut();
  await assert.rejects(owner.account.members.list(), { name: "PepayAuthenticationError" });
});

test("a payor answers questions, leaves an address, and pays too little at first", async () => {
  const questions = {
    questions: [
      { id: "size", question: "Which size?", type: "text", validation: { required: true } },
    ],
  };
  const invoice = await pepay.invoices.create({ amount_usd: 20, questions });
  const payor = house.payor(invoice).paymentSessions;
  assert.equal((await payor.getInvoiceQuestions()).has_questions, true);
  await payor.submitForm({ responses: [{ question_id: "size", response: "M" }] });
  await payor.setCustomerEmail({ email: "Payor@Example.com" });
  assert.equal((await payor.getCustomerEmail()).has_email, true);
  await payor.simulatePayment({ scenario: "under", network: "base" });
  const statuses = ["underpaid", "paid"];
  const short = await pepay.invoices.waitForStatus(invoice.invoice_id, {
    statuses,
    intervalMs: 200,
  });
  assert.equal(short.invoice.status, "underpaid");
  assert.deepEqual(short.invoice.answers, [{ question_id: "size", response: "M" }]);
  assert.equal((await payor.getSessionDetails()).locked_network, "base");
  assert.equal((await payor.listAvailableTokens()).length, 1);
  await payor.simulatePayment({ scenario: "exact" });
  await pepay.invoices.waitForStatus(invoice.invoice_id, { intervalMs: 200, statuses: ["paid"] });
});

test("a shop goes from a search to a delivered order", async () => {
  const shop = house.shop();
  const shopper = { customer_id: "shopper-1" };
  assert.equal((await shop.commerce.status()).success, true);
  const found = await shop.commerce.search({ q: "headphones", limit: 5 });
  const [product] = found.data.products;
  const { productId, retailer, title, price } = product;
  await shop.commerce.merchantCart.create(shopper);
  const item = { ...shopper, productId, retailer, title, price, quantity: 1 };
  const added = await shop.commerce.merchantCart.addItem(item);
  const { itemId } = added.data;
  await shop.commerce.merchantCart.updateItem(itemId, { ...shopper, quantity: 2 });
  assert.equal((await shop.commerce.merchantCart.get(shopper)).data.items.length, 1);
  assert.equal((await shop.commerce.merchantCart.validate(shopper)).valid, true);
  assert.ok(
    (await shop.commerce.merchantCart.totals({ ...shopper, zip_code: "94107" })).data.total > 0,
  );

  const token = await shop.commerce.customers.createToken({ ...shopper, ttl_seconds: 60 });
  const own = house.client({ apiKey: undefined, userAccessToken: token.data.token });
  assert.equal((await own.commerce.cart.get()).data.items.length, 1);

  const estimate = await shop.commerce.checkout.estimate({ ...shopper, useCart: true });
  const { estimateId } = estimate.data;
  const address = await shop.commerce.checkout.address({
    ...shopper,
    estimateId,
    address: {
      first_name: "Ada",
      last_name: "Lovelace",
      street_address: "1 Market St",
      city: "San Francisco",
      state: "CA",
      zip_code: "94107",
      country: "US",
      phone: "+14155550100",
      email: "ada@example.com",
    },
  });
  const { addressId } = address.data;
  const created = await shop.commerce.checkout.createInvoice({ ...shopper, estimateId, addressId });
  const { orderId, invoiceId } = created.data;
  assert.equal((await shop.commerce.payments.status(orderId)).data.orderId, orderId);
  const many = await shop.commerce.payments.bulkStatus({ orderIds: [orderId] });
  assert.equal(many.data[0].orderId, orderId);
  for (const transitionTo of [
    "payment_confirmed",
    "payment_settled",
    "placed",
    "shipped",
    "delivery_confirmed",
  ]) {
    await shop.commerce.devnet.simulateOrder(orderId, { transitionTo });
  }
  const order = await shop.commerce.orders.retrieve(orderId);
  assert.equal(order.data.status, "delivered");
  assert.equal((await shop.commerce.merchantInvoices.status(invoiceId)).data.orderId, orderId);
  const listed = await shop.commerce.orders.list({ ...shopper, limit: 1 }).toArray({ limit: 5 });
  assert.deepEqual(
    listed.map((row) => row.orderId),
    [orderId],
  );
  const addresses = await shop.commerce.addresses.list(shopper).toArray({ limit: 5 });
  assert.equal(addresses.length, 1);
  assert.deepEqual(
    await shop.commerce
      .search({ q: "headphones", limit: 2 })
      .toArray({ limit: 3 })
      .then((all) => all.length),
    3,
  );
});

test("files go in and come out again", async () => {
  const line = JSON.stringify({ productId: "mug-1", title: "Mug", offers: [{ price: 12.5 }] });
  const told = await pepay.commerce.catalog.import(`${line}\n`);
  const lines = told
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.equal(lines.at(-1).type, "done");
  const csv = await pepay.commerce.catalog.export({ format: "csv" });
  assert.match(csv, /mug-1/);
  const report = await pepay.ledger.reports.retrieve("payments", { format: "csv" });
  assert.equal(typeof report, "string");
  assert.equal((await pepay.ledger.reports.retrieve("payments")).object, "report");
});

test("ramps: a user, his session, and what he may read with it", async () => {
  const [corridor] = (await pepay.ramps.listCorridors({ country: "DE" })).data;
  assert.equal(corridor.country, "DE");
  const user = await pepay.ramps.users.create({
    type: "individual",
    external_id: "u-1",
    name: "Ada Lovelace",
    email: "ada@example.com",
    country: "DE",
  });
  const session = await pepay.ramps.users.createSession(user.id);
  const his = house.client({
    apiKey: undefined,
    sessionToken: session.session_token,
    signature: session.signature,
  });
  assert.deepEqual((await his.ramps.users.listBalances(user.id)).data, []);
  assert.ok((await his.ramps.listCorridors()).data.length > 30);
  assert.deepEqual((await his.ramps.payouts.list({ user_id: user.id })).data, []);
  const nobodys = "0192f0c1-b1d2-7c3a-b3a1-f3c1a2b3c4d5";
  await assert.rejects(his.ramps.quotes.retrieve(nobodys), { name: "PepayNotFoundError" });
  await assert.rejects(his.ramps.payouts.retrieve(nobodys), { name: "PepayNotFoundError" });
  // What his session does not open is refused before it is sent.
  await assert.rejects(his.ramps.payouts.cancel(nobodys), { name: "PepayConfigurationError" });
  await assert.rejects(his.ramps.users.list().toArray({ limit: 1 }), {
    name: "PepayConfigurationError",
  });
  const users = await pepay.ramps.users.list({ external_id: "u-1" }).toArray({ limit: 2 });
  assert.deepEqual(
    users.map(({ id }) => id),
    [user.id],
  );
});

test("what deletes by a body does, and so does what deletes by a query", async () => {
  const shop = house.shop();
  const shopper = { customer_id: "leaver" };
  await shop.commerce.merchantCart.create(shopper);
  assert.equal((await shop.commerce.merchantCart.clear(shopper)).data.itemsRemoved, 0);
  const owner = await house.owner();
  const gone = owner.settlement.deleteWallet({ environment: "devnet", network: "base" });
  await gone.catch((error) => assert.notEqual(error.code, "VALIDATION_ERROR", error.message));
});

test("the server says how it is", async () => {
  assert.ok(await house.client({ apiKey: undefined }).system.health());
  assert.ok(await house.client({ apiKey: undefined }).system.readiness());
});

test("a server that limits requests is asked more slowly, and everybody is answered", async (t) => {
  const strict = await House.start("--rate-limits");
  t.after(() => strict.end());
  const invoice = await strict.client().invoices.create({ amount_usd: 1 });
  const limited = [];
  const payor = strict.payor(invoice).withAuth({});
  const counting = new Pepay({
    baseUrl: strict.url,
    sessionToken: invoice.session_token,
    signature: invoice.signature,
    maxRetries: 10,
    fetch: async (...request) => {
      const response = await fetch(...request);
      if (response.status === 429) limited.push(response.headers.get("retry-after"));
      return response;
    },
  });
  const asked = Array.from({ length: 80 }, () => counting.paymentSessions.getPaymentStatus());
  const statuses = new Set((await Promise.all(asked)).map(({ status }) => status));
  assert.deepEqual([...statuses], ["unpaid"]);
  assert.ok(limited.length > 0);
  assert.ok(
    limited.every((seconds) => Number(seconds) >= 1),
    String(limited),
  );
  assert.equal((await payor.paymentSessions.getPaymentStatus()).status, "unpaid");
});
