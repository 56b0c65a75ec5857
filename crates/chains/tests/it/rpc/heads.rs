//! Nodes that lag, dream or contradict each other: whom the pool believes, and whom it asks last.

use chains::rpc::{NodeId, Nodes, RpcError};
use serde_json::json;

use super::{complaints, node, pool, who};
use crate::fault::{Fault, Faulty};

async fn heads(nodes: &Nodes) -> Vec<(NodeId, u64)> {
    let told = nodes.json_rpc_each::<u64>("who", json!([])).await;
    told.into_iter().filter_map(|(node, head)| Some((node, head.ok()?))).collect()
}

#[tokio::test]
async fn a_node_that_lags_is_asked_last_until_it_has_caught_up() {
    let (slow, quick, third) = (node(1_000).await, node(2_000).await, node(2_001).await);
    let nodes = pool(&[&slow, &quick, &third]);
    assert_eq!(who(&nodes).await, Ok(1_000));
    assert_eq!(nodes.agree_on_head(&heads(&nodes).await), Some(2_000));
    assert_eq!(complaints(&nodes), [Some("is 1000 blocks behind".to_owned()), None, None]);
    assert!(!nodes.health()[0].is_usable);
    assert_eq!(nodes.health()[0].head, Some(1_000));
    assert_ne!(who(&nodes).await, Ok(1_000));
    // Alone it is still asked.
    quick.always(Fault::Status(500));
    third.always(Fault::Status(500));
    assert_eq!(who(&nodes).await, Ok(1_000));
    nodes.agree_on_head(&[(NodeId(0), 2_002)]);
    assert_eq!(nodes.health()[0].complaint, None);
}

#[tokio::test]
async fn a_node_that_runs_ahead_is_not_believed() {
    let (dreams, one, two) = (node(9_000_000).await, node(100).await, node(101).await);
    let nodes = pool(&[&dreams, &one, &two]);
    assert_eq!(nodes.agree_on_head(&heads(&nodes).await), Some(101));
    let words = "is 8999899 blocks ahead of everybody".to_owned();
    assert_eq!(complaints(&nodes), [Some(words), None, None]);
    assert_ne!(who(&nodes).await, Ok(9_000_000));
    // Not even when it is the only one to answer.
    assert_eq!(nodes.agree_on_head(&[(NodeId(0), 9_000_000)]), None);
}

#[tokio::test]
async fn every_usable_node_is_asked_for_its_own_answer() {
    let (one, two, three) = (node(1).await, node(2).await, node(3).await);
    let nodes = pool(&[&one, &two, &three]);
    two.always(Fault::Status(500));
    let told = nodes.json_rpc_each::<u64>("who", json!([])).await;
    let name = two.url.replace("http://", "");
    let words = format!("{name} answers HTTP status 500");
    let failed = Err(RpcError::Unavailable(words));
    assert_eq!(told, [(NodeId(0), Ok(1)), (NodeId(1), failed), (NodeId(2), Ok(3))]);
    // The one that failed rests.
    assert_eq!(heads(&nodes).await, [(NodeId(0), 1), (NodeId(2), 3)]);
    assert_eq!(two.asked().len(), 1);
}

#[tokio::test]
async fn get_asks_every_node_too() {
    let one = Faulty::scripted(|_| (200, json!(1))).await;
    let two = Faulty::scripted(|_| (404, json!(null))).await;
    let nodes = pool(&[&one, &two]);
    let told = nodes.get_each::<u64>("/head").await;
    assert_eq!(told, [(NodeId(0), Ok(Some(1))), (NodeId(1), Ok(None))]);
}

#[tokio::test]
async fn a_node_that_was_complained_about_is_asked_after_the_others() {
    let (one, two) = (node(1).await, node(2).await);
    let nodes = pool(&[&one, &two]);
    let (liar, answer) = nodes.json_rpc_told::<u64>("who", json!([])).await.expect("answers");
    assert_eq!((liar, answer), (NodeId(0), 1));
    nodes.complain(liar, "forgot block 7");
    assert_eq!(complaints(&nodes), [Some("forgot block 7".to_owned()), None]);
    assert_eq!(who(&nodes).await, Ok(2));
    two.always(Fault::HangsUp);
    assert_eq!(who(&nodes).await, Ok(1));
    // A number that is no node's is nobody.
    nodes.complain(NodeId(9), "who?");
}
