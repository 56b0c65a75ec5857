// Commerce: from a search to an order, for a shopper whom the merchant names.
//
// Most of these take a commerce key. The shopper's own cart takes the shopper's token, and can be
// called from his browser.

import type { Routes } from "../operation.js";
import { type Catalog, catalog } from "./catalog.js";

/** Methods of `pepay.commerce`. */
export function commerce(routes: Routes) {
  const { list, one } = routes;
  return {
    /** The merchant's own catalog. */
    catalog: catalog(routes) as Catalog,
    /** Search products. */
    search: list("GET /api/commerce/search", "commerce"),
    /** Check commerce. */
    status: one("GET /api/commerce/status", "commerce"),
    /** What commerce offers. */
    info: one("GET /api/commerce/info", "commerce"),
    /** Get shipping, tax and fees. */
    getRates: one("GET /api/commerce/merchant/rates", "commerce"),
    /**
     * Set shipping, tax and fees.
     *
     * Each part that is there is replaced whole; what is left out stays.
     */
    setRates: one("PUT /api/commerce/merchant/rates", "commerce"),
    /** What is sold. */
    products: {
      /** Retrieve a product. */
      retrieve: one("GET /api/commerce/products/{productId}", "commerce"),
      /**
       * List the offers of a product.
       *
       * Best first: what can be bought here, the cheapest in all first.
       */
      listOffers: one("GET /api/commerce/products/{productId}/offers", "commerce"),
    },
    /** A shopper's cart, as the merchant's server keeps it. */
    merchantCart: {
      /**
       * Get a customer's cart.
       *
       * A customer who put nothing in yet has an empty one.
       */
      get: one("GET /api/commerce/merchant/carts", "commerce"),
      /**
       * Initialize a customer's cart.
       *
       * A cart that is there stays as it is; an item is added to it.
       */
      create: one("POST /api/commerce/merchant/carts", "commerce"),
      /**
       * Clear a customer's cart.
       *
       * The customer is named in the query, or in a body.
       */
      clear: one("DELETE /api/commerce/merchant/carts", "commerce"),
      /**
       * Add an item to a customer's cart.
       *
       * More of what is in the cart already is more of that line, at the price it is put in with
       * now.
       */
      addItem: one("POST /api/commerce/merchant/carts/items", "commerce"),
      /** Change how many of an item are in a customer's cart. */
      updateItem: one("PUT /api/commerce/merchant/carts/items/{item_id}", "commerce"),
      /** Remove an item from a customer's cart. */
      removeItem: one("DELETE /api/commerce/merchant/carts/items/{item_id}", "commerce"),
      /**
       * Validate a customer's cart.
       *
       * Says which items can be had, and which cost something else now. Nothing is changed.
       */
      validate: one("POST /api/commerce/merchant/carts/validate", "commerce"),
      /** Get the totals of a customer's cart. */
      totals: one("GET /api/commerce/merchant/carts/totals", "commerce"),
    },
    /** The same cart, as its shopper's own client sees it. */
    cart: {
      /** Get my cart. */
      get: one("GET /api/commerce/cart", "shopper"),
      /** Add an item to my cart. */
      addItem: one("POST /api/commerce/cart", "shopper", "once"),
      /** Change how many of an item are in my cart. */
      updateItem: one("PUT /api/commerce/cart/{item_id}", "shopper"),
      /** Remove an item from my cart. */
      removeItem: one("DELETE /api/commerce/cart/{item_id}", "shopper"),
      /** Clear my cart. */
      clear: one("DELETE /api/commerce/cart", "shopper"),
    },
    /** Shoppers. */
    customers: {
      /**
       * Create a token for a customer's own client.
       *
       * With it a browser reads and changes this customer's cart, and nothing else.
       */
      createToken: one("POST /api/commerce/merchant/customers/tokens", "commerce"),
    },
    /** From items to an invoice in three steps. */
    checkout: {
      /**
       * Step 1 - Estimate what can be had.
       *
       * Items with no offer that is deliverable within 10 days, or not in stock, are in
       * `invalidItems`.
       * Prices are held for 15 minutes.
       */
      estimate: one("POST /api/commerce/merchant/checkout/estimate", "commerce"),
      /**
       * Step 2 - Attach a shipping address.
       *
       * Validates and normalises the address, and prices tax and shipping for its country and
       * state. It
       * can be called again with another address or shipping option.
       */
      address: one("POST /api/commerce/merchant/checkout/address", "commerce"),
      /**
       * Step 3 - Create invoice and order.
       *
       * Only `validItems[]` of the estimate are in the order, at the estimate's prices; their
       * pieces are
       * reserved. The cart is left as it is. Calling it twice makes one order, and answers it
       * twice.
       */
      createInvoice: one("POST /api/commerce/merchant/checkout/invoice", "commerce"),
    },
    /** What was bought. */
    orders: {
      /**
       * List orders.
       *
       * Newest first.
       */
      list: list("GET /api/commerce/merchant/orders", "commerce"),
      /**
       * Retrieve an order.
       *
       * The canonical snapshot: what every `commerce.order.*` event carries.
       */
      retrieve: one("GET /api/commerce/merchant/orders/{orderId}", "commerce"),
      /**
       * Cancel an order.
       *
       * From `pending_payment`, `processing` and `placed`. What was paid goes back to the
       * destination
       * named here or at checkout; while none is known the refund stays `QUOTED`, and another call
       * with
       * one completes it.
       */
      cancel: one("POST /api/commerce/merchant/orders/{orderId}/cancel", "commerce"),
      /**
       * Send an order.
       *
       * From `processing` or `placed`: it is on its way to the shopper now.
       */
      fulfill: one("POST /api/commerce/merchant/orders/{id}/fulfill", "commerce"),
      /** Say that an order was delivered. */
      deliver: one("POST /api/commerce/merchant/orders/{id}/deliver", "commerce"),
      /**
       * Give an order up that cannot be sent.
       *
       * From `processing`. Its pieces go back into the stock, and what was paid is owed to the
       * shopper.
       */
      fail: one("POST /api/commerce/merchant/orders/{id}/fail", "commerce"),
    },
    /** How the payments of orders stand. */
    payments: {
      /** Check an order's payment. */
      status: one("GET /api/commerce/merchant/payments/{orderId}/status", "commerce"),
      /**
       * Check the payments of many orders.
       *
       * In the order of the ids; one that names no order has an `error`.
       */
      bulkStatus: one("POST /api/commerce/merchant/payments/bulk-status", "commerce"),
    },
    /** From an invoice to its order. */
    merchantInvoices: {
      /** Look up an order by its invoice. */
      status: one("GET /api/commerce/merchant/invoices/{invoiceId}/status", "commerce"),
    },
    /** Where shoppers have had things sent. */
    addresses: {
      /** List a customer's addresses. */
      list: list("GET /api/v1/commerce/merchant/addresses", "commerce"),
      /**
       * Remove an address.
       *
       * Orders that went there keep their own copy. Naming the customer is optional: then an
       * address of
       * another one is not found.
       */
      remove: one("DELETE /api/v1/commerce/merchant/addresses/{address_id}", "commerce"),
    },
    /** Orders that go on when they are told to. */
    devnet: {
      /**
       * Simulate an order's next step.
       *
       * Devnet only. `failed` is reached from `processing`, `cancelled` from `placed`, and
       * `refunded`
       * once a paid order was cancelled or has failed, with a BSC destination from the checkout or
       * from
       * the simulated payment.
       */
      simulateOrder: one("POST /api/commerce/devnet/orders/{orderId}/simulate", "commerce", "once"),
    },
  };
}
