// The merchant's own catalog: products and offers, one by one and by the file.
//
// Files are texts: CSV, or one JSON object a line; which of the two is told by their first letter.

import type { Routes } from "../operation.js";

/** Methods of `pepay.commerce.catalog`. */
export function catalog({ list, one }: Routes) {
  return {
    /**
     * List your catalog.
     *
     * In an order of its own that does not change; `starting_after` takes the last `productId`.
     */
    list: list("GET /api/commerce/merchant/catalog/products", "anyKey"),
    /** Put a product into your catalog. */
    create: one("POST /api/commerce/merchant/catalog/products", "anyKey"),
    /** Retrieve a product of your catalog. */
    retrieve: one("GET /api/commerce/merchant/catalog/products/{productId}", "anyKey"),
    /**
     * Replace a product of your catalog, or put it in.
     *
     * Offers of the same seller and condition keep their `offerId` and, unless `stock` says
     * otherwise,
     * their pieces. Answers 201 if the product was not there.
     */
    replace: one("PUT /api/commerce/merchant/catalog/products/{productId}", "anyKey"),
    /**
     * Change a product of your catalog.
     *
     * Absent fields stay as they are.
     */
    update: one("PATCH /api/commerce/merchant/catalog/products/{productId}", "anyKey"),
    /**
     * Take a product out of your catalog.
     *
     * Orders and carts that have it keep what they say of it. Its number can be used again.
     */
    delete: one("DELETE /api/commerce/merchant/catalog/products/{productId}", "anyKey"),
    /**
     * Export your catalog.
     *
     * CSV with a line for each offer, or one JSON object a line: what the import takes.
     */
    export: one("GET /api/commerce/merchant/catalog/products/export", "anyKey"),
    /**
     * Import products.
     *
     * A file of any length, as CSV (`text/csv`) or as one JSON object a line
     * (`application/x-ndjson`). Each product is put as by `PUT`, found by its `productId`. The
     * answer
     * is a stream of JSON lines: `error`, `progress`, and at the end `done` or `aborted`.
     */
    import: one("POST /api/commerce/merchant/catalog/products/import", "anyKey", "once"),
    /** What a product costs, and how many there are. */
    offers: {
      /** List the offers of a product. */
      list: one("GET /api/commerce/merchant/catalog/products/{productId}/offers", "anyKey"),
      /** Add an offer to a product. */
      create: one(
        "POST /api/commerce/merchant/catalog/products/{productId}/offers",
        "anyKey",
        "once",
      ),
      /**
       * Change an offer.
       *
       * Absent fields stay as they are.
       */
      update: one(
        "PATCH /api/commerce/merchant/catalog/products/{productId}/offers/{offerId}",
        "anyKey",
      ),
      /** Take an offer away. */
      delete: one(
        "DELETE /api/commerce/merchant/catalog/products/{productId}/offers/{offerId}",
        "anyKey",
      ),
      /**
       * Set how many pieces an offer has.
       *
       * What shoppers reserve at the same time stays reserved.
       */
      setStock: one(
        "PUT /api/commerce/merchant/catalog/products/{productId}/offers/{offerId}/stock",
        "anyKey",
      ),
    },
  };
}

/** The same, as the methods of `pepay.commerce` name it. */
export interface Catalog extends ReturnType<typeof catalog> {}
