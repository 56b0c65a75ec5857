//! How asking one node can end without an answer, and what follows from it for the other nodes.
//!
//! Whether a refusal is the node's own weakness (it forgot, it is behind, it has had enough of us)
//! or lies in the question is told by codes and words that nodes are known to use.
//!
//! Invariant: nothing here names a URL; a node's own words are cleaned before they come here.

use std::time::Duration;

use thiserror::Error;

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(super) enum Failure {
    #[error("cannot be reached")]
    Unreachable,
    #[error("has no valid TLS certificate")]
    Tls,
    #[error("does not answer in time")]
    TimedOut,
    #[error("ended the connection too early")]
    Broken,
    #[error("answers HTTP status {0}")]
    Status(u16),
    #[error("answers more than {0} bytes")]
    TooLarge(usize),
    #[error("answers garbage: {0}")]
    Garbage(&'static str),
    #[error("wants fewer requests")]
    TooManyRequests { retry_after: Option<Duration>, refusal: Option<Refusal> },
    #[error("has too many of our requests waiting")]
    Busy,
    #[error("refuses: {} ({})", .0.message, .0.code)]
    Refused(Refusal),
}

/// What a node said instead of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub code: i64,
    pub message: String,
    pub another: Another,
}

impl Failure {
    /// The same without what a node's words must not repeat.
    pub fn cleaned(self, clean: impl Fn(&str) -> String) -> Failure {
        let cleaned = |refusal: Refusal| {
            let message = clean(&refusal.message);
            Refusal { message, ..refusal }
        };
        match self {
            Failure::Refused(refusal) => Failure::Refused(cleaned(refusal)),
            Failure::TooManyRequests { retry_after, refusal } => {
                Failure::TooManyRequests { retry_after, refusal: refusal.map(cleaned) }
            }
            Failure::Unreachable
            | Failure::Tls
            | Failure::TimedOut
            | Failure::Broken
            | Failure::Status(_)
            | Failure::TooLarge(_)
            | Failure::Garbage(_)
            | Failure::Busy => self,
        }
    }
}

/// Whether another node may know better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Another {
    WouldRefuseToo,
    MayAnswer,
    /// The node wants no requests of ours at all: the key is wrong, or the path.
    MayKnowUs,
}

const TOO_MANY_REQUESTS: [i64; 2] = [-32_005, 429];

/// Codes of a node that does not have what others may have: an internal error, EIP-1474's
/// "resource not found" and "unavailable", Solana's "block cleaned up", "not available for slot",
/// "status not yet available" and "minimum context slot not reached".
const NOT_HERE: [i64; 6] = [-32_603, -32_001, -32_002, -32_004, -32_014, -32_016];

/// Words of a node that says "not here" with the code for everything.
const NOT_HERE_WORDS: [&str; 8] = [
    "header not found",
    "missing trie node",
    "block not found",
    "unknown block",
    "is not available",
    "not yet available",
    "pruned",
    "behind",
];

/// Words about a question that asks for too much; some nodes use the code for too many requests.
const TOO_WIDE_WORDS: [&str; 5] = ["result", "range", "response size", "blocks", "logs"];

/// A JSON-RPC error.
pub(super) fn refused_call(code: i64, message: String) -> Failure {
    let words = message.to_lowercase();
    let says = |known: &[&str]| known.iter().any(|known| words.contains(known));
    if TOO_MANY_REQUESTS.contains(&code) && !says(&TOO_WIDE_WORDS) {
        let refusal = Refusal { code, message, another: Another::MayAnswer };
        return Failure::TooManyRequests { retry_after: None, refusal: Some(refusal) };
    }
    let is_not_here = NOT_HERE.contains(&code)
        || TOO_MANY_REQUESTS.contains(&code)
        || (code == -32_000 && says(&NOT_HERE_WORDS));
    let another = if is_not_here { Another::MayAnswer } else { Another::WouldRefuseToo };
    Failure::Refused(Refusal { code, message, another })
}

/// An HTTP status 4xx.
pub(super) fn refused_status(status: u16, message: String) -> Failure {
    let another = match status {
        401 | 402 | 403 | 407 => Another::MayKnowUs,
        _ => Another::WouldRefuseToo,
    };
    Failure::Refused(Refusal { code: i64::from(status), message, another })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_tells_whether_another_node_may_answer() {
        for (code, message, expected) in [
            (-32_602, "invalid params", Another::WouldRefuseToo),
            (-32_000, "execution reverted", Another::WouldRefuseToo),
            (-32_000, "Header not found", Another::MayAnswer),
            (-32_000, "missing trie node abc", Another::MayAnswer),
            (-32_603, "internal error", Another::MayAnswer),
            (-32_005, "query returned more than 10000 results", Another::MayAnswer),
        ] {
            let Failure::Refused(refusal) = refused_call(code, message.to_owned()) else {
                panic!("{message} is no refusal");
            };
            assert_eq!(refusal.another, expected, "{message}");
        }
        for (code, message) in [(429, "slow down"), (-32_005, "daily request count exceeded")] {
            let failure = refused_call(code, message.to_owned());
            assert!(matches!(failure, Failure::TooManyRequests { .. }), "{message}");
        }
    }
}
