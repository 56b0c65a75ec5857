//! A retailer over HTTP, by the routes that docs/orders.md describes:
//! `PUT /orders/{id}`, `GET /orders/{id}` and `POST /orders/{id}/cancel`.
//!
//! 200 is a report, 409 and 422 are refusals, and anything else says nothing for sure.

use std::time::Duration;

use bytes::Bytes;
use domain::ids::OrderId;
use domain::order::{Answered, Purchase, Report, ReportState, Tracking};
use http_body_util::Full;
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Method, Request};
use serde::Deserialize;
use serde_json::json;
use url::Url;

use super::{Answer, Retailer};
use crate::http::{Http, Reply};

const EXCHANGE_MAX: Duration = Duration::from_secs(20);
const NUMBER_MAX: usize = 255;

pub struct HttpRetailer {
    http: Http,
    base: Url,
    key: String,
}

impl HttpRetailer {
    /// The key is sent as a bearer token.
    pub fn new(base: Url, key: impl Into<String>) -> HttpRetailer {
        HttpRetailer { http: Http::new(EXCHANGE_MAX), base, key: key.into() }
    }

    async fn ask(&self, method: Method, path: String, body: Option<String>) -> Answered {
        let Some((url, request)) = self.request(method, &path, body) else {
            return Answered::Unknown;
        };
        match self.http.exchange(&url, request).await {
            Ok(reply) => read(&reply),
            Err(error) => {
                tracing::warn!(%error, "a retailer was asked in vain");
                Answered::Unknown
            }
        }
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        body: Option<String>,
    ) -> Option<(Url, Request<Full<Bytes>>)> {
        let base = self.base.as_str().trim_end_matches('/');
        let url: Url = format!("{base}{path}").parse().ok()?;
        let name = url.host_str()?;
        let host = url.port().map_or(name.to_owned(), |port| format!("{name}:{port}"));
        let request = Request::builder()
            .method(method)
            .uri(url.path())
            .header(HOST, host)
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/json")
            .header(AUTHORIZATION, format!("Bearer {}", self.key))
            .body(Full::new(Bytes::from(body.unwrap_or_default())));
        Some((url, request.ok()?))
    }
}

impl Retailer for HttpRetailer {
    fn place<'a>(&'a self, purchase: &'a Purchase) -> Answer<'a> {
        let path = format!("/orders/{}", purchase.order_id);
        Box::pin(self.ask(Method::PUT, path, Some(written(purchase))))
    }

    fn track(&self, id: OrderId) -> Answer<'_> {
        Box::pin(self.ask(Method::GET, format!("/orders/{id}"), None))
    }

    fn cancel(&self, id: OrderId) -> Answer<'_> {
        Box::pin(self.ask(Method::POST, format!("/orders/{id}/cancel"), None))
    }
}

fn written(purchase: &Purchase) -> String {
    let lines = purchase.lines.iter().map(|line| {
        json!({
            "retailer": line.retailer,
            "productId": line.product_id,
            "offerId": line.offer_id,
            "quantity": line.quantity,
            "priceMaxUsd": line.price_max.cents_decimal(),
        })
    });
    let lines: Vec<_> = lines.collect();
    json!({ "orderId": purchase.order_id, "lines": lines, "address": purchase.address }).to_string()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    retailer_order_id: String,
    status: String,
    #[serde(default)]
    tracking: Option<ToldTracking>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ToldTracking {
    carrier: Option<String>,
    tracking_number: Option<String>,
    tracking_url: Option<String>,
}

fn read(reply: &Reply) -> Answered {
    match reply.status {
        200 => report(&reply.body).map_or(Answered::Unknown, Answered::Report),
        409 | 422 => Answered::Refused,
        _ => Answered::Unknown,
    }
}

fn report(body: &[u8]) -> Option<Report> {
    let told: Told = serde_json::from_slice(body).ok()?;
    let number = told.retailer_order_id;
    let is_number = (1..=NUMBER_MAX).contains(&number.chars().count());
    if !is_number || number.chars().any(char::is_control) {
        return None;
    }
    let ToldTracking { carrier, tracking_number, tracking_url } = told.tracking.unwrap_or_default();
    // What makes no sense is left out: the parcel is on its way all the same.
    let tracking = Tracking { carrier, tracking_number, tracking_url }.checked();
    let tracking = tracking.unwrap_or_default();
    let state = match told.status.as_str() {
        "placed" => ReportState::Placed,
        "shipped" => ReportState::Shipped(tracking),
        "delivered" => ReportState::Delivered(tracking),
        "canceled" => ReportState::Canceled,
        _ => return None,
    };
    Some(Report { retailer_order_id: number, state })
}
