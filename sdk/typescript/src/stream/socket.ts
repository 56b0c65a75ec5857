// Websockets, as much of them as a stream needs, wherever they come from.
//
// Browsers, Deno, Bun and Node from 22 on have their own. Elsewhere the caller brings one, for
// example the package `ws`, whose sockets have these fields too.

import { PepayConfigurationError } from "../errors.js";

/**
 * A websocket with the fields that browsers gave it. What it hands over is of a class of its own
 * on every platform, which is why that is `any`: of a message `data` is read, of a close `code` and
 * `reason`.
 */
export interface WebSocketLike {
  /** Called with each message. */
  onmessage: ((message: any) => void) | null;
  /** Called once, at the end. */
  onclose: ((close: any) => void) | null;
  /** Called before `onclose` if something went wrong. */
  onerror: ((error: any) => void) | null;
  /** Closes it. */
  close(code?: number, reason?: string): void;
}

/** Opens a websocket; `(url) => new WebSocket(url)` where `ws` is imported. */
export type WebSocketFactory = (url: string) => WebSocketLike;

/** The caller's factory, or the platform's own websockets. */
export function factoryOr(given: WebSocketFactory | undefined): WebSocketFactory {
  if (given) return given;
  const Platform = (globalThis as { WebSocket?: new (url: string) => unknown }).WebSocket;
  if (!Platform) {
    throw new PepayConfigurationError(
      "This platform has no WebSocket: give webSocketFactory, for example with the package ws: " +
        "(url) => new WebSocket(url)",
    );
  }
  return (url) => new Platform(url) as WebSocketLike;
}
