//! Where a watcher of Sui goes on: the last checkpoint it was told of.
//!
//! A certified checkpoint is final, so one digest is all there is to compare; there is no fork to
//! look for. The chain's own name is kept because test networks are wiped and begin anew.
//!
//! Invariant: the next checkpoint told links to the digest kept here.

use domain::chain::BlockRef;
use domain::network::Network;
use serde::{Deserialize, Serialize};

use super::decode::{Checkpoint, Link};
use crate::chain::ChainError;
use crate::hashes::parse_transaction_hash;

/// What a cursor says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Position {
    /// The digest of the chain's first checkpoint.
    pub chain: String,
    #[serde(flatten)]
    pub block: BlockRef,
    /// How many transactions the chain had up to this checkpoint: the next one adds to it.
    pub transactions_ever: u64,
}

impl Position {
    pub fn at(chain: &str, checkpoint: &Checkpoint) -> Position {
        Position {
            chain: chain.to_owned(),
            block: checkpoint.block.clone(),
            transactions_ever: checkpoint.transactions_ever,
        }
    }

    pub fn parse(cursor: &str) -> Result<Position, ChainError> {
        let position: Position = serde_json::from_str(cursor)
            .map_err(|error| ChainError::UnreadableCursor(error.to_string()))?;
        for digest in [&position.chain, &position.block.hash] {
            if parse_transaction_hash(Network::Sui, digest).as_ref() != Some(digest) {
                return Err(ChainError::UnreadableCursor("it holds no digest of Sui".to_owned()));
            }
        }
        Ok(position)
    }

    pub fn written(&self) -> String {
        serde_json::to_string(self).expect("texts and numbers are always JSON")
    }

    pub fn link(&self) -> Link {
        Link { digest: self.block.hash.clone(), transactions_ever: self.transactions_ever }
    }
}

#[cfg(test)]
mod tests {
    use domain::time::Timestamp;

    use super::*;

    fn position() -> Position {
        let digest = |byte: u8| bs58::encode([byte; 32]).into_string();
        let block =
            BlockRef { number: u64::MAX, hash: digest(7), time: Timestamp(1_700_000_000_000) };
        Position { chain: digest(1), block, transactions_ever: 12 }
    }

    #[test]
    fn what_is_written_reads_back() {
        let written = position().written();
        assert_eq!(Position::parse(&written), Ok(position()));
        assert!(written.len() < 250, "{written}");
    }

    #[test]
    fn what_is_no_cursor_of_sui_is_unreadable() {
        let other = position().written().replace(&position().block.hash, "0xabc");
        for cursor in ["", "{}", "7", "null", r#"{"number":1,"fork":0}"#, &other] {
            let read = Position::parse(cursor);
            assert!(matches!(read, Err(ChainError::UnreadableCursor(_))), "{cursor}: {read:?}");
        }
    }
}
