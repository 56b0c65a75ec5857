// Which headers a route gets: exactly the first credential of its list that the client holds.
//
// Never both keys at once, and never a credential that the route does not take. A route that
// nothing opens is refused here, before a request is made, with the name of what is missing.

import type { PepayCredentials } from "./configuration.js";
import { PepayConfigurationError } from "./errors.js";

/** What opens a route. Generated types say which one each route has. */
export type Credential =
  "key" | "anyKey" | "commerce" | "bearer" | "session" | "keyOrSession" | "shopper" | "nobody";

type Name = keyof PepayCredentials;

/** The credentials that open a route, the preferred one first. */
const OPENED_BY: Record<Credential, readonly Name[]> = {
  key: ["apiKey", "bearerToken"],
  anyKey: ["apiKey", "commerceApiKey", "bearerToken"],
  commerce: ["commerceApiKey", "apiKey", "bearerToken"],
  bearer: ["bearerToken"],
  session: ["sessionToken"],
  keyOrSession: ["apiKey", "bearerToken", "sessionToken"],
  shopper: ["userAccessToken"],
  nobody: [],
};

/** The headers that open a route. */
export function headersFor(
  credential: Credential,
  held: PepayCredentials,
  route: string,
): Record<string, string> {
  const names = OPENED_BY[credential];
  const name = names.find((name) => held[name]);
  if (!name) {
    if (names.length === 0) return {};
    throw new PepayConfigurationError(`${route} needs ${names.join(" or ")}`);
  }
  const value = held[name] as string;
  switch (name) {
    case "apiKey":
      return { "x-api-key": value };
    case "commerceApiKey":
      return { "x-commerce-api-key": value };
    case "bearerToken":
      return { authorization: `Bearer ${value}` };
    case "userAccessToken": {
      const key = held.commerceApiKey;
      const token = { "user-authorization": `Bearer ${value}` };
      return key ? { ...token, "x-commerce-api-key": key } : token;
    }
    case "sessionToken":
    case "signature": {
      if (!held.signature) throw new PepayConfigurationError(`${route} needs signature`);
      return { "x-session-token": value, "x-signature": held.signature };
    }
  }
}
