// How things stand, drawn: the summary beside the payment, a payment that is seen, and the ends.

import { h, icon, leave } from "./dom.js";
import { linkTarget } from "./frame.js";
import { t, usd } from "./words.js";

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
      h("span", {}, merchant)),
    h("h1", { class: "soft" },
      t(isPartial ? "amount_left" : isOpen ? "amount_due" : "total")),
    h("p", { class: "amount" }, h("bdi", { dir: "ltr" }, usd(amount))),
    title && title !== merchant ? h("p", { class: "clip" }, title) : null,
    description ? h("p", { class: "clip soft" }, description) : null,
    isOpen
      ? h("p", { class: "row soft" }, h("span", {}, t("time_left")),
        h("span", { class: "timer", "data-timer": "invoice", role: "timer" }))
      : null,
    footer && footer !== merchant ? h("p", { class: "clip soft" }, footer) : null,
    details.merchant_email
      ? h("p", { class: "soft" }, `${t("contact")}: `,
        h("a", { href: `mailto:${details.merchant_email}` }, details.merchant_email))
      : null,
  ];
}

/** A payment that is on its way, with its confirmations as progress. */
export function seen(payment) {
  const needed = Math.max(1, payment.required_confirmations);
  const done = Math.min(payment.confirmations, needed);
  const hint = t("seen_hint", { done, needed });
  return [
    h("div", { class: "card finished plain-card" }, icon("clock", "spin"),
      h("h2", { tabindex: "-1" }, t("seen")),
      h("p", {}, [payment.token_amount, payment.token_symbol].filter(Boolean).join(" ")),
      h("progress", { max: needed, value: done, "aria-label": t("seen") }),
      h("p", { class: "soft" }, hint),
      transaction(payment)),
  ];
}

function transaction(payment) {
  return payment ? leave(payment.explorer_url, "plain button", t("view_tx")) : null;
}

const ENDS = {
  paid: ["good", "done", "paid", "paid_hint"],
  expired: ["bad", "clock", "expired", "expired_hint"],
  late: ["warn", "warn", "late", "late_hint"],
  canceled: ["bad", "cross", "canceled", "canceled_hint"],
};

export function finished(status, { details, status: poll, latest }, returning) {
  const { merchant_name: merchant, payment_return_url: back, receipt_url: receipt } = details;
  const isLate = status === "expired" && latest?.late;
  const [kind, drawing, title, hint] = ENDS[isLate ? "late" : status];
  const over = poll?.amount_overpaid_usd;
  const isReverted = status === "paid" && latest?.status === "reverted";
  return [
    h("div", { class: `card finished plain-card ${kind}` }, icon(drawing),
      h("h2", { tabindex: "-1" }, t(title)),
      h("p", {}, t(hint, { merchant })),
      over > 0 ? h("p", { class: "soft" }, t("overpaid", { amount: usd(over), merchant })) : null,
      isReverted ? h("p", { class: "soft" }, t("reverted")) : null,
      back
        ? h("a", { class: "button primary wide", href: back, target: linkTarget },
          t("return_to", { merchant }))
        : null,
      returning,
      receipt
        ? h("a", { class: "button wide", href: receipt, target: "_blank", rel: "noopener" },
          t("open_receipt"))
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
