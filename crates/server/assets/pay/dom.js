// Elements are made here and nowhere else. Text is always a text node: there is no way in this
// page to turn a string into markup, so what a merchant wrote stays what it says.

import { assets, t } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";

/** An element: `h("p", { class: "soft", onclick }, "text", child)`. Empty children are left out. */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === "function") element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : String(value));
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** One drawing of icons.svg, for the eye only. */
export function icon(name, classes = "") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", `icon ${classes}`);
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${assets}/icons.svg#${name}`);
  svg.append(use);
  return svg;
}

// A network that looks like its own coin has no drawing of its own.
const COINS = { ethereum: "eth", solana: "sol", avalanche: "avax", ton: "ton", bsc: "bnb",
  cardano: "ada", sui: "sui" };

export const networkIcon = (name, classes) => icon(COINS[name] ?? `n-${name}`, classes);

const TOKENS = new Set(
  "eth usdc usdt dai pyusd eurc sol avax ton bnb ada sui usdm usd1".split(" "));

/** A token's icon with its network's in the corner. */
export function tokenIcon(token) {
  const symbol = token.token_symbol.toLowerCase();
  const name = symbol === "dusdc" ? "usdc" : TOKENS.has(symbol) ? symbol : "other";
  return h("span", { class: "pair" }, icon(name, "big"), networkIcon(token.network, "small"));
}

/** Says something to screen readers without moving anything. */
export function tell(text) {
  document.getElementById("told").textContent = text;
}

let noticeTimer;

/** A short notice at the lower edge, told to screen readers too. */
export function notice(text, forMs = 4000) {
  const place = document.getElementById("notice");
  place.textContent = text;
  place.hidden = false;
  tell(text);
  clearTimeout(noticeTimer);
  if (forMs) noticeTimer = setTimeout(() => (place.hidden = true), forMs);
}

/** A link that leaves the page; only such addresses that cannot run anything here. */
export function leave(url, classes, ...children) {
  return h("a", { class: classes, href: url, rel: "noreferrer noopener", target: "_blank" },
    ...children);
}

/** A button that cannot be pressed twice while it works, and says when it failed. */
export function button(label, classes, act) {
  const element = h("button", { type: "button", class: classes }, label);
  element.addEventListener("click", () => busy(element, act));
  return element;
}

export async function busy(element, act) {
  if (element.disabled) return;
  element.disabled = true;
  try {
    await act();
  } catch {
    notice(t("failed"));
  } finally {
    element.disabled = false;
  }
}

/** Puts new children in place, and the focus back on what had it. */
export function swap(place, ...children) {
  const key = place.contains(document.activeElement) && document.activeElement.dataset.key;
  place.replaceChildren(...children.flat().filter(Boolean));
  if (key) place.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
}
