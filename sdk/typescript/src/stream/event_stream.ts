// A stream of events that outlives its connections: each event once, in order, none missing.
//
// It comes back after every break with the last event it told as `since`. If the server does not
// know that place any more, the gap is read over REST while what happens meanwhile waits, and is
// told after it. Only a refusal that no second attempt can change ends a stream, or `close()`.
// Events that come before anybody listens are held for whoever is the first to.

import { isObject } from "../answer.js";
import { PepayApiError, PepayConfigurationError, PepayError, PepayStreamError } from "../errors.js";
import { type PepayEvent, isAfter, isEventId } from "../event.js";
import type { WsControl, WsError } from "../generated/schemas.js";
import { pause, pauseMs } from "../retry.js";
import { Listeners, throwLater } from "./listeners.js";
import { SeenEvents } from "./seen_events.js";
import type { WebSocketFactory, WebSocketLike } from "./socket.js";

/** What a stream tells its listeners. */
export interface StreamListeners {
  /** Something happened. */
  event: PepayEvent;
  /** The server says something about the stream itself. */
  control: WsControl;
  /** Any frame: an event, or a control frame. */
  message: PepayEvent | WsControl;
  /** The connection broke; the next attempt comes after `delayMs`. */
  reconnecting: { attempt: number; delayMs: number; cause: Error };
  /** The stream is over, and will not come back by itself. Thrown if nobody listens. */
  error: Error;
  /** The last word, after `close()` or an error. */
  close: void;
}

/** How one kind of stream connects. @internal */
export interface StreamPlan {
  /** The address of the next connection, with a fresh token in it. */
  address(since: string | null): Promise<string>;
  /** Reads over REST what came after an event, oldest first. */
  backfill: ((after: string) => AsyncIterable<PepayEvent>) | null;
  since: string | null;
  signal: AbortSignal | null | undefined;
  /** How long the server may be silent. */
  silenceMs: number;
  open: WebSocketFactory;
}

const PAUSE_MS_MAX = 30_000;
/** Events that wait while a gap is filled, for a first listener, or for a slow `for await`. */
const WAITING_MAX = 10_000;
/** The token is not good, or no longer. */
const CLOSE_BAD_CREDENTIAL = 4401;
/** A filter that means nothing, and what the credential does not open. */
const FINAL_CLOSES = [4400, 4403];
const FINAL_STATUSES = [400, 401, 403, 404, 410];

/** A stream of events. Listen with `on`, or walk over it with `for await`. */
export class PepayEventStream implements AsyncIterable<PepayEvent> {
  readonly #plan: StreamPlan;
  readonly #listeners = new Listeners<StreamListeners>();
  readonly #seen = new SeenEvents();
  readonly #stopper = new AbortController();
  #socket: WebSocketLike | null = null;
  #cursor: string | null;
  /** The last event that was taken in, or that the caller began after. */
  #last: string | null;
  /** What came before anybody listened to events, and is not told yet. */
  readonly #held: PepayEvent[] = [];
  #isHeard = false;
  /** What waits until a gap is filled; null while nothing is missing. */
  #waiting: PepayEvent[] | null = null;
  #isReady = false;
  #failure: Error | null = null;
  #isOver = false;

  /** @internal */
  constructor(plan: StreamPlan) {
    this.#plan = plan;
    this.#cursor = plan.since;
    this.#last = plan.since && isEventId(plan.since) ? plan.since : null;
    const { signal } = plan;
    if (signal?.aborted) this.#stopper.abort();
    else signal?.addEventListener("abort", () => this.close(), { once: true });
    void this.#run();
  }

  /** Where the stream is: give it as `since` to go on from here later. */
  get cursor(): string | null {
    return this.#cursor;
  }

  /**
   * Listens. The first to listen to `event` or `message` is told the events that came before, in a
   * moment, together with whoever else begins to listen meanwhile.
   */
  on<Name extends keyof StreamListeners>(
    name: Name,
    listener: (told: StreamListeners[Name]) => void,
  ): this {
    this.#listeners.add(name, listener);
    if (name === "event" || name === "message") queueMicrotask(() => this.#release());
    return this;
  }

  /** Listens no more. */
  off<Name extends keyof StreamListeners>(
    name: Name,
    listener: (told: StreamListeners[Name]) => void,
  ): this {
    this.#listeners.remove(name, listener);
    return this;
  }

  /** Ends the stream. */
  close(): void {
    this.#stopper.abort();
    this.#socket?.close(1000);
  }

  /**
   * Walks over the events as they come, those included that came before anybody listened; leaving
   * the loop ends the stream.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<PepayEvent, void, undefined> {
    const waiting: PepayEvent[] = [];
    let wake = () => {};
    const take = (event: PepayEvent) => {
      waiting.push(event);
      if (waiting.length > WAITING_MAX) this.#failTooSlow();
      wake();
    };
    const over = () => wake();
    // An error is thrown out of the loop.
    this.on("event", take).on("close", over).on("error", over);
    this.#release();
    // Of a stream that is over already, nobody else is told what came before its end.
    for (const event of this.#held.splice(0)) {
      this.#cursor = event.id;
      waiting.push(event);
    }
    try {
      while (true) {
        const event = waiting.shift();
        if (event) yield event;
        else if (this.#isOver) break;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
      if (this.#failure) throw this.#failure;
    } finally {
      this.off("event", take).off("close", over).off("error", over).close();
    }
  }

  /** Connects again and again until somebody ends it. */
  async #run(): Promise<void> {
    // Whoever made the stream listens before anything happens.
    await null;
    let attempt = 0;
    let refusals = 0;
    while (!this.#stopper.signal.aborted) {
      this.#isReady = false;
      const cause = await this.#connect();
      if (this.#stopper.signal.aborted) break;
      refusals = isTokenRefused(cause) && !this.#isReady ? refusals + 1 : 0;
      // A token may have grown old on the way; two in a row have not.
      if (isFinal(cause) || refusals > 1) {
        this.#fail(cause);
        break;
      }
      attempt = this.#isReady ? 0 : attempt + 1;
      const delayMs = pauseMs(attempt, PAUSE_MS_MAX);
      this.#listeners.tell("reconnecting", { attempt: attempt + 1, delayMs, cause });
      await pause(delayMs, this.#stopper.signal).catch(() => {});
    }
    this.#isOver = true;
    this.#listeners.tell("close", undefined);
  }

  #failTooSlow(): void {
    const message = `${WAITING_MAX} events were not taken; go on with the stream's cursor`;
    this.#fail(new PepayStreamError("TOO_SLOW", message));
  }

  #fail(error: Error): void {
    if (this.#failure || this.#stopper.signal.aborted) return;
    this.#failure = error;
    this.#listeners.tell("error", error, throwLater);
    this.close();
  }

  /** One connection to its end; answers why it ended. */
  async #connect(): Promise<Error> {
    let socket: WebSocketLike;
    try {
      const url = await this.#plan.address(this.#held.at(-1)?.id ?? this.#cursor);
      if (this.#stopper.signal.aborted) return new PepayError("closed");
      socket = this.#plan.open(url);
    } catch (error) {
      return error as Error;
    }
    this.#socket = socket;
    return new Promise((resolve) => {
      let last: PepayStreamError | null = null;
      let watch: ReturnType<typeof setTimeout>;
      const end = (error: Error) => {
        clearTimeout(watch);
        socket.onmessage = socket.onclose = null;
        // An error after its close must still find somebody.
        socket.onerror = () => {};
        this.#socket = this.#waiting = null;
        resolve(error);
      };
      const drop = (error: Error) => {
        end(error);
        socket.close();
      };
      const listen = () => {
        clearTimeout(watch);
        const silent = new PepayStreamError("SILENT", "The server fell silent");
        watch = setTimeout(() => drop(silent), this.#plan.silenceMs);
      };
      socket.onmessage = ({ data }: { data: unknown }) => {
        listen();
        try {
          last = this.#take(data, drop) ?? last;
        } catch (error) {
          drop(error as Error);
        }
      };
      socket.onclose = ({ code, reason }: { code: number; reason: string }) =>
        end(closeError(code, reason, last));
      socket.onerror = () => {};
      listen();
    });
  }

  /** Takes a frame; answers the error it tells of, if it does. */
  #take(data: unknown, drop: (error: Error) => void): PepayStreamError | null {
    const frame = parse(data);
    switch (frame.object) {
      case "event":
        demandId(frame);
        if (!this.#waiting) this.#tell(frame);
        else if (this.#waiting.push(frame) > WAITING_MAX) {
          drop(new PepayStreamError("TOO_SLOW", "Too much happened while a gap was filled"));
        }
        return null;
      case "ws_control":
        this.#heed(frame, drop);
        return null;
      case "ws_error":
        return new PepayStreamError(frame.code, frame.message);
      default:
        // Something a newer server says, which is no event.
        return null;
    }
  }

  #heed(control: WsControl, drop: (error: Error) => void): void {
    if (control.type === "ready") {
      this.#isReady = true;
      // Before any event there is only the time to come back to.
      this.#cursor ??= control.cursor ?? String(control.created);
    } else if (control.type === "resync") {
      if (this.#plan.backfill && this.#last) {
        const events = this.#plan.backfill(this.#last);
        this.#waiting = [];
        void this.#fill(events, this.#waiting).catch(drop);
      }
    } else if (control.cursor && !this.#waiting && this.#held.length === 0) {
      this.#cursor = control.cursor;
    }
    this.#listeners.tell("message", control);
    this.#listeners.tell("control", control);
  }

  /** Tells what was missed, and then what waited meanwhile. */
  async #fill(events: AsyncIterable<PepayEvent>, waiting: PepayEvent[]): Promise<void> {
    for await (const event of events) {
      // Another connection has taken over, or none will.
      if (this.#waiting !== waiting || this.#stopper.signal.aborted) return;
      demandId(event);
      this.#tell(event);
    }
    if (this.#waiting !== waiting) return;
    this.#waiting = null;
    for (const event of waiting) {
      // The server's snapshot goes further back than we need.
      if (!this.#last || isAfter(event.id, this.#last)) this.#tell(event);
    }
  }

  #tell(event: PepayEvent): void {
    // After its end a stream says nothing, whatever still arrives.
    if (this.#stopper.signal.aborted) return;
    if (!this.#seen.isNew(event.id)) return;
    this.#last = event.id;
    this.#held.push(event);
    if (this.#isHeard) this.#release();
    // The cursor stays before what nobody has heard.
    else if (this.#held.length > WAITING_MAX) this.#failTooSlow();
  }

  /** Tells what is held: somebody listens. */
  #release(): void {
    this.#isHeard = true;
    while (!this.#stopper.signal.aborted) {
      const event = this.#held.shift();
      if (!event) return;
      this.#cursor = event.id;
      this.#listeners.tell("message", event);
      this.#listeners.tell("event", event);
    }
  }
}

type Frame =
  PepayEvent | ({ object: "ws_control" } & WsControl) | ({ object: "ws_error" } & WsError);

function parse(data: unknown): Frame {
  let frame: unknown;
  try {
    frame = JSON.parse(String(data));
  } catch {
    // Told below.
  }
  if (isObject(frame)) return frame as Frame;
  throw new PepayStreamError("GARBAGE", "A frame is not Pepay's");
}

/** An event without an id could be told twice, and no connection could come back to its place. */
function demandId(event: PepayEvent): void {
  if (!isEventId(event.id)) throw new PepayStreamError("GARBAGE", "An event has no id");
}

/** What the server told last says more than the code it closed with. */
function closeError(code: number, reason: string, told: PepayStreamError | null): Error {
  const message = told?.message ?? `The connection closed with ${code} ${reason}`.trim();
  return new PepayStreamError(told?.code ?? "CLOSED", message, code);
}

function isTokenRefused(error: Error): boolean {
  return error instanceof PepayStreamError && error.closeCode === CLOSE_BAD_CREDENTIAL;
}

/** Whether another attempt would end like this one. */
function isFinal(error: Error): boolean {
  if (error instanceof PepayApiError) return FINAL_STATUSES.includes(error.status);
  if (error instanceof PepayStreamError) return FINAL_CLOSES.includes(error.closeCode ?? 0);
  return error instanceof PepayConfigurationError;
}
