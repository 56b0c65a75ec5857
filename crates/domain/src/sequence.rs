//! A sequence: numbers that are given out once, in blocks, to any number of processes.
//!
//! Deposit address indexes, numbers of merchants and of their webhook endpoints come from here. A
//! block that a process never used up is lost, never given out twice.

use crate::changes::Changes;
use crate::environment::Environment;
use crate::ids::{MerchantId, RowKey, Version};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sequence {
    pub key: RowKey,
    pub next: i64,
    pub version: Version,
}

impl Sequence {
    pub fn key(&self) -> RowKey {
        self.key
    }

    pub fn address_index_key(environment: Environment) -> RowKey {
        RowKey::of("sequence", &[b"address_index", environment.as_str().as_bytes()])
    }

    pub fn merchant_key() -> RowKey {
        RowKey::of("sequence", &[b"merchant"])
    }

    /// The numbers of settlements, of all merchants.
    pub fn settlement_key() -> RowKey {
        RowKey::of("sequence", &[b"settlement"])
    }

    /// The numbers of a merchant's webhook endpoints.
    pub fn webhook_endpoint_key(merchant_id: MerchantId) -> RowKey {
        RowKey::of("sequence", &[b"webhook_endpoint", &merchant_id.0.to_be_bytes()])
    }

    /// The numbers of a ramp user's addresses.
    pub fn ramp_address_key(user: RowKey) -> RowKey {
        RowKey::of("sequence", &[b"ramp_address", &user.0])
    }

    /// Takes `count` numbers: the first of them, and the change that takes them.
    pub fn take(known: Option<Sequence>, key: RowKey, start: i64, count: i64) -> (i64, Changes) {
        let mut changes = Changes::of(MerchantId::HOUSE);
        match known {
            None => {
                changes.insert(Sequence { key, next: start + count, version: 0 });
                (start, changes)
            }
            Some(mut sequence) => {
                let first = sequence.next;
                sequence.next += count;
                changes.update(sequence);
                (first, changes)
            }
        }
    }
}
