// The OpenAPI document, read for what the SDK needs of it: its operations, one by one.
//
// Both the generator and the tests read it through here, so that what is generated and what is
// checked cannot disagree about which operations are public. Every operation is in the list once.

import { readFileSync } from "node:fs";

const DOCUMENT = new URL("../../../openapi.json", import.meta.url);

/** POSTs without an Idempotency-Key that change nothing, or the same however often they come. */
const HARMLESS_TO_REPEAT = new Set([
  "POST /api/commerce/merchant/carts/validate",
  "POST /api/commerce/merchant/checkout/address",
  "POST /api/commerce/merchant/checkout/estimate",
  "POST /api/commerce/merchant/customers/tokens",
  "POST /api/commerce/merchant/payments/bulk-status",
  "POST /api/merchant-api-keys/{id}/revoke",
  "POST /api/v1/invoice/{id}/verify",
  "POST /api/v1/merchant/tokens/{token_id}/block",
  "POST /api/v1/payments/customer-email",
  "POST /api/v1/payments/payment-addresses",
  "POST /api/v1/payments/solana-transaction",
  "POST /api/v1/payments/submit-form",
  "POST /api/v1/user/mainnet-access/request",
  "POST /api/v1/ws/token",
]);

/** What a ramp user's session may call besides what the document says of itself. */
const OF_RAMP_SESSIONS = /^(GET|POST) \/api\/v1\/ramps\/(quotes|payouts)(\/\{id\})?$/;

/** Reads the document of this tree. */
export function readDocument() {
  return JSON.parse(readFileSync(DOCUMENT, "utf8"));
}

/**
 * All operations. `isPublic` is false for what a client of the API never calls: the operator's
 * routes (`/api/admin`, `/metrics`), what a ramp provider calls, and the upgrades of websockets,
 * which `ws.connect…` make.
 */
export function operations(document) {
  const found = [];
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      if (method === "parameters") continue;
      found.push(read(document, `${method.toUpperCase()} ${path}`, path, operation));
    }
  }
  return found;
}

function read(document, route, path, operation) {
  const parameters = operation.parameters ?? [];
  const of = (place) => parameters.filter((parameter) => parameter.in === place);
  const isKeyed = of("header").some((parameter) => parameter.name === "Idempotency-Key");
  const answer = Object.entries(operation.responses).find(([status]) => status.startsWith("2"));
  return {
    route,
    path,
    operation,
    pathParameters: pathOrder(path, of("path")),
    query: of("query"),
    body: operation.requestBody,
    answer: answer?.[1].content ?? {},
    list: listOf(document, answer?.[1].content?.["application/json"]?.schema),
    credential: credentialOf(route, operation.security),
    isOnce: route.startsWith("POST ") && !isKeyed && !HARMLESS_TO_REPEAT.has(route),
    isPublic:
      !path.startsWith("/api/admin/") &&
      !path.startsWith("/ws/") &&
      path !== "/metrics" &&
      path !== "/api/v1/ramps/providers/{name}/webhook",
  };
}

function pathOrder(path, parameters) {
  const names = [...path.matchAll(/\{([^}]+)\}/g)].map((match) => match[1]);
  return names.map((name) => {
    const parameter = parameters.find((parameter) => parameter.name === name);
    if (!parameter) throw new Error(`${path}: {${name}} is not described`);
    return parameter;
  });
}

/** The name of what opens a route, as `src/credentials.ts` knows it. */
function credentialOf(route, security) {
  const names = (security ?? []).flatMap((choice) => Object.keys(choice));
  const has = (name) => names.includes(name);
  if (has("userAuthorization")) return "shopper";
  if (OF_RAMP_SESSIONS.test(route)) return "keyOrSession";
  if (has("sessionToken")) return has("merchantApiKey") ? "keyOrSession" : "session";
  if (has("commerceApiKey")) return names[0] === "commerceApiKey" ? "commerce" : "anyKey";
  if (has("merchantApiKey")) return "key";
  return has("bearerAuth") ? "bearer" : "nobody";
}

/** The places of a page's items, if the answer is a page: `data`, or `data.orders`, and so on. */
function listOf(document, schema) {
  const body = resolve(document, schema)?.properties;
  if (!body) return undefined;
  const page = body.success && body.data ? resolve(document, body.data).properties : body;
  if (!page) return undefined;
  const isPaged = ["has_more", "hasMore", "pagination", "offset"].some((name) => name in page);
  const items = ["data", "products", "orders", "addresses", "tokens"].find(
    (name) => page[name]?.type === "array",
  );
  return isPaged && items ? page[items].items : undefined;
}

/** Follows references until there is a schema. */
export function resolve(document, schema) {
  let followed = schema;
  while (followed?.$ref) followed = document.components.schemas[followed.$ref.split("/").pop()];
  return followed;
}
