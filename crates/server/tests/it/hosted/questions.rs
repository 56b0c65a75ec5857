//! The merchant's questions on the page without scripts: asked first, checked by the server, and
//! never with a session in an address that is made here.

use serde_json::{Value, json};

use super::{MARKUP, Page, invoice, open, path};
use crate::house::House;

fn questions() -> Value {
    json!({ "questions": { "questions": [
        { "id": "mail", "question": "Your e-mail?", "type": "email",
          "validation": { "required": true } },
        { "id": "size", "question": format!("Size {MARKUP}"), "type": "number" },
    ] } })
}

/// Posts a form, as a browser does.
async fn post(house: &House, fields: &[(&str, &str)]) -> Page {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    fields.iter().for_each(|(name, value)| {
        form.append_pair(name, value);
    });
    let request = house.http.post(format!("{}/pay", house.url)).body(form.finish());
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let answer = request.send().await.expect("answers");
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    assert_eq!(answer.url().query(), None, "nobody is sent to an address with a session");
    Page { status, headers, text: answer.text().await.expect("text") }
}

async fn answer(house: &House, created: &Value, answers: &[(&str, &str)]) -> Page {
    let text = |name: &str| created[name].as_str().expect("a text").to_owned();
    let (session, signature) = (text("session_token"), text("signature"));
    let mut fields = vec![("session", session.as_str()), ("signature", &signature), ("lang", "en")];
    fields.extend(answers);
    post(house, &fields).await
}

async fn answers(house: &House, created: &Value) -> Value {
    house.read(created).await["answers"].clone()
}

#[tokio::test]
async fn without_scripts_questions_come_first_and_are_checked() {
    let house = House::start().await;
    let created = invoice(&house, questions()).await;
    let page = open(&house, &path(&created)).await;
    page.holds("Coffee &amp; Co asks");
    page.holds("<form method=\"post\" action=\"/pay\">");
    page.holds("name=\"answer-0\" type=\"email\" value=\"\" maxlength=\"1000\"");
    page.lacks("<img src=x");
    page.lacks("<select name=\"token\">");
    page.lacks("name=\"skip\"");

    let entered = [("answer-0", "no address"), ("answer-1", MARKUP)];
    let page = answer(&house, &created, &entered).await;
    assert_eq!(page.status, 400);
    assert_eq!(page.text.matches(">Please check this answer.").count(), 2);
    page.holds("value=\"no address\"");
    page.holds("aria-describedby=\"wrong-1\"");
    page.lacks("<img src=x");
    let page = answer(&house, &created, &[("answer-1", "7")]).await;
    assert_eq!(page.status, 400, "what is required is missing");
    assert_eq!(page.text.matches(">Please check this answer.").count(), 1);
    page.holds("value=\"7\"");
    assert_eq!(answers(&house, &created).await, json!([]));

    let page = answer(&house, &created, &[("answer-0", " jo@mail.example "), ("answer-1", "")]);
    let page = page.await;
    assert_eq!(page.status, 200);
    page.holds("<select name=\"token\">");
    page.lacks("<script type=\"module\"");
    let kept = json!([{ "question_id": "mail", "response": "jo@mail.example" }]);
    assert_eq!(answers(&house, &created).await, kept);
    open(&house, &path(&created)).await.holds("<select name=\"token\">");
}

#[tokio::test]
async fn what_need_not_be_answered_may_be_left_out() {
    let house = House::start().await;
    let note = json!([{ "id": "note", "question": "A note?", "type": "text" }]);
    let created = invoice(&house, json!({ "questions": { "questions": note } })).await;
    open(&house, &path(&created)).await.holds("name=\"skip\"");
    for entered in [&[("skip", "1"), ("answer-0", "never mind")][..], &[("answer-0", " ")], &[]] {
        let page = answer(&house, &created, entered).await;
        assert_eq!(page.status, 200, "{entered:?}");
        page.holds("<select name=\"token\">");
    }
    // Fields that no question has, and answers that are too long, change nothing.
    let long = "x".repeat(1_001);
    for entered in [("answer-7", "x"), ("answer-x", "x"), ("answer--1", "x"), ("other", "x")] {
        assert_eq!(answer(&house, &created, &[entered]).await.status, 200, "{entered:?}");
    }
    assert_eq!(answer(&house, &created, &[("answer-0", &long)]).await.status, 400);
    assert_eq!(answers(&house, &created).await, json!([]));
    let chosen = open(&house, &format!("{}&token=1008", path(&created))).await;
    chosen.holds("1234.5 USDC");
}

#[tokio::test]
async fn a_form_opens_no_more_than_its_session() {
    let house = House::start().await;
    let (created, other) = (invoice(&house, questions()).await, invoice(&house, json!({})).await);
    let text = |created: &Value, field: &str| created[field].as_str().expect("text").to_owned();
    let (session, foreign) = (text(&created, "session_token"), text(&other, "signature"));
    let right = ("answer-0", "jo@mail.example");
    for (fields, status) in [
        (vec![right], 200),
        (vec![("session", "x"), ("signature", "x"), right], 401),
        (vec![("session", session.as_str()), ("signature", foreign.as_str()), right], 403),
    ] {
        let page = post(&house, &fields).await;
        assert_eq!(page.status, status);
        page.holds("This link does not work");
    }
    assert_eq!(answers(&house, &created).await, json!([]));

    let id = created["invoice_id"].as_str().expect("an id");
    house.post(&format!("/api/v1/invoices/{id}/cancel"), json!({})).await.ok();
    let page = answer(&house, &created, &[right]).await;
    page.holds("This invoice was canceled");
}
