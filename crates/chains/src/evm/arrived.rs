//! What really arrived of tokens whose transfers say one thing and do another.
//!
//! A token that charges a fee, or whose balances move by themselves, is listed as measured by
//! balance: a transfer is then worth what the receiver has more after its block than before, what
//! he paid away in the same block included. Several transfers to one account in one block share it
//! by what they said.
//!
//! Invariant: never more than the transfer itself said, for a balance may have grown by itself.
//! Where no node remembers the balances, there is no amount, and somebody has to look.

use std::collections::BTreeMap;

use domain::money::mul_div_floor;
use tracing::warn;

use super::answers::{Header, Log};
use super::client::{Client, LogFilter, LogPlace};
use super::decode::{Arrival, transferred};
use super::wire::{Account, Amount, Hash};
use super::{ArrivedBy, TokenContract};
use crate::chain::ChainError;
use crate::rpc::RpcError;

/// `balanceOf(address)`.
const BALANCE_OF: &str = "0x70a08231";
/// So far below the head every node remembers balances.
const NEAR_BLOCKS: u64 = 64;
/// Receivers of one transaction that are measured when nobody said which are ours.
const RECEIVERS_MAX: usize = 32;

/// What the transfers of one block said about one account and token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Said {
    received: u128,
    paid: u128,
}

/// Arrivals that share what one account has more of one token after one block.
type Places = BTreeMap<(Hash, Account, Account), Vec<usize>>;

/// Corrects the amounts of tokens that are measured by balance.
///
/// An error near the head, for there it passes: a node that is behind catches up, and one that
/// forgets remembers at least that far. What is older and cannot be measured has no amount.
pub async fn measure(
    client: &Client,
    listed: &[TokenContract],
    head: u64,
    arrivals: &mut Vec<Arrival>,
) -> Result<(), ChainError> {
    for ((_, contract, to), places) in measured(listed, arrivals) {
        let Some(block) = places.first().and_then(|at| arrivals.get(*at)).map(|one| one.block)
        else {
            continue;
        };
        let found = match arrived(client, &block, contract, to).await {
            Ok(found) => found,
            Err(RpcError::Refused { .. }) if block.number.0.saturating_add(NEAR_BLOCKS) < head => {
                None
            }
            Err(error) => return Err(error.into()),
        };
        if found.is_none() {
            let number = block.number.0;
            warn!(block = number, token = %contract, "what a token transfer brought is not known");
        }
        for at in places {
            if let Some(arrival) = arrivals.get_mut(at) {
                arrival.amount = match found {
                    Some((arrived, said)) => shared(arrival.amount, arrived, said),
                    None => Amount(None),
                };
            }
        }
    }
    arrivals.retain(|arrival| arrival.amount != Amount::ZERO);
    Ok(())
}

/// The same where it is not known which receivers are ours: of too many none is measured, and
/// their arrivals have no amount.
pub async fn measure_few(
    client: &Client,
    listed: &[TokenContract],
    arrivals: &mut Vec<Arrival>,
) -> Result<(), ChainError> {
    let places = measured(listed, arrivals);
    if places.len() > RECEIVERS_MAX {
        for at in places.into_values().flatten() {
            if let Some(arrival) = arrivals.get_mut(at) {
                arrival.amount = Amount(None);
            }
        }
        return Ok(());
    }
    if places.is_empty() {
        return Ok(());
    }
    let head = client.heads().await?.number;
    measure(client, listed, head, arrivals).await
}

fn measured(listed: &[TokenContract], arrivals: &[Arrival]) -> Places {
    let is_measured = |contract: Account| {
        let listed = listed.iter().find(|listed| listed.account == contract);
        listed.is_some_and(|listed| match listed.arrived_by {
            ArrivedBy::Event => false,
            ArrivedBy::Balance => true,
        })
    };
    let mut places = Places::new();
    for (at, arrival) in arrivals.iter().enumerate() {
        if let Some(contract) = arrival.contract.filter(|contract| is_measured(*contract)) {
            places.entry((arrival.block.hash, contract, arrival.to)).or_default().push(at);
        }
    }
    places
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
    use crate::evm::wire::{Fixed, Quantity};
    use crate::rpc::{Endpoint, Limits, Nodes};

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

    #[tokio::test]
    async fn of_many_receivers_none_is_measured_and_none_is_believed() {
        let token = Fixed([9; 20]);
        let listed = [TokenContract { account: token, arrived_by: ArrivedBy::Balance }];
        let (hash, number) = (Fixed([7; 32]), Quantity(7));
        let arrivals = |receivers: u8| -> Vec<Arrival> {
            let arrival = |to: u8| Arrival {
                block: Header { number, hash, parent_hash: hash, timestamp: number },
                transaction: hash,
                transaction_index: 0,
                ordinal: u32::from(to),
                log_index: None,
                contract: Some(token),
                amount: Amount(Some(5)),
                from: Fixed([8; 20]),
                to: Fixed([to; 20]),
            };
            (1..=receivers).map(arrival).collect()
        };
        let nobody = Endpoint { url: "http://127.0.0.1:1".to_owned(), headers: vec![] };
        let client = Client::new(Nodes::new(vec![nobody], Limits::default()).unwrap(), 1);
        let mut few = arrivals(32);
        let answer = measure_few(&client, &listed, &mut few).await;
        assert!(matches!(answer, Err(ChainError::Unavailable(_))), "{answer:?}");
        let mut many = arrivals(33);
        assert_eq!(measure_few(&client, &listed, &mut many).await, Ok(()));
        assert!(many.len() == 33 && many.iter().all(|arrival| arrival.amount == Amount(None)));
    }
}
