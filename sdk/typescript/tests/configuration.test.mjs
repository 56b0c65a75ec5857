// What a client may be made with, and where.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Pepay, PepayConfigurationError } from "pepay";

const baseUrl = "http://pepay.test";

/** Makes this process look like another place while something runs. */
function within(globals, run) {
  const before = Object.entries(Object.getOwnPropertyDescriptors(globalThis)).filter(
    ([name]) => name in globals,
  );
  for (const [name, value] of Object.entries(globals)) {
    Object.defineProperty(globalThis, name, { value, configurable: true });
  }
  try {
    run();
  } finally {
    for (const name of Object.keys(globals)) delete globalThis[name];
    for (const [name, descriptor] of before) Object.defineProperty(globalThis, name, descriptor);
  }
}

const BROWSERS = {
  page: { document: { createElement() {} } },
  worker: { importScripts() {} },
  phone: { navigator: { product: "ReactNative" } },
};

test("server keys are refused in pages, workers and apps, unless somebody insists", () => {
  for (const [place, globals] of Object.entries(BROWSERS)) {
    within(globals, () => {
      for (const keys of [
        { apiKey: "sk_test_1" },
        { apiKey: "pk_1" },
        { commerceApiKey: "ck_1" },
      ]) {
        const make = (options) => () => new Pepay({ baseUrl, ...keys, ...options });
        assert.throws(make(), PepayConfigurationError, place);
        assert.doesNotThrow(make({ dangerouslyAllowBrowser: true }), place);
        assert.throws(() => new Pepay({ baseUrl }).withAuth(keys), PepayConfigurationError);
      }
      const payor = { sessionToken: "s", signature: "s", bearerToken: "b", userAccessToken: "u" };
      assert.doesNotThrow(() => new Pepay({ baseUrl, ...payor }), place);
    });
  }
  assert.doesNotThrow(() => new Pepay({ baseUrl, apiKey: "sk_test_1" }));
});

test("settings that cannot work are told at once", () => {
  const wrong = [
    {},
    { baseUrl: "" },
    { baseUrl: "pay.example.com" },
    { baseUrl: "ftp://pay.example.com" },
    { baseUrl: "https://user:secret@pay.example.com" },
    { baseUrl: "https://pay.example.com/?a=b" },
    { baseUrl, timeoutMs: 0 },
    { baseUrl, timeoutMs: Number.NaN },
    { baseUrl, timeoutMs: Infinity },
    { baseUrl, timeoutMs: "30" },
    { baseUrl, maxRetries: -1 },
    { baseUrl, maxRetries: 1_000 },
    { baseUrl, apiKey: "" },
  ];
  for (const options of wrong) {
    assert.throws(() => new Pepay(options), PepayConfigurationError, JSON.stringify(options));
  }
});

test("a key with a line break in it is refused, and not shown", () => {
  const make = () => new Pepay({ baseUrl, apiKey: "sk_test_secret\n" });
  assert.throws(make, (error) => {
    assert.ok(error instanceof PepayConfigurationError);
    return error.message.includes("apiKey") && !error.message.includes("secret");
  });
});

test("a client shows no credential to whoever prints it", async () => {
  const { inspect } = await import("node:util");
  const client = new Pepay({ baseUrl, apiKey: "sk_test_secret", signature: "sig_secret" });
  const shown = inspect(client, { depth: 9, showHidden: true }) + JSON.stringify(client);
  assert.ok(!shown.includes("secret"));
});
