//! What every answer carries: ids, versions, limits, CORS, and health for the operator.

use serde_json::json;

use crate::house::House;

#[tokio::test]
async fn a_sane_request_id_comes_back_and_another_is_replaced() {
    let house = House::start().await;
    let ask = |id: &str| house.request("GET", "/healthz").header("x-request-id", id.to_owned());
    assert_eq!(house.send(ask("order-7.retry_1")).await.header("x-request-id"), "order-7.retry_1");
    let replaced = house.send(ask("two words")).await;
    assert!(replaced.header("x-request-id").starts_with("req_"));
    let long = house.send(ask(&"a".repeat(129))).await;
    assert!(long.header("x-request-id").starts_with("req_"));
}

#[tokio::test]
async fn payor_routes_answer_any_origin_and_merchant_routes_none() {
    let house = House::start().await;
    let preflight = |path: &str| {
        house
            .request("OPTIONS", path)
            .header("origin", "https://shop.example")
            .header("access-control-request-method", "POST")
    };
    let payor = house.send(preflight("/api/v1/payments/payment-addresses")).await;
    assert_eq!(payor.status, 204);
    assert_eq!(payor.header("access-control-allow-origin"), "*");
    assert!(payor.header("access-control-allow-headers").contains("x-session-token"));
    assert_eq!(payor.header("access-control-allow-credentials"), "");
    let merchant = house.send(preflight("/api/v1/invoices")).await;
    assert_eq!(merchant.header("access-control-allow-origin"), "");
}

#[tokio::test]
async fn limits_refuse_with_all_a_client_needs_to_wait() {
    let house = House::with(|config| {
        config.rate_limits.enabled = true;
        config.rate_limits.key_burst = 3;
    })
    .await;
    for _ in 0..3 {
        house.get("/api/v1/invoices").await.ok();
    }
    let refused = house.get("/api/v1/invoices").await;
    assert_eq!(refused.error(), (429, "RATE_LIMIT_EXCEEDED"));
    assert_eq!(refused.body["error_code"], json!("RATE_LIMIT_EXCEEDED"));
    assert_eq!(refused.body["retry_after"], json!(1));
    assert_eq!(refused.header("retry-after"), "1");
    house.advance(1_000);
    let allowed = house.get("/api/v1/invoices").await;
    assert_eq!(allowed.header("ratelimit-limit"), "3");
    allowed.ok();
}

#[tokio::test]
async fn a_pinned_version_must_be_ours() {
    let house = House::start().await;
    let ask = |version: &str| {
        house.request("GET", "/healthz").header("pepay-version", version.to_owned())
    };
    assert_eq!(house.send(ask("2025-12-16")).await.status, 200);
    assert_eq!(house.send(ask("2024-01-01")).await.error(), (400, "VALIDATION_ERROR"));
}

#[tokio::test]
async fn health_is_open_and_metrics_take_their_token() {
    let house = House::start().await;
    assert_eq!(house.get("/healthz").await.ok()["status"], "ok");
    let ready = house.get("/readyz").await.ok();
    assert_eq!(ready["watchers"].as_array().map(Vec::len), Some(10));
    assert_eq!(house.get("/metrics").await.error(), (401, "AUTHENTICATION_REQUIRED"));
    house.invoice(10.0).await;
    let request = house.request("GET", "/metrics").header("authorization", "Bearer metrics-token");
    let page = house.send(request).await.ok();
    let page = page.as_str().expect("text");
    for line in [
        "pepay_invoices{environment=\"devnet\",status=\"unpaid\"} 1",
        "pepay_http_request_duration_seconds_count{route=\"/api/v1/invoices\",method=\"POST\"",
        "pepay_log_position{lane=\"0\"}",
        "pepay_watcher_lag_ms{environment=\"devnet\",network=\"base\"}",
        "pepay_commit_groups_total",
    ] {
        assert!(page.contains(line), "{line} is not in\n{page}");
    }
}

#[tokio::test]
async fn methods_made_up_by_a_client_share_one_series() {
    let house = House::start().await;
    for method in ["EVIL1", "EVIL2", "EVIL3"] {
        house.send(house.request(method, "/x")).await;
    }
    let request = house.request("GET", "/metrics").header("authorization", "Bearer metrics-token");
    let page = house.send(request).await.ok();
    let page = page.as_str().expect("text");
    assert!(!page.contains("EVIL") && page.contains("method=\"OTHER\""));
}

#[tokio::test]
async fn a_list_is_not_taken_for_an_object() {
    let house = House::start().await;
    let before = house.get("/api/v1/invoices").await.ok();
    for body in [json!([5]), json!([5, null, null]), json!([])] {
        assert_eq!(house.post("/api/v1/invoices", body).await.error(), (400, "VALIDATION_ERROR"));
    }
    assert_eq!(house.get("/api/v1/invoices").await.ok(), before);
}
