// What a client is made with, checked once: where the server is, and what to show it.
//
// A key of the merchant in a browser is a key in everybody's hands, so it is refused there unless
// the caller says in so many words that he means it. Past this file every setting is sane.

import { PepayConfigurationError } from "./errors.js";
import type { WebSocketFactory } from "./stream/socket.js";

/** What to show the server. Each method takes what its route asks for; no request has two keys. */
export interface PepayCredentials {
  /** A merchant's or commerce key (`sk_…`, `ck_…`), for servers only. */
  apiKey?: string | undefined;
  /** A commerce key (`ck_…`), for servers only; methods of `commerce` prefer it to `apiKey`. */
  commerceApiKey?: string | undefined;
  /** A member's token, from `auth.signIn`. */
  bearerToken?: string | undefined;
  /** A shopper's token, from `commerce.customers.createToken`; opens his own cart. */
  userAccessToken?: string | undefined;
  /** The session of a payor or of a ramp user; with `signature`. */
  sessionToken?: string | undefined;
  /** The session's signature. */
  signature?: string | undefined;
}

/** The settings of a client. */
export interface PepayOptions extends PepayCredentials {
  /** Where the server is, for example `https://pay.example.com`. */
  baseUrl: string;
  /** How long one attempt may take, its answer included; 30000 if left out. */
  timeoutMs?: number | undefined;
  /** How often a request is sent again at most; 2 if left out. */
  maxRetries?: number | undefined;
  /** Which HTTP statuses are worth another attempt; 429, 500 and 503 if left out. */
  retryableStatusCodes?: readonly number[] | undefined;
  /** Makes websockets where the platform has none of its own (Node before 22). */
  webSocketFactory?: WebSocketFactory | undefined;
  /** Sends requests, in place of the platform's `fetch`. */
  fetch?: typeof fetch | undefined;
  /** Lets this client hold server keys in a browser, where anybody who looks can take them. */
  dangerouslyAllowBrowser?: boolean | undefined;
}

/** The settings, every one of them decided. */
export interface Settings {
  readonly baseUrl: string;
  readonly credentials: PepayCredentials;
  readonly timeoutMs: number;
  readonly maxRetries: number;
  readonly retryableStatusCodes: readonly number[];
  readonly webSocketFactory: WebSocketFactory | undefined;
  readonly fetch: typeof fetch;
}

const TIMEOUT_MS_DEFAULT = 30_000;
/** Timers cannot wait longer. */
export const TIMEOUT_MS_MAX = 2 ** 31 - 1;
const RETRIES_DEFAULT = 2;
const RETRIES_MAX = 10;
const RETRYABLE_DEFAULT = [429, 500, 503];

/** Checks what a caller gave. */
export function settle(options: PepayOptions): Settings {
  const { apiKey, commerceApiKey, bearerToken, userAccessToken, sessionToken, signature } = options;
  if ((apiKey || commerceApiKey) && isInBrowser() && !options.dangerouslyAllowBrowser) {
    throw new PepayConfigurationError(
      "Server keys do not belong into a browser: anybody who opens this page could take them. " +
        "Use a payment session there, or set dangerouslyAllowBrowser.",
    );
  }
  const credentials = {
    apiKey,
    commerceApiKey,
    bearerToken,
    userAccessToken,
    sessionToken,
    signature,
  };
  for (const [name, value] of Object.entries(credentials)) {
    // The value itself is not shown: it is a secret with a slip in it, such as a line break.
    if (value !== undefined && !/^[!-~]+$/.test(value)) {
      throw new PepayConfigurationError(`${name} holds what no credential holds, or nothing`);
    }
  }
  const { fetch: given } = options;
  return {
    baseUrl: baseUrlOf(options.baseUrl),
    credentials,
    timeoutMs: within("timeoutMs", options.timeoutMs ?? TIMEOUT_MS_DEFAULT, 1, TIMEOUT_MS_MAX),
    maxRetries: within("maxRetries", options.maxRetries ?? RETRIES_DEFAULT, 0, RETRIES_MAX),
    retryableStatusCodes: options.retryableStatusCodes ?? RETRYABLE_DEFAULT,
    webSocketFactory: options.webSocketFactory,
    // Looked up at each call: a test may put another one there, and a browser wants its own `this`.
    fetch: given ?? ((...request) => globalThis.fetch(...request)),
  };
}

/** A number that a caller gave, if it is one and in its bounds. */
export function within(name: string, value: number, least: number, most: number): number {
  if (typeof value !== "number" || !(value >= least && value <= most)) {
    throw new PepayConfigurationError(`${name} must be a number from ${least} to ${most}`);
  }
  return value;
}

function baseUrlOf(text: string): string {
  let url: URL | undefined;
  try {
    url = new URL(text);
  } catch {
    // Told below.
  }
  if (!url || !/^https?:$/.test(url.protocol) || url.search || url.hash || url.username) {
    throw new PepayConfigurationError("baseUrl must be like https://pay.example.com");
  }
  return url.href.replace(/\/+$/, "");
}

/** Pages, their workers and apps on phones: whatever runs on a machine of somebody else's. */
function isInBrowser(): boolean {
  const place = globalThis as {
    document?: { createElement?: unknown };
    importScripts?: unknown;
    navigator?: { product?: string };
  };
  return (
    typeof place.document?.createElement === "function" ||
    typeof place.importScripts === "function" ||
    place.navigator?.product === "ReactNative"
  );
}
