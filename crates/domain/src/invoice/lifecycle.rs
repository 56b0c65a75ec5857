//! What happens to an invoice after it was made, payments aside: addresses, expiry, cancel, accept.

use super::{Flow, Invoice, InvoiceStatus, create};
use crate::address::Address;
use crate::changes::{Changes, Noun};
use crate::deposit_address::{AddressOwner, DepositAddress};
use crate::event::{NewEntry, Notice, Origin};
use crate::ids::{Fresh, SessionId};
use crate::ledger::TransferReason;
use crate::merchant::notice;
use crate::money::{TokenAmount, Usd};
use crate::network::Network;
use crate::payment::{Crediting, Payment, PaymentStatus, Posting, SettlementStatus};
use crate::questions::Answer;
use crate::quote::{Quote, payor};
use crate::refusal::Refusal;
use crate::session::Session;
use crate::time::{HOUR_MS, SECOND_MS, Timestamp};
use crate::token::{Token, TokenId};

/// How long an address is watched after the pay-by time, and expiry waits for a lagging watcher.
pub const LATE_WINDOW_MS: i64 = 24 * HOUR_MS;
const LOOK_AGAIN_MS: i64 = 2 * SECOND_MS;

/// What the payor's choice of network and token asks for.
#[derive(Clone, Debug)]
pub struct AddressAsk {
    pub network: Network,
    pub token_id: TokenId,
    pub address: Address,
    pub index: u32,
    /// The row of this address, if it was given out before.
    pub known: Option<DepositAddress>,
    pub quote: Quote,
}

/// What comes of asking for an address.
#[derive(Clone, Debug, PartialEq)]
pub enum Allocation {
    Given(Changes),
    /// Another invoice has this address: what is sent there would be credited to that one.
    TakenBy(AddressOwner),
}

impl Invoice {
    /// Refuses once the invoice takes no payments any more.
    pub fn check_open(&self, now: Timestamp) -> Result<(), Refusal> {
        match self.status {
            InvoiceStatus::Paid => Err(Refusal::AlreadyPaid),
            InvoiceStatus::Expired => Err(Refusal::InvoiceExpired),
            InvoiceStatus::Canceled => Err(Refusal::InvoiceClosed),
            InvoiceStatus::Unpaid | InvoiceStatus::Underpaid if now >= self.expires_at => {
                Err(Refusal::InvoiceExpired)
            }
            InvoiceStatus::Unpaid | InvoiceStatus::Underpaid => Ok(()),
        }
    }

    /// A payor who paid in part goes on with the same network and token.
    pub fn check_choice(&self, network: Network, token_id: TokenId) -> Result<(), Refusal> {
        match &self.lock {
            Some(lock) if lock.network != network || lock.token_id != token_id => {
                let message = "must be the token of the first payment";
                Err(Refusal::invalid("tokenId", message))
            }
            _ => Ok(()),
        }
    }

    /// Whether a network's own coin is what the payor may pay with there: bound to it, or while he
    /// is bound to nothing, told a price in it.
    pub fn awaits_coin_of(&self, network: Network, quotes: &[Quote]) -> bool {
        let is_coin = |id| Token::by_id(id).is_some_and(|token| token.address.is_none());
        match &self.lock {
            Some(lock) => lock.network == network && is_coin(lock.token_id),
            None => quotes.iter().any(|one| one.network == network && is_coin(one.token_id)),
        }
    }
}

/// Gives out the invoice's address on a network, or refreshes only its quote.
///
/// An address belongs to one invoice for good. Where an operator's lists name it at two indexes,
/// only the invoice that came first is paid there.
pub fn give_out_address(
    before: &Invoice,
    ask: AddressAsk,
    now: Timestamp,
) -> Result<Allocation, Refusal> {
    before.check_open(now)?;
    before.check_choice(ask.network, ask.token_id)?;
    let mut changes = Changes::of(before.merchant_id);
    let is_new_index = before.address_index != Some(ask.index);
    match ask.known {
        Some(known) if known.owner != AddressOwner::Invoice(before.id) => {
            return Ok(Allocation::TakenBy(known.owner));
        }
        Some(known) if known.is_given_out_on(ask.network) => {}
        Some(mut known) => {
            known.networks |= ask.network.bit();
            changes.update(known);
        }
        None => {
            let whose = (before.merchant_id, before.environment);
            let target = (AddressOwner::Invoice(before.id), ask.index);
            changes.insert(DepositAddress::new(whose, ask.network, &ask.address, target, now));
        }
    }
    if is_new_index {
        let after = Invoice { address_index: Some(ask.index), ..before.clone() };
        changes.update(after);
    } else {
        changes.guard(Noun::Invoice, before.key(), before.version);
    }
    changes.tell(payor::locked(&ask.quote, before, now));
    changes.insert(ask.quote);
    Ok(Allocation::Given(changes))
}

/// What the expiry worker learns about a due invoice.
#[derive(Clone, Debug, PartialEq)]
pub enum Expiry {
    Expire(Changes),
    /// Not yet: look again after `due_at`. True if it waits for a watcher that lags.
    Wait(Changes, WaitReason),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitReason {
    PendingPayment,
    WatcherLag,
}

/// Expires an invoice whose pay-by time has come.
///
/// `scanned_until`: the time up to which every network the invoice has an address on has been
/// looked at; none if it has no address anywhere.
pub fn expire(before: &Invoice, scanned_until: Option<Timestamp>, now: Timestamp) -> Expiry {
    let wait = |reason| {
        let mut changes = Changes::of(before.merchant_id);
        changes.update(Invoice { due_at: now.plus_ms(LOOK_AGAIN_MS), ..before.clone() });
        Expiry::Wait(changes, reason)
    };
    if before.is_covered_by(before.amount_paid.plus(before.amount_pending)) {
        return wait(WaitReason::PendingPayment);
    }
    let gives_up_waiting = now >= before.expires_at.plus_ms(LATE_WINDOW_MS);
    let is_lagging = scanned_until.is_some_and(|until| until < before.expires_at);
    if is_lagging && !gives_up_waiting {
        return wait(WaitReason::WatcherLag);
    }
    let mut after = before.clone();
    after.status = InvoiceStatus::Expired;
    after.final_at = Some(now);
    let mut changes = Changes::of(before.merchant_id);
    after.record_updated(before, &mut changes, Origin::default(), now);
    Expiry::Expire(changes)
}

/// Ends the pay-by time of a devnet invoice now, so that expiry can be tried without waiting.
///
/// A moment ago, so that every block from now on comes after it.
pub fn expire_now_for_simulation(before: &Invoice, now: Timestamp) -> Result<Changes, Refusal> {
    if before.environment.is_live() {
        return Err(Refusal::invalid("scenario", "exists on devnet only"));
    }
    before.check_open(now)?;
    let after = Invoice { expires_at: now.plus_ms(-1), due_at: now, ..before.clone() };
    let mut changes = Changes::of(before.merchant_id);
    after.record_updated(before, &mut changes, Origin::default(), now);
    Ok(changes)
}

/// Cancels an invoice nobody has paid anything on.
pub fn cancel(
    before: &Invoice,
    origin: Origin,
    now: Timestamp,
) -> Result<(Invoice, Changes), Refusal> {
    if before.status != InvoiceStatus::Unpaid || before.payments_seen > 0 {
        return Err(Refusal::NotCancelable);
    }
    let mut after = before.clone();
    after.status = InvoiceStatus::Canceled;
    after.final_at = Some(now);
    let mut changes = Changes::of(before.merchant_id);
    after.clone().record_updated(before, &mut changes, origin, now);
    Ok((after, changes))
}

/// The merchant takes what arrived on an expired or underpaid invoice as the full payment.
pub fn accept(
    before: &Invoice,
    payments: Vec<Payment>,
    crediting: Option<&Crediting>,
    head: super::HeadOf<'_>,
    origin: Origin,
    fresh: &mut Fresh,
) -> Result<(Invoice, Changes), Refusal> {
    let now = fresh.now();
    if !matches!(before.status, InvoiceStatus::Expired | InvoiceStatus::Underpaid) {
        return Err(Refusal::NotResolvable);
    }
    let mut changes = Changes::of(before.merchant_id);
    let mut after = before.clone();
    let mut accepted = Usd::ZERO;
    let mut moves = Vec::new();
    for payment in payments {
        if !payment.status.is_confirmed() || payment.token_id.is_none() {
            continue;
        }
        if payment.outflow.refunded > TokenAmount::ZERO {
            // It went back, or is about to: it pays for nothing any more.
            continue;
        }
        if payment.posting == Posting::Suspense && payment.outflow.drawn > TokenAmount::ZERO {
            // A refund holds part of it in suspense, where the money would come back to.
            continue;
        }
        accepted = accepted.plus(payment.value);
        if after.payer_wallet_address.is_none() {
            after.payer_wallet_address = payment.from_address.clone();
            after.payer_wallet_network = Some(payment.network);
        }
        after.last_payment_at = after.last_payment_at.max(payment.confirmed_at);
        let mut taken = payment.clone();
        if !taken.is_counted {
            taken.is_counted = true;
            after.amount_paid = after.amount_paid.plus(taken.value);
        }
        taken.status = PaymentStatus::Confirmed;
        taken.settlement_status = SettlementStatus::Pending;
        let target = Posting::Merchant;
        let reason = TransferReason::PaymentAccepted;
        let moved = taken.post(target, (reason, None), &mut changes, fresh);
        moves.push((taken.asset(), moved));
        if let Some(crediting) = crediting {
            crediting.give(&mut taken, &mut changes, fresh);
        }
        if taken != payment {
            taken.record_updated(&payment, (before, head(payment.network)), &mut changes, now);
        }
    }
    if accepted == Usd::ZERO {
        return Err(Refusal::NothingToAccept);
    }
    after.status = InvoiceStatus::Paid;
    after.paid_at = Some(now);
    after.final_at = Some(now);
    for &(asset, moved) in &moves {
        after.count_paid(asset, (moved, Flow::Paid), &mut changes, now);
    }
    let asset = moves.first().and_then(|(asset, _)| *asset);
    after.clone().record_paid_in(asset, (before, origin), &mut changes, now);
    Ok((after, changes))
}

/// What becomes of the sessions an invoice has already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtherSessions {
    Keep,
    Revoke,
}

/// What ends the streams of the payors whose sessions are revoked.
fn sessions_revoked(invoice: &Invoice, now: Timestamp) -> NewEntry {
    let what = Notice::SessionsRevoked;
    let mut entry = notice(invoice.merchant_id, what, invoice.key(), now);
    entry.subject.invoice_id = Some(invoice.key());
    entry
}

/// Mints fresh credentials for an open invoice.
pub fn fresh_session(
    invoice: &Invoice,
    others: OtherSessions,
    fresh: &mut Fresh,
) -> Result<(Session, Changes), Refusal> {
    let now = fresh.now();
    invoice.check_open(now)?;
    let mut changes = Changes::of(invoice.merchant_id);
    let issued_at = match others {
        OtherSessions::Keep => {
            changes.guard(Noun::Invoice, invoice.key(), invoice.version);
            now.max(invoice.sessions_from)
        }
        OtherSessions::Revoke => {
            // Later than whatever was issued in this millisecond.
            let sessions_from = now.max(invoice.sessions_from).plus_ms(1);
            changes.update(Invoice { sessions_from, ..invoice.clone() });
            changes.tell(sessions_revoked(invoice, now));
            sessions_from
        }
    };
    let session = Session {
        id: SessionId::fresh(fresh),
        invoice_id: invoice.id,
        merchant_id: invoice.merchant_id,
        environment: invoice.environment,
        issued_at,
        version: 0,
    };
    changes.insert(session.clone());
    Ok((session, changes))
}

/// The payor leaves an e-mail address for the receipt.
pub fn set_customer_email(
    before: &Invoice,
    email: &str,
    now: Timestamp,
) -> Result<(Invoice, Changes), Refusal> {
    let email =
        create::email(email).map_err(|_| Refusal::invalid("email", "must be an e-mail address"))?;
    before.check_open(now)?;
    let after = Invoice { customer_email: Some(email), ..before.clone() };
    let mut changes = Changes::of(before.merchant_id);
    after.clone().record_updated(before, &mut changes, Origin::default(), now);
    Ok((after, changes))
}

/// The payor answers the merchant's questions; later answers replace earlier ones.
pub fn answer_questions(
    before: &Invoice,
    answers: Vec<Answer>,
    now: Timestamp,
) -> Result<Changes, Refusal> {
    let Some(questions) = &before.details.questions else {
        return Err(Refusal::invalid("responses", "answer an invoice that asks nothing"));
    };
    questions.check_answers(&answers)?;
    if before.status == InvoiceStatus::Canceled {
        return Err(Refusal::InvoiceClosed);
    }
    let after = Invoice { answers, ..before.clone() };
    let mut changes = Changes::of(before.merchant_id);
    after.record_updated(before, &mut changes, Origin::default(), now);
    Ok(changes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::environment::Environment;
    use crate::ids::{MerchantId, QuoteId};
    use crate::invoice::InvoiceAsk;
    use crate::merchant::Merchant;

    const NOW: Timestamp = Timestamp(1_766_320_496_000);

    fn invoice(environment: Environment, seed: u8) -> Invoice {
        let merchant = Merchant::new(MerchantId(1), "Shop", "a@example.com", NOW);
        let ask = InvoiceAsk { amount: Usd::from_dollars(1), ..InvoiceAsk::default() };
        let mut fresh = Fresh::new(NOW, [seed; 16]);
        let made = create::create(ask, &merchant, environment, Origin::default(), &mut fresh);
        made.expect("a valid ask").invoice
    }

    #[track_caller]
    fn check(environment: Environment, status: InvoiceStatus, is_fine: bool) {
        let invoice = Invoice { status, ..invoice(environment, 1) };
        assert_eq!(expire_now_for_simulation(&invoice, NOW).is_ok(), is_fine, "{status:?}");
    }

    fn ask(invoice: &Invoice, known: Option<DepositAddress>) -> AddressAsk {
        let (network, token_id) = (Network::Base, TokenId(1));
        let quote = Quote {
            id: QuoteId::fresh(&mut Fresh::new(NOW, [3; 16])),
            merchant_id: invoice.merchant_id,
            environment: invoice.environment,
            invoice_id: Some(invoice.id),
            network,
            token_id,
            amount_usd: invoice.amount,
            token_amount: TokenAmount(1_000_000),
            exchange_rate: "1".to_owned(),
            created_at: NOW,
            valid_until: NOW.plus_ms(HOUR_MS),
            version: 0,
        };
        let address = Address::from_payload(network.family(), invoice.environment, &[7; 32]);
        AddressAsk { network, token_id, address, index: 4, known, quote }
    }

    #[test]
    fn an_address_is_never_given_to_a_second_invoice() {
        let (first, second) = (invoice(Environment::Devnet, 1), invoice(Environment::Devnet, 2));
        let asked = ask(&first, None);
        let whose = (first.merchant_id, first.environment);
        // On another network of the family: the address is the same one there.
        let target = (AddressOwner::Invoice(first.id), 4);
        let row = DepositAddress::new(whose, Network::Ethereum, &asked.address, target, NOW);
        for known in [None, Some(row.clone())] {
            let given = give_out_address(&first, ask(&first, known), NOW);
            assert!(matches!(given, Ok(Allocation::Given(_))), "{given:?}");
        }
        let given = give_out_address(&second, ask(&second, Some(row)), NOW);
        assert_eq!(given, Ok(Allocation::TakenBy(AddressOwner::Invoice(first.id))));
    }

    #[test]
    fn only_an_open_devnet_invoice_is_expired_by_hand() {
        check(Environment::Devnet, InvoiceStatus::Unpaid, true);
        check(Environment::Devnet, InvoiceStatus::Underpaid, true);
        check(Environment::Devnet, InvoiceStatus::Paid, false);
        check(Environment::Devnet, InvoiceStatus::Canceled, false);
        check(Environment::Mainnet, InvoiceStatus::Unpaid, false);
    }
}
