//! Many calls at once: split, matched by their ids, and asked one by one where batches are refused.

use chains::rpc::{Nodes, RpcError};
use serde_json::{Value, json};

use super::{node, pool};
use crate::fault::{Asked, Fault, Faulty};

async fn echoed(nodes: &Nodes, count: u64) -> Result<Vec<u64>, RpcError> {
    let params: Vec<Value> = (0..count).map(|n| json!([n])).collect();
    nodes.json_rpc_batch("echo", &params).await
}

#[tokio::test]
async fn calls_go_out_a_hundred_at_a_time() {
    let one = node(1).await;
    let nodes = pool(&[&one]);
    assert_eq!(echoed(&nodes, 201).await, Ok((0..201).collect()));
    let sizes: Vec<_> =
        one.asked().iter().map(|asked| asked.body.as_array().map(Vec::len)).collect();
    assert_eq!(sizes, [Some(100), Some(100), None]);
    assert_eq!(echoed(&nodes, 0).await, Ok(vec![]));
}

#[tokio::test]
async fn answers_in_another_order_find_their_calls() {
    let one = node(1).await;
    one.always(Fault::Reversed);
    assert_eq!(echoed(&pool(&[&one]), 5).await, Ok((0..5).collect()));
}

#[tokio::test]
async fn a_batch_with_wrong_answers_is_asked_of_the_next_node() {
    let shortened: fn(&Asked, Value) -> Value = |_, mut answer| {
        answer.as_array_mut().expect("a batch").pop();
        answer
    };
    let doubled: fn(&Asked, Value) -> Value = |_, mut answer| {
        answer[1] = answer[0].clone();
        answer
    };
    for fault in [
        Fault::WrongIds,
        Fault::Edited(std::sync::Arc::new(shortened)),
        Fault::Edited(std::sync::Arc::new(doubled)),
    ] {
        let (one, two) = (node(1).await, node(2).await);
        one.always(fault);
        assert_eq!(echoed(&pool(&[&one, &two]), 3).await, Ok(vec![0, 1, 2]));
        assert_eq!((one.asked().len(), two.asked().len()), (1, 1));
    }
}

#[tokio::test]
async fn a_node_that_takes_no_batches_is_asked_one_by_one() {
    for fault in [Fault::NoBatches, Fault::Status(400)] {
        let one = node(1).await;
        let nodes = pool(&[&one]);
        let is_status = matches!(fault, Fault::Status(_));
        if is_status {
            one.once(fault)
        } else {
            one.always(fault)
        }
        assert_eq!(echoed(&nodes, 3).await, Ok(vec![0, 1, 2]));
        assert_eq!(one.asked().iter().filter(|asked| asked.is_batch()).count(), 1);
        // It is remembered.
        assert_eq!(echoed(&nodes, 3).await, Ok(vec![0, 1, 2]));
        assert_eq!(one.asked().iter().filter(|asked| asked.is_batch()).count(), 1);
        assert_eq!(one.asked().len(), 7);
    }
}

#[tokio::test]
async fn one_refused_call_refuses_the_batch() {
    let one = Faulty::json_rpc(|_, params| match params[0].as_u64() {
        Some(1) => Err((-32_602, "range too wide".to_owned())),
        _ => Ok(params[0].clone()),
    })
    .await;
    let nodes = pool(&[&one]);
    let message = "range too wide".to_owned();
    let refused = Err(RpcError::Refused { code: -32_602, message });
    assert_eq!(echoed(&nodes, 3).await, refused);
    assert_eq!(one.asked().len(), 1);
}
