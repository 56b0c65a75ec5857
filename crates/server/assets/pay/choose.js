// The choice of a token and its network: a search field, the networks, and the list.

import { h, icon, networkIcon, swap, tokenIcon } from "./dom.js";
import { network, t } from "./words.js";

const NETWORKS_FOR_CHIPS = 3;
const STABLES_FIRST = ["USDC", "USDT"];

/** Well-known dollars first, then as the server lists them. */
function inOrder(tokens) {
  const rank = (token) => {
    const at = STABLES_FIRST.indexOf(token.token_symbol);
    return at < 0 ? STABLES_FIRST.length : at;
  };
  return tokens.map((token, at) => ({ token, at }))
    .sort((a, b) => rank(a.token) - rank(b.token) || a.at - b.at)
    .map(({ token }) => token);
}

export function chooser(tokens, choose) {
  const all = inOrder(tokens);
  const networks = [...new Set(tokens.map((token) => token.network))];
  let only = null;
  let query = "";

  const list = h("ul", { class: "tokens", "aria-label": t("token_label") });
  const chips = h("div", { class: "chips", role: "group", "aria-label": t("all") });
  const field = h("input", { type: "search", placeholder: t("search"), "aria-label": t("search"),
    autocomplete: "off", spellcheck: "false", "data-key": "search", maxlength: 40,
    oninput: (event) => {
      query = event.target.value;
      fill();
    } });

  function fits(token) {
    const text = [token.token_symbol, token.token_name, token.network, network(token.network)];
    const words = query.toLowerCase().split(/\s+/).filter(Boolean);
    return (!only || token.network === only)
      && words.every((word) => text.some((part) => part.toLowerCase().includes(word)));
  }

  function fill() {
    const found = all.filter(fits);
    swap(list, found.length
      ? found.map((token) => h("li", {},
        h("button", { type: "button", "data-key": `token-${token.id}`,
          onclick: () => choose(token) },
          tokenIcon(token),
          h("span", {}, token.token_symbol,
            h("span", { class: "soft" }, network(token.network))),
          icon("next", "turns"))))
      : [h("li", { class: "soft", role: "status" }, t("no_match", { query }))]);
    const chip = (name, label, ...inside) =>
      h("button", { type: "button", "aria-pressed": String(only === name),
        "data-key": `net-${name}`,
        onclick: () => {
          only = name;
          fill();
        } }, ...inside, label);
    swap(chips, chip(null, t("all")),
      networks.map((name) => chip(name, network(name), networkIcon(name))));
  }

  fill();
  return [
    h("h2", { tabindex: "-1" }, t("choose_title")),
    h("div", { class: "find" }, icon("find"), field),
    networks.length > NETWORKS_FOR_CHIPS ? chips : null,
    list,
  ];
}
