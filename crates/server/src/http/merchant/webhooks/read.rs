//! Endpoints as a merchant reads them: all but their secrets.

use axum::extract::State;
use domain::ids::EndpointId;
use domain::webhook_endpoint::{WebhookEndpoint, WebhookEndpointView};
use serde::Serialize;
use utoipa::ToSchema;

use super::{bound_to, visible};
use crate::app::Shared;
use crate::http::account::page_of;
use crate::http::auth::MerchantCaller;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::{Path, Query};
use crate::http::idempotency::Answer;
use crate::http::merchant::EnvironmentQuery;
use crate::http::page::{List, PageQuery};

/// A page of webhook endpoints, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookEndpointList {
    /// Always `list`.
    pub object: &'static str,
    pub data: Vec<WebhookEndpointView>,
    pub has_more: bool,
}

/// List webhook endpoints
///
/// A key sees those that hear its own environment, a member all of them.
#[utoipa::path(
    get,
    path = "/api/v1/webhooks",
    tag = "Webhooks",
    operation_id = "listWebhookEndpoints",
    params(PageQuery, EnvironmentQuery),
    responses(
        (status = 200, description = "A page of endpoints", body = WebhookEndpointList),
        (status = 400, description = "A bad cursor or limit", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn list(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    Query(query): Query<PageQuery>,
    Query(asked): Query<EnvironmentQuery>,
) -> Result<Answer, ApiError> {
    let limit = query.limit()?;
    let page = query.page_by(|id| EndpointId::parse(id).map(EndpointId::key))?;
    let environment = match asked.environment {
        Some(_) => Some(caller.environment(&app, asked.environment).await?),
        None => bound_to(&app, &caller).await?,
    };
    let mut endpoints = app.store.webhook_endpoints_of_merchant(caller.merchant_id).await?;
    endpoints.retain(|endpoint| environment.is_none_or(|asked| endpoint.is_of(asked)));
    let endpoints: List<WebhookEndpoint> = page_of(endpoints, WebhookEndpoint::key, page, limit);
    Ok(Answer::ok(&endpoints.map(|endpoint| endpoint.view())))
}

/// Retrieve a webhook endpoint
#[utoipa::path(
    get,
    path = "/api/v1/webhooks/{id}",
    tag = "Webhooks",
    operation_id = "getWebhookEndpoint",
    params(("id" = String, Path, description = "The endpoint's id")),
    responses(
        (status = 200, description = "The endpoint", body = WebhookEndpointView),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
        (status = 404, description = "No such endpoint here", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn retrieve(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    Path(id): Path<EndpointId>,
) -> Result<Answer, ApiError> {
    Ok(Answer::ok(&visible(&app, &caller, id).await?.view()))
}
