// Everything this package gives away. Each part can be taken alone: bundlers leave out the rest.

export { Pepay } from "./pepay.js";
export type { PepayCredentials, PepayOptions } from "./configuration.js";
export {
  PepayAnswerError,
  PepayApiError,
  PepayAuthenticationError,
  PepayConfigurationError,
  PepayConflictError,
  PepayConnectionError,
  PepayError,
  PepayGoneError,
  PepayNotFoundError,
  PepayPermissionError,
  PepayRateLimitError,
  PepayServerError,
  PepayStreamError,
  PepayTimeoutError,
  PepayValidationError,
} from "./errors.js";
export type { PepayAnswerDetails } from "./errors.js";
export type { EventObjects, EventOf, EventType, Ping } from "./event.js";
export type { EventRecovery, RecoveryQuery } from "./event_recovery.js";
export type { WaitOptions } from "./invoice_waiting.js";
export type { Listing } from "./listing.js";
export type { Operations } from "./generated/operations.js";
export type { Answer, Item, ListMethod, ListRoute, Method, NoInput, Route } from "./operation.js";
export type {
  CommerceStreamOptions,
  MerchantStreamOptions,
  PaymentStreamOptions,
  StreamOptions,
  WsTokenOptions,
} from "./resources/ws.js";
export type { PepayEventStream, StreamListeners } from "./stream/event_stream.js";
export type { WebSocketFactory, WebSocketLike } from "./stream/socket.js";
export type { RequestOptions } from "./transport.js";
export * from "./webhooks.js";
export type * from "./generated/schemas.js";
