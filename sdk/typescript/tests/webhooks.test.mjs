// The verifier against deliveries that are genuine, and against everything a stranger could try.
//
// The expected signatures of the first test are the ones the server's own tests expect, computed by
// neither of the two; `standardwebhooks` is the scheme's own package, in both directions.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { createWebhookVerifier } from "pepay";
import { Webhook } from "standardwebhooks";

const OLD = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const NEW = "whsec_HxwbGhkYFxYVFBMSERAPDg0MCwoJCAcGBQQDAgEAEBE=";
const NOW = 1_766_320_496_123;
const BODY = '{"test": 2432232314}';
const PEPAY = "b2dbcb272190b2b1470358201c674421b64972e971f5d42744d4e47cf0eb56f3";
const STANDARD = "v1,WWLSCnCNOWy6vWNxZELElT4iNYV+gOuwuwx1SulpP0I=";
const OWN = { "x-pepay-timestamp": String(NOW), "x-pepay-signature": PEPAY };
const FOREIGN = {
  "webhook-id": "evt_1-2",
  "webhook-timestamp": "1766320496",
  "webhook-signature": STANDARD,
};

function verifier(secrets = [OLD], options = {}) {
  return createWebhookVerifier({ secrets, now: () => NOW, ...options });
}

function signed(secret, body, at = NOW) {
  return createHmac("sha256", secret).update(`${at}.`).update(body).digest("hex");
}

async function reasonOf(delivery, ...given) {
  const verdict = await verifier(...given).verify(delivery);
  assert.equal(verdict.valid, verdict.reason === null);
  if (!verdict.valid) assert.equal(verdict.event, null);
  return verdict.reason;
}

test("both schemes verify what the server signs", async () => {
  for (const headers of [OWN, FOREIGN, { ...OWN, ...FOREIGN }]) {
    const verdict = await verifier().verify({ rawBody: BODY, headers });
    assert.deepEqual(verdict, { valid: true, reason: null, event: { test: 2432232314 } });
  }
});

test("headers may come as anybody writes them, and bodies as text or bytes", async () => {
  const loud = Object.fromEntries(
    Object.entries(OWN).map(([name, value]) => [name.toUpperCase(), [value]]),
  );
  const bytes = new TextEncoder().encode(BODY);
  for (const headers of [OWN, new Headers(OWN), loud]) {
    for (const rawBody of [BODY, bytes, bytes.buffer, Buffer.from(BODY)]) {
      assert.equal(await reasonOf({ rawBody, headers }), null);
    }
  }
});

test("a changed body, time, id or signature is refused", async () => {
  const cases = [
    [{ rawBody: `${BODY} `, headers: OWN }],
    [{ rawBody: BODY, headers: { ...OWN, "x-pepay-timestamp": String(NOW + 1) } }],
    [{ rawBody: BODY, headers: { ...OWN, "x-pepay-signature": PEPAY.replace("b", "c") } }],
    [{ rawBody: BODY, headers: { ...OWN, "x-pepay-signature": PEPAY.slice(0, -2) } }],
    [{ rawBody: BODY, headers: { ...OWN, "x-pepay-signature": `${PEPAY}00` } }],
    [{ rawBody: BODY, headers: { ...OWN, "x-pepay-signature": "nonsense" } }],
    [{ rawBody: BODY, headers: { ...OWN, "x-pepay-signature": "0".repeat(64) } }],
    [{ rawBody: BODY, headers: { ...FOREIGN, "webhook-id": "evt_1-3" } }],
    [{ rawBody: BODY, headers: { ...FOREIGN, "webhook-timestamp": "1766320497" } }],
    [{ rawBody: BODY, headers: { ...FOREIGN, "webhook-signature": "v1,AAAA" } }],
    [{ rawBody: BODY, headers: { ...FOREIGN, "webhook-signature": "v1,*" } }],
    [{ rawBody: BODY, headers: { ...FOREIGN, "webhook-signature": STANDARD.slice(3) } }],
    [{ rawBody: BODY, headers: OWN }, [NEW]],
    [{ rawBody: BODY, headers: FOREIGN }, [NEW]],
  ];
  for (const [delivery, secrets] of cases) {
    assert.equal(await reasonOf(delivery, secrets), "invalid_signature", JSON.stringify(delivery));
  }
});

test("a genuine signature of the other scheme does not carry a forged one", async () => {
  const headers = { ...FOREIGN, ...OWN, "x-pepay-signature": "0".repeat(64) };
  assert.equal(await reasonOf({ rawBody: BODY, headers }), "invalid_signature");
});

test("an empty signature is no signature", async () => {
  for (const headers of [
    { ...OWN, "x-pepay-signature": "" },
    { ...OWN, "x-pepay-timestamp": "" },
    { ...OWN, "x-pepay-timestamp": "1e12" },
    { ...OWN, "x-pepay-timestamp": "-5" },
    { ...FOREIGN, "webhook-signature": undefined },
    { ...FOREIGN, "webhook-id": undefined },
    {},
  ]) {
    assert.equal(await reasonOf({ rawBody: BODY, headers }), "missing_headers");
  }
});

test("what is too old, or too far ahead, is refused whoever signed it", async () => {
  const minutes = 60_000;
  for (const [ms, reason] of [
    [5 * minutes, null],
    [5 * minutes + 1, "timestamp_out_of_range"],
    [-5 * minutes, null],
    [-5 * minutes - 1, "timestamp_out_of_range"],
  ]) {
    const now = () => NOW + ms;
    assert.equal(await reasonOf({ rawBody: BODY, headers: OWN }, [OLD], { now }), reason);
  }
  const now = () => NOW + 2;
  const tight = { now, toleranceMs: 1 };
  const delivery = { rawBody: BODY, headers: OWN };
  assert.equal(await reasonOf(delivery, [OLD], tight), "timestamp_out_of_range");
  const foreign = { rawBody: BODY, headers: FOREIGN };
  const late = { now: () => NOW + 6 * minutes };
  assert.equal(await reasonOf(foreign, [OLD], late), "timestamp_out_of_range");
});

test("a rotation loses nothing, on whichever side it has arrived first", async () => {
  const rotated = {
    ...OWN,
    "x-pepay-signature": signed(NEW, BODY),
    "x-pepay-signature-previous": signed(OLD, BODY),
  };
  const { "webhook-id": id } = FOREIGN;
  const both = [NEW, OLD].map((secret) => new Webhook(secret).sign(id, new Date(NOW), BODY));
  const standard = { ...FOREIGN, "webhook-signature": both.join(" ") };
  for (const headers of [rotated, standard]) {
    for (const secrets of [[OLD], [NEW], [OLD, NEW], [NEW, OLD]]) {
      assert.equal(await reasonOf({ rawBody: BODY, headers }, secrets), null);
    }
    const other = ["whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="];
    assert.equal(await reasonOf({ rawBody: BODY, headers }, other), "invalid_signature");
  }
  assert.equal(await reasonOf({ rawBody: BODY, headers: OWN }, [NEW, OLD]), null);
});

test("what the scheme's own package signs we verify, and what we verify it does too", async () => {
  const webhook = new Webhook(OLD);
  const at = new Date();
  const headers = {
    "webhook-id": "msg_1",
    "webhook-timestamp": String(Math.floor(at / 1000)),
    "webhook-signature": webhook.sign("msg_1", at, BODY),
  };
  const now = () => at.getTime();
  assert.equal(await reasonOf({ rawBody: BODY, headers }, [OLD], { now }), null);
  assert.deepEqual(webhook.verify(BODY, headers), JSON.parse(BODY));
});

test("letters of every language are signed as the bytes they are", async () => {
  const rawBody = '{"description":"Größe – 漢字 😀"}';
  const headers = { ...OWN, "x-pepay-signature": signed(OLD, rawBody) };
  const verdict = await verifier().verify({ rawBody, headers });
  assert.equal(verdict.event.description, "Größe – 漢字 😀");
});

test("a signed body that is no JSON is refused, and nobody throws", async () => {
  const headers = { ...OWN, "x-pepay-signature": signed(OLD, "not json") };
  assert.equal(await reasonOf({ rawBody: "not json", headers }), "invalid_body");
});

test("a body that was parsed before is told to whoever wrote the receiver", async () => {
  const rawBody = JSON.parse(BODY);
  await assert.rejects(verifier().verify({ rawBody, headers: OWN }), /express\.raw/);
});

test("a verifier without a secret is not made", () => {
  for (const secrets of [undefined, null, [], [""], [undefined], OLD, "", {}, new Set([OLD])]) {
    assert.throws(() => createWebhookVerifier({ secrets }), { name: "PepayConfigurationError" });
  }
  assert.throws(() => verifier([OLD], { toleranceMs: -1 }), { name: "PepayConfigurationError" });
});

test("a thousand signatures in one header keep nobody busy", async () => {
  const many = `${"v1,AAAA ".repeat(1_000)}${STANDARD}`;
  const headers = { ...FOREIGN, "webhook-signature": many };
  assert.equal(await reasonOf({ rawBody: BODY, headers }), "invalid_signature");
});
