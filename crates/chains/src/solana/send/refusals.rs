//! What nodes mean when they refuse a transaction, and when trying one out fails.
//!
//! A node tries a transaction before it passes it on and answers with the words of the network's
//! own software, which are read here.
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

const HAS_IT: [&str; 2] = ["already been processed", "alreadyprocessed"];
const KINDS: [(Refusal, &[&str]); 3] = [
    (Refusal::Expired, &["blockhash not found", "blockhashnotfound", "block height exceeded"]),
    (
        Refusal::InsufficientCoin,
        &[
            "insufficient lamports",
            "insufficient funds",
            "insufficientfunds",
            "found no record of a prior credit",
            "no record of a prior credit",
        ],
    ),
    (
        Refusal::Reverts,
        &["custom program error", "error processing instruction", "instructionerror"],
    ),
];
/// "Transaction simulation failed": the node tried it and did not pass it on.
const TRIED: i64 = -32_002;
const SIGNATURE_IS_WRONG: i64 = -32_003;
const CALL_IS_WRONG: [i64; 2] = [-32_600, -32_602];

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
    match KINDS.iter().find(|(_, known)| says(known)) {
        Some((kind, _)) => Said::Refused(*kind, message),
        None if code == TRIED => Said::Refused(Refusal::Reverts, message),
        None if code == SIGNATURE_IS_WRONG || CALL_IS_WRONG.contains(&code) => {
            Said::Refused(Refusal::Other, message)
        }
        None => Said::Unclear(message),
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
        let failed = |why: &str| format!("Transaction simulation failed: {why}");
        for (kind, why) in [
            (Refusal::Expired, "Blockhash not found"),
            (
                Refusal::InsufficientCoin,
                "Transaction results in an account with insufficient funds for rent",
            ),
            (
                Refusal::InsufficientCoin,
                "Attempt to debit an account but found no record of a prior credit.",
            ),
            (Refusal::Reverts, "Error processing Instruction 2: custom program error: 0x1"),
            (Refusal::Reverts, "words that are new"),
        ] {
            check(-32_002, &failed(why), &Said::Refused(kind, failed(why)));
        }
        check(-32_002, &failed("This transaction has already been processed"), &Said::HasIt);
        let wrong = "Transaction signature verification failure";
        check(-32_003, wrong, &Said::Refused(Refusal::Other, wrong.to_owned()));
        check(-32_603, "Internal error", &Said::Unclear("Internal error".to_owned()));
        assert_eq!(said(Ok(())), Said::Took);
    }
}
