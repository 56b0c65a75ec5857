// Every public operation of the API has a method, and the methods have the names that are promised.
//
// Each method is really called, against a `fetch` that notes what was asked for: what counts is the
// request that leaves, not the text of a source file.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { Pepay, createWebhookVerifier } from "pepay";
import { operations, readDocument } from "../scripts/openapi.mjs";

const all = operations(readDocument());
const known = all.filter((operation) => operation.isPublic);

/** Routes that are no part of what a client calls, each for its reason. */
const NOT_FOR_CLIENTS = [
  /^\w+ \/api\/admin\//, // The operator's own, with his token; `pepay` commands call them.
  /^GET \/metrics$/, // Restricted to the operator's Prometheus.
  /^GET \/ws\//, // Upgrades: `ws.connect…` makes them.
  /^POST \/api\/v1\/ramps\/providers\/\{name\}\/webhook$/, // Called by ramp providers.
];

/** A client that holds every credential, and what it asks for. */
function watched() {
  const asked = [];
  const fetch = async (url, { method }) => {
    asked.push({ method, path: new URL(url).pathname });
    const headers = { "content-type": "application/json" };
    // One route answers a bare array.
    const isBare = url.includes("/available-tokens");
    const json = isBare ? [] : { data: [], invoice: { status: "paid" } };
    return new Response(JSON.stringify(json), { headers });
  };
  const credentials = {
    apiKey: "k",
    commerceApiKey: "c",
    bearerToken: "b",
    userAccessToken: "u",
    sessionToken: "s",
    signature: "s",
  };
  return { client: new Pepay({ baseUrl: "http://pepay.test", fetch, ...credentials }), asked };
}

/** Every method of a client, by its dotted name. */
function* methodsOf(group, prefix = "") {
  for (const [name, value] of Object.entries(group)) {
    if (typeof value === "function") yield [prefix + name, value];
    else if (value && typeof value === "object") yield* methodsOf(value, `${prefix + name}.`);
  }
}

/** The operation a request belongs to: one with fixed parts goes before one with holes. */
function operationOf({ method, path }) {
  const fits = ({ route, path: pattern }) => {
    const shape = pattern.replace(/[.]/g, "\\.").replace(/\{\w+\}/g, "[^/]+");
    return route.startsWith(`${method} `) && new RegExp(`^${shape}$`).test(path);
  };
  const holes = ({ path }) => path.split("{").length;
  return all.filter(fits).sort((one, other) => holes(one) - holes(other))[0];
}

test("every operation is public for a reason, or not", () => {
  for (const { route, isPublic } of all) {
    assert.equal(isPublic, !NOT_FOR_CLIENTS.some((reason) => reason.test(route)), route);
  }
  assert.ok(known.length > 150, `${known.length} operations`);
});

test("every public operation has a method, and every method an operation", async () => {
  const { client, asked } = watched();
  const byRoute = new Map();
  for (const [name, method] of methodsOf(client)) {
    if (name.startsWith("ws.connect")) continue;
    const before = asked.length;
    await method("hole", "hole", "hole", "hole");
    assert.equal(asked.length, before + 1, `${name} sends one request`);
    const operation = operationOf(asked.at(-1));
    assert.ok(operation, `${name} asks for ${JSON.stringify(asked.at(-1))}`);
    const holes = asked.at(-1).path.split("/hole").length - 1;
    assert.equal(holes, operation.pathParameters.length, `${name} fills ${operation.route}`);
    byRoute.set(operation.route, [...(byRoute.get(operation.route) ?? []), name]);
  }
  const missing = known.map(({ route }) => route).filter((route) => !byRoute.has(route));
  assert.deepEqual(missing, [], "operations without a method");
  const isNoRoute = (route) => !known.some((operation) => operation.route === route);
  assert.deepEqual(
    [...byRoute.keys()].filter(isNoRoute),
    [],
    "methods of routes that are not public",
  );
  // Nothing else twice: these do more than their route.
  const twice = [...byRoute].filter(([, names]) => names.length > 1);
  assert.deepEqual(Object.fromEntries(twice), {
    "GET /api/v1/invoices/{invoice_id}/status": ["invoices.status", "invoices.waitForStatus"],
    "GET /api/v1/events": ["events.list", "events.recoverSince"],
  });
});

test("the surface has the names that are promised", () => {
  const { client } = watched();
  const names = `
    invoices.create invoices.list invoices.retrieve invoices.status invoices.waitForStatus
    invoices.manualVerification.trigger invoices.manualVerification.retrieve
    merchants.invoices.list
    tokens.listMerchantSupported tokens.searchMerchantTokens tokens.blockOrUnblock
    settlement.getPreferences settlement.updateSettlementToken
    events.list events.retrieve events.recoverSince
    paymentSessions.getSessionDetails paymentSessions.listAvailableTokens
    paymentSessions.createPaymentAddress paymentSessions.setCustomerEmail
    paymentSessions.getCustomerEmail
    ws.token.mint ws.connectMerchantEvents ws.connectCommerceEvents ws.connectPaymentSession
    commerce.search commerce.merchantCart.get commerce.merchantCart.create
    commerce.merchantCart.addItem commerce.merchantCart.validate commerce.merchantCart.totals
    commerce.checkout.estimate commerce.checkout.address commerce.checkout.createInvoice
    commerce.orders.list commerce.orders.retrieve commerce.orders.cancel
    commerce.payments.status commerce.payments.bulkStatus commerce.merchantInvoices.status
    commerce.addresses.list commerce.addresses.remove commerce.devnet.simulateOrder
    withAuth`;
  for (const name of names.trim().split(/\s+/)) {
    const method = name.split(".").reduce((group, part) => group?.[part], client);
    assert.equal(typeof method, "function", name);
  }
  assert.equal(typeof createWebhookVerifier({ secrets: ["s"] }).verify, "function");
});

test("everything a user meets has a doc comment", () => {
  const folder = new URL("../dist/types/", import.meta.url);
  const files = readdirSync(folder, { recursive: true }).filter((file) => file.endsWith(".d.ts"));
  assert.ok(files.length > 20);
  for (const file of files) {
    const lines = readFileSync(new URL(file, folder), "utf8").split("\n");
    const isResource = file.startsWith("resources/");
    lines.forEach((line, at) => {
      const isExported = /^export (declare )?(class|function|interface|type \w+ =)/.test(line);
      const isMethod = isResource && /^ {4,}\w+: (import\(|Method|ListMethod|\{$|\()/.test(line);
      if (!isExported && !isMethod) return;
      assert.match(lines[at - 1], /\*\/$/, `${file}:${at + 1}: ${line.trim()}`);
    });
  }
});
