// The credentials of this payment: taken from the address, then kept in memory and in this entry
// of the history. They are never written to storage or a cookie, and leave the address bar at
// once, so that a photograph of the screen or a shared address opens nothing.

const address = new URL(location.href);
const asked = address.searchParams;
const kept = history.state ?? {};

export const session = {
  token: asked.get("session") ?? kept.session ?? null,
  signature: asked.get("signature") ?? kept.signature ?? null,
};

/** What the payor chose here, which a reload finds again. */
export const choice = {
  tokenId: kept.session ? kept.tokenId : Number(asked.get("token")) || null,
  answered: kept.answered ?? false,
  /** The version that was loaded anew already, because one of its files could not be had. */
  reloaded: kept.reloaded ?? null,
  saved: keep,
};

/** The origin that embeds this page, as the loader says it; messages go nowhere else. */
export const embedder = origin(asked.get("embed") ?? kept.embedder ?? null);
export const isFramed = window.parent !== window;

function origin(text) {
  try {
    return new URL(text).origin === text ? text : null;
  } catch {
    return null;
  }
}

function keep() {
  const { token, signature } = session;
  const state = { session: token, signature, embedder, tokenId: choice.tokenId,
    answered: choice.answered, reloaded: choice.reloaded };
  // A frame has no address bar, and loads anew from its address when its page does.
  const to = isFramed ? location.href : `${address.pathname}${language()}`;
  history.replaceState(state, "", to);
}

function language() {
  const lang = asked.get("lang");
  return lang ? `?lang=${encodeURIComponent(lang)}` : "";
}

export const isOpen = () => Boolean(session.token && session.signature);

if (isOpen()) keep();
