// Methods out of routes: the arguments, the answer and the credential of each are the generated
// ones, and the compiler refuses a route that does not exist or is opened by something else.
//
// Every method takes the holes of its path in their order, then one input (the query of a read, the
// body of a write), then options. That is the whole convention, so there is no code per method.

import type { Settings } from "./configuration.js";
import type { Operations } from "./generated/operations.js";
import { Listing } from "./listing.js";
import { type RequestOptions, perform } from "./transport.js";

/** Nothing to say: the place of an input that a route does not have. */
export type NoInput = Record<string, never>;

/** A public route, as `METHOD /path`. */
export type Route = keyof Operations;

/** A route that answers pages. */
export type ListRoute = {
  [R in Route]: Operations[R] extends { item: unknown } ? R : never;
}[Route];

/** What a route answers. */
export type Answer<R extends Route> = Operations[R]["answer"];

/** One item of a route that answers pages. */
export type Item<R extends ListRoute> = Operations[R]["item"];

/** Calls a route. */
export type Method<R extends Route> = (
  ...given: [...Operations[R]["arguments"], options?: RequestOptions]
) => Promise<Answer<R>>;

/** Calls a route that answers pages: await the first one, or walk over all items. */
export type ListMethod<R extends ListRoute> = (
  ...given: [...Operations[R]["arguments"], options?: RequestOptions]
) => Listing<Answer<R>, Item<R>>;

/** Must be said of a route that is never sent twice, and must not be said of any other. */
type Repeated<R extends Route> = Operations[R]["repeat"] extends "once" ? ["once"] : [];

/** Must be said of a route that answers a bare array, and must not be said of any other. */
type Shaped<R extends Route> = Answer<R> extends readonly unknown[] ? ["array"] : [];

/** Makes the methods of one client. */
export interface Routes {
  /** A method that answers one thing. */
  one<R extends Exclude<Route, ListRoute>>(
    route: R,
    credential: Operations[R]["credential"],
    ...traits: [...Repeated<R>, ...Shaped<R>]
  ): Method<R>;
  /** A method that answers pages. */
  list<R extends ListRoute>(route: R, credential: Operations[R]["credential"]): ListMethod<R>;
}

/** The same with every type forgotten, which is how it runs. */
type AnyArguments = unknown[];

/** Methods that send with these settings. */
export function routesOf(settings: Settings): Routes {
  const one =
    (route: string, credential: never, ...traits: ("once" | "array")[]) =>
    async (...given: AnyArguments) => {
      const repeat = traits.includes("once") ? "once" : "any";
      const shape = traits.includes("array") ? "array" : "object";
      return perform(settings, { ...filled(route, given), credential, repeat, shape });
    };
  const list =
    (route: string, credential: never) =>
    (...given: AnyArguments) => {
      const call = filled(route, given);
      const load = (query: object) =>
        perform(settings, { ...call, query, credential, repeat: "any", shape: "object" });
      return new Listing(load, call.query);
    };
  return { one, list } as unknown as Routes;
}

/** Puts the arguments to their places. */
function filled(route: string, given: AnyArguments) {
  const [method, pattern] = route.split(" ") as [string, string];
  const rest = [...given];
  const path = pattern.replace(/\{(\w+)\}/g, (_, name: string) => segment(name, rest.shift()));
  const input = rest[0] as object | undefined;
  const options = (rest[1] ?? {}) as RequestOptions;
  // Two routes name what they delete in a body.
  const isDeletedByBody = /-wallets$|-destinations$/.test(path);
  const isQuery = method === "GET" || (method === "DELETE" && !isDeletedByBody);
  return {
    route,
    method,
    path,
    query: isQuery ? input : undefined,
    body: isQuery ? undefined : input,
    options,
  };
}

/** An id as a part of a path; nothing, `.` and `..` would lead to another route. */
function segment(name: string, value: unknown): string {
  const text = typeof value === "number" ? String(value) : value;
  if (typeof text !== "string" || /^\.{0,2}$/.test(text)) {
    throw new TypeError(`${name} must be an id, not ${JSON.stringify(value)}`);
  }
  return encodeURIComponent(text);
}
