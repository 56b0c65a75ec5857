// How things stand, drawn: the summary beside the payment, and the ends.

import { h, icon, leave } from "./dom.js";
import { linkTarget } from "./frame.js";
import { lang, t, usd } from "./words.js";

/** What the merchant wrote, in the direction it was written. */
const aside = (text) => text ? h("p", { class: "clip soft" }, h("bdi", {}, text)) : null;

export function summary(details) {
  const { merchant_name: merchant, description, invoice_title: title, invoice_footer: footer } =
    details;
  const isOpen = ["unpaid", "underpaid"].includes(details.invoice_status);
  const isPartial = details.invoice_status === "underpaid";
  const amount = isPartial ? details.amount_remaining_usd : details.amount_usd;
  return [
    details.network_environment === "devnet"
      ? h("p", { class: "badge" }, t("test_mode"))
      : null,
    h("div", { class: "merchant" },
      h("span", { class: "monogram", "aria-hidden": "true" }, [...merchant][0] ?? ""),
      h("span", {}, h("bdi", {}, merchant))),
    h("h1", { class: "soft" },
      t(isPartial ? "amount_left" : isOpen ? "amount_due" : "total")),
    h("p", { class: "amount" }, h("bdi", { dir: "ltr" }, usd(amount))),
    title && title !== merchant ? h("p", { class: "clip" }, h("bdi", {}, title)) : null,
    aside(description),
    isOpen
      ? h("p", { class: "row soft" }, h("span", {}, t("time_left")),
        h("span", { class: "timer", "data-timer": "invoice", role: "timer" }))
      : null,
    footer !== merchant ? aside(footer) : null,
    details.merchant_email
      ? h("p", { class: "soft" }, `${t("contact")}: `,
        h("a", { href: `mailto:${details.merchant_email}` }, details.merchant_email))
      : null,
  ];
}

export function transaction(payment) {
  return payment ? leave(payment.explorer_url, "plain button", t("view_tx")) : null;
}

const ENDS = {
  paid: ["good", "done", "paid", "paid_hint"],
  expired: ["bad", "clock", "expired", "expired_hint"],
  late: ["warn", "warn", "late", "late_hint"],
  canceled: ["bad", "cross", "canceled", "canceled_hint"],
  reverted: ["warn", "warn", "reverted", null],
};

/** What came of the money, whether or not it counts: nobody is left to wonder where it is. */
function arrived({ amount_paid_usd: dollars }, latest) {
  if (dollars > 0) return usd(dollars);
  return latest && [latest.token_amount, latest.token_symbol].filter(Boolean).join(" ");
}

/** The receipt in the language of this page. */
function inLanguage(receipt) {
  const to = new URL(receipt, location.href);
  to.searchParams.set("lang", lang);
  return to.href;
}

export function finished(status, { details, status: poll, latest }, returning) {
  const { merchant_name: merchant, payment_return_url: back, receipt_url: receipt } = details;
  const isReverted = latest?.status === "reverted";
  const isLate = status === "expired" && latest?.late;
  const isUndone = status === "paid" && isReverted;
  const end = isUndone ? "reverted" : isLate ? "late" : status;
  const [kind, drawing, title, hint] = ENDS[end];
  const over = isUndone ? 0 : poll?.amount_overpaid_usd;
  const paid = arrived(details, isReverted ? null : latest);
  const isKept = paid && ["expired", "canceled"].includes(end);
  return [
    h("div", { class: `card finished plain-card ${isKept ? "warn" : kind}` }, icon(drawing),
      h("h2", { tabindex: "-1" }, t(title)),
      hint && h("p", {}, t(hint, { merchant })),
      isKept ? h("p", {}, t("arrived", { paid, merchant })) : null,
      over > 0 ? h("p", { class: "soft" }, t("overpaid", { amount: usd(over), merchant })) : null,
      back
        ? h("a", { class: "button primary wide", href: back, target: linkTarget },
          t("return_to", { merchant }))
        : null,
      returning,
      receipt
        ? h("a", { class: "button wide", href: inLanguage(receipt), target: "_blank",
          rel: "noopener" }, t("open_receipt"))
        : null,
      transaction(latest)),
  ];
}

/** No session, a foreign one, or one that is over. */
export function closed() {
  return h("div", { class: "card finished plain-card bad" }, icon("cross"),
    h("h2", { tabindex: "-1" }, t("no_session")),
    h("p", {}, t("no_session_hint")));
}

/** The coloured line that says how things stand. */
export function standing(kind, drawing, title, hint, ...more) {
  return h("div", { class: `state ${kind}` },
    icon(drawing),
    h("div", {}, h("h2", { tabindex: "-1" }, title), hint ? h("p", {}, hint) : null, ...more));
}
