// Reading answers: JSON or a file if it went well, an error with everything known if it did not.
//
// Whatever stands between us and the server may answer in its place, so nothing is believed that
// does not look like Pepay's: an answer that cannot be read is an error and never an empty object.

import { PepayAnswerError, PepayApiError, errorClassOf } from "./errors.js";

/** How much of an unreadable answer is shown. */
const EXCERPT_MAX = 200;

/** What a route answers, if it answers JSON. */
export type Shape = "object" | "array";

/**
 * The content of an answer whose body was read already; throws unless it is a success of the shape
 * that the route answers.
 */
export function readAnswer(response: Response, text: string, shape: Shape): unknown {
  const { status, headers } = response;
  const requestId = headers.get("x-request-id") ?? headers.get("request-id");
  const type = headers.get("content-type") ?? "";
  const isJson = /\bjson\b/.test(type) && !/ndjson/.test(type);
  const json = isJson ? parse(text) : undefined;
  if (!response.ok) throw apiError(response, requestId, json ?? text);
  if (isObject(json) && Array.isArray(json) === (shape === "array")) return json;
  if (/^(text\/csv|application\/x-ndjson)/.test(type)) return text;
  const shown = text.slice(0, EXCERPT_MAX);
  throw new PepayAnswerError(`HTTP ${status} with an answer that is not Pepay's: ${shown}`, {
    status,
    requestId,
  });
}

/** Whether something has fields that can be asked for. */
export function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

interface Fields {
  code?: unknown;
  error_code?: unknown;
  error?: unknown;
  message?: unknown;
  param?: unknown;
  request_id?: unknown;
  retry_after?: unknown;
}

/** All shapes of errors that servers of this API ever had. */
function apiError(response: Response, requestId: string | null, body: unknown): PepayApiError {
  const { status, headers } = response;
  const outer: Fields = body && typeof body === "object" ? body : {};
  const inner: Fields = outer.error && typeof outer.error === "object" ? outer.error : outer;
  const code = text(inner.code) ?? text(outer.error_code) ?? `HTTP_${status}`;
  const message = text(inner.message) ?? text(outer.error) ?? text(outer.message);
  return new (errorClassOf(status))(message ?? `The server answered HTTP ${status}`, {
    status,
    code,
    param: text(inner.param),
    requestId: requestId ?? text(inner.request_id),
    retryAfterMs: retryAfterMs(headers.get("retry-after"), outer.retry_after),
    body,
  });
}

function text(value: unknown): string | null {
  return typeof value === "string" && value ? value : null;
}

/** Seconds or a date in the header, seconds in the body. */
function retryAfterMs(header: string | null, field: unknown): number | null {
  const said = header ?? (typeof field === "number" ? String(field) : "");
  if (/^\d+(\.\d+)?$/.test(said)) return Number(said) * 1000;
  const date = Date.parse(said);
  return Number.isNaN(date) ? null : Math.max(0, date - Date.now());
}
