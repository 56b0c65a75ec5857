//! How many blocks one scan asks for: as many as the nodes take.
//!
//! Providers bound ranges by blocks, by results, by bytes or by time, and rarely say which. A
//! refusal halves the range; success lets it grow, fast at first and slowly near what was refused.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::rpc::RpcError;

const START_BLOCKS: u64 = 128;

/// The range that seems to be right now.
pub struct Width {
    blocks: AtomicU64,
    /// What was refused last.
    refused: AtomicU64,
    blocks_max: u64,
}

impl Width {
    pub fn new(blocks_max: u64) -> Width {
        let blocks_max = blocks_max.max(1);
        Width {
            blocks: AtomicU64::new(START_BLOCKS.min(blocks_max)),
            refused: AtomicU64::new(u64::MAX),
            blocks_max,
        }
    }

    pub fn blocks_max(&self) -> u64 {
        self.blocks_max
    }

    pub fn blocks(&self) -> u64 {
        self.blocks.load(Ordering::Relaxed).clamp(1, self.blocks_max)
    }

    pub fn refuse(&self, blocks: u64) {
        self.refused.store(blocks.max(2), Ordering::Relaxed);
        self.blocks.store((blocks / 2).max(1), Ordering::Relaxed);
    }

    /// Notes that so many blocks were answered. Less than what would have been asked for says
    /// nothing about more.
    pub fn accept(&self, blocks: u64) {
        let asked = self.blocks();
        if blocks < asked {
            return;
        }
        let refused = self.refused.load(Ordering::Relaxed);
        if blocks >= refused {
            self.refused.store(u64::MAX, Ordering::Relaxed);
        }
        let doubled = asked.saturating_mul(2);
        let grown = if doubled < refused { doubled } else { asked + asked / 16 + 1 };
        self.blocks.store(grown.min(self.blocks_max), Ordering::Relaxed);
    }
}

/// Whether a smaller question would have been answered.
pub fn is_too_wide(error: &RpcError) -> bool {
    let (code, text) = match error {
        RpcError::Refused { code, message } => (*code, message),
        RpcError::Unavailable(message) => (0, message),
    };
    const SIGNS: [&str; 15] = [
        "range",
        "limit",
        "too many",
        "more than",
        "too large",
        "too big",
        "too wide",
        "exceed",
        "timeout",
        "timed out",
        "in time",
        "too slow",
        "response size",
        "bytes",
        "10000",
    ];
    let text = text.to_ascii_lowercase();
    // -32005 is «limit exceeded» by EIP-1474, 413 is HTTP's «content too large».
    matches!(code, -32005 | 413) || SIGNS.iter().any(|sign| text.contains(sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_halves_and_success_grows_back() {
        let width = Width::new(2_000);
        assert_eq!(width.blocks(), 128);
        for expected in [256, 512, 1_024, 2_000, 2_000] {
            width.accept(width.blocks());
            assert_eq!(width.blocks(), expected);
        }
        width.refuse(2_000);
        width.refuse(1_000);
        assert_eq!(width.blocks(), 500);
        width.accept(500);
        assert_eq!(width.blocks(), 532);
        width.accept(100);
        assert_eq!(width.blocks(), 532);
        (0..40).for_each(|_| width.accept(width.blocks()));
        assert_eq!(width.blocks(), 2_000);
    }

    #[test]
    fn the_range_never_becomes_nothing() {
        let width = Width::new(0);
        width.refuse(1);
        width.refuse(0);
        assert_eq!(width.blocks(), 1);
    }

    #[test]
    fn providers_say_in_many_ways_that_a_range_is_too_wide() {
        let refused = |code, message: &str| RpcError::Refused { code, message: message.to_owned() };
        for error in [
            refused(-32005, "no"),
            refused(-32000, "query returned more than 10000 results"),
            refused(-32602, "eth_getLogs is limited to a 10,000 range"),
            refused(-32000, "block range is too wide"),
            refused(413, ""),
            RpcError::Unavailable("127.0.0.1:80: does not answer in time".to_owned()),
        ] {
            assert!(is_too_wide(&error), "{error}");
        }
        for error in [
            refused(-32601, "the method does not exist"),
            refused(-32000, "header not found"),
            RpcError::Unavailable("connection refused".to_owned()),
        ] {
            assert!(!is_too_wide(&error), "{error}");
        }
    }
}
