//! Which endpoints this process sends to: 64 slots by hash, leased one by one.
//!
//! Each slot belongs to the live process that draws the highest number for it, so that processes
//! share the work evenly and few slots move when one comes or goes. A slot is leased when something
//! waits in it. One that has come to belong to another is let go once nothing of it is on its way.

use std::collections::BTreeMap;

use domain::ids::{EndpointId, RowKey};
use domain::slot::LEASE_MS;
use domain::time::Timestamp;
use store::StoreError;

use crate::app::App;
use crate::workers::lease::Lease;

const SLOTS: usize = 64;

/// The number of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SlotNumber(usize);

impl SlotNumber {
    pub fn of(endpoint: EndpointId) -> SlotNumber {
        SlotNumber(usize::from(endpoint.key().0[15]) % SLOTS)
    }
}

struct Held {
    lease: Lease,
    /// Until when the lease stands for certain; what begins later needs it renewed.
    certain_until: Timestamp,
}

#[derive(Default)]
pub(super) struct Slots {
    held: BTreeMap<SlotNumber, Held>,
    live: Vec<RowKey>,
    owners: Vec<RowKey>,
}

impl Slots {
    /// Learns which processes are alive, and by that whose each slot is.
    pub async fn share(&mut self, app: &App) -> Result<(), StoreError> {
        let mut live = app.store.live_processes().await?;
        if !live.contains(&app.process) {
            live.push(app.process);
        }
        if live != self.live {
            self.owners = (0..SLOTS).map(|slot| owner(&live, slot)).collect();
            self.live = live;
        }
        Ok(())
    }

    /// Whether a slot is this process's, held by now or not.
    pub fn is_ours(&self, app: &App, slot: SlotNumber) -> bool {
        self.owners.get(slot.0) == Some(&app.process)
    }

    /// Takes or renews a slot; false: it belongs to another process, or another still holds it.
    pub async fn hold(&mut self, app: &App, slot: SlotNumber) -> Result<bool, StoreError> {
        if !self.is_ours(app, slot) {
            return Ok(false);
        }
        let fresh = || Held { lease: lease(slot), certain_until: Timestamp(0) };
        let held = self.held.entry(slot).or_insert_with(fresh);
        let now = app.now();
        match held.lease.hold(app).await {
            Ok(true) => {
                held.certain_until = now.plus_ms(LEASE_MS / 2);
                Ok(true)
            }
            Ok(false) => {
                held.certain_until = Timestamp(0);
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// Whether an attempt may begin now.
    pub fn may_begin(&self, app: &App, slot: SlotNumber) -> bool {
        let now = app.now();
        self.is_ours(app, slot) && self.held.get(&slot).is_some_and(|held| now < held.certain_until)
    }

    /// What is held of the slots that belong to others by now.
    pub fn leaving(&self, app: &App) -> Vec<SlotNumber> {
        self.held.keys().copied().filter(|slot| !self.is_ours(app, *slot)).collect()
    }

    pub async fn release(&mut self, app: &App, slot: SlotNumber) {
        if let Some(mut held) = self.held.remove(&slot) {
            held.lease.release(app).await;
        }
    }

    pub async fn release_all(&mut self, app: &App) {
        for (_, mut held) in std::mem::take(&mut self.held) {
            held.lease.release(app).await;
        }
    }
}

fn lease(slot: SlotNumber) -> Lease {
    Lease::new("webhooks", i64::try_from(slot.0).expect("below 64"))
}

fn owner(live: &[RowKey], slot: usize) -> RowKey {
    let number = |process: &RowKey| {
        let slot = (slot as u64).to_be_bytes();
        RowKey::of("webhook_share", &[&process.0, &slot])
    };
    *live.iter().max_by_key(|process| number(process)).expect("this process is alive")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_process_has_its_share_and_few_slots_move() {
        let names: Vec<RowKey> = (0..4).map(RowKey::of_integer).collect();
        let owners =
            |live: &[RowKey]| -> Vec<RowKey> { (0..SLOTS).map(|slot| owner(live, slot)).collect() };
        let (four, three) = (owners(&names), owners(&names[..3]));
        for name in &names {
            let share = four.iter().filter(|owner| *owner == name).count();
            assert!((6..=30).contains(&share), "{share} of {SLOTS}");
        }
        for (before, after) in four.iter().zip(three) {
            assert!(*before == names[3] || *before == after);
        }
    }
}
