// The package in a real browser: a payor's checkout, streams over the browser's own websockets, and
// what it refuses to do there.
//
// Chromium is the one PEPAY_TEST_CHROMIUM names, or Debian's. The page is served from an address of
// its own, so every request to the server crosses origins as it would in a shop.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { chromium } from "playwright-core";
import { House } from "./house.mjs";
import { forPage } from "./program.mjs";

const PROGRAMS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

let house;
let pepay;
let browser;
let shop;
let shopUrl;
before(async () => {
  const executablePath = process.env.PEPAY_TEST_CHROMIUM ?? PROGRAMS.find(existsSync);
  if (!executablePath) {
    throw new Error("Chromium is missing: install Debian's package or set PEPAY_TEST_CHROMIUM");
  }
  house = await House.start();
  pepay = house.client();
  const script = await forPage(`
    import * as pepay from "pepay";
    import { showCheckout } from "./examples/browser_checkout.ts";
    Object.assign(window, { pepay, showCheckout });
  `);
  shop = createServer((request, response) => {
    const isScript = request.url === "/shop.js";
    response.writeHead(200, { "content-type": isScript ? "text/javascript" : "text/html" });
    const page = '<!doctype html><title>Shop</title><main></main><script src="/shop.js"></script>';
    response.end(isScript ? script : page);
  });
  shop.listen(0, "127.0.0.1");
  await once(shop, "listening");
  shopUrl = `http://127.0.0.1:${shop.address().port}/`;
  browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
});
after(async () => {
  await browser?.close();
  shop?.closeAllConnections();
  shop?.close();
  await house?.end();
});

/** A fresh page of the shop; whatever goes wrong on it fails the test. */
async function visit(t) {
  const page = await browser.newPage();
  t.after(() => page.close());
  const errors = [];
  page.on("pageerror", (error) => errors.push(error.message));
  await page.goto(shopUrl);
  return { page, errors };
}

/** What the server gives the page to show a checkout with. */
function checkoutOf({ session_token: sessionToken, signature }) {
  return { baseUrl: house.url, sessionToken, signature };
}

/** Runs in the page: shows a checkout, and answers how it ends or that it does not. */
async function outcome(checkout) {
  const never = new Promise((resolve) => setTimeout(() => resolve("never"), 10_000));
  return Promise.race([window.showCheckout(document.querySelector("main"), checkout), never]);
}

test("a payor pays in a page that holds no key", async (t) => {
  const { page, errors } = await visit(t);
  const invoice = await pepay.invoices.create({ amount_usd: 7.5 });
  await page.evaluate((checkout) => {
    window.done = window.showCheckout(document.querySelector("main"), checkout);
  }, checkoutOf(invoice));
  await page.getByText("$7.5").waitFor();
  await page.getByLabel("Pay with").selectOption({ label: "USDC on base" });
  await page.locator("#address").filter({ hasText: /^0x/ }).waitFor();
  const to = await page.locator("#address").textContent();
  const [amount] = (await page.locator("#amount").textContent()).split(" ");
  const token_id = Number(await page.getByLabel("Pay with").inputValue());
  await pepay.devnet.chain.transfer("base", { to, amount, token_id });
  assert.equal(await page.evaluate(() => window.done), "paid");
  assert.equal(await page.getByRole("status").textContent(), "paid");
  assert.deepEqual(errors, []);
  const storage = await page.evaluate(() => [
    localStorage.length,
    sessionStorage.length,
    document.cookie,
  ]);
  assert.deepEqual(storage, [0, 0, ""]);
});

test("a checkout ends at once of an invoice that was final before", async (t) => {
  const { page, errors } = await visit(t);
  const invoice = await pepay.invoices.create({ amount_usd: 1 });
  await pepay.invoices.cancel(invoice.invoice_id);
  assert.equal(await page.evaluate(outcome, checkoutOf(invoice)), "canceled");
  assert.equal(await page.getByRole("status").textContent(), "canceled");
  assert.deepEqual(errors, []);
});

test("a checkout hears of what happened while it was drawn", async (t) => {
  const { page, errors } = await visit(t);
  const invoice = await pepay.invoices.create({ amount_usd: 1 });
  // The tokens are the last thing asked for before the stream: the invoice ends on their way.
  await page.route("**/available-tokens*", async (route) => {
    const response = await route.fetch();
    await pepay.invoices.cancel(invoice.invoice_id);
    await route.fulfill({ response });
  });
  assert.equal(await page.evaluate(outcome, checkoutOf(invoice)), "canceled");
  assert.equal(await page.getByRole("status").textContent(), "canceled");
  assert.deepEqual(errors, []);
});

test("server keys are refused in the page, whichever they are", async (t) => {
  const { page } = await visit(t);
  const refused = await page.evaluate(() =>
    ["apiKey", "commerceApiKey"].map((name) => {
      try {
        new window.pepay.Pepay({ baseUrl: "http://127.0.0.1:1", [name]: "sk_test_1" });
        return "accepted";
      } catch (error) {
        return error.name;
      }
    }),
  );
  assert.deepEqual(refused, ["PepayConfigurationError", "PepayConfigurationError"]);
});

test("a page follows a merchant's stream with a token and no key, through a restart", async (t) => {
  const { page, errors } = await visit(t);
  await page.exposeFunction("mint", async () => {
    return (await pepay.ws.token.mint({ scope: "merchant" })).data.token;
  });
  await page.evaluate((baseUrl) => {
    const { Pepay } = window.pepay;
    const stream = new Pepay({ baseUrl }).ws.connectMerchantEvents({
      token: () => window.mint(),
      types: "invoice.created",
      silenceTimeoutMs: 1_000_000,
    });
    window.heard = [];
    window.isReady = new Promise((resolve) => {
      stream.on("control", ({ type }) => type === "ready" && resolve());
    });
    window.isBack = new Promise((resolve) => {
      let count = 0;
      stream.on("control", ({ type }) => type === "ready" && ++count === 2 && resolve());
    });
    stream.on("event", ({ data }) => window.heard.push(data.object.id));
  }, house.url);
  await page.evaluate(() => window.isReady);
  const made = [];
  const make = async () => made.push((await pepay.invoices.create({ amount_usd: 1 })).invoice_id);
  await make();
  await house.shut("SIGKILL");
  await house.open();
  await make();
  await page.evaluate(() => window.isBack);
  await make();
  await page.waitForFunction((count) => window.heard.length >= count, made.length);
  assert.deepEqual(await page.evaluate(() => window.heard), made);
  assert.deepEqual(errors, []);
});

test("errors, the verifier and idempotency keys work in a page too", async (t) => {
  const { page } = await visit(t);
  const invoice = await pepay.invoices.create({ amount_usd: 1 });
  const given = { baseUrl: house.url, sessionToken: invoice.session_token, signature: "0.1" };
  const error = await page.evaluate(async (given) => {
    const client = new window.pepay.Pepay(given);
    const error = await client.paymentSessions.setCustomerEmail({ email: "a@b.c" }).catch((e) => e);
    const { name, status, code, requestId } = error;
    return { name, status, code, isTold: typeof requestId === "string" };
  }, given);
  assert.deepEqual(error.isTold, true);
  assert.ok(error.status === 401 || error.status === 403, JSON.stringify(error));
  const verdict = await page.evaluate(() =>
    window.pepay
      .createWebhookVerifier({
        secrets: ["whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="],
        now: () => 1_766_320_496_123,
      })
      .verify({
        rawBody: '{"test": 2432232314}',
        headers: {
          "x-pepay-timestamp": "1766320496123",
          "x-pepay-signature": "b2dbcb272190b2b1470358201c674421b64972e971f5d42744d4e47cf0eb56f3",
        },
      }),
  );
  assert.equal(verdict.valid, true);
});
