// What the client makes of a server, a network or a proxy that does not behave.

import assert from "node:assert/strict";
import { test } from "node:test";
import * as pepay from "pepay";
import { Stub } from "./stub.mjs";

const { Pepay } = pepay;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const AT_ONCE = { "retry-after": "0" };
const BUSY = { status: 503, headers: AT_ONCE, json: { success: false, error: { code: "BUSY" } } };
const OK = { json: { id: "one" } };

/** A stub with these answers and a client of it, both ended with the test. */
async function given(t, answers, options = {}) {
  const stub = await Stub.start(...answers);
  t.after(() => stub.end());
  return { stub, client: new Pepay({ baseUrl: stub.url, apiKey: "sk_test_1", ...options }) };
}

test("a read is repeated until it succeeds", async (t) => {
  const { stub, client } = await given(t, [BUSY, BUSY, OK]);
  assert.deepEqual(await client.invoices.retrieve("i"), { id: "one" });
  assert.equal(stub.requests.length, 3);
});

test("after the last retry the error is thrown, with everything known", async (t) => {
  const json = { success: false, error: { code: "BUSY", message: "Later", param: "x" } };
  const headers = { ...AT_ONCE, "x-request-id": "req_7" };
  const { stub, client } = await given(t, [{ status: 503, json, headers }]);
  const error = await client.invoices.retrieve("i").catch((error) => error);
  assert.ok(error instanceof pepay.PepayServerError && error instanceof pepay.PepayApiError);
  const { name, message, status, code, param, requestId, body } = error;
  assert.deepEqual(
    { name, message, status, code, param, requestId, body },
    {
      name: "PepayServerError",
      message: "Later",
      status: 503,
      code: "BUSY",
      param: "x",
      requestId: "req_7",
      body: json,
    },
  );
  assert.equal(stub.requests.length, 3);
});

test("maxRetries and retryableStatusCodes are the caller's to choose", async (t) => {
  const { stub, client } = await given(t, [BUSY], { maxRetries: 0 });
  await assert.rejects(client.invoices.retrieve("i"), pepay.PepayServerError);
  assert.equal(stub.requests.length, 1);
  await assert.rejects(client.invoices.retrieve("i", {}, { maxRetries: 1 }));
  assert.equal(stub.requests.length, 3);

  const other = await given(t, [{ ...BUSY, status: 502 }, OK]);
  await assert.rejects(other.client.invoices.retrieve("i"), { status: 502 });
  const willing = await given(t, [{ ...BUSY, status: 502 }, OK], { retryableStatusCodes: [502] });
  assert.deepEqual(await willing.client.invoices.retrieve("i"), { id: "one" });
});

test("the attempts of a write share an idempotency key, and each call has its own", async (t) => {
  const { stub, client } = await given(t, [BUSY, OK]);
  await client.invoices.create({ amount_usd: 1 });
  await client.invoices.create({ amount_usd: 1 });
  const [first, again, other] = stub.requests.map((request) => request.headers["idempotency-key"]);
  assert.match(first, UUID);
  assert.equal(first, again);
  assert.match(other, UUID);
  assert.notEqual(first, other);
  await client.invoices.create({ amount_usd: 1 }, { idempotencyKey: "order-1" });
  assert.equal(stub.requests.at(-1).headers["idempotency-key"], "order-1");
});

test("a read carries no idempotency key", async (t) => {
  const { stub, client } = await given(t, [OK]);
  await client.invoices.retrieve("i");
  assert.equal(stub.requests[0].headers["idempotency-key"], undefined);
});

test("a write that no key protects is sent once, except after a 429", async (t) => {
  const transfer = { to: "0x1", amount: "1", token_id: 1 };
  const broken = await given(t, [BUSY, OK]);
  await assert.rejects(broken.client.devnet.chain.transfer("base", transfer), { status: 503 });
  assert.equal(broken.stub.requests.length, 1);

  const cut = await given(t, [(response) => response.destroy(), OK]);
  const sent = cut.client.devnet.chain.transfer("base", transfer);
  await assert.rejects(sent, pepay.PepayConnectionError);
  assert.equal(cut.stub.requests.length, 1);

  const limited = await given(t, [{ status: 429, headers: AT_ONCE }, OK]);
  await limited.client.devnet.chain.transfer("base", transfer);
  assert.equal(limited.stub.requests.length, 2);
});

test("Retry-After is waited for, in seconds, as a date, and out of a 429's body", async (t) => {
  const date = () => new Date(Date.now() + 2_000).toUTCString();
  const limit = (json, headers) => ({ status: 429, json, headers });
  const answers = [
    limit({}, { "retry-after": "1" }),
    (response) => response.writeHead(429, { "retry-after": date() }).end(),
    OK,
  ];
  const { stub, client } = await given(t, answers);
  await client.invoices.retrieve("i");
  const [first, second, third] = stub.requests.map((request) => request.at);
  assert.ok(second - first >= 990, `${second - first} ms`);
  // Dates have whole seconds.
  assert.ok(third - second >= 900, `${third - second} ms`);

  const body = {
    success: false,
    message: "Slow",
    error_code: "RATE_LIMIT_EXCEEDED",
    retry_after: 7,
  };
  const told = await given(t, [limit(body, {})], { maxRetries: 0 });
  await assert.rejects(told.client.invoices.retrieve("i"), {
    name: "PepayRateLimitError",
    code: "RATE_LIMIT_EXCEEDED",
    message: "Slow",
    retryAfterMs: 7_000,
  });
});

test("who is told to wait for an hour hears of it at once", async (t) => {
  const headers = { "retry-after": "3600" };
  const { stub, client } = await given(t, [{ status: 429, headers }, OK]);
  await assert.rejects(client.invoices.retrieve("i"), { retryAfterMs: 3_600_000 });
  assert.equal(stub.requests.length, 1);
});

test("a refusal is not repeated, and each status has its class", async (t) => {
  for (const [status, name] of [
    [400, "PepayValidationError"],
    [401, "PepayAuthenticationError"],
    [403, "PepayPermissionError"],
    [404, "PepayNotFoundError"],
    [409, "PepayConflictError"],
    [410, "PepayGoneError"],
    [418, "PepayApiError"],
    [501, "PepayServerError"],
  ]) {
    const { stub, client } = await given(t, [{ status, json: {} }]);
    const error = await client.invoices.retrieve("i").catch((error) => error);
    assert.equal(error.name, name);
    assert.ok(error instanceof pepay[name] && error instanceof pepay.PepayError);
    assert.equal(error.code, `HTTP_${status}`);
    assert.equal(stub.requests.length, 1);
  }
});

test("the shapes of errors that older servers have are read too", async (t) => {
  for (const json of [
    { error: "No such thing", code: "NOPE" },
    { error: "No such thing", error_code: "NOPE" },
    { success: false, error: { code: "NOPE", message: "No such thing" } },
    { success: false, message: "No such thing", error_code: "NOPE" },
  ]) {
    const { client } = await given(t, [{ status: 400, json }]);
    const error = { code: "NOPE", message: "No such thing" };
    await assert.rejects(client.invoices.retrieve("i"), error);
  }
});

test("a server that does not answer in time is given up, and asked again", async (t) => {
  const silent = () => {};
  const { stub, client } = await given(t, [silent, OK], { timeoutMs: 200 });
  assert.deepEqual(await client.invoices.retrieve("i"), { id: "one" });
  assert.equal(stub.requests.length, 2);

  const ever = await given(t, [silent], { timeoutMs: 50, maxRetries: 0 });
  const error = await ever.client.invoices.retrieve("i").catch((error) => error);
  assert.ok(error instanceof pepay.PepayTimeoutError);
  assert.ok(error instanceof pepay.PepayConnectionError);
});

test("a body that does not come to its end counts as too late as well", async (t) => {
  const dribble = (response) => {
    response.writeHead(200, { "content-type": "application/json" });
    response.write('{"id":');
  };
  const { client } = await given(t, [dribble, OK], { timeoutMs: 200 });
  assert.deepEqual(await client.invoices.retrieve("i"), { id: "one" });
});

test("half a body is a broken connection and never half an answer", async (t) => {
  const half = (response) => {
    response.writeHead(200, { "content-type": "application/json", "content-length": "100" });
    response.write('{"id":"half"}');
    response.socket.end();
  };
  const { stub, client } = await given(t, [half, OK]);
  assert.deepEqual(await client.invoices.retrieve("i"), { id: "one" });
  assert.equal(stub.requests.length, 2);
  const again = await given(t, [half], { maxRetries: 0 });
  await assert.rejects(again.client.invoices.retrieve("i"), pepay.PepayConnectionError);
});

test("an answer that is not Pepay's is an error, and so is a failing proxy's page", async (t) => {
  const page = "<html>Welcome to the hotel's wireless network</html>";
  for (const answer of [
    { text: page, headers: { "x-request-id": "req_9" } },
    { text: "{", headers: { "content-type": "application/json", "x-request-id": "req_9" } },
    { status: 204, text: "", headers: { "x-request-id": "req_9" } },
  ]) {
    const { stub, client } = await given(t, [answer]);
    const error = await client.invoices.retrieve("i").catch((error) => error);
    assert.ok(error instanceof pepay.PepayAnswerError, String(error));
    assert.equal(error.requestId, "req_9");
    assert.equal(stub.requests.length, 1);
  }
  const failing = await given(t, [{ status: 502, text: page }]);
  await assert.rejects(failing.client.invoices.retrieve("i"), { code: "HTTP_502", body: page });
});

test("JSON of another shape than the route's is not Pepay's answer either", async (t) => {
  for (const json of [null, [], [{ id: "one" }], "one", 1, true]) {
    const headers = { "x-request-id": "req_9" };
    const { client } = await given(t, [{ json, headers }]);
    for (const ask of [
      () => client.invoices.retrieve("i"),
      () => client.invoices.create({ amount_usd: 1 }),
      () => client.invoices.waitForStatus("i"),
    ]) {
      const told = { name: "PepayAnswerError", status: 200, requestId: "req_9" };
      await assert.rejects(ask, told, JSON.stringify(json));
    }
  }
  const session = { sessionToken: "s", signature: "s" };
  for (const [json, isGood] of [
    [[], true],
    [[{ id: 1 }], true],
    [{}, false],
    [null, false],
  ]) {
    const { client } = await given(t, [{ json }], session);
    const tokens = client.paymentSessions.listAvailableTokens();
    if (isGood) assert.deepEqual(await tokens, json);
    else await assert.rejects(tokens, pepay.PepayAnswerError);
  }
});

test("a redirect is not followed: the key goes to the configured server only", async (t) => {
  const other = await given(t, [OK]);
  const headers = { location: `${other.stub.url}/api/v1/invoices/i` };
  for (const status of [301, 302, 307, 308]) {
    const { client } = await given(t, [{ status, headers }]);
    await assert.rejects(client.invoices.retrieve("i"), { status });
  }
  assert.equal(other.stub.requests.length, 0);
});

test("a server that is not there is a connection error with its cause", async (t) => {
  const { stub, client } = await given(t, [OK], { maxRetries: 1 });
  await stub.end();
  stub.end = async () => {};
  const error = await client.invoices.retrieve("i").catch((error) => error);
  assert.ok(error instanceof pepay.PepayConnectionError);
  assert.ok(error.cause instanceof Error);
});

test("an abort ends a call at once, before, during and between attempts", async (t) => {
  const reason = new Error("the user left");
  const early = await given(t, [OK]);
  const aborted = AbortSignal.abort(reason);
  const signal = (signal) => ["i", {}, { signal }];
  await assert.rejects(early.client.invoices.retrieve(...signal(aborted)), reason);
  assert.equal(early.stub.requests.length, 0);

  const during = new AbortController();
  const hanging = await given(t, [() => during.abort(reason)]);
  await assert.rejects(hanging.client.invoices.retrieve(...signal(during.signal)), reason);
  assert.equal(hanging.stub.requests.length, 1);

  const between = new AbortController();
  const busy = (response) => {
    response.writeHead(503, { "retry-after": "30" }).end();
    setImmediate(() => setTimeout(() => between.abort(reason), 20));
  };
  const waiting = await given(t, [busy]);
  const started = Date.now();
  await assert.rejects(waiting.client.invoices.retrieve(...signal(between.signal)), reason);
  assert.ok(Date.now() - started < 20_000);
  assert.equal(waiting.stub.requests.length, 1);
});

test("each route gets the one credential it takes, and never two keys", async (t) => {
  const every = {
    apiKey: "sk_test_1",
    commerceApiKey: "ck_test_1",
    bearerToken: "jwt",
    userAccessToken: "user",
    sessionToken: "session",
    signature: "signature",
  };
  const { stub, client } = await given(t, [OK], every);
  const names = [
    "x-api-key",
    "x-commerce-api-key",
    "authorization",
    "user-authorization",
    "x-session-token",
    "x-signature",
  ];
  const sent = async (call) => {
    await call;
    const { headers } = stub.requests.at(-1);
    return names.filter((name) => name in headers).map((name) => `${name}: ${headers[name]}`);
  };
  assert.deepEqual(await sent(client.invoices.retrieve("i")), ["x-api-key: sk_test_1"]);
  assert.deepEqual(await sent(client.commerce.status()), ["x-commerce-api-key: ck_test_1"]);
  assert.deepEqual(await sent(client.settlement.getPreferences()), ["authorization: Bearer jwt"]);
  assert.deepEqual(await sent(client.paymentSessions.getSessionDetails()), [
    "x-session-token: session",
    "x-signature: signature",
  ]);
  assert.deepEqual(await sent(client.commerce.cart.get()), [
    "x-commerce-api-key: ck_test_1",
    "user-authorization: Bearer user",
  ]);
  assert.deepEqual(await sent(client.system.health()), []);
  const shop = client.withAuth({ apiKey: undefined });
  assert.deepEqual(await sent(shop.invoices.retrieve("i")), ["x-commerce-api-key: ck_test_1"]);
  assert.deepEqual(await sent(client.withAuth({ apiKey: "sk_test_2" }).invoices.totals()), [
    "x-api-key: sk_test_2",
  ]);
});

test("what nothing opens is refused before anything is sent", async (t) => {
  const { stub, client } = await given(t, [OK]);
  await assert.rejects(client.settlement.getPreferences(), {
    name: "PepayConfigurationError",
    message: "GET /api/v1/merchant/settlement-preference needs bearerToken",
  });
  const half = client.withAuth({ sessionToken: "s" });
  await assert.rejects(half.paymentSessions.getSessionDetails(), pepay.PepayConfigurationError);
  assert.equal(stub.requests.length, 0);
});

test("ids become one part of the path, and never another route", async (t) => {
  const { stub, client } = await given(t, [OK]);
  await client.invoices.retrieve("a/b?c#d é");
  assert.equal(stub.requests[0].url, "/api/v1/invoices/a%2Fb%3Fc%23d%20%C3%A9");
  for (const id of ["", ".", "..", undefined, null, {}]) {
    await assert.rejects(client.invoices.retrieve(id), TypeError);
  }
  assert.equal(stub.requests.length, 1);
});

test("queries leave out what is not said and join what is a list", async (t) => {
  const { stub, client } = await given(t, [{ json: { data: [], has_more: false } }]);
  const query = { status: ["paid", "expired"], customer_id: undefined, created_gte: 5, limit: 2 };
  await client.invoices.list(query);
  assert.equal(
    stub.requests[0].url,
    "/api/v1/invoices?status=paid%2Cexpired&created_gte=5&limit=2",
  );
  await client
    .withAuth({ apiKey: undefined, bearerToken: "b" })
    .invoices.create(
      { amount_usd: 1 },
      { environment: "devnet", headers: { "x-request-id": "mine" } },
    );
  const { url, headers } = stub.requests[1];
  assert.equal(url, "/api/v1/invoices?environment=devnet");
  assert.equal(headers["x-request-id"], "mine");
  await client.events.list({ "created[gte]": 1 });
  assert.equal(stub.requests[2].url, "/api/v1/events?created%5Bgte%5D=1");
});

test("nothing between us and the server is asked to keep an answer", async () => {
  const asked = [];
  const fetch = async (_, init) => {
    asked.push(init);
    return Response.json({ id: "one" });
  };
  await new Pepay({ baseUrl: "http://pepay.test", apiKey: "k", fetch }).invoices.retrieve("i");
  assert.equal(asked[0].cache, "no-store");
  assert.equal(asked[0].redirect, "manual");
});

test("a base address may have a path of its own", async (t) => {
  const { stub } = await given(t, [OK]);
  const client = new Pepay({ baseUrl: `${stub.url}/pepay/`, apiKey: "k" });
  await client.invoices.retrieve("i");
  assert.equal(stub.requests[0].url, "/pepay/api/v1/invoices/i");
});

test("files are sent and answered as the texts they are", async (t) => {
  const csv = { "content-type": "text/csv; charset=utf-8" };
  const { stub, client } = await given(t, [{ text: "a,b\n", headers: csv }]);
  assert.equal(await client.commerce.catalog.export(), "a,b\n");
  await client.commerce.catalog.import("productId,title\n1,Mug\n");
  await client.commerce.catalog.import('{"productId":"1"}\n');
  const types = stub.requests.slice(1).map((request) => request.headers["content-type"]);
  assert.deepEqual(types, ["text/csv", "application/x-ndjson"]);
  assert.equal(stub.requests[1].body, "productId,title\n1,Mug\n");
});

test("waiting for a status ends with it, with the time, and with an abort", async (t) => {
  const at = (status) => ({ json: { invoice: { status } } });
  const { stub, client } = await given(t, [at("unpaid"), at("underpaid"), at("paid")]);
  const view = await client.invoices.waitForStatus("i", { intervalMs: 1 });
  assert.equal(view.invoice.status, "paid");
  assert.equal(stub.requests.length, 3);

  const never = await given(t, [at("unpaid")]);
  const waited = never.client.invoices.waitForStatus("i", { intervalMs: 1, timeoutMs: 20 });
  await assert.rejects(waited, pepay.PepayTimeoutError);
  const first = never.client.invoices.waitForStatus("i", { statuses: ["unpaid"] });
  assert.equal((await first).invoice.status, "unpaid");
  const signal = AbortSignal.abort(new Error("enough"));
  await assert.rejects(never.client.invoices.waitForStatus("i", { signal }), /enough/);
});

test("waiting for a status ends in time when the server hangs or fails", async (t) => {
  const at = (status) => ({ json: { invoice: { status } } });
  const busy = { status: 503, headers: { "retry-after": "30" } };
  for (const [answers, message] of [
    [[() => {}], /still not known after 300 ms/],
    [[busy], /still not known after 300 ms/],
    [[at("underpaid"), () => {}], /still underpaid after 300 ms/],
  ]) {
    const { client } = await given(t, answers);
    const began = Date.now();
    const waited = client.invoices.waitForStatus("i", { intervalMs: 20, timeoutMs: 300 });
    await assert.rejects(waited, { name: "PepayTimeoutError", message });
    const ms = Date.now() - began;
    assert.ok(ms >= 290 && ms < 3_000, `${ms} ms`);
  }
});

test("a pause longer than the time that is left still leaves a last look", async (t) => {
  const at = (status) => ({ json: { invoice: { status } } });
  const { client } = await given(t, [at("unpaid"), at("paid")]);
  const how = { intervalMs: 60_000, timeoutMs: 400 };
  assert.equal((await client.invoices.waitForStatus("i", how)).invoice.status, "paid");

  const never = await given(t, [at("unpaid")]);
  const began = Date.now();
  await assert.rejects(never.client.invoices.waitForStatus("i", how), pepay.PepayTimeoutError);
  const ms = Date.now() - began;
  assert.ok(ms >= 390 && ms < 3_000, `${ms} ms`);
  assert.equal(never.stub.requests.length, 2);
});

test("a wait may have no end of its own, but must be a time", async (t) => {
  const at = (status) => ({ json: { invoice: { status } } });
  const { stub, client } = await given(t, [at("unpaid"), at("paid")]);
  const ever = { intervalMs: 1, timeoutMs: Infinity };
  assert.equal((await client.invoices.waitForStatus("i", ever)).invoice.status, "paid");
  const { length } = stub.requests;
  for (const wrong of [{ timeoutMs: NaN }, { timeoutMs: -1 }, { intervalMs: "5" }]) {
    const waited = client.invoices.waitForStatus("i", wrong);
    await assert.rejects(waited, pepay.PepayConfigurationError);
  }
  assert.equal(stub.requests.length, length);
});

test("an abort ends a wait in the middle of a look, with the caller's reason", async (t) => {
  const reason = new Error("the user left");
  const stopper = new AbortController();
  const { client } = await given(t, [() => stopper.abort(reason)]);
  const waited = client.invoices.waitForStatus("i", { signal: stopper.signal });
  await assert.rejects(waited, reason);
});
