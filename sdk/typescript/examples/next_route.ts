// Route handlers of Next.js: `app/api/checkout/route.ts` and `app/api/webhooks/route.ts` in one.
//
// They are functions of the web's own Request and Response, so they run wherever those do: at the
// edge, in Deno, in Bun. In your app put each into its file and name both of them `POST`.
//
// The browser says which cart it is and never what it costs: who sends the price chooses it.

import { Pepay, PepayApiError, createWebhookVerifier } from "pepay";

// Made when it is first needed: at build time there is no environment to read.
let made: Pepay | undefined;
function pepay(): Pepay {
  const { PEPAY_API_URL: baseUrl, PEPAY_API_KEY: apiKey } = process.env;
  return (made ??= new Pepay({ baseUrl: baseUrl!, apiKey }));
}

/** Stands for the shop's database. Whatever changes the price of a cart raises `attempt` as well. */
export const carts = new Map<string, { amountUsd: number; attempt: number; isPaid: boolean }>([
  ["cart-9", { amountUsd: 12.5, attempt: 1, isPaid: false }],
]);

/** `app/api/checkout/route.ts`: answers where the customer pays. */
export async function checkout(request: Request): Promise<Response> {
  const { cart: name } = (await request.json()) as { cart: string };
  const cart = carts.get(name);
  if (!cart) return Response.json({ code: "NO_SUCH_CART" }, { status: 404 });
  const { amountUsd, attempt, isPaid } = cart;
  if (isPaid) return Response.json({ code: "CART_IS_PAID" }, { status: 409 });
  try {
    const invoice = await pepay().invoices.create(
      { amount_usd: amountUsd, metadata: { cart: name, attempt } },
      // A key is kept for longer than an invoice can be paid, so each attempt has one of its own.
      { idempotencyKey: `${name}-${attempt}`, signal: request.signal },
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
  if (type === "invoice.updated") {
    const { status, metadata } = data.object;
    const cart = carts.get(String(metadata["cart"]));
    const isOver = status === "expired" || status === "canceled";
    if (cart && status === "paid") cart.isPaid = true;
    // The next click makes another invoice. A delivery that is repeated finds another attempt here.
    else if (cart && isOver && metadata["attempt"] === cart.attempt) cart.attempt += 1;
  }
  return Response.json({ ok: true });
}
