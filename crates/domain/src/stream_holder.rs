//! Who holds an event stream open: a key, a member's sign-in, or a payor's session.
//!
//! A stream outlives the moment its holder was checked, so it remembers who that was. The rules
//! here say whether he still may listen; a stream never outlasts its holder, only its token.

use serde::{Deserialize, Serialize};

use crate::api_key::ApiKey;
use crate::event::{EntryKind, NewEntry, Notice};
use crate::ids::{ApiKeyId, InvoiceId, MemberId, SignInId};
use crate::invoice::Invoice;
use crate::member::{Member, Role};
use crate::session::AFTER_FINAL_MS;
use crate::sign_in::SignIn;
use crate::time::{DAY_MS, Timestamp};

/// Who opened a stream, or had its token made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StreamHolder {
    Key(ApiKeyId),
    Member {
        id: MemberId,
        sign_in: SignInId,
        /// The role he had then.
        role: Role,
    },
    Payor {
        invoice: InvoiceId,
        /// When his session was issued: those issued too early are revoked.
        issued_at: Timestamp,
    },
}

/// Whether the log may tell in such an entry that somebody's stream is over.
pub fn may_end_streams(kind: EntryKind) -> bool {
    match kind {
        EntryKind::Notice(Notice::KeyChanged | Notice::MemberChanged | Notice::SessionsRevoked) => {
            true
        }
        EntryKind::Notice(
            Notice::MerchantChanged
            | Notice::TokenRuleChanged
            | Notice::WebhookEndpointChanged
            | Notice::ProductChanged
            | Notice::StockTaken,
        )
        | EntryKind::Event(_) => false,
    }
}

impl StreamHolder {
    /// Whether a log entry tells of a change of this holder.
    pub fn is_told_of_in(&self, entry: &NewEntry) -> bool {
        let key = match self {
            StreamHolder::Key(id) => id.key(),
            StreamHolder::Member { id, .. } => id.key(),
            StreamHolder::Payor { invoice, .. } => invoice.key(),
        };
        may_end_streams(entry.kind) && entry.subject.object_id == Some(key)
    }
}

/// Until when a key's streams need not be looked at again, unless the log tells of the key; none
/// if they are over.
pub fn key_holds_until(key: &ApiKey, now: Timestamp) -> Option<Timestamp> {
    let later = now.plus_ms(DAY_MS);
    key.is_usable(now).then(|| key.expires_at.map_or(later, |end| end.min(later)))
}

/// The same for a member: he must be signed in still, and in no lower role than he was.
pub fn member_holds_until(
    member: &Member,
    sign_in: &SignIn,
    role: Role,
    now: Timestamp,
) -> Option<Timestamp> {
    let is_good = member.is_active && member.role >= role && sign_in.is_open(now);
    let is_his = sign_in.member_id == member.id;
    (is_good && is_his).then(|| sign_in.expires_at.min(now.plus_ms(DAY_MS)))
}

/// The same for a payor: sessions outlive their invoice's end by a while, and not a revocation.
pub fn payor_holds_until(
    invoice: &Invoice,
    issued_at: Timestamp,
    now: Timestamp,
) -> Option<Timestamp> {
    let is_good = invoice.admits_sessions(now) && issued_at >= invoice.sessions_from;
    is_good.then(|| invoice.final_at.unwrap_or(now).plus_ms(AFTER_FINAL_MS))
}
