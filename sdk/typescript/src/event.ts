// Events: what happened, in one envelope over REST, websockets and webhooks.
//
// The type of an event decides what its object is, so a `switch` over `event.type` narrows
// `event.data.object`. A newer server may send types that are not listed here: keep a `default`.

import type {
  BankAccount,
  CommerceOrder,
  Invoice,
  InvoicePayment,
  Onramp,
  PaymentQuote,
  PepayEventRequest,
  RampDeposit,
  RampPayout,
  RampUser,
  Refund,
  WebhookEndpointView,
} from "./generated/schemas.js";

/** What `test.ping` carries. */
export interface Ping {
  /** Always `ping`. */
  object: "ping";
  /** Of this ping. */
  id: string;
  /** Always `ok`. */
  status: string;
}

/** The object that each type of event carries. */
export interface EventObjects {
  "invoice.created": Invoice;
  "invoice.updated": Invoice;
  "invoice_payment.created": InvoicePayment;
  "invoice_payment.updated": InvoicePayment;
  "commerce.order.created": CommerceOrder;
  "commerce.order.updated": CommerceOrder;
  "refund.created": Refund;
  "refund.updated": Refund;
  "ramp.user.created": RampUser;
  "ramp.user.updated": RampUser;
  "ramp.bank_account.created": BankAccount;
  "ramp.bank_account.updated": BankAccount;
  "ramp.deposit.created": RampDeposit;
  "ramp.deposit.updated": RampDeposit;
  "ramp.onramp.created": Onramp;
  "ramp.onramp.updated": Onramp;
  "ramp.payout.created": RampPayout;
  "ramp.payout.updated": RampPayout;
  "webhook_endpoint.disabled": WebhookEndpointView;
  "test.ping": Ping;
  /** On the payor's stream only. There all objects have fewer fields than the merchant sees. */
  "payment_quote.updated": PaymentQuote;
}

/** Every type of event. */
export type EventType = keyof EventObjects;

/** One type of event. */
export interface EventOf<Type extends EventType> {
  /** `evt_<ms>-<seq>`; grows in the order of the changes. Deliveries repeat: dedupe by it. */
  id: string;
  /** Always `event`. */
  object: "event";
  /** The version of the schema. */
  api_version: string;
  /** Epoch seconds. */
  created: number;
  /** What changed. */
  type: Type;
  /** True on mainnet. */
  livemode: boolean;
  /** Enabled webhook endpoints that matched when the event was written. */
  pending_webhooks: number;
  /** The request that caused it. */
  request: PepayEventRequest;
  /** What it happened to. */
  data: {
    /** The whole object, as its own route answers it. */
    object: EventObjects[Type];
    /** Of an update: the fields that changed, with their values before. */
    previous_attributes?: Record<string, unknown>;
  };
}

/** An event, told apart by its `type`. */
export type PepayEvent = { [Type in EventType]: EventOf<Type> }[EventType];

/** Whether this is the id of an event. */
export function isEventId(id: unknown): id is string {
  return typeof id === "string" && /^evt_\d+-\d+$/.test(id);
}

/** The epoch milliseconds and the place in its log that are in an event's id. */
export function partsOf(id: string): [ms: number, place: number] {
  const [, ms, place] = id.split(/[_-]/);
  return [Number(ms), Number(place)];
}

/**
 * Whether an event came after another. Places grow in the order of the log; a later time counts
 * too, because the log of a server that was restored from a backup goes on from an earlier place.
 */
export function isAfter(id: string, other: string): boolean {
  const [ms, place] = partsOf(id);
  const [otherMs, otherPlace] = partsOf(other);
  return place > otherPlace || ms > otherMs;
}
