//! What a stream is held open by, and whether it still may be.
//!
//! The holder is looked at in the database itself once the stream has joined the log, again when
//! the log tells of a change of him, and at the latest when his time is up. A cache has no say
//! here: between the look and the log nothing may slip through.

use std::time::Duration;

use domain::api_key::ApiKey;
use domain::event::Entry;
use domain::invoice::Invoice;
use domain::member::Member;
use domain::sign_in::SignIn;
use domain::stream_holder::{StreamHolder, key_holds_until, member_holds_until, payor_holds_until};
use domain::time::Timestamp;
use store::StoreError;

use crate::app::App;
use crate::http::error::{ApiError, Code};
use crate::realtime::wire::Ended;

pub struct Grant {
    pub holder: StreamHolder,
    /// The end of the bearer token that opened the stream itself, if one did.
    ends_at: Option<Timestamp>,
    /// The holder is good until then, unless the log tells of him.
    look_again_at: Timestamp,
}

impl Grant {
    /// Not looked at yet. `ends_at` is the end of a bearer token, which nothing renews.
    pub fn new(holder: StreamHolder, ends_at: Option<Timestamp>) -> Grant {
        Grant { holder, ends_at, look_again_at: Timestamp(0) }
    }

    pub fn is_due(&self, now: Timestamp) -> bool {
        now >= self.look_again_at
    }

    /// How long it need not be looked at, at most `most`.
    pub fn rest(&self, now: Timestamp, most: Duration) -> Duration {
        let ms = self.look_again_at.0.saturating_sub(now.0).max(1);
        Duration::from_millis(u64::try_from(ms).unwrap_or(1)).min(most)
    }

    /// Whether a log entry tells of the holder.
    pub fn is_told_of_in(&self, entry: &Entry) -> bool {
        self.holder.is_told_of_in(&entry.entry)
    }

    /// Looks at the holder; an error if the stream is over.
    pub async fn look(&mut self, app: &App) -> Result<(), Ended> {
        let now = app.now();
        let held = self.held_until(app, now).await?;
        let is_late = self.ends_at.is_some_and(|end| now >= end);
        let Some(until) = held.filter(|_| !is_late) else {
            return Err(Ended::Refused(self.refusal()));
        };
        self.look_again_at = self.ends_at.map_or(until, |end| end.min(until));
        Ok(())
    }

    async fn held_until(&self, app: &App, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let store = &app.store;
        Ok(match self.holder {
            StreamHolder::Key(id) => {
                let key = store.get::<ApiKey>(id.key()).await?;
                key.and_then(|key| key_holds_until(&key, now))
            }
            StreamHolder::Member { id, sign_in, role } => {
                let member = store.get::<Member>(id.key()).await?;
                let sign_in = store.get::<SignIn>(sign_in.key()).await?;
                let both = member.zip(sign_in);
                both.and_then(|(member, sign_in)| member_holds_until(&member, &sign_in, role, now))
            }
            StreamHolder::Payor { invoice, issued_at } => {
                let invoice = store.get::<Invoice>(invoice.key()).await?;
                invoice.and_then(|invoice| payor_holds_until(&invoice, issued_at, now))
            }
        })
    }

    fn refusal(&self) -> ApiError {
        let (code, message) = match self.holder {
            StreamHolder::Key(_) => (Code::ApiKeyInvalid, "The key was revoked or has expired"),
            StreamHolder::Member { .. } => {
                (Code::TokenInvalid, "The sign-in of this stream has ended")
            }
            StreamHolder::Payor { .. } => {
                (Code::TokenInvalid, "The session of this stream has ended")
            }
        };
        ApiError::new(code, message)
    }
}
