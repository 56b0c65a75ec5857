// Waiting for an invoice: its status is asked for until it is one the caller waits for.
//
// For scripts and tests. Servers hear of it by webhook or stream, sooner and without asking.

import { TIMEOUT_MS_MAX, within } from "./configuration.js";
import { PepayTimeoutError } from "./errors.js";
import type { InvoiceStatus, InvoiceStatusView } from "./generated/schemas.js";
import type { Method } from "./operation.js";
import { pause } from "./retry.js";

/** How to wait. */
export interface WaitOptions {
  /** How long at most, whatever the server does; 5 minutes if left out. */
  timeoutMs?: number | undefined;
  /** The pause between two looks, the last of which comes sooner; 2 seconds if left out. */
  intervalMs?: number | undefined;
  /** What to wait for; `paid`, `expired` and `canceled` if left out. */
  statuses?: readonly InvoiceStatus[] | undefined;
  /** Ends the wait when it is aborted. */
  signal?: AbortSignal | null | undefined;
}

const TIMEOUT_MS_DEFAULT = 5 * 60_000;
const INTERVAL_MS_DEFAULT = 2_000;
const FINAL: readonly InvoiceStatus[] = ["paid", "expired", "canceled"];

/** Looks until it is so. */
export async function waitForStatus(
  status: Method<"GET /api/v1/invoices/{invoice_id}/status">,
  invoiceId: string,
  options: WaitOptions = {},
): Promise<InvoiceStatusView> {
  const { statuses = FINAL, signal } = options;
  const timeoutMs = millis("timeoutMs", options.timeoutMs ?? TIMEOUT_MS_DEFAULT);
  const intervalMs = millis("intervalMs", options.intervalMs ?? INTERVAL_MS_DEFAULT);
  const end = Date.now() + timeoutMs;
  let seen = "not known";
  // Ends a look as well as a pause: a server that hangs must not hold whoever waits for longer.
  const stopper = new AbortController();
  const stop = () => stopper.abort(signal?.reason);
  const timer = setTimeout(() => {
    const message = `The invoice's status is still ${seen} after ${timeoutMs} ms`;
    stopper.abort(new PepayTimeoutError(message));
  }, timeoutMs);
  if (signal?.aborted) stop();
  else signal?.addEventListener("abort", stop, { once: true });
  try {
    let wasLast = false;
    while (true) {
      const view = await status(invoiceId, {}, { signal: stopper.signal });
      seen = view.invoice.status;
      if (statuses.includes(view.invoice.status)) return view;
      const rest = end - Date.now();
      // A last look comes while there is still time for its answer, and after it only the end.
      const isNearEnd = intervalMs >= rest;
      await pause(isNearEnd && !wasLast ? rest / 2 : intervalMs, stopper.signal);
      wasLast = isNearEnd;
    }
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
  }
}

/** A time that somebody gave, as long as a timer can wait. */
function millis(name: string, given: number): number {
  return Math.min(within(name, given, 0, Infinity), TIMEOUT_MS_MAX);
}
