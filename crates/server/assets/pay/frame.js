// What this page tells the page that embeds it. Messages go to one origin only, the one the loader
// named; the browser delivers them to nobody else, and the frame policy admits nobody else.
// { source: "pepay", version: 1, type: "ready"|"resize"|"status"|"paid"|"close", … }

import { embedder, isFramed } from "./session.js";

export function say(type, detail = {}) {
  if (!isFramed || !embedder) return;
  parent.postMessage({ source: "pepay", version: 1, type, ...detail }, embedder);
}

/** The address that a page inside a frame sends its links to: the whole window. */
export const linkTarget = isFramed ? "_top" : undefined;

export function begin() {
  if (!isFramed) return;
  document.documentElement.classList.add("framed");
  const page = document.querySelector(".page");
  new ResizeObserver(() => say("resize", { height: Math.ceil(page.scrollHeight) })).observe(page);
  addEventListener("keydown", (event) => event.key === "Escape" && say("close"));
  say("ready");
}
