//! Whatever a client sends, the answer is never a 5xx, and every refusal has the one shape.
//!
//! Driven by the server's own OpenAPI document: each operation gets junk in every path segment,
//! query parameter, header and field of its body, one at a time and in bulk.

use serde_json::{Map, Value, json};

use crate::house::{House, Reply};

/// Values that are wrong somewhere, for every field of every body.
fn junk_values() -> Vec<Value> {
    vec![
        Value::Null,
        json!(true),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(9_007_199_254_740_993_i64),
        serde_json::from_str("1e308").expect("a number"),
        json!(""),
        json!("x"),
        json!("\u{0}"),
        json!("ünïcödé \u{202e} 💸"),
        json!("a".repeat(5_000)),
        json!("-1"),
        json!("99999999999999999999999999999999999999999999999"),
        json!("0x0000000000000000000000000000000000000000"),
        json!([]),
        json!([null, 1, "x"]),
        json!({}),
        json!({ "questions": [{ "id": 1 }] }),
        deep(60),
    ]
}

fn deep(levels: usize) -> Value {
    (0..levels).fold(json!(1), |inner, _| json!([inner]))
}

const RAW_BODIES: [&[u8]; 10] = [
    b"",
    b"{",
    b"null",
    b"[]",
    b"\"text\"",
    b"{\"a\":1,}",
    b"\xff\xfe{}",
    b"{\"amount_usd\":1e99999}",
    b"{\"amount_usd\":NaN}",
    b"{\"amount_usd\":01}",
];

const JUNK_TEXTS: [&str; 10] = [
    "",
    "-1",
    "0",
    "99999999999999999999999",
    "%00",
    "%F0%9F%92%B8",
    "..%2f..%2fetc",
    "a,b,,c",
    "null",
    "00000000-0000-0000-0000-000000000000",
];

/// One operation of the document.
struct Operation {
    method: String,
    path: String,
    path_params: Vec<String>,
    query_params: Vec<String>,
    body: Option<Value>,
}

fn operations(document: &Value) -> Vec<Operation> {
    let paths = document["paths"].as_object().expect("paths");
    let mut all = Vec::new();
    for (path, methods) in paths {
        for (method, operation) in methods.as_object().expect("methods") {
            let named = |place: &str| {
                let all = operation["parameters"].as_array().into_iter().flatten();
                let here = all.filter(|parameter| parameter["in"] == place);
                here.map(|parameter| parameter["name"].as_str().expect("a name").to_owned())
                    .collect::<Vec<_>>()
            };
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            all.push(Operation {
                method: method.to_uppercase(),
                path: path.clone(),
                path_params: named("path"),
                query_params: named("query"),
                body: (!schema.is_null()).then(|| schema.clone()),
            });
        }
    }
    all
}

/// Something plausible for a schema, to put one wrong value into.
fn plausible(schema: &Value, document: &Value, depth: usize) -> Value {
    if depth > 6 {
        return Value::Null;
    }
    if let Some(name) = schema["$ref"].as_str() {
        let pointer = name.trim_start_matches('#');
        let target = document.pointer(pointer).cloned().unwrap_or(Value::Null);
        return plausible(&target, document, depth + 1);
    }
    for list in ["allOf", "oneOf", "anyOf"] {
        if let Some(first) = schema[list]
            .as_array()
            .and_then(|schemas| schemas.iter().find(|schema| schema["type"] != "null"))
        {
            return plausible(first, document, depth + 1);
        }
    }
    if let Some(first) = schema["enum"].as_array().and_then(|values| values.first()) {
        return first.clone();
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds[0].as_str().unwrap_or("string"),
        kind => kind.as_str().unwrap_or("object"),
    };
    match kind {
        "integer" | "number" => json!(1),
        "boolean" => json!(true),
        "array" => json!([plausible(&schema["items"], document, depth + 1)]),
        "object" => {
            let properties = schema["properties"].as_object();
            let fields = properties.into_iter().flatten();
            fields
                .map(|(name, field)| (name.clone(), plausible(field, document, depth + 1)))
                .collect::<Map<_, _>>()
                .into()
        }
        _ => json!("text"),
    }
}

struct Fuzzer {
    house: House,
    created: Value,
    document: Value,
    sent: usize,
}

impl Fuzzer {
    async fn start() -> Fuzzer {
        let house = House::start().await;
        let created = house.invoice(20.0).await;
        house.allocate(&created, "base", "USDC").await;
        let document = house.get("/openapi.json").await.ok();
        Fuzzer { house, created, document, sent: 0 }
    }

    async fn send(&mut self, operation: &Operation, path: &str, body: Vec<u8>) {
        let mut request = self
            .house
            .request(&operation.method, path)
            .header("x-api-key", &self.house.key)
            .header("content-type", "application/json")
            .body(body);
        if operation.path.starts_with("/api/v1/payments") || operation.path.ends_with("/verify") {
            let text = |field: &str| self.created[field].as_str().expect("text").to_owned();
            request = request
                .header("x-session-token", text("session_token"))
                .header("x-signature", text("signature"));
        }
        let reply = self.house.send(request).await;
        self.sent += 1;
        check(operation, path, &reply);
    }

    fn path(&self, operation: &Operation, value: &str) -> String {
        operation
            .path_params
            .iter()
            .fold(operation.path.clone(), |path, name| path.replace(&format!("{{{name}}}"), value))
    }

    /// The path with ids that exist, where that is possible.
    fn real_path(&self, operation: &Operation) -> String {
        let network = operation.path.contains("{network}");
        let token = operation.path.contains("{token_id}");
        let invoice = self.created["invoice_id"].as_str().expect("an id");
        self.path(
            operation,
            if network {
                "base"
            } else if token {
                "1001"
            } else {
                invoice
            },
        )
    }
}

#[track_caller]
fn check(operation: &Operation, path: &str, reply: &Reply) {
    let what = format!("{} {path} answered {}: {}", operation.method, reply.status, reply.body);
    assert!(reply.status < 500, "{what}");
    if reply.status >= 400 {
        assert!(reply.body["error"]["code"].is_string(), "{what}");
        assert!(reply.body["error"]["request_id"].is_string(), "{what}");
        assert_eq!(reply.body["success"], json!(false), "{what}");
    }
}

#[tokio::test]
async fn no_path_query_or_body_makes_a_5xx() {
    let mut fuzzer = Fuzzer::start().await;
    let document = fuzzer.document.clone();
    let operations = operations(&document);
    assert!(operations.len() > 40, "the document describes the whole API");
    for operation in &operations {
        let real = fuzzer.real_path(operation);
        let plain = match &operation.body {
            Some(schema) => serde_json::to_vec(&plausible(schema, &document, 0)).expect("JSON"),
            None => Vec::new(),
        };
        for text in JUNK_TEXTS {
            if !operation.path_params.is_empty() && !text.is_empty() {
                let path = fuzzer.path(operation, text);
                fuzzer.send(operation, &path, plain.clone()).await;
            }
            for name in &operation.query_params {
                let path = format!("{real}?{name}={text}");
                fuzzer.send(operation, &path, plain.clone()).await;
            }
        }
        let Some(schema) = &operation.body else { continue };
        for raw in RAW_BODIES {
            fuzzer.send(operation, &real, raw.to_vec()).await;
        }
        let base = plausible(schema, &document, 0);
        let names: Vec<String> =
            base.as_object().into_iter().flat_map(|it| it.keys()).cloned().collect();
        for name in names {
            for value in junk_values() {
                let mut body = base.clone();
                body[&name] = value;
                fuzzer.send(operation, &real, serde_json::to_vec(&body).expect("JSON")).await;
            }
            let mut body = base.clone();
            body.as_object_mut().expect("an object").remove(&name);
            fuzzer.send(operation, &real, serde_json::to_vec(&body).expect("JSON")).await;
        }
    }
    assert!(fuzzer.sent > 1_000, "only {} requests were sent", fuzzer.sent);
    assert!(fuzzer.house.app.store.check().await.expect("checks").is_empty());
}

#[tokio::test]
async fn headers_cannot_hurt_either() {
    let house = House::start().await;
    for (name, value) in [
        ("x-api-key", "sk_test_x"),
        ("x-api-key", "ключ"),
        ("authorization", "Bearer"),
        ("authorization", "Bearer a.b.c"),
        ("authorization", "Basic dXNlcjpwYXNz"),
        ("pepay-version", "1999-01-01"),
        ("x-request-id", "no spaces, please"),
        ("idempotency-key", ""),
        ("content-length", "7"),
    ] {
        let Ok(value) = reqwest::header::HeaderValue::from_bytes(value.as_bytes()) else {
            continue;
        };
        let request = house
            .request("POST", "/api/v1/invoices")
            .header("x-api-key", &house.key)
            .header(name, value)
            .body("{\"amount_usd\":1}".as_bytes()[..7].to_vec());
        let reply = house.send(request).await;
        assert!((400..500).contains(&reply.status), "{name}: {}", reply.body);
    }
}

#[tokio::test]
async fn a_body_beyond_the_bound_is_413() {
    let house = House::start().await;
    let body = json!({ "amount_usd": 1, "description": "a".repeat(70_000) });
    let reply = house.post("/api/v1/invoices", body).await;
    assert_eq!(reply.error(), (413, "PAYLOAD_TOO_LARGE"));
}

#[tokio::test]
async fn unknown_routes_and_methods_have_the_one_error_shape() {
    let house = House::start().await;
    assert_eq!(house.get("/api/v1/nothing").await.error(), (404, "NOT_FOUND"));
    let reply = house.send(house.request("DELETE", "/api/v1/invoices")).await;
    assert_eq!(reply.error(), (405, "METHOD_NOT_ALLOWED"));
    assert!(!reply.header("x-request-id").is_empty());
    assert_eq!(reply.header("pepay-version"), "2025-12-16");
}
