//! What must hold when everything has come to rest.
//!
//! The chains are the truth: what stands on our addresses there is what the books say stands there.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail, ensure};
use domain::environment::Environment;
use domain::ledger::{AccountKind, Asset};
use domain::token::Token;

use crate::life::Life;
use crate::ramp_checks;
use crate::settlement;

/// Where the ledger's chains end, if all is well.
pub async fn check(life: &Life) -> Result<String> {
    let store = &life.world.app.store;
    let findings = store.check().await?;
    ensure!(findings.is_empty(), "the books: {findings:?}");
    let proof = store.verify_ledger(&[], |_| {}).await?;
    ensure!(proof.findings.is_empty(), "the proof: {:?}", proof.findings);
    addresses_hold_what_the_books_say(life).await?;
    settlement::check(life).await?;
    ramp_checks::check(life).await?;
    invoices_say_what_was_paid(life).await?;
    let heads = proof.heads.iter().map(|head| (head.length, head.hash));
    Ok(format!("{:?}", heads.collect::<Vec<_>>()))
}

/// Tokens that came in less those that went out, and what a chain lost for good; coin on the
/// addresses is the operator's gas.
async fn addresses_hold_what_the_books_say(life: &Life) -> Result<()> {
    let app = &life.world.app;
    let mut places = ramp_checks::addresses(life).await?;
    for invoice in &life.known.invoices {
        let id = domain::ids::InvoiceId::parse(&invoice.id).context("an id")?;
        for row in app.store.deposit_addresses_of_invoice(id).await? {
            let networks = row.given_out_networks();
            places.extend(networks.map(|network| (network, row.address.clone())));
        }
    }
    let mut standing = ramp_checks::vanished(life).await?;
    for (network, address) in places {
        let came = app.store.simulated_transactions_to(network, &address).await?;
        let went = app.store.simulated_transactions_from(network, &address).await?;
        let signed = came.iter().map(|row| (row, 1)).chain(went.iter().map(|row| (row, -1)));
        for (row, sign) in signed.filter(|(row, _)| !row.is_dropped && !row.is_failed) {
            let Some(contract) = row.asset.contract() else { continue };
            let token = Token::find(network, Environment::Devnet, Some(contract));
            let (Some(token), Some(amount)) = (token, row.amount) else { continue };
            let sum = standing.entry(Asset::of_token(token)).or_default();
            *sum += sign * i128::try_from(amount.0)?;
        }
    }
    let mut booked: BTreeMap<Asset, i128> = BTreeMap::new();
    for balance in app.store.balances_of_merchant(life.world.merchant_id).await? {
        let is_token = balance.account.asset.token().is_some_and(|one| one.address.is_some());
        if balance.account.kind == AccountKind::Clearing && is_token {
            *booked.entry(balance.account.asset).or_default() -= balance.balance;
        }
        ensure!(balance.reserved == 0, "promised for ever: {balance:?}");
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
        // What went back before the invoice was paid is no longer paid.
        let path = format!("/api/v1/invoices/{}/refunds?limit=100", invoice.id);
        let refunds = life.world.get(&path).await?.body;
        let refunds = refunds["data"].as_array().context("refunds")?;
        let went_back = refunds.iter().any(|refund| refund["status"] == "sent");
        let agrees = if went_back { paid <= counted } else { paid == counted };
        ensure!(agrees, "{found} says {paid}, its payments {counted}");
        let status = found["status"].as_str().unwrap_or_default();
        ensure!(status != "unpaid" && status != "underpaid", "{found} never ended");
    }
    Ok(())
}
