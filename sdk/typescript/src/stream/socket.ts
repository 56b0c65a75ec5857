// Websockets, as much of them as a stream needs, wherever they come from.
//
// Browsers, Deno, Bun and Node from 22 on have their own. Elsewhere the caller brings one, for
// example the package `ws`, whose sockets have these fields too.

import { PepayConfigurationError } from "../errors.js";

/** A websocket with the fields that browsers gave it. */
export interface WebSocketLike {
  onmessage: ((message: { data: unknown }) => void) | null;
  onclose: ((close: { code: number; reason: string }) => void) | null;
  onerror: ((error: unknown) => void) | null;
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
