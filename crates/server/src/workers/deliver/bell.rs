//! Tells the sender which endpoints have something new, within one process.
//!
//! A short cut and nothing more: the sender also looks for itself, after commits and once a second,
//! so a ring that is lost costs time, never a delivery.

use std::collections::HashSet;
use std::sync::Mutex;

use domain::ids::EndpointId;
use tokio::sync::Notify;

const RUNG_MAX: usize = 65_536;

#[derive(Default)]
pub struct Bell {
    rung: Mutex<HashSet<EndpointId>>,
    notify: Notify,
}

impl Bell {
    /// Something is to be sent to these, or no longer.
    pub fn ring(&self, endpoints: impl IntoIterator<Item = EndpointId>) {
        let mut rung = self.rung.lock().expect("no panic holds this lock");
        rung.extend(endpoints);
        if rung.len() > RUNG_MAX {
            // So many are found sooner by looking.
            rung.clear();
        }
        drop(rung);
        self.notify.notify_one();
    }

    pub(super) fn take(&self) -> HashSet<EndpointId> {
        std::mem::take(&mut *self.rung.lock().expect("no panic holds this lock"))
    }

    pub(super) async fn rings(&self) {
        self.notify.notified().await;
    }
}
