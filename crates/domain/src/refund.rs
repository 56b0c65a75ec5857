//! A refund: tokens of an invoice's payment that go back to an address the payor named.
//!
//! `in_review → created → submitted → sent`, `failed`, and `canceled` before anything was signed.
//! It gives back of the invoice's own payments and is drawn from whatever of the merchant's still
//! stands on our addresses in that token: the invoice's own first.
//!
//! Invariant: of a payment never more is given back than it brought; both sides are written at the
//! versions they were read at, so of two refunds that race one decides again.

mod view;

pub use view::RefundView;

use serde::{Deserialize, Serialize};

use crate::audit::Actor;
use crate::changes::Changes;
use crate::environment::Environment;
use crate::event::{EntryKind, EventType, NewEntry, Origin, Subject, created_data, updated_data};
use crate::ids::{Fresh, InvoiceId, MerchantId, PaymentId, RefundId, RowKey, Version};
use crate::invoice::{Invoice, InvoiceStatus, InvoiceType};
use crate::ledger::{AccountKind, TransferReason};
use crate::money::{TokenAmount, Usd, mul_div_floor};
use crate::network::Network;
use crate::payment::{Counting, Payment, Posting};
use crate::refusal::Refusal;
use crate::send::{Counted, Ending, Part, Purpose, Send, SendAsk, SendStatus, Source, Touched};
use crate::settlement::{ReviewReason, promise};
use crate::time::Timestamp;
use crate::token::{Token, TokenId};

/// Out of more addresses than this no refund is put together.
pub const SOURCES_MAX: usize = 32;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefundStatus {
    /// A human has to approve it.
    InReview,
    Created,
    /// A transaction of it is signed.
    Submitted,
    Sent,
    Failed,
    Canceled,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    pub id: RefundId,
    pub merchant_id: MerchantId,
    pub environment: Environment,
    pub invoice_id: InvoiceId,
    pub network: Network,
    pub token_id: TokenId,
    pub destination: String,
    pub amount: TokenAmount,
    pub value: Usd,
    pub status: RefundStatus,
    pub review: Option<ReviewReason>,
    pub requested_by: Actor,
    pub approved_by: Option<Actor>,
    /// The payments it gives back of.
    pub given: Vec<Part>,
    /// Whether what it gives back came off the invoice's amount paid.
    #[serde(default)]
    pub counting: Counting,
    /// What it holds of the velocity limits, until it has gone or never will.
    #[serde(default)]
    pub counted: Vec<Counted>,
    pub sends: usize,
    pub sends_ended: usize,
    pub amount_sent: TokenAmount,
    pub tx_hashes: Vec<String>,
    pub reason: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub sent_at: Option<Timestamp>,
    #[serde(skip)]
    pub version: Version,
}

/// Which part of what arrived may go back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// All that has not been given back.
    Arrived,
    /// What was paid too much, and no more.
    Overpaid,
}

/// A refund somebody asks for.
#[derive(Clone, Debug)]
pub struct RefundAsk<'a> {
    pub invoice: &'a Invoice,
    /// The one payment it is of; none: those of one token on the destination's network.
    pub payment_id: Option<PaymentId>,
    /// The one token it is of; none: whichever there is.
    pub token_id: Option<TokenId>,
    /// A decimal string in whole tokens; none: as much as may go back.
    pub amount: Option<&'a str>,
    pub network: Network,
    pub destination: &'a str,
    pub share: Share,
    pub by: Actor,
    pub origin: Origin,
}

/// What goes back, of which payments, before it is known what it is drawn from.
#[derive(Clone, Debug)]
pub struct Given {
    pub token: &'static Token,
    pub parts: Vec<Part>,
    pub amount: TokenAmount,
    pub value: Usd,
}

/// Decides how much of which payments goes back.
pub fn give_back(ask: &RefundAsk<'_>, payments: &[Payment]) -> Result<Given, Refusal> {
    let is_asked = |payment: &&Payment| {
        ask.payment_id.is_none_or(|id| id == payment.id)
            && ask.token_id.is_none_or(|id| payment.token_id == Some(id))
            && payment.network == ask.network
            && payment.refundable() > TokenAmount::ZERO
    };
    if let Some(id) = ask.payment_id
        && let Some(named) = payments.iter().find(|payment| payment.id == id)
        && named.network != ask.network
    {
        let message = "must be an address on the network the payment came over";
        return Err(Refusal::invalid("destination", message));
    }
    let mut asked: Vec<&Payment> = payments.iter().filter(is_asked).collect();
    let Some(token_id) = asked.first().and_then(|payment| payment.token_id) else {
        return Err(Refusal::NothingToRefund);
    };
    if asked.iter().any(|payment| payment.token_id != Some(token_id)) {
        let message = "must say which payment: several tokens arrived on this network";
        return Err(Refusal::invalid("payment_id", message));
    }
    let token = Token::by_id(token_id).ok_or(Refusal::NothingToRefund)?;
    // What came without counting goes first: nobody misses it.
    asked.sort_by_key(|payment| (payment.is_counted, std::cmp::Reverse(payment.id)));
    let most = match ask.share {
        Share::Arrived => TokenAmount(asked.iter().map(|payment| payment.refundable().0).sum()),
        Share::Overpaid => overpaid(ask.invoice, &asked),
    };
    let amount = match ask.amount {
        None => most,
        Some(text) => TokenAmount::parse(text, token.decimals)
            .map_err(|error| Refusal::invalid("amount", error.to_string()))?,
    };
    if amount == TokenAmount::ZERO {
        let refusal = Refusal::invalid("amount", "must be more than zero");
        return Err(if ask.amount.is_some() { refusal } else { Refusal::NothingToRefund });
    }
    if amount > most {
        return Err(Refusal::RefundTooLarge { most: most.decimal(token.decimals) });
    }
    let (mut parts, mut rest, mut value) = (Vec::new(), amount, Usd::ZERO);
    for payment in asked {
        let part = rest.min(payment.refundable());
        if part > TokenAmount::ZERO {
            value = value.plus(payment.worth(part));
            parts.push(Part { payment_id: payment.id, amount: part });
            rest.0 -= part.0;
        }
    }
    Ok(Given { token, parts, amount, value })
}

/// What was paid too much, in tokens of these payments, less what went back of them before.
fn overpaid(invoice: &Invoice, payments: &[&Payment]) -> TokenAmount {
    let uncounted: u128 =
        payments.iter().filter(|one| !one.is_counted).map(|one| one.refundable().0).sum();
    let counted: Vec<_> = payments.iter().filter(|one| one.is_counted).collect();
    let value: i64 = counted.iter().map(|one| one.value.0).sum();
    let arrived: u128 = counted.iter().map(|one| one.amount.0).sum();
    // What was taken off the amount paid was never paid too much.
    let gone = |one: &&&Payment| one.outflow.refunded.0.saturating_sub(one.outflow.uncounted.0);
    let gone: u128 = counted.iter().map(gone).sum();
    let over = invoice.amount_overpaid().0.min(value);
    let over = mul_div_floor(
        u128::try_from(over).unwrap_or(0),
        arrived,
        u128::try_from(value).unwrap_or(0).max(1),
    );
    TokenAmount(uncounted + over.unwrap_or(0).saturating_sub(gone))
}

/// Whether an invoice's money may be sent back by resolving it, and how much of it.
pub fn resolvable(invoice: &Invoice) -> Result<Share, Refusal> {
    match invoice.status {
        InvoiceStatus::Expired | InvoiceStatus::Underpaid | InvoiceStatus::Canceled => {
            Ok(Share::Arrived)
        }
        InvoiceStatus::Paid => Ok(Share::Overpaid),
        InvoiceStatus::Unpaid => Err(Refusal::NotResolvable),
    }
}

/// An address of ours with tokens of the merchant's on it.
#[derive(Clone, Debug)]
pub struct Drawn {
    pub source: Source,
    pub posting: Posting,
    pub parts: Vec<Part>,
}

/// Chooses what a refund is drawn from, in the order given; none if it is not enough.
pub fn draw_from(
    amount: TokenAmount,
    payments: &[Payment],
    index_of: &dyn Fn(&str) -> Option<u32>,
) -> Option<Vec<Drawn>> {
    let (mut drawn, mut rest): (Vec<Drawn>, _) = (Vec::new(), amount);
    for payment in payments {
        let amount = rest.min(payment.free());
        let Some(index) = index_of(&payment.to_address) else { continue };
        if amount == TokenAmount::ZERO {
            continue;
        }
        let part = Part { payment_id: payment.id, amount };
        let is_same = |one: &&mut Drawn| {
            one.source.address == payment.to_address && one.posting == payment.posting
        };
        let is_full = drawn.len() == SOURCES_MAX;
        match drawn.iter_mut().find(is_same) {
            Some(one) => one.parts.push(part),
            None if is_full => return None,
            None => drawn.push(Drawn {
                source: Source { index: Some(index), address: payment.to_address.clone() },
                posting: payment.posting,
                parts: vec![part],
            }),
        }
        rest.0 -= amount.0;
    }
    (rest == TokenAmount::ZERO).then_some(drawn)
}

/// Whether a refund goes at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Passage {
    /// It does, and is counted against the limits here.
    Open(Vec<Counted>),
    /// A human has to look at it first; nothing is counted until then.
    Held(ReviewReason),
}

/// Promises a refund: its row, its sends, their holds, and both sides of the payments.
pub fn create(
    ask: RefundAsk<'_>,
    given: Given,
    drawn: Vec<Drawn>,
    (mut payments, passage, head): (Touched, Passage, u64),
    fresh: &mut Fresh,
) -> (Refund, Changes) {
    let now = fresh.now();
    let invoice = ask.invoice;
    let mut changes = Changes::of(invoice.merchant_id);
    let (review, counted) = match passage {
        Passage::Open(counted) => (None, counted),
        Passage::Held(review) => (Some(review), Vec::new()),
    };
    let refund = Refund {
        id: RefundId::fresh(fresh),
        merchant_id: invoice.merchant_id,
        environment: invoice.environment,
        invoice_id: invoice.id,
        network: ask.network,
        token_id: given.token.id,
        destination: ask.destination.to_owned(),
        amount: given.amount,
        value: given.value,
        status: match review {
            Some(_) => RefundStatus::InReview,
            None => RefundStatus::Created,
        },
        review,
        requested_by: ask.by,
        approved_by: None,
        given: given.parts,
        counting: Counting::of_refund(invoice),
        counted,
        sends: drawn.len(),
        sends_ended: 0,
        amount_sent: TokenAmount::ZERO,
        tx_hashes: Vec::new(),
        reason: None,
        created_at: now,
        updated_at: now,
        sent_at: None,
        version: 0,
    };
    let mut counted = invoice.clone();
    for part in &refund.given {
        payments.change(part.payment_id, |payment| {
            payment.give_back(part.amount, refund.counting, Some(&mut counted));
        });
    }
    for one in drawn {
        let amount = TokenAmount(one.parts.iter().map(|part| part.amount.0).sum());
        let share = mul_div_floor(
            u128::try_from(given.value.0).unwrap_or(0),
            amount.0,
            given.amount.0.max(1),
        );
        for part in &one.parts {
            payments.change(part.payment_id, |payment| payment.draw(part.amount));
        }
        let send = SendAsk {
            merchant_id: refund.merchant_id,
            environment: refund.environment,
            network: refund.network,
            token_id: refund.token_id,
            purpose: Purpose::Refund(refund.id),
            from: one.source,
            to: refund.destination.clone(),
            amount,
            value: Usd(share.and_then(|micros| i64::try_from(micros).ok()).unwrap_or(i64::MAX)),
            parts: one.parts,
            status: match review {
                Some(_) => SendStatus::Held,
                None => SendStatus::Planned,
            },
        };
        let from = one.posting.account_kind();
        let moved = (from, AccountKind::Clearing, TransferReason::Refund);
        promise(send, moved, &mut changes, fresh);
    }
    payments.save(head, &mut changes, now);
    recounted(Some(counted), Some(invoice), ask.origin.clone(), &mut changes, now);
    let data = created_data(&refund.view());
    let entry = refund.entry(EventType::RefundCreated, data, Some(invoice), now);
    changes.tell(NewEntry { origin: ask.origin, ..entry });
    changes.insert(refund.clone());
    (refund, changes)
}

/// Writes the invoice if what counts as paid of it changed.
fn recounted(
    after: Option<Invoice>,
    before: Option<&Invoice>,
    origin: Origin,
    changes: &mut Changes,
    now: Timestamp,
) {
    if let (Some(after), Some(before)) = (after, before)
        && after != *before
    {
        after.record_updated(before, changes, origin, now);
    }
}

impl Refund {
    pub fn key(&self) -> RowKey {
        self.id.key()
    }

    /// A transaction of it was signed.
    pub fn submitted(self, invoice: Option<&Invoice>, changes: &mut Changes, now: Timestamp) {
        if self.status == RefundStatus::Created {
            let after = Refund { status: RefundStatus::Submitted, ..self.clone() };
            after.record_updated(&self, invoice, changes, now);
        }
    }

    /// Somebody looked at it, and it may go.
    pub fn approve(
        &self,
        (by, counted): (Actor, Vec<Counted>),
        invoice: Option<&Invoice>,
        changes: &mut Changes,
        now: Timestamp,
    ) -> Refund {
        let approved_by = Some(by);
        let status = RefundStatus::Created;
        let after = Refund { status, approved_by, counted, ..self.clone() };
        after.clone().record_updated(self, invoice, changes, now);
        after
    }

    /// Whether it may be taken back: nothing of it is signed.
    pub fn is_cancelable(&self) -> bool {
        matches!(self.status, RefundStatus::InReview | RefundStatus::Created)
    }

    /// Takes it back, with all its sends, none of which is signed.
    pub fn cancel(
        &self,
        invoice: Option<&Invoice>,
        payments: &mut Touched,
        changes: &mut Changes,
        now: Timestamp,
    ) -> Refund {
        let mut counted = invoice.cloned();
        for part in &self.given {
            payments.change(part.payment_id, |payment| {
                payment.keep(part.amount, self.counting, counted.as_mut());
            });
        }
        recounted(counted, invoice, Origin::default(), changes, now);
        let status = RefundStatus::Canceled;
        let mut after = Refund { status, sends_ended: self.sends, ..self.clone() };
        after.count_back(self.value, changes);
        after.clone().record_updated(self, invoice, changes, now);
        after
    }

    pub(crate) fn send_ended(
        self,
        (send, ending): (&Send, &Ending),
        (payments, invoice): (&mut Touched, Option<Invoice>),
        changes: &mut Changes,
        now: Timestamp,
    ) {
        let mut after = self.clone();
        let mut counted = invoice.clone();
        after.sends_ended += 1;
        match ending {
            Ending::Confirmed { tx_hash, .. } => {
                after.amount_sent.0 += send.amount.0;
                after.tx_hashes.push(tx_hash.clone());
            }
            Ending::Failed { why, .. } | Ending::GivenUp { why } => {
                after.reason = Some(why.clone());
            }
            Ending::Canceled => {}
        }
        if !matches!(ending, Ending::Confirmed { .. }) {
            after.count_back(send.value, changes);
            // What did not go is still owed, and may be asked for again.
            let mut rest = send.amount;
            for part in after.given.iter_mut().rev() {
                let back = rest.min(part.amount);
                rest.0 -= back.0;
                part.amount.0 -= back.0;
                payments.change(part.payment_id, |payment| {
                    payment.keep(back, self.counting, counted.as_mut());
                });
            }
        }
        recounted(counted, invoice.as_ref(), Origin::default(), changes, now);
        if after.sends_ended >= after.sends {
            let has_gone = after.amount_sent > TokenAmount::ZERO;
            after.status = if has_gone { RefundStatus::Sent } else { RefundStatus::Failed };
            if !has_gone {
                after.count_back(self.value, changes);
            }
            after.sent_at = has_gone.then_some(now);
        }
        after.record_updated(&self, invoice.as_ref(), changes, now);
    }

    /// One of its transactions that was final is on its chain no more.
    pub(crate) fn send_vanished(
        self,
        send: &Send,
        invoice: Option<&Invoice>,
        changes: &mut Changes,
        now: Timestamp,
    ) {
        let mut after = self.clone();
        after.sends_ended = after.sends_ended.saturating_sub(1);
        after.amount_sent.0 = after.amount_sent.0.saturating_sub(send.amount.0);
        after.tx_hashes.retain(|hash| Some(hash) != send.tx_hash.as_ref());
        (after.status, after.sent_at) = (RefundStatus::Submitted, None);
        after.record_updated(&self, invoice, changes, now);
    }

    /// What does not go is no longer counted against the limits.
    fn count_back(&mut self, value: Usd, changes: &mut Changes) {
        for counted in &mut self.counted {
            counted.give_back(value, changes);
        }
        self.counted.retain(|counted| counted.value > Usd::ZERO);
    }

    fn record_updated(
        mut self,
        before: &Refund,
        invoice: Option<&Invoice>,
        changes: &mut Changes,
        now: Timestamp,
    ) {
        self.updated_at = now;
        let data = updated_data(&before.view(), &self.view());
        changes.tell(self.entry(EventType::RefundUpdated, data, invoice, now));
        changes.update(self);
    }

    fn entry(
        &self,
        kind: EventType,
        data: String,
        invoice: Option<&Invoice>,
        now: Timestamp,
    ) -> NewEntry {
        NewEntry {
            merchant_id: self.merchant_id,
            environment: self.environment,
            kind: EntryKind::Event(kind),
            created_at: now,
            subject: Subject {
                object_id: Some(self.key()),
                invoice_id: Some(self.invoice_id.key()),
                order_id: invoice.and_then(|invoice| invoice.commerce_order_id),
                customer_id: invoice.and_then(|invoice| invoice.customer_id.clone()),
                wallet: Some(self.destination.clone()),
                is_commerce: invoice
                    .is_some_and(|invoice| invoice.invoice_type == InvoiceType::Commerce),
            },
            data,
            origin: Origin::default(),
            pending_webhooks: 0,
        }
    }
}
