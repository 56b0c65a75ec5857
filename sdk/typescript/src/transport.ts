// One request to its end: sent, timed, read, and sent again where that is safe and worth it.
//
// Every attempt of one request carries the same idempotency key, so that a write whose answer was
// lost is answered again and not made again. Redirects are not followed: keys go to the configured
// server and nowhere else. An abort by the caller ends it at once, with the caller's own reason.

import { type Shape, readAnswer } from "./answer.js";
import { type Settings, TIMEOUT_MS_MAX, within } from "./configuration.js";
import { type Credential, headersFor } from "./credentials.js";
import { PepayConnectionError, PepayError, PepayTimeoutError } from "./errors.js";
import { type Repeat, pause, pauseBeforeRetry } from "./retry.js";
import { randomUuid } from "./web_crypto.js";

/** What one call may set for itself. */
export interface RequestOptions {
  /** The `Idempotency-Key` of a write; a fresh UUID if left out. */
  idempotencyKey?: string | undefined;
  /** How long one attempt may take. */
  timeoutMs?: number | undefined;
  /** How often it is sent again at most. */
  maxRetries?: number | undefined;
  /** Ends the call when it is aborted. */
  signal?: AbortSignal | null | undefined;
  /** The environment of a request with a bearer token; a key has its own. */
  environment?: "devnet" | "mainnet" | undefined;
  /** Headers to send besides. */
  headers?: Record<string, string> | undefined;
}

/** A request that is ready to be sent. */
export interface Call {
  /** Method and path, before the path's holes were filled. */
  route: string;
  method: string;
  /** The path, with its holes filled. */
  path: string;
  query: object | undefined;
  body: unknown;
  credential: Credential;
  repeat: Repeat;
  /** What its answer must be. */
  shape: Shape;
  options: RequestOptions;
}

/** Sends a request until there is an answer or no more sense in asking. */
export async function perform(settings: Settings, call: Call): Promise<unknown> {
  const { options } = call;
  const init = await request(settings, call);
  const url = urlOf(settings, call);
  const maxRetries = options.maxRetries ?? settings.maxRetries;
  const limit = within("timeoutMs", options.timeoutMs ?? settings.timeoutMs, 1, TIMEOUT_MS_MAX);
  for (let number = 0; ; number++) {
    try {
      return await attempt(settings, url, init, { limit, signal: options.signal, call });
    } catch (error) {
      if (options.signal?.aborted) throw options.signal.reason;
      const progress = { number, maxRetries, repeat: call.repeat };
      const wait = pauseBeforeRetry(error, progress, settings);
      if (wait === null) throw error;
      await pause(wait, options.signal);
    }
  }
}

async function request(settings: Settings, call: Call): Promise<RequestInit> {
  const { method, body, options, route } = call;
  const headers: Record<string, string> = {
    accept: "application/json",
    ...headersFor(call.credential, settings.credentials, route),
    ...options.headers,
  };
  const key = options.idempotencyKey ?? (method === "POST" ? await randomUuid() : undefined);
  if (key !== undefined) headers["idempotency-key"] = key;
  const init: RequestInit = { method, headers, redirect: "manual", ...uncached() };
  if (typeof body === "string") {
    headers["content-type"] = /^\s*\{/.test(body) ? "application/x-ndjson" : "text/csv";
    init.body = body;
  } else if (body !== undefined) {
    headers["content-type"] = "application/json";
    init.body = JSON.stringify(body);
  }
  return init;
}

/**
 * Some frameworks keep what `fetch` answered unless they are told not to: an invoice would stay
 * unpaid for ever. Cloudflare's workers keep nothing, and older ones refuse to be told.
 */
function uncached(): RequestInit {
  const isCloudflare = globalThis.navigator?.userAgent === "Cloudflare-Workers";
  return isCloudflare ? {} : { cache: "no-store" };
}

async function attempt(
  settings: Settings,
  url: string,
  init: RequestInit,
  bounds: { limit: number; signal: AbortSignal | null | undefined; call: Call },
): Promise<unknown> {
  const { limit, signal, call } = bounds;
  signal?.throwIfAborted();
  const stopper = new AbortController();
  const stop = () => stopper.abort(signal?.reason);
  signal?.addEventListener("abort", stop, { once: true });
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    stopper.abort();
  }, limit);
  try {
    const response = await settings.fetch(url, { ...init, signal: stopper.signal });
    return readAnswer(response, await response.text(), call.shape);
  } catch (error) {
    if (isLate) throw new PepayTimeoutError(`${call.route} took more than ${limit} ms`);
    if (error instanceof PepayError) throw error;
    const message = `${call.route}: the connection failed or broke off`;
    throw new PepayConnectionError(message, { cause: error });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
  }
}

function urlOf(settings: Settings, { path, query, options }: Call): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries({ environment: options.environment, ...query })) {
    if (value === undefined || value === null) continue;
    search.append(name, Array.isArray(value) ? value.join(",") : String(value));
  }
  const text = search.toString();
  return settings.baseUrl + path + (text && `?${text}`);
}
