//! The payment page: `GET /pay?session=…&signature=…`.
//!
//! With credentials it comes with the merchant, the amount and all it takes to pay. Scripts then
//! take the credentials out of the address bar, so the page is also served without any: a reload
//! finds them in the browser's history and asks the payor routes for the rest.

use std::collections::BTreeMap;

use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use domain::invoice::InvoiceStatus;
use domain::network::Network;
use domain::token::TokenId;
use serde::Serialize;

use super::questions::{Asking, Entered};
use super::{assets, plain, questions, respond, trouble};
use crate::app::{App, Shared};
use crate::http::auth::{Payor, payor};
use crate::http::error::{ApiError, Code};
use crate::http::extract::{Query, RawBody};
use crate::http::html::Html;
use crate::http::payor::InvoiceQuery;
use crate::http::payor::addresses::{
    AvailableToken, OfferQuery, PaymentAddress, PaymentAddressRequest, allocate, available_tokens,
};
use crate::http::payor::session::{PaymentStatusView, SessionDetails, details, status};
use crate::http::ramps::kyc_page::Visitor;
use crate::language::Language;

const TEMPLATE: &str = include_str!("../../../assets/pay/page.html");
/// How soon a page without scripts looks again.
const REFRESH: &str = "<noscript><meta http-equiv=\"refresh\" content=\"30\"></noscript>";

/// What the address says. Anything else in it is left alone: it may be a client's own.
#[derive(Debug, Default)]
struct Asked {
    session: Option<String>,
    signature: Option<String>,
    lang: Option<String>,
    /// The origin of the page that embeds this one.
    embed: Option<String>,
    /// The token to pay with, as the form without scripts sends it.
    token: Option<i64>,
    /// What the form of the merchant's questions sends.
    entered: Entered,
}

impl Asked {
    fn read(query: &[u8]) -> Asked {
        let mut asked = Asked::default();
        for (name, value) in url::form_urlencoded::parse(query) {
            asked.entered.read(&name, &value);
            match &*name {
                "session" => asked.session = Some(value.into_owned()),
                "signature" => asked.signature = Some(value.into_owned()),
                "lang" => asked.lang = Some(value.into_owned()),
                "embed" => asked.embed = Some(value.into_owned()),
                "token" => asked.token = value.parse().ok(),
                _ => {}
            }
        }
        asked
    }
}

/// All that the page shows of a payment.
pub struct Shown {
    pub details: SessionDetails,
    pub status: PaymentStatusView,
    pub tokens: Vec<AvailableToken>,
    /// Where to pay with the chosen token, or why not.
    pub chosen: Option<Result<PaymentAddress, ApiError>>,
    pub session: String,
    pub signature: String,
    pub embed: Option<String>,
    /// The token that is chosen, by its id.
    pub token: Option<i64>,
    pub language: Language,
    /// The merchant's questions, while they come first.
    pub asking: Option<Asking>,
    way: Way,
}

/// How a payor came to the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// By its address, which scripts find the session in.
    Address,
    /// By a form, whose answer has an address without a session: it stays as it is.
    Form,
}

/// Whether a page comes with scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scripts {
    Run,
    None,
}

/// What the scripts of the page begin with.
#[derive(Serialize)]
struct Data<'a> {
    lang: &'static str,
    assets: &'static str,
    words: BTreeMap<&'static String, &'static String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tokens: Option<Vec<Choice<'a>>>,
}

/// A token to choose, a tenth of what `available-tokens` tells: id, symbol, name and network.
#[derive(Serialize)]
struct Choice<'a>(TokenId, &'a str, &'a str, Network);

/// The page.
pub async fn show(
    State(app): State<Shared>,
    visitor: Result<Visitor, ApiError>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let asked = Asked::read(query.as_deref().unwrap_or_default().as_bytes());
    opened(app, visitor, asked, Way::Address, &headers).await
}

/// Takes the answers to the merchant's questions from the form without scripts, and goes on.
pub async fn answer(
    State(app): State<Shared>,
    visitor: Result<Visitor, ApiError>,
    headers: HeaderMap,
    RawBody(body): RawBody,
) -> Response {
    opened(app, visitor, Asked::read(&body), Way::Form, &headers).await
}

async fn opened(
    app: Shared,
    visitor: Result<Visitor, ApiError>,
    asked: Asked,
    way: Way,
    headers: &HeaderMap,
) -> Response {
    let language = Language::choose(asked.lang.as_deref(), headers);
    let opened = match visitor {
        Ok(Visitor) => open(&app, asked, way, language).await,
        Err(error) => Err(error),
    };
    opened.unwrap_or_else(|error| trouble(error, language))
}

async fn open(
    app: &Shared,
    asked: Asked,
    way: Way,
    language: Language,
) -> Result<Response, ApiError> {
    let (Some(session), Some(signature)) = (&asked.session, &asked.signature) else {
        let nothing = (plain::without_session(language), Html::default());
        return Ok(page(app, (StatusCode::OK, "'none'"), language, nothing, None));
    };
    let payor = match payor(app, session, signature).await {
        Ok(payor) => payor,
        Err(error) if matches!(error.code, Code::SessionInvalid | Code::SignatureInvalid) => {
            let closed = (plain::closed(language), Html::default());
            return Ok(page(app, (error.code.status(), "'none'"), language, closed, None));
        }
        Err(error) => return Err(error),
    };
    let merchant = app.merchant(payor.invoice.merchant_id).await?;
    let origins = merchant.map(|merchant| merchant.embed_origins.join(" "));
    let origins = origins.filter(|origins| !origins.is_empty());
    let ancestors = origins.as_deref().unwrap_or("'none'");
    let (asking, code) = match way {
        Way::Address => (questions::asking(&payor), StatusCode::OK),
        Way::Form => match questions::hand_in(app, &payor, &asked.entered).await? {
            Some(again) => (Some(again), StatusCode::BAD_REQUEST),
            None => (None, StatusCode::OK),
        },
    };
    let shown = gather(app, payor, &asked, language).await?;
    let shown = Shown { asking, way, ..shown };
    let parts = (plain::main(&shown), plain::summary(&shown.details, language));
    Ok(page(app, (code, ancestors), language, parts, Some(&shown)))
}

/// Asks the payor routes what their clients ask them.
async fn gather(
    app: &Shared,
    payor: Payor,
    asked: &Asked,
    language: Language,
) -> Result<Shown, ApiError> {
    let state = || State(app.clone());
    let whole = || Query(InvoiceQuery::default());
    let offers = Query(OfferQuery { available_only: Some(true), ..OfferQuery::default() });
    let is_open = payor.invoice.status.is_open();
    let tokens = match is_open {
        true => available_tokens(state(), payor.clone(), offers).await?.0,
        false => Vec::new(),
    };
    let details = details(state(), payor.clone(), whole()).await?.0;
    let wanted = details.locked_token_id.map(|id| id.0).or(asked.token).filter(|_| is_open);
    let wanted = tokens.iter().find(|token| Some(token.id.0) == wanted);
    let token = wanted.map(|token| token.id.0);
    let chosen = match wanted {
        Some(token) => {
            let network = token.network.as_str().to_owned();
            let body = PaymentAddressRequest { network, token_id: token.id.0 };
            let body = crate::http::extract::Json(body);
            Some(allocate(state(), payor.clone(), body).await.map(|answer| answer.0))
        }
        None => None,
    };
    Ok(Shown {
        details,
        status: status(state(), payor, whole()).await?.0,
        tokens,
        chosen,
        session: asked.session.clone().unwrap_or_default(),
        signature: asked.signature.clone().unwrap_or_default(),
        embed: asked.embed.clone(),
        token,
        language,
        asking: None,
        way: Way::Address,
    })
}

fn page(
    app: &App,
    (code, ancestors): (StatusCode, &str),
    language: Language,
    (main, summary): (Html, Html),
    shown: Option<&Shown>,
) -> Response {
    let choice = |token: &AvailableToken| {
        let AvailableToken { id, token_symbol, token_name, network, .. } = *token;
        Choice(id, token_symbol, token_name, network)
    };
    let is_open = |shown: &&Shown| shown.details.invoice_status.is_open();
    let data = Data {
        lang: language.tag(),
        assets: assets::directory(),
        words: language.page_words().collect(),
        tokens: shown.filter(is_open).map(|shown| shown.tokens.iter().map(choice).collect()),
    };
    let title = match shown {
        Some(shown) => language.say("title", &[("merchant", &shown.details.merchant_name)]),
        None => Html::text("Pepay"),
    };
    let is_by_form = shown.is_some_and(|shown| shown.way == Way::Form);
    let scripts = match code.is_success() && !is_by_form {
        true => Scripts::Run,
        false => Scripts::None,
    };
    let modules: Html = match scripts {
        Scripts::Run => assets::MODULES.into_iter().map(module).collect(),
        Scripts::None => Html::default(),
    };
    let is_waiting = shown.is_some_and(|shown| {
        shown.details.invoice_status == InvoiceStatus::Underpaid
            || (shown.details.invoice_status == InvoiceStatus::Unpaid
                && (shown.chosen.is_some() || shown.status.latest_payment.is_some()))
    });
    let html = Html::fill(
        TEMPLATE,
        &[
            ("lang", &Html::text(language.tag())),
            ("dir", &Html::text(language.direction())),
            ("title", &title),
            ("assets", &Html::text(assets::directory())),
            ("modules", &modules),
            ("refresh", &if is_waiting { Html::own(REFRESH) } else { Html::default() }),
            ("data", &Html::data(&data)),
            ("summary", &summary),
            ("main", &main),
            ("foot", &plain::foot(shown, language, scripts)),
        ],
    );
    respond(code, html, &connect(app), ancestors)
}

/// The first script runs; the others are fetched beside it.
fn module(name: &str) -> Html {
    let template = match name == assets::MODULES[0] {
        true => "<script type=\"module\" src=\"{{at}}/{{name}}\"></script>\n",
        false => "<link rel=\"modulepreload\" href=\"{{at}}/{{name}}\">\n",
    };
    Html::fill(template, &[("at", &Html::text(assets::directory())), ("name", &Html::text(name))])
}

/// Where scripts may connect to. Older browsers do not count websockets of this origin to 'self'.
fn connect(app: &App) -> String {
    let own = url::Url::parse(&app.config.public_url).ok().map(|url| url.origin());
    let own = own.filter(url::Origin::is_tuple).map(|own| own.ascii_serialization());
    own.map_or_else(|| "'self'".to_owned(), |own| format!("'self' ws{}", &own["http".len()..]))
}
