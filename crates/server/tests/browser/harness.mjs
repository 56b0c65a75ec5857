// What every test of the pages needs: a browser, invoices, pictures, and an eye on what no page may
// do: run into an error, break its own policy, or talk to another host.
//
// PAGES_URL, PAGES_KEY: the server and a merchant's devnet key. PAGES_EMAIL, PAGES_PASSWORD: its
// owner. PAGES_SHOTS: where pictures go. PAGES_MODULES: the installed packages. PAGES_CHROMIUM: the
// browser.

import assert from "node:assert/strict";
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const { PAGES_URL: base, PAGES_KEY: key, PAGES_SHOTS: shots, PAGES_CHROMIUM } = process.env;
const require = createRequire(path.join(process.env.PAGES_MODULES, "packages.cjs"));
const { chromium } = require("playwright-core");
const axe = require.resolve("axe-core/axe.min.js");

export const PHONE = { viewport: { width: 390, height: 844 } };
export const DESK = { viewport: { width: 1280, height: 900 } };
export const DARK = { colorScheme: "dark" };
const WAIT_MS = 30_000;

export { assert, base };

export const browser = await chromium.launch({
  executablePath: PAGES_CHROMIUM,
  args: ["--no-sandbox", "--disable-dev-shm-usage"],
});

export async function api(method, path, body, headers = {}) {
  const response = await fetch(base + path, {
    method,
    headers: {
      ...(headers.authorization ? {} : { "x-api-key": key }),
      "content-type": "application/json",
      ...headers,
    },
    body: body && JSON.stringify(body),
  });
  const answer = await response.json();
  assert.ok(response.ok, `${method} ${path}: ${JSON.stringify(answer)}`);
  return answer;
}

export const invoice = (extra = {}) =>
  api("POST", "/api/v1/invoices", { amount_usd: 49.99, description: "Two bags of tea", ...extra });

/** The headers of the merchant's owner, who may change his profile. */
export async function owner() {
  const { PAGES_EMAIL: email, PAGES_PASSWORD: password } = process.env;
  const { access_token: token } = await api("POST", "/api/auth/sign-in", { email, password });
  return { authorization: `Bearer ${token}` };
}

/** Does to an invoice what the simulate drawer does, from outside the page. */
export const simulate = (created, body) =>
  api("POST", "/api/v1/payments/simulate", body, created.payment_session_headers);

/** The address of an invoice's page on the server under test. */
export function address(created, more = "") {
  const url = new URL(created.payment_url);
  return base + url.pathname + url.search + more;
}

export async function picture(page, name) {
  fs.mkdirSync(shots, { recursive: true });
  await page.screenshot({ path: path.join(shots, `${name}.png`), fullPage: true });
}

/** Something measured, kept beside the pictures. */
export function artifact(name, told) {
  fs.mkdirSync(shots, { recursive: true });
  fs.writeFileSync(path.join(shots, name), `${JSON.stringify(told, null, 2)}\n`);
}

/**
 * A fresh browser with a page that is watched. `allow` names errors of the console that the test
 * brings about itself.
 */
export async function visit(options, act, { allow = /(?!)/, hosts = [] } = {}) {
  const context = await browser.newContext({ locale: "en-US", ...options });
  const wrong = [];
  const watch = (page) => {
    page.setDefaultTimeout(WAIT_MS);
    page.on("console", (message) => {
      const isBad = ["error", "warning"].includes(message.type());
      if (isBad && !allow.test(message.text())) wrong.push(message.text());
    });
    page.on("pageerror", (error) => wrong.push(String(error.stack)));
    page.on("dialog", (dialog) => {
      wrong.push(`a dialog: ${dialog.message()}`);
      dialog.dismiss();
    });
    page.on("request", (request) => {
      const { protocol, origin } = new URL(request.url());
      const isOurs = protocol === "data:" || [base, ...hosts].includes(origin);
      if (!isOurs && request.resourceType() !== "document") wrong.push(`asked ${origin}`);
    });
  };
  context.on("page", watch);
  const page = await context.newPage();
  try {
    await act(page, context);
    assert.deepEqual(wrong, []);
  } catch (error) {
    await picture(page, `failed-${Date.now()}`).catch(() => {});
    throw error;
  } finally {
    await context.close();
  }
}

export const phase = (page, name) => page.waitForSelector(`#main[data-phase="${name}"]`);

/** Opens a token's address as a payor does. */
export async function choose(page, symbol, network) {
  await phase(page, "choose");
  await page.getByRole("searchbox").fill(`${symbol} ${network}`);
  await page.locator(".tokens button").first().click();
  await phase(page, "pay");
  // What is paid is what was meant, not what the search happened to put first.
  const sum = await page.locator(".value output").first().textContent();
  assert.equal(sum.split(" ").at(-1), symbol.toUpperCase());
}

export async function press(page, scenario) {
  await page.locator("details.simulate").evaluate((drawer) => (drawer.open = true));
  await page.click(`[data-scenario="${scenario}"]`);
}

/** Nothing serious for people who see, hear or move differently. */
export async function accessible(page) {
  // The page's own policy admits no foreign script; the debugger's way in is not asked.
  await page.evaluate(fs.readFileSync(axe, "utf8"));
  const { violations } = await page.evaluate(() => window.axe.run());
  const serious = violations.filter(({ impact }) => ["serious", "critical"].includes(impact));
  const said = serious.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`);
  assert.deepEqual(said, []);
}
