// The payment page: one state, read from the server, and the view that follows from it. The server
// decides everything; this page shows it and asks for what the payor wants.

import * as api from "./api.js";
import { chooser } from "./choose.js";
import { button, h, notice, swap, tell } from "./dom.js";
import * as frame from "./frame.js";
import { follow } from "./live.js";
import { choice, isFramed, isOpen } from "./session.js";
import { closed, finished, seen, standing, summary } from "./states.js";
import { clock, network, t, tokens as given, usd } from "./words.js";

const TICK_MS = 1_000;
const NO_PRICE_MS = 15_000;
const RETURN_SECONDS = 8;
/** A little less than the server's stream token lives. */
const CONNECT_WITHIN_MS = 45_000;

const state = {
  details: null, status: null, tokens: [], questions: [], token: null, offer: null,
  invoiceEnds: 0, quoteEnds: Infinity, isRefreshing: false, isOffline: false, returnAt: null,
};
const shown = { summary: "", body: "", extras: "", phase: null };
const place = {
  summary: document.getElementById("summary"),
  main: document.getElementById("main"),
};
let stream = null;

/** What is fetched only when it is needed: the first load is for choosing. */
const parts = {};
async function need(...names) {
  const missing = names.filter((name) => !parts[name]);
  await Promise.all(missing.map(async (name) => {
    parts[name] = await import(`./${name}.js`);
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

function body(now) {
  const { details, status, token, offer } = state;
  const latest = status?.latest_payment;
  const facts = { details, status, latest };
  switch (now) {
    case "paid":
    case "expired":
    case "canceled":
      return finished(now, facts, returning());
    case "seen":
      return seen(latest);
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

function panel(isLocked) {
  const { token, offer } = state;
  if (!token || !offer) return [h("p", { class: "soft" }, t("loading"))];
  if (offer.quote_status !== "available") {
    return [h("p", { role: "alert" }, t("no_price")),
      button(t("try_again"), "", () => refresh()),
      isLocked ? null : button(t("change"), "plain", unchoose)];
  }
  return parts.pay.paymentPanel({ token, offer, isLocked, change: unchoose });
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
  if (!details) return;
  const now = phase();
  const latest = status?.latest_payment ?? null;
  draw("summary", place.summary, [details, status?.status, pending()?.id],
    () => summary(details));
  if (!place.body) {
    place.body = h("div", { class: "card plain-card", id: "body" });
    place.extras = h("div", { class: "stack", id: "extras" });
    place.body.className = place.extras.className = "stack";
    place.main.replaceChildren(place.body, place.extras);
  }
  place.main.dataset.phase = now;
  const { offer, token, tokens } = state;
  draw("body", place.body,
    [now, latest, offer, token?.id, tokens.length, details.amount_paid_usd, state.returnAt],
    () => body(now));
  draw("extras", place.extras,
    [now, isOpenStatus(), details.customer_email, Boolean(offer), Object.keys(parts)],
    () => extras(now));
  if (shown.phase !== now) enter(now);
  tick();
}

/** Draws a part anew only if what it shows has changed, so that nothing typed is lost. */
function draw(name, into, inputs, make) {
  const key = JSON.stringify(inputs);
  if (shown[name] === key) return;
  shown[name] = key;
  swap(into, make());
}

function extras(now) {
  const { details, token } = state;
  const isPayable = ["pay", "underpaid", "seen"].includes(now);
  return [
    isPayable && parts.asks
      ? parts.asks.emailForm(details.customer_email, (email) => {
        details.customer_email = email;
        render();
      })
      : null,
    ["pay", "underpaid"].includes(now) && parts.asks
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
function enter(now) {
  const before = shown.phase;
  if (before === null) performance.mark(LIVE);
  shown.phase = now;
  const { details } = state;
  const titles = { paid: "paid", expired: "expired", canceled: "canceled", seen: "seen",
    underpaid: "underpaid", pay: "waiting", choose: "title", questions: "title" };
  const title = t(titles[now], { merchant: details.merchant_name });
  document.title = now === "choose" ? title : `${title} · ${details.merchant_name}`;
  if (before !== null) {
    tell(title);
    if (["choose", "pay", "questions"].includes(now)) place.body.querySelector("h2")?.focus();
  }
  const told = { invoice_id: details.invoice_id, status: details.invoice_status };
  frame.say("status", told);
  if (now === "paid") {
    frame.say("paid", { ...told, return_url: details.payment_return_url });
    // Only who saw it happen is sent on: whoever comes back to this page wants to be here.
    if (before !== null && !isFramed && details.payment_return_url) {
      state.returnAt = performance.now() + RETURN_SECONDS * 1000;
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
  choice.tokenId = token.id;
  choice.saved();
  await refresh();
}

async function unchoose() {
  state.token = state.offer = null;
  state.quoteEnds = Infinity;
  choice.tokenId = null;
  choice.saved();
  render();
}

/** Asks for the address and a price; an answer for a token that is no longer chosen is dropped. */
async function refresh() {
  const { token, offer: before } = state;
  if (!token || state.isRefreshing) return;
  state.isRefreshing = true;
  try {
    const [offer] = await Promise.all([api.address(token), need("pay", "asks")]);
    if (state.token !== token) return;
    state.offer = offer;
    const seconds = offer.quote_expires_in_seconds;
    const holds = offer.quote_status === "available" ? seconds * 1000
      : (offer.retry_after_seconds ?? NO_PRICE_MS / 1000) * 1000;
    state.quoteEnds = performance.now() + holds;
    const [was, is] = [before?.estimated_token_amount, offer.estimated_token_amount];
    if (was && is && was !== is) {
      notice(t("rate_changed", { amount: is, token: token.token_symbol }), 8000);
    }
  } catch (error) {
    state.quoteEnds = performance.now() + NO_PRICE_MS;
    if (error instanceof api.Refused) {
      if (!before) state.token = null;
      stream?.look();
    }
    if (!before) notice(t("failed"));
  } finally {
    state.isRefreshing = false;
  }
  render();
}

function tick() {
  if (!state.details) return;
  const left = { invoice: state.invoiceEnds, quote: state.quoteEnds, return: state.returnAt ?? 0 };
  for (const element of document.querySelectorAll("[data-timer]")) {
    const ms = left[element.dataset.timer] - performance.now();
    const kind = element.dataset.timer;
    const text = kind === "return" ? t("returning", { seconds: Math.max(0, Math.ceil(ms / 1000)) })
      : kind === "quote" ? (ms > 0 ? t("rate_holds", { time: clock(ms) }) : t("rate_refreshing"))
        : clock(ms);
    if (element.textContent !== text) element.textContent = text;
  }
  if (state.returnAt && performance.now() >= state.returnAt) {
    state.returnAt = null;
    location.assign(state.details.payment_return_url);
  }
  const isWaiting = ["pay", "underpaid"].includes(shown.phase);
  if (isWaiting && !document.hidden && performance.now() >= state.quoteEnds) refresh();
}

async function load() {
  const details = await api.details();
  state.details = details;
  state.detailsAt = performance.now();
  state.invoiceEnds = performance.now() + details.remaining_time;
  return details;
}

/** One look at the server. */
async function due() {
  try {
    const status = await api.status();
    if (state.isOffline) notice(t("online"));
    state.isOffline = false;
    const { details } = state;
    const isNew = status.status !== details.invoice_status
      || status.amount_paid_usd !== details.amount_paid_usd;
    state.status = status;
    if (isNew) await Promise.all([load(), offers()]);
    const locked = state.details.locked_token_id;
    if (locked && state.token?.id !== locked) {
      state.token = state.tokens.find((token) => token.id === locked) ?? null;
      state.offer = null;
      await refresh();
    } else if (isNew && locked) {
      // Another amount is left: that is no new price.
      state.offer = null;
      await refresh();
    }
  } catch (error) {
    if (error instanceof api.Refused && error.isClosed) return end();
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

/** The session is over, or never was one. */
function end() {
  stream?.stop();
  shown.summary = shown.body = "";
  swap(place.main, closed());
  place.main.dataset.phase = "closed";
  frame.say("status", { status: "closed" });
}

/** Another language is this page once more; the credentials stay in the history. */
function translate(event) {
  if (!isOpen() || isFramed) return event.target.form.submit();
  history.replaceState(history.state, "", `${location.pathname}?lang=${event.target.value}`);
  location.reload();
}

async function begin() {
  frame.begin();
  document.getElementById("language").addEventListener("change", translate);
  if (!isOpen()) return end();
  try {
    const reads = [load(), given ?? api.tokens(), api.questions()];
    const [details, tokens, asked] = await Promise.all(reads);
    state.tokens = tokens;
    state.questions = asked.questions?.questions ?? [];
    if (state.questions.length) await need("asks");
    if (details.network_environment === "devnet") need("simulate").then(render);
    const wanted = details.locked_token_id ?? choice.tokenId;
    state.token = (isOpenStatus() && tokens.find((token) => token.id === wanted)) || null;
    if (state.token) await refresh();
  } catch (error) {
    if (error instanceof api.Refused && error.isClosed) return end();
    swap(place.main, h("p", { role: "alert" }, t("offline")),
      button(t("try_again"), "primary", async () => location.reload()));
    addEventListener("online", () => location.reload());
    return;
  }
  stream = follow({
    due,
    mood: () => {
      if (!isOpenStatus()) return "final";
      return pending() || performance.now() > state.invoiceEnds ? "pending" : "open";
    },
    connection: async () => {
      const isFresh = performance.now() - state.detailsAt < CONNECT_WITHIN_MS;
      return (isFresh ? state.details : await load()).ws_connection;
    },
  });
  setInterval(tick, TICK_MS);
  render();
}

begin();
