//! Turns at reading a file of products: so many at a time, and so many of one merchant.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::ids::MerchantId;

/// Files that one process reads at a time, and how many of them one merchant may send.
const AT_ONCE_MAX: usize = 4;
const OF_ONE_MERCHANT_MAX: usize = 2;

/// Whose files are being read.
#[derive(Clone, Default)]
pub struct Turns(Arc<Mutex<Vec<MerchantId>>>);

/// A turn; it ends when this is dropped.
pub struct Turn {
    turns: Turns,
    of: MerchantId,
}

impl Turns {
    /// None: others have to be through first.
    pub fn take(&self, of: MerchantId) -> Option<Turn> {
        let mut taken = self.taken();
        let own = taken.iter().filter(|one| **one == of).count();
        if taken.len() >= AT_ONCE_MAX || own >= OF_ONE_MERCHANT_MAX {
            return None;
        }
        taken.push(of);
        Some(Turn { turns: self.clone(), of })
    }

    fn taken(&self) -> MutexGuard<'_, Vec<MerchantId>> {
        // A list is whole between any two of its calls.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut taken = self.turns.taken();
        if let Some(at) = taken.iter().position(|one| *one == self.of) {
            taken.swap_remove(at);
        }
    }
}
