// What can go wrong, as classes to tell apart with `instanceof`.
//
// Each says what happened and carries what is needed to act on it: the stable `code` to branch on,
// and the `requestId` to give to whoever runs the server. None of them holds a key or a secret.

/** Anything that this package throws by itself. */
export class PepayError extends Error {
  override readonly name: string = "PepayError";
  /** @param message - What happened, for people. */
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options as ErrorOptions);
  }
}

/** The client was set up or called in a way that cannot work; nothing was sent. */
export class PepayConfigurationError extends PepayError {
  override readonly name: string = "PepayConfigurationError";
}

/** The server was not reached, or the connection broke before its whole answer was there. */
export class PepayConnectionError extends PepayError {
  override readonly name: string = "PepayConnectionError";
}

/** Something took longer than it was allowed to. */
export class PepayTimeoutError extends PepayConnectionError {
  override readonly name: string = "PepayTimeoutError";
}

/** What the server said, as far as it could be read. */
export interface PepayAnswerDetails {
  /** The HTTP status. */
  status: number;
  /** The server's id of this request: give it to whoever runs the server. */
  requestId: string | null;
  /** The whole answer: parsed JSON, or text. */
  body: unknown;
}

/** The answer is none of Pepay's: most likely a proxy in between has answered. */
export class PepayAnswerError extends PepayError {
  override readonly name: string = "PepayAnswerError";
  /** The HTTP status. */
  readonly status: number;
  /** The id of the request, if the answer had one. */
  readonly requestId: string | null;

  constructor(message: string, details: { status: number; requestId: string | null }) {
    super(message);
    this.status = details.status;
    this.requestId = details.requestId;
  }
}

/** The server refused or failed. */
export class PepayApiError extends PepayError {
  override readonly name: string = "PepayApiError";
  /** The HTTP status. */
  readonly status: number;
  /** Stable, such as `VALIDATION_ERROR`: branch on it. */
  readonly code: string;
  /** The field of the request that is wrong, where one is. */
  readonly param: string | null;
  /** The server's id of this request. */
  readonly requestId: string | null;
  /** How long the server asked to wait before another try, in milliseconds. */
  readonly retryAfterMs: number | null;
  /** The answer's whole body. */
  readonly body: unknown;

  constructor(
    message: string,
    details: PepayAnswerDetails & {
      code: string;
      param: string | null;
      retryAfterMs: number | null;
    },
  ) {
    super(message);
    this.status = details.status;
    this.code = details.code;
    this.param = details.param;
    this.requestId = details.requestId;
    this.retryAfterMs = details.retryAfterMs;
    this.body = details.body;
  }
}

/** 400: the request cannot be understood; `param` names the field. */
export class PepayValidationError extends PepayApiError {
  override readonly name: string = "PepayValidationError";
}

/** 401: the credential is missing, unknown or over. */
export class PepayAuthenticationError extends PepayApiError {
  override readonly name: string = "PepayAuthenticationError";
}

/** 403: the credential is good, but does not open this. */
export class PepayPermissionError extends PepayApiError {
  override readonly name: string = "PepayPermissionError";
}

/** 404: there is no such thing, or it belongs to somebody else or to the other environment. */
export class PepayNotFoundError extends PepayApiError {
  override readonly name: string = "PepayNotFoundError";
}

/** 409: the state of things forbids it, or an idempotency key was used for something else. */
export class PepayConflictError extends PepayApiError {
  override readonly name: string = "PepayConflictError";
}

/** 410: it is too late. */
export class PepayGoneError extends PepayApiError {
  override readonly name: string = "PepayGoneError";
}

/** 429: too many requests; `retryAfterMs` says how long to wait. */
export class PepayRateLimitError extends PepayApiError {
  override readonly name: string = "PepayRateLimitError";
}

/** 5xx: the server failed. */
export class PepayServerError extends PepayApiError {
  override readonly name: string = "PepayServerError";
}

/** A stream of events ended for good. */
export class PepayStreamError extends PepayError {
  override readonly name: string = "PepayStreamError";
  /** The server's code, such as `INSUFFICIENT_SCOPE`, or one of our own. */
  readonly code: string;

  /** The code the websocket was closed with, if it was the server who closed it. */
  readonly closeCode: number | null;

  constructor(code: string, message: string, closeCode: number | null = null) {
    super(message);
    this.code = code;
    this.closeCode = closeCode;
  }
}

/** The class for an HTTP status. */
export function errorClassOf(status: number): typeof PepayApiError {
  switch (status) {
    case 400:
      return PepayValidationError;
    case 401:
      return PepayAuthenticationError;
    case 403:
      return PepayPermissionError;
    case 404:
      return PepayNotFoundError;
    case 409:
      return PepayConflictError;
    case 410:
      return PepayGoneError;
    case 429:
      return PepayRateLimitError;
    default:
      return status >= 500 ? PepayServerError : PepayApiError;
  }
}
