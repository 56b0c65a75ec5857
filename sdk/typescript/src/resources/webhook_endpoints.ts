// Webhook endpoints: where events are delivered to, and what became of each delivery.
//
// To verify what arrives there, see `createWebhookVerifier`.

import type { Routes } from "../operation.js";

/** Methods of `pepay.webhooks`. */
export function webhookEndpoints({ list, one }: Routes) {
  return {
    /**
     * Create a webhook endpoint.
     *
     * It hears of events that come after it. Its secret is in this answer only.
     */
    create: one("POST /api/v1/webhooks", "key"),
    /**
     * List webhook endpoints.
     *
     * A key sees those that hear its own environment, a member all of them.
     */
    list: list("GET /api/v1/webhooks", "key"),
    /** Retrieve a webhook endpoint. */
    retrieve: one("GET /api/v1/webhooks/{id}", "key"),
    /**
     * Change a webhook endpoint.
     *
     * Absent fields stay as they are. The environment cannot be changed.
     */
    update: one("PATCH /api/v1/webhooks/{id}", "key"),
    /**
     * Delete a webhook endpoint.
     *
     * What still waits to be sent to it is given up.
     */
    delete: one("DELETE /api/v1/webhooks/{id}", "key"),
    /**
     * Rotate an endpoint's secret.
     *
     * The new secret is in this answer only. Until the overlap ends deliveries carry a second
     * signature, by the old one, in `X-Pepay-Signature-Previous`.
     */
    rotateSecret: one("POST /api/v1/webhooks/{id}/rotate-secret", "key"),
    /**
     * Send a test.
     *
     * Makes a `test.ping` that goes to this endpoint alone, whatever it asked for.
     */
    test: one("POST /api/v1/webhooks/{id}/test", "key", "once"),
    /**
     * Recover events of the past.
     *
     * What this endpoint should have heard since then and did not take is sent again, beside what
     * comes now; `is_recovering` tells while it lasts.
     */
    recover: one("POST /api/v1/webhooks/{id}/recover", "key"),
    /** List an endpoint's deliveries. */
    listDeliveries: list("GET /api/v1/webhooks/{id}/deliveries", "key"),
    /** Retrieve a delivery with every attempt. */
    retrieveDelivery: one("GET /api/v1/webhooks/deliveries/{id}", "key"),
    /**
     * Send a delivery again.
     *
     * At once, with the whole schedule of retries before it, whatever became of it so far.
     */
    resendDelivery: one("POST /api/v1/webhooks/deliveries/{id}/resend", "key"),
  };
}
