//! Where passwords are compared: slowly on purpose, so never many at once.
//!
//! E-mails that nobody has are counted and locked like those somebody has, so that no answer
//! tells which exist. That count is this process's own and bounded: with several processes
//! a member's failures add up in the store while a stranger's add up in each process apart, and a
//! restart forgets them. Somebody who compares many answers may learn from that; limits on the
//! attempts of an address are what slows him.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use domain::ids::{Fresh, MerchantId, RowKey};
use domain::member::{Member, PasswordIs, Role, Verdict};
use domain::password;
use domain::secret::{Entropy, Secret};
use domain::time::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::http::error::{ApiError, Code};

/// Each comparison takes 19 MiB and some milliseconds of a core.
const AT_ONCE_MAX: usize = 2;
const STRANGERS_MAX: usize = 10_000;
/// Resets that are being mailed; each is a commit and a file.
const RESETS_AT_ONCE_MAX: usize = 16;

pub struct SignInDesk {
    permits: Semaphore,
    resets: Arc<Semaphore>,
    strangers: Mutex<HashMap<RowKey, Stranger>>,
}

/// An e-mail nobody has, counted like a member.
struct Stranger {
    member: Member,
    failed_at: Timestamp,
}

impl Default for SignInDesk {
    fn default() -> Self {
        SignInDesk {
            permits: Semaphore::new(AT_ONCE_MAX),
            resets: Arc::new(Semaphore::new(RESETS_AT_ONCE_MAX)),
            strangers: Mutex::default(),
        }
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

    /// A place among the resets that are being mailed; none while all are taken.
    pub fn reset_permit(&self) -> Option<OwnedSemaphorePermit> {
        self.resets.clone().try_acquire_owned().ok()
    }

    /// Whether an e-mail nobody has is locked by now; `None` if it may be tried.
    pub fn stranger_lock(&self, email: RowKey, now: Timestamp) -> Option<u64> {
        let strangers = self.strangers.lock().expect("no panic holds this lock");
        let stranger = &strangers.get(&email)?.member;
        stranger.is_locked(now).then(|| stranger.locked_seconds(now))
    }

    /// Counts a failure of an e-mail nobody has.
    pub fn count_stranger(&self, email: RowKey, mut fresh: Fresh) {
        let now = fresh.now();
        let mut strangers = self.strangers.lock().expect("no panic holds this lock");
        if strangers.len() >= STRANGERS_MAX && !strangers.contains_key(&email) {
            // Whoever is not locked goes first, the oldest first. Looking at all of them takes far
            // less than the comparison that came before.
            let age = |stranger: &Stranger| (stranger.member.is_locked(now), stranger.failed_at);
            let oldest = strangers.iter().min_by_key(|(_, stranger)| age(stranger));
            if let Some(oldest) = oldest.map(|(email, _)| *email) {
                strangers.remove(&oldest);
            }
        }
        let known = strangers.get(&email).map(|stranger| stranger.member.clone());
        let new = || Member::new(MerchantId::HOUSE, "", Role::Support, &mut fresh);
        let member = known.unwrap_or_else(new);
        // Another attempt may have locked it meanwhile; then it stays as it is.
        if let Verdict::Refused(member) = member.judge(PasswordIs::Wrong, None, None, now) {
            strangers.insert(email, Stranger { member, failed_at: now });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn email(number: usize) -> RowKey {
        RowKey::of("stranger", &[&number.to_be_bytes()])
    }

    fn count(desk: &SignInDesk, number: usize, now_ms: i64) {
        desk.count_stranger(email(number), Fresh::new(Timestamp(now_ms), [1; 16]));
    }

    #[test]
    fn a_late_attempt_does_not_unlock() {
        let desk = SignInDesk::default();
        for _ in 0..7 {
            count(&desk, 0, 0);
        }
        assert_eq!(desk.stranger_lock(email(0), Timestamp(1)), Some(30));
    }

    #[test]
    fn when_full_the_oldest_who_is_not_locked_is_forgotten() {
        let desk = SignInDesk::default();
        for _ in 0..5 {
            count(&desk, 0, 0);
        }
        for number in 1..STRANGERS_MAX {
            count(&desk, number, 1);
        }
        for _ in 0..5 {
            count(&desk, STRANGERS_MAX, 2);
        }
        let is_locked = |number| desk.stranger_lock(email(number), Timestamp(3)).is_some();
        assert!(is_locked(0), "the oldest, but locked");
        assert!(is_locked(STRANGERS_MAX), "counted though it came when all places were taken");
        assert_eq!(desk.strangers.lock().expect("no panic").len(), STRANGERS_MAX);
    }
}
