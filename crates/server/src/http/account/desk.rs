//! Where passwords are compared: slowly on purpose, so never many at once.
//!
//! E-mails that nobody has are counted and locked like those somebody has, so that no answer
//! tells which exist. That count is this process's own and bounded.

use std::collections::HashMap;
use std::sync::Mutex;

use domain::ids::{Fresh, MerchantId, RowKey};
use domain::member::{Member, PasswordIs, Role, Verdict};
use domain::password;
use domain::secret::{Entropy, Secret};
use domain::time::Timestamp;
use tokio::sync::Semaphore;

use crate::http::error::{ApiError, Code};

/// Each comparison takes 19 MiB and some milliseconds of a core.
const AT_ONCE_MAX: usize = 2;
const STRANGERS_MAX: usize = 10_000;

pub struct SignInDesk {
    permits: Semaphore,
    strangers: Mutex<HashMap<RowKey, Member>>,
}

impl Default for SignInDesk {
    fn default() -> Self {
        SignInDesk { permits: Semaphore::new(AT_ONCE_MAX), strangers: Mutex::default() }
    }
}

impl SignInDesk {
    /// Compares a password with a hash; without a hash as slowly, and in vain.
    pub async fn compare(
        &self,
        given: &Secret,
        hash: Option<&str>,
    ) -> Result<PasswordIs, ApiError> {
        let stored = hash.unwrap_or(password::decoy_hash()).to_owned();
        let given = given.clone();
        let compare = move || password::verify(given.expose(), &stored);
        let is_right = self.slowly(compare).await? && hash.is_some();
        Ok(if is_right { PasswordIs::Right } else { PasswordIs::Wrong })
    }

    pub async fn hash(&self, given: &Secret, entropy: Entropy) -> Result<String, ApiError> {
        let given = given.clone();
        self.slowly(move || password::hash(given.expose(), &entropy)).await
    }

    async fn slowly<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ApiError> {
        let _permit = self.permits.acquire().await.expect("the semaphore is never closed");
        tokio::task::spawn_blocking(work).await.map_err(|error| {
            tracing::error!(%error, "hashing a password failed");
            ApiError::new(Code::InternalServerError, "Something went wrong on our side")
        })
    }

    /// Whether an e-mail nobody has is locked by now; `None` if it may be tried.
    pub fn stranger_lock(&self, email: RowKey, now: Timestamp) -> Option<u64> {
        let strangers = self.strangers.lock().expect("no panic holds this lock");
        let stranger = strangers.get(&email).filter(|stranger| stranger.is_locked(now))?;
        Some(stranger.locked_seconds(now))
    }

    /// Counts a failure of an e-mail nobody has.
    pub fn count_stranger(&self, email: RowKey, mut fresh: Fresh) {
        let now = fresh.now();
        let mut strangers = self.strangers.lock().expect("no panic holds this lock");
        if strangers.len() >= STRANGERS_MAX {
            strangers.retain(|_, stranger| stranger.is_locked(now));
        }
        if strangers.len() >= STRANGERS_MAX {
            return;
        }
        let new = || Member::new(MerchantId::HOUSE, "", Role::Support, &mut fresh);
        let stranger = strangers.remove(&email).unwrap_or_else(new);
        if let Verdict::Refused(stranger) = stranger.judge(PasswordIs::Wrong, None, None, now) {
            strangers.insert(email, stranger);
        }
    }
}
