//! What a block's bloom filter says about the logs it may hold.
//!
//! Asked for a range, a node that has not indexed its newest blocks answers «no logs» instead of an
//! error, and a payment would be lost without a trace. The filter is part of the block itself: if
//! it speaks of a token's transfers and none came, the block's logs are asked for once more.
//!
//! Invariant: a filter never misses a log that is there; it may well speak of one that is not.

use sha3::{Digest, Keccak256};

use super::wire::{Account, Fixed, Hash};

/// Where a contract or a topic leaves its three marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marks([usize; 3]);

impl Marks {
    pub fn of_contract(contract: Account) -> Marks {
        Marks::of(&contract.0)
    }

    pub fn of_topic(topic: Hash) -> Marks {
        Marks::of(&topic.0)
    }

    fn of(bytes: &[u8]) -> Marks {
        let hash = Keccak256::digest(bytes);
        let mark = |at: usize| usize::from(u16::from_be_bytes([hash[at], hash[at + 1]])) % 2048;
        Marks([mark(0), mark(2), mark(4)])
    }

    pub fn are_in(self, bloom: &Fixed<256>) -> bool {
        self.0.iter().all(|mark| bloom.0[255 - mark / 8] & (1 << (mark % 8)) != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filter_of_a_real_block_holds_its_log_and_nothing_else() {
        let contract = Fixed([0x5f; 20]);
        let mut bloom = Fixed([0; 256]);
        assert!(!Marks::of_contract(contract).are_in(&bloom));
        for mark in Marks::of_contract(contract).0 {
            bloom.0[255 - mark / 8] |= 1 << (mark % 8);
        }
        assert!(Marks::of_contract(contract).are_in(&bloom));
        assert!(!Marks::of_contract(Fixed([0x60; 20])).are_in(&bloom));
        assert!(Marks::of_contract(Fixed([0x60; 20])).are_in(&Fixed([0xff; 256])));
    }
}
