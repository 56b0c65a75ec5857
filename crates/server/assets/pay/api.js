// The public payor routes, and nothing else of the server. Reads are tried again after a failure
// that may pass; writes are not, because every button can be pressed again.

import { session } from "./session.js";
import { lang } from "./words.js";

const TIMEOUT_MS = 15_000;
const READS_MAX = 3;
const PAUSE_MS = 400;

export class Refused extends Error {
  constructor(status, error = {}) {
    super(error.message ?? `HTTP ${status}`);
    this.status = status;
    this.code = error.code ?? "";
  }

  /** The session is not known, was revoked or is over. */
  get isClosed() {
    return this.status === 401 || this.status === 403;
  }
}

async function once(method, path, body) {
  const response = await fetch(path, {
    method,
    headers: {
      "x-session-token": session.token,
      "x-signature": session.signature,
      ...(body && { "content-type": "application/json" }),
    },
    body: body && JSON.stringify(body),
    signal: AbortSignal.timeout(TIMEOUT_MS),
    credentials: "omit",
    cache: "no-store",
  });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(response.status, answer.error);
  return answer;
}

export const pause = (ms) => new Promise((done) => setTimeout(done, ms));

async function read(path) {
  for (let tries = 1; ; tries += 1) {
    try {
      return await once("GET", path);
    } catch (error) {
      const mayPass = !(error instanceof Refused) || error.status >= 500 || error.status === 429;
      if (!mayPass || tries === READS_MAX) throw error;
      await pause(PAUSE_MS * 2 ** tries);
    }
  }
}

const base = "/api/v1/payments";

export const details = () => read(`${base}/session-details`);
export const status = () => once("GET", `${base}/payment-status`);
export const tokens = () => read(`${base}/available-tokens?available_only=true`);
export const questions = () => read(`${base}/invoice-questions`);
export const address = (token) =>
  once("POST", `${base}/payment-addresses`, { network: token.network, tokenId: token.id });
export const solanaTransaction = (payer, tokenId) =>
  once("POST", `${base}/solana-transaction`, { payer, tokenId });
export const setEmail = (email) =>
  once("POST", `${base}/customer-email`, { email, language: lang });
export const answer = (responses) => once("POST", `${base}/submit-form`, { responses });
export const simulate = (scenario, token) =>
  once("POST", `${base}/simulate`,
    { scenario, ...(token && { network: token.network, token_id: token.id }) });
export const look = (invoice, network) =>
  once("POST", `/api/v1/invoice/${invoice}/verify`, network ? { network } : undefined);
