//! What the payor tells: an e-mail address for the receipt, and answers to questions.

use axum::extract::State;
use domain::invoice;
use domain::questions::{Answer, Questions};
use domain::receipt_mail::{MailState, ReceiptMail, wish};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::read_invoice;
use crate::app::Shared;
use crate::http::auth::Payor;
use crate::http::error::{ApiError, ErrorBody};
use crate::http::extract::Json;

#[derive(Debug, Deserialize, ToSchema)]
pub struct CustomerEmailRequest {
    /// At most 255 characters; stored in lower case.
    #[schema(format = "email", max_length = 255)]
    pub email: String,
    /// What the payor reads, for example `ar` or `pt-BR`: the receipt is mailed in the nearest
    /// language there is, else in English.
    #[serde(default)]
    #[schema(max_length = 35)]
    pub language: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CustomerEmailSet {
    pub success: bool,
    /// As it was stored.
    pub email: Option<String>,
    pub message: &'static str,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CustomerEmail {
    pub email: Option<String>,
    pub has_email: bool,
    /// What became of the receipt's mail; left out until the invoice is paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt_status: Option<ReceiptStatus>,
}

/// What became of a receipt's mail.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ReceiptStatus {
    /// It is being handed over, or will be tried again.
    Pending,
    Sent,
    /// Nobody takes mail for this address, or not this one.
    Refused,
    /// The way out was closed for too long.
    Failed,
    /// It may have arrived; nobody can tell.
    Unknown,
}

impl ReceiptStatus {
    fn of(mail: &ReceiptMail) -> Option<ReceiptStatus> {
        match mail.state {
            MailState::Wanted => None,
            MailState::Due { .. } | MailState::Sending { .. } => Some(ReceiptStatus::Pending),
            MailState::Sent { .. } => Some(ReceiptStatus::Sent),
            MailState::Refused { .. } => Some(ReceiptStatus::Refused),
            MailState::Failed { .. } => Some(ReceiptStatus::Failed),
            MailState::Unknown { .. } => Some(ReceiptStatus::Unknown),
        }
    }
}

/// Leave an e-mail address for the receipt
#[utoipa::path(post, path = "/api/v1/payments/customer-email",
    operation_id = "setCustomerEmail", tag = "Payment Sessions",
    request_body = CustomerEmailRequest,
    security(("sessionToken" = [], "sessionSignature" = [])),
    responses(
        (status = 200, body = CustomerEmailSet),
        (status = 400, body = ErrorBody, description = "No e-mail address, or already paid"),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 409, body = ErrorBody, description = "The invoice was canceled"),
        (status = 410, body = ErrorBody, description = "The invoice has expired")))]
pub async fn set_customer_email(
    State(app): State<Shared>,
    payor: Payor,
    Json(body): Json<CustomerEmailRequest>,
) -> Result<axum::Json<CustomerEmailSet>, ApiError> {
    let (app, body, id) = (&app, &body, payor.invoice.id);
    let after = app
        .decide(async || {
            let before = read_invoice(app, id).await?;
            let (after, mut changes) =
                invoice::set_customer_email(&before, &body.email, app.now())?;
            let known = app.store.get::<ReceiptMail>(ReceiptMail::row_key(id)).await?;
            if let Some(wish) = wish(&before, known, body.language.clone(), app.now())? {
                changes.append(wish);
            }
            Ok::<_, ApiError>((changes, after))
        })
        .await?;
    let message = "Email added successfully";
    Ok(axum::Json(CustomerEmailSet { success: true, email: after.customer_email, message }))
}

/// Read the e-mail address of the receipt
#[utoipa::path(get, path = "/api/v1/payments/customer-email",
    operation_id = "getCustomerEmail", tag = "Payment Sessions",
    security(("sessionToken" = [], "sessionSignature" = [])),
    responses(
        (status = 200, body = CustomerEmail),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody)))]
pub async fn customer_email(
    State(app): State<Shared>,
    payor: Payor,
) -> Result<axum::Json<CustomerEmail>, ApiError> {
    let mail = app.store.get::<ReceiptMail>(ReceiptMail::row_key(payor.invoice.id)).await?;
    let receipt_status = mail.as_ref().and_then(ReceiptStatus::of);
    let email = payor.invoice.customer_email;
    Ok(axum::Json(CustomerEmail { has_email: email.is_some(), email, receipt_status }))
}

#[derive(Debug, Serialize, ToSchema)]
pub struct InvoiceQuestions {
    pub has_questions: bool,
    /// Only there if the merchant asks something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub questions: Option<Questions>,
}

/// Read the merchant's questions
#[utoipa::path(get, path = "/api/v1/payments/invoice-questions",
    operation_id = "getInvoiceQuestions", tag = "Payment Sessions",
    security(("sessionToken" = [], "sessionSignature" = [])),
    responses(
        (status = 200, body = InvoiceQuestions),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody)))]
pub async fn questions(payor: Payor) -> axum::Json<InvoiceQuestions> {
    let questions = payor.invoice.details.questions;
    axum::Json(InvoiceQuestions { has_questions: questions.is_some(), questions })
}

#[derive(Debug, Deserialize, ToSchema)]
pub struct FormRequest {
    /// One to five answers; every required question must be among them.
    #[schema(min_items = 1, max_items = 5)]
    pub responses: Vec<Answer>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct FormSubmitted {
    pub success: bool,
}

/// Answer the merchant's questions
///
/// Answers given again replace the earlier ones.
#[utoipa::path(post, path = "/api/v1/payments/submit-form",
    operation_id = "submitForm", tag = "Payment Sessions",
    request_body = FormRequest,
    security(("sessionToken" = [], "sessionSignature" = [])),
    responses(
        (status = 200, body = FormSubmitted),
        (status = 400, body = ErrorBody, description = "Unknown, missing or ill-typed answers"),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 409, body = ErrorBody, description = "The invoice was canceled")))]
pub async fn submit(
    State(app): State<Shared>,
    payor: Payor,
    Json(body): Json<FormRequest>,
) -> Result<axum::Json<FormSubmitted>, ApiError> {
    let (app, body, id) = (&app, &body, payor.invoice.id);
    app.decide(async || {
        let before = read_invoice(app, id).await?;
        let answers = body.responses.clone();
        let changes = invoice::answer_questions(&before, answers, app.now())?;
        Ok::<_, ApiError>((changes, ()))
    })
    .await?;
    Ok(axum::Json(FormSubmitted { success: true }))
}
