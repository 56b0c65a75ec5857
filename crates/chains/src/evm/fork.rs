//! Where a chain branched off from what was told of it before.
//!
//! A node that shows another block than the one told may be right or alone. The nodes that have
//! reached the head vote; only when most of them have replaced the block is it gone.

use super::answers::Header;
use super::client::{Client, Heads};
use super::cursor::Cursor;
use crate::chain::ChainError;

/// The cursor taken back to the newest remembered block that is still part of the chain.
pub async fn rewind(client: &Client, cursor: &Cursor, heads: &Heads) -> Result<Cursor, ChainError> {
    vote(client, cursor, heads).await?;
    let numbers: Vec<u64> =
        cursor.remembered_numbers().filter(|number| *number <= heads.number).collect();
    let headers = client.headers(&numbers).await?;
    let kept = numbers.iter().zip(headers).find_map(|(number, header)| {
        header.filter(|header: &Header| header.number.0 == *number && cursor.recognises(header))
    });
    match kept {
        Some(kept) => Ok(cursor.back_to(&kept)),
        None => Err(ChainError::Disputed(format!(
            "none of the blocks that led to {} is part of the chain any more",
            cursor.number
        ))),
    }
}

/// Asks the nodes that have reached the head whether the cursor's block was replaced.
async fn vote(client: &Client, cursor: &Cursor, heads: &Heads) -> Result<(), ChainError> {
    let number = cursor.number;
    let has_reached = |node| {
        heads.tips.iter().any(|(tip, header)| *tip == node && header.number.0 >= heads.number)
    };
    let mut votes = client.header_of_each(number).await;
    votes.retain(|(node, header)| has_reached(*node) && header.is_some());
    let is_kept = |header: &Option<Header>| header.is_some_and(|header| cursor.recognises(&header));
    let kept = votes.iter().filter(|(_, header)| is_kept(header)).count();
    let gone = votes.len() - kept;
    if gone > kept {
        return Ok(());
    }
    for (node, header) in &votes {
        if !is_kept(header) {
            client.complain(*node, &format!("its block {number} is of another fork"));
        }
    }
    Err(if votes.is_empty() {
        ChainError::Unavailable(format!("no node has block {number}"))
    } else {
        let of = votes.len();
        ChainError::Disputed(format!("{gone} of {of} nodes have another block {number}"))
    })
}
