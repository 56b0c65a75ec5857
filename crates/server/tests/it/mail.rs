//! Receipts by SMTP: handed over once, tried again when that is honest, and given up when it is
//! not, at a relay that speaks the protocol.

mod relay;

use std::io::Write;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use server::config::{Config, SmtpConfig, SmtpTls};

use self::relay::{Heard, Relay, Reserved, Way};
use crate::house::House;

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;
const PASSWORD: &str = "n0body-reads-this";

fn smtp(port: u16) -> SmtpConfig {
    SmtpConfig {
        host: "127.0.0.1".into(),
        port: Some(port),
        tls: SmtpTls::None,
        user: None,
        password: None,
        from: "Coffee <receipts@coffee.example>".into(),
        ca_file: None,
        timeout_ms: Some(20_000),
    }
}

async fn house(port: u16, configure: impl FnOnce(&mut SmtpConfig)) -> House {
    let mut smtp = smtp(port);
    configure(&mut smtp);
    House::with(|config: &mut Config| config.smtp = Some(smtp)).await
}

/// An invoice that is paid by somebody who wants its receipt; it is sent as far as it goes.
async fn paid(house: &House, body: Value) -> Value {
    let created = house.invoice(5.0).await;
    let path = "/api/v1/payments/customer-email";
    house.payor("POST", path, &created, body).await.ok();
    let to = house.allocate(&created, "base", "USDC").await;
    let to = to["temp_address"].as_str().expect("an address").to_owned();
    house.transfer("base", "USDC", &to, "5").await;
    house.settle().await;
    created
}

async fn paid_by_jo(house: &House) -> Value {
    paid(house, json!({ "email": "jo@mail.example" })).await
}

async fn receipt_status(house: &House, created: &Value) -> Value {
    let path = "/api/v1/payments/customer-email";
    house.payor("GET", path, created, Value::Null).await.ok()["receipt_status"].clone()
}

async fn later(house: &House, by_ms: i64) {
    house.advance(by_ms);
    house.step().await;
}

fn header<'a>(heard: &'a Heard, name: &str) -> &'a str {
    let (headers, _) = heard.text.split_once("\r\n\r\n").expect("headers and a body");
    let found = headers.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    found.unwrap_or_else(|| panic!("no {name} in {headers}"))
}

#[tokio::test]
async fn a_receipt_is_handed_to_the_relay_once() {
    let relay = Relay::start(&[]);
    let house = house(relay.port, |_| {}).await;
    let created = paid_by_jo(&house).await;
    let heard = relay.heard();
    let [mail] = &heard[..] else { panic!("{heard:?}") };
    assert_eq!(mail.from, "FROM:<receipts@coffee.example>");
    assert_eq!(mail.to, ["TO:<jo@mail.example>"]);
    assert_eq!(header(mail, "From"), "Coffee <receipts@coffee.example>");
    assert_eq!(header(mail, "To"), "jo@mail.example");
    assert_eq!(header(mail, "Subject"), "Receipt from Coffee & Co");
    assert!(header(mail, "Message-ID").starts_with("<receipt."), "{}", mail.text);
    assert!(mail.text.contains("/receipt/") && mail.text.contains("$5.00"), "{}", mail.text);
    assert_eq!(receipt_status(&house, &created).await, "sent");
    later(&house, DAY_MS / 2).await;
    assert_eq!(relay.connections(), 1);
    let files = std::fs::read_dir(house.data_dir.path().join("mail"));
    assert!(files.is_err(), "nothing is written beside it");

    // Another process, which has to read the whole log again.
    let house = house.reopen().await;
    house.settle().await;
    assert_eq!(relay.connections(), 1);
}

#[tokio::test]
async fn the_mail_is_in_the_payors_language() {
    let relay = Relay::start(&[]);
    let house = house(relay.port, |_| {}).await;
    let email = "leila@mail.example";
    paid(&house, json!({ "email": email, "language": "ar-EG" })).await;
    paid(&house, json!({ "email": email, "language": "nl" })).await;
    let heard = relay.heard();
    let [arabic, english] = &heard[..] else { panic!("{heard:?}") };
    assert!(header(arabic, "Subject").starts_with("=?utf-8?b?"), "{}", arabic.text);
    assert_eq!(header(arabic, "Content-Transfer-Encoding"), "base64");
    let (_, body) = arabic.text.split_once("\r\n\r\n").expect("a body");
    let body = STANDARD.decode(body.replace("\r\n", "")).expect("base64");
    let body = String::from_utf8(body).expect("text");
    assert!(body.starts_with('\u{200f}') && body.contains("شكرًا لك"), "{body}");
    assert!(body.contains("?lang=ar"), "{body}");
    assert!(english.text.contains("Thank you."), "{}", english.text);

    let created = house.invoice(5.0).await;
    let body = json!({ "email": email, "language": "ar\r\nBcc: x@y.example" });
    let path = "/api/v1/payments/customer-email";
    let refused = house.payor("POST", path, &created, body).await;
    assert_eq!((refused.error().0, refused.param()), (400, "language"));
    assert_eq!(house.read(&created).await["customer_email"], Value::Null);
}

#[tokio::test]
async fn the_last_language_a_payor_names_is_his() {
    let relay = Relay::start(&[]);
    let house = house(relay.port, |_| {}).await;
    let created = house.invoice(5.0).await;
    for language in [json!("fr"), Value::Null, json!("de")] {
        let body = json!({ "email": "jo@mail.example", "language": language });
        house.payor("POST", "/api/v1/payments/customer-email", &created, body).await.ok();
    }
    assert_eq!(receipt_status(&house, &created).await, Value::Null);
    let to = house.allocate(&created, "base", "USDC").await;
    house.transfer("base", "USDC", to["temp_address"].as_str().expect("one"), "5").await;
    house.settle().await;
    let heard = relay.heard();
    assert_eq!(header(&heard[0], "Subject"), "Beleg von Coffee & Co");
}

#[tokio::test]
async fn a_refused_receiver_ends_it() {
    let relay = Relay::start(&[Way::Receiver("550 5.1.1 jo@mail.example is unknown")]);
    let house = house(relay.port, |_| {}).await;
    let created = paid_by_jo(&house).await;
    assert_eq!(receipt_status(&house, &created).await, "refused");
    later(&house, DAY_MS).await;
    assert_eq!((relay.connections(), relay.heard().len()), (1, 0));
}

#[tokio::test]
async fn a_relay_that_cannot_now_is_asked_again() {
    for way in [
        Way::Receiver("451 4.2.0 greylisted"),
        Way::Sender("550 5.7.1 not from there"),
        Way::Data("452 4.3.1 full"),
        Way::Close,
    ] {
        let relay = Relay::start(&[way, way]);
        let house = house(relay.port, |_| {}).await;
        let created = paid_by_jo(&house).await;
        assert_eq!(receipt_status(&house, &created).await, "pending", "{way:?}");
        let waits = relay.connections();
        later(&house, 1_000).await;
        assert_eq!(relay.connections(), waits, "not at once: {way:?}");
        later(&house, MINUTE_MS).await;
        assert_eq!((relay.connections(), relay.heard().len()), (2, 0), "{way:?}");
        later(&house, 5 * MINUTE_MS).await;
        assert_eq!(relay.heard().len(), 1, "{way:?}");
        assert_eq!(receipt_status(&house, &created).await, "sent", "{way:?}");
        later(&house, DAY_MS / 2).await;
        assert_eq!(relay.connections(), 3, "{way:?}");
    }
}

#[tokio::test]
async fn a_relay_that_is_away_is_waited_for_and_then_given_up() {
    let away = Reserved::new();
    let house = house(away.port(), |_| {}).await;
    let created = paid_by_jo(&house).await;
    assert_eq!(receipt_status(&house, &created).await, "pending");
    let relay = away.open(&[]);
    later(&house, MINUTE_MS).await;
    assert_eq!(receipt_status(&house, &created).await, "sent");
    assert_eq!(relay.heard().len(), 1);

    let gone = Reserved::new();
    let house = self::house(gone.port(), |_| {}).await;
    let created = paid_by_jo(&house).await;
    for minutes in [1, 5, 15, 60, 180, 480] {
        assert_eq!(receipt_status(&house, &created).await, "pending", "{minutes}");
        later(&house, minutes * MINUTE_MS).await;
    }
    assert_eq!(receipt_status(&house, &created).await, "failed");
    let metrics = house.request("GET", "/metrics").bearer_auth("metrics-token");
    let metrics = house.send(metrics).await;
    let text = metrics.body.as_str().expect("text");
    assert!(text.contains("pepay_receipt_mails_total{outcome=\"failed\"} 1"), "{text}");
}

#[tokio::test]
async fn an_unknown_end_is_named_and_repeated_once_under_the_same_id() {
    let relay = Relay::start(&[Way::Silence, Way::Silence]);
    let house = house(relay.port, |smtp| smtp.timeout_ms = Some(400)).await;
    let created = paid_by_jo(&house).await;
    assert_eq!(receipt_status(&house, &created).await, "pending");
    later(&house, MINUTE_MS).await;
    assert_eq!(receipt_status(&house, &created).await, "unknown");
    later(&house, DAY_MS / 2).await;
    let heard = relay.heard();
    let [one, two] = &heard[..] else { panic!("{heard:?}") };
    assert_eq!(header(one, "Message-ID"), header(two, "Message-ID"));
}

/// What the server logs in this thread.
#[derive(Clone, Default)]
struct Logged(Arc<Mutex<Vec<u8>>>);

impl Write for Logged {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("not poisoned").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_password_is_said_in_tls_and_nowhere_else() {
    let logged = Logged::default();
    let writer = logged.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    // While only one listens anywhere, a line that another test's thread is the first to come to is
    // taken for one that nobody hears, in this thread too.
    let _another = tracing::Dispatch::new(tracing::subscriber::NoSubscriber::default());
    let _logging = tracing::subscriber::set_default(subscriber);
    let relay = Relay::with_tls("localhost");
    let pem = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(&pem, relay.authority.as_deref().expect("one")).expect("written");
    let sign_in = |smtp: &mut SmtpConfig| {
        smtp.host = "localhost".into();
        smtp.tls = SmtpTls::Starttls;
        smtp.user = Some("coffee".into());
        smtp.password = Some(PASSWORD.into());
        smtp.ca_file = Some(pem.path().to_owned());
    };
    let trusting = house(relay.port, sign_in).await;
    paid_by_jo(&trusting).await;
    let heard = relay.heard();
    let [mail] = &heard[..] else { panic!("{heard:?}") };
    assert!(mail.is_tls);
    assert_eq!(mail.signed_in.as_deref(), Some(&*format!("\0coffee\0{PASSWORD}")));

    // Without that authority its certificate is nobody's: not a word is said to it.
    let strict = |smtp: &mut SmtpConfig| {
        sign_in(smtp);
        smtp.ca_file = None;
    };
    let strict = house(relay.port, strict).await;
    let created = paid_by_jo(&strict).await;
    assert_eq!(receipt_status(&strict, &created).await, "pending");
    assert_eq!(relay.heard().len(), 1);

    // Nor is it said to one that offers no TLS.
    let plain = Relay::start(&[]);
    let bare = house(plain.port, sign_in).await;
    let created = paid_by_jo(&bare).await;
    assert_eq!(receipt_status(&bare, &created).await, "pending");
    assert_eq!((plain.connections(), plain.heard().len()), (1, 0));
    let logged = logged.0.lock().expect("not poisoned").clone();
    let logged = String::from_utf8(logged).expect("text");
    assert!(logged.contains("a receipt is mailed again"), "the log was listened to");
    for secret in [PASSWORD, &STANDARD.encode(format!("\0coffee\0{PASSWORD}")), "jo@mail.example"] {
        assert!(!logged.contains(secret), "{secret} is in the log");
    }
}

#[tokio::test]
async fn a_password_reset_goes_the_same_way() {
    let relay = Relay::start(&[]);
    let house = house(relay.port, |_| {}).await;
    let body = json!({ "email": crate::house::OWNER_EMAIL });
    house.post("/api/auth/password/reset", body).await.ok();
    house.app.tasks.close();
    house.app.tasks.wait().await;
    let heard = relay.heard();
    let [mail] = &heard[..] else { panic!("{heard:?}") };
    assert!(mail.text.contains("/reset-password?token="), "{}", mail.text);
}
