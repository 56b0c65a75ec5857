//! Keys in paths, queries and headers: sent to the node, told to nobody else.

use chains::rpc::{Endpoint, Nodes};
use serde_json::{Value, json};

use super::limits;
use crate::fault::{Fault, Faulty};

const PATH: &str = "PathSecret";
const QUERY: &str = "QuerySecret";
const HEADER: &str = "HeaderSecret";

#[tokio::test]
async fn no_message_shows_more_than_host_and_port() {
    let chatty = Faulty::scripted(|asked| {
        let words = format!("{} with {:?} is unknown", asked.path_and_query, asked.headers);
        let error = json!({ "code": -32_602, "message": words });
        (200, json!({ "jsonrpc": "2.0", "id": asked.body["id"], "error": error }))
    })
    .await;
    let dead = Faulty::dead_url().await;
    let secret = |url: &str| Endpoint {
        url: format!("{url}/v2/{PATH}?token={QUERY}"),
        headers: vec![("x-key".to_owned(), HEADER.to_owned())],
    };
    let mut told = Vec::new();
    for url in [chatty.url.as_str(), &dead] {
        let nodes = Nodes::new(vec![secret(url)], limits()).expect("valid URL");
        for fault in [
            None,
            Some(Fault::Status(403)),
            Some(Fault::Status(500)),
            Some(Fault::HalfABody),
            Some(Fault::Hangs),
            Some(Fault::Says("[]".to_owned())),
        ] {
            fault.into_iter().for_each(|fault| chatty.once(fault));
            let single = nodes.json_rpc::<Value>("m", json!([])).await.expect_err("no result");
            told.push(format!("{single} {single:?}"));
            let each = nodes.json_rpc_each::<Value>("m", json!([])).await;
            let many = nodes.json_rpc_batch::<Value, _>("m", &[[1], [2]]).await;
            let got = nodes.get::<u64>("/below").await;
            let posted = nodes.post::<u64>("/below", json!([])).await;
            told.push(format!("{each:?} {many:?} {got:?} {posted:?}"));
        }
        nodes.complain(chains::rpc::NodeId(0), &format!("{url}/v2/{PATH} is wrong"));
        told.push(format!("{nodes:?} {:?} {:?}", nodes.health(), secret(url)));
    }
    let asked = chatty.asked();
    let first = asked.first().expect("it was asked");
    assert_eq!(first.path_and_query, format!("/v2/{PATH}?token={QUERY}"));
    assert_eq!(first.headers["x-key"], HEADER);
    for words in told {
        for hidden in [PATH, QUERY, HEADER, "token=", "below"] {
            assert!(!words.contains(hidden), "{hidden} is in {words}");
        }
    }
}
