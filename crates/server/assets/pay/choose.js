// The choice of a token and its network: a search field, the networks, and the list.

import { h, icon, networkIcon, swap, tokenIcon } from "./dom.js";
import { network, t } from "./words.js";

const NETWORKS_FOR_CHIPS = 3;
const STABLES_FIRST = ["USDC", "USDT"];

/** Who types a symbol means the token of that name, not one whose network is called so. */
function nearness(token, words) {
  const symbol = token.token_symbol.toLowerCase();
  if (words.includes(symbol)) return 0;
  return words.some((word) => symbol.startsWith(word)) ? 1 : 2;
}

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
  let pressed = null;

  const list = h("ul", { class: "tokens", "aria-label": t("token_label") });
  const chips = h("div", { class: "chips", role: "group", "aria-label": t("all") });
  const field = h("input", { type: "search", placeholder: t("search"), "aria-label": t("search"),
    autocomplete: "off", spellcheck: "false", "data-key": "search", maxlength: 40,
    oninput: (event) => {
      query = event.target.value;
      fill();
    } });

  function fits(token, words) {
    const text = [token.token_symbol, token.token_name, token.network, network(token.network)];
    return (!only || token.network === only)
      && words.every((word) => text.some((part) => part.toLowerCase().includes(word)));
  }

  /** Shows which token is being asked about; another one can be pressed meanwhile. */
  function mark() {
    for (const element of list.querySelectorAll("button")) {
      const isPressed = element.dataset.key === `token-${pressed?.id}`;
      element.setAttribute("aria-busy", isPressed);
      element.setAttribute("aria-disabled", isPressed);
    }
  }

  async function press(token) {
    if (pressed === token) return;
    pressed = token;
    mark();
    await choose(token);
    if (pressed !== token) return;
    pressed = null;
    mark();
  }

  function fill() {
    const words = query.toLowerCase().split(/\s+/).filter(Boolean);
    const found = all.filter((token) => fits(token, words))
      .sort((a, b) => nearness(a, words) - nearness(b, words));
    swap(list, found.length
      ? found.map((token) => h("li", {},
        h("button", { type: "button", "data-key": `token-${token.id}`,
          onclick: () => press(token) },
          tokenIcon(token),
          h("span", {}, token.token_symbol,
            h("span", { class: "soft" }, network(token.network))),
          icon("next", "turns"))))
      : [h("li", { class: "soft", role: "status" }, t("no_match", { query }))]);
    mark();
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
