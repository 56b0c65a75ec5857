// Waiting for an invoice: its status is asked for until it is one the caller waits for.
//
// For scripts and tests. Servers hear of it by webhook or stream, sooner and without asking.

import { PepayTimeoutError } from "./errors.js";
import type { InvoiceStatus, InvoiceStatusView } from "./generated/schemas.js";
import type { Method } from "./operation.js";
import { pause } from "./retry.js";

/** How to wait. */
export interface WaitOptions {
  /** How long at most; 5 minutes if left out. */
  timeoutMs?: number | undefined;
  /** The pause between two looks; 2 seconds if left out. */
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
  const { timeoutMs = TIMEOUT_MS_DEFAULT, intervalMs = INTERVAL_MS_DEFAULT, signal } = options;
  const { statuses = FINAL } = options;
  const end = Date.now() + timeoutMs;
  while (true) {
    const view = await status(invoiceId, {}, { signal });
    if (statuses.includes(view.invoice.status)) return view;
    if (Date.now() + intervalMs > end) {
      const message = `The invoice is still ${view.invoice.status} after ${timeoutMs} ms`;
      throw new PepayTimeoutError(message);
    }
    await pause(intervalMs, signal);
  }
}
