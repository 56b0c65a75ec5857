// Websockets: streams of what happens, for merchants, for shops and for one payor.
//
// A connection carries a short-lived token in its address, fetched anew for each one, because no
// browser can send a header with an upgrade and no key belongs into an address.

import type { PepayCredentials, Settings } from "../configuration.js";
import { PepayConfigurationError } from "../errors.js";
import { eventsSince } from "../event_recovery.js";
import type { Environment, StreamScope, WsTokenAnswer } from "../generated/schemas.js";
import type { ListMethod, Routes } from "../operation.js";
import { PepayEventStream, type StreamPlan } from "../stream/event_stream.js";
import { factoryOr } from "../stream/socket.js";
import type { RequestOptions } from "../transport.js";

/** Where and how a stream begins. */
export interface StreamOptions {
  /** Go on after this event, or from this time on: epoch seconds or milliseconds, or RFC 3339. */
  since?: string | number | undefined;
  /** Ends the stream when it is aborted. */
  signal?: AbortSignal | null | undefined;
  /** After how much silence a connection counts as broken; 60000 if left out. */
  silenceTimeoutMs?: number | undefined;
}

/** What the streams of a merchant can be narrowed by. */
export interface MerchantStreamOptions extends StreamOptions {
  /** A fresh token for each connection, where no key can be: `() => fetch("/your/server")…`. */
  token?: (() => Promise<string> | string) | undefined;
  /** Types and prefixes such as `invoice.*`. */
  types?: string | readonly string[] | undefined;
  /** Events of one invoice. */
  invoice_id?: string | undefined;
  /** Events of one customer. */
  customer_id?: string | undefined;
  /** Events of invoices of one type. */
  invoice_type?: "standard" | "commerce" | undefined;
  /** For bearer tokens. */
  environment?: Environment | undefined;
}

/** What the streams of a shop can be narrowed by. */
export interface CommerceStreamOptions extends Omit<
  MerchantStreamOptions,
  "invoice_type" | "environment"
> {
  /** Events of one order. */
  order_id?: string | undefined;
  /** Events of one wallet. */
  wallet_address?: string | undefined;
  /** Events on one network. */
  wallet_network?: string | undefined;
}

/** How a payor's stream begins. */
export interface PaymentStreamOptions extends StreamOptions {
  /** The token for the first connection, if one is at hand: `ws_connection.token`. */
  token?: string | undefined;
}

/** A token to ask for. */
export interface WsTokenOptions {
  /** Which stream it opens. */
  scope: StreamScope;
  /** How long it can be used to connect, 5 to 3600; 60 if left out. */
  ttlSeconds?: number | undefined;
  /** For bearer tokens. */
  environment?: Environment | undefined;
}

const SILENCE_MS_DEFAULT = 60_000;
/** What the list of events can be narrowed by as a stream can. */
const OF_LISTS = ["types", "invoice_id", "order_id", "environment"];

type Filters = Record<string, unknown>;

/** Methods of `pepay.ws`. */
export function ws(settings: Settings, routes: Routes) {
  const create = routes.one("POST /api/v1/ws/token", "anyKey");
  const events = routes.list("GET /api/v1/events", "anyKey");
  const session = routes.one("GET /api/v1/payments/session-details", "session");
  const mint = (
    { scope, ttlSeconds, environment }: WsTokenOptions,
    options?: RequestOptions,
  ): Promise<WsTokenAnswer> =>
    create({ scope, ttl_seconds: ttlSeconds ?? null, environment: environment ?? null }, options);

  const merchant = (scope: StreamScope, options: MerchantStreamOptions & Filters) => {
    const { since, signal, silenceTimeoutMs, token, ...filters } = options;
    const { environment } = options;
    const fresh = token ?? (async () => (await mint({ scope, environment })).data.token);
    return new PepayEventStream({
      ...plan(settings, options),
      address: async (since) =>
        addressOf(settings, `/ws/${scope}/events`, { ...filters, since, token: await fresh() }),
      backfill: backfillOf(scope, settings.credentials, filters, events),
    });
  };

  return {
    /** Tokens that open streams. */
    token: {
      /** Create a token for an event stream, for browsers and whoever may not have your key. */
      mint,
    },
    /** Follow a merchant's events: invoices, payments, refunds, ramps, orders. */
    connectMerchantEvents: (options: MerchantStreamOptions = {}): PepayEventStream =>
      merchant("merchant", { ...options }),
    /** Follow orders, and the invoices and payments that belong to them. */
    connectCommerceEvents: (options: CommerceStreamOptions = {}): PepayEventStream =>
      merchant("commerce", { ...options }),
    /** Follow one invoice as its payor, with the client's `sessionToken` and `signature`. */
    connectPaymentSession: (options: PaymentStreamOptions = {}): PepayEventStream => {
      let { token } = options;
      if (!token && !settings.credentials.sessionToken) {
        throw new PepayConfigurationError("connectPaymentSession needs sessionToken or token");
      }
      const fresh = async () => {
        const given = token;
        // Good for one connection only, unless there is no other.
        if (settings.credentials.sessionToken) token = undefined;
        return given ?? (await session()).ws_connection.token;
      };
      return new PepayEventStream({
        ...plan(settings, options),
        address: async (since) =>
          addressOf(settings, "/ws/payment", { since, token: await fresh() }),
        backfill: null,
      });
    },
  };
}

function plan(
  settings: Settings,
  options: StreamOptions,
): Omit<StreamPlan, "address" | "backfill"> {
  return {
    since: options.since === undefined ? null : String(options.since),
    signal: options.signal,
    silenceMs: options.silenceTimeoutMs ?? SILENCE_MS_DEFAULT,
    open: factoryOr(settings.webSocketFactory),
  };
}

function addressOf(settings: Settings, path: string, query: Filters): string {
  const search = new URLSearchParams({ format: "event_v1" });
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null) search.append(name, String(value));
  }
  return `${settings.baseUrl.replace(/^http/, "ws")}${path}?${search}`;
}

/** The list of events, where it can be narrowed to exactly what the stream tells. */
function backfillOf(
  scope: StreamScope,
  held: PepayCredentials,
  filters: Filters,
  list: ListMethod<"GET /api/v1/events">,
): StreamPlan["backfill"] {
  const isKnown = Object.keys(filters).every(
    (name) => filters[name] === undefined || OF_LISTS.includes(name),
  );
  // A commerce key sees only what the commerce stream tells; a merchant's sees more. A member who
  // names no environment is told of both, and reads one of them.
  const key = held.apiKey ?? held.commerceApiKey ?? "";
  const isMerchants = key || (held.bearerToken && filters.environment);
  const isSame = scope === "merchant" ? isMerchants : key.startsWith("ck_");
  if (!isKnown || !isSame) return null;
  const { types: type, ...rest } = filters;
  return (after) => eventsSince(list, after, { ...rest, type: type as string });
}
