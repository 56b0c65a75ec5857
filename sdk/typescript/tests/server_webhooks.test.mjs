// The verifier and the scheme's own package against the same deliveries of the real server.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { createWebhookVerifier } from "pepay";
import { Webhook } from "standardwebhooks";
import { House } from "./house.mjs";

/** Receives deliveries; hands them out one by one, in the order in which they came. */
class Receiver {
  #server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const delivery = { headers: request.headers, rawBody: Buffer.concat(chunks) };
    const takes = this.#takers.shift();
    if (takes) takes(delivery);
    else this.#waiting.push(delivery);
    response.end("{}");
  });
  #waiting = [];
  #takers = [];

  static async start() {
    const receiver = new Receiver();
    receiver.#server.listen(0, "127.0.0.1");
    await once(receiver.#server, "listening");
    receiver.url = `http://127.0.0.1:${receiver.#server.address().port}/hook`;
    return receiver;
  }

  /** The next delivery of an event of this type. */
  async next(type) {
    while (true) {
      const delivery =
        this.#waiting.shift() ?? (await new Promise((resolve) => this.#takers.push(resolve)));
      if (delivery.headers["x-pepay-event"] === type) return delivery;
    }
  }

  end() {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

let house;
let pepay;
let receiver;
before(async () => {
  house = await House.start();
  pepay = house.client();
  receiver = await Receiver.start();
});
after(async () => {
  receiver?.end();
  await house?.end();
});

/** The same delivery with one of its two schemes only. */
function only(delivery, pattern) {
  const entries = Object.entries(delivery.headers).filter(([name]) => pattern.test(name));
  return { ...delivery, headers: Object.fromEntries(entries) };
}

test("a delivery verifies by both schemes, and is the event that REST has", async () => {
  const endpoint = await pepay.webhooks.create({
    url: receiver.url,
    enabled_events: ["invoice.*"],
  });
  const invoice = await pepay.invoices.create({ amount_usd: 1, description: "Größe 😀" });
  const delivery = await receiver.next("invoice.created");
  const verifier = createWebhookVerifier({ secrets: [endpoint.secret] });
  for (const given of [delivery, only(delivery, /^x-pepay-/), only(delivery, /^webhook-/)]) {
    const verdict = await verifier.verify(given);
    assert.equal(verdict.reason, null);
    assert.equal(verdict.event.data.object.id, invoice.invoice_id);
  }
  const { event } = await verifier.verify(delivery);
  assert.deepEqual((await pepay.events.retrieve(event.id)).data, event);
  // The scheme's own package reads the same.
  const text = delivery.rawBody.toString();
  assert.deepEqual(new Webhook(endpoint.secret).verify(text, delivery.headers), event);

  const forged = Buffer.from(delivery.rawBody);
  forged[forged.length - 2] ^= 1;
  const refused = await verifier.verify({ ...delivery, rawBody: forged });
  assert.equal(refused.reason, "invalid_signature");
  const other = createWebhookVerifier({ secrets: ["whsec_b3RoZXI="] });
  assert.equal((await other.verify(delivery)).reason, "invalid_signature");
  await pepay.webhooks.delete(endpoint.id);
});

test("while a secret is rotated, the old one and the new one both verify", async () => {
  const endpoint = await pepay.webhooks.create({
    url: receiver.url,
    enabled_events: ["test.ping"],
  });
  const rotated = await pepay.webhooks.rotateSecret(endpoint.id, { overlap_seconds: 3_600 });
  assert.notEqual(rotated.secret, endpoint.secret);
  await pepay.webhooks.test(endpoint.id);
  const delivery = await receiver.next("test.ping");
  assert.ok(delivery.headers["x-pepay-signature-previous"]);
  for (const secrets of [[endpoint.secret], [rotated.secret], [rotated.secret, endpoint.secret]]) {
    const verifier = createWebhookVerifier({ secrets });
    for (const pattern of [/^x-pepay-/, /^webhook-/]) {
      assert.equal((await verifier.verify(only(delivery, pattern))).reason, null);
    }
  }
  const ended = await pepay.webhooks.rotateSecret(endpoint.id, { overlap_seconds: 0 });
  await pepay.webhooks.test(endpoint.id);
  const after = await receiver.next("test.ping");
  const old = createWebhookVerifier({ secrets: [endpoint.secret, rotated.secret] });
  assert.equal((await old.verify(after)).reason, "invalid_signature");
  const current = createWebhookVerifier({ secrets: [ended.secret] });
  assert.equal((await current.verify(after)).reason, null);
  await pepay.webhooks.delete(endpoint.id);
});

test("deliveries are listed, read and sent again", async () => {
  const endpoint = await pepay.webhooks.create({
    url: receiver.url,
    enabled_events: ["test.ping"],
  });
  await pepay.webhooks.test(endpoint.id);
  await receiver.next("test.ping");
  const [delivery] = await pepay.webhooks.listDeliveries(endpoint.id).toArray({ limit: 5 });
  await pepay.webhooks.resendDelivery(delivery.id);
  const again = await receiver.next("test.ping");
  const verdict = await createWebhookVerifier({ secrets: [endpoint.secret] }).verify(again);
  assert.equal(verdict.event.id, delivery.event_id);
  assert.equal((await pepay.webhooks.retrieveDelivery(delivery.id)).id, delivery.id);
  const changed = await pepay.webhooks.update(endpoint.id, { description: "mine" });
  assert.equal(changed.description, "mine");
});
