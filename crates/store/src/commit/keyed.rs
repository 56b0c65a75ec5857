//! Maps by row key for the one group at hand.
//!
//! Keys are UUIDs and digests, so their own bytes are hash enough: folding them costs a tenth of
//! the standard hash, which is asked for several times a row. Somebody who makes keys collide on
//! purpose slows down one group, which is bounded; such maps must not outlive a group.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

pub(crate) type KeyMap<K, V> = HashMap<K, V, BuildHasherDefault<Fold>>;
pub(crate) type KeySet<K> = HashSet<K, BuildHasherDefault<Fold>>;

/// An odd number without a pattern: spreads what differs in a few bits over all of them.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

#[derive(Default)]
pub(crate) struct Fold(u64);

impl Fold {
    fn add(&mut self, word: u64) {
        let mixed = (self.0 ^ word).wrapping_mul(SPREAD);
        self.0 = mixed ^ (mixed >> 32);
    }
}

impl Hasher for Fold {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.add(u64::from_le_bytes(word));
        }
    }

    fn write_usize(&mut self, number: usize) {
        self.add(number as u64);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
