//! What a transfer on chain does: seen, confirmed, reverted, seen again.
//!
//! Each step is idempotent on its own: replaying a block, or confirming twice, changes nothing.
//! The invoice row is written with every payment, so that racing steps meet a conflict, not a sum.

use super::{Crediting, Outflow, Payment, PaymentStatus, Posting, SettlementStatus};
use crate::chain::{ChainTransfer, Reach};
use crate::changes::Changes;
use crate::claim::Claim;
use crate::deposit_address::DepositAddress;
use crate::event::{EntryKind, EventType, NewEntry, Origin, Subject, created_data, updated_data};
use crate::ids::{Fresh, PaymentId, RowKey, UnmatchedId};
use crate::invoice::{Flow, Invoice, InvoiceStatus, InvoiceType, Lock};
use crate::ledger::{Account, AccountKind, Asset, Movement, Transfer, TransferReason};
use crate::money::{Rate, TokenAmount, Usd};
use crate::network::{Depths, Network};
use crate::quote::{Quote, value_transfer};
use crate::time::Timestamp;
use crate::token::Token;
use crate::unmatched::{Unmatched, UnmatchedReason};

/// More than any real token has, and little enough that no sum of them passes 128 bits.
const AMOUNT_MAX: u128 = 1 << 100;

/// Two ADA, in lovelace: more than the ledger asks for with any one token.
const CARDANO_POSTAGE_MAX: u128 = 2_000_000;

/// A transfer to one of our addresses, and everything its decision depends on.
#[derive(Clone, Debug)]
pub struct Sighting<'a> {
    pub network: Network,
    pub transfer: &'a ChainTransfer,
    /// What is claimed for it.
    pub identity: RowKey,
    pub address: &'a DepositAddress,
    pub invoice: &'a Invoice,
    /// The payment this transfer made before, if any.
    pub known: Option<&'a Payment>,
    /// Quotes of the invoice for any token.
    pub quotes: &'a [Quote],
    /// Today's rate of the token, where there is one.
    pub rate: Option<Rate>,
    pub is_token_blocked: bool,
    pub depths: Depths,
    pub head: u64,
}

/// Records a transfer: a new payment, one that came back, one that moved, or the inbox.
///
/// Nothing to change answers none.
pub fn see(sighting: &Sighting<'_>, fresh: &mut Fresh) -> Option<Changes> {
    if let Some(known) = sighting.known {
        return see_again(sighting, known, fresh.now());
    }
    let fits = |amount: &TokenAmount| amount.0 <= AMOUNT_MAX;
    let Some(amount) = sighting.transfer.amount.filter(fits) else {
        return Some(unmatched(sighting, UnmatchedReason::AmountTooLarge, fresh));
    };
    if !sighting.address.is_given_out_on(sighting.network) {
        return Some(unmatched(sighting, UnmatchedReason::WrongNetwork, fresh));
    }
    Some(see_first(sighting, amount, fresh))
}

fn unmatched(sighting: &Sighting<'_>, reason: UnmatchedReason, fresh: &mut Fresh) -> Changes {
    let address = sighting.address;
    let identity = sighting.identity;
    let row = Unmatched {
        id: UnmatchedId::fresh(fresh),
        merchant_id: address.merchant_id,
        environment: address.environment,
        network: sighting.network,
        reason,
        invoice_id: Some(sighting.invoice.id),
        transfer: sighting.transfer.clone(),
        seen_at: fresh.now(),
        version: 0,
    };
    let mut changes = Changes::of(address.merchant_id);
    changes.insert(Claim::new(identity, row.key()));
    changes.insert(row);
    changes
}

/// By the whole bill and not by the part, so that a large one cannot be paid in small pieces that
/// each count early.
fn required_confirmations(sighting: &Sighting<'_>, value: Option<Usd>) -> i64 {
    let value = value.unwrap_or(Usd::ZERO).max(sighting.invoice.amount);
    i64::try_from(sighting.depths.of(value)).unwrap_or(i64::MAX)
}

fn see_first(sighting: &Sighting<'_>, amount: TokenAmount, fresh: &mut Fresh) -> Changes {
    let Sighting { transfer, invoice, network, .. } = *sighting;
    let (now, environment) = (fresh.now(), invoice.environment);
    let contract = transfer.asset.contract();
    let token = Token::find(network, environment, contract);
    let block_time = transfer.block.time;
    let value = token.and_then(|token| {
        value_transfer(sighting.quotes, token, (amount, block_time), sighting.rate)
    });
    let is_late = match invoice.status {
        InvoiceStatus::Unpaid | InvoiceStatus::Underpaid | InvoiceStatus::Paid => {
            block_time > invoice.expires_at
        }
        InvoiceStatus::Expired => true,
        InvoiceStatus::Canceled => false,
    };
    // Anybody can send nothing; it must not bind the payor to a token.
    let is_worth_something = value.is_some_and(|value| value > Usd::ZERO);
    let is_postage = is_postage(sighting, token, amount);
    let is_counted = is_worth_something && !is_late && !is_postage && accepts(sighting, token);
    let payment = Payment {
        id: PaymentId::fresh(fresh),
        invoice_id: invoice.id,
        merchant_id: invoice.merchant_id,
        environment,
        network,
        token_id: token.map(|token| token.id),
        token_address: contract.map(str::to_owned),
        amount,
        value: value.unwrap_or(Usd::ZERO),
        tx_hash: transfer.tx_hash.clone(),
        ordinal: transfer.ordinal.into(),
        log_index: transfer.log_index.map(i64::from),
        block_number: block_number(transfer),
        block_hash: transfer.block.hash.clone(),
        block_time,
        required_confirmations: required_confirmations(sighting, value),
        from_address: transfer.from.clone(),
        to_address: transfer.to.clone(),
        status: PaymentStatus::Pending,
        settlement_status: settlement_of(is_counted),
        is_late,
        is_counted,
        posting: Posting::None,
        created_at: now,
        confirmed_at: None,
        receiver: invoice.details.receiver_override_address.clone().unwrap_or_default(),
        outflow: Outflow::default(),
        version: 0,
    };
    let mut after = invoice.clone();
    // Sending nothing must not bind anybody: a stranger could keep an invoice from being canceled.
    if amount > TokenAmount::ZERO {
        after.payments_seen += 1;
    }
    if is_counted {
        after.amount_pending = after.amount_pending.plus(payment.value);
    }
    let mut changes = Changes::of(invoice.merchant_id);
    changes.insert(Claim::new(sighting.identity, payment.key()));
    let data = created_data(&payment.view(sighting.head));
    let event = payment.entry(EventType::InvoicePaymentCreated, data, invoice, now);
    changes.tell(event);
    changes.insert(payment);
    changes.update(after);
    changes
}

/// A known token, neither blocked nor locked out, on an invoice that was not canceled.
fn accepts(sighting: &Sighting<'_>, token: Option<&'static Token>) -> bool {
    let invoice = sighting.invoice;
    let fits_lock = |token: &Token| match &invoice.lock {
        Some(lock) => lock.token_id == token.id && lock.network == sighting.network,
        None => true,
    };
    let is_open_to = |token: &Token| fits_lock(token) || invoice.status == InvoiceStatus::Paid;
    token.is_some_and(is_open_to)
        && !sighting.is_token_blocked
        && invoice.status != InvoiceStatus::Canceled
}

/// Coin that only carries a token: Cardano sends no token without a little over one ADA. It is
/// recorded, but it must not bind the payor to ADA, nor pay for him what he did not mean to.
fn is_postage(sighting: &Sighting<'_>, token: Option<&'static Token>, amount: TokenAmount) -> bool {
    let is_ada = |token: &Token| sighting.network == Network::Cardano && token.address.is_none();
    let Some(ada) = token.filter(|token| is_ada(token)) else { return false };
    let was_asked_for = sighting.quotes.iter().any(|quote| quote.token_id == ada.id);
    amount.0 <= CARDANO_POSTAGE_MAX && !was_asked_for
}

fn settlement_of(is_counted: bool) -> SettlementStatus {
    if is_counted { SettlementStatus::Pending } else { SettlementStatus::Manual }
}

fn block_number(transfer: &ChainTransfer) -> i64 {
    i64::try_from(transfer.block.number).unwrap_or(i64::MAX)
}

/// The transfer is known: it came back after a reorg, moved to another block, or nothing is new.
fn see_again(sighting: &Sighting<'_>, known: &Payment, now: Timestamp) -> Option<Changes> {
    let transfer = sighting.transfer;
    let is_same_block = known.block_hash == transfer.block.hash;
    match known.status {
        PaymentStatus::Reverted => {}
        PaymentStatus::ManualRetry if is_same_block => {
            // The look that was missing: the payment waits for depth again, judged as it was.
            let mut changes = Changes::of(known.merchant_id);
            let after = Payment { status: PaymentStatus::Pending, ..known.clone() };
            after.record_updated(known, (sighting.invoice, sighting.head), &mut changes, now);
            return Some(changes);
        }
        PaymentStatus::Pending
        | PaymentStatus::Underpaid
        | PaymentStatus::Confirmed
        | PaymentStatus::ManualRetry => {
            if is_same_block {
                return None;
            }
        }
    }
    let mut after = known.clone();
    after.block_number = block_number(transfer);
    after.block_hash = transfer.block.hash.clone();
    after.block_time = transfer.block.time;
    after.log_index = transfer.log_index.map(i64::from);
    let mut invoice = sighting.invoice.clone();
    if !known.status.is_confirmed() {
        after.status = PaymentStatus::Pending;
        after.confirmed_at = None;
        after.is_late = is_late_now(known, transfer.block.time, &invoice);
        after.is_counted &= !after.is_late || known.is_late;
        after.settlement_status = after.settlement_on_return();
        invoice.amount_pending = invoice.amount_pending.minus_floor(pending_value(known));
        invoice.amount_pending = invoice.amount_pending.plus(pending_value(&after));
    }
    let mut changes = Changes::of(known.merchant_id);
    changes.update(invoice);
    after.record_updated(known, (sighting.invoice, sighting.head), &mut changes, now);
    Some(changes)
}

/// Another block may lie beyond the pay-by time; what an invoice was paid by stays judged.
fn is_late_now(known: &Payment, block_time: Timestamp, invoice: &Invoice) -> bool {
    match invoice.status {
        InvoiceStatus::Expired => true,
        InvoiceStatus::Unpaid | InvoiceStatus::Underpaid => block_time > invoice.expires_at,
        InvoiceStatus::Paid | InvoiceStatus::Canceled => known.is_late,
    }
}

/// What a payment adds to the invoice's pending amount.
fn pending_value(payment: &Payment) -> Usd {
    let is_pending = payment.is_counted && payment.status.is_waiting();
    if is_pending { payment.counted_value() } else { Usd::ZERO }
}

/// A pending payment that may be deep enough now.
#[derive(Clone, Debug)]
pub struct Confirmation<'a> {
    pub payment: &'a Payment,
    pub invoice: &'a Invoice,
    /// The invoice's payments that wait for the rest: they are confirmed with the one that pays.
    pub underpaid: Vec<Payment>,
    /// Of an invoice that credits a ramp user.
    pub crediting: Option<&'a Crediting>,
    pub reach: Reach,
}

/// Confirms a payment that is deep enough; none if it is not, or no longer pending.
pub fn confirm(confirmation: Confirmation<'_>, fresh: &mut Fresh) -> Option<Changes> {
    let Confirmation { payment: known, invoice: before, underpaid, crediting, reach } =
        confirmation;
    if !known.status.is_waiting() || !known.is_final(reach) {
        return None;
    }
    let head = reach.head;
    let now = fresh.now();
    let mut changes = Changes::of(before.merchant_id);
    let mut payment = known.clone();
    payment.status = PaymentStatus::Confirmed;
    payment.confirmed_at = Some(now);
    let mut after = before.clone();
    if payment.is_counted {
        after.amount_pending = after.amount_pending.minus_floor(payment.counted_value());
        after.amount_paid = after.amount_paid.plus(payment.counted_value());
        after.last_payment_at = Some(now);
        after.payer_wallet_address = payment.from_address.clone();
        after.payer_wallet_network = Some(payment.network);
        payment.status = apply(&mut after, &payment, now);
        if after.status == InvoiceStatus::Expired {
            payment.settlement_status = SettlementStatus::Manual;
        }
        let reason = match payment.posting {
            Posting::Suspense => TransferReason::PaymentRestored,
            Posting::None | Posting::Merchant | Posting::User => TransferReason::PaymentConfirmed,
        };
        let moved = payment.post(Posting::Merchant, (reason, None), &mut changes, fresh);
        after.count_paid(payment.asset(), (moved, Flow::Paid), &mut changes, now);
        if let Some(crediting) = crediting.filter(|_| after.status == InvoiceStatus::Paid) {
            crediting.give(&mut payment, &mut changes, fresh);
        }
    } else {
        payment.post(Posting::Suspense, (TransferReason::PaymentHeld, None), &mut changes, fresh);
    }
    if after.status == InvoiceStatus::Paid && before.status != InvoiceStatus::Paid {
        for short in underpaid.iter().filter(|other| other.id != payment.id) {
            let mut whole = Payment { status: PaymentStatus::Confirmed, ..short.clone() };
            if let Some(crediting) = crediting {
                crediting.give(&mut whole, &mut changes, fresh);
            }
            whole.record_updated(short, (before, head), &mut changes, now);
        }
    }
    let asset = payment.asset();
    payment.record_updated(known, (before, head), &mut changes, now);
    after.record_paid_in(asset, (before, Origin::default()), &mut changes, now);
    Some(changes)
}

/// Moves the invoice on by what is confirmed now, and says what that makes of the payment.
fn apply(invoice: &mut Invoice, payment: &Payment, now: Timestamp) -> PaymentStatus {
    match invoice.status {
        InvoiceStatus::Unpaid | InvoiceStatus::Underpaid => {
            if invoice.is_covered_by(invoice.amount_paid) {
                invoice.status = InvoiceStatus::Paid;
                (invoice.paid_at, invoice.final_at) = (Some(now), Some(now));
                return PaymentStatus::Confirmed;
            }
            invoice.status = InvoiceStatus::Underpaid;
            if let (None, Some(token_id)) = (&invoice.lock, payment.token_id) {
                let address = payment.to_address.clone();
                invoice.lock = Some(Lock { network: payment.network, token_id, address });
            }
            PaymentStatus::Underpaid
        }
        InvoiceStatus::Paid | InvoiceStatus::Canceled => PaymentStatus::Confirmed,
        InvoiceStatus::Expired => PaymentStatus::Underpaid,
    }
}

/// A reorg removed the block of this payment; none if it was reverted before.
///
/// The invoice keeps its state. Money that was confirmed and vanished goes to suspense, for a
/// human to decide.
pub fn revert(
    known: &Payment,
    before: &Invoice,
    crediting: Option<&Crediting>,
    head: u64,
    fresh: &mut Fresh,
) -> Option<Changes> {
    if known.status == PaymentStatus::Reverted {
        return None;
    }
    let now = fresh.now();
    let mut changes = Changes::of(before.merchant_id);
    let mut after = before.clone();
    let mut payment = known.clone();
    payment.status = PaymentStatus::Reverted;
    let was_confirmed = known.status.is_confirmed();
    if known.is_counted && was_confirmed {
        after.amount_paid = after.amount_paid.minus_floor(known.counted_value());
        payment.settlement_status = SettlementStatus::Manual;
        let reason = TransferReason::PaymentReverted;
        let owner = before.details.credit_user_id.map(|id| id.key());
        let moved = payment.post(Posting::Suspense, (reason, owner), &mut changes, fresh);
        before.count_paid(payment.asset(), (moved, Flow::Reverted), &mut changes, now);
        if let Some(crediting) = crediting.filter(|_| known.posting == Posting::User) {
            crediting.take_back(&payment, &mut changes, fresh);
        }
    } else if known.is_counted {
        after.amount_pending = after.amount_pending.minus_floor(known.counted_value());
    }
    payment.record_updated(known, (before, head), &mut changes, now);
    after.record_updated(before, &mut changes, Origin::default(), now);
    Some(changes)
}

impl Payment {
    /// What came; none for a token nobody knows here.
    pub(crate) fn asset(&self) -> Option<Asset> {
        let network = self.network;
        self.token_id.map(|token_id| Asset::Token { network, token_id })
    }

    /// A look at the chain for this payment failed: until another one succeeds nobody can say
    /// whether it still stands. What the invoice waits for stays the same.
    pub(crate) fn retry_later(
        &self,
        context: (&Invoice, u64),
        changes: &mut Changes,
        now: Timestamp,
    ) {
        match self.status {
            PaymentStatus::Pending => {
                let after = Payment { status: PaymentStatus::ManualRetry, ..self.clone() };
                after.record_updated(self, context, changes, now);
            }
            PaymentStatus::ManualRetry
            | PaymentStatus::Underpaid
            | PaymentStatus::Confirmed
            | PaymentStatus::Reverted => {}
        }
    }

    /// Moves this payment's tokens in the ledger to where they belong now. The owner is the ramp
    /// user the invoice credits; only his account has one. Answers how much that was.
    pub(crate) fn post(
        &mut self,
        target: Posting,
        (reason, owner): (TransferReason, Option<RowKey>),
        changes: &mut Changes,
        fresh: &mut Fresh,
    ) -> TokenAmount {
        let Some(asset) = self.asset() else { return TokenAmount::ZERO };
        let account = |kind| Account {
            merchant_id: self.merchant_id,
            environment: self.environment,
            kind,
            asset,
            owner: owner.filter(|_| kind == AccountKind::User),
        };
        let kind = Posting::account_kind;
        // What went back before it was credited left the account it stood in then.
        let amount = TokenAmount(self.amount.0.saturating_sub(self.outflow.uncredited.0));
        if target == self.posting || amount == TokenAmount::ZERO {
            return TokenAmount::ZERO;
        }
        let movement = Movement {
            debit: account(kind(self.posting)),
            credit: account(kind(target)),
            amount,
            reason,
            object: self.key(),
        };
        changes.transfer(Transfer::posted(movement, fresh));
        self.posting = target;
        amount
    }

    pub(crate) fn record_updated(
        self,
        before: &Payment,
        (invoice, head): (&Invoice, u64),
        changes: &mut Changes,
        now: Timestamp,
    ) {
        let data = updated_data(&before.view(head), &self.view(head));
        changes.tell(self.entry(EventType::InvoicePaymentUpdated, data, invoice, now));
        changes.update(self);
    }

    fn entry(&self, kind: EventType, data: String, invoice: &Invoice, now: Timestamp) -> NewEntry {
        NewEntry {
            merchant_id: self.merchant_id,
            environment: self.environment,
            kind: EntryKind::Event(kind),
            created_at: now,
            subject: Subject {
                object_id: Some(self.key()),
                invoice_id: Some(self.invoice_id.key()),
                order_id: invoice.commerce_order_id,
                customer_id: invoice.customer_id.clone(),
                wallet: self.from_address.clone(),
                is_commerce: invoice.invoice_type == InvoiceType::Commerce,
            },
            data,
            origin: Origin::default(),
            pending_webhooks: 0,
        }
    }
}
