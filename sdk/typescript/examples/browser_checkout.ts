// A checkout in a page of your own: choose a token, see an address, and watch the payment arrive.
//
// The page holds the session of one invoice and no key; your server gave it, for example as
// `next_route.ts` does. The session lives in memory only, and everything shown is set as text.

import { Pepay, type InvoiceStatus, type SessionDetails } from "pepay";

/** What your server answered when it made the invoice. */
export interface Checkout {
  baseUrl: string;
  sessionToken: string;
  signature: string;
}

const FINAL: readonly InvoiceStatus[] = ["paid", "expired", "canceled"];

/** Shows a checkout in an element; resolves when the invoice is final, or was before. */
export async function showCheckout(element: HTMLElement, checkout: Checkout): Promise<string> {
  const pepay = new Pepay(checkout);
  const { paymentSessions } = pepay;
  const details = await paymentSessions.getSessionDetails();
  const { select, say } = draw(element, details);
  if (FINAL.includes(details.invoice_status)) return details.invoice_status;
  for (const token of await paymentSessions.listAvailableTokens({ available_only: true })) {
    const option = new Option(`${token.token_symbol} on ${token.network}`, String(token.id));
    option.dataset["network"] = token.network;
    select.add(option);
  }
  select.addEventListener("change", async () => {
    const chosen = select.selectedOptions[0]!;
    const network = chosen.dataset["network"] as Parameters<
      typeof paymentSessions.createPaymentAddress
    >[0]["network"];
    const address = await paymentSessions.createPaymentAddress({ network, tokenId: +chosen.value });
    if (address.quote_status !== "available") return say("address", address.message ?? "No price");
    say("amount", `${address.estimated_token_amount} ${chosen.text}`);
    say("address", address.temp_address!);
  });

  const stream = pepay.ws.connectPaymentSession();
  try {
    stream.on("reconnecting", () => say("state", "Connecting again…"));
    await new Promise<void>((resolve, reject) => {
      stream.on("control", ({ type }) => type === "ready" && resolve()).on("error", reject);
    });
    // The stream tells what happens from here on. What happened since the details were read is
    // asked for once; events that come meanwhile are held until the loop takes them.
    let { status } = await paymentSessions.getPaymentStatus();
    say("state", status);
    if (FINAL.includes(status)) return status;
    for await (const event of stream) {
      if (event.type === "invoice_payment.created") say("state", "Seen, waiting for the network");
      if (event.type !== "invoice.created" && event.type !== "invoice.updated") continue;
      ({ status } = event.data.object);
      say("state", status);
      if (FINAL.includes(status)) return status;
    }
    return status;
  } finally {
    stream.close();
  }
}

function draw(element: HTMLElement, details: SessionDetails) {
  const part = <Name extends keyof HTMLElementTagNameMap>(name: Name, id: string) => {
    const made = document.createElement(name);
    made.id = id;
    element.append(made);
    return made;
  };
  part("h1", "merchant").textContent = details.merchant_name;
  part("p", "price").textContent = `$${details.amount_remaining_usd}`;
  const select = part("select", "token");
  select.setAttribute("aria-label", "Pay with");
  select.add(new Option("Choose a token", ""));
  const shown = {
    amount: part("p", "amount"),
    address: part("code", "address"),
    state: part("p", "state"),
  };
  shown.state.setAttribute("role", "status");
  shown.state.textContent = details.invoice_status;
  const say = (where: keyof typeof shown, text: string) => void (shown[where].textContent = text);
  return { select, say };
}
