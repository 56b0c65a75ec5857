//! Creating an invoice: the hottest path of the product.
//!
//! The body is parsed once, the merchant comes out of the cache, and the store is asked for one
//! commit and nothing else.

use axum::extract::State;
use axum::response::Response;
use domain::address::Address;
use domain::changes::Changes;
use domain::environment::Environment;
use domain::ids::RampUserId;
use domain::invoice::{self, InvoiceAsk, Metadata};
use domain::kyc::{self, KycLevel};
use domain::network::Network;
use domain::questions::Questions;
use domain::ramp_user::RampUser;
use serde::Deserialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::InvoiceAccess;
use crate::app::Shared;
use crate::http::auth::MerchantCaller;
use crate::http::error::{ApiError, Code, ErrorBody};
use crate::http::extract::{Query, parse_json};
use crate::http::idempotency::Answer;
use crate::http::merchant::settlement::is_ours;
use crate::http::merchant::{EnvironmentQuery, Write, usd};
use crate::http::ramps;
use crate::settling;

#[derive(Debug, Deserialize, ToSchema)]
pub struct CreateInvoice {
    /// From 0.01 to 1000000, with at most three decimals.
    #[schema(value_type = f64, minimum = 0.01, maximum = 1_000_000, example = 49.99)]
    amount_usd: Box<RawValue>,
    /// What is paid for; shown to the payor.
    #[schema(max_length = 255)]
    description: Option<String>,
    /// Your own id of the customer.
    #[schema(max_length = 255)]
    customer_id: Option<String>,
    /// Your own data, at most 512 bytes of compact JSON.
    #[schema(value_type = Option<Object>)]
    metadata: Option<Box<RawValue>>,
    /// How long the payor may pay, in milliseconds; 12 hours if absent, at most 30 days.
    #[schema(minimum = 1, maximum = 2_592_000_000_i64)]
    expires_in: Option<i64>,
    /// Settle to `receiver_override_address`.
    receiver_override_enable: Option<bool>,
    /// An address on the network of your settlement token.
    receiver_override_address: Option<String>,
    /// Your company's name if absent.
    #[schema(max_length = 255)]
    invoice_title: Option<String>,
    /// Your company's name if absent.
    #[schema(max_length = 255)]
    invoice_footer: Option<String>,
    /// Where the receipt goes.
    #[schema(max_length = 255)]
    customer_email: Option<String>,
    /// Where the payor goes afterwards, https only; your profile's default if absent.
    #[schema(max_length = 2048)]
    payment_return_url: Option<String>,
    /// False: no redirect, whatever URL is set.
    payment_return_url_enabled: Option<bool>,
    /// Up to five questions to the payor, at most 512 bytes.
    questions: Option<Questions>,
    /// A ramp user of KYC level basic: what pays the invoice goes to his balance, not to a wallet.
    #[schema(value_type = Option<String>, format = Uuid)]
    credit_user_id: Option<String>,
    /// For bearer tokens: where to create it.
    environment: Option<Environment>,
}

impl CreateInvoice {
    fn into_ask(self, settlement_network: Option<Network>) -> Result<InvoiceAsk, ApiError> {
        let metadata = self.metadata.as_deref().map(Metadata::parse).transpose()?;
        Ok(InvoiceAsk {
            amount: usd("amount_usd", &self.amount_usd)?,
            description: self.description,
            customer_id: self.customer_id,
            metadata: metadata.unwrap_or_default(),
            expires_in_ms: self.expires_in,
            receiver_override_enable: self.receiver_override_enable.unwrap_or(false),
            receiver_override_address: self.receiver_override_address,
            settlement_network,
            invoice_title: self.invoice_title,
            invoice_footer: self.invoice_footer,
            customer_email: self.customer_email,
            payment_return_url: self.payment_return_url,
            payment_return_url_enabled: self.payment_return_url_enabled,
            questions: self.questions,
            credit_user_id: self.credit_user_id.as_deref().map(credited_id).transpose()?,
            order_id: None,
        })
    }
}

/// Create an invoice
///
/// Answers the hosted payment page and the payor's session. With an `Idempotency-Key` the same
/// request can be sent again safely for 24 hours.
#[utoipa::path(
    post,
    path = "/api/v1/invoices",
    tag = "Invoices",
    operation_id = "createInvoice",
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "1 to 255 characters."),
        EnvironmentQuery,
    ),
    request_body = CreateInvoice,
    responses(
        (status = 200, description = "The invoice is open", body = InvoiceAccess),
        (status = 400, description = "A field is missing or out of bounds", body = ErrorBody),
        (status = 401, description = "No valid credential", body = ErrorBody),
        (status = 403, description = "The credential does not open this", body = ErrorBody),
        (status = 409, description = "The key was used for another request", body = ErrorBody),
        (status = 429, description = "Too many requests", body = ErrorBody),
    ),
    security(("merchantApiKey" = []), ("bearerAuth" = [])),
)]
pub async fn create(
    State(app): State<Shared>,
    MerchantCaller(caller): MerchantCaller,
    Query(query): Query<EnvironmentQuery>,
    write: Write,
) -> Result<Response, ApiError> {
    let body: CreateInvoice = parse_json(&write.body)?;
    let environment = caller.environment(&app, body.environment.or(query.environment)).await?;
    let merchant = caller.merchant(&app).await?;
    let once = write.once((caller.merchant_id, environment))?;
    let origin = caller.origin(once.key_text());
    let settled_on = match body.receiver_override_address.is_some() {
        true => {
            let rule = settling::rule(&app, caller.merchant_id, environment).await?;
            let network = rule.token().network;
            let text = body.receiver_override_address.as_deref().unwrap_or_default();
            // What is no address at all is refused with the rest of the request.
            if let Ok(address) = Address::parse(network, environment, text.trim()) {
                if is_ours(&app, (environment, network), &address).await? {
                    let message = "belongs to this server itself";
                    return Err(ApiError::invalid("receiver_override_address", message));
                }
                // Asked again when its payments are settled, so nothing has to be guarded here.
                let mut unguarded = Changes::of(caller.merchant_id);
                let (whose, place) =
                    ((caller.merchant_id, environment), (network, address.as_str()));
                settling::check_allowed(&app, whose, place, &mut unguarded).await?;
            }
            Some(network)
        }
        false => None,
    };
    let mut parsed = Some(body.into_ask(settled_on)?);
    let credited = parsed.as_ref().and_then(|ask| ask.credit_user_id);
    let mut decide = |user: Option<RampUser>| {
        // Deciding a second time is rare, so it pays for parsing and the first time for nothing.
        let ask = match parsed.take() {
            Some(ask) => ask,
            None => parse_json::<CreateInvoice>(&write.body)?.into_ask(settled_on)?,
        };
        let mut fresh = app.fresh();
        let mut created = invoice::create(ask, &merchant, environment, origin.clone(), &mut fresh)?;
        if let Some(user) = user {
            kyc::require(&user, KycLevel::Basic, fresh.now())?;
            user.guard(&mut created.changes);
        }
        let access = InvoiceAccess::new(&app, &created.invoice, &created.session);
        Ok((created.changes, Answer::ok(&access)))
    };
    let Some(id) = credited else {
        return once.answer(&app, || std::future::ready(decide(None))).await;
    };
    let decide = std::sync::Mutex::new(decide);
    let whose = (caller.merchant_id, environment);
    once.answer(&app, || async {
        let user = ramps::user_of(&app, whose, id).await.map_err(|error| match error.code {
            Code::NotFound => ApiError::invalid("credit_user_id", "names no ramp user here"),
            _ => error,
        })?;
        let mut decide = decide.lock().expect("nothing panics while it is held");
        decide(Some(user))
    })
    .await
}

fn credited_id(text: &str) -> Result<RampUserId, ApiError> {
    let refuse = || ApiError::invalid("credit_user_id", "names no ramp user here");
    RampUserId::parse(text).ok_or_else(refuse)
}
