// Paying from a wallet in the browser: what it is asked, how often, and what it makes of that.

import test from "node:test";
import { address, assert, choose, invoice, PHONE, phase, press, simulate, visit } from
  "./harness.mjs";

/** A wallet as extensions announce themselves, which does what `mode` says. */
const wallet = (mode) => {
  const asked = (window.askedOfWallet = []);
  let chain = "0x1";
  const provider = {
    async request({ method, params }) {
      asked.push({ method, params });
      const refuse = (code) => Promise.reject(Object.assign(new Error("no"), { code }));
      if (method === "eth_requestAccounts") {
        if (mode === "hangs") return new Promise(() => {});
        if (mode === "rejects") return refuse(4001);
        return ["0x1111111111111111111111111111111111111111"];
      }
      if (method === "eth_chainId") return chain;
      if (method === "wallet_switchEthereumChain") {
        if (mode === "stays") return null;
        chain = params[0].chainId;
        return null;
      }
      return "0xhash";
    },
  };
  const detail = Object.freeze({ provider,
    info: { uuid: "1", name: "Test Wallet", icon: "javascript:alert(1)", rdns: "test" } });
  const announce = () =>
    window.dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail }));
  window.addEventListener("eip6963:requestProvider", announce);
};

for (const [mode, said] of [
  ["sends", "Sent. Waiting until the network shows it."],
  ["rejects", "You declined in the wallet. Nothing was sent."],
  ["stays", "Switch Test Wallet to Base and try again."],
]) {
  test(`a wallet that ${mode}`, () =>
    visit(PHONE, async (page) => {
      await page.addInitScript(wallet, mode);
      await page.goto(address(await invoice()));
      await choose(page, "usdc", "base");
      const to = await page.locator("output.address").textContent();
      await page.getByRole("button", { name: "Pay with Test Wallet" }).click();
      await page.getByText(said).first().waitFor();
      const asked = await page.evaluate(() => window.askedOfWallet);
      const sent = asked.filter(({ method }) => method === "eth_sendTransaction");
      assert.equal(sent.length, mode === "sends" ? 1 : 0);
      if (mode !== "sends") return;
      const [{ from, to: contract, value, data }] = sent[0].params;
      const amount = (49_990_000n).toString(16).padStart(64, "0");
      const word = to.slice(2).toLowerCase().padStart(64, "0");
      assert.equal(from, "0x1111111111111111111111111111111111111111");
      assert.equal(contract.toLowerCase(), "0x036cbd53842c5426634e7929541ec2318f3dcf7e");
      assert.deepEqual([value, data], ["0x0", `0xa9059cbb${word}${amount}`]);
    }));
}

test("a wallet that hangs is not waited for", () =>
  visit(PHONE, async (page) => {
    await page.addInitScript(wallet, "hangs");
    await page.goto(address(await invoice()));
    await choose(page, "eth", "base");
    const pay = page.getByRole("button", { name: "Pay with Test Wallet" });
    await pay.click();
    assert.ok(await pay.isDisabled());
    await page.getByRole("button", { name: "Stop waiting" }).click();
    await page.waitForFunction(() =>
      [...document.querySelectorAll("button")].some((button) =>
        /Pay with Test/.test(button.textContent) && !button.disabled));
  }));

test("a wallet that sent is not asked again until the payor says so", () =>
  visit(PHONE, async (page) => {
    await page.addInitScript(wallet, "sends");
    const created = await invoice();
    await page.goto(address(created));
    await choose(page, "usdc", "base");
    const pay = page.getByRole("button", { name: "Pay with Test Wallet" });
    await pay.click();
    await page.locator("#body").getByText("Sent. Waiting until the network shows it.").waitFor();
    assert.ok(await pay.isDisabled());
    await pay.click({ force: true });
    const sent = () => page.evaluate(() =>
      window.askedOfWallet.filter(({ method }) => method === "eth_sendTransaction").length);
    assert.equal(await sent(), 1);
    await page.locator(".buttons").getByRole("button", { name: "Try again" }).click();
    await pay.click();
    await page.locator("#body").getByText("Sent. Waiting until the network shows it.").waitFor();
    assert.equal(await sent(), 2);
    await press(page, "under");
    await phase(page, "underpaid");
    await page.waitForFunction(() =>
      [...document.querySelectorAll("button")].some((button) =>
        /Pay with Test/.test(button.textContent) && !button.disabled));
  }));

test("while a wallet asks, the price stays and no second request opens", () =>
  visit(PHONE, async (page) => {
    await page.addInitScript(wallet, "hangs");
    let asked = 0;
    await page.route("**/api/v1/payments/payment-addresses", async (route) => {
      asked += 1;
      const response = await route.fetch();
      const json = { ...(await response.json()), quote_expires_in_seconds: 2 };
      await route.fulfill({ response, json });
    });
    await page.goto(address(await invoice()));
    await choose(page, "eth", "base");
    const pay = page.getByRole("button", { name: "Pay with Test Wallet" });
    await pay.click();
    const before = asked;
    await page.waitForTimeout(4_000);
    assert.equal(asked, before);
    assert.ok(await pay.isDisabled());
    await page.getByRole("button", { name: "Stop waiting" }).click();
    await page.waitForResponse("**/api/v1/payments/payment-addresses");
    await pay.click();
    const requests = await page.evaluate(() => window.askedOfWallet.length);
    assert.equal(requests, 2);
  }));

const SOLANA_PAYER = "oeYf6KAJkLYhBuR8CiGc6L4D4Xtfepr85fuDgA9kq96";

/** A wallet of Solana as extensions announce themselves; `early` speaks before the page. */
const solanaWallet = ({ mode, payer }) => {
  const asked = (window.askedOfWallet = []);
  const account = { address: payer, publicKey: new Uint8Array(32), features: [],
    chains: [mode === "is elsewhere" ? "solana:mainnet" : "solana:devnet"] };
  const wallet = {
    version: "1.0.0", name: "Sun Wallet", icon: "javascript:alert(1)",
    chains: account.chains, accounts: [],
    features: {
      "standard:connect": { version: "1.0.0", async connect() {
        asked.push({ method: "connect" });
        if (mode === "hangs") return new Promise(() => {});
        if (mode === "rejects") throw new Error("User rejected the request.");
        return { accounts: [account] };
      } },
      "solana:signAndSendTransaction": { version: "1.0.0", supportedTransactionVersions: ["legacy"],
        async signAndSendTransaction({ account, chain, transaction }) {
          asked.push({ method: "send", address: account.address, chain, bytes: [...transaction] });
          return [{ signature: new Uint8Array(64) }];
        } },
    },
  };
  const announce = (page) => page.register(wallet);
  window.addEventListener("wallet-standard:app-ready", ({ detail }) => announce(detail));
  window.dispatchEvent(
    new CustomEvent("wallet-standard:register-wallet", { detail: announce }));
};

/**
 * A devnet that is simulated has no node: what one would make of a payment is put in here. The
 * server's own answers are tested where there is a node, in tests/networks.
 */
async function withNode(page, change = {}) {
  let offer;
  const asked = [];
  await page.route("**/api/v1/payments/payment-addresses", async (route) => {
    const response = await route.fetch();
    offer = { ...(await response.json()), wallet_chain: "solana:devnet" };
    await route.fulfill({ response, json: offer });
  });
  await page.route("**/api/v1/payments/solana-transaction", async (route) => {
    asked.push(route.request().postDataJSON());
    await route.fulfill({ json: { transaction: "AQIDBA==", chain: "solana:devnet",
      last_valid_block_height: 1, amount: offer.estimated_token_amount,
      temp_address: offer.temp_address, supported_token_id: offer.supported_token_id,
      ...change } });
  });
  return asked;
}

for (const [mode, said, change] of [
  ["sends", "Sent. Waiting until the network shows it."],
  ["rejects", "You declined in the wallet. Nothing was sent."],
  ["is elsewhere", "Switch Sun Wallet to Solana and try again."],
  ["is handed another amount", "The wallet could not send it. You can still pay to the address.",
    { amount: "4999" }],
]) {
  test(`a wallet of Solana that ${mode}`, () =>
    visit(PHONE, async (page) => {
      await page.addInitScript(solanaWallet, { mode, payer: SOLANA_PAYER });
      const composed = await withNode(page, change);
      await page.goto(address(await invoice()));
      await choose(page, "usdc", "solana");
      await page.getByRole("button", { name: "Pay with Sun Wallet" }).click();
      await page.getByText(said).first().waitFor();
      const asked = await page.evaluate(() => window.askedOfWallet);
      const sent = asked.filter(({ method }) => method === "send");
      assert.equal(sent.length, mode === "sends" ? 1 : 0);
      await phase(page, "pay");
      if (mode !== "sends") return;
      assert.deepEqual(composed.map(({ payer }) => payer), [SOLANA_PAYER]);
      assert.deepEqual(sent, [{ method: "send", address: SOLANA_PAYER, chain: "solana:devnet",
        bytes: [1, 2, 3, 4] }]);
    }));
}

test("a wallet of Solana that hangs is not waited for, and without a node there is none", () =>
  visit(PHONE, async (page) => {
    await page.addInitScript(solanaWallet, { mode: "hangs", payer: SOLANA_PAYER });
    const created = await invoice();
    await page.goto(address(created));
    await choose(page, "usdc", "solana");
    await page.getByRole("link", { name: "Open in a wallet" }).waitFor();
    assert.equal(await page.getByRole("button", { name: "Pay with Sun Wallet" }).count(), 0);
    await withNode(page);
    await page.goto(address(created));
    await choose(page, "usdc", "solana");
    const pay = page.getByRole("button", { name: "Pay with Sun Wallet" });
    await pay.click();
    await page.getByRole("button", { name: "Stop waiting" }).click();
    await page.waitForFunction(() =>
      [...document.querySelectorAll("button")].some((button) =>
        /Pay with Sun/.test(button.textContent) && !button.disabled));
  }));
