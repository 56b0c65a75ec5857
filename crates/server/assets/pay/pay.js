// Where to pay and how much: amount, address and code, wallets, how long the price holds, and how
// far a payment has come.

import { button, h, icon, leave, notice, swap, tell, tokenIcon } from "./dom.js";
import { transaction } from "./states.js";
import { network, t, usd } from "./words.js";
import { solanaWallets } from "./solana.js";
import { evmWallets } from "./wallets.js";

/**
 * The wallet that was asked to pay, and whether it has sent. This outlives the panel, which is
 * drawn anew: nobody is to pay twice because a button came back.
 */
let asked = null;
let redraw = () => {};
/** The token of the panel: a wallet that was asked for another one holds nothing here. */
let panelOf = null;

function remember(next) {
  asked = next;
  redraw();
}

/** Whether the amount on the page has to stay, because a wallet was given it. */
export const isHeld = () => asked !== null && asked.tokenId === panelOf;

/** What was sent has been seen, or something else is owed now. */
export function settle() {
  if (asked?.isSent) remember(null);
}

/** Dollars per token, from tokens per dollar. Shown only: what is to be sent comes as text. */
function price(offer) {
  const tokensPerDollar = Number(offer.exchange_rate);
  return tokensPerDollar > 0 ? usd(1 / tokensPerDollar) : null;
}

function copyButton(text, label) {
  const element = h("button", { type: "button", class: "plain", "aria-label": label,
    title: label, "data-key": label }, icon("copy"));
  element.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
      element.replaceChildren(icon("done"));
      tell(t("copied"));
      setTimeout(() => element.replaceChildren(icon("copy")), 2000);
    } catch {
      const value = element.parentElement?.querySelector("output");
      if (value) getSelection()?.selectAllChildren(value);
      notice(t("copy_failed"));
    }
  });
  return element;
}

function value(label, shown, copied, copyLabel, classes = "") {
  return h("div", { class: "value" },
    h("span", { class: "soft" }, label),
    h("output", { class: classes }, shown),
    copyButton(copied, copyLabel));
}

/** `token` is the chosen one, `offer` what payment-addresses answered. */
export function paymentPanel({ token, offer, isLocked, change, again }) {
  if (offer.quote_status !== "available") {
    return [h("p", { role: "alert" }, t("no_price")),
      button(t("try_again"), "", again),
      isLocked ? null : button(t("change"), "plain", change)];
  }
  panelOf = token.id;
  const symbol = token.token_symbol;
  const on = network(token.network);
  const amount = offer.estimated_token_amount;
  const rate = price(offer);
  return [
    h("div", { class: "row" },
      h("h2", { class: "merchant", tabindex: "-1" }, tokenIcon(token),
        h("span", {}, symbol, " ", h("span", { class: "soft" }, on))),
      isLocked ? null : button(t("change"), "plain", change)),
    value(t("send_exactly"), `${amount} ${symbol}`, amount, t("copy_amount")),
    value(t("to_address"), offer.temp_address, offer.temp_address, t("copy_address"), "address"),
    offer.qr_code
      ? h("div", { class: "code" },
        h("img", { src: offer.qr_code, width: 240, height: 240,
          alt: t("qr_alt", { amount, token: symbol, network: on }) }))
      : null,
    h("p", { class: "soft" }, t("only_network", { token: symbol, network: on })),
    walletButtons(offer, on),
    h("p", { class: "row rate soft" },
      h("bdi", { dir: "ltr" }, rate ? t("rate", { token: symbol, usd: rate }) : ""),
      h("span", { class: "timer", "data-timer": "quote" })),
  ];
}

function walletButtons(offer, on) {
  const place = h("div", { class: "buttons" });
  const uri = offer.payment_uri;
  let wallets = [];
  redraw = () => {
    const opens = uri
      ? h("a", { class: "button wide", href: uri, rel: "noreferrer", "data-key": "open" },
        t("open_wallet"))
      : null;
    const links = (offer.wallets ?? []).map((link) => {
      const element = leave(link.url, "button wide", t("open_named", { wallet: link.name }));
      element.dataset.key = `open-${link.name}`;
      return element;
    });
    swap(place, wallets.map((wallet) => walletButton(wallet, offer, on)), waiting(),
      opens, links);
  };
  const show = (found) => {
    wallets = found;
    redraw();
  };
  if (uri?.startsWith("ethereum:")) evmWallets(show);
  else if (offer.wallet_chain) solanaWallets(show);
  else show([]);
  return place;
}

/** What became of the wallet that was asked, with the way on if nothing more comes of it. */
function waiting() {
  if (!asked) return null;
  const { name, isSent } = asked;
  const said = isSent ? t("wallet_sent") : t("wallet_wait", { wallet: name });
  const element = button(t(isSent ? "try_again" : "wallet_stop"), "plain",
    async () => remember(null));
  element.dataset.key = "wallet-stop";
  return h("div", { class: "row" }, h("span", { class: "soft" }, said), element);
}

function walletButton(wallet, offer, on) {
  const label = t("pay_with", { wallet: wallet.name });
  const image = wallet.icon ? h("img", { src: wallet.icon, alt: "", width: 20, height: 20 }) : null;
  const pay = h("button", { type: "button", class: "primary wide", disabled: asked !== null,
    "data-key": `wallet-${wallet.name}`, onclick: () => payWith(wallet, offer, on) });
  pay.append(...[image, label].filter(Boolean));
  return pay;
}

async function payWith(wallet, offer, on) {
  if (asked) return;
  const { name } = wallet;
  const tokenId = panelOf;
  const mine = { name, tokenId, isSent: false };
  remember(mine);
  try {
    await wallet.pay(offer);
    // Also if the payor no longer waits for it: what is sent is sent.
    remember({ name, tokenId, isSent: true });
    tell(t("wallet_sent"));
  } catch (error) {
    // A wallet may never answer: the payor has gone on without it, and hears no more of it.
    if (asked !== mine) return;
    remember(null);
    const told = { rejected: "wallet_rejected", network: "wallet_network" }[error.reason];
    notice(t(told ?? "wallet_failed", { wallet: name, network: on }), 8000);
  }
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
