//! Sending: signs what is planned, gives it to the nodes, and follows it to its end.
//!
//! One step at a time, each recorded before the next: what is signed is kept before a node sees
//! it, so a crash anywhere is taken up from the row. Refusals and silence prove nothing; only what
//! a chain includes for good, or never can, ends a send. One process does this, under a lease.

mod gas;
mod recheck;

use std::time::Duration;

use anyhow::Context as _;
use chains::send::{Broadcast, Facts, Order, Outcome, Place as Life, Prepared, SendError, Sender};
use domain::changes::{Changes, Noun};
use domain::claim::Claim;
use domain::ids::SendId;
use domain::invoice::Invoice;
use domain::money::TokenAmount;
use domain::payment::{Payment, PaymentStatus};
use domain::refund::Refund;
use domain::send::{
    ATTEMPTS_MAX, Attempt, AttemptState, Ending, PLANS_MAX, Purpose, Send, SendStatus, Told,
};
use domain::time::Timestamp;
use domain::token::Token;
use store::CommitError;

use crate::app::{App, Shared};
use crate::sending::{self, end, is_paused, order_of};
use crate::workers::lease::Lease;
use crate::workers::{Progress, Worker};

use gas::is_of_gas_wallets_coin;

const BATCH_MAX: i64 = 32;
const PAUSED_MS: i64 = 5_000;
/// When a send is looked at that waits for another one of its address.
const LEAVING_MS: i64 = 1_000;
/// When a send whose payment is not deep enough again is looked at.
const UNCONFIRMED_MS: i64 = 15_000;
/// How often the gas wallets are looked at.
const GAS_LOOK_MS: i64 = 60_000;
const GAS_ANSWER_MAX: Duration = Duration::from_secs(2);
/// A transaction no node may know any more is given to them again.
const AGAIN_MS: i64 = 30_000;
/// How often the network is asked for what a person has to look into.
const VANISHED_MS: i64 = 60_000;

pub struct Dispatcher {
    lease: Lease,
    /// When the gas wallets were looked at last.
    gas_at: Option<Timestamp>,
}

impl Default for Dispatcher {
    fn default() -> Self {
        Dispatcher { lease: Lease::new("sends", 0), gas_at: None }
    }
}

impl Worker for Dispatcher {
    async fn step(&mut self, app: &Shared) -> anyhow::Result<Progress> {
        if !self.lease.hold(app).await? {
            return Ok(Progress::Idle);
        }
        let now = app.now();
        if self.gas_at.is_none_or(|at| at.plus_ms(GAS_LOOK_MS) <= now) {
            self.gas_at = Some(now);
            look_at_gas(app).await;
        }
        let due = app.store.sends_due(now, BATCH_MAX).await?;
        let is_full = due.len() as i64 == BATCH_MAX;
        let mut is_moving = false;
        for send in due {
            if !self.lease.hold(app).await? {
                return Ok(Progress::Idle);
            }
            let id = send.id;
            match (Dispatch { app, lease: &self.lease }).advance(send).await {
                Ok(moved) => is_moving |= moved == Moved::On,
                Err(error) if is_lost(&error, &self.lease) => {
                    self.lease.lose();
                    return Err(error);
                }
                Err(error) => {
                    tracing::warn!(send.id = %id, error = format!("{error:#}"), "a send waits");
                    app.metrics.add("pepay_sends_stumbled_total", 1);
                    let later = (Dispatch { app, lease: &self.lease }).look_later(id).await;
                    if let Err(error) = later {
                        self.lease.lose();
                        return Err(error);
                    }
                }
            }
        }
        Ok(if is_full || is_moving { Progress::More } else { Progress::Idle })
    }

    async fn stop(&mut self, app: &Shared) {
        self.lease.release(app).await;
    }
}

fn is_lost(error: &anyhow::Error, lease: &Lease) -> bool {
    match error.downcast_ref::<CommitError>() {
        Some(CommitError::Conflict { key, .. }) => lease.is_key(*key),
        Some(CommitError::Store(_)) => true,
        Some(CommitError::AlreadyExists { .. } | CommitError::Insufficient { .. }) | None => false,
    }
}

/// Whether a send is due again at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moved {
    On,
    Not,
}

/// Whether what a send is drawn from is on chain as it was when the send was planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Stands,
    /// It came back after a reorg, and is not deep enough again.
    Waits,
    Gone,
}

impl Standing {
    fn of(payments: &[Payment]) -> Standing {
        if payments.iter().any(|payment| payment.status == PaymentStatus::Reverted) {
            return Standing::Gone;
        }
        let is_confirmed = |payment: &Payment| payment.status.is_confirmed();
        if payments.iter().all(is_confirmed) { Standing::Stands } else { Standing::Waits }
    }
}

struct Dispatch<'a> {
    app: &'a Shared,
    lease: &'a Lease,
}

impl Dispatch<'_> {
    async fn advance(&self, send: Send) -> anyhow::Result<Moved> {
        match send.status {
            SendStatus::Planned => self.sign(send).await,
            SendStatus::Signed => self.hand_over(send).await,
            SendStatus::Broadcast | SendStatus::Unknown => self.follow(send).await,
            SendStatus::Confirmed => self.recheck(send).await,
            SendStatus::Held | SendStatus::Exported | SendStatus::Failed | SendStatus::Canceled => {
                Ok(Moved::Not)
            }
        }
    }

    /// Keeps a send as it is now.
    async fn keep(&self, send: Send, changes: Option<Changes>) -> anyhow::Result<()> {
        let mut changes = changes.unwrap_or_else(|| Changes::of(send.merchant_id));
        changes.update(send);
        self.lease.fence(&mut changes);
        match self.app.commit(changes).await {
            Ok(_) => Ok(()),
            // Canceled, or written by a route: it is due still, and read anew.
            Err(CommitError::Conflict { key, .. }) if !self.lease.is_key(key) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// After a step that went wrong: what is due for ever would keep all others from their turn.
    async fn look_later(&self, id: SendId) -> anyhow::Result<()> {
        let now = self.app.now();
        let is_due = |send: &Send| send.due_at.is_some_and(|at| at <= now);
        match self.app.store.get::<Send>(id.key()).await?.filter(is_due) {
            Some(send) => self.keep(send.stumbled(now), None).await,
            None => Ok(()),
        }
    }

    async fn wait(&self, send: Send, why: &str) -> anyhow::Result<Moved> {
        self.keep(send.wait(why, self.app.now()), None).await?;
        Ok(Moved::Not)
    }

    async fn fail(&self, send: &Send, why: &str) -> anyhow::Result<Moved> {
        let why = why.to_owned();
        let ending = Ending::Failed { tx_hash: None, fee: None, why };
        end(self.app, send.id, &ending, (Some(self.lease), None)).await?;
        self.app.metrics.add("pepay_sends_failed_total", 1);
        Ok(Moved::Not)
    }

    async fn sign(&self, send: Send) -> anyhow::Result<Moved> {
        let (app, now) = (self.app, self.app.now());
        let place = (send.environment, send.network);
        let Some(sender) = app.networks.sender(place) else {
            self.keep(send.exported(now), None).await?;
            return Ok(Moved::Not);
        };
        if is_paused(app, place).await? {
            let waiting = send.await_for("Sending on this network is paused", PAUSED_MS, now);
            self.keep(waiting, None).await?;
            return Ok(Moved::Not);
        }
        let Ok(order) = order_of(&send) else {
            return self.fail(&send, "It cannot be sent to this address").await;
        };
        if !is_own_key(sender.as_ref(), &order, &send) {
            app.metrics.add("pepay_sends_of_another_key_total", 1);
            self.keep(send.exported(now), None).await?;
            return Ok(Moved::Not);
        }
        let payments = self.payments_of(&send).await?;
        match Standing::of(&payments) {
            Standing::Stands => {}
            Standing::Waits => {
                let why = "A payment it is drawn from is not confirmed";
                self.keep(send.await_for(why, UNCONFIRMED_MS, now), None).await?;
                return Ok(Moved::Not);
            }
            Standing::Gone => {
                return self.fail(&send, "A payment it is drawn from is no longer on chain").await;
            }
        }
        let promised = self.promised_coin(&send).await?;
        if promised.is_leaving {
            let why = "Waits for coin that leaves the same address";
            self.keep(send.await_for(why, LEAVING_MS, now), None).await?;
            return Ok(Moved::Not);
        }
        let prepared = match sender.facts(&order).await {
            Ok(facts) => {
                let facts = facts.without_coin(promised.coin);
                let facts = self.with_free_nonce(&send, facts).await?;
                sender.prepare(&order, &facts)
            }
            Err(error) => Err(error),
        };
        let prepared = match prepared {
            Ok(prepared) => prepared,
            Err(error) => return self.not_signed(send, sender.as_ref(), error).await,
        };
        let mut changes = Changes::of(send.merchant_id);
        if !self.is_its_own(&send, &prepared, &mut changes).await? {
            let why = "The network tells a nonce or a blockhash of before the last transaction";
            return self.wait(send, why).await;
        }
        for payment in &payments {
            changes.guard(Noun::Payment, payment.key(), payment.version);
        }
        if let Purpose::Refund(id) = send.purpose {
            let refund = app.store.get::<Refund>(id.key()).await?.context("no refund")?;
            let invoice = app.store.get::<Invoice>(refund.invoice_id.key()).await?;
            refund.submitted(invoice.as_ref(), &mut changes, now);
        }
        self.keep(send.signed(attempt(&prepared, now)?, now), Some(changes)).await?;
        Ok(Moved::On)
    }

    /// Those whose money it is to move. What a route delivers has left their addresses already.
    async fn payments_of(&self, send: &Send) -> anyhow::Result<Vec<Payment>> {
        let keys = match send.purpose {
            Purpose::Settlement(_) | Purpose::Refund(_) => {
                send.parts.iter().map(|part| part.payment_id.key()).collect()
            }
            Purpose::Delivery(_) | Purpose::Gas { .. } => Vec::new(),
        };
        let wanted = keys.len();
        let found = self.app.store.get_many::<Payment>(keys).await?;
        let payments: Vec<Payment> = found.into_iter().flatten().collect();
        anyhow::ensure!(payments.len() == wanted, "a payment of a send is missing");
        Ok(payments)
    }

    /// The lowest nonce that no included transaction, as the node tells it, and no other send of
    /// ours that went or is under way has. A node that lags tells one that was used.
    async fn with_free_nonce(&self, send: &Send, facts: Facts) -> anyhow::Result<Facts> {
        let Facts::Evm(known) = &facts else { return Ok(facts) };
        let spent = self.app.store.last_nonce_spent(send.account()).await?;
        let mut nonce = known.nonce.max(spent.map_or(0, |nonce| nonce + 1));
        let others = self.app.store.sends_of_account(send.account()).await?;
        let taken: Vec<u64> = others.iter().filter_map(Send::nonce).collect();
        while taken.contains(&nonce) {
            nonce += 1;
        }
        Ok(facts.at_nonce(nonce))
    }

    /// Whether a transaction is this send's own; if nobody has it yet, it is from now on. Two equal
    /// orders can be signed to the same bytes, under an old nonce or within one blockhash: one
    /// transaction would then count for both.
    async fn is_its_own(
        &self,
        send: &Send,
        prepared: &Prepared,
        changes: &mut Changes,
    ) -> anyhow::Result<bool> {
        let key = send.transaction_key(&prepared.tx_hash);
        let Some(claim) = self.app.store.get::<Claim>(key).await? else {
            changes.insert(Claim::new(key, send.key()));
            return Ok(true);
        };
        Ok(claim.target == send.key())
    }

    /// Nothing is signed, so whatever is done now is certain not to send twice.
    async fn not_signed(
        &self,
        send: Send,
        sender: &dyn Sender,
        error: SendError,
    ) -> anyhow::Result<Moved> {
        let is_last = send.tries + 1 >= PLANS_MAX;
        tracing::debug!(send.id = %send.id, %error, "a send is not signed");
        match error {
            SendError::NotEnoughCoin { needed, has, fee } => {
                let missing = needed.0.saturating_sub(has.0).min(fee.0);
                self.bring_gas(send, sender, TokenAmount(missing)).await
            }
            SendError::NotEnoughToken { .. } if is_of_gas_wallets_coin(&send) => {
                self.gas_wallet_is_short(send).await
            }
            SendError::WouldFail(_) if is_last => {
                self.fail(&send, "The network would not carry it out").await
            }
            SendError::NotEnoughToken { .. } if is_last => {
                self.fail(&send, "The tokens are not on the address any more").await
            }
            SendError::Malformed(why) => self.fail(&send, why).await,
            SendError::NoKey => {
                self.keep(send.exported(self.app.now()), None).await?;
                Ok(Moved::Not)
            }
            SendError::WouldFail(_) => self.wait(send, "The network would not carry it out").await,
            SendError::NotEnoughToken { .. } => {
                self.wait(send, "The tokens are not on the address").await
            }
            SendError::FeesAboveCap { .. } => {
                self.wait(send, "The network's fees are above the cap").await
            }
            SendError::Chain(_) => self.wait(send, "The network does not answer").await,
            SendError::NotReplaceable => self.wait(send, "It waits for an older attempt").await,
        }
    }

    async fn hand_over(&self, send: Send) -> anyhow::Result<Moved> {
        let (app, now) = (self.app, self.app.now());
        let place = (send.environment, send.network);
        if is_paused(app, place).await? {
            if send.attempts.len() > 1 {
                // Nodes have an older one, which may be included: it is followed to its end.
                return self.follow(send).await;
            }
            let waiting = send.await_for("Sending on this network is paused", PAUSED_MS, now);
            self.keep(waiting, None).await?;
            return Ok(Moved::Not);
        }
        let sender = app.networks.sender(place).context("the network is not sent on here")?;
        let newest = send.newest().context("a signed send has an attempt")?;
        let answer = sender.broadcast(&prepared(newest)?).await;
        self.keep(send.told(told(&answer), now), None).await?;
        Ok(Moved::Not)
    }

    async fn follow(&self, send: Send) -> anyhow::Result<Moved> {
        let (app, now) = (self.app, self.app.now());
        let place = (send.environment, send.network);
        let sender = app.networks.sender(place).context("the network is not sent on here")?;
        let depth_wanted = app.networks.depths(place.0, place.1).of(send.value);
        let (mut is_gone, mut is_included) = (true, false);
        for attempt in send.attempts.iter().rev() {
            if attempt.state == AttemptState::Gone {
                continue;
            }
            match sender.outcome(&prepared(attempt)?).await {
                Outcome::Gone => {}
                Outcome::Pending | Outcome::Unknown(_) => is_gone = false,
                Outcome::Included(inclusion) => {
                    is_gone = false;
                    is_included = true;
                    if inclusion.is_final || inclusion.depth >= depth_wanted {
                        let tx_hash = attempt.tx_hash.clone();
                        let fee = Some(inclusion.fee_paid);
                        return self.end(&send, tx_hash, fee, inclusion.is_success).await;
                    }
                }
            }
        }
        if is_gone && send.vanished_at.is_some() {
            // It was final once: whether it moved the money after all is a person's to find out.
            let why = "It was final, and can never be included again: the operator releases it";
            self.keep(send.await_for(why, VANISHED_MS, now), None).await?;
            return Ok(Moved::Not);
        }
        if is_gone {
            self.keep(send.all_gone(now), None).await?;
            return Ok(Moved::Not);
        }
        if !is_included && !is_paused(app, place).await? {
            return self.push(send, sender.as_ref()).await;
        }
        self.keep(send.follow(now), None).await?;
        Ok(Moved::Not)
    }

    async fn end(
        &self,
        send: &Send,
        tx_hash: String,
        fee: Option<TokenAmount>,
        is_success: bool,
    ) -> anyhow::Result<Moved> {
        let ending = if is_success {
            Ending::Confirmed { tx_hash, fee }
        } else {
            let why = "Its transaction was included and failed".to_owned();
            tracing::error!(send.id = %send.id, "a transaction of ours failed on chain");
            self.app.metrics.add("pepay_sends_failed_total", 1);
            Ending::Failed { tx_hash: Some(tx_hash), fee, why }
        };
        end(self.app, send.id, &ending, (Some(self.lease), None)).await?;
        Ok(Moved::Not)
    }

    /// It waits in nobody's block: another one that pays more, or the same one again.
    async fn push(&self, send: Send, sender: &dyn Sender) -> anyhow::Result<Moved> {
        let (app, now) = (self.app, self.app.now());
        let waited_ms = send.broadcast_at.map_or(0, |at| at.ms_until(now));
        let newest = prepared(send.newest().context("it has an attempt")?)?;
        let is_replaceable = matches!(newest.place, Life::Nonce { .. });
        let is_stuck = waited_ms >= app.config.settlement.replace_after_ms();
        let order = order_of(&send)?;
        let may_replace = send.attempts.len() < ATTEMPTS_MAX;
        if is_replaceable && is_stuck && may_replace && is_own_key(sender, &order, &send) {
            let replaced = match sender.facts(&order).await {
                Ok(facts) => {
                    let promised = self.promised_coin(&send).await?;
                    sender.replace(&order, &facts.without_coin(promised.coin), &newest)
                }
                Err(error) => Err(error),
            };
            match replaced {
                Ok(better) if better.tx_hash != newest.tx_hash => {
                    let mut changes = Changes::of(send.merchant_id);
                    let is_own = self.is_its_own(&send, &better, &mut changes).await?;
                    anyhow::ensure!(is_own, "another send has the transaction that replaces it");
                    let signed = send.signed(attempt(&better, now)?, now);
                    self.keep(signed, Some(changes)).await?;
                    app.metrics.add("pepay_sends_replaced_total", 1);
                    return Ok(Moved::On);
                }
                Ok(_) => {}
                Err(SendError::NotEnoughCoin { needed, has, fee }) => {
                    let missing = TokenAmount(needed.0.saturating_sub(has.0).min(fee.0));
                    return self.bring_gas(send, sender, missing).await;
                }
                Err(error) => tracing::debug!(send.id = %send.id, %error, "it is not replaced"),
            }
        }
        let is_unsure = send.status == SendStatus::Unknown;
        if is_unsure || waited_ms >= AGAIN_MS {
            let answer = sender.broadcast(&newest).await;
            self.keep(send.told(told(&answer), now), None).await?;
        } else {
            self.keep(send.follow(now), None).await?;
        }
        Ok(Moved::Not)
    }
}

/// Whether the key here has the address the money is to leave. Another seed or another gas wallet
/// than when it was planned would pay out of somebody else's address. Without a key the sender
/// itself says so.
fn is_own_key(sender: &dyn Sender, order: &Order, send: &Send) -> bool {
    let Ok(own) = sender.address(order.from) else { return true };
    let is_own = own.as_str() == send.from.address;
    if !is_own {
        let (id, from) = (send.id, send.from.address.as_str());
        tracing::error!(send.id = %id, from, "the key here is of another address: not signed");
    }
    is_own
}

fn attempt(prepared: &Prepared, now: Timestamp) -> anyhow::Result<Attempt> {
    Ok(Attempt {
        tx_hash: prepared.tx_hash.clone(),
        nonce: match &prepared.place {
            Life::Nonce { nonce, .. } => Some(*nonce),
            Life::Blockhash { .. } => None,
        },
        prepared: serde_json::to_string(prepared)?,
        state: AttemptState::Signed,
        signed_at: now,
    })
}

fn prepared(attempt: &Attempt) -> anyhow::Result<Prepared> {
    serde_json::from_str(&attempt.prepared).context("what was signed does not read")
}

fn told(answer: &Broadcast) -> Told {
    match answer {
        Broadcast::Sent | Broadcast::AlreadyKnown => Told::Taken,
        Broadcast::Refused { kind, words } => {
            tracing::warn!(?kind, words, "nodes refuse a transaction");
            Told::Unclear("Nodes refuse it; it is followed all the same".to_owned())
        }
        Broadcast::Unknown(words) => {
            tracing::debug!(words, "no node answered for a transaction");
            Told::Unclear("No node answered; it is given to them again".to_owned())
        }
    }
}

/// Tells of gas wallets that run low, and keeps what networks cost.
async fn look_at_gas(app: &App) {
    for level in measure_gas(app).await {
        let (environment, network) = (level.place.0.as_str(), level.place.1.as_str());
        let labels = format!("environment=\"{environment}\",network=\"{network}\"");
        app.metrics.set(&format!("pepay_gas_wallet_low{{{labels}}}"), i64::from(level.is_low));
        if level.is_low {
            let wallet = level.wallet;
            tracing::warn!(environment, network, wallet, "a gas wallet runs low: bring it coin");
        }
    }
}

/// What the house's gas wallets have, and whether that is enough for a while.
pub async fn measure_gas(app: &App) -> Vec<GasLevel> {
    let mut levels = Vec::new();
    for (place, sender) in app.networks.senders() {
        let Ok(wallet) = sender.address(chains::send::KeyRef::Gas) else { continue };
        let looked = tokio::time::timeout(GAS_ANSWER_MAX, sender.state(&wallet, None)).await;
        let Ok(Ok(state)) = looked else { continue };
        let Some(coin) = Token::find(place.1, place.0, None) else { continue };
        let estimate = sending::fee_estimate(app, place, coin, 1);
        let each = tokio::time::timeout(GAS_ANSWER_MAX, estimate).await.ok().flatten();
        if let Some(each) = each {
            app.routes.note_cost(place, each);
        }
        let has =
            app.rates.worth(coin, app.now()).map(|rate| rate.value(state.coin, coin.decimals));
        let least = i64::from(app.config.settlement.gas_transactions_min);
        let is_low = match (each, has) {
            (Some(each), Some(has)) => has.0 < each.0.saturating_mul(least),
            (_, _) => state.coin == TokenAmount::ZERO,
        };
        levels.push(GasLevel {
            place,
            wallet: wallet.as_str().to_owned(),
            coin: state.coin,
            is_low,
        });
    }
    levels
}

/// One gas wallet.
#[derive(Clone, Debug)]
pub struct GasLevel {
    pub place: crate::networks::Place,
    pub wallet: String,
    pub coin: TokenAmount,
    pub is_low: bool,
}
