// Where to pay and how much: amount, address and code, wallets, and how long the price holds.

import { button, copyButton, h, leave, notice, tokenIcon } from "./dom.js";
import { network, t, usd } from "./words.js";
import { solanaWallets } from "./solana.js";
import { evmWallets } from "./wallets.js";

/** Dollars per token, from tokens per dollar. Shown only: what is to be sent comes as text. */
function price(offer) {
  const tokensPerDollar = Number(offer.exchange_rate);
  return tokensPerDollar > 0 ? usd(1 / tokensPerDollar) : null;
}

function value(label, shown, copied, copyLabel, classes = "") {
  return h("div", { class: "value" },
    h("span", { class: "soft" }, label),
    h("output", { class: classes }, shown),
    copyButton(copied, copyLabel));
}

/** `token` is the chosen one, `offer` what payment-addresses answered. */
export function paymentPanel({ token, offer, isLocked, change }) {
  const symbol = token.token_symbol;
  const on = network(token.network);
  const amount = offer.estimated_token_amount;
  const rate = price(offer);
  return [
    h("div", { class: "row" },
      h("div", { class: "merchant" }, tokenIcon(token),
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
  const show = (wallets) => {
    const found = wallets.map((wallet) => walletButton(wallet, offer, on));
    const opens = uri
      ? h("a", { class: "button wide", href: uri, rel: "noreferrer" }, t("open_wallet"))
      : null;
    const links = (offer.wallets ?? []).map((link) =>
      leave(link.url, "button wide", t("open_named", { wallet: link.name })));
    place.replaceChildren(...[...found, opens, ...links].filter(Boolean));
  };
  if (uri?.startsWith("ethereum:")) evmWallets(show);
  else if (offer.wallet_chain) solanaWallets(show);
  else show([]);
  return place;
}

function walletButton(wallet, offer, on) {
  const label = t("pay_with", { wallet: wallet.name });
  const image = wallet.icon ? h("img", { src: wallet.icon, alt: "", width: 20, height: 20 }) : null;
  const place = h("div", { class: "buttons" });
  const pay = button("", "primary wide", async () => {
    // A wallet may never answer: then the payor goes on without it.
    let stopped;
    const stop = new Promise((resolve) => (stopped = resolve));
    const waits = h("div", { class: "row" },
      h("span", { class: "soft" }, t("wallet_wait", { wallet: wallet.name })),
      button(t("wallet_stop"), "plain", async () => stopped("stopped")));
    place.append(waits);
    try {
      const outcome = await Promise.race([wallet.pay(offer), stop]);
      if (outcome !== "stopped") notice(t("wallet_sent"));
    } catch (error) {
      const told = { rejected: "wallet_rejected", network: "wallet_network" }[error.reason];
      notice(t(told ?? "wallet_failed", { wallet: wallet.name, network: on }), 8000);
    } finally {
      waits.remove();
    }
  });
  pay.append(...[image, label].filter(Boolean));
  place.append(pay);
  return place;
}
