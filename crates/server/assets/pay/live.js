// Follows the invoice: a websocket says that something happened, a poll says what. The poll goes
// on slowly beside the socket and quickly without it, so a lost message costs seconds and nothing
// else. The clock of this computer is believed only to have gone on while the computer slept.

import * as api from "./api.js";

const POLL_OPEN_MS = 15_000;
const POLL_ALONE_MS = 3_000;
const POLL_PENDING_MS = 1_500;
const POLL_FINAL_MS = 30_000;
const AGAIN_MS = 1_000;
const AGAIN_MS_MAX = 30_000;

/** What two clocks may differ by without one of them having stood still. */
const ASLEEP_MS = 1_000;

const last = { steady: performance.now(), wall: Date.now() };
let slept = 0;

/**
 * Milliseconds since the page began. The clock that nobody can set stands still while some
 * computers sleep; what the other clock went ahead of it meanwhile is added.
 */
export function now() {
  const [steady, wall] = [performance.now(), Date.now()];
  const ahead = wall - last.wall - (steady - last.steady);
  if (ahead > ASLEEP_MS) slept += ahead;
  Object.assign(last, { steady, wall });
  return steady + slept;
}

/**
 * Calls `heard` after every frame and `due` whenever it is time to look.
 * `mood` answers "open", "pending" or "final".
 */
export function follow({ due, mood, connection }) {
  let socket = null;
  let since = null;
  let failures = 0;
  let timer = null;
  let isLooking = false;
  let isAskedAgain = false;
  let isStopped = false;
  let isConnecting = false;

  async function look() {
    if (isStopped) return;
    if (isLooking) {
      isAskedAgain = true;
      return;
    }
    isLooking = true;
    clearTimeout(timer);
    try {
      await due();
    } finally {
      isLooking = false;
    }
    if (isAskedAgain) {
      isAskedAgain = false;
      look();
    } else {
      plan();
    }
  }

  function plan() {
    clearTimeout(timer);
    if (isStopped || document.hidden) return;
    const isConnected = socket?.readyState === WebSocket.OPEN;
    const open = isConnected ? POLL_OPEN_MS : POLL_ALONE_MS;
    const waits = { open, pending: POLL_PENDING_MS, final: POLL_FINAL_MS };
    timer = setTimeout(look, waits[mood()]);
  }

  async function connect() {
    if (isStopped || document.hidden || socket || isConnecting) return;
    isConnecting = true;
    try {
      const { token, ws_url } = await connection();
      const url = new URL(ws_url, location.href);
      url.protocol = url.protocol.replace("http", "ws");
      url.searchParams.set("token", token);
      if (since) url.searchParams.set("since", since);
      socket = new WebSocket(url);
    } catch {
      again();
      return;
    } finally {
      isConnecting = false;
    }
    const mine = socket;
    mine.onmessage = ({ data }) => {
      const frame = JSON.parse(data);
      failures = 0;
      since = frame.object === "event" ? frame.id : (frame.cursor ?? since);
      if (frame.object === "event" || frame.type === "resync") look();
    };
    mine.onclose = () => {
      if (socket === mine) socket = null;
      again();
      plan();
    };
  }

  function again() {
    failures += 1;
    const ms = Math.min(AGAIN_MS * 2 ** failures, AGAIN_MS_MAX);
    setTimeout(connect, ms * (0.75 + Math.random() / 2));
  }

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return plan();
    look();
    connect();
  });
  addEventListener("online", () => {
    failures = 0;
    look();
    connect();
  });
  addEventListener("pageshow", (event) => event.persisted && look());

  look();
  connect();
  return {
    look,
    stop() {
      isStopped = true;
      clearTimeout(timer);
      socket?.close();
    },
  };
}
