// The payment inside another page: by its button, inline, and with a page around that lies.

import http from "node:http";
import test, { after } from "node:test";
import { accessible, address, api, assert, base, browser, DESK, invoice, owner, phase, picture,
  press, visit } from "./harness.mjs";

const pages = new Map();
const shop = http.createServer((request, response) => {
  response.setHeader("content-type", "text/html; charset=utf-8");
  response.end(pages.get(new URL(request.url, "http://shop").pathname) ?? "");
});
await new Promise((done) => shop.listen(0, "127.0.0.1", done));
const origin = `http://localhost:${shop.address().port}`;
const stranger = `http://127.0.0.1:${shop.address().port}`;
await api("PATCH", "/api/v1/merchant/profile", { embed_origins: [origin] }, await owner());

after(async () => {
  shop.close();
  await browser.close();
});

const heard = `<script>window.heard = [];
  for (const type of ["pepay:status", "pepay:paid", "pepay:close"]) {
    addEventListener(type, (event) => heard.push([type, event.detail.status]), true);
  }</script>`;
const escape = (text) => text.replace(/&/g, "&amp;").replace(/"/g, "&quot;");

function page(path, body) {
  pages.set(path, `<!doctype html><html lang="en"><title>Shop</title><body><h1>Shop</h1>${heard}
    ${body}<script src="${base}/embed.js" defer></script>`);
  return path;
}

const open = { hosts: [origin, stranger] };

test("a button opens the payment, and the page hears of it", () =>
  visit(DESK, async (tab) => {
    const created = await invoice();
    const path = page("/button",
      `<form action="/sent"><button data-pepay="${escape(address(created))}">Pay</button></form>`);
    await tab.goto(origin + path);
    await tab.getByRole("button", { name: "Pay", exact: true }).dblclick();
    const frame = await (await tab.waitForSelector("dialog iframe")).contentFrame();
    await phase(frame, "choose");
    assert.equal(await tab.locator("dialog").count(), 1);
    assert.equal(new URL(tab.url()).pathname, "/button", "the form around it is not sent");
    const isOne = await tab.evaluate((url) => Pepay.open(url, null) === Pepay.open(url, null),
      address(created));
    assert.ok(isOne && (await tab.locator("dialog").count()) === 1, "one payment at a time");
    await picture(tab, "embed-modal");
    await accessible(tab);
    await frame.locator(".tokens button").first().click();
    await phase(frame, "pay");
    await press(frame, "exact");
    await phase(frame, "paid");
    await tab.waitForFunction(() => heard.some(([type]) => type === "pepay:paid"));
    await tab.locator("dialog > div").evaluate((box) => (box.scrollTop = box.scrollHeight));
    await tab.getByRole("button", { name: "Close" }).click();
    await tab.waitForFunction(() => heard.some(([type]) => type === "pepay:close"));
    assert.equal(await tab.locator("dialog").count(), 0);
  }, open));

test("inline it takes the height it needs, and forged messages are not heard", () =>
  visit(DESK, async (tab) => {
    const created = await invoice();
    const path = page("/inline", `<div data-pepay-inline="${escape(address(created))}"></div>`);
    await tab.goto(origin + path);
    const element = await tab.waitForSelector("iframe");
    const frame = await element.contentFrame();
    await phase(frame, "choose");
    await tab.waitForFunction(() => document.querySelector("iframe").clientHeight !== 640);
    await picture(tab, "embed-inline");
    const forged = { source: "pepay", version: 1, type: "paid", status: "paid" };
    await tab.evaluate((data) => window.postMessage(data, "*"), forged);
    await tab.evaluate(() => new Promise((done) => setTimeout(done)));
    assert.ok(!(await tab.evaluate(() => heard.some(([type]) => type === "pepay:paid"))));
  }, open));

test("in another language the page around still hears", () =>
  visit(DESK, async (tab) => {
    const created = await invoice();
    const path = page("/language", `<div data-pepay-inline="${escape(address(created))}"></div>`);
    await tab.goto(origin + path);
    const frame = await (await tab.waitForSelector("iframe")).contentFrame();
    await phase(frame, "choose");
    await frame.getByRole("button", { name: "USDC Base" }).click();
    await phase(frame, "pay");
    await frame.selectOption("select[name=lang]", "de");
    await frame.waitForSelector("html[lang=de]");
    await phase(frame, "pay");
    await press(frame, "exact");
    await phase(frame, "paid");
    await tab.waitForFunction(() => heard.some(([type]) => type === "pepay:paid"));
  }, open));

test("a page that the merchant did not name cannot frame the payment", () =>
  visit(DESK, async (tab) => {
    const created = await invoice();
    const path = page("/stranger", `<div data-pepay-inline="${escape(address(created))}"></div>`);
    const isRefusal = (message) => /frame-ancestors/.test(message.text());
    const refused = tab.waitForEvent("console", isRefusal);
    await tab.goto(stranger + path);
    await refused;
    const frame = await (await tab.waitForSelector("iframe")).contentFrame();
    assert.equal(await frame.locator("#main").count(), 0);
  }, { ...open, allow: /frame|Refused|violates|Content Security/i }));

test("the loader frames payments of its own server only", () =>
  visit(DESK, async (tab) => {
    await tab.goto(origin + page("/foreign", "<div id=place></div>"));
    await tab.waitForFunction(() => window.Pepay);
    const said = await tab.evaluate(() => {
      try {
        Pepay.mount(document.getElementById("place"), "https://evil.example/pay");
        return "mounted";
      } catch (error) {
        return error.message;
      }
    });
    assert.match(said, /another origin/);
  }, open));
