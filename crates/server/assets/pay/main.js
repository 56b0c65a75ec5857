// The payment page: one state, read from the server, and the view that follows from it. The server
// decides everything; this page shows it and asks for what the payor wants.

import * as api from "./api.js";
import { chooser } from "./choose.js";
import { button, h, notice, swap, tell } from "./dom.js";
import * as frame from "./frame.js";
import { follow, now } from "./live.js";
import { choice, isFramed, isOpen } from "./session.js";
import { closed, finished, standing, summary } from "./states.js";
import { assets, clock, network, t, tokens as given, usd } from "./words.js";

const TICK_MS = 1_000;
const NO_PRICE_MS = 15_000;
const RETURN_SECONDS = 8;
/** A little less than the server's stream token lives. */
const CONNECT_WITHIN_MS = 45_000;
/** Longer than this between two ticks: the computer slept, or nobody looked. */
const GAP_MS = 5_000;
/** One refusal may be a mistake on the way; a second one soon after it is meant. */
const REFUSALS = 2;
const REFUSED_AGAIN_MS = 500;
const BEGIN_AGAIN_MS = 3_000;
const BEGIN_AGAIN_MS_MAX = 30_000;

const state = {
  details: null, status: null, tokens: [], questions: [], token: null, offer: null,
  invoiceEnds: 0, quoteEnds: Infinity, isOffline: false, returnAt: null, refusals: 0,
  // The last question for an offer, what it was asked for, and whether it is still unanswered.
  asked: 0, askedFor: null, isAsking: false, tickedAt: null, isEnded: false,
};
const shown = { summary: "", body: "", receipt: "", extras: "", phase: null };
const place = {
  summary: document.getElementById("summary"),
  main: document.getElementById("main"),
};
let stream = null;
let ticking = null;

/** What is fetched only when it is needed: the first load is for choosing. */
const parts = {};
async function need(...names) {
  const missing = names.filter((name) => !parts[name]);
  await Promise.all(missing.map(async (name) => {
    try {
      parts[name] = await import(`./${name}.js`);
    } catch (error) {
      // The server may have been renewed since. If it answers, this page is loaded anew, once.
      await api.status();
      if (choice.reloaded !== assets) {
        choice.reloaded = assets;
        choice.saved();
        location.reload();
      }
      throw error;
    }
  }));
}

const isOpenStatus = () => ["unpaid", "underpaid"].includes(state.details.invoice_status);
const pending = () => {
  const latest = state.status?.latest_payment;
  return latest?.status === "pending" && latest.counted && !latest.late ? latest : null;
};

function phase() {
  const { details, questions, token, offer } = state;
  if (!isOpenStatus()) return details.invoice_status;
  if (pending()) return "seen";
  if (details.invoice_status === "underpaid") return "underpaid";
  if (questions.length && !choice.answered) return "questions";
  return token && offer ? "pay" : "choose";
}

function body(phase) {
  const { details, status, token, offer } = state;
  const latest = status?.latest_payment;
  const facts = { details, status, latest };
  switch (phase) {
    case "paid":
    case "expired":
    case "canceled":
      return finished(phase, facts, returning());
    case "seen":
      if (parts.pay) return parts.pay.seen(latest);
      need("pay", "asks").then(render, () => {});
      return [loading()];
    case "questions":
      return parts.asks.questionsForm(state.questions, details.merchant_name,
        { done: passQuestions, skip: passQuestions });
    case "choose":
      return [...asides(latest), ...chooser(state.tokens, choose)];
    case "underpaid":
      return [
        // A reorg may have taken all of it away again.
        details.amount_paid_usd > 0
          ? standing("warn", "warn", t("underpaid"), t("underpaid_hint", {
            paid: usd(details.amount_paid_usd), left: usd(details.amount_remaining_usd),
            token: token?.token_symbol ?? "", network: network(details.locked_network) }))
          : null,
        ...asides(latest), ...panel(true)];
    case "pay":
      return [...panel(false), ...asides(latest),
        standing("", "clock", t("waiting"), t("waiting_hint"))];
  }
}

const loading = () => h("p", { class: "soft" }, t("loading"));

function panel(isLocked) {
  const { token, offer } = state;
  if (!token || !offer) return [loading()];
  return parts.pay.paymentPanel({ token, offer, isLocked, change: unchoose, again: refresh });
}

/** What happened beside the way: a payment that counts for nothing, or that a reorg removed. */
function asides(latest) {
  const { merchant_name: merchant } = state.details;
  if (latest?.status === "reverted") return [standing("warn", "warn", t("reverted"))];
  if (latest && !latest.counted) {
    return [standing("warn", "warn", t("not_counted", { merchant }))];
  }
  return [];
}

function render() {
  const { details, status } = state;
  if (!details || state.isEnded) return;
  const current = phase();
  const latest = status?.latest_payment ?? null;
  draw("summary", place.summary, [details, status?.status, pending()?.id],
    () => summary(details));
  if (!place.body) {
    for (const name of ["body", "receipt", "extras"]) {
      place[name] = h("div", { class: "stack", id: name });
    }
    place.main.replaceChildren(place.body, place.receipt, place.extras);
  }
  place.main.dataset.phase = current;
  const { offer, token, tokens } = state;
  const isPayable = ["pay", "underpaid"].includes(current);
  // Of an offer only what is to be sent counts: a price that is merely renewed redraws nothing.
  const terms = isPayable && offer
    ? [token.id, offer.quote_status, offer.estimated_token_amount, offer.temp_address] : null;
  draw("body", place.body,
    [current, latest, terms, tokens.length, details.amount_paid_usd, state.returnAt,
      current === "seen" && !parts.pay],
    () => body(current));
  const takesEmail = Boolean((isPayable || current === "seen") && parts.asks);
  draw("receipt", place.receipt, [takesEmail, details.customer_email],
    () => (takesEmail ? email(details.customer_email) : []));
  draw("extras", place.extras, [current, isOpenStatus(), token?.id, Object.keys(parts)],
    () => extras(isPayable));
  if (shown.phase !== current) enter(current);
  tick();
}

/** Draws a part anew only if what it shows has changed, so that nothing typed is lost. */
function draw(name, into, inputs, make) {
  const key = JSON.stringify(inputs);
  if (shown[name] === key) return;
  shown[name] = key;
  swap(into, make());
}

const email = (given) => [parts.asks.emailForm(given, (email) => {
  state.details.customer_email = email;
  render();
})];

function extras(isPayable) {
  const { details, token } = state;
  return [
    isPayable && parts.asks
      ? parts.asks.lookAgain(details.invoice_id, token?.network, () => stream.look())
      : null,
    parts.simulate
      ? parts.simulate.drawer({
        isOpen: isOpenStatus,
        token: () => state.token,
        due: () => stream.look(),
      })
      : null,
  ];
}

/** When the payor can go on, for who measures it. */
const LIVE = "pepay:interactive";

/** A new phase is told, to screen readers, to the title and to the page around. */
function enter(current) {
  const before = shown.phase;
  if (before === null) performance.mark(LIVE);
  shown.phase = current;
  const { details } = state;
  const titles = { paid: "paid", expired: "expired", canceled: "canceled", seen: "seen",
    underpaid: "underpaid", pay: "waiting", choose: "title", questions: "title" };
  const title = t(titles[current], { merchant: details.merchant_name });
  document.title = current === "choose" ? title : `${title} · ${details.merchant_name}`;
  if (before !== null) {
    tell(title);
    parts.pay?.settle();
    // Who is writing goes on writing; everybody else is led to what is new.
    if (!document.activeElement?.matches("input, select")) {
      place.body.querySelector("h2")?.focus();
    }
  }
  const told = { invoice_id: details.invoice_id, status: details.invoice_status };
  frame.say("status", told);
  if (current === "paid") {
    frame.say("paid", { ...told, return_url: details.payment_return_url });
    // Only who saw it happen is sent on: whoever comes back to this page wants to be here.
    if (before !== null && !isFramed && details.payment_return_url) {
      state.returnAt = now() + RETURN_SECONDS * 1000;
      render();
    }
  }
}

function returning() {
  if (!state.returnAt) return null;
  return h("p", { class: "row" },
    h("span", { class: "soft", "data-timer": "return" }),
    button(t("stay"), "plain", async () => {
      state.returnAt = null;
      render();
    }));
}

async function passQuestions() {
  choice.answered = true;
  choice.saved();
  render();
}

async function choose(token) {
  state.token = token;
  state.offer = null;
  choice.tokenId = token.id;
  choice.saved();
  tell(t("loading"));
  await refresh();
}

async function unchoose() {
  state.token = state.offer = state.askedFor = null;
  state.asked += 1;
  state.isAsking = false;
  state.quoteEnds = Infinity;
  choice.tokenId = null;
  choice.saved();
  render();
}

/** What an offer is for. One that was asked for anything else asks for a wrong amount. */
const owed = () => {
  const { details, token } = state;
  return JSON.stringify([details.invoice_status, details.amount_remaining_usd, token?.id]);
};

/** Drops an offer that no longer fits what is owed, and asks for one that does. */
function align() {
  if (!isOpenStatus()) return;
  const locked = state.details.locked_token_id;
  if (locked && state.token?.id !== locked) {
    state.token = state.tokens.find((token) => token.id === locked) ?? null;
  }
  if (state.token && state.askedFor !== owed()) {
    parts.pay?.settle();
    state.offer = null;
    refresh();
  }
}

/** Asks for the address and a price. Only the answer to the last question counts. */
async function refresh() {
  const { token, offer: before } = state;
  if (!token) return;
  const number = (state.asked += 1);
  state.askedFor = owed();
  state.isAsking = true;
  try {
    const [offer] = await Promise.all([api.address(token), need("pay", "asks")]);
    if (number !== state.asked) return;
    state.offer = offer;
    const seconds = offer.quote_expires_in_seconds;
    const holds = offer.quote_status === "available" ? seconds * 1000
      : (offer.retry_after_seconds ?? NO_PRICE_MS / 1000) * 1000;
    state.quoteEnds = now() + holds;
    const [was, is] = [before?.estimated_token_amount, offer.estimated_token_amount];
    if (was && is && was !== is) {
      notice(t("rate_changed", { amount: is, token: token.token_symbol }), 8000);
    }
  } catch (error) {
    if (number !== state.asked) return;
    state.quoteEnds = now() + NO_PRICE_MS;
    if (!before) {
      // A token that is locked stays, and is asked about again when the time is over.
      if (!state.details.locked_token_id) state.token = null;
      notice(t("failed"));
    }
    if (error instanceof api.Refused) stream?.look();
  }
  state.isAsking = false;
  render();
}

function tick() {
  if (!state.details) return;
  const left = { invoice: state.invoiceEnds, quote: state.quoteEnds, return: state.returnAt ?? 0 };
  const at = now();
  // While a wallet asks, or has sent, the amount it was given stays as it is.
  const isHeld = Boolean(parts.pay?.isHeld());
  for (const element of document.querySelectorAll("[data-timer]")) {
    const kind = element.dataset.timer;
    const ms = left[kind] - at;
    const text = kind === "return" ? t("returning", { seconds: Math.max(0, Math.ceil(ms / 1000)) })
      : kind === "invoice" ? clock(ms)
        : ms > 0 ? t("rate_holds", { time: clock(ms) }) : isHeld ? "" : t("rate_refreshing");
    if (element.textContent !== text) element.textContent = text;
  }
  if (state.returnAt && at >= state.returnAt) {
    state.returnAt = null;
    location.assign(state.details.payment_return_url);
  }
  if (document.hidden) return;
  if (state.tickedAt !== null && at - state.tickedAt > GAP_MS) load().then(render, () => {});
  state.tickedAt = at;
  const isWaiting = ["pay", "underpaid"].includes(shown.phase);
  if (isWaiting && !isHeld && !state.isAsking && at >= state.quoteEnds) refresh();
}

async function load() {
  const details = await api.details();
  state.details = details;
  state.detailsAt = now();
  state.invoiceEnds = state.detailsAt + details.remaining_time;
  align();
  return details;
}

/** One look at the server. */
async function due() {
  try {
    const status = await api.status();
    if (state.isOffline) notice(t("online"));
    state.isOffline = false;
    state.refusals = 0;
    const { details } = state;
    const isNew = status.status !== details.invoice_status
      || status.amount_paid_usd !== details.amount_paid_usd;
    state.status = status;
    if (isNew) await load();
    const locked = state.details.locked_token_id;
    const isKnown = !locked || state.tokens.some((token) => token.id === locked);
    if (isNew || !isKnown) await offers();
    align();
  } catch (error) {
    if (error instanceof api.Refused && error.isClosed) {
      state.refusals += 1;
      if (state.refusals >= REFUSALS) return end();
      setTimeout(() => stream.look(), REFUSED_AGAIN_MS);
    }
    if (!(error instanceof api.Refused) && !state.isOffline) {
      state.isOffline = true;
      notice(t("offline"), 0);
    }
  }
  render();
}

async function offers() {
  state.tokens = isOpenStatus() ? await api.tokens() : state.tokens;
}

/** The session is over, or never was one: nothing of a payment is left on the page. */
function end() {
  state.isEnded = true;
  stream?.stop();
  clearInterval(ticking);
  place.summary.replaceChildren();
  swap(place.main, closed());
  place.main.dataset.phase = "closed";
  document.title = t("no_session");
  place.main.querySelector("h2").focus();
  frame.say("status", { status: "closed" });
}

/** Another language is this page once more; what is known of the payment stays in the history. */
function translate(event) {
  if (!isOpen()) return event.target.form.submit();
  // A frame keeps its whole address, which names the page around that is to be told.
  const to = new URL(isFramed ? location.href : location.pathname, location.href);
  to.searchParams.set("lang", event.target.value);
  history.replaceState(history.state, "", to);
  location.reload();
}

/** The first look did not succeed: it is tried again by itself, and by who presses. */
function beginAgain(error, tries) {
  const again = () => {
    clearTimeout(timer);
    removeEventListener("online", again);
    return begin(tries + 1);
  };
  const timer = setTimeout(again, Math.min(BEGIN_AGAIN_MS * 2 ** tries, BEGIN_AGAIN_MS_MAX));
  addEventListener("online", again);
  const said = error instanceof api.Refused ? "failed" : "offline";
  swap(place.main, h("p", { role: "alert" }, t(said)), button(t("try_again"), "primary", again));
}

async function begin(tries = 0) {
  if (!isOpen()) return end();
  try {
    const reads = [load(), given ?? api.tokens(), api.questions()];
    const [details, tokens, asked] = await Promise.all(reads);
    state.tokens = tokens;
    state.questions = asked.questions?.questions ?? [];
    if (state.questions.length) await need("asks");
    if (details.network_environment === "devnet") need("simulate").then(render, () => {});
    const wanted = details.locked_token_id ?? choice.tokenId;
    state.token = (isOpenStatus() && tokens.find((token) => token.id === wanted)) || null;
    if (state.token) await refresh();
  } catch (error) {
    if (error instanceof api.Refused && error.isClosed) return end();
    return beginAgain(error, tries);
  }
  stream = follow({
    due,
    mood: () => {
      if (!isOpenStatus()) return "final";
      return pending() || now() > state.invoiceEnds ? "pending" : "open";
    },
    connection: async () => {
      const isFresh = now() - state.detailsAt < CONNECT_WITHIN_MS;
      return (isFresh ? state.details : await load()).ws_connection;
    },
  });
  ticking = setInterval(tick, TICK_MS);
  render();
}

frame.begin();
document.getElementById("language").addEventListener("change", translate);
begin();
