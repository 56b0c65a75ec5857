//! What the payor tells: an e-mail address, and answers to the merchant's questions.

use serde_json::{Value, json};

use super::{HOUR_MS, cancel, paid};
use crate::house::{House, Reply};

const EMAIL: &str = "/api/v1/payments/customer-email";
const QUESTIONS: &str = "/api/v1/payments/invoice-questions";
const FORM: &str = "/api/v1/payments/submit-form";

async fn set_email(house: &House, created: &Value, email: &str) -> Reply {
    house.payor("POST", EMAIL, created, json!({ "email": email })).await
}

/// An invoice that asks for an e-mail address, and may be told a number.
async fn asking(house: &House) -> Value {
    let questions = json!({ "questions": [
        { "id": "mail", "question": "E-mail?", "type": "email",
            "validation": { "required": true } },
        { "id": "size", "question": "Size?", "type": "number", "validation": { "required": false } }
    ] });
    let body = json!({ "amount_usd": 10, "questions": questions });
    house.post("/api/v1/invoices", body).await.ok()
}

#[tokio::test]
async fn an_email_is_normalised_and_reaches_the_merchant() {
    let house = House::start().await;
    let created = house.invoice(10.0).await;
    let none = house.payor("GET", EMAIL, &created, Value::Null).await.ok();
    assert_eq!(none, json!({ "email": null, "has_email": false }));
    let set = set_email(&house, &created, "  Jo@Example.COM ").await.ok();
    let message = "Email added successfully";
    assert_eq!(set, json!({ "success": true, "email": "jo@example.com", "message": message }));
    let read = house.payor("GET", EMAIL, &created, Value::Null).await.ok();
    assert_eq!(read, json!({ "email": "jo@example.com", "has_email": true }));
    assert_eq!(house.read(&created).await["customer_email"], "jo@example.com");
}

#[tokio::test]
async fn what_is_no_email_is_refused() {
    let house = House::start().await;
    let created = house.invoice(10.0).await;
    let long = format!("{}@example.com", "a".repeat(300));
    for email in ["", "jo", "jo@", "jo@host", "jo @example.com", "a@b@c.de", "x@e.com\u{0}", &long]
    {
        let reply = set_email(&house, &created, email).await;
        assert_eq!((reply.error(), reply.param()), ((400, "VALIDATION_ERROR"), "email"), "{email}");
    }
    for body in [json!({}), json!({ "email": 7 }), json!({ "email": null })] {
        let reply = house.payor("POST", EMAIL, &created, body).await;
        assert_eq!((reply.error(), reply.param()), ((400, "VALIDATION_ERROR"), "email"));
    }
}

#[tokio::test]
async fn an_email_comes_before_the_end() {
    let house = House::start().await;
    let (done, canceled) = (paid(&house).await, house.invoice(10.0).await);
    cancel(&house, &canceled).await;
    let expired = house.invoice(10.0).await;
    let refused = async |created: &Value| {
        let reply = set_email(&house, created, "jo@example.com").await;
        (reply.status, reply.body["error"]["code"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(refused(&done).await, (400, "INVOICE_ALREADY_PAID".into()));
    assert_eq!(refused(&canceled).await, (409, "INVOICE_CLOSED".into()));
    house.advance(12 * HOUR_MS);
    assert_eq!(refused(&expired).await, (410, "INVOICE_EXPIRED".into()));
    house.settle().await;
    assert_eq!(refused(&expired).await, (410, "INVOICE_EXPIRED".into()));
}

#[tokio::test]
async fn questions_are_shown_only_where_there_are_any() {
    let house = House::start().await;
    let quiet = house.invoice(10.0).await;
    let none = house.payor("GET", QUESTIONS, &quiet, Value::Null).await.ok();
    assert_eq!(none, json!({ "has_questions": false }));
    let shown = house.payor("GET", QUESTIONS, &asking(&house).await, Value::Null).await.ok();
    assert_eq!(shown["has_questions"], true);
    assert_eq!(shown["questions"]["questions"][0]["id"], "mail");
    assert_eq!(shown["questions"]["questions"][0]["validation"]["required"], true);
    let reply = house.payor("POST", FORM, &quiet, answers(&[("mail", "jo@example.com")])).await;
    assert_eq!((reply.error(), reply.param()), ((400, "VALIDATION_ERROR"), "responses"));
}

fn answers(given: &[(&str, &str)]) -> Value {
    let one = |(id, text): &(&str, &str)| json!({ "question_id": id, "response": text });
    json!({ "responses": given.iter().map(one).collect::<Vec<_>>() })
}

#[tokio::test]
async fn answers_are_complete_known_well_typed_and_replaceable() {
    let house = House::start().await;
    let created = asking(&house).await;
    let refused = [
        json!({}),
        json!({ "responses": [] }),
        json!({ "responses": "jo@example.com" }),
        json!({ "responses": [{ "question_id": "mail" }] }),
        json!({ "responses": [{ "question_id": "mail", "response": 7 }] }),
        answers(&[("size", "44")]),
        answers(&[("mail", "nobody")]),
        answers(&[("mail", "jo@example.com"), ("size", "large")]),
        answers(&[("mail", "jo@example.com"), ("color", "red")]),
        answers(&[("mail", "jo@example.com"), ("mail", "al@example.com")]),
    ];
    for body in refused {
        let reply = house.payor("POST", FORM, &created, body.clone()).await;
        assert_eq!(reply.error(), (400, "VALIDATION_ERROR"), "{body}");
        assert!(reply.param().starts_with("responses"), "{body}");
    }
    assert_eq!(house.read(&created).await["answers"], json!([]));
    for (mail, size) in [("jo@example.com", "44"), ("al@example.com", "-1.5")] {
        let body = answers(&[("mail", mail), ("size", size)]);
        let done = house.payor("POST", FORM, &created, body.clone()).await.ok();
        assert_eq!(done, json!({ "success": true }));
        assert_eq!(house.read(&created).await["answers"], body["responses"]);
    }
}
