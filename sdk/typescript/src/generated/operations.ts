// Generated from openapi.json by scripts/generate.mjs: run `npm run generate`.
//
// What each route takes and answers, which credential opens it, and whether it may be sent
// twice. Types only: nothing of this file is in the program.

import type * as schemas from "./schemas.js";
import type { NoInput } from "../operation.js";

/** Every public route, by its method and path. */
export interface Operations {
  /**
   * Change your password
   *
   * Ends every other sign-in of yours; tokens that were mailed before work no more.
   */
  "POST /api/auth/password/change": {
    arguments: [body: schemas.ChangePassword];
    answer: schemas.Done;
    credential: "bearer";
    repeat: "once";
  };
  /**
   * Set a new password with a mailed token
   *
   * Ends every sign-in of the member and unlinks his wallets; other mailed tokens work no more.
   * One-time codes stay as they are.
   */
  "POST /api/auth/password/confirm": {
    arguments: [body: schemas.ConfirmReset];
    answer: schemas.Done;
    credential: "nobody";
    repeat: "once";
  };
  /**
   * Ask for a new password
   *
   * Mails a link to the member who has this e-mail, at most once a minute. The answer does not
   * tell whether there is one.
   */
  "POST /api/auth/password/reset": {
    arguments: [body: schemas.ResetRequest];
    answer: schemas.Done;
    credential: "nobody";
    repeat: "once";
  };
  /**
   * Take a refresh token for new tokens
   *
   * A refresh token works once. If it comes a second time somebody else holds it too, and the
   * sign-in ends.
   */
  "POST /api/auth/refresh": {
    arguments: [body: schemas.RefreshRequest];
    answer: schemas.SignedIn;
    credential: "nobody";
    repeat: "once";
  };
  /**
   * Sign in with e-mail and password
   *
   * Five failures in a row lock the account for a while, each further one for longer.
   */
  "POST /api/auth/sign-in": {
    arguments: [body: schemas.SignInRequest];
    answer: schemas.SignedIn;
    credential: "nobody";
    repeat: "once";
  };
  /**
   * Sign out
   *
   * Ends this sign-in with its tokens, at once.
   */
  "POST /api/auth/sign-out": {
    arguments: [input?: NoInput];
    answer: schemas.Done;
    credential: "bearer";
    repeat: "once";
  };
  /** Turn one-time codes on */
  "POST /api/auth/totp/confirm": {
    arguments: [body: schemas.ConfirmTotp];
    answer: schemas.Done;
    credential: "bearer";
    repeat: "once";
  };
  /** Turn one-time codes off */
  "POST /api/auth/totp/disable": {
    arguments: [body: schemas.DisableTotp];
    answer: schemas.Done;
    credential: "bearer";
    repeat: "once";
  };
  /**
   * Enroll an authenticator app
   *
   * Takes the password, so that a stolen token does not lock its owner out.
   * Signing in asks for codes once the first one is confirmed. Enrolling again before that
   * replaces the seed.
   */
  "POST /api/auth/totp/enroll": {
    arguments: [body: schemas.EnrollTotp];
    answer: schemas.TotpEnrolment;
    credential: "bearer";
    repeat: "once";
  };
  /** Get a message for a wallet to sign */
  "POST /api/auth/wallet/challenge": {
    arguments: [body: schemas.ChallengeRequest];
    answer: schemas.Challenge;
    credential: "nobody";
    repeat: "once";
  };
  /**
   * Link a wallet to your account
   *
   * Get a challenge for it first and sign that. Takes your password too, and a code where an
   * authenticator app is enrolled.
   */
  "POST /api/auth/wallet/link": {
    arguments: [body: schemas.LinkWallet];
    answer: schemas.Done;
    credential: "bearer";
    repeat: "once";
  };
  /**
   * Unlink a wallet from your account
   *
   * It signs nobody in until somebody links it. Ends every other sign-in of yours, because the
   * wallet may have opened them.
   */
  "POST /api/auth/wallet/unlink": {
    arguments: [body: schemas.UnlinkWallet];
    answer: schemas.Done;
    credential: "bearer";
    repeat: "once";
  };
  /**
   * Sign in with a wallet
   *
   * The wallet must be linked to a member; it stands for the password, not for the code.
   */
  "POST /api/auth/wallet/verify": {
    arguments: [body: schemas.SignedChallenge];
    answer: schemas.SignedIn;
    credential: "nobody";
    repeat: "once";
  };
  /** Get my cart */
  "GET /api/commerce/cart": {
    arguments: [input?: NoInput];
    answer: schemas.EnvelopedCommerceOwnCart;
    credential: "shopper";
    repeat: "any";
  };
  /** Add an item to my cart */
  "POST /api/commerce/cart": {
    arguments: [body: schemas.CommerceCartItemRequest];
    answer: schemas.ToldCommerceCartItemAdded;
    credential: "shopper";
    repeat: "once";
  };
  /** Clear my cart */
  "DELETE /api/commerce/cart": {
    arguments: [input?: NoInput];
    answer: schemas.ToldCommerceCartCleared;
    credential: "shopper";
    repeat: "any";
  };
  /** Change how many of an item are in my cart */
  "PUT /api/commerce/cart/{item_id}": {
    arguments: [itemId: schemas.CartItemId, body: schemas.CommerceCartUpdateRequest];
    answer: schemas.ToldCommerceCartItemUpdated;
    credential: "shopper";
    repeat: "any";
  };
  /** Remove an item from my cart */
  "DELETE /api/commerce/cart/{item_id}": {
    arguments: [itemId: schemas.CartItemId, input?: NoInput];
    answer: schemas.ToldCommerceCartItemRemoved;
    credential: "shopper";
    repeat: "any";
  };
  /**
   * Simulate an order's next step
   *
   * Devnet only. `failed` is reached from `processing`, `cancelled` from `placed`, and `refunded`
   * once a paid order was cancelled or has failed, with a BSC destination from the checkout or from
   * the simulated payment.
   */
  "POST /api/commerce/devnet/orders/{orderId}/simulate": {
    arguments: [orderId: schemas.OrderId, body: schemas.CommerceSimulateRequest];
    answer: schemas.EnvelopedCommerceSimulatedOrder;
    credential: "commerce";
    repeat: "once";
  };
  /** What commerce offers */
  "GET /api/commerce/info": {
    arguments: [query?: {
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
    }];
    answer: schemas.EnvelopedCommerceInfo;
    credential: "commerce";
    repeat: "any";
  };
  /**
   * Get a customer's cart
   *
   * A customer who put nothing in yet has an empty one.
   */
  "GET /api/commerce/merchant/carts": {
    arguments: [query?: {
      /** The merchant's own number of the customer; or both of the wallet's fields. */
      customer_id?: string;
      wallet_address?: string;
      /** One of the ten networks. */
      wallet_network?: string;
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
    }];
    answer: schemas.EnvelopedCommerceCart;
    credential: "commerce";
    repeat: "any";
  };
  /**
   * Initialize a customer's cart
   *
   * A cart that is there stays as it is; an item is added to it.
   */
  "POST /api/commerce/merchant/carts": {
    arguments: [body: schemas.OfShopperCommerceCartRequest];
    answer: schemas.ToldCommerceCart;
    credential: "commerce";
    repeat: "any";
  };
  /**
   * Clear a customer's cart
   *
   * The customer is named in the query, or in a body.
   */
  "DELETE /api/commerce/merchant/carts": {
    arguments: [query?: {
      /** The merchant's own number of the customer; or both of the wallet's fields. */
      customer_id?: string;
      wallet_address?: string;
      /** One of the ten networks. */
      wallet_network?: string;
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
    }];
    answer: schemas.ToldCommerceCartCleared;
    credential: "commerce";
    repeat: "any";
  };
  /**
   * Add an item to a customer's cart
   *
   * More of what is in the cart already is more of that line, at the price it is put in with now.
   */
  "POST /api/commerce/merchant/carts/items": {
    arguments: [body: schemas.OfShopperCommerceCartItemRequest];
    answer: schemas.ToldCommerceCartItemAdded;
    credential: "commerce";
    repeat: "any";
  };
  /** Change how many of an item are in a customer's cart */
  "PUT /api/commerce/merchant/carts/items/{item_id}": {
    arguments: [itemId: schemas.CartItemId, body: schemas.OfShopperCommerceCartUpdateRequest];
    answer: schemas.ToldCommerceCartItemUpdated;
    credential: "commerce";
    repeat: "any";
  };
  /** Remove an item from a customer's cart */
  "DELETE /api/commerce/merchant/carts/items/{item_id}": {
    arguments: [itemId: schemas.CartItemId, query?: {
      /** The merchant's own number of the customer; or both of the wallet's fields. */
      customer_id?: string;
      wallet_address?: string;
      /** One of the ten networks. */
      wallet_network?: string;
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
    }];
    answer: schemas.ToldCommerceCartItemRemoved;
    credential: "commerce";
    repeat: "any";
  };
  /** Get the totals of a customer's cart */
  "GET /api/commerce/merchant/carts/totals": {
    arguments: [query?: {
      /** The merchant's own number of the customer; or both of the wallet's fields. */
      customer_id?: string;
      wallet_address?: string;
      /** One of the ten networks. */
      wallet_network?: string;
      /** Of the US: which state's tax and which ways of shipping count. */
      zip_code?: string;
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
    }];
    answer: schemas.EnvelopedCommerceCartTotals;
    credential: "commerce";
    repeat: "any";
  };
  /**
   * Validate a customer's cart
   *
   * Says which items can be had, and which cost something else now. Nothing is changed.
   */
  "POST /api/commerce/merchant/carts/validate": {
    arguments: [body: schemas.CommerceCustomerIdentifier];
    answer: schemas.CommerceCartValidation;
    credential: "commerce";
    repeat: "any";
  };
  /**
   * List your catalog
   *
   * In an order of its own that does not change; `starting_after` takes the last `productId`.
   */
  "GET /api/commerce/merchant/catalog/products": {
    arguments: [query?: {
      /** How many, 1 to 100; 10 if left out. */
      limit?: number;
      /** The id of the last object of the page before: answers older ones. */
      starting_after?: string;
      /** The id of the first object of the page before: answers newer ones. */
      ending_before?: string;
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
    }];
    answer: schemas.EnvelopedProductPage;
    item: schemas.ProductView;
    credential: "anyKey";
    repeat: "any";
  };
  /** Put a product into your catalog */
  "POST /api/commerce/merchant/catalog/products": {
    arguments: [body: schemas.ProductBody];
    answer: schemas.EnvelopedProductView;
    credential: "anyKey";
    repeat: "any";
  };
  /**
   * Export your catalog
   *
   * CSV with a line for each offer, or one JSON object a line: what the import takes.
   */
  "GET /api/commerce/merchant/catalog/products/export": {
    arguments: [query?: {
      /** `csv` if left out. */
      format?: "csv" | "jsonl";
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
    }];
    answer: string;
    credential: "anyKey";
    repeat: "any";
  };
  /**
   * Import products
   *
   * A file of any length, as CSV (`text/csv`) or as one JSON object a line
   * (`application/x-ndjson`). Each product is put as by `PUT`, found by its `productId`. The answer
   * is a stream of JSON lines: `error`, `progress`, and at the end `done` or `aborted`.
   */
  "POST /api/commerce/merchant/catalog/products/import": {
    arguments: [body: string];
    answer: string;
    credential: "anyKey";
    repeat: "once";
  };
  /** Retrieve a product of your catalog */
  "GET /api/commerce/merchant/catalog/products/{productId}": {
    arguments: [productId: string, query?: {
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
    }];
    answer: schemas.EnvelopedProductView;
    credential: "anyKey";
    repeat: "any";
  };
  /**
   * Replace a product of your catalog, or put it in
   *
   * Offers of the same seller and condition keep their `offerId` and, unless `stock` says otherwise,
   * their pieces. Answers 201 if the product was not there.
   */
  "PUT /api/commerce/merchant/catalog/products/{productId}": {
    arguments: [productId: string, body: schemas.ProductBody];
    answer: schemas.EnvelopedProductView;
    credential: "anyKey";
    repeat: "any";
  };
  /**
   * Take a product out of your catalog
   *
   * Orders and carts that have it keep what they say of it. Its number can be used again.
   */
  "DELETE /api/commerce/merchant/catalog/products/{productId}": {
    arguments: [productId: string, query?: {
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
    }];
    answer: schemas.EnvelopedRemovedProduct;
    credential: "anyKey";
    repeat: "any";
  };
  /**
   * Change a product of your catalog
   *
   * Absent fields stay as they are.
   */
  "PATCH /api/commerce/merchant/catalog/products/{productId}": {
    arguments: [productId: string, body: schemas.ProductPatch];
    answer: schemas.EnvelopedProductView;
    credential: "anyKey";
    repeat: "any";
  };
  /** List the offers of a product */
  "GET /api/commerce/merchant/catalog/products/{productId}/offers": {
    arguments: [productId: string, query?: {
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
    }];
    answer: schemas.EnvelopedOwnOffers;
    credential: "anyKey";
    repeat: "any";
  };
  /** Add an offer to a product */
  "POST /api/commerce/merchant/catalog/products/{productId}/offers": {
    arguments: [productId: string, body: schemas.OfferBody];
    answer: schemas.EnvelopedOwnOfferView;
    credential: "anyKey";
    repeat: "once";
  };
  /** Take an offer away */
  "DELETE /api/commerce/merchant/catalog/products/{productId}/offers/{offerId}": {
    arguments: [productId: string, offerId: schemas.OfferId, query?: {
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
    }];
    answer: schemas.EnvelopedOwnOffers;
    credential: "anyKey";
    repeat: "any";
  };
  /**
   * Change an offer
   *
   * Absent fields stay as they are.
   */
  "PATCH /api/commerce/merchant/catalog/products/{productId}/offers/{offerId}": {
    arguments: [productId: string, offerId: schemas.OfferId, body: schemas.OfferPatch];
    answer: schemas.EnvelopedOwnOfferView;
    credential: "anyKey";
    repeat: "any";
  };
  /**
   * Set how many pieces an offer has
   *
   * What shoppers reserve at the same time stays reserved.
   */
  "PUT /api/commerce/merchant/catalog/products/{productId}/offers/{offerId}/stock": {
    arguments: [productId: string, offerId: schemas.OfferId, body: schemas.StockBody];
    answer: schemas.EnvelopedStockView;
    credential: "anyKey";
    repeat: "any";
  };
  /**
   * Step 2 - Attach a shipping address
   *
   * Validates and normalises the address, and prices tax and shipping for its country and state. It
   * can be called again with another address or shipping option.
   */
  "POST /api/commerce/merchant/checkout/address": {
    arguments: [body: schemas.OfShopperCommerceCheckoutAddressRequest];
    answer: schemas.EnvelopedCommerceCheckoutAddress;
    credential: "commerce";
    repeat: "any";
  };
  /**
   * Step 1 - Estimate what can be had
   *
   * Items with no offer that is deliverable within 10 days, or not in stock, are in `invalidItems`.
   * Prices are held for 15 minutes.
   */
  "POST /api/commerce/merchant/checkout/estimate": {
    arguments: [body: schemas.OfShopperCommerceEstimateRequest];
    answer: schemas.EnvelopedCommerceEstimate;
    credential: "commerce";
    repeat: "any";
  };
  /**
   * Step 3 - Create invoice and order
   *
   * Only `validItems[]` of the estimate are in the order, at the estimate's prices; their pieces are
   * reserved. The cart is left as it is. Calling it twice makes one order, and answers it twice.
   */
  "POST /api/commerce/merchant/checkout/invoice": {
    arguments: [body: schemas.CommerceMerchantCheckoutInvoiceRequest];
    answer: schemas.EnvelopedCommerceMerchantCheckoutInvoiceResult;
    credential: "commerce";
    repeat: "any";
  };
  /**
   * Create a token for a customer's own client
   *
   * With it a browser reads and changes this customer's cart, and nothing else.
   */
  "POST /api/commerce/merchant/customers/tokens": {
    arguments: [body: schemas.OfShopperCreateCustomerToken];
    answer: schemas.EnvelopedCustomerToken;
    credential: "commerce";
    repeat: "any";
  };
  /** Look up an order by its invoice */
  "GET /api/commerce/merchant/invoices/{invoiceId}/status": {
    arguments: [invoiceId: schemas.InvoiceId, query?: {
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
    }];
    answer: schemas.EnvelopedCommerceInvoiceStatus;
    credential: "commerce";
    repeat: "any";
  };
  /**
   * List orders
   *
   * Newest first.
   */
  "GET /api/commerce/merchant/orders": {
    arguments: [query?: {
      /** The shopper's wallet; with `walletNetwork`. */
      wallet?: string;
      /** One of the ten networks; required with `wallet`. */
      walletNetwork?: string;
      customer_id?: string;
      status?: schemas.OrderStatus;
      retailer?: schemas.Retailer;
      /** Epoch seconds or RFC 3339; included. */
      createdFrom?: number;
      createdTo?: number;
      /** 1 to 100; 20 if left out. */
      limit?: number;
      /** How many newer ones are passed over, up to 10000. */
      offset?: number;
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
    }];
    answer: schemas.EnvelopedCommerceOrderPage;
    item: schemas.CommerceOrderRow;
    credential: "commerce";
    repeat: "any";
  };
  /** Say that an order was delivered */
  "POST /api/commerce/merchant/orders/{id}/deliver": {
    arguments: [id: schemas.OrderId, input?: NoInput];
    answer: schemas.EnvelopedCommerceOrder;
    credential: "commerce";
    repeat: "any";
  };
  /**
   * Give an order up that cannot be sent
   *
   * From `processing`, unless a retailer has it or may have it. Its pieces go back into the stock,
   * and what was paid is owed to the shopper.
   */
  "POST /api/commerce/merchant/orders/{id}/fail": {
    arguments: [id: schemas.OrderId, body?: schemas.CommerceFailOrder | null];
    answer: schemas.EnvelopedCommerceOrder;
    credential: "commerce";
    repeat: "any";
  };
  /**
   * Send an order
   *
   * From `processing` or `placed`: it is on its way to the shopper now.
   */
  "POST /api/commerce/merchant/orders/{id}/fulfill": {
    arguments: [id: schemas.OrderId, body?: schemas.CommerceFulfillOrder | null];
    answer: schemas.EnvelopedCommerceOrder;
    credential: "commerce";
    repeat: "any";
  };
  /**
   * Retrieve an order
   *
   * The canonical snapshot: what every `commerce.order.*` event carries.
   */
  "GET /api/commerce/merchant/orders/{orderId}": {
    arguments: [orderId: schemas.OrderId, query?: {
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
    }];
    answer: schemas.EnvelopedCommerceOrder;
    credential: "commerce";
    repeat: "any";
  };
  /**
   * Cancel an order
   *
   * From `pending_payment`, `processing` and `placed`. What was paid goes back to the destination
   * named here or at checkout; while none is known the refund stays `QUOTED`, and another call with
   * one completes it.
   */
  "POST /api/commerce/merchant/orders/{orderId}/cancel": {
    arguments: [orderId: schemas.OrderId, body?: schemas.CommerceRefundDestinationFields | null];
    answer: schemas.EnvelopedCommerceCanceledOrder;
    credential: "commerce";
    repeat: "any";
  };
  /**
   * Check the payments of many orders
   *
   * In the order of the ids; one that names no order has an `error`.
   */
  "POST /api/commerce/merchant/payments/bulk-status": {
    arguments: [body: schemas.CommerceBulkStatusRequest];
    answer: schemas.EnvelopedVecCommerceBulkStatus;
    credential: "commerce";
    repeat: "any";
  };
  /** Check an order's payment */
  "GET /api/commerce/merchant/payments/{orderId}/status": {
    arguments: [orderId: schemas.OrderId, query?: {
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
    }];
    answer: schemas.EnvelopedCommercePaymentStatus;
    credential: "commerce";
    repeat: "any";
  };
  /** Get shipping, tax and fees */
  "GET /api/commerce/merchant/rates": {
    arguments: [query?: {
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
    }];
    answer: schemas.EnvelopedCommerceRates;
    credential: "commerce";
    repeat: "any";
  };
  /**
   * Set shipping, tax and fees
   *
   * Each part that is there is replaced whole; what is left out stays.
   */
  "PUT /api/commerce/merchant/rates": {
    arguments: [body: schemas.CommerceRatesRequest];
    answer: schemas.EnvelopedCommerceRates;
    credential: "commerce";
    repeat: "any";
  };
  /** Retrieve a product */
  "GET /api/commerce/products/{productId}": {
    arguments: [productId: string, query?: {
      /** Where it is sold; without it the first shop that has it. */
      retailer?: "amazon" | "walmart" | "target" | "ebay" | "bestbuy" | "other";
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
    }];
    answer: schemas.DatedProductDetails;
    credential: "commerce";
    repeat: "any";
  };
  /**
   * List the offers of a product
   *
   * Best first: what can be bought here, the cheapest in all first.
   */
  "GET /api/commerce/products/{productId}/offers": {
    arguments: [productId: string, query?: {
      /** Where it is sold; without it the first shop that has it. */
      retailer?: "amazon" | "walmart" | "target" | "ebay" | "bestbuy" | "other";
      /** Where it would be sent: some retailers offer by place. */
      zipCode?: string;
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
    }];
    answer: schemas.DatedProductOffers;
    credential: "commerce";
    repeat: "any";
  };
  /** Search products */
  "GET /api/commerce/search": {
    arguments: [query?: {
      /**
       * What the shopper typed, at most 512 bytes; without it everything is browsed, the best rated
       * first.
       */
      q?: string;
      /** How many, 1 to 100; 20 if left out. */
      limit?: number;
      /** From 1. A search is paged down to its 1,000th result. */
      page?: number;
      /** Only of this shop. */
      retailer?: "amazon" | "walmart" | "target" | "ebay" | "bestbuy" | "other";
      /** In USD. */
      minPrice?: number;
      /** In USD. */
      maxPrice?: number;
      brand?: string;
      category?: string;
      sort?: "relevance" | "price_asc" | "price_desc" | "rating" | "newest";
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
    }];
    answer: schemas.DatedSearchAnswer;
    item: schemas.FoundProduct;
    credential: "commerce";
    repeat: "any";
  };
  /** Check commerce */
  "GET /api/commerce/status": {
    arguments: [query?: {
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
    }];
    answer: schemas.EnvelopedCommerceStatus;
    credential: "commerce";
    repeat: "any";
  };
  /** List API keys */
  "GET /api/merchant-api-keys": {
    arguments: [query?: {
      /** 1 to 100, default 10 */
      limit?: number;
      /** Id: older than this */
      starting_after?: string;
      /** Id: newer than this */
      ending_before?: string;
    }];
    answer: schemas.ApiKeyList;
    item: schemas.ApiKeyView;
    credential: "bearer";
    repeat: "any";
  };
  /**
   * Create an API key
   *
   * Takes the role developer; a mainnet key takes an owner and access to mainnet.
   */
  "POST /api/merchant-api-keys": {
    arguments: [body: schemas.CreateApiKey];
    answer: schemas.NewApiKey;
    credential: "bearer";
    repeat: "any";
  };
  /**
   * Revoke an API key
   *
   * It is refused from now on. A key that was revoked before stays so.
   */
  "POST /api/merchant-api-keys/{id}/revoke": {
    arguments: [id: schemas.ApiKeyId, input?: NoInput];
    answer: schemas.ApiKeyView;
    credential: "bearer";
    repeat: "any";
  };
  /**
   * Roll an API key
   *
   * Makes a new key with the same settings; the old one ends after the overlap.
   */
  "POST /api/merchant-api-keys/{id}/roll": {
    arguments: [id: schemas.ApiKeyId, body: schemas.RollApiKey];
    answer: schemas.NewApiKey;
    credential: "bearer";
    repeat: "any";
  };
  /**
   * List balance transactions
   *
   * Every posting of your ledger, newest first: the same amount out of one account and into
   * another, with both balances right after.
   */
  "GET /api/v1/balance_transactions": {
    arguments: [query?: {
      /** How many, 1 to 100; 10 if left out. */
      limit?: number;
      /** The id of the last object of the page before: answers older ones. */
      starting_after?: string;
      /** The id of the first object of the page before: answers newer ones. */
      ending_before?: string;
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
      /** Not before: epoch seconds or RFC 3339. */
      created_gte?: string | number;
      /** Not after: epoch seconds or RFC 3339. */
      created_lte?: string | number;
      /**
       * Only what belongs to this payment, settlement, refund, deposit or payout: its id, or a
       * settlement's number.
       */
      source?: string;
    }];
    answer: schemas.BalanceTransactionList;
    item: schemas.BalanceTransaction;
    credential: "key";
    repeat: "any";
  };
  /**
   * Export balance transactions
   *
   * All postings of a span of time, newest first, as CSV or as one JSON object a line.
   */
  "GET /api/v1/balance_transactions/export": {
    arguments: [query?: {
      /** `csv` if left out. */
      format?: "csv" | "jsonl";
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
      /** Not before: epoch seconds or RFC 3339. */
      created_gte?: string | number;
      /** Not after: epoch seconds or RFC 3339. */
      created_lte?: string | number;
    }];
    answer: string;
    credential: "key";
    repeat: "any";
  };
  /**
   * List balances
   *
   * One line for each account and asset. `merchant` is what you may use; `clearing` is what stands
   * on deposit addresses (negative: the other side of what was received); the accounts of one asset
   * sum to zero together with those of your ramp users.
   */
  "GET /api/v1/balances": {
    arguments: [query?: {
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
    }];
    answer: schemas.BalanceList;
    item: schemas.Balance;
    credential: "key";
    repeat: "any";
  };
  /** List a customer's addresses */
  "GET /api/v1/commerce/merchant/addresses": {
    arguments: [query?: {
      /** The merchant's own number of the customer; or both of the wallet's fields. */
      customer_id?: string;
      wallet_address?: string;
      /** One of the ten networks. */
      wallet_network?: string;
      limit?: number;
      offset?: number;
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
    }];
    answer: schemas.EnvelopedCommerceAddressPage;
    item: schemas.CommerceAddress;
    credential: "commerce";
    repeat: "any";
  };
  /**
   * Remove an address
   *
   * Orders that went there keep their own copy. Naming the customer is optional: then an address of
   * another one is not found.
   */
  "DELETE /api/v1/commerce/merchant/addresses/{address_id}": {
    arguments: [addressId: schemas.ShippingAddressId, query?: {
      /** The merchant's own number of the customer; or both of the wallet's fields. */
      customer_id?: string;
      wallet_address?: string;
      /** One of the ten networks. */
      wallet_network?: string;
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
    }];
    answer: schemas.ToldCommerceAddressRemoved;
    credential: "commerce";
    repeat: "any";
  };
  /** Look at a simulated chain */
  "GET /api/v1/devnet/chain/{network}": {
    arguments: [network: schemas.Network, input?: NoInput];
    answer: schemas.SimulatedNetworkAnswer;
    credential: "key";
    repeat: "any";
  };
  /** Mine blocks now */
  "POST /api/v1/devnet/chain/{network}/blocks": {
    arguments: [network: schemas.Network, body: schemas.BlocksRequest];
    answer: schemas.SimulatedNetworkAnswer;
    credential: "key";
    repeat: "once";
  };
  /**
   * Make the chain's node misbehave
   *
   * `lagging` stands still, `failing` answers nothing, `duplicating` tells every transfer twice,
   * `partial` says of what is looked up that there may be more.
   */
  "POST /api/v1/devnet/chain/{network}/faults": {
    arguments: [network: schemas.Network, body: schemas.FaultRequest];
    answer: schemas.SimulatedNetworkAnswer;
    credential: "key";
    repeat: "once";
  };
  /** Reorganize the chain */
  "POST /api/v1/devnet/chain/{network}/reorgs": {
    arguments: [network: schemas.Network, body: schemas.ReorgRequest];
    answer: schemas.ReorgAnswer;
    credential: "key";
    repeat: "once";
  };
  /**
   * Send a transfer
   *
   * It is included in the next block.
   */
  "POST /api/v1/devnet/chain/{network}/transfers": {
    arguments: [network: schemas.Network, body: schemas.TransferRequest];
    answer: schemas.TransferAnswer;
    credential: "key";
    repeat: "once";
  };
  /** Decide a KYC case of devnet */
  "POST /api/v1/devnet/ramps/kyc/{case_id}/simulate": {
    arguments: [caseId: schemas.KycCaseId, body: schemas.DecideKyc];
    answer: schemas.KycCaseAnswer;
    credential: "key";
    repeat: "once";
  };
  /** Decide what becomes of a payout, an on-ramp or a virtual account */
  "POST /api/v1/devnet/ramps/{kind}/{id}/simulate": {
    arguments: [kind: "payouts" | "onramps" | "virtual_accounts", id: string, body: schemas.SimulateRamp];
    answer: schemas.SimulatedAnswer;
    credential: "key";
    repeat: "once";
  };
  /**
   * List events
   *
   * Newest first, by cursor, narrowed by any combination of the filters. Events are kept for 30
   * days unless the operator says otherwise.
   */
  "GET /api/v1/events": {
    arguments: [query?: {
      /** Types with commas between them; `invoice.*` stands for all that begin so, `*` for all. */
      type?: string | readonly string[];
      /** Epoch seconds or RFC 3339, itself included. Also as `created_gte`. */
      "created[gte]"?: string | number;
      /** Epoch seconds or RFC 3339, itself included. Also as `created_lte`. */
      "created[lte]"?: string | number;
      /** Events of this invoice, of its payments too. */
      invoice_id?: schemas.InvoiceId;
      /** Events of this order. */
      order_id?: string;
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
      /** Events with a delivery in this state, to an endpoint that still exists. */
      delivery_status?: "pending" | "delivered" | "failed";
      /** How many, 1 to 100; 10 if left out. */
      limit?: number;
      /** The id of the last event of the page before: answers older ones. */
      starting_after?: string;
      /** The id of the first event of the page before: answers newer ones. */
      ending_before?: string;
    }];
    answer: schemas.EventList;
    item: schemas.PepayEvent;
    credential: "anyKey";
    repeat: "any";
  };
  /** Retrieve an event */
  "GET /api/v1/events/{event_id}": {
    arguments: [eventId: string, query?: {
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
    }];
    answer: schemas.EventFound;
    credential: "anyKey";
    repeat: "any";
  };
  /** Read the newest verification job */
  "GET /api/v1/invoice/{id}/verify": {
    arguments: [id: string, input?: NoInput];
    answer: schemas.VerificationAnswer;
    credential: "session";
    repeat: "any";
  };
  /**
   * Look at the chain again
   *
   * For a payment that does not show up. Starts a job and answers at once; one job runs per invoice
   * at a time, and asking again answers the running one.
   */
  "POST /api/v1/invoice/{id}/verify": {
    arguments: [id: string, body: schemas.VerificationRequest];
    answer: schemas.VerificationAnswer;
    credential: "session";
    repeat: "any";
  };
  /**
   * List invoices
   *
   * Newest first, by cursor, narrowed by any combination of the filters.
   */
  "GET /api/v1/invoices": {
    arguments: [query?: {
      /** How many, 1 to 100; 10 if left out. */
      limit?: number;
      /** The id of the last object of the page before: answers older ones. */
      starting_after?: string;
      /** The id of the first object of the page before: answers newer ones. */
      ending_before?: string;
      /** Any of `unpaid`, `underpaid`, `paid`, `expired`, `canceled`, with commas. */
      status?: string | readonly string[];
      /** `standard`, `commerce`, or both with a comma. */
      invoice_type?: string | readonly string[];
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
      /** Epoch seconds or RFC 3339, itself included. */
      created_gte?: string | number;
      /** Epoch seconds or RFC 3339, itself included. */
      created_lte?: string | number;
      /** Your own id of the customer. */
      customer_id?: string;
      /** The wallet that paid; needs `payer_wallet_network`. */
      payer_wallet_address?: string;
      payer_wallet_network?: "ethereum" | "base" | "solana" | "avalanche" | "ton" | "bsc" | "arbitrum" | "optimism" | "cardano" | "sui";
      /** `latest_payment`, `payments`, or both with a comma. */
      expand?: string | readonly string[];
      /** How many payments per invoice, newest first. */
      payments_limit?: number;
    }];
    answer: schemas.InvoiceList;
    item: schemas.Invoice;
    credential: "anyKey";
    repeat: "any";
  };
  /**
   * Create an invoice
   *
   * Answers the hosted payment page and the payor's session. With an `Idempotency-Key` the same
   * request can be sent again safely for 24 hours.
   */
  "POST /api/v1/invoices": {
    arguments: [body: schemas.CreateInvoice];
    answer: schemas.InvoiceAccess;
    credential: "key";
    repeat: "any";
  };
  /** List a customer's invoices */
  "GET /api/v1/invoices/customer/{customer_id}": {
    arguments: [customerId: string, query?: {
      /** How many, 1 to 100; 10 if left out. */
      limit?: number;
      /** The id of the last object of the page before: answers older ones. */
      starting_after?: string;
      /** The id of the first object of the page before: answers newer ones. */
      ending_before?: string;
      /** Any of `unpaid`, `underpaid`, `paid`, `expired`, `canceled`, with commas. */
      status?: string | readonly string[];
      /** `standard`, `commerce`, or both with a comma. */
      invoice_type?: string | readonly string[];
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
      /** Epoch seconds or RFC 3339, itself included. */
      created_gte?: string | number;
      /** Epoch seconds or RFC 3339, itself included. */
      created_lte?: string | number;
      /** The wallet that paid; needs `payer_wallet_network`. */
      payer_wallet_address?: string;
      payer_wallet_network?: "ethereum" | "base" | "solana" | "avalanche" | "ton" | "bsc" | "arbitrum" | "optimism" | "cardano" | "sui";
      /** `latest_payment`, `payments`, or both with a comma. */
      expand?: string | readonly string[];
      /** How many payments per invoice, newest first. */
      payments_limit?: number;
    }];
    answer: schemas.InvoiceList;
    item: schemas.Invoice;
    credential: "anyKey";
    repeat: "any";
  };
  /**
   * Sum up invoices
   *
   * How many invoices are in each state and what was asked for with them.
   */
  "GET /api/v1/invoices/totals": {
    arguments: [query?: {
      /** Any of `unpaid`, `underpaid`, `paid`, `expired`, `canceled`, with commas. */
      status?: string | readonly string[];
      /** `standard`, `commerce`, or both with a comma. */
      invoice_type?: string | readonly string[];
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
      /** Epoch seconds or RFC 3339, itself included. */
      created_gte?: string | number;
      /** Epoch seconds or RFC 3339, itself included. */
      created_lte?: string | number;
      /** Your own id of the customer. */
      customer_id?: string;
    }];
    answer: schemas.InvoiceTotals;
    credential: "anyKey";
    repeat: "any";
  };
  /** Retrieve an invoice */
  "GET /api/v1/invoices/{invoice_id}": {
    arguments: [invoiceId: schemas.InvoiceId, query?: {
      /** `latest_payment`, `payments`, or both with a comma. */
      expand?: string | readonly string[];
      /** How many payments per invoice, newest first. */
      payments_limit?: number;
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
    }];
    answer: schemas.Invoice;
    credential: "anyKey";
    repeat: "any";
  };
  /**
   * Cancel an invoice
   *
   * Only while it is unpaid and no payment was seen. Its links stop working for payments at once.
   */
  "POST /api/v1/invoices/{invoice_id}/cancel": {
    arguments: [invoiceId: schemas.InvoiceId, input?: NoInput];
    answer: schemas.Invoice;
    credential: "key";
    repeat: "any";
  };
  /** List an invoice's refunds */
  "GET /api/v1/invoices/{invoice_id}/refunds": {
    arguments: [invoiceId: schemas.InvoiceId, query?: {
      /** How many, 1 to 100; 10 if left out. */
      limit?: number;
      /** The id of the last object of the page before: answers older ones. */
      starting_after?: string;
      /** The id of the first object of the page before: answers newer ones. */
      ending_before?: string;
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
    }];
    answer: schemas.RefundList;
    item: schemas.Refund;
    credential: "key";
    repeat: "any";
  };
  /**
   * Create a refund
   *
   * In the token the payment came in, and never more than arrived. It is drawn from what still
   * stands on your addresses: this invoice's first.
   */
  "POST /api/v1/invoices/{invoice_id}/refunds": {
    arguments: [invoiceId: schemas.InvoiceId, body: schemas.CreateRefund];
    answer: schemas.Refund;
    credential: "key";
    repeat: "any";
  };
  /**
   * Resolve an expired or underpaid invoice
   *
   * `accept` takes what arrived as the full payment: the invoice becomes paid. `refund` sends a
   * payment back, or what a paid invoice was paid too much, and answers the refund; it requires an
   * `Idempotency-Key`. To accept the invoice of an order reserves its pieces anew.
   */
  "POST /api/v1/invoices/{invoice_id}/resolve": {
    arguments: [invoiceId: schemas.InvoiceId, body: schemas.ResolveInvoice];
    answer: schemas.Invoice;
    credential: "key";
    repeat: "any";
  };
  /**
   * Create a fresh session for an open invoice
   *
   * New credentials and a new payment page, for a payor who lost the first.
   */
  "POST /api/v1/invoices/{invoice_id}/sessions": {
    arguments: [invoiceId: schemas.InvoiceId, body?: schemas.CreateSession | null];
    answer: schemas.InvoiceAccess;
    credential: "key";
    repeat: "any";
  };
  /**
   * Poll an invoice's status
   *
   * The invoice with its newest payment. Webhooks and streams tell the same without polling.
   */
  "GET /api/v1/invoices/{invoice_id}/status": {
    arguments: [invoiceId: schemas.InvoiceId, query?: {
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
    }];
    answer: schemas.InvoiceStatusView;
    credential: "anyKey";
    repeat: "any";
  };
  /** List allowed destinations */
  "GET /api/v1/merchant/allowed-destinations": {
    arguments: [query?: {
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
    }];
    answer: schemas.AllowedDestinationList;
    item: schemas.AllowedDestination;
    credential: "bearer";
    repeat: "any";
  };
  /**
   * Allow a destination
   *
   * Takes an owner, and his one-time code where one is enrolled. It counts after a delay: a day on
   * mainnet, at once on devnet.
   */
  "PUT /api/v1/merchant/allowed-destinations": {
    arguments: [body: schemas.AllowedDestinationAsk];
    answer: schemas.AllowedDestination;
    credential: "bearer";
    repeat: "any";
  };
  /**
   * Take a destination off the list
   *
   * At once.
   */
  "DELETE /api/v1/merchant/allowed-destinations": {
    arguments: [body: schemas.AllowedDestinationAsk];
    answer: schemas.Done;
    credential: "bearer";
    repeat: "any";
  };
  /**
   * Require the list of allowed destinations, or no longer
   *
   * While it is required, refunds and receivers that invoices name go to allowed destinations only.
   */
  "PUT /api/v1/merchant/allowed-destinations/policy": {
    arguments: [body: schemas.PutAllowList];
    answer: schemas.AllowList;
    credential: "bearer";
    repeat: "any";
  };
  /** Read the audit log */
  "GET /api/v1/merchant/audit-log": {
    arguments: [query?: {
      /** 1 to 100, default 10 */
      limit?: number;
      /** Id: older than this */
      starting_after?: string;
      /** Id: newer than this */
      ending_before?: string;
    }];
    answer: schemas.AuditLog;
    item: schemas.AuditEntryView;
    credential: "bearer";
    repeat: "any";
  };
  /** List members */
  "GET /api/v1/merchant/members": {
    arguments: [query?: {
      /** 1 to 100, default 10 */
      limit?: number;
      /** Id: older than this */
      starting_after?: string;
      /** Id: newer than this */
      ending_before?: string;
    }];
    answer: schemas.MemberList;
    item: schemas.MemberView;
    credential: "bearer";
    repeat: "any";
  };
  /**
   * Invite a member
   *
   * Takes an owner. An e-mail belongs to one member of one merchant.
   */
  "POST /api/v1/merchant/members": {
    arguments: [body: schemas.InviteMember];
    answer: schemas.MemberView;
    credential: "bearer";
    repeat: "once";
  };
  /**
   * Remove a member
   *
   * Ends his sign-ins at once.
   */
  "DELETE /api/v1/merchant/members/{id}": {
    arguments: [id: schemas.MemberId, input?: NoInput];
    answer: schemas.RemovedMember;
    credential: "bearer";
    repeat: "any";
  };
  /** Change a member's role */
  "PATCH /api/v1/merchant/members/{id}": {
    arguments: [id: schemas.MemberId, body: schemas.ChangeMember];
    answer: schemas.MemberView;
    credential: "bearer";
    repeat: "any";
  };
  /** Read the profile */
  "GET /api/v1/merchant/profile": {
    arguments: [query?: {
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
    }];
    answer: schemas.MerchantProfile;
    credential: "key";
    repeat: "any";
  };
  /**
   * Change the profile
   *
   * Absent fields stay as they are. Only owners change where payors are sent and whom the house
   * writes to; a developer or a key changes the rest. The tolerance is changed in the caller's
   * environment alone.
   */
  "PATCH /api/v1/merchant/profile": {
    arguments: [body: schemas.UpdateProfile];
    answer: schemas.MerchantProfile;
    credential: "key";
    repeat: "any";
  };
  /** Get the settlement preference */
  "GET /api/v1/merchant/settlement-preference": {
    arguments: [query?: {
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
    }];
    answer: schemas.SettlementPreferenceView;
    credential: "bearer";
    repeat: "any";
  };
  /** Set the settlement preference */
  "PUT /api/v1/merchant/settlement-preference": {
    arguments: [body: schemas.PutSettlementPreference];
    answer: schemas.SettlementPreferenceView;
    credential: "bearer";
    repeat: "any";
  };
  /** Go back to the defaults of the system */
  "DELETE /api/v1/merchant/settlement-preference": {
    arguments: [query?: {
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
    }];
    answer: schemas.SettlementPreferenceView;
    credential: "bearer";
    repeat: "any";
  };
  /** Select the settlement token */
  "PUT /api/v1/merchant/settlement-token": {
    arguments: [body: schemas.PutSettlementToken];
    answer: schemas.SettlementTokenUpdated;
    credential: "bearer";
    repeat: "any";
  };
  /** List settlement wallets */
  "GET /api/v1/merchant/settlement-wallets": {
    arguments: [query?: {
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
    }];
    answer: schemas.SettlementWalletList;
    item: schemas.SettlementWallet;
    credential: "bearer";
    repeat: "any";
  };
  /**
   * Set the settlement wallet of a network
   *
   * Takes an owner, and his one-time code where one is enrolled. A new address is used after a
   * delay, and until then the old one.
   */
  "PUT /api/v1/merchant/settlement-wallets": {
    arguments: [body: schemas.PutSettlementWallet];
    answer: schemas.SettlementWallet;
    credential: "bearer";
    repeat: "any";
  };
  /**
   * Take the settlement wallet of a network away
   *
   * At once: what is confirmed from now on waits.
   */
  "DELETE /api/v1/merchant/settlement-wallets": {
    arguments: [body: schemas.DeleteSettlementWallet];
    answer: schemas.Done;
    credential: "bearer";
    repeat: "any";
  };
  /** List settlements */
  "GET /api/v1/merchant/settlements": {
    arguments: [query?: {
      /** How many, 1 to 100; 10 if left out. */
      limit?: number;
      /** The id of the last object of the page before: answers older ones. */
      starting_after?: string;
      /** The id of the first object of the page before: answers newer ones. */
      ending_before?: string;
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
    }];
    answer: schemas.SettlementList;
    item: schemas.MerchantSettlement;
    credential: "key";
    repeat: "any";
  };
  /** List the tokens of an environment */
  "GET /api/v1/merchant/tokens": {
    arguments: [query?: {
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
    }];
    answer: schemas.TokenList;
    credential: "key";
    repeat: "any";
  };
  /** Read the acceptance policy */
  "GET /api/v1/merchant/tokens/policy": {
    arguments: [query?: {
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
    }];
    answer: schemas.PolicyView;
    credential: "key";
    repeat: "any";
  };
  /**
   * Set the acceptance policy
   *
   * `accept_all`, `accept_none`, or `selective`: then single blocks decide.
   */
  "PUT /api/v1/merchant/tokens/policy": {
    arguments: [body: schemas.SetPolicy];
    answer: schemas.PolicyView;
    credential: "key";
    repeat: "any";
  };
  /** Reset the acceptance policy to `accept_all` */
  "DELETE /api/v1/merchant/tokens/policy": {
    arguments: [query?: {
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
    }];
    answer: schemas.PolicyView;
    credential: "key";
    repeat: "any";
  };
  /** Search the tokens of an environment */
  "GET /api/v1/merchant/tokens/search": {
    arguments: [query?: {
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
      limit?: number;
      offset?: number;
      /** A part of the symbol, the name or the address, in any letter case. */
      search?: string;
      network?: "ethereum" | "base" | "solana" | "avalanche" | "ton" | "bsc" | "arbitrum" | "optimism" | "cardano" | "sui";
      token_type?: "native" | "erc20" | "spl" | "sui" | "ton" | "cardano";
      is_active?: boolean;
      supports_stable_settlement?: boolean;
      /** Says something under the policy `selective` only. */
      blocked?: boolean;
    }];
    answer: schemas.TokenSearchPage;
    item: schemas.Token;
    credential: "key";
    repeat: "any";
  };
  /**
   * Block or unblock one token
   *
   * Kept under every policy; it takes effect under `selective`.
   */
  "POST /api/v1/merchant/tokens/{token_id}/block": {
    arguments: [tokenId: number, body: schemas.BlockToken];
    answer: schemas.TokenBlocked;
    credential: "key";
    repeat: "any";
  };
  /**
   * List transfers that match no invoice
   *
   * Money that reached your addresses but could not be credited, newest first.
   */
  "GET /api/v1/merchant/unmatched": {
    arguments: [query?: {
      /** How many, 1 to 100; 10 if left out. */
      limit?: number;
      /** The id of the last object of the page before: answers older ones. */
      starting_after?: string;
      /** The id of the first object of the page before: answers newer ones. */
      ending_before?: string;
      network?: "ethereum" | "base" | "solana" | "avalanche" | "ton" | "bsc" | "arbitrum" | "optimism" | "cardano" | "sui";
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
    }];
    answer: schemas.UnmatchedList;
    item: schemas.UnmatchedView;
    credential: "key";
    repeat: "any";
  };
  /**
   * List the tokens to pay with
   *
   * Once an invoice is underpaid, only the token of its first payment is left.
   */
  "GET /api/v1/payments/available-tokens": {
    arguments: [query?: {
      mode?: "monitored" | "all" | "network";
      /** Required with `mode=network`. */
      network?: string;
      /** Leaves out what cannot be paid with now. */
      available_only?: boolean;
    }];
    answer: schemas.AvailableToken[];
    credential: "session";
    repeat: "any";
  };
  /** Read the e-mail address of the receipt */
  "GET /api/v1/payments/customer-email": {
    arguments: [input?: NoInput];
    answer: schemas.CustomerEmail;
    credential: "session";
    repeat: "any";
  };
  /** Leave an e-mail address for the receipt */
  "POST /api/v1/payments/customer-email": {
    arguments: [body: schemas.CustomerEmailRequest];
    answer: schemas.CustomerEmailSet;
    credential: "session";
    repeat: "any";
  };
  /** Read the merchant's questions */
  "GET /api/v1/payments/invoice-questions": {
    arguments: [input?: NoInput];
    answer: schemas.InvoiceQuestions;
    credential: "session";
    repeat: "any";
  };
  /**
   * Get an address to pay to
   *
   * An invoice has one address per network. Asking again refreshes only the price.
   */
  "POST /api/v1/payments/payment-addresses": {
    arguments: [body: schemas.PaymentAddressRequest];
    answer: schemas.PaymentAddress;
    credential: "session";
    repeat: "any";
  };
  /**
   * Poll the payment status
   *
   * Answers the invoice's status, and how many confirmations the newest payment has.
   */
  "GET /api/v1/payments/payment-status": {
    arguments: [query?: {
      /** Must be the invoice of the session, if it is given. */
      invoice_id?: string;
    }];
    answer: schemas.PaymentStatusView;
    credential: "session";
    repeat: "any";
  };
  /**
   * Read the invoice behind a payment session
   *
   * Everything a payment page shows, and a fresh token for the live stream.
   */
  "GET /api/v1/payments/session-details": {
    arguments: [query?: {
      /** Must be the invoice of the session, if it is given. */
      invoice_id?: string;
    }];
    answer: schemas.SessionDetails;
    credential: "session";
    repeat: "any";
  };
  /**
   * Simulate a payment
   *
   * Devnet only. The answer comes before the watcher sees the payment: poll the status, or follow
   * the stream.
   */
  "POST /api/v1/payments/simulate": {
    arguments: [body: schemas.SimulationRequest];
    answer: schemas.SimulationAnswer;
    credential: "session";
    repeat: "once";
  };
  /**
   * Get a transaction for a Solana wallet
   *
   * For wallets in a browser. Ask for `payment-addresses` first: the transaction pays the amount
   * that was answered there, to that address, while its price holds. It makes the receiver's token
   * account where there is none. Where `wallet_chain` of `payment-addresses` is null there is no
   * node, and this answers `NETWORK_SIMULATED`.
   */
  "POST /api/v1/payments/solana-transaction": {
    arguments: [body: schemas.SolanaTransactionRequest];
    answer: schemas.SolanaTransaction;
    credential: "session";
    repeat: "any";
  };
  /**
   * Answer the merchant's questions
   *
   * Answers given again replace the earlier ones.
   */
  "POST /api/v1/payments/submit-form": {
    arguments: [body: schemas.FormRequest];
    answer: schemas.FormSubmitted;
    credential: "session";
    repeat: "any";
  };
  /**
   * Create a quote
   *
   * Locks today's price for five minutes. `unavailable` means there is no price to lock, or the
   * merchant takes no payments in this token.
   */
  "POST /api/v1/quotes": {
    arguments: [body: schemas.CreateQuote];
    answer: schemas.QuoteView;
    credential: "key";
    repeat: "any";
  };
  /** List today's rates */
  "GET /api/v1/quotes/rates": {
    arguments: [query?: {
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
    }];
    answer: schemas.RateList;
    item: schemas.Rate;
    credential: "key";
    repeat: "any";
  };
  /** Retrieve a quote */
  "GET /api/v1/quotes/{quote_id}": {
    arguments: [quoteId: schemas.QuoteId, query?: {
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
    }];
    answer: schemas.QuoteView;
    credential: "key";
    repeat: "any";
  };
  /**
   * List corridors
   *
   * Every way money goes to a country's banks or wallets, by country; all of them in one answer.
   */
  "GET /api/v1/ramps/corridors": {
    arguments: [query?: {
      /** Two letters of ISO 3166-1. */
      country?: string;
      /** Three letters of ISO 4217. */
      currency?: string;
      method?: "ach" | "wire" | "sepa" | "sepa_instant" | "faster_payments" | "pix" | "spei" | "imps" | "neft" | "fpx" | "instapay" | "bi_fast" | "nip" | "mobile_money" | "eft" | "npp" | "fast" | "fps" | "zengin" | "promptpay" | "napas" | "raast" | "transferencia" | "local" | "swift";
    }];
    answer: schemas.CorridorList;
    item: schemas.Corridor;
    credential: "keyOrSession";
    repeat: "any";
  };
  /** List on-ramps */
  "GET /api/v1/ramps/onramps": {
    arguments: [query?: {
      /** How many, 1 to 100; 10 if left out. */
      limit?: number;
      /** The id of the last object of the page before: answers older ones. */
      starting_after?: string;
      /** The id of the first object of the page before: answers newer ones. */
      ending_before?: string;
      /** Of one user. */
      user_id?: string;
      status?: "awaiting_fiat" | "fiat_received" | "converting" | "sent" | "completed" | "expired" | "failed" | "refunded" | "in_review";
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
    }];
    answer: schemas.OnrampList;
    item: schemas.Onramp;
    credential: "key";
    repeat: "any";
  };
  /**
   * Start an on-ramp
   *
   * The rate is held. Where to send the bank money is in `instructions` as soon as it is known.
   */
  "POST /api/v1/ramps/onramps": {
    arguments: [body: schemas.CreateOnramp];
    answer: schemas.Onramp;
    credential: "key";
    repeat: "any";
  };
  /** Read an on-ramp */
  "GET /api/v1/ramps/onramps/{id}": {
    arguments: [id: schemas.OnrampId, query?: {
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
    }];
    answer: schemas.Onramp;
    credential: "key";
    repeat: "any";
  };
  /** List payouts */
  "GET /api/v1/ramps/payouts": {
    arguments: [query?: {
      /** How many, 1 to 100; 10 if left out. */
      limit?: number;
      /** The id of the last object of the page before: answers older ones. */
      starting_after?: string;
      /** The id of the first object of the page before: answers newer ones. */
      ending_before?: string;
      /** Of one user. */
      user_id?: string;
      status?: "created" | "funds_reserved" | "in_review" | "submitted" | "paid" | "returned" | "failed" | "canceled";
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
    }];
    answer: schemas.PayoutList;
    item: schemas.RampPayout;
    credential: "keyOrSession";
    repeat: "any";
  };
  /**
   * Request a payout
   *
   * The whole source amount is held at once. Of two payouts for one balance, one gets it.
   */
  "POST /api/v1/ramps/payouts": {
    arguments: [body: schemas.CreatePayout];
    answer: schemas.RampPayout;
    credential: "keyOrSession";
    repeat: "any";
  };
  /** Read a payout */
  "GET /api/v1/ramps/payouts/{id}": {
    arguments: [id: string, query?: {
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
    }];
    answer: schemas.RampPayout;
    credential: "keyOrSession";
    repeat: "any";
  };
  /**
   * Cancel a payout
   *
   * Only while nothing was sent. The money is free again.
   */
  "POST /api/v1/ramps/payouts/{id}/cancel": {
    arguments: [id: string, input?: NoInput];
    answer: schemas.RampPayout;
    credential: "key";
    repeat: "any";
  };
  /**
   * Ask for a quote
   *
   * Rate and fee are held still for 300 seconds, for one payout. Give the source's amount, or `all`,
   * or the target's: the source is then what is needed for it. The same bank money on both sides is
   * paid out without being converted.
   */
  "POST /api/v1/ramps/quotes": {
    arguments: [body: schemas.CreateRampQuote];
    answer: schemas.RampQuote;
    credential: "keyOrSession";
    repeat: "any";
  };
  /** Read a quote */
  "GET /api/v1/ramps/quotes/{id}": {
    arguments: [id: string, query?: {
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
    }];
    answer: schemas.RampQuote;
    credential: "keyOrSession";
    repeat: "any";
  };
  /** List ramp users */
  "GET /api/v1/ramps/users": {
    arguments: [query?: {
      /** How many, 1 to 100; 10 if left out. */
      limit?: number;
      /** The id of the last object of the page before: answers older ones. */
      starting_after?: string;
      /** The id of the first object of the page before: answers newer ones. */
      ending_before?: string;
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
      /** Only the user you gave this id. */
      external_id?: string;
    }];
    answer: schemas.RampUserList;
    item: schemas.RampUser;
    credential: "key";
    repeat: "any";
  };
  /**
   * Create a ramp user
   *
   * A name that is on a screening list makes the user all the same, with the status `in_review`: no
   * money moves until a human has looked.
   */
  "POST /api/v1/ramps/users": {
    arguments: [body: schemas.CreateRampUser];
    answer: schemas.RampUser;
    credential: "key";
    repeat: "any";
  };
  /** Retrieve a ramp user */
  "GET /api/v1/ramps/users/{user_id}": {
    arguments: [userId: schemas.RampUserId, query?: {
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
    }];
    answer: schemas.RampUser;
    credential: "key";
    repeat: "any";
  };
  /**
   * Change a ramp user
   *
   * Absent fields stay as they are. Type and external id cannot be changed. Another name is screened
   * like the first.
   */
  "PATCH /api/v1/ramps/users/{user_id}": {
    arguments: [userId: schemas.RampUserId, body: schemas.UpdateRampUser];
    answer: schemas.RampUser;
    credential: "key";
    repeat: "any";
  };
  /**
   * List a user's balances
   *
   * One for each token and currency he ever had; all of them in one answer.
   */
  "GET /api/v1/ramps/users/{user_id}/balances": {
    arguments: [userId: schemas.RampUserId, query?: {
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
    }];
    answer: schemas.RampBalanceList;
    item: schemas.Balance;
    credential: "keyOrSession";
    repeat: "any";
  };
  /**
   * List a user's bank accounts
   *
   * Deleted ones are not among them.
   */
  "GET /api/v1/ramps/users/{user_id}/bank_accounts": {
    arguments: [userId: schemas.RampUserId, query?: {
      /** How many, 1 to 100; 10 if left out. */
      limit?: number;
      /** The id of the last object of the page before: answers older ones. */
      starting_after?: string;
      /** The id of the first object of the page before: answers newer ones. */
      ending_before?: string;
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
    }];
    answer: schemas.BankAccountList;
    item: schemas.BankAccount;
    credential: "key";
    repeat: "any";
  };
  /**
   * Add a bank account
   *
   * Every field of the corridor is checked; `error.param` names the one that is wrong, such as
   * `account.iban`. A holder who is on a screening list makes the account `in_review`.
   */
  "POST /api/v1/ramps/users/{user_id}/bank_accounts": {
    arguments: [userId: schemas.RampUserId, body: schemas.CreateBankAccount];
    answer: schemas.BankAccount;
    credential: "key";
    repeat: "any";
  };
  /** Retrieve a bank account */
  "GET /api/v1/ramps/users/{user_id}/bank_accounts/{account_id}": {
    arguments: [userId: schemas.RampUserId, accountId: schemas.BankAccountId, query?: {
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
    }];
    answer: schemas.BankAccount;
    credential: "key";
    repeat: "any";
  };
  /**
   * Delete a bank account
   *
   * Nothing new is paid out to it. It can still be read, with the status `deleted`.
   */
  "DELETE /api/v1/ramps/users/{user_id}/bank_accounts/{account_id}": {
    arguments: [userId: schemas.RampUserId, accountId: schemas.BankAccountId, query?: {
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
    }];
    answer: schemas.BankAccount;
    credential: "key";
    repeat: "any";
  };
  /**
   * Give a user something out of your balance
   *
   * Also to the user `self`, on the way to a bank. The user must be approved for `basic`.
   */
  "POST /api/v1/ramps/users/{user_id}/credits": {
    arguments: [userId: schemas.RampUserId, body: schemas.CreateCredit];
    answer: schemas.RampDeposit;
    credential: "key";
    repeat: "any";
  };
  /** List a user's deposit addresses */
  "GET /api/v1/ramps/users/{user_id}/deposit_addresses": {
    arguments: [userId: schemas.RampUserId, query?: {
      /** How many, 1 to 100; 10 if left out. */
      limit?: number;
      /** The id of the last object of the page before: answers older ones. */
      starting_after?: string;
      /** The id of the first object of the page before: answers newer ones. */
      ending_before?: string;
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
    }];
    answer: schemas.RampAddressList;
    item: schemas.RampAddress;
    credential: "key";
    repeat: "any";
  };
  /**
   * Give a user a deposit address
   *
   * A stablecoin that arrives there credits his balance.
   */
  "POST /api/v1/ramps/users/{user_id}/deposit_addresses": {
    arguments: [userId: schemas.RampUserId, body: schemas.CreateDepositAddress];
    answer: schemas.RampAddress;
    credential: "key";
    repeat: "any";
  };
  /** List a user's deposits */
  "GET /api/v1/ramps/users/{user_id}/deposits": {
    arguments: [userId: schemas.RampUserId, query?: {
      /** How many, 1 to 100; 10 if left out. */
      limit?: number;
      /** The id of the last object of the page before: answers older ones. */
      starting_after?: string;
      /** The id of the first object of the page before: answers newer ones. */
      ending_before?: string;
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
    }];
    answer: schemas.RampDepositList;
    item: schemas.RampDeposit;
    credential: "key";
    repeat: "any";
  };
  /**
   * Forget a user
   *
   * His name, e-mail, address, birth date, documents and bank accounts are gone for good; the ledger
   * keeps its postings under his id. Events that tell of him pass with the event retention. Refused
   * while he has a balance, or money on its way: on-ramps that are open or may still be paid late,
   * payouts that may still come back (45 days), deposits that wait for a chain or a human. Balances
   * that are worth less than a dollar each are left to you if you say `forfeit_dust`.
   */
  "POST /api/v1/ramps/users/{user_id}/erase": {
    arguments: [userId: schemas.RampUserId, body: schemas.EraseRampUser];
    answer: schemas.RampUser;
    credential: "key";
    repeat: "any";
  };
  /**
   * Export everything that is kept of a user
   *
   * With his numbers and his birth date, which no other route answers. Noted in the audit log.
   */
  "GET /api/v1/ramps/users/{user_id}/export": {
    arguments: [userId: schemas.RampUserId, query?: {
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
    }];
    answer: schemas.RampUserExport;
    credential: "key";
    repeat: "any";
  };
  /**
   * Retrieve a user's KYC
   *
   * His latest case, and the level that counts now.
   */
  "GET /api/v1/ramps/users/{user_id}/kyc": {
    arguments: [userId: schemas.RampUserId, query?: {
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
    }];
    answer: schemas.KycCase;
    credential: "key";
    repeat: "any";
  };
  /**
   * Start a KYC case
   *
   * Answers the link where the person proves who he is. A case of the same level that waits for him
   * already is answered again.
   */
  "POST /api/v1/ramps/users/{user_id}/kyc": {
    arguments: [userId: schemas.RampUserId, body: schemas.StartKyc];
    answer: schemas.KycCase;
    credential: "key";
    repeat: "any";
  };
  /** List a user's liquidation addresses */
  "GET /api/v1/ramps/users/{user_id}/liquidation_addresses": {
    arguments: [userId: schemas.RampUserId, query?: {
      /** How many, 1 to 100; 10 if left out. */
      limit?: number;
      /** The id of the last object of the page before: answers older ones. */
      starting_after?: string;
      /** The id of the first object of the page before: answers newer ones. */
      ending_before?: string;
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
    }];
    answer: schemas.RampAddressList;
    item: schemas.RampAddress;
    credential: "key";
    repeat: "any";
  };
  /**
   * Give a user a liquidation address
   *
   * What arrives there is credited, and becomes a payout to the account by itself. What cannot be
   * paid out (below the corridor's least, above a limit) stays in the balance.
   */
  "POST /api/v1/ramps/users/{user_id}/liquidation_addresses": {
    arguments: [userId: schemas.RampUserId, body: schemas.CreateLiquidationAddress];
    answer: schemas.RampAddress;
    credential: "key";
    repeat: "any";
  };
  /**
   * Create a session of a user
   *
   * With its two headers his own client reads corridors, his balances, transactions and payouts,
   * takes quotes and requests payouts, and nothing else.
   */
  "POST /api/v1/ramps/users/{user_id}/sessions": {
    arguments: [userId: schemas.RampUserId, body?: schemas.CreateRampSession | null];
    answer: schemas.RampSessionView;
    credential: "key";
    repeat: "any";
  };
  /**
   * List a user's transactions
   *
   * Every posting that concerns him, with the sign it has for him: the amounts of one token add up
   * to its balance.
   */
  "GET /api/v1/ramps/users/{user_id}/transactions": {
    arguments: [userId: schemas.RampUserId, query?: {
      /** How many, 1 to 100; 10 if left out. */
      limit?: number;
      /** The id of the last object of the page before: answers older ones. */
      starting_after?: string;
      /** The id of the first object of the page before: answers newer ones. */
      ending_before?: string;
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
    }];
    answer: schemas.RampTransactionList;
    item: schemas.RampTransaction;
    credential: "keyOrSession";
    repeat: "any";
  };
  /** List a user's virtual accounts */
  "GET /api/v1/ramps/users/{user_id}/virtual_accounts": {
    arguments: [userId: schemas.RampUserId, query?: {
      /** How many, 1 to 100; 10 if left out. */
      limit?: number;
      /** The id of the last object of the page before: answers older ones. */
      starting_after?: string;
      /** The id of the first object of the page before: answers newer ones. */
      ending_before?: string;
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
    }];
    answer: schemas.VirtualAccountList;
    item: schemas.VirtualAccount;
    credential: "key";
    repeat: "any";
  };
  /**
   * Open a virtual account
   *
   * It is `pending` until its bank details are there.
   */
  "POST /api/v1/ramps/users/{user_id}/virtual_accounts": {
    arguments: [userId: schemas.RampUserId, body: schemas.CreateVirtualAccount];
    answer: schemas.VirtualAccount;
    credential: "key";
    repeat: "any";
  };
  /** List refunds */
  "GET /api/v1/refunds": {
    arguments: [query?: {
      /** How many, 1 to 100; 10 if left out. */
      limit?: number;
      /** The id of the last object of the page before: answers older ones. */
      starting_after?: string;
      /** The id of the first object of the page before: answers newer ones. */
      ending_before?: string;
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
    }];
    answer: schemas.RefundList;
    item: schemas.Refund;
    credential: "key";
    repeat: "any";
  };
  /** Retrieve a refund */
  "GET /api/v1/refunds/{id}": {
    arguments: [id: schemas.RefundId, query?: {
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
    }];
    answer: schemas.Refund;
    credential: "key";
    repeat: "any";
  };
  /**
   * Approve a refund that waits for a second person
   *
   * Takes the operator's token, or an owner who neither asked for it nor created the API key that
   * did; what passes the house's limits takes the operator.
   */
  "POST /api/v1/refunds/{id}/approve": {
    arguments: [id: schemas.RefundId, input?: NoInput];
    answer: schemas.Refund;
    credential: "bearer";
    repeat: "once";
  };
  /**
   * Cancel a refund
   *
   * Only before any of its transactions is signed.
   */
  "POST /api/v1/refunds/{id}/cancel": {
    arguments: [id: schemas.RefundId, input?: NoInput];
    answer: schemas.Refund;
    credential: "key";
    repeat: "any";
  };
  /**
   * Report invoices by day
   *
   * How many invoices came to be in each status, by day of UTC, network and token, what they ask
   * for and what was paid. An invoice is counted on each day on which its status changes. What was
   * paid is what the report `payments` tells of the same days. At most 366 days; the last thirty if
   * no times are given.
   */
  "GET /api/v1/reports/invoices": {
    arguments: [query?: {
      /** `json` if left out. */
      format?: "json" | "csv";
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
      /** Not before: epoch seconds or RFC 3339. */
      created_gte?: string | number;
      /** Not after: epoch seconds or RFC 3339. */
      created_lte?: string | number;
    }];
    answer: schemas.InvoiceReport | string;
    credential: "key";
    repeat: "any";
  };
  /**
   * Report by day
   *
   * What was paid, settled, refunded, charged or paid out, by day of UTC, asset and status. The
   * totals are the ledger's own. At most 366 days; the last thirty if no times are given.
   */
  "GET /api/v1/reports/{report}": {
    arguments: [report: schemas.ReportKind, query?: {
      /** `json` if left out. */
      format?: "json" | "csv";
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
      /** Not before: epoch seconds or RFC 3339. */
      created_gte?: string | number;
      /** Not after: epoch seconds or RFC 3339. */
      created_lte?: string | number;
    }];
    answer: schemas.Report | string;
    credential: "key";
    repeat: "any";
  };
  /** Retrieve a settlement with its transactions */
  "GET /api/v1/settlements/{id}": {
    arguments: [id: number, query?: {
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
    }];
    answer: schemas.MerchantSettlement;
    credential: "key";
    repeat: "any";
  };
  /**
   * Approve a settlement that waits for a second person
   *
   * Takes an owner, or the operator's token; the operator's where it passes the house's limits.
   */
  "POST /api/v1/settlements/{id}/approve": {
    arguments: [id: number, input?: NoInput];
    answer: schemas.MerchantSettlement;
    credential: "bearer";
    repeat: "once";
  };
  /**
   * Turn a settlement down that waits for a second person
   *
   * Its payments wait again, and are batched anew.
   */
  "POST /api/v1/settlements/{id}/reject": {
    arguments: [id: number, input?: NoInput];
    answer: schemas.MerchantSettlement;
    credential: "bearer";
    repeat: "once";
  };
  /** Settle the payments of a failed settlement again */
  "POST /api/v1/settlements/{id}/retry": {
    arguments: [id: number, input?: NoInput];
    answer: schemas.MerchantSettlement;
    credential: "bearer";
    repeat: "once";
  };
  /**
   * Choose the environment of bearer requests
   *
   * A key keeps its own environment, so this route takes a bearer token only.
   */
  "PUT /api/v1/user/environment": {
    arguments: [body: schemas.ChooseEnvironment];
    answer: schemas.ChosenEnvironment;
    credential: "bearer";
    repeat: "any";
  };
  /**
   * Open mainnet with an access key
   *
   * Takes an owner or a key of the merchant scope.
   */
  "POST /api/v1/user/mainnet-access/activate": {
    arguments: [body: schemas.ActivateMainnet];
    answer: schemas.Done;
    credential: "key";
    repeat: "once";
  };
  /**
   * Ask the operator for mainnet
   *
   * Asking again replaces what was written before.
   */
  "POST /api/v1/user/mainnet-access/request": {
    arguments: [body: schemas.RequestMainnet];
    answer: schemas.Done;
    credential: "key";
    repeat: "any";
  };
  /** See whether mainnet is open for this account */
  "GET /api/v1/user/mainnet-access/status": {
    arguments: [input?: NoInput];
    answer: schemas.MainnetStatus;
    credential: "anyKey";
    repeat: "any";
  };
  /**
   * List webhook endpoints
   *
   * A key sees those that hear its own environment, a member all of them.
   */
  "GET /api/v1/webhooks": {
    arguments: [query?: {
      /** How many, 1 to 100; 10 if left out. */
      limit?: number;
      /** The id of the last object of the page before: answers older ones. */
      starting_after?: string;
      /** The id of the first object of the page before: answers newer ones. */
      ending_before?: string;
      /** For bearer tokens; without it the account's current one. */
      environment?: "devnet" | "mainnet";
    }];
    answer: schemas.WebhookEndpointList;
    item: schemas.WebhookEndpointView;
    credential: "key";
    repeat: "any";
  };
  /**
   * Create a webhook endpoint
   *
   * It hears of events that come after it. Its secret is in this answer only.
   */
  "POST /api/v1/webhooks": {
    arguments: [body: schemas.CreateWebhookEndpoint];
    answer: schemas.WebhookEndpointWithSecret;
    credential: "key";
    repeat: "any";
  };
  /** Retrieve a delivery with every attempt */
  "GET /api/v1/webhooks/deliveries/{id}": {
    arguments: [id: string, input?: NoInput];
    answer: schemas.DeliveryDetails;
    credential: "key";
    repeat: "any";
  };
  /**
   * Send a delivery again
   *
   * At once, with the whole schedule of retries before it, whatever became of it so far.
   */
  "POST /api/v1/webhooks/deliveries/{id}/resend": {
    arguments: [id: string, input?: NoInput];
    answer: schemas.DeliveryView;
    credential: "key";
    repeat: "any";
  };
  /** Retrieve a webhook endpoint */
  "GET /api/v1/webhooks/{id}": {
    arguments: [id: string, input?: NoInput];
    answer: schemas.WebhookEndpointView;
    credential: "key";
    repeat: "any";
  };
  /**
   * Delete a webhook endpoint
   *
   * What still waits to be sent to it is given up.
   */
  "DELETE /api/v1/webhooks/{id}": {
    arguments: [id: string, input?: NoInput];
    answer: schemas.WebhookEndpointDeleted;
    credential: "key";
    repeat: "any";
  };
  /**
   * Change a webhook endpoint
   *
   * Absent fields stay as they are. The environment cannot be changed.
   */
  "PATCH /api/v1/webhooks/{id}": {
    arguments: [id: string, body: schemas.UpdateWebhookEndpoint];
    answer: schemas.WebhookEndpointView;
    credential: "key";
    repeat: "any";
  };
  /** List an endpoint's deliveries */
  "GET /api/v1/webhooks/{id}/deliveries": {
    arguments: [id: string, query?: {
      /** How many, 1 to 100; 10 if left out. */
      limit?: number;
      /** The id of the last object of the page before: answers older ones. */
      starting_after?: string;
      /** The id of the first object of the page before: answers newer ones. */
      ending_before?: string;
      /** Those in this state only. */
      status?: "pending" | "delivered" | "failed";
      /** Those of this event only. */
      event_id?: string;
    }];
    answer: schemas.DeliveryList;
    item: schemas.DeliveryView;
    credential: "key";
    repeat: "any";
  };
  /**
   * Recover events of the past
   *
   * What this endpoint should have heard since then and did not take is sent again, beside what
   * comes now; `is_recovering` tells while it lasts.
   */
  "POST /api/v1/webhooks/{id}/recover": {
    arguments: [id: string, body: schemas.RecoverWebhooks];
    answer: schemas.WebhookEndpointView;
    credential: "key";
    repeat: "any";
  };
  /**
   * Rotate an endpoint's secret
   *
   * The new secret is in this answer only. Until the overlap ends deliveries carry a second
   * signature, by the old one, in `X-Pepay-Signature-Previous`.
   */
  "POST /api/v1/webhooks/{id}/rotate-secret": {
    arguments: [id: string, body?: schemas.RotateWebhookSecret | null];
    answer: schemas.WebhookEndpointWithSecret;
    credential: "key";
    repeat: "any";
  };
  /**
   * Send a test
   *
   * Makes a `test.ping` that goes to this endpoint alone, whatever it asked for.
   */
  "POST /api/v1/webhooks/{id}/test": {
    arguments: [id: string, input?: NoInput];
    answer: schemas.PepayEvent;
    credential: "key";
    repeat: "once";
  };
  /**
   * Create a token for an event stream
   *
   * For browsers and other clients that cannot send a header with an upgrade.
   */
  "POST /api/v1/ws/token": {
    arguments: [body: schemas.WsTokenRequest];
    answer: schemas.WsTokenAnswer;
    credential: "anyKey";
    repeat: "any";
  };
  /** The process is alive */
  "GET /healthz": {
    arguments: [input?: NoInput];
    answer: schemas.Health;
    credential: "nobody";
    repeat: "any";
  };
  /** The database answers; how far the watchers are behind */
  "GET /readyz": {
    arguments: [input?: NoInput];
    answer: schemas.Readiness;
    credential: "nobody";
    repeat: "any";
  };
}
