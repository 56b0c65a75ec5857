//! Gas: what a send may pay its fee with, and what is brought to it out of the gas wallet.
//!
//! Coin that came with payments is not there to pay for others: of an address's coin a send may
//! spend only what nobody was promised. What it lacks for its fee the gas wallet brings, as a send
//! of its own, and never more than the fee.

use anyhow::Context as _;
use chains::send::Sender;
use domain::changes::Changes;
use domain::deposit_address::{AddressOwner, DepositAddress};
use domain::money::TokenAmount;
use domain::payment::Payment;
use domain::send::{Purpose, Send, SendAsk, SendStatus, Source};
use domain::token::Token;

use super::{Dispatch, Moved};

const GAS_MS: i64 = 1_000;
/// How often one send is brought gas before a human is asked.
const GAS_SENDS_MAX: usize = 5;
const PAYMENTS_MAX: i64 = 10_000;

/// Coin on an address that is not a send's to spend.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Promised {
    pub coin: TokenAmount,
    /// Some of it is on its way already, so that the network counts it no more, or still does.
    pub is_leaving: bool,
}

impl Dispatch<'_> {
    /// What of the coin on a send's address was promised to others or waits to be.
    pub(super) async fn promised_coin(&self, send: &Send) -> anyhow::Result<Promised> {
        let store = &self.app.store;
        let coin = Token::find(send.network, send.environment, None);
        let (Some(_), Some(coin)) = (send.from.index, coin) else { return Ok(Promised::default()) };
        let mut promised = Promised::default();
        for other in store.sends_of_account(send.account()).await? {
            if other.id == send.id || other.token_id != coin.id {
                continue;
            }
            if other.status.is_signed() {
                promised.is_leaving = true;
            } else {
                promised.coin.0 = promised.coin.0.saturating_add(other.amount.0);
            }
        }
        let key = DepositAddress::row_key(send.environment, send.network, &send.from.address);
        let address = store.get::<DepositAddress>(key).await?;
        if let Some(AddressOwner::Invoice(id)) = address.map(|address| address.owner) {
            let stands_here = |payment: &&Payment| {
                payment.network == send.network
                    && payment.to_address == send.from.address
                    && payment.token_id == Some(coin.id)
            };
            let payments = store.payments_of_invoice(id, PAYMENTS_MAX).await?;
            let unspent = payments.iter().filter(stands_here).map(|payment| payment.unspent().0);
            promised.coin.0 = unspent.fold(promised.coin.0, u128::saturating_add);
        }
        Ok(promised)
    }

    /// Nobody brings the gas wallet anything but the operator.
    pub(super) async fn gas_wallet_is_short(&self, send: Send) -> anyhow::Result<Moved> {
        tracing::error!(network = send.network.as_str(), "the gas wallet is short of coin");
        self.app.metrics.add("pepay_gas_wallet_short_total", 1);
        self.wait(send, "The gas wallet is short of coin").await
    }

    /// Coin out of the gas wallet, as a send of its own that this one waits for.
    ///
    /// For its fee and never for what it sends: that came with payments, or it is not there.
    pub(super) async fn bring_gas(
        &self,
        send: Send,
        sender: &dyn Sender,
        missing: TokenAmount,
    ) -> anyhow::Result<Moved> {
        let (app, now) = (self.app, self.app.now());
        // On Solana itself the gas wallet pays for every transaction.
        let is_payer = send.network.family() == domain::network::Family::Solana
            && !app.networks.is_simulated((send.environment, send.network));
        if send.from.index.is_none() || is_payer {
            return self.gas_wallet_is_short(send).await;
        }
        let brought = app.store.sends_of(send.key()).await?;
        if brought.iter().any(|one| one.status.is_open()) {
            self.keep(send.await_for("Waits for gas", GAS_MS, now), None).await?;
            return Ok(Moved::Not);
        }
        if brought.len() >= GAS_SENDS_MAX {
            return self.wait(send, "It was brought gas too often").await;
        }
        let coin = Token::find(send.network, send.environment, None).context("no coin")?;
        let Ok(wallet) = sender.address(chains::send::KeyRef::Gas) else {
            self.keep(send.exported(now), None).await?;
            return Ok(Moved::Not);
        };
        // Half as much again, so that fees may rise meanwhile.
        let amount = TokenAmount(missing.0.saturating_add(missing.0 / 2).max(1));
        let ask = SendAsk {
            merchant_id: send.merchant_id,
            environment: send.environment,
            network: send.network,
            token_id: coin.id,
            purpose: Purpose::Gas { of: send.id },
            from: Source { index: None, address: wallet.as_str().to_owned() },
            to: send.from.address.clone(),
            amount,
            value: domain::money::Usd::ZERO,
            parts: Vec::new(),
            status: SendStatus::Planned,
        };
        let mut changes = Changes::of(send.merchant_id);
        changes.insert(Send::plan(ask, &mut app.fresh()));
        self.keep(send.await_for("Waits for gas", GAS_MS, now), Some(changes)).await?;
        Ok(Moved::On)
    }
}

pub(super) fn is_of_gas_wallets_coin(send: &Send) -> bool {
    let is_coin = send.token().is_some_and(|token| token.address.is_none());
    send.from.index.is_none() && is_coin
}
