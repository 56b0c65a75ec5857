// Streams against a websocket server that does what a test tells it: breaks, refuses, forgets.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";
import { Pepay } from "pepay";
import WebSocket, { WebSocketServer } from "ws";

const event = (number, more = {}) => ({
  object: "event",
  id: `evt_1766320496123-${number * 100}`,
  type: "invoice.updated",
  data: { object: { object: "invoice", id: "i", status: "paid" } },
  ...more,
});
const control = (type, number) => ({
  object: "ws_control",
  type,
  cursor: number ? event(number).id : null,
  created: 1_766_320_496,
});
const numberOf = ({ id }) => Number(id.split("-")[1]) / 100;

/** A server whose connections each play the next of the scripts, the last one again and again. */
class Peer {
  /** The query of each connection. */
  upgrades = [];
  /** The queries of what was asked over REST. */
  lists = [];
  tokens = 0;
  /** What REST knows, oldest first. */
  log = [];
  refuse = () => false;
  #scripts;
  #sockets = new WebSocketServer({ noServer: true });
  #server = createServer((request, response) => this.#answer(request, response));

  static async start(t, ...scripts) {
    const peer = new Peer();
    peer.#scripts = scripts;
    peer.#server.on("upgrade", (request, socket, head) => {
      const url = new URL(request.url, "http://peer");
      const at = Math.min(peer.upgrades.length, scripts.length - 1);
      peer.upgrades.push({ path: url.pathname, ...Object.fromEntries(url.searchParams) });
      if (peer.refuse(peer.upgrades.length)) {
        socket.end("HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\n\r\n");
        return;
      }
      peer.#sockets.handleUpgrade(request, socket, head, (socket) => {
        const say = (...frames) => frames.forEach((frame) => socket.send(JSON.stringify(frame)));
        peer.#scripts[at]({ say, socket });
      });
    });
    peer.#server.listen(0, "127.0.0.1");
    await once(peer.#server, "listening");
    t.after(() => {
      for (const socket of peer.#sockets.clients) socket.terminate();
      peer.#server.closeAllConnections();
      peer.#server.close();
    });
    peer.client = new Pepay({
      baseUrl: `http://127.0.0.1:${peer.#server.address().port}`,
      apiKey: "sk_test_1",
      webSocketFactory: (url) => new WebSocket(url),
      maxRetries: 0,
    });
    return peer;
  }

  #answer({ method, url }, response) {
    const { pathname, searchParams } = new URL(url, "http://peer");
    const send = (json, status = 200) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(json));
    if (method === "POST" && pathname === "/api/v1/ws/token") {
      this.tokens += 1;
      if (this.mint) return send(...this.mint(this.tokens));
      return send({ success: true, data: { token: `token-${this.tokens}` } });
    }
    if (pathname === "/api/v1/payments/session-details") {
      this.tokens += 1;
      return send({ ws_connection: { token: `payor-${this.tokens}` } });
    }
    this.lists.push(Object.fromEntries(searchParams));
    const after = searchParams.get("ending_before");
    const place = Number(after.split("-")[1]);
    const newer = this.log.filter((event) => Number(event.id.split("-")[1]) > place);
    const data = newer.slice(0, 2).reverse();
    return send({ success: true, data: { object: "list", data, has_more: newer.length > 2 } });
  }
}

/** The numbers of the events that a stream tells, until there are so many. */
async function take(stream, count) {
  const numbers = [];
  for await (const event of stream) {
    numbers.push(numberOf(event));
    if (numbers.length === count) break;
  }
  return numbers;
}

test("events come in order, filters and a token go into the address", async (t) => {
  const peer = await Peer.start(t, ({ say }) => say(control("ready"), event(1), event(2)));
  const stream = peer.client.ws.connectMerchantEvents({
    types: ["invoice.*", "refund.*"],
    customer_id: "c&d",
    since: event(0).id,
  });
  assert.deepEqual(await take(stream, 2), [1, 2]);
  assert.deepEqual(peer.upgrades, [
    {
      path: "/ws/merchant/events",
      format: "event_v1",
      token: "token-1",
      types: "invoice.*,refund.*",
      customer_id: "c&d",
      since: event(0).id,
    },
  ]);
});

test("after a break it comes back with the last event, and tells nothing twice", async (t) => {
  const first = ({ say, socket }) => {
    say(control("ready"), event(1), event(2), event(2));
    socket.terminate();
  };
  const second = ({ say }) =>
    say(control("ready"), control("replay_started"), event(2), event(3), event(1), event(4));
  const peer = await Peer.start(t, first, second);
  const stream = peer.client.ws.connectMerchantEvents();
  const breaks = [];
  stream.on("reconnecting", ({ attempt, cause }) => breaks.push([attempt, cause.name]));
  assert.deepEqual(await take(stream, 4), [1, 2, 3, 4]);
  assert.deepEqual(breaks, [[1, "PepayStreamError"]]);
  const [one, two] = peer.upgrades;
  assert.equal(one.since, undefined);
  assert.equal(two.since, event(2).id);
  assert.deepEqual([one.token, two.token], ["token-1", "token-2"]);
});

test("with nothing told yet it comes back to the heartbeat's place, or to its time", async (t) => {
  const beat = ({ say, socket }) => {
    say(control("ready"), control("heartbeat", 7));
    setImmediate(() => socket.close(1001));
  };
  const quiet = ({ say, socket }) => {
    say(control("ready"));
    setImmediate(() => socket.close(1001));
  };
  for (const [script, since] of [
    [beat, event(7).id],
    [quiet, "1766320496"],
  ]) {
    const peer = await Peer.start(t, script, ({ say }) => say(control("ready", 7), event(8)));
    assert.deepEqual(await take(peer.client.ws.connectMerchantEvents(), 1), [8]);
    assert.equal(peer.upgrades[1].since, since);
  }
});

test("a gap is filled over REST, in order, before what happened meanwhile", async (t) => {
  const first = ({ say, socket }) => {
    say(control("ready"), event(1));
    socket.terminate();
  };
  // The snapshot is not the whole past, and new things happen before it is read.
  const second = ({ say }) =>
    say(
      control("ready"),
      control("resync"),
      event(1),
      event(5),
      control("replay_finished", 5),
      event(6),
    );
  const peer = await Peer.start(t, first, second);
  peer.log = [1, 2, 3, 4, 5].map((number) => event(number));
  const stream = peer.client.ws.connectMerchantEvents({ types: "invoice.*" });
  assert.deepEqual(await take(stream, 6), [1, 2, 3, 4, 5, 6]);
  assert.deepEqual(
    peer.lists,
    [1, 3].map((number) => ({
      type: "invoice.*",
      ending_before: event(number).id,
      limit: "100",
    })),
  );
});

test("a snapshot that goes further back than the caller was is not told again", async (t) => {
  const peer = await Peer.start(t, ({ say }) =>
    say(
      control("ready"),
      control("resync"),
      event(1),
      event(2),
      event(4),
      control("replay_finished", 4),
      event(5),
    ),
  );
  peer.log = [3, 4].map((number) => event(number));
  const stream = peer.client.ws.connectMerchantEvents({ since: event(2).id });
  assert.deepEqual(await take(stream, 3), [3, 4, 5]);
});

test("a filter that REST does not know leaves it to the server's snapshot", async (t) => {
  const peer = await Peer.start(t, ({ say }) =>
    say(control("ready"), control("resync"), event(4), control("replay_finished", 4), event(5)),
  );
  const since = event(1).id;
  const narrowed = peer.client.ws.connectMerchantEvents({ since, customer_id: "c" });
  assert.deepEqual(await take(narrowed, 2), [4, 5]);
  // A merchant's key sees more over REST than the commerce stream tells.
  assert.deepEqual(await take(peer.client.ws.connectCommerceEvents({ since }), 2), [4, 5]);
  assert.equal(peer.lists.length, 0);
  // A member is told of both environments, and reads one of them.
  const member = peer.client.withAuth({ apiKey: undefined, bearerToken: "b" });
  assert.deepEqual(await take(member.ws.connectMerchantEvents({ since }), 2), [4, 5]);
  assert.equal(peer.lists.length, 0);
  const shop = peer.client.withAuth({ apiKey: undefined, commerceApiKey: "ck_test_1" });
  peer.log = [3, 4].map((number) => event(number));
  assert.deepEqual(await take(shop.ws.connectCommerceEvents({ since }), 3), [3, 4, 5]);
});

test("a server that refuses upgrades is asked again until it does not", async (t) => {
  const peer = await Peer.start(t, ({ say }) => say(control("ready"), event(1)));
  peer.refuse = (count) => count < 3;
  const stream = peer.client.ws.connectMerchantEvents();
  const attempts = [];
  stream.on("reconnecting", ({ attempt, delayMs }) => attempts.push([attempt, delayMs]));
  assert.deepEqual(await take(stream, 1), [1]);
  assert.deepEqual(
    attempts.map(([attempt]) => attempt),
    [2, 3],
  );
  assert.ok(
    attempts.every(([attempt, ms]) => ms >= 250 * 2 ** (attempt - 1)),
    String(attempts),
  );
});

test("what is not allowed ends the stream, with the server's own words", async (t) => {
  const words = { object: "ws_error", code: "INSUFFICIENT_SCOPE", message: "Not with this key" };
  const peer = await Peer.start(t, ({ say, socket }) => {
    say(words);
    socket.close(4403, "INSUFFICIENT_SCOPE");
  });
  const error = { name: "PepayStreamError", code: words.code, message: words.message };
  await assert.rejects(take(peer.client.ws.connectMerchantEvents(), 1), error);
  assert.equal(peer.upgrades.length, 1);
});

test("a token that has grown old is replaced once", async (t) => {
  const old = ({ socket }) => socket.close(4401, "TOKEN_INVALID");
  const good = ({ say }) => say(control("ready"), event(1));
  const peer = await Peer.start(t, old, good);
  assert.deepEqual(await take(peer.client.ws.connectMerchantEvents(), 1), [1]);
  const never = await Peer.start(t, old);
  await assert.rejects(take(never.client.ws.connectMerchantEvents(), 1), { closeCode: 4401 });
  assert.equal(never.upgrades.length, 2);
});

test("a key that opens nothing ends the stream at once, a failing server does not", async (t) => {
  const peer = await Peer.start(t, ({ say }) => say(control("ready"), event(1)));
  peer.mint = () => [{ success: false, error: { code: "API_KEY_INVALID", message: "No" } }, 401];
  const stream = peer.client.ws.connectMerchantEvents();
  await assert.rejects(take(stream, 1), { name: "PepayAuthenticationError" });
  assert.equal(peer.tokens, 1);
  peer.mint = (count) =>
    count < 3 ? [{ error: "Busy", code: "BUSY" }, 503] : [{ data: { token: "t" } }];
  assert.deepEqual(await take(peer.client.ws.connectMerchantEvents(), 1), [1]);
});

test("garbage, a frame nobody knows, and silence", async (t) => {
  const garbage = ({ say, socket }) => {
    say(control("ready"), event(1), { object: "of_the_future" });
    socket.send("<html>");
  };
  const silent = ({ say }) => say(control("ready"));
  const peer = await Peer.start(t, garbage, silent, ({ say }) => say(control("ready"), event(2)));
  const stream = peer.client.ws.connectMerchantEvents({ silenceTimeoutMs: 100 });
  const causes = [];
  stream.on("reconnecting", ({ cause }) => causes.push(cause.code));
  assert.deepEqual(await take(stream, 2), [1, 2]);
  assert.deepEqual(causes, ["GARBAGE", "SILENT"]);
  assert.equal(peer.upgrades[2].since, event(1).id);
});

test("an event without an id is garbage: it is not told, and nothing comes after it", async (t) => {
  for (const id of [undefined, null, 5, "", "2", [event(2).id]]) {
    const first = ({ say }) => say(control("ready"), event(1), event(2, { id }), event(3));
    const peer = await Peer.start(t, first, ({ say }) => say(control("ready"), event(2), event(3)));
    const stream = peer.client.ws.connectMerchantEvents();
    const causes = [];
    stream.on("reconnecting", ({ cause }) => causes.push(cause.code));
    assert.deepEqual(await take(stream, 3), [1, 2, 3]);
    assert.deepEqual(causes, ["GARBAGE"]);
    assert.equal(peer.upgrades[1].since, event(1).id);
  }
});

test("an event without an id is garbage in a gap as well", async (t) => {
  const gap = ({ say }) => say(control("ready"), control("resync"), event(4, { id: undefined }));
  const peer = await Peer.start(t, gap, ({ say }) => say(control("ready"), event(2)));
  const stream = peer.client.ws.connectMerchantEvents({ since: event(1).id });
  const causes = [];
  stream.on("reconnecting", ({ cause }) => causes.push(cause.code));
  assert.deepEqual(await take(stream, 1), [2]);
  assert.deepEqual(causes, ["GARBAGE"]);
  assert.equal(peer.upgrades[1].since, event(1).id);
});

/** Resolves when the server has said so many things about a stream. */
function controls(stream, count) {
  return new Promise((resolve) => stream.on("control", () => --count === 0 && resolve()));
}

test("events that come before anybody listens are held for the first who does", async (t) => {
  const script = ({ say }) => say(control("ready"), event(1), event(2), control("heartbeat", 2));
  for (const listen of ["walk", "event", "message"]) {
    const peer = await Peer.start(t, script);
    const stream = peer.client.ws.connectMerchantEvents({ since: event(0).id });
    await controls(stream, 2);
    // What nobody has heard of is not behind us.
    assert.equal(stream.cursor, event(0).id);
    if (listen === "walk") assert.deepEqual(await take(stream, 2), [1, 2]);
    else {
      const told = [[], []];
      for (const numbers of told) {
        stream.on(listen, (frame) => frame.object === "event" && numbers.push(numberOf(frame)));
      }
      // Not before `on` has returned: others may be about to listen too.
      assert.deepEqual(told, [[], []]);
      await null;
      assert.deepEqual(told, [
        [1, 2],
        [1, 2],
      ]);
      const late = [];
      stream.on("event", (event) => late.push(event));
      await null;
      assert.deepEqual(late, []);
    }
    assert.equal(stream.cursor, event(2).id);
    stream.close();
  }
});

test("a connection comes back after what is held, and all of it is told in order", async (t) => {
  const first = ({ say, socket }) => {
    say(control("ready"), event(1), event(2));
    socket.terminate();
  };
  const second = ({ say }) => say(control("ready"), event(3), control("heartbeat", 3));
  const peer = await Peer.start(t, first, second);
  const stream = peer.client.ws.connectMerchantEvents();
  await controls(stream, 3);
  assert.equal(peer.upgrades[1].since, event(2).id);
  assert.equal(stream.cursor, "1766320496");
  assert.deepEqual(await take(stream, 3), [1, 2, 3]);
});

test("what was held when a stream failed is walked over before its error", async (t) => {
  const peer = await Peer.start(t, ({ say, socket }) => {
    say(control("ready"), event(1), event(2));
    socket.close(4403);
  });
  const stream = peer.client.ws.connectMerchantEvents();
  await new Promise((resolve) => stream.on("error", () => {}).on("close", resolve));
  const numbers = [];
  const walk = async () => {
    for await (const event of stream) numbers.push(numberOf(event));
  };
  await assert.rejects(walk(), { closeCode: 4403 });
  assert.deepEqual(numbers, [1, 2]);
  assert.equal(stream.cursor, event(2).id);
});

test("what nobody listens to is not held without end", async (t) => {
  const peer = await Peer.start(t, ({ say }) => {
    say(control("ready"));
    for (let number = 1; number <= 10_050; number++) say(event(number));
  });
  const stream = peer.client.ws.connectMerchantEvents();
  const error = await new Promise((resolve) => stream.on("error", resolve));
  assert.equal(error.code, "TOO_SLOW");
  assert.equal(stream.cursor, "1766320496");
});

test("a payor's stream takes a fresh token of its session for every connection", async (t) => {
  const first = ({ say, socket }) => {
    say(control("ready"), event(1));
    socket.terminate();
  };
  const peer = await Peer.start(t, first, ({ say }) => say(control("ready"), event(2)));
  const payor = peer.client.withAuth({ apiKey: undefined, sessionToken: "s", signature: "s" });
  const stream = payor.ws.connectPaymentSession({ token: "given" });
  const messages = [];
  stream.on("message", (frame) => messages.push(frame.object));
  assert.deepEqual(await take(stream, 2), [1, 2]);
  assert.deepEqual(
    peer.upgrades.map(({ path, token }) => [path, token]),
    [
      ["/ws/payment", "given"],
      ["/ws/payment", "payor-1"],
    ],
  );
  assert.deepEqual(messages, ["ws_control", "event", "ws_control", "event"]);
  assert.throws(() => peer.client.ws.connectPaymentSession(), { name: "PepayConfigurationError" });
});

test("a browser's stream takes its tokens from whoever has the key", async (t) => {
  const peer = await Peer.start(t, ({ say }) => say(control("ready"), event(1)));
  const page = peer.client.withAuth({ apiKey: undefined });
  const stream = page.ws.connectMerchantEvents({ token: async () => "of-my-server" });
  assert.deepEqual(await take(stream, 1), [1]);
  assert.equal(peer.upgrades[0].token, "of-my-server");
  assert.equal(peer.tokens, 0);
});

test("close and abort end it: no more events, no more connections", async (t) => {
  for (const end of ["close", "abort"]) {
    const peer = await Peer.start(t, ({ say }) => say(control("ready"), event(1), event(2)));
    const stopper = new AbortController();
    const stream = peer.client.ws.connectMerchantEvents({ signal: stopper.signal });
    const told = [];
    const closed = new Promise((resolve) => stream.on("close", resolve));
    stream.on("event", (event) => {
      told.push(numberOf(event));
      if (end === "close") stream.close();
      else stopper.abort();
    });
    await closed;
    assert.deepEqual(told, [1]);
    assert.equal(stream.cursor, event(1).id);
    assert.equal(peer.upgrades.length, 1);
  }
});

/** What is thrown where nobody catches it, while something runs. */
async function uncaughtDuring(run) {
  const uncaught = [];
  const listeners = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  process.on("uncaughtException", (error) => uncaught.push(error));
  try {
    await run();
  } finally {
    process.removeAllListeners("uncaughtException");
    for (const listener of listeners) process.on("uncaughtException", listener);
  }
  return uncaught;
}

test("an error is thrown if nobody listens, and only then", async (t) => {
  const peer = await Peer.start(t, ({ socket }) => socket.close(4403));
  const end = async (listen) => {
    const stream = peer.client.ws.connectMerchantEvents();
    listen(stream);
    await new Promise((resolve) => stream.on("close", resolve));
  };
  const loud = await uncaughtDuring(() => end(() => {}));
  assert.deepEqual(
    loud.map(({ closeCode }) => closeCode),
    [4403],
  );
  const told = [];
  const quiet = await uncaughtDuring(() =>
    end((stream) => stream.on("error", (e) => told.push(e))),
  );
  assert.deepEqual(quiet, []);
  assert.equal(told.length, 1);
});

test("a listener that throws stops neither the stream nor the others", async (t) => {
  const peer = await Peer.start(t, ({ say }) => say(control("ready"), event(1), event(2)));
  const uncaught = await uncaughtDuring(async () => {
    const stream = peer.client.ws.connectMerchantEvents();
    stream.on("event", () => {
      throw new Error("a bug of the caller's");
    });
    assert.deepEqual(await take(stream, 2), [1, 2]);
  });
  assert.ok(uncaught.length >= 1);
});

test("who does not take what comes is told so, and where to go on", async (t) => {
  const peer = await Peer.start(t, ({ say }) => {
    say(control("ready"));
    for (let number = 1; number <= 10_050; number++) say(event(number));
  });
  const stream = peer.client.ws.connectMerchantEvents();
  const closed = new Promise((resolve) => stream.on("close", resolve));
  const walk = stream[Symbol.asyncIterator]();
  assert.equal(numberOf((await walk.next()).value), 1);
  await closed;
  await assert.rejects(
    (async () => {
      while (!(await walk.next()).done);
    })(),
    { code: "TOO_SLOW" },
  );
});

test("a platform without websockets is told what to give", (t) => {
  const { WebSocket: own } = globalThis;
  t.after(() => (globalThis.WebSocket = own));
  globalThis.WebSocket = undefined;
  const client = new Pepay({ baseUrl: "http://pepay.test", apiKey: "k" });
  assert.throws(() => client.ws.connectMerchantEvents(), /webSocketFactory/);
});
