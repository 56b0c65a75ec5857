//! What really arrived of tokens whose transfers say one thing and do another.
//!
//! A token that charges a fee, or whose balances move by themselves, is listed as measured by
//! balance: a transfer is then worth what the receiver has more after its block than before, what
//! he paid away in the same block included. Several transfers to one account in one block share it
//! by what they said.
//!
//! Invariant: never more than the transfer itself said, for a balance may have grown by itself.
//! Where no node remembers the balances, what the transfer said stands.

use std::collections::BTreeMap;

use domain::money::mul_div_floor;
use tracing::warn;

use super::answers::{Header, Log};
use super::client::{Client, LogFilter, LogPlace};
use super::decode::{Arrival, transferred};
use super::wire::{Account, Amount, Hash};
use super::{ArrivedBy, TokenContract};
use crate::rpc::RpcError;

/// `balanceOf(address)`.
const BALANCE_OF: &str = "0x70a08231";

/// What the transfers of one block said about one account and token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Said {
    received: u128,
    paid: u128,
}

/// Corrects the amounts of tokens that are measured by balance.
pub async fn measure(client: &Client, listed: &[TokenContract], arrivals: &mut Vec<Arrival>) {
    let is_measured = |contract: Account| {
        let listed = listed.iter().find(|listed| listed.account == contract);
        listed.is_some_and(|listed| match listed.arrived_by {
            ArrivedBy::Event => false,
            ArrivedBy::Balance => true,
        })
    };
    let mut places: BTreeMap<(Hash, Account, Account), Vec<usize>> = BTreeMap::new();
    for (at, arrival) in arrivals.iter().enumerate() {
        if let Some(contract) = arrival.contract.filter(|contract| is_measured(*contract)) {
            places.entry((arrival.block.hash, contract, arrival.to)).or_default().push(at);
        }
    }
    for ((_, contract, to), places) in places {
        let Some(block) = places.first().and_then(|at| arrivals.get(*at)).map(|one| one.block)
        else {
            continue;
        };
        match arrived(client, &block, contract, to).await {
            Ok(Some((arrived, said))) => {
                for at in places {
                    if let Some(arrival) = arrivals.get_mut(at) {
                        arrival.amount = shared(arrival.amount, arrived, said);
                    }
                }
            }
            Ok(None) => {}
            Err(error) => warn!(
                block = block.number.0,
                token = %contract,
                %error,
                "a balance is not known; the amount a token transfer says is taken"
            ),
        }
    }
    arrivals.retain(|arrival| arrival.amount != Amount::ZERO);
}

/// What an account has more after a block, and what the block's transfers said about it.
async fn arrived(
    client: &Client,
    block: &Header,
    contract: Account,
    to: Account,
) -> Result<Option<(u128, Said)>, RpcError> {
    let Some(before) = block.number.0.checked_sub(1) else { return Ok(None) };
    let data = format!("{BALANCE_OF}{}", to.padded().to_string().trim_start_matches("0x"));
    let balances = client.calls(contract, &data, &[before, block.number.0]).await?;
    let [before, after] = balances.as_slice() else { return Ok(None) };
    let place = LogPlace::Block(block.hash);
    let filter = LogFilter { place, contracts: vec![contract], to: None };
    let logs = client.logs(&filter).await?;
    let (Some(before), Some(after)) = (number(before.0), number(after.0)) else {
        return Ok(None);
    };
    let Some(said) = said(&logs, contract, to) else { return Ok(None) };
    Ok(Some((after.saturating_add(said.paid).saturating_sub(before), said)))
}

fn number(word: Option<[u8; 32]>) -> Option<u128> {
    Amount::of_word(word?).0
}

fn said(logs: &[Log], contract: Account, account: Account) -> Option<Said> {
    let mut said = Said::default();
    let transfers = logs.iter().filter(|log| log.address == contract).filter_map(transferred);
    for transfer in transfers {
        let amount = transfer.amount.0?;
        if transfer.to == account {
            said.received = said.received.checked_add(amount)?;
        }
        if transfer.from == account {
            said.paid = said.paid.checked_add(amount)?;
        }
    }
    Some(said)
}

/// A transfer's share of what arrived, rounded down.
fn shared(transfer: Amount, arrived: u128, said: Said) -> Amount {
    let Amount(Some(amount)) = transfer else { return transfer };
    if arrived >= said.received || said.received == 0 {
        return transfer;
    }
    Amount(mul_div_floor(amount, arrived, said.received))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(amount: u128, arrived: u128, received: u128, expected: u128) {
        let said = Said { received, paid: 0 };
        let share = shared(Amount(Some(amount)), arrived, said);
        assert_eq!(share, Amount(Some(expected)), "{amount} of {received}, {arrived} arrived");
    }

    #[test]
    fn transfers_share_what_arrived_and_never_get_more_than_they_said() {
        check(100, 98, 100, 98);
        check(100, 0, 100, 0);
        check(100, 101, 100, 100);
        check(30, 90, 100, 27);
        check(u128::MAX / 2, u128::MAX / 2, u128::MAX - 1, u128::MAX / 4);
    }

    #[test]
    fn what_is_beyond_counting_stays_uncounted() {
        let said = Said { received: 5, paid: 0 };
        assert_eq!(shared(Amount(None), 1, said), Amount(None));
    }
}
