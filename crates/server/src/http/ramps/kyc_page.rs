//! The sandbox's page where a person proves who he is: one form, no script, any phone.
//!
//! The token in its address is all that opens it: one case, until it is answered or its time is
//! over. There is no such page for a case of mainnet: real people prove themselves to a provider.
//! Everything that is shown is escaped, and the page allows itself one style and one form.

use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::kyc::{KycCase, KycStatus, PageToken, Submission, submit};
use domain::ramp_user::{RampUser, Sealing};
use domain::refusal::Refusal;
use domain::secret::sha256;

use super::unreadable;
use crate::app::{App, Shared};
use crate::clock::entropy;
use crate::http::auth::take_payor_allowance;
use crate::http::error::{ApiError, Code};
use crate::http::extract::{Path, RawBody};
use crate::http::html::escaped;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:28rem;margin:2rem auto;\
padding:0 1rem;color:#1a1a1a;background:#fff}h1{font-size:1.4rem}label{display:block;\
margin:1rem 0 .25rem}input{font:inherit;width:100%;box-sizing:border-box;padding:.6rem;\
border:1px solid #767676;border-radius:.4rem}button{font:inherit;margin-top:1.5rem;width:100%;\
padding:.75rem;border:0;border-radius:.4rem;background:#1f4fd8;color:#fff}\
.wrong{color:#b00020}small{color:#555}";

/// Somebody in front of the page: his address has an allowance.
pub struct Visitor;

impl FromRequestParts<Shared> for Visitor {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Shared) -> Result<Self, ApiError> {
        take_payor_allowance(parts, app)?;
        Ok(Visitor)
    }
}

/// Shows the form, or how the case stands.
pub async fn show(
    State(app): State<Shared>,
    _: Visitor,
    Path(token): Path<String>,
) -> Result<Response, ApiError> {
    let Some((case, user)) = opened(&app, &token).await? else { return Ok(nothing()) };
    let company = company(&app, &case).await?;
    if case.is_link_open(&user, app.now()) {
        let again = case.status == KycStatus::NeedsInformation;
        let hint = again.then_some("More information is needed. Please check what you enter.");
        return Ok(page(StatusCode::OK, &form(&company, &Entered::default(), hint)));
    }
    Ok(ended(&case, &user, &app))
}

/// Takes what was entered.
pub async fn answer(
    State(app): State<Shared>,
    _: Visitor,
    Path(token): Path<String>,
    RawBody(body): RawBody,
) -> Result<Response, ApiError> {
    let entered = Entered::read(&body);
    let Some((case, _)) = opened(&app, &token).await? else { return Ok(nothing()) };
    let hit = app.screening.lists().hits_name(&entered.name);
    let decided = app.decide(|| async {
        let gone = || ApiError::not_found("case");
        let case = app.store.get::<KycCase>(case.key()).await?.ok_or_else(gone)?;
        let user = app.store.get::<RampUser>(case.user_id.key()).await?.ok_or_else(gone)?;
        let (mut fresh, drawn) = (app.fresh(), entropy());
        let sealing = Sealing { keys: &app.keys, entropy: &drawn };
        let given = Submission {
            name: entered.name.clone(),
            birth_date: entered.birth_date.clone(),
            document_number: entered.document_number.clone(),
            hit: hit.clone(),
        };
        let approval_ms = app.config.ramps.approval_ms();
        match submit(case, &user, given, (sealing, approval_ms), &mut fresh) {
            Ok(taken) => {
                let (_, changes) = taken.map_err(unreadable)?;
                Ok((changes, None))
            }
            Err(refusal @ (Refusal::Invalid { .. } | Refusal::KycLinkClosed)) => {
                Ok((domain::changes::Changes::of(user.merchant_id), Some(refusal)))
            }
            Err(refusal) => Err(ApiError::from(refusal)),
        }
    });
    let refused = decided.await?;
    let Some((case, user)) = opened(&app, &token).await? else { return Ok(nothing()) };
    match refused {
        Some(Refusal::Invalid { param, message }) => {
            let wrong = format!("{} {message}", shown(param));
            let company = company(&app, &case).await?;
            let body = form(&company, &entered, Some(&wrong));
            Ok(page(StatusCode::BAD_REQUEST, &body))
        }
        Some(_) | None => Ok(ended(&case, &user, &app)),
    }
}

/// The words of the form for a field.
fn shown(param: &str) -> &'static str {
    match param {
        "name" => "Your name",
        "birth_date" => "Your birth date",
        _ => "The document number",
    }
}

/// The case of a token that was made here, if it is one of the sandbox.
async fn opened(app: &App, token: &str) -> Result<Option<(KycCase, RampUser)>, ApiError> {
    let Some(id) = PageToken::read(token, &app.keys) else { return Ok(None) };
    let Some(case) = app.store.get::<KycCase>(id.key()).await? else { return Ok(None) };
    if case.environment.is_live() || case.provider_link.is_some() {
        return Ok(None);
    }
    let user = app.store.get::<RampUser>(case.user_id.key()).await?;
    Ok(user.map(|user| (case, user)))
}

async fn company(app: &App, case: &KycCase) -> Result<String, ApiError> {
    let merchant = app.merchant(case.merchant_id).await?;
    let gone = || ApiError::new(Code::NotFound, "No such case");
    Ok(merchant.ok_or_else(gone)?.company_name.clone())
}

#[derive(Clone, Default)]
struct Entered {
    name: String,
    birth_date: String,
    document_number: String,
}

impl Entered {
    fn read(body: &[u8]) -> Entered {
        let mut entered = Entered::default();
        for (name, value) in url::form_urlencoded::parse(body) {
            match &*name {
                "name" => entered.name = value.into_owned(),
                "birth_date" => entered.birth_date = value.into_owned(),
                "document_number" => entered.document_number = value.into_owned(),
                _ => {}
            }
        }
        entered
    }
}

fn form(company: &str, entered: &Entered, wrong: Option<&str>) -> String {
    let company = escaped(company);
    let wrong = wrong.map_or_else(String::new, |wrong| {
        format!("<p class=\"wrong\" role=\"alert\">{}</p>", escaped(wrong))
    });
    let (name, birth_date) = (escaped(&entered.name), escaped(&entered.birth_date));
    let number = escaped(&entered.document_number);
    format!(
        "<h1>Who are you?</h1><p>{company} asks you to prove who you are.</p>{wrong}\
         <form method=\"post\"><label for=\"name\">Full name</label>\
         <input id=\"name\" name=\"name\" value=\"{name}\" maxlength=\"140\" required \
         autocomplete=\"name\"><label for=\"birth_date\">Birth date</label>\
         <input id=\"birth_date\" name=\"birth_date\" type=\"date\" value=\"{birth_date}\" \
         required autocomplete=\"bday\"><label for=\"document_number\">Number of your passport or \
         identity card</label><input id=\"document_number\" name=\"document_number\" \
         value=\"{number}\" maxlength=\"40\" required autocomplete=\"off\">\
         <button>Send</button></form><p><small>Sandbox: enter no real data.</small></p>"
    )
}

fn ended(case: &KycCase, user: &RampUser, app: &App) -> Response {
    let is_latest = user.kyc.case_id == Some(case.id);
    let (status, title, text) = match case.status {
        KycStatus::Approved => (StatusCode::OK, "Thank you", "You are approved."),
        KycStatus::InReview => {
            (StatusCode::OK, "Thank you", "We are looking at it. You need not do anything.")
        }
        KycStatus::Rejected => (StatusCode::OK, "Not approved", "You could not be approved."),
        KycStatus::NeedsInformation if is_latest && case.is_link_open(user, app.now()) => {
            (StatusCode::OK, "One more thing", "More information is needed: open the link again.")
        }
        KycStatus::Suspended => (StatusCode::OK, "On hold", "Your approval is on hold."),
        KycStatus::NotStarted
        | KycStatus::Pending
        | KycStatus::NeedsInformation
        | KycStatus::Expired => {
            (StatusCode::GONE, "This link is over", "Ask for a new one where you got it.")
        }
    };
    page(status, &format!("<h1>{title}</h1><p>{text}</p>"))
}

fn nothing() -> Response {
    let body = "<h1>Nothing here</h1><p>This link leads nowhere.</p>";
    page(StatusCode::NOT_FOUND, body)
}

fn page(status: StatusCode, body: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\"><meta name=\"robots\" \
         content=\"noindex\"><title>Identity check</title><style>{STYLE}</style></head>\
         <body><main>{body}</main></body></html>"
    );
    let style = STANDARD.encode(sha256(STYLE.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'"
    );
    let mut response = (status, html).into_response();
    let headers = response.headers_mut();
    let content_type = HeaderValue::from_static("text/html; charset=utf-8");
    headers.insert(header::CONTENT_TYPE, content_type);
    let policy = HeaderValue::from_str(&policy).expect("base64 and words are header text");
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}
