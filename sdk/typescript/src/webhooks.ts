// Is this delivery really from our Pepay, fresh and whole? Asked before a word of it is believed.
//
// Both schemes a delivery is signed with are known: Pepay's own headers, and Standard Webhooks. The
// exact bytes that arrived are verified, in constant time, against every secret that may be in use,
// so that a rotation loses nothing. What is not proven is not parsed. This file needs no client.

import { PepayConfigurationError } from "./errors.js";
import type { PepayEvent } from "./event.js";
import { webCrypto } from "./web_crypto.js";

/** What a verifier is made with. */
export interface WebhookVerifierOptions {
  /** The endpoint's secret (`whsec_…`); during a rotation the new one and the one before. */
  secrets: readonly string[];
  /** How far a delivery's time may be from ours; 5 minutes if left out. */
  toleranceMs?: number | undefined;
  /** Our time in epoch milliseconds; the system's clock if left out. */
  now?: (() => number) | undefined;
}

/** Headers as `fetch`, Node or a plain object have them. */
export type WebhookHeaders =
  { get(name: string): string | null } | Record<string, string | readonly string[] | undefined>;

/** A delivery as it arrived. */
export interface WebhookDelivery {
  /** The body before anything parsed it. */
  rawBody: string | Uint8Array | ArrayBuffer;
  /** All headers of the request. */
  headers: WebhookHeaders;
}

/** Why a delivery is not to be believed. */
export type WebhookRefusal =
  "missing_headers" | "timestamp_out_of_range" | "invalid_signature" | "invalid_body";

/** Whether a delivery is to be believed, and what it says if so. */
export type WebhookVerdict =
  | { valid: true; reason: null; event: PepayEvent }
  | { valid: false; reason: WebhookRefusal; event: null };

/** Verifies deliveries. */
export interface WebhookVerifier {
  /** Never throws for what a stranger sent; only for a body that is no raw body. */
  verify(delivery: WebhookDelivery): Promise<WebhookVerdict>;
}

const TOLERANCE_MS_DEFAULT = 5 * 60_000;
/** Signatures that are looked at: more are an attempt to keep us busy. */
const SIGNATURES_MAX = 8;

/** Makes a verifier for the deliveries of one endpoint. */
export function createWebhookVerifier(options: WebhookVerifierOptions): WebhookVerifier {
  const { secrets, toleranceMs = TOLERANCE_MS_DEFAULT, now = Date.now } = options;
  // A text has a length too, and its letters are no secrets.
  const isList = Array.isArray(secrets) && secrets.length > 0;
  if (!isList || secrets.some((secret) => typeof secret !== "string" || !secret)) {
    throw new PepayConfigurationError("secrets must be an array with the endpoint's secret");
  }
  if (!(toleranceMs >= 0)) throw new PepayConfigurationError("toleranceMs must not be negative");
  return {
    async verify({ rawBody, headers }) {
      const body = bytesOf(rawBody);
      const claim = claimOf(headers, body);
      if (!claim) return refused("missing_headers");
      if (!(Math.abs(now() - claim.timestampMs) <= toleranceMs)) {
        return refused("timestamp_out_of_range");
      }
      if (!(await isSigned(claim, secrets))) return refused("invalid_signature");
      try {
        const event = JSON.parse(new TextDecoder().decode(body)) as PepayEvent;
        return { valid: true, reason: null, event };
      } catch {
        return refused("invalid_body");
      }
    },
  };
}

/** What a delivery claims: its time, what was signed, and the signatures. */
interface Claim {
  timestampMs: number;
  signed: Uint8Array;
  signatures: Uint8Array[];
  keyOf: (secret: string) => Uint8Array | null;
}

function claimOf(headers: WebhookHeaders, body: Uint8Array): Claim | null {
  const own = read(headers, "x-pepay-signature");
  const timestamp = read(headers, own ? "x-pepay-timestamp" : "webhook-timestamp");
  if (!timestamp || !/^\d{1,15}$/.test(timestamp)) return null;
  if (own) {
    const previous = read(headers, "x-pepay-signature-previous");
    return {
      timestampMs: Number(timestamp),
      signed: joined(`${timestamp}.`, body),
      signatures: [own, previous ?? ""].map(fromHex),
      keyOf: (secret) => new TextEncoder().encode(secret),
    };
  }
  const id = read(headers, "webhook-id");
  const signatures = read(headers, "webhook-signature");
  if (!id || !signatures) return null;
  const listed = signatures.split(" ", SIGNATURES_MAX).filter((text) => text.startsWith("v1,"));
  return {
    timestampMs: Number(timestamp) * 1000,
    signed: joined(`${id}.${timestamp}.`, body),
    signatures: listed.map((text) => fromBase64(text.slice(3)) ?? new Uint8Array()),
    keyOf: (secret) => fromBase64(secret.replace(/^whsec_/, "")),
  };
}

/** Tries every secret and every signature, also after one fits: nothing can be learnt by timing. */
async function isSigned({ signed, signatures, keyOf }: Claim, secrets: readonly string[]) {
  const { subtle } = await webCrypto();
  let fits = false;
  for (const secret of secrets) {
    const bytes = keyOf(secret);
    if (!bytes?.length) continue;
    const hmac = { name: "HMAC", hash: "SHA-256" };
    const key = await subtle.importKey("raw", bytes as BufferSource, hmac, false, ["sign"]);
    const expected = new Uint8Array(await subtle.sign("HMAC", key, signed as BufferSource));
    for (const signature of signatures) fits = isEqual(expected, signature) || fits;
  }
  return fits;
}

/** In a time that depends on the length alone, which is no secret. */
function isEqual(expected: Uint8Array, given: Uint8Array): boolean {
  if (expected.length !== given.length) return false;
  let difference = 0;
  for (let at = 0; at < expected.length; at++) difference |= expected[at]! ^ given[at]!;
  return difference === 0;
}

function refused(reason: WebhookRefusal): WebhookVerdict {
  return { valid: false, reason, event: null };
}

function read(headers: WebhookHeaders, name: string): string | null {
  if (typeof headers.get === "function") return headers.get(name);
  for (const [given, value] of Object.entries(headers)) {
    if (given.toLowerCase() !== name) continue;
    return typeof value === "string" ? value : ((value as readonly string[])?.[0] ?? null);
  }
  return null;
}

function bytesOf(body: unknown): Uint8Array {
  if (typeof body === "string") return new TextEncoder().encode(body);
  if (body instanceof Uint8Array) return body;
  if (body instanceof ArrayBuffer) return new Uint8Array(body);
  throw new TypeError(
    "rawBody must be the text or bytes that arrived: take it before anything parses it, " +
      "for example with express.raw()",
  );
}

function joined(text: string, body: Uint8Array): Uint8Array {
  const head = new TextEncoder().encode(text);
  const all = new Uint8Array(head.length + body.length);
  all.set(head);
  all.set(body, head.length);
  return all;
}

function fromHex(text: string): Uint8Array {
  if (!/^([0-9a-f]{2})+$/.test(text)) return new Uint8Array();
  return Uint8Array.from(text.match(/../g)!, (pair) => parseInt(pair, 16));
}

function fromBase64(text: string): Uint8Array | null {
  try {
    return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  } catch {
    return null;
  }
}
