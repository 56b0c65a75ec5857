//! What must hold when everything has come to rest.
//!
//! The chains are the truth: what stands on our addresses there is what the books say stands there.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail, ensure};
use domain::address::Address;
use domain::environment::Environment;
use domain::ledger::{AccountKind, Asset};
use domain::time::Timestamp;
use domain::token::Token;

use crate::life::Life;

pub async fn check(life: &Life) -> Result<()> {
    let store = &life.world.app.store;
    let findings = store.check().await?;
    ensure!(findings.is_empty(), "the books: {findings:?}");
    let proof = store.verify_ledger(&[], |_| {}).await?;
    ensure!(proof.findings.is_empty(), "the proof: {:?}", proof.findings);
    addresses_hold_what_the_books_say(life).await?;
    invoices_say_what_was_paid(life).await
}

async fn addresses_hold_what_the_books_say(life: &Life) -> Result<()> {
    let app = &life.world.app;
    let mut standing: BTreeMap<Asset, i128> = BTreeMap::new();
    for invoice in &life.known.invoices {
        let id = domain::ids::InvoiceId::parse(&invoice.id).context("an id")?;
        for row in app.store.deposit_addresses_of_invoice(id).await? {
            for network in row.given_out_networks() {
                let chain = app.networks.chain(Environment::Devnet, network).context("a chain")?;
                let to = Address::parse(network, Environment::Devnet, &row.address)?;
                for transfer in chain.transfers_to(&to, Timestamp(0)).await? {
                    let contract = transfer.asset.contract();
                    let token = Token::find(network, Environment::Devnet, contract);
                    let (Some(token), Some(amount)) = (token, transfer.amount) else { continue };
                    let sum = standing.entry(Asset::of_token(token)).or_default();
                    *sum += i128::try_from(amount.0)?;
                }
            }
        }
    }
    let mut booked: BTreeMap<Asset, i128> = BTreeMap::new();
    for balance in app.store.balances_of_merchant(life.world.merchant_id).await? {
        if balance.account.kind == AccountKind::Clearing {
            *booked.entry(balance.account.asset).or_default() -= balance.balance;
        }
        ensure!(balance.reserved >= 0, "{balance:?}");
    }
    booked.retain(|_, amount| *amount != 0);
    standing.retain(|_, amount| *amount != 0);
    ensure!(standing == booked, "on our addresses {standing:?}, in the books {booked:?}");
    Ok(())
}

async fn invoices_say_what_was_paid(life: &Life) -> Result<()> {
    for invoice in &life.known.invoices {
        let path = format!("/api/v1/invoices/{}?expand=payments&payments_limit=100", invoice.id);
        let found = life.world.get(&path).await?.body;
        let payments = found["payments"].as_array().context("payments")?;
        let mut counted = 0;
        for payment in payments {
            let status = payment["status"].as_str().unwrap_or_default();
            match status {
                "confirmed" | "underpaid" if payment["counted"] == true => {
                    counted += payment["amount_usd_millis"].as_i64().context("an amount")?;
                }
                "confirmed" | "underpaid" | "reverted" => {}
                other => bail!("{} is {other} when all is quiet: {payment}", payment["id"]),
            }
        }
        let paid = found["amount_paid"].as_i64().context("an amount")?;
        ensure!(paid == counted, "{found} says {paid}, its payments {counted}");
        let status = found["status"].as_str().unwrap_or_default();
        ensure!(status != "unpaid" && status != "underpaid", "{found} never ended");
    }
    Ok(())
}
