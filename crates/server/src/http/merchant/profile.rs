//! The merchant's profile: who it is, what its payors see, and how exact payments must be.
//!
//! A PATCH changes what it names; null clears what can be absent. Every change is audited. The
//! tolerance shown and changed is the one of the caller's environment.

use axum::extract::State;
use domain::environment::Environment;
use domain::ids::MerchantId;
use domain::member::Role;
use domain::merchant::{Merchant, ProfileChange};
use domain::money::UsdNumber;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::{EnvironmentQuery, current, usd};
use crate::app::Shared;
use crate::http::auth::MerchantCaller;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::{Json, Query, given};
use crate::http::idempotency::Answer;

/// What a merchant says of itself.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MerchantProfile)]
pub struct ProfileView<'a> {
    pub object: &'static str,
    pub id: MerchantId,
    pub company_name: &'a str,
    pub email: &'a str,
    pub default_payment_return_url: Option<&'a str>,
    /// How much may be missing for an invoice to count as paid, in hundredths of a percent. Each
    /// environment has its own.
    pub tolerance_bps: i64,
    /// The most that may be missing, whatever the share.
    pub tolerance_max_usd: UsdNumber,
    /// Where the payment page may be embedded.
    pub embed_origins: &'a [String],
    pub logo_url: Option<&'a str>,
    pub brand_color: Option<&'a str>,
    pub accent_color: Option<&'a str>,
    pub created_at: i64,
}

impl ProfileView<'_> {
    fn of(merchant: &Merchant, environment: Environment) -> ProfileView<'_> {
        let tolerance = merchant.tolerance(environment);
        ProfileView {
            object: "merchant_profile",
            id: merchant.id,
            company_name: &merchant.company_name,
            email: &merchant.email,
            default_payment_return_url: merchant.default_payment_return_url.as_deref(),
            tolerance_bps: tolerance.basis_points,
            tolerance_max_usd: tolerance.most.number(),
            embed_origins: &merchant.embed_origins,
            logo_url: merchant.logo_url.as_deref(),
            brand_color: merchant.brand_color.as_deref(),
            accent_color: merchant.accent_color.as_deref(),
            created_at: merchant.created_at.seconds(),
        }
    }
}

/// The fields to change.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct UpdateProfile {
    /// For bearer tokens; default: the account's current one. A key has its own.
    environment: Option<Environment>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 255)]
    company_name: Option<String>,
    /// Owners only.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String, required = false, format = "email", max_length = 255)]
    email: Option<String>,
    /// Owners only. Where payors go after paying, https only; null clears it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, format = "uri", max_length = 2048)]
    default_payment_return_url: Option<Option<String>>,
    /// Of the caller's environment only.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = i64, required = false, minimum = 0, maximum = 1000)]
    tolerance_bps: Option<i64>,
    /// Of the caller's environment only; at most three decimals.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = f64, required = false, minimum = 0, maximum = 1000000)]
    tolerance_max_usd: Option<Box<RawValue>>,
    /// Owners only. At most 20 origins like `https://shop.example`; on devnet also
    /// `http://localhost:PORT`.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<String>, required = false, max_items = 20)]
    embed_origins: Option<Vec<String>>,
    /// Https only; null clears it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, format = "uri", max_length = 2048)]
    logo_url: Option<Option<String>>,
    /// Like `#1a2b3c`; null clears it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, pattern = "^#[0-9A-Fa-f]{6}$")]
    brand_color: Option<Option<String>>,
    /// Like `#1a2b3c`; null clears it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, pattern = "^#[0-9A-Fa-f]{6}$")]
    accent_color: Option<Option<String>>,
}

impl UpdateProfile {
    fn into_change(self) -> Result<ProfileChange, ApiError> {
        let tolerance_max = self.tolerance_max_usd.as_deref();
        Ok(ProfileChange {
            company_name: self.company_name,
            email: self.email,
            default_payment_return_url: self.default_payment_return_url,
            tolerance_bps: self.tolerance_bps,
            tolerance_max: tolerance_max.map(|raw| usd("tolerance_max_usd", raw)).transpose()?,
            embed_origins: self.embed_origins,
            logo_url: self.logo_url,
            brand_color: self.brand_color,
            accent_color: self.accent_color,
        })
    }
}

/// Read the profile
#[utoipa::path(
    get,
    path = "/api/v1/merchant/profile",
    tag = "Account",
    operation_id = "getMerchantProfile",
    params(EnvironmentQuery),
    responses(
        (status = 200, description = "The profile", body = ProfileView<'static>),
        (status = 400, description = "A bad query", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn retrieve(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    Query(query): Query<EnvironmentQuery>,
) -> Result<Answer, ApiError> {
    let environment = caller.environment(&app, query.environment).await?;
    let merchant = caller.merchant(&app).await?;
    Ok(Answer::ok(&ProfileView::of(&merchant, environment)))
}

/// Change the profile
///
/// Absent fields stay as they are. Only owners change where payors are sent and whom the house
/// writes to; a developer or a key changes the rest. The tolerance is changed in the caller's
/// environment alone.
#[utoipa::path(
    patch,
    path = "/api/v1/merchant/profile",
    tag = "Account",
    operation_id = "updateMerchantProfile",
    params(EnvironmentQuery),
    request_body = UpdateProfile,
    responses(
        (status = 200, description = "The changed profile", body = ProfileView<'static>),
        (status = 400, description = "A field is out of bounds", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential or the role does not open this",
            body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn update(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    Query(query): Query<EnvironmentQuery>,
    Json(body): Json<UpdateProfile>,
) -> Result<Answer, ApiError> {
    let asked = body.environment.or(query.environment);
    let change = body.into_change()?;
    if change.takes_an_owner() {
        caller.require_role(Role::Owner)?;
    }
    let environment = caller.environment(&app, asked).await?;
    let merchant = app
        .decide(|| async {
            let mut fresh = app.fresh();
            let merchant = current(&app, caller.merchant_id).await?;
            let merchant = merchant.with_profile(change.clone(), environment)?;
            let mut changes = merchant.clone().save(fresh.now());
            changes.insert(caller.audit("profile.changed", merchant.id, &mut fresh));
            Ok::<_, ApiError>((changes, merchant))
        })
        .await?;
    app.caches.forget_merchant(caller.merchant_id);
    Ok(Answer::ok(&ProfileView::of(&merchant, environment)))
}
