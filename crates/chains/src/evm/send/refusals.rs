//! What nodes mean when they refuse a transaction.
//!
//! There is no code for it that nodes agree on, so their words are read: those of geth and its
//! kin, Erigon, Nethermind, Besu, reth and anvil.
//!
//! Invariant: words that are not known are no proof that a transaction was not taken.

use crate::rpc::RpcError;
use crate::send::Refusal;

/// What one node said to a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    Took,
    HasIt,
    Refused(Refusal, String),
    /// No answer, or none that says whether it was taken.
    Unclear(String),
}

const HAS_IT: [&str; 5] =
    ["already known", "alreadyknown", "known transaction", "already imported", "already exists"];
const KINDS: [(Refusal, &[&str]); 4] = [
    (Refusal::NonceTooLow, &["nonce too low", "nonce is too low", "oldnonce", "invalid nonce"]),
    (
        Refusal::Underpriced,
        &[
            "underpriced",
            "fee too low",
            "feetoolow",
            "less than block base fee",
            "max fee per gas",
            "gas price too low",
            "tip too low",
        ],
    ),
    (
        Refusal::InsufficientCoin,
        &["insufficient funds", "insufficientfunds", "insufficient balance", "upfront cost"],
    ),
    (Refusal::Reverts, &["revert"]),
];
/// JSON-RPC's "internal error": the node did not get so far as to judge.
const INTERNAL_ERROR: i64 = -32_603;

pub fn said<T>(answer: Result<T, RpcError>) -> Said {
    let (code, message) = match answer {
        Ok(_) => return Said::Took,
        Err(RpcError::Unavailable(why)) => return Said::Unclear(why),
        Err(RpcError::Refused { code, message }) => (code, message),
    };
    let words = message.to_lowercase();
    let says = |known: &[&str]| known.iter().any(|known| words.contains(known));
    if says(&HAS_IT) {
        return Said::HasIt;
    }
    let kind = KINDS.iter().find(|(_, known)| says(known)).map(|(kind, _)| *kind);
    match kind {
        Some(kind) => Said::Refused(kind, message),
        None if code == INTERNAL_ERROR => Said::Unclear(message),
        None => Said::Refused(Refusal::Other, message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(code: i64, message: &str, expected: &Said) {
        let refused = RpcError::Refused { code, message: message.to_owned() };
        assert_eq!(said::<()>(Err(refused)), *expected, "{message}");
    }

    #[test]
    fn what_nodes_say_is_understood() {
        let refused = |kind, words: &str| Said::Refused(kind, words.to_owned());
        for words in ["already known", "transaction already imported", "AlreadyKnown"] {
            check(-32_000, words, &Said::HasIt);
        }
        for (kind, words) in [
            (Refusal::NonceTooLow, "nonce too low: next nonce 5, tx nonce 4"),
            (Refusal::Underpriced, "replacement transaction underpriced"),
            (Refusal::Underpriced, "max fee per gas less than block base fee: address 0x1"),
            (Refusal::InsufficientCoin, "insufficient funds for gas * price + value"),
            (Refusal::InsufficientCoin, "Insufficient funds for gas * price + value"),
            (Refusal::Reverts, "execution reverted"),
            (Refusal::Other, "intrinsic gas too low"),
        ] {
            check(-32_000, words, &refused(kind, words));
        }
        check(-32_603, "internal error", &Said::Unclear("internal error".to_owned()));
        let silent = RpcError::Unavailable("does not answer in time".to_owned());
        assert_eq!(said::<()>(Err(silent)), Said::Unclear("does not answer in time".to_owned()));
        assert_eq!(said(Ok(())), Said::Took);
    }
}
