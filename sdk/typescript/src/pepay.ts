// The client: one object with every method of the API, grouped as the documentation groups them.
//
// It holds settings and nothing else, so it can be shared by everything in a process, and a second
// one for other credentials costs next to nothing.

import {
  type PepayCredentials,
  type PepayOptions,
  type Settings,
  settle,
} from "./configuration.js";
import { type Routes, routesOf } from "./operation.js";
import { account } from "./resources/account.js";
import { auth } from "./resources/auth.js";
import { commerce } from "./resources/commerce.js";
import { devnet } from "./resources/devnet.js";
import { events } from "./resources/events.js";
import { invoices } from "./resources/invoices.js";
import { ledger } from "./resources/ledger.js";
import { paymentSessions } from "./resources/payment_sessions.js";
import { quotes } from "./resources/quotes.js";
import { ramps } from "./resources/ramps.js";
import { refunds } from "./resources/refunds.js";
import { settlement } from "./resources/settlement.js";
import { system } from "./resources/system.js";
import { tokens } from "./resources/tokens.js";
import { webhookEndpoints } from "./resources/webhook_endpoints.js";
import { ws } from "./resources/ws.js";

/**
 * A client of one Pepay server.
 *
 * ```ts
 * const apiKey = process.env.PEPAY_API_KEY;
 * const pepay = new Pepay({ baseUrl: "https://pay.example.com", apiKey });
 * const invoice = await pepay.invoices.create({ amount_usd: 49.99 });
 * ```
 *
 * Every method takes the ids of its path, then one input, then options for this one call.
 */
export class Pepay {
  /** Asking for money. */
  readonly invoices: ReturnType<typeof invoices>;
  /** Giving it back. */
  readonly refunds: ReturnType<typeof refunds>;
  /** Which tokens are taken. */
  readonly tokens: ReturnType<typeof tokens>;
  /** Where money goes on to. */
  readonly settlement: ReturnType<typeof settlement>;
  /** What happened. */
  readonly events: ReturnType<typeof events>;
  /** Where events are delivered to. */
  readonly webhooks: ReturnType<typeof webhookEndpoints>;
  /** Streams of events. */
  readonly ws: ReturnType<typeof ws>;
  /** Prices in tokens. */
  readonly quotes: ReturnType<typeof quotes>;
  /** What a payor's client may do. */
  readonly paymentSessions: ReturnType<typeof paymentSessions>;
  /** Search, carts, checkout and orders. */
  readonly commerce: ReturnType<typeof commerce>;
  /** Bank money. */
  readonly ramps: ReturnType<typeof ramps>;
  /** The books. */
  readonly ledger: ReturnType<typeof ledger>;
  /** Profile, members, keys, mainnet. */
  readonly account: ReturnType<typeof account>;
  /** Signing in. */
  readonly auth: ReturnType<typeof auth>;
  /** Simulated chains. */
  readonly devnet: ReturnType<typeof devnet>;
  /** The server itself. */
  readonly system: ReturnType<typeof system>;
  readonly #options: PepayOptions;

  /** Throws `PepayConfigurationError` for settings that cannot work. */
  constructor(options: PepayOptions) {
    this.#options = options;
    const settings: Settings = settle(options);
    const routes: Routes = routesOf(settings);
    this.invoices = invoices(routes);
    this.refunds = refunds(routes);
    this.tokens = tokens(routes);
    this.settlement = settlement(routes);
    this.events = events(routes);
    this.webhooks = webhookEndpoints(routes);
    this.ws = ws(settings, routes);
    this.quotes = quotes(routes);
    this.paymentSessions = paymentSessions(routes);
    this.commerce = commerce(routes);
    this.ramps = ramps(routes);
    this.ledger = ledger(routes);
    this.account = account(routes);
    this.auth = auth(routes);
    this.devnet = devnet(routes);
    this.system = system(routes);
  }

  /** The merchant's groups once more, under the name that some documentation has for them. */
  get merchants(): Pick<Pepay, "invoices" | "tokens" | "settlement" | "events" | "webhooks"> {
    return this;
  }

  /**
   * A client with other credentials and the same settings. What is not named stays; `undefined`
   * takes a credential away.
   */
  withAuth(credentials: PepayCredentials): Pepay {
    const { constructor } = this as unknown as { constructor: typeof Pepay };
    return new constructor({ ...this.#options, ...credentials });
  }
}
