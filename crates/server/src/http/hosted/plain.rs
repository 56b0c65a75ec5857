//! The payment page as it stands without scripts: what is to be paid, where to, and what became
//! of it. With scripts it is what a payor sees until they have read the same from the API.
//!
//! Choosing a token is a form that asks for this page again, with the token in its address; what
//! the merchant asks comes before it.

use domain::invoice::InvoiceStatus;
use domain::money::Usd;
use domain::payment::PaymentStatus;
use domain::quote::QuoteStatus;
use domain::time::{HOUR_MS, MINUTE_MS, SECOND_MS};

use super::page::{Scripts, Shown};
use super::{assets, initial, network_name, questions};
use crate::http::html::Html;
use crate::http::payor::addresses::{AvailableToken, PaymentAddress};
use crate::http::payor::session::{PayorPayment, SessionDetails};
use crate::language::Language;

/// The merchant, and what he asks for.
pub fn summary(details: &SessionDetails, language: Language) -> Html {
    let name = &details.merchant_name;
    let (label, amount) = match details.invoice_status {
        InvoiceStatus::Unpaid => ("amount_due", details.amount_usd),
        InvoiceStatus::Underpaid => ("amount_left", details.amount_remaining_usd),
        InvoiceStatus::Paid | InvoiceStatus::Expired | InvoiceStatus::Canceled => {
            ("total", details.amount_usd)
        }
    };
    let own = |text: &Option<String>| text.clone().filter(|text| text != name);
    let paragraph = |text: Option<String>| {
        text.map_or_else(Html::default, |text| {
            Html::fill(
                "<p class=\"clip soft\" dir=\"auto\">{{text}}</p>",
                &[("text", &Html::text(&text))],
            )
        })
    };
    let badge = match details.network_environment.is_live() {
        true => Html::default(),
        false => badge(language),
    };
    let time = match details.invoice_status.is_open() {
        true => Html::fill(
            "<p class=\"row soft\"><span>{{label}}</span>\
             <span class=\"timer\">{{time}}</span></p>",
            &[
                ("label", &language.word("time_left")),
                ("time", &Html::text(&clock(details.remaining_time))),
            ],
        ),
        false => Html::default(),
    };
    Html::fill(
        "{{badge}}<div class=\"merchant\"><span class=\"monogram\" aria-hidden=\"true\">\
         {{initial}}</span><span dir=\"auto\">{{name}}</span></div>\
         <h1 class=\"soft\">{{label}}</h1>\
         <p class=\"amount\"><bdi dir=\"ltr\">{{amount}}</bdi></p>{{title}}{{description}}\
         {{time}}{{footer}}<p class=\"soft\">{{contact}}: <a href=\"mailto:{{email}}\">\
         {{email}}</a></p>",
        &[
            ("badge", &badge),
            ("initial", &initial(name)),
            ("name", &Html::text(name)),
            ("label", &language.word(label)),
            ("amount", &Html::text(&amount.0.shown())),
            ("title", &paragraph(own(&details.invoice_title))),
            ("description", &paragraph(details.description.clone())),
            ("time", &time),
            ("footer", &paragraph(own(&details.invoice_footer))),
            ("contact", &language.word("contact")),
            ("email", &Html::text(&details.merchant_email)),
        ],
    )
}

pub fn badge(language: Language) -> Html {
    Html::fill("<p class=\"badge\">{{text}}</p>", &[("text", &language.word("test_mode"))])
}

/// `11:59:58`, or minutes and seconds.
fn clock(ms: i64) -> String {
    let (hours, minutes) = (ms / HOUR_MS, ms % HOUR_MS / MINUTE_MS);
    let seconds = ms % MINUTE_MS / SECOND_MS;
    match hours {
        0 => format!("{minutes}:{seconds:02}"),
        hours => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

/// What there is to do, or what became of it.
pub fn main(shown: &Shown) -> Html {
    let language = shown.language;
    let latest = shown.status.latest_payment.as_ref();
    let merchant = [("merchant", shown.details.merchant_name.as_str())];
    let end = |kind, drawing, key: &str, hint: &str| {
        let title = language.word(key);
        finished((kind, drawing), &title, &language.say(hint, &merchant))
    };
    match shown.details.invoice_status {
        InvoiceStatus::Paid if latest.is_some_and(is_undone) => {
            end("warn", "warn", "waiting", "reverted")
        }
        InvoiceStatus::Paid => {
            let mut html = end("good", "done", "paid", "paid_hint");
            html.push(&after_paid(shown));
            html
        }
        InvoiceStatus::Expired if latest.is_some_and(|latest| latest.late) => {
            end("warn", "warn", "late", "late_hint")
        }
        InvoiceStatus::Expired => {
            let mut html = end("bad", "clock", "expired", "expired_hint");
            html.push(&arrived(shown));
            html
        }
        InvoiceStatus::Canceled => {
            let mut html = end("bad", "cross", "canceled", "canceled_hint");
            html.push(&arrived(shown));
            html
        }
        InvoiceStatus::Unpaid | InvoiceStatus::Underpaid => match latest.filter(is_on_its_way) {
            Some(payment) => seen(payment, language),
            None => payable(shown),
        },
    }
}

/// Money that came before an invoice ended without being paid.
fn arrived(shown: &Shown) -> Html {
    let paid = shown.details.amount_paid_usd.0;
    if paid == Usd::ZERO {
        return Html::default();
    }
    let (paid, merchant) = (paid.shown(), shown.details.merchant_name.as_str());
    let fill = [("paid", paid.as_str()), ("merchant", merchant)];
    Html::fill("<p>{{text}}</p>", &[("text", &shown.language.say("arrived", &fill))])
}

fn is_undone(payment: &PayorPayment) -> bool {
    payment.status == PaymentStatus::Reverted
}

fn is_on_its_way(payment: &&PayorPayment) -> bool {
    payment.status == PaymentStatus::Pending && payment.counted && !payment.late
}

fn payable(shown: &Shown) -> Html {
    let language = shown.language;
    let is_partial = shown.details.invoice_status == InvoiceStatus::Underpaid;
    let locked = shown.tokens.first().filter(|_| is_partial);
    let mut html = locked.map_or_else(Html::default, |token| underpaid(shown, token));
    let chosen = shown.chosen.as_ref().map(|chosen| chosen.as_ref().ok());
    match chosen {
        None => match shown.asking.as_ref().filter(|_| !is_partial) {
            Some(asking) => html.push(&questions::form(shown, asking)),
            None => html.push(&chooser(shown)),
        },
        Some(Some(to)) if to.quote_status == QuoteStatus::Available => {
            html.push(&address(shown, to));
            html.push(&state(
                ("", "clock"),
                &language.word("waiting"),
                &language.word("waiting_hint"),
            ));
            if !is_partial {
                html.push(&chooser(shown));
            }
        }
        Some(_) => {
            html.push(&Html::fill(
                "<p role=\"alert\">{{text}}</p>",
                &[("text", &language.word("no_price"))],
            ));
            html.push(&chooser(shown));
        }
    }
    html
}

/// What is left, and that only the token of the first part pays it.
fn underpaid(shown: &Shown, token: &AvailableToken) -> Html {
    let language = shown.language;
    let SessionDetails { amount_paid_usd, amount_remaining_usd, .. } = &shown.details;
    let (paid, left) = (amount_paid_usd.0.shown(), amount_remaining_usd.0.shown());
    let hint = language.say(
        "underpaid_hint",
        &[
            ("paid", paid.as_str()),
            ("left", left.as_str()),
            ("token", token.token_symbol),
            ("network", network_name(token.network)),
        ],
    );
    state(("warn", "warn"), &language.word("underpaid"), &hint)
}

/// The form that asks for this page again, with a token.
fn chooser(shown: &Shown) -> Html {
    let language = shown.language;
    let option = |token: &AvailableToken| {
        Html::fill(
            "<option value=\"{{id}}\">{{symbol}} · {{network}}</option>",
            &[
                ("id", &Html::text(&token.id.0.to_string())),
                ("symbol", &Html::text(token.token_symbol)),
                ("network", &Html::text(network_name(token.network))),
            ],
        )
    };
    Html::fill(
        "<h2>{{title}}</h2><form method=\"get\" action=\"/pay\">\
         {{credentials}}<input type=\"hidden\" name=\"lang\" value=\"{{lang}}\">\
         <label>{{label}}<select name=\"token\">{{options}}</select></label>\
         <button class=\"primary wide\">{{show}}</button></form>",
        &[
            ("title", &language.word("choose_title")),
            ("credentials", &credentials(shown)),
            ("lang", &Html::text(language.tag())),
            ("label", &language.word("token_label")),
            ("options", &shown.tokens.iter().map(option).collect()),
            ("show", &language.word("show_address")),
        ],
    )
}

fn address(shown: &Shown, to: &PaymentAddress) -> Html {
    let language = shown.language;
    let token = shown.tokens.iter().find(|token| token.id == to.supported_token_id);
    let symbol = token.map_or("", |token| token.token_symbol);
    let network = network_name(to.network);
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let amount = text(&to.estimated_token_amount);
    let about = [("amount", amount.as_str()), ("token", symbol), ("network", network)];
    let holds = to.quote_expires_in_seconds.map_or_else(Html::default, |seconds| {
        let time = clock(seconds * SECOND_MS);
        language.say("rate_holds", &[("time", time.as_str())])
    });
    let value = |label: &str, class, shown: &str| {
        Html::fill(
            "<div class=\"value\"><span class=\"soft\">{{label}}</span>\
             <output class=\"{{class}}\">{{value}}</output></div>",
            &[
                ("label", &language.word(label)),
                ("class", &Html::own(class)),
                ("value", &Html::text(shown)),
            ],
        )
    };
    Html::fill(
        "<h2>{{symbol}} · {{network}}</h2>{{amount}}{{address}}<div class=\"code\">\
         <img src=\"{{code}}\" width=\"240\" height=\"240\" alt=\"{{alt}}\"></div>\
         <p class=\"soft\">{{only}} {{holds}}</p>\
         <a class=\"button wide\" href=\"{{uri}}\">{{open}}</a>",
        &[
            ("symbol", &Html::text(symbol)),
            ("network", &Html::text(network)),
            ("amount", &value("send_exactly", "", &format!("{amount} {symbol}"))),
            ("address", &value("to_address", "address", &text(&to.temp_address))),
            ("code", &Html::text(&text(&to.qr_code))),
            ("alt", &language.say("qr_alt", &about)),
            ("only", &language.say("only_network", &about)),
            ("holds", &holds),
            ("uri", &Html::text(&text(&to.payment_uri))),
            ("open", &language.word("open_wallet")),
        ],
    )
}

fn seen(payment: &PayorPayment, language: Language) -> Html {
    let needed = payment.required_confirmations.max(1).to_string();
    let done = payment.confirmations.to_string();
    let about = [("done", done.as_str()), ("needed", needed.as_str())];
    state(("", "clock"), &language.word("seen"), &language.say("seen_hint", &about))
}

/// The way back and the receipt.
fn after_paid(shown: &Shown) -> Html {
    let language = shown.language;
    let merchant = [("merchant", shown.details.merchant_name.as_str())];
    let link = |class, url: &Option<String>, label: Html| match url {
        Some(url) => Html::fill(
            "<a class=\"button wide {{class}}\" href=\"{{url}}\">{{label}}</a>",
            &[("class", &Html::own(class)), ("url", &Html::text(url)), ("label", &label)],
        ),
        None => Html::default(),
    };
    let back = &shown.details.payment_return_url;
    let mut html = link("primary", back, language.say("return_to", &merchant));
    html.push(&link("", &shown.details.receipt_url, language.word("open_receipt")));
    html
}

fn state((kind, drawing): (&'static str, &'static str), title: &Html, hint: &Html) -> Html {
    Html::fill(
        "<div class=\"state {{kind}}\">{{icon}}<div><h2>{{title}}</h2><p>{{hint}}</p></div></div>",
        &[("kind", &Html::own(kind)), ("icon", &icon(drawing)), ("title", title), ("hint", hint)],
    )
}

fn finished((kind, drawing): (&'static str, &'static str), title: &Html, hint: &Html) -> Html {
    Html::fill(
        "<div class=\"card finished plain-card {{kind}}\">{{icon}}<h2>{{title}}</h2>\
         <p>{{hint}}</p></div>",
        &[("kind", &Html::own(kind)), ("icon", &icon(drawing)), ("title", title), ("hint", hint)],
    )
}

fn icon(name: &'static str) -> Html {
    Html::fill(
        "<svg class=\"icon\" aria-hidden=\"true\"><use href=\"{{at}}/icons.svg#{{name}}\"/></svg>",
        &[("at", &Html::text(assets::directory())), ("name", &Html::own(name))],
    )
}

/// A link that opens nothing.
pub fn closed(language: Language) -> Html {
    let hint = language.word("no_session_hint");
    finished(("bad", "cross"), &language.word("no_session"), &hint)
}

/// The server cannot show it at present; the page looks again by itself.
pub fn passing_trouble(language: Language) -> Html {
    finished(("warn", "warn"), &language.word("failed"), &language.word("waiting_hint"))
}

/// No credentials in the address: scripts may find them in the history of the browser.
pub fn without_session(language: Language) -> Html {
    Html::fill(
        "<noscript>{{closed}}</noscript><p class=\"soft\">{{loading}}</p>",
        &[("closed", &closed(language)), ("loading", &language.word("loading"))],
    )
}

/// The same page in the other languages. Scripts send the form by themselves.
pub fn foot(shown: Option<&Shown>, language: Language, scripts: Scripts) -> Html {
    let button = match scripts {
        Scripts::Run => Html::own("<noscript><button>OK</button></noscript>"),
        Scripts::None => Html::own("<button>OK</button>"),
    };
    let token = shown
        .and_then(|shown| shown.token)
        .map_or_else(Html::default, |token| hidden("token", &token.to_string()));
    let option = |other: Language| {
        let chosen = if other == language { " selected" } else { "" };
        Html::fill(
            "<option value=\"{{tag}}\" lang=\"{{tag}}\"{{chosen}}>{{name}}</option>",
            &[
                ("tag", &Html::text(other.tag())),
                ("chosen", &Html::own(chosen)),
                ("name", &Html::text(other.name())),
            ],
        )
    };
    Html::fill(
        "<form method=\"get\" action=\"/pay\" id=\"language\">{{credentials}}{{token}}\
         <select name=\"lang\" aria-label=\"{{label}}\">{{options}}</select>\
         {{button}}</form><p>Pepay</p>",
        &[
            ("credentials", &shown.map_or_else(Html::default, credentials)),
            ("token", &token),
            ("button", &button),
            ("label", &language.word("language")),
            ("options", &Language::ALL.into_iter().map(option).collect()),
        ],
    )
}

/// What a form sends along to open this page again.
pub fn credentials(shown: &Shown) -> Html {
    let mut html = hidden("session", &shown.session);
    html.push(&hidden("signature", &shown.signature));
    if let Some(embed) = &shown.embed {
        html.push(&hidden("embed", embed));
    }
    html
}

fn hidden(name: &'static str, value: &str) -> Html {
    Html::fill(
        "<input type=\"hidden\" name=\"{{name}}\" value=\"{{value}}\">",
        &[("name", &Html::own(name)), ("value", &Html::text(value))],
    )
}
