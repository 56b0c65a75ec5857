//! Members of a merchant: who they are, what they may do, and what was done.
//!
//! A merchant always keeps an owner. Removing a member ends his sign-ins in the same commit.

use axum::extract::State;
use domain::audit::AuditEntryView;
use domain::changes::Changes;
use domain::claim::Claim;
use domain::ids::MemberId;
use domain::member::{Member, MemberView, Role};
use domain::merchant::{Merchant, check_email};
use domain::password::{INVITATION_MS, PasswordReset, check_length};
use domain::secret::Secret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Ending, active_member, end_sign_ins, gone, page_of};
use crate::app::{App, Shared};
use crate::clock::entropy;
use crate::http::auth::{Caller, MemberCaller};
use crate::http::error::{ApiError, Code, ErrorBody};
use crate::http::extract::{Json, Path, Query};
use crate::http::idempotency::Answer;
use crate::http::page::{List, PageQuery};
use crate::mail::{self, Mail};

/// A page of members, newest first.
#[derive(Serialize, ToSchema)]
pub struct MemberList {
    /// Always `list`.
    pub object: &'static str,
    pub data: Vec<MemberView>,
    pub has_more: bool,
}

/// List members
#[utoipa::path(get, path = "/api/v1/merchant/members", tag = "Account",
    operation_id = "listMembers",
    params(
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 100,
            description = "1 to 100, default 10"),
        ("starting_after" = Option<String>, Query, description = "Id: older than this"),
        ("ending_before" = Option<String>, Query, description = "Id: newer than this")),
    security(("bearerAuth" = [])),
    responses(
        (status = 200, body = MemberList),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody)))]
pub async fn list(
    State(app): State<Shared>,
    MemberCaller(caller): MemberCaller,
    Query(query): Query<PageQuery>,
) -> Result<Answer, ApiError> {
    let (limit, page) = (query.limit()?, query.page()?);
    let mut members = app.store.members_of_merchant(caller.merchant_id).await?;
    members.retain(|member| member.is_active);
    let members: List<Member> = page_of(members, Member::key, page, limit);
    Ok(Answer::ok(&members.map(|member| MemberView::from(&member))))
}

#[derive(Deserialize, ToSchema)]
pub struct InviteMember {
    #[schema(format = "email", max_length = 255, example = "developer@shop.example")]
    email: String,
    role: Role,
    /// Without one a link to set it is mailed; 10 to 256 bytes.
    #[schema(min_length = 10, max_length = 256)]
    password: Option<String>,
}

/// Invite a member
///
/// Takes an owner. An e-mail belongs to one member of one merchant.
#[utoipa::path(post, path = "/api/v1/merchant/members", tag = "Account",
    operation_id = "inviteMember", request_body = InviteMember, security(("bearerAuth" = [])),
    responses(
        (status = 200, body = MemberView),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 409, body = ErrorBody, description = "Somebody has this e-mail")))]
pub async fn invite(
    State(app): State<Shared>,
    MemberCaller(caller): MemberCaller,
    Json(body): Json<InviteMember>,
) -> Result<axum::Json<MemberView>, ApiError> {
    caller.require_role(Role::Owner)?;
    let email = check_email("email", &body.email)?;
    let hash = match body.password.map(Secret::new) {
        Some(password) => {
            check_length("password", password.expose())?;
            Some(app.desk.hash(&password, entropy()).await?)
        }
        None => None,
    };
    let ask = Invitation { email, role: body.role, password_hash: hash };
    let (member, token) = app.decide(|| add(&app, &caller, &ask)).await?;
    if let Some(token) = token {
        let merchant = caller.merchant(&app).await?;
        let message = mail::invitation(&app.config, &member.email, &merchant.company_name, &token);
        invite_by_mail(app, message, member.id).await;
    }
    Ok(axum::Json(member))
}

/// A file is written at once. A relay may take its time, which nobody waits for.
async fn invite_by_mail(app: Shared, message: Mail, member_id: MemberId) {
    let has_relay = app.relay.is_some();
    let tasks = app.tasks.clone();
    let sending = tasks.spawn(async move {
        if let Err(error) = mail::send(&app, message).await {
            let error = format!("{error:#}");
            tracing::error!(error, member.id = %member_id, "an invitation was not mailed");
        }
    });
    if !has_relay {
        let _ = sending.await;
    }
}

struct Invitation {
    email: String,
    role: Role,
    password_hash: Option<String>,
}

/// The change that adds a member, or lets one act again who was removed.
async fn add(
    app: &App,
    caller: &Caller,
    ask: &Invitation,
) -> Result<(Changes, (MemberView, Option<Secret>)), ApiError> {
    let mut fresh = app.fresh();
    let taken = || ApiError::new(Code::AlreadyExists, "A member has this e-mail already");
    let claim = app.store.get::<Claim>(Member::email_key(&ask.email)).await?;
    let known = match claim {
        Some(claim) => app.store.get::<Member>(claim.target).await?,
        None => None,
    };
    let (mut member, is_new) = match known {
        None => (Member::new(caller.merchant_id, &ask.email, ask.role, &mut fresh), true),
        Some(member) if member.is_active || member.merchant_id != caller.merchant_id => {
            return Err(taken());
        }
        Some(member) => (member.readmit(ask.role), false),
    };
    member.password_hash = ask.password_hash.clone();
    let view = MemberView::from(&member);
    let (token, reset) = match &ask.password_hash {
        Some(_) => (None, None),
        None => {
            let issued = PasswordReset::issue(&member, INVITATION_MS, &entropy(), &mut fresh);
            (Some(issued.0), Some(issued.1))
        }
    };
    let mut changes = if is_new { member.add(fresh.now()) } else { member.save(fresh.now()) };
    if let Some(reset) = reset {
        changes.append(reset);
    }
    changes.insert(caller.audit("member.invited", view.id, &mut fresh));
    Ok((changes, (view, token)))
}

#[derive(Deserialize, ToSchema)]
pub struct ChangeMember {
    role: Role,
}

/// Change a member's role
#[utoipa::path(patch, path = "/api/v1/merchant/members/{id}", tag = "Account",
    operation_id = "changeMember",
    params(("id" = MemberId, Path, description = "The member's id")),
    request_body = ChangeMember, security(("bearerAuth" = [])),
    responses(
        (status = 200, body = MemberView),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody, description = "LAST_OWNER")))]
pub async fn change(
    State(app): State<Shared>,
    MemberCaller(caller): MemberCaller,
    Path(id): Path<MemberId>,
    Json(body): Json<ChangeMember>,
) -> Result<axum::Json<MemberView>, ApiError> {
    caller.require_role(Role::Owner)?;
    let view = app.decide(|| move_to(&app, &caller, id, Some(body.role))).await?;
    app.caches.forget_merchant(caller.merchant_id);
    Ok(axum::Json(view))
}

/// A member who is a member no more.
#[derive(Serialize, ToSchema)]
pub struct RemovedMember {
    /// Always `member`.
    pub object: &'static str,
    pub id: MemberId,
    /// Always true.
    pub deleted: bool,
}

/// Remove a member
///
/// Ends his sign-ins at once.
#[utoipa::path(delete, path = "/api/v1/merchant/members/{id}", tag = "Account",
    operation_id = "removeMember",
    params(("id" = MemberId, Path, description = "The member's id")),
    security(("bearerAuth" = [])),
    responses(
        (status = 200, body = RemovedMember),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 409, body = ErrorBody, description = "LAST_OWNER")))]
pub async fn remove(
    State(app): State<Shared>,
    MemberCaller(caller): MemberCaller,
    Path(id): Path<MemberId>,
) -> Result<axum::Json<RemovedMember>, ApiError> {
    caller.require_role(Role::Owner)?;
    app.decide(|| move_to(&app, &caller, id, None)).await?;
    app.caches.forget_merchant(caller.merchant_id);
    Ok(axum::Json(RemovedMember { object: "member", id, deleted: true }))
}

/// Gives a member another role, or none at all.
async fn move_to(
    app: &App,
    caller: &Caller,
    id: MemberId,
    role: Option<Role>,
) -> Result<(Changes, MemberView), ApiError> {
    let merchant = app.store.get::<Merchant>(caller.merchant_id.key()).await?.ok_or_else(gone)?;
    let member = active_member(app, id).await?;
    let member = member.filter(|member| member.merchant_id == caller.merchant_id);
    let member = member.ok_or_else(|| ApiError::not_found("member"))?;
    let members = app.store.members_of_merchant(caller.merchant_id).await?;
    let is_owner = |member: &&Member| member.is_active && member.role == Role::Owner;
    let owners = members.iter().filter(is_owner).count();
    let mut fresh = app.fresh();
    let now = fresh.now();
    let (member, mut changes) = member.change_role(role, owners, merchant, now)?;
    let action = match role {
        Some(_) => "member.role_changed",
        None => "member.removed",
    };
    if role.is_none() {
        end_sign_ins(app, id, Ending::All, now, &mut changes).await?;
    }
    changes.insert(caller.audit(action, id, &mut fresh));
    Ok((changes, MemberView::from(&member)))
}

/// A page of the audit log, newest first.
#[derive(Serialize, ToSchema)]
pub struct AuditLog {
    /// Always `list`.
    pub object: &'static str,
    pub data: Vec<AuditEntryView>,
    pub has_more: bool,
}

/// Read the audit log
#[utoipa::path(get, path = "/api/v1/merchant/audit-log", tag = "Account",
    operation_id = "auditLog",
    params(
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 100,
            description = "1 to 100, default 10"),
        ("starting_after" = Option<String>, Query, description = "Id: older than this"),
        ("ending_before" = Option<String>, Query, description = "Id: newer than this")),
    security(("bearerAuth" = [])),
    responses(
        (status = 200, body = AuditLog),
        (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody)))]
pub async fn audit_log(
    State(app): State<Shared>,
    MemberCaller(caller): MemberCaller,
    Query(query): Query<PageQuery>,
) -> Result<Answer, ApiError> {
    caller.require_role(Role::Developer)?;
    let (limit, page) = (query.limit()?, query.page()?);
    let rows = app.store.audit_entries(caller.merchant_id, page, limit + 1).await?;
    Ok(Answer::ok(&List::of(rows, limit, page).map(AuditEntryView::from)))
}
