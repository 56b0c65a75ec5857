//! Retention: what is not kept for ever, and for how long it is.
//!
//! Money is: invoices, payments, ledger, audit and what leads to them are never swept. What is
//! listed here can no longer change an answer once its time has passed, so that forgetting it a
//! little later than said is always right, and a little earlier never is.

use crate::challenge::CHALLENGE_MS;
use crate::estimate::HELD_MS;
use crate::idempotency::KEPT_MS;
use crate::password::INVITATION_MS;
use crate::ramp_session::EXPIRES_IN_SECONDS_MAX;
use crate::time::{DAY_MS, HOUR_MS, SECOND_MS, Timestamp};

/// An answer is replayed for a day; an hour more for clocks that differ.
const IDEMPOTENCY_MS: i64 = KEPT_MS + HOUR_MS;
/// An invoice is open for at most 30 days and late for one more, and its sessions outlive it by a
/// day; what is left is room for an operator who looks into a complaint.
const INVOICE_TRAIL_MS: i64 = 45 * DAY_MS;
/// What belongs to signing in, after it can no longer matter.
const CREDENTIALS_AFTER_MS: i64 = 7 * DAY_MS;
/// The longest a ramp user's session opens anything.
const RAMP_SESSION_MS: i64 = EXPIRES_IN_SECONDS_MAX * SECOND_MS;
const SIMULATED_MS: i64 = 30 * DAY_MS;
/// An estimate is asked about again by whoever lost the answer to his order.
const ESTIMATE_MS: i64 = HELD_MS + 7 * DAY_MS;
/// Nobody came back to it. Its row tells only the day of its last change, so a day more.
const CART_MS: i64 = 91 * DAY_MS;

pub const EVENT_DAYS_DEFAULT: u32 = 30;
/// A webhook is tried again for up to 90 hours, and each time its event is read.
pub const EVENT_DAYS_MIN: u32 = 4;
pub const EVENT_DAYS_MAX: u32 = 36_500;

/// Rows that pass. The log passes too, but by its operator's setting and behind its followers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passing {
    Idempotency,
    Session,
    Quote,
    WalletChallenge,
    PasswordReset,
    SignIn,
    SimulatedTransaction,
    Delivery,
    DeliveryAttempt,
    /// Of a ramp user.
    RampSession,
    /// What became an order has been copied into it.
    Estimate,
    /// One that nobody changed for long.
    Cart,
}

impl Passing {
    pub const ALL: [Passing; 12] = [
        Passing::Idempotency,
        Passing::Session,
        Passing::Quote,
        Passing::WalletChallenge,
        Passing::PasswordReset,
        Passing::SignIn,
        Passing::SimulatedTransaction,
        Passing::Delivery,
        Passing::DeliveryAttempt,
        Passing::RampSession,
        Passing::Estimate,
        Passing::Cart,
    ];
}

/// How long everything is kept here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// What the operator chose for events and for what became of them.
    pub event_days: u32,
}

impl Retention {
    /// Since its creation; a sign-in is renewed at every use, so since it expired; a cart since
    /// its last change.
    pub fn kept_ms(self, passing: Passing) -> i64 {
        match passing {
            Passing::Idempotency => IDEMPOTENCY_MS,
            Passing::Session | Passing::Quote => INVOICE_TRAIL_MS,
            Passing::WalletChallenge => CHALLENGE_MS + CREDENTIALS_AFTER_MS,
            // Invitations are resets that last longer.
            Passing::PasswordReset => INVITATION_MS + CREDENTIALS_AFTER_MS,
            Passing::RampSession => RAMP_SESSION_MS + CREDENTIALS_AFTER_MS,
            Passing::SignIn => CREDENTIALS_AFTER_MS,
            Passing::Estimate => ESTIMATE_MS,
            Passing::Cart => CART_MS,
            Passing::SimulatedTransaction => SIMULATED_MS,
            Passing::Delivery | Passing::DeliveryAttempt => self.events_ms(),
        }
    }

    /// What is older than this moment may go.
    pub fn before(self, passing: Passing, now: Timestamp) -> Timestamp {
        now.plus_ms(-self.kept_ms(passing))
    }

    /// Events older than this moment may go.
    pub fn events_before(self, now: Timestamp) -> Timestamp {
        now.plus_ms(-self.events_ms())
    }

    fn events_ms(self) -> i64 {
        i64::from(self.event_days) * DAY_MS
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::SCHEDULE_MS_MAX;
    use crate::invoice::{EXPIRES_IN_MS_MAX, LATE_WINDOW_MS};
    use crate::session::AFTER_FINAL_MS;

    #[test]
    fn nothing_goes_while_it_can_matter() {
        let retention = Retention { event_days: EVENT_DAYS_DEFAULT };
        let kept_ms = |passing| retention.kept_ms(passing);
        assert!(kept_ms(Passing::Idempotency) > KEPT_MS);
        assert!(kept_ms(Passing::Session) > EXPIRES_IN_MS_MAX + LATE_WINDOW_MS + AFTER_FINAL_MS);
        assert!(kept_ms(Passing::Quote) >= kept_ms(Passing::Session));
        assert!(kept_ms(Passing::PasswordReset) > INVITATION_MS);
        let now = Timestamp(100 * DAY_MS);
        assert_eq!(retention.before(Passing::SignIn, now), Timestamp(93 * DAY_MS));
        assert_eq!(retention.before(Passing::Delivery, now), Timestamp(70 * DAY_MS));
        assert_eq!(retention.events_before(now), Timestamp(70 * DAY_MS));
        let shortest = Retention { event_days: EVENT_DAYS_MIN };
        assert!(shortest.kept_ms(Passing::Delivery) > SCHEDULE_MS_MAX);
    }
}
