// When a request is worth another attempt, and after which pause.
//
// A request is repeated only if a second one can do no harm: reads, replacements, and writes that
// carry an idempotency key the route honours. The rest is repeated only after a 429, which says
// that nothing was done. Pauses double, with jitter, unless the server names one.

import type { Settings } from "./configuration.js";
import { PepayApiError, PepayConnectionError } from "./errors.js";

const PAUSE_MS_FIRST = 500;
const PAUSE_MS_MAX = 8_000;
/** Who is told to wait longer than this gets the error and decides himself. */
const RETRY_AFTER_MS_MAX = 60_000;

/** Whether a route can be called twice to the effect of once. */
export type Repeat = "any" | "once";

/** How long to wait before the next attempt, or null if there is none. */
export function pauseBeforeRetry(
  error: unknown,
  attempt: { number: number; maxRetries: number; repeat: Repeat },
  settings: Settings,
): number | null {
  if (attempt.number >= attempt.maxRetries) return null;
  if (error instanceof PepayApiError) {
    const { status, retryAfterMs } = error;
    const isHarmless = attempt.repeat === "any" || status === 429;
    if (!isHarmless || !settings.retryableStatusCodes.includes(status)) return null;
    if (retryAfterMs === null) return pauseMs(attempt.number);
    return retryAfterMs > RETRY_AFTER_MS_MAX ? null : retryAfterMs;
  }
  const isRepeated = error instanceof PepayConnectionError && attempt.repeat === "any";
  return isRepeated ? pauseMs(attempt.number) : null;
}

/** The pause after an attempt, counted from zero: doubled each time, half of it by chance. */
export function pauseMs(attempt: number, maxMs = PAUSE_MS_MAX): number {
  const whole = Math.min(PAUSE_MS_FIRST * 2 ** attempt, maxMs);
  return whole / 2 + (Math.random() * whole) / 2;
}

/** Waits, unless the signal says that nobody wants it any more. */
export function pause(ms: number, signal?: AbortSignal | null): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    if (signal?.aborted) stop();
    else signal?.addEventListener("abort", stop, { once: true });
  });
}
