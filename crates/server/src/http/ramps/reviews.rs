//! What screening lists hold back, as the operator sees and decides it.
//!
//! The merchant reads `in_review` and no more: which list, and which line, is the operator's.

use axum::extract::State;
use domain::ids::ReviewId;
use domain::screening_review::{ScreeningReview, ScreeningReviewView, Verdict};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::Shared;
use crate::http::auth::Operator;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::{Path, Query};
use crate::http::idempotency::Answer;
use crate::http::page::{List, PageQuery};
use crate::screening_reviews::{ReviewError, decide_review};

/// Which reviews.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReviewFilter {
    #[default]
    Open,
    All,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct ReviewsQuery {
    /// `open` (the default) or `all`.
    #[param(inline)]
    pub status: ReviewFilter,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ScreeningReviewList {
    /// Always `list`.
    pub object: &'static str,
    pub data: Vec<ScreeningReviewView>,
    pub has_more: bool,
}

impl From<ReviewError> for ApiError {
    fn from(error: ReviewError) -> ApiError {
        match error {
            ReviewError::Unknown => ApiError::not_found("review"),
            ReviewError::Refused(refusal) => refusal.into(),
            ReviewError::Commit(error) => error.into(),
        }
    }
}

/// List hits of screening lists
#[utoipa::path(
    get,
    path = "/api/admin/ramps/reviews",
    tag = "Ramps",
    operation_id = "listScreeningReviews",
    params(PageQuery, ReviewsQuery),
    responses(
        (status = 200, description = "A page, newest first", body = ScreeningReviewList),
        (status = 400, description = "A bad cursor or limit", body = ErrorBody),
        (status = 401, description = "Not the operator's token", body = ErrorBody),
    ),
    security(("bearerAuth" = [])),
)]
pub async fn list(
    State(app): State<Shared>,
    _: Operator,
    Query(page): Query<PageQuery>,
    Query(query): Query<ReviewsQuery>,
) -> Result<Answer, ApiError> {
    let (limit, page) = (page.limit()?, page.page()?);
    let rows = match query.status {
        ReviewFilter::Open => app.store.screening_reviews_open(page, limit + 1).await?,
        ReviewFilter::All => app.store.screening_reviews(page, limit + 1).await?,
    };
    Ok(Answer::ok(&List::of(rows, limit, page).map(|review: ScreeningReview| review.view())))
}

/// Let go what a screening list held
#[utoipa::path(
    post,
    path = "/api/admin/ramps/reviews/{review_id}/approve",
    tag = "Ramps",
    operation_id = "approveScreeningReview",
    params(("review_id" = ReviewId, Path)),
    responses(
        (status = 200, description = "The review", body = ScreeningReviewView),
        (status = 401, description = "Not the operator's token", body = ErrorBody),
        (status = 404, description = "No such review", body = ErrorBody),
        (status = 409, description = "REVIEW_DECIDED", body = ErrorBody),
    ),
    security(("bearerAuth" = [])),
)]
pub async fn approve(
    State(app): State<Shared>,
    _: Operator,
    Path(id): Path<ReviewId>,
) -> Result<Answer, ApiError> {
    let review = decide_review(&app.store, &app.clock, id, Verdict::Approve).await?;
    Ok(Answer::ok(&review.view()))
}

/// Refuse for good what a screening list held
#[utoipa::path(
    post,
    path = "/api/admin/ramps/reviews/{review_id}/reject",
    tag = "Ramps",
    operation_id = "rejectScreeningReview",
    params(("review_id" = ReviewId, Path)),
    responses(
        (status = 200, description = "The review", body = ScreeningReviewView),
        (status = 401, description = "Not the operator's token", body = ErrorBody),
        (status = 404, description = "No such review", body = ErrorBody),
        (status = 409, description = "REVIEW_DECIDED", body = ErrorBody),
    ),
    security(("bearerAuth" = [])),
)]
pub async fn reject(
    State(app): State<Shared>,
    _: Operator,
    Path(id): Path<ReviewId>,
) -> Result<Answer, ApiError> {
    let review = decide_review(&app.store, &app.clock, id, Verdict::Reject).await?;
    Ok(Answer::ok(&review.view()))
}
