//! A slot: a share of one kind of work, leased by one process at a time.
//!
//! The lease is a row with owner, deadline and version. Leased work guards with the version it
//! was leased at, so that a process that lost its lease cannot commit (fencing).

use crate::changes::{Changes, Noun};
use crate::ids::{MerchantId, RowKey, Version};
use crate::time::Timestamp;

pub const LEASE_MS: i64 = 15_000;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    pub key: RowKey,
    /// Which process holds it.
    pub owner: RowKey,
    pub until: Timestamp,
    pub version: Version,
}

impl Slot {
    pub fn key(&self) -> RowKey {
        self.key
    }

    pub fn row_key(kind: &str, number: i64) -> RowKey {
        RowKey::of("slot", &[kind.as_bytes(), &number.to_be_bytes()])
    }

    /// Takes or extends the lease, if nobody else holds it now.
    pub fn lease(
        known: Option<Slot>,
        key: RowKey,
        owner: RowKey,
        now: Timestamp,
    ) -> Option<Changes> {
        let until = now.plus_ms(LEASE_MS);
        let mut changes = Changes::of(MerchantId::HOUSE);
        match known {
            None => changes.insert(Slot { key, owner, until, version: 0 }),
            Some(slot) if slot.owner != owner && now < slot.until => return None,
            Some(mut slot) => {
                (slot.owner, slot.until) = (owner, until);
                changes.update(slot);
            }
        }
        Some(changes)
    }

    /// Fences `changes`: they commit only while this lease stands.
    pub fn fence(&self, changes: &mut Changes) {
        changes.guard(Noun::Slot, self.key, self.version);
    }
}
