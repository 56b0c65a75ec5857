//! What payors open in a browser, as the server sends it: pages, their policy, files, receipts.
//!
//! What the pages do once they run is tested in a real browser, in tests/browser.

mod questions;

use serde_json::{Value, json};

use crate::house::House;
use crate::profile::patch;

const MARKUP: &str = "<img src=x onerror=alert(1)>\"'</script>";
/// More looks than anybody is allowed at once.
const LOOKS_MAX: usize = 1_000;
const PAGE_BYTES_MAX: usize = 12 * 1024;

struct Page {
    status: u16,
    headers: reqwest::header::HeaderMap,
    text: String,
}

impl Page {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("ASCII"))
    }

    #[track_caller]
    fn holds(&self, text: &str) {
        assert!(self.text.contains(text), "{text} is not in {}", self.text);
    }

    #[track_caller]
    fn lacks(&self, text: &str) {
        assert!(!self.text.contains(text), "{text} is in {}", self.text);
    }
}

async fn open(house: &House, path: &str) -> Page {
    open_in(house, path, "en").await
}

async fn open_in(house: &House, path: &str, language: &str) -> Page {
    let request = house.http.get(format!("{}{path}", house.url));
    let answer = request.header("accept-language", language).send().await.expect("answers");
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    Page { status, headers, text: answer.text().await.expect("text") }
}

/// Where an invoice's page is, without the host.
fn path(created: &Value) -> String {
    let url = url::Url::parse(created["payment_url"].as_str().expect("a URL")).expect("a URL");
    format!("{}?{}", url.path(), url.query().expect("credentials"))
}

async fn invoice(house: &House, more: Value) -> Value {
    let mut body = json!({ "amount_usd": 1234.5, "description": "Tea" });
    for (name, value) in more.as_object().expect("an object") {
        body[name] = value.clone();
    }
    house.post("/api/v1/invoices", body).await.ok()
}

async fn paid(house: &House, more: Value) -> Value {
    let created = invoice(house, more).await;
    let to = house.allocate(&created, "base", "USDC").await;
    let to = to["temp_address"].as_str().expect("an address");
    house.transfer("base", "USDC", to, "1234.5").await;
    house.settle().await;
    created
}

async fn details(house: &House, created: &Value) -> Value {
    house.payor("GET", "/api/v1/payments/session-details", created, Value::Null).await.ok()
}

fn receipt_path(details: &Value) -> String {
    let url = details["receipt_url"].as_str().expect("a receipt");
    url::Url::parse(url).expect("a URL").path().to_owned()
}

#[tokio::test]
async fn a_page_may_do_no_more_than_it_needs() {
    let house = House::start().await;
    let created = invoice(&house, json!({})).await;
    let page = open(&house, &path(&created)).await;
    assert_eq!(page.status, 200);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    let policy = page.header("content-security-policy");
    for rule in ["default-src 'none'", "script-src 'self';", "style-src 'self';", "base-uri 'none'"]
    {
        assert!(policy.contains(rule), "{rule} in {policy}");
    }
    assert!(!policy.contains("unsafe") && policy.ends_with("frame-ancestors 'none'"), "{policy}");
    assert_eq!(page.header("x-frame-options"), "DENY");
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    assert_eq!(page.header("cache-control"), "no-store");
    assert!(page.headers.get("set-cookie").is_none());
    page.lacks("style=\"");
    page.lacks("javascript:");
    assert!(page.text.len() <= PAGE_BYTES_MAX, "{} bytes", page.text.len());
}

#[tokio::test]
async fn only_the_origins_a_merchant_names_may_frame_the_page() {
    let house = House::start().await;
    let created = invoice(&house, json!({})).await;
    let origins = json!({ "embed_origins": ["https://tea.example", "http://localhost:5173"] });
    patch(&house, origins).await.ok();
    house.settle().await;
    let page = open(&house, &path(&created)).await;
    let policy = page.header("content-security-policy");
    let ancestors = "frame-ancestors https://tea.example http://localhost:5173";
    assert!(policy.ends_with(ancestors), "{policy}");
    assert_eq!(page.header("x-frame-options"), "");
    let closed = open(&house, "/pay").await;
    assert_eq!(closed.header("x-frame-options"), "DENY");
}

#[tokio::test]
async fn what_merchants_write_is_text() {
    let house = House::start().await;
    patch(&house, json!({ "company_name": MARKUP })).await.ok();
    house.settle().await;
    let more = json!({
        "description": MARKUP, "invoice_title": format!("T{MARKUP}"),
        "invoice_footer": format!("F{MARKUP}"),
    });
    let created = paid(&house, more.clone()).await;
    let open_one = invoice(&house, more).await;
    let receipt = receipt_path(&details(&house, &created).await);
    for path in
        [path(&open_one), format!("{}&token=1008", path(&open_one)), path(&created), receipt]
    {
        let page = open(&house, &path).await;
        assert_eq!(page.status, 200, "{path}");
        page.lacks("<img src=x");
        page.holds("&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&lt;/script&gt;");
        let ends = page.text.matches("</script>").count();
        assert_eq!(ends, page.text.matches("<script ").count(), "{path}");
    }
}

#[tokio::test]
async fn without_scripts_a_form_leads_to_the_address() {
    let house = House::start().await;
    let created = invoice(&house, json!({})).await;
    let page = open(&house, &path(&created)).await;
    page.holds("$1,234.50");
    page.holds("<option value=\"1008\">USDC · Base</option>");
    page.lacks("http-equiv=\"refresh\"");
    let page = open(&house, &format!("{}&token=1008", path(&created))).await;
    let to = house.allocate(&created, "base", "USDC").await;
    page.holds(to["temp_address"].as_str().expect("an address"));
    page.holds("1234.5 USDC");
    page.holds("src=\"data:image/svg+xml;base64,");
    page.holds("http-equiv=\"refresh\"");
    for token in ["0", "-1", "1", "x", "99999999999999999999"] {
        let page = open(&house, &format!("{}&token={token}", path(&created))).await;
        assert_eq!(page.status, 200, "{token}");
        page.holds("<select name=\"token\">");
    }
    let to = to["temp_address"].as_str().expect("an address");
    house.transfer("base", "USDC", to, "1000").await;
    house.settle().await;
    let page = open(&house, &path(&created)).await;
    page.holds("$234.50");
    page.holds("234.5 USDC");
    page.lacks("<select name=\"token\">");
}

#[tokio::test]
async fn a_link_that_opens_nothing_says_so() {
    let house = House::start().await;
    let (created, other) = (invoice(&house, json!({})).await, invoice(&house, json!({})).await);
    let text = |created: &Value, field: &str| created[field].as_str().expect("text").to_owned();
    let (session, signature) = (text(&created, "session_token"), text(&created, "signature"));
    let foreign = text(&other, "signature");
    for (path, status) in [
        ("/pay".to_owned(), 200),
        (format!("/pay?session={session}"), 200),
        (format!("/pay?session=x&signature={signature}"), 401),
        (format!("/pay?session={session}&signature=x"), 401),
        (format!("/pay?session={session}&signature={foreign}"), 403),
    ] {
        let page = open(&house, &path).await;
        assert_eq!(page.status, status, "{path}");
        page.holds("This link does not work");
        page.lacks("1,234.50");
    }
    let page = open_in(&house, "/pay?session=x&signature=x", "fr-CA, en").await;
    page.holds("Ce lien ne fonctionne pas");
}

#[tokio::test]
async fn files_are_kept_for_good_under_the_name_of_their_version() {
    let house = House::start().await;
    let page = open(&house, "/pay").await;
    let (_, rest) = page.text.split_once("rel=\"stylesheet\" href=\"").expect("a style");
    let (style, _) = rest.split_once('"').expect("an address");
    let style_file = open(&house, style).await;
    assert_eq!(style_file.header("cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(style_file.header("content-type"), "text/css; charset=utf-8");
    let (directory, _) = style.rsplit_once('/').expect("a directory");
    for module in page.text.split("href=\"").chain(page.text.split("src=\"")) {
        let Some((address, _)) = module.split_once('"') else { continue };
        if address.starts_with(directory) {
            assert_eq!(open(&house, address).await.status, 200, "{address}");
        }
    }
    let gone = open(&house, &format!("{directory}/page.html")).await;
    assert_eq!(gone.status, 404);
    // A page that was opened before an upgrade still finds its files.
    let other = open(&house, "/pay/assets/0123456789abcdef/page.css").await;
    assert_eq!((other.status, other.text == style_file.text), (200, true));
    assert_eq!(other.header("cache-control"), "no-store");
    let packed = house.http.get(format!("{}{style}", house.url));
    let packed = packed.header("accept-encoding", "br, gzip").send().await.expect("answers");
    assert_eq!(packed.headers()["content-encoding"], "gzip");
    assert_eq!(packed.headers()["vary"], "accept-encoding");
    let packed = packed.bytes().await.expect("bytes").len();
    assert!(packed < style_file.text.len() / 2, "{packed} bytes");
    assert_eq!(style_file.header("content-encoding"), "", "nobody is sent what he did not ask for");
    let loader = open(&house, "/embed.js").await;
    assert_eq!(loader.header("content-type"), "text/javascript; charset=utf-8");
    assert_eq!(loader.header("cache-control"), "public, max-age=3600");
}

#[tokio::test]
async fn a_receipt_shows_what_was_paid_and_nothing_of_who() {
    let house = House::start().await;
    let email = json!({ "customer_email": "payor@example.com", "customer_id": "customer-17" });
    let created = paid(&house, email).await;
    let shown = details(&house, &created).await;
    let page = open(&house, &receipt_path(&shown)).await;
    assert_eq!(page.status, 200);
    for text in ["Coffee &amp; Co", "$1,234.50", "1234.5 USDC", "Base", "2025-12-21 12:"] {
        page.holds(text);
    }
    page.lacks("payor@example.com");
    page.lacks("customer-17");
    assert!(page.header("content-security-policy").contains("connect-src 'none'"));

    let unpaid = invoice(&house, json!({})).await;
    assert_eq!(details(&house, &unpaid).await["receipt_url"], Value::Null);
    let kept = receipt_path(&shown);
    let other = if kept.ends_with('0') { '1' } else { '0' };
    let forged = format!("{}{other}", &kept[..kept.len() - 1]);
    let of_unpaid = domain::receipt::ReceiptToken::of(
        domain::ids::InvoiceId::parse(unpaid["invoice_id"].as_str().expect("an id")).expect("one"),
        &house.app.keys,
    );
    house.advance(25 * 60 * 60 * 1_000);
    let page = open(&house, &path(&created)).await;
    assert_eq!(page.status, 403, "the session is over");
    page.holds("This link does not work");
    assert_eq!(open(&house, &kept).await.status, 200, "the receipt is kept");
    for gone in [forged, format!("/receipt/{of_unpaid}"), "/receipt/x".to_owned()] {
        let page = open(&house, &gone).await;
        assert_eq!(page.status, 404, "{gone}");
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        page.holds("This link does not work");
    }
}

#[tokio::test]
async fn whoever_looks_too_often_is_told_in_a_page_that_looks_again() {
    let house = House::with(|config| config.rate_limits.enabled = true).await;
    let mut page = open(&house, "/receipt/x").await;
    for _ in 0..LOOKS_MAX {
        if page.status == 429 {
            break;
        }
        page = open(&house, "/receipt/x").await;
    }
    assert_eq!(page.status, 429);
    assert!(!page.header("retry-after").is_empty());
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    page.holds("http-equiv=\"refresh\"");
}

#[tokio::test]
async fn a_name_that_turns_text_around_is_refused_and_any_other_set_apart() {
    let house = House::start().await;
    let rename = async |name: &str| patch(&house, json!({ "company_name": name })).await;
    assert_eq!(rename("\u{202e}elgoog").await.error(), (400, "VALIDATION_ERROR"));
    rename("قهوة").await.ok();
    let created = invoice(&house, json!({})).await;
    let page = open(&house, &path(&created)).await;
    page.holds("<span dir=\"auto\">قهوة</span>");
    page.holds("Pay \u{2068}قهوة\u{2069}");
}

fn mails(house: &House) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(house.data_dir.path().join("mail")) else {
        return Vec::new();
    };
    let read = |entry: std::io::Result<std::fs::DirEntry>| {
        std::fs::read_to_string(entry.expect("an entry").path()).expect("a mail")
    };
    entries.map(read).filter(|mail| mail.contains("Receipt from")).collect()
}

#[tokio::test]
async fn a_receipt_is_mailed_once_to_who_left_an_address() {
    let house = House::start().await;
    paid(&house, json!({})).await;
    assert_eq!(mails(&house), [""; 0]);
    let created = paid(&house, json!({ "customer_email": "payor@example.com" })).await;
    let shown = details(&house, &created).await;
    let sent = mails(&house);
    let [mail] = &sent[..] else { panic!("{sent:?}") };
    assert!(mail.contains("To: payor@example.com\r\n"), "{mail}");
    assert!(mail.contains(shown["receipt_url"].as_str().expect("a receipt")), "{mail}");
    assert!(mail.contains("$1,234.50"), "{mail}");

    // Another process, which has to read the whole log again.
    let house = house.reopen().await;
    house.settle().await;
    assert_eq!(mails(&house).len(), 1);
}
