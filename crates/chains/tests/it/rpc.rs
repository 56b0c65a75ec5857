//! The pool of nodes against nodes that misbehave: each fault leads on to the next node.
//!
//! The nodes are ours (`fault`), since no real one fails on demand; what is looked at is what
//! whoever asked gets, and which node was asked what.

mod batches;
mod heads;
mod secrets;
mod tls;

use std::time::Duration;

use chains::rpc::{Endpoint, Limits, Nodes, RpcError};
use serde_json::{Value, json};

use crate::fault::{Fault, Faulty};

/// Short, so that a node that hangs does not hold a test up.
fn limits() -> Limits {
    Limits {
        request_timeout: Duration::from_millis(500),
        body_bytes_max: 100_000,
        requests_per_second_per_node: 10_000,
        ..Limits::default()
    }
}

fn endpoint(url: &str) -> Endpoint {
    Endpoint { url: url.to_owned(), headers: vec![] }
}

fn pool(nodes: &[&Faulty]) -> Nodes {
    let endpoints = nodes.iter().map(|node| endpoint(&node.url)).collect();
    Nodes::new(endpoints, limits()).expect("valid URLs")
}

/// Tells its number for `who`, its parameters for `echo`, and refuses the rest.
async fn node(number: u64) -> Faulty {
    Faulty::json_rpc(move |method, params| match method {
        "who" => Ok(json!(number)),
        "echo" => Ok(params[0].clone()),
        _ => Err((-32_601, "no such method".to_owned())),
    })
    .await
}

async fn who(nodes: &Nodes) -> Result<u64, RpcError> {
    nodes.json_rpc("who", json!([])).await
}

fn complaints(nodes: &Nodes) -> Vec<Option<String>> {
    nodes.health().into_iter().map(|node| node.complaint).collect()
}

#[tokio::test]
async fn requests_stay_with_one_node_while_it_is_well() {
    let (one, two) = (node(1).await, node(2).await);
    let nodes = pool(&[&one, &two]);
    for _ in 0..5 {
        assert_eq!(who(&nodes).await, Ok(1));
    }
    assert_eq!((one.asked().len(), two.asked().len()), (5, 0));
    assert!(nodes.health().iter().all(|node| node.is_usable && node.complaint.is_none()));
}

#[tokio::test]
async fn whatever_a_node_does_wrong_the_next_one_answers() {
    for (fault, complaint) in [
        (Fault::Status(500), "answers HTTP status 500"),
        (Fault::Status(302), "answers HTTP status 302"),
        (Fault::Status(404), "answers HTTP status 404"),
        (Fault::TooManyRequests { retry_after_s: 30 }, "wants fewer requests"),
        (Fault::Says("<html>".to_owned()), "answers garbage: no JSON-RPC answer"),
        (Fault::Says(String::new()), "answers garbage: no JSON-RPC answer"),
        (Fault::HalfABody, "ended the connection too early"),
        (Fault::HangsUp, "ended the connection too early"),
        (Fault::Hangs, "does not answer in time"),
        (Fault::Endless, "answers more than 100000 bytes"),
        (Fault::WrongIds, "answers garbage: an id that does not belong to the request"),
    ] {
        let (one, two) = (node(1).await, node(2).await);
        let nodes = pool(&[&one, &two]);
        one.once(fault);
        assert_eq!(who(&nodes).await, Ok(2), "{complaint}");
        assert_eq!(complaints(&nodes), [Some(complaint.to_owned()), None]);
        let usable: Vec<bool> = nodes.health().iter().map(|node| node.is_usable).collect();
        assert_eq!(usable, [false, true]);
        // It rests now, and the other one is asked from the start.
        assert_eq!(who(&nodes).await, Ok(2));
        assert_eq!((one.asked().len(), two.asked().len()), (1, 2), "{complaint}");
    }
}

#[tokio::test]
async fn a_dead_node_is_passed_over() {
    let live = node(2).await;
    let endpoints = vec![endpoint(&Faulty::dead_url().await), endpoint(&live.url)];
    let nodes = Nodes::new(endpoints, limits()).expect("valid URLs");
    assert_eq!(who(&nodes).await, Ok(2));
    assert_eq!(complaints(&nodes), [Some("cannot be reached".to_owned()), None]);
}

#[tokio::test]
async fn a_node_that_rests_is_asked_when_nobody_else_is_left() {
    let (one, two) = (node(1).await, node(2).await);
    let nodes = pool(&[&one, &two]);
    one.once(Fault::Status(503));
    two.once(Fault::Status(502));
    let name = |node: &Faulty| node.url.replace("http://", "");
    let words =
        format!("{} answers HTTP status 503, {} answers HTTP status 502", name(&one), name(&two));
    assert_eq!(who(&nodes).await, Err(RpcError::Unavailable(words)));
    assert_eq!(who(&nodes).await, Ok(1));
    assert_eq!(complaints(&nodes).first(), Some(&None));
}

#[tokio::test]
async fn a_node_that_wants_a_moment_gets_it() {
    let one = node(1).await;
    let nodes = pool(&[&one]);
    one.once(Fault::TooManyRequests { retry_after_s: 1 });
    assert_eq!(who(&nodes).await, Ok(1));
    assert_eq!(one.asked().len(), 2);
}

#[tokio::test]
async fn a_node_that_wants_more_than_a_moment_is_left_alone() {
    let one = node(1).await;
    let nodes = pool(&[&one]);
    one.once(Fault::TooManyRequests { retry_after_s: 86_400 });
    for _ in 0..3 {
        let answer = who(&nodes).await;
        assert!(matches!(answer, Err(RpcError::Unavailable(_))), "{answer:?}");
    }
    assert_eq!(one.asked().len(), 1);
}

#[tokio::test]
async fn a_refusal_is_an_answer() {
    let (one, two) = (node(1).await, node(2).await);
    let nodes = pool(&[&one, &two]);
    let refused =
        |code, message: &str| Err(RpcError::Refused { code, message: message.to_owned() });
    let answer: Result<u64, RpcError> = nodes.json_rpc("other", json!([])).await;
    assert_eq!(answer, refused(-32_601, "no such method"));
    for status in [400, 422] {
        one.once(Fault::Status(status));
        let message = format!("HTTP status {status}");
        assert_eq!(who(&nodes).await, refused(i64::from(status), &message));
    }
    assert_eq!((one.asked().len(), two.asked().len()), (3, 0));
    assert_eq!(complaints(&nodes), [None, None]);
}

#[tokio::test]
async fn a_node_that_lacks_something_is_not_the_last_word() {
    let lacks = || Faulty::json_rpc(|_, _| Err((-32_000, "header not found".to_owned())));
    let (one, two, three) = (lacks().await, node(2).await, node(3).await);
    assert_eq!(who(&pool(&[&one, &two])).await, Ok(2));
    // One more node is asked, not all of them.
    let other = lacks().await;
    let message = "header not found".to_owned();
    let refused = Err(RpcError::Refused { code: -32_000, message });
    assert_eq!(who(&pool(&[&one, &other, &three])).await, refused);
    assert!(three.asked().is_empty());
}

#[tokio::test]
async fn a_node_that_does_not_know_our_key_is_passed_over() {
    let (one, two) = (node(1).await, node(2).await);
    one.always(Fault::Status(403));
    assert_eq!(who(&pool(&[&one, &two])).await, Ok(2));
    let alone = pool(&[&one]);
    let message = "HTTP status 403".to_owned();
    assert_eq!(who(&alone).await, Err(RpcError::Refused { code: 403, message }));
    assert_eq!(complaints(&alone), [Some("refuses: HTTP status 403 (403)".to_owned())]);
}

#[tokio::test]
async fn no_more_requests_are_under_way_than_allowed() {
    let one = node(1).await;
    let limits = Limits { concurrency_per_node: 2, ..limits() };
    let nodes = Nodes::new(vec![endpoint(&one.url)], limits).expect("valid URL");
    let calls: Vec<Value> = (0..20).map(|n| json!([n])).collect();
    let asks = calls.iter().map(|params| nodes.json_rpc::<u64>("echo", params));
    let answers = futures_util::future::join_all(asks).await;
    assert_eq!(answers, (0..20).map(Ok).collect::<Vec<_>>());
    assert_eq!(one.under_way_max(), 2);
}

#[tokio::test]
async fn a_request_that_nobody_waits_for_is_given_up() {
    let one = node(1).await;
    one.always(Fault::Hangs);
    let limits = Limits { request_timeout: Duration::from_secs(600), ..limits() };
    let nodes = Nodes::new(vec![endpoint(&one.url)], limits).expect("valid URL");
    let until = async |under_way| {
        while one.under_way() != under_way {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        _ = who(&nodes) => panic!("it hangs"),
        () = until(1) => {}
    }
    until(0).await;
    assert_eq!(complaints(&nodes), [None]);
}

#[tokio::test]
async fn json_is_got_and_posted_below_the_base_path() {
    let one = Faulty::scripted(|asked| match asked.path_and_query.as_str() {
        "/v0/blocks/latest?key=K&order=desc" => (200, json!({ "height": 7 })),
        "/v0/echo?key=K" => (200, asked.body.clone()),
        "/v0/bad?key=K" => (400, json!({ "error": "Bad Request", "message": "malformed" })),
        _ => (404, json!({ "message": "nothing here" })),
    })
    .await;
    let headers = vec![("project_id".to_owned(), "P".to_owned())];
    let url = format!("{}/v0/?key=K", one.url);
    let nodes = Nodes::new(vec![Endpoint { url, headers }], limits()).expect("valid URL");
    let refused = |code, message: &str| RpcError::Refused { code, message: message.to_owned() };

    let latest: Result<Option<Value>, RpcError> = nodes.get("/blocks/latest?order=desc").await;
    assert_eq!(latest, Ok(Some(json!({ "height": 7 }))));
    assert_eq!(nodes.get::<Value>("/none").await, Ok(None));
    assert_eq!(nodes.get::<Value>("/bad").await, Err(refused(400, "malformed")));
    assert_eq!(nodes.post::<Value>("/echo", json!({ "a": [1] })).await, Ok(json!({ "a": [1] })));
    assert_eq!(nodes.post::<Value>("/none", json!(1)).await, Err(refused(404, "nothing here")));
    assert!(one.asked().iter().all(|asked| asked.headers["project_id"] == "P"));
}

#[tokio::test]
async fn a_proxy_passes_on_what_is_asked_and_can_fail_on_some_of_it() {
    let behind = node(5).await;
    let proxy = Faulty::in_front_of(&behind.url).await;
    let nodes = pool(&[&proxy]);
    assert_eq!(who(&nodes).await, Ok(5));
    proxy.always_for(
        "who",
        Fault::Edited(std::sync::Arc::new(|_, mut answer| {
            answer["result"] = json!(6);
            answer
        })),
    );
    assert_eq!(who(&nodes).await, Ok(6));
    assert_eq!(nodes.json_rpc::<u64>("echo", json!([9])).await, Ok(9));
    proxy.heal();
    assert_eq!(who(&nodes).await, Ok(5));
}
