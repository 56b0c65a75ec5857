//! A send: one outgoing transaction out of one of our addresses, from the intent to its end.
//!
//! `held → planned → signed → broadcast → confirmed | failed`, with `unknown` while nobody can tell
//! whether the nodes took it, and `exported` where the operator signs. What is signed is a row
//! before it is broadcast; it ends only by what a chain includes for good, or never can.
//!
//! Invariant: all attempts of a send share one nonce, or an attempt begins only after those before
//! it are gone for good. So at most one of them ever moves the money.

mod close;
mod limits;
mod vanish;
mod view;

pub use close::{Closing, Ending, Touched, TurningDown, close, turn_down};
pub use limits::{Counted, Limits, SpeedLimit, ceilings, count_against, limit_keys};
pub use vanish::{NotFinal, vanish};
pub use view::{PlannedTransfer, SendView};

use serde::{Deserialize, Serialize};

use crate::environment::Environment;
use crate::ids::{
    Fresh, MerchantId, PaymentId, RefundId, RowKey, SendId, SettlementId, TransferId, Version,
};
use crate::ledger::{Account, AccountKind, Asset};
use crate::money::{TokenAmount, Usd};
use crate::network::Network;
use crate::refusal::Refusal;
use crate::time::{SECOND_MS, Timestamp};
use crate::token::{Token, TokenId};

/// How often a plan that its network would refuse is tried before it counts as failed.
pub const PLANS_MAX: i64 = 8;
/// How often the network is asked what became of a transaction.
pub const FOLLOW_MS: i64 = SECOND_MS;
/// How long a transaction may be silent before a person's word is taken for it.
pub const RELEASE_AFTER_MS: i64 = 24 * 3_600 * SECOND_MS;
/// How soon a final transaction that was not found is looked for again.
const MISSED_MS: i64 = 60 * SECOND_MS;
const WAIT_MS: i64 = 15 * SECOND_MS;
const WAIT_DOUBLINGS_MAX: u32 = 5;
/// How long what was final is looked at again, and how soon at first; each look waits as long as
/// all before it, so that a day takes a dozen.
pub const RECHECK_MS: i64 = 24 * 3_600 * SECOND_MS;
const RECHECK_FIRST_MS: i64 = 60 * SECOND_MS;
/// Attempts that are kept: more replacements than any cap on fees allows.
pub const ATTEMPTS_MAX: usize = 32;

/// What a send is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    Settlement(SettlementId),
    /// What arrived over a route goes on to the merchant.
    Delivery(SettlementId),
    Refund(RefundId),
    /// Coin for the address of another send, which pays its fee with it.
    Gas {
        of: SendId,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SendStatus {
    /// A human has to approve what it belongs to.
    Held,
    Planned,
    /// There is a signed transaction, which no node was given yet.
    Signed,
    Broadcast,
    /// Nobody can tell whether a node took it: it is followed, and given to them again.
    Unknown,
    /// The operator signs and sends it.
    Exported,
    Confirmed,
    Failed,
    Canceled,
}

impl SendStatus {
    pub fn is_open(self) -> bool {
        match self {
            SendStatus::Held
            | SendStatus::Planned
            | SendStatus::Signed
            | SendStatus::Broadcast
            | SendStatus::Unknown
            | SendStatus::Exported => true,
            SendStatus::Confirmed | SendStatus::Failed | SendStatus::Canceled => false,
        }
    }

    /// Whether a signed transaction of it may still be included.
    pub fn is_signed(self) -> bool {
        match self {
            SendStatus::Signed | SendStatus::Broadcast | SendStatus::Unknown => true,
            SendStatus::Held
            | SendStatus::Planned
            | SendStatus::Exported
            | SendStatus::Confirmed
            | SendStatus::Failed
            | SendStatus::Canceled => false,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptState {
    Signed,
    Broadcast,
    Unknown,
    /// Another one with its nonce is to go instead; should it be included all the same, it counts.
    Replaced,
    Included,
    /// It can never be included.
    Gone,
}

/// One signed transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    pub tx_hash: String,
    pub nonce: Option<u64>,
    /// The signed bytes and what bounds their life, as the network's sender reads them.
    pub prepared: String,
    pub state: AttemptState,
    pub signed_at: Timestamp,
}

/// A part of a payment's tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    pub payment_id: PaymentId,
    pub amount: TokenAmount,
}

/// The address of ours that money leaves, and how its key is found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The derivation index; none: the gas wallet.
    pub index: Option<u32>,
    pub address: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Send {
    pub id: SendId,
    pub merchant_id: MerchantId,
    pub environment: Environment,
    pub network: Network,
    pub token_id: TokenId,
    pub purpose: Purpose,
    pub from: Source,
    pub to: String,
    pub amount: TokenAmount,
    pub value: Usd,
    /// The payments whose tokens these are.
    pub parts: Vec<Part>,
    pub hold_id: Option<TransferId>,
    pub status: SendStatus,
    pub attempts: Vec<Attempt>,
    /// Why it waits, in words for the operator and the merchant.
    pub complaint: Option<String>,
    pub tries: i64,
    /// When the worker looks at it next; none: not by itself.
    pub due_at: Option<Timestamp>,
    /// When the newest attempt was first given to the nodes.
    pub broadcast_at: Option<Timestamp>,
    pub tx_hash: Option<String>,
    /// When it was final here.
    #[serde(default)]
    pub confirmed_at: Option<Timestamp>,
    /// Since when a final one is not found, by looks that may have met a node that lags.
    #[serde(default)]
    pub missed_since: Option<Timestamp>,
    /// When it was found to be on its chain no more, though it had been final. From then on
    /// nothing of it is signed under another nonce or blockhash by itself.
    #[serde(default)]
    pub vanished_at: Option<Timestamp>,
    /// In the network's own coin.
    pub fee_paid: Option<TokenAmount>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    #[serde(skip)]
    pub version: Version,
}

/// What is to be sent, before it has an id.
#[derive(Clone, Debug)]
pub struct SendAsk {
    pub merchant_id: MerchantId,
    pub environment: Environment,
    pub network: Network,
    pub token_id: TokenId,
    pub purpose: Purpose,
    pub from: Source,
    pub to: String,
    pub amount: TokenAmount,
    pub value: Usd,
    pub parts: Vec<Part>,
    pub status: SendStatus,
}

/// What follows from not finding a transaction that was final.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missed {
    Again(Box<Send>),
    Gone,
}

/// What the nodes said when they were given a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    Taken,
    /// Refused or no answer: neither proves anything.
    Unclear(String),
}

impl Send {
    pub fn key(&self) -> RowKey {
        self.id.key()
    }

    pub fn plan(ask: SendAsk, fresh: &mut Fresh) -> Send {
        let now = fresh.now();
        Send {
            id: SendId::fresh(fresh),
            merchant_id: ask.merchant_id,
            environment: ask.environment,
            network: ask.network,
            token_id: ask.token_id,
            purpose: ask.purpose,
            from: ask.from,
            to: ask.to,
            amount: ask.amount,
            value: ask.value,
            parts: ask.parts,
            hold_id: None,
            due_at: (ask.status == SendStatus::Planned).then_some(now),
            status: ask.status,
            attempts: Vec::new(),
            complaint: None,
            tries: 0,
            broadcast_at: None,
            tx_hash: None,
            confirmed_at: None,
            missed_since: None,
            vanished_at: None,
            fee_paid: None,
            created_at: now,
            updated_at: now,
            version: 0,
        }
    }

    pub fn token(&self) -> Option<&'static Token> {
        Token::by_id(self.token_id)
    }

    /// An account of its merchant's, in its token.
    pub(crate) fn account_of(&self, kind: AccountKind) -> Account {
        Account {
            merchant_id: self.merchant_id,
            environment: self.environment,
            kind,
            asset: Asset::Token { network: self.network, token_id: self.token_id },
            owner: None,
        }
    }

    /// What finds the open sends that belong to a settlement, a refund or another send.
    pub fn parent(&self) -> RowKey {
        match self.purpose {
            Purpose::Settlement(id) | Purpose::Delivery(id) => id.key(),
            Purpose::Refund(id) => id.key(),
            Purpose::Gas { of } => of.key(),
        }
    }

    /// What finds the transactions of one account that are under way.
    pub fn account_key(environment: Environment, network: Network, address: &str) -> RowKey {
        let place = [environment.as_str().as_bytes(), network.as_str().as_bytes()];
        RowKey::of("account_of_sends", &[place[0], place[1], address.as_bytes()])
    }

    pub fn account(&self) -> RowKey {
        Send::account_key(self.environment, self.network, &self.from.address)
    }

    /// What only one send may ever own: a transaction of its network.
    pub fn transaction_key(&self, tx_hash: &str) -> RowKey {
        let place = [self.environment.as_str().as_bytes(), self.network.as_str().as_bytes()];
        RowKey::of("transaction_of_sends", &[place[0], place[1], tx_hash.as_bytes()])
    }

    /// The nonce it went with. No other send has it again, whatever a node tells.
    pub fn spent_nonce(&self) -> Option<u64> {
        let has_gone = self.status == SendStatus::Confirmed;
        self.included().filter(|_| has_gone).and_then(|attempt| attempt.nonce)
    }

    /// The nonce its attempts share, while one of them may be included.
    pub fn nonce(&self) -> Option<u64> {
        let is_live = |attempt: &&Attempt| attempt.state != AttemptState::Gone;
        self.attempts.iter().rev().find(is_live).and_then(|attempt| attempt.nonce)
    }

    /// The attempt that its chain has, as far as is known.
    pub fn included(&self) -> Option<&Attempt> {
        self.attempts.iter().find(|attempt| attempt.state == AttemptState::Included)
    }

    pub fn newest(&self) -> Option<&Attempt> {
        self.attempts.last()
    }

    /// A signed transaction is to be kept before anybody is given it.
    pub fn signed(mut self, attempt: Attempt, now: Timestamp) -> Send {
        for older in &mut self.attempts {
            if older.state != AttemptState::Gone {
                older.state = AttemptState::Replaced;
            }
        }
        self.attempts.push(attempt);
        self.status = SendStatus::Signed;
        self.broadcast_at = None;
        self.complaint = None;
        self.tries = 0;
        self.look_at(now, now)
    }

    /// The nodes were given the newest attempt.
    pub fn told(mut self, told: Told, now: Timestamp) -> Send {
        let (status, state) = match told {
            Told::Taken => {
                self.complaint = None;
                (SendStatus::Broadcast, AttemptState::Broadcast)
            }
            Told::Unclear(words) => {
                self.complaint = Some(words);
                (SendStatus::Unknown, AttemptState::Unknown)
            }
        };
        self.status = status;
        if let Some(newest) = self.attempts.last_mut() {
            newest.state = state;
        }
        self.broadcast_at = self.broadcast_at.or(Some(now));
        self.look_at(now.plus_ms(FOLLOW_MS), now)
    }

    /// Nothing to do yet: it is followed on.
    pub fn follow(self, now: Timestamp) -> Send {
        self.look_at(now.plus_ms(FOLLOW_MS), now)
    }

    /// Nothing can be done now, and why; longer and longer.
    pub fn wait(mut self, why: &str, now: Timestamp) -> Send {
        let doublings = u32::try_from(self.tries).unwrap_or(0).min(WAIT_DOUBLINGS_MAX);
        self.complaint = Some(why.to_owned());
        self.tries += 1;
        self.look_at(now.plus_ms(WAIT_MS << doublings), now)
    }

    /// A step with it went wrong, which says nothing of the send: it is looked at later and later,
    /// so that others have their turn. It is no try of its own.
    pub fn stumbled(mut self, now: Timestamp) -> Send {
        let last_ms = self.due_at.map_or(0, |at| self.updated_at.ms_until(at));
        let wait_ms = last_ms.saturating_mul(2).clamp(WAIT_MS, WAIT_MS << WAIT_DOUBLINGS_MAX);
        self.complaint =
            Some("A step with it went wrong, which the operator's log tells".to_owned());
        self.look_at(now.plus_ms(wait_ms), now)
    }

    /// Waits for something that is known to come soon, which is no failure of its own.
    pub fn await_for(mut self, why: &str, ms: i64, now: Timestamp) -> Send {
        self.complaint = Some(why.to_owned());
        self.look_at(now.plus_ms(ms), now)
    }

    /// None of its attempts can ever be included: it may be signed anew.
    pub fn all_gone(mut self, now: Timestamp) -> Send {
        for attempt in &mut self.attempts {
            attempt.state = AttemptState::Gone;
        }
        self.status = SendStatus::Planned;
        self.broadcast_at = None;
        self.wait("The transaction can never be included; it is signed anew", now)
    }

    /// There is no key here: the operator signs it.
    pub fn exported(mut self, now: Timestamp) -> Send {
        self.status = SendStatus::Exported;
        self.complaint = Some("Waits for the operator to sign it".to_owned());
        (self.due_at, self.updated_at) = (None, now);
        self
    }

    /// It is final, and stands where it stood: when it is looked at again, if ever.
    pub fn rechecked(mut self, now: Timestamp) -> Send {
        self.missed_since = None;
        self.due_at = self.confirmed_at.and_then(|since| next_recheck(since, now));
        self
    }

    /// It is final, and was not found where it stood. One look proves nothing; whether those that
    /// did not find it are enough to say that it is gone.
    pub fn missed(mut self, now: Timestamp) -> Missed {
        match self.missed_since {
            Some(since) if since.ms_until(now) >= MISSED_MS => Missed::Gone,
            Some(_) | None => {
                self.missed_since = self.missed_since.or(Some(now));
                self.due_at = Some(now.plus_ms(MISSED_MS));
                Missed::Again(Box::new(self))
            }
        }
    }

    /// Whether a person may say what became of it: it is his to send, or nodes have been silent
    /// about it for so long that nobody else will.
    pub fn may_be_released(&self, now: Timestamp) -> Result<(), Refusal> {
        let signed_at = self.newest().map(|attempt| attempt.signed_at);
        let is_old = signed_at.is_some_and(|at| at.ms_until(now) >= RELEASE_AFTER_MS);
        match self.status {
            SendStatus::Exported => Ok(()),
            SendStatus::Signed | SendStatus::Broadcast | SendStatus::Unknown => {
                let is_silent = is_old || self.vanished_at.is_some();
                let why = "it was signed less than a day ago, and is followed by itself";
                if is_silent { Ok(()) } else { Err(Refusal::SendNotReleasable(why)) }
            }
            SendStatus::Held | SendStatus::Planned => {
                Err(Refusal::SendNotReleasable("nothing of it is signed"))
            }
            SendStatus::Confirmed | SendStatus::Failed | SendStatus::Canceled => {
                Err(Refusal::SendNotReleasable("it has ended"))
            }
        }
    }

    /// What was held may go.
    pub fn released(mut self, now: Timestamp) -> Send {
        if self.status == SendStatus::Held {
            self.status = SendStatus::Planned;
            return self.look_at(now, now);
        }
        self
    }

    fn look_at(mut self, at: Timestamp, now: Timestamp) -> Send {
        (self.due_at, self.updated_at) = (Some(at), now);
        self
    }
}

/// When what is final since then is looked at next; none once it is old enough to be believed.
fn next_recheck(since: Timestamp, now: Timestamp) -> Option<Timestamp> {
    let age_ms = since.ms_until(now);
    let next_ms = age_ms.max(RECHECK_FIRST_MS);
    (age_ms < RECHECK_MS).then(|| now.plus_ms(next_ms))
}
