//! Ramp users: made, read, changed.

use axum::extract::State;
use axum::response::Response;
use domain::changes::Changes;
use domain::claim::Claim;
use domain::country::Country;
use domain::environment::Environment;
use domain::event::Origin;
use domain::ids::{MerchantId, RampUserId};
use domain::member::Role;
use domain::ramp_user::{
    HeldClaim, Identification, PostalAddress, RampUser, RampUserAsk, RampUserPatch, RampUserView,
    Sealing, UserType,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{unreadable, user_of};
use crate::app::{App, Shared};
use crate::clock::entropy;
use crate::http::auth::MerchantCaller;
use crate::http::error::{ApiError, Code, ErrorBody};
use crate::http::extract::{Json, Path, Query, given, parse_json};
use crate::http::idempotency::Answer;
use crate::http::merchant::{EnvironmentQuery, Write};
use crate::http::page::{List, PageQuery};

/// No `Debug`: it holds what identifies a person.
#[derive(Clone, Deserialize, ToSchema)]
pub struct CreateRampUser {
    #[serde(rename = "type")]
    kind: UserType,
    /// Your own treasury; `business` only, at most one in each environment.
    #[serde(default, rename = "self")]
    is_self: bool,
    /// The full name of a person or of a company.
    #[schema(min_length = 1, max_length = 140, example = "Zoë Müller")]
    name: String,
    #[schema(format = "email", max_length = 255)]
    email: Option<String>,
    country: Country,
    address: Option<PostalAddress>,
    /// `YYYY-MM-DD`; kept sealed.
    #[schema(example = "1990-02-28")]
    birth_date: Option<String>,
    /// Documents; kept sealed.
    #[serde(default)]
    #[schema(max_items = 5)]
    identifications: Vec<Identification>,
    /// Your own id of him: unique in each environment.
    #[schema(min_length = 1, max_length = 255)]
    external_id: Option<String>,
    /// For bearer tokens: where to create him.
    environment: Option<Environment>,
}

impl CreateRampUser {
    fn into_ask(self) -> RampUserAsk {
        RampUserAsk {
            kind: self.kind,
            is_self: self.is_self,
            name: self.name,
            email: self.email,
            country: self.country,
            address: self.address,
            birth_date: self.birth_date,
            identifications: self.identifications,
            external_id: self.external_id,
        }
    }
}

/// The fields to change. No `Debug`: it holds what identifies a person.
#[derive(Clone, Default, Deserialize, ToSchema)]
pub struct UpdateRampUser {
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 140)]
    name: Option<String>,
    /// Null clears it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    email: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Country, required = false)]
    country: Option<Country>,
    /// Null clears it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<PostalAddress>)]
    address: Option<Option<PostalAddress>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String, required = false)]
    birth_date: Option<String>,
    /// In place of all before.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<Identification>, required = false, max_items = 5)]
    identifications: Option<Vec<Identification>>,
}

#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct RampUsersQuery {
    /// Only the user you gave this id.
    pub external_id: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RampUserList {
    /// Always `list`.
    pub object: &'static str,
    pub data: Vec<RampUserView>,
    pub has_more: bool,
}

/// Create a ramp user
///
/// A name that is on a screening list makes the user all the same, with the status `in_review`: no
/// money moves until a human has looked.
#[utoipa::path(
    post,
    path = "/api/v1/ramps/users",
    tag = "Ramps",
    operation_id = "createRampUser",
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters."),
        EnvironmentQuery,
    ),
    request_body = CreateRampUser,
    responses(
        (status = 200, description = "The user", body = RampUserView),
        (status = 400, description = "A field is missing or out of bounds", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
        (status = 409, description = "ALREADY_EXISTS: the external id is taken, or there is a \
            user `self` already", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn create(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    Query(query): Query<EnvironmentQuery>,
    write: Write,
) -> Result<Response, ApiError> {
    caller.require_role(Role::Developer)?;
    let body: CreateRampUser = parse_json(&write.body)?;
    let environment = caller.environment(&app, body.environment.or(query.environment)).await?;
    let whose = (caller.merchant_id, environment);
    let once = write.once(whose)?;
    let origin = caller.origin(once.key_text());
    once.answer(&app, || made(&app, whose, body.clone(), origin.clone())).await
}

async fn made(
    app: &App,
    whose: (MerchantId, Environment),
    body: CreateRampUser,
    origin: Origin,
) -> Result<(Changes, Answer), ApiError> {
    let (mut fresh, drawn) = (app.fresh(), entropy());
    let sealing = Sealing { keys: &app.keys, entropy: &drawn };
    let user = RampUser::create(whose, body.into_ask(), sealing, &mut fresh)?;
    let mut held = Vec::new();
    for key in user.claim_keys() {
        let Some(claim) = app.store.get::<Claim>(key).await? else { continue };
        let holder = app.store.get::<RampUser>(claim.target).await?;
        let is_abandoned = holder.is_none_or(|holder| !holder.claim_keys().contains(&key));
        if !is_abandoned {
            let param = if key == RampUser::self_key(whose) { "self" } else { "external_id" };
            let error = ApiError::new(Code::AlreadyExists, format!("{param} is taken"));
            return Err(ApiError { param: Some(param.to_owned()), ..error });
        }
        held.push(HeldClaim { claim, is_abandoned });
    }
    let hit = app.screening.lists().hits_name(&user.name);
    let (user, changes) = user.enroll(held, hit, origin, &mut fresh);
    Ok((changes, Answer::ok(&user.view(fresh.now()))))
}

/// List ramp users
#[utoipa::path(
    get,
    path = "/api/v1/ramps/users",
    tag = "Ramps",
    operation_id = "listRampUsers",
    params(PageQuery, EnvironmentQuery, RampUsersQuery),
    responses(
        (status = 200, description = "A page of users, newest first", body = RampUserList),
        (status = 400, description = "A bad cursor or limit", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn list(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    Query(page): Query<PageQuery>,
    Query(query): Query<EnvironmentQuery>,
    Query(filter): Query<RampUsersQuery>,
) -> Result<Answer, ApiError> {
    let (limit, page) = (page.limit()?, page.page()?);
    let environment = caller.environment(&app, query.environment).await?;
    let whose = (caller.merchant_id, environment);
    let now = app.now();
    if let Some(external_id) = &filter.external_id {
        let key = RampUser::external_id_key(whose, external_id);
        let claim = app.store.get::<Claim>(key).await?;
        let user = match claim {
            Some(claim) => app.store.get::<RampUser>(claim.target).await?,
            None => None,
        };
        let user = user.filter(|user| user.external_id.as_deref() == Some(external_id));
        let data: Vec<RampUserView> = user.iter().map(|user| user.view(now)).collect();
        return Ok(Answer::ok(&List { object: "list", data, has_more: false }));
    }
    let users = app.store.ramp_users(whose, page, limit + 1).await?;
    Ok(Answer::ok(&List::of(users, limit, page).map(|user| user.view(now))))
}

/// Retrieve a ramp user
#[utoipa::path(
    get,
    path = "/api/v1/ramps/users/{user_id}",
    tag = "Ramps",
    operation_id = "getRampUser",
    params(("user_id" = RampUserId, Path), EnvironmentQuery),
    responses(
        (status = 200, description = "The user", body = RampUserView),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
        (status = 404, description = "No such user here", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn retrieve(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    Path(id): Path<RampUserId>,
    Query(query): Query<EnvironmentQuery>,
) -> Result<Answer, ApiError> {
    let environment = caller.environment(&app, query.environment).await?;
    let user = user_of(&app, (caller.merchant_id, environment), id).await?;
    Ok(Answer::ok(&user.view(app.now())))
}

/// Change a ramp user
///
/// Absent fields stay as they are. Type and external id cannot be changed. Another name is screened
/// like the first.
#[utoipa::path(
    patch,
    path = "/api/v1/ramps/users/{user_id}",
    tag = "Ramps",
    operation_id = "updateRampUser",
    params(("user_id" = RampUserId, Path), EnvironmentQuery),
    request_body = UpdateRampUser,
    responses(
        (status = 200, description = "The changed user", body = RampUserView),
        (status = 400, description = "A field is out of bounds", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
        (status = 404, description = "No such user here", body = ErrorBody),
        (status = 409, description = "USER_CLOSED", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn update(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    Path(id): Path<RampUserId>,
    Query(query): Query<EnvironmentQuery>,
    Json(body): Json<UpdateRampUser>,
) -> Result<Answer, ApiError> {
    caller.require_role(Role::Developer)?;
    let environment = caller.environment(&app, query.environment).await?;
    let whose = (caller.merchant_id, environment);
    let patch = RampUserPatch {
        name: body.name,
        email: body.email,
        country: body.country,
        address: body.address,
        birth_date: body.birth_date,
        identifications: body.identifications,
    };
    let changed = app.decide(|| async {
        let before = user_of(&app, whose, id).await?;
        let (mut fresh, drawn) = (app.fresh(), entropy());
        let now = fresh.now();
        let sealing = Sealing { keys: &app.keys, entropy: &drawn };
        let changed = before.clone().change(patch.clone(), sealing, now)?;
        let mut after = changed.map_err(unreadable)?;
        let mut changes = Changes::of(caller.merchant_id);
        if after.name != before.name {
            let hit = app.screening.lists().hits_name(&after.name);
            after.hold_if(hit, &mut changes, &mut fresh);
        }
        let mut after_shown = after.clone();
        if after.view(now) != before.view(now) {
            after_shown.updated_at = now;
        }
        after.record_updated(&before, &mut changes, caller.origin(None), now);
        Ok::<_, ApiError>((changes, after_shown.view(now)))
    });
    Ok(Answer::ok(&changed.await?))
}
