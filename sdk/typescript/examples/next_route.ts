// Route handlers of Next.js: `app/api/checkout/route.ts` and `app/api/webhooks/route.ts` in one.
//
// They are functions of the web's own Request and Response, so they run wherever those do: at the
// edge, in Deno, in Bun. In your app put each into its file and name both of them `POST`.

import { Pepay, PepayApiError, createWebhookVerifier } from "pepay";

// Made when it is first needed: at build time there is no environment to read.
let made: Pepay | undefined;
function pepay(): Pepay {
  const { PEPAY_API_URL: baseUrl, PEPAY_API_KEY: apiKey } = process.env;
  return (made ??= new Pepay({ baseUrl: baseUrl!, apiKey }));
}

/** `app/api/checkout/route.ts`: answers where the customer pays. */
export async function checkout(request: Request): Promise<Response> {
  const { amountUsd, cart } = (await request.json()) as { amountUsd: number; cart: string };
  try {
    const invoice = await pepay().invoices.create(
      { amount_usd: amountUsd, metadata: { cart } },
      { idempotencyKey: `cart-${cart}`, signal: request.signal },
    );
    const { invoice_id, payment_url, payment_session_headers } = invoice;
    return Response.json({ invoice_id, payment_url, payment_session_headers });
  } catch (error) {
    if (!(error instanceof PepayApiError)) throw error;
    const { status, code, param, requestId } = error;
    console.error(`Pepay refused: ${code} (${requestId})`);
    return Response.json({ code, param }, { status: status < 500 ? status : 502 });
  }
}

/** `app/api/webhooks/route.ts`: hears what became of it. */
export async function webhooks(request: Request): Promise<Response> {
  const secrets = process.env["PEPAY_WEBHOOK_SECRETS"]!.split(",");
  const verdict = await createWebhookVerifier({ secrets }).verify({
    rawBody: await request.text(),
    headers: request.headers,
  });
  if (!verdict.valid) return Response.json({ error: verdict.reason }, { status: 400 });
  const { type, data } = verdict.event;
  if (type === "invoice.updated") console.log(`invoice ${data.object.id}: ${data.object.status}`);
  return Response.json({ ok: true });
}
