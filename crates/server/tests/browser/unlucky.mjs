// Bad luck on the payment page: what comes late, what comes twice, and what is lost on the way.

import test from "node:test";
import { address, assert, choose, DESK, invoice, PHONE, phase, picture, press, simulate, visit }
  from "./harness.mjs";

const HOUR_MS = 3_600_000;
const ADDRESSES = "**/api/v1/payments/payment-addresses";

test("the network is lost and comes back", () =>
  visit(PHONE, async (page, context) => {
    const created = await invoice();
    await page.goto(address(created));
    await choose(page, "usdc", "base");
    await context.setOffline(true);
    await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
    await page.getByText("No connection. Trying again…").first().waitFor();
    await picture(page, "phone-offline");
    await simulate(created, { scenario: "exact" });
    await context.setOffline(false);
    await phase(page, "paid");
  }, { allow: /ERR_INTERNET_DISCONNECTED/ }));

test("without websockets the page asks instead", () =>
  visit(PHONE, async (page) => {
    await page.addInitScript(() => {
      window.WebSocket = class {
        constructor() {
          throw new Error("refused");
        }
      };
    });
    await page.goto(address(await invoice()));
    await choose(page, "usdc", "base");
    await press(page, "exact");
    await phase(page, "paid");
  }));

test("a clock that is wrong by an hour changes nothing", () =>
  visit(PHONE, async (page) => {
    await page.addInitScript((ms) => {
      const right = Date.now.bind(Date);
      Date.now = () => right() + ms;
    }, HOUR_MS);
    await page.goto(address(await invoice({ expires_in: HOUR_MS / 2 })));
    await choose(page, "usdc", "base");
    assert.match(await page.locator("[data-timer=invoice]").textContent(), /^(29:5\d|30:00)$/);
    assert.match(await page.locator("[data-timer=quote]").textContent(), /[45]:\d\d/);
  }));

/** Holds back what the server says about addresses until `let go` is called. */
async function heldBack(page) {
  let go;
  const gone = new Promise((done) => (go = done));
  let asked = 0;
  await page.route(ADDRESSES, async (route) => {
    asked += 1;
    const response = await route.fetch();
    await gone;
    await route.fulfill({ response });
  });
  return { go, asked: () => asked };
}

for (const [what, symbol] of [["the same", "usdc"], ["another", "usdt"]]) {
  test(`an old answer for ${what} token never asks for the whole again`, () =>
    visit(PHONE, async (page) => {
      const created = await invoice();
      await page.goto(address(created));
      await choose(page, "usdc", "base");
      await page.getByRole("button", { name: "Change" }).click();
      await phase(page, "choose");
      const held = await heldBack(page);
      await page.getByRole("searchbox").fill(`${symbol} base`);
      await page.locator(".tokens button").first().click();
      await page.waitForSelector(".tokens [aria-busy=true]");
      await simulate(created, { scenario: "under", network: "base", token_id: 1008 });
      await phase(page, "underpaid");
      held.go();
      await page.getByText("24.995 USDC").waitFor();
      await page.evaluate(() => new Promise((done) => setTimeout(done, 1000)));
      const sums = await page.locator(".value output:not(.address)").allTextContents();
      assert.deepEqual(sums, ["24.995 USDC"]);
    }));
}

test("the token that was pressed last is the one that is shown", () =>
  visit(PHONE, async (page) => {
    await page.goto(address(await invoice()));
    await phase(page, "choose");
    const held = await heldBack(page);
    await page.getByRole("button", { name: "USDC Base" }).click();
    await page.waitForSelector(".tokens [aria-busy=true]");
    await page.getByRole("button", { name: "ETH Ethereum" }).click();
    held.go();
    await phase(page, "pay");
    assert.match(await page.locator(".value output").first().textContent(), / ETH$/);
    assert.equal(held.asked(), 2);
  }));

test("a price that is renewed moves neither focus nor selection", () =>
  visit(DESK, async (page) => {
    let asked = 0;
    await page.route(ADDRESSES, async (route) => {
      asked += 1;
      const response = await route.fetch();
      const json = { ...(await response.json()), quote_expires_in_seconds: 2 };
      await route.fulfill({ response, json });
    });
    await page.goto(address(await invoice()));
    await choose(page, "usdc", "base");
    await page.getByRole("button", { name: "Copy the address" }).focus();
    const selected = await page.evaluate(() => {
      getSelection().selectAllChildren(document.querySelector("output.address"));
      return getSelection().toString();
    });
    while (asked < 3) await page.waitForResponse(ADDRESSES);
    await page.evaluate(() => new Promise((done) => setTimeout(done, 200)));
    const [label, text] = await page.evaluate(() =>
      [document.activeElement.getAttribute("aria-label"), getSelection().toString()]);
    assert.deepEqual([label, text], ["Copy the address", selected]);
  }));

test("what is half typed stays when the payment is seen", () =>
  visit(PHONE, async (page) => {
    const created = await invoice();
    await page.goto(address(created));
    await choose(page, "usdc", "base");
    await page.getByText("Receipt by e-mail").click();
    await page.getByLabel("E-mail address").pressSequentially("someone@exam");
    await simulate(created, { scenario: "exact", network: "base", token_id: 1008 });
    await phase(page, "seen");
    await page.getByLabel("E-mail address").press("x");
    assert.equal(await page.getByLabel("E-mail address").inputValue(), "someone@examx");
    await phase(page, "paid");
    await page.waitForFunction(() => document.activeElement.matches("#body h2"));
  }));

test("the time goes on while the computer sleeps", () =>
  visit(PHONE, async (page) => {
    await page.addInitScript(() => {
      const steady = performance.now.bind(performance);
      let stood = 0;
      performance.now = () => steady() - stood;
      const wall = Date.now.bind(Date);
      Date.now = () => wall() + stood;
      window.sleep = (ms) => (stood += ms / 2);
    });
    await page.goto(address(await invoice({ expires_in: HOUR_MS / 2 })));
    await choose(page, "eth", "ethereum");
    const renewed = page.waitForRequest(ADDRESSES);
    await page.evaluate((ms) => window.sleep(ms), HOUR_MS / 4);
    await renewed;
    await page.waitForFunction(() => /^(29|30):/.test(
      document.querySelector("[data-timer=invoice]").textContent));
  }));

test("a session that is over leaves nothing of the payment, one refusal does not end it", () =>
  visit(PHONE, async (page) => {
    await page.goto(address(await invoice()));
    await choose(page, "usdc", "base");
    let refusals = 1;
    await page.route("**/payment-status", (route) => {
      refusals -= 1;
      return refusals < 0 ? route.continue() : route.fulfill({ status: 403, json: {} });
    });
    const look = () => page.evaluate(() =>
      document.dispatchEvent(new Event("visibilitychange")));
    await look();
    await page.waitForResponse((response) =>
      /payment-status/.test(response.url()) && response.status() === 200);
    await phase(page, "pay");
    refusals = Infinity;
    await look();
    await phase(page, "closed");
    await picture(page, "phone-over");
    assert.equal(await page.locator("[data-timer], #summary > *").count(), 0);
    assert.equal(await page.title(), "This link does not work");
  }, { allow: /403 \(/ }));

test("a server that fails at first is asked again", () =>
  visit(PHONE, async (page) => {
    const isDown = (route) => route.fulfill({ status: 500, json: {} });
    await page.route("**/invoice-questions", isDown);
    await page.goto(address(await invoice()));
    await page.getByRole("alert").waitFor();
    await page.unroute("**/invoice-questions", isDown);
    await phase(page, "choose");
  }, { allow: /500 \(/ }));
